//! Where the coins of Example Exchange are: a Bitcoin chain of the regtest kind and an EVM chain, made in process.

use super::evm::{self, Evm};
use super::{CUTOFF, DAY, ExampleError, fault, seed};
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::json;
use crate::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use crate::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use crate::reserve::bitcoin::control::sign::{AddressKey, AddressKind, sign};
use crate::reserve::claim::ControlProof;
use crate::reserve::evm::control::sign as sign_evm;
use crate::signature::SigningKey;
use crate::snapshot::{BlockRef, Time};

/// Role, kind of address, coins in base units.
const BITCOIN: [(Role, AddressKind, u64); 3] = [
    (Role::Cold, AddressKind::WitnessKeyHash, 80_000_000_000),
    (Role::Cold, AddressKind::Taproot, 35_000_000_000),
    (Role::Hot, AddressKind::KeyHash, 10_100_000_000),
];
const SPACING: i64 = 600;
/// Blocks of a day, which the built-in policy asks for before and after the cut-off block.
const DAY_BLOCKS: u64 = 144;
/// Blocks before the first payment, so that their rewards can be spent.
const EARLY_BLOCKS: u64 = 140;

pub(super) struct Chains {
    bitcoin: BitcoinChain,
    bitcoin_keys: Vec<(Role, String, AddressKey)>,
    evm: Evm,
}

impl Chains {
    pub(super) fn new() -> Result<Self, ExampleError> {
        let (bitcoin, bitcoin_keys) = bitcoin()?;
        let evm = Evm::new()?;
        Ok(Self { bitcoin, bitcoin_keys, evm })
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
        let evm = self.evm.keys.iter().map(|(role, address, _)| entry(&self.evm.id, address.to_string(), *role));
        let mut entries: Vec<AddressEntry> = bitcoin.chain(evm).collect();
        entries.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
        AddressSet::from_entries(entries).map_err(fault)
    }

    /// A block of each chain from before the challenge was issued.
    pub(super) fn challenge_blocks(&self) -> Result<Vec<BlockRef>, ExampleError> {
        [self.bitcoin.block(EARLY_BLOCKS), self.evm.chain.block(evm::FIRST)]
            .into_iter()
            .map(|block| block.ok_or_else(|| fault("no block to challenge with")))
            .collect()
    }

    pub(super) fn cutoff_blocks(&self) -> Result<Vec<BlockRef>, ExampleError> {
        let blocks = [self.bitcoin.cutoff_block(CUTOFF), self.evm.chain.block(evm::CUTOFF_BLOCK)];
        blocks.into_iter().map(|block| block.ok_or_else(|| fault("no cut-off block"))).collect()
    }

    pub(super) fn tips(&self) -> Vec<BlockRef> {
        [self.bitcoin.block(self.bitcoin.height()), self.evm.chain.tip()].into_iter().flatten().collect()
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
        files.extend(self.evm.evidence(now, venue)?);
        Ok(files)
    }

    /// Which blocks of the EVM chain an auditor asks about.
    pub(super) fn window_rows(&self) -> String {
        self.evm.window_row()
    }

    /// What an auditor who has read the token's code adds to the policy.
    pub(super) fn token_entry(&self) -> String {
        self.evm.token_entry()
    }

    fn control(&self, line: &str) -> Result<Vec<u8>, ExampleError> {
        let mut proofs: Vec<ControlProof> = Vec::new();
        for (_, address, key) in &self.bitcoin_keys {
            proofs.push(sign(self.bitcoin.id(), address, line, key).map_err(fault)?);
        }
        for (_, _, secret) in &self.evm.keys {
            proofs.push(sign_evm(&self.evm.id, line, secret).map_err(fault)?);
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
