//! How far Nightshift goes by itself: said of zones, of nodes and of findings alike.

use serde::{Deserialize, Serialize};

/// How far Nightshift goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It says what it sees, and proposes nothing.
    #[default]
    Observe,
    /// It proposes; people agree.
    Ask,
    /// It acts where the policies let it and the risk is low, and asks otherwise.
    Automatic,
}

impl Mode {
    /// As it is written in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Ask => "ask",
            Self::Automatic => "automatic",
        }
    }
}
