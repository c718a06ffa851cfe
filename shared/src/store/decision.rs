//! Decision records: what a function knew and what it decided, together, so that the decision can be repeated.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    backend::{Key, Query, SortRange, StoreError},
    table::Store,
};

/// A decision's identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DecisionId(pub String);

impl DecisionId {
    fn key(&self) -> Key {
        Key::new(format!("decision#{}", self.0), "record")
    }
}

impl std::fmt::Display for DecisionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A decision and all it was made from. Situation and decision are in the function's own form; they are redacted before
/// they come here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Its identity: the same event decides under the same id.
    pub id: DecisionId,
    /// Which function.
    pub function: String,
    /// The version of the code.
    pub code_version: String,
    /// The cluster.
    pub cluster: String,
    /// The incident, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// When.
    pub decided_at: Timestamp,
    /// All that was read.
    pub situation: Value,
    /// What was decided.
    pub decision: Value,
}

/// A decision in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionSummary {
    /// Its identity.
    pub id: DecisionId,
    /// Which function.
    pub function: String,
    /// The cluster.
    pub cluster: String,
    /// The incident, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// When.
    pub decided_at: Timestamp,
}

const KEEP_DAYS: i64 = 180;

impl Store {
    /// Keeps a decision for half a year. The first record of an id stands; a repetition changes nothing.
    pub async fn put_decision(&self, record: &DecisionRecord, now: Timestamp) -> Result<(), StoreError> {
        let expires_at = Some(now + (KEEP_DAYS * 24).hours());
        let summary = DecisionSummary {
            id: record.id.clone(),
            function: record.function.clone(),
            cluster: record.cluster.clone(),
            incident: record.incident.clone(),
            decided_at: record.decided_at,
        };
        let listed = Key::new("decisions", format!("{:.3}#{}", record.decided_at, record.id));
        for outcome in [
            self.create(&record.id.key(), record, expires_at, now).await,
            self.create(&listed, &summary, expires_at, now).await,
        ] {
            match outcome {
                Err(error) if !error.is_conflict() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The decision of this id.
    pub async fn decision(&self, id: &DecisionId, now: Timestamp) -> Result<Option<DecisionRecord>, StoreError> {
        Ok(self.read(&id.key(), now).await?.map(|(record, _)| record))
    }

    /// The latest decisions, the newest first.
    pub async fn decisions(&self, limit: usize, now: Timestamp) -> Result<Vec<DecisionSummary>, StoreError> {
        let query = Query { partition: "decisions".into(), range: SortRange::All, descending: true, limit };
        Ok(self.list(&query, now).await?.into_iter().map(|(_, summary, _)| summary).collect())
    }
}
