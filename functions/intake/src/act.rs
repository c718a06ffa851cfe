//! All writing: events onto the bus, in batches as large as EventBridge takes them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use shared::bus::SOURCE;
use shared::deadline::Deadline;

use crate::decide::Entry;

/// Entries of one call (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
const BATCH_ENTRIES: usize = 10;
/// Bytes of one call, with room for what is counted beside the detail.
const BATCH_BYTES: usize = 254 * 1024;
/// What an entry counts beside its detail: source, type and time.
const ENTRY_BYTES: usize = 64;
/// Calls at the same time.
const AT_ONCE: usize = 8;
/// How often entries that a call did not take are put again.
const ROUNDS: usize = 3;
/// The pause before that.
const PAUSE: Duration = Duration::from_millis(100);
/// One attempt of a call, and all of them.
const ATTEMPT: Duration = Duration::from_millis(1000);
const OPERATION: Duration = Duration::from_millis(2300);

/// Events that are not all on the bus.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The call failed.
    #[error("the bus cannot be reached: {0}; allow the function's role events:PutEvents on NIGHTSHIFT_BUS")]
    Call(String),
    /// Some entries were not taken.
    #[error("the bus did not take {count} events: {reason}")]
    Entries {
        /// How many.
        count: usize,
        /// The first one's reason.
        reason: String,
    },
    /// No time is left.
    #[error("the bus did not answer in time")]
    OutOfTime,
}

/// The bus.
#[derive(Debug)]
pub struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    /// The bus of this name or ARN.
    pub fn new(aws: &SdkConfig, name: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(ATTEMPT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let config = aws_sdk_eventbridge::config::Builder::from(aws).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), name: name.to_owned() }
    }

    /// Puts `entries` on the bus.
    ///
    /// # Errors
    ///
    /// When not all of them are known to be there by `deadline`: the sender then sends them again, under the same ids.
    pub async fn put(&self, entries: &[Entry], deadline: Deadline) -> Result<(), PutError> {
        let calls: Vec<_> = batches(entries).into_iter().map(|batch| self.put_batch(batch).boxed()).collect();
        let all = stream::iter(calls).buffer_unordered(AT_ONCE).try_collect::<()>();
        tokio::time::timeout(deadline.remaining(), all).await.map_err(|_| PutError::OutOfTime)?
    }

    async fn put_batch(&self, batch: &[Entry]) -> Result<(), PutError> {
        let mut left: Vec<PutEventsRequestEntry> = batch.iter().map(|entry| self.request(entry)).collect();
        let mut reason = String::new();
        for round in 0..ROUNDS {
            if round > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let answer = self.client.put_events().set_entries(Some(left.clone())).send().await;
            let answer = answer.map_err(|error| PutError::Call(DisplayErrorContext(&error).to_string()))?;
            if answer.failed_entry_count() == 0 {
                return Ok(());
            }
            // Answers are in the order of the entries. Where they are not to be told apart, all are put again.
            let taken = |index: usize| answer.entries().get(index).is_some_and(|entry| entry.event_id().is_some());
            let said = answer.entries().iter().find_map(|entry| Some((entry.error_code()?, entry.error_message())));
            if let Some((code, message)) = said {
                reason = format!("{code}: {}", message.unwrap_or_default());
            }
            let mut index = 0;
            left.retain(|_| {
                index += 1;
                !taken(index - 1)
            });
            tracing::warn!(left = left.len(), reason, "the bus did not take all events");
        }
        Err(PutError::Entries { count: left.len(), reason })
    }

    fn request(&self, entry: &Entry) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(entry.detail_type)
            .detail(&entry.detail)
            .build()
    }
}

/// Cuts `entries` into what one call takes each.
fn batches(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, entry) in entries.iter().enumerate() {
        let size = entry.detail.len() + ENTRY_BYTES;
        if index > start && (index - start == BATCH_ENTRIES || bytes + size > BATCH_BYTES) {
            batches.push(&entries[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < entries.len() {
        batches.push(&entries[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use shared::bus::EventId;

    use super::*;

    fn entries(sizes: impl IntoIterator<Item = usize>) -> Vec<Entry> {
        let entry = |size| Entry { id: EventId::new("x"), detail_type: "Alert", detail: "x".repeat(size) };
        sizes.into_iter().map(entry).collect()
    }

    #[test]
    fn a_call_takes_ten_entries_and_a_quarter_of_a_megabyte() {
        let lengths = |sizes: Vec<usize>| {
            let entries = entries(sizes);
            batches(&entries).iter().map(|batch| batch.len()).collect::<Vec<_>>()
        };
        assert_eq!(lengths(vec![]), [0; 0]);
        assert_eq!(lengths(vec![10; 10]), [10]);
        assert_eq!(lengths(vec![10; 25]), [10, 10, 5]);
        assert_eq!(lengths(vec![100 * 1024; 5]), [2, 2, 1]);
        assert_eq!(lengths(vec![250 * 1024, 250 * 1024, 1]), [1, 2]);
    }
}
