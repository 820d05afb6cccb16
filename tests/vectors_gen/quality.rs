use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want};

const BUCKETS: [&str; 5] = ["now", "24h", "7d", "30d", "longer"];

/// What can be asked for and what can be paid, by bucket; without decimals.
fn stepped(asset: &str, relation: &str, steps: [(u64, u64); 5]) -> Value {
    let step = |(due, (callable, available)): (&str, (u64, u64))| {
        let (callable, available) = (callable.to_string(), available.to_string());
        json!({"available": available, "callable": callable, "due": due})
    };
    let steps: Vec<Value> = BUCKETS.into_iter().zip(steps).map(step).collect();
    json!({"asset": asset, "decimals": "0", "relation": relation, "steps": steps})
}

/// The same in every bucket.
fn stock(asset: &str, relation: &str, callable: u64, available: u64) -> Value {
    stepped(asset, relation, [(callable, available); 5])
}

fn file(more: &str) -> String {
    format!("format = \"counterfoil-assumptions-v1\"\n{more}")
}

/// 40 of A are missing at 1, and 30 of B are left.
fn pair() -> Value {
    json!({"stocks": [stock("A", "none", 100, 60), stock("B", "none", 5, 35)]})
}

const A: &str = "[[quality.asset]]\nid = \"A\"\nprice = \"1\"\n";

pub(super) fn add(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flags: &[&str], query: Value, more: &str| {
        let sent = Sent::Bytes(file(more).into_bytes());
        vectors.add(&format!("quality/{name}"), comment, flags, query, sent, Want::Valid);
    };
    let of_b = |more: &str| format!("{A}[[quality.asset]]\nid = \"B\"\n{more}\n");
    let caps: [(&str, &str, &str); 8] = [
        ("by_price", "all that is left, at its price", "price = \"2\""),
        ("by_participation", "a tenth of a day's volume each day", "price = \"2\"\ndaily_volume = \"10\""),
        ("by_float", "no more than others have", "price = \"2\"\nfree_float = \"15\"\ncirculating = \"70\""),
        (
            "by_book",
            "what the bids pay",
            "bid = [{ price = \"2\", amount = \"10\" }, { price = \"1.5\", amount = \"9\" }]",
        ),
        ("by_impact", "selling lowers the price", "price = \"2\"\ndaily_volume = \"3000\"\nvolatility = 9000"),
        ("by_market_value", "no more than all of it is worth", "price = \"2\"\nmarket_value = \"33.25\""),
        ("by_wrong_way", "worth a third when the venue is in trouble", "price = \"2\"\nwrong_way = 3333"),
        (
            "by_impact_beyond_the_turning_point",
            "more units bring less",
            "price = \"9\"\ndaily_volume = \"3\"\nvolatility = 15000",
        ),
    ];
    for (name, comment, more) in caps {
        case(name, comment, &["Assumed"], pair(), &of_b(more));
    }
    let late = [(10, 20), (10, 20), (10, 40), (40, 40), (40, 40)];
    let locked = json!({"stocks": [stock("A", "none", 25, 0), stepped("B", "none", late)]});
    let comment = "a part of it is locked for a week, and then its own customers want it";
    case("by_lock", comment, &["Assumed"], locked, &of_b("price = \"2\""));
    let own = |relation: &str| json!({"stocks": [stock("A", "none", 100, 60), stock("B", relation, 30, 1000)]});
    let comment = "a token of its own fills the sheet: it pays what is owed in it, and nothing else";
    let float = "price = \"50\"\nfree_float = \"400\"\ncirculating = \"4000\"";
    case("own_token", comment, &["Assumed"], own("self"), &of_b(float));
    case("affiliate_token", "the same of an affiliate", &["Assumed"], own("affiliate"), &of_b(float));
    let comment = "each assumption alone, and the bucket that fails instead";
    let turning = json!({"stocks": [
        stepped("A", "none", [(0, 0), (10, 0), (10, 0), (10, 0), (10, 0)]), stock("B", "none", 0, 50),
    ]});
    let more = "[quality]\nunit = \"USD\"\nparticipation = 2000\nshares = [10000, 5000, 1]\n";
    case("turns", comment, &["Assumed"], turning, &format!("{more}{}", of_b("price = \"1\"\ndaily_volume = \"100\"")));
    let unknown = json!({"stocks": [
        stock("A", "none", 10, 5), stock("B", "none", 0, 7), stock("C", "none", 3, 1),
    ]});
    case("nothing_assumed", "what nobody assumes anything of is not known", &["Boundary"], unknown, A);
    case("nothing_at_all", "no asset", &["Boundary"], json!({"stocks": []}), "");
    let comment = "exactly as much as is missing: no bucket fails, and one step less does";
    let enough = json!({"stocks": [stock("A", "none", 60, 0), stock("B", "none", 0, 30)]});
    case("exactly_enough", comment, &["Boundary"], enough, &of_b("price = \"2\""));
    let decimals = json!({"stocks": [
        {"asset": "A", "decimals": "8", "relation": "none", "steps": BUCKETS.map(|due| json!(
            {"available": "1", "callable": u128::MAX.to_string(), "due": due}))},
        {"asset": "B", "decimals": "18", "relation": "none", "steps": BUCKETS.map(|due| json!(
            {"available": u128::MAX.to_string(), "callable": "1", "due": due}))},
    ]});
    case(
        "largest_amounts",
        "amounts of 128 bits, at eight and at eighteen decimals",
        &["Boundary"],
        decimals,
        &of_b("price = \"99999999.00000001\"\ndaily_volume = \"0.0000000001\"\nvolatility = 1"),
    );
    refused(vectors);
}

fn refused(vectors: &mut Vectors) {
    let row = |more: &str| format!("[[quality.asset]]\nid = \"A\"\n{more}\n");
    let table = |more: &str| format!("[quality]\n{more}\n");
    let cases: [(&str, &str, &str, String); 18] = [
        ("unknown_field", "a field that nobody knows", "UnknownField", table("haircut = 1")),
        ("unknown_term", "a field of an asset that nobody knows", "UnknownField", row("haircut = 1")),
        ("participation_above_one", "more than all of the volume", "Strict", table("participation = 10001")),
        ("impact_too_large", "more than a hundred times", "Strict", table("impact = 1000001")),
        ("float_share_above_one", "more than all of the float", "Strict", table("float_share = 10001")),
        ("share_above_one", "a row of the table above the whole", "Strict", table("shares = [10001]")),
        ("number_negative", "a share below zero", "NegativeAmount", table("participation = -1")),
        ("unit_empty", "a unit without a name", "Strict", table("unit = \" \"")),
        ("unit_too_long", "41 letters", "Strict", table(&format!("unit = \"{}\"", "U".repeat(41)))),
        ("volatility_too_large", "more than a hundred times in a day", "Strict", row("volatility = 1000001")),
        ("wrong_way_above_one", "worth more in trouble than before", "Strict", row("wrong_way = 10001")),
        ("price_with_exponent", "1e3 is no plain decimal", "NumberForm", row("price = \"1e3\"")),
        ("price_as_number", "a float where a text belongs", "NumberForm", row("price = 1.5")),
        ("volume_negative", "below zero", "NegativeAmount", row("daily_volume = \"-1\"")),
        ("relation_unknown", "a word that is no relation", "Strict", row("relation = \"friend\"")),
        (
            "float_above_circulating",
            "others have more than there is",
            "Contradiction",
            row("free_float = \"2\"\ncirculating = \"1\""),
        ),
        (
            "bids_rise",
            "an order book upside down",
            "Order",
            row("bid = [{ price = \"1\", amount = \"1\" }, { price = \"2\", amount = \"1\" }]"),
        ),
        ("asset_twice", "two rows for one asset", "Contradiction", format!("{}{}", row(""), row(""))),
    ];
    for (name, comment, flag, more) in cases {
        let want = Want::Refused(Stage::Parse, "CF-3261");
        let sent = Sent::Bytes(file(&more).into_bytes());
        vectors.add(&format!("quality/{name}"), comment, &[flag], json!({"stocks": []}), sent, want);
    }
    let want = Want::Refused(Stage::Parse, "CF-3261");
    let sent = Sent::Bytes(b"format = \"counterfoil-assumptions-v2\"\n".to_vec());
    vectors.add("quality/other_format", "a later version", &["Strict"], json!({"stocks": []}), sent, want);
}
