use std::collections::BTreeMap;

use super::*;
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use crate::reserve::evm::header::EvmHeader;
use crate::reserve::evm::keccak;
use crate::reserve::evm::trie::NodePool;

fn at(number: u8) -> EvmAddress {
    EvmAddress::from_bytes([number; 20])
}

const CONTRACT: u8 = 0xee;
const IMPLEMENTATION: u8 = 0xdd;
const HOLDER: u8 = 1;

fn registry(more: &str) -> TokenRegistry {
    TokenRegistry::parse(&entry("plain", more)).expect("a registry")
}

fn entry(decode: &str, more: &str) -> String {
    let code = hex::encode(keccak(b"token"));
    let contract = at(CONTRACT);
    format!(
        "[[token]]\nchain = \"eip155:1337\"\ncontract = \"{contract}\"\nname = \"T\"\ncode_hash = \"{code}\"\n\
         balance_slot = 9\nlayout = \"solidity\"\ndecode = \"{decode}\"\nsource = \"this test\"\n{more}"
    )
}

fn proxy(code: &[u8]) -> String {
    let hash = hex::encode(keccak(code));
    format!("[token.proxy]\npointer = \"eip1967\"\nimplementation_code_hash = \"{hash}\"\n")
}

/// A chain of one block with the contract, and everything that a proof of the holder's balance can need.
struct Case {
    words: BTreeMap<Slot, U256>,
    code: Vec<u8>,
    implementation: Vec<u8>,
}

impl Case {
    fn new(balance: U256) -> Self {
        let words = [(Layout::Solidity.holder_slot(at(HOLDER), 9), balance), (slot(77), U256::from(1))];
        Self { words: words.into(), code: b"token".to_vec(), implementation: b"implementation".to_vec() }
    }

    fn word(mut self, slot: Slot, word: U256) -> Self {
        self.words.insert(slot, word);
        self
    }

    fn pointing(self, address: EvmAddress) -> Self {
        self.word(Pointer::Eip1967.slot(), U256::from_be_bytes(address_word(address)))
    }

    fn state(&self, registry: &TokenRegistry, slots: bool) -> (Digest, NodePool) {
        let contract = EvmAccount { code: self.code.clone(), storage: self.words.clone(), ..EvmAccount::default() };
        let implementation = EvmAccount { code: self.implementation.clone(), ..EvmAccount::default() };
        let others = (2..40).map(|number| (at(number), EvmAccount { nonce: 1, ..EvmAccount::default() }));
        let accounts = [(at(CONTRACT), contract), (at(IMPLEMENTATION), implementation)].into_iter().chain(others);
        let block = EvmBlock { timestamp: 5, accounts: accounts.collect() };
        let chain = EvmChain::new("eip155:1337".parse().expect("a chain"), 1, vec![block]);
        let mut needed: Vec<Slot> = registry.entries().iter().flat_map(|entry| entry.slots(at(HOLDER))).collect();
        needed.push(Pointer::Eip1967.slot());
        needed.truncate(if slots { needed.len() } else { 0 });
        let pool = chain.nodes(1, &[(at(CONTRACT), needed), (at(IMPLEMENTATION), vec![])]);
        let headers = String::from_utf8(chain.headers_file()).expect("ASCII");
        let rlp = headers.trim_end().trim_start_matches("{\"rlp\":\"").trim_end_matches("\"}").to_owned();
        let header = EvmHeader::parse(&hex::decode(rlp).expect("digits")).expect("a header");
        (*header.state_root(), pool)
    }

    fn holding(&self, registry: &TokenRegistry) -> Result<TokenHolding, TokenError> {
        let (root, pool) = self.state(registry, true);
        let chain = "eip155:1337".parse().expect("a chain");
        open(registry, &chain, at(CONTRACT), &root, &pool)?.holding(at(HOLDER))
    }

    fn code(&self, registry: &TokenRegistry) -> &'static str {
        self.holding(registry).expect_err("refused").code().name
    }
}

fn free(units: u128) -> Result<TokenHolding, TokenError> {
    Ok(TokenHolding { amount: crate::amount::Amount::from_base_units(units), frozen: false })
}

#[test]
fn the_built_in_registry_is_read_and_every_entry_names_its_source() {
    let registry = TokenRegistry::built_in().expect("the file of this version");
    let names: Vec<&str> = registry.entries().iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(registry.entries().iter().all(|entry| entry.source.contains("block 18884863")));
    assert_eq!(hex::encode(&Pointer::Zeppelinos.slot()[..4]), "7050c9e0");
    assert_eq!(
        hex::encode(Pointer::Eip1967.slot()),
        "360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
    );
}

#[test]
fn plain_words_are_balances() {
    assert_eq!(Case::new(U256::from(42)).holding(&registry("")), free(42));
    assert_eq!(Case::new(U256::ZERO).holding(&registry("")), free(0));
    assert_eq!(Case::new(U256::from(1) << 128).code(&registry("")), "EVM_BALANCE_TOO_LARGE");
}

#[test]
fn another_code_or_contract_is_never_proved() {
    let mut other = Case::new(U256::from(42));
    other.code = b"another token".to_vec();
    assert_eq!(other.code(&registry("")), "EVM_TOKEN_CODE");
    other.code.clear();
    assert_eq!(other.code(&registry("")), "EVM_TOKEN_CODE", "an account without code");
    let elsewhere = entry("plain", "").replace(&at(CONTRACT).to_string(), &at(0xcc).to_string());
    let elsewhere = TokenRegistry::parse(&elsewhere).expect("a registry");
    assert_eq!(Case::new(U256::from(42)).code(&elsewhere), "EVM_TOKEN_UNKNOWN");
    let (root, pool) = Case::new(U256::from(42)).state(&elsewhere, true);
    let chain = "eip155:1337".parse().expect("a chain");
    let absent = open(&elsewhere, &chain, at(0xcc), &root, &pool).expect_err("no such contract");
    assert!(["EVM_TOKEN_CODE", "EVM_KEY_UNPROVEN"].contains(&absent.code().name), "{absent}");
    let other_chain = "eip155:1".parse().expect("a chain");
    let unknown = open(&elsewhere, &other_chain, at(0xcc), &root, &pool).expect_err("another chain");
    assert_eq!(unknown.code().name, "EVM_TOKEN_UNKNOWN");
}

#[test]
fn a_proxy_runs_the_code_of_the_entry() {
    let registry = registry(&proxy(b"implementation"));
    assert_eq!(Case::new(U256::from(42)).pointing(at(IMPLEMENTATION)).holding(&registry), free(42));
    let mut upgraded = Case::new(U256::from(42)).pointing(at(IMPLEMENTATION));
    upgraded.implementation = b"another implementation".to_vec();
    assert_eq!(upgraded.code(&registry), "EVM_TOKEN_CODE");
    assert_eq!(Case::new(U256::from(42)).code(&registry), "EVM_PROXY_UNPROVEN", "a pointer to nothing");
    assert_eq!(Case::new(U256::from(42)).pointing(at(0x77)).code(&registry), "EVM_PROXY_UNPROVEN");
    let odd = Case::new(U256::from(42)).word(Pointer::Eip1967.slot(), U256::MAX);
    assert_eq!(odd.code(&registry), "EVM_PROXY_UNPROVEN", "a pointer that is no address");
    let unknown = entry("plain", "[token.proxy]\npointer = \"eip1967\"\n");
    let unknown = TokenRegistry::parse(&unknown).expect("a registry");
    assert_eq!(Case::new(U256::from(42)).pointing(at(IMPLEMENTATION)).code(&unknown), "EVM_TOKEN_CODE");
}

#[test]
fn two_versions_of_one_proxy_are_told_apart_by_the_implementation() {
    let old = entry("plain", &proxy(b"old"));
    let new = entry("blacklist-bit", &proxy(b"new"));
    let registry = TokenRegistry::parse(&format!("{old}{new}")).expect("a registry");
    let word = (U256::from(1) << 255) | U256::from(42);
    let mut case = Case::new(word).pointing(at(IMPLEMENTATION));
    case.implementation = b"new".to_vec();
    let holding = case.holding(&registry).expect("the new one");
    assert_eq!((holding.amount.base_units(), holding.frozen), (42, true));
    case.implementation = b"old".to_vec();
    assert_eq!(case.code(&registry), "EVM_BALANCE_TOO_LARGE", "to the old code the bit is a part of the balance");
    case.implementation = b"neither".to_vec();
    assert_eq!(case.code(&registry), "EVM_TOKEN_CODE");
}

#[test]
fn frozen_holders_are_told_by_bit_and_by_mapping() {
    let bit = TokenRegistry::parse(&entry("blacklist-bit", "")).expect("a registry");
    assert_eq!(Case::new(U256::from(42)).holding(&bit), free(42));
    let frozen = Case::new((U256::from(1) << 255) | U256::from(42)).holding(&bit).expect("a proof");
    assert_eq!((frozen.amount.base_units(), frozen.frozen), (42, true));
    let mapping = entry("plain", "").replace("balance_slot = 9", "balance_slot = 9\nfrozen_slot = 3");
    let mapping = TokenRegistry::parse(&mapping).expect("a registry");
    assert_eq!(Case::new(U256::from(42)).holding(&mapping), free(42));
    let listed = Case::new(U256::from(42)).word(Layout::Solidity.holder_slot(at(HOLDER), 3), U256::from(1));
    assert!(listed.holding(&mapping).expect("a proof").frozen);
}

#[test]
fn a_contract_that_answers_from_elsewhere_is_refused() {
    let switched = entry("plain", "").replace("balance_slot = 9", "balance_slot = 9\nzero_slots = [10]");
    let switched = TokenRegistry::parse(&switched).expect("a registry");
    assert_eq!(Case::new(U256::from(42)).holding(&switched), free(42));
    let case = Case::new(U256::from(42)).word(slot(10), U256::from(1) << 160);
    assert_eq!(case.code(&switched), "EVM_TOKEN_SWITCHED");
}

#[test]
fn vyper_maps_the_other_way_round() {
    let vyper = TokenRegistry::parse(&entry("plain", "").replace("solidity", "vyper")).expect("a registry");
    let case = Case::new(U256::from(42)).word(Layout::Vyper.holder_slot(at(HOLDER), 9), U256::from(43));
    assert_eq!(case.holding(&vyper), free(43));
    assert_eq!(case.holding(&registry("")), free(42));
}

#[test]
fn without_the_slot_nothing_is_proved() {
    let registry = registry("");
    let (root, pool) = Case::new(U256::from(42)).state(&registry, false);
    let chain = "eip155:1337".parse().expect("a chain");
    let token = open(&registry, &chain, at(CONTRACT), &root, &pool).expect("the code is proved");
    let unproven = token.holding(at(HOLDER)).expect_err("no slot");
    assert!(unproven.is_missing());
    assert_eq!(unproven.code().name, "EVM_KEY_UNPROVEN");
}

#[test]
fn registries_that_contradict_themselves_are_refused() {
    let good = entry("plain", "");
    for text in [
        format!("{good}{good}"),
        good.replace("this test", " "),
        good.replace("eip155:1337", "eip155:0"),
        good.replace("0xeeee", "0xEEEE"),
        good.replace("plain", "plane"),
        good.replace("balance_slot = 9", "balance_slot = -1"),
        good.replace("balance_slot = 9", "balance_slot = 9\nzero_slots = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
        format!("{good}more = 1\n"),
        "[[token]]\n".to_owned(),
        "token = 1\n".to_owned(),
    ] {
        assert_eq!(TokenRegistry::parse(&text).expect_err(&text).code().name, "EVM_TOKEN_REGISTRY");
    }
    assert_eq!(TokenRegistry::parse(""), Ok(TokenRegistry::default()));
}

/// An entry for a proxy's own code that knows of no proxy: it would be tried after the one that does.
#[test]
fn attack_an_entry_without_the_proxy_of_another_one() {
    let with = registry(&proxy(b"implementation"));
    let without = registry("").entries().to_vec();
    assert!(with.clone().with(without.clone()).is_err(), "the proxy is left out");
    let elsewhere = entry("plain", &proxy(b"another")).replace("eip1967", "zeppelinos");
    let elsewhere = TokenRegistry::parse(&elsewhere).expect("a registry").entries().to_vec();
    assert!(with.clone().with(elsewhere).is_err(), "another pointer");
    assert!(with.with(registry(&proxy(b"another")).entries().to_vec()).is_ok(), "another implementation");
    let contract = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
    let built_in = TokenRegistry::built_in().expect("entries");
    let usdc: Vec<TokenEntry> = built_in
        .of(&"eip155:1".parse().expect("a chain"), contract.parse().expect("an address"))
        .into_iter()
        .map(|entry| TokenEntry { proxy: None, ..entry.clone() })
        .collect();
    assert!(built_in.with(usdc).is_err());
}

/// The built-in entry, by code hashes and slots alone: the codes themselves are not at hand.
#[test]
fn usdc_of_version_2_2_has_an_entry() {
    let chain: crate::asset::ChainId = "eip155:1".parse().expect("a chain");
    let contract: EvmAddress = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48".parse().expect("an address");
    let built_in = TokenRegistry::built_in().expect("entries");
    let shown = |implementation: &str, word: U256| {
        let with_code = |hash: &str| EvmAccount {
            code_hash: Some(hash.parse().expect("a digest")),
            nonce: 1,
            ..EvmAccount::default()
        };
        let mut proxy = with_code("d80d4b7c890cb9d6a4893e6b52bc34b56b25335cb13716e0d1d31383e6b41505");
        let (pointer, balance) = (Pointer::Zeppelinos.slot(), Layout::Solidity.holder_slot(at(HOLDER), 9));
        let to = U256::from_be_bytes(crate::reserve::evm::storage_proof::address_word(at(IMPLEMENTATION)));
        proxy.storage = [(pointer, to), (balance, word)].into();
        let accounts = [(contract, proxy), (at(IMPLEMENTATION), with_code(implementation))];
        let block = EvmBlock { timestamp: 1, accounts: accounts.into() };
        let made = EvmChain::new(chain.clone(), 7, vec![block]);
        let pool = made.nodes(7, &[(contract, vec![pointer, balance]), (at(IMPLEMENTATION), vec![])]);
        let line = String::from_utf8(made.headers_file()).expect("text");
        let header = hex::decode(line.split('"').nth(3).expect("digits")).expect("digits");
        let root = *crate::reserve::evm::header::EvmHeader::parse(&header).expect("a header").state_root();
        let token = open(&built_in, &chain, contract, &root, &pool).map_err(|error| error.code().name)?;
        token.holding(at(HOLDER)).map_err(|error| error.code().name)
    };
    let known = "cdfb7d322961af3acae7a8f7ee8b69c205b36f576cc5b077f170c7eb8ecbe3ea";
    assert_eq!(
        shown(known, U256::from(42)),
        Ok(TokenHolding { amount: crate::amount::Amount::from_base_units(42), frozen: false })
    );
    let frozen = shown(known, (U256::from(1) << 255) | U256::from(42)).expect("a proof");
    assert_eq!((frozen.amount.base_units(), frozen.frozen), (42, true));
    let other = known.replace("cdfb", "cdfc");
    assert_eq!(shown(&other, U256::from(42)), Err("EVM_TOKEN_CODE"));
}
