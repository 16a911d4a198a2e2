//! A person who works on the GitOps repository with the git command, over HTTP, beside the application.

use std::path::PathBuf;
use std::process::{Command, Output};

use crate::world::{GIT_TOKEN, World};

/// A person with a clone of `acme/gitops.git`.
pub struct Person {
    clone: PathBuf,
}

impl Person {
    /// Clones the repository.
    ///
    /// # Panics
    /// Git fails.
    pub fn clone(world: &World) -> Self {
        let address = world.git.address();
        let url = format!("http://x-access-token:{GIT_TOKEN}@{address}/acme/gitops.git");
        let person = Self {
            clone: world.files("person"),
        };
        person.must(&["clone", "--quiet", &url, "."]);
        person
    }

    /// Writes a file, not yet committed.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&mut self, path: &str, text: &str) {
        let path = self.clone.join(path);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// Commits everything and pushes, on top of whatever others have pushed meanwhile.
    ///
    /// # Panics
    /// Git fails for another reason than a moved branch.
    pub fn push(&mut self, subject: &str) {
        self.must(&["add", "--all"]);
        self.must(&["commit", "--quiet", "--message", subject]);
        while !self
            .git(&["push", "--quiet", "origin", "HEAD"])
            .status
            .success()
        {
            self.must(&["pull", "--quiet", "--rebase"]);
        }
    }

    fn must(&self, arguments: &[&str]) {
        let output = self.git(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
    }

    fn git(&self, arguments: &[&str]) -> Output {
        Command::new("git")
            .args(arguments)
            .current_dir(&self.clone)
            // Nothing of the developer's own configuration.
            .env("HOME", &self.clone)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Ann Operator")
            .env("GIT_AUTHOR_EMAIL", "ann@example.org")
            .env("GIT_COMMITTER_NAME", "Ann Operator")
            .env("GIT_COMMITTER_EMAIL", "ann@example.org")
            .output()
            .expect("git is installed")
    }
}
