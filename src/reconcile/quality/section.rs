//! The stocks of a bundle, and what a reader must know of them beside their values.

use std::collections::BTreeSet;

use super::stocks::{QualitySection, Stock, StockStep, StockWorth, judge};
use crate::amount::exact::Exact;
use crate::asset::AssetId;
use crate::code::{credit as credit_codes, quality as codes};
use crate::policy::{Policy, QualityRules};
use crate::publish::Statement;
use crate::publish::balance_sheet::BalanceSheet;
use crate::reconcile::balance_sheet::{Books, relation};
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::model::AssetReport;
use crate::reconcile::reserves::Reserves;
use crate::reserve::address_set::IssuerRelation;

/// The section and its findings; without assumptions there is none of both.
pub(in crate::reconcile) fn section(
    policy: &Policy,
    statement: Option<&Statement>,
    reserves: &Reserves,
    assets: &[AssetReport],
) -> (Option<QualitySection>, Vec<Finding>) {
    let Some(rules) = policy.quality() else { return (None, Vec::new()) };
    let nothing = |detail: String| {
        let finding = Finding::new(&codes::NOTHING_VALUED, Severity::Exception, "quality", detail);
        (None, vec![finding])
    };
    let Some(sheet) = statement.and_then(|statement| statement.schedules.balance_sheet.as_ref()) else {
        return nothing("no balance sheet says what is due by when".to_owned());
    };
    let stocks = match stocks(&Books { policy, sheet, reserves }, assets) {
        Ok(stocks) => stocks,
        Err(asset) => return nothing(format!("a sum of {asset} does not fit")),
    };
    let section = judge(rules, &stocks);
    let mut findings = unused(rules, assets, sheet);
    for worth in &section.assets {
        of_asset(rules, worth, &stocks, &mut findings);
    }
    findings.extend(of_ladder(&section));
    (Some(section), findings)
}

/// Every unit of which there is something, or in which something is owed; the name of one whose sum does not fit.
fn stocks(books: &Books<'_>, assets: &[AssetReport]) -> Result<Vec<Stock>, AssetId> {
    let reported = assets.iter().map(|asset| &asset.asset);
    let ids: BTreeSet<&AssetId> = reported.chain(books.sheet.units.iter().map(|unit| &unit.id)).collect();
    let mut stocks = Vec::new();
    for id in ids {
        let own = assets.iter().find(|asset| asset.asset == *id);
        let steps = books.steps(id, own).ok_or_else(|| id.clone())?;
        let step = |step: &crate::reconcile::balance_sheet::Step| StockStep {
            due: step.due,
            callable: step.callable,
            available: step.with_claims,
        };
        let relation = relation(books.policy, books.sheet, books.reserves, id);
        let decimals = steps.decimals;
        let steps: Vec<StockStep> = steps.steps.iter().map(step).collect();
        if steps.iter().any(|step| !step.callable.is_zero() || !step.available.is_zero()) {
            stocks.push(Stock { asset: id.clone(), decimals, relation, steps });
        }
    }
    Ok(stocks)
}

/// A name that is spelt otherwise than in the statement caps nothing.
fn unused(rules: &QualityRules, assets: &[AssetReport], sheet: &BalanceSheet) -> Vec<Finding> {
    let known = |id: &AssetId| assets.iter().any(|asset| asset.asset == *id) || sheet.unit(id).is_some();
    let of = |id: &AssetId| {
        let detail = "the policy assumes something of it, neither statement nor policy counts it";
        Finding::new(&credit_codes::ASSUMPTION_UNUSED, Severity::Note, id.as_str(), detail)
    };
    rules.asset.iter().filter(|terms| !known(&terms.id)).map(|terms| of(&terms.id)).collect()
}

fn of_asset(rules: &QualityRules, worth: &StockWorth, stocks: &[Stock], findings: &mut Vec<Finding>) {
    let StockWorth { asset, decimals, all, .. } = worth;
    let mut add = |code, severity, detail: String| {
        let finding = Finding::new(code, severity, asset.as_str(), detail);
        findings.push(finding.of_asset(asset).of_amount(*all, *decimals));
    };
    let text = all.to_readable(*decimals);
    let units = Exact::of_amount(*all, *decimals);
    let terms = rules.terms(asset);
    let more_than = |limit: Option<&Exact>| limit.filter(|limit| units > **limit).cloned();
    let own = worth.relation != IssuerRelation::None;
    if own && !all.is_zero() {
        let whose = if worth.relation == IssuerRelation::Own { "its own issue" } else { "issued by an affiliate" };
        let owed = stocks.iter().find(|stock| stock.asset == *asset).and_then(|stock| stock.steps.last());
        let owed = owed.map_or_else(String::new, |step| step.callable.min(*all).to_readable(*decimals));
        let detail = format!("{whose}, {text} of it: worth nothing to others, it pays {owed} that are owed in it");
        add(&credit_codes::OWN_TOKEN_AT_ZERO, Severity::Exception, detail);
    }
    if let Some(float) = more_than(terms.and_then(|terms| terms.free_float.as_ref())).filter(|_| own) {
        let share = worth.share_of_float.as_deref().unwrap_or("more than all");
        let detail = format!("{text} held and claimed, others have {} by the policy: {share}", float.to_readable());
        add(&codes::ABOVE_FREE_FLOAT, Severity::Exception, detail);
    }
    if let Some(circulating) = more_than(terms.and_then(|terms| terms.circulating.as_ref())) {
        let share = worth.share_of_circulating.as_deref().unwrap_or("more than all");
        let detail = format!("{text} held and claimed, {} circulate by the policy: {share}", circulating.to_readable());
        add(&codes::ABOVE_CIRCULATING, Severity::Exception, detail);
    }
    let priced = terms.and_then(|terms| Some((units.times(terms.price.as_ref()?), terms.market_value.as_ref()?)));
    if let Some((priced, market)) = priced.filter(|(priced, market)| priced > *market) {
        let share = priced.percent_of(market).unwrap_or_else(|| "more than all".to_owned());
        let detail = format!(
            "{} at the assumed price, all of it is worth {} by the policy: {share}",
            priced.to_readable(),
            market.to_readable()
        );
        add(&credit_codes::ABOVE_MARKET_VALUE, Severity::Exception, detail);
    }
}

/// The first rung that fails, and what nobody can say.
fn of_ladder(section: &QualitySection) -> Vec<Finding> {
    let mut findings = Vec::new();
    let unit = section.unit.as_deref().unwrap_or("units of the policy's prices");
    if let Some(rung) = section.ladder.rungs.iter().find(|rung| rung.missing.is_some()) {
        let zero = Exact::zero();
        let text = |value: &Option<Exact>| value.as_ref().unwrap_or(&zero).to_readable();
        let (paid, lack) = (text(&rung.realisable), text(&rung.missing));
        let detail = format!(
            "by {}: {} {unit} are missing in kind, everything else brings {paid} at most, {lack} are missing still",
            rung.due,
            rung.callable.to_readable()
        );
        let subject = format!("by {}", rung.due);
        findings.push(Finding::new(&codes::NOT_PAID_BY_SELLING, Severity::Exception, subject, detail));
    }
    let unknown = [
        (&section.unpriced, "some of it is missing, and it has no price: nothing of that is in what has to be paid"),
        (&section.unvalued, "some of it is left over, and nothing caps what that brings"),
    ];
    for (assets, detail) in unknown {
        for asset in assets {
            let finding = Finding::new(&codes::NOTHING_ASSUMED, Severity::Note, asset.as_str(), detail);
            findings.push(finding.of_asset(asset));
        }
    }
    findings
}
