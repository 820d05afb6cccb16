//! Who signed a transaction: the address is in no field, it follows from the signature.

use alloy_primitives::U256;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use super::TransactionError;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::control::key_address;

/// v of a transaction of the first type without a chain.
const PLAIN: u64 = 27;
/// v of EIP-155, less twice the chain's number and the parity.
const WITH_CHAIN: u64 = 35;

/// What v says.
pub(super) struct Parity {
    /// Whether the y coordinate of the signature's point is odd.
    pub(super) odd: bool,
    /// The chain's number, where v carries it.
    pub(super) chain_number: Option<u64>,
}

/// Reads v: 0 or 1 in a `typed` transaction; 27 or 28, or 35 or 36 and twice the chain's number, in one without a type.
pub(super) fn parity(at: usize, v: U256, typed: bool) -> Result<Parity, TransactionError> {
    let fail = || TransactionError::Signature { at, detail: "v is none of 0 and 1, 27 and 28, 35 and more" };
    let v = u64::try_from(v).map_err(|_| fail())?;
    match v {
        0 | 1 if typed => Ok(Parity { odd: v == 1, chain_number: None }),
        PLAIN | 28 if !typed => Ok(Parity { odd: v != PLAIN, chain_number: None }),
        WITH_CHAIN.. if !typed => {
            let rest = v.saturating_sub(WITH_CHAIN);
            Ok(Parity { odd: rest % 2 == 1, chain_number: Some(rest / 2) })
        }
        _ => Err(fail()),
    }
}

/// The address of the key that made r, s and the parity over `hash`: both scalars in range, and the low s (EIP-2).
pub(super) fn recover(
    at: usize,
    hash: &[u8; 32],
    (r, s, odd): (U256, U256, bool),
) -> Result<EvmAddress, TransactionError> {
    let fail = |detail: &'static str| TransactionError::Signature { at, detail };
    let scalars = [r.to_be_bytes::<32>(), s.to_be_bytes::<32>()].concat();
    let signature =
        Signature::from_slice(&scalars).map_err(|_| fail("r or s is zero or not below the order of the group"))?;
    if signature.normalize_s() != signature {
        return Err(fail("s is above half the order of the group, expected the low s (EIP-2)"));
    }
    let key = VerifyingKey::recover_from_prehash(hash, &signature, RecoveryId::new(odd, false))
        .map_err(|_| fail("no key recovers from the signature"))?;
    Ok(key_address(&key))
}
