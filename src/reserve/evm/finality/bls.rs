//! Keys and signatures of sync committees (BLS12-381, keys in G1, proof-of-possession scheme), through `blst`.
//!
//! This is the one file that the feature `finality` changes.

use super::files::Committee;
use super::ssz::Chunk;

/// A committee whose keys were checked, and the check of its signatures.
pub(super) trait Signers {
    /// Whether the members whose bit is set signed `message`.
    fn signed(&self, bits: &[u8; 64], message: &Chunk, signature: &[u8; 96]) -> bool;
}

/// Checks the keys of a committee; the error says which one is none.
pub(super) type CheckKeys = fn(&Committee) -> Result<Box<dyn Signers>, String>;

/// What this build can do.
#[cfg(not(feature = "finality"))]
pub(super) const CHECK: Option<CheckKeys> = None;
/// What this build can do.
#[cfg(feature = "finality")]
pub(super) const CHECK: Option<CheckKeys> = Some(checked::keys);

#[cfg(feature = "finality")]
mod checked {
    use blst::BLST_ERROR;
    use blst::min_pk::{AggregatePublicKey, PublicKey, Signature};

    use super::{Chunk, Committee, Signers};

    /// The ciphersuite of the beacon chain, as the signature scheme's draft names it.
    const SUITE: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    /// Points of the right subgroup, none at infinity, in the order of the bits.
    struct Keys(Vec<PublicKey>);

    pub(super) fn keys(committee: &Committee) -> Result<Box<dyn Signers>, String> {
        let mut keys = Vec::with_capacity(committee.keys().len());
        for (at, bytes) in committee.keys().iter().enumerate() {
            let key = PublicKey::key_validate(bytes)
                .map_err(|error| format!("key {at} of the committee: {}", words(error)))?;
            keys.push(key);
        }
        let borrowed: Vec<&PublicKey> = keys.iter().collect();
        // every one of them was validated above
        let sum = AggregatePublicKey::aggregate(&borrowed, false)
            .map_err(|error| format!("the committee's aggregate key: {}", words(error)))?;
        if sum.to_public_key().to_bytes() != *committee.aggregate() {
            return Err("the committee's aggregate key is not the sum of its keys".to_owned());
        }
        Ok(Box::new(Keys(keys)))
    }

    impl Signers for Keys {
        fn signed(&self, bits: &[u8; 64], message: &Chunk, signature: &[u8; 96]) -> bool {
            let named = |at: usize| bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            let members = self.0.iter().enumerate().filter(|(at, _)| named(*at));
            let keys: Vec<&PublicKey> = members.map(|(_, key)| key).collect();
            // on the curve, in the subgroup, not infinity
            let Ok(signature) = Signature::sig_validate(signature, true) else { return false };
            signature.fast_aggregate_verify(false, message, SUITE, &keys) == BLST_ERROR::BLST_SUCCESS
        }
    }

    fn words(error: BLST_ERROR) -> &'static str {
        match error {
            BLST_ERROR::BLST_PK_IS_INFINITY => "infinity",
            BLST_ERROR::BLST_POINT_NOT_ON_CURVE => "not on the curve",
            BLST_ERROR::BLST_POINT_NOT_IN_GROUP => "not in the subgroup",
            _ => "not the encoding of a point",
        }
    }
}
