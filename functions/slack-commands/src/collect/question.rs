//! The whole cluster, as far as whoever asks may see it, for a question in plain language: what it is about is known only once
//! it has been read.

use std::sync::Arc;

use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::eks::{LogPlan, ReadPlan};
use shared::roles::Reach;

use super::connected;
use crate::clients::Clients;
use crate::situation::Reading;

pub(super) async fn read(clients: &Clients, of: &ClusterSettings, reach: &Reach, deadline: Deadline) -> Reading {
    let cluster = match connected(clients, of, deadline).await {
        Ok(cluster) => cluster,
        Err(reason) => return Reading::Unreachable { reason },
    };
    let time = deadline.remaining();
    let logs = LogPlan { time: LogPlan::default().time.min(time / 2), ..LogPlan::default() };
    let namespaces = match reach {
        Reach::Everywhere => Default::default(),
        Reach::Namespaces(names) => names.clone(),
    };
    let plan = ReadPlan { time, logs, namespaces, ..ReadPlan::default() };
    match cluster.read(&plan).await {
        Ok(mut snapshot) => {
            of.name.clone_into(&mut snapshot.cluster);
            if let Reach::Namespaces(names) = reach {
                snapshot = snapshot.within(names);
            }
            Reading::Cluster(Arc::new(snapshot))
        }
        Err(error) => {
            clients.forget(&of.name).await;
            Reading::Unreachable { reason: error.chain() }
        }
    }
}
