//! The components as they are deployed: their sizes, and how long one takes to answer. Spin makes a fresh instance for
//! each request, so every answer here is a cold start; the compile cache is warm.

use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use harness::components::{manifest, workspace};

use crate::figures::{Table, bytes, count, time};
use crate::load::{self, Connection, Request};
use crate::scene::Scene;
use crate::{Effort, ingest, print, progress, remark};

/// A route of each component of spin.toml that refuses whoever shows no token.
const ROUTES: [(&str, &str, &str); 9] = [
    ("access-control", "GET", "/api/users"),
    ("artifact-ingest", "POST", "/api/artifact"),
    ("artifact-query", "GET", "/api/artifacts"),
    ("git-webhooks", "POST", "/api/hooks/github"),
    ("gitops-commit", "GET", "/api/releases"),
    ("gitops-feedback", "POST", "/api/flux-events?env=staging"),
    ("notifications", "GET", "/api/notifications"),
    ("policy-evaluation", "POST", "/internal/evaluate"),
    ("release-flush", "POST", "/internal/flush"),
];

/// Section 4.
pub(crate) fn run(effort: Effort) -> Result<()> {
    let requests = if effort.quick { 20 } else { 300 };
    progress("sizes and cold starts");
    let mut scene = Scene::start("benchmark-wasm", ingest::small());
    let since = Instant::now();
    scene.application.restart(&[]);
    let start = since.elapsed();
    let address = scene.application.client().address();
    let mut table = Table::new(&[
        "component",
        "Wasm",
        "gzip",
        "first answer",
        "fresh instance, p50",
        "p99",
    ]);
    let manifest = manifest("spin.toml");
    let components = manifest
        .get("component")
        .and_then(|components| components.as_table());
    let components = components.context("spin.toml has no components")?;
    for (component, settings) in components {
        let mut routes = ROUTES.into_iter();
        let (_, method, path) = routes
            .find(|(name, ..)| name == component)
            .with_context(|| format!("no route of {component} is in this benchmark's table"))?;
        // Without a token: instance, variables, authentication, an answer; no store and no database.
        let request = Request {
            method,
            path: path.to_owned(),
            token: None,
            body: Vec::new(),
        };
        let first = load::run(
            address,
            std::slice::from_ref(&request),
            1,
            Connection::Close,
        );
        let load = load::run(address, &vec![request; requests], 1, Connection::Close);
        let source = settings.get("source").and_then(|source| source.as_str());
        let (whole, packed) = size(source.context("a component names no file")?)?;
        table.row([
            component.to_owned(),
            bytes(whole),
            bytes(packed),
            time(first.percentile(0.5)),
            time(load.percentile(0.5)),
            time(load.percentile(0.99)),
        ]);
    }
    // It is composed into the flush, whose figures have it in them; it has no route.
    let (whole, packed) = size("target/wasm32-wasip2/release/renderer.wasm")?;
    let nothing = || "–".to_owned();
    table.row([
        "renderer".to_owned(),
        bytes(whole),
        bytes(packed),
        nothing(),
        nothing(),
        nothing(),
    ]);
    print("Wasm: size and cold start", &table);
    remark(&format!(
        "The host ends, starts again over the same state, loads the components from the compile cache and answers `/healthz` in {}. Then {} requests \
         each, one after the other, without a token (401; 503 of git-webhooks, which has no secret here), `Connection: close`. The renderer is a part of \
         release-flush, and is loaded with it.",
        time(start),
        count(requests)
    ));
    Ok(())
}

/// Bytes of a Wasm file, and of it packed as registries keep it.
fn size(source: &str) -> Result<(u64, u64)> {
    let wasm = std::fs::read(workspace().join(source))?;
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&wasm)?;
    let packed = packer.finish()?;
    Ok((wasm.len() as u64, packed.len() as u64))
}
