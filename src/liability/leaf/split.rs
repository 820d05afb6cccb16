//! Split balances: one balance in several leaves. Specification: `docs/spec/leaf.md`.

use hmac::Mac as _;
use serde::{Deserialize, Serialize};

use super::{Nonce, OrderKey, SnapshotKey, TreeKey, keyed, short};
use crate::amount::Amount;
use crate::asset::{AssetId, Class};
use crate::hash::{Digest, Tag, TaggedHasher};
use crate::json::uint;

/// Which piece of a split balance: `number` of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    number: u16,
    of: u16,
}

impl Piece {
    /// The fewest pieces of a split balance: with one, it is not split.
    pub const OF_MIN: u16 = 2;
    /// The most pieces of a split balance. Each has a path of its own in every proof.
    pub const OF_MAX: u16 = 256;

    /// Unless 1 ≤ `number` ≤ `of` and `of` is from [`Piece::OF_MIN`] to [`Piece::OF_MAX`]: a [`PieceRange`].
    ///
    /// # Errors
    /// [`PieceRange`] with both numbers.
    pub const fn new(number: u16, of: u16) -> Result<Self, PieceRange> {
        if Self::OF_MIN <= of && of <= Self::OF_MAX && 1 <= number && number <= of {
            Ok(Self { number, of })
        } else {
            Err(PieceRange { number, of })
        }
    }

    /// Counted from 1.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.number
    }

    /// How many pieces the balance has.
    #[must_use]
    pub const fn of(self) -> u16 {
        self.of
    }

    /// Two fixed-width integers, `number` first.
    fn to_be_bytes(self) -> [u8; 4] {
        pair(self.number, self.of)
    }
}

fn pair(number: u16, of: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (number.to_be_bytes(), of.to_be_bytes());
    [a, b, c, d]
}

/// There is no such piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("piece {number} of {of}: a split balance has 2 to 256 pieces, counted from 1")]
pub struct PieceRange {
    /// The piece.
    pub number: u16,
    /// The number of pieces.
    pub of: u16,
}

/// What a leaf of a split balance says about the whole. Every piece says it, so that one piece alone shows that there
/// are others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Split {
    /// Which piece the leaf holds.
    pub piece: Piece,
    /// The balance of all pieces together.
    pub whole: Amount,
}

impl Split {
    /// The leaf's `detail`; `parts` is the digest of the parts of the whole balance.
    pub(super) fn digest(&self, parts: Option<Digest>) -> Digest {
        TaggedHasher::new(Tag::Split)
            .fixed(&self.piece.to_be_bytes())
            .fixed(&self.whole.to_be_bytes())
            .string(short(parts.as_ref()))
            .finish()
    }
}

/// [`Split`] as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(with = "uint")]
    of: u16,
    #[serde(with = "uint")]
    piece: u16,
    whole: Amount,
}

impl TryFrom<Fields> for Split {
    type Error = PieceRange;

    fn try_from(Fields { of, piece, whole }: Fields) -> Result<Self, PieceRange> {
        Piece::new(piece, of).map(|piece| Self { piece, whole })
    }
}

impl From<Split> for Fields {
    fn from(Split { piece, whole }: Split) -> Self {
        Self { of: piece.of, piece: piece.number, whole }
    }
}

/// The keys of one tree whose balances are split. A balance without them is not split.
pub struct SplitKeys {
    cuts: TreeKey,
    pieces: Vec<(Piece, TreeKey)>,
}

/// One piece of a balance, with all that its leaf needs beside account, credential and parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceLeaf {
    /// Which piece of what.
    pub split: Split,
    /// The piece's amount.
    pub amount: Amount,
    /// Sorts the leaf.
    pub order_key: OrderKey,
    /// Blinds the leaf.
    pub nonce: Nonce,
}

impl SnapshotKey {
    /// The keys of a tree in which each balance is split into `of` pieces.
    ///
    /// # Errors
    /// [`PieceRange`] unless `of` is from [`Piece::OF_MIN`] to [`Piece::OF_MAX`].
    pub fn split(&self, asset: &AssetId, class: Class, of: u16) -> Result<SplitKeys, PieceRange> {
        // no leaf holds piece 0: its key is free for the cuts, which no customer and no neighbour learns
        let cuts = self.tree_with(asset, class, &pair(0, of));
        let keyed = |piece: Piece| (piece, self.tree_with(asset, class, &piece.to_be_bytes()));
        let pieces = (1..=of.max(1)).map(|number| Piece::new(number, of).map(keyed)).collect::<Result<_, _>>()?;
        Ok(SplitKeys { cuts, pieces })
    }
}

impl SplitKeys {
    /// The pieces of one balance, from the first. Their amounts add up to `whole`.
    pub fn pieces<'a>(&'a self, account: &'a str, whole: Amount) -> impl Iterator<Item = PieceLeaf> + 'a {
        let amounts = self.amounts(account, whole);
        self.pieces.iter().zip(amounts).map(move |((piece, key), amount)| {
            let (order_key, nonce) = key.blind(account);
            PieceLeaf { split: Split { piece: *piece, whole }, amount, order_key, nonce }
        })
    }

    /// Number and key of each piece, from the first.
    pub(crate) fn keys(&self) -> &[(Piece, TreeKey)] {
        &self.pieces
    }

    /// The amounts of the pieces: the gaps between cuts that are uniform in [0, whole). One for each piece, and their
    /// sum is `whole`.
    #[must_use]
    pub fn amounts(&self, account: &str, whole: Amount) -> Vec<Amount> {
        let numbers = self.pieces.iter().map(|(piece, _)| piece.number);
        let mut ends: Vec<u128> = numbers.skip(1).map(|number| self.cut(account, whole, number - 1)).collect();
        ends.sort_unstable();
        ends.push(whole.base_units());
        let mut begin = 0;
        let gap = |end| Amount::from_base_units(end - std::mem::replace(&mut begin, end));
        ends.into_iter().map(gap).collect()
    }

    /// floor(whole × weight / 2^128): with a weight as wide as an amount, every cut below `whole` can occur, so that a
    /// neighbour who guesses `whole` cannot test the guess on the piece.
    fn cut(&self, account: &str, whole: Amount, number: u16) -> u128 {
        let mac = keyed(&self.cuts.0).chain_update(account.as_bytes()).chain_update(number.to_be_bytes());
        let output: [u8; 32] = mac.finalize().into_bytes().into();
        let mut weight = [0; 16];
        let (first, _) = output.split_at(16);
        weight.copy_from_slice(first);
        let (_, high) = whole.base_units().carrying_mul(u128::from_be_bytes(weight), 0);
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Secret, SecretKind};

    fn keys(of: u16) -> Result<SplitKeys, PieceRange> {
        let master = Secret::new(SecretKind::Master, &mut [7; 32]);
        let venue = "example-exchange".parse().expect("a venue");
        let asset = "BTC".parse().expect("an asset");
        SnapshotKey::derive(&master, &[9; 32], &venue, 3).split(&asset, Class::Custody, of)
    }

    #[test]
    fn pieces_add_up_and_stay_below_the_whole() {
        for whole in [0, 1, 2, 255, 1 << 64, (1 << 64) + 1, u128::MAX - 1, u128::MAX] {
            for of in [2, 3, 255, 256] {
                let whole = Amount::from_base_units(whole);
                let pieces: Vec<PieceLeaf> = keys(of).expect("in range").pieces("u1", whole).collect();
                assert_eq!(pieces.len(), usize::from(of));
                assert_eq!(Amount::checked_sum(pieces.iter().map(|piece| piece.amount)), Some(whole), "{whole} {of}");
            }
        }
    }

    #[test]
    fn cuts_use_the_whole_width() {
        // with a weight of 64 bits, each cut of 2^127 would be a multiple of 2^63
        let whole = Amount::from_base_units(1 << 127);
        let amounts = keys(3).expect("in range").amounts("u1", whole);
        assert!(amounts.iter().any(|amount| amount.base_units() % (1 << 63) != 0), "{amounts:?}");
    }

    #[test]
    fn pieces_share_neither_order_keys_nor_nonces() {
        let whole = Amount::from_base_units(10);
        let (two, three) = (keys(2).expect("in range"), keys(3).expect("in range"));
        let mut pieces: Vec<PieceLeaf> = two.pieces("u1", whole).chain(three.pieces("u1", whole)).collect();
        pieces.sort_unstable_by_key(|piece| piece.order_key);
        assert!(pieces.is_sorted_by(|left, right| left.order_key < right.order_key && left.nonce != right.nonce));
    }

    #[test]
    fn there_are_2_to_256_pieces() {
        for of in [0, 1, 257, u16::MAX] {
            assert_eq!(keys(of).err().map(|range| range.of), Some(of));
        }
        let error = Piece::new(4, 3).expect_err("the fourth of three");
        assert_eq!(error.to_string(), "piece 4 of 3: a split balance has 2 to 256 pieces, counted from 1");
        assert!(Piece::new(0, 3).is_err() && Piece::new(3, 3).is_ok());
    }
}
