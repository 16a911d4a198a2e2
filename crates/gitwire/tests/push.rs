//! Pushes to the real `git http-backend`, which checks every object (`receive.fsckObjects`). Needs git.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be, in its helpers too"
)]

mod client;

use std::num::NonZeroU32;

use client::{Client, commit, put, split};
use gitwire::{
    Ancestry, CommitId, Credentials, FetchSpec, Filter, Limits, LookupError, Objects, Pack,
    PackOptions, RefName, RefOutcome, RefUpdate, TreeId,
};
use harness::git_server::{Filling, GitServer, Options, Repository};

const SMALL: Filling = Filling {
    environments: 2,
    apps: 20,
    files: 2,
    commits: 30,
};

fn open(options: Options) -> (GitServer, Repository, Client) {
    let server = GitServer::start(options);
    let repository = server.create_repository("gitops.git");
    let client = Client::new(&server.url("gitops.git"), Credentials::None);
    (server, repository, client)
}

/// The tip of `main` with its trees.
fn read_main(client: &Client) -> (gitwire::ReceivePackAdvertisement, CommitId, TreeId, Objects) {
    let advertisement = client.advertisement();
    let tip = advertisement
        .tip(&RefName::branch("main").unwrap())
        .unwrap();
    let mut objects = Objects::new();
    client.fetch_trees(tip, &mut objects);
    let root = objects.commit(tip).unwrap().tree;
    (advertisement, tip, root, objects)
}

#[test]
fn the_first_commit_of_an_empty_repository_lands() {
    let (_server, repository, client) = open(Options::default());
    let advertisement = client.advertisement();
    assert!(advertisement.is_empty_repository());
    let mut objects = Objects::new();
    let root = put(
        &mut objects,
        TreeId::EMPTY,
        "staging/app/app.yaml",
        "a: 1\nb: 2\n",
    );
    let root = put(&mut objects, root, "README.md", "# GitOps\n");
    let new = commit(&mut objects, root, None, "first");
    client.push_branch(&objects, &advertisement, "main", new);
    repository.fsck();
    assert_eq!(repository.tip("main"), new.to_string());
    assert_eq!(
        repository.git(&["log", "--stat", "--format=%an <%ae> %at %cn%n%B", "main"]),
        "Wimble <wimble@example.org> 1700000000 Wimble\nfirst\n\n\n README.md            | 1 +\n staging/app/app.yaml | 2 ++\n \
         2 files changed, 3 insertions(+)"
    );
    assert_eq!(
        repository.git(&["show", "main:staging/app/app.yaml"]),
        "a: 1\nb: 2"
    );
}

#[test]
fn a_release_is_one_commit_with_exactly_its_files_whether_or_not_the_server_filters() {
    for allow_filter in [true, false] {
        let (server, repository, client) = open(Options {
            allow_filter,
            ..Options::default()
        });
        repository.fill(SMALL);
        let before = repository.tip("main");
        assert_eq!(client.capabilities().filter(), allow_filter);
        server.clear_log();
        let (advertisement, tip, root, mut objects) = read_main(&client);
        let blob = objects.write_blob(b"replicas: 3\n").unwrap();
        let app = objects
            .put_file(TreeId::EMPTY, &[b"deployment.yaml"], Some(blob))
            .unwrap();
        let root = objects
            .replace_subtree(root, &split("env-1/app-7"), Some(app))
            .unwrap();
        let new = commit(&mut objects, root, Some(tip), "release");
        client.push_branch(&objects, &advertisement, "main", new);
        repository.fsck();
        assert_eq!(
            repository.git(&[
                "log",
                "--name-status",
                "--format=%s",
                &format!("{before}..main")
            ]),
            "release\n\nA\tenv-1/app-7/deployment.yaml\nD\tenv-1/app-7/file-0.yaml\nD\tenv-1/app-7/file-1.yaml"
        );
        let log = server.log();
        let asked: Vec<_> = log.iter().map(|exchange| exchange.path.as_str()).collect();
        assert_eq!(
            asked,
            [
                "/gitops.git/info/refs?service=git-receive-pack",
                "/gitops.git/info/refs?service=git-upload-pack",
                "/gitops.git/git-upload-pack",
                "/gitops.git/git-receive-pack",
            ]
        );
        assert!(log.iter().all(|exchange| exchange.status == 200));
        // The commit, three trees and one file, none of the 80 files that are there.
        assert!(log[3].request_bytes < 2000, "{}", log[3].request_bytes);
    }
}

#[test]
fn every_form_of_pack_is_taken_and_holds_each_commit_with_exactly_its_files() {
    let forms = [(true, true), (true, false), (false, true), (false, false)];
    for (thin, ofs_delta) in forms {
        for releases in [3, 120] {
            let (_server, repository, client) = open(Options::default());
            repository.fill(Filling { apps: 150, ..SMALL });
            let before = repository.tip("main");
            let (advertisement, mut tip, mut root, mut objects) = read_main(&client);
            let mut expected = Vec::new();
            for release in 0..releases {
                let path = format!("env-{}/app-{}/file-0.yaml", release % 2, release * 7 % 150);
                root = put(&mut objects, root, &path, &format!("release: {release}\n"));
                tip = commit(&mut objects, root, Some(tip), &format!("release {release}"));
                expected.push(format!("release {release}\n\nM\t{path}"));
            }
            let options = PackOptions {
                level: 1,
                thin,
                ofs_delta,
            };
            let pack = objects.new_pack(tip, options).unwrap();
            let main = RefName::branch("main").unwrap();
            let update = RefUpdate {
                old: advertisement.tip(&main),
                name: main.clone(),
                new: tip,
            };
            let report = client.push(&advertisement, &[update], &pack).unwrap();
            assert!(
                report.accepted(&main),
                "{thin} {ofs_delta} {releases}: {report:?}"
            );
            repository.fsck();
            let log = repository.git(&[
                "log",
                "--reverse",
                "--name-status",
                "--format=%s",
                &format!("{before}..main"),
            ]);
            assert_eq!(log, expected.join("\n"));
        }
    }
}

#[test]
fn many_releases_into_a_large_directory_travel_as_deltas() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(Filling {
        environments: 1,
        apps: 4500,
        files: 1,
        commits: 1,
    });
    let (advertisement, mut tip, mut root, mut objects) = read_main(&client);
    for release in 0..200 {
        let path = format!("env-0/app-{}/file-0.yaml", release * 37 % 4500);
        root = put(&mut objects, root, &path, &format!("release: {release}\n"));
        tip = commit(&mut objects, root, Some(tip), "release");
    }
    let thin = objects
        .new_pack(
            tip,
            PackOptions {
                level: 6,
                thin: true,
                ofs_delta: true,
            },
        )
        .unwrap();
    let full = objects
        .new_pack(
            tip,
            PackOptions {
                level: 6,
                thin: false,
                ofs_delta: true,
            },
        )
        .unwrap();
    // 200 versions of a directory of 150 kB.
    assert!(thin.len() < 150_000, "{}", thin.len());
    assert!(full.len() < 400_000, "{}", full.len());
    // A thick pack can be read by itself: every object, by every chain of deltas, is the one that was meant.
    let read = Pack::read(
        &full,
        &Limits {
            keep_blobs: true,
            ..Limits::default()
        },
    )
    .unwrap();
    let mut again = Objects::new();
    assert!(
        read.objects()
            .iter()
            .all(|object| objects.is_new(object.id))
    );
    again.insert_pack(read);
    let root = again.commit(tip).unwrap().tree;
    assert_eq!(
        again.subtree(root, &split("env-0")),
        objects.subtree(root, &split("env-0"))
    );
    client.push_branch(&objects, &advertisement, "main", tip);
    repository.fsck();
    assert_eq!(repository.git(&["rev-list", "--count", "main"]), "201");
    objects.mark_pushed(tip);
    let nothing = objects
        .new_pack(
            tip,
            PackOptions {
                level: 6,
                thin: true,
                ofs_delta: true,
            },
        )
        .unwrap();
    assert_eq!(nothing.len(), 32);
}

#[test]
fn a_new_branch_is_made() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    let (advertisement, tip, root, mut objects) = read_main(&client);
    let root = put(&mut objects, root, "env-0/new/app.yaml", "a: 1\n");
    let new = commit(&mut objects, root, Some(tip), "on a branch");
    client.push_branch(&objects, &advertisement, "wimble/proposal-1", new);
    repository.fsck();
    assert_eq!(repository.tip("wimble/proposal-1"), new.to_string());
    assert_eq!(repository.tip("main"), tip.to_string());
    // A branch at a commit that the server has needs no object at all.
    client.push_branch(
        &Objects::new_with(&client, tip),
        &client.advertisement(),
        "same",
        tip,
    );
    assert_eq!(repository.tip("same"), tip.to_string());
}

trait Fetched {
    fn new_with(client: &Client, tip: CommitId) -> Self;
}

impl Fetched for Objects {
    fn new_with(client: &Client, tip: CommitId) -> Self {
        let mut objects = Objects::new();
        client.fetch_trees(tip, &mut objects);
        objects
    }
}

#[test]
fn directories_are_made_and_removed_with_their_last_file() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    let (advertisement, tip, root, mut objects) = read_main(&client);
    let deep = put(&mut objects, root, "a/b/c/d/e.yaml", "x: 1\n");
    let first = commit(&mut objects, deep, Some(tip), "deep");
    let gone = objects
        .replace_subtree(deep, &split("a/b/c/d"), None)
        .unwrap();
    assert_eq!(gone, root);
    let file_gone = objects
        .put_file(deep, &split("a/b/c/d/e.yaml"), None)
        .unwrap();
    assert_eq!(file_gone, root);
    let second = commit(&mut objects, gone, Some(first), "gone");
    client.push_branch(&objects, &advertisement, "main", second);
    repository.fsck();
    assert_eq!(
        repository.git(&["log", "-2", "--name-status", "--format=%s", "main"]),
        "gone\n\nD\ta/b/c/d/e.yaml\ndeep\n\nA\ta/b/c/d/e.yaml"
    );
}

#[test]
fn a_repository_can_be_emptied() {
    let (_server, repository, client) = open(Options::default());
    let mut objects = Objects::new();
    let root = put(&mut objects, TreeId::EMPTY, "staging/app/a.yaml", "a: 1\n");
    let first = commit(&mut objects, root, None, "first");
    let root = objects
        .replace_subtree(root, &split("staging/app"), None)
        .unwrap();
    assert_eq!(root, TreeId::EMPTY);
    let second = commit(&mut objects, root, Some(first), "delete");
    client.push_branch(&objects, &client.advertisement(), "main", second);
    repository.fsck();
    assert_eq!(repository.git(&["ls-tree", "-r", "main"]), "");
    // And filled again, from the empty tree on.
    let (advertisement, tip, root, mut objects) = read_main(&client);
    let root = put(&mut objects, root, "staging/app/a.yaml", "a: 2\n");
    let third = commit(&mut objects, root, Some(tip), "again");
    client.push_branch(&objects, &advertisement, "main", third);
    repository.fsck();
    assert_eq!(repository.git(&["show", "main:staging/app/a.yaml"]), "a: 2");
}

/// Commits with submodule, symbolic link, executable file and names in any bytes, by `git fast-import`.
fn fill_with_oddities(repository: &Repository) {
    let mut stream =
        b"commit refs/heads/main\ncommitter Cor <cor@example.org> 1600000000 +0000\ndata 3\nodd\n"
            .to_vec();
    let entries: [&[u8]; 9] = [
        b"M 100755 inline env/run.sh\n",
        b"M 120000 inline env/link\n",
        b"M 100644 inline \"env/caf\\303\\251 \\\"q\\\".yaml\"\n",
        b"M 100644 inline \"env/\\377\\376.bin\"\n",
        b"M 100644 inline \"env/tab\\tline\\n.txt\"\n",
        // In Git's order the directory `app` stands after the files `app.yaml` and `app-1`.
        b"M 100644 inline env/app/a.yaml\n",
        b"M 100644 inline env/app.yaml\n",
        b"M 100644 inline env/app-1\n",
        b"M 100644 inline env/app0/b.yaml\n",
    ];
    for entry in entries {
        stream.extend_from_slice(entry);
        stream.extend_from_slice(b"data 5\nvalue\n");
    }
    stream.extend_from_slice(b"M 160000 0123456789abcdef0123456789abcdef01234567 env/vendor\n\n");
    repository.git_with_input(&["fast-import", "--quiet"], &stream);
}

#[test]
fn what_stands_beside_an_edit_keeps_its_mode_name_and_id() {
    let (_server, repository, client) = open(Options::default());
    fill_with_oddities(&repository);
    let listing = |rev: &str| {
        let output = repository.git_with_input(&["ls-tree", "-r", "-z", rev], b"");
        output
            .split(|byte| *byte == 0)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    let before = listing("main");
    assert_eq!(before.len(), 11);
    let (advertisement, tip, root, mut objects) = read_main(&client);
    let root = put(&mut objects, root, "env/app/a.yaml", "new\n");
    let root = put(&mut objects, root, "env/run.sh", "new\n");
    let new = commit(&mut objects, root, Some(tip), "edit");
    client.push_branch(&objects, &advertisement, "main", new);
    repository.fsck();
    assert_eq!(
        repository.git(&["log", "-1", "--raw", "--abbrev=4", "--format=", "main"]),
        ":100644 100644 22bc 3e75 M\tenv/app/a.yaml\n:100755 100755 22bc 3e75 M\tenv/run.sh"
            .replace("22bc", &short(&repository, "main~:env/run.sh"))
            .replace("3e75", &short(&repository, "main:env/run.sh"))
    );
    let after = listing("main");
    let unchanged = after.iter().filter(|line| before.contains(line)).count();
    assert_eq!(unchanged, before.len() - 2);
}

fn short(repository: &Repository, rev: &str) -> String {
    repository.git(&["rev-parse", "--short=4", rev])
}

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
fn a_push_on_a_tip_that_moved_changes_nothing() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    let (stale, tip, root, mut objects) = read_main(&client);
    let theirs = put(&mut objects, root, "env-0/app-0/file-0.yaml", "theirs\n");
    let theirs = commit(&mut objects, theirs, Some(tip), "theirs");
    client.push_branch(&objects, &stale, "main", theirs);
    let ours = put(&mut objects, root, "env-0/app-1/file-0.yaml", "ours\n");
    let ours = commit(&mut objects, ours, Some(tip), "ours");
    let main = RefName::branch("main").unwrap();
    let update = RefUpdate {
        name: main.clone(),
        old: Some(tip),
        new: ours,
    };
    let pack = objects
        .new_pack(ours, PackOptions::for_server(&stale, 1))
        .unwrap();
    let report = client.push(&stale, &[update], &pack).unwrap();
    assert!(!report.accepted(&main));
    assert_eq!(report.unpack_error, None);
    assert!(matches!(report.refs[0].outcome, RefOutcome::Rejected(_)));
    assert_eq!(repository.tip("main"), theirs.to_string());
    repository.fsck();
}

#[test]
fn two_branches_move_together_or_not_at_all() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    let (advertisement, tip, root, mut objects) = read_main(&client);
    assert!(advertisement.offers("atomic"));
    let root = put(&mut objects, root, "env-0/app-0/file-0.yaml", "new\n");
    let new = commit(&mut objects, root, Some(tip), "new");
    let update = |branch: &str, old: Option<CommitId>| RefUpdate {
        name: RefName::branch(branch).unwrap(),
        old,
        new,
    };
    let pack = objects
        .new_pack(new, PackOptions::for_server(&advertisement, 1))
        .unwrap();
    // The second one is a lie: there is no such branch.
    let report = client
        .push(
            &advertisement,
            &[update("main", Some(tip)), update("other", Some(tip))],
            &pack,
        )
        .unwrap();
    assert!(
        report
            .refs
            .iter()
            .all(|report| report.outcome != RefOutcome::Ok),
        "{report:?}"
    );
    assert_eq!(repository.tip("main"), tip.to_string());
    let report = client
        .push(
            &advertisement,
            &[update("main", Some(tip)), update("other", None)],
            &pack,
        )
        .unwrap();
    assert!(
        report
            .refs
            .iter()
            .all(|report| report.outcome == RefOutcome::Ok),
        "{report:?}"
    );
    assert_eq!(repository.tip("main"), repository.tip("other"));
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
