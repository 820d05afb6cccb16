//! Arguments that nobody means: numbers at the ends of their range, outputs that are no files, names that no terminal
//! shows, and thousands of files. Each is answered or refused with a code, and leaves nothing half made.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod cli_support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::Command;

use cli_support::{done, refused, refused_without_a_trace};

const MOST: &str = "18446744073709551615";
const HALF: &str = "9223372036854775808";
/// More than a process may have open where the test sets its limit.
const MANY: usize = 1_000;

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn the_lab_refuses_figures_that_nothing_has() {
    let folder = empty();
    let arguments = |line: String| refused_without_a_trace(folder.path(), &line, 2, "CF-9004");
    for number in ["0", MOST, "18446744073709551616", "-1", "1e3", "10000000001"] {
        arguments(format!("lab ledger --rows {number} --out made"));
        arguments(format!("lab ledger --rows {number} --stdout"));
        arguments(format!("lab utxo-set --coins {number} --out set.dat"));
    }
    arguments(format!("lab ledger --rows 3 --seed {MOST}0 --out made"));
    arguments("lab strategy --statements 0".to_owned());
    arguments("lab strategy --owed 340282366920938463463374607431768211455".to_owned());
    let figures = [
        format!("--accounts {MOST}"),
        "--accounts 0".to_owned(),
        "--owed 0".to_owned(),
        "--owed 184467440737.09551616 --budget 1".to_owned(),
        "--budget 340282366920938463463374607431".to_owned(),
        format!("--window {MOST}"),
        format!("--window 100000 --sampled {MOST}"),
    ];
    for figure in figures {
        refused_without_a_trace(folder.path(), &format!("lab strategy {figure}"), 2, "CF-9012");
    }
    refused_without_a_trace(folder.path(), "lab strategy --interest 1000000%", 2, "CF-7203");
    for complaints in ["0", MOST] {
        let line = format!("lab strategy --accounts 10 --complaints {complaints}");
        refused_without_a_trace(folder.path(), &line, 2, "CF-7202");
    }
    // the ends of what it takes
    done(folder.path(), &format!("lab ledger --rows 1 --seed {MOST} --out made"));
    for figures in ["--accounts 1 --share 100% --budget 0", "--accounts 9 --window 0 --sampled 0 --share 0% --known"] {
        done(folder.path(), &format!("lab strategy --interest 0% --seed {MOST} --owed 184467440737 {figures}"));
    }
}

#[test]
fn outputs_of_the_lab_are_new_or_its_own() {
    let folder = empty();
    let path = folder.path();
    fs::write(path.join("file"), "of somebody").unwrap();
    fs::create_dir(path.join("others")).unwrap();
    fs::write(path.join("others/file"), "of somebody").unwrap();
    let run = "lab run amounts-shifted --keep";
    for command in [run, "lab ledger --rows 3 --out"] {
        for (out, code) in [
            ("file", "CF-9002"),
            ("file --force", "CF-9003"),
            ("file/in", "CF-9003"),
            ("others", "CF-9002"),
            ("others --force", "CF-9003"),
            (". --force", "CF-9003"),
            ("/proc/in", "CF-9003"),
        ] {
            refused_without_a_trace(path, &format!("{command} {out}"), 2, code);
        }
    }
    refused_without_a_trace(path, "lab utxo-set --coins 3 --out others --force", 2, "CF-9003");
    refused_without_a_trace(path, "lab run no-such-scenario", 2, "CF-9010");
    refused_without_a_trace(path, &format!("lab run {}", "a".repeat(100_000)), 2, "CF-9010");
    done(path, &format!("{run} kept"));
    done(path, &format!("{run} kept --force"));
}

/// `--force` replaces what an earlier run made. Whoever runs as root would lose a device of the system.
#[test]
fn what_is_no_file_is_never_replaced() {
    let folder = empty();
    let path = folder.path();
    assert!(Command::new("mkfifo").arg(path.join("pipe")).status().unwrap().success());
    symlink("pipe", path.join("link")).unwrap();
    symlink("/dev/null", path.join("null")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();
    for out in ["pipe", "link", "null", "socket"] {
        for command in ["lab utxo-set --coins 3", "lab ledger --rows 3", "page", "man"] {
            refused(path, &format!("{command} --out {out}"), 2, "CF-9002");
            let said = refused(path, &format!("{command} --out {out} --force"), 2, "CF-9003");
            assert!(said.contains("it is neither a file nor a folder, and stays"), "{said}");
        }
    }
    let kind = |name: &str| fs::symlink_metadata(path.join(name)).unwrap().file_type();
    assert!(kind("pipe").is_fifo() && kind("socket").is_socket());
    assert!(kind("link").is_symlink() && kind("null").is_symlink());
    assert_eq!(fs::read_dir(path).unwrap().count(), 4, "nothing else is there");
}

/// A file of leaves that nobody has hashed.
fn claim(folder: &Path, name: &str, (begin, end): (&str, &str), nodes: usize) {
    let node = format!("{{\"digest\":\"{}\",\"sum\":\"1\"}}", "0".repeat(64));
    let text = format!(
        "{{\"asset\":\"BTC\",\"begin\":\"{begin}\",\"class\":\"custody\",\"decimals\":\"8\",\"end\":\"{end}\",\
         \"format\":\"counterfoil-compact-range-v1\",\"nodes\":[{}]}}",
        vec![node; nodes].join(",")
    );
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn ranges_end_below_two_to_the_64th() {
    let folder = empty();
    let path = folder.path();
    claim(path, "low", ("0", HALF), 1);
    claim(path, "high", (HALF, MOST), 63);
    claim(path, "all", ("0", MOST), 64);
    claim(path, "end", (MOST, MOST), 0);
    claim(path, "turned", (MOST, "0"), 1);
    claim(path, "beyond", (MOST, "18446744073709551616"), 1);
    claim(path, "wraps", (HALF, "0"), 1);
    for (at, files) in ["low high", "all", "all end", "low high end end"].into_iter().enumerate() {
        let said = done(path, &format!("tree merge {files} --out {at}"));
        assert!(said.contains(&format!("as a tree of {MOST} leaves")), "{said}");
        assert_eq!(fs::read(path.join(at.to_string())).unwrap(), fs::read(path.join("0")).unwrap(), "{files}");
    }
    for last in ["turned", "beyond", "wraps"] {
        refused_without_a_trace(path, &format!("tree merge low {last} --out out"), 2, "CF-2050");
    }
    refused_without_a_trace(path, "tree merge all low --out out", 2, "CF-2052");
    let line = format!("{},5\n", "0".repeat(64));
    fs::write(path.join("leaves"), line.repeat(2)).unwrap();
    let leaves = "tree range --leaves leaves --asset BTC --decimals 8 --out last --begin";
    for begin in [MOST, "18446744073709551614"] {
        refused_without_a_trace(path, &format!("{leaves} {begin}"), 2, "CF-2057");
    }
    refused_without_a_trace(path, &format!("{leaves} 18446744073709551616"), 2, "CF-9004");
    refused_without_a_trace(path, &format!("{leaves} 0 --end {MOST}"), 2, "CF-2058");
    done(path, &format!("{leaves} 18446744073709551613"));
    done(path, "tree merge last end --out joined");
}

#[test]
fn thousands_of_files_are_read_or_refused() {
    let folder = empty();
    let path = folder.path();
    let names: Vec<String> = (0..MANY).map(|at| format!("r{at}")).collect();
    for (at, name) in names.iter().enumerate() {
        claim(path, name, (&at.to_string(), &(at + 1).to_string()), 1);
    }
    let limited = |line: &str| {
        let command = format!("ulimit -n 64; exec {} {line}", env!("CARGO_BIN_EXE_counterfoil"));
        let output = Command::new("sh").current_dir(path).args(["-c", &command]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    // one is open at a time
    assert_eq!(limited(&format!("tree merge {} --out all", names.join(" "))).0, Some(0));
    let (code, said) = limited(&format!("tree merge {} --out again", vec!["r0"; 5 * MANY].join(" ")));
    assert!(code == Some(2) && said.contains("error[CF-2052]"), "{said}");
    // the rows of all ledgers are read side by side
    done(path, "lab ledger --rows 10 --out made");
    let (code, said) = limited(&format!(
        "build {} --assets made/assets.toml --venue made/venue.toml --snapshot made/snapshot.toml --secret-file \
         made/master.secret --no-control-total --out tree",
        vec!["made/ledger.csv"; MANY].join(" ")
    ));
    assert!(code == Some(2) && said.contains("error[CF-9001]") && said.contains("Too many open files"), "{said}");
    let left = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| !name.as_bytes().starts_with(b"r")).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

/// What a file is called reaches no terminal as a command, and is no reason to fail.
#[test]
fn names_that_no_terminal_shows() {
    let folder = empty();
    let path = folder.path();
    for name in [&b"a\x1b[31mb\nc"[..], b"\xff\xfe", b"-\xe2\x80\xaex", &[b'n'; 255]] {
        let name = OsStr::from_bytes(name);
        fs::write(path.join(name), "x").unwrap();
        let at = Path::new(".").join(name);
        for verb in [&["inspect"][..], &["tree", "merge", "--out", "new"], &["policy", "check"]] {
            let output = Command::new(env!("CARGO_BIN_EXE_counterfoil")).current_dir(path).args(verb).arg(&at).output();
            let output = output.unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(!said.contains(['\x1b', '\u{202e}']), "{said:?}");
        }
        let out = path.join(name).with_extension("new");
        let made = Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(["keygen", "--out"]).arg(&out).output();
        // a name of 255 bytes has no room for an ending
        assert!(made.unwrap().status.success() == out.exists(), "{}", out.display());
    }
}
