//! Paths and queries of requests.

use percent_encoding::percent_decode_str;

use crate::world::{Key, Kind};

/// What a request is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    /// Empty for all namespaces and for cluster-scoped kinds.
    pub(crate) namespace: String,
    /// Empty for the collection.
    pub(crate) name: String,
    pub(crate) subresource: String,
}

impl Target {
    /// From the path's parts after the version.
    pub(crate) fn parse(group: &str, version: &str, rest: &[&str]) -> Option<Self> {
        let (namespace, rest) = match rest {
            // `namespaces/x` alone and its status are about the namespace itself.
            ["namespaces", name, plural, rest @ ..] if *plural != "status" && *plural != "finalize" => {
                let mut tail = vec![*plural];
                tail.extend(rest);
                ((*name).to_owned(), tail)
            }
            other => (String::new(), other.to_vec()),
        };
        let (plural, name, subresource) = match rest.as_slice() {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, subresource] => (*plural, *name, *subresource),
            _ => return None,
        };
        let kind = Kind::find(group, version, plural)?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(Self { kind, namespace: decode(&namespace), name: decode(name), subresource: subresource.to_owned() })
    }

    pub(crate) fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }
}

/// A query string's parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        Self(
            text.split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }
}
