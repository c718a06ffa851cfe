//! An SQS queue with a Lambda event source mapping that reports batch item failures.
//!
//! What an invocation fails on comes back with a higher receive count until it has been received as often as allowed;
//! then it is in the dead-letter queue. When a message comes back is a setting, so that tests need not wait out a
//! visibility timeout: `Duration::ZERO` means at once, after all that was waiting before it.
//!
//! Rules of partial batch failures: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::event::sqs_event;
use super::function::{FunctionError, FunctionProcess, Response};

/// How a queue and its event source mapping behave.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// How many messages one invocation gets at most. AWS's default is 10.
    pub batch_size: usize,
    /// How often a message is received before it goes to the dead-letter queue.
    pub max_receive_count: u32,
    /// How long a message that failed stays out of sight.
    pub visibility_timeout: Duration,
    /// How many invocations run at once.
    pub concurrency: usize,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { batch_size: 10, max_receive_count: 3, visibility_timeout: Duration::ZERO, concurrency: 1 }
    }
}

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// SQS's id.
    pub id: String,
    /// The body.
    pub body: String,
    /// How often it has been received.
    pub receive_count: u32,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at_ms: i64,
}

/// What happened while a queue was driven.
#[derive(Debug, Default)]
pub struct DriveReport {
    /// Responses of the invocations that had one.
    pub responses: Vec<Response>,
    /// Errors of those that had none.
    pub errors: Vec<FunctionError>,
    /// Messages done with.
    pub delivered: usize,
    /// Messages put back for another attempt.
    pub redelivered: usize,
    /// Messages given up and moved to the dead-letter queue.
    pub dead: usize,
}

impl DriveReport {
    /// Adds what happened in `other`.
    pub fn absorb(&mut self, other: DriveReport) {
        self.responses.extend(other.responses);
        self.errors.extend(other.errors);
        self.delivered += other.delivered;
        self.redelivered += other.redelivered;
        self.dead += other.dead;
    }
}

#[derive(Default)]
struct Messages {
    waiting: VecDeque<Message>,
    hidden: VecDeque<(Instant, Message)>,
    in_flight: usize,
    dead: Vec<Message>,
}

/// A queue in front of a function.
pub struct Queue {
    name: String,
    settings: QueueSettings,
    messages: Mutex<Messages>,
    sent: AtomicU64,
    /// Distinguishes the message ids of this run from those of earlier ones.
    run: i64,
    arrived: tokio::sync::Notify,
}

impl Queue {
    /// A queue with the default settings.
    pub fn new(name: &str) -> Self {
        Self::with_settings(name, QueueSettings::default())
    }

    /// A queue with these settings.
    pub fn with_settings(name: &str, settings: QueueSettings) -> Self {
        Self {
            name: name.to_owned(),
            settings,
            messages: Mutex::default(),
            sent: AtomicU64::new(0),
            run: Timestamp::now().as_microsecond(),
            arrived: tokio::sync::Notify::new(),
        }
    }

    /// Sends an event, as an EventBridge rule's target would: the event is the body. Returns the message's id.
    pub fn send(&self, event: &Value) -> String {
        self.send_body(event.to_string())
    }

    /// Sends any body, a malformed one too. Returns the message's id.
    pub fn send_body(&self, body: impl Into<String>) -> String {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let run = self.run as u64;
        let id = format!("{:08x}-{:04x}-4000-9000-{number:012x}", run >> 16 & 0xffff_ffff, run & 0xffff);
        let sent_at_ms = Timestamp::now().as_millisecond();
        self.lock().waiting.push_back(Message { id: id.clone(), body: body.into(), receive_count: 0, sent_at_ms });
        self.arrived.notify_one();
        id
    }

    /// Delivers a message once more, with its id, as SQS may do with any message.
    pub fn send_again(&self, message: Message) {
        self.lock().waiting.push_back(message);
        self.arrived.notify_one();
    }

    /// Messages waiting, hidden or being worked on.
    pub fn depth(&self) -> usize {
        let messages = self.lock();
        messages.waiting.len() + messages.hidden.len() + messages.in_flight
    }

    /// The dead-letter queue's messages, oldest first.
    pub fn dead_letters(&self) -> Vec<Message> {
        self.lock().dead.clone()
    }

    /// Returns once a message has been sent since the last call.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Invokes `function` with batches until the queue is empty: every message delivered or dead.
    pub async fn drive(&self, function: &FunctionProcess) -> DriveReport {
        let workers = (0..self.settings.concurrency.max(1)).map(|_| async {
            let mut report = DriveReport::default();
            while self.wait_for_visible().await {
                if let Some(step) = self.step(function).await {
                    report.absorb(step);
                }
            }
            report
        });
        let mut total = DriveReport::default();
        for report in futures::future::join_all(workers).await {
            total.absorb(report);
        }
        total
    }

    /// Invokes `function` with one batch; `None` when nothing is visible.
    pub async fn step(&self, function: &FunctionProcess) -> Option<DriveReport> {
        let batch = self.receive()?;
        let event = sqs_event(&self.name, &function.settings().region, &batch);
        let outcome = function.invoke(&event).await;
        let failed = match &outcome {
            Ok(response) => failed_items(&response.payload, &batch),
            Err(_) => batch.iter().map(|message| message.id.clone()).collect(),
        };
        let mut report = self.settle(batch, &failed);
        match outcome {
            Ok(response) => report.responses.push(response),
            Err(error) => report.errors.push(error),
        }
        Some(report)
    }

    /// Waits until something is visible; false when there is nothing left to come.
    async fn wait_for_visible(&self) -> bool {
        loop {
            let next = {
                let messages = self.lock();
                if !messages.waiting.is_empty() {
                    return true;
                }
                messages.hidden.front().map(|(visible_at, _)| *visible_at)
            };
            match next {
                Some(visible_at) => {
                    tokio::time::sleep_until(visible_at.into()).await;
                    let mut messages = self.lock();
                    while messages.hidden.front().is_some_and(|(visible_at, _)| *visible_at <= Instant::now()) {
                        if let Some((_, message)) = messages.hidden.pop_front() {
                            messages.waiting.push_back(message);
                        }
                    }
                }
                None => return false,
            }
        }
    }

    fn receive(&self) -> Option<Vec<Message>> {
        let mut messages = self.lock();
        let count = messages.waiting.len().min(self.settings.batch_size);
        let mut batch: Vec<Message> = messages.waiting.drain(..count).collect();
        messages.in_flight += batch.len();
        batch.iter_mut().for_each(|message| message.receive_count += 1);
        (!batch.is_empty()).then_some(batch)
    }

    fn settle(&self, batch: Vec<Message>, failed: &BTreeSet<String>) -> DriveReport {
        let mut report = DriveReport::default();
        let mut messages = self.lock();
        messages.in_flight -= batch.len();
        for message in batch {
            if !failed.contains(&message.id) {
                report.delivered += 1;
            } else if message.receive_count >= self.settings.max_receive_count {
                report.dead += 1;
                messages.dead.push(message);
            } else {
                report.redelivered += 1;
                messages.hidden.push_back((Instant::now() + self.settings.visibility_timeout, message));
            }
        }
        report
    }

    fn lock(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ids that have to come back. A response that names something else than messages of the batch fails all of it, as
/// on AWS.
fn failed_items(response: &Value, batch: &[Message]) -> BTreeSet<String> {
    let all = || batch.iter().map(|message| message.id.clone()).collect();
    let failures = match &response["batchItemFailures"] {
        Value::Null => return BTreeSet::new(),
        Value::Array(failures) => failures,
        _ => return all(),
    };
    let mut failed = BTreeSet::new();
    for failure in failures {
        match failure["itemIdentifier"].as_str() {
            Some(id) if batch.iter().any(|message| message.id == id) => failed.insert(id.to_owned()),
            _ => return all(),
        };
    }
    failed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch(queue: &Queue, bodies: &[&str]) -> Vec<Message> {
        bodies.iter().for_each(|body| {
            queue.send_body(*body);
        });
        queue.receive().unwrap()
    }

    #[test]
    fn an_empty_or_absent_failure_list_means_that_all_succeeded() {
        let batch = batch(&Queue::new("q"), &["one", "two"]);
        for response in [json!(null), json!({}), json!({"batchItemFailures": null}), json!({"batchItemFailures": []})] {
            assert!(failed_items(&response, &batch).is_empty(), "{response}");
        }
    }

    #[test]
    fn a_failure_list_that_names_no_message_of_the_batch_fails_all_of_it() {
        let batch = batch(&Queue::new("q"), &["one", "two"]);
        for failure in [json!({"itemIdentifier": ""}), json!({"itemIdentifier": null}), json!({"id": batch[0].id})] {
            assert_eq!(failed_items(&json!({"batchItemFailures": [failure]}), &batch).len(), 2, "{failure}");
        }
    }

    #[test]
    fn a_message_that_keeps_failing_is_dead_after_its_last_receive() {
        let queue = Queue::new("q");
        queue.send_body("bad");
        for receive in 1..=3 {
            let batch = queue.receive().unwrap();
            assert_eq!(batch[0].receive_count, receive);
            let failed = BTreeSet::from([batch[0].id.clone()]);
            queue.settle(batch, &failed);
            let hidden = std::mem::take(&mut queue.lock().hidden);
            queue.lock().waiting.extend(hidden.into_iter().map(|(_, message)| message));
        }
        assert_eq!(queue.depth(), 0);
        assert_eq!(queue.dead_letters()[0].body, "bad");
    }
}
