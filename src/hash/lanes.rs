//! Two messages at a time: SHA-256 with the processor's own instructions, interleaved.
//!
//! One message leaves the unit idle for most of each round, because every round needs the result of the last one. A
//! second message fills the gap. This is the only unsafe code of the program: one call of a function that needs
//! processor features which were asked for just before. [`one_by_one`], for processors without them, is the safe
//! twin, and a test compares both.

use sha2::block_api::compress256;

/// Bytes of a block.
const BLOCK: usize = 64;

/// The digests of messages of `N` blocks each, all behind the state `begin`: as many as there are messages and places
/// for digests.
pub(super) fn hash_each<const N: usize>(begin: &[u32; 8], messages: &[[[u8; BLOCK]; N]], digests: &mut [[u8; 32]]) {
    #[cfg(target_arch = "x86_64")]
    if x86::is_there() {
        x86::hash_each(begin, messages, digests);
        return;
    }
    one_by_one(begin, messages, digests);
}

/// The same, one after another.
fn one_by_one<const N: usize>(begin: &[u32; 8], messages: &[[[u8; BLOCK]; N]], digests: &mut [[u8; 32]]) {
    for (message, digest) in messages.iter().zip(digests) {
        let mut state = *begin;
        compress256(&mut state, message);
        let (bytes, _) = digest.as_chunks_mut::<4>();
        bytes.iter_mut().zip(state).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi64, _mm_set_epi32, _mm_set_epi64x,
        _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
    };

    use super::BLOCK;

    /// FIPS 180-4, section 4.2.2.
    const ROUNDS: [[u32; 4]; 16] = [
        [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
        [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
        [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
        [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
        [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
        [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
        [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
        [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
        [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
        [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
        [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
        [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
        [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
        [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
        [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
        [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
    ];

    /// Whether the processor has the instructions.
    pub(super) fn is_there() -> bool {
        std::is_x86_feature_detected!("sha")
            && std::is_x86_feature_detected!("ssse3")
            && std::is_x86_feature_detected!("sse4.1")
    }

    #[allow(unsafe_code, reason = "the features that the callee needs are asked for in the same function")]
    pub(super) fn hash_each<const N: usize>(begin: &[u32; 8], messages: &[[[u8; BLOCK]; N]], digests: &mut [[u8; 32]]) {
        if !is_there() {
            super::one_by_one(begin, messages, digests);
            return;
        }
        // SAFETY: `with_features` reads and writes only what it is given; it is unsafe to call because it needs
        // processor features, and `is_there` has just said that they are there.
        unsafe { with_features(begin, messages, digests) };
    }

    /// One round of message words for both lanes: four rounds of the compression function.
    macro_rules! rounds {
        ($lanes:ident, $words:ident, $round:literal) => {
            for lane in 0..2 {
                let [mut abef, mut cdgh] = $lanes[lane];
                let [k0, k1, k2, k3] = ROUNDS[$round];
                let k = _mm_set_epi32(k3.cast_signed(), k2.cast_signed(), k1.cast_signed(), k0.cast_signed());
                let sum = _mm_add_epi32($words[lane][$round % 4], k);
                cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
                abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32::<0x0e>(sum));
                $lanes[lane] = [abef, cdgh];
            }
        };
    }

    /// The next four words of both lanes, from the sixteen before them.
    macro_rules! schedule {
        ($words:ident, $round:literal) => {
            for lane in 0..2 {
                let words = &mut $words[lane];
                let (oldest, older) = (words[$round % 4], words[($round + 1) % 4]);
                let (newer, newest) = (words[($round + 2) % 4], words[($round + 3) % 4]);
                let sum = _mm_add_epi32(_mm_sha256msg1_epu32(oldest, older), _mm_alignr_epi8::<4>(newest, newer));
                words[$round % 4] = _mm_sha256msg2_epu32(sum, newest);
            }
        };
    }

    macro_rules! scheduled_rounds {
        ($lanes:ident, $words:ident, $($round:literal)*) => {
            $( schedule!($words, $round); rounds!($lanes, $words, $round); )*
        };
    }

    /// One block for both lanes.
    macro_rules! block {
        ($lanes:ident, $blocks:expr) => {
            let (before, mut words) = ($lanes, $blocks.map(|block| load(block)));
            rounds!($lanes, words, 0);
            rounds!($lanes, words, 1);
            rounds!($lanes, words, 2);
            rounds!($lanes, words, 3);
            scheduled_rounds!($lanes, words, 4 5 6 7 8 9 10 11 12 13 14 15);
            for lane in 0..2 {
                for half in 0..2 {
                    $lanes[lane][half] = _mm_add_epi32($lanes[lane][half], before[lane][half]);
                }
            }
        };
    }

    #[target_feature(enable = "sha,ssse3,sse4.1")]
    fn with_features<const N: usize>(begin: &[u32; 8], messages: &[[[u8; BLOCK]; N]], digests: &mut [[u8; 32]]) {
        let begin = pack(*begin);
        let count = messages.len().min(digests.len());
        let (messages, digests) = (&messages[..count], &mut digests[..count]);
        let ((pairs, last), (both, one)) = (messages.as_chunks::<2>(), digests.as_chunks_mut::<2>());
        for ([first, second], digests) in pairs.iter().zip(both) {
            let mut lanes = [begin; 2];
            for at in 0..N {
                block!(lanes, [&first[at], &second[at]]);
            }
            *digests = lanes.map(|lane| unpack(lane));
        }
        if let ([last], [digest]) = (last, one) {
            let mut lanes = [begin; 2];
            for block in last {
                block!(lanes, [block, block]);
            }
            *digest = unpack(lanes[0]);
        }
    }

    /// The order in which the instructions want the eight words.
    #[target_feature(enable = "sse2")]
    fn pack(state: [u32; 8]) -> [__m128i; 2] {
        let [a, b, c, d, e, f, g, h] = state.map(u32::cast_signed);
        [_mm_set_epi32(a, b, e, f), _mm_set_epi32(c, d, g, h)]
    }

    /// The eight words in their own order, each with its highest byte first.
    #[target_feature(enable = "sse4.1")]
    fn unpack([abef, cdgh]: [__m128i; 2]) -> [u8; 32] {
        let pairs = [
            _mm_extract_epi64::<1>(abef),
            _mm_extract_epi64::<1>(cdgh),
            _mm_extract_epi64::<0>(abef),
            _mm_extract_epi64::<0>(cdgh),
        ];
        let mut digest = [0; 32];
        let (bytes, _) = digest.as_chunks_mut::<8>();
        bytes.iter_mut().zip(pairs).for_each(|(bytes, pair)| *bytes = pair.to_be_bytes());
        digest
    }

    /// The sixteen big-endian words of a block.
    #[target_feature(enable = "ssse3")]
    fn load(block: &[u8; BLOCK]) -> [__m128i; 4] {
        let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
        let (words, _) = block.as_chunks::<8>();
        let word = |at: usize| i64::from_le_bytes(words[at]);
        [0, 2, 4, 6].map(|at| _mm_shuffle_epi8(_mm_set_epi64x(word(at + 1), word(at)), swap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    /// Linux lists the instructions of the processor, too.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    #[test]
    fn the_quick_way_is_taken_where_the_processor_has_it() {
        let processor = std::fs::read_to_string("/proc/cpuinfo").expect("what Linux says of the processor");
        let flags = processor.lines().find(|line| line.starts_with("flags")).expect("the flags");
        let has = |wanted: &str| flags.split_whitespace().any(|flag| flag == wanted);
        assert_eq!(x86::is_there(), ["sha_ni", "ssse3", "sse4_1"].into_iter().all(has));
    }

    #[test]
    fn both_ways_agree() {
        fn agree<const N: usize>() {
            let seed = |at: usize| -> [u8; 32] { Sha256::digest(at.to_be_bytes()).into() };
            let block = |at: usize| -> [u8; BLOCK] { [seed(at), seed(at + 1)].concat().try_into().expect("64 bytes") };
            for count in 0..=33 {
                let begin =
                    seed(count).as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word)).collect::<Vec<_>>();
                let begin: [u32; 8] = begin.try_into().expect("eight words");
                let messages: Vec<[[u8; BLOCK]; N]> =
                    (0..count).map(|at| std::array::from_fn(|part| block(100 * count + 3 * at + part))).collect();
                for room in [count, count + 1, count + 2, count.saturating_sub(1)] {
                    let (mut together, mut single) = (vec![[0; 32]; room], vec![[0; 32]; room]);
                    hash_each(&begin, &messages, &mut together);
                    one_by_one(&begin, &messages, &mut single);
                    assert_eq!(together, single, "{count} messages of {N} blocks, {room} digests");
                }
            }
        }
        agree::<1>();
        agree::<2>();
        agree::<3>();
    }
}
