//! EVM addresses and chains as text: EIP-55 for addresses, CAIP-2 with the `eip155` namespace for chains.

use std::fmt;
use std::str::FromStr;

use super::keccak;
use crate::asset::ChainId;
use crate::code::{Code, Coded, evm as codes};
use crate::json::uint;

/// The twenty bytes of an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmAddress([u8; 20]);

impl EvmAddress {
    /// Wraps twenty bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 20] {
        self.0
    }

    /// The text with the checksum of EIP-55: a letter is upper case when the same digit of the hash of the
    /// lower-case text is at least 8.
    #[must_use]
    pub fn checksummed(self) -> String {
        let lower = hex::encode(self.0);
        let hash = hex::encode(keccak(lower.as_bytes()));
        let digits = lower.chars().zip(hash.chars());
        let cased = digits.map(|(digit, nibble)| if nibble >= '8' { digit.to_ascii_uppercase() } else { digit });
        std::iter::once("0x".to_owned()).chain(cased.map(String::from)).collect()
    }
}

impl fmt::Display for EvmAddress {
    /// The canonical form: `0x` and forty lower-case digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for EvmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EvmAddress {
    type Err = AddressError;

    /// All digits in lower case, or the checksum of EIP-55; nothing between.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let form = || AddressError::Form { got: text.chars().take(80).collect() };
        let digits = text.strip_prefix("0x").ok_or_else(form)?;
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| form())?;
        let address = Self(bytes);
        let expected = address.checksummed();
        if digits.bytes().any(|digit| digit.is_ascii_uppercase()) && text != expected {
            return Err(AddressError::Checksum { got: text.to_owned(), expected });
        }
        Ok(address)
    }
}

/// The number of an EVM chain: `eip155:1` is 1.
///
/// # Errors
/// [`AddressError::Chain`] for another namespace, a number with a leading zero, zero, or one above 64 bits.
pub fn chain_number(chain: &ChainId) -> Result<u64, AddressError> {
    let number = if chain.namespace() == "eip155" { uint::parse(chain.reference()) } else { None };
    number.filter(|number| *number != 0).ok_or_else(|| AddressError::Chain { got: chain.clone() })
}

/// Why a text names no address or chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and forty digits.
    #[error("an EVM address is 0x and 40 hexadecimal digits, got {got:?}")]
    Form {
        /// The text.
        got: String,
    },
    /// Mixed case without the right checksum: probably a typing error.
    #[error("the EIP-55 checksum is wrong: got {got}, expected {expected}, or all lower case")]
    Checksum {
        /// The text.
        got: String,
        /// The same digits with their checksum.
        expected: String,
    },
    /// Not a chain of the `eip155` namespace.
    #[error("an EVM chain is eip155: and a decimal number above zero, got {got}")]
    Chain {
        /// The chain.
        got: ChainId,
    },
}

impl Coded for AddressError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Form { .. } | Self::Checksum { .. } => &codes::EVM_ADDRESS,
            Self::Chain { .. } => &codes::EVM_CHAIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of EIP-55.
    const CHECKSUMMED: [&str; 6] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn the_checksum_is_that_of_eip_55() {
        for text in CHECKSUMMED {
            let address: EvmAddress = text.parse().expect(text);
            assert_eq!(address.checksummed(), text);
            assert_eq!(address.to_string(), text.to_lowercase());
            assert_eq!(text.to_lowercase().parse(), Ok(address));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        for at in 2..good.len() {
            let mut bytes = good.as_bytes().to_vec();
            if bytes[at].is_ascii_alphabetic() {
                bytes[at] ^= 0x20;
                let text = String::from_utf8(bytes).expect("ASCII");
                assert!(matches!(text.parse::<EvmAddress>(), Err(AddressError::Checksum { .. })), "{text}");
            }
        }
        for text in ["", "0x", &good[2..], &good[..41], &format!("{good}0"), &good.replace("0x", "0X"), "0xé"] {
            assert!(matches!(text.parse::<EvmAddress>(), Err(AddressError::Form { .. })), "{text}");
        }
        assert!(good.to_uppercase().replace("0X", "0x").parse::<EvmAddress>().is_err());
    }

    #[test]
    fn chains_have_a_decimal_number() {
        let number = |text: &str| chain_number(&text.parse().expect("a chain")).ok();
        assert_eq!(number("eip155:1"), Some(1));
        assert_eq!(number("eip155:18446744073709551615"), Some(u64::MAX));
        for text in ["eip155:0", "eip155:01", "eip155:", "eip155:0x1", "eip155:18446744073709551616", "bip122:1"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
