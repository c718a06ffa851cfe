//! What ails a node, in the reader's words.

use shared::text::Phrases;

use super::decide::{EventKind, Held, Sign};

/// A sign, in a sentence without its beginning and end.
pub(super) fn sign(sign: &Sign, phrases: &Phrases) -> String {
    match sign {
        Sign::Failing { condition, reason, minutes, .. } => {
            let (minutes, reason) = (minutes.to_string(), if reason.is_empty() { "-" } else { reason });
            let values = [("condition", condition.into()), ("minutes", (&minutes).into()), ("reason", reason.into())];
            phrases.say_with("node-sign-failing", &values)
        }
        Sign::Flapping { condition, changes, within_minutes, .. } => {
            let (changes, within) = (changes.to_string(), within_minutes.to_string());
            let values =
                [("condition", condition.into()), ("changes", (&changes).into()), ("within", (&within).into())];
            phrases.say_with("node-sign-flapping", &values)
        }
        Sign::Events { kind, reason, times, within_minutes, .. } => {
            let (times, within) = (times.to_string(), within_minutes.to_string());
            let what = phrases.say(match kind {
                EventKind::Kernel => "node-event-kernel",
                EventKind::SystemOom => "node-event-system-oom",
                EventKind::Reboot => "node-event-reboot",
                EventKind::KubeletRestart => "node-event-kubelet-restart",
                EventKind::RuntimeRestart => "node-event-runtime-restart",
                EventKind::Filesystem => "node-event-filesystem",
                EventKind::DiskSpace => "node-event-disk-space",
                EventKind::Accelerator => "node-event-accelerator",
            });
            let values = [
                ("what", (&what).into()),
                ("times", (&times).into()),
                ("within", (&within).into()),
                ("reason", reason.into()),
            ];
            phrases.say_with("node-sign-events", &values)
        }
        Sign::DiskFilling { filling, .. } => {
            let (percent, rate) = (format!("{:.0}", filling.percent), format!("{:.1}", filling.percent_per_hour));
            let (threshold, hours) =
                (format!("{:.0}", filling.threshold_percent), format!("{:.1}", filling.hours_left));
            let values = [
                ("percent", (&percent).into()),
                ("rate", (&rate).into()),
                ("threshold", (&threshold).into()),
                ("hours", (&hours).into()),
            ];
            phrases.say_with("node-sign-disk", &values)
        }
        Sign::Restarts { here, expected, workloads, .. } => {
            let (here, expected, workloads) = (here.to_string(), format!("{expected:.1}"), workloads.to_string());
            let values =
                [("here", (&here).into()), ("expected", (&expected).into()), ("workloads", (&workloads).into())];
            phrases.say_with("node-sign-restarts", &values)
        }
    }
}

/// What holds a taint back.
pub(super) fn held(held: &Held, phrases: &Phrases) -> String {
    match held {
        Held::Share { tainted, most } => {
            let (tainted, most) = (tainted.to_string(), most.to_string());
            phrases.say_with("node-held-share", &[("tainted", (&tainted).into()), ("most", (&most).into())])
        }
        Held::LastOfPool { pool } => phrases.say_with("node-held-pool", &[("pool", pool.into())]),
        Held::LastOfZone { zone } => phrases.say_with("node-held-zone", &[("zone", zone.into())]),
        Held::KeptOff => phrases.say("node-held-kept-off"),
        Held::Overruled => phrases.say("node-held-overruled"),
        Held::Common => phrases.say("node-held-common"),
    }
}
