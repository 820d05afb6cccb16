//! Headers as bytes: raw from the node, or its fields encoded again and compared with the hash that it names.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{bytes, digest, quantity, question};
use crate::asset::ChainId;
use crate::code::evm_token as codes;
use crate::fetch::rpc::{Client, FetchError};
use crate::reserve::evm::header::encode;
use crate::reserve::evm::keccak;
use crate::snapshot::BlockRef;

pub(super) const METHOD: &str = "eth_getBlockByNumber";

/// Fields in the order of their RLP, and whether each is an integer, which loses its leading zeros. The ones from the
/// sixteenth on came with forks; a header has as many as its fork.
const FIELDS: [(&str, bool); 21] = [
    ("parentHash", false),
    ("sha3Uncles", false),
    ("miner", false),
    ("stateRoot", false),
    ("transactionsRoot", false),
    ("receiptsRoot", false),
    ("logsBloom", false),
    ("difficulty", true),
    ("number", true),
    ("gasLimit", true),
    ("gasUsed", true),
    ("timestamp", true),
    ("extraData", false),
    ("mixHash", false),
    ("nonce", false),
    ("baseFeePerGas", true),          // EIP-1559
    ("withdrawalsRoot", false),       // EIP-4895
    ("blobGasUsed", true),            // EIP-4844
    ("excessBlobGas", true),          // EIP-4844
    ("parentBeaconBlockRoot", false), // EIP-4788
    ("requestsHash", false),          // EIP-7685
];

/// A block as the node describes it.
#[derive(Deserialize)]
pub(super) struct BlockJson(Map<String, Value>);

impl BlockJson {
    fn text(&self, name: &str) -> Result<&str, FetchError> {
        let missing = || FetchError::Answer { method: METHOD, detail: format!("a block without {name}") };
        self.0.get(name).and_then(Value::as_str).ok_or_else(missing)
    }

    pub(super) fn number(&self) -> Result<u64, FetchError> {
        quantity(METHOD, self.text("number")?)
    }

    /// Seconds since 1970.
    pub(super) fn time(&self) -> Result<i64, FetchError> {
        let seconds = quantity(METHOD, self.text("timestamp")?)?;
        i64::try_from(seconds)
            .map_err(|_| FetchError::Answer { method: METHOD, detail: "a time above 63 bits".to_owned() })
    }

    pub(super) fn block_ref(&self, chain: &ChainId) -> Result<BlockRef, FetchError> {
        Ok(BlockRef { chain: chain.clone(), height: self.number()?, hash: digest(METHOD, self.text("hash")?)? })
    }

    /// The bytes that the block's hash is of.
    pub(super) fn rlp(&self, client: &Client) -> Result<Vec<u8>, FetchError> {
        let expected = digest(METHOD, self.text("hash")?)?.to_bytes();
        let number = self.number()?;
        let mut fields = Vec::with_capacity(FIELDS.len());
        for (name, integer) in FIELDS.iter().take_while(|(name, _)| self.0.get(*name).is_some_and(Value::is_string)) {
            let field = bytes(METHOD, self.text(name)?)?;
            fields.push(if *integer { field.into_iter().skip_while(|byte| *byte == 0).collect() } else { field });
        }
        let rlp = encode(&fields);
        if keccak(&rlp) == expected {
            return Ok(rlp);
        }
        // a fork that this version does not know: the node has the bytes
        let raw = client.ask::<String>("debug_getRawHeader", &format!("[\"0x{number:x}\"]"));
        if let Some(raw) = raw.ok().and_then(|raw| bytes("debug_getRawHeader", &raw).ok())
            && keccak(&raw) == expected
        {
            return Ok(raw);
        }
        let detail = format!("block {number}: its {} known fields have another hash", fields.len());
        Err(question(&codes::EVM_FETCH_HEADER, &detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Coded as _;

    /// A node that is not there has no raw header: the fields are encoded again.
    fn rlp(block: &Value) -> Result<Vec<u8>, FetchError> {
        let block: BlockJson = serde_json::from_value(block.clone()).expect("a block");
        block.rlp(&Client::new("http://127.0.0.1:1", None).expect("an address"))
    }

    fn block(fields: &[(&str, bool)]) -> Value {
        let texts = fields.iter().map(|(name, integer)| {
            let text =
                if *integer { "0x1" } else { "0x0101010101010101010101010101010101010101010101010101010101010101" };
            ((*name).to_owned(), Value::from(text))
        });
        let mut block: Map<String, Value> = texts.collect();
        let encoded: Vec<Vec<u8>> =
            fields.iter().map(|(_, integer)| if *integer { vec![1] } else { vec![1; 32] }).collect();
        block.insert("hash".to_owned(), format!("0x{}", hex::encode(keccak(&encode(&encoded)))).into());
        Value::Object(block)
    }

    #[test]
    fn headers_of_every_fork_are_encoded_again() {
        for count in 15..=FIELDS.len() {
            let made = rlp(&block(FIELDS.get(..count).expect("fields"))).expect("the right hash");
            assert!(crate::reserve::evm::header::EvmHeader::parse(&made).is_ok(), "{count}");
        }
    }

    #[test]
    fn a_header_with_another_hash_is_refused() {
        let mut changed = block(&FIELDS);
        changed["gasUsed"] = "0x2".into();
        assert_eq!(rlp(&changed).expect_err("another hash").code().name, "EVM_FETCH_HEADER");
        changed["gasUsed"] = "2".into();
        assert!(rlp(&changed).is_err());
        changed["hash"] = Value::Null;
        assert!(rlp(&changed).is_err());
    }
}
