//! EventBridge: buses, their rules, and the queues that the rules send to.
//!
//! An event that is put on a bus goes to the queue of every rule whose pattern it matches, in EventBridge's envelope, as
//! an SQS target gets it. Every event is also kept, as an archive would: [`Buses::events`]. A bus that does not exist
//! swallows its events without an error, which is what AWS does.

mod pattern;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::lambda::Queue;

pub use pattern::{Pattern, PatternError};

/// The bus of the account that AWS's own services put their events on.
pub const DEFAULT_BUS: &str = "default";

/// The product's own bus, which `NIGHTSHIFT_BUS` names.
pub const PRODUCT_BUS: &str = "nightshift";

#[derive(Default)]
struct Bus {
    rules: Vec<(Pattern, Arc<Queue>)>,
    events: Vec<Value>,
}

struct State {
    buses: BTreeMap<String, Bus>,
    numbers: u64,
    /// Distinguishes the event ids of this run from those of earlier ones.
    run: u64,
}

/// The account's buses; clones share them. There are [`DEFAULT_BUS`] and [`PRODUCT_BUS`].
///
/// ```
/// use std::sync::Arc;
///
/// use serde_json::json;
/// use sim::bus::{Buses, PRODUCT_BUS};
/// use sim::lambda::Queue;
///
/// let (buses, queue) = (Buses::default(), Arc::new(Queue::new("commands")));
/// buses.rule(PRODUCT_BUS, &json!({"detail-type": [{"prefix": "Slack "}]}), &queue)?;
/// buses.publish(PRODUCT_BUS, json!({"source": "nightshift.intake", "detail-type": "Slack Command", "detail": {}}));
/// assert_eq!(queue.depth(), 1);
/// # Ok::<(), sim::bus::PatternError>(())
/// ```
#[derive(Clone)]
pub struct Buses(Arc<Mutex<State>>);

impl fmt::Debug for Buses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Buses").finish_non_exhaustive()
    }
}

impl Default for Buses {
    fn default() -> Self {
        let buses = [DEFAULT_BUS, PRODUCT_BUS].map(|name| (name.to_owned(), Bus::default()));
        let run = Timestamp::now().as_microsecond() as u64;
        Self(Arc::new(Mutex::new(State { buses: buses.into(), numbers: 0, run })))
    }
}

impl Buses {
    /// Adds a bus.
    pub fn create(&self, name: &str) {
        self.lock().buses.entry(name.to_owned()).or_default();
    }

    /// Sends what is put on `bus` from now on and matches `pattern` to `queue` as well. The bus is made where it is
    /// missing.
    pub fn rule(&self, bus: &str, pattern: &Value, queue: &Arc<Queue>) -> Result<(), PatternError> {
        let pattern = Pattern::new(pattern)?;
        self.lock().buses.entry(bus.to_owned()).or_default().rules.push((pattern, Arc::clone(queue)));
        Ok(())
    }

    /// Puts a whole event, envelope included, on `bus`, as AWS's own services do.
    pub fn publish(&self, bus: &str, event: Value) {
        let mut state = self.lock();
        let Some(bus) = state.buses.get_mut(bus) else { return };
        let targets = bus.rules.iter().filter(|(pattern, _)| pattern.matches(&event)).map(|(_, queue)| queue);
        let targets: Vec<_> = targets.map(Arc::clone).collect();
        bus.events.push(event.clone());
        drop(state);
        targets.iter().for_each(|queue| {
            queue.send(&event);
        });
    }

    /// All events put on `bus` so far, oldest first.
    pub fn events(&self, bus: &str) -> Vec<Value> {
        self.lock().buses.get(bus).map(|bus| bus.events.clone()).unwrap_or_default()
    }

    /// Puts what a caller of PutEvents gave on `bus`, in an envelope; returns the event's id.
    pub(crate) fn put(&self, bus: &str, put: Put) -> String {
        let id = {
            let mut state = self.lock();
            state.numbers += 1;
            format!("{:08x}-{:04x}-4000-b000-{:012x}", state.run >> 16 & 0xffff_ffff, state.run & 0xffff, state.numbers)
        };
        let event = json!({
            "version": "0", "id": id, "detail-type": put.detail_type, "source": put.source, "account": put.account,
            "time": put.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "region": put.region,
            "resources": put.resources, "detail": put.detail,
        });
        self.publish(bus, event);
        id
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An accepted entry of PutEvents.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) source: String,
    pub(crate) detail_type: String,
    pub(crate) detail: Value,
    pub(crate) resources: Vec<String>,
    pub(crate) time: Timestamp,
    pub(crate) account: String,
    pub(crate) region: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str) -> Value {
        json!({"source": "nightshift.intake", "detail-type": kind, "detail": {"action_id": "remediation.approve"}})
    }

    #[test]
    fn an_event_goes_to_every_queue_whose_rule_it_matches() {
        let buses = Buses::default();
        let queues = ["commands", "alarms", "remediation"].map(|name| Arc::new(Queue::new(name)));
        buses.rule(PRODUCT_BUS, &json!({"detail-type": [{"prefix": "Slack "}]}), &queues[0]).unwrap();
        buses.rule(PRODUCT_BUS, &json!({"detail-type": ["Alert"]}), &queues[1]).unwrap();
        let approvals = json!({
            "detail-type": ["Slack Interaction"], "detail": {"action_id": [{"prefix": "remediation."}]},
        });
        buses.rule(PRODUCT_BUS, &approvals, &queues[2]).unwrap();
        for kind in ["Slack Command", "Slack Interaction", "Alert", "Other"] {
            buses.publish(PRODUCT_BUS, event(kind));
        }
        assert_eq!(queues.each_ref().map(|queue| queue.depth()), [2, 1, 1]);
        assert_eq!(buses.events(PRODUCT_BUS).len(), 4);
    }

    #[test]
    fn a_bus_that_does_not_exist_swallows_its_events() {
        let buses = Buses::default();
        buses.publish("elsewhere", event("Alert"));
        assert!(buses.events("elsewhere").is_empty());
    }
}
