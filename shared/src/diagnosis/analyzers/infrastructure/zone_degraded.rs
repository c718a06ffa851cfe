//! zone-degraded: an Availability Zone is in trouble, not its nodes one by one.
//!
//! Most nodes of one zone (label `topology.kubernetes.io/zone`) are not ready while those of the others are
//! (<https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone>). Mistaken for as many single
//! failures. There being no object for a zone, the finding is about the first of its nodes and explains the others.

use std::collections::BTreeMap;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Kind, Node, Object},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("zone-degraded", Category::Infrastructure)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let mut zones: BTreeMap<&str, (Vec<&Node>, usize)> = BTreeMap::new();
    for node in case.view.snapshot.nodes.items.iter() {
        let Some(zone) = node.metadata.labels.get("topology.kubernetes.io/zone") else { continue };
        let (down, all) = zones.entry(zone).or_default();
        *all += 1;
        if node.status.conditions.iter().any(|it| it.type_ == "Ready" && it.status != "True") {
            down.push(node);
        }
    }
    let degraded: Vec<_> = zones.iter().filter(|(_, (down, all))| down.len() >= 2 && down.len() * 2 > *all).collect();
    let [(zone, (down, all))] = degraded.as_slice() else { return };
    let well_elsewhere = zones.iter().filter(|it| it.0 != *zone).all(|(_, (down, all))| down.len() * 10 <= *all);
    if zones.len() < 2 || !well_elsewhere {
        return;
    }
    let object = down[0].reference();
    let text = format!("{} of {all} nodes of zone {zone} are not ready, the other zones' are", down.len());
    let since = |node: &&Node| {
        node.status.conditions.iter().find(|it| it.type_ == "Ready").and_then(|it| it.last_transition_time)
    };
    let first = down.iter().filter_map(since).min();
    let evidence = case.status(&object, first, text);
    let finding = Finding::new(&CAUSES[0], &object)
        .strength(0.97)
        .summary(format!("zone {zone} is degraded: {} of its {all} nodes are not ready", down.len()))
        .fact("zone", **zone)
        .fact("down", down.len().to_string())
        .fact("all", all.to_string())
        .because([evidence])
        .explains(down.iter().map(|node| node.reference()))
        .since(first)
        .check(Kubectl::list(Kind::Node, ""))
        .action(ActionKind::ZonalShift, Risk::High, "move traffic out of the zone until it is well");
    case.find(finding);
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, scene};

    fn with_down(down: &[&str]) -> Scene {
        ["node-a", "node-b", "node-c"].into_iter().fold(scene().deployment("shop", "api", 3), |scene, name| {
            scene.edit_node(name, |node| {
                let zone = if name == "node-a" { "zone-1" } else { "zone-2" };
                node.metadata.labels.insert("topology.kubernetes.io/zone".into(), zone.into());
                if down.contains(&name) {
                    let ready = node.status.conditions.iter_mut().find(|it| it.type_ == "Ready").unwrap();
                    ready.status = "Unknown".into();
                }
            })
        })
    }

    #[test]
    fn a_zone_whose_nodes_fail_together_is_one_cause() {
        with_down(&["node-b", "node-c"]).unready("shop", "api").expect("zone-degraded", "Node node-b");
    }

    #[test]
    fn one_node_is_no_zone() {
        with_down(&["node-b"]).expect_not("zone-degraded");
        with_down(&["node-a", "node-b", "node-c"]).expect_not("zone-degraded");
    }
}
