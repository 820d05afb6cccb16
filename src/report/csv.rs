//! Working papers as tables: one file a kind of row, for spreadsheets. Specification: `docs/spec/report.md`.
//!
//! Amounts stand twice: in the asset's own units, exact, and in base units. A text of others that a spreadsheet would
//! take for a formula gets an apostrophe in front, so that it is shown and not run.

mod credit;
mod quality;
mod sheet;

pub use sheet::sheet_csv;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::amount::{Amount, Decimals};
use crate::reconcile::window::{Direction, WindowReport};
use crate::reconcile::{AssetReport, Finding, Report, Workpapers};

/// The tables as files: names, and bytes. RFC 4180, in UTF-8, with one line of names.
///
/// # Errors
/// What the writer says, which no report causes.
pub fn csv(report: &Report) -> Result<Vec<(&'static str, Vec<u8>)>, CsvError> {
    let papers = &report.workpapers;
    let mut files = vec![
        ("about.csv", about(report)?),
        ("assertions.csv", assertions(papers)?),
        ("assets.csv", assets(report)?),
        ("chains.csv", chains(papers)?),
        ("commitments.csv", commitments(papers)?),
        ("curve.csv", curve(report)?),
        ("elsewhere.csv", elsewhere(report)?),
        ("findings.csv", findings(&report.findings)?),
        ("flows.csv", flows(report)?),
        ("holdings.csv", holdings(papers)?),
        ("procedures.csv", procedures(papers)?),
        ("round-trips.csv", round_trips(report)?),
        ("tiers.csv", tiers(report)?),
        ("windows.csv", windows(report)?),
    ];
    if let Some(section) = &report.credit {
        files.push(("balance-sheet.csv", credit::rows(section)?));
        files.push(("ladder.csv", credit::ladders(section)?));
    }
    if let Some(section) = &report.quality {
        files.extend(quality::files(section)?);
    }
    files.sort_by_key(|(name, _)| *name);
    Ok(files)
}

/// The writer could not write.
#[derive(Debug, thiserror::Error)]
#[error("a table cannot be written: {0}")]
pub struct CsvError(String);

impl crate::code::Coded for CsvError {
    fn code(&self) -> &'static crate::code::Code {
        &crate::code::cli::OUTPUT_UNWRITABLE
    }
}

/// A cell that is shown as it is, never run: a spreadsheet takes `=`, `+`, `-`, `@`, tab and carriage return at the
/// beginning for a formula, some of them behind spaces, some in their wide forms. Characters that draw lines of their
/// own or turn the direction are marks.
#[must_use]
pub fn cell(text: &str) -> String {
    let begins = text.trim_start().chars().next();
    let runs = begins.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\''));
    let runs = runs || text.starts_with(['\t', '\r', '\n']);
    format!("{}{}", if runs { "'" } else { "" }, super::shown(text))
}

/// Rows of one table.
struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    fn new(names: &[&str]) -> Result<Self, CsvError> {
        let mut builder = WriterBuilder::new();
        builder.terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary);
        let mut sheet = Self(builder.from_writer(Vec::new()));
        sheet.0.write_record(names).map_err(|error| CsvError(error.to_string()))?;
        Ok(sheet)
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) -> Result<(), CsvError> {
        self.0.write_record(cells.map(|text| cell(&text))).map_err(|error| CsvError(error.to_string()))
    }

    fn bytes(self) -> Result<Vec<u8>, CsvError> {
        self.0.into_inner().map_err(|error| CsvError(error.to_string()))
    }
}

fn text<T: ToString>(value: &T) -> String {
    value.to_string()
}

fn optional<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(String::new, T::to_string)
}

fn yes(value: bool) -> String {
    (if value { "yes" } else { "no" }).to_owned()
}

/// In units, and in base units.
fn both(amount: Amount, decimals: Decimals) -> [String; 2] {
    [amount.to_decimal(decimals), amount.base_units().to_string()]
}

fn both_of(amount: Option<Amount>, decimals: Decimals) -> [String; 2] {
    amount.map_or_else(<[String; 2]>::default, |amount| both(amount, decimals))
}

fn about(report: &Report) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["name", "value"])?;
    let mut say = |name: &str, value: String| sheet.row([name.to_owned(), value]);
    say("report", report.format.to_owned())?;
    say("tool", report.tool.clone())?;
    say("verdict", text(&report.overall.verdict))?;
    say("headline", report.overall.headline.clone())?;
    say("bundle root", text(&report.bundle.root))?;
    say("bundle maker", report.bundle.maker.clone())?;
    say("policy sha256", text(&report.policy.sha256))?;
    for departure in &report.policy.departures {
        say("departure from the built-in policy", departure.clone())?;
    }
    if let Some(statement) = &report.statement {
        say("venue", text(&statement.venue))?;
        say("legal entity", statement.legal_entity.clone())?;
        say("statement", text(&statement.sequence))?;
        say("statement digest", text(&statement.digest))?;
        say("cut-off", text(&statement.cutoff))?;
    }
    for absent in &report.bundle.absent {
        say("absent file of the auditor's part", format!("{} sha256 {}", absent.path, absent.sha256))?;
    }
    for line in &report.not_shown {
        say("not shown", (*line).to_owned())?;
    }
    sheet.bytes()
}

const ASSET_COLUMNS: &[&str] = &[
    "asset",
    "verdict",
    "required",
    "decimals",
    "owed",
    "owed_base_units",
    "committed",
    "committed_base_units",
    "custody",
    "custody_base_units",
    "other",
    "other_base_units",
    "counted",
    "counted_base_units",
    "not_sustained",
    "not_sustained_base_units",
    "possible",
    "possible_base_units",
    "without_control",
    "without_control_base_units",
    "excluded",
    "excluded_base_units",
    "window_minimum",
    "window_minimum_base_units",
    "coverage",
    "coverage_possible",
    "claimed",
    "sentence",
];

fn assets(report: &Report) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(ASSET_COLUMNS)?;
    for asset in &report.assets {
        let AssetReport { decimals, held, owed, .. } = asset;
        let owed = owed.as_ref();
        let of = |amount: Option<Amount>| both_of(amount, *decimals);
        let [total, total_units] = of(owed.map(|owed| owed.total));
        let [committed, committed_units] = of(owed.map(|owed| owed.committed));
        let [custody, custody_units] = of(owed.map(|owed| owed.custody));
        let [other, other_units] = of(owed.and_then(|owed| owed.other));
        let [counted, counted_units] = both(held.counted, *decimals);
        let [lost, lost_units] = both(asset.not_sustained, *decimals);
        let [possible, possible_units] = both(held.possible, *decimals);
        let [without, without_units] = both(held.without_control, *decimals);
        let [excluded, excluded_units] = both(held.excluded, *decimals);
        let [minimum, minimum_units] = of(asset.window_minimum);
        sheet.row([
            text(&asset.asset),
            text(&asset.verdict),
            yes(asset.required),
            text(&decimals.get()),
            total,
            total_units,
            committed,
            committed_units,
            custody,
            custody_units,
            other,
            other_units,
            counted,
            counted_units,
            lost,
            lost_units,
            possible,
            possible_units,
            without,
            without_units,
            excluded,
            excluded_units,
            minimum,
            minimum_units,
            optional(asset.coverage.as_ref()),
            optional(asset.coverage_possible.as_ref()),
            yes(asset.claimed),
            asset.sentence.clone(),
        ])?;
    }
    sheet.bytes()
}

fn holdings(papers: &Workpapers) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&[
        "asset",
        "deployment",
        "address",
        "role",
        "id",
        "amount",
        "amount_base_units",
        "made_at",
        "basis",
        "existence",
        "history",
        "control",
        "use",
    ])?;
    for held in &papers.holdings {
        // without a policy's decimals there are no units
        let units = held.decimals.map_or_else(String::new, |decimals| held.amount.to_decimal(decimals));
        sheet.row([
            optional(held.asset.as_ref()),
            text(&held.deployment),
            held.address.clone(),
            held.role.to_owned(),
            held.id.clone(),
            units,
            text(&held.amount.base_units()),
            optional(held.made_at.as_ref()),
            text(&held.basis),
            text(&held.authenticity),
            text(&held.completeness),
            held.control.unwrap_or_default().to_owned(),
            held.used.text().to_owned(),
        ])?;
    }
    sheet.bytes()
}

/// What custodians keep and issuers owe.
fn elsewhere(report: &Report) -> Result<Vec<u8>, CsvError> {
    let columns = &["asset", "kind", "party", "amount", "amount_base_units", "bears", "bears_base_units", "coverage"];
    let mut sheet = Sheet::new(columns)?;
    for asset in &report.assets {
        for share in &asset.custodians {
            let [amount, amount_units] = both(share.in_tree, share.decimals);
            let [bears, bears_units] = both(share.counted, share.decimals);
            let (name, coverage) = (text(&share.custodian), optional(share.coverage.as_ref()));
            let kind = "custodian".to_owned();
            sheet.row([text(&asset.asset), kind, name, amount, amount_units, bears, bears_units, coverage])?;
        }
        for claim in &asset.issuers {
            let [amount, amount_units] = both(claim.held, claim.decimals);
            let [bears, bears_units] = both_of(claim.backed, claim.decimals);
            let (name, coverage) = (text(&claim.issuer), optional(claim.coverage.as_ref()));
            let kind = "issuer".to_owned();
            sheet.row([text(&asset.asset), kind, name, amount, amount_units, bears, bears_units, coverage])?;
        }
    }
    sheet.bytes()
}

/// One row a tier; together they are the counted figure of `assets.csv`.
fn tiers(report: &Report) -> Result<Vec<u8>, CsvError> {
    let columns = &[
        "asset",
        "tier",
        "declared",
        "declared_base_units",
        "counted",
        "counted_base_units",
        "least",
        "least_base_units",
        "most",
        "most_base_units",
        "result",
        "difference",
        "difference_base_units",
    ];
    let mut sheet = Sheet::new(columns)?;
    for asset in &report.assets {
        for line in &asset.tiers {
            let [declared, declared_units] = both_of(line.declared, asset.decimals);
            let [counted, counted_units] = both(line.counted, asset.decimals);
            let [least, least_units] = both(line.least, asset.decimals);
            let [most, most_units] = both(line.most, asset.decimals);
            let [difference, difference_units] = both(line.difference, asset.decimals);
            sheet.row([
                text(&asset.asset),
                line.role.text().to_owned(),
                declared,
                declared_units,
                counted,
                counted_units,
                least,
                least_units,
                most,
                most_units,
                line.result.text().to_owned(),
                difference,
                difference_units,
            ])?;
        }
    }
    sheet.bytes()
}

fn findings(findings: &[Finding]) -> Result<Vec<u8>, CsvError> {
    let names = &[
        "id",
        "severity",
        "code",
        "title",
        "asset",
        "chain",
        "subject",
        "detail",
        "clears",
        "evidence",
        "evidence_sha256",
    ];
    let mut sheet = Sheet::new(names)?;
    for finding in findings {
        let Finding { id, code, severity, asset, chain, subject, detail, clears, evidence, evidence_sha256, .. } =
            finding;
        sheet.row([
            id.clone(),
            severity.text().to_owned(),
            text(code),
            code.title.to_owned(),
            optional(asset.as_ref()),
            optional(chain.as_ref()),
            subject.clone(),
            detail.clone(),
            clears.to_string(),
            optional(evidence.as_ref()),
            optional(evidence_sha256.as_ref()),
        ])?;
    }
    sheet.bytes()
}

/// Every window with the asset that it belongs to.
fn all_windows(report: &Report) -> impl Iterator<Item = (&AssetReport, &WindowReport)> {
    report.assets.iter().flat_map(|asset| asset.windows.iter().map(move |window| (asset, window)))
}

const WINDOW_COLUMNS: &[&str] = &[
    "asset",
    "deployment",
    "from",
    "to",
    "blocks",
    "covered",
    "cutoff_block",
    "at_cutoff",
    "at_cutoff_base_units",
    "minimum",
    "minimum_base_units",
    "minimum_at",
    "median",
    "median_base_units",
    "mean",
    "mean_base_units",
    "maximum",
    "maximum_base_units",
    "maximum_at",
    "dressing_ratio",
    "authenticity",
    "completeness",
];

fn windows(report: &Report) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(WINDOW_COLUMNS)?;
    for (asset, window) in all_windows(report) {
        let decimals = window.decimals;
        let [at_cutoff, at_cutoff_units] = both_of(window.snapshot, decimals);
        let [minimum, minimum_units] = both(window.minimum, decimals);
        let [median, median_units] = both(window.median, decimals);
        let [mean, mean_units] = both_of(window.mean, decimals);
        let [maximum, maximum_units] = both(window.maximum, decimals);
        sheet.row([
            text(&asset.asset),
            text(&window.deployment),
            text(&window.asked.from),
            text(&window.asked.to),
            text(&window.blocks),
            text(&window.covered),
            text(&window.snapshot_height),
            at_cutoff,
            at_cutoff_units,
            minimum,
            minimum_units,
            text(&window.minimum_at),
            median,
            median_units,
            mean,
            mean_units,
            maximum,
            maximum_units,
            text(&window.maximum_at),
            optional(window.dressing_ratio.as_ref()),
            text(&window.authenticity),
            text(&window.completeness),
        ])?;
    }
    sheet.bytes()
}

fn curve(report: &Report) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["asset", "deployment", "from_block", "balance", "balance_base_units"])?;
    for (asset, window) in all_windows(report) {
        for point in &window.curve {
            let [balance, units] = both(point.amount, window.decimals);
            sheet.row([text(&asset.asset), text(&window.deployment), text(&point.height), balance, units])?;
        }
    }
    sheet.bytes()
}

fn flows(report: &Report) -> Result<Vec<u8>, CsvError> {
    let names = &[
        "asset",
        "deployment",
        "block",
        "transaction",
        "direction",
        "amount",
        "amount_base_units",
        "counterparties",
        "authenticity",
    ];
    let mut sheet = Sheet::new(names)?;
    for (asset, window) in all_windows(report) {
        for flow in &window.flows {
            let [amount, units] = both(flow.amount, window.decimals);
            let parties: Vec<&str> = flow.counterparties.iter().map(|party| party.name.as_str()).collect();
            let direction = match flow.direction {
                Direction::In => "in",
                Direction::Out => "out",
            };
            sheet.row([
                text(&asset.asset),
                text(&window.deployment),
                text(&flow.height),
                flow.txid.clone(),
                direction.to_owned(),
                amount,
                units,
                parties.join("; "),
                text(&flow.authenticity),
            ])?;
        }
    }
    sheet.bytes()
}

fn round_trips(report: &Report) -> Result<Vec<u8>, CsvError> {
    let names = &[
        "asset",
        "deployment",
        "counterparty",
        "amount_in",
        "amount_in_base_units",
        "in_at",
        "amount_out",
        "amount_out_base_units",
        "out_at",
        "around_cutoff",
        "transactions",
        "owed_bound",
        "owed_bound_base_units",
        "owed_stated",
        "owed_stated_base_units",
    ];
    let mut sheet = Sheet::new(names)?;
    for (asset, window) in all_windows(report) {
        for trip in &window.round_trips {
            let [amount_in, units_in] = both(trip.amount_in, window.decimals);
            let [amount_out, units_out] = both(trip.amount_out, window.decimals);
            let [bound, units_bound] = both(trip.explained_bound, window.decimals);
            let [stated, units_stated] = both(trip.explained_stated, window.decimals);
            sheet.row([
                text(&asset.asset),
                text(&window.deployment),
                trip.counterparty.clone(),
                amount_in,
                units_in,
                text(&trip.in_at),
                amount_out,
                units_out,
                text(&trip.out_at),
                yes(trip.around_snapshot),
                trip.txids.join("; "),
                bound,
                units_bound,
                stated,
                units_stated,
            ])?;
        }
    }
    sheet.bytes()
}

fn commitments(papers: &Workpapers) -> Result<Vec<u8>, CsvError> {
    let mut sheet =
        Sheet::new(&["statement", "cutoff", "asset", "class", "total", "total_base_units", "leaves", "root"])?;
    for row in &papers.commitments {
        let [total, units] = both(row.total, row.decimals);
        sheet.row([
            text(&row.sequence),
            text(&row.cutoff),
            text(&row.asset),
            row.class.to_owned(),
            total,
            units,
            optional(row.leaves.as_ref()),
            optional(row.root.as_ref()),
        ])?;
    }
    sheet.bytes()
}

fn chains(papers: &Workpapers) -> Result<Vec<u8>, CsvError> {
    let names = &["chain", "block", "hash", "cutoff_rule", "anchored", "readable", "addresses", "controlled"];
    let mut sheet = Sheet::new(names)?;
    for row in &papers.chains {
        sheet.row([
            text(&row.chain),
            optional(row.block.as_ref().map(|block| &block.height)),
            optional(row.block.as_ref().map(|block| &block.hash)),
            row.cutoff.text().to_owned(),
            yes(row.anchored),
            yes(row.readable),
            text(&row.addresses),
            text(&row.controlled),
        ])?;
    }
    sheet.bytes()
}

fn assertions(papers: &Workpapers) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["assertion", "extent", "kind", "text", "assets", "findings"])?;
    for row in &papers.assertions {
        let head = || [row.assertion.text().to_owned(), row.extent.text().to_owned()];
        for line in &row.evidence {
            let ([assertion, extent], assets) = (head(), line.assets.iter().map(text).collect::<Vec<_>>().join("; "));
            sheet.row([assertion, extent, "evidence".to_owned(), line.text.clone(), assets, String::new()])?;
        }
        for open in &row.exceptions {
            let ([assertion, extent], kind) = (head(), open.severity.text().to_owned());
            let words = format!("{}: {}", open.code, open.title);
            sheet.row([assertion, extent, kind, words, String::new(), open.findings.join("; ")])?;
        }
        let [assertion, extent] = head();
        let not_tested = row.not_tested.to_owned();
        sheet.row([assertion, extent, "not tested".to_owned(), not_tested, String::new(), String::new()])?;
    }
    sheet.bytes()
}

fn procedures(papers: &Workpapers) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["id", "performed", "procedure", "result", "findings"])?;
    for row in &papers.procedures {
        let findings = row.findings.join("; ");
        sheet.row([row.id.clone(), yes(row.performed), row.procedure.clone(), row.result.clone(), findings])?;
    }
    let no_opinion = papers.no_opinion.to_owned();
    sheet.row([String::new(), String::new(), no_opinion, String::new(), String::new()])?;
    sheet.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u{a0}@x", "＝1", "'=1", "＋1"] {
            let shown = cell(text);
            assert!(shown.starts_with('\''), "{text:?} became {shown:?}");
            assert!(!shown.contains(['\t', '\r', '\n']), "{shown:?}");
        }
        for text in ["", "BTC", "0.5", "bc1q", "x=1", "12 -1", "eip155:1/slip44:60"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn separators_and_quotes_stay_in_their_cell() {
        let mut sheet = Sheet::new(&["a", "b"]).expect("writes");
        sheet.row(["x,\"y\"".to_owned(), "=cmd|' /C calc'!A0".to_owned()]).expect("writes");
        let bytes = sheet.bytes().expect("writes");
        assert_eq!(String::from_utf8_lossy(&bytes), "a,b\r\n\"x,\"\"y\"\"\",'=cmd|' /C calc'!A0\r\n");
    }
}
