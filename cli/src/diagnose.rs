//! `nightshift diagnose`: what is wrong with a cluster, live or from a snapshot directory.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

use shared::{
    diagnosis::{Cause, Diagnosis, Trigger, Verdict, diagnose},
    eks::ReadPlan,
    snapshot::Snapshot,
};

use crate::{Format, Outcome, target::TargetArguments};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The alarm that started it, an EventBridge "CloudWatch Alarm State Change" event; the snapshot's own `alarm.json`
    /// where it has one.
    #[arg(long, value_name = "EVENT.json")]
    alarm: Option<PathBuf>,
    /// How to print the diagnosis.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// End with exit code 1 when a cause is found.
    #[arg(long)]
    fail_on_cause: bool,
}

/// Where the cluster is read from: a directory, or else live.
#[derive(clap::Args)]
struct Source {
    /// A directory that `nightshift capture` or `kubectl cluster-info dump --output-directory` wrote.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["context", "endpoint", "cluster"])]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArguments,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{0} is not valid JSON: give an EventBridge event")]
    Json(PathBuf, #[source] serde_json::Error),
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let alarm = arguments.alarm.or_else(|| {
        let own = arguments.source.snapshot.as_ref()?.join("alarm.json");
        own.is_file().then_some(own)
    });
    let trigger = match alarm {
        Some(path) => read_alarm(&path)?,
        None => Trigger::default(),
    };
    let mut snapshot = arguments.source.read(&trigger).await?;
    snapshot.taken_at = snapshot.taken_at.or(trigger.since);
    let start = Instant::now();
    let mut diagnosis = diagnose(&snapshot, &trigger);
    diagnosis.elapsed_ms = start.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&diagnosis)?),
        Format::Text => print!("{}", text(&diagnosis)),
    }
    let found = diagnosis.verdict == Verdict::CauseFound;
    Ok(if found && arguments.fail_on_cause { Outcome::Finding } else { Outcome::Done })
}

impl Source {
    async fn read(self, trigger: &Trigger) -> Result<Snapshot, Box<dyn std::error::Error>> {
        match self.snapshot {
            Some(directory) => Ok(Snapshot::read_dir(&directory)?),
            None => Ok(self.target.connect().await?.read(&ReadPlan::about(trigger)).await?),
        }
    }
}

fn read_alarm(path: &Path) -> Result<Trigger, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read(path.to_owned(), source))?;
    let event = serde_json::from_slice(&bytes).map_err(|source| Error::Json(path.to_owned(), source))?;
    Ok(Trigger::from_alarm_event(&event))
}

/// The diagnosis for a terminal: the first cause in full, the others and what was ruled out in a line each.
fn text(diagnosis: &Diagnosis) -> String {
    let mut out = String::new();
    let _ = match diagnosis.verdict {
        Verdict::Healthy => writeln!(out, "healthy: nothing is wrong"),
        Verdict::Inconclusive => writeln!(out, "inconclusive: something is wrong, and the evidence does not say what"),
        Verdict::CauseFound => Ok(()),
    };
    for (index, cause) in diagnosis.causes.iter().enumerate() {
        let percent = (cause.confidence * 100.0).round();
        let _ = writeln!(out, "{}: {}  [{}, {percent}%]", cause.object, cause.summary, cause.id);
        if index == 0 {
            first(&mut out, diagnosis, cause);
        }
    }
    let open = diagnosis.verdict == Verdict::Inconclusive;
    for piece in diagnosis.evidence.iter().filter(|_| open).take(10) {
        let _ = writeln!(out, "  Seen      {}: {}", piece.object, piece.text);
    }
    for entry in &diagnosis.timeline {
        let _ = writeln!(out, "  {}  {}: {}", entry.time.strftime("%H:%M:%S"), entry.object, entry.what);
    }
    for other in diagnosis.rejected.iter().take(8) {
        let object = other.object.as_ref().map(|object| format!(" on {object}")).unwrap_or_default();
        let _ = writeln!(out, "  Ruled out {}{object}: {}", other.id, other.why);
    }
    for gap in &diagnosis.missing_evidence {
        let _ = writeln!(out, "  Missing   {gap}");
    }
    out
}

fn first(out: &mut String, diagnosis: &Diagnosis, cause: &Cause) {
    for affected in cause.affected.iter().take(8) {
        let _ = writeln!(out, "  Affects   {} {}", affected.object, affected.impact);
    }
    for piece in diagnosis.evidence.iter().filter(|piece| cause.evidence.contains(&piece.id)) {
        let _ = writeln!(out, "  Why       {}: {}", piece.object, piece.text);
    }
    for check in &cause.checks {
        let _ = writeln!(out, "  Look      {check}");
    }
    for action in &cause.actions {
        let _ = writeln!(out, "  Proposed  {:?} ({:?} risk): {}", action.action, action.risk, action.reason);
    }
}
