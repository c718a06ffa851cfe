//! The judgement over made-up nights, minute by minute.

use jiff::ToSpan;
use proptest::prelude::*;
use shared::model::{Condition, Metadata, Node, NodeSpec, NodeStatus, Taint};
use shared::remediation::UNHEALTHY;

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

#[test]
fn a_node_that_flaps_is_tainted_once_and_untainted_when_it_has_been_well() {
    let mut night = Night::new();
    for minute in 0..20 {
        if minute % 3 == 0 {
            night.flap(4, "Ready", minute);
        }
        night.look(minute);
    }
    night.set(4, "Ready", "True", 20);
    night.pass(20..100);
    assert_eq!(night.calls(), [Call::Watch, Call::Taint, Call::Untaint]);
    let (taint, untaint) = (&night.said[1], &night.said[2]);
    assert!(
        matches!(&taint.signs[0], Sign::Flapping { condition, changes: 6, .. } if condition == "Ready"),
        "{taint:?}"
    );
    assert!(matches!(&taint.about, About::Node { uid, .. } if uid == "uid-4"));
    assert_eq!(taint.since, untaint.since);
    // The last change was in the 20th minute; 30 minutes well.
    assert_eq!((untaint.timestamp, untaint.well_minutes), (at(50), 30));
    // The well node's case is over, and nothing more is said.
    assert!(night.pass(100..200).said.len() == 3);
}

#[test]
fn a_change_between_two_looks_is_seen_by_its_time() {
    let mut night = Night::new();
    for minute in 0..8 {
        // Every look finds it ready: away and back in between.
        night.set(2, "Ready", "True", minute);
        night.look(minute);
    }
    assert_eq!(night.calls().last(), Some(&Call::Taint), "{:?}", night.said);
}

#[test]
fn a_condition_of_an_agent_that_fails_is_a_reason_and_one_of_kubernetes_is_said() {
    let mut night = Night::new();
    night.set(1, "KernelReady", "False", 0);
    night.set(2, "MemoryPressure", "True", 0);
    night.pass(0..30);
    let of = |number: usize| -> Vec<&Statement> {
        night
            .said
            .iter()
            .filter(|said| matches!(&said.about, About::Node { name: it, .. } if *it == name(number)))
            .collect()
    };
    assert_eq!(of(1).iter().map(|said| (said.decision, said.timestamp)).collect::<Vec<_>>(), [(Call::Taint, at(5))]);
    assert_eq!(
        of(2).iter().map(|said| (said.decision, said.held.clone())).collect::<Vec<_>>(),
        [(Call::Watch, Some(Held::KeptOff))]
    );
}

#[test]
fn events_count_by_what_their_count_grew_by_within_the_window() {
    let mut night = Night::new();
    // Known for hours, 40 times: only the last is certain to be of this hour.
    night.events = vec![event(3, "SystemOOM", 40, -10)];
    assert_eq!(night.look(0).len(), 0);
    night.events = vec![event(3, "SystemOOM", 41, 5)];
    let said = night.look(5);
    assert!(matches!(said[0].signs[0], Sign::Events { times: 2, strength: Strength::Weak, .. }), "{said:?}");
    night.events = vec![event(3, "SystemOOM", 43, 9)];
    let said = night.look(9);
    assert_eq!(said[0].decision, Call::Taint);
    assert!(matches!(said[0].signs[0], Sign::Events { times: 4, kind: EventKind::SystemOom, .. }), "{said:?}");
}

#[test]
fn one_reboot_is_an_update_and_two_are_trouble() {
    let mut night = Night::new();
    let reboot = |times, minute| NodeEvent { first: at(0), ..event(5, "Rebooted", times, minute) };
    night.events = vec![reboot(1, 0)];
    assert_eq!(night.look(1).len(), 0);
    night.events = vec![reboot(2, 30)];
    assert_eq!(night.look(31)[0].decision, Call::Taint);
}

#[test]
fn a_disk_that_fills_is_told_in_time_and_a_saw_tooth_is_not() {
    let points =
        |of: &dyn Fn(i64) -> f64| -> Vec<(Timestamp, f64)> { (0..36).map(|step| (at(step * 5), of(step))).collect() };
    let line = points(&|step| 60.0 + step as f64 / 12.0 * 4.0 + if step % 7 == 0 { 9.0 } else { 0.0 });
    let filling = Filling::of(&line, 85.0).unwrap();
    assert!((filling.percent_per_hour - 4.0).abs() < 0.2 && (filling.percent - 71.7).abs() < 0.5, "{filling:?}");
    assert!((filling.hours_left - 3.3).abs() < 0.3, "{filling:?}");
    let tooth = points(&|step| 70.0 + (step % 9) as f64);
    assert_eq!(Filling::of(&tooth, 85.0), None);
    assert_eq!(Filling::of(&points(&|_| 84.0), 85.0), None);
    assert_eq!(Filling::of(&line[..8], 85.0), None, "too few points");
    let mut night = Night::new();
    night.nodes[6].disk = line.iter().map(|(time, used)| (*time, used + 10.0)).collect();
    let said = night.look(180);
    assert_eq!(said[0].decision, Call::Taint, "{said:?}");
    night.nodes[7].disk = line;
    night.nodes[6].disk.clear();
    assert_eq!(night.look(185)[0].decision, Call::Watch);
}

fn tallies(here: u32, elsewhere: u32) -> Vec<Tally> {
    let of = |workload: &str, number: usize, restarted: u32| Tally {
        workload: workload.into(),
        node: name(number),
        pods: 2,
        restarted,
    };
    let workloads =
        ["shop/Deployment/api", "shop/Deployment/cart", "payments/Deployment/ledger", "payments/Deployment/api"];
    let all = workloads
        .iter()
        .flat_map(|workload| (0..12).map(|number| of(workload, number, if number == 8 { here } else { elsewhere })));
    all.collect()
}

#[test]
fn restarts_that_are_only_here_are_a_reason_and_those_everywhere_are_not() {
    let mut night = Night::new();
    night.restarts = tallies(2, 0);
    let said = night.look(0);
    assert_eq!((said.len(), said[0].decision), (1, Call::Taint), "{said:?}");
    assert!(matches!(said[0].signs[0], Sign::Restarts { here: 8, workloads: 4, .. }), "{said:?}");
    let mut night = Night::new();
    night.restarts = tallies(2, 1);
    assert_eq!(night.look(0).len(), 0, "others restart as well: {:?}", night.said);
    night.restarts = tallies(2, 2);
    assert_eq!(night.look(1).len(), 0);
    night.restarts = tallies(2, 0).split_off(36);
    assert_eq!(night.look(2).len(), 0, "one workload is the workload's story");
}

#[test]
fn two_weak_signs_of_different_kinds_are_reason_enough() {
    let mut night = Night::new();
    night.events = vec![event(9, "SystemOOM", 2, 0)];
    night.events[0].first = at(-1);
    assert_eq!(night.look(0)[0].decision, Call::Watch);
    for minute in 1..4 {
        night.flap(9, "Ready", minute);
        night.look(minute);
    }
    assert_eq!(night.calls(), [Call::Watch, Call::Taint]);
}

#[test]
fn what_ails_many_is_said_once_and_nobody_is_tainted() {
    let mut night = Night::new();
    for number in 0..4 {
        night.set(number, "NetworkingReady", "False", 0);
    }
    night.pass(0..60);
    assert_eq!(night.said.len(), 1, "{:?}", night.said);
    assert!(matches!(&night.said[0].about, About::Many { names, of: 12 } if names.len() == 4));
    assert_eq!(night.said[0].held, Some(Held::Common));
    // Three of them recover: for a while the last is the tail of it, then it is its own.
    (0..3).for_each(|number| night.set(number, "NetworkingReady", "True", 60));
    night.pass(60..120);
    assert_eq!(night.calls(), [Call::Watch, Call::Taint]);
    assert!(night.said[1].timestamp >= at(89), "{:?}", night.said[1].timestamp);
}

#[test]
fn no_more_than_the_share_and_never_the_last_of_pool_or_zone() {
    let mut night = Night::new();
    // Not the same, so that it is each node's own trouble.
    let conditions = ["KernelReady", "StorageReady", "ContainerRuntimeReady"];
    (0..3).for_each(|number| night.set(number, conditions[number], "False", 0));
    night.pass(0..30);
    let held: Vec<_> = night.said.iter().filter_map(|said| said.held.clone()).collect();
    assert_eq!(night.calls(), [Call::Taint, Call::Watch, Call::Watch]);
    assert_eq!(held, vec![Held::Share { tainted: 1, most: 1 }; 2]);

    let mut night = Night::new();
    night.nodes[4].pool = "gpu".into();
    night.set(4, "AcceleratedHardwareReady", "False", 0);
    night.pass(0..30);
    assert_eq!(night.said[0].held, Some(Held::LastOfPool { pool: "gpu".into() }));

    let mut night = Night::new();
    night.nodes[4].zone = "d".into();
    night.set(4, "KernelReady", "False", 0);
    assert_eq!(night.pass(0..30).said[0].held, Some(Held::LastOfZone { zone: "d".into() }));
}

#[test]
fn a_node_in_other_hands_is_left_alone() {
    for hands in [Hands::Karpenter, Hands::Cordoned, Hands::Deleted, Hands::Isolated] {
        let mut night = Night::new();
        night.set(4, "KernelReady", "False", 0);
        night.nodes[4].hands = Some(hands);
        assert_eq!(night.pass(0..60).said, []);
    }
    let mut night = Night::new();
    night.nodes[4].created_at = Some(at(0));
    night.set(4, "KernelReady", "False", 0);
    assert_eq!(night.pass(0..10).said, []);
}

#[test]
fn a_taint_of_ours_that_nobody_remembers_is_taken_off_when_the_node_has_been_well() {
    let mut night = Night::new();
    night.nodes[7].tainted = true;
    night.pass(0..60);
    assert_eq!(night.calls(), [Call::Untaint]);
    assert_eq!(night.said[0].timestamp, at(30));
}

#[test]
fn what_was_taken_off_by_hand_is_not_put_back_while_the_node_is_ill() {
    let mut night = Night::new();
    night.set(4, "KernelReady", "False", 0);
    night.pass(0..20);
    night.nodes[4].tainted = false;
    night.pass(20..1000);
    let calls: Vec<_> = night.said.iter().map(|said| (said.decision, said.held.clone())).collect();
    assert_eq!(calls, [(Call::Taint, None), (Call::Watch, Some(Held::Overruled))]);
}

#[test]
fn what_nobody_agreed_to_is_asked_for_again_after_hours_and_cleared_when_it_is_over() {
    let mut night = Night { obeys: false, ..Night::new() };
    night.set(4, "KernelReady", "False", 0);
    night.pass(0..400);
    let taints: Vec<_> = night.said.iter().map(|said| (said.decision, said.again, said.timestamp)).collect();
    assert_eq!(taints, [(Call::Taint, 0, at(5)), (Call::Taint, 1, at(365))]);
    night.set(4, "KernelReady", "True", 400);
    night.pass(400..500);
    assert_eq!(night.calls().last(), Some(&Call::Clear));
}

#[test]
fn who_falls_ill_again_has_to_be_well_for_longer() {
    let mut night = Night::new();
    let mut minute = 0;
    let mut waits = Vec::new();
    for _ in 0..5 {
        night.set(4, "KernelReady", "False", minute);
        night.pass(minute..minute + 10);
        minute += 10;
        night.set(4, "KernelReady", "True", minute);
        let (said, began) = (night.said.len(), minute);
        while night.said[said..].iter().all(|said| said.decision != Call::Untaint) {
            night.look(minute);
            minute += 1;
            assert!(minute < 3000, "{:?}", night.said);
        }
        waits.push(minute - 1 - began);
    }
    assert_eq!(waits, [30, 60, 120, 240, 240]);
}

#[test]
fn a_node_that_is_gone_ends_its_case() {
    let mut night = Night::new();
    night.set(4, "KernelReady", "False", 0);
    night.pass(0..10);
    night.nodes[4] = NodeLook { uid: "uid-new".into(), created_at: Some(at(9)), ..node(4) };
    night.pass(10..100);
    assert_eq!(night.calls(), [Call::Taint, Call::Gone]);
}

#[test]
fn a_node_is_not_called_well_while_its_events_cannot_be_read() {
    let mut night = Night::new();
    night.nodes[7].tainted = true;
    night.look(0);
    let nodes = night.nodes.clone();
    let look = Look { at: at(60), nodes, events: None, restarts: None };
    let decision = decide(&Situation { version: VERSION, memory: night.memory, look, rules: night.rules });
    assert_eq!(decision.statements, []);
}

#[test]
fn what_matters_of_a_node_is_read_off_its_labels_and_taints() {
    let taint = |key: &str| Taint { key: key.into(), effect: "NoSchedule".into(), ..Taint::default() };
    let of = |taints: Vec<Taint>, unschedulable| {
        let labels = [("topology.kubernetes.io/zone", "eu-1a"), ("karpenter.sh/nodepool", "general")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        NodeLook::of(Node {
            metadata: Metadata { name: "n".into(), labels, ..Metadata::default() },
            spec: NodeSpec { taints, unschedulable, ..NodeSpec::default() },
            status: NodeStatus { conditions: vec![condition("Ready", "True", at(0))], ..NodeStatus::default() },
        })
    };
    let plain = of(vec![taint("dedicated")], false);
    assert_eq!(
        (plain.zone.as_str(), plain.pool.as_str(), plain.takes_pods, plain.hands),
        ("eu-1a", "general", true, None)
    );
    let ours = of(vec![taint(UNHEALTHY)], false);
    assert_eq!((ours.tainted, ours.takes_pods, ours.hands), (true, false, None));
    assert!(!of(vec![taint("node.kubernetes.io/unreachable")], false).takes_pods);
    for (key, hands) in [
        ("karpenter.sh/disrupted", Hands::Karpenter),
        ("aws-node-termination-handler/spot-itn", Hands::Termination),
        ("ToBeDeletedByClusterAutoscaler", Hands::Autoscaler),
        ("nightshift.io/isolated", Hands::Isolated),
    ] {
        assert_eq!(of(vec![taint(key)], true).hands, Some(hands));
    }
    assert_eq!(of(Vec::new(), true).hands, Some(Hands::Cordoned));
}

/// What happens to a node in a minute of a made-up night.
#[derive(Debug, Clone, Copy)]
enum Step {
    Flap(usize, usize),
    Happens(usize, usize),
    Restart(usize),
    Hand(usize),
    ByHand(usize),
    Nothing,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..12_usize, 0..4_usize).prop_map(|(node, condition)| Step::Flap(node, condition)),
        2 => (0..12_usize, 0..4_usize).prop_map(|(node, kind)| Step::Happens(node, kind)),
        1 => (0..12_usize).prop_map(Step::Restart),
        1 => (0..12_usize).prop_map(Step::Hand),
        1 => (0..12_usize).prop_map(Step::ByHand),
        3 => Just(Step::Nothing),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happens: never more tainted than the share, never the last of a zone, never two taints for one, and no
    /// node in other hands is touched.
    #[test]
    fn bounds_hold_in_every_night(steps in prop::collection::vec((step(), 1..9_i64), 1..50), obeys: bool) {
        let mut night = Night { obeys, ..Night::new() };
        night.rules.share_percent = 25;
        let (mut minute, mut asked) = (0, std::collections::BTreeMap::<String, Timestamp>::new());
        for (step, minutes) in steps {
            match step {
                Step::Flap(number, condition) => {
                    night.flap(number, ["Ready", "KernelReady", "DiskPressure", "Unknown"][condition], minute);
                }
                Step::Happens(number, kind) => {
                    let reason = ["SystemOOM", "Rebooted", "TaskHung", "Starting"][kind];
                    let times = night.events.iter().find(|it| it.id == format!("{reason}-{number}")).map_or(0, |it| it.times);
                    night.events.retain(|it| it.id != format!("{reason}-{number}"));
                    night.events.push(event(number, reason, times + 1, minute));
                }
                Step::Restart(number) => {
                    night.nodes[number] = NodeLook { uid: format!("uid-{number}-{minute}"), ..node(number) };
                }
                Step::Hand(number) => {
                    night.nodes[number].hands = if night.nodes[number].hands.is_some() { None } else { Some(Hands::Karpenter) };
                }
                Step::ByHand(number) => night.nodes[number].tainted = false,
                Step::Nothing => {}
            }
            for _ in 0..minutes {
                let before = night.nodes.clone();
                let said = night.look(minute);
                let tainted = before.iter().filter(|node| node.tainted).count();
                let taints: Vec<_> = said.iter().filter(|said| said.decision == Call::Taint).collect();
                prop_assert!(taints.is_empty() || tainted + taints.len() <= 3);
                for said in &said {
                    let About::Node { name, uid } = &said.about else { continue };
                    let node = before.iter().find(|node| node.name == *name && node.uid == *uid);
                    match said.decision {
                        Call::Taint => {
                            let node = node.unwrap();
                            prop_assert!(!node.tainted && node.hands.is_none());
                            let last = asked.insert(format!("{uid}/{}", said.since), said.timestamp);
                            prop_assert!(last.is_none_or(|last| said.timestamp.duration_since(last) >= AGAIN));
                        }
                        Call::Untaint => prop_assert!(node.unwrap().tainted),
                        Call::Gone => prop_assert!(node.is_none()),
                        Call::Watch | Call::Clear => {}
                    }
                }
                minute += 1;
            }
        }
        // None forgotten: given quiet, every taint of ours goes, and so does the memory of it.
        for node in &mut night.nodes {
            let well = |it: &Condition| if it.type_ == "DiskPressure" { "False" } else { "True" };
            node.conditions = node.conditions.iter().map(|it| condition(&it.type_, well(it), at(minute))).collect();
            node.hands = None;
        }
        night.obeys = true;
        night.pass(minute..minute + 400);
        prop_assert!(night.nodes.iter().all(|node| !node.tainted));
        night.events.clear();
        night.pass(minute + 400..minute + 402);
        night.look(minute + 402 + 24 * 60);
        prop_assert_eq!(&night.memory, &Memory::default());
    }
}
