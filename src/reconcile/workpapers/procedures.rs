//! The list of procedures, in the wording of agreed-upon procedures: what was done, and what came out. No opinion.

use super::grid::plural;
use super::{ChainPaper, Procedure, Sources, Use, Workpapers};
use crate::basis::Basis;
use crate::bundle::paths;
use crate::publish::VerifiedStatement;
use crate::publish::statement::Statement;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::model::{AssetReport, Report};
use crate::reconcile::trace::CutoffOutcome;
use crate::reconcile::window::WindowReport;

/// All procedures, in the order in which they were performed; then what was not.
pub(super) fn procedures(report: &Report, papers: &Workpapers, sources: &Sources<'_>) -> Vec<Procedure> {
    let mut list = List { findings: &report.findings, done: Vec::new(), left: Vec::new() };
    bundle(&mut list, sources);
    match sources.statement {
        Some(verified) => {
            statement(&mut list, verified, sources);
            reserves(&mut list, sources);
            for chain in &papers.chains {
                on_chain(&mut list, chain, papers);
            }
            windows(&mut list, report);
            compare(&mut list, report);
        }
        None => {
            let why = "The bundle has no statement, so nothing else in it was looked at.";
            let found = list.ids_of(&[7001]);
            list.leave("Compare what is owed with what is held.", why, found);
        }
    }
    list.leave(
        "Recompute the liability trees from their leaves.",
        "Leaves are not part of a bundle. The totals are those that the venue commits to.",
        Vec::new(),
    );
    list.leave(
        "Compare balances of customers with the trees.",
        "Customers check their own proofs. A bundle does not say who did.",
        Vec::new(),
    );
    list.numbered()
}

/// Commands that give the same bytes from the same files. The names stand for the files that the report names by hash.
pub(super) fn commands(sources: &Sources<'_>) -> Vec<String> {
    let trace = &sources.reserves.trace;
    let blocks = if trace.own_blocks { " --blocks BLOCKS" } else { "" };
    let set = if trace.own_set { " --utxo-snapshot SNAPSHOT" } else { "" };
    vec![
        "counterfoil policy check POLICY".to_owned(),
        format!("counterfoil reconcile BUNDLE --policy POLICY{blocks}{set} --json REPORT"),
    ]
}

/// The list while it is written.
struct List<'a> {
    findings: &'a [Finding],
    done: Vec<Procedure>,
    left: Vec<Procedure>,
}

impl List<'_> {
    fn ids(&self, test: impl Fn(&Finding) -> bool) -> Vec<String> {
        self.findings.iter().filter(|finding| test(finding)).map(|finding| finding.id.clone()).collect()
    }

    fn ids_of(&self, codes: &[u16]) -> Vec<String> {
        self.ids(|finding| codes.contains(&finding.code.number))
    }

    fn add(&mut self, procedure: impl Into<String>, result: impl Into<String>, findings: Vec<String>) {
        let (procedure, result) = (procedure.into(), result.into());
        self.done.push(Procedure { id: String::new(), performed: true, procedure, result, findings });
    }

    fn leave(&mut self, procedure: impl Into<String>, why: impl Into<String>, findings: Vec<String>) {
        let (procedure, result) = (procedure.into(), why.into());
        self.left.push(Procedure { id: String::new(), performed: false, procedure, result, findings });
    }

    fn numbered(self) -> Vec<Procedure> {
        let mut all: Vec<Procedure> = self.done.into_iter().chain(self.left).collect();
        for (number, procedure) in (1..).zip(&mut all) {
            procedure.id = format!("P{number}");
        }
        all
    }
}

fn bundle(list: &mut List<'_>, sources: &Sources<'_>) {
    let files = sources.sealed.manifest().files.len();
    let absent = sources.sealed.absent().count();
    let result = match absent {
        0 => format!("{}: no difference.", plural(files, "file", "files")),
        _ => format!(
            "{} of {files} files: no difference. {} of the auditor's part, not in this copy: not compared.",
            files.saturating_sub(absent),
            plural(absent, "file", "files")
        ),
    };
    list.add(
        format!(
            "Recomputed length and SHA-256 of the files of the bundle and the root over them, and compared them with \
             the manifest, and its signature with the key {} in it.",
            sources.sealed.maker()
        ),
        result,
        list.ids_of(&[4016]),
    );
}

fn statement(list: &mut List<'_>, verified: &VerifiedStatement, sources: &Sources<'_>) {
    let pinned = sources.policy.venue().keys.len();
    let statement = verified.statement();
    let signed = plural(verified.signers().len(), "signature", "signatures");
    list.add(
        format!("Checked the signatures of statement {} with the keys that the policy pins.", statement.sequence),
        format!("{signed} of {}; the venue declares {}.", plural(pinned, "key", "keys"), statement.venue.threshold),
        list.ids_of(&[7026]),
    );
    list.add(
        "Read from the statement what it leaves open: other liabilities, products out of scope, assets without rows, \
         the total of a second source.",
        open_points(statement),
        list.ids_of(&[7003, 7018, 7022, 7027, 7350, 7351]),
    );
}

fn open_points(statement: &Statement) -> String {
    let others = statement.schedules.owed().count();
    let without = statement.without_rows.len();
    let rows = plural(others, "row of other liabilities", "rows of other liabilities");
    let scope = plural(statement.scope.len(), "row of scope", "rows of scope");
    format!("{rows}, {scope}, {} without rows.", plural(without, "asset", "assets"))
}

fn reserves(list: &mut List<'_>, sources: &Sources<'_>) {
    let trace = &sources.reserves.trace;
    let procedure = "Recomputed the root over the address set and compared it with the statement's.";
    let of_set = |finding: &Finding| finding.subject == paths::ADDRESSES;
    match trace.addresses {
        Some(count) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            list.add(procedure, format!("{}, the same root.", plural(count, "address", "addresses")), Vec::new());
        }
        None => {
            let found = list.ids(of_set);
            list.add(procedure, "It is missing, cannot be read, or is not the committed one.", found);
            return;
        }
    }
    if trace.descriptors {
        let found = list.ids(|finding| matches!(finding.code.number, 7035..=7037));
        let result = if found.is_empty() { "No difference." } else { "See the findings." };
        list.add("Derived addresses from the descriptors and compared them with the address set.", result, found);
    } else {
        let why = "The bundle has no list of descriptors.";
        let found = list.ids_of(&[7035]);
        list.leave("Compare the address set with the descriptors behind it.", why, found);
    }
    let result = if trace.challenge { "They agree." } else { "They do not agree, or it is missing." };
    let about = |finding: &Finding| finding.subject == paths::CHALLENGE;
    list.add(
        "Compared the challenge with venue, keys, log and address set, and its hash with the statement's.",
        result,
        list.ids(about),
    );
    match trace.proofs {
        Some(proofs) => {
            let sum = |of: fn(&crate::reconcile::trace::ChainTrace) -> u64| {
                trace.chains.values().map(of).fold(0_u64, u64::saturating_add)
            };
            let (shown, asked) = (sum(|chain| chain.controlled), sum(|chain| chain.addresses));
            let found = list.ids(|finding| matches!(finding.code.number, 7004..=7006 | 7030..=7034));
            list.add(
                "Checked every answer to the challenge with the line of the challenge and the address that it is for.",
                format!("{proofs} answers; control shown of {shown} of {asked} addresses as a whole."),
                found,
            );
        }
        None => {
            let why = "Challenge or answers are missing or cannot be used.";
            let found = list.ids(|finding| matches!(finding.subject.as_str(), paths::CHALLENGE | paths::CONTROL));
            list.leave("Check the answers to the challenge.", why, found);
        }
    }
}

fn on_chain(list: &mut List<'_>, chain: &ChainPaper, papers: &Workpapers) {
    let name = &chain.chain;
    let here = |finding: &Finding| finding.chain.as_ref() == Some(name);
    let codes =
        |list: &List<'_>, codes: &[u16]| list.ids(|finding| here(finding) && codes.contains(&finding.code.number));
    let block = chain.block.as_ref().map_or_else(|| "the block".to_owned(), |block| format!("block {}", block.height));
    let procedure = format!("On {name}, compared the times of {block} and of its successor with the cut-off.");
    let result = match chain.cutoff {
        CutoffOutcome::Holds => "It is the last block at or before the cut-off.",
        CutoffOutcome::Violated => "It is not the last block at or before the cut-off.",
        CutoffOutcome::Unknown => "The evidence does not show whether it is the last one at or before the cut-off.",
        CutoffOutcome::NotChecked => {
            let why = if chain.addresses == 0 {
                "The address set has no address there."
            } else {
                "The evidence of the chain is missing or cannot be used."
            };
            let found = list.ids(|finding| here(finding) && finding.severity == Severity::Critical);
            list.leave(format!("On {name}, check cut-off block and balances."), why, found);
            return;
        }
    };
    let found = codes(list, &[7007, 7008]);
    list.add(procedure, result, found);
    let result = if chain.anchored { "There is one." } else { "There is none." };
    let found = codes(list, &[7009]);
    let procedure = format!("On {name}, looked for a block that the policy accepts, at or above {block}.");
    list.add(procedure, result, found);
    let held = papers.holdings.iter().filter(|held| held.deployment.chain().as_ref() == Some(name));
    let grade = |basis: Basis| held.clone().filter(|held| held.basis == basis).count();
    let grades: Vec<String> = Basis::STRONGEST_FIRST
        .into_iter()
        .filter(|basis| grade(*basis) > 0)
        .map(|basis| format!("{} {basis}", grade(basis)))
        .collect();
    let grades = if grades.is_empty() { String::new() } else { format!(": {}", grades.join(", ")) };
    let count = plural(held.clone().count(), "coin or account balance", "coins or account balances");
    let counted = held.clone().filter(|held| held.used == Use::Counted).count();
    let found = list.ids(|finding| {
        here(finding) && matches!(finding.code.number, 5000..=5199 | 5300..=6999 | 7016 | 7017 | 7019 | 7024)
    });
    list.add(
        format!("On {name}, checked the evidence for balances of {} addresses at {block}.", chain.addresses),
        format!("{count}{grades}; {counted} counted."),
        found,
    );
}

fn windows(list: &mut List<'_>, report: &Report) {
    let all: Vec<(&AssetReport, &WindowReport)> =
        report.assets.iter().flat_map(|asset| asset.windows.iter().map(move |window| (asset, window))).collect();
    let codes = |finding: &Finding| matches!(finding.code.number, 7040..=7049 | 7068 | 5200..=5299);
    if all.is_empty() {
        let found = list.ids(codes);
        let (procedure, why) = ("Measure balances over a window of blocks.", "The bundle shows no window to measure.");
        list.leave(procedure, why, found);
    }
    for (asset, window) in all {
        let chain = window.deployment.chain();
        let found = list.ids(|finding| {
            codes(finding)
                && finding.chain.as_ref().is_none_or(|of| Some(of) == chain.as_ref())
                && finding.asset.as_ref().is_none_or(|of| *of == asset.asset)
        });
        list.add(
            format!(
                "Computed the balance of {} after each block from {} to {}.",
                window.deployment, window.asked.from, window.asked.to
            ),
            format!(
                "Evidence for {} of {} blocks; lowest {} at block {}; {}.",
                window.covered,
                window.blocks,
                window.minimum.to_readable(window.decimals),
                window.minimum_at,
                plural(window.round_trips.len(), "round trip", "round trips")
            ),
            found,
        );
    }
}

fn compare(list: &mut List<'_>, report: &Report) {
    let found = list.ids_of(&[7011, 7013, 7020, 7021, 7023]);
    list.add(
        "Compared what is owed with what is held, asset by asset, without netting and without prices.",
        format!("{}.", report.overall.headline),
        found,
    );
}
