//! Findings of GuardDuty: parsed at the edge, told once, their node isolated; anything more is asked of people.
//!
//! A finding is one case however often it is updated: GuardDuty sends the same id again with a higher count. What is kept of
//! it is written before each effect and after it, and every effect stands under a key of its own.
//!
//! Isolated means that no new pod is placed on the node and that nothing on it is touched: its processes, memory and disks are
//! the evidence. Draining ends them, so it is proposed only once the node is isolated, and no policy lets it run by itself.

mod act;
pub(crate) mod message;
mod parse;
mod place;

pub(super) use act::{sweep, take};
pub use parse::{Finding, MalformedFinding};
pub use place::Place;
pub(super) use place::instance_of;
