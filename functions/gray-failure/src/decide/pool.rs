//! The rate of faults that all zones share, as far as it can be known, and how well a course of minutes is explained by it.
//!
//! The shared rate is a Gamma distribution that every minute's faults of all zones together make narrower and the passing of
//! a minute makes wider ([`WANDER`]; the gain that balances both is that of a Kalman filter). It is fed first by the other
//! zones, then by the zone itself, whose traffic counts for `times` as much: 1 if the zone is well, 2 if it fails twice as often.
//! What a course of minutes is worth under a hypothesis is the product of the chances that each minute was given by those
//! before it. So the zone's own past speaks as well as the other zones do, and what is still unknown of the shared rate is
//! weighed for exactly as long as it is unknown.
//!
//! Two things happen that are no zonal fault. The shared rate may *jump*, by any amount (a release, an incident): it is then
//! known by the other zones of this minute alone. And a zone may have a *burst*: an instance restarts and takes a minute or
//! two of its zone's requests with it. Either is rare, and each minute is explained by it as far as that explains it better.

use serde::{Deserialize, Serialize};

use super::numbers::ln_gamma;

/// The variance by which the logarithm of the rate moves within a minute.
const WANDER: f64 = 0.035 * 0.035;
/// How often, in minutes, the shared rate jumps.
const JUMPS: f64 = 1.0 / 300.0;
/// How likely it does in the minute after a burst in one zone.
const FOLLOWS: f64 = 0.4;
/// How often a zone has a burst.
const BURSTS: f64 = 1.0 / 500.0;
/// How likely a burst goes on for another minute.
const GOES_ON: f64 = 0.5;
/// How much rarer a burst is that takes faults away.
const UNDER: f64 = 0.01;
/// How many times as many faults a burst is likely to bring: one that brings fewer is so much the rarer.
const BURST_TIMES: f64 = 3.0;
/// Logarithms of how far apart the least and the most of a jump, and of a burst, are.
const JUMP_SPAN: f64 = 6.0;
const BURST_SPAN: f64 = 3.4;

/// What is known of the shared rate: a Gamma distribution.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Pool {
    shape: f64,
    rate: f64,
}

/// A minute's faults, divided by how they come in clumps, and the traffic in which they arose, likewise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    own: Count,
    others: Count,
    /// Nothing is to be learnt of the zone from this minute.
    mute: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Count {
    faults: f64,
    exposure: f64,
    /// The logarithm of the factorial of the faults.
    ln_factorial: f64,
}

impl Count {
    fn new(faults: f64, exposure: f64, scatter: f64) -> Self {
        let faults = faults / scatter;
        Self { faults, exposure: exposure / scatter, ln_factorial: ln_gamma(faults + 1.0) }
    }
}

impl Seen {
    /// Faults and traffic of the zone and of the others, how they scatter, and whether the zone's are to be passed over.
    pub(crate) fn new(own: [f64; 3], others: [f64; 3], mute: bool) -> Self {
        let count = |[faults, exposure, scatter]: [f64; 3]| Count::new(faults, exposure, scatter);
        Self { own: count(own), others: count(others), mute }
    }
}

impl Pool {
    /// What the first minute tells.
    pub(crate) fn first(seen: &Seen) -> Self {
        Self { shape: seen.own.faults + seen.others.faults + 0.5, rate: seen.own.exposure + seen.others.exposure }
    }

    /// What is known after a minute in which the zone is well.
    pub(crate) fn after(self, seen: &Seen) -> Self {
        let mut course = Course::new(self);
        course.take(seen, 1.0);
        course.pool
    }

    /// What is still known a minute later.
    fn widened(self) -> Self {
        let by = 1.0 + self.shape * WANDER;
        Self { shape: self.shape / by, rate: self.rate / by }
    }

    fn mean(self) -> f64 {
        self.shape / self.rate
    }

    fn with(self, part: f64, faults: f64, exposure: f64) -> Self {
        Self { shape: self.shape + part * faults, rate: self.rate + part * exposure }
    }

    /// The chance of so many faults: a negative binomial.
    fn chance(self, count: &Count, times: f64) -> f64 {
        let exposure = times * count.exposure;
        let all = self.rate + exposure;
        (ln_gamma(self.shape + count.faults) - ln_gamma(self.shape) - count.ln_factorial
            + self.shape * (self.rate / all).ln()
            + count.faults * (exposure / all).ln())
        .exp()
    }

    /// One distribution with the mean and the variance of both.
    fn mixed(self, other: Self, part: f64) -> Self {
        if part < 1e-5 {
            return self;
        }
        let (a, b) = (self.mean(), other.mean());
        let mean = (1.0 - part) * a + part * b;
        let square = (1.0 - part) * a * a * (1.0 + 1.0 / self.shape) + part * b * b * (1.0 + 1.0 / other.shape);
        let shape = 1.0 / (square / (mean * mean) - 1.0).max(1e-6);
        Self { shape, rate: shape / mean }
    }
}

/// A course of minutes under a hypothesis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    pool: Pool,
    /// How likely the zone has no burst, is in the first minute of one, or in a later one.
    burst: [f64; 3],
    /// The chance of all so far, as a logarithm.
    pub(crate) ln: f64,
}

impl Course {
    pub(crate) const fn new(pool: Pool) -> Self {
        Self { pool, burst: [1.0, 0.0, 0.0], ln: 0.0 }
    }

    /// Takes in a minute in which the zone fails so many times as often as it should.
    pub(crate) fn take(&mut self, seen: &Seen, times: f64) {
        let known = self.pool.widened();
        let [none, first, later] = self.burst;
        // What begins in one zone may come to all a minute later.
        let jumps = JUMPS + FOLLOWS * (first + later);
        let Count { faults, exposure, .. } = seen.others;
        // What the others had, if the rate stayed and if it jumped.
        let stayed = (known.with(1.0, faults, exposure), (1.0 - jumps) * known.chance(&seen.others, 1.0));
        let jumped = Pool { shape: faults + 0.5, rate: exposure + 0.5 / known.mean() };
        let jumped = (jumped, jumps / (JUMP_SPAN * (faults + 1.0)));
        if seen.mute {
            let all = stayed.1 + jumped.1;
            self.ln += all.ln();
            self.pool = stayed.0.mixed(jumped.0, jumped.1 / all);
            return;
        }
        let prior = [none * (1.0 - BURSTS) + (1.0 - GOES_ON) * first + later, none * BURSTS, first * GOES_ON];
        // What the zone itself had, in either case, if it had no burst and if it had.
        let own = |(pool, chance): (Pool, f64)| {
            let well = chance * prior[0] * pool.chance(&seen.own, times);
            let mean = times * seen.own.exposure * pool.mean();
            let wild = over(seen.own.faults / mean) * chance / (BURST_SPAN * seen.own.faults.max(mean));
            let wild = [prior[1] * wild, prior[2] * wild];
            let all = (well + wild[0] + wild[1]).max(f64::MIN_POSITIVE);
            (pool.with(well / all, seen.own.faults, times * seen.own.exposure), well, wild, all)
        };
        let (stayed, jumped) = (own(stayed), own(jumped));
        let all = stayed.3 + jumped.3;
        self.ln += all.ln();
        self.pool = stayed.0.mixed(jumped.0, jumped.3 / all);
        self.burst = [stayed.1 + jumped.1, stayed.2[0] + jumped.2[0], stayed.2[1] + jumped.2[1]].map(|one| one / all);
    }
}

/// How likely a burst is to bring so many times the faults, beside what it most likely brings: an instance that restarts fails
/// all of its requests, not a few more of them.
fn over(times: f64) -> f64 {
    let far = (times / BURST_TIMES).powi(2);
    if times > 1.0 { far / (1.0 + far) } else { UNDER }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute: faults of the zone and of the others, each of 10 000 requests, where 20 are usual.
    fn minute(own: f64, others: f64) -> Seen {
        Seen::new([own, 1e4, 1.0], [others, 1e4, 1.0], false)
    }

    /// How much better this is explained by twice the faults since its beginning, after an hour of quiet.
    fn evidence(minutes: &[Seen]) -> f64 {
        let mut pool = Pool::first(&minute(20.0, 20.0));
        (0..60).for_each(|_| pool = pool.after(&minute(20.0, 20.0)));
        let of = |times: f64| {
            let mut course = Course::new(pool);
            minutes.iter().for_each(|seen| course.take(seen, times));
            course.ln
        };
        of(2.0) - of(1.0)
    }

    #[test]
    fn twice_the_faults_in_one_zone_are_evidence_that_grows() {
        let minutes = [minute(40.0, 20.0); 5];
        let grown: Vec<f64> = (1..=5).map(|count| evidence(&minutes[..count])).collect();
        assert!(grown.is_sorted() && grown[0] > 1.0 && grown[4] > 13.0, "{grown:?}");
        assert!(evidence(&[minute(20.0, 20.0); 5]) < -5.0);
    }

    #[test]
    fn a_burst_is_evidence_only_from_its_third_minute_on() {
        let burst = [minute(100.0, 20.0); 3];
        let (two, three) = (evidence(&burst[..2]), evidence(&burst));
        assert!(two < 8.0 && three > two + 10.0, "{two} {three}");
    }

    #[test]
    fn a_jump_in_all_zones_is_no_evidence_nor_is_one_that_comes_to_the_others_a_minute_later() {
        let all = evidence(&[minute(40.0, 40.0); 5]);
        assert!(all < 0.0, "{all}");
        let later = evidence(&[minute(40.0, 20.0), minute(40.0, 40.0), minute(40.0, 40.0), minute(40.0, 40.0)]);
        assert!(later < 4.0, "{later}");
    }

    #[test]
    fn what_is_mute_says_nothing_of_the_zone() {
        let mute = |own: f64| Seen::new([own, 1e4, 1.0], [20.0, 1e4, 1.0], true);
        assert_eq!(evidence(&[mute(20.0)]), evidence(&[mute(200.0)]));
    }

    #[test]
    fn chances_of_all_counts_sum_to_one() {
        let pool = Pool { shape: 50.0, rate: 25_000.0 };
        let total: f64 = (0..400).map(|count| pool.chance(&Count::new(f64::from(count), 1e4, 1.0), 2.0)).sum();
        assert!((total - 1.0).abs() < 1e-9, "{total}");
    }
}
