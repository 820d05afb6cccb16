use bitcoin::hashes::Hash as _;

use super::*;

fn script() -> ScriptBuf {
    ScriptBuf::from_bytes(vec![0x51])
}

fn event(height: u64, coin: u8, kind: ActivityKind, units: u128) -> Activity {
    Activity {
        height,
        place: 0,
        coin: OutPoint { txid: Txid::from_byte_array([coin; 32]), vout: 0 },
        kind,
        block: BlockHash::all_zeros(),
        txid: Txid::all_zeros(),
        script: script(),
        amount: Amount::from_base_units(units),
    }
}

fn told(opening: Opening, seen: &[bool], activity: Vec<Activity>) -> Replay {
    let (opening_coins, coins) = (BTreeMap::new(), BTreeMap::new());
    Replay { opening, first: 1, seen: seen.to_vec(), opening_coins, coins, activity, problems: Vec::new() }
}

#[test]
fn gaps_are_stretches_with_both_ends() {
    let replay = told(Opening::Created, &[false, true, true, false, false, true], Vec::new());
    assert_eq!(replay.gaps(1, 6), [1..=1, 4..=5]);
    assert_eq!(replay.gaps(0, 9), [0..=1, 4..=5, 7..=9]);
    assert_eq!(replay.gaps(2, 3), []);
    assert_eq!(replay.gaps(5, 5), vec![5..=5]);
    assert_eq!(replay.gaps(6, 5), []);
    assert_eq!(replay.gaps(8, u64::MAX), vec![8..=u64::MAX]);
    assert_eq!((replay.lowest(), replay.has(0), replay.has(2), replay.has(7)), (Some(2), false, true, false));
}

#[test]
fn a_coin_made_twice_is_one_coin() {
    // as the coinbases of blocks 91,812 and 91,842 of mainnet: the second one takes the place of the first
    let activity = vec![
        event(1, 1, ActivityKind::Receive, 50),
        event(2, 1, ActivityKind::Receive, 50),
        event(3, 2, ActivityKind::Receive, 7),
        event(4, 1, ActivityKind::Spend, 50),
    ];
    let replay = told(Opening::Genesis, &[true; 4], activity);
    let scripts = BTreeSet::from([script()]);
    let balances: Vec<u128> = (0..=4).map(|at| replay.balance(&scripts, at).expect("known").base_units()).collect();
    assert_eq!(balances, [0, 50, 50, 57, 7]);
    assert_eq!(replay.balance(&scripts, 5), None);
    let others = BTreeSet::from([ScriptBuf::new()]);
    assert_eq!(replay.minimum(&others, 1..=4), Some(Amount::ZERO));
}

#[test]
fn nothing_is_complete_without_an_opening_or_over_a_gap() {
    let scripts = BTreeSet::from([script()]);
    let activity = || vec![event(2, 1, ActivityKind::Receive, 5)];
    let created = told(Opening::Created, &[true; 4], activity());
    assert_eq!((created.series(&scripts), created.balance(&scripts, 3), created.is_complete(3)), (None, None, false));
    let gap = told(Opening::FullSet(1), &[false, true, false, true], activity());
    assert!(gap.is_complete(1) && gap.is_complete(2) && !gap.is_complete(3) && !gap.is_complete(0));
    assert_eq!(gap.minimum(&scripts, 1..=2), Some(Amount::ZERO));
    assert_eq!(gap.minimum(&scripts, 2..=4), None);
}
