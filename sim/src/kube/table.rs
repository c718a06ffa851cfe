//! Tables: the columns that `kubectl get` shows, printed by the server.

use serde_json::{Value, json};

use super::{cells, columns};
use crate::world::Kind;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    name: &'static str,
    kind: &'static str,
    wide: bool,
}

pub(crate) const fn text(name: &'static str) -> Column {
    Column { name, kind: "string", wide: false }
}

pub(crate) const fn number(name: &'static str) -> Column {
    Column { name, kind: "integer", wide: false }
}

pub(crate) const fn wide(name: &'static str) -> Column {
    Column { name, kind: "string", wide: true }
}

/// What of an object goes with its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    Metadata,
    Object,
}

/// A table of these objects.
pub(crate) fn table<'a>(
    kind: Kind,
    objects: impl Iterator<Item = &'a Value>,
    metadata: Value,
    now: i64,
    include: Include,
) -> Value {
    let definitions: Vec<Value> = columns::of(kind)
        .iter()
        .map(|column| {
            json!({
                "name": column.name, "type": column.kind, "format": if column.name == "Name" { "name" } else { "" },
                "description": "", "priority": i32::from(column.wide),
            })
        })
        .collect();
    let rows: Vec<Value> = objects
        .map(|object| {
            let mut row = json!({ "cells": cells::cells(kind, object, now) });
            match include {
                Include::Nothing => {}
                Include::Metadata => {
                    row["object"] = json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] });
                }
                Include::Object => row["object"] = object.clone(),
            }
            row
        })
        .collect();
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows })
}

/// A duration as kubectl shows ages: two units at most, the finer one only while it matters.
pub(crate) fn human_duration(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let pair = |big: i64, unit: &str, small: i64, small_unit: &str| {
        if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{small_unit}") }
    };
    match seconds {
        ..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => pair(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => pair(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => pair(days, "d", hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ if days < 2920 => pair(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::human_duration;

    #[test]
    fn ages_read_as_kubectl_prints_them() {
        for (seconds, shown) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (185, "3m5s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (12_000, "3h20m"),
            (90_000, "25h"),
            (180_000, "2d2h"),
            (86_400 * 41, "41d"),
        ] {
            assert_eq!(human_duration(seconds), shown);
        }
    }
}
