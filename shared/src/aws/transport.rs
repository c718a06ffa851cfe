//! How AWS clients reach AWS: one pool of HTTP/1.1 connections, shared with nobody's HTTP/2.
//!
//! The SDK's own client speaks HTTP/2 as well, which no service used here needs (event streams come over HTTP/1.1 as they do
//! for every other SDK), and which is half a megabyte of every function. This one is a page: requests and answers are hyper's
//! already, and what is left is to tell the SDK's retries which failures are worth another attempt.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    retries::ErrorKind,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect},
    rt::TokioExecutor,
};

type Pool = Client<hyper_rustls::HttpsConnector<connect::HttpConnector>, SdkBody>;

/// One pool for all AWS clients made with it.
#[derive(Debug, Clone)]
struct Transport {
    connect_timeout: Duration,
    /// Whether any endpoint is HTTPS.
    secure: bool,
    pool: Arc<OnceLock<Pool>>,
}

/// A client whose connections are opened within `connect_timeout`; `secure` where any endpoint is HTTPS.
pub(super) fn http_client(connect_timeout: Duration, secure: bool) -> SharedHttpClient {
    SharedHttpClient::new(Transport { connect_timeout, secure, pool: Arc::default() })
}

/// What sends single requests of ours, over a pool of its own.
#[cfg(feature = "signed")]
pub(super) fn connector(connect_timeout: Duration, read_timeout: Duration, secure: bool) -> SharedHttpConnector {
    let transport = Transport { connect_timeout, secure, pool: Arc::default() };
    SharedHttpConnector::new(Connector { transport, read_timeout: Some(read_timeout) })
}

impl HttpClient for Transport {
    fn http_connector(&self, settings: &HttpConnectorSettings, _components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { transport: self.clone(), read_timeout: settings.read_timeout() })
    }
}

impl Transport {
    fn pool(&self) -> Result<Pool, ConnectorError> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool.clone());
        }
        let tls = crate::http::tls(crate::http::roots(self.secure));
        let tls = tls.map_err(|error| ConnectorError::other(error.into(), None))?;
        let connector = crate::http::connector(tls, self.connect_timeout);
        Ok(self.pool.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)).clone())
    }
}

#[derive(Debug)]
struct Connector {
    transport: Transport,
    /// Until the answer's head.
    read_timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let pool = self.transport.pool();
        let limit = self.read_timeout.unwrap_or(Duration::MAX);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let answer = tokio::time::timeout(limit, pool?.request(request)).await;
            let answer = answer.map_err(|late| ConnectorError::timeout(late.into()))?.map_err(failed)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The failure as the SDK's retries tell them apart: what never reached AWS, or was cut off, is tried again.
fn failed(error: ClientError) -> ConnectorError {
    let sources = || std::iter::successors(error.source(), |error| (*error).source());
    let io = error.is_connect() || sources().any(|source| source.is::<std::io::Error>());
    let hyper = sources().find_map(|source| source.downcast_ref::<hyper::Error>());
    match hyper {
        Some(hyper) if hyper.is_timeout() => ConnectorError::timeout(error.into()),
        Some(hyper) if hyper.is_user() => ConnectorError::user(error.into()),
        Some(hyper) if hyper.is_closed() || hyper.is_canceled() => ConnectorError::io(error.into()),
        Some(hyper) if hyper.is_incomplete_message() => {
            ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
        }
        _ if io => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}
