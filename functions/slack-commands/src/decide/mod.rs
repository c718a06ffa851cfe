//! What to answer: pure. The same situation gives the same answer; there is no clock and no I/O in here.

mod health;
mod net;
mod workload;

use serde::{Deserialize, Serialize};
use shared::roles::{Reach, Role};
use shared::slack::Colour;

pub use net::{Level, Matter, NetAnswer, NetLine};

use crate::event::{Command, What};
use crate::question::{self, Reply};
use crate::situation::{Alarms, Known, LatestEvents, LogTail, Reading, Services, Situation, Troubled, Workload};

/// The version of this form.
pub const VERSION: u32 = 1;

/// What to answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Somebody lacks a role.
    Refused {
        /// The role.
        role: Role,
        /// Where it is missing; everywhere where absent.
        namespace: Option<String>,
    },
    /// Who somebody is could not be told.
    Unidentified {
        /// Why.
        reason: String,
    },
    /// What can be asked.
    Help {
        /// What was asked instead.
        instead: String,
    },
    /// No such cluster, or none.
    UnknownCluster {
        /// Those there are.
        known: Vec<String>,
    },
    /// The cluster could not be read.
    Unreachable {
        /// Why, and what to do.
        reason: String,
    },
    /// How a cluster is.
    Health(Box<HealthAnswer>),
    /// Which service is meant has yet to be chosen.
    Choose {
        /// By which command.
        command: Command,
        /// From these.
        services: Services,
    },
    /// How a service is.
    Status {
        /// The worst of it.
        colour: Colour,
        /// What was found.
        workload: Box<Workload>,
    },
    /// What a service's newest pod says.
    Logs {
        /// The worst of the service.
        colour: Colour,
        /// What was found.
        workload: Box<Workload>,
        /// The end of the log.
        tail: LogTail,
    },
    /// What happened last.
    Events(Known<LatestEvents>),
    /// Whether ways are open.
    Net(Box<NetAnswer>),
    /// To a question in plain language.
    Question(Box<Reply>),
}

impl Answer {
    /// A short name for logs, metrics and records.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Unidentified { .. } => "unidentified",
            Self::Help { .. } => "help",
            Self::UnknownCluster { .. } => "unknown-cluster",
            Self::Unreachable { .. } => "unreachable",
            Self::Health(_) => "health",
            Self::Choose { .. } => "choose",
            Self::Status { .. } => "status",
            Self::Logs { .. } => "logs",
            Self::Events(_) => "events",
            Self::Net(_) => "net-check",
            Self::Question(_) => "question",
        }
    }
}

/// How a cluster is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthAnswer {
    /// The worst of it.
    pub colour: Colour,
    /// Nodes ready and not.
    pub nodes: Option<(usize, usize)>,
    /// Nodes that take no further pods.
    pub cordoned: usize,
    /// Percent of what pods may use.
    pub cpu_percent: Option<f64>,
    /// Percent of what pods may use.
    pub memory_percent: Option<f64>,
    /// Pods running, pending and in error.
    pub pods: Option<(usize, usize, usize)>,
    /// Disk and network.
    pub rates: Known<crate::situation::Rates>,
    /// Nodes and pods in trouble, the worst first.
    pub troubled: Vec<Troubled>,
    /// How many more there are.
    pub troubled_more: usize,
    /// What is alarming; absent where nobody could tell.
    pub alarms: Option<Alarms>,
    /// What could not be read, and why.
    pub gaps: Vec<String>,
}

/// Whether somebody with this reach may ask this, as far as it can be told before anything is read.
///
/// # Errors
///
/// With the refusal.
pub fn admit(what: &What, reach: &Reach) -> Result<(), Answer> {
    let refused =
        |namespace: Option<&str>| Err(Answer::Refused { role: Role::Viewer, namespace: namespace.map(str::to_owned) });
    match what {
        // Help is for everybody.
        What::UnknownCommand(_) | What::Elsewhere(_) => Ok(()),
        _ if reach.is_empty() => refused(None),
        // The whole cluster's state is everybody's namespaces together.
        What::Command(Command::Health, _) if *reach != Reach::Everywhere => refused(None),
        What::Pick(_, target) if !reach.covers(&target.workload.namespace) => refused(Some(&target.workload.namespace)),
        What::Command(Command::Events, words) => {
            match crate::collect::namespace_in(words).filter(|name| !reach.covers(name)) {
                Some(name) => refused(Some(name)),
                None => Ok(()),
            }
        }
        What::Command(..) | What::Pick(..) | What::Question(_) => Ok(()),
    }
}

/// Decides.
pub fn decide(situation: &Situation) -> Answer {
    match &situation.reading {
        Reading::NotNeeded => Answer::Help { instead: instead(&situation.what) },
        Reading::UnknownCluster { known } => Answer::UnknownCluster { known: known.clone() },
        Reading::Unreachable { reason } => Answer::Unreachable { reason: reason.clone() },
        Reading::Health(reading) => Answer::Health(Box::new(health::decide(reading))),
        Reading::Choose(services) => {
            let command = match &situation.what {
                What::Command(command, _) | What::Pick(command, _) => *command,
                _ => Command::ServiceStatus,
            };
            Answer::Choose { command, services: services.clone() }
        }
        Reading::Workload(workload) => {
            Answer::Status { colour: workload::colour(workload), workload: workload.clone() }
        }
        Reading::Logs(workload, tail) => {
            Answer::Logs { colour: workload::colour(workload), workload: workload.clone(), tail: tail.clone() }
        }
        Reading::Events(events) => Answer::Events(events.clone()),
        Reading::Net(net) => Answer::Net(Box::new(net::decide(net))),
        Reading::Cluster(snapshot) => {
            let text = match &situation.what {
                What::Question(text) => text.as_str(),
                _ => "",
            };
            Answer::Question(Box::new(question::answer(text, snapshot, &situation.reach)))
        }
    }
}

fn instead(what: &What) -> String {
    match what {
        What::UnknownCommand(name) => name.clone(),
        _ => String::new(),
    }
}
