//! Signing for a Safe: owners sign one by one, and their signatures are put together.

use std::collections::BTreeMap;

use super::{SafeError, message_hash, signers};
use crate::asset::ChainId;
use crate::reserve::claim::ControlProof;
use crate::reserve::evm::address::{EvmAddress, chain_number};
use crate::reserve::evm::control::{ControlError, SAFE, address_of, check_question, shorten, sign_hash};

/// Signs `line` for the Safe at `safe` with the keys of some of its owners. Whether they are owners, and enough, is for
/// the state of the chain to say.
///
/// # Errors
/// [`ControlError`]: the chain, the address, or a secret that is no key.
pub fn sign<'a>(
    chain: &ChainId,
    safe: &str,
    line: &str,
    secrets: impl IntoIterator<Item = &'a [u8; 32]>,
) -> Result<ControlProof, ControlError> {
    let hash = message_hash(chain_number(chain)?, safe.parse()?, line);
    let mut signatures = BTreeMap::new();
    for secret in secrets {
        signatures.insert(address_of(secret)?, sign_hash(&hash, secret)?);
    }
    Ok(proof(chain, safe, &signatures))
}

/// The addresses whose keys signed `line` for the Safe of a proof, in their order. Chain, address and line are the
/// caller's. Whether they are owners, and enough, is for the state of the chain to say.
///
/// # Errors
/// [`ControlError`]: a proof of something else, or signatures that are not in their one form.
pub fn signed_by(
    chain: &ChainId,
    safe: &str,
    line: &str,
    proof: &ControlProof,
) -> Result<Vec<EvmAddress>, ControlError> {
    Ok(read(chain, safe, line, proof)?.into_keys().collect())
}

/// One proof with the signatures of both, each owner's once: of two by one owner the first proof's.
///
/// # Errors
/// As [`signed_by`].
pub fn join(chain: &ChainId, safe: &str, line: &str, proofs: [&ControlProof; 2]) -> Result<ControlProof, ControlError> {
    let [first, second] = proofs;
    let mut signatures = read(chain, safe, line, second)?;
    signatures.extend(read(chain, safe, line, first)?);
    Ok(proof(chain, safe, &signatures))
}

fn read(
    chain: &ChainId,
    safe: &str,
    line: &str,
    proof: &ControlProof,
) -> Result<BTreeMap<EvmAddress, [u8; 65]>, ControlError> {
    let asked = check_question(chain, safe, proof)?;
    if proof.scheme != SAFE {
        return Err(ControlError::Scheme { got: shorten(&proof.scheme) });
    }
    let hash = message_hash(chain_number(chain)?, asked, line);
    let signatures: BTreeMap<_, _> = signers(&hash, &proof.signature)?.into_iter().collect();
    if signatures.is_empty() {
        return Err(SafeError::Signatures { detail: "none, expected at least one".to_owned() }.into());
    }
    Ok(signatures)
}

fn proof(chain: &ChainId, safe: &str, signatures: &BTreeMap<EvmAddress, [u8; 65]>) -> ControlProof {
    let digits: String = signatures.values().map(hex::encode).collect();
    ControlProof::signed(chain.clone(), safe.to_owned(), SAFE, format!("0x{digits}"))
}
