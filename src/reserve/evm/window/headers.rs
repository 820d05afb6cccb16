//! The headers of a window: every block, each the parent of the next, up to one that the verifier anchored.

use alloy_primitives::{Bloom, BloomInput};
use alloy_rlp::Header as RlpHeader;

use super::error::WindowError;
use crate::asset::ChainId;
use crate::hash::Digest;
use crate::reserve::evm::header::EvmHeader;
use crate::snapshot::BlockRef;

/// The longest window, in blocks: about five months of Ethereum.
pub const BLOCKS_MAX: usize = 1 << 20;

const RECEIPTS_ROOT: usize = 5;
const BLOOM: usize = 6;

/// Chains for whose rules about nonces and logs somebody looked, with the numbers of header fields of the forks that
/// were looked at. London brought the sixteenth field and Prague the twenty-first; Osaka added none. A later fork that
/// adds one is unknown.
const REVIEWED: [(&str, std::ops::RangeInclusive<usize>, &str); 1] =
    [("eip155:1", 16..=21, "eip155:1 from London to Osaka, 16 to 21 fields")];

/// One block of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowHeader {
    header: EvmHeader,
    receipts_root: Digest,
    bloom: Bloom,
    fields: usize,
}

impl WindowHeader {
    /// Reads the RLP of one header.
    ///
    /// # Errors
    /// [`WindowError::Headers`].
    pub fn parse(rlp: &[u8]) -> Result<Self, WindowError> {
        let fail = |detail: String| WindowError::Headers { detail };
        let header = EvmHeader::parse(rlp).map_err(|error| fail(error.to_string()))?;
        let decode = |error: alloy_rlp::Error| fail(error.to_string());
        let mut list = RlpHeader::decode_bytes(&mut &*rlp, true).map_err(decode)?;
        let mut fields: Vec<&[u8]> = Vec::new();
        while !list.is_empty() {
            fields.push(RlpHeader::decode_bytes(&mut list, false).map_err(decode)?);
        }
        let at = |at: usize| fields.get(at).copied().unwrap_or_default();
        let receipts_root: [u8; 32] =
            at(RECEIPTS_ROOT).try_into().map_err(|_| fail("a receipts root that has not 32 bytes".to_owned()))?;
        let bloom: [u8; 256] = at(BLOOM).try_into().map_err(|_| fail("a bloom that has not 256 bytes".to_owned()))?;
        let receipts_root = Digest::from_bytes(receipts_root);
        Ok(Self { header, receipts_root, bloom: Bloom::from(bloom), fields: fields.len() })
    }

    /// The block's number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.header.number()
    }

    /// Hash, parent, state root and time.
    #[must_use]
    pub const fn header(&self) -> &EvmHeader {
        &self.header
    }

    /// The root over the block's receipts.
    #[must_use]
    pub const fn receipts_root(&self) -> &Digest {
        &self.receipts_root
    }

    /// Whether somebody looked at what moves coins on `chain` in the fork of this block.
    ///
    /// # Errors
    /// [`WindowError::Chain`].
    pub fn reviewed(&self, chain: &ChainId) -> Result<(), WindowError> {
        let entry = REVIEWED.iter().find(|(known, _, _)| *known == chain.as_str());
        if entry.is_some_and(|(_, fields, _)| fields.contains(&self.fields)) {
            return Ok(());
        }
        let reviewed = entry.or(REVIEWED.first()).map_or("none", |(_, _, words)| words);
        Err(WindowError::Chain { chain: chain.clone(), number: self.number(), fields: self.fields, reviewed })
    }

    /// Whether the bloom has every bit of another one.
    pub(super) fn may_have(&self, bits: &Bloom) -> bool {
        self.bloom.contains(bits)
    }

    /// Whether the bloom allows that an address or topic of a log is among those of this block. `false` is certain.
    #[must_use]
    pub fn may_log(&self, item: &[u8]) -> bool {
        self.bloom.contains_input(BloomInput::Raw(item))
    }
}

/// The headers of a whole window.
#[derive(Clone, Debug)]
pub struct WindowHeaders {
    chain: ChainId,
    headers: Vec<WindowHeader>,
}

impl WindowHeaders {
    /// Links the headers `rlps` of the blocks `from` to `last`. Both, and the hash of the last one, are the verifier's:
    /// it is anchored, and everything below it hangs on it.
    ///
    /// # Errors
    /// [`WindowError::Headers`] when a block is missing, or another one.
    pub fn link(rlps: &[Vec<u8>], from: u64, last: &BlockRef) -> Result<Self, WindowError> {
        let fail = |detail: String| Err(WindowError::Headers { detail });
        let expected = last.height.checked_sub(from).and_then(|span| span.checked_add(1));
        let fits = expected.is_some_and(|count| usize::try_from(count).is_ok_and(|count| count <= BLOCKS_MAX));
        if !fits || expected != Some(rlps.len() as u64) {
            return fail(format!(
                "{} headers for blocks {from} to {}; each block has one, and a window has at most {BLOCKS_MAX}",
                rlps.len(),
                last.height
            ));
        }
        let mut headers: Vec<WindowHeader> = Vec::with_capacity(rlps.len());
        for (number, rlp) in (from..=last.height).zip(rlps) {
            let header = WindowHeader::parse(rlp)?;
            if header.number() != number {
                return fail(format!("a header of block {}, expected block {number}", header.number()));
            }
            let before = headers.last().map(|before| before.header.hash());
            if before.is_some_and(|hash| hash != header.header.parent()) {
                return fail(format!("block {number} names another parent than the header before it"));
            }
            headers.push(header);
        }
        match headers.last() {
            Some(header) if header.header.hash() == last.hash => Ok(Self { chain: last.chain.clone(), headers }),
            _ => fail(format!("the last header is not that of {last}")),
        }
    }

    /// Number of the first block.
    #[must_use]
    pub fn from(&self) -> u64 {
        self.headers.first().map_or(0, WindowHeader::number)
    }

    /// Number of the last block.
    #[must_use]
    pub fn to(&self) -> u64 {
        self.headers.last().map_or(0, WindowHeader::number)
    }

    /// The header of a block; `None` outside of the window.
    #[must_use]
    pub fn at(&self, number: u64) -> Option<&WindowHeader> {
        let at = number.checked_sub(self.from())?;
        self.headers.get(usize::try_from(at).ok()?)
    }

    /// All of them, in rising order.
    pub fn iter(&self) -> impl Iterator<Item = &WindowHeader> {
        self.headers.iter()
    }

    /// Whether somebody looked at what moves coins on this chain, in every fork of the window.
    ///
    /// # Errors
    /// [`WindowError::Chain`] with the first block of another fork.
    pub fn reviewed(&self) -> Result<(), WindowError> {
        self.headers.iter().try_for_each(|header| header.reviewed(&self.chain))
    }
}
