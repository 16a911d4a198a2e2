//! Edits of a directory tree by path. Only the trees on the path are read and made anew.

use gix_object::tree::EntryMode;

use crate::id::{BlobId, ObjectId, TreeId};
use crate::objects::{EntryKind, LookupError, Objects, WriteError, check_name, escape};
use crate::tree::{Tree, encode_entry};

/// What shall stand in the place of an entry; none removes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// A directory, as a whole. `TreeId::EMPTY` removes it: Git has no empty directories.
    Directory(Option<TreeId>),
    /// A file. One that may be run stays one.
    File(Option<BlobId>),
}

impl Replacement {
    /// What comes in the place of `found`; otherwise what it would have had to be.
    fn of(self, found: Option<Leaf>) -> Result<Option<Leaf>, &'static str> {
        match (self, found) {
            (Self::Directory(_), Some(found)) if !found.mode.is_tree() => Err("directory"),
            (Self::File(_), Some(found)) if !found.mode.is_blob_or_symlink() => Err("file"),
            (Self::Directory(tree), _) => {
                Ok(tree.filter(|id| *id != TreeId::EMPTY).map(|id| Leaf {
                    mode: found.map_or(EntryKind::Tree.mode(), |found| found.mode),
                    id: id.object(),
                }))
            }
            (Self::File(blob), _) => Ok(blob.map(|id| Leaf {
                mode: found
                    .map(|found| found.mode)
                    .filter(|mode| mode.is_blob())
                    .unwrap_or(EntryKind::File.mode()),
                id: id.object(),
            })),
        }
    }
}

/// What an edit puts at the end of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leaf {
    mode: EntryMode,
    id: ObjectId,
}

impl Objects {
    /// The directory at `path`; nothing if there is none. An empty path is the root itself.
    ///
    /// # Errors
    /// A tree on the path was not fetched or is corrupt.
    pub fn subtree(&self, root: TreeId, path: &[&[u8]]) -> Result<Option<TreeId>, LookupError> {
        let mut tree = root;
        for name in path {
            let found = self.find_entry(tree, name, |entry| {
                entry.mode.is_tree().then(|| TreeId::new(entry.id))
            })?;
            match found.flatten() {
                Some(id) => tree = id,
                None => return Ok(None),
            }
        }
        Ok(Some(tree))
    }

    /// The file at `path`; nothing if there is none, or if it is a directory, a symbolic link or a submodule.
    ///
    /// # Errors
    /// A tree on the path was not fetched or is corrupt.
    pub fn file(&self, root: TreeId, path: &[&[u8]]) -> Result<Option<BlobId>, LookupError> {
        let Some((name, parents)) = path.split_last() else {
            return Ok(None);
        };
        let Some(tree) = self.subtree(root, parents)? else {
            return Ok(None);
        };
        let found = self.find_entry(tree, name, |entry| {
            entry.mode.is_blob().then(|| BlobId::new(entry.id))
        })?;
        Ok(found.flatten())
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
        match path.split_last() {
            None => Ok(subtree.unwrap_or(TreeId::EMPTY)),
            Some((name, above)) => {
                self.edit(root, above, &[(*name, Replacement::Directory(subtree))])
            }
        }
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
        let Some((name, above)) = path.split_last() else {
            let name = String::new();
            return Err(WriteError::Name { name });
        };
        self.edit(root, above, &[(*name, Replacement::File(blob))])
    }

    /// The root with several entries of the directory at `path` replaced, each as [`Objects::replace_subtree`] and
    /// [`Objects::put_file`] would, but with every directory made once: what an edit of a large directory costs is
    /// hashing it.
    ///
    /// # Errors
    /// As those two; nothing is changed then.
    pub fn edit(
        &mut self,
        root: TreeId,
        path: &[&[u8]],
        changes: &[(&[u8], Replacement)],
    ) -> Result<TreeId, WriteError> {
        path.iter().try_for_each(|name| check_name(name))?;
        changes.iter().try_for_each(|(name, _)| check_name(name))?;
        let mut above = self.descend(root, path)?;
        let mut tree = above.pop().unwrap_or_default();
        let mut changed = false;
        for (name, replacement) in changes {
            let found = tree.find(name).map(|entry| Leaf {
                mode: entry.mode,
                id: entry.id,
            });
            let wanted = replacement
                .of(found)
                .map_err(|expected| in_the_way(&[path, &[*name]].concat(), expected))?;
            if found != wanted {
                let is_tree = matches!(replacement, Replacement::Directory(_));
                let entry = wanted.map(|leaf| encode_entry(leaf.mode, name, leaf.id));
                tree.splice(name, is_tree, entry.as_deref());
                changed = true;
            }
        }
        if !changed {
            return Ok(root);
        }
        for name in path.iter().rev() {
            let entry = match tree.is_empty() {
                true => None,
                false => {
                    let id = self.write_chunks(tree).object();
                    Some(encode_entry(EntryKind::Tree.mode(), name, id))
                }
            };
            tree = above.pop().unwrap_or_default();
            tree.splice(name, true, entry.as_deref());
        }
        Ok(self.write_chunks(tree))
    }

    /// The trees from the root to the directory at `path`; empty ones where there is none yet.
    fn descend(&mut self, root: TreeId, path: &[&[u8]]) -> Result<Vec<Tree>, WriteError> {
        let mut trees = vec![self.tree_to_edit(root)?];
        for (index, name) in path.iter().enumerate() {
            let below = match trees.last().and_then(|tree| tree.find(name)) {
                None => Tree::default(),
                Some(entry) if entry.mode.is_tree() => {
                    let id = TreeId::new(entry.id);
                    self.tree_to_edit(id)?
                }
                Some(_) => {
                    let met = path.get(..=index).unwrap_or_default();
                    return Err(in_the_way(met, "directory"));
                }
            };
            trees.push(below);
        }
        Ok(trees)
    }
}

fn in_the_way(path: &[&[u8]], expected: &'static str) -> WriteError {
    let path = path.join(&b'/');
    WriteError::InTheWay {
        path: escape(&path),
        expected,
    }
}
