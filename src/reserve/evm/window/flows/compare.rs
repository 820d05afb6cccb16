//! Movements against proved balances: what is left over has no counterparty, and is told.

use std::collections::{BTreeMap, BTreeSet};

use super::{Movement, transfer};
use crate::amount::Amount;
use crate::basis::Basis;
use crate::code::evm_flow_finding as findings;
use crate::reserve::claim::Problem;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::window::{Part, Party, Transfer};

/// Who stands on the other side of a movement that nothing shows. Nobody is taken for one counterparty, so no round
/// trip is made of two such movements.
pub const UNEXPLAINED: &str = "unexplained";

/// What an asset's addresses were proved to have at the ends of blocks.
pub type Balances = BTreeMap<EvmAddress, BTreeMap<u64, Amount>>;

/// A change of a balance that no movement explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// The address.
    pub address: EvmAddress,
    /// It came or went in this block or later.
    pub from: u64,
    /// And by the end of this one.
    pub to: u64,
    /// How much, in base units.
    pub amount: Amount,
    /// Whether it came.
    pub came: bool,
}

/// What one asset did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// Everything that moved, in the order of the chain; what nothing explains stands at the end of its last block.
    pub transfers: Vec<Transfer>,
    /// What nothing explains, in the order of addresses and blocks.
    pub unexplained: Vec<Unexplained>,
    /// Findings about it.
    pub problems: Vec<Problem>,
}

/// Transfers of an asset, with what the balances show beyond them.
pub(super) fn compare(moved: &[Movement], balances: &Balances, asked: &BTreeSet<EvmAddress>, basis: Basis) -> Flows {
    let mut flows = Flows::default();
    let mut transactions: BTreeMap<(u64, u32), Vec<&Movement>> = BTreeMap::new();
    for one in moved {
        transactions.entry((one.height, one.place)).or_default().push(one);
    }
    for moved in transactions.values() {
        // sums that do not fit stay out, and the balances show it
        flows.transfers.extend(transfer(moved, asked));
    }
    let changes = changes(&flows.transfers);
    let none = BTreeMap::new();
    for address in asked {
        let name = address.to_string();
        let changes = changes.get(name.as_str()).unwrap_or(&none);
        let points = balances.get(address);
        let found = left_over(*address, changes, points.unwrap_or(&BTreeMap::new()));
        flows.problems.extend(told(&name, changes, points, &found));
        flows.unexplained.extend(found);
    }
    flows.transfers.extend(flows.unexplained.iter().map(|one| one.transfer(basis)));
    flows.transfers.sort_by_key(|transfer| (transfer.height, transfer.place));
    flows
}

/// What came and what went in each block, by address.
fn changes(transfers: &[Transfer]) -> BTreeMap<&str, BTreeMap<u64, (Amount, Amount)>> {
    let mut all: BTreeMap<&str, BTreeMap<u64, (Amount, Amount)>> = BTreeMap::new();
    for transfer in transfers {
        let came = transfer.received.iter().map(|part| (part, true));
        for (part, came) in came.chain(transfer.spent.iter().map(|part| (part, false))) {
            let block = all.entry(part.address.as_str()).or_default().entry(transfer.height).or_default();
            let sum = if came { &mut block.0 } else { &mut block.1 };
            // a sum that does not fit stays below what it is: the rest is then unexplained
            *sum = sum.checked_add(part.amount).unwrap_or(*sum);
        }
    }
    all
}

/// Between two proofs, what no movement explains. It is put into the last block of the stretch; what must have come
/// before a payment could be made, into the block of that payment.
fn left_over(
    address: EvmAddress,
    changes: &BTreeMap<u64, (Amount, Amount)>,
    points: &BTreeMap<u64, Amount>,
) -> Vec<Unexplained> {
    let mut found = Vec::new();
    for ((before, first), (to, last)) in points.iter().zip(points.iter().skip(1)) {
        let from = before.saturating_add(1);
        let mut add = |to: u64, amount: Option<Amount>, came: bool| {
            let amount = amount.filter(|amount| !amount.is_zero());
            found.extend(amount.map(|amount| Unexplained { address, from, to, amount, came }));
        };
        let mut balance = *first;
        for (height, (came, went)) in changes.range(from..=*to) {
            let held = balance.checked_add(*came).unwrap_or(balance);
            balance = held.checked_sub(*went).unwrap_or(Amount::ZERO);
            add(*height, went.checked_sub(held), true);
        }
        add(*to, last.checked_sub(balance), true);
        add(*to, balance.checked_sub(*last), false);
    }
    found
}

/// One finding for what nothing explains at an address, and one for movements that no balances stand around.
fn told(
    name: &str,
    changes: &BTreeMap<u64, (Amount, Amount)>,
    points: Option<&BTreeMap<u64, Amount>>,
    found: &[Unexplained],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let sum = |came: bool| {
        let amounts = found.iter().filter(|one| one.came == came).map(|one| one.amount);
        Amount::checked_sum(amounts).map_or_else(|| "more than fits".to_owned(), |sum| sum.base_units().to_string())
    };
    if let Some(largest) = found.iter().max_by_key(|one| one.amount) {
        let detail = format!(
            "{} base units came and {} went without a visible counterparty, in {}; the largest {} by block {}",
            sum(true),
            sum(false),
            if found.len() == 1 { "one stretch".to_owned() } else { format!("{} stretches", found.len()) },
            largest.amount.base_units(),
            largest.to,
        );
        problems.push(Problem { code: &findings::FLOW_UNEXPLAINED, subject: name.to_owned(), detail });
    }
    let proved = points.and_then(|points| Some((*points.keys().next()?, *points.keys().next_back()?)));
    let inside = |height: u64| proved.is_some_and(|(first, last)| first < height && height <= last);
    let outside: Vec<u64> = changes.keys().copied().filter(|height| !inside(*height)).collect();
    if let (Some(first), Some(last)) = (outside.first(), outside.last()) {
        let detail = format!("movements in {} blocks, {first} to {last}, lie between no two proofs", outside.len());
        problems.push(Problem { code: &findings::FLOW_UNCOMPARED, subject: name.to_owned(), detail });
    }
    problems
}

impl Unexplained {
    /// As a transfer behind all transactions of its last block.
    fn transfer(&self, basis: Basis) -> Transfer {
        let address = self.address.to_string();
        let part = vec![Part { id: address.clone(), address, amount: self.amount }];
        let party = |amount| vec![Party { name: UNEXPLAINED.to_owned(), amount }];
        let (spent, received) = if self.came { (Vec::new(), part) } else { (part, Vec::new()) };
        let (from, to) = if self.came { (party(None), Vec::new()) } else { (Vec::new(), party(Some(self.amount))) };
        let txid = if self.from == self.to {
            format!("block {}", self.to)
        } else {
            format!("blocks {} to {}", self.from, self.to)
        };
        Transfer { height: self.to, place: u32::MAX, txid, spent, received, from, to, authenticity: basis }
    }
}
