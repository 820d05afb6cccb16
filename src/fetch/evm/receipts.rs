//! All receipts of a block as they are hashed: raw from the node, or its fields encoded again and compared with the
//! root in the header.

use alloy_rlp::{Encodable as _, Header as RlpHeader};
use serde::Deserialize;

use super::{bytes, quantity, question};
use crate::code::evm_window as codes;
use crate::fetch::rpc::{Client, FetchError};
use crate::reserve::evm::header::integer_bytes;
use crate::reserve::evm::window::{WindowHeader, receipts_root};

const RAW: &str = "debug_getRawReceipts";
const METHOD: &str = "eth_getBlockReceipts";

/// A receipt as the node describes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptJson {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    status: Option<String>,
    root: Option<String>,
    cumulative_gas_used: String,
    logs_bloom: String,
    logs: Vec<LogJson>,
}

#[derive(Deserialize)]
struct LogJson {
    address: String,
    topics: Vec<String>,
    data: String,
}

/// The file of a block's receipts.
pub(super) fn file(client: &Client, header: &WindowHeader) -> Result<Vec<u8>, FetchError> {
    let number = header.number();
    let block = format!("[\"0x{number:x}\"]");
    let raw = client.ask::<Vec<String>>(RAW, &block).ok();
    let raw: Option<Vec<Vec<u8>>> = raw.and_then(|all| all.iter().map(|text| bytes(RAW, text).ok()).collect());
    if let Some(file) = raw.map(|receipts| list(receipts.iter().map(|receipt| string(receipt)))) {
        if receipts_root(&file).is_ok_and(|root| root == *header.receipts_root()) {
            return Ok(file);
        }
    }
    let receipts: Option<Vec<ReceiptJson>> = client.ask(METHOD, &block)?;
    let receipts = receipts.unwrap_or_default();
    let encoded: Vec<Vec<u8>> = receipts.iter().map(|receipt| receipt.encode()).collect::<Result<_, _>>()?;
    let file = list(encoded.iter().map(|receipt| string(receipt)));
    match receipts_root(&file) {
        Ok(root) if root == *header.receipts_root() => Ok(file),
        got => {
            let got = got.map_or_else(|detail| detail, |root| root.to_string());
            let detail = format!(
                "block {number}: {} receipts give {got}, its header has {}",
                receipts.len(),
                header.receipts_root()
            );
            Err(question(&codes::EVM_FETCH_RECEIPTS, &detail))
        }
    }
}

impl ReceiptJson {
    /// Status or state root, gas, bloom, logs; behind the type when there is one (EIP-2718).
    fn encode(&self) -> Result<Vec<u8>, FetchError> {
        let kind = self.kind.as_deref().map_or(Ok(0), |kind| quantity(METHOD, kind))?;
        let first = match (&self.status, &self.root) {
            (Some(status), _) => integer_bytes(quantity(METHOD, status)?),
            (None, Some(root)) => bytes(METHOD, root)?,
            (None, None) => Vec::new(),
        };
        let gas = integer_bytes(quantity(METHOD, &self.cumulative_gas_used)?);
        let mut logs = Vec::with_capacity(self.logs.len());
        for log in &self.logs {
            let topics: Vec<Vec<u8>> =
                log.topics.iter().map(|topic| Ok(string(&bytes(METHOD, topic)?))).collect::<Result<_, FetchError>>()?;
            let fields =
                [string(&bytes(METHOD, &log.address)?), list(topics.into_iter()), string(&bytes(METHOD, &log.data)?)];
            logs.push(list(fields.into_iter()));
        }
        let fields = [string(&first), string(&gas), string(&bytes(METHOD, &self.logs_bloom)?), list(logs.into_iter())];
        let body = list(fields.into_iter());
        Ok(match u8::try_from(kind) {
            Ok(0) => body,
            Ok(kind) => [&[kind], &body[..]].concat(),
            Err(_) => return Err(FetchError::Answer { method: METHOD, detail: format!("a receipt of type {kind}") }),
        })
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 9);
    bytes.encode(&mut out);
    out
}

fn list(items: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let payload: Vec<u8> = items.flatten().collect();
    let mut out = Vec::with_capacity(payload.len() + 9);
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend(payload);
    out
}
