//! Leaving a zone: from what is wanted to the calls that bring it about, which is pure.
//!
//! gray-failure judges the zones, keeps what is wanted and proposes; remediation takes the [`steps`], once policy and people
//! allowed it. Both read what stands ([`read`], feature `zonal-shift`).
//!
//! # Why it cannot go wrong twice
//!
//! `arc-zonal-shift:StartZonalShift` takes no client token, and an invocation may end between any two calls. So nothing is
//! remembered of calls at all. What is kept is one thing, written together with the memory of the judgement and before any
//! call: the [`Want`], which zone is to be left and until when. Every minute the shifts that stand are read
//! (`GetManagedResource`) and [`steps`] says what lies between them and the want. Whoever is interrupted
//! is repeated from the start:
//!
//! - *never two*: ARC holds one shift a resource and answers a second with ConflictException; what is ours is known by its
//!   [`Comment`], and while anything of ours leads away from another zone, nothing is started anywhere;
//! - *never one forgotten*: what is ours and not wanted is cancelled, also when nobody remembers having begun it; a want
//!   that was not renewed lapses; and a shift itself expires soon where nobody is left to cancel it.
//!
//! What others began (people, AWS's autoshift, a practice run) is left alone. Where it leads away from another zone
//! than the one wanted, two zones would be left at once, so nothing is started.
//!
//! Facts: <https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_StartZonalShift.html>. `expiresIn` is a number and `m` or
//! `h`, of at most three days; `awayFrom` is an Availability Zone's id (`use1-az1`), not its name.

mod comment;
mod next;
#[cfg(feature = "zonal-shift")]
pub mod read;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use comment::Comment;
pub use next::{Seen, Standing, State, Step, Why, steps};

/// A zone, by whatever name its metrics carry; `use1-az1` where it has to be acted on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneId(pub String);

impl std::fmt::Display for ZoneId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a zonal shift is begun for: the ARN of a cluster or of a load balancer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceArn(pub String);

/// The id of a zonal shift.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShiftId(pub String);

impl std::fmt::Display for ResourceArn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for ShiftId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which zone is to be left, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// The zone.
    pub zone: ZoneId,
    /// Since when it is to be left.
    pub since: Timestamp,
    /// When this is over unless it is renewed.
    pub expires_at: Timestamp,
}
