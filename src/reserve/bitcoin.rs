//! Evidence on Bitcoin. Specifications: `docs/spec/bitcoin-control.md`, `docs/spec/bitcoin-balance.md`.

pub mod balance;
pub mod bip322;
pub mod control;
pub mod header;
pub mod merkle_proof;
pub mod message;
pub mod network;
pub mod scan;
pub mod sign;
