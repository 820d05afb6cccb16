//! Coins of round trips that customers' leaves answer to: what was paid in is owed, as each commitment that the coins
//! were there for has it.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Direction, RoundTrip};
use crate::amount::{Amount, Decimals};
use crate::asset::{ChainId, DeploymentId};

/// What customers' leaves can answer for in one asset, and in which transactions their coins came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Decimals of the leaves' balances: at least those of each deployment.
    pub decimals: Decimals,
    /// The cut-off block on each chain of every statement that owes something in the asset, by sequence number.
    pub cutoffs: BTreeMap<u64, BTreeMap<ChainId, u64>>,
    /// Those of them that the log shows.
    pub logged: BTreeSet<u64>,
    /// Those of them that are compared with what is held: see [`Explained::compare`]. What is owed in another statement
    /// stands beside no holding, so that it answers for nothing.
    pub compared: BTreeSet<u64>,
    /// One for each customer.
    pub leaves: Vec<CustomerLeaf>,
    /// The customers whose coins a transaction is said to have brought, as places in `leaves`.
    pub deposits: BTreeMap<DeploymentId, BTreeMap<String, BTreeSet<usize>>>,
}

/// What one customer is owed, as inclusion proofs show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerLeaf {
    /// The credential in the leaf; empty for none.
    pub credential: String,
    /// What no round trip has used yet, by the sequence number of the statement.
    pub balances: BTreeMap<u64, Amount>,
}

/// What a leaf answered for, in the decimals of [`Explained`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafUse {
    /// Its place in [`Explained::leaves`].
    pub leaf: usize,
    /// The statement that it stands in.
    pub sequence: u64,
    /// How much of it.
    pub amount: Amount,
}

impl Default for Explained {
    /// Nothing is explained.
    fn default() -> Self {
        let (cutoffs, logged, compared, leaves, deposits) = Default::default();
        Self { decimals: Decimals::ZERO, cutoffs, logged, compared, leaves, deposits }
    }
}

impl CustomerLeaf {
    /// Whether the leaf can be nobody's but the counterparty's: a customer with another credential, or with none, comes
    /// to another leaf.
    fn is_bound_to(&self, counterparty: &str) -> bool {
        let hexadecimal = self.credential.starts_with("0x") && counterparty.starts_with("0x");
        self.credential == counterparty || hexadecimal && self.credential.eq_ignore_ascii_case(counterparty)
    }
}

impl Explained {
    /// Finds the statements that are compared with what is held: the subject's own, and those that the log shows and
    /// whose blocks lie within all of these windows, each with its first and last block.
    pub fn compare(&mut self, subject: u64, windows: &[(ChainId, (u64, u64))]) {
        let inside = |blocks: &BTreeMap<ChainId, u64>| {
            let shown = |(chain, (from, to)): &(ChainId, (u64, u64))| {
                blocks.get(chain).is_some_and(|height| (*from..=*to).contains(height))
            };
            windows.iter().all(shown)
        };
        let beside = |sequence: &u64, blocks| self.logged.contains(sequence) && inside(blocks);
        let all = self.cutoffs.iter().filter(|(sequence, blocks)| **sequence == subject || beside(sequence, blocks));
        self.compared = all.map(|(sequence, _)| *sequence).collect();
    }

    /// Notes in each round trip what leaves answer to. `trips` are those of one deployment with `decimals`, in order.
    pub(super) fn answer(&self, deployment: &DeploymentId, decimals: Decimals, trips: &mut [RoundTrip]) {
        let Some((chain, deposits)) = deployment.chain().zip(self.deposits.get(deployment)) else { return };
        let mut left = self.clone();
        for trip in trips {
            let there = trip.in_at..trip.out_at;
            let spanned = self.cutoffs.iter();
            let spanned = spanned.filter(|(_, blocks)| blocks.get(&chain).is_some_and(|height| there.contains(height)));
            let spanned: Vec<u64> = spanned.map(|(sequence, _)| *sequence).collect();
            // coins that are in no L with which a holding is compared may not hold up a curve
            if !spanned.iter().any(|sequence| self.compared.contains(sequence)) {
                continue;
            }
            // each commitment must owe the coins: the one that owes least of them decides
            let mut least: Option<(Amount, Amount)> = None;
            for sequence in spanned {
                let (bound, all) = left.take(sequence, decimals, deposits, trip);
                least = Some(least.map_or((bound, all), |(b, a)| (b.min(bound), a.min(all))));
            }
            let (bound, all) = least.unwrap_or_default();
            trip.explained_bound = bound;
            trip.explained_stated = all.checked_sub(bound).unwrap_or(Amount::ZERO);
            trip.explained = bound >= trip.amount_in;
        }
    }

    /// Takes from leaves of one statement what a round trip brought: how much of it is in leaves that are bound to the
    /// counterparty, and in any.
    fn take(
        &mut self,
        sequence: u64,
        decimals: Decimals,
        deposits: &BTreeMap<String, BTreeSet<usize>>,
        trip: &mut RoundTrip,
    ) -> (Amount, Amount) {
        let (mut bound, mut all) = (0_u128, 0_u128);
        let Some(factor) = self.decimals.get().checked_sub(decimals.get()) else { return Default::default() };
        // no decimals are above 38, and 10^38 fits
        let factor = 10_u128.saturating_pow(u32::from(factor));
        let legs = trip.legs.iter().filter(|leg| leg.direction == Direction::In);
        for leg in legs {
            let (mut open, mut own) = (leg.amount.base_units(), leg.own.base_units());
            let named = || deposits.get(&leg.txid).into_iter().flatten().copied();
            // what others in the transaction can have paid is bound to nobody, whoever signed beside them
            let is_bound =
                |place: &usize| self.leaves.get(*place).is_some_and(|leaf| leaf.is_bound_to(&trip.counterparty));
            let first: Vec<usize> = named().filter(is_bound).collect();
            let places = first.into_iter().map(|place| (place, true)).chain(named().map(|place| (place, false)));
            for (leaf, is_bound) in places {
                let balance = self.leaves.get_mut(leaf).and_then(|leaf| leaf.balances.get_mut(&sequence));
                let Some(balance) = balance else { continue };
                let limit = if is_bound { own.min(open) } else { open };
                let units = limit.min(balance.base_units() / factor);
                // at most the balance, by the division above
                let amount = Amount::from_base_units(units.saturating_mul(factor));
                if units == 0 {
                    continue;
                }
                *balance = balance.checked_sub(amount).unwrap_or(Amount::ZERO);
                trip.uses.push(LeafUse { leaf, sequence, amount });
                open = open.saturating_sub(units);
                own = own.saturating_sub(units);
                all = all.saturating_add(units);
                bound = bound.saturating_add(if is_bound { units } else { 0 });
            }
        }
        (Amount::from_base_units(bound), Amount::from_base_units(all))
    }

    /// Takes away what the round trips of a deployment have used: a leaf answers once for what it has, on all chains
    /// together.
    pub fn spend(&mut self, trips: &[RoundTrip]) {
        for found in trips.iter().flat_map(|trip| &trip.uses) {
            let balance = self.leaves.get_mut(found.leaf).and_then(|leaf| leaf.balances.get_mut(&found.sequence));
            if let Some(balance) = balance {
                *balance = balance.checked_sub(found.amount).unwrap_or(Amount::ZERO);
            }
        }
    }
}
