//! Packs with a right checksum and sound streams, whose headers, deltas, trees and commits are made up.
#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gitwire::{CommitId, Limits, Objects, Pack, TreeId};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Entry {
    /// A type (0 to 7), the bytes of its base, and its content, compressed.
    Sound {
        kind: u8,
        base: Vec<u8>,
        content: Vec<u8>,
    },
    /// A delta to the entry this many before it.
    Delta { back: u8, content: Vec<u8> },
    /// Bytes as they are.
    Raw(Vec<u8>),
}

fn header(kind: u8, length: usize) -> Vec<u8> {
    let mut byte = (kind & 7) << 4 | (length & 15) as u8;
    let mut rest = length >> 4;
    let mut out = Vec::new();
    while rest > 0 {
        out.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    out.push(byte);
    out
}

fn distance(mut distance: usize) -> Vec<u8> {
    let mut bytes = vec![(distance & 0x7f) as u8];
    while distance > 0x7f {
        distance = (distance >> 7) - 1;
        bytes.push((distance & 0x7f) as u8 | 0x80);
    }
    bytes.reverse();
    bytes
}

fn compress(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn pack(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = b"PACK\0\0\0\x02".to_vec();
    bytes.extend_from_slice(&(entries.len() as u32).to_be_bytes());
    let mut starts = Vec::new();
    for entry in entries {
        let at = bytes.len();
        match entry {
            Entry::Sound {
                kind,
                base,
                content,
            } => {
                bytes.extend(header(*kind, content.len()));
                bytes.extend_from_slice(base);
                bytes.extend(compress(content));
            }
            Entry::Delta { back, content } => {
                let base = starts
                    .iter()
                    .rev()
                    .nth(usize::from(*back))
                    .copied()
                    .unwrap_or(12);
                bytes.extend(header(6, content.len()));
                bytes.extend(distance(at - base));
                bytes.extend(compress(content));
            }
            Entry::Raw(raw) => bytes.extend_from_slice(raw),
        }
        starts.push(at);
    }
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(&bytes);
    if let Ok(hash) = hasher.try_finalize() {
        bytes.extend_from_slice(hash.as_slice());
    }
    bytes
}

fuzz_target!(|entries: Vec<Entry>| {
    let limits = Limits {
        max_objects: 1000,
        max_object_bytes: 1 << 20,
        max_inflated_bytes: 16 << 20,
        max_held_bytes: 16 << 20,
        max_delta_depth: 50,
        keep_blobs: true,
    };
    let Ok(pack) = Pack::read(&pack(&entries), &limits) else {
        return;
    };
    let ids: Vec<_> = pack.objects().iter().map(|object| object.id).collect();
    let mut objects = Objects::new();
    objects.insert_pack(pack);
    let Ok(blob) = objects.write_blob(b"new") else {
        return;
    };
    for id in ids {
        let _ = objects.commit(CommitId::new(id));
        let _ = objects.is_ancestor(CommitId::new(id), CommitId::new(id));
        let _ = objects.tree(TreeId::new(id));
        let _ = objects.put_file(TreeId::new(id), &[b"a", b"b"], Some(blob));
        let _ = objects.replace_subtree(TreeId::new(id), &[b"a"], None);
    }
});
