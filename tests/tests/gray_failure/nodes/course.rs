//! The course of a node that is ill.

use super::*;

/// Eighteen minutes in which the node's network comes and goes; it ends well.
async fn flap(ward: &Ward, node: &str) {
    for minute in 0..18 {
        if minute % 3 == 0 {
            ward.set(node, "NetworkingReady", if minute % 6 == 0 { "False" } else { "True" });
        }
        ward.minute().await;
    }
}

#[tokio::test]
async fn a_node_that_flaps_is_tainted_by_a_click_and_untainted_when_it_is_well() {
    let ward = Ward::new("nodes: { mode: ask }").await;
    let node = name(&ward.node(3));
    let pods = pods_on(&ward, &node);
    let server = ward.remedy.night.sim.kube_endpoint();
    flap(&ward, &node).await;
    assert_eq!(ward.open().await, [("taint", "asked")]);
    assert_eq!(taints(&ward.live(&node)), [""; 0], "nothing is done before somebody agrees");
    let case = ward.approve("taint").await;
    let reason = &case.proposal.reason;
    assert!(reason.contains("NetworkingReady changed 6 times in 60 min"), "{reason}");
    let wanted = ["nightshift.io/unhealthy=flapping-NetworkingReady:NoSchedule"];
    if let Some(seen) = kubectl(&server, &node).await {
        assert_eq!(taints(&seen), wanted);
        assert!(seen["spec"]["unschedulable"].is_null());
    }
    assert_eq!(taints(&ward.live(&node)), wanted);
    assert_eq!(pods_on(&ward, &node), pods, "what runs there stays");
    ward.minutes(32).await;
    assert_eq!(ward.open().await, [("untaint", "asked")]);
    ward.approve("untaint").await;
    ward.minutes(3).await;
    if let Some(seen) = kubectl(&server, &node).await {
        assert!(seen["spec"]["taints"].is_null(), "{}", seen["spec"]);
    }
    assert_eq!(ward.open().await, []);
    // One thread: the suspicion, which is brought up to date, and what followed.
    let said = ward.said();
    let roots: Vec<_> = said.iter().filter(|message| !message.is_reply()).collect();
    assert_eq!(roots.len(), 1, "{said:#?}");
    assert!(roots[0].text.contains("well again for 30 min"), "{}", roots[0].text);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert_eq!(case.told.thread_ts.as_deref(), Some(roots[0].ts.as_str()), "the case is told in the same thread");
    ward.minutes(5).await;
    assert_eq!(ward.said().len(), 3, "nothing more is said of a node that is well");
}

#[tokio::test]
async fn where_the_mode_says_so_both_happen_by_themselves() {
    let ward = Ward::new("nodes: { mode: automatic, failing_minutes: 2, well_minutes: 5 }").await;
    let node = name(&ward.node(2));
    ward.set(&node, "KernelReady", "False");
    ward.minutes(4).await;
    assert_eq!(taints(&ward.live(&node)), ["nightshift.io/unhealthy=failing-KernelReady:NoSchedule"]);
    ward.set(&node, "KernelReady", "True");
    ward.minutes(9).await;
    assert_eq!(taints(&ward.live(&node)), [""; 0]);
    let entries = ward.remedy.store().audit_entries(0, 100, ward.remedy.night.clock.now()).await.unwrap();
    let approved: Vec<&str> =
        entries.iter().filter_map(|entry| Some(entry.note.details.get("approved_by")?.as_str())).collect();
    assert_eq!(approved, ["policy:automation-marks-nodes-that-are-ill"; 2], "{entries:#?}");
    ward.remedy.audit_holds().await;
}

#[tokio::test]
async fn by_default_it_is_said_and_nothing_is_proposed() {
    let ward = Ward::new("").await;
    let node = name(&ward.node(2));
    ward.set(&node, "StorageReady", "False");
    ward.minutes(8).await;
    assert_eq!(ward.open().await, []);
    assert_eq!(taints(&ward.live(&node)), [""; 0]);
    let said = ward.said();
    assert!(said.len() == 1 && said[0].text.contains("StorageReady has failed for 5 min"), "{said:#?}");
}

#[tokio::test]
async fn a_taint_of_ours_that_nobody_remembers_is_taken_off() {
    let ward = Ward::new("nodes: { mode: automatic, well_minutes: 5 }").await;
    let node = name(&ward.node(1));
    let taint = json!([{ "key": "nightshift.io/unhealthy", "value": "disk-filling", "effect": "NoSchedule" }]);
    let patch = json!({ "spec": { "taints": taint } });
    ward.remedy.night.sim.world().merge(Kind::Node, &Key::new("", &node), &patch);
    ward.minutes(8).await;
    assert_eq!(taints(&ward.live(&node)), [""; 0]);
}

#[tokio::test]
async fn what_kubernetes_keeps_pods_off_itself_is_not_tainted_again() {
    let ward = Ward::new("nodes: { mode: automatic }").await;
    let node = name(&ward.node(1));
    ward.set(&node, "MemoryPressure", "True");
    ward.minutes(8).await;
    assert_eq!((ward.open().await, ward.said().len()), (Vec::new(), 1));
    assert!(ward.said()[0].attachments[0].to_string().contains("Kubernetes keeps new pods off"), "{:#?}", ward.said());
}
