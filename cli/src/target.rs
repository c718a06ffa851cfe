//! Which live cluster a command is about.

use shared::eks::{Cluster, ClusterTarget, ConnectError};

/// One way to a cluster; without any the environment's (`NIGHTSHIFT_KUBE_ENDPOINT`) or the kubeconfig's current context.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TargetArguments {
    /// A context of the kubeconfig.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["endpoint", "cluster"])]
    pub(crate) context: Option<String>,
    /// The address of a Kubernetes API that asks for no credentials.
    #[arg(long, value_name = "URL", conflicts_with = "cluster")]
    pub(crate) endpoint: Option<String>,
    /// An EKS cluster, reached with AWS credentials.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// The EKS cluster's region.
    #[arg(long, requires = "cluster")]
    pub(crate) region: Option<String>,
}

impl TargetArguments {
    /// What is meant, `environment` being the value of `NIGHTSHIFT_KUBE_ENDPOINT` and `clusters` that of
    /// `NIGHTSHIFT_CLUSTERS`, of which the first gives an endpoint its name.
    fn target(&self, environment: Option<String>, clusters: Option<String>) -> ClusterTarget {
        let name = clusters.as_deref().and_then(|list| list.split([',', '@']).next()).unwrap_or_default().trim();
        let endpoint = |url: String| ClusterTarget::Endpoint { url, name: name.to_owned() };
        match (&self.cluster, &self.endpoint, &self.context) {
            (Some(name), ..) => ClusterTarget::Eks { name: name.clone(), region: self.region.clone() },
            (None, Some(url), _) => endpoint(url.clone()),
            (None, None, Some(context)) => ClusterTarget::Kubeconfig { context: Some(context.clone()) },
            (None, None, None) => match environment.filter(|url| !url.is_empty()) {
                Some(url) => endpoint(url),
                None => ClusterTarget::Kubeconfig { context: None },
            },
        }
    }

    /// Connects to it.
    pub(crate) async fn connect(&self) -> Result<Cluster, ConnectError> {
        let target =
            self.target(std::env::var("NIGHTSHIFT_KUBE_ENDPOINT").ok(), std::env::var("NIGHTSHIFT_CLUSTERS").ok());
        tracing::debug!(%target, "connecting");
        Cluster::connect(&target, &shared::aws::laptop_config().await).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_goes_before_the_environment() {
        let environment = || Some("http://127.0.0.1:1".to_owned());
        let context = TargetArguments { context: Some("prod".into()), ..TargetArguments::default() };
        assert_eq!(context.target(environment(), None), ClusterTarget::Kubeconfig { context: Some("prod".into()) });
        let nothing = TargetArguments::default();
        assert_eq!(
            nothing.target(environment(), Some("prod-eks@eu-west-1, stage-eks".into())),
            ClusterTarget::Endpoint { url: "http://127.0.0.1:1".into(), name: "prod-eks".into() }
        );
        assert_eq!(nothing.target(Some(String::new()), None), ClusterTarget::Kubeconfig { context: None });
    }
}
