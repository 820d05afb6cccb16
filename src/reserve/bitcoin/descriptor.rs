//! Output descriptors: the rule behind a wallet's addresses, so that all of them are committed and none is left out.
//! Specification: `docs/spec/descriptor.md`.

mod check;
mod error;
mod list;
pub(super) mod text;

use std::collections::BTreeSet;

use bitcoin::bip32::{ChildNumber, DerivationPath};
use bitcoin::secp256k1::{Secp256k1, Verification, VerifyOnly};
use bitcoin::{Address, Network, NetworkKind, PublicKey, ScriptBuf};
use miniscript::descriptor::{Descriptor, DescriptorPublicKey, DescriptorType, Wildcard, XKeyNetwork};
use miniscript::{ForEachKey as _, TranslateErr, Translator, translate_hash_clone};

pub use check::{Difference, compare};
pub use error::DescriptorError;
pub use list::{Derived, DescriptorList, ListedDescriptor, derive_all};
pub use text::{holds_private_key, with_checksum};

use super::network::{address, network};
use crate::asset::ChainId;
use crate::hash::{Digest, ShortBytes, Tag, TaggedHasher};

/// The highest index of a range.
pub const LAST_MAX: u32 = 9_999_999;

/// A descriptor without private keys, on one chain, and how far it is derived.
#[derive(Clone, Debug)]
pub struct RangedDescriptor {
    chain: ChainId,
    network: Network,
    text: String,
    last: Option<u32>,
    rule: Rule,
}

/// What gives the scripts.
#[derive(Clone, Debug)]
enum Rule {
    /// `addr(…)` or `raw(…)`.
    Fixed(ScriptBuf),
    /// Keys.
    Keys(Box<Descriptor<DescriptorPublicKey>>),
}

/// What points of the curve are computed with; costly to make, so it is made once a thread.
pub struct Deriver(Secp256k1<VerifyOnly>);

impl Default for Deriver {
    fn default() -> Self {
        Self(Secp256k1::verification_only())
    }
}

impl RangedDescriptor {
    /// Reads a descriptor with its checksum. One with several paths (`<0;1>`, BIP-389) gives one for each.
    ///
    /// # Errors
    /// [`DescriptorError`].
    pub fn read(chain: &ChainId, text: &str, last: Option<u32>) -> Result<Vec<Self>, DescriptorError> {
        if text::holds_private_key(text) {
            return Err(DescriptorError::Private);
        }
        let network = network(chain)?;
        let body = text::body(text)?;
        let made = |text, rule| Self { chain: chain.clone(), network, text, last, rule };
        let all = match fixed(network, body)? {
            Some((body, script)) => vec![made(text::with_checksum(&body)?, Rule::Fixed(script))],
            None => {
                let single = |keys: Descriptor<DescriptorPublicKey>| made(keys.to_string(), Rule::Keys(Box::new(keys)));
                single_paths(parse(text)?)?.into_iter().map(single).collect()
            }
        };
        let deriver = Deriver::default();
        for one in &all {
            one.check()?;
            one.address(&deriver, 0)?;
        }
        Ok(all)
    }

    fn check(&self) -> Result<(), DescriptorError> {
        let ranged = match &self.rule {
            Rule::Fixed(_) => false,
            Rule::Keys(keys) => {
                if keys.for_any_key(|key| key.has_hardened_step() || key.wildcard() == Some(Wildcard::Hardened)) {
                    return Err(DescriptorError::Hardened);
                }
                check_network(self.network, keys)?;
                keys.has_wildcard()
            }
        };
        check_range(ranged, self.last)
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &ChainId {
        &self.chain
    }

    /// The text in its one spelling, with checksum.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The last index of a ranged descriptor; none for one that stands for a single address.
    #[must_use]
    pub fn last(&self) -> Option<u32> {
        self.last
    }

    /// How many addresses it gives.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.last.map_or(1, |last| last.saturating_add(1))
    }

    /// What names it in every leaf: a hash over chain, text and range.
    #[must_use]
    pub fn id(&self) -> Digest {
        // both are shorter than 65,535 bytes: `read` and `ChainId` see to it
        let string = |text: &'_ str| ShortBytes::new(text.as_bytes()).unwrap_or(ShortBytes::EMPTY).to_vec();
        let ranged = u8::from(self.last.is_some());
        let message = [string(self.chain.as_str()), string(&self.text), vec![ranged]].concat();
        TaggedHasher::new(Tag::Descriptor).rest(&message).rest(&self.last.unwrap_or(0).to_be_bytes()).finish()
    }

    /// The address at an index; 0 for a descriptor that stands for one.
    ///
    /// # Errors
    /// [`DescriptorError::Range`] above the range, [`DescriptorError::NoAddress`] for a bare script.
    pub fn address(&self, deriver: &Deriver, index: u32) -> Result<String, DescriptorError> {
        if index >= self.count() {
            return Err(DescriptorError::Range(format!("index {index} of {} addresses", self.count())));
        }
        let none = |_| DescriptorError::NoAddress;
        Ok(match &self.rule {
            Rule::Fixed(script) => Address::from_script(script, self.network).map_err(none)?.to_string(),
            Rule::Keys(keys) => {
                let definite =
                    keys.translate_pk(&mut AtIndex { secp: &deriver.0, index }).map_err(|error| match error {
                        TranslateErr::TranslatorErr(error) => error,
                        TranslateErr::OuterError(error) => {
                            DescriptorError::Malformed(text::redacted(&error.to_string()))
                        }
                    })?;
                definite.address(self.network).map_err(|_| DescriptorError::NoAddress)?.to_string()
            }
        })
    }

    /// Whether it has extended public keys, which are for auditors only.
    #[must_use]
    pub fn has_extended_keys(&self) -> bool {
        match &self.rule {
            Rule::Fixed(_) => false,
            Rule::Keys(keys) => keys.for_any_key(|key| !matches!(key, DescriptorPublicKey::Single(_))),
        }
    }

    /// The devices that hold its keys: fingerprints of their master keys, eight hexadecimal digits each.
    #[must_use]
    pub fn fingerprints(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if let Rule::Keys(keys) = &self.rule {
            keys.for_each_key(|key| {
                found.insert(key.master_fingerprint().to_string());
                true
            });
        }
        found
    }

    /// The path from the master key to the key of an index, when there is one key and its path is known: what a device
    /// wants to be told.
    #[must_use]
    pub fn path(&self, index: u32) -> Option<String> {
        let Rule::Keys(keys) = &self.rule else { return None };
        let mut all = keys.iter_pk();
        let (key, None) = (all.next()?, all.next()) else { return None };
        let path = key.clone().at_derivation_index(index).ok()?.full_derivation_path()?;
        (!path.is_master()).then(|| format!("m/{path}"))
    }

    /// How its addresses can sign, in the words of `control.jsonl`, the usual one first.
    #[must_use]
    pub fn schemes(&self) -> &'static [&'static str] {
        let Rule::Keys(keys) = &self.rule else { return &["bip322-full"] };
        match keys.desc_type() {
            DescriptorType::Pkh => &["bip137", "legacy"],
            DescriptorType::Wpkh => &["bip322-simple", "bip137"],
            DescriptorType::ShWpkh => &["bip137", "bip322-full"],
            DescriptorType::Tr => &["bip322-simple"],
            DescriptorType::ShSortedMulti | DescriptorType::WshSortedMulti | DescriptorType::ShWshSortedMulti => {
                &["bip322-full", "key-threshold"]
            }
            _ => &["bip322-full"],
        }
    }
}

/// A descriptor that ends in `/*` has a last index, and no other one.
pub(super) fn check_range(ranged: bool, last: Option<u32>) -> Result<(), DescriptorError> {
    let wrong = |detail: String| Err(DescriptorError::Range(detail));
    match (ranged, last) {
        (true, None) => wrong("it ends in `/*`: a last index is needed".to_owned()),
        (false, Some(last)) => wrong(format!("it stands for one address, and has the last index {last}")),
        (true, Some(last)) if last > LAST_MAX => wrong(format!("last index {last}, at most {LAST_MAX}")),
        _ => Ok(()),
    }
}

/// Extended keys say whether they are for the main network.
pub(super) fn check_network(network: Network, keys: &Descriptor<DescriptorPublicKey>) -> Result<(), DescriptorError> {
    let name = |kind: NetworkKind| if kind.is_mainnet() { "the main network" } else { "test networks" };
    let expected = NetworkKind::from(network);
    let got = match keys.xkey_network() {
        XKeyNetwork::Mixed => "both the main and test networks",
        XKeyNetwork::Single(kind) if kind != expected => name(kind),
        XKeyNetwork::Single(_) | XKeyNetwork::NoXKeys => return Ok(()),
    };
    Err(DescriptorError::Network { got, expected: name(expected) })
}

/// `addr(ADDRESS)` and `raw(HEX)` are not of miniscript: the script and its one spelling.
fn fixed(network: Network, body: &str) -> Result<Option<(String, ScriptBuf)>, DescriptorError> {
    let inner = |name: &str| body.strip_prefix(name)?.strip_suffix(')');
    if let Some(inner) = inner("addr(") {
        let address = address(network, inner)?;
        return Ok(Some((format!("addr({address})"), address.script_pubkey())));
    }
    let Some(inner) = inner("raw(") else { return Ok(None) };
    let bytes = hex::decode(inner).map_err(|error| DescriptorError::Malformed(format!("raw(…): {error}")))?;
    Ok(Some((format!("raw({})", hex::encode(&bytes)), ScriptBuf::from_bytes(bytes))))
}

fn parse(text: &str) -> Result<Descriptor<DescriptorPublicKey>, DescriptorError> {
    let malformed = |error: miniscript::Error| {
        let message = text::redacted(&error.to_string());
        if message.contains("hardened") { DescriptorError::Hardened } else { DescriptorError::Malformed(message) }
    };
    let keys: Descriptor<DescriptorPublicKey> = text.parse().map_err(malformed)?;
    keys.sanity_check().map_err(malformed)?;
    Ok(keys)
}

/// One descriptor for each of the paths in it.
fn single_paths(
    keys: Descriptor<DescriptorPublicKey>,
) -> Result<Vec<Descriptor<DescriptorPublicKey>>, DescriptorError> {
    let mut paths: Vec<usize> = Vec::new();
    keys.for_each_key(|key| {
        if let DescriptorPublicKey::MultiXPub(several) = key {
            paths.push(several.derivation_paths.paths().len());
        }
        true
    });
    let Some(&count) = paths.first() else { return Ok(vec![keys]) };
    if paths.iter().any(|other| *other != count) {
        return Err(DescriptorError::Malformed("its keys have different numbers of paths".to_owned()));
    }
    (0..count).map(|number| keys.translate_pk(&mut OnePath(number)).map_err(untranslated)).collect()
}

/// Why keys could not be put in the places of others.
pub(super) fn untranslated(error: TranslateErr<DescriptorError>) -> DescriptorError {
    match error {
        TranslateErr::TranslatorErr(error) => error,
        TranslateErr::OuterError(error) => DescriptorError::Malformed(text::redacted(&error.to_string())),
    }
}

struct OnePath(usize);

impl Translator<DescriptorPublicKey> for OnePath {
    type TargetPk = DescriptorPublicKey;
    type Error = DescriptorError;

    fn pk(&mut self, key: &DescriptorPublicKey) -> Result<DescriptorPublicKey, DescriptorError> {
        let single = key.clone().into_single_keys();
        let at = if single.len() == 1 { 0 } else { self.0 };
        single.into_iter().nth(at).ok_or_else(|| DescriptorError::Malformed("a key lacks a path".to_owned()))
    }

    translate_hash_clone!(DescriptorPublicKey);
}

/// Derives every key at one index.
struct AtIndex<'a> {
    secp: &'a Secp256k1<VerifyOnly>,
    index: u32,
}

/// The public key of an index.
pub(super) fn public_key<C: Verification>(
    key: &DescriptorPublicKey,
    secp: &Secp256k1<C>,
    index: u32,
) -> Result<PublicKey, DescriptorError> {
    let wrong = |error: &dyn std::fmt::Display| DescriptorError::Malformed(text::redacted(&error.to_string()));
    let definite = key.clone().at_derivation_index(index).map_err(|error| wrong(&error))?;
    // derived here, not by `derive_public_key`, which panics on what it holds impossible
    let DescriptorPublicKey::XPub(extended) = definite.as_descriptor_public_key() else {
        return Ok(definite.derive_public_key(secp));
    };
    let path: &DerivationPath = &extended.derivation_path;
    if path.into_iter().any(ChildNumber::is_hardened) {
        return Err(DescriptorError::Hardened);
    }
    let child = extended.xkey.derive_pub(secp, path).map_err(|error| wrong(&error))?;
    Ok(PublicKey::new(child.public_key))
}

impl Translator<DescriptorPublicKey> for AtIndex<'_> {
    type TargetPk = PublicKey;
    type Error = DescriptorError;

    fn pk(&mut self, key: &DescriptorPublicKey) -> Result<PublicKey, DescriptorError> {
        public_key(key, self.secp, self.index)
    }

    translate_hash_clone!(DescriptorPublicKey);
}

#[cfg(test)]
mod tests;
