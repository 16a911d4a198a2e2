//! Composed components, kept beside their parts: composing takes a second of processor time, and a test suite starts
//! hundreds of hosts. What is kept is used only for the same parts, and only whole: anything else is composed anew, and no
//! failure here is more than a loss of time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::compose::{self, Dependency};

/// What composes: a change of it, or of the libraries that it may use, makes other components of the same parts.
const COMPOSER: [&str; 2] = [
    include_str!("compose.rs"),
    include_str!("../../../Cargo.lock"),
];

type Sum = [u8; 32];

/// The component of `source` with its dependencies, composed at most once for the same parts.
///
/// # Errors
/// See [`compose::compose`].
pub(crate) fn composed(
    source: &Path,
    component: Vec<u8>,
    dependencies: Vec<Dependency>,
) -> Result<Vec<u8>> {
    let parts = sum_of_parts(&component, &dependencies);
    let file = source.with_extension("composed");
    if let Some(kept) = read(&file, &parts) {
        return Ok(kept);
    }
    let whole = compose::compose(component, dependencies)?;
    if let Err(error) = write(&file, &parts, &whole) {
        crate::log(format_args!(
            "{} cannot be written, so the component is composed at each start: {error}",
            file.display()
        ));
    }
    Ok(whole)
}

fn sum_of_parts(component: &[u8], dependencies: &[Dependency]) -> Sum {
    let mut sum = Sha256::new();
    // Each text with its length, so that no two lists of parts read the same.
    let mut take = |bytes: &[u8]| {
        sum.update((bytes.len() as u64).to_be_bytes());
        sum.update(bytes);
    };
    COMPOSER.iter().for_each(|text| take(text.as_bytes()));
    take(component);
    for dependency in dependencies {
        take(dependency.import.as_bytes());
        take(&dependency.wasm);
    }
    sum.finalize().into()
}

/// What was kept of these parts: none if it is of others, or not whole. The file is the parts' sum, the content's sum, and
/// the content.
fn read(file: &Path, parts: &Sum) -> Option<Vec<u8>> {
    let mut kept = fs::read(file).ok()?;
    let (of_parts, rest) = kept.split_first_chunk::<32>()?;
    let (of_content, content) = rest.split_first_chunk::<32>()?;
    let whole = of_parts == parts && *of_content == <Sum>::from(Sha256::digest(content));
    whole.then(|| kept.split_off(64))
}

/// Others may read and write the file at the same time: they see all of the old one, or of the new one.
fn write(file: &Path, parts: &Sum, content: &[u8]) -> io::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let new: PathBuf = file.with_extension(format!("composed.{}-{number}", process::id()));
    let sum: Sum = Sha256::digest(content).into();
    let written = fs::write(&new, [parts, &sum, content].concat());
    let done = written.and_then(|()| fs::rename(&new, file));
    if done.is_err() {
        let _ = fs::remove_file(&new);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: Sum = [7; 32];

    fn part(import: &str, wasm: &[u8]) -> Dependency {
        Dependency {
            import: import.to_owned(),
            wasm: wasm.to_vec(),
        }
    }

    #[test]
    fn what_was_written_is_read_for_the_same_parts_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.composed");
        assert_eq!(read(&file, &PARTS), None);
        write(&file, &PARTS, b"whole").unwrap();
        assert_eq!(read(&file, &PARTS).unwrap(), b"whole");
        assert_eq!(read(&file, &[8; 32]), None);
        // Another build of the parts takes its place, and leaves nothing beside it.
        write(&file, &[8; 32], b"other").unwrap();
        assert_eq!(read(&file, &PARTS), None);
        assert_eq!(read(&file, &[8; 32]).unwrap(), b"other");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_damaged_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.composed");
        write(&file, &PARTS, b"whole").unwrap();
        let good = fs::read(&file).unwrap();
        for at in 0..good.len() {
            let mut damaged = good.clone();
            damaged[at] ^= 1;
            fs::write(&file, damaged).unwrap();
            assert_eq!(read(&file, &PARTS), None, "byte {at}");
            fs::write(&file, &good[..at]).unwrap();
            assert_eq!(read(&file, &PARTS), None, "{at} bytes");
        }
    }

    #[test]
    fn every_part_counts() {
        let sum = |component: &[u8], import, wasm| sum_of_parts(component, &[part(import, wasm)]);
        let sums = [
            sum(b"ab", "c", b"d"),
            sum(b"a", "bc", b"d"),
            sum(b"ab", "cd", b""),
            sum(b"ab", "c", b"e"),
            sum_of_parts(b"ab", &[]),
        ];
        for (at, one) in sums.iter().enumerate() {
            assert!(!sums[at + 1..].contains(one), "{at}");
        }
    }
}
