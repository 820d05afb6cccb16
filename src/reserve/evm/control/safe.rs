//! Safe wallets of version 1.3.0 and later, judged by their storage and their owners' signatures: no code is run.
//!
//! A Safe asks for as many signatures as its threshold, of distinct owners, in the order of their addresses. Proxy and
//! singleton must have a code hash of the registry, for the layout of the storage follows from their code.

use alloy_primitives::U256;
use k256::ecdsa::VerifyingKey;
use serde::Deserialize;

use super::hashes::{prefixed, signed_hash, typed};
use super::{ControlError, Shown, key_address, read};
use crate::code::{Code, Coded, evm_token as codes};
use crate::hash::Digest;
use crate::reserve::claim::{ControlGrade, Problem};
use crate::reserve::evm::account_proof::{Account, AccountProofError};
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::keccak;
use crate::reserve::evm::state::State;
use crate::reserve::evm::storage_proof::{self, Slot, StorageProofError, address_word, slot, solidity_mapping};
use crate::reserve::evm::token::as_address;

mod sign;

pub use sign::{join, sign, signed_by};

/// The codes that come with the program.
const REGISTRY: &str = include_str!("safe_registry.toml");
const SINGLETON: u64 = 0;
const MODULES: u64 = 1;
const OWNERS: u64 = 2;
const THRESHOLD: u64 = 4;
/// The first and last entry of the lists of owners and modules; no account.
pub const SENTINEL: EvmAddress = EvmAddress::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
/// The most signatures that are looked at.
const SIGNATURES_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    proxy: Vec<KnownCode>,
    singleton: Vec<KnownCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownCode {
    #[expect(dead_code, reason = "for the reader of the file")]
    name: String,
    code_hash: Digest,
    #[expect(dead_code, reason = "for the reader of the file")]
    source: String,
}

/// What the owners of the Safe at `safe` sign for `line`: the Safe's own typed message (EIP-712 with the chain's number
/// and the Safe's address) around the EIP-191 hash of the line.
#[must_use]
pub fn message_hash(chain_number: u64, safe: EvmAddress, line: &str) -> [u8; 32] {
    let domain =
        [keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)"), slot(chain_number), address_word(safe)];
    let message = [keccak(b"SafeMessage(bytes message)"), keccak(&signed_hash(line))];
    typed(&keccak(&domain.concat()), &keccak(&message.concat()))
}

/// Whether this is the code of a wallet that this module can judge.
#[must_use]
pub fn is_wallet(code_hash: &Digest) -> bool {
    toml::from_str(REGISTRY)
        .is_ok_and(|registry: Registry| registry.proxy.iter().any(|code| code.code_hash == *code_hash))
}

/// Every slot that a proof about a Safe needs besides those of its owners; the first one has its singleton.
#[must_use]
pub fn slots() -> Vec<Slot> {
    vec![slot(SINGLETON), slot(THRESHOLD), modules_slot(), guard_slot()]
}

/// The slot that is not zero when `owner` is one.
#[must_use]
pub fn owner_slot(owner: EvmAddress) -> Slot {
    solidity_mapping(&address_word(owner), &slot(OWNERS))
}

fn modules_slot() -> Slot {
    solidity_mapping(&address_word(SENTINEL), &slot(MODULES))
}

fn guard_slot() -> Slot {
    keccak(b"guard_manager.guard.address")
}

/// Checks that as many owners as the Safe asks for signed `line`.
pub(super) fn verify(state: &State<'_>, safe: EvmAddress, line: &str, signatures: &str) -> Result<Shown, ControlError> {
    let wallet = Wallet::open(state, safe)?;
    let hash = message_hash(state.chain_number(), safe, line);
    let signers = signers(&hash, signatures)?;
    let threshold = wallet.word(&slot(THRESHOLD))?;
    let enough = usize::try_from(threshold).is_ok_and(|threshold| (1..=signers.len()).contains(&threshold));
    if !enough {
        return Err(SafeError::Threshold { safe, threshold, signed: signers.len() }.into());
    }
    for (signer, _) in signers {
        if signer == SENTINEL || wallet.word(&owner_slot(signer))?.is_zero() {
            return Err(SafeError::Owner { safe, signer }.into());
        }
    }
    let mut problems = Vec::new();
    let first = wallet.word(&modules_slot())?;
    if first != U256::from(1) {
        let detail = match as_address(first) {
            Some(module) => format!("the module {module} can move coins without the owners"),
            None => format!("its list of modules begins with {first:#x}: it was never set up"),
        };
        problems.push(Problem { code: &codes::EVM_SAFE_MODULE, subject: safe.to_string(), detail });
    }
    let guard = wallet.word(&guard_slot())?;
    if !guard.is_zero() {
        let detail = format!("the guard {guard:#x} can keep the owners from moving coins");
        problems.push(Problem { code: &codes::EVM_SAFE_GUARD, subject: safe.to_string(), detail });
    }
    let grade = if state.anchored { ControlGrade::ContractProven } else { ControlGrade::ContractStated };
    Ok(Shown { grade, problems })
}

/// A Safe whose codes are known.
struct Wallet<'a> {
    state: &'a State<'a>,
    storage_root: Digest,
}

impl<'a> Wallet<'a> {
    fn open(state: &'a State<'a>, safe: EvmAddress) -> Result<Self, SafeError> {
        let registry: Registry =
            toml::from_str(REGISTRY).map_err(|error| SafeError::Registry { detail: error.to_string() })?;
        let account = account(state, safe)?;
        let known = |codes: &[KnownCode], hash| codes.iter().any(|code| code.code_hash == hash);
        if !known(&registry.proxy, account.code_hash) {
            return Err(SafeError::Code { what: "the wallet", at: safe, got: account.code_hash });
        }
        let wallet = Self { state, storage_root: account.storage_root };
        let pointer = wallet.word(&slot(SINGLETON))?;
        let singleton = as_address(pointer).ok_or(SafeError::Pointer { safe, got: pointer })?;
        let code = self::account(state, singleton)?.code_hash;
        if !known(&registry.singleton, code) {
            return Err(SafeError::Code { what: "the singleton", at: singleton, got: code });
        }
        Ok(wallet)
    }

    fn word(&self, slot: &Slot) -> Result<U256, SafeError> {
        Ok(storage_proof::verify(&self.storage_root, slot, &self.state.pool)?)
    }
}

fn account(state: &State<'_>, address: EvmAddress) -> Result<Account, SafeError> {
    let account = state.account(address).ok_or(SafeError::Headerless)??;
    account.ok_or(SafeError::Absent { at: address })
}

/// The keys behind the signatures, strictly rising as the contract demands it: so none counts twice. Each with its
/// signature.
fn signers(hash: &[u8; 32], text: &str) -> Result<Vec<(EvmAddress, [u8; 65])>, ControlError> {
    let form = |detail: String| SafeError::Signatures { detail };
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() <= SIGNATURES_MAX.saturating_mul(130));
    let bytes = digits.and_then(|digits| hex::decode(digits).ok());
    let bytes = bytes.ok_or_else(|| form(format!("expected 0x and 130 digits for each of 1 to {SIGNATURES_MAX}")))?;
    let (signatures, []) = bytes.as_chunks::<65>() else {
        return Err(form(format!("{} bytes, expected 65 for each signature", bytes.len())).into());
    };
    let mut signers: Vec<(EvmAddress, [u8; 65])> = Vec::with_capacity(signatures.len());
    for (at, signature) in signatures.iter().enumerate() {
        let signer = signer(hash, *signature, at)?;
        if signers.last().is_some_and(|(before, _)| *before >= signer) {
            return Err(form(format!("signature {at} is by {signer}, not above the one before")).into());
        }
        signers.push((signer, *signature));
    }
    Ok(signers)
}

/// v says how: 27 and 28 over the hash itself, 31 and 32 over its EIP-191 form. 0 and 1 name a contract or an approval
/// on the chain, which are no signatures.
fn signer(hash: &[u8; 32], mut signature: [u8; 65], at: usize) -> Result<EvmAddress, ControlError> {
    let form = |detail: String| SafeError::Signatures { detail };
    let [.., v] = &mut signature;
    let signed = match *v {
        27 | 28 => *hash,
        31 | 32 => {
            *v = v.saturating_sub(4);
            prefixed(hash)
        }
        0 => return Err(form(format!("signature {at} is that of a contract, which only its code can judge")).into()),
        1 => return Err(form(format!("signature {at} is an approval on the chain, and no signature")).into()),
        other => return Err(form(format!("signature {at}: v is {other}, expected 27, 28, 31 or 32")).into()),
    };
    let (signature, recovery) = read(signature)?;
    let key = VerifyingKey::recover_from_prehash(&signed, &signature, recovery)
        .map_err(|_| form(format!("no key recovers from signature {at}")))?;
    Ok(key_address(&key))
}

/// Why control of a Safe is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SafeError {
    /// Code that is not that of a Safe.
    #[error("the code of {what} at {at} has hash {got}, which is that of no known Safe from 1.3.0 on")]
    Code {
        /// Wallet or singleton.
        what: &'static str,
        /// Its address.
        at: EvmAddress,
        /// The proved hash.
        got: Digest,
    },
    /// The wallet points to nothing.
    #[error("slot 0 of {safe} is {got:#x}, expected the address of a singleton")]
    Pointer {
        /// The wallet.
        safe: EvmAddress,
        /// The word.
        got: U256,
    },
    /// No such account.
    #[error("there is no account at {at} in this state")]
    Absent {
        /// The address.
        at: EvmAddress,
    },
    /// No state to look into.
    #[error("the header of the cut-off block is not in the evidence")]
    Headerless,
    /// An account is not shown.
    #[error(transparent)]
    Account(#[from] AccountProofError),
    /// A slot is not shown.
    #[error(transparent)]
    Storage(#[from] StorageProofError),
    /// Too few signatures.
    #[error("{signed} owners signed for {safe}, its threshold is {threshold}")]
    Threshold {
        /// The wallet.
        safe: EvmAddress,
        /// How many it asks for.
        threshold: U256,
        /// How many there are.
        signed: usize,
    },
    /// Somebody else signed.
    #[error("{signer} signed for {safe} and is not an owner, or another line was signed")]
    Owner {
        /// The wallet.
        safe: EvmAddress,
        /// The recovered address.
        signer: EvmAddress,
    },
    /// Not in the one form.
    #[error("the owners' signatures: {detail}")]
    Signatures {
        /// Got and expected.
        detail: String,
    },
    /// The program's own list cannot be read; a test reads it.
    #[error("the list of known codes cannot be read: {detail}")]
    Registry {
        /// Why.
        detail: String,
    },
}

impl Coded for SafeError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Code { .. } | Self::Pointer { .. } | Self::Absent { .. } | Self::Registry { .. } => {
                &codes::EVM_SAFE_CODE
            }
            Self::Headerless => &codes::EVM_WALLET_UNPROVEN,
            Self::Account(error) if error.is_missing() => &codes::EVM_WALLET_UNPROVEN,
            Self::Storage(error) if error.is_missing() => &codes::EVM_WALLET_UNPROVEN,
            Self::Account(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Threshold { .. } => &codes::EVM_SAFE_THRESHOLD,
            Self::Owner { .. } => &codes::EVM_SAFE_OWNER,
            Self::Signatures { .. } => &codes::EVM_SAFE_SIGNATURES,
        }
    }
}

#[cfg(test)]
#[path = "safe/tests/forms.rs"]
mod forms;
#[cfg(test)]
mod tests;
