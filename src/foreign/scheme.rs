//! What all formats of one customer's proof have in common: a leaf, siblings with their sums, a root.

use std::ops::Range;

use super::decimal::Decimal;
use super::document::{Object, Value};
use super::error::{Fault, Kind};
use super::weakness::Weakness;

/// Levels of a tree: 2^64 leaves are more than anybody has.
pub const LEVELS_MAX: usize = 64;

/// What is known of a format without reading a file.
#[derive(Debug)]
pub struct Facts {
    /// The name, for `--format` and in reports.
    pub name: &'static str,
    /// Other names of the same format.
    pub aliases: &'static [&'static str],
    /// What its rule lacks.
    pub weaknesses: &'static [Weakness],
    /// Fields that can be changed without being noticed, whatever root is given.
    pub unbound: &'static [Unbound],
    /// Where its rule was read.
    pub source: &'static str,
    /// The page about it.
    pub page: &'static str,
    /// What its leaf calls the account; `None` when it names none.
    pub account: Option<&'static str>,
}

/// A field that the scheme does not bind.
#[derive(Debug)]
pub struct Unbound {
    /// The path of the field, `[]` for any position: `path[].auditId`.
    pub field: &'static str,
    /// The weakness that it is.
    pub weakness: Weakness,
}

/// An asset of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its name.
    pub name: String,
    /// Its decimals, where the format states them.
    pub decimals: Option<u32>,
}

/// What a proof says, in the terms of no format.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The assets in the order in which they are hashed.
    pub assets: Vec<Asset>,
    /// The name of the snapshot; empty when there is none.
    pub snapshot: String,
    /// The account as the leaf names it; empty when it names none.
    pub account: String,
    /// What blinds the leaf.
    pub nonce: String,
    /// The customer's balances as they are written.
    pub balances: Vec<String>,
    /// The leaf's hash as stated.
    pub leaf: Option<String>,
    /// Siblings from the leaf up.
    pub steps: Vec<Step>,
    /// The last element, where the file has one.
    pub root: Option<StatedRoot>,
    /// Position of the leaf and number of leaves, where the format states them.
    pub position: Option<(u64, u64)>,
    /// The bytes of the leaf.
    pub place: Range<usize>,
}

/// A sibling.
#[derive(Clone, Debug)]
pub struct Step {
    /// Whether it stands on the left.
    pub is_left: bool,
    /// Whether it is marked as padding.
    pub is_padding: bool,
    /// Hash and sums.
    pub node: Node,
    /// Its bytes.
    pub place: Range<usize>,
}

/// The root that a file states.
#[derive(Clone, Debug)]
pub struct StatedRoot {
    /// Hash and sums.
    pub node: Node,
    /// Its bytes.
    pub place: Range<usize>,
}

/// A node: its hash, and one sum for each asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Hash, as the format writes it.
    pub hash: String,
    /// Sums in the order of the assets.
    pub sums: Vec<Decimal>,
}

/// Where a parent stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The proof or tree that it belongs to.
    pub proof: &'a Proof,
    /// Steps from the leaf, from 1.
    pub above: usize,
    /// Steps from the leaf to the root.
    pub depth: usize,
}

/// A format of one customer's proof. A new one is one file with this trait, and one line in [`super::SCHEMES`].
pub trait Scheme: Sync {
    /// What is known of it.
    fn facts(&self) -> &'static Facts;

    /// Whether a file is of this format, by fields that only it has.
    fn recognises(&self, file: &Object<'_>) -> bool;

    /// Reads a file, and refuses whatever the format does not have.
    ///
    /// # Errors
    /// [`Fault`] with the place.
    fn open(&self, file: &Object<'_>) -> Result<Proof, Fault>;

    /// The hash of a leaf.
    fn leaf(&self, proof: &Proof) -> String;

    /// The hash of a parent of two hashes and of the sum of both, which [`Scheme::round`] has rounded.
    fn parent(&self, place: &Place<'_>, left: &str, right: &str, sums: &[Decimal]) -> String;

    /// What the scheme does to a sum before it hashes it.
    fn round(&self, sum: Decimal) -> Decimal {
        sum
    }

    /// What the fold does not see: positions, padding.
    fn check(&self, _proof: &Proof) -> Vec<Fault> {
        Vec::new()
    }

    /// The node that stands beside the last one of a level with an odd number of nodes.
    fn padding(&self, proof: &Proof, beside: &Node) -> Node;

    /// Whether a sibling that is marked as padding is the one that belongs beside this node.
    fn is_padding_of(&self, _step: &Step, _beside: &Node) -> bool {
        true
    }

    /// The file, as the venue's program writes it.
    fn write(&self, proof: &Proof) -> String;

    /// Two proofs of one place whose leaves have the same bytes and say different things; `None` when there is none.
    fn ambiguous(&self) -> Option<[Proof; 2]> {
        None
    }

    /// What a customer of the demonstration owns, and how they are called.
    fn example(&self, number: u64, units: &str) -> Proof;
}

/// What the path of a proof leads to.
#[derive(Clone, Debug)]
pub struct Folded {
    /// The root, computed.
    pub root: Node,
    /// The balances.
    pub own: Vec<Decimal>,
    /// Siblings, counted from 1, that have the hash of the node beside them.
    pub copies: Vec<usize>,
    /// What does not fit.
    pub faults: Vec<Fault>,
}

/// Computes leaf, path and root, and compares them with what the file states.
///
/// # Errors
/// [`Fault`] when nothing can be computed.
pub fn fold(scheme: &dyn Scheme, proof: &Proof) -> Result<Folded, Fault> {
    let own = amounts(proof.balances.iter().map(String::as_str), &proof.place)?;
    if own.len() != proof.assets.len() || proof.steps.iter().any(|step| step.node.sums.len() != own.len()) {
        let detail = "balances and assets differ in number";
        return Err(Fault::at(Kind::Malformed, proof.place.clone(), detail));
    }
    if proof.steps.len() > LEVELS_MAX {
        let detail = format!("{} levels, at most {LEVELS_MAX} are read", proof.steps.len());
        return Err(Fault::new(Kind::TooLarge, detail));
    }
    let mut faults = scheme.check(proof);
    let mut current = Node { hash: scheme.leaf(proof), sums: own.clone() };
    if let Some(stated) = proof.leaf.as_ref().filter(|stated| **stated != current.hash) {
        let detail = format!("the leaf's fields give {}, stated is {stated}", current.hash);
        faults.push(Fault::at(Kind::Leaf, proof.place.clone(), detail));
        // what is above is judged by itself
        current.hash.clone_from(stated);
    }
    let depth = proof.steps.len();
    let mut copies = Vec::new();
    for (above, step) in (1..).zip(&proof.steps) {
        if step.is_padding && !scheme.is_padding_of(step, &current) {
            let detail = "the sibling is marked as padding, and is not that of this node";
            faults.push(Fault::at(Kind::Position, step.place.clone(), detail));
        }
        if step.node.hash == current.hash {
            copies.push(above);
        }
        let sums: Vec<Decimal> =
            current.sums.iter().zip(&step.node.sums).map(|(own, other)| scheme.round(own.plus(other))).collect();
        let (left, right) = if step.is_left { (&step.node, &current) } else { (&current, &step.node) };
        let hash = scheme.parent(&Place { proof, above, depth }, &left.hash, &right.hash, &sums);
        current = Node { hash, sums };
    }
    if let Some(stated) = &proof.root {
        faults.extend(compare_root(proof, &current, stated));
    }
    Ok(Folded { root: current, own, copies, faults })
}

fn compare_root(proof: &Proof, computed: &Node, stated: &StatedRoot) -> Option<Fault> {
    let fail = |detail: String| Some(Fault::at(Kind::Root, stated.place.clone(), detail));
    if computed.hash != stated.node.hash {
        return fail(format!("the path leads to {}, stated is {}", computed.hash, stated.node.hash));
    }
    let sums = computed.sums.iter().zip(&stated.node.sums);
    let (asset, (got, said)) = proof.assets.iter().zip(sums).find(|(_, (got, said))| got != said)?;
    fail(format!("the balances give {got} {}, stated is {said}", asset.name))
}

/// Reads amounts that stand in one place.
///
/// # Errors
/// [`Kind::Amount`].
pub fn amounts<'a>(texts: impl Iterator<Item = &'a str>, place: &Range<usize>) -> Result<Vec<Decimal>, Fault> {
    let read = |text: &str| text.parse().map_err(|error| amount_fault(place.clone(), &error));
    texts.map(read).collect()
}

fn amount_fault(place: Range<usize>, error: &super::decimal::DecimalError) -> Fault {
    Fault::at(Kind::Amount, place, error.to_string())
}

/// Reads an object of amounts, which has these assets and no others: texts and amounts, in the order of the assets.
///
/// # Errors
/// [`Fault`].
pub fn balances(object: &Value<'_>, assets: &[&str]) -> Result<(Vec<String>, Vec<Decimal>), Fault> {
    let object = object.object()?;
    object.only(assets)?;
    let (mut texts, mut sums) = (Vec::with_capacity(assets.len()), Vec::with_capacity(assets.len()));
    for asset in assets {
        let value = object.need(asset)?;
        let text = value.text()?;
        sums.push(text.parse().map_err(|error| amount_fault(value.place(), &error))?);
        texts.push(text);
    }
    Ok((texts, sums))
}

/// Sums of a node by a rule that cuts them: what is finer than that would be bound by nothing, and is not taken.
///
/// # Errors
/// [`Fault`].
pub fn cut_sums(object: &Value<'_>, assets: &[&str], places: u32) -> Result<Vec<Decimal>, Fault> {
    let (texts, sums) = balances(object, assets)?;
    match sums.iter().zip(&texts).find(|(sum, _)| sum.cut(places) != **sum) {
        Some((_, text)) => {
            let detail = format!("got {text}, and the rule drops what is finer than {places} decimals");
            Err(Fault::at(Kind::Amount, object.place(), detail))
        }
        None => Ok(sums),
    }
}

/// Assets without stated decimals.
#[must_use]
pub fn assets(names: &[&str]) -> Vec<Asset> {
    names.iter().map(|name| Asset { name: (*name).to_owned(), decimals: None }).collect()
}

/// A list of elements `path`, at least two: siblings and the root.
///
/// # Errors
/// [`Fault`].
pub fn path<'a>(file: &Object<'a>) -> Result<(Vec<Object<'a>>, Object<'a>), Fault> {
    let value = file.need("path")?;
    let elements = value.list()?;
    if elements.len() > LEVELS_MAX + 1 {
        return Err(Fault::at(Kind::TooLarge, value.place(), format!("{} elements", elements.len())));
    }
    let mut elements = elements.iter().map(Value::object).collect::<Result<Vec<_>, _>>()?;
    match elements.pop() {
        Some(root) if !elements.is_empty() => Ok((elements, root)),
        _ => Err(Fault::at(Kind::Malformed, value.place(), "a path has at least one sibling, and the root")),
    }
}

/// Refuses a field with another number than the position gives.
///
/// # Errors
/// [`Kind::Position`].
pub fn expect_number(object: &Object<'_>, key: &str, expected: u64) -> Result<(), Fault> {
    let value = object.need(key)?;
    let got = value.number()?;
    if got == expected {
        return Ok(());
    }
    Err(Fault::at(Kind::Position, value.place(), format!("{key} is {got}, its place gives {expected}")))
}

/// SHA-256 of a text, in hexadecimal digits.
#[must_use]
pub fn sha(text: &str) -> String {
    crate::hash::sha256(text.as_bytes()).to_string()
}

/// A text as JSON writes it.
#[must_use]
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `{"BTC":"1","ETH":"2"}`, in this order and without spaces.
#[must_use]
pub fn object_text<T: AsRef<str>>(assets: &[Asset], amounts: &[T]) -> String {
    let pairs = assets.iter().zip(amounts).map(|(asset, amount)| {
        let (name, amount) = (quoted(&asset.name), quoted(amount.as_ref()));
        format!("{name}:{amount}")
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}
