//! A proxy between the application and the Git server that breaks chosen requests, as networks, proxies and forges do: cut
//! before, within or after the request, refused, or held. What no fault applies to passes unchanged.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::http::{Head, read_body, read_head};

/// What a request to a Git server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitRequest {
    /// Which capabilities upload-pack has: `GET …/info/refs?service=git-upload-pack`.
    Capabilities,
    /// Where the branches stand: `GET …/info/refs?service=git-receive-pack`.
    Tip,
    /// References or a pack: `POST …/git-upload-pack`.
    Fetch,
    /// `POST …/git-receive-pack`.
    Push,
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection ends before the server sees anything.
    CutBefore,
    /// The server sees the head and half of the body, then the connection ends.
    CutWithin,
    /// The server has answered; the connection ends before the client hears of it.
    CutAfter,
    /// The client gets the head and half of the body of the answer.
    CutAnswer,
    /// The server sees nothing, the client gets this status, with these headers.
    Refuse(u16, Vec<(&'static str, String)>),
    /// Nobody hears anything until the client gives up.
    Stall,
    /// The client gets the head of the answer, then nothing but a byte each half second that says that more is to come, until
    /// it gives up.
    Drip,
    /// The request waits at the gate, then goes its way, even if the client has gone.
    Hold(Gate),
}

/// What held requests wait at.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Debug, Default)]
struct GateState {
    open: bool,
    arrived: usize,
    passed: usize,
}

impl Gate {
    /// Lets pass what waits, and all that comes.
    pub fn open(&self) {
        self.0.0.lock().expect("no panic at the gate").open = true;
        self.0.1.notify_all();
    }

    /// Waits until this many requests have come to the gate.
    pub fn wait_for_arrivals(&self, count: usize) {
        self.wait(|state| state.arrived >= count);
    }

    /// Waits until this many requests have been answered by the server.
    pub fn wait_for_answers(&self, count: usize) {
        self.wait(|state| state.passed >= count);
    }

    fn pass(&self) {
        self.0.0.lock().expect("no panic at the gate").arrived += 1;
        self.0.1.notify_all();
        self.wait(|state| state.open);
    }

    fn passed(&self) {
        self.0.0.lock().expect("no panic at the gate").passed += 1;
        self.0.1.notify_all();
    }

    fn wait(&self, until: impl Fn(&GateState) -> bool) {
        let state = self.0.0.lock().expect("no panic at the gate");
        let waited = self
            .0
            .1
            .wait_timeout_while(state, Duration::from_secs(120), |state| !until(state));
        let waited = waited.expect("no panic at the gate").1;
        assert!(!waited.timed_out(), "nobody came to the gate for 120 s");
    }
}

/// A running proxy; it stops when it is dropped.
pub struct FaultProxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: SocketAddr,
    faults: Mutex<VecDeque<(GitRequest, Fault)>>,
    seen: Mutex<Vec<GitRequest>>,
    stopping: AtomicBool,
}

impl FaultProxy {
    /// Starts a proxy to the server at `upstream`.
    ///
    /// # Panics
    /// There is no free port.
    pub fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared {
            upstream,
            faults: Mutex::default(),
            seen: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accept(&accepting, &listener));
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

    /// Breaks the next `times` requests of this kind, after those that were named before.
    pub fn inject(&self, request: GitRequest, fault: &Fault, times: usize) {
        let mut faults = self.shared.faults.lock().expect("no panic in the proxy");
        faults.extend(std::iter::repeat_n((request, fault.clone()), times));
    }

    /// How many of the injected faults have not been met by a request.
    pub fn faults_left(&self) -> usize {
        self.shared
            .faults
            .lock()
            .expect("no panic in the proxy")
            .len()
    }

    /// What was asked since the start, broken or not, in the order of arrival.
    pub fn seen(&self) -> Vec<GitRequest> {
        self.shared
            .seen
            .lock()
            .expect("no panic in the proxy")
            .clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    while let Ok((client, _)) = listener.accept() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A side that goes away ends the exchange: that is what this proxy is for.
            let _ = exchange(&shared, client);
        });
    }
}

/// One request of one connection; the next needs another connection.
fn exchange(shared: &Shared, mut client: TcpStream) -> io::Result<()> {
    let (mut head, rest) = read_head(&mut client)?;
    let fault = shared.fault_for(&head);
    let body = read_body(&mut client, &head, rest, false)?;
    head.headers
        .retain(|(name, _)| !name.eq_ignore_ascii_case("connection"));
    head.headers
        .push(("Connection".to_owned(), "close".to_owned()));
    let forward = |share: usize| -> io::Result<TcpStream> {
        let mut server = TcpStream::connect(shared.upstream)?;
        server.write_all(&head.to_bytes())?;
        server.write_all(&body[..body.len() / share])?;
        Ok(server)
    };
    match fault {
        Some(Fault::CutBefore) => {}
        Some(Fault::CutWithin) => forward(2)?.shutdown(Shutdown::Both)?,
        Some(Fault::CutAfter) => drop(answer_of(forward(1)?)?),
        Some(Fault::CutAnswer) => {
            let (head, body) = answer_of(forward(1)?)?;
            client.write_all(&head.to_bytes())?;
            client.write_all(&body[..body.len() / 2])?;
        }
        Some(Fault::Refuse(status, headers)) => client.write_all(&refusal(status, &headers))?,
        Some(Fault::Stall) => drop(client.read(&mut [0])?),
        Some(Fault::Drip) => drip(&mut client, answer_of(forward(1)?)?.0)?,
        Some(Fault::Hold(gate)) => {
            gate.pass();
            let answered = answer_of(forward(1)?);
            gate.passed();
            send(&mut client, &answered?)?;
        }
        None => send(&mut client, &answer_of(forward(1)?)?)?,
    }
    client.shutdown(Shutdown::Both)
}

/// A body in chunks, each of one byte.
fn drip(client: &mut TcpStream, mut head: Head) -> io::Result<()> {
    let of_length = ["content-length", "transfer-encoding"];
    head.headers
        .retain(|(name, _)| !of_length.contains(&name.to_ascii_lowercase().as_str()));
    head.headers
        .push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
    client.write_all(&head.to_bytes())?;
    loop {
        client.write_all(b"1\r\n0\r\n")?;
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn send(client: &mut TcpStream, (head, body): &(Head, Vec<u8>)) -> io::Result<()> {
    client.write_all(&head.to_bytes())?;
    client.write_all(body)
}

fn answer_of(mut server: TcpStream) -> io::Result<(Head, Vec<u8>)> {
    let (head, rest) = read_head(&mut server)?;
    let body = read_body(&mut server, &head, rest, true)?;
    Ok((head, body))
}

fn refusal(status: u16, headers: &[(&'static str, String)]) -> Vec<u8> {
    let more = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let fixed = [("Content-Length", "0"), ("Connection", "close")];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let head = Head {
        first_line: format!("HTTP/1.1 {status} Injected"),
        headers: more.chain(fixed).collect(),
    };
    head.to_bytes()
}

impl Shared {
    /// Notes the request and takes the fault that is meant for it.
    fn fault_for(&self, head: &Head) -> Option<Fault> {
        let request = GitRequest::of(&head.first_line)?;
        self.seen
            .lock()
            .expect("no panic in the proxy")
            .push(request);
        let mut faults = self.faults.lock().expect("no panic in the proxy");
        let meant = faults.iter().position(|(kind, _)| *kind == request)?;
        faults.remove(meant).map(|(_, fault)| fault)
    }
}

impl GitRequest {
    fn of(first_line: &str) -> Option<Self> {
        let mut words = first_line.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let is = |ending: &str| target.ends_with(ending);
        match method {
            "GET" if is("/info/refs?service=git-upload-pack") => Some(Self::Capabilities),
            "GET" if is("/info/refs?service=git-receive-pack") => Some(Self::Tip),
            "POST" if is("/git-upload-pack") => Some(Self::Fetch),
            "POST" if is("/git-receive-pack") => Some(Self::Push),
            _ => None,
        }
    }
}
