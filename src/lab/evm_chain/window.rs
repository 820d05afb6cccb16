//! The window of an embedded EVM chain: the files that `fetch evm --window` would write.

use super::EvmChain;
use crate::bundle::{MemoryFiles, paths};
use crate::json::JsonError;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::storage_proof::Slot;
use crate::reserve::evm::trie::NodePool;
use crate::reserve::evm::window::file::WindowFile;

impl EvmChain {
    /// Headers, nodes and `window.jsonl`, their paths within the folder of the chain: proofs of each asked address and
    /// of the slots named with it at the blocks `at`. They take the place of the files of a single block, so `at` has
    /// the cut-off block in it. Blocks of the range with payments come with body and receipts.
    ///
    /// # Errors
    /// [`JsonError`], never for two numbers.
    pub fn window_files(
        &self,
        (from, to): (u64, u64),
        asked: &[(EvmAddress, Vec<Slot>)],
        at: impl IntoIterator<Item = u64>,
    ) -> Result<MemoryFiles, JsonError> {
        let mut pool = NodePool::default();
        for number in at {
            self.nodes(number, asked).iter().for_each(|node| pool.insert(node.to_vec()));
        }
        let files = [
            (paths::EVM_HEADERS, self.headers_file()),
            (paths::EVM_NODES, pool.to_file()),
            (paths::WINDOW, WindowFile { from, to }.to_file()?),
        ];
        let mut files: MemoryFiles = files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        for (number, body) in self.bodies.range(from..=to) {
            files.insert(paths::evm_body(*number), body.body_file());
            files.insert(paths::evm_receipts(*number), body.receipts_file());
        }
        Ok(files)
    }
}
