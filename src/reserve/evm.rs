//! Evidence on EVM chains. Specifications: `docs/spec/evm-control.md`, `docs/spec/evm-balance.md`,
//! `docs/spec/evm-token.md`, `docs/spec/evm-flows.md`.

pub mod account_proof;
pub mod address;
pub mod answers;
pub mod balance;
pub mod control;
pub mod finality;
pub mod header;
pub mod lines;
pub mod pool;
pub mod staked;
pub mod state;
pub mod storage_proof;
pub mod token;
pub mod transactions;
pub mod trie;
pub mod window;

use alloy_primitives::keccak256;

/// Keccak-256, the hash of every EVM chain, as plain bytes.
#[must_use]
pub fn keccak(bytes: &[u8]) -> [u8; 32] {
    keccak256(bytes).0
}
