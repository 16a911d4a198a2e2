//! Helm repositories: `index.yaml`, then the archive. Credentials go to the repository's own origin alone, whatever addresses its
//! index gives.

use gitwire::Credentials;
use http::StatusCode;
use http::header::{ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use url::Url;

use super::cache::{Lifetime, sha256};
use super::error::{ChartError, shown};
use super::index::{self, Entry};
use super::source::{RegistryChart, RepositoryChart};
use super::version::{a_few, choose, is_exact};
use super::web::Get;
use super::{ChartContent, ChartSources, FetchedChart};
use crate::ports::{Clock, Database, HttpClient};
use crate::store::charts::{self as store, KeptIndex, Key};

/// Bitnami's index, the largest known, has about 20 MB.
const INDEX_BYTES: usize = 32 << 20;
/// What is kept of an index for one chart.
const KEPT_INDEX_BYTES: usize = 2 << 20;
const INDEX: &str = "index.yaml of the chart repository";

/// What a repository lists of one chart.
struct Listed {
    entries: Vec<Entry>,
    /// It may have changed since.
    kept: bool,
}

impl<H: HttpClient, D: Database, C: Clock> ChartSources<'_, H, D, C> {
    pub(super) async fn repository_chart(
        &self,
        wanted: &RepositoryChart,
    ) -> Result<FetchedChart, ChartError> {
        let key = Key {
            source: wanted.url.as_str().trim_end_matches('/').to_owned(),
            name: wanted.name.clone(),
            version: wanted.version.clone(),
        };
        let lifetime = if is_exact(&wanted.version) {
            Lifetime::Forever
        } else {
            Lifetime::Settings
        };
        if let Some(kept) = self.kept(&key, lifetime).await? {
            return Ok(kept);
        }
        let entry = self.entry(wanted, &key).await?;
        let exact = Key {
            version: entry.version.clone(),
            ..key.clone()
        };
        let announced = announced_digest(&entry)?;
        if let Some(kept) = self.kept(&exact, Lifetime::Forever).await?
            && announced
                .as_ref()
                .is_none_or(|digest| *digest == kept.digest)
        {
            self.note(&[&key], &kept.digest).await;
            return Ok(kept);
        }
        let bytes = self.download(wanted, &entry, announced.as_deref()).await?;
        let digest = sha256(&bytes);
        self.keep(&[&key, &exact], &digest, &bytes).await;
        Ok(FetchedChart {
            digest,
            content: ChartContent::Archive(bytes),
        })
    }

    /// A packed chart at an address of its own.
    pub(super) async fn archive_at(&self, url: &Url) -> Result<FetchedChart, ChartError> {
        let key = Key {
            source: url.as_str().to_owned(),
            name: String::new(),
            version: String::new(),
        };
        if let Some(kept) = self.kept(&key, Lifetime::Settings).await? {
            return Ok(kept);
        }
        let mut get = Get::new("the chart", url.clone(), self.settings.max_chart_bytes);
        get.credentials = self.credentials_for(url);
        let bytes = get.body(self.http).await?;
        let digest = sha256(&bytes);
        self.keep(&[&key], &digest, &bytes).await;
        Ok(FetchedChart {
            digest,
            content: ChartContent::Archive(bytes),
        })
    }

    /// What the operator has for the origin of an address.
    pub(super) fn credentials_for(&self, url: &Url) -> Credentials {
        let entry = self
            .settings
            .credentials
            .of(&url.origin().ascii_serialization());
        entry.map_or(Credentials::None, |entry| entry.credentials.clone())
    }

    /// The version that is wanted. A version that a kept index does not have may be new: the repository is asked again.
    async fn entry(&self, wanted: &RepositoryChart, key: &Key) -> Result<Entry, ChartError> {
        let mut listed = self.listed(wanted, key, true).await?;
        loop {
            let versions: Vec<&str> = listed
                .entries
                .iter()
                .map(|entry| entry.version.as_str())
                .collect();
            let place = choose(&versions, &wanted.version).map_err(|problem| {
                ChartError::lasting(format!("chart.version is not understood: {problem}"))
            })?;
            let problem = a_few(&versions);
            match place.and_then(|place| listed.entries.into_iter().nth(place)) {
                Some(entry) => return Ok(entry),
                None if listed.kept => listed = self.listed(wanted, key, false).await?,
                None => {
                    return Err(ChartError::lasting(format!(
                        "the chart {} has no version {:?} in {}; {problem}",
                        wanted.name,
                        wanted.version,
                        shown(&wanted.url)
                    )));
                }
            }
        }
    }

    async fn listed(
        &self,
        wanted: &RepositoryChart,
        key: &Key,
        kept_is_enough: bool,
    ) -> Result<Listed, ChartError> {
        let kept = store::index(&self.sql, &key.source, &key.name).await?;
        let kept = kept.and_then(|kept| Some((serde_json::from_str(&kept.versions).ok()?, kept)));
        let now = self.clock.now_ms();
        let is_fresh =
            |kept: &KeptIndex| now.saturating_sub(kept.checked_ms) < self.settings.max_age_ms;
        let kept = match kept {
            Some((entries, kept)) if kept_is_enough && is_fresh(&kept) => {
                return Ok(Listed {
                    entries,
                    kept: true,
                });
            }
            other => other,
        };
        let url = below(&wanted.url, "index.yaml");
        let mut get = Get::new(INDEX, url.clone(), INDEX_BYTES);
        get.credentials = self.credentials_for(&wanted.url);
        if let Some((_, kept)) = &kept {
            get.conditions = conditions(kept);
        }
        let (answer, _) = get.send(self.http).await?;
        let header = |name: HeaderName| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            (value.len() <= 500).then(|| value.to_owned())
        };
        let mut index = KeptIndex {
            versions: String::new(),
            etag: header(ETAG),
            modified: header(LAST_MODIFIED),
            checked_ms: now,
        };
        let entries = match (answer.status(), kept) {
            (StatusCode::NOT_MODIFIED, Some((entries, kept))) => {
                index.etag = index.etag.or(kept.etag);
                index.modified = index.modified.or(kept.modified);
                entries
            }
            (StatusCode::OK, _) => {
                index::versions_of(answer.body(), &wanted.name).map_err(|error| {
                    let place = shown(&url);
                    ChartError::lasting(format!("{} is not in {place}: {error}", wanted.name))
                })?
            }
            _ => return Err(ChartError::status(INDEX, &url, &answer)),
        };
        index.versions = serde_json::to_string(&entries).unwrap_or_default();
        if index.versions.len() <= KEPT_INDEX_BYTES {
            let _ = store::put_index(&self.sql, &key.source, &key.name, &index).await;
        }
        Ok(Listed {
            entries,
            kept: false,
        })
    }

    /// The archive of a version, its digest checked where the index gives one.
    async fn download(
        &self,
        wanted: &RepositoryChart,
        entry: &Entry,
        announced: Option<&str>,
    ) -> Result<Vec<u8>, ChartError> {
        let place = |problem: &str| {
            ChartError::lasting(format!(
                "{} {} in the index of {}: {problem}",
                wanted.name,
                entry.version,
                shown(&wanted.url)
            ))
        };
        let reference = entry
            .urls
            .first()
            .ok_or_else(|| place("it has no address"))?;
        if let Some(reference) = reference.strip_prefix("oci://") {
            let chart = RegistryChart::read(reference, "", self.settings)?;
            let pulled = self.pull(&chart).await?;
            if announced.is_some_and(|digest| digest != pulled.digest && digest != pulled.manifest)
            {
                return Err(wrong_digest("the chart", announced.unwrap_or_default()));
            }
            return Ok(pulled.bytes);
        }
        let url = resolve(&wanted.url, reference)
            .ok_or_else(|| place("its address is neither https nor oci"))?;
        if wanted.url.scheme() == "https" && url.scheme() == "http" && announced.is_none() {
            return Err(place(
                "its address is http:// and there is no digest to check what comes",
            ));
        }
        let what = format!("{} {}", wanted.name, entry.version);
        let mut get = Get::new(&what, url.clone(), self.settings.max_chart_bytes);
        if url.origin() == wanted.url.origin() {
            get.credentials = self.credentials_for(&url);
        }
        let bytes = get.body(self.http).await?;
        if announced.is_some_and(|digest| sha256(&bytes) != digest) {
            return Err(wrong_digest(&what, announced.unwrap_or_default()));
        }
        Ok(bytes)
    }
}

pub(super) fn wrong_digest(what: &str, announced: &str) -> ChartError {
    ChartError::lasting(format!(
        "{what} is not what its digest {announced} says: it was changed, or the answer was cut short"
    ))
}

/// The digest that an index gives, as `sha256:<hex>`.
fn announced_digest(entry: &Entry) -> Result<Option<String>, ChartError> {
    let text = entry.digest.trim().to_ascii_lowercase();
    let hex = text.strip_prefix("sha256:").unwrap_or(&text);
    match hex.len() {
        0 => Ok(None),
        64 if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(Some(format!("sha256:{hex}"))),
        _ => Err(ChartError::lasting(format!(
            "the index's digest of version {} is no SHA-256",
            entry.version
        ))),
    }
}

fn conditions(kept: &KeptIndex) -> Vec<(HeaderName, String)> {
    let etag = kept.etag.clone().map(|etag| (IF_NONE_MATCH, etag));
    let modified = kept.modified.clone();
    let modified = modified.map(|modified| (IF_MODIFIED_SINCE, modified));
    etag.into_iter().chain(modified).collect()
}

/// An address below the repository's, whose query is kept (Helm: `repo.ResolveReferenceURL`).
fn below(repository: &Url, path: &str) -> Url {
    let mut url = repository.clone();
    url.set_path(&format!(
        "{}/{path}",
        repository.path().trim_end_matches('/')
    ));
    url
}

/// The address of an archive: whole, or relative to the repository, whose query it then has.
fn resolve(repository: &Url, reference: &str) -> Option<Url> {
    let mut url = match Url::parse(reference) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let mut url = below(repository, "").join(reference).ok()?;
            url.set_query(repository.query());
            url
        }
        Err(_) => return None,
    };
    let plain = url.username().is_empty() && url.password().is_none();
    url.set_fragment(None);
    (plain && matches!(url.scheme(), "http" | "https")).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_an_index_are_resolved_as_helm_does() {
        let cases = [
            ("https://a/charts", "x.tgz", "https://a/charts/x.tgz"),
            ("https://a/charts/", "x.tgz", "https://a/charts/x.tgz"),
            (
                "https://a/charts?token=t",
                "x.tgz",
                "https://a/charts/x.tgz?token=t",
            ),
            ("https://a/charts", "/x.tgz", "https://a/x.tgz"),
            ("https://a/charts", "../x.tgz", "https://a/x.tgz"),
            (
                "https://a/charts?token=t",
                "https://b/x.tgz?y",
                "https://b/x.tgz?y",
            ),
        ];
        for (repository, reference, expected) in cases {
            let url = resolve(&repository.parse().unwrap(), reference).unwrap();
            assert_eq!(url.as_str(), expected);
        }
        for reference in ["file:///etc/passwd", "https://u:p@b/x", "ftp://b/x"] {
            assert_eq!(resolve(&"https://a/".parse().unwrap(), reference), None);
        }
    }
}
