//! Signing: what a holder of a key does to show control. Deterministic, and checked by the verifier before it leaves.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::consensus::encode;
use bitcoin::hashes::Hash as _;
use bitcoin::key::TapTweak as _;
use bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{
    Address, CompressedPublicKey, EcdsaSighashType, Network, PrivateKey, TapSighashType, Transaction, TxOut, Witness,
    XOnlyPublicKey,
};
use k256::ecdsa;
use zeroize::{Zeroize as _, Zeroizing};

use super::message::HeaderClass;
use super::{BIP137, BIP322_SIMPLE, ControlError, LEGACY, bip322, message, verify};
use crate::reserve::bitcoin::network::{AddressError, address, network};

use crate::asset::ChainId;
use crate::code::{Code, Coded, bitcoin as codes};
use crate::reserve::claim::ControlProof;

/// The kinds of address that one key has here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// Hash of the compressed key, BIP-44.
    KeyHash,
    /// Version 0 witness program of the key's hash, BIP-84.
    WitnessKeyHash,
    /// Key path without a script, BIP-86.
    Taproot,
}

/// A secret key of an address, wiped when dropped and never printed.
pub struct AddressKey {
    secret: SecretKey,
    compressed: bool,
}

impl fmt::Debug for AddressKey {
    /// Never the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey")
    }
}

impl Drop for AddressKey {
    fn drop(&mut self) {
        self.secret.non_secure_erase();
    }
}

impl AddressKey {
    /// Takes the bytes over and wipes the caller's copy; `None` when they are zero or not below the group order.
    #[must_use]
    pub fn new(bytes: &mut [u8; 32]) -> Option<Self> {
        let secret = SecretKey::from_slice(bytes);
        bytes.zeroize();
        Some(Self { secret: secret.ok()?, compressed: true })
    }

    /// Reads a key in wallet import format, which wallets export. It names main or test networks.
    ///
    /// # Errors
    /// [`SignError::Key`], which never repeats any part of the text.
    pub fn from_wif(chain: &ChainId, text: &str) -> Result<Self, SignError> {
        let network = network(chain)?;
        let mut key = PrivateKey::from_wif(text)
            .map_err(|_| SignError::Key { detail: "not a key in wallet import format".to_owned() })?;
        let own = Self { secret: key.inner, compressed: key.compressed };
        key.inner.non_secure_erase();
        if key.network != network.into() {
            return Err(SignError::Key { detail: format!("a key of another network, expected one of {network}") });
        }
        Ok(own)
    }

    /// The address of the key, without scripts. A key that wallets use uncompressed has a P2PKH address only.
    ///
    /// # Errors
    /// [`SignError`] for an unknown chain, or for a witness address of an uncompressed key.
    pub fn address(&self, chain: &ChainId, kind: AddressKind) -> Result<String, SignError> {
        Ok(self.derive(network(chain)?, kind)?.to_string())
    }

    fn derive(&self, network: Network, kind: AddressKind) -> Result<Address, SignError> {
        let secp = Secp256k1::new();
        let key = bitcoin::PublicKey { compressed: self.compressed, inner: self.secret.public_key(&secp) };
        if kind != AddressKind::KeyHash && !self.compressed {
            return Err(SignError::Key { detail: "an uncompressed key has no witness address".to_owned() });
        }
        Ok(match kind {
            AddressKind::KeyHash => Address::p2pkh(key, network),
            AddressKind::WitnessKeyHash => Address::p2wpkh(&CompressedPublicKey(key.inner), network),
            AddressKind::Taproot => Address::p2tr(&secp, XOnlyPublicKey::from(key.inner), None, network),
        })
    }

    /// The witness that spends input `index` of `transaction`, whose spent outputs are `spent`, all by this key.
    ///
    /// # Errors
    /// [`SignError`] when the spent script is none of this key's witness addresses.
    pub fn witness(&self, transaction: &Transaction, index: usize, spent: &[TxOut]) -> Result<Witness, SignError> {
        let fail = |error: &dyn fmt::Display| SignError::Key { detail: error.to_string() };
        let secp = Secp256k1::new();
        let output = spent.get(index).ok_or_else(|| fail(&"no output for this input"))?;
        let own =
            |kind| Ok::<bool, SignError>(self.derive(Network::Bitcoin, kind)?.script_pubkey() == output.script_pubkey);
        let by_hash = own(AddressKind::WitnessKeyHash)?;
        if !by_hash && !own(AddressKind::Taproot)? {
            return Err(fail(&"the output is on no witness address of the key"));
        }
        let mut cache = SighashCache::new(transaction);
        if by_hash {
            let flag = EcdsaSighashType::All;
            let hash = cache
                .p2wpkh_signature_hash(index, &output.script_pubkey, output.value, flag)
                .map_err(|error| fail(&error))?;
            let message = Message::from_digest(hash.to_byte_array());
            let signature = secp.sign_ecdsa(&message, &self.secret);
            let signature = bitcoin::ecdsa::Signature { signature, sighash_type: flag };
            return Ok(Witness::p2wpkh(&signature, &self.secret.public_key(&secp)));
        }
        let flag = TapSighashType::Default;
        let hash =
            cache.taproot_key_spend_signature_hash(index, &Prevouts::All(spent), flag).map_err(|error| fail(&error))?;
        let message = Message::from_digest(hash.to_byte_array());
        let mut pair = Keypair::from_secret_key(&secp, &self.secret);
        let mut tweaked = pair.tap_tweak(&secp, None).to_keypair();
        let signature = secp.sign_schnorr_no_aux_rand(&message, &tweaked);
        pair.non_secure_erase();
        tweaked.non_secure_erase();
        Ok(Witness::p2tr_key_spend(&bitcoin::taproot::Signature { signature, sighash_type: flag }))
    }

    fn sign_message(&self, line: &str) -> Result<String, SignError> {
        let fail = || SignError::Key { detail: "the key cannot sign".to_owned() };
        let bytes = Zeroizing::new(self.secret.secret_bytes());
        let signer = ecdsa::SigningKey::from_slice(bytes.as_slice()).map_err(|_| fail())?;
        let (signature, recovery) = signer.sign_prehash_recoverable(&message::message_hash(line.as_bytes()));
        let class = if self.compressed { HeaderClass::Compressed } else { HeaderClass::Uncompressed };
        let header = class.first() + recovery.to_byte();
        Ok(STANDARD.encode([&[header], signature.to_bytes().as_slice()].concat()))
    }
}

/// Shows control of `address` by signing `line`: in the simple variant of BIP-322 for P2WPKH and taproot addresses, by
/// BIP-137 for P2PKH. The same input gives the same proof.
///
/// # Errors
/// [`SignError`], also when the verifier refuses what was made: a proof that leaves this function verifies.
pub fn sign(chain: &ChainId, address: &str, line: &str, key: &AddressKey) -> Result<ControlProof, SignError> {
    sign_as(chain, address, line, key, BIP137)
}

/// As [`sign`], but a P2PKH address signs under the scheme `legacy`, for verifiers that know no other.
///
/// # Errors
/// [`SignError`].
pub fn sign_legacy(chain: &ChainId, address: &str, line: &str, key: &AddressKey) -> Result<ControlProof, SignError> {
    sign_as(chain, address, line, key, LEGACY)
}

fn sign_as(
    chain: &ChainId,
    text: &str,
    line: &str,
    key: &AddressKey,
    message_scheme: &str,
) -> Result<ControlProof, SignError> {
    let network = network(chain)?;
    let script = address(network, text)?.script_pubkey();
    let kinds = [AddressKind::KeyHash, AddressKind::WitnessKeyHash, AddressKind::Taproot];
    let kind = kinds
        .into_iter()
        .find(|kind| key.derive(network, *kind).is_ok_and(|own| own.script_pubkey() == script))
        .ok_or_else(|| SignError::Key { detail: format!("the key has no address {text}") })?;
    let (scheme, signature) = if kind == AddressKind::KeyHash {
        (message_scheme, key.sign_message(line)?)
    } else {
        let spend = bip322::to_spend(&script, line.as_bytes());
        let unsigned = bip322::to_sign(&spend, Witness::new());
        let witness = key.witness(&unsigned, 0, &spend.output)?;
        (BIP322_SIMPLE, format!("{}{}", bip322::PREFIX_SIMPLE, STANDARD.encode(encode::serialize(&witness))))
    };
    let proof = ControlProof::signed(chain.clone(), text.to_owned(), scheme, signature);
    verify(chain, text, line, &proof)?;
    Ok(proof)
}

/// Why no signature is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Chain or address cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The verifier would refuse it.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The key is not usable, or not the address's.
    #[error("{detail}")]
    Key {
        /// What is wrong; never a part of the key.
        detail: String,
    },
}

impl Coded for SignError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::Control(error) => error.code(),
            Self::Key { .. } => &codes::CONTROL_KEY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "counterfoil v1 example-exchange 7 exp 2026-12-01T00:00:00Z sha256 00ff";

    fn chain() -> ChainId {
        "bip122:000000000019d6689c085ae165831e93".parse().expect("mainnet")
    }

    fn key(seed: u8) -> AddressKey {
        AddressKey::new(&mut [seed; 32]).expect("a scalar")
    }

    fn uncompressed(seed: u8) -> AddressKey {
        AddressKey { secret: SecretKey::from_slice(&[seed; 32]).expect("a scalar"), compressed: false }
    }

    fn code(address: &str, line: &str, proof: &ControlProof) -> u16 {
        verify(&chain(), address, line, proof).expect_err(&proof.signature).code().number
    }

    #[test]
    fn three_kinds_of_address_sign_the_same_proof_twice() {
        for kind in [AddressKind::KeyHash, AddressKind::WitnessKeyHash, AddressKind::Taproot] {
            let address = key(7).address(&chain(), kind).expect("an address");
            let proof = sign(&chain(), &address, LINE, &key(7)).expect("signs");
            assert_eq!(sign(&chain(), &address, LINE, &key(7)), Ok(proof.clone()), "deterministic");
            assert!(verify(&chain(), &address, LINE, &proof).is_ok());
            assert_eq!(code(&address, "another line", &proof), 5014);
            let other = key(8).address(&chain(), kind).expect("an address");
            assert_eq!(code(&other, LINE, &proof), 5006, "the question is another address");
            let moved = ControlProof { address: other.clone(), ..proof.clone() };
            assert_eq!(code(&other, LINE, &moved), 5014, "the proof claims another address");
            assert!(matches!(sign(&chain(), &other, LINE, &key(7)), Err(SignError::Key { .. })));
        }
    }

    #[test]
    fn every_changed_byte_of_a_proof_is_refused() {
        for kind in [AddressKind::KeyHash, AddressKind::WitnessKeyHash, AddressKind::Taproot] {
            let address = key(7).address(&chain(), kind).expect("an address");
            let proof = sign(&chain(), &address, LINE, &key(7)).expect("signs");
            let changed = |text: &str, at: usize, bit: u8| {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                String::from_utf8(bytes).expect("ASCII")
            };
            for bit in 0..7 {
                for at in 0..proof.signature.len() {
                    let bad = ControlProof { signature: changed(&proof.signature, at, bit), ..proof.clone() };
                    assert!(verify(&chain(), &address, LINE, &bad).is_err(), "{bad:?}");
                }
                for at in 0..proof.address.len() {
                    let bad = ControlProof { address: changed(&proof.address, at, bit), ..proof.clone() };
                    assert_eq!(code(&address, LINE, &bad), 5006);
                    assert!(verify(&chain(), &bad.address, LINE, &bad).is_err(), "{bad:?}");
                }
                for at in 0..LINE.len() {
                    assert!(verify(&chain(), &address, &changed(LINE, at, bit), &proof).is_err());
                }
                for at in 0..proof.scheme.len() {
                    let bad = ControlProof { scheme: changed(&proof.scheme, at, bit), ..proof.clone() };
                    // one bit makes the name of another scheme, which reads another form
                    assert!(matches!(code(&address, LINE, &bad), 5002 | 5088), "{bad:?}");
                }
            }
        }
    }

    #[test]
    fn message_signatures_keep_to_their_class() {
        let (key, plain) = (key(7), uncompressed(7));
        let address = key.address(&chain(), AddressKind::KeyHash).expect("an address");
        let proof = sign(&chain(), &address, LINE, &key).expect("signs");
        let legacy = sign_legacy(&chain(), &address, LINE, &key).expect("signs");
        assert_eq!((legacy.scheme.as_str(), &legacy.signature), (LEGACY, &proof.signature));
        let bytes = STANDARD.decode(&proof.signature).expect("base64");
        let with_header = |address: &str, header: u8| {
            let signature = STANDARD.encode([&[header], &bytes[1..]].concat());
            let proof = ControlProof { address: address.to_owned(), signature, ..proof.clone() };
            verify(&chain(), address, LINE, &proof).map_err(|error| error.code().number)
        };
        let number = bytes[0] - 31;
        let witness = key.address(&chain(), AddressKind::WitnessKeyHash).expect("an address");
        let inner = address_script(&witness);
        let nested = Address::p2sh(&inner, Network::Bitcoin).expect("a script").to_string();
        let long = plain.address(&chain(), AddressKind::KeyHash).expect("an address");
        for (address, first) in [(&long, 27), (&address, 31), (&nested, 35), (&witness, 39)] {
            for header in 0..=255 {
                let result = with_header(address, header);
                if header == first + number {
                    assert!(result.is_ok(), "{address} {header}");
                } else {
                    assert!(matches!(result, Err(5013 | 5014)), "{address} {header}: {result:?}");
                }
            }
        }
        let taproot = key.address(&chain(), AddressKind::Taproot).expect("an address");
        assert_eq!(with_header(&taproot, bytes[0]), Err(5001));
        let wrong = ControlProof { address: witness.clone(), scheme: LEGACY.to_owned(), ..proof.clone() };
        assert_eq!(code(&witness, LINE, &wrong), 5001);
        assert_eq!(sign(&chain(), &long, LINE, &plain).expect("signs").scheme, BIP137);
        assert!(plain.address(&chain(), AddressKind::Taproot).is_err());
    }

    fn address_script(text: &str) -> bitcoin::ScriptBuf {
        crate::reserve::bitcoin::network::script(Network::Bitcoin, text).expect("an address")
    }

    #[test]
    fn malformed_message_signatures_are_refused() {
        let address = key(7).address(&chain(), AddressKind::KeyHash).expect("an address");
        let proof = sign(&chain(), &address, LINE, &key(7)).expect("signs");
        let bytes = STANDARD.decode(&proof.signature).expect("base64");
        let refused =
            |bytes: &[u8]| code(&address, LINE, &ControlProof { signature: STANDARD.encode(bytes), ..proof.clone() });
        assert_eq!(refused(&bytes[..64]), 5009);
        assert_eq!(refused(&[bytes.as_slice(), &[0]].concat()), 5009);
        assert_eq!(refused(&[&bytes[..33], &[0; 32]].concat()), 5011);
        let low = ecdsa::Signature::from_slice(&bytes[1..]).expect("a signature");
        let (r, s) = low.split_scalars();
        let high = ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
        let header = 31 + ((bytes[0] - 31) ^ 1);
        assert_eq!(refused(&[&[header], high.to_bytes().as_slice()].concat()), 5012);
        let newline = ControlProof { signature: format!("{}\n", proof.signature), ..proof.clone() };
        assert_eq!(code(&address, LINE, &newline), 5008);
    }

    #[test]
    fn wallets_keys_are_read_and_never_printed() {
        let text = "L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k";
        let key = AddressKey::from_wif(&chain(), text).expect("the key of the BIP's vectors");
        let address = key.address(&chain(), AddressKind::WitnessKeyHash).expect("an address");
        assert_eq!(address, "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l");
        assert_eq!(format!("{key:?}"), "AddressKey");
        let error = AddressKey::from_wif(&chain(), &text[1..]).expect_err("cut");
        assert!(!error.to_string().contains("VFeEuj"));
        let regtest = crate::reserve::bitcoin::network::identifier(Network::Regtest).parse().expect("a chain");
        assert!(AddressKey::from_wif(&regtest, text).is_err());
        assert!(AddressKey::new(&mut [0; 32]).is_none());
        assert!(AddressKey::new(&mut [255; 32]).is_none());
    }
}
