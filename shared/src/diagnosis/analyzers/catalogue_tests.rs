//! The catalogue against what it promises: every cause has an analyzer, and every analyzer says what it looks for, shows a
//! scene in which it is right and one in which it keeps still.
//!
//! Read from the sources: what is wanted of a file is written in the file, by convention, so that a new analyzer needs no
//! second list.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{analyzers, catalogue};

/// The causes that the product promises to tell, by category.
const PROMISED: &[&str] = &[
    "missing-service-account namespace-cpu-quota-exceeded namespace-memory-quota-exceeded namespace-pod-quota-exceeded",
    "namespace-service-quota-exceeded namespace-storage-quota-exceeded quota-requires-limits webhook-unavailable",
    "pod-security-violation",
    "node-cordon-mismatch node-affinity-mismatch node-selector-mismatch pod-anti-affinity-conflict taint-toleration-mismatch",
    "cpu-capacity-mismatch memory-capacity-mismatch gpu-capacity-mismatch pod-capacity-exceeded pv-binding-occupied",
    "pvc-selector-mismatch pvc-storage-class-mismatch pvc-capacity-mismatch pvc-access-mode-mismatch volume-zone-mismatch",
    "scheduling-gated",
    "incorrect-image-reference missing-image-pull-secret image-registry-dns-failure image-registry-rate-limited",
    "missing-secret-binding missing-configmap volume-mount-permission-denied volume-attach-failure sandbox-creation-failure",
    "container-command-error init-container-failure",
    "oom-killed memory-leak cpu-throttling liveness-probe-incorrect-port liveness-probe-incorrect-protocol",
    "liveness-probe-incorrect-timing readiness-probe-incorrect-port readiness-probe-incorrect-protocol",
    "service-sidecar-port-conflict mysql-invalid-credentials mysql-invalid-port db-read-only db-connection-exhaustion",
    "application-crash missing-environment-variable disk-full certificate-expired dependency-unavailable rate-limited",
    "deployment-zero-replicas bad-rollout rbac-denied job-failed cronjob-suspended",
    "service-selector-mismatch service-port-mapping-mismatch service-protocol-mismatch service-env-var-address-mismatch",
    "gateway-misroute service-dns-resolution-failure network-policy-blocked ingress-misconfigured",
    "pod-cpu-overload pod-network-delay node-cpu-overload noisy-neighbour",
    "containerd-unavailable kubelet-unavailable kube-proxy-unavailable kube-scheduler-unavailable node-network-delay",
    "node-network-packet-loss node-not-ready node-disk-pressure node-memory-pressure coredns-unavailable zone-degraded",
    "ip-exhaustion",
    "hpa-cannot-scale hpa-at-maximum pdb-blocks-eviction nodepool-limit-reached spot-interruption",
];

/// Sources by category and file name, of those that hold an analyzer.
fn sources() -> BTreeMap<(String, String), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnosis/analyzers");
    let files = |of: &Path| -> Vec<PathBuf> { std::fs::read_dir(of).unwrap().map(|it| it.unwrap().path()).collect() };
    let name = |of: &Path| of.file_stem().unwrap().to_string_lossy().into_owned();
    let mut found = BTreeMap::new();
    for category in files(&root).into_iter().filter(|it| it.is_dir()) {
        for file in files(&category) {
            let text = std::fs::read_to_string(&file).unwrap();
            if text.contains("pub(super) fn examine(") {
                found.insert((name(&category), name(&file)), text);
            }
        }
    }
    found
}

/// The tests of a source.
fn tests_of(text: &str) -> &str {
    text.split_once("#[cfg(test)]").map_or("", |it| it.1)
}

#[test]
fn every_cause_promised_has_an_analyzer() {
    let known: BTreeSet<&str> = catalogue().map(|cause| cause.id).collect();
    let missing: Vec<&str> =
        PROMISED.iter().flat_map(|line| line.split(' ')).filter(|cause| !known.contains(cause)).collect();
    assert!(missing.is_empty(), "{missing:?} are promised, and no analyzer reports them");
}

#[test]
fn every_analyzer_is_registered() {
    let known: BTreeSet<String> = analyzers().map(|analyzer| analyzer.name.to_owned()).collect();
    let lost: Vec<String> = sources().into_keys().map(|(_, file)| file).filter(|file| !known.contains(file)).collect();
    assert!(lost.is_empty(), "{lost:?} are missing in the list of their category");
}

#[test]
fn every_analyzer_says_what_it_looks_for_where_that_is_documented_and_what_it_is_mistaken_for() {
    for ((category, file), text) in sources() {
        let doc: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let doc = doc.to_lowercase();
        assert!(doc.contains("https://"), "{category}/{file} names no document");
        assert!(doc.contains("mistaken"), "{category}/{file} does not say what it is mistaken for");
    }
}

#[test]
fn every_cause_is_first_in_a_scene_of_its_category() {
    let sources = sources();
    for analyzer in analyzers() {
        let category = sources.keys().find(|(_, file)| file == analyzer.name).map(|it| it.0.clone()).unwrap();
        let tests: Vec<&str> =
            sources.iter().filter(|(at, _)| at.0 == category).map(|(_, text)| tests_of(text)).collect();
        for cause in analyzer.causes {
            let quoted = format!("\"{}\"", cause.id);
            assert!(tests.iter().any(|tests| tests.contains(&quoted)), "no scene for {} in {category}", cause.id);
        }
    }
}

#[test]
fn every_analyzer_has_a_scene_in_which_it_keeps_still() {
    for ((category, file), text) in sources() {
        let tests = tests_of(&text);
        let own: BTreeSet<&str> =
            analyzers().filter(|it| it.name == file).flat_map(|it| it.causes).map(|it| it.id).collect();
        let others = catalogue().filter(|it| !own.contains(it.id));
        let still = tests.contains("expect_not(")
            || tests.contains("expect_healthy(")
            || others.into_iter().any(|it| tests.contains(&format!("\"{}\"", it.id)));
        assert!(still, "{category}/{file} has no scene for what it is mistaken for");
    }
}
