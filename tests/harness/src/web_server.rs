//! A small HTTP server on 127.0.0.1 with a log of what was asked. What it answers is its owner's affair; a test may lay any answer
//! over a path. Never for anything but tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use tiny_http::{Header, Request, Response, Server};

/// A request, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, mostly.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// The status that was answered.
    pub status: u16,
}

impl Asked {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The path without its query.
    pub fn resource(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query, as it is written.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// Headers besides the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Told {
    /// An answer without headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// A redirect (307).
    pub fn redirect(to: &str) -> Self {
        Self::new(307, "").with("Location", to)
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Handler = dyn Fn(&Asked) -> Told + Send + Sync;

/// A running server. It stops when it is dropped.
pub struct WebServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    server: Server,
    handler: Box<Handler>,
    /// Answers that a test has laid over paths.
    laid: Mutex<BTreeMap<String, Told>>,
    log: Mutex<Vec<Asked>>,
    stopping: AtomicBool,
}

impl WebServer {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// No port is free.
    pub fn start(handler: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), handler)
    }

    /// Starts a server.
    ///
    /// # Panics
    /// The address is taken.
    pub fn start_at(
        listen: SocketAddr,
        handler: impl Fn(&Asked) -> Told + Send + Sync + 'static,
    ) -> Self {
        let server = Server::http(listen).expect("the address to listen on is free");
        let address = server.server_addr().to_ip().expect("an IP address");
        let shared = Arc::new(Shared {
            server,
            handler: Box::new(handler),
            laid: Mutex::default(),
            log: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || {
            while let Ok(request) = accepting.server.recv() {
                if accepting.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                std::thread::spawn(move || shared.answer(request));
            }
        });
        Self {
            shared,
            address,
            acceptor: Some(acceptor),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers this path (without its query) so from now on, whatever the handler would say.
    pub fn lay(&self, path: &str, told: Told) {
        locked(&self.shared.laid).insert(path.to_owned(), told);
    }

    /// What was asked since the start, or since the log was cleared, in the order of the answers.
    pub fn log(&self) -> Vec<Asked> {
        locked(&self.shared.log).clone()
    }

    /// Forgets what was asked.
    pub fn clear_log(&self) {
        locked(&self.shared.log).clear();
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.server.unblock();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn answer(&self, mut request: Request) {
        let mut body = Vec::new();
        // A body that breaks off is seen as far as it came.
        let _ = request.as_reader().read_to_end(&mut body);
        let headers = request.headers().iter().map(|header| {
            let name = header.field.as_str().as_str().to_ascii_lowercase();
            (name, header.value.as_str().to_owned())
        });
        let mut asked = Asked {
            method: request.method().to_string(),
            path: request.url().to_owned(),
            headers: headers.collect(),
            body,
            status: 0,
        };
        let laid = locked(&self.laid).get(asked.resource()).cloned();
        let told = laid.unwrap_or_else(|| (self.handler)(&asked));
        asked.status = told.status;
        locked(&self.log).push(asked);
        let headers = told.headers.iter();
        let headers = headers
            .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok());
        let length = told.body.len();
        let body = std::io::Cursor::new(told.body.as_slice());
        // A client that has gone away is its own affair.
        let _ = request.respond(Response::new(
            told.status.into(),
            headers.collect(),
            body,
            Some(length),
            None,
        ));
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic while the lock is held")
}
