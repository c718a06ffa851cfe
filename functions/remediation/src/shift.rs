//! A zonal shift on its way: waited for, begun, kept up for as long as the judgement wants it, ended.
//!
//! Other actions are sent once and watched. This one is a state that is kept up: gray-failure keeps what it wants in the
//! store, and every sweep the case reads that and what stands in ARC and takes the [`steps`] between the two. Each call is
//! noted in the audit log before it is made and once it is answered; nothing else is remembered of it, so that a process
//! that ends in between is repeated by whoever comes next (see [`shared::zonal`]). A case is over only when nothing of it
//! stands any more.
//!
//! The approval was for this zone since this time. A want of another time is another case's, and what that began is left to
//! it. What somebody ends in ARC's console stays ended.

use jiff::{SignedDuration, Timestamp};
use shared::deadline::Deadline;
use shared::diagnosis::Trigger;
use shared::remediation::{
    Action, Case, Execution, Facts, Outcome, Proposal, Stage, Told, Unmet, WaitsFor, ZonalShift,
};
use shared::store::KeptCase;
use shared::zonal::read::ArcError;
use shared::zonal::{Comment, Seen, State, Step as Call, Want, Why, steps};

use crate::act::{LOCKED, NIGHTSHIFT, ON_ITS_WAY, Step, ends, noted, to};
use crate::arc::{Taken, standing, take};
use crate::collect::READING;
use crate::{App, RunError};

/// What ends this much earlier than it was asked to has been ended.
const EARLY: SignedDuration = SignedDuration::from_mins(1);
/// What a shift that somebody else has ended says.
const ENDED: &str = "somebody has ended it in ARC";

/// The shift, where that is what a case is about.
pub(crate) fn of(case: &Case) -> Option<ZonalShift> {
    match &case.proposal.action {
        Action::ZonalShift(shift) => Some(shift.clone()),
        _ => None,
    }
}

/// Why a case that asks has been overtaken, where it has: the judgement does not want it any more.
pub(crate) async fn overtaken(app: &App, case: &Case) -> Result<Option<Unmet>, RunError> {
    let Some(shift) = of(case) else { return Ok(None) };
    let want = app.clients.store().await?.want(&case.proposal.cluster, app.now()).await?;
    let is_wanted = shift.wanted(want.as_ref(), app.now()).is_some();
    Ok((!is_wanted).then_some(Unmet::NotWanted(shift.zone)))
}

/// Waits for what does not hold yet; where that is room in the other zones, proposes to make some.
pub(crate) async fn wait(app: &App, kept: KeptCase, unmet: Unmet, facts: &Facts) -> Result<Step, RunError> {
    let store = app.clients.store().await?;
    let before = kept.case.waits.clone();
    let mut proposal = before.as_ref().and_then(|waits| waits.proposal.clone());
    if let (None, Unmet::NoRoom(room), Some(shift)) = (&proposal, &unmet, of(&kept.case)) {
        proposal = shift.make_room(room, facts).map(|limits| {
            let action = Action::SetNodePoolLimits(limits);
            let reason = format!("room for what zone {} carries: {} are missing", shift.zone, room.missing());
            Box::new(Proposal { object: action.target(), action, reason, ..kept.case.proposal.clone() })
        });
    }
    let is_new = before.as_ref().is_none_or(|waits| !is_same(&waits.unmet, &unmet) || waits.proposal != proposal);
    let mut kept = kept;
    if is_new {
        tracing::info!(case = %kept.case.id, %unmet, "the action waits");
        let mut case = kept.case.clone();
        let name = unmet.name();
        case.note(&format!("waits:{name}:{}", case.audited), NIGHTSHIFT, &[("for", unmet.to_string())], app.now());
        case.waits = Some(WaitsFor { unmet, proposal: proposal.clone() });
        kept = store.keep_case(&kept, case, app.now()).await?;
        kept = noted(app, kept).await?;
    }
    // What is to be proposed is kept first: it is the same proposal, and so the same case, however often this is repeated.
    if let Some(proposal) = proposal {
        let told = &kept.case.told;
        let told = Told { channel: told.channel.clone(), thread_ts: told.thread_ts.clone(), ..Told::default() };
        let case = Case::new(*proposal, Trigger::default(), told);
        if store.case(&case.id, app.now()).await?.is_none() {
            store.open_case(&case, app.now()).await?;
        }
    }
    Ok(Step::Rest(Box::new(kept)))
}

/// Whether people would read the same: how much room is missing changes with every minute.
fn is_same(one: &Unmet, other: &Unmet) -> bool {
    one == other || matches!((one, other), (Unmet::NoRoom(_), Unmet::NoRoom(_)))
}

/// Carries on a shift that was approved.
pub(crate) async fn carry_on(app: &App, kept: KeptCase, deadline: Deadline) -> Result<Step, RunError> {
    let Some(shift) = of(&kept.case) else { return Ok(Step::Rest(Box::new(kept))) };
    let (store, target) = (app.clients.store().await?, ZonalShift::object());
    let place = (kept.case.proposal.cluster.as_str(), &target);
    // For as long as it stands nobody else leaves a zone. Where the lock was lost meanwhile, what stands is still seen to.
    store.lock(place, &kept.case.id, LOCKED, app.now()).await?;
    let current = store.want(&kept.case.proposal.cluster, app.now()).await?;
    let want = shift.wanted(current.as_ref(), app.now()).cloned();
    match (kept.case.stage.clone(), want) {
        (Stage::Changing { approved_by, execution }, Some(want)) => {
            begin(app, kept, &shift, want, (approved_by, execution), deadline).await
        }
        (Stage::Changing { .. }, None) => {
            let (kept, reached) = bring_about(app, kept, &shift, (None, None), deadline).await?;
            if !reached.settled {
                return Ok(Step::Rest(Box::new(kept)));
            }
            let unmet = Unmet::NotWanted(shift.zone);
            ends(app, &kept, crate::act::overtaken(unmet)).await
        }
        (Stage::Watching { approved_by, execution }, Some(want)) => {
            keep_up(app, kept, &shift, want, (approved_by, execution), deadline).await
        }
        (Stage::Watching { execution, .. }, None) => {
            let (kept, reached) = bring_about(app, kept, &shift, (None, None), deadline).await?;
            if !reached.settled {
                return Ok(Step::Rest(Box::new(kept)));
            }
            let has_lapsed = current.is_some_and(|want| want.zone == shift.zone && want.since == shift.since);
            let (what, outcome) = match has_lapsed {
                true => {
                    let still = "the judgement has not been renewed; look at the zone, and at gray-failure".to_owned();
                    (still.clone(), Outcome::NotRecovered { still })
                }
                false => ("recovered".to_owned(), Outcome::Recovered),
            };
            let (mut case, now) = (kept.case.clone(), app.now());
            let seconds = execution.changed_at().map_or(0, |at| now.duration_since(at).as_secs());
            let details = [("outcome", what), ("seconds_after_change", seconds.to_string())];
            case.comes_to(Stage::Done { execution, outcome }, "done", NIGHTSHIFT, &details, now);
            to(app, &kept, case).await
        }
        (Stage::Undoing { execution, why }, _) => {
            let (kept, reached) = bring_about(app, kept, &shift, (None, None), deadline).await?;
            // Where ARC refuses to end it, its own end is waited for: it is not forgotten before nothing stands.
            if !reached.settled {
                return Ok(Step::Rest(Box::new(kept)));
            }
            let mut case = kept.case.clone();
            case.comes_to(
                Stage::Undone { execution, why: why.clone() },
                "undone",
                NIGHTSHIFT,
                &[("why", why)],
                app.now(),
            );
            to(app, &kept, case).await
        }
        _ => Ok(Step::Rest(Box::new(kept))),
    }
}

/// Approved and kept -> it stands.
async fn begin(
    app: &App,
    kept: KeptCase,
    shift: &ZonalShift,
    want: Want,
    (approved_by, execution): (Vec<String>, Box<Execution>),
    deadline: Deadline,
) -> Result<Step, RunError> {
    let (kept, reached) = bring_about(app, kept, shift, (Some(&want), None), deadline).await?;
    let now = app.now();
    if reached.settled {
        let changed = execution.snapshotted().changed(now);
        let execution = Box::new(Execution::changed(&changed).asking(&want));
        let mut case = kept.case.clone();
        case.comes_to(Stage::Watching { approved_by, execution }, "changed", NIGHTSHIFT, &[], now);
        return to(app, &kept, case).await;
    }
    let too_long = now.duration_since(kept.case.since) >= ON_ITS_WAY;
    match reached.never.or(reached.not_yet.filter(|_| too_long)) {
        Some(why) => take_back(app, kept, execution, why).await,
        None => Ok(Step::Rest(Box::new(kept))),
    }
}

/// It stands -> it stands for as long as it is wanted.
async fn keep_up(
    app: &App,
    kept: KeptCase,
    shift: &ZonalShift,
    want: Want,
    (approved_by, execution): (Vec<String>, Box<Execution>),
    deadline: Deadline,
) -> Result<Step, RunError> {
    let (kept, reached) = bring_about(app, kept, shift, (Some(&want), execution.shift()), deadline).await?;
    if let Some(why) = reached.never {
        return take_back(app, kept, execution, why).await;
    }
    if !reached.settled || execution.shift() == Some(&want) {
        return Ok(Step::Rest(Box::new(kept)));
    }
    let mut case = kept.case.clone();
    case.stage = Stage::Watching { approved_by, execution: Box::new(execution.asking(&want)) };
    let kept = app.clients.store().await?.keep_case(&kept, case, app.now()).await?;
    Ok(Step::Rest(Box::new(kept)))
}

/// What began is ended.
async fn take_back(app: &App, kept: KeptCase, execution: Box<Execution>, why: String) -> Result<Step, RunError> {
    let mut case = kept.case.clone();
    let details = [("why", why.clone())];
    case.comes_to(Stage::Undoing { execution, why }, "undoing", NIGHTSHIFT, &details, app.now());
    to(app, &kept, case).await
}

/// How far it came.
#[derive(Debug, Default)]
struct Reached {
    /// What stands is what is wanted.
    settled: bool,
    /// Why it is not, for now.
    not_yet: Option<String>,
    /// Why it will not be.
    never: Option<String>,
}

/// Takes the steps between what stands and what is wanted. `asked` is what stood the last time: what ended before its time
/// was ended by somebody.
async fn bring_about(
    app: &App,
    kept: KeptCase,
    shift: &ZonalShift,
    (want, asked): (Option<&Want>, Option<&Want>),
    deadline: Deadline,
) -> Result<(KeptCase, Reached), RunError> {
    let cluster = kept.case.proposal.cluster.clone();
    let shifts = app.clients.zonal_shifts(&cluster).await?;
    let seen = shifts.read(&shift.resources, deadline.cap(READING)).await;
    let now = app.now();
    let mut reached = Reached::default();
    if asked.is_some_and(|asked| was_ended(shift, asked, &seen, now)) {
        reached.never = Some(ENDED.to_owned());
        return Ok((kept, reached));
    }
    if want.is_none() && seen.values().any(|state| *state == State::Unread) {
        reached.not_yet = Some(Why::Unread.to_string());
    }
    let mut calls = Vec::new();
    for step in steps(&cluster, want, &seen, now) {
        match step {
            Call::Leave { why: Why::LeftByOthers(_), .. } => {}
            Call::Leave { resource, why: why @ (Why::Unmanaged | Why::AnotherZone(_)) } => {
                reached.never = Some(format!("{resource}: {why}"));
            }
            Call::Leave { resource, why } => reached.not_yet = Some(format!("{resource}: {why}")),
            Call::Cancel { ref id } if is_newer(shift, &seen, id) => {}
            call => calls.push(call),
        }
    }
    if calls.is_empty() {
        reached.settled = reached.never.is_none() && reached.not_yet.is_none();
        return Ok((kept, reached));
    }
    // Said before it is done, so that there is no call that nobody knows of.
    let mut case = kept.case.clone();
    for call in &calls {
        let (event, details) = intent(call, now);
        let details: Vec<(&str, String)> = details.into_iter().collect();
        case.note(&event, NIGHTSHIFT, &details, now);
    }
    let kept = noted(app, app.clients.store().await?.keep_case(&kept, case, now).await?).await?;
    let (mut case, mut failure) = (kept.case.clone(), None);
    for call in &calls {
        let now = app.now();
        match take(&shifts, call, deadline).await {
            Ok(Taken::Conflict(other)) => {
                let by = other.map(|id| format!(" ({id})")).unwrap_or_default();
                reached.not_yet = Some(format!("another shift stands{by}"));
            }
            Ok(Taken::Gone) => reached.not_yet = Some("it had ended".to_owned()),
            Ok(taken) => {
                let (event, details) = done(call, &taken, now);
                case.note(&event, NIGHTSHIFT, &details, now);
                app.metrics.count(match taken {
                    Taken::Started(_) => "ZonalShiftsStarted",
                    Taken::Extended => "ZonalShiftsExtended",
                    _ => "ZonalShiftsEnded",
                });
            }
            Err(error) if is_refusal(&error) => {
                tracing::error!(case = %kept.case.id, %error, "ARC refuses");
                reached.never = Some(error.to_string());
            }
            // Perhaps it happened: whoever comes next looks before repeating.
            Err(error) => failure = Some(error),
        }
    }
    let kept = match case.notes.is_empty() {
        true => kept,
        false => noted(app, app.clients.store().await?.keep_case(&kept, case, app.now()).await?).await?,
    };
    if let Some(error) = failure {
        return Err(error.into());
    }
    reached.settled = reached.never.is_none() && reached.not_yet.is_none();
    Ok((kept, reached))
}

/// Whether what was asked for has been ended by somebody before its time.
fn was_ended(shift: &ZonalShift, asked: &Want, seen: &Seen, now: Timestamp) -> bool {
    let in_time = asked.expires_at.duration_since(now) > EARLY;
    in_time
        && shift.resources.iter().any(|resource| {
            let is_read = matches!(seen.get(resource), Some(State::Managed(_)));
            is_read && !standing(seen, resource).any(|one| one.away_from == shift.zone)
        })
}

/// Whether this shift was begun for a later want than ours: another case's.
fn is_newer(shift: &ZonalShift, seen: &Seen, id: &shared::zonal::ShiftId) -> bool {
    let found = shift.resources.iter().flat_map(|resource| standing(seen, resource)).find(|one| one.id == *id);
    found.and_then(|one| Comment::parse(&one.comment)).is_some_and(|comment| comment.since > shift.since)
}

/// Whether AWS will say the same again.
fn is_refusal(error: &ArcError) -> bool {
    matches!(error.code.as_str(), "AccessDeniedException" | "ValidationException" | "ResourceNotFoundException")
}

type Noted = (String, Vec<(&'static str, String)>);

/// What is about to be called.
fn intent(call: &Call, now: Timestamp) -> Noted {
    let until = |minutes: &i64| (now + SignedDuration::from_mins(*minutes)).to_string();
    match call {
        Call::Start { resource, away_from, minutes, .. } => {
            let details = vec![
                ("resource", resource.to_string()),
                ("away_from", away_from.to_string()),
                ("until", until(minutes)),
            ];
            (format!("start:{resource}:{}", until(minutes)), details)
        }
        Call::Extend { id, minutes } => {
            (format!("extend:{id}:{}", until(minutes)), vec![("shift", id.to_string()), ("until", until(minutes))])
        }
        Call::Cancel { id } => (format!("cancel:{id}"), vec![("shift", id.to_string())]),
        Call::Leave { .. } => (String::new(), Vec::new()),
    }
}

/// What was called, and answered.
fn done(call: &Call, taken: &Taken, now: Timestamp) -> Noted {
    match (call, taken) {
        (Call::Start { resource, .. }, Taken::Started(id)) => {
            (format!("started:{id}"), vec![("resource", resource.to_string()), ("shift", id.to_string())])
        }
        (Call::Extend { id, .. }, _) => (format!("extended:{id}:{now}"), vec![("shift", id.to_string())]),
        (Call::Cancel { id }, _) => (format!("ended:{id}"), vec![("shift", id.to_string())]),
        _ => (String::new(), Vec::new()),
    }
}
