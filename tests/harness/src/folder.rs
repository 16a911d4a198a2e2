//! A directory for one test, by the test's name: removed when the test passes, kept for a look when it fails.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A directory of one test.
#[derive(Debug)]
pub struct Folder {
    directory: Option<TempDir>,
}

impl Folder {
    /// Makes a fresh directory whose name begins with the test's.
    ///
    /// # Panics
    /// The directory cannot be made.
    pub fn named(test: &str) -> Self {
        let prefix = format!("wimble-{test}-");
        let directory = TempDir::with_prefix(prefix).expect("a temporary directory can be made");
        Self {
            directory: Some(directory),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory
            .as_ref()
            .expect("it is there until it is dropped")
            .path()
    }

    /// Makes a folder in it.
    ///
    /// # Panics
    /// The folder cannot be made.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder can be made");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(directory) = self.directory.take()
            && std::thread::panicking()
        {
            eprintln!(
                "the test's files are kept in {}",
                directory.keep().display()
            );
        }
    }
}
