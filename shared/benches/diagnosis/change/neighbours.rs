//! Healthy applications of other teams beside the incident, with their old restarts, handled errors and resolved warnings.

use shared::{
    model::Object,
    snapshot::{Listing, Scope, Snapshot},
};

use crate::{healthy, incident::Incident, random::Random};

pub(super) fn added(incident: &Incident, random: &mut Random) -> Option<Incident> {
    let mut changed = incident.clone();
    let snapshot = &mut changed.snapshot;
    let free = |node: &&shared::model::Node| !node.spec.unschedulable && node.spec.taints.is_empty();
    let nodes: Vec<String> = snapshot.nodes.iter().filter(free).map(|node| node.name().to_owned()).collect();
    if nodes.is_empty() {
        return None;
    }
    let more: Snapshot = healthy::beside(snapshot.taken_at?, &nodes, random.clone()).ok()?;
    let namespaces: Vec<String> = more.namespaces.iter().map(|it| it.name().to_owned()).collect();
    macro_rules! join {
        ($($field:ident)*) => { $(join(&mut snapshot.$field, more.$field, &namespaces);)* };
    }
    join!(namespaces pods deployments replica_sets jobs services endpoint_slices autoscalers disruption_budgets
        service_accounts events);
    snapshot.logs.extend(more.logs);
    snapshot.alerts.extend(more.alerts);
    Some(changed)
}

fn join<T>(into: &mut Listing<T>, more: Listing<T>, namespaces: &[String]) {
    into.items.extend(more.items);
    if let Scope::Namespaces(read) = &mut into.scope {
        read.extend(namespaces.iter().cloned());
    }
}
