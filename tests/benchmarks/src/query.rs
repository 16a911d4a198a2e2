//! Query: the last ten artifacts of a repository, among few and among many. The many are copies of a shipped artifact,
//! written to the database file directly: a hundred thousand requests would take longer than everything else here.

use anyhow::{Result, ensure};
use rusqlite::Connection as Database;

use crate::artifacts::{REPOSITORY, artifact};
use crate::figures::{Table, count, time};
use crate::load::{self, Connection, Request};
use crate::scene::Scene;
use crate::{Effort, ingest, print, progress, remark};

/// Source repositories that the artifacts are of, in turn.
const REPOSITORIES: usize = 20;

/// Section 3, second half.
pub(crate) fn run(effort: Effort) -> Result<()> {
    if harness::application::on_spin() {
        progress("the query benchmark fills the local host's database file: skipped on Spin");
        return Ok(());
    }
    let (sizes, requests) = match effort.quick {
        true => ([100, 1_000], 50),
        false => ([1_000, 100_000], 1_000),
    };
    let scene = Scene::start("benchmark-query", ingest::small());
    let client = scene.application.client();
    client
        .post("/api/artifact", &artifact(0, "env-0", "app-0", false))
        .expect(201);
    scene.evaluate();
    let file = scene.folder.path().join("application/state/sqlite_db.db");
    let database = Database::open(file)?;
    let mut table = Table::new(&[
        "artifacts",
        "of them of the repository",
        "connections",
        "queries a second",
        "p50",
        "p99",
        "not 200",
    ]);
    let mut stored = 0;
    for size in sizes {
        progress(&format!("storing {} artifacts", count(size)));
        fill(&database, stored, size)?;
        stored = size;
        let path = format!("/api/artifacts?repository={REPOSITORY}-7&limit=10");
        let answer = client.get(&path).expect(200);
        let given = answer.as_array().map_or(0, Vec::len);
        ensure!(
            given == 5.max(size / REPOSITORIES).min(10),
            "{given} artifacts in the answer"
        );
        let request = Scene::request("GET", &path, &serde_json::Value::Null);
        let all: Vec<Request> = vec![request; requests];
        for connections in [1, 16] {
            let load = load::run(client.address(), &all, connections, Connection::Close);
            table.row([
                count(size),
                count(size / REPOSITORIES),
                connections.to_string(),
                count(load.rate()),
                time(load.percentile(0.5)),
                time(load.percentile(0.99)),
                load.others(200).unwrap_or_else(|| "none".to_owned()),
            ]);
        }
    }
    print("Query: the last 10 artifacts of a repository", &table);
    remark(&format!(
        "{} queries each, `Connection: close`.",
        count(requests)
    ));
    Ok(())
}

/// Copies the one shipped artifact until there are `to` copies; `from` are there.
fn fill(database: &Database, from: usize, to: usize) -> Result<()> {
    database.execute(
        "WITH RECURSIVE numbers(number) AS (SELECT ?1 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < ?2)
         INSERT INTO artifacts (id, created, repository, sha, branch, event, digest, evaluated, body)
         SELECT a.repository || '-' || (number % ?3) || printf('-00000000-0000-7000-8000-%012x', number), a.created + number,
            a.repository || '-' || (number % ?3), printf('%040x', number), a.branch, a.event, printf('copy %d', number),
            a.evaluated, replace(a.body, a.id, a.repository || '-' || (number % ?3) || printf('-00000000-0000-7000-8000-%012x', number))
         FROM numbers CROSS JOIN (SELECT * FROM artifacts ORDER BY seq LIMIT 1) AS a",
        (from as i64, to as i64, REPOSITORIES as i64),
    )?;
    Ok(())
}
