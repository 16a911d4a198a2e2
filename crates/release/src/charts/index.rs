//! `index.yaml` of a Helm repository: what it lists of one chart. Pure. An index may have tens of megabytes, of which one chart
//! is wanted: where the text has the form in which Helm writes it, only that chart's part is parsed.

use std::collections::BTreeMap;

use goyaml::{Limits, Value};
use serde::{Deserialize, Serialize};

use super::version::newest_first;

/// Versions of one chart that are read.
const VERSIONS: usize = 20_000;
/// Longest version, in bytes.
const VERSION: usize = 200;
/// Names that an error gives.
const NAMES: usize = 10;

/// One version of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub version: String,
    /// Where it is, perhaps relative to the repository.
    #[serde(default)]
    pub urls: Vec<String>,
    /// SHA-256 of the archive, in hex, where the repository gives it.
    #[serde(default)]
    pub digest: String,
}

/// Why an index tells nothing of a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum IndexError {
    #[error("it is not an index of charts: {0}")]
    Malformed(String),
    #[error("it lists no such chart; {}", names(.0))]
    NoChart(Vec<String>),
}

fn names(names: &[String]) -> String {
    if names.is_empty() {
        "it lists none at all".to_owned()
    } else {
        format!("it lists {} …", names.join(", "))
    }
}

/// The versions of a chart, newest first; those whose version is none are left out, as Helm does.
///
/// # Errors
/// See [`IndexError`].
pub(super) fn versions_of(text: &[u8], chart: &str) -> Result<Vec<Entry>, IndexError> {
    let text = std::str::from_utf8(text)
        .map_err(|_| IndexError::Malformed("it is not UTF-8".to_owned()))?;
    let mut entries = if text.trim_start().starts_with('{') {
        of_json(text, chart)?
    } else {
        of_yaml(text, chart)?
    };
    entries.retain(|entry| entry.version.len() <= VERSION);
    entries.truncate(VERSIONS);
    for entry in &mut entries {
        entry.urls.truncate(1);
    }
    Ok(newest_first(entries, |entry| &entry.version))
}

/// Helm reads an index in JSON too.
fn of_json(text: &str, chart: &str) -> Result<Vec<Entry>, IndexError> {
    #[derive(Deserialize)]
    struct Index {
        entries: BTreeMap<String, Vec<Loose>>,
    }
    #[derive(Deserialize)]
    struct Loose {
        version: Option<String>,
        urls: Option<Vec<String>>,
        digest: Option<String>,
    }
    let mut index: Index =
        serde_json::from_str(text).map_err(|error| IndexError::Malformed(error.to_string()))?;
    let Some(found) = index.entries.remove(chart) else {
        return Err(no_chart(index.entries.keys().map(String::as_str), chart));
    };
    let entries = found.into_iter().map(|one| Entry {
        version: one.version.unwrap_or_default(),
        urls: one.urls.unwrap_or_default(),
        digest: one.digest.unwrap_or_default(),
    });
    Ok(entries.collect())
}

fn of_yaml(text: &str, chart: &str) -> Result<Vec<Entry>, IndexError> {
    match Cut::of(text, chart) {
        Some(cut) if cut.part.is_empty() => return Err(no_chart(cut.names.into_iter(), chart)),
        Some(cut) => {
            // A part that leans on anchors elsewhere is read with the whole.
            if let Ok(entries) = of_yaml_whole(&format!("entries:\n{}", cut.part), chart) {
                return Ok(entries);
            }
        }
        None => {}
    }
    of_yaml_whole(text, chart)
}

fn of_yaml_whole(text: &str, chart: &str) -> Result<Vec<Entry>, IndexError> {
    let malformed = |problem: &str| IndexError::Malformed(problem.to_owned());
    let index = goyaml::from_str(text, &Limits::default())
        .map_err(|error| malformed(&error.to_string().chars().take(200).collect::<String>()))?;
    let entries = index
        .get("entries")
        .and_then(Value::as_mapping)
        .ok_or_else(|| malformed("it has no `entries`"))?;
    let found = match entries.get(chart) {
        Some(Value::Sequence(found)) => found,
        Some(_) => return Err(malformed("the chart's versions are no list")),
        None => return Err(no_chart(entries.keys().map(String::as_str), chart)),
    };
    let text = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let urls = |value: Option<&Value>| match value {
        Some(Value::Sequence(urls)) => urls.iter().map(|url| text(Some(url))).collect(),
        _ => Vec::new(),
    };
    // A digest of digits alone is a number where nobody quoted it. It must not count as none at all.
    let is_text = |one: &Value| {
        matches!(
            one.get("digest"),
            None | Some(Value::Null | Value::String(_))
        )
    };
    if !found.iter().all(is_text) {
        return Err(malformed("a digest is no text; it needs quotes"));
    }
    let entries = found.iter().map(|one| Entry {
        version: text(one.get("version")),
        urls: urls(one.get("urls")),
        digest: text(one.get("digest")),
    });
    Ok(entries.collect())
}

fn no_chart<'a>(listed: impl Iterator<Item = &'a str>, chart: &str) -> IndexError {
    let mut listed: Vec<&str> = listed.collect();
    // Those that look like it first.
    listed.sort_by_key(|name| !(name.contains(chart) || chart.contains(name)));
    let names = listed.into_iter().take(NAMES);
    let clean = |name: &str| name.chars().take(60).collect::<String>();
    IndexError::NoChart(
        names
            .map(|name| clean(name).escape_debug().to_string())
            .collect(),
    )
}

/// One chart's part of an index in Helm's own form: `entries:` at the margin, and below it a key a line at one indentation.
struct Cut<'a> {
    names: Vec<&'a str>,
    part: String,
}

impl<'a> Cut<'a> {
    fn of(text: &'a str, chart: &str) -> Option<Self> {
        let mut lines = text.split_inclusive('\n');
        lines.find(|line| line.trim_end() == "entries:")?;
        let mut cut = Self {
            names: Vec::new(),
            part: String::new(),
        };
        let mut margin = None;
        let mut inside = false;
        for line in lines {
            let content = line.trim_start_matches(' ');
            let is_blank = content.trim().is_empty() || content.starts_with('#');
            let indent = line.len() - content.len();
            if !is_blank && indent == 0 {
                break;
            }
            let margin = *margin.get_or_insert(indent);
            if !is_blank && indent < margin {
                return None;
            }
            if !is_blank && indent == margin && !content.starts_with("- ") {
                let name = key(content)?;
                inside = name == chart;
                cut.names.push(name);
            }
            if inside {
                cut.part.push_str(line);
            }
        }
        Some(cut)
    }
}

/// The key that a line consists of.
fn key(line: &str) -> Option<&str> {
    let key = line.trim_end().strip_suffix(':')?;
    let quoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| key.strip_prefix(quote)?.strip_suffix(quote));
    let key = quoted.unwrap_or(key);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    key.chars().all(plain).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELM: &str = "apiVersion: v1\nentries:\n  other:\n  - version: 9.9.9\n    description: |\n      onechart:\n      - version: 6.6.6\n  \
                        onechart:\n  - apiVersion: v2\n    digest: aa\n    urls:\n    - https://x/a.tgz\n    version: 0.9.0\n  - version: 0.10.0\n    \
                        urls: [b.tgz]\n  - version: not-one\n  zed:\n  - version: 1.0.0\ngenerated: \"2024\"\n";

    fn versions(text: &str, chart: &str) -> Vec<String> {
        let found = versions_of(text.as_bytes(), chart).unwrap();
        found.into_iter().map(|entry| entry.version).collect()
    }

    #[test]
    fn a_charts_versions_are_listed_newest_first() {
        assert_eq!(versions(HELM, "onechart"), ["0.10.0", "0.9.0"]);
        let read = versions_of(HELM.as_bytes(), "onechart").unwrap();
        assert_eq!(read[0].urls, ["b.tgz"]);
        assert_eq!(
            (read[1].digest.as_str(), read[1].urls[0].as_str()),
            ("aa", "https://x/a.tgz")
        );
        assert_eq!(versions(HELM, "other"), ["9.9.9"]);
    }

    #[test]
    fn a_digest_that_is_a_number_is_not_passed_over() {
        let text = format!(
            "entries:\n  a:\n  - version: 1.0.0\n    digest: {}\n",
            "0".repeat(64)
        );
        let error = versions_of(text.as_bytes(), "a").unwrap_err();
        assert!(error.to_string().contains("no text"), "{error}");
    }

    #[test]
    fn other_forms_give_the_same() {
        let forms = [
            "entries: {onechart: [{version: 0.10.0}, {version: 0.9.0}]}",
            "entries:\n    \"onechart\":\n        - version: 0.10.0\n        - {version: 0.9.0}\n",
            "entries:\n  # a comment\n\n  'onechart':\n\n  - version: 0.10.0\n# at the margin\n  - version: 0.9.0\n",
            "x: &all\n- version: 0.10.0\n- version: 0.9.0\nentries:\n  onechart: *all\n",
            "x: &new 0.10.0\nentries:\n  onechart:\n  - version: *new\n  - version: 0.9.0\n",
            "entries:\r\n  onechart:\r\n  - version: 0.10.0\r\n  - version: 0.9.0\r\n",
            "{\"apiVersion\":\"v1\",\"entries\":{\"z\":[],\"onechart\":[{\"version\":\"0.10.0\",\"urls\":null,\"x\":{}},{\"version\":\"0.9.0\"}]}}",
        ];
        for form in forms {
            assert_eq!(versions(form, "onechart"), ["0.10.0", "0.9.0"], "{form}");
        }
    }

    #[test]
    fn what_is_missing_is_said_with_what_is_there() {
        let error = versions_of(HELM.as_bytes(), "chart").unwrap_err();
        assert_eq!(
            error.to_string(),
            "it lists no such chart; it lists onechart, other, zed …"
        );
        let error = versions_of(b"entries: {}", "a").unwrap_err();
        assert_eq!(
            error.to_string(),
            "it lists no such chart; it lists none at all"
        );
        let error = versions_of(b"<html>no</html>", "a").unwrap_err();
        assert!(error.to_string().contains("not an index"), "{error}");
    }

    #[test]
    fn an_index_of_the_size_of_bitnamis_is_read() {
        let entry = "  - annotations:\n      category: Database\n    apiVersion: v2\n    urls:\n    - https://x/a.tgz\n    version: 1.0.0\n";
        let mut text = "apiVersion: v1\nentries:\n".to_owned();
        for number in 0..400 {
            text.push_str(&format!("  chart-{number}:\n{}", entry.repeat(500)));
        }
        assert!(text.len() > 20 << 20, "{}", text.len());
        assert_eq!(versions(&text, "chart-399").len(), 500);
    }

    #[test]
    fn bombs_are_refused() {
        let mut aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            aliases.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        aliases.push_str("entries:\n  onechart: *a11\n");
        let deep = format!(
            "entries:\n  onechart:\n  - version: {}\n",
            "[".repeat(100_000)
        );
        let json = format!("{{\"entries\":{{\"onechart\":{}", "[".repeat(100_000));
        for bomb in [aliases, deep, json] {
            let error = versions_of(bomb.as_bytes(), "onechart").unwrap_err();
            assert!(matches!(error, IndexError::Malformed(_)), "{error}");
        }
    }
}
