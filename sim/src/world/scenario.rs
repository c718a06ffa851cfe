//! What breaks, by name.

/// A scenario: what happens to the cluster once it has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scenario {
    /// Nothing breaks.
    #[default]
    Healthy,
    /// `payments/api` is rolled out to v2.3.1 without the variable it now insists on.
    BadRollout,
    /// `shop/recommendation` holds on to memory until the kernel kills it.
    MemoryLeak,
    /// The kubelet of one node stops reporting.
    NodeFailure,
    /// `shop/catalog` is rolled out to a tag that was never pushed.
    WrongImage,
    /// All nodes of one zone stop reporting, and with them the database that most services need.
    AlarmStorm,
}

impl Scenario {
    /// All scenarios.
    pub const ALL: [Scenario; 6] =
        [Self::Healthy, Self::BadRollout, Self::MemoryLeak, Self::NodeFailure, Self::WrongImage, Self::AlarmStorm];

    /// The name that users type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::BadRollout => "bad-rollout",
            Self::MemoryLeak => "memory-leak",
            Self::NodeFailure => "node-failure",
            Self::WrongImage => "wrong-image",
            Self::AlarmStorm => "alarm-storm",
        }
    }

    /// The cause identifiers that a right diagnosis may put first; empty where there is nothing to find.
    pub fn expected_causes(self) -> &'static [&'static str] {
        match self {
            Self::Healthy => &[],
            Self::BadRollout => &["bad-rollout", "missing-environment-variable"],
            Self::MemoryLeak => &["memory-leak", "oom-killed"],
            Self::NodeFailure => &["node-not-ready", "kubelet-unavailable"],
            Self::WrongImage => &["incorrect-image-reference"],
            Self::AlarmStorm => &["zone-degraded", "node-not-ready", "kubelet-unavailable"],
        }
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A scenario name that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown scenario {0:?}; use healthy, bad-rollout, memory-leak, node-failure, wrong-image or alarm-storm")]
pub struct UnknownScenario(String);

impl std::str::FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == text).ok_or_else(|| UnknownScenario(text.to_owned()))
    }
}
