//! OCI registries, by the distribution specification: tags, the manifest of a version, the blob that is the chart. What comes is
//! checked against its digest; a redirect to a storage host carries no credentials.

mod challenge;
mod manifest;
mod token;

use std::cell::RefCell;

use gitwire::Credentials;
use gotemplate::sprig::semver::Version;
use http::header::{HeaderName, LINK};
use http::{Response, StatusCode};
use serde::Deserialize;
use url::Url;

use self::manifest::Manifest;
use super::cache::{Lifetime, sha256};
use super::error::{ChartError, shown};
use super::repository::wrong_digest;
use super::settings::{ChartSettings, HostCredentials};
use super::source::RegistryChart;
use super::version::{a_few, choose, is_exact, newest_first};
use super::web::Get;
use super::{ChartContent, ChartSources, FetchedChart};
use crate::ports::{Clock, Database, HttpClient};
use crate::store::charts::Key;

const MANIFEST_BYTES: usize = 1 << 20;
/// One page of tags, how many pages, and how many tags in all.
const TAGS_BYTES: usize = 4 << 20;
const TAG_PAGES: usize = 50;
const TAGS: usize = 50_000;

/// A chart as it came from a registry.
pub(super) struct Pulled {
    pub bytes: Vec<u8>,
    /// The digest of the archive.
    pub digest: String,
    /// The digest of the manifest.
    pub manifest: String,
}

/// One chart's repository in a registry.
struct Registry<'a, H> {
    http: &'a H,
    chart: &'a RegistryChart,
    settings: &'a ChartSettings,
    known: Option<&'a HostCredentials>,
    /// What the registry has been found to want.
    authorization: RefCell<Credentials>,
}

impl<H: HttpClient, D: Database, C: Clock> ChartSources<'_, H, D, C> {
    pub(super) async fn registry_chart(
        &self,
        wanted: &RegistryChart,
    ) -> Result<FetchedChart, ChartError> {
        let key = Key {
            source: format!("oci {}", wanted.base),
            name: wanted.path.clone(),
            version: wanted.version.clone(),
        };
        let lifetime = |version: &str| {
            if is_exact(version) {
                Lifetime::Forever
            } else {
                Lifetime::Settings
            }
        };
        if let Some(kept) = self.kept(&key, lifetime(&key.version)).await? {
            return Ok(kept);
        }
        let registry = self.registry(wanted);
        let version = registry.version().await?;
        let exact = Key {
            version: version.clone(),
            ..key.clone()
        };
        if exact != key
            && let Some(kept) = self.kept(&exact, lifetime(&version)).await?
        {
            self.note(&[&key], &kept.digest).await;
            return Ok(kept);
        }
        let pulled = registry.pull(&version).await?;
        self.keep(&[&key, &exact], &pulled.digest, &pulled.bytes)
            .await;
        Ok(FetchedChart {
            digest: pulled.digest,
            content: ChartContent::Archive(pulled.bytes),
        })
    }

    /// A chart that the index of a Helm repository places in a registry.
    pub(super) async fn pull(&self, wanted: &RegistryChart) -> Result<Pulled, ChartError> {
        let registry = self.registry(wanted);
        let version = registry.version().await?;
        registry.pull(&version).await
    }

    fn registry<'a>(&'a self, chart: &'a RegistryChart) -> Registry<'a, H> {
        let origin = chart.base.origin().ascii_serialization();
        let known = self.settings.credentials.of(&origin);
        // A name and a password wait until the registry says who is to see them.
        let at_once = match known.map(|known| &known.credentials) {
            Some(Credentials::Bearer(token)) => Credentials::Bearer(token.clone()),
            _ => Credentials::None,
        };
        Registry {
            http: self.http,
            chart,
            settings: self.settings,
            known,
            authorization: RefCell::new(at_once),
        }
    }
}

impl<H: HttpClient> Registry<'_, H> {
    /// The version that is wanted. As Helm, what is a version is taken as a tag without a look at the others.
    async fn version(&self) -> Result<String, ChartError> {
        let wanted = &self.chart.version;
        if Version::parse(wanted).is_ok() {
            return Ok(wanted.clone());
        }
        let versions = self.versions().await?;
        let listed: Vec<&str> = versions.iter().map(String::as_str).collect();
        let place = choose(&listed, wanted).map_err(|problem| {
            ChartError::lasting(format!("chart.version is not understood: {problem}"))
        })?;
        let found = place.and_then(|place| listed.get(place));
        found.map(|&version| version.to_owned()).ok_or_else(|| {
            ChartError::lasting(format!(
                "{} has no version {wanted:?}; {}",
                self.name(),
                a_few(&listed)
            ))
        })
    }

    /// The tags that are versions, newest first.
    async fn versions(&self) -> Result<Vec<String>, ChartError> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let mut url = self.url("tags/list")?;
        url.set_query(Some("n=1000"));
        let mut versions = Vec::new();
        for _ in 0..TAG_PAGES {
            let what = format!("the tags of {}", self.name());
            let answer = self
                .ask(&what, &url, "application/json", TAGS_BYTES)
                .await?;
            if answer.status() != StatusCode::OK {
                return Err(ChartError::status(&what, &url, &answer));
            }
            let page: Page = serde_json::from_slice(answer.body())
                .map_err(|_| ChartError::lasting(format!("{what} are no list")))?;
            let tags = page.tags.unwrap_or_default().into_iter();
            let tags = tags.map(|tag| tag.replace('_', "+"));
            versions.extend(tags.filter(|tag| is_exact(tag) && !tag.starts_with('v')));
            if versions.len() > TAGS {
                break;
            }
            match next_page(&url, &answer) {
                Some(next) => url = next,
                None => return Ok(newest_first(versions, |version| version)),
            }
        }
        Err(ChartError::lasting(format!(
            "{} has too many tags to look through; name a version in chart.version",
            self.name()
        )))
    }

    async fn pull(&self, version: &str) -> Result<Pulled, ChartError> {
        let name = format!("{} {version}", self.name());
        let tag = tag_of(version)?;
        let url = self.url(&format!("manifests/{tag}"))?;
        let what = format!("the manifest of {name}");
        let answer = self
            .ask(&what, &url, manifest::ACCEPT, MANIFEST_BYTES)
            .await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(self.missing(version).await),
            _ => return Err(ChartError::status(&what, &url, &answer)),
        }
        let digest = sha256(answer.body());
        const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
        let announced = answer.headers().get(CONTENT_DIGEST);
        let announced = announced.and_then(|value| value.to_str().ok());
        if let Some(announced) = announced.filter(|text| text.starts_with("sha256:"))
            && announced != digest
        {
            return Err(wrong_digest(&what, "in the registry's answer"));
        }
        let limit = self.settings.max_chart_bytes;
        let layer = Manifest::chart_of(answer.body(), limit)
            .map_err(|problem| ChartError::lasting(format!("{name}: {problem}")))?;
        let url = self.url(&format!("blobs/{}", layer.digest))?;
        let blob = self.ask(&name, &url, "*/*", limit).await?;
        if blob.status() != StatusCode::OK {
            return Err(ChartError::status(&name, &url, &blob));
        }
        let bytes = blob.into_body();
        if sha256(&bytes) != layer.digest {
            return Err(wrong_digest(&name, &layer.digest));
        }
        Ok(Pulled {
            bytes,
            digest: layer.digest,
            manifest: digest,
        })
    }

    /// The version is not there: says what is, if the registry tells.
    async fn missing(&self, version: &str) -> ChartError {
        let listed = self.versions().await;
        let listed = listed.as_ref().map(|versions| {
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            a_few(&versions)
        });
        ChartError::lasting(format!(
            "{} has no version {version:?}; {}",
            self.name(),
            listed.unwrap_or_else(|_| "the registry lists no others".to_owned())
        ))
    }

    /// A GET below the repository; once, after 401, with what the registry asks for.
    async fn ask(
        &self,
        what: &str,
        url: &Url,
        accept: &'static str,
        limit: usize,
    ) -> Result<Response<Vec<u8>>, ChartError> {
        let mut get = Get::new(what, url.clone(), limit);
        get.accept = accept;
        get.credentials = self.authorization.borrow().clone();
        let (answer, is_own) = get.send(self.http).await?;
        // Only the registry may ask for credentials, not the storage that it redirects to.
        if answer.status() != StatusCode::UNAUTHORIZED || !is_own {
            return Ok(answer);
        }
        let Some(authorization) = self.answer_to(&answer).await? else {
            return Ok(answer);
        };
        *self.authorization.borrow_mut() = authorization.clone();
        get.credentials = authorization;
        Ok(get.send(self.http).await?.0)
    }

    fn url(&self, rest: &str) -> Result<Url, ChartError> {
        let path = format!("v2/{}/{rest}", self.chart.path);
        self.chart
            .base
            .join(&path)
            .map_err(|_| ChartError::lasting("the OCI address makes no URL"))
    }

    fn name(&self) -> String {
        let place = shown(&self.chart.base);
        let host = place.split_once("://").map_or("", |(_, host)| host);
        format!("oci://{host}{}", self.chart.path)
    }
}

/// A version as a tag, in which `+` cannot stand.
fn tag_of(version: &str) -> Result<String, ChartError> {
    let tag = version.replace('+', "_");
    let fits = tag.len() <= 128
        && tag
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if fits {
        Ok(tag)
    } else {
        Err(ChartError::lasting("chart.version cannot be a tag"))
    }
}

/// The next page, by the header `Link` (RFC 8288), if it is more of the same list.
fn next_page<T>(from: &Url, answer: &Response<T>) -> Option<Url> {
    let link = answer.headers().get(LINK)?.to_str().ok()?;
    let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = rest.replace(['"', ' '], "").contains("rel=next");
    let next = from.join(target).ok().filter(|_| is_next)?;
    let is_same = next.origin() == from.origin() && next.path() == from.path();
    (is_same && next != *from).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_of_the_same_list_is_a_next_page() {
        let from: Url = "https://r/v2/a/tags/list?n=2".parse().unwrap();
        let cases = [
            (
                "</v2/a/tags/list?n=2&last=b>; rel=\"next\"",
                Some("https://r/v2/a/tags/list?n=2&last=b"),
            ),
            (
                "<https://r/v2/a/tags/list?last=b>;rel=next",
                Some("https://r/v2/a/tags/list?last=b"),
            ),
            ("<https://evil/v2/a/tags/list?last=b>; rel=\"next\"", None),
            ("</v2/b/tags/list?last=b>; rel=\"next\"", None),
            ("</v2/a/tags/list?n=2>; rel=\"next\"", None),
            ("</v2/a/tags/list?last=b>; rel=\"prev\"", None),
            ("nonsense", None),
        ];
        for (link, expected) in cases {
            let answer = Response::builder().header(LINK, link).body(()).unwrap();
            let next = next_page(&from, &answer);
            assert_eq!(next.as_ref().map(Url::as_str), expected, "{link}");
        }
    }
}
