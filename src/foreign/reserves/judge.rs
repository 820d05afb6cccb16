//! What the signatures of one row show, under the digest that the layout uses. Nothing is passed that is not checked.

use std::ops::Range;
use std::sync::LazyLock;

use super::layout::{Columns, Field, Line};
use super::{Question, Reason, Row, Status};
use crate::asset::ChainId;
use crate::code::{Code, Coded, Outcome, foreign as codes};
use crate::foreign::decimal::Decimal;
use crate::reserve::bitcoin::control as bitcoin;
use crate::reserve::claim::{ControlGrade, ControlProof};
use crate::reserve::evm::control as evm;

/// A coin of the layout's table.
#[derive(Debug)]
pub struct Coin {
    /// The list's name.
    pub name: &'static str,
    /// The unit owed that it is.
    pub asset: &'static str,
    /// How its addresses sign.
    pub kind: &'static str,
    /// The chain, for those that are checked here.
    pub chain: Option<ChainId>,
}

static COINS: LazyLock<Vec<Coin>> = LazyLock::new(|| {
    let lines = include_str!("coins.txt").lines().filter(|line| !line.starts_with('#'));
    let coin = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (name, asset, kind) = (words.next()?, words.next()?, words.next()?);
        let chain = words.next().filter(|chain| *chain != "-").and_then(|chain| chain.parse().ok());
        Some(Coin { name, asset, kind, chain })
    };
    lines.filter_map(coin).collect()
});

/// The coin of this name.
#[must_use]
pub fn coin(name: &str) -> Option<&'static Coin> {
    COINS.iter().find(|coin| coin.name == name)
}

/// What a row shows.
struct Verdict {
    status: Status,
    grade: Option<ControlGrade>,
    scheme: Option<&'static str>,
    reason: Option<(&'static Code, String, Range<usize>)>,
}

impl Verdict {
    fn signed(grade: ControlGrade, scheme: &'static str) -> Self {
        Self { status: Status::Signed, grade: Some(grade), scheme: Some(scheme), reason: None }
    }

    fn unproven(at: Range<usize>, detail: impl Into<String>) -> Self {
        Self::because(Status::Unproven, &codes::LIST_UNPROVEN, at, detail)
    }

    fn because(status: Status, code: &'static Code, at: Range<usize>, detail: impl Into<String>) -> Self {
        Self { status, grade: None, scheme: None, reason: Some((code, detail.into(), at)) }
    }

    /// A signature that was checked and is wrong fails; one that could not be checked shows nothing.
    fn refused(error: &dyn Coded, at: Range<usize>, whose: &str) -> Self {
        let detail = format!("{whose}: {error} ({})", error.code());
        match error.code().outcome {
            Outcome::Failed => Self::because(Status::Failed, &codes::LIST_SIGNATURE, at, detail),
            Outcome::NotMade => Self::unproven(at, detail),
        }
    }
}

/// Reads and judges a row.
pub(super) fn row(columns: &Columns, line: &Line<'_>, question: &Question<'_>) -> Row {
    let text = |field: Field| columns.text(line, field).to_owned();
    let amount = columns.text(line, Field::Amount).parse::<Decimal>();
    let known = coin(columns.text(line, Field::Coin));
    let verdict = unreadable(columns, line, &amount).unwrap_or_else(|| judge(columns, line, known, question));
    let reason = verdict.reason.map(|(code, detail, at)| Reason { code, detail, place: line.place(at) });
    Row {
        line: line.number,
        coin: text(Field::Coin),
        network: text(Field::Network),
        height: text(Field::Height),
        address: text(Field::Address),
        amount: amount.ok(),
        known,
        status: verdict.status,
        grade: verdict.grade,
        scheme: verdict.scheme,
        reason,
        message: text(Field::Message),
    }
}

fn unreadable<E: std::fmt::Display>(
    columns: &Columns,
    line: &Line<'_>,
    amount: &Result<Decimal, E>,
) -> Option<Verdict> {
    let fail =
        |at: Range<usize>, detail: String| Some(Verdict::because(Status::Unproven, &codes::LIST_ROW, at, detail));
    let all = 0..line.raw.len();
    let Some(text) = line.text else { return fail(all, "the line is not UTF-8 text".to_owned()) };
    if text.contains('"') {
        return fail(all, "quotes have no meaning in this layout".to_owned());
    }
    if let Some(range) = columns.surplus(line) {
        return fail(range, "a field without a column".to_owned());
    }
    match amount {
        Err(error) => fail(columns.range(line, Field::Amount), error.to_string()),
        Ok(amount) if amount.is_negative() => {
            fail(columns.range(line, Field::Amount), format!("{amount} is below zero"))
        }
        Ok(_) => None,
    }
}

fn judge(columns: &Columns, line: &Line<'_>, known: Option<&Coin>, question: &Question<'_>) -> Verdict {
    let at = |field: Field| columns.range(line, field);
    let Some(coin) = known else {
        return Verdict::unproven(at(Field::Coin), "the coin is not in the table of this layout");
    };
    for (field, what) in
        [(Field::Address, "no address"), (Field::Message, "no message"), (Field::FirstSignature, "no signature")]
    {
        if columns.text(line, field).is_empty() {
            return Verdict::unproven(at(field), what);
        }
    }
    let message = columns.text(line, Field::Message);
    if let Some(expected) = question.message.filter(|expected| *expected != message) {
        return Verdict::unproven(at(Field::Message), format!("the message is not the line {expected:?}"));
    }
    match (coin.kind, &coin.chain) {
        ("bitcoin", Some(chain)) => bitcoin_row(columns, line, chain),
        ("evm", Some(chain)) => evm_row(columns, line, chain),
        (kind, _) => {
            Verdict::unproven(at(Field::FirstSignature), format!("signatures of {kind} addresses are not checked here"))
        }
    }
}

/// A key of the address, or the owners of a contract, which nothing shows to be its owners.
fn evm_row(columns: &Columns, line: &Line<'_>, chain: &ChainId) -> Verdict {
    let (text, at) = (|field| columns.text(line, field), |field| columns.range(line, field));
    let message = text(Field::Message);
    let signed = |address: &str, field: Field| {
        let signature = columns.text(line, field).to_owned();
        let proof = ControlProof::signed(chain.clone(), address.to_owned(), evm::PREHASHED, signature);
        evm::verify(chain, address, message, &proof)
            .map_err(|error| Verdict::refused(&error, columns.range(line, field), address))
    };
    let owners = [(Field::FirstOwner, Field::FirstSignature), (Field::SecondOwner, Field::SecondSignature)];
    let owners: Vec<_> = owners.into_iter().filter(|(owner, _)| !text(*owner).is_empty()).collect();
    if owners.is_empty() {
        if !text(Field::SecondSignature).is_empty() {
            return Verdict::unproven(at(Field::SecondSignature), "a second signature, and nobody whose it is");
        }
        return match signed(text(Field::Address), Field::FirstSignature) {
            Ok(grade) => Verdict::signed(grade, evm::PREHASHED),
            Err(verdict) => verdict,
        };
    }
    for (owner, signature) in &owners {
        if let Err(verdict) = signed(text(*owner), *signature) {
            return verdict;
        }
    }
    let one = text(Field::FirstOwner).eq_ignore_ascii_case(text(Field::SecondOwner));
    let detail = match (owners.len(), one) {
        (2, true) => "both signatures are by one key, which is not shown to own the contract",
        _ => "the signatures are by other addresses, which are not shown to own the contract",
    };
    Verdict::unproven(at(Field::FirstOwner), detail)
}

fn bitcoin_row(columns: &Columns, line: &Line<'_>, chain: &ChainId) -> Verdict {
    let (text, at) = (|field| columns.text(line, field), |field| columns.range(line, field));
    let (address, message, script) = (text(Field::Address), text(Field::Message), text(Field::Script));
    let signatures: Vec<String> = [Field::FirstSignature, Field::SecondSignature]
        .into_iter()
        .map(text)
        .filter(|signature| !signature.is_empty())
        .map(str::to_owned)
        .collect();
    if !script.is_empty() {
        let script = script.strip_prefix("0x").unwrap_or(script).to_ascii_lowercase();
        let mut proof = ControlProof::signed(chain.clone(), address.to_owned(), bitcoin::KEY_THRESHOLD, String::new());
        (proof.script, proof.signatures) = (Some(script), Some(signatures));
        return match bitcoin::verify(chain, address, message, &proof) {
            Ok(control) => Verdict::signed(control.grade, bitcoin::KEY_THRESHOLD),
            Err(error) => Verdict::refused(&error, at(Field::FirstSignature), address),
        };
    }
    let [signature] = signatures.as_slice() else {
        return Verdict::unproven(at(Field::SecondSignature), "two signatures, and no script that asks for them");
    };
    // one digest; what differs is which kinds of address the first byte may name. BIP-137 knows all of them, so its
    // refusal is the one that says what is wrong
    let tried = [bitcoin::LEGACY, bitcoin::ELECTRUM, bitcoin::BIP137].map(|scheme| {
        let proof = ControlProof::signed(chain.clone(), address.to_owned(), scheme, signature.clone());
        bitcoin::verify(chain, address, message, &proof).map(|control| (control.grade, scheme))
    });
    match tried {
        [Ok((grade, scheme)), ..] | [_, Ok((grade, scheme)), _] | [.., Ok((grade, scheme))] => {
            Verdict::signed(grade, scheme)
        }
        [.., Err(error)] => Verdict::refused(&error, at(Field::FirstSignature), address),
    }
}
