//! Runner of `evm-pool`: what shares of a vault or pool stand for under a state root.

use counterfoil::amount::Amount;
use counterfoil::code::Coded as _;
use counterfoil::hash::Digest;
use counterfoil::policy::Policy;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::pool::position;
use counterfoil::reserve::evm::trie::NodePool;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    balance_slot: String,
    code_hash: Digest,
    contract: String,
    holder: String,
    rule: Rule,
    state_root: Digest,
    supply_slot: String,
    token: Option<Token>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
enum Rule {
    Vault { asset: String, offset: String },
    ConstantProduct { last_product_slot: String, reserves_slot: String, token0_slot: String, token1_slot: String },
}

/// The entry of the vault's asset: an ordinary token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    balance_slot: String,
    code_hash: Digest,
    contract: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    nodes: Vec<String>,
}

fn policy(query: &Query) -> Result<Policy, String> {
    let key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    let mut text = format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-exchange\"\nlog_origin = \"log.example/e\"\n\
         keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n"
    );
    let known = "chain = \"eip155:1\"\nname = \"an example\"\nlayout = \"solidity\"\nsource = \"this vector\"\n";
    if let Some(Token { balance_slot, code_hash, contract }) = &query.token {
        text.push_str(&format!("[[token]]\n{known}contract = \"{contract}\"\ncode_hash = \"{code_hash}\"\n"));
        text.push_str(&format!("balance_slot = {balance_slot}\ndecode = \"plain\"\n"));
    }
    let Query { balance_slot, code_hash, contract, supply_slot, .. } = query;
    text.push_str(&format!("[[pool]]\n{known}contract = \"{contract}\"\ncode_hash = \"{code_hash}\"\n"));
    text.push_str(&format!("balance_slot = {balance_slot}\nsupply_slot = {supply_slot}\n[pool.rule]\n"));
    text.push_str(&match &query.rule {
        Rule::Vault { asset, offset } => format!("kind = \"vault\"\nasset = \"{asset}\"\noffset = {offset}\n"),
        Rule::ConstantProduct { last_product_slot, reserves_slot, token0_slot, token1_slot } => format!(
            "kind = \"constant-product\"\nlast_product_slot = {last_product_slot}\nreserves_slot = {reserves_slot}\n\
             token0_slot = {token0_slot}\ntoken1_slot = {token1_slot}\n"
        ),
    });
    Policy::parse(&text).map_err(|error| error.to_string())
}

pub(super) fn evm_pool(query: &Value, sent: &Sent) -> Run {
    let (query, proof): (Query, Proof) = (typed(query)?, object(sent)?);
    let policy = policy(&query)?;
    let holder: EvmAddress = query.holder.parse().map_err(|error| format!("{error}"))?;
    let nodes: Result<Vec<Vec<u8>>, _> = proof.nodes.iter().map(hex::decode).collect();
    let nodes: NodePool = nodes.map_err(|error| error.to_string())?.into_iter().collect();
    let entry = policy.pools().first().ok_or("no pool")?;
    match position(entry, policy.tokens(), holder, &query.state_root, &nodes) {
        Err(error) => Ok(Outcome::Refused(error.code())),
        Ok(found) => {
            let part = |(token, amount): &(EvmAddress, Amount)| {
                let token = token.to_string();
                json!({"amount": amount, "token": token})
            };
            let parts: Value = found.parts.iter().map(part).collect();
            valid(json!({"parts": parts, "shares": found.shares.to_string()}))
        }
    }
}
