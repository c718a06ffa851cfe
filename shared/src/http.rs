//! What every HTTP client of ours is made from: TLS by ring, the operating system's certificates read once.
//!
//! Reading them takes some 150 files and several milliseconds, a tenth of the way to a first message. So they are read once for
//! all clients, and only when the first of them speaks TLS: the simulation and a Prometheus inside the VPC do not.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{ClientConfig, RootCertStore, crypto::ring};

static NATIVE_ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    let (_, unusable) = store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        tracing::error!(errors = ?found.errors, unusable, "no certificates of authorities found: set SSL_CERT_FILE to a bundle");
    }
    Arc::new(store)
});

/// The operating system's certificates where `needed`, else none.
pub(crate) fn roots(needed: bool) -> Arc<RootCertStore> {
    if needed { Arc::clone(&NATIVE_ROOTS) } else { Arc::new(RootCertStore::empty()) }
}

/// TLS that trusts what `roots` have signed.
pub(crate) fn tls(roots: Arc<RootCertStore>) -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Connections for hyper: HTTP/1.1, over TLS where the address says so.
#[cfg(feature = "aws")]
pub(crate) fn connector(tls: ClientConfig, connect_timeout: Duration) -> HttpsConnector<HttpConnector> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(connect_timeout));
    HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector)
}

/// A client for a service at `base`; it follows no redirects, for a token must not follow one elsewhere.
///
/// # Errors
///
/// Where TLS cannot be set up.
#[cfg(any(feature = "prometheus", feature = "slack", feature = "tickets"))]
pub fn client(base: &url::Url, connect_timeout: Duration) -> Result<reqwest::Client, ClientError> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls(roots(base.scheme() == "https"))?)
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("nightshift/", env!("CARGO_PKG_VERSION")))
        .build()?)
}

/// Why there is no HTTP client.
#[cfg(any(feature = "prometheus", feature = "slack", feature = "tickets"))]
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The client cannot be built.
    #[error("the HTTP client cannot be built")]
    Http(#[from] reqwest::Error),
}
