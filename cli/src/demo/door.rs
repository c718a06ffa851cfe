//! The product's door in the demo: `intake` behind a function URL that the simulated Slack knows, and the functions behind
//! the bus, each with its queue and rule.
//!
//! A function that has not been built is left out, and said so: the page then shows what the others do.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use sim::Sim;
use sim::bus::PRODUCT_BUS;
use sim::lambda::{FunctionProcess, FunctionSettings, FunctionUrl, Queue, find_binary};
use sim::slack::Connection;
use tokio::task::JoinHandle;

use super::product::environment;

/// A function behind the bus: its name, and the patterns of the events that its queue gets.
fn behind() -> [(&'static str, Value); 1] {
    [("slack-commands", json!({"detail-type": [{"prefix": "Slack "}]}))]
}

/// `intake` and what works behind it. Dropping it ends them.
pub(super) struct Door {
    _url: Option<FunctionUrl>,
    work: Vec<JoinHandle<()>>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.work.iter().for_each(JoinHandle::abort);
    }
}

impl Door {
    /// Opens it. `alarms` is the queue of the function that alerts and votes go to as well; the settings file is in
    /// `directory`.
    pub(super) async fn open(sim: &Sim, alarms: &Arc<Queue>, directory: &Path, logs: bool) -> Self {
        let mut door = Self { _url: None, work: Vec::new() };
        let rule = |pattern: &Value, queue: &Arc<Queue>| {
            if let Err(error) = sim.buses().rule(PRODUCT_BUS, pattern, queue) {
                eprintln!("nightshift: {error}");
            }
        };
        rule(&json!({"detail-type": ["Alert"]}), alarms);
        let votes = json!({"detail-type": ["Slack Interaction"], "detail": {"action_id": [{"prefix": "diagnosis."}]}});
        rule(&votes, alarms);
        for (name, pattern) in behind() {
            let Some(function) = start(sim, name, directory, logs).await else { continue };
            let queue = Arc::new(Queue::new(&format!("nightshift-{name}")));
            rule(&pattern, &queue);
            door.work.push(tokio::spawn(async move {
                loop {
                    queue.arrival().await;
                    for error in queue.drive(&function).await.errors {
                        eprintln!("nightshift: {name}: {error}");
                    }
                }
            }));
        }
        let Some(intake) = start(sim, "intake", directory, logs).await else { return door };
        match FunctionUrl::start(Arc::new(intake)).await {
            Ok(url) => {
                let connection = Connection::new(url.url(), sim::SIGNING_SECRET);
                match sim.slack().connect(connection).await {
                    Ok(()) => door._url = Some(url),
                    Err(error) => eprintln!("nightshift: {error}"),
                }
            }
            Err(error) => eprintln!("nightshift: no port for the function URL: {error}"),
        }
        door
    }
}

async fn start(sim: &Sim, name: &str, directory: &Path, logs: bool) -> Option<FunctionProcess> {
    let binary = match find_binary(name) {
        Ok(binary) => binary,
        Err(error) => {
            eprintln!("nightshift: left out: {error}");
            return None;
        }
    };
    let mut settings = FunctionSettings::new(&binary, environment(sim, directory));
    settings.region.clone_from(&sim.world().options().region);
    settings.echo_logs = logs;
    settings.concurrency = if name == "intake" { 4 } else { 1 };
    FunctionProcess::start_with(settings)
        .await
        .inspect_err(|error| eprintln!("nightshift: left out: {name} does not start: {error}"))
        .ok()
}
