//! The one low-level trait: items by partition and sort key, with conditional writes.

use std::{
    fmt,
    hash::{BuildHasher, Hasher},
    ops::Bound,
};

use futures::future::BoxFuture;
use jiff::Timestamp;

/// An item's address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition: what is read and written together.
    pub partition: String,
    /// Sort key: the order within the partition.
    pub sort: String,
}

impl Key {
    /// A key.
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.partition, self.sort)
    }
}

/// An item's version: a number that each write draws anew. Equal versions mean the same write, so a writer who lost the
/// answer recognises its own work, and an item made anew is never taken for the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(pub(super) i64);

impl Version {
    /// A version nothing had before. std's hash keys are random, which is all that is needed here.
    pub(super) fn fresh() -> Self {
        let random = std::hash::RandomState::new().build_hasher().finish();
        Self(i64::from_le_bytes(random.to_le_bytes()))
    }
}

/// An item as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its address.
    pub key: Key,
    /// Its version.
    pub version: Version,
    /// From when on it counts as absent. Deletion follows some time later.
    pub expires_at: Option<Timestamp>,
    /// Its content.
    pub body: Vec<u8>,
}

impl Item {
    /// Whether the item counts as absent.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at.as_second() <= now.as_second())
    }
}

/// What a write expects to find. A write that finds something else changes nothing and ends in [`StoreError::Conflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No item, or one that has expired by this time.
    Absent(Timestamp),
    /// The item in exactly this version.
    Version(Version),
    /// Whatever there is.
    Anything,
}

/// Which part of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortRange {
    /// All of it.
    All,
    /// Sort keys that start so.
    Prefix(String),
    /// Sort keys from the first to the second, both included.
    Between(String, String),
}

impl SortRange {
    /// The first and last sort key, for a backend that keeps them in order.
    pub fn bounds(&self) -> (Bound<String>, Bound<String>) {
        match self {
            Self::All => (Bound::Included(String::new()), Bound::Unbounded),
            Self::Prefix(prefix) => (Bound::Included(prefix.clone()), Bound::Excluded(format!("{prefix}\u{10ffff}"))),
            Self::Between(from, to) => (Bound::Included(from.clone()), Bound::Included(to.clone())),
        }
    }
}

/// A question for items of one partition, in the order of their sort keys (by bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The partition.
    pub partition: String,
    /// Which part of it.
    pub range: SortRange,
    /// From the last to the first.
    pub descending: bool,
    /// How many at most.
    pub limit: usize,
}

/// Where items are kept. Reads see every write that was answered before they began.
///
/// Implementations: [`super::FileStore`], and `DynamoStore` with the feature `dynamodb`. Tests and the fault enumeration wrap them.
pub trait Backend: Send + Sync + fmt::Debug {
    /// The item at `key`, expired or not.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>>;

    /// Writes `item` with its version where what is there is as expected, or is this very item: a repetition whose first
    /// answer was lost succeeds.
    fn put<'a>(&'a self, item: &'a Item, expect: Expect) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Deletes the item at `key` if it is in this version, or in any. Deleting what is not there is no error.
    fn delete<'a>(&'a self, key: &'a Key, version: Option<Version>) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The items a query asks for, expired ones included.
    fn query<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Item>, StoreError>>;
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote first.
    #[error("{0} was changed meanwhile; read it again and repeat")]
    Conflict(Key),
    /// Nothing is known of the outcome, or nothing was done. Every operation may be repeated.
    #[error("the store did not answer ({doing}); retry")]
    Unavailable {
        /// What was tried.
        doing: String,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store will refuse until somebody changes something.
    #[error("the store refused ({doing}): {advice}")]
    Refused {
        /// What was tried.
        doing: String,
        /// What to do.
        advice: String,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A kept item cannot be read.
    #[error("{key} cannot be read: {why}; it was written by a newer version or damaged, delete it or update")]
    Unreadable {
        /// Which.
        key: Key,
        /// Why.
        why: String,
    },
}

impl StoreError {
    /// Whether the same operation may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Unavailable { .. })
    }

    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}
