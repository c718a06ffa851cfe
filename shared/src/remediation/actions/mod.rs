//! One file an action: its parameters, then what it does, what undoes it, what it reaches and what has to hold before.

mod adjust_hpa;
mod cordon;
mod drain;
mod isolate;
mod node_pool;
mod resize;
mod restart_pod;
mod restart_rollout;
mod roll_back;
mod scale;
mod taint;
mod zonal_shift;

pub use adjust_hpa::AdjustHpa;
pub use cordon::{Cordon, Uncordon};
pub use drain::Drain;
pub use isolate::{ISOLATED, Isolate};
pub use node_pool::NodePoolLimits;
pub use resize::Resize;
pub use restart_pod::RestartPod;
pub use restart_rollout::RestartRollout;
pub use roll_back::RollBack;
pub use scale::Scale;
pub use taint::{Taint, UNHEALTHY, Untaint};
pub use zonal_shift::ZonalShift;

#[cfg(any(feature = "policy", test))]
pub(super) use roll_back::is_previous;

use serde_json::Value;

use super::{Facts, Request, Subresource, Unmet};
use crate::model::ObjectRef;

/// The target as the API gave it.
fn object<'a>(facts: &'a Facts, target: &ObjectRef) -> Result<&'a Value, Unmet> {
    let object = facts.object.as_ref().ok_or_else(|| Unmet::Missing(target.clone()))?;
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return Err(Unmet::Replaced(target.clone()));
    }
    Ok(object)
}

/// A patch, where it would change anything.
fn patch(
    facts: &Facts,
    target: ObjectRef,
    subresource: Option<Subresource>,
    body: Value,
) -> Result<Vec<Request>, Unmet> {
    let request = Request::Patch { object: target.clone(), subresource, body };
    if request.holds(Some(object(facts, &target)?)) {
        return Err(Unmet::AlreadySo(target));
    }
    Ok(vec![request])
}
