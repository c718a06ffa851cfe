//! Disk and network of all nodes, from Prometheus' node exporters.

use std::time::Duration;

use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;

use crate::clients::Clients;
use crate::situation::{Known, Rates};

/// The longest time for one answer: this is detail.
const LONGEST: Duration = Duration::from_secs(5);

const QUERIES: [&str; 4] = [
    "sum(rate(node_disk_read_bytes_total[5m]))",
    "sum(rate(node_disk_written_bytes_total[5m]))",
    "sum(rate(node_network_receive_bytes_total[5m]))",
    "sum(rate(node_network_transmit_bytes_total[5m]))",
];

pub(super) async fn read(clients: &Clients, of: &ClusterSettings, now: Timestamp, deadline: Deadline) -> Known<Rates> {
    let prometheus = match clients.prometheus(of).await {
        None => return Known::NotConfigured,
        Some(Err(error)) => return Known::Missing(error.to_string()),
        Some(Ok(prometheus)) => prometheus,
    };
    let limit = deadline.cap(LONGEST);
    let [a, b, c, d] = QUERIES.map(|query| prometheus.instant(query, now, limit));
    let (a, b, c, d) = futures::join!(a, b, c, d);
    let mut gap = None;
    let [disk_read, disk_written, received, transmitted] = [a, b, c, d].map(|answer| match answer {
        Ok(samples) => samples.first().map(|sample| sample.value / 1e6),
        Err(error) => {
            gap.get_or_insert(format!("prometheus: {error}"));
            None
        }
    });
    let rates = Rates { disk_read, disk_written, received, transmitted };
    match gap {
        None => Known::Whole(rates),
        Some(why) if rates == Rates::default() => Known::Missing(why),
        Some(why) => Known::Part(rates, why),
    }
}
