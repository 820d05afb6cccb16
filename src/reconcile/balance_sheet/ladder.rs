//! When what of one unit can be asked for, and when what of it can be paid.

use super::AssetLadder;
use super::findings::not_left_out;
use super::waiting::{Waiting, waiting};
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::code::{credit as codes, quality as quality_codes};
use crate::policy::Policy;
use crate::publish::balance_sheet::{BalanceSheet, Due, HoldingKind, Row};
use crate::reconcile::custodian::CustodyShare;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::liquidity::Ladder;
use crate::reconcile::model::AssetReport;
use crate::reconcile::percent;
use crate::reconcile::reserves::Reserves;
use crate::reserve::claim::Bucket;

/// Where the figures of a ladder come from.
#[derive(Clone, Copy)]
pub(in crate::reconcile) struct Books<'a> {
    pub(in crate::reconcile) policy: &'a Policy,
    pub(in crate::reconcile) sheet: &'a BalanceSheet,
    pub(in crate::reconcile) reserves: &'a Reserves,
}

/// Everything of one unit up to the end of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reconcile) struct Step {
    pub(in crate::reconcile) due: Due,
    /// What can be asked for.
    pub(in crate::reconcile) callable: Amount,
    /// What is held and free.
    pub(in crate::reconcile) held: Amount,
    /// The same, as if all that is owed to the venue by then were paid.
    pub(in crate::reconcile) with_claims: Amount,
}

/// All of one unit.
#[derive(Clone, Debug)]
pub(in crate::reconcile) struct Steps {
    pub(in crate::reconcile) asset: AssetId,
    pub(in crate::reconcile) decimals: Decimals,
    /// In the order of the buckets.
    pub(in crate::reconcile) steps: Vec<Step>,
    encumbered: Amount,
    in_custody: Amount,
    /// What custodians keep and no row gives a bucket to, by custodian.
    without_bucket: Vec<(String, Amount)>,
}

/// What one custodian keeps, and what the balance sheet says of the account there.
struct Account<'a> {
    custodian: &'a str,
    counted: Amount,
    rows: Vec<&'a Row<HoldingKind>>,
}

/// The rows of one unit: they stand together, in the order of the units. Of a hundred thousand rows in ten thousand
/// units nobody looks at all for each.
fn of_asset<'a, K>(rows: &'a [Row<K>], id: &AssetId) -> &'a [Row<K>] {
    let from = rows.partition_point(|row| row.asset < *id);
    let to = rows.partition_point(|row| row.asset <= *id);
    rows.get(from..to).unwrap_or_default()
}

impl Books<'_> {
    /// The steps of one unit, of which `own` is the section of the report; `None` when a sum does not fit.
    pub(in crate::reconcile) fn steps(&self, id: &AssetId, own: Option<&AssetReport>) -> Option<Steps> {
        if own.is_some_and(|own| !own.has_figures()) {
            return None;
        }
        let unit = self.sheet.unit(id).map(|unit| unit.decimals);
        let reported = own.map(|own| own.decimals);
        let decimals = unit.max(reported)?;
        let (from, reported) = (unit.unwrap_or(decimals), reported.unwrap_or(decimals));
        let rescaled = |amount: Amount| amount.rescale(reported, decimals).ok();
        // a venue's customers may all leave at once, whatever class their balances have
        let spot = own.and_then(|own| own.owed.as_ref()).map_or(Amount::ZERO, |owed| owed.committed);
        let low = own.map_or(Amount::ZERO, |own| own.held.counted.checked_sub(own.not_sustained).unwrap_or_default());
        let queued = own.and_then(|own| own.held.by_bucket.get(Bucket::ExitQueue.text())).copied().unwrap_or_default();
        let (spot, low, queued) = (rescaled(spot)?, rescaled(low)?, rescaled(queued)?);
        let encumbered = not_left_out(self.policy, self.sheet, self.reserves, id, decimals, from)?;
        let waiting = waiting(self.policy, self.sheet, self.reserves, id, decimals, from)?;
        let shares = own.map_or(&[][..], |own| &own.custodians);
        let mut accounts = Vec::new();
        for share in shares.iter().filter(|share| !share.counted.is_zero()) {
            accounts.push(self.account(share, rescaled(share.counted)?));
        }
        let figures = Figures { id, from, decimals, spot, low, queued, encumbered, waiting, accounts: &accounts };
        let steps = Due::ALL.iter().map(|due| self.step(&figures, *due)).collect::<Option<_>>()?;
        let mut without_bucket = Vec::new();
        for account in &accounts {
            let rows = figures.sum_of(account.rows.iter().map(|row| row.amount))?;
            let rest = account.counted.checked_sub(rows).unwrap_or_default();
            without_bucket.extend((!rest.is_zero()).then(|| (account.custodian.to_owned(), rest)));
        }
        let in_custody = Amount::checked_sum(accounts.iter().map(|account| account.counted))?;
        Some(Steps { asset: id.clone(), decimals, steps, encumbered, in_custody, without_bucket })
    }

    fn account<'a>(&'a self, share: &'a CustodyShare, counted: Amount) -> Account<'a> {
        let there = |row: &&Row<HoldingKind>| {
            (row.kind, &row.asset) == (HoldingKind::Deposit, &share.asset)
                && row.counterparty == share.custodian.as_str()
        };
        let rows = of_asset(&self.sheet.holdings, &share.asset).iter().filter(there).collect();
        Account { custodian: share.custodian.as_str(), counted, rows }
    }

    /// `None` when a sum does not fit.
    fn step(&self, of: &Figures<'_>, due: Due) -> Option<Step> {
        let sheet = self.sheet;
        let owed = of_asset(&sheet.liabilities, of.id).iter().filter(|row| row.due <= due);
        let callable = of.spot.checked_add(of.sum_of(owed.map(|row| row.amount))?)?;
        let sum = |rows: &[(Due, Amount)], counts: &dyn Fn(Due) -> bool| {
            Amount::checked_sum(rows.iter().filter(|(end, _)| counts(*end)).map(|(_, amount)| *amount))
        };
        let free_again = sum(&of.waiting.locked, &|end| end <= due)?;
        let staked = sum(&of.waiting.staked, &|end| end > due)?;
        // validators are staked, and the rows of the sheet may be about them
        let queued = if due < Due::Longer { of.queued.max(staked) } else { Amount::ZERO };
        let kept = of.encumbered.checked_sub(free_again).unwrap_or_default().checked_add(queued)?;
        let mut held = of.low.checked_sub(kept).unwrap_or_default();
        // a deposit that the custodian's tree shows is held, and no claim beside it
        let shown = |row: &Row<HoldingKind>| {
            row.kind == HoldingKind::Deposit && of.accounts.iter().any(|account| account.custodian == row.counterparty)
        };
        let claims = of_asset(&sheet.holdings, of.id).iter().filter(|row| row.due <= due && !shown(row));
        let debts = of_asset(&sheet.receivables, of.id).iter().filter(|row| row.due <= due).map(|row| row.amount);
        let mut claims = of.sum_of(claims.map(|row| row.amount).chain(debts))?;
        for account in of.accounts {
            let rows = account.rows.iter().filter(|row| row.due <= due).map(|row| row.amount);
            let rows = of.sum_of(rows)?;
            let paid = if due == Due::Longer { account.counted } else { account.counted.min(rows) };
            held = held.checked_add(paid)?;
            claims = claims.checked_add(rows.checked_sub(paid).unwrap_or_default())?;
        }
        Some(Step { due, callable, held, with_claims: held.checked_add(claims)? })
    }
}

/// What all steps of one unit have in common: amounts with `decimals`, rows of the sheet with `from`.
struct Figures<'a> {
    id: &'a AssetId,
    from: Decimals,
    decimals: Decimals,
    spot: Amount,
    low: Amount,
    queued: Amount,
    encumbered: Amount,
    waiting: Waiting,
    accounts: &'a [Account<'a>],
}

impl Figures<'_> {
    fn sum_of(&self, amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
        let amounts: Option<Vec<Amount>> =
            amounts.map(|amount| amount.rescale(self.from, self.decimals).ok()).collect();
        Amount::checked_sum(amounts?)
    }
}

impl Steps {
    pub(super) fn ladder(&self) -> AssetLadder {
        let of = |part: fn(&Step) -> Amount| {
            let at = |due: Due| {
                let step = self.steps.iter().find(|step| step.due == due);
                (step.map_or(Amount::ZERO, |step| step.callable), step.map(part))
            };
            Ladder::new(at, |left, right| left.checked_sub(*right).unwrap_or_default())
        };
        AssetLadder {
            asset: self.asset.clone(),
            decimals: self.decimals,
            at_once: self.steps.first().and_then(|step| percent(step.held, step.callable)),
            held: of(|step| step.held),
            with_claims: of(|step| step.with_claims),
            encumbered: self.encumbered,
            in_custody: self.in_custody,
        }
    }
}

/// The first rung that fails.
pub(super) fn fails(ladder: &AssetLadder) -> Option<Finding> {
    let rung = ladder.held.rungs.iter().find(|rung| rung.missing.is_some())?;
    let text = |amount: Amount| amount.to_readable(ladder.decimals);
    let (paid, missing) = (rung.realisable.unwrap_or_default(), rung.missing.unwrap_or_default());
    let (callable, due) = (text(rung.callable), rung.due);
    let detail =
        format!("by {due}: {callable} can be asked for, {} can be paid, {} are missing", text(paid), text(missing));
    let finding = Finding::new(&codes::LADDER_FAILS, Severity::Exception, ladder.asset.as_str(), detail);
    Some(finding.of_asset(&ladder.asset).of_amount(missing, ladder.decimals))
}

/// What custodians keep, and nobody says by when they pay it out.
pub(super) fn without_bucket(steps: &Steps) -> Vec<Finding> {
    let told = |(custodian, amount): &(String, Amount)| {
        let text = amount.to_readable(steps.decimals);
        let detail = format!("{text} {} beyond the rows of the balance sheet: they count from longer on", steps.asset);
        let code = &quality_codes::CUSTODY_WITHOUT_BUCKET;
        let finding = Finding::new(code, Severity::Exception, custodian.clone(), detail);
        finding.of_asset(&steps.asset).of_amount(*amount, steps.decimals)
    };
    steps.without_bucket.iter().map(told).collect()
}
