//! `foreign` through the command: secrets in files, forged files on disk, and lists that other verbs take on.
#![allow(missing_docs, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use counterfoil::foreign::bitmex;
use counterfoil::foreign::forge::{Combine, Tree};
use counterfoil::foreign::scheme_named;
use counterfoil::reserve::evm::control as evm;
use tempfile::TempDir;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.current_dir(folder).args(arguments).output().expect("the command runs")
}

/// Its exit code and what it said on both streams.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = run(folder, arguments);
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code().expect("an exit code"), text)
}

fn write(folder: &TempDir, name: &str, text: impl AsRef<[u8]>, mode: u32) {
    fs::write(folder.path().join(name), text).expect("writes");
    fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).expect("sets the mode");
}

#[test]
fn leaves_are_found_with_a_nonce_from_a_private_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let leaves: Vec<_> = (0..4096).map(|index| (index % 100, [5; 32], index)).collect();
    let tree = bitmex::build(840_000, &leaves).expect("a power of two");
    let root = tree.lines().nth(1).and_then(|line| line.split(',').next()).expect("a root").to_owned();
    write(&folder, "tree.csv", &tree, 0o644);
    write(&folder, "nonce", "05".repeat(32) + "\n", 0o600);
    write(&folder, "open", "05".repeat(32), 0o644);
    write(&folder, "short", "05", 0o600);
    write(&folder, "other", "06".repeat(32), 0o600);
    let own: u64 = (0..4096).filter(|index| index % 100 == 7).sum();
    let ask =
        |more: &[&str]| said(folder.path(), &[&["foreign", "verify", "tree.csv", "--root", &root][..], more].concat());
    let expect = format!("BTC=0.{own:08}");
    let (code, text) = ask(&["--account", "7", "--nonce-file", "nonce", "--expect", &expect]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("{own} sat in 41 leaves of account 7")), "{text}");
    assert!(!text.contains("0505"), "the nonce is printed: {text}");
    let (code, text) = ask(&["--account", "7", "--nonce-file", "nonce", "--expect", "BTC=1"]);
    assert!(code == 1 && text.contains("CF-8112"), "{code} {text}");
    // no match is never a success, whoever's mistake it is
    for arguments in [["--account", "7", "--nonce-file", "other"], ["--account", "200", "--nonce-file", "nonce"]] {
        let (code, text) = ask(&arguments);
        assert!(code == 1 && text.contains("CF-8115"), "{code} {text}");
    }
    let (code, text) = ask(&["--account", "7", "--nonce-file", "short"]);
    assert!(code == 2 && text.contains("CF-8116"), "{code} {text}");
    assert_eq!(ask(&["--account", "7", "--nonce-file", "open"]).0, 2);
    assert_eq!(ask(&["--account", "7"]).0, 2);
    assert_eq!(ask(&["--nonce-file", "nonce"]).0, 2);
    // one node of a large tree is named by the lines of its run
    let lines: Vec<&str> = tree.lines().collect();
    let (line, other) = (lines[3000], lines[3001]);
    write(&folder, "tree.csv", tree.replacen(line, other, 1), 0o644);
    let (code, text) = ask(&[]);
    assert!(code == 1 && text.contains("CF-8113") && text.contains("tree.csv:"), "{code} {text}");
}

/// The file fits its root by the rule of its scheme, and the total is less than what is owed: that is no success.
#[test]
fn attack_a2_an_amount_below_zero_under_the_right_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let scheme = scheme_named("okx-v1").expect("a scheme");
    let verify = |amounts: [&str; 3]| {
        let customers = (1..).zip(amounts).map(|(number, units)| scheme.example(number, units)).collect();
        let tree = Tree::build(scheme, customers, Combine::Sum).expect("decimals");
        let root = tree.root().expect("a root").hash.clone();
        write(&folder, "proof.json", tree.files().swap_remove(0), 0o644);
        said(folder.path(), &["foreign", "verify", "proof.json", "--root", &root])
    };
    let (code, text) = verify(["5", "3", "-2"]);
    assert!(code == 1 && text.contains("CF-8180") && text.contains("consistent: the leaf"), "{code} {text}");
    assert!(text.contains("sibling 2 has -2 "), "{text}");
    let (code, text) = verify(["5", "3", "0"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_nonce_is_not_for_the_proof_of_one_customer_and_an_anchor_is_not_for_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| {
        let scheme = scheme_named(name).expect("a scheme");
        let customers = vec![scheme.example(1, "5"), scheme.example(2, "3"), scheme.example(3, "1")];
        let tree = Tree::build(scheme, customers, Combine::Sum).expect("decimals");
        (tree.files().swap_remove(0), tree.root().expect("a root").hash.clone())
    };
    let ((hotcoin, root), (okx, _)) = (file("hotcoin"), file("okx-v1"));
    write(&folder, "hotcoin.json", hotcoin, 0o644);
    write(&folder, "okx.json", okx, 0o644);
    write(&folder, "nonce", "05".repeat(32), 0o600);
    let anchor = |count: u64| {
        let assets = r#"[{"coin":"BTC","decimals":8},{"coin":"USDT","decimals":8}]"#;
        format!(
            r#"{{"protocol":"HOTCOIN-POR-SUM","assets":{assets},"snapshotId":"example-1","root":"{root}","leafCount":{count},"userTotals":{{"BTC":"9","USDT":"0"}}}}"#
        )
    };
    write(&folder, "anchor.json", anchor(3), 0o644);
    write(&folder, "other.json", anchor(4), 0o644);
    let ask = |arguments: &[&str]| said(folder.path(), &[&["foreign", "verify"][..], arguments].concat());
    assert_eq!(ask(&["hotcoin.json", "--anchor", "anchor.json"]).0, 0);
    assert_eq!(ask(&["hotcoin.json", "--root", &root]).0, 0);
    let (code, text) = ask(&["hotcoin.json", "--anchor", "other.json"]);
    assert!(code == 1 && text.contains("CF-8118"), "{code} {text}");
    let (code, text) = ask(&["okx.json", "--account", "1", "--nonce-file", "nonce"]);
    assert!(code == 2 && text.contains("CF-8119"), "{code} {text}");
    let (code, text) = ask(&["hotcoin.json", "--anchor", "anchor.json", "--account", "somebody"]);
    assert!(code == 2 && text.contains("CF-8110"), "{code} {text}");
}

#[test]
fn forged_files_are_written_and_pass_as_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, text) = said(folder.path(), &["foreign", "lint", "bybit", "--out", "forged"]);
    assert!(code == 1 && text.contains("CF-8120"), "{code} {text}");
    let root = fs::read_to_string(folder.path().join("forged/sum-not-bound/roots")).expect("a root");
    for number in 1..=4 {
        let file = format!("forged/sum-not-bound/{number}.txt");
        let (code, text) = said(folder.path(), &["foreign", "verify", &file, "--root", root.trim(), "--json"]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(r#""total": "9""#), "{text}");
    }
    assert_eq!(said(folder.path(), &["foreign", "lint", "bybit", "--out", "forged"]).0, 2);
}

#[test]
fn a_list_goes_on_to_an_address_set_and_is_no_control() {
    let folder = tempfile::tempdir().expect("a folder");
    let chain = "eip155:1".parse().expect("a chain");
    let line = "line of the auditor at block 7";
    let sign = |secret| evm::sign_scheme(&chain, line, &[secret; 32], evm::PREHASHED).expect("a key");
    let (one, two) = (sign(1), sign(2));
    let head =
        "coin,snapshot height,amount\nETH,7,3\n\ncoin,Network,Snapshot Height,address,amount,message,signature1\n";
    let row = |proof: &counterfoil::reserve::claim::ControlProof| {
        format!("ETH,ETH,7,{},1.5,{line},{}\n", proof.address, proof.signature)
    };
    write(&folder, "list.csv", format!("{head}{}{}", row(&one), row(&two)), 0o644);
    let arguments =
        ["foreign", "reserves", "list.csv", "--message", line, "--json", "report.json", "--csv", "rows.csv"];
    let more = ["--addresses-out", "addresses.csv", "--role", "cold", "--issuer", "none"];
    let (code, text) = said(folder.path(), &[&arguments[..], &more].concat());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 signed, 0 unproven, 0 failed") && text.contains("counts none of it"), "{text}");
    let rows = fs::read_to_string(folder.path().join("rows.csv")).expect("rows");
    assert_eq!(rows.lines().filter(|row| row.contains(",stated,signed,key-signed,eip191-prehashed,")).count(), 2);
    let (code, text) = said(folder.path(), &["challenge", "addresses", "addresses.csv", "--out", "set.json"]);
    assert!(code == 0 && text.starts_with("2 addresses"), "{code} {text}");
    // outputs are never overwritten unasked, and nothing is written of a list that is none
    assert_eq!(said(folder.path(), &[&arguments[..], &more].concat()).0, 2);
    write(&folder, "none.csv", "coin,where\n", 0o644);
    assert_eq!(said(folder.path(), &["foreign", "reserves", "none.csv", "--csv", "new.csv"]).0, 2);
    assert!(!folder.path().join("new.csv").exists());
    // without the line, a signature may be an old one
    let (code, text) = said(folder.path(), &["foreign", "reserves", "list.csv"]);
    assert!(code == 2 && text.contains("CF-8145"), "{code} {text}");
    let (code, text) = said(folder.path(), &["foreign", "reserves", "list.csv", "--message", "another"]);
    assert!(code == 2 && text.contains("CF-8144"), "{code} {text}");
    write(&folder, "list.csv", format!("{head}{}{}", row(&one).replace("0x", "0X"), row(&two)), 0o644);
    assert_ne!(said(folder.path(), &["foreign", "reserves", "list.csv", "--message", line]).0, 0);
}
