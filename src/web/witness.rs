//! The server of a witness: `POST /add-checkpoint`, and `GET /HASH/checkpoint` for whoever watches.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::publish::log::{Note, NoteKey, NoteSigner};
use crate::publish::witness::{self, REQUEST_SIZE_MAX, Request, SIZE_TYPE, WitnessError};
use crate::snapshot::Time;

/// Where a witness keeps what it has cosigned.
pub trait Memory: Send {
    /// What was kept for this log.
    ///
    /// # Errors
    /// The reason, in words.
    fn load(&self, origin: &str) -> Result<Option<Vec<u8>>, String>;

    /// Keeps a checkpoint. When this returns, it outlives the process and the power supply.
    ///
    /// # Errors
    /// The reason, in words.
    fn save(&mut self, origin: &str, note: &str) -> Result<(), String>;

    /// Keeps two signed checkpoints of one size and different roots, once per log.
    fn contradiction(&mut self, origin: &str, kept: &str, got: &str);
}

/// A witness.
pub struct Witness<M> {
    /// The logs that it follows.
    pub logs: Vec<NoteKey>,
    /// Its key.
    pub own: NoteSigner,
    /// Its memory.
    pub memory: M,
    /// Its clock.
    pub now: fn() -> Time,
}

impl<M: Memory> Witness<M> {
    /// Decides about a request, keeps what it cosigns, and gives the answer's line.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn add(&mut self, body: &[u8]) -> Result<String, WitnessError> {
        let request = Request::parse(body)?;
        let origin = witness::origin(&request, &self.logs)?.origin;
        let kept = self.memory.load(&origin).map_err(WitnessError::State)?;
        let latest = kept.as_deref().map(|file| witness::read_state(file, &origin, self.own.key())).transpose()?;
        match witness::decide(&request, latest.as_ref(), &self.logs) {
            Ok(_) => {}
            Err(error) => {
                if let (WitnessError::Root { .. }, Some(kept)) = (&error, &kept) {
                    let got = self.known(&request.checkpoint);
                    self.memory.contradiction(&origin, &String::from_utf8_lossy(kept), &got);
                }
                return Err(error);
            }
        }
        let fault = |error: crate::publish::log::LogError| WitnessError::State(error.to_string());
        let (note, line) = witness::cosign(&request, &self.logs, &self.own, (self.now)()).map_err(fault)?;
        self.memory.save(&origin, &note.to_string()).map_err(WitnessError::State)?;
        Ok(line.to_string())
    }

    /// What was cosigned last for the log with this SHA-256 of its origin.
    fn latest(&self, hash: &str) -> Option<Vec<u8>> {
        let named = |key: &&NoteKey| crate::hash::sha256(key.name().as_bytes()).to_string() == hash;
        let log = self.logs.iter().find(named)?;
        self.memory.load(log.name()).ok().flatten()
    }

    /// A note with nothing but signatures of known logs.
    fn known(&self, note: &Note) -> String {
        let lines = note.signatures().iter().filter(|line| self.logs.iter().any(|key| line.is_by(key)));
        format!("{}\n{}", note.text(), lines.map(ToString::to_string).collect::<String>())
    }
}

/// The routes of a witness. Requests are taken one after the other: between the reading of the state and its writing
/// comes no other request.
pub fn router<M: Memory + 'static>(witness: Witness<M>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint::<M>))
        .route("/{hash}/checkpoint", get(latest::<M>))
        .layer(DefaultBodyLimit::max(REQUEST_SIZE_MAX))
        .with_state(Arc::new(Mutex::new(witness)))
}

async fn latest<M: Memory + 'static>(
    State(witness): State<Arc<Mutex<Witness<M>>>>,
    Path(hash): Path<String>,
) -> Response {
    let found = witness.lock().unwrap_or_else(PoisonError::into_inner).latest(&hash);
    match found {
        Some(note) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn add_checkpoint<M: Memory + 'static>(State(witness): State<Arc<Mutex<Witness<M>>>>, body: Bytes) -> Response {
    let answer = witness.lock().unwrap_or_else(PoisonError::into_inner).add(&body);
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    match answer {
        Ok(line) => (plain, line).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            match error {
                WitnessError::OldSize { latest, .. } => {
                    (status, [(header::CONTENT_TYPE, SIZE_TYPE)], format!("{latest}\n")).into_response()
                }
                // what is wrong with its disk is not for everybody
                WitnessError::State(_) => (status, plain, "the witness has a fault\n".to_owned()).into_response(),
                error => (status, plain, format!("{error}\n")).into_response(),
            }
        }
    }
}
