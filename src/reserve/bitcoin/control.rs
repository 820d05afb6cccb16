//! Control of a Bitcoin address: a signature over the challenge's line. Specification: `docs/spec/bitcoin-control.md`.

pub mod bip322;
pub mod message;
pub mod sign;

use super::network::{AddressError, network, script};
use crate::asset::ChainId;
use crate::code::{Code, Coded, bitcoin as codes};
use crate::reserve::claim::{ControlGrade, ControlProof};

/// BIP-322, simple variant.
pub const BIP322_SIMPLE: &str = "bip322-simple";
/// BIP-137: the first byte of the signature names the kind of address.
pub const BIP137: &str = "bip137";
/// The form before BIP-137, for P2PKH addresses only.
pub const LEGACY: &str = "legacy";

/// Whether `proof` shows that whoever controls `address` signed `line`. Chain, address and line are the verifier's
/// question; nothing is taken from the proof but scheme and signature.
///
/// # Errors
/// [`ControlError`], each with its code; a proof about another address is a mix-up, not a failed proof.
pub fn verify(chain: &ChainId, address: &str, line: &str, proof: &ControlProof) -> Result<ControlGrade, ControlError> {
    let differs = |what: &'static str, got: &str, expected: &str| ControlError::AnotherQuestion {
        what,
        got: got.chars().take(100).collect(),
        expected: expected.to_owned(),
    };
    if proof.chain != *chain {
        return Err(differs("chain", proof.chain.as_str(), chain.as_str()));
    }
    if proof.address != address {
        return Err(differs("address", &proof.address, address));
    }
    let script = script(network(chain)?, address)?;
    match proof.scheme.as_str() {
        BIP322_SIMPLE => bip322::verify(&script, line.as_bytes(), &proof.signature)?,
        BIP137 => message::verify(&script, line.as_bytes(), &proof.signature, BIP137)?,
        LEGACY => message::verify(&script, line.as_bytes(), &proof.signature, LEGACY)?,
        other => return Err(ControlError::SchemeUnknown { scheme: other.chars().take(40).collect() }),
    }
    Ok(ControlGrade::KeySigned)
}

/// Why a control proof does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// Chain or address cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The proof is for another chain or address.
    #[error("the proof is for the {what} {got:?}, expected {expected:?}")]
    AnotherQuestion {
        /// Chain or address.
        what: &'static str,
        /// What the proof has.
        got: String,
        /// What was asked.
        expected: String,
    },
    /// Not the one base64 text of its bytes.
    #[error("the signature is not canonical base64: {detail}")]
    Base64 {
        /// Where and why.
        detail: String,
    },
    /// An ECDSA signature in another encoding than the one accepted.
    #[error("the signature is not strictly encoded: {detail}")]
    Der {
        /// What is wrong.
        detail: String,
    },
    /// The first byte is of another class.
    #[error("the signature's first byte is {got}, expected {expected} for this kind of address")]
    HeaderClass {
        /// The byte.
        got: u8,
        /// The bytes of the class.
        expected: &'static str,
    },
    /// The high one of two equivalent signatures.
    #[error("the signature has a high S, expected the low one")]
    HighS,
    /// Another key, or another line.
    #[error("the signature does not fit address and line: {detail}")]
    Invalid {
        /// Which check failed.
        detail: String,
    },
    /// A rule that this version does not judge.
    #[error("this version cannot judge {what}")]
    NotJudged {
        /// Script or variant.
        what: String,
    },
    /// An unknown prefix.
    #[error("the signature has the prefix {got:?}, expected \"smp\" or none")]
    Prefix {
        /// The first three characters.
        got: String,
    },
    /// The scheme has no meaning for this address.
    #[error("{scheme} does not fit an address with the script {script}")]
    Scheme {
        /// The scheme.
        scheme: &'static str,
        /// The script.
        script: String,
    },
    /// No such scheme.
    #[error("the scheme is {scheme:?}, expected bip322-simple, bip137 or legacy")]
    SchemeUnknown {
        /// The scheme, at most 40 characters of it.
        scheme: String,
    },
    /// Parts of the transaction are not signed.
    #[error("the signature has the flag {got:#04x}, expected SIGHASH_ALL (0x01)")]
    SighashFlag {
        /// The flag.
        got: u8,
    },
    /// The decoded bytes have the wrong shape.
    #[error("the signature has the wrong shape: {detail}")]
    Witness {
        /// Got and expected.
        detail: String,
    },
}

impl Coded for ControlError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::AnotherQuestion { .. } => &codes::PROOF_FOR_ANOTHER,
            Self::Base64 { .. } => &codes::SIGNATURE_BASE64,
            Self::Der { .. } => &codes::SIGNATURE_DER,
            Self::HeaderClass { .. } => &codes::SIGNATURE_HEADER_CLASS,
            Self::HighS => &codes::SIGNATURE_HIGH_S,
            Self::Invalid { .. } => &codes::CONTROL_SIGNATURE_INVALID,
            Self::NotJudged { .. } => &codes::SCRIPT_NOT_JUDGED,
            Self::Prefix { .. } => &codes::SIGNATURE_PREFIX,
            Self::Scheme { .. } => &codes::SIGNATURE_SCHEME,
            Self::SchemeUnknown { .. } => &codes::SIGNATURE_SCHEME_UNKNOWN,
            Self::SighashFlag { .. } => &codes::SIGNATURE_SIGHASH,
            Self::Witness { .. } => &codes::SIGNATURE_WITNESS,
        }
    }
}
