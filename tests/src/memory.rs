//! A store in memory whose every call can go wrong: before its effect, after it, or by the end of the process.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use shared::store::{Backend, Expect, Item, Key, Query, StoreError, Version};
use tokio::sync::Notify;

/// What goes wrong with a call to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreFault {
    /// Nothing happened, and the caller is told so.
    Refused,
    /// It happened, and the caller is told that it is not known.
    LostAnswer,
    /// The process ends before the call takes effect.
    CrashBefore,
    /// The process ends after the call has taken effect.
    CrashAfter,
}

impl StoreFault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Refused, Self::LostAnswer, Self::CrashBefore, Self::CrashAfter];
    /// Those that differ where a call has no effect.
    pub const OF_READING: [Self; 2] = [Self::Refused, Self::CrashBefore];
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<(String, String), Item>,
    /// The name of every call so far.
    journal: Vec<String>,
    /// Which call goes wrong, counted from the first.
    fault: Option<(usize, StoreFault)>,
    /// Whether it has.
    has_struck: bool,
}

/// A store in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    /// Notified where the process is to end.
    pub crash: Arc<Notify>,
    /// Whether calls are the test's own: nothing goes wrong with them, and they are not counted.
    is_quiet: bool,
}

impl Memory {
    /// A store whose call number `call` goes wrong.
    pub fn failing(call: usize, fault: StoreFault) -> Self {
        let memory = Self::default();
        memory.lock().fault = Some((call, fault));
        memory
    }

    /// Lets the call go wrong that comes after this many more.
    pub fn strike(&self, after: usize, fault: StoreFault) {
        let mut state = self.lock();
        state.fault = Some((state.journal.len() + after, fault));
        state.has_struck = false;
    }

    /// Lets nothing go wrong any more that has not yet.
    pub fn spare(&self) {
        self.lock().fault = None;
    }

    /// Another store that holds what this one does.
    #[must_use]
    pub fn copied(&self) -> Self {
        let items = self.lock().items.clone();
        Self { state: Arc::new(Mutex::new(State { items, ..State::default() })), ..Self::default() }
    }

    /// The same store for the test's own looks at it.
    #[must_use]
    pub fn quietly(&self) -> Self {
        Self { is_quiet: true, ..self.clone() }
    }

    /// The names of all calls so far: operation and partition, identifiers left out.
    pub fn journal(&self) -> Vec<String> {
        self.lock().journal.clone()
    }

    /// Whether the fault has struck.
    pub fn has_struck(&self) -> bool {
        self.lock().has_struck
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call<T>(
        &self,
        name: String,
        effect: impl FnOnce(&mut BTreeMap<(String, String), Item>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let lost =
            |doing: &str| StoreError::Unavailable { doing: doing.to_owned(), source: "a fault of the test".into() };
        if self.is_quiet {
            return effect(&mut self.lock().items);
        }
        let fault = {
            let mut state = self.lock();
            let number = state.journal.len();
            state.journal.push(name);
            let fault = state.fault.filter(|(call, _)| *call == number).map(|(_, fault)| fault);
            state.has_struck |= fault.is_some();
            fault
        };
        match fault {
            None => effect(&mut self.lock().items),
            Some(StoreFault::Refused) => Err(lost("refused")),
            Some(StoreFault::LostAnswer) => {
                let _ = effect(&mut self.lock().items);
                Err(lost("lost"))
            }
            Some(StoreFault::CrashBefore) => self.end().await,
            Some(StoreFault::CrashAfter) => {
                let _ = effect(&mut self.lock().items);
                self.end().await
            }
        }
    }

    async fn end<T>(&self) -> T {
        self.crash.notify_one();
        std::future::pending().await
    }
}

/// `put effect` of `effect#1234`: the call site, whatever it is about.
fn name(operation: &str, partition: &str) -> String {
    format!("{operation} {}", partition.split('#').next().unwrap_or_default())
}

fn address(key: &Key) -> (String, String) {
    (key.partition.clone(), key.sort.clone())
}

impl Backend for Memory {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(self.call(name("get", &key.partition), |items| Ok(items.get(&address(key)).cloned())))
    }

    fn put<'a>(&'a self, item: &'a Item, expect: Expect) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.call(name("put", &item.key.partition), move |items| {
            let found = items.get(&address(&item.key));
            let is_as_expected = match (found, expect) {
                (Some(found), _) if found.version == item.version => true,
                (_, Expect::Anything) | (None, Expect::Absent(_)) => true,
                (Some(found), Expect::Absent(now)) => found.is_expired(now),
                (Some(found), Expect::Version(version)) => found.version == version,
                (None, Expect::Version(_)) => false,
            };
            if !is_as_expected {
                return Err(StoreError::Conflict(item.key.clone()));
            }
            items.insert(address(&item.key), item.clone());
            Ok(())
        }))
    }

    fn delete<'a>(&'a self, key: &'a Key, version: Option<Version>) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.call(name("delete", &key.partition), move |items| {
            match (items.get(&address(key)), version) {
                (Some(found), Some(version)) if found.version != version => {
                    return Err(StoreError::Conflict(key.clone()));
                }
                _ => items.remove(&address(key)),
            };
            Ok(())
        }))
    }

    fn query<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Item>, StoreError>> {
        Box::pin(self.call(name("query", &query.partition), move |items| {
            let bounds = query.range.bounds();
            let of_partition = items.values().filter(|item| item.key.partition == query.partition);
            let mut found: Vec<Item> = of_partition.filter(|item| bounds.contains(&item.key.sort)).cloned().collect();
            if query.descending {
                found.reverse();
            }
            found.truncate(query.limit);
            Ok(found)
        }))
    }
}
