//! Signing and checking statements.

use std::collections::{BTreeMap, BTreeSet};

use super::balance_sheet::BalanceSheetError;
use super::statement::{FORMAT, KIND_SNAPSHOT, Statement, Venue};
use super::statement_kinds::{Notice, Stated};
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::code::{Code, Coded, publish as codes, statement_kinds as kinds};
use crate::hash::{Digest, Tag};
use crate::json::{self, JsonError};
use crate::liability::inclusion_proof::StatementRef;
use crate::signature::{Envelope, PublicKey, SignatureError, SigningKey, signed_digest};
use crate::snapshot::{Time, VenueId};

/// The field of a signed statement file.
pub(crate) const FIELD: &str = "statement";
/// A statement file above this size is not read.
pub(crate) const FILE_SIZE_MAX: u64 = 64 << 20;

/// Why a statement is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The balance sheet in it.
    #[error(transparent)]
    BalanceSheet(#[from] BalanceSheetError),
    /// Fields contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// Not strict canonical JSON of the right shape.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// The key is not declared in the statement.
    #[error("key {key} is not among the {count} keys of the statement")]
    KeyNotDeclared {
        /// The key.
        key: PublicKey,
        /// Keys in the statement.
        count: usize,
    },
    /// None of the pinned keys has signed.
    #[error("signed by {got}, pinned is {pinned}")]
    KeyNotPinned {
        /// Keys that have signed.
        got: String,
        /// Keys of the policy.
        pinned: String,
    },
    /// Another venue.
    #[error("the statement is of {got}, the policy of {expected}")]
    OtherVenue {
        /// Venue and log in the statement.
        got: String,
        /// Venue and log in the policy.
        expected: String,
    },
    /// A wrong signature by a pinned key.
    #[error("{0}")]
    Signature(#[from] SignatureError),
    /// A statement of another kind.
    #[error("statement {sequence} is of the kind {kind:?}, expected \"snapshot\"")]
    Kind {
        /// Its kind.
        kind: &'static str,
        /// Its sequence number.
        sequence: u64,
    },
    /// Keys that were replaced before.
    #[error("statement {sequence} is signed by keys that statement {since} has replaced")]
    RetiredKey {
        /// The statement.
        sequence: u64,
        /// The change of keys.
        since: u64,
    },
    /// The venue's keys were replaced.
    #[error(
        "THE VENUE SAYS ITS KEYS CHANGED with statement {sequence} ({reason:?}): from the next one on {keys} sign. \
         Nothing was pinned; pin the new card from somewhere else"
    )]
    Rotated {
        /// The change of keys.
        sequence: u64,
        /// The new keys.
        keys: String,
        /// The venue's words.
        reason: String,
    },
    /// A change of keys that is not signed by both sides.
    #[error("{0}")]
    Unaccepted(String),
    /// The statement was withdrawn.
    #[error("statement {voided} is withdrawn by statement {by}: {reason:?}")]
    Void {
        /// What is withdrawn.
        voided: u64,
        /// The withdrawal.
        by: u64,
        /// The venue's words.
        reason: String,
    },
    /// From the future.
    #[error("its cut-off {cutoff} is after {now}")]
    NotYet {
        /// The cut-off.
        cutoff: Time,
        /// The moment asked about.
        now: Time,
    },
    /// Too few.
    #[error("{got} of the pinned keys have signed, expected {expected}")]
    Threshold {
        /// Valid signatures of pinned keys.
        got: u64,
        /// Signatures that the policy demands.
        expected: u64,
    },
    /// Too old for the policy.
    #[error("its cut-off {cutoff} is more than {max_days} days before {now}")]
    TooOld {
        /// The cut-off.
        cutoff: Time,
        /// Days that the policy accepts.
        max_days: u64,
        /// The moment asked about.
        now: Time,
    },
}

impl Coded for StatementError {
    fn code(&self) -> &'static Code {
        match self {
            Self::BalanceSheet(error) => error.code(),
            Self::Contradiction(_) => &codes::STATEMENT_MALFORMED,
            Self::Json(error) => error.code(),
            Self::Kind { .. } => &kinds::STATEMENT_KIND,
            Self::RetiredKey { .. } => &kinds::RETIRED_KEY,
            Self::Rotated { .. } => &kinds::KEYS_ROTATED,
            Self::Unaccepted(_) => &kinds::ROTATION_UNACCEPTED,
            Self::Void { .. } => &kinds::STATEMENT_VOID,
            Self::KeyNotDeclared { .. } => &codes::KEY_NOT_DECLARED,
            Self::KeyNotPinned { .. } => &codes::KEY_NOT_PINNED,
            Self::NotYet { .. } => &codes::STATEMENT_NOT_YET,
            Self::OtherVenue { .. } => &codes::OTHER_VENUE,
            Self::Signature(error) => error.code(),
            Self::Threshold { .. } => &codes::THRESHOLD_NOT_REACHED,
            Self::TooOld { .. } => &codes::STATEMENT_TOO_OLD,
        }
    }
}

/// What the verifier knows before it reads a statement.
#[derive(Clone, Debug)]
pub struct StatementPins<'a> {
    /// The venue.
    pub venue: &'a VenueId,
    /// Its log.
    pub log_origin: &'a str,
    /// Keys that the verifier pins.
    pub keys: &'a [PublicKey],
    /// How many of them must have signed.
    pub threshold: u64,
}

/// A statement signed by keys that the verifier pins. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStatement {
    statement: Statement,
    digest: Digest,
    leaf: Digest,
    signers: Vec<PublicKey>,
}

impl VerifiedStatement {
    /// What is stated. Signed is not proved: every figure in it rests on the venue's word.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its leaf hash in the log.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        self.leaf
    }

    /// The pinned keys that have signed.
    #[must_use]
    pub fn signers(&self) -> &[PublicKey] {
        &self.signers
    }

    /// What an inclusion proof must name.
    #[must_use]
    pub fn reference(&self) -> StatementRef {
        let Statement { venue, sequence, .. } = &self.statement;
        StatementRef { digest: self.digest, sequence: *sequence, venue: venue.id.clone() }
    }

    /// Refuses a statement whose cut-off is more than `max_days` before `now`, or after it: dated ahead, one
    /// statement would stay young for as long as the venue likes.
    ///
    /// # Errors
    /// [`StatementError::TooOld`], [`StatementError::NotYet`].
    pub fn check_age(&self, now: Time, max_days: u64) -> Result<(), StatementError> {
        let cutoff = self.statement.cutoff;
        if cutoff > now {
            return Err(StatementError::NotYet { cutoff, now });
        }
        let limit = i64::try_from(max_days).unwrap_or(i64::MAX).saturating_mul(86_400);
        if now.unix().saturating_sub(cutoff.unix()) > limit {
            return Err(StatementError::TooOld { cutoff, max_days, now });
        }
        Ok(())
    }
}

/// The digest of a statement: of the canonical bytes of its document.
#[must_use]
pub fn digest(document: &[u8]) -> Digest {
    Digest::from_bytes(signed_digest(Tag::Statement, document))
}

/// Reads a statement's document and checks that its fields fit together. Nothing is said about signatures.
///
/// # Errors
/// [`StatementError::Json`], [`StatementError::Contradiction`]; [`StatementError::Kind`] for what is no snapshot.
pub fn parse(document: &[u8]) -> Result<Statement, StatementError> {
    match Notice::parse(document)? {
        Some(notice) => Err(notice.unasked()),
        None => parse_snapshot(document),
    }
}

pub(crate) fn parse_snapshot(document: &[u8]) -> Result<Statement, StatementError> {
    let statement: Statement = json::read_canonical(document)?;
    check_fields(&statement)?;
    Ok(statement)
}

/// Adds a signature of a declared key to the statement file in `envelope`.
///
/// # Errors
/// [`StatementError`].
pub fn sign(envelope: &mut Envelope, key: &SigningKey) -> Result<(), StatementError> {
    let stated = Stated::parse(&envelope.document)?;
    let (public, declared) = (key.public_key(), stated.may_sign());
    if !declared.contains(&&public) {
        return Err(StatementError::KeyNotDeclared { key: public, count: declared.len() });
    }
    envelope.add(key.sign(Tag::Statement, &envelope.document)?);
    Ok(())
}

/// Checks a signed statement under the verifier's pins.
///
/// # Errors
/// [`StatementError`].
pub fn verify(file: &[u8], pins: &StatementPins<'_>) -> Result<VerifiedStatement, StatementError> {
    let envelope = Envelope::parse(file, FIELD)?;
    if let Some(notice) = Notice::parse(&envelope.document)? {
        check_pinned_venue(notice.venue(), pins)?;
        signers(Tag::Statement, &envelope, pins)?;
        return Err(notice.told());
    }
    let statement = parse_snapshot(&envelope.document)?;
    check_pinned_venue(&statement.venue, pins)?;
    let signers = signers(Tag::Statement, &envelope, pins)?;
    let leaf = super::log::tree::leaf_hash(&envelope.document);
    Ok(VerifiedStatement { digest: digest(&envelope.document), leaf, statement, signers })
}

/// Whether a statement is of the venue and log that the verifier asks about.
pub(crate) fn check_pinned_venue(venue: &Venue, pins: &StatementPins<'_>) -> Result<(), StatementError> {
    check_venue_is((&venue.id, &venue.log_origin), pins)
}

pub(crate) fn check_venue_is(got: (&VenueId, &str), pins: &StatementPins<'_>) -> Result<(), StatementError> {
    let expected = (pins.venue, pins.log_origin);
    if got != expected {
        let text = |(venue, origin): (&VenueId, &str)| format!("{venue} (log {origin})");
        return Err(StatementError::OtherVenue { got: text(got), expected: text(expected) });
    }
    Ok(())
}

/// The pinned keys that have signed, as many as the pins demand.
pub(crate) fn signers(
    tag: Tag,
    envelope: &Envelope,
    pins: &StatementPins<'_>,
) -> Result<Vec<PublicKey>, StatementError> {
    let mut signers = Vec::new();
    for signature in &envelope.signatures {
        let key = signature.public_key();
        if pins.keys.contains(&key) {
            crate::signature::verify(tag, &envelope.document, signature)?;
            signers.push(key);
        }
    }
    let list = |keys: Vec<String>| if keys.is_empty() { "nobody".to_owned() } else { keys.join(", ") };
    if signers.is_empty() {
        let got = list(envelope.signatures.iter().map(|signature| signature.public_key().to_string()).collect());
        let pinned = list(pins.keys.iter().map(PublicKey::to_string).collect());
        return Err(StatementError::KeyNotPinned { got, pinned });
    }
    let got = signers.iter().map(PublicKey::x).collect::<BTreeSet<_>>().len() as u64;
    if got < pins.threshold {
        return Err(StatementError::Threshold { got, expected: pins.threshold });
    }
    Ok(signers)
}

/// More assets than any venue lists; what follows compares each with each.
const ASSETS_MAX: usize = 10_000;
/// More keys than any venue has officers; each is tried on what others show of the venue.
const KEYS_MAX: usize = 100;
/// More rows than any schedule needs.
const SCHEDULE_ROWS_MAX: usize = 100_000;

fn check_fields(statement: &Statement) -> Result<(), StatementError> {
    let fail = |detail: String| Err(StatementError::Contradiction(detail));
    if statement.format != FORMAT {
        return fail(format!("format {:?}, expected {FORMAT:?}", statement.format));
    }
    if statement.kind != KIND_SNAPSHOT {
        return fail(format!("kind {:?}, this version reads {KIND_SNAPSHOT:?}", statement.kind));
    }
    if statement.predecessor.is_none() != (statement.sequence == 0) {
        return fail(format!("statement {} has a predecessor exactly when it is not the first", statement.sequence));
    }
    let (cutoff, next, due) = (statement.cutoff, statement.next_cutoff, statement.due);
    if !(cutoff < next && next < due) {
        return fail(format!("cut-off {cutoff}, next cut-off {next} and due {due} are not strictly increasing"));
    }
    check_venue(&statement.venue)?;
    if statement.account_hint.is_empty() {
        return fail("account_hint must not be empty".to_owned());
    }
    let rows = &statement.schedules;
    let lengths = [
        ("assets", statement.assets.len(), ASSETS_MAX),
        ("assets without rows", statement.without_rows.len(), ASSETS_MAX),
        ("other liabilities", rows.other_liabilities.len(), SCHEDULE_ROWS_MAX),
        ("receivables", rows.receivables.len(), SCHEDULE_ROWS_MAX),
        ("transfers in flight", rows.in_flight.len(), SCHEDULE_ROWS_MAX),
    ];
    if let Some((what, got, max)) = lengths.into_iter().find(|(_, got, max)| got > max) {
        return fail(format!("{got} {what}, at most {max} are accepted"));
    }
    check_rows(statement)?;
    check_balance_sheet(statement)?;
    super::custody::check(rows.tiers.as_deref(), rows.custody_accounts.as_deref())
        .map_err(StatementError::Contradiction)?;
    if !statement.chains.is_sorted_by(|left, right| left.chain < right.chain) {
        return fail("the chains are not strictly increasing".to_owned());
    }
    // the assets are in the order of their names: `check_rows`
    let known = |asset: &AssetId| statement.assets.binary_search_by(|listed| listed.id.cmp(asset)).is_ok();
    let schedules = &statement.schedules;
    let named = schedules.other_liabilities.iter().map(|row| &row.asset);
    let named = named.chain(schedules.receivables.iter().map(|row| &row.asset));
    let named = named.chain(schedules.in_flight.iter().map(|row| &row.asset));
    let named = named.chain(schedules.tiers.iter().flatten().map(|row| &row.asset));
    let mut named = named.chain(schedules.custody_accounts.iter().flatten().map(|row| &row.asset));
    match named.find(|asset| !known(asset)) {
        Some(asset) => fail(format!("a schedule names {asset}, which is not among the assets")),
        None => Ok(()),
    }
}

/// A row stands in one place: either in the balance sheet, or in the two lists.
fn check_balance_sheet(statement: &Statement) -> Result<(), StatementError> {
    let Some(sheet) = &statement.schedules.balance_sheet else { return Ok(()) };
    let lists = [
        ("other_liabilities", statement.schedules.other_liabilities.len()),
        ("receivables", statement.schedules.receivables.len()),
    ];
    if let Some((list, rows)) = lists.into_iter().find(|(_, rows)| *rows > 0) {
        return Err(BalanceSheetError::Beside { list, rows }.into());
    }
    Ok(sheet.check(&statement.assets, statement.cutoff)?)
}

pub(crate) fn check_keys(keys: &[PublicKey], threshold: u64) -> Result<(), StatementError> {
    let fail = |detail: String| Err(StatementError::Contradiction(detail));
    if keys.len() > KEYS_MAX {
        return fail(format!("{} keys, expected at most {KEYS_MAX}", keys.len()));
    }
    keys.iter().try_for_each(PublicKey::check)?;
    if !keys.is_sorted_by(|left, right| left < right) || keys.is_empty() {
        return fail("the venue's keys are not strictly increasing, at least one".to_owned());
    }
    if threshold == 0 || threshold > keys.len() as u64 {
        return fail(format!("{threshold} signatures of {} keys are demanded", keys.len()));
    }
    Ok(())
}

pub(crate) fn check_venue(venue: &Venue) -> Result<(), StatementError> {
    let fail = |detail: String| Err(StatementError::Contradiction(detail));
    check_keys(&venue.keys, venue.threshold)?;
    if venue.legal_entity.is_empty() || venue.log_origin.is_empty() {
        return fail("legal_entity and log_origin must not be empty".to_owned());
    }
    let lei_fits =
        |lei: &String| lei.len() == 20 && lei.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    match &venue.lei {
        Some(lei) if !lei_fits(lei) => fail(format!("lei {lei:?} is not 20 digits and capital letters (ISO 17442)")),
        _ => Ok(()),
    }
}

fn check_rows(statement: &Statement) -> Result<(), StatementError> {
    let fail = |detail: String| Err(StatementError::Contradiction(detail));
    if !statement.assets.is_sorted_by(|left, right| left.id < right.id) {
        return fail("the assets are not strictly increasing".to_owned());
    }
    if statement.liabilities.is_empty() {
        return fail("there is no row of liabilities".to_owned());
    }
    if !statement.liabilities.is_sorted_by(|left, right| left.key() < right.key()) {
        return fail("the rows of liabilities are not strictly increasing".to_owned());
    }
    let mut owed: BTreeMap<&AssetId, (Decimals, bool, Option<Amount>)> = BTreeMap::new();
    owed.extend(statement.assets.iter().map(|asset| (&asset.id, (asset.decimals, false, Some(Amount::ZERO)))));
    for row in &statement.liabilities {
        match owed.get_mut(&row.asset) {
            Some((decimals, has_row, sum)) if *decimals == row.decimals && row.leaf_count > 0 => {
                *has_row = true;
                *sum = sum.and_then(|sum| sum.checked_add(row.total));
            }
            _ => return fail(format!("row {} ({}) does not fit the assets, or has no leaf", row.asset, row.class)),
        }
    }
    if !statement.without_rows.is_sorted_by(|left, right| left < right) {
        return fail("the assets without rows are not strictly increasing".to_owned());
    }
    for (id, (_, has_row, _)) in &owed {
        if *has_row == statement.without_rows.binary_search(id).is_ok() {
            return fail(format!("{id} must have rows or stand in without_rows, not both"));
        }
    }
    if let Some(unknown) = statement.without_rows.iter().find(|id| !owed.contains_key(id)) {
        return fail(format!("without_rows names {unknown}, which is not among the assets"));
    }
    for (asset, amount) in statement.schedules.owed() {
        if let Some((_, _, sum)) = owed.get_mut(asset) {
            *sum = sum.and_then(|sum| sum.checked_add(amount));
        }
    }
    if let Some((id, _)) = owed.iter().find(|(_, (_, _, sum))| sum.is_none()) {
        return fail(format!("what is owed in {id} adds up to more than 2^128 - 1"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
