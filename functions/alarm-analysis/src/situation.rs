//! All that is known when a decision is made.
//!
//! A situation is a value: stored beside the decision, it lets `nightshift replay` decide again. Everything in it has been
//! redacted before it is stored ([`Situation::redacted`]).

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::lessons::IncidentDocument;
use shared::redact::redact;
use shared::snapshot::Snapshot;
use shared::store::DecisionId;

use crate::event::Alarm;
use crate::report::Earlier;

/// The version of this form. A record of a later version is refused rather than misread.
pub const VERSION: u32 = 1;

/// All that is known when a decision is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What arrived.
    pub alarm: Alarm,
    /// The cluster meant, by name; empty where the alarm names none of the configured ones.
    pub cluster: String,
    /// When this was put together: the decision's "now".
    pub at: Timestamp,
    /// What was read of the cluster.
    pub reading: Reading,
    /// Earlier incidents of this cluster of which there is no document, the latest first.
    pub earlier: Vec<Earlier>,
    /// What incidents of this cluster that are over teach, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<IncidentDocument>,
}

/// What was read of the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Nothing: the alarm's new state needs no look at the cluster.
    NotNeeded,
    /// The cluster, whole or in part; gaps are said in it.
    Cluster(Arc<Snapshot>),
    /// What another decision was made from, some seconds before: a storm keeps one copy. Only in records.
    As {
        /// That decision.
        decision: DecisionId,
    },
    /// The alarm names no configured cluster.
    UnknownCluster,
    /// It could not be read.
    Unreachable {
        /// Why, and what to do about it.
        reason: String,
    },
}

impl Situation {
    /// The situation as JSON with every secret in it hidden; the reading left out where `kept` already holds it.
    ///
    /// # Errors
    ///
    /// Where a value has no JSON form, which no field of a situation has.
    pub fn redacted(&self, kept: Option<DecisionId>) -> Result<Value, serde_json::Error> {
        let mut value = match kept {
            None => serde_json::to_value(self)?,
            Some(decision) => serde_json::to_value(Self {
                version: self.version,
                alarm: self.alarm.clone(),
                cluster: self.cluster.clone(),
                at: self.at,
                reading: Reading::As { decision },
                earlier: self.earlier.clone(),
                documents: self.documents.clone(),
            })?,
        };
        hide(&mut value);
        Ok(value)
    }
}

/// Hides secrets in every string of `value`; names of fields are ours and stay.
pub(crate) fn hide(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(hidden) = redact(text) {
                *text = hidden;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => fields.values_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
