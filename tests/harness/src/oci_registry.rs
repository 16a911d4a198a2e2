//! An OCI registry, as far as pulling a Helm chart goes, by the distribution specification (version 1.1): tags in pages, manifests, blobs
//! behind a redirect, and the token dance of `WWW-Authenticate`. It keeps everything in memory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::chart_archive::{ChartArchive, sha256};
use crate::git_server::Auth;
use crate::web_server::{Asked, Told, WebServer, locked};

/// A running registry. It stops when it is dropped.
pub struct OciRegistry {
    server: WebServer,
    content: Arc<Mutex<Content>>,
}

/// How a registry behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether a token is wanted for everything, and what the token server wants to see before it gives one. [`Auth::Open`] gives
    /// tokens to everybody, as public registries do. None for a registry that wants nothing.
    pub tokens: Option<Auth>,
    /// The address of the token server; the registry's own `/token` where it is empty.
    pub realm: String,
    /// What every request must carry, where no tokens are used.
    pub auth: Auth,
    /// Tags on a page, at most.
    pub page: usize,
    /// Where blobs are; a request for one is redirected there, its digest behind it. Empty for the registry itself.
    pub blobs_at: String,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tokens: Some(Auth::Open),
            realm: String::new(),
            auth: Auth::Open,
            page: 2,
            blobs_at: String::new(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// By the repository's name.
#[derive(Default)]
struct Content {
    /// Tag → manifest.
    tags: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// Digest → blob.
    blobs: BTreeMap<String, Vec<u8>>,
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

impl OciRegistry {
    /// Starts an empty registry.
    pub fn start(options: Options) -> Self {
        let content = Arc::new(Mutex::new(Content::default()));
        let serving = Arc::clone(&content);
        let listen = options.listen;
        let server = WebServer::start_at(listen, move |asked| answer(&serving, asked, &options));
        Self { server, content }
    }

    /// Where it is, as in `oci://<host>/…`.
    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    /// The server: its log, and answers to lay over paths.
    pub fn server(&self) -> &WebServer {
        &self.server
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        let log = self.server.log().into_iter();
        log.map(|asked| asked.path).collect()
    }

    /// Pushes a chart into the repository `<path>/<name>`, as `helm push` does.
    pub fn push(&self, path: &str, archive: &ChartArchive) {
        let config =
            json!({ "name": archive.name, "version": archive.version, "apiVersion": "v2" });
        let config = config.to_string().into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "config": {
                "mediaType": "application/vnd.cncf.helm.config.v1+json",
                "digest": format!("sha256:{}", sha256(&config)),
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                "digest": format!("sha256:{}", archive.digest()),
                "size": archive.bytes.len(),
            }],
        });
        let repository = format!("{path}/{}", archive.name);
        let tag = archive.version.replace('+', "_");
        self.push_manifest(&repository, &tag, manifest.to_string().as_bytes());
        self.push_blob(&config);
        self.push_blob(&archive.bytes);
    }

    /// Puts a manifest under a tag, whatever it is.
    pub fn push_manifest(&self, repository: &str, tag: &str, manifest: &[u8]) {
        let mut content = locked(&self.content);
        let tags = content.tags.entry(repository.to_owned()).or_default();
        tags.insert(tag.to_owned(), manifest.to_vec());
    }

    /// Puts a blob.
    pub fn push_blob(&self, blob: &[u8]) {
        let digest = format!("sha256:{}", sha256(blob));
        locked(&self.content).blobs.insert(digest, blob.to_vec());
    }
}

/// The token that is good for pulling from a repository.
fn token_for(scope: &str) -> String {
    sha256(format!("a token for {scope}").as_bytes())
}

fn answer(content: &Mutex<Content>, asked: &Asked, options: &Options) -> Told {
    let host = asked.header("host").unwrap_or_default();
    if asked.resource() == "/token" {
        return token(asked, options);
    }
    let Some((repository, kind, reference)) = route(asked.resource()) else {
        return Told::new(404, "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}");
    };
    let given = asked.header("authorization");
    let scope = format!("repository:{repository}:pull");
    if options.tokens.is_some() {
        if given != Some(format!("Bearer {}", token_for(&scope)).as_str()) {
            let realm = match options.realm.as_str() {
                "" => format!("http://{host}/token"),
                other => other.to_owned(),
            };
            let challenge =
                format!("Bearer realm=\"{realm}\",service=\"registry.tests\",scope=\"{scope}\"");
            return Told::new(401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}")
                .with("WWW-Authenticate", &challenge);
        }
    } else if !options.auth.allows(given) {
        return Told::new(401, "").with("WWW-Authenticate", "Basic realm=\"registry\"");
    }
    let content = locked(content);
    match kind {
        "tags" => content.tags(asked, repository, options),
        "manifests" => content.manifest(repository, reference),
        _ if !options.blobs_at.is_empty() => {
            Told::redirect(&format!("{}/{reference}", options.blobs_at))
        }
        _ => match content.blobs.get(reference) {
            Some(blob) => Told::new(200, blob.clone()),
            None => Told::new(404, "{\"errors\":[{\"code\":\"BLOB_UNKNOWN\"}]}"),
        },
    }
}

/// `/v2/<name>/tags/list`, `/v2/<name>/manifests/<reference>` or `/v2/<name>/blobs/<digest>`.
fn route(path: &str) -> Option<(&str, &str, &str)> {
    let path = path.strip_prefix("/v2/")?;
    let (rest, reference) = path.rsplit_once('/')?;
    let (repository, kind) = rest.rsplit_once('/')?;
    ["tags", "manifests", "blobs"]
        .contains(&kind)
        .then_some((repository, kind, reference))
}

/// The token server: what it gives is good for the scope that was asked for.
fn token(asked: &Asked, options: &Options) -> Told {
    let wanted = options.tokens.as_ref();
    if !wanted.is_some_and(|auth| auth.allows(asked.header("authorization"))) {
        return Told::new(401, "{}");
    }
    let scope = asked.parameter("scope").unwrap_or_default();
    let scope = scope.replace("%3A", ":").replace("%2F", "/");
    let token = token_for(&scope);
    Told::new(
        200,
        json!({ "token": token, "expires_in": 300 }).to_string(),
    )
}

impl Content {
    fn tags(&self, asked: &Asked, repository: &str, options: &Options) -> Told {
        let Some(tags) = self.tags.get(repository) else {
            return Told::new(404, "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}");
        };
        let asked_for = asked.parameter("n").and_then(|count| count.parse().ok());
        let page = asked_for.unwrap_or(usize::MAX).min(options.page);
        let last = asked.parameter("last").unwrap_or_default();
        let rest: Vec<&String> = tags.keys().filter(|tag| tag.as_str() > last).collect();
        let shown: Vec<&String> = rest.iter().take(page).copied().collect();
        let told = Told::new(
            200,
            json!({ "name": repository, "tags": shown }).to_string(),
        );
        match shown.last() {
            Some(last) if rest.len() > page => told.with(
                "Link",
                &format!("</v2/{repository}/tags/list?n={page}&last={last}>; rel=\"next\""),
            ),
            _ => told,
        }
    }

    fn manifest(&self, repository: &str, reference: &str) -> Told {
        let tags = self.tags.get(repository);
        match tags.and_then(|tags| tags.get(reference)) {
            Some(manifest) => Told::new(200, manifest.clone())
                .with("Content-Type", MANIFEST)
                .with(
                    "Docker-Content-Digest",
                    &format!("sha256:{}", sha256(manifest)),
                ),
            None => Told::new(404, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}"),
        }
    }
}
