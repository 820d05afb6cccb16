//! Proofs for everybody: whole, private where they must be, and opened by their own codes only.

mod cli_support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cli_support::{build_line, chmod, done, listing, made, refused, refused_without_a_trace, run};
use counterfoil::liability::inclusion_proof::InclusionProof;
use counterfoil::liability::sealed_proof::{self, Pack, Prefix, ProofCode};
use counterfoil::publish;

const EXPORT: &str = "prove tree --all --out public --codes codes.csv";

/// Accounts with their codes, as the table has them.
fn table(path: &Path) -> BTreeMap<String, String> {
    let mut rows = csv::Reader::from_path(path).expect("a table");
    assert_eq!(rows.headers().expect("a head"), ["account", "code"].as_slice());
    rows.deserialize().collect::<Result<_, _>>().expect("two columns")
}

fn put_code(folder: &Path, code: &str) {
    fs::write(folder.join("my.code"), code).expect("writes");
    chmod(&folder.join("my.code"), 0o600);
}

fn verify(proof: &str, account: &str) -> String {
    format!("verify {proof} --code-file my.code --statement statement.json --policy policy.toml --account {account}")
}

#[test]
fn everybody_opens_their_own_proof() {
    let venue = made();
    let folder = venue.path();
    done(folder, EXPORT);
    let codes = table(&folder.join("codes.csv"));
    assert!(codes.keys().eq(["u1", "u2", "u3"]), "{:?}", codes.keys());
    for (account, code) in &codes {
        put_code(folder, &format!("{}\n", code.to_lowercase().replace('-', " ")));
        let credential = if account == "u2" { " --credential-file credential.txt" } else { "" };
        for proof in ["public", "public/packs/0.pack"] {
            let printed = done(folder, &(verify(proof, account) + credential));
            assert!(printed.contains("Your balance is in the total"), "{printed}");
        }
        let other = if account == "u1" { "u3" } else { "u1" };
        refused(folder, &verify("public", other), 2, "CF-2003");
    }
    // what opens is the file of one account
    let statement = publish::digest(&fs::read(folder.join("tree/statement.draft.json")).expect("a draft"));
    let file = fs::read(folder.join("public/packs/0.pack")).expect("a pack");
    let code = ProofCode::parse(codes["u1"].as_bytes()).expect("a code");
    let opened = sealed_proof::open(&code, &statement, &Pack::parse(&file).expect("a pack"));
    assert_eq!(opened.expect("opens"), fs::read(folder.join("proof-u1.json")).expect("was made"));
    // a lie in the pack is found like any other
    fs::create_dir_all(folder.join("lowered/packs")).expect("makes it");
    let lowered = fs::read(folder.join("proof-lowered.json")).expect("was made");
    let lie = sealed_proof::seal(&code, &statement, &lowered).expect("short");
    let prefix = Prefix::of(lie.name(), 0);
    let pack = sealed_proof::write(&statement, prefix, vec![lie]).expect("small");
    fs::write(folder.join("lowered/packs/0.pack"), pack).expect("writes");
    fs::copy(folder.join("public/index.json"), folder.join("lowered/index.json")).expect("copies");
    put_code(folder, &codes["u1"]);
    refused(folder, &verify("lowered", "u1"), 1, "CF-2006");
    // codes are for their owner's eyes, too
    chmod(&folder.join("my.code"), 0o644);
    refused(folder, &verify("public", "u1"), 2, "CF-3010");
}

#[test]
fn many_proofs_lie_in_many_packs() {
    let venue = made();
    let folder = venue.path();
    let mut ledger = "account,asset,amount\n".to_owned();
    for number in 0..1_100 {
        ledger.push_str(&format!("c{number:05},BTC,0.{number:04}\n"));
        if number % 3 == 0 {
            ledger.push_str(&format!("c{number:05},ETH,1\n"));
        }
        if number % 5 == 0 {
            ledger.push_str(&format!("\"e,{number}\",ETH,2\n"));
        }
    }
    fs::write(folder.join("many.csv"), ledger).expect("writes");
    done(folder, &build_line("many.csv", "snapshot.toml", "many"));
    done(folder, "statement sign many --key signing-a.key --record many.signed --out many.json");
    done(folder, "prove many --all --out public --codes codes.csv");
    let codes = table(&folder.join("codes.csv"));
    assert_eq!(codes.len(), 1_100 + 220, "every account once, although a third has two leaves");
    let mut names = 0;
    for number in 0..8 {
        let file = fs::read(folder.join(format!("public/packs/{number}.pack"))).expect("eight packs");
        let pack = Pack::parse(&file).expect("a pack");
        assert!(pack.entries().len() >= 64 && pack.prefix().value() == number, "{}", pack.entries().len());
        names += pack.entries().len();
    }
    assert_eq!(names, codes.len());
    assert!(!folder.join("public/packs/8.pack").exists());
    let statement = publish::digest(&fs::read(folder.join("many/statement.draft.json")).expect("a draft"));
    for (account, code) in &codes {
        let code = ProofCode::parse(code.as_bytes()).expect("a code");
        let place = Prefix::of(code.name(&statement), 3);
        let file = fs::read(folder.join("public").join(place.to_string())).expect("a pack");
        let pack = Pack::parse(&file).expect("a pack");
        let proof = sealed_proof::open(&code, &statement, &pack).expect("opens");
        let proof = InclusionProof::parse(&proof).expect("a proof");
        let number: Option<u32> = account.strip_prefix('c').and_then(|number| number.parse().ok());
        let expected = if number.is_some_and(|number| number % 3 == 0) { 2 } else { 1 };
        assert_eq!((&proof.account, proof.leaves.len()), (account, expected));
    }
    put_code(folder, &codes["c00042"]);
    done(folder, &verify("public", "c00042").replace("statement.json", "many.json"));
}

#[test]
fn codes_stand_in_the_table_and_nowhere_else() {
    let venue = made();
    let folder = venue.path();
    let output = run(folder, EXPORT);
    let mut printed = vec![[output.stdout, output.stderr].concat()];
    let codes = table(&folder.join("codes.csv"));
    put_code(folder, &codes["u1"]);
    for line in [
        verify("public", "u1"),
        verify("public", "u2"),
        verify("tree", "u1"),
        verify("proof-u1.json", "u1"),
        verify("public", "u1").replace("statement.json", "statement-1.json"),
        "inspect codes.csv".to_owned(),
        "inspect my.code".to_owned(),
        "inspect public/packs/0.pack".to_owned(),
        "inspect public/index.json".to_owned(),
        "verify public --code-file codes.csv --statement statement.json --policy policy.toml --account u1".to_owned(),
        "statement sign tree --key my.code --out new.json".to_owned(),
    ] {
        let output = run(folder, &line);
        printed.push([output.stdout, output.stderr].concat());
    }
    let mut typed = codes["u2"].clone();
    typed.replace_range(..1, if typed.starts_with('7') { "8" } else { "7" });
    put_code(folder, &typed);
    let output = run(folder, &verify("public", "u2"));
    assert_eq!(output.status.code(), Some(2));
    printed.push([output.stdout, output.stderr].concat());
    let secrets: Vec<Vec<u8>> = codes.values().flat_map(|code| forms(code)).chain(forms_of_text(&typed)).collect();
    let leaks = |bytes: &[u8]| secrets.iter().any(|secret| contains(bytes, secret));
    for text in printed {
        assert!(!leaks(&text), "{}", String::from_utf8_lossy(&text));
    }
    fs::remove_file(folder.join("my.code")).expect("was made above");
    for (path, bytes, mode) in listing(folder).into_iter().filter(|(path, ..)| path.is_file()) {
        let name = path.display();
        if path.ends_with("codes.csv") {
            assert!(leaks(&bytes) && mode == 0o600, "{name}");
        } else {
            assert!(!leaks(&bytes), "{name} holds a code");
        }
        if path.starts_with(folder.join("public")) {
            assert_eq!(mode, 0o644, "{name}");
            for account in ["u1", "u2", "u3"] {
                assert!(!contains(&bytes, format!("\"{account}\"").as_bytes()), "{name} names {account}");
            }
        }
    }
}

/// Every form in which a code could leak.
fn forms(code: &str) -> Vec<Vec<u8>> {
    let bytes = ProofCode::parse(code.as_bytes()).expect("a code").expose().to_vec();
    let mut forms = forms_of_text(code);
    forms.extend([hex::encode(&bytes).into_bytes(), hex::encode_upper(&bytes).into_bytes(), bytes]);
    forms
}

fn forms_of_text(code: &str) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = vec![code.into(), code.replace('-', "").into(), code.to_lowercase().into()];
    // four groups would be enough to guess the rest
    forms.push(code[..23].into());
    forms.push(code[12..].into());
    forms
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn refusals_leave_no_trace() {
    let venue = made();
    let folder = venue.path();
    fs::create_dir(folder.join("inside")).expect("makes it");
    std::os::unix::fs::symlink("inside", folder.join("link")).expect("links");
    for (out, codes) in [
        ("new", "new/codes.csv"),
        ("new", "new"),
        ("new", "./new/codes.csv"),
        ("new", "inside/../new/codes.csv"),
        ("inside --force", "link/codes.csv"),
        ("link --force", "inside/codes.csv"),
        ("link/new", "inside/new/deep/codes.csv"),
    ] {
        let line = format!("prove tree --all --out {out} --codes {codes}");
        refused_without_a_trace(folder, &line, 2, "CF-2039");
    }
    for (line, error) in [
        ("prove tree --all --out new --codes absent/codes.csv", "CF-9003"),
        ("prove tree --all --out new --codes absent/../codes.csv", "CF-9003"),
        ("prove tree --all --out tree --codes new.csv", "CF-9002"),
        ("prove tree --all --out new --codes ledger.csv", "CF-9002"),
        ("prove absent --all --out new --codes new.csv", "CF-9001"),
        ("prove tree --all --out ledger.csv/new --codes new.csv", "CF-9003"),
        // --force takes nobody's folder away, and then the table stays, too
        ("prove tree --all --out tree --codes new.csv --force", "CF-9003"),
        ("prove tree --all --out tree --codes ledger.csv --force", "CF-9003"),
        ("prove tree --all --out ledger.csv --codes new.csv --force", "CF-9003"),
    ] {
        refused_without_a_trace(folder, line, 2, error);
    }
}

#[test]
fn another_export_replaces_both_outputs() {
    let venue = made();
    let folder = venue.path();
    done(folder, EXPORT);
    let before = table(&folder.join("codes.csv"));
    refused_without_a_trace(folder, EXPORT, 2, "CF-9002");
    done(folder, &format!("{EXPORT} --force"));
    let after = table(&folder.join("codes.csv"));
    assert!(before.iter().all(|(account, code)| after[account] != *code), "codes are new in every export");
    put_code(folder, &before["u1"]);
    refused(folder, &verify("public", "u1"), 2, "CF-2035");
    put_code(folder, &after["u1"]);
    done(folder, &verify("public", "u1"));
    let hidden: Vec<_> =
        listing(folder).into_iter().filter(|(path, ..)| path.display().to_string().contains("/.counter")).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn an_export_that_is_killed_leaves_nothing_that_looks_complete() {
    let venue = made();
    let folder = venue.path();
    let rows: String = (0..1_500).map(|number| format!("c{number:05},BTC,1\n")).collect();
    fs::write(folder.join("many.csv"), format!("account,asset,amount\n{rows}")).expect("writes");
    done(folder, &build_line("many.csv", "snapshot.toml", "many"));
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        let line = "prove many --all --out public --codes codes.csv";
        command.current_dir(folder).args(line.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("starts")
    };
    let begun = std::time::Instant::now();
    assert!(start().wait().expect("ends").success());
    let whole = begun.elapsed();
    let statement = publish::digest(&fs::read(folder.join("many/statement.draft.json")).expect("a draft"));
    let mut killed = 0;
    for round in 0..12_u32 {
        for (path, ..) in listing(folder) {
            let hidden = path.parent() == Some(folder) && path.display().to_string().contains("/.counterfoil-");
            if path == folder.join("public") || hidden && path.is_dir() {
                fs::remove_dir_all(path).expect("of the export before");
            } else if path == folder.join("codes.csv") || hidden {
                fs::remove_file(path).expect("of the export before");
            }
        }
        let mut child = start();
        std::thread::sleep(whole * round / 12);
        let _ = child.kill();
        killed += u32::from(!child.wait().expect("ends").success());
        if folder.join("public").exists() {
            // the folder comes last, and whole
            let codes = table(&folder.join("codes.csv"));
            assert_eq!(codes.len(), 1_500);
            let packs: Vec<_> = fs::read_dir(folder.join("public/packs")).expect("packs").collect();
            assert_eq!(packs.len(), 8);
            for code in codes.values().step_by(100) {
                let code = ProofCode::parse(code.as_bytes()).expect("a code");
                let place = Prefix::of(code.name(&statement), 3);
                let file = fs::read(folder.join("public").join(place.to_string())).expect("a pack");
                let pack = Pack::parse(&file).expect("a pack");
                assert!(sealed_proof::open(&code, &statement, &pack).is_ok());
            }
        }
        if folder.join("codes.csv").exists() {
            assert_eq!(table(&folder.join("codes.csv")).len(), 1_500, "round {round}");
        }
    }
    assert!(killed >= 5, "only {killed} exports were killed in time");
}
