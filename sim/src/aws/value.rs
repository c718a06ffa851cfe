//! A value between protocols: what CBOR, JSON and query requests hold, and what their responses are made of.

use indexmap::IndexMap;
use jiff::Timestamp;

/// A value. Query requests know only text, maps and lists, which is why numbers and times are also read from text.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Value {
    #[default]
    Null,
    Bool(bool),
    Integer(i64),
    Double(f64),
    Text(String),
    Time(Timestamp),
    List(Vec<Value>),
    Map(IndexMap<String, Value>),
}

impl Value {
    /// A structure's member; absent is null.
    pub(super) fn get(&self, name: &str) -> &Value {
        match self {
            Self::Map(map) => map.get(name).unwrap_or(&Self::Null),
            _ => &Self::Null,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Double(number) => Some(*number as i64),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Time(time) => Some(*time),
            Self::Integer(seconds) => Timestamp::from_second(*seconds).ok(),
            Self::Double(seconds) => Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok(),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> &[Value] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        self.list().iter().filter_map(Value::text).collect()
    }
}

/// A structure from its members, without the absent ones.
pub(super) fn structure<const N: usize>(members: [(&str, Value); N]) -> Value {
    let present = members.into_iter().filter(|(_, value)| *value != Value::Null);
    Value::Map(present.map(|(name, value)| (name.to_owned(), value)).collect())
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
