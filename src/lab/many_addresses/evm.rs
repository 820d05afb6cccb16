//! The same venue on an EVM chain: ether on accounts with a proof of each at every block of the window.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{Amount, CUTOFF, ExampleError, Held, ManyAddresses, MemoryFiles, address_set, fault, json, paths, seed};
use crate::asset::ChainId;
use crate::hash::sha256;
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::control::{address_of, sign};

const FIRST: u64 = 19_000_000;
/// Seconds between two blocks.
const SLOT: u64 = 12;
/// Blocks on each side of the cut-off block: more are not needed to be covered.
const SIDE: u64 = 64;
/// Accounts that change in a block, of a hundred.
const CHANGED: usize = 2;
/// Wei of each account at the start.
const BALANCE: u64 = 1_000_000_000_000_000_000;

const ETHER: &str = r#"
[[asset]]
id = "ETH"
decimals = 18
[[asset.deployment]]
id = "eip155:1/slip44:60"
decimals = 18
"#;

impl ManyAddresses {
    /// A venue with this number of accounts in a state of `accounts` more, and a window of so many blocks. With fewer
    /// than 129 of them a snapshot is all that a verdict can rest on.
    ///
    /// # Errors
    /// [`ExampleError`], which no number causes.
    pub fn ether(addresses: usize, accounts: usize, blocks: u64) -> Result<Self, ExampleError> {
        let id: ChainId = "eip155:1".parse().map_err(fault)?;
        let secrets: Vec<[u8; 32]> = (0..addresses).map(|number| seed(&format!("many: ether {number}"))).collect();
        let own: Vec<EvmAddress> = secrets.iter().map(address_of).collect::<Result<_, _>>().map_err(fault)?;
        let chain = chain(&id, &own, accounts, blocks)?;
        let last = FIRST + blocks.saturating_sub(1);
        let block = |number: u64| chain.block(number).ok_or_else(|| fault("no block"));
        let cutoff = block(last.saturating_sub(after(blocks)))?;
        let held = Held {
            set: address_set(&id, own.iter().map(ToString::to_string))?,
            known: block(FIRST)?,
            tip: block(last)?,
            // what an account receives comes on top
            owed: Amount::from_base_units(u128::from(BALANCE) * addresses as u128),
            window: (cutoff.height - FIRST, after(blocks)),
            asset: ETHER,
            cutoff,
        };
        Self::of(&held, |line, _| {
            let asked: Vec<(EvmAddress, Vec<_>)> = own.iter().map(|address| (*address, Vec::new())).collect();
            let files = chain.window_files((FIRST, last), &asked, FIRST..=last).map_err(fault)?;
            let mut files: MemoryFiles =
                files.into_iter().map(|(name, bytes)| (paths::chain(&id, &name), bytes)).collect();
            let mut control = Vec::new();
            for secret in &secrets {
                control.extend(json::canonical(&sign(&id, line, secret).map_err(fault)?).map_err(fault)?);
                control.push(b'\n');
            }
            files.insert(paths::CONTROL.to_owned(), control);
            Ok(files)
        })
    }
}

/// Blocks after the cut-off block.
fn after(blocks: u64) -> u64 {
    (blocks.saturating_sub(1) / 2).min(SIDE)
}

/// Accounts that send and receive in every block; the venue's only receive.
fn chain(id: &ChainId, own: &[EvmAddress], others: usize, blocks: u64) -> Result<EvmChain, ExampleError> {
    let other = |number: usize| {
        let mut bytes = [0; 20];
        for (to, from) in bytes.iter_mut().zip(sha256(&number.to_be_bytes()).to_bytes()) {
            *to = from;
        }
        EvmAddress::from_bytes(bytes)
    };
    let all: Vec<EvmAddress> = own.iter().copied().chain((0..others).map(other)).collect();
    let account = EvmAccount { balance: U256::from(BALANCE), ..EvmAccount::default() };
    let mut state: BTreeMap<EvmAddress, EvmAccount> = all.iter().map(|address| (*address, account.clone())).collect();
    let cutoff = u64::try_from(CUTOFF.unix()).map_err(fault)?;
    let start = cutoff - SLOT * blocks.saturating_sub(after(blocks) + 1);
    let mut made = Vec::new();
    for number in 0..blocks {
        let at = usize::try_from(number).unwrap_or(0) * 31;
        for change in 0..all.len() * CHANGED / 100 {
            let place = (change * 97 + at) % all.len().max(1);
            let Some(account) = all.get(place).and_then(|address| state.get_mut(address)) else { continue };
            account.nonce += u64::from(place >= own.len());
            account.balance += U256::from(place + 1);
        }
        made.push(EvmBlock { timestamp: start + SLOT * number, accounts: state.clone() });
    }
    Ok(EvmChain::new(id.clone(), FIRST, made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::reconcile::{Verdict, reconcile};

    #[test]
    fn ether_with_a_proof_at_every_block_is_covered() {
        let many = ManyAddresses::ether(30, 100, 129).expect("a venue");
        let policy = Policy::parse(&many.policy).expect("a policy");
        let report = reconcile(&many.bundle, &policy).expect("a report");
        assert_eq!(report.overall.verdict, Verdict::Covered, "{:?}", report.findings);
        let window = &report.assets[0].windows[0];
        assert_eq!((window.blocks, window.covered, window.exact), (129, 129, true));
    }
}
