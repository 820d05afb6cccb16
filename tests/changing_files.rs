//! Files that change while they are read: a refusal, or the answer to what was read first, and never a mixture.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod cli_support;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cli_support::{BUILD_ID, build_line, done, fresh, made, run};
use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::liability::inclusion_proof::{InclusionQuery, StatementRef, verify};
use counterfoil::liability::prover::Prover;
use counterfoil::liability::storage::Folder;
use counterfoil::liability::store::Store;
use counterfoil::liability::sum_tree::LiabilityCommitment;
use counterfoil::liability::tree_audit::audit;

const ROW: &str = "u9,BTC,3\n";

/// Runs `line` with `pipe.csv` as a pipe, and does `change` after the command has opened all ledgers before it.
fn with_pipe(folder: &Path, line: &str, change: &dyn Fn()) -> Output {
    let pipe = folder.join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.current_dir(folder).args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut writer = writer(&pipe, &mut child);
    change();
    writer.write_all(format!("account,asset,amount\n{ROW}").as_bytes()).unwrap();
    drop(writer);
    let output = child.wait_with_output().unwrap();
    fs::remove_file(pipe).unwrap();
    output
}

/// More rows than are read at a time.
fn large(folder: &Path) {
    let mut ledger = "account,asset,amount\n".to_owned();
    for number in 0..40_000 {
        ledger.push_str(&format!("u{number:040},BTC,1\n"));
    }
    fs::write(folder.join("large.csv"), ledger).unwrap();
}

/// The end of a pipe that is written into, as soon as the command has opened the other one.
fn writer(pipe: &Path, child: &mut Child) -> File {
    const NOT_WAITING: i32 = 0o4000;
    loop {
        match OpenOptions::new().write(true).custom_flags(NOT_WAITING).open(pipe) {
            Ok(file) => return file,
            Err(_) if child.try_wait().unwrap().is_none() => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => panic!("nobody reads {}: {error}", pipe.display()),
        }
    }
}

type Change = fn(&Path);

/// What may happen to a file, with its name.
const CHANGES: [(&str, Change); 5] = [
    ("longer", |path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"late,BTC,1\n").unwrap()),
    ("shorter", |path| OpenOptions::new().write(true).open(path).unwrap().set_len(700_000).unwrap()),
    ("other bytes of the same length", |path| {
        let mut bytes = fs::read(path).unwrap();
        let last = bytes.len() - 2;
        bytes[last] = b'2';
        OpenOptions::new().write(true).open(path).unwrap().write_all(&bytes).unwrap();
    }),
    ("another file in its place", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path.with_extension("new"), bytes).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }),
    ("gone", |path| fs::remove_file(path).unwrap()),
];

#[test]
fn a_ledger_that_changes_while_it_is_built_from_is_refused() {
    let venue = fresh();
    let folder = venue.path();
    let line = build_line("large.csv pipe.csv", "snapshot.toml", "new");
    large(folder);
    let untouched = with_pipe(folder, &line, &|| {});
    assert_eq!(untouched.status.code(), Some(0), "{}", String::from_utf8_lossy(&untouched.stderr));
    fs::remove_dir_all(folder.join("new")).unwrap();
    for (what, change) in CHANGES {
        large(folder);
        // the clock that files are stamped with goes in steps
        std::thread::sleep(Duration::from_millis(30));
        let output = with_pipe(folder, &line, &|| change(&folder.join("large.csv")));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{what}: {said}");
        assert!(said.contains("error[CF-9030]") && said.contains("large.csv"), "{what}: {said}");
        assert!(!folder.join("new").exists(), "{what}");
    }
}

#[test]
fn a_ledger_that_changes_while_a_tree_is_compared_with_it_is_refused() {
    let venue = fresh();
    let folder = venue.path();
    large(folder);
    fs::write(folder.join("pipe.csv"), format!("account,asset,amount\n{ROW}")).unwrap();
    done(folder, &build_line("large.csv pipe.csv", "snapshot.toml", "new"));
    fs::remove_file(folder.join("pipe.csv")).unwrap();
    let line = "tree check new --ledger large.csv --ledger pipe.csv --assets assets.toml --secret-file master.secret";
    let untouched = with_pipe(folder, line, &|| {});
    assert_eq!(untouched.status.code(), Some(0), "{}", String::from_utf8_lossy(&untouched.stderr));
    for (what, change) in CHANGES {
        large(folder);
        std::thread::sleep(Duration::from_millis(30));
        let output = with_pipe(folder, line, &|| change(&folder.join("large.csv")));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{what}: {said}");
        assert!(said.contains("error[CF-9030]"), "{what}: {said}");
    }
}

/// A store of the venue's, and what its statement says.
fn store(folder: &Path) -> Vec<LiabilityCommitment> {
    done(folder, &build_line("ledger.csv", "snapshot.toml", "tree"));
    let store = Store::open(Arc::new(Folder::new(&folder.join("tree/store")))).unwrap();
    store.trees().iter().map(|tree| tree.commitment().clone()).collect()
}

/// Proofs of all accounts from a store that is open: each is right, or there is none.
fn prove_all(store: &Store, rows: &[LiabilityCommitment]) -> Vec<bool> {
    let statement =
        StatementRef { digest: sha256(b"statement"), sequence: 0, venue: "example-exchange".parse().unwrap() };
    let prove = |account: &str| {
        let proof = Prover::new(store, rows, statement.clone()).and_then(|prover| prover.prove(account));
        let Ok(proof) = proof else { return false };
        let expected = BTreeMap::new();
        let credential = "";
        let query = InclusionQuery { statement: &statement, rows, account, credential, expected: &expected };
        assert!(json::canonical(&proof).is_ok());
        // what is proved from a damaged store may be no proof, and is never one of something else
        verify(&query, &proof).is_ok()
    };
    ["u1", "u2", "u3"].map(prove).into()
}

#[test]
fn a_store_that_is_cut_while_it_is_read_is_an_error_and_no_signal() {
    let venue = fresh();
    let rows = store(venue.path());
    let folder = venue.path().join("tree/store");
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.len() > 3);
    for path in names {
        let bytes = fs::read(&path).unwrap();
        for length in [0, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            let store = Store::open(Arc::new(Folder::new(&folder))).unwrap();
            let honest = prove_all(&store, &rows);
            // the same file, still open
            OpenOptions::new().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
            let cut = prove_all(&store, &rows);
            assert!(cut.iter().zip(&honest).all(|(cut, honest)| !cut || *honest));
            let audited = audit(&store, 2, &());
            let is_header = path.ends_with("header");
            assert!(audited.is_err() || is_header || bytes.is_empty(), "{} of {length} bytes passes", path.display());
            File::create(&path).unwrap().write_all(&bytes).unwrap();
            assert_eq!(prove_all(&store, &rows), honest, "what is whole again is read again");
        }
    }
}

#[test]
fn a_store_that_is_replaced_while_it_is_read_gives_proofs_of_the_first() {
    let venue = fresh();
    let rows = store(venue.path());
    let folder = venue.path().join("tree/store");
    let store = Store::open(Arc::new(Folder::new(&folder))).unwrap();
    let honest = prove_all(&store, &rows);
    assert!(honest.contains(&true));
    let other = build_line("debts.csv", "snapshot-1.toml", "other").replace(BUILD_ID, &"a1".repeat(32));
    let output = run(venue.path(), &(other + " --debts"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    fs::rename(venue.path().join("tree"), venue.path().join("aside")).unwrap();
    fs::rename(venue.path().join("other"), venue.path().join("tree")).unwrap();
    assert_eq!(prove_all(&store, &rows), honest);
}

/// Statement and policy are read once: through a pipe there is no second time. (At a proof is looked before, whether it
/// is a pack; what is checked are the bytes of the second time.)
#[test]
fn each_small_file_is_read_once() {
    let venue = made();
    let folder = venue.path();
    let lines = [
        (
            "verify proof-u1.json --statement statement.json --policy policy.toml --account u1",
            ["statement.json", "policy.toml"].as_slice(),
        ),
        ("policy check policy.toml", &["policy.toml"]),
        ("card make --statement statement.json --out card.json --force", &["statement.json"]),
    ];
    for (line, names) in lines {
        let expected = run(folder, line);
        assert_eq!(expected.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&expected.stderr));
        let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
        for name in names {
            let path = folder.join(name);
            let bytes = fs::read(&path).unwrap();
            fs::rename(&path, folder.join("aside")).unwrap();
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            let mut command = Command::new("timeout");
            command.current_dir(folder).arg("60").arg(env!("CARGO_BIN_EXE_counterfoil"));
            let child = command.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = child.spawn().unwrap();
            writer(&path, &mut child).write_all(&bytes).unwrap();
            let output = child.wait_with_output().unwrap();
            fs::remove_file(&path).unwrap();
            fs::rename(folder.join("aside"), &path).unwrap();
            let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), expected.status.code(), "{name} in {line}: {wrong}");
            assert_eq!(said(&output), said(&expected), "{name} in {line}");
        }
    }
}
