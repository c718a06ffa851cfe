//! Settings: typed, checked at start, each with its default and its reason.
//!
//! [`SETTINGS`] lists every environment variable that Nightshift reads; `docs/settings.md` is made from it and a test keeps
//! it so. [`Settings`] is what the variables say, all of them checked together: whoever deploys sees every mistake at
//! once. What is structured (clusters with roles and channels, services, channels of namespaces) is in a YAML file
//! ([`Structure`]). Secrets are values on a laptop and Secrets Manager ARNs elsewhere ([`SecretSource`]).

mod docs;
mod door;
mod mode;
mod nodes;
mod reader;
#[cfg(feature = "remote-settings")]
mod remote;
mod secret;
mod settings;
mod structure;
mod table;
mod zones;

pub use docs::settings_page;
pub use door::DoorSettings;
pub use mode::Mode;
pub use nodes::{FindingRules, NodeRules};
pub use reader::{ConfigError, Problem};
pub use secret::{Secret, SecretError, SecretSource};
pub use settings::{
    Answers, BedrockSettings, Links, NetCheck, ReportSettings, Settings, SlackSettings, TicketSettings,
};
pub use structure::{ClusterSettings, RemediationSettings, ServiceSettings, Structure};
pub use table::{SETTINGS, Setting};
pub use zones::{GrayFailureSettings, RuleSettings, Signal, ZoneQuery};
