//! Bodies and receipts of the blocks in which something came to an address or left it: who paid whom.
//!
//! Every block of the window is looked through for senders, receivers and paid-out stake, and the node is asked for the
//! logs of tokens that name an address. What a contract does within a call names nobody here; balances show it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{bytes, digest, quantity, question, receipts};
use crate::bundle::{MemoryFiles, paths};
use crate::code::evm_flows as codes;
use crate::fetch::rpc::{Client, FetchError};
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::header::{encode, integer_bytes};
use crate::reserve::evm::transactions::{transaction_hash, transactions_root};
use crate::reserve::evm::window::WindowHeader;
use crate::reserve::evm::window::flows::{body_file, withdrawals_root};

const BLOCK: &str = "eth_getBlockByNumber";
const LOGS: &str = "eth_getLogs";
const RAW: [&str; 2] = ["eth_getRawTransactionByHash", "debug_getRawTransaction"];
/// Blocks in one question about whole blocks: each answer may have a megabyte.
const BLOCKS: usize = 16;
/// Blocks in one question about logs.
const LOG_BLOCKS: usize = 2_000;
/// Addresses in one question about logs.
const HOLDERS: usize = 200;
/// After how many blocks a word is said about it.
const TOLD_EVERY: usize = 1_000;

/// What is looked for.
pub(super) struct Moving<'a> {
    pub(super) addresses: &'a [EvmAddress],
    /// Whether the native coin counts.
    pub(super) native: bool,
    pub(super) contracts: &'a [EvmAddress],
    /// The headers of the window, in their order; what its first block did lies before it.
    pub(super) rlps: &'a [Vec<u8>],
}

/// A block as the node describes it, with its transactions.
#[derive(Deserialize)]
struct BlockJson {
    hash: String,
    transactions: Vec<TransactionJson>,
    #[serde(default)]
    withdrawals: Option<Vec<WithdrawalJson>>,
}

#[derive(Deserialize)]
struct TransactionJson {
    hash: String,
    from: String,
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WithdrawalJson {
    index: String,
    validator_index: String,
    address: String,
    amount: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogJson {
    block_number: String,
}

/// Bodies and receipts, their paths within the folder of the chain.
///
/// # Errors
/// [`FetchError`]; [`codes::FLOW_RAW`] when the node gives no bytes that have the right hash.
pub(super) fn gather(
    client: &Client,
    moving: &Moving<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<MemoryFiles, FetchError> {
    let mut headers = BTreeMap::new();
    for rlp in moving.rlps.iter().skip(1) {
        let header = WindowHeader::parse(rlp)
            .map_err(|error| FetchError::Answer { method: BLOCK, detail: error.to_string() })?;
        headers.insert(header.number(), header);
    }
    let logged = logged(client, moving, &headers)?;
    let names: BTreeSet<String> = moving.addresses.iter().map(ToString::to_string).collect();
    let mut files = MemoryFiles::new();
    let numbers: Vec<u64> = headers.keys().copied().collect();
    for (count, chunk) in numbers.chunks(BLOCKS).enumerate() {
        if count > 0 && count.saturating_mul(BLOCKS) % TOLD_EVERY < BLOCKS {
            progress(&format!("looked through {} blocks of {}", count.saturating_mul(BLOCKS), numbers.len()));
        }
        let params: Vec<String> = chunk.iter().map(|number| format!("[\"0x{number:x}\",true]")).collect();
        let blocks: Vec<Option<BlockJson>> = client.ask_many(BLOCK, &params)?;
        for (number, block) in chunk.iter().zip(blocks) {
            let (Some(block), Some(header)) = (block, headers.get(number)) else {
                return Err(FetchError::Answer { method: BLOCK, detail: format!("the node has no block {number}") });
            };
            if digest(BLOCK, &block.hash)? != header.header().hash() {
                let detail = format!("block {number} is another one than before; the chain has changed: fetch again");
                return Err(FetchError::Answer { method: BLOCK, detail });
            }
            if logged.contains(number) || (moving.native && block.names(&names)) {
                files.insert(paths::evm_body(*number), body(client, header, &block)?);
                files.insert(paths::evm_receipts(*number), receipts::file(client, header)?);
            }
        }
    }
    Ok(files)
}

impl BlockJson {
    /// Whether one of the addresses sends, is called, or gets stake.
    fn names(&self, names: &BTreeSet<String>) -> bool {
        let is_one = |text: &str| names.contains(&text.to_ascii_lowercase());
        self.transactions.iter().any(|one| is_one(&one.from) || one.to.as_deref().is_some_and(is_one))
            || self.withdrawals.iter().flatten().any(|one| is_one(&one.address))
    }
}

/// Blocks with a log of one of the contracts that names one of the addresses in its first or second place.
fn logged(
    client: &Client,
    moving: &Moving<'_>,
    headers: &BTreeMap<u64, WindowHeader>,
) -> Result<BTreeSet<u64>, FetchError> {
    let mut found = BTreeSet::new();
    if moving.contracts.is_empty() {
        return Ok(found);
    }
    let contracts: Vec<String> = moving.contracts.iter().map(|contract| format!("\"{contract}\"")).collect();
    let numbers: Vec<u64> = headers.keys().copied().collect();
    for blocks in numbers.chunks(LOG_BLOCKS) {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { continue };
        for holders in moving.addresses.chunks(HOLDERS) {
            let words: Vec<String> =
                holders.iter().map(|holder| format!("\"0x{:0>64}\"", hex::encode(holder.to_bytes()))).collect();
            for place in ["null,", "null,null,"] {
                let params = format!(
                    "[{{\"fromBlock\":\"0x{first:x}\",\"toBlock\":\"0x{last:x}\",\"address\":[{}],\"topics\":[{place}[{}]]}}]",
                    contracts.join(","),
                    words.join(",")
                );
                for log in client.ask::<Vec<LogJson>>(LOGS, &params)? {
                    found.insert(quantity(LOGS, &log.block_number)?);
                }
            }
        }
    }
    Ok(found)
}

/// The file of a block's body.
fn body(client: &Client, header: &WindowHeader, block: &BlockJson) -> Result<Vec<u8>, FetchError> {
    let number = header.number();
    let fail = |detail: String| question(&codes::FLOW_RAW, &format!("block {number}: {detail}"));
    let hashes: Vec<&str> = block.transactions.iter().map(|transaction| transaction.hash.as_str()).collect();
    let raw = raw(client, &hashes)?.ok_or_else(|| fail("a transaction without its bytes".to_owned()))?;
    let root = transactions_root(&encode(&raw)).map_err(|error| fail(error.to_string()))?;
    if header.header().transactions_root() != Some(&root) {
        return Err(fail(format!("{} transactions have root {root}, the header has another", raw.len())));
    }
    let mut withdrawals = Vec::new();
    for one in block.withdrawals.iter().flatten() {
        let integer = |text: &str| Ok::<_, FetchError>(integer_bytes(quantity(BLOCK, text)?));
        let (index, validator) = (integer(&one.index)?, integer(&one.validator_index)?);
        withdrawals.push(encode(&[index, validator, bytes(BLOCK, &one.address)?, integer(&one.amount)?]));
    }
    let root = withdrawals_root(&withdrawals);
    if header.header().withdrawals_root().is_some_and(|expected| *expected != root) {
        return Err(fail(format!("{} withdrawals have root {root}, the header has another", withdrawals.len())));
    }
    Ok(body_file(&raw, &withdrawals))
}

/// The bytes that each hash is of, by the first method that gives them; `None` when none does.
fn raw(client: &Client, hashes: &[&str]) -> Result<Option<Vec<Vec<u8>>>, FetchError> {
    let params: Vec<String> = hashes.iter().map(|hash| format!("[\"{hash}\"]")).collect();
    let expected: Vec<Digest> = hashes.iter().map(|hash| digest(BLOCK, hash)).collect::<Result<_, _>>()?;
    for method in RAW {
        let answers: Vec<Option<String>> = match client.ask_many(method, &params) {
            Ok(answers) => answers,
            // a method that the node does not have, or not for this user
            Err(FetchError::MethodMissing { .. } | FetchError::Node { .. }) => continue,
            Err(error) => return Err(error),
        };
        let read = |answer: &Option<String>| answer.as_deref().and_then(|text| bytes(method, text).ok());
        let raw: Option<Vec<Vec<u8>>> = answers.iter().map(read).collect();
        let right = |raw: &Vec<Vec<u8>>| raw.iter().map(|raw| transaction_hash(raw)).eq(expected.iter().copied());
        if let Some(raw) = raw.filter(right) {
            return Ok(Some(raw));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
