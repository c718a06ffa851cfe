//! What is kept of a cluster's nodes, and of findings that name one.
//!
//! Both are changed by compare and write. A finding that something is still to be done about is in its cluster's list: it is
//! listed first and kept then, so that none is kept and not listed.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    backend::{Key, Query, SortRange, StoreError, Version},
    table::Store,
};

/// How long a memory of nodes is of use.
const NODES_DAYS: i64 = 14;
/// GuardDuty keeps findings for 90 days; updates come until then.
const FINDING_DAYS: i64 = 90;

/// A row of the list of findings.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Listed {
    finding: String,
}

fn nodes_key(cluster: &str) -> Key {
    Key::new(format!("nodes#{cluster}"), "current")
}

fn finding_key(id: &str) -> Key {
    Key::new(format!("finding#{id}"), "current")
}

fn listed_key(cluster: &str, id: &str) -> Key {
    Key::new(format!("findings-open#{cluster}"), id)
}

impl Store {
    /// What is kept of a cluster's nodes, and the version to give back to [`Store::keep_nodes`].
    pub async fn nodes<M: DeserializeOwned>(
        &self,
        cluster: &str,
        now: Timestamp,
    ) -> Result<Option<(M, Version)>, StoreError> {
        self.read(&nodes_key(cluster), now).await
    }

    /// Keeps this in the place of the version that was read, or where there was none; a conflict means that somebody else
    /// was faster.
    pub async fn keep_nodes<M: Serialize>(
        &self,
        cluster: &str,
        read: Option<Version>,
        memory: &M,
        now: Timestamp,
    ) -> Result<Version, StoreError> {
        let (key, expires_at) = (nodes_key(cluster), Some(now + (NODES_DAYS * 24).hours()));
        match read {
            Some(version) => self.replace(&key, memory, expires_at, version, now).await,
            None => self.create(&key, memory, expires_at, now).await,
        }
    }

    /// What is kept of a finding.
    pub async fn finding<F: DeserializeOwned>(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<(F, Version)>, StoreError> {
        self.read(&finding_key(id), now).await
    }

    /// Keeps a finding in the place of the version that was read, or where there was none; as long as `cluster` is named it is
    /// in that cluster's list.
    pub async fn keep_finding<F: Serialize>(
        &self,
        (id, cluster): (&str, Option<&str>),
        read: Option<Version>,
        finding: &F,
        now: Timestamp,
    ) -> Result<Version, StoreError> {
        let expires_at = Some(now + (FINDING_DAYS * 24).hours());
        if let Some(cluster) = cluster {
            let row = Listed { finding: id.to_owned() };
            self.set(&listed_key(cluster, id), &row, expires_at, now).await?;
        }
        match read {
            Some(version) => self.replace(&finding_key(id), finding, expires_at, version, now).await,
            None => self.create(&finding_key(id), finding, expires_at, now).await,
        }
    }

    /// The findings of a cluster that something is still to be done about.
    pub async fn open_findings(&self, cluster: &str, limit: usize, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let partition = format!("findings-open#{cluster}");
        let query = Query { partition, range: SortRange::All, descending: false, limit };
        Ok(self.list::<Listed>(&query, now).await?.into_iter().map(|(_, row, _)| row.finding).collect())
    }

    /// Takes a finding off its cluster's list.
    pub async fn close_finding(&self, cluster: &str, id: &str) -> Result<(), StoreError> {
        self.remove(&listed_key(cluster, id), None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Kept {
        kept: String,
    }

    #[tokio::test]
    async fn who_is_late_finds_out_and_what_is_kept_is_listed() {
        let (store, now) = (Store::new(MemoryStore::default()), "2026-03-02T03:00:00Z".parse::<Timestamp>().unwrap());
        let kept = |what: &str| Kept { kept: what.to_owned() };
        let first = store.keep_nodes("prod", None, &kept("1"), now).await.unwrap();
        assert!(store.keep_nodes("prod", None, &kept("2"), now).await.unwrap_err().is_conflict());
        store.keep_nodes("prod", Some(first), &kept("3"), now).await.unwrap();
        assert!(store.keep_nodes("prod", Some(first), &kept("4"), now).await.unwrap_err().is_conflict());
        assert_eq!(store.nodes::<Kept>("prod", now).await.unwrap().map(|(found, _)| found), Some(kept("3")));
        assert!(store.nodes::<Kept>("stage", now).await.unwrap().is_none());
        store.keep_finding(("f1", Some("prod")), None, &kept("a"), now).await.unwrap();
        store.keep_finding(("f2", None), None, &kept("b"), now).await.unwrap();
        assert!(store.keep_finding(("f1", Some("prod")), None, &kept("c"), now).await.unwrap_err().is_conflict());
        assert_eq!(store.open_findings("prod", 10, now).await.unwrap(), ["f1"]);
        store.close_finding("prod", "f1").await.unwrap();
        assert!(store.open_findings("prod", 10, now).await.unwrap().is_empty());
        assert_eq!(store.finding::<Kept>("f1", now).await.unwrap().map(|(found, _)| found), Some(kept("a")));
    }
}
