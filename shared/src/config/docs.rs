//! `docs/settings.md`, made from the table.

use std::fmt::Write;

use super::table::SETTINGS;

/// The page that lists every setting.
pub fn settings_page() -> String {
    let mut page = String::from(
        "# Settings\n\n\
         Environment variables, read and checked when a function starts; all mistakes are told at once. An empty value\n\
         counts as not set. This page is made from `shared/src/config/table.rs`; a test keeps it up to date\n\
         (`UPDATE_DOCS=1 cargo nextest run -p shared settings_page` writes it).\n",
    );
    let mut group = "";
    for setting in SETTINGS {
        if setting.group != group {
            group = setting.group;
            let _ = write!(page, "\n## {group}\n\n| setting | default | example | meaning |\n|---|---|---|---|\n");
        }
        let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
        let name = code(setting.name);
        let default = setting.default.map(code).unwrap_or_default();
        let example = if setting.is_secret { "(secret)".to_owned() } else { code(setting.example) };
        let _ = writeln!(page, "| {name} | {default} | {example} | {} |", setting.explanation);
    }
    page.push_str(FILE);
    page
}

const FILE: &str = r#"
## The file of NIGHTSHIFT_CONFIG

```yaml
clusters:
  - name: prod-eks                # as in EKS
    region: ap-northeast-2        # the function's own when left out
    role_arn: arn:aws:iam::111122223333:role/nightshift-reader   # for a cluster of another account or region; see operations.md
    remediation_role_arn: arn:aws:iam::111122223333:role/nightshift-writer   # by which remediation changes it
    channel: C0123456789          # what concerns this cluster
    prometheus_url: http://prometheus.monitoring:9090   # a workspace of AMP is asked by role_arn
services:
  - name: checkout                # the name that people use
    namespace: shop
    workload: Deployment/checkout # Deployment/NAME when left out
    channel: C0123456789
    depends_on: [ledger]          # names of other services here
    cluster: prod-eks             # all of them when left out
    load_balancer: app/shop/0123456789abcdef
    target_group: targetgroup/checkout/0123456789abcdef
  - name: ledger
    namespace: payments
channels:                         # by namespace; wins over the cluster's channel
  payments: C9876543210
thresholds:                       # threshold alarms; what is left out has the value that is shown here
  cpu_percent: { warning: 70, critical: 85 }           # of the fullest node; of a service's pods, of their limit
  memory_percent: { warning: 75, critical: 90 }
  error_rate_percent: { warning: 0.5, critical: 2.0 }  # 5xx, at the service's load balancer
  latency_p95_ms: { warning: 500, critical: 2000 }
  disk_percent: { warning: 75, critical: 90 }          # { off: true } draws no line
  actions: []                     # ARNs told; EventBridge, by which Nightshift hears of it, always is
gray_failure:                     # zones, by the cluster's name; clusters with load balancers are observed without it
  prod-eks:
    mode: observe                 # ask: a zonal shift is proposed; automatic: it runs by itself where its risk is low
    resources:                    # load balancers that are shifted beside the cluster; their metrics are read
      - arn:aws:elasticloadbalancing:ap-northeast-2:111122223333:loadbalancer/app/shop/0123456789abcdef
    settle_seconds: 120           # how long after a minute's end its metrics are taken to be complete
    backfill_hours: 168           # how much of the past is read where nothing is known yet
    rules:                        # what is left out has the value that is shown here
      early_warning: 0.2          # a fifth below its baseline: a warning
      proposal: 0.3               # so far below: to be left
      false_shifts_per_zone_year: 1.0   # that a well zone may see
      persistence_minutes: 4      # that trouble has to last
      min_requests: 100           # a minute, by which a zone is judged
      min_faults: 10              # within the evidence
      known_minutes: 360          # that a zone has to be known
      expires_in_minutes: 30      # of a shift, and of each extension
      well_minutes: 15            # in a row, before traffic returns
      blind_minutes: 60           # without a sign of a zone that was left, before traffic returns on trial
      longest_minutes: 720        # of a shift
    queries:                      # beside those that load balancers bring along
      - signal: requests          # faults, latency (in ms), instances, probes, probes_failed, packets, packets_lost
        workload: ledger          # more than one that fails in a zone is a witness more
        namespace: Shop/Services  # CloudWatch
        metric: Requests
        statistic: Sum            # when left out: Sum, Average of latency and instances
        dimensions: { Service: ledger }   # beside the zone's
        any: [Route]              # dimensions of any value, summed
        zone_by: AvailabilityZone # the dimension that tells the zone
      - signal: faults
        workload: ledger
        prometheus: sum by (zone) (increase(http_requests_total{app="ledger",code=~"5.."}[1m]))
        zone_by: zone             # the label that tells the zone: its name or its id
      - signal: packets_lost
        namespace: AWS/NetworkFlowMonitor
        metric: Retransmissions
        dimensions: { MonitorId: "arn:aws:networkflowmonitor:ap-northeast-2:111122223333:monitor/zone-a" }
        zone: ap-northeast-2a     # where a query is of one zone only
        scale: 1                  # what values are multiplied by: 1000 for seconds
roles:                            # without any, everybody may ask and nobody may change anything
  - role: viewer                  # asks; operator: starts what needs no approval; approver: approves
    users: ["*"]                  # ids of users, or * for everybody
  - role: approver
    groups: [sre]                 # user groups, by handle or id
    namespaces: [shop, payments]  # everywhere when left out
remediation:                      # what may be changed; without it everything is proposed and nothing runs by itself
  automation: [shop]              # namespaces in which low-risk actions may run by themselves
  restricted: [payments]          # namespaces in which nothing is done
  environments: { stage-eks: staging }   # production where a cluster is not named
  propose_from_percent: 0         # how sure a cause has to be for actions to be proposed; nightshift learn suggests it
  approval_minutes: 30            # how long people may approve
  watch_minutes: 10               # how long recovery is watched for
  undo_when_worse: true           # take a change back that makes it worse
  policies:                       # Cedar, in addition to infra/policies/nightshift.cedar
    no-drains: |
      @id("no-drains-in-prod")
      forbid (principal, action == Nightshift::Action::"drain", resource) when { resource.environment == "production" };
nodes:                            # nodes that are ill; what is left out has the value that is shown here
  mode: observe                   # observe: says it; ask: proposes a taint, people agree; automatic: taints where the risk is low
  share_percent: 10               # of the nodes at most tainted at once; one always may be
  failing_minutes: 5              # how long a condition fails before that is a reason
  flap_changes: 6                 # so many changes of a condition within the window are flapping
  window_minutes: 60              # the window for changes, events and restarts
  well_minutes: 30                # how long a node is well before its taint is taken off
  disk_percent: 85                # where kubelet begins to evict
  disk_hours: 8                   # a disk that is there within these hours is told; within a quarter of them, tainted for
guardduty:                        # findings of GuardDuty that name a node
  mode: ask                       # observe: says it; ask: proposes isolation; automatic: isolates. More is always asked
  severity: 7                     # findings below are not told
```
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/settings.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, settings_page()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(page == settings_page(), "docs/settings.md is out of date; run this test with UPDATE_DOCS=1");
    }

    #[test]
    fn the_example_of_the_file_is_valid() {
        let yaml = FILE.split("```").nth(1).unwrap().trim_start_matches("yaml");
        crate::config::Structure::parse(yaml).unwrap();
    }
}
