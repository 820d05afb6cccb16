//! An embedded EVM chain: a state per block, headers that name each other, and the files that a fetch would write.
//!
//! Everything follows from the arguments; two runs give the same bytes. A state is what its author says, as in a
//! genesis block; where blocks hold payments, the author lets the states agree with them.

mod payment;
mod window;

use std::collections::BTreeMap;

pub use payment::{EvmBody, payment};

use alloy_primitives::{B256, U256};
use alloy_trie::proof::ProofRetainer;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, KECCAK_EMPTY, Nibbles, TrieAccount};

use crate::asset::ChainId;
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::header::{encode, integer_bytes};
use crate::reserve::evm::keccak;
use crate::reserve::evm::storage_proof::Slot;
use crate::reserve::evm::trie::NodePool;
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::{BlockRef, Time};

/// keccak(rlp([])): the hash of an empty list of uncles.
const NO_UNCLES: &str = "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

/// The base fee of blocks without payments.
const BASE_FEE: u64 = 7;

/// What one account holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvmAccount {
    /// Base units of the native coin.
    pub balance: U256,
    /// Transactions sent.
    pub nonce: u64,
    /// The code of a contract; nothing runs it.
    pub code: Vec<u8>,
    /// The hash of code that is not at hand, in place of `code`.
    pub code_hash: Option<Digest>,
    /// Words by slot; zeros are not stored.
    pub storage: BTreeMap<Slot, U256>,
}

/// One block: its time in seconds since 1970, and every account after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvmBlock {
    /// Not before that of the block below.
    pub timestamp: u64,
    /// The whole state.
    pub accounts: BTreeMap<EvmAddress, EvmAccount>,
}

/// Consecutive blocks.
#[derive(Clone, Debug)]
pub struct EvmChain {
    chain: ChainId,
    first: u64,
    blocks: Vec<EvmBlock>,
    /// RLP and hash of each block's header.
    headers: Vec<(Vec<u8>, Digest)>,
    /// Payments, by the number of their block.
    bodies: BTreeMap<u64, EvmBody>,
}

impl EvmChain {
    /// Blocks with the numbers `first`, `first` + 1 and so on.
    #[must_use]
    pub fn new(chain: ChainId, first: u64, blocks: Vec<EvmBlock>) -> Self {
        Self::with_beacon_roots(chain, first, blocks, &BTreeMap::new())
    }

    /// The same, whose blocks of these numbers name the root of the beacon block that their parent is in, as blocks do
    /// since EIP-4788.
    #[must_use]
    pub fn with_beacon_roots(chain: ChainId, first: u64, blocks: Vec<EvmBlock>, roots: &BTreeMap<u64, Digest>) -> Self {
        Self::build(chain, first, blocks, roots, None)
    }

    /// The same, with payments in the blocks of these numbers. On such a chain gas is free: the base fee is 0.
    #[must_use]
    pub fn with_bodies(chain: ChainId, first: u64, blocks: Vec<EvmBlock>, bodies: BTreeMap<u64, EvmBody>) -> Self {
        Self::build(chain, first, blocks, &BTreeMap::new(), Some(bodies))
    }

    fn build(
        chain: ChainId,
        first: u64,
        blocks: Vec<EvmBlock>,
        roots: &BTreeMap<u64, Digest>,
        bodies: Option<BTreeMap<u64, EvmBody>>,
    ) -> Self {
        let base_fee = if bodies.is_some() { 0 } else { BASE_FEE };
        let (bodies, empty) = (bodies.unwrap_or_default(), EvmBody::default());
        let mut headers: Vec<(Vec<u8>, Digest)> = Vec::with_capacity(blocks.len());
        let mut below: Option<(&EvmBlock, B256)> = None;
        for (number, block) in (first..).zip(&blocks) {
            let parent = headers.last().map_or([0; 32], |(_, hash)| hash.to_bytes());
            // a state that did not change is hashed once
            let same = below.filter(|(below, _)| below.accounts == block.accounts);
            let state_root = same.map_or_else(|| state(&block.accounts, &[]).0, |(_, root)| root);
            below = Some((block, state_root));
            let body = bodies.get(&number).unwrap_or(&empty);
            let top = Top { parent, number, timestamp: block.timestamp, state_root, base_fee };
            let rlp = header(&top, body, roots.get(&number));
            let hash = Digest::from_bytes(keccak(&rlp));
            headers.push((rlp, hash));
        }
        Self { chain, first, blocks, headers, bodies }
    }

    /// The block of this number, when the chain has it.
    #[must_use]
    pub fn block(&self, number: u64) -> Option<BlockRef> {
        let (_, hash) = self.headers.get(self.position(number)?)?;
        Some(BlockRef { chain: self.chain.clone(), height: number, hash: *hash })
    }

    /// The last block.
    #[must_use]
    pub fn tip(&self) -> Option<BlockRef> {
        let last = u64::try_from(self.headers.len()).ok()?.checked_sub(1)?;
        self.block(self.first.checked_add(last)?)
    }

    fn position(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    /// `headers.jsonl` with every block.
    #[must_use]
    pub fn headers_file(&self) -> Vec<u8> {
        let lines = self.headers.iter().map(|(rlp, _)| format!("{{\"rlp\":\"{}\"}}\n", hex::encode(rlp)));
        lines.collect::<String>().into_bytes()
    }

    /// The nodes that lead to each address, and to each slot named with it, in the state of block `number`; they show
    /// an absence where there is nothing. None when the chain has no such block.
    #[must_use]
    pub fn nodes(&self, number: u64, asked: &[(EvmAddress, Vec<Slot>)]) -> NodePool {
        let Some(block) = self.position(number).and_then(|at| self.blocks.get(at)) else { return NodePool::default() };
        let addresses: Vec<EvmAddress> = asked.iter().map(|(address, _)| *address).collect();
        let (_, mut nodes) = state(&block.accounts, &addresses);
        for (address, slots) in asked {
            if let Some(account) = block.accounts.get(address) {
                nodes.extend(storage(&account.storage, slots).1);
            }
        }
        nodes.into_iter().collect()
    }

    /// `nodes.bin` with the accounts of these addresses and none of their slots.
    #[must_use]
    pub fn nodes_file(&self, number: u64, addresses: &[EvmAddress]) -> Vec<u8> {
        let asked: Vec<(EvmAddress, Vec<Slot>)> = addresses.iter().map(|address| (*address, Vec::new())).collect();
        self.nodes(number, &asked).to_file()
    }

    /// A transcript of a node at the chain's tip; `None` for a chain without blocks.
    #[must_use]
    pub fn transcript(&self, fetched_at: Time, calls: Vec<Call>) -> Option<Transcript> {
        Some(Transcript::new(self.tip()?, "counterfoil embedded EVM chain".to_owned(), fetched_at, calls))
    }
}

/// A node's answer to `eth_getBalance`.
#[must_use]
pub fn balance_call(address: EvmAddress, number: u64, balance: u128) -> Call {
    Call {
        method: "eth_getBalance".to_owned(),
        params: format!("[\"{address}\",\"0x{number:x}\"]"),
        result: format!("\"0x{balance:x}\""),
    }
}

/// A node's answer to `eth_call` of `balanceOf(address)` at the contract `token`.
#[must_use]
pub fn token_call(token: EvmAddress, holder: EvmAddress, number: u64, balance: u128) -> Call {
    let holder = hex::encode(holder.to_bytes());
    let data = format!("0x70a08231{}{holder}", "0".repeat(24));
    Call {
        method: "eth_call".to_owned(),
        params: format!("[{{\"data\":\"{data}\",\"to\":\"{token}\"}},\"0x{number:x}\"]"),
        result: format!("\"0x{balance:064x}\""),
    }
}

/// What a header says beside its transactions.
struct Top {
    parent: [u8; 32],
    number: u64,
    timestamp: u64,
    state_root: B256,
    base_fee: u64,
}

/// The fields of a header since EIP-4895; with a beacon root those since EIP-4788.
fn header(top: &Top, body: &EvmBody, beacon: Option<&Digest>) -> Vec<u8> {
    let mut fields = vec![
        top.parent.to_vec(),
        hex::decode(NO_UNCLES).unwrap_or_default(),
        vec![0; 20], // fee recipient
        top.state_root.to_vec(),
        body.transactions_root().to_vec(),
        body.receipts_root().to_vec(),
        vec![0; 256],     // bloom: payments write no logs
        integer_bytes(0), // difficulty
        integer_bytes(top.number),
        integer_bytes(30_000_000), // gas limit
        integer_bytes(body.gas()),
        integer_bytes(top.timestamp),
        b"counterfoil lab".to_vec(), // extra data
        vec![0; 32],                 // mix hash
        vec![0; 8],                  // nonce
        integer_bytes(top.base_fee),
        EMPTY_ROOT_HASH.to_vec(), // withdrawals
    ];
    if let Some(root) = beacon {
        // no blobs, and none in excess
        fields.extend([integer_bytes(0), integer_bytes(0), root.to_bytes().to_vec()]);
    }
    encode(&fields)
}

/// The root of a state, and the nodes from it towards each address.
fn state(accounts: &BTreeMap<EvmAddress, EvmAccount>, addresses: &[EvmAddress]) -> (B256, Vec<Vec<u8>>) {
    let leaves = accounts.iter().map(|(address, account)| {
        let code_hash = match account.code_hash {
            Some(hash) => B256::from(hash.to_bytes()),
            None if account.code.is_empty() => KECCAK_EMPTY,
            None => B256::from(keccak(&account.code)),
        };
        let storage_root = storage(&account.storage, &[]).0;
        let leaf = TrieAccount::new(account.nonce, account.balance, storage_root, code_hash);
        (address.to_bytes().to_vec(), alloy_rlp::encode(leaf))
    });
    trie(leaves, addresses.iter().map(|address| address.to_bytes().to_vec()))
}

/// The root of a contract's storage, and the nodes from it towards each slot.
fn storage(words: &BTreeMap<Slot, U256>, slots: &[Slot]) -> (B256, Vec<Vec<u8>>) {
    let leaves = words.iter().filter(|(_, word)| !word.is_zero());
    let leaves = leaves.map(|(slot, word)| (slot.to_vec(), alloy_rlp::encode(word)));
    trie(leaves, slots.iter().map(|slot| slot.to_vec()))
}

/// A trie in which a key is the hash of a name: its root, and the nodes from it towards each of `asked`.
fn trie(
    leaves: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
    asked: impl Iterator<Item = Vec<u8>>,
) -> (B256, Vec<Vec<u8>>) {
    let key = |name: &[u8]| Nibbles::unpack(keccak(name));
    let targets: Vec<Nibbles> = asked.map(|name| key(&name)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(<ProofRetainer>::new(targets.clone()));
    // the trie is built in the order of its keys
    let leaves: BTreeMap<Nibbles, Vec<u8>> = leaves.map(|(name, value)| (key(&name), value)).collect();
    for (key, value) in leaves {
        builder.add_leaf(key, &value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    (root, nodes.into_nodes_sorted().into_iter().map(|(_, node)| node.to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reserve::evm::account_proof::verify;
    use crate::reserve::evm::header::EvmHeader;
    use crate::reserve::evm::storage_proof;

    #[test]
    fn states_of_every_size_prove_presence_and_absence() {
        for count in [0_u8, 1, 2, 3, 31, 100] {
            let address = |number: u8| EvmAddress::from_bytes([number; 20]);
            let account = |number: u8| EvmAccount {
                balance: U256::from(number) + U256::from(5),
                nonce: u64::from(number),
                storage: (0..number).map(|slot| ([slot; 32], U256::from(slot))).collect(),
                ..EvmAccount::default()
            };
            let accounts: BTreeMap<_, _> = (0..count).map(|number| (address(number), account(number))).collect();
            let asked: Vec<_> = (0..count).chain([250, 251]).map(address).collect();
            let (root, nodes) = state(&accounts, &asked);
            let pool: NodePool = nodes.into_iter().collect();
            for address in &asked {
                let shown = verify(&Digest::from_bytes(root.0), *address, &pool).expect("a proof");
                let kept = accounts.get(address);
                assert_eq!(shown.map(|account| account.balance), kept.map(|account| account.balance));
                let (Some(shown), Some(kept)) = (shown, kept) else { continue };
                let slots: Vec<Slot> = kept.storage.keys().copied().chain([[0xff; 32]]).collect();
                let pool: NodePool = storage(&kept.storage, &slots).1.into_iter().collect();
                for slot in slots {
                    let word = storage_proof::verify(&shown.storage_root, &slot, &pool).expect("a proof");
                    assert_eq!(word, kept.storage.get(&slot).copied().unwrap_or_default());
                }
            }
        }
    }

    #[test]
    fn headers_name_each_other() {
        let blocks = vec![EvmBlock { timestamp: 10, ..EvmBlock::default() }; 3];
        let chain = EvmChain::new("eip155:1337".parse().expect("a chain"), 5, blocks);
        let headers: Vec<_> = chain.headers.iter().map(|(rlp, _)| EvmHeader::parse(rlp).expect("a header")).collect();
        assert_eq!(headers[2].parent(), headers[1].hash());
        assert_eq!(chain.tip(), chain.block(7));
        assert_eq!(chain.block(4), None);
        assert_eq!(chain.block(8), None);
    }
}
