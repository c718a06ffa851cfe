//! The judgement over made-up nights, minute by minute.

mod bounds;
mod course;
mod signs;

use jiff::ToSpan;
use shared::model::Condition;

use super::*;

fn at(minute: i64) -> Timestamp {
    "2026-03-01T00:00:00Z".parse::<Timestamp>().unwrap() + minute.minutes()
}

fn name(number: usize) -> NodeName {
    NodeName(format!("node-{number}"))
}

fn condition(type_: &str, status: &str, since: Timestamp) -> Condition {
    Condition {
        type_: type_.into(),
        status: status.into(),
        reason: format!("{type_}Reason"),
        last_transition_time: Some(since),
        ..Condition::default()
    }
}

fn node(number: usize) -> NodeLook {
    NodeLook {
        name: name(number),
        uid: format!("uid-{number}"),
        zone: ["a", "b", "c"][number % 3].into(),
        pool: "general".into(),
        created_at: Some(at(-10_000)),
        conditions: vec![condition("Ready", "True", at(-9_000)), condition("DiskPressure", "False", at(-9_000))],
        tainted: false,
        takes_pods: true,
        hands: None,
        disk: Vec::new(),
    }
}

/// A night of twelve nodes: what is remembered, and what was said.
struct Night {
    memory: Memory,
    rules: NodeRules,
    nodes: Vec<NodeLook>,
    events: Vec<NodeEvent>,
    restarts: Vec<Tally>,
    said: Vec<Statement>,
    /// Whether what is asked for happens at once.
    obeys: bool,
}

impl Night {
    fn new() -> Self {
        Self {
            memory: Memory::default(),
            rules: NodeRules::default(),
            nodes: (0..12).map(node).collect(),
            events: Vec::new(),
            restarts: Vec::new(),
            said: Vec::new(),
            obeys: true,
        }
    }

    fn set(&mut self, number: usize, type_: &str, status: &str, minute: i64) {
        let conditions = &mut self.nodes[number].conditions;
        conditions.retain(|condition| condition.type_ != type_);
        conditions.push(condition(type_, status, at(minute)));
    }

    fn flap(&mut self, number: usize, type_: &str, minute: i64) {
        let standing = self.nodes[number].conditions.iter().find(|condition| condition.type_ == type_);
        let status = if standing.is_some_and(|condition| condition.status == "True") { "False" } else { "True" };
        self.set(number, type_, status, minute);
    }

    fn look(&mut self, minute: i64) -> Vec<Statement> {
        let (events, restarts) = (Some(self.events.clone()), Some(self.restarts.clone()));
        let look = Look { at: at(minute), nodes: self.nodes.clone(), events, restarts };
        let situation = Situation { version: VERSION, memory: self.memory.clone(), look, rules: self.rules.clone() };
        // What is kept between minutes is JSON.
        let situation: Situation = match minute % 16 {
            0 => serde_json::from_value(serde_json::to_value(&situation).unwrap()).unwrap(),
            _ => situation,
        };
        let decision = decide(&situation);
        self.memory = decision.memory;
        for said in decision.statements.iter().filter(|_| self.obeys) {
            let About::Node { name, .. } = &said.about else { continue };
            for node in self.nodes.iter_mut().filter(|node| node.name == *name) {
                node.tainted = (node.tainted || said.decision == Call::Taint) && said.decision != Call::Untaint;
                node.takes_pods = !node.tainted;
            }
        }
        self.said.extend(decision.statements.clone());
        decision.statements
    }

    fn pass(&mut self, minutes: std::ops::Range<i64>) -> &mut Self {
        for minute in minutes {
            self.look(minute);
        }
        self
    }

    fn calls(&self) -> Vec<Call> {
        self.said.iter().map(|said| said.decision).collect()
    }
}

fn event(number: usize, reason: &str, times: u32, minute: i64) -> NodeEvent {
    NodeEvent {
        id: format!("{reason}-{number}"),
        node: name(number),
        kind: kind_of(reason).unwrap(),
        reason: reason.into(),
        times,
        first: at(-200),
        last: at(minute),
    }
}

#[test]
fn a_quiet_night_says_nothing_and_remembers_nothing() {
    let mut night = Night::new();
    night.pass(0..600);
    assert_eq!((night.said.len(), &night.memory), (0, &Memory::default()));
}
