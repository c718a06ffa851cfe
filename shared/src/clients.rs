//! The clients of a function, each built once and only when it is first needed: a duplicate event needs the store and
//! nothing else, and what is not built costs no cold start.
//!
//! Here is what more than one function has; what one alone has, it keeps beside these.

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use tokio::sync::{Mutex, OnceCell};

use crate::aws::account::config_for;
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
    /// The role by which a cluster of another account is reached.
    #[error(
        "the role {role} for cluster {cluster} cannot be assumed ({why}): allow this function's role sts:AssumeRole on it, \
         and name this function's role in its trust policy"
    )]
    Role {
        /// The role.
        role: String,
        /// The cluster it is for.
        cluster: String,
        /// What STS said.
        why: String,
    },
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
    /// By cluster, where it has a region or a role of its own.
    aws_of: Mutex<HashMap<String, SdkConfig>>,
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
            aws_of: Mutex::default(),
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

    /// The same clients for what changes clusters, by the roles that may.
    #[must_use]
    pub fn changing(mut self) -> Self {
        for cluster in &mut self.settings.clusters {
            if let Some(role) = cluster.remediation_role_arn.take() {
                cluster.role_arn = Some(role);
            }
        }
        self
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The AWS configuration of the function's own region and account.
    pub async fn aws(&self) -> &SdkConfig {
        self.aws.get_or_init(async || crate::aws::sdk_config()).await
    }

    /// The AWS configuration for what concerns a cluster: in its region, by the role for its account.
    ///
    /// # Errors
    ///
    /// Where the role cannot be assumed: said as such here, and not as the trouble of whichever call comes first.
    pub async fn aws_of(&self, known: &ClusterSettings) -> Result<SdkConfig, ClientError> {
        let config = self.unproven_aws_of(known).await;
        if let (Some(role), Some(credentials)) = (&known.role_arn, config.credentials_provider()) {
            credentials.provide_credentials().await.map_err(|error| ClientError::Role {
                role: role.clone(),
                cluster: known.name.clone(),
                why: crate::chain(&error),
            })?;
        }
        Ok(config)
    }

    /// The same without having asked for the role.
    async fn unproven_aws_of(&self, known: &ClusterSettings) -> SdkConfig {
        let (region, role) = (known.region.as_deref(), known.role_arn.as_deref());
        if (region, role) == (None, None) {
            return self.aws().await.clone();
        }
        let mut configs = self.aws_of.lock().await;
        if let Some(config) = configs.get(&known.name) {
            return config.clone();
        }
        let config = config_for(self.aws().await, region, role).await;
        configs.insert(known.name.clone(), config.clone());
        config
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
        let aws = match &target {
            ClusterTarget::Eks { .. } => self.aws_of(known).await?,
            _ => self.aws().await.clone(),
        };
        let cluster = Arc::new(Cluster::connect(&target, &aws).await?);
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

        let aws = self.aws_of(known).await?;
        let unknown = |why: String| ClientError::Arn(known.name.clone(), why);
        let region = aws.region().ok_or_else(|| unknown("no region is set".to_owned()))?.as_ref();
        let request = Request {
            service: "eks",
            region,
            method: "GET",
            address: &format!("{}/clusters/{}", endpoint(&aws, "EKS", region), known.name),
            headers: &[],
            body: Vec::new(),
            time: std::time::Duration::from_secs(5),
        };
        let answer = send(&aws, &request).await.map_err(|error| unknown(error.to_string()))?;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let arn = body["cluster"]["arn"].as_str().map(str::to_owned);
        arn.ok_or_else(|| unknown(format!("HTTP status {} without a cluster", answer.status)))
    }

    /// ARC in the region and account of the cluster of this name.
    ///
    /// # Errors
    ///
    /// Where it is none of the configured ones, or its account's role cannot be assumed.
    #[cfg(feature = "zonal-shift")]
    pub async fn zonal_shifts(&self, name: &str) -> Result<crate::zonal::read::ZonalShifts, ClientError> {
        Ok(crate::zonal::read::ZonalShifts::new(&self.aws_of(self.known(name)?).await?))
    }

    /// Prometheus, where it is configured for this cluster; an error says what is wrong with the setting. A workspace of AMP
    /// that is the cluster's own is asked in the cluster's account, the one for all in the function's.
    #[cfg(feature = "prometheus")]
    pub async fn prometheus(
        &self,
        known: &ClusterSettings,
    ) -> Option<Result<crate::metrics::Prometheus, crate::metrics::PrometheusError>> {
        use crate::metrics::Prometheus;

        if let Some(address) = &known.prometheus_url {
            return Some(Prometheus::new(address, false, &self.unproven_aws_of(known).await));
        }
        let address = self.settings.prometheus_url.as_ref()?;
        Some(Prometheus::new(address.as_str(), false, self.aws().await))
    }

    /// The Bedrock agent, where one is configured.
    #[cfg(feature = "bedrock")]
    pub async fn analyst(&self, limits: crate::bedrock::Limits) -> Option<crate::bedrock::Analyst> {
        let (agent, alias) = self.settings.bedrock.analysis.as_ref()?;
        Some(crate::bedrock::Analyst::new(self.aws().await, agent, alias, limits))
    }
}
