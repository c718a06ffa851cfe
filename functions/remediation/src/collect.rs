//! All reading: what is known of the cluster when an action is judged, or watched.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use shared::deadline::Deadline;
use shared::eks::{Focus, LogPlan, ReadError, ReadPlan};
use shared::model::{Kind, ObjectRef};
use shared::remediation::{Action, Case, Facts, Rules};

use crate::api::{self, ApiError};
use crate::clients::{ClientError, Clients};

/// Why a cluster could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// No client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The cluster as a whole.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The object.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// What is known of the cluster around a case's object; with logs where it is to be diagnosed.
pub async fn facts(
    clients: &Clients,
    case: &Case,
    with_logs: bool,
    at: Timestamp,
    deadline: Deadline,
) -> Result<Facts, CollectError> {
    let proposal = &case.proposal;
    let target = proposal.action.target();
    let cluster = clients.cluster(&proposal.cluster).await?;
    let namespaces: BTreeSet<String> =
        [&target, &proposal.object].into_iter().map(|it| it.namespace.clone()).filter(|it| !it.is_empty()).collect();
    let plan = ReadPlan {
        // A node's pods are of all namespaces.
        namespaces: if target.kind == Kind::Node { BTreeSet::new() } else { namespaces.clone() },
        focus: Focus { namespaces, names: BTreeSet::from([target.name.clone(), proposal.object.name.clone()]) },
        time: deadline.cap(ReadPlan::default().time),
        logs: if with_logs {
            LogPlan { count: 20, ..LogPlan::default() }
        } else {
            LogPlan { count: 0, ..LogPlan::default() }
        },
        usage: false,
        ..ReadPlan::default()
    };
    let (snapshot, object) = futures::join!(cluster.read(&plan), api::get(&cluster, &target, deadline));
    let mut snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(error) => {
            clients.forget(&proposal.cluster).await;
            return Err(error.into());
        }
    };
    snapshot.cluster.clone_from(&proposal.cluster);
    let object = object?;
    let mut revisions = Vec::new();
    if let Action::RollBack(back) = &proposal.action {
        let set = ObjectRef::new(Kind::ReplicaSet, &back.namespace, &back.replica_set);
        // A set of the same name that belongs to another Deployment is none of its revisions.
        let uid = object.as_ref().map(|object| object["metadata"]["uid"].clone());
        revisions.extend(api::get(&cluster, &set, deadline).await?.filter(|set| {
            let owners = set["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
            owners.iter().any(|owner| Some(&owner["uid"]) == uid.as_ref())
        }));
    }
    let settings = clients.settings();
    Ok(Facts {
        snapshot: Arc::new(snapshot),
        object,
        revisions,
        rules: Rules::of(&settings.structure.remediation, &proposal.cluster, &target, &settings.time_zone, at),
        confidence: proposal.confidence,
        at,
    })
}
