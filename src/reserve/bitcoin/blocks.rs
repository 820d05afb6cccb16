//! Whole blocks: what their bytes must be, files that hold them, and their replay.
//!
//! A header commits to all transactions of its block, so a block that leads to an anchored header's Merkle root is
//! whole: nothing was added, and nothing was left out.

mod files;
mod replay;
mod whole;

pub use files::{BlockFile, BlockFileError, BlockFiles, BlockReader, FoundBlock, MemoryBlocks, OBFUSCATION_LENGTH};
pub use replay::{Opening, Replay, ReplayQuery, ReplayedCoin, replay};
pub use whole::{BLOCK_LENGTH_MAX, BlockError, whole_block};
