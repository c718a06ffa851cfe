//! `nightshift`: the laptop side of the same code that runs in the functions.

mod audit;
mod backtest;
mod capture;
mod check_config;
mod demo;
mod diagnose;
mod learn;
mod replay;
mod sim;
mod target;
mod thresholds;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// The night shift's work on an EKS cluster, from a terminal.
#[derive(Parser)]
#[command(name = "nightshift", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Diagnose a cluster, live or from a snapshot directory.
    Diagnose(diagnose::Arguments),
    /// Write a snapshot of a live cluster, in the layout of `kubectl cluster-info dump`.
    Capture(capture::Arguments),
    /// What a function would have done, over recorded data.
    Backtest(backtest::Arguments),
    /// Decide again what was decided in production, over what was known then, and show what differs.
    Replay(replay::Arguments),
    /// Verify or export the audit log of remediation.
    Audit(audit::Arguments),
    /// What incidents that are over teach: success rate, time to recover, accuracy, thresholds that would serve better.
    Learn(learn::Arguments),
    /// Run the whole product against a simulated cluster and show the Slack channel.
    Demo(demo::Arguments),
    /// Read, check and explain every setting.
    CheckConfig(check_config::Arguments),
    /// Threshold alarms: show what would change, make them in CloudWatch, or print them as Prometheus rules.
    Thresholds(thresholds::Arguments),
    /// Serve the simulated cluster, AWS account and Slack alone.
    Sim(sim::Arguments),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
}

/// How a command ended; the process's exit code.
enum Outcome {
    /// Done.
    Done,
    /// Done, and there was a finding that the caller asked to fail on.
    Finding,
}

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let outcome = runtime.block_on(async {
        match Arguments::parse().command {
            Command::Diagnose(arguments) => diagnose::run(arguments).await,
            Command::Capture(arguments) => capture::run(arguments).await,
            Command::Backtest(arguments) => backtest::run(arguments),
            Command::Replay(arguments) => replay::run(arguments).await,
            Command::Audit(arguments) => audit::run(arguments).await,
            Command::Learn(arguments) => learn::run(arguments).await,
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::CheckConfig(arguments) => check_config::run(arguments).await,
            Command::Thresholds(arguments) => thresholds::run(arguments).await,
            Command::Sim(arguments) => sim::run(arguments).await,
        }
    });
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Err(error) => fail(error.as_ref()),
    }
}

/// Bad usage or input: the whole chain of causes on one line, exit code 2.
fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("nightshift: {}", shared::chain(error));
    ExitCode::from(2)
}
