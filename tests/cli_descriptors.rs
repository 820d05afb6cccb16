//! Descriptors on the command line: from the list of a venue to the auditor's check, with signatures of many devices in
//! between. Salts and nonces differ in every run, so that these cannot be cases of `tests/cli.rs`.

mod cli_support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Network, NetworkKind};
use cli_support::{ADDRESS, REGTEST, WIF, build_line, chmod, done, made, refused, refused_without_a_trace, run};
use miniscript::descriptor::checksum::Engine;

/// An address of nobody here.
const STRANGER: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
const GENESIS: &str = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

/// A wallet from a seed of one repeated byte: extended keys for a test network.
struct Wallet {
    root: Xpriv,
}

impl Wallet {
    fn new(seed: u8) -> Self {
        Self { root: Xpriv::new_master(Network::Regtest, &[seed; 32]).expect("a seed") }
    }

    fn fingerprint(&self) -> String {
        self.root.fingerprint(&Secp256k1::new()).to_string()
    }

    /// The key with its origin, as wallets write it, to stand before `/0/*`.
    fn public(&self, path: &str) -> String {
        let secp = Secp256k1::new();
        let steps: DerivationPath = path.parse().expect("a path");
        let account = self.root.derive_priv(&secp, &steps).expect("derives");
        format!("[{}/{path}]{}", self.fingerprint(), Xpub::from_priv(&secp, &account))
    }

    fn private(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }
}

fn checked(body: &str) -> String {
    let mut engine = Engine::new();
    engine.input(body).expect("a text of a descriptor");
    format!("{body}#{}", engine.checksum())
}

fn row(body: &str, last: &str, rest: &str) -> String {
    format!("{REGTEST},,\"{}\",{last},{rest}\n", checked(body))
}

const HEAD: &str = "chain,address,descriptor,last,role,issuer,custodian\n";

/// Two devices and a custodian: three wallets and an address.
fn list() -> String {
    let (one, two) = (Wallet::new(1), Wallet::new(2));
    [
        HEAD.to_owned(),
        row(&format!("wpkh({}/<0;1>/*)", one.public("84h/1h/0h")), "4", "hot,none,"),
        row(&format!("tr({}/0/*)", two.public("86h/1h/0h")), "2", "cold,none,"),
        row(&format!("sh(wpkh({}/0/*))", two.public("49h/1h/0h")), "1", "cold,none,"),
        format!("{REGTEST},{ADDRESS},,,custodian,none,Example Custody AG\n"),
    ]
    .concat()
}

fn keys(number: u8) -> String {
    let wallet = Wallet::new(number);
    let line = |body: String, last: u32| format!("{REGTEST} {} {last}\n", checked(&body));
    match number {
        1 => {
            let path = wallet.private("84h/1h/0h");
            line(format!("wpkh({path}/0/*)"), 4) + &line(format!("wpkh({path}/1/*)"), 4)
        }
        _ => {
            line(format!("tr({}/0/*)", wallet.private("86h/1h/0h")), 2)
                + "# the second wallet of the device\n"
                + &line(format!("sh(wpkh({}/0/*))", wallet.private("49h/1h/0h")), 1)
        }
    }
}

fn private(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("writes");
    chmod(&folder.join(name), 0o600);
}

fn challenge(folder: &Path, addresses: &str, out: &str) {
    let block = format!("{REGTEST},0,{GENESIS}");
    done(
        folder,
        &format!(
            "challenge new --addresses {addresses} --venue venue.toml --block {block} --issued 2025-12-31T00:00:00Z \
             --expires 2026-02-01 --out {out}"
        ),
    );
}

/// The committed set of [`list`], and a challenge for it.
fn committed(folder: &Path) {
    fs::write(folder.join("list.csv"), list()).expect("writes");
    done(folder, "challenge addresses list.csv --out addresses.jsonl --descriptors-out descriptors.jsonl");
    challenge(folder, "addresses.jsonl", "challenge.json");
}

fn with_input(folder: &Path, line: &str, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.current_dir(folder).args(line.split_whitespace());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn sets_are_made_from_descriptors() {
    let venue = made();
    let folder = venue.path();
    fs::write(folder.join("list.csv"), list()).expect("writes");
    let line = "challenge addresses list.csv --out addresses.jsonl --descriptors-out descriptors.jsonl";
    let output = run(folder, line);
    let (said, remarked) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("16 addresses, root "), "{said}{remarked}");
    assert!(said.ends_with("\n15 of them from 4 descriptors, written to descriptors.jsonl\n"), "{said}");
    assert!(remarked.starts_with("the descriptors are for the auditor only"), "{remarked}");
    for name in ["addresses.jsonl", "descriptors.jsonl"] {
        assert_eq!(fs::metadata(folder.join(name)).expect("made").permissions().mode() & 0o777, 0o600);
    }
    let set = fs::read_to_string(folder.join("addresses.jsonl")).expect("made");
    assert_eq!(set.matches("\"descriptor\":{\"id\":\"").count(), 15);
    assert!(!set.contains("tpub"), "extended keys are in the auditor's part only");
    let list = fs::read_to_string(folder.join("descriptors.jsonl")).expect("made");
    assert_eq!((list.lines().count(), list.contains("<0;1>")), (4, false), "each path has a line");
    refused_without_a_trace(folder, line, 2, "CF-9002");
    refused_without_a_trace(folder, "challenge addresses list.csv --out new.jsonl", 2, "CF-9004");
    fs::write(folder.join("bare.csv"), format!("{HEAD}{REGTEST},{ADDRESS},,,cold,none,\n")).expect("writes");
    refused_without_a_trace(folder, "challenge addresses bare.csv --out a --descriptors-out b", 2, "CF-9004");
}

#[test]
fn bad_descriptors_are_refused_together_and_private_keys_are_not_repeated() {
    let venue = made();
    let folder = venue.path();
    let wallet = Wallet::new(1);
    let key = wallet.public("84h/1h/0h");
    let line = "challenge addresses list.csv --out new.jsonl --descriptors-out new-descriptors.jsonl";
    let refuse = |rows: &[String], code: i32, error: &str| {
        fs::write(folder.join("list.csv"), HEAD.to_owned() + &rows.concat()).expect("writes");
        refused_without_a_trace(folder, line, code, error)
    };
    let main = Xpub { network: NetworkKind::Main, ..key.rsplit(']').next().expect("a key").parse().expect("a key") };
    let rows = [
        row(&format!("wpkh({key}/0/*)"), "", "hot,none,"),
        row(&format!("wpkh({key}/0/*)"), "10000000", "hot,none,"),
        row(&format!("wpkh({key}/0/*h)"), "5", "hot,none,"),
        row(&format!("pk({key}/0/*)"), "5", "hot,none,"),
        row(&format!("wpkh({main}/0/*)"), "5", "hot,none,"),
        row(&format!("addr({ADDRESS})"), "5", "hot,none,"),
        row("combo(nothing)", "", "hot,none,"),
        row(&format!("wpkh({key}/0/*)"), "5", "hot,none,").replace('#', "#x"),
    ];
    let text = refuse(&rows, 2, "CF-5115");
    for (line, code) in (2..).zip([5115, 5115, 5116, 5117, 5113, 5115, 5111, 5112]) {
        assert!(text.contains(&format!("list.csv: line {line}: ")) && text.contains(&format!("CF-{code}")), "{text}");
    }
    assert!(text.ends_with("\n8 errors\n"), "{text}");
    let twice = [
        row(&format!("wpkh({key}/0/*)"), "5", "hot,none,"),
        row(&format!("wpkh({}/0/*)", key.rsplit(']').next().expect("a key")), "2", "cold,none,"),
    ];
    refuse(&twice, 1, "CF-5118");
    refuse(
        &[row(&format!("addr({ADDRESS})"), "", "hot,none,"), format!("{REGTEST},{ADDRESS},,,hot,none,\n")],
        1,
        "CF-5118",
    );
    refuse(&[format!("{REGTEST},{ADDRESS},,7,hot,none,\n")], 2, "CF-4015");
    refuse(&[format!("{REGTEST},,,,hot,none,\n")], 2, "CF-4015");
    let secrets = [
        row(&format!("wpkh({}/0/*)", wallet.private("84h/1h/0h")), "5", "hot,none,"),
        row(&format!("wpkh({WIF})"), "", "hot,none,"),
        format!("{WIF},,,,hot,none,\n"),
    ];
    for secret in secrets {
        let text = refuse(&[secret], 2, "CF-5114");
        assert!(!text.contains("tprv") && !text.contains(&WIF[..8]), "{text}");
        assert!(text.contains("line 2: a private key stands in it"), "{text}");
    }
}

#[test]
fn each_device_gets_a_file_of_its_own() {
    let venue = made();
    let folder = venue.path();
    committed(folder);
    let said = done(
        folder,
        "challenge batch challenge.json --addresses addresses.jsonl --descriptors descriptors.jsonl --out out",
    );
    let (one, two) = (Wallet::new(1).fingerprint(), Wallet::new(2).fingerprint());
    for (device, count) in [(one.as_str(), 10), (&two, 5), ("custodian-example-custody-ag", 1)] {
        assert!(said.contains(&format!("{device}: {count} address")), "{said}");
        let text = fs::read_to_string(folder.join(format!("out/{device}.txt"))).expect("written");
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), count);
        let lines = fs::read_to_string(folder.join(format!("out/{device}.jsonl"))).expect("written");
        assert_eq!(lines.lines().count(), count);
        assert!(text.contains(done(folder, "challenge line challenge.json").trim()), "{text}");
    }
    let text = fs::read_to_string(folder.join(format!("out/{one}.txt"))).expect("written");
    assert!(text.contains("\n# m/84'/1'/0'/1/4\n") && text.contains(" bip322-simple\n"), "{text}");
    refused_without_a_trace(
        folder,
        "challenge batch challenge.json --addresses addresses.jsonl --out out",
        2,
        "CF-9002",
    );
}

#[test]
fn many_devices_sign_and_everything_comes_together() {
    let venue = made();
    let folder = venue.path();
    committed(folder);
    done(folder, "challenge batch challenge.json --addresses addresses.jsonl --out out");
    private(folder, "one.keys", &keys(1));
    let line = "reserves sign challenge.json --descriptors-file one.keys --out one.jsonl";
    assert!(done(folder, line).starts_with("10 signatures over: counterfoil v1 "));
    let output = with_input(
        folder,
        "reserves sign challenge.json --descriptors-file - --addresses addresses.jsonl --out two.jsonl",
        &keys(2),
    );
    let (said, remarked) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("5 signatures over: "), "{said}{remarked}");
    assert!(remarked.contains("an extended private key moves every coin"), "{remarked}");

    // nothing is signed in what `batch` wrote; then the first device, the rest, and the rest again
    let collect = |sources: &str| {
        format!(
            "challenge collect {sources} --challenge challenge.json --addresses addresses.jsonl --out control.jsonl --missing missing.txt"
        )
    };
    let text = refused(folder, &collect("out"), 2, "CF-9070");
    assert!(text.contains("16 of 16 addresses have not signed"), "{text}");
    assert!(!folder.join("control.jsonl").exists(), "nothing to collect");
    let text = refused(folder, &collect("out one.jsonl"), 2, "CF-9070");
    assert!(text.contains("6 of 16 addresses have not signed") && text.contains("all in missing.txt"), "{text}");
    let missing = fs::read_to_string(folder.join("missing.txt")).expect("written");
    assert_eq!(missing.lines().filter(|line| !line.starts_with('#')).count(), 6);
    // the last one is filled into the list itself
    private(folder, "custodian.keys", &format!("{REGTEST} {ADDRESS} {WIF}\n"));
    done(folder, "reserves sign challenge.json --keys-file custodian.keys --out custodian.jsonl");
    let proof: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("custodian.jsonl")).expect("written")).expect("JSON");
    let open = format!("{ADDRESS} {}", proof["scheme"].as_str().expect("a text"));
    let filled = missing.replace(&open, &format!("{open} {}", proof["signature"].as_str().expect("a text")));
    assert_ne!(filled, missing);
    fs::write(folder.join("filled.txt"), filled).expect("writes");
    let first = fs::read(folder.join("control.jsonl")).expect("collected");
    let output = run(folder, &collect("two.jsonl filled.txt one.jsonl two.jsonl"));
    let (said, remarked) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}{remarked}");
    assert_eq!(said, "16 of 16 addresses have signed, 6 new: control.jsonl\n");
    assert_eq!(remarked.matches(" is in control.jsonl line ").count(), 10, "{remarked}");
    let whole = fs::read(folder.join("control.jsonl")).expect("collected");
    let lines = |file: &[u8]| String::from_utf8_lossy(file).lines().map(str::to_owned).collect::<BTreeSet<String>>();
    assert!(lines(&first).is_subset(&lines(&whole)), "what has come in stays");
    let missing = fs::read_to_string(folder.join("missing.txt")).expect("written");
    assert!(missing.lines().all(|line| line.starts_with('#')), "{missing}");

    // in one go and in another order it is the same file
    let again = collect("filled.txt two.jsonl one.jsonl").replace("control.jsonl", "again.jsonl");
    done(folder, &again);
    assert_eq!(fs::read(folder.join("again.jsonl")).expect("collected"), whole);
}

#[test]
fn bad_signatures_are_named_by_their_place_and_good_ones_are_kept() {
    let venue = made();
    let folder = venue.path();
    committed(folder);
    private(folder, "one.keys", &keys(1));
    done(folder, "reserves sign challenge.json --descriptors-file one.keys --out one.jsonl");
    let text = fs::read_to_string(folder.join("one.jsonl")).expect("signed");
    let lines: Vec<&str> = text.lines().collect();
    let address = |line: &str| line.split('"').nth(3).expect("the address comes first").to_owned();
    let exchanged = lines[1].replace(&address(lines[1]), &address(lines[0]));
    let stranger = lines[2].replace(&address(lines[2]), STRANGER);
    fs::write(
        folder.join("mixed.jsonl"),
        [&exchanged, lines[3], &stranger, "{}", "four words are too many", ""].join("\n"),
    )
    .expect("writes");
    let collect =
        "challenge collect mixed.jsonl --challenge challenge.json --addresses addresses.jsonl --out control.jsonl";
    let text = refused(folder, collect, 1, "CF-5014");
    for part in
        ["mixed.jsonl line 1: ", "[CF-9071]", "mixed.jsonl line 3: ", "[CF-9072]", "line 4: ", "line 5: 5 words"]
    {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    assert!(text.contains("15 of 16 addresses have not signed"), "{text}");
    let kept = fs::read_to_string(folder.join("control.jsonl")).expect("collected");
    assert_eq!(kept, format!("{}\n", lines[3]));

    // what is no collection for this challenge is not replaced
    fs::write(folder.join("control.jsonl"), "something else\n").expect("writes");
    refused_without_a_trace(folder, collect, 2, "CF-9002");
    fs::write(folder.join("control.jsonl"), &exchanged).expect("writes");
    refused_without_a_trace(folder, collect, 1, "CF-9002");
    fs::remove_file(folder.join("control.jsonl")).expect("was written");
    refused_without_a_trace(folder, &format!("{collect} --missing list.csv"), 2, "CF-9002");
    challenge(folder, "addresses.jsonl", "later.json");
    refused(folder, &collect.replace("challenge.json", "later.json"), 1, "CF-5014");
    fs::write(folder.join("few.csv"), format!("{HEAD}{REGTEST},{ADDRESS},,,cold,none,\n")).expect("writes");
    done(folder, "challenge addresses few.csv --out few.jsonl");
    refused_without_a_trace(folder, &collect.replace("addresses.jsonl", "few.jsonl"), 2, "CF-4013");
}

#[test]
fn devices_are_named_in_a_list() {
    let venue = made();
    let folder = venue.path();
    committed(folder);
    let batch = "challenge batch challenge.json --addresses addresses.jsonl --devices devices.csv --out out";
    let devices =
        |rows: &str| fs::write(folder.join("devices.csv"), format!("chain,address,device\n{rows}")).expect("writes");
    devices(&format!("{REGTEST},{ADDRESS},safe-7\n"));
    let said = done(folder, batch);
    assert!(said.contains("safe-7: 1 address\n") && said.contains("descriptor-"), "{said}");
    fs::remove_dir_all(folder.join("out")).expect("was written");
    for rows in [
        format!("{REGTEST},{ADDRESS},../safe\n"),
        format!("{REGTEST},{STRANGER},safe\n"),
        format!("{REGTEST},{ADDRESS},safe\n{REGTEST},{ADDRESS},other\n"),
        "x\n".to_owned(),
    ] {
        devices(&rows);
        refused_without_a_trace(folder, batch, 2, "CF-9073");
    }
}

#[test]
fn signing_by_descriptors_is_refused_where_it_must_be() {
    let venue = made();
    let folder = venue.path();
    committed(folder);
    let sign = "reserves sign challenge.json --descriptors-file keys --out new.jsonl";
    private(folder, "keys", &keys(1));
    chmod(&folder.join("keys"), 0o644);
    refused_without_a_trace(folder, sign, 2, "CF-3010");
    let (one, two, three) = (Wallet::new(1), Wallet::new(2), Wallet::new(3));
    let refuse = |text: String, code: &str| {
        private(folder, "keys", &text);
        let said = refused_without_a_trace(folder, sign, 2, code);
        assert!(!said.contains("tprv"), "{said}");
        said
    };
    let line = |body: &str, last: &str| format!("{REGTEST} {} {last}\n", checked(body));
    let said = refuse(format!("# one\n{}", line(&format!("wpkh({}/0/*)", one.public("84h/1h/0h")), "3")), "CF-5119");
    assert!(said.contains("keys line 2: there is no private key in it"), "{said}");
    refuse(line(&format!("pkh({}/0/*)", one.private("44h")), ""), "CF-5115");
    refuse(line(&format!("pkh({}/0/*)", one.private("44h")), "3").replace('#', "#q"), "CF-5112");
    let cut = one.private("44h").replace("tprv8", "tprv9");
    refuse(line(&format!("pkh({cut}/0/*)"), "3"), "CF-5111");
    refuse(line(&format!("sh(sortedmulti(1,{}/0/*))", one.private("45h")), "3"), "CF-5120");
    refuse(line(&format!("pkh({}/0/*)", one.private("44h")), "x"), "CF-9001");
    refuse("a b c d\n".to_owned(), "CF-9001");
    let both = "reserves sign challenge.json --descriptors-file - --keys-file - --out new.jsonl";
    refused_without_a_trace(folder, both, 2, "CF-9004");

    // two of three keys of a multisig are enough, one is not
    let multi = |keys: [String; 3]| line(&format!("wsh(sortedmulti(2,{}))", keys.join(",")), "1");
    let key = |wallet: &Wallet, private: bool| {
        let path = "48h/1h/0h/2h";
        if private { format!("{}/0/*", wallet.private(path)) } else { format!("{}/0/*", wallet.public(path)) }
    };
    refuse(multi([key(&one, true), key(&two, false), key(&three, false)]), "CF-5119");
    private(folder, "keys", &multi([key(&one, true), key(&two, false), key(&three, true)]));
    done(folder, sign);
    let signed = fs::read_to_string(folder.join("new.jsonl")).expect("signed");
    assert_eq!((signed.lines().count(), signed.matches("\"bip322-full\",\"signature\":\"ful").count()), (2, 2));
}

/// What the auditor sees of a set: everything, nothing, or that an address was left out.
#[test]
fn auditors_derive_the_set_again() {
    let venue = made();
    let folder = venue.path();
    committed(folder);
    let said = |addresses: &str, descriptors: Option<&str>, name: &str| {
        let line = format!("{name}.json");
        challenge(folder, addresses, &line);
        let snapshot = fs::read_to_string(folder.join("snapshot.toml")).expect("the venue's file");
        let chain = format!("[[chain]]\nchain = \"{REGTEST}\"\nheight = 0\nhash = \"{GENESIS}\"\n");
        fs::write(folder.join("snapshot-chain.toml"), snapshot + &chain).expect("writes");
        let build = build_line("ledger.csv", "snapshot-chain.toml", name);
        done(folder, &format!("{build} --addresses {addresses} --challenge {line}"));
        let statement = format!("{name}-statement.json");
        done(folder, &format!("statement sign {name} --key signing-a.key --record {name}.signed --out {statement}"));
        let bundle = format!("{name}-bundle");
        let add = format!("bundle add {bundle} --statement {statement} --addresses {addresses} --challenge {line}");
        done(folder, &add);
        if let Some(descriptors) = descriptors {
            done(folder, &format!("bundle add {bundle} --descriptors {descriptors}"));
        }
        done(folder, &format!("bundle seal {bundle} --maker tests --key signing-other.key"));
        let output = run(folder, &format!("reserves verify {bundle} --policy policy.toml"));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("CF-7014") && !text.contains("tpub"), "{text}");
        text
    };
    let text = said("addresses.jsonl", Some("descriptors.jsonl"), "whole");
    assert!(!text.contains("CF-7035") && !text.contains("CF-7036") && !text.contains("CF-7037"), "{text}");
    let text = said("addresses.jsonl", None, "closed");
    assert!(text.contains("exception CF-7035") && text.contains("15 addresses come from 4 descriptors"), "{text}");
    let list = fs::read_to_string(folder.join("descriptors.jsonl")).expect("made");
    let few: Vec<&str> = list.lines().skip(1).collect();
    fs::write(folder.join("few.jsonl"), few.join("\n") + "\n").expect("writes");
    let text = said("addresses.jsonl", Some("few.jsonl"), "few");
    assert!(text.contains("exception CF-7035") && text.contains("it is not in the list"), "{text}");

    let set = fs::read_to_string(folder.join("addresses.jsonl")).expect("made");
    let at = set.lines().position(|line| line.contains("\"index\":\"3\"")).expect("a fourth address");
    let without: Vec<&str> =
        set.lines().enumerate().filter(|(number, _)| *number != at).map(|(_, line)| line).collect();
    fs::write(folder.join("without.jsonl"), without.join("\n") + "\n").expect("writes");
    let text = said("without.jsonl", Some("descriptors.jsonl"), "without");
    assert!(text.contains("critical CF-7037") && text.contains("the first is that of index 3"), "{text}");

    // a list that cannot be read is not taken into a bundle by the command; somebody else may put it there
    fs::write(folder.join("bad.jsonl"), "{}\n").expect("writes");
    refused_without_a_trace(folder, "bundle add whole-bundle --descriptors bad.jsonl --force", 2, "CF-5110");
    fs::copy(folder.join("bad.jsonl"), folder.join("whole-bundle/auditor/descriptors.jsonl")).expect("copies");
    done(folder, "bundle seal whole-bundle --maker tests --key signing-other.key --force");
    let output = run(folder, "reserves verify whole-bundle --policy policy.toml");
    assert!(String::from_utf8_lossy(&output.stdout).contains("exception CF-7036"));
}
