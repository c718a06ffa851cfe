//! What is done about a finding: told, its node isolated, and people asked about more.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::config::{ClusterSettings, Mode};
use shared::deadline::Deadline;
use shared::diagnosis::CauseId;
use shared::model::{Kind, Node, ObjectRef};
use shared::remediation::{Action, Drain, ISOLATED, Isolate, Proposal};
use shared::slack::Posted;
use shared::store::Version;

use super::place::{self, Place};
use super::{Finding, message};
use crate::event::Envelope;
use crate::node::{act, is_race};
use crate::{App, RunError};

/// Nothing is waited for any longer.
const OVER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Findings of one sweep.
const MOST: usize = 50;
/// Cases that are looked through for one of the same node.
const CASES: usize = 200;
/// How often a race is run again.
const RACES: usize = 5;

/// What is kept of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) finding: Finding,
    pub(super) place: Place,
    /// When it was first heard of.
    since: Timestamp,
    /// Its message.
    #[serde(default)]
    thread: Option<Posted>,
    /// What the message shows.
    #[serde(default)]
    shows: String,
    /// Whether isolation was proposed, or there was no need to.
    #[serde(default)]
    isolation: bool,
    /// Whether the drain was proposed.
    #[serde(default)]
    drain: bool,
}

impl Kept {
    fn wants_to_show(&self) -> String {
        let place = serde_json::to_string(&self.place).unwrap_or_default();
        format!("{}/{}/{place}", self.finding.count, self.finding.severity)
    }

    /// Whether there is nothing to say or propose for now.
    fn is_as_it_was(&self, mode: Mode) -> bool {
        let proposes = match &self.place {
            Place::Node { isolated: true, .. } => !self.drain,
            Place::Node { isolated: false, .. } => !self.isolation,
            _ => false,
        };
        self.thread.is_some() && self.shows == self.wants_to_show() && !(proposes && mode != Mode::Observe)
    }

    /// Whether something is still waited for.
    fn is_open(&self, now: Timestamp) -> bool {
        let waits = match &self.place {
            Place::Unread { .. } => true,
            Place::Node { .. } => !self.drain,
            Place::Cluster { .. } | Place::Elsewhere => false,
        };
        waits && now.duration_since(self.since) < OVER
    }
}

/// Takes in a finding, or an update of one.
pub(in crate::node) async fn take(app: &App, event: &Envelope, deadline: Deadline) -> Result<(), RunError> {
    let finding = Finding::parse(&event.detail)?;
    let rules = &app.clients.settings().structure.guardduty;
    if finding.archived || finding.severity < rules.severity {
        tracing::info!(
            finding = finding.id,
            severity = finding.severity,
            "the finding is archived, or not severe enough to tell"
        );
        app.metrics.count("FindingsBelow");
        return Ok(());
    }
    for _ in 0..RACES {
        match taken(app, &finding, deadline).await {
            Err(error) if is_race(&error) => {}
            outcome => return outcome,
        }
    }
    Err(RunError::Busy)
}

async fn taken(app: &App, finding: &Finding, deadline: Deadline) -> Result<(), RunError> {
    let store = app.clients.store().await?;
    let (kept, version) = match store.finding::<Kept>(&finding.id, app.now()).await? {
        Some((mut kept, version)) => {
            // Updates come in any order: the one with the highest count is the latest.
            if finding.count > kept.finding.count {
                kept.finding = finding.clone();
            }
            (kept, Some(version))
        }
        None => {
            app.metrics.count("Findings");
            let place = place::find(app, finding, deadline).await;
            tracing::info!(finding = finding.id, kind = finding.finding_type, ?place, "guardduty found something");
            let (finding, since) = (finding.clone(), app.now());
            let shows = String::new();
            (Kept { finding, place, since, thread: None, shows, isolation: false, drain: false }, None)
        }
    };
    carry_on(app, kept, version, deadline).await
}

/// Goes as far as it goes: kept, told, isolation proposed, and where the node is isolated, the drain.
async fn carry_on(app: &App, mut kept: Kept, version: Option<Version>, deadline: Deadline) -> Result<(), RunError> {
    let mut version = keep(app, &kept, version).await?;
    let posted = tell(app, &mut kept, deadline).await?;
    version = keep(app, &kept, Some(version)).await?;
    let mode = app.clients.settings().structure.guardduty.mode;
    if let Place::Node { cluster, node, uid, isolated } = kept.place.clone() {
        let on = (cluster.as_str(), node.as_str());
        if mode != Mode::Observe && !kept.isolation && !isolated {
            let value = value_of(&kept.finding);
            let action = Action::Isolate(Isolate { node: node.clone(), uid, value });
            propose(app, on, action, &kept, &posted).await?;
            kept.isolation = true;
            version = keep(app, &kept, Some(version)).await?;
        }
        if mode != Mode::Observe && isolated && !kept.drain {
            propose(app, on, Action::Drain(Drain { node: node.clone() }), &kept, &posted).await?;
            kept.drain = true;
            keep(app, &kept, Some(version)).await?;
        }
    }
    if let (false, Some(cluster)) = (kept.is_open(app.now()), kept.place.cluster()) {
        app.clients.store().await?.close_finding(cluster, &kept.finding.id).await?;
    }
    Ok(())
}

async fn keep(app: &App, kept: &Kept, version: Option<Version>) -> Result<Version, RunError> {
    let cluster = kept.place.cluster().filter(|_| kept.is_open(app.now()));
    let store = app.clients.store().await?;
    Ok(store.keep_finding((&kept.finding.id, cluster), version, kept, app.now()).await?)
}

/// Posts the message, or brings it up to the finding.
async fn tell(app: &App, kept: &mut Kept, deadline: Deadline) -> Result<Posted, RunError> {
    let settings = app.clients.settings();
    let message = message::finding(&kept.finding, &kept.place, settings.structure.guardduty.mode, &app.style);
    let (key, shows) = (format!("guardduty/{}/first", kept.finding.id), kept.wants_to_show());
    let posted = match kept.thread.clone() {
        Some(posted) if kept.shows == shows => return Ok(posted),
        Some(posted) => posted,
        None => {
            let namespace = kept.finding.pod.as_ref().map(|(namespace, _)| namespace.as_str()).unwrap_or_default();
            let channel = act::channel(app, kept.place.cluster().unwrap_or_default(), namespace)?;
            act::post(app, &key, (&channel, None), message.clone(), deadline).await?
        }
    };
    if kept.thread.is_some() {
        act::update(app, &key, &posted, &message, deadline).await?;
    }
    kept.thread = Some(posted.clone());
    kept.shows = shows;
    Ok(posted)
}

/// The taint's value: the kind of threat, as far as a label may hold it.
fn value_of(finding: &Finding) -> String {
    let kind = finding.finding_type.split([':', '/']).next().unwrap_or_default();
    let fits: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    if fits.is_empty() { "finding".to_owned() } else { fits.to_lowercase() }
}

/// Proposes an action on the node, unless the same is under way because of another finding.
async fn propose(
    app: &App,
    (cluster, node): (&str, &str),
    action: Action,
    kept: &Kept,
    thread: &Posted,
) -> Result<(), RunError> {
    let incident = format!("guardduty/{}", kept.finding.id);
    let open = app.clients.store().await?.open_cases(CASES, app.now()).await?;
    let same = |case: &shared::remediation::Case| {
        let proposal = &case.proposal;
        proposal.cluster == cluster
            && proposal.action.name() == action.name()
            && proposal.action.target().name == node
            && proposal.incident.as_deref() != Some(&incident)
    };
    if let Some(other) = open.iter().find(|open| same(&open.case)) {
        tracing::info!(case = %other.case.id, "the same is under way because of another finding");
        return Ok(());
    }
    let reason = match &action {
        Action::Drain(_) => "ends what runs there, and with it the evidence: look first".to_owned(),
        _ => format!("guardduty found {} ({:.1}) there", kept.finding.finding_type, kept.finding.severity),
    };
    let proposal = Proposal {
        cluster: cluster.to_owned(),
        object: ObjectRef::new(Kind::Node, "", node),
        action,
        reason,
        cause: CauseId::new("threat-found"),
        confidence: 0.95,
        requester: None,
        incident: Some(incident),
        at: kept.since,
    };
    act::open(app, proposal, thread).await
}

/// What a minute does about findings: looks again for those whose cluster could not be read, and asks about more where the
/// node has been isolated.
pub(in crate::node) async fn sweep(
    app: &App,
    cluster: &ClusterSettings,
    nodes: &[Node],
    deadline: Deadline,
) -> Result<(), RunError> {
    let store = app.clients.store().await?;
    for id in store.open_findings(&cluster.name, MOST, app.now()).await? {
        let Some((mut kept, version)) = store.finding::<Kept>(&id, app.now()).await? else {
            store.close_finding(&cluster.name, &id).await?;
            continue;
        };
        match &mut kept.place {
            Place::Unread { .. } => kept.place = place::find(app, &kept.finding, deadline).await,
            Place::Node { node, uid, isolated, .. } => {
                match nodes.iter().find(|live| live.metadata.name == *node && live.metadata.uid == *uid) {
                    Some(live) => *isolated = live.spec.taints.iter().any(|taint| taint.key == ISOLATED),
                    None => kept.place = Place::Cluster { cluster: cluster.name.clone() },
                }
            }
            Place::Cluster { .. } | Place::Elsewhere => {}
        }
        if kept.is_open(app.now()) && kept.is_as_it_was(app.clients.settings().structure.guardduty.mode) {
            continue;
        }
        match carry_on(app, kept, Some(version), deadline).await {
            Err(error) if is_race(&error) => {}
            outcome => outcome?,
        }
        // Found elsewhere than where it was looked for: nothing is waited for here.
        let there = store.finding::<Kept>(&id, app.now()).await?;
        if there.is_none_or(|(kept, _)| kept.place.cluster() != Some(cluster.name.as_str())) {
            store.close_finding(&cluster.name, &id).await?;
        }
    }
    Ok(())
}
