use super::*;

const KEY: Option<ControlGrade> = Some(ControlGrade::KeySigned);

fn no_code() -> Digest {
    Digest::from_bytes(keccak(&[]))
}

fn point(number: u64, nonce: u64, balance: u128) -> AccountPoint {
    AccountPoint { number, address: HOLDER, nonce, balance: amount(balance), code_hash: no_code() }
}

fn floors(points: &[AccountPoint]) -> Floors {
    account_floors(&Blocks::quiet(10).window(), HOLDER, KEY, points)
}

#[test]
fn an_address_that_sent_nothing_held_at_least_what_it_began_with() {
    let floors = floors(&[point(100, 7, 50), point(104, 7, 60), point(109, 7, 90)]);
    assert_eq!(
        stretches(&floors),
        [(100, 103, 50, Rule::Nonce), (104, 108, 60, Rule::Nonce), (109, 109, 90, Rule::Proof)]
    );
    assert_eq!((floors.minimum(), codes(&floors)), (Some(amount(50)), vec![]));
    let unsorted = [point(109, 7, 90), point(100, 7, 50), point(104, 7, 60), point(104, 7, 60), point(99, 6, 1)];
    assert_eq!(super::nonce::floors(&unsorted), floors);
}

/// The coins leave after the first proof and are back before the second: what stands between may be nothing.
#[test]
fn a_refill_between_two_nonces_is_a_gap() {
    let hidden = floors(&[point(100, 7, 50), point(109, 9, 50)]);
    assert_eq!((hidden.minimum(), hidden.gaps.clone()), (None, vec![(101, 108)]));
    assert_eq!(codes(&hidden), ["STRETCH_GAP"]);
    // each send splits the window, and both sides are proved at both ends
    let touching = [
        point(100, 7, 50),
        point(103, 7, 50),
        point(104, 8, 2),
        point(106, 8, 2),
        point(107, 9, 50),
        point(109, 9, 50),
    ];
    let shown = floors(&touching);
    assert_eq!((shown.minimum(), shown.gaps.len()), (Some(amount(2)), 0));
    for left_out in 0..touching.len() {
        let mut points = touching.to_vec();
        points.remove(left_out);
        assert_eq!(floors(&points).minimum(), None, "without proof {left_out}");
    }
}

#[test]
fn a_window_begins_and_ends_with_a_proof() {
    assert_eq!(floors(&[point(101, 7, 50), point(109, 7, 50)]).gaps, [(100, 100)]);
    assert_eq!(floors(&[point(100, 7, 50), point(108, 7, 50)]).gaps, [(109, 109)]);
    assert_eq!(floors(&[]).gaps, [(100, 109)]);
    let other = AccountPoint { address: OTHER, ..point(100, 7, 50) };
    assert_eq!(floors(&[other, AccountPoint { number: 109, ..other }]).gaps, [(100, 109)], "another address");
}

/// A contract made, paid out and destroyed within one transaction leaves nonce 0 and no code at both ends. Such an
/// address has no key, so nobody signed for it.
#[test]
fn an_address_without_a_signature_may_be_a_contract_for_one_transaction() {
    let window = Blocks::quiet(10).window();
    let points = [point(100, 0, 50), point(109, 0, 50)];
    let floors = account_floors(&window, HOLDER, None, &points);
    assert_eq!(codes(&floors), ["WINDOW_RULE_CONTROL", "STRETCH_GAP"]);
    assert_eq!(stretches(&floors), [(100, 100, 50, Rule::Proof), (109, 109, 50, Rule::Proof)]);
    assert_eq!(account_floors(&window, HOLDER, KEY, &points).minimum(), Some(amount(50)));
}

#[test]
fn code_moves_coins_without_a_nonce() {
    let delegated = AccountPoint { code_hash: Digest::from_bytes([5; 32]), ..point(104, 7, 50) };
    let floors = floors(&[point(100, 7, 50), delegated, point(109, 7, 50)]);
    assert_eq!(codes(&floors), ["WINDOW_RULE_CODE", "STRETCH_GAP", "STRETCH_GAP"]);
    assert_eq!(floors.minimum(), None);
}

#[test]
fn another_chain_or_fork_has_other_rules() {
    for (chain, fields) in [("eip155:10", 21), ("eip155:1", 22)] {
        let window = Blocks { chain, fields, ..Blocks::quiet(10) }.window();
        let floors = account_floors(&window, HOLDER, KEY, &[point(100, 7, 50), point(109, 7, 50)]);
        assert_eq!(codes(&floors), ["WINDOW_RULE_CHAIN", "STRETCH_GAP"], "{chain} {fields}");
    }
    let window = Blocks { chain: "eip155:10", ..Blocks::quiet(2) }.window();
    let every = account_floors(&window, HOLDER, KEY, &[point(100, 7, 50), point(101, 8, 20)]);
    assert_eq!(every.minimum(), Some(amount(20)), "a proof of every block needs no rule");
}

#[test]
fn a_balance_that_fell_without_a_nonce_refutes_the_rule() {
    let floors = floors(&[point(100, 7, 50), point(109, 7, 49)]);
    assert_eq!(codes(&floors), ["WINDOW_CONTRADICTION", "STRETCH_GAP"]);
    assert_eq!(floors.minimum(), None);
}

#[test]
fn points_come_from_accounts() {
    let account = Account {
        nonce: 3,
        balance: U256::from(u128::MAX),
        storage_root: Digest::from_bytes([1; 32]),
        code_hash: Digest::from_bytes([2; 32]),
    };
    let point = AccountPoint::new(100, HOLDER, Some(&account)).expect("a balance of 128 bits");
    assert_eq!((point.nonce, point.balance, point.code_hash), (3, amount(u128::MAX), account.code_hash));
    let rich = Account { balance: U256::from(u128::MAX) + U256::from(1), ..account };
    assert_eq!(AccountPoint::new(100, HOLDER, Some(&rich)), None);
    let absent = AccountPoint::new(100, HOLDER, None).expect("nothing");
    assert_eq!((absent.nonce, absent.balance, absent.code_hash), (0, Amount::ZERO, no_code()));
}
