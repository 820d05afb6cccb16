//! The rules for each signature and key that a script consumes.

use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::{Message, Secp256k1, VerifyOnly, XOnlyPublicKey, ecdsa, schnorr};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::taproot::TapLeafHash;
use bitcoin::{EcdsaSighashType, PublicKey, Script, TapSighashType, Transaction};

use super::super::{ControlError, RuleError};
use super::Spend;

/// SIGHASH_ALL.
const FLAG_ALL: u8 = 1;
const SCHNORR_LENGTH: usize = 64;

/// Which rules a script runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Bare, or behind P2SH.
    Legacy,
    /// Version 0.
    Witness,
    /// A leaf of version 1.
    Tapscript(TapLeafHash),
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "script without witness",
            Self::Witness => "witness script",
            Self::Tapscript(_) => "tapscript",
        }
    }
}

/// Checks signatures of one input.
pub(super) struct Checker<'a> {
    spend: &'a Spend<'a>,
    index: usize,
    /// Which rules apply.
    pub(super) place: Place,
    cache: SighashCache<&'a Transaction>,
    secp: Secp256k1<VerifyOnly>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(spend: &'a Spend<'a>, index: usize, place: Place) -> Self {
        let secp = Secp256k1::verification_only();
        Self { spend, index, place, cache: SighashCache::new(spend.transaction), secp }
    }

    /// Whether `signature` is by `key` over the transaction; an empty one is by nobody. One that is not empty and
    /// fails breaks a rule, but for the tries of a multisig.
    pub(super) fn single(&mut self, signature: &[u8], key: &[u8], script: &Script) -> Result<bool, ControlError> {
        if let Place::Tapscript(leaf) = self.place {
            return self.schnorr(signature, key, leaf);
        }
        self.check_encoding(signature, script)?;
        let valid = self.ecdsa(signature, key, script)?;
        if valid || signature.is_empty() { Ok(valid) } else { Err(RuleError::NullFail.into()) }
    }

    /// Rules for an ECDSA signature that hold whatever key it is by.
    pub(super) fn check_encoding(&self, signature: &[u8], script: &Script) -> Result<(), ControlError> {
        if self.place == Place::Legacy && pushes(script, signature) {
            return Err(RuleError::FindAndDelete { script: script.to_string() }.into());
        }
        let Some((flag, der)) = signature.split_last() else { return Ok(()) };
        if *flag != FLAG_ALL {
            return Err(ControlError::SighashFlag { got: *flag });
        }
        let parsed =
            ecdsa::Signature::from_der(der).map_err(|error| ControlError::Der { detail: error.to_string() })?;
        if *parsed.serialize_der() != *der {
            return Err(ControlError::Der { detail: "another encoding of the same numbers".to_owned() });
        }
        let mut low = parsed;
        low.normalize_s();
        if low == parsed { Ok(()) } else { Err(ControlError::HighS) }
    }

    /// Whether an ECDSA signature, whose encoding was checked, is by `key`.
    pub(super) fn ecdsa(&mut self, signature: &[u8], key: &[u8], script: &Script) -> Result<bool, ControlError> {
        let shape = match key {
            [2 | 3, ..] => key.len() == 33,
            [4, ..] => key.len() == 65 && self.place == Place::Legacy,
            _ => false,
        };
        if !shape {
            return Err(RuleError::Key { length: key.len(), place: self.place.name() }.into());
        }
        let Some((_, der)) = signature.split_last() else { return Ok(false) };
        let (Ok(signature), Ok(key)) = (ecdsa::Signature::from_der(der), PublicKey::from_slice(key)) else {
            return Ok(false);
        };
        let hash = self.ecdsa_hash(script)?;
        Ok(self.secp.verify_ecdsa(&Message::from_digest(hash), &signature, &key.inner).is_ok())
    }

    fn ecdsa_hash(&mut self, script: &Script) -> Result<[u8; 32], ControlError> {
        let flag = EcdsaSighashType::All;
        let invalid = |error: &dyn std::fmt::Display| ControlError::Invalid { detail: error.to_string() };
        let output = self.spend.spent.get(self.index).ok_or_else(|| invalid(&"no coin for an input"))?;
        Ok(match self.place {
            Place::Legacy => self
                .cache
                .legacy_signature_hash(self.index, script, flag.to_u32())
                .map_err(|error| invalid(&error))?
                .to_byte_array(),
            _ => self
                .cache
                .p2wsh_signature_hash(self.index, script, output.value, flag)
                .map_err(|error| invalid(&error))?
                .to_byte_array(),
        })
    }

    fn schnorr(&mut self, signature: &[u8], key: &[u8], leaf: TapLeafHash) -> Result<bool, ControlError> {
        if key.len() != 32 {
            return Err(ControlError::Upgradeable {
                what: format!("a public key of {} bytes in a tapscript", key.len()),
            });
        }
        if signature.is_empty() {
            return Ok(false);
        }
        check_schnorr_flag(signature)?;
        let flag = if signature.len() == SCHNORR_LENGTH { TapSighashType::Default } else { TapSighashType::All };
        let hash = self
            .cache
            .taproot_script_spend_signature_hash(self.index, &Prevouts::All(self.spend.spent), leaf, flag)
            .map_err(|error| ControlError::Invalid { detail: error.to_string() })?;
        let signature = signature.get(..SCHNORR_LENGTH).and_then(|bytes| schnorr::Signature::from_slice(bytes).ok());
        let (Some(signature), Ok(key)) = (signature, XOnlyPublicKey::from_slice(key)) else {
            return Err(RuleError::NullFail.into());
        };
        let message = Message::from_digest(hash.to_byte_array());
        match self.secp.verify_schnorr(&signature, &message, &key) {
            Ok(()) => Ok(true),
            Err(_) => Err(RuleError::NullFail.into()),
        }
    }

    /// Of items that no opcode was seen to consume: whether one is a signature with a flag that is never allowed.
    pub(super) fn check_loose(&self, items: &[Vec<u8>]) -> Result<(), ControlError> {
        for item in items {
            let Some((flag, rest)) = item.split_last() else { continue };
            let signature = match self.place {
                Place::Tapscript(_) => rest.len() == SCHNORR_LENGTH,
                _ => ecdsa::Signature::from_der(rest).is_ok_and(|parsed| *parsed.serialize_der() == *rest),
            };
            if signature && *flag != FLAG_ALL {
                return Err(ControlError::SighashFlag { got: *flag });
            }
        }
        Ok(())
    }
}

/// SIGHASH_DEFAULT or SIGHASH_ALL.
pub(super) fn check_schnorr_flag(signature: &[u8]) -> Result<(), ControlError> {
    match (signature.len(), signature.last()) {
        (SCHNORR_LENGTH, _) => Ok(()),
        (65, Some(&FLAG_ALL)) => Ok(()),
        (65, Some(flag)) => Err(ControlError::SighashFlag { got: *flag }),
        (length, _) => {
            let detail = format!("a signature of {length} bytes, expected 64, or 65 with SIGHASH_ALL");
            Err(ControlError::Witness { detail })
        }
    }
}

/// Whether a push of exactly these bytes stands in the script.
pub(super) fn pushes(script: &Script, bytes: &[u8]) -> bool {
    use bitcoin::script::Instruction;
    script.instructions().any(|found| matches!(found, Ok(Instruction::PushBytes(push)) if push.as_bytes() == bytes))
}
