//! Streams of bytes that grow side by side: each digest is the SHA-256 of one stream, and the processor works on two at
//! a time.

use super::Digest;
use super::blocks::{BLOCK, INITIAL, digest_of};
use super::lanes::compress_both;

/// SHA-256 of one of several streams.
pub(crate) struct BlockStream {
    state: [u32; 8],
    /// Less than a block.
    pending: Vec<u8>,
    length: u64,
}

impl Default for BlockStream {
    fn default() -> Self {
        Self { state: INITIAL, pending: Vec::new(), length: 0 }
    }
}

/// What is left to do of one stream.
struct Rest<'s, 'b> {
    stream: &'s mut BlockStream,
    blocks: &'b [[u8; BLOCK]],
    tail: &'b [u8],
}

impl BlockStream {
    /// Adds bytes to each of these streams.
    pub(crate) fn update_all<'s>(streams: impl IntoIterator<Item = (&'s mut Self, &'s [u8])>) {
        let mut rests: Vec<_> = streams.into_iter().map(|(stream, bytes)| stream.begin(bytes)).collect();
        loop {
            rests.sort_unstable_by_key(|rest| std::cmp::Reverse(rest.blocks.len()));
            let [first, second, ..] = rests.as_mut_slice() else { break };
            if second.blocks.is_empty() {
                break;
            }
            let (one, behind) = first.blocks.split_at_checked(second.blocks.len()).unwrap_or_default();
            compress_both([&mut first.stream.state, &mut second.stream.state], [one, second.blocks]);
            (first.blocks, second.blocks) = (behind, &[]);
        }
        for Rest { stream, blocks, tail } in rests {
            sha2::block_api::compress256(&mut stream.state, blocks);
            stream.pending.extend_from_slice(tail);
        }
    }

    /// Fills the block that was begun; what follows is whole blocks and a tail.
    fn begin<'s, 'b>(&'s mut self, bytes: &'b [u8]) -> Rest<'s, 'b> {
        self.length += bytes.len() as u64;
        let missing = if self.pending.is_empty() { 0 } else { BLOCK - self.pending.len() };
        let (head, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        self.pending.extend_from_slice(head);
        if let Ok(block) = self.pending.as_slice().try_into() {
            sha2::block_api::compress256(&mut self.state, std::slice::from_ref(block));
            self.pending.clear();
        }
        let (blocks, tail) = rest.as_chunks();
        Rest { stream: self, blocks, tail }
    }

    /// The digest of all bytes so far.
    pub(crate) fn finish(mut self) -> Digest {
        let bits = self.length * 8;
        self.pending.push(0x80);
        let end = (self.pending.len() + 8).next_multiple_of(BLOCK);
        self.pending.resize(end - 8, 0);
        self.pending.extend_from_slice(&bits.to_be_bytes());
        let (blocks, _) = self.pending.as_chunks();
        sha2::block_api::compress256(&mut self.state, blocks);
        digest_of(&self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    #[test]
    fn streams_side_by_side_are_hashed_like_one() {
        let bytes: Vec<u8> = (0..=250).cycle().take(3_000).collect();
        for steps in [[1, 1, 1], [64, 64, 64], [63, 65, 1], [200, 0, 64], [1_000, 129, 7], [0, 0, 55]] {
            let mut streams: [BlockStream; 3] = Default::default();
            let (mut ends, mut whole) = ([0; 3], 0);
            while whole < 40 {
                whole += 1;
                let [one, two, three] = &mut streams;
                let mut next = |stream: usize| {
                    let begin = ends[stream];
                    ends[stream] = (begin + steps[stream]).min(bytes.len());
                    &bytes[begin..ends[stream]]
                };
                BlockStream::update_all([(one, next(0)), (two, next(1)), (three, next(2))]);
            }
            for (stream, end) in streams.into_iter().zip(ends) {
                assert_eq!(stream.finish(), sha256(&bytes[..end]), "{steps:?} {end}");
            }
        }
    }
}
