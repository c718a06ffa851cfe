//! An action's message at every stage, in both languages.

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use shared::text::{Clock, Language};

use super::*;

fn style(language: Language) -> Style {
    Style::new(language, Clock::new(TimeZone::get("Asia/Seoul").unwrap()))
}

/// A rollback as it is kept, at this stage, with these votes.
fn kept(stage: &Value, votes: &[&str]) -> Case {
    let bound =
        json!({ "action": "a1b2c3d4", "version": { "uid": "u1", "resource_version": "4711", "substance": "s" } });
    let vote = |by: &&str| json!({ "by": by, "at": "2026-03-02T05:26:00Z", "bound": bound, "answer": "yes" });
    let value = json!({
        "id": "act-0123456789ab",
        "proposal": {
            "cluster": "prod-eks",
            "action": { "action": "roll-back", "namespace": "payments", "deployment": "api", "revision": 14, "replica_set": "api-6f7" },
            "reason": "the revision before sets DEPLOY_ENV", "cause": "missing-environment-variable",
            "object": { "kind": "Deployment", "namespace": "payments", "name": "api" },
            "confidence": 0.96, "at": "2026-03-02T05:24:00Z",
        },
        "stage": stage,
        "permission": { "automatic": [], "to_people": ["over-half-of-the-replicas-goes-to-a-human"], "permitted_by": ["people-may-approve-known-actions"] },
        "assessment": { "level": "medium", "score": 34, "reasons": [
            { "why": { "why": "action", "action": "roll-back" }, "points": 22 },
            { "why": { "why": "environment", "environment": "production" }, "points": 8 },
            { "why": { "why": "hours" }, "points": 4 },
        ] },
        "blast": { "share_percent": 100, "serving_percent": 0, "pods": 5, "replicas": 5, "headroom": { "budget": "payments/api", "allowed": 0 } },
        "shown": {
            "diff": [
                { "path": "spec.template.spec.containers[api].env[DEPLOY_ENV]", "after": "{\"name\":\"DEPLOY_ENV\",\"value\":\"production\"}" },
                { "path": "spec.template.spec.containers[api].image", "before": "payments/api:v2.3.1", "after": "payments/api:v2.3.0" },
            ],
            "undo": way_back(), "bound": bound,
        },
        "votes": votes.iter().map(vote).collect::<Vec<_>>(),
        "told": { "channel": "C0123456789" },
        "since": "2026-03-02T05:24:05Z",
    });
    serde_json::from_value(value).unwrap()
}

fn way_back() -> Value {
    json!({ "requests": { "requests": [], "command": "kubectl -n payments rollout undo deployment/api --to-revision=15" } })
}

fn execution() -> Value {
    json!({
        "target": { "kind": "Deployment", "namespace": "payments", "name": "api" },
        "version": { "uid": "u1", "resource_version": "4711", "substance": "s" },
        "before": null, "requests": [], "undo": way_back(), "ready": 0, "diff": [], "changed_at": "2026-03-02T05:26:03Z",
    })
}

fn asked(people: u8) -> Value {
    json!({ "stage": "asked", "requirement": { "people": people, "until": "2026-03-02T05:54:05Z" } })
}

/// All stages that people see.
fn stages() -> Vec<(&'static str, Case)> {
    let approved = json!(["U0LEAD0001"]);
    let with = |stage: Value| kept(&stage, &["U0LEAD0001"]);
    vec![
        ("asked", kept(&asked(1), &[])),
        ("asked_of_two", kept(&asked(2), &["U0LEAD0001"])),
        ("needs_review", kept(&json!({ "stage": "needs_review", "why": ["restricted-namespace"] }), &[])),
        (
            "cannot_be_done",
            kept(
                &json!({ "stage": "needs_review", "why": ["…"], "unmet": {
            "under_autoscaler": { "object": { "kind": "Deployment", "namespace": "payments", "name": "api" }, "autoscaler": "api" },
        } }),
                &[],
            ),
        ),
        ("denied", kept(&json!({ "stage": "denied", "by": "U0LEAD0001", "reason": "wrong-cause" }), &[])),
        ("expired", kept(&json!({ "stage": "expired" }), &[])),
        (
            "overtaken",
            kept(&json!({ "stage": "overtaken", "why": "Deployment payments/api is as asked for already" }), &[]),
        ),
        (
            "dry_run_refused",
            kept(&json!({ "stage": "dry_run_refused", "why": "deployments.apps \"api\" is forbidden" }), &[]),
        ),
        ("changing", with(json!({ "stage": "changing", "approved_by": approved, "execution": execution() }))),
        ("watching", with(json!({ "stage": "watching", "approved_by": approved, "execution": execution() }))),
        ("undoing", with(json!({ "stage": "undoing", "execution": execution(), "why": "0 ready, 5 before: a cause" }))),
        (
            "recovered",
            with(json!({ "stage": "done", "execution": execution(), "outcome": { "outcome": "recovered" } })),
        ),
        (
            "not_recovered",
            with(
                json!({ "stage": "done", "execution": execution(), "outcome": { "outcome": "not_recovered", "still": "3 ready" } }),
            ),
        ),
        (
            "worse",
            with(
                json!({ "stage": "done", "execution": execution(), "outcome": { "outcome": "worse", "what": "0 ready, 5 before" } }),
            ),
        ),
        ("undone", with(json!({ "stage": "undone", "execution": execution(), "why": "asked-by:U0LEAD0001" }))),
        (
            "undone_because_worse",
            with(json!({ "stage": "undone", "execution": execution(), "why": "0 ready, 5 before: a cause" })),
        ),
        ("failed", with(json!({ "stage": "failed", "execution": execution(), "why": "api-1: Cannot evict pod" }))),
    ]
}

/// What a message says, a line a block.
fn told(message: &Message) -> String {
    let value = serde_json::to_value(message).unwrap();
    let mut lines = vec![value["text"].as_str().unwrap_or_default().to_owned()];
    for block in value["attachments"][0]["blocks"].as_array().into_iter().flatten() {
        let text = |value: &Value| value["text"].as_str().map(str::to_owned);
        let elements = block["elements"].as_array().into_iter().flatten().map(|element| {
            let label = text(element).or_else(|| text(&element["text"])).or_else(|| text(&element["placeholder"]));
            let options =
                element["options"].as_array().into_iter().flatten().filter_map(|option| text(&option["text"]));
            let options: Vec<String> = options.collect();
            format!(
                "[{}{}]",
                label.unwrap_or_default(),
                options.iter().map(|it| format!(" | {it}")).collect::<String>()
            )
        });
        lines.push(text(&block["text"]).unwrap_or_else(|| elements.collect::<Vec<_>>().join(" ")));
    }
    lines.join("\n")
}

#[test]
fn what_people_see_at_every_stage() {
    for (language, name) in [(Language::En, "en"), (Language::Ko, "ko")] {
        let style = style(language);
        let all = stages().into_iter().map(|(name, kept)| format!("== {name}\n{}\n", told(&case(&kept, &style))));
        insta::assert_snapshot!(format!("stages_{name}"), all.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn what_the_cluster_says_cannot_forge_a_mention_or_a_link() {
    let mut kept = kept(&asked(1), &[]);
    kept.proposal.reason = "<!channel> see <https://evil.example|here>".to_owned();
    let said = told(&case(&kept, &style(Language::En)));
    assert!(!said.contains("<!channel>") && !said.contains("<https://evil"), "{said}");
}
