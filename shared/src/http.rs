//! The HTTP client for what is not AWS and not Kubernetes: Slack and Prometheus.

use std::time::Duration;

use url::Url;

/// A client for a service at `base`: TLS by ring, no redirects (a token must not follow one elsewhere).
///
/// The operating system's certificates are read only where `base` is HTTPS: some 150 files, which the simulation and a
/// Prometheus inside the VPC need not wait for.
pub(crate) fn client(base: &Url, connect_timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    // Whoever comes first decides; every crate of the workspace asks for ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("nightshift/", env!("CARGO_PKG_VERSION")));
    let builder = if base.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
    builder.build()
}
