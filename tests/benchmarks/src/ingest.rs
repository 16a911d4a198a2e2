//! Ingest: artifacts a second, and how long a client waits, by connections and by connection mode.

use anyhow::Result;
use harness::git_server::Filling;

use crate::artifacts::artifact;
use crate::figures::{Table, count, time};
use crate::load::{self, Connection, Request};
use crate::scene::Scene;
use crate::{Effort, print, progress, remark};

/// Section 3: each artifact is new, has about 2 kB, and is answered when its row and its key are durable.
pub(crate) fn run(effort: Effort) -> Result<()> {
    let requests = if effort.quick { 200 } else { 2_000 };
    let scene = Scene::start("benchmark-ingest", small());
    let address = scene.application.client().address();
    let mut table = Table::new(&[
        "connections",
        "mode",
        "artifacts a second",
        "p50",
        "p99",
        "not 201",
    ]);
    let mut number = 0;
    for connection in [Connection::Close, Connection::KeepAlive] {
        for connections in [1, 16, 64] {
            progress(&format!(
                "ingest, {connections} connections, {}",
                connection.name()
            ));
            let requests: Vec<Request> = (0..requests)
                .map(|_| {
                    number += 1;
                    // Nobody releases it: what is measured is ingest, and the queue is empty again after an evaluation.
                    let artifact = artifact(number, "env-0", "app-0", false);
                    Scene::request("POST", "/api/artifact", &artifact)
                })
                .collect();
            let load = load::run(address, &requests, connections, connection);
            table.row([
                connections.to_string(),
                connection.name().to_owned(),
                count(load.rate()),
                time(load.percentile(0.5)),
                time(load.percentile(0.99)),
                load.others(201).unwrap_or_else(|| "none".to_owned()),
            ]);
            scene.evaluate();
        }
    }
    print("Ingest", &table);
    remark(&format!(
        "{} artifacts each; the queue is emptied in between, off the clock. The load generator shares the cores.",
        count(requests)
    ));
    Ok(())
}

/// A repository that nothing is written to.
pub(crate) fn small() -> Filling {
    Filling {
        environments: 1,
        apps: 1,
        files: 1,
        commits: 1,
    }
}
