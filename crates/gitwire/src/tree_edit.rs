//! Edits of a directory tree by path. Only the trees on the path are read and made anew.

use gix_object::tree::EntryMode;

use crate::id::{BlobId, ObjectId, TreeId};
use crate::objects::{EntryKind, LookupError, Objects, WriteError, check_name, escape};
use crate::tree::{Tree, encode_entry};

/// What an edit puts at the end of its path.
#[derive(Debug, Clone, Copy)]
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
        // Git has no empty directories.
        let subtree = subtree.filter(|id| *id != TreeId::EMPTY);
        if path.is_empty() {
            return Ok(subtree.unwrap_or(TreeId::EMPTY));
        }
        self.edit(root, path, |found| match found {
            Some(found) if !found.mode.is_tree() => Err("directory"),
            _ => Ok(subtree.map(|id| Leaf {
                mode: found.map_or(EntryKind::Tree.mode(), |found| found.mode),
                id: id.object(),
            })),
        })
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
        self.edit(root, path, |found| match found {
            Some(found) if !found.mode.is_blob_or_symlink() => Err("file"),
            _ => Ok(blob.map(|id| Leaf {
                mode: found
                    .map(|found| found.mode)
                    .filter(|mode| mode.is_blob())
                    .unwrap_or(EntryKind::File.mode()),
                id: id.object(),
            })),
        })
    }

    /// Goes down to the end of the path, asks `change` what shall be there instead of what is, and comes back up, making each tree anew.
    /// `change` refuses by naming what it needs.
    fn edit(
        &mut self,
        root: TreeId,
        path: &[&[u8]],
        change: impl FnOnce(Option<Leaf>) -> Result<Option<Leaf>, &'static str>,
    ) -> Result<TreeId, WriteError> {
        let Some((name, parents)) = path.split_last() else {
            return Err(WriteError::Name {
                name: String::new(),
            });
        };
        path.iter().try_for_each(|name| check_name(name))?;
        let mut trees = self.descend(root, path, parents)?;
        let found = trees
            .last()
            .and_then(|tree| tree.find(name))
            .map(|entry| Leaf {
                mode: entry.mode,
                id: entry.id,
            });
        let wanted = change(found).map_err(|expected| in_the_way(path, expected))?;
        if found.map(|leaf| (leaf.mode, leaf.id)) == wanted.map(|leaf| (leaf.mode, leaf.id)) {
            return Ok(root);
        }
        let mut below = wanted;
        for name in path.iter().rev() {
            let mut tree = trees.pop().unwrap_or_default();
            let is_tree = trees.len() + 1 < path.len()
                || wanted.or(found).is_some_and(|leaf| leaf.mode.is_tree());
            let entry = below.map(|leaf| encode_entry(leaf.mode, name, leaf.id));
            tree.splice(name, is_tree, entry.as_deref());
            below = if tree.is_empty() && !trees.is_empty() {
                None
            } else {
                Some(Leaf {
                    mode: EntryKind::Tree.mode(),
                    id: self.write_chunks(tree)?.object(),
                })
            };
        }
        Ok(below.map_or(TreeId::EMPTY, |leaf| TreeId::new(leaf.id)))
    }

    /// The trees from the root to the last directory of the path; empty ones where there is none yet.
    fn descend(
        &mut self,
        root: TreeId,
        path: &[&[u8]],
        parents: &[&[u8]],
    ) -> Result<Vec<Tree>, WriteError> {
        let mut trees = vec![self.tree_to_edit(root)?];
        for (index, name) in parents.iter().enumerate() {
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
