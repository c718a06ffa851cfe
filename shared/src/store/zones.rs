//! What is kept of a cluster's zones: what is wanted of them, and the memory that it was judged by.
//!
//! Both are one item, changed by compare and write: a want that no memory knows of, or a memory that takes for said what was
//! never wanted, cannot come about, and of two who judge the same minute one finds out that he is late.

use jiff::{Timestamp, ToSpan};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::{
    backend::{Key, StoreError, Version},
    table::Store,
};
use crate::zonal::Want;

/// A memory that was not added to for so long is of no use.
const KEEP_DAYS: i64 = 60;

/// What is kept of a cluster's zones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zones<M> {
    /// Which zone is to be left, and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub want: Option<Want>,
    /// What the judgement remembers.
    pub memory: M,
}

fn key(cluster: &str) -> Key {
    Key::new(format!("zones#{cluster}"), "current")
}

impl Store {
    /// What is kept of a cluster's zones, and the version to give back to [`Store::keep_zones`].
    pub async fn zones<M: DeserializeOwned>(
        &self,
        cluster: &str,
        now: Timestamp,
    ) -> Result<Option<(Zones<M>, Version)>, StoreError> {
        self.read(&key(cluster), now).await
    }

    /// Which zone of a cluster is to be left, and until when.
    pub async fn want(&self, cluster: &str, now: Timestamp) -> Result<Option<Want>, StoreError> {
        Ok(self.zones::<IgnoredAny>(cluster, now).await?.and_then(|(zones, _)| zones.want))
    }

    /// Keeps this in the place of the version that was read, or where there was none; a conflict means that somebody else was
    /// faster.
    pub async fn keep_zones<M: Serialize>(
        &self,
        cluster: &str,
        read: Option<Version>,
        zones: &Zones<M>,
        now: Timestamp,
    ) -> Result<Version, StoreError> {
        let expires_at = Some(now + (KEEP_DAYS * 24).hours());
        match read {
            Some(version) => self.replace(&key(cluster), zones, expires_at, version, now).await,
            None => self.create(&key(cluster), zones, expires_at, now).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;
    use crate::zonal::ZoneId;

    #[tokio::test]
    async fn want_and_memory_are_kept_together_and_who_is_late_finds_out() {
        let (store, now) = (Store::new(MemoryStore::default()), "2026-03-02T03:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!(store.want("prod-eks", now).await.unwrap(), None);
        let quiet = Zones { want: None, memory: vec![1, 2] };
        let first = store.keep_zones("prod-eks", None, &quiet, now).await.unwrap();
        assert!(store.keep_zones("prod-eks", None, &quiet, now).await.unwrap_err().is_conflict());
        let want = Want { zone: ZoneId("use1-az1".into()), since: now, expires_at: now + 30.minutes() };
        let left = Zones { want: Some(want.clone()), memory: vec![1, 2, 3] };
        let second = store.keep_zones("prod-eks", Some(first), &left, now).await.unwrap();
        assert!(store.keep_zones("prod-eks", Some(first), &quiet, now).await.unwrap_err().is_conflict());
        assert_eq!(store.zones::<Vec<u8>>("prod-eks", now).await.unwrap(), Some((left, second)));
        assert_eq!(store.want("prod-eks", now).await.unwrap(), Some(want));
        assert_eq!(store.want("stage-eks", now).await.unwrap(), None);
    }
}
