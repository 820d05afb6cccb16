//! Samples of past blocks, where proofs of every block are out of reach. Specification: `docs/spec/sample.md`.
//!
//! First the commitment, then the sample of the past: which blocks are drawn follows from a block hash that came after
//! the commitment, when the past can no longer be dressed. What a sample shows is called *sampled*, never a minimum.

mod draw;

use num_bigint::BigUint;
use num_rational::Ratio;

use crate::hash::{Digest, sha256};

pub use self::draw::{Chance, FORMAT, Sample, SampleError, SampleQuestion, check, draw};

/// The most blocks drawn: beyond it, proofs of every block are cheaper.
pub const COUNT_MAX: u32 = 10_000;

/// What every drawn number is a hash of begins with it.
const PREFIX: &[u8] = b"counterfoil/sample-v1";

/// A probability or a share, exact.
pub type Exact = Ratio<BigUint>;

/// The numbers of `count` blocks of `from` to `to`, both included, in the order in which they were drawn:
/// `from` + SHA-256(`counterfoil/sample-v1` ‖ commitment ‖ beacon ‖ u64 i) mod n, for i from 0. A number may come
/// twice, as the probabilities below have it.
///
/// `commitment` is what was published first; `beacon` the hash of a block that came later. Hashes have 256 bits and
/// a window has at most 2^64 blocks, so no block is more likely than another by more than one part in 2^191.
///
/// `None` for a window that ends before it begins, or above [`COUNT_MAX`].
#[must_use]
pub fn heights(commitment: &Digest, beacon: &Digest, from: u64, to: u64, count: u32) -> Option<Vec<u64>> {
    let blocks = u128::from(to.checked_sub(from)?).checked_add(1)?;
    if count > COUNT_MAX {
        return None;
    }
    let drawn = (0..u64::from(count)).map(|number| {
        let message = [PREFIX, commitment.as_ref(), beacon.as_ref(), &number.to_be_bytes()].concat();
        let digits = sha256(&message).to_bytes();
        let rest = digits.iter().try_fold(0_u128, |rest, byte| {
            rest.checked_mul(256)?.checked_add(u128::from(*byte))?.checked_rem(blocks)
        })?;
        from.checked_add(u64::try_from(rest).ok()?)
    });
    drawn.collect()
}

/// The probability that at least one of `count` drawn blocks is among `dipped` of `blocks`: 1 − (1 − f)^count. `None`
/// when there are more dipped blocks than blocks, no block at all, or above [`COUNT_MAX`].
#[must_use]
pub fn detection(dipped: u64, blocks: u64, count: u32) -> Option<Exact> {
    if blocks == 0 || dipped > blocks || count > COUNT_MAX {
        return None;
    }
    let all = BigUint::from(blocks).pow(count);
    let missed = BigUint::from(blocks.checked_sub(dipped)?).pow(count);
    Some(Ratio::new(all.clone() - missed, all))
}

/// The fewest blocks to draw so that a dip in `dipped` of `blocks` is found with at least this probability. `None` when
/// that takes more than [`COUNT_MAX`], and for shares that are none.
#[must_use]
pub fn needed(dipped: u64, blocks: u64, probability: &Exact) -> Option<u32> {
    if blocks == 0 || dipped > blocks || *probability.numer() > *probability.denom() {
        return None;
    }
    // kept as the products of both sides: (blocks − dipped)^k · d ≤ blocks^k · (d − n)
    let left = BigUint::from(blocks.checked_sub(dipped)?);
    let mut missed = probability.denom().clone();
    let mut allowed = probability.denom().clone() - probability.numer();
    for count in 0..=COUNT_MAX {
        if missed <= allowed {
            return Some(count);
        }
        missed *= &left;
        allowed *= blocks;
    }
    None
}

/// A probability in percent with two decimals, rounded down: `95.15 %`.
#[must_use]
pub fn percent(probability: &Exact) -> String {
    let hundredths: BigUint = probability.numer() * 10_000_u32 / probability.denom();
    let digits = format!("{hundredths:0>3}");
    let (whole, part) = digits.split_at(digits.len().saturating_sub(2));
    format!("{whole}.{part} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(numer: u32, denom: u32) -> Exact {
        Ratio::new(numer.into(), denom.into())
    }

    fn draw(from: u64, to: u64, count: u32) -> Vec<u64> {
        heights(&Digest::from_bytes([1; 32]), &Digest::from_bytes([2; 32]), from, to, count).expect("a window")
    }

    #[test]
    fn as_many_as_the_tables_say() {
        for (dipped, blocks, percents, count) in
            [(5, 100, 95, 59), (5, 100, 99, 90), (1, 100, 95, 299), (1, 100, 99, 459), (360, 7200, 99, 90)]
        {
            assert_eq!(needed(dipped, blocks, &exact(percents, 100)), Some(count), "{dipped} of {blocks}");
            let found = |count| detection(dipped, blocks, count).expect("a share");
            assert!(found(count) >= exact(percents, 100) && found(count - 1) < exact(percents, 100));
        }
    }

    #[test]
    fn probabilities_are_exact_and_printed_rounded_down() {
        assert_eq!(detection(1, 2, 3), Some(exact(7, 8)));
        let printed = |dipped, blocks, count| percent(&detection(dipped, blocks, count).expect("a share"));
        assert_eq!(printed(1, 2, 3), "87.50 %");
        assert_eq!(printed(5, 100, 59), "95.15 %");
        assert_eq!(printed(5, 100, 90), "99.01 %");
        assert_eq!(printed(1, 100, 459), "99.00 %");
        assert_eq!(printed(1, 3, 1), "33.33 %");
        assert_eq!(printed(2, 3, 1), "66.66 %");
        assert_eq!(
            (printed(0, 9, 50), printed(9, 9, 1), printed(1, 9, 0)),
            ("0.00 %".into(), "100.00 %".into(), "0.00 %".into())
        );
        assert_eq!(printed(1, 7200, 1), "0.01 %");
        assert_eq!(printed(1, 2, 60), "99.99 %", "never 100 % as long as something can be missed");
    }

    #[test]
    fn shares_that_are_none_have_no_probability() {
        assert_eq!((detection(1, 0, 1), detection(2, 1, 1), detection(1, 2, COUNT_MAX + 1)), (None, None, None));
        assert_eq!(
            (needed(1, 0, &exact(1, 2)), needed(2, 1, &exact(1, 2)), needed(1, 2, &exact(3, 2))),
            (None, None, None)
        );
        assert_eq!(needed(0, 9, &exact(1, 2)), None, "what never dips is never found");
        assert_eq!((needed(0, 9, &exact(0, 1)), needed(9, 9, &exact(1, 1))), (Some(0), Some(1)));
        assert_eq!(needed(1, 2, &exact(1, 1)), None, "nothing is certain");
        assert_eq!(needed(1, u64::MAX, &exact(1, 2)), None);
    }

    #[test]
    fn blocks_follow_from_commitment_and_beacon() {
        let drawn = draw(1000, 8199, 90);
        assert!(drawn.iter().all(|height| (1000..=8199).contains(height)));
        assert_eq!(draw(1000, 8199, 459)[..90], drawn, "more of the same");
        let (one, two) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        assert_ne!(heights(&two, &one, 1000, 8199, 90), Some(drawn.clone()), "commitment and beacon swapped");
        assert_ne!(heights(&one, &one, 1000, 8199, 90), Some(drawn), "another beacon");
        assert_eq!(draw(7, 7, 3), [7, 7, 7]);
        assert_eq!(draw(0, u64::MAX, 2).len(), 2);
        assert_eq!(heights(&one, &two, 8, 7, 1), None);
        assert_eq!(heights(&one, &two, 7, 8, COUNT_MAX + 1), None);
    }

    #[test]
    fn the_rest_of_a_division_is_that_of_the_whole_hash() {
        for (at, height) in draw(0, 7199, 20).into_iter().enumerate() {
            let message = [PREFIX, &[1; 32], &[2; 32], &(at as u64).to_be_bytes()].concat();
            let whole = BigUint::from_bytes_be(&sha256(&message).to_bytes());
            assert_eq!(whole % 7200_u32, BigUint::from(height));
        }
    }

    #[test]
    fn every_block_is_drawn_about_equally_often() {
        let mut drawn = [0_u32; 10];
        draw(0, 9, 10_000).into_iter().for_each(|height| drawn[usize::try_from(height).expect("a digit")] += 1);
        assert!(drawn.iter().all(|count| (850..1150).contains(count)), "{drawn:?}");
    }
}
