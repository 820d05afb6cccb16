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

/// A credential as it is compared: two that begin with `0x` may differ in capitals.
fn folded(credential: &str) -> String {
    if credential.starts_with("0x") { credential.to_ascii_lowercase() } else { credential.to_owned() }
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
        let Some(factor) = self.decimals.get().checked_sub(decimals.get()) else { return };
        let blocks = self.cutoffs.iter().filter_map(|(sequence, blocks)| Some((*blocks.get(&chain)?, *sequence)));
        let mut blocks: Vec<(u64, u64)> = blocks.collect();
        blocks.sort_unstable();
        // no decimals are above 38, and 10^38 fits
        let mut taking = Taking::new(self, deposits, 10_u128.saturating_pow(u32::from(factor)));
        for trip in trips {
            let place = |height: u64| blocks.partition_point(|(block, _)| *block < height);
            let spanned = blocks.get(place(trip.in_at)..place(trip.out_at)).unwrap_or_default();
            let mut spanned: Vec<u64> = spanned.iter().map(|(_, sequence)| *sequence).collect();
            // coins that are in no L with which a holding is compared may not hold up a curve
            if !spanned.iter().any(|sequence| self.compared.contains(sequence)) {
                continue;
            }
            spanned.sort_unstable();
            // each commitment must owe the coins: the one that owes least of them decides
            let mut least: Option<(Amount, Amount)> = None;
            for sequence in spanned {
                let (bound, all) = taking.take(sequence, trip);
                least = Some(least.map_or((bound, all), |(b, a)| (b.min(bound), a.min(all))));
            }
            let (bound, all) = least.unwrap_or_default();
            trip.explained_bound = bound;
            trip.explained_stated = all.checked_sub(bound).unwrap_or(Amount::ZERO);
            trip.explained = bound >= trip.amount_in;
        }
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

/// Leaves of which something is left, by transaction and statement: one that has nothing any more is not looked at
/// again, so that a thousand trips which name the same thousand customers take no million steps.
struct Taking<'a> {
    explained: &'a Explained,
    deposits: &'a BTreeMap<String, BTreeSet<usize>>,
    /// A base unit of the deployment in units of the leaves.
    factor: u128,
    /// What is left, by leaf and statement, of those that gave something.
    left: BTreeMap<(usize, u64), u128>,
    open: BTreeMap<(String, u64), Open>,
    /// Leaves that were looked at.
    steps: u64,
}

/// Leaves that a transaction is said to belong to.
#[derive(Default)]
struct Open {
    all: BTreeSet<usize>,
    /// By their credentials, see [`folded`].
    of: BTreeMap<String, BTreeSet<usize>>,
}

impl<'a> Taking<'a> {
    fn new(explained: &'a Explained, deposits: &'a BTreeMap<String, BTreeSet<usize>>, factor: u128) -> Self {
        Self { explained, deposits, factor, left: BTreeMap::new(), open: BTreeMap::new(), steps: 0 }
    }

    /// Takes from leaves of one statement what a round trip brought: how much of it is in leaves that are bound to the
    /// counterparty, and in any.
    fn take(&mut self, sequence: u64, trip: &mut RoundTrip) -> (Amount, Amount) {
        let (mut bound, mut all) = (0_u128, 0_u128);
        let owner = folded(&trip.counterparty);
        for leg in trip.legs.iter().filter(|leg| leg.direction == Direction::In) {
            let Some(mut open) = self.opened(&leg.txid, sequence) else { continue };
            // what others in the transaction can have paid is bound to nobody, whoever signed beside them
            let own = leg.own.base_units().min(leg.amount.base_units());
            let taken = self.draw(&mut open, Some(&owner), (sequence, own), &mut trip.uses);
            let rest = leg.amount.base_units().saturating_sub(taken);
            let more = self.draw(&mut open, None, (sequence, rest), &mut trip.uses);
            bound = bound.saturating_add(taken);
            all = all.saturating_add(taken).saturating_add(more);
            self.open.insert((leg.txid.clone(), sequence), open);
        }
        (Amount::from_base_units(bound), Amount::from_base_units(all))
    }

    /// Takes out what is known of a transaction's leaves in a statement; none where nobody names it.
    fn opened(&mut self, txid: &str, sequence: u64) -> Option<Open> {
        if let Some(open) = self.open.remove(&(txid.to_owned(), sequence)) {
            return Some(open);
        }
        let mut open = Open::default();
        for place in self.deposits.get(txid)? {
            self.steps = self.steps.saturating_add(1);
            let leaf = self.explained.leaves.get(*place);
            let Some(leaf) = leaf.filter(|leaf| leaf.balances.contains_key(&sequence)) else { continue };
            open.all.insert(*place);
            open.of.entry(folded(&leaf.credential)).or_default().insert(*place);
        }
        Some(open)
    }

    /// Takes up to so many base units, from the leaves of one owner or from any, in their order.
    fn draw(
        &mut self,
        open: &mut Open,
        owner: Option<&str>,
        (sequence, mut limit): (u64, u128),
        uses: &mut Vec<LeafUse>,
    ) -> u128 {
        let mut taken = 0_u128;
        while limit > 0 {
            let among = owner.map_or(Some(&open.all), |owner| open.of.get(owner));
            let Some(leaf) = among.and_then(BTreeSet::first).copied() else { break };
            self.steps = self.steps.saturating_add(1);
            let balance = self.balance(leaf, sequence);
            let units = limit.min(balance.checked_div(self.factor).unwrap_or(0));
            // at most the balance, by the division above
            let amount = units.saturating_mul(self.factor);
            let rest = balance.saturating_sub(amount);
            self.left.insert((leaf, sequence), rest);
            if rest < self.factor {
                open.drop(leaf, self.explained);
            }
            if units > 0 {
                uses.push(LeafUse { leaf, sequence, amount: Amount::from_base_units(amount) });
            }
            limit = limit.saturating_sub(units);
            taken = taken.saturating_add(units);
        }
        taken
    }

    fn balance(&self, leaf: usize, sequence: u64) -> u128 {
        let whole = || self.explained.leaves.get(leaf).and_then(|leaf| leaf.balances.get(&sequence));
        let left = self.left.get(&(leaf, sequence)).copied();
        left.unwrap_or_else(|| whole().copied().unwrap_or_default().base_units())
    }
}

impl Open {
    /// A leaf that has nothing any more.
    fn drop(&mut self, place: usize, explained: &Explained) {
        self.all.remove(&place);
        let credential = explained.leaves.get(place).map(|leaf| folded(&leaf.credential));
        if let Some(own) = credential.and_then(|credential| self.of.get_mut(&credential)) {
            own.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::Basis;
    use crate::reconcile::window::model::Leg;

    const CHAIN: &str = "eip155:1";

    fn deployment() -> DeploymentId {
        format!("{CHAIN}/slip44:60").parse().expect("a deployment")
    }

    /// Coins of one counterparty that came in a transaction which paid in those of others, too.
    fn trip(number: usize, amount: u128) -> RoundTrip {
        let (txid, amount) = ("batch".to_owned(), Amount::from_base_units(amount));
        let leg = |height, direction, txid| Leg { height, txid, direction, amount, own: amount };
        RoundTrip {
            counterparty: format!("0xAB{number}"),
            amount_in: amount,
            in_at: 10,
            last_in_at: 10,
            amount_out: amount,
            first_out_at: 20,
            out_at: 20,
            txids: Vec::new(),
            around_snapshot: true,
            explained: false,
            explained_bound: Amount::ZERO,
            explained_stated: Amount::ZERO,
            authenticity: Basis::Proved,
            legs: vec![leg(10, Direction::In, txid), leg(20, Direction::Out, "back".to_owned())],
            losses: BTreeMap::new(),
            uses: Vec::new(),
        }
    }

    fn explained(leaves: Vec<CustomerLeaf>) -> Explained {
        let all: BTreeSet<usize> = (0..leaves.len()).collect();
        let blocks = BTreeMap::from([(CHAIN.parse().expect("a chain"), 15)]);
        Explained {
            cutoffs: BTreeMap::from([(7, blocks)]),
            compared: BTreeSet::from([7]),
            leaves,
            deposits: BTreeMap::from([(deployment(), BTreeMap::from([("batch".to_owned(), all)]))]),
            ..Explained::default()
        }
    }

    fn leaf(credential: &str, amount: u128) -> CustomerLeaf {
        let balances = BTreeMap::from([(7, Amount::from_base_units(amount))]);
        CustomerLeaf { credential: credential.to_owned(), balances }
    }

    #[test]
    fn leaves_of_the_counterparty_come_first_and_then_any_in_their_order() {
        let known = explained(vec![leaf("0xab1", 3), leaf("else", 2), leaf("0xAb0", 4), leaf("0xab0", 1)]);
        let mut trips = [trip(0, 6), trip(1, 6)];
        known.answer(&deployment(), Decimals::ZERO, &mut trips);
        let answered = |trip: &RoundTrip| (trip.explained_bound.base_units(), trip.explained_stated.base_units());
        assert_eq!((answered(&trips[0]), answered(&trips[1])), ((5, 1), (2, 2)));
        let uses = |trip: &RoundTrip| trip.uses.iter().map(|one| one.leaf).collect::<Vec<_>>();
        assert_eq!((uses(&trips[0]), uses(&trips[1])), (vec![2, 3, 0], vec![0, 1]));
    }

    /// Each of two thousand trips came in one transaction, and each of two thousand files names it.
    #[test]
    fn attack_many_trips_of_one_transaction_and_many_customers_who_name_it() {
        const MANY: usize = 2_000;
        let known = explained((0..MANY).map(|number| leaf(&format!("0xab{number}"), 2)).collect());
        let deployment = deployment();
        let named = known.deposits.get(&deployment).expect("they name it");
        let mut taking = Taking::new(&known, named, 1);
        for number in 0..MANY {
            assert_eq!(taking.take(7, &mut trip(number, 2)), (Amount::from_base_units(2), Amount::from_base_units(2)));
        }
        assert!(taking.steps <= 2 * MANY as u64, "{} steps", taking.steps);
        // nothing is left, and nobody is asked again
        for number in 0..MANY {
            assert_eq!(taking.take(7, &mut trip(number, 2)), Default::default());
        }
        assert!(taking.steps <= 2 * MANY as u64, "{} steps", taking.steps);
    }
}
