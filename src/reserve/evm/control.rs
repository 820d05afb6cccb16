//! Control over an EVM address by a signature of EIP-191. Specification: `docs/spec/evm-control.md`.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

use super::address::{AddressError, EvmAddress, chain_number};
use super::keccak;
use crate::asset::ChainId;
use crate::code::{Code, Coded, evm as codes};
use crate::reserve::claim::{ControlGrade, ControlProof};

/// The only scheme so far: EIP-191 version 0x45, what wallets call `personal_sign`.
pub const SCHEME: &str = "eip191";

/// The 32 bytes that a wallet signs for `line`, by EIP-191: a prefix that no transaction can begin with, the
/// length of the line in decimal digits, the line.
#[must_use]
pub fn signed_hash(line: &str) -> [u8; 32] {
    keccak(format!("\u{19}Ethereum Signed Message:\n{}{line}", line.len()).as_bytes())
}

/// Checks that the key of `address` signed `line`. Chain, address and line are the verifier's question; the proof
/// only answers it.
///
/// # Errors
/// [`ControlError`].
pub fn verify(chain: &ChainId, address: &str, line: &str, proof: &ControlProof) -> Result<ControlGrade, ControlError> {
    chain_number(chain)?;
    let asked: EvmAddress = address.parse()?;
    if proof.chain != *chain {
        return Err(other("chain", &proof.chain.to_string(), chain.as_str()));
    }
    if proof.address.parse::<EvmAddress>()? != asked {
        return Err(other("address", &proof.address, address));
    }
    if proof.scheme != SCHEME {
        return Err(ControlError::Scheme { got: shorten(&proof.scheme) });
    }
    let (signature, recovery) = parse(&proof.signature)?;
    let unrecoverable = |_| ControlError::Unrecoverable { expected: asked };
    let key = VerifyingKey::recover_from_prehash(&signed_hash(line), &signature, recovery).map_err(unrecoverable)?;
    let got = key_address(&key);
    if got != asked {
        return Err(ControlError::Signer { got, expected: asked });
    }
    Ok(ControlGrade::KeySigned)
}

/// Signs `line` as a wallet would, with a deterministic nonce (RFC 6979). For the demonstration and for venues
/// whose keys are files.
///
/// # Errors
/// [`ControlError::Key`] when the secret is zero or not below the group's order, or [`ControlError::Address`] for
/// a chain outside `eip155`.
pub fn sign(chain: &ChainId, line: &str, secret: &[u8; 32]) -> Result<ControlProof, ControlError> {
    chain_number(chain)?;
    let key = signing_key(secret)?;
    let (signature, recovery) = key.sign_prehash_recoverable(&signed_hash(line));
    let low = signature.normalize_s();
    // negating s mirrors the point, so the parity of its y coordinate turns
    let odd = recovery.is_y_odd() != (low != signature);
    let v = if odd { 28 } else { 27 };
    let text = format!("0x{}{}", hex::encode(low.to_bytes()), hex::encode([v]));
    Ok(ControlProof::signed(chain.clone(), key_address(key.verifying_key()).to_string(), SCHEME, text))
}

/// The address of a secret key.
///
/// # Errors
/// [`ControlError::Key`].
pub fn address_of(secret: &[u8; 32]) -> Result<EvmAddress, ControlError> {
    Ok(key_address(signing_key(secret)?.verifying_key()))
}

fn signing_key(secret: &[u8; 32]) -> Result<SigningKey, ControlError> {
    SigningKey::from_slice(secret).map_err(|_| ControlError::Key)
}

/// The last twenty bytes of the hash of both coordinates (yellow paper, section 4.2).
fn key_address(key: &VerifyingKey) -> EvmAddress {
    let point = key.to_sec1_point(false);
    let coordinates = point.as_bytes().strip_prefix(&[4]).unwrap_or_default();
    let mut address = [0; 20];
    for (to, from) in address.iter_mut().zip(keccak(coordinates).into_iter().skip(12)) {
        *to = from;
    }
    EvmAddress::from_bytes(address)
}

fn parse(text: &str) -> Result<(Signature, RecoveryId), ControlError> {
    let malformed = |detail: String| ControlError::Malformed { detail };
    let form = || malformed(format!("got {:?}, expected 0x and 130 hexadecimal digits", shorten(text)));
    let mut bytes = [0; 65];
    hex::decode_to_slice(text.strip_prefix("0x").ok_or_else(form)?, &mut bytes).map_err(|_| form())?;
    let [scalars @ .., v] = bytes;
    let odd = match v {
        0 | 27 => false,
        1 | 28 => true,
        _ => return Err(malformed(format!("v is {v}, expected 0, 1, 27 or 28"))),
    };
    let signature = Signature::from_slice(&scalars)
        .map_err(|_| malformed("r or s is zero or not below the group's order".to_owned()))?;
    if signature.normalize_s() != signature {
        return Err(ControlError::HighS);
    }
    Ok((signature, RecoveryId::new(odd, false)))
}

fn shorten(text: &str) -> String {
    text.chars().take(140).collect()
}

fn other(what: &'static str, got: &str, expected: &str) -> ControlError {
    ControlError::Other { what, got: shorten(got), expected: expected.to_owned() }
}

/// Why control is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// An address or chain cannot be read.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The proof speaks of something else than was asked.
    #[error("the proof is for {what} {got}, asked was {expected}")]
    Other {
        /// Chain or address.
        what: &'static str,
        /// The proof's.
        got: String,
        /// The question's.
        expected: String,
    },
    /// Another scheme.
    #[error("signature scheme {got:?}, expected {SCHEME:?}")]
    Scheme {
        /// The proof's.
        got: String,
    },
    /// Not in the one encoding.
    #[error("the signature cannot be read: {detail}")]
    Malformed {
        /// Got and expected.
        detail: String,
    },
    /// The upper form of s.
    #[error("the signature's s is above half the group's order, expected the low s (EIP-2)")]
    HighS,
    /// No key fits.
    #[error("no key recovers from the signature, expected that of {expected}")]
    Unrecoverable {
        /// The asked address.
        expected: EvmAddress,
    },
    /// Signed by another key, or other bytes were signed.
    #[error("the signature recovers {got}, expected {expected}: another key, or another line was signed")]
    Signer {
        /// The recovered address.
        got: EvmAddress,
        /// The asked address.
        expected: EvmAddress,
    },
    /// A secret that is not a key.
    #[error("the secret is zero or not below the order of secp256k1")]
    Key,
}

impl Coded for ControlError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::Other { .. } => &codes::EVM_CONTROL_OTHER,
            Self::Scheme { .. } => &codes::EVM_SIGNATURE_SCHEME,
            Self::Malformed { .. } => &codes::EVM_SIGNATURE_MALFORMED,
            Self::HighS => &codes::EVM_SIGNATURE_HIGH_S,
            Self::Unrecoverable { .. } | Self::Signer { .. } => &codes::EVM_SIGNER,
            Self::Key => &codes::EVM_KEY,
        }
    }
}

#[cfg(test)]
mod tests;
