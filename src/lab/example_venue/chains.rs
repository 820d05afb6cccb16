//! Where the coins of Example Exchange are: a Bitcoin chain of the regtest kind and an EVM chain, made in process.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{CUTOFF, DAY, ExampleError, fault, seed};
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::json;
use crate::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain, token_call};
use crate::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use crate::reserve::bitcoin::control::sign::{AddressKey, AddressKind, sign};
use crate::reserve::claim::ControlProof;
use crate::reserve::evm;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::storage_proof::Slot;
use crate::reserve::evm::token::Layout;
use crate::signature::SigningKey;
use crate::snapshot::{BlockRef, Time};

/// Role, kind of address, coins in base units.
const BITCOIN: [(Role, AddressKind, u64); 3] = [
    (Role::Cold, AddressKind::WitnessKeyHash, 80_000_000_000),
    (Role::Cold, AddressKind::Taproot, 35_000_000_000),
    (Role::Hot, AddressKind::KeyHash, 10_100_000_000),
];
/// Role, ether in thousandths, token in base units.
const EVM: [(Role, u64, u128); 2] =
    [(Role::Cold, 11_000_000, 8_050_000_000_000), (Role::Hot, 220_000, 1_200_000_000_000)];
/// What stands for the code of the token: nothing runs it.
const TOKEN_CODE: &[u8] = b"the token of the example";
/// The mapping from holders to balances.
const TOKEN_SLOT: u64 = 2;
const TOKEN: &str = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
const SPACING: i64 = 600;
/// Blocks of a day, which the built-in policy asks for before and after the cut-off block.
const DAY_BLOCKS: u64 = 144;
/// Blocks before the first payment, so that their rewards can be spent.
const EARLY_BLOCKS: u64 = 140;

pub(super) struct Chains {
    bitcoin: BitcoinChain,
    bitcoin_keys: Vec<(Role, String, AddressKey)>,
    evm: EvmChain,
    evm_id: ChainId,
    evm_keys: Vec<(Role, EvmAddress, [u8; 32])>,
    evm_cutoff: u64,
}

impl Chains {
    pub(super) fn new() -> Result<Self, ExampleError> {
        let (bitcoin, bitcoin_keys) = bitcoin()?;
        let evm_id: ChainId = "eip155:1337".parse().map_err(fault)?;
        let mut evm_keys = Vec::new();
        let mut accounts = BTreeMap::new();
        for (number, (role, milli_ether, _)) in (0..).zip(EVM) {
            let secret = seed(&format!("evm {number}"));
            let address = evm::control::address_of(&secret).map_err(fault)?;
            let balance = U256::from(milli_ether) * U256::from(1_000_000_000_000_000_u64);
            accounts.insert(address, EvmAccount { balance, nonce: number, ..EvmAccount::default() });
            evm_keys.push((role, address, secret));
        }
        let slot = |holder| Layout::Solidity.holder_slot(holder, TOKEN_SLOT);
        let held = evm_keys.iter().zip(EVM);
        let mut storage: BTreeMap<_, _> =
            held.map(|((_, address, _), (_, _, amount))| (slot(*address), U256::from(amount))).collect();
        for number in 0..200 {
            let address = evm::control::address_of(&seed(&format!("somebody {number}"))).map_err(fault)?;
            storage.insert(slot(address), U256::from(number + 1));
            accounts.insert(address, EvmAccount { balance: U256::from(number), ..EvmAccount::default() });
        }
        let token = EvmAccount { code: TOKEN_CODE.to_vec(), nonce: 1, storage, ..EvmAccount::default() };
        accounts.insert(TOKEN.parse().map_err(fault)?, token);
        let cutoff = u64::try_from(CUTOFF.unix()).map_err(fault)?;
        let block = |offset: u64| EvmBlock { timestamp: cutoff - 36 + 12 * offset, accounts: accounts.clone() };
        let evm = EvmChain::new(evm_id.clone(), 1_000, (0..6).map(block).collect());
        Ok(Self { bitcoin, bitcoin_keys, evm, evm_id, evm_keys, evm_cutoff: 1_003 })
    }

    pub(super) fn address_set(&self) -> Result<AddressSet, ExampleError> {
        let entry = |chain: &ChainId, address: String, role: Role| AddressEntry {
            salt: crate::hash::sha256(address.as_bytes()).to_string().chars().take(32).collect(),
            address,
            chain: chain.clone(),
            custodian: None,
            descriptor: None,
            encumbrance: None,
            issuer: IssuerRelation::None,
            role,
        };
        let bitcoin =
            self.bitcoin_keys.iter().map(|(role, address, _)| entry(self.bitcoin.id(), address.clone(), *role));
        let evm = self.evm_keys.iter().map(|(role, address, _)| entry(&self.evm_id, address.to_string(), *role));
        let mut entries: Vec<AddressEntry> = bitcoin.chain(evm).collect();
        entries.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
        AddressSet::from_entries(entries).map_err(fault)
    }

    /// A block of each chain from before the challenge was issued.
    pub(super) fn challenge_blocks(&self) -> Result<Vec<BlockRef>, ExampleError> {
        [self.bitcoin.block(EARLY_BLOCKS), self.evm.block(1_000)]
            .into_iter()
            .map(|block| block.ok_or_else(|| fault("no block to challenge with")))
            .collect()
    }

    pub(super) fn cutoff_blocks(&self) -> Result<Vec<BlockRef>, ExampleError> {
        let blocks = [self.bitcoin.cutoff_block(CUTOFF), self.evm.block(self.evm_cutoff)];
        blocks.into_iter().map(|block| block.ok_or_else(|| fault("no cut-off block"))).collect()
    }

    pub(super) fn tips(&self) -> Vec<BlockRef> {
        [self.bitcoin.block(self.bitcoin.height()), self.evm.tip()].into_iter().flatten().collect()
    }

    /// Signatures and chain evidence. The Bitcoin answers are signed by the auditor's node, the token balances by
    /// the venue alone: nobody else vouches for them.
    pub(super) fn evidence(
        &self,
        line: &str,
        node: &SigningKey,
        venue: &SigningKey,
    ) -> Result<MemoryFiles, ExampleError> {
        let mut files = MemoryFiles::new();
        files.insert(paths::CONTROL.to_owned(), self.control(line)?);
        let now = Time::from_unix(CUTOFF.unix() + 2 * DAY);
        let addresses: Vec<&str> = self.bitcoin_keys.iter().map(|(_, address, _)| address.as_str()).collect();
        let cutoff_height = self.bitcoin.cutoff_block(CUTOFF).map_or(0, |block| block.height);
        let from_height = cutoff_height.saturating_sub(12);
        let question = Question { addresses: &addresses, from_height, cutoff: Some(CUTOFF), now };
        let around = (cutoff_height.saturating_sub(DAY_BLOCKS), cutoff_height + DAY_BLOCKS);
        let fetched = self.bitcoin.window(&question, around).map_err(fault)?;
        let chain = self.bitcoin.id();
        files.extend(fetched.files.into_iter().map(|(name, bytes)| (paths::chain(chain, &name), bytes)));
        let transcript = fetched.transcript.to_file(node).map_err(fault)?;
        files.insert(paths::chain(chain, paths::TRANSCRIPT), transcript);
        let token: EvmAddress = TOKEN.parse().map_err(fault)?;
        let mut asked: Vec<(EvmAddress, Vec<Slot>)> =
            self.evm_keys.iter().map(|(_, address, _)| (*address, Vec::new())).collect();
        // of the hot address no slot was gathered: its tokens are stated
        let cold = asked.first().map(|(cold, _)| Layout::Solidity.holder_slot(*cold, TOKEN_SLOT));
        asked.push((token, cold.into_iter().collect()));
        let nodes = self.evm.nodes(self.evm_cutoff, &asked).to_file();
        files.insert(paths::chain(&self.evm_id, paths::EVM_HEADERS), self.evm.headers_file());
        files.insert(paths::chain(&self.evm_id, paths::EVM_NODES), nodes);
        let held = self.evm_keys.iter().zip(EVM);
        let calls = held.map(|((_, address, _), (_, _, amount))| token_call(token, *address, self.evm_cutoff, amount));
        let transcript = self.evm.transcript(now, calls.collect()).ok_or_else(|| fault("no tip"))?;
        let transcript = transcript.to_file(venue).map_err(fault)?;
        files.insert(paths::chain(&self.evm_id, paths::TRANSCRIPT), transcript);
        Ok(files)
    }

    /// What an auditor who has read the token's code adds to the policy.
    pub(super) fn token_entry(&self) -> String {
        let code_hash = hex::encode(evm::keccak(TOKEN_CODE));
        format!(
            "[[token]]\nchain = \"{}\"\ncontract = \"{TOKEN}\"\nname = \"the example's USDT\"\n\
             code_hash = \"{code_hash}\"\nbalance_slot = {TOKEN_SLOT}\nlayout = \"solidity\"\ndecode = \"plain\"\n\
             source = \"the token's code, read by the auditor\"\n",
            self.evm_id
        )
    }

    fn control(&self, line: &str) -> Result<Vec<u8>, ExampleError> {
        let mut proofs: Vec<ControlProof> = Vec::new();
        for (_, address, key) in &self.bitcoin_keys {
            proofs.push(sign(self.bitcoin.id(), address, line, key).map_err(fault)?);
        }
        for (_, _, secret) in &self.evm_keys {
            proofs.push(evm::control::sign(&self.evm_id, line, secret).map_err(fault)?);
        }
        let mut file = Vec::new();
        for proof in &proofs {
            file.extend(json::canonical(proof).map_err(fault)?);
            file.push(b'\n');
        }
        Ok(file)
    }
}

type BitcoinKeys = Vec<(Role, String, AddressKey)>;

/// Blocks every ten minutes; the venue is paid a day before the cut-off.
fn bitcoin() -> Result<(BitcoinChain, BitcoinKeys), ExampleError> {
    let mut chain = BitcoinChain::new().map_err(fault)?;
    let id = chain.id().clone();
    let start = CUTOFF.unix() - DAY - i64::try_from(EARLY_BLOCKS).map_err(fault)? * SPACING;
    chain.mine_empty(Time::from_unix(start), SPACING, EARLY_BLOCKS).map_err(fault)?;
    let mut keys = Vec::new();
    let mut payments = Vec::new();
    for (number, (role, kind, amount)) in (0..).zip(BITCOIN) {
        let key = AddressKey::new(&mut seed(&format!("bitcoin {number}"))).ok_or_else(|| fault("a seed is no key"))?;
        let address = key.address(&id, kind).map_err(fault)?;
        payments.push(vec![Payment { address: address.clone(), amount: Amount::from_base_units(amount.into()) }]);
        keys.push((role, address, key));
    }
    chain.mine(Time::from_unix(CUTOFF.unix() - DAY), &payments).map_err(fault)?;
    // a day to the cut-off, a day behind it, and the blocks that show its median time
    let day_and_more = 2 * DAY_BLOCKS + 12;
    chain.mine_empty(Time::from_unix(CUTOFF.unix() - DAY + SPACING), SPACING, day_and_more).map_err(fault)?;
    Ok((chain, keys))
}
