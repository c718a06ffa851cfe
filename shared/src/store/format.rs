//! How values become bytes: versioned JSON, deflated when long, in parts when longer than an item may be.
//!
//! An item of DynamoDB holds 400 KB. A value is JSON with its format's version (`"v":"1"`); from 4 KB on it is deflated;
//! what is still too long goes into parts under the hash of its content, and the item holds where they are. The parts
//! are written before the item, so an item always finds its parts.

use std::io::{Read, Write};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::backend::{Key, StoreError};

const DEFLATED: u8 = 1;
const IN_PARTS: u8 = 2;
const DEFLATE_FROM: usize = 4 * 1024;
/// Bytes of a part: an item's limit of 400 KB, less room for keys.
pub(super) const PART: usize = 380 * 1024;
/// What a value may unfold to, so that a damaged item cannot exhaust memory.
const UNFOLDED: u64 = 256 * 1024 * 1024;

#[derive(Serialize)]
#[serde(tag = "v")]
enum Format<T> {
    #[serde(rename = "1")]
    V1(T),
}

/// The version alone. It is read first and the value in a second pass, which costs less than keeping all of it in between.
#[derive(Deserialize)]
struct Version {
    v: Known,
}

/// The versions that are read.
#[derive(Deserialize)]
enum Known {
    #[serde(rename = "1")]
    V1,
}

/// Where the parts of a value are.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    /// Their partition is `blob#` and this.
    pub(super) hash: String,
    /// How many.
    pub(super) count: usize,
}

impl Parts {
    pub(super) fn key(&self, index: usize) -> Key {
        Key::new(format!("blob#{}", self.hash), format!("{index:05}"))
    }
}

/// A value on its way into items.
pub(super) enum Encoded {
    /// Fits one item.
    Whole(Vec<u8>),
    /// Does not: the parts, and the item's body that points at them.
    InParts { parts: Parts, content: Vec<Vec<u8>>, body: Vec<u8> },
}

/// `salt` tells values apart that must not share parts, because they expire at different times.
pub(super) fn encode<T: Serialize>(key: &Key, value: &T, salt: &str) -> Result<Encoded, StoreError> {
    let unreadable = |why: String| StoreError::Unreadable { key: key.clone(), why };
    let json = serde_json::to_vec(&Format::V1(value)).map_err(|error| unreadable(error.to_string()))?;
    if json.len() < DEFLATE_FROM {
        return Ok(Encoded::Whole(json));
    }
    let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::fast());
    let deflated =
        encoder.write_all(&json).and_then(|()| encoder.finish()).map_err(|error| unreadable(error.to_string()))?;
    if deflated.len() <= PART {
        return Ok(Encoded::Whole(deflated));
    }
    let mut hash = Sha256::new();
    for piece in [key.partition.as_bytes(), key.sort.as_bytes(), salt.as_bytes(), &deflated] {
        hash.update((piece.len() as u64).to_le_bytes());
        hash.update(piece);
    }
    let content: Vec<Vec<u8>> = deflated.chunks(PART).map(<[u8]>::to_vec).collect();
    let parts = Parts { hash: hex::encode(hash.finalize()), count: content.len() };
    let mut body = vec![IN_PARTS];
    body.extend(serde_json::to_vec(&parts).map_err(|error| unreadable(error.to_string()))?);
    Ok(Encoded::InParts { parts, content, body })
}

/// Where the parts of a body are, if it is in parts.
pub(super) fn parts(key: &Key, body: &[u8]) -> Result<Option<Parts>, StoreError> {
    match body {
        [IN_PARTS, json @ ..] => serde_json::from_slice(json)
            .map(Some)
            .map_err(|error| StoreError::Unreadable { key: key.clone(), why: error.to_string() }),
        _ => Ok(None),
    }
}

/// The value of a body that is not in parts, or of parts put together.
pub(super) fn decode<T: DeserializeOwned>(key: &Key, body: &[u8]) -> Result<T, StoreError> {
    let unreadable = |why: String| StoreError::Unreadable { key: key.clone(), why };
    let inflated;
    let json = match body {
        [DEFLATED, deflated @ ..] => {
            let mut json = Vec::new();
            DeflateDecoder::new(deflated)
                .take(UNFOLDED)
                .read_to_end(&mut json)
                .map_err(|error| unreadable(error.to_string()))?;
            inflated = json;
            inflated.as_slice()
        }
        json => json,
    };
    let value = serde_json::from_slice(json).and_then(|Version { v: Known::V1 }| serde_json::from_slice(json));
    value.map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        incident::{Incident, Track},
        store::{DecisionRecord, OutboxRow, idempotency},
    };

    /// What was written in version 1 is read, and written again without loss.
    fn stays<T: Serialize + DeserializeOwned>(sample: &str) -> T {
        let key = Key::new("sample", "a");
        let value: T = decode(&key, sample.as_bytes()).unwrap();
        let Encoded::Whole(again) = encode(&key, &value, "").unwrap() else { panic!("it is small") };
        let (again, sample): (Value, Value) =
            (serde_json::from_slice(&again).unwrap(), serde_json::from_str(sample).unwrap());
        assert_eq!(again, sample);
        value
    }

    #[test]
    fn items_of_version_1_are_read() {
        let incident: Incident = stays(include_str!("samples/incident-v1.json"));
        assert!(!incident.is_open() && !incident.is_dirty());
        stays::<OutboxRow>(include_str!("samples/outbox-v1.json"));
        stays::<Track>(include_str!("samples/track-v1.json"));
        stays::<DecisionRecord>(include_str!("samples/decision-v1.json"));
        stays::<idempotency::Record>(include_str!("samples/effect-v1.json"));
    }

    #[test]
    fn an_unknown_version_and_a_damaged_item_are_told_apart_from_absence() {
        let key = Key::new("sample", "a");
        for body in [&br#"{"v":"2","until":1}"#[..], b"{", &[DEFLATED, 1, 2, 3], b""] {
            assert!(matches!(decode::<Track>(&key, body), Err(StoreError::Unreadable { .. })));
        }
    }
}
