//! Kills this process before or after a chosen call of a component, as a crash would: the tests' way of stopping the
//! application between each two of its durable writes. Never active unless asked for.
//!
//! A rule is `<interface>.<function>[ <glob>][#<n>] (before|after)`:
//!
//! - `key-value.set write.*#2 after`: once the second `set` of a key that starts with `write.` is stored;
//! - `sqlite.execute COMMIT before`: before the first `COMMIT` is run;
//! - `http.send POST */git-receive-pack after`: once the whole answer to the push has arrived.
//!
//! The glob is matched against the key, the SQL text (white space runs folded to one space), or `<METHOD> <URL>`;
//! `*` matches any text, `/` included. Calls are counted for each rule over the whole process, from 1.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

/// The calls that a rule may name.
const CALLS: [&str; 7] = [
    "key-value.get",
    "key-value.set",
    "key-value.delete",
    "key-value.exists",
    "key-value.get-keys",
    "sqlite.execute",
    "http.send",
];

/// One rule: which call kills the process, and on which side of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillRule {
    text: String,
    call: &'static str,
    /// `None` matches every subject.
    glob: Option<String>,
    nth: u64,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// Why a rule cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KillRuleError {
    /// The last word is neither `before` nor `after`.
    #[error("the kill rule {0:?} must end in `before` or `after`")]
    Side(String),
    /// The first word is not a call of [`CALLS`].
    #[error(
        "the kill rule {0:?} must begin with one of: key-value.get, key-value.set, key-value.delete, \
             key-value.exists, key-value.get-keys, sqlite.execute, http.send"
    )]
    Call(String),
    /// `#n` is not a number from 1.
    #[error("the kill rule {0:?} counts calls from #1")]
    Count(String),
}

impl std::str::FromStr for KillRule {
    type Err = KillRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, side) = match text.trim().rsplit_once(char::is_whitespace) {
            Some((rest, "before")) => (rest.trim(), Side::Before),
            Some((rest, "after")) => (rest.trim(), Side::After),
            _ => return Err(KillRuleError::Side(text.to_owned())),
        };
        let (rest, nth) = match rest.rsplit_once('#') {
            Some((rest, count)) => {
                let nth = count.parse().ok().filter(|nth| *nth > 0);
                (
                    rest.trim(),
                    nth.ok_or_else(|| KillRuleError::Count(text.to_owned()))?,
                )
            }
            None => (rest, 1),
        };
        let (name, glob) = match rest.split_once(char::is_whitespace) {
            Some((name, glob)) => (name, Some(glob.trim())),
            None => (rest, None),
        };
        let call = CALLS.into_iter().find(|call| *call == name);
        let call = call.ok_or_else(|| KillRuleError::Call(text.to_owned()))?;
        Ok(Self {
            text: text.to_owned(),
            call,
            glob: glob.map(normalize),
            nth,
            side,
        })
    }
}

impl KillRule {
    fn matches(&self, call: &str, subject: &str) -> bool {
        self.call == call
            && self
                .glob
                .as_deref()
                .is_none_or(|glob| glob_match::glob_match(glob, &normalize(subject)))
    }
}

/// Folds white space, and hides `/` from the glob so that `*` crosses it.
fn normalize(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('/', "\u{1}")
}

/// The rules of one application, each with its count.
#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<[(KillRule, AtomicU64)]>);

/// A call under way; [`Call::done`] must be called when it has been answered.
pub(crate) struct Call(Option<KillRule>);

impl Faults {
    pub(crate) fn new(rules: Vec<KillRule>) -> Self {
        Self(
            rules
                .into_iter()
                .map(|rule| (rule, AtomicU64::new(0)))
                .collect(),
        )
    }

    /// Counts a call, and kills the process if a rule says `before` of it.
    pub(crate) fn enter(&self, call: &str, subject: &str) -> Call {
        let mut after = None;
        for (rule, count) in self
            .0
            .iter()
            .filter(|(rule, _)| rule.matches(call, subject))
        {
            if count.fetch_add(1, Ordering::SeqCst) + 1 != rule.nth {
                continue;
            }
            match rule.side {
                Side::Before => kill(rule),
                Side::After => after = Some(rule.clone()),
            }
        }
        Call(after)
    }
}

impl Call {
    /// Whether the process ends with this call: whoever streams an answer must take all of it in first.
    pub(crate) fn kills(&self) -> bool {
        self.0.is_some()
    }

    /// Kills the process if a rule says `after` of this call.
    pub(crate) fn done(self) {
        if let Some(rule) = self.0 {
            kill(&rule);
        }
    }
}

/// SIGKILL to this process: no destructor, no flush, no exit handler runs, and nobody can catch it.
fn kill(rule: &KillRule) -> ! {
    use std::io::Write as _;
    // The one line that tells a planned death from a real one; a closed stderr must not save the process.
    let _ = writeln!(
        std::io::stderr(),
        "local-host: killed by --kill-at {:?}",
        rule.text
    );
    // SAFETY: neither call touches memory.
    #[expect(unsafe_code, reason = "std can signal children alone")]
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
    }
    // The signal may take a moment to arrive.
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> KillRule {
        text.parse().unwrap()
    }

    #[test]
    fn a_rule_names_a_call_a_subject_a_count_and_a_side() {
        let parsed = rule("key-value.set write.*#2 after");
        assert_eq!(
            (parsed.call, parsed.nth, parsed.side),
            ("key-value.set", 2, Side::After)
        );
        assert!(parsed.matches("key-value.set", "write.018f"));
        assert!(!parsed.matches("key-value.set", "intent.018f"));
        assert!(!parsed.matches("key-value.delete", "write.018f"));
        let parsed = rule("key-value.get-keys before");
        assert_eq!((parsed.nth, parsed.side), (1, Side::Before));
        assert!(parsed.matches("key-value.get-keys", ""));
    }

    #[test]
    fn a_star_crosses_slashes_and_sql_is_folded() {
        let push = rule("http.send POST */git-receive-pack before");
        assert!(push.matches(
            "http.send",
            "POST http://127.0.0.1:99/team/gitops.git/git-receive-pack"
        ));
        assert!(!push.matches(
            "http.send",
            "POST http://127.0.0.1:99/team/gitops.git/git-upload-pack"
        ));
        let insert = rule("sqlite.execute INSERT INTO artifacts*#3 before");
        assert!(insert.matches(
            "sqlite.execute",
            "INSERT INTO\n    artifacts (id)\n VALUES (?)"
        ));
        assert_eq!(insert.nth, 3);
    }

    #[test]
    fn a_rule_that_cannot_fire_is_refused() {
        assert_eq!(
            "key-value.set".parse::<KillRule>(),
            Err(KillRuleError::Side("key-value.set".to_owned()))
        );
        let unknown = "key-value.put x after";
        assert_eq!(
            unknown.parse::<KillRule>(),
            Err(KillRuleError::Call(unknown.to_owned()))
        );
        let zero = "key-value.set x#0 after";
        assert_eq!(
            zero.parse::<KillRule>(),
            Err(KillRuleError::Count(zero.to_owned()))
        );
    }

    #[test]
    fn the_nth_matching_call_is_due_and_no_other() {
        let faults = Faults::new(vec![rule("key-value.set a*#2 after")]);
        let due: Vec<bool> = ["a1", "b", "a2", "a3"]
            .into_iter()
            .map(|key| faults.enter("key-value.set", key).kills())
            .collect();
        assert_eq!(due, [false, false, true, false]);
    }
}
