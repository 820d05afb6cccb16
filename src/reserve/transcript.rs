//! Transcripts: what a node answered, signed by whoever asked. Specification: `docs/spec/bundle.md`.

use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::code::{Code, Coded, bundle as codes};
use crate::hash::Tag;
use crate::json::{self, JsonError};
use crate::signature::{Envelope, PublicKey, SignatureError, SigningKey, verify};
use crate::snapshot::{BlockRef, Time};

const FORMAT: &str = "counterfoil-transcript-v1";
/// The field of the signed file.
const FIELD: &str = "transcript";

/// One question and its answer, the raw text of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The method of the node's interface.
    pub method: String,
    /// The parameters, as JSON text.
    pub params: String,
    /// The result, as JSON text exactly as the node wrote it.
    pub result: String,
}

/// Everything that was asked of one node about one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// `counterfoil-transcript-v1`.
    pub format: String,
    /// The block at which the node answered; names the chain.
    pub tip: BlockRef,
    /// The node's own name and version.
    pub node: String,
    /// When it was asked, by the clock of whoever asked.
    pub fetched_at: Time,
    /// In the order of asking.
    pub calls: Vec<Call>,
}

impl Transcript {
    /// A transcript of this format.
    #[must_use]
    pub fn new(tip: BlockRef, node: String, fetched_at: Time, calls: Vec<Call>) -> Self {
        Self { format: FORMAT.to_owned(), tip, node, fetched_at, calls }
    }

    /// The calls of one method.
    pub fn calls_of<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.method == method)
    }

    /// The file, signed by whoever asked.
    ///
    /// # Errors
    /// [`TranscriptError`].
    pub fn to_file(&self, key: &SigningKey) -> Result<Vec<u8>, TranscriptError> {
        let document = json::canonical(self)?;
        let signature = key.sign(Tag::Transcript, &document)?;
        Ok(Envelope { document, signatures: vec![signature] }.to_file(FIELD)?)
    }

    /// Reads a transcript and says what its answers are worth: observed when it is signed by a key that the
    /// policy pins for nodes, stated otherwise.
    ///
    /// # Errors
    /// [`TranscriptError`]; a wrong signature is an error, not a weaker basis.
    pub fn parse(file: &[u8], pinned: &[PublicKey]) -> Result<(Self, Basis, PublicKey), TranscriptError> {
        let envelope = Envelope::parse(file, FIELD)?;
        let transcript: Self = json::read_canonical(&envelope.document)?;
        if transcript.format != FORMAT {
            let detail = format!("format {:?}, expected {FORMAT:?}", transcript.format);
            return Err(JsonError::Shape { detail }.into());
        }
        let [signature] = envelope.signatures.as_slice() else {
            let detail = format!("{} signatures, expected one", envelope.signatures.len());
            return Err(JsonError::Shape { detail }.into());
        };
        verify(Tag::Transcript, &envelope.document, signature)?;
        let key = signature.public_key();
        let basis = if pinned.contains(&key) { Basis::Observed } else { Basis::Stated };
        Ok((transcript, basis, key))
    }
}

/// Why a transcript is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// Not strict canonical JSON of the right shape.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Signed by somebody else than it says.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Coded for TranscriptError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Json(JsonError::Shape { .. }) => &codes::EVIDENCE_MALFORMED,
            Self::Json(error) => error.code(),
            Self::Signature(error) => error.code(),
        }
    }
}
