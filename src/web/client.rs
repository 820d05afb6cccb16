//! Asking a witness.

use std::time::Duration;

use crate::code::{Code, Coded, witness as codes};
use crate::hash::Digest;
use crate::publish::log::tree;
use crate::publish::log::{Checkpoint, Note, NoteKey, NoteSignature, checkpoint};
use crate::publish::witness::{REQUEST_SIZE_MAX, Request, SIZE_TYPE};

/// How long a witness may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a witness may say that it stands elsewhere.
const TRIES: usize = 3;

/// A witness and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessAt {
    /// Its key.
    pub key: NoteKey,
    /// The beginning of its addresses, `http://…`.
    pub url: String,
}

/// A witness did not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{witness}: {detail}")]
pub struct AnswerError {
    /// The witness.
    pub witness: String,
    /// What it said, or did not say.
    pub detail: String,
}

impl Coded for AnswerError {
    fn code(&self) -> &'static Code {
        &codes::WITNESS_ANSWER
    }
}

impl WitnessAt {
    /// Reads `KEY@URL`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(text: &str) -> Result<Self, AnswerError> {
        let fail = |detail: String| AnswerError { witness: text.chars().take(120).collect(), detail };
        // the key begins with a name, which may have an @; its last part is base64, which has none
        let key_at = text.match_indices('+').nth(1).map_or(0, |(at, _)| at);
        let at = text.get(key_at..).and_then(|rest| rest.find('@')).map(|at| key_at + at);
        let (key, url) =
            at.and_then(|at| text.split_at_checked(at)).ok_or_else(|| fail("expected KEY@URL".to_owned()))?;
        let url = url.strip_prefix('@').unwrap_or(url).trim_end_matches('/');
        let key = NoteKey::parse(key).map_err(|error| fail(error.to_string()))?;
        let host = url.strip_prefix("http://").map(|rest| rest.split('/').next().unwrap_or_default());
        match host {
            Some(host) if !host.is_empty() && !host.contains('@') => Ok(Self { key, url: url.to_owned() }),
            _ => Err(fail("expected http://host:port; a proxy on this machine can speak https".to_owned())),
        }
    }

    /// Asks for a cosignature of `note`, whose log has these leaf hashes. `old` is where the witness is thought to
    /// stand; it says so when it stands elsewhere.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn cosign(&self, note: &Note, leaves: &[Digest], old: u64) -> Result<NoteSignature, AnswerError> {
        let fail = |detail: String| AnswerError { witness: self.key.shown(), detail };
        let size = Checkpoint::of(note).map_err(|error| fail(error.to_string()))?.size;
        let mut old = old;
        for _ in 0..TRIES {
            let path = tree::consistency_proof(leaves, old);
            let path = path.ok_or_else(|| fail(format!("it has seen {old} entries of this log, here are {size}")))?;
            let body = Request { old, path, checkpoint: note.clone() }.body();
            let (status, kind, answer) = self.post(&body).map_err(fail)?;
            match status {
                200 => return self.read(note, &answer).map_err(fail),
                409 if kind.starts_with(SIZE_TYPE) => {
                    let latest = answer.strip_suffix('\n').and_then(checkpoint::decimal);
                    old = latest.ok_or_else(|| fail("it answers 409 without its size".to_owned()))?;
                }
                status => {
                    let said: String = answer.lines().next().unwrap_or_default().chars().take(200).collect();
                    return Err(fail(format!("it answers {status}: {said}")));
                }
            }
        }
        Err(fail(format!("it stands elsewhere at each of {TRIES} tries")))
    }

    /// Of the lines that a witness answers, the one by its key, checked.
    fn read(&self, note: &Note, answer: &str) -> Result<NoteSignature, String> {
        let lines = NoteSignature::parse_lines(answer).map_err(|error| error.to_string())?;
        let own = lines.into_iter().find(|line| line.is_by(&self.key));
        let own = own.ok_or_else(|| "its answer has no cosignature by this key".to_owned())?;
        let mut cosigned = note.clone();
        cosigned.add(own.clone());
        cosigned.signed_by(&self.key).map_err(|error| error.to_string())?;
        Ok(own)
    }

    fn post(&self, body: &str) -> Result<(u16, String, String), String> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(ANSWER))
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let mut answer = agent
            .post(format!("{}/add-checkpoint", self.url))
            .header("Content-Type", "text/plain; charset=utf-8")
            .send(body)
            .map_err(|error| error.to_string())?;
        let kind =
            answer.headers().get("Content-Type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let text = answer.body_mut().with_config().limit(REQUEST_SIZE_MAX as u64).read_to_string();
        Ok((answer.status().as_u16(), kind, text.map_err(|error| error.to_string())?))
    }
}
