//! All reading: what is known of the cluster when an action is judged, or watched.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shared::config::Mode;
use shared::deadline::Deadline;
use shared::eks::{Focus, LogPlan, ReadError, ReadPlan};
use shared::model::{Kind, ObjectRef};
use shared::remediation::{Action, Case, Facts, Rules, Stage, Zonal, ZonalShift};
use shared::store::{KeptCase, StoreError};
use shared::zonal::{ResourceArn, State};

use crate::api::{self, ApiError};
use crate::{ClientError, Clients};

/// How long reading what stands in ARC may take.
pub(crate) const READING: Duration = Duration::from_secs(5);
/// Other cases that are looked at.
const CASES: usize = 50;

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
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What stands in ARC.
    #[error("what stands for {0} could not be read; the next minute tries again")]
    Unread(ResourceArn),
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
        // The pods of a node, or of a zone, are of all namespaces.
        namespaces: if matches!(target.kind, Kind::Node | Kind::ZonalShift) {
            BTreeSet::new()
        } else {
            namespaces.clone()
        },
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
    let zones = async {
        match &proposal.action {
            Action::ZonalShift(shift) => zonal(clients, case, shift, at, deadline).await.map(Some),
            _ => Ok(None),
        }
    };
    let object = async {
        match target.kind {
            Kind::ZonalShift => Ok(None),
            _ => api::get(&cluster, &target, deadline).await,
        }
    };
    let (snapshot, object, zonal) = futures::join!(cluster.read(&plan), object, zones);
    let mut snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(error) => {
            clients.forget(&proposal.cluster).await;
            return Err(error.into());
        }
    };
    snapshot.cluster.clone_from(&proposal.cluster);
    let (mut object, zonal) = (object?, zonal?);
    if let (Action::ZonalShift(shift), Some(zonal)) = (&proposal.action, &zonal) {
        object = Some(shift.standing(&zonal.seen));
    }
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
    let mut rules = Rules::of(&settings.structure.remediation, &proposal.cluster, &target, &settings.time_zone, at)
        .with_mandate(&settings.structure, proposal);
    if matches!(proposal.action, Action::ZonalShift(_)) {
        // How far one may go with zones is said of the zones, whatever is said of namespaces.
        rules.automation = settings.zones(&proposal.cluster).0.mode == Mode::Automatic;
    }
    Ok(Facts { snapshot: Arc::new(snapshot), object, revisions, rules, confidence: proposal.confidence, zonal, at })
}

/// What has to be known before a zone is left.
async fn zonal(
    clients: &Clients,
    case: &Case,
    shift: &ZonalShift,
    at: Timestamp,
    deadline: Deadline,
) -> Result<Zonal, CollectError> {
    let name = case.proposal.cluster.as_str();
    let (shifts, cluster, store) =
        (clients.zonal_shifts(name).await?, clients.cluster(name).await?, clients.store().await?);
    let (seen, node_pools) = futures::join!(
        shifts.read(&shift.resources, deadline.cap(READING)),
        api::list(&cluster, Kind::NodePool, deadline)
    );
    if let Some((resource, _)) = seen.iter().find(|(_, state)| **state == State::Unread) {
        return Err(CollectError::Unread(resource.clone()));
    }
    let target = ZonalShift::object();
    let holder = store.lock_of((name, &target), at).await?.filter(|lock| lock.case != case.id);
    let mut in_flight = holder.map(|lock| format!("{} (it holds the zones)", lock.case));
    if in_flight.is_none() {
        let others = store.open_cases(CASES, at).await?;
        let changes = |other: &&KeptCase| {
            let stage = &other.case.stage;
            other.case.id != case.id
                && other.case.proposal.cluster == name
                && matches!(stage, Stage::Changing { .. } | Stage::Undoing { .. })
        };
        in_flight = others.iter().find(changes).map(|other| other.case.proposal.action.command());
    }
    Ok(Zonal { seen, want: store.want(name, at).await?, node_pools: node_pools?, in_flight })
}
