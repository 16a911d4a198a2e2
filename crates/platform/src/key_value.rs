//! The key-value store `default` through Spin. Adds nothing to the platform's five portable calls.

use release::ports::{KeyValue, KeyValueError};
use spin_sdk::key_value::Store;

/// The store with the label `default`.
pub struct SpinKeyValue(Store);

impl SpinKeyValue {
    /// Opens the store.
    ///
    /// # Errors
    ///
    /// When the manifest does not give the component the store, or the platform has none of this label.
    pub fn open() -> Result<Self, KeyValueError> {
        Store::open_default()
            .map(Self)
            .map_err(|error| failed("open", error))
    }
}

fn failed(operation: &'static str, error: spin_sdk::key_value::Error) -> KeyValueError {
    KeyValueError {
        operation,
        source: error.to_string().into(),
    }
}

impl KeyValue for SpinKeyValue {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        self.0.get(key).map_err(|error| failed("get", error))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        self.0.set(key, value).map_err(|error| failed("set", error))
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        self.0.delete(key).map_err(|error| failed("delete", error))
    }

    async fn keys(&self) -> Result<Vec<String>, KeyValueError> {
        self.0.get_keys().map_err(|error| failed("get-keys", error))
    }
}
