//! A valid proof of somebody else's balance.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use crate::bundle::MemoryFiles;
use crate::code::{Coded as _, evm_token as codes};
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::scenario::{Expected, Played, Said, Scenario};
use crate::reserve::evm::account_proof::verify;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::header::EvmHeader;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "anothers-balance",
    attacks: &["R16"],
    title: "a valid proof of somebody else's balance is shown",
    story: "The proof file has a state root, an address and a path, and all of it fits: it is the proof of an \
            exchange ten times as large. In one public file this was so for 36 of 37 entries. Whoever reads the \
            address out of the file does not notice.",
    expected: Expected::Check(&codes::EVM_KEY_UNPROVEN),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let (venue, whale) = (EvmAddress::from_bytes([0x11; 20]), EvmAddress::from_bytes([0x77; 20]));
    let account = |balance: u64| EvmAccount { balance: U256::from(balance), ..EvmAccount::default() };
    let mut accounts = BTreeMap::from([(venue, account(40)), (whale, account(400_000))]);
    accounts.extend((0..40).map(|number| (EvmAddress::from_bytes([number; 20]), account(1))));
    let blocks = vec![EvmBlock { timestamp: 10, accounts }];
    let chain = EvmChain::new("eip155:1337".parse().map_err(fault)?, 5, blocks);
    let line = String::from_utf8(chain.headers_file()).map_err(fault)?;
    let rlp = line.trim().trim_start_matches("{\"rlp\":\"").trim_end_matches("\"}");
    let header = EvmHeader::parse(&hex::decode(rlp).map_err(fault)?).map_err(fault)?;
    let root = header.state_root();
    // the file of the venue: nodes that lead to the other account
    let shown = chain.nodes(5, &[(whale, Vec::new())]);
    let found = verify(root, whale, &shown).map_err(fault)?.map(|account| account.balance);
    let naive = match found {
        Some(balance) => Said::yes(format!("the proof is valid, for {balance} base units")),
        None => Said::no("no account"),
    };
    let answer = verify(root, venue, &shown);
    let counterfoil = match &answer {
        Err(error) => Said::no(format!("{}: asked about {venue}: {error}", error.code())),
        Ok(Some(account)) => Said::yes(format!("{venue} has {} base units", account.balance)),
        Ok(None) => Said::no(format!("the state has no {venue}")),
    };
    let refusal = answer.err();
    Ok(Played {
        naive,
        counterfoil,
        codes: refusal.iter().map(crate::code::Coded::code).collect(),
        verdicts: Vec::new(),
        files: MemoryFiles::new(),
        shows: Vec::new(),
    })
}
