//! Other contract wallets (EIP-1271): what a node said that the wallet's own code says. Nothing is proved, for nothing
//! is run here.

use super::hashes::signed_hash;
use super::{ControlError, Shown};
use crate::basis::Basis;
use crate::code::{Code, Coded, evm_token as codes};
use crate::reserve::claim::{ControlGrade, Problem};
use crate::reserve::evm::account_proof::NO_CODE;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::state::State;

/// The selector of `isValidSignature(bytes32,bytes)`, which is what the wallet returns when it accepts.
const SELECTOR: &str = "1626ba7e";
/// The longest signature, in bytes.
const SIGNATURE_BYTES_MAX: usize = 4096;

/// The data of a call that asks a wallet whether it accepts `signature`, hexadecimal digits behind `0x`, over the
/// EIP-191 hash of `line`.
///
/// # Errors
/// [`WalletError::Form`].
pub fn call_data(line: &str, signature: &str) -> Result<String, WalletError> {
    let digits = signature.strip_prefix("0x").filter(|digits| digits.len() <= SIGNATURE_BYTES_MAX.saturating_mul(2));
    let bytes = digits.and_then(|digits| hex::decode(digits).ok()).ok_or(WalletError::Form)?;
    let padded = bytes.len().next_multiple_of(32).saturating_mul(2);
    let (hash, signature) = (hex::encode(signed_hash(line)), hex::encode(&bytes));
    Ok(format!("0x{SELECTOR}{hash}{:064x}{:064x}{signature:0<padded$}", 64, bytes.len()))
}

/// Looks for the wallet's own answer among those of the node at the cut-off block.
pub(super) fn verify(
    state: &State<'_>,
    wallet: EvmAddress,
    line: &str,
    signature: &str,
) -> Result<Shown, ControlError> {
    let data = call_data(line, signature)?;
    let unasked = |detail: &str| WalletError::Unasked { wallet, detail: detail.to_owned() };
    let transcript = state.transcript().ok_or_else(|| unasked("there is no transcript"))?;
    let (transcript, worth) = transcript.map_err(|detail| unasked(&detail))?;
    let block = state.query.cutoff_block.height;
    let params = format!("[{{\"data\":\"{data}\",\"to\":\"{wallet}\"}},\"0x{block:x}\"]");
    let mut answers = transcript.calls_of("eth_call").filter(|call| call.params == params).map(|call| &call.result);
    let answer = answers.next().ok_or_else(|| unasked("no such call at the cut-off block"))?;
    let accepted = format!("\"0x{SELECTOR:0<64}\"");
    if *answer != accepted || answers.any(|other| *other != accepted) {
        return Err(WalletError::Refused { wallet, got: answer.chars().take(80).collect() }.into());
    }
    // what the state proves is worth more than what anybody answers
    if let Some(Ok(account)) = state.account(wallet)
        && account.is_none_or(|account| account.code_hash == NO_CODE)
    {
        let got = "nothing: the evidence shows that it has no code".to_owned();
        return Err(WalletError::Refused { wallet, got }.into());
    }
    let grade = match worth {
        Basis::Proved | Basis::Observed => ControlGrade::ContractObserved,
        Basis::Stated | Basis::Assumed => ControlGrade::ContractStated,
    };
    let detail = format!("the wallet's answer comes from a node, {}", grade.text());
    let problem = Problem { code: &codes::EVM_CONTROL_ANSWERED, subject: wallet.to_string(), detail };
    Ok(Shown { grade, problems: vec![problem] })
}

/// Why a contract wallet shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// Not hexadecimal digits, or too many.
    #[error("the signature is not 0x and an even number of at most 8192 hexadecimal digits")]
    Form,
    /// Nobody asked it.
    #[error("no node was asked whether {wallet} accepts this signature over this line: {detail}")]
    Unasked {
        /// The wallet.
        wallet: EvmAddress,
        /// What is missing.
        detail: String,
    },
    /// It said no, or has no code that could say anything.
    #[error("{wallet} does not accept the signature: it returned {got}")]
    Refused {
        /// The wallet.
        wallet: EvmAddress,
        /// Its answer.
        got: String,
    },
}

impl Coded for WalletError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Form => &crate::code::evm::EVM_SIGNATURE_MALFORMED,
            Self::Unasked { .. } => &codes::EVM_WALLET_UNPROVEN,
            Self::Refused { .. } => &codes::EVM_WALLET_REFUSED,
        }
    }
}
