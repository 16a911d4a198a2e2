//! An OIDC issuer such as GitHub Actions or GitLab CI have one: it serves its discovery document and its keys over HTTP, and
//! signs whatever a test asks it to. It can also misbehave. Never for anything but tests.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::Sha256;
use tiny_http::{Header, Request, Response, Server};

/// A key that signs.
#[derive(Clone)]
pub enum SigningKey {
    /// For ES256.
    P256(Box<p256::ecdsa::SigningKey>),
    /// For RS256.
    Rsa(Box<rsa::RsaPrivateKey>),
}

impl SigningKey {
    /// A P-256 key made from a number, the same for the same number.
    ///
    /// # Panics
    /// The number is 0.
    pub fn p256(number: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[number; 32]);
        Self::P256(Box::new(key.expect("a number that makes a key")))
    }

    /// A fresh RSA key.
    ///
    /// # Panics
    /// There is no randomness.
    pub fn rsa(bits: usize) -> Self {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits);
        Self::Rsa(Box::new(key.expect("an RSA key")))
    }

    /// The public part as a JSON Web Key.
    ///
    /// # Panics
    /// The key is broken.
    pub fn to_jwk(&self, id: &str) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::P256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                let (x, y) = (point.x().expect("x"), point.y().expect("y"));
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id,
                    "x": encode(x), "y": encode(y),
                })
            }
            Self::Rsa(key) => json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id,
                "n": encode(&key.n().to_bytes_be()), "e": encode(&key.e().to_bytes_be()),
            }),
        }
    }

    /// The algorithm that the key is made for.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    /// Signs the bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        use rsa::signature::SignatureEncoding as _;
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_vec()
            }
            Self::Rsa(key) => {
                let key = rsa::pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
                key.sign(message).to_vec()
            }
        }
    }

    /// A JWT with this header and these claims, signed.
    pub fn jwt(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// The two parts of a JWT that are signed.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// How an issuer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Honest,
    /// It takes the request and says nothing for a minute.
    Silent,
    /// It sends a byte of its keys every second, without end.
    Dripping,
    /// Its keys are a hundred megabytes.
    Huge,
    /// Its discovery document names another issuer.
    OtherIssuer,
    /// Its discovery document names keys at another origin.
    OtherOrigin,
    /// It redirects to another origin.
    Redirecting,
    /// Its keys are no JSON.
    Garbage,
    /// It answers 500.
    Failing,
}

struct Shared {
    server: Server,
    manner: Mutex<Manner>,
    keys: Mutex<Vec<Value>>,
    log: Mutex<Vec<String>>,
    stopping: AtomicBool,
}

/// A running issuer.
pub struct OidcIssuer {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl OidcIssuer {
    /// Starts an issuer with these public keys.
    ///
    /// # Panics
    /// There is no free port.
    pub fn start(keys: Vec<Value>) -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let address = server.server_addr().to_ip().expect("an IP address");
        let shared = Arc::new(Shared {
            server,
            manner: Mutex::new(Manner::Honest),
            keys: Mutex::new(keys),
            log: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accept(&accepting, address));
        Self {
            shared,
            address,
            acceptor: Some(acceptor),
        }
    }

    /// The issuer, as its tokens and its configuration name it; also its only origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes how it answers.
    ///
    /// # Panics
    /// A thread of it did.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().expect("no panic there") = manner;
    }

    /// Changes its keys.
    ///
    /// # Panics
    /// A thread of it did.
    pub fn set_keys(&self, keys: Vec<Value>) {
        *self.shared.keys.lock().expect("no panic there") = keys;
    }

    /// The paths that were asked for.
    ///
    /// # Panics
    /// A thread of it did.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lock().expect("no panic there").clone()
    }
}

impl Drop for OidcIssuer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.server.unblock();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(shared: &Arc<Shared>, address: SocketAddr) {
    while let Ok(request) = shared.server.recv() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || answer(&shared, address, request));
    }
}

/// Bytes that come one a second.
struct Drip<'a>(&'a AtomicBool);

impl std::io::Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.0.load(Ordering::SeqCst) {
            return Ok(0);
        }
        std::thread::sleep(Duration::from_secs(1));
        buffer[0] = b' ';
        Ok(1)
    }
}

fn answer(shared: &Shared, address: SocketAddr, request: Request) {
    let path = request.url().to_owned();
    shared.log.lock().expect("no panic here").push(path.clone());
    let manner = *shared.manner.lock().expect("no panic here");
    let keys = shared.keys.lock().expect("no panic here").clone();
    let own = format!("http://{address}");
    let other = "http://127.0.0.2:9";
    let discovery = path.ends_with("/.well-known/openid-configuration");
    let issuer = match manner {
        Manner::OtherIssuer => other,
        _ => &own,
    };
    let origin = match manner {
        Manner::OtherOrigin => other,
        _ => &own,
    };
    let body = match (discovery, manner) {
        (true, _) => json!({ "issuer": issuer, "jwks_uri": format!("{origin}/keys") }).to_string(),
        (false, Manner::Garbage) => "<html>not here</html>".to_owned(),
        (false, Manner::Huge) => " ".repeat(100 << 20),
        (false, _) => json!({ "keys": keys }).to_string(),
    };
    // A client that has gone away is its own affair.
    let _ = match manner {
        Manner::Silent => {
            for _ in 0..600 {
                if shared.stopping.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        }
        Manner::Dripping if !discovery => {
            let drip = Drip(&shared.stopping);
            request.respond(Response::new(200.into(), Vec::new(), drip, None, None))
        }
        Manner::Failing => request.respond(Response::from_string("no").with_status_code(500)),
        Manner::Redirecting => {
            let location = format!("Location: {other}/");
            let location: Header = location.parse().expect("a header");
            let moved = Response::from_string("").with_status_code(302);
            request.respond(moved.with_header(location))
        }
        _ => {
            let length = body.len();
            let body = Cursor::new(body.into_bytes());
            request.respond(Response::new(
                200.into(),
                Vec::new(),
                body,
                Some(length),
                None,
            ))
        }
    };
}
