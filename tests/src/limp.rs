//! The function `gray-failure` in this process, in a night of sim, with `remediation` beside it.

use std::sync::Arc;
use std::time::Duration;

use gray_failure::{App, Clients};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::config::Settings;
use shared::deadline::Deadline;
use shared::store::Store;
use sim::fault::Faults;
use sim::slack::Message;
use sim::world::{Key, Kind, Scenario};
use sim::{Options, Sim};

use crate::memory::Memory;
use crate::night::{Clock, INVOCATION, Night, aws, batch};
use crate::remedy::Remedy;

/// A night in which a zone limps.
#[derive(Debug)]
pub struct Limp {
    /// The night, with the function that carries out what is proposed.
    pub remedy: Remedy,
    config: String,
}

/// The ARN of the public load balancer.
pub fn balancer(sim: &Sim) -> String {
    let options = sim.world().options();
    let (region, account) = (&options.region, &options.account);
    format!("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{}", sim.world().load_balancer())
}

/// The settings file: the public load balancer's zones, in this mode.
pub fn config(sim: &Sim, mode: &str) -> String {
    let arn = balancer(sim);
    format!(
        "roles:\n  - {{ role: viewer, users: ['*'] }}\n  - {{ role: approver, users: [U0LEAD0001, U0LEAD0002] }}\n\
         gray_failure:\n  prod-eks:\n    mode: {mode}\n    backfill_hours: 9\n    resources: [\"{arn}\"]\n"
    )
}

#[allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
impl Limp {
    /// A night in this mode; the zone limps from the first minute on.
    pub async fn new(mode: &str) -> Self {
        Self::of(Scenario::GrayFailure, mode).await
    }

    /// A night of another scenario.
    pub async fn of(scenario: Scenario, mode: &str) -> Self {
        let mut options = Options::stopped(scenario);
        options.world.history = Scenario::GrayFailure.history();
        let night = Night::new(options).await;
        night.sim.account().zonal_shifts.manage(&balancer(&night.sim));
        let config = config(&night.sim, mode);
        Self { remedy: Remedy::new(night, &config), config }
    }

    /// The same night once more, with faults that are its own and nothing told or kept yet.
    pub async fn beside(&self, faults: Faults, mode: &str) -> Self {
        self.beside_from(faults, mode, (Memory::default(), self.night().sim.world().now())).await
    }

    /// The same night once more, from this store and time on: what the world has measured since is read minute by minute.
    pub async fn beside_from(&self, faults: Faults, mode: &str, (store, at): (Memory, Timestamp)) -> Self {
        let sim = self.night().sim.beside(faults).await.unwrap();
        sim.account().zonal_shifts.manage(&balancer(&sim));
        let night = Night { sim, store, clock: Clock::at(at), more: Vec::new() };
        let config = config(&night.sim, mode);
        Self { remedy: Remedy::new(night, &config), config }
    }

    /// The same night with the cluster in another account, which these roles open.
    #[must_use]
    pub fn in_another_account(mut self, roles: [&str; 2]) -> Self {
        let line = self.remedy.night.move_away(roles);
        self.config.push_str(&line);
        Self { remedy: Remedy::new(self.remedy.night, &self.config), config: self.config }
    }

    /// The night.
    pub const fn night(&self) -> &Night {
        &self.remedy.night
    }

    /// The function, as a new process would have it: nothing of an earlier one is left but the store.
    pub fn app(&self) -> App {
        let environment = self.night().environment();
        let lookup = |name: &str| match name {
            "NIGHTSHIFT_CONFIG" => Some("nightshift.yaml".to_owned()),
            "NIGHTSHIFT_STORE" => Some("file:unused".to_owned()),
            _ => environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()),
        };
        let settings = Settings::from_lookup(gray_failure::REQUIRED, &lookup, &|_| Ok(self.config.clone())).unwrap();
        let clients =
            Clients::new(settings).with_store(Store::new(self.night().store.clone())).with_aws(aws(&environment));
        let clock: Clock = self.night().clock.clone();
        App::with(clients, Arc::new(move || clock.now()))
    }

    /// What the minute's schedule does; how many clusters were seen to.
    pub async fn sweep(&self) -> Value {
        let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        let app = self.app();
        Box::pin(app.handle(event, Deadline::within(INVOCATION))).await.unwrap()
    }

    /// An event, delivered by the queue; whether it was taken.
    pub async fn deliver(&self, event: &Value) -> bool {
        let app = self.app();
        let answer =
            Box::pin(app.handle(batch(std::slice::from_ref(event)), Deadline::within(INVOCATION))).await.unwrap();
        answer["batchItemFailures"] == json!([])
    }

    /// The databases, which the world puts into the zone that limps, are in another one: what remains of the zone the
    /// others can do without.
    pub fn with_databases_elsewhere(self) -> Self {
        let world = self.night().sim.world();
        let zone = format!("{}c", world.options().region);
        let of_zone =
            |node: &&Value| node["metadata"]["labels"]["topology.kubernetes.io/zone"].as_str() == Some(zone.as_str());
        let nodes = world.objects(Kind::Node, "");
        let node = nodes.iter().find(of_zone).unwrap()["metadata"]["name"].clone();
        for pod in world.objects(Kind::Pod, "data") {
            let key = Key::new("data", pod["metadata"]["name"].as_str().unwrap());
            world.merge(Kind::Pod, &key, &json!({ "spec": { "nodeName": node } }));
        }
        self
    }

    /// A minute passes in the world and on the clock.
    pub fn minute(&self) {
        self.night().sim.world().advance(SignedDuration::from_mins(1));
        self.night().clock.advance(Duration::from_secs(60));
    }

    /// Minutes pass, both functions at work in each.
    pub async fn pass(&self, minutes: usize) {
        for _ in 0..minutes {
            self.minute();
            self.sweep().await;
            self.remedy.sweep().await;
        }
    }

    /// Minutes pass until the thread's first message says so; how many.
    pub async fn pass_until(&self, most: usize, said: &str) -> usize {
        for passed in 0..most {
            if self.first().is_some_and(|message| message.text.contains(said)) {
                return passed;
            }
            self.pass(1).await;
        }
        let texts: Vec<String> = self.night().messages().into_iter().map(|message| message.text).collect();
        panic!("after {most} minutes nobody said {said:?}: {texts:?}; told is {}", self.told())
    }

    /// The first message of the zone's thread.
    pub fn first(&self) -> Option<Message> {
        let of_zone = |message: &Message| {
            message.metadata.as_ref().is_some_and(|metadata| metadata["event_type"] == "nightshift_zone")
        };
        let mut found = self.night().threads().into_iter().filter(of_zone);
        let first = found.next();
        assert!(found.next().is_none(), "one thread a suspicion");
        first
    }

    /// All that the thread's first message shows.
    pub fn told(&self) -> String {
        self.first().map(|message| crate::night::shown(&message)).unwrap_or_default()
    }
}
