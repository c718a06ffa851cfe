//! The clients, each built once and only when it is first needed: a duplicate event needs the store and nothing else, and
//! what is not built costs no cold start.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_config::SdkConfig;
use shared::bedrock::{Analyst, KnowledgeBase, Limits};
use shared::config::{ClusterSettings, SecretError, SecretSource, Settings, TicketSettings};
use shared::eks::{Cluster, ClusterTarget, ConnectError, TargetError};
use shared::incident::publish::{Clock, Publisher};
use shared::metrics::{CloudWatch, MetricSource, Prometheus};
use shared::slack::{Slack, SlackConfig, SlackError};
use shared::snapshot::Snapshot;
use shared::store::{Store, StoreError};
use shared::tickets::{Desk, GitHub, Jira, TicketError, Tracker};
use tokio::sync::{Mutex, OnceCell};

use crate::collect::Kept;
use crate::render::Rendering;

/// The settings without which the function cannot work.
pub const REQUIRED: &[&str] = &["SLACK_BOT_TOKEN", "SLACK_CHANNEL", "NIGHTSHIFT_STORE"];

/// Why a client cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A setting that the caller made sure of is missing.
    #[error("{0} is not set; see docs/settings.md")]
    Missing(&'static str),
    /// The bot token.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Slack.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// No cluster is configured.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The cluster.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The tracker of tickets.
    #[error(transparent)]
    Ticket(#[from] TicketError),
}

/// The clients.
pub struct Clients {
    settings: Settings,
    aws: OnceCell<SdkConfig>,
    slack: OnceCell<Slack>,
    store: OnceCell<Store>,
    tracker: OnceCell<Option<Arc<Tracker>>>,
    clusters: Mutex<HashMap<String, Arc<Cluster>>>,
    pub(crate) kept: Mutex<HashMap<String, Kept>>,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

impl Clients {
    /// Clients by these settings; nothing is built yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            aws: OnceCell::new(),
            slack: OnceCell::new(),
            store: OnceCell::new(),
            tracker: OnceCell::new(),
            clusters: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// The same clients over a store that is already open.
    #[must_use]
    pub fn with_store(mut self, store: Store) -> Self {
        self.store = OnceCell::new_with(Some(store));
        self
    }

    /// The same clients with an AWS configuration that is already made.
    #[must_use]
    pub fn with_aws(mut self, config: SdkConfig) -> Self {
        self.aws = OnceCell::new_with(Some(config));
        self
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The AWS configuration.
    pub async fn aws(&self) -> &SdkConfig {
        self.aws.get_or_init(async || shared::aws::sdk_config()).await
    }

    /// Slack.
    pub async fn slack(&self) -> Result<&Slack, ClientError> {
        let build = || async {
            let token = self.settings.slack.bot_token.as_ref().ok_or(ClientError::Missing("SLACK_BOT_TOKEN"))?;
            let token = token.resolve(async || self.aws().await.clone()).await?;
            Ok(Slack::new(SlackConfig { token, api_url: self.settings.slack.api_url.clone() })?)
        };
        self.slack.get_or_try_init(build).await
    }

    /// The store.
    pub async fn store(&self) -> Result<&Store, ClientError> {
        let build = || async {
            let location = self.settings.store.as_ref().ok_or(ClientError::Missing("NIGHTSHIFT_STORE"))?;
            Ok(Store::open(location, async || self.aws().await.clone()).await?)
        };
        self.store.get_or_try_init(build).await
    }

    /// What opens tickets, where a tracker is configured.
    pub async fn desk(&self, clock: Clock) -> Result<Option<Desk>, ClientError> {
        let Some(settings) = &self.settings.tickets else { return Ok(None) };
        let build = || async {
            let resolve = async |token: &SecretSource| token.resolve(async || self.aws().await.clone()).await;
            let tracker = match settings {
                TicketSettings::Jira { url, project, issue_type, user, token } => {
                    Tracker::Jira(Jira::new(url, project, issue_type, user.as_deref(), &resolve(token).await?)?)
                }
                TicketSettings::GitHub { url, repository, token } => {
                    Tracker::GitHub(GitHub::new(url, repository, &resolve(token).await?)?)
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
        Ok(publisher.with_silence(self.settings.alert_silence))
    }

    /// The cluster of these settings. A connection that cannot be made is tried again by the next alarm.
    pub async fn cluster(&self, known: &ClusterSettings) -> Result<Arc<Cluster>, ClientError> {
        let mut clusters = self.clusters.lock().await;
        if let Some(cluster) = clusters.get(&known.name) {
            return Ok(Arc::clone(cluster));
        }
        let endpoint = self.settings.kube_endpoint.as_ref().map(url::Url::as_str);
        let target = ClusterTarget::from_settings(endpoint, Some(&known.name), known.region.as_deref())?;
        let cluster = Arc::new(Cluster::connect(&target, self.aws().await).await?);
        clusters.insert(known.name.clone(), Arc::clone(&cluster));
        Ok(cluster)
    }

    /// Takes in a reading of a cluster as if it had just been made, as an earlier alarm of a storm would leave it behind.
    pub async fn remember(&self, cluster: &str, namespaces: BTreeSet<String>, snapshot: Snapshot) {
        self.kept.lock().await.insert(cluster.to_owned(), Kept::new(namespaces, Arc::new(snapshot)));
    }

    /// Forgets the connection to a cluster, for example because its endpoint has moved.
    pub async fn forget(&self, known: &ClusterSettings) {
        self.clusters.lock().await.remove(&known.name);
    }

    /// Where metrics of a cluster are: CloudWatch, and Prometheus where it is configured.
    pub async fn metric_sources(&self, known: &ClusterSettings) -> Vec<Box<dyn MetricSource>> {
        let aws = self.aws().await;
        let mut sources: Vec<Box<dyn MetricSource>> = vec![Box::new(CloudWatch::new(aws))];
        let of_cluster = known.prometheus_url.clone();
        let address = of_cluster.or_else(|| self.settings.prometheus_url.as_ref().map(ToString::to_string));
        if let Some(address) = address {
            match Prometheus::new(&address, false, aws) {
                Ok(source) => sources.push(Box::new(source)),
                Err(error) => tracing::warn!(%error, "prometheus is left out"),
            }
        }
        sources
    }

    /// The knowledge base, where one is configured.
    pub async fn knowledge_base(&self) -> Option<KnowledgeBase> {
        let id = self.settings.bedrock.knowledge_base.as_ref()?;
        Some(KnowledgeBase::new(self.aws().await, id))
    }

    /// The Bedrock agent, where one is configured.
    pub async fn analyst(&self, limits: Limits) -> Option<Analyst> {
        let (agent, alias) = self.settings.bedrock.analysis.as_ref()?;
        Some(Analyst::new(self.aws().await, agent, alias, limits))
    }
}
