//! Unpacks a `.tgz` into memory, as Helm's `pkg/chart/loader/archive`. Never writes a file, and refuses every entry that could reach out
//! of the chart's folder, links of any kind, and anything that passes a limit, before its content is read.

use std::collections::HashSet;
use std::io::Read;

use crate::chart::File;
use crate::error::ChartError;
use crate::load::{Budget, without_mark};

/// Bytes of the tar around one file: its header, and the padding of its end.
const ENTRY_OVERHEAD: usize = 3 * 512;

/// The files of the archive, by their paths within its one top folder, in the archive's order.
pub(crate) fn unpack(bytes: &[u8], budget: &mut Budget<'_>) -> Result<Vec<File>, ChartError> {
    let limits = budget.limits;
    if bytes.len() > limits.compressed {
        return Err(ChartError::Limit {
            limit: limits.compressed,
            unit: "bytes packed",
        });
    }
    // The tar itself is cut off where only more than is allowed could follow.
    let stream_limit = budget.bytes_left() + limits.files * ENTRY_OVERHEAD;
    let stream = flate2::read::MultiGzDecoder::new(bytes).take(stream_limit as u64);
    let mut tar = tar::Archive::new(stream);
    let mut files = Vec::new();
    let mut top = None;
    let mut seen = HashSet::new();
    for entry in tar.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let full = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        budget.entry(&full)?;
        match entry.header().entry_type() {
            tar::EntryType::Directory | tar::EntryType::XGlobalHeader => continue,
            tar::EntryType::Regular | tar::EntryType::Continuous => {}
            _ => return Err(refused(&full, "a link or a device, not a plain file")),
        }
        let (folder, name) = place(&full)?;
        if *top.get_or_insert_with(|| folder.clone()) != folder {
            return Err(refused(&full, "a second top folder"));
        }
        if !seen.insert(name.clone()) {
            return Err(refused(&full, "the same path twice"));
        }
        let size = usize::try_from(entry.size()).unwrap_or(usize::MAX);
        budget.bytes(size)?;
        let mut data = Vec::with_capacity(size.min(1 << 20));
        entry.read_to_end(&mut data).map_err(unreadable)?;
        if data.len() < size {
            return Err(ChartError::Archive("unexpected EOF".to_owned()));
        }
        files.push(File {
            name,
            data: without_mark(data),
        });
    }
    if files.is_empty() {
        return Err(ChartError::Archive("no files in chart archive".to_owned()));
    }
    Ok(files)
}

fn unreadable(error: std::io::Error) -> ChartError {
    ChartError::Archive(error.to_string())
}

fn refused(name: &str, problem: &'static str) -> ChartError {
    ChartError::Entry {
        name: name.chars().take(200).collect(),
        problem,
    }
}

/// The top folder and the clean path below it.
fn place(full: &str) -> Result<(String, String), ChartError> {
    let delimiter = if full.contains('\\') { '\\' } else { '/' };
    let (folder, below) = full.split_once(delimiter).unwrap_or((full, ""));
    if folder == "Chart.yaml" {
        return Err(refused(full, "chart yaml not in base directory"));
    }
    let below = below.replace(delimiter, "/");
    if folder.is_empty() || folder == ".." || below.starts_with('/') {
        return Err(refused(full, "chart illegally contains absolute paths"));
    }
    let mut clean: Vec<&str> = Vec::new();
    for part in below.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(refused(full, "chart illegally references parent directory")),
            part => clean.push(part),
        }
    }
    let name = clean.join("/");
    if name.is_empty() {
        return Err(refused(
            full,
            "chart illegally contains content outside the base directory",
        ));
    }
    let drive = |part: &&str| part.len() == 2 && part.ends_with(':');
    if name.contains(['\\', '\0']) || clean.first().is_some_and(drive) {
        return Err(refused(full, "chart contains illegally named files"));
    }
    Ok((folder.to_owned(), name))
}
