//! Real blocks of Ethereum mainnet for tests, as a node answers, from `$COUNTERFOIL_FIXTURES/evm`.

use std::path::Path;

use counterfoil::reserve::evm::header::encode;
use libtest_mimic::Failed;
use serde_json::Value;

/// Two blocks, one behind the other.
pub(crate) const FILES: [&str; 2] = ["mainnet-18884863.json", "mainnet-18884864-accounts.json"];
/// The header's fields in the order of their RLP, as the JSON-RPC interface names them; integers lose their
/// leading zeros, everything else is bytes.
const FIELDS: [(&str, bool); 17] = [
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
    ("baseFeePerGas", true),
    ("withdrawalsRoot", false),
];

pub(crate) fn load(path: &Path) -> Result<Value, Failed> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&bytes)?)
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Failed> {
    value[name].as_str().ok_or_else(|| format!("no text {name}").into())
}

/// What a node writes with an even or an odd number of digits.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, Failed> {
    let digits = text.strip_prefix("0x").ok_or("no 0x")?;
    let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
    Ok(hex::decode(even)?)
}

/// The RLP of the file's header.
pub(crate) fn header(file: &Value) -> Result<Vec<u8>, Failed> {
    let mut fields = Vec::new();
    for (name, integer) in FIELDS {
        let field = bytes(text(&file["block"], name)?)?;
        fields.push(if integer { field.into_iter().skip_while(|byte| *byte == 0).collect() } else { field });
    }
    Ok(encode(&fields))
}
