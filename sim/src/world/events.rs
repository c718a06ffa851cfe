//! Events as the components write them: one object for a repeated message, counted, forgotten after an hour.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::objects::{object, seconds, stamp};
use super::state::State;
use super::store::Key;

/// How long the API server keeps events.
pub(crate) const KEPT_S: i64 = 3600;

/// Who writes an event, and whether it is a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Normal,
    Warning,
}

impl State {
    /// Writes an event about `about`, or counts up the one that says the same.
    pub(crate) fn event(&mut self, about: &Value, tone: Tone, component: &str, reason: &str, message: &str) {
        self.event_on(about, tone, component, "", "", reason, message);
    }

    /// An event that a node's kubelet writes about one container of a pod.
    pub(crate) fn kubelet_event(&mut self, pod: &Value, container: &str, tone: Tone, reason: &str, message: &str) {
        let host = pod["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
        let field = if container.is_empty() { String::new() } else { format!("spec.containers{{{container}}}") };
        self.event_on(pod, tone, "kubelet", &host, &field, reason, message);
    }

    #[allow(clippy::too_many_arguments)]
    fn event_on(
        &mut self,
        about: &Value,
        tone: Tone,
        component: &str,
        host: &str,
        field: &str,
        reason: &str,
        message: &str,
    ) {
        if self.now < self.remembered_from {
            return;
        }
        let metadata = &about["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        let namespace = metadata["namespace"].as_str().unwrap_or("default");
        let uid = metadata["uid"].as_str().unwrap_or_default();
        let id = self.noise.of(uid).of(field).of(component).of(reason).of(message).hex(16);
        let key = Key::new(namespace, format!("{name}.{id}"));
        let now = stamp(self.now);
        if self.store.at(Kind::Event, &key).is_some() {
            self.store.update(Kind::Event, &key, |event| {
                event["count"] = json!(event["count"].as_i64().unwrap_or(1) + 1);
                event["lastTimestamp"] = json!(now);
            });
            return;
        }
        let mut event = object(Kind::Event, namespace, &key.name);
        event["metadata"]["uid"] = json!(self.noise.of("event").of(&id).uuid());
        event["metadata"]["creationTimestamp"] = json!(now);
        let mut involved = json!({
            "kind": about["kind"], "name": name, "uid": uid, "apiVersion": about["apiVersion"],
            "resourceVersion": metadata["resourceVersion"],
        });
        if let Some(namespace) = metadata["namespace"].as_str() {
            involved["namespace"] = json!(namespace);
        }
        if !field.is_empty() {
            involved["fieldPath"] = json!(field);
        }
        let mut source = json!({ "component": component });
        if !host.is_empty() {
            source["host"] = json!(host);
        }
        let fields = json!({
            "involvedObject": involved, "reason": reason, "message": message, "source": source,
            "firstTimestamp": now, "lastTimestamp": now, "count": 1,
            "type": if tone == Tone::Warning { "Warning" } else { "Normal" },
            "eventTime": null, "reportingComponent": component, "reportingInstance": host,
        });
        if let (Value::Object(event), Value::Object(fields)) = (&mut event, fields) {
            event.extend(fields);
        }
        self.store.put(Kind::Event, event);
    }

    /// Drops events older than the API server keeps them.
    pub(crate) fn forget_events(&mut self) {
        let horizon = self.now - KEPT_S;
        let old: Vec<Key> = self
            .store
            .list(Kind::Event, "")
            .filter(|(_, event)| seconds(&event["lastTimestamp"]).is_none_or(|last| last < horizon))
            .map(|(key, _)| key.clone())
            .collect();
        for key in old {
            self.store.remove(Kind::Event, &key);
        }
    }
}
