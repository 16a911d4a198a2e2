//! Writes a pack of new objects, in one pass, with directories as deltas of their earlier versions.

use std::collections::{HashMap, HashSet};

use adler2::Adler32;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::select::{Chosen, select};
use super::{Kind, PackOptions, delta};
use crate::EntryKind;
use crate::hash::checksum;
use crate::id::{CommitId, ObjectId, TreeId};
use crate::objects::{LookupError, Objects};

const OFFSET_DELTA: u8 = 6;
const ID_DELTA: u8 = 7;

/// Contents up to this length are stored as they are: small trees and deltas of trees are hashes for the most part, which deflate
/// makes no shorter, and to begin a deflate costs more than the rest of such an object.
const STORED: u16 = 128;

struct Writer {
    out: Vec<u8>,
    compress: Compress,
    options: PackOptions,
    /// Where the objects written so far begin.
    offsets: HashMap<ObjectId, usize>,
}

impl Objects {
    /// A pack of the new objects that are reachable from `tip`, and of no other.
    ///
    /// # Errors
    /// See [`LookupError`]; the tip itself has to be here.
    pub fn new_pack(&self, tip: CommitId, options: PackOptions) -> Result<Vec<u8>, LookupError> {
        self.pack_of(select(self, tip, options.thin)?, options)
    }

    /// A pack that stands alone: the commit, its root directory, and the directories in that which are here. It is what an
    /// edit of a file two levels deep needs, and can be kept between pushes. None if these have more than `max_bytes`, or the
    /// commit or its root are not here.
    pub fn snapshot(&self, tip: CommitId, max_bytes: usize) -> Option<Vec<u8>> {
        let root = self.commit(tip).ok()?.tree;
        let mut ids = vec![tip.object(), root.object()];
        for entry in self.tree(root).ok()? {
            if entry.kind == EntryKind::Tree && self.contains(entry.id) {
                ids.push(entry.id);
            }
        }
        // Git has the empty tree without being told.
        ids.retain(|id| *id != TreeId::EMPTY.object());
        let mut bytes: usize = 0;
        for id in &ids {
            bytes = bytes.saturating_add(self.content(*id).ok()?.1.len());
        }
        if bytes > max_bytes {
            return None;
        }
        let mut seen = HashSet::new();
        let whole = |id: ObjectId| Chosen { id, base: None };
        let chosen = ids.into_iter().filter(|id| seen.insert(*id)).map(whole);
        let options = PackOptions {
            level: 1,
            thin: false,
            ofs_delta: false,
        };
        self.pack_of(chosen.collect(), options).ok()
    }

    fn pack_of(&self, chosen: Vec<Chosen>, options: PackOptions) -> Result<Vec<u8>, LookupError> {
        let last = chosen.last().map_or(ObjectId::ZERO, |object| object.id);
        let problem = |problem| LookupError::Corrupt { id: last, problem };
        let mut writer = Writer {
            out: Vec::new(),
            compress: Compress::new(Compression::new(options.level.min(9)), true),
            options,
            offsets: HashMap::new(),
        };
        writer.out.extend_from_slice(b"PACK\0\0\0\x02");
        let count = u32::try_from(chosen.len())
            .map_err(|_| problem("it reaches more objects than a pack can hold"))?;
        writer.out.extend_from_slice(&count.to_be_bytes());
        for object in chosen {
            writer.write(self, object)?;
        }
        let hash = checksum(&writer.out);
        writer.out.extend_from_slice(hash.as_bytes());
        Ok(writer.out)
    }

    /// Says that the server has taken everything that `tip` reaches: it is not sent again.
    pub fn mark_pushed(&mut self, tip: CommitId) {
        // Without the tip nothing was pushed.
        for object in select(self, tip, false).unwrap_or_default() {
            self.mark_known(object.id);
        }
    }
}

impl Writer {
    fn write(&mut self, objects: &Objects, object: Chosen) -> Result<(), LookupError> {
        let at = self.out.len();
        self.offsets.insert(object.id, at);
        let (kind, content) = objects.content(object.id)?;
        let length = content.len();
        if let Some(base) = object.base {
            let new = objects.tree_chunks(TreeId::new(object.id))?;
            let old = objects.tree_chunks(base)?;
            if let Some(delta) = delta::between(&old, &new)
                && delta.len() < length / 2
            {
                self.write_base(at, base.object(), delta.len());
                self.write_content(delta.len(), [&*delta].into_iter());
                return Ok(());
            }
        }
        let kind = match kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        self.write_type(kind, length);
        self.write_content(length, content.parts());
        Ok(())
    }

    /// The header of a delta. A base in this pack may be named by its distance; one at the server never.
    fn write_base(&mut self, at: usize, base: ObjectId, length: usize) {
        match self
            .offsets
            .get(&base)
            .copied()
            .filter(|_| self.options.ofs_delta)
        {
            Some(base) => {
                self.write_type(OFFSET_DELTA, length);
                self.write_distance(at - base);
            }
            None => {
                self.write_type(ID_DELTA, length);
                self.out.extend_from_slice(base.as_bytes());
            }
        }
    }

    /// Three bits of type; the length in four bits, then seven a byte, the lowest first.
    fn write_type(&mut self, kind: u8, length: usize) {
        let mut byte = kind << 4 | (length & 0x0f) as u8;
        let mut rest = length >> 4;
        while rest > 0 {
            self.out.push(byte | 0x80);
            byte = (rest & 0x7f) as u8;
            rest >>= 7;
        }
        self.out.push(byte);
    }

    /// Seven bits a byte, the highest first, one less for each byte that follows (gitformat-pack, "offset encoding").
    fn write_distance(&mut self, mut distance: usize) {
        let mut bytes = vec![(distance & 0x7f) as u8];
        while distance > 0x7f {
            distance = (distance >> 7) - 1;
            bytes.push((distance & 0x7f) as u8 | 0x80);
        }
        self.out.extend(bytes.iter().rev());
    }

    /// Writes a content as a zlib stream.
    fn write_content<'a>(&mut self, length: usize, parts: impl Iterator<Item = &'a [u8]>) {
        match u16::try_from(length) {
            Ok(short) if short <= STORED => self.store(short, parts),
            _ => self.deflate(parts),
        }
    }

    /// A zlib stream (RFC 1950) of one block that is stored (RFC 1951, 3.2.4).
    fn store<'a>(&mut self, length: u16, parts: impl Iterator<Item = &'a [u8]>) {
        self.out.extend_from_slice(&[0x78, 0x01, 0x01]);
        self.out.extend_from_slice(&length.to_le_bytes());
        self.out.extend_from_slice(&(!length).to_le_bytes());
        let mut checksum = Adler32::new();
        for part in parts {
            checksum.write_slice(part);
            self.out.extend_from_slice(part);
        }
        let checksum = checksum.checksum();
        self.out.extend_from_slice(&checksum.to_be_bytes());
    }

    fn deflate<'a>(&mut self, parts: impl Iterator<Item = &'a [u8]>) {
        self.compress.reset();
        for part in parts {
            self.deflate_part(part, FlushCompress::None);
        }
        self.deflate_part(&[], FlushCompress::Finish);
    }

    fn deflate_part(&mut self, mut input: &[u8], flush: FlushCompress) {
        loop {
            // Room for everything that can come out, so that one call is the rule.
            self.out.reserve(input.len() + 256);
            let before = self.compress.total_in();
            let status = self.compress.compress_vec(input, &mut self.out, flush);
            let read = (self.compress.total_in() - before) as usize;
            input = input.get(read..).unwrap_or_default();
            let done = match (status, flush) {
                (Ok(Status::StreamEnd), _) | (Err(_), _) => true,
                (Ok(_), FlushCompress::None) => input.is_empty(),
                (Ok(_), _) => false,
            };
            if done {
                return;
            }
        }
    }
}
