//! What a reader of a sheet must know beside its figures.

use super::groups::Group;
use super::{Callable, Sheet};
use crate::amount::exact::Exact;
use crate::code::credit as codes;
use crate::policy::quality::QualityRules;
use crate::publish::balance_sheet::Due;
use crate::reconcile::findings::{Finding, Severity};
use crate::reserve::address_set::IssuerRelation;

/// All, by weight, code and subject, numbered.
pub(super) fn of(sheet: &Sheet, rules: &QualityRules, groups: &[Group<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for group in groups {
        of_group(sheet, group, &mut findings);
    }
    of_totals(sheet, &mut findings);
    of_assets_owed(sheet, groups, &mut findings);
    for entry in &sheet.entry {
        let (sign, unit) = (if entry.negative { "-" } else { "" }, &sheet.unit);
        let said = entry.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        let detail = format!("{sign}{} {unit} stands in neither total{said}", entry.amount);
        findings.push(Finding::new(&codes::UNEXPLAINED_ENTRY, Severity::Exception, entry.name.clone(), detail));
    }
    for row in sheet.asset.iter().filter(|row| row.related_party) {
        let marked = row.marked.as_ref().map_or_else(|| "an unknown amount".to_owned(), Exact::to_string);
        let said = row.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        let detail = format!("{marked} {}{said}", sheet.unit);
        findings.push(Finding::new(&codes::HELD_BY_RELATED, Severity::Exception, row.name.clone(), detail));
    }
    // nothing else would say that a cap of this name was not applied
    for terms in rules.asset.iter().filter(|terms| !sheet.asset.iter().any(|row| row.asset == terms.id)) {
        let detail = "the assumptions name it, the sheet has no row of it";
        findings.push(Finding::new(&codes::ASSUMPTION_UNUSED, Severity::Note, terms.id.as_str(), detail));
    }
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| (finding.severity, finding.code.number, finding.subject.clone());
        key(left).cmp(&key(right))
    });
    for (number, finding) in (1..).zip(&mut findings) {
        finding.id = format!("F{number}");
    }
    findings
}

fn of_group(sheet: &Sheet, group: &Group<'_>, findings: &mut Vec<Finding>) {
    let unit = &sheet.unit;
    let Some(asset) = group.asset else {
        let rest = group.whole.marked.clone().unwrap_or_else(Exact::zero);
        let detail = format!("{rest} {unit} of the assets have no rows; they are counted in full, and at once");
        findings.push(Finding::new(&codes::NOT_ITEMISED, Severity::Exception, "assets", detail));
        return;
    };
    let mut add = |code, severity, detail: String| {
        findings.push(Finding::new(code, severity, asset.as_str(), detail).of_asset(asset));
    };
    let marked = group.whole.marked.as_ref();
    let shown = || marked.map_or_else(|| "an unknown amount".to_owned(), |marked| format!("{marked} {unit}"));
    if group.own {
        let whose = if group.relation == IssuerRelation::Own { "its own issue" } else { "issued by an affiliate" };
        let itself = group.covers_itself(sheet, Due::Longer);
        let itself = if itself.is_zero() { String::new() } else { format!(" but {itself} owed in it") };
        let detail = format!("{whose}, marked {}: it covers nothing{itself}", shown());
        add(&codes::OWN_TOKEN_AT_ZERO, Severity::Exception, detail);
    }
    let market = group.terms.and_then(|terms| terms.market_value.as_ref());
    if let Some((marked, market)) = marked.zip(market).filter(|(marked, market)| marked > market) {
        let share = group.share_of_market().unwrap_or_else(|| "more than all".to_owned());
        let detail = format!("marked {marked}, all of it is worth {market} {unit}: {share}");
        add(&codes::ABOVE_MARKET_VALUE, Severity::Exception, detail);
    }
    if !group.own && group.rows.iter().any(|row| row.due.is_none()) && marked.is_none_or(|marked| !marked.is_zero()) {
        add(&codes::DUE_UNKNOWN, Severity::Note, format!("{} without a bucket", shown()));
    }
}

/// Rows that are less than their total, or more.
fn of_totals(sheet: &Sheet, findings: &mut Vec<Finding>) {
    let unit = &sheet.unit;
    let marked = sheet.asset.iter().filter(|row| row.part_of.is_none()).filter_map(|row| row.marked.as_ref());
    let sides = [
        ("assets", Exact::sum(marked), sheet.totals.assets.as_ref()),
        ("liabilities", Exact::sum(sheet.liability.iter().map(|row| &row.amount)), sheet.totals.liabilities.as_ref()),
    ];
    for (side, rows, total) in sides {
        let Some(total) = total else { continue };
        if rows > *total {
            let detail = format!("rows of {rows}, a total of {total} {unit}");
            findings.push(Finding::new(&codes::ROWS_ABOVE_TOTAL, Severity::Exception, side, detail));
        }
    }
    let rest = sheet.rest_of_liabilities();
    if !rest.is_zero() {
        let when = match sheet.callable {
            Callable::AtOnce => "at once",
            Callable::Unknown => "nobody knows when",
        };
        let detail = format!("{rest} {unit} of the liabilities have no rows; they can be asked for {when}");
        findings.push(Finding::new(&codes::NOT_ITEMISED, Severity::Exception, "liabilities", detail));
    }
}

/// What is owed in an asset against what is listed of it: no other asset pays it without being sold.
fn of_assets_owed(sheet: &Sheet, groups: &[Group<'_>], findings: &mut Vec<Finding>) {
    let mut seen = Vec::new();
    for asset in sheet.liability.iter().filter_map(|row| row.asset.as_ref()) {
        if seen.contains(&asset) {
            continue;
        }
        seen.push(asset);
        let owed = sheet.owed_in(asset, Due::Longer);
        let group = groups.iter().find(|group| group.asset == Some(asset));
        let held = group.map(|group| group.whole.marked.clone());
        let detail = match held {
            Some(Some(held)) if held < owed => format!("{held} of {owed} {} owed in it", sheet.unit),
            Some(_) => continue,
            None => format!("{owed} {} are owed in it, no row says how much of it is held", sheet.unit),
        };
        let finding = Finding::new(&codes::OWED_AND_NOT_HELD, Severity::Exception, asset.as_str(), detail);
        findings.push(finding.of_asset(asset));
    }
}
