//! The course of one node's case: what was said, asked and seen of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AGAIN;
use super::bounds::Held;
use super::sign::Sign;

/// One node's case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Episode {
    /// When it began.
    pub(super) since: Timestamp,
    /// What was said of it, by kind.
    pub(super) said: BTreeSet<String>,
    /// The taint that was asked for.
    #[serde(default)]
    pub(super) taint: Asked,
    /// Its removal.
    #[serde(default)]
    pub(super) untaint: Asked,
    /// Whether our taint has been seen on it.
    pub(super) was_tainted: bool,
    /// Whether somebody took our taint off by hand.
    pub(super) overruled: bool,
}

/// When something was asked for last, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The last time, while it is still wanted.
    pub(super) at: Option<Timestamp>,
    /// How often in all.
    pub(super) times: u32,
}

impl Asked {
    /// Whether it is time to ask.
    pub(super) fn is_due(&self, at: Timestamp) -> bool {
        self.at.is_none_or(|asked| at.duration_since(asked) >= AGAIN)
    }

    /// Asks; returns how often it was asked before.
    pub(super) const fn ask(&mut self, at: Timestamp) -> u32 {
        self.at = Some(at);
        self.times += 1;
        self.times - 1
    }
}

impl Episode {
    pub(super) fn new(since: Timestamp) -> Self {
        let (taint, untaint) = (Asked::default(), Asked::default());
        Self { since, said: BTreeSet::new(), taint, untaint, was_tainted: false, overruled: false }
    }

    /// Whether our taint is gone as we asked.
    pub(super) const fn is_relieved(&self, tainted: bool) -> bool {
        self.was_tainted && !tainted && self.untaint.at.is_some()
    }

    /// Notes whether our taint is there.
    pub(super) fn see(&mut self, tainted: bool) {
        if tainted {
            self.was_tainted = true;
            self.overruled = false;
        } else if self.was_tainted && self.untaint.at.is_none() {
            self.overruled = true;
        }
    }

    /// Notes what is said; whether any of it is new.
    pub(super) fn say(&mut self, signs: &[Sign], held: Option<&Held>) -> bool {
        let mut is_new = false;
        for sign in signs {
            is_new |= self.said.insert(sign.kind());
        }
        let held = held.map(|held| match held {
            Held::Share { .. } => "held share",
            Held::LastOfPool { .. } => "held pool",
            Held::LastOfZone { .. } => "held zone",
            // These follow from what is said anyway.
            Held::KeptOff | Held::Common => "",
            Held::Overruled => "held overruled",
        });
        if let Some(held) = held.filter(|held| !held.is_empty()) {
            is_new |= self.said.insert(held.to_owned());
        }
        is_new
    }
}
