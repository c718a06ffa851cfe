//! What goes over the wire to and from the agent; see the [module documentation](super) for the whole exchange.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::diagnosis::{CauseId, EvidenceId, EvidenceSource, Verdict};
use crate::model::{Kind, ObjectRef};
use crate::snapshot::SeriesKind;

/// The action group whose functions are answered.
pub const ACTION_GROUP: &str = "nightshift-read";

/// The version of request and answer.
pub const FORMAT: &str = "nightshift/1";

/// What the agent is told about the incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseDocument {
    /// [`FORMAT`].
    pub format: String,
    /// The cluster.
    pub cluster: String,
    /// What the alarm said; empty where a person asks.
    pub alarm: String,
    /// What a person asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The rules' outcome.
    pub verdict: Verdict,
    /// `en` or `ko`: the language of the answer.
    pub language: String,
    /// The rules' causes, the most likely first.
    pub causes: Vec<CauseLine>,
    /// What the rules ruled out.
    pub rejected: Vec<RejectedLine>,
    /// Evidence, redacted and cut to size.
    pub evidence: Vec<EvidenceLine>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineLine>,
    /// What was not to be had.
    pub missing: Vec<String>,
}

/// One cause in a [`CaseDocument`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CauseLine {
    /// Which cause.
    pub id: CauseId,
    /// `Kind namespace/name`.
    pub object: String,
    /// 0 to 1.
    pub confidence: f64,
    /// The rules' line.
    pub summary: String,
    /// Evidence for it.
    pub evidence: Vec<EvidenceId>,
}

/// One ruled-out cause in a [`CaseDocument`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RejectedLine {
    /// Which cause.
    pub id: CauseId,
    /// Why not.
    pub why: String,
}

/// One piece of evidence in a [`CaseDocument`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// Its identifier.
    pub id: EvidenceId,
    /// Where it is from.
    pub source: EvidenceSource,
    /// `Kind namespace/name`.
    pub object: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What it says.
    pub text: String,
}

/// One moment in a [`CaseDocument`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineLine {
    /// When.
    pub time: Timestamp,
    /// `Kind namespace/name`.
    pub object: String,
    /// What happened.
    pub what: String,
}

/// The agent's final answer, unchecked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// What happened, in a sentence or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<AnsweredClaim>,
    /// Statements, each with its evidence.
    pub claims: Vec<AnsweredClaim>,
    /// What to look at next.
    pub commands: Vec<AnsweredCommand>,
}

/// One statement of the agent, unchecked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AnsweredClaim {
    /// The statement.
    pub text: String,
    /// Ids of evidence, of the case or of tool answers.
    pub evidence: Vec<String>,
    /// Objects it is about, as `Kind namespace/name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
}

/// One command of the agent, unchecked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AnsweredCommand {
    /// The command line.
    pub command: String,
    /// What it would show.
    pub why: String,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnreadableAnswer {
    /// It holds no JSON object of the answer's form.
    #[error("the agent's answer is no json of the agreed form: {0}")]
    NotJson(String),
}

impl Answer {
    /// Reads the agent's final text: bare JSON, JSON in a code fence, or JSON with prose around it.
    pub fn parse(text: &str) -> Result<Self, UnreadableAnswer> {
        let text = text.trim();
        let mut first_error = None;
        for (start, _) in text.match_indices('{').take(16) {
            let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<serde_json::Value>();
            match stream.next() {
                // An answer may be empty: there was nothing to add.
                Some(Ok(value)) if ["summary", "claims", "commands"].iter().any(|key| value.get(key).is_some()) => {
                    match serde_json::from_value(value) {
                        Ok(answer) => return Ok(answer),
                        Err(error) => first_error = first_error.or(Some(error.to_string())),
                    }
                }
                Some(Err(error)) => first_error = first_error.or(Some(error.to_string())),
                _ => {}
            }
        }
        Err(UnreadableAnswer::NotJson(first_error.unwrap_or_else(|| "no object in it".to_owned())))
    }
}

/// A tool call, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolCall {
    /// Objects of a kind.
    List {
        /// The kind.
        kind: Kind,
        /// One namespace, or all where absent.
        namespace: Option<String>,
        /// `key=value` pairs that must match.
        labels: BTreeMap<String, String>,
    },
    /// One object.
    Describe(ObjectRef),
    /// The last lines of a container.
    Logs {
        /// The pod's namespace.
        namespace: String,
        /// The pod.
        pod: String,
        /// The container; the first where absent.
        container: Option<String>,
        /// Whether of the container before its last restart.
        previous: bool,
        /// How many lines.
        tail: usize,
    },
    /// Metric series of one object.
    Metrics {
        /// What kind of object.
        kind: SeriesKind,
        /// Its namespace; empty where unknown.
        namespace: String,
        /// Its name.
        name: String,
        /// One metric, or all where absent.
        metric: Option<String>,
    },
    /// Earlier incidents.
    SimilarIncidents {
        /// Only of this cause.
        cause: Option<String>,
    },
}

/// Why a tool call cannot be answered. The agent reads it and may try again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadCall {
    /// Not one of ours.
    #[error("there is no function {0}: use list_objects, describe_object, get_logs, get_metrics or similar_incidents")]
    UnknownFunction(String),
    /// A parameter is missing.
    #[error("{function} needs the parameter {parameter}")]
    Missing {
        /// The function.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
    },
    /// A kind that is not known.
    #[error("kind {0} is not known: write it as the Kubernetes API does, for example Deployment")]
    UnknownKind(String),
    /// Secrets and ConfigMaps are not read out.
    #[error("{0} is never read out: its contents may be secret")]
    Forbidden(Kind),
    /// A label selector that is not understood.
    #[error("label_selector {0} is not understood: write key=value, separated by commas")]
    BadSelector(String),
}

impl ToolCall {
    /// Understands a call by function name and parameters.
    pub fn parse(function: &str, parameters: &BTreeMap<String, String>) -> Result<Self, BadCall> {
        let optional = |name: &str| parameters.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let required = |function: &'static str, parameter: &'static str| {
            optional(parameter).map(str::to_owned).ok_or(BadCall::Missing { function, parameter })
        };
        match function {
            "list_objects" => Ok(Self::List {
                kind: readable_kind(&required("list_objects", "kind")?)?,
                namespace: optional("namespace").filter(|name| *name != "all" && *name != "*").map(str::to_owned),
                labels: selector(optional("label_selector").unwrap_or_default())?,
            }),
            "describe_object" => {
                let kind = readable_kind(&required("describe_object", "kind")?)?;
                let namespace =
                    if kind.is_namespaced() { required("describe_object", "namespace")? } else { String::new() };
                Ok(Self::Describe(ObjectRef::new(kind, namespace, required("describe_object", "name")?)))
            }
            "get_logs" => Ok(Self::Logs {
                namespace: required("get_logs", "namespace")?,
                pod: required("get_logs", "pod")?,
                container: optional("container").map(str::to_owned),
                previous: optional("previous").is_some_and(|value| value.eq_ignore_ascii_case("true")),
                tail: optional("tail").and_then(|value| value.parse().ok()).unwrap_or(50),
            }),
            "get_metrics" => {
                let kind = required("get_metrics", "kind")?;
                Ok(Self::Metrics {
                    kind: match kind.to_ascii_lowercase().trim_end_matches('s') {
                        "pod" => SeriesKind::Pod,
                        "node" => SeriesKind::Node,
                        "other" => SeriesKind::Other,
                        _ => SeriesKind::Service,
                    },
                    namespace: optional("namespace").unwrap_or_default().to_owned(),
                    name: required("get_metrics", "name")?,
                    metric: optional("metric").map(str::to_owned),
                })
            }
            "similar_incidents" => Ok(Self::SimilarIncidents { cause: optional("cause").map(str::to_owned) }),
            other => Err(BadCall::UnknownFunction(other.chars().take(60).collect())),
        }
    }
}

/// The kind of a name as the API, kubectl or a person writes it.
pub(super) fn kind_named(name: &str) -> Option<Kind> {
    let lower = name.to_ascii_lowercase();
    let short = match lower.as_str() {
        "po" => Some(Kind::Pod),
        "deploy" => Some(Kind::Deployment),
        "rs" => Some(Kind::ReplicaSet),
        "sts" => Some(Kind::StatefulSet),
        "ds" => Some(Kind::DaemonSet),
        "cj" => Some(Kind::CronJob),
        "svc" => Some(Kind::Service),
        "ing" => Some(Kind::Ingress),
        "netpol" => Some(Kind::NetworkPolicy),
        "no" => Some(Kind::Node),
        "ns" => Some(Kind::Namespace),
        "cm" => Some(Kind::ConfigMap),
        "ev" => Some(Kind::Event),
        "pv" => Some(Kind::PersistentVolume),
        "pvc" => Some(Kind::PersistentVolumeClaim),
        "sc" => Some(Kind::StorageClass),
        "sa" => Some(Kind::ServiceAccount),
        "hpa" => Some(Kind::HorizontalPodAutoscaler),
        "pdb" => Some(Kind::PodDisruptionBudget),
        "quota" => Some(Kind::ResourceQuota),
        _ => None,
    };
    let named = |kind: &&Kind| kind.plural() == lower || kind.as_str().eq_ignore_ascii_case(&lower);
    short.or_else(|| Kind::ALL.iter().find(named).copied())
}

fn readable_kind(name: &str) -> Result<Kind, BadCall> {
    match kind_named(name) {
        Some(kind @ (Kind::Secret | Kind::ConfigMap)) => Err(BadCall::Forbidden(kind)),
        Some(kind) => Ok(kind),
        None => Err(BadCall::UnknownKind(name.chars().take(60).collect())),
    }
}

fn selector(text: &str) -> Result<BTreeMap<String, String>, BadCall> {
    let bad = || BadCall::BadSelector(text.chars().take(120).collect());
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once("==").or_else(|| pair.split_once('=')).ok_or_else(bad)?;
            (!key.ends_with('!')).then(|| (key.trim().to_owned(), value.trim().to_owned())).ok_or_else(bad)
        })
        .collect()
}
