//! What an action does, in a few words.

use super::Phrases;
use crate::remediation::Action;

impl Phrases {
    /// What an action does, in a few words: `Roll back shop/api to revision 7`.
    pub fn deed(&self, action: &Action) -> String {
        let target = action.target();
        let object = if target.namespace.is_empty() {
            target.name.clone()
        } else {
            format!("{}/{}", target.namespace, target.name)
        };
        let bounds = |min: Option<u32>, max: Option<u32>| {
            let text = |name: &str, to: Option<u32>| to.map(|to| format!("{name} {to}"));
            [text("min", min), text("max", max)].into_iter().flatten().collect::<Vec<_>>().join(", ")
        };
        let (key, to) = match action {
            Action::RestartPod(_) => ("do-restart-pod", String::new()),
            Action::RestartRollout(_) => ("do-restart-rollout", String::new()),
            Action::RollBack(back) => ("do-roll-back", back.revision.to_string()),
            Action::Scale(scale) => ("do-scale", scale.replicas.to_string()),
            Action::AdjustHpa(adjust) => ("do-adjust-hpa", bounds(adjust.min, adjust.max)),
            Action::Resize(resize) => {
                let amounts =
                    resize.limits.iter().chain(&resize.requests).map(|(name, amount)| format!("{name} {amount}"));
                ("do-resize", amounts.collect::<Vec<_>>().join(", "))
            }
            Action::Cordon(_) => ("do-cordon", String::new()),
            Action::Uncordon(_) => ("do-uncordon", String::new()),
            Action::Drain(_) => ("do-drain", String::new()),
            Action::Isolate(_) => ("do-isolate", String::new()),
            Action::Taint(taint) => ("do-taint", format!("{}:{}", taint.key, taint.effect)),
            Action::Untaint(taint) => ("do-untaint", format!("{}:{}", taint.key, taint.effect)),
            Action::SetNodePoolLimits(pool) => {
                let amounts = pool.limits.iter().map(|(name, amount)| format!("{name} {amount}"));
                ("do-set-node-pool-limits", amounts.collect::<Vec<_>>().join(", "))
            }
            Action::ZonalShift(shift) => ("do-zonal-shift", shift.zone.to_string()),
        };
        self.say_with(key, &[("object", (&object).into()), ("to", (&to).into())])
    }
}
