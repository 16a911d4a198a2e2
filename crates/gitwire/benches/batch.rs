//! What a batch of releases costs without network or server: edits, commits and the pack. `cargo bench -p gitwire`; prints a table, asserts nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use std::time::{Duration, Instant};

use gitwire::{CommitSpec, EntryKind, Objects, PackOptions, Person, TreeEntry, TreeId};

/// A root with one environment of `apps` apps of two files each, as if it had been fetched.
fn repository(apps: usize) -> (Objects, TreeId) {
    let mut objects = Objects::new();
    let mut entries = Vec::new();
    for app in 0..apps {
        let files = (0..2).map(|file| TreeEntry {
            kind: EntryKind::File,
            name: format!("file-{file}.yaml").into_bytes(),
            id: objects
                .write_blob(format!("{app} {file}").as_bytes())
                .unwrap()
                .object(),
        });
        let files = files.collect();
        entries.push(TreeEntry {
            kind: EntryKind::Tree,
            name: format!("app-{app}").into_bytes(),
            id: objects.write_tree(files).unwrap().object(),
        });
    }
    let environment = objects.write_tree(entries).unwrap();
    let root = objects
        .replace_subtree(TreeId::EMPTY, &[b"production"], Some(environment))
        .unwrap();
    let first = objects.write_commit(&spec(root, Vec::new())).unwrap();
    objects.mark_pushed(first);
    (objects, root)
}

fn spec(tree: TreeId, parents: Vec<gitwire::CommitId>) -> CommitSpec {
    let person = Person {
        name: "Wimble".to_owned(),
        email: "wimble@example.org".to_owned(),
        seconds: 1_700_000_000,
    };
    CommitSpec {
        tree,
        parents,
        author: person.clone(),
        committer: person,
        message: "[Gimlet] production/app automated deploy".to_owned(),
    }
}

/// Time to edit, time to pack, length of the pack.
fn batch(apps: usize, releases: usize) -> (Duration, Duration, usize) {
    let (mut objects, mut root) = repository(apps);
    let mut tip = objects.write_commit(&spec(root, Vec::new())).unwrap();
    let started = Instant::now();
    for release in 0..releases {
        let app = format!("app-{}", release * 37 % apps);
        let path = [&b"production"[..], app.as_bytes()];
        let mut tree = TreeId::EMPTY;
        for (name, length) in [(&b"deployment.yaml"[..], 1200), (b"release.json", 600)] {
            let content = format!("release {release}\n").repeat(length / 10);
            let blob = objects.write_blob(content.as_bytes()).unwrap();
            tree = objects.put_file(tree, &[name], Some(blob)).unwrap();
        }
        root = objects.replace_subtree(root, &path, Some(tree)).unwrap();
        tip = objects.write_commit(&spec(root, vec![tip])).unwrap();
    }
    let edited = started.elapsed();
    let options = PackOptions {
        level: 3,
        thin: true,
        ofs_delta: true,
    };
    let pack = objects.new_pack(tip, options).unwrap();
    (edited, started.elapsed() - edited, pack.len())
}

fn main() {
    println!(
        "{:>8} {:>9} {:>10} {:>10} {:>12}",
        "apps", "releases", "edit ms", "pack ms", "pack bytes"
    );
    for apps in [500, 4500, 50_000] {
        for releases in [1, 100, 1000] {
            let (edit, pack, bytes) = batch(apps, releases);
            println!(
                "{apps:>8} {releases:>9} {:>10} {:>10} {bytes:>12}",
                edit.as_millis(),
                pack.as_millis()
            );
        }
    }
}
