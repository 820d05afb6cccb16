//! Why a receipt, a dispute or an answer is not accepted.

use crate::code::{Code, Coded, receipt as codes};
use crate::liability::inclusion_proof::InclusionError;
use crate::publish::StatementError;
use crate::publish::log::LogError;
use crate::signature::PublicKey;
use crate::snapshot::Time;

/// Why something about a receipt is not accepted, or what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// No receipt.
    #[error("the receipt: {0}")]
    Malformed(String),
    /// Somebody else's.
    #[error("the receipt is of {got}, asked about is {expected}")]
    OtherAccount {
        /// In the receipt.
        got: String,
        /// Asked about.
        expected: String,
    },
    /// Another amount than the customer expects.
    #[error("the receipt says {got} {asset}, expected {expected}")]
    Amount {
        /// The unit.
        asset: String,
        /// In the receipt.
        got: String,
        /// Expected.
        expected: String,
    },
    /// A signature by a key that the document does not name.
    #[error("signed by {0}, which is not among its keys")]
    Key(PublicKey),
    /// Signatures, or keys.
    #[error("{0}")]
    Signatures(#[from] StatementError),
    /// No dispute.
    #[error("the dispute: {0}")]
    Dispute(String),
    /// No answer.
    #[error("the answer: {0}")]
    Answer(String),
    /// An answer to something else.
    #[error("the answer is about {got}, asked is {expected}")]
    AnswerOther {
        /// What it answers.
        got: String,
        /// What is asked.
        expected: String,
    },
    /// An opening of something else.
    #[error("opened is {got}, the receipt is about {expected}")]
    OpeningOther {
        /// What was opened.
        got: String,
        /// What the receipt is about.
        expected: String,
    },
    /// An inclusion proof that does not hold.
    #[error("the opening does not hold: {}: {error}", error.code())]
    Opening {
        /// Why.
        error: Box<InclusionError>,
    },
    /// A statement that is not in the log.
    #[error("{0}")]
    Log(#[from] LogError),
    /// Movements that do not add up.
    #[error("the movements: {0}")]
    Movements(String),
    /// Two signed things that exclude each other.
    #[error("{0}")]
    Contradicted(String),
    /// Silence.
    #[error("no answer by {deadline}, and it is {now}")]
    Unanswered {
        /// By when.
        deadline: Time,
        /// The moment asked about.
        now: Time,
    },
    /// There is still time.
    #[error("no answer yet; there is time until {deadline}, and it is {now}")]
    Open {
        /// By when.
        deadline: Time,
        /// The moment asked about.
        now: Time,
    },
    /// No evidence.
    #[error("the evidence: {0}")]
    Evidence(String),
    /// Nothing excludes the other.
    #[error("{0}")]
    NotContradicted(String),
    /// A receipt of another moment.
    #[error("the receipt says what was shown at {0}, and names no snapshot")]
    Balance(Time),
}

impl From<InclusionError> for ReceiptError {
    fn from(error: InclusionError) -> Self {
        Self::Opening { error: Box::new(error) }
    }
}

impl Coded for ReceiptError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Malformed(_) => &codes::RECEIPT_MALFORMED,
            Self::OtherAccount { .. } => &codes::RECEIPT_OTHER_ACCOUNT,
            Self::Amount { .. } => &codes::RECEIPT_AMOUNT,
            Self::Key(_) => &codes::RECEIPT_KEY,
            Self::Signatures(error) => error.code(),
            Self::Dispute(_) => &codes::DISPUTE_MALFORMED,
            Self::Answer(_) => &codes::ANSWER_MALFORMED,
            Self::AnswerOther { .. } => &codes::ANSWER_OTHER,
            Self::OpeningOther { .. } => &codes::OPENING_OTHER,
            Self::Opening { .. } => &codes::OPENING_REFUSED,
            Self::Log(error) => error.code(),
            Self::Movements(_) => &codes::MOVEMENTS_DIFFER,
            Self::Contradicted(_) => &codes::RECEIPT_CONTRADICTED,
            Self::Unanswered { .. } => &codes::DISPUTE_UNANSWERED,
            Self::Open { .. } => &codes::DISPUTE_OPEN,
            Self::Evidence(_) => &codes::EVIDENCE_OF_RECEIPT,
            Self::NotContradicted(_) => &codes::NOT_CONTRADICTED,
            Self::Balance(_) => &codes::BALANCE_RECEIPT,
        }
    }
}
