//! As much of Kubernetes' protobuf encoding as stock kubectl sends: access reviews, evictions, delete options.
//!
//! A body is the magic `k8s\0` and a `runtime.Unknown`, whose second field holds the object. See
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding>; field numbers are those of
//! `k8s.io/api/{authorization,policy}/v1/generated.proto` and `k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto`.

use serde_json::{Value, json};

const MAGIC: &[u8] = b"k8s\0";

/// A SelfSubjectAccessReview's `spec.resourceAttributes`, as the JSON form of the object.
pub(super) fn access_review(body: &[u8]) -> Option<Value> {
    let unknown = body.strip_prefix(MAGIC)?;
    let review = field(unknown, 2)?;
    let spec = field(review, 2)?;
    let attributes = field(spec, 1).unwrap_or_default();
    let names = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];
    let attributes: serde_json::Map<String, Value> = names
        .into_iter()
        .zip(1..)
        .filter_map(|(name, number)| {
            let text = std::str::from_utf8(field(attributes, number)?).ok()?;
            (!text.is_empty()).then(|| (name.to_owned(), json!(text)))
        })
        .collect();
    Some(json!({
        "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": { "resourceAttributes": attributes },
    }))
}

/// DeleteOptions' `dryRun` and `gracePeriodSeconds`, as the JSON form of the object.
pub(super) fn delete_options(body: &[u8]) -> Option<Value> {
    Some(options(field(body.strip_prefix(MAGIC)?, 2)?))
}

/// An Eviction's `deleteOptions`, as the JSON form of the object.
pub(super) fn eviction(body: &[u8]) -> Option<Value> {
    let eviction = field(body.strip_prefix(MAGIC)?, 2)?;
    Some(json!({ "deleteOptions": options(field(eviction, 2).unwrap_or_default()) }))
}

fn options(message: &[u8]) -> Value {
    let mut options = json!({});
    if let Some(grace) = number(message, 1) {
        options["gracePeriodSeconds"] = json!(grace);
    }
    if let Some(dry_run) = field(message, 5).and_then(|text| std::str::from_utf8(text).ok()) {
        options["dryRun"] = json!([dry_run]);
    }
    options
}

/// The first varint field of this number.
fn number(mut message: &[u8], wanted: u64) -> Option<u64> {
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        match tag & 7 {
            0 => {
                let value = varint(&mut message)?;
                if tag >> 3 == wanted {
                    return Some(value);
                }
            }
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                message = message.split_at_checked(length)?.1;
            }
            _ => return None,
        }
    }
    None
}

/// The last length-delimited field of this number.
fn field(mut message: &[u8], wanted: u64) -> Option<&[u8]> {
    let mut found = None;
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        match tag & 7 {
            0 => {
                varint(&mut message)?;
            }
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                let (value, rest) = message.split_at_checked(length)?;
                message = rest;
                if tag >> 3 == wanted {
                    found = Some(value);
                }
            }
            _ => return None,
        }
    }
    found
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(number: u8, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(value.len()).expect("a short field")];
        bytes.extend_from_slice(value);
        bytes
    }

    #[test]
    fn an_eviction_tells_whether_it_is_only_tried() {
        let options = [vec![1 << 3, 30], encoded(5, b"All")].concat();
        let body = [MAGIC.to_vec(), encoded(2, &[encoded(1, b""), encoded(2, &options)].concat())].concat();
        let read = eviction(&body).expect("an eviction");
        assert_eq!(read, json!({ "deleteOptions": { "gracePeriodSeconds": 30, "dryRun": ["All"] } }));
        let body = [MAGIC.to_vec(), encoded(2, &options)].concat();
        assert_eq!(delete_options(&body).expect("options")["dryRun"][0], "All");
    }

    #[test]
    fn a_review_is_read_and_a_damaged_one_is_not() {
        let attributes = [encoded(1, b"shop"), encoded(2, b"delete"), encoded(5, b"pods")].concat();
        let review = encoded(2, &encoded(1, &attributes));
        let body = [MAGIC.to_vec(), encoded(1, b""), encoded(2, &review)].concat();
        let read = access_review(&body).expect("a review");
        assert_eq!(
            read["spec"]["resourceAttributes"],
            json!({ "namespace": "shop", "verb": "delete", "resource": "pods" })
        );
        for cut in 0..body.len() {
            assert_eq!(access_review(&body[..cut]), None, "cut after {cut} bytes");
        }
        assert_eq!(access_review(b"{}"), None);
    }
}
