//! Findings of GuardDuty: the node isolated, anything more asked.

use super::*;

const ISOLATED: [&str; 2] =
    ["nightshift.io/isolated=cryptocurrency:NoSchedule", "node.kubernetes.io/unschedulable=:NoSchedule"];

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

fn updated(event: &Value, count: u64) -> Value {
    let mut update = event.clone();
    update["detail"]["service"]["count"] = json!(count);
    update["id"] = json!(format!("update-{count}"));
    update
}

#[tokio::test]
async fn a_finding_isolates_the_node_by_a_click_and_the_drain_is_asked_after_that() {
    let ward = Ward::new("").await;
    let node = ward.node(4);
    let (node, event) = (name(&node), finding("guardduty-runtime.json", &node));
    let pods = pods_on(&ward, &node);
    assert_eq!(ward.told(std::slice::from_ref(&event)).await["batchItemFailures"], json!([]));
    ward.minute().await;
    assert_eq!(ward.open().await, [("isolate", "asked")]);
    assert_eq!(taints(&ward.live(&node)), [""; 0]);
    let asked = ward.approve("isolate").await;
    if let Some(seen) = kubectl(&ward.remedy.night.sim.kube_endpoint(), &node).await {
        assert_eq!(seen["spec"]["unschedulable"], true);
        assert_eq!(sorted(taints(&seen)), ISOLATED);
    }
    ward.minutes(2).await;
    assert_eq!(ward.open().await, [("drain", "asked")]);
    assert_eq!(pods_on(&ward, &node), pods, "what runs there is the evidence");
    // Updates of the same finding are the same case, in any order.
    let updates = [updated(&event, 9), updated(&event, 5), event.clone()];
    assert_eq!(ward.told(&updates).await["batchItemFailures"], json!([]));
    ward.minutes(2).await;
    assert_eq!(ward.open().await, [("drain", "asked")]);
    let said = ward.said();
    assert_eq!(said.len(), 1, "{said:#?}");
    let shown = said[0].attachments[0].to_string();
    for text in
        ["CryptoCurrency:Runtime/BitcoinTool.B", "high (8.0)", "9 times", "/tmp/xmrig", "The node is isolated", &node]
    {
        assert!(shown.contains(text) || said[0].text.contains(text), "{text} in {shown}");
    }
    assert_eq!(asked.told.thread_ts.as_deref(), Some(said[0].ts.as_str()));
    // One click takes it back, and the cordon with it.
    let done = ward.remedy.case(&asked.id).await;
    ward.remedy.click(&click("remediation.undo", &done, LEAD)).await;
    let live = ward.live(&node);
    assert_eq!((taints(&live), live["spec"]["unschedulable"] == true), (Vec::new(), false));
}

#[tokio::test]
async fn where_the_mode_says_so_it_isolates_by_itself_and_still_asks_before_the_drain() {
    let automation = "remediation: { automation: ['*'] }\nguardduty: { mode: automatic }";
    let ward = Ward::new(automation).await;
    let node = ward.node(4);
    // Short of memory: what else may be drained by itself.
    ward.set(&name(&node), "MemoryPressure", "True");
    ward.told(&[finding("guardduty-runtime.json", &node)]).await;
    ward.minutes(3).await;
    assert_eq!(sorted(taints(&ward.live(&name(&node)))), ISOLATED);
    assert_eq!(ward.open().await, [("drain", "asked")]);
    let drain = ward.remedy.case_of("drain").await;
    let to_people = drain.permission.unwrap().to_people;
    assert!(to_people.contains(&"evidence-goes-to-a-human".to_owned()), "{to_people:?}");
}

#[tokio::test]
async fn a_finding_of_the_audit_log_leads_to_the_node_of_its_pod() {
    let ward = Ward::new("").await;
    let pod = ward.remedy.pods("payments", "api")[0].clone();
    let mut event = event("guardduty-audit-log.json");
    event["detail"]["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]["name"] =
        pod["metadata"]["name"].clone();
    ward.told(&[event]).await;
    ward.remedy.sweep().await;
    let case = ward.remedy.case_of("isolate").await;
    assert_eq!(case.proposal.action.target().name, pod["spec"]["nodeName"].as_str().unwrap());
}

#[tokio::test]
async fn two_findings_on_one_node_isolate_it_once() {
    let ward = Ward::new("guardduty: { mode: automatic }").await;
    let node = ward.node(4);
    let both = [finding("guardduty-runtime.json", &node), finding("guardduty-ec2.json", &node)];
    ward.told(&both).await;
    assert_eq!(ward.open().await, [("isolate", "proposed")]);
    ward.minutes(3).await;
    assert_eq!(ward.open().await, [("drain", "asked")]);
    assert_eq!(ward.said().len(), 2);
}

#[tokio::test]
async fn what_is_nobodys_node_is_said_and_what_is_not_severe_is_not() {
    let ward = Ward::new("").await;
    let mut elsewhere = event("guardduty-sample.json");
    let mut gone = event("guardduty-ec2.json");
    let mut low = finding("guardduty-runtime.json", &ward.node(1));
    low["detail"]["severity"] = json!(5);
    low["detail"]["id"] = json!("low");
    elsewhere["detail"]["id"] = json!("elsewhere");
    gone["detail"]["id"] = json!("gone");
    let answer = ward.told(&[low, elsewhere.clone(), gone, elsewhere]).await;
    assert_eq!(answer["batchItemFailures"], json!([]));
    ward.minute().await;
    assert_eq!(ward.open().await, []);
    let said: Vec<String> = ward.said().iter().map(|it| format!("{} {}", it.text, it.attachments[0])).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].contains("[sample finding]") && said[0].contains("in none of the clusters"), "{}", said[0]);
    assert!(said[1].contains("names no node that is there now"), "{}", said[1]);
}

#[tokio::test]
async fn a_finding_whose_cluster_cannot_be_read_is_said_and_its_node_found_later() {
    let ward = Ward::new("").await;
    let faults = ward.remedy.night.sim.faults().clone();
    let rule = sim::fault::Rule::always(sim::fault::Service::Kubernetes, sim::fault::Fault::ServerError);
    faults.inject(rule);
    let node = ward.node(4);
    assert_eq!(ward.told(&[finding("guardduty-runtime.json", &node)]).await["batchItemFailures"], json!([]));
    assert!(ward.said()[0].attachments[0].to_string().contains("could not be read"), "{:#?}", ward.said());
    assert_eq!(ward.open().await, []);
    faults.clear();
    ward.minute().await;
    assert_eq!(ward.open().await, [("isolate", "asked")]);
    assert!(ward.said()[0].attachments[0].to_string().contains("Isolating the node is proposed"));
}

#[tokio::test]
async fn what_is_no_finding_goes_back_to_the_queue_and_holds_up_nothing() {
    let ward = Ward::new("").await;
    let mut broken = event("guardduty-runtime.json");
    broken["detail"] = json!({ "id": "f", "severity": "high" });
    let answer = ward.told(&[broken, json!("{"), finding("guardduty-runtime.json", &ward.node(2))]).await;
    let failed: Vec<&str> = answer["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["itemIdentifier"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["message-0", "message-1"]);
    assert_eq!(ward.open().await, [("isolate", "proposed")]);
}
