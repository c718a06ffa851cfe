//! Events, conditions and waiting messages as other runtimes, kubelets and schedulers write them.
//!
//! Sources: containers/image and cri-o for pulls (`reading manifest … : manifest unknown`), moby's daemon errors, the
//! scheduler's framework messages before and after 1.24 (`had taint {…}, that the pod didn't tolerate`, `had untolerated
//! taint`), dynamic resource allocation's addition of 1.31 (`no new claims to deallocate`).

use std::collections::HashMap;

use regex::Regex;

use crate::{incident::Incident, random::Random};

const CRI_O: &[(&str, &str)] = &[
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": failed to do request: Head "https://(?<h>[^/"]+)/[^"]*": dial tcp: lookup (?<n>[\w.-]+)(?: on [\d.:]+)?: no such host"#,
        r#"initializing source docker://$i: pinging container registry $h: Get "https://$h/v2/": dial tcp: lookup $n on 10.0.0.2:53: no such host"#,
    ),
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": [^"]+: not found"#,
        r#"initializing source docker://$i: reading manifest latest in $i: manifest unknown"#,
    ),
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"#,
        r#"initializing source docker://$i: reading manifest latest in $i: requested access to the resource is denied"#,
    ),
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": failed to authorize: failed to fetch (?:anonymous|oauth) token: [^,}]*?: (?:401 Unauthorized|403 Forbidden|denied[^"]*)"#,
        r#"initializing source docker://$i: unable to retrieve auth token: invalid username/password: unauthorized: authentication required"#,
    ),
    (r"had untolerated taint \{(?<t>[^}]+)\}", "had taint {$t}, that the pod didn't tolerate"),
    (r" preemption: 0/\d+ nodes are available: .*?for (?:scheduling|incoming pod)\.", ""),
    (r"didn't match Pod's node affinity/selector", "didn't match node selector"),
    (
        r"didn't match pod anti-affinity rules",
        "didn't match pod affinity/anti-affinity, 1 node(s) didn't match pod anti-affinity rules",
    ),
    (r"/run/containerd/containerd\.sock", "/var/run/crio/crio.sock"),
    (
        r"container runtime is down",
        "[container runtime is down, PLEG is not healthy: pleg was last seen active 3m12s ago; threshold is 3m0s]",
    ),
    (
        r#"timeout: failed to connect service "(?<a>[^"]+)" within (?<s>\w+): context deadline exceeded"#,
        r#"timeout: failed to connect service "$a" within $s"#,
    ),
];

const DOCKER: &[(&str, &str)] = &[
    (
        r#"rpc error: code = (?:Unknown|NotFound) desc = failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": failed to do request: Head "https://(?<h>[^/"]+)/[^"]*": dial tcp: lookup (?<n>[\w.-]+)(?: on [\d.:]+)?: no such host"#,
        r#"Error response from daemon: Get "https://$h/v2/": dial tcp: lookup $n on 10.0.0.2:53: server misbehaving"#,
    ),
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": failed to do request: Head "https://(?<h>[^/"]+)/[^"]*": dial tcp: lookup (?<n>[\w.-]+)(?: on [\d.:]+)?: no such host"#,
        r#"Error response from daemon: Get "https://$h/v2/": dial tcp: lookup $n on 10.0.0.2:53: server misbehaving"#,
    ),
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": [^"]+: not found"#,
        r#"Error response from daemon: manifest for $i not found: manifest unknown: manifest unknown"#,
    ),
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"#,
        r#"Error response from daemon: pull access denied for $i, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"#,
    ),
    (
        r#"failed to pull and unpack image "(?<i>[^"]+)": failed to resolve reference "[^"]+": failed to authorize: failed to fetch (?:anonymous|oauth) token: [^,}]*?: (?:401 Unauthorized|403 Forbidden|denied[^"]*)"#,
        r#"Error response from daemon: Head "https://registry/v2/x/manifests/latest": unauthorized: authentication required"#,
    ),
    (r"(?<n>0/\d+ nodes are available: .*?)\. preemption:", "$n. no new claims to deallocate, preemption:"),
    (r"had untolerated taint \{(?<t>[^}]+)\}", "had untolerated taint(s)"),
    (r"/run/containerd/containerd\.sock", "/var/run/cri-dockerd.sock"),
    (r"container runtime is down", "container runtime status check may not have completed yet"),
];

fn said(incident: &Incident, words: &[(&str, &str)]) -> Option<Incident> {
    let compiled: Option<Vec<(Regex, &str)>> =
        words.iter().map(|(pattern, other)| Some((Regex::new(pattern).ok()?, *other))).collect();
    let compiled = compiled?;
    // The same message stands in hundreds of events.
    let mut known: HashMap<String, String> = HashMap::new();
    let mut any = false;
    let mut change = |text: &mut String| {
        let other = known.entry(text.clone()).or_insert_with(|| {
            let said = |text: String, (pattern, other): &(Regex, &str)| pattern.replace_all(&text, *other).into_owned();
            compiled.iter().fold(text.clone(), said)
        });
        any |= *other != *text;
        text.clone_from(other);
    };
    let mut changed = incident.clone();
    let snapshot = &mut changed.snapshot;
    snapshot.events.items.iter_mut().for_each(|event| change(&mut event.message));
    snapshot.nodes.items.iter_mut().flat_map(|node| &mut node.status.conditions).for_each(|it| change(&mut it.message));
    for pod in &mut snapshot.pods.items {
        let status = &mut pod.status;
        status.conditions.iter_mut().for_each(|it| change(&mut it.message));
        let waiting = status.container_statuses.iter_mut().chain(&mut status.init_container_statuses);
        waiting.filter_map(|it| it.state.waiting.as_mut()).for_each(|it| change(&mut it.message));
    }
    any.then_some(changed)
}

pub(super) fn cri_o(incident: &Incident, _: &mut Random) -> Option<Incident> {
    said(incident, CRI_O)
}

pub(super) fn docker(incident: &Incident, _: &mut Random) -> Option<Incident> {
    said(incident, DOCKER)
}
