//! Signatures: who signed which message. Specification: `docs/spec/signature.md`.
//!
//! Every message is signed as TH(tag, bytes), with one tag per kind of message: a signature of a transcript can
//! never be shown as one of a statement. Both algorithms are over secp256k1: `bip340` (Schnorr) and
//! `ecdsa-secp256k1` (what cloud key services and hardware modules offer), the latter with the low S only.

use std::fmt;

use k256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use k256::{ecdsa, schnorr};
use serde::{Deserialize, Serialize};

use crate::code::{Code, Coded, publish as codes};
use crate::hash::{Tag, TaggedHasher, decode_lower};
use crate::json;
use crate::secret::Secret;

/// The algorithm of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// BIP-340 Schnorr, x-only public key of 32 bytes.
    Bip340,
    /// ECDSA over secp256k1 with SHA-256, compressed public key of 33 bytes, low S.
    EcdsaSecp256k1,
}

impl Algorithm {
    /// The text in files.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Bip340 => "bip340",
            Self::EcdsaSecp256k1 => "ecdsa-secp256k1",
        }
    }

    /// The algorithm of this name.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Bip340, Self::EcdsaSecp256k1].into_iter().find(|algorithm| algorithm.text() == text)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// A public key with its algorithm. Two spellings of one key would count as two signers, so there is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// The algorithm.
    pub alg: Algorithm,
    /// Lower-case hexadecimal digits.
    pub key: String,
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.alg, self.key)
    }
}

/// One signature as it stands beside what it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The algorithm.
    pub alg: Algorithm,
    /// The public key, in the form of [`PublicKey`].
    pub key: String,
    /// 64 bytes as 128 lower-case hexadecimal digits.
    pub signature: String,
}

impl Signature {
    /// The key that is said to have signed.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey { alg: self.alg, key: self.key.clone() }
    }
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Key or signature is not in its one encoding.
    #[error("{what} of {alg} has the wrong encoding: got {got}, expected {expected}")]
    Encoding {
        /// Key or signature.
        what: &'static str,
        /// The algorithm.
        alg: Algorithm,
        /// What was found.
        got: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// The signature is of other bytes or by another key.
    #[error("the signature by {key} does not fit the message")]
    Invalid {
        /// The key.
        key: PublicKey,
    },
}

impl Coded for SignatureError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Encoding { .. } => &codes::SIGNATURE_ENCODING,
            Self::Invalid { .. } => &codes::SIGNATURE_INVALID,
        }
    }
}

/// The 32 bytes that are signed for `message`.
#[must_use]
pub fn signed_digest(tag: Tag, message: &[u8]) -> [u8; 32] {
    TaggedHasher::new(tag).rest(message).finish().to_bytes()
}

fn encoding(what: &'static str, alg: Algorithm, got: &str, expected: &'static str) -> SignatureError {
    let got = match got.len() {
        0..=140 => format!("{got:?}"),
        length => format!("{length} characters"),
    };
    SignatureError::Encoding { what, alg, got, expected }
}

/// Checks one signature of `message`.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(tag: Tag, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    let digest = signed_digest(tag, message);
    let alg = signature.alg;
    let bytes: [u8; 64] = decode_lower(&signature.signature)
        .ok_or_else(|| encoding("signature", alg, &signature.signature, "128 lower-case hexadecimal digits"))?;
    let invalid = || SignatureError::Invalid { key: signature.public_key() };
    match alg {
        Algorithm::Bip340 => {
            let key = parse_bip340(&signature.key)?;
            let parsed = schnorr::Signature::try_from(bytes.as_slice()).map_err(|_| invalid())?;
            key.verify_prehash(&digest, &parsed).map_err(|_| invalid())
        }
        Algorithm::EcdsaSecp256k1 => {
            let key = parse_ecdsa(&signature.key)?;
            let parsed = ecdsa::Signature::from_slice(&bytes).map_err(|_| invalid())?;
            if parsed.normalize_s() != parsed {
                return Err(encoding("signature", alg, "a high S", "the low S"));
            }
            key.verify_prehash(&digest, &parsed).map_err(|_| invalid())
        }
    }
}

fn parse_bip340(text: &str) -> Result<schnorr::VerifyingKey, SignatureError> {
    let fail = || encoding("key", Algorithm::Bip340, text, "32 bytes, the x coordinate of a point");
    let bytes: [u8; 32] = decode_lower(text).ok_or_else(fail)?;
    schnorr::VerifyingKey::from_slice(&bytes).map_err(|_| fail())
}

fn parse_ecdsa(text: &str) -> Result<ecdsa::VerifyingKey, SignatureError> {
    let fail = || encoding("key", Algorithm::EcdsaSecp256k1, text, "33 bytes, a compressed point");
    let bytes: [u8; 33] = decode_lower(text).ok_or_else(fail)?;
    // SEC 1 also has a form of 33 bytes without the sign of y (prefix 5): a second spelling of one key
    if !matches!(bytes, [2 | 3, ..]) {
        return Err(fail());
    }
    ecdsa::VerifyingKey::from_sec1_bytes(&bytes).map_err(|_| fail())
}

impl PublicKey {
    /// The digits of the x coordinate. Whoever can sign under one key can sign under every key with the same x:
    /// with either algorithm, and, with the negated secret, under either sign of y. They are one signer.
    #[must_use]
    pub fn x(&self) -> &str {
        self.key.get(self.key.len().saturating_sub(64)..).unwrap_or(&self.key)
    }

    /// Whether the text is the one encoding of a point.
    ///
    /// # Errors
    /// [`SignatureError::Encoding`].
    pub fn check(&self) -> Result<(), SignatureError> {
        match self.alg {
            Algorithm::Bip340 => parse_bip340(&self.key).map(|_| ()),
            Algorithm::EcdsaSecp256k1 => parse_ecdsa(&self.key).map(|_| ()),
        }
    }
}

/// A key that can sign.
pub struct SigningKey {
    alg: Algorithm,
    scalar: k256::SecretKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key())
    }
}

impl SigningKey {
    /// `None` when the bytes are zero or not below the group order, which chance never gives.
    #[must_use]
    pub fn new(alg: Algorithm, secret: &Secret) -> Option<Self> {
        let scalar = k256::SecretKey::from_slice(secret.expose()).ok()?;
        Some(Self { alg, scalar })
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let key = match self.alg {
            Algorithm::Bip340 => hex::encode(schnorr::SigningKey::from(&self.scalar).verifying_key().to_bytes()),
            Algorithm::EcdsaSecp256k1 => {
                hex::encode(ecdsa::SigningKey::from(&self.scalar).verifying_key().to_sec1_point(true))
            }
        };
        PublicKey { alg: self.alg, key }
    }

    /// Signs `message`. Deterministic: BIP-340 with zero auxiliary randomness, ECDSA after RFC 6979.
    ///
    /// # Errors
    /// [`SignatureError::Invalid`] when the result does not verify, which would be a fault of the machine: an
    /// unchecked faulty signature can give the key away.
    pub fn sign(&self, tag: Tag, message: &[u8]) -> Result<Signature, SignatureError> {
        let digest = signed_digest(tag, message);
        let key = self.public_key();
        let invalid = || SignatureError::Invalid { key: key.clone() };
        let bytes: [u8; 64] = match self.alg {
            Algorithm::Bip340 => {
                let signer = schnorr::SigningKey::from(&self.scalar);
                signer.sign_raw(&digest, &[0; 32]).map_err(|_| invalid())?.to_bytes()
            }
            Algorithm::EcdsaSecp256k1 => {
                let signer = ecdsa::SigningKey::from(&self.scalar);
                let signature: ecdsa::Signature = signer.sign_prehash(&digest).map_err(|_| invalid())?;
                signature.normalize_s().to_bytes().into()
            }
        };
        let signature = Signature { alg: self.alg, key: key.key.clone(), signature: hex::encode(bytes) };
        verify(tag, message, &signature)?;
        Ok(signature)
    }
}

/// Brings what an external signer returned into the one accepted encoding: DER becomes 64 bytes, a high S its
/// low twin (both sign the same message with the same key).
///
/// # Errors
/// [`SignatureError::Encoding`] when the bytes are neither form.
pub fn normalize_external(key: &PublicKey, bytes: &[u8]) -> Result<Signature, SignatureError> {
    let fail = || encoding("signature", key.alg, &hex::encode(bytes), "64 bytes, or DER for ECDSA");
    let compact: [u8; 64] = match key.alg {
        Algorithm::Bip340 => bytes.try_into().map_err(|_| fail())?,
        Algorithm::EcdsaSecp256k1 => {
            let parsed =
                if bytes.len() == 64 { ecdsa::Signature::from_slice(bytes) } else { ecdsa::Signature::from_der(bytes) };
            parsed.map_err(|_| fail())?.normalize_s().to_bytes().into()
        }
    };
    Ok(Signature { alg: key.alg, key: key.key.clone(), signature: hex::encode(compact) })
}

/// A signed file: `{"<field>":{…},"signatures":[…]}`, canonical as a whole. What is signed is the canonical
/// bytes of the inner object alone, since randomised signatures would make two entries of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The signed bytes: the inner object as it stands in the file.
    pub document: Vec<u8>,
    /// Signatures in the order of the file, keys strictly increasing.
    pub signatures: Vec<Signature>,
}

impl Envelope {
    /// Splits a signed file. Only its form is checked here, no signature.
    ///
    /// # Errors
    /// [`json::JsonError`].
    pub fn parse(file: &[u8], field: &str) -> Result<Self, json::JsonError> {
        let shape = |detail: String| json::JsonError::Shape { detail };
        let mut value = json::parse_canonical(file)?;
        let object = value.as_object_mut().ok_or_else(|| shape("expected an object".to_owned()))?;
        let inner = object.remove(field).ok_or_else(|| shape(format!("missing field `{field}`")))?;
        let signatures = object.remove("signatures").ok_or_else(|| shape("missing field `signatures`".to_owned()))?;
        if let Some(unknown) = object.keys().next() {
            return Err(shape(format!("unknown field `{unknown}`")));
        }
        let signatures: Vec<Signature> = json::typed(signatures)?;
        if !signatures.is_sorted_by(|left, right| left.public_key() < right.public_key()) {
            return Err(shape("the keys of `signatures` are not strictly increasing".to_owned()));
        }
        Ok(Self { document: json::canonical(&inner)?, signatures })
    }

    /// The signed file.
    ///
    /// # Errors
    /// [`json::JsonError`] when the document is not strict JSON.
    pub fn to_file(&self, field: &str) -> Result<Vec<u8>, json::JsonError> {
        let inner = json::parse_canonical(&self.document)?;
        let shape = |error: serde_json::Error| json::JsonError::Shape { detail: error.to_string() };
        let signatures = serde_json::to_value(&self.signatures).map_err(shape)?;
        let object: serde_json::Map<_, _> =
            [(field.to_owned(), inner), ("signatures".to_owned(), signatures)].into_iter().collect();
        json::canonical(&object)
    }

    /// Adds a signature in its place; a second one of the same key replaces the first.
    pub fn add(&mut self, signature: Signature) {
        self.signatures.retain(|present| present.public_key() != signature.public_key());
        self.signatures.push(signature);
        self.signatures.sort_by_key(Signature::public_key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretKind;

    fn key(alg: Algorithm, seed: u8) -> SigningKey {
        SigningKey::new(alg, &Secret::new(SecretKind::Signing, &mut [seed; 32])).expect("a scalar")
    }

    #[test]
    fn both_algorithms_sign_and_refuse() {
        for alg in [Algorithm::Bip340, Algorithm::EcdsaSecp256k1] {
            let signature = key(alg, 3).sign(Tag::Statement, b"{}").expect("signs");
            assert_eq!(verify(Tag::Statement, b"{}", &signature), Ok(()));
            assert!(verify(Tag::Transcript, b"{}", &signature).is_err(), "another kind of message");
            assert!(verify(Tag::Statement, b"{ }", &signature).is_err(), "other bytes");
            let other = Signature { key: key(alg, 4).public_key().key, ..signature.clone() };
            assert!(verify(Tag::Statement, b"{}", &other).is_err(), "another key");
            for at in 0..64 {
                let mut bytes: [u8; 64] = decode_lower(&signature.signature).expect("hex");
                bytes[at] ^= 1;
                let flipped = Signature { signature: hex::encode(bytes), ..signature.clone() };
                assert!(verify(Tag::Statement, b"{}", &flipped).is_err(), "{alg} byte {at}");
            }
        }
    }

    #[test]
    fn high_s_is_refused_and_normalized_on_the_signers_side() {
        let signer = key(Algorithm::EcdsaSecp256k1, 3);
        let low = signer.sign(Tag::Statement, b"{}").expect("signs");
        let parsed = ecdsa::Signature::from_slice(&hex::decode(&low.signature).expect("hex")).expect("a signature");
        let (r, s) = parsed.split_scalars();
        let high = ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
        let bytes = high.to_bytes();
        let refused = Signature { signature: hex::encode(bytes), ..low.clone() };
        assert_eq!(
            verify(Tag::Statement, b"{}", &refused).expect_err("high S").to_string(),
            "signature of ecdsa-secp256k1 has the wrong encoding: got \"a high S\", expected the low S"
        );
        assert_eq!(normalize_external(&signer.public_key(), &bytes), Ok(low.clone()));
        assert_eq!(normalize_external(&signer.public_key(), high.to_der().as_bytes()), Ok(low));
    }

    #[test]
    fn envelopes_keep_the_signed_bytes() {
        let mut envelope = Envelope { document: br#"{"a":"1"}"#.to_vec(), signatures: Vec::new() };
        for seed in [9, 3, 5] {
            let signature = key(Algorithm::Bip340, seed).sign(Tag::Manifest, &envelope.document).expect("signs");
            envelope.add(signature);
        }
        let file = envelope.to_file("manifest").expect("a file");
        assert_eq!(Envelope::parse(&file, "manifest"), Ok(envelope));
        assert!(Envelope::parse(&file, "statement").is_err());
    }
}
