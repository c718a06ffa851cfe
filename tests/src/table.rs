//! The table of a fault enumeration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// By call site and fault: how many pairs were tried, and how many of them went wrong.
pub type Table = BTreeMap<(String, &'static str), (usize, usize)>;

/// Call sites by faults: how many pairs were tried, and in brackets how many went wrong.
pub fn drawn(table: &Table) -> String {
    let faults: BTreeSet<&str> = table.keys().map(|(_, fault)| *fault).collect();
    let sites: BTreeSet<&str> = table.keys().map(|(site, _)| site.as_str()).collect();
    let mut text = format!("{:<44}", "call site");
    for fault in &faults {
        let _ = write!(text, "{fault:>17}");
    }
    for site in sites {
        let _ = write!(text, "\n{site:<44}");
        for fault in &faults {
            let cell = match table.get(&(site.to_owned(), *fault)) {
                None => "-".to_owned(),
                Some((tried, 0)) => tried.to_string(),
                Some((tried, wrong)) => format!("{tried} ({wrong} wrong)"),
            };
            let _ = write!(text, "{cell:>17}");
        }
    }
    text
}
