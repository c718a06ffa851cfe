//! An incident: its alarms, its course, and how much of it people have been shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    alarm::{AlarmId, Observation, Signal},
    fingerprint::{Fingerprint, digest},
};
use crate::{diagnosis::CauseId, model::ObjectRef, store::DecisionId};

/// Happenings kept of a long course: the first and the latest.
const FIRST: usize = 20;
const LATEST: usize = 60;
/// How long an alarm without data keeps an incident open that has no firing alarm left.
const WITHOUT_DATA: Duration = Duration::from_secs(6 * 3600);
/// That an alert is repeated is written down this precisely: it is not worth a write each time.
const REPORT_PRECISION: Duration = Duration::from_secs(60);

/// An incident's identity. Two incidents with one fingerprint, one after the other, have two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub String);

impl IncidentId {
    /// The identity of the incident that `observation` opens: the same however often it is delivered.
    fn new(fingerprint: &Fingerprint, observation: &Observation) -> Self {
        let at = observation.at.to_string();
        Self(format!("inc-{}", &digest(&[fingerprint.as_str(), &observation.alarm.0, &at])[..12]))
    }
}

impl std::fmt::Display for IncidentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known when an incident is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIncident {
    /// What is wrong.
    pub fingerprint: Fingerprint,
    /// The cluster.
    pub cluster: String,
    /// The object that must be changed, where known.
    pub object: Option<ObjectRef>,
    /// The cause, where known.
    pub cause: Option<CauseId>,
    /// One line that names it, for lists and for later incidents like it.
    pub headline: String,
    /// The channel it is told in.
    pub channel: String,
    /// What the function knows about it, in its own versioned form: enough to write every message anew.
    pub report: Value,
    /// The decision behind it.
    pub decision: Option<DecisionId>,
}

impl NewIncident {
    /// What `incident` is, with another report: more has been found out about it.
    pub fn with_report(incident: &Incident, report: Value) -> Self {
        Self {
            fingerprint: incident.fingerprint.clone(),
            cluster: incident.cluster.clone(),
            object: incident.object.clone(),
            cause: incident.cause.clone(),
            headline: incident.headline.clone(),
            channel: incident.channel.clone(),
            report,
            decision: incident.decision.clone(),
        }
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// What is wrong.
    pub fingerprint: Fingerprint,
    /// The cluster.
    pub cluster: String,
    /// The object that must be changed, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// The cause, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseId>,
    /// One line that names it.
    pub headline: String,
    /// The channel it is told in.
    pub channel: String,
    /// The function's own knowledge of it.
    pub report: Value,
    /// The decision behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionId>,
    /// When its first alarm fired.
    pub opened_at: Timestamp,
    /// Open or over.
    pub status: Status,
    /// Its alarms.
    pub members: BTreeMap<AlarmId, Member>,
    /// Its course, oldest first; the middle of a long one is left out.
    pub timeline: Vec<Happening>,
    /// Counts changes that people should see.
    pub revision: u64,
    /// The revision they have been shown in full.
    pub shown: u64,
    /// The revision that the thread's first message shows.
    #[serde(default)]
    pub first_shown: u64,
    /// Its thread, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// The replies that stand in it, by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub replied: BTreeSet<String>,
    /// The incident before it with the same fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// Its ticket, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketLink>,
}

/// An incident's ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketLink {
    /// What people call it: `OPS-12`, `#12`.
    pub key: String,
    /// Where it is read.
    pub url: url::Url,
    /// What has been said on it, by topic.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub says: BTreeSet<String>,
}

/// Open or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    /// At least one alarm is not OK.
    Open,
    /// All alarms are OK.
    Resolved {
        /// Since when, by the alarms' clock.
        at: Timestamp,
    },
    /// Nobody says that it is over, and nobody has said for hours that it is not: alarms without data, or alerts that their
    /// sender no longer repeats.
    Faded {
        /// When that was decided.
        at: Timestamp,
    },
}

/// One alarm of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name, for people.
    pub name: String,
    /// What it says.
    pub signal: Signal,
    /// Since when.
    pub at: Timestamp,
    /// When it fired first in this incident.
    pub fired_at: Timestamp,
    /// When its sender last said that it fires, of those that are repeated for as long as they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
}

/// Something in an incident's course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// When, by the alarm's clock.
    pub at: Timestamp,
    /// The alarm's name; empty where it is about the incident.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alarm: String,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An alarm fired.
    Fired,
    /// An alarm is OK.
    Cleared,
    /// An alarm has no data.
    NoData,
    /// The incident is over.
    Resolved,
    /// The cause was found.
    CauseFound,
}

/// Where an incident's thread is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The channel's id.
    pub channel: String,
    /// The first message.
    pub ts: String,
}

/// An earlier incident with the same fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Its identity.
    pub id: IncidentId,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How many there were before this one.
    pub count: u32,
}

/// What an observation changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Unchanged,
    /// The incident is new.
    Opened,
    /// An alarm joined it, or fires again.
    Joined,
    /// One of its alarms is OK, others are not.
    Cleared,
    /// One of its alarms has no data.
    NoData,
    /// It is over.
    Resolved,
}

impl Incident {
    /// The incident that `observation`, a firing, opens. `before` is the one that had its fingerprint until now.
    pub fn open(new: NewIncident, observation: &Observation, before: Option<&Incident>) -> Self {
        let previous = before.and_then(|before| {
            let ended_at = before.ended_at()?;
            let count = before.previous.as_ref().map_or(0, |previous| previous.count) + 1;
            Some(Previous { id: before.id.clone(), ended_at, count })
        });
        let mut incident = Self {
            id: IncidentId::new(&new.fingerprint, observation),
            fingerprint: new.fingerprint,
            cluster: new.cluster,
            object: new.object,
            cause: new.cause,
            headline: new.headline,
            channel: new.channel,
            report: new.report,
            decision: new.decision,
            opened_at: observation.at,
            status: Status::Open,
            members: BTreeMap::new(),
            timeline: Vec::new(),
            revision: 0,
            shown: 0,
            first_shown: 0,
            thread: None,
            replied: BTreeSet::new(),
            previous,
            ticket: None,
        };
        incident.fire(observation);
        incident
    }

    /// Whether it is not over.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.status {
            Status::Open => None,
            Status::Resolved { at } | Status::Faded { at } => Some(at),
        }
    }

    /// How many of its alarms fire.
    pub fn firing(&self) -> usize {
        self.members.values().filter(|member| member.signal == Signal::Alarm).count()
    }

    /// Whether people have yet to be shown something.
    pub fn is_dirty(&self) -> bool {
        self.shown < self.revision
    }

    /// Takes in an observation. Duplicates and older states change nothing, nor does anything once it is over.
    pub fn observe(&mut self, observation: &Observation) -> Change {
        if !self.is_open() {
            return Change::Unchanged;
        }
        match (self.members.get_mut(&observation.alarm), observation.signal) {
            (None, Signal::Alarm) => {
                self.fire(observation);
                Change::Joined
            }
            (None, _) => Change::Unchanged,
            (Some(member), _) if (observation.at, observation.signal) <= (member.at, member.signal) => {
                Change::Unchanged
            }
            (Some(member), signal) => {
                (member.signal, member.at) = (signal, observation.at);
                let (what, change) = match signal {
                    Signal::Alarm => (What::Fired, Change::Joined),
                    Signal::Ok => (What::Cleared, Change::Cleared),
                    Signal::InsufficientData => (What::NoData, Change::NoData),
                };
                self.happened(observation.at, &observation.name, what);
                if self.members.values().all(|member| member.signal == Signal::Ok) {
                    let at = self.members.values().map(|member| member.at).max().unwrap_or(observation.at);
                    self.status = Status::Resolved { at };
                    self.happened(at, "", What::Resolved);
                    return Change::Resolved;
                }
                change
            }
        }
    }

    /// Takes in a firing that was over before it arrived and fell into this incident, which is over too. Says whether it did.
    pub fn observe_late(&mut self, observation: &Observation, over: Timestamp) -> bool {
        let within = self.ended_at().is_some_and(|ended| self.opened_at <= observation.at && observation.at <= ended);
        if !within {
            return false;
        }
        if !self.members.contains_key(&observation.alarm) {
            self.fire(observation);
            if let Some(member) = self.members.get_mut(&observation.alarm) {
                (member.signal, member.at) = (Signal::Ok, over);
            }
        }
        true
    }

    /// Notes that an alarm's sender says again that it fires. Says whether that changed anything worth keeping.
    pub fn reported(&mut self, alarm: &AlarmId, at: Timestamp) -> bool {
        let Some(member) = self.members.get_mut(alarm).filter(|member| member.signal == Signal::Alarm) else {
            return false;
        };
        let is_news = member.reported_at.is_none_or(|before| before + REPORT_PRECISION <= at);
        if is_news {
            member.reported_at = Some(at);
        }
        is_news
    }

    /// The alarms that count as over because their sender no longer repeats them, with when it last did.
    pub fn unreported(&self) -> impl Iterator<Item = (&Member, Timestamp)> {
        let has_faded = matches!(self.status, Status::Faded { .. });
        let firing = self.members.values().filter(move |member| has_faded && member.signal == Signal::Alarm);
        firing.filter_map(|member| Some((member, member.reported_at?)))
    }

    /// Ends an incident whose alarms are OK, or have had no data for hours, or are such as their sender repeats for as long as
    /// they fire and have not been repeated for `silence`: the sender was told to keep silent about them, or no longer has
    /// their rule, and of neither does it tell.
    pub fn fade(&mut self, silence: Duration, now: Timestamp) -> Change {
        let is_quiet = |member: &Member| match member.signal {
            Signal::Alarm => member.reported_at.is_some_and(|at| at + silence < now),
            Signal::Ok => true,
            Signal::InsufficientData => member.at + WITHOUT_DATA < now,
        };
        if !self.is_open() || !self.members.values().all(is_quiet) {
            return Change::Unchanged;
        }
        self.status = Status::Faded { at: now };
        self.happened(now, "", What::Resolved);
        Change::Resolved
    }

    /// Takes in a cause that was found after the incident was opened. What is known is not unlearnt: who looked before
    /// the cause showed may come to an end after those who saw it.
    pub fn learn(&mut self, found: NewIncident, at: Timestamp) -> Change {
        let forgets = self.cause.is_some() && found.cause.is_none();
        if forgets {
            return Change::Unchanged;
        }
        if self.cause == found.cause && self.object == found.object && self.report == found.report {
            return Change::Unchanged;
        }
        let is_news = self.cause != found.cause;
        (self.cause, self.object, self.headline) = (found.cause, found.object, found.headline);
        (self.report, self.decision) = (found.report, found.decision.or(self.decision.take()));
        if is_news {
            self.happened(at, "", What::CauseFound);
        } else {
            self.revision += 1;
        }
        Change::Joined
    }

    /// Takes in its ticket. The first one stays.
    pub fn ticket_opened(&mut self, ticket: TicketLink) -> Change {
        if self.ticket.is_some() {
            return Change::Unchanged;
        }
        self.ticket = Some(ticket);
        self.revision += 1;
        Change::Joined
    }

    /// Notes what has been said on its ticket, of which people of the thread need not be told.
    pub fn ticket_says(&mut self, topic: &str) -> Change {
        let is_news = self.ticket.as_mut().is_some_and(|ticket| ticket.says.insert(topic.to_owned()));
        if is_news { Change::Joined } else { Change::Unchanged }
    }

    fn fire(&mut self, observation: &Observation) {
        self.opened_at = self.opened_at.min(observation.at);
        let member = Member {
            name: observation.name.clone(),
            signal: observation.signal,
            at: observation.at,
            fired_at: observation.at,
            reported_at: None,
        };
        self.members.insert(observation.alarm.clone(), member);
        self.happened(observation.at, &observation.name, What::Fired);
    }

    fn happened(&mut self, at: Timestamp, alarm: &str, what: What) {
        self.revision += 1;
        let place = self.timeline.partition_point(|happening| happening.at <= at);
        self.timeline.insert(place, Happening { at, alarm: alarm.to_owned(), what });
        if self.timeline.len() > FIRST + LATEST {
            self.timeline.remove(FIRST);
        }
    }
}
