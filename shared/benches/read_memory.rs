//! Memory and time of reading a large cluster: 5,000 nodes, 100,000 pods, 5,000 Deployments with ten old revisions each.
//!
//! `cargo bench -p shared --bench read_memory --profile dev [-- PODS]` (the memory is the same unoptimized). The API is simulated in this process, page by page, with objects of the size real
//! ones have (managedFields included); the peak is the process's own, so it includes the page being made. Exit code 1 when
//! the peak passes 128 MB, the bound of a report over such a cluster.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use shared::eks::{Cluster, Focus, LogPlan, ReadPlan};

const LIMIT_MB: usize = 128;
const PODS_PER_DEPLOYMENT: usize = 20;
const PODS_PER_NODE: usize = 20;
const REVISIONS: usize = 10;

fn main() {
    let pods = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let before = peak_mb();
    let start = Instant::now();
    let snapshot = runtime.block_on(async {
        let service = tower::service_fn(move |request: Request<kube::client::Body>| async move {
            Ok::<_, std::io::Error>(answer(request.uri(), pods))
        });
        let cluster = Cluster::from_client(kube::Client::new(service, "default"), "large", "https://api.example");
        let minute = Duration::from_secs(600);
        let plan = ReadPlan {
            time: minute,
            request_time: minute,
            bytes: usize::MAX,
            focus: Focus { namespaces: ["shop-7".to_owned()].into(), ..Focus::default() },
            logs: LogPlan { count: 0, ..LogPlan::default() },
            ..ReadPlan::default()
        };
        cluster.read(&plan).await.expect("a snapshot")
    });
    let peak = peak_mb();
    println!(
        "{pods} pods: {} kept, {} ReplicaSets kept, {} endpoint slices, in {:.1} s; peak {peak} MB ({before} MB before)",
        snapshot.pods.len(),
        snapshot.replica_sets.len(),
        snapshot.endpoint_slices.len(),
        start.elapsed().as_secs_f64(),
    );
    for gap in &snapshot.gaps {
        println!("  {}: {}", gap.what, gap.why);
    }
    if peak > LIMIT_MB {
        println!("peak is over {LIMIT_MB} MB");
        std::process::exit(1);
    }
}

/// The process's peak resident memory, as the kernel counts it.
fn peak_mb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).unwrap_or_default() / 1024
}

fn answer(uri: &http::Uri, pods: usize) -> Response<Full<Bytes>> {
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let value =
        |name: &str| query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<usize>().ok());
    let (limit, from) = (value("limit").unwrap_or(500), value("continue").unwrap_or(0));
    let deployments = pods / PODS_PER_DEPLOYMENT;
    let (total, object): (usize, fn(usize, &mut String)) = match uri.path() {
        "/api/v1/pods" => (pods, pod),
        "/api/v1/nodes" => (pods / PODS_PER_NODE, node),
        "/api/v1/events" => (pods / 4, event),
        "/apis/apps/v1/deployments" => (deployments, deployment),
        "/apis/apps/v1/replicasets" => (deployments * (REVISIONS + 1), replica_set),
        "/apis/discovery.k8s.io/v1/endpointslices" => (deployments, endpoint_slice),
        _ => (0, pod),
    };
    let to = (from + limit).min(total);
    let next = if to < total { to.to_string() } else { String::new() };
    let mut body = format!(r#"{{"metadata":{{"continue":"{next}","remainingItemCount":{}}},"items":["#, total - to);
    for number in from..to {
        if number > from {
            body.push(',');
        }
        object(number, &mut body);
    }
    body.push_str("]}");
    Response::new(Full::new(Bytes::from(body)))
}

/// What every object carries and nobody reads.
fn managed_fields(out: &mut String) {
    out.push_str(r#""managedFields":["#);
    for manager in 0..3 {
        let comma = if manager > 0 { "," } else { "" };
        let _ = write!(out, r#"{comma}{{"manager":"manager-{manager}","operation":"Update","fieldsV1":{{"#);
        for field in 0..25 {
            let comma = if field > 0 { "," } else { "" };
            let _ = write!(out, r#"{comma}"f:someFieldName{field}":{{".":{{}},"f:inner":{{}}}}"#);
        }
        out.push_str("}}");
    }
    out.push(']');
}

fn metadata(name: &str, number: usize, owner: &str, out: &mut String) {
    let app = number / PODS_PER_DEPLOYMENT;
    let _ = write!(
        out,
        r#""metadata":{{"name":"{name}","namespace":"shop-{}","uid":"0f6c2f1e-1111-4222-8333-{number:012}","resourceVersion":"{number}","creationTimestamp":"2026-02-01T00:00:{:02}Z","labels":{{"app":"api-{app}","pod-template-hash":"7d4f9c6b8d","app.kubernetes.io/part-of":"shop"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"Owner","name":"{owner}","uid":"{owner}","controller":true,"blockOwnerDeletion":true}}],"#,
        app % 100,
        number % 60,
    );
    managed_fields(out);
    out.push_str("},");
}

fn pod_spec(app: usize, out: &mut String) {
    let _ = write!(
        out,
        r#"{{"containers":[{{"name":"app","image":"registry.example/shop/api-{app}:1.2.3","ports":[{{"containerPort":8080}}],"env":["#
    );
    for variable in 0..15 {
        let comma = if variable > 0 { "," } else { "" };
        let _ =
            write!(out, r#"{comma}{{"name":"SETTING_{variable}","value":"http://ledger-{variable}.payments:8080"}}"#);
    }
    out.push_str(
        r#"],"resources":{"requests":{"cpu":"250m","memory":"256Mi"},"limits":{"memory":"512Mi"}},"livenessProbe":{"httpGet":{"path":"/healthz","port":8080},"periodSeconds":10},"readinessProbe":{"httpGet":{"path":"/ready","port":8080}},"volumeMounts":[{"name":"token","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true}]}],"volumes":[{"name":"token","projected":{"defaultMode":420,"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}]}}],"nodeName":"ip-10-0-1-7.ec2.internal","serviceAccountName":"api","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]}"#,
    );
}

fn pod(number: usize, out: &mut String) {
    let app = number / PODS_PER_DEPLOYMENT;
    out.push('{');
    metadata(&format!("api-{app}-7d4f9c6b8d-{number:05}"), number, &format!("api-{app}-7d4f9c6b8d"), out);
    out.push_str(r#""spec":"#);
    pod_spec(app, out);
    out.push_str(r#","status":{"phase":"Running","conditions":["#);
    for (index, name) in
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].iter().enumerate()
    {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            out,
            r#"{comma}{{"type":"{name}","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-02-01T00:00:10Z"}}"#
        );
    }
    // One in a thousand crashes.
    let crashing = number % 1000 == 999;
    let state = if crashing {
        r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#
    } else {
        r#"{"running":{"startedAt":"2026-02-01T00:00:09Z"}}"#
    };
    let _ = write!(
        out,
        r#"],"podIP":"10.0.1.7","hostIP":"10.0.1.1","startTime":"2026-02-01T00:00:01Z","qosClass":"Burstable","containerStatuses":[{{"name":"app","image":"registry.example/shop/api:1.2.3","imageID":"registry.example/shop/api@sha256:7f","ready":{},"started":true,"restartCount":{},"state":{state},"lastState":{{}}}}]}}}}"#,
        !crashing,
        if crashing { 7 } else { 0 },
    );
}

fn node(number: usize, out: &mut String) {
    out.push('{');
    metadata(&format!("ip-10-0-{}-{}.ec2.internal", number / 250, number % 250), number, "", out);
    out.push_str(r#""spec":{"providerID":"aws:///us-east-1a/i-0123456789abcdef0"},"status":{"capacity":{"cpu":"8","memory":"32Gi","pods":"58","ephemeral-storage":"80Gi"},"allocatable":{"cpu":"7910m","memory":"31Gi","pods":"58","ephemeral-storage":"70Gi"},"addresses":[{"type":"InternalIP","address":"10.0.1.7"},{"type":"Hostname","address":"ip-10-0-1-7"}],"nodeInfo":{"kubeletVersion":"v1.33.1","kernelVersion":"6.12.0","osImage":"Amazon Linux 2023","containerRuntimeVersion":"containerd://2.0.5","architecture":"amd64"},"conditions":["#);
    for (index, name) in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let status = if *name == "Ready" { "True" } else { "False" };
        let _ = write!(
            out,
            r#"{comma}{{"type":"{name}","status":"{status}","reason":"KubeletHasSufficientMemory","message":"kubelet has sufficient memory available","lastHeartbeatTime":"2026-03-01T00:00:00Z","lastTransitionTime":"2026-02-01T00:00:10Z"}}"#
        );
    }
    out.push_str("]}}");
}

fn event(number: usize, out: &mut String) {
    out.push('{');
    metadata(&format!("api-{number}.17f0"), number, "", out);
    let kind = if number.is_multiple_of(50) { "Warning" } else { "Normal" };
    let _ = write!(
        out,
        r#""involvedObject":{{"kind":"Pod","namespace":"shop","name":"api-{number}","uid":"u{number}"}},"reason":"Scheduled","message":"Successfully assigned shop/api-{number} to ip-10-0-1-7.ec2.internal","type":"{kind}","count":1,"firstTimestamp":"2026-03-01T00:00:00Z","lastTimestamp":"2026-03-01T00:00:00Z","source":{{"component":"default-scheduler"}}}}"#
    );
}

fn deployment(number: usize, out: &mut String) {
    out.push('{');
    metadata(&format!("api-{number}"), number * PODS_PER_DEPLOYMENT, "", out);
    let _ = write!(
        out,
        r#""spec":{{"replicas":{PODS_PER_DEPLOYMENT},"selector":{{"matchLabels":{{"app":"api-{number}"}}}},"template":{{"metadata":{{"labels":{{"app":"api-{number}"}}}},"spec":"#
    );
    pod_spec(number, out);
    let _ = write!(
        out,
        r#"}}}},"status":{{"replicas":{PODS_PER_DEPLOYMENT},"readyReplicas":{PODS_PER_DEPLOYMENT},"availableReplicas":{PODS_PER_DEPLOYMENT},"updatedReplicas":{PODS_PER_DEPLOYMENT}}}}}"#
    );
}

fn replica_set(number: usize, out: &mut String) {
    let (app, revision) = (number / (REVISIONS + 1), number % (REVISIONS + 1));
    let replicas = if revision == REVISIONS { PODS_PER_DEPLOYMENT } else { 0 };
    out.push('{');
    metadata(&format!("api-{app}-{revision}"), app * PODS_PER_DEPLOYMENT + revision, &format!("api-{app}"), out);
    let _ = write!(
        out,
        r#""spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"api-{app}"}}}},"template":{{"metadata":{{"labels":{{"app":"api-{app}"}}}},"spec":"#
    );
    pod_spec(app, out);
    let _ = write!(out, r#"}}}},"status":{{"replicas":{replicas},"readyReplicas":{replicas}}}}}"#);
}

fn endpoint_slice(number: usize, out: &mut String) {
    out.push('{');
    metadata(&format!("api-{number}-x7k2p"), number * PODS_PER_DEPLOYMENT, "", out);
    out.push_str(r#""addressType":"IPv4","ports":[{"name":"http","port":8080,"protocol":"TCP"}],"endpoints":["#);
    for index in 0..PODS_PER_DEPLOYMENT {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            out,
            r#"{comma}{{"addresses":["10.0.{}.{index}"],"conditions":{{"ready":true,"serving":true,"terminating":false}},"nodeName":"ip-10-0-1-7.ec2.internal","zone":"us-east-1a","targetRef":{{"kind":"Pod","namespace":"shop","name":"api-{number}-7d4f9c6b8d-{index}","uid":"u"}}}}"#,
            number % 250
        );
    }
    out.push_str("]}");
}
