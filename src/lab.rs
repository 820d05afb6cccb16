//! The laboratory: embedded chains and a made-up venue, checked by the same code as real ones.

pub mod attacks;
pub mod bitcoin_chain;
mod books;
pub mod evm_chain;
pub mod example_venue;
pub mod forger;
mod joined;
pub mod ledger;
mod log_book;
pub mod many_addresses;
mod naive;
mod quoted;
pub mod ring;
pub mod scenario;
pub mod scenarios;
pub mod strategy;
pub mod told;
pub mod told_strategy;
pub mod utxo_set;
