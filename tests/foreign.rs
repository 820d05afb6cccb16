//! Samples that venues publish: each gives the stated result, and every byte and field of it is bound by the root from
//! outside, or listed as one that its scheme does not bind.
#![allow(missing_docs, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use counterfoil::foreign::bitmex;
use counterfoil::foreign::verify::{Answer, Question, RootFrom, verify};
use counterfoil::foreign::{Kind, facts_named};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

struct Sample {
    file: &'static str,
    format: &'static str,
    root: &'static str,
    totals: &'static [(&'static str, &'static str)],
    own: (&'static str, &'static str),
    siblings: usize,
    /// Siblings that repeat the hash of the node beside them.
    copies: &'static [usize],
}

/// Of fourteen siblings.
const COPIES: &[usize] = &[1, 2, 3, 4, 6, 7, 8, 12, 13];

const SAMPLES: [Sample; 4] = [
    Sample {
        file: "okx-v1-proof.json",
        format: "okx-v1",
        root: "ac6b39d2a0aa8112bd1aadff5e7d4b5c2b91cd54d595262ba4367f5d2db4160d",
        totals: &[("BTC", "95088.55505656"), ("ETH", "939953.49090361"), ("USDT", "3137909428.88369702")],
        own: ("BTC", "1.000069"),
        siblings: 23,
        copies: &[22],
    },
    Sample {
        file: "bybit-40-proof.json",
        format: "bybit",
        root: "8837e3a902aa996279fdc3d70e38e46cd18232dfb614c515a25ba34778eb1765",
        totals: &[],
        own: ("AGI", "8.42660924"),
        siblings: 3,
        copies: &[],
    },
    Sample {
        file: "bybit-40v2-proof.json",
        format: "bybit",
        root: "8a9e4bb937aac2d92559791fa711ffa6a38c4861564b87ad8f1f42f5d0ac6c93",
        totals: &[],
        own: ("USDE", "0"),
        siblings: 14,
        copies: COPIES,
    },
    Sample {
        file: "bitget-proof.json",
        format: "bitget",
        root: "8eac815c495e6a67",
        totals: &[("BTC", "9935.73595927"), ("USDC", "122140146.79859507")],
        own: ("USDT", "0.00012635"),
        siblings: 26,
        copies: &[],
    },
];
const TREE: (&str, &str, u64) =
    ("river-tree.csv", "60f88b597c9fa10bd1d8e2fc6ba59b2f9a47913735d31a07e95c7d465e28d8b2", 1_000_643_641_021);

/// A test of what is in the folder.
type Test = Box<dyn Fn(&Path) -> Result<(), Failed> + Send>;

fn main() -> ExitCode {
    let folder = std::env::var_os("COUNTERFOIL_FIXTURES").map(|folder| PathBuf::from(folder).join("foreign"));
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let mut tests: Vec<(String, Test)> = Vec::new();
    for sample in &SAMPLES {
        tests.push((format!("{} gives the stated result", sample.file), Box::new(|folder| result(folder, sample))));
        tests.push((format!("{}: every field", sample.file), Box::new(|folder| every_field(folder, sample))));
        tests.push((format!("{}: every byte", sample.file), Box::new(|folder| every_byte(folder, sample))));
    }
    tests.push((format!("{} gives the stated result", TREE.0), Box::new(tree)));
    tests.push((format!("{}: every byte", TREE.0), Box::new(every_byte_of_the_tree)));
    tests.push(("okx-reserves-example.csv gives the stated result".to_owned(), Box::new(reserves)));
    tests.push(("the lists of assets are the published ones".to_owned(), Box::new(asset_lists)));
    let trials = tests.into_iter().map(|(name, test)| match (&folder, in_ci) {
        (None, false) => {
            let name = format!("{name} (ignored: COUNTERFOIL_FIXTURES names no directory)");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
        (folder, _) => {
            let folder = folder.clone();
            Trial::test(name, move || test(&folder.ok_or("CI=true, but COUNTERFOIL_FIXTURES names no directory")?))
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn result(folder: &Path, sample: &Sample) -> Result<(), Failed> {
    let file = read(folder, sample.file);
    let answer = verify(&file, &Question::default())?;
    assert_eq!((answer.facts.name, answer.folded.root.hash.as_str()), (sample.format, sample.root));
    assert_eq!((answer.proof.steps.len(), answer.root_from), (sample.siblings, RootFrom::File));
    assert!(answer.is_consistent());
    // a file that vouches for itself is not a success
    let kinds = |answer: &Answer| answer.faults.iter().map(|fault| fault.kind).collect::<Vec<Kind>>();
    let below: &[Kind] = if sample.format == "bitget" { &[Kind::Negative; 2] } else { &[] };
    assert_eq!(kinds(&answer), [&[Kind::RootOwn], below].concat());
    let of = |asset: &str| answer.proof.assets.iter().position(|one| one.name == asset).expect("an asset");
    for (asset, total) in sample.totals {
        assert_eq!(answer.folded.root.sums[of(asset)].to_string(), *total, "{asset}");
    }
    assert_eq!(answer.folded.own[of(sample.own.0)].to_string(), sample.own.1);
    // the only negative amounts of the samples, and the only padding
    let seen: Vec<&str> = answer.seen.iter().map(|(_, what)| what.as_str()).collect();
    let negative = ["sibling 11 has -1536.70659782 USDC", "sibling 14 has -20885.31318921 USDC"];
    let copies: Vec<String> =
        sample.copies.iter().map(|at| format!("sibling {at} has the hash of the node beside it")).collect();
    let expected = if sample.format == "bitget" { negative.map(str::to_owned).to_vec() } else { copies };
    assert_eq!(seen, expected);
    let question = Question { root: Some(sample.root), format: Some(sample.format), ..Question::default() };
    // nor is one whose total is less than what is owed
    assert_eq!(kinds(&verify(&file, &question)?), below);
    let other = Question { root: Some(SAMPLES[0].file), ..Question::default() };
    assert!(verify(&file, &other)?.faults.iter().any(|fault| fault.kind == Kind::OtherRoot));
    // another format's rule reads none of it
    for name in ["okx-v1", "bybit", "bitget", "hotcoin", "olalonde"].into_iter().filter(|name| *name != sample.format) {
        assert!(verify(&file, &Question { format: Some(name), ..Question::default() }).is_err(), "{name}");
    }
    Ok(())
}

/// Whether the file passes under the root from outside.
fn passes(file: &[u8], sample: &Sample) -> bool {
    let question = Question { root: Some(sample.root), ..Question::default() };
    // what a sample says below zero it says under its root: that is found, and is no change
    verify(file, &question).is_ok_and(|answer| answer.faults.iter().all(|fault| fault.kind == Kind::Negative))
}

/// Every value that is no list and no object, by its path.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}[{index}]"), found);
            }
        }
        value => {
            found.insert(path.trim_start_matches('.').to_owned(), value.clone());
        }
    }
}

/// `path[3].auditId` as the tables of formats write it: `path[].auditId`.
fn pattern(path: &str) -> String {
    let mut inside = false;
    let keep = |c: char| {
        inside = (inside || c == '[') && c != ']';
        !inside || c == '['
    };
    path.chars()
        .filter({
            let mut keep = keep;
            move |c| keep(*c)
        })
        .collect()
}

fn is_unbound(sample: &Sample, path: &str) -> bool {
    let facts = facts_named(sample.format).expect("a format");
    let unbound = facts.unbound.iter().find(|unbound| unbound.field == pattern(path));
    // each is a weakness that the format is known for
    unbound.is_some_and(|unbound| facts.weaknesses.contains(&unbound.weakness))
}

fn changed(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => {
            let mut found =
                vec![format!("{text}1"), format!("1{text}"), String::new(), text.to_uppercase(), format!("-{text}")];
            for at in [0, text.len() / 2, text.len().saturating_sub(1)].into_iter().filter(|at| *at < text.len()) {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
                found.extend(String::from_utf8(bytes));
            }
            found.into_iter().filter(|other| other != text).map(Value::from).collect()
        }
        Value::Number(number) => {
            let number = number.as_u64().expect("small");
            (0..6).chain([number + 1]).filter(|other| *other != number).map(Value::from).collect()
        }
        _ => vec![Value::from("x"), Value::from(1)],
    }
}

fn put(value: &mut Value, path: &str, new: Value) {
    let pointer = format!("/{}", path.replace('[', "/").replace(']', "").replace('.', "/"));
    *value.pointer_mut(&pointer).expect("a path of this file") = new;
}

fn every_field(folder: &Path, sample: &Sample) -> Result<(), Failed> {
    let file: Value = serde_json::from_slice(&read(folder, sample.file))?;
    assert!(passes(&serde_json::to_vec(&file)?, sample));
    let mut found = BTreeMap::new();
    leaves(&file, "", &mut found);
    let mut seen = BTreeSet::new();
    for (path, value) in &found {
        for new in changed(value) {
            let mut other = file.clone();
            put(&mut other, path, new.clone());
            // the same amount with another number of zeros, or `-0`, is the same statement
            let amount = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
            let same = amount(&new).zip(amount(value)).is_some_and(
                |(new, old): (counterfoil::foreign::decimal::Decimal, counterfoil::foreign::decimal::Decimal)| {
                    new == old
                },
            );
            if passes(&serde_json::to_vec(&other)?, sample) && !same {
                assert!(is_unbound(sample, path), "{path} as {new} passes");
                seen.insert(pattern(path));
            }
        }
        let mut other = file.clone();
        put(&mut other, path, Value::Null);
        assert!(!passes(&serde_json::to_vec(&other)?, sample) || is_unbound(sample, path), "{path} as null");
    }
    // what is listed as a weakness can be seen to be one, in the fields that this sample has
    let facts = facts_named(sample.format).expect("a format");
    let there: BTreeSet<String> = found.keys().map(|path| pattern(path)).collect();
    let padded = |field: &str| field != "path[].type" || sample.format != "bybit" || !sample.copies.is_empty();
    for unbound in facts.unbound.iter().filter(|unbound| there.contains(unbound.field) && padded(unbound.field)) {
        assert!(seen.contains(unbound.field), "{} is listed, and no change of it passes", unbound.field);
    }
    for text in [r#"{"path":[]}"#, "{}", "[]", "null", "", "{\"self\":{},\"path\":[]}"] {
        assert!(!passes(text.as_bytes(), sample));
    }
    Ok(())
}

fn every_byte(folder: &Path, sample: &Sample) -> Result<(), Failed> {
    let file = read(folder, sample.file);
    let before = {
        let mut found = BTreeMap::new();
        leaves(&serde_json::from_slice(&file)?, "", &mut found);
        found
    };
    // every byte of the largest sample once, of the others twice
    let bits: &[u8] = if file.len() > 20_000 { &[1] } else { &[1, 4] };
    for (at, bit) in (0..file.len()).flat_map(|at| bits.iter().map(move |bit| (at, *bit))) {
        let mut other = file.clone();
        other[at] ^= bit;
        if !passes(&other, sample) {
            continue;
        }
        let mut after = BTreeMap::new();
        leaves(&serde_json::from_slice(&other)?, "", &mut after);
        assert!(after.keys().eq(before.keys()), "byte {at}: another name passes");
        let differ = before.iter().filter(|(path, value)| after.get(*path) != Some(value));
        for (path, _) in differ {
            assert!(is_unbound(sample, path), "byte {at}: {path} as {} passes", after[path]);
        }
    }
    // a file that was cut is never accepted
    for length in 0..file.trim_ascii_end().len() {
        if length % 13 == 0 || length + 40 > file.len() {
            assert!(!passes(&file[..length], sample), "{length} bytes pass");
        }
    }
    Ok(())
}

fn question() -> bitmex::Question {
    bitmex::Question { root: Some(TREE.1.parse().expect("a digest")), key: None, expected: None }
}

fn tree(folder: &Path) -> Result<(), Failed> {
    let file = read(folder, TREE.0);
    let answer = bitmex::verify("tree", file.as_slice(), &question(), &mut |_| {})?;
    assert_eq!((answer.total, answer.leaf_count, answer.height), (TREE.2, 4, 420));
    assert_eq!(answer.faults, []);
    let alone = bitmex::verify("tree", file.as_slice(), &bitmex::Question::default(), &mut |_| {})?;
    assert_eq!(alone.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [Kind::RootOwn]);
    // no leaf is nobody's success
    let nonce = bitmex::read_nonce("11".repeat(32).as_bytes())?;
    let asked = bitmex::Question { key: Some((bitmex::Nonce::Account(nonce), 1)), ..question() };
    let missing = bitmex::verify("tree", file.as_slice(), &asked, &mut |_| {})?;
    assert_eq!(missing.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [Kind::NoLeaf]);
    assert!(!missing.is_consistent());
    Ok(())
}

fn every_byte_of_the_tree(folder: &Path) -> Result<(), Failed> {
    let file = read(folder, TREE.0);
    let passes = |file: &[u8]| {
        bitmex::verify("tree", file, &question(), &mut |_| {}).is_ok_and(|answer| answer.faults.is_empty())
    };
    let height = "block_height:".len().."block_height:420".len();
    let mut unbound = 0;
    for at in 0..file.len() {
        for bit in [1, 2, 4, 8, 16, 32, 64] {
            let mut other = file.clone();
            other[at] ^= bit;
            if passes(&other) {
                assert!(height.contains(&at), "byte {at} of the tree passes as {:?}", char::from(other[at]));
                unbound += 1;
            }
        }
    }
    assert!(unbound > 0, "the height is listed as a field that nothing binds");
    // levels from the root down are a tree, too: that is a listed weakness, and nothing between two levels passes
    let ends: Vec<usize> = (0..file.len()).filter(|at| file[*at] == b'\n').collect();
    let levels = [ends[1], ends[1] + 1, ends[3], ends[3] + 1];
    for length in 0..file.len() {
        // of a root alone, the hash binds no sum: every beginning of its digits passes
        let alone = length > ends[0] + 66 && length <= ends[1];
        assert_eq!(passes(&file[..length]), alone || levels.contains(&length), "{length} bytes");
    }
    assert!(bitmex::FACTS.unbound.iter().any(|unbound| unbound.field == "lowest levels"));
    // the sample has no line end at its end
    assert!(passes(&[file.as_slice(), b"\n"].concat()));
    for tail in ["\n\n", "x\n", "0", "\n60f8,1\n"] {
        assert!(!passes(&[file.as_slice(), tail.as_bytes()].concat()), "{tail:?} behind the tree");
    }
    Ok(())
}

fn asset_lists(folder: &Path) -> Result<(), Failed> {
    let published = String::from_utf8(read(folder, "bybit-asset-order.txt"))?;
    let own = counterfoil::foreign::bybit::LISTS;
    let lines = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
    };
    assert_eq!(lines(own), lines(&published));
    Ok(())
}

fn reserves(folder: &Path) -> Result<(), Failed> {
    use counterfoil::foreign::reserves::{Question, Row, Status, Stop, read};
    let file = read_list(folder);
    let mut rows: Vec<Row> = Vec::new();
    let mut each = |row: &Row| {
        rows.push(row.clone());
        Ok::<(), ()>(())
    };
    let Ok(summary) = read("list", file.as_slice(), &Question::default(), &mut each, &mut |_| {}) else {
        return Err("the list is not read".into());
    };
    let statuses: Vec<Status> = rows.iter().map(|row| row.status).collect();
    let unproven = Status::Unproven;
    assert_eq!(statuses, [Status::Signed, Status::Signed, unproven, unproven, unproven]);
    assert!(rows.iter().take(2).all(|row| row.scheme == Some("eip191-prehashed")));
    let found: BTreeSet<u16> = summary.findings.iter().map(|finding| finding.code.number).collect();
    // totals differ, heights differ, coins without totals, a message that never expires
    assert_eq!(found, BTreeSet::from([8145, 8146, 8148, 8149]));
    assert_eq!(summary.message, Some(("I am an OKX address".to_owned(), true)));
    // the standard reading of the same signature is another key's
    let standard = counterfoil::reserve::evm::control::SCHEME;
    let proof = counterfoil::reserve::claim::ControlProof::signed(
        "eip155:1".parse()?,
        rows[0].address.clone(),
        standard,
        String::from_utf8_lossy(&file).lines().nth(15).and_then(|row| row.split(',').nth(6)).expect("it").to_owned(),
    );
    let judged = counterfoil::reserve::evm::control::verify(&proof.chain, &proof.address, &rows[0].message, &proof);
    assert!(judged.is_err());
    // a changed digit of the first signature is not passed
    let begin = file.windows(8).position(|window| window == b"0x07f198").expect("the first signature");
    for (at, byte) in file.iter().enumerate().filter(|(at, _)| (begin + 2..begin + 132).contains(at)) {
        let mut other = file.clone();
        other[at] = if *byte == b'7' { b'6' } else { b'7' };
        let mut signed = 0;
        let mut each = |row: &Row| {
            signed += usize::from(row.status == Status::Signed);
            Ok::<(), ()>(())
        };
        match read("list", other.as_slice(), &Question::default(), &mut each, &mut |_| {}) {
            Ok(_) | Err(Stop::List(_) | Stop::Taker(())) => assert!(signed < 2, "digit {at}"),
        }
    }
    Ok(())
}

fn read_list(folder: &Path) -> Vec<u8> {
    read(folder, "okx-reserves-example.csv")
}
