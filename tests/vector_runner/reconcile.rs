//! Runner of `reconcile`: commitments, holdings and windows in, the verdict about one asset out.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::{ChainId, DeploymentId};
use counterfoil::basis::{Basis, Completeness};
use counterfoil::hash::sha256;
use counterfoil::json::uint;
use counterfoil::policy::WindowRules;
use counterfoil::reconcile::assess::{Alignment, Assessment, Case, Commitment, Deployment, Window, assess};
use counterfoil::reconcile::window::{
    CustomerLeaf, Explained, WindowQuestion, WindowReport, measure, measure_stretches,
};
use counterfoil::reserve::window::{Part, Party, Stretch, StretchEvidence, StretchReason, Transfer, WindowEvidence};
use counterfoil::snapshot::{BlockRef, Time};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Run, Sent, object, typed, valid};

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Yes,
    No,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    authenticity: Basis,
    commitments: Vec<Owed>,
    completeness: Completeness,
    critical: Answer,
    decimals: Decimals,
    deployments: Vec<Held>,
    #[serde(with = "uint")]
    flow_share: u64,
    #[serde(default)]
    leaves: Vec<Leaf>,
    #[serde(with = "uint")]
    minimum_ratio: u64,
    readable: Answer,
    #[serde(with = "uint")]
    round_trip_blocks: u64,
    #[serde(with = "uint")]
    round_trip_tolerance: u64,
    #[serde(with = "uint")]
    subject: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owed {
    blocks: Vec<Block>,
    cutoff: Time,
    logged: Answer,
    owed: Amount,
    same_set: Answer,
    #[serde(with = "uint")]
    sequence: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    chain: ChainId,
    #[serde(with = "uint")]
    height: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    apart: Amount,
    counted: Amount,
    decimals: Decimals,
    every_address: Answer,
    id: DeploymentId,
    outside: Amount,
    possible: Amount,
    window: Asked,
}

/// What the verifier asks of the window of a deployment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    addresses: BTreeSet<String>,
    #[serde(default)]
    closing: Option<Number>,
    demanded: Answer,
    explained: Vec<Brought>,
    #[serde(with = "uint")]
    from: u64,
    #[serde(with = "uint")]
    snapshot: u64,
    #[serde(with = "uint")]
    to: u64,
}

/// A transaction that brought coins of a customer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    leaf: String,
    txid: String,
}

/// What a customer is owed, in the decimals of the asset.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    balances: Vec<Balance>,
    credential: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Balance {
    amount: Amount,
    #[serde(with = "uint")]
    sequence: u64,
}

#[derive(Clone, Copy, Deserialize)]
struct Number(#[serde(with = "uint")] u64);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Windows {
    windows: Vec<Shown>,
}

/// Movements from an opening on, or stretches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    authenticity: Basis,
    completeness: Completeness,
    deployment: DeploymentId,
    #[serde(with = "uint")]
    from: u64,
    #[serde(default)]
    gaps: Option<Vec<Range>>,
    #[serde(default)]
    opening: Option<Vec<Coin>>,
    #[serde(default)]
    stretches: Option<Vec<Bound>>,
    times: Vec<Clock>,
    #[serde(with = "uint")]
    to: u64,
    transfers: Vec<Moved>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    #[serde(with = "uint")]
    from: u64,
    #[serde(with = "uint")]
    to: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    #[serde(with = "uint")]
    height: u64,
    #[serde(with = "uint")]
    seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Coin {
    address: String,
    amount: Amount,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    #[serde(default)]
    amount: Option<Amount>,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    address: String,
    #[serde(with = "uint")]
    from: u64,
    minimum: Amount,
    reason: String,
    #[serde(with = "uint")]
    to: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    authenticity: Basis,
    from: Vec<Other>,
    #[serde(with = "uint")]
    height: u64,
    received: Vec<Coin>,
    spent: Vec<Coin>,
    to: Vec<Other>,
    txid: String,
}

fn parts(coins: &[Coin]) -> Vec<Part> {
    coins.iter().map(|coin| Part { address: coin.address.clone(), id: coin.id.clone(), amount: coin.amount }).collect()
}

fn parties(others: &[Other]) -> Vec<Party> {
    others.iter().map(|other| Party { name: other.name.clone(), amount: other.amount }).collect()
}

impl Shown {
    fn transfers(&self) -> Vec<Transfer> {
        let transfer = |(place, moved): (u32, &Moved)| Transfer {
            height: moved.height,
            place,
            txid: moved.txid.clone(),
            spent: parts(&moved.spent),
            received: parts(&moved.received),
            from: parties(&moved.from),
            to: parties(&moved.to),
            authenticity: moved.authenticity,
        };
        (0..).zip(&self.transfers).map(transfer).collect()
    }

    fn times(&self) -> BTreeMap<u64, i64> {
        self.times.iter().map(|clock| (clock.height, clock.seconds)).collect()
    }

    fn tip(&self) -> Result<BlockRef, String> {
        let chain = self.deployment.chain().ok_or("a window of no chain")?;
        Ok(BlockRef { chain, height: self.to, hash: sha256(b"") })
    }

    fn measure(&self, question: &WindowQuestion<'_>) -> Result<Option<WindowReport>, String> {
        let times = self.times();
        match (&self.opening, &self.gaps, &self.stretches) {
            (Some(opening), Some(gaps), None) => {
                let evidence = WindowEvidence {
                    deployment: self.deployment.clone(),
                    from: self.from,
                    to: self.to,
                    tip: self.tip()?,
                    opening: parts(opening),
                    transfers: self.transfers(),
                    times,
                    gaps: gaps.iter().map(|gap| (gap.from, gap.to)).collect(),
                    authenticity: self.authenticity,
                    completeness: self.completeness,
                    problems: Vec::new(),
                };
                Ok(measure(&evidence, question))
            }
            (None, None, Some(stretches)) => {
                let evidence = StretchEvidence {
                    deployment: self.deployment.clone(),
                    from: self.from,
                    to: self.to,
                    tip: self.tip()?,
                    addresses: by_address(stretches)?,
                    transfers: Some(self.transfers()),
                    times,
                    authenticity: self.authenticity,
                    completeness: self.completeness,
                    problems: Vec::new(),
                };
                Ok(measure_stretches(&evidence, question))
            }
            _ => Err("expected opening and gaps, or stretches".to_owned()),
        }
    }
}

fn by_address(stretches: &[Bound]) -> Result<BTreeMap<String, Vec<Stretch>>, String> {
    let mut addresses: BTreeMap<String, Vec<Stretch>> = BTreeMap::new();
    for bound in stretches {
        let reasons = [StretchReason::Proof, StretchReason::Logs, StretchReason::Nonce];
        let reason = reasons.into_iter().find(|reason| reason.text() == bound.reason).ok_or("an unknown reason")?;
        let stretch = Stretch { from: bound.from, to: bound.to, minimum: bound.minimum, reason };
        addresses.entry(bound.address.clone()).or_default().push(stretch);
    }
    Ok(addresses)
}

pub(super) fn reconcile(query: &Value, sent: &Sent) -> Run {
    let query: Query = typed(query)?;
    let shown: Windows = object(sent)?;
    let commitments: Vec<Commitment> = query.commitments.iter().map(Owed::commitment).collect();
    let rules = WindowRules {
        round_trip_blocks: query.round_trip_blocks,
        round_trip_tolerance: query.round_trip_tolerance,
        flow_share: query.flow_share,
        ..WindowRules::default()
    };
    let mut windows: Vec<Option<(WindowReport, BTreeMap<u64, i64>)>> = Vec::new();
    let mut explained = query.explained(&commitments)?;
    explained.compare(query.subject, &query.measurable(&shown.windows)?);
    for held in &query.deployments {
        let Some(shown) = shown.windows.iter().find(|shown| shown.deployment == held.id) else {
            windows.push(None);
            continue;
        };
        let chain = held.id.chain().ok_or("a deployment of no chain")?;
        let heights: Vec<u64> = commitments.iter().filter_map(|found| found.blocks.get(&chain)).copied().collect();
        let question = WindowQuestion {
            range: Some((held.window.from, held.window.to)),
            snapshot: held.window.snapshot,
            commitments: &heights,
            explained: &explained,
            closing: held.window.closing.map(|closing| (closing.0, true)),
            counted: &held.window.addresses,
            decimals: held.decimals,
            rules: &rules,
        };
        let report = shown.measure(&question)?;
        explained.spend(report.as_ref().map(|report| report.round_trips.as_slice()).unwrap_or_default());
        windows.push(report.map(|report| (report, shown.times())));
    }
    let deployments: Vec<Deployment<'_>> =
        query.deployments.iter().zip(&windows).map(|(held, window)| query.deployment(held, window.as_ref())).collect();
    let found = assess(&Case {
        decimals: query.decimals,
        commitments: &commitments,
        subject: query.subject,
        deployments: &deployments,
        authenticity: query.authenticity,
        minimum_ratio: query.minimum_ratio,
        readable: query.readable == Answer::Yes,
        critical: query.critical == Answer::Yes,
    });
    let counted = query.deployments.iter().map(|held| held.counted.rescale(held.decimals, query.decimals).ok());
    let counted = counted.collect::<Option<Vec<_>>>().and_then(Amount::checked_sum);
    // of sums that do not fit nothing is told
    let lost = counted.unwrap_or(found.low).checked_sub(found.low).ok_or("more is left than is counted")?;
    let mut values = values(&found, lost);
    let reports = windows.iter().flatten().map(|(report, _)| figures(report));
    values.insert("windows".to_owned(), reports.collect());
    valid(Value::Object(values))
}

impl Owed {
    fn commitment(&self) -> Commitment {
        Commitment {
            sequence: self.sequence,
            cutoff: self.cutoff,
            blocks: self.blocks.iter().map(|block| (block.chain.clone(), block.height)).collect(),
            owed: self.owed,
            logged: self.logged == Answer::Yes,
            same_set: self.same_set == Answer::Yes,
        }
    }
}

/// A chain, and the first and last block of it that a window shows.
type Measured = (ChainId, (u64, u64));

impl Query {
    /// Of each window that shows some of the blocks asked about: the first and the last of these.
    fn measurable(&self, windows: &[Shown]) -> Result<Vec<Measured>, String> {
        let mut all = Vec::new();
        for held in &self.deployments {
            let Some(shown) = windows.iter().find(|shown| shown.deployment == held.id) else { continue };
            let (from, to) = (held.window.from.max(shown.from), held.window.to.min(shown.to));
            if from <= to {
                all.push((held.id.chain().ok_or("a deployment of no chain")?, (from, to)));
            }
        }
        Ok(all)
    }

    fn explained(&self, commitments: &[Commitment]) -> Result<Explained, String> {
        let cutoffs = commitments.iter().map(|found| (found.sequence, found.blocks.clone())).collect();
        let logged = commitments.iter().filter(|found| found.logged).map(|found| found.sequence).collect();
        let mut explained = Explained { decimals: self.decimals, cutoffs, logged, ..Explained::default() };
        for leaf in &self.leaves {
            let balances = leaf.balances.iter().map(|balance| (balance.sequence, balance.amount)).collect();
            explained.leaves.push(CustomerLeaf { credential: leaf.credential.clone(), balances });
        }
        for held in &self.deployments {
            let named = explained.deposits.entry(held.id.clone()).or_default();
            for brought in &held.window.explained {
                let place = self.leaves.iter().position(|leaf| leaf.name == brought.leaf).ok_or("an unknown leaf")?;
                named.entry(brought.txid.clone()).or_default().insert(place);
            }
        }
        Ok(explained)
    }

    fn deployment<'a>(&self, held: &'a Held, window: Option<&'a (WindowReport, BTreeMap<u64, i64>)>) -> Deployment<'a> {
        Deployment {
            id: held.id.clone(),
            decimals: held.decimals,
            counted: held.counted,
            apart: held.apart,
            possible: held.possible,
            outside: held.outside,
            every_address: held.every_address == Answer::Yes,
            window: window.map(|(report, times)| Window {
                report,
                times,
                accepted: report.authenticity >= self.authenticity && report.completeness >= self.completeness,
                demanded: held.window.demanded == Answer::Yes,
            }),
        }
    }
}

/// An object without the fields that are not known.
fn known(fields: Vec<(&str, Option<Value>)>) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A value as it is printed.
fn text(value: impl ToString) -> Option<Value> {
    Some(Value::String(value.to_string()))
}

fn optional(value: Option<impl ToString>) -> Option<Value> {
    value.and_then(text)
}

fn units(amount: Amount) -> Option<Value> {
    text(amount.base_units())
}

fn values(found: &Assessment, not_sustained: Amount) -> Map<String, Value> {
    let alignment = match found.alignment {
        Alignment::Blocks => "blocks",
        Alignment::Times => "times",
        Alignment::Minima => "minima",
    };
    let below = found
        .below
        .iter()
        .map(|below| known(vec![("at", optional(below.at)), ("held", units(below.held)), ("owed", units(below.owed))]));
    let commitments = found.commitments.iter().map(|compared| {
        known(vec![
            ("coverage", optional(compared.coverage.as_ref())),
            ("high", compared.high.and_then(units)),
            ("low", compared.low.and_then(units)),
            ("sequence", text(compared.sequence)),
        ])
    });
    known(vec![
        ("alignment", text(alignment)),
        ("below", Some(below.collect())),
        ("came_and_went", units(found.came_and_went)),
        ("commitments", Some(commitments.collect())),
        ("high", units(found.high)),
        ("low", units(found.low)),
        ("minimum", found.minimum.and_then(units)),
        ("minimum_without_trips", found.minimum_without_trips.and_then(units)),
        ("not_sustained", units(not_sustained)),
        ("reason", Some(json!(found.reason))),
        ("verdict", Some(json!(found.verdict))),
    ])
}

fn figures(report: &WindowReport) -> Value {
    let curve = |points: &[counterfoil::reconcile::window::Point]| -> Value {
        points.iter().map(|point| json!({"height": point.height.to_string(), "amount": point.amount})).collect()
    };
    let gaps = report.gaps.iter().map(|gap| json!(gap));
    let flows = report.flows.iter().map(|flow| {
        json!({"amount": flow.amount, "direction": flow.direction, "height": flow.height.to_string(), "txid": flow.txid})
    });
    let trips = report.round_trips.iter().map(|trip| {
        let mut row = json!({
            "amount_in": trip.amount_in, "amount_out": trip.amount_out, "around": answer(trip.around_snapshot),
            "counterparty": trip.counterparty, "explained": answer(trip.explained),
            "first_out_at": trip.first_out_at.to_string(), "in_at": trip.in_at.to_string(),
            "last_in_at": trip.last_in_at.to_string(), "out_at": trip.out_at.to_string(),
        });
        let owed = [("explained_bound", trip.explained_bound), ("explained_stated", trip.explained_stated)];
        for (name, amount) in owed.into_iter().filter(|(_, amount)| !amount.is_zero()) {
            row[name] = json!(amount);
        }
        row
    });
    let addresses = report.addresses.iter().map(|address| {
        known(vec![
            ("address", text(&address.address)),
            ("appeared_at", optional(address.appeared_at)),
            ("emptied_at", optional(address.emptied_at)),
            ("minimum", units(address.minimum)),
            ("minimum_at", text(address.minimum_at)),
            ("snapshot", address.snapshot.and_then(units)),
        ])
    });
    Value::Object(known(vec![
        ("addresses", Some(addresses.collect())),
        ("blocks", text(report.blocks)),
        ("covered", text(report.covered)),
        ("curve", Some(curve(&report.curve))),
        ("deployment", text(&report.deployment)),
        ("dressing_ratio", optional(report.dressing_ratio.as_ref())),
        ("exact", Some(answer(report.exact))),
        ("flows", Some(flows.collect())),
        ("gaps", Some(gaps.collect())),
        ("gone_before_closing", units(report.gone_before_closing)),
        ("mean", report.mean.and_then(units)),
        ("median", units(report.median)),
        ("minimum", units(report.minimum)),
        ("minimum_at", text(report.minimum_at)),
        ("round_trips", Some(trips.collect())),
        ("snapshot", report.snapshot.and_then(units)),
        ("sustained", report.sustained.and_then(units)),
        ("without_trips", Some(curve(&report.without_trips))),
    ]))
}

fn answer(yes: bool) -> Value {
    json!(if yes { "yes" } else { "no" })
}
