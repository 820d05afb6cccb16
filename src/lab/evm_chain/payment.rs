//! Payments of the native coin in blocks of an embedded EVM chain: transactions that keys signed (EIP-1559), their
//! receipts, and the roots of both.

use alloy_primitives::B256;
use alloy_rlp::{Encodable as _, Header as RlpHeader};
use alloy_trie::root::ordered_trie_root_encoded;

use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::control::{ControlError, sign_hash};
use crate::reserve::evm::keccak;
use crate::reserve::evm::window::flows::body_file;

/// The type of EIP-1559.
const KIND: u8 = 2;
/// What a plain payment costs (yellow paper, appendix G).
const GAS: u64 = 21_000;

/// The payments of one block, each as it is hashed. All of them succeed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvmBody {
    /// Signed transactions, as [`payment`] makes them.
    pub payments: Vec<Vec<u8>>,
}

impl EvmBody {
    /// `bodies/N.rlp`.
    #[must_use]
    pub fn body_file(&self) -> Vec<u8> {
        body_file(&self.payments, &[])
    }

    /// `receipts/N.rlp`.
    #[must_use]
    pub fn receipts_file(&self) -> Vec<u8> {
        list(&self.receipts().iter().map(|receipt| string(receipt)).collect::<Vec<_>>())
    }

    pub(super) fn transactions_root(&self) -> B256 {
        ordered_trie_root_encoded(&self.payments)
    }

    pub(super) fn receipts_root(&self) -> B256 {
        ordered_trie_root_encoded(&self.receipts())
    }

    /// Gas of the whole block.
    pub(super) fn gas(&self) -> u64 {
        (0..).zip(&self.payments).last().map_or(0, |(at, _)| used(at))
    }

    /// Success, gas so far, an empty bloom, no logs.
    fn receipts(&self) -> Vec<Vec<u8>> {
        let one = |at| [vec![KIND], list(&[number(1), number(used(at).into()), string(&[0; 256]), list(&[])])].concat();
        (0..).zip(&self.payments).map(|(at, _)| one(at)).collect()
    }
}

/// Gas used by a block's payment with this place and all before it.
const fn used(at: u64) -> u64 {
    GAS.saturating_mul(at.saturating_add(1))
}

/// A transaction that pays `value` base units of the native coin to `to` and offers nothing for gas. The key `secret`
/// signs it and had sent `nonce` transactions before.
///
/// # Errors
/// [`ControlError::Key`] when the secret is no key.
pub fn payment(
    chain_number: u64,
    secret: &[u8; 32],
    nonce: u64,
    to: EvmAddress,
    value: u128,
) -> Result<Vec<u8>, ControlError> {
    let (tip, limit, data, access) = (number(0), number(0), string(&[]), list(&[]));
    let (chain, nonce, to) = (number(chain_number.into()), number(nonce.into()), string(&to.to_bytes()));
    let fields = [chain, nonce, tip, limit, number(GAS.into()), to, number(value), data, access];
    let unsigned = [vec![KIND], list(&fields)].concat();
    let signature = sign_hash(&keccak(&unsigned), secret)?;
    let (r, rest) = signature.split_at(32);
    let (s, v) = rest.split_at(32);
    let odd = v.first().is_some_and(|v| *v == 28);
    let scalar = |bytes: &[u8]| string(bytes.iter().position(|byte| *byte != 0).map_or(&[], |at| bytes.split_at(at).1));
    let signed = [fields.as_slice(), &[number(odd.into()), scalar(r), scalar(s)]].concat();
    Ok([vec![KIND], list(&signed)].concat())
}

fn number(value: u128) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bytes.encode(&mut out);
    out
}

/// An RLP list of items that are encoded already.
fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    let mut out = Vec::new();
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Digest;
    use crate::reserve::evm::control::address_of;
    use crate::reserve::evm::transactions::{transactions, transactions_root};

    #[test]
    fn a_payment_is_read_back_with_its_sender() {
        let to = EvmAddress::from_bytes([5; 20]);
        // two keys, so that both parities are likely, and both places
        let payments: Vec<Vec<u8>> =
            (1..9).map(|key| payment(1337, &[key; 32], u64::from(key), to, 1 << 100).expect("a key")).collect();
        let body = EvmBody { payments };
        let file = list(&body.payments.iter().map(|raw| string(raw)).collect::<Vec<_>>());
        let root = transactions_root(&file).expect("a list");
        assert_eq!(root, Digest::from_bytes(body.transactions_root().0));
        let read = transactions(1337, &root, &file).expect("transactions");
        for (key, sent) in (1..9).zip(read) {
            assert_eq!(sent.sender, address_of(&[key; 32]).expect("a key"));
            assert_eq!(
                (sent.nonce, sent.recipient(), sent.gas_price(Some(0))),
                (u64::from(key), to, Some(0.try_into().expect("zero")))
            );
        }
        assert_eq!(body.gas(), 8 * GAS);
    }
}
