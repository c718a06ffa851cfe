//! incorrect-image-reference, missing-image-pull-secret, image-registry-dns-failure, image-registry-rate-limited: the image
//! cannot be pulled, told apart by what the registry (or the way to it) answered.
//!
//! The kubelet passes the runtime's error on in the container's waiting message and in `Failed` events
//! (<https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff>). Registries answer "denied" both for private and
//! for missing repositories, so without credentials the two are easily mistaken: `not found` and `manifest unknown` say
//! missing; `unauthorized`, `authentication required`, `403` say private; Docker Hub's "does not exist or may require
//! authorization" says neither, and whether the pod (or its account) carries credentials decides.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, Workload},
    model::{Kind, Object},
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
    let says = |needles: &[&str]| needles.iter().any(|needle| message.contains(needle));
    let images: Vec<&str> = workload.template.containers.iter().map(|container| container.image.as_str()).collect();
    let image =
        images.iter().find(|image| message.contains(&image.to_lowercase())).or(images.first()).copied().unwrap_or("");
    let credentials = !workload.template.image_pull_secrets.is_empty() || account_has_credentials(case, workload);
    let (index, strength, summary) =
        if says(&["no such host", "server misbehaving", "temporary failure in name resolution", "lookup "])
            && !says(&["not found: manifest", "manifest unknown"])
        {
            (2, 0.95, format!("the registry's name in {image} does not resolve"))
        } else if says(&["toomanyrequests", "too many requests", "rate limit", "429"]) {
            (3, 0.95, format!("the registry refuses to serve {image}: too many pulls"))
        } else if says(&["invalidimagename", "invalid reference format", "couldn't parse image"]) {
            (0, 0.97, format!("{image} is no valid image reference"))
        } else if says(&["manifest unknown", "name unknown", "not found", "no match for platform"])
            && !says(&["may require authorization", "access denied"])
        {
            (0, 0.95, format!("image {image} does not exist"))
        } else if says(&[
            "unauthorized",
            "authentication required",
            "no basic auth",
            "403",
            "401",
            "denied",
            "authorization failed",
        ]) {
            match (says(&["may require authorization", "does not exist"]), credentials) {
                (true, true) => (0, 0.7, format!("image {image} does not exist, or its pull secret is wrong")),
                (true, false) => {
                    (1, 0.6, format!("image {image} is private or missing, and pods carry no pull secret"))
                }
                (false, true) => (1, 0.7, format!("the pull secret for {image} is not accepted")),
                (false, false) => (1, 0.93, format!("image {image} is private, and the pods carry no pull secret")),
            }
        } else {
            (0, 0.5, format!("image {image} cannot be pulled"))
        };
    evidence.push(case.spec(&workload.object, format!("image {image}")));
    if index == 1 && !credentials {
        evidence.push(case.absence(&workload.object, "no imagePullSecrets on the pods or their service account"));
    }
    let finding = Finding::new(&CAUSES[index], &workload.object)
        .strength(strength)
        .summary(summary)
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

fn account_has_credentials(case: &Case<'_, '_>, workload: &Workload<'_>) -> bool {
    let name = Some(workload.template.service_account_name.as_str()).filter(|it| !it.is_empty()).unwrap_or("default");
    let account = case.view.snapshot.service_accounts.get(workload.namespace(), name);
    debug_assert!(account.is_none_or(|it| it.reference().kind == Kind::ServiceAccount));
    account.is_some_and(|account| !account.image_pull_secrets.is_empty())
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
    fn a_crash_has_nothing_to_do_with_the_image() {
        scene()
            .deployment("shop", "api", 2)
            .crashing("shop", "api", 1, "Error")
            .expect_not("incorrect-image-reference");
    }
}
