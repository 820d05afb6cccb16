//! Several venues, as plain text within 80 columns.

use comfy_table::{CellAlignment, Table, presets};
use unicode_width::UnicodeWidthStr as _;

use super::{Page, SHOWN_PER_CODE, WIDTH};
use crate::reconcile::Severity;
use crate::reconcile::network::fraction::{decimal, percent};
use crate::reconcile::network::{AssetNetwork, Exact, NetworkFinding, NetworkReport, Side, VenueFigures};

/// The whole report.
#[must_use]
pub fn network_text(report: &NetworkReport) -> String {
    let mut page = Page::default();
    let verdict = report.verdict.text().to_uppercase();
    page.hanging("", "  ", &format!("{verdict}: {}", report.headline));
    page.line("");
    page.line(&format!("Cut-off {}", report.cutoff));
    let (alpha, beta) = (&report.policy.alpha.0, &report.policy.beta.0);
    page.wrapped("", &match (alpha.to_string().as_str(), beta.to_string().as_str()) {
        ("1", "1") => "Cleared pro rata, one class of creditors; a default costs nothing.".to_owned(),
        _ => format!(
            "Cleared pro rata, one class of creditors; a defaulter is left with {alpha} of its own assets and {beta} of \
             what others pay it. These shares are the policy's, assumed."
        ),
    });
    for venue in &report.venues {
        let alone = format!("alone {}, {} findings", venue.own_verdict, venue.own_findings);
        page.item(&format!("{} ({}), statement {}: {alone}", venue.venue, venue.legal_entity, venue.sequence));
    }
    for venue in &report.absent {
        page.item(&format!("{venue}: no bundle"));
    }
    page.line("");
    for asset in &report.assets {
        one(&mut page, asset);
    }
    deposits(&mut page, report);
    findings(&mut page, &report.findings);
    page.heading("What this report does not show");
    for line in &report.not_shown {
        page.item(line);
    }
    page.line("");
    page.heading("To re-run");
    for venue in &report.venues {
        page.line(&format!("  bundle {}", venue.bundle));
    }
    page.line(&format!("  policy {}", report.policy.sha256));
    page.line(&format!("  {}", report.tool));
    page.0
}

/// A share of what is owed; nothing owed is nothing short.
fn share(side: &Side) -> String {
    percent(&side.assets.0, &side.owed.0).unwrap_or_else(|| "-".to_owned())
}

/// One row of the table.
fn cells(venue: &VenueFigures, text: &dyn Fn(&Exact) -> String) -> [String; 8] {
    [
        venue.venue.to_string(),
        text(&venue.outside),
        text(&venue.deposits),
        text(&venue.gross.owed),
        share(&venue.gross),
        share(&venue.netted),
        venue.cleared.share.clone().unwrap_or_else(|| "-".to_owned()),
        text(&venue.cleared.customers_get),
    ]
}

fn one(page: &mut Page, asset: &AssetNetwork) {
    let text = |amount: &Exact| decimal(&amount.0, asset.decimals);
    page.wrapped("", &format!("{}: {}", asset.asset, asset.verdict));
    page.wrapped("  ", &asset.sentence);
    page.line("");
    let head = ["Venue", "Reserves", "Deposits", "Owed", "Gross", "Netted", "Cleared", "Customers"];
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(head);
    let rows: Vec<[String; 8]> = asset.venues.iter().map(|venue| cells(venue, &text)).collect();
    for row in &rows {
        table.add_row(row);
    }
    let sums = &asset.sums;
    let together = percent(&sums.outside.0, &sums.customers.0).unwrap_or_else(|| "-".to_owned());
    let gross = percent(&sums.gross_assets.0, &sums.gross_owed.0).unwrap_or_else(|| "-".to_owned());
    let cleared = percent(&sums.customers_get.0, &sums.customers.0).unwrap_or_else(|| "-".to_owned());
    table.add_row([
        "together".to_owned(),
        text(&sums.outside),
        text(&sums.between),
        text(&sums.gross_owed),
        gross,
        together.clone(),
        cleared,
        text(&sums.customers_get),
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let drawn = table.trim_fmt();
    if drawn.lines().all(|line| line.width() <= WIDTH) {
        page.line(&drawn);
    } else {
        // amounts that do not fit beside each other
        for row in &rows {
            for (name, cell) in head.iter().zip(row) {
                let indent = if *name == "Venue" { "  " } else { "    " };
                page.hanging(indent, "      ", &format!("{name}: {cell}"));
            }
        }
    }
    page.line("");
    for venue in &asset.venues {
        pays(page, venue, &text);
    }
    for ring in &asset.rings {
        let way: Vec<&str> = ring.venues.iter().chain(ring.venues.first()).map(|venue| venue.as_str()).collect();
        let amount = text(&ring.amount);
        page.item(&format!("a ring: {}, {amount}; each counts the same money once more", way.join(" owes ")));
    }
    page.item(&format!(
        "consolidated, without what they owe each other: {} there, {} owed to customers and others, {together}",
        text(&sums.outside),
        text(&sums.customers)
    ));
    if sums.outside_at_most > sums.outside {
        let share = sums.coverage_at_most.as_deref().unwrap_or("-");
        page.item(&format!("if all that was offered is believed: {} there, {share}", text(&sums.outside_at_most)));
    }
    page.line("");
}

/// The exact payment of one venue.
fn pays(page: &mut Page, venue: &VenueFigures, text: &dyn Fn(&Exact) -> String) {
    let cleared = &venue.cleared;
    let exact = cleared.pays.0.to_string();
    let rounded = text(&cleared.pays);
    let amount = if exact.contains('/') { format!("{exact} = {rounded}") } else { rounded };
    let how = match cleared.wave {
        0 => "in full".to_owned(),
        1 => "first wave of defaults: it cannot pay though all others do".to_owned(),
        wave => format!("wave {wave} of defaults: it cannot pay because others do not"),
    };
    let least = match cleared.pays_least < cleared.pays {
        true => format!(", by the least payments {}", text(&cleared.pays_least)),
        false => String::new(),
    };
    let shared = match venue.shared.0 > crate::reconcile::network::fraction::zero() {
        true => format!("; {} that others show, too, are not counted", text(&venue.shared)),
        false => String::new(),
    };
    let owed = text(&venue.gross.owed);
    page.item(&format!("{}, {}: pays {amount} of {owed}, {how}{least}{shared}", venue.venue, venue.verdict));
}

fn deposits(page: &mut Page, report: &NetworkReport) {
    if report.deposits.is_empty() {
        page.line("No deposit of one of these venues at another is proved.");
        page.line("");
        return;
    }
    page.heading("Deposits, proved in the debtor's tree under the depositor's key");
    for row in &report.deposits {
        let decimals = report.assets.iter().find(|asset| asset.asset == row.asset).map(|asset| asset.decimals);
        let text = |amount: &Exact| decimal(&amount.0, decimals.unwrap_or(crate::amount::Decimals::ZERO));
        let leaf = if row.indices.len() == 1 { "leaf" } else { "leaves" };
        page.item(&format!(
            "{} at {}: {} {} ({}, {leaf} {}); at the debtor's own coverage at most {}",
            row.depositor,
            row.debtor,
            text(&row.amount),
            row.asset,
            row.class,
            row.indices.join(", "),
            text(&row.at_most)
        ));
    }
    page.line("");
}

fn findings(page: &mut Page, all: &[NetworkFinding]) {
    if all.is_empty() {
        page.line("No findings about the venues together.");
        page.line("");
        return;
    }
    let count = |severity| all.iter().filter(|finding| finding.severity == severity).count();
    let (critical, exceptions) = (count(Severity::Critical), count(Severity::Exception));
    page.heading(&format!("Findings about the venues together: {critical} critical, {exceptions} other"));
    for group in all.chunk_by(|left, right| (left.code, left.severity) == (right.code, right.severity)) {
        for finding in group.iter().take(SHOWN_PER_CODE) {
            let venues: Vec<&str> = finding.venues.iter().map(|venue| venue.as_str()).collect();
            let (id, severity, code) = (&finding.id, finding.severity.text(), finding.code);
            page.wrapped("  ", &format!("{id} {severity} {code} ({}): {}", venues.join(", "), code.title));
            page.wrapped("      ", &format!("{}: {}", finding.subject, finding.detail));
            page.wrapped("      ", &format!("clears: {}", finding.clears));
        }
        let more = group.len().saturating_sub(SHOWN_PER_CODE);
        if let Some(first) = group.first().filter(|_| more > 0) {
            page.line(&format!("  … and {more} more of {} (all of them with --json)", first.code));
        }
    }
    page.line("");
}
