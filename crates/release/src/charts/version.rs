//! Which of a chart's versions is meant, as Helm decides it with Masterminds/semver. Pure.

use gotemplate::sprig::semver::{Constraints, Version};

/// Whether the text can stand for one version only, whose chart does not change: three numbers, perhaps more behind them.
pub(super) fn is_exact(version: &str) -> bool {
    let numbers = version.strip_prefix('v').unwrap_or(version);
    let numbers = numbers.split(['-', '+']).next().unwrap_or_default();
    numbers.split('.').count() == 3 && Version::parse(version).is_ok()
}

/// The place of the wanted version in a list, newest first (Helm: `IndexFile.Get`, `GetTagMatchingVersionOrConstraint`): the very
/// text, else the first that the range allows. Empty text is the newest that is no pre-release.
///
/// # Errors
/// The text is no range; the message is the library's.
pub(super) fn choose(versions: &[&str], wanted: &str) -> Result<Option<usize>, String> {
    if let Some(place) = versions.iter().position(|version| *version == wanted) {
        return Ok(Some(place));
    }
    let range = if wanted.is_empty() { "*" } else { wanted };
    let constraints = Constraints::read(range).map_err(|error| error.to_string())?;
    let allowed =
        |version: &&str| Version::parse(version).is_ok_and(|version| constraints.allow(&version));
    Ok(versions.iter().position(allowed))
}

/// The items whose text is a version, newest first.
pub(super) fn newest_first<T>(items: Vec<T>, text: impl Fn(&T) -> &str) -> Vec<T> {
    let mut read: Vec<(Version, T)> = items
        .into_iter()
        .filter_map(|item| Some((Version::parse(text(&item)).ok()?, item)))
        .collect();
    read.sort_by(|(left, _), (right, _)| right.compare(left));
    read.into_iter().map(|(_, item)| item).collect()
}

/// A few of the newest, for a message.
pub(super) fn a_few(versions: &[&str]) -> String {
    const FEW: usize = 5;
    let shown: Vec<String> = versions
        .iter()
        .take(FEW)
        .map(|version| version.chars().take(60).collect::<String>())
        .map(|version| version.escape_debug().to_string())
        .collect();
    match shown.len() {
        0 => "it has none".to_owned(),
        count if versions.len() > count => format!("the newest are {}", shown.join(", ")),
        _ => format!("there are {}", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_version_is_exact() {
        for exact in ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+build.5", "0.0.1"] {
            assert!(is_exact(exact), "{exact}");
        }
        for range in [
            "",
            "1",
            "1.2",
            "1.2.x",
            "^1.2.3",
            "~1.2.3",
            ">=1.2.3",
            "1.2.3 - 2.0.0",
            "*",
            "latest",
        ] {
            assert!(!is_exact(range), "{range}");
        }
    }

    #[test]
    fn the_version_is_the_one_that_helm_takes() {
        let listed = [
            "2.0.0",
            "10.1.0-rc.1",
            "1.2.10",
            "1.2.9",
            "9.0.0+b",
            "0.3.0",
            "0.2.9",
            "nonsense",
        ];
        let sorted = newest_first(listed.to_vec(), |version| version);
        assert_eq!(
            sorted,
            [
                "10.1.0-rc.1",
                "9.0.0+b",
                "2.0.0",
                "1.2.10",
                "1.2.9",
                "0.3.0",
                "0.2.9"
            ]
        );
        let cases = [
            ("", Some("9.0.0+b")),
            ("1.2.9", Some("1.2.9")),
            ("10.1.0-rc.1", Some("10.1.0-rc.1")),
            ("9.0.0", Some("9.0.0+b")),
            ("1.2.x", Some("1.2.10")),
            ("1", Some("1.2.10")),
            ("^0.2.1", Some("0.2.9")),
            ("~0.3", Some("0.3.0")),
            (">1 <9", Some("2.0.0")),
            (">=10.0.0-0", Some("10.1.0-rc.1")),
            ("<1.0.0 || 1.2.9", Some("1.2.9")),
            ("3.x", None),
            ("1.2.11", None),
        ];
        for (wanted, expected) in cases {
            let place = choose(&sorted, wanted).unwrap();
            assert_eq!(place.map(|place| sorted[place]), expected, "{wanted}");
        }
        let error = choose(&sorted, "newest please").unwrap_err();
        assert!(error.contains("improper constraint"), "{error}");
    }
}
