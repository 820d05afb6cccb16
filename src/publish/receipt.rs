//! Receipts: what a customer was told, signed by the venue. Specification: `docs/spec/receipt.md`.
//!
//! A snapshot receipt names the leaves of one balance in one snapshot: with the logged statement of that number it can
//! contradict. A balance receipt says what the app showed at some moment: it opens a dispute and proves nothing.

pub mod dispute;
mod error;
pub mod evidence;
pub mod opening;

use serde::{Deserialize, Serialize};

use super::statement_check::{self, StatementError, StatementPins};
use super::statement_kinds::KeyHistory;
use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class};
use crate::hash::{Digest, Tag};
use crate::json::{self, uint};
use crate::signature::{Envelope, PublicKey, SigningKey, signed_digest};
use crate::snapshot::{Time, VenueId};

pub use error::ReceiptError;

/// The format's name.
pub const FORMAT: &str = "counterfoil-receipt-v1";
/// The field of a signed receipt.
pub const FIELD: &str = "receipt";
/// One receipt above this size is not read.
pub const FILE_SIZE_MAX: usize = 1 << 20;
/// Pieces of a split balance, the most that there are.
const LEAVES_MAX: usize = 256;

/// What a receipt of a snapshot adds: where the balance is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// Hashes of the leaves: one, or one for each piece of a split balance, in their order.
    pub leaves: Vec<Digest>,
    /// Sequence number of the statement.
    #[serde(with = "uint")]
    pub sequence: u64,
}

/// What the venue has told one customer about one balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The customer account.
    pub account: String,
    /// The balance, in base units.
    pub amount: Amount,
    /// The unit owed.
    pub asset: AssetId,
    /// The class.
    pub class: Class,
    /// The customer's credential; empty for none.
    pub credential: String,
    /// Decimals of the amount.
    pub decimals: Decimals,
    /// [`FORMAT`].
    pub format: String,
    /// Keys of the venue that sign it, strictly increasing.
    pub keys: Vec<PublicKey>,
    /// The log of the venue.
    pub log_origin: String,
    /// The leaves, of a snapshot receipt; null in a balance receipt.
    #[serde(deserialize_with = "json::required")]
    pub snapshot: Option<Committed>,
    /// The cut-off, or the moment at which the balance was shown.
    pub time: Time,
    /// The venue.
    pub venue: VenueId,
}

impl Receipt {
    /// Reads a receipt's document. Nothing is said about signatures.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`].
    pub fn parse(document: &[u8]) -> Result<Self, ReceiptError> {
        let receipt: Self =
            json::read_canonical(document).map_err(|error| ReceiptError::Malformed(error.to_string()))?;
        receipt.check()?;
        Ok(receipt)
    }

    fn check(&self) -> Result<(), ReceiptError> {
        let fail = |detail: String| Err(ReceiptError::Malformed(detail));
        if self.format != FORMAT {
            return fail(format!("format {:?}, expected {FORMAT:?}", self.format));
        }
        if self.account.is_empty() || self.log_origin.is_empty() {
            return fail("account and log_origin must not be empty".to_owned());
        }
        if let Err(error) = statement_check::check_keys(&self.keys, 1) {
            return fail(error.to_string());
        }
        match &self.snapshot {
            Some(snapshot) if snapshot.leaves.is_empty() || snapshot.leaves.len() > LEAVES_MAX => {
                fail(format!("{} leaves, expected 1 to {LEAVES_MAX}", snapshot.leaves.len()))
            }
            _ => Ok(()),
        }
    }

    /// Signs it with these keys, which become the ones that it names.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`], [`ReceiptError::Signatures`].
    pub fn sign(mut self, keys: &[SigningKey]) -> Result<Vec<u8>, ReceiptError> {
        self.keys = keys.iter().map(SigningKey::public_key).collect();
        self.keys.sort();
        self.check()?;
        let malformed = |error: json::JsonError| ReceiptError::Malformed(error.to_string());
        let mut envelope = Envelope { document: json::canonical(&self).map_err(malformed)?, signatures: Vec::new() };
        for key in keys {
            let signature = key.sign(Tag::Receipt, &envelope.document).map_err(StatementError::from)?;
            envelope.add(signature);
        }
        envelope.to_file(FIELD).map_err(malformed)
    }
}

/// The digest of a receipt: of the canonical bytes of its document.
#[must_use]
pub fn digest(document: &[u8]) -> Digest {
    Digest::from_bytes(signed_digest(Tag::Receipt, document))
}

/// A receipt signed by keys that the verifier pins, or that these reach back to. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    receipt: Receipt,
    digest: Digest,
    signers: Vec<PublicKey>,
}

impl VerifiedReceipt {
    /// What was told.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The keys that have signed.
    #[must_use]
    pub fn signers(&self) -> &[PublicKey] {
        &self.signers
    }

    /// Refuses a receipt of somebody else.
    ///
    /// # Errors
    /// [`ReceiptError::OtherAccount`].
    pub fn check_owner(&self, account: &str, credential: &str) -> Result<(), ReceiptError> {
        if self.receipt.account != account {
            let (got, expected) = (format!("{:?}", self.receipt.account), format!("{account:?}"));
            return Err(ReceiptError::OtherAccount { got, expected });
        }
        // a credential is a secret: neither of them is shown
        if self.receipt.credential != credential {
            let (got, expected) = ("another credential".to_owned(), "the one given".to_owned());
            return Err(ReceiptError::OtherAccount { got, expected });
        }
        Ok(())
    }
}

/// Checks a signed receipt: form, venue, and as many signatures of pinned keys as the policy demands of a statement.
///
/// # Errors
/// [`ReceiptError`].
pub fn verify(file: &[u8], keys: &KeyHistory<'_>) -> Result<VerifiedReceipt, ReceiptError> {
    if file.len() > FILE_SIZE_MAX {
        return Err(ReceiptError::Malformed(format!("{} bytes, at most {FILE_SIZE_MAX} are read", file.len())));
    }
    let envelope = Envelope::parse(file, FIELD).map_err(|error| ReceiptError::Malformed(error.to_string()))?;
    let receipt = Receipt::parse(&envelope.document)?;
    statement_check::check_venue_is((&receipt.venue, &receipt.log_origin), keys.pins())?;
    let signers = match &receipt.snapshot {
        Some(snapshot) => signers(&envelope, &keys.pins_at(snapshot.sequence)?)?,
        None => signers_at(&envelope, keys, receipt.time)?,
    };
    if let Some(key) = signers.iter().find(|key| !receipt.keys.contains(key)) {
        return Err(ReceiptError::Key(key.clone()));
    }
    Ok(VerifiedReceipt { digest: digest(&envelope.document), receipt, signers })
}

fn signers(envelope: &Envelope, pins: &StatementPins<'_>) -> Result<Vec<PublicKey>, StatementError> {
    statement_check::signers(Tag::Receipt, envelope, pins)
}

/// Keys that were the venue's at this moment; the refusal is that of the pinned ones.
fn signers_at(envelope: &Envelope, keys: &KeyHistory<'_>, time: Time) -> Result<Vec<PublicKey>, StatementError> {
    let mut tries = keys.pins_of_time(time).map(|pins| signers(envelope, &pins));
    let first = tries.next().unwrap_or_else(|| signers(envelope, keys.pins()));
    if first.is_ok() { first } else { tries.find(Result::is_ok).unwrap_or(first) }
}
