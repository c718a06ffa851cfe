//! `nightshift backtest`: what a function would have done, over recorded data.

mod chart;
mod read;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use gray_failure::decide::{Call, Evidence, Memory, Rules, Statement};
use serde::Serialize;

use crate::{Format, Outcome};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Which zones would have been left, and when.
    GrayFailure(GrayFailure),
}

#[derive(clap::Args)]
struct GrayFailure {
    /// A CSV with the columns timestamp, zone, requests, faults, latency_ms and instances: a row for each minute and zone.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Draw the picture: an SVG.
    #[arg(long, value_name = "FILE.svg")]
    chart: Option<PathBuf>,
    /// How to print what there is to say.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// False shifts a zone and year that are accepted.
    #[arg(long, value_name = "RATE")]
    false_shifts: Option<f64>,
}

/// A line of output.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: jiff::Timestamp,
    zone: &'a str,
    decision: Call,
    reason: String,
    evidence: &'a Evidence,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("--false-shifts has to be above 0")]
    Rate,
    #[error("cannot write {0}")]
    Write(PathBuf, #[source] std::io::Error),
}

pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let What::GrayFailure(arguments) = arguments.what;
    gray_failure(&arguments)
}

fn gray_failure(arguments: &GrayFailure) -> Result<Outcome, Box<dyn std::error::Error>> {
    let mut rules = Rules::default();
    if let Some(rate) = arguments.false_shifts {
        if rate.is_nan() || rate <= 0.0 {
            return Err(Error::Rate.into());
        }
        rules.false_shifts_per_zone_year = rate;
    }
    let recorded = read::minutes(&arguments.input)?;
    for note in &recorded.notes {
        eprintln!("nightshift: {}: {note}", arguments.input.display());
    }
    let mut memory = Memory::default();
    let statements: Vec<Statement> = recorded.minutes.iter().flat_map(|minute| memory.step(minute, &rules)).collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for statement in &statements {
        let reason = sentence(statement);
        match arguments.format {
            Format::Json => {
                let line = Line {
                    timestamp: statement.timestamp,
                    zone: &statement.zone.0,
                    decision: statement.decision,
                    reason,
                    evidence: &statement.evidence,
                };
                serde_json::to_writer(&mut out, &line)?;
                writeln!(out)?;
            }
            Format::Text => {
                let decision = format!("{:?}", statement.decision).to_lowercase();
                writeln!(out, "{}  {decision:<6}  {}", statement.timestamp, reason)?;
            }
        }
    }
    out.flush()?;
    if let Some(path) = &arguments.chart {
        write_chart(path, &recorded.minutes, &statements)?;
    }
    Ok(Outcome::Done)
}

fn write_chart(
    path: &Path,
    minutes: &[gray_failure::decide::Minute],
    statements: &[Statement],
) -> Result<(), Box<dyn std::error::Error>> {
    let picture = chart::svg(minutes, statements)?;
    std::fs::write(path, picture).map_err(|source| Error::Write(path.to_owned(), source))?;
    Ok(())
}

/// The reason with its numbers.
fn sentence(statement: &Statement) -> String {
    let Statement { zone, reason, evidence, .. } = statement;
    let mut text = format!("{zone} {reason}");
    let mut numbers = Vec::new();
    if evidence.requests > 0.0 {
        numbers.push(format!(
            "{:.3} % of requests fail, expected {:.3} %",
            evidence.fault_percent,
            100.0 * evidence.expected_faults / evidence.requests
        ));
    }
    if let (Some(latency), Some(times)) = (evidence.latency_ms, evidence.latency_times_others)
        && times >= 1.1
    {
        numbers.push(format!("latency {latency:.0} ms, {times:.1} times as long as expected"));
    }
    if !numbers.is_empty() {
        text.push_str(&format!(" ({}, over {} min)", numbers.join("; "), evidence.minutes));
    }
    text
}
