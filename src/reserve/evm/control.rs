//! Control over an EVM address: signatures of its key (EIP-191, EIP-712), of a Safe's owners, or a contract wallet's
//! own word. Specification: `docs/spec/evm-control.md`.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

use super::account_proof::NO_CODE;
use super::address::{AddressError, EvmAddress, chain_number};
use super::keccak;
use super::state::State;
use crate::asset::ChainId;
use crate::code::{Code, Coded, evm as codes, evm_token};
use crate::reserve::claim::{ControlGrade, ControlProof, Problem};

mod hashes;
pub mod safe;
pub mod wallet;

pub use hashes::{prehashed_hash, signed_hash, typed_hash};
pub use safe::SafeError;
pub use wallet::WalletError;

/// EIP-191 version 0x45, what wallets call `personal_sign`.
pub const SCHEME: &str = "eip191";
/// The same over the Keccak-256 of the line instead of the line, as one large venue signs.
pub const PREHASHED: &str = "eip191-prehashed";
/// EIP-712: the line in a typed message, with the chain's number.
pub const TYPED: &str = "eip712";
/// Signatures of the owners of a Safe.
pub const SAFE: &str = "safe";
/// A contract wallet's answer to `isValidSignature` (EIP-1271), from a node.
pub const CONTRACT: &str = "eip1271";
/// Every scheme of an EVM chain.
pub const SCHEMES: [&str; 5] = [SCHEME, PREHASHED, TYPED, SAFE, CONTRACT];

/// What a control proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// How control was shown.
    pub grade: ControlGrade,
    /// What weakens it: code that can move the coins besides the keys.
    pub problems: Vec<Problem>,
}

/// Checks that whoever controls `address` signed `line`. Chain, address and line are the verifier's question, `state`
/// is the opened evidence of the cut-off block; the proof only answers.
///
/// # Errors
/// [`ControlError`].
pub fn judge(
    chain: &ChainId,
    address: &str,
    line: &str,
    proof: &ControlProof,
    state: Option<&State<'_>>,
) -> Result<Shown, ControlError> {
    let asked = check_question(chain, address, proof)?;
    if is_undeployed(&proof.signature) {
        return Err(ControlError::Undeployed);
    }
    let Some(signed) = key_hash(chain, line, &proof.scheme)? else {
        let state = state.ok_or(ControlError::Stateless)?;
        return match proof.scheme.as_str() {
            SAFE => Ok(safe::verify(state, asked, line, &proof.signature)?),
            _ => Ok(wallet::verify(state, asked, line, &proof.signature)?),
        };
    };
    check_signer(&signed, &proof.signature, asked)?;
    Ok(Shown {
        grade: ControlGrade::KeySigned,
        problems: state.and_then(|s| delegation(s, asked)).into_iter().collect(),
    })
}

/// Checks that the key of `address` signed `line`, in a scheme that needs no state.
///
/// # Errors
/// [`ControlError`].
pub fn verify(chain: &ChainId, address: &str, line: &str, proof: &ControlProof) -> Result<ControlGrade, ControlError> {
    judge(chain, address, line, proof, None).map(|shown| shown.grade)
}

fn check_question(chain: &ChainId, address: &str, proof: &ControlProof) -> Result<EvmAddress, ControlError> {
    chain_number(chain)?;
    let asked: EvmAddress = address.parse()?;
    if proof.chain != *chain {
        return Err(other("chain", &proof.chain.to_string(), chain.as_str()));
    }
    if proof.address.parse::<EvmAddress>()? != asked {
        return Err(other("address", &proof.address, address));
    }
    // a field that nobody reads would be a place for something else
    if proof.script.is_some() || proof.signatures.is_some() || proof.transaction.is_some() {
        let detail = "it has fields beside `signature`, expected none".to_owned();
        return Err(ControlError::Malformed { detail });
    }
    Ok(asked)
}

/// What a key signs in this scheme; `None` for the schemes of contracts.
fn key_hash(chain: &ChainId, line: &str, scheme: &str) -> Result<Option<[u8; 32]>, ControlError> {
    match scheme {
        SCHEME => Ok(Some(signed_hash(line))),
        PREHASHED => Ok(Some(prehashed_hash(line))),
        TYPED => Ok(Some(typed_hash(chain_number(chain)?, line))),
        SAFE | CONTRACT => Ok(None),
        other => Err(ControlError::Scheme { got: shorten(other) }),
    }
}

fn check_signer(hash: &[u8; 32], signature: &str, asked: EvmAddress) -> Result<(), ControlError> {
    let (signature, recovery) = parse(signature)?;
    let unrecoverable = |_| ControlError::Unrecoverable { expected: asked };
    let key = VerifyingKey::recover_from_prehash(hash, &signature, recovery).map_err(unrecoverable)?;
    let got = key_address(&key);
    if got != asked {
        return Err(ControlError::Signer { got, expected: asked });
    }
    Ok(())
}

fn is_undeployed(signature: &str) -> bool {
    signature.to_ascii_lowercase().ends_with(&hex::encode([0x64, 0x92].repeat(16)))
}

/// Code at the address of a key: since EIP-7702 a key can lend its account to a contract, which can move its coins.
fn delegation(state: &State<'_>, address: EvmAddress) -> Option<Problem> {
    let account = state.account(address)?.ok().flatten().filter(|account| account.code_hash != NO_CODE)?;
    let delegate = state.pool.get(account.code_hash.as_bytes()).and_then(|code| code.strip_prefix(&[0xef, 0x01, 0x00]));
    let delegate = delegate.and_then(|bytes| <[u8; 20]>::try_from(bytes).ok()).map(EvmAddress::from_bytes);
    let to = delegate.map_or_else(|| "code that is not in the evidence".to_owned(), |to| to.to_string());
    let detail = format!("its code has hash {}: delegated to {to}", account.code_hash);
    Some(Problem { code: &evm_token::EVM_DELEGATED, subject: address.to_string(), detail })
}

/// Signs `line` by EIP-191 as a wallet would, with a deterministic nonce (RFC 6979). For the demonstration and for
/// venues whose keys are files.
///
/// # Errors
/// [`ControlError::Key`] when the secret is zero or not below the group's order, or [`ControlError::Address`] for
/// a chain outside `eip155`.
pub fn sign(chain: &ChainId, line: &str, secret: &[u8; 32]) -> Result<ControlProof, ControlError> {
    sign_scheme(chain, line, secret, SCHEME)
}

/// Signs `line` in one of the schemes of keys.
///
/// # Errors
/// As [`sign`], and [`ControlError::Scheme`].
pub fn sign_scheme(chain: &ChainId, line: &str, secret: &[u8; 32], scheme: &str) -> Result<ControlProof, ControlError> {
    chain_number(chain)?;
    let hash = key_hash(chain, line, scheme)?.ok_or_else(|| ControlError::Scheme { got: shorten(scheme) })?;
    let signature = format!("0x{}", hex::encode(sign_hash(&hash, secret)?));
    Ok(ControlProof::signed(chain.clone(), address_of(secret)?.to_string(), scheme, signature))
}

/// r, s and v over 32 bytes that were hashed before, with the low s.
///
/// # Errors
/// [`ControlError::Key`].
pub fn sign_hash(hash: &[u8; 32], secret: &[u8; 32]) -> Result<[u8; 65], ControlError> {
    let (signature, recovery) = signing_key(secret)?.sign_prehash_recoverable(hash);
    let low = signature.normalize_s();
    // negating s mirrors the point, so the parity of its y coordinate turns
    let odd = recovery.is_y_odd() != (low != signature);
    let mut bytes = [if odd { 28 } else { 27 }; 65];
    for (to, from) in bytes.iter_mut().zip(low.to_bytes()) {
        *to = from;
    }
    Ok(bytes)
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
pub(super) fn key_address(key: &VerifyingKey) -> EvmAddress {
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
    read(bytes)
}

/// Reads r, s and v: both scalars in range, the low s, and v in one of its two forms.
fn read(bytes: [u8; 65]) -> Result<(Signature, RecoveryId), ControlError> {
    let malformed = |detail: String| ControlError::Malformed { detail };
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
    #[error("signature scheme {got:?}, expected {SCHEME}, {PREHASHED}, {TYPED}, {SAFE} or {CONTRACT}")]
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
    /// A signature for a contract that is not there.
    #[error("the signature ends as ERC-6492 says: its wallet is not deployed, so there is no code to judge it")]
    Undeployed,
    /// A contract's scheme without the state of its chain.
    #[error("a contract wallet is judged by the state of the cut-off block, which is not in the evidence")]
    Stateless,
    /// A Safe whose owners did not sign, or whose state is not shown.
    #[error(transparent)]
    Safe(#[from] SafeError),
    /// A contract wallet without a node's answer that it accepts.
    #[error(transparent)]
    Wallet(#[from] WalletError),
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
            Self::Undeployed => &evm_token::EVM_UNDEPLOYED,
            Self::Stateless => &evm_token::EVM_WALLET_UNPROVEN,
            Self::Safe(error) => error.code(),
            Self::Wallet(error) => error.code(),
            Self::Key => &codes::EVM_KEY,
        }
    }
}

#[cfg(test)]
mod tests;
