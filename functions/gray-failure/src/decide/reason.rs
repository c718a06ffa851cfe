//! Why something is said of a zone.

use serde::{Deserialize, Serialize};

/// Why something is said of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Worse than the others and than its own past, not yet so much or so surely that it has to be left.
    EarlyWarning,
    /// It fails far more often.
    Faults,
    /// It is far slower.
    Latency,
    /// Both.
    FaultsAndLatency,
    /// It looks bad, but has been seen too short a time to know what is usual.
    HardlyKnown,
    /// It looks bad over too few requests.
    TooLittleTraffic,
    /// It looks bad over too few faults.
    TooFewFaults,
    /// It looks bad, and so does another zone: not a zonal fault.
    OtherZonesToo,
    /// It looks bad, and nothing else says so: one instance may be sick.
    NotCorroborated,
    /// It looks bad while another zone is left.
    AnotherZoneIsLeft,
    /// Nothing was heard of it.
    Silent,
    /// Its latency is on its way to twice the usual.
    SlowerSoon,
    /// Still worse.
    StillWorse,
    /// Better, but not for long enough.
    NotWellLongEnough,
    /// It was left and nothing is heard of it, which is not health.
    NothingHeard,
    /// It has been well.
    WellAgain,
    /// Nothing can be heard of it while it is left: traffic returns on trial.
    OnTrial,
    /// It has been so for so long that it is no failure but how it is now.
    NewNormal,
}

impl Reason {
    /// The reason, in English.
    pub const fn text(self) -> &'static str {
        match self {
            Self::EarlyWarning => "performs below its baseline and below the other zones",
            Self::Faults => "fails far more often than the other zones and than its own past",
            Self::Latency => "is far slower than the other zones and than its own past",
            Self::FaultsAndLatency => "fails more often and is slower than the other zones and than its own past",
            Self::HardlyKnown => "looks bad, but what is usual of it is not known yet",
            Self::TooLittleTraffic => "looks bad over too little traffic to judge by",
            Self::TooFewFaults => "looks bad over too few faults to judge by",
            Self::OtherZonesToo => "is worse than usual, and so is another zone: not a zonal fault",
            Self::NotCorroborated => "looks bad and nothing corroborates it: one instance may be sick",
            Self::AnotherZoneIsLeft => "looks bad while traffic is shifted away from another zone",
            Self::Silent => "is not heard of any more; missing data is not health",
            Self::SlowerSoon => "gets slower and is expected to be twice as slow as usual within two hours",
            Self::StillWorse => "is still worse than the other zones",
            Self::NotWellLongEnough => "is better, but not for long enough",
            Self::NothingHeard => "has no traffic to judge it by; missing data is not health",
            Self::WellAgain => "has been well for a while",
            Self::OnTrial => "cannot be judged without traffic; it returns on trial",
            Self::NewNormal => "has been like this for so long that it is how the zone is now",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}
