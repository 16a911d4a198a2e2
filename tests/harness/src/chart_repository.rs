//! A Helm repository: an `index.yaml` and archives over HTTP, as a web server with files would give them, with validators for
//! conditional requests. It checks credentials on every request, like a private repository.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::chart_archive::{ChartArchive, sha256};
use crate::git_server::Auth;
use crate::web_server::{Asked, Told, WebServer, locked};

/// A running repository. It stops when it is dropped.
pub struct ChartRepository {
    server: WebServer,
    shelf: Arc<Mutex<Shelf>>,
}

/// How a repository behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// What every request must carry.
    pub auth: Auth,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What stands before an archive's name in the index; empty for a relative address.
    pub urls_at: String,
    /// Whether the index gives digests.
    pub digests: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            auth: Auth::Open,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            urls_at: String::new(),
            digests: true,
        }
    }
}

#[derive(Default)]
struct Shelf {
    archives: Vec<ChartArchive>,
}

impl ChartRepository {
    /// Starts an empty repository below `/charts`.
    pub fn start(options: Options) -> Self {
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let serving = Arc::clone(&shelf);
        let listen = options.listen;
        let server = WebServer::start_at(listen, move |asked| {
            if !options.auth.allows(asked.header("authorization")) {
                return Told::new(401, "").with("WWW-Authenticate", "Basic realm=\"charts\"");
            }
            locked(&serving).answer(asked, &options)
        });
        Self { server, shelf }
    }

    /// The repository's address.
    pub fn url(&self) -> String {
        format!("{}/charts", self.server.origin())
    }

    /// The server: its log, and answers to lay over paths.
    pub fn server(&self) -> &WebServer {
        &self.server
    }

    /// Publishes a chart.
    pub fn add(&self, archive: ChartArchive) {
        locked(&self.shelf).archives.push(archive);
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        let log = self.server.log().into_iter();
        log.map(|asked| asked.path).collect()
    }
}

impl Shelf {
    fn answer(&self, asked: &Asked, options: &Options) -> Told {
        let Some(file) = asked.resource().strip_prefix("/charts/") else {
            return Told::new(404, "no such file");
        };
        let body = if file == "index.yaml" {
            self.index(options).into_bytes()
        } else {
            let mut archives = self.archives.iter();
            match archives.find(|archive| archive.file_name() == file) {
                Some(archive) => archive.bytes.clone(),
                None => return Told::new(404, "no such file"),
            }
        };
        let etag = format!("\"{}\"", sha256(&body));
        if asked.header("if-none-match") == Some(etag.as_str()) {
            return Told::new(304, "").with("ETag", &etag);
        }
        Told::new(200, body).with("ETag", &etag)
    }

    /// In the form in which `helm repo index` writes it.
    fn index(&self, options: &Options) -> String {
        let mut entries: BTreeMap<&str, String> = BTreeMap::new();
        for archive in &self.archives {
            let entry = entries.entry(&archive.name).or_default();
            entry.push_str(&format!(
                "  - apiVersion: v2\n    created: \"2026-01-01T00:00:00Z\"\n    name: {}\n",
                archive.name
            ));
            if options.digests {
                entry.push_str(&format!("    digest: {}\n", archive.digest()));
            }
            entry.push_str(&format!(
                "    urls:\n    - {}{}\n    version: {}\n",
                options.urls_at,
                archive.file_name(),
                archive.version
            ));
        }
        let entries = entries.iter();
        let entries = entries.map(|(name, entries)| format!("  {name}:\n{entries}"));
        format!(
            "apiVersion: v1\nentries:\n{}generated: \"2026-01-01T00:00:00Z\"\n",
            entries.collect::<String>()
        )
    }
}
