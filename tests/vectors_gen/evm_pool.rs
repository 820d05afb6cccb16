//! Vectors of `evm-pool`: shares of a vault and of a pool in a proved state, worked out by hand.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use counterfoil::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::storage_proof::{Slot, address_word, slot};
use counterfoil::reserve::evm::token::Layout;
use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want};
use crate::vector_runner::{self, Outcome};

const HOLDER: EvmAddress = EvmAddress::from_bytes([1; 20]);
const POOL: EvmAddress = EvmAddress::from_bytes([5; 20]);
const VAULT: EvmAddress = EvmAddress::from_bytes([6; 20]);
const FIRST: EvmAddress = EvmAddress::from_bytes([8; 20]);
const SECOND: EvmAddress = EvmAddress::from_bytes([9; 20]);
const MOST: u128 = (1 << 112) - 1;

/// Words of a pool.
#[derive(Clone, Copy)]
struct Pool {
    shares: u128,
    supply: u128,
    reserves: [u128; 2],
    last: U256,
    second: EvmAddress,
}

const EVEN: Pool = Pool { shares: 300, supply: 1_000, reserves: [10_000, 777], last: U256::ZERO, second: SECOND };

fn account(code: &[u8], words: &[(Slot, U256)]) -> EvmAccount {
    let storage = words.iter().filter(|(_, word)| !word.is_zero()).copied().collect();
    EvmAccount { code: code.to_vec(), nonce: 1, storage, ..EvmAccount::default() }
}

fn word(address: EvmAddress) -> U256 {
    U256::from_be_bytes(address_word(address))
}

/// A state, the nodes that lead to everything asked, and the root.
fn proved(mut accounts: BTreeMap<EvmAddress, EvmAccount>, asked: &[(EvmAddress, Vec<Slot>)]) -> (String, Vec<String>) {
    for seed in 20..40 {
        let balance = U256::from(seed);
        accounts.insert(EvmAddress::from_bytes([seed; 20]), EvmAccount { balance, ..EvmAccount::default() });
    }
    let chain = EvmChain::new("eip155:1".parse().expect("a chain"), 10, vec![EvmBlock { timestamp: 1, accounts }]);
    let headers = String::from_utf8(chain.headers_file()).expect("hexadecimal digits");
    // the fourth item of a header, behind a list of three bytes, two hashes and an address
    let state_root = headers.get("{\"rlp\":\"".len() + 182..).and_then(|rest| rest.get(..64)).expect("a header");
    (state_root.to_owned(), chain.nodes(10, asked).iter().map(hex::encode).collect())
}

fn pool_account(state: Pool) -> EvmAccount {
    let Pool { shares, supply, reserves: [left, right], last, second } = state;
    let place = Layout::Solidity.holder_slot(HOLDER, 1);
    let time = U256::from(1_700_000_000_u64) << 224;
    let words = [
        (slot(0), U256::from(supply)),
        (place, U256::from(shares)),
        (slot(6), word(FIRST)),
        (slot(7), word(second)),
        (slot(8), U256::from(left) | (U256::from(right) << 112) | time),
        (slot(11), last),
    ];
    account(b"a pool", &words)
}

fn pool(state: Pool) -> (Value, Vec<String>) {
    let place = Layout::Solidity.holder_slot(HOLDER, 1);
    let asked = [(POOL, vec![slot(0), place, slot(6), slot(7), slot(8), slot(11)])];
    let (root, nodes) = proved(BTreeMap::from([(POOL, pool_account(state))]), &asked);
    let query = json!({
        "balance_slot": "1", "code_hash": hex::encode(keccak(b"a pool")), "contract": POOL.to_string(),
        "holder": HOLDER.to_string(), "state_root": root, "supply_slot": "0",
        "rule": {"kind": "constant-product", "last_product_slot": "11", "reserves_slot": "8", "token0_slot": "6",
            "token1_slot": "7"},
    });
    (query, nodes)
}

fn vault(shares: u128, supply: u128, assets: u128, offset: u8) -> (Value, Vec<String>) {
    let (place, kept) = (Layout::Solidity.holder_slot(HOLDER, 0), Layout::Solidity.holder_slot(VAULT, 3));
    let words = [(slot(2), U256::from(supply)), (place, U256::from(shares))];
    let accounts = BTreeMap::from([
        (VAULT, account(b"a vault", &words)),
        (FIRST, account(b"a token", &[(kept, U256::from(assets))])),
    ]);
    let (root, nodes) = proved(accounts, &[(VAULT, vec![slot(2), place]), (FIRST, vec![kept])]);
    let query = json!({
        "balance_slot": "0", "code_hash": hex::encode(keccak(b"a vault")), "contract": VAULT.to_string(),
        "holder": HOLDER.to_string(), "state_root": root, "supply_slot": "2",
        "rule": {"kind": "vault", "asset": FIRST.to_string(), "offset": offset.to_string()},
        "token": {"balance_slot": "3", "code_hash": hex::encode(keccak(b"a token")), "contract": FIRST.to_string()},
    });
    (query, nodes)
}

fn good(
    vectors: &mut Vectors,
    [name, comment, flag]: [&str; 3],
    (query, nodes): (Value, Vec<String>),
    wanted: &[&str],
) {
    let (id, sent) = (format!("evm-pool/{name}"), Sent::Object(json!({"nodes": nodes})));
    match vector_runner::run("evm-pool", &query, &sent) {
        Ok(Outcome::Valid(found)) => {
            let empty = Vec::new();
            let parts = found.get("parts").and_then(Value::as_array).unwrap_or(&empty);
            let amounts: Vec<&str> = parts.iter().filter_map(|part| part["amount"].as_str()).collect();
            if amounts != wanted {
                vectors.surprises.push(format!("{id}: by hand {wanted:?}, computed {amounts:?}"));
            }
        }
        other => vectors.surprises.push(format!("{id}: {other:?}")),
    }
    vectors.add(&id, comment, &[flag], query, sent, Want::Valid);
}

pub(super) fn add(vectors: &mut Vectors) {
    let words = ["pool", "300 of 1000 shares stand for 3/10 of both reserves, rounded down", "Coverage"];
    good(vectors, words, pool(EVEN), &["3000", "233"]);
    // k from 9000 to 40000: the fee makes 1000 · 31000 ÷ (5 · 40000 + 9000) = 148.3 shares, rounded up
    let grown = Pool { reserves: [40_000, 40_000], last: U256::from(81_000_000), ..EVEN };
    let words = ["pool_fee", "what the reserves have grown since the last fee is taxed first", "Rounding"];
    good(vectors, words, pool(grown), &["10443", "10443"]);
    let words = ["pool_no_fee", "nothing has grown since", "Boundary"];
    good(vectors, words, pool(Pool { last: U256::from(10_000 * 777), ..EVEN }), &["3000", "233"]);
    let words = ["pool_largest", "reserves of 112 bits each, beside the time in their word", "Boundary"];
    let most = MOST.to_string();
    let largest = Pool { shares: 7, supply: 7, reserves: [MOST, MOST], ..EVEN };
    good(vectors, words, pool(largest), &[&most, &most]);
    let words = ["pool_without_shares", "a slot that the trie does not have is zero", "Boundary"];
    good(vectors, words, pool(Pool { shares: 0, ..EVEN }), &["0", "0"]);
    let words = ["pool_other_holder", "the shares of one holder are not those of another", "OtherAccount"];
    let (mut query, nodes) = pool(EVEN);
    query["holder"] = json!(SECOND.to_string());
    good(vectors, words, (query, nodes), &["0", "0"]);
    let words = ["vault", "ERC-4626: 500 of 1000 shares, of 4000 of its asset", "Coverage"];
    good(vectors, words, vault(500, 1_000, 4_000, 0), &["1998"]);
    let words = ["vault_offset", "shares are finer than the asset by three decimals", "Rescale"];
    good(vectors, words, vault(500_000, 1_000_000, 4_000, 3), &["1998"]);
    let words = ["vault_empty", "nothing in it, and one share of nothing", "Boundary"];
    good(vectors, words, vault(1, 1, 0, 0), &["0"]);
    refused(vectors);
}

fn refused(vectors: &mut Vectors) {
    let mut refuse = |[name, comment, flag]: [&str; 3], (query, nodes): (Value, Vec<String>), stage, code| {
        let (id, sent) = (format!("evm-pool/{name}"), Sent::Object(json!({"nodes": nodes})));
        vectors.add(&id, comment, &[flag], query, sent, Want::Refused(stage, code));
    };
    let asking = |(mut query, nodes): (Value, Vec<String>), field: &str, value: Value| {
        query[field] = value;
        (query, nodes)
    };
    let words = ["other_code", "what slots mean follows from the code", "OtherKind"];
    let other = json!(hex::encode(keccak(b"a vault")));
    refuse(words, asking(pool(EVEN), "code_hash", other), Stage::Bind, "CF-7442");
    let words = ["no_contract", "the trie shows that there is no such account", "Evidence"];
    let (query, nodes) = proved_absent();
    refuse(words, (query, nodes), Stage::Bind, "CF-7442");
    let words = ["more_shares_than_all", "more shares than there are", "Contradiction"];
    refuse(words, pool(Pool { shares: 1_001, ..EVEN }), Stage::Bind, "CF-7443");
    let words = ["one_token_twice", "a pool of one token with itself", "Contradiction"];
    refuse(words, pool(Pool { second: FIRST, ..EVEN }), Stage::Bind, "CF-7443");
    let words = ["its_own_shares", "a pool that holds its own shares", "Contradiction"];
    refuse(words, pool(Pool { second: POOL, ..EVEN }), Stage::Bind, "CF-7443");
    let words = ["too_large", "a scale beyond 2^512", "Overflow"];
    refuse(words, vault(u128::MAX, u128::MAX, u128::MAX, 200), Stage::Sum, "CF-7444");
    let words = ["no_storage", "the account without the nodes of its storage shows no slot", "MissingHash"];
    let (query, accounts) = without_storage();
    refuse(words, (query, accounts), Stage::Fold, "CF-6051");
    let words = ["other_root", "evidence under another state root", "OtherTree"];
    refuse(words, asking(pool(EVEN), "state_root", json!("11".repeat(32))), Stage::Fold, "CF-6051");
    let words = ["unknown_token", "nobody knows the code of the vault's asset", "UnknownRow"];
    let (mut query, nodes) = vault(500, 1_000, 4_000, 0);
    query.as_object_mut().expect("an object").remove("token");
    refuse(words, (query, nodes), Stage::Bind, "CF-6053");
    let words = ["other_token_code", "the asset's code is another one", "OtherKind"];
    let (mut query, nodes) = vault(500, 1_000, 4_000, 0);
    query["token"]["code_hash"] = query["code_hash"].clone();
    refuse(words, (query, nodes), Stage::Bind, "CF-6054");
}

/// The pool's account, and nothing of its storage.
fn without_storage() -> (Value, Vec<String>) {
    let (query, nodes) = pool(EVEN);
    // whoever asks for other slots of an account without storage gets the nodes of accounts alone
    let (_, accounts) = proved(BTreeMap::from([(POOL, pool_account(EVEN))]), &[(POOL, Vec::new())]);
    assert!(accounts.len() < nodes.len(), "the storage has nodes of its own");
    (query, accounts)
}

/// A state without the pool.
fn proved_absent() -> (Value, Vec<String>) {
    let (query, _) = pool(EVEN);
    let (root, nodes) = proved(BTreeMap::new(), &[(POOL, Vec::new())]);
    let mut query = query;
    query["state_root"] = json!(root);
    (query, nodes)
}
