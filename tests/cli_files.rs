//! What the command does to files: nothing half-written, nothing overwritten, nothing secret where others can read
//! it. And the flows of a venue with several officers and outside signers.

mod cli_support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use cli_support::{
    WIF, build_line, bundle, chmod, done, fresh, key, listing, made, make, refused, refused_without_a_trace, run,
};
use counterfoil::hash::Tag;
use counterfoil::signature::Algorithm;

#[test]
fn refusals_leave_no_trace() {
    let venue = made();
    let folder = venue.path();
    let build = |ledger: &str, out: &str| build_line(ledger, "snapshot.toml", out);
    fs::write(folder.join("bad.csv"), "account,asset,amount\nu1,BTC,-1\n").expect("writes");
    refused_without_a_trace(folder, &build("bad.csv", "new"), 2, "CF-1004");
    refused_without_a_trace(folder, &(build("bad.csv", "tree") + " --force"), 2, "CF-1004");
    refused_without_a_trace(folder, &build("ledger.csv", "tree"), 2, "CF-9002");
    refused_without_a_trace(folder, "prove tree --account u1 --out proof-u1.json", 2, "CF-9002");
    refused_without_a_trace(folder, "prove tree --account nobody --out new.json", 2, "CF-2016");
    refused_without_a_trace(folder, "prove tree --account u1 --out absent/new.json", 2, "CF-9003");
    refused_without_a_trace(folder, "prove tree --account u1 --out tree", 2, "CF-9002");
    refused_without_a_trace(folder, "statement sign tree --key signing-a.key --out statement.json", 2, "CF-9002");
    refused_without_a_trace(folder, "keygen --out signing-a.key", 2, "CF-9002");
    refused_without_a_trace(folder, &build("ledger.csv", "ledger.csv/new"), 2, "CF-9003");
    // a link to nowhere is an output that exists
    std::os::unix::fs::symlink("nowhere", folder.join("link")).expect("links");
    refused(folder, "prove tree --account u1 --out link", 2, "CF-9002");
    assert!(!folder.join("nowhere").exists());
}

#[test]
fn folders_of_the_venue_are_for_their_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let venue = made();
    let mode = |path: &str| fs::metadata(venue.path().join(path)).expect("was built").permissions().mode() & 0o777;
    done(venue.path(), &build_line("ledger.csv", "snapshot.toml", "own"));
    assert_eq!([mode("own"), mode("own/store"), mode("own/store/header")], [0o700, 0o700, 0o600]);
    done(venue.path(), "prove own --all --out public --codes codes.csv");
    assert_eq!([mode("public"), mode("public/index.json"), mode("codes.csv")], [0o755, 0o644, 0o600]);
}

/// The shell itself reads what `completions` prints, and every verb has its page.
#[test]
fn shells_and_manuals_know_every_verb() {
    let venue = made();
    let folder = venue.path();
    let script = run(folder, "completions bash");
    assert!(script.status.success());
    fs::write(folder.join("completions.bash"), &script.stdout).expect("scratch is writable");
    let completed = Command::new("bash")
        .args(["-c", "source completions.bash; COMP_WORDS=(counterfoil tree c); COMP_CWORD=2; _counterfoil counterfoil c tree; echo ${COMPREPLY[@]}"])
        .current_dir(folder)
        .output()
        .expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&completed.stdout), "check\n", "{completed:?}");

    let made = run(folder, "man --out pages");
    assert!(made.status.success(), "{made:?}");
    for page in ["counterfoil.1", "counterfoil-build.1", "counterfoil-tree-check.1", "counterfoil-reserves-verify.1"] {
        let text = fs::read_to_string(folder.join("pages").join(page)).expect("the page is there");
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
    assert_eq!(run(folder, "man --out pages").status.code(), Some(2), "never overwritten unasked");
}

#[test]
fn force_replaces_whole_outputs() {
    let venue = made();
    let folder = venue.path();
    fs::write(folder.join("tree/stray"), "of somebody else").expect("writes");
    let again = build_line("ledger.csv", "snapshot.toml", "tree") + " --force";
    refused(folder, &again, 2, "CF-9003");
    assert!(folder.join("tree/stray").exists(), "a folder with files of others is left whole");
    fs::remove_file(folder.join("tree/stray")).expect("removes");
    fs::write(folder.join("tree/store/header"), "of before").expect("writes");
    done(folder, &again);
    assert_ne!(fs::read(folder.join("tree/store/header")).expect("reads"), b"of before");
    fs::write(folder.join("proof-u1.json"), "of before").expect("writes");
    done(folder, "prove tree --account u1 --out proof-u1.json --force");
    done(folder, "verify proof-u1.json --statement statement.json --policy policy.toml --account u1");
    let hidden: Vec<_> =
        listing(folder).into_iter().filter(|(path, ..)| path.display().to_string().contains("/.counter")).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let venue = fresh();
    let folder = venue.path();
    fs::create_dir(folder.join("locked")).expect("makes it");
    chmod(&folder.join("locked"), 0o500);
    let root = fs::write(folder.join("locked/probe"), "").is_ok();
    if root {
        // root writes everywhere: a file in the place of the folder is refused for root, too
        fs::remove_file(folder.join("locked/probe")).expect("was made above");
    } else {
        refused(folder, &build_line("ledger.csv", "snapshot.toml", "locked/new"), 2, "CF-9003");
        refused(folder, "keygen --out locked/new.key", 2, "CF-9003");
    }
    refused(folder, "keygen --out /proc/new.key", 2, "CF-9003");
    refused(folder, &build_line("ledger.csv", "snapshot.toml", "/proc/new"), 2, "CF-9003");
    chmod(&folder.join("locked"), 0o700);
    assert_eq!(fs::read_dir(folder.join("locked")).expect("a folder").count(), 0);
}

#[test]
fn key_files_open_to_others_are_refused() {
    let venue = made();
    let folder = venue.path();
    for mode in [0o640, 0o604, 0o644, 0o660] {
        chmod(&folder.join("master.secret"), mode);
        let text = refused_without_a_trace(folder, &build_line("ledger.csv", "snapshot.toml", "new"), 2, "CF-3010");
        let expected = format!("master.secret can be read by others (mode {mode:o})");
        assert!(text.contains(&expected) && text.contains("chmod 600"), "{text}");
    }
    chmod(&folder.join("signing-a.key"), 0o644);
    refused_without_a_trace(folder, "statement sign tree --key signing-a.key --out new.json", 2, "CF-3010");
    chmod(&folder.join("credential.txt"), 0o644);
    let verify = "verify proof-u2.json --statement statement.json --policy policy.toml --account u2";
    refused_without_a_trace(folder, &format!("{verify} --credential-file credential.txt"), 2, "CF-3010");
}

#[test]
fn a_result_that_nobody_saw_is_no_success() {
    let venue = made();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.current_dir(venue.path()).args(["policy", "check", "policy.toml"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().and_then(std::process::Child::wait_with_output);
    let output = output.expect("starts");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[CF-9003]"));
}

#[test]
fn one_sequence_number_is_signed_once() {
    let venue = made();
    let folder = venue.path();
    let sign = |source: &str, out: &str| format!("statement sign {source} --key signing-a.key --out {out}");
    done(folder, &sign("tree", "first.json"));
    // the same statement again: the same bytes
    done(folder, &sign("tree", "again.json"));
    let read = |name: &str| fs::read(folder.join(name)).expect("was made above");
    assert_eq!(read("first.json"), read("again.json"));
    fs::write(folder.join("other.csv"), "account,asset,amount\nu1,BTC,1\n").expect("writes");
    done(folder, &build_line("other.csv", "snapshot.toml", "other"));
    let text = refused_without_a_trace(folder, &sign("other", "second.json"), 2, "CF-3009");
    assert!(text.contains("statement 0 of example-exchange was signed as"), "{text}");
    // another key has signed nothing yet; a record that both share refuses it, too
    let shared = "statement sign other --key signing-b.key --alg ecdsa-secp256k1 --record signing-a.key.signed --out second.json";
    refused_without_a_trace(folder, shared, 2, "CF-3009");
    let record = folder.join("signing-a.key.signed");
    assert_eq!(String::from_utf8_lossy(&fs::read(&record).expect("the record")).lines().count(), 1);
    // whoever holds a proof of the one and sees the other is told what that is
    done(folder, "prove tree --account u1 --out p.json");
    done(folder, "statement sign other --key signing-a.key --record of-a-liar --out liar.json");
    let text = refused(folder, "verify p.json --statement liar.json --policy policy.toml --account u1", 2, "CF-2002");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("two statements for one number; if both are signed, keep both as evidence"), "{text}");
    // what leaves for an outside signer is recorded like a signature
    let outside =
        |source: &str, out: &str| format!("statement sign {source} --external --record outside.signed --out {out}");
    refused_without_a_trace(folder, "statement sign tree --external --out r.json", 2, "CF-9004");
    done(folder, &outside("tree", "r.json"));
    refused_without_a_trace(folder, &outside("other", "r2.json"), 2, "CF-3009");
    // a damaged record is never taken for an empty one
    for damaged in ["", "{}\n", "not json\n"].into_iter().skip(1) {
        fs::write(&record, damaged).expect("writes");
        refused_without_a_trace(folder, &sign("tree", "third.json"), 2, "CF-3016");
    }
    // the next number is free
    fs::remove_file(&record).expect("was made above");
    done(folder, &sign("tree", "third.json"));
    done(folder, &build_line("ledger.csv", "snapshot-1.toml", "tree-1"));
    // it hangs on the statement that was signed before it, not on another one
    let snapshot = fs::read_to_string(folder.join("snapshot-1.toml")).expect("the venue's file");
    fs::write(folder.join("astray.toml"), snapshot.replace("1c8b2f", "000000")).expect("writes");
    done(folder, &build_line("ledger.csv", "astray.toml", "astray"));
    refused_without_a_trace(folder, &sign("astray", "fourth.json"), 2, "CF-3019");
    done(folder, &sign("tree-1", "fourth.json"));
}

#[test]
fn two_officers_sign_one_statement() {
    let venue = fresh();
    let folder = venue.path();
    let line = build_line("ledger.csv", "snapshot.toml", "two").replace("venue.toml", "venue-2-of-2.toml");
    done(folder, &line);
    done(folder, "prove two --account u1 --out p.json");
    done(folder, "statement sign two --key signing-a.key --out s.json");
    let verify = "verify p.json --statement s.json --policy policy-2-of-2.toml --account u1";
    refused(folder, verify, 2, "CF-3008");
    // a policy that asks for one signature accepts it, and the customer reads that the venue declares two
    let policy = fs::read_to_string(folder.join("policy-2-of-2.toml")).expect("the venue's file");
    assert!(policy.contains("threshold = 2"), "{policy}");
    fs::write(folder.join("laxer.toml"), policy.replace("threshold = 2", "threshold = 1")).expect("writes");
    let text = done(folder, "verify p.json --statement s.json --policy laxer.toml --account u1");
    assert!(text.contains("The venue declares 2 signatures; 1 of the keys that you pin have signed."), "{text}");
    // the second signature is added to the file that it was read from
    done(folder, "statement sign s.json --key signing-b.key --alg ecdsa-secp256k1 --out s.json");
    done(folder, verify);
    // the order of signing does not change the file
    done(folder, "statement sign two --key signing-b.key --alg ecdsa-secp256k1 --out r.json");
    done(folder, "statement sign r.json --key signing-a.key --out r.json");
    assert_eq!(fs::read(folder.join("s.json")).ok(), fs::read(folder.join("r.json")).ok());
    // one officer twice is one signature
    done(folder, "statement sign two --key signing-a.key --out once.json");
    done(folder, "statement sign once.json --key signing-a.key --out once.json");
    refused(folder, &verify.replace("s.json", "once.json"), 2, "CF-3008");
}

/// DER of an ECDSA signature in 64 bytes, with the other of the two equivalent S when `high`.
fn der(compact: &[u8], high: bool) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae,
        0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ];
    let (r, low) = compact.split_at(32);
    let mut s = low.to_vec();
    if high {
        let mut borrow = 0;
        for at in (0..32).rev() {
            let difference = i16::from(ORDER[at]) - i16::from(low[at]) - borrow;
            borrow = i16::from(difference < 0);
            s[at] = u8::try_from(difference.rem_euclid(256)).expect("below 256");
        }
    }
    let integer = |bytes: &[u8]| {
        let start = bytes.iter().position(|&byte| byte != 0).expect("not zero");
        let mut body = bytes[start..].to_vec();
        if body[0] & 0x80 != 0 {
            body.insert(0, 0);
        }
        [vec![2, u8::try_from(body.len()).expect("short")], body].concat()
    };
    let body = [integer(r), integer(&s)].concat();
    [vec![0x30, u8::try_from(body.len()).expect("short")], body].concat()
}

#[test]
fn outside_signers_attach_what_their_devices_give() {
    let venue = made();
    let folder = venue.path();
    let draft = fs::read(folder.join("tree/statement.draft.json")).expect("was made");
    let printed = done(folder, "statement sign tree --external --record outside.signed --out request.json");
    let request = fs::read_to_string(folder.join("request.json")).expect("was made");
    assert!(request.contains(&format!("\"digest\":\"{}\"", printed.trim())), "{request}");
    let attach = |key: &str, alg: &str, out: &str| {
        format!(
            "statement attach tree --public-key {key} --alg {alg} --signature sig.hex --record outside.signed --out {out}"
        )
    };
    let ecdsa = key(folder, "signing-b.key", Algorithm::EcdsaSecp256k1);
    let public = ecdsa.public_key().key;
    let signature = hex::decode(ecdsa.sign(Tag::Statement, &draft).expect("signs").signature).expect("hex");
    let forms = [signature.clone(), der(&signature, false), der(&signature, true)];
    for (number, form) in forms.iter().enumerate() {
        fs::write(folder.join("sig.hex"), hex::encode(form) + "\n").expect("writes");
        let out = format!("attached-{number}.json");
        done(folder, &attach(&public, "ecdsa-secp256k1", &out));
        done(folder, &format!("verify proof-u1.json --statement {out} --policy policy.toml --account u1"));
        assert_eq!(fs::read(folder.join(&out)).ok(), fs::read(folder.join("attached-0.json")).ok(), "one form on disk");
    }
    let schnorr = key(folder, "signing-a.key", Algorithm::Bip340);
    let signature = schnorr.sign(Tag::Statement, &draft).expect("signs").signature;
    fs::write(folder.join("sig.hex"), &signature).expect("writes");
    done(folder, &attach(&schnorr.public_key().key, "bip340", "schnorr.json"));
    assert_eq!(fs::read(folder.join("schnorr.json")).ok(), fs::read(folder.join("statement.json")).ok());
    // refusals
    refused_without_a_trace(folder, &attach(&public, "ecdsa-secp256k1", "new.json"), 1, "CF-3007");
    let other = key(folder, "signing-other.key", Algorithm::Bip340).public_key().key;
    refused_without_a_trace(folder, &attach(&other, "bip340", "new.json"), 2, "CF-3017");
    fs::write(folder.join("sig.hex"), "00").expect("writes");
    refused_without_a_trace(folder, &attach(&public, "ecdsa-secp256k1", "new.json"), 2, "CF-3015");
    refused_without_a_trace(folder, &attach("00", "bip340", "new.json"), 2, "CF-3015");
    fs::write(folder.join("sig.hex"), "not hexadecimal").expect("writes");
    refused_without_a_trace(folder, &attach(&public, "ecdsa-secp256k1", "new.json"), 2, "CF-9001");
}

/// Every form in which a secret could leak.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let engines = [base64::engine::general_purpose::STANDARD_NO_PAD, base64::engine::general_purpose::URL_SAFE_NO_PAD];
    let mut forms = vec![secret.to_vec(), hex::encode(secret).into_bytes(), hex::encode_upper(secret).into_bytes()];
    forms.extend(engines.iter().map(|engine| engine.encode(secret).into_bytes()));
    let reversed: Vec<u8> = secret.iter().rev().copied().collect();
    forms.push(hex::encode(&reversed).into_bytes());
    forms
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn secrets_and_balances_stay_private() {
    let venue = fresh();
    let folder = venue.path();
    let mut secrets = vec![forms(b"blue heron"), vec![WIF.as_bytes().to_vec()]];
    let mut printed = Vec::new();
    for name in ["master.secret", "signing-a.key", "signing-other.key"] {
        let file = fs::read_to_string(folder.join(name)).expect("a key file");
        secrets.push(forms(&hex::decode(file.trim().split_once(' ').expect("two words").1).expect("hex")));
    }
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::remove_file(path).expect("a copy");
        }
    }
    let brought: Vec<PathBuf> = listing(folder).into_iter().map(|(path, ..)| path).collect();
    make(folder);
    bundle(folder);
    for line in [
        "verify proof-u2.json --statement statement.json --policy policy.toml --account u2 --credential-file credential.txt",
        "verify proof-u2.json --statement statement.json --policy policy.toml --account u2 --credential-file credential-wrong.txt",
        "reconcile evidence --policy policy.toml --json report.json",
        "reserves verify evidence --policy policy.toml",
        "reserves sign challenge.json --keys-file keys.txt --out again.jsonl",
        "reserves sign challenge.json --keys-file signing-a.key --out wrong.jsonl",
        "statement sign tree --key master.secret --out wrong.json",
        "build ledger.csv --assets assets.toml --venue venue.toml --snapshot snapshot.toml --secret-file signing-a.key --no-control-total --out wrong",
        "statement sign tree --key credential.txt --out wrong.json",
        "inspect tree/store/header",
        "inspect keys.txt",
        "keygen --out new.key",
        "keygen --kind master --out new.secret",
        &build_line("ledger.csv", "snapshot.toml", "once-more"),
    ] {
        let output = run(folder, line);
        printed.push((line.to_owned(), [output.stdout, output.stderr].concat()));
    }
    for name in ["new.key", "new.secret"] {
        let file = fs::read_to_string(folder.join(name)).expect("was made");
        secrets.push(forms(&hex::decode(file.trim().split_once(' ').expect("two words").1).expect("hex")));
    }
    let leaks = |bytes: &[u8]| secrets.iter().flatten().any(|secret| contains(bytes, secret));
    for (line, text) in &printed {
        assert!(!leaks(text), "{line} prints a secret:\n{}", String::from_utf8_lossy(text));
    }
    let made = listing(folder).into_iter().filter(|(path, ..)| path.is_file() && !brought.contains(path));
    for (path, bytes, mode) in made.filter(|(path, ..)| !path.ends_with("addresses.csv")) {
        let name = path.display();
        assert!(mode == 0o600 || !leaks(&bytes), "{name} (mode {mode:o}) holds a secret");
        // the nonce that blinds u2's leaf, and u2's account, are customers' business
        let customers = contains(&bytes, b"counterfoil-inclusion-proof")
            || path.components().any(|part| part.as_os_str() == "store");
        let private = customers || contains(&bytes, b"\"salt\"") && !path.starts_with(folder.join("evidence"));
        assert!(!private || mode == 0o600, "{name} has mode {mode:o}");
    }
}
