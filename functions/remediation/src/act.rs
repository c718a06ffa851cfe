//! A case, carried on from where it stands as far as it goes.
//!
//! Every step ends in the store: first the case comes to its next stage, together with what the audit log is to say of it;
//! then the audit log says it; then the next step begins. Whoever is killed in between is repeated by the queue or by the
//! minute's sweep, and finds the case where it was left. Of two who carry on the same case at the same time, one loses the
//! compare-and-write and leaves it to the other.

use jiff::{SignedDuration, Timestamp, ToSpan};
use shared::deadline::Deadline;
use shared::diagnosis::diagnose;
use shared::remediation::approval::{Requirement, Standing};
use shared::remediation::{
    Approved, Assessed, Case, CaseId, Changed, DiffLine, Execution, Facts, ObjectVersion, Outcome, Proposed, Request,
    ShownChange, Snapshotted, Stage, Undo, Unmet, recovery,
};
use shared::store::{KeptCase, StoreError};

use crate::send::{Sent, rehearse, send_all};
use crate::{App, RunError, collect, shift};

/// Who does what nobody pressed a button for.
pub(crate) const NIGHTSHIFT: &str = "nightshift";
/// How long a change may be on its way, for example held by a disruption budget.
pub(crate) const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(10);
/// How long an object is locked for; renewed while the case goes on.
pub(crate) const LOCKED: std::time::Duration = std::time::Duration::from_secs(15 * 60);
/// Steps of one invocation: a case has fewer stages.
const STEPS: usize = 12;

/// What a step came to.
pub(crate) enum Step {
    /// The case came to another stage.
    To(Box<KeptCase>),
    /// Nothing to be done for now.
    Rest(Box<KeptCase>),
}

/// Carries a case on as far as it goes.
pub(crate) async fn carry_on(app: &App, id: &CaseId, deadline: Deadline) -> Result<Option<Case>, RunError> {
    let store = app.clients.store().await?;
    let Some(mut kept) = store.case(id, app.now()).await? else { return Ok(None) };
    for _ in 0..STEPS {
        kept = noted(app, kept).await?;
        let from = kept.case.stage.name();
        let step = match &kept.case.stage {
            Stage::Changing { .. } | Stage::Watching { .. } | Stage::Undoing { .. }
                if shift::of(&kept.case).is_some() =>
            {
                shift::carry_on(app, kept, deadline).await?
            }
            Stage::Proposed => judge(app, kept, deadline).await?,
            Stage::Asked { requirement } => {
                let requirement = requirement.clone();
                asked(app, kept, &requirement, deadline).await?
            }
            Stage::Changing { .. } => change(app, kept, deadline).await?,
            Stage::Watching { .. } => watch(app, kept, deadline).await?,
            Stage::Undoing { .. } => undo(app, kept, deadline).await?,
            _ => Step::Rest(Box::new(kept)),
        };
        match step {
            Step::To(next) => {
                tracing::info!(case = %next.case.id, from, to = next.case.stage.name(), "the action came a step further");
                kept = noted(app, *next).await?;
            }
            Step::Rest(same) => {
                kept = *same;
                break;
            }
        }
    }
    let kept = crate::tell::tell(app, kept, deadline).await?;
    if !kept.case.stage.is_open() {
        let target = kept.case.proposal.action.target();
        store.unlock((&kept.case.proposal.cluster, &target), id, app.now()).await?;
        store.close_case(id).await?;
    }
    Ok(Some(kept.case))
}

/// Brings the audit log up to what the case says.
pub(crate) async fn noted(app: &App, kept: KeptCase) -> Result<KeptCase, RunError> {
    if kept.case.notes.is_empty() {
        return Ok(kept);
    }
    let store = app.clients.store().await?;
    let mut case = kept.case.clone();
    for note in std::mem::take(&mut case.notes) {
        case.audited = store.audit(&note, case.audited, app.now()).await?.seq;
    }
    Ok(store.keep_case(&kept, case, app.now()).await?)
}

/// Keeps the case at its new stage.
pub(crate) async fn to(app: &App, kept: &KeptCase, case: Case) -> Result<Step, RunError> {
    app.count_stage(&case);
    let store = app.clients.store().await?;
    Ok(Step::To(Box::new(store.keep_case(kept, case, app.now()).await?)))
}

/// Keeps the case at a stage that says why itself.
pub(crate) async fn ends(app: &App, kept: &KeptCase, stage: Stage) -> Result<Step, RunError> {
    let why = match &stage {
        Stage::NeedsReview { why, .. } => why.join(", "),
        Stage::Overtaken { why, .. } | Stage::DryRunRefused { why } | Stage::Failed { why, .. } => why.clone(),
        _ => String::new(),
    };
    ends_for(app, kept, stage, why).await
}

/// What was agreed to cannot be done any more.
pub(crate) fn overtaken(unmet: Unmet) -> Stage {
    Stage::Overtaken { why: unmet.to_string(), unmet: Some(unmet) }
}

/// Policies refuse it.
const fn refused(by: Vec<String>) -> Stage {
    Stage::NeedsReview { why: by, unmet: None }
}

/// Keeps the case at a stage that this line explains.
async fn ends_for(app: &App, kept: &KeptCase, stage: Stage, why: String) -> Result<Step, RunError> {
    let mut case = kept.case.clone();
    let event = format!("{}:{}", stage.name(), case.audited);
    case.comes_to(stage, &event, NIGHTSHIFT, &[("why", why)], app.now());
    to(app, kept, case).await
}

/// Proposed -> Permitted -> Assessed, and either Approved by setting, or asked for.
async fn judge(app: &App, kept: KeptCase, deadline: Deadline) -> Result<Step, RunError> {
    let facts = collect::facts(&app.clients, &kept.case, false, app.now(), deadline).await?;
    let assessed = match assess(app, &kept.case, &facts) {
        Ok(assessed) => assessed,
        Err(by) => return ends(app, &kept, refused(by)).await,
    };
    let shown = match preview(app, &assessed, &facts, deadline).await? {
        Ok(shown) => shown,
        Err(Refusal::Unmet(unmet)) if unmet.passes() => return shift::wait(app, kept, unmet, &facts).await,
        Err(Refusal::Unmet(unmet @ Unmet::NotWanted(_))) => return ends(app, &kept, overtaken(unmet)).await,
        Err(Refusal::Unmet(unmet)) => {
            let why = vec![unmet.to_string()];
            return ends(app, &kept, Stage::NeedsReview { why, unmet: Some(unmet) }).await;
        }
        Err(Refusal::DryRun(why)) => return ends(app, &kept, Stage::DryRunRefused { why }).await,
    };
    let mut case = kept.case.clone();
    describe(&mut case, &assessed, shown.clone());
    match assessed.approve_by_setting(&facts) {
        Ok(approved) => {
            let mut described = kept;
            described.case = case;
            execute(app, &described, approved, &facts, shown.diff).await
        }
        Err(assessed) => ask(app, &kept, case, &assessed, "asked").await,
    }
}

fn describe(case: &mut Case, assessed: &Assessed, shown: ShownChange) {
    case.permission = Some(assessed.permission().clone());
    case.assessment = Some(assessed.assessment().clone());
    case.blast = Some(assessed.blast().clone());
    case.shown = Some(shown);
    case.waits = None;
}

/// The links up to the risk; an error names the policies that refuse.
fn assess(app: &App, case: &Case, facts: &Facts) -> Result<Assessed, Vec<String>> {
    let permitted = app.policies.judge(Proposed::new(case.proposal.clone()), facts).map_err(|refused| refused.by)?;
    Ok(permitted.assess(facts))
}

async fn ask(app: &App, kept: &KeptCase, mut case: Case, assessed: &Assessed, event: &str) -> Result<Step, RunError> {
    let minutes = i64::from(app.clients.settings().structure.remediation.approval_minutes);
    let requirement = Requirement {
        people: assessed.needs_people().unwrap_or(1),
        until: app.now() + minutes.minutes(),
        requester: case.proposal.requester.clone(),
    };
    let assessment = assessed.assessment();
    let details = [
        ("risk", format!("{:?} {}", assessment.level, assessment.score).to_lowercase()),
        ("people", requirement.people.to_string()),
        ("until", requirement.until.to_string()),
        (
            "resource_version",
            case.shown.as_ref().map(|it| it.bound.version.resource_version.clone()).unwrap_or_default(),
        ),
    ];
    case.votes.clear();
    case.comes_to(Stage::Asked { requirement }, event, NIGHTSHIFT, &details, app.now());
    to(app, kept, case).await
}

/// Why a change cannot be rehearsed.
enum Refusal {
    Unmet(Unmet),
    DryRun(String),
}

/// What the change would make of the object, by the API server's dry run, to be shown before anybody agrees.
async fn preview(
    app: &App,
    assessed: &Assessed,
    facts: &Facts,
    deadline: Deadline,
) -> Result<Result<ShownChange, Refusal>, RunError> {
    let action = &assessed.proposal().action;
    let requests = match action.requests(facts) {
        Ok(requests) => requests,
        Err(unmet) => return Ok(Err(Refusal::Unmet(unmet))),
    };
    match rehearse(app, &assessed.proposal().cluster, &requests, facts, deadline).await? {
        Ok(diff) => Ok(Ok(ShownChange { diff, undo: action.undo(facts), bound: assessed.bound(facts) })),
        Err(why) => Ok(Err(Refusal::DryRun(why))),
    }
}

/// Assessed -> Approved, where the votes suffice.
async fn asked(app: &App, kept: KeptCase, requirement: &Requirement, deadline: Deadline) -> Result<Step, RunError> {
    let now = app.now();
    if let Some(unmet) = shift::overtaken(app, &kept.case).await? {
        return ends(app, &kept, overtaken(unmet)).await;
    }
    if kept.case.votes.is_empty() {
        if now <= requirement.until {
            return Ok(Step::Rest(Box::new(kept)));
        }
        return ends_for(app, &kept, Stage::Expired, format!("nobody agreed until {}", requirement.until)).await;
    }
    let facts = collect::facts(&app.clients, &kept.case, false, now, deadline).await?;
    let assessed = match assess(app, &kept.case, &facts) {
        Ok(assessed) => assessed,
        Err(by) => return ends(app, &kept, refused(by)).await,
    };
    // What was asked for stays asked for: two where the risk was high then, whatever it is now.
    let (assessed, standing) = match assessed.approve(&kept.case.votes, requirement, &facts) {
        Ok(approved) => {
            let target = approved.proposal().action.target();
            let place = (kept.case.proposal.cluster.as_str(), &target);
            if app.clients.store().await?.lock(place, &kept.case.id, LOCKED, now).await?.is_none() {
                tracing::info!(case = %kept.case.id, object = %target, "another action has the object; it is waited for");
                return Ok(Step::Rest(Box::new(kept)));
            }
            return dry_run(app, &kept, approved, &facts, deadline).await;
        }
        Err(refused) => *refused,
    };
    match standing {
        Standing::Missing(_) | Standing::Granted(_) => Ok(Step::Rest(Box::new(kept))),
        Standing::Denied { by, reason } => {
            let mut case = kept.case.clone();
            let details = [("reason", reason.clone())];
            case.comes_to(Stage::Denied { by: by.clone(), reason }, "denied", &by, &details, now);
            to(app, &kept, case).await
        }
        Standing::Expired => {
            ends_for(app, &kept, Stage::Expired, format!("not enough agreed until {}", requirement.until)).await
        }
        Standing::Overtaken => {
            // Asked again with what it would change now, or not at all where there is nothing to change any more.
            match preview(app, &assessed, &facts, deadline).await? {
                Ok(shown) => {
                    let mut case = kept.case.clone();
                    let event = format!("asked-again:{}", shown.bound.version.resource_version);
                    describe(&mut case, &assessed, shown);
                    ask(app, &kept, case, &assessed, &event).await
                }
                Err(Refusal::Unmet(unmet)) if unmet.passes() => shift::wait(app, kept, unmet, &facts).await,
                Err(Refusal::Unmet(unmet)) => ends(app, &kept, overtaken(unmet)).await,
                Err(Refusal::DryRun(why)) => ends(app, &kept, Stage::DryRunRefused { why }).await,
            }
        }
    }
}

/// Approved -> DryRun.
async fn dry_run(
    app: &App,
    kept: &KeptCase,
    approved: Approved,
    facts: &Facts,
    deadline: Deadline,
) -> Result<Step, RunError> {
    let requests = match approved.rehearsal(facts) {
        Ok(requests) => requests,
        Err(unmet) if unmet.passes() => return shift::wait(app, kept.clone(), unmet, facts).await,
        Err(unmet) => return ends(app, kept, overtaken(unmet)).await,
    };
    match rehearse(app, &kept.case.proposal.cluster, &requests, facts, deadline).await? {
        Ok(diff) => execute(app, kept, approved, facts, diff).await,
        Err(why) => ends(app, kept, Stage::DryRunRefused { why }).await,
    }
}

/// DryRun -> Snapshotted: from here on the change is on its way.
async fn execute(
    app: &App,
    kept: &KeptCase,
    approved: Approved,
    facts: &Facts,
    diff: Vec<DiffLine>,
) -> Result<Step, RunError> {
    let now = app.now();
    let target = approved.proposal().action.target();
    let place = (kept.case.proposal.cluster.as_str(), &target);
    if app.clients.store().await?.lock(place, &kept.case.id, LOCKED, now).await?.is_none() {
        return Ok(Step::Rest(Box::new(kept.clone())));
    }
    let approved_by = approved.approval().by().to_vec();
    let snapshotted: Snapshotted = match approved.rehearsed(diff).snapshot(facts) {
        Ok(snapshotted) => snapshotted,
        Err(unmet) => return ends(app, kept, overtaken(unmet)).await,
    };
    let mut case = kept.case.clone();
    let details = [
        ("approved_by", approved_by.join(", ")),
        ("resource_version", snapshotted.version().resource_version.clone()),
        ("dry_run", lines(snapshotted.diff())),
    ];
    let execution = Box::new(Execution::begun(&snapshotted));
    case.comes_to(Stage::Changing { approved_by, execution }, "changing", NIGHTSHIFT, &details, now);
    to(app, kept, case).await
}

/// A diff on one line of the audit log, bounded.
fn lines(diff: &[DiffLine]) -> String {
    let text: Vec<String> = diff.iter().take(20).map(ToString::to_string).collect();
    shared::redact::redact(&text.join("\n")).into_owned()
}

/// Snapshotted -> Changed.
async fn change(app: &App, kept: KeptCase, deadline: Deadline) -> Result<Step, RunError> {
    let Stage::Changing { approved_by, execution } = kept.case.stage.clone() else {
        return Ok(Step::Rest(Box::new(kept)));
    };
    let snapshotted = execution.snapshotted();
    let approved_version = snapshotted.version().clone();
    let may_send = |_: &Request, live: &ObjectVersion, _: &serde_json::Value| approved_version.covers(live);
    let sent = send_all(app, &kept.case.proposal.cluster, snapshotted.requests(), may_send, deadline).await?;
    let now = app.now();
    let mut case = kept.case.clone();
    match sent {
        Sent::All => {
            let changed: Changed = snapshotted.changed(now);
            let execution = Box::new(Execution::changed(&changed));
            case.comes_to(Stage::Watching { approved_by, execution }, "changed", NIGHTSHIFT, &[], now);
            to(app, &kept, case).await
        }
        Sent::Held(_) if now.duration_since(case.since) < ON_ITS_WAY => Ok(Step::Rest(Box::new(kept))),
        Sent::Held(why) | Sent::Refused(why) => {
            ends(app, &kept, Stage::Failed { execution: Some(execution), why }).await
        }
        Sent::Overtaken(why) => ends(app, &kept, Stage::Overtaken { why, unmet: None }).await,
    }
}

/// Changed -> Watched: seen by the evidence that raised the incident.
async fn watch(app: &App, kept: KeptCase, deadline: Deadline) -> Result<Step, RunError> {
    let Stage::Watching { execution, .. } = kept.case.stage.clone() else { return Ok(Step::Rest(Box::new(kept))) };
    let Some(changed) = execution.to_changed() else { return Ok(Step::Rest(Box::new(kept))) };
    let now = app.now();
    let facts = collect::facts(&app.clients, &kept.case, true, now, deadline).await?;
    let diagnosis = diagnose(&facts.snapshot, &kept.case.trigger);
    let settings = &app.clients.settings().structure.remediation;
    let patience = SignedDuration::from_mins(settings.watch_minutes.into());
    let proposal = &kept.case.proposal;
    let ready = changed.snapshotted().ready();
    let seen = recovery(
        &proposal.action,
        &proposal.cause,
        &proposal.object,
        ready,
        (&facts, &diagnosis),
        (changed.at(), patience),
    );
    let Some(outcome) = seen else { return Ok(Step::Rest(Box::new(kept))) };
    let watched = changed.watched(outcome);
    let mut case = kept.case.clone();
    match watched.outcome().clone() {
        Outcome::Worse { what } if settings.undo_when_worse && can_undo(&execution) => {
            let details = [("why", what.clone())];
            case.comes_to(Stage::Undoing { execution, why: what }, "undoing", NIGHTSHIFT, &details, now);
        }
        outcome => {
            let what = match &outcome {
                Outcome::Recovered => "recovered".to_owned(),
                Outcome::NotRecovered { still } => format!("not recovered: {still}"),
                Outcome::Worse { what } => format!("worse: {what}"),
            };
            let seconds = now.duration_since(watched.changed().at()).as_secs();
            let details = [("outcome", what), ("seconds_after_change", seconds.to_string())];
            case.comes_to(Stage::Done { execution, outcome }, "done", NIGHTSHIFT, &details, now);
        }
    }
    to(app, &kept, case).await
}

fn can_undo(execution: &Execution) -> bool {
    matches!(execution.undo(), Undo::Requests { .. })
}

/// Takes a change back: only while what it changed is as it left it.
async fn undo(app: &App, kept: KeptCase, deadline: Deadline) -> Result<Step, RunError> {
    let Stage::Undoing { execution, why } = kept.case.stage.clone() else { return Ok(Step::Rest(Box::new(kept))) };
    let Undo::Requests { requests, command, .. } = execution.undo().clone() else {
        let why = "there is nothing to take back".to_owned();
        return ends(app, &kept, Stage::Failed { execution: Some(execution), why }).await;
    };
    let done = execution.snapshotted();
    let still_ours = |undo: &Request, _: &ObjectVersion, live: &serde_json::Value| {
        let same = done.requests().iter().filter(|request| request.object() == undo.object());
        same.into_iter().all(|request| request.holds(Some(live)))
    };
    let now = app.now();
    match send_all(app, &kept.case.proposal.cluster, &requests, still_ours, deadline).await? {
        Sent::All => {
            let mut case = kept.case.clone();
            let details = [("why", why.clone()), ("command", command)];
            case.comes_to(Stage::Undone { execution, why }, "undone", NIGHTSHIFT, &details, now);
            to(app, &kept, case).await
        }
        Sent::Held(why) | Sent::Refused(why) => {
            ends(app, &kept, Stage::Failed { execution: Some(execution), why }).await
        }
        Sent::Overtaken(why) => {
            let why = format!("{why} since; take it back by hand: {command}");
            ends(app, &kept, Stage::Failed { execution: None, why }).await
        }
    }
}

/// Whether somebody else has carried the case on: nothing to do for us.
pub(crate) fn is_race(error: &RunError) -> bool {
    matches!(error, RunError::Store(StoreError::Conflict(_)))
}

/// The time since `at`, for metrics.
pub(crate) fn since(at: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(at).as_secs_f64().max(0.0)
}
