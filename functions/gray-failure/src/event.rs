//! What comes by the queue: EventBridge events of other services, each a record for itself.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// An event of EventBridge, as far as it is of use here.
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html>
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Envelope {
    /// Its id: the same for a repetition.
    pub id: String,
    /// Which service speaks.
    pub source: String,
    /// Of what.
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    /// When it happened.
    pub time: Timestamp,
    /// The account.
    #[serde(default)]
    pub account: String,
    /// The region.
    #[serde(default)]
    pub region: String,
    /// ARNs that it is about.
    #[serde(default)]
    pub resources: Vec<String>,
    /// What it says.
    #[serde(default)]
    pub detail: Value,
}

/// The record holds no event.
#[derive(Debug, thiserror::Error)]
#[error("the record holds no EventBridge event: {0}")]
pub struct Malformed(String);

/// An event, told apart by who speaks.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Amazon Application Recovery Controller, of zones.
    Zonal(Envelope),
    /// GuardDuty, of a finding.
    Finding(Envelope),
}

impl Event {
    /// Reads a record's body.
    ///
    /// # Errors
    ///
    /// Where it is no event, or one that nobody here asked for.
    pub fn parse(body: &str) -> Result<Self, Malformed> {
        let envelope: Envelope = serde_json::from_str(body).map_err(|error| Malformed(error.to_string()))?;
        match (envelope.source.as_str(), envelope.detail_type.as_str()) {
            ("aws.arc-zonal-shift", _) => Ok(Self::Zonal(envelope)),
            ("aws.guardduty", "GuardDuty Finding") => Ok(Self::Finding(envelope)),
            (source, detail_type) => Err(Malformed(format!("\"{detail_type}\" of {source} is not for this queue"))),
        }
    }
}
