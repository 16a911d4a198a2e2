//! What the chats have in common: channels by environment.

use std::collections::BTreeMap;

/// Where messages of an environment go: GimletD's default channel and its mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Channels {
    pub(crate) default: Option<String>,
    pub(crate) by_env: BTreeMap<String, String>,
}

impl Channels {
    /// The channel of an environment; none where it has none and there is no default.
    pub(crate) fn of(&self, env: &str) -> Option<&str> {
        let mapped = self.by_env.get(env).or(self.default.as_ref());
        mapped.map(String::as_str)
    }
}
