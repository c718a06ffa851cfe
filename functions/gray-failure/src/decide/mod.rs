//! Whether a zone limps, and what to do about it: pure.
//!
//! # What is asked
//!
//! A gray failure is a zone that still answers, only worse: a switch drops some packets, a disk is slow, a few in a
//! thousand requests fail. No health check sees it, and no fixed threshold does without crying wolf elsewhere. What gives
//! it away is the comparison: the same workloads, the same minute, the other zones.
//!
//! # How it is answered
//!
//! 1. *What is expected.* Faults of a zone are expected to be its requests times the rate at which requests fail in the
//!    other zones right now ([`level`]), times how this zone usually compares ([`week`], seven days by the hour). Latency
//!    is compared in logarithms with what is usual of the zone at this time of the week ([`latency`]) and with how far the
//!    other zones are off theirs in the same minute. Whatever strikes all zones alike (a release, a rush, a broken database)
//!    thereby cancels out, and so do the season and uneven shares of the traffic.
//! 2. *How far a well zone strays* is measured, not assumed ([`noise`]): faults come in clumps (scatter), and a zone is off
//!    for a while (drift).
//! 3. *Evidence is gathered* minute by minute ([`evidence`]). "Trouble began in that minute" is weighed against "all is well"
//!    by how likely each makes everything seen since, each minute by what came before it ([`pool`]): faults of the zone and
//!    of the others, and of the zone before that minute, all say something of the rate that all share, and what is not known of
//!    it is counted as not known. "All is well" includes what happens to well zones: their drift, a shared rate that
//!    jumps (a release, an incident), also a minute later in some zones than in others, and a burst of a minute or two in the
//!    zone alone (an instance restarts and takes its requests with it). A burst of two minutes is therefore no proof
//!    however large, a third minute of it is.
//!    Each likelihood ratio has a mean of 1 while the zone is well, so their sum over all possible onsets grows by one a minute
//!    on average, and the time until it first passes A is at least A minutes on average (Shiryaev and Roberts; e-detectors).
//!    A is a year's minutes over [`Rules::false_shifts_per_zone_year`]: that is the stated rate.
//!    What a burst in another zone does to the comparison is left out of it: with three zones and more the wild one is told by
//!    the rest, with two by its own quarter of an hour. One slow minute is no evidence of latency, however slow.
//!    A minute in which the others fail half as often again as in the last hour's calm minutes, and more than can be for want of
//!    knowledge, is no evidence: trouble that is common to all strikes unevenly. A zone that is far worse in it is warned of.
//! 4. *Proof is more than evidence* ([`judge`]). The zone must perform [`Rules::proposal`] below its baseline by the others, and
//!    be worse by its own past as well (else the others got better; performance is expected over observed: twice the faults,
//!    or twice the latency, is 50 % below); the signal that is so bad must carry the evidence itself; in three of the latest
//!    four minutes, in the last one, and in half of all that count; with enough requests and faults; the exact binomial test
//!    against the others pooled must agree; and a second witness must: a second signal, more than one workload or instance,
//!    probes, packets, or AWS itself. Half the evidence in both signals, where both last, is as good as all in one.
//!    [`Memory::held`] says which of these ([`Hold`]) keeps a zone from being left.
//! 5. *Two zones worse than usual at once are not a zonal fault*, nor are all. Never is more than one zone left.
//! 6. *Missing data is said.* A zone that falls silent is warned of; while it is left, silence is not health.
//!
//! # The course of a case
//!
//! `watch` from 20 % below the baseline, once for each reason; `shift`; `extend` while the zone has not been well for long
//! enough; `end` after [`Rules::well_minutes`] well minutes in a row. Well is closer to the baseline than the warning is
//! (hysteresis). Where a zone that was left has no traffic to judge by, it returns on trial after
//! [`Rules::blind_minutes`], and for [`Rules::trial_minutes`] half the proof is enough to leave it again.
//!
//! # What is coming
//!
//! Beside the judgement, and without a say in it: how much more demand the others would have to carry while a zone is left
//! ([`outlook`]), and latency that is on its way to twice the usual ([`ahead`]).
//!
//! # What is assumed
//!
//! - Zones serve the same mix of workloads, or a mix whose comparison is stable over days.
//! - The common rate of faults moves by a few percent a minute, or jumps. How fast a doubling can be told apart from that
//!   depends on how many faults there are: a hundred in five minutes cannot, with two zones, always be. The benchmark's informed
//!   oracle, which is told all but the rates, is the bound.
//! - A fault is no more than an hour in coming. What creeps in over days is learnt as usual; what was suspect is not learnt
//!   for six hours.
//! - Minutes of different zones are independent but for what is common to all, given the measured scatter and drift. The
//!   stated rate is as good as this; the benchmark and backtests over real traffic say how good.
//! - Both signals are independent while all is well, where half the evidence in each is taken as proof.

mod ahead;
mod evidence;
mod hold;
mod judge;
mod latency;
mod level;
mod memory;
mod minute;
mod noise;
mod numbers;
mod outlook;
mod pool;
mod reason;
mod rules;
mod trend;
mod week;
mod zone;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use ahead::{ALL_ZONES, Forecast};
pub use evidence::{Corroboration, Evidence};
pub use hold::Hold;
pub use memory::{Memory, Shift};
pub use minute::{Minute, Sample, Tally};
pub use outlook::{Outlook, UNKNOWN as UNKNOWN_GROWTH};
pub use reason::Reason;
pub use rules::Rules;
pub use shared::zonal::ZoneId;

/// The version of the stored forms of this module.
pub const VERSION: u32 = 1;

/// All that is known when a decision is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What was carried over.
    pub memory: Memory,
    /// What came since, in order of time.
    pub minutes: Vec<Minute>,
    /// The settings.
    pub rules: Rules,
}

/// What to say and do, and what to carry over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What to say and do, in order.
    pub statements: Vec<Statement>,
    /// What to carry over.
    pub memory: Memory,
}

/// Something to say about a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The minute.
    pub timestamp: Timestamp,
    /// The zone.
    pub zone: ZoneId,
    /// What to do.
    pub decision: Call,
    /// Why.
    pub reason: Reason,
    /// The numbers.
    pub evidence: Evidence,
}

impl Statement {
    fn new(timestamp: Timestamp, zone: &ZoneId, decision: Call, reason: Reason, evidence: Evidence) -> Self {
        Self { timestamp, zone: zone.clone(), decision, reason, evidence }
    }
}

/// What to do about a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Warn.
    Watch,
    /// Shift traffic away.
    Shift,
    /// Go on doing so.
    Extend,
    /// Let traffic return.
    End,
}

/// Decides.
pub fn decide(situation: &Situation) -> Decision {
    let mut memory = situation.memory.clone();
    let statements = situation.minutes.iter().flat_map(|minute| memory.step(minute, &situation.rules)).collect();
    Decision { version: VERSION, statements, memory }
}
