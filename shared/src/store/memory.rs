//! A store in memory, for tests that need thousands of operations, or one that fails at a chosen moment.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;

use super::backend::{Backend, Expect, Item, Key, Query, StoreError};

/// A store in memory. Clones share their items.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryStore {
    items: Arc<Mutex<BTreeMap<Key, Item>>>,
    writes: Arc<AtomicUsize>,
    fault: Arc<Mutex<Option<(usize, Fault)>>>,
}

/// What happens to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not done, and nothing after it.
    Before,
    /// It is done, and nothing after it.
    After,
}

impl MemoryStore {
    /// The `nth` write from now on (from 0) and everything after it fails.
    pub(crate) fn fail_at(&self, nth: usize, fault: Fault) {
        *self.fault.lock().unwrap() = Some((self.writes() + nth, fault));
    }

    /// Works again.
    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap() = None;
    }

    /// How many writes were asked for.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    fn write(&self, work: impl FnOnce(&mut BTreeMap<Key, Item>) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        let fault = *self.fault.lock().unwrap();
        let interrupted = || StoreError::Unavailable { doing: "test".into(), source: "interrupted on purpose".into() };
        match fault {
            Some((at, _)) if number > at => Err(interrupted()),
            Some((at, Fault::Before)) if number == at => Err(interrupted()),
            Some((at, Fault::After)) if number == at => work(&mut self.items.lock().unwrap()).and(Err(interrupted())),
            _ => work(&mut self.items.lock().unwrap()),
        }
    }
}

impl Backend for MemoryStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(self.items.lock().unwrap().get(key).cloned())
        })
    }

    fn put<'a>(&'a self, item: &'a Item, expect: Expect) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.write(|items| {
                let as_expected = match (items.get(&item.key), expect) {
                    (Some(current), _) if current.version == item.version => true,
                    (_, Expect::Anything) | (None, Expect::Absent(_)) => true,
                    (Some(current), Expect::Absent(now)) => current.is_expired(now),
                    (Some(current), Expect::Version(version)) => current.version == version,
                    (None, Expect::Version(_)) => false,
                };
                if !as_expected {
                    return Err(StoreError::Conflict(item.key.clone()));
                }
                items.insert(item.key.clone(), item.clone());
                Ok(())
            })
        })
    }

    fn delete<'a>(
        &'a self,
        key: &'a Key,
        version: Option<super::backend::Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.write(|items| match (items.get(key), version) {
                (Some(current), Some(version)) if current.version != version => Err(StoreError::Conflict(key.clone())),
                _ => {
                    items.remove(key);
                    Ok(())
                }
            })
        })
    }

    fn query<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Item>, StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let items = self.items.lock().unwrap();
            let (from, to) = query.range.bounds();
            let within = items.values().filter(|item| {
                item.key.partition == query.partition
                    && std::ops::RangeBounds::<String>::contains(&(from.as_ref(), to.as_ref()), &item.key.sort)
            });
            let mut found: Vec<Item> = within.cloned().collect();
            if query.descending {
                found.reverse();
            }
            found.truncate(query.limit);
            Ok(found)
        })
    }
}
