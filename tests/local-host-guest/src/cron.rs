//! The export that the cron trigger calls, from the project's own WIT file.

#![allow(missing_docs, reason = "generated")]

use spin_sdk::key_value::Store;

wit_bindgen::generate!({ path: "../../wit/spin-cron", world: "spin-cron" });

struct Cron;

export!(Cron);

impl Guest for Cron {
    /// Stores the tick under `tick.<seconds>`; fails if the key `fail` is there, and hangs if `hang` is.
    fn handle_cron_event(metadata: Metadata) -> Result<(), Error> {
        let store = Store::open_default().map_err(|error| Error::Other(error.to_string()))?;
        if store.exists("fail").unwrap_or(false) {
            return Err(Error::Other("asked to fail".to_owned()));
        }
        while store.exists("hang").unwrap_or(false) {}
        let key = format!("tick.{}", metadata.timestamp);
        store
            .set(&key, &[])
            .map_err(|error| Error::Other(error.to_string()))
    }
}
