//! Edits, as Git and its check of pushed objects see them.

use gitwire::{Objects, TreeId};
use harness::git_server::{Options, Repository};

use super::support::{SMALL, commit, open, put, read_main, split, trees_of};

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

/// Commits as old and careless tools have left them, which Git reads all the same. Each `T` stands for the tree.
const ODD_COMMITS: [(&str, &[u8]); 16] = [
    ("signed", b"tree T\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\nsigned\n"),
    ("a merged tag", b"tree T\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nmergetag object 0123456789abcdef0123456789abcdef01234567\n type commit\n tag v1\n tagger A <a@b> 1 +0000\n \n v1\n\nmerge\n"),
    ("another encoding", b"tree T\nauthor J\xf6rg <a@b> 1 +0000\ncommitter J\xf6rg <a@b> 1 +0000\nencoding ISO-8859-1\n\nf\xfcr\n"),
    ("no name", b"tree T\nauthor <a@b> 1 +0000\ncommitter <a@b> 1 +0000\n\nx\n"),
    ("an empty name", b"tree T\nauthor  <> 1 +0000\ncommitter  <> 1 +0000\n\nx\n"),
    ("brackets in the name", b"tree T\nauthor A <x> <a@b> 1 +0000\ncommitter A <x> <a@b> 1 +0000\n\nx\n"),
    ("no space before the address", b"tree T\nauthor A<a@b> 1 +0000\ncommitter A<a@b> 1 +0000\n\nx\n"),
    ("a strange time zone", b"tree T\nauthor A <a@b> 1 +051800\ncommitter A <a@b> 1 -7\n\nx\n"),
    ("no time zone", b"tree T\nauthor A <a@b> 1\ncommitter A <a@b> 1\n\nx\n"),
    ("no time", b"tree T\nauthor A <a@b>\ncommitter A <a@b>\n\nx\n"),
    ("a time before 1970", b"tree T\nauthor A <a@b> -1 +0000\ncommitter A <a@b> -1 +0000\n\nx\n"),
    ("a time beyond all", b"tree T\nauthor A <a@b> 99999999999999999999 +0000\ncommitter A <a@b> 99999999999999999999 +0000\n\nx\n"),
    ("no address", b"tree T\nauthor A 1 +0000\ncommitter A 1 +0000\n\nx\n"),
    ("no message", b"tree T\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"),
    ("no empty line", b"tree T\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000"),
    ("nobody", b"tree T\n\nx\n"),
];

#[test]
fn whatever_tool_made_the_tip_it_can_be_built_upon() {
    let (_server, repository, client) = open(Options {
        fsck_objects: false,
        ..Options::default()
    });
    repository.fill(SMALL);
    let tree = repository.git(&["rev-parse", "main^{tree}"]);
    let mut refused = Vec::new();
    for (name, text) in ODD_COMMITS {
        let (before, after) = (b"tree ", &text[6..]);
        let content = [&before[..], tree.as_bytes(), after].concat();
        let hash = [
            "hash-object",
            "-t",
            "commit",
            "-w",
            "--literally",
            "--stdin",
        ];
        let id = repository.git_with_input(&hash, &content);
        let id = String::from_utf8(id).unwrap();
        let update = format!("update refs/heads/main {id}");
        repository.git_with_input(&["update-ref", "--stdin"], update.as_bytes());
        let advertisement = client.advertisement();
        let tip = id.trim().parse().unwrap();
        let mut objects = trees_of(&client, tip);
        let root = match objects.commit(tip) {
            Ok(commit) => commit.tree,
            Err(error) => {
                refused.push(format!("{name}: {error}"));
                continue;
            }
        };
        let root = put(&mut objects, root, "env-0/app-0/file-0.yaml", "new\n");
        let new = commit(&mut objects, root, Some(tip), "new");
        client.push_branch(&objects, &advertisement, "main", new);
        assert_eq!(repository.tip("main~1"), id.trim());
    }
    assert_eq!(refused, Vec::<String>::new());
}
