//! A small server under limits: connections at a time, time per connection, time for headers, and an orderly end.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// Clients that wait for a place; the system may allow fewer.
const WAITING: i32 = 4096;
/// Files that are open whatever is asked.
const OTHER_FILES: u64 = 64;

/// What one server takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; further ones wait.
    pub connections: usize,
    /// How long a client may take for its headers, and how long it may stay without asking anything.
    pub headers: Duration,
    /// After this time a connection takes no further request.
    pub requests: Duration,
    /// How long a connection lives, whatever it does.
    pub connection: Duration,
    /// How many bytes a request may have without its body.
    pub head: usize,
    /// How long connections may take to finish when the server is asked to end.
    pub grace: Duration,
    /// Threads that answer.
    pub threads: usize,
}

impl Default for Limits {
    /// A witness: few clients, short answers, and one thread for everything.
    fn default() -> Self {
        Self {
            connections: 256,
            headers: Duration::from_secs(5),
            requests: Duration::from_secs(20),
            connection: Duration::from_secs(30),
            head: 64 << 10,
            grace: Duration::from_secs(5),
            threads: 1,
        }
    }
}

/// Asks a server to end. When it is dropped, the server runs until the process ends.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// The server's end of a [`Stop`].
#[derive(Clone, Debug)]
pub struct Stopped(watch::Receiver<bool>);

impl Stop {
    /// Both ends.
    #[must_use]
    pub fn new() -> (Self, Stopped) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stopped(receiver))
    }

    /// Asks: no connection is taken any more, and what is being answered is finished.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }
}

impl Stopped {
    /// Returns when the server is asked to end.
    async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            // nobody is left who could ask
            std::future::pending::<()>().await;
        }
    }
}

/// Lets as many clients wait as the system takes, and sees that there are open files for so many connections: each
/// needs one, and one for what it reads.
///
/// # Errors
/// The reason, in words.
pub fn prepare(socket: &std::net::TcpListener, connections: usize) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // an earlier one counts only so many as the standard library asks for
    rustix::net::listen(socket, WAITING).map_err(|error| error.to_string())?;
    let needed = (connections as u64).saturating_mul(2).saturating_add(OTHER_FILES);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < needed) {
        if maximum.is_some_and(|maximum| maximum < needed) {
            let maximum = maximum.unwrap_or_default();
            return Err(format!("{connections} connections need {needed} open files, the system allows {maximum}"));
        }
        let raised = Rlimit { current: Some(needed), maximum };
        setrlimit(Resource::Nofile, raised).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Answers on this socket until the process ends.
///
/// # Errors
/// The system's, when the socket cannot be used.
pub fn run(socket: std::net::TcpListener, router: Router, limits: Limits) -> std::io::Result<()> {
    let (_stop, stopped) = Stop::new();
    run_until(socket, router, limits, stopped).map(drop)
}

/// Answers on this socket until it is asked to end, and says whether all connections finished in time.
///
/// # Errors
/// The system's, when the socket cannot be used.
pub fn run_until(
    socket: std::net::TcpListener,
    router: Router,
    limits: Limits,
    mut stopped: Stopped,
) -> std::io::Result<bool> {
    let mut runtime = match limits.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.worker_threads(limits.threads.max(1)).enable_all().build()?;
    let finished = runtime.block_on(async {
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket)?;
        let places = Arc::new(Semaphore::new(limits.connections));
        let router = rotating(router, Arc::clone(&places));
        let accepting = tokio::spawn(accept(listener, router, limits, Arc::clone(&places), stopped.clone()));
        stopped.asked().await;
        accepting.abort();
        // with the task goes the socket: who comes now is told at once
        let _ = accepting.await;
        let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
        Ok(timeout(limits.grace, places.acquire_many(all)).await.is_ok())
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    finished
}

/// While every place is taken, a connection ends with its answer, so that those who wait have their turn.
fn rotating(router: Router, places: Arc<Semaphore>) -> Router {
    router.layer(axum::middleware::map_response(move |mut response: Response| {
        let full = places.available_permits() == 0;
        async move {
            if full {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }))
}

async fn accept(listener: TcpListener, router: Router, limits: Limits, places: Arc<Semaphore>, stopped: Stopped) {
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (router, stopped) = (router.clone(), stopped.clone());
                tokio::spawn(async move {
                    connection(stream, router, limits, stopped).await;
                    drop(place);
                });
            }
            // too many open files, or a client that has gone: neither ends the server
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One connection. What goes wrong on it concerns its client alone.
async fn connection(stream: TcpStream, router: Router, limits: Limits, mut stopped: Stopped) {
    let _ = stream.set_nodelay(true);
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.headers).max_buf_size(limits.head);
    let mut answering = pin!(server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let mut enough = pin!(async {
        let _ = timeout(limits.requests, stopped.asked()).await;
    });
    let mut last = false;
    let until_the_end = poll_fn(|context| {
        if !last && enough.as_mut().poll(context).is_ready() {
            last = true;
            answering.as_mut().graceful_shutdown();
        }
        answering.as_mut().poll(context)
    });
    let _ = timeout(limits.connection, until_the_end).await;
}
