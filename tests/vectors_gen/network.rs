//! `network`: coins that go between venues around a cut-off block.

use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want};

/// Block, direction, amount, and the other side with its share: `163 out 40 b1=40`.
fn flow(text: &str) -> Value {
    let (txid, rest) = text.split_once(": ").unwrap_or_default();
    let parts: Vec<&str> = rest.split(' ').collect();
    let party = |text: &&str| {
        let (address, amount) = text.split_once('=').unwrap_or_default();
        json!({"address": address, "amount": amount})
    };
    json!({"amount": parts[2], "direction": parts[1], "height": parts[0], "txid": txid,
        "parties": parts[3..].iter().map(party).collect::<Vec<_>>()})
}

/// A venue with the addresses NAME1 and NAME2, and a window.
fn venue(name: &str, (from, to): (u64, u64), flows: &[&str]) -> Value {
    json!({"addresses": [format!("{name}1"), format!("{name}2")], "from": from.to_string(), "listed": [],
        "to": to.to_string(), "uncounted": [],
        "flows": flows.iter().map(|text| flow(text)).collect::<Vec<_>>(), "venue": name})
}

/// The same with one field otherwise.
fn with(mut venue: Value, field: &str, value: Value) -> Value {
    venue[field] = value;
    venue
}

const WINDOW: (u64, u64) = (159, 171);

/// Each venue with its window, from payments `txid: block payer>payee amount` that both tell.
fn both_tell(names: &[&str], payments: &[&str]) -> Vec<Value> {
    let told = |name: &str| {
        let flows = payments.iter().filter_map(|text| {
            let (txid, rest) = text.split_once(": ")?;
            let parts: Vec<&str> = rest.split(' ').collect();
            let (payer, payee) = parts[1].split_once('>')?;
            let (way, other) = match name {
                _ if name == payer => ("out", payee),
                _ if name == payee => ("in", payer),
                _ => return None,
            };
            Some(format!("{txid}: {} {way} {} {other}1={}", parts[0], parts[2], parts[2]))
        });
        let flows: Vec<String> = flows.collect();
        venue(name, WINDOW, &flows.iter().map(String::as_str).collect::<Vec<_>>())
    };
    names.iter().map(|name| told(name)).collect()
}

/// What is asked and sent.
struct Case {
    deployments: Vec<Vec<Value>>,
    deposits: Value,
    judged: Value,
    /// What each venue holds and owes; 100 and 100 where it is not said.
    sheets: Vec<(&'static str, &'static str, &'static str)>,
}

impl Case {
    fn new(venues: &[Value]) -> Self {
        Self { deployments: vec![venues.to_vec()], deposits: json!([]), judged: json!([]), sheets: Vec::new() }
    }

    fn deposit(mut self, amount: &str, debtor: &str, depositor: &str) -> Self {
        self.deposits = json!([{"amount": amount, "debtor": debtor, "depositor": depositor}]);
        self
    }

    fn judged(mut self, amount: &str, borrower: &str, lender: &str) -> Self {
        self.judged = json!([{"amount": amount, "borrower": borrower, "lender": lender}]);
        self
    }

    fn sheet(mut self, venue: &'static str, holds: &'static str, owes: &'static str) -> Self {
        self.sheets.push((venue, holds, owes));
        self
    }

    fn chain(mut self, venues: &[Value]) -> Self {
        self.deployments.push(venues.to_vec());
        self
    }

    fn sent(&self) -> (Value, Sent) {
        let sheet = |venue: &Value| {
            let said = self.sheets.iter().find(|(name, ..)| venue["venue"] == *name);
            let (holds, owes) = said.map_or(("100", "100"), |(_, holds, owes)| (holds, owes));
            json!({"holds": holds, "owes": owes, "venue": venue["venue"]})
        };
        let sheets: Vec<Value> = self.deployments[0].iter().map(sheet).collect();
        let cutoffs: Vec<&str> = self.deployments.iter().map(|_| "165").collect();
        let sent = json!({"deployments": self.deployments, "deposits": self.deposits, "judged": self.judged,
            "sheets": sheets});
        (json!({"cutoffs": cutoffs}), Sent::Object(sent))
    }
}

fn lent() -> [Value; 2] {
    [
        venue("a", WINDOW, &["t1: 163 out 40 b1=40", "t2: 168 in 25 b2=25"]),
        venue("b", WINDOW, &["t1: 163 in 40 a1=40", "t2: 168 out 25 a2=25"]),
    ]
}

pub(super) fn add(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, case: Case| {
        let (query, sent) = case.sent();
        vectors.add(&format!("network/{name}"), comment, &["Transfer"], query, sent, Want::Valid);
    };
    payments(&mut case);
    listed(&mut case);
    nets(&mut case);
    noise(&mut case);
    needed(&mut case);
    others(&mut case);
    let bad = [venue("a", WINDOW, &["t1: 163 out 2/4 b1=1"]), venue("b", WINDOW, &[])];
    let (query, sent) = Case::new(&bad).sent();
    let want = Want::Refused(Stage::Parse, "CF-7300");
    vectors.add("network/not_lowest_terms", "2/4 is 1/2", &["Transfer"], query, sent, want);
}

type Add<'a> = dyn FnMut(&str, &str, Case) + 'a;

fn payments(case: &mut Add<'_>) {
    let paid = [venue("a", WINDOW, &["t1: 163 out 40 b1=39 x=1"]), venue("b", WINDOW, &["t1: 163 in 39 a1=40"])];
    case("paid", "one payment that both windows tell", Case::new(&paid));
    let comment = "what came before the cut-off block and went back after it, by other addresses, was lent";
    case("lent", comment, Case::new(&lent()));
    case("lent_and_owed", "a proved deposit of as much is no loan", Case::new(&lent()).deposit("25", "b", "a"));
    case("lent_beyond", "what is beyond the deposit is lent", Case::new(&lent()).deposit("49/2", "b", "a"));
    let comment = "a deposit of the borrower at the lender answers for nothing";
    case("lent_other_way", comment, Case::new(&lent()).deposit("25", "a", "b"));
    let returned = [
        venue("a", WINDOW, &["t1: 161 out 40 b1=40", "t2: 165 in 40 b1=40"]),
        venue("b", WINDOW, &["t1: 161 in 40 a1=40", "t2: 165 out 40 a1=40"]),
    ];
    case("returned_before", "the cut-off block itself is before it", Case::new(&returned));
    let narrow = [venue("a", WINDOW, &["t1: 170 out 40 b1=40"]), venue("b", (164, 166), &[])];
    case("outside", "a block that one window has", Case::new(&narrow));
    let small = [venue("a", WINDOW, &["t1: 163 out 40 b1=2 b2=3 x=35"]), venue("b", WINDOW, &[])];
    let comment = "the other window has the block and tells nothing from so little on: the addresses tell it";
    case("by_address", comment, Case::new(&small));
    let unknown = [venue("a", WINDOW, &[]), venue("b", WINDOW, &["t1: 163 in 7 a2=unknown x=unknown"])];
    case("share_unknown", "at most all of it, when no share is known", Case::new(&unknown));
    let both = with(venue("a", WINDOW, &["t1: 163 out 40 b1=40"]), "addresses", json!(["a1", "b1"]));
    let comment = "an address in both sets is no side of a transfer";
    case("address_in_both", comment, Case::new(&[both, venue("b", WINDOW, &[])]));
}

/// Customers of b: one paid in, another one took out, and a writes their addresses down.
fn listed(case: &mut Add<'_>) {
    let customers = ["t1: 163 in 40 a1=40", "t2: 168 out 25 a2=25"];
    let accuser = |listed: &[&str]| with(venue("a", WINDOW, &[]), "listed", json!(listed));
    let comment = "addresses that the lender only lists, without control of them, convict nobody";
    case("lent_by_a_list", comment, Case::new(&[accuser(&["a1", "a2"]), venue("b", WINDOW, &customers)]));
    let partly = ["t1: 163 in 40 a1=15 a2=25", "t2: 168 out 30 a1=30"];
    let comment = "what comes from addresses under control is lent, the rest by a list alone";
    case("lent_partly_by_a_list", comment, Case::new(&[accuser(&["a2"]), venue("b", WINDOW, &partly)]));
    let unknown = ["t1: 163 in 40 a1=10 a2=unknown", "t2: 168 out 40 a1=40"];
    let comment = "a share that is not known is no share of an address that is only listed";
    case("listed_share_unknown", comment, Case::new(&[accuser(&["a2"]), venue("b", WINDOW, &unknown)]));
}

/// What both pay each other is set off, block after block, from the cut-off block on.
fn nets(case: &mut Add<'_>) {
    let pair = |payments: &[&str]| Case::new(&both_tell(&["a", "b"], payments));
    let daily = ["t1: 161 a>b 40", "t2: 163 b>a 40", "t3: 167 b>a 30", "t4: 169 a>b 30"];
    case("settled_daily", "two who pay each other as much every day lent nothing", pair(&daily));
    let nearly = ["t1: 160 a>b 40", "t2: 162 b>a 38", "t3: 164 a>b 5", "t4: 166 a>b 50", "t5: 168 b>a 53"];
    case("settled_nearly", "of large payments both ways, what is left over the cut-off", pair(&nearly));
    let pieces = ["t1: 160 a>b 10", "t2: 163 a>b 10", "t3: 165 a>b 20", "t4: 166 b>a 15", "t5: 170 b>a 30"];
    case("lent_in_pieces", "it came in three pieces, and went back in two, with interest", pair(&pieces));
    let edges = ["t1: 159 a>b 40", "t2: 171 b>a 40"];
    case("lent_at_the_edges", "the first and the last block of the windows", pair(&edges));
    let closest = ["t1: 165 a>b 40", "t2: 166 b>a 40"];
    case("lent_for_one_block", "it came in the cut-off block and went back in the next one", pair(&closest));
    let within = ["t1: 165 a>b 40", "t2: 165 b>a 40", "t3: 167 b>a 40"];
    case("back_in_the_same_block", "at the end of the cut-off block nothing of it was there", pair(&within));
    let twice = ["t1: 164 a>b 40", "t2: 166 b>a 40", "t3: 167 a>b 40"];
    case("lent_again", "that it was lent again later gives nothing back", pair(&twice));
}

/// Payments the other way that are to hide a loan.
fn noise(case: &mut Add<'_>) {
    let early = ["t1: 160 b>a 40", "t2: 164 a>b 40", "t3: 167 b>a 40"];
    case("noise_before", "what b paid before it was lent hides nothing", Case::new(&both_tell(&["a", "b"], &early)));
    let later = ["t1: 164 a>b 40", "t2: 166 b>a 40", "t3: 168 a>b 90"];
    case("noise_after", "what b got after it had given back hides nothing", Case::new(&both_tell(&["a", "b"], &later)));
    let [mut a, mut b] = lent();
    let also = |venue: &mut Value, text: &str| venue["flows"].as_array_mut().expect("a list").push(flow(text));
    also(&mut a, "t0: 163 in 40 b2=40");
    b["uncounted"] = json!(["b2"]);
    let comment = "what b paid from an address that counts for nothing takes nothing from its reserves";
    case("noise_uncounted", comment, Case::new(&[a, b]));
    let [mut a, mut b] = lent();
    also(&mut b, "t0: 163 out 40 a3=40");
    a["addresses"] = json!(["a1", "a2", "a3"]);
    a["listed"] = json!(["a3"]);
    let comment = "what b paid to an address that a only lists may be with b still";
    case("noise_to_a_list", comment, Case::new(&[a, b]));
    let [mut a, b] = lent();
    also(&mut a, "t0: 163 in 40 b1=unknown x=unknown");
    let comment = "a share that is not known sets nothing off";
    case("noise_unknown", comment, Case::new(&[a, b]));
    let [mut a, b] = lent();
    also(&mut a, "t0: 163 in 20 b1=20");
    case("small_change", "what only the payee tells, from an address that counts, is set off", Case::new(&[a, b]));
    // b and a stranger pay 20 each, a and c get 20 each
    let mut all =
        both_tell(&["a", "b", "c"], &["t1: 162 a>b 20", "t2: 162 c>b 20", "t8: 167 b>a 20", "t9: 167 b>c 20"]);
    for (place, text) in [(0, "t3: 164 in 20 b1=20 x=20"), (1, "t3: 164 out 20 a1=20 c1=20"), (2, "t3: 164 in 20 x=20")]
    {
        also(&mut all[place], text);
    }
    case("noise_once", "what left b in one transaction is set off once, whoever got as much in it", Case::new(&all));
}

/// Whether the borrower would have what it owes without.
fn needed(case: &mut Add<'_>) {
    case("covered_without", "b has what it owes without it", Case::new(&lent()).sheet("b", "125", "100"));
    case("covered_not_quite", "a hundredth is missing", Case::new(&lent()).sheet("b", "12499/100", "100"));
    let comment = "b does not say what it owes: nothing shows that it would have it";
    case("owes_unknown", comment, Case::new(&lent()).sheet("b", "unknown", "unknown"));
    let two = ["t1: 163 a>b 10", "t2: 164 c>b 10", "t3: 167 b>a 10", "t4: 168 b>c 10"];
    let two = || Case::new(&both_tell(&["a", "b", "c"], &two));
    let comment = "without either it would have what it owes, without both it would not";
    case("two_lenders", comment, two().sheet("b", "119", "100"));
    case("two_lenders_covered", "without both it has what it owes", two().sheet("b", "120", "100"));
    let comment = "its own report has found the round trip, and taken it off";
    case("judged", comment, Case::new(&lent()).judged("25", "b", "a"));
    case("judged_in_part", "of 25 its own report has found 20", Case::new(&lent()).judged("20", "b", "a"));
    let found = two().sheet("b", "109", "100").judged("20", "b", "a");
    case("judged_of_one", "what it found with one lender answers for no other", found);
}

/// By way of somebody else.
fn others(case: &mut Add<'_>) {
    let three = |payments: &[&str]| Case::new(&both_tell(&["a", "b", "c"], payments));
    let around = ["t1: 163 a>b 40", "t2: 164 b>c 40", "t3: 168 c>a 40"];
    case("around", "coins of a came to c over b, and went back directly", three(&around));
    let back = ["t1: 164 a>c 40", "t2: 167 c>b 30", "t3: 170 b>a 35"];
    case("back_around", "they came directly, and went back over b", three(&back));
    let comment = "a proved deposit answers for a loan by another way, too";
    case("around_and_owed", comment, three(&around).deposit("40", "c", "a"));
    let passed = ["t1: 163 a>b 40", "t2: 164 b>c 40", "t3: 167 c>b 40", "t4: 168 b>a 40"];
    case("passed_on", "b lent on what it was lent: the coins were with c alone", three(&passed));
    let idle = venue("b", WINDOW, &["t1: 163 in 40 a1=40", "t4: 168 out 40 a1=40"]);
    let idle = [
        venue("a", WINDOW, &["t1: 163 out 40 b1=40", "t4: 168 in 40 b1=40"]),
        with(idle, "uncounted", json!(["b2"])),
        venue("c", WINDOW, &["t2: 164 in 40 b2=40", "t3: 167 out 40 b2=40"]),
    ];
    case(
        "passed_on_uncounted",
        "what b lent on from an address that counts for nothing is no less to rest on",
        Case::new(&idle),
    );
    let ring = ["t1: 163 a>b 40", "t2: 163 b>c 40", "t3: 163 c>a 40"];
    let home = ["t4: 167 b>a 40", "t5: 167 c>b 40", "t6: 167 a>c 40"];
    case("ring_of_loans", "nobody has more or less by it", three(&[&ring[..], &home[..]].concat()));
    case("through", "coins that go through, and not back, are no loan", three(&["t1: 163 a>b 40", "t2: 168 b>c 40"]));
    let four = ["t1: 163 a>c 40", "t2: 164 c>d 40", "t3: 167 d>b 40", "t4: 168 b>a 40"];
    case(
        "around_both",
        "over one venue there, over another one back",
        Case::new(&both_tell(&["a", "b", "c", "d"], &four)),
    );
    let long = ["t1: 162 a>b 40", "t2: 163 b>c 40", "t3: 164 c>d 40", "t4: 168 d>a 40"];
    let comment = "a way over two venues is not looked for";
    case("too_long_a_way", comment, Case::new(&both_tell(&["a", "b", "c", "d"], &long)));
    let pair = |payments: &[&str]| both_tell(&["a", "b"], payments);
    let other_chain = Case::new(&pair(&["t1: 163 a>b 40"])).chain(&pair(&["t2: 168 b>a 40"]));
    case("other_chain", "they came on one chain and went back on another one", other_chain);
    let swapped = Case::new(&pair(&["t1: 163 a>b 40", "t2: 168 b>a 40"]));
    let swapped = swapped.chain(&pair(&["t3: 163 b>a 40", "t4: 168 a>b 40"]));
    case("swapped_chains", "each had coins of the other on another chain: nobody had more", swapped);
    let moved = Case::new(&pair(&["t1: 163 a>b 40"])).chain(&pair(&["t3: 163 b>a 40", "t4: 168 b>a 40"]));
    case("moved_chains", "b had given as much on the other chain", moved);
}
