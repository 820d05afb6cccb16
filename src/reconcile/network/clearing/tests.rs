use super::*;
use crate::reconcile::network::fraction::parse;

fn fraction(text: &str) -> Fraction {
    parse(text).expect("a fraction")
}

fn list(texts: &str) -> Vec<Fraction> {
    texts.split_whitespace().map(fraction).collect()
}

fn system(owes: &[&str], outside: &str, alpha: &str, beta: &str) -> Result<System, ClearingError> {
    let owes: Matrix = owes.iter().map(|row| list(row)).collect();
    System::new(&owes, &list(outside), &fraction(alpha), &fraction(beta))
}

fn cleared(owes: &[&str], outside: &str, alpha: &str, beta: &str) -> Clearing {
    system(owes, outside, alpha, beta).expect("a network").clear().expect("clears")
}

/// What the definition demands of a clearing vector, computed from it alone.
fn is_fixed_point(owes: &[&str], outside: &str, (alpha, beta): (&str, &str), paid: &[Fraction]) -> bool {
    let owes: Matrix = owes.iter().map(|row| list(row)).collect();
    let total = |node: usize| owes[node].iter().fold(zero(), |sum, part| sum + part);
    (0..paid.len()).all(|node| {
        let received = (0..paid.len())
            .filter(|from| total(*from) != zero())
            .fold(zero(), |sum, from| sum + &owes[from][node] / total(from) * &paid[from]);
        let outside = &list(outside)[node];
        let wanted = match outside + &received >= total(node) {
            true => total(node),
            false => fraction(alpha) * outside + fraction(beta) * received,
        };
        wanted == paid[node]
    })
}

#[test]
fn a_gridlock_has_two_answers() {
    let found = cleared(&["0 100 0", "0 0 100", "100 0 0"], "0 0 0", "1", "1");
    assert_eq!((found.greatest, found.least), (list("100 100 100"), list("0 0 0")));
    assert_eq!(found.waves, Vec::<Vec<usize>>::new());
}

#[test]
fn one_short_venue_draws_the_ring_in() {
    let owes = ["0 60 0 100", "0 0 60 100", "60 0 0 100", "0 0 0 0"];
    let found = cleared(&owes, "100 100 40 0", "1", "1");
    assert_eq!(found.greatest, list("13216/97 14656/97 9376/97 0"));
    assert_eq!(found.least, found.greatest);
    assert_eq!(found.waves, [[2], [0], [1]]);
    let costs = cleared(&owes, "100 100 40 0", "4/5", "4/5");
    assert_eq!(costs.greatest, list("96800/973 106880/973 63200/973 0"));
    assert!(is_fixed_point(&owes, "100 100 40 0", ("4/5", "4/5"), &costs.greatest));
}

/// Rogers and Veraart, example 3.3: the limit from below is (1, 1), where the first bank could pay in full.
#[test]
fn the_limit_from_below_is_no_answer_and_is_left() {
    let owes = ["0 2", "11/5 0"];
    let found = cleared(&owes, "1 1", "1/2", "1/2");
    assert!(!is_fixed_point(&owes, "1 1", ("1/2", "1/2"), &list("1 1")));
    assert_eq!((found.least, found.greatest), (list("2 11/5"), list("2 11/5")));
    let two = cleared(&["0 11/5", "11/5 0"], "1 1", "1/2", "1/2");
    assert_eq!((two.least, two.greatest), (list("1 1"), list("11/5 11/5")));
}

/// A payer who overshoots in the uncapped equations must not make others seem able to pay.
#[test]
fn nobody_pays_more_than_is_owed_on_the_way_from_below() {
    let owes = ["0 10 0", "0 0 30", "0 0 0"];
    let found = cleared(&owes, "100 5 0", "1", "1");
    assert_eq!((found.least, found.greatest), (list("10 15 0"), list("10 15 0")));
    assert_eq!(found.waves, [[1]]);
}

#[test]
fn default_can_cost_everything() {
    let owes = ["0 2 1", "2 0 1", "0 0 0"];
    for (alpha, beta, least) in [("0", "0", "0 0 0"), ("1", "0", "1 1 0"), ("0", "1", "0 0 0")] {
        let found = cleared(&owes, "1 1 0", alpha, beta);
        assert_eq!(found.greatest, list("3 3 0"), "each has 1 and gets 2");
        assert_eq!(found.least, list(least), "{alpha} {beta}");
        assert!(is_fixed_point(&owes, "1 1 0", (alpha, beta), &found.least));
    }
}

#[test]
fn what_is_no_network_is_refused() {
    let code = |found: Result<System, ClearingError>| found.expect_err("refused").code().name;
    let malformed = [
        system(&["0 1"], "0 0", "1", "1"),
        system(&["0", "1 0"], "0 0", "1", "1"),
        system(&["1 1", "0 0"], "0 0", "1", "1"),
        system(&["0 1", "0 0"], "0 0", "2", "1"),
        system(&["0 1", "0 0"], "0 0", "1", "3/2"),
        System::new(&vec![vec![zero()]], &[fraction("1") - fraction("2")], &one(), &one()),
        System::new(&vec![vec![zero()]], &[zero()], &(zero() - one()), &one()),
    ];
    for found in malformed {
        assert_eq!(code(found), "CLEARING_MALFORMED");
    }
    let square = |count: usize, amount: &Fraction| -> Matrix {
        let entry = |row, column| if row == column { zero() } else { amount.clone() };
        (0..count).map(|row| (0..count).map(|column| entry(row, column)).collect()).collect()
    };
    let of =
        |count: usize, amount: &Fraction| System::new(&square(count, amount), &vec![zero(); count], &one(), &one());
    assert_eq!(code(of(NODES_MAX + 1, &zero())), "CLEARING_TOO_LARGE");
    assert_eq!(code(of(DEBTORS_MAX + 1, &one())), "CLEARING_TOO_LARGE");
    assert!(of(NODES_MAX, &zero()).expect("a network").clear().is_ok(), "nobody owes anything");
    let large = Fraction::from_integer(BigInt::from(1_u8) << 400_u32);
    assert_eq!(code(of(2, &large)), "CLEARING_TOO_LARGE");
    assert_eq!(code(of(2, &large.recip())), "CLEARING_TOO_LARGE");
    assert_eq!(code(system(&["0 1", "0 0"], "0 0", &format!("1/{}", large.numer()), "1")), "CLEARING_TOO_LARGE");
    // denominators without a common part: each is small, all together are not
    let primes = [101_u32, 103, 107, 109, 113, 127, 131, 137, 139, 149];
    let huge: Matrix = (0..10_usize)
        .map(|row| {
            (0..10_usize)
                .map(|column| match row == column {
                    true => zero(),
                    false => {
                        Fraction::new(1.into(), BigInt::from(primes[row]).pow(5) * BigInt::from(primes[column]).pow(2))
                    }
                })
                .collect()
        })
        .collect();
    assert_eq!(code(System::new(&huge, &vec![zero(); 10], &one(), &one())), "CLEARING_TOO_LARGE");
}

#[test]
fn the_largest_network_is_cleared_in_finite_time() {
    let count = DEBTORS_MAX;
    // a chain with a little of everything back: every node is a wave of its own
    let owes: Matrix = (0..count)
        .map(|row| {
            (0..count)
                .map(|column| match column == (row + 1) % count {
                    true => Fraction::from_integer(1_000.into()),
                    false if column == row => zero(),
                    false => Fraction::new(1.into(), 97.into()),
                })
                .collect()
        })
        .collect();
    let outside: Vec<Fraction> = (0..count).map(|node| Fraction::from_integer(u8::from(node > 0).into())).collect();
    let found = System::new(&owes, &outside, &one(), &fraction("9/10")).expect("a network").clear().expect("clears");
    assert!(found.least <= found.greatest);
}
