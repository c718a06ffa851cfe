//! `nightshift replay`: a decision that was made in production, made again over what was known then; what differs.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use shared::store::{DecisionId, DecisionRecord, DecisionSummary, Store, StoreError, StoreLocation};

use crate::{Format, Outcome};

/// Numbers that differ by less are the same: they lose their last bits on the way through text.
const SAME: f64 = 1e-9;
/// Differences that are printed.
const SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The record: its id in the store, or a file that holds it as JSON. Without it the latest records are listed.
    #[arg(value_name = "RECORD")]
    record: Option<String>,
    /// The store, `dynamodb:TABLE` or `file:PATH`.
    #[arg(long, env = "NIGHTSHIFT_STORE", value_name = "STORE")]
    store: Option<StoreLocation>,
    /// Write the record into this file, to be replayed without the store.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// How many records are listed.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Why a record could not be replayed.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error("name a store (--store, NIGHTSHIFT_STORE), or a file that holds the record")]
    NoStore,
    #[error("there is no record {0}; `nightshift replay --store STORE` lists those there are")]
    Unknown(String),
    #[error("records of {0} cannot be replayed by this version")]
    Function(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{} cannot be read or written", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("it holds no decision record")]
    Record(#[from] serde_json::Error),
    #[error(transparent)]
    Zones(#[from] gray_failure::zones::record::AgainError),
}

/// A value that is not what it was.
#[derive(Debug, PartialEq, Serialize)]
struct Difference {
    /// Where, as a JSON pointer.
    path: String,
    /// What was answered.
    was: Value,
    /// What is answered now.
    is: Value,
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let Some(wanted) = &arguments.record else {
        list(&store(&arguments).await?.decisions(arguments.limit, Timestamp::now()).await?, arguments.format);
        return Ok(Outcome::Done);
    };
    let record = record(wanted, &arguments).await?;
    if let Some(path) = &arguments.save {
        let text = serde_json::to_vec(&record)?;
        std::fs::write(path, text).map_err(|source| ReplayError::File { path: path.clone(), source })?;
    }
    let answer = again(&record)?;
    let mut differences = Vec::new();
    compare(&record.decision, &answer, String::new(), &mut differences);
    print(&record, &differences, arguments.format);
    Ok(if differences.is_empty() { Outcome::Done } else { Outcome::Finding })
}

/// What is decided now by what was known then.
fn again(record: &DecisionRecord) -> Result<Value, ReplayError> {
    match record.function.as_str() {
        gray_failure::zones::record::FUNCTION => Ok(serde_json::to_value(gray_failure::zones::record::again(record)?)?),
        other => Err(ReplayError::Function(other.to_owned())),
    }
}

async fn store(arguments: &Arguments) -> Result<Store, ReplayError> {
    let location = arguments.store.as_ref().ok_or(ReplayError::NoStore)?;
    Ok(Store::open(location, async || shared::aws::laptop_config().await).await?)
}

async fn record(wanted: &str, arguments: &Arguments) -> Result<DecisionRecord, ReplayError> {
    let path = Path::new(wanted);
    if path.is_file() {
        let text = std::fs::read(path).map_err(|source| ReplayError::File { path: path.to_owned(), source })?;
        return Ok(serde_json::from_slice(&text)?);
    }
    let found = store(arguments).await?.decision(&DecisionId(wanted.to_owned()), Timestamp::now()).await?;
    found.ok_or_else(|| ReplayError::Unknown(wanted.to_owned()))
}

fn list(records: &[DecisionSummary], format: Format) {
    match format {
        Format::Json => println!("{}", json!({ "records": records })),
        Format::Text if records.is_empty() => println!("no records"),
        Format::Text => {
            for one in records {
                println!("{:.0}  {:<14}  {:<16}  {}", one.decided_at, one.function, one.cluster, one.id);
            }
        }
    }
}

fn print(record: &DecisionRecord, differences: &[Difference], format: Format) {
    match format {
        Format::Json => {
            let is_same = differences.is_empty();
            println!(
                "{}",
                json!({ "record": record.id, "function": record.function, "same": is_same, "differences": differences })
            );
        }
        Format::Text => {
            let of = format!("{} ({}, {}, by {})", record.id, record.function, record.decided_at, record.code_version);
            if differences.is_empty() {
                println!("{of}: decided the same again");
                return;
            }
            println!("{of}: decided otherwise, in {} places", differences.len());
            for Difference { path, was, is } in differences.iter().take(SHOWN) {
                println!("  {path}: was {was}, is {is}");
            }
        }
    }
}

fn compare(was: &Value, is: &Value, path: String, differences: &mut Vec<Difference>) {
    let nothing = Value::Null;
    match (was, is) {
        (Value::Number(one), Value::Number(other)) if are_same(one.as_f64(), other.as_f64()) => {}
        (Value::Array(before), Value::Array(after)) => {
            for index in 0..before.len().max(after.len()) {
                let (before, after) = (before.get(index).unwrap_or(&nothing), after.get(index).unwrap_or(&nothing));
                compare(before, after, format!("{path}/{index}"), differences);
            }
        }
        (Value::Object(before), Value::Object(after)) => {
            let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                let (before, after) = (before.get(name).unwrap_or(&nothing), after.get(name).unwrap_or(&nothing));
                compare(before, after, format!("{path}/{name}"), differences);
            }
        }
        _ if was == is => {}
        _ => differences.push(Difference { path, was: was.clone(), is: is.clone() }),
    }
}

fn are_same(one: Option<f64>, other: Option<f64>) -> bool {
    one.zip(other).is_some_and(|(one, other)| (one - other).abs() <= SAME * one.abs().max(other.abs()).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_bits_are_no_difference_and_everything_else_is() {
        let was = json!({ "a": [1.0, 0.1], "b": "x", "c": { "d": 1 } });
        let of = |is: &Value| {
            let mut differences = Vec::new();
            compare(&was, is, String::new(), &mut differences);
            differences.into_iter().map(|it| it.path).collect::<Vec<_>>()
        };
        assert!(of(&json!({ "a": [1.0, 0.100_000_000_000_02], "b": "x", "c": { "d": 1 } })).is_empty());
        assert_eq!(of(&json!({ "a": [1.0], "b": "y", "c": { "d": 2, "e": 3 } })), ["/a/1", "/b", "/c/d", "/c/e"]);
    }
}
