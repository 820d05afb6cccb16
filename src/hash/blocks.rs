//! SHA-256 by whole blocks: many short messages that begin with the same blocks, as the leaves and nodes of a tree do.
//!
//! FIPS 180-4 turns a state and a block of 64 bytes into the next state. What all messages begin with is one state,
//! computed once; what remains of a message is padded here and hashed side by side with its neighbours.

use std::sync::LazyLock;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use super::lanes::compress_both;
use super::{Digest, Tag};

/// Bytes of a block.
const BLOCK: usize = 64;
/// Two blocks hold a message of this length with its padding.
pub const SHORT_MAX: usize = 2 * BLOCK - 9;
/// FIPS 180-4, section 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The state after one block that many messages begin with.
#[derive(Clone, Copy)]
pub struct Midstate([u32; 8]);

impl Midstate {
    /// The state after a first block.
    #[must_use]
    pub fn after(block: &[u8; BLOCK]) -> Self {
        let mut state = INITIAL;
        compress256(&mut state, std::slice::from_ref(block));
        Self(state)
    }

    /// The state that every message of this kind begins with: the doubled tag fills one block.
    #[must_use]
    pub fn of(tag: Tag) -> Self {
        TAGS.get(tag as usize).copied().unwrap_or(Self(INITIAL))
    }
}

impl Zeroize for Midstate {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

static TAGS: LazyLock<[Midstate; Tag::ALL.len()]> = LazyLock::new(|| {
    Tag::ALL.map(|tag| {
        let hash: [u8; 32] = Sha256::digest(tag.text().as_bytes()).into();
        let mut block = [0; BLOCK];
        for (byte, doubled) in block.iter_mut().zip(hash.iter().chain(&hash)) {
            *byte = *doubled;
        }
        Midstate::after(&block)
    })
});

/// Messages that wait to be hashed together. Every message begins with one block, given as a state.
#[derive(Default)]
pub struct Batch {
    blocks: Vec<[u8; BLOCK]>,
    /// Blocks of each message.
    counts: Vec<u32>,
}

impl Batch {
    /// Adds the message that consists of these pieces, behind its first block.
    pub fn push(&mut self, pieces: &[&[u8]]) {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let count = (length + 9).div_ceil(BLOCK);
        let start = self.blocks.len();
        self.blocks.resize(start + count, [0; BLOCK]);
        let padded = self.blocks.get_mut(start..).unwrap_or_default().as_flattened_mut();
        let mut rest = padded;
        for piece in pieces {
            let Some((place, behind)) = rest.split_at_mut_checked(piece.len()) else { return };
            place.copy_from_slice(piece);
            rest = behind;
        }
        if let Some(first) = rest.first_mut() {
            *first = 0x80;
        }
        let bits = ((BLOCK + length) as u64) * 8;
        if let Some(last) = rest.last_chunk_mut::<8>() {
            *last = bits.to_be_bytes();
        }
        self.counts.push(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Adds a message of at most [`SHORT_MAX`] bytes, the first `length` of `buffer`: one or two blocks, which are
    /// copied as a whole. A longer one is added like any other.
    #[inline]
    pub fn push_short(&mut self, buffer: &[[u8; BLOCK]; 2], length: usize) {
        let mut padded = *buffer;
        let flat = padded.as_flattened_mut();
        let Some((_, behind)) = flat.split_at_mut_checked(length).filter(|_| length <= SHORT_MAX) else {
            let message = buffer.as_flattened();
            return self.push(&[message.get(..length).unwrap_or(message)]);
        };
        behind.fill(0);
        if let Some(first) = behind.first_mut() {
            *first = 0x80;
        }
        let bits = (((BLOCK + length) as u64) * 8).to_be_bytes();
        let [first, second] = &mut padded;
        if length + 9 <= BLOCK {
            first[BLOCK - 8..].copy_from_slice(&bits);
            self.blocks.push(*first);
            self.counts.push(1);
        } else {
            second[BLOCK - 8..].copy_from_slice(&bits);
            self.blocks.extend_from_slice(&padded);
            self.counts.push(2);
        }
    }

    /// How many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether no message waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Hashes every message behind the block of `begin`, appends the digests to `out` in order, and forgets the
    /// messages.
    pub fn finish(&mut self, begin: Midstate, out: &mut Vec<Digest>) {
        out.reserve(self.counts.len());
        let (mut rest, mut counts) = (self.blocks.as_slice(), self.counts.as_slice());
        loop {
            match counts {
                // neighbours of one length go through the processor together
                &[first, second, ref behind @ ..] if first == second => {
                    let Some((left, after)) = rest.split_at_checked(first as usize) else { break };
                    let Some((right, after)) = after.split_at_checked(second as usize) else { break };
                    let mut states = [begin.0; 2];
                    let [one, two] = &mut states;
                    compress_both([one, two], [left, right]);
                    out.extend(states.iter().map(digest_of));
                    (rest, counts) = (after, behind);
                }
                &[count, ref behind @ ..] => {
                    let Some((message, after)) = rest.split_at_checked(count as usize) else { break };
                    let mut state = begin.0;
                    compress256(&mut state, message);
                    out.push(digest_of(&state));
                    (rest, counts) = (after, behind);
                }
                [] => break,
            }
        }
        self.blocks.clear();
        self.counts.clear();
    }
}

impl Zeroize for Batch {
    fn zeroize(&mut self) {
        self.blocks.as_flattened_mut().zeroize();
        self.blocks.clear();
        self.counts.clear();
    }
}

fn digest_of(state: &[u32; 8]) -> Digest {
    let mut bytes = [0; 32];
    for (place, word) in bytes.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    Digest::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::TaggedHasher;

    #[test]
    fn batches_and_single_messages_agree() {
        let text: Vec<u8> = (0..=255).collect();
        for tag in Tag::ALL {
            let (mut batch, mut got) = (Batch::default(), Vec::new());
            for length in 0..=200 {
                let (left, right) = text[..length].split_at(length / 3);
                batch.push(&[left, right]);
            }
            assert_eq!(batch.len(), 201);
            for length in 0..=SHORT_MAX {
                let mut buffer = [[0xaa; BLOCK]; 2];
                buffer.as_flattened_mut()[..length].copy_from_slice(&text[..length]);
                batch.push_short(&buffer, length);
            }
            batch.finish(Midstate::of(tag), &mut got);
            assert!(batch.is_empty());
            for (length, digest) in (0..=200).chain(0..=SHORT_MAX).zip(&got) {
                assert_eq!(*digest, TaggedHasher::new(tag).rest(&text[..length]).finish(), "{tag:?} {length}");
            }
        }
    }
}
