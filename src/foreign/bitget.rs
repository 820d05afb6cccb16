//! `bitget`: the first 64 bits of SHA-256, four assets, padding that repeats a hash. Page: `docs/foreign/bitget.md`.

use super::asset_lists;
use super::decimal::Decimal;
use super::document::Object;
use super::error::{Fault, Kind};
use super::scheme::{
    Facts, Node, Place, Proof, Scheme, StatedRoot, Step, Unbound, assets, balances, expect_number, object_text, path,
    quoted, sha,
};
use super::weakness::Weakness;

/// The lists in use; another one is a line there.
pub const LISTS: &str = include_str!("bitget_assets.txt");
/// Hexadecimal digits of a hash.
const DIGITS: usize = 16;
/// A sibling that is padding.
const PADDING_ROLE: u64 = 0;

static FACTS: Facts = Facts {
    name: "bitget",
    aliases: &[],
    weaknesses: &[
        Weakness::SumNotBound,
        Weakness::NegativeAmounts,
        Weakness::TruncatedHash,
        Weakness::PaddingCopies,
        Weakness::RootInFile,
        Weakness::SnapshotNotBound,
    ],
    unbound: &[
        Unbound { field: "self.auditId", weakness: Weakness::SnapshotNotBound },
        Unbound { field: "path[].auditId", weakness: Weakness::SnapshotNotBound },
    ],
    source: "https://github.com/BitgetLimited/proof-of-reserves, commit 86209a9, src/main/java/com/upex",
    page: "docs/foreign/bitget.md",
    account: Some("encryptUid"),
};

/// The format, with hashes of `DIGITS` digits; shorter ones are for the demonstration of a collision only.
pub struct Bitget {
    digits: usize,
}

impl Bitget {
    /// The format as it is.
    pub const REAL: Self = Self { digits: DIGITS };
    /// The same rule with hashes of 24 bits, in which collisions are found at once. No venue uses it.
    pub const CUT: Self = Self { digits: 6 };

    /// Bits of a hash.
    #[must_use]
    pub const fn bits(&self) -> usize {
        4 * self.digits
    }

    fn hash(&self, text: &str) -> String {
        sha(text).chars().take(self.digits).collect()
    }

    fn step(&self, sibling: &Object<'_>, level: u64, list: &[&str]) -> Result<Step, Fault> {
        sibling.only(&["auditId", "balances", "level", "merkelLeaf", "role"])?;
        expect_number(sibling, "level", level)?;
        sibling.get("auditId").map(|value| value.text()).transpose()?;
        let role = sibling.need("role")?;
        let (is_left, is_padding) = match role.number()? {
            1 => (true, false),
            2 => (false, false),
            PADDING_ROLE => (false, true),
            other => return Err(Fault::at(Kind::Position, role.place(), format!("role {other}, expected 0, 1 or 2"))),
        };
        let (_, sums) = balances(&sibling.need("balances")?, list)?;
        if is_padding && sums.iter().any(|sum| !sum.is_zero()) {
            return Err(Fault::at(Kind::Position, role.place(), "padding has balances other than zero"));
        }
        let node = Node { hash: sibling.need("merkelLeaf")?.hash(self.digits)?, sums };
        Ok(Step { is_left, is_padding, node, place: sibling.place() })
    }
}

impl Scheme for Bitget {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn recognises(&self, file: &Object<'_>) -> bool {
        file.get("self").and_then(|own| own.object().ok()).is_some_and(|own| own.get("merkelLeaf").is_some())
    }

    fn open(&self, file: &Object<'_>) -> Result<Proof, Fault> {
        file.only(&["path", "self"])?;
        let own = file.need("self")?.object()?;
        own.only(&["auditId", "balances", "encryptUid", "level", "merkelLeaf", "nonce", "role"])?;
        let value = own.need("balances")?;
        let list = asset_lists::find(LISTS, &value)?;
        let (texts, _) = balances(&value, &list)?;
        let (siblings, last) = path(file)?;
        let depth = siblings.len() as u64;
        expect_number(&own, "level", depth + 1)?;
        let step = |(above, one): (u64, &Object<'_>)| self.step(one, depth + 1 - above, &list);
        let steps = (0..).zip(&siblings).map(step).collect::<Result<Vec<_>, _>>()?;
        let role = if steps.first().is_some_and(|first| first.is_left) { 2 } else { 1 };
        expect_number(&own, "role", role)?;
        last.only(&["auditId", "balances", "level", "merkelLeaf"])?;
        expect_number(&last, "level", 1)?;
        last.get("auditId").map(|value| value.text()).transpose()?;
        let (_, sums) = balances(&last.need("balances")?, &list)?;
        let hash = last.need("merkelLeaf")?.hash(self.digits)?;
        Ok(Proof {
            assets: assets(&list),
            snapshot: own.need("auditId")?.text()?,
            account: own.need("encryptUid")?.text()?,
            nonce: own.need("nonce")?.text()?,
            balances: texts,
            leaf: Some(own.need("merkelLeaf")?.hash(self.digits)?),
            steps,
            root: Some(StatedRoot { node: Node { hash, sums }, place: last.place() }),
            position: None,
            place: own.place(),
        })
    }

    fn leaf(&self, proof: &Proof) -> String {
        // zeros at the end are not hashed
        let short = |text: &String| text.parse::<Decimal>().map_or_else(|_| text.clone(), |amount| amount.to_string());
        let balances: Vec<String> = proof.balances.iter().map(short).collect();
        self.hash(&format!("{},{},{}", proof.account, proof.nonce, object_text(&proof.assets, &balances)))
    }

    fn parent(&self, place: &Place<'_>, left: &str, right: &str, sums: &[Decimal]) -> String {
        let sums: Vec<String> = sums.iter().map(Decimal::to_string).collect();
        let level = place.depth + 1 - place.above.min(place.depth);
        self.hash(&format!("{left}{right},{},{level}", object_text(&place.proof.assets, &sums)))
    }

    fn is_padding_of(&self, step: &Step, beside: &Node) -> bool {
        step.node.hash == beside.hash
    }

    fn padding(&self, proof: &Proof, beside: &Node) -> Node {
        Node { hash: beside.hash.clone(), sums: vec![Decimal::zero(); proof.assets.len()] }
    }

    fn write(&self, proof: &Proof) -> String {
        let (audit, depth) = (quoted(&proof.snapshot), proof.steps.len());
        let element = |node: &Node, level: usize, role: String| {
            let sums: Vec<String> = node.sums.iter().map(Decimal::to_string).collect();
            let (balances, hash) = (object_text(&proof.assets, &sums), quoted(&node.hash));
            format!(r#"{{"auditId":{audit},"balances":{balances},"level":{level},"merkelLeaf":{hash}{role}}}"#)
        };
        let role = |step: &Step| match (step.is_left, step.is_padding) {
            (true, _) => 1,
            (false, true) => PADDING_ROLE,
            (false, false) => 2,
        };
        let sibling = |(above, step): (usize, &Step)| {
            element(&step.node, depth + 1 - above, format!(r#","role":{}"#, role(step)))
        };
        let mut path: Vec<String> = (0..).zip(&proof.steps).map(sibling).collect();
        path.extend(proof.root.as_ref().map(|root| element(&root.node, 1, String::new())));
        let own = if proof.steps.first().is_some_and(|step| step.is_left) { 2 } else { 1 };
        let balances = object_text(&proof.assets, &proof.balances);
        let (user, hash, nonce) = (quoted(&proof.account), quoted(&self.leaf(proof)), quoted(&proof.nonce));
        let level = depth + 1;
        format!(
            r#"{{"path":[{}],"self":{{"auditId":{audit},"balances":{balances},"encryptUid":{user},"level":{level},"merkelLeaf":{hash},"nonce":{nonce},"role":{own}}}}}"#,
            path.join(",")
        )
    }

    fn example(&self, number: u64, units: &str) -> Proof {
        let list = asset_lists::all(LISTS).map(|(_, list)| list).next().unwrap_or_default();
        super::forge::example(&list, number, units, &sha(&format!("customer {number}")))
    }
}
