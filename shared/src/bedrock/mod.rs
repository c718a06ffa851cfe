//! The Bedrock agent: asked with the ranked causes, answered with typed read-only tools, its claims checked.
//!
//! The rules have spoken before the agent is asked, and their text stands whatever happens here: an agent that is absent,
//! throttled, slow or wrong costs detail, never the message. [`Analyst::investigate`] therefore ends within its time limit
//! with [`Findings`] that passed [`checks`], or with an [`AnalystError`] that says what to note.
//!
//! # What the agent is set up with
//!
//! One action group, [`ACTION_GROUP`], with `customControl: RETURN_CONTROL` and these functions (all parameters are strings,
//! those with `?` optional). No function writes; there is none for Secrets.
//!
//! | function | parameters | answer |
//! |---|---|---|
//! | `list_objects` | `kind`, `namespace?`, `label_selector?` | one line an object: name, status |
//! | `describe_object` | `kind`, `namespace?`, `name` | the object as YAML, environment values only where harmless; its events |
//! | `get_logs` | `namespace`, `pod`, `container?`, `previous?` (`true`), `tail?` (lines) | the last lines |
//! | `get_metrics` | `kind` (`Pod`, `Service`, `Node`), `namespace?`, `name`, `metric?` | now, usual, extremes, some points |
//! | `similar_incidents` | `cause?` | earlier incidents and what ended them |
//!
//! # The request
//!
//! `InvokeAgent` with `enableTrace` and streaming. `sessionId` is the incident's. Session attributes: `format` =
//! [`FORMAT`], `cluster`, `language` (`en`, `ko`). `inputText` is the instruction, then one line `<case>`, one line of JSON
//! ([`protocol::CaseDocument`]), one line `</case>`; within that JSON `<` is written `\u003c`, so that nothing a cluster
//! said can close it:
//!
//! ```json
//! {"format":"nightshift/1","cluster":"prod","alarm":"…","verdict":"cause-found","language":"en",
//!  "causes":[{"id":"bad-rollout","object":"Deployment shop/api","confidence":0.93,"summary":"…","evidence":["e1","e2"]}],
//!  "rejected":[{"id":"oom-killed","why":"…"}],
//!  "evidence":[{"id":"e1","source":"log","object":"Deployment shop/api","time":"2026-03-01T05:21:40Z","text":"…"}],
//!  "timeline":[{"time":"…","object":"Deployment shop/api","what":"rolled out revision 15"}],
//!  "missing":["previous log of shop/api-7d4b9-x2x1z/server"]}
//! ```
//!
//! Where a person asks instead of an alarm, `"alarm"` is empty and `"question":"…"` has what they ask; the summary of the
//! answer is then the answer to it.
//!
//! A `returnControl` event's function calls are answered in the next `InvokeAgent`, in the same session, with the
//! `invocationId` and one `functionResult` a call. Its body, under `TEXT`, is JSON: `{"evidence":"t1","text":"…"}`, where
//! `t1` is an evidence id the agent may cite, or `{"error":"…"}` with `responseState` `REPROMPT` for a call that made no sense.
//!
//! # The answer
//!
//! The agent's final text is this JSON, bare or in a code fence ([`protocol::Answer`]):
//!
//! ```json
//! {"summary":{"text":"…","evidence":["e1","t1"]},
//!  "claims":[{"text":"…","evidence":["e2"],"objects":["Deployment shop/api","Node ip-10-0-1-7"]}],
//!  "commands":[{"command":"kubectl -n shop logs deploy/api --previous --tail=50","why":"…"}]}
//! ```
//!
//! Objects are written `Kind namespace/name`, or `Kind name` for cluster-scoped kinds.

mod analyst;
pub mod checks;
mod knowledge;
mod look;
mod prompt;
pub mod protocol;
mod tools;

pub use analyst::{Analyst, AnalystError, Case, Findings, Limits, Step};
pub use knowledge::{KnowledgeBase, KnowledgeError, NewDocument, Passage};
pub use protocol::{ACTION_GROUP, FORMAT, ToolCall};
pub use tools::{LiveRead, SimilarIncident};
