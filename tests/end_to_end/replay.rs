//! An auditor who reads the blocks, or the whole set of unspent outputs, of a node of their own.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{CHAIN, FIRST_CUTOFF, Snapshot, Venue, codes, stderr};

/// The auditor reads the blocks of the own node instead of believing an answer.
pub(super) fn replayed(venue: &Venue, snapshot: &Snapshot) {
    let policy = fs::read_to_string(&snapshot.policy).unwrap();
    let demanding = policy.replacen("[[pin]]", "[require]\ncompleteness = \"replayed\"\n[[pin]]", 1);
    venue.write("replayed.toml", &demanding);
    let bundle = snapshot.bundle.to_str().unwrap();
    let arguments = ["reconcile", bundle, "--policy", "replayed.toml", "--json", "-"];
    let report: Value = serde_json::from_slice(&venue.run(2, &arguments).stdout).unwrap();
    assert_eq!((&report["assets"][0]["held"]["counted"], codes(&report).contains(&"CF-5150")), (&"0".into(), false));
    let blocks = venue.node.folder.path().join("regtest/blocks");
    let key = fs::read(blocks.join("xor.dat")).unwrap();
    assert!(key.iter().any(|byte| *byte != 0), "the node obfuscates its files");
    let with = |code: i32, paths: &[&Path]| -> Value {
        let mut all: Vec<&str> = arguments.to_vec();
        all.push("--blocks");
        all.extend(paths.iter().map(|path| path.to_str().unwrap()));
        serde_json::from_slice(&venue.run(code, &all).stdout).unwrap()
    };
    for paths in [&[blocks.as_path()][..], &[&blocks.join("blk00000.dat")]] {
        let report = with(0, paths);
        let held = &report["assets"][0]["held"];
        assert_eq!((&report["assets"][0]["verdict"], &held["counted"]), (&"covered".into(), &held["possible"]));
        let row = &held["by_evidence"][0];
        assert_eq!((&row["authenticity"], &row["completeness"]), (&"proved".into(), &"replayed".into()));
        assert!(!codes(&report).contains(&"CF-5150"), "{:?}", report["findings"]);
    }
    let verify = ["reserves", "verify", bundle, "--policy", "replayed.toml"];
    let output = venue.run(0, &[verify.as_slice(), &["--blocks", blocks.to_str().unwrap()]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(" proved\n") && !text.contains(" observed\n"), "{text}");
    // the same file without its key, and a file cut short
    let copy = venue.path().join("blk00000.dat");
    fs::copy(blocks.join("blk00000.dat"), &copy).unwrap();
    let found = codes(&with(2, &[&copy])).iter().filter(|code| ["CF-5141", "CF-5150"].contains(code)).count();
    assert_eq!(found, 2);
    let whole = fs::read(&copy).unwrap();
    fs::write(&copy, &whole[..20_001]).unwrap();
    fs::write(venue.path().join("xor.dat"), key).unwrap();
    let report = with(2, &[&copy]);
    let found = codes(&report).iter().filter(|code| ["CF-5140", "CF-5150"].contains(code)).count();
    assert_eq!(found, 2, "{:?}", codes(&report));
    let output = venue.run(2, &[arguments.as_slice(), &["--blocks", "no-such-folder"]].concat());
    assert!(stderr(&output).contains("no-such-folder"), "{}", stderr(&output));
}

/// The auditor dumps the whole set of unspent outputs of the own node, and pins its hash.
pub(super) fn full_set(venue: &Venue, snapshot: &Snapshot) {
    let file = venue.path().join("utxo.dat");
    let params = format!("[\"{}\",\"latest\"]", file.display());
    let dumped: Value = venue.node.client().ask("dumptxoutset", &params).unwrap();
    let policy = fs::read_to_string(&snapshot.policy).unwrap();
    let with = |code: i32, hash: &str| -> Value {
        let height = &dumped["base_height"];
        let rows = format!(
            "[require]\ncompleteness = \"full-set\"\n[[utxo_set]]\nchain = \"{CHAIN}\"\nheight = {height}\n\
             hash = \"{hash}\"\n[[pin]]"
        );
        venue.write("full-set.toml", &policy.replacen("[[pin]]", &rows, 1));
        let bundle = snapshot.bundle.to_str().unwrap();
        // the set shows every coin of the cut-off, and the blocks what moved around it
        let blocks = venue.node.folder.path().join("regtest/blocks");
        let arguments = ["reconcile", bundle, "--policy", "full-set.toml", "--json", "-"];
        let own = ["--utxo-snapshot", "utxo.dat", "--blocks", blocks.to_str().unwrap()];
        serde_json::from_slice(&venue.run(code, &[&arguments[..], &own].concat()).stdout).unwrap()
    };
    let report = with(0, dumped["txoutset_hash"].as_str().unwrap());
    let held = &report["assets"][0]["held"];
    assert_eq!((&report["assets"][0]["verdict"], &held["counted"]), (&"covered".into(), &held["possible"]));
    assert_eq!(held["by_evidence"][0]["completeness"], "full-set");
    // a hash from elsewhere, and the right one with a changed file
    let refused = |report: &Value, code: &str| {
        assert!(codes(report).contains(&code), "{:?}", codes(report));
        assert_eq!(report["assets"][0]["held"]["counted"], "0");
    };
    refused(&with(2, &"11".repeat(32)), "CF-5170");
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, &bytes).unwrap();
    refused(&with(2, dumped["txoutset_hash"].as_str().unwrap()), "CF-5170");
    fs::write(&file, &bytes[..last]).unwrap();
    refused(&with(2, dumped["txoutset_hash"].as_str().unwrap()), "CF-5183");
}

/// An honest venue pays out between the cut-off and the fetching: a list of what is unspent is too short by then. The
/// payment itself shows the coin until it was spent; without it, the blocks do.
pub(super) fn spent_since(program: &OsStr) {
    let venue = Venue::open(program);
    let snapshot = venue.snapshot_after(0, None, FIRST_CUTOFF, || venue.spend_one());
    let report = venue.reconcile(0, &snapshot.bundle, &snapshot.policy);
    assert_eq!((&report["assets"][0]["verdict"], codes(&report).len()), (&"covered".into(), 1));
    assert_eq!(report["assets"][0]["held"]["by_evidence"][1]["completeness"], "unspent-until-spend");
    let listed = venue.changed(&snapshot, "listed", |bundle| remove_last_merkle_block(&venue, bundle));
    let report = venue.reconcile(1, &listed, &snapshot.policy);
    assert_eq!(
        (&report["assets"][0]["verdict"], codes(&report)),
        (&"short".into(), vec!["CF-7048", "CF-5216", "CF-7024", "CF-7049"])
    );
    let (bundle, policy) = (listed.to_str().unwrap(), snapshot.policy.to_str().unwrap());
    let blocks = venue.node.folder.path().join("regtest/blocks");
    let arguments = ["reconcile", bundle, "--policy", policy, "--json", "-", "--blocks", blocks.to_str().unwrap()];
    let report: Value = serde_json::from_slice(&venue.run(2, &arguments).stdout).unwrap();
    // own blocks prove the coin; the window's movement stays stated, since its own proof is missing
    assert_eq!((&report["assets"][0]["verdict"], codes(&report)[0]), (&"not-determinable".into(), "CF-7048"));
    assert_eq!(report["assets"][0]["held"]["counted"], "15000000000");
}

/// That of the payment, which is the youngest.
fn remove_last_merkle_block(venue: &Venue, bundle: &Path) {
    let folder = bundle.join("chains").join(CHAIN.replace(':', "_")).join("merkle");
    let height = |path: &Path| -> u64 {
        let hash = path.file_stem().unwrap().to_str().unwrap();
        let header: Value = venue.node.client().ask("getblockheader", &format!("[\"{hash}\"]")).unwrap();
        header["height"].as_u64().unwrap()
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    fs::remove_file(files.max_by_key(|path| height(path)).unwrap()).unwrap();
}
