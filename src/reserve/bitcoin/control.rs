//! Control of a Bitcoin address: a signature over the challenge's line, or a movement. Specification:
//! `docs/spec/bitcoin-control.md`.

pub mod bip127;
pub mod bip322;
mod error;
pub mod message;
pub mod movement;
mod policy;
mod psbt;
pub mod sign;
pub mod threshold;

pub use error::{ControlError, RuleError};

use super::network::{network, script};
use crate::asset::ChainId;
use crate::reserve::claim::{Control, ControlGrade, ControlProof, ControlRemark};

/// BIP-322, simple variant.
pub const BIP322_SIMPLE: &str = "bip322-simple";
/// BIP-322, full variant.
pub const BIP322_FULL: &str = "bip322-full";
/// BIP-322, proof of funds.
pub const BIP322_FUNDS: &str = "bip322-pof";
/// BIP-127, as the BIP says.
pub const BIP127: &str = "bip127";
/// BIP-127 with a double hash of the message, as the program of this name makes it.
pub const BDK_RESERVES: &str = "bdk-reserves";
/// BIP-137: the first byte of the signature names the kind of address.
pub const BIP137: &str = "bip137";
/// The form before BIP-137, for P2PKH addresses only.
pub const LEGACY: &str = "legacy";
/// The form for P2PKH over a witness address of the same key, as Electrum and older hardware write it.
pub const ELECTRUM: &str = "electrum";
/// Signed messages by as many keys of a multisig script as it asks for.
pub const KEY_THRESHOLD: &str = "key-threshold";
/// Control by movement: see [`movement::verify`].
pub const MOVED: &str = "moved";

/// Every scheme.
pub const SCHEMES: [&str; 10] =
    [BIP322_SIMPLE, BIP322_FULL, BIP322_FUNDS, BIP127, BDK_RESERVES, BIP137, LEGACY, ELECTRUM, KEY_THRESHOLD, MOVED];

/// What `proof` shows of control over `address` by whoever signed `line`. Chain, address and line are the verifier's
/// question; nothing is taken from the proof but scheme, signatures and the script behind the address's hash.
///
/// # Errors
/// [`ControlError`], each with its code; a proof about another address is a mix-up, not a failed proof. A movement
/// cannot be judged without the chain's evidence: [`movement::verify`].
pub fn verify(chain: &ChainId, address: &str, line: &str, proof: &ControlProof) -> Result<Control, ControlError> {
    let scheme = known(chain, address, proof)?;
    let script = script(network(chain)?, address)?;
    check_fields(scheme, proof)?;
    let (message, signature) = (line.as_bytes(), proof.signature.as_str());
    let signed = |remark| Control { remark, ..Control::of(ControlGrade::KeySigned) };
    match scheme {
        BIP322_SIMPLE | BIP322_FULL | BIP322_FUNDS => bip322::verify(&script, message, signature, scheme),
        BIP127 | BDK_RESERVES => bip127::verify(&script, message, signature, scheme),
        KEY_THRESHOLD => threshold::verify(&script, message, proof),
        MOVED => Err(ControlError::NotJudged { what: "a movement without the evidence of its chain".to_owned() }),
        ELECTRUM => {
            message::verify(&script, message, signature, scheme).map(|()| signed(Some(ControlRemark::ForeignHeader)))
        }
        _ => message::verify(&script, message, signature, scheme).map(|()| signed(None)),
    }
}

/// The scheme's own constant, when the proof is for this chain and address.
fn known(chain: &ChainId, address: &str, proof: &ControlProof) -> Result<&'static str, ControlError> {
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
    script(network(chain)?, address)?;
    let scheme = SCHEMES.into_iter().find(|scheme| *scheme == proof.scheme);
    scheme.ok_or_else(|| ControlError::SchemeUnknown { scheme: proof.scheme.chars().take(40).collect() })
}

/// A field that nobody reads would be a place for something else.
fn check_fields(scheme: &'static str, proof: &ControlProof) -> Result<(), ControlError> {
    let several = scheme == KEY_THRESHOLD;
    let wrong = [
        (proof.script.is_some() != several, "has the field `script`, or lacks it"),
        (proof.signatures.is_some() != several, "has the field `signatures`, or lacks it"),
        (proof.transaction.is_some() != (scheme == MOVED), "has the field `transaction`, or lacks it"),
        ((several || scheme == MOVED) && !proof.signature.is_empty(), "has the field `signature`"),
    ];
    match wrong.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, detail)) => Err(ControlError::Fields { scheme, detail }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
