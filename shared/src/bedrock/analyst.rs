//! The conversation: ask, answer tool calls, gather the final text, check it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_bedrockagentruntime::Client;
use aws_sdk_bedrockagentruntime::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockagentruntime::types::{
    ContentBody, FunctionInvocationInput, FunctionResult, InvocationInputMember, InvocationResultMember, ResponseState,
    ResponseStream, ReturnControlPayload, SessionState, StreamingConfigurations,
};
use thiserror::Error;
use tokio::time::Instant;

use super::checks::{self, Checked};
use super::prompt;
use super::protocol::{ACTION_GROUP, Answer, FORMAT, ToolCall, UnreadableAnswer};
use super::tools::{LiveRead, SimilarIncident, Tools};
use crate::diagnosis::{Diagnosis, Evidence};
use crate::snapshot::Snapshot;
use crate::text::Language;

/// An agent that looks further into what the rules found.
#[derive(Debug, Clone)]
pub struct Analyst {
    client: Client,
    agent_id: String,
    alias_id: String,
    limits: Limits,
}

/// How long and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole investigation, tool calls included.
    pub total: Duration,
    /// The longest silence of the agent, before and between parts of its answer.
    pub silence: Duration,
    /// How often the agent may ask for tools.
    pub turns: usize,
    /// Tool calls answered in all.
    pub calls: usize,
    /// Bytes of one tool answer.
    pub tool_bytes: usize,
    /// Bytes of the final text that are read.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(45),
            silence: Duration::from_secs(20),
            turns: 8,
            calls: 24,
            tool_bytes: 8 * 1024,
            answer_bytes: 64 * 1024,
        }
    }
}

/// What is investigated.
pub struct Case<'a> {
    /// What the rules found.
    pub diagnosis: &'a Diagnosis,
    /// What is known of the cluster; tools answer from it.
    pub snapshot: &'a Snapshot,
    /// What the alarm said, in a line; empty where a person asks.
    pub alarm: &'a str,
    /// What a person asks, where it is not an alarm that does.
    pub question: Option<&'a str>,
    /// The language of the answer.
    pub language: Language,
    /// The session's id, from the incident's: a retry continues rather than starts over. Other characters than letters,
    /// digits, `-._:` are replaced.
    pub session: &'a str,
    /// Earlier incidents, the most similar first.
    pub similar: &'a [SimilarIncident],
    /// Reads what the snapshot does not hold.
    pub live: Option<&'a dyn LiveRead>,
    /// Is told of every tool call that was answered, for whoever waits.
    pub watch: Option<&'a (dyn Fn(&ToolCall) + Send + Sync)>,
}

/// What the agent added and what became of the rest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// What passed the checks, what did not, and why.
    pub checked: Checked,
    /// Tool answers that claims cite, as further evidence of the incident.
    pub evidence: Vec<Evidence>,
    /// What the agent looked at, in order.
    pub steps: Vec<Step>,
    /// Tokens the model read, where the trace says so.
    pub input_tokens: u64,
    /// Tokens the model wrote, where the trace says so.
    pub output_tokens: u64,
}

/// One tool call of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The function and its parameters, for people.
    pub call: String,
    /// The evidence it became; absent where it was refused.
    pub evidence: Option<String>,
}

/// Why there are no findings. Each means: say it in the decision record, and let the rules' text stand.
#[derive(Debug, Error)]
pub enum AnalystError {
    /// Bedrock throttles.
    #[error("bedrock throttles the agent: raise the model's quota or ask less often")]
    Throttled,
    /// The agent is not there or not to be had.
    #[error(
        "the bedrock agent cannot be invoked ({0}): check BEDROCK_ANALYSIS_AGENT_ID, its alias, and bedrock:InvokeAgent"
    )]
    Absent(String),
    /// No answer in time.
    #[error("the bedrock agent did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Bedrock or the way to it failed.
    #[error("bedrock failed: {0}")]
    Failed(String),
    /// The agent kept calling tools.
    #[error("the bedrock agent came to no answer within {0} rounds of tool calls")]
    Endless(usize),
    /// What it said cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableAnswer),
}

impl AnalystError {
    /// A short stable name for metrics and records.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Absent(_) => "absent",
            Self::TimedOut(_) => "timed-out",
            Self::Failed(_) => "failed",
            Self::Endless(_) => "endless",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// What one round ended with.
enum Round {
    Answered(String),
    Asked(ReturnControlPayload),
}

impl Analyst {
    /// The agent of this id and alias.
    pub fn new(
        config: &aws_config::SdkConfig,
        agent_id: impl Into<String>,
        alias_id: impl Into<String>,
        limits: Limits,
    ) -> Self {
        // Retrying is bounded by the total limit; a second attempt inside the SDK would eat it unseen.
        let retries = aws_config::retry::RetryConfig::standard().with_max_attempts(2);
        let timeouts = aws_config::timeout::TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .read_timeout(limits.silence)
            .build();
        let config = aws_sdk_bedrockagentruntime::config::Builder::from(config)
            .retry_config(retries)
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), agent_id: agent_id.into(), alias_id: alias_id.into(), limits }
    }

    /// Asks the agent about `case`. Ends within [`Limits::total`].
    pub async fn investigate(&self, case: &Case<'_>) -> Result<Findings, AnalystError> {
        let deadline = Instant::now() + self.limits.total;
        match tokio::time::timeout_at(deadline, self.converse(case)).await {
            Ok(result) => result,
            Err(_) => Err(AnalystError::TimedOut(self.limits.total)),
        }
    }

    async fn converse(&self, case: &Case<'_>) -> Result<Findings, AnalystError> {
        let mut findings = Findings::default();
        let mut tools = Tools::new(case, self.limits.tool_bytes);
        let session = session_id(case.session);
        let attributes = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("cluster".to_owned(), case.diagnosis.cluster.clone()),
            ("language".to_owned(), case.language.code().to_owned()),
        ]);
        let mut state = SessionState::builder().set_session_attributes(Some(attributes)).build();
        let mut input = Some(prompt::input(case));
        for _ in 0..=self.limits.turns {
            match self.round(&session, input.take(), state, &mut findings).await? {
                Round::Answered(text) => {
                    let answer = Answer::parse(&text)?;
                    findings.checked = checks::check(&answer, case.diagnosis, tools.evidence(), case.snapshot);
                    findings.evidence = tools.cited(&findings.checked);
                    return Ok(findings);
                }
                Round::Asked(payload) => {
                    let results = self.answer(&payload, &mut tools, &mut findings).await;
                    state = SessionState::builder()
                        .set_invocation_id(payload.invocation_id().map(str::to_owned))
                        .set_return_control_invocation_results(Some(results))
                        .build();
                }
            }
        }
        Err(AnalystError::Endless(self.limits.turns))
    }

    /// One InvokeAgent and its stream.
    async fn round(
        &self,
        session: &str,
        input: Option<String>,
        state: SessionState,
        findings: &mut Findings,
    ) -> Result<Round, AnalystError> {
        let sent = self
            .client
            .invoke_agent()
            .agent_id(&self.agent_id)
            .agent_alias_id(&self.alias_id)
            .session_id(session)
            .enable_trace(true)
            .streaming_configurations(StreamingConfigurations::builder().stream_final_response(true).build())
            .set_input_text(input)
            .session_state(state)
            .send();
        let mut output = match tokio::time::timeout(self.limits.silence, sent).await {
            Ok(output) => output.map_err(failure)?,
            Err(_) => return Err(AnalystError::TimedOut(self.limits.silence)),
        };
        let mut bytes = Vec::new();
        let mut asked = None;
        loop {
            let next = tokio::time::timeout(self.limits.silence, output.completion.recv()).await;
            let event = next.map_err(|_| AnalystError::TimedOut(self.limits.silence))?.map_err(failure)?;
            match event {
                None => break,
                Some(ResponseStream::Chunk(part)) => {
                    let room = self.limits.answer_bytes.saturating_sub(bytes.len());
                    let chunk = part.bytes().map(|blob| blob.as_ref()).unwrap_or_default();
                    bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
                }
                Some(ResponseStream::ReturnControl(payload)) => asked = Some(payload),
                Some(ResponseStream::Trace(part)) => tokens(&part, findings),
                Some(_) => {}
            }
        }
        Ok(match asked {
            Some(payload) => Round::Asked(payload),
            None => Round::Answered(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    async fn answer(
        &self,
        payload: &ReturnControlPayload,
        tools: &mut Tools<'_>,
        findings: &mut Findings,
    ) -> Vec<InvocationResultMember> {
        let mut results = Vec::new();
        for member in payload.invocation_inputs() {
            let InvocationInputMember::FunctionInvocationInput(call) = member else { continue };
            let shown = shown(call);
            let answer = if findings.steps.len() >= self.limits.calls {
                Err("no further calls are answered: give your final answer".to_owned())
            } else if call.action_group() != ACTION_GROUP {
                Err(format!("there is no action group of that name, only {ACTION_GROUP}"))
            } else {
                match ToolCall::parse(call.function().unwrap_or_default(), &parameters(call)) {
                    Ok(call) => tools.answer(&call).await,
                    Err(bad) => Err(bad.to_string()),
                }
            };
            let (body, evidence) = match answer {
                Ok((id, text)) => (serde_json::json!({"evidence": id.0, "text": text}), Some(id.0)),
                Err(why) => (serde_json::json!({ "error": why }), None),
            };
            let refused = evidence.is_none().then_some(ResponseState::Reprompt);
            findings.steps.push(Step { call: shown, evidence });
            let content = ContentBody::builder().body(body.to_string()).build();
            let result = FunctionResult::builder()
                .action_group(call.action_group())
                .set_function(call.function().map(str::to_owned))
                .set_agent_id(call.agent_id().map(str::to_owned))
                .response_body("TEXT", content)
                .set_response_state(refused)
                .build();
            results.extend(result.ok().map(InvocationResultMember::FunctionResult));
        }
        results
    }
}

fn parameters(call: &FunctionInvocationInput) -> BTreeMap<String, String> {
    let pairs = call.parameters().iter();
    pairs.filter_map(|one| Some((one.name()?.to_owned(), one.value()?.to_owned()))).collect()
}

/// A call for people: `get_logs(namespace=shop, pod=api-0)`, cut to a line.
fn shown(call: &FunctionInvocationInput) -> String {
    let parameters = parameters(call);
    let parts: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    prompt::clean(&format!("{}({})", call.function().unwrap_or_default(), parts.join(", ")), 200)
}

fn tokens(part: &aws_sdk_bedrockagentruntime::types::TracePart, findings: &mut Findings) {
    use aws_sdk_bedrockagentruntime::types::{OrchestrationTrace, Trace};
    if let Some(Trace::OrchestrationTrace(OrchestrationTrace::ModelInvocationOutput(output))) = part.trace()
        && let Some(usage) = output.metadata().and_then(|metadata| metadata.usage())
    {
        findings.input_tokens += u64::try_from(usage.input_tokens().unwrap_or(0)).unwrap_or(0);
        findings.output_tokens += u64::try_from(usage.output_tokens().unwrap_or(0)).unwrap_or(0);
    }
}

/// Bedrock's session ids match `[0-9a-zA-Z._:-]{2,100}`.
fn session_id(wanted: &str) -> String {
    let kept: String = wanted
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._:-".contains(c) { c } else { '-' })
        .take(100)
        .collect();
    if kept.len() < 2 { format!("session-{kept}") } else { kept }
}

fn failure<E, R>(error: SdkError<E, R>) -> AnalystError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    let code = error.as_service_error().and_then(|service| service.code()).unwrap_or_default().to_owned();
    match code.as_str() {
        "ThrottlingException" | "ServiceQuotaExceededException" | "TooManyRequestsException" => AnalystError::Throttled,
        "ResourceNotFoundException" | "AccessDeniedException" | "ValidationException" => AnalystError::Absent(code),
        _ => AnalystError::Failed(prompt::clean(&DisplayErrorContext(&error).to_string(), 300)),
    }
}
