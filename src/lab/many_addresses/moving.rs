//! Payments in every block of a long window: customers withdraw, and some of them bring their coins back later.

use super::{
    AddressKey, AddressKind, Amount, BitcoinChain, COIN, EARLY_BLOCKS, ExampleError, ManyAddresses, Payment, SPACING,
    fault, keys, next, pay, pay_blocks, seed,
};
use crate::lab::bitcoin_chain::Spend;

/// Coins of each address before the first block.
const COINS: usize = 2;
/// Satoshis of a withdrawal.
const WITHDRAWN: u64 = 3_000;
/// Blocks of the window after the cut-off block: the fewest that a policy may ask for.
const AFTER: u64 = 6;
/// Empty blocks at the end.
const BEHIND: u64 = 20;

/// A payment from one address to another.
struct Move<'a> {
    from: &'a (String, AddressKey),
    paid: [Payment; 1],
}

fn to(address: &str) -> [Payment; 1] {
    [Payment { address: address.to_owned(), amount: Amount::from_base_units(WITHDRAWN.into()) }]
}

impl ManyAddresses {
    /// A venue with this number of addresses and a window of so many blocks, at least 20, in each of which so many
    /// withdrawals leave it and, after a quarter of the window at the latest, as many deposits come in. Half of what it
    /// holds is owed.
    ///
    /// # Errors
    /// [`ExampleError`] when the addresses cannot pay for so many withdrawals.
    pub fn moving(addresses: usize, blocks: u64, withdrawals: usize) -> Result<Self, ExampleError> {
        let own = keys(addresses)?;
        let coins = addresses * COINS;
        let mut chain = BitcoinChain::new().map_err(fault)?;
        let before = EARLY_BLOCKS + pay_blocks(coins) + blocks.saturating_sub(AFTER);
        pay(&mut chain, &own, coins, before)?;
        let customers = customers(&chain, usize::try_from(blocks).unwrap_or(0) * withdrawals)?;
        let later = usize::try_from((blocks / 4).min(100)).unwrap_or(0) * withdrawals;
        // of four addresses, the first two can be spent from here
        let paying: Vec<&(String, AddressKey)> = own.chunks(4).flat_map(|four| four.iter().take(2)).collect();
        let mut payers = paying.iter().cycle();
        for (block, going) in customers.chunks(withdrawals.max(1)).enumerate() {
            let first = block * withdrawals;
            let out = going.iter().zip(payers.by_ref()).map(|((to_whom, _), from)| Move { from, paid: to(to_whom) });
            let mut moves: Vec<Move<'_>> = out.collect();
            let back = first.checked_sub(later).and_then(|at| customers.get(at..at + withdrawals)).unwrap_or_default();
            let places = own.iter().cycle().skip(first * 7 % own.len().max(1));
            moves.extend(back.iter().zip(places).map(|(from, (own, _))| Move { from, paid: to(own) }));
            let spends: Vec<Spend<'_>> =
                moves.iter().map(|one| Spend { key: &one.from.1, from: &one.from.0, payments: &one.paid }).collect();
            chain.pay_all(next(&chain, before), &spends).map_err(fault)?;
        }
        chain.mine_empty(next(&chain, before), SPACING, BEHIND).map_err(fault)?;
        let owed = Amount::from_base_units(u128::from(COIN) * coins as u128 / 2);
        Self::of_bitcoin(&chain, &own, owed, (blocks.saturating_sub(AFTER + 1), AFTER))
    }
}

fn customers(chain: &BitcoinChain, count: usize) -> Result<Vec<(String, AddressKey)>, ExampleError> {
    let customer = |number: usize| {
        let key = AddressKey::new(&mut seed(&format!("many: customer {number}")));
        let key = key.ok_or_else(|| fault("a seed is no key"))?;
        Ok((key.address(chain.id(), AddressKind::WitnessKeyHash).map_err(fault)?, key))
    };
    (0..count).map(customer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::reconcile::{Verdict, reconcile};

    #[test]
    fn a_window_with_payments_in_every_block_is_covered() {
        let many = ManyAddresses::moving(24, 40, 2).expect("a venue");
        let policy = Policy::parse(&many.policy).expect("a policy");
        let report = reconcile(&many.bundle, &policy).expect("a report");
        assert_eq!(report.overall.verdict, Verdict::Covered, "{:?}", report.findings);
        let window = &report.assets[0].windows[0];
        assert_eq!((window.blocks, window.covered), (40, 40));
        assert!(window.minimum < window.maximum, "{:?}", window.curve);
        assert!(window.round_trips.is_empty());
    }
}
