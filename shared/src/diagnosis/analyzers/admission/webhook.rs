//! webhook-unavailable: an admission webhook does not answer, and its policy is to refuse then.
//!
//! The API server says `failed calling webhook "NAME": failed to call webhook: Post "https://SERVICE.NAMESPACE.svc:PORT/…": …`
//! (<https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy>). The Service
//! behind the webhook is named. Easily mistaken for a webhook that works and refuses: that reads `admission webhook "NAME"
//! denied the request`.

use super::refusal::refusals;
use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Kind, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("webhook-unavailable", Category::Admission)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        for refusal in refusals(case, workload) {
            let Some((_, rest)) = refusal.message.split_once("failed calling webhook \"") else { continue };
            let webhook = rest.split('"').next().unwrap_or(rest);
            let service = service(rest);
            let object = service.clone().unwrap_or_else(|| workload.object.clone());
            let why = rest.rsplit_once("\": ").map_or("it does not answer", |it| it.1);
            let finding = Finding::new(&CAUSES[0], &object)
                .strength(0.95)
                .summary(format!("admission webhook {webhook} does not answer, so no pod can be made: {why}"))
                .fact("webhook", webhook)
                .fact("error", why)
                .because([refusal.evidence])
                .since(refusal.since)
                .explains([workload.object.clone()])
                .check(Kubectl::describe(&object))
                .check(Kubectl::list(Kind::Pod, &object.namespace))
                .action(ActionKind::Manual, Risk::Medium, "bring the webhook's pods back, or remove its configuration");
            case.find(finding);
        }
    }
}

/// The Service in the webhook's address.
fn service(message: &str) -> Option<ObjectRef> {
    let host = message.split_once("https://")?.1.split(['/', ':', '"', '?']).next()?;
    let mut labels = host.split('.');
    let (name, namespace) = (labels.next()?, labels.next()?);
    (labels.next() == Some("svc")).then(|| ObjectRef::new(Kind::Service, namespace, name))
}

#[cfg(test)]
mod tests {
    use super::super::refused;

    #[test]
    fn a_webhook_that_does_not_answer_is_named_by_its_service() {
        refused(
            "Error creating: Internal error occurred: failed calling webhook \"check.guard.example.org\": failed to call \
             webhook: Post \"https://guard.policy.svc:443/check?timeout=10s\": no endpoints available for service \"guard\"",
        )
        .expect("webhook-unavailable", "Service policy/guard");
    }

    #[test]
    fn a_webhook_that_answers_no_is_available() {
        refused("admission webhook \"check.guard.example.org\" denied the request: no latest tags")
            .expect_not("webhook-unavailable");
    }
}
