//! The clients that this function has beside those of every function, made when they are first needed as well.

use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;
use std::sync::Arc;

use aws_config::SdkConfig;
use shared::bedrock::KnowledgeBase;
pub use shared::clients::ClientError;
use shared::config::{ClusterSettings, Settings, TicketSettings};
use shared::incident::publish::{Clock, Publisher};
use shared::metrics::{CloudWatch, MetricSource};
use shared::snapshot::{Gap, Snapshot};
use shared::store::Store;
use shared::tickets::{Desk, GitHub, Jira, Tracker};
use tokio::sync::{Mutex, OnceCell};

use crate::collect::Kept;
use crate::render::Rendering;

/// The clients.
#[derive(Debug)]
pub struct Clients {
    of_all: shared::clients::Clients,
    tracker: OnceCell<Option<Arc<Tracker>>>,
    pub(crate) kept: Mutex<HashMap<String, Kept>>,
}

impl Deref for Clients {
    type Target = shared::clients::Clients;

    fn deref(&self) -> &Self::Target {
        &self.of_all
    }
}

impl Clients {
    /// Clients by these settings; nothing is built yet.
    pub fn new(settings: Settings) -> Self {
        let of_all = shared::clients::Clients::new(settings);
        Self { of_all, tracker: OnceCell::new(), kept: Mutex::default() }
    }

    /// The same clients over a store that is already open.
    #[must_use]
    pub fn with_store(self, store: Store) -> Self {
        Self { of_all: self.of_all.with_store(store), ..self }
    }

    /// The same clients with an AWS configuration that is already made.
    #[must_use]
    pub fn with_aws(self, config: SdkConfig) -> Self {
        Self { of_all: self.of_all.with_aws(config), ..self }
    }

    /// What opens tickets, where a tracker is configured.
    pub async fn desk(&self, clock: Clock) -> Result<Option<Desk>, ClientError> {
        let Some(settings) = &self.settings().tickets else { return Ok(None) };
        let build = || async {
            let tracker = match settings {
                TicketSettings::Jira { url, project, issue_type, user, token } => {
                    Tracker::Jira(Jira::new(url, project, issue_type, user.as_deref(), &self.secret(token).await?)?)
                }
                TicketSettings::GitHub { url, repository, token } => {
                    Tracker::GitHub(GitHub::new(url, repository, &self.secret(token).await?)?)
                }
            };
            Ok::<_, ClientError>(Some(Arc::new(tracker)))
        };
        let tracker = self.tracker.get_or_try_init(build).await?.clone();
        let store = self.store().await?.clone();
        Ok(tracker.map(|tracker| Desk::new(store, tracker, clock)))
    }

    /// What shows incidents in Slack.
    pub async fn publisher(&self, rendering: Rendering, clock: Clock) -> Result<Publisher<Rendering>, ClientError> {
        let publisher = Publisher::new(self.store().await?.clone(), self.slack().await?.clone(), rendering, clock);
        Ok(publisher.with_silence(self.settings().alert_silence))
    }

    /// Takes in a reading of a cluster as if it had just been made, as an earlier alarm of a storm would leave it behind.
    pub async fn remember(&self, cluster: &str, namespaces: BTreeSet<String>, snapshot: Snapshot) {
        self.kept.lock().await.insert(cluster.to_owned(), Kept::new(namespaces, Arc::new(snapshot)));
    }

    /// Where metrics of a cluster are: CloudWatch, and Prometheus where it is configured. With what cannot be asked.
    pub async fn metric_sources(&self, known: &ClusterSettings) -> (Vec<Box<dyn MetricSource>>, Vec<Gap>) {
        let (mut sources, mut gaps): (Vec<Box<dyn MetricSource>>, Vec<Gap>) = Default::default();
        match self.aws_of(known).await {
            Ok(aws) => sources.push(Box::new(CloudWatch::new(&aws))),
            Err(error) => gaps.push(Gap { what: "metrics from CloudWatch".to_owned(), why: error.to_string() }),
        }
        match self.prometheus(known).await {
            Some(Ok(source)) => sources.push(Box::new(source)),
            Some(Err(error)) => gaps.push(Gap { what: "metrics from Prometheus".to_owned(), why: error.to_string() }),
            None => {}
        }
        (sources, gaps)
    }

    /// The knowledge base, where one is configured.
    pub async fn knowledge_base(&self) -> Option<KnowledgeBase> {
        let id = self.settings().bedrock.knowledge_base.as_ref()?;
        Some(KnowledgeBase::new(self.aws().await, id))
    }
}
