//! `bybit`: SHA-256 over joined text, many assets, sums with eight decimals. Page: `docs/foreign/bybit.md`.

use super::asset_lists;
use super::decimal::Decimal;
use super::document::Object;
use super::error::{Fault, Kind};
use super::scheme::{
    Facts, Node, Place, Proof, Scheme, StatedRoot, Step, Unbound, assets, balances, cut_sums, expect_number,
    object_text, path, quoted, sha,
};
use super::weakness::Weakness;

/// The lists in use; another one is a line there.
pub const LISTS: &str = include_str!("bybit_assets.txt");
/// Decimals of every sum.
const PLACES: u32 = 8;
/// What the last element is marked with.
const ROOT_TYPE: u64 = 3;

static FACTS: Facts = Facts {
    name: "bybit",
    aliases: &[],
    weaknesses: &[
        Weakness::SumNotBound,
        Weakness::NegativeAmounts,
        Weakness::AmbiguousEncoding,
        Weakness::PaddingCopies,
        Weakness::RootInFile,
        Weakness::SnapshotNotBound,
        Weakness::FieldsNotBound,
    ],
    unbound: &[
        Unbound { field: "self.auditId", weakness: Weakness::SnapshotNotBound },
        Unbound { field: "path[].auditId", weakness: Weakness::SnapshotNotBound },
        Unbound { field: "path[].type", weakness: Weakness::PaddingCopies },
        Unbound { field: "self.nonce", weakness: Weakness::FieldsNotBound },
        Unbound { field: "path[].nonce", weakness: Weakness::FieldsNotBound },
    ],
    source: "https://github.com/bybit-exchange/merkle-proof, commit 3f0e2da, src/main/java/com/bybit",
    page: "docs/foreign/bybit.md",
    account: Some("userHash"),
};

/// The format.
pub struct Bybit;

impl Scheme for Bybit {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn recognises(&self, file: &Object<'_>) -> bool {
        let own = file.get("self").and_then(|own| own.object().ok());
        own.is_some_and(|own| own.get("userHash").is_some() && own.get("balance").is_some())
    }

    fn open(&self, file: &Object<'_>) -> Result<Proof, Fault> {
        file.only(&["path", "self"])?;
        let own = file.need("self")?.object()?;
        own.only(&["auditId", "balance", "type", "hash", "height", "nonce", "userHash"])?;
        expect_number(&own, "height", 1)?;
        let value = own.need("balance")?;
        let list = asset_lists::find(LISTS, &value)?;
        let (texts, _) = balances(&value, &list)?;
        let (siblings, last) = path(file)?;
        let kind = own.need("type")?;
        let is_left = side(&own)?;
        let steps =
            (1..).zip(&siblings).map(|(height, one)| step(one, height, &list)).collect::<Result<Vec<_>, _>>()?;
        if steps.first().is_some_and(|first| first.is_left == is_left) {
            return Err(Fault::at(Kind::Position, kind.place(), "leaf and sibling stand on the same side"));
        }
        last.only(&["auditId", "balance", "type", "hash", "height", "nonce"])?;
        expect_number(&last, "type", ROOT_TYPE)?;
        expect_number(&last, "height", steps.len() as u64 + 1)?;
        texts_of(&last)?;
        let sums = cut_sums(&last.need("balance")?, &list, PLACES)?;
        let root = StatedRoot { node: Node { hash: last.need("hash")?.hash(64)?, sums }, place: last.place() };
        Ok(Proof {
            assets: assets(&list),
            snapshot: own.need("auditId")?.text()?,
            account: own.need("userHash")?.hash(64)?,
            nonce: own.get("nonce").map(|nonce| nonce.text()).transpose()?.unwrap_or_default(),
            balances: texts,
            leaf: Some(own.need("hash")?.hash(64)?),
            steps,
            root: Some(root),
            position: None,
            place: own.place(),
        })
    }

    fn leaf(&self, proof: &Proof) -> String {
        sha(&format!("{}{}", proof.account, proof.balances.concat()))
    }

    fn parent(&self, place: &Place<'_>, left: &str, right: &str, sums: &[Decimal]) -> String {
        let sums: String = sums.iter().map(|sum| sum.fixed(PLACES)).collect();
        sha(&format!("{left}{right}{sums}{}", place.above + 1))
    }

    fn round(&self, sum: Decimal) -> Decimal {
        sum.cut(PLACES)
    }

    /// Nothing marks it: a sibling with the same hash and sums of zero.
    fn padding(&self, proof: &Proof, beside: &Node) -> Node {
        Node { hash: beside.hash.clone(), sums: vec![Decimal::zero(); proof.assets.len()] }
    }

    fn write(&self, proof: &Proof) -> String {
        let audit = quoted(&proof.snapshot);
        let element = |node: &Node, kind: u64, height: usize| {
            let sums: Vec<String> = node.sums.iter().map(|sum| sum.fixed(PLACES)).collect();
            let (balance, hash) = (object_text(&proof.assets, &sums), quoted(&node.hash));
            format!(
                r#"{{"auditId":{audit},"balance":{balance},"type":{kind},"hash":{hash},"height":{height},"nonce":""}}"#
            )
        };
        let kind = |step: &Step| if step.is_left { 1 } else { 2 };
        let mut path: Vec<String> =
            (1..).zip(&proof.steps).map(|(height, step)| element(&step.node, kind(step), height)).collect();
        path.extend(proof.root.as_ref().map(|root| element(&root.node, ROOT_TYPE, proof.steps.len() + 1)));
        let own = if proof.steps.first().is_some_and(|step| step.is_left) { 2 } else { 1 };
        let balance = object_text(&proof.assets, &proof.balances);
        let (nonce, hash, user) = (quoted(&proof.nonce), quoted(&self.leaf(proof)), quoted(&proof.account));
        format!(
            r#"{{"self":{{"auditId":{audit},"balance":{balance},"type":{own},"hash":{hash},"height":1,"nonce":{nonce},"userHash":{user}}},"path":[{}]}}"#,
            path.join(",")
        )
    }

    /// `1.00000000` and `23.00000000` are the bytes of `1.000000002` and `3.00000000`.
    fn ambiguous(&self) -> Option<[Proof; 2]> {
        let one = self.example(1, "23.00000000");
        let mut two = one.clone();
        let with = |proof: &Proof, amounts: [&str; 2]| {
            let mut balances = proof.balances.clone();
            balances.splice(0..2, amounts.map(str::to_owned));
            balances
        };
        two.balances = with(&one, ["1.000000002", "3.00000000"]);
        let one = Proof { balances: with(&one, ["1.00000000", "23.00000000"]), ..one };
        Some([one, two])
    }

    fn example(&self, number: u64, units: &str) -> Proof {
        let list = asset_lists::all(LISTS).map(|(_, list)| list).next().unwrap_or_default();
        let example = super::forge::example(&list, number, units, &sha(&format!("customer {number}")));
        let fixed = |text: &String| match text.parse::<Decimal>() {
            Ok(amount) if !text.contains('.') => amount.fixed(PLACES),
            _ => text.clone(),
        };
        Proof { balances: example.balances.iter().map(fixed).collect(), ..example }
    }
}

/// Whether `type` says left.
fn side(element: &Object<'_>) -> Result<bool, Fault> {
    let kind = element.need("type")?;
    match kind.number()? {
        1 => Ok(true),
        2 => Ok(false),
        other => Err(Fault::at(Kind::Position, kind.place(), format!("type {other}, expected 1 or 2"))),
    }
}

/// Fields that nothing hashes are texts at least.
fn texts_of(element: &Object<'_>) -> Result<(), Fault> {
    for name in ["auditId", "nonce"] {
        element.get(name).filter(|value| !value.is_null()).map(|value| value.text()).transpose()?;
    }
    Ok(())
}

fn step(sibling: &Object<'_>, height: u64, list: &[&str]) -> Result<Step, Fault> {
    sibling.only(&["auditId", "balance", "type", "hash", "height", "nonce"])?;
    expect_number(sibling, "height", height)?;
    texts_of(sibling)?;
    let sums = cut_sums(&sibling.need("balance")?, list, PLACES)?;
    let node = Node { hash: sibling.need("hash")?.hash(64)?, sums };
    Ok(Step { is_left: side(sibling)?, is_padding: false, node, place: sibling.place() })
}
