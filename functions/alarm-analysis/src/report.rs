//! What a message says, free of language, markup and clock: the part of a decision that people read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::bus::AlertSender;
use shared::diagnosis::{CauseId, Diagnosis, Verdict};
use shared::lessons::IncidentDocument;
use shared::model::ObjectRef;
use shared::remediation::Action;

use crate::event::{Alarm, AlarmState, Focus, Severity};

/// What is said about an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The alarm it began with.
    pub alarm: AlarmLine,
    /// The cluster's name.
    pub cluster: String,
    /// What was found.
    pub finding: Finding,
    /// Measured values beside their usual ones.
    pub measures: Vec<Measure>,
    /// What could not be read, most important first.
    pub gaps: Vec<String>,
    /// Earlier incidents with the same cause or object, the most similar first.
    pub similar: Vec<Earlier>,
    /// Earlier incidents that the knowledge base found beside those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalled: Vec<Earlier>,
    /// What the Bedrock agent added, after its claims were checked.
    pub further: Vec<String>,
    /// Commands it suggested, after they were checked.
    pub commands: Vec<String>,
    /// Whether the agent has been asked, whatever came of it.
    #[serde(default)]
    pub investigated: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The cluster was read, and this is what the rules say.
    Diagnosed(Box<Diagnosis>),
    /// The cluster could not be read.
    Unreachable {
        /// Why, and what to do about it.
        reason: String,
    },
    /// The alarm names no configured cluster.
    UnknownCluster,
}

/// An alarm, in what a message says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmLine {
    /// Its name.
    pub name: String,
    /// Its description; empty where it has none.
    pub description: String,
    /// Its region.
    pub region: String,
    /// Its state.
    pub state: AlarmState,
    /// Since when.
    pub since: Timestamp,
    /// CloudWatch's reason for the state.
    pub reason: String,
    /// The datapoint that decided.
    pub value: Option<f64>,
    /// The threshold.
    pub threshold: Option<f64>,
    /// What suppresses its actions.
    pub suppressed_by: Option<String>,
    /// Of an alert of Alertmanager or Grafana.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertLine>,
}

/// An alert, in what a message says of it beyond what it says of every alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertLine {
    /// Who sent it.
    pub sender: AlertSender,
    /// How much it matters, by its label.
    pub severity: Option<Severity>,
    /// Where the rule that made it is seen; empty where unknown.
    pub link: String,
    /// Its runbook; empty where it has none.
    pub runbook: String,
    /// Commands that show what it is about.
    pub look: Vec<String>,
}

impl From<&Alarm> for AlarmLine {
    fn from(alarm: &Alarm) -> Self {
        Self {
            name: alarm.name.clone(),
            description: alarm.description.clone(),
            region: alarm.region.clone(),
            state: alarm.state,
            since: alarm.changed_at,
            reason: alarm.reason.clone(),
            value: alarm.latest_datapoint(),
            threshold: alarm.threshold,
            suppressed_by: alarm.suppression.as_ref().map(|suppression| suppression.by.clone()),
            alert: alarm.alert().map(|alert| AlertLine {
                sender: alert.sender,
                severity: alert.severity,
                link: alert.link.clone(),
                runbook: alert.runbook.clone(),
                look: look(&Focus::of(alarm)),
            }),
        }
    }
}

/// Where to look when all that is known is what an alert is about.
fn look(focus: &Focus) -> Vec<String> {
    // Names are labels, and labels are whatever somebody wrote.
    let is_name = |name: &&String| {
        name.len() <= 253 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    let mut commands = Vec::new();
    if let Some(namespace) = focus.namespaces.iter().find(is_name) {
        if let Some(pod) = focus.pods.iter().find(is_name) {
            commands.push(format!("kubectl -n {namespace} describe pod {pod}"));
            commands.push(format!("kubectl -n {namespace} logs {pod} --all-containers --tail=50"));
        }
        commands.push(format!("kubectl -n {namespace} get events --sort-by=.lastTimestamp"));
    }
    if let Some(node) = focus.nodes.iter().find(is_name) {
        commands.push(format!("kubectl describe node {node}"));
    }
    commands
}

/// A measured value beside its usual one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What is measured, for example `checkout 5xx`.
    pub label: String,
    /// Now.
    pub now: f64,
    /// Before the incident.
    pub usual: f64,
    /// The unit, empty where it is a count.
    pub unit: String,
}

/// An earlier incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// When it began.
    pub began: Timestamp,
    /// What it was about.
    pub object: Option<ObjectRef>,
    /// Its cause, where one was found.
    pub cause: Option<CauseId>,
    /// Its cause's line.
    pub summary: String,
    /// What ended it, where an action did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helped: Option<Helped>,
}

/// An action that ended an earlier incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Helped {
    /// What was done.
    pub action: Action,
    /// From the change to recovery, in seconds.
    pub took_s: i64,
}

impl From<&IncidentDocument> for Earlier {
    fn from(document: &IncidentDocument) -> Self {
        let helped = document.helped();
        Self {
            began: document.opened_at,
            object: document.object.clone(),
            cause: document.cause.clone(),
            summary: document.headline.clone(),
            helped: helped.map(|taken| Helped { action: taken.action.clone(), took_s: taken.took().as_secs() }),
        }
    }
}

impl Report {
    /// A report that says nothing but what the alarm says.
    pub fn of_alarm(alarm: &Alarm, cluster: &str) -> Self {
        Self {
            alarm: AlarmLine::from(alarm),
            cluster: cluster.to_owned(),
            finding: Finding::UnknownCluster,
            measures: Vec::new(),
            gaps: Vec::new(),
            similar: Vec::new(),
            recalled: Vec::new(),
            further: Vec::new(),
            commands: Vec::new(),
            investigated: false,
        }
    }

    /// The diagnosis, where there is one.
    pub fn diagnosis(&self) -> Option<&Diagnosis> {
        match &self.finding {
            Finding::Diagnosed(diagnosis) => Some(diagnosis),
            Finding::Unreachable { .. } | Finding::UnknownCluster => None,
        }
    }

    /// Whether a cause was found.
    pub fn names_a_cause(&self) -> bool {
        self.diagnosis().is_some_and(|diagnosis| diagnosis.verdict == Verdict::CauseFound)
    }

    /// Identifiers of the causes, the most likely first.
    pub fn cause_ids(&self) -> Vec<&str> {
        self.diagnosis().into_iter().flat_map(|diagnosis| &diagnosis.causes).map(|cause| cause.id.as_str()).collect()
    }
}
