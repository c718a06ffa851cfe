//! The rows of pods, nodes and events, whose cells take more than a field.

use serde_json::{Value, json};

use super::table::human_duration;
use crate::world::seconds;

/// An array's items; none where it is no array.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// How long ago a stamp was, as ages are shown.
pub(super) fn since(stamp: &Value, now: i64) -> String {
    seconds(stamp).map_or_else(|| "<unknown>".to_owned(), |at| human_duration(now - at))
}

/// A pod: the word for its state is put together as kubectl has always done.
pub(super) fn pod(pod: &Value, now: i64) -> Vec<Value> {
    let statuses = list(&pod["status"]["containerStatuses"]);
    let total = list(&pod["spec"]["containers"]).len();
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let restarts: i64 = statuses.iter().filter_map(|status| status["restartCount"].as_i64()).sum();
    let last = statuses.iter().filter_map(|status| seconds(&status["lastState"]["terminated"]["finishedAt"])).max();
    let restarts = match last {
        Some(at) if restarts > 0 => format!("{restarts} ({} ago)", human_duration(now - at)),
        _ => restarts.to_string(),
    };
    let mut reason =
        pod["status"]["reason"].as_str().or(pod["status"]["phase"].as_str()).unwrap_or("Unknown").to_owned();
    let mut running = false;
    for status in statuses.iter().rev() {
        let (waiting, terminated) = (&status["state"]["waiting"], &status["state"]["terminated"]);
        if let Some(word) = waiting["reason"].as_str().or(terminated["reason"].as_str()) {
            word.clone_into(&mut reason);
        } else if status["ready"] == true && !status["state"]["running"].is_null() {
            running = true;
        }
    }
    if reason == "Completed" && running {
        "Running".clone_into(&mut reason);
    }
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        "Terminating".clone_into(&mut reason);
    }
    let or_none = |value: &Value| if value.is_null() { json!("<none>") } else { value.clone() };
    vec![
        pod["metadata"]["name"].clone(),
        json!(format!("{ready}/{total}")),
        json!(reason),
        json!(restarts),
        json!(since(&pod["metadata"]["creationTimestamp"], now)),
        or_none(&pod["status"]["podIP"]),
        or_none(&pod["spec"]["nodeName"]),
        json!("<none>"),
        json!("<none>"),
    ]
}

/// A node.
pub(super) fn node(node: &Value, now: i64) -> Vec<Value> {
    let ready = list(&node["status"]["conditions"]).iter().find(|condition| condition["type"] == "Ready");
    let mut words =
        vec![if ready.is_some_and(|condition| condition["status"] == "True") { "Ready" } else { "NotReady" }];
    if node["spec"]["unschedulable"] == true {
        words.push("SchedulingDisabled");
    }
    let info = &node["status"]["nodeInfo"];
    vec![
        node["metadata"]["name"].clone(),
        json!(words.join(",")),
        json!("<none>"),
        json!(since(&node["metadata"]["creationTimestamp"], now)),
        info["kubeletVersion"].clone(),
        node["status"]["addresses"][0]["address"].clone(),
        json!("<none>"),
        info["osImage"].clone(),
        info["kernelVersion"].clone(),
        info["containerRuntimeVersion"].clone(),
    ]
}

/// An event.
pub(super) fn event(event: &Value, now: i64) -> Vec<Value> {
    let about = &event["involvedObject"];
    let object = format!(
        "{}/{}",
        about["kind"].as_str().unwrap_or_default().to_lowercase(),
        about["name"].as_str().unwrap_or_default()
    );
    let (component, host) = (&event["source"]["component"], &event["source"]["host"]);
    let source = [component, host].iter().filter_map(|part| part.as_str()).collect::<Vec<_>>().join(", ");
    let (first, last) = (since(&event["firstTimestamp"], now), since(&event["lastTimestamp"], now));
    let count = event["count"].as_i64().unwrap_or(1);
    let seen = if count > 1 { format!("{last} (x{count} over {first})") } else { last };
    vec![
        json!(seen),
        event["type"].clone(),
        event["reason"].clone(),
        json!(object),
        json!(about["fieldPath"].as_str().unwrap_or_default()),
        json!(source),
        event["message"].clone(),
        json!(first),
        json!(count.to_string()),
        event["metadata"]["name"].clone(),
    ]
}
