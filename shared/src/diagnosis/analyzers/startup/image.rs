//! incorrect-image-reference, missing-image-pull-secret, image-registry-dns-failure, image-registry-rate-limited: the image
//! cannot be pulled, told apart by what the registry (or the way to it) answered.
//!
//! The kubelet passes the runtime's error on in the container's waiting message and in `Failed` events
//! (<https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff>). Registries answer "denied" both for private and
//! for missing repositories, so without credentials the two are easily mistaken: `not found` and `manifest unknown` say
//! missing; `unauthorized`, `authentication required`, `403` say private; "does not exist or may require authorization" says neither.
//! Then two things decide: whether the pod (or its account) carries credentials that exist, and whether images from the same
//! place run elsewhere in the cluster without any, which makes a private place unlikely.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, Workload},
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("incorrect-image-reference", Category::Startup),
    CauseSpec::root("missing-image-pull-secret", Category::Startup),
    CauseSpec::root("image-registry-dns-failure", Category::Startup),
    CauseSpec::root("image-registry-rate-limited", Category::Startup),
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        if let Some((message, evidence)) = refusal(case, workload) {
            judge(case, workload, &message, evidence);
        }
    }
}

/// Everything the runtime said about pulls that fail now, in lower case, and the evidence for it.
fn refusal(case: &mut Case<'_, '_>, workload: &Workload<'_>) -> Option<(String, Vec<EvidenceId>)> {
    let failing = ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"];
    let mut text = String::new();
    let mut evidence = Vec::new();
    let mut pods = Vec::new();
    for (pod, status) in workload.containers() {
        let Some(waiting) = status.state.waiting.as_ref().filter(|it| failing.contains(&it.reason.as_str())) else {
            continue;
        };
        pods.push(pod.name());
        text.push_str(&format!("{} {}\n", waiting.reason, waiting.message));
        evidence.push(case.status(&pod.reference(), None, format!("{}: {}", waiting.reason, waiting.message)));
    }
    if pods.is_empty() {
        return None;
    }
    for event in case.view.events_about(workload) {
        if pods.contains(&event.involved_object.name.as_str())
            && matches!(event.reason.as_str(), "Failed" | "InspectFailed" | "FailedToRetrieveImagePullSecret")
        {
            text.push_str(&format!("{}\n", event.message));
            evidence.push(case.event(event));
        }
    }
    evidence.dedup();
    evidence.truncate(4);
    Some((text.to_lowercase(), evidence))
}

fn judge(case: &mut Case<'_, '_>, workload: &Workload<'_>, message: &str, mut evidence: Vec<EvidenceId>) {
    let images: Vec<&str> = workload.template.containers.iter().map(|container| container.image.as_str()).collect();
    let named = images.iter().find(|image| message.contains(&image.to_lowercase()));
    let image = named.or(images.first()).copied().unwrap_or("");
    let credentials = has_credentials(case, workload);
    let open_place = !credentials && runs_from_same_place(case, workload, image);
    let (index, strength, summary) = read(message, image, credentials, open_place);
    evidence.push(case.spec(&workload.object, format!("image {image}")));
    if index == 1 && !credentials {
        evidence.push(
            case.absence(&workload.object, "no imagePullSecrets that exist on the pods or their service account"),
        );
    }
    let finding = Finding::new(&CAUSES[index], &workload.object)
        .strength(strength)
        .summary(summary)
        .fact("image", image)
        .fact("secret", if credentials { "refused" } else { "absent" })
        .because(evidence)
        .since(workload.rolled_out_at())
        .check(Kubectl::describe(&workload.object))
        .check(Kubectl::rollout_history(&workload.object));
    let finding = match index {
        1 => finding.action(ActionKind::Manual, Risk::Low, "give the pods or their service account a pull secret"),
        2 => finding.action(ActionKind::Manual, Risk::Low, "correct the registry's name, or the nodes' DNS"),
        3 => finding.action(ActionKind::Manual, Risk::Low, "pull with an account, or through a cache of your own"),
        _ => finding.action(ActionKind::Manual, Risk::Low, "correct the image reference"),
    };
    let finding = if workload.previous_template().is_some() {
        finding.action(ActionKind::Rollback, Risk::Medium, "the revision before ran another image")
    } else {
        finding
    };
    case.find(finding);
}

/// Words of registries and runtimes, in lower case.
const NO_NAME: &[&str] = &["no such host", "server misbehaving", "temporary failure in name resolution", "lookup "];
const TOO_MANY: &[&str] = &["toomanyrequests", "too many requests", "rate limit", "429"];
const NO_REFERENCE: &[&str] = &["invalidimagename", "invalid reference format", "couldn't parse image"];
const NOT_THERE: &[&str] = &["manifest unknown", "name unknown", "not found", "no match for platform"];
const UNCLEAR: &[&str] = &["may require authorization", "may not exist"];
const REFUSED: &[&str] =
    &["unauthorized", "authentication required", "no basic auth", "403", "401", "denied", "authorization failed"];

/// What a failed pull says: which of [`CAUSES`], how surely, and in a line.
fn read(message: &str, image: &str, credentials: bool, open_place: bool) -> (usize, f64, String) {
    let says = |needles: &[&str]| needles.iter().any(|needle| message.contains(needle));
    if says(NO_NAME) && !says(&["not found: manifest", "manifest unknown"]) {
        return (2, 0.95, format!("the registry's name in {image} does not resolve"));
    }
    if says(TOO_MANY) {
        return (3, 0.95, format!("the registry refuses to serve {image}: too many pulls"));
    }
    if says(NO_REFERENCE) {
        return (0, 0.97, format!("{image} is no valid image reference"));
    }
    if says(NOT_THERE) && !says(UNCLEAR) && !says(&["access denied"]) {
        return (0, 0.95, format!("image {image} does not exist"));
    }
    if !says(REFUSED) && !says(UNCLEAR) {
        return (0, 0.5, format!("image {image} cannot be pulled"));
    }
    match (says(UNCLEAR), credentials, open_place) {
        (true, false, true) => (0, 0.85, format!("image {image} does not exist where others are pulled from freely")),
        (true, true, _) => (0, 0.7, format!("image {image} does not exist, or its pull secret is wrong")),
        (true, false, false) => {
            (1, 0.6, format!("image {image} is private or missing, and the pods carry no pull secret"))
        }
        (false, true, _) => (1, 0.7, format!("the pull secret for {image} is not accepted")),
        (false, false, true) => {
            (1, 0.8, format!("image {image} is private, unlike those beside it, or does not exist"))
        }
        (false, false, false) => (1, 0.93, format!("image {image} is private, and the pods carry no pull secret")),
    }
}

/// Whether the pods or their service account name a pull secret that exists, as far as Secrets were read.
fn has_credentials(case: &Case<'_, '_>, workload: &Workload<'_>) -> bool {
    let snapshot = case.view.snapshot;
    let namespace = workload.namespace();
    let name = Some(workload.template.service_account_name.as_str()).filter(|it| !it.is_empty()).unwrap_or("default");
    let account = snapshot.service_accounts.get(namespace, name);
    let own = workload.template.image_pull_secrets.iter();
    let mut secrets = own.chain(account.into_iter().flat_map(|it| &it.image_pull_secrets));
    let exists = |name: &str| !snapshot.secrets.covers(namespace) || snapshot.secrets.get(namespace, name).is_some();
    secrets.any(|secret| exists(&secret.name))
}

/// Whether another workload runs an image of the same registry and path without credentials.
fn runs_from_same_place(case: &Case<'_, '_>, workload: &Workload<'_>, image: &str) -> bool {
    let place = |image: &str| image.rsplit_once('/').map(|it| it.0.to_owned());
    let Some(here) = place(image) else { return false };
    let others = case.view.workloads().iter();
    let others = others.filter(|other| other.object != workload.object && !has_credentials(case, other));
    others.flat_map(Workload::containers).any(|(_, it)| it.ready && place(&it.image).as_ref() == Some(&here))
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    fn pull_fails(message: &str) -> crate::diagnosis::testkit::Scene {
        scene().deployment("shop", "api", 2).waiting("shop", "api", "ErrImagePull", message)
    }

    #[test]
    fn a_missing_tag_is_an_incorrect_reference() {
        pull_fails("rpc error: code = NotFound desc = failed to resolve reference \"example.org/api:v9\": not found")
            .expect("incorrect-image-reference", "Deployment shop/api");
    }

    #[test]
    fn a_private_image_without_credentials_lacks_a_pull_secret() {
        pull_fails("failed to authorize: unexpected status from GET request: 401 Unauthorized")
            .expect("missing-image-pull-secret", "Deployment shop/api");
    }

    #[test]
    fn an_unknown_registry_host_is_a_dns_failure() {
        pull_fails("dial tcp: lookup registry.example.invalid on 10.0.0.2:53: no such host")
            .expect("image-registry-dns-failure", "Deployment shop/api");
    }

    #[test]
    fn too_many_pulls_are_told_from_missing_images() {
        pull_fails("toomanyrequests: you have reached your pull rate limit")
            .expect("image-registry-rate-limited", "Deployment shop/api");
    }

    #[test]
    fn a_refusal_where_others_are_pulled_freely_is_a_wrong_name() {
        pull_fails("pull access denied, repository does not exist or may require authorization")
            .deployment("shop", "web", 1)
            .expect("incorrect-image-reference", "Deployment shop/api");
    }

    #[test]
    fn a_pull_secret_that_does_not_exist_is_no_credential() {
        pull_fails("unexpected status from GET request: 403 Forbidden")
            .template("shop", "api", |spec| {
                spec.image_pull_secrets.push(crate::model::NameRef { name: "registry-login".into(), optional: None });
            })
            .expect("missing-image-pull-secret", "Deployment shop/api");
    }

    #[test]
    fn a_crash_has_nothing_to_do_with_the_image() {
        scene()
            .deployment("shop", "api", 2)
            .crashing("shop", "api", 1, "Error")
            .expect_not("incorrect-image-reference");
    }
}
