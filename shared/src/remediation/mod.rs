//! Changes to a cluster: what may be done, who may allow it, how it is done once, and how it is taken back.
//!
//! An [`Action`] is typed and comes as a pair: what it does ([`Request`]s to the Kubernetes API, never a command line) and
//! what undoes it, computed from the objects as they were before. On its way from a diagnosis to the cluster it passes a
//! chain of which no link can be skipped, since each link's type can only be made from the one before it:
//!
//! ```text
//! Proposed -> Permitted -> Assessed -> Approved -> DryRun -> Snapshotted -> Changed -> Watched
//!   who       a policy     risk and    people, or   the API   what was, and  the API    recovery was
//!   proposes  that names   its         automation   server's  how to get     changed    seen, or the
//!   it, why   itself       reasons     by setting   answer    back to it     it         change undone
//! ```
//!
//! What stands outside the types is held by what is sent: every patch carries the `resourceVersion` it was computed from and
//! every eviction the pod's uid, so the API server refuses to do a thing twice, or to something that has become another.
//! [`Case`] is the record that is kept between the links: whoever is killed is repeated from the last one.
//!
//! - [`Facts`]: what is known of the cluster when an action is judged; [`BlastRadius`]: what it would reach.
//! - [`policy`] (feature `policy`): Cedar policies, of ours and of teams.
//! - [`risk`], [`approval`]: how much can go wrong, and who has to agree to it.
//! - [`propose`]: from the causes of a diagnosis to actions.
//! - [`audit`]: the log of all of it, each entry carrying the hash of the one before.

mod action;
mod actions;
pub mod approval;
pub mod audit;
mod blast;
mod case;
mod chain;
mod diff;
mod facts;
#[cfg(feature = "policy")]
pub mod policy;
pub mod propose;
mod recovery;
mod request;
pub mod risk;
mod room;
#[cfg(test)]
mod tampering_tests;
#[cfg(test)]
mod tests;
mod version;
#[cfg(all(test, feature = "policy"))]
mod zonal_tests;

pub use action::{Action, ActionHash, Undo, Unmet};
pub use actions::{
    AdjustHpa, Cordon, Drain, ISOLATED, Isolate, NodePoolLimits, Resize, RestartPod, RestartRollout, RollBack, Scale,
    Taint, UNHEALTHY, Uncordon, Untaint, ZonalShift,
};
pub use blast::{BlastRadius, Headroom};
pub use case::{Case, CaseId, Execution, ShownChange, Stage, Told, WaitsFor};
pub use chain::{Approved, Assessed, Changed, DryRun, Permission, Permitted, Proposal, Proposed, Snapshotted, Watched};
pub use diff::{DiffLine, diff};
pub use facts::{Environment, Facts, Rules, Zonal};
pub use recovery::{Outcome, recovery};
pub use request::{Request, Subresource};
pub use room::{Amount, Room};
pub use version::ObjectVersion;
