//! A node's case from its first sign to its end, and what keeps it from being tainted.

use super::*;

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
