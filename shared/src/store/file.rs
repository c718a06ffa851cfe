//! The embedded store: one redb file, for the demo, a laptop, tests.
//!
//! redb locks its file while it is open, and the demo runs several functions as processes over one file. So each operation
//! takes the lock of a file beside it (which waits, where redb would refuse), opens the database, does its one
//! transaction and closes it.
//!
//! Opening and closing would wait for the disk three times each. What is kept here has to survive the end of a process at
//! any point, not a loss of power, so writes are left to the operating system ([`Unhurried`]).

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition, backends::FileBackend};

use super::backend::{Backend, Expect, Item, Key, Query, StoreError, Version};

/// (partition, sort key) -> (version, expiry in seconds or 0, body).
const ITEMS: TableDefinition<'_, (&str, &str), (i64, i64, &[u8])> = TableDefinition::new("items_v1");

/// A store in one file.
#[derive(Debug, Clone)]
pub struct FileStore {
    path: Arc<PathBuf>,
}

impl FileStore {
    /// The store in the file at `path`, which is made if need be.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory).map_err(|source| refused(&path, source))?;
        }
        let store = Self { path: Arc::new(path) };
        store.locked(|database| {
            let transaction = database.begin_write()?;
            transaction.open_table(ITEMS)?;
            Ok(transaction.commit()?)
        })?;
        Ok(store)
    }

    fn locked<T>(&self, work: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        let _lock = self.lock().map_err(|source| refused(&self.path, source))?;
        let database = self.database().map_err(|source| unavailable(&self.path, source))?;
        work(&database).map_err(|source| unavailable(&self.path, source))
    }

    fn database(&self) -> Result<Database, redb::Error> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path.as_path())?;
        Ok(Database::builder().create_with_backend(Unhurried(FileBackend::new(file)?))?)
    }

    fn lock(&self) -> std::io::Result<File> {
        let mut path = self.path.as_path().to_owned().into_os_string();
        path.push(".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    }

    fn run<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let store = self.clone();
        Box::pin(async move {
            let path = Arc::clone(&store.path);
            match tokio::task::spawn_blocking(move || work(&store)).await {
                Ok(outcome) => outcome,
                Err(source) => Err(unavailable(&path, source)),
            }
        })
    }
}

/// A file whose writes reach the disk when the operating system sees fit.
#[derive(Debug)]
struct Unhurried(FileBackend);

impl StorageBackend for Unhurried {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> std::io::Result<()> {
        self.0.close()
    }
}

impl Backend for FileStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        let key = key.clone();
        self.run(move |store| {
            store.locked(|database| {
                let table = database.begin_read()?.open_table(ITEMS)?;
                let found = table.get((key.partition.as_str(), key.sort.as_str()))?;
                Ok(found.map(|value| item(key.clone(), value.value())))
            })
        })
    }

    fn put<'a>(&'a self, new: &'a Item, expect: Expect) -> BoxFuture<'a, Result<(), StoreError>> {
        let new = new.clone();
        self.run(move |store| {
            let address = (new.key.partition.as_str(), new.key.sort.as_str());
            let written = store.locked(|database| {
                let transaction = database.begin_write()?;
                let as_expected = {
                    let mut table = transaction.open_table(ITEMS)?;
                    let current = table.get(address)?.map(|value| item(new.key.clone(), value.value()));
                    let as_expected = match (&current, expect) {
                        (Some(current), _) if current.version == new.version => true,
                        (_, Expect::Anything) | (None, Expect::Absent(_)) => true,
                        (Some(current), Expect::Absent(now)) => current.is_expired(now),
                        (Some(current), Expect::Version(version)) => current.version == version,
                        (None, Expect::Version(_)) => false,
                    };
                    if as_expected {
                        let expiry = new.expires_at.map_or(0, Timestamp::as_second);
                        table.insert(address, (new.version.0, expiry, new.body.as_slice()))?;
                    }
                    as_expected
                };
                if as_expected {
                    transaction.commit()?;
                } else {
                    transaction.abort()?;
                }
                Ok(as_expected)
            })?;
            if written { Ok(()) } else { Err(StoreError::Conflict(new.key.clone())) }
        })
    }

    fn delete<'a>(&'a self, key: &'a Key, version: Option<Version>) -> BoxFuture<'a, Result<(), StoreError>> {
        let key = key.clone();
        self.run(move |store| {
            let address = (key.partition.as_str(), key.sort.as_str());
            let deleted = store.locked(|database| {
                let transaction = database.begin_write()?;
                let as_expected = {
                    let mut table = transaction.open_table(ITEMS)?;
                    let current = table.get(address)?.map(|value| Version(value.value().0));
                    let as_expected = version.is_none() || current.is_none() || current == version;
                    if as_expected {
                        table.remove(address)?;
                    }
                    as_expected
                };
                transaction.commit()?;
                Ok(as_expected)
            })?;
            if deleted { Ok(()) } else { Err(StoreError::Conflict(key.clone())) }
        })
    }

    fn query<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Item>, StoreError>> {
        let query = query.clone();
        self.run(move |store| {
            store.locked(|database| {
                let table = database.begin_read()?.open_table(ITEMS)?;
                let (from, to) = query.range.bounds();
                // The next partition begins where this one's name, followed by the lowest character, would stand.
                let partition = query.partition.as_str();
                let next = format!("{partition}\u{0}");
                let from = from.as_ref().map(|sort| (partition, sort.as_str()));
                let to = match &to {
                    std::ops::Bound::Unbounded => std::ops::Bound::Excluded((next.as_str(), "")),
                    bound => bound.as_ref().map(|sort| (partition, sort.as_str())),
                };
                let mut rows = table.range::<(&str, &str)>((from, to))?;
                let mut items = Vec::new();
                while items.len() < query.limit {
                    let row = if query.descending { rows.next_back() } else { rows.next() };
                    let Some(row) = row else { break };
                    let (key, value) = row?;
                    let (partition, sort) = key.value();
                    items.push(item(Key::new(partition, sort), value.value()));
                }
                Ok(items)
            })
        })
    }
}

fn item(key: Key, (version, expiry, body): (i64, i64, &[u8])) -> Item {
    let expires_at = if expiry == 0 { None } else { Timestamp::from_second(expiry).ok() };
    Item { key, version: Version(version), expires_at, body: body.to_vec() }
}

fn unavailable(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable { doing: format!("file {}", path.display()), source: Box::new(source) }
}

fn refused(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Refused {
        doing: format!("file {}", path.display()),
        advice: "name a file in a directory that can be written to in NIGHTSHIFT_STORE".to_owned(),
        source: Box::new(source),
    }
}
