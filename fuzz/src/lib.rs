//! What each fuzz target does with its bytes: nothing may panic, and what is accepted must be true.
//!
//! The targets in `fuzz_targets/` call these functions with bytes that libFuzzer makes up; `tests/fuzz_corpora.rs` calls
//! them with the bytes kept in `corpus/`, as an ordinary test.
#![allow(unreachable_pub, dead_code, reason = "a crate here, and a module of a test there")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a finding is a panic")]

mod amounts;
mod blocks;
mod bundles;
mod claims;
mod control;
mod depositors;
mod descriptors;
mod documents;
mod ethereum;
mod evm;
mod flows;
mod foreign;
mod honest;
mod keys;
mod ledgers;
mod logs;
mod networks;
#[cfg(feature = "parquet")]
mod parquets;
mod policies;
mod published;
mod ranges;
mod receipts;
mod sealed;
mod sheets;
mod stores;
mod utxo_snapshots;
mod windows;

pub use amounts::amount;
pub use blocks::{block_file, merkle_block};
pub use bundles::manifest;
pub use claims::claims;
pub use control::{control_signature, psbt_proof};
pub use depositors::depositor;
pub use descriptors::descriptor_list;
pub use documents::{inclusion_proof, json, statement};
pub use ethereum::{light_client_update, receipts, staked_ether};
pub use evm::{evm_account_proof, evm_header, evm_storage_proof, evm_token_registry};
pub use flows::evm_transactions;
pub use foreign::{foreign_list, foreign_proof, foreign_tree};
pub use keys::key_file;
pub use ledgers::ledger;
pub use logs::{log_proof, witness_request};
pub use networks::{clearing, deposit_claim, transfers};
#[cfg(feature = "parquet")]
pub use parquets::parquet;
pub use policies::{assumptions, network_policy, policy};
pub use published::published;
pub use ranges::compact_range;
pub use receipts::venue_receipt;
pub use sealed::sealed_pack;
pub use sheets::{sheet, sheet_table};
pub use stores::store;
pub use utxo_snapshots::utxo_snapshot;
pub use windows::evm_window;

/// What honest programs write, as inputs: the target, a name, and the bytes.
pub fn honest_inputs() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut inputs = vec![("sealed_pack", "pack".to_owned(), sealed::honest_pack())];
    inputs.push(("key_file", "locked".to_owned(), keys::honest_file()));
    inputs.extend(blocks::honest_blocks());
    inputs.extend(depositors::honest_files().into_iter().map(|(name, bytes)| ("depositor", name, bytes)));
    inputs.push(("descriptor_list", "list".to_owned(), descriptors::honest_list()));
    inputs.push(("statement", "signed".to_owned(), documents::honest_statement(true)));
    inputs.push(("statement", "draft".to_owned(), documents::honest_statement(false)));
    inputs.push(("receipts", "all-types".to_owned(), ethereum::honest_receipts()));
    inputs.push(("venue_receipt", "snapshot".to_owned(), receipts::honest_receipt(true)));
    inputs.push(("venue_receipt", "moment".to_owned(), receipts::honest_receipt(false)));
    inputs.push(("venue_receipt", "dispute".to_owned(), receipts::honest_dispute()));
    let of_blocks = flows::honest_transactions().into_iter();
    inputs.extend(of_blocks.map(|(name, bytes)| ("evm_transactions", name.to_owned(), bytes)));
    inputs.extend(control::honest_proofs().into_iter().map(|(name, bytes)| ("control_signature", name, bytes)));
    inputs.extend(control::honest_files().into_iter().map(|(name, bytes)| ("psbt_proof", name, bytes)));
    for (name, bytes) in utxo_snapshots::honest_snapshots() {
        inputs.push(("utxo_snapshot", name.to_owned(), bytes));
    }
    inputs.extend(evm::honest());
    inputs.extend(foreign::honest_files());
    inputs.extend(sheets::honest_files());
    inputs.extend(policies::honest_files());
    inputs.extend(bundles::honest_files());
    inputs.extend(claims::honest_files());
    inputs.extend(published::honest_files());
    inputs.extend(ranges::honest_files());
    inputs.extend(windows::honest_windows().into_iter().map(|(name, bytes)| ("evm_window", name, bytes)));
    for (number, build) in honest::builds().iter().enumerate() {
        for (account, proof) in &build.proofs {
            let name = format!(
                "{number}-{}",
                account.escape_unicode().filter(char::is_ascii_alphanumeric).collect::<String>()
            );
            inputs.push(("inclusion_proof", name, counterfoil::json::canonical(proof).unwrap()));
        }
        inputs.push(("store", format!("header-{number}"), stores::honest_header(number)));
    }
    inputs
}

/// A target: its body, which takes any bytes.
pub type Target = fn(&[u8]);

/// Every target with the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("amount", amount),
    ("assumptions", assumptions),
    ("block_file", block_file),
    ("claims", claims),
    ("clearing", clearing),
    ("compact_range", compact_range),
    ("control_signature", control_signature),
    ("deposit_claim", deposit_claim),
    ("depositor", depositor),
    ("descriptor_list", descriptor_list),
    ("evm_account_proof", evm_account_proof),
    ("evm_header", evm_header),
    ("evm_storage_proof", evm_storage_proof),
    ("evm_token_registry", evm_token_registry),
    ("evm_transactions", evm_transactions),
    ("evm_window", evm_window),
    ("foreign_list", foreign_list),
    ("foreign_proof", foreign_proof),
    ("foreign_tree", foreign_tree),
    ("inclusion_proof", inclusion_proof),
    ("json", json),
    ("key_file", key_file),
    ("ledger", ledger),
    ("light_client_update", light_client_update),
    ("log_proof", log_proof),
    ("manifest", manifest),
    ("merkle_block", merkle_block),
    ("network_policy", network_policy),
    #[cfg(feature = "parquet")]
    ("parquet", parquet),
    ("policy", policy),
    ("psbt_proof", psbt_proof),
    ("published", published),
    ("receipts", receipts),
    ("sealed_pack", sealed_pack),
    ("sheet", sheet),
    ("sheet_table", sheet_table),
    ("staked_ether", staked_ether),
    ("statement", statement),
    ("store", store),
    ("transfers", transfers),
    ("utxo_snapshot", utxo_snapshot),
    ("venue_receipt", venue_receipt),
    ("witness_request", witness_request),
];
