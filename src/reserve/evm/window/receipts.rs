//! The receipts of one block: read only when all of them together give the root in its header.

use alloy_rlp::{Decodable as _, Header as RlpHeader};
use alloy_trie::root::ordered_trie_root_encoded;

use super::error::WindowError;
use super::headers::WindowHeader;
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;

/// The longest file of one block's receipts, in bytes: a block full of logs has a few million.
pub const RECEIPTS_BYTES_MAX: usize = 1 << 25;
/// The most receipts: a block has room for a few thousand transactions.
const RECEIPTS_MAX: usize = 1 << 16;
/// Types of EIP-2718 whose receipt has the fields of the first one: 2930, 1559, 4844 and 7702.
const TYPES: std::ops::RangeInclusive<u8> = 1..=4;

/// What a contract wrote in the receipt of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub address: EvmAddress,
    /// At most four words; the first is the hash of the event's signature.
    pub topics: Vec<[u8; 32]>,
    /// What is not indexed.
    pub data: Vec<u8>,
}

/// What a transaction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whether it succeeded; `None` before Byzantium, when a state root stood there (EIP-658).
    pub succeeded: Option<bool>,
    /// The gas used by this transaction and by those before it in the block.
    pub cumulative_gas: u64,
    /// What contracts wrote.
    pub logs: Vec<Log>,
}

/// The logs of the block of `header`, in their order; the same as [`receipts`] without what else they say.
///
/// # Errors
/// [`WindowError::Receipts`] and [`WindowError::ReceiptsRoot`].
pub fn logs(header: &WindowHeader, file: &[u8]) -> Result<Vec<Log>, WindowError> {
    Ok(receipts(header, file)?.into_iter().flat_map(|receipt| receipt.logs).collect())
}

/// The receipts of the block of `header`, in their order. `file` is one RLP list with each receipt as it is hashed: the
/// RLP list of a first-type receipt, or the type and that list. The whole list must give the header's receipts root.
///
/// # Errors
/// [`WindowError::Receipts`] and [`WindowError::ReceiptsRoot`].
pub fn receipts(header: &WindowHeader, file: &[u8]) -> Result<Vec<Receipt>, WindowError> {
    let number = header.number();
    let fail = |detail: String| WindowError::Receipts { number, detail };
    let receipts = read(file).map_err(fail)?;
    let got = root(&receipts);
    if got != *header.receipts_root() {
        return Err(WindowError::ReceiptsRoot {
            number,
            count: receipts.len(),
            got,
            expected: *header.receipts_root(),
        });
    }
    let mut all = Vec::new();
    for (at, receipt) in receipts.iter().enumerate() {
        all.push(read_receipt(receipt).map_err(|detail| fail(format!("receipt {at}: {detail}")))?);
    }
    Ok(all)
}

/// The receipts root that a file gives, whatever is in its receipts.
///
/// # Errors
/// What keeps the file from being a list of receipts.
pub fn receipts_root(file: &[u8]) -> Result<Digest, String> {
    read(file).map(|receipts| root(&receipts))
}

fn read(file: &[u8]) -> Result<Vec<&[u8]>, String> {
    if file.len() > RECEIPTS_BYTES_MAX {
        return Err(format!("{} bytes, at most {RECEIPTS_BYTES_MAX} are accepted", file.len()));
    }
    let receipts = strings(file, RECEIPTS_MAX)?;
    match receipts.iter().position(|receipt| receipt.is_empty()) {
        Some(at) => Err(format!("receipt {at} is empty")),
        None => Ok(receipts),
    }
}

fn root(receipts: &[&[u8]]) -> Digest {
    Digest::from_bytes(ordered_trie_root_encoded(receipts).0)
}

/// The items of the one RLP list that `bytes` are, each a string.
fn strings(bytes: &[u8], max: usize) -> Result<Vec<&[u8]>, String> {
    let mut rest = bytes;
    let mut list = RlpHeader::decode_bytes(&mut rest, true).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the list", rest.len()));
    }
    let mut items = Vec::new();
    while !list.is_empty() {
        if items.len() == max {
            return Err(format!("more than {max} items"));
        }
        items.push(RlpHeader::decode_bytes(&mut list, false).map_err(|error| error.to_string())?);
    }
    Ok(items)
}

/// Status or state root, gas, bloom, logs; behind the type when there is one.
fn read_receipt(receipt: &[u8]) -> Result<Receipt, String> {
    let body = match receipt.split_first() {
        Some((first, _)) if *first >= 0xc0 => receipt,
        Some((first, rest)) if TYPES.contains(first) => rest,
        Some((first, _)) => return Err(format!("type {first:#04x} is not known")),
        None => return Err("it is empty".to_owned()),
    };
    let mut rest = body;
    let text = |error: alloy_rlp::Error| error.to_string();
    let mut fields = RlpHeader::decode_bytes(&mut rest, true).map_err(text)?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow it", rest.len()));
    }
    let succeeded = match RlpHeader::decode_bytes(&mut fields, false).map_err(text)? {
        [] => Some(false),
        [1] => Some(true),
        root if root.len() == 32 => None,
        other => return Err(format!("a status of {} bytes, expected 0, 1 or a state root", other.len())),
    };
    let cumulative_gas = u64::decode(&mut fields).map_err(text)?;
    RlpHeader::decode_bytes(&mut fields, false).map_err(text)?;
    let list = RlpHeader::decode_bytes(&mut fields, true).map_err(text)?;
    if !fields.is_empty() {
        return Err("it has more than four fields".to_owned());
    }
    Ok(Receipt { succeeded, cumulative_gas, logs: read_logs(list)? })
}

/// The logs in the payload of their RLP list.
fn read_logs(mut list: &[u8]) -> Result<Vec<Log>, String> {
    let text = |error: alloy_rlp::Error| error.to_string();
    let mut logs = Vec::new();
    while !list.is_empty() {
        let mut log = RlpHeader::decode_bytes(&mut list, true).map_err(text)?;
        let address = RlpHeader::decode_bytes(&mut log, false).map_err(text)?;
        let mut words = RlpHeader::decode_bytes(&mut log, true).map_err(text)?;
        let data = RlpHeader::decode_bytes(&mut log, false).map_err(text)?;
        let address = address.try_into().map_err(|_| format!("a log of an address of {} bytes", address.len()))?;
        let mut topics = Vec::new();
        while !words.is_empty() {
            let topic = RlpHeader::decode_bytes(&mut words, false).map_err(text)?;
            topics.push(topic.try_into().map_err(|_| format!("a topic of {} bytes", topic.len()))?);
        }
        if !log.is_empty() || topics.len() > 4 {
            return Err("a log of more than three fields or four topics".to_owned());
        }
        logs.push(Log { address: EvmAddress::from_bytes(address), topics, data: data.to_vec() });
    }
    Ok(logs)
}
