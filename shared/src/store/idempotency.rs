//! One record per event and effect: who does it, until when, and what came of it.
//!
//! An effect may be begun where there is no record, where the record has expired, or where somebody began it and has
//! passed their deadline. The last case is told apart, because the effect may have happened.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    backend::{Key, StoreError, Version},
    table::Store,
};

/// What is to happen once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EffectKey {
    /// The event's id, from its source.
    pub event: String,
    /// The effect, for example `alarm-analysis`.
    pub effect: String,
}

impl EffectKey {
    /// `effect` of `event`.
    pub fn new(event: impl Into<String>, effect: impl Into<String>) -> Self {
        Self { event: event.into(), effect: effect.into() }
    }

    fn key(&self) -> Key {
        Key::new(format!("effect#{}", self.event), self.effect.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Record {
    InProgress { until: Timestamp },
    Done { at: Timestamp, outcome: Value },
}

/// What [`Store::begin`] found.
#[derive(Debug)]
pub enum Begin {
    /// It is ours to do.
    Claimed(Claim),
    /// It was done, with this outcome.
    Done(Value),
    /// Somebody else does it and has until then.
    InProgress {
        /// Their deadline.
        until: Timestamp,
    },
}

/// The right to an effect. Ends in [`Store::finish`] or [`Store::abandon`]; lost otherwise when its deadline passes.
#[derive(Debug)]
#[must_use = "an effect that is begun has to be finished or abandoned"]
pub struct Claim {
    key: Key,
    version: Version,
    /// Whether somebody began before us and did not end: the effect may have happened.
    pub taken_over: bool,
}

/// How long a record outlives its deadline, so that it is still there for whoever takes over.
const LATER: Duration = Duration::from_secs(24 * 3600);

impl Store {
    /// Begins an effect that will be over at `until`.
    pub async fn begin(&self, effect: &EffectKey, until: Timestamp, now: Timestamp) -> Result<Begin, StoreError> {
        let key = effect.key();
        let record = Record::InProgress { until };
        let expires_at = Some(until + LATER);
        // At most a few rounds: each ends, or somebody else got further.
        loop {
            match self.create(&key, &record, expires_at, now).await {
                Ok(version) => return Ok(Begin::Claimed(Claim { key, version, taken_over: false })),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
            let Some((found, version)) = self.read::<Record>(&key, now).await? else { continue };
            match found {
                Record::Done { outcome, .. } => return Ok(Begin::Done(outcome)),
                Record::InProgress { until } if until > now => return Ok(Begin::InProgress { until }),
                Record::InProgress { .. } => match self.replace(&key, &record, expires_at, version, now).await {
                    Ok(version) => return Ok(Begin::Claimed(Claim { key, version, taken_over: true })),
                    Err(error) if error.is_conflict() => {}
                    Err(error) => return Err(error),
                },
            }
        }
    }

    /// Records that the effect happened and what came of it, for `keep`. A conflict means that our deadline has passed and
    /// somebody else took over.
    pub async fn finish(&self, claim: Claim, outcome: Value, keep: Duration, now: Timestamp) -> Result<(), StoreError> {
        let record = Record::Done { at: now, outcome };
        self.replace(&claim.key, &record, Some(now + keep), claim.version, now).await?;
        Ok(())
    }

    /// Gives the right back: the effect did not happen and may be begun again at once.
    pub async fn abandon(&self, claim: Claim) -> Result<(), StoreError> {
        self.remove(&claim.key, Some(claim.version)).await
    }
}
