//! One customer's file: which format it is, what it leads to, and what that means.

use super::decimal::Decimal;
use super::document::{Object, Value};
use super::error::{Fault, Kind};
use super::hotcoin::{self, Anchor};
use super::scheme::{Facts, Folded, Proof, Scheme, fold};
use super::{SCHEMES, weakness::Weakness};

/// What the customer brings. Nothing here is read from the file.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    /// The name of the format; `None` to recognise it.
    pub format: Option<&'a str>,
    /// The root that everybody sees.
    pub root: Option<&'a str>,
    /// The account as the leaf must name it.
    pub account: Option<&'a str>,
    /// Balances that the leaf must have.
    pub expected: &'a [(String, Decimal)],
    /// What the venue published apart from the proofs.
    pub anchor: Option<&'a Anchor>,
}

/// Where the root came from with which the file was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootFrom {
    /// From the customer.
    Outside,
    /// From a file that is published apart from the proofs.
    Anchor,
    /// From the file itself, or from nowhere.
    File,
}

impl RootFrom {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Outside => "given by you",
            Self::Anchor => "from the anchor that you gave",
            Self::File => "from the file itself",
        }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The format.
    pub facts: &'static Facts,
    /// What the file says.
    pub proof: Proof,
    /// What it leads to.
    pub folded: Folded,
    /// Where the root came from.
    pub root_from: RootFrom,
    /// Everything that does not fit or could not be judged.
    pub faults: Vec<Fault>,
    /// Weaknesses of which this file shows signs, with what was seen.
    pub seen: Vec<(Weakness, String)>,
}

impl Answer {
    /// Whether leaf, path, sums and root fit together, by the rule of the scheme: amounts below zero can, too.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        !self.faults.iter().any(|fault| fault.is_failure() && fault.kind != Kind::Negative)
    }
}

/// Reads and checks the file of one customer.
///
/// # Errors
/// [`Fault`] when the file cannot be read; what was read and does not fit stands in [`Answer::faults`].
pub fn verify(file: &[u8], question: &Question<'_>) -> Result<Answer, Fault> {
    let object = Value::parse(file)?.object()?;
    let scheme = choose(&object, question.format)?;
    let facts = scheme.facts();
    let proof = scheme.open(&object)?;
    let folded = fold(scheme, &proof)?;
    let mut faults = folded.faults.clone();
    let root_from = compare_root(question, &folded, &mut faults);
    if let Some(anchor) = question.anchor {
        if facts.name != hotcoin::Hotcoin.facts().name {
            faults.push(Fault::new(Kind::NoTree, format!("{} has no file that is published apart", facts.name)));
        }
        faults.extend(hotcoin::compare(anchor, &proof, &folded.root.sums));
    }
    faults.extend(question.account.and_then(|account| compare_account(facts, &proof, account)));
    faults
        .extend(question.expected.iter().filter_map(|(asset, amount)| compare_balance(&proof, &folded, asset, amount)));
    faults.extend(negative(&proof, &folded));
    let seen = seen(facts, &proof, &folded);
    Ok(Answer { facts, proof, folded, root_from, faults, seen })
}

fn choose(file: &Object<'_>, name: Option<&str>) -> Result<&'static dyn Scheme, Fault> {
    let Some(name) = name else {
        let found = SCHEMES.iter().copied().find(|scheme| scheme.recognises(file));
        return found.ok_or_else(|| Fault::new(Kind::Unrecognised, format!("none of {}", names())));
    };
    super::scheme_named(name).ok_or_else(|| Fault::new(Kind::Unrecognised, format!("{name:?} is none of {}", names())))
}

fn names() -> String {
    super::all_facts().map(|facts| facts.name).collect::<Vec<_>>().join(", ")
}

fn compare_root(question: &Question<'_>, folded: &Folded, faults: &mut Vec<Fault>) -> RootFrom {
    let computed = folded.root.hash.as_str();
    let mut compare = |expected: &str| {
        if expected != computed {
            faults.push(Fault::new(Kind::OtherRoot, format!("the path leads to {computed}, given is {expected}")));
        }
    };
    match (question.root, question.anchor) {
        (Some(root), anchor) => {
            compare(root);
            if let Some(anchor) = anchor {
                compare(&anchor.root);
            }
            RootFrom::Outside
        }
        (None, Some(anchor)) => {
            compare(&anchor.root);
            RootFrom::Anchor
        }
        (None, None) => {
            faults.push(Fault::new(Kind::RootOwn, format!("the path leads to {computed}, which nobody else named")));
            RootFrom::File
        }
    }
}

fn compare_account(facts: &Facts, proof: &Proof, account: &str) -> Option<Fault> {
    let Some(field) = facts.account else {
        return Some(Fault::new(Kind::NoAccount, format!("a leaf of {} has no field for it", facts.name)));
    };
    let detail = || format!("{field} is {:?}, asked was {account:?}", proof.account);
    (proof.account != account).then(|| Fault::at(Kind::Account, proof.place.clone(), detail()))
}

fn compare_balance(proof: &Proof, folded: &Folded, asset: &str, expected: &Decimal) -> Option<Fault> {
    let found = proof.assets.iter().zip(&folded.own).find(|(one, _)| one.name == asset);
    match found {
        Some((_, amount)) if amount == expected => None,
        Some((_, amount)) => {
            let detail = format!("{asset} is {amount}, expected {expected}");
            Some(Fault::at(Kind::Expected, proof.place.clone(), detail))
        }
        None => {
            let detail = format!("the leaf has no {asset}, expected {expected}");
            Some(Fault::at(Kind::Expected, proof.place.clone(), detail))
        }
    }
}

/// Amounts below zero, of the leaf and of its siblings. The rule of a scheme may take them; the total is less than what
/// is owed by them all the same.
fn negative(proof: &Proof, folded: &Folded) -> Vec<Fault> {
    let own = ("the leaf".to_owned(), &proof.place, &folded.own);
    let siblings = (1..).zip(&proof.steps);
    let siblings = siblings.map(|(level, step)| (format!("sibling {level}"), &step.place, &step.node.sums));
    let mut faults = Vec::new();
    for (who, place, sums) in std::iter::once(own).chain(siblings) {
        for (asset, sum) in proof.assets.iter().zip(sums).filter(|(_, sum)| sum.is_negative()) {
            let detail = format!("{who} has {sum} {}", asset.name);
            faults.push(Fault::at(Kind::Negative, place.clone(), detail));
        }
    }
    faults
}

/// What of the scheme's weaknesses can be seen in this very file.
fn seen(facts: &Facts, proof: &Proof, folded: &Folded) -> Vec<(Weakness, String)> {
    let below = negative(proof, folded).into_iter();
    let mut seen: Vec<_> = below.map(|fault| (Weakness::NegativeAmounts, fault.detail)).collect();
    let copies = folded.copies.iter().map(|level| format!("sibling {level} has the hash of the node beside it"));
    seen.extend(copies.map(|what| (Weakness::PaddingCopies, what)));
    if facts.name == "bybit" {
        let odd = proof.assets.iter().zip(&proof.balances).filter(|(_, text)| places(text) != 8);
        seen.extend(odd.map(|(asset, text)| {
            (Weakness::AmbiguousEncoding, format!("the leaf has {text} {}, which is not eight decimals", asset.name))
        }));
    }
    seen
}

fn places(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

/// What was found, for programs: texts only, amounts as decimal texts.
#[must_use]
pub fn json(answer: &Answer) -> String {
    let row = |(asset, (own, total)): (&super::scheme::Asset, (&Decimal, &Decimal))| {
        let (own, total) = (own.to_string(), total.to_string());
        serde_json::json!({ "asset": asset.name, "leaf": own, "total": total })
    };
    let balances = answer.proof.assets.iter().zip(answer.folded.own.iter().zip(&answer.folded.root.sums)).map(row);
    let seen =
        answer.seen.iter().map(|(weakness, what)| serde_json::json!({ "weakness": weakness.name(), "seen": what }));
    let report = serde_json::json!({
        "format": answer.facts.name,
        "consistent": answer.is_consistent(),
        "root": answer.folded.root.hash,
        "root_from": answer.root_from.text(),
        "snapshot": answer.proof.snapshot,
        "account": answer.facts.account.map(|_| answer.proof.account.as_str()),
        "levels": answer.proof.steps.len().to_string(),
        "balances": balances.collect::<Vec<_>>(),
        "weaknesses": super::weaknesses_json(answer.facts),
        "seen": seen.collect::<Vec<_>>(),
        "faults": super::faults_json(&answer.faults),
    });
    format!("{report:#}")
}
