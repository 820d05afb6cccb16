//! SHA-256 by whole blocks: many short messages that begin with the same blocks, as the leaves and nodes of a tree do.
//!
//! FIPS 180-4 turns a state and a block of 64 bytes into the next state. What all messages begin with is one state,
//! computed once; what remains of a message is padded here and hashed side by side with its neighbours.

use std::sync::LazyLock;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use super::lanes::hash_each;
use super::{Digest, Tag};

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;
/// Bytes of padding at least: the first bit of it, and the length.
const PADDING_MIN: usize = 9;
/// FIPS 180-4, section 5.3.3.
pub(super) const INITIAL: [u32; 8] =
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
    count: u32,
    /// Almost all messages have one or two blocks; those of one length go through the processor side by side.
    ones: Queue<1>,
    twos: Queue<2>,
    long: Vec<(u32, Vec<[u8; BLOCK]>)>,
    digests: Vec<[u8; 32]>,
}

/// Messages of `N` blocks, and which messages of the batch they are.
#[derive(Default)]
struct Queue<const N: usize> {
    blocks: Vec<[[u8; BLOCK]; N]>,
    places: Vec<u32>,
}

impl Batch {
    /// Adds the message that consists of these pieces, behind its first block.
    #[inline]
    pub fn push(&mut self, pieces: &[&[u8]]) {
        let mut rest = self.message(pieces.iter().map(|piece| piece.len()).sum());
        for piece in pieces {
            let Some((place, behind)) = rest.split_at_mut_checked(piece.len()) else { return };
            place.copy_from_slice(piece);
            rest = behind;
        }
    }

    /// Adds a message of `length` bytes, all zero, and hands it out to be filled where it will be hashed.
    #[inline]
    pub fn message(&mut self, length: usize) -> &mut [u8] {
        let place = self.count;
        self.count += 1;
        let blocks = if length + PADDING_MIN <= BLOCK {
            self.ones.push(place)
        } else if length + PADDING_MIN <= 2 * BLOCK {
            self.twos.push(place)
        } else {
            let blocks = vec![[0; BLOCK]; (length + PADDING_MIN).div_ceil(BLOCK)];
            self.long.push((place, blocks));
            self.long.last_mut().map_or(&mut [][..], |(_, blocks)| blocks.as_mut_slice())
        };
        pad(blocks.as_flattened_mut(), length)
    }

    /// Adds the message that consists of `head`, the first `length` bytes of `text` and `zeros` bytes of zero, together
    /// at most two blocks with the padding. What stands in `text` behind is not hashed: to copy a width that is always
    /// the same costs less than to ask for each text how long it is.
    #[inline]
    pub(crate) fn push_fixed<const HEAD: usize>(
        &mut self,
        head: &[u8; HEAD],
        text: &[u8; BLOCK],
        length: usize,
        zeros: usize,
    ) {
        let place = self.count;
        self.count += 1;
        if HEAD + length + zeros + PADDING_MIN <= BLOCK {
            self.ones.push_fixed(place, head, text, length, zeros);
        } else {
            self.twos.push_fixed(place, head, text, length, zeros);
        }
    }

    /// How many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether no message waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Hashes every message behind the block of `begin`, appends the digests to `out` in order, and forgets the
    /// messages.
    pub fn finish(&mut self, begin: Midstate, out: &mut Vec<Digest>) {
        let start = out.len();
        out.resize(start + self.len(), Digest::from_bytes([0; 32]));
        let out = out.get_mut(start..).unwrap_or_default();
        self.finish_each(begin, |place, digest| {
            if let Some(out) = out.get_mut(place) {
                *out = digest;
            }
        });
    }

    /// The same, with every digest handed over, and which message it is of, counted from 0; in no order.
    #[inline]
    pub(crate) fn finish_each(&mut self, begin: Midstate, mut each: impl FnMut(usize, Digest)) {
        self.ones.finish(begin, &mut self.digests, &mut each);
        self.twos.finish(begin, &mut self.digests, &mut each);
        for (place, blocks) in self.long.drain(..) {
            let mut state = begin.0;
            compress256(&mut state, &blocks);
            each(place as usize, digest_of(&state));
        }
        self.count = 0;
    }
}

/// The first `length` bytes, and zeros behind them.
#[inline]
fn first(bytes: &[u8; BLOCK], length: usize) -> [u8; BLOCK] {
    const MASK: [u8; 2 * BLOCK] = {
        let mut mask = [0; 2 * BLOCK];
        let mut at = 0;
        while at < BLOCK {
            mask[at] = 0xff;
            at += 1;
        }
        mask
    };
    let mask = MASK.get(BLOCK.saturating_sub(length)..).and_then(<[u8]>::first_chunk::<BLOCK>).unwrap_or(&[0; BLOCK]);
    let mut masked = *bytes;
    masked.iter_mut().zip(mask).for_each(|(byte, mask)| *byte &= mask);
    masked
}

/// Puts the padding of FIPS 180-4 behind the first `length` bytes, which it gives back. One block was hashed before.
#[inline]
fn pad(blocks: &mut [u8], length: usize) -> &mut [u8] {
    let bits = ((BLOCK + length) as u64) * 8;
    if let Some(last) = blocks.last_chunk_mut::<8>() {
        *last = bits.to_be_bytes();
    }
    let Some((message, padding)) = blocks.split_at_mut_checked(length) else { return &mut [] };
    if let Some(first) = padding.first_mut() {
        *first = 0x80;
    }
    message
}

impl<const N: usize> Queue<N> {
    #[inline]
    fn push(&mut self, place: u32) -> &mut [[u8; BLOCK]] {
        self.places.push(place);
        self.blocks.push([[0; BLOCK]; N]);
        self.blocks.last_mut().map_or(&mut [][..], |blocks| blocks.as_mut_slice())
    }

    /// As of [`Batch::push_fixed`]; every width is known when this is compiled.
    #[inline]
    fn push_fixed<const HEAD: usize>(
        &mut self,
        place: u32,
        head: &[u8; HEAD],
        text: &[u8; BLOCK],
        length: usize,
        zeros: usize,
    ) {
        self.places.push(place);
        self.blocks.push([[0; BLOCK]; N]);
        // filled where it stays: what was written in small pieces a moment ago would be waited for if it were copied
        let bytes = self.blocks.last_mut().map_or(&mut [][..], |message| message.as_flattened_mut());
        if let Some((begin, rest)) = bytes.split_first_chunk_mut::<HEAD>() {
            *begin = *head;
            let width = rest.len().min(BLOCK);
            let (rest, _) = rest.split_at_mut(width);
            let masked = first(text, length);
            rest.copy_from_slice(masked.get(..width).unwrap_or_default());
        }
        pad(bytes, HEAD + length + zeros);
    }

    #[inline]
    fn finish(&mut self, begin: Midstate, digests: &mut Vec<[u8; 32]>, each: &mut impl FnMut(usize, Digest)) {
        digests.resize(digests.len().max(self.blocks.len()), [0; 32]);
        hash_each(&begin.0, &self.blocks, digests);
        for (place, digest) in self.places.iter().zip(digests.iter()) {
            each(*place as usize, Digest::from_bytes(*digest));
        }
        self.blocks.clear();
        self.places.clear();
    }
}

/// Digests of messages of one length, for callers who fill the blocks themselves and use them again and again.
pub(crate) struct Shapes<const N: usize, const COUNT: usize> {
    blocks: [[[u8; BLOCK]; N]; COUNT],
}

impl<const N: usize, const COUNT: usize> Shapes<N, COUNT> {
    /// Room for messages of `length` bytes, which with their padding must make `N` blocks.
    pub(crate) fn new(length: usize) -> Self {
        debug_assert_eq!((length + PADDING_MIN).div_ceil(BLOCK), N, "{length} bytes");
        let mut blocks = [[[0; BLOCK]; N]; COUNT];
        for message in &mut blocks {
            pad(message.as_flattened_mut(), length);
        }
        Self { blocks }
    }

    /// The messages, each behind its first block, with room for the padding, which must stay as it is.
    pub(crate) fn messages(&mut self) -> &mut [[[u8; BLOCK]; N]; COUNT] {
        &mut self.blocks
    }

    /// Digests of the first messages, as many as `digests` has.
    pub(crate) fn hash(&self, begin: Midstate, digests: &mut [[u8; 32]]) {
        hash_each(&begin.0, &self.blocks, digests);
    }
}

impl Zeroize for Batch {
    fn zeroize(&mut self) {
        self.ones.blocks.as_flattened_mut().as_flattened_mut().zeroize();
        self.twos.blocks.as_flattened_mut().as_flattened_mut().zeroize();
        self.long.iter_mut().for_each(|(_, blocks)| blocks.as_flattened_mut().zeroize());
        self.digests.as_flattened_mut().zeroize();
        *self = Self::default();
    }
}

pub(super) fn digest_of(state: &[u32; 8]) -> Digest {
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
            for length in (0..=200).rev() {
                batch.message(length).copy_from_slice(&text[..length]);
            }
            batch.finish(Midstate::of(tag), &mut got);
            assert!(batch.is_empty() && got.len() == 402);
            for (length, digest) in (0..=200).chain((0..=200).rev()).zip(&got) {
                assert_eq!(*digest, TaggedHasher::new(tag).rest(&text[..length]).finish(), "{tag:?} {length}");
            }
        }
    }

    #[test]
    fn nothing_secret_is_left() {
        let mut state = Midstate::after(&[7; BLOCK]);
        state.zeroize();
        assert_eq!(state.0, [0; 8]);
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        batch.push(&[b"secret"]);
        assert!(!batch.is_empty());
        batch.zeroize();
        let mut digests = Vec::new();
        batch.finish(Midstate::of(Tag::Leaf), &mut digests);
        assert!(batch.is_empty() && digests.is_empty());
    }

    #[test]
    fn what_stands_behind_a_text_is_not_hashed() {
        let (mut text, mut head) = ([0; 64], [0; 34]);
        text.iter_mut().zip(100..).for_each(|(byte, fill)| *byte = fill);
        head.iter_mut().zip(1..).for_each(|(byte, fill)| *byte = fill);
        let (mut batch, mut got, mut expected) = (Batch::default(), Vec::new(), Vec::new());
        for length in 0..=64 {
            let digest = |message: &[u8]| TaggedHasher::new(Tag::Leaf).rest(message).finish();
            batch.push_fixed(&[], &text, length, 0);
            expected.push(digest(&text[..length]));
            batch.push_fixed(&head, &text, length, 4);
            expected.push(digest(&[&head, &text[..length], &[0; 4]].concat()));
        }
        batch.finish(Midstate::of(Tag::Leaf), &mut got);
        assert_eq!(got, expected);
    }

    #[test]
    fn messages_of_one_length_are_hashed_like_any_other() {
        let mut shapes = Shapes::<2, 3>::new(96);
        for (fill, message) in (1..).zip(shapes.messages()) {
            message.as_flattened_mut()[..96].fill(fill);
        }
        let mut digests = [[0; 32]; 3];
        shapes.hash(Midstate::of(Tag::Node), &mut digests);
        for (fill, digest) in (1..).zip(digests) {
            assert_eq!(digest, TaggedHasher::new(Tag::Node).rest(&[fill; 96]).finish().to_bytes());
        }
    }
}
