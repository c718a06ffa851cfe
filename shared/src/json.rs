//! JSON values into types, by way of their text.
//!
//! `serde_json::from_value` brings a second copy of every type's deserializer into a function's binary, beside the one for
//! text that reading the API needs anyway: half a megabyte for the types of a [`crate::snapshot::Snapshot`]. Values that are
//! read back are few and small; the detour costs them microseconds.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The value as a `T`.
///
/// # Errors
///
/// Where the value has not a `T`'s shape.
///
/// ```
/// let ports: Vec<u16> = shared::json::from_value(&serde_json::json!([80, 443]))?;
/// assert_eq!(ports, [80, 443]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    serde_json::from_slice(&serde_json::to_vec(value)?)
}
