//! What a scheme admits, shown: forged sets of files are made here, pass the scheme's own rule, and fail under that of
//! this program. Nothing is said of any venue.

mod own;

use super::bitget::Bitget;
use super::bitmex;
use super::error::Fault;
use super::forge::{Combine, Tree, mirrored, passes};
use super::scheme::{Facts, Proof, Scheme, sha};
use super::weakness::Weakness;
use super::{facts_named, scheme_named};
use crate::code::Code;
use own::Own;

/// What four customers of the demonstration are owed: 18 together.
pub const OWED: [u64; 4] = [5, 3, 9, 1];
/// Hashes on each side of the search for a collision of 24 bits.
const SEARCHED: u64 = 1 << 13;

/// One weakness, shown.
#[derive(Debug)]
pub struct Shown {
    /// The weakness.
    pub weakness: Weakness,
    /// What was made.
    pub story: String,
    /// The forged files.
    pub files: Vec<String>,
    /// The root under which they pass; several where each has one of its own.
    pub roots: Vec<String>,
    /// Whether all of them passed the scheme's own rule.
    pub holds: bool,
    /// With what this program refuses the same: never empty when it does.
    pub refused: Vec<&'static Code>,
}

/// Shows every weakness of a format; `None` for a name that is not known.
#[must_use]
pub fn show(name: &str) -> Option<Vec<Shown>> {
    let facts = facts_named(name)?;
    let shown = match scheme_named(name) {
        Some(scheme) => facts.weaknesses.iter().filter_map(|weakness| of_scheme(scheme, *weakness)).collect(),
        None => of_trees(facts),
    };
    Some(shown)
}

fn of_scheme(scheme: &'static dyn Scheme, weakness: Weakness) -> Option<Shown> {
    let own = Own::build(&OWED)?;
    match weakness {
        Weakness::SumNotBound => sum(scheme, &own),
        Weakness::NegativeAmounts => negative(scheme),
        Weakness::TruncatedHash => truncated(&own),
        Weakness::AmbiguousEncoding => ambiguous(scheme, &own),
        Weakness::PaddingCopies => padding(scheme, &own),
        Weakness::RootInFile => root_in_file(scheme, &own),
        Weakness::SnapshotNotBound => snapshot(scheme, &own),
        Weakness::AccountNotBound => account(scheme, &own),
        Weakness::FieldsNotBound => fields(scheme, &own),
    }
}

fn customers(scheme: &dyn Scheme, amounts: &[&str]) -> Vec<Proof> {
    (1..).zip(amounts).map(|(number, units)| scheme.example(number, units)).collect()
}

fn tree(scheme: &'static dyn Scheme, amounts: &[&str], combine: Combine) -> Option<Tree<'static>> {
    Tree::build(scheme, customers(scheme, amounts), combine).ok()
}

fn total(tree: &Tree<'_>) -> String {
    tree.root().and_then(|root| root.sums.first()).map(ToString::to_string).unwrap_or_default()
}

/// What was shown with proofs under one root.
fn under(scheme: &dyn Scheme, weakness: Weakness, story: String, root: &str, proofs: &[Proof]) -> Shown {
    let holds = !proofs.is_empty() && proofs.iter().all(|proof| file_passes(scheme, proof, root));
    let files = proofs.iter().map(|proof| scheme.write(proof)).collect();
    Shown { weakness, story, files, roots: vec![root.to_owned()], holds, refused: Vec::new() }
}

/// The file is written and read again: it is the file that passes, not what this program made it from.
fn file_passes(scheme: &dyn Scheme, proof: &Proof, root: &str) -> bool {
    let file = scheme.write(proof);
    let read = super::document::Value::parse(file.as_bytes()).and_then(|value| value.object());
    read.and_then(|file| scheme.open(&file)).is_ok_and(|proof| passes(scheme, &proof, root))
}

fn sum(scheme: &'static dyn Scheme, own: &Own) -> Option<Shown> {
    let tree = tree(scheme, &["5", "3", "9", "1"], Combine::Larger)?;
    let proofs: Vec<Proof> = (0..OWED.len()).filter_map(|index| tree.proof(index)).collect();
    let story = format!(
        "four customers are owed 5, 3, 9 and 1, together 18; the published total is {}, and all four files pass. The same \
         ledger in a tree of this program has the total {}",
        total(&tree),
        own.total()
    );
    let mut shown = under(scheme, Weakness::SumNotBound, story, &tree.root()?.hash, &proofs);
    shown.holds &= total(&tree) == "9" && own.total() == 18 && proofs.len() == OWED.len();
    shown.refused = own.lowered().into_iter().chain(own.lower_total()).collect();
    Some(shown)
}

fn negative(scheme: &'static dyn Scheme) -> Option<Shown> {
    let tree = tree(scheme, &["5", "3", "9", "1", "-9"], Combine::Sum)?;
    let proofs: Vec<Proof> = (0..OWED.len()).filter_map(|index| tree.proof(index)).collect();
    let story = format!(
        "four customers are owed 18, a fifth account that nobody checks has -9; the published total is {}, and all four \
         files pass",
        total(&tree)
    );
    let mut shown = under(scheme, Weakness::NegativeAmounts, story, &tree.root()?.hash, &proofs);
    shown.holds &= total(&tree) == "9";
    shown.refused = own::negative().into_iter().collect();
    Some(shown)
}

/// A collision of 64 bits takes about 2^32 hashes and is not searched for: the same rule with 24 bits shows what
/// follows.
fn truncated(own: &Own) -> Option<Shown> {
    static CUT: Bitget = Bitget::CUT;
    let blinded =
        |number: u64, nonce: u64| Proof { nonce: sha(&format!("{number}/{nonce}")), ..CUT.example(number, "5") };
    let mut first = std::collections::HashMap::new();
    for nonce in 0..SEARCHED {
        let proof = blinded(1, nonce);
        first.insert(CUT.leaf(&proof), proof);
    }
    let (one, two) = (0..SEARCHED).find_map(|nonce| {
        let two = blinded(2, nonce);
        Some((first.remove(&CUT.leaf(&two))?, two))
    })?;
    let tree = Tree::build(&CUT, vec![one, CUT.example(3, "3")], Combine::Sum).ok()?;
    let story = format!(
        "with hashes cut to {} bits instead of 64: two customers owed 5 each have one leaf, a third is owed 3; the \
         published total is {}, and both files of the one leaf pass. {SEARCHED} hashes on each side were enough; with \
         64 bits the same search takes about 2^32 and was not made",
        CUT.bits(),
        total(&tree)
    );
    let proofs = [tree.proof(0)?, tree.proof_of(0, &two)?];
    let mut shown = under(&CUT, Weakness::TruncatedHash, story, &tree.root()?.hash, &proofs);
    shown.holds &= proofs.first().map(|proof| &proof.account) != proofs.last().map(|proof| &proof.account);
    shown.refused = own.short_digest().into_iter().collect();
    Some(shown)
}

fn ambiguous(scheme: &'static dyn Scheme, own: &Own) -> Option<Shown> {
    let [one, two] = scheme.ambiguous()?;
    let says = |proof: &Proof| {
        let balances = proof.balances.iter().zip(&proof.assets).filter(|(text, _)| text.bytes().any(|c| c > b'0'));
        let balances: Vec<String> = balances.map(|(text, asset)| format!("{text} {}", asset.name)).collect();
        let short: String = proof.account.chars().take(20).collect();
        format!("{short} owed {}", balances.join(" and "))
    };
    let story = format!("one leaf opens as {}, and as {}; both files pass under one root", says(&one), says(&two));
    let same = scheme.leaf(&one) == scheme.leaf(&two);
    let tree = Tree::build(scheme, vec![one, scheme.example(2, "5")], Combine::Sum).ok()?;
    let proofs = [tree.proof(0)?, tree.proof_of(0, &two)?];
    let mut shown = under(scheme, Weakness::AmbiguousEncoding, story, &tree.root()?.hash, &proofs);
    shown.holds &= same && shown.files.first() != shown.files.last();
    shown.refused = own.other_amount().into_iter().collect();
    Some(shown)
}

fn padding(scheme: &'static dyn Scheme, own: &Own) -> Option<Shown> {
    let tree = tree(scheme, &["5", "3", "9"], Combine::Sum)?;
    let proof = tree.proof(2)?;
    let story =
        "the third of three leaves stands beside padding with its own hash: it passes as left child and as right \
                 child, so one leaf has two places"
            .to_owned();
    let proofs = [proof.clone(), mirrored(&proof)];
    let mut shown = under(scheme, Weakness::PaddingCopies, story, &tree.root()?.hash, &proofs);
    shown.refused = own.other_place().into_iter().collect();
    Some(shown)
}

fn root_in_file(scheme: &'static dyn Scheme, own: &Own) -> Option<Shown> {
    let mut shown = Shown {
        weakness: Weakness::RootInFile,
        story: "each of four customers owed 5, 3, 9 and 1 gets a tree of their own with a root of its own; every file \
                fits its own root, and no root is that of two files"
            .to_owned(),
        files: Vec::new(),
        roots: Vec::new(),
        holds: true,
        refused: own.with_root().into_iter().collect(),
    };
    for (number, units) in (1..).zip(OWED) {
        let units = units.to_string();
        let pair = vec![scheme.example(number, &units), scheme.example(9, "0")];
        let tree = Tree::build(scheme, pair, Combine::Sum).ok()?;
        let (proof, root) = (tree.proof(0)?, tree.root()?.hash.clone());
        shown.holds &= file_passes(scheme, &proof, &root) && !shown.roots.contains(&root);
        shown.files.push(scheme.write(&proof));
        shown.roots.push(root);
    }
    Some(shown)
}

fn snapshot(scheme: &'static dyn Scheme, own: &Own) -> Option<Shown> {
    let tree = tree(scheme, &["5", "3", "9", "1"], Combine::Sum)?;
    let today = tree.proof(0)?;
    let story = format!("a proof of the snapshot {} passes as one of another-day, under the same root", today.snapshot);
    let proofs = [Proof { snapshot: "another-day".to_owned(), ..today }];
    let mut shown = under(scheme, Weakness::SnapshotNotBound, story, &tree.root()?.hash, &proofs);
    shown.refused = own.other_statement().into_iter().collect();
    Some(shown)
}

fn account(scheme: &'static dyn Scheme, own: &Own) -> Option<Shown> {
    let tree = tree(scheme, &["5", "3"], Combine::Sum)?;
    let story = format!(
        "two customers owed 5 each are given the same file, a third is owed 3; the published total is {}, and the file \
         names nobody",
        total(&tree)
    );
    let proof = tree.proof(0)?;
    let mut shown =
        under(scheme, Weakness::AccountNotBound, story, &tree.root()?.hash, &[proof.clone(), proof.clone()]);
    shown.holds &= proof.account.is_empty();
    shown.refused = own.other_account().into_iter().collect();
    Some(shown)
}

/// The first change of a field that the rule does not see, tried one after the other.
fn fields(scheme: &'static dyn Scheme, own: &Own) -> Option<Shown> {
    let tree = tree(scheme, &["5", "0", "9", "1"], Combine::Sum)?;
    let (honest, root) = (tree.proof(0)?, tree.root()?.hash.clone());
    let marked = |proof: &Proof| {
        let mut steps = proof.steps.clone();
        if let Some(step) = steps.iter_mut().find(|step| step.node.sums.iter().all(super::decimal::Decimal::is_zero)) {
            step.is_padding = true;
        }
        Proof { steps, ..proof.clone() }
    };
    let fewer = honest.position.map(|(index, count)| (index, count - 1));
    let changes = [
        ("the nonce is rewritten", Proof { nonce: "rewritten".to_owned(), ..honest.clone() }),
        ("a customer's leaf is marked as padding", marked(&honest)),
        ("the number of leaves is rewritten", Proof { position: fewer, ..honest.clone() }),
    ];
    let file = scheme.write(&honest);
    let unseen =
        changes.into_iter().find(|(_, proof)| scheme.write(proof) != file && file_passes(scheme, proof, &root));
    let (what, proof) = unseen?;
    let story = format!("{what}, and the file passes under the same root");
    let mut shown = under(scheme, Weakness::FieldsNotBound, story, &root, &[proof]);
    shown.refused = own.other_place().into_iter().collect();
    Some(shown)
}

/// What formats of whole trees lack, on two trees over the same customers.
fn of_trees(facts: &'static Facts) -> Vec<Shown> {
    let leaves =
        |amounts: [u64; 4]| (1..).zip(amounts).map(|(account, units)| (account, [7; 32], units)).collect::<Vec<_>>();
    let check = |file: &str| -> Result<(String, bool), Fault> {
        let answer = bitmex::verify("tree", file.as_bytes(), &bitmex::Question::default(), &mut |_| {})?;
        let root = answer.root.map(|root| root.to_string()).unwrap_or_default();
        Ok((root, answer.is_consistent()))
    };
    let (Some(own), Some(full), Some(less)) =
        (Own::build(&OWED), bitmex::build(100, &leaves(OWED)), bitmex::build(100, &leaves([5, 0, 0, 0])))
    else {
        return Vec::new();
    };
    let upper: String = full.split_inclusive('\n').take(4).collect();
    let later = full.replacen("block_height:100", "block_height:200", 1);
    let show = |weakness: Weakness| {
        let (story, files, refused) = match weakness {
            Weakness::RootInFile => (
                "one file has all four customers, another one only the first: each fits its own root",
                [full.clone(), less.clone()],
                own.with_root(),
            ),
            Weakness::SnapshotNotBound => (
                "a tree of block 100 passes as one of block 200, under the same root, for whoever has no nonce",
                [full.clone(), later.clone()],
                own.other_statement(),
            ),
            Weakness::FieldsNotBound => (
                "the lowest level is left away, and the tree still fits the same root: a node looks like a leaf",
                [full.clone(), upper.clone()],
                own.other_depth(),
            ),
            _ => return None,
        };
        let checked: Vec<(String, bool)> = files.iter().filter_map(|file| check(file).ok()).collect();
        let roots: Vec<String> = checked.iter().map(|(root, _)| root.clone()).collect();
        let differ = roots.first() != roots.last();
        let holds = checked.len() == files.len()
            && checked.iter().all(|(_, fits)| *fits)
            && differ == (weakness == Weakness::RootInFile);
        let refused = refused.into_iter().collect();
        Some(Shown { weakness, story: story.to_owned(), files: files.to_vec(), roots, holds, refused })
    };
    facts.weaknesses.iter().filter_map(|weakness| show(*weakness)).collect()
}
