//! The agent that works as it should, without a model: it looks at the first cause's object with the tools it is offered,
//! then says what it was told and what it saw, citing both. A question it answers by looking for what it names
//! ([`super::inquirer`]).

use serde_json::{Value, json};

use super::{Conversation, ToolCall, Turn, object};

pub(super) fn decide(conversation: &Conversation) -> Turn {
    if conversation.case["question"].is_string() {
        return super::inquirer::decide(conversation);
    }
    let cause = &conversation.case["causes"][0];
    let about = cause["object"].as_str().and_then(object);
    match (conversation.calls.is_empty(), about) {
        (true, Some((kind, namespace, name))) => {
            Turn::Tools("I look at the object, its pods and its metrics.", look(kind, namespace, name))
        }
        _ => Turn::Answer(answer(conversation).to_string()),
    }
}

fn look(kind: &str, namespace: &str, name: &str) -> Vec<ToolCall> {
    let of = |function, parameters: &[(&'static str, &str)]| ToolCall {
        function,
        parameters: parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
    };
    let mut calls = vec![of("describe_object", &[("kind", kind), ("namespace", namespace), ("name", name)])];
    if kind == "Node" {
        calls.push(of("get_metrics", &[("kind", "Node"), ("name", name)]));
    } else {
        calls.push(of("list_objects", &[("kind", "Pod"), ("namespace", namespace)]));
        calls.push(of("get_metrics", &[("kind", "Service"), ("namespace", namespace), ("name", name)]));
    }
    calls.push(of("similar_incidents", &[]));
    calls
}

fn answer(conversation: &Conversation) -> Value {
    let case = &conversation.case;
    let korean = case["language"] == "ko";
    let cause = &case["causes"][0];
    let Some(summary) = cause["summary"].as_str() else {
        let why = if korean {
            "준비되지 않은 파드 확인"
        } else {
            "pods that are not ready, and what happened last"
        };
        return json!({"claims": [], "commands": [{"command": "kubectl get pods --all-namespaces", "why": why}]});
    };
    let told = cause["evidence"].clone();
    let reference = cause["object"].as_str().unwrap_or_default();
    let mut claims = Vec::new();
    for (call, evidence, _) in conversation.answered() {
        let text = match (call.function, korean) {
            ("describe_object", false) => format!("The state of {reference} was read again and agrees with this."),
            ("describe_object", true) => format!("{reference} 상태를 다시 확인한 결과도 이와 일치합니다."),
            ("get_metrics", false) => format!("The metrics of {reference} cover the time of the incident."),
            ("get_metrics", true) => format!("{reference} 메트릭은 장애 시점을 포함합니다."),
            _ => continue,
        };
        claims.push(json!({"text": text, "evidence": [evidence], "objects": [reference]}));
    }
    let mut commands = Vec::new();
    if let Some((kind, namespace, name)) = object(reference) {
        let kind = kind.to_ascii_lowercase();
        let command = match namespace {
            "" => format!("kubectl describe {kind} {name}"),
            namespace => format!("kubectl -n {namespace} describe {kind} {name}"),
        };
        let why = if korean { "현재 상태 확인" } else { "its state and latest events" };
        commands.push(json!({"command": command, "why": why}));
    }
    json!({"summary": {"text": summary, "evidence": told}, "claims": claims, "commands": commands})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Conversation {
        Conversation {
            case: json!({"language": "en", "causes": [
                {"id": "bad-rollout", "object": "Deployment payments/api", "summary": "v2 cannot start", "evidence": ["e1"]},
            ]}),
            ..Conversation::default()
        }
    }

    #[test]
    fn it_looks_first_and_then_cites_what_it_was_told_and_saw() {
        let mut conversation = told();
        let Turn::Tools(_, calls) = decide(&conversation) else { panic!("no tools used") };
        assert_eq!(calls[0].function, "describe_object");
        let result = json!({"evidence": "t1", "text": "kind: Deployment"}).to_string();
        conversation.calls = calls.into_iter().map(|call| (call, Some(result.clone()))).collect();
        let Turn::Answer(answer) = decide(&conversation) else { panic!("no answer") };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["summary"], json!({"text": "v2 cannot start", "evidence": ["e1"]}));
        assert_eq!(answer["claims"][0]["evidence"], json!(["t1"]));
        assert_eq!(answer["commands"][0]["command"], "kubectl -n payments describe deployment api");
    }

    #[test]
    fn with_no_cause_to_look_into_it_claims_nothing() {
        let conversation = Conversation { case: json!({"causes": []}), ..Conversation::default() };
        let Turn::Answer(answer) = decide(&conversation) else { panic!("no answer") };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((&answer["summary"], &answer["claims"]), (&Value::Null, &json!([])));
    }
}
