//! A Bedrock knowledge base of incident documents: asked by meaning, where the store's own search goes by words.
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html>
//!
//! The knowledge base is fed from a bucket with what `nightshift learn --export` writes; a document's metadata names its
//! incident, by which it is looked up in the store. What is found there is told; the passage itself is not.

use std::time::Duration;

use aws_sdk_bedrockagentruntime::Client;
use aws_sdk_bedrockagentruntime::error::DisplayErrorContext;
use aws_sdk_bedrockagentruntime::types::{
    KnowledgeBaseQuery, KnowledgeBaseRetrievalConfiguration, KnowledgeBaseVectorSearchConfiguration,
};
use aws_smithy_types::Document;

use crate::incident::IncidentId;
use crate::redact::redact;

/// A query's text may be that long.
const QUERY: usize = 1000;

/// A knowledge base.
#[derive(Debug, Clone)]
pub struct KnowledgeBase {
    client: Client,
    id: String,
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
}

impl KnowledgeBase {
    /// The knowledge base of this id.
    pub fn new(config: &aws_config::SdkConfig, id: &str) -> Self {
        Self { client: Client::new(config), id: id.to_owned() }
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
}
