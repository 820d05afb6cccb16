//! The evidence of a contradiction: receipt, statement, log proof and opening in one file, for anybody who has pins of
//! their own.

use serde::{Deserialize, Serialize};

use super::error::ReceiptError;
use super::opening::{ReceiptPins, Shown, least, open};
use super::{VerifiedReceipt, verify};
use crate::json;
use crate::publish::StatementPins;
use crate::publish::log::LogPins;
use crate::publish::statement_kinds::KeyHistory;

/// The format's name.
pub const FORMAT: &str = "counterfoil-receipt-contradiction-v1";
/// A file of evidence above this size is not read.
pub const EVIDENCE_SIZE_MAX: u64 = 256 << 20;

/// The file. Everything in it is as it was signed, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The credential under which the opening opens, when it is another one than the receipt's.
    #[serde(deserialize_with = "json::required")]
    pub credential: Option<String>,
    /// [`FORMAT`].
    pub format: String,
    /// The log proof of the statement.
    pub log_proof: String,
    /// The inclusion proof; null when the statement alone excludes the receipt.
    #[serde(deserialize_with = "json::required")]
    pub opening: Option<String>,
    /// The signed receipt.
    pub receipt: String,
    /// Signed changes of keys, for a receipt of keys that were replaced since.
    pub rotations: Vec<String>,
    /// The signed statement.
    pub statement: String,
}

fn text(bytes: &[u8]) -> Result<String, ReceiptError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| ReceiptError::Evidence("a part is not UTF-8 text".to_owned()))
}

/// Writes the evidence. It holds only if [`convicts`] says so.
///
/// # Errors
/// [`ReceiptError::Evidence`], [`ReceiptError::Opening`].
pub fn write(
    receipt: &VerifiedReceipt,
    file: &[u8],
    shown: &Shown,
    rotations: &[Vec<u8>],
) -> Result<Vec<u8>, ReceiptError> {
    let opening = shown.opening.as_ref().map(|opening| text(&least(opening, receipt.receipt())?)).transpose()?;
    let evidence = Evidence {
        credential: shown.credential.clone().filter(|credential| *credential != receipt.receipt().credential),
        format: FORMAT.to_owned(),
        log_proof: text(&shown.log_proof)?,
        opening,
        receipt: text(file)?,
        rotations: rotations.iter().map(|rotation| text(rotation)).collect::<Result<_, _>>()?,
        statement: text(&shown.statement)?,
    };
    json::canonical(&evidence).map_err(|error| ReceiptError::Evidence(error.to_string()))
}

/// What a file of evidence shows, under the verifier's own pins: at least one contradiction. Nothing else that the
/// venue has said takes it back, a withdrawal of the statement neither.
///
/// # Errors
/// [`ReceiptError`]; [`ReceiptError::NotContradicted`] when both can be of one honest venue.
pub fn convicts(
    file: &[u8],
    pins: &StatementPins<'_>,
    log: LogPins<'_>,
) -> Result<(VerifiedReceipt, Vec<String>), ReceiptError> {
    let wrong = |detail: String| ReceiptError::Evidence(detail);
    let evidence: Evidence = json::read_canonical(file).map_err(|error| wrong(error.to_string()))?;
    if evidence.format != FORMAT {
        return Err(wrong(format!("format {:?}, expected {FORMAT:?}", evidence.format)));
    }
    let rotations: Vec<Vec<u8>> = evidence.rotations.into_iter().map(String::into_bytes).collect();
    let keys = KeyHistory::new(pins.clone(), &rotations)?;
    let receipt = verify(evidence.receipt.as_bytes(), &keys)?;
    if receipt.receipt().snapshot.is_none() {
        return Err(ReceiptError::Balance(receipt.receipt().time));
    }
    let shown = Shown {
        statement: evidence.statement.into_bytes(),
        log_proof: evidence.log_proof.into_bytes(),
        opening: evidence.opening.map(String::into_bytes),
        credential: evidence.credential,
    };
    let opened = open(receipt.receipt(), &shown, &ReceiptPins { keys: &keys, log })?;
    let found = opened.excludes(receipt.receipt());
    if found.is_empty() {
        let detail = "the statement says of this balance what the receipt says".to_owned();
        return Err(ReceiptError::NotContradicted(detail));
    }
    Ok((receipt, found))
}
