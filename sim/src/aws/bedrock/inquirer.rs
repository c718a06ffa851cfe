//! How the agent that works as it should answers a question: it lists what there is, looks closer at what the question names,
//! and says what it saw, in the words of what it was shown.
//!
//! It knows nothing of the cluster but what its tools say: first the lists, then, of the Deployments and pods whose names are
//! in the question, their description, metrics and logs, then the answer. Where the question names nothing, the lists are all
//! it looks at, and what is not as it should be is what it says.

use serde_json::{Value, json};

use super::{Conversation, ToolCall, Turn};

/// Statements at most.
const MOST: usize = 4;

pub(super) fn decide(conversation: &Conversation) -> Turn {
    let question = conversation.case["question"].as_str().unwrap_or_default().to_lowercase();
    if conversation.calls.is_empty() {
        let lists = ["Deployment", "Pod", "Node"].map(|kind| call("list_objects", &[("kind", kind)]));
        return Turn::Tools("I list what there is.", lists.into());
    }
    let named = named(conversation, &question);
    let has_looked = conversation.calls.iter().any(|(call, _)| call.function == "describe_object");
    if let (false, Some(first)) = (has_looked, named.first()) {
        return Turn::Tools("I look at what the question names.", closer(conversation, first));
    }
    Turn::Answer(answer(conversation, &question, &named).to_string())
}

fn call(function: &'static str, parameters: &[(&'static str, &str)]) -> ToolCall {
    ToolCall { function, parameters: parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect() }
}

/// A line of a list: the object, and what is said of it.
struct Listed {
    kind: String,
    namespace: String,
    name: String,
    says: String,
    evidence: String,
}

impl Listed {
    fn object(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }
}

/// `Deployment shop/api: 2/3 ready`, of all lists.
fn listed(conversation: &Conversation) -> Vec<Listed> {
    let mut found = Vec::new();
    for (call, evidence, text) in conversation.answered() {
        if call.function != "list_objects" {
            continue;
        }
        for line in text.lines() {
            let Some((object, says)) = line.split_once(": ") else { continue };
            let Some((kind, namespace, name)) = super::object(object) else { continue };
            let [kind, namespace, name, says] = [kind, namespace, name, says].map(str::to_owned);
            found.push(Listed { kind, namespace, name, says, evidence: evidence.clone() });
        }
    }
    found
}

/// What the question names, Deployments first.
fn named(conversation: &Conversation, question: &str) -> Vec<Listed> {
    let mut words = question.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')));
    let words: Vec<&str> = words.by_ref().collect();
    listed(conversation).into_iter().filter(|one| words.contains(&one.name.as_str())).collect()
}

/// Its description and metrics, and the log of one of its pods: of one that is not ready, where there is one.
fn closer(conversation: &Conversation, of: &Listed) -> Vec<ToolCall> {
    let mut calls = vec![call(
        "describe_object",
        &[("kind", of.kind.as_str()), ("namespace", of.namespace.as_str()), ("name", of.name.as_str())],
    )];
    let all = listed(conversation);
    let mut pods: Vec<&Listed> = all.iter().filter(|pod| is_pod_of(pod, of)).collect();
    pods.sort_by_key(|pod| pod.says.contains("1/1 ready"));
    if let Some(pod) = pods.first() {
        let at = [("namespace", pod.namespace.as_str()), ("pod", pod.name.as_str()), ("tail", "20")];
        calls.push(call("get_logs", &at));
        calls.push(call("get_metrics", &[("kind", "Pod"), ("namespace", &pod.namespace), ("name", &pod.name)]));
    }
    if of.kind == "Node" {
        calls.push(call("get_metrics", &[("kind", "Node"), ("name", &of.name)]));
    }
    calls
}

fn is_pod_of(pod: &Listed, of: &Listed) -> bool {
    let of_it =
        pod.name == of.name || pod.name.strip_prefix(of.name.as_str()).is_some_and(|rest| rest.starts_with('-'));
    pod.kind == "Pod" && pod.namespace == of.namespace && of_it
}

fn answer(conversation: &Conversation, question: &str, named: &[Listed]) -> Value {
    let korean = conversation.case["language"] == "ko";
    let all = listed(conversation);
    let is_well = |one: &&Listed| match one.kind.as_str() {
        "Node" => one.says.contains("Ready=True"),
        _ => one
            .says
            .split(|c: char| !(c.is_ascii_digit() || c == '/'))
            .any(|part| part.split_once('/').is_some_and(|(ready, wanted)| !ready.is_empty() && ready == wanted)),
    };
    let about: Vec<&Listed> = match named {
        [] if question.contains("node") || question.contains("노드") => {
            all.iter().filter(|one| one.kind == "Node").take(MOST).collect()
        }
        [] => all.iter().filter(|one| one.kind == "Deployment" && !is_well(one)).take(MOST).collect(),
        [first, ..] => {
            let pods = all.iter().filter(|pod| is_pod_of(pod, first));
            std::iter::once(first).chain(pods.filter(|pod| pod.object() != first.object())).take(MOST).collect()
        }
    };
    let state = |one: &Listed| match korean {
        true => format!("{} 상태: {}", one.object(), one.says),
        false => format!("{} is {}", one.object(), one.says),
    };
    let statement = |one: &Listed| json!({"text": state(one), "evidence": [one.evidence], "objects": [one.object()]});
    let mut claims: Vec<Value> = about.iter().skip(1).map(|one| statement(one)).collect();
    for (call, evidence, text) in conversation.answered() {
        let of_pod = || {
            let value = |wanted: &str| call.parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
            Some(format!("Pod {}/{}", value("namespace")?, value("pod").or_else(|| value("name"))?))
        };
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        match (call.function, of_pod()) {
            ("get_logs", Some(pod)) => {
                let text = match korean {
                    true => format!("{pod} 마지막 로그: {last}"),
                    false => format!("The last line of the log of {pod}: {last}"),
                };
                claims.push(json!({"text": text, "evidence": [evidence], "objects": [pod]}));
            }
            ("get_metrics", Some(pod)) if text.starts_with("cpu: now ") => {
                let now = text.split_whitespace().nth(2).unwrap_or_default();
                let text = match korean {
                    true => format!("{pod} 현재 CPU 사용량 {now}"),
                    false => format!("{pod} uses CPU {now} now"),
                };
                claims.push(json!({"text": text, "evidence": [evidence], "objects": [pod]}));
            }
            _ => {}
        }
    }
    let mut answer = json!({"claims": claims, "commands": []});
    if let Some(first) = about.first() {
        answer["summary"] = statement(first);
        let kind = first.kind.to_ascii_lowercase();
        let command = match first.namespace.as_str() {
            "" => format!("kubectl describe {kind} {}", first.name),
            namespace => format!("kubectl -n {namespace} describe {kind} {}", first.name),
        };
        let why = if korean { "현재 상태 확인" } else { "its state and latest events" };
        answer["commands"] = json!([{"command": command, "why": why}]);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str, language: &str) -> Conversation {
        Conversation { case: json!({"question": question, "language": language}), ..Conversation::default() }
    }

    fn told(conversation: &mut Conversation, calls: Vec<ToolCall>, texts: &[&str]) {
        for (call, text) in calls.into_iter().zip(texts) {
            let evidence = format!("t{}", conversation.calls.len() + 1);
            conversation.calls.push((call, Some(json!({"evidence": evidence, "text": text}).to_string())));
        }
    }

    #[test]
    fn it_lists_then_looks_closer_then_says_what_it_was_shown() {
        let mut conversation = asked("what does cart log?", "en");
        let Turn::Tools(_, lists) = decide(&conversation) else { panic!("no lists") };
        let pods = "Pod shop/cart-1: Running, 1/1 ready\nPod shop/cart-2: Running, 0/1 ready";
        told(&mut conversation, lists, &["Deployment shop/cart: 1/2 ready", pods, "Node n: Ready=True"]);
        let Turn::Tools(_, closer) = decide(&conversation) else { panic!("no closer look") };
        assert_eq!(closer[1].parameters[1].1, "cart-2", "the pod that is not ready");
        told(&mut conversation, closer, &["kind: Deployment", "one\nconnection refused\n", "cpu: now 0.2 at noon"]);
        let Turn::Answer(answer) = decide(&conversation) else { panic!("no answer") };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["summary"]["text"], "Deployment shop/cart is 1/2 ready");
        assert_eq!(answer["claims"][2]["text"], "The last line of the log of Pod shop/cart-2: connection refused");
        assert_eq!(answer["claims"][2]["evidence"], json!(["t5"]));
    }

    #[test]
    fn without_anything_to_look_at_it_claims_nothing() {
        let mut conversation = asked("점심 뭐 먹지", "ko");
        let Turn::Tools(_, lists) = decide(&conversation) else { panic!("no lists") };
        told(&mut conversation, lists, &["Deployment shop/cart: 2/2 ready", "none", "none"]);
        let Turn::Answer(answer) = decide(&conversation) else { panic!("no answer") };
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), json!({"claims": [], "commands": []}));
    }
}
