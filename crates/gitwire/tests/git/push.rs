//! Pushes: every form of pack, a tip that moved, several branches.

use gitwire::{
    CommitId, Limits, Objects, Pack, PackOptions, RefName, RefOutcome, RefUpdate, TreeId,
};
use harness::git_server::{Filling, Options};

use super::support::{SMALL, commit, open, put, read_main, split, trees_of};

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
                name: main,
                new: tip,
            };
            let report = client
                .push(&advertisement, std::slice::from_ref(&update), &pack)
                .unwrap();
            assert!(
                report.accepted(&update),
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
        &trees_of(&client, tip),
        &client.advertisement(),
        "same",
        tip,
    );
    assert_eq!(repository.tip("same"), tip.to_string());
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
        name: main,
        old: Some(tip),
        new: ours,
    };
    let pack = objects
        .new_pack(ours, PackOptions::for_server(&stale, 1))
        .unwrap();
    let report = client
        .push(&stale, std::slice::from_ref(&update), &pack)
        .unwrap();
    assert!(!report.accepted(&update));
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
