//! Serves an application over HTTP/1.1, a task for each connection.

use std::io;
use std::net::SocketAddr;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::io::TokioIo;

use crate::app::App;

/// Answers the requests that come in on `listener`, until it is dropped.
///
/// # Errors
/// The listener broke.
pub async fn serve(app: App, listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            // The client went away between its SYN and our accept; the listener is sound.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        // Unlike Spin: its server leaves Nagle's algorithm on, which costs keep-alive clients 40 ms now and then.
        stream.set_nodelay(true)?;
        tokio::spawn(connection(app.clone(), stream, client));
    }
}

async fn connection(app: App, stream: TcpStream, client: SocketAddr) {
    let service = service_fn(|request| {
        let app = app.clone();
        async move { Ok::<_, std::convert::Infallible>(app.handle(request, client).await) }
    });
    // A client that breaks its connection off is its own business.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
