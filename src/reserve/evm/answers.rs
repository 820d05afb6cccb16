//! A node's answers about balances: `eth_getBalance`, and `eth_call` of a token's `balanceOf`.
//!
//! Nothing here is proved: an answer is worth what the transcript is worth. The questions must name the cut-off
//! block by its number.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::address::EvmAddress;
use crate::amount::Amount;
use crate::code::{Code, Coded, evm as codes};
use crate::json;
use crate::reserve::claim::Problem;
use crate::reserve::transcript::{Call, Transcript};

/// The selector of `balanceOf(address)` (ERC-20) and the twelve zero bytes before the address.
const BALANCE_OF: &str = "0x70a08231000000000000000000000000";

/// What was asked: the native coin of a holder (`None`) or a token of one.
pub type Question = (Option<EvmAddress>, EvmAddress);

/// The answers about one block. A question with a bad answer, or with two that differ, has `None`: it was asked,
/// and nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// By token and holder.
    pub amounts: BTreeMap<Question, Option<Amount>>,
    /// What was wrong, in the order of the calls.
    pub problems: Vec<Problem>,
}

impl Answers {
    /// Reads the calls of both methods that ask about block `number`; other methods, and calls of other functions
    /// of contracts, are not about balances and are left alone.
    #[must_use]
    pub fn read(transcript: &Transcript, number: u64) -> Self {
        let mut answers = Self::default();
        for call in &transcript.calls {
            let question = match call.method.as_str() {
                "eth_getBalance" => native_question(call).map(Some),
                "eth_call" => token_question(call),
                _ => continue,
            };
            match question {
                Ok(Some((question, block))) => answers.add(question, &block, number, call),
                Ok(None) => {}
                Err(error) => answers.problems.push(Problem::from_error(subject(call), &error)),
            }
        }
        answers
    }

    fn add(&mut self, question: Question, block: &str, number: u64, call: &Call) {
        let expected = format!("0x{number:x}");
        if block != expected {
            let error = AnswerError::Block { got: shorten(block), expected };
            self.problems.push(Problem::from_error(subject(call), &error));
            return;
        }
        let read = if question.0.is_none() { quantity(&call.result) } else { word(&call.result) };
        let answer = match read {
            Ok(amount) => Some(amount),
            Err(error) => {
                self.problems.push(Problem::from_error(subject(call), &error));
                None
            }
        };
        match self.amounts.insert(question, answer) {
            None => {}
            Some(before) if before == answer => {}
            Some(before) => {
                if let (Some(first), Some(second)) = (before, answer) {
                    let error = AnswerError::Disagree { first, second };
                    self.problems.push(Problem::from_error(subject(call), &error));
                }
                self.amounts.insert(question, None);
            }
        }
    }
}

fn subject(call: &Call) -> String {
    format!("{} {}", shorten(&call.method), shorten(&call.params))
}

fn shorten(text: &str) -> String {
    text.chars().take(160).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contract {
    to: String,
    data: String,
}

fn params<T: serde::de::DeserializeOwned>(call: &Call) -> Result<T, AnswerError> {
    json::read(call.params.as_bytes()).map_err(|error| malformed("parameters", &error.to_string()))
}

fn address(text: &str) -> Result<EvmAddress, AnswerError> {
    text.parse().map_err(|error: super::address::AddressError| malformed("parameters", &error.to_string()))
}

fn native_question(call: &Call) -> Result<(Question, String), AnswerError> {
    let (holder, block): (String, String) = params(call)?;
    Ok(((None, address(&holder)?), block))
}

/// `None` for a call of another function.
fn token_question(call: &Call) -> Result<Option<(Question, String)>, AnswerError> {
    let (contract, block): (Contract, String) = params(call)?;
    let Some(holder) = contract.data.strip_prefix(BALANCE_OF) else { return Ok(None) };
    let token = address(&contract.to)?;
    let holder = address(&format!("0x{holder}"))?;
    Ok(Some(((Some(token), holder), block)))
}

/// The digits behind `0x` of a result, which is one JSON string.
fn digits(result: &str) -> Result<String, AnswerError> {
    let text: String = json::read(result.as_bytes()).map_err(|error| malformed("result", &error.to_string()))?;
    let digits = text.strip_prefix("0x").unwrap_or_default();
    let lower = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if digits.is_empty() || digits.len() > 64 || !lower {
        let got = shorten(&text);
        return Err(malformed("result", &format!("{got:?}, expected 0x and 1 to 64 lower-case digits")));
    }
    Ok(digits.to_owned())
}

/// A quantity of the JSON-RPC interface: no leading zero, except `0x0`.
fn quantity(result: &str) -> Result<Amount, AnswerError> {
    let digits = digits(result)?;
    if digits.starts_with('0') && digits != "0" {
        return Err(malformed("result", &format!("0x{digits} has a leading zero")));
    }
    amount(&digits)
}

/// One word of 32 bytes, as a contract returns an integer.
fn word(result: &str) -> Result<Amount, AnswerError> {
    let digits = digits(result)?;
    if digits.len() != 64 {
        return Err(malformed("result", &format!("{} digits, expected one word of 64", digits.len())));
    }
    amount(&digits)
}

fn amount(digits: &str) -> Result<Amount, AnswerError> {
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Amount::ZERO);
    }
    let units = u128::from_str_radix(significant, 16);
    units.map(Amount::from_base_units).map_err(|_| AnswerError::TooLarge { got: digits.to_owned() })
}

fn malformed(what: &'static str, detail: &str) -> AnswerError {
    AnswerError::Malformed { what, detail: detail.to_owned() }
}

/// Why an answer is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Question or answer has another form.
    #[error("{what} of the call: {detail}")]
    Malformed {
        /// Parameters or result.
        what: &'static str,
        /// Got and expected.
        detail: String,
    },
    /// Not asked at the cut-off block.
    #[error("asked at block {got:?}, expected {expected}")]
    Block {
        /// The call's block.
        got: String,
        /// The cut-off block's number.
        expected: String,
    },
    /// Above 128 bits.
    #[error("the balance 0x{got} exceeds 2^128 - 1")]
    TooLarge {
        /// Its digits.
        got: String,
    },
    /// Two answers to one question.
    #[error("the answers differ: {} and {}; none counts", first.base_units(), second.base_units())]
    Disagree {
        /// The earlier one.
        first: Amount,
        /// The later one.
        second: Amount,
    },
}

impl Coded for AnswerError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Malformed { .. } => &codes::EVM_ANSWER_MALFORMED,
            Self::Block { .. } => &codes::EVM_ANSWER_OTHER_BLOCK,
            Self::TooLarge { .. } => &codes::EVM_BALANCE_TOO_LARGE,
            Self::Disagree { .. } => &codes::EVM_ANSWERS_DISAGREE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_one_form() {
        let read = |text: &str| quantity(&format!("\"{text}\"")).map(Amount::base_units);
        assert_eq!(read("0x0"), Ok(0));
        assert_eq!(read("0x3103a2e4bfdbb2650"), Ok(0x0003_103a_2e4b_fdbb_2650));
        assert_eq!(read(&format!("0x{}", "f".repeat(32))), Ok(u128::MAX));
        assert!(matches!(read(&format!("0x1{}", "0".repeat(32))), Err(AnswerError::TooLarge { .. })));
        for text in ["", "0x", "0x00", "0x01", "1", "0xA", "-0x1", &format!("0x{}", "1".repeat(65))] {
            assert!(matches!(read(text), Err(AnswerError::Malformed { .. })), "{text}");
        }
        assert!(quantity("1").is_err());
        assert!(quantity("null").is_err());
    }

    #[test]
    fn words_have_32_bytes() {
        let read = |text: &str| word(&format!("\"0x{text}\"")).map(Amount::base_units);
        assert_eq!(read(&format!("{}2a", "0".repeat(62))), Ok(42));
        assert!(matches!(read("2a"), Err(AnswerError::Malformed { .. })));
        assert!(matches!(read(&"f".repeat(64)), Err(AnswerError::TooLarge { .. })));
    }
}
