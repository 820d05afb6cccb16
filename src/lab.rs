//! The laboratory: embedded chains, made in process and checked by the same code as real ones.

pub mod bitcoin_chain;
pub mod evm_chain;
