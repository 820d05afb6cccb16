//! The EVM chain of Example Exchange: half a day before its cut-off block and half a day behind it, ether that somebody
//! lent for the cut-off, and a token.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{CUTOFF, ExampleError, fault, seed};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmBody, EvmChain, payment, token_call};
use crate::reserve::address_set::Role;
use crate::reserve::evm;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::storage_proof::Slot;
use crate::reserve::evm::token::Layout;
use crate::signature::SigningKey;
use crate::snapshot::Time;

/// Role, ether in thousandths before the loan and after it, token in base units.
const HELD: [(Role, u64, u128); 2] =
    [(Role::Cold, 11_000_000, 8_050_000_000_000), (Role::Hot, 220_000, 1_200_000_000_000)];
/// What the lender has, and what it lends, in thousandths.
const LENDER: u64 = 7_200_000;
const LOAN: u64 = 7_120_000;
/// Base units in a thousandth of an ether.
const MILLI: u64 = 1_000_000_000_000_000;
/// When the loan comes, and when it goes back.
const LENT: u64 = CUTOFF_BLOCK - 41;
const RETURNED: u64 = CUTOFF_BLOCK + 55;
/// The first block, from before the challenge was issued.
pub(super) const FIRST: u64 = CUTOFF_BLOCK - HALF_DAY - 3;
pub(super) const CUTOFF_BLOCK: u64 = 1_100;
/// Blocks of half a day, which the auditor asks for on both sides of the cut-off block.
const HALF_DAY: u64 = 72;
/// Seconds from block to block.
const SPACING: u64 = 600;
/// The number of the chain.
const CHAIN: u64 = 1_337;
/// What stands for the code of the token: nothing runs it.
const TOKEN_CODE: &[u8] = b"the token of the example";
/// The mapping from holders to balances.
const TOKEN_SLOT: u64 = 2;
const TOKEN: &str = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

/// The chain, and the venue's keys on it.
pub(super) struct Evm {
    pub(super) chain: EvmChain,
    pub(super) id: ChainId,
    pub(super) keys: Vec<(Role, EvmAddress, [u8; 32])>,
}

fn address_of(secret: &[u8; 32]) -> Result<EvmAddress, ExampleError> {
    evm::control::address_of(secret).map_err(fault)
}

impl Evm {
    pub(super) fn new() -> Result<Self, ExampleError> {
        let id: ChainId = format!("eip155:{CHAIN}").parse().map_err(fault)?;
        let mut keys = Vec::new();
        for (number, (role, ..)) in HELD.into_iter().enumerate() {
            let secret = seed(&format!("evm {number}"));
            keys.push((role, address_of(&secret)?, secret));
        }
        let before = accounts(&keys)?;
        let lender = seed("lender");
        let (_, hot, hot_secret) = keys.last().ok_or_else(|| fault("no hot address"))?;
        let lent = moved(&before, address_of(&lender)?, *hot)?;
        let returned = moved(&lent, *hot, address_of(&lender)?)?;
        let pay = |secret: &[u8; 32], nonce, to| {
            let value = u128::from(LOAN) * u128::from(MILLI);
            let payments = vec![payment(CHAIN, secret, nonce, to, value).map_err(fault)?];
            Ok::<EvmBody, ExampleError>(EvmBody { payments })
        };
        let bodies =
            BTreeMap::from([(LENT, pay(&lender, 0, *hot)?), (RETURNED, pay(hot_secret, 0, address_of(&lender)?)?)]);
        let cutoff = u64::try_from(CUTOFF.unix()).map_err(fault)?;
        let start = cutoff - (CUTOFF_BLOCK - FIRST) * SPACING;
        let block = |number: u64| EvmBlock {
            timestamp: start + (number - FIRST) * SPACING,
            accounts: match number {
                ..LENT => before.clone(),
                LENT..RETURNED => lent.clone(),
                RETURNED.. => returned.clone(),
            },
        };
        let blocks = (FIRST..=CUTOFF_BLOCK + HALF_DAY + 3).map(block).collect();
        let chain = EvmChain::with_bodies(id.clone(), FIRST, blocks, bodies);
        Ok(Self { chain, id, keys })
    }

    /// Proofs of every block: the state is the same at many of them, so nodes of three blocks prove all. Token balances
    /// are signed by the venue alone: nobody else vouches for that of the hot address.
    pub(super) fn evidence(&self, now: Time, venue: &SigningKey) -> Result<MemoryFiles, ExampleError> {
        let token: EvmAddress = TOKEN.parse().map_err(fault)?;
        let mut asked: Vec<(EvmAddress, Vec<Slot>)> =
            self.keys.iter().map(|(_, address, _)| (*address, Vec::new())).collect();
        // of the hot address no slot was gathered: its tokens are stated
        let cold = asked.first().map(|(cold, _)| Layout::Solidity.holder_slot(*cold, TOKEN_SLOT));
        asked.push((token, cold.into_iter().collect()));
        let range = (CUTOFF_BLOCK - HALF_DAY, CUTOFF_BLOCK + HALF_DAY);
        let mut files = self.chain.window_files(range, &asked, [range.0, LENT, RETURNED]).map_err(fault)?;
        let held = self.keys.iter().zip(HELD);
        let calls = held.map(|((_, address, _), (_, _, amount))| token_call(token, *address, CUTOFF_BLOCK, amount));
        let transcript = self.chain.transcript(now, calls.collect()).ok_or_else(|| fault("no tip"))?;
        files.insert(paths::TRANSCRIPT.to_owned(), transcript.to_file(venue).map_err(fault)?);
        Ok(files.into_iter().map(|(name, bytes)| (paths::chain(&self.id, &name), bytes)).collect())
    }

    /// Half a day on each side: enough to see what came for the cut-off, and a departure that the report names.
    pub(super) fn window_row(&self) -> String {
        format!("[[window.chain]]\nchain = \"{}\"\nbefore = {HALF_DAY}\nafter = {HALF_DAY}\n", self.id)
    }

    /// What an auditor who has read the token's code adds to the policy.
    pub(super) fn token_entry(&self) -> String {
        let code_hash = hex::encode(evm::keccak(TOKEN_CODE));
        format!(
            "[[token]]\nchain = \"{}\"\ncontract = \"{TOKEN}\"\nname = \"the example's USDT\"\n\
             code_hash = \"{code_hash}\"\nbalance_slot = {TOKEN_SLOT}\nlayout = \"solidity\"\ndecode = \"plain\"\n\
             source = \"the token's code, read by the auditor\"\n",
            self.id
        )
    }
}

type Accounts = BTreeMap<EvmAddress, EvmAccount>;

/// The state before the loan: the venue, the lender, the token, and other people.
fn accounts(keys: &[(Role, EvmAddress, [u8; 32])]) -> Result<Accounts, ExampleError> {
    let ether = |milli: u64| U256::from(milli) * U256::from(MILLI);
    let account = |balance| EvmAccount { balance, ..EvmAccount::default() };
    let slot = |holder| Layout::Solidity.holder_slot(holder, TOKEN_SLOT);
    let mut all = Accounts::new();
    let mut storage = BTreeMap::new();
    for ((_, address, _), (_, milli, tokens)) in keys.iter().zip(HELD) {
        all.insert(*address, account(ether(milli)));
        storage.insert(slot(*address), U256::from(tokens));
    }
    all.insert(address_of(&seed("lender"))?, account(ether(LENDER)));
    for number in 0..200 {
        let address = address_of(&seed(&format!("somebody {number}")))?;
        storage.insert(slot(address), U256::from(number + 1));
        all.insert(address, account(U256::from(number)));
    }
    let token = EvmAccount { code: TOKEN_CODE.to_vec(), nonce: 1, storage, ..EvmAccount::default() };
    all.insert(TOKEN.parse().map_err(fault)?, token);
    Ok(all)
}

/// The state after somebody paid the loan's amount to somebody else.
fn moved(before: &Accounts, from: EvmAddress, to: EvmAddress) -> Result<Accounts, ExampleError> {
    let value = U256::from(LOAN) * U256::from(MILLI);
    let mut after = before.clone();
    let payer = after.get_mut(&from).ok_or_else(|| fault("nobody pays"))?;
    payer.balance = payer.balance.checked_sub(value).ok_or_else(|| fault("too little to pay"))?;
    payer.nonce += 1;
    let payee = after.get_mut(&to).ok_or_else(|| fault("nobody is paid"))?;
    payee.balance += value;
    Ok(after)
}
