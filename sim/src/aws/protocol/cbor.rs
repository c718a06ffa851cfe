//! rpc-v2-cbor: times are tag 1.

use ciborium::Value as Cbor;
use jiff::Timestamp;

use super::super::value::Value;

pub(super) fn read(body: &[u8]) -> Option<Value> {
    // An operation without input sends no body.
    if body.is_empty() {
        return Some(Value::Map(indexmap::IndexMap::new()));
    }
    from_cbor(ciborium::from_reader(body).ok()?)
}

fn from_cbor(cbor: Cbor) -> Option<Value> {
    Some(match cbor {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Integer(number) => Value::Integer(i64::try_from(i128::from(number)).ok()?),
        Cbor::Float(number) => Value::Double(number),
        Cbor::Text(text) => Value::Text(text),
        Cbor::Bytes(bytes) => Value::Text(String::from_utf8_lossy(&bytes).into_owned()),
        Cbor::Tag(1, inner) => Value::Time(from_cbor(*inner)?.time()?),
        Cbor::Tag(_, inner) => from_cbor(*inner)?,
        Cbor::Array(items) => Value::List(items.into_iter().map(from_cbor).collect::<Option<_>>()?),
        Cbor::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(name, value)| Some((name.into_text().ok()?, from_cbor(value)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = ciborium::into_writer(&to_cbor(value), &mut bytes);
    bytes
}

fn to_cbor(value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Integer(number) => Cbor::from(*number),
        Value::Double(number) => Cbor::Float(*number),
        Value::Text(text) => Cbor::Text(text.clone()),
        Value::Time(time) => Cbor::Tag(1, Box::new(Cbor::Float(seconds(*time)))),
        Value::List(items) => Cbor::Array(items.iter().map(to_cbor).collect()),
        Value::Map(map) => {
            Cbor::Map(map.iter().map(|(name, value)| (Cbor::Text(name.clone()), to_cbor(value))).collect())
        }
    }
}

pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_microsecond() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::super::super::value::structure;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let time: Timestamp = "2026-03-01T05:21:40.5Z".parse().unwrap();
        let value = structure([
            ("Values", vec![1.5, -2.0].into()),
            ("When", time.into()),
            ("Count", 7.into()),
            ("Name", "api".into()),
            ("On", true.into()),
        ]);
        assert_eq!(read(&write(&value)), Some(value));
        assert_eq!(read(&[0xff, 0x00]), None);
    }

    #[test]
    fn maps_and_texts_of_unknown_length_are_read() {
        // {_ "a": (_ "x", "y")}, as smithy clients may send them.
        let body = [0xbf, 0x61, b'a', 0x7f, 0x61, b'x', 0x61, b'y', 0xff, 0xff];
        assert_eq!(read(&body), Some(structure([("a", "xy".into())])));
    }
}
