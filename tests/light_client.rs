//! Finality (sync committee) of Ethereum mainnet in August 2023, from `$COUNTERFOIL_FIXTURES/light-client`: a
//! bootstrap, six updates, and finality up to execution block 17,923,026.

use std::path::{Path, PathBuf};

use counterfoil::asset::ChainId;
use counterfoil::code::Coded;
use counterfoil::hash::Digest;
use counterfoil::reserve::evm::finality::{self, Evidence, FinalityError};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};

/// Root of the beacon block of slot 7,069,376.
const ROOT: &str = "5afc212a7924789b2bc86acad3ab3a6ffb1f6e97253ea50bee7f4f51422c9275";

fn main() {
    let arguments = Arguments::from_args();
    let strict = std::env::var("CI").is_ok_and(|value| value == "true");
    let folder = std::env::var_os("COUNTERFOIL_FIXTURES").map(PathBuf::from);
    let missing = if cfg!(feature = "finality") { "COUNTERFOIL_FIXTURES is not set" } else { "built without finality" };
    let trials = match folder.filter(|_| cfg!(feature = "finality")) {
        Some(folder) => trials(&folder.join("light-client")),
        None if strict => vec![Trial::test("light_client", move || Err(missing.into()))],
        None => vec![Trial::test(format!("light_client [{missing}]"), || Ok(())).with_ignored_flag(true)],
    };
    libtest_mimic::run(&arguments, trials).exit();
}

/// One check of the real files.
type Check = fn(&Files) -> Result<(), Failed>;

fn trials(folder: &Path) -> Vec<Trial> {
    let tests: [(&str, Check); 9] = [
        ("everything verifies to block 17,923,026", everything_verifies),
        ("flipped signature bits", flipped_signatures),
        ("too few participants", too_few),
        ("wrong branches", wrong_branches),
        ("wrong order and gaps", wrong_order),
        ("unknown forks", unknown_forks),
        ("another root, another chain", other_root),
        ("keys that are none", wrong_keys),
        ("flipped digits", flipped_digits),
    ];
    let trial = |(name, test): (&str, Check)| {
        let folder = folder.to_owned();
        Trial::test(name, move || test(&Files::load(&folder)?))
    };
    tests.map(trial).into()
}

/// The published files, updates one by one.
#[derive(Clone)]
struct Files {
    bootstrap: Value,
    updates: Vec<Value>,
    finality: Value,
}

impl Files {
    fn load(folder: &Path) -> Result<Self, Failed> {
        let read = |name: &str| -> Result<Value, Failed> {
            let path = folder.join(name);
            let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(serde_json::from_slice(&bytes)?)
        };
        let updates = read("updates.json")?.as_array().cloned().ok_or("no list of updates")?;
        Ok(Self { bootstrap: read("bootstrap.json")?, updates, finality: read("finality.json")? })
    }

    fn file(&mut self, at: usize) -> &mut Value {
        match at {
            0 => &mut self.bootstrap,
            7 => &mut self.finality,
            at => &mut self.updates[at - 1],
        }
    }

    /// The numbers of the final blocks.
    fn anchors(&self) -> Result<Vec<(u64, Digest)>, FinalityError> {
        let bytes = |value: &Value| value.to_string().into_bytes();
        let updates = self.updates.iter().map(bytes).collect();
        let evidence = Evidence { bootstrap: bytes(&self.bootstrap), updates, finality: Some(bytes(&self.finality)) };
        let blocks = finality::anchors(&chain("eip155:1"), &ROOT.parse().expect("a digest"), &evidence)?;
        Ok(blocks.into_iter().map(|block| (block.height, block.hash)).collect())
    }

    /// Nothing is anchored, and the reason has this code.
    fn refused(&self, code: &str, what: &str) -> Result<(), Failed> {
        match self.anchors() {
            Ok(_) => Err(format!("{what}: accepted").into()),
            Err(error) if error.code().name == code => Ok(()),
            Err(error) => Err(format!("{what}: {} {error}, expected {code}", error.code().name).into()),
        }
    }
}

fn chain(text: &str) -> ChainId {
    text.parse().expect("a chain")
}

/// The text at `pointer` with its hexadecimal digit `at` behind `0x` changed by one bit.
fn flip(value: &mut Value, pointer: &str, at: usize) -> Result<(), Failed> {
    let slot = value.pointer_mut(pointer).ok_or_else(|| format!("nothing at {pointer}"))?;
    let mut digits: Vec<char> = slot.as_str().ok_or("no text")?.chars().collect();
    let digit = digits[2 + at].to_digit(16).ok_or("no digit")? ^ 1;
    digits[2 + at] = char::from_digit(digit, 16).ok_or("no digit")?;
    *slot = Value::String(digits.into_iter().collect());
    Ok(())
}

fn everything_verifies(files: &Files) -> Result<(), Failed> {
    let blocks = files.anchors()?;
    let numbers: Vec<u64> = blocks.iter().map(|(number, _)| *number).collect();
    let expected = [17_875_650, 17_883_333];
    if numbers.len() != 8 || numbers[..2] != expected || numbers[7] != 17_923_026 {
        return Err(format!("blocks {numbers:?}").into());
    }
    let hash = "bc8499537876e5406c7a65e25f99063f1cd85a17014a3aa5ade38271b1fbf64f";
    if blocks[7].1.to_string() == hash { Ok(()) } else { Err(format!("hash {}", blocks[7].1).into()) }
}

fn flipped_signatures(files: &Files) -> Result<(), Failed> {
    for at in [1, 7] {
        for digit in [0, 7, 95, 191] {
            let mut changed = files.clone();
            flip(changed.file(at), "/data/sync_aggregate/sync_committee_signature", digit)?;
            changed.refused("FINALITY_SIGNATURE", &format!("file {at}, digit {digit} of the signature"))?;
        }
        let mut changed = files.clone();
        flip(changed.file(at), "/data/sync_aggregate/sync_committee_bits", 3)?;
        changed.refused("FINALITY_SIGNATURE", &format!("file {at}, another participant"))?;
        let mut changed = files.clone();
        changed.file(at)["data"]["sync_aggregate"]["sync_committee_signature"] =
            json!(format!("0xc0{}", "0".repeat(190)));
        changed.refused("FINALITY_SIGNATURE", &format!("file {at}, the signature at infinity"))?;
    }
    let mut swapped = files.clone();
    let other = files.updates[1]["data"]["sync_aggregate"].clone();
    swapped.file(7)["data"]["sync_aggregate"] = other;
    swapped.refused("FINALITY_SIGNATURE", "the signature of another update")
}

fn too_few(files: &Files) -> Result<(), Failed> {
    let bits = |count: usize| {
        let digits: String = (0..128)
            .map(|at| {
                // digits of a byte stand high one first; members count from the low bit
                let first = (at ^ 1) * 4;
                let digit = (0..4).fold(0, |digit, bit| digit | u32::from(first + bit < count) << bit);
                char::from_digit(digit, 16).expect("a digit")
            })
            .collect();
        json!(format!("0x{digits}"))
    };
    for (count, code) in [(0, "FINALITY_PARTICIPATION"), (341, "FINALITY_PARTICIPATION"), (342, "FINALITY_SIGNATURE")] {
        let mut changed = files.clone();
        changed.file(7)["data"]["sync_aggregate"]["sync_committee_bits"] = bits(count);
        changed.refused(code, &format!("{count} participants"))?;
    }
    Ok(())
}

fn wrong_branches(files: &Files) -> Result<(), Failed> {
    let of_bootstrap = ["/data/header/execution_branch", "/data/current_sync_committee_branch"];
    let of_finality =
        ["/data/attested_header/execution_branch", "/data/finalized_header/execution_branch", "/data/finality_branch"];
    let cases = of_bootstrap
        .iter()
        .map(|pointer| (0, *pointer))
        .chain(of_finality.iter().flat_map(|pointer| [(3, *pointer), (7, *pointer)]));
    for (at, pointer) in cases.chain([(6, "/data/next_sync_committee_branch")]) {
        let length = files.clone().file(at).pointer(pointer).and_then(Value::as_array).ok_or("no branch")?.len();
        for node in (0..length).step_by(if at == 7 { 3 } else { 1 }) {
            let mut changed = files.clone();
            flip(changed.file(at), &format!("{pointer}/{node}"), 63)?;
            changed.refused("FINALITY_BRANCH", &format!("file {at} {pointer}/{node}"))?;
        }
        let mut short = files.clone();
        let nodes = short.file(at).pointer_mut(pointer).and_then(Value::as_array_mut).ok_or("no branch")?;
        nodes.pop();
        short.refused("FINALITY_BRANCH", &format!("file {at} {pointer} too short"))?;
    }
    let mut other = files.clone();
    let header = files.updates[2]["data"]["finalized_header"].clone();
    other.file(7)["data"]["finalized_header"] = header;
    other.refused("FINALITY_BRANCH", "another finalized header")
}

fn wrong_order(files: &Files) -> Result<(), Failed> {
    let mut swapped = files.clone();
    swapped.updates.swap(1, 2);
    swapped.refused("FINALITY_PERIOD", "updates swapped")?;
    let mut twice = files.clone();
    let again = twice.updates[1].clone();
    twice.updates.insert(2, again);
    twice.refused("FINALITY_ORDER", "an update twice")?;
    let mut late = files.clone();
    late.updates.remove(0);
    late.refused("FINALITY_PERIOD", "the first update is missing")?;
    let mut gap = files.clone();
    gap.updates.remove(3);
    gap.refused("FINALITY_PERIOD", "an update is missing")?;
    let mut cut = files.clone();
    cut.updates.truncate(4);
    cut.refused("FINALITY_PERIOD", "finality of a period without its committee")?;
    for (slot, what) in [("7109430", "signed at its own slot"), ("7109000", "signed before")] {
        let mut early = files.clone();
        early.file(7)["data"]["signature_slot"] = json!(slot);
        early.refused("FINALITY_ORDER", what)?;
    }
    let mut next = files.clone();
    next.file(7)["data"]["signature_slot"] = json!("7110700");
    next.refused("FINALITY_SIGNATURE", "signed by the next committee")?;
    next.file(7)["data"]["signature_slot"] = json!("8109431");
    next.refused("FINALITY_PERIOD", "signed by a committee far ahead")
}

fn unknown_forks(files: &Files) -> Result<(), Failed> {
    for at in 0..=7 {
        for name in ["gloas", "altair", "bellatrix", "deneb", "electra", "", "Capella"] {
            let mut changed = files.clone();
            changed.file(at)["version"] = json!(name);
            changed.refused("FINALITY_FORK", &format!("file {at} of {name:?}"))?;
        }
    }
    Ok(())
}

fn other_root(files: &Files) -> Result<(), Failed> {
    let bytes = |value: &Value| value.to_string().into_bytes();
    let evidence = Evidence { bootstrap: bytes(&files.bootstrap), ..Evidence::default() };
    let anchors = |id: &str, root: Digest| finality::anchors(&chain(id), &root, &evidence);
    let root: Digest = ROOT.parse()?;
    anchors("eip155:1", root)?;
    for (result, code) in [
        (anchors("eip155:1", Digest::from_bytes([7; 32])), "FINALITY_ROOT"),
        (anchors("eip155:10", root), "FINALITY_CHAIN"),
    ] {
        match result {
            Err(error) if error.code().name == code => {}
            other => return Err(format!("{other:?}, expected {code}").into()),
        }
    }
    let mut changed = files.clone();
    changed.file(0)["data"]["header"]["beacon"]["proposer_index"] = json!("146209");
    changed.refused("FINALITY_ROOT", "another proposer")
}

fn wrong_keys(files: &Files) -> Result<(), Failed> {
    // the branch is looked at before the keys: another key leads to another root
    for pointer in ["/data/current_sync_committee/pubkeys/511", "/data/current_sync_committee/aggregate_pubkey"] {
        let mut changed = files.clone();
        flip(changed.file(0), pointer, 95)?;
        changed.refused("FINALITY_BRANCH", pointer)?;
    }
    let mut fewer = files.clone();
    fewer.file(0)["data"]["current_sync_committee"]["pubkeys"].as_array_mut().ok_or("no keys")?.pop();
    fewer.refused("FINALITY_MALFORMED", "511 keys")
}

/// Every text of digits in every file, one digit of each: the last, the first, or one between.
fn flipped_digits(files: &Files) -> Result<(), Failed> {
    // a change in the last file is found after all keys before it were read, so there it is every fifth text only
    for (at, every) in [(0, 1), (1, 1), (2, 2), (7, 5)] {
        let mut pointers = Vec::new();
        collect(files.clone().file(at), &mut String::new(), &mut pointers);
        // one of 64 keys is enough: they hang on one root
        pointers.retain(|(pointer, _)| !pointer.contains("/pubkeys/") || pointer.ends_with("63"));
        for (number, (pointer, digits)) in pointers.into_iter().enumerate().step_by(every) {
            let digit = [digits - 1, 0, digits / 2][number / every % 3];
            let mut changed = files.clone();
            flip(changed.file(at), &pointer, digit)?;
            if changed.anchors().is_ok() {
                return Err(format!("file {at}, digit {digit} of {pointer} changes nothing").into());
            }
        }
    }
    Ok(())
}

fn collect(value: &Value, path: &mut String, found: &mut Vec<(String, usize)>) {
    let length = path.len();
    let mut enter = |name: &str, inner: &Value| {
        path.push('/');
        path.push_str(name);
        collect(inner, path, found);
        path.truncate(length);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| enter(name, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, inner)| enter(&at.to_string(), inner)),
        Value::String(text) if text.starts_with("0x") && text.len() > 2 => found.push((path.clone(), text.len() - 2)),
        _ => {}
    }
}
