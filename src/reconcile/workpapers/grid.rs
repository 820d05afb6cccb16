//! The grid of assertions: what was compared for each, and what is open.
//!
//! A line stands here only when something in this run gave it; a finding stands under every assertion that it touches.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assertion, AssertionKind, Evidence, Exception, Extent, Sources, Use, Workpapers};
use crate::asset::AssetId;
use crate::basis::Basis;
use crate::code::Code;
use crate::publish::VerifiedStatement;
use crate::publish::statement::{ControlTotal, Scope, Statement};
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::model::{AssetReport, Report};
use crate::reconcile::trace::CutoffOutcome;

use AssertionKind::{Accuracy, Classification, Completeness, CutOff, Existence, Presentation, Rights, Valuation};

/// All rows, in their fixed order.
pub(super) fn grid(report: &Report, papers: &Workpapers, sources: &Sources<'_>) -> Vec<Assertion> {
    let statement = sources.statement.map(VerifiedStatement::statement);
    let row = |assertion: AssertionKind| {
        let evidence = match (assertion, statement) {
            (Existence, _) => existence(papers),
            (Rights, _) => rights(papers),
            (Completeness, Some(statement)) => completeness(report, statement),
            (Accuracy, Some(statement)) => accuracy(report, papers, statement),
            (CutOff, _) => cut_off(report, papers),
            (Classification, Some(_)) => classification(report, papers),
            (Presentation, Some(statement)) => presentation(report, statement),
            (Completeness | Accuracy | Classification | Presentation, None) | (Valuation, _) => Vec::new(),
        };
        let exceptions = exceptions(&report.findings, assertion);
        let open = exceptions.iter().any(|exception| exception.severity < Severity::Note);
        let extent = match (open, evidence.is_empty()) {
            (true, _) => Extent::Exceptions,
            (false, true) => Extent::NotTested,
            (false, false) => Extent::NoExceptions,
        };
        let not_tested = not_tested(assertion);
        Assertion { assertion, question: assertion.question(), extent, evidence, exceptions, not_tested }
    };
    AssertionKind::ALL.into_iter().map(row).collect()
}

/// What no run of this program looks at.
const fn not_tested(assertion: AssertionKind) -> &'static str {
    match assertion {
        Existence => "Blocks outside of the evidence; and what a node says is only as good as the node.",
        Rights => "Whose money it is: loans, side agreements and pledges that nobody states. A key can be shared.",
        Completeness => "Accounts that no tree has: only customers find these, by checking their own proofs.",
        Accuracy => "The leaves of the liability trees: they are not in a bundle, their totals are the venue's.",
        Valuation => "Prices, haircuts, and whether an issuer redeems its coins. No price is used.",
        CutOff => "Whether the books were closed at the cut-off: that moment is the venue's word.",
        Classification => "Whether an address is what its role says, and a balance what its class says.",
        Presentation => "What a reader makes of it; how to quote it stands in the report.",
    }
}

/// The assertions that a finding of this kind touches. One that is not named here is about the evidence of a chain.
fn touched(code: &Code) -> &'static [AssertionKind] {
    match code.number {
        7001 | 7022 => &[Completeness],
        7002 => &[Existence, Rights],
        7003 | 7018 | 7027 | 7350 | 7351 => &[Completeness],
        7352..=7354 | 7357 => &[Valuation, Classification],
        7355 | 7356 => &[Rights],
        7358 | 7370..=7378 | 7450..=7455 => &[Valuation],
        7004..=7006 | 7012 | 7015 | 7025 | 7026 | 7030..=7034 | 7043 | 7044 | 7049 => &[Rights],
        7007 | 7008 | 7010 => &[CutOff],
        7024 => &[CutOff, Existence],
        7011 | 7020 => &[Classification],
        7013 => &[Valuation, Classification],
        7014 | 7016 | 7035..=7037 => &[Existence, Rights],
        7021 | 7023 => &[Accuracy],
        7040..=7042 | 7045..=7048 | 7068 | 5200..=5299 => &[Existence, CutOff],
        // the address set and other files of a bundle
        4000..=4999 => &[Existence, Rights],
        _ => &[Existence],
    }
}

fn exceptions(findings: &[Finding], assertion: AssertionKind) -> Vec<Exception> {
    let mut groups: BTreeMap<(Severity, u16), Exception> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| touched(finding.code).contains(&assertion)) {
        let group = groups.entry((finding.severity, finding.code.number)).or_insert_with(|| Exception {
            code: finding.code,
            title: finding.code.title,
            severity: finding.severity,
            findings: Vec::new(),
        });
        group.findings.push(finding.id.clone());
    }
    groups.into_values().collect()
}

/// A line, when there is anything to say.
fn line(lines: &mut Vec<Evidence>, count: usize, text: impl FnOnce(usize) -> String, assets: BTreeSet<AssetId>) {
    if count > 0 {
        lines.push(Evidence { text: text(count), assets: assets.into_iter().collect() });
    }
}

/// One and many.
pub(super) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn holdings(count: usize) -> String {
    plural(count, "coin or account balance", "coins or account balances")
}

/// Holdings in groups, with the assets of each.
fn grouped<K: Ord>(
    papers: &Workpapers,
    key: impl Fn(&super::HoldingPaper) -> Option<K>,
) -> BTreeMap<K, (usize, BTreeSet<AssetId>)> {
    let mut groups: BTreeMap<K, (usize, BTreeSet<AssetId>)> = BTreeMap::new();
    for holding in &papers.holdings {
        let Some(key) = key(holding) else { continue };
        let (count, assets) = groups.entry(key).or_default();
        *count += 1;
        assets.extend(holding.asset.clone());
    }
    groups
}

/// The assets that pass a test.
fn assets_where(report: &Report, test: impl Fn(&AssetReport) -> bool) -> BTreeSet<AssetId> {
    report.assets.iter().filter(|asset| test(asset)).map(|asset| asset.asset.clone()).collect()
}

fn existence(papers: &Workpapers) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let groups = grouped(papers, |holding| Some((holding.authenticity, holding.completeness)));
    for ((authenticity, history), (count, assets)) in groups.into_iter().rev() {
        let text = |count| format!("{}: existence {authenticity}, history {history}", holdings(count));
        line(&mut lines, count, text, assets);
    }
    let anchored = papers.chains.iter().filter(|chain| chain.anchored).count();
    let text = |count| {
        let chains = plural(papers.chains.len(), "chain", "chains");
        format!("cut-off blocks of {count} of {chains} hang on blocks that the policy accepts")
    };
    line(&mut lines, anchored, text, BTreeSet::new());
    lines
}

fn rights(papers: &Workpapers) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let shown = |holding: &super::HoldingPaper| holding.control.filter(|_| holding.used != Use::Excluded);
    for (grade, (count, assets)) in grouped(papers, shown) {
        line(&mut lines, count, |count| format!("{}: control shown, {grade}", holdings(count)), assets);
    }
    let fails = |holding: &super::HoldingPaper| match holding.used {
        Use::WithoutControl => Some("no control shown, not counted"),
        Use::Excluded => Some("internal, pledged or self-issued, not counted"),
        Use::Counted | Use::WeakEvidence | Use::NotMapped => None,
    };
    for (word, (count, assets)) in grouped(papers, fails) {
        line(&mut lines, count, |count| format!("{}: {word}", holdings(count)), assets);
    }
    lines
}

fn completeness(report: &Report, statement: &Statement) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let leaves = statement.liabilities.iter().try_fold(0_u64, |sum, row| sum.checked_add(row.leaf_count));
    let committed = assets_where(report, |asset| asset.owed.as_ref().is_some_and(|owed| owed.leaves > 0));
    let text = |count| {
        let leaves = leaves.map_or_else(|| "more leaves than can be counted".to_owned(), |sum| format!("{sum} leaves"));
        format!("the statement commits to {} with {leaves}", plural(count, "tree", "trees"))
    };
    line(&mut lines, statement.liabilities.len(), text, committed);
    let others = statement.schedules.owed().count();
    let assets = statement.schedules.owed().map(|(asset, _)| asset.clone()).collect();
    let rows = |count| plural(count, "row of other liabilities is stated", "rows of other liabilities are stated");
    line(&mut lines, others, rows, assets);
    if statement.ledger.control_total == ControlTotal::Compared {
        let text = "the venue states that it compared its ledger with a total of a second source".to_owned();
        lines.push(Evidence { text, assets: Vec::new() });
    }
    lines
}

fn accuracy(report: &Report, papers: &Workpapers, statement: &Statement) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let proved = |holding: &super::HoldingPaper| (holding.authenticity == Basis::Proved).then_some(());
    for ((), (count, assets)) in grouped(papers, proved) {
        let text = |count| format!("{}: amount recomputed from hashes and proofs", holdings(count));
        line(&mut lines, count, text, assets);
    }
    let text = |count| format!("{} taken from the signed statement as they stand", plural(count, "total", "totals"));
    let owed = assets_where(report, |asset| asset.owed.is_some());
    line(&mut lines, statement.liabilities.len(), text, owed.clone());
    let text = |count| format!("sums of {} added without rounding or overflow", plural(count, "asset", "assets"));
    line(&mut lines, owed.len(), text, owed);
    lines
}

fn cut_off(report: &Report, papers: &Workpapers) -> Vec<Evidence> {
    let mut lines = Vec::new();
    for (outcome, words) in [
        (CutoffOutcome::Holds, "is the last one at or before the cut-off"),
        (CutoffOutcome::Violated, "is not the last one at or before the cut-off"),
        (CutoffOutcome::Unknown, "is not shown to be the last one at or before the cut-off"),
    ] {
        for chain in papers.chains.iter().filter(|chain| chain.cutoff == outcome) {
            let block = chain.block.as_ref().map_or_else(|| "the block".to_owned(), |block| block.height.to_string());
            let text = format!("{}: block {block} {words}", chain.chain);
            lines.push(Evidence { text, assets: Vec::new() });
        }
    }
    for asset in &report.assets {
        for window in &asset.windows {
            let (covered, blocks) = (window.covered, window.blocks);
            let text = format!("{}: balances known after {covered} of {blocks} blocks", window.deployment);
            lines.push(Evidence { text, assets: vec![asset.asset.clone()] });
        }
    }
    lines
}

fn classification(report: &Report, papers: &Workpapers) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let classes: BTreeSet<&str> = papers.commitments.iter().map(|row| row.class).collect();
    for class in classes {
        let rows = papers.commitments.iter().filter(|row| row.class == class);
        let assets = rows.clone().map(|row| row.asset.clone()).collect();
        let text = |count| format!("owed, class {class}: {}", plural(count, "row", "rows"));
        line(&mut lines, rows.count(), text, assets);
    }
    for (role, (count, assets)) in grouped(papers, |holding| Some(holding.role)) {
        line(&mut lines, count, |count| format!("held, role {role}: {}", holdings(count)), assets);
    }
    let mapped = assets_where(report, |asset| asset.claimed);
    let text = |count| format!("deployments of {} counted as the policy maps them", plural(count, "asset", "assets"));
    line(&mut lines, mapped.len(), text, mapped.clone());
    lines
}

fn presentation(report: &Report, statement: &Statement) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let text = |count| format!("{}, each in its own units; nothing is netted", plural(count, "asset", "assets"));
    line(&mut lines, report.assets.len(), text, BTreeSet::new());
    let departures = report.policy.departures.len();
    let text = format!("{} from the built-in policy on page one", plural(departures, "departure", "departures"));
    lines.push(Evidence { text, assets: Vec::new() });
    for (scope, word) in [(Scope::In, "in"), (Scope::Out, "out of"), (Scope::Unknown, "not said to be in")] {
        let count = statement.scope.iter().filter(|row| row.scope == scope).count();
        let text = |count| format!("{} {word} scope, says the statement", plural(count, "product", "products"));
        line(&mut lines, count, text, BTreeSet::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A finding that stood nowhere in the grid would be passed over.
    #[test]
    fn every_code_touches_an_assertion() {
        assert!(crate::code::all().all(|code| !touched(code).is_empty()));
    }

    #[test]
    fn one_and_many() {
        assert_eq!((plural(1, "row", "rows"), plural(2, "row", "rows")), ("1 row".to_owned(), "2 rows".to_owned()));
    }
}
