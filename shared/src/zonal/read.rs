//! What stands, as ARC has it: all that gray-failure does there, and the first half of what remediation does.

use std::time::Duration;

use aws_sdk_arczonalshift::Client;
use aws_sdk_arczonalshift::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use futures::future::join_all;
use jiff::Timestamp;

use super::{ResourceArn, Seen, ShiftId, Standing, State, ZoneId};

/// What stands without an end of its own, an autoshift of AWS, is given one far off.
const NO_END: Timestamp = Timestamp::MAX;

/// Zonal shifts, as AWS has them.
#[derive(Debug, Clone)]
pub struct ZonalShifts {
    client: Client,
}

/// A call that failed. The next minute reads what stands and goes on from there, whatever came of it.
#[derive(Debug, thiserror::Error)]
#[error("arc-zonal-shift:{operation}: {why}")]
pub struct ArcError {
    /// The operation.
    pub operation: &'static str,
    /// AWS's code; `no answer` where there was none.
    pub code: String,
    /// All of it.
    pub why: String,
}

impl ArcError {
    /// The error of a call.
    pub fn new<E>(operation: &'static str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let code = error.code().unwrap_or("no answer").to_owned();
        Self { operation, code, why: DisplayErrorContext(error).to_string() }
    }

    /// A call that was not answered within its time.
    pub fn late(operation: &'static str, limit: Duration) -> Self {
        Self { operation, code: "no answer".to_owned(), why: format!("no answer within {} s", limit.as_secs()) }
    }
}

impl ZonalShifts {
    /// Those of the account and region of `config`.
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// The client, for remediation, which is the only one to change anything.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// What stands for each resource. What cannot be read within `limit` is [`State::Unread`].
    pub async fn read(&self, resources: &[ResourceArn], limit: Duration) -> Seen {
        let states = join_all(resources.iter().map(async |resource| {
            let state = tokio::time::timeout(limit, self.state(resource)).await;
            let state = state.unwrap_or_else(|_| Err(ArcError::late("GetManagedResource", limit)));
            let state = state.unwrap_or_else(|error| {
                tracing::warn!(%error, %resource, "what stands could not be read");
                State::Unread
            });
            (resource.clone(), state)
        }));
        states.await.into_iter().collect()
    }

    async fn state(&self, resource: &ResourceArn) -> Result<State, ArcError> {
        let answer = match self.client.get_managed_resource().resource_identifier(&resource.0).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                return Ok(State::Unmanaged);
            }
            Err(error) => return Err(ArcError::new("GetManagedResource", &error)),
        };
        let shifts = answer.zonal_shifts().iter().map(|shift| Standing {
            id: ShiftId(shift.zonal_shift_id().to_owned()),
            away_from: ZoneId(shift.away_from().to_owned()),
            expires_at: Timestamp::from_second(shift.expiry_time().secs()).unwrap_or(NO_END),
            comment: shift.comment().to_owned(),
        });
        let autoshifts = answer.autoshifts().iter().map(|shift| Standing {
            id: ShiftId("autoshift".to_owned()),
            away_from: ZoneId(shift.away_from().to_owned()),
            expires_at: NO_END,
            comment: "autoshift of AWS".to_owned(),
        });
        Ok(State::Managed(shifts.chain(autoshifts).collect()))
    }
}
