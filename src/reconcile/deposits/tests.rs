use super::*;
use crate::reconcile::chain::tests::{evidence, history, policy, reserves, transfer};
use crate::reserve::window::Party;

fn with(transfers: Vec<Transfer>) -> Reserves {
    reserves(history(116, Vec::new()), WindowEvidence { transfers, ..evidence() })
}

fn drawn(reserves: &Reserves, seed: u8, count: u32) -> Result<DepositSample, u16> {
    let statement = reserves.history.as_ref().expect("a history").subject();
    draw(statement, &policy(), reserves, (Digest::from_bytes([seed; 32]), count)).map_err(|error| error.code().number)
}

fn many(count: u64) -> Reserves {
    with((0..count).map(|at| transfer(101 + at % 49, &format!("tx {at}"), &[], &[("hot", 5)], &[])).collect())
}

#[test]
fn only_what_strangers_paid_before_the_cutoff_is_a_deposit() {
    let mut mined = transfer(111, "mined", &[], &[("hot", 50)], &[]);
    mined.from = vec![Party { name: NEW_COINS.to_owned(), amount: None }];
    let mut known = transfer(112, "known", &[], &[("hot", 3)], &[]);
    known.from = vec![Party { name: "customer".to_owned(), amount: None }];
    let transfers = vec![
        mined,
        known,
        transfer(113, "own", &[("old", 20)], &[("hot", 20)], &[]),
        transfer(114, "two", &[], &[("hot", 1), ("old", 2)], &[]),
        transfer(115, "worthless", &[], &[("hot", 0)], &[]),
        transfer(150, "last", &[], &[("hot", 4)], &[]),
        transfer(151, "behind", &[], &[("hot", 6)], &[]),
    ];
    let sample = drawn(&with(transfers), 1, 100).expect("deposits");
    let mut ids: Vec<(&str, u128)> =
        sample.drawn.iter().map(|deposit| (deposit.txid.as_str(), deposit.amount.base_units())).collect();
    ids.sort_unstable();
    assert_eq!(ids, [("known", 3), ("last", 4), ("two", 1), ("two", 2)]);
    assert_eq!((sample.seen, sample.ranges[0].from, sample.ranges[0].to), (4, 101, 150));
    assert_eq!(sample.drawn[0].decimals.get(), 8, "those of the chain");
}

#[test]
fn the_draw_follows_from_statement_and_seed() {
    let reserves = many(500);
    let sample = drawn(&reserves, 1, 60).expect("deposits");
    assert_eq!(drawn(&reserves, 1, 60).expect("deposits"), sample);
    assert_ne!(drawn(&reserves, 2, 60).expect("deposits").drawn, sample.drawn);
    assert_eq!(drawn(&reserves, 1, 20).expect("deposits").drawn, sample.drawn[..20], "fewer of the same");
    let mut ids: Vec<&str> = sample.drawn.iter().map(|deposit| deposit.txid.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 60, "none twice");
    // by hand: the lowest hashes
    let message = |deposit: &Deposit| {
        let names = format!("{}\n{}\nhot 5", deposit.deployment, deposit.txid);
        sha256(&[b"counterfoil/deposit-sample-v1", sample.commitment.as_ref(), &[1; 32], names.as_bytes()].concat())
    };
    assert!(sample.drawn.is_sorted_by(|left, right| message(left) < message(right)));
    let all = drawn(&reserves, 1, COUNT_MAX).expect("deposits");
    assert_eq!((all.drawn.len(), all.seen), (500, 500));
    // 1 − C(475, 60) / C(500, 60) for 25 of 500
    let row = &sample.chances[1];
    assert_eq!((row.percent, row.omitted, row.detected.as_str()), (5, 25, "96.23 %"));
    assert!(all.chances.iter().all(|row| row.detected == "100.00 %"), "all were looked at");
}

#[test]
fn without_deposits_nothing_is_drawn() {
    let mut none = with(Vec::new());
    assert_eq!(drawn(&none, 1, 5), Err(7134));
    none.windows.clear();
    assert_eq!(drawn(&none, 1, 5), Err(7134));
}

#[test]
fn gaps_are_counted() {
    let mut gaps = many(5);
    let known = gaps.windows.values_mut().next().expect("a window");
    known.evidence.as_mut().expect("evidence").gaps = vec![(90, 105), (149, 170)];
    assert_eq!(drawn(&gaps, 1, 5).expect("deposits").ranges[0].missing, 7);
}
