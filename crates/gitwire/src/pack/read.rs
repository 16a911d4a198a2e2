//! Reads a pack as `git index-pack` does: once through to find and hash the full objects, then each delta once, from its base on.
//! Every step is paid from the limits before it is taken.

use std::collections::HashMap;
use std::rc::Rc;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Kind, Limits, PackError, PackedObject, delta};
use crate::hash::{hash_bytes, hash_object};
use crate::id::ObjectId;

/// Signature, version and number of objects.
const HEADER: usize = 12;

/// The hash at the end.
const TRAILER: usize = 20;

/// What an entry of the pack is.
#[derive(Debug, Clone, Copy)]
enum Form {
    Full(Kind),
    /// A delta to the entry with this index, which stands before it.
    OffsetDelta(usize),
    IdDelta(ObjectId),
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where the entry begins in the pack.
    at: usize,
    /// Where its compressed bytes begin.
    data: usize,
    /// Its length when inflated, as its header says.
    length: usize,
    form: Form,
    /// The id of a full object.
    id: Option<ObjectId>,
}

/// A delta that waits for its turn, with its base.
struct Waiting {
    entry: usize,
    base: Rc<Vec<u8>>,
    kind: Kind,
    depth: u32,
}

pub(super) struct Reader<'a> {
    /// The pack without its trailer.
    bytes: &'a [u8],
    limits: &'a Limits,
    inflater: Decompress,
    inflated: u64,
    held: usize,
    entries: Vec<Entry>,
    by_offset: HashMap<usize, Vec<usize>>,
    by_id: HashMap<ObjectId, Vec<usize>>,
    objects: Vec<PackedObject>,
}

impl<'a> Reader<'a> {
    /// Checks what stands at the two ends.
    pub(super) fn new(bytes: &'a [u8], limits: &'a Limits) -> Result<Self, PackError> {
        let head = bytes.get(..HEADER).ok_or(PackError::Truncated)?;
        let count = match head {
            [b'P', b'A', b'C', b'K', 0, 0, 0, 2, count @ ..] => count,
            [b'P', b'A', b'C', b'K', ..] => {
                return Err(PackError::Malformed("its version is not 2"));
            }
            _ => return Err(PackError::Malformed("it does not begin with `PACK`")),
        };
        let count = count
            .iter()
            .fold(0, |count, byte| count << 8 | u32::from(*byte));
        if count > limits.max_objects {
            return Err(PackError::TooManyObjects(count));
        }
        let length = bytes
            .len()
            .checked_sub(TRAILER)
            .ok_or(PackError::Truncated)?;
        let (body, trailer) = bytes.split_at(length.max(HEADER));
        if hash_bytes(body).is_none_or(|hash| hash.as_bytes() != trailer) {
            return Err(PackError::Checksum);
        }
        let mut reader = Self {
            bytes: body,
            limits,
            inflater: Decompress::new(true),
            inflated: 0,
            held: 0,
            entries: Vec::new(),
            by_offset: HashMap::new(),
            by_id: HashMap::new(),
            objects: Vec::new(),
        };
        reader.scan(count)?;
        Ok(reader)
    }

    /// Finds the entries, and hashes the full ones.
    fn scan(&mut self, count: u32) -> Result<(), PackError> {
        let mut at = HEADER;
        let mut content = Vec::new();
        for index in 0..count as usize {
            let mut entry = self.read_header(at)?;
            at = self.inflate(&entry, &mut content)?;
            match entry.form {
                Form::Full(kind) => {
                    let id = identify(kind, &content)?;
                    self.keep(id, kind, &content)?;
                    entry.id = Some(id);
                }
                Form::OffsetDelta(base) => self.by_offset.entry(base).or_default().push(index),
                Form::IdDelta(base) => self.by_id.entry(base).or_default().push(index),
            }
            self.entries.push(entry);
        }
        if at != self.bytes.len() {
            return Err(PackError::Malformed("bytes follow the last object"));
        }
        Ok(())
    }

    /// Resolves the deltas, and returns what is kept.
    pub(super) fn read(mut self) -> Result<Vec<PackedObject>, PackError> {
        if !self.by_offset.is_empty() || !self.by_id.is_empty() {
            let mut content = Vec::new();
            for index in 0..self.entries.len() {
                let Some(&entry) = self.entries.get(index) else {
                    break;
                };
                if let (Form::Full(kind), Some(id)) = (entry.form, entry.id)
                    && (self.by_offset.contains_key(&index) || self.by_id.contains_key(&id))
                {
                    self.inflate(&entry, &mut content)?;
                    self.resolve_from((index, id), kind, std::mem::take(&mut content))?;
                }
            }
        }
        let left = self.by_offset.values().chain(self.by_id.values());
        match left.map(Vec::len).sum() {
            0 => Ok(self.objects),
            deltas => Err(PackError::MissingBase(deltas)),
        }
    }

    /// Resolves every delta that leads back to one full object.
    fn resolve_from(
        &mut self,
        full: (usize, ObjectId),
        kind: Kind,
        content: Vec<u8>,
    ) -> Result<(), PackError> {
        let mut waiting = Vec::new();
        self.push_children(&mut waiting, full, kind, 0, content)?;
        while let Some(next) = waiting.pop() {
            let depth = next.depth + 1;
            if depth > self.limits.max_delta_depth {
                return Err(PackError::DeltaTooDeep(self.limits.max_delta_depth));
            }
            let result = self.resolve(&next)?;
            if Rc::strong_count(&next.base) == 1 {
                self.held = self.held.saturating_sub(next.base.len());
            }
            let (entry, kind) = (next.entry, next.kind);
            drop(next);
            let id = identify(kind, &result)?;
            self.keep(id, kind, &result)?;
            self.push_children(&mut waiting, (entry, id), kind, depth, result)?;
        }
        Ok(())
    }

    fn resolve(&mut self, waiting: &Waiting) -> Result<Vec<u8>, PackError> {
        let Some(&entry) = self.entries.get(waiting.entry) else {
            return Err(PackError::Malformed("a delta is not an entry"));
        };
        let mut instructions = Vec::new();
        self.inflate(&entry, &mut instructions)?;
        self.pay(delta::result_length(&instructions)?)?;
        delta::apply(&waiting.base, &instructions)
    }

    /// Queues the deltas to one object. Each delta is taken out of its list, so none is resolved twice.
    fn push_children(
        &mut self,
        waiting: &mut Vec<Waiting>,
        (index, id): (usize, ObjectId),
        kind: Kind,
        depth: u32,
        content: Vec<u8>,
    ) -> Result<(), PackError> {
        let mut children = self.by_offset.remove(&index).unwrap_or_default();
        children.extend(self.by_id.remove(&id).unwrap_or_default());
        if children.is_empty() {
            return Ok(());
        }
        self.hold(content.len())?;
        let base = Rc::new(content);
        waiting.extend(children.into_iter().map(|entry| Waiting {
            entry,
            base: Rc::clone(&base),
            kind,
            depth,
        }));
        Ok(())
    }

    fn keep(&mut self, id: ObjectId, kind: Kind, content: &[u8]) -> Result<(), PackError> {
        if kind == Kind::Blob && !self.limits.keep_blobs {
            return Ok(());
        }
        self.hold(content.len())?;
        let content = content.to_vec();
        self.objects.push(PackedObject { id, kind, content });
        Ok(())
    }

    fn hold(&mut self, bytes: usize) -> Result<(), PackError> {
        self.held = self.held.saturating_add(bytes);
        if self.held > self.limits.max_held_bytes {
            return Err(PackError::TooMuchMemory(self.limits.max_held_bytes));
        }
        Ok(())
    }

    /// Pays for an object of this length, before it is made.
    fn pay(&mut self, length: u64) -> Result<(), PackError> {
        if length > self.limits.max_object_bytes as u64 {
            return Err(PackError::ObjectTooLarge(length));
        }
        self.inflated = self.inflated.saturating_add(length);
        if self.inflated > self.limits.max_inflated_bytes {
            return Err(PackError::TooMuchWork(self.limits.max_inflated_bytes));
        }
        Ok(())
    }

    /// Type and length, then the base of a delta.
    fn read_header(&self, at: usize) -> Result<Entry, PackError> {
        let mut place = at;
        let first = self.byte(&mut place)?;
        let mut length = u64::from(first & 0x0f);
        let mut byte = first;
        let mut shift = 4;
        while byte & 0x80 != 0 {
            if shift > 53 {
                return Err(PackError::Malformed("an object has an impossible length"));
            }
            byte = self.byte(&mut place)?;
            length |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        let form = match first >> 4 & 7 {
            1 => Form::Full(Kind::Commit),
            2 => Form::Full(Kind::Tree),
            3 => Form::Full(Kind::Blob),
            4 => Form::Full(Kind::Tag),
            6 => Form::OffsetDelta(self.read_offset(at, &mut place)?),
            7 => {
                let id = self
                    .bytes
                    .get(place..place.saturating_add(20))
                    .and_then(ObjectId::try_from_slice)
                    .ok_or(PackError::Truncated)?;
                place += 20;
                Form::IdDelta(id)
            }
            _ => return Err(PackError::Malformed("an object has an unknown type")),
        };
        Ok(Entry {
            at,
            data: place,
            length: usize::try_from(length).map_err(|_| PackError::ObjectTooLarge(length))?,
            form,
            id: None,
        })
    }

    /// How far before the delta its base stands (gitformat-pack, "offset encoding"), as the index of that entry.
    fn read_offset(&self, at: usize, place: &mut usize) -> Result<usize, PackError> {
        const NO_BASE: PackError = PackError::Malformed("a delta's base is not an earlier object");
        let mut byte = self.byte(place)?;
        let mut distance = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.byte(place)?;
            distance = distance
                .checked_add(1)
                .and_then(|distance| distance.checked_mul(128))
                .ok_or(NO_BASE)?
                | usize::from(byte & 0x7f);
        }
        let base = at.checked_sub(distance).ok_or(NO_BASE)?;
        self.entries
            .binary_search_by_key(&base, |entry| entry.at)
            .map_err(|_| NO_BASE)
    }

    fn byte(&self, place: &mut usize) -> Result<u8, PackError> {
        let byte = self.bytes.get(*place).ok_or(PackError::Truncated)?;
        *place += 1;
        Ok(*byte)
    }

    /// Inflates an entry into `out`, and returns where the next one begins.
    fn inflate(&mut self, entry: &Entry, out: &mut Vec<u8>) -> Result<usize, PackError> {
        self.pay(entry.length as u64)?;
        self.inflater.reset(true);
        out.clear();
        let mut input = self.bytes.get(entry.data..).unwrap_or_default();
        loop {
            // One byte more than it should need shows a stream that is too long. Grows as bytes come: a length alone takes no memory.
            let room = (entry.length + 1 - out.len()).min(out.len().max(8192));
            out.reserve(room);
            let (read, wrote) = (self.inflater.total_in(), out.len());
            let status = self
                .inflater
                .decompress_vec(input, out, FlushDecompress::None)
                .map_err(|_| PackError::Malformed("an object is not a zlib stream"))?;
            let read = (self.inflater.total_in() - read) as usize;
            input = input.get(read..).unwrap_or_default();
            if out.len() > entry.length {
                return Err(PackError::Malformed("an object is longer than it says"));
            }
            match status {
                Status::StreamEnd if out.len() == entry.length => {
                    return Ok(self.bytes.len() - input.len());
                }
                Status::StreamEnd => {
                    return Err(PackError::Malformed("an object is shorter than it says"));
                }
                _ if read == 0 && out.len() == wrote => return Err(PackError::Truncated),
                _ => {}
            }
        }
    }
}

fn identify(kind: Kind, content: &[u8]) -> Result<ObjectId, PackError> {
    hash_object(kind, content.len(), [content]).ok_or(PackError::Collision)
}
