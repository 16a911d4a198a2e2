//! Deltas (gitformat-pack, "Deltified representation"): copies from a base and inserted bytes.

use super::PackError;
use crate::tree::{Step, Tree, compare};

/// Longest copy that one instruction makes here. The format allows more, old readers do not.
const MAX_COPY: usize = 0xffff;

/// Longest insertion of one instruction.
const MAX_INSERT: usize = 0x7f;

const TRUNCATED: PackError = PackError::Malformed("a delta is cut short");

/// The length that a delta says its result has. Checked when it is applied.
pub(super) fn result_length(delta: &[u8]) -> Result<u64, PackError> {
    let mut rest = delta;
    read_length(&mut rest)?;
    read_length(&mut rest)
}

/// Applies a delta whose result length was found small enough.
pub(super) fn apply(base: &[u8], delta: &[u8]) -> Result<Vec<u8>, PackError> {
    let mut rest = delta;
    if read_length(&mut rest)? != base.len() as u64 {
        return Err(PackError::Malformed("a delta is for another base"));
    }
    let length = read_length(&mut rest)?;
    let length = usize::try_from(length).map_err(|_| PackError::ObjectTooLarge(length))?;
    // Grows as bytes come: a length alone takes no memory.
    let mut result = Vec::with_capacity(length.min(base.len() + delta.len()));
    while let Some((&instruction, after)) = rest.split_first() {
        rest = after;
        let bytes = match instruction {
            0 => return Err(PackError::Malformed("a delta has a reserved instruction")),
            1..=0x7f => {
                let (bytes, after) = rest
                    .split_at_checked(usize::from(instruction))
                    .ok_or(TRUNCATED)?;
                rest = after;
                bytes
            }
            _ => {
                let start = read_field(&mut rest, instruction, 4)?;
                let size = match read_field(&mut rest, instruction >> 4, 3)? {
                    0 => 0x10000,
                    size => size,
                };
                start
                    .checked_add(size)
                    .and_then(|end| base.get(start..end))
                    .ok_or(PackError::Malformed("a delta copies from beyond its base"))?
            }
        };
        if bytes.len() > length - result.len() {
            return Err(PackError::Malformed("a delta makes more than it says"));
        }
        result.extend_from_slice(bytes);
    }
    if result.len() != length {
        return Err(PackError::Malformed("a delta makes less than it says"));
    }
    Ok(result)
}

/// Seven bits a byte, the lowest first.
fn read_length(rest: &mut &[u8]) -> Result<u64, PackError> {
    let mut length = 0_u64;
    for shift in (0..57).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(TRUNCATED)?;
        *rest = after;
        length |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(length);
        }
    }
    Err(PackError::Malformed("a delta has an impossible length"))
}

/// The bytes of an offset or size that the low bits of `present` say are there, the lowest first.
fn read_field(rest: &mut &[u8], present: u8, bytes: u32) -> Result<usize, PackError> {
    let mut value = 0;
    for index in 0..bytes {
        if present >> index & 1 == 1 {
            let (&byte, after) = rest.split_first().ok_or(TRUNCATED)?;
            *rest = after;
            value |= usize::from(byte) << (8 * index);
        }
    }
    Ok(value)
}

/// Writes a delta.
struct Writer {
    out: Vec<u8>,
    /// Bytes to insert that are not written yet.
    insert: Vec<u8>,
    /// A copy that is not written yet: where it starts in the base, and its length.
    copy: Option<(usize, usize)>,
}

impl Writer {
    fn new(base_length: usize, result_length: usize) -> Self {
        let mut out = Vec::new();
        write_length(&mut out, base_length);
        write_length(&mut out, result_length);
        Self {
            out,
            insert: Vec::new(),
            copy: None,
        }
    }

    fn copy(&mut self, at: usize, length: usize) {
        if length == 0 {
            return;
        }
        match &mut self.copy {
            Some((start, copied)) if self.insert.is_empty() && *start + *copied == at => {
                *copied += length;
            }
            _ => {
                self.flush();
                self.copy = Some((at, length));
            }
        }
    }

    fn insert(&mut self, bytes: &[u8]) {
        self.insert.extend_from_slice(bytes);
    }

    /// Writes what waits: the copy came before the insertion.
    fn flush(&mut self) {
        if let Some((mut at, mut length)) = self.copy.take() {
            while length > 0 {
                let size = length.min(MAX_COPY);
                self.write_copy(at, size);
                at += size;
                length -= size;
            }
        }
        for part in self.insert.chunks(MAX_INSERT) {
            // At most 0x7f by the size of the chunks.
            self.out.push(part.len() as u8);
            self.out.extend_from_slice(part);
        }
        self.insert.clear();
    }

    fn write_copy(&mut self, at: usize, size: usize) {
        let place = self.out.len();
        self.out.push(0x80);
        let mut instruction = 0x80;
        let fields = [at, at >> 8, at >> 16, at >> 24, size, size >> 8];
        for (index, field) in fields.into_iter().enumerate() {
            let byte = (field & 0xff) as u8;
            if byte != 0 {
                instruction |= 1 << index;
                self.out.push(byte);
            }
        }
        if let Some(slot) = self.out.get_mut(place) {
            *slot = instruction;
        }
    }
}

fn write_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        if length == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// The delta from one version of a directory to another. Costs no more than the chunks that differ. Nothing for a base of 4 GiB or more, which
/// an offset cannot reach.
pub(super) fn between(old: &Tree, new: &Tree) -> Option<Vec<u8>> {
    u32::try_from(old.len()).ok()?;
    let mut writer = Writer::new(old.len(), new.len());
    for step in compare(old, new) {
        match step {
            Step::Same { at, length } => writer.copy(at, length),
            Step::Changed { at, old, new } => {
                let same = old
                    .bytes
                    .iter()
                    .zip(new.bytes)
                    .take_while(|(left, right)| left == right)
                    .count();
                writer.copy(at, same);
                writer.insert(new.bytes.get(same..).unwrap_or_default());
            }
            Step::Removed(_) => {}
            Step::Added(entry) => writer.insert(entry.bytes),
        }
    }
    writer.flush();
    Some(writer.out)
}

#[cfg(test)]
mod tests {
    use gix_object::tree::EntryKind;
    use proptest::prelude::*;

    use super::*;
    use crate::id::ObjectId;
    use crate::tree::encode_entry;

    fn tree_of(entries: &std::collections::BTreeMap<u16, u8>) -> Tree {
        let mut tree = Tree::default();
        for (name, object) in entries {
            // Names of one length, in the order of their numbers.
            let name = format!("application-{name:05}");
            let id = ObjectId::from_bytes([*object; 20]);
            let entry = encode_entry(EntryKind::Blob.into(), name.as_bytes(), id);
            tree.splice(name.as_bytes(), false, Some(&entry));
        }
        tree
    }

    fn bytes(tree: &Tree) -> Vec<u8> {
        tree.parts().flatten().copied().collect()
    }

    #[test]
    fn a_change_of_one_entry_is_a_delta_of_its_object_id() {
        let mut entries: std::collections::BTreeMap<_, _> =
            (0..4500).map(|name| (name, 1)).collect();
        let old = tree_of(&entries);
        entries.insert(2000, 9);
        let new = tree_of(&entries);
        let delta = between(&old, &new).unwrap();
        assert!(delta.len() < 60, "{} bytes", delta.len());
        assert_eq!(result_length(&delta).unwrap(), new.len() as u64);
        assert_eq!(apply(&bytes(&old), &delta).unwrap(), bytes(&new));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_delta_makes_the_new_tree_of_the_old_one(
            old in prop::collection::btree_map(0_u16..700, 0_u8..3, 0..300),
            new in prop::collection::btree_map(0_u16..700, 0_u8..3, 0..300),
        ) {
            let (old, new) = (tree_of(&old), tree_of(&new));
            let delta = between(&old, &new).unwrap();
            prop_assert_eq!(apply(&bytes(&old), &delta).unwrap(), bytes(&new));
        }

        #[test]
        fn no_delta_makes_the_reader_panic(base in prop::collection::vec(any::<u8>(), 0..40), delta in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = apply(&base, &delta);
            let _ = result_length(&delta);
        }
    }
}
