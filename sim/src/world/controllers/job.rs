//! Jobs, and the CronJobs that make them.

use serde_json::{Value, json};

use crate::world::events::Tone;
use crate::world::kinds::Kind;
use crate::world::objects::{object, stamp};
use crate::world::pods::{active, condition, owned_by, ready, set_condition};
use crate::world::state::{State, owner};
use crate::world::store::Key;

/// Brings one Job closer to its completion.
pub(crate) fn reconcile(state: &mut State, key: &Key) {
    let Some(job) = state.store.at(Kind::Job, key).cloned() else { return };
    if condition(&job, "Complete").is_some() || condition(&job, "Failed").is_some() {
        return;
    }
    let uid = job["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let pods = state.controlled(Kind::Pod, &uid);
    let succeeded = pods.iter().filter(|pod| pod["status"]["phase"] == "Succeeded").count();
    let failed = pods.iter().filter(|pod| pod["status"]["phase"] == "Failed").count();
    let running = pods.iter().filter(|pod| active(pod)).count();
    let done = succeeded >= 1;
    let patience = job["spec"]["backoffLimit"].as_u64().unwrap_or(6) as usize;
    let given_up = failed > patience;
    if !done && !given_up && running == 0 && job["spec"]["suspend"] != true {
        let mut template = job["spec"]["template"].clone();
        template["metadata"]["labels"]["batch.kubernetes.io/job-name"] = json!(key.name);
        template["metadata"]["labels"]["job-name"] = json!(key.name);
        let name = format!("{}-{}", key.name, state.draw().suffix(5));
        state.create_pod(&job, "job-controller", &name, &template);
    }
    let now = state.now;
    state.change(Kind::Job, key, |job| {
        let ready = pods.iter().filter(|pod| active(pod) && ready(pod)).count();
        let status = &mut job["status"];
        if status["startTime"].is_null() {
            status["startTime"] = json!(stamp(now));
        }
        status["ready"] = json!(ready);
        for (name, count) in [("active", running), ("succeeded", succeeded), ("failed", failed)] {
            match status.as_object_mut() {
                Some(status) if count == 0 => drop(status.remove(name)),
                _ => status[name] = json!(count),
            }
        }
        if done {
            status["completionTime"] = json!(stamp(now));
            set_condition(
                job,
                now,
                "SuccessCriteriaMet",
                "True",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            );
            set_condition(
                job,
                now,
                "Complete",
                "True",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            );
        } else if given_up {
            set_condition(
                job,
                now,
                "Failed",
                "True",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            );
        }
    });
    if done {
        state.event(&job, Tone::Normal, "job-controller", "Completed", "Job completed");
        finished(state, &job, "Complete");
    } else if given_up {
        let message = "Job has reached the specified backoff limit";
        state.event(&job, Tone::Warning, "job-controller", "BackoffLimitExceeded", message);
        finished(state, &job, "Failed");
    }
}

/// Tells the CronJob that made a Job of its end and drops the oldest ones.
fn finished(state: &mut State, job: &Value, how: &str) {
    let Some(parent) = owner(job).filter(|owner| owner["kind"] == "CronJob") else { return };
    let namespace = Key::of(job).namespace;
    let key = Key::new(&namespace, parent["name"].as_str().unwrap_or_default());
    let (name, uid, now) = (Key::of(job).name, parent["uid"].as_str().unwrap_or_default().to_owned(), state.now);
    let changed = state.change(Kind::CronJob, &key, |cron| {
        cron["status"]["active"] = Value::Null;
        if let Some(status) = cron["status"].as_object_mut() {
            status.remove("active");
        }
        if how == "Complete" {
            cron["status"]["lastSuccessfulTime"] = json!(stamp(now));
        }
    });
    let Some(cron) = changed else { return };
    let message = format!("Saw completed job: {name}, condition: {how}");
    state.event(&cron, Tone::Normal, "cronjob-controller", "SawCompletedJob", &message);
    let keep = cron["spec"]["successfulJobsHistoryLimit"].as_u64().unwrap_or(3) as usize;
    let mut jobs: Vec<Key> = state
        .controlled(Kind::Job, &uid)
        .iter()
        .filter(|job| condition(job, "Complete").is_some())
        .map(|job| Key::of(job))
        .collect();
    jobs.sort();
    let excess = jobs.len().saturating_sub(keep);
    for old in &jobs[..excess] {
        state.remove(Kind::Job, old);
        let message = format!("Deleted job {}", old.name);
        state.event(&cron, Tone::Normal, "cronjob-controller", "SuccessfulDelete", &message);
    }
}

/// Makes the Jobs that are due this minute.
pub(crate) fn run_cron_jobs(state: &mut State) {
    let crons: Vec<_> = state.store.list(Kind::CronJob, "").map(|(_, cron)| cron.clone()).collect();
    for cron in crons {
        let schedule = cron["spec"]["schedule"].as_str().unwrap_or_default();
        if cron["spec"]["suspend"] == true || !due(schedule, state.now) {
            continue;
        }
        let key = Key::of(&cron);
        let name = format!("{}-{}", key.name, state.now.div_euclid(60));
        let mut job = object(Kind::Job, &key.namespace, &name);
        job["metadata"]["annotations"] =
            json!({ "batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(state.now.div_euclid(60) * 60) });
        job["metadata"]["ownerReferences"] = owned_by(&cron);
        job["spec"] = cron["spec"]["jobTemplate"]["spec"].clone();
        job["status"] = json!({});
        let job = state.write(Kind::Job, job);
        let now = state.now;
        state.change(Kind::CronJob, &key, |cron| {
            cron["status"]["lastScheduleTime"] = json!(stamp(now.div_euclid(60) * 60));
            cron["status"]["active"] = json!([{
                "apiVersion": "batch/v1", "kind": "Job", "namespace": key.namespace, "name": name,
                "uid": job["metadata"]["uid"], "resourceVersion": job["metadata"]["resourceVersion"],
            }]);
        });
        state.event(&cron, Tone::Normal, "cronjob-controller", "SuccessfulCreate", &format!("Created job {name}"));
    }
}

/// Whether a schedule of minute and hour fields (`*`, `*/n`, `n`, lists of them) is due in this minute, in UTC.
fn due(schedule: &str, now: i64) -> bool {
    let mut fields = schedule.split_whitespace();
    let (minute, hour) = (fields.next().unwrap_or("*"), fields.next().unwrap_or("*"));
    let matches = |field: &str, value: i64| {
        field.split(',').any(|part| match part.strip_prefix("*/") {
            Some(step) => step.parse::<i64>().is_ok_and(|step| step > 0 && value % step == 0),
            None => part == "*" || part.parse() == Ok(value),
        })
    };
    matches(minute, now.div_euclid(60) % 60) && matches(hour, now.div_euclid(3600) % 24)
}

#[cfg(test)]
mod tests {
    use super::due;

    #[test]
    fn schedules_of_minutes_and_hours_are_due_when_both_match() {
        let at = |hour: i64, minute: i64| hour * 3600 + minute * 60;
        assert!(due("*/15 * * * *", at(3, 45)));
        assert!(!due("*/15 * * * *", at(3, 46)));
        assert!(due("0 2 * * *", at(2, 0)));
        assert!(!due("0 2 * * *", at(3, 0)));
        assert!(due("5,35 * * * *", at(9, 35)));
    }
}
