//! `okx-v1`: SHA-256 over joined text, three assets. Page: `docs/foreign/okx-v1.md`.

use super::decimal::Decimal;
use super::document::Object;
use super::error::{Fault, Kind};
use super::scheme::{
    Facts, Node, Place, Proof, Scheme, StatedRoot, Step, Unbound, assets, balances, cut_sums, expect_number,
    object_text, path, quoted, sha,
};
use super::weakness::Weakness;

const ASSETS: [&str; 3] = ["BTC", "ETH", "USDT"];
/// Decimals of every sum.
const PLACES: u32 = 8;
/// What the element above the last sibling is marked with.
const ROOT_TYPE: u64 = 3;
/// A sibling that is padding.
const PADDING_TYPE: u64 = 4;

static FACTS: Facts = Facts {
    name: "okx-v1",
    aliases: &[],
    weaknesses: &[
        Weakness::SumNotBound,
        Weakness::NegativeAmounts,
        Weakness::PaddingCopies,
        Weakness::RootInFile,
        Weakness::SnapshotNotBound,
        Weakness::AccountNotBound,
        Weakness::FieldsNotBound,
    ],
    unbound: &[
        Unbound { field: "self.auditId", weakness: Weakness::SnapshotNotBound },
        Unbound { field: "path[].auditId", weakness: Weakness::SnapshotNotBound },
        Unbound { field: "path[].nonce", weakness: Weakness::FieldsNotBound },
        Unbound { field: "path[].type", weakness: Weakness::FieldsNotBound },
    ],
    source: "https://github.com/okx/proof-of-reserves, commit 2962a89, common/merkle.go",
    page: "docs/foreign/okx-v1.md",
    account: None,
};

/// The format.
pub struct OkxV1;

impl Scheme for OkxV1 {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn recognises(&self, file: &Object<'_>) -> bool {
        let own = file.get("self").and_then(|own| own.object().ok());
        own.is_some_and(|own| own.get("hash").is_some() && own.get("balances").is_some())
    }

    fn open(&self, file: &Object<'_>) -> Result<Proof, Fault> {
        file.only(&["path", "self"])?;
        let own = file.need("self")?.object()?;
        own.only(&["auditId", "balances", "type", "nonce", "hash", "height"])?;
        expect_number(&own, "height", 1)?;
        let (texts, _) = balances(&own.need("balances")?, &ASSETS)?;
        let (siblings, last) = path(file)?;
        let kind = own.need("type")?;
        let is_left = match kind.number()? {
            1 => true,
            2 => false,
            other => return Err(Fault::at(Kind::Position, kind.place(), format!("type {other}, expected 1 or 2"))),
        };
        let steps =
            (1..).zip(&siblings).map(|(height, sibling)| step(sibling, height)).collect::<Result<Vec<_>, _>>()?;
        if steps.first().is_some_and(|first| first.is_left == is_left) {
            return Err(Fault::at(Kind::Position, kind.place(), "leaf and sibling stand on the same side"));
        }
        last.only(&["auditId", "balances", "type", "hash", "height"])?;
        expect_number(&last, "type", ROOT_TYPE)?;
        expect_number(&last, "height", steps.len() as u64 + 1)?;
        let sums = cut_sums(&last.need("balances")?, &ASSETS, PLACES)?;
        let root = StatedRoot { node: Node { hash: last.need("hash")?.hash(64)?, sums }, place: last.place() };
        Ok(Proof {
            assets: assets(&ASSETS),
            snapshot: own.need("auditId")?.text()?,
            account: String::new(),
            nonce: own.need("nonce")?.text()?,
            balances: texts,
            leaf: Some(own.need("hash")?.hash(64)?),
            steps,
            root: Some(root),
            position: None,
            place: own.place(),
        })
    }

    fn leaf(&self, proof: &Proof) -> String {
        sha(&format!("{}{}", proof.nonce, object_text(&proof.assets, &proof.balances)))
    }

    fn parent(&self, place: &Place<'_>, left: &str, right: &str, sums: &[Decimal]) -> String {
        let sums: String = sums.iter().map(Decimal::to_string).collect();
        sha(&format!("{left}{right}{sums}{}", place.above + 1))
    }

    fn round(&self, sum: Decimal) -> Decimal {
        sum.cut(PLACES)
    }

    fn padding(&self, proof: &Proof, beside: &Node) -> Node {
        Node { hash: beside.hash.clone(), sums: vec![Decimal::zero(); proof.assets.len()] }
    }

    fn write(&self, proof: &Proof) -> String {
        let audit = quoted(&proof.snapshot);
        let element = |node: &Node, kind: u64, height: usize| {
            let sums: Vec<String> = node.sums.iter().map(Decimal::to_string).collect();
            let balances = object_text(&proof.assets, &sums);
            let hash = quoted(&node.hash);
            format!(r#"{{"auditId":{audit},"balances":{balances},"type":{kind},"hash":{hash},"height":{height}}}"#)
        };
        let kind = |step: &Step| match (step.is_left, step.is_padding) {
            (true, _) => 1,
            (false, true) => PADDING_TYPE,
            (false, false) => 2,
        };
        let mut path: Vec<String> =
            (1..).zip(&proof.steps).map(|(height, step)| element(&step.node, kind(step), height)).collect();
        path.extend(proof.root.as_ref().map(|root| element(&root.node, ROOT_TYPE, proof.steps.len() + 1)));
        let own = if proof.steps.first().is_some_and(|step| step.is_left) { 2 } else { 1 };
        let balances = object_text(&proof.assets, &proof.balances);
        let (nonce, hash) = (quoted(&proof.nonce), quoted(&self.leaf(proof)));
        format!(
            r#"{{"path":[{}],"self":{{"auditId":{audit},"balances":{balances},"type":{own},"nonce":{nonce},"hash":{hash},"height":1}}}}"#,
            path.join(",")
        )
    }

    fn example(&self, number: u64, units: &str) -> Proof {
        super::forge::example(&ASSETS, number, units, "")
    }
}

fn step(sibling: &Object<'_>, height: u64) -> Result<Step, Fault> {
    sibling.only(&["auditId", "balances", "type", "nonce", "hash", "height"])?;
    expect_number(sibling, "height", height)?;
    let kind = sibling.need("type")?;
    let (is_left, is_padding) = match kind.number()? {
        1 => (true, false),
        2 => (false, false),
        PADDING_TYPE => (false, true),
        other => return Err(Fault::at(Kind::Position, kind.place(), format!("type {other}, expected 1, 2 or 4"))),
    };
    let sums = cut_sums(&sibling.need("balances")?, &ASSETS, PLACES)?;
    if is_padding && sums.iter().any(|sum| !sum.is_zero()) {
        return Err(Fault::at(Kind::Position, kind.place(), "padding has balances other than zero"));
    }
    for name in ["auditId", "nonce"] {
        sibling.get(name).map(|value| value.text()).transpose()?;
    }
    let node = Node { hash: sibling.need("hash")?.hash(64)?, sums };
    Ok(Step { is_left, is_padding, node, place: sibling.place() })
}
