//! Files of blocks: those of Bitcoin Core (network's magic, length, block), and plain blocks one after another. One
//! block at a time is in memory, and only such as are asked for.

use std::io::{self, Cursor, Read};

use bitcoin::block::Header;
use bitcoin::consensus::{Decodable as _, encode};
use bitcoin::p2p::Magic;
use bitcoin::{Block, BlockHash, Network};

use super::whole::BLOCK_LENGTH_MAX;
use crate::bundle::SourceError;
use crate::code::{Code, Coded, bitcoin_chain as codes};
use crate::reserve::bitcoin::header::HEADER_LENGTH;
use crate::reserve::bitcoin::network::NETWORKS;

/// Bytes of the key in `xor.dat`.
pub const OBFUSCATION_LENGTH: usize = 8;

/// The verifier's own block files. They may be read more than once.
pub trait BlockFiles {
    /// The names, in the order in which they are read.
    fn names(&self) -> Vec<String>;

    /// Opens a file by its name.
    ///
    /// # Errors
    /// [`SourceError`] with the system's words.
    fn open(&self, name: &str) -> Result<BlockFile<'_>, SourceError>;
}

/// One open file.
pub struct BlockFile<'a> {
    /// Its bytes.
    pub reader: Box<dyn Read + 'a>,
    /// What a node has combined them with, byte by byte, so that no program mistakes a file for something else; zeros
    /// where it has not.
    pub key: [u8; OBFUSCATION_LENGTH],
}

/// Block files in memory: name and bytes.
pub type MemoryBlocks = Vec<(String, Vec<u8>)>;

impl BlockFiles for MemoryBlocks {
    fn names(&self) -> Vec<String> {
        self.iter().map(|(name, _)| name.clone()).collect()
    }

    fn open(&self, name: &str) -> Result<BlockFile<'_>, SourceError> {
        let found = self.iter().find(|(known, _)| known == name);
        let missing = || SourceError { path: name.to_owned(), detail: "there is no such file".to_owned() };
        let (_, bytes) = found.ok_or_else(missing)?;
        Ok(BlockFile { reader: Box::new(bytes.as_slice()), key: [0; OBFUSCATION_LENGTH] })
    }
}

/// One block of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundBlock {
    /// The hash of its header.
    pub hash: BlockHash,
    /// The whole block, not yet checked.
    pub bytes: Vec<u8>,
}

/// How blocks follow one another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Magic, length, block.
    Framed,
    /// Block after block.
    Plain,
}

/// Reads a file block by block.
pub struct BlockReader<'a> {
    input: Input<'a>,
    network: Network,
    framing: Option<Framing>,
}

impl<'a> BlockReader<'a> {
    /// Reads blocks of `network` from a file. Which of the two forms it has, its first four bytes show.
    #[must_use]
    pub fn new(network: Network, file: BlockFile<'a>) -> Self {
        Self { input: Input { file, offset: 0, raw_zero: true }, network, framing: None }
    }

    /// The next block of which `wanted` says yes; others are passed over. `None` at the end.
    ///
    /// # Errors
    /// [`BlockFileError`]; there is no way to go on behind it.
    pub fn next(&mut self, wanted: &mut dyn FnMut(BlockHash) -> bool) -> Result<Option<FoundBlock>, BlockFileError> {
        loop {
            let start = self.input.offset;
            let mut magic = [0; 4];
            let got = self.input.fill(&mut magic)?;
            let begun = magic.get(..got).unwrap_or_default();
            if begun.is_empty() {
                return Ok(None);
            }
            if self.framing != Some(Framing::Plain) && (self.input.raw_zero || begun.iter().all(|byte| *byte == 0)) {
                // files are set aside in advance, filled with zeros
                return self.input.only_zeros_left().map(|()| None);
            }
            if got < magic.len() {
                return Err(BlockFileError::Cut { start });
            }
            let found = match self.framing(magic) {
                Framing::Framed => self.framed(start, magic, wanted)?,
                Framing::Plain => self.plain(start, magic, wanted)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn framing(&mut self, magic: [u8; 4]) -> Framing {
        let known = NETWORKS.into_iter().any(|network| network.magic() == Magic::from_bytes(magic));
        let obfuscated = self.input.file.key != [0; OBFUSCATION_LENGTH];
        *self.framing.get_or_insert(if known || obfuscated { Framing::Framed } else { Framing::Plain })
    }

    fn framed(
        &mut self,
        start: u64,
        magic: [u8; 4],
        wanted: &mut dyn FnMut(BlockHash) -> bool,
    ) -> Result<Option<FoundBlock>, BlockFileError> {
        if self.network.magic() != Magic::from_bytes(magic) {
            return Err(BlockFileError::Magic { start, got: magic, expected: self.network });
        }
        let cut = BlockFileError::Cut { start };
        let mut length = [0; 4];
        self.input.exact(&mut length, &cut)?;
        let got = u32::from_le_bytes(length);
        let length = usize::try_from(got).ok().filter(|length| (HEADER_LENGTH + 1..=BLOCK_LENGTH_MAX).contains(length));
        let length = length.ok_or(BlockFileError::Length { start, got })?;
        let mut bytes = vec![0; HEADER_LENGTH];
        self.input.exact(&mut bytes, &cut)?;
        let hash = hash_of(&bytes).ok_or_else(|| cut.clone())?;
        if wanted(hash) {
            bytes.resize(length, 0);
            self.input.exact(bytes.get_mut(HEADER_LENGTH..).unwrap_or_default(), &cut)?;
            return Ok(Some(FoundBlock { hash, bytes }));
        }
        let mut scratch = [0; 1 << 14];
        let mut left = length - HEADER_LENGTH;
        while left > 0 {
            let size = left.min(scratch.len());
            self.input.exact(scratch.get_mut(..size).unwrap_or_default(), &cut)?;
            left -= size;
        }
        Ok(None)
    }

    /// A block without a length in front: it ends where its last transaction does.
    fn plain(
        &mut self,
        start: u64,
        begun: [u8; 4],
        wanted: &mut dyn FnMut(BlockHash) -> bool,
    ) -> Result<Option<FoundBlock>, BlockFileError> {
        let mut header = [0; HEADER_LENGTH];
        let (front, rest) = header.split_at_mut(begun.len());
        front.copy_from_slice(&begun);
        self.input.exact(rest, &BlockFileError::Cut { start })?;
        let parsed = encode::deserialize::<Header>(&header).ok();
        if !parsed.is_some_and(|header| header.target().is_met_by(header.block_hash())) {
            return Err(BlockFileError::Magic { start, got: begun, expected: self.network });
        }
        let mut bytes = Vec::new();
        let source = Cursor::new(header).chain(&mut self.input);
        let mut copied = Copied { source: source.take(BLOCK_LENGTH_MAX as u64), bytes: &mut bytes };
        let decoded = Block::consensus_decode(&mut copied);
        match decoded {
            Ok(block) => {
                let hash = block.block_hash();
                Ok(wanted(hash).then_some(FoundBlock { hash, bytes }))
            }
            Err(encode::Error::Io(error)) => Err(match error.kind() {
                bitcoin::io::ErrorKind::UnexpectedEof => BlockFileError::Cut { start },
                _ => BlockFileError::Unreadable { detail: error.to_string() },
            }),
            Err(_) => Err(BlockFileError::Magic { start, got: begun, expected: self.network }),
        }
    }
}

fn hash_of(header: &[u8]) -> Option<BlockHash> {
    encode::deserialize::<Header>(header).ok().map(|header| header.block_hash())
}

/// A file as the node meant it, with the place in it.
struct Input<'a> {
    file: BlockFile<'a>,
    offset: u64,
    /// Whether the last bytes were zeros as they stand in the file.
    raw_zero: bool,
}

impl Input<'_> {
    /// Reads until `buffer` is full or the file ends.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, BlockFileError> {
        let mut got = 0;
        let mut zero = true;
        while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.read(rest) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(BlockFileError::Unreadable { detail: error.to_string() }),
            }
            zero &= self.raw_zero;
        }
        self.raw_zero = zero;
        Ok(got)
    }

    fn exact(&mut self, buffer: &mut [u8], cut: &BlockFileError) -> Result<(), BlockFileError> {
        if self.fill(buffer)? == buffer.len() { Ok(()) } else { Err(cut.clone()) }
    }

    fn only_zeros_left(&mut self) -> Result<(), BlockFileError> {
        let mut scratch = [0; 1 << 14];
        loop {
            let start = self.offset;
            let got = self.fill(&mut scratch)?;
            let begun = scratch.get(..got).unwrap_or_default();
            if begun.is_empty() {
                return Ok(());
            }
            if !self.raw_zero && begun.iter().any(|byte| *byte != 0) {
                return Err(BlockFileError::Behind { start });
            }
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.file.reader.read(buffer)?;
        let read = buffer.get_mut(..got).unwrap_or_default();
        self.raw_zero = read.iter().all(|byte| *byte == 0);
        let phase = usize::try_from(self.offset % OBFUSCATION_LENGTH as u64).unwrap_or_default();
        let key = self.file.key.iter().cycle().skip(phase);
        for (byte, key) in read.iter_mut().zip(key) {
            *byte ^= key;
        }
        self.offset = self.offset.saturating_add(got as u64);
        Ok(got)
    }
}

/// Keeps what is read.
struct Copied<'a, R> {
    source: R,
    bytes: &'a mut Vec<u8>,
}

impl<R: Read> bitcoin::io::Read for Copied<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, bitcoin::io::Error> {
        let got = self.source.read(buffer).map_err(bitcoin::io::Error::from)?;
        self.bytes.extend_from_slice(buffer.get(..got).unwrap_or_default());
        Ok(got)
    }
}

/// Why a file of blocks cannot be read on. Places count in bytes from the beginning of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFileError {
    /// Something stands behind the zeros at the end.
    #[error("something stands behind the zeros at the end, in the 16,384 bytes from {start} on")]
    Behind {
        /// Where.
        start: u64,
    },
    /// The file ends within a block.
    #[error("the file ends within the block at byte {start}")]
    Cut {
        /// Where the block begins.
        start: u64,
    },
    /// A length that no block has.
    #[error("the block at byte {start} has the length {got}, expected at most {BLOCK_LENGTH_MAX} and more than 80")]
    Length {
        /// Where the block begins.
        start: u64,
        /// The length.
        got: u32,
    },
    /// No block of this network begins here.
    #[error(
        "at byte {start} stand {}, expected a block or the magic of {expected}, {}",
        hex::encode(got),
        expected.magic()
    )]
    Magic {
        /// Where.
        start: u64,
        /// Four bytes.
        got: [u8; 4],
        /// The network.
        expected: Network,
    },
    /// The system's words.
    #[error("{detail}")]
    Unreadable {
        /// The system's words.
        detail: String,
    },
}

impl Coded for BlockFileError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Cut { .. } => &codes::BLOCK_FILE_CUT,
            Self::Length { .. } => &codes::BLOCK_FILE_LENGTH,
            Self::Behind { .. } | Self::Magic { .. } => &codes::BLOCK_FILE_MAGIC,
            Self::Unreadable { .. } => &codes::BLOCK_FILE_UNREADABLE,
        }
    }
}

#[cfg(test)]
mod tests;
