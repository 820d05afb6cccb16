//! A disk that fills up, at several moments of every command that writes: the command says so, and nothing is left that
//! looks complete. The disk is a small one in memory, seen by this test only.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod cli_support;
mod disk_support;
mod log_support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use cli_support::build_line;
use counterfoil::publish::log::{Checkpoint, tree};
use counterfoil::publish::witness::Request;
use counterfoil::snapshot::Time;
use disk_support::{Case, ENOUGH, case, filled, mounts};
use libtest_mimic::{Arguments, Failed, Trial};
use log_support::{ORIGIN, Place, log_signer, post};

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("build", &build_line("large.csv", "snapshot.toml", "disk/new"), "new/statement.draft.json"),
        case(
            "statement sign",
            "statement sign tree --key signing-a.key --record kept.signed --out disk/s.json",
            "s.json",
        ),
        case("prove", "prove tree --account u1 --out disk/p.json", "p.json"),
        case("prove --all", "prove tree --all --out disk/proofs --codes disk/codes.csv", "codes.csv"),
        case("tree range", "tree range tree --asset BTC --begin 0 --end 2 --out disk/r.json", "r.json"),
        case("keygen", "keygen --out disk/k.key", "k.key"),
        case("challenge addresses", "challenge addresses addresses.csv --out disk/a.jsonl", "a.jsonl"),
        case("challenge batch", "challenge batch challenge.json --addresses addresses.jsonl --out disk/out", "out"),
        case("reserves sign", "reserves sign challenge.json --keys-file keys.txt --out disk/c.jsonl", "c.jsonl"),
        case("bundle publish", "bundle publish evidence --out disk/public", "public/manifest.json"),
        case("reconcile --json", "reconcile evidence --policy policy.toml --json disk/r.json", "r.json"),
        case("reconcile --html", "reconcile evidence --policy policy.toml --html disk/r.html", "r.html"),
        case("reconcile --csv", "reconcile evidence --policy policy.toml --csv disk/tables", "tables"),
        case("page", "page --out disk/verify.html", "verify.html"),
        case("card make", "card make --statement statement.json --out disk/card.json", "card.json"),
        case("log prove", "log prove log --sequence 0 --out disk/p.tlog-proof", "p.tlog-proof"),
        case(
            "receipt sign",
            "receipt sign tree --key signing-a.key --account u1 --out disk/u1.receipts",
            "u1.receipts",
        ),
        case("lab ledger", "lab ledger --rows 2000 --seed 3 --out disk/made", "made/ledger.csv"),
        case("lab utxo-set", "lab utxo-set --coins 1000 --seed 7 --out disk/set.dat", "set.dat"),
        case("lab run --keep", "lab run amounts-shifted --keep disk/kept", "kept"),
        case("man", "man --out disk/man", "man/counterfoil.1"),
        case("foreign lint", "foreign lint olalonde --out disk/shown", "shown"),
    ];
    let collected = "challenge collect control.jsonl --challenge challenge.json --addresses addresses.jsonl \
                     --out disk/c.jsonl";
    cases.push(case("challenge collect", collected, "c.jsonl"));
    let with = |name, before, line: &str, output, goes_on| Case { before, goes_on, ..case(name, line, output) };
    let record = "statement sign tree --key signing-a.key --record disk/a.signed --out signed-again.json --force";
    cases.push(with("statement sign --record", "", record, "a.signed", false));
    let change = "keygen --change-passphrase disk/a.key --new-passphrase-file pass.txt";
    cases.push(with("keygen --change-passphrase", "cp -p signing-a.key disk/a.key", change, "a.key", false));
    let again = "tree check disk/tree --ledger ledger.csv --assets assets.toml --secret-file master.secret";
    cases.push(with("tree check --ledger", "cp -rp tree disk/tree", again, "tree/statement.draft.json", false));
    let seal = "bundle seal disk/evidence --maker tests --key signing-other.key --force";
    cases.push(with("bundle seal", "cp -rp evidence disk/evidence", seal, "evidence/manifest.json", false));
    let add = "bundle add disk/evidence --statement full.json --addresses addresses.jsonl \
               --challenge challenge.json --force";
    cases.push(with("bundle add", "", add, "evidence/challenge.json", true));
    let publish = "publish statement.json --log disk/log --key log.key";
    cases.push(with("publish", "", publish, "log/checkpoint", true));
    cases.extend(of_several_parties());
    cases
}

/// What a customer, an auditor and somebody who looks around write.
fn of_several_parties() -> Vec<Case> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/borrowed").display().to_string();
    let seed = "ab".repeat(32);
    let sample = format!(
        "sample deposits {golden}/bundle --policy {golden}/policy.toml --count 2 --seed {seed} --csv disk/l.csv"
    );
    let open = "dispute open u1.receipts --policy policy.toml --asset BTC --as-of 2026-03-01T00:00:00Z";
    let answer = "dispute answer d.json --key signing-a.key --statement statement.json --log-proof p.tlog-proof \
                  --opening proof-u1.json --out disk/a.json";
    vec![
        // computed for seconds before anything is written
        Case { within: "disk", free: &[60, ENOUGH], ..case("demo", "demo", "counterfoil-demo/policy.toml") },
        case("dispute open", &format!("{open} --out disk/d.json"), "d.json"),
        case("dispute answer", answer, "a.json"),
        case("sample deposits --csv", &sample, "l.csv"),
    ]
}

fn main() -> ExitCode {
    let mounts = mounts();
    let mut trials = vec![Trial::test("every output of the command is written by the same few functions", || {
        every_write_is_known().map_err(Failed::from)
    })];
    for case in cases() {
        trials.push(if mounts {
            Trial::test(case.name, move || filled(&case).map_err(Failed::from))
        } else {
            let name = format!("{} (ignored: this system lets nobody mount a disk)", case.name);
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        });
    }
    trials.push(if mounts {
        Trial::test("witness", || a_witness_that_cannot_remember_signs_nothing().map_err(Failed::from))
    } else {
        Trial::test("witness (ignored: this system lets nobody mount a disk)", || Ok(())).with_ignored_flag(true)
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A checkpoint of so many leaves of a log, as it is sent to a witness.
fn request(size: u64, old: u64) -> Request {
    let leaves: Vec<_> = (0..size).map(|index| tree::leaf_hash(&index.to_be_bytes())).collect();
    let mut checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: tree::root(&leaves) }.to_note();
    checkpoint.add(log_signer().sign(checkpoint.text(), Time::from_unix(0)).unwrap());
    Request { old, path: tree::consistency_proof(&leaves, old).unwrap(), checkpoint }
}

/// A witness whose state lies on the disk, and the file that fills the disk.
fn a_witness_that_cannot_remember_signs_nothing() -> Result<(), String> {
    let place = Place::new();
    let script = format!(
        "mkdir disk && mount -t tmpfs -o size=1m tmpfs disk && mkdir -m 700 disk/state || exit 9
         {} witness --state disk/state --key witness0.key --name witness.example/w0 --logs logs.txt \
            --listen 127.0.0.1:0 >said 2>wrong &
         trap \"kill $!\" EXIT
         while read word; do
             case $word in
                 fill) cat /dev/zero >disk/fill 2>/dev/null; ls disk/state >listed; echo full ;;
                 free) rm disk/fill; ls -a disk/state >listed; echo free ;;
             esac
         done",
        env!("CARGO_BIN_EXE_counterfoil")
    );
    let mut shell = Command::new("unshare")
        .current_dir(place.path())
        .args(["-rm", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let (mut words, mut answers) = (shell.stdin.take().unwrap(), BufReader::new(shell.stdout.take().unwrap()).lines());
    let mut tell = |word: &str| {
        writeln!(words, "{word}").unwrap();
        answers.next().unwrap().unwrap()
    };
    let address = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let said = fs::read_to_string(place.path().join("said")).ok()?;
        said.lines().find_map(|line| line.rsplit_once("http://").map(|(_, address)| address.to_owned()))
    });
    let address = address.ok_or("the witness does not start")?;
    let ask = |request: &Request| post(&address, "/add-checkpoint", request.body().as_bytes()).unwrap();
    let first = ask(&request(3, 0));
    tell("fill");
    let refused = ask(&request(5, 3));
    let other = ask(&request(5, 0));
    tell("free");
    let listed = fs::read_to_string(place.path().join("listed")).unwrap();
    let again = ask(&request(5, 3));
    drop(words);
    shell.wait().map_err(|error| error.to_string())?;
    let place = format!("{} {} {}\n{listed}", refused.status, refused.body, other.body);
    // no cosignature without a memory of it; and the one that it has is still there
    if first.status != 200 || refused.status != 500 || refused.body.contains('\u{2014}') {
        return Err(format!("a witness signs what it cannot keep: {place}"));
    }
    if other.status != 409 || other.body != "3\n" || listed.contains(".counterfoil-") || again.status != 200 {
        return Err(format!("a witness forgets: {place} {} {}", again.status, again.body));
    }
    Ok(())
}

/// Where the command writes files by other means than `src/cli/files.rs`, and why.
const WRITERS: [(&str, &str); 7] = [
    ("src/cli/files.rs", "the functions themselves"),
    ("src/cli/bundle.rs", "makes the folders of a bundle; its files by the functions"),
    ("src/cli/deposit.rs", "makes the folders of a bundle; its files by the functions"),
    ("src/cli/fetch/evm/watch.rs", "a journal, which is appended to line by line, and whose last line may be cut"),
    ("src/cli/prove/spill.rs", "what is needed only during the work, in a folder that is deleted"),
    ("src/cli/publish/folder.rs", "makes the folders of a log; its files by the functions"),
    ("src/cli/witness.rs", "makes the folder of a witness and its lock; its state by the functions"),
];

/// What is shown for some commands holds for all that write in the same way.
fn every_write_is_known() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> =
        ["src/cli", "src/fetch", "src/lab", "src/report", "src/publish"].map(|path| root.join(path)).into();
    let mut found = BTreeSet::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let shown = path.strip_prefix(root).unwrap().display().to_string();
        if path.extension().is_none_or(|ending| ending != "rs") || shown.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let shipped = text.split("#[cfg(test)]").next().unwrap().replace("NewFile::create", "");
        let words = [
            "fs::write(",
            "File::create",
            "OpenOptions::new",
            "create_dir",
            "fs::rename",
            "fs::copy",
            "DirBuilder::new",
        ];
        if words.iter().any(|word| shipped.contains(word)) {
            found.insert(shown);
        }
    }
    let known: BTreeSet<String> = WRITERS.iter().map(|(path, _)| (*path).to_owned()).collect();
    if found == known { Ok(()) } else { Err(format!("files that write: {found:#?}\nexpected: {known:#?}")) }
}
