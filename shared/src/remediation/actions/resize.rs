//! Resizing in place: other requests and limits for a running container, by the pod's resize subresource.
//!
//! <https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/>: CPU and memory only, the QoS
//! class has to stay. Memory only goes up: lowered below what is in use, the kernel kills the container.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{object, patch};
use crate::model::{Kind, ObjectRef, Quantity, Resources};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Subresource, Undo, Unmet};

/// Change a running container's requests and limits. What is not named stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resize {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The pod's identity.
    pub uid: String,
    /// The container.
    pub container: String,
    /// Requests: `cpu`, `memory`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Quantity>,
    /// Limits: `cpu`, `memory`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Quantity>,
}

/// `Guaranteed`, `Burstable` or `BestEffort`:
/// <https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/>.
fn qos_class(containers: &[Value]) -> &'static str {
    let resources: Vec<Resources> = containers
        .iter()
        .map(|container| serde_json::from_value(container["resources"].clone()).unwrap_or_default())
        .collect();
    let amount = |amounts: &BTreeMap<String, Quantity>, name: &str| amounts.get(name).and_then(Quantity::value);
    if resources.iter().all(|it| it.requests.is_empty() && it.limits.is_empty()) {
        return "BestEffort";
    }
    let is_guaranteed = resources.iter().all(|it| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = amount(&it.limits, name);
            limit.is_some() && amount(&it.requests, name).is_none_or(|request| Some(request) == limit)
        })
    });
    if is_guaranteed { "Guaranteed" } else { "Burstable" }
}

impl Resize {
    /// The containers as they are, and as they would be with `requests` and `limits` in this one.
    fn containers(
        &self,
        live: &Value,
        requests: &BTreeMap<String, Quantity>,
        limits: &BTreeMap<String, Quantity>,
    ) -> Result<(Vec<Value>, Vec<Value>), Unmet> {
        let before = live["spec"]["containers"].as_array().cloned().unwrap_or_default();
        let mut after = before.clone();
        let missing = || Unmet::NoContainer { pod: self.target(), container: self.container.clone() };
        let container =
            after.iter_mut().find(|container| container["name"] == self.container.as_str()).ok_or_else(missing)?;
        for (word, amounts) in [("requests", requests), ("limits", limits)] {
            for (name, amount) in amounts {
                container["resources"][word][name] = json!(amount);
            }
        }
        Ok((before, after))
    }

    fn text(&self, requests: &BTreeMap<String, Quantity>, limits: &BTreeMap<String, Quantity>) -> String {
        let list = |amounts: &BTreeMap<String, Quantity>| {
            amounts.iter().map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>().join(",")
        };
        let mut text = format!("kubectl -n {} set resources pod/{} -c {}", self.namespace, self.pod, self.container);
        for (flag, amounts) in [("--requests", requests), ("--limits", limits)] {
            if !amounts.is_empty() {
                text.push_str(&format!(" {flag}={}", list(amounts)));
            }
        }
        text + " --subresource=resize"
    }
}

impl Pair for Resize {
    fn name(&self) -> &'static str {
        "resize"
    }

    fn target(&self) -> ObjectRef {
        ObjectRef::new(Kind::Pod, &self.namespace, &self.pod)
    }

    fn command(&self) -> String {
        self.text(&self.requests, &self.limits)
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        let pod = facts.snapshot.pods.get(&self.namespace, &self.pod);
        let radius = BlastRadius::of_pods(facts, pod.as_slice());
        // The pod stays; a resize policy of RestartContainer restarts the container.
        let restarts = facts.object.as_ref().is_some_and(|object| {
            let containers = object["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
            let own = containers.iter().filter(|container| container["name"] == self.container.as_str());
            own.flat_map(|container| container["resizePolicy"].as_array().into_iter().flatten())
                .any(|policy| policy["restartPolicy"] == "RestartContainer")
        });
        let (share_percent, serving_percent) =
            if restarts { (radius.share_percent, radius.serving_percent) } else { (0, 0) };
        BlastRadius { share_percent, serving_percent, data_at_risk: Vec::new(), ..radius }
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let live = object(facts, &self.target())?;
        if live["metadata"]["uid"] != self.uid.as_str() {
            return Err(Unmet::Replaced(self.target()));
        }
        for amounts in [&self.requests, &self.limits] {
            if let Some(other) = amounts.keys().find(|name| !matches!(name.as_str(), "cpu" | "memory")) {
                return Err(Unmet::OutOfBounds(format!("{other} cannot be resized in place, only cpu and memory")));
            }
        }
        let (before, after) = self.containers(live, &self.requests, &self.limits)?;
        let memory = |containers: &[Value], word: &str| {
            let container = containers.iter().find(|container| container["name"] == self.container.as_str())?;
            serde_json::from_value::<Quantity>(container["resources"][word]["memory"].clone()).ok()?.value()
        };
        for word in ["requests", "limits"] {
            // A limit where there was none is a lower one.
            let lowered = match (memory(&before, word), memory(&after, word)) {
                (Some(from), Some(to)) => to < from,
                (None, Some(_)) => word == "limits",
                _ => false,
            };
            if lowered {
                return Err(Unmet::MemoryLowered(self.container.clone()));
            }
        }
        let (from, to) = (qos_class(&before), qos_class(&after));
        if from != to {
            return Err(Unmet::QosChanged { from: from.to_owned(), to: to.to_owned() });
        }
        patch(facts, self.target(), Some(Subresource::Resize), json!({ "spec": { "containers": after } }))
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let Ok(live) = object(facts, &self.target()) else {
            return Undo::Nothing { why: "the resources as they were are not known".to_owned() };
        };
        let containers = live["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own = containers.iter().find(|container| container["name"] == self.container.as_str());
        let was: Resources =
            own.and_then(|own| serde_json::from_value(own["resources"].clone()).ok()).unwrap_or_default();
        // CPU goes back; memory, which is never lowered, stays until the pod is made anew.
        let cpu =
            |changed: &BTreeMap<String, Quantity>, was: &BTreeMap<String, Quantity>| -> BTreeMap<String, Quantity> {
                let was = was.get("cpu").filter(|_| changed.contains_key("cpu"));
                was.map(|amount| ("cpu".to_owned(), amount.clone())).into_iter().collect()
            };
        let (requests, limits) = (cpu(&self.requests, &was.requests), cpu(&self.limits, &was.limits));
        let memory = self.requests.contains_key("memory") || self.limits.contains_key("memory");
        if requests.is_empty() && limits.is_empty() {
            let why = "memory is not lowered in place; a new pod has what its template says".to_owned();
            return Undo::Nothing { why };
        }
        // The containers as they will be after the change, with the CPU they had before.
        let changed = self.containers(live, &self.requests, &self.limits).map(|(_, after)| after).unwrap_or_default();
        let changed = json!({ "spec": { "containers": changed } });
        let back = self.containers(&changed, &requests, &limits).map(|(_, back)| back).unwrap_or_default();
        Undo::Requests {
            requests: vec![Request::Patch {
                object: self.target(),
                subresource: Some(Subresource::Resize),
                body: json!({ "spec": { "containers": back } }),
            }],
            command: self.text(&requests, &limits),
            except: if memory { "memory stays until the pod is made anew".to_owned() } else { String::new() },
        }
    }
}
