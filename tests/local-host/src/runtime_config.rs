//! The runtime configuration file: where the stores and databases are that the manifest names only by label, spelt as
//! Spin spells it. Kinds of store that the local host has not (`azure_cosmos`, `libsql`, …) are refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The label that needs no configuration.
const DEFAULT: &str = "default";

/// A runtime configuration.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuntimeConfig {
    /// `[key_value_store.<label>]`.
    #[serde(default, rename = "key_value_store")]
    key_value_stores: BTreeMap<String, KeyValueConfig>,
    /// `[sqlite_database.<label>]`.
    #[serde(default, rename = "sqlite_database")]
    sqlite_databases: BTreeMap<String, SqliteConfig>,
}

/// Where a key-value store is.
#[derive(Clone, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum KeyValueConfig {
    /// A SQLite file; Spin's own store.
    Spin {
        /// Relative to the configuration file; absent, the file in the state directory.
        path: Option<PathBuf>,
    },
    /// A Redis server. Keys are stored as they are: two labels on one server share their keys, as in Spin.
    Redis {
        /// `redis://…`; may hold a password.
        url: String,
    },
}

/// Where a SQLite database is.
#[derive(Clone, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum SqliteConfig {
    /// A SQLite file.
    Spin {
        /// Relative to the configuration file; absent, the file in the state directory.
        path: Option<PathBuf>,
    },
}

impl RuntimeConfig {
    /// Reads the file at `path`; paths in it become relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: Self = toml::from_str(&text)
            .with_context(|| format!("bad runtime configuration {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for store in config.key_value_stores.values_mut() {
            if let KeyValueConfig::Spin { path: Some(file) } = store {
                *file = folder.join(&file);
            }
        }
        for SqliteConfig::Spin { path: file } in config.sqlite_databases.values_mut() {
            *file = file.as_ref().map(|file| folder.join(file));
        }
        Ok(config)
    }

    /// The store that `label` stands for; `default` is a file in `state_dir` unless configured.
    pub(crate) fn key_value(&self, label: &str, state_dir: &Path) -> Result<KeyValueConfig> {
        let file = state_dir.join("sqlite_key_value.db");
        match self.key_value_stores.get(label) {
            Some(KeyValueConfig::Spin { path: None }) => {
                Ok(KeyValueConfig::Spin { path: Some(file) })
            }
            Some(config) => Ok(config.clone()),
            None if label == DEFAULT => Ok(KeyValueConfig::Spin { path: Some(file) }),
            None => bail!(
                "unknown key-value store {label:?}: add [key_value_store.{label}] to the runtime configuration"
            ),
        }
    }

    /// The file that the database `label` stands for; `default` is in `state_dir` unless configured.
    pub(crate) fn sqlite(&self, label: &str, state_dir: &Path) -> Result<PathBuf> {
        match self.sqlite_databases.get(label) {
            Some(SqliteConfig::Spin { path: Some(path) }) => Ok(path.clone()),
            Some(SqliteConfig::Spin { path: None }) => {
                Ok(state_dir.join(format!("sqlite_db_{label}.db")))
            }
            None if label == DEFAULT => Ok(state_dir.join("sqlite_db.db")),
            None => bail!(
                "unknown SQLite database {label:?}: add [sqlite_database.{label}] to the runtime configuration"
            ),
        }
    }
}
