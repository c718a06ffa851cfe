//! The product in the demo: its function running, the queue in front of it, its store.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use sim::Sim;
use sim::lambda::{
    BinaryNotFound, DriveReport, FunctionError, FunctionProcess, FunctionSettings, Queue, QueueSettings, find_binary,
};

use super::door::Door;

/// Settings that are taken over from the environment the demo is started in.
const PASSED_ON: [&str; 3] = ["NIGHTSHIFT_LANG", "NIGHTSHIFT_TZ", "RUST_LOG"];

/// As in infra/template.yaml: a storm is taken in in large batches, each of which edits a message once.
const BATCH: usize = 100;

/// The function that alarms go to.
const FUNCTION: &str = "alarm-analysis";

/// The product cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProductError {
    #[error(transparent)]
    NotBuilt(#[from] BinaryNotFound),
    #[error("no temporary directory for the store")]
    Store(#[source] std::io::Error),
    #[error("{FUNCTION} does not start; run with --logs to see why")]
    Start(#[from] sim::lambda::StartError),
}

/// `alarm-analysis` with its queue and an empty store.
pub(super) struct Product {
    function: FunctionProcess,
    queue: Arc<Queue>,
    store: tempfile::TempDir,
}

impl Product {
    /// Starts it against `sim`.
    pub(super) async fn start(sim: &Sim, logs: bool) -> Result<Self, ProductError> {
        let store = tempfile::Builder::new().prefix("nightshift-demo-").tempdir().map_err(ProductError::Store)?;
        let mut settings =
            FunctionSettings::new(&find_binary(FUNCTION)?, environment(sim, &store.path().join("store.redb")));
        settings.region.clone_from(&sim.world().options().region);
        settings.echo_logs = logs;
        // The embedded store is one process's at a time, so one is all there can be.
        settings.concurrency = 1;
        let function = FunctionProcess::start_with(settings).await?;
        let queue = Arc::new(Queue::with_settings(
            "nightshift-alarms",
            QueueSettings { max_receive_count: 5, batch_size: BATCH, ..QueueSettings::default() },
        ));
        Ok(Self { function, queue, store })
    }

    /// Opens the door: what people do in Slack, and alerts, reach the product from now on.
    pub(super) async fn open(&self, sim: &Sim, logs: bool) -> Door {
        Door::open(sim, &self.queue, self.store.path(), logs).await
    }

    /// Whether something waits for the function.
    pub(super) fn has_work(&self) -> bool {
        self.queue.depth() > 0
    }

    /// Sends the alarms that the world has raised since the last call; how many.
    pub(super) fn take_alarms(&self, sim: &Sim) -> usize {
        let events = sim.world().take_alarm_events();
        for event in &events {
            self.queue.send(event);
        }
        events.len()
    }

    /// Lets the function work until the queue is empty.
    pub(super) async fn work(&self) -> DriveReport {
        self.queue.drive(&self.function).await
    }

    /// What the minute schedule sends: the function finishes what an event should have.
    pub(super) async fn sweep(&self) -> Result<(), FunctionError> {
        let event = json!({"version": "0", "source": "nightshift", "detail-type": "Nightshift Sweep", "detail": {}});
        self.function.invoke(&event).await.map(drop)
    }

    /// The last lines that the function logged.
    pub(super) fn last_logs(&self, count: usize) -> Vec<String> {
        let logs = self.function.logs();
        logs[logs.len().saturating_sub(count)..].to_vec()
    }
}

/// What a function gets to know, with its store in the file `store`.
pub(super) fn environment(sim: &Sim, store: &Path) -> Vec<(String, String)> {
    let mut environment = sim.environment();
    // As in production: the cluster by its name, its endpoint from EKS, a token made from the function's credentials.
    environment.retain(|(name, _)| name != "NIGHTSHIFT_KUBE_ENDPOINT");
    environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("file:{}", store.display())));
    let passed_on = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    environment.extend(passed_on);
    environment
}
