//! An embedded EVM chain: a state per block, headers that name each other, and the files that a fetch would write.
//!
//! Everything follows from the arguments; two runs give the same bytes. Blocks hold no transactions: a state is
//! what its author says, as in a genesis block.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256};
use alloy_trie::proof::ProofRetainer;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, KECCAK_EMPTY, Nibbles, TrieAccount};

use crate::asset::ChainId;
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::header::{encode, integer_bytes};
use crate::reserve::evm::keccak;
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::{BlockRef, Time};

/// keccak(rlp([])): the hash of an empty list of uncles.
const NO_UNCLES: &str = "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

/// What one account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvmAccount {
    /// Base units of the native coin.
    pub balance: U256,
    /// Transactions sent.
    pub nonce: u64,
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
}

impl EvmChain {
    /// Blocks with the numbers `first`, `first` + 1 and so on.
    #[must_use]
    pub fn new(chain: ChainId, first: u64, blocks: Vec<EvmBlock>) -> Self {
        let mut headers: Vec<(Vec<u8>, Digest)> = Vec::with_capacity(blocks.len());
        for (number, block) in (first..).zip(&blocks) {
            let parent = headers.last().map_or([0; 32], |(_, hash)| hash.to_bytes());
            let rlp = header(parent, number, block);
            let hash = Digest::from_bytes(keccak(&rlp));
            headers.push((rlp, hash));
        }
        Self { chain, first, blocks, headers }
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

    /// `proofs.jsonl`: a proof of each address in the state of block `number`, of its absence when the state has
    /// no such account. Empty when the chain has no such block.
    #[must_use]
    pub fn proofs_file(&self, number: u64, addresses: &[EvmAddress]) -> Vec<u8> {
        let Some(block) = self.position(number).and_then(|at| self.blocks.get(at)) else { return Vec::new() };
        let (_, proofs) = state(&block.accounts, addresses);
        let lines = addresses.iter().zip(proofs).map(|(address, nodes)| {
            let nodes: Vec<String> = nodes.iter().map(|node| format!("\"{}\"", hex::encode(node))).collect();
            format!("{{\"account_proof\":[{}],\"address\":\"{address}\"}}\n", nodes.join(","))
        });
        lines.collect::<String>().into_bytes()
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

/// The fields of a header since EIP-4895, of a block without transactions.
fn header(parent: [u8; 32], number: u64, block: &EvmBlock) -> Vec<u8> {
    let (state_root, _) = state(&block.accounts, &[]);
    let empty_root = EMPTY_ROOT_HASH.to_vec();
    encode(&[
        parent.to_vec(),
        hex::decode(NO_UNCLES).unwrap_or_default(),
        vec![0; 20], // fee recipient
        state_root.to_vec(),
        empty_root.clone(), // transactions
        empty_root.clone(), // receipts
        vec![0; 256],       // bloom
        integer_bytes(0),   // difficulty
        integer_bytes(number),
        integer_bytes(30_000_000), // gas limit
        integer_bytes(0),          // gas used
        integer_bytes(block.timestamp),
        b"counterfoil lab".to_vec(), // extra data
        vec![0; 32],                 // mix hash
        vec![0; 8],                  // nonce
        integer_bytes(7),            // base fee
        empty_root,                  // withdrawals
    ])
}

/// The root of a state, and for each address the nodes from the root towards its key.
fn state(accounts: &BTreeMap<EvmAddress, EvmAccount>, addresses: &[EvmAddress]) -> (B256, Vec<Vec<Vec<u8>>>) {
    let key = |address: &EvmAddress| Nibbles::unpack(keccak(&address.to_bytes()));
    let targets: Vec<Nibbles> = addresses.iter().map(key).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(<ProofRetainer>::new(targets.clone()));
    // the trie is built in the order of its keys
    let leaves: BTreeMap<Nibbles, &EvmAccount> =
        accounts.iter().map(|(address, account)| (key(address), account)).collect();
    for (key, account) in leaves {
        let leaf = TrieAccount::new(account.nonce, account.balance, EMPTY_ROOT_HASH, KECCAK_EMPTY);
        builder.add_leaf(key, &alloy_rlp::encode(leaf));
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proof =
        |target: &Nibbles| nodes.matching_nodes_sorted(target).into_iter().map(|(_, node)| node.to_vec()).collect();
    (root, targets.iter().map(proof).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reserve::evm::account_proof::verify;
    use crate::reserve::evm::header::EvmHeader;

    #[test]
    fn states_of_every_size_prove_presence_and_absence() {
        for count in [0_u8, 1, 2, 3, 31, 100] {
            let address = |number: u8| EvmAddress::from_bytes([number; 20]);
            let accounts = (0..count).map(|number| {
                (address(number), EvmAccount { balance: U256::from(number) + U256::from(5), nonce: u64::from(number) })
            });
            let accounts: BTreeMap<_, _> = accounts.collect();
            let asked: Vec<_> = (0..count).chain([250, 251]).map(address).collect();
            let (root, proofs) = state(&accounts, &asked);
            for (address, nodes) in asked.iter().zip(&proofs) {
                let account = verify(&Digest::from_bytes(root.0), *address, nodes).expect("a proof");
                assert_eq!(
                    account.map(|account| account.balance),
                    accounts.get(address).map(|account| account.balance)
                );
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
