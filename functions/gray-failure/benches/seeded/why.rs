//! What held a shift back, minute by minute.

use std::collections::BTreeMap;

use gray_failure::decide::{Hold, Memory, Minute, Rules, ZoneId};

use super::{fault::Own, trial::SOON};

/// What held a shift back in a minute, with its numbers.
pub(crate) struct Held {
    by: Vec<Hold>,
    text: String,
}

impl Held {
    pub(crate) fn of(memory: &Memory, zone: &ZoneId, minute: &Minute, own: Own, rules: &Rules) -> Self {
        let (by, evidence) = memory.held(zone, rules);
        let text = format!(
            "{:.0} faults, {:.0} to expect without; evidence {:.1} and {:.1} of {:.1} over {} min, times {:.2} of others {:.2} of usual, p {:.0e}: {by:?}",
            minute.zones[zone].faults,
            own.mean,
            evidence.log_evidence_faults,
            evidence.log_evidence_latency,
            rules.log_threshold(),
            evidence.minutes,
            evidence.times_others,
            evidence.times_usual,
            evidence.p_value,
        );
        Self { by, text }
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Of one minute: trials that were not decided yet, and of those how many each condition held, and held alone.
type Open = (u32, BTreeMap<Hold, (u32, u32)>);

/// How often each condition held a shift back in each minute of a fault.
#[derive(Default)]
pub(crate) struct Why {
    minutes: [Open; SOON],
}

impl Why {
    pub(crate) fn take(&mut self, course: Vec<Held>) {
        for (minute, held) in course.into_iter().enumerate() {
            let (open, by) = &mut self.minutes[minute];
            *open += 1;
            for hold in &held.by {
                let (any, alone) = by.entry(*hold).or_default();
                *any += 1;
                *alone += u32::from(held.by.len() == 1);
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for ((open, by), (other_open, other_by)) in self.minutes.iter_mut().zip(other.minutes) {
            *open += other_open;
            for (hold, (any, alone)) in other_by {
                let sum = by.entry(hold).or_default();
                *sum = (sum.0 + any, sum.1 + alone);
            }
        }
    }

    pub(crate) fn print(&self) {
        println!("what held a doubling of faults back, by minute: trials that it held (alone)");
        for (minute, (open, by)) in self.minutes.iter().enumerate() {
            let by: Vec<String> = by.iter().map(|(hold, (any, alone))| format!("{hold:?} {any} ({alone})")).collect();
            println!("  minute {}: {open} open; {}", minute + 1, by.join(", "));
        }
    }
}
