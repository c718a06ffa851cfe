//! `nightshift audit`: the log of who proposed, approved, denied and did what, verified and printed.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use shared::remediation::audit::{Entry, Head, Tampering, verify, verify_kept};
use shared::store::{Store, StoreError, StoreLocation};

use crate::{Format, Outcome};

/// Entries read at a time.
const PAGE: usize = 500;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Verify that no entry was changed, removed, put in or reordered, and that the end was not cut off; exit code 1 where
    /// one was.
    Verify(Verify),
    /// Print every entry, a JSON line each: what `verify --export` reads.
    Export(Export),
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// The store, `dynamodb:TABLE` or `file:PATH`.
    #[arg(long, env = "NIGHTSHIFT_STORE", value_name = "STORE")]
    store: Option<StoreLocation>,
    /// Entries that were exported before, a JSON line each; with a store, each has to stand there as it was exported.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Export {
    /// The store, `dynamodb:TABLE` or `file:PATH`.
    #[arg(long, env = "NIGHTSHIFT_STORE", value_name = "STORE")]
    store: StoreLocation,
}

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error("name a store (--store, NIGHTSHIFT_STORE) or an export (--export)")]
    Nothing,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{} cannot be read", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("line {line} of {} is no entry of an audit log", path.display())]
    Line {
        path: PathBuf,
        line: usize,
        #[source]
        source: serde_json::Error,
    },
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    match arguments.command {
        Command::Export(export) => {
            let (entries, _) = read(&export.store).await?;
            for entry in entries {
                println!("{}", serde_json::to_string(&entry)?);
            }
            Ok(Outcome::Done)
        }
        Command::Verify(arguments) => Ok(judge(&arguments).await?),
    }
}

async fn judge(arguments: &Verify) -> Result<Outcome, AuditError> {
    let exported = arguments.export.as_ref().map(exported).transpose()?;
    let kept = match &arguments.store {
        Some(store) => Some(read(store).await?),
        None => None,
    };
    let verdict = match (&kept, &exported) {
        (None, None) => return Err(AuditError::Nothing),
        (None, Some(exported)) => verify(exported, None),
        (Some((entries, head)), exported) => verify_kept(entries, head.as_ref()).and_then(|count| {
            // What was exported cannot be changed any more: it has to stand in the store as it is.
            let differs = exported.iter().flatten().find(|entry| {
                let place = usize::try_from(entry.seq).ok().and_then(|seq| seq.checked_sub(1));
                place.and_then(|place| entries.get(place)) != Some(*entry)
            });
            differs.map_or(Ok(count), |entry| Err(Tampering::Rewritten(entry.seq)))
        }),
    };
    Ok(match (verdict, arguments.format) {
        (Ok(count), Format::Text) => {
            println!("{count} entries, each follows the one before it");
            Outcome::Done
        }
        (Ok(count), Format::Json) => {
            println!("{}", json!({ "ok": true, "entries": count }));
            Outcome::Done
        }
        (Err(tampering), Format::Text) => {
            println!("{tampering}");
            Outcome::Finding
        }
        (Err(tampering), Format::Json) => {
            println!("{}", json!({ "ok": false, "finding": tampering.to_string() }));
            Outcome::Finding
        }
    })
}

async fn read(location: &StoreLocation) -> Result<(Vec<Entry>, Option<Head>), AuditError> {
    let store = Store::open(location, async || shared::aws::laptop_config().await).await?;
    let now = Timestamp::now();
    // The head first: entries that are written meanwhile come after it.
    let head = store.audit_head(now).await?;
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let page = store.audit_entries(entries.last().map_or(0, |entry| entry.seq), PAGE, now).await?;
        let is_last = page.len() < PAGE;
        entries.extend(page);
        if is_last {
            return Ok((entries, head));
        }
    }
}

fn exported(path: &PathBuf) -> Result<Vec<Entry>, AuditError> {
    let text = std::fs::read_to_string(path).map_err(|source| AuditError::File { path: path.clone(), source })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|source| AuditError::Line {
                path: path.clone(),
                line: number + 1,
                source,
            })
        })
        .collect()
}
