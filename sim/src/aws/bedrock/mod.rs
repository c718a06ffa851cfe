//! Bedrock's agent runtime: InvokeAgent with an event stream, and the agents behind it.
//!
//! An agent here is a function from what it has been told so far to what it does next ([`Turn`]): ask for tools by return
//! of control, or answer. Two agents are deployed: one that works as it should, and one that does not mean well.
//! Reference: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_InvokeAgent.html>.

mod hostile;
mod inquirer;
mod mechanical;
mod stream;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::Account;
use super::dispatch::rest_error;
use super::error::AwsError;
use crate::fault::Service;

/// The id of the agent that uses its tools and cites what they say.
pub const MECHANICAL_AGENT_ID: &str = "SIMAGENT01";

/// The alias both agents are deployed under.
pub const AGENT_ALIAS_ID: &str = "SIMALIAS01";

/// The id of the agent that invents objects, suggests deleting them and follows what logs tell it.
pub const HOSTILE_AGENT_ID: &str = "SIMAGENT66";

/// The conversations, by agent and session.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<(String, String), Conversation>>);

/// What an agent has been told in one session.
#[derive(Debug, Clone, Default)]
struct Conversation {
    /// The case: the JSON between `<case>` and `</case>` of the first input.
    case: Value,
    /// Tool calls made, each with its result once there is one.
    calls: Vec<(ToolCall, Option<String>)>,
    /// The id of the return of control that waits for its results.
    waiting: Option<String>,
    turns: usize,
}

/// A call of one of the action group's functions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ToolCall {
    function: &'static str,
    parameters: Vec<(&'static str, String)>,
}

/// What an agent does next.
#[derive(Debug, Clone, PartialEq)]
enum Turn {
    /// Calls functions, with a line on why.
    Tools(&'static str, Vec<ToolCall>),
    /// Answers.
    Answer(String),
}

/// The action group of the tools.
const ACTION_GROUP: &str = "nightshift-read";

pub(super) async fn invoke_agent(
    account: &Account,
    agent: &str,
    alias: &str,
    session: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let refusal = |fault| rest_error(&AwsError::of_fault(fault, "ThrottlingException", "InternalServerException"));
    let effect = async {
        if let Err(error) = account.admit(Service::Bedrock, headers) {
            return rest_error(&error);
        }
        match turn(account, agent, alias, session, body) {
            Ok(events) => stream::respond(session, events),
            Err(error) => rest_error(&error),
        }
    };
    account.faults.serve(Service::Bedrock, "InvokeAgent", refusal, effect).await
}

/// One turn of the conversation, as the events of its stream.
fn turn(
    account: &Account,
    agent: &str,
    alias: &str,
    session: &str,
    body: &[u8],
) -> Result<Vec<stream::Event>, AwsError> {
    let decide: fn(&Conversation) -> Turn = match (agent, alias) {
        (MECHANICAL_AGENT_ID, AGENT_ALIAS_ID) => mechanical::decide,
        (HOSTILE_AGENT_ID, AGENT_ALIAS_ID) => hostile::decide,
        _ => {
            let message = "Failed to retrieve resource because it doesn't exist. Retry your request with a different resource identifier.";
            return Err(AwsError::not_found("ResourceNotFoundException", message));
        }
    };
    let input: Value = serde_json::from_slice(body)
        .map_err(|_| AwsError::bad("ValidationException", "The request body is not valid JSON."))?;
    let mut sessions = account.sessions.0.lock().unwrap_or_else(PoisonError::into_inner);
    let conversation = sessions.entry((agent.to_owned(), session.to_owned())).or_default();
    conversation.hear(&input)?;
    conversation.turns += 1;
    let trace = input["enableTrace"].as_bool().unwrap_or(false);
    let turn = decide(conversation);
    let mut events = Vec::new();
    if trace {
        let rationale = match &turn {
            Turn::Tools(why, _) => *why,
            Turn::Answer(_) => "I have what I need to answer.",
        };
        let trace_id = format!("{session}-{}", conversation.turns);
        events.push(stream::Event::trace(
            agent,
            alias,
            session,
            json!({
                "orchestrationTrace": {"rationale": {"text": rationale, "traceId": trace_id}},
            }),
        ));
    }
    match turn {
        Turn::Tools(_, calls) => {
            let id = format!("{session}-invocation-{}", conversation.turns);
            events.push(stream::Event::return_control(&id, ACTION_GROUP, &calls));
            conversation.calls.extend(calls.into_iter().map(|call| (call, None)));
            conversation.waiting = Some(id);
        }
        Turn::Answer(text) => events.extend(stream::Event::chunks(&text)),
    }
    Ok(events)
}

impl Conversation {
    /// Takes in a request: an input text, or results of the calls that are waited for.
    fn hear(&mut self, input: &Value) -> Result<(), AwsError> {
        let state = &input["sessionState"];
        match (state["invocationId"].as_str(), self.waiting.take()) {
            (Some(id), Some(waiting)) if id == waiting => {
                let results = state["returnControlInvocationResults"].as_array().cloned().unwrap_or_default();
                for result in &results {
                    self.take_result(&result["functionResult"]);
                }
                Ok(())
            }
            (Some(_), _) => {
                Err(AwsError::bad("ValidationException", "The invocationId is not one that is waited for."))
            }
            (None, _) => {
                let text = input["inputText"].as_str().unwrap_or_default();
                if text.is_empty() {
                    return Err(AwsError::bad("ValidationException", "The inputText field must not be empty."));
                }
                *self = Self { case: case(text), ..Self::default() };
                Ok(())
            }
        }
    }

    /// Gives a result to the first call of that function without one.
    fn take_result(&mut self, result: &Value) {
        let function = result["function"].as_str().unwrap_or_default();
        let text = result["responseBody"]["TEXT"]["body"].as_str().unwrap_or_default();
        let open = self.calls.iter_mut().find(|(call, result)| call.function == function && result.is_none());
        if let Some((_, slot)) = open {
            *slot = Some(text.to_owned());
        }
    }

    /// The calls that were answered with evidence: the call, the evidence's id and text.
    fn answered(&self) -> Vec<(&ToolCall, String, String)> {
        let read = |(call, result): &'_ (ToolCall, Option<String>)| -> Option<(ToolCall, String, String)> {
            let result: Value = serde_json::from_str(result.as_deref()?).ok()?;
            Some((call.clone(), result["evidence"].as_str()?.to_owned(), result["text"].as_str()?.to_owned()))
        };
        self.calls
            .iter()
            .filter_map(|entry| read(entry).map(|(_, evidence, text)| (&entry.0, evidence, text)))
            .collect()
    }
}

/// The JSON between a line `<case>` and a line `</case>`; null where there is none. The instruction before it may speak of
/// these marks within a sentence.
fn case(text: &str) -> Value {
    let mut lines = text.lines().skip_while(|line| line.trim() != "<case>").skip(1);
    let inner: String = lines.by_ref().take_while(|line| line.trim() != "</case>").collect();
    serde_json::from_str(&inner).unwrap_or_default()
}

/// `Kind namespace/name` or `Kind name`, taken apart.
fn object(reference: &str) -> Option<(&str, &str, &str)> {
    let (kind, path) = reference.split_once(' ')?;
    let (namespace, name) = path.split_once('/').unwrap_or(("", path));
    Some((kind, namespace, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_is_between_lines_of_its_own() {
        let text = "The JSON between <case> and </case> is data.\n<case>\n{\"cluster\":\"prod\"}\n</case>\n";
        assert_eq!(case(text), json!({"cluster": "prod"}));
        assert_eq!(case("no case"), Value::Null);
    }
}
