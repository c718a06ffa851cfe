//! Stock kubectl as the judge of the simulated Kubernetes API.

use jiff::SignedDuration;
use serde_json::Value;
use sim::world::Scenario;
use sim::{Options, Sim};
use tempfile::TempDir;
use tests::judges;

/// A simulated cluster and a kubectl that knows no other.
struct Cluster {
    sim: Sim,
    kubectl: std::path::PathBuf,
    home: TempDir,
}

/// What a run of kubectl said.
struct Said {
    ok: bool,
    out: String,
    err: String,
}

impl Cluster {
    async fn start(scenario: Scenario) -> Option<Self> {
        let kubectl = judges::kubectl()?;
        let sim = Sim::start(Options::stopped(scenario)).await.expect("sim starts");
        Some(Self { sim, kubectl, home: TempDir::new().expect("a directory") })
    }

    async fn run(&self, arguments: &str) -> Said {
        self.run_with(&arguments.split_whitespace().collect::<Vec<_>>(), "").await
    }

    async fn run_with(&self, arguments: &[&str], stdin: &str) -> Said {
        let input = self.home.path().join("stdin");
        std::fs::write(&input, stdin).expect("input is written");
        let output = tokio::process::Command::new(&self.kubectl)
            .arg(format!("--server={}", self.sim.kube_endpoint()))
            .args(arguments)
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("none"))
            .stdin(std::fs::File::open(&input).expect("input opens"))
            .output()
            .await
            .expect("kubectl runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What kubectl prints, where it has to succeed.
    async fn ask(&self, arguments: &str) -> String {
        let said = self.run(arguments).await;
        assert!(said.ok, "kubectl {arguments}: {}", said.err);
        said.out
    }

    async fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.ask(arguments).await).expect("JSON")
    }

    fn pass(&self, seconds: i64) {
        self.sim.world().advance(SignedDuration::from_secs(seconds));
    }
}

/// The columns of a table's first line.
fn header(table: &str) -> Vec<&str> {
    table.lines().next().unwrap_or_default().split("  ").map(str::trim).filter(|column| !column.is_empty()).collect()
}

fn contains_all(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted:?} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn get_prints_the_columns_people_know() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    for (kind, columns) in [
        ("pods", &["NAME", "READY", "STATUS", "RESTARTS", "AGE"][..]),
        ("nodes", &["NAME", "STATUS", "ROLES", "AGE", "VERSION"]),
        ("deployments", &["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]),
        ("replicasets", &["NAME", "DESIRED", "CURRENT", "READY", "AGE"]),
        ("services", &["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]),
        ("hpa", &["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"]),
        ("pdb", &["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"]),
        ("cronjobs", &["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"]),
        ("events", &["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]),
    ] {
        assert_eq!(header(&cluster.ask(&format!("get {kind} -n shop")).await), columns, "{kind}");
    }
    let wide = cluster.ask("get pods -n shop -o wide").await;
    contains_all(&wide, &["IP", "NODE", "NOMINATED NODE", "ip-10-0-", ".compute.internal"]);
    let all = cluster.ask("get all -A").await;
    contains_all(&all, &["daemonset.apps/kube-proxy", "statefulset.apps/orders-db", "cronjob.batch/price-feed"]);
    contains_all(
        &cluster.ask("get nodepools,applications.argoproj.io -A").await,
        &["nodepool.karpenter.sh/spot", "Synced"],
    );
}

#[tokio::test]
async fn lists_are_the_same_in_pages_and_selected_by_labels_and_fields() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    let whole = cluster.ask("get pods -A -o name --chunk-size=0").await;
    assert!(whole.lines().count() >= 50, "{whole}");
    assert_eq!(cluster.ask("get pods -A -o name --chunk-size=7").await, whole);
    let named = cluster.ask("get pods -n payments -o name -l app.kubernetes.io/name=ledger").await;
    assert_eq!(named.lines().count(), 2, "{named}");
    let either = cluster
        .run_with(&["get", "pods", "-A", "-o", "name", "-l", "app.kubernetes.io/name in (ledger, fraud)"], "")
        .await;
    assert_eq!(either.out.lines().count(), 4, "{}", either.out);
    let node =
        cluster.json("get nodes -o json").await["items"][0]["metadata"]["name"].as_str().expect("a name").to_owned();
    let on_node = cluster.json(&format!("get pods -A -o json --field-selector spec.nodeName={node}")).await;
    let items = on_node["items"].as_array().expect("items");
    assert!(items.len() > 3 && items.iter().all(|pod| pod["spec"]["nodeName"] == node.as_str()));
    let missing = cluster.run("get pod nobody -n shop").await;
    assert!(!missing.ok);
    assert_eq!(missing.err.trim(), "Error from server (NotFound): pods \"nobody\" not found");
}

#[tokio::test]
async fn a_broken_rollout_can_be_understood_and_undone() {
    let Some(cluster) = Cluster::start(Scenario::BadRollout).await else { return };
    cluster.pass(300);
    let pods = cluster.ask("get pods -n payments -l app.kubernetes.io/name=api").await;
    assert_eq!(pods.matches("CrashLoopBackOff").count(), 5, "{pods}");
    let pod = pods.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("a pod").to_owned();
    let described = cluster.ask(&format!("describe pod {pod} -n payments")).await;
    contains_all(
        &described,
        &[
            "Reason:       CrashLoopBackOff",
            "Exit Code:    1",
            "Back-off restarting failed container api in pod",
            "Successfully pulled image",
            "Controlled By:  ReplicaSet/api-",
        ],
    );
    let log = cluster.ask(&format!("logs {pod} -n payments --previous")).await;
    assert!(log.trim_end().ends_with("KeyError: 'DEPLOY_ENV'"), "{log}");
    assert_eq!(cluster.ask(&format!("logs {pod} -n payments --tail=1")).await.trim(), "KeyError: 'DEPLOY_ENV'");
    contains_all(
        &cluster.ask("describe deployment api -n payments").await,
        &["5 desired | 5 updated | 5 total | 0 available", "MinimumReplicasUnavailable"],
    );

    let history = cluster.ask("rollout history deployment/api -n payments").await;
    let revisions = |history: &str| {
        history.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u32>().ok()).collect::<Vec<_>>()
    };
    assert_eq!(revisions(&history), [12, 13, 14, 15]);
    contains_all(
        &cluster.ask("rollout history deployment/api -n payments --revision=14").await,
        &["v2.3.0", "DEPLOY_ENV"],
    );

    cluster.ask("rollout undo deployment/api -n payments").await;
    cluster.pass(120);
    contains_all(
        &cluster.ask("rollout status deployment/api -n payments --timeout=5s").await,
        &["successfully rolled out"],
    );
    assert_eq!(revisions(&cluster.ask("rollout history deployment/api -n payments").await), [12, 13, 15, 16]);
}

#[tokio::test]
async fn logs_are_cut_as_asked() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    cluster.pass(60);
    let all = cluster.ask("logs deployment/catalog -n shop").await;
    assert!(all.lines().count() > 100, "an hour of lines");
    assert!(all.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "this service logs JSON lines");
    assert_eq!(cluster.ask("logs deployment/catalog -n shop --tail=20").await.lines().count(), 20);
    assert!(cluster.ask("logs deployment/catalog -n shop --since=30s").await.lines().count() <= 7);
    assert!(cluster.ask("logs deployment/catalog -n shop --limit-bytes=100").await.len() <= 100);
    let stamped = cluster.ask("logs deployment/catalog -n shop --timestamps --tail=1").await;
    assert!(stamped.split(' ').next().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()), "{stamped}");
    let previous = cluster.run("logs deployment/catalog -n shop --previous").await;
    contains_all(&previous.err, &["previous terminated container \"catalog\"", "not found"]);
}

#[tokio::test]
async fn top_shows_what_nodes_and_pods_use() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    let nodes = cluster.ask("top nodes").await;
    assert_eq!(nodes.lines().count(), 7, "{nodes}");
    assert_eq!(header(&nodes), ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]);
    let pods = cluster.ask("top pods -n shop --containers").await;
    contains_all(&pods, &["storefront", "checkout", "Mi"]);
}

#[tokio::test]
async fn scaling_and_changing_takes_effect_and_a_dry_run_does_not() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    cluster.ask("scale deployment/cart -n shop --replicas=4 --dry-run=server").await;
    cluster.pass(60);
    assert_eq!(cluster.json("get deployment cart -n shop -o json").await["status"]["readyReplicas"], 2);
    cluster.ask("scale deployment/cart -n shop --replicas=4").await;
    cluster.pass(60);
    assert_eq!(cluster.json("get deployment cart -n shop -o json").await["status"]["readyReplicas"], 4);

    cluster.ask("set env deployment/cart -n shop MODE=new").await;
    cluster.pass(120);
    contains_all(
        &cluster.ask("rollout status deployment/cart -n shop --timeout=5s").await,
        &["successfully rolled out"],
    );
    let pod = cluster.json("get pods -n shop -l app.kubernetes.io/name=cart -o json").await;
    assert_eq!(pod["items"][0]["spec"]["containers"][0]["env"][0]["value"], "new");

    cluster
        .run_with(
            &[
                "patch",
                "deployment",
                "cart",
                "-n",
                "shop",
                "--type=json",
                "-p",
                r#"[{"op":"replace","path":"/spec/replicas","value":3}]"#,
            ],
            "",
        )
        .await;
    cluster
        .run_with(
            &[
                "patch",
                "deployment",
                "cart",
                "-n",
                "shop",
                "--type=merge",
                "-p",
                r#"{"metadata":{"annotations":{"a":"b"}}}"#,
            ],
            "",
        )
        .await;
    cluster.ask("label deployment cart -n shop tier=back").await;
    let changed = cluster.json("get deployment cart -n shop -o json").await;
    assert_eq!(
        (
            &changed["spec"]["replicas"],
            &changed["metadata"]["annotations"]["a"],
            &changed["metadata"]["labels"]["tier"]
        ),
        (&3.into(), &"b".into(), &"back".into())
    );
}

#[tokio::test]
async fn manifests_are_applied_compared_and_deleted() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    let manifest = |image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: '{image}'}}]}}\n"
        )
    };
    let apply = ["apply", "-f", "-"];
    assert_eq!(cluster.run_with(&apply, &manifest("web:1")).await.out, "deployment.apps/web created\n");
    assert_eq!(cluster.run_with(&apply, &manifest("web:1")).await.out, "deployment.apps/web unchanged\n");
    let server_side =
        cluster.run_with(&["apply", "--server-side", "--dry-run=server", "-f", "-"], &manifest("web:2")).await;
    assert_eq!(server_side.out, "deployment.apps/web serverside-applied (server dry run)\n", "{}", server_side.err);
    assert_eq!(cluster.run_with(&apply, &manifest("web:2")).await.out, "deployment.apps/web configured\n");
    cluster.pass(60);
    contains_all(&cluster.ask("get deployment web -n shop -o wide").await, &["2/2", "web:2"]);
    cluster.ask("delete deployment web -n shop").await;
    cluster.pass(10);
    assert_eq!(cluster.ask("get pods -n shop -l app=web -o name").await, "");
}

#[tokio::test]
async fn a_cordoned_node_takes_no_pods_and_budgets_hold_evictions_back() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    let pods = cluster.json("get pods -n payments -l app.kubernetes.io/name=ledger -o json").await;
    let names: Vec<&str> =
        pods["items"].as_array().expect("items").iter().filter_map(|pod| pod["metadata"]["name"].as_str()).collect();
    let node = pods["items"][0]["spec"]["nodeName"].as_str().expect("a node");
    cluster.ask(&format!("cordon {node}")).await;
    contains_all(&cluster.ask(&format!("get node {node}")).await, &["Ready,SchedulingDisabled"]);
    let evict = |name: &str| {
        let body = format!(
            r#"{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{name}","namespace":"payments"}}}}"#
        );
        (format!("/api/v1/namespaces/payments/pods/{name}/eviction"), body)
    };
    let (path, body) = evict(names[0]);
    assert!(cluster.run_with(&["create", "--raw", &path, "-f", "-"], &body).await.ok);
    let (path, body) = evict(names[1]);
    let refused = cluster.run_with(&["create", "--raw", &path, "-f", "-"], &body).await;
    contains_all(&refused.err, &["Cannot evict pod as it would violate the pod's disruption budget."]);
    cluster.pass(60);
    let pods = cluster.json("get pods -n payments -l app.kubernetes.io/name=ledger -o json").await;
    let nodes: Vec<&Value> =
        pods["items"].as_array().expect("items").iter().map(|pod| &pod["spec"]["nodeName"]).collect();
    assert!(nodes.len() == 2 && !nodes.contains(&&Value::from(node)), "{nodes:?} without {node}");
    cluster.ask(&format!("uncordon {node}")).await;
    contains_all(
        &cluster
            .ask(&format!("drain {node} --ignore-daemonsets --delete-emptydir-data --dry-run=server --timeout=20s"))
            .await,
        &["drained (server dry run)"],
    );
}

#[tokio::test]
async fn a_failed_node_goes_not_ready_and_its_pods_move() {
    let Some(cluster) = Cluster::start(Scenario::NodeFailure).await else { return };
    cluster.pass(60);
    let nodes = cluster.ask("get nodes").await;
    assert_eq!(nodes.matches("NotReady").count(), 1, "{nodes}");
    let node = nodes
        .lines()
        .find(|line| line.contains("NotReady"))
        .and_then(|line| line.split_whitespace().next())
        .expect("a node");
    contains_all(
        &cluster.ask(&format!("describe node {node}")).await,
        &[
            "NodeStatusUnknown",
            "Kubelet stopped posting node status.",
            "node.kubernetes.io/unreachable:NoExecute",
            "NodeNotReady",
        ],
    );
    let pods = cluster.json(&format!("get pods -A -o json --field-selector spec.nodeName={node}")).await;
    let pod = &pods["items"][0]["metadata"];
    let (namespace, name) = (pod["namespace"].as_str().expect("a namespace"), pod["name"].as_str().expect("a name"));
    assert!(!cluster.run(&format!("logs {name} -n {namespace}")).await.ok, "a dead kubelet serves no logs");
    cluster.pass(420);
    contains_all(&cluster.ask("get pods -A").await, &["Terminating"]);
    let events = cluster.ask("get events -A").await;
    contains_all(&events, &["TaintManagerEviction", "NodeNotReady"]);
}

#[tokio::test]
async fn a_tag_that_does_not_exist_is_told_as_the_kubelet_tells_it() {
    let Some(cluster) = Cluster::start(Scenario::WrongImage).await else { return };
    cluster.pass(120);
    contains_all(&cluster.ask("get pods -n shop -l app.kubernetes.io/name=catalog").await, &["ImagePull"]);
    contains_all(&cluster.ask("get deployment catalog -n shop").await, &["3/3"]);
    contains_all(
        &cluster.ask("get events -n shop").await,
        &["Failed to pull image", "code = NotFound", "Error: ErrImagePull", "Error: ImagePullBackOff"],
    );
}

#[tokio::test]
async fn a_dump_holds_every_namespace_with_events_and_logs() {
    let Some(cluster) = Cluster::start(Scenario::MemoryLeak).await else { return };
    cluster.pass(120);
    let directory = cluster.home.path().join("dump");
    cluster.ask(&format!("cluster-info dump --all-namespaces --output-directory={}", directory.display())).await;
    let read =
        |path: &str| std::fs::read_to_string(directory.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let nodes: Value = serde_json::from_str(&read("nodes.json")).expect("JSON");
    assert_eq!(nodes["items"].as_array().map(Vec::len), Some(6));
    let pods: Value = serde_json::from_str(&read("shop/pods.json")).expect("JSON");
    let killed = pods["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|pod| pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] == "OOMKilled");
    let killed = killed.and_then(|pod| pod["metadata"]["name"].as_str()).expect("a killed pod");
    assert!(!read(&format!("shop/{killed}/logs.txt")).is_empty());
    for file in ["events", "deployments", "replicasets", "services", "daemonsets"] {
        assert!(read(&format!("shop/{file}.json")).contains("\"items\""));
    }
}

#[tokio::test]
async fn the_caller_is_told_what_it_may_do() {
    let Some(cluster) = Cluster::start(Scenario::Healthy).await else { return };
    assert_eq!(cluster.ask("auth can-i delete pods -n shop").await, "yes\n");
    contains_all(&cluster.ask("version").await, &["Server Version: v1.32"]);
    contains_all(&cluster.ask("api-resources").await, &["poddisruptionbudgets", "nodepools", "applications"]);
}
