//! What the judgement was given and what it answered, kept together, so that `nightshift replay` can ask it again.
//!
//! A record is kept of every reading after which something was said, before anything follows from it. Of the answer the memory is
//! left out: it is large, it follows from what was given, and the next record begins with it. What is measured of zones holds no
//! secrets: ids of zones, names of workloads from the settings, numbers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::store::{DecisionId, DecisionRecord, Store};
use shared::zonal::Want;

use crate::decide::{Decision, Situation, Statement, VERSION, decide};
use crate::{RunError, want};

/// The function's name in records.
pub const FUNCTION: &str = "gray-failure";

/// What was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What there was to say.
    pub statements: Vec<Statement>,
    /// Which zone was to be left after that, and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub want: Option<Want>,
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        let want = want::of(&decision.memory);
        Self { version: decision.version, statements: decision.statements, want }
    }
}

/// Why a record cannot be asked again.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// It is not of this function.
    #[error("the record is of {0}, not of gray-failure")]
    NotOurs(String),
    /// A later version wrote it.
    #[error("the record is of version {0} of the judgement, this is {VERSION}; use the nightshift of that release")]
    Later(u32),
    /// It cannot be read.
    #[error("the record holds no situation of gray-failure")]
    Unreadable(#[from] serde_json::Error),
}

/// What is answered now to what was known then.
///
/// # Errors
///
/// Where that cannot be read.
pub fn again(record: &DecisionRecord) -> Result<Answer, AgainError> {
    if record.function != FUNCTION {
        return Err(AgainError::NotOurs(record.function.clone()));
    }
    let version = record.situation["version"].as_u64().and_then(|version| u32::try_from(version).ok()).unwrap_or(0);
    if version > VERSION {
        return Err(AgainError::Later(version));
    }
    let situation: Situation = Situation::deserialize(&record.situation)?;
    Ok(decide(&situation).into())
}

/// Keeps a record: of a repetition, which reads the same minutes, the first stands.
pub(super) async fn keep(
    store: &Store,
    cluster: &str,
    situation: &Situation,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), RunError> {
    let (Some(first), Some(last)) = (situation.minutes.first(), situation.minutes.last()) else { return Ok(()) };
    let record = DecisionRecord {
        id: DecisionId(format!("zones-{cluster}-{}-{}", first.at.as_second(), last.at.as_second())),
        function: FUNCTION.to_owned(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        cluster: cluster.to_owned(),
        incident: None,
        decided_at: now,
        situation: value(situation)?,
        decision: value(answer)?,
    };
    store.put_decision(&record, now).await?;
    tracing::info!(cluster, record = %record.id, "what was judged is kept");
    Ok(())
}

fn value<T: Serialize>(of: &T) -> Result<Value, RunError> {
    serde_json::to_value(of).map_err(|error| RunError::Record(error.to_string()))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::decide::{Call, Memory, Minute, Rules, Sample, ZoneId};

    fn record() -> DecisionRecord {
        let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let minutes = (0..560).map(|minute| {
            let sample = |zone: i64| {
                let faults = if zone == 0 && minute >= 540 { 400.0 } else { 8.0 + ((minute + zone) % 3) as f64 };
                Sample { requests: 6000.0, faults, latency_ms: Some(80.1), instances: Some(4.0), ..Sample::default() }
            };
            let zones = (0..3).map(|zone| (ZoneId(format!("use1-az{zone}")), sample(zone))).collect();
            Minute { at: start + SignedDuration::from_mins(minute), zones }
        });
        let minutes: Vec<Minute> = minutes.collect();
        let mut memory = Memory::default();
        minutes[..530].iter().for_each(|minute| drop(memory.step(minute, &Rules::default())));
        let situation =
            Situation { version: VERSION, memory, minutes: minutes[530..].to_vec(), rules: Rules::default() };
        DecisionRecord {
            id: DecisionId("zones-1".to_owned()),
            function: FUNCTION.to_owned(),
            code_version: "0".to_owned(),
            cluster: "prod-eks".to_owned(),
            incident: None,
            decided_at: start,
            decision: serde_json::to_value(Answer::from(decide(&situation))).unwrap(),
            situation: serde_json::to_value(&situation).unwrap(),
        }
    }

    #[test]
    fn what_was_known_then_is_answered_as_it_was() {
        let record = record();
        let answer = again(&record).unwrap();
        assert!(answer.statements.iter().any(|said| said.decision == Call::Shift), "{answer:?}");
        assert_eq!(answer.want.as_ref().map(|want| want.zone.0.as_str()), Some("use1-az0"));
        let calls =
            |answer: &Answer| answer.statements.iter().map(|one| (one.decision, one.reason)).collect::<Vec<_>>();
        assert_eq!(calls(&answer), calls(&serde_json::from_value(record.decision).unwrap()));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_not_misread() {
        let mut later = record();
        later.situation["version"] = (VERSION + 1).into();
        assert!(matches!(again(&later), Err(AgainError::Later(_))));
        let other = DecisionRecord { function: "alarm-analysis".to_owned(), ..record() };
        assert!(matches!(again(&other), Err(AgainError::NotOurs(_))));
        let empty = DecisionRecord { situation: Value::Null, ..record() };
        assert!(matches!(again(&empty), Err(AgainError::Unreadable(_))));
    }
}
