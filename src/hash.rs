//! Hashes: SHA-256 with a tag for every kind of message. Specification: `docs/spec/hash.md`.
//!
//! TH(tag, m) = SHA256(SHA256(tag) ‖ SHA256(tag) ‖ m), as in BIP-340. The doubled tag fills one block, so a
//! precomputed state makes it free. A digest made for one role can never be taken for one of another.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

mod blocks;
mod checksum;
mod lanes;

pub(crate) use blocks::Shapes;
pub use blocks::{Batch, Midstate};
pub(crate) use checksum::{Checksum, Checksummer};

/// 32 bytes of SHA-256 output.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Borrows the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits, got {0:?}")]
pub struct DigestError(pub String);

impl FromStr for Digest {
    type Err = DigestError;

    /// One form only: upper case is refused, since two spellings of one hash are two different bytes to sign.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        decode_lower(text).map(Self).ok_or_else(|| DigestError(text.chars().take(80).collect()))
    }
}

/// `N` bytes from exactly 2N lower-case hexadecimal digits.
#[must_use]
pub fn decode_lower<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; N];
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One kind of message. The list is closed: a new kind of message needs a new tag here and in the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A leaf of the address set.
    Address,
    /// An inner node of the address set.
    AddressNode,
    /// The venue's answer in a dispute about a receipt.
    Answer,
    /// The commitment to one asset and class of liabilities.
    Asset,
    /// One file of a bundle.
    BundleFile,
    /// An inner node over a bundle's files.
    BundleNode,
    /// The characters of a proof code that tell a mistyped one.
    CodeCheck,
    /// The public name of a proof that is sealed under a code.
    CodeName,
    /// The claim of a deposit at another venue.
    Deposit,
    /// An output descriptor and how far it is derived.
    Descriptor,
    /// A leaf of a liability tree.
    Leaf,
    /// A signed manifest of a bundle.
    Manifest,
    /// The amount that marks a movement of coins.
    Movement,
    /// An inner node of a liability tree.
    Node,
    /// The parts of one leaf.
    Parts,
    /// What a customer was told, signed.
    Receipt,
    /// A signed report: who made it again, from what.
    Seal,
    /// What one leaf of a split balance says about the whole.
    Split,
    /// A signed statement.
    Statement,
    /// A signed transcript of a node's answers.
    Transcript,
    /// What a customer pins of a venue.
    VenueCard,
}

impl Tag {
    /// Every tag, in the order of their discriminants.
    pub const ALL: [Self; 21] = [
        Self::Address,
        Self::AddressNode,
        Self::Answer,
        Self::Asset,
        Self::BundleFile,
        Self::BundleNode,
        Self::CodeCheck,
        Self::CodeName,
        Self::Deposit,
        Self::Descriptor,
        Self::Leaf,
        Self::Manifest,
        Self::Movement,
        Self::Node,
        Self::Parts,
        Self::Receipt,
        Self::Seal,
        Self::Split,
        Self::Statement,
        Self::Transcript,
        Self::VenueCard,
    ];

    /// The tag's text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Address => "counterfoil/address",
            Self::AddressNode => "counterfoil/address-node",
            Self::Answer => "counterfoil/answer",
            Self::Asset => "counterfoil/asset",
            Self::BundleFile => "counterfoil/bundle-file",
            Self::BundleNode => "counterfoil/bundle-node",
            Self::CodeCheck => "counterfoil/code-check",
            Self::CodeName => "counterfoil/code-name",
            Self::Deposit => "counterfoil/deposit",
            Self::Descriptor => "counterfoil/descriptor",
            Self::Leaf => "counterfoil/leaf",
            Self::Manifest => "counterfoil/manifest",
            Self::Movement => "counterfoil/movement",
            Self::Node => "counterfoil/node",
            Self::Parts => "counterfoil/parts",
            Self::Receipt => "counterfoil/receipt",
            Self::Seal => "counterfoil/seal",
            Self::Split => "counterfoil/split",
            Self::Statement => "counterfoil/statement",
            Self::Transcript => "counterfoil/transcript",
            Self::VenueCard => "counterfoil/venue-card",
        }
    }
}

static MIDSTATES: LazyLock<[Sha256; Tag::ALL.len()]> = LazyLock::new(|| {
    Tag::ALL.map(|tag| {
        let tag_hash = Sha256::digest(tag.text().as_bytes());
        Sha256::new().chain_update(tag_hash).chain_update(tag_hash)
    })
});

/// A message under construction. Integers go in big-endian with fixed width, byte strings with a length, so
/// that no two different messages are the same bytes.
#[derive(Clone)]
pub struct TaggedHasher(Sha256);

impl TaggedHasher {
    /// Starts a message of this kind.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "ALL lists every tag in the order of its discriminant; a test compares"
    )]
    pub fn new(tag: Tag) -> Self {
        Self(MIDSTATES[tag as usize].clone())
    }

    /// Bytes of a width that the specification fixes.
    #[must_use]
    pub fn fixed<const N: usize>(mut self, bytes: &[u8; N]) -> Self {
        self.0.update(bytes);
        self
    }

    /// A byte string behind its length as two bytes.
    #[must_use]
    pub fn string(mut self, text: ShortBytes<'_>) -> Self {
        self.0.update(text.length.to_be_bytes());
        self.0.update(text.bytes);
        self
    }

    /// The rest of a message whose end is the end of the input.
    #[must_use]
    pub fn rest(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Bytes whose length fits the two bytes in front of them.
#[derive(Clone, Copy, Debug)]
pub struct ShortBytes<'a> {
    length: u16,
    bytes: &'a [u8],
}

impl<'a> ShortBytes<'a> {
    /// No bytes.
    pub const EMPTY: ShortBytes<'static> = ShortBytes { length: 0, bytes: &[] };

    /// `None` above 65,535 bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        u16::try_from(bytes.len()).ok().map(|length| Self { length, bytes })
    }

    /// Length in front, then the bytes: for messages that are hashed elsewhere (HMAC, HKDF).
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        [self.length.to_be_bytes().as_slice(), self.bytes].concat()
    }
}

/// Plain SHA-256, for files.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// SHA-256 of a stream in bounded memory.
#[derive(Clone, Default)]
pub struct StreamHasher(Sha256);

impl StreamHasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_has_its_own_state() {
        for (index, tag) in Tag::ALL.into_iter().enumerate() {
            assert_eq!(tag as usize, index, "{tag:?}");
            let tag_hash = Sha256::digest(tag.text().as_bytes());
            let plain = Sha256::digest([tag_hash.as_slice(), tag_hash.as_slice(), b"abc"].concat());
            assert_eq!(TaggedHasher::new(tag).rest(b"abc").finish().as_bytes(), plain.as_slice());
        }
    }

    #[test]
    fn bip340_challenge_construction() {
        // BIP-340 defines the same construction; its published tag hash of "BIP0340/challenge"
        let tag_hash = hex::encode(Sha256::digest(b"BIP0340/challenge"));
        assert_eq!(tag_hash, "7bb52d7a9fef58323eb1bf7a407db382d2f3f2d81bb1224f49fe518f6d48d37c");
    }

    #[test]
    fn a_message_is_its_tag_and_its_fields() {
        // computed with another program, from the text of the tag
        let message = TaggedHasher::new(Tag::Leaf).fixed(&[1, 2, 3]).string(ShortBytes::new(b"ab").expect("short"));
        let expected = "a76a03f30624f681c729556f72a12bfed16a22eabb788d1708eb037e50a7b2b1";
        assert_eq!(message.rest(b"c").finish().to_string(), expected);
        let mut texts = Tag::ALL.map(Tag::text).to_vec();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Tag::ALL.len());
        assert!(texts.iter().all(|text| text.starts_with("counterfoil/")));
    }

    #[test]
    fn files_are_hashed_whole_or_in_pieces() {
        // FIPS 180-4, the example of one block
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").to_string(), expected);
        let mut stream = StreamHasher::default();
        stream.update(b"a");
        stream.update(b"bc");
        assert_eq!(stream.finish().to_string(), expected);
    }

    #[test]
    fn digests_keep_their_bytes() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).expect("32"));
        let digest = Digest::from_bytes(bytes);
        assert_eq!((digest.to_bytes(), digest.as_bytes(), digest.as_ref()), (bytes, &bytes, bytes.as_slice()));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let text = format!("\"{digest}\"");
        assert_eq!(serde_json::to_string(&digest).ok(), Some(text.clone()));
        assert_eq!(serde_json::from_str::<Digest>(&text).ok(), Some(digest));
        assert_eq!(decode_lower("00ff"), Some([0, 255]));
        assert_eq!(decode_lower::<2>("00f"), None);
        assert_eq!(decode_lower::<2>("00fg"), None);
    }

    #[test]
    fn short_bytes_have_their_length_in_front() {
        assert_eq!(ShortBytes::new(b"ab").map(ShortBytes::to_vec), Some(vec![0, 2, b'a', b'b']));
        assert_eq!(ShortBytes::EMPTY.to_vec(), [0, 0]);
        assert!(ShortBytes::new(&[0; 65_535]).is_some() && ShortBytes::new(&[0; 65_536]).is_none());
    }

    #[test]
    fn one_spelling_only() {
        let text = "00".repeat(31) + "ab";
        assert!(text.parse::<Digest>().is_ok());
        assert!(text.to_uppercase().parse::<Digest>().is_err());
        assert!("00".parse::<Digest>().is_err());
        assert!("é".repeat(32).parse::<Digest>().is_err());
    }
}
