//! A Bedrock knowledge base of incident documents: asked by meaning, where the store's own search goes by words.
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html>
//!
//! It takes documents in directly where it has a data source of type CUSTOM; over a bucket it is fed with what
//! `nightshift learn --export` writes. A document's metadata names its incident, by which it is looked up in the store. What is
//! found there is told; the passage itself is not.

use std::time::Duration;

use aws_sdk_bedrockagentruntime::Client;
use aws_sdk_bedrockagentruntime::error::DisplayErrorContext;
use aws_sdk_bedrockagentruntime::types::{
    KnowledgeBaseQuery, KnowledgeBaseRetrievalConfiguration, KnowledgeBaseVectorSearchConfiguration,
};
use aws_smithy_types::Document;
use serde_json::{Value, json};

use crate::aws::signed::{self, Request};
use crate::incident::IncidentId;
use crate::redact::redact;

/// A query's text may be that long.
const QUERY: usize = 1000;

/// A knowledge base.
#[derive(Debug, Clone)]
pub struct KnowledgeBase {
    client: Client,
    config: aws_config::SdkConfig,
    id: String,
}

/// A document for a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// Its identity: it takes the place of what was taken in under the same one.
    pub id: String,
    /// What distinguishes this version of it from others: letters and digits.
    pub version: String,
    /// What it says.
    pub text: String,
    /// What is kept beside the text, by name.
    pub attributes: Vec<(&'static str, String)>,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// How well it fits, 0 to 1.
    pub score: f64,
    /// The incident it is about, by its metadata.
    pub incident: Option<IncidentId>,
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// No answer in time.
    #[error("the knowledge base did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It refused or failed.
    #[error("the knowledge base failed ({0}): check BEDROCK_KNOWLEDGE_BASE_ID and bedrock:Retrieve")]
    Failed(String),
    /// It did not take a document in, and may do so later.
    #[error("the knowledge base has not taken the document in ({0}); it is tried again")]
    NotTaken(String),
    /// It refuses a document until somebody changes something.
    #[error(
        "the knowledge base refuses the document ({0}): check BEDROCK_KNOWLEDGE_DATA_SOURCE_ID, which has to name a data source of type CUSTOM, and bedrock:IngestKnowledgeBaseDocuments"
    )]
    Refused(String),
}

impl KnowledgeError {
    /// Whether the same may succeed later.
    pub const fn is_retryable(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

impl KnowledgeBase {
    /// The knowledge base of this id.
    pub fn new(config: &aws_config::SdkConfig, id: &str) -> Self {
        Self { client: Client::new(config), config: config.clone(), id: id.to_owned() }
    }

    /// What fits `text`, the best first, in at most `within`. Secrets in the text are hidden.
    ///
    /// # Errors
    ///
    /// Where it does not answer in time or at all.
    pub async fn retrieve(&self, text: &str, limit: u8, within: Duration) -> Result<Vec<Passage>, KnowledgeError> {
        let text: String = redact(text).chars().take(QUERY).collect();
        let search = KnowledgeBaseVectorSearchConfiguration::builder().number_of_results(limit.into()).build();
        let configuration = KnowledgeBaseRetrievalConfiguration::builder().vector_search_configuration(search).build();
        let call = self
            .client
            .retrieve()
            .knowledge_base_id(&self.id)
            .retrieval_query(KnowledgeBaseQuery::builder().text(text).build())
            .retrieval_configuration(configuration)
            .send();
        let answer = tokio::time::timeout(within, call).await.map_err(|_| KnowledgeError::TimedOut(within))?;
        let answer = answer.map_err(|error| KnowledgeError::Failed(DisplayErrorContext(&error).to_string()))?;
        Ok(answer
            .retrieval_results
            .into_iter()
            .map(|result| {
                let incident = result.metadata.as_ref().and_then(|metadata| match metadata.get("incident") {
                    Some(Document::String(id)) => Some(IncidentId(id.clone())),
                    _ => None,
                });
                Passage { score: result.score.unwrap_or_default(), incident }
            })
            .collect())
    }

    /// Has a document taken in through the data source `source`, in at most `within`. Done twice it does as much as once.
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_IngestKnowledgeBaseDocuments.html>
    ///
    /// # Errors
    ///
    /// Where it is refused, or nothing is heard of it.
    pub async fn ingest(&self, source: &str, document: &NewDocument, within: Duration) -> Result<(), KnowledgeError> {
        let attribute =
            |(key, value): &(&str, String)| json!({ "key": key, "value": { "type": "STRING", "stringValue": value } });
        let body = json!({
            "clientToken": format!("nightshift-{}-{}", document.id, document.version),
            "documents": [{
                "content": { "dataSourceType": "CUSTOM", "custom": {
                    "customDocumentIdentifier": { "id": document.id },
                    "sourceType": "IN_LINE",
                    "inlineContent": { "type": "TEXT", "textContent": { "data": redact(&document.text) } },
                }},
                "metadata": {
                    "type": "IN_LINE_ATTRIBUTE",
                    "inlineAttributes": document.attributes.iter().map(attribute).collect::<Vec<_>>(),
                },
            }],
        });
        let region = self.config.region().map(ToString::to_string).unwrap_or_default();
        let endpoint = signed::endpoint(&self.config, "Bedrock Agent", &region);
        let address = format!("{endpoint}/knowledgebases/{}/datasources/{source}/documents", self.id);
        let request = Request {
            service: "bedrock",
            region: &region,
            method: "PUT",
            address: &address,
            headers: &[("content-type", "application/json")],
            body: body.to_string().into_bytes(),
            time: within,
        };
        let answer = signed::send(&self.config, &request).await;
        let answer = answer.map_err(|error| KnowledgeError::NotTaken(error.to_string()))?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let reason = |text: &Value| format!("HTTP status {}: {}", answer.status, text.as_str().unwrap_or_default());
        match answer.status {
            200..=299 => match &said["documentDetails"][0] {
                detail if detail["status"] == "FAILED" => Err(KnowledgeError::Refused(reason(&detail["statusReason"]))),
                detail if detail.is_object() => Ok(()),
                _ => Err(KnowledgeError::NotTaken("an answer that cannot be read".to_owned())),
            },
            400..=428 | 430..=499 => Err(KnowledgeError::Refused(reason(&said["message"]))),
            _ => Err(KnowledgeError::NotTaken(reason(&said["message"]))),
        }
    }
}
