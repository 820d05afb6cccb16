//! Leaves: one balance each, blinded. Specification: `docs/spec/leaf.md`.

mod batch;
mod split;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::amount::Amount;
use crate::asset::{AssetId, Class};
use crate::hash::{Digest, ShortBytes, Tag, TaggedHasher, decode_lower};
use crate::secret::Secret;
use crate::snapshot::VenueId;

pub use batch::Blinder;
pub(crate) use batch::{push_leaf, push_plain_leaf};
pub use split::{Piece, PieceLeaf, PieceRange, Split, SplitKeys};

/// How the account of every decoy begins. No customer's account may begin like this.
pub const DECOY_PREFIX: &str = crate::ledger::RESERVED_PREFIX;

/// Whether an account is not for customers: in a ledger it is refused.
#[must_use]
pub fn is_reserved(account: &str) -> bool {
    account.starts_with(DECOY_PREFIX)
}

/// Where a leaf stands in its tree: leaves are sorted by this, then by account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey(pub [u8; 16]);

/// What blinds a leaf. Customers learn their own and nobody else's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 16]);

impl std::fmt::Debug for Nonce {
    /// Never the bytes: a nonce opens its leaf to guessing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonce(…)")
    }
}

impl Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = decode_lower(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("a nonce is 32 lower-case hexadecimal digits, got {} bytes", text.len()))
        })?;
        Ok(Self(bytes))
    }
}

/// One part of a balance, as the customer's app shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The product.
    pub product: String,
    /// How much of the balance.
    pub amount: Amount,
}

/// What a leaf commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafContent<'a> {
    /// Blinds the rest.
    pub nonce: Nonce,
    /// The balance.
    pub amount: Amount,
    /// The customer account.
    pub account: &'a str,
    /// The customer's credential; empty for none.
    pub credential: &'a str,
    /// The parts of the balance; empty for none.
    pub parts: &'a [Part],
}

/// The hash of a leaf. Only [`LeafContent::hash`] makes one: a node can never be passed off as a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafHash(Digest);

impl LeafHash {
    /// The digest.
    #[must_use]
    pub const fn digest(self) -> Digest {
        self.0
    }
}

impl LeafContent<'_> {
    /// The leaf's hash; `None` when a text is longer than 65,535 bytes or there are as many parts.
    #[must_use]
    pub fn hash(&self) -> Option<LeafHash> {
        self.hash_with(parts_digest(self.parts)?)
    }

    /// The hash of a leaf that holds one piece of a balance: `amount` is the piece's, `parts` are those of the
    /// whole. `None` as for [`LeafContent::hash`].
    #[must_use]
    pub fn hash_piece(&self, split: &Split) -> Option<LeafHash> {
        self.hash_with(Some(split.digest(parts_digest(self.parts)?)))
    }

    fn hash_with(&self, detail: Option<Digest>) -> Option<LeafHash> {
        let detail = short(detail.as_ref());
        let hasher = TaggedHasher::new(Tag::Leaf)
            .fixed(&self.nonce.0)
            .fixed(&self.amount.to_be_bytes())
            .string(ShortBytes::new(self.account.as_bytes())?)
            .string(ShortBytes::new(self.credential.as_bytes())?)
            .string(detail);
        Some(LeafHash(hasher.finish()))
    }
}

/// The digest as a byte string; an empty one for none.
fn short(digest: Option<&Digest>) -> ShortBytes<'_> {
    digest.and_then(|digest| ShortBytes::new(digest.as_bytes())).unwrap_or(ShortBytes::EMPTY)
}

/// The digest of the parts of one balance: `Some(None)` for a balance without parts, `None` when they are too many
/// or too long.
#[expect(clippy::option_option, reason = "no parts and no digest are two things")]
fn parts_digest(parts: &[Part]) -> Option<Option<Digest>> {
    if parts.is_empty() {
        return Some(None);
    }
    let count = u16::try_from(parts.len()).ok()?;
    let mut hasher = TaggedHasher::new(Tag::Parts).fixed(&count.to_be_bytes());
    for part in parts {
        hasher = hasher.string(ShortBytes::new(part.product.as_bytes())?).fixed(&part.amount.to_be_bytes());
    }
    Some(Some(hasher.finish()))
}

/// The key of one snapshot's nonces and order.
pub struct SnapshotKey(Zeroizing<[u8; 32]>);

impl SnapshotKey {
    /// Derives it from the master secret. A new `build_id` shares nothing with the build before.
    #[must_use]
    pub fn derive(master: &Secret, build_id: &[u8; 32], venue: &VenueId, sequence: u64) -> Self {
        let mut info = b"counterfoil/snapshot".to_vec();
        // a venue id has at most 32 bytes
        info.extend(ShortBytes::new(venue.as_str().as_bytes()).unwrap_or(ShortBytes::EMPTY).to_vec());
        info.extend(sequence.to_be_bytes());
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(build_id), master.expose())
            .expand(&info, key.as_mut())
            .expect("HKDF-SHA256 gives up to 8,160 bytes, 32 are asked for");
        Self(key)
    }

    /// The key of one tree. Class is part of it: otherwise one account would have the same nonce in two trees.
    #[must_use]
    pub fn tree(&self, asset: &AssetId, class: Class) -> TreeKey {
        self.tree_with(asset, class, &[])
    }

    /// `suffix` is empty or four bytes: behind two byte strings with their lengths, no message is another one.
    fn tree_with(&self, asset: &AssetId, class: Class, suffix: &[u8]) -> TreeKey {
        let mut message = ShortBytes::new(asset.as_str().as_bytes()).unwrap_or(ShortBytes::EMPTY).to_vec();
        message.extend(ShortBytes::new(class.text().as_bytes()).unwrap_or(ShortBytes::EMPTY).to_vec());
        message.extend(suffix);
        TreeKey(Zeroizing::new(keyed(&self.0).chain_update(message).finalize().into_bytes().into()))
    }
}

/// HMAC-SHA256 under a key of 32 bytes. RFC 2104 pads a short key with zeros to the block, which cannot fail.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    for (padded, &byte) in block.iter_mut().zip(key) {
        *padded = byte;
    }
    Hmac::new((&*block).into())
}

/// The key of one tree.
pub struct TreeKey(Zeroizing<[u8; 32]>);

impl TreeKey {
    /// Order key and nonce of an account.
    #[must_use]
    pub fn blind(&self, account: &str) -> (OrderKey, Nonce) {
        let output: [u8; 32] = keyed(&self.0).chain_update(account.as_bytes()).finalize().into_bytes().into();
        let (mut order, mut nonce) = ([0; 16], [0; 16]);
        let (first, last) = output.split_at(16);
        order.copy_from_slice(first);
        nonce.copy_from_slice(last);
        (OrderKey(order), Nonce(nonce))
    }

    /// The account of a decoy, counted from 0: whoever has the key can tell decoys from customers, nobody else can.
    #[must_use]
    pub fn decoy(&self, index: u64) -> String {
        // accounts are UTF-8, in which there is no byte 0xff: no account's order key is a decoy's name
        let message = [[0xff].as_slice(), &index.to_be_bytes()].concat();
        let output: [u8; 32] = keyed(&self.0).chain_update(message).finalize().into_bytes().into();
        let (name, _) = output.split_at(16);
        format!("{DECOY_PREFIX}{}", hex::encode(name))
    }
}

#[cfg(test)]
mod tests;
