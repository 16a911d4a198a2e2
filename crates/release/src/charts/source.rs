//! Which kind of place a manifest's chart names. Pure; nothing here reaches out, and no name ever is a path on the server.

use domain::Chart;
use gitwire::{CommitId, RefName, RemoteUrl};
use url::Url;

use super::error::ChartError;
use super::settings::ChartSettings;

/// Longest repository, name and version, in bytes.
const TEXT: usize = 2_000;

/// Where a chart is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A Helm repository with an `index.yaml`.
    Repository(RepositoryChart),
    /// A packed chart at an address.
    Archive(Url),
    /// An OCI registry.
    Registry(RegistryChart),
    /// A folder in a Git repository.
    Git(GitChart),
}

/// A chart in a Helm repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RepositoryChart {
    pub url: Url,
    pub name: String,
    /// A version, a range, or empty.
    pub version: String,
}

/// A chart in an OCI registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RegistryChart {
    /// Scheme, host and port.
    pub base: Url,
    /// The repository in the registry, such as `charts/onechart`.
    pub path: String,
    /// A version, a range, or empty.
    pub version: String,
}

/// A chart in Git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GitChart {
    pub url: RemoteUrl,
    pub revision: Revision,
    /// The chart's folder; empty for the root.
    pub path: Vec<String>,
}

/// Which commit of a Git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Revision {
    Commit(CommitId),
    /// A tag or a branch.
    Ref(RefName),
    /// The default branch's.
    Default,
}

impl Source {
    /// Reads what a manifest says.
    pub(super) fn of(chart: &Chart, settings: &ChartSettings) -> Result<Self, ChartError> {
        let [repository, name, version] =
            [&chart.repository, &chart.name, &chart.version].map(|text| text.trim());
        for text in [repository, name, version] {
            if text.len() > TEXT || text.chars().any(char::is_control) {
                return refused("its repository, name or version is too long or no line of text");
            }
        }
        if name.is_empty() {
            return refused("chart.name is missing");
        }
        if name.starts_with("git@") || name.starts_with("ssh://") {
            return refused(
                "a chart comes from Git over HTTPS only; write https://host/owner/repo.git?sha=…&path=…",
            );
        }
        if let Some((scheme, rest)) = name.split_once("://") {
            return match scheme {
                "oci" => RegistryChart::read(rest, version, settings).map(Self::Registry),
                "http" | "https" => of_address(name),
                _ => refused("chart.name has a scheme other than https, http and oci"),
            };
        }
        match repository.split_once("://") {
            Some(("oci", rest)) => {
                let rest = format!("{}/{name}", rest.trim_end_matches('/'));
                RegistryChart::read(&rest, version, settings).map(Self::Registry)
            }
            Some(("http" | "https", _)) => Ok(Self::Repository(RepositoryChart {
                url: address("chart.repository", repository)?,
                name: name.to_owned(),
                version: version.to_owned(),
            })),
            Some(_) => refused("chart.repository has a scheme other than https, http and oci"),
            None if repository.is_empty() => refused(
                "chart.repository is missing; a path on the server is not read (a chart comes from https://, oci:// or https://….git)",
            ),
            None => refused("chart.repository is no address; write https://… or oci://…"),
        }
    }
}

/// A full address in the chart's name: Git where it says `.git`, else a packed chart.
fn of_address(name: &str) -> Result<Source, ChartError> {
    let url = address("chart.name", name)?;
    if url.path().trim_end_matches('/').ends_with(".git") {
        return GitChart::read(url).map(Source::Git);
    }
    if url.path().contains(".git/") {
        return refused(
            "the folder of a chart in Git is given as ?path=…; write https://host/owner/repo.git?path=charts/name",
        );
    }
    Ok(Source::Archive(url))
}

fn refused<T>(reason: &str) -> Result<T, ChartError> {
    Err(ChartError::lasting(reason))
}

/// An `http` or `https` address without a password.
fn address(what: &str, text: &str) -> Result<Url, ChartError> {
    let mut url = Url::parse(text)
        .ok()
        .filter(|url| url.has_host())
        .ok_or_else(|| ChartError::lasting(format!("{what} is no address; write https://…")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return refused(
            "an address holds a user name or a password; the operator sets those in the variable chart_credentials",
        );
    }
    url.set_fragment(None);
    Ok(url)
}

impl RegistryChart {
    /// Reads `host[:port]/path[:tag]`.
    pub(super) fn read(
        reference: &str,
        version: &str,
        settings: &ChartSettings,
    ) -> Result<Self, ChartError> {
        const FORM: &str = "an OCI address is written as oci://host/path/chart, in lower case";
        if reference.contains(['@', '?', '#', '\\']) {
            return refused(
                "an OCI address holds a host and a path alone, as in oci://host/path/chart; the version stands in chart.version",
            );
        }
        let (host, path) = reference
            .split_once('/')
            .ok_or_else(|| ChartError::lasting(FORM))?;
        let (path, tag) = path.split_once(':').unwrap_or((path, ""));
        let path = path.trim_end_matches('/');
        let tag = tag.replace('_', "+");
        if !is_repository_name(path) {
            return refused(FORM);
        }
        if !tag.is_empty() && !version.is_empty() && tag != version {
            return refused("chart.version and the tag in the OCI address differ; leave one out");
        }
        // As Docker's own client: the registry of docker.io has another name.
        let host = if host == "docker.io" {
            "registry-1.docker.io"
        } else {
            host
        };
        let https = address("the OCI address", &format!("https://{host}/"))?;
        let loopback = match https.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let base = if loopback && settings.loopback_http {
            address("the OCI address", &format!("http://{host}/"))?
        } else {
            https
        };
        Ok(Self {
            base,
            path: path.to_owned(),
            version: if tag.is_empty() {
                version.to_owned()
            } else {
                tag
            },
        })
    }
}

/// The name of a repository by the distribution specification ("Pulling manifests").
fn is_repository_name(name: &str) -> bool {
    let part = |part: &str| {
        let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(alphanumeric)
            && part.ends_with(alphanumeric)
            && part.chars().all(|c| alphanumeric(c) || "._-".contains(c))
    };
    name.len() <= 255 && name.split('/').all(part)
}

impl GitChart {
    /// Reads `https://host/owner/repo.git?sha=&tag=&branch=&path=`; `sha` goes before `tag`, and that before `branch`.
    fn read(mut url: Url) -> Result<Self, ChartError> {
        let [mut sha, mut tag, mut branch, mut path] = [const { String::new() }; 4];
        for (name, value) in url.query_pairs() {
            let slot = match name.as_ref() {
                "sha" => &mut sha,
                "tag" => &mut tag,
                "branch" => &mut branch,
                "path" => &mut path,
                _ => {
                    return refused(
                        "the address of a chart in Git takes sha, tag, branch and path alone",
                    );
                }
            };
            *slot = value.into_owned();
        }
        url.set_query(None);
        let wrong = |error: &dyn std::fmt::Display| ChartError::lasting(error.to_string());
        let revision = if !sha.is_empty() {
            let id = sha.parse::<CommitId>().map_err(|_| {
                ChartError::lasting("sha is the whole id of a commit: 40 hexadecimal digits")
            })?;
            Revision::Commit(id)
        } else if !tag.is_empty() {
            let name: Result<RefName, _> = format!("refs/tags/{tag}").parse();
            Revision::Ref(name.map_err(|error| wrong(&error))?)
        } else if !branch.is_empty() {
            Revision::Ref(RefName::branch(&branch).map_err(|error| wrong(&error))?)
        } else {
            Revision::Default
        };
        let path: Vec<String> = path
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .map(str::to_owned)
            .collect();
        if path.iter().any(|part| part == "..") {
            return refused(
                "the path of a chart in Git stays within the repository; take out `..`",
            );
        }
        let url = url
            .as_str()
            .parse()
            .map_err(|error: gitwire::RemoteUrlError| wrong(&error))?;
        Ok(Self {
            url,
            revision,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(repository: &str, name: &str, version: &str) -> Result<Source, ChartError> {
        let settings = ChartSettings {
            loopback_http: true,
            ..ChartSettings::default()
        };
        let chart = Chart {
            repository: repository.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
        };
        Source::of(&chart, &settings)
    }

    #[test]
    fn each_kind_of_place_is_told_by_its_text() {
        let Ok(Source::Repository(chart)) = read("https://chart.onechart.dev/", "onechart", "^0.4")
        else {
            panic!("a repository");
        };
        assert_eq!(
            (chart.name.as_str(), chart.version.as_str()),
            ("onechart", "^0.4")
        );
        let Ok(Source::Archive(url)) = read("", "https://example.org/a-1.0.0.tgz?x=1", "") else {
            panic!("an archive");
        };
        assert_eq!(url.path(), "/a-1.0.0.tgz");
        let registries = [
            (
                "oci://ghcr.io/acme/charts",
                "app",
                "1.0.0",
                "https://ghcr.io/",
                "acme/charts/app",
                "1.0.0",
            ),
            (
                "",
                "oci://ghcr.io/acme/app",
                "",
                "https://ghcr.io/",
                "acme/app",
                "",
            ),
            (
                "",
                "oci://ghcr.io/acme/app:1.0.0_b",
                "",
                "https://ghcr.io/",
                "acme/app",
                "1.0.0+b",
            ),
            (
                "oci://docker.io/acme/",
                "app",
                "",
                "https://registry-1.docker.io/",
                "acme/app",
                "",
            ),
            (
                "oci://127.0.0.1:5000/acme",
                "app",
                "",
                "http://127.0.0.1:5000/",
                "acme/app",
                "",
            ),
            (
                "oci://10.0.0.1:5000/acme",
                "app",
                "",
                "https://10.0.0.1:5000/",
                "acme/app",
                "",
            ),
        ];
        for (repository, name, version, base, path, wanted) in registries {
            let Ok(Source::Registry(chart)) = read(repository, name, version) else {
                panic!("{repository} {name}");
            };
            assert_eq!(
                (
                    chart.base.as_str(),
                    chart.path.as_str(),
                    chart.version.as_str()
                ),
                (base, path, wanted)
            );
        }
        let sha = "0123456789012345678901234567890123456789";
        let git = [
            (
                format!("?sha={sha}&tag=v1&branch=main&path=/charts//x/"),
                sha,
                "charts/x",
            ),
            ("?tag=v1&branch=main".to_owned(), "refs/tags/v1", ""),
            (
                "?branch=feature/x&path=./a".to_owned(),
                "refs/heads/feature/x",
                "a",
            ),
            (String::new(), "HEAD", ""),
        ];
        for (query, revision, path) in git {
            let name = format!("https://github.com/acme/charts.git{query}");
            let Ok(Source::Git(chart)) = read("", &name, "") else {
                panic!("{name}");
            };
            let named = match chart.revision {
                Revision::Commit(id) => id.to_string(),
                Revision::Ref(name) => name.as_str().to_owned(),
                Revision::Default => "HEAD".to_owned(),
            };
            assert_eq!(
                (named.as_str(), chart.path.join("/").as_str()),
                (revision, path)
            );
            assert_eq!(chart.url.as_str(), "https://github.com/acme/charts.git");
        }
    }

    #[test]
    fn x2_what_names_no_place_for_a_chart_is_refused() {
        let cases = [
            ("", "", "chart.name is missing"),
            ("", "onechart", "chart.repository is missing"),
            ("", "./charts/app", "a path on the server is not read"),
            ("", "/etc", "a path on the server is not read"),
            ("/srv/charts", "app", "no address"),
            (
                "",
                "git@github.com:acme/charts.git?path=x",
                "over HTTPS only",
            ),
            (
                "",
                "ssh://git@github.com/acme/charts.git",
                "over HTTPS only",
            ),
            ("", "file:///etc/passwd", "scheme other than"),
            ("file:///srv", "app", "scheme other than"),
            (
                "https://ann:hunter2@example.org",
                "app",
                "chart_credentials",
            ),
            (
                "",
                "https://ann:hunter2@example.org/a.git",
                "chart_credentials",
            ),
            (
                "",
                "https://example.org/a.git?path=a/../../b",
                "take out `..`",
            ),
            (
                "",
                "https://example.org/a.git?path=a/%2e%2e/b",
                "take out `..`",
            ),
            (
                "",
                "https://example.org/a.git?sha=abc123",
                "40 hexadecimal digits",
            ),
            (
                "",
                "https://example.org/a.git?branch=a..b",
                "not the name of a ref",
            ),
            ("", "https://example.org/a.git?depth=1", "path alone"),
            ("", "https://example.org/a.git/charts/x", "?path="),
            ("oci://ghcr.io", "App", "lower case"),
            ("oci://ghcr.io/../x", "app", "lower case"),
            ("", "oci://ghcr.io", "lower case"),
            ("", "oci://ghcr.io/a@sha256:00", "a host and a path alone"),
            (
                "oci://ann:hunter2@ghcr.io/a",
                "app",
                "a host and a path alone",
            ),
            ("https://", "app", "no address"),
            ("https://a\nb", "app", "no line of text"),
        ];
        for (repository, name, expected) in cases {
            let error = read(repository, name, "").unwrap_err();
            assert!(
                error.reason.contains(expected),
                "{repository} {name}: {error}"
            );
            assert!(
                !error.reason.contains("hunter2") && !error.passing,
                "{error}"
            );
        }
    }
}
