//! job-failed: a Job gave up.
//!
//! Its `Failed` condition says why: `BackoffLimitExceeded`, `DeadlineExceeded`, `PodFailurePolicy`
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/job/#handling-pod-and-container-failures>). A symptom: what its
//! pods died of is the better answer where it is known. Easily mistaken for trouble that is over: a CronJob's failed run
//! stands in the list long after the next one has succeeded.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Level, Risk, View},
    model::{Job, Object},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::symptom("job-failed", Category::Runtime)];

/// A failure longer ago than this is history.
const RECENT_MINUTES: i64 = 120;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for job in view.snapshot.jobs.iter() {
        let failed = job.status.conditions.iter().find(|it| it.type_ == "Failed" && it.status == "True");
        let Some(failed) = failed else { continue };
        if !view.within(failed.last_transition_time, RECENT_MINUTES) || made_good(view, job) {
            continue;
        }
        let object = job.reference();
        let text = format!("{}: {}", failed.reason, failed.message);
        let mut evidence = vec![case.status(&object, failed.last_transition_time, text)];
        let workload = view.workload(&object);
        let ended = workload.iter().flat_map(|workload| &workload.pods).rev().find_map(|pod| {
            let mut statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
            let found = statuses.find_map(|it| {
                let ended = it.state.terminated.as_ref().or(it.last_state.terminated.as_ref())?;
                (ended.exit_code != 0).then_some((it.name.as_str(), ended))
            });
            found.map(|(container, ended)| (*pod, container, ended))
        });
        if let Some((pod, container, ended)) = ended {
            let text = format!("container {container} ended with exit code {} ({})", ended.exit_code, ended.reason);
            evidence.push(case.status(&pod.reference(), ended.finished_at, text));
        }
        let patterns = workload.map(|workload| view.patterns_of(workload)).unwrap_or_default();
        let last_words =
            patterns.iter().filter(|it| it.level == Level::Error).max_by_key(|it| (it.at_end, it.last_seen));
        evidence.extend(last_words.map(|pattern| case.log(pattern)));
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(0.85)
            .summary(format!("the Job gave up: {}", why(&failed.reason, job)))
            .fact("reason", failed.reason.clone())
            .fact("failed", job.status.failed.max(1).to_string())
            .because(evidence)
            .since(failed.last_transition_time)
            .check(Kubectl::describe(&object))
            .check(Kubectl::logs(&object, None, false))
            .action(ActionKind::Manual, Risk::Low, "mend what its pods died of, then make the Job anew");
        case.find(finding);
    }
}

/// Whether a later run of the same CronJob is done.
fn made_good(view: &View<'_>, job: &Job) -> bool {
    let Some(owner) = job.metadata.controller() else { return false };
    view.snapshot.jobs.in_namespace(job.namespace()).any(|other| {
        other.metadata.controller().is_some_and(|it| it.kind == owner.kind && it.name == owner.name)
            && other.metadata.creation_timestamp > job.metadata.creation_timestamp
            && other.status.conditions.iter().any(|it| it.type_ == "Complete" && it.status == "True")
    })
}

fn why(reason: &str, job: &Job) -> String {
    match reason {
        "BackoffLimitExceeded" => format!("its pods failed {} time(s)", job.status.failed.max(1)),
        "DeadlineExceeded" => match job.spec.active_deadline_seconds {
            Some(seconds) => format!("it took longer than the {seconds} s it was given"),
            None => "it took longer than it was given".to_owned(),
        },
        "" => "no reason given".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, at, scene},
        model::{Condition, Job, OwnerReference},
    };

    fn run(name: &str, made: &str, condition: &str, reason: &str) -> Job {
        let mut job = Job::default();
        job.metadata.namespace = "shop".into();
        job.metadata.name = name.into();
        job.metadata.creation_timestamp = Some(at(made));
        job.metadata.owner_references = vec![OwnerReference {
            kind: "CronJob".into(),
            name: "close-books".into(),
            controller: Some(true),
            ..OwnerReference::default()
        }];
        job.status.conditions = vec![Condition {
            type_: condition.into(),
            status: "True".into(),
            reason: reason.into(),
            last_transition_time: Some(at("11:40:00")),
            ..Condition::default()
        }];
        job
    }

    fn runs(jobs: Vec<Job>) -> Scene {
        scene().edit(|snapshot| snapshot.jobs.items.extend(jobs))
    }

    #[test]
    fn a_job_that_gave_up_is_named() {
        for reason in ["BackoffLimitExceeded", "DeadlineExceeded"] {
            runs(vec![run("close-books-1", "11:00:00", "Failed", reason)])
                .expect("job-failed", "Job shop/close-books-1");
        }
    }

    #[test]
    fn a_run_that_was_made_good_by_the_next_is_history() {
        runs(vec![
            run("close-books-1", "11:00:00", "Failed", "BackoffLimitExceeded"),
            run("close-books-2", "11:30:00", "Complete", ""),
        ])
        .expect_healthy();
    }

    #[test]
    fn a_job_that_failed_yesterday_is_history() {
        let mut job = run("close-books-1", "01:00:00", "Failed", "BackoffLimitExceeded");
        job.status.conditions[0].last_transition_time = Some(at("02:00:00"));
        runs(vec![job]).expect_healthy();
    }
}
