//! Why a control proof does not count.

use crate::code::{Code, Coded, Outcome, bitcoin as codes, bitcoin_control as own};
use crate::reserve::bitcoin::network::AddressError;

/// Why a control proof does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// Chain or address cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The proof is for another chain or address.
    #[error("the proof is for the {what} {got:?}, expected {expected:?}")]
    AnotherQuestion {
        /// Chain or address.
        what: &'static str,
        /// What the proof has.
        got: String,
        /// What was asked.
        expected: String,
    },
    /// Not the one base64 text of its bytes.
    #[error("the signature is not canonical base64: {detail}")]
    Base64 {
        /// Where and why.
        detail: String,
    },
    /// An ECDSA signature in another encoding than the one accepted.
    #[error("the signature is not strictly encoded: {detail}")]
    Der {
        /// What is wrong.
        detail: String,
    },
    /// Fields that the scheme does not have, or lacks.
    #[error("the scheme {scheme} {detail}")]
    Fields {
        /// The scheme.
        scheme: &'static str,
        /// Which field.
        detail: &'static str,
    },
    /// The transaction of BIP-127 has another shape.
    #[error("the transaction is no proof of reserves: {detail}")]
    Funds {
        /// Got and expected.
        detail: String,
    },
    /// The first byte is of another class.
    #[error("the signature's first byte is {got}, expected {expected} for this kind of address")]
    HeaderClass {
        /// The byte.
        got: u8,
        /// The bytes of the class.
        expected: &'static str,
    },
    /// The high one of two equivalent signatures.
    #[error("the signature has a high S, expected the low one")]
    HighS,
    /// Another key, or another line.
    #[error("the signature does not fit address and line: {detail}")]
    Invalid {
        /// Which check failed.
        detail: String,
    },
    /// Too large.
    #[error("{got} {what}, this version reads at most {max}")]
    Limit {
        /// Characters, inputs, …
        what: &'static str,
        /// How many.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// The transaction that BIP-322 makes up has another shape.
    #[error("the signed transaction is not that of the message: {detail}")]
    MessageTransaction {
        /// Got and expected.
        detail: String,
    },
    /// A movement does not answer the challenge.
    #[error(transparent)]
    Movement(#[from] super::movement::MovementError),
    /// No coin of the address.
    #[error("none of {coins} coins shown is on the address")]
    NoCoin {
        /// How many coins the proof shows.
        coins: usize,
    },
    /// A rule that this version does not judge.
    #[error("this version cannot judge {what}")]
    NotJudged {
        /// Script or variant.
        what: String,
    },
    /// An unknown prefix.
    #[error("the signature has the prefix {got:?}, expected {expected}")]
    Prefix {
        /// The first three characters.
        got: String,
        /// That of the variant.
        expected: &'static str,
    },
    /// Coins of a proof of funds conflict or lack their evidence.
    #[error("input {input}: {detail}")]
    PsbtCoin {
        /// The input, counted from 0.
        input: usize,
        /// Got and expected.
        detail: String,
    },
    /// Not one finalized transaction of BIP-174.
    #[error("the proof of funds cannot be read: {detail}")]
    PsbtMalformed {
        /// What is wrong.
        detail: String,
    },
    /// It names another message.
    #[error("the proof of funds names another message than the line: {got:?}")]
    PsbtMessage {
        /// The message, at most 100 characters of it.
        got: String,
    },
    /// Consensus accepts a script, BIP-322 does not.
    #[error("{0}")]
    Rule(RuleError),
    /// The scheme has no meaning for this address.
    #[error("{scheme} does not fit an address with the script {script}")]
    Scheme {
        /// The scheme.
        scheme: &'static str,
        /// The script.
        script: String,
    },
    /// No such scheme.
    #[error("the scheme is {scheme:?}, expected one of {}", super::SCHEMES.join(", "))]
    SchemeUnknown {
        /// The scheme, at most 40 characters of it.
        scheme: String,
    },
    /// Parts of the transaction are not signed.
    #[error("the signature has the flag {got:#04x}, expected SIGHASH_ALL (0x01)")]
    SighashFlag {
        /// The flag.
        got: u8,
    },
    /// Too few keys, or keys of others.
    #[error("{detail}")]
    ThresholdKeys {
        /// Got and expected.
        detail: String,
    },
    /// The script is not the address's.
    #[error("the script {script} is not behind the hash of the address")]
    ThresholdScript {
        /// The script, at most 100 characters of it.
        script: String,
    },
    /// More than keys and a threshold.
    #[error("the script is no plain multisig: {detail}")]
    ThresholdTemplate {
        /// What else it has.
        detail: String,
    },
    /// A rule that may still get a meaning.
    #[error("inconclusive: {what}")]
    Upgradeable {
        /// Version or opcode.
        what: String,
    },
    /// Nothing ties the proof to the message.
    #[error("no signature was checked by the script {script}")]
    WithoutSignature {
        /// The script.
        script: String,
    },
    /// The decoded bytes have the wrong shape.
    #[error("the signature has the wrong shape: {detail}")]
    Witness {
        /// Got and expected.
        detail: String,
    },
}

/// A rule of BIP-322 on top of consensus.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// OP_CODESEPARATOR.
    #[error("the script {script} has OP_CODESEPARATOR")]
    CodeSeparator {
        /// The script.
        script: String,
    },
    /// FindAndDelete would act.
    #[error("the script {script} contains a signature that it checks")]
    FindAndDelete {
        /// The script.
        script: String,
    },
    /// STRICTENC, or the key type of witness scripts.
    #[error("a public key of {length} bytes in a {place}")]
    Key {
        /// Its length.
        length: usize,
        /// Kind of script.
        place: &'static str,
    },
    /// MINIMALDATA or MINIMALIF.
    #[error("not in the shortest form: {detail}")]
    Minimal {
        /// What.
        detail: String,
    },
    /// NULLFAIL.
    #[error("a signature that fails is not empty")]
    NullFail,
    /// CLEANSTACK, or a script signature that does more than push.
    #[error("{detail}")]
    Stack {
        /// Got and expected.
        detail: String,
    },
}

impl RuleError {
    const fn code(&self) -> &'static Code {
        match self {
            Self::CodeSeparator { .. } => &own::SCRIPT_CODE_SEPARATOR,
            Self::FindAndDelete { .. } => &own::SCRIPT_FIND_AND_DELETE,
            Self::Key { .. } => &own::SCRIPT_KEY,
            Self::Minimal { .. } => &own::SCRIPT_NOT_MINIMAL,
            Self::NullFail => &own::SIGNATURE_NOT_EMPTY,
            Self::Stack { .. } => &own::SCRIPT_STACK,
        }
    }
}

impl ControlError {
    /// Whether the check could not be made, other than failed: BIP-322 calls that inconclusive.
    #[must_use]
    pub fn is_inconclusive(&self) -> bool {
        self.code().outcome == Outcome::NotMade
    }
}

impl From<RuleError> for ControlError {
    fn from(error: RuleError) -> Self {
        Self::Rule(error)
    }
}

impl Coded for ControlError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::AnotherQuestion { .. } => &codes::PROOF_FOR_ANOTHER,
            Self::Base64 { .. } => &codes::SIGNATURE_BASE64,
            Self::Der { .. } => &codes::SIGNATURE_DER,
            Self::Fields { .. } => &own::CONTROL_FIELDS,
            Self::Funds { .. } => &own::FUNDS_TRANSACTION,
            Self::HeaderClass { .. } => &codes::SIGNATURE_HEADER_CLASS,
            Self::HighS => &codes::SIGNATURE_HIGH_S,
            Self::Invalid { .. } => &codes::CONTROL_SIGNATURE_INVALID,
            Self::Limit { .. } => &own::CONTROL_LIMIT,
            Self::MessageTransaction { .. } => &own::MESSAGE_TRANSACTION,
            Self::Movement(error) => error.code(),
            Self::NoCoin { .. } => &own::FUNDS_NO_COIN,
            Self::NotJudged { .. } => &codes::SCRIPT_NOT_JUDGED,
            Self::Prefix { .. } => &codes::SIGNATURE_PREFIX,
            Self::PsbtCoin { .. } => &own::PSBT_COIN,
            Self::PsbtMalformed { .. } => &own::PSBT_MALFORMED,
            Self::PsbtMessage { .. } => &own::PSBT_MESSAGE,
            Self::Rule(error) => error.code(),
            Self::Scheme { .. } => &codes::SIGNATURE_SCHEME,
            Self::SchemeUnknown { .. } => &codes::SIGNATURE_SCHEME_UNKNOWN,
            Self::SighashFlag { .. } => &codes::SIGNATURE_SIGHASH,
            Self::ThresholdKeys { .. } => &own::THRESHOLD_KEYS,
            Self::ThresholdScript { .. } => &own::THRESHOLD_SCRIPT,
            Self::ThresholdTemplate { .. } => &own::THRESHOLD_TEMPLATE,
            Self::Upgradeable { .. } => &own::RULE_UPGRADEABLE,
            Self::WithoutSignature { .. } => &own::SCRIPT_WITHOUT_SIGNATURE,
            Self::Witness { .. } => &codes::SIGNATURE_WITNESS,
        }
    }
}
