//! Which cluster is meant.

use std::fmt;

/// A cluster and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterTarget {
    /// An EKS cluster: endpoint and certificate authority from `eks:DescribeCluster`, bearer token from a presigned call.
    Eks {
        /// The cluster's name.
        name: String,
        /// Its region; the SDK configuration's when absent.
        region: Option<String>,
    },
    /// A Kubernetes API at an address, without credentials: the simulation, or `kubectl proxy`.
    Endpoint {
        /// For example `http://127.0.0.1:8001`.
        url: String,
        /// What to call the cluster.
        name: String,
    },
    /// A context of the kubeconfig (`KUBECONFIG` or `~/.kube/config`), with whatever credentials it names.
    #[cfg(feature = "laptop")]
    Kubeconfig {
        /// The context; the current one when absent.
        context: Option<String>,
    },
}

/// No cluster was named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Neither setting is there.
    #[error(
        "no cluster is named: set NIGHTSHIFT_CLUSTERS to the EKS cluster's name, or NIGHTSHIFT_KUBE_ENDPOINT to an API's address"
    )]
    None,
}

impl ClusterTarget {
    /// The target that settings name: a plain endpoint goes before an EKS cluster, which then only names it.
    ///
    /// ```
    /// use shared::eks::ClusterTarget;
    ///
    /// let target = ClusterTarget::from_settings(None, Some("prod"), Some("eu-west-1"))?;
    /// assert_eq!(target.to_string(), "EKS cluster prod in eu-west-1");
    /// # Ok::<(), shared::eks::TargetError>(())
    /// ```
    pub fn from_settings(
        endpoint: Option<&str>,
        cluster: Option<&str>,
        region: Option<&str>,
    ) -> Result<Self, TargetError> {
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        match (given(endpoint), given(cluster)) {
            (Some(url), name) => Ok(Self::Endpoint { url, name: name.unwrap_or_default() }),
            (None, Some(name)) => Ok(Self::Eks { name, region: given(region) }),
            (None, None) => Err(TargetError::None),
        }
    }
}

impl fmt::Display for ClusterTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eks { name, region: Some(region) } => write!(f, "EKS cluster {name} in {region}"),
            Self::Eks { name, region: None } => write!(f, "EKS cluster {name}"),
            Self::Endpoint { url, .. } => write!(f, "the Kubernetes API at {url}"),
            #[cfg(feature = "laptop")]
            Self::Kubeconfig { context: Some(context) } => write!(f, "kubeconfig context {context}"),
            #[cfg(feature = "laptop")]
            Self::Kubeconfig { context: None } => write!(f, "the kubeconfig's current context"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_goes_before_an_eks_cluster_and_takes_its_name() {
        assert_eq!(
            ClusterTarget::from_settings(Some("http://127.0.0.1:8001"), Some("prod"), None),
            Ok(ClusterTarget::Endpoint { url: "http://127.0.0.1:8001".into(), name: "prod".into() })
        );
    }

    #[test]
    fn empty_settings_count_as_absent() {
        assert_eq!(
            ClusterTarget::from_settings(Some(" "), Some("prod"), Some("")),
            Ok(ClusterTarget::Eks { name: "prod".into(), region: None })
        );
        assert_eq!(ClusterTarget::from_settings(None, Some(""), None), Err(TargetError::None));
    }
}
