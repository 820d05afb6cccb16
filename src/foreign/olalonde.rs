//! `olalonde`: the scheme of 2014, a partial tree with its sums. Page: `docs/foreign/olalonde.md`.

use super::decimal::Decimal;
use super::document::{Object, Value};
use super::error::{Fault, Kind};
use super::scheme::{Facts, LEVELS_MAX, Node, Place, Proof, Scheme, Step, Unbound, assets, quoted, sha};
use super::weakness::Weakness;

/// Decimals of every hashed sum.
const PLACES: u32 = 8;
/// What the tree counts: the scheme names no asset.
const ASSET: &str = "sum";

static FACTS: Facts = Facts {
    name: "olalonde",
    aliases: &[],
    weaknesses: &[Weakness::SumNotBound, Weakness::AmbiguousEncoding, Weakness::SnapshotNotBound],
    unbound: &[Unbound { field: "id", weakness: Weakness::SnapshotNotBound }],
    source: "https://github.com/olalonde/proof-of-liabilities, commit 094fbfe, README.md",
    page: "docs/foreign/olalonde.md",
    account: Some("user"),
};

/// The format.
pub struct Olalonde;

impl Scheme for Olalonde {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn recognises(&self, file: &Object<'_>) -> bool {
        file.get("partial_tree").is_some()
    }

    fn open(&self, file: &Object<'_>) -> Result<Proof, Fault> {
        file.only(&["id", "partial_tree"])?;
        let snapshot = file.get("id").filter(|id| !id.is_null()).map(|id| id.text()).transpose()?.unwrap_or_default();
        let mut below = file.need("partial_tree")?;
        let mut steps = Vec::new();
        loop {
            let node = below.object()?;
            let (left, right) = (child(&node, "left"), child(&node, "right"));
            let (Some(left), Some(right)) = (left, right) else {
                node.only(&["data", "left", "right"])?;
                if left.is_some() || right.is_some() {
                    return Err(Fault::at(Kind::Malformed, node.place(), "a node with one child"));
                }
                return leaf(&node, snapshot, steps);
            };
            node.only(&["data", "left", "right"])?;
            if node.get("data").is_some_and(|data| !data.is_null()) {
                return Err(Fault::at(Kind::Malformed, node.place(), "a node of the path with data of its own"));
            }
            if steps.len() == LEVELS_MAX {
                return Err(Fault::at(Kind::TooLarge, node.place(), format!("more than {LEVELS_MAX} levels")));
            }
            let is_left = match (is_sibling(&left)?, is_sibling(&right)?) {
                (true, false) => true,
                (false, true) => false,
                _ => return Err(Fault::at(Kind::Position, node.place(), "expected a sibling, and a node of the path")),
            };
            let (sibling, next) = if is_left { (left, right) } else { (right, left) };
            steps.insert(0, Step { is_left, is_padding: false, node: sum_and_hash(&sibling)?, place: sibling.place() });
            below = next;
        }
    }

    fn leaf(&self, proof: &Proof) -> String {
        let sum = proof.balances.first().map(String::as_str).unwrap_or_default();
        let sum = sum.parse::<Decimal>().map_or_else(|_| sum.to_owned(), |sum| sum.fixed(PLACES));
        sha(&format!("{}|{sum}|{}", proof.account, proof.nonce))
    }

    fn parent(&self, _place: &Place<'_>, left: &str, right: &str, sums: &[Decimal]) -> String {
        let sum = sums.first().map(|sum| sum.fixed(PLACES)).unwrap_or_default();
        sha(&format!("{sum}|{left}|{right}"))
    }

    fn padding(&self, _proof: &Proof, _beside: &Node) -> Node {
        Node { hash: sha("dummy|0.00000000|0"), sums: vec![Decimal::zero()] }
    }

    fn write(&self, proof: &Proof) -> String {
        let sum = proof.balances.first().map(String::as_str).unwrap_or_default();
        let [user, sum, nonce] = [&proof.account, sum, &proof.nonce].map(quoted);
        let leaf = format!(r#"{{"data":{{"user":{user},"sum":{sum},"nonce":{nonce}}}}}"#);
        let tree = proof.steps.iter().fold(leaf, |below, step| {
            let sum = quoted(&step.node.sums.first().map(|sum| sum.fixed(PLACES)).unwrap_or_default());
            let sibling = format!(r#"{{"data":{{"sum":{sum},"hash":{}}}}}"#, quoted(&step.node.hash));
            let (left, right) = if step.is_left { (sibling, below) } else { (below, sibling) };
            format!(r#"{{"data":null,"left":{left},"right":{right}}}"#)
        });
        format!(r#"{{"id":{},"partial_tree":{tree}}}"#, quoted(&proof.snapshot))
    }

    /// A user whose name ends in another sum: `alice|23.00000000`, owed 3, is `alice`, owed 23.
    fn ambiguous(&self) -> Option<[Proof; 2]> {
        let one = self.example(1, "23.00000000");
        let two = self.example(1, "3.00000000");
        let nonce = two.nonce.clone();
        let one = Proof { account: "alice".to_owned(), nonce: format!("3.00000000|{nonce}"), ..one };
        Some([one, Proof { account: "alice|23.00000000".to_owned(), ..two }])
    }

    fn example(&self, number: u64, units: &str) -> Proof {
        super::forge::example(&[ASSET], number, units, &format!("customer {number}"))
    }
}

/// A child that is there.
fn child<'a>(node: &Object<'a>, name: &str) -> Option<Value<'a>> {
    node.get(name).filter(|value| !value.is_null())
}

/// Whether a node is a sibling of the path: it has a hash, and nothing below it.
fn is_sibling(value: &Value<'_>) -> Result<bool, Fault> {
    let node = value.object()?;
    let Some(data) = node.get("data").filter(|data| !data.is_null()) else { return Ok(false) };
    Ok(data.object()?.get("hash").is_some())
}

fn sum_and_hash(value: &Value<'_>) -> Result<Node, Fault> {
    let node = value.object()?;
    node.only(&["data"])?;
    let data = node.need("data")?.object()?;
    data.only(&["sum", "hash"])?;
    let (_, sum) = amount(&data.need("sum")?)?;
    Ok(Node { hash: data.need("hash")?.hash(64)?, sums: vec![sum] })
}

/// A sum by the scheme's own expression: no sign, no zero before the first digit; and not finer than what is hashed.
fn amount(value: &Value<'_>) -> Result<(String, Decimal), Fault> {
    let text = value.text()?;
    let read = text.parse::<Decimal>().map_err(|error| Fault::at(Kind::Amount, value.place(), error.to_string()))?;
    let whole = text.split('.').next().unwrap_or_default();
    if read.is_negative()
        || text.starts_with('-')
        || (whole.len() > 1 && whole.starts_with('0'))
        || read.cut(PLACES) != read
    {
        let detail = format!("got {text:?}, expected a sum that is not below zero, with up to {PLACES} decimals");
        return Err(Fault::at(Kind::Amount, value.place(), detail));
    }
    Ok((text, read))
}

fn leaf(node: &Object<'_>, snapshot: String, steps: Vec<Step>) -> Result<Proof, Fault> {
    let data = node.need("data")?.object()?;
    data.only(&["user", "sum", "nonce"])?;
    let (sum, _) = amount(&data.need("sum")?)?;
    for name in ["user", "nonce"] {
        let value = data.need(name)?;
        let text = value.text()?;
        // the scheme hashes texts without the space around them: no other form is taken
        if text.trim() != text || text.is_empty() {
            return Err(value.unexpected("a text that neither begins nor ends with space"));
        }
    }
    Ok(Proof {
        assets: assets(&[ASSET]),
        snapshot,
        account: data.need("user")?.text()?,
        nonce: data.need("nonce")?.text()?,
        balances: vec![sum],
        leaf: None,
        steps,
        root: None,
        position: None,
        place: data.place(),
    })
}
