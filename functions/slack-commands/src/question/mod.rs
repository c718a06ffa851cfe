//! Questions in plain language that the rules and typed look-ups answer by themselves, without any model.
//!
//! [`inquiry`] reads what is meant from the words, in English and Korean, against the names of what is in the cluster; what
//! it cannot read is said to be so, never guessed. [`answer`] answers from the snapshot and the diagnosis: each [`Line`]
//! tells where it is from. What an agent adds ([`Agent`]) comes after that, and the rules' answer stands without it.

mod agent;
mod find;
mod inquiry;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::diagnosis::{Cause, Diagnosis, Evidence, Trigger, diagnose};
use shared::model::{Kind, Object, ObjectRef, Pod};
use shared::roles::Reach;
use shared::snapshot::{SeriesKind, Snapshot};

pub use agent::{Agent, Failure, Further, Said, Suggested};
pub use inquiry::{Inquiry, Topic, inquiry};

use crate::collect::{Condition, condition};

/// Lines of one kind in an answer.
const MOST: usize = 8;
/// How far back a change is recent.
const RECENT: SignedDuration = SignedDuration::from_hours(6);

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What was understood.
    pub inquiry: Inquiry,
    /// What was found, the most telling first.
    pub lines: Vec<Line>,
    /// Causes that bear on it, the most likely first.
    pub causes: Vec<Cause>,
    /// What those rest on.
    pub evidence: Vec<Evidence>,
    /// What could not be read.
    pub gaps: Vec<String>,
    /// What an agent added, where one was asked.
    #[serde(default)]
    pub agent: Agent,
}

/// A fact, in numbers and names; the words come with the language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// How many pods of a workload are ready.
    Ready {
        /// The workload.
        object: ObjectRef,
        /// Ready.
        ready: i32,
        /// Wanted.
        wanted: i32,
    },
    /// A pod that is not as it should be.
    Pod {
        /// The pod.
        object: ObjectRef,
        /// What it comes to.
        word: String,
        /// What an event or its conditions say of it.
        message: String,
    },
    /// A container that ended for want of memory.
    OutOfMemory {
        /// Its pod.
        object: ObjectRef,
        /// The container.
        container: String,
        /// Its limit; empty where it has none.
        limit: String,
        /// How often it was restarted.
        restarts: i32,
    },
    /// How much of a node is in use.
    Node {
        /// The node.
        name: String,
        /// Percent of its CPU.
        cpu: f64,
        /// Percent of its memory.
        memory: f64,
        /// Whether it is ready.
        ready: bool,
    },
    /// Something that changed.
    Change {
        /// When.
        time: jiff::Timestamp,
        /// Of what.
        object: ObjectRef,
        /// What.
        what: String,
    },
    /// What stands behind a Service.
    Endpoints {
        /// The Service.
        object: ObjectRef,
        /// Addresses that take traffic.
        ready: usize,
        /// Its ports.
        ports: String,
    },
    /// Nothing selects the pods of what is to be reached.
    NoService {
        /// The workload.
        object: ObjectRef,
    },
    /// A NetworkPolicy that binds what is to be reached.
    Policy {
        /// The policy.
        object: ObjectRef,
    },
    /// There is nothing of what was asked for.
    Nothing,
}

/// Answers from what was read. Only what somebody with this reach may see is in the answer.
pub fn answer(text: &str, snapshot: &Snapshot, reach: &Reach) -> Reply {
    diagnosed(text, snapshot, reach).0
}

/// The answer, and the diagnosis it is from.
pub fn diagnosed(text: &str, snapshot: &Snapshot, reach: &Reach) -> (Reply, Diagnosis) {
    let inquiry = inquiry(text, snapshot, reach);
    let subject = inquiry.subject();
    let trigger = Trigger {
        text: text.to_owned(),
        namespace: subject.map(|object| object.namespace.clone()).filter(|name| !name.is_empty()),
        workload: subject.filter(|object| object.kind != Kind::Node).map(|object| object.name.clone()),
        node: subject.filter(|object| object.kind == Kind::Node).map(|object| object.name.clone()),
        ..Trigger::default()
    };
    let diagnosis = diagnose(snapshot, &trigger);
    let mut lines = lines(&inquiry, snapshot, &diagnosis, reach);
    let causes = causes(&inquiry, &diagnosis, reach);
    if lines.is_empty() && causes.is_empty() && inquiry != Inquiry::NotUnderstood {
        lines.push(Line::Nothing);
    }
    let cited: BTreeSet<_> = causes.iter().flat_map(|cause| &cause.evidence).collect();
    let evidence = diagnosis.evidence.iter().filter(|one| cited.contains(&one.id)).take(MOST).cloned().collect();
    let gaps = snapshot.gaps.iter().take(MOST).map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
    (Reply { inquiry, lines, causes, evidence, gaps, agent: Agent::NotAsked }, diagnosis)
}

fn lines(inquiry: &Inquiry, snapshot: &Snapshot, diagnosis: &Diagnosis, reach: &Reach) -> Vec<Line> {
    match inquiry {
        Inquiry::Status { of } | Inquiry::Why { of } => {
            let mut lines: Vec<Line> = ready(snapshot, of).into_iter().collect();
            lines.extend(troubled(snapshot, reach, Some(of)));
            lines
        }
        Inquiry::Trouble => troubled(snapshot, reach, None),
        Inquiry::OutOfMemory { namespace } => out_of_memory(snapshot, reach, namespace.as_deref()),
        Inquiry::HotNodes => hot_nodes(snapshot),
        Inquiry::Changes { of } => changes(diagnosis, snapshot, reach, of.as_ref()),
        Inquiry::Reach { from, to } => {
            let mut lines: Vec<Line> = [from, to].into_iter().filter_map(|one| ready(snapshot, one)).collect();
            lines.extend(ways(snapshot, to));
            lines
        }
        Inquiry::NeedsMore { .. } | Inquiry::NotUnderstood => Vec::new(),
    }
}

/// Causes that bear on what was asked.
fn causes(inquiry: &Inquiry, diagnosis: &Diagnosis, reach: &Reach) -> Vec<Cause> {
    let visible = |object: &ObjectRef| object.namespace.is_empty() || reach.covers(&object.namespace);
    let about = |cause: &Cause, of: &ObjectRef| {
        let same = |object: &ObjectRef| object.namespace == of.namespace && object.name == of.name;
        same(&cause.object) || cause.affected.iter().any(|affected| same(&affected.object))
    };
    let bears = |cause: &&Cause| match inquiry {
        Inquiry::Status { of } | Inquiry::Why { of } => about(cause, of),
        Inquiry::Reach { from, to } => about(cause, from) || about(cause, to),
        Inquiry::OutOfMemory { .. } => {
            matches!(cause.id.as_str(), "oom-killed" | "memory-leak" | "node-memory-pressure")
        }
        Inquiry::HotNodes => cause.object.kind == Kind::Node || cause.id.as_str() == "noisy-neighbour",
        Inquiry::Trouble => true,
        Inquiry::Changes { .. } | Inquiry::NeedsMore { .. } | Inquiry::NotUnderstood => false,
    };
    diagnosis.causes.iter().filter(|cause| visible(&cause.object)).filter(bears).take(3).cloned().collect()
}

fn ready(snapshot: &Snapshot, of: &ObjectRef) -> Option<Line> {
    let (ready, wanted) = find::replicas(snapshot, of)?;
    Some(Line::Ready { object: of.clone(), ready, wanted })
}

/// Pods that are failing or late, of one workload or of all.
fn troubled(snapshot: &Snapshot, reach: &Reach, of: Option<&ObjectRef>) -> Vec<Line> {
    let is_of = |pod: &&Pod| of.is_none_or(|of| find::belongs(snapshot, pod, of));
    let mut found: Vec<(bool, &Pod, String)> = snapshot
        .pods
        .iter()
        .filter(|pod| reach.covers(pod.namespace()))
        .filter(is_of)
        .filter_map(|pod| match condition(pod) {
            (Condition::Error, word) => Some((false, pod, word)),
            (Condition::Pending, word) => Some((true, pod, word)),
            (Condition::Running | Condition::Completed, _) => None,
        })
        .collect();
    found.sort_by(|a, b| (a.0, a.1.name()).cmp(&(b.0, b.1.name())));
    let line = |(_, pod, word): (bool, &Pod, String)| Line::Pod {
        object: pod.reference(),
        word,
        message: find::said_of(snapshot, pod).unwrap_or_default(),
    };
    found.into_iter().take(MOST).map(line).collect()
}

fn out_of_memory(snapshot: &Snapshot, reach: &Reach, namespace: Option<&str>) -> Vec<Line> {
    let pods = snapshot.pods.iter().filter(|pod| reach.covers(pod.namespace()));
    let pods = pods.filter(|pod| namespace.is_none_or(|name| pod.namespace() == name));
    let mut found: Vec<Line> = pods
        .flat_map(|pod| pod.status.container_statuses.iter().map(move |status| (pod, status)))
        .filter(|(_, status)| {
            let ended = [&status.state.terminated, &status.last_state.terminated];
            ended.into_iter().flatten().any(|ended| ended.reason == "OOMKilled")
        })
        .map(|(pod, status)| {
            let spec = pod.spec.containers.iter().find(|container| container.name == status.name);
            let limit = spec.and_then(|spec| spec.resources.limits.get("memory"));
            Line::OutOfMemory {
                object: pod.reference(),
                container: status.name.clone(),
                limit: limit.map(|limit| limit.as_str().to_owned()).unwrap_or_default(),
                restarts: status.restart_count,
            }
        })
        .collect();
    found.sort_by_key(|line| match line {
        Line::OutOfMemory { restarts, .. } => std::cmp::Reverse(*restarts),
        _ => std::cmp::Reverse(0),
    });
    found.truncate(MOST);
    found
}

/// Nodes by what they use, the fullest first.
fn hot_nodes(snapshot: &Snapshot) -> Vec<Line> {
    let use_of = |node: &str, metric: &str| {
        let of = |series: &&shared::snapshot::Series| {
            series.kind == SeriesKind::Node && series.name == node && series.metric == metric
        };
        snapshot.metrics.iter().find(of)?.points.last().map(|(_, value)| *value)
    };
    let mut found: Vec<(f64, Line)> = snapshot
        .nodes
        .iter()
        .filter_map(|node| {
            let share = |resource: &str, metric: &str| {
                let all = node.status.allocatable.get(resource)?.value().filter(|all| *all > 0.0)?;
                Some(100.0 * use_of(node.name(), metric)? / all)
            };
            let (cpu, memory) = (share("cpu", "cpu")?, share("memory", "mem")?);
            let ready = node.status.conditions.iter().any(|one| one.type_ == "Ready" && one.status == "True");
            Some((cpu.max(memory), Line::Node { name: node.name().to_owned(), cpu, memory, ready }))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(5).map(|(_, line)| line).collect()
}

/// What changed in the last hours, the latest first: what the diagnosis' timeline has, and rollouts.
fn changes(diagnosis: &Diagnosis, snapshot: &Snapshot, reach: &Reach, of: Option<&ObjectRef>) -> Vec<Line> {
    let Some(now) = snapshot.taken_at else { return Vec::new() };
    let wanted = |object: &ObjectRef| {
        (object.namespace.is_empty() || reach.covers(&object.namespace))
            && of.is_none_or(|of| object.namespace == of.namespace && object.name.starts_with(&of.name))
    };
    let mut found: Vec<(jiff::Timestamp, ObjectRef, String)> = diagnosis
        .timeline
        .iter()
        .filter(|entry| wanted(&entry.object))
        .map(|entry| (entry.time, entry.object.clone(), entry.what.clone()))
        .collect();
    for set in snapshot.replica_sets.iter().filter(|set| set.spec.replicas.unwrap_or(0) > 0) {
        let Some((created, owner)) = set.metadata.creation_timestamp.zip(set.metadata.controller()) else { continue };
        let object = ObjectRef::new(Kind::Deployment, set.namespace(), &owner.name);
        let revision = set.metadata.annotations.get("deployment.kubernetes.io/revision").cloned().unwrap_or_default();
        let known = found.iter().any(|(time, other, _)| {
            *other == object && time.duration_since(created).abs() < SignedDuration::from_mins(2)
        });
        if wanted(&object) && !known {
            let images: Vec<&str> = set.spec.template.spec.containers.iter().map(|one| one.image.as_str()).collect();
            found.push((created, object, format!("revision {revision}: {}", images.join(", "))));
        }
    }
    found.retain(|(time, ..)| now.duration_since(*time) < RECENT && now.duration_since(*time) > -RECENT);
    found.sort_by_key(|found| std::cmp::Reverse(found.0));
    found.into_iter().take(MOST).map(|(time, object, what)| Line::Change { time, object, what }).collect()
}

/// What stands before a workload or behind a Service, and what may stand between.
fn ways(snapshot: &Snapshot, to: &ObjectRef) -> Vec<Line> {
    let labels = find::labels(snapshot, to);
    let selects = |selector: &std::collections::BTreeMap<String, String>| {
        !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    };
    let services: Vec<_> = snapshot
        .services
        .in_namespace(&to.namespace)
        .filter(|service| (to.kind == Kind::Service && service.name() == to.name) || selects(&service.spec.selector))
        .collect();
    let mut lines: Vec<Line> = services
        .iter()
        .map(|service| {
            let slices = snapshot.endpoint_slices.in_namespace(&to.namespace);
            let of = slices.filter(|slice| {
                slice.metadata.labels.get("kubernetes.io/service-name").is_some_and(|name| name == service.name())
            });
            let ready: BTreeSet<&String> = of
                .flat_map(|slice| &slice.endpoints)
                .filter(|endpoint| endpoint.conditions.ready.unwrap_or(true))
                .flat_map(|endpoint| &endpoint.addresses)
                .collect();
            let ports: Vec<String> = service.spec.ports.iter().map(|port| port.port.to_string()).collect();
            Line::Endpoints { object: service.reference(), ready: ready.len(), ports: ports.join(", ") }
        })
        .collect();
    if lines.is_empty() {
        lines.push(Line::NoService { object: to.clone() });
    }
    let policies = snapshot.network_policies.in_namespace(&to.namespace);
    let binding = policies.filter(|policy| policy.spec.pod_selector.matches(&labels));
    lines.extend(binding.take(3).map(|policy| Line::Policy { object: policy.reference() }));
    lines
}
