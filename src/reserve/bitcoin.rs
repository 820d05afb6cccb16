//! Evidence on Bitcoin. Specifications: `docs/spec/bitcoin-control.md`, `docs/spec/bitcoin-balance.md`,
//! `docs/spec/descriptor.md`, `docs/spec/window.md`.

pub mod activity;
pub mod balance;
pub mod beacon;
pub mod blocks;
pub mod control;
pub mod descriptor;
pub mod header;
pub mod merkle_proof;
pub mod network;
pub mod own;
pub mod set_pins;
pub mod utxo_snapshot;
pub mod window;
