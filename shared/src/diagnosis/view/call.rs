//! Calls that failed lately, as callers' log lines tell: who, whom, and how.
//!
//! The wordings are those of the common clients: Go's net, Java's and .NET's sockets, Node's libuv codes, Python's requests,
//! gRPC, envoy, nginx and Spring Cloud.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::{super::errno, Host, View, hosts};
use crate::model::ObjectRef;

/// How a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallFailure {
    /// The name did not resolve.
    Unresolved,
    /// Nobody listens, or no instance is known.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The connection broke.
    Reset,
    /// The callee answered that it cannot.
    Unavailable,
}

/// One pattern of failed calls from a workload to a Service.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedCall {
    /// The caller.
    pub from: ObjectRef,
    /// The Service called.
    pub to: ObjectRef,
    /// The port, where the line has one.
    pub port: Option<u16>,
    /// How it failed.
    pub failure: CallFailure,
    /// Which pattern says so: an index into [`View::patterns`].
    pub pattern: usize,
}

/// Clients that know no instance to call: Spring Cloud, Ribbon, envoy, nginx, HAProxy, gRPC.
const NO_INSTANCE: &[&str] = &[
    "no servers available",
    "no instances available",
    "no available server",
    "load balancer does not contain an instance",
    "load balancer does not have available server",
    "no healthy upstream",
    "no live upstreams",
    "upstream connect error",
    "connect error",
    "failed to connect to all addresses",
    "no server is available to handle this request",
];
/// Deadlines of particular clients.
const TOO_LATE: &[&str] = &["unabletoconnect", "upstream request timeout", "unable to connect to", "gateway time-out"];
const UNAVAILABLE: &[&str] = &[
    "code = unavailable",
    "statuscode.unavailable",
    "status.unavailable",
    "unavailable:",
    "503 service",
    "502 bad gateway",
    "504 gateway",
    "service unavailable",
    "bad gateway",
    "code: 14",
    "statuscode=\"unavailable\"",
];

/// All the words, in the order in which they count: a lookup that times out is a lookup first.
const WORDS: [(CallFailure, &[&str]); 9] = [
    (CallFailure::Unresolved, errno::NO_NAME),
    (CallFailure::Unresolved, errno::NO_NAME_SERVER),
    (CallFailure::Refused, errno::REFUSED),
    (CallFailure::Refused, errno::NO_ROUTE),
    (CallFailure::Refused, NO_INSTANCE),
    (CallFailure::TimedOut, errno::TIMED_OUT),
    (CallFailure::TimedOut, TOO_LATE),
    (CallFailure::Reset, errno::RESET),
    (CallFailure::Unavailable, UNAVAILABLE),
];
/// The two marks of a lookup; in the automaton they come after the words.
const LOOKUP: [&str; 2] = ["lookup ", ":53"];

/// Finds all the words in one pass: every line of every log is asked, and most of them have none.
static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = WORDS.iter().flat_map(|(_, words)| words.iter()).chain(&LOOKUP);
    AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::ContiguousNFA)).build(words).ok()
});

/// How a call failed, by the words of a line; `None` where it does not tell of one.
pub fn call_failure(line: &str) -> Option<CallFailure> {
    let automaton = AUTOMATON.as_ref()?;
    let count: usize = WORDS.iter().map(|(_, words)| words.len()).sum();
    let (mut first, mut lookup) = (usize::MAX, [false; 2]);
    for found in automaton.find_overlapping_iter(line) {
        match found.pattern().as_usize().checked_sub(count) {
            None => first = first.min(found.pattern().as_usize()),
            Some(part) => lookup[part] = true,
        }
    }
    if lookup == [true; 2] {
        return Some(CallFailure::Unresolved);
    }
    let mut end = 0;
    WORDS.iter().find_map(|(failure, words)| {
        end += words.len();
        (first < end).then_some(*failure)
    })
}

/// Words before a bare name that make it the name of a host or service.
const INTRODUCES: &[&str] =
    &["service", "host", "upstream", "lookup", "resolve", "cluster", "server", "unknownhostexception", "enotfound"];

/// Whether a host is meant as one: marked as such, or introduced by a word that says so.
pub fn is_meant(text: &str, host: &Host<'_>) -> bool {
    if host.marked {
        return true;
    }
    let start = host.name.as_ptr() as usize - text.as_ptr() as usize;
    let before = text[..start].trim_end_matches([' ', ':', '"', '\'', '=', '`', '[', '(']);
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    INTRODUCES.iter().any(|it| word.eq_ignore_ascii_case(it))
}

/// Calls that failed longer ago are history: while everything was started, most calls fail.
const RECENT_MINUTES: i64 = 30;

pub(super) fn failed_calls(view: &View<'_>) -> Vec<FailedCall> {
    let mut found: Vec<FailedCall> = Vec::new();
    for (index, pattern) in view.patterns.iter().enumerate() {
        let recent = Some(pattern).filter(|pattern| view.is_recent(pattern, RECENT_MINUTES));
        let Some(failure) = recent.and_then(|pattern| call_failure(&pattern.example)) else { continue };
        for host in hosts(&pattern.example).filter(|host| is_meant(&pattern.example, host)) {
            let Some(service) = view.service_at(host.name, &pattern.workload.namespace) else { continue };
            if service.workloads.contains(&pattern.workload) {
                continue;
            }
            let call = FailedCall {
                from: pattern.workload.clone(),
                to: service.object(),
                port: host.port,
                failure,
                pattern: index,
            };
            if !found.iter().rev().take(8).any(|known| known.pattern == index && known.to == call.to) {
                found.push(call);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart_in_the_words_of_many_clients() {
        for (line, failure) in [
            ("dial tcp 10.96.0.3:8080: connect: connection refused", CallFailure::Refused),
            (
                "dial tcp: lookup ledger on 10.96.0.10:53: read udp 10.1.0.3:4000->10.96.0.10:53: i/o timeout",
                CallFailure::Unresolved,
            ),
            ("java.net.UnknownHostException: ledger", CallFailure::Unresolved),
            ("Error: connect ECONNREFUSED 10.96.0.3:8080", CallFailure::Refused),
            ("requests.exceptions.ConnectTimeout: Connection to ledger timed out.", CallFailure::TimedOut),
            ("WARN RoundRobinLoadBalancer: No servers available for service: ledger", CallFailure::Refused),
            ("rpc error: code = Unavailable desc = closing", CallFailure::Unavailable),
        ] {
            assert_eq!(call_failure(line), Some(failure), "{line}");
        }
        assert_eq!(call_failure("order 17 stored"), None);
    }

    #[test]
    fn a_bare_word_is_a_host_only_where_it_is_introduced_as_one() {
        let meant = |text: &str| {
            hosts(text).filter(|host| is_meant(text, host)).map(|host| host.name.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(meant("No servers available for service: ledger"), ["ledger"]);
        assert_eq!(meant("could not read the ledger: refused"), Vec::<String>::new());
    }
}
