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
    let raw = raw.map(|receipts| list(receipts.iter().map(|receipt| string(receipt))));
    let is_whole = |file: &Vec<u8>| receipts_root(file).is_ok_and(|root| root == *header.receipts_root());
    if let Some(file) = raw.filter(is_whole) {
        return Ok(file);
    }
    let receipts: Option<Vec<ReceiptJson>> = client.ask(METHOD, &block)?;
    encoded(header, &receipts.unwrap_or_default())
}

/// The fields of every receipt, encoded again.
fn encoded(header: &WindowHeader, receipts: &[ReceiptJson]) -> Result<Vec<u8>, FetchError> {
    let encoded: Vec<Vec<u8>> = receipts.iter().map(ReceiptJson::encode).collect::<Result<_, _>>()?;
    let file = list(encoded.iter().map(|receipt| string(receipt)));
    match receipts_root(&file) {
        Ok(root) if root == *header.receipts_root() => Ok(file),
        got => {
            let got = got.map_or_else(|detail| detail, |root| root.to_string());
            let (number, count, expected) = (header.number(), receipts.len(), header.receipts_root());
            let detail = format!("block {number}: {count} receipts give {got}, its header has {expected}");
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

#[cfg(test)]
mod tests {
    use alloy_trie::root::ordered_trie_root_encoded;

    use super::*;
    use crate::code::Coded as _;
    use crate::reserve::evm::header::encode;
    use crate::reserve::evm::window::logs;

    fn header(root: [u8; 32]) -> WindowHeader {
        let mut fields = vec![vec![9; 32]; 21];
        fields[5] = root.to_vec();
        fields[6] = vec![0; 256];
        (fields[8], fields[11]) = (vec![7], vec![1]);
        WindowHeader::parse(&encode(&fields)).expect("a header")
    }

    fn receipts() -> Vec<ReceiptJson> {
        let (bloom, word, address) = ("00".repeat(256), "0b".repeat(32), "0a".repeat(20));
        let log =
            format!("{{\"address\":\"0x{address}\",\"topics\":[\"0x{word}\"],\"data\":\"0x01\",\"logIndex\":\"0x0\"}}");
        let one = |kind: &str, first: &str| {
            format!("{{{kind}{first}\"cumulativeGasUsed\":\"0x5208\",\"logsBloom\":\"0x{bloom}\",\"logs\":[{log}]}}")
        };
        let root = format!("\"root\":\"0x{word}\",");
        let all = [
            one("", &root),
            one("\"type\":\"0x0\",", "\"status\":\"0x1\","),
            one("\"type\":\"0x2\",", "\"status\":\"0x0\","),
            one("\"type\":\"0x4\",", "\"status\":\"0x1\","),
        ];
        serde_json::from_str(&format!("[{}]", all.join(","))).expect("receipts")
    }

    #[test]
    fn receipts_are_encoded_as_they_are_hashed() {
        let items: Vec<Vec<u8>> = receipts().iter().map(|receipt| receipt.encode().expect("fields")).collect();
        assert_eq!(items.iter().map(|item| item[0]).collect::<Vec<_>>(), [items[0][0], items[1][0], 2, 4]);
        let header = header(ordered_trie_root_encoded(&items).0);
        let file = encoded(&header, &receipts()).expect("the same root");
        let read = logs(&header, &file).expect("the verifier reads it");
        assert_eq!((read.len(), read[3].data.clone(), read[0].topics.clone()), (4, vec![1], vec![[11; 32]]));
    }

    #[test]
    fn receipts_that_give_another_root_are_refused() {
        let refused = |receipts: &[ReceiptJson]| encoded(&header([5; 32]), receipts).expect_err("refused").code().name;
        assert_eq!((refused(&receipts()), refused(&[])), ("EVM_FETCH_RECEIPTS", "EVM_FETCH_RECEIPTS"));
        let mut odd = receipts();
        odd[1].kind = Some("0x100".to_owned());
        assert_eq!(refused(&odd), "RPC_ANSWER");
        odd[1].kind = Some("two".to_owned());
        assert_eq!(refused(&odd), "RPC_ANSWER");
    }
}
