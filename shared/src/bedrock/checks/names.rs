//! Whether what a text names exists, where it says it is.
//!
//! A name is recognised by its shape (`api-7d4b9c6f5d-x2x1z`, `shop/api`, `DB_HOST`, `OOMKilled`) or by the word beside it (`service
//! ledger`, `네임스페이스 payments`). Korean particles stick to names (`api-7d4b9가`); a name ends where ASCII does.

use super::Rejection;
use super::universe::Universe;
use super::words::has;
use crate::bedrock::protocol::kind_named;
use crate::model::Kind;

/// What a text may quote besides existing objects: the text of the evidence it cites.
pub(super) struct Quotable<'a> {
    pub(super) universe: &'a Universe,
    /// Text of the cited evidence.
    pub(super) cited: &'a str,
    /// Namespaces the cited evidence is about.
    pub(super) namespaces: &'a [&'a str],
}

/// Parts of English compounds, so that `out-of-memory` is not taken for a pod.
const COMPOUNDS: &str = "
a after all and application at auto available back base based before behind bound by call check checks client cluster
cold command config connection container control cpu crash cross cycle data database dead deep dns down downstream
driven due early end error event exit fail failing fast file first five follow for four free front full graceful half
hand hard health healthy heap high host hour http image in init internal io ip job key kill killed killer kube large
last late latency left level life limit limited line live liveness load log long loop low main map max mean memory mid
min minute missing multi name namespace near network new no node non not off old on one only open opened order out
over panic part per pod point policy pool port post pre probe process pull queue rate re read readiness ready real
request resource restart retry role roll rollout root round run scale second self server service shared short shut
side single slow so stack start startup state step still sub system tag the thread three throttled time timed timeout
timeouts to top traffic two type under up upstream use user value version warning well wide window with write year
zero zone round-robin known existing specific related level term running cause effect trip usage threshold setting
side x known lived wait found created deployed facing
";

/// Pairs with a slash that name nothing.
const PAIRS: &str = "
and or cpu memory mem read write request requests response responses limit limits input output start stop tcp udp ip
http https in out up down true false yes no client server i o n a ms s pods nodes pod node crash restart
";

/// Words of Kubernetes and AWS that are written in capitals and are no quotation.
const VOCABULARY: &str = "
Kubernetes ConfigMap ConfigMaps ReplicaSet ReplicaSets StatefulSet StatefulSets DaemonSet DaemonSets CronJob CronJobs
EndpointSlice EndpointSlices PersistentVolume PersistentVolumeClaim StorageClass ServiceAccount NetworkPolicy
NetworkPolicies HorizontalPodAutoscaler PodDisruptionBudget ResourceQuota NodePool NodePools CloudWatch CoreDNS
PostgreSQL MySQL RabbitMQ MongoDB JavaScript GitOps DevOps IPv4 IPv6 PromQL YAML LoadBalancer ClusterIP GiB MiB KiB
NodePort TLS NotReady CPUs PVCs PDBs HPAs OOM
";

/// Words between or beside which a kind's name stands without naming an object.
const BESIDE: &str = "
a about affected after again all also an and any are as at available backend because been before being below beyond
both but by can cannot container containers could count crash crashed crashes crashing current currently dependent did
do does down downstream during each endpoint endpoints evicted every existing exited exits failed failing fails
failure failures few first for found from goes got had has have healthy here if in into is it its itself keep keeps
last lost level logs loses may memory missing more most name named names network never new newest next no node nodes
none nor not now object of old older on one only or other out over owns per phase pod pods pool ports previous ready
reached reaches remain remained remaining replica replicas reports resources responds restart restarted restarts
returned returns rollout run running runs s same scheduled second selector service services shows showed single since
so specification spec started starts starved state stateful status still stopped stopping such template terminated
than that the their them then there these they this those three through to two under unhealthy until up upstream usage
used uses using was went were when where which while whose with within without worker would account accounts another
busy calls called capacity class condition conditions config configuration controller controllers deployment
deployments discovery drops dropped err error errors event events exceeded exceeds full gateway heartbeat hits hit
host hosts image images kubelet latency left limit limits log mesh metrics mounts needs needed owned pending placement
port pressure probe probes pull pulls quota reads refused refuses registry requests request requires revision
scheduling seven slow slows stayed stays still stuck succeeded tag target targets tier timed times traffic unavailable
unchanged unreachable via volume volumes waiting waits whole entire set sets similar own five four six eight nine ten
application database cluster alone became becomes changed started lacks lack points pointing selects selected matches
matching exists exist references referenced receives received serving serves sits came comes hosting hosted behind
above between against like just already too very many several some neither either whichever whose deleted drained
cordoned scaled killed allows allowed asks asked answers answered blocked blocks expects expected listens listening
logged resolves sees saw sends sent took takes tries tried wants writes wrote starting restarting calling depending
receiving underlying surrounding corresponding resulting following working preceding hanging terminating booting
responding incoming outgoing backing loading exiting recovering degrading leaking throttling autoscaling ageing
fell rose grew hung froze shut kept gave held ran met cut led fed began broke burst caught chose drew drove felt flew
forgot heard knew lay led let lit made meant paid put read rang sank sat sent shook slept slid spent spun stood stuck swung
taught thought threw understood woke won wound silent idle stale faulty broken dead empty young fresh lone sole quiet busy
unresponsive offline online orphaned spare remote local faster slower heavier lighter bigger smaller larger higher lower
";

/// Words that follow `namespace` without naming one.
const FUNCTION: &str = "
a also and are as at because but by did does due for from had has have in is it itself may name not of on only or
quota since so than that the then to too until was were when where which while with without level alone still can
cannot boundary selector limit via after before
";

const KINDS_KO: &[(&str, Option<Kind>)] = &[
    ("파드", Some(Kind::Pod)),
    ("디플로이먼트", Some(Kind::Deployment)),
    ("서비스", None),
    ("노드", Some(Kind::Node)),
    ("네임스페이스", Some(Kind::Namespace)),
    ("컨테이너", None),
    ("스테이트풀셋", Some(Kind::StatefulSet)),
    ("데몬셋", Some(Kind::DaemonSet)),
    ("시크릿", Some(Kind::Secret)),
    ("컨피그맵", Some(Kind::ConfigMap)),
    ("레플리카셋", Some(Kind::ReplicaSet)),
    ("워크로드", None),
    ("클러스터", None),
];

/// The first thing a text names that does not exist, or does not exist there.
pub(super) fn unfounded(text: &str, quotable: &Quotable<'_>) -> Result<(), Rejection> {
    let tokens = tokens(text);
    for (index, token) in tokens.iter().enumerate() {
        shape(token, quotable)?;
        let before = index.checked_sub(1).map(|index| tokens[index].text).unwrap_or_default();
        let after = tokens.get(index + 1).filter(|next| next.korean).map_or("", |next| next.text);
        placed(token, before, after, quotable)?;
        if let Some(kind) = kind_word(token) {
            let next = tokens.get(index + 1);
            // `app=api` is a label, whatever its key is called.
            if next.is_some_and(|next| next.valued) {
                continue;
            }
            let before = index.checked_sub(1).and_then(|index| tokens.get(index));
            let named_after = next.filter(|next| is_name(next) && names_after(token, kind, next, quotable));
            if let Some(name) = named_after {
                exists(kind, name.text, quotable)?;
            } else if let Some(name) =
                before.filter(|before| is_name(before) && !has(BESIDE, before.text) && is_candidate_before(before.text))
            {
                exists(kind, name.text, quotable)?;
            }
        }
    }
    Ok(())
}

/// Whether what follows a kind is a name: not a function word, and not a verb.
fn names_after(token: &Token<'_>, kind: Option<Kind>, next: &Token<'_>, quotable: &Quotable<'_>) -> bool {
    let plain = is_plain(next.text) && !next.quoted;
    if token.korean || !plain || quotable.universe.has_name(next.text) {
        return !has(BESIDE, next.text);
    }
    if kind == Some(Kind::Namespace) {
        // A namespace seldom does anything.
        return !has(FUNCTION, next.text) && !follows_as_verb(next.text);
    }
    let plural = token.text.ends_with('s') && !token.text.ends_with("ss");
    let capital = token.text.starts_with(|c: char| c.is_ascii_uppercase());
    let participle = next.text.len() > 4 && next.text.ends_with("ed");
    !(plural || has(BESIDE, next.text) || participle || (!capital && follows_as_verb(next.text)))
}

/// Names of software that a cluster either has or has not.
const SOFTWARE: &str = "
redis valkey kafka postgres postgresql mysql mariadb mongodb mongo rabbitmq elasticsearch opensearch memcached nginx envoy istio istiod linkerd vault consul
etcd zookeeper cassandra minio dynamodb aurora rds elasticache coredns containerd cilium calico karpenter haproxy traefik clickhouse influxdb neo4j cockroachdb
nats pulsar activemq keycloak oracle sqlserver spark flink airflow argocd fluentd fluentbit loki tempo grafana prometheus thanos datadog stripe sqs sns s3 efs ebs
";

/// A namespace named by itself, `in payments`, and software that has to be in the evidence.
fn placed(token: &Token<'_>, before: &str, after: &str, quotable: &Quotable<'_>) -> Result<(), Rejection> {
    let word = token.text;
    if has(SOFTWARE, &word.to_ascii_lowercase()) {
        let known = quotable.universe.has_name(word)
            || has_word(&quotable.cited.to_ascii_lowercase(), &word.to_ascii_lowercase());
        return if known { Ok(()) } else { Err(Rejection::UnknownName(word.to_owned())) };
    }
    let located =
        matches!(before.to_ascii_lowercase().as_str(), "in" | "of" | "from" | "inside" | "within" | "across" | "to")
            || word.contains('-')
            || ["의", "에", "내", "안", "쪽"].iter().any(|particle| after.starts_with(particle));
    let elsewhere = quotable.universe.has_namespace(word)
        && !quotable.namespaces.contains(&word)
        && !has_word(quotable.cited, word);
    if located && elsewhere { Err(Rejection::WrongNamespace(word.to_owned())) } else { Ok(()) }
}

struct Token<'t> {
    text: &'t str,
    quoted: bool,
    /// Stands behind `=`: a label's value.
    valued: bool,
    /// A Korean word.
    korean: bool,
}

/// Runs of ASCII name characters, and Korean words.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    let class = |c: char| {
        if c.is_ascii_alphanumeric() || "-_./:@%".contains(c) {
            1
        } else if ('가'..='힣').contains(&c) {
            2
        } else {
            0
        }
    };
    let mut current = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let next = class(c);
        if next != current {
            if let Some(from) = start.take() {
                let raw: &str = &text[from..at];
                let trimmed = raw.trim_matches(|c: char| "-./:%@".contains(c));
                let trimmed = if raw.starts_with('/') && raw.len() > 1 {
                    raw.trim_end_matches(['.', ':', '/', '-'])
                } else {
                    trimmed
                };
                if !trimmed.is_empty() {
                    let quoted = text[..from].ends_with(['\'', '"', '‘', '“']);
                    let valued = text[..from].ends_with('=');
                    found.push(Token { text: trimmed, quoted, valued, korean: current == 2 });
                }
            }
            if next != 0 {
                start = Some(at);
            }
            current = next;
        }
    }
    found
}

fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_name(token: &Token<'_>) -> bool {
    !token.korean
        && token.text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && !token.text.chars().all(|c| c.is_ascii_digit() || ".,%/:".contains(c))
}

/// Words that follow a kind in lower case are verbs more often than names: `the pod logs …`. Those of a verb's form pass.
fn follows_as_verb(word: &str) -> bool {
    ["s", "ed", "ing", "ly"].iter().any(|ending| word.len() > 3 && word.ends_with(ending))
}

/// `the billing service`: what stands before a kind is a name unless it describes.
fn is_candidate_before(word: &str) -> bool {
    !["ed", "able", "ful", "less", "ous", "ive", "al", "ic", "ly"]
        .iter()
        .any(|ending| word.len() > 4 && word.ends_with(ending))
}

/// `pod`, `Deployments`, `노드`, `서비스의`.
fn kind_word(token: &Token<'_>) -> Option<Option<Kind>> {
    if token.korean {
        return KINDS_KO.iter().find(|(word, _)| token.text.starts_with(word)).map(|(_, kind)| *kind);
    }
    let lower = token.text.to_ascii_lowercase();
    match lower.as_str() {
        "service" | "services" | "workload" | "container" | "cluster" | "app" => Some(None),
        // Short forms are too short to be told from words.
        _ if lower.len() < 3 => None,
        "job" | "jobs" | "event" | "events" | "role" | "quota" => None,
        _ => kind_named(&lower).map(Some),
    }
}

/// Whether an object of this kind and name exists, in a namespace that is not contradicted.
fn exists(kind: Option<Kind>, name: &str, quotable: &Quotable<'_>) -> Result<(), Rejection> {
    let universe = quotable.universe;
    let missing = || Err(Rejection::UnknownName(name.to_owned()));
    if let Some((namespace, name)) = name.split_once('/') {
        return if universe.has_pair(namespace, name) { Ok(()) } else { missing() };
    }
    match kind {
        Some(Kind::Namespace) if !universe.has_namespace(name) => missing(),
        Some(Kind::Namespace) => {
            let cited = quotable.namespaces.contains(&name) || has_word(quotable.cited, name);
            if cited { Ok(()) } else { Err(Rejection::WrongNamespace(name.to_owned())) }
        }
        // A ConfigMap or Secret that is missing is named by the event that misses it.
        Some(
            Kind::ConfigMap | Kind::Secret | Kind::PersistentVolumeClaim | Kind::ServiceAccount | Kind::StorageClass,
        ) => {
            if universe.has_name(name) || has_word(quotable.cited, name) {
                Ok(())
            } else {
                missing()
            }
        }
        Some(kind) if universe.of_kind(kind, name).next().is_some() => Ok(()),
        Some(Kind::Node) if universe.has_name(name) => Ok(()),
        Some(_) => {
            // The name of another kind's object, as in `the api pods`.
            if universe.has_name(name) { Ok(()) } else { missing() }
        }
        None => {
            // A label's value, `app=api-v2`, is no object's name.
            let cited = || quotable.cited.replace(&format!("={name}"), " ");
            if universe.has_name(name) || has_word(&cited(), name) { Ok(()) } else { missing() }
        }
    }
}

/// Checks a token that looks like a name or a quotation.
fn shape(token: &Token<'_>, quotable: &Quotable<'_>) -> Result<(), Rejection> {
    let word = token.text;
    if token.korean || quotable.universe.has_name(word) {
        return Ok(());
    }
    let unknown = || Err(Rejection::UnknownName(word.chars().take(80).collect()));
    let letters = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !letters {
        let address = word.split('.').count() == 4 && word.split('.').all(|part| part.parse::<u8>().is_ok());
        return if !address || has_word(quotable.cited, word) { Ok(()) } else { unknown() };
    }
    if let Some((left, right)) = word.split_once('/')
        && !word.starts_with('/')
    {
        let known_kind = kind_named(left).is_some_and(|kind| quotable.universe.of_kind(kind, right).next().is_some());
        let plain = |part: &str| {
            has(PAIRS, part.to_ascii_lowercase().as_str()) || part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if quotable.universe.has_pair(left, right) || known_kind || word.split('/').all(plain) {
            return Ok(());
        }
        // A path or an image may be quoted; what claims to be an object in a known namespace may not.
        let quoted = !quotable.universe.has_namespace(left) && has_word(quotable.cited, word);
        return if quoted { Ok(()) } else { unknown() };
    }
    if has_word(quotable.cited, word) {
        return Ok(());
    }
    if word.contains('_') || word.starts_with('/') || word.contains('@') || word.contains(':') {
        return unknown();
    }
    if word.contains('.') {
        let mut labels = word.split('.');
        let (name, namespace) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
        let abbreviation = word.split('.').all(|part| part.len() == 1);
        return if abbreviation || quotable.universe.has_pair(namespace, name) { Ok(()) } else { unknown() };
    }
    if word.contains('-') {
        let compound = |part: &str| {
            has(COMPOUNDS, part.to_ascii_lowercase().as_str()) || part.bytes().all(|byte| byte.is_ascii_digit())
        };
        return if word.split('-').all(compound) && word.split('-').any(|part| part.len() > 1) {
            Ok(())
        } else {
            unknown()
        };
    }
    if is_measure(word) {
        return Ok(());
    }
    let capitals = word.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    let lower = word.bytes().any(|byte| byte.is_ascii_lowercase());
    if capitals > 0 && lower {
        return if has(VOCABULARY, word) || kind_named(word).is_some() { Ok(()) } else { unknown() };
    }
    let digits = word.bytes().any(|byte| byte.is_ascii_digit());
    if digits && lower {
        return unknown();
    }
    Ok(())
}

/// `512Mi`, `37x`, `p95`, `5xx`, `v2` has no measure.
fn is_measure(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let known = [
        "Mi", "Gi", "Ki", "m", "ms", "s", "h", "d", "x", "xx", "rps", "min", "MiB", "GiB", "KiB", "MB", "GB", "KB",
        "th", "st", "nd", "rd",
    ];
    known.contains(&unit) || (word.starts_with('p') && word[1..].bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether `text` holds `word`, not as a part of a longer name.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}
