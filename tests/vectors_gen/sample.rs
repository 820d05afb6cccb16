use counterfoil::reconcile::sample::heights;
use serde_json::json;

use super::{Sent, Stage, Vectors, Want, seeded};
use counterfoil::hash::Digest;

/// Names a draw: who committed to what, which block came later, and the range.
struct Draw {
    commitment: Digest,
    beacon: Digest,
    range: (u64, u64),
    count: u32,
}

impl Draw {
    fn heights(&self) -> Vec<String> {
        let drawn = heights(&self.commitment, &self.beacon, self.range.0, self.range.1, self.count);
        drawn.unwrap_or_default().iter().map(u64::to_string).collect()
    }
}

fn draw(range: (u64, u64), count: u32) -> Draw {
    let named = |name: &str| Digest::from_bytes(seeded(name));
    Draw { commitment: named("sample: statement"), beacon: named("sample: beacon"), range, count }
}

fn case(vectors: &mut Vectors, name: &str, comment: &str, flags: &[&str], asked: &Draw, given: &[String], want: Want) {
    let query = json!({
        "beacon": asked.beacon.to_string(),
        "commitment": asked.commitment.to_string(),
        "count": asked.count.to_string(),
        "from": asked.range.0.to_string(),
        "to": asked.range.1.to_string(),
    });
    let sent = Sent::Object(json!({ "heights": given }));
    vectors.add(&format!("sample/{name}"), comment, flags, query, sent, want);
}

/// Name, comment, flags, range and count.
type Accepted<'a> = (&'a str, &'a str, &'a [&'a str], (u64, u64), u32);

pub(super) fn add(vectors: &mut Vectors) {
    let accepted: [Accepted<'_>; 6] = [
        ("fifty_nine", "as many as find a dip in 5 % of the blocks with 95 %", &[], (1_000, 8_199), 59),
        ("one_block", "a range of one block has one answer", &["Boundary"], (7, 7), 3),
        ("some_twice", "a small range is drawn from with repetition", &["Boundary"], (100, 102), 8),
        ("power_of_two", "the last bits alone decide", &["Boundary"], (0, 255), 4),
        ("all_blocks", "the largest range: 2^64 blocks", &["Boundary", "Overflow"], (0, u64::MAX), 4),
        ("two_to_the_64_minus_1", "one block fewer", &["Boundary", "Overflow"], (1, u64::MAX), 4),
    ];
    for (name, comment, flags, range, count) in accepted {
        let asked = draw(range, count);
        case(vectors, name, comment, flags, &asked, &asked.heights(), Want::Valid);
    }
    refused(vectors);
}

fn refused(vectors: &mut Vectors) {
    let asked = draw((1_000, 8_199), 5);
    let swapped = Draw { commitment: asked.beacon, beacon: asked.commitment, ..draw((1_000, 8_199), 5) };
    let mut sorted = asked.heights();
    sorted.sort_unstable();
    let mut chosen = asked.heights();
    if let Some(last) = chosen.last_mut() {
        *last = "1000".to_owned();
    }
    let cases: [(&str, &str, Vec<String>); 7] = [
        ("chosen", "one block was replaced by one that is better known", chosen),
        ("sorted", "the order of the draws is a part of the answer", sorted),
        ("one_left_out", "a block that would have shown a dip is not there", draw((1_000, 8_199), 4).heights()),
        ("one_more", "more than was asked for", draw((1_000, 8_199), 6).heights()),
        ("none", "nothing was drawn", Vec::new()),
        ("swapped", "commitment and beacon in the other order", swapped.heights()),
        ("other_range", "drawn from a range with one block less", draw((1_000, 8_198), 5).heights()),
    ];
    for (name, comment, given) in cases {
        case(vectors, name, comment, &["Chosen"], &asked, &given, Want::Refused(Stage::Bind, "CF-7133"));
    }
}
