//! Faults on demand: what the simulated services do wrong, and the journal of what they were asked.
//!
//! Every service asks [`Faults::take`] (through [`Faults::serve`]) at each call. A [`Rule`] names the service, the
//! operation, which of its calls, and what goes wrong: before the effect, so that nothing happened, or after it, so that
//! it happened and the caller does not know. The journal counts calls, so that a test can enumerate (call site, fault)
//! pairs from one clean run.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// The services that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The Kubernetes API; operations are a verb and a resource, for example `list pods`, and `(dry run)` where it is one.
    Kubernetes,
    /// CloudWatch.
    CloudWatch,
    /// DynamoDB.
    DynamoDb,
    /// EKS.
    Eks,
    /// S3.
    S3,
    /// STS.
    Sts,
    /// Bedrock agent runtime.
    Bedrock,
    /// EventBridge; `PutEvents entry` is one entry of a call that goes well as a whole.
    EventBridge,
    /// Secrets Manager.
    SecretsManager,
    /// Systems Manager.
    Ssm,
    /// Zonal shifts of Application Recovery Controller.
    ZonalShift,
    /// EC2.
    Ec2,
    /// Slack; operations are methods, for example `chat.postMessage`.
    Slack,
    /// Jira; operations are verbs and what they are about, for example `create issue`.
    Jira,
    /// GitHub's issues, likewise.
    GitHub,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Refused for calling too often, with the service's own error.
    Throttle,
    /// An internal error, with the service's own error; nothing happened.
    ServerError,
    /// Never answered; nothing happened.
    Timeout,
    /// The connection is cut; nothing happened.
    Cut,
    /// The effect takes place, and the answer is half of what it should be.
    Malformed,
    /// The effect takes place, and the call is never answered.
    TimeoutAfterEffect,
    /// The effect takes place, and the connection is cut before the answer.
    CutAfterEffect,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Throttle,
        Self::ServerError,
        Self::Timeout,
        Self::Cut,
        Self::Malformed,
        Self::TimeoutAfterEffect,
        Self::CutAfterEffect,
    ];

    /// Whether the call has taken effect although it failed.
    pub fn takes_effect(self) -> bool {
        matches!(self, Self::Malformed | Self::TimeoutAfterEffect | Self::CutAfterEffect)
    }
}

/// Which calls go wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The service.
    pub service: Service,
    /// The operation; `None` for every operation of the service.
    pub operation: Option<String>,
    /// How many matching calls go well first.
    pub skip: usize,
    /// How many go wrong then; `None` for all.
    pub times: Option<usize>,
    /// What goes wrong.
    pub fault: Fault,
}

impl Rule {
    /// The first call of `operation` goes wrong.
    pub fn once(service: Service, operation: &str, fault: Fault) -> Self {
        Self { service, operation: Some(operation.to_owned()), skip: 0, times: Some(1), fault }
    }

    /// Every call of the service goes wrong.
    pub fn always(service: Service, fault: Fault) -> Self {
        Self { service, operation: None, skip: 0, times: None, fault }
    }
}

/// A call that reached a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The service.
    pub service: Service,
    /// The operation.
    pub operation: String,
    /// What went wrong, if anything.
    pub fault: Option<Fault>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    journal: Vec<Call>,
}

impl State {
    /// The first rule in force whose operation is `concerned` decides.
    fn decide(&mut self, service: Service, concerned: impl Fn(Option<&str>) -> bool) -> Option<Fault> {
        for rule in &mut self.rules {
            if rule.service != service || !concerned(rule.operation.as_deref()) || rule.times == Some(0) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times = rule.times.map(|times| times - 1);
            return Some(rule.fault);
        }
        None
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    hung: Notify,
}

/// The rules in force and the journal; clones share both.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Shared>);

impl Faults {
    /// Adds a rule. Where several match a call, the first that is still in force decides.
    pub fn inject(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// Removes all rules, and all calls from the journal.
    pub fn forget(&self) {
        *self.lock() = State::default();
    }

    /// Waits for the next call, from now on, that is left without an answer; its effect, if it has one, has taken place.
    pub fn hung(&self) -> Notified<'_> {
        self.0.hung.notified()
    }

    /// All calls so far, in order.
    pub fn journal(&self) -> Vec<Call> {
        self.lock().journal.clone()
    }

    /// Notes a call and tells what goes wrong with it.
    pub fn take(&self, service: Service, operation: &str) -> Option<Fault> {
        let mut state = self.lock();
        let fault = state.decide(service, |name| name.is_none_or(|name| name == operation));
        state.journal.push(Call { service, operation: operation.to_owned(), fault });
        fault
    }

    /// Tells what goes wrong with a part of a call: only what a rule names it for. The journal has the call, not its parts.
    pub(crate) fn take_part(&self, service: Service, part: &str) -> Option<Fault> {
        self.lock().decide(service, |name| name == Some(part))
    }

    /// Serves one call: `effect` does the work and answers; `refusal` is the service's own way of saying
    /// [`Fault::Throttle`] or [`Fault::ServerError`].
    pub async fn serve(
        &self,
        service: Service,
        operation: &str,
        refusal: impl FnOnce(Fault) -> Response,
        effect: impl Future<Output = Response>,
    ) -> Response {
        match self.take(service, operation) {
            None => effect.await,
            Some(fault @ (Fault::Throttle | Fault::ServerError)) => refusal(fault),
            Some(Fault::Timeout) => self.hang().await,
            Some(Fault::Cut) => cut(),
            Some(Fault::Malformed) => halve(effect.await).await,
            Some(Fault::TimeoutAfterEffect) => {
                effect.await;
                self.hang().await
            }
            Some(Fault::CutAfterEffect) => {
                effect.await;
                cut()
            }
        }
    }

    async fn hang<T>(&self) -> T {
        self.0.hung.notify_waiters();
        std::future::pending().await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that promises a body and breaks off before its first byte.
fn cut() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut by a fault rule")) });
    let mut response = Response::new(Body::from_stream(broken));
    response.headers_mut().insert("content-length", 512.into());
    response
}

/// The first half of an answer, as if it were all.
async fn halve(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut whole = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        whole.extend_from_slice(&chunk);
    }
    whole.truncate(whole.len() / 2);
    parts.headers.remove("content-length");
    parts.status = StatusCode::OK;
    Response::from_parts(parts, Body::from(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_spares_the_calls_it_skips_and_those_after_its_times() {
        let faults = Faults::default();
        faults.inject(Rule { skip: 1, ..Rule::once(Service::Slack, "chat.postMessage", Fault::Throttle) });
        let taken: Vec<_> = (0..3).map(|_| faults.take(Service::Slack, "chat.postMessage")).collect();
        assert_eq!(taken, [None, Some(Fault::Throttle), None]);
    }

    #[test]
    fn a_rule_for_a_service_hits_all_its_operations_and_no_other_service() {
        let faults = Faults::default();
        faults.inject(Rule::always(Service::Bedrock, Fault::Timeout));
        assert_eq!(faults.take(Service::Bedrock, "InvokeAgent"), Some(Fault::Timeout));
        assert_eq!(faults.take(Service::CloudWatch, "GetMetricData"), None);
        let journal = faults.journal();
        assert_eq!(
            journal[0],
            Call { service: Service::Bedrock, operation: "InvokeAgent".into(), fault: Some(Fault::Timeout) }
        );
        assert_eq!(journal.len(), 2);
    }
}
