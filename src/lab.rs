//! The laboratory: embedded chains and a made-up venue, checked by the same code as real ones.

pub mod bitcoin_chain;
pub mod evm_chain;
pub mod example_venue;
pub mod ledger;
pub mod many_addresses;
pub mod ring;
pub mod utxo_set;
