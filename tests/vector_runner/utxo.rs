//! Runner of utxo-snapshot.

use std::collections::BTreeSet;

use bitcoin::{Network, ScriptBuf};
use counterfoil::code::Coded as _;
use counterfoil::reserve::bitcoin::utxo_snapshot::read;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, bytes, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    network: String,
    wanted: Vec<String>,
}

pub(super) fn utxo_snapshot(query: &Value, sent: &Sent) -> Run {
    let Query { network, wanted } = typed(query)?;
    let network: Network = network.parse().map_err(|error| format!("{error}"))?;
    let wanted: Result<BTreeSet<ScriptBuf>, _> = wanted.iter().map(|script| ScriptBuf::from_hex(script)).collect();
    let wanted = wanted.map_err(|error| error.to_string())?;
    let set = match read(bytes(sent)?, network, &wanted, &mut |_, _| {}) {
        Ok(set) => set,
        Err(error) => return Ok(Outcome::Refused(error.code())),
    };
    let coin = |(outpoint, coin): (&bitcoin::OutPoint, &counterfoil::reserve::bitcoin::utxo_snapshot::SetCoin)| {
        json!({
            "amount": coin.amount.base_units().to_string(),
            "coinbase": if coin.coinbase { "yes" } else { "no" },
            "height": coin.height.to_string(),
            "outpoint": outpoint.to_string(),
            "script": coin.script.to_hex_string(),
        })
    };
    valid(json!({
        "block": set.block.to_string(),
        "coins": set.coins.iter().map(coin).collect::<Vec<_>>(),
        "count": set.count.to_string(),
        "hash": set.hash,
    }))
}
