//! A Bedrock knowledge base: Retrieve over documents that were put there, by the share of the query's words that each has.
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html>

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::error::AwsError;

/// The id of the one knowledge base.
pub const KNOWLEDGE_BASE_ID: &str = "SIMKNOWS01";

/// Its documents; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Knowledge(Arc<Mutex<Vec<Document>>>);

#[derive(Debug, Clone)]
struct Document {
    name: String,
    text: String,
    metadata: Value,
}

impl Knowledge {
    /// Takes a document in, as a data source over a bucket would: its text, and the `metadataAttributes` beside it.
    pub fn put(&self, name: &str, text: &str, metadata: Value) {
        let document = Document { name: name.to_owned(), text: text.to_owned(), metadata };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(document);
    }

    pub(super) fn retrieve(&self, id: &str, body: &[u8]) -> Result<Value, AwsError> {
        if id != KNOWLEDGE_BASE_ID {
            let message = format!("Knowledge Base with id {id} does not exist.");
            return Err(AwsError::not_found("ResourceNotFoundException", message));
        }
        let input: Value = serde_json::from_slice(body)
            .map_err(|_| AwsError::bad("ValidationException", "The request body is not valid JSON."))?;
        let text = input["retrievalQuery"]["text"].as_str().unwrap_or_default();
        if text.trim().is_empty() {
            return Err(AwsError::bad("ValidationException", "The query text must not be empty."));
        }
        if text.chars().count() > 1000 {
            return Err(AwsError::bad("ValidationException", "The query text is longer than 1000 characters."));
        }
        let search = &input["retrievalConfiguration"]["vectorSearchConfiguration"];
        let limit = search["numberOfResults"].as_u64().unwrap_or(5);
        if !(1..=100).contains(&limit) {
            return Err(AwsError::bad("ValidationException", "numberOfResults must be between 1 and 100."));
        }
        let asked = words(text);
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        #[allow(clippy::cast_precision_loss, reason = "counts of words are small")]
        let score =
            |document: &Document| asked.intersection(&words(&document.text)).count() as f64 / asked.len().max(1) as f64;
        let mut found: Vec<(f64, &Document)> = documents.iter().map(|document| (score(document), document)).collect();
        found.retain(|(score, _)| *score > 0.0);
        found.sort_by(|one, other| other.0.total_cmp(&one.0));
        let results = found.into_iter().take(usize::try_from(limit).unwrap_or(5)).map(|(score, document)| {
            json!({
                "content": { "type": "TEXT", "text": document.text },
                "location": { "type": "S3", "s3Location": { "uri": format!("s3://nightshift-knowledge/{}", document.name) } },
                "score": score, "metadata": document.metadata,
            })
        });
        Ok(json!({ "retrievalResults": results.collect::<Vec<_>>() }))
    }
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2);
    words.map(str::to_lowercase).collect()
}
