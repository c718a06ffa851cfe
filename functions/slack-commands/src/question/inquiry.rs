//! What is meant, from the words, in English and Korean.
//!
//! Names come from the cluster: a word of the question that is the name of a workload, Service, pod or node that the asker
//! may see. What is wanted of them comes from a few stems a language. A question without either is not understood, which is
//! said; nothing is guessed.

use serde::{Deserialize, Serialize};
use shared::model::{Kind, Object, ObjectRef};
use shared::roles::Reach;
use shared::snapshot::{Listing, Snapshot};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inquiry {
    /// How something is.
    Status {
        /// What.
        of: ObjectRef,
    },
    /// Why something waits, crashes or fails.
    Why {
        /// What.
        of: ObjectRef,
    },
    /// What is wrong at all.
    Trouble,
    /// What runs out of memory.
    OutOfMemory {
        /// Where; everywhere when absent.
        namespace: Option<String>,
    },
    /// Which nodes are hot.
    HotNodes,
    /// What changed.
    Changes {
        /// Of what; of everything when absent.
        of: Option<ObjectRef>,
    },
    /// Whether one thing can reach another.
    Reach {
        /// From.
        from: ObjectRef,
        /// To.
        to: ObjectRef,
    },
    /// Something that is known of, and needs what is not there.
    NeedsMore {
        /// What it is about.
        topic: Topic,
    },
    /// Nothing that the rules can answer.
    NotUnderstood,
}

/// What the rules alone cannot answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Costs, and what Spot would save.
    Cost,
}

impl Inquiry {
    /// What it is about, where it is about one thing.
    pub const fn subject(&self) -> Option<&ObjectRef> {
        match self {
            Self::Status { of } | Self::Why { of } | Self::Reach { to: of, .. } => Some(of),
            Self::Changes { of } => of.as_ref(),
            _ => None,
        }
    }
}

const MEMORY: &[&str] = &["oom", "out of memory", "메모리 부족", "메모리부족"];
const NODES: &[&str] = &["node", "노드"];
const HOT: &[&str] =
    &["hot", "busy", "full", "load", "cpu", "usage", "pressure", "뜨거", "부하", "바쁜", "사용률", "사용량", "과부하"];
const CHANGES: &[&str] =
    &["change", "deployed", "rollout", "rolled out", "what's new", "변경", "배포", "바뀐", "바뀌", "롤아웃"];
const REACH: &[&str] =
    &["reach", "connect", "talk to", "call ", "access", "연결", "통신", "접근", "접속", "호출", "도달"];
const WHY: &[&str] = &[
    "why",
    "crash",
    "pending",
    "fail",
    "stuck",
    "restart",
    "down",
    "broken",
    "wrong",
    "왜",
    "이유",
    "원인",
    "크래시",
    "대기",
    "펜딩",
    "재시작",
    "죽",
    "실패",
    "장애",
    "안 뜨",
    "안뜨",
];
const STATUS: &[&str] =
    &["status", "how is", "how's", "how are", "healthy", "ok?", "state of", "상태", "어때", "어떤가", "괜찮", "정상"];
const COST: &[&str] = &["cost", "spot", "saving", "bill", "비용", "요금", "절감", "스팟"];

/// Reads a question.
pub fn inquiry(text: &str, snapshot: &Snapshot, reach: &Reach) -> Inquiry {
    let text = plain(text);
    let lower = text.to_lowercase();
    let says = |stems: &[&str]| stems.iter().any(|stem| lower.contains(stem));
    let named = named(&lower, snapshot, reach);
    if says(COST) {
        return Inquiry::NeedsMore { topic: Topic::Cost };
    }
    if says(MEMORY) {
        let namespace = words(&lower).find(|word| snapshot.namespaces.iter().any(|one| one.name() == *word));
        return Inquiry::OutOfMemory { namespace: namespace.map(str::to_owned) };
    }
    if let (true, [from, to, ..]) = (says(REACH), &named[..]) {
        return Inquiry::Reach { from: from.clone(), to: to.clone() };
    }
    if says(CHANGES) {
        return Inquiry::Changes { of: named.into_iter().next() };
    }
    if says(NODES) && says(HOT) && named.is_empty() {
        return Inquiry::HotNodes;
    }
    match (named.into_iter().next(), says(WHY), says(STATUS)) {
        (Some(of), true, _) => Inquiry::Why { of },
        // A name alone asks how it is.
        (Some(of), false, status) if status || words(&lower).count() <= 3 => Inquiry::Status { of },
        (None, true, _) | (None, false, true) => Inquiry::Trouble,
        _ => Inquiry::NotUnderstood,
    }
}

/// The text without mentions, links and markup.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace(['*', '`', '“', '”', '"'], " ")
}

/// Words as names are written. A Korean particle may follow a name without a space: letters of other scripts end a word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/')))
        .map(|word| word.trim_matches(['.', '/', '-']))
        .filter(|word| !word.is_empty())
}

/// What the words name, in their order: workloads before Services before pods before nodes of the same name.
fn named(text: &str, snapshot: &Snapshot, reach: &Reach) -> Vec<ObjectRef> {
    let mut found: Vec<ObjectRef> = Vec::new();
    let namespace = words(text).find(|word| snapshot.namespaces.iter().any(|one| one.name() == *word));
    for word in words(text) {
        let (place, name) = match word.split_once('/') {
            Some((place, name)) => (Some(place), name),
            None => (None, word),
        };
        if let Some(object) =
            object(name, place.or(namespace), snapshot, reach).or_else(|| object(name, place, snapshot, reach))
            && !found.contains(&object)
        {
            found.push(object);
        }
    }
    found
}

fn object(name: &str, namespace: Option<&str>, snapshot: &Snapshot, reach: &Reach) -> Option<ObjectRef> {
    fn of<T: Object>(listing: &Listing<T>, name: &str, namespace: Option<&str>, reach: &Reach) -> Option<ObjectRef> {
        let visible = |item: &&T| T::KIND == Kind::Node || reach.covers(item.namespace());
        let here = |item: &&T| T::KIND == Kind::Node || namespace.is_none_or(|place| item.namespace() == place);
        listing.iter().filter(|item| item.name() == name).filter(visible).find(here).map(Object::reference)
    }
    of(&snapshot.deployments, name, namespace, reach)
        .or_else(|| of(&snapshot.stateful_sets, name, namespace, reach))
        .or_else(|| of(&snapshot.daemon_sets, name, namespace, reach))
        .or_else(|| of(&snapshot.jobs, name, namespace, reach))
        .or_else(|| of(&snapshot.services, name, namespace, reach))
        .or_else(|| of(&snapshot.pods, name, namespace, reach))
        .or_else(|| of(&snapshot.nodes, name, namespace, reach))
}
