//! A token's balances in one state: contract, code and proxy first, then holder by holder.

use alloy_primitives::U256;

use super::{Decode, TokenEntry, TokenRegistry};
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::code::{Code, Coded, evm as evm_codes, evm_token as codes};
use crate::hash::Digest;
use crate::reserve::evm::account_proof::{self, Account, AccountProofError};
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::storage_proof::{self, Slot, StorageProofError, slot};
use crate::reserve::evm::trie::NodePool;

/// A contract whose code is that of an entry in one state. Only [`open`] makes it.
#[derive(Clone, Debug)]
pub struct OpenToken<'a> {
    entry: &'a TokenEntry,
    storage_root: Digest,
    pool: &'a NodePool,
}

/// What one holder has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHolding {
    /// The figure in the holder's word: base units, or shares.
    pub amount: Amount,
    /// Whether the token's issuer has frozen it.
    pub frozen: bool,
}

/// Shows that the contract has the code of an entry of the registry under `state_root`, and that a proxy runs the
/// implementation of that entry.
///
/// # Errors
/// [`TokenError`].
pub fn open<'a>(
    registry: &'a TokenRegistry,
    chain: &ChainId,
    contract: EvmAddress,
    state_root: &Digest,
    pool: &'a NodePool,
) -> Result<OpenToken<'a>, TokenError> {
    let entries = registry.of(chain, contract);
    if entries.is_empty() {
        return Err(TokenError::Unknown { contract });
    }
    let account = account_proof::verify(state_root, contract, pool)?.ok_or(TokenError::Absent { contract })?;
    let of_code: Vec<&TokenEntry> = entries.into_iter().filter(|entry| entry.code_hash == account.code_hash).collect();
    if of_code.is_empty() {
        return Err(TokenError::Code { contract, got: account.code_hash });
    }
    // every entry of one code says whether it is a proxy, and where its pointer is
    let mut refused = TokenError::Code { contract, got: account.code_hash };
    for entry in of_code {
        match implementation_fits(entry, &account, state_root, pool) {
            Ok(()) => {
                let token = OpenToken { entry, storage_root: account.storage_root, pool };
                token.check_zero_slots()?;
                return Ok(token);
            }
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn implementation_fits(
    entry: &TokenEntry,
    account: &Account,
    state_root: &Digest,
    pool: &NodePool,
) -> Result<(), TokenError> {
    let contract = entry.contract;
    let Some(proxy) = entry.proxy else { return Ok(()) };
    let unproven = |detail: String| TokenError::Proxy { contract, detail };
    let pointer = storage_proof::verify(&account.storage_root, &proxy.pointer.slot(), pool)
        .map_err(|error| unproven(error.to_string()))?;
    let implementation =
        as_address(pointer).ok_or_else(|| unproven(format!("its pointer {pointer:#x} is no address")))?;
    let code = account_proof::verify(state_root, implementation, pool).map_err(|error| unproven(error.to_string()))?;
    let code = code.ok_or_else(|| unproven(format!("there is no account at {implementation}")))?.code_hash;
    match proxy.implementation_code_hash {
        Some(expected) if expected == code => Ok(()),
        _ => Err(TokenError::Implementation { contract, implementation, got: code }),
    }
}

/// A word with an address in its low twenty bytes and nothing above.
pub(in crate::reserve::evm) fn as_address(word: U256) -> Option<EvmAddress> {
    let bytes = word.to_be_bytes::<32>();
    let (high, low) = bytes.split_first_chunk::<12>()?;
    let low: [u8; 20] = low.try_into().ok()?;
    (*high == [0; 12] && low != [0; 20]).then(|| EvmAddress::from_bytes(low))
}

impl OpenToken<'_> {
    /// The entry that the code is of.
    #[must_use]
    pub fn entry(&self) -> &TokenEntry {
        self.entry
    }

    /// Whether its figures are shares.
    #[must_use]
    pub fn in_shares(&self) -> bool {
        self.entry.decode == Decode::Shares
    }

    fn check_zero_slots(&self) -> Result<(), TokenError> {
        for number in &self.entry.zero_slots {
            let word = self.word(&slot(*number))?;
            if !word.is_zero() {
                return Err(TokenError::Switched { contract: self.entry.contract, slot: *number, got: word });
            }
        }
        Ok(())
    }

    /// What `holder` has. The slots are computed from the verifier's own holder.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn holding(&self, holder: EvmAddress) -> Result<TokenHolding, TokenError> {
        let entry = self.entry;
        let word = self.word(&entry.layout.holder_slot(holder, entry.balance_slot))?;
        let listed = match entry.frozen_slot {
            Some(base) => !self.word(&entry.layout.holder_slot(holder, base))?.is_zero(),
            None => false,
        };
        let (units, bit) = match entry.decode {
            Decode::Plain | Decode::Shares => (word, false),
            Decode::BlacklistBit => (word & (U256::MAX >> 1), word.bit(255)),
        };
        let amount = u128::try_from(units).map_err(|_| TokenError::TooLarge { holder, got: units })?;
        Ok(TokenHolding { amount: Amount::from_base_units(amount), frozen: listed || bit })
    }

    fn word(&self, slot: &Slot) -> Result<U256, TokenError> {
        Ok(storage_proof::verify(&self.storage_root, slot, self.pool)?)
    }
}

/// Why a token's balance is not proved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No entry for the contract.
    #[error("no entry of the token registry is about {contract}")]
    Unknown {
        /// The contract.
        contract: EvmAddress,
    },
    /// There is no such contract in the state.
    #[error("there is no contract at {contract} in this state")]
    Absent {
        /// The contract.
        contract: EvmAddress,
    },
    /// The code is of no entry.
    #[error("the code of {contract} has hash {got}, which no entry of the token registry has")]
    Code {
        /// The contract.
        contract: EvmAddress,
        /// The proved hash.
        got: Digest,
    },
    /// The pointer or the account behind it is not shown.
    #[error("what the proxy {contract} runs is not shown: {detail}")]
    Proxy {
        /// The contract.
        contract: EvmAddress,
        /// What is missing.
        detail: String,
    },
    /// The proxy runs code of no entry.
    #[error("the proxy {contract} runs {implementation}, whose code has hash {got}: no entry has it")]
    Implementation {
        /// The contract.
        contract: EvmAddress,
        /// Where its pointer leads.
        implementation: EvmAddress,
        /// The proved hash.
        got: Digest,
    },
    /// A slot that must be zero is not.
    #[error("slot {slot} of {contract} is {got:#x}, expected zero: the contract answers from elsewhere")]
    Switched {
        /// The contract.
        contract: EvmAddress,
        /// The slot.
        slot: u64,
        /// Its word.
        got: U256,
    },
    /// Above 128 bits.
    #[error("the balance {got} of {holder} exceeds 2^128 - 1")]
    TooLarge {
        /// The holder.
        holder: EvmAddress,
        /// The figure.
        got: U256,
    },
    /// The contract's account is not shown.
    #[error(transparent)]
    Account(#[from] AccountProofError),
    /// A slot is not shown.
    #[error(transparent)]
    Storage(#[from] StorageProofError),
}

impl TokenError {
    /// Whether the evidence does not speak of the question, rather than speaking wrongly.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Proxy { .. } => true,
            Self::Account(error) => error.is_missing(),
            Self::Storage(error) => error.is_missing(),
            _ => false,
        }
    }
}

impl Coded for TokenError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Unknown { .. } => &codes::EVM_TOKEN_UNKNOWN,
            Self::Absent { .. } | Self::Code { .. } | Self::Implementation { .. } => &codes::EVM_TOKEN_CODE,
            Self::Proxy { .. } => &codes::EVM_PROXY_UNPROVEN,
            Self::Switched { .. } => &codes::EVM_TOKEN_SWITCHED,
            Self::TooLarge { .. } => &evm_codes::EVM_BALANCE_TOO_LARGE,
            Self::Account(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}
