//! As much of Kubernetes' protobuf encoding as stock kubectl sends: access reviews.
//!
//! A body is the magic `k8s\0` and a `runtime.Unknown`, whose second field holds the object. See
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding>; field numbers are those of
//! `k8s.io/api/authorization/v1/generated.proto`.

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
