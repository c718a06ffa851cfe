//! Events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Metadata, ObjectRef};

/// An event, as `v1` lists it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// What it is about.
    pub involved_object: InvolvedObject,
    /// For example `FailedScheduling`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub reason: String,
    /// Human-readable message.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub message: String,
    /// `Normal` or `Warning`.
    #[serde(
        rename = "type",
        skip_serializing_if = "String::is_empty",
        deserialize_with = "super::meta::null_is_empty"
    )]
    pub type_: String,
    /// How often it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i32>,
    /// First seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_timestamp: Option<Timestamp>,
    /// Last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_timestamp: Option<Timestamp>,
    /// When a single event happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Timestamp>,
    /// Who reported it, in the newer field.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub reporting_component: String,
    /// Who reported it.
    pub source: EventSource,
}

/// The object an event is about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InvolvedObject {
    /// Kind, as written.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub kind: String,
    /// Namespace.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub namespace: String,
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// Identity.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub uid: String,
    /// Part of it, for example `spec.containers{app}`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub field_path: String,
}

/// Who reported an event.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    /// Component.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub component: String,
    /// Node.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub host: String,
}

impl Event {
    /// When it was last seen: `lastTimestamp`, else `eventTime`, else its creation.
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.last_timestamp.or(self.event_time).or(self.metadata.creation_timestamp)
    }

    /// When it was first seen: `firstTimestamp`, else `eventTime`, else its creation.
    pub fn first_seen(&self) -> Option<Timestamp> {
        self.first_timestamp.or(self.event_time).or(self.metadata.creation_timestamp)
    }

    /// How often it was seen; at least 1.
    pub fn times(&self) -> i32 {
        self.count.unwrap_or(1).max(1)
    }

    /// The object it is about, where the kind is one Nightshift knows.
    pub fn about(&self) -> Option<ObjectRef> {
        let kind = super::Kind::parse(&self.involved_object.kind)?;
        Some(ObjectRef::new(kind, &self.involved_object.namespace, &self.involved_object.name))
    }
}
