//! The code that wasmtime generates from the WIT files: Spin's interfaces as imports, the cron event as an export.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "generated"
)]

pub(crate) mod imports {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "wimble:local-host/spin-imports",
        imports: { default: async | trappable },
        with: {
            "fermyon:spin/key-value.store": crate::key_value::Store,
            "fermyon:spin/sqlite.connection": crate::sqlite::Connection,
            "spin:sqlite/sqlite.connection": crate::sqlite::Connection,
        },
    });
}

pub(crate) mod cron {
    wasmtime::component::bindgen!({
        path: "../../wit/spin-cron",
        world: "spin-cron",
        exports: { default: async },
    });
}
