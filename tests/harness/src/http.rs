//! HTTP/1.1 messages as bytes, as far as the tests' client and proxy need them: one exchange a connection, no TLS. It must
//! not mend what it is given: tests send broken requests on purpose.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;

/// The head of a message: the first line and the headers.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The head as bytes, with its blank line.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first_line);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let first_line = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Self {
            first_line,
            headers,
        }
    }
}

/// Reads a head; what was read beyond it comes along.
pub(crate) fn read_head(stream: &mut TcpStream) -> io::Result<(Head, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = Head::parse(&String::from_utf8_lossy(&bytes[..end]));
            return Ok((head, rest));
        }
        read_some(stream, &mut bytes)?;
    }
}

/// Reads the body that belongs to a head, as it stands on the wire (chunks are not undone). `to_end` reads a body of
/// unknown length to the end of the connection; otherwise there is none.
pub(crate) fn read_body(
    stream: &mut TcpStream,
    head: &Head,
    mut body: Vec<u8>,
    to_end: bool,
) -> io::Result<Vec<u8>> {
    let length = head
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    if is_chunked(head) {
        while unchunk(&body).is_none() {
            read_some(stream, &mut body)?;
        }
    } else if let Some(length) = length {
        while body.len() < length {
            read_some(stream, &mut body)?;
        }
    } else if to_end {
        stream.read_to_end(&mut body)?;
    }
    Ok(body)
}

/// Whether the body stands in chunks.
pub(crate) fn is_chunked(head: &Head) -> bool {
    head.header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
}

/// Undoes chunks (RFC 9112, section 7.1); nothing where the last chunk is not there yet.
pub(crate) fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let chunk = bytes.get(end + 2..end + 2 + size)?;
        let after = bytes.get(end + 2 + size..)?;
        if size == 0 {
            // No server here sends trailers.
            return after.starts_with(b"\r\n").then_some(body);
        }
        body.extend_from_slice(chunk);
        bytes = after.strip_prefix(b"\r\n")?;
    }
}

fn read_some(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    match stream.read(&mut buffer)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        read => {
            bytes.extend_from_slice(&buffer[..read]);
            Ok(())
        }
    }
}
