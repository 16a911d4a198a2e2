//! Component dependencies: `[component.<id>.dependencies]` in `spin.toml`. A component and those that it depends on become
//! one, as Spin makes them when it loads an application.
//!
//! Only what the application here needs: dependencies from files, each plugged into the imports that it exports. Spin
//! denies a dependency every capability of the component; here one that asks for any is refused.

use anyhow::{Context, Result, ensure};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// What a dependency may import: what wasi-libc links whatever a program does. No folder is mounted here, so there is no file
/// to reach through `wasi:filesystem`.
const HARMLESS: [&str; 5] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:io/",
    "wasi:random/",
];

/// A component that another depends on.
pub(crate) struct Dependency {
    /// The import that it is for, as in the manifest: `package:name/interface@1.0.0`.
    pub(crate) import: String,
    /// Its Wasm.
    pub(crate) wasm: Vec<u8>,
}

/// Makes one component of a component and its dependencies.
///
/// # Errors
/// A dependency is not a component, does not export what it is for, or wants a capability; or nothing imports it.
pub(crate) fn compose(component: Vec<u8>, dependencies: Vec<Dependency>) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut plugs = Vec::new();
    for (number, dependency) in dependencies.into_iter().enumerate() {
        let name = format!("dependency:number-{number}");
        let package = Package::from_bytes(&name, None, dependency.wasm, graph.types_mut())
            .with_context(|| format!("the dependency {} is not a component", dependency.import))?;
        let world = &graph.types()[package.ty()];
        ensure!(
            world.exports.contains_key(&dependency.import),
            "the dependency {} does not export that",
            dependency.import
        );
        for import in world.imports.keys() {
            ensure!(
                HARMLESS.iter().any(|prefix| import.starts_with(prefix)),
                "the dependency {} imports {import}, which Spin would deny it",
                dependency.import
            );
        }
        plugs.push(graph.register_package(package)?);
    }
    let socket = Package::from_bytes("the:component", None, component, graph.types_mut())?;
    let socket = graph.register_package(socket)?;
    plug(&mut graph, plugs, socket)?;
    // Wasmtime validates what it compiles.
    let options = EncodeOptions {
        validate: false,
        ..EncodeOptions::default()
    };
    Ok(graph.encode(options)?)
}
