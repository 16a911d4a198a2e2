//! Spin's key-value interface over its SQLite store or over Redis. The table and the key spelling are Spin's, so that
//! either host can open what the other wrote.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use rusqlite::OptionalExtension;
use tokio::sync::OnceCell;
use wasmtime::component::Resource;

use crate::bindings::imports::fermyon::spin::key_value::{Error, Host, HostStore};
use crate::instance::State;
use crate::runtime_config::KeyValueConfig;

/// An open store. Cloning it shares the connection: like Spin, the process has one for each store.
#[derive(Clone)]
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Store(Backend);

#[derive(Clone)]
enum Backend {
    Sqlite(SqliteStore),
    Redis(RedisStore),
}

impl Store {
    /// Prepares the store that `label` stands for; it is opened when it is first used.
    pub(crate) fn new(label: &str, config: KeyValueConfig) -> anyhow::Result<Self> {
        Ok(Self(match config {
            KeyValueConfig::Spin { path } => Backend::Sqlite(SqliteStore {
                label: label.into(),
                path: path.unwrap_or_default().into(),
                connection: Arc::default(),
            }),
            KeyValueConfig::Redis { url } => {
                // The URL may hold a password: neither it nor the parser's error is repeated.
                let client = redis::Client::open(url).map_err(|_| {
                    anyhow::anyhow!("the url of the key-value store {label:?} is not a Redis URL")
                })?;
                Backend::Redis(RedisStore {
                    client,
                    connection: Arc::default(),
                })
            }
        }))
    }

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        match &self.0 {
            Backend::Sqlite(store) => {
                store
                    .run(|db, label| {
                        db.prepare_cached(
                            "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2",
                        )?
                        .query_row((label, key), |row| row.get(0))
                        .optional()
                    })
                    .await
            }
            Backend::Redis(store) => store.connect().await?.get(key).await.map_err(other),
        }
    }

    async fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        match &self.0 {
            Backend::Sqlite(store) => {
                store
                    .run(|db, label| {
                        db.prepare_cached(
                            "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
                             ON CONFLICT (store, key) DO UPDATE SET value = ?3",
                        )?
                        .execute((label, key, value))
                        .map(drop)
                    })
                    .await
            }
            Backend::Redis(store) => store.connect().await?.set(key, value).await.map_err(other),
        }
    }

    async fn delete(&self, key: String) -> Result<(), Error> {
        match &self.0 {
            Backend::Sqlite(store) => {
                store
                    .run(|db, label| {
                        db.prepare_cached(
                            "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2",
                        )?
                        .execute((label, key))
                        .map(drop)
                    })
                    .await
            }
            Backend::Redis(store) => store.connect().await?.del(key).await.map_err(other),
        }
    }

    async fn exists(&self, key: String) -> Result<bool, Error> {
        match &self.0 {
            Backend::Sqlite(store) => {
                store
                    .run(|db, label| {
                        db.prepare_cached(
                            "SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2",
                        )?
                        .exists((label, key))
                    })
                    .await
            }
            Backend::Redis(store) => store.connect().await?.exists(key).await.map_err(other),
        }
    }

    async fn get_keys(&self) -> Result<Vec<String>, Error> {
        match &self.0 {
            Backend::Sqlite(store) => {
                store
                    .run(|db, label| {
                        db.prepare_cached("SELECT key FROM spin_key_value WHERE store = ?1")?
                            .query_map((label,), |row| row.get(0))?
                            .collect()
                    })
                    .await
            }
            Backend::Redis(store) => store.connect().await?.keys("*").await.map_err(other),
        }
    }
}

/// Spin's own store: a table in a SQLite file.
#[derive(Clone)]
struct SqliteStore {
    label: Arc<str>,
    path: Arc<Path>,
    connection: Arc<OnceLock<Mutex<rusqlite::Connection>>>,
}

impl SqliteStore {
    /// Runs `work` off the async threads: SQLite blocks, up to its busy timeout (rusqlite sets 5 s, as in Spin).
    async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    {
        let store = self.clone();
        let result = tokio::task::spawn_blocking(move || {
            if store.connection.get().is_none() {
                // Two first uses at once open the file twice; the second connection is dropped.
                let opened = open(&store.path)?;
                let _ = store.connection.set(Mutex::new(opened));
            }
            let Some(connection) = store.connection.get() else {
                return Err(rusqlite::Error::InvalidQuery);
            };
            let db = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&db, &store.label)
        });
        result.await.map_err(other)?.map_err(other)
    }
}

/// Opens the file with Spin's schema.
fn open(path: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(PathBuf::from(path))?;
    connection.execute(
        "CREATE TABLE IF NOT EXISTS spin_key_value (
             store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))",
        (),
    )?;
    Ok(connection)
}

/// A Redis server, reached over one connection that is made again when it breaks.
#[derive(Clone)]
struct RedisStore {
    client: redis::Client,
    connection: Arc<OnceCell<ConnectionManager>>,
}

impl RedisStore {
    async fn connect(&self) -> Result<ConnectionManager, Error> {
        let connect = || self.client.get_connection_manager();
        self.connection
            .get_or_try_init(connect)
            .await
            .cloned()
            .map_err(other)
    }
}

fn other(error: impl std::fmt::Display) -> Error {
    Error::Other(error.to_string())
}

impl Host for State {}

impl HostStore for State {
    async fn open(&mut self, label: String) -> wasmtime::Result<Result<Resource<Store>, Error>> {
        match self.component.stores.get(&label).cloned() {
            Some(store) => Ok(Ok(self.table.push(store)?)),
            None => Ok(Err(Error::AccessDenied)),
        }
    }

    async fn get(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let call = self.faults.enter("key-value.get", &key);
        let result = self.table.get(&store)?.get(key).await;
        call.done();
        Ok(result)
    }

    async fn set(
        &mut self,
        store: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let call = self.faults.enter("key-value.set", &key);
        let result = self.table.get(&store)?.set(key, value).await;
        call.done();
        Ok(result)
    }

    async fn delete(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let call = self.faults.enter("key-value.delete", &key);
        let result = self.table.get(&store)?.delete(key).await;
        call.done();
        Ok(result)
    }

    async fn exists(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let call = self.faults.enter("key-value.exists", &key);
        let result = self.table.get(&store)?.exists(key).await;
        call.done();
        Ok(result)
    }

    async fn get_keys(
        &mut self,
        store: Resource<Store>,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        let call = self.faults.enter("key-value.get-keys", "");
        let result = self.table.get(&store)?.get_keys().await;
        call.done();
        Ok(result)
    }

    async fn drop(&mut self, store: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}
