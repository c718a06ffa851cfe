use std::fs;

use super::{DiskError, Scope, Snapshot};
use crate::{diagnosis::testkit::scene, snapshot::*};

fn write(dir: &std::path::Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn what_is_written_is_read_back() {
    let mut before = scene()
        .deployment("shop", "api", 2)
        .service("shop", "api", 8080)
        .crashing("shop", "api", 1, "Error")
        .event("Pod shop/api-rs1-0", "BackOff", "restarting")
        .log("shop", "api", "2026-03-01T11:59:00Z first\n2026-03-01T11:59:01Z second\n")
        .metric(SeriesKind::Service, "api", "cpu", &[0.1, 0.2])
        .snapshot;
    before.gaps.push(Gap { what: "metrics".into(), why: "not asked for".into() });
    before.alerts.push(Alert { status: "firing".into(), ..Alert::default() });
    before.probes.items.push(ConnectionProbe { namespace: "shop".into(), service: "api".into(), ..Default::default() });
    before.probes.scope = Scope::All;
    let dir = tempfile::tempdir().unwrap();
    before.write_dir(dir.path()).unwrap();
    let after = Snapshot::read_dir(dir.path()).unwrap();
    assert_eq!((after.cluster, after.taken_at, after.gaps), (before.cluster, before.taken_at, before.gaps));
    assert_eq!(after.nodes, before.nodes);
    assert_eq!(after.pods.items, before.pods.items);
    assert!(after.pods.covers("shop") && after.secrets.covers("shop"), "what was read as empty is known to be empty");
    assert_eq!(after.deployments.items, before.deployments.items);
    assert_eq!(after.events.items, before.events.items);
    assert_eq!(after.logs, before.logs);
    assert_eq!(after.metrics, before.metrics);
    assert_eq!(after.alerts, before.alerts);
    assert_eq!(after.probes, before.probes);
}

#[test]
fn a_dump_of_plain_kubectl_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let list = |items: &str| {
        format!(r#"{{"kind":"List","apiVersion":"v1","metadata":{{"resourceVersion":"1"}},"items":{items}}}"#)
    };
    write(dir.path(), "nodes.json", &list(r#"[{"metadata":{"name":"node-a","managedFields":[{"manager":"x"}]}}]"#));
    write(
        dir.path(),
        "shop/pods.json",
        &list(r#"[{"metadata":{"name":"api-1","namespace":"shop"},"spec":{"containers":[]}}]"#),
    );
    write(dir.path(), "shop/replication-controllers.json", &list("[]"));
    write(dir.path(), "shop/events.json", &list("null"));
    write(
        dir.path(),
        "shop/api-1/logs.txt",
        "==== START logs for container app of pod shop/api-1 ====\nhello\n==== END logs for container app of pod shop/api-1 ====\n\
         ==== START logs for container side of pod shop/api-1 ====\nRequest log error: container is waiting to start\n\
         ==== END logs for container side of pod shop/api-1 ====\n",
    );
    let snapshot = Snapshot::read_dir(dir.path()).unwrap();
    assert_eq!(snapshot.pods.len(), 1);
    assert!(snapshot.events.covers("shop"));
    assert_eq!(snapshot.services.scope, Scope::Unread, "kinds without a file were not read");
    assert_eq!((snapshot.logs[0].text.as_str(), snapshot.logs[0].container.as_str()), ("hello\n", "app"));
    assert_eq!(snapshot.logs[1].error.as_deref(), Some("container is waiting to start"));
}

#[test]
fn a_file_cut_off_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "nodes.json", r#"{"items":[]}"#);
    write(dir.path(), "shop/pods.json", r#"{"items":[{"metadata":{"name":"api-1""#);
    let error = Snapshot::read_dir(dir.path()).unwrap_err();
    assert!(matches!(&error, DiskError::Json { path, .. } if path.ends_with("shop/pods.json")), "{error}");
    assert!(error.to_string().contains("pods.json"));
}

#[test]
fn a_bad_line_of_metrics_is_an_error_that_names_the_line() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "nodes.json", r#"{"items":[]}"#);
    write(
        dir.path(),
        "metrics.csv",
        "timestamp,kind,name,metric,value\n2026-03-01T12:00:00Z,service,api,cpu,0.5\nnonsense\n",
    );
    let error = Snapshot::read_dir(dir.path()).unwrap_err();
    assert!(matches!(error, DiskError::Metrics { line: 3, .. }), "{error}");
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Snapshot::read_dir(dir.path().join("nowhere")), Err(DiskError::NotADirectory(_))));
    assert!(matches!(Snapshot::read_dir(dir.path()), Err(DiskError::Empty(_))));
}

#[test]
fn a_list_cut_off_by_paging_is_not_taken_for_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "nodes.json", r#"{"items":[]}"#);
    write(dir.path(), "shop/pods.json", r#"{"metadata":{"continue":"abc"},"items":[]}"#);
    let snapshot = Snapshot::read_dir(dir.path()).unwrap();
    assert!(!snapshot.pods.covers("shop"));
}
