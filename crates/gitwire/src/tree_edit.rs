//! Edits of a directory tree by path. Only the trees on the path are read and made anew.

use crate::id::{BlobId, TreeId};
use crate::objects::{LookupError, Objects, WriteError};

impl Objects {
    /// The directory at `path`; nothing if there is none. An empty path is the root itself.
    ///
    /// # Errors
    /// A tree on the path was not fetched or is corrupt.
    pub fn subtree(&self, root: TreeId, path: &[&[u8]]) -> Result<Option<TreeId>, LookupError> {
        let _ = path;
        Err(LookupError::Missing { id: root.object() })
    }

    /// The file at `path`; nothing if there is none, or if it is a directory, a symbolic link or a submodule.
    ///
    /// # Errors
    /// A tree on the path was not fetched or is corrupt.
    pub fn file(&self, root: TreeId, path: &[&[u8]]) -> Result<Option<BlobId>, LookupError> {
        let _ = path;
        Err(LookupError::Missing { id: root.object() })
    }

    /// The root with the directory at `path` replaced as a whole, or removed where `subtree` is none. Directories above it are
    /// made where they are missing, and removed where they become empty. `TreeId::EMPTY` is the root of an empty repository. The same root
    /// comes back where nothing changes.
    ///
    /// # Errors
    /// [`WriteError::InTheWay`] where the path meets a file, [`WriteError::Name`], and what [`Objects::subtree`] may meet.
    pub fn replace_subtree(
        &mut self,
        root: TreeId,
        path: &[&[u8]],
        subtree: Option<TreeId>,
    ) -> Result<TreeId, WriteError> {
        let _ = (path, subtree);
        Err(LookupError::Missing { id: root.object() }.into())
    }

    /// The root with the file at `path` made or replaced (a file that may be run stays one), or removed where `blob` is none.
    ///
    /// # Errors
    /// [`WriteError::InTheWay`] where the path meets a file, or ends at a directory or submodule; [`WriteError::Name`].
    pub fn put_file(
        &mut self,
        root: TreeId,
        path: &[&[u8]],
        blob: Option<BlobId>,
    ) -> Result<TreeId, WriteError> {
        let _ = (path, blob);
        Err(LookupError::Missing { id: root.object() }.into())
    }
}
