//! Documents of incidents that are over, and what people said of their diagnoses.
//!
//! A vote is an item of its own, one a person, so that votes neither wait for the end of the incident nor contend with it.
//! The document takes them in when it is written, and again with each later vote.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{
    backend::{Key, Query, SortRange, StoreError},
    remediation::Listed,
    table::Store,
};
use crate::incident::IncidentId;
use crate::lessons::{IncidentDocument, Vote};
use crate::remediation::Case;

/// How long a document is kept.
const KEEP_DAYS: i64 = 730;

/// Where the document of an incident is.
#[derive(Serialize, Deserialize)]
struct Place {
    partition: String,
    sort: String,
}

fn document_key(document: &IncidentDocument) -> Key {
    Key::new(format!("document#{}", document.cluster), format!("{:.3}#{}", document.opened_at, document.id))
}

fn place_key(id: &IncidentId) -> Key {
    Key::new(format!("document-of#{id}"), "place")
}

fn vote_key(id: &IncidentId, user: &str) -> Key {
    Key::new(format!("vote#{id}"), user)
}

fn keep(now: Timestamp) -> Option<Timestamp> {
    Some(now + (KEEP_DAYS * 24).hours())
}

impl Store {
    /// Keeps an incident's document, in the place of an earlier one of it. Votes that are kept are taken in. Says whether
    /// that changed anything.
    pub async fn put_document(&self, mut document: IncidentDocument, now: Timestamp) -> Result<bool, StoreError> {
        let key = document_key(&document);
        document.votes = self.votes(&document.id, now).await?;
        let unchanged = self.read::<IncidentDocument>(&key, now).await?.is_some_and(|(kept, _)| kept == document);
        if unchanged {
            return Ok(false);
        }
        // First where it is, then the document: a place without a document is passed over.
        let place = Place { partition: key.partition.clone(), sort: key.sort.clone() };
        self.set(&place_key(&document.id), &place, keep(now), now).await?;
        self.set(&key, &document, keep(now), now).await?;
        Ok(true)
    }

    /// The document of an incident.
    pub async fn document(&self, id: &IncidentId, now: Timestamp) -> Result<Option<IncidentDocument>, StoreError> {
        let Some((place, _)) = self.read::<Place>(&place_key(id), now).await? else { return Ok(None) };
        Ok(self.read(&Key::new(place.partition, place.sort), now).await?.map(|(document, _)| document))
    }

    /// Documents of a cluster's incidents that began since `since`, the latest first.
    pub async fn documents(
        &self,
        cluster: &str,
        since: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<IncidentDocument>, StoreError> {
        let query = Query {
            partition: format!("document#{cluster}"),
            range: SortRange::Between(format!("{since:.3}"), "~".to_owned()),
            descending: true,
            limit,
        };
        Ok(self.list(&query, now).await?.into_iter().map(|(_, document, _)| document).collect())
    }

    /// Takes in what a person says of an incident's diagnosis; of two votes of one person the later one counts, whatever
    /// the order in which they arrive. Returns everybody's votes.
    pub async fn vote(
        &self,
        id: &IncidentId,
        user: &str,
        vote: &Vote,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Vote>, StoreError> {
        self.change(&vote_key(id, user), now, |kept: Option<Vote>| match kept {
            Some(kept) if kept.at >= vote.at => (None, ()),
            _ => (Some((vote.clone(), keep(now))), ()),
        })
        .await?;
        let votes = self.votes(id, now).await?;
        // The document may have been written before: it says what people say now.
        if let Some((place, _)) = self.read::<Place>(&place_key(id), now).await? {
            self.change(&Key::new(place.partition, place.sort), now, |kept: Option<IncidentDocument>| match kept {
                Some(mut document) if document.votes != votes => {
                    document.votes.clone_from(&votes);
                    (Some((document, keep(now))), ())
                }
                _ => (None, ()),
            })
            .await?;
        }
        Ok(votes)
    }

    /// What people say of an incident's diagnosis.
    pub async fn votes(&self, id: &IncidentId, now: Timestamp) -> Result<BTreeMap<String, Vote>, StoreError> {
        let partition = format!("vote#{id}");
        let query = Query { partition, range: SortRange::All, descending: false, limit: 1000 };
        Ok(self.list(&query, now).await?.into_iter().map(|(key, vote, _)| (key.sort, vote)).collect())
    }

    /// The cases of an incident, in the order in which they came to where they are.
    pub async fn cases_of(&self, incident: &IncidentId, now: Timestamp) -> Result<Vec<Case>, StoreError> {
        let partition = format!("remediation-of#{incident}");
        let query = Query { partition, range: SortRange::All, descending: false, limit: 50 };
        let mut cases = Vec::new();
        for (_, listed, _) in self.list::<Listed>(&query, now).await? {
            cases.extend(self.case(&listed.case, now).await?.map(|kept| kept.case));
        }
        cases.sort_by_key(|case: &Case| case.since);
        Ok(cases)
    }
}
