//! Names of refs, checked as `git check-ref-format` does, so that no name can break a line of the protocol.

use std::fmt;
use std::str::FromStr;

/// The full name of a ref, such as `refs/heads/main`: UTF-8, at most 1,024 bytes, valid by git-check-ref-format(1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RefName(String);

/// Text that is not the name of a ref, with the rule of git-check-ref-format(1) that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not the name of a ref: {rule}", name.escape_debug())]
pub struct RefNameError {
    /// The refused name, cut to 100 characters.
    pub name: String,
    /// The rule that it breaks.
    pub rule: &'static str,
}

/// Longest accepted name, in bytes. Git itself is held to its file system's path length.
const MAX_LENGTH: usize = 1024;

impl RefName {
    /// The ref of a branch: `branch("main")` is `refs/heads/main`.
    ///
    /// # Errors
    /// The name breaks a rule of git-check-ref-format(1), or begins with `-`, as `git branch` refuses too.
    pub fn branch(name: &str) -> Result<Self, RefNameError> {
        if name.starts_with('-') {
            return Err(refuse(name, "a branch cannot begin with `-`"));
        }
        format!("refs/heads/{name}").parse()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the branch, if this is the ref of one.
    pub fn branch_name(&self) -> Option<&str> {
        self.0.strip_prefix("refs/heads/")
    }
}

fn refuse(name: &str, rule: &'static str) -> RefNameError {
    RefNameError {
        name: name.chars().take(100).collect(),
        rule,
    }
}

/// The rules of git-check-ref-format(1), in its order; the first broken one is returned.
fn broken_rule(name: &str) -> Option<&'static str> {
    let rules: [(bool, &'static str); 11] = [
        (name.len() > MAX_LENGTH, "it is longer than 1,024 bytes"),
        (
            name.split('/')
                .any(|part| part.starts_with('.') || part.ends_with(".lock")),
            "no part may begin with `.` or end with `.lock`",
        ),
        (!name.contains('/'), "it needs a `/`, as in refs/heads/main"),
        (name.contains(".."), "it cannot contain `..`"),
        (
            name.bytes().any(|byte| byte < 0x20 || byte == 0x7f),
            "it cannot contain control characters",
        ),
        (
            name.contains([' ', '~', '^', ':']),
            "it cannot contain space, `~`, `^` or `:`",
        ),
        (
            name.contains(['?', '*', '[']),
            "it cannot contain `?`, `*` or `[`",
        ),
        (
            name.split('/').any(str::is_empty),
            "it cannot begin or end with `/` or contain `//`",
        ),
        (name.ends_with('.'), "it cannot end with `.`"),
        (name.contains("@{"), "it cannot contain `@{`"),
        (name.contains('\\'), "it cannot contain `\\`"),
    ];
    rules
        .into_iter()
        .find_map(|(broken, rule)| broken.then_some(rule))
}

impl FromStr for RefName {
    type Err = RefNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match broken_rule(name) {
            Some(rule) => Err(refuse(name, rule)),
            None => Ok(Self(name.to_owned())),
        }
    }
}

impl TryFrom<String> for RefName {
    type Error = RefNameError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<RefName> for String {
    fn from(name: RefName) -> String {
        name.0
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_accepts_are_accepted() {
        for name in ["main", "feature/a-b", "release-1.0", "ünï", "a@b", "@"] {
            assert_eq!(
                RefName::branch(name).unwrap().as_str(),
                format!("refs/heads/{name}")
            );
        }
    }

    #[test]
    fn names_that_git_refuses_are_refused() {
        let long = "a".repeat(2000);
        let names = [
            "", "-a", ".a", "a/.b", "a.lock", "a.lock/b", "a..b", "a b", "a~", "a^", "a:b", "a?",
            "a*", "a[", "/a", "a/", "a//b", "a.", "a@{b", "a\\b", "a\0b", "a\nb", "a\x7fb", &long,
        ];
        for name in names {
            assert!(RefName::branch(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_message_shows_no_control_character() {
        let error = RefName::branch("a\nb\x1b[31m").unwrap_err().to_string();
        assert!(!error.contains(['\n', '\x1b']), "{error:?}");
    }
}
