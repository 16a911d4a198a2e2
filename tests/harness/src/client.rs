//! A client of the application's API: one request a connection, nothing added, nothing retried, no redirect followed, so
//! that a test sees what the application does. Every answer is held to the description of the API.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::api_description;
use crate::http::{is_chunked, read_body, read_head, unchunk};

/// A client with one token.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    token: String,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers in their order.
    pub headers: Vec<(String, String)>,
    /// The body without any transfer coding.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of the application at `address`.
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self {
            address,
            token: token.to_owned(),
        }
    }

    /// Where the application is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a GET with the token.
    ///
    /// # Panics
    /// There is no answer.
    pub fn get(&self, path: &str) -> Answer {
        self.authorized("GET", path, &[], b"")
            .unwrap_or_else(|error| panic!("GET {path}: no answer: {error}"))
    }

    /// Sends a POST with the token and a JSON body.
    ///
    /// # Panics
    /// There is no answer.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, &[], body)
            .unwrap_or_else(|error| panic!("POST {path}: no answer: {error}"))
    }

    /// Sends a POST with the token, more headers and a JSON body.
    ///
    /// # Errors
    /// The connection broke before the answer was whole.
    pub fn try_post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> io::Result<Answer> {
        let mut all = vec![("Content-Type", "application/json")];
        all.extend_from_slice(headers);
        self.authorized("POST", path, &all, body.to_string().as_bytes())
    }

    /// Sends a request with the token.
    ///
    /// # Errors
    /// The connection broke before the answer was whole.
    pub fn authorized(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let authorization = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", authorization.as_str())];
        all.extend_from_slice(headers);
        self.send(method, path, &all, body)
    }

    /// Sends a request as it is given; only `Host`, `Connection` and `Content-Length` are added.
    ///
    /// # Errors
    /// The connection broke before the answer was whole.
    ///
    /// # Panics
    /// The answer is not one that the description of the API has.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        request.push_str("Connection: close\r\n");
        if !body.is_empty() || method == "POST" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        let answer = self.send_bytes(&bytes)?;
        if let Err(complaint) = api_description::check(method, path, &answer) {
            panic!(
                "{method} {path} answers {} otherwise than openapi.json says: {complaint}\n{}",
                answer.status,
                answer.text()
            );
        }
        Ok(answer)
    }

    fn send_bytes(&self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.address)?;
        let mut writing = stream.try_clone()?;
        std::thread::scope(|scope| {
            // A server may answer, and stop reading, before it has been sent everything.
            scope.spawn(move || writing.write_all(request));
            let (head, rest) = read_head(&mut stream)?;
            let body = read_body(&mut stream, &head, rest, true)?;
            let body = match is_chunked(&head) {
                true => unchunk(&body).unwrap_or_default(),
                false => body,
            };
            let status = head.first_line.split(' ').nth(1);
            let status = status.and_then(|status| status.parse().ok());
            let _ = stream.shutdown(std::net::Shutdown::Both);
            Ok(Answer {
                status: status.ok_or(io::ErrorKind::InvalidData)?,
                headers: head.headers,
                body,
            })
        })
    }
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    /// The body as JSON, of an answer that must have this status.
    ///
    /// # Panics
    /// It has another status, or is not JSON.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }
}
