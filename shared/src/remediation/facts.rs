//! What is known of the cluster when an action is judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ISOLATED, Proposal, UNHEALTHY};
use crate::config::{Mode, RemediationSettings, Structure};
use crate::diagnosis::{is_live, is_ready};
use crate::model::{
    Deployment, HorizontalPodAutoscaler, Kind, Object, ObjectRef, Pod, PodDisruptionBudget, ReplicaSet,
};
use crate::snapshot::Snapshot;
use crate::zonal::{Seen, Want};

/// The annotation in which the Deployment controller notes revisions.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";

/// How much depends on a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Customers are served from here. What is not said to be another counts as this.
    #[default]
    Production,
    /// Like production, without customers.
    Staging,
    /// For trying things out.
    Development,
}

impl Environment {
    /// As policies call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
        }
    }
}

/// What the settings say of the place an action is for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rules {
    /// How much depends on it.
    pub environment: Environment,
    /// Whether low-risk actions may run by themselves there.
    pub automation: bool,
    /// Whether the settings let exactly this run by itself, wherever it is: a mark of ours on a node, or its isolation.
    pub mandate: bool,
    /// Whether the namespace is one that nothing is done in.
    pub restricted: bool,
    /// Whether it is outside of working hours where the people are.
    pub asleep: bool,
}

/// Stands for every namespace, and for what has none.
const EVERYWHERE: &str = "*";

impl Rules {
    /// What the settings say of this object's place at this time, in the time zone where people are.
    pub fn of(
        settings: &RemediationSettings,
        cluster: &str,
        object: &ObjectRef,
        zone: &TimeZone,
        at: Timestamp,
    ) -> Self {
        let named = |names: &BTreeSet<String>| names.contains(EVERYWHERE) || names.contains(&object.namespace);
        let environment = match settings.environments.get(cluster).map(String::as_str) {
            Some("staging") => Environment::Staging,
            Some("development") => Environment::Development,
            _ => Environment::Production,
        };
        let local = at.to_zoned(zone.clone());
        let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        Self {
            environment,
            automation: named(&settings.automation),
            mandate: false,
            // What has no namespace is never restricted as a whole.
            restricted: !object.namespace.is_empty() && named(&settings.restricted),
            asleep: weekend || !(9..18).contains(&local.hour()),
        }
    }

    /// The same for a proposal of Nightshift's own that the settings name: `nodes.mode` lets it mark nodes that are ill,
    /// `guardduty.mode` isolate those that a finding names.
    #[must_use]
    pub fn with_mandate(mut self, settings: &Structure, proposal: &Proposal) -> Self {
        let mode = match &proposal.action {
            Action::Taint(taint) if taint.key == UNHEALTHY && taint.effect == "NoSchedule" => settings.nodes.mode,
            Action::Untaint(taint) if taint.key == UNHEALTHY => settings.nodes.mode,
            Action::Isolate(_) => settings.guardduty.mode,
            _ => Mode::Observe,
        };
        self.mandate = mode == Mode::Automatic && proposal.requester.is_none();
        self
    }
}

/// What is known of the cluster when an action is judged. The objects of the snapshot are slim; what is patched is read whole.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The cluster around the target.
    pub snapshot: Arc<Snapshot>,
    /// The target as the API gave it.
    pub object: Option<Value>,
    /// The ReplicaSets of a Deployment that is to be rolled back, as the API gave them.
    pub revisions: Vec<Value>,
    /// What the settings say of the place.
    pub rules: Rules,
    /// The confidence of the cause the action is to mend, 0 to 1.
    pub confidence: f64,
    /// What is known beside the cluster's objects, where a zone is to be left.
    pub zonal: Option<Zonal>,
    /// When.
    pub at: Timestamp,
}

/// What has to be known before a zone is left.
#[derive(Debug, Clone, Default)]
pub struct Zonal {
    /// What stands in ARC.
    pub seen: Seen,
    /// Which zone is to be left, as the judgement has it now.
    pub want: Option<Want>,
    /// Karpenter's NodePools as the API gave them; absent where they could not be read.
    pub node_pools: Option<Vec<Value>>,
    /// What else is being done to the cluster, for example by an experiment or another action.
    pub in_flight: Option<String>,
}

impl Facts {
    /// Facts of a snapshot alone: enough to propose and to judge, not to change anything.
    pub fn of(snapshot: Arc<Snapshot>, at: Timestamp) -> Self {
        Self {
            snapshot,
            object: None,
            revisions: Vec::new(),
            rules: Rules::default(),
            confidence: 1.0,
            zonal: None,
            at,
        }
    }

    /// The target's Deployment.
    pub(super) fn deployment(&self, namespace: &str, name: &str) -> Option<&Deployment> {
        self.snapshot.deployments.get(namespace, name)
    }

    /// The ReplicaSets of a Deployment.
    pub(super) fn replica_sets<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a ReplicaSet> {
        self.snapshot.replica_sets.in_namespace(namespace).filter(move |set| {
            set.metadata.controller().is_some_and(|owner| owner.kind == "Deployment" && owner.name == name)
        })
    }

    /// The workload that a pod belongs to: through its ReplicaSet to the Deployment.
    pub(super) fn owner_of(&self, pod: &Pod) -> Option<ObjectRef> {
        let owner = pod.metadata.controller()?;
        let namespace = pod.namespace();
        if owner.kind == "ReplicaSet"
            && let Some(set) = self.snapshot.replica_sets.get(namespace, &owner.name)
            && let Some(deployment) = set.metadata.controller()
        {
            return Some(ObjectRef::new(Kind::parse(&deployment.kind)?, namespace, &deployment.name));
        }
        Some(ObjectRef::new(Kind::parse(&owner.kind)?, namespace, &owner.name))
    }

    /// How many replicas a workload should have.
    pub(super) fn replicas_of(&self, workload: &ObjectRef) -> Option<usize> {
        let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
        let wanted = |replicas: Option<i32>| usize::try_from(replicas.unwrap_or(1)).unwrap_or(0);
        match workload.kind {
            Kind::Deployment => Some(wanted(self.deployment(namespace, name)?.spec.replicas)),
            Kind::StatefulSet => Some(wanted(self.snapshot.stateful_sets.get(namespace, name)?.spec.replicas)),
            Kind::ReplicaSet => Some(wanted(self.snapshot.replica_sets.get(namespace, name)?.spec.replicas)),
            Kind::DaemonSet => {
                let status = &self.snapshot.daemon_sets.get(namespace, name)?.status;
                usize::try_from(status.desired_number_scheduled).ok()
            }
            _ => None,
        }
    }

    /// The live pods of a workload.
    pub(super) fn pods_of<'a>(&'a self, workload: &'a ObjectRef) -> impl Iterator<Item = &'a Pod> {
        let of_namespace = self.snapshot.pods.in_namespace(&workload.namespace);
        of_namespace.filter(move |pod| is_live(pod) && self.owner_of(pod).as_ref() == Some(workload))
    }

    /// How many pods of a workload are ready.
    pub fn ready_of(&self, workload: &ObjectRef) -> usize {
        self.pods_of(workload).filter(|pod| is_ready(pod)).count()
    }

    /// The live pods on a node.
    pub(super) fn pods_on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Pod> {
        self.snapshot.pods.iter().filter(move |pod| is_live(pod) && pod.spec.node_name == node)
    }

    /// Whether a node is isolated: what is on it is evidence.
    #[cfg_attr(not(feature = "policy"), allow(dead_code, reason = "policies are a feature of their own"))]
    pub(super) fn is_isolated(&self, node: &str) -> bool {
        let node = self.snapshot.nodes.get("", node);
        node.is_some_and(|node| node.spec.taints.iter().any(|taint| taint.key == ISOLATED))
    }

    /// The disruption budgets over a pod.
    pub(super) fn budgets_over<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a PodDisruptionBudget> {
        let of_namespace = self.snapshot.disruption_budgets.in_namespace(pod.namespace());
        of_namespace.filter(move |budget| budget.spec.selector.matches(&pod.metadata.labels))
    }

    /// The autoscaler of a workload.
    pub(super) fn autoscaler_of(&self, workload: &ObjectRef) -> Option<&HorizontalPodAutoscaler> {
        let of_namespace = self.snapshot.autoscalers.items.iter().filter(|it| it.namespace() == workload.namespace);
        of_namespace.into_iter().find(|autoscaler| {
            let target = &autoscaler.spec.scale_target_ref;
            target.kind == workload.kind.as_str() && target.name == workload.name
        })
    }

    /// How many pods a rolling change of this Deployment takes away at once.
    pub(super) fn unavailable_at_once(&self, workload: &ObjectRef) -> usize {
        let replicas = self.replicas_of(workload).unwrap_or(1);
        let Some(deployment) = self.deployment(&workload.namespace, &workload.name) else {
            // StatefulSets and DaemonSets go one by one unless told otherwise.
            return 1;
        };
        let strategy = deployment.spec.strategy.clone().unwrap_or_default();
        if strategy["type"] == "Recreate" {
            return replicas;
        }
        match &strategy["rollingUpdate"]["maxUnavailable"] {
            Value::Number(number) => {
                number.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(replicas)
            }
            Value::String(text) => match text.strip_suffix('%').and_then(|text| text.parse::<usize>().ok()) {
                Some(percent) => replicas * percent / 100,
                None => replicas,
            },
            // 25 % when absent, rounded down: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
            _ => replicas / 4,
        }
    }
}

/// The revision that an object carries.
pub(super) fn revision_of(metadata: &crate::model::Metadata) -> Option<u64> {
    metadata.annotations.get(REVISION)?.parse().ok()
}
