//! A directory in Git's own encoding, cut into chunks that versions of it share: an edit copies one chunk, whatever the size.
//!
//! Entries that an edit does not name are never decoded and encoded again, so odd modes of old tools survive.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use gix_object::TreeRefIter;
use gix_object::tree::{EntryMode, name_order};

use crate::hash::TreeHasher;
use crate::id::{ObjectId, TreeId};

/// A chunk is cut once it is this long, in bytes: about 12 entries, which an edit and a comparison read one by one.
const CHUNK: usize = 512;

/// The encoding of a directory, of which every part was checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    /// Whole entries, never empty, in Git's order.
    chunks: Vec<Arc<[u8]>>,
    length: usize,
    /// Shared by all versions of the directory.
    checkpoints: Arc<Mutex<Checkpoints>>,
}

/// How far the hash of the version that was hashed last had come after each chunk: the next version is hashed from the
/// first chunk on in which it differs.
#[derive(Debug, Default)]
struct Checkpoints {
    /// Length of that version, with which its hash begins.
    length: usize,
    after: Vec<(Arc<[u8]>, TreeHasher)>,
}

impl Checkpoints {
    fn hash(&mut self, length: usize, chunks: &[Arc<[u8]>]) -> ObjectId {
        if self.length != length {
            self.after.clear();
            self.length = length;
        }
        let both = self.after.iter().zip(chunks);
        let same = both.take_while(|((known, _), chunk)| Arc::ptr_eq(known, chunk));
        let same = same.count();
        self.after.truncate(same);
        let mut hasher = match self.after.last() {
            Some((_, hasher)) => hasher.clone(),
            None => TreeHasher::new(length),
        };
        for chunk in chunks.iter().skip(same) {
            hasher.update(chunk);
            self.after.push((Arc::clone(chunk), hasher.clone()));
        }
        hasher.finish()
    }
}

/// One entry, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawEntry<'a> {
    pub(crate) mode: EntryMode,
    pub(crate) name: &'a [u8],
    pub(crate) id: ObjectId,
    /// The whole entry as it is encoded.
    pub(crate) bytes: &'a [u8],
}

impl RawEntry<'_> {
    fn order(&self, name: &[u8], is_tree: bool) -> Ordering {
        name_order(self.name, self.mode.is_tree(), name, is_tree)
    }
}

/// The first entry of an encoding and what follows it.
fn split_entry(bytes: &[u8]) -> Option<(RawEntry<'_>, &[u8])> {
    let mut entries = TreeRefIter::from_bytes(bytes, gix_hash::Kind::Sha1);
    let entry = entries.next()?.ok()?;
    let (whole, rest) = bytes.split_at_checked(entries.offset_to_next_entry(bytes))?;
    let raw = RawEntry {
        mode: entry.mode,
        name: entry.filename,
        id: ObjectId::try_from_slice(entry.oid.as_bytes())?,
        bytes: whole,
    };
    Some((raw, rest))
}

/// The entries of an encoding; they end early where it is malformed.
fn entries(bytes: &[u8]) -> impl Iterator<Item = RawEntry<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (entry, after) = split_entry(rest)?;
        rest = after;
        Some(entry)
    })
}

/// Encodes an entry. The mode is written as Git does, in octal digits.
pub(crate) fn encode_entry(mode: EntryMode, name: &[u8], id: ObjectId) -> Vec<u8> {
    let mut digits = [0; 6];
    let mode = mode.as_bytes(&mut digits);
    let mut bytes = Vec::with_capacity(mode.len() + name.len() + 22);
    bytes.extend_from_slice(mode);
    bytes.push(b' ');
    bytes.extend_from_slice(name);
    bytes.push(0);
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

impl Tree {
    /// Reads an encoding and checks what edits lean upon: whole entries, known types, names that are not empty and have no `/`, Git's order.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut tree = Self::default();
        let mut chunk_start = bytes;
        let mut rest = bytes;
        let mut last: Option<RawEntry<'_>> = None;
        while !rest.is_empty() {
            let (entry, after) = split_entry(rest).ok_or("an entry is malformed")?;
            let mode = entry.mode;
            if !(mode.is_tree() || mode.is_blob_or_symlink() || mode.is_commit()) {
                return Err("an entry has an unknown type");
            }
            if entry.name.is_empty() || entry.name.contains(&b'/') {
                return Err("an entry has an impossible name");
            }
            if last.is_some_and(|last| last.order(entry.name, mode.is_tree()) != Ordering::Less) {
                return Err("the entries are out of order");
            }
            last = Some(entry);
            rest = after;
            if chunk_start.len() - rest.len() >= CHUNK || rest.is_empty() {
                let (chunk, _) = chunk_start.split_at(chunk_start.len() - rest.len());
                tree.chunks.push(chunk.into());
                chunk_start = rest;
            }
        }
        tree.length = bytes.len();
        Ok(tree)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Length of the encoding, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The encoding, part by part.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().map(|chunk| &**chunk)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = RawEntry<'_>> {
        self.parts().flat_map(entries)
    }

    pub(crate) fn id(&self) -> TreeId {
        // Whoever panicked with the lock left a list that is right as far as it goes.
        let mut checkpoints = self
            .checkpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        TreeId::new(checkpoints.hash(self.length, &self.chunks))
    }

    /// The entry with this name: a directory if there is one, or else anything.
    pub(crate) fn find(&self, name: &[u8]) -> Option<RawEntry<'_>> {
        [true, false].into_iter().find_map(|is_tree| {
            let chunk = self.chunks.get(self.chunk_of(name, is_tree))?;
            entries(chunk).find(|entry| entry.order(name, is_tree) == Ordering::Equal)
        })
    }

    /// The chunk that holds the entry, or would hold it.
    fn chunk_of(&self, name: &[u8], is_tree: bool) -> usize {
        let after = self.chunks.partition_point(|chunk| {
            split_entry(chunk)
                .is_some_and(|(first, _)| first.order(name, is_tree) != Ordering::Greater)
        });
        after.saturating_sub(1)
    }

    /// Puts `entry` in the place of the one with this name and type, or removes that one where `entry` is none.
    pub(crate) fn splice(&mut self, name: &[u8], is_tree: bool, entry: Option<&[u8]>) {
        let index = self.chunk_of(name, is_tree);
        let old: &[u8] = self.chunks.get(index).map_or(&[], |chunk| &**chunk);
        let before: usize = entries(old)
            .take_while(|entry| entry.order(name, is_tree) == Ordering::Less)
            .map(|entry| entry.bytes.len())
            .sum();
        let (head, rest) = old.split_at(before);
        let tail = match split_entry(rest) {
            Some((found, after)) if found.order(name, is_tree) == Ordering::Equal => after,
            _ => rest,
        };
        let bytes = [head, entry.unwrap_or_default(), tail].concat();
        self.length = self.length - old.len() + bytes.len();
        let end = (index + 1).min(self.chunks.len());
        self.chunks.splice(index..end, cut(&bytes));
    }
}

/// Cuts a chunk that has grown to twice its length in the middle. No chunk comes of no bytes.
fn cut(bytes: &[u8]) -> Vec<Arc<[u8]>> {
    if bytes.is_empty() {
        return Vec::new();
    }
    if bytes.len() < 2 * CHUNK {
        return vec![bytes.into()];
    }
    let mut middle = 0;
    for entry in entries(bytes) {
        middle += entry.bytes.len();
        if middle >= bytes.len() / 2 {
            break;
        }
    }
    let (left, right) = bytes.split_at(middle);
    [left, right]
        .into_iter()
        .filter(|half| !half.is_empty())
        .map(Arc::from)
        .collect()
}

/// One step of a comparison of two versions of a directory, in the order of the entries.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// Bytes that both have: one or many entries. `at` is where they stand in the old encoding.
    Same { at: usize, length: usize },
    /// An entry of the same name and type whose mode or object differs. `at` is where the old one stands.
    Changed {
        at: usize,
        old: RawEntry<'a>,
        new: RawEntry<'a>,
    },
    /// An entry that only the old version has.
    Removed(RawEntry<'a>),
    /// An entry that only the new version has.
    Added(RawEntry<'a>),
}

/// A place in a tree: whole chunks left, and the rest of the one that was begun.
struct Cursor<'a> {
    chunks: std::slice::Iter<'a, Arc<[u8]>>,
    begun: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(tree: &'a Tree) -> Self {
        Self {
            chunks: tree.chunks.iter(),
            begun: &[],
            at: 0,
        }
    }

    /// The chunk that is next as a whole, if none is begun.
    fn whole_chunk(&self) -> Option<&'a Arc<[u8]>> {
        self.chunks
            .as_slice()
            .first()
            .filter(|_| self.begun.is_empty())
    }

    fn peek(&mut self) -> Option<RawEntry<'a>> {
        if self.begun.is_empty() {
            self.begun = self.chunks.next()?;
        }
        split_entry(self.begun).map(|(entry, _)| entry)
    }

    fn skip(&mut self, entry: RawEntry<'a>) {
        self.begun = self.begun.get(entry.bytes.len()..).unwrap_or_default();
        self.at += entry.bytes.len();
    }
}

/// Compares two versions of a directory. Chunks that they share are passed over unread.
pub(crate) fn compare<'a>(old: &'a Tree, new: &'a Tree) -> impl Iterator<Item = Step<'a>> {
    let (mut old, mut new) = (Cursor::new(old), Cursor::new(new));
    std::iter::from_fn(move || {
        if let (Some(left), Some(right)) = (old.whole_chunk(), new.whole_chunk())
            && Arc::ptr_eq(left, right)
        {
            let step = Step::Same {
                at: old.at,
                length: left.len(),
            };
            old.at += left.len();
            new.at += left.len();
            old.chunks.next();
            new.chunks.next();
            return Some(step);
        }
        let (left, right) = (old.peek(), new.peek());
        let order = match (left, right) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.order(right.name, right.mode.is_tree()),
        };
        let at = old.at;
        if let Some(left) = left.filter(|_| order != Ordering::Greater) {
            old.skip(left);
        }
        if let Some(right) = right.filter(|_| order != Ordering::Less) {
            new.skip(right);
        }
        match (left, right, order) {
            (Some(left), Some(right), Ordering::Equal) if left.bytes == right.bytes => {
                let length = left.bytes.len();
                Some(Step::Same { at, length })
            }
            (Some(old), Some(new), Ordering::Equal) => Some(Step::Changed { at, old, new }),
            (Some(left), _, Ordering::Less) => Some(Step::Removed(left)),
            (_, right, _) => right.map(Step::Added),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use gix_object::tree::EntryKind;
    use proptest::prelude::*;

    use super::*;

    fn id(byte: u8) -> ObjectId {
        ObjectId::from_bytes([byte; 20])
    }

    fn bytes(tree: &Tree) -> Vec<u8> {
        tree.parts().flatten().copied().collect()
    }

    /// A directory of files named so, each with an object of its own.
    fn tree_of(names: impl IntoIterator<Item = String>) -> Tree {
        let mut tree = Tree::default();
        for name in names {
            let entry = encode_entry(EntryKind::Blob.into(), name.as_bytes(), id(1));
            tree.splice(name.as_bytes(), false, Some(&entry));
        }
        tree
    }

    #[test]
    fn the_empty_tree_has_the_id_that_every_git_knows() {
        assert_eq!(Tree::default().id(), TreeId::EMPTY);
    }

    #[test]
    fn directories_stand_as_if_their_name_ended_in_a_slash() {
        let mut tree = Tree::default();
        let entries = [
            ("app", true),
            ("app.yaml", false),
            ("app-1", false),
            ("app0", true),
        ];
        for (name, is_tree) in entries {
            let kind = if is_tree {
                EntryKind::Tree
            } else {
                EntryKind::Blob
            };
            let entry = encode_entry(kind.into(), name.as_bytes(), id(1));
            tree.splice(name.as_bytes(), is_tree, Some(&entry));
        }
        let names: Vec<_> = tree.entries().map(|entry| entry.name.to_vec()).collect();
        assert_eq!(names, [&b"app-1"[..], b"app.yaml", b"app", b"app0"]);
        assert!(Tree::parse(&bytes(&tree)).is_ok());
    }

    #[test]
    fn what_cannot_be_edited_safely_is_refused() {
        let entry = |mode: &str, name: &str| {
            [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &[1; 20]].concat()
        };
        let cases = [
            (entry("100644", "a")[..20].to_vec(), "an entry is malformed"),
            (entry("10x644", "a"), "an entry is malformed"),
            (entry("644", "a"), "an entry has an unknown type"),
            (entry("100644", ""), "an entry has an impossible name"),
            (entry("100644", "a/b"), "an entry has an impossible name"),
            (
                [entry("100644", "b"), entry("100644", "a")].concat(),
                "the entries are out of order",
            ),
            (
                [entry("100644", "a"), entry("100644", "a")].concat(),
                "the entries are out of order",
            ),
            (
                [entry("40000", "a"), entry("100644", "a.b")].concat(),
                "the entries are out of order",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Tree::parse(&bytes).unwrap_err(), expected);
        }
    }

    #[test]
    fn modes_of_old_tools_survive_an_edit_beside_them() {
        let odd = [
            b"040000 a\0",
            &[1; 20][..],
            b"100664 b\0",
            &[2; 20],
            b"100600 c\0",
            &[3; 20],
        ]
        .concat();
        let mut tree = Tree::parse(&odd).unwrap();
        let entry = encode_entry(EntryKind::Blob.into(), b"b2", id(4));
        tree.splice(b"b2", false, Some(&entry));
        assert_ne!(bytes(&tree), odd);
        tree.splice(b"b2", false, None);
        assert_eq!(bytes(&tree), odd);
    }

    #[test]
    fn an_edit_shares_all_but_one_chunk() {
        let old = tree_of((0..5000).map(|index| format!("app-{index:04}")));
        let mut new = old.clone();
        let entry = encode_entry(EntryKind::Blob.into(), b"app-2500", id(2));
        new.splice(b"app-2500", false, Some(&entry));
        let steps: Vec<_> = compare(&old, &new).collect();
        let single = steps
            .iter()
            .filter(|step| matches!(step, Step::Same { length, .. } if *length < 100))
            .count();
        let changed = steps
            .iter()
            .filter(|step| matches!(step, Step::Changed { .. }))
            .count();
        assert_eq!(changed, 1);
        assert!(single < 40, "{single} of 5,000 entries were read");
        assert!(old.chunks.iter().all(|chunk| chunk.len() < 2 * CHUNK));
    }

    /// The pieces of `new` that a comparison tells, put together again.
    fn rebuild(old: &Tree, new: &Tree) -> Vec<u8> {
        let before = bytes(old);
        let mut out = Vec::new();
        for step in compare(old, new) {
            match step {
                Step::Same { at, length } => out.extend_from_slice(&before[at..at + length]),
                Step::Changed { at, old, new } => {
                    assert_eq!(&before[at..at + old.bytes.len()], old.bytes);
                    out.extend_from_slice(new.bytes);
                }
                Step::Removed(_) => {}
                Step::Added(entry) => out.extend_from_slice(entry.bytes),
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn edits_do_what_a_sorted_list_would(
            start in 0_usize..400,
            edits in prop::collection::vec((0_usize..400, any::<bool>(), 0_u8..4), 0..60),
        ) {
            let name = |index: usize| format!("a-rather-long-name-of-an-app-{index:03}");
            let old = tree_of((0..start).map(name));
            let mut model: BTreeSet<(Vec<u8>, ObjectId)> =
                old.entries().map(|entry| (entry.name.to_vec(), entry.id)).collect();
            let mut new = old.clone();
            for (index, remove, object) in edits {
                let name = name(index).into_bytes();
                model.retain(|(present, _)| *present != name);
                let entry = encode_entry(EntryKind::Blob.into(), &name, id(object));
                new.splice(&name, false, (!remove).then_some(&entry[..]));
                if !remove {
                    model.insert((name.clone(), id(object)));
                }
                prop_assert_eq!(new.find(&name).map(|entry| entry.id), (!remove).then_some(id(object)));
                // Hashed from where it differs from the version before, and from its start.
                prop_assert_eq!(new.id(), Tree::parse(&bytes(&new)).unwrap().id());
            }
            let listed: Vec<_> = new.entries().map(|entry| (entry.name.to_vec(), entry.id)).collect();
            prop_assert_eq!(listed, model.into_iter().collect::<Vec<_>>());
            let whole = bytes(&new);
            prop_assert_eq!(whole.len(), new.len());
            prop_assert_eq!(Tree::parse(&whole).unwrap().id(), new.id());
            prop_assert_eq!(rebuild(&old, &new), whole.clone());
            // The same from trees that share no chunk.
            let stranger = Tree::parse(&bytes(&old)).unwrap();
            prop_assert_eq!(rebuild(&stranger, &new), whole);
        }
    }
}
