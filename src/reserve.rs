//! Reserves: who controls which addresses, and what they hold. Specification: `docs/spec/reserve.md`.
//!
//! Nothing here knows of liabilities. The verifier supplies every question (address, block, line to sign); files
//! of a bundle only answer.

pub mod address_set;
pub mod bitcoin;
pub mod challenge;
pub mod claim;
pub mod evm;
pub(crate) mod parallel;
pub mod transcript;
pub mod window;
