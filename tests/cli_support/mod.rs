//! What the tests of the command share: a venue with fixed keys, and everything that it makes.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

pub mod ranges;
pub mod sealed;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, SigningKey};

/// Repeats a build on purpose.
pub const BUILD_ID: &str = "b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0b1d0";

/// The folder with the venue's files, under version control.
pub fn venue_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/venue")
}

/// Files with secrets, which git cannot keep from other readers.
pub const PRIVATE: [&str; 13] = [
    "master.secret",
    "signing-a.key",
    "signing-b.key",
    "signing-other.key",
    "credential.txt",
    "credential-wrong.txt",
    "code-u1.txt",
    "code-u2.txt",
    "code-u3.txt",
    "code-nobody.txt",
    "code-mistyped.txt",
    "code-short.txt",
    "tree/store/header",
];

pub fn restrict(folder: &Path) {
    for name in PRIVATE {
        let path = folder.join(name);
        if path.exists() {
            chmod(&path, 0o600);
        }
    }
}

pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the test owns its files");
}

/// A copy of the venue's own files, without what was made from them.
pub fn fresh() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(venue_folder()).expect("the venue's files") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("copies");
        }
    }
    restrict(folder.path());
    folder
}

/// Runs the command in `folder`; arguments are separated by spaces.
pub fn run(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.current_dir(folder).args(line.split_whitespace()).env_remove("COLUMNS");
    command.output().expect("the command starts")
}

/// Runs the command, which must succeed, and returns its standard output.
pub fn done(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    assert_eq!(output.status.code(), Some(0), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs the command, which must end with `code` and name `error`; returns its standard error.
pub fn refused(folder: &Path, line: &str, code: i32, error: &str) -> String {
    let output = run(folder, line);
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{line}\n{text}");
    assert!(text.contains(&format!("error[{error}]")), "{line}: no {error} in\n{text}");
    text
}

/// The line that builds a snapshot with fixed nonces.
pub fn build_line(ledger: &str, snapshot: &str, out: &str) -> String {
    format!(
        "build {ledger} --assets assets.toml --venue venue.toml --snapshot {snapshot} --secret-file master.secret \
         --no-control-total --build-id {BUILD_ID} --out {out}"
    )
}

/// Every file below `folder` with its bytes and mode.
pub fn listing(folder: &Path) -> Vec<(PathBuf, Vec<u8>, u32)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let mode = fs::symlink_metadata(&path).expect("metadata").permissions().mode() & 0o777;
            if path.is_dir() {
                found.push((path.clone(), Vec::new(), mode));
                open.push(path);
            } else {
                found.push((path.clone(), fs::read(&path).expect("a file"), mode));
            }
        }
    }
    found.sort();
    found
}

/// What the venue makes from its files, by the command itself; then damaged copies of it.
pub fn make(folder: &Path) {
    done(folder, &build_line("ledger.csv", "snapshot.toml", "tree"));
    done(folder, &build_line("ledger.csv", "snapshot-1.toml", "tree-1"));
    done(folder, "statement sign tree --key signing-a.key --record a.signed --out statement.json");
    done(folder, "statement sign tree-1 --key signing-a.key --record a.signed --out statement-1.json");
    done(folder, "prove tree --account u1 --out proof-u1.json");
    done(folder, "prove tree --account u2 --out proof-u2.json");
    done(folder, "prove tree-1 --account u1 --out proof-1-u1.json");
    let edit = |from: &str, to: &str, old: &str, new: &str| {
        let text = fs::read_to_string(folder.join(from)).expect("was made above");
        assert!(text.contains(old), "{from} has no {old}");
        fs::write(folder.join(to), text.replacen(old, new, 1)).expect("writes");
        let mode = fs::metadata(folder.join(from)).expect("was made above").permissions();
        fs::set_permissions(folder.join(to), mode).expect("the test owns its files");
    };
    edit("statement.json", "statement-changed.json", "\"total\":\"550000000\"", "\"total\":\"450000000\"");
    edit("statement.json", "statement-number.json", "\"leaf_count\":\"3\"", "\"leaf_count\":3");
    edit("statement.json", "statement-twice.json", "{\"account_hint\":", "{\"account_hint\":\"x\",\"account_hint\":");
    edit("statement.json", "statement-spaced.json", "{\"signatures\"", "{ \"signatures\"");
    edit("statement.json", "statement-cut.json", "\"without_rows\":[\"USDT\"]}}", "");
    edit("statement.json", "statement-shape.json", "\"cutoff\":", "\"cut_off\":");
    edit("statement.json", "statement-inside-spaced.json", "{\"account_hint\":", "{ \"account_hint\":");
    edit(
        "proof-u1.json",
        "proof-lowered.json",
        "\"amount\":\"10000000000000000000\"",
        "\"amount\":\"9000000000000000000\"",
    );
    edit("proof-u1.json", "proof-part-lowered.json", "\"amount\":\"25000000\"", "\"amount\":\"15000000\"");
    edit("proof-u1.json", "proof-number.json", "\"index\":\"2\"", "\"index\":2");
    edit(
        "proof-u1.json",
        "proof-index.json",
        "\"asset\":\"ETH\",\"class\":\"custody\",\"index\":\"0\"",
        "\"asset\":\"ETH\",\"class\":\"custody\",\"index\":\"7\"",
    );
    edit(
        "proof-u1.json",
        "proof-class.json",
        "\"asset\":\"ETH\",\"class\":\"custody\"",
        "\"asset\":\"ETH\",\"class\":\"lent\"",
    );
    ranges::make(folder);
    sealed::make(folder);
    fs::remove_file(folder.join("a.signed")).expect("was made above");
    fs::remove_dir_all(folder.join("tree-1")).expect("was made above");
}

/// A venue with everything that `make` makes.
pub fn made() -> tempfile::TempDir {
    let folder = fresh();
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::remove_file(path).expect("a copy");
        }
    }
    make(folder.path());
    folder
}

/// `line` must be refused and must leave everything as it was.
pub fn refused_without_a_trace(folder: &Path, line: &str, code: i32, error: &str) -> String {
    let before = listing(folder);
    let text = refused(folder, line, code, error);
    assert!(listing(folder) == before, "{line} left something behind");
    text
}

pub fn key(folder: &Path, name: &str, alg: Algorithm) -> SigningKey {
    let secret = Secret::parse(SecretKind::Signing, &fs::read(folder.join(name)).expect("a key file")).expect("a key");
    SigningKey::new(alg, &secret).expect("a key")
}

/// An address of regtest and its key.
pub const REGTEST: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
pub const WIF: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
pub const ADDRESS: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

/// A sealed bundle with statement, address set, challenge and signatures, and no chain evidence.
pub fn bundle(folder: &Path) {
    fs::write(folder.join("addresses.csv"), format!("chain,address,role,issuer\n{REGTEST},{ADDRESS},cold,none\n"))
        .expect("writes");
    done(folder, "challenge addresses addresses.csv --out addresses.jsonl");
    let hash = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";
    done(
        folder,
        &format!(
            "challenge new --addresses addresses.jsonl --venue venue.toml --block {REGTEST},0,{hash} \
             --issued 2025-12-31T00:00:00Z --expires 2026-02-01 --out challenge.json"
        ),
    );
    fs::write(folder.join("keys.txt"), format!("{REGTEST} {ADDRESS} {WIF}\n")).expect("writes");
    chmod(&folder.join("keys.txt"), 0o600);
    done(folder, "reserves sign challenge.json --keys-file keys.txt --out control.jsonl");
    let snapshot = fs::read_to_string(folder.join("snapshot.toml")).expect("the venue's file");
    let chain = format!("[[chain]]\nchain = \"{REGTEST}\"\nheight = 0\nhash = \"{hash}\"\n");
    fs::write(folder.join("snapshot-chain.toml"), snapshot + &chain).expect("writes");
    let build = build_line("ledger.csv", "snapshot-chain.toml", "full")
        + " --addresses addresses.jsonl --challenge challenge.json";
    done(folder, &build);
    done(folder, "statement sign full --key signing-a.key --record full.signed --out full.json");
    done(
        folder,
        "bundle add evidence --statement full.json --addresses addresses.jsonl --challenge challenge.json --control control.jsonl",
    );
    done(folder, "bundle seal evidence --maker tests --key signing-other.key");
}
