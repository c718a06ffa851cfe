//! What keeps a zone from being left.

use serde::{Deserialize, Serialize};

use super::reason::Reason;

/// A condition of proof that is not met, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The zone has been seen too short a time.
    Known,
    /// Too few requests.
    Traffic,
    /// Another zone is as bad.
    OtherZones,
    /// Not far enough below its baseline.
    Size,
    /// Too little evidence.
    Evidence,
    /// Not in enough minutes.
    Persistence,
    /// Too few faults.
    Faults,
    /// The exact test does not agree.
    Exact,
    /// No second witness.
    Corroboration,
}

impl Hold {
    /// What is said of the zone for it.
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::Known => Reason::HardlyKnown,
            Self::Traffic => Reason::TooLittleTraffic,
            Self::OtherZones => Reason::OtherZonesToo,
            Self::Size | Self::Evidence | Self::Persistence => Reason::EarlyWarning,
            Self::Faults | Self::Exact => Reason::TooFewFaults,
            Self::Corroboration => Reason::NotCorroborated,
        }
    }
}
