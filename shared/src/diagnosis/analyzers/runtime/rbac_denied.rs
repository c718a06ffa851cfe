//! rbac-denied: a workload asks the API server for something its service account may not do.
//!
//! The server answers 403 with `forbidden: User "system:serviceaccount:NAMESPACE:NAME" cannot VERB resource "…"`
//! (<https://kubernetes.io/docs/reference/access-authn-authz/rbac/>), which clients log, and controllers put into events. The
//! object is the workload that runs as that account; facts `account`, `verb` and `resource` say which rule is missing. Easily
//! mistaken for a crash of its own, since controllers end when their caches do not fill; and for admission, which also says
//! `is forbidden` but of no user.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, LogPattern, Risk, Workload},
    model::{Kind, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("rbac-denied", Category::Runtime)];

/// Refusals longer ago than this are history.
const RECENT_MINUTES: i64 = 30;

/// What a refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Denied<'t> {
    namespace: &'t str,
    account: &'t str,
    verb: &'t str,
    resource: &'t str,
}

/// The refusal in a text, whatever quotes and escapes stand around its parts.
fn denied(text: &str) -> Option<Denied<'_>> {
    let (_, rest) = text.split_once("system:serviceaccount:")?;
    let name = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let (namespace, rest) = rest.split_once(':')?;
    let (account, rest) = rest.split_at(rest.find(name)?);
    let (_, rest) = rest.split_once("cannot ")?;
    let (verb, rest) = rest.split_once(' ')?;
    let rest = rest.split_once("resource").or_else(|| rest.split_once("path"))?.1;
    let rest = rest.trim_start_matches([' ', '"', '\\', '\'', '`']);
    let resource = rest.split(['"', '\\', '\'', '`', ' ']).next()?;
    let sound = |word: &str| !word.is_empty() && word.len() <= 253 && !word.contains(char::is_whitespace);
    [namespace, account, verb, resource].into_iter().all(sound).then_some(Denied { namespace, account, verb, resource })
}

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let counts = |pattern: &&LogPattern| {
            denied(&pattern.example).is_some()
                && (workload.is_short() || pattern.count >= 3)
                && view.is_recent(pattern, RECENT_MINUTES)
        };
        let said: Vec<&LogPattern> = view.patterns_of(workload).iter().filter(counts).collect();
        let Some(main) = said.iter().max_by_key(|pattern| pattern.count) else { continue };
        let evidence = case.log(main);
        claim(case, workload, &main.example, evidence, main.first_seen);
    }
    let events = view.snapshot.events.iter();
    for event in events.filter(|event| event.type_ != "Normal" && view.within(event.last_seen(), RECENT_MINUTES)) {
        let Some(found) = denied(&event.message) else { continue };
        let uses =
            |workload: &&Workload<'_>| workload.namespace() == found.namespace && account(workload) == found.account;
        // The cluster's own controllers have accounts and no pods; one account may have many users.
        let mut users = view.workloads().iter().filter(uses);
        if let (Some(only), None) = (users.next(), users.next()) {
            let evidence = case.event(event);
            claim(case, only, &event.message, evidence, event.first_seen());
        }
    }
}

fn account<'w>(workload: &'w Workload<'_>) -> &'w str {
    match workload.template.service_account_name.as_str() {
        "" => "default",
        name => name,
    }
}

fn claim(
    case: &mut Case<'_, '_>,
    workload: &Workload<'_>,
    text: &str,
    evidence: EvidenceId,
    since: Option<jiff::Timestamp>,
) {
    let Some(Denied { namespace, account, verb, resource }) = denied(text) else { return };
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(if workload.is_short() { 0.94 } else { 0.88 })
        .summary(format!("service account {account} may not {verb} {resource}"))
        .fact("account", account)
        .fact("verb", verb)
        .fact("resource", resource)
        .because([evidence])
        .since(since)
        .check(Kubectl::get(&ObjectRef::new(Kind::ServiceAccount, namespace, account)))
        .check(Kubectl::logs(&workload.object, None, false))
        .action(
            ActionKind::Manual,
            Risk::Medium,
            format!("bind a role with {verb} on {resource} to the service account, if it is meant to have it"),
        );
    case.find(finding);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testkit::{Scene, scene};

    const LINE: &str = "E0301 11:58:00.000000 1 reflector.go:166] failed to list *v1.Pod: pods is forbidden: User \
                        \"system:serviceaccount:shop:default\" cannot list resource \"pods\" in API group \"\" at the \
                        cluster scope\n";

    fn shop() -> Scene {
        scene().deployment("shop", "watcher", 1)
    }

    #[test]
    fn the_parts_of_a_refusal_are_read_through_escapes() {
        let expected = Denied { namespace: "shop", account: "watcher", verb: "create", resource: "leases" };
        for text in [
            r#"forbidden: User "system:serviceaccount:shop:watcher" cannot create resource "leases" in API group "x""#,
            r#"{"msg":"User \"system:serviceaccount:shop:watcher\" cannot create resource \"leases\" in"}"#,
        ] {
            assert_eq!(denied(text), Some(expected), "{text}");
        }
        assert_eq!(denied("pods \"api-1\" is forbidden: exceeded quota"), None);
        assert_eq!(denied("system:serviceaccount:"), None);
    }

    #[test]
    fn a_controller_that_may_not_list_is_named() {
        shop()
            .crashing("shop", "watcher", 1, "Error")
            .log("shop", "watcher", LINE)
            .expect("rbac-denied", "Deployment shop/watcher");
        shop().log("shop", "watcher", &LINE.repeat(5)).expect("rbac-denied", "Deployment shop/watcher");
    }

    #[test]
    fn a_refusal_in_an_event_is_named_at_the_accounts_only_user() {
        let message = LINE.split_once("] ").map(|(_, message)| message).unwrap();
        shop()
            .event("Deployment shop/watcher", "ReconcileError", message)
            .expect("rbac-denied", "Deployment shop/watcher");
    }

    #[test]
    fn what_admission_forbids_is_no_matter_of_roles() {
        shop()
            .crashing("shop", "watcher", 1, "Error")
            .log("shop", "watcher", "ERROR pods \"x\" is forbidden: exceeded quota: compute\n")
            .expect_not("rbac-denied");
    }
}
