//! Edits and commits, without a server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be, in its helpers too"
)]

use gitwire::{
    Ancestry, CommitSpec, EntryKind, LookupError, Objects, PackOptions, Person, Replacement,
    TreeEntry, TreeId, WriteError,
};

fn entry(kind: EntryKind, name: &str, objects: &mut Objects) -> TreeEntry {
    TreeEntry {
        kind,
        name: name.as_bytes().to_vec(),
        id: objects.write_blob(name.as_bytes()).unwrap().object(),
    }
}

fn spec(tree: TreeId) -> CommitSpec {
    let person = Person {
        name: "Ann".to_owned(),
        email: "ann@example.org".to_owned(),
        seconds: 1_700_000_000,
    };
    CommitSpec {
        tree,
        parents: Vec::new(),
        author: person.clone(),
        committer: person,
        message: "subject\n\nbody".to_owned(),
    }
}

#[test]
fn ids_are_those_that_git_gives() {
    let mut objects = Objects::new();
    // `printf 'hello\n' | git hash-object --stdin`
    let blob = objects.write_blob(b"hello\n").unwrap();
    assert_eq!(blob.to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
    // `git mktree` of that blob as `a`, and `git commit-tree` by Ann at 1700000000 +0000.
    let tree = objects
        .put_file(TreeId::EMPTY, &[b"a"], Some(blob))
        .unwrap();
    assert_eq!(tree.to_string(), "0976950c1fdbcb52435a433913017bf044b3a58f");
    let commit = objects.write_commit(&spec(tree)).unwrap();
    assert_eq!(
        commit.to_string(),
        "18c0cf3c8fbc83b11e19d2bf8b59c738058bdb8b"
    );
    let read = objects.commit(commit).unwrap();
    assert_eq!(read.tree, tree);
    assert_eq!(read.committer_seconds, Some(1_700_000_000));
    assert_eq!(read.message, b"subject\n\nbody\n");
    assert_eq!(objects.blob(blob).unwrap(), b"hello\n");
}

#[test]
fn a_tree_is_made_of_entries_in_any_order() {
    let mut objects = Objects::new();
    let b = entry(EntryKind::File, "b", &mut objects);
    let a = entry(EntryKind::Executable, "a", &mut objects);
    let tree = objects.write_tree(vec![b.clone(), a.clone()]).unwrap();
    assert_eq!(objects.tree(tree).unwrap(), [a, b.clone()]);
    let twice = TreeEntry {
        kind: EntryKind::Tree,
        ..b.clone()
    };
    let error = objects.write_tree(vec![b, twice]).unwrap_err();
    assert_eq!(
        error,
        WriteError::Twice {
            name: "b".to_owned()
        }
    );
    assert_eq!(objects.write_tree(Vec::new()).unwrap(), TreeId::EMPTY);
}

#[test]
fn names_that_git_refuses_are_refused() {
    let mut objects = Objects::new();
    let blob = objects.write_blob(b"").unwrap();
    for name in [
        &b""[..],
        b".",
        b"..",
        b".git",
        b".GIT",
        b"GIT~1",
        b"a/b",
        b"a\0b",
    ] {
        let error = objects
            .put_file(TreeId::EMPTY, &[b"x", name], Some(blob))
            .unwrap_err();
        assert!(matches!(error, WriteError::Name { .. }), "{error}");
        let named = TreeEntry {
            kind: EntryKind::File,
            name: name.to_vec(),
            id: blob.object(),
        };
        assert!(matches!(
            objects.write_tree(vec![named]),
            Err(WriteError::Name { .. })
        ));
    }
    assert!(objects.put_file(TreeId::EMPTY, &[], Some(blob)).is_err());
}

#[test]
fn what_stands_in_the_way_is_named() {
    let mut objects = Objects::new();
    let blob = objects.write_blob(b"x").unwrap();
    let mut entries = vec![
        entry(EntryKind::File, "file", &mut objects),
        entry(EntryKind::Symlink, "link", &mut objects),
        entry(EntryKind::Submodule, "module", &mut objects),
    ];
    let app = objects
        .put_file(TreeId::EMPTY, &[b"a"], Some(blob))
        .unwrap();
    entries.push(TreeEntry {
        kind: EntryKind::Tree,
        name: b"dir".to_vec(),
        id: app.object(),
    });
    let root = objects.write_tree(entries).unwrap();
    for name in [&b"file"[..], b"link", b"module"] {
        for path in [&[name][..], &[name, b"below"]] {
            let error = objects.replace_subtree(root, path, Some(app)).unwrap_err();
            assert!(
                matches!(
                    error,
                    WriteError::InTheWay {
                        expected: "directory",
                        ..
                    }
                ),
                "{error}"
            );
        }
        assert!(
            objects
                .put_file(root, &[name, b"below"], Some(blob))
                .is_err()
        );
    }
    for name in [&b"dir"[..], b"module"] {
        let error = objects.put_file(root, &[name], Some(blob)).unwrap_err();
        assert!(
            matches!(
                error,
                WriteError::InTheWay {
                    expected: "file",
                    ..
                }
            ),
            "{error}"
        );
    }
    // A symbolic link is a kind of file: it gives way to one.
    let edited = objects.put_file(root, &[b"link"], Some(blob)).unwrap();
    assert_eq!(objects.file(edited, &[b"link"]).unwrap(), Some(blob));
    assert_eq!(objects.file(root, &[b"link"]).unwrap(), None);
}

#[test]
fn an_edit_that_changes_nothing_gives_the_same_root() {
    let mut objects = Objects::new();
    let blob = objects.write_blob(b"x").unwrap();
    let root = objects
        .put_file(TreeId::EMPTY, &[b"env", b"app", b"a"], Some(blob))
        .unwrap();
    let app = objects.subtree(root, &[b"env", b"app"]).unwrap().unwrap();
    assert_eq!(
        objects
            .put_file(root, &[b"env", b"app", b"a"], Some(blob))
            .unwrap(),
        root
    );
    assert_eq!(
        objects
            .replace_subtree(root, &[b"env", b"app"], Some(app))
            .unwrap(),
        root
    );
    assert_eq!(
        objects
            .replace_subtree(root, &[b"env", b"other"], None)
            .unwrap(),
        root
    );
    assert_eq!(
        objects
            .replace_subtree(root, &[b"no", b"such"], None)
            .unwrap(),
        root
    );
    assert_eq!(objects.replace_subtree(root, &[], Some(app)).unwrap(), app);
    // An empty directory is no directory.
    let removed = objects
        .replace_subtree(root, &[b"env", b"app"], Some(TreeId::EMPTY))
        .unwrap();
    assert_eq!(removed, TreeId::EMPTY);
}

#[test]
fn an_edit_of_several_entries_is_the_edits_one_after_the_other() {
    let mut objects = Objects::new();
    let [old, new, record] = ["old", "new", "record"].map(|text| {
        let blob = objects.write_blob(text.as_bytes()).unwrap();
        let folder = objects
            .put_file(TreeId::EMPTY, &[b"a.yaml"], Some(blob))
            .unwrap();
        (blob, folder)
    });
    let first = objects
        .replace_subtree(TreeId::EMPTY, &[b"env", b"gone"], Some(old.1))
        .unwrap();
    let first = objects
        .replace_subtree(first, &[b"env", b"app"], Some(old.1))
        .unwrap();
    for path in [&[][..], &[&b"env"[..]], &[&b"env"[..], b"new"]] {
        let at = |name: &'static [u8]| [path, &[name]].concat();
        let root = objects.replace_subtree(first, &at(b"gone"), None).unwrap();
        let root = objects
            .replace_subtree(root, &at(b"app"), Some(new.1))
            .unwrap();
        let one_by_one = objects
            .put_file(root, &at(b"release.json"), Some(record.0))
            .unwrap();
        let changes = [
            (&b"gone"[..], Replacement::Directory(None)),
            (b"app", Replacement::Directory(Some(new.1))),
            (b"release.json", Replacement::File(Some(record.0))),
        ];
        assert_ne!(one_by_one, first);
        assert_eq!(objects.edit(first, path, &changes), Ok(one_by_one));
        assert_eq!(objects.edit(one_by_one, path, &changes), Ok(one_by_one));
    }
    let nothing_left = [
        (&b"gone"[..], Replacement::Directory(None)),
        (b"app", Replacement::Directory(Some(TreeId::EMPTY))),
    ];
    assert_eq!(
        objects.edit(first, &[b"env"], &nothing_left),
        Ok(TreeId::EMPTY)
    );
    let in_the_way = objects.edit(first, &[b"env"], &[(b"app", Replacement::File(None))]);
    let message = in_the_way.unwrap_err().to_string();
    assert_eq!(message, "`env/app` is not a file");
}

#[test]
fn commits_that_git_would_refuse_are_refused() {
    let mut objects = Objects::new();
    let good = spec(TreeId::EMPTY);
    assert!(objects.write_commit(&good).is_ok());
    let mut bad = vec![good.clone(); 6];
    bad[0].author.name = "  ".to_owned();
    bad[1].author.name = "Ann <root>".to_owned();
    bad[2].committer.email = "a@b\ncommitter Eve".to_owned();
    bad[3].committer.name = "a\0b".to_owned();
    bad[4].committer.seconds = -1;
    bad[5].message = "a\0b".to_owned();
    for spec in bad {
        let error = objects.write_commit(&spec).unwrap_err();
        assert!(matches!(error, WriteError::Commit { .. }), "{error}");
    }
}

#[test]
fn what_was_not_fetched_is_named() {
    let mut objects = Objects::new();
    let id = "0123456789abcdef0123456789abcdef01234567";
    let root: TreeId = id.parse().unwrap();
    let missing = LookupError::Missing {
        id: id.parse().unwrap(),
    };
    assert_eq!(objects.subtree(root, &[b"a"]), Err(missing.clone()));
    assert_eq!(
        objects.replace_subtree(root, &[b"a"], None),
        Err(WriteError::Lookup(missing.clone()))
    );
    assert_eq!(objects.tree(root), Err(missing.clone()));
    let options = PackOptions {
        level: 1,
        thin: true,
        ofs_delta: true,
    };
    assert_eq!(objects.new_pack(id.parse().unwrap(), options), Err(missing));
    let blob = objects.write_blob(b"x").unwrap();
    let other = objects.tree(TreeId::new(blob.object()));
    assert_eq!(
        other,
        Err(LookupError::OtherKind {
            id: blob.object(),
            expected: "tree"
        })
    );
}

#[test]
fn ancestry_follows_every_parent() {
    let mut objects = Objects::new();
    let mut make = |message: &str, parents: &[gitwire::CommitId]| {
        let spec = CommitSpec {
            message: message.to_owned(),
            parents: parents.to_vec(),
            ..spec(TreeId::EMPTY)
        };
        objects.write_commit(&spec).unwrap()
    };
    let absent = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    let first = make("first", &[]);
    let left = make("left", &[first]);
    let right = make("right", &[first]);
    let merge = make("merge", &[left, right]);
    let cut = make("cut", &[absent, left]);
    assert_eq!(objects.is_ancestor(first, merge), Ancestry::Yes);
    assert_eq!(objects.is_ancestor(right, merge), Ancestry::Yes);
    assert_eq!(objects.is_ancestor(merge, merge), Ancestry::Yes);
    assert_eq!(objects.is_ancestor(merge, first), Ancestry::No);
    assert_eq!(objects.is_ancestor(right, left), Ancestry::No);
    // The parent's id is in the commit, although the parent is not here.
    assert_eq!(objects.is_ancestor(absent, cut), Ancestry::Yes);
    assert_eq!(
        objects.is_ancestor(right, cut),
        Ancestry::Unknown { shallow: vec![cut] }
    );
    assert_eq!(
        objects.is_ancestor(first, absent),
        Ancestry::Unknown {
            shallow: vec![absent]
        }
    );
}

#[test]
fn a_commit_that_all_others_name_is_read_once() {
    let mut objects = Objects::new();
    let nowhere = |number: u32| {
        let hex = format!("{number:040x}");
        hex.parse::<gitwire::CommitId>().unwrap()
    };
    // A megabyte of parents that nobody has: read anew for each of its children, that is five gigabytes.
    let large = objects
        .write_commit(&CommitSpec {
            parents: (1..=20_000).map(nowhere).collect(),
            ..spec(TreeId::EMPTY)
        })
        .unwrap();
    let mut tip = large;
    for _ in 0..5_000 {
        tip = objects
            .write_commit(&CommitSpec {
                parents: vec![large, tip],
                ..spec(TreeId::EMPTY)
            })
            .unwrap();
    }
    let reached = objects.reachable_commits(tip);
    assert_eq!(reached.len(), 5_001);
    assert!(reached.contains(&large) && !reached.contains(&nowhere(1)));
}

#[test]
fn only_what_the_tip_reaches_and_the_server_lacks_is_sent() {
    let mut objects = Objects::new();
    let options = PackOptions {
        level: 1,
        thin: false,
        ofs_delta: true,
    };
    let count = |pack: &[u8]| u32::from_be_bytes(pack[8..12].try_into().unwrap());
    let put = |objects: &mut Objects, root: TreeId, path: &[&[u8]], text: &[u8]| {
        let blob = objects.write_blob(text).unwrap();
        objects.put_file(root, path, Some(blob)).unwrap()
    };
    let root = put(&mut objects, TreeId::EMPTY, &[b"env", b"app", b"a"], b"1");
    let root = put(&mut objects, root, &[b"env", b"app", b"b"], b"2");
    let first = objects.write_commit(&spec(root)).unwrap();
    // Left behind by an attempt that came to nothing.
    put(&mut objects, root, &[b"env", b"app", b"a"], b"abandoned");
    // A commit, three trees, two blobs.
    assert_eq!(count(&objects.new_pack(first, options).unwrap()), 6);
    objects.mark_pushed(first);
    assert_eq!(count(&objects.new_pack(first, options).unwrap()), 0);
    // Changed and changed back: the second tree and its blob are at the server.
    let changed = put(&mut objects, root, &[b"env", b"app", b"a"], b"3");
    let second = objects
        .write_commit(&CommitSpec {
            parents: vec![first],
            ..spec(changed)
        })
        .unwrap();
    let back = put(&mut objects, changed, &[b"env", b"app", b"a"], b"1");
    assert_eq!(back, root);
    let third = objects
        .write_commit(&CommitSpec {
            parents: vec![second],
            ..spec(back)
        })
        .unwrap();
    assert_eq!(count(&objects.new_pack(third, options).unwrap()), 2 + 3 + 1);
}
