//! rate-limited: requests of a workload are refused because there are too many.
//!
//! HTTP 429 (<https://www.rfc-editor.org/rfc/rfc6585#section-4>), gRPC `RESOURCE_EXHAUSTED`
//! (<https://grpc.io/docs/guides/status-codes/>), AWS `ThrottlingException` and its kin
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>), as its log repeats lately. The object is the
//! workload that asks too often: its rate, or the quota it was given, must change. Easily mistaken for a dependency that is
//! down, which does not answer at all; for a gRPC message that is too large, which has the same code; and for a registry that
//! limits pulls, which the kubelet reports. A server that logs the 429 it gives to others is well.

use crate::diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Level, LogPattern, Risk, Workload};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::mechanism("rate-limited", Category::Runtime)];

const REFUSED: &[&str] = &[
    "too many requests",
    "toomanyrequests",
    "throttlingexception",
    "throttled exception",
    "throttlederror",
    "requestlimitexceeded",
    "provisionedthroughputexceeded",
    "requestthrottled",
    "rate exceeded",
    "rate limit exceeded",
    "rate limit reached",
    "ratelimitexceeded",
    "rate_limit_exceeded",
    "quota exceeded for",
    "slow down",
    "resource_exhausted",
    "code = resourceexhausted",
    "status code 429",
    "status code: 429",
    "statuscode: 429",
    "status: 429",
    "status=429",
    "http 429",
    "error 429",
    "429 client error",
];

/// The same words for something else.
const OTHERWISE: &[&str] = &["larger than max", "message size", "max message", "received message", "no space"];

/// One refusal is what retries are for.
const MANY: usize = 3;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let refused = |pattern: &&LogPattern| {
            pattern.level != Level::Info
                && pattern.says(REFUSED)
                && !pattern.says(OTHERWISE)
                && view.is_recent(pattern, if workload.is_short() { 30 } else { 10 })
        };
        let said: Vec<&LogPattern> = view.patterns_of(workload).iter().filter(refused).collect();
        let lines: usize = said.iter().map(|pattern| pattern.count).sum();
        let Some(main) = said.iter().max_by_key(|pattern| pattern.count).filter(|_| enough(workload, lines)) else {
            continue;
        };
        let evidence = case.log(main);
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(if workload.is_short() { 0.85 } else { 0.75 })
            .summary(format!("{lines} of its requests were refused lately by a rate limit"))
            .fact("lines", lines.to_string())
            .because([evidence])
            .since(said.iter().filter_map(|pattern| pattern.first_seen).min())
            .check(Kubectl::logs(&workload.object, Some(&main.container), false))
            .action(ActionKind::Manual, Risk::Low, "ask less often, with back-off, or have the quota raised");
        case.find(finding);
    }
}

fn enough(workload: &Workload<'_>, lines: usize) -> bool {
    lines >= if workload.is_short() { 1 } else { MANY }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, scene};

    fn saying(line: &str) -> Scene {
        let text: String = (0..5).map(|second| format!("2026-03-01T11:58:0{second}Z {line}\n")).collect();
        scene().deployment("shop", "api", 2).log("shop", "api", &text)
    }

    #[test]
    fn a_workload_whose_requests_are_refused_is_named() {
        for line in [
            "ERROR charge failed: 429 Too Many Requests",
            "ERROR ThrottlingException: Rate exceeded",
            "ERROR rpc error: code = ResourceExhausted desc = quota",
            "WARN upstream answered with status code 429, giving up",
        ] {
            saying(line).expect("rate-limited", "Deployment shop/api");
        }
    }

    #[test]
    fn a_message_that_is_too_large_is_not_one_too_many() {
        saying("ERROR code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)")
            .expect_not("rate-limited");
    }

    #[test]
    fn a_server_that_limits_others_is_well() {
        saying("INFO GET /v1/items 429 0.3ms Too Many Requests").expect_healthy();
    }

    #[test]
    fn one_refusal_is_what_retries_are_for() {
        scene()
            .deployment("shop", "api", 2)
            .log("shop", "api", "2026-03-01T11:20:00Z WARN 429 Too Many Requests, trying again in 1s\n")
            .expect_healthy();
    }
}
