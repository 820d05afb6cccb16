//! The body of a block, transactions and withdrawals, and its receipts, each under its root in the header.

use alloy_rlp::{Decodable as _, Encodable as _, Header as RlpHeader};
use alloy_trie::root::ordered_trie_root_encoded;

use super::error::FlowError;
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::transactions::{TRANSACTIONS_BYTES_MAX, Transaction, transactions};
use crate::reserve::evm::window::{Receipt, WindowHeader};

/// The most withdrawals of a block; those of Ethereum have at most 16.
pub const WITHDRAWALS_MAX: usize = 1 << 12;
/// Bytes of a withdrawal: four integers of at most 32 bytes, and what RLP puts around them.
const WITHDRAWAL_BYTES_MAX: usize = 160;
/// The longest body, in bytes.
pub const BODY_BYTES_MAX: usize = TRANSACTIONS_BYTES_MAX + WITHDRAWALS_MAX * WITHDRAWAL_BYTES_MAX + 64;

/// Stake that is paid out to an address (EIP-4895).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its number on the chain.
    pub index: u64,
    /// The validator's number.
    pub validator: u64,
    /// Who gets it.
    pub address: EvmAddress,
    /// In billionths of the native coin.
    pub gwei: u64,
}

/// A body whose lists, and those of its receipts, give the roots of a header.
#[derive(Clone, Debug)]
pub struct Body<'a> {
    transactions: Vec<Transaction>,
    receipts: &'a [Receipt],
    withdrawals: Vec<Withdrawal>,
}

impl<'a> Body<'a> {
    /// Opens the body of the block of `header`, whose receipts were read under it; chain and header are the verifier's.
    /// `file` is an RLP list of two: transactions as byte strings, withdrawals as lists.
    ///
    /// # Errors
    /// [`FlowError`], but for the kinds about chain, bundle and amounts.
    pub fn open(
        chain_number: u64,
        header: &WindowHeader,
        receipts: &'a [Receipt],
        file: &[u8],
    ) -> Result<Self, FlowError> {
        let [first, second] = lists(file)?;
        let root = header.header().transactions_root();
        let root = root.ok_or_else(|| malformed("the header has no transactions root".to_owned()))?;
        let transactions = transactions(chain_number, root, first)?;
        if transactions.len() != receipts.len() {
            let detail = format!("{} receipts of {} transactions", receipts.len(), transactions.len());
            return Err(FlowError::Counts { detail });
        }
        if let Some(at) = receipts.iter().position(|receipt| receipt.succeeded.is_none()) {
            return Err(FlowError::Status { at });
        }
        let gas = |pair: &[Receipt]| matches!(pair, [before, after] if before.cumulative_gas >= after.cumulative_gas);
        if let Some(at) = receipts.windows(2).position(gas) {
            let detail = format!("receipt {} has used no more gas than the one before", at.saturating_add(1));
            return Err(FlowError::Counts { detail });
        }
        let withdrawals = withdrawals(header.header().withdrawals_root(), second)?;
        Ok(Self { transactions, receipts, withdrawals })
    }

    /// Each transaction with its receipt and the gas that it used, in the order of the block.
    pub fn transactions(&self) -> impl Iterator<Item = (&Transaction, &Receipt, u64)> {
        let before = std::iter::once(0).chain(self.receipts.iter().map(|receipt| receipt.cumulative_gas));
        let receipts = self.receipts.iter().zip(before);
        let both = self.transactions.iter().zip(receipts);
        both.map(|(transaction, (receipt, before))| {
            (transaction, receipt, receipt.cumulative_gas.saturating_sub(before))
        })
    }

    /// Stake that was paid out, behind all transactions.
    #[must_use]
    pub fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }
}

/// A body from its parts: raw transactions, and the RLP of each withdrawal.
#[must_use]
pub fn body_file(transactions: &[Vec<u8>], withdrawals: &[Vec<u8>]) -> Vec<u8> {
    let mut strings = Vec::new();
    transactions.iter().for_each(|raw| raw.as_slice().encode(&mut strings));
    list([list(strings), list(withdrawals.concat())].concat())
}

/// The withdrawals root that these withdrawals give, each as its RLP.
#[must_use]
pub fn withdrawals_root(withdrawals: &[Vec<u8>]) -> Digest {
    Digest::from_bytes(ordered_trie_root_encoded(withdrawals).0)
}

fn list(payload: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut bytes);
    bytes.extend(payload);
    bytes
}

fn malformed(detail: String) -> FlowError {
    FlowError::Malformed { detail }
}

/// The two lists, each with its head.
fn lists(file: &[u8]) -> Result<[&[u8]; 2], FlowError> {
    if file.len() > BODY_BYTES_MAX {
        return Err(malformed(format!("{} bytes, at most {BODY_BYTES_MAX} are accepted", file.len())));
    }
    let text = |error: alloy_rlp::Error| malformed(error.to_string());
    let mut rest = file;
    let mut inside = RlpHeader::decode_bytes(&mut rest, true).map_err(text)?;
    if !rest.is_empty() {
        return Err(malformed(format!("{} bytes follow the body", rest.len())));
    }
    let mut found: [&[u8]; 2] = [&[]; 2];
    for part in &mut found {
        let before = inside;
        RlpHeader::decode_bytes(&mut inside, true).map_err(text)?;
        *part = before.get(..before.len().saturating_sub(inside.len())).unwrap_or_default();
    }
    if !inside.is_empty() {
        return Err(malformed("it has more than two lists".to_owned()));
    }
    Ok(found)
}

/// Number, validator, address and amount of each; the whole list must give the header's root.
fn withdrawals(root: Option<&Digest>, mut file: &[u8]) -> Result<Vec<Withdrawal>, FlowError> {
    let text = |error: alloy_rlp::Error| malformed(format!("withdrawals: {error}"));
    let mut list = RlpHeader::decode_bytes(&mut file, true).map_err(text)?;
    let (mut raw, mut read) = (Vec::new(), Vec::new());
    while !list.is_empty() {
        if raw.len() == WITHDRAWALS_MAX {
            return Err(malformed(format!("more than {WITHDRAWALS_MAX} withdrawals")));
        }
        let before = list;
        let mut fields = RlpHeader::decode_bytes(&mut list, true).map_err(text)?;
        raw.push(before.get(..before.len().saturating_sub(list.len())).unwrap_or_default());
        let index = u64::decode(&mut fields).map_err(text)?;
        let validator = u64::decode(&mut fields).map_err(text)?;
        let address = <[u8; 20]>::decode(&mut fields).map_err(text)?;
        let gwei = u64::decode(&mut fields).map_err(text)?;
        if !fields.is_empty() {
            return Err(malformed("a withdrawal of more than four fields".to_owned()));
        }
        read.push(Withdrawal { index, validator, address: EvmAddress::from_bytes(address), gwei });
    }
    let got = Digest::from_bytes(ordered_trie_root_encoded(&raw).0);
    // before they came, a header has no root, and a block none of them
    if root != Some(&got) && !(root.is_none() && raw.is_empty()) {
        return Err(FlowError::Withdrawals { count: raw.len(), got, expected: root.copied() });
    }
    Ok(read)
}
