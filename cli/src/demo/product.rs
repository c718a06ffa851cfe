//! The product in the demo: the functions that work by themselves, the queues in front of them, the table they share.
//!
//! `remediation` is left out where it has not been built; actions are proposed then, and nobody takes them up.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use sim::Sim;
use sim::bus::PRODUCT_BUS;
use sim::lambda::{
    BinaryNotFound, DriveReport, FunctionError, FunctionProcess, FunctionSettings, Queue, QueueSettings, find_binary,
};
use sim::world::Scenario;

use super::door::Door;

/// Settings that are taken over from the environment the demo is started in.
const PASSED_ON: [&str; 3] = ["NIGHTSHIFT_LANG", "NIGHTSHIFT_TZ", "RUST_LOG"];

/// As in infra/template.yaml: a storm is taken in in large batches, each of which edits a message once.
const BATCH: usize = 100;

/// The function that alarms go to.
const FUNCTION: &str = "alarm-analysis";

/// The function that carries out what is proposed.
const REMEDIATION: &str = "remediation";

/// The function that judges zones, where the scenario is about them.
const ZONES: &str = "gray-failure";

/// The table that all functions keep what they know in.
const TABLE: &str = "nightshift";

/// Who has which role: see [`sim::slack::PEOPLE`].
const ROLES: &str = "\
roles:
  - { role: viewer, users: ['*'] }
  - { role: operator, groups: [operators] }
  - { role: approver, groups: [approvers] }
";

/// The settings file of all functions.
const FILE: &str = "nightshift.yaml";

/// The product cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProductError {
    #[error(transparent)]
    NotBuilt(#[from] BinaryNotFound),
    #[error("no temporary directory for the settings file")]
    Folder(#[source] std::io::Error),
    #[error("{FUNCTION} does not start; run with --logs to see why")]
    Start(#[from] sim::lambda::StartError),
}

/// `alarm-analysis` and `remediation` with their queues, over an empty table.
pub(super) struct Product {
    function: FunctionProcess,
    queue: Arc<Queue>,
    remediation: Option<FunctionProcess>,
    zones: Option<FunctionProcess>,
    clicks: Arc<Queue>,
    folder: tempfile::TempDir,
}

impl Product {
    /// Starts it against `sim`.
    pub(super) async fn start(sim: &Sim, logs: bool) -> Result<Self, ProductError> {
        sim.account().stores.put_table(TABLE);
        let folder = tempfile::Builder::new().prefix("nightshift-demo-").tempdir().map_err(ProductError::Folder)?;
        std::fs::write(folder.path().join(FILE), file(sim)).map_err(ProductError::Folder)?;
        let function = FunctionProcess::start_with(settings(sim, &find_binary(FUNCTION)?, folder.path(), logs)).await?;
        let remediation = match find_binary(REMEDIATION) {
            Ok(binary) => Some(FunctionProcess::start_with(settings(sim, &binary, folder.path(), logs)).await?),
            Err(error) => {
                eprintln!("nightshift: left out: {error}");
                None
            }
        };
        let zones = match (sim.world().options().scenario, find_binary(ZONES)) {
            (Scenario::GrayFailure, Ok(binary)) => {
                Some(FunctionProcess::start_with(settings(sim, &binary, folder.path(), logs)).await?)
            }
            (Scenario::GrayFailure, Err(error)) => return Err(error.into()),
            _ => None,
        };
        let clicks = Arc::new(Queue::new("nightshift-remediation"));
        let pressed =
            json!({"detail-type": ["Slack Interaction"], "detail": {"action_id": [{"prefix": "remediation."}]}});
        if let Err(error) = sim.buses().rule(PRODUCT_BUS, &pressed, &clicks) {
            eprintln!("nightshift: {error}");
        }
        let queue = Arc::new(Queue::with_settings(
            "nightshift-alarms",
            QueueSettings { max_receive_count: 5, batch_size: BATCH, ..QueueSettings::default() },
        ));
        Ok(Self { function, queue, remediation, zones, clicks, folder })
    }

    /// Opens the door: what people do in Slack, and alerts, reach the product from now on.
    pub(super) async fn open(&self, sim: &Sim, logs: bool) -> Door {
        Door::open(sim, &self.queue, self.folder.path(), logs).await
    }

    /// Whether something waits for a function.
    pub(super) fn has_work(&self) -> bool {
        self.queue.depth() > 0 || self.clicks.depth() > 0
    }

    /// Sends the alarms that the world has raised since the last call; how many.
    pub(super) fn take_alarms(&self, sim: &Sim) -> usize {
        let events = sim.world().take_alarm_events();
        for event in &events {
            self.queue.send(event);
        }
        events.len()
    }

    /// Lets the functions work until their queues are empty.
    pub(super) async fn work(&self) -> DriveReport {
        let mut report = self.queue.drive(&self.function).await;
        if let Some(remediation) = &self.remediation {
            report.absorb(self.clicks.drive(remediation).await);
        }
        report
    }

    /// What the table's stream and the minute schedule send to `remediation`: it carries on what is not over.
    pub(super) async fn carry_on(&self) -> Result<(), FunctionError> {
        let Some(remediation) = &self.remediation else { return Ok(()) };
        remediation.invoke(&sweep()).await.map(drop)
    }

    /// What the minute schedule sends to `gray-failure`: it judges the zones' latest minutes.
    pub(super) async fn judge_zones(&self) -> Result<(), FunctionError> {
        let Some(zones) = &self.zones else { return Ok(()) };
        zones.invoke(&sweep()).await.map(drop)
    }

    /// What the minute schedule sends: the function finishes what an event should have.
    pub(super) async fn sweep(&self) -> Result<(), FunctionError> {
        self.function.invoke(&sweep()).await.map(drop)
    }

    /// The last lines that each function logged.
    pub(super) fn last_logs(&self, count: usize) -> Vec<String> {
        let last = |function: &FunctionProcess| {
            let logs = function.logs();
            logs[logs.len().saturating_sub(count)..].to_vec()
        };
        let of_remediation = self.remediation.as_ref().map(last).unwrap_or_default();
        let of_zones = self.zones.as_ref().map(last).unwrap_or_default();
        last(&self.function).into_iter().chain(of_remediation).chain(of_zones).collect()
    }
}

/// The settings file: who may do what, and that a zonal shift of the cluster and its load balancer may be proposed.
fn file(sim: &Sim) -> String {
    let options = sim.world().options();
    let (cluster, region, account) = (&options.cluster, &options.region, &options.account);
    let balancer = sim.world().load_balancer();
    let arn = format!("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{balancer}");
    sim.account().zonal_shifts.manage(&arn);
    format!("{ROLES}gray_failure:\n  {cluster}: {{ mode: ask, backfill_hours: 9, resources: [\"{arn}\"] }}\n")
}

/// What the minute schedule sends.
fn sweep() -> serde_json::Value {
    json!({"version": "0", "source": "nightshift", "detail-type": "Nightshift Sweep", "detail": {}})
}

/// How a function of the demo is run: one at a time, as its machine does much else.
fn settings(sim: &Sim, binary: &Path, folder: &Path, logs: bool) -> FunctionSettings {
    let mut settings = FunctionSettings::new(binary, environment(sim, folder));
    settings.region.clone_from(&sim.world().options().region);
    settings.echo_logs = logs;
    settings.concurrency = 1;
    settings
}

/// What a function gets to know; the settings file is in `folder`.
pub(super) fn environment(sim: &Sim, folder: &Path) -> Vec<(String, String)> {
    let mut environment = sim.environment();
    // As in production: the cluster by its name, its endpoint from EKS, a token made from the function's credentials.
    environment.retain(|(name, _)| name != "NIGHTSHIFT_KUBE_ENDPOINT");
    environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("dynamodb:{TABLE}")));
    environment.push(("NIGHTSHIFT_CONFIG".to_owned(), folder.join(FILE).display().to_string()));
    environment.extend(sim.github_environment());
    let passed_on = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    environment.extend(passed_on);
    environment
}
