//! What holds in every night, whatever happens.

use proptest::prelude::*;

use super::*;

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
