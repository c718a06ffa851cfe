//! What counts as a sign, and for how much.

use shared::model::{Metadata, Node, NodeSpec, NodeStatus, Taint};
use shared::remediation::UNHEALTHY;

use super::*;

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
