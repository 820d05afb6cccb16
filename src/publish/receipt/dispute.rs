//! Disputes: a customer asks what became of a balance, the venue answers by a deadline, anybody judges.
//!
//! Outcomes: contradicted, answered, unanswered. Only the first one is about guilt.

use serde::{Deserialize, Serialize};

use super::error::ReceiptError;
use super::opening::{Opened, ReceiptPins, Shown, open};
use super::{Receipt, VerifiedReceipt, verify};
use crate::amount::Amount;
use crate::hash::{Digest, Tag};
use crate::json::{self, uint};
use crate::publish::statement_check;
use crate::signature::{Envelope, PublicKey, SigningKey};
use crate::snapshot::{Time, VenueId};

/// The format of a dispute.
pub const FORMAT: &str = "counterfoil-dispute-v1";
/// The format of an answer.
pub const ANSWER_FORMAT: &str = "counterfoil-dispute-answer-v1";
/// The field of a signed answer.
pub const ANSWER_FIELD: &str = "answer";
/// An answer above this size is not read: it holds a statement.
pub const ANSWER_SIZE_MAX: u64 = 256 << 20;
/// Movements of one balance between two moments.
const MOVEMENTS_MAX: usize = 100_000;

/// A question to the venue about one balance in one statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// By when an answer is expected.
    pub deadline: Time,
    /// [`FORMAT`].
    pub format: String,
    /// When it was opened, as its maker says.
    pub opened: Time,
    /// The signed receipt, as text.
    pub receipt: String,
    /// The statement in which the balance should be.
    #[serde(with = "uint")]
    pub sequence: u64,
}

impl Dispute {
    /// Reads a dispute. The receipt in it is checked by [`Dispute::receipt`].
    ///
    /// # Errors
    /// [`ReceiptError::Dispute`].
    pub fn parse(file: &[u8]) -> Result<Self, ReceiptError> {
        let dispute: Self = json::read_canonical(file).map_err(|error| ReceiptError::Dispute(error.to_string()))?;
        dispute.check()?;
        Ok(dispute)
    }

    fn check(&self) -> Result<(), ReceiptError> {
        if self.format != FORMAT {
            return Err(ReceiptError::Dispute(format!("format {:?}, expected {FORMAT:?}", self.format)));
        }
        if self.deadline <= self.opened {
            let detail = format!("its deadline {} is not after {}, when it was opened", self.deadline, self.opened);
            return Err(ReceiptError::Dispute(detail));
        }
        // a year of five digits is written, and read by nobody
        if let Some(time) = [self.opened, self.deadline].into_iter().find(|time| time.to_string().parse() != Ok(*time))
        {
            return Err(ReceiptError::Dispute(format!("{time} is no time that can be written")));
        }
        Ok(())
    }

    /// Asks about a receipt.
    ///
    /// # Errors
    /// [`ReceiptError::Dispute`].
    pub fn new(
        file: &[u8],
        receipt: &VerifiedReceipt,
        sequence: Option<u64>,
        opened: Time,
        deadline: Time,
    ) -> Result<Self, ReceiptError> {
        let own = receipt.receipt().snapshot.as_ref().map(|snapshot| snapshot.sequence);
        let missing = || ReceiptError::Dispute("a balance receipt names no statement: say which one".to_owned());
        let sequence = sequence.or(own).ok_or_else(missing)?;
        let text = String::from_utf8(file.to_vec());
        let receipt_text = text.map_err(|_| ReceiptError::Malformed("not UTF-8 text".to_owned()))?;
        let dispute = Self { deadline, format: FORMAT.to_owned(), opened, receipt: receipt_text, sequence };
        dispute.check()?;
        dispute.check_sequence(receipt.receipt())?;
        Ok(dispute)
    }

    fn check_sequence(&self, receipt: &Receipt) -> Result<(), ReceiptError> {
        match &receipt.snapshot {
            Some(snapshot) if snapshot.sequence != self.sequence => {
                let (got, own) = (self.sequence, snapshot.sequence);
                Err(ReceiptError::Dispute(format!("it asks about statement {got}, its receipt is of statement {own}")))
            }
            _ => Ok(()),
        }
    }

    /// The receipt, checked under the verifier's pins.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn receipt(&self, pins: &ReceiptPins<'_>) -> Result<VerifiedReceipt, ReceiptError> {
        let receipt = verify(self.receipt.as_bytes(), pins.keys)?;
        self.check_sequence(receipt.receipt())?;
        Ok(receipt)
    }
}

/// Whether a movement adds to a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// It adds.
    Credit,
    /// It takes away.
    Debit,
}

/// What changed a balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// How much, in base units.
    pub amount: Amount,
    /// What the customer recognises it by: a transaction, an order.
    pub reference: String,
    /// Which way.
    pub side: Side,
    /// When.
    pub time: Time,
}

/// What the venue says in a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// [`ANSWER_FORMAT`].
    pub format: String,
    /// Keys of the venue that sign it, strictly increasing.
    pub keys: Vec<PublicKey>,
    /// The log proof of the statement, as text.
    pub log_proof: String,
    /// What changed the balance since the receipt; empty for a snapshot receipt.
    pub movements: Vec<Movement>,
    /// The inclusion proof, as text; null when nothing was left of the balance.
    #[serde(deserialize_with = "json::required")]
    pub opening: Option<String>,
    /// Digest of the receipt.
    pub receipt: Digest,
    /// The signed statement, as text.
    pub statement: String,
    /// The venue.
    pub venue: VenueId,
}

impl Answer {
    /// Signs it with these keys, which become the ones that it names.
    ///
    /// # Errors
    /// [`ReceiptError::Answer`], [`ReceiptError::Signatures`].
    pub fn sign(mut self, keys: &[SigningKey]) -> Result<Vec<u8>, ReceiptError> {
        self.keys = keys.iter().map(SigningKey::public_key).collect();
        self.keys.sort();
        self.check()?;
        let malformed = |error: json::JsonError| ReceiptError::Answer(error.to_string());
        let mut envelope = Envelope { document: json::canonical(&self).map_err(malformed)?, signatures: Vec::new() };
        for key in keys {
            let signature = key.sign(Tag::Answer, &envelope.document);
            envelope.add(signature.map_err(crate::publish::StatementError::from)?);
        }
        envelope.to_file(ANSWER_FIELD).map_err(malformed)
    }

    fn check(&self) -> Result<(), ReceiptError> {
        let fail = |detail: String| Err(ReceiptError::Answer(detail));
        if self.format != ANSWER_FORMAT {
            return fail(format!("format {:?}, expected {ANSWER_FORMAT:?}", self.format));
        }
        if let Err(error) = statement_check::check_keys(&self.keys, 1) {
            return fail(error.to_string());
        }
        if self.movements.len() > MOVEMENTS_MAX {
            return fail(format!("{} movements, at most {MOVEMENTS_MAX} are read", self.movements.len()));
        }
        if self.movements.iter().any(|movement| movement.reference.is_empty()) {
            return fail("a movement without a reference".to_owned());
        }
        if !self.movements.is_sorted_by_key(|movement| movement.time) {
            return fail("movements that are not in the order of their times".to_owned());
        }
        Ok(())
    }

    fn shown(&self) -> Shown {
        Shown {
            statement: self.statement.clone().into_bytes(),
            log_proof: self.log_proof.clone().into_bytes(),
            opening: self.opening.clone().map(String::into_bytes),
            credential: None,
        }
    }
}

/// Checks an answer: form, signatures of the keys that are pinned now, and that it is about this receipt.
fn read_answer(file: &[u8], receipt: &VerifiedReceipt, pins: &ReceiptPins<'_>) -> Result<Answer, ReceiptError> {
    let malformed = |error: json::JsonError| ReceiptError::Answer(error.to_string());
    let envelope = Envelope::parse(file, ANSWER_FIELD).map_err(malformed)?;
    let answer: Answer = json::read_canonical(&envelope.document).map_err(malformed)?;
    answer.check()?;
    let venue = pins.keys.pins_now();
    statement_check::check_venue_is((&answer.venue, venue.log_origin), &venue)?;
    let signers = statement_check::signers(Tag::Answer, &envelope, &venue)?;
    if let Some(key) = signers.iter().find(|key| !answer.keys.contains(key)) {
        return Err(ReceiptError::Key(key.clone()));
    }
    if answer.receipt != receipt.digest() {
        let (got, expected) = (answer.receipt, receipt.digest());
        let [got, expected] = [got, expected].map(|digest| format!("receipt {digest}"));
        return Err(ReceiptError::AnswerOther { got, expected });
    }
    Ok(answer)
}

/// What is judged, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The dispute.
    pub dispute: &'a Dispute,
    /// What the judge pins.
    pub pins: ReceiptPins<'a>,
    /// The moment asked about.
    pub now: Time,
}

/// The outcome of a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The venue has signed two things that exclude each other.
    Contradicted {
        /// What excludes the receipt, in words.
        why: Vec<String>,
        /// What was shown.
        shown: Box<Shown>,
    },
    /// The balance is in the statement, or the venue has signed how it changed.
    Answered {
        /// The balance in the statement.
        amount: Amount,
        /// Movements that the venue has signed; their truth is its word.
        movements: usize,
    },
    /// Nothing was shown by the deadline. That proves nothing.
    Unanswered,
    /// Nothing was shown, and there is time.
    Open,
}

/// An outcome, and what was not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The outcome.
    pub outcome: Outcome,
    /// Why something that was brought counts for nobody.
    pub set_aside: Vec<ReceiptError>,
}

/// Judges a dispute. `shown` are openings that anybody brings, `answers` those that the venue has signed. What does not
/// hold is set aside: it counts for nobody. One contradiction outweighs every answer.
///
/// # Errors
/// [`ReceiptError`] when the receipt in the dispute does not hold.
pub fn judge(case: &Case<'_>, shown: &[Shown], answers: &[Vec<u8>]) -> Result<Judgement, ReceiptError> {
    let receipt = case.dispute.receipt(&case.pins)?;
    let (mut set_aside, mut answered) = (Vec::new(), None);
    let mut read = |file: &Vec<u8>| read_answer(file, &receipt, &case.pins).map_err(|error| set_aside.push(error)).ok();
    let answers: Vec<Answer> = answers.iter().filter_map(&mut read).collect();
    let brought = shown.iter().map(|shown| (shown.clone(), None));
    let signed = answers.iter().map(|answer| (answer.shown(), Some(answer)));
    let mut opened = Vec::new();
    for (shown, answer) in brought.chain(signed) {
        match open(receipt.receipt(), &shown, &case.pins).and_then(|opened| case.asked(opened)) {
            Err(error) => set_aside.push(error),
            Ok(found) => {
                let why = found.excludes(receipt.receipt());
                if !why.is_empty() {
                    return Ok(Judgement { outcome: Outcome::Contradicted { why, shown: Box::new(shown) }, set_aside });
                }
                opened.push((found, answer));
            }
        }
    }
    // whoever says that nothing was left is held to a leaf that somebody else has opened
    let known = opened.iter().find_map(|(opened, _)| opened.amount());
    for (opened, answer) in &opened {
        match settles(receipt.receipt(), opened, *answer, known) {
            Ok(outcome) => answered = answered.or(Some(outcome)),
            Err(error) => set_aside.push(error),
        }
    }
    let silent = if case.now > case.dispute.deadline { Outcome::Unanswered } else { Outcome::Open };
    Ok(Judgement { outcome: answered.unwrap_or(silent), set_aside })
}

impl Case<'_> {
    /// The statement that the dispute asks about.
    fn asked(&self, opened: Opened) -> Result<Opened, ReceiptError> {
        let (got, expected) = (opened.sequence(), self.dispute.sequence);
        if got == expected {
            return Ok(opened);
        }
        let [got, expected] = [got, expected].map(|sequence| format!("statement {sequence}"));
        Err(ReceiptError::OpeningOther { got, expected })
    }
}

/// Whether what was shown settles the question: the leaf itself, or the movements that lead to it.
/// `known` is the balance in the statement, if anybody has opened it.
fn settles(
    receipt: &Receipt,
    opened: &Opened,
    answer: Option<&Answer>,
    known: Option<Amount>,
) -> Result<Outcome, ReceiptError> {
    let nothing = || ReceiptError::OpeningOther {
        got: "a statement without the leaf".to_owned(),
        expected: format!("{} ({})", receipt.asset, receipt.class),
    };
    if receipt.snapshot.is_some() {
        let amount = opened.amount().ok_or_else(nothing)?;
        return Ok(Outcome::Answered { amount, movements: 0 });
    }
    let closing = opened.amount().or(known).unwrap_or(Amount::ZERO);
    let Some(answer) = answer else {
        // an unchanged balance needs no explanation, whoever shows it
        let same = opened.amount() == Some(receipt.amount);
        return if same { Ok(Outcome::Answered { amount: closing, movements: 0 }) } else { Err(nothing()) };
    };
    let until = opened.statement().ok_or_else(nothing)?.statement().cutoff;
    let wrong = |detail: String| Err(ReceiptError::Movements(detail));
    let mut balance = receipt.amount;
    for movement in &answer.movements {
        if movement.time <= receipt.time || movement.time > until {
            return wrong(format!("one of {}, expected after {} and up to {until}", movement.time, receipt.time));
        }
        let next = match movement.side {
            Side::Credit => balance.checked_add(movement.amount),
            Side::Debit => balance.checked_sub(movement.amount),
        };
        let Some(next) = next else { return wrong(format!("that of {} leads below zero or too far", movement.time)) };
        balance = next;
    }
    if balance != closing {
        let [got, expected] = [balance, closing].map(|amount| amount.to_decimal(receipt.decimals));
        return wrong(format!("they lead to {got} {}, the statement has {expected}", receipt.asset));
    }
    Ok(Outcome::Answered { amount: closing, movements: answer.movements.len() })
}
