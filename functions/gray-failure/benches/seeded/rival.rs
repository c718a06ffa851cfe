//! Other rules, as they are found in runbooks, and ours, behind one face.

use std::collections::{BTreeMap, VecDeque};

use gray_failure::decide::{Call, Memory, Minute, Rules, ZoneId};

use super::{fault::Own, informed::Informed, oracle::Oracle};

/// A rule that may be asked every minute which zone to leave.
#[derive(Clone)]
pub(crate) enum Rule {
    /// Ours.
    Ours(Box<Memory>),
    /// What could be known at best, told the rates.
    Oracle(Oracle),
    /// What could be known at best without being told the rates.
    Informed(Box<Informed>),
    /// Latency 50 ms above the others is a warning, 200 ms above is a shift.
    FixedLatency,
    /// More than 70 % of all faults of five minutes are in one zone.
    ShareOfFaults(VecDeque<BTreeMap<ZoneId, f64>>),
    /// A zone's rate of faults is more than two deviations above the mean of the zones.
    AcrossZones,
    /// A zone's rate of faults is more than three deviations above that of its own last hour.
    OwnHour(BTreeMap<ZoneId, VecDeque<f64>>),
}

impl Rule {
    /// All rules, fresh.
    pub(crate) fn all() -> Vec<Self> {
        vec![
            Self::Ours(Box::default()),
            Self::Informed(Box::default()),
            Self::Oracle(Oracle::default()),
            Self::FixedLatency,
            Self::ShareOfFaults(VecDeque::new()),
            Self::AcrossZones,
            Self::OwnHour(BTreeMap::new()),
        ]
    }

    /// Its name.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Ours(_) => "this",
            Self::Informed(_) => "informed",
            Self::Oracle(_) => "oracle",
            Self::FixedLatency => "+200 ms",
            Self::ShareOfFaults(_) => "70 % of errors",
            Self::AcrossZones => "z > 2 over zones",
            Self::OwnHour(_) => "z > 3 over an hour",
        }
    }

    /// Whether it is ours, or a bound of what can be found.
    pub(crate) const fn is_ours_or_oracle(&self) -> bool {
        matches!(self, Self::Ours(_) | Self::Informed(_) | Self::Oracle(_))
    }

    /// The zone it would leave now. What the zones had to expect is for the oracles alone.
    pub(crate) fn step(&mut self, minute: &Minute, own: &[Own], rules: &Rules) -> Option<ZoneId> {
        let rates = || minute.zones.iter().map(|(id, one)| (id, one.faults / one.requests.max(1.0)));
        match self {
            Self::Ours(memory) => {
                let said = memory.step(minute, rules);
                said.into_iter().find(|one| one.decision == Call::Shift).map(|one| one.zone)
            }
            Self::Oracle(oracle) => oracle.step(minute, own),
            Self::Informed(informed) => informed.step(minute, own),
            Self::FixedLatency => {
                let latency = |id: &ZoneId| minute.zones[id].latency_ms.unwrap_or_default();
                let sum: f64 = minute.zones.keys().map(latency).sum();
                #[expect(clippy::cast_precision_loss, reason = "few zones")]
                let others = |id: &ZoneId| (sum - latency(id)) / (minute.zones.len() - 1) as f64;
                minute.zones.keys().find(|id| latency(id) > others(id) + 200.0).cloned()
            }
            Self::ShareOfFaults(window) => {
                window.push_back(minute.zones.iter().map(|(id, one)| (id.clone(), one.faults)).collect());
                if window.len() > 5 {
                    window.pop_front();
                }
                let of = |id: &ZoneId| window.iter().filter_map(|one| one.get(id)).sum::<f64>();
                let all: f64 = minute.zones.keys().map(of).sum();
                minute.zones.keys().find(|id| all >= 10.0 && of(id) > 0.7 * all).cloned()
            }
            Self::AcrossZones => {
                let (mean, deviation) = moments(rates().map(|(_, rate)| rate));
                let worst = rates().find(|(_, rate)| *rate > 2.0f64.mul_add(deviation, mean));
                worst.map(|(id, _)| id.clone())
            }
            Self::OwnHour(past) => {
                let mut found = None;
                for (id, rate) in rates() {
                    let past = past.entry(id.clone()).or_default();
                    let (mean, deviation) = moments(past.iter().copied());
                    if past.len() == 60 && rate > 3.0f64.mul_add(deviation, mean) {
                        found.get_or_insert_with(|| id.clone());
                    }
                    past.push_back(rate);
                    if past.len() > 60 {
                        past.pop_front();
                    }
                }
                found
            }
        }
    }
}

fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut count, mut sum, mut square) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += value;
        square += value * value;
    }
    let mean = sum / f64::max(count, 1.0);
    (mean, (square / f64::max(count, 1.0) - mean * mean).max(0.0).sqrt())
}
