//! What forges add to Git: hooks that refuse or rewrite a push, branches that are other branches, refs by the thousand; and that
//! nothing can be written here that their check of objects refuses.

use gitwire::{
    CommitId, EntryKind, Objects, PackOptions, PushReport, ReceivePackAdvertisement, RefName,
    RefOutcome, RefUpdate, TreeEntry, TreeId,
};
use harness::git_server::{Options, Repository};

use super::support::{Client, SMALL, TINY, commit, open, put, read_main};

/// Pushes a change of one file to `main`.
fn push_change(client: &Client) -> (RefUpdate, PushReport) {
    let (advertisement, tip, root, mut objects) = read_main(client);
    let root = put(&mut objects, root, "env-0/app-0/file-0.yaml", "new\n");
    let new = commit(&mut objects, root, Some(tip), "new");
    push(client, &advertisement, &objects, new)
}

fn push(
    client: &Client,
    advertisement: &ReceivePackAdvertisement,
    objects: &Objects,
    new: CommitId,
) -> (RefUpdate, PushReport) {
    let name = RefName::branch("main").unwrap();
    let update = RefUpdate {
        old: advertisement.tip(&name),
        name,
        new,
    };
    let options = PackOptions::for_server(advertisement, 1);
    let pack = objects.new_pack(new, options).unwrap();
    let updates = std::slice::from_ref(&update);
    let report = client.push(advertisement, updates, &pack).unwrap();
    (update, report)
}

#[test]
fn a_hook_that_refuses_is_told_with_what_it_printed() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(TINY);
    let tip = repository.tip("main");
    let cases = [
        ("pre-receive", "pre-receive hook declined"),
        ("update", "hook declined"),
    ];
    for (hook, reason) in cases {
        repository.hook(
            hook,
            "echo 'You are not allowed to push to protected branches.' >&2; exit 1",
        );
        let (update, report) = push_change(&client);
        repository.remove_hook(hook);
        assert!(!report.accepted(&update), "{report:?}");
        assert_eq!(report.unpack_error, None);
        assert!(
            matches!(&report.refs[0].outcome, RefOutcome::Rejected(words) if words.as_str() == reason),
            "{report:?}"
        );
        let printed = report.messages.as_str();
        assert!(
            printed.starts_with("You are not allowed to push"),
            "{printed}"
        );
        assert_eq!(repository.tip("main"), tip);
    }
}

/// A `proc-receive` hook takes `main` for itself and answers so (githooks(5)), without moving it.
fn answer_elsewhere(repository: &Repository, options: &[&str]) {
    repository.git(&["config", "receive.procReceiveRefs", "refs/heads/main"]);
    let lines = options
        .iter()
        .map(|option| format!("pkt 'option {option}'"));
    let lines = lines.collect::<Vec<_>>().join("\n");
    repository.hook(
        "proc-receive",
        &format!(
            "pkt() {{ printf '%04x%s\\n' $((${{#1}} + 5)) \"$1\"; }}\n\
             pkt version=1; printf 0000\npkt 'ok refs/heads/main'\n{lines}\nprintf 0000\ncat > /dev/null"
        ),
    );
}

#[test]
fn a_push_that_a_hook_put_elsewhere_is_not_taken_for_landed() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(TINY);
    let tip = repository.tip("main");
    let other_commit = format!("new-oid {tip}");
    for options in [
        &["refname refs/heads/proposals/1"][..],
        &[&other_commit],
        &["refname refs/heads/proposals/1", &other_commit],
    ] {
        answer_elsewhere(&repository, options);
        let (update, report) = push_change(&client);
        assert_eq!(report.unpack_error, None);
        assert_eq!(report.refs[0].outcome, RefOutcome::Ok, "{report:?}");
        assert!(!report.accepted(&update), "{report:?}");
        assert_eq!(repository.tip("main"), tip);
    }
    // A hook that only repeats what was asked for has nothing against it.
    answer_elsewhere(&repository, &["refname refs/heads/main", "fall-through"]);
    let (update, report) = push_change(&client);
    assert!(report.accepted(&update), "{report:?}");
    assert_eq!(repository.tip("main"), update.new.to_string());
}

#[test]
fn a_branch_that_is_another_branch_moves_with_it() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(SMALL);
    repository.git(&["branch", "--quiet", "--move", "main", "trunk"]);
    repository.git(&["symbolic-ref", "refs/heads/main", "refs/heads/trunk"]);
    let (update, report) = push_change(&client);
    assert!(report.accepted(&update), "{report:?}");
    assert_eq!(repository.tip("trunk"), update.new.to_string());
    let names = ["symbolic-ref", "refs/heads/main"];
    assert_eq!(repository.git(&names), "refs/heads/trunk");
    repository.fsck();
}

#[test]
fn the_tip_is_found_among_refs_by_the_thousand_and_of_any_name() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(TINY);
    let tip = repository.tip("main");
    let mut commands = Vec::new();
    for number in 0..20_000 {
        let line = format!("create refs/merge-requests/{number}/head {tip}\n");
        commands.extend_from_slice(line.as_bytes());
    }
    let odd: [&[u8]; 6] = [
        b"refs/heads/caf\xe9",
        "refs/heads/\u{1f980}/\u{202e}".as_bytes(),
        b"refs/heads/HEAD",
        b"refs/heads/refs/heads/main",
        b"refs/heads/-x",
        b"refs/tags/main",
    ];
    for name in odd {
        let line = [b"create ", name, b" ", tip.as_bytes(), b"\n"].concat();
        commands.extend_from_slice(&line);
    }
    repository.git_with_input(&["update-ref", "--stdin"], &commands);
    repository.git(&["pack-refs", "--all"]);
    let advertisement = client.advertisement();
    // All but the one that is not UTF-8.
    assert_eq!(advertisement.refs().len(), 20_006);
    let (update, report) = push_change(&client);
    assert!(report.accepted(&update), "{report:?}");
    assert_eq!(repository.tip("main"), update.new.to_string());
    let listed = client.ls_refs(&["refs/heads/"]).refs;
    let names: Vec<_> = listed.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(names.contains(&"refs/heads/main"));
}

#[test]
fn a_head_without_a_branch_is_no_default_branch() {
    let (_server, repository, client) = open(Options::default());
    repository.fill(TINY);
    let tip = repository.tip("main");
    repository.git(&["symbolic-ref", "HEAD", "refs/heads/gone"]);
    let gone = RefName::branch("gone").unwrap();
    assert_eq!(client.ls_refs(&["HEAD"]).default_branch, Some(gone));
    repository.git(&["update-ref", "--no-deref", "HEAD", &tip]);
    assert_eq!(client.ls_refs(&["HEAD"]).default_branch, None);
}

/// Names that some file system takes for `.git`, or that lead out of the repository, and some that only look like it.
const NAMES: [&[u8]; 33] = [
    b".",
    b"..",
    b".git",
    b".GIT",
    b".gIt",
    b"git~1",
    b"GIT~1",
    b".git ",
    b".git.",
    b".git . .",
    b".git::$INDEX_ALLOCATION",
    b".git\\config",
    b"a\\.git",
    b"a\\..",
    ".g\u{200c}it".as_bytes(),
    "\u{feff}.git".as_bytes(),
    ".GI\u{202e}T".as_bytes(),
    ".git\u{206a}".as_bytes(),
    b"",
    b"a/b",
    b"a\0b",
    b"git~2",
    b".git2",
    b".gitignore",
    b"git",
    b"...",
    b" ",
    b"-rf",
    b"con",
    b"a:b",
    b"caf\xe9",
    "\u{200c}git".as_bytes(),
    b".\xe2\x80git",
];

#[test]
fn a_name_that_can_be_written_passes_the_check_of_the_server() {
    let (_server, repository, client) = open(Options::default());
    let mut written = Vec::new();
    for kind in [EntryKind::File, EntryKind::Tree] {
        for name in NAMES {
            let mut objects = Objects::new();
            let blob = objects.write_blob(b"x\n").unwrap();
            let entry = |kind, name: &[u8], id| TreeEntry {
                kind,
                name: name.to_vec(),
                id,
            };
            let inner = entry(EntryKind::File, b"a", blob.object());
            let id = match kind {
                EntryKind::Tree => objects.write_tree(vec![inner]).unwrap().object(),
                _ => blob.object(),
            };
            let listed = objects.write_tree(vec![entry(kind, name, id)]);
            let edited = match kind {
                EntryKind::Tree => {
                    objects.replace_subtree(TreeId::EMPTY, &[name], Some(TreeId::new(id)))
                }
                _ => objects.put_file(TreeId::EMPTY, &[name], Some(blob)),
            };
            let shown = name.escape_ascii();
            assert_eq!(listed, edited, "{shown}");
            let Ok(root) = listed else { continue };
            let advertisement = client.advertisement();
            let main = RefName::branch("main").unwrap();
            let new = commit(
                &mut objects,
                root,
                advertisement.tip(&main),
                &shown.to_string(),
            );
            let (update, report) = push(&client, &advertisement, &objects, new);
            assert!(report.accepted(&update), "{shown}: {report:?}");
            written.push(name);
        }
    }
    repository.fsck();
    for harmless in [&b".gitignore"[..], b"...", b"caf\xe9", b"con"] {
        assert!(written.contains(&harmless), "{}", harmless.escape_ascii());
    }
}
