//! Targets of several venues: networks of obligations, and claims of deposits.

use counterfoil::amount::{Amount, Decimals};
use counterfoil::reconcile::network::elsewhere::Claim;
use counterfoil::reconcile::network::fraction::{Fraction, one, zero};
use counterfoil::reconcile::network::loans::{Known, Loans, Moves, Pairs, Way, loans};
use counterfoil::reconcile::network::netting::{bilateral, cyclic};
use counterfoil::reconcile::network::transfers::{Seen, Transfer, View};
use counterfoil::reconcile::network::{self, Obligations, fraction};
use counterfoil::reconcile::window::Direction;

/// Larger networks take longer and show nothing else.
const NODES_MAX: usize = 8;

/// A network is refused, or cleared by payments that fit the definition.
pub fn clearing(bytes: &[u8]) {
    let Ok(network) = counterfoil::json::read::<Obligations>(bytes) else { return };
    if network.outside.len() > NODES_MAX {
        return;
    }
    let Ok(system) = network.system() else { return };
    let cleared = system.clear().unwrap();
    let owes = network.matrix().unwrap();
    let outside: Vec<Fraction> = network.outside.iter().map(|text| fraction::parse(text).unwrap()).collect();
    let share = |text: &str| fraction::parse(text).unwrap();
    let (alpha, beta) = (share(&network.alpha), share(&network.beta));
    let total: Vec<Fraction> = owes.iter().map(|row| row.iter().fold(zero(), |sum, part| sum + part)).collect();
    for paid in [&cleared.greatest, &cleared.least] {
        for (node, pays) in paid.iter().enumerate() {
            let debtors = (0..total.len()).filter(|from| total[*from] != zero());
            let got = debtors.fold(zero(), |sum, from| sum + &owes[from][node] / &total[from] * &paid[from]);
            let in_full = &outside[node] + &got >= total[node];
            let wanted = if in_full { total[node].clone() } else { &alpha * &outside[node] + &beta * got };
            assert_eq!(*pays, wanted);
            assert!(total[node] == zero() || pays / &total[node] <= one());
        }
    }
    assert!(cleared.least.iter().zip(&cleared.greatest).all(|(least, greatest)| least <= greatest));
    let (netted, _) = cyclic(&bilateral(&owes));
    assert!(cyclic(&netted).1.is_empty());
}

/// A claim that is read has one form.
pub fn deposit_claim(bytes: &[u8]) {
    if let Ok(claim) = Claim::parse(bytes) {
        assert_eq!(counterfoil::json::canonical(&claim).unwrap(), bytes);
    }
}

/// Venues, blocks, transactions and names that flows are made of.
const VENUES: usize = 3;
const NAMES: [&str; 4] = ["a0", "a1", "a2", "stranger"];
/// Bytes of a flow, and how many are read.
const FLOW: usize = 7;
const FLOWS_MAX: usize = 40;

/// Windows of three venues: the first bytes say which blocks each shows, which addresses it lists and controls; then each
/// flow has venue and direction, transaction, block, amount, how many name the other side, who, and how much of it.
fn views(data: &[u8]) -> Option<Vec<View>> {
    let (heads, mut rest) = data.split_at_checked(VENUES * 3)?;
    let mut views = Vec::new();
    for head in heads.chunks_exact(3) {
        let named = |bits: u8| {
            let names = NAMES.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
            names.map(|(_, name)| (*name).to_owned()).collect()
        };
        let (addresses, controlled) = (named(head[2]), named(head[2] & head[2] >> 4));
        let counted = named(head[2] & head[2] >> 4 & !head[0]);
        let shown = (head[0] <= head[1]).then(|| (u64::from(head[0]), u64::from(head[1])));
        views.push(View { addresses, controlled, counted, shown, flows: Vec::new() });
    }
    for _ in 0..FLOWS_MAX {
        let Some((&[kind, txid, height, amount, count, who, share], behind)) = rest.split_first_chunk::<FLOW>() else {
            break;
        };
        rest = behind;
        let party = |at: u8| {
            let name = NAMES[usize::from(who.wrapping_add(at)) % NAMES.len()].to_owned();
            (name, (share > 0).then(|| fraction::units(Amount::from_base_units(u128::from(share)), Decimals::ZERO)))
        };
        views[usize::from(kind) % VENUES].flows.push(Seen {
            txid: format!("{:02x}", txid % 16),
            height: u64::from(height),
            direction: if kind & 0x80 == 0 { Direction::In } else { Direction::Out },
            amount: fraction::units(Amount::from_base_units(u128::from(amount)), Decimals::ZERO),
            parties: (0..count % 3).map(party).collect(),
        });
    }
    Some(views)
}

/// What went between venues is told once for each pair and transaction, is no more than a flow of one of the two, and
/// what was lent is no more than what came and what went back.
pub fn transfers(data: &[u8]) {
    let Some(views) = views(data) else { return };
    let found = network::transfers::transfers(&views);
    for (at, one) in found.iter().enumerate() {
        assert!(one.from != one.to);
        let key = |one: &Transfer| (one.from, one.to, one.txid.clone());
        assert!(found[..at].iter().all(|other| key(other) != key(one)), "{one:?} stands twice");
        let own = |venue: usize, direction: Direction| {
            let flows = views[venue].flows.iter();
            flows.filter(move |flow| flow.txid == one.txid && flow.direction == direction && flow.amount >= one.amount)
        };
        let told = own(one.from, Direction::Out).count() + own(one.to, Direction::In).count();
        assert!(told > 0, "nobody tells {one:?}");
        assert!(one.listed >= zero() && one.amount >= one.listed);
        assert!(one.left >= zero() && one.amount >= one.left);
    }
    let owed = |amount: Fraction| Pairs::from([((0, 1), amount)]);
    for cutoff in [0, 100, 255] {
        let lent = |deposits: Pairs| {
            loans(&[Moves { cutoff, transfers: &found }], VENUES, &Known { deposits, judged: Pairs::new() })
        };
        let (plain, answered) = (lent(Pairs::new()), lent(owed(one())));
        fits(&found, cutoff, &plain);
        let of = |loans: &Loans| {
            let rows = loans.all.iter().filter(|one| (one.lender, one.borrower) == (0, 1));
            rows.fold(zero(), |sum, one| sum + &one.shown + &one.listed)
        };
        assert!(of(&answered) <= of(&plain) && of(&plain) - of(&answered) <= one());
        // a loan is over on the other side of its block
        assert!(cutoff != 255 || plain.all.is_empty(), "nothing comes back behind the last block");
    }
}

/// A borrower had no more of others than they gave it before the block, and than it gave them after it.
fn fits(found: &[Transfer], cutoff: u64, lent: &Loans) {
    for venue in 0..VENUES {
        let sum = |way: &dyn Fn(&Transfer) -> bool| {
            found.iter().filter(|one| way(one)).fold(zero(), |sum, one| sum + &one.amount)
        };
        let came = sum(&|one| one.to == venue && one.height <= cutoff);
        let went = sum(&|one| one.from == venue && one.height > cutoff);
        let borrowed = lent.all.iter().filter(|one| one.borrower == venue);
        let borrowed = borrowed.fold(zero(), |sum, one| sum + &one.shown);
        assert!(borrowed <= came && borrowed <= went, "{borrowed} of {came} and {went}");
    }
    for one in &lent.all {
        assert!(one.lender != one.borrower && one.shown >= zero() && one.listed >= zero());
        assert!(matches!(one.way, Way::Direct(0) | Way::Around));
    }
}
