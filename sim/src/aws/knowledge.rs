//! A Bedrock knowledge base: documents that were put there or taken in directly by a data source of type CUSTOM, and Retrieve over
//! them by the share of the query's words that each has.
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_IngestKnowledgeBaseDocuments.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html>

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::error::AwsError;

/// The id of the one knowledge base.
pub const KNOWLEDGE_BASE_ID: &str = "SIMKNOWS01";
/// The id of its data source of type CUSTOM.
pub const KNOWLEDGE_SOURCE_ID: &str = "SIMSOURCE1";
/// As many documents are taken in at once.
const AT_ONCE: usize = 25;

/// Its documents; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Knowledge(Arc<Mutex<Vec<Document>>>);

#[derive(Debug, Clone)]
struct Document {
    name: String,
    text: String,
    metadata: Value,
    is_custom: bool,
}

impl Document {
    fn location(&self) -> Value {
        match self.is_custom {
            true => json!({ "type": "CUSTOM", "customDocumentLocation": { "id": self.name } }),
            false => {
                let uri = format!("s3://nightshift-knowledge/{}", self.name);
                json!({ "type": "S3", "s3Location": { "uri": uri } })
            }
        }
    }
}

impl Knowledge {
    /// What it holds: name, text and metadata of each document, the oldest first.
    pub fn documents(&self) -> Vec<(String, String, Value)> {
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.iter().map(|it| (it.name.clone(), it.text.clone(), it.metadata.clone())).collect()
    }

    /// Takes documents in; one of the same identity takes the place of the one before.
    pub(super) fn ingest(&self, base: &str, source: &str, body: &[u8]) -> Result<Value, AwsError> {
        if base != KNOWLEDGE_BASE_ID || source != KNOWLEDGE_SOURCE_ID {
            let message = format!("Data source {source} of knowledge base {base} does not exist.");
            return Err(AwsError::not_found("ResourceNotFoundException", message));
        }
        let input: Value = serde_json::from_slice(body)
            .map_err(|_| AwsError::bad("ValidationException", "The request body is not valid JSON."))?;
        let given = input["documents"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !(1..=AT_ONCE).contains(&given.len()) {
            return Err(AwsError::bad("ValidationException", "documents must have between 1 and 25 members."));
        }
        let read: Option<Vec<Document>> = given.iter().map(taken).collect();
        let Some(read) = read else {
            let message = "The content of a document must be of the data source's type, CUSTOM, and have text in line.";
            return Err(AwsError::bad("ValidationException", message));
        };
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut details = Vec::new();
        for document in read {
            details.push(json!({
                "knowledgeBaseId": base, "dataSourceId": source, "status": "STARTING",
                "identifier": { "dataSourceType": "CUSTOM", "custom": { "id": document.name } },
            }));
            documents.retain(|kept| kept.name != document.name);
            documents.push(document);
        }
        Ok(json!({ "documentDetails": details }))
    }

    /// Takes a document in, as a data source over a bucket would: its text, and the `metadataAttributes` beside it.
    pub fn put(&self, name: &str, text: &str, metadata: Value) {
        let document = Document { name: name.to_owned(), text: text.to_owned(), metadata, is_custom: false };
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
                "location": document.location(),
                "score": score, "metadata": document.metadata,
            })
        });
        Ok(json!({ "retrievalResults": results.collect::<Vec<_>>() }))
    }
}

/// A document of a request; `None` where it is not one that this data source takes.
fn taken(given: &Value) -> Option<Document> {
    let (content, metadata) = (&given["content"], &given["metadata"]);
    let custom = &content["custom"];
    let is_custom = content["dataSourceType"] == "CUSTOM" && custom["sourceType"] == "IN_LINE";
    let inline = &custom["inlineContent"];
    let text = inline["textContent"]["data"].as_str().filter(|text| !text.trim().is_empty())?;
    let name = custom["customDocumentIdentifier"]["id"].as_str().filter(|id| !id.is_empty())?;
    let attributes = metadata["inlineAttributes"].as_array().into_iter().flatten();
    let attributes = attributes.map(|it| Some((it["key"].as_str()?.to_owned(), it["value"]["stringValue"].clone())));
    let metadata: Value = attributes.collect::<Option<serde_json::Map<String, Value>>>()?.into();
    (is_custom && inline["type"] == "TEXT").then(|| Document {
        name: name.to_owned(),
        text: text.to_owned(),
        metadata,
        is_custom,
    })
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2);
    words.map(str::to_lowercase).collect()
}
