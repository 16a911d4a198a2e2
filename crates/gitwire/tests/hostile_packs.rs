//! Packs that were made to do harm end in an error, within the limits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be, in its helpers too"
)]

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gitwire::{Kind, Limits, Objects, Pack, PackError};
use proptest::prelude::*;

const COMMIT: u8 = 1;
const TREE: u8 = 2;
const BLOB: u8 = 3;
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

const ALL: Limits = Limits {
    max_objects: 10_000,
    max_object_bytes: 1 << 20,
    max_inflated_bytes: 8 << 20,
    max_held_bytes: 4 << 20,
    max_delta_depth: 50,
    keep_blobs: true,
};

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn header(kind: u8, length: u64) -> Vec<u8> {
    let mut byte = kind << 4 | (length & 15) as u8;
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

/// An entry: header, base and content.
fn entry(kind: u8, base: &[u8], content: &[u8]) -> Vec<u8> {
    [
        header(kind, content.len() as u64),
        base.to_vec(),
        zlib(content),
    ]
    .concat()
}

/// A pack that says it has `count` entries, with a right checksum.
fn pack(count: u32, entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = [
        b"PACK\0\0\0\x02",
        &count.to_be_bytes()[..],
        &entries.concat(),
    ]
    .concat();
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(&bytes);
    bytes.extend_from_slice(hasher.try_finalize().unwrap().as_slice());
    bytes
}

fn blob_id(content: &[u8]) -> [u8; 20] {
    *Objects::new()
        .write_blob(content)
        .unwrap()
        .object()
        .as_bytes()
}

fn read(entries: &[Vec<u8>]) -> Result<Pack, PackError> {
    Pack::read(&pack(entries.len() as u32, entries), &ALL)
}

fn length(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A delta that inserts.
fn insert(base: usize, bytes: &[u8]) -> Vec<u8> {
    [
        length(base),
        length(bytes.len()),
        vec![bytes.len() as u8],
        bytes.to_vec(),
    ]
    .concat()
}

#[test]
fn a_sound_pack_is_read() {
    let blob = b"hello";
    let full = entry(BLOB, &[], blob);
    let distance = full.len() as u8;
    // Copy "hell" from the base, insert "!".
    let delta = [length(5), length(5), vec![0x90, 4, 1, b'!']].concat();
    let entries = [
        full,
        entry(OFS_DELTA, &[distance], &delta),
        entry(REF_DELTA, &blob_id(b"hell!"), &insert(5, b"third")),
    ];
    let pack = read(&entries).unwrap();
    let mut contents: Vec<_> = pack
        .objects()
        .iter()
        .map(|object| object.content.clone())
        .collect();
    contents.sort();
    assert_eq!(
        contents,
        [b"hell!".to_vec(), b"hello".to_vec(), b"third".to_vec()]
    );
    for object in pack.objects() {
        assert_eq!(object.kind, Kind::Blob);
        assert_eq!(*object.id.as_bytes(), blob_id(&object.content));
    }
    assert!(
        Pack::read(&pack_of_none(), &ALL)
            .unwrap()
            .objects()
            .is_empty()
    );
}

fn pack_of_none() -> Vec<u8> {
    pack(0, &[])
}

#[test]
fn a_changed_byte_or_a_cut_anywhere_is_an_error() {
    let whole = pack(2, &[entry(BLOB, &[], b"hello"), entry(TREE, &[], b"")]);
    assert!(Pack::read(&whole, &ALL).is_ok());
    for place in 0..whole.len() {
        assert!(Pack::read(&whole[..place], &ALL).is_err(), "cut at {place}");
        let mut changed = whole.clone();
        changed[place] ^= 1;
        assert!(Pack::read(&changed, &ALL).is_err(), "changed at {place}");
    }
}

#[test]
fn a_wrong_checksum_is_an_error() {
    let mut bytes = pack(1, &[entry(BLOB, &[], b"hello")]);
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(Pack::read(&bytes, &ALL).unwrap_err(), PackError::Checksum);
}

#[test]
fn counts_that_are_not_true_are_errors() {
    let one = [entry(BLOB, &[], b"hello")];
    assert_eq!(
        Pack::read(&pack(2, &one), &ALL).unwrap_err(),
        PackError::Truncated
    );
    assert_eq!(
        Pack::read(&pack(0, &one), &ALL).unwrap_err(),
        PackError::Malformed("bytes follow the last object")
    );
    assert_eq!(
        Pack::read(&pack(u32::MAX, &one), &ALL).unwrap_err(),
        PackError::TooManyObjects(u32::MAX)
    );
}

#[test]
fn lengths_that_are_not_true_are_errors() {
    for (said, expected) in [
        (4, PackError::Malformed("an object is longer than it says")),
        (6, PackError::Malformed("an object is shorter than it says")),
        (1 << 40, PackError::ObjectTooLarge(1 << 40)),
        (u64::MAX >> 8, PackError::ObjectTooLarge(u64::MAX >> 8)),
    ] {
        let entry = [header(BLOB, said), zlib(b"hello")].concat();
        assert_eq!(read(&[entry]).unwrap_err(), expected, "{said}");
    }
    let endless = [vec![0xb0 | 0x80], vec![0xff; 30], zlib(b"")].concat();
    assert_eq!(
        read(&[endless]).unwrap_err(),
        PackError::Malformed("an object has an impossible length")
    );
}

#[test]
fn bombs_are_stopped_at_the_limits() {
    let megabyte = vec![0; 1 << 20];
    // 20 MB in 20 kB: more than may be held, then, without keeping it, more than may be inflated.
    let many: Vec<_> = (0..20).map(|_| entry(BLOB, &[], &megabyte)).collect();
    assert_eq!(read(&many).unwrap_err(), PackError::TooMuchMemory(4 << 20));
    let dropped = Limits {
        keep_blobs: false,
        ..ALL
    };
    let bytes = pack(20, &many);
    assert!(bytes.len() < 30_000);
    assert_eq!(
        Pack::read(&bytes, &dropped).unwrap_err(),
        PackError::TooMuchWork(8 << 20)
    );
    let larger = entry(BLOB, &[], &vec![0; (1 << 20) + 1]);
    assert_eq!(
        read(&[larger]).unwrap_err(),
        PackError::ObjectTooLarge((1 << 20) + 1)
    );
}

#[test]
fn deltas_that_grow_are_stopped_at_the_limits() {
    // Each delta copies its base twice: 2^n bytes after n deltas of 20 bytes.
    let mut entries = vec![entry(BLOB, &[], &[7; 1000])];
    let mut size = 1000_usize;
    for _ in 0..12 {
        let distance = entries.last().unwrap().len() as u8;
        let bytes = size.to_le_bytes();
        let copy = [0xf0, bytes[0], bytes[1], bytes[2]];
        let delta = [length(size), length(size * 2), copy.to_vec(), copy.to_vec()].concat();
        entries.push(entry(OFS_DELTA, &[distance], &delta));
        size *= 2;
    }
    assert_eq!(
        read(&entries).unwrap_err(),
        PackError::ObjectTooLarge(1_024_000 * 2)
    );
    assert!(read(&entries[..8]).is_ok());
}

#[test]
fn long_chains_are_stopped_at_the_limit() {
    let chain = |deltas: usize| {
        let mut entries = vec![entry(BLOB, &[], b"base!")];
        for index in 0..deltas {
            let distance = entries.last().unwrap().len() as u8;
            let text = format!("{index:05}");
            entries.push(entry(OFS_DELTA, &[distance], &insert(5, text.as_bytes())));
        }
        read(&entries)
    };
    assert_eq!(chain(50).unwrap().objects().len(), 51);
    assert_eq!(chain(51).unwrap_err(), PackError::DeltaTooDeep(50));
}

#[test]
fn deltas_in_a_circle_or_without_a_base_are_errors() {
    let alone = entry(REF_DELTA, &blob_id(b"not here"), &insert(8, b"x"));
    assert_eq!(
        read(std::slice::from_ref(&alone)).unwrap_err(),
        PackError::MissingBase(1)
    );
    // Nobody can make two deltas whose ids name each other; two that wait for each other's result look the same.
    let left = entry(REF_DELTA, &blob_id(b"right"), &insert(5, b"left!"));
    let right = entry(REF_DELTA, &blob_id(b"left!"), &insert(5, b"right"));
    assert_eq!(
        read(&[left, right, entry(BLOB, &[], b"base")]).unwrap_err(),
        PackError::MissingBase(2)
    );
    let own = entry(OFS_DELTA, &[0], &insert(5, b"x"));
    let expected = PackError::Malformed("a delta's base is not an earlier object");
    assert_eq!(read(&[own]).unwrap_err(), expected);
    for distance in [
        &[1][..],
        &[200, 1],
        &[0xff, 0xff, 0xff, 0xff, 0x7f],
        &[0xff; 12],
    ] {
        let full = entry(BLOB, &[], b"hello");
        assert!(read(&[full, entry(OFS_DELTA, distance, &insert(5, b"x"))]).is_err());
    }
}

#[test]
fn deltas_that_lie_are_errors() {
    let full = entry(BLOB, &[], b"hello");
    let distance = [full.len() as u8];
    let cases: [(&[u8], &str); 10] = [
        (&[6, 1, 1, b'x'], "a delta is for another base"),
        (&[5, 2, 1, b'x'], "a delta makes less than it says"),
        (&[5, 1, 2, b'x', b'y'], "a delta makes more than it says"),
        (&[5, 1, 2, b'x'], "a delta is cut short"),
        (&[5, 1, 0, b'x'], "a delta has a reserved instruction"),
        (&[5, 6, 0x90, 6], "a delta copies from beyond its base"),
        (&[5, 1, 0x91, 5, 1], "a delta copies from beyond its base"),
        (&[5, 1, 0xff, 0xff], "a delta is cut short"),
        (&[], "a delta is cut short"),
        (&[0xff; 12], "a delta has an impossible length"),
    ];
    for (delta, expected) in cases {
        let entries = [full.clone(), entry(OFS_DELTA, &distance, delta)];
        let error = read(&entries).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("the pack is malformed: {expected}"),
            "{delta:?}"
        );
    }
}

#[test]
fn unknown_types_versions_and_streams_are_errors() {
    for kind in [0, 5] {
        let expected = PackError::Malformed("an object has an unknown type");
        assert_eq!(read(&[entry(kind, &[], b"x")]).unwrap_err(), expected);
    }
    let garbage = [header(COMMIT, 3), vec![1, 2, 3, 4, 5]].concat();
    assert_eq!(
        read(&[garbage]).unwrap_err(),
        PackError::Malformed("an object is not a zlib stream")
    );
    let mut version = pack_of_none();
    version[7] = 3;
    assert_eq!(
        Pack::read(&version, &ALL).unwrap_err(),
        PackError::Malformed("its version is not 2")
    );
    let other = PackError::Malformed("it does not begin with `PACK`");
    assert_eq!(Pack::read(&[0; 32], &ALL).unwrap_err(), other);
}

/// One entry of a pack that is mostly sound, so that the reader is led deep before it meets the rest.
fn any_entry() -> impl Strategy<Value = Vec<u8>> {
    let content = prop::collection::vec(any::<u8>(), 0..40);
    let kind = prop::sample::select(vec![COMMIT, TREE, BLOB, 4, OFS_DELTA, REF_DELTA]);
    (kind, content, any::<bool>(), 0_u8..60).prop_map(|(kind, content, honest, distance)| {
        let base = match kind {
            OFS_DELTA => vec![distance],
            REF_DELTA => blob_id(b"").to_vec(),
            _ => Vec::new(),
        };
        let content = match kind {
            OFS_DELTA | REF_DELTA if honest => insert(0, &content),
            _ => content,
        };
        entry(kind, &base, &content)
    })
}

proptest! {
    #[test]
    fn no_pack_makes_the_reader_panic(entries in prop::collection::vec(any_entry(), 0..12), empty in any::<bool>()) {
        let mut entries = entries;
        if empty {
            entries.insert(0, entry(BLOB, &[], b""));
        }
        if let Ok(pack) = read(&entries) {
            let mut objects = Objects::new();
            let read: Vec<_> = pack.objects().to_vec();
            objects.insert_pack(pack);
            for object in read {
                // Whatever they hold, looking at them ends.
                let _ = objects.commit(gitwire::CommitId::new(object.id));
                let _ = objects.tree(gitwire::TreeId::new(object.id));
            }
        }
    }

    #[test]
    fn no_bytes_after_a_right_checksum_make_the_reader_panic(count in 0_u32..5, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Pack::read(&pack(count, &[bytes]), &ALL);
    }

    #[test]
    fn no_tree_makes_an_edit_panic(bytes in prop::collection::vec(prop::sample::select(vec![b'1', b'0', b'4', b' ', 0, b'a', b'/', 200]), 0..120)) {
        let pack = read(&[entry(TREE, &[], &bytes)]).unwrap();
        let id = gitwire::TreeId::new(pack.objects()[0].id);
        let mut objects = Objects::new();
        objects.insert_pack(pack);
        let blob = objects.write_blob(b"x").unwrap();
        let _ = objects.put_file(id, &[b"a", b"b"], Some(blob));
        let _ = objects.put_file(id, &[b"a"], Some(blob));
        let _ = objects.subtree(id, &[b"a"]);
    }
}
