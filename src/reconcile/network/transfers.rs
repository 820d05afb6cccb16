//! Coins that went from one venue to another within the windows: each is counted where it was at the cut-off block, and
//! told. What of it was lent for that block, `loans` says. Specification: `docs/spec/network.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::elsewhere::Deposit;
use super::findings::NetworkFinding;
use super::fraction::{Exact, Fraction, decimal, units, zero};
use super::lent;
use super::shared::{Shared, committed_set};
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
    /// Those of them that count for it: its reserves are less by what leaves them.
    pub counted: BTreeSet<String>,
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
    /// How much of it certainly left what counts for the payer, to addresses under the other's control.
    pub left: Fraction,
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
                let Some(Between { amount, listed, left }) = between(flow, own, theirs, index) else { continue };
                let (from, to) = match flow.direction {
                    Direction::Out => (one, two),
                    Direction::In => (two, one),
                };
                let outside = !theirs.shown.is_some_and(|(first, last)| (first..=last).contains(&flow.height));
                let (txid, height) = (flow.txid.clone(), flow.height);
                let transfer = Transfer { from, to, txid, height, amount, listed, left, outside };
                all.entry((from, to, &flow.txid)).or_insert(transfer);
            }
        }
    }
    let mut all: Vec<Transfer> = all.into_values().collect();
    leave_once(&mut all, &indexed);
    all
}

/// What one transaction took from a payer leaves it once, however many venues it paid.
fn leave_once(all: &mut [Transfer], indexed: &[Index<'_>]) {
    let mut open: BTreeMap<(usize, u64, String), Fraction> = BTreeMap::new();
    for one in all {
        let told = indexed.get(one.from).and_then(|index| index.get(&(one.height, one.txid.as_str(), false)));
        let Some(told) = told else { continue };
        let rest = open.entry((one.from, one.height, one.txid.clone())).or_insert_with(|| told.amount.clone());
        one.left = one.left.clone().min(rest.clone());
        *rest -= &one.left;
    }
}

/// How much of a flow has the other venue on its other side.
struct Between {
    amount: Fraction,
    listed: Fraction,
    left: Fraction,
}

/// None when nothing of a flow has the other venue on its other side.
fn between(flow: &Seen, own: &View, theirs: &View, index: &Index<'_>) -> Option<Between> {
    if let Some(same) = index.get(&(flow.height, flow.txid.as_str(), flow.direction == Direction::Out)) {
        let amount = flow.amount.clone().min(same.amount.clone());
        return Some(Between { left: amount.clone(), amount, listed: zero() });
    }
    // an address in both sets is a finding of its own, and no side of a transfer
    let is_theirs = |name: &String| theirs.addresses.contains(name) && !own.addresses.contains(name);
    let parties = || flow.parties.iter().filter(|(name, _)| is_theirs(name));
    let with = |among: Option<&BTreeSet<String>>| {
        let parties = parties().filter(|(name, _)| among.is_none_or(|among| among.contains(name)));
        let shares: Option<Vec<&Fraction>> = parties.map(|(_, share)| share.as_ref()).collect();
        // where a share is not known, it is at most all of it
        let known = shares.map(|shares| shares.into_iter().fold(zero(), |sum, share| sum + share));
        known.map_or_else(|| flow.amount.clone(), |sum| sum.min(flow.amount.clone()))
    };
    let amount = with(None);
    let listed = &amount - with(Some(&theirs.controlled));
    // what is only possible takes nothing from a loan, and neither does what left an address that counts for nothing
    let certain = match flow.direction {
        Direction::Out => &theirs.controlled,
        Direction::In => &theirs.counted,
    };
    let left = parties().filter(|(name, _)| certain.contains(name)).filter_map(|(_, share)| share.as_ref());
    let left = left.fold(zero(), |sum, share| sum + share).min(flow.amount.clone());
    (amount > zero()).then_some(Between { amount, listed, left })
}

/// What went between the venues of these sheets, asset by asset.
///
/// # Errors
/// [`ReconcileError`] when a file changed since its bundle was opened.
pub(super) fn read(
    sheets: &[Sheet<'_>],
    deposits: &[Deposit],
    shared: &Shared,
) -> Result<Vec<NetworkFinding>, ReconcileError> {
    let sets: Vec<Option<AddressSet>> = sheets.iter().map(committed_set).collect::<Result<_, _>>()?;
    let mut assets: BTreeMap<&AssetId, Vec<Moved<'_>>> = BTreeMap::new();
    let mut known: BTreeSet<&DeploymentId> = BTreeSet::new();
    let mut findings = Vec::new();
    for asset in sheets.iter().flat_map(|sheet| &sheet.report.assets) {
        for window in asset.windows.iter().filter(|window| known.insert(&window.deployment)) {
            let deployment = &window.deployment;
            let views: Vec<View> = sheets.iter().zip(&sets).map(|(sheet, set)| view(sheet, set, deployment)).collect();
            let cutoff = sheets.iter().find_map(|sheet| cutoff(sheet, deployment));
            let moved = Moved { deployment, decimals: window.decimals, cutoff, transfers: transfers(&views) };
            findings.extend(Told { sheets, asset: &asset.asset, moved: &moved }.transfers());
            assets.entry(&asset.asset).or_default().push(moved);
        }
    }
    for (asset, moved) in assets {
        findings.extend(lent::findings(sheets, deposits, shared, asset, &moved));
    }
    Ok(findings)
}

/// What went between venues in one deployment.
pub(super) struct Moved<'a> {
    pub(super) deployment: &'a DeploymentId,
    pub(super) decimals: Decimals,
    /// The cut-off block, which is the same for all who name one.
    pub(super) cutoff: Option<u64>,
    pub(super) transfers: Vec<Transfer>,
}

fn cutoff(sheet: &Sheet<'_>, deployment: &DeploymentId) -> Option<u64> {
    let chain = deployment.chain()?;
    let blocks = &sheet.statement.statement().chains;
    blocks.iter().find(|block| block.chain == chain).map(|block| block.height)
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
        counted: known.map(|known| known.counted.clone()).unwrap_or_default(),
        shown: window.map(|window| (window.measured.from, window.measured.to)),
        flows: window.map(|window| window.flows.iter().map(|flow| seen(window, flow)).collect()).unwrap_or_default(),
    }
}

/// What findings about one deployment have in common.
struct Told<'a> {
    sheets: &'a [Sheet<'a>],
    asset: &'a AssetId,
    moved: &'a Moved<'a>,
}

impl Told<'_> {
    /// One finding for each two venues and kind.
    fn transfers(&self) -> Vec<NetworkFinding> {
        let mut groups: BTreeMap<(usize, usize, bool), Vec<&Transfer>> = BTreeMap::new();
        for transfer in &self.moved.transfers {
            groups.entry((transfer.from, transfer.to, transfer.outside)).or_default().push(transfer);
        }
        let mut findings = Vec::new();
        for ((from, to, outside), transfers) in groups {
            let (Some(from), Some(to)) = (self.sheets.get(from), self.sheets.get(to)) else { continue };
            let total = transfers.iter().fold(zero(), |sum, transfer| sum + &transfer.amount);
            let heights = || transfers.iter().map(|transfer| transfer.height);
            let (first, last) = (heights().min().unwrap_or_default(), heights().max().unwrap_or_default());
            let blocks = if first == last { format!("block {first}") } else { format!("blocks {first} to {last}") };
            let cutoff = self.moved.cutoff.map_or_else(String::new, |height| {
                format!("; at the cut-off block {height} each coin counts with whoever had it then")
            });
            let total_text = decimal(&total, self.moved.decimals);
            let detail = format!("{total_text} from {} to {}, {blocks}{cutoff}", from.venue(), to.venue());
            let (code, severity) = match outside {
                false => (&codes::NETWORK_TRANSFER, Severity::Note),
                true => (&codes::NETWORK_TRANSFER_OUTSIDE, Severity::Exception),
            };
            let finding = NetworkFinding::new(code, severity, self.moved.deployment.as_str(), detail);
            let finding = finding.of_asset(self.asset).of_amount(Exact(total));
            findings.push(finding.and(from.venue()).and(to.venue()));
        }
        findings
    }
}
