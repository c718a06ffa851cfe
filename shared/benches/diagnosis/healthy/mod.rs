//! Clusters in which nothing is wrong, and in which much looks as if it were.
//!
//! A seed makes a cluster: nodes, a few namespaces, workloads that call one another, and of the noise below whatever its
//! dice choose. Every part is what a healthy cluster shows on an ordinary day: rollouts under way, autoscalers at work, jobs
//! that failed and succeeded, pods that restarted yesterday, nodes cordoned or just joining, warnings about what has been
//! put right since, log lines that speak of errors that were handled. None of it may be given a cause.

mod build;
mod noise;

use jiff::{SignedDuration, Timestamp};
use shared::snapshot::Snapshot;

use crate::random::Random;
use build::Builder;

/// A healthy cluster of its own.
pub(crate) fn cluster(seed: u64) -> Result<Snapshot, serde_json::Error> {
    let mut random = Random::new(seed);
    let now: Timestamp = Timestamp::from_second(1_772_366_400 + random.below(86_400 * 30) as i64).unwrap_or_default();
    let mut builder = Builder::new(now, random);
    builder.nodes();
    applications(&mut builder);
    noise::everywhere(&mut builder);
    builder.finish()
}

/// Healthy applications to put beside others, on nodes that exist.
pub(crate) fn beside(now: Timestamp, nodes: &[String], random: Random) -> Result<Snapshot, serde_json::Error> {
    let mut builder = Builder::new(now, random);
    builder.on(nodes);
    applications(&mut builder);
    noise::of_settled_workloads(&mut builder);
    builder.finish()
}

/// Two or three teams with a handful of workloads each, every one calling the next.
fn applications(builder: &mut Builder) {
    const TEAMS: &[&str] = &["payments", "search", "media", "billing", "accounts", "reports"];
    const NAMES: &[&str] = &["web", "api", "ledger", "worker", "cache", "mailer", "store", "feed", "index", "audit"];
    let first = builder.random.below(TEAMS.len());
    for team in 0..builder.random.between(1, 3) {
        let namespace = TEAMS[(first + team) % TEAMS.len()];
        let count = builder.random.between(2, 6);
        let start = builder.random.below(NAMES.len());
        for number in 0..count {
            let name = NAMES[(start + number) % NAMES.len()];
            let next = (number + 1 < count).then(|| NAMES[(start + number + 1) % NAMES.len()]);
            builder.deployment(namespace, name, next);
        }
    }
}

/// A time before another.
fn ago(now: Timestamp, seconds: usize) -> Timestamp {
    now - SignedDuration::from_secs(seconds as i64)
}
