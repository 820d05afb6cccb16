//! Hashes, slots and calls as contracts know them, computed with another program; and the forms of what is read.

use std::collections::BTreeMap;

use super::*;
use crate::reserve::evm::control::{address_of, sign_hash, wallet};
use crate::reserve::evm::trie::TrieError;

const LINE: &str = "counterfoil v1 example";
const SIGNED_HASH: &str = "f09ce801a29437f0fbb81aede99f94622e8cb56eddff64047d6a140b712d38dd";

#[test]
fn what_owners_sign_and_where_a_safe_keeps_them_is_known() {
    let safe = EvmAddress::from_bytes([0x5a; 20]);
    assert_eq!(
        hex::encode(message_hash(1337, safe, LINE)),
        "a84a64ecd96ac4aab3570c5cfe56ac1315d588d4cf26d877c5b903ac206e17ee"
    );
    assert_eq!(hex::encode(signed_hash(LINE)), SIGNED_HASH);
    let [zero, four] = [0, 4].map(|number: u8| format!("{number:064x}"));
    let modules = "cc69885fda6bcc1a4ace058b4a62bf5e179ea78fd58a1ccd71c22cc9b688792f";
    let guard = "4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8";
    let found: Vec<String> = slots().iter().map(hex::encode).collect();
    assert_eq!(found, [&zero, &four, modules, guard], "singleton, threshold, modules, guard");
    let owner = owner_slot(EvmAddress::from_bytes([0x77; 20]));
    assert_eq!(hex::encode(owner), "e64dfbcbafdf5541796997694339436e11ba40e54c30e154cfc300042d95ebd1");
}

#[test]
fn wallets_are_known_by_the_code_of_the_proxy() {
    let known = |hash: &str| is_wallet(&hash.parse().expect("a digest"));
    assert!(known("b89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000"), "1.3.0");
    assert!(known("d7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c"), "1.4.1");
    assert!(!known("1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4"), "a singleton holds no coins");
    assert!(!known(&"11".repeat(32)));
}

#[test]
fn a_hundred_signatures_are_read_and_no_more() {
    let hash = [7; 32];
    let signatures: BTreeMap<EvmAddress, [u8; 65]> = (1..=101)
        .map(|number| [number; 32])
        .map(|secret| (address_of(&secret).expect("a key"), sign_hash(&hash, &secret).expect("a key")))
        .collect();
    let text = |count: usize| {
        let digits: String = signatures.values().take(count).map(hex::encode).collect();
        format!("0x{digits}")
    };
    for count in [1, 2, 100] {
        let expected: Vec<_> = signatures.iter().take(count).map(|(address, bytes)| (*address, *bytes)).collect();
        assert_eq!(signers(&hash, &text(count)), Ok(expected), "{count}");
    }
    let detail = "expected 0x and 130 digits for each of 1 to 100".to_owned();
    assert_eq!(signers(&hash, &text(101)), Err(SafeError::Signatures { detail }.into()));
    // as the contract wants them: each owner above the one before
    let [first, second] = [0, 1].map(|at| hex::encode(signatures.values().nth(at).expect("many")));
    for wrong in [format!("0x{second}{first}"), format!("0x{first}{first}")] {
        let error = signers(&hash, &wrong).expect_err("not rising").to_string();
        assert!(error.contains("not above the one before"), "{error}");
    }
}

/// What is not in the evidence can still be brought; what the evidence says wrongly cannot.
#[test]
fn missing_evidence_is_told_apart_from_wrong_evidence() {
    let (address, slot) = (EvmAddress::from_bytes([1; 20]), Digest::from_bytes([2; 32]));
    let missing = || TrieError::Missing { at: 1, root: Digest::from_bytes([3; 32]) };
    let broken = || TrieError::Node { at: 1, detail: "x".to_owned() };
    let account = |source| SafeError::Account(AccountProofError::Trie { address, source }).code().name;
    let storage = |source| SafeError::Storage(StorageProofError::Trie { slot, source }).code().name;
    assert_eq!((account(missing()), storage(missing())), ("EVM_WALLET_UNPROVEN", "EVM_WALLET_UNPROVEN"));
    assert_eq!((account(broken()), storage(broken())), ("EVM_PROOF_INVALID", "EVM_PROOF_INVALID"));
    let word = SafeError::Storage(StorageProofError::Value { slot, detail: "x".to_owned() });
    assert_eq!(word.code().name, "EVM_STORAGE_VALUE");
}

/// The selector, the hash of the line, where the signature begins, its length, and itself, filled up to whole words.
#[test]
fn a_wallet_is_asked_by_the_call_of_eip_1271() {
    let head = |length: usize| format!("0x1626ba7e{SIGNED_HASH}{:064x}{length:064x}", 64);
    let data = |signature: &str| wallet::call_data(LINE, signature);
    assert_eq!(data("0x"), Ok(head(0)));
    assert_eq!(data("0xabcd"), Ok(format!("{}abcd{}", head(2), "00".repeat(30))));
    let (word, more) = ("11".repeat(32), "22".repeat(33));
    assert_eq!(data(&format!("0x{word}")), Ok(format!("{}{word}", head(32))));
    assert_eq!(data(&format!("0x{more}")), Ok(format!("{}{more}{}", head(33), "00".repeat(31))));
    let most = "33".repeat(4_096);
    assert_eq!(data(&format!("0x{most}")), Ok(format!("{}{most}", head(4_096))));
    for wrong in [format!("0x{most}33"), format!("0x{most}3"), "abcd".to_owned(), "0xabc".to_owned(), "0xzz".to_owned()]
    {
        assert_eq!(data(&wrong), Err(wallet::WalletError::Form), "{} characters", wrong.len());
    }
}
