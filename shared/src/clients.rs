//! The clients of a function, each built once and only when it is first needed: a duplicate event needs the store and
//! nothing else, and what is not built costs no cold start.
//!
//! Here is what more than one function has; what one alone has, it keeps beside these.

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use tokio::sync::{Mutex, OnceCell};

use crate::config::{ClusterSettings, Secret, SecretError, SecretSource, Settings};
use crate::eks::{Cluster, ClusterTarget, ConnectError, TargetError};
use crate::slack::{Slack, SlackConfig, SlackError};
use crate::store::{Store, StoreError};

/// Why a client cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A setting that the caller made sure of is missing.
    #[error("{0} is not set; see docs/settings.md")]
    Missing(&'static str),
    /// The cluster is none of the configured ones.
    #[error("cluster {0} is none of the configured ones; add it to NIGHTSHIFT_CLUSTERS")]
    UnknownCluster(String),
    /// A token.
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
    #[cfg(feature = "tickets")]
    #[error(transparent)]
    Ticket(#[from] crate::tickets::TicketError),
    /// A cluster's ARN.
    #[cfg(feature = "signed")]
    #[error("the ARN of cluster {0} is not known: {1}")]
    Arn(String, String),
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

    /// The AWS configuration.
    pub async fn aws(&self) -> &SdkConfig {
        self.aws.get_or_init(async || crate::aws::sdk_config()).await
    }

    /// A secret's value.
    ///
    /// # Errors
    ///
    /// Where Secrets Manager does not give it.
    pub async fn secret(&self, source: &SecretSource) -> Result<Secret, SecretError> {
        source.resolve(async || self.aws().await.clone()).await
    }

    /// Slack.
    ///
    /// # Errors
    ///
    /// Where there is no bot token.
    pub async fn slack(&self) -> Result<&Slack, ClientError> {
        let build = || async {
            let settings = &self.settings.slack;
            let token = settings.bot_token.as_ref().ok_or(ClientError::Missing("SLACK_BOT_TOKEN"))?;
            Ok(Slack::new(SlackConfig { token: self.secret(token).await?, api_url: settings.api_url.clone() })?)
        };
        self.slack.get_or_try_init(build).await
    }

    /// The store.
    ///
    /// # Errors
    ///
    /// Where none is set, or its file cannot be opened.
    pub async fn store(&self) -> Result<&Store, ClientError> {
        let build = || async {
            let location = self.settings.store.as_ref().ok_or(ClientError::Missing("NIGHTSHIFT_STORE"))?;
            Ok(Store::open(location, async || self.aws().await.clone()).await?)
        };
        self.store.get_or_try_init(build).await
    }

    /// What is set of the cluster of this name.
    ///
    /// # Errors
    ///
    /// Where it is none of the configured ones.
    pub fn known(&self, name: &str) -> Result<&ClusterSettings, ClientError> {
        let known = self.settings.clusters.iter().find(|known| known.name == name);
        known.ok_or_else(|| ClientError::UnknownCluster(name.to_owned()))
    }

    /// The cluster of this name. A connection that cannot be made is tried again by whoever asks next.
    ///
    /// # Errors
    ///
    /// Where it is none of the configured ones, or there is no way to it.
    pub async fn cluster(&self, name: &str) -> Result<Arc<Cluster>, ClientError> {
        let mut clusters = self.clusters.lock().await;
        if let Some(cluster) = clusters.get(name) {
            return Ok(Arc::clone(cluster));
        }
        let known = self.known(name)?;
        let endpoint = self.settings.kube_endpoint.as_ref().map(url::Url::as_str);
        let target = ClusterTarget::from_settings(endpoint, Some(&known.name), known.region.as_deref())?;
        let cluster = Arc::new(Cluster::connect(&target, self.aws().await).await?);
        clusters.insert(name.to_owned(), Arc::clone(&cluster));
        Ok(cluster)
    }

    /// Forgets the connection to a cluster, for example because its endpoint has moved.
    pub async fn forget(&self, name: &str) {
        self.clusters.lock().await.remove(name);
    }

    /// The ARN of a cluster, as EKS has it.
    /// <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html>
    ///
    /// # Errors
    ///
    /// Where EKS does not say it.
    #[cfg(feature = "signed")]
    pub async fn cluster_arn(&self, known: &ClusterSettings) -> Result<String, ClientError> {
        use crate::aws::signed::{Request, endpoint, send};

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
            time: std::time::Duration::from_secs(5),
        };
        let answer = send(aws, &request).await.map_err(|error| unknown(error.to_string()))?;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let arn = body["cluster"]["arn"].as_str().map(str::to_owned);
        arn.ok_or_else(|| unknown(format!("HTTP status {} without a cluster", answer.status)))
    }

    /// ARC in the region of the cluster of this name.
    ///
    /// # Errors
    ///
    /// Where it is none of the configured ones.
    #[cfg(feature = "zonal-shift")]
    pub async fn zonal_shifts(&self, name: &str) -> Result<crate::zonal::read::ZonalShifts, ClientError> {
        use crate::zonal::read::ZonalShifts;

        let known = self.known(name)?;
        let aws = self.aws().await;
        Ok(match &known.region {
            Some(region) => ZonalShifts::new(&aws.to_builder().region(aws_config::Region::new(region.clone())).build()),
            None => ZonalShifts::new(aws),
        })
    }

    /// Prometheus, where it is configured for this cluster; an error says what is wrong with the setting.
    #[cfg(feature = "prometheus")]
    pub async fn prometheus(
        &self,
        known: &ClusterSettings,
    ) -> Option<Result<crate::metrics::Prometheus, crate::metrics::PrometheusError>> {
        let of_cluster = known.prometheus_url.clone();
        let address = of_cluster.or_else(|| self.settings.prometheus_url.as_ref().map(ToString::to_string))?;
        Some(crate::metrics::Prometheus::new(&address, false, self.aws().await))
    }

    /// The Bedrock agent, where one is configured.
    #[cfg(feature = "bedrock")]
    pub async fn analyst(&self, limits: crate::bedrock::Limits) -> Option<crate::bedrock::Analyst> {
        let (agent, alias) = self.settings.bedrock.analysis.as_ref()?;
        Some(crate::bedrock::Analyst::new(self.aws().await, agent, alias, limits))
    }
}
