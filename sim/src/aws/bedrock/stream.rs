//! The event stream of InvokeAgent: `application/vnd.amazon.eventstream` messages.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::body::{Body, Bytes};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ToolCall;

/// One event of the stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    kind: &'static str,
    payload: Value,
}

impl Event {
    pub(super) fn trace(agent: &str, alias: &str, session: &str, trace: Value) -> Self {
        let payload = json!({
            "agentId": agent, "agentAliasId": alias, "sessionId": session, "agentVersion": "1", "trace": trace,
        });
        Self { kind: "trace", payload }
    }

    pub(super) fn return_control(id: &str, action_group: &str, calls: &[ToolCall]) -> Self {
        let inputs: Vec<Value> = calls
            .iter()
            .map(|call| {
                let parameters: Vec<Value> = call
                    .parameters
                    .iter()
                    .map(|(name, value)| json!({"name": name, "type": "string", "value": value}))
                    .collect();
                json!({"functionInvocationInput": {
                    "actionGroup": action_group, "function": call.function, "parameters": parameters,
                    "actionInvocationType": "RESULT",
                }})
            })
            .collect();
        Self { kind: "returnControl", payload: json!({"invocationId": id, "invocationInputs": inputs}) }
    }

    /// An answer in several chunks, cut without regard for characters, as a stream of bytes may be.
    pub(super) fn chunks(text: &str) -> Vec<Self> {
        let size = text.len().div_ceil(3).max(1);
        let chunk = |bytes: &[u8]| Self { kind: "chunk", payload: json!({"bytes": STANDARD.encode(bytes)}) };
        text.as_bytes().chunks(size).map(chunk).collect()
    }

    fn encode(&self) -> Bytes {
        let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
        let message = Message::new(Bytes::from(self.payload.to_string()))
            .add_header(header(":message-type", "event"))
            .add_header(header(":event-type", self.kind))
            .add_header(header(":content-type", "application/json"));
        let mut bytes = Vec::new();
        // Only headers or payloads beyond the format's limits fail, and these are small.
        let _ = write_message_to(&message, &mut bytes);
        bytes.into()
    }
}

pub(super) fn respond(session: &str, events: Vec<Event>) -> Response {
    let frames = events.into_iter().map(|event| Ok::<_, std::convert::Infallible>(event.encode()));
    let mut response = Response::new(Body::from_stream(futures::stream::iter(frames.collect::<Vec<_>>())));
    let headers = [
        ("content-type", "application/vnd.amazon.eventstream"),
        ("x-amzn-bedrock-agent-content-type", "application/json"),
        ("x-amz-bedrock-agent-session-id", session),
        ("x-amzn-requestid", super::super::dispatch::REQUEST_ID),
    ];
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
