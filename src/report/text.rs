//! The report for people: plain text within 80 columns.

mod chain;
mod colour;
mod credit;
mod network;
mod papers;
mod quality;
mod table;
mod window;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub use colour::coloured;
pub use network::network_text;
pub(super) use quality::{outcome, then};
pub use table::assets_table;

use crate::amount::Amount;
use crate::reconcile::{AssetReport, Finding, Report, Severity};
use crate::reserve::claim::Bucket;

/// Columns of the page.
const WIDTH: usize = 80;
/// Assets whose figures are written out, the worst first; the rest stands in the table.
const DETAILED_MAX: usize = 24;
/// Files that a published copy lacks and that are named.
const ABSENT_SHOWN: usize = 8;
/// Findings of one kind that are written out; the rest is counted, and stands in the JSON.
const SHOWN_PER_CODE: usize = 8;

/// The whole report.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut page = Page::default();
    let verdict = report.overall.verdict.text().to_uppercase();
    page.hanging("", "  ", &format!("{verdict}: {}", report.overall.headline));
    page.line("");
    scope(&mut page, report);
    page.line(&assets_table(report));
    page.line("");
    let shown = table::in_order(report);
    for asset in shown.iter().take(DETAILED_MAX) {
        page.wrapped("", &asset.sentence);
        asset_notes(&mut page, asset);
    }
    if shown.len() > DETAILED_MAX {
        let more = shown.len() - DETAILED_MAX;
        page.wrapped("", &format!("{more} more assets: their figures stand in the output of --json and --csv."));
    }
    page.line("");
    if let Some(section) = &report.chain {
        chain::notes(&mut page, section);
    }
    if let Some(section) = &report.credit {
        credit::notes(&mut page, section);
    }
    if let Some(section) = &report.quality {
        quality::notes(&mut page, section);
    }
    findings(&mut page, report);
    papers::assertions(&mut page, report);
    papers::procedures(&mut page, report);
    page.heading("What this report does not show");
    for line in &report.not_shown {
        page.item(line);
    }
    page.line("");
    page.heading("How to quote this");
    page.wrapped("  ", &report.quote);
    page.line("");
    page.heading("To re-run");
    for command in &report.workpapers.commands {
        page.hanging("  ", "    ", command);
    }
    page.line(&format!("  bundle {}", report.bundle.root));
    page.line(&format!("  policy {}", report.policy.sha256));
    page.line(&format!("  {}", report.tool));
    page.0
}

fn scope(page: &mut Page, report: &Report) {
    match &report.statement {
        Some(statement) => {
            let whose =
                format!("Venue {} ({}), statement {}", statement.legal_entity, statement.venue, statement.sequence);
            page.hanging("", "  ", &whose);
            page.line(&format!("Cut-off {}, next statement due {}", statement.cutoff, statement.due));
            page.line(&format!("Statement {}", statement.digest));
            if let Some(time) = report.as_of {
                page.line(&format!("As of {time}, which decides about the statement's age"));
            }
        }
        None => page.line("No statement of liabilities in this bundle."),
    }
    let bundle = &report.bundle;
    let sealed = format!("Bundle sealed {} by {}, calling itself", bundle.sealed_at, bundle.maker_key);
    page.hanging("", "  ", &format!("{sealed} {}", bundle.maker));
    if !bundle.absent.is_empty() {
        let (absent, files) = (bundle.absent.len(), bundle.files);
        page.wrapped("", &format!("Of the {files} files, {absent} of the auditor's part are not in this copy:"));
        for file in bundle.absent.iter().take(ABSENT_SHOWN) {
            page.item(&file.path);
        }
        if absent > ABSENT_SHOWN {
            page.item(&format!("and {} more", absent - ABSENT_SHOWN));
        }
    }
    if report.policy.departures.is_empty() {
        page.line("Policy: demands what the built-in policy demands.");
    } else {
        page.line("Policy departs from the built-in one:");
        for departure in &report.policy.departures {
            page.item(departure);
        }
    }
    page.line("");
}

/// What coverage is computed from.
fn low(asset: &AssetReport) -> Amount {
    asset.low()
}

/// What is held at most.
fn high(asset: &AssetReport) -> Amount {
    asset.high()
}

/// What an asset's figures are made of, one kind a line.
fn asset_notes(page: &mut Page, asset: &AssetReport) {
    let amount = |amount: Amount| amount.to_readable(asset.decimals);
    if let Some(owed) = &asset.owed {
        let other = owed.other.map_or_else(|| "none stated".to_owned(), amount);
        let (committed, count) = (amount(owed.committed), owed.leaves);
        let leaves = if count == 1 { "leaf" } else { "leaves" };
        page.item(&format!("owed: {committed} committed in {count} {leaves}; other liabilities {other}"));
        let classes: Vec<String> =
            owed.classes.iter().map(|(class, total)| format!("{class} {}", amount(*total))).collect();
        if classes.len() > 1 {
            page.item(&format!("owed by class: {}", classes.join("; ")));
        }
    }
    for (&(authenticity, completeness), &sum) in asset.held.by_evidence.iter().rev() {
        let (sum, basis) = (amount(sum), authenticity.min(completeness.basis()));
        page.item(&format!("held: {sum} {basis} (existence {authenticity}, history {completeness})"));
    }
    let roles: Vec<String> = asset.held.by_role.iter().map(|(role, sum)| format!("{role} {}", amount(*sum))).collect();
    if !roles.is_empty() {
        page.item(&format!("counted by tier: {}", roles.join("; ")));
    }
    if let Some(declared) = super::tiers::declared(asset) {
        page.item(&format!("declared by tier: {declared}"));
    }
    for (name, words) in super::tiers::elsewhere(asset) {
        page.item(&format!("{}: {words}", name.to_lowercase()));
    }
    let control = asset.held.by_control.iter();
    let control: Vec<String> = control.map(|(grade, sum)| format!("{grade} {}", amount(*sum))).collect();
    if !control.is_empty() {
        page.item(&format!("counted by control: {}", control.join("; ")));
    }
    // everything is free now where nobody says otherwise
    let buckets: Vec<String> =
        asset.held.by_bucket.iter().map(|(bucket, sum)| format!("{bucket} {}", amount(*sum))).collect();
    if asset.held.by_bucket.contains_key(Bucket::ExitQueue.text()) {
        page.item(&format!("counted by how soon it can pay: {}", buckets.join("; ")));
    }
    if !asset.held.without_control.is_zero() {
        page.item(&format!("not counted: {} without control", amount(asset.held.without_control)));
    }
    if !asset.held.excluded.is_zero() {
        page.item(&format!("not counted: {} internal, pledged or self-issued", amount(asset.held.excluded)));
    }
    if !asset.not_sustained.is_zero() {
        let amount = amount(asset.not_sustained);
        page.item(&format!("not counted: {amount} that came and went, or left before the closing block"));
    }
    window::commitments(page, asset);
    for report in &asset.windows {
        window::notes(page, report);
    }
}

fn findings(page: &mut Page, report: &Report) {
    if report.findings.is_empty() {
        page.line("No findings.");
        page.line("");
        return;
    }
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let [critical, exceptions, notes] = [Severity::Critical, Severity::Exception, Severity::Note].map(count);
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let (many, more) = (plural(exceptions), plural(notes));
    page.heading(&format!("Findings: {critical} critical, {exceptions} exception{many}, {notes} note{more}"));
    let mut rest: &[Finding] = &report.findings;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|finding| (finding.code, finding.severity) == (first.code, first.severity));
        let (group, others) = rest.split_at(same.count());
        for finding in group.iter().take(SHOWN_PER_CODE) {
            write_finding(page, finding);
        }
        if group.len() > SHOWN_PER_CODE {
            page.line(&format!(
                "  … and {} more of {} (all of them with --json)",
                group.len() - SHOWN_PER_CODE,
                first.code
            ));
        }
        rest = others;
    }
    page.line("");
}

pub(super) fn write_finding(page: &mut Page, finding: &Finding) {
    let head = format!("{} {} {}: {}", finding.id, finding.severity.text(), finding.code, finding.code.title);
    page.wrapped("  ", &head);
    page.wrapped("      ", &format!("{}: {}", finding.subject, finding.detail));
    page.wrapped("      ", &format!("clears: {}", finding.clears));
    if let (Some(path), Some(digest)) = (&finding.evidence, finding.evidence_sha256) {
        page.line(&format!("      {path}"));
        page.line(&format!("      {digest}"));
    }
}

/// Whether a character ends a line, turns its direction, moves the cursor or cannot be seen: none belongs in a report.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A text from evidence on one line: it cannot draw lines of its own, nor move the cursor.
#[must_use]
pub fn shown(text: &str) -> String {
    text.replace(is_control, "\u{fffd}")
}

/// A paragraph within the width of the page.
#[must_use]
pub fn wrap(text: &str) -> String {
    let mut page = Page::default();
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    page.wrapped(&indent, text.trim_start());
    page.0.trim_end().to_owned()
}

/// Lines of a page.
#[derive(Default)]
pub(super) struct Page(pub(super) String);

impl Page {
    /// One line. Control characters from evidence never reach a terminal.
    pub(super) fn line(&mut self, line: &str) {
        let shown = line.chars().map(|c| if is_control(c) && c != '\n' { '\u{fffd}' } else { c });
        self.0.extend(shown);
        self.0.push('\n');
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.line(text);
    }

    pub(super) fn item(&mut self, text: &str) {
        self.hanging("  - ", "    ", text);
    }

    pub(super) fn wrapped(&mut self, indent: &str, text: &str) {
        self.hanging(indent, indent, text);
    }

    /// Breaks at spaces, so that amounts, addresses and hashes stay whole; only what is wider than the page is cut.
    /// Words of others begin no line of their own: their line ends are shown as marks, and their rows of spaces as one.
    pub(super) fn hanging(&mut self, first: &str, indent: &str, text: &str) {
        let mut line = first.to_owned();
        let mut filled = false;
        for word in words(&shown(text)).iter().flat_map(|word| pieces(word, WIDTH - indent.width())) {
            if filled && line.width() + 1 + word.width() > WIDTH {
                self.line(&line);
                line = indent.to_owned();
                filled = false;
            }
            if filled {
                line.push(' ');
            }
            line.push_str(&word);
            filled = true;
        }
        self.line(&line);
    }
}

/// A word that is wider than `max` columns in pieces that are not.
fn pieces(word: &str, max: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut width = 0;
    for c in word.chars() {
        let columns = c.width().unwrap_or(0);
        if width + columns > max {
            pieces.push(String::new());
            width = 0;
        }
        width += columns;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}

/// Words, with the groups of one number kept together.
fn words(text: &str) -> Vec<String> {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let three = word.chars().take(3).filter(char::is_ascii_digit).count() == 3;
        match words.last_mut().filter(|last| three && digit(last.chars().last())) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}
