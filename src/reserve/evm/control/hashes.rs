//! What is signed for a line, scheme by scheme.

use crate::reserve::evm::keccak;
use crate::reserve::evm::storage_proof::slot;

/// The 32 bytes that a wallet signs for `line`, by EIP-191: a prefix that no transaction can begin with, the
/// length of the line in decimal digits, the line.
#[must_use]
pub fn signed_hash(line: &str) -> [u8; 32] {
    prefixed(line.as_bytes())
}

/// The same over the hash of the line: 32 bytes in place of the text.
#[must_use]
pub fn prehashed_hash(line: &str) -> [u8; 32] {
    prefixed(&keccak(line.as_bytes()))
}

pub(super) fn prefixed(message: &[u8]) -> [u8; 32] {
    let prefix = format!("\u{19}Ethereum Signed Message:\n{}", message.len());
    keccak(&[prefix.as_bytes(), message].concat())
}

/// The 32 bytes that a wallet signs for `line` in a typed message (EIP-712): domain `counterfoil`, version 1, the
/// chain's number, and one field, the line.
#[must_use]
pub fn typed_hash(chain_number: u64, line: &str) -> [u8; 32] {
    let domain = [
        keccak(b"EIP712Domain(string name,string version,uint256 chainId)"),
        keccak(b"counterfoil"),
        keccak(b"1"),
        slot(chain_number),
    ];
    let message = [keccak(b"ReserveChallenge(string line)"), keccak(line.as_bytes())];
    typed(&keccak(&domain.concat()), &keccak(&message.concat()))
}

/// keccak(0x19 ‖ 0x01 ‖ domain ‖ message), both hashed before.
pub(super) fn typed(domain: &[u8; 32], message: &[u8; 32]) -> [u8; 32] {
    keccak(&[&[0x19, 0x01][..], domain, message].concat())
}
