//! `nightshift thresholds`: the threshold alarms that the settings ask for, made in CloudWatch or written as Prometheus rules.
//!
//! Without a flag it only shows what would change.

use std::path::PathBuf;

use shared::thresholds::{self, Plan};

use crate::{Outcome, check_config};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The settings' YAML file; that of NIGHTSHIFT_CONFIG where it is left out.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Make CloudWatch's alarms what the settings ask for.
    #[arg(long, conflicts_with = "prometheus")]
    apply: bool,
    /// Print the same lines as a rule file for Prometheus.
    #[arg(long)]
    prometheus: bool,
    /// End with exit code 1 when something is not as it should be.
    #[arg(long, conflicts_with_all = ["apply", "prometheus"])]
    fail_on_change: bool,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("no cluster is configured: set NIGHTSHIFT_CLUSTERS or `clusters` in the settings' file")]
    NoCluster,
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let settings = check_config::settings(arguments.config.as_deref()).await?;
    let levels = settings.structure.thresholds.clone().unwrap_or_default();
    if arguments.prometheus {
        print!("{}", thresholds::prometheus::rules(&levels).yaml()?);
        return Ok(Outcome::Done);
    }
    if settings.clusters.is_empty() {
        return Err(Error::NoCluster.into());
    }
    let aws = shared::aws::laptop_config().await;
    let (clusters, services) = (&settings.clusters, &settings.structure.services);
    let plans = thresholds::keep(&aws, clusters, services, &levels, arguments.apply).await?;
    plans.iter().for_each(|plan| show(plan, arguments.apply));
    let changes = plans.iter().any(|plan| !plan.is_empty());
    Ok(if changes && arguments.fail_on_change { Outcome::Finding } else { Outcome::Done })
}

fn show(plan: &Plan, applied: bool) {
    let done = |now: &'static str, later: &'static str| if applied { now } else { later };
    for alarm in &plan.create {
        println!("{} {}", done("made    ", "to make "), alarm.name);
    }
    for alarm in &plan.update {
        println!("{} {}", done("changed  ", "to change"), alarm.name);
    }
    for name in &plan.delete {
        println!("{} {name}", done("deleted  ", "to delete"));
    }
    for name in &plan.foreign {
        println!("left alone {name}: an alarm of this name is not ours");
    }
    println!(
        "{} to make, {} to change, {} to delete, {} as they should be",
        plan.create.len(),
        plan.update.len(),
        plan.delete.len(),
        plan.keep.len()
    );
}
