//! The same ledger under this program's own rule: a real tree, real proofs, and what becomes of each forgery.

use std::collections::BTreeMap;

use crate::amount::{Amount, Decimals};
use crate::asset::Class;
use crate::code::{Code, Coded as _};
use crate::hash::sha256;
use crate::json;
use crate::liability::inclusion_proof::{
    FORMAT, InclusionError, InclusionProof, InclusionQuery, LeafProof, StatementRef, verify,
};
use crate::liability::leaf::{LeafContent, Nonce};
use crate::liability::sum_tree::{LiabilityCommitment, SumNode, SumTree};

/// A tree over the customers of the demonstration.
pub(super) struct Own {
    row: LiabilityCommitment,
    statement: StatementRef,
    proof: InclusionProof,
}

impl Own {
    /// Builds the tree, and the proof of the first customer; `None` when that proof does not verify.
    pub(super) fn build(owed: &[u64]) -> Option<Self> {
        let account = |number: usize| format!("customer {number}");
        let nonce = |number: usize| Nonce([u8::try_from(number).unwrap_or(0); 16]);
        let leaf = |(number, units): (usize, &u64)| {
            let amount = Amount::from_base_units(u128::from(*units));
            let content =
                LeafContent { nonce: nonce(number), amount, account: &account(number), credential: "", parts: &[] };
            Some(SumNode::leaf(content.hash()?, amount))
        };
        let tree = SumTree::new((1..).zip(owed).map(leaf).collect::<Option<Vec<_>>>()?).ok()?;
        let root = tree.root().ok()??;
        let statement = StatementRef { digest: sha256(b"the example"), sequence: 1, venue: "example".parse().ok()? };
        let row = LiabilityCommitment {
            asset: "BTC".parse().ok()?,
            class: Class::Custody,
            decimals: Decimals::ZERO,
            leaf_count: tree.leaf_count(),
            root: root.digest,
            total: root.sum,
        };
        let leaf = LeafProof {
            asset: row.asset.clone(),
            class: row.class,
            amount: Amount::from_base_units(u128::from(*owed.first()?)),
            nonce: nonce(1),
            index: 0,
            parts: Vec::new(),
            path: tree.path(0).ok()??,
            split: None,
        };
        let proof = InclusionProof {
            format: FORMAT.to_owned(),
            account: account(1),
            statement: statement.clone(),
            leaves: vec![leaf],
        };
        let own = Self { row, statement, proof };
        // a refusal means something only where the honest proof passes
        own.refusal(&own.row, &own.proof).is_none().then_some(own)
    }

    /// The committed total.
    pub(super) fn total(&self) -> u128 {
        self.row.total.base_units()
    }

    /// With what a proof under a row is refused; `None` when it passes.
    fn refusal(&self, row: &LiabilityCommitment, proof: &InclusionProof) -> Option<&'static Code> {
        let query = InclusionQuery {
            statement: &self.statement,
            rows: std::slice::from_ref(row),
            account: "customer 1",
            credential: "",
            expected: &BTreeMap::new(),
        };
        verify(&query, proof).err().map(|error| error.code())
    }

    fn changed(&self, change: impl FnOnce(&mut LeafProof)) -> Option<&'static Code> {
        let mut proof = self.proof.clone();
        change(proof.leaves.first_mut()?);
        self.refusal(&self.row, &proof)
    }

    /// A sibling with a lower sum.
    pub(super) fn lowered(&self) -> Option<&'static Code> {
        self.changed(|leaf| leaf.path.iter_mut().for_each(|sibling| sibling.sum = Amount::ZERO))
    }

    /// A lower total in the statement.
    pub(super) fn lower_total(&self) -> Option<&'static Code> {
        let row = LiabilityCommitment { total: Amount::from_base_units(9), ..self.row.clone() };
        self.refusal(&row, &self.proof)
    }

    /// Another balance in the same leaf.
    pub(super) fn other_amount(&self) -> Option<&'static Code> {
        self.changed(|leaf| leaf.amount = Amount::from_base_units(23))
    }

    /// The leaf at another place.
    pub(super) fn other_place(&self) -> Option<&'static Code> {
        self.changed(|leaf| leaf.index = 1)
    }

    /// A path without its lowest level.
    pub(super) fn other_depth(&self) -> Option<&'static Code> {
        self.changed(|leaf| drop(leaf.path.drain(..1)))
    }

    /// Another snapshot.
    pub(super) fn other_statement(&self) -> Option<&'static Code> {
        let statement = StatementRef { sequence: 2, ..self.statement.clone() };
        self.refusal(&self.row, &InclusionProof { statement, ..self.proof.clone() })
    }

    /// Another customer with the same balance.
    pub(super) fn other_account(&self) -> Option<&'static Code> {
        self.refusal(&self.row, &InclusionProof { account: "customer 2".to_owned(), ..self.proof.clone() })
    }

    /// A proof file with a root in it.
    pub(super) fn with_root(&self) -> Option<&'static Code> {
        self.edited(|text| text.replacen('{', &format!("{{\"root\":\"{}\",", self.row.root), 1))
    }

    /// A proof file with a digest of 64 bits.
    pub(super) fn short_digest(&self) -> Option<&'static Code> {
        let digest = self.proof.leaves.first()?.path.first()?.digest.to_string();
        let short: String = digest.chars().take(16).collect();
        self.edited(|text| text.replacen(&digest, &short, 1))
    }

    /// With what the file is refused after an edit.
    fn edited(&self, edit: impl FnOnce(&str) -> String) -> Option<&'static Code> {
        let text = String::from_utf8(json::canonical(&self.proof).ok()?).ok()?;
        InclusionProof::parse(text.as_bytes()).ok()?;
        InclusionProof::parse(edit(&text).as_bytes()).err().map(|error: InclusionError| error.code())
    }
}

/// With what a balance below zero is refused.
pub(super) fn negative() -> Option<&'static Code> {
    Amount::parse("-9", Decimals::ZERO).err().map(|error| error.code())
}
