//! OPS-10 and LOOP-4 said once more, in plain words and apart from the policies, and held against them.
//!
//! > Actions that may run by themselves: restart a pod (CrashLoopBackOff, 5 or more restarts), HPA min/max by at most 50 %,
//! > rollback to the previous revision, drain on memory/disk pressure. Always to a human: possible data loss, over 50 % of
//! > replicas, StatefulSets, network policy. Secrets and ConfigMaps are never read out or changed.
//! > A zone is left by itself (OPS-7) where the settings say so of the cluster, the others can carry it and no rollout is on its way.
//! >
//! > Every action is judged by a policy (allowed actions, forbidden words, restricted namespaces).
//!
//! Actions and situations are paired systematically; of each pair both actors are asked, and a refusal has to name exactly
//! the policies that speak of what is said above. That facts of a cluster become the right question is the matter of
//! `tests.rs`.

use super::{NOT_ALLOWED, Policies, Question};
use crate::model::{Kind, ObjectRef};

/// An action with the condition under which it may run by itself, and whether it is met.
#[derive(Debug, Clone, Copy)]
enum Deed {
    RestartPod { crash_looping: bool, restarts: i64 },
    AdjustHpa { factor: Option<f64> },
    RollBack { to_previous: bool },
    Drain { pressure: bool },
    Leave { carried: bool, rollout: bool },
    Mandated(&'static str),
    Other(&'static str),
}

const OTHERS: [&str; 9] =
    ["restart-rollout", "scale", "resize", "cordon", "uncordon", "isolate", "taint", "untaint", "set-node-pool-limits"];

/// What the settings may let run by itself, whatever namespaces they name (OPS-15, OPS-28).
const MANDATES: [&str; 3] = ["isolate", "taint", "untaint"];

fn deeds() -> Vec<Deed> {
    let mut deeds = Vec::new();
    for crash_looping in [true, false] {
        deeds.extend([0, 4, 5, 6, 100].map(|restarts| Deed::RestartPod { crash_looping, restarts }));
    }
    deeds.extend([0.0, 0.4, 0.5, 0.51, 0.6, 2.0].map(|factor| Deed::AdjustHpa { factor: Some(factor) }));
    deeds.push(Deed::AdjustHpa { factor: None });
    deeds.extend([true, false].map(|to_previous| Deed::RollBack { to_previous }));
    deeds.extend([true, false].map(|pressure| Deed::Drain { pressure }));
    for carried in [true, false] {
        deeds.extend([false, true].map(|rollout| Deed::Leave { carried, rollout }));
    }
    deeds.extend(MANDATES.map(Deed::Mandated));
    deeds.extend(OTHERS.map(Deed::Other));
    deeds
}

/// Where an action is to be done, and what it would do there.
#[derive(Debug, Clone)]
struct Situation {
    object: ObjectRef,
    switched_on: bool,
    restricted: bool,
    data_loss: bool,
    /// Of the replicas, in percent.
    share: u32,
    stateful: bool,
    /// On a node that is isolated because of a finding.
    evidence: bool,
    words: &'static str,
}

impl Default for Situation {
    fn default() -> Self {
        let object = ObjectRef::new(Kind::Deployment, "shop", "api");
        let (switched_on, restricted, data_loss, share, stateful) = (true, false, false, 0, false);
        let (evidence, words) = (false, "kubectl -n shop get deploy api");
        Self { object, switched_on, restricted, data_loss, share, stateful, evidence, words }
    }
}

const HARMFUL: [&str; 8] = [
    "kubectl drain node-a --force",
    "kubectl -n shop delete pod api-1 --grace-period=0",
    "kubectl drain node-a --disable-eviction",
    "kubectl drain node-a --delete-emptydir-data",
    "kubectl rollout restart deploy --all-namespaces",
    "kubectl delete namespace shop",
    "kubectl -n shop delete pvc data-0",
    "kubectl delete pv pv-1",
];

fn situations() -> Vec<Situation> {
    let mut situations = Vec::new();
    for namespace in ["shop", "kube-system"] {
        for (switched_on, restricted) in [(true, false), (false, false), (true, true)] {
            for (data_loss, stateful) in [(false, false), (true, false), (false, true), (true, true)] {
                for share in [0, 50, 51, 100] {
                    let object = ObjectRef::new(Kind::Deployment, namespace, "api");
                    let fresh = Situation::default();
                    let situation = Situation { object, switched_on, restricted, data_loss, share, stateful, ..fresh };
                    situations.push(situation);
                }
            }
        }
    }
    for kind in [Kind::Secret, Kind::ConfigMap, Kind::NetworkPolicy, Kind::StatefulSet, Kind::Node, Kind::Pod] {
        for data_loss in [false, true] {
            let object = ObjectRef::new(kind, if kind == Kind::Node { "" } else { "shop" }, "api");
            situations.push(Situation { object, data_loss, ..Situation::default() });
        }
    }
    for namespace in ["kube-public", "kube-node-lease"] {
        let object = ObjectRef::new(Kind::Deployment, namespace, "api");
        situations.push(Situation { object, ..Situation::default() });
    }
    situations.extend([true, false].map(|switched_on| Situation {
        switched_on,
        evidence: true,
        ..Situation::default()
    }));
    situations.extend(HARMFUL.map(|words| Situation { words, ..Situation::default() }));
    situations
}

/// May run by itself, as far as the action goes.
fn on_the_list(deed: Deed) -> bool {
    match deed {
        Deed::RestartPod { crash_looping, restarts } => crash_looping && restarts >= 5,
        Deed::AdjustHpa { factor } => factor.is_some_and(|factor| factor <= 0.5),
        Deed::RollBack { to_previous } => to_previous,
        Deed::Drain { pressure } => pressure,
        Deed::Leave { carried, rollout } => carried && !rollout,
        Deed::Mandated(_) => true,
        Deed::Other(_) => false,
    }
}

/// What stands against it whoever does it.
fn never(situation: &Situation) -> Vec<&'static str> {
    let object = &situation.object;
    let system = ["kube-system", "kube-public", "kube-node-lease"].contains(&object.namespace.as_str());
    let mut why = Vec::new();
    why.extend(HARMFUL.contains(&situation.words).then_some("forbidden-words"));
    why.extend(situation.restricted.then_some("restricted-namespace"));
    why.extend(
        matches!(object.kind, Kind::Secret | Kind::ConfigMap).then_some("secrets-and-configmaps-are-never-changed"),
    );
    why.extend(system.then_some("system-namespaces-are-restricted"));
    why
}

/// What always goes to a human.
fn to_a_human(deed: Deed, situation: &Situation) -> Vec<&'static str> {
    let kind = situation.object.kind;
    let is_isolation = matches!(deed, Deed::Mandated("isolate") | Deed::Other("isolate"));
    let mut why = Vec::new();
    why.extend((situation.evidence && !is_isolation).then_some("evidence-goes-to-a-human"));
    why.extend((kind == Kind::NetworkPolicy).then_some("network-policy-goes-to-a-human"));
    why.extend((situation.share > 50).then_some("over-half-of-the-replicas-goes-to-a-human"));
    why.extend(situation.data_loss.then_some("possible-data-loss-goes-to-a-human"));
    why.extend((situation.stateful || kind == Kind::StatefulSet).then_some("stateful-sets-go-to-a-human"));
    why
}

fn question(deed: Deed, situation: &Situation) -> Question {
    let plain = Question {
        action: String::new(),
        object: situation.object.clone(),
        environment: "production".to_owned(),
        automation: situation.switched_on,
        restricted: situation.restricted,
        command: situation.words.to_owned(),
        share_percent: situation.share,
        pods: 1,
        stateful: situation.stateful,
        data_loss: situation.data_loss,
        headroom: -1,
        crash_loop: false,
        restarts: 0,
        to_previous: false,
        change_percent: 0,
        pressure: false,
        carried: false,
        rollout: false,
        mandate: false,
        evidence: situation.evidence,
        confidence: 90,
    };
    match deed {
        Deed::RestartPod { crash_looping, restarts } => {
            Question { action: "restart-pod".to_owned(), crash_loop: crash_looping, restarts, ..plain }
        }
        Deed::AdjustHpa { factor } => {
            #[allow(clippy::cast_possible_truncation, reason = "0 to 200")]
            let change_percent = factor.map_or(-1, |factor| (factor * 100.0).round() as i64);
            Question { action: "adjust-hpa".to_owned(), change_percent, ..plain }
        }
        Deed::RollBack { to_previous } => Question { action: "roll-back".to_owned(), to_previous, ..plain },
        Deed::Drain { pressure } => Question { action: "drain".to_owned(), pressure, ..plain },
        Deed::Leave { carried, rollout } => Question { action: "zonal-shift".to_owned(), carried, rollout, ..plain },
        Deed::Mandated(name) => Question { action: name.to_owned(), mandate: true, ..plain },
        Deed::Other(name) => Question { action: name.to_owned(), ..plain },
    }
}

#[test]
fn policies_and_the_plain_words_agree_about_every_pair_and_refusals_name_their_policies() {
    let policies = Policies::shipped().unwrap();
    let (mut pairs, mut by_themselves, mut asked, mut refused) = (0, 0, 0, 0);
    let mut disagreements = Vec::new();
    for deed in deeds() {
        for situation in situations() {
            pairs += 1;
            let question = question(deed, &situation);
            let answer = |actor: &str| policies.ask(actor, &question).unwrap();
            let (people, automation) = (answer("people"), answer("automation"));
            let (never, human) = (never(&situation), to_a_human(deed, &situation));
            let mut against: Vec<&str> = never.iter().chain(&human).copied().collect();
            against.sort_unstable();
            let named = situation.switched_on || matches!(deed, Deed::Mandated(_));
            let itself = named && on_the_list(deed) && against.is_empty();
            let mut ok = people.allowed == never.is_empty() && automation.allowed == itself;
            ok &= people.allowed || people.policies == never;
            ok &= automation.allowed || automation.policies == against;
            if !ok {
                disagreements.push(format!("{deed:?} {situation:?}: people {people:?}, automation {automation:?}"));
            }
            match (people.allowed, automation.allowed) {
                (_, true) => by_themselves += 1,
                (true, false) => asked += 1,
                (false, false) => refused += 1,
            }
        }
    }
    println!(
        "{pairs} pairs: {by_themselves} run by themselves, {asked} go to people, {refused} are refused to everybody"
    );
    assert!(disagreements.is_empty(), "{} of {pairs}:\n{}", disagreements.len(), disagreements.join("\n"));
    assert!(pairs >= 200 && by_themselves > 20 && asked > 200 && refused > 200);
}

#[test]
fn what_no_policy_speaks_of_is_refused_by_that_name() {
    let policies = Policies::shipped().unwrap();
    let answer = policies.ask("automation", &question(Deed::Other("scale"), &Situation::default())).unwrap();
    assert_eq!((answer.allowed, super::named(answer.policies)), (false, vec![NOT_ALLOWED.to_owned()]));
    let mut unknown = question(Deed::Other("delete-namespace"), &Situation::default());
    assert!(policies.ask("people", &unknown).is_err(), "an action that the schema does not know");
    unknown.action = "scale".to_owned();
    assert!(policies.ask("people", &unknown).unwrap().allowed);
}
