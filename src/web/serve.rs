//! The server of what a venue publishes: GET and HEAD of the files of a [`Site`], and nothing else.
//!
//! Whoever reads a pack wants one proof of it, and a part of a pack would say which. So there are no ranges, and what
//! is noted of a request never names what was asked for, nor who asked.

use std::fs::File;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::site::{Found, Kind, PAGE, Site};

/// Read from the disk at a time: what one connection holds in memory.
const PIECE: u64 = 64 << 10;
/// What a browser may do with the page, whatever stands in it. The page's own policy, by hashes, holds beside it.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// What is noted of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Whether it was GET or HEAD.
    pub reading: bool,
    /// The status of the answer.
    pub status: u16,
    /// Bytes of content that left, rounded up to a power of two: the exact length of a pack would say which one it was.
    pub size: u64,
    /// From the request to the end of the answer.
    pub duration: Duration,
}

/// Sums over all requests.
#[derive(Debug, Default)]
pub struct Totals {
    /// Requests that were answered.
    pub requests: AtomicU64,
    /// Of these, how many were given what they asked for (2xx and 304).
    pub answered: AtomicU64,
    /// Bytes of content that left.
    pub bytes: AtomicU64,
}

/// Takes a note of each request.
pub type Notes = Box<dyn Fn(&Served) + Send + Sync>;

struct Server {
    site: Site,
    totals: Arc<Totals>,
    notes: Option<Notes>,
}

/// The routes of a site; sums are added to `totals`.
pub fn router(site: Site, totals: Arc<Totals>, notes: Option<Notes>) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(Server { site, totals, notes }))
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    let begun = Instant::now();
    let method = request.method();
    let reading = *method == Method::GET || *method == Method::HEAD;
    let (status, headers, found) = if reading {
        let path = request.uri().path();
        let path = if path == "/" { PAGE } else { path.strip_prefix('/').unwrap_or_default() };
        decide(&server.site, path, request.headers())
    } else {
        let allow = HeaderMap::from_iter([(header::ALLOW, HeaderValue::from_static("GET, HEAD"))]);
        (StatusCode::METHOD_NOT_ALLOWED, allow, None)
    };
    let mut content = Content { file: None, words: Bytes::new(), left: 0, sent: 0, status, reading, begun, server };
    let mut length = 0;
    match found {
        Some(found) if status == StatusCode::OK => {
            length = found.length;
            (content.file, content.left) = (Some(found.file), found.length);
        }
        _ if status != StatusCode::NOT_MODIFIED => {
            content.words = Bytes::from_static(if status == StatusCode::NOT_FOUND { b"not here\n" } else { b"no\n" });
            length = content.words.len() as u64;
            content.left = length;
        }
        _ => {}
    }
    if *method == Method::HEAD {
        content.left = 0;
    }
    let mut response = Response::new(Body::new(content));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if status != StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// Status and headers for a path without its first slash, and the file that is the content.
fn decide(site: &Site, path: &str, asked: &HeaderMap) -> (StatusCode, HeaderMap, Option<Found>) {
    let mut headers = HeaderMap::new();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let found = site.find(path);
    let Ok(Some(found)) = found else {
        let status = if found.is_ok() { StatusCode::NOT_FOUND } else { StatusCode::SERVICE_UNAVAILABLE };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return (status, headers, None);
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(found.kind.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(found.kind.caching()));
    // a part of a pack would say which proof is wanted
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Ok(tag) = HeaderValue::try_from(&found.tag) {
        headers.insert(header::ETAG, tag);
    }
    if found.kind == Kind::Page {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|value| value.split(',')).map(str::trim);
    let same = known.map(|tag| tag.strip_prefix("W/").unwrap_or(tag)).any(|tag| tag == "*" || tag == found.tag);
    (if same { StatusCode::NOT_MODIFIED } else { StatusCode::OK }, headers, Some(found))
}

/// The content of an answer, piece by piece. When it is dropped, the request is over, and is noted.
struct Content {
    file: Option<File>,
    words: Bytes,
    left: u64,
    sent: u64,
    status: StatusCode,
    reading: bool,
    begun: Instant,
    server: Arc<Server>,
}

impl Content {
    fn piece(&mut self) -> io::Result<Bytes> {
        let Some(file) = &mut self.file else { return Ok(std::mem::take(&mut self.words)) };
        let length = self.left.min(PIECE);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.take(length).read_to_end(&mut bytes)?;
        Ok(Bytes::from(bytes))
    }
}

impl hyper::body::Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let piece = self.piece().and_then(|piece| {
            // files of a site are replaced by rename, never cut; where one was, the connection ends with too few bytes
            if piece.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(piece) }
        });
        if let Ok(piece) = &piece {
            let length = piece.len() as u64;
            self.left = self.left.saturating_sub(length);
            self.sent = self.sent.saturating_add(length);
        }
        Poll::Ready(Some(piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        let given = self.status.is_success() || self.status == StatusCode::NOT_MODIFIED;
        let totals = &self.server.totals;
        totals.requests.fetch_add(1, Ordering::Relaxed);
        totals.answered.fetch_add(u64::from(given), Ordering::Relaxed);
        totals.bytes.fetch_add(self.sent, Ordering::Relaxed);
        if let Some(notes) = &self.server.notes {
            let size = if self.sent == 0 { 0 } else { self.sent.checked_next_power_of_two().unwrap_or(u64::MAX) };
            let (status, duration) = (self.status.as_u16(), self.begun.elapsed());
            notes(&Served { reading: self.reading, status, size, duration });
        }
    }
}
