//! The main job on this machine, from an artifact to a commit.
