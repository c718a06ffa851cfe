//! The YAML file: what has more structure than a variable can hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::nodes::{FindingRules, NodeRules};
use super::reader::Problem;
use super::zones::GrayFailureSettings;
use crate::roles::Grant;
use crate::thresholds::Levels;

/// The file that `NIGHTSHIFT_CONFIG` names.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Structure {
    /// Clusters, in addition to `NIGHTSHIFT_CLUSTERS`.
    pub clusters: Vec<ClusterSettings>,
    /// Services that people ask about, by the name they use.
    pub services: Vec<ServiceSettings>,
    /// Channels by namespace, for what is about one namespace.
    pub channels: BTreeMap<String, String>,
    /// Who may ask and do what; everybody may ask and nobody do anything where empty.
    pub roles: Vec<Grant>,
    /// What may be changed, where, and how it is watched.
    pub remediation: RemediationSettings,
    /// Where threshold alarms draw their lines; none are made where it is absent.
    pub thresholds: Option<Levels>,
    /// Nodes that are ill.
    pub nodes: NodeRules,
    /// Nodes that a finding of GuardDuty names.
    pub guardduty: FindingRules,
    /// What is watched of the zones, by the cluster's name.
    pub gray_failure: BTreeMap<String, GrayFailureSettings>,
}

/// What may be changed, where, and how it is watched. Nothing runs by itself unless its namespace is named here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemediationSettings {
    /// Namespaces in which low-risk actions may run by themselves.
    pub automation: BTreeSet<String>,
    /// Namespaces in which nothing is done.
    pub restricted: BTreeSet<String>,
    /// How much depends on a cluster, by its name: `production` (also where it is not named), `staging`, `development`.
    pub environments: BTreeMap<String, String>,
    /// Policies of teams, Cedar text by name, in addition to the shipped ones.
    pub policies: BTreeMap<String, String>,
    /// From which confidence of the cause on actions are proposed, in percent: `nightshift learn` suggests one.
    pub propose_from_percent: u32,
    /// How long people may approve, in minutes.
    pub approval_minutes: u32,
    /// How long recovery is watched for, in minutes.
    pub watch_minutes: u32,
    /// Whether a change that makes it worse is taken back.
    pub undo_when_worse: bool,
}

impl Default for RemediationSettings {
    fn default() -> Self {
        Self {
            automation: BTreeSet::new(),
            restricted: BTreeSet::new(),
            environments: BTreeMap::new(),
            policies: BTreeMap::new(),
            propose_from_percent: 0,
            approval_minutes: 30,
            watch_minutes: 10,
            undo_when_worse: true,
        }
    }
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSettings {
    /// The EKS cluster's name.
    pub name: String,
    /// Its region; the function's own when absent.
    #[serde(default)]
    pub region: Option<String>,
    /// The role to assume for it, where it is in another account or region: it reads.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// The role that `remediation` assumes for it: it changes. `role_arn` when absent, which the cluster allows to read only.
    #[serde(default)]
    pub remediation_role_arn: Option<String>,
    /// The channel for what concerns it.
    #[serde(default)]
    pub channel: Option<String>,
    /// Its Prometheus.
    #[serde(default)]
    pub prometheus_url: Option<String>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSettings {
    /// The name that people use.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its workload, `Kind/name`; `Deployment/` and the service's name when absent.
    #[serde(default)]
    pub workload: Option<String>,
    /// The channel for what concerns it.
    #[serde(default)]
    pub channel: Option<String>,
    /// Names of other services that it calls.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// The load balancer in front of it, as CloudWatch names it (`app/NAME/ID`).
    #[serde(default)]
    pub load_balancer: Option<String>,
    /// The load balancer's target group, as CloudWatch names it.
    #[serde(default)]
    pub target_group: Option<String>,
    /// The cluster it runs on; all of them when absent.
    #[serde(default)]
    pub cluster: Option<String>,
}

impl ClusterSettings {
    /// The account that the cluster's role is of.
    pub fn account(&self) -> Option<&str> {
        self.role_arn.as_deref()?.split(':').nth(4)
    }
}

impl Structure {
    /// Reads and checks the file's text.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let structure: Self = serde_yaml_ng::from_str(text).map_err(|error| {
            vec![Problem { setting: "NIGHTSHIFT_CONFIG".into(), problem: format!("cannot be read: {error}") }]
        })?;
        let problems = structure.check();
        if problems.is_empty() { Ok(structure) } else { Err(problems) }
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |setting: String, problem: String| problems.push(Problem { setting, problem });
        for (place, what) in self.thresholds.iter().flat_map(Levels::problems) {
            problem(place, what);
        }
        for (field, what) in self.nodes.problems() {
            problem(format!("nodes.{field}"), what);
        }
        for (field, what) in self.guardduty.problems() {
            problem(format!("guardduty.{field}"), what);
        }
        for (cluster, zones) in &self.gray_failure {
            for (place, what) in zones.problems() {
                problem(format!("gray_failure.{cluster}.{place}"), what);
            }
        }
        for (at, cluster) in self.clusters.iter().enumerate() {
            if cluster.name.is_empty() {
                problem(format!("clusters[{at}].name"), "is empty; write the EKS cluster's name".into());
            }
            if self.clusters[..at].iter().any(|other| other.name == cluster.name) {
                problem(
                    format!("clusters[{at}].name"),
                    format!("is \"{}\" a second time; name each cluster once", cluster.name),
                );
            }
            for (arn, name) in
                [(&cluster.role_arn, "role_arn"), (&cluster.remediation_role_arn, "remediation_role_arn")]
            {
                if arn.as_ref().is_some_and(|arn| !arn.contains(":role/")) {
                    problem(
                        format!("clusters[{at}].{name}"),
                        "is not a role's ARN; write arn:aws:iam::ACCOUNT:role/NAME".into(),
                    );
                }
            }
        }
        for (cluster, environment) in &self.remediation.environments {
            if !matches!(environment.as_str(), "production" | "staging" | "development") {
                problem(
                    format!("remediation.environments.{cluster}"),
                    format!("is \"{environment}\"; write production, staging or development"),
                );
            }
        }
        if self.remediation.propose_from_percent > 100 {
            let percent = self.remediation.propose_from_percent;
            problem("remediation.propose_from_percent".into(), format!("is {percent}; write 0 to 100 percent"));
        }
        for (minutes, name) in
            [(self.remediation.approval_minutes, "approval_minutes"), (self.remediation.watch_minutes, "watch_minutes")]
        {
            if !(1..=24 * 60).contains(&minutes) {
                problem(format!("remediation.{name}"), format!("is {minutes}; write 1 to 1440 minutes"));
            }
        }
        for (at, service) in self.services.iter().enumerate() {
            let kind = service.workload.as_deref().and_then(|workload| workload.split('/').next());
            if kind.is_some_and(|kind| crate::model::Kind::parse(kind).is_none()) {
                problem(
                    format!("services[{at}].workload"),
                    "has an unknown kind; write for example Deployment/api".into(),
                );
            }
            for name in &service.depends_on {
                if !self.services.iter().any(|other| &other.name == name) {
                    problem(
                        format!("services[{at}].depends_on"),
                        format!("names \"{name}\", which is not in services; add it"),
                    );
                }
            }
        }
        for (at, grant) in self.roles.iter().enumerate() {
            if grant.users.is_empty() && grant.groups.is_empty() {
                problem(format!("roles[{at}]"), "is for nobody; name users or groups, or write users: [\"*\"]".into());
            }
            for user in &grant.users {
                let is_id =
                    user.len() > 1 && user.starts_with(['U', 'W']) && user.chars().all(|c| c.is_ascii_alphanumeric());
                if user != crate::roles::EVERYBODY && !is_id {
                    let help =
                        "which is no user's id; write for example U0123456789 (in Slack: profile, ⋮, Copy member ID)";
                    problem(format!("roles[{at}].users"), format!("has \"{user}\", {help}"));
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_services_and_channels_are_read() {
        let text = "
clusters:
  - { name: prod-eks, region: ap-northeast-2, channel: C01 }
services:
  - { name: ledger, namespace: payments }
  - { name: checkout, namespace: shop, workload: StatefulSet/checkout, depends_on: [ledger] }
channels: { payments: C02 }
";
        let structure = Structure::parse(text).unwrap();
        assert_eq!(structure.clusters[0].region.as_deref(), Some("ap-northeast-2"));
        assert_eq!(structure.services[1].depends_on, ["ledger"]);
        assert_eq!(structure.channels["payments"], "C02");
    }

    #[test]
    fn all_mistakes_of_the_file_are_told_at_once() {
        let text = "
clusters: [{ name: a }, { name: a, role_arn: admin, remediation_role_arn: admin }]
services: [{ name: x, namespace: n, workload: Deploy/x, depends_on: [y] }]
roles: [{ role: viewer }, { role: operator, users: [mina] }]
";
        let problems = Structure::parse(text).unwrap_err();
        let places: Vec<_> = problems.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(
            places,
            [
                "clusters[1].name",
                "clusters[1].role_arn",
                "clusters[1].remediation_role_arn",
                "services[0].workload",
                "services[0].depends_on",
                "roles[0]",
                "roles[1].users"
            ]
        );
    }

    #[test]
    fn a_misspelt_field_is_an_error_with_its_place() {
        let problems = Structure::parse("clusters: [{ name: a, regoin: b }]").unwrap_err();
        assert!(problems[0].problem.contains("regoin"), "{problems:?}");
    }
}
