//! Answers to questions, with and without an agent.

use shared::diagnosis::{Category, Cause, CauseId, Evidence, EvidenceId, EvidenceSource};

use super::*;
use crate::question::{Agent, Failure, Further, Inquiry, Line, Reply, Said, Suggested, Topic};

fn api() -> ObjectRef {
    ObjectRef::new(Kind::Deployment, "payments", "api")
}

fn evidence(id: &str, source: EvidenceSource, object: ObjectRef, text: &str) -> Evidence {
    Evidence { id: EvidenceId(id.to_owned()), source, object, time: None, text: text.to_owned() }
}

fn reply(inquiry: Inquiry, lines: Vec<Line>) -> Reply {
    Reply { inquiry, lines, causes: vec![], evidence: vec![], gaps: vec![], agent: Agent::NotAsked }
}

fn why() -> Reply {
    let cause = Cause {
        id: CauseId::new("oom-killed"),
        category: Category::Runtime,
        confidence: 0.95,
        object: api(),
        summary: "container `api` passes its 256Mi limit".to_owned(),
        facts: Default::default(),
        evidence: vec![EvidenceId("e1".into())],
        affected: vec![],
        checks: vec![],
        actions: vec![],
    };
    let pod = ObjectRef::new(Kind::Pod, "payments", "api-7d4b9-x2x1z");
    let lines = vec![
        Line::Ready { object: api(), ready: 1, wanted: 3 },
        Line::Pod { object: pod.clone(), word: "CrashLoopBackOff".into(), message: "back-off 40s <!channel>".into() },
        Line::OutOfMemory { object: pod.clone(), container: "api".into(), limit: "256Mi".into(), restarts: 7 },
    ];
    Reply {
        causes: vec![cause],
        evidence: vec![evidence("e1", EvidenceSource::Status, pod, "last state: OOMKilled")],
        gaps: vec!["events of namespace payments: missing permission: list events".into()],
        ..reply(Inquiry::Why { of: api() }, lines)
    }
}

fn question(name: &str, reply: Reply) {
    read(name, &Answer::Question(Box::new(reply)));
}

fn said(text: &str, cited: &str) -> Said {
    Said { text: text.into(), evidence: vec![EvidenceId(cited.into())] }
}

fn further() -> Further {
    Further {
        summary: Some(said("Deployment payments/api is 1/3 ready", "t1")),
        claims: vec![said("The last line of the log is: connection refused", "t2")],
        commands: vec![Suggested {
            command: "kubectl describe deployment api -n payments".into(),
            why: "its state and latest events".into(),
        }],
        stopped: 0,
    }
}

fn looked_at() -> Vec<Evidence> {
    let pod = ObjectRef::new(Kind::Pod, "payments", "api-7d4b9-x2x1z");
    vec![
        evidence("t1", EvidenceSource::Status, ObjectRef::new(Kind::Namespace, "", ""), "Deployment payments/api: 1/3"),
        evidence("t2", EvidenceSource::Log, pod, "connection refused"),
    ]
}

#[test]
fn what_the_rules_answer() {
    question("question-why", why());
    let node = |name: &str, cpu, ready| Line::Node { name: name.into(), cpu, memory: 41.2, ready };
    question(
        "question-hot-nodes",
        reply(Inquiry::HotNodes, vec![node("node-1", 93.6, true), node("node-2", 3.0, false)]),
    );
    let service = ObjectRef::new(Kind::Service, "payments", "ledger");
    let ways = vec![
        Line::Endpoints { object: service.clone(), ready: 0, ports: "8080".into() },
        Line::NoService { object: api() },
        Line::Policy { object: ObjectRef::new(Kind::NetworkPolicy, "payments", "deny-all") },
    ];
    question("question-reach", reply(Inquiry::Reach { from: api(), to: service }, ways));
    let change = Line::Change { time: at(), object: api(), what: "revision 15: api:v2.3.1".into() };
    question("question-changes", reply(Inquiry::Changes { of: None }, vec![change]));
    question("question-nothing", reply(Inquiry::Trouble, vec![Line::Nothing]));
    question("question-no-oom", reply(Inquiry::OutOfMemory { namespace: None }, vec![Line::Nothing]));
    question("question-not-understood", reply(Inquiry::NotUnderstood, vec![]));
    question("question-cost", reply(Inquiry::NeedsMore { topic: Topic::Cost }, vec![]));
}

#[test]
fn what_the_agent_adds() {
    let looks = vec!["payments pods".to_owned(), "Deployment payments/api".to_owned()];
    question("agent-looking", Reply { agent: Agent::Looking(looks), ..why() });
    let alone = reply(Inquiry::NotUnderstood, vec![]);
    question("agent-looking-alone", Reply { agent: Agent::Looking(vec![]), ..alone.clone() });
    let evidence: Vec<Evidence> = why().evidence.into_iter().chain(looked_at()).collect();
    question("agent-answered", Reply { agent: Agent::Answered(further()), evidence, ..why() });
    question(
        "agent-answered-alone",
        Reply { agent: Agent::Answered(further()), evidence: looked_at(), ..alone.clone() },
    );
    let stopped = Further { stopped: 3, ..Further::default() };
    question("agent-stopped", Reply { agent: Agent::Answered(stopped), ..alone.clone() });
    question("agent-nothing", Reply { agent: Agent::Answered(Further::default()), ..alone.clone() });
    for (failure, name) in [
        (Failure::Throttled, "agent-throttled"),
        (Failure::Absent, "agent-absent"),
        (Failure::Slow, "agent-slow"),
        (Failure::Failed, "agent-failed"),
    ] {
        question(name, Reply { agent: Agent::Failed(failure), ..alone.clone() });
    }
}

#[test]
fn what_the_agent_looks_at_is_told_without_what_it_made_up() {
    use shared::bedrock::ToolCall;
    let mut namespace = shared::model::Namespace::default();
    namespace.metadata.name = "payments".into();
    let snapshot = shared::snapshot::Snapshot {
        namespaces: shared::snapshot::Listing::all(vec![namespace]),
        ..shared::snapshot::Snapshot::default()
    };
    let list = |namespace: &str| ToolCall::List {
        kind: Kind::Pod,
        namespace: Some(namespace.to_owned()),
        labels: Default::default(),
    };
    let said = [Language::En, Language::Ko].map(|language| {
        let phrases = Phrases::new(language);
        [list("payments"), list("all is well"), ToolCall::Describe(api())].map(|call| look(&call, &snapshot, &phrases))
    });
    assert_eq!(said[0], ["pods in payments", "pods of the cluster", "Deployment payments/api"]);
    assert_eq!(said[1], ["payments pods 목록", "클러스터 pods 목록", "Deployment payments/api"]);
}

#[test]
fn links_lead_to_what_the_question_is_about() {
    let text = sent(&Answer::Question(Box::new(why())));
    for link in ["https://grafana.example/explore?", "https://kiali.example/console/namespaces/payments/workloads/api"]
    {
        assert!(text.contains(link), "{link}: {text}");
    }
}
