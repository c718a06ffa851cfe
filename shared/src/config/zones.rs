//! Zones: what is read of each, when one counts as failing, and what may be done about it.
//!
//! A query names its signal. CloudWatch's are metrics with a dimension that tells the zone (`AvailabilityZone`), found by
//! SEARCH, so that zones need not be listed; Prometheus' are expressions with a label that does. A load balancer named
//! among the resources or services brings its standard queries along ([`ZoneQuery::of_load_balancer`]).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::mode::Mode;

/// What is watched of a cluster's zones.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrayFailureSettings {
    /// How far it may go.
    pub mode: Mode,
    /// ARNs of load balancers that are shifted beside the cluster, and whose metrics are read.
    pub resources: Vec<String>,
    /// Where lines are drawn.
    pub rules: RuleSettings,
    /// How long after a minute's end its metrics are taken to be complete, in seconds.
    pub settle_seconds: u32,
    /// How much of the past is read where nothing is known yet, in hours.
    pub backfill_hours: u32,
    /// What is read, in addition to the standard queries of the load balancers.
    pub queries: Vec<ZoneQuery>,
}

impl Default for GrayFailureSettings {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            resources: Vec::new(),
            rules: RuleSettings::default(),
            settle_seconds: 120,
            backfill_hours: 7 * 24,
            queries: Vec::new(),
        }
    }
}

/// Where lines are drawn; what is left out has the value of `decide::Rules`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSettings {
    /// How far below its baseline a zone is worth a warning: 0.2 is a fifth.
    pub early_warning: Option<f64>,
    /// How far below its baseline it is to be left.
    pub proposal: Option<f64>,
    /// How many shifts a zone and year a well cluster may see.
    pub false_shifts_per_zone_year: Option<f64>,
    /// Minutes that trouble has to last.
    pub persistence_minutes: Option<u32>,
    /// The least requests a minute by which a zone is judged.
    pub min_requests: Option<f64>,
    /// The least faults within the evidence.
    pub min_faults: Option<f64>,
    /// Minutes that a zone has to be known before it may be left.
    pub known_minutes: Option<u32>,
    /// Minutes for which a shift is asked at first and with every extension.
    pub expires_in_minutes: Option<u32>,
    /// Minutes in a row that a zone has to be well before traffic returns.
    pub well_minutes: Option<u32>,
    /// Minutes without a sign from a zone that was left, after which traffic returns on trial.
    pub blind_minutes: Option<u32>,
    /// The longest shift, in minutes.
    pub longest_minutes: Option<u32>,
}

/// What a query tells of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Requests of the minute.
    Requests,
    /// Those of them that failed by the server's fault.
    Faults,
    /// Latency in milliseconds: a quantile or the mean, always the same.
    Latency,
    /// Instances (targets, pods) that serve.
    Instances,
    /// Probes of the minute.
    Probes,
    /// Those of them that failed.
    ProbesFailed,
    /// Packets of the minute.
    Packets,
    /// Those of them that were sent again.
    PacketsLost,
}

impl Signal {
    /// As it is written in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Faults => "faults",
            Self::Latency => "latency",
            Self::Instances => "instances",
            Self::Probes => "probes",
            Self::ProbesFailed => "probes_failed",
            Self::Packets => "packets",
            Self::PacketsLost => "packets_lost",
        }
    }

    /// Whether nothing can be judged without it.
    pub const fn is_needed(self) -> bool {
        matches!(self, Self::Requests | Self::Faults)
    }
}

/// One query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneQuery {
    /// What it tells.
    pub signal: Signal,
    /// Of which workload; more than one that fails in a zone is a witness more.
    #[serde(default)]
    pub workload: String,
    /// CloudWatch: the namespace.
    #[serde(default)]
    pub namespace: String,
    /// CloudWatch: the metric's name.
    #[serde(default)]
    pub metric: String,
    /// CloudWatch: the statistic; `Sum` for counts, `Average` for latency and instances.
    #[serde(default)]
    pub statistic: Option<String>,
    /// CloudWatch: dimensions and their values, beside the zone's.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// CloudWatch: dimensions of whatever value, over which is summed.
    #[serde(default)]
    pub any: Vec<String>,
    /// Prometheus: an expression over the last minute, by zone.
    #[serde(default)]
    pub prometheus: Option<String>,
    /// The dimension or label that tells the zone; `AvailabilityZone` and `zone` when left out.
    #[serde(default)]
    pub zone_by: Option<String>,
    /// The zone, where a query is of one zone only.
    #[serde(default)]
    pub zone: Option<String>,
    /// What a value is multiplied by: 1000 for seconds.
    #[serde(default = "one")]
    pub scale: f64,
}

const fn one() -> f64 {
    1.0
}

impl ZoneQuery {
    fn cloudwatch(signal: Signal, namespace: &str, metric: &str, load_balancer: &str) -> Self {
        Self {
            signal,
            workload: load_balancer.split('/').nth(1).unwrap_or(load_balancer).to_owned(),
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            statistic: None,
            dimensions: BTreeMap::from([("LoadBalancer".to_owned(), load_balancer.to_owned())]),
            any: Vec::new(),
            prometheus: None,
            zone_by: None,
            zone: None,
            scale: 1.0,
        }
    }

    /// The standard queries of a load balancer, by its `LoadBalancer` dimension (`app/NAME/ID`, `net/NAME/ID`).
    ///
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>,
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html>
    pub fn of_load_balancer(dimension: &str) -> Vec<Self> {
        let targets = |query: Self| Self { any: vec!["TargetGroup".to_owned()], ..query };
        let (namespace, of) = match dimension.split('/').next() {
            Some("app") => ("AWS/ApplicationELB", true),
            Some("net") => ("AWS/NetworkELB", false),
            _ => return Vec::new(),
        };
        let query = |signal, metric| Self::cloudwatch(signal, namespace, metric, dimension);
        if of {
            vec![
                query(Signal::Requests, "RequestCount"),
                query(Signal::Faults, "HTTPCode_Target_5XX_Count"),
                Self { scale: 1000.0, ..query(Signal::Latency, "TargetResponseTime") },
                targets(query(Signal::Instances, "HealthyHostCount")),
            ]
        } else {
            vec![
                query(Signal::Requests, "NewFlowCount"),
                query(Signal::Faults, "TCP_Target_Reset_Count"),
                targets(query(Signal::Instances, "HealthyHostCount")),
            ]
        }
    }

    /// The statistic, of CloudWatch.
    pub fn statistic(&self) -> &str {
        self.statistic.as_deref().unwrap_or(match self.signal {
            Signal::Latency | Signal::Instances => "Average",
            _ => "Sum",
        })
    }

    /// The dimension or label that tells the zone.
    pub fn zone_by(&self) -> &str {
        self.zone_by.as_deref().unwrap_or(if self.prometheus.is_some() { "zone" } else { "AvailabilityZone" })
    }

    fn problem(&self) -> Option<String> {
        let plain = |text: &str| !text.is_empty() && !text.contains(['"', '\'', '{', '}', ',']);
        let is_cloudwatch = !self.namespace.is_empty() || !self.metric.is_empty();
        match (&self.prometheus, is_cloudwatch) {
            (Some(_), true) => return Some("is of CloudWatch and of Prometheus; write one of them".to_owned()),
            (None, false) => return Some("asks nothing; write namespace and metric, or prometheus".to_owned()),
            (Some(expression), false) if expression.trim().is_empty() => {
                return Some("has an empty expression; write PromQL that is by zone".to_owned());
            }
            (Some(_), false) => {}
            (None, true) => {
                let named = [&self.namespace, &self.metric].into_iter().chain(self.dimensions.keys());
                if !named.chain(self.dimensions.values()).chain(&self.any).all(|text| plain(text)) {
                    return Some("has a name or dimension that is empty or holds quotes, braces or commas".to_owned());
                }
            }
        }
        (!(self.scale > 0.0 && self.scale.is_finite()))
            .then(|| format!("has the scale {}; write more than 0", self.scale))
    }
}

impl GrayFailureSettings {
    /// The `LoadBalancer` dimension of an ARN (`arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID`).
    pub fn load_balancer(arn: &str) -> Option<&str> {
        arn.split_once(":loadbalancer/").map(|(_, dimension)| dimension).filter(|it| it.starts_with(['a', 'n']))
    }

    /// All that is read: what is configured, then the standard queries of these load balancers and of the resources'.
    pub fn all_queries<'a>(&'a self, load_balancers: impl IntoIterator<Item = &'a str>) -> Vec<ZoneQuery> {
        let mut queries = self.queries.clone();
        let of_resources = self.resources.iter().filter_map(|arn| Self::load_balancer(arn));
        let mut known = std::collections::BTreeSet::new();
        for dimension in of_resources.chain(load_balancers) {
            if known.insert(dimension.to_owned()) {
                queries.extend(ZoneQuery::of_load_balancer(dimension));
            }
        }
        queries
    }

    /// What is wrong: where, and what to write.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for (at, arn) in self.resources.iter().enumerate() {
            if Self::load_balancer(arn).is_none() {
                let help = "is no load balancer's ARN; the cluster itself need not be named";
                problems.push((format!("resources[{at}]"), help.to_owned()));
            }
        }
        for (at, query) in self.queries.iter().enumerate() {
            problems.extend(query.problem().map(|problem| (format!("queries[{at}]"), problem)));
        }
        let rules = &self.rules;
        for (name, share) in [("early_warning", rules.early_warning), ("proposal", rules.proposal)] {
            if share.is_some_and(|share| !(0.05..=0.9).contains(&share)) {
                problems.push((format!("rules.{name}"), "is no share; write 0.05 to 0.9".to_owned()));
            }
        }
        if let (Some(warning), Some(proposal)) = (rules.early_warning, rules.proposal)
            && warning > proposal
        {
            problems.push(("rules.early_warning".to_owned(), "is above proposal; warn before you propose".to_owned()));
        }
        let positive = [
            ("false_shifts_per_zone_year", rules.false_shifts_per_zone_year),
            ("min_requests", rules.min_requests),
            ("min_faults", rules.min_faults),
        ];
        for (name, number) in positive {
            if number.is_some_and(|number| !(number > 0.0 && number.is_finite())) {
                problems.push((format!("rules.{name}"), "has to be above 0".to_owned()));
            }
        }
        let minutes = [
            ("persistence_minutes", rules.persistence_minutes, 1, 60),
            ("known_minutes", rules.known_minutes, 1, 7 * 1440),
            ("expires_in_minutes", rules.expires_in_minutes, 10, 4320),
            ("well_minutes", rules.well_minutes, 1, 1440),
            ("blind_minutes", rules.blind_minutes, 1, 1440),
            ("longest_minutes", rules.longest_minutes, 30, 4320),
        ];
        for (name, value, least, most) in minutes {
            if value.is_some_and(|value| !(least..=most).contains(&value)) {
                problems.push((format!("rules.{name}"), format!("is out of bounds; write {least} to {most} minutes")));
            }
        }
        if !(0..=600).contains(&self.settle_seconds) {
            problems.push(("settle_seconds".to_owned(), "is above 600 seconds".to_owned()));
        }
        if !(1..=14 * 24).contains(&self.backfill_hours) {
            problems.push(("backfill_hours".to_owned(), "is out of bounds; write 1 to 336 hours".to_owned()));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_balancer_brings_its_queries_once() {
        let settings = GrayFailureSettings {
            resources: vec![
                "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/0123456789abcdef".to_owned(),
            ],
            ..GrayFailureSettings::default()
        };
        let queries = settings.all_queries(["app/shop/0123456789abcdef", "net/ledger/0123456789abcdef", "shop"]);
        let seen: Vec<_> =
            queries.iter().map(|query| (query.workload.as_str(), query.signal, query.statistic())).collect();
        assert_eq!(
            seen,
            [
                ("shop", Signal::Requests, "Sum"),
                ("shop", Signal::Faults, "Sum"),
                ("shop", Signal::Latency, "Average"),
                ("shop", Signal::Instances, "Average"),
                ("ledger", Signal::Requests, "Sum"),
                ("ledger", Signal::Faults, "Sum"),
                ("ledger", Signal::Instances, "Average"),
            ]
        );
        assert_eq!(settings.problems(), []);
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        let text = "
mode: ask
resources: [arn:aws:eks:eu-west-1:111122223333:cluster/prod-eks]
rules: { early_warning: 0.4, proposal: 0.3, well_minutes: 0 }
queries:
  - { signal: requests, namespace: AWS/ApplicationELB, metric: RequestCount, prometheus: up }
  - { signal: faults }
  - { signal: latency, namespace: Shop, metric: 'p\"99' }
";
        let settings: GrayFailureSettings = serde_yaml_ng::from_str(text).unwrap();
        let problems = settings.problems();
        let places: Vec<_> = problems.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(
            places,
            ["resources[0]", "queries[0]", "queries[1]", "queries[2]", "rules.early_warning", "rules.well_minutes"]
        );
    }
}
