//! All writing: what an alarm's change does to incidents, messages and records. Every effect repeats harmlessly, so an
//! event whose handling was cut off anywhere is handled again from the start.
//!
//! A firing is diagnosed before it opens or joins an incident, and the decision is recorded before its effects: whoever
//! repeats it decides nothing anew. What needs no diagnosis (an alarm that is back to OK, one that fires again) goes
//! straight into its incident.

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::diagnosis::Trigger;
use shared::incident::{AlarmId, Change, Fingerprint, Incident, NewIncident, Observation, Signal};
use shared::lessons::IncidentDocument;
use shared::redact::redact;
use shared::remediation::{Case, Proposal, Told};
use shared::store::{DecisionId, DecisionRecord, PastIncident, Repeated, Store, Triage};
use shared::telemetry::Unit;

use crate::App;
use crate::collect;
use crate::decide::{self, Decision, Step, Subject};
use crate::event::{Alarm, AlarmState, Focus};
use crate::layer::RecordError;
use crate::report::{Earlier, Report};
use crate::situation::{self, Reading, Situation, hide};

/// A cause found this long before or after an alarm without one is taken for that alarm's.
const SAME_TROUBLE: SignedDuration = SignedDuration::from_mins(10);

/// Documents of earlier incidents that a decision compares with.
const DOCUMENTS: usize = 60;

/// What became of an alarm's change of state, before people have been shown all of it.
#[derive(Debug)]
pub(crate) struct Taken {
    /// For the idempotency record and the answer.
    pub(crate) outcome: Value,
    /// The incident it belongs to, and its channel.
    pub(crate) incident: Option<(Fingerprint, String)>,
}

/// Takes in one alarm's change of state.
pub(crate) async fn alarm(app: &App, alarm: &Alarm, deadline: Deadline) -> Result<Taken, RecordError> {
    if alarm.is_quiet() {
        tracing::info!("the alert is about the alerting itself, or has no severity on purpose");
        app.metrics.count("QuietAlerts");
        return Ok(Taken { outcome: json!({ "outcome": "quiet" }), incident: None });
    }
    let store = app.clients.store().await?;
    let focus = Focus::of(alarm);
    let known = cluster_of(app, alarm, &focus).await;
    let cluster = known.map(|known| known.name.clone()).unwrap_or_default();
    let observation = observation(alarm);
    let mut plan = Plan::default();
    let (mut incident, change, situation) = match store.triage(&cluster, &observation, (app.now)()).await? {
        Triage::Remembered => {
            tracing::info!("no incident is concerned");
            return Ok(Taken { outcome: json!({ "outcome": "remembered" }), incident: None });
        }
        Triage::Taken(incident, change) if !is_second_look(&incident, alarm) => (*incident, change, None),
        Triage::Taken(incident, change) => {
            let (decision, situation) = decided(app, alarm, known, &focus, deadline).await?;
            plan = Plan::of(&decision);
            let new = new_incident(app, alarm, &cluster, &focus, decision).await?;
            let learnt = if new.cause.is_some() { learn(app, &incident, &new).await? } else { None };
            (learnt.unwrap_or(*incident), change, situation)
        }
        Triage::Fires => {
            let (decision, situation) = decided(app, alarm, known, &focus, deadline).await?;
            plan = Plan::of(&decision);
            let new = new_incident(app, alarm, &cluster, &focus, decision).await?;
            if let Some(unexplained) = unexplained(app, alarm, &new).await? {
                learn(app, &unexplained, &new).await?;
            }
            let (incident, change) = store.open_or_join(new, &observation, (app.now)()).await?;
            (incident, change, situation)
        }
    };
    if alarm.alert().is_some() {
        // From now on it is expected to be repeated.
        repeated(app, alarm).await?;
    }
    tracing::info!(incident = %incident.id, ?change, alarms = incident.members.len(), "the alarm belongs to an incident");
    // Whoever opened the incident shows it at once, and then looks further; also after having been interrupted.
    if incident.decision.as_ref().is_some_and(|decision| decision.0 == alarm.event_id) {
        if change == Change::Opened {
            app.metrics.count("IncidentsOpened");
        }
        app.publisher().await?.show(&incident.fingerprint, deadline).await?;
        let waited = (app.now)().duration_since(alarm.changed_at).as_secs_f64() * 1000.0;
        app.metrics.add("AlarmToMessage", Unit::Milliseconds, waited.max(0.0));
        propose(app, &incident, plan).await?;
        incident = app.recall(incident, deadline).await?;
        app.investigate(&incident, situation, deadline).await?;
    } else if !plan.proposals.is_empty() {
        // An incident that has learnt its cause is shown with it, and what would mend that is proposed.
        app.publisher().await?.show(&incident.fingerprint, deadline).await?;
        propose(app, &incident, plan).await?;
    }
    Ok(Taken {
        outcome: json!({ "outcome": format!("{change:?}").to_lowercase(), "incident": incident.id }),
        incident: Some((incident.fingerprint, incident.channel)),
    })
}

/// What a decision would have done about the trouble.
#[derive(Debug, Default)]
struct Plan {
    proposals: Vec<Proposal>,
    trigger: Trigger,
}

impl Plan {
    fn of(decision: &Decision) -> Self {
        match &decision.step {
            Step::Raise { proposals, trigger, .. } => {
                Self { proposals: proposals.clone(), trigger: Trigger::clone(trigger) }
            }
            Step::Recover | Step::Doubt => Self::default(),
        }
    }
}

/// Proposes: each action is kept as a case, which `remediation` carries on. The same action for the same incident is the
/// same case, however often it is proposed.
async fn propose(app: &App, incident: &Incident, plan: Plan) -> Result<(), RecordError> {
    let store = app.clients.store().await?;
    let latest = store.incident(&incident.fingerprint, (app.now)()).await?;
    let incident = latest.filter(|latest| latest.id == incident.id).unwrap_or_else(|| incident.clone());
    // What is about another object than the incident is proposed where that one is told.
    let least = f64::from(app.clients.settings().structure.remediation.propose_from_percent) / 100.0;
    let fitting = plan
        .proposals
        .into_iter()
        .filter(|proposal| incident.object.as_ref() == Some(&proposal.object) && proposal.confidence >= least);
    for mut proposal in fitting {
        proposal.incident = Some(incident.id.0.clone());
        proposal.cluster.clone_from(&incident.cluster);
        let thread = incident.thread.as_ref();
        let told = Told {
            channel: thread.map_or_else(|| incident.channel.clone(), |thread| thread.channel.clone()),
            thread_ts: thread.map(|thread| thread.ts.clone()),
            ..Told::default()
        };
        let case = store.open_case(&Case::new(proposal, plan.trigger.clone(), told), (app.now)()).await?.case;
        tracing::info!(case = %case.id, action = case.proposal.action.name(), "an action is proposed");
        app.metrics.count("ActionsProposed");
    }
    Ok(())
}

async fn cluster_of<'a>(app: &'a App, alarm: &Alarm, focus: &Focus) -> Option<&'a ClusterSettings> {
    let own = app.clients.aws().await.region().map(AsRef::as_ref).unwrap_or_default();
    collect::cluster_of(&app.clients.settings().clusters, alarm, focus, own)
}

/// An alert that was taken in before has been repeated. That is noted with its incident, which it keeps open; where the incident
/// was ended because nobody repeated it, this is a new firing, which is returned.
pub(crate) async fn repeated(app: &App, alarm: &Alarm) -> Result<Option<Alarm>, RecordError> {
    let Some(at) = alarm.alert().and_then(|alert| alert.received_at).filter(|_| alarm.state == AlarmState::Alarm)
    else {
        return Ok(None);
    };
    let known = cluster_of(app, alarm, &Focus::of(alarm)).await;
    let cluster = known.map(|known| known.name.as_str()).unwrap_or_default();
    let store = app.clients.store().await?;
    Ok(match store.repeated(cluster, &observation(alarm).alarm, at, (app.now)()).await? {
        Repeated::AfterSilence { ended_at } => {
            tracing::info!("the alert fires again after its sender was silent about it");
            let event_id = format!("{}/after/{ended_at}", alarm.event_id);
            Some(Alarm { event_id, changed_at: at, ..alarm.clone() })
        }
        Repeated::Noted | Repeated::Known => None,
    })
}

/// Whether a firing is a reason to look again: its incident stands without a cause, and this event is not the one that
/// opened it.
fn is_second_look(incident: &Incident, alarm: &Alarm) -> bool {
    alarm.state == AlarmState::Alarm
        && incident.is_open()
        && incident.cause.is_none()
        && incident.decision.as_ref().is_none_or(|decision| decision.0 != alarm.event_id)
}

/// The incident without a known cause whose cause `new` brings: the first symptoms of a trouble often fire before the
/// cluster shows it.
async fn unexplained(app: &App, alarm: &Alarm, new: &NewIncident) -> Result<Option<Incident>, RecordError> {
    if new.cause.is_none() {
        return Ok(None);
    }
    let store = app.clients.store().await?;
    if let Some(standing) = store.open_incident(&new.fingerprint, (app.now)()).await? {
        return Ok(Some(standing).filter(|standing| standing.cause.is_none()));
    }
    let away = |incident: &Incident| incident.opened_at.duration_since(alarm.changed_at).abs();
    let open = store.open_incidents(&new.cluster, (app.now)()).await?;
    let fitting = open.into_iter().filter(|incident| {
        incident.cause.is_none() && incident.channel == new.channel && away(incident) <= SAME_TROUBLE
    });
    Ok(fitting.min_by_key(away))
}

/// Tells an incident its cause. It goes on to be about the alarm it began with.
async fn learn(app: &App, incident: &Incident, new: &NewIncident) -> Result<Option<Incident>, RecordError> {
    let mut found = new.clone();
    if let Some(alarm) = incident.report.get("alarm") {
        found.report["alarm"] = alarm.clone();
    }
    let learnt = app.clients.store().await?.learn_cause(incident, found, (app.now)()).await?;
    app.metrics.count("CausesLearntLater");
    Ok(learnt.map(|(incident, _)| incident))
}

fn observation(alarm: &Alarm) -> Observation {
    let identity = if alarm.arn.is_empty() { &alarm.name } else { &alarm.arn };
    Observation {
        alarm: AlarmId(identity.clone()),
        name: alarm.name.clone(),
        signal: match alarm.state {
            AlarmState::Alarm => Signal::Alarm,
            AlarmState::Ok => Signal::Ok,
            AlarmState::InsufficientData => Signal::InsufficientData,
        },
        at: alarm.changed_at,
    }
}

/// What was decided about this event, by us now or by whoever was interrupted.
async fn decided(
    app: &App,
    alarm: &Alarm,
    known: Option<&ClusterSettings>,
    focus: &Focus,
    deadline: Deadline,
) -> Result<(Decision, Option<Situation>), RecordError> {
    let store = app.clients.store().await?;
    let id = DecisionId(alarm.event_id.clone());
    if let Some(record) = store.decision(&id, (app.now)()).await? {
        tracing::info!("the decision of an earlier attempt stands");
        return Ok((shared::json::from_value(&record.decision)?, None));
    }
    let at = (app.now)();
    let (reading, held_by) = match known {
        None => (Reading::UnknownCluster, None),
        Some(known) => collect::read(&app.clients, known, alarm, focus, at, deadline).await,
    };
    let cluster = known.map(|known| known.name.clone()).unwrap_or_default();
    let (documents, earlier) = earlier(store, &cluster, at).await;
    let version = situation::VERSION;
    let situation = Situation { version, alarm: alarm.clone(), cluster, at, reading, earlier, documents };
    let decision = decide::decide(&situation);
    let mut kept = serde_json::to_value(&decision)?;
    hide(&mut kept);
    let record = DecisionRecord {
        id,
        function: "alarm-analysis".to_owned(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        cluster: situation.cluster.clone(),
        incident: None,
        decided_at: at,
        situation: situation.redacted(held_by)?,
        decision: kept,
    };
    store.put_decision(&record, at).await?;
    collect::recorded(&app.clients, &situation.cluster, &situation.reading, &record.id).await;
    Ok((decision, Some(situation)))
}

/// What incidents of the last half year teach, and those of them of which nothing is kept, the latest first. Detail: without
/// them the message goes out as well.
async fn earlier(store: &Store, cluster: &str, now: Timestamp) -> (Vec<IncidentDocument>, Vec<Earlier>) {
    let since = now - (180 * 24).hours();
    let documents = store.documents(cluster, since, DOCUMENTS, now).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "what earlier incidents teach is left out");
        Vec::new()
    });
    let past = store.past_incidents(cluster, since, 50, now).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "earlier incidents are left out");
        Vec::new()
    });
    let is_kept = |past: &PastIncident| documents.iter().any(|document| document.id == past.id);
    let earlier = past.into_iter().filter(|past| !is_kept(past)).map(|past| Earlier {
        began: past.opened_at,
        object: past.object,
        cause: past.cause,
        summary: past.headline,
        helped: None,
    });
    let earlier = earlier.collect();
    (documents, earlier)
}

/// The incident this alarm opens, or joins if there is one about the same object and one of its causes.
async fn new_incident(
    app: &App,
    alarm: &Alarm,
    cluster: &str,
    focus: &Focus,
    decision: Decision,
) -> Result<NewIncident, RecordError> {
    let (subjects, report) = match decision.step {
        Step::Raise { subjects, report, .. } => (subjects, *report),
        // An older event's decision under this id: cannot be, since ids are unique.
        Step::Recover | Step::Doubt => (Vec::new(), Report::of_alarm(alarm, cluster)),
    };
    let subject = subjects.first().cloned();
    let fingerprint = match fingerprint(app, cluster, &subjects).await? {
        Some(fingerprint) => fingerprint,
        None => Fingerprint::of_alarm(cluster, &observation(alarm).alarm),
    };
    let namespace = subject.as_ref().map(|subject| subject.object.namespace.as_str()).filter(|name| !name.is_empty());
    let namespace = namespace.or_else(|| focus.namespaces.first().map(String::as_str)).unwrap_or_default();
    let channel = app.clients.settings().channel_for(cluster, namespace);
    let mut kept = serde_json::to_value(&report)?;
    hide(&mut kept);
    Ok(NewIncident {
        fingerprint,
        cluster: cluster.to_owned(),
        object: subject.as_ref().map(|subject| subject.object.clone()),
        cause: subject.map(|subject| subject.cause),
        headline: redact(&app.style.subject(&report)).into_owned(),
        channel: channel.ok_or(crate::ClientError::Missing("SLACK_CHANNEL"))?.to_owned(),
        report: kept,
        decision: Some(DecisionId(alarm.event_id.clone())),
    })
}

/// The fingerprint of the first subject that has an open incident, or of the first of all.
async fn fingerprint(app: &App, cluster: &str, subjects: &[Subject]) -> Result<Option<Fingerprint>, RecordError> {
    let store = app.clients.store().await?;
    for subject in subjects.iter().take(3) {
        let standing = store.open_incident(&subject.fingerprint(cluster), (app.now)()).await?;
        // Where it has yet to learn this cause, it is found again under the cause's own.
        if let Some(standing) = standing.filter(|standing| standing.cause.is_some()) {
            return Ok(Some(standing.fingerprint));
        }
    }
    Ok(subjects.first().map(|subject| subject.fingerprint(cluster)))
}
