//! Why something could not be read, told apart by what the reader has to do about it.

use crate::model::Kind;

/// Why a request to the Kubernetes API gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No connection, or it broke.
    #[error(
        "{endpoint} cannot be reached: check the address, and that the network path and security groups allow port 443 from here"
    )]
    Unreachable {
        /// The API's address.
        endpoint: String,
        /// What the connection said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("{what} took longer than {limit_ms} ms")]
    TimedOut {
        /// What was asked for.
        what: String,
        /// The time it was given.
        limit_ms: u128,
    },
    /// 401.
    #[error(
        "{endpoint} does not accept our identity: map the role in an EKS access entry or in aws-auth, or renew the kubeconfig's credentials"
    )]
    Unauthorized {
        /// The API's address.
        endpoint: String,
    },
    /// 403.
    #[error("missing permission: {verb} {resource} in {scope}")]
    Forbidden {
        /// `get` or `list`.
        verb: &'static str,
        /// For example `pods` or `pods/log`.
        resource: String,
        /// `all namespaces`, `the cluster` or `namespace shop`.
        scope: String,
    },
    /// 404: this cluster does not serve it.
    #[error("{what} is not served by this cluster")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// 410: the list's continue token is too old.
    #[error("the list of {what} changed too much while it was read")]
    Gone {
        /// What was listed.
        what: String,
    },
    /// Another error status.
    #[error("the API answered {what} with status {status}: {message}")]
    Status {
        /// What was asked for.
        what: String,
        /// HTTP status.
        status: u16,
        /// The API's message.
        message: String,
    },
    /// More bytes than allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// The whole reading's bounds are used up.
    #[error("the bounds of reading were reached before {what}: {limit}")]
    Budget {
        /// What was still wanted.
        what: String,
        /// Which bound, for example `20000 ms`.
        limit: String,
    },
    /// The body broke off, or is no JSON of this kind.
    #[error("the answer for {what} cannot be understood")]
    Malformed {
        /// What was asked for.
        what: String,
        /// What the parser said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No token for the request.
    #[error(transparent)]
    Token(#[from] super::TokenError),
}

impl ReadError {
    /// Whether no request at all can succeed, so that further ones are not worth sending.
    pub fn is_total(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Unauthorized { .. } | Self::Token(_))
    }

    /// The error and what it came from, on one line.
    pub fn chain(&self) -> String {
        crate::chain(self)
    }
}

/// A kind's objects in a namespace or everywhere, in words: `pods`, `pods of namespace shop`.
pub(super) fn listing_of(kind: Kind, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("{} of namespace {namespace}", kind.plural()),
        None => kind.plural().to_owned(),
    }
}
