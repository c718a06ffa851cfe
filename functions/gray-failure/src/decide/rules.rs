//! The settings of the judgement.

use serde::{Deserialize, Serialize};

/// Minutes of a year, by which the stated rate of false shifts becomes a threshold of evidence.
const MINUTES_A_YEAR: f64 = 365.25 * 24.0 * 60.0;

/// The settings of the judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// How far below its baseline a zone is worth a warning: 0.2 is a fifth.
    pub early_warning: f64,
    /// How far below its baseline it is to be left.
    pub proposal: f64,
    /// How many shifts a zone and year a well cluster may see, by the evidence alone; what else proof takes refuses some.
    pub false_shifts_per_zone_year: f64,
    /// Minutes that trouble has to last.
    pub persistence_minutes: u32,
    /// The least requests a minute by which a zone is judged.
    pub min_requests: f64,
    /// The least faults within the evidence.
    pub min_faults: f64,
    /// Minutes that a zone has to be known before it may be left.
    pub known_minutes: u32,
    /// Minutes for which a shift is asked at first and with every extension.
    pub expires_in_minutes: u32,
    /// How long before its expiry a shift is extended.
    pub extend_within_minutes: u32,
    /// Minutes in a row that a zone has to be well before traffic returns.
    pub well_minutes: u32,
    /// Minutes without a sign from a zone that was left, after which traffic returns on trial.
    pub blind_minutes: u32,
    /// The longest shift; what goes on longer is no failure but how the zone is now.
    pub longest_minutes: u32,
    /// Minutes after a return in which half the proof is enough to leave the same zone again.
    pub trial_minutes: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            early_warning: 0.2,
            proposal: 0.3,
            false_shifts_per_zone_year: 1.0,
            persistence_minutes: 4,
            min_requests: 100.0,
            min_faults: 10.0,
            known_minutes: 360,
            expires_in_minutes: 30,
            extend_within_minutes: 5,
            well_minutes: 15,
            blind_minutes: 60,
            longest_minutes: 12 * 60,
            trial_minutes: 60,
        }
    }
}

impl Rules {
    /// The evidence, as a natural logarithm, that a shift takes.
    pub fn log_threshold(&self) -> f64 {
        (MINUTES_A_YEAR / self.false_shifts_per_zone_year.max(1e-6)).ln().max(2.0)
    }

    /// The evidence that a warning takes.
    pub fn log_watch(&self) -> f64 {
        0.7 * self.log_threshold()
    }

    /// How many times as bad a zone is that performs so far below its baseline: 30 % below is 1.43 times as bad.
    pub fn times(below: f64) -> f64 {
        1.0 / (1.0 - below.clamp(0.0, 0.99))
    }
}
