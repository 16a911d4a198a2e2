//! `.helmignore`: which files of a chart's folder are left out, as Helm's `pkg/ignore`. Reads no file itself.

use crate::error::ChartError;
use crate::fnmatch;

/// The rules of a `.helmignore`, and the one that always holds.
pub(crate) struct Rules(Vec<Rule>);

struct Rule {
    pattern: String,
    negated: bool,
    folders_only: bool,
    /// Without a `/`, a pattern is held against the last part of a path.
    last_part: bool,
}

/// The most rules that are read.
const MAX_RULES: usize = 1_000;

impl Rules {
    /// The rules in a `.helmignore`, and after them that hidden files in `templates/` are none.
    pub(crate) fn of(file: Option<&Vec<u8>>) -> Result<Rules, ChartError> {
        let text = file
            .map(|data| String::from_utf8_lossy(data))
            .unwrap_or_default();
        let lines = text.lines().chain(["templates/.?*"]);
        let rules = lines.filter_map(|line| Rule::parse(line).transpose());
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        if rules.len() > MAX_RULES {
            return Err(ChartError::Limit {
                limit: MAX_RULES,
                unit: "rules in .helmignore",
            });
        }
        Ok(Rules(rules))
    }

    /// Whether a file is left out, by itself or with a folder above it.
    pub(crate) fn ignore_file(&self, path: &str) -> bool {
        let folders = path
            .match_indices('/')
            .filter_map(|(end, _)| path.get(..end));
        folders.into_iter().any(|folder| self.ignore(folder, true)) || self.ignore(path, false)
    }

    fn ignore(&self, path: &str, folder: bool) -> bool {
        for rule in &self.0 {
            let matched = rule.matches(path);
            if rule.negated {
                // Helm's negation leaves out everything that does not match.
                if rule.folders_only && !folder || !matched {
                    return true;
                }
            } else if matched && (folder || !rule.folders_only) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Option<Rule>, ChartError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.contains("**") {
            let problem = "double-star (**) syntax is not supported";
            return Err(ChartError::Ignore(problem.to_owned()));
        }
        if !fnmatch::is_valid(line) {
            return Err(ChartError::Ignore("syntax error in pattern".to_owned()));
        }
        let (negated, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (folders_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        Ok(Some(Rule {
            pattern: line.strip_prefix('/').unwrap_or(line).to_owned(),
            negated,
            folders_only,
            last_part: !line.contains('/'),
        }))
    }

    fn matches(&self, path: &str) -> bool {
        let subject = if self.last_part {
            path.rsplit('/').next().unwrap_or(path)
        } else {
            path
        };
        fnmatch::matches(&self.pattern, subject)
    }
}
