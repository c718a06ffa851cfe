//! Lists in any order: the API server promises none.

use crate::{incident::Incident, random::Random};

pub(super) fn shuffled(incident: &Incident, random: &mut Random) -> Option<Incident> {
    let mut changed = incident.clone();
    let snapshot = &mut changed.snapshot;
    macro_rules! shuffle {
        ($($field:ident)*) => { $(random.shuffle(&mut snapshot.$field.items);)* };
    }
    shuffle!(nodes namespaces persistent_volumes storage_classes pods deployments replica_sets stateful_sets daemon_sets jobs
        cron_jobs services endpoint_slices ingresses network_policies autoscalers disruption_budgets claims quotas
        service_accounts config_maps secrets events probes);
    random.shuffle(&mut snapshot.logs);
    random.shuffle(&mut snapshot.alerts);
    random.shuffle(&mut snapshot.metrics);
    Some(changed)
}
