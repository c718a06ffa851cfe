//! Typed items over a backend: read, create, replace, change.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    backend::{Backend, Expect, Item, Key, Query, StoreError, Version},
    format::{self, Encoded},
};

/// How often a change is tried against others who change the same item.
const ATTEMPTS: u32 = 100;

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
}

impl Store {
    /// A store over this backend.
    pub fn new(backend: impl Backend + 'static) -> Self {
        Self { backend: Arc::new(backend) }
    }

    /// The store at `location`. `aws` is asked only where it is needed.
    ///
    /// # Errors
    ///
    /// Where a file cannot be opened, or this binary was built for Lambda, where there are none to keep.
    #[cfg(feature = "dynamodb")]
    pub async fn open(
        location: &super::StoreLocation,
        aws: impl AsyncFnOnce() -> aws_config::SdkConfig,
    ) -> Result<Self, StoreError> {
        Ok(match location {
            super::StoreLocation::DynamoDb { table } => Self::new(super::DynamoStore::new(&aws().await, table)),
            #[cfg(feature = "embedded-store")]
            super::StoreLocation::File { path } => Self::new(super::FileStore::open(path)?),
            #[cfg(not(feature = "embedded-store"))]
            super::StoreLocation::File { path } => {
                return Err(StoreError::Refused {
                    doing: format!("open {}", path.display()),
                    advice: "this package keeps no files; set NIGHTSHIFT_STORE to dynamodb:TABLE".to_owned(),
                    source: "built without embedded-store".into(),
                });
            }
        })
    }

    /// The value at `key` and its version; `None` where there is none or it has expired.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        key: &Key,
        now: Timestamp,
    ) -> Result<Option<(T, Version)>, StoreError> {
        match self.backend.get(key).await? {
            Some(item) if !item.is_expired(now) => {
                let version = item.version;
                Ok(Some((self.decode(item).await?, version)))
            }
            _ => Ok(None),
        }
    }

    /// Writes a value where there is none.
    pub(super) async fn create<T: Serialize>(
        &self,
        key: &Key,
        value: &T,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Version, StoreError> {
        let version = Version::fresh();
        self.write(key, value, version, expires_at, Expect::Absent(now), now).await?;
        Ok(version)
    }

    /// Writes a value in the place of this version.
    pub(super) async fn replace<T: Serialize>(
        &self,
        key: &Key,
        value: &T,
        expires_at: Option<Timestamp>,
        version: Version,
        now: Timestamp,
    ) -> Result<Version, StoreError> {
        let new = Version::fresh();
        self.write(key, value, new, expires_at, Expect::Version(version), now).await?;
        Ok(new)
    }

    /// Writes a value, whatever there is.
    pub(super) async fn set<T: Serialize>(
        &self,
        key: &Key,
        value: &T,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(key, value, Version::fresh(), expires_at, Expect::Anything, now).await
    }

    /// Deletes the value if it is in this version, or in any.
    pub(super) async fn remove(&self, key: &Key, version: Option<Version>) -> Result<(), StoreError> {
        self.backend.delete(key, version).await
    }

    /// The values a query asks for, without those that have expired.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        query: &Query,
        now: Timestamp,
    ) -> Result<Vec<(Key, T, Version)>, StoreError> {
        let mut values = Vec::new();
        for item in self.backend.query(query).await? {
            if !item.is_expired(now) {
                let (key, version) = (item.key.clone(), item.version);
                values.push((key, self.decode(item).await?, version));
            }
        }
        Ok(values)
    }

    /// Reads, lets `change` decide, and writes what it returns, from the start again when somebody else was faster.
    /// `change` gets the current value and returns the new one with its expiry, or `None` to leave it, and an answer.
    pub(super) async fn change<T, A>(
        &self,
        key: &Key,
        now: Timestamp,
        mut change: impl FnMut(Option<T>) -> (Option<(T, Option<Timestamp>)>, A),
    ) -> Result<A, StoreError>
    where
        T: Serialize + DeserializeOwned,
    {
        let mut attempt = 0;
        loop {
            let (current, version) = match self.read::<T>(key, now).await? {
                Some((current, version)) => (Some(current), Some(version)),
                None => (None, None),
            };
            let (new, answer) = change(current);
            let Some((new, expires_at)) = new else { return Ok(answer) };
            let written = match version {
                Some(version) => self.replace(key, &new, expires_at, version, now).await,
                None => self.create(key, &new, expires_at, now).await,
            };
            match written {
                Ok(_) => return Ok(answer),
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(jitter(attempt)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn write<T: Serialize>(
        &self,
        key: &Key,
        value: &T,
        version: Version,
        expires_at: Option<Timestamp>,
        expect: Expect,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let salt = format!("{}-{}", version.0, expires_at.map_or(0, Timestamp::as_second));
        let body = match format::encode(key, value, &salt)? {
            Encoded::Whole(body) => body,
            Encoded::InParts { parts, content, body } => {
                for (index, part) in content.into_iter().enumerate() {
                    let part = Item { key: parts.key(index), version: Version::fresh(), expires_at, body: part };
                    match self.backend.put(&part, Expect::Absent(now)).await {
                        // The key is the content's hash: what is there is what would be written.
                        Err(error) if error.is_conflict() => {}
                        outcome => outcome?,
                    }
                }
                body
            }
        };
        self.backend.put(&Item { key: key.clone(), version, expires_at, body }, expect).await
    }

    async fn decode<T: DeserializeOwned>(&self, item: Item) -> Result<T, StoreError> {
        let Some(parts) = format::parts(&item.key, &item.body)? else { return format::decode(&item.key, &item.body) };
        let mut whole = Vec::new();
        for index in 0..parts.count {
            let key = parts.key(index);
            let part = self.backend.get(&key).await?;
            let part = part.ok_or_else(|| StoreError::Unreadable { key, why: "a part is missing".to_owned() })?;
            whole.extend(part.body);
        }
        format::decode(&item.key, &whole)
    }
}

/// A pause that differs between those who wait, and grows with the crowd: up to 20 ms after the first attempt, 400 ms
/// from the twentieth on. A change takes a few milliseconds, so this lets tens of writers of one item through in seconds.
fn jitter(attempt: u32) -> Duration {
    Duration::from_millis(Version::fresh().0.unsigned_abs() % (20 * u64::from(attempt.min(20))) + 1)
}
