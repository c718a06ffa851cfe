//! From a target to a client that is let in.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Request, header::AUTHORIZATION};
use hyper_util::{client::legacy::Client as HttpClient, rt::TokioExecutor};
use jiff::Timestamp;
use kube::{
    Client,
    client::{Body, middleware::BaseUriLayer},
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tower::Layer;

use super::{ClusterTarget, TokenError, TokenSource};

/// Time to open a connection to the API.
const CONNECT: Duration = Duration::from_secs(2);
/// What a request without a namespace means to the kube crate; ours name theirs.
const DEFAULT_NAMESPACE: &str = "default";

/// A cluster that can be read.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    name: String,
    endpoint: String,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// EKS knows no such cluster.
    #[error("there is no EKS cluster {name} in {region}: check name, region and account")]
    NotFound {
        /// The name asked for.
        name: String,
        /// The region asked.
        region: String,
    },
    /// `eks:DescribeCluster` is not allowed.
    #[error("missing permission: eks:DescribeCluster on cluster {name} in {region}")]
    Denied {
        /// The name asked for.
        name: String,
        /// The region asked.
        region: String,
    },
    /// The EKS API did not answer.
    #[error("EKS could not be asked for cluster {name} in {region}")]
    Eks {
        /// The name asked for.
        name: String,
        /// The region asked.
        region: String,
        /// What the SDK said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The cluster exists but has no endpoint.
    #[error("EKS cluster {name} has no endpoint yet (status {status})")]
    NotReady {
        /// The name asked for.
        name: String,
        /// For example `CREATING`.
        status: String,
    },
    /// No region.
    #[error("no region for EKS cluster {name}: set AWS_REGION")]
    NoRegion {
        /// The name asked for.
        name: String,
    },
    /// No credentials at all.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The kubeconfig cannot be used.
    #[cfg(feature = "laptop")]
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[source] Box<kube::config::KubeconfigError>),
    /// The endpoint is no URL, or its certificate authority is none.
    #[error("{endpoint} cannot be used as a Kubernetes API's address")]
    Endpoint {
        /// The address.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Cluster {
    /// A client for `target`. Only an EKS cluster costs a request here, `DescribeCluster`.
    pub async fn connect(target: &ClusterTarget, aws: &SdkConfig) -> Result<Self, ConnectError> {
        match target {
            ClusterTarget::Eks { name, region } => Self::eks(name, region.as_deref(), aws).await,
            ClusterTarget::Endpoint { url, name } => {
                let uri = url.parse::<http::Uri>().map_err(|error| unusable(url, error))?;
                let roots = crate::http::roots(uri.scheme_str() == Some("https"));
                let endpoint = uri.to_string().trim_end_matches('/').to_owned();
                Ok(Self { client: client(uri, roots)?, name: name.clone(), endpoint })
            }
            #[cfg(feature = "laptop")]
            ClusterTarget::Kubeconfig { context } => Self::kubeconfig(context.as_deref()).await,
        }
    }

    /// The kubeconfig's way in, which may be a plugin's, a certificate or a token: all of it the kube crate's.
    #[cfg(feature = "laptop")]
    async fn kubeconfig(context: Option<&str>) -> Result<Self, ConnectError> {
        let wanted = kube::config::KubeConfigOptions { context: context.map(str::to_owned), ..Default::default() };
        let mut config =
            kube::Config::from_kubeconfig(&wanted).await.map_err(|error| ConnectError::Kubeconfig(Box::new(error)))?;
        config.connect_timeout = Some(CONNECT);
        // Retries are the reader's, which knows the time left.
        config.default_retry = false;
        let endpoint = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = Client::try_from(config).map_err(|error| unusable(&endpoint, error))?;
        Ok(Self { client, name: context.unwrap_or_default().to_owned(), endpoint })
    }

    /// A cluster behind a client that is already made; `endpoint` is what errors call it.
    pub fn from_client(client: Client, name: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Self { client, name: name.into(), endpoint: endpoint.into() }
    }

    /// The cluster's name; empty where nothing gave it one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The API's address.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The client, for what is not reading. It renews its token by itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn eks(name: &str, region: Option<&str>, aws: &SdkConfig) -> Result<Self, ConnectError> {
        let mut config = aws_sdk_eks::config::Builder::from(aws);
        if let Some(region) = region {
            config = config.region(aws_sdk_eks::config::Region::new(region.to_owned()));
        }
        let region = region
            .map(str::to_owned)
            .or_else(|| aws.region().map(ToString::to_string))
            .ok_or_else(|| ConnectError::NoRegion { name: name.to_owned() })?;
        let eks = aws_sdk_eks::Client::from_conf(config.build());
        let described = eks.describe_cluster().name(name).send().await.map_err(|error| {
            let (name, region) = (name.to_owned(), region.clone());
            match error.as_service_error() {
                Some(service) if service.is_resource_not_found_exception() => ConnectError::NotFound { name, region },
                Some(service) if service.meta().code().is_some_and(|code| code.starts_with("AccessDenied")) => {
                    ConnectError::Denied { name, region }
                }
                _ => ConnectError::Eks { name, region, source: error.into() },
            }
        })?;
        let cluster = described.cluster().ok_or_else(|| no_endpoint(name, None))?;
        let endpoint = cluster.endpoint().ok_or_else(|| no_endpoint(name, cluster.status()))?;
        let uri = endpoint.parse::<http::Uri>().map_err(|error| unusable(endpoint, error))?;
        let authority = cluster.certificate_authority().and_then(|authority| authority.data());
        let roots = authority.map(|authority| certificates(endpoint, authority)).transpose()?;
        let roots = roots.unwrap_or_else(|| crate::http::roots(false));
        let credentials = aws.credentials_provider().ok_or_else(|| {
            TokenError::Credentials(aws_credential_types::provider::error::CredentialsError::not_loaded(
                "none configured",
            ))
        })?;
        let tokens = TokenSource::new(name, region, credentials);
        let endpoint = uri.to_string().trim_end_matches('/').to_owned();
        Ok(Self { client: with_token(client(uri, roots)?, tokens), name: name.to_owned(), endpoint })
    }
}

/// A client for the API at `uri`, whose certificate one of `roots` has signed.
///
/// The kube crate would make it from its `Config`, and bring along all a kubeconfig may ask for: plugins, YAML, JSONPath.
fn client(uri: http::Uri, roots: Arc<RootCertStore>) -> Result<Client, ConnectError> {
    let tls = crate::http::tls(roots).map_err(|error| unusable(&uri.to_string(), error))?;
    let connector = crate::http::connector(tls, CONNECT);
    let http = HttpClient::builder(TokioExecutor::new()).build::<_, Body>(connector);
    Ok(Client::new(BaseUriLayer::new(uri).layer(http), DEFAULT_NAMESPACE))
}

/// A client that puts a token of `tokens` on every request.
fn with_token(client: Client, tokens: TokenSource) -> Client {
    let service = tower::service_fn(move |mut request: Request<Body>| {
        let (client, tokens) = (client.clone(), tokens.clone());
        async move {
            let authorization = tokens.authorization(Timestamp::now()).await?;
            request.headers_mut().insert(AUTHORIZATION, authorization);
            Ok::<_, tower::BoxError>(client.send(request).await?)
        }
    });
    Client::new(service, DEFAULT_NAMESPACE)
}

fn unusable(endpoint: &str, error: impl std::error::Error + Send + Sync + 'static) -> ConnectError {
    ConnectError::Endpoint { endpoint: endpoint.to_owned(), source: Box::new(error) }
}

fn no_endpoint(name: &str, status: Option<&aws_sdk_eks::types::ClusterStatus>) -> ConnectError {
    let status = status.map_or("unknown", |status| status.as_str()).to_owned();
    ConnectError::NotReady { name: name.to_owned(), status }
}

/// The certificates of base64 over PEM, which is how DescribeCluster gives them.
fn certificates(endpoint: &str, authority: &str) -> Result<Arc<RootCertStore>, ConnectError> {
    let pem = BASE64_STANDARD.decode(authority.trim()).map_err(|error| unusable(endpoint, error))?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unusable(endpoint, error))?;
        store.add(certificate).map_err(|error| unusable(endpoint, error))?;
    }
    Ok(Arc::new(store))
}
