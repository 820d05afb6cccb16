//! Bundles on the command line: what was changed after sealing is refused, what is missing is named. Their bytes
//! differ in every run, so that they cannot be cases of `tests/cli.rs`.

mod cli_support;

use std::fs;
use std::path::Path;

use cli_support::{ADDRESS, REGTEST, build_line, bundle, done, key, made, refused_without_a_trace, run};
use counterfoil::hash::Tag;
use counterfoil::signature::{Algorithm, Envelope};

#[test]
fn changed_bundles_are_refused() {
    let venue = made();
    let folder = venue.path();
    bundle(folder);
    let reconcile = "reconcile evidence --policy policy.toml";
    // as sealed: evidence of the chain is missing, so nothing is determinable
    let output = run(folder, reconcile);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.starts_with("NOT DETERMINABLE") && text.contains("CF-7016"), "{text}");
    refused_without_a_trace(folder, "bundle seal evidence --maker tests --key signing-other.key", 2, "CF-9002");
    refused_without_a_trace(folder, "bundle add evidence --statement full.json", 2, "CF-9002");
    let control = folder.join("evidence/control.jsonl");
    let whole = fs::read(&control).expect("was added");
    for (what, code) in [("changed", "CF-4002"), ("missing", "CF-4003"), ("unlisted", "CF-4004"), ("unsafe", "CF-4005")]
    {
        let extra = folder.join("evidence/extra.json");
        let manifest = fs::read_to_string(folder.join("evidence/manifest.json")).expect("was sealed");
        match what {
            "changed" => fs::write(&control, [&whole[..], b"\n"].concat()).expect("writes"),
            "missing" => fs::remove_file(&control).expect("was added"),
            "unlisted" => fs::write(&extra, "{}").expect("writes"),
            _ => resealed(folder, &manifest.replace("control.jsonl", "../control.jsonl")),
        }
        refused_without_a_trace(folder, reconcile, 2, code);
        refused_without_a_trace(folder, "reserves verify evidence --policy policy.toml", 2, code);
        fs::write(&control, &whole).expect("writes");
        fs::write(folder.join("evidence/manifest.json"), manifest).expect("writes");
        if extra.exists() {
            fs::remove_file(extra).expect("was made above");
        }
    }
    fs::write(folder.join("evidence/manifest.json"), "{}").expect("writes");
    refused_without_a_trace(folder, reconcile, 2, "CF-4001");
    fs::remove_dir_all(folder.join("evidence")).expect("was made above");
    refused_without_a_trace(folder, reconcile, 2, "CF-9001");
}

/// Signs a changed manifest again, as a maker with bad intentions would.
fn resealed(folder: &Path, manifest: &str) {
    let start =
        manifest.find("{\"files\"").or_else(|| manifest.find("\"manifest\":").map(|at| at + 11)).expect("a manifest");
    let document = &manifest[start..manifest.rfind(",\"signatures\"").unwrap_or(manifest.len() - 1)];
    let signature = key(folder, "signing-other.key", Algorithm::Bip340).sign(Tag::Manifest, document.as_bytes());
    let signature = signature.expect("signs");
    let line = format!(
        "{{\"alg\":\"bip340\",\"key\":\"{}\",\"signature\":\"{}\"}}",
        signature.public_key().key,
        signature.signature
    );
    let file = format!("{{\"manifest\":{document},\"signatures\":[{line}]}}");
    fs::write(folder.join("evidence/manifest.json"), file).expect("writes");
}

#[test]
fn reserves_alone_are_not_determinable() {
    let venue = made();
    let folder = venue.path();
    bundle(folder);
    fs::create_dir(folder.join("alone")).expect("makes it");
    done(folder, "bundle add alone --addresses addresses.jsonl --challenge challenge.json --control control.jsonl");
    done(folder, "bundle seal alone --maker tests --key signing-other.key");
    let output = run(folder, "reconcile alone --policy policy.toml");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("CF-7001") && text.starts_with("NOT DETERMINABLE"), "{text}");
}

#[test]
fn faults_of_lists_and_challenges_are_named() {
    let venue = made();
    let folder = venue.path();
    bundle(folder);
    let list = |text: String| fs::write(folder.join("list.csv"), text).expect("writes");
    let addresses = "challenge addresses list.csv --out new.jsonl";
    list("chain,address\n".to_owned() + REGTEST + ",x\n");
    refused_without_a_trace(folder, addresses, 2, "CF-4015");
    list(format!("chain,address,role,issuer\n{REGTEST},{ADDRESS},cold,none\n{REGTEST},{ADDRESS},hot,none\n"));
    refused_without_a_trace(folder, addresses, 1, "CF-4008");
    fs::write(folder.join("broken.jsonl"), "{}\n").expect("writes");
    let new = "challenge new --addresses broken.jsonl --venue venue.toml --expires 2027-01-01 --out new.json --block";
    let block = format!("{REGTEST},0,0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206");
    refused_without_a_trace(folder, &format!("{new} {block}"), 2, "CF-4006");
    let new = new.replace("broken", "addresses");
    refused_without_a_trace(folder, &format!("{new} x,1"), 2, "CF-9004");
    refused_without_a_trace(folder, &format!("{} {block}", new.replace("2027-01-01", "tomorrow")), 2, "CF-9004");
    refused_without_a_trace(folder, "challenge line full.json", 2, "CF-4013");
    let store = folder.join("tree/store/header");
    let whole = fs::read(&store).expect("was built");
    let prove = "prove tree --account u1 --out new.json";
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&store, bytes).expect("writes");
    };
    changed(0);
    refused_without_a_trace(folder, prove, 2, "CF-2014");
    changed(15);
    refused_without_a_trace(folder, prove, 2, "CF-2015");
    changed(whole.len() - 40);
    refused_without_a_trace(folder, prove, 2, "CF-2014");
    fs::write(&store, &whole[..whole.len() - 1]).expect("writes");
    refused_without_a_trace(folder, prove, 2, "CF-2014");
    done(folder, &(build_line("ledger.csv", "snapshot.toml", "tree") + " --force"));
    fs::write(folder.join("other.csv"), "account,asset,amount\nu1,BTC,1\n").expect("writes");
    done(folder, &build_line("other.csv", "snapshot.toml", "other"));
    fs::remove_dir_all(folder.join("tree/store")).expect("removes");
    fs::rename(folder.join("other/store"), folder.join("tree/store")).expect("moves");
    refused_without_a_trace(folder, prove, 1, "CF-2018");
    fs::remove_dir_all(folder.join("tree/store")).expect("removes");
    fs::write(folder.join("tree/store.bin"), "of the first version").expect("writes");
    refused_without_a_trace(folder, prove, 2, "CF-2015");
}

#[test]
fn evidence_of_another_shape_is_named() {
    let venue = made();
    let folder = venue.path();
    bundle(folder);
    let chain = folder.join("evidence/chains").join(REGTEST.replace(':', "_"));
    fs::create_dir_all(&chain).expect("makes it");
    fs::write(chain.join("headers.bin"), [0; 79]).expect("writes");
    fs::write(chain.join("transcript.json"), "{\"signatures\":[],\"transcript\":{}}").expect("writes");
    done(folder, "bundle seal evidence --maker tests --key signing-other.key --force");
    let output = run(folder, "reconcile evidence --policy policy.toml");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("CF-4014"), "{text}");
}

#[test]
fn further_statements_keep_their_numbers() {
    let venue = made();
    let folder = venue.path();
    bundle(folder);
    let said = done(folder, "bundle add evidence --statements statement-1.json --address-sets addresses.jsonl --force");
    assert!(said.contains("statements/1.json") && said.contains("address-sets/"), "{said}");
    // another one for the same number is evidence, and stands beside the first
    let envelope = Envelope::parse(&fs::read(folder.join("statement-1.json")).expect("signed"), "statement");
    let document = String::from_utf8(envelope.expect("a file").document).expect("text");
    let changed = document.replacen("\"due\":\"20", "\"due\":\"21", 1);
    let mut other = Envelope { document: changed.into_bytes(), signatures: Vec::new() };
    let unsigned = other.to_file("statement").expect("a file");
    fs::write(folder.join("unsigned.json"), unsigned).expect("writes");
    refused_without_a_trace(folder, "bundle add evidence --statements unsigned.json", 2, "CF-9004");
    let signer = key(folder, "signing-a.key", Algorithm::Bip340);
    other.add(signer.sign(Tag::Statement, &other.document).expect("signs"));
    fs::write(folder.join("other.json"), other.to_file("statement").expect("a file")).expect("writes");
    done(folder, "bundle add evidence --statements other.json");
    assert_eq!(fs::read_dir(folder.join("evidence/statements")).expect("a folder").count(), 2);
    refused_without_a_trace(folder, "bundle add evidence --statements statement-1.json", 2, "CF-9002");
    refused_without_a_trace(folder, "bundle add evidence --address-sets statement-1.json", 2, "CF-4006");
    done(folder, "bundle seal evidence --maker tests --key signing-other.key --force");
    let output = run(folder, "reconcile evidence --policy policy.toml");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("CF-7101"), "{text}");
}
