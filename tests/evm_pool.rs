//! Shares of vaults and pools in states of an embedded chain: what they stand for, and what is not determinable.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use alloy_primitives::U256;
use counterfoil::asset::ChainId;
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::{Coded as _, custody as codes};
use counterfoil::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use counterfoil::policy::Policy;
use counterfoil::reserve::claim::ChainQuery;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::pool::{PoolEntry, Seen, positions};
use counterfoil::reserve::evm::storage_proof::{Slot, address_word, slot};
use counterfoil::reserve::evm::token::Layout;
use counterfoil::snapshot::Time;

const CHAIN: &str = "eip155:1";
const HOLDER: EvmAddress = EvmAddress::from_bytes([1; 20]);
const POOL: EvmAddress = EvmAddress::from_bytes([5; 20]);
const VAULT: EvmAddress = EvmAddress::from_bytes([6; 20]);
const FIRST: EvmAddress = EvmAddress::from_bytes([8; 20]);
const SECOND: EvmAddress = EvmAddress::from_bytes([9; 20]);

/// Words of the pool: shares of the holder, all shares, both reserves, and the product at the last fee.
#[derive(Clone, Copy)]
struct Pool {
    shares: u128,
    supply: u128,
    reserves: [u128; 2],
    last: U256,
    second: EvmAddress,
}

const EVEN: Pool = Pool { shares: 300, supply: 1_000, reserves: [10_000, 777], last: U256::ZERO, second: SECOND };

fn word(address: EvmAddress) -> U256 {
    U256::from_be_bytes(address_word(address))
}

fn pool(state: Pool) -> EvmAccount {
    let Pool { shares, supply, reserves: [left, right], last, second } = state;
    let time = U256::from(1_700_000_000_u64) << 224;
    let storage: BTreeMap<Slot, U256> = [
        (slot(0), U256::from(supply)),
        (Layout::Solidity.holder_slot(HOLDER, 1), U256::from(shares)),
        (slot(6), word(FIRST)),
        (slot(7), word(second)),
        (slot(8), U256::from(left) | (U256::from(right) << 112) | time),
        (slot(11), last),
    ]
    .into_iter()
    .filter(|(_, word)| !word.is_zero())
    .collect();
    EvmAccount { code: b"a pool".to_vec(), nonce: 1, storage, ..EvmAccount::default() }
}

fn vault(shares: u128, supply: u128) -> EvmAccount {
    let storage = [(slot(2), U256::from(supply)), (Layout::Solidity.holder_slot(HOLDER, 0), U256::from(shares))];
    let storage = storage.into_iter().filter(|(_, word)| !word.is_zero()).collect();
    EvmAccount { code: b"a vault".to_vec(), nonce: 1, storage, ..EvmAccount::default() }
}

/// A token of which the vault has so much.
fn token(assets: u128) -> EvmAccount {
    let storage = BTreeMap::from([(Layout::Solidity.holder_slot(VAULT, 0), U256::from(assets))]);
    EvmAccount { code: b"a token".to_vec(), nonce: 1, storage, ..EvmAccount::default() }
}

fn entries() -> String {
    let hash = |code: &[u8]| hex::encode(keccak(code));
    format!(
        "[[token]]\nchain = \"{CHAIN}\"\ncontract = \"{FIRST}\"\nname = \"a token\"\ncode_hash = \"{}\"\n\
         balance_slot = 0\nlayout = \"solidity\"\ndecode = \"plain\"\nsource = \"this test\"\n\
         [[pool]]\nchain = \"{CHAIN}\"\ncontract = \"{POOL}\"\nname = \"a pool\"\ncode_hash = \"{}\"\nsupply_slot = 0\n\
         balance_slot = 1\nlayout = \"solidity\"\nsource = \"this test\"\n\
         [pool.rule]\nkind = \"constant-product\"\ntoken0_slot = 6\ntoken1_slot = 7\nreserves_slot = 8\n\
         last_product_slot = 11\n\
         [[pool]]\nchain = \"{CHAIN}\"\ncontract = \"{VAULT}\"\nname = \"a vault\"\ncode_hash = \"{}\"\nsupply_slot = 2\n\
         balance_slot = 0\nlayout = \"solidity\"\nsource = \"this test\"\n\
         [pool.rule]\nkind = \"vault\"\nasset = \"{FIRST}\"\noffset = 0\n",
        hash(b"a token"),
        hash(b"a pool"),
        hash(b"a vault"),
    )
}

fn policy_text() -> String {
    let key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-exchange\"\nlog_origin = \"log.example/e\"\n\
         keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n{}",
        entries()
    )
}

/// A state, the nodes that a fetch would bring, and what is seen of the holder.
fn seen(
    accounts: BTreeMap<EvmAddress, EvmAccount>,
    change: &dyn Fn(&mut Vec<PoolEntry>, &mut MemoryFiles),
) -> Vec<Seen> {
    let policy = Policy::parse(&policy_text()).unwrap();
    let mut pools = policy.pools().to_vec();
    let chain_id: ChainId = CHAIN.parse().unwrap();
    let mut all = accounts;
    for seed in 20..40 {
        let balance = U256::from(seed);
        all.insert(EvmAddress::from_bytes([seed; 20]), EvmAccount { balance, ..EvmAccount::default() });
    }
    let block = |number: u64| EvmBlock { timestamp: 1_700_000_000 + 12 * number, accounts: all.clone() };
    let chain = EvmChain::new(chain_id.clone(), 10, vec![block(10), block(11)]);
    let mut asked: Vec<(EvmAddress, Vec<Slot>)> =
        pools.iter().map(|pool| (pool.contract, pool.slots(HOLDER))).collect();
    asked.push((FIRST, vec![Layout::Solidity.holder_slot(VAULT, 0)]));
    let path = |name: &str| paths::chain(&chain_id, name);
    let mut files = MemoryFiles::from([
        (path(paths::EVM_HEADERS), chain.headers_file()),
        (path(paths::EVM_NODES), chain.nodes(10, &asked).to_file()),
    ]);
    change(&mut pools, &mut files);
    let holder = HOLDER.to_string();
    let query = ChainQuery {
        chain: &chain_id,
        pins: &[chain.block(11).unwrap()],
        cutoff_block: &chain.block(10).unwrap(),
        cutoff: Time::from_unix(1_700_000_000 + 120),
        addresses: &[&holder],
        deployments: &[],
        transcript: None,
    };
    positions(&query, &pools, policy.tokens(), &files).unwrap()
}

fn of_pool(state: Pool) -> Seen {
    let found = seen(BTreeMap::from([(POOL, pool(state)), (VAULT, vault(0, 0)), (FIRST, token(1))]), &|_, _| ());
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

fn refused(state: Pool, expected: &'static counterfoil::code::Code) {
    let found = of_pool(state);
    assert_eq!((found.problem.code, found.shown), (&codes::POOL_NOT_DETERMINABLE, false));
    assert!(found.problem.detail.starts_with(&expected.to_string()), "{}", found.problem.detail);
}

#[test]
fn shares_of_a_pool_stand_for_both_tokens_rounded_down() {
    let found = of_pool(EVEN);
    assert_eq!((found.problem.code, found.shown), (&codes::POOL_POSITION, true));
    let expected =
        format!("300 shares stand for 3000 base units of {FIRST} and 233 base units of {SECOND} of \"a pool\", proved");
    assert_eq!(found.problem.detail, expected, "233.1 is rounded down");
}

/// √k grew from 100 to 110: 1000 · 10 ÷ (550 + 100) = 15.4 shares are made first, so 16 with what is rounded up.
#[test]
fn the_contracts_fee_is_taken_before_a_share_is_paid() {
    let grown = Pool { reserves: [110, 110], last: U256::from(10_000), ..EVEN };
    let found = of_pool(grown);
    assert!(found.problem.detail.contains("stand for 32 base units"), "{}: 300 · 110 ÷ 1016", found.problem.detail);
    let shrunk = Pool { reserves: [110, 110], last: U256::from(20_000), ..EVEN };
    assert!(of_pool(shrunk).problem.detail.contains("stand for 33 base units"));
}

#[test]
fn shares_of_a_vault_stand_for_what_it_has_rounded_down() {
    let state = |shares, supply, assets| {
        let accounts = BTreeMap::from([
            (POOL, pool(Pool { shares: 0, ..EVEN })),
            (VAULT, vault(shares, supply)),
            (FIRST, token(assets)),
        ]);
        seen(accounts, &|_, _| ())
    };
    let found = state(300, 999, 1_500);
    // 300 · 1501 ÷ 1000 = 450.3
    assert!(found[0].problem.detail.starts_with("300 shares stand for 450 base units"), "{found:?}");
    // one share of an empty vault after a gift: the added one keeps it from standing for all of it
    assert!(state(1, 1, 1_000_000)[0].problem.detail.starts_with("1 shares stand for 500000 base units"));
    assert_eq!(state(0, 999, 1_500), []);
}

#[test]
fn attack_t13_a_forged_slot_is_not_in_the_trie() {
    let accounts = BTreeMap::from([(POOL, pool(EVEN)), (VAULT, vault(0, 0)), (FIRST, token(1))]);
    let richer = EvmChain::new(
        CHAIN.parse().unwrap(),
        10,
        vec![EvmBlock {
            timestamp: 1_700_000_120,
            accounts: BTreeMap::from([(POOL, pool(Pool { reserves: [u128::MAX >> 16, 1], ..EVEN }))]),
        }],
    );
    let asked = [(POOL, Policy::parse(&policy_text()).unwrap().pools()[0].slots(HOLDER))];
    let path = paths::chain(&CHAIN.parse().unwrap(), paths::EVM_NODES);
    // the nodes of another state prove nothing in this one
    let found = seen(accounts, &|_, files| {
        files.insert(path.clone(), richer.nodes(10, &asked).to_file());
    });
    assert!(found.iter().all(|one| one.problem.code == &codes::POOL_NOT_DETERMINABLE), "{found:?}");
}

#[test]
fn another_code_is_not_determinable() {
    let accounts = || BTreeMap::from([(POOL, pool(EVEN)), (VAULT, vault(0, 0)), (FIRST, token(1))]);
    let found = seen(accounts(), &|pools, _| pools[0].code_hash = pools[1].code_hash);
    assert!(found[0].problem.detail.starts_with(&codes::POOL_CODE.to_string()), "{found:?}");
    let found = seen(accounts(), &|_, files| files.retain(|path, _| !path.ends_with(paths::EVM_NODES)));
    assert!(found.iter().all(|one| !one.shown) && found.len() == 2, "{found:?}");
}

#[test]
fn attack_t13_one_token_on_both_sides() {
    refused(Pool { second: FIRST, ..EVEN }, &codes::POOL_STATE);
    refused(Pool { second: POOL, ..EVEN }, &codes::POOL_STATE);
    refused(Pool { shares: 1_001, ..EVEN }, &codes::POOL_STATE);
}

#[test]
fn a_figure_above_128_bits_is_refused_by_name() {
    let accounts =
        BTreeMap::from([(POOL, pool(Pool { shares: 0, ..EVEN })), (VAULT, vault(1, 1)), (FIRST, token(u128::MAX))]);
    let found = seen(accounts, &|pools, _| {
        if let counterfoil::reserve::evm::pool::Rule::Vault { offset, .. } = &mut pools[1].rule {
            *offset = 255;
        }
    });
    assert!(found[0].problem.detail.starts_with(&codes::POOL_TOO_LARGE.to_string()), "{found:?}");
}

/// The shares are listed by what they stand for; as a token of an asset they would count a second time.
#[test]
fn attack_t13_shares_that_are_an_asset_too() {
    let asset = format!(
        "\n[[asset]]\nid = \"LP\"\ndecimals = 18\n[[asset.deployment]]\nid = \"{CHAIN}/erc20:{POOL}\"\ndecimals = 18\n"
    );
    let refused = |text: &str| Policy::parse(text).unwrap_err();
    let error = refused(&format!("{}{asset}", policy_text()));
    assert!(error.to_string().contains("count for both sides"), "{error}");
    assert_eq!(error.code().to_string(), "CF-3011");
    let twice = format!("{}\n[[pool]]{}", policy_text(), policy_text().split("[[pool]]").nth(1).unwrap());
    assert!(refused(&twice).to_string().contains("same contract and code"));
}
