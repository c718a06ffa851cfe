//! What is put into one zone of a quiet series.

use gray_failure::decide::{Minute, ZoneId};
use rand::{RngExt, rngs::Xoshiro256PlusPlus};

use super::world::clumped;

/// What a zone's faults are like in a minute without the fault that is put into it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own {
    /// How many it has to expect.
    pub(crate) mean: f64,
    /// Their variance over that.
    pub(crate) clump: f64,
    /// How many it would have to expect if no rate wandered.
    pub(crate) still: f64,
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Faults, so many times as many.
    Errors(f64),
    /// Latency, so many times as long.
    Latency(f64),
    /// Packets lost: slower, some more faults, less traffic.
    PacketLoss,
    /// Half of the instances fail three times as often.
    Partial,
    /// Three times the faults, three minutes of five.
    Intermittent,
    /// Faults that grow to three times as many within half an hour.
    Slow,
}

impl Fault {
    /// All kinds.
    pub(crate) const ALL: [Self; 11] = [
        Self::Errors(1.5),
        Self::Errors(2.0),
        Self::Errors(3.0),
        Self::Errors(5.0),
        Self::Latency(1.5),
        Self::Latency(2.0),
        Self::Latency(4.0),
        Self::PacketLoss,
        Self::Partial,
        Self::Intermittent,
        Self::Slow,
    ];

    /// The minute with the fault in it; `since` counts from 0. What comes on top is drawn around what the zone had to expect
    /// in that minute, not around what it happened to have: so many times the rate, with the zone's own clumps and no more.
    pub(crate) fn put(self, minute: &mut Minute, zone: &ZoneId, since: usize, own: Own, rng: &mut Xoshiro256PlusPlus) {
        let Some(sample) = minute.zones.get_mut(zone) else { return };
        #[expect(clippy::cast_precision_loss, reason = "minutes")]
        let grown = (since as f64 / 30.0).min(1.0);
        let (errors, latency, requests) = match self {
            Self::Errors(times) => (times, 1.0, 1.0),
            Self::Latency(times) => (1.0, times, 1.0),
            Self::PacketLoss => (1.4, 1.8 * (1.0 + rng.random_range(-0.2..0.4)), 0.95),
            Self::Partial => (2.0, 1.1, 1.0),
            Self::Intermittent => (if since % 5 < 3 { 3.0 } else { 1.0 }, 1.0, 1.0),
            Self::Slow => (1.0 + 2.0 * grown, 1.0 + 0.2 * grown, 1.0),
        };
        sample.requests = (sample.requests * requests).round();
        let extra = clumped(own.mean * requests * (errors - 1.0), own.clump, rng);
        sample.faults = ((sample.faults * requests).round() + extra).min(sample.requests);
        sample.latency_ms = sample.latency_ms.map(|usual| usual * latency);
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Errors(times) => write!(f, "error rate x {times}"),
            Self::Latency(times) => write!(f, "latency x {times}"),
            Self::PacketLoss => f.write_str("packet loss"),
            Self::Partial => f.write_str("partial (half fails x 3)"),
            Self::Intermittent => f.write_str("intermittent (x 3, 3 of 5 min)"),
            Self::Slow => f.write_str("slow onset (to x 3 in 30 min)"),
        }
    }
}
