//! Liabilities: a Merkle sum tree per asset and class. Specifications: `docs/spec/leaf.md`, `docs/spec/sum-tree.md`,
//! `docs/spec/inclusion-proof.md`, `docs/spec/sealed-proof.md`.

mod build;
pub mod inclusion_proof;
pub mod leaf;
pub mod prover;
pub mod sealed_proof;
pub mod storage;
pub mod store;
pub mod sum_tree;
pub mod tree_audit;
mod turn;

pub use build::{BuildError, BuildOptions, Built, FAULTS_KEPT, LedgerCounts, MEMORY_MIN, Phase, Progress, build};
