//! The function `remediation` in this process, in a night of sim.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::SignedDuration;
use remediation::{App, Clients};
use serde_json::{Value, json};
use shared::config::Settings;
use shared::deadline::Deadline;
use shared::remediation::audit::verify;
use shared::remediation::policy::Policies;
use shared::remediation::{Action, Case, CaseId, Told, propose};
use shared::store::{KeptCase, Store};
use sim::world::{Key, Kind};

use crate::night::{INVOCATION, Night, aws, batch};
use crate::trouble::attempt;

/// A night with the function in it.
#[derive(Debug)]
pub struct Remedy {
    /// The night.
    pub night: Night,
    config: String,
    /// Settings in addition.
    pub more: Vec<(&'static str, &'static str)>,
    /// Policies are read and validated once: that takes longer than all else in an invocation.
    policies: OnceLock<Arc<Policies>>,
    /// Another way to the cluster, where it does not allow everything.
    kube: Option<String>,
}

/// A click by this user on a button of a case's message, as intake publishes it.
pub fn click(action_id: &str, case: &Case, user: &str) -> Value {
    json!({
        "version": "0", "source": "nightshift.intake", "detail-type": "Slack Interaction",
        "detail": {
            "id": format!("act-{action_id}-{user}"), "kind": "block_actions", "user_id": user, "action_id": action_id,
            "value": remediation::message::value(case), "received_at": "2026-11-21T03:00:00Z",
        },
    })
}

#[allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
impl Remedy {
    /// The function in this night, with this settings file.
    pub fn new(night: Night, config: &str) -> Self {
        Self { night, config: config.to_owned(), more: Vec::new(), policies: OnceLock::new(), kube: None }
    }

    /// The same function in another night.
    #[must_use]
    pub fn again(&self, night: Night) -> Self {
        let (policies, kube) = (self.policies.clone(), self.kube.clone());
        Self { night, config: self.config.clone(), more: self.more.clone(), policies, kube }
    }

    /// The same against an API that denies this verb on this resource.
    pub async fn denying(night: Night, config: &str, verb: &str, resource: &str) -> Self {
        let denied = sim::kube::Denied { verb: verb.to_owned(), resource: resource.to_owned(), ..Default::default() };
        let router = sim::kube::router_denying(Arc::clone(night.sim.world()), vec![denied]);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let kube = Some(format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { night, config: config.to_owned(), more: Vec::new(), policies: OnceLock::new(), kube }
    }

    /// The function, as a new process would have it: nothing of an earlier one is left but the store.
    pub fn app(&self) -> App {
        let environment = self.night.environment();
        let lookup = |name: &str| match name {
            "NIGHTSHIFT_CONFIG" => Some("nightshift.yaml".to_owned()),
            "NIGHTSHIFT_STORE" => Some("file:unused".to_owned()),
            "NIGHTSHIFT_KUBE_ENDPOINT" if self.kube.is_some() => self.kube.clone(),
            _ if self.more.iter().any(|(key, _)| *key == name) => {
                self.more.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            }
            _ => environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()),
        };
        let settings = Settings::from_lookup(remediation::REQUIRED, &lookup, &|_| Ok(self.config.clone())).unwrap();
        let store = Store::new(self.night.store.clone());
        let clients = Clients::new(settings).with_store(store).with_aws(aws(&environment));
        let clock = self.night.clock.clone();
        let more = clients.settings().structure.remediation.policies.clone();
        let policies = || Arc::new(Policies::with(&more.into_iter().collect::<Vec<_>>()).unwrap());
        App::judging(Arc::clone(self.policies.get_or_init(policies)), clients, Arc::new(move || clock.now()))
    }

    /// The store, for the test's own looks at it.
    pub fn store(&self) -> Store {
        Store::new(self.night.store.quietly())
    }

    /// What the minute's schedule does.
    pub async fn sweep(&self) {
        let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        let app = self.app();
        Box::pin(app.handle(event, Deadline::within(INVOCATION))).await.unwrap();
    }

    /// One attempt by a new process, which ends where the store says so or, where it `crashes`, with a call that is left without
    /// an answer; whether it succeeded.
    pub async fn attempt(&self, event: Value, limit: Duration, crashes: bool) -> bool {
        let app = self.app();
        let invocation = Box::pin(app.handle(event, Deadline::within(limit)));
        let answer = attempt(invocation, &self.night.store, self.night.sim.faults(), crashes).await;
        let answer = answer.and_then(Result::ok);
        answer.is_some_and(|answer| answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty))
    }

    /// A click, delivered by the queue.
    pub async fn click(&self, event: &Value) {
        let app = self.app();
        let answer =
            Box::pin(app.handle(batch(std::slice::from_ref(event)), Deadline::within(INVOCATION))).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }

    /// Time passes in the world and on the clock, a sweep a minute.
    pub async fn pass(&self, time: SignedDuration) {
        for _ in 0..time.as_mins() {
            self.night.sim.world().advance(SignedDuration::from_mins(1));
            self.night.clock.advance(Duration::from_secs(60));
            self.sweep().await;
        }
    }

    /// Proposes an action, as a person would who asks for it.
    pub async fn propose(&self, action: Action) -> CaseId {
        let now = self.night.clock.now();
        let proposal = propose::by_person("prod-eks", action, "of the test", "U0ASKS0001", now);
        let told = Told { channel: sim::slack::ALERTS_CHANNEL.to_owned(), ..Told::default() };
        let case = Case::new(proposal, shared::diagnosis::Trigger::default(), told);
        self.store().open_case(&case, now).await.unwrap().case.id
    }

    /// A case as it is kept.
    pub async fn case(&self, id: &CaseId) -> Case {
        let kept: KeptCase = self.store().case(id, self.night.clock.now()).await.unwrap().unwrap();
        kept.case
    }

    /// The case that is not over and is about an action of this name.
    pub async fn case_of(&self, action: &str) -> Case {
        let open = self.store().open_cases(100, self.night.clock.now()).await.unwrap();
        let names: Vec<_> = open.iter().map(|kept| kept.case.proposal.action.name()).collect();
        let found = open.iter().find(|kept| kept.case.proposal.action.name() == action);
        found.unwrap_or_else(|| panic!("no {action} among {names:?}")).case.clone()
    }

    /// A case's message as it stands in Slack.
    pub fn message(&self, case: &Case) -> Value {
        let ts = case.told.message_ts.clone().unwrap();
        let found = self.night.messages().into_iter().filter(|message| message.ts == ts).collect::<Vec<_>>();
        assert_eq!(found.len(), 1);
        json!({ "text": found[0].text, "blocks": found[0].blocks, "attachments": found[0].attachments, "thread_ts": found[0].thread_ts })
    }

    /// What the audit log says of a case, in order.
    pub async fn audited(&self, id: &CaseId) -> Vec<String> {
        let entries = self.store().audit_entries(0, 1000, self.night.clock.now()).await.unwrap();
        entries.into_iter().filter(|entry| entry.note.case == *id).map(|entry| entry.note.event).collect()
    }

    /// Verifies the audit log; returns how many entries hold.
    pub async fn audit_holds(&self) -> u64 {
        let now = self.night.clock.now();
        let (store, mut entries) = (self.store(), Vec::new());
        entries.extend(store.audit_entries(0, 1000, now).await.unwrap());
        verify(&entries, store.audit_head(now).await.unwrap().as_ref()).unwrap()
    }

    /// An object of the world.
    pub fn object(&self, kind: Kind, namespace: &str, name: &str) -> Option<Value> {
        self.night.sim.world().object(kind, &Key::new(namespace, name))
    }

    /// The pods of an application.
    pub fn pods(&self, namespace: &str, app: &str) -> Vec<Value> {
        let mut pods = self.night.sim.world().objects(Kind::Pod, namespace);
        pods.retain(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == app);
        pods
    }

    /// Changes an object as somebody else would.
    pub async fn patch(&self, kind: Kind, namespace: &str, name: &str, patch: &Value) {
        self.night.sim.world().merge(kind, &Key::new(namespace, name), patch);
    }

    /// Lets time pass until a pod waits in CrashLoopBackOff.
    pub async fn wait_for_back_off(&self, namespace: &str, pod: &str) {
        let waits = |world: &sim::world::World| {
            world.object(Kind::Pod, &Key::new(namespace, pod)).is_some_and(|pod| {
                pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
            })
        };
        let before = self.night.sim.world().now();
        assert!(self.night.sim.world().advance_until(SignedDuration::from_mins(10), waits));
        let passed = self.night.sim.world().now().duration_since(before);
        self.night.clock.advance(Duration::try_from(passed).unwrap());
    }
}
