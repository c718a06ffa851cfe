//! The clients, each built once and only when it is first needed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use shared::aws::signed::{Request, endpoint, send};
use shared::config::{ClusterSettings, SecretError, Settings};
use shared::eks::{Cluster, ClusterTarget, ConnectError, TargetError};
use shared::slack::{Slack, SlackConfig, SlackError};
use shared::store::{Store, StoreError};
use tokio::sync::{Mutex, OnceCell};

/// The settings without which the function cannot work.
pub const REQUIRED: &[&str] = &["SLACK_BOT_TOKEN", "SLACK_CHANNEL", "NIGHTSHIFT_STORE"];

/// Why a client cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A setting that the caller made sure of is missing.
    #[error("{0} is not set; see docs/settings.md")]
    Missing(&'static str),
    /// The cluster is none of the configured ones.
    #[error("cluster {0} is none of the configured ones; add it to NIGHTSHIFT_CLUSTERS")]
    UnknownCluster(String),
    /// The cluster's ARN, for which a shift is begun.
    #[error("the ARN of cluster {0} is not known: {1}")]
    Arn(String, String),
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
}

/// The clients.
pub struct Clients {
    settings: Settings,
    aws: OnceCell<SdkConfig>,
    slack: OnceCell<Slack>,
    store: OnceCell<Store>,
    clusters: Mutex<HashMap<String, Arc<Cluster>>>,
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
            clusters: Mutex::default(),
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

    pub(crate) async fn aws(&self) -> &SdkConfig {
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

    /// The cluster of this name.
    pub async fn cluster(&self, name: &str) -> Result<Arc<Cluster>, ClientError> {
        let mut clusters = self.clusters.lock().await;
        if let Some(cluster) = clusters.get(name) {
            return Ok(Arc::clone(cluster));
        }
        let known: &ClusterSettings = self
            .settings
            .clusters
            .iter()
            .find(|known| known.name == name)
            .ok_or_else(|| ClientError::UnknownCluster(name.to_owned()))?;
        let endpoint = self.settings.kube_endpoint.as_ref().map(|url| url.as_str());
        let target = ClusterTarget::from_settings(endpoint, Some(&known.name), known.region.as_deref())?;
        let cluster = Arc::new(Cluster::connect(&target, self.aws().await).await?);
        clusters.insert(name.to_owned(), Arc::clone(&cluster));
        Ok(cluster)
    }

    /// Forgets the connection to a cluster, for example because its endpoint has moved.
    pub async fn forget(&self, name: &str) {
        self.clusters.lock().await.remove(name);
    }
}

/// Time of asking for a cluster's ARN.
const ARN: Duration = Duration::from_secs(5);

impl Clients {
    /// The ARN of a cluster, as EKS has it.
    /// <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html>
    pub async fn cluster_arn(&self, known: &ClusterSettings) -> Result<String, ClientError> {
        let aws = self.aws().await;
        let own = aws.region().map(|region| region.as_ref().to_owned());
        let unknown = |why: String| ClientError::Arn(known.name.clone(), why);
        let region = known.region.clone().or(own).ok_or_else(|| unknown("no region is set".to_owned()))?;
        let request = Request {
            service: "eks",
            region: &region,
            method: "GET",
            address: &format!("{}/clusters/{}", endpoint(aws, "EKS", &region), known.name),
            headers: &[],
            body: Vec::new(),
            time: ARN,
        };
        let answer = send(aws, &request).await.map_err(|error| unknown(error.to_string()))?;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let arn = body["cluster"]["arn"].as_str().map(str::to_owned);
        arn.ok_or_else(|| unknown(format!("HTTP status {} without a cluster", answer.status)))
    }
}
