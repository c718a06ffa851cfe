//! cronjob-suspended: a CronJob is held, and its work is missed.
//!
//! `suspend: true` keeps it from making Jobs
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-suspension>). That is mostly somebody's
//! intention, so it is a cause only where it is overdue by its own schedule and somebody complains: an alert, or the alarm
//! itself, names it. Easily mistaken for Jobs that fail, of which there are some, and for a scheduler that is down.

use jiff::SignedDuration;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{CronJob, Object},
    snapshot::Alert,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("cronjob-suspended", Category::Runtime)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for cron in view.snapshot.cron_jobs.iter().filter(|it| it.spec.suspend == Some(true)) {
        let last = cron.status.last_schedule_time.or(cron.metadata.creation_timestamp);
        let period = period(&cron.spec.schedule);
        if view.age(last).is_none_or(|age| age <= period) {
            continue;
        }
        let alert = view.snapshot.alerts.iter().find(|alert| alert.status != "resolved" && names(alert, cron));
        let trigger = view.trigger;
        let asked = trigger.workload.as_deref() == Some(cron.name())
            && trigger.namespace.as_deref().is_none_or(|namespace| namespace == cron.namespace());
        if alert.is_none() && !asked {
            continue;
        }
        let object = cron.reference();
        let at = last.map_or("never".to_owned(), |last| last.to_string());
        let mut evidence = vec![
            case.spec(&object, format!("suspend: true, schedule {}", cron.spec.schedule)),
            case.status(&object, last, format!("last scheduled {at}")),
        ];
        evidence.extend(alert.map(|alert| case.alert(&object, alert)));
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(0.93)
            .summary(format!("the CronJob is suspended and overdue: last scheduled {at}"))
            .fact("last", at)
            .because(evidence)
            .since(last.map(|last| last + period))
            .check(Kubectl::get(&object))
            .action(ActionKind::Manual, Risk::Low, "resume it, if nobody knows why it is held");
        case.find(finding);
    }
}

/// Whether an alert is about a CronJob: by label, or by its name in the text.
fn names(alert: &Alert, cron: &CronJob) -> bool {
    let namespace = alert.labels.get("namespace").or_else(|| alert.labels.get("exported_namespace"));
    let word = |text: &String| {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))).any(|word| word == cron.name())
    };
    namespace.is_none_or(|namespace| *namespace == cron.metadata.namespace)
        && (alert.labels.values().any(|value| value == cron.name()) || alert.annotations.values().any(word))
}

/// The longest time between two runs of a schedule, roughly: enough to tell late from not yet due.
fn period(schedule: &str) -> SignedDuration {
    let hours = SignedDuration::from_hours;
    let named = [("@hourly", 1), ("@daily", 24), ("@midnight", 24), ("@weekly", 7 * 24), ("@monthly", 31 * 24)];
    if let Some((_, length)) = named.iter().find(|(name, _)| schedule.trim() == *name) {
        return hours(*length);
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return hours(366 * 24) };
    let every = |field: &str| field.strip_prefix("*/").and_then(|step| step.parse::<i64>().ok()).filter(|it| *it > 0);
    let open = |field: &str| matches!(field, "*" | "?");
    match () {
        () if !open(month) => hours(366 * 24),
        () if !open(day) => hours(31 * 24),
        () if !open(weekday) => hours(7 * 24),
        () if !open(hour) => hours(every(hour).map_or(24, |step| step.min(24))),
        () if !open(minute) => every(minute).map_or(hours(1), |step| SignedDuration::from_mins(step.min(60))),
        () => SignedDuration::from_mins(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testkit::{Scene, at, scene};

    fn held(schedule: &str, last: &str) -> Scene {
        let mut cron = CronJob::default();
        cron.metadata.namespace = "shop".into();
        cron.metadata.name = "close-books".into();
        cron.spec.schedule = schedule.into();
        cron.spec.suspend = Some(true);
        cron.status.last_schedule_time = Some(at(last));
        scene().edit(|snapshot| snapshot.cron_jobs.items.push(cron))
    }

    fn complained(scene: Scene) -> Scene {
        scene.edit(|snapshot| {
            let labels = [("alertname", "BooksNotClosed"), ("namespace", "shop"), ("cronjob", "close-books")];
            snapshot.alerts.push(Alert {
                status: "firing".into(),
                labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
                starts_at: Some(at("11:30:00")),
                ..Alert::default()
            });
        })
    }

    #[test]
    fn a_held_cronjob_that_is_missed_is_named() {
        complained(held("*/15 * * * *", "09:00:00")).expect("cronjob-suspended", "CronJob shop/close-books");
        let mut scene = held("0 * * * *", "09:00:00");
        scene.trigger.workload = Some("close-books".into());
        scene.expect("cronjob-suspended", "CronJob shop/close-books");
    }

    #[test]
    fn a_held_cronjob_that_nobody_misses_is_somebodys_intention() {
        held("*/15 * * * *", "09:00:00").expect_healthy();
    }

    #[test]
    fn a_held_cronjob_that_is_not_due_is_not_it() {
        complained(held("0 3 * * *", "03:00:00")).expect_not("cronjob-suspended");
    }

    #[test]
    fn a_period_is_never_taken_too_short() {
        for (schedule, hours) in
            [("0 * * * *", 1), ("0 */6 * * *", 6), ("30 2 * * *", 24), ("0 0 * * 0", 168), ("@daily", 24)]
        {
            assert_eq!(period(schedule), SignedDuration::from_hours(hours), "{schedule}");
        }
        assert_eq!(period("*/5 * * * *"), SignedDuration::from_mins(5));
        assert_eq!(period("nonsense"), SignedDuration::from_hours(366 * 24));
    }
}
