//! Fetches: long chains of deltas, what a filter leaves out, and what lies between two commits.

use std::num::NonZeroU32;

use gitwire::{Ancestry, CommitId, FetchSpec, Filter, Limits, LookupError, Objects, Pack, RefName};
use harness::git_server::{Filling, Options};

use super::support::{SMALL, open, split};

#[test]
fn packs_with_long_chains_of_deltas_are_read_to_the_last_object() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(Filling {
        commits: 300,
        ..SMALL
    });
    repository.git(&["repack", "-adf", "--depth=50", "--window=50"]);
    let answer = client
        .fetch(&FetchSpec {
            wants: vec![repository.tip("main").parse().unwrap()],
            ..FetchSpec::default()
        })
        .unwrap();
    let limits = Limits {
        keep_blobs: true,
        ..Limits::default()
    };
    let pack = Pack::read(&answer.pack, &limits).unwrap();
    let mut read: Vec<_> = pack
        .objects()
        .iter()
        .map(|object| {
            format!(
                "{} {} {}",
                object.id,
                object.kind.name(),
                object.content.len()
            )
        })
        .collect();
    read.sort();
    let all = repository.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
    assert_eq!(read, all.lines().collect::<Vec<_>>());
    // Without the chains this would prove little.
    let depths = repository.git(&[
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(deltabase)",
    ]);
    let deltas = depths
        .lines()
        .filter(|base| !base.starts_with("0000"))
        .count();
    assert!(deltas > 400, "{deltas} deltas");
    let without_blobs = Pack::read(&answer.pack, &Limits::default()).unwrap();
    assert!(
        without_blobs
            .objects()
            .iter()
            .all(|object| object.kind != gitwire::Kind::Blob)
    );
    let depth = Limits {
        max_delta_depth: 3,
        ..limits
    };
    assert_eq!(
        Pack::read(&answer.pack, &depth).unwrap_err(),
        gitwire::PackError::DeltaTooDeep(3)
    );
}

#[test]
fn trees_that_were_left_out_are_named_and_can_be_fetched() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    let tip = client
        .advertisement()
        .tip(&RefName::branch("main").unwrap())
        .unwrap();
    let mut objects = Objects::new();
    let mut wanted = tip.object();
    let mut fetched = 0;
    let path = split("env-1/app-3");
    // The commit alone, then tree after tree, as each is missed.
    let app = loop {
        let filter = if fetched == 0 {
            Filter::TreeNone
        } else {
            Filter::BlobNone
        };
        let spec = FetchSpec {
            wants: vec![wanted],
            deepen: NonZeroU32::new(1),
            filter: Some(filter),
            ..FetchSpec::default()
        };
        let answer = client.fetch(&spec).unwrap();
        objects.insert_pack(Pack::read(&answer.pack, &Limits::default()).unwrap());
        fetched += 1;
        let root = objects.commit(tip).unwrap().tree;
        match objects.subtree(root, &path) {
            Ok(found) => break found.unwrap(),
            Err(LookupError::Missing { id }) => wanted = id,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(
        app.to_string(),
        repository.git(&["rev-parse", "main:env-1/app-3"])
    );
    assert_eq!(fetched, 2);
}

#[test]
fn ancestry_is_told_from_commits_alone_deepening_by_doubling() {
    let (server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    let tip: CommitId = repository.tip("main").parse().unwrap();
    let rev = |rev: &str| {
        repository
            .git(&["rev-parse", rev])
            .parse::<CommitId>()
            .unwrap()
    };
    let ask = |old: CommitId| {
        let mut depth = 1;
        loop {
            let spec = FetchSpec {
                wants: vec![tip.object()],
                deepen: NonZeroU32::new(depth),
                filter: Some(Filter::TreeNone),
                ..FetchSpec::default()
            };
            let answer = client.fetch(&spec).unwrap();
            let mut objects = Objects::new();
            let pack = Pack::read(&answer.pack, &Limits::default()).unwrap();
            assert!(
                pack.objects()
                    .iter()
                    .all(|object| object.kind == gitwire::Kind::Commit)
            );
            objects.insert_pack(pack);
            match objects.is_ancestor(old, tip) {
                Ancestry::Unknown { shallow } => {
                    assert_eq!(shallow, answer.shallow);
                    depth *= 2;
                }
                known => break (known, depth),
            }
        }
    };
    assert_eq!(ask(tip), (Ancestry::Yes, 1));
    assert_eq!(ask(rev("main~1")), (Ancestry::Yes, 1));
    assert_eq!(ask(rev("main~20")), (Ancestry::Yes, 32));
    assert_eq!(ask(rev("main~29")), (Ancestry::Yes, 32));
    let stranger = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    assert_eq!(ask(stranger), (Ancestry::No, 32));
    drop(server);
}

#[test]
fn what_lies_between_two_commits_is_fetched_alone() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    let rev = |rev: &str| repository.git(&["rev-parse", rev]).parse().unwrap();
    let spec = FetchSpec {
        wants: vec![rev("main")],
        haves: vec![rev("main~3")],
        filter: Some(Filter::TreeNone),
        ..FetchSpec::default()
    };
    let answer = client.fetch(&spec).unwrap();
    let pack = Pack::read(&answer.pack, &Limits::default()).unwrap();
    let mut read: Vec<_> = pack.objects().iter().map(|object| object.id).collect();
    let mut between = vec![rev("main"), rev("main~1"), rev("main~2")];
    read.sort();
    between.sort();
    assert_eq!(read, between);
}
