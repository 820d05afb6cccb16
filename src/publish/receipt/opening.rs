//! What a logged statement says about the balance of a receipt: the same, or something that excludes it.

use std::collections::BTreeMap;

use super::error::ReceiptError;
use super::{Committed, Receipt};
use crate::amount::Amount;
use crate::hash::Digest;
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery, LeafProof, VerifiedInclusion};
use crate::liability::leaf::LeafContent;
use crate::publish::log::{LogPins, LogProof};
use crate::publish::statement_kinds::KeyHistory;
use crate::publish::{Statement, VerifiedStatement};

/// A statement, where it stands in the log, and perhaps the leaf of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The signed statement.
    pub statement: Vec<u8>,
    /// The proof that it stands in the log.
    pub log_proof: Vec<u8>,
    /// An inclusion proof under it.
    pub opening: Option<Vec<u8>>,
    /// The credential under which that one opens, when it is another one than the receipt's.
    pub credential: Option<String>,
}

/// What a verifier pins, with the changes of keys that it was shown.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptPins<'a> {
    /// The venue's keys.
    pub keys: &'a KeyHistory<'a>,
    /// The log and its witnesses: one root for everybody.
    pub log: LogPins<'a>,
}

/// What was opened. Only [`open`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    entry: Entry,
    balance: Option<VerifiedInclusion>,
    leaves: Vec<Digest>,
}

/// What the log has under a sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Snapshot(Box<VerifiedStatement>),
    /// A change of keys or a withdrawal, which commits to no balance.
    Notice {
        kind: &'static str,
        sequence: u64,
    },
}

impl Opened {
    /// The logged statement; none when the log has no snapshot under that number.
    #[must_use]
    pub fn statement(&self) -> Option<&VerifiedStatement> {
        match &self.entry {
            Entry::Snapshot(statement) => Some(statement),
            Entry::Notice { .. } => None,
        }
    }

    /// The sequence number of what stands in the log.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        match &self.entry {
            Entry::Snapshot(statement) => statement.statement().sequence,
            Entry::Notice { sequence, .. } => *sequence,
        }
    }

    /// The balance in it; none when no leaf was opened.
    #[must_use]
    pub fn amount(&self) -> Option<Amount> {
        self.balance.as_ref().map(VerifiedInclusion::amount)
    }

    /// What excludes the receipt, in words; nothing when both can be of one honest venue. A receipt that names no
    /// snapshot is excluded by nothing.
    #[must_use]
    pub fn excludes(&self, receipt: &Receipt) -> Vec<String> {
        let Some(committed) = &receipt.snapshot else { return Vec::new() };
        let mut found = Vec::new();
        match &self.entry {
            Entry::Snapshot(statement) => against_statement(statement.statement(), receipt, committed, &mut found),
            Entry::Notice { kind, sequence } => {
                found.push(format!("statement {sequence} is of the kind {kind:?}, and commits to no balance at all"));
            }
        }
        if let Some(balance) = &self.balance {
            self.against_leaf(receipt, committed, balance, &mut found);
        }
        found
    }

    fn against_leaf(
        &self,
        receipt: &Receipt,
        committed: &Committed,
        balance: &VerifiedInclusion,
        found: &mut Vec<String>,
    ) {
        let sequence = committed.sequence;
        let text = |amount: Amount| format!("{} {}", amount.to_decimal(receipt.decimals), receipt.asset);
        if balance.amount() != receipt.amount {
            let (told, opened) = (text(receipt.amount), text(balance.amount()));
            found.push(format!("the receipt says {told}, the leaf in statement {sequence} {opened}"));
        }
        if self.leaves != committed.leaves {
            let list = |leaves: &[Digest]| leaves.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let (told, opened) = (list(&committed.leaves), list(&self.leaves));
            found
                .push(format!("the receipt names the leaf {told}, statement {sequence} has {opened} for this account"));
        }
    }
}

fn against_statement(statement: &Statement, receipt: &Receipt, committed: &Committed, found: &mut Vec<String>) {
    let sequence = committed.sequence;
    if statement.cutoff != receipt.time {
        let (told, stated) = (receipt.time, statement.cutoff);
        found.push(format!("the receipt is of cut-off {told}, statement {sequence} of {stated}"));
    }
    let named = format!("{} ({}) with {} decimals", receipt.asset, receipt.class, receipt.decimals.get());
    let is_row = |row: &&crate::liability::sum_tree::LiabilityCommitment| {
        (&row.asset, row.class, row.decimals) == (&receipt.asset, receipt.class, receipt.decimals)
    };
    match statement.liabilities.iter().find(is_row) {
        None => found.push(format!("the receipt is of {named}, statement {sequence} commits to nothing of that")),
        Some(row) if row.total < receipt.amount => {
            let (told, total) = (receipt.amount.to_decimal(row.decimals), row.total.to_decimal(row.decimals));
            found.push(format!("the receipt says {told} {named}, statement {sequence} commits to {total} in all"));
        }
        Some(_) => {}
    }
}

/// Checks what was shown: the statement under the pins, its place in the log, and the opening under it. The account
/// comes from the receipt.
///
/// # Errors
/// [`ReceiptError`]: what does not hold shows nothing, and what is of another sequence number, account, asset or class
/// neither answers nor contradicts.
pub fn open(receipt: &Receipt, shown: &Shown, pins: &ReceiptPins<'_>) -> Result<Opened, ReceiptError> {
    if let Some(opened) = open_notice(receipt, shown, pins)? {
        return Ok(opened);
    }
    let statement = Box::new(pins.keys.verify_snapshot(&shown.statement)?);
    let sequence = statement.statement().sequence;
    let (got, time) = (format!("statement {sequence}"), statement.statement().cutoff);
    match &receipt.snapshot {
        Some(committed) if committed.sequence != sequence => {
            return Err(ReceiptError::OpeningOther { got, expected: format!("statement {}", committed.sequence) });
        }
        None if time < receipt.time => {
            let (got, expected) = (format!("{got} of {time}"), format!("what was shown at {}", receipt.time));
            return Err(ReceiptError::OpeningOther { got, expected });
        }
        _ => {}
    }
    pins.log.verify(&LogProof::parse(&shown.log_proof)?, sequence, &statement.leaf())?;
    let Some(file) = &shown.opening else {
        return Ok(Opened { entry: Entry::Snapshot(statement), balance: None, leaves: Vec::new() });
    };
    let proof = InclusionProof::parse(file)?;
    let credential = shown.credential.as_ref().unwrap_or(&receipt.credential);
    let query = InclusionQuery {
        statement: &statement.reference(),
        rows: &statement.statement().liabilities,
        account: &receipt.account,
        credential,
        expected: &BTreeMap::new(),
    };
    let balances = inclusion_proof::verify(&query, &proof)?;
    let own = |balance: &VerifiedInclusion| balance.row().key() == (receipt.asset.as_str(), receipt.class.text());
    let Some(balance) = balances.into_iter().find(own) else {
        let expected = format!("{} ({})", receipt.asset, receipt.class);
        return Err(ReceiptError::OpeningOther { got: "a proof without it".to_owned(), expected });
    };
    // base units of other decimals are another amount; of a snapshot receipt they are compared with the row
    let (got, expected) = (balance.row().decimals, receipt.decimals);
    if receipt.snapshot.is_none() && got != expected {
        let [got, expected] =
            [got, expected].map(|decimals| format!("{} with {} decimals", receipt.asset, decimals.get()));
        return Err(ReceiptError::OpeningOther { got, expected });
    }
    let own = proof.leaves.iter().filter(|leaf| is_own(leaf, receipt));
    let leaves = own.filter_map(|leaf| leaf_hash(leaf, &receipt.account, credential)).collect();
    Ok(Opened { entry: Entry::Snapshot(statement), balance: Some(balance), leaves })
}

/// A logged entry of another kind under the number of a snapshot receipt: the venue has used that number twice. There
/// is nothing in it to open.
fn open_notice(receipt: &Receipt, shown: &Shown, pins: &ReceiptPins<'_>) -> Result<Option<Opened>, ReceiptError> {
    let (Some(committed), None) = (&receipt.snapshot, &shown.opening) else { return Ok(None) };
    let found = pins.keys.verify(&shown.statement)?;
    let (kind, sequence) = (found.stated().kind(), found.stated().sequence());
    if found.stated().snapshot().is_some() || sequence != committed.sequence {
        return Ok(None);
    }
    pins.log.verify(&LogProof::parse(&shown.log_proof)?, sequence, &found.leaf())?;
    Ok(Some(Opened { entry: Entry::Notice { kind, sequence }, balance: None, leaves: Vec::new() }))
}

fn is_own(leaf: &LeafProof, receipt: &Receipt) -> bool {
    leaf.asset == receipt.asset && leaf.class == receipt.class
}

fn leaf_hash(leaf: &LeafProof, account: &str, credential: &str) -> Option<Digest> {
    let content = LeafContent { nonce: leaf.nonce, amount: leaf.amount, account, credential, parts: &leaf.parts };
    let hash = leaf.split.map_or_else(|| content.hash(), |split| content.hash_piece(&split));
    hash.map(crate::liability::leaf::LeafHash::digest)
}

/// The opening without the leaves that the receipt is not about: evidence tells no more than it must.
///
/// # Errors
/// [`ReceiptError::Opening`], [`ReceiptError::Evidence`].
pub fn least(file: &[u8], receipt: &Receipt) -> Result<Vec<u8>, ReceiptError> {
    let mut proof = InclusionProof::parse(file)?;
    proof.leaves.retain(|leaf| is_own(leaf, receipt));
    crate::json::canonical(&proof).map_err(|error| ReceiptError::Evidence(error.to_string()))
}
