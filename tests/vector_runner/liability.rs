//! Runners of the liability half: inclusion-proof, leaf, sum-tree.

use std::collections::BTreeMap;

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::{AssetId, Class};
use counterfoil::code::{Coded as _, ledger, liability as codes};
use counterfoil::hash::decode_lower;
use counterfoil::json::uint;
use counterfoil::liability::inclusion_proof::{self, InclusionProof, InclusionQuery};
use counterfoil::liability::leaf::{LeafContent, LeafHash, Nonce, OrderKey, Part, PieceLeaf, SnapshotKey};
use counterfoil::liability::sum_tree::{CompactRange, LiabilityCommitment, SumNode, SumTree};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::snapshot::VenueId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::publish::{Policy, verify_statement};
use super::{Outcome, Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TreeQuery {
    master_secret: String,
    build_id: String,
    venue: VenueId,
    #[serde(with = "uint")]
    sequence: u64,
    asset: AssetId,
    class: Class,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    account: String,
    amount: Amount,
    credential: String,
    parts: Vec<Part>,
    split: Option<RowSplit>,
}

/// One piece of the row's balance.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowSplit {
    #[serde(with = "uint")]
    of: u16,
    #[serde(with = "uint")]
    piece: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decoy {
    #[serde(with = "uint")]
    decoy: u64,
}

pub(super) fn leaf(query: &Value, sent: &Sent) -> Run {
    let query: TreeQuery = typed(query)?;
    let mut master = decode_lower(&query.master_secret).ok_or("the master secret is not 32 bytes")?;
    let build_id = decode_lower(&query.build_id).ok_or("the build id is not 32 bytes")?;
    let snapshot =
        SnapshotKey::derive(&Secret::new(SecretKind::Master, &mut master), &build_id, &query.venue, query.sequence);
    let key = snapshot.tree(&query.asset, query.class);
    if let Ok(Decoy { decoy }) = object(sent) {
        let account = key.decoy(decoy);
        let (order_key, nonce) = key.blind(&account);
        let content = LeafContent { nonce, amount: Amount::ZERO, account: &account, credential: "", parts: &[] };
        return described(json!({ "account": account }), content.hash(), order_key, nonce);
    }
    let row: Row = object(sent)?;
    let content = |nonce, amount| LeafContent {
        nonce,
        amount,
        account: &row.account,
        credential: &row.credential,
        parts: &row.parts,
    };
    let Some(RowSplit { of, piece }) = row.split else {
        let (order_key, nonce) = key.blind(&row.account);
        return described(json!({}), content(nonce, row.amount).hash(), order_key, nonce);
    };
    let keys = snapshot.split(&query.asset, query.class, of).map_err(|error| error.to_string())?;
    let leaf = keys.pieces(&row.account, row.amount).find(|leaf| leaf.split.piece.number() == piece);
    let PieceLeaf { split, amount, order_key, nonce } = leaf.ok_or("no such piece")?;
    described(json!({ "amount": amount }), content(nonce, amount).hash_piece(&split), order_key, nonce)
}

fn described(mut values: Value, leaf: Option<LeafHash>, order_key: OrderKey, nonce: Nonce) -> Run {
    let leaf = leaf.ok_or("a field is too long")?.digest();
    values["leaf"] = json!(leaf);
    values["nonce"] = json!(hex::encode(nonce.0));
    values["order_key"] = json!(hex::encode(order_key.0));
    valid(values)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SumTreeQuery {
    asset: AssetId,
    class: Class,
    decimals: Decimals,
    splits: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nodes {
    leaves: Vec<SumNode>,
}

pub(super) fn sum_tree(query: &Value, sent: &Sent) -> Run {
    let (query, nodes): (SumTreeQuery, Nodes) = (typed(query)?, object(sent)?);
    let leaves = nodes.leaves;
    let tree = match SumTree::new(leaves.clone()) {
        Ok(tree) => tree,
        Err(_) => return Ok(Outcome::Refused(&codes::SUM_OVERFLOW)),
    };
    let root = match tree.root() {
        Ok(Some(root)) => root,
        Ok(None) => return Ok(Outcome::Refused(&ledger::EMPTY_LEDGER)),
        Err(_) => return Ok(Outcome::Refused(&codes::SUM_OVERFLOW)),
    };
    let count = tree.leaf_count();
    let splits = query.splits.iter().map(|text| uint::parse(text).ok_or_else(|| format!("split {text:?}")));
    let splits = splits.collect::<Result<Vec<u64>, _>>()?;
    let mut bounds = vec![0];
    bounds.extend(splits);
    bounds.push(count);
    let mut merged = CompactRange::starting_at(0);
    let mut ranges = Vec::new();
    for pair in bounds.windows(2) {
        let &[begin, end] = pair else { continue };
        let range = range(&leaves, begin, end)?;
        merged.merge(&range).map_err(|error| error.to_string())?;
        ranges.push(describe(&range));
    }
    if merged.root().map_err(|error| error.to_string())? != Some(root) {
        return Err("the merged ranges lead to another root".to_owned());
    }
    let row = LiabilityCommitment {
        asset: query.asset,
        class: query.class,
        decimals: query.decimals,
        leaf_count: count,
        root: root.digest,
        total: root.sum,
    };
    valid(json!({
        "commitment": row.digest(),
        "leaf_count": count.to_string(),
        "ranges": ranges,
        "root": root.digest,
        "total": root.sum,
    }))
}

fn range(leaves: &[SumNode], begin: u64, end: u64) -> Result<CompactRange, String> {
    let place = |at: u64| usize::try_from(at).map_err(|error| error.to_string());
    let part = leaves.get(place(begin)?..place(end)?).ok_or("splits are within the tree")?;
    let mut range = CompactRange::starting_at(begin);
    for leaf in part {
        range.append(*leaf).map_err(|error| error.to_string())?;
    }
    Ok(range)
}

/// The subtrees of a range with their places.
fn describe(range: &CompactRange) -> Vec<Value> {
    let mut begin = range.begin();
    let mut list = Vec::new();
    for &(level, node) in range.subtrees() {
        let size = 1_u64 << level;
        list.push(json!({
            "begin": begin.to_string(),
            "digest": node.digest,
            "size": size.to_string(),
            "sum": node.sum,
        }));
        begin += size;
    }
    list
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofQuery {
    account: String,
    credential: String,
    expected: Vec<Expected>,
    policy: Policy,
    statement: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    asset: AssetId,
    amount: Amount,
}

pub(super) fn inclusion_proof(query: &Value, sent: &Sent) -> Run {
    let query: ProofQuery = typed(query)?;
    let known = verify_statement(query.statement.as_bytes(), &query.policy)
        .map_err(|code| format!("the statement of a query is well-formed, got {code}"))?;
    let expected: BTreeMap<AssetId, Amount> =
        query.expected.into_iter().map(|entry| (entry.asset, entry.amount)).collect();
    let reference = known.reference();
    let question = InclusionQuery {
        statement: &reference,
        rows: &known.statement().liabilities,
        account: &query.account,
        credential: &query.credential,
        expected: &expected,
    };
    let file = match sent {
        Sent::Object(value) => serde_json::to_vec(value).map_err(|error| error.to_string())?,
        Sent::Bytes(bytes) => bytes.clone(),
    };
    let verified = InclusionProof::parse(&file).and_then(|proof| inclusion_proof::verify(&question, &proof));
    match verified {
        Ok(leaves) => {
            let balance = |leaf: &inclusion_proof::VerifiedInclusion| {
                let row = leaf.row();
                json!({"amount": leaf.amount(), "asset": row.asset, "class": row.class})
            };
            valid(json!({"balances": leaves.iter().map(balance).collect::<Vec<_>>()}))
        }
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}
