//! The query protocol: a form whose names are paths (`Dimensions.member.1.Name`), and XML.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::super::error::AwsError;
use super::super::value::Value;

pub(super) fn read(body: &[u8]) -> Value {
    let mut root = Value::Map(IndexMap::new());
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = (decode(&pair[..at]), decode(pair.get(at + 1..).unwrap_or_default()));
        let mut place = &mut root;
        for part in name.split('.') {
            if !matches!(place, Value::Map(_)) {
                *place = Value::Map(IndexMap::new());
            }
            if let Value::Map(map) = place {
                place = map.entry(part.to_owned()).or_default();
            }
        }
        *place = Value::Text(value);
    }
    lists(root)
}

/// Turns `{"member": {"1": …, "2": …}}` into lists.
fn lists(value: Value) -> Value {
    let Value::Map(mut map) = value else { return value };
    if map.len() == 1
        && let Some(Value::Map(_)) = map.get("member")
        && let Some(Value::Map(members)) = map.shift_remove("member")
    {
        let mut numbered: Vec<(usize, Value)> =
            members.into_iter().filter_map(|(index, value)| Some((index.parse().ok()?, lists(value)))).collect();
        numbered.sort_by_key(|(index, _)| *index);
        return Value::List(numbered.into_iter().map(|(_, value)| value).collect());
    }
    Value::Map(map.into_iter().map(|(name, value)| (name, lists(value))).collect())
}

fn decode(part: &[u8]) -> String {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

pub(super) fn write(operation: &str, namespace: &str, value: &Value) -> Vec<u8> {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\"><{operation}Result>");
    element(&mut xml, value);
    let _ = write!(
        xml,
        "</{operation}Result><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{operation}Response>",
        super::super::dispatch::REQUEST_ID
    );
    xml.into_bytes()
}

pub(super) fn write_error(namespace: &str, error: &AwsError) -> Vec<u8> {
    let blame = if error.status.is_client_error() { "Sender" } else { "Receiver" };
    let mut xml =
        format!("<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{blame}</Type><Code>{}</Code><Message>", error.code);
    escape(&mut xml, &error.message);
    let _ =
        write!(xml, "</Message></Error><RequestId>{}</RequestId></ErrorResponse>", super::super::dispatch::REQUEST_ID);
    xml.into_bytes()
}

fn element(xml: &mut String, value: &Value) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Null => Ok(()),
        Value::Bool(flag) => write!(xml, "{flag}"),
        Value::Integer(number) => write!(xml, "{number}"),
        Value::Double(number) => write!(xml, "{number:?}"),
        Value::Time(time) => write!(xml, "{time}"),
        Value::Text(text) => {
            escape(xml, text);
            Ok(())
        }
        Value::List(items) => {
            for item in items {
                xml.push_str("<member>");
                element(xml, item);
                xml.push_str("</member>");
            }
            Ok(())
        }
        Value::Map(map) => {
            for (name, value) in map {
                let _ = write!(xml, "<{name}>");
                element(xml, value);
                let _ = write!(xml, "</{name}>");
            }
            Ok(())
        }
    };
}

fn escape(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            other => xml.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::structure;
    use super::*;

    #[test]
    fn paths_become_structures_and_numbered_members_lists() {
        let body = b"Action=X&Q.member.2.Id=b&Q.member.1.Id=a+1&Q.member.1.Stat.Period=60&Names.member.1=n%2F1";
        let expected = structure([
            ("Action", "X".into()),
            (
                "Q",
                Value::List(vec![
                    structure([("Id", "a 1".into()), ("Stat", structure([("Period", "60".into())]))]),
                    structure([("Id", "b".into())]),
                ]),
            ),
            ("Names", vec!["n/1"].into()),
        ]);
        assert_eq!(read(body), expected);
    }

    #[test]
    fn lists_are_written_as_members_and_text_is_escaped() {
        let value = structure([("Names", vec!["<a>", "b&c"].into()), ("Average", 1.0.into())]);
        let xml = String::from_utf8(write("Get", "urn:x", &value)).unwrap();
        let result = "<GetResult><Names><member>&lt;a&gt;</member><member>b&amp;c</member></Names><Average>1.0</Average></GetResult>";
        assert!(xml.contains(result), "{xml}");
    }
}
