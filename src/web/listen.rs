//! A small server under limits: connections at a time, time per connection, time for headers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// What one server takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; further ones wait.
    pub connections: usize,
    /// How long a client may take for its headers.
    pub headers: Duration,
    /// How long a connection lives, whatever it does.
    pub connection: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, headers: Duration::from_secs(5), connection: Duration::from_secs(30) }
    }
}

/// Answers on this socket until the process ends, one thread for everything.
///
/// # Errors
/// The system's, when the socket cannot be used.
pub fn run(socket: std::net::TcpListener, router: Router, limits: Limits) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket)?;
        let places = Arc::new(Semaphore::new(limits.connections));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let router = router.clone();
                    tokio::spawn(async move {
                        connection(stream, router, limits).await;
                        drop(place);
                    });
                }
                // too many open files, or a client that has gone: neither ends the server
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    })
}

/// One connection. What goes wrong on it concerns its client alone.
async fn connection(stream: TcpStream, router: Router, limits: Limits) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.headers).max_buf_size(64 << 10);
    let answered = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let _ = tokio::time::timeout(limits.connection, answered).await;
}
