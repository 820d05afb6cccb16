use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want};

/// Rows by debtor, what each has, alpha and beta; all separated by blanks.
fn network(owes: &[&str], outside: &str, alpha: &str, beta: &str) -> Value {
    let list = |texts: &str| texts.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let owes: Vec<Vec<String>> = owes.iter().map(|row| list(row)).collect();
    json!({"alpha": alpha, "beta": beta, "outside": list(outside), "owes": owes})
}

/// Three venues with deposits of 60 in a ring, 100 owed to the customers of each: node 3.
const RING: [&str; 4] = ["0 60 0 100", "0 0 60 100", "60 0 0 100", "0 0 0 0"];

const EN: &str = "Eisenberg and Noe, Systemic Risk in Financial Systems, 2001";
const RV: &str = "Rogers and Veraart, Failure and Rescue in an Interbank Network, 2013";

pub(super) fn add(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flags: &[&str], sent: Value| {
        vectors.add(&format!("clearing/{name}"), comment, flags, json!({}), Sent::Object(sent), Want::Valid);
    };
    published(&mut case);
    let ring = |outside: &str, alpha: &str, beta: &str| network(&RING, outside, alpha, beta);
    case("ring_backed", "three venues in a ring, all of them backed", &["Clearing"], ring("100 100 100 0", "1", "1"));
    let comment = "the gross sheets call one of three short; cleared, all three default, and customers get 240 of 300";
    case("ring_one_short", comment, &["Clearing"], ring("100 100 40 0", "1", "1"));
    let comment = "the same where a default costs a fifth: customers get 1200/7";
    case("ring_default_costs", comment, &["Clearing", "DefaultCosts"], ring("100 100 40 0", "4/5", "4/5"));
    let paper = "a ring on paper: nothing but deposits at each other, and customers get nothing";
    case("ring_on_paper", paper, &["Clearing"], ring("0 0 0 0", "1", "1"));
    case("nobody", "no node at all", &["Boundary"], network(&[], "", "1", "1"));
    case("nobody_owes", "nodes without obligations", &["Boundary"], network(&["0 0", "0 0"], "0 7/3", "1", "0"));
    let comment = "exactly as much as is owed: nobody defaults, whatever a default costs";
    case("exactly_enough", comment, &["Boundary"], network(&["0 5 0", "0 0 5", "0 0 0"], "5 0 0", "0", "0"));
    let comment = "the first pays everything; uncapped, its share would make the second look able";
    let owes = ["0 10 0", "0 0 30", "0 0 0"];
    case("capped_from_below", comment, &["Clearing"], network(&owes, "100 5 0", "1", "1"));
    let comment = "a default costs everything that others paid, and nothing of what is at home";
    case("beta_zero", comment, &["DefaultCosts"], network(&["0 2 1", "2 0 1", "0 0 0"], "1 1 0", "1", "0"));
    let comment = "one ring without money beside a chain with some: only the ring has two answers";
    let owes = ["0 9 0 0", "9 0 0 0", "0 0 0 8", "0 0 0 0"];
    case("gridlock_beside_a_chain", comment, &["Gridlock"], network(&owes, "0 0 5 0", "1", "1"));
    let comment = "two rings that share an obligation: the first by its nodes is struck out first";
    let owes = ["0 7 0 0", "0 0 7 3", "4 0 0 0", "6 0 0 0"];
    case("rings_that_share", comment, &["Clearing"], network(&owes, "1 1 1 1", "1", "1"));
    refused(vectors);
}

/// Worked examples of the literature, in our words.
fn published(case: &mut impl FnMut(&str, &str, &[&str], Value)) {
    let comment = format!("{EN}: a ring without money; all pay by netting, or nobody pays");
    case("gridlock", &comment, &["Gridlock"], network(&["0 100 0", "0 0 100", "100 0 0"], "0 0 0", "1", "1"));
    let comment = format!("{EN}: a default runs down a chain and stops at a node that is left with nothing");
    let owes = ["0 100 0 0", "0 0 80 0", "0 0 0 60", "0 0 0 0"];
    case("chain", &comment, &["Clearing"], network(&owes, "40 10 10 0", "1", "1"));
    let comment =
        format!("{RV}, example 3.3: steps from below end at (1, 1), which is no answer; it goes on from there");
    case("limit_from_below", &comment, &["DefaultCosts"], network(&["0 2", "11/5 0"], "1 1", "1/2", "1/2"));
    let comment = format!("{RV}: with default costs two answers, and neither of them is a mistake");
    let owes = ["0 11/5", "11/5 0"];
    case("two_answers", &comment, &["DefaultCosts", "Gridlock"], network(&owes, "1 1", "1/2", "1/2"));
    let comment = format!("{RV}, section 5.1: a ring of six in which every second one draws the next one down");
    let owes = ["0 2 0 0 0 0", "0 0 3 0 0 0", "0 0 0 2 0 0", "0 0 0 0 3 0", "0 0 0 0 0 2", "3 0 0 0 0 0"];
    case("ring_of_six", &comment, &["DefaultCosts"], network(&owes, "0 4/5 0 4/5 0 4/5", "1/2", "1/2"));
    let comment = "Barucca and others, Network Valuation in Financial Systems, 2020: three banks after a shock of a tenth, \
                   outside creditors as a node of equal rank";
    let owes = ["0 4 0 17", "0 0 3 18", "2 0 0 8", "0 0 0 0"];
    case("three_banks", comment, &["Clearing"], network(&owes, "18 18 9 0", "1", "1"));
}

fn refused(vectors: &mut Vectors) {
    let pair = ["0 1", "0 0"];
    let beyond = (num_bigint::BigUint::from(1_u8) << 321_u32).to_string();
    let cases: [(&str, &str, &str, Value, &str); 13] = [
        ("negative", "an amount below zero", "Strict", network(&["0 -1", "0 0"], "0 0", "1", "1"), "CF-7300"),
        ("not_lowest_terms", "2/4 is 1/2", "Strict", network(&["0 2/4", "0 0"], "0 0", "1", "1"), "CF-7300"),
        ("padded", "a zero in front", "Strict", network(&["0 01", "0 0"], "0 0", "1", "1"), "CF-7300"),
        ("decimal_point", "no decimals", "Strict", network(&pair, "0.5 0", "1", "1"), "CF-7300"),
        ("denominator_zero", "divided by nothing", "Strict", network(&pair, "1/0 0", "1", "1"), "CF-7300"),
        ("whole_over_one", "3/1 is 3", "Strict", network(&pair, "3/1 0", "1", "1"), "CF-7300"),
        (
            "owes_itself",
            "an entry on the diagonal",
            "Contradiction",
            network(&["1 1", "0 0"], "0 0", "1", "1"),
            "CF-7300",
        ),
        ("row_missing", "fewer rows than nodes", "Contradiction", network(&["0 1"], "0 0", "1", "1"), "CF-7300"),
        (
            "row_too_long",
            "a row of three in a network of two",
            "Contradiction",
            network(&["0 1 0", "0 0"], "0 0", "1", "1"),
            "CF-7300",
        ),
        ("alpha_above_one", "a default that makes rich", "Contradiction", network(&pair, "0 0", "3/2", "1"), "CF-7300"),
        ("beta_above_one", "likewise", "Contradiction", network(&pair, "0 0", "1", "2"), "CF-7300"),
        (
            "amount_too_large",
            "a number of 322 bits",
            "Overflow",
            network(&pair, &format!("{beyond} 0"), "1", "1"),
            "CF-7301",
        ),
        (
            "share_too_fine",
            "a share with a denominator of 322 bits",
            "Overflow",
            network(&pair, "0 0", &format!("1/{beyond}"), "1"),
            "CF-7301",
        ),
    ];
    for (name, comment, flag, sent, code) in cases {
        let want = Want::Refused(Stage::Parse, code);
        vectors.add(&format!("clearing/{name}"), comment, &[flag], json!({}), Sent::Object(sent), want);
    }
}
