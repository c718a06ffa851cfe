//! application-crash: the container's process ends by itself with an error, again and again.
//!
//! What is left when nothing deeper explains a `CrashLoopBackOff`
//! (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy>): a symptom, quoted with the last words
//! of the process. Easily mistaken for kills from outside: out of memory (137, `OOMKilled`) and liveness probes (137 or 143
//! with `Killing` events).

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Level, Risk},
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::symptom("application-crash", Category::Runtime)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads().iter().filter(|workload| !workload.is_job()) {
        let crash = workload.containers().find_map(|(pod, status)| {
            let waiting = status.state.waiting.as_ref().is_some_and(|it| it.reason == "CrashLoopBackOff");
            let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref())?;
            let own_fault =
                ended.exit_code != 0 && ended.reason != "OOMKilled" && !matches!(ended.exit_code, 137 | 143);
            // Whoever failed a few times while others were starting, and works since, needs no one.
            let recovered = status.ready && status.restart_count <= 3;
            let looping = waiting
                || (!status.ready && status.restart_count > 1)
                || (!recovered && view.within(ended.finished_at, 10));
            (own_fault && looping).then_some((pod, status, ended))
        });
        let Some((pod, status, ended)) = crash else { continue };
        let text = format!(
            "container {} ended with exit code {} ({}), {} restart(s)",
            status.name, ended.exit_code, ended.reason, status.restart_count
        );
        let mut evidence = vec![case.status(&pod.reference(), ended.finished_at, text)];
        let patterns = view.patterns_of(workload).iter().filter(|it| it.container == status.name);
        let last_words = patterns.filter(|it| it.level == Level::Error).max_by_key(|it| (it.at_end, it.last_seen));
        evidence.extend(last_words.map(|pattern| case.log(pattern)));
        let words = last_words.map(|pattern| {
            let line: String = pattern.example.chars().take(120).collect();
            format!(": {line}")
        });
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(if last_words.is_some() { 0.75 } else { 0.65 })
            .summary(format!(
                "container {} crashes with exit code {}{}",
                status.name,
                ended.exit_code,
                words.unwrap_or_default()
            ))
            .fact("container", &status.name)
            .fact("exit_code", ended.exit_code.to_string())
            .because(evidence)
            .since(ended.finished_at)
            .check(Kubectl::logs(&workload.object, Some(&status.name), true))
            .check(Kubectl::describe(&pod.reference()));
        let finding = match last_words {
            Some(pattern) => finding.fact("words", pattern.example.chars().take(120).collect::<String>()),
            None => finding,
        };
        let finding = if workload.previous_template().is_some() {
            finding.action(ActionKind::Rollback, Risk::Medium, "if it began with the last rollout")
        } else {
            finding
        };
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_process_that_ends_itself_has_crashed() {
        scene()
            .deployment("shop", "api", 2)
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", "2026-03-01T11:59:00Z FATAL cannot parse configuration\n")
            .expect("application-crash", "Deployment shop/api");
    }

    #[test]
    fn a_kill_for_memory_is_not_the_applications_crash() {
        scene().deployment("shop", "api", 2).crashing("shop", "api", 137, "OOMKilled").expect_not("application-crash");
    }
}
