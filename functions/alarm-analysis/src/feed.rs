//! What an incident teaches goes into the knowledge base by itself, where that has a data source that takes documents in.
//!
//! Each version of a document is an errand of the outbox, put there when the document is kept, so that a knowledge base that is
//! slow or down holds up nothing and the sweep of each minute comes back to it. What is sent is the document as it is then,
//! and it takes the place of the one before: errands may be run twice and in any order.

use std::time::Duration;

use serde_json::json;
use shared::bedrock::NewDocument;
use shared::deadline::Deadline;
use shared::incident::IncidentId;
use shared::store::{OutboxKey, TakeOutbox};

use crate::App;
use crate::layer::RecordError;

/// How these errands are told from messages and tickets.
const ERRAND: &str = "/knowledge/";
/// Time for one document.
const PATIENCE: Duration = Duration::from_secs(5);
/// With less time than this nothing is begun.
const ROOM: Duration = Duration::from_secs(2);
/// Rows of the outbox that a sweep looks through.
const LEFT: usize = 100;

impl App {
    /// Sees to it that the knowledge base has the document of an incident as it is now.
    pub(crate) async fn feed(&self, id: &IncidentId, deadline: Deadline) -> Result<(), RecordError> {
        if self.clients.settings().bedrock.knowledge_source.is_none() {
            return Ok(());
        }
        let (store, now) = (self.clients.store().await?, (self.now)());
        let Some(document) = store.document(id, now).await? else { return Ok(()) };
        let key = OutboxKey(format!("{id}{ERRAND}{}", document.version()));
        store.put_outbox(&key, json!({ "incident": id }), now).await?;
        self.run_feed(&key, deadline).await
    }

    /// Sees to what earlier invocations have left.
    pub(crate) async fn feed_left(&self, deadline: Deadline) -> Result<(), RecordError> {
        if self.clients.settings().bedrock.knowledge_source.is_none() {
            return Ok(());
        }
        let rows = self.clients.store().await?.unsent_outbox(LEFT, (self.now)()).await?;
        for row in rows.into_iter().filter(|row| row.key.0.contains(ERRAND)) {
            self.run_feed(&row.key, deadline).await?;
        }
        Ok(())
    }

    async fn run_feed(&self, key: &OutboxKey, deadline: Deadline) -> Result<(), RecordError> {
        let settings = &self.clients.settings().bedrock;
        let (Some(base), Some(source)) = (self.clients.knowledge_base().await, &settings.knowledge_source) else {
            return Ok(());
        };
        if deadline.remaining() < ROOM {
            return Ok(());
        }
        let store = self.clients.store().await?;
        let until = (self.now)() + deadline.remaining();
        let TakeOutbox::Taken(claim) = store.take_outbox(key, until, (self.now)()).await? else { return Ok(()) };
        let id: IncidentId = serde_json::from_value(claim.row.body["incident"].clone())?;
        let Some(document) = store.document(&id, (self.now)()).await? else {
            return Ok(store.failed_outbox(*claim, "there is no such document".to_owned(), (self.now)()).await?);
        };
        let new = NewDocument {
            id: id.to_string(),
            version: document.version(),
            text: document.text(),
            attributes: document.attributes().into(),
        };
        match base.ingest(source, &new, deadline.cap(PATIENCE)).await {
            Ok(()) => {
                self.metrics.count("DocumentsFed");
                store.sent_outbox(*claim, json!(new.version), (self.now)()).await?;
            }
            Err(error) => {
                let is_delayed = error.is_retryable();
                self.metrics.count(if is_delayed { "DocumentsDelayed" } else { "DocumentsRefused" });
                tracing::error!(incident = %id, %error, "the knowledge base lacks what the incident teaches");
                if is_delayed {
                    store.put_back_outbox(*claim, (self.now)()).await?;
                } else {
                    store.failed_outbox(*claim, error.to_string(), (self.now)()).await?;
                }
            }
        }
        Ok(())
    }
}
