//! Vectors of `sheet`: the published sheets of `vectors/episodes`, sheets on which every cap binds somewhere, the same
//! rows as a table, and what is refused.

use serde_json::{Map, Value, json};

use super::{Sent, Stage, Vectors, Want};
use crate::vector_runner::{self, Outcome};

/// Files of `vectors/episodes`, with what everything brings at most at once, worked out by hand.
const EPISODES: [(&str, &str, [&str; 2], &str, &str); 2] = [
    (
        "ftx_2022_11_10",
        "published in November 2022: its own token at zero, and SRM at the market value of all of it",
        [
            include_str!("../../vectors/episodes/ftx-2022-11-10.toml"),
            include_str!("../../vectors/episodes/ftx-2022-11-10.assumptions.toml"),
        ],
        "6935",
        "short",
    ),
    (
        "alameda_2022_06_30",
        "published in November 2022: 174 % of all FTT on one sheet, and nobody says when its loans are due",
        [
            include_str!("../../vectors/episodes/alameda-2022-06-30.toml"),
            include_str!("../../vectors/episodes/alameda-2022-06-30.assumptions.toml"),
        ],
        "8780",
        "not-determinable",
    ),
];

/// A sheet on which every cap binds somewhere.
const CAPS: &str = r#"
format = "counterfoil-sheet-v1"
name = "made up"
as_of = "2026-11-01T00:00:00Z"
unit = "USD"
callable = "at-once"
sources = ["made up"]
[[asset]]
name = "one half"
asset = "AAA"
kind = "token"
quantity = "600"
relation = "none"
[[asset]]
name = "other half, locked"
asset = "AAA"
kind = "token"
quantity = "400.5"
relation = "none"
due = "7d"
[[asset]]
name = "marked"
asset = "BBB"
kind = "token"
marked = "7000.25"
relation = "none"
[[asset]]
name = "own"
asset = "CCC"
kind = "token"
marked = "50"
relation = "affiliate"
[[asset]]
name = "cash"
asset = "USD"
kind = "bank"
marked = "30"
relation = "none"
due = "24h"
[[liability]]
name = "customers"
asset = "USD"
amount = "3000"
[[liability]]
name = "a bond"
amount = "900.125"
due = "30d"
[[liability]]
name = "owed in its own token"
asset = "CCC"
amount = "20"
[[entry]]
name = "suspense"
amount = "3"
negative = false
"#;

/// TOML as JSON; whole numbers as their digits, for JSON has no numbers here.
fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::Array(items) => items.iter().map(plain).collect(),
        toml::Value::Table(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        toml::Value::Boolean(answer) => json!(answer),
        toml::Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

fn read(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).expect("a file of this repository");
    plain(&toml::Value::Table(table))
}

fn sent(sheet: &Value, rows: Option<&str>) -> Sent {
    let mut sent = json!({"sheet": sheet});
    if let Some(rows) = rows {
        sent["rows"] = json!(rows);
    }
    Sent::Object(sent)
}

fn under(quality: Option<&Value>) -> Value {
    quality.map_or_else(|| json!({}), |quality| json!({"quality": quality}))
}

pub(super) fn add(vectors: &mut Vectors) {
    episodes(vectors);
    for (name, comment, quality) in variants() {
        let (id, query) = (format!("sheet/{name}"), under(Some(&quality)));
        vectors.add(&id, comment, &["Coverage"], query, sent(&read(CAPS), None), Want::Valid);
    }
    let comment = "without assumptions nothing caps a quantity, so nobody can say what it brings";
    vectors.add("sheet/unknown", comment, &["Evidence"], under(None), sent(&read(CAPS), None), Want::Valid);
    in_kind(vectors);
    slips(vectors);
    sheets_that_are_refused(vectors);
    tables(vectors);
}

fn episodes(vectors: &mut Vectors) {
    for (name, comment, [sheet, assumptions], at_most, verdict) in EPISODES {
        let (id, sheet) = (format!("sheet/{name}"), read(sheet));
        let query = under(Some(&read(assumptions)["quality"]));
        match vector_runner::run("sheet", &query, &sent(&sheet, None)) {
            Ok(Outcome::Valid(found)) => {
                let rung = found.get("ladder").map(|ladder| ladder["rungs"][0]["realisable"].clone());
                if rung != Some(json!(at_most)) || found.get("verdict") != Some(&json!(verdict)) {
                    vectors.surprises.push(format!("{id}: by hand {at_most} and {verdict}, computed {rung:?}"));
                }
            }
            other => vectors.surprises.push(format!("{id}: {other:?}")),
        }
        vectors.add(&id, comment, &["Coverage"], query, sent(&sheet, None), Want::Valid);
    }
    let (id, comment) = ("sheet/ftx_without_assumptions", "without a market value its own token alone is at zero");
    vectors.add(id, comment, &["Coverage"], under(None), sent(&read(EPISODES[0].2[0]), None), Want::Valid);
}

/// Assumptions about the sheet above, so that each cap is the smallest one somewhere.
fn variants() -> Vec<(&'static str, &'static str, Value)> {
    let caps = [
        ("participation", "a share of a day's volume", json!({"daily_volume": "333"})),
        ("impact", "selling lowers the price", json!({"daily_volume": "333", "volatility": "900"})),
        ("impact_all", "no more is sold than brings something", json!({"daily_volume": "7", "volatility": "20000"})),
        ("no_volume", "nothing is traded", json!({"daily_volume": "0", "volatility": "900"})),
        ("float", "what others hold", json!({"free_float": "1000"})),
        ("market_value", "what all of it is worth", json!({"market_value": "123.456"})),
        ("wrong_way", "it falls when the venue does", json!({"wrong_way": "3333"})),
        (
            "book",
            "what is offered at once",
            json!({"bid": [{"price": "2.4", "amount": "10"}, {"price": "1", "amount": "2000"}]}),
        ),
        ("affiliate", "the verifier knows better than the sheet", json!({"relation": "affiliate"})),
        ("price_alone", "a price caps a quantity", json!({})),
    ];
    let of = |(name, comment, cap): (&'static str, &'static str, Value)| {
        let mut first = Map::from_iter([("id".to_owned(), json!("AAA")), ("price".to_owned(), json!("2.5"))]);
        let mut second = Map::from_iter([("id".to_owned(), json!("BBB"))]);
        first.extend(cap.as_object().cloned().unwrap_or_default());
        second.extend(cap.as_object().cloned().unwrap_or_default());
        (name, comment, json!({"participation": "1500", "float_share": "3000", "asset": [first, second]}))
    };
    caps.into_iter().map(of).collect()
}

/// What is owed in an asset is paid with it: nobody has to sell it, so no cap on a sale makes that short.
fn in_kind(vectors: &mut Vectors) {
    let sheet = |asset: Value, liability: Value| {
        json!({"format": "counterfoil-sheet-v1", "name": "made up", "as_of": "2026-11-01T00:00:00Z", "unit": "USD",
            "callable": "at-once", "sources": ["made up"], "asset": asset, "liability": liability})
    };
    let coins = |more: Value| {
        let mut row = json!({"name": "coins", "asset": "BTC", "kind": "coin", "relation": "none"});
        row.as_object_mut().expect("a row").extend(more.as_object().cloned().unwrap_or_default());
        row
    };
    let debt = |name: &str, asset: &str, amount: &str| json!({"name": name, "asset": asset, "amount": amount});
    let one = coins(json!({"marked": "100", "quantity": "1", "due": "now"}));
    let volume = json!({"price": "100", "daily_volume": "100000"});
    let mut case = |name: &str, comment: &str, asset: Value, liability: Value, terms: &Value, at_once: &str| {
        let mut terms = terms.clone();
        terms["id"] = json!("BTC");
        let (id, query, sheet) =
            (format!("sheet/{name}"), under(Some(&json!({"asset": [terms]}))), sheet(asset, liability));
        match vector_runner::run("sheet", &query, &sent(&sheet, None)) {
            Ok(Outcome::Valid(found)) => {
                let rung = found.get("ladder").map(|ladder| ladder["rungs"][0]["realisable"].clone());
                if rung != Some(json!(at_once)) {
                    vectors.surprises.push(format!("{id}: by hand {at_once} at once, computed {rung:?}"));
                }
            }
            other => vectors.surprises.push(format!("{id}: {other:?}")),
        }
        vectors.add(&id, comment, &["Coverage"], query, sent(&sheet, None), Want::Valid);
    };
    let comment = "what is owed in an asset is paid with it at once, though nothing is sold in no time";
    let owed = debt("customers", "BTC", "100");
    case("in_kind", comment, json!([one]), json!([owed]), &volume, "100");
    let comment = "what is left of it when its own customers have theirs must be sold, and nothing is sold in no time";
    let other = debt("a loan", "USD", "30");
    case("in_kind_and_the_rest", comment, json!([one]), json!([debt("customers", "BTC", "70"), other]), &volume, "70");
    let comment = "coins that are locked pay nobody before, in kind neither";
    let locked = coins(json!({"marked": "60", "quantity": "0.6", "due": "7d"}));
    let free = coins(json!({"marked": "40", "quantity": "0.4", "due": "now", "name": "free coins"}));
    case("in_kind_locked", comment, json!([free, locked]), json!([owed]), &volume, "40");
    let comment = "a debt in the asset is worth what the sheet marks the asset at, whatever the market pays";
    let thin = json!({"price": "50", "market_value": "10"});
    case("in_kind_market_value", comment, json!([one]), json!([owed]), &thin, "100");
    let comment = "a quantity without a mark is worth its price";
    let unmarked = coins(json!({"quantity": "1", "due": "now"}));
    case("in_kind_unmarked", comment, json!([unmarked]), json!([debt("customers", "BTC", "130")]), &volume, "100");
    let comment = "of an unknown amount nobody can say that it is not enough";
    let unknown = coins(json!({}));
    let worth = json!({"market_value": "10"});
    case("in_kind_unknown", comment, json!([unknown]), json!([owed]), &worth, "110");
}

/// Sheets that say something wrong, and are computed all the same.
fn slips(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flag: &str, change: &dyn Fn(&mut Value)| {
        let (mut sheet, quality) = (read(EPISODES[0].2[0]), read(EPISODES[0].2[1])["quality"].clone());
        change(&mut sheet);
        vectors.add(&format!("sheet/{name}"), comment, &[flag], under(Some(&quality)), sent(&sheet, None), Want::Valid);
    };
    case("rows_above_total", "the rows are more than their total", "Contradiction", &|sheet| {
        sheet["totals"]["assets"] = json!("3000");
    });
    case("assumed_of_nothing", "an asset of another name is assumed", "UnknownRow", &|sheet| {
        sheet["asset"][1]["asset"] = json!("SRN");
    });
    case("nothing_owed", "who owes nothing is not short, and not covered", "Boundary", &|sheet| {
        sheet["liability"] = json!([]);
        sheet["totals"] = json!({});
    });
    case("exactly_enough", "as much as is owed is not short", "Boundary", &|sheet| {
        sheet["totals"]["liabilities"] = json!("6935");
        sheet["liability"] = json!([]);
    });
    case("a_millionth_short", "the least that is printed is missing", "Boundary", &|sheet| {
        sheet["totals"]["liabilities"] = json!("6935.000001");
        sheet["liability"] = json!([]);
    });
    case("locked_until_then", "what is locked pays nothing before", "Coverage", &|sheet| {
        sheet["asset"][0]["due"] = json!("30d");
    });
}

fn sheets_that_are_refused(vectors: &mut Vectors) {
    let mut refuse = |name: &str, comment: &str, flag: &str, change: &dyn Fn(&mut Value)| {
        let mut sheet = read(EPISODES[0].2[0]);
        change(&mut sheet);
        let want = Want::Refused(Stage::Parse, "CF-3260");
        vectors.add(&format!("sheet/{name}"), comment, &[flag], under(None), sent(&sheet, None), want);
    };
    let remove = |sheet: &mut Value, name: &str| drop(sheet.as_object_mut().expect("a table").remove(name));
    refuse("other_version", "a format of another version", "OtherKind", &|sheet| {
        sheet["format"] = json!("counterfoil-sheet-v2");
    });
    refuse("without_relation", "whose token it is must be said", "MissingField", &|sheet| {
        remove(&mut sheet["asset"][2], "relation");
    });
    refuse("without_callable", "when it can be asked for must be said", "MissingField", &|sheet| {
        remove(sheet, "callable");
    });
    refuse("without_source", "a figure of nobody", "MissingField", &|sheet| sheet["sources"] = json!([]));
    refuse("unknown_field", "a field that nobody reads", "UnknownField", &|sheet| sheet["liquid"] = json!("900"));
    refuse("unknown_kind", "kinds are a short list", "UnknownRow", &|sheet| sheet["asset"][0]["kind"] = json!("share"));
    refuse("negative", "a mark below zero would hide another", "NegativeAmount", &|sheet| {
        sheet["asset"][2]["marked"] = json!("-553");
    });
    refuse("exponent", "amounts are plain decimals", "NumberForm", &|sheet| {
        sheet["asset"][2]["marked"] = json!("5e2");
    });
    refuse("null", "what is not known is left out", "MissingField", &|sheet| {
        sheet["asset"][2]["marked"] = Value::Null;
    });
    refuse("name_twice", "two rows of one name", "TwoLeaves", &|sheet| sheet["asset"][2]["name"] = json!("SRM"));
    refuse("part_of_nothing", "a part of a row that is not there", "UnknownRow", &|sheet| {
        sheet["asset"][2]["part_of"] = json!("tokens");
    });
    refuse("part_of_a_part", "nobody could say what is counted", "Contradiction", &|sheet| {
        sheet["asset"][2]["part_of"] = json!("SRM");
        sheet["asset"][1]["part_of"] = json!("BTC");
    });
    refuse("parts_above_the_whole", "what a part has more would be in no sum", "Contradiction", &|sheet| {
        sheet["asset"][1]["part_of"] = sheet["asset"][2]["name"].clone();
    });
}

const HEAD: &str = "list,name,asset,kind,amount,quantity,relation,due,part_of,related_party,negative,note";
const TABLE: [&str; 9] = [
    "asset,HOOD shares,HOOD,security,472,,none,,,yes,,\"held by an affiliate, not by the venue\"",
    "asset,SRM,SRM,token,2200,,none,,,,,",
    "asset,FTT,FTT,token,553,,self,,,no,,",
    "asset,TRUMPLOSE,TRUMPLOSE,token,7,,none,,,,,\"the \"\"token\"\" of a bet\"",
    "asset,BTC,BTC,coin,0,,none,,,,,",
    "liability,owed in dollars,USD,,5100,,,,,,,",
    "liability,owed in bitcoin,BTC,,1400,,,,,,,",
    "liability,the rest,,,2400,,,now,,,,",
    "entry,fiat@,,,8000,,,,,,yes,",
];

fn tables(vectors: &mut Vectors) {
    let mut head = read(EPISODES[0].2[0]);
    for list in ["asset", "liability", "entry"] {
        head.as_object_mut().expect("a table").remove(list);
    }
    let quality = read(EPISODES[0].2[1])["quality"].clone();
    let table = |ending: &str| [&[HEAD], &TABLE[..], &[""]].concat().join(ending);
    let mut good = |name: &str, comment: &str, flag: &str, rows: &str| {
        let id = format!("sheet/{name}");
        vectors.add(&id, comment, &[flag], under(Some(&quality)), sent(&head, Some(rows)), Want::Valid);
    };
    good("rows_in_a_table", "the rows of a sheet as a spreadsheet keeps them", "Coverage", &table("\n"));
    let marked = format!("\u{feff}{}", table("\r\n"));
    good("rows_of_a_spreadsheet", "a mark in front, and the line ends of another system", "Strict", &marked);
    good("no_rows", "only the totals", "Boundary", "list\n");
    let rows = table("\n");
    let mut refuse = |name: &str, comment: &str, flag: &str, code: &'static str, from: &str, to: &str| {
        let changed = rows.replacen(from, to, 1);
        assert_ne!(changed, rows, "{name} changes something");
        let (id, want) = (format!("sheet/table_{name}"), Want::Refused(Stage::Parse, code));
        vectors.add(&id, comment, &[flag], under(None), sent(&head, Some(&changed)), want);
    };
    refuse(
        "quote_open",
        "a quote that swallows the rows behind it",
        "Ambiguity",
        "CF-8150",
        "by the venue\"",
        "by the venue",
    );
    refuse("quote_inside", "programs read it in two ways", "Ambiguity", "CF-8150", "asset,SRM", "asset,S\"R\"M");
    refuse("control", "a character that nobody sees", "Unicode", "CF-8150", "asset,SRM", "asset,S\u{1}RM");
    refuse("column_unknown", "its figures would be left out", "UnknownField", "CF-8151", "quantity", "units");
    refuse("column_twice", "one of the two would be left out", "DuplicateKey", "CF-8151", "quantity", "amount");
    refuse("column_missing", "nobody knows what a row is", "MissingField", "CF-8151", "list,name", "note,name");
    refuse("semicolons", "another program's idea of commas", "Ambiguity", "CF-8151", HEAD, "list;name;asset");
    refuse("row_short", "a comma too few moves every figure", "Ambiguity", "CF-8152", "BTC,,1400", "BTC,1400");
    refuse(
        "thousands",
        "a separator makes two figures of one",
        "NumberForm",
        "CF-8153",
        "SRM,token,2200",
        "SRM,token,\"2,200\"",
    );
    refuse("relation_unknown", "words are a short list", "UnknownRow", "CF-8153", "553,,self", "553,,own");
    refuse("asset_name", "a name with a space", "NumberForm", "CF-8153", "asset,SRM,SRM", "asset,SRM,S RM");
    refuse("relation_empty", "whose token it is must be said", "MissingField", "CF-8154", "553,,self", "553,,");
    refuse("surplus", "a debt with a kind that nobody reads", "UnknownField", "CF-8155", "BTC,,1400", "BTC,loan,1400");
    refuse("name_twice", "two rows of one name", "TwoLeaves", "CF-3260", "asset,FTT,", "asset,SRM,");
    let want = Want::Refused(Stage::Parse, "CF-8157");
    let comment = "rows in the sheet, and in a table beside it";
    let both = sent(&read(EPISODES[0].2[0]), Some(&rows));
    vectors.add("sheet/table_beside_rows", comment, &["Contradiction"], under(None), both, want);
}
