//! Coins that went from one venue to another within the windows: each is counted where it was at the cut-off block, and
//! coins that were lent for that block are told. Specification: `docs/spec/network.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::elsewhere::Deposit;
use super::findings::NetworkFinding;
use super::fraction::{Exact, Fraction, decimal, units, zero};
use super::shared::committed_set;
use super::sheet::Sheet;
use crate::amount::Decimals;
use crate::asset::{AssetId, DeploymentId};
use crate::code::venues as codes;
use crate::reconcile::window::{Direction, Flow, WindowReport};
use crate::reconcile::{ReconcileError, Severity};
use crate::reserve::address_set::AddressSet;

/// What one venue shows of one deployment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Its committed addresses on the chain.
    pub addresses: BTreeSet<String>,
    /// Those of them under control: a list alone anybody can write, with anybody's addresses.
    pub controlled: BTreeSet<String>,
    /// The first and the last block of its window; none without one.
    pub shown: Option<(u64, u64)>,
    /// What its window tells.
    pub flows: Vec<Seen>,
}

/// The net effect of one transaction on one venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub txid: String,
    /// Its block.
    pub height: u64,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub amount: Fraction,
    /// Who is on the other side, and how much of it each; none where that is not known.
    pub parties: Vec<(String, Option<Fraction>)>,
}

/// Coins that one transaction took from one venue to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Place of the venue that had them.
    pub from: usize,
    /// Place of the venue that got them.
    pub to: usize,
    /// The transaction.
    pub txid: String,
    /// Its block.
    pub height: u64,
    /// How much.
    pub amount: Fraction,
    /// How much of it rests on addresses that a venue only lists.
    pub listed: Fraction,
    /// Whether the window of one of the two does not have the block.
    pub outside: bool,
}

/// Flows of one venue by block, transaction and direction: a long window takes no square of its length.
type Index<'a> = BTreeMap<(u64, &'a str, bool), &'a Seen>;

fn index(view: &View) -> Index<'_> {
    let mut index = Index::new();
    for flow in &view.flows {
        index.entry((flow.height, flow.txid.as_str(), flow.direction == Direction::In)).or_insert(flow);
    }
    index
}

/// What went between every two of these venues, by their places and the transaction.
#[must_use]
pub fn transfers(views: &[View]) -> Vec<Transfer> {
    let indexed: Vec<Index<'_>> = views.iter().map(index).collect();
    let mut all: BTreeMap<(usize, usize, &str), Transfer> = BTreeMap::new();
    for (one, own) in views.iter().enumerate() {
        for (two, (theirs, index)) in views.iter().zip(&indexed).enumerate().filter(|(two, _)| *two != one) {
            for flow in &own.flows {
                let Some((amount, listed)) = between(flow, own, theirs, index) else { continue };
                let (from, to) = match flow.direction {
                    Direction::Out => (one, two),
                    Direction::In => (two, one),
                };
                let outside = !theirs.shown.is_some_and(|(first, last)| (first..=last).contains(&flow.height));
                let (txid, height) = (flow.txid.clone(), flow.height);
                let transfer = Transfer { from, to, txid, height, amount, listed, outside };
                all.entry((from, to, &flow.txid)).or_insert(transfer);
            }
        }
    }
    all.into_values().collect()
}

/// How much of a flow has the other venue on its other side, and how much of that rests on its list alone; none when
/// nothing of it.
fn between(flow: &Seen, own: &View, theirs: &View, index: &Index<'_>) -> Option<(Fraction, Fraction)> {
    if let Some(same) = index.get(&(flow.height, flow.txid.as_str(), flow.direction == Direction::Out)) {
        return Some((flow.amount.clone().min(same.amount.clone()), zero()));
    }
    // an address in both sets is a finding of its own, and no side of a transfer
    let is_theirs = |name: &String| theirs.addresses.contains(name) && !own.addresses.contains(name);
    let with = |counts: &dyn Fn(&String) -> bool| {
        let parties = flow.parties.iter().filter(|(name, _)| is_theirs(name) && counts(name));
        let shares: Option<Vec<&Fraction>> = parties.map(|(_, share)| share.as_ref()).collect();
        // where a share is not known, it is at most all of it
        let known = shares.map(|shares| shares.into_iter().fold(zero(), |sum, share| sum + share));
        known.map_or_else(|| flow.amount.clone(), |sum| sum.min(flow.amount.clone()))
    };
    let amount = with(&|_| true);
    let listed = &amount - with(&|name| theirs.controlled.contains(name));
    (amount > zero()).then_some((amount, listed))
}

/// Coins of one venue that were with another at the cut-off block only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// By transactions that both windows tell, or addresses under control.
    pub shown: Fraction,
    /// What more it would be by addresses that one of them only lists.
    pub listed: Fraction,
}

/// Of what came at or before the cut-off block and what went back after it the smaller sum, less what the other owes by
/// proved deposits; zero at least.
#[must_use]
pub fn lent(transfers: &[Transfer], cutoff: u64, lender: usize, borrower: usize, owed: &Fraction) -> Lent {
    let sum = |from: usize, to: usize, before: bool| {
        let way = transfers.iter().filter(|one| (one.from, one.to) == (from, to));
        way.filter(|one| (one.height <= cutoff) == before)
            .fold((zero(), zero()), |(all, shown), one| (all + &one.amount, shown + &one.amount - &one.listed))
    };
    let ((came, came_shown), (went, went_shown)) = (sum(lender, borrower, true), sum(borrower, lender, false));
    let beyond = |came: Fraction, went: Fraction| (came.min(went) - owed).max(zero());
    let shown = beyond(came_shown, went_shown);
    Lent { listed: beyond(came, went) - &shown, shown }
}

/// What went between the venues of these sheets, deployment by deployment.
///
/// # Errors
/// [`ReconcileError`] when a file changed since its bundle was opened.
pub(super) fn read(sheets: &[Sheet<'_>], deposits: &[Deposit]) -> Result<Vec<NetworkFinding>, ReconcileError> {
    let sets: Vec<Option<AddressSet>> = sheets.iter().map(committed_set).collect::<Result<_, _>>()?;
    let mut units_of: BTreeMap<&DeploymentId, (&AssetId, Decimals)> = BTreeMap::new();
    for asset in sheets.iter().flat_map(|sheet| &sheet.report.assets) {
        for window in &asset.windows {
            units_of.entry(&window.deployment).or_insert((&asset.asset, window.decimals));
        }
    }
    let mut findings = Vec::new();
    for (deployment, (asset, decimals)) in units_of {
        let views: Vec<View> = sheets.iter().zip(&sets).map(|(sheet, set)| view(sheet, set, deployment)).collect();
        let found = transfers(&views);
        let told = Told { sheets, deployment, asset, decimals };
        findings.extend(told.transfers(&found));
        findings.extend(told.loans(&found, deposits));
    }
    Ok(findings)
}

fn view(sheet: &Sheet<'_>, set: &Option<AddressSet>, deployment: &DeploymentId) -> View {
    let chain = deployment.chain();
    let entries = set.iter().flat_map(AddressSet::entries);
    let addresses = entries.filter(|entry| Some(&entry.chain) == chain.as_ref()).map(|entry| entry.address.clone());
    let mut windows = sheet.report.assets.iter().flat_map(|asset| &asset.windows);
    let window = windows.find(|window| window.deployment == *deployment);
    let seen = |window: &WindowReport, flow: &Flow| Seen {
        txid: flow.txid.clone(),
        height: flow.height,
        direction: flow.direction,
        amount: units(flow.amount, window.decimals),
        parties: flow
            .counterparties
            .iter()
            .map(|party| (party.name.clone(), party.amount.map(|amount| units(amount, window.decimals))))
            .collect(),
    };
    let known = chain.as_ref().and_then(|chain| sheet.reserves.windows.get(chain));
    View {
        addresses: addresses.collect(),
        controlled: known.map(|known| known.controlled.clone()).unwrap_or_default(),
        shown: window.map(|window| (window.measured.from, window.measured.to)),
        flows: window.map(|window| window.flows.iter().map(|flow| seen(window, flow)).collect()).unwrap_or_default(),
    }
}

/// What findings about one deployment have in common.
struct Told<'a> {
    sheets: &'a [Sheet<'a>],
    deployment: &'a DeploymentId,
    asset: &'a AssetId,
    decimals: Decimals,
}

impl Told<'_> {
    /// One finding for each two venues and kind.
    fn transfers(&self, all: &[Transfer]) -> Vec<NetworkFinding> {
        let mut groups: BTreeMap<(usize, usize, bool), Vec<&Transfer>> = BTreeMap::new();
        for transfer in all {
            groups.entry((transfer.from, transfer.to, transfer.outside)).or_default().push(transfer);
        }
        let mut findings = Vec::new();
        for ((from, to, outside), transfers) in groups {
            let (Some(from), Some(to)) = (self.sheets.get(from), self.sheets.get(to)) else { continue };
            let total = transfers.iter().fold(zero(), |sum, transfer| sum + &transfer.amount);
            let heights = || transfers.iter().map(|transfer| transfer.height);
            let (first, last) = (heights().min().unwrap_or_default(), heights().max().unwrap_or_default());
            let blocks = if first == last { format!("block {first}") } else { format!("blocks {first} to {last}") };
            let cutoff = self.cutoff(from).map_or_else(String::new, |height| {
                format!("; at the cut-off block {height} each coin counts with whoever had it then")
            });
            let total_text = decimal(&total, self.decimals);
            let detail = format!("{total_text} from {} to {}, {blocks}{cutoff}", from.venue(), to.venue());
            let (code, severity) = match outside {
                false => (&codes::NETWORK_TRANSFER, Severity::Note),
                true => (&codes::NETWORK_TRANSFER_OUTSIDE, Severity::Exception),
            };
            findings.push(self.finding((code, severity), detail, total).and(from.venue()).and(to.venue()));
        }
        findings
    }

    /// Which of its addresses a venue used does not matter: the sets say whose they are.
    fn loans(&self, all: &[Transfer], deposits: &[Deposit]) -> Vec<NetworkFinding> {
        let ways: BTreeSet<(usize, usize)> = all.iter().map(|transfer| (transfer.from, transfer.to)).collect();
        let mut findings = Vec::new();
        for (lender, borrower) in ways {
            let (Some(from), Some(to)) = (self.sheets.get(lender), self.sheets.get(borrower)) else { continue };
            let Some(cutoff) = self.cutoff(to) else { continue };
            let owed = deposits.iter().filter(|deposit| {
                (deposit.depositor, deposit.debtor, &deposit.asset) == (lender, borrower, self.asset)
            });
            let owed = owed.fold(zero(), |sum, deposit| sum + units(deposit.amount, deposit.decimals));
            let lent = lent(all, cutoff, lender, borrower, &owed);
            let (lender, borrower) = (from.venue(), to.venue());
            let words = [
                (lent.shown, Severity::Critical, ""),
                (
                    lent.listed,
                    Severity::Exception,
                    ", by addresses that one of them only lists, without control of them",
                ),
            ];
            for (amount, severity, how) in words.into_iter().filter(|(amount, ..)| *amount > zero()) {
                let detail = format!(
                    "{} of {lender} were with {borrower} at the cut-off block {cutoff}, came before it and went back \
                     after it{how}",
                    decimal(&amount, self.decimals)
                );
                let finding = self.finding((&codes::NETWORK_LOAN, severity), detail, amount);
                findings.push(finding.and(lender).and(borrower).against(borrower));
            }
        }
        findings
    }

    fn finding(
        &self,
        (code, severity): (&'static crate::code::Code, Severity),
        detail: String,
        amount: Fraction,
    ) -> NetworkFinding {
        let finding = NetworkFinding::new(code, severity, self.deployment.as_str(), detail);
        finding.of_asset(self.asset).of_amount(Exact(amount))
    }

    fn cutoff(&self, sheet: &Sheet<'_>) -> Option<u64> {
        let chain = self.deployment.chain()?;
        let blocks = &sheet.statement.statement().chains;
        blocks.iter().find(|block| block.chain == chain).map(|block| block.height)
    }
}
