//! Signing for every address of a descriptor with private keys.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::bip32::{ChildNumber, DerivationPath};
use bitcoin::consensus::encode;
use bitcoin::hashes::Hash as _;
use bitcoin::key::TapTweak as _;
use bitcoin::secp256k1::{All, Keypair, Message, Secp256k1, SecretKey};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{Amount, EcdsaSighashType, Network, NetworkKind, PublicKey, TapSighashType, Witness, ecdsa, taproot};
use miniscript::descriptor::{Descriptor, DescriptorPublicKey, DescriptorSecretKey, ShInner, Tr, Wildcard};
use miniscript::{Translator, translate_hash_clone};

use super::super::message::HeaderClass;
use super::super::{BIP137, BIP322_FULL, BIP322_SIMPLE, bip322, verify};
use super::{AddressKey, SignError, proof, sign, sign_legacy};
use crate::asset::ChainId;
use crate::reserve::bitcoin::descriptor::{
    DescriptorError, check_network, check_range, public_key, text, untranslated,
};
use crate::reserve::bitcoin::network::network;
use crate::reserve::claim::ControlProof;

/// A descriptor with the private keys of it that are at hand, wiped when dropped and never printed.
pub struct SigningDescriptor {
    chain: ChainId,
    network: Network,
    keys: Descriptor<DescriptorPublicKey>,
    secrets: BTreeMap<DescriptorPublicKey, DescriptorSecretKey>,
    last: Option<u32>,
    secp: Secp256k1<All>,
}

impl fmt::Debug for SigningDescriptor {
    /// Never the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningDescriptor({})", self.chain)
    }
}

impl Drop for SigningDescriptor {
    fn drop(&mut self) {
        for secret in self.secrets.values_mut() {
            match secret {
                DescriptorSecretKey::Single(single) => single.key.inner.non_secure_erase(),
                DescriptorSecretKey::XPrv(extended) => extended.xkey.private_key.non_secure_erase(),
                DescriptorSecretKey::MultiXPrv(extended) => extended.xkey.private_key.non_secure_erase(),
            }
        }
    }
}

/// Private keys of one index, wiped when dropped.
#[derive(Default)]
struct Secrets(BTreeMap<PublicKey, SecretKey>);

impl Drop for Secrets {
    fn drop(&mut self) {
        self.0.values_mut().for_each(SecretKey::non_secure_erase);
    }
}

impl SigningDescriptor {
    /// Reads a descriptor with its checksum and at least one private key (xprv or WIF).
    ///
    /// # Errors
    /// [`SignError`], which never repeats any part of a key.
    pub fn read(chain: &ChainId, text: &str, last: Option<u32>) -> Result<Self, SignError> {
        let network = network(chain)?;
        text::body(text)?;
        let secp = Secp256k1::new();
        let malformed = |error: miniscript::Error| DescriptorError::Malformed(text::redacted(&error.to_string()));
        let (keys, secrets) = Descriptor::parse_descriptor(&secp, text).map_err(malformed)?;
        let chain = chain.clone();
        let own = Self { chain, network, keys, secrets: secrets.into_iter().collect(), last, secp };
        if own.keys.is_multipath() {
            let detail = "several paths in one descriptor: give each a line".to_owned();
            return Err(DescriptorError::Malformed(detail).into());
        }
        own.keys.sanity_check().map_err(malformed)?;
        check_network(network, &own.keys)?;
        let foreign = |secret: &DescriptorSecretKey| match secret {
            DescriptorSecretKey::Single(single) => single.key.network != NetworkKind::from(network),
            DescriptorSecretKey::XPrv(_) | DescriptorSecretKey::MultiXPrv(_) => false,
        };
        if own.secrets.values().any(foreign) {
            return Err(SignError::Key { detail: format!("a key of another network, expected one of {network}") });
        }
        check_range(own.keys.has_wildcard(), last)?;
        if own.secrets.is_empty() {
            return Err(SignError::Keys("there is no private key in it".to_owned()));
        }
        own.address(0)?;
        Ok(own)
    }

    /// How many addresses it gives.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.last.map_or(1, |last| last.saturating_add(1))
    }

    /// The address at an index.
    ///
    /// # Errors
    /// [`SignError`] for a script without address.
    pub fn address(&self, index: u32) -> Result<String, SignError> {
        let (definite, _) = self.at(index)?;
        Ok(definite.address(self.network).map_err(|_| DescriptorError::NoAddress)?.to_string())
    }

    fn at(&self, index: u32) -> Result<(Descriptor<PublicKey>, Secrets), SignError> {
        let mut deriving = Deriving { own: self, index, found: Secrets::default() };
        let definite = self.keys.translate_pk(&mut deriving).map_err(untranslated)?;
        Ok((definite, deriving.found))
    }

    /// Signs `line` for the address at an index; `legacy` as in [`sign_legacy`]. The same input gives the same proof.
    ///
    /// # Errors
    /// [`SignError`], also when the verifier refuses what was made.
    pub fn sign(&self, index: u32, line: &str, legacy: bool) -> Result<ControlProof, SignError> {
        let (definite, secrets) = self.at(index)?;
        let address = definite.address(self.network).map_err(|_| DescriptorError::NoAddress)?.to_string();
        let key = |public: &PublicKey| secrets.key(public);
        let made = match &definite {
            Descriptor::Pkh(inner) if legacy => {
                return sign_legacy(&self.chain, &address, line, &key(inner.as_inner())?);
            }
            Descriptor::Pkh(inner) => return sign(&self.chain, &address, line, &key(inner.as_inner())?),
            Descriptor::Wpkh(inner) => return sign(&self.chain, &address, line, &key(inner.as_inner())?),
            Descriptor::Tr(inner) => {
                let signature = self.sign_taproot(inner, &definite, &secrets, line)?;
                proof(&self.chain, &address, BIP322_SIMPLE, signature)
            }
            Descriptor::Sh(inner) => match inner.as_inner() {
                ShInner::Wpkh(inner) => {
                    let signature = key(inner.as_inner())?.sign_as(line, HeaderClass::NestedWitness)?;
                    proof(&self.chain, &address, BIP137, signature)
                }
                ShInner::Wsh(_) => self.sign_script(&definite, &secrets, &address, line)?,
                _ => return Err(SignError::NotSigned("a legacy script".to_owned())),
            },
            Descriptor::Wsh(_) => self.sign_script(&definite, &secrets, &address, line)?,
            Descriptor::Bare(_) => return Err(SignError::NotSigned("a bare script".to_owned())),
        };
        verify(&self.chain, &address, line, &made)?;
        Ok(made)
    }

    /// By the key path; the tweak commits to the scripts beside it, if there are any.
    fn sign_taproot(
        &self,
        inner: &Tr<PublicKey>,
        definite: &Descriptor<PublicKey>,
        secrets: &Secrets,
        line: &str,
    ) -> Result<String, SignError> {
        let fail = |error: &dyn fmt::Display| SignError::Key { detail: error.to_string() };
        let secret = secrets.0.get(inner.internal_key()).ok_or_else(|| missing(1, 0))?;
        let spend = bip322::to_spend(&definite.script_pubkey(), line.as_bytes());
        let unsigned = bip322::to_sign(&spend, Witness::new());
        let flag = TapSighashType::Default;
        let hash = SighashCache::new(&unsigned)
            .taproot_key_spend_signature_hash(0, &Prevouts::All(&spend.output), flag)
            .map_err(|error| fail(&error))?;
        let message = Message::from_digest(hash.to_byte_array());
        let mut pair = Keypair::from_secret_key(&self.secp, secret);
        let mut tweaked = pair.tap_tweak(&self.secp, inner.spend_info().merkle_root()).to_keypair();
        let signature = self.secp.sign_schnorr_no_aux_rand(&message, &tweaked);
        pair.non_secure_erase();
        tweaked.non_secure_erase();
        let witness = Witness::p2tr_key_spend(&taproot::Signature { signature, sighash_type: flag });
        Ok(format!("{}{}", bip322::PREFIX_SIMPLE, STANDARD.encode(encode::serialize(&witness))))
    }

    /// By a witness script, in the full variant of BIP-322.
    fn sign_script(
        &self,
        definite: &Descriptor<PublicKey>,
        secrets: &Secrets,
        address: &str,
        line: &str,
    ) -> Result<ControlProof, SignError> {
        let fail = |error: &dyn fmt::Display| SignError::Key { detail: error.to_string() };
        check_threshold(definite)?;
        let script = definite.script_code().map_err(|error| fail(&error))?;
        let spend = bip322::to_spend(&definite.script_pubkey(), line.as_bytes());
        let mut transaction = bip322::to_sign(&spend, Witness::new());
        let flag = EcdsaSighashType::All;
        let hash = SighashCache::new(&transaction)
            .p2wsh_signature_hash(0, &script, Amount::ZERO, flag)
            .map_err(|error| fail(&error))?;
        let message = Message::from_digest(hash.to_byte_array());
        let signed = |secret: &SecretKey| ecdsa::Signature {
            signature: self.secp.sign_ecdsa(&message, secret),
            sighash_type: flag,
        };
        let signatures: BTreeMap<PublicKey, ecdsa::Signature> =
            secrets.0.iter().map(|(public, secret)| (*public, signed(secret))).collect();
        let keys = definite.iter_pk().count();
        let satisfied = definite.get_satisfaction(&signatures);
        let (witness, script_sig) = satisfied.map_err(|_| missing(keys, signatures.len()))?;
        if let Some(input) = transaction.input.first_mut() {
            input.witness = Witness::from_slice(&witness);
            input.script_sig = script_sig;
        }
        let signature = format!("{}{}", bip322::PREFIX_FULL, STANDARD.encode(encode::serialize(&transaction)));
        Ok(proof(&self.chain, address, BIP322_FULL, signature))
    }
}

fn missing(keys: usize, found: usize) -> SignError {
    SignError::Keys(format!("private keys of {found} of its {keys} keys are there"))
}

/// Only multi and sortedmulti: a script with other conditions needs a decision that is not this program's.
fn check_threshold(definite: &Descriptor<PublicKey>) -> Result<(), SignError> {
    let script = definite.script_code().map_err(|_| DescriptorError::NoAddress)?;
    if script.is_multisig() { Ok(()) } else { Err(SignError::NotSigned("a script other than multisig".to_owned())) }
}

impl Secrets {
    /// The private key of a public key, ready to sign with.
    fn key(&self, public: &PublicKey) -> Result<AddressKey, SignError> {
        let secret = self.0.get(public).ok_or_else(|| missing(1, 0))?;
        Ok(AddressKey { secret: *secret, compressed: public.compressed })
    }
}

/// Derives every key at one index, from private keys where they are at hand.
struct Deriving<'a> {
    own: &'a SigningDescriptor,
    index: u32,
    found: Secrets,
}

impl Translator<DescriptorPublicKey> for Deriving<'_> {
    type TargetPk = PublicKey;
    type Error = DescriptorError;

    fn pk(&mut self, key: &DescriptorPublicKey) -> Result<PublicKey, DescriptorError> {
        let secp = &self.own.secp;
        let (secret, compressed) = match self.own.secrets.get(key) {
            Some(DescriptorSecretKey::XPrv(extended)) => {
                let path = path(&extended.derivation_path, extended.wildcard, self.index)?;
                let mut child = extended
                    .xkey
                    .derive_priv(secp, &path)
                    .map_err(|error| DescriptorError::Malformed(text::redacted(&error.to_string())))?;
                let secret = child.private_key;
                child.private_key.non_secure_erase();
                (secret, true)
            }
            Some(DescriptorSecretKey::Single(single)) => (single.key.inner, single.key.compressed),
            Some(DescriptorSecretKey::MultiXPrv(_)) | None => return public_key(key, secp, self.index),
        };
        let public = PublicKey { compressed, inner: secret.public_key(secp) };
        self.found.0.insert(public, secret);
        Ok(public)
    }

    translate_hash_clone!(DescriptorPublicKey);
}

fn path(begin: &DerivationPath, wildcard: Wildcard, index: u32) -> Result<DerivationPath, DescriptorError> {
    let child = match wildcard {
        Wildcard::None => return Ok(begin.clone()),
        Wildcard::Unhardened => ChildNumber::from_normal_idx(index),
        Wildcard::Hardened => ChildNumber::from_hardened_idx(index),
    };
    Ok(begin.child(child.map_err(|error| DescriptorError::Range(error.to_string()))?))
}

#[cfg(test)]
mod tests;
