//! Changes of zonal shifts: started, made longer, ended. Nobody else makes these calls.

use std::time::Duration;

use aws_sdk_arczonalshift::operation::start_zonal_shift::StartZonalShiftError;
use shared::deadline::Deadline;
use shared::remediation::{DiffLine, Facts};
use shared::zonal::read::{ArcError, ZonalShifts};
use shared::zonal::{ResourceArn, Seen, ShiftId, Standing, State, Step, Want, steps};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A shift began.
    Started(ShiftId),
    /// It was made longer.
    Extended,
    /// It was ended, or had ended.
    Ended,
    /// It had ended before it could be made longer; the next minute starts another.
    Gone,
    /// Something stands already, this shift where AWS names it; the next minute reads what it is.
    Conflict(Option<ShiftId>),
    /// There was nothing to call for.
    Nothing,
}

/// Takes a step.
///
/// # Errors
///
/// When AWS refuses for a reason other than what stands, or does not answer, in which case the step may have been taken.
pub async fn take(shifts: &ZonalShifts, step: &Step, deadline: Deadline) -> Result<Taken, ArcError> {
    let patience = deadline.cap(PATIENCE);
    let taken = tokio::time::timeout(patience, call(shifts, step)).await;
    let operation = match step {
        Step::Start { .. } => "StartZonalShift",
        Step::Extend { .. } => "UpdateZonalShift",
        Step::Cancel { .. } => "CancelZonalShift",
        Step::Leave { .. } => "",
    };
    taken.unwrap_or_else(|_| Err(ArcError::late(operation, patience)))
}

async fn call(shifts: &ZonalShifts, step: &Step) -> Result<Taken, ArcError> {
    let client = shifts.client();
    match step {
        Step::Leave { .. } => Ok(Taken::Nothing),
        Step::Start { resource, away_from, minutes, comment } => {
            let call = client.start_zonal_shift().resource_identifier(&resource.0).away_from(&away_from.0);
            match call.expires_in(format!("{minutes}m")).comment(comment.to_string()).send().await {
                Ok(answer) => Ok(Taken::Started(ShiftId(answer.zonal_shift_id().to_owned()))),
                Err(error) => match error.as_service_error() {
                    Some(StartZonalShiftError::ConflictException(conflict)) => {
                        Ok(Taken::Conflict(conflict.zonal_shift_id().map(|id| ShiftId(id.to_owned()))))
                    }
                    _ => Err(ArcError::new("StartZonalShift", &error)),
                },
            }
        }
        Step::Extend { id, minutes } => {
            let call = client.update_zonal_shift().zonal_shift_id(&id.0);
            match call.expires_in(format!("{minutes}m")).send().await {
                Ok(_) => Ok(Taken::Extended),
                Err(error)
                    if error.as_service_error().is_some_and(|error| {
                        error.is_conflict_exception() || error.is_resource_not_found_exception()
                    }) =>
                {
                    Ok(Taken::Gone)
                }
                Err(error) => Err(ArcError::new("UpdateZonalShift", &error)),
            }
        }
        Step::Cancel { id } => match client.cancel_zonal_shift().zonal_shift_id(&id.0).send().await {
            Ok(_) => Ok(Taken::Ended),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conflict_exception() || error.is_resource_not_found_exception()) =>
            {
                Ok(Taken::Ended)
            }
            Err(error) => Err(ArcError::new("CancelZonalShift", &error)),
        },
    }
}

/// What would be asked of ARC now, for people: it has no dry run of its own.
///
/// # Errors
///
/// Why nothing would be.
pub(crate) fn rehearsed(
    cluster: &str,
    resources: &[ResourceArn],
    want: Option<&Want>,
    facts: &Facts,
) -> Result<Vec<DiffLine>, String> {
    let seen = facts.zonal.as_ref().map(|zonal| zonal.seen.clone()).unwrap_or_default();
    let of_id = |id: &ShiftId| resources.iter().find(|arn| standing(&seen, arn).any(|one| one.id == *id));
    let line = |resource: Option<&ResourceArn>, after: String| {
        let path = resource.map(|arn| arn.0.clone()).unwrap_or_default();
        let stands =
            resource.and_then(|arn| standing(&seen, arn).next().map(|one| format!("away from {}", one.away_from)));
        DiffLine { path, before: Some(stands.unwrap_or_else(|| "all zones".to_owned())), after: Some(after) }
    };
    steps(cluster, want, &seen, facts.at)
        .iter()
        .map(|step| match step {
            Step::Start { resource, away_from, minutes, .. } => {
                Ok(line(Some(resource), format!("away from {away_from} for {minutes} min")))
            }
            Step::Extend { id, minutes } => Ok(line(of_id(id), format!("for {minutes} min more"))),
            Step::Cancel { id } => Ok(line(of_id(id), "all zones".to_owned())),
            Step::Leave { resource, why } => Err(format!("{resource}: {why}")),
        })
        .collect()
}

/// What stands for a resource.
pub(crate) fn standing<'a>(seen: &'a Seen, resource: &ResourceArn) -> impl Iterator<Item = &'a Standing> {
    match seen.get(resource) {
        Some(State::Managed(standing)) => standing.as_slice(),
        _ => &[],
    }
    .iter()
}
