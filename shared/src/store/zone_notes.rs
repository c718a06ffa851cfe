//! What else is kept of zones: where a suspicion is told, and which zones AWS says are impaired.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{
    backend::{Key, Query, SortRange, StoreError},
    table::Store,
};
use crate::remediation::CaseId;
use crate::zonal::ZoneId;

/// Messages are not edited after so long.
const KEEP_DAYS: i64 = 30;
/// AWS's word for the end of an impairment may be lost.
const NAMED_HOURS: i64 = 12;

/// Where a suspicion is told, and what was proposed of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ZoneThread {
    /// The channel's id.
    pub channel: String,
    /// The thread's first message, once it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<String>,
    /// What it shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shows: String,
    /// The charts that were uploaded, or begun to be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<String>,
    /// When the zone was to be left, and the case that proposes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<(Timestamp, CaseId)>,
}

/// AWS's last word about a zone.
#[derive(Serialize, Deserialize)]
struct Named {
    at: Timestamp,
    is_impaired: bool,
}

fn thread_key(story: &str) -> Key {
    Key::new(format!("zone-thread#{story}"), "thread")
}

fn named(region: &str) -> String {
    format!("zone-named#{region}")
}

impl Store {
    /// Where a suspicion is told.
    pub async fn zone_thread(&self, story: &str, now: Timestamp) -> Result<Option<ZoneThread>, StoreError> {
        Ok(self.read(&thread_key(story), now).await?.map(|(thread, _)| thread))
    }

    /// Changes it, from nothing where there is none; returns what stands then.
    pub async fn change_zone_thread(
        &self,
        story: &str,
        now: Timestamp,
        change: impl Fn(&mut ZoneThread),
    ) -> Result<ZoneThread, StoreError> {
        let expires_at = Some(now + (KEEP_DAYS * 24).hours());
        self.change(&thread_key(story), now, |kept: Option<ZoneThread>| {
            let before = kept.unwrap_or_default();
            let mut after = before.clone();
            change(&mut after);
            ((after != before).then(|| (after.clone(), expires_at)), after)
        })
        .await
    }

    /// Notes what AWS said of a zone of a region at `at`; of words that arrive in any order the latest counts.
    pub async fn name_zone(
        &self,
        region: &str,
        zone: &ZoneId,
        (at, is_impaired): (Timestamp, bool),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = Key::new(named(region), zone.0.as_str());
        self.change(&key, now, |kept: Option<Named>| match kept {
            Some(kept) if kept.at > at => (None, ()),
            _ => (Some((Named { at, is_impaired }, Some(at + NAMED_HOURS.hours()))), ()),
        })
        .await
    }

    /// The zones of a region that AWS says are impaired, and since when.
    pub async fn named_zones(&self, region: &str, now: Timestamp) -> Result<Vec<(ZoneId, Timestamp)>, StoreError> {
        let query = Query { partition: named(region), range: SortRange::All, descending: false, limit: 50 };
        let found = self.list::<Named>(&query, now).await?;
        let impaired = found.into_iter().filter(|(_, named, _)| named.is_impaired);
        Ok(impaired.map(|(key, named, _)| (ZoneId(key.sort), named.at)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[tokio::test]
    async fn what_aws_names_is_known_until_it_says_otherwise_or_has_been_silent_for_long() {
        let (store, now) = (Store::new(MemoryStore::default()), "2026-03-02T03:00:00Z".parse::<Timestamp>().unwrap());
        let zone = |name: &str| ZoneId(name.to_owned());
        let said = async |name: &str, at: Timestamp, is_impaired| {
            store.name_zone("us-east-1", &zone(name), (at, is_impaired), now).await.unwrap();
        };
        said("use1-az1", now, true).await;
        said("use1-az2", now + 1.minute(), false).await;
        // Late.
        said("use1-az2", now, true).await;
        assert_eq!(store.named_zones("us-east-1", now).await.unwrap(), [(zone("use1-az1"), now)]);
        assert_eq!(store.named_zones("us-west-2", now).await.unwrap(), []);
        assert_eq!(store.named_zones("us-east-1", now + 13.hours()).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_thread_is_changed_from_what_it_is() {
        let (store, now) = (Store::new(MemoryStore::default()), "2026-03-02T03:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!(store.zone_thread("zone-1", now).await.unwrap(), None);
        store.change_zone_thread("zone-1", now, |thread| thread.ts = Some("1.2".to_owned())).await.unwrap();
        let after =
            store.change_zone_thread("zone-1", now, |thread| thread.charts.push("watch".to_owned())).await.unwrap();
        assert_eq!((after.ts.as_deref(), after.charts.len()), (Some("1.2"), 1));
        assert_eq!(store.zone_thread("zone-1", now).await.unwrap(), Some(after));
    }
}
