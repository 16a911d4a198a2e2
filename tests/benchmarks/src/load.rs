//! A load generator: a thread for each connection, each sending its next request when the answer to the last is whole.
//! HTTP/1.1 with `TCP_NODELAY`, either one request a connection or connections kept alive.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::figures::percentile;

/// Whether a connection serves one request or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    Close,
    KeepAlive,
}

impl Connection {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::KeepAlive => "keep-alive",
        }
    }
}

/// A request without its connection header.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What became of a load.
#[derive(Debug)]
pub(crate) struct Load {
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Of each answered request, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// How often each status came; 0 stands for no answer.
    pub(crate) statuses: BTreeMap<u16, usize>,
}

impl Load {
    /// Answers a second.
    pub(crate) fn rate(&self) -> usize {
        (self.latencies.len() as f64 / self.took.as_secs_f64().max(1e-9)).round() as usize
    }

    pub(crate) fn percentile(&self, part: f64) -> Duration {
        percentile(&self.latencies, part)
    }

    /// What came beside `expected`, for a remark; nothing where all was well.
    pub(crate) fn others(&self, expected: u16) -> Option<String> {
        let others = self
            .statuses
            .iter()
            .filter(|(status, _)| **status != expected);
        let others: Vec<String> = others
            .map(|(status, times)| format!("{times} × {status}"))
            .collect();
        (!others.is_empty()).then(|| others.join(", "))
    }
}

/// Sends all `requests` over so many connections at once.
pub(crate) fn run(
    address: SocketAddr,
    requests: &[Request],
    connections: usize,
    connection: Connection,
) -> Load {
    let next = AtomicUsize::new(0);
    let since = Instant::now();
    let answers: Vec<(u16, Duration)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| client(address, requests, &next, connection)))
            .collect();
        let answers = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default());
        answers.flatten().collect()
    });
    let took = since.elapsed();
    let mut statuses = BTreeMap::new();
    for (status, _) in &answers {
        *statuses.entry(*status).or_default() += 1;
    }
    let answered = answers.iter().filter(|(status, _)| *status != 0);
    let mut latencies: Vec<Duration> = answered.map(|(_, took)| *took).collect();
    latencies.sort_unstable();
    Load {
        took,
        latencies,
        statuses,
    }
}

fn client(
    address: SocketAddr,
    requests: &[Request],
    next: &AtomicUsize,
    connection: Connection,
) -> Vec<(u16, Duration)> {
    let mut answers = Vec::new();
    let mut open = None;
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let since = Instant::now();
        let status = exchange(address, request, connection, &mut open);
        if status.is_err() {
            open = None;
        }
        answers.push((status.unwrap_or(0), since.elapsed()));
    }
    answers
}

/// Sends one request and reads its answer to the end; leaves the connection in `open` where it is kept.
fn exchange(
    address: SocketAddr,
    request: &Request,
    connection: Connection,
    open: &mut Option<BufReader<TcpStream>>,
) -> io::Result<u16> {
    let mut stream = match open.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            BufReader::new(stream)
        }
    };
    let bytes = encode(request, address, connection);
    stream.get_mut().write_all(&bytes)?;
    let status = read_answer(&mut stream)?;
    if connection == Connection::KeepAlive {
        *open = Some(stream);
    }
    Ok(status)
}

fn encode(request: &Request, address: SocketAddr, connection: Connection) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: {}\r\nContent-Length: {}\r\n",
        request.method,
        request.path,
        connection.name(),
        request.body.len()
    );
    if let Some(token) = &request.token {
        head.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    head.push_str("Content-Type: application/json\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

/// Reads an answer whose body has a length or stands in chunks (RFC 9112), and gives its status.
fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<u16> {
    let first = line(stream)?;
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or(ErrorKind::InvalidData)?;
    let (mut length, mut chunked) = (0, false);
    loop {
        let header = line(stream)?.to_ascii_lowercase();
        match header
            .split_once(':')
            .map(|(name, value)| (name, value.trim()))
        {
            None => break,
            Some(("content-length", value)) => {
                length = value.parse().map_err(|_| ErrorKind::InvalidData)?;
            }
            Some(("transfer-encoding", value)) => chunked = value == "chunked",
            Some(_) => {}
        }
    }
    if !chunked {
        skip(stream, length)?;
        return Ok(status);
    }
    loop {
        let size = u64::from_str_radix(&line(stream)?, 16).map_err(|_| ErrorKind::InvalidData)?;
        skip(stream, size)?;
        line(stream)?;
        if size == 0 {
            return Ok(status);
        }
    }
}

fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

fn skip(stream: &mut BufReader<TcpStream>, length: u64) -> io::Result<()> {
    match io::copy(&mut stream.take(length), &mut io::sink())? {
        copied if copied == length => Ok(()),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}
