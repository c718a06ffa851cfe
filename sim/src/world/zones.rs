//! Zones: how traffic is spread over them, which one limps, which one is left, and what the load balancer measures of each.
//!
//! The public load balancer's metrics by `AvailabilityZone`, as CloudWatch has them. A zone that limps fails a little more
//! often and is slower; a zone that is left gets nothing, and nothing is measured of it.

use super::gauges::{self, LOAD_BALANCER};
use super::kinds::Kind;
use super::metrics::Shape;
use super::state::State;
use super::store::Key;
use super::traffic::Minute;

/// The zones' letters; their ids count up from 1.
const LETTERS: [&str; 3] = ["a", "b", "c"];
/// How traffic is spread: never evenly.
const WEIGHTS: [f64; 3] = [0.37, 0.33, 0.30];
/// The zone that limps in the scenario.
const LIMPING: usize = 0;
/// For how long.
pub(crate) const LIMPS_S: i64 = 50 * 60;
/// The share of its requests that fail in addition.
const FAILING: f64 = 0.025;
/// How many times as slow it is.
const SLOWER: f64 = 1.6;

/// What the world knows of its zones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zones {
    /// Until when the zone limps.
    limps_until: Option<i64>,
    /// Zones that are left, and until when.
    left: Vec<(usize, i64)>,
}

impl Zones {
    /// Lets the zone limp from now on.
    pub(crate) fn limp(&mut self, until: i64) {
        self.limps_until = Some(until);
    }

    /// These zones, by their ids (`apne2-az1`), are left until then, and no others.
    pub(crate) fn leave(&mut self, left: &[(String, i64)]) {
        let index = |id: &str| id.rsplit_once("-az")?.1.parse::<usize>().ok()?.checked_sub(1);
        self.left = left.iter().filter_map(|(id, until)| Some((index(id)?, *until))).collect();
    }

    /// The share of the traffic that each zone gets.
    fn shares(&self, now: i64) -> [f64; 3] {
        let mut shares = WEIGHTS;
        for (zone, until) in &self.left {
            if *until > now
                && let Some(share) = shares.get_mut(*zone)
            {
                *share = 0.0;
            }
        }
        let sum: f64 = shares.iter().sum();
        if sum > 0.0 { shares.map(|share| share / sum) } else { WEIGHTS }
    }

    /// How much of all requests fails in addition, and how many times as slow they are.
    pub(crate) fn harm(&self, now: i64) -> (f64, f64) {
        let share = if self.limps(now) { self.shares(now)[LIMPING] } else { 0.0 };
        (share * FAILING, 1.0 + share * (SLOWER - 1.0))
    }

    fn limps(&self, now: i64) -> bool {
        self.limps_until.is_some_and(|until| now < until)
    }
}

/// Writes the load balancer's metrics of each zone.
pub(crate) fn record(state: &mut State, minute: i64, balancer: &str, minutes: &[Minute]) {
    let now = state.now;
    let (shares, (harm, slower)) = (state.zones.shares(now), state.zones.harm(now));
    let apps = state.apps.clone();
    let region = state.options.region.clone();
    for (zone, letter) in LETTERS.into_iter().enumerate() {
        let name = format!("{region}{letter}");
        let (mut requests, mut faults, mut latency) = (0.0, 0.0, 0.0);
        let limps = zone == LIMPING && state.zones.limps(now);
        for (app, traffic) in apps.iter().zip(minutes).filter(|(app, _)| app.public) {
            let noise = state.noise.of(&app.id()).of(letter).at(minute);
            let own = (60.0 * traffic.requests_per_s * shares[zone] * (1.0 + 0.02 * noise.bell())).round();
            let failing = (traffic.failing - harm).max(0.0) + if limps { FAILING } else { 0.0 };
            let usual = traffic.latency_ms / slower * if limps { SLOWER } else { 1.0 };
            requests += own;
            faults += count(own * failing, noise.at(1).bell()).min(own);
            latency += own * usual * (1.0 + 0.03 * noise.at(2).bell());
        }
        let dimensions = [("AvailabilityZone", name.as_str()), ("LoadBalancer", balancer)];
        let or_nothing = |value: f64, is_there: bool| if is_there { value } else { f64::NAN };
        let values = [
            (("RequestCount", "Count", Shape::Count), or_nothing(requests, requests > 0.0)),
            (("HTTPCode_Target_5XX_Count", "Count", Shape::Count), or_nothing(faults, faults > 0.0)),
            (
                ("TargetResponseTime", "Seconds", Shape::Latency),
                or_nothing(latency / requests.max(1.0) / 1000.0, requests > 0.0),
            ),
        ];
        gauges::write(state, &format!("zone/{letter}"), LOAD_BALANCER, &dimensions, minute, &values);
        targets(state, minute, balancer, &name);
    }
}

/// Healthy targets of each target group in a zone.
fn targets(state: &mut State, minute: i64, balancer: &str, zone: &str) {
    let apps = state.apps.clone();
    for (index, app) in apps.iter().enumerate().filter(|(_, app)| app.public) {
        let in_zone = |node: &str| {
            let node = state.store.at(Kind::Node, &Key::new("", node));
            node.is_some_and(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"] == zone)
        };
        let healthy = gauges::runs_of(state, index).filter(|(_, run)| in_zone(&run.node)).count();
        let group = gauges::target_group(state, app);
        let dimensions = [("AvailabilityZone", zone), ("LoadBalancer", balancer), ("TargetGroup", group.as_str())];
        let values = [(("HealthyHostCount", "Count", Shape::Level), healthy as f64)];
        gauges::write(state, &format!("zone/{zone}/{}", app.id()), LOAD_BALANCER, &dimensions, minute, &values);
    }
}

/// A count around its mean, as far off it as counts are.
fn count(mean: f64, bell: f64) -> f64 {
    (mean + 3.0 * mean.sqrt() * bell).round().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_is_left_gets_nothing_until_that_ends() {
        let mut zones = Zones::default();
        zones.limp(1000);
        assert!(zones.harm(0).0 > 0.005);
        zones.leave(&[("apne2-az1".to_owned(), 500)]);
        assert_eq!((zones.shares(0)[0], zones.harm(0)), (0.0, (0.0, 1.0)));
        assert_eq!(zones.shares(500)[0], WEIGHTS[0] / WEIGHTS.iter().sum::<f64>());
        assert_eq!(zones.harm(1000), (0.0, 1.0));
    }
}
