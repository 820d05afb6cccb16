//! A ledger makes the same trees from whatever source it comes: compressed, piped, in many files, out of a real
//! PostgreSQL server, and as Parquet that another implementation wrote.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed};

mod cli_support;
mod sources_support;

use cli_support::{chmod, fresh};
use sources_support::{Build, holds, same, server, with};

fn main() -> ExitCode {
    let no_server = server::programs().is_none().then_some("no PostgreSQL under /usr/lib/postgresql");
    let no_openssl = (!server::is_there("openssl")).then_some("no openssl");
    let no_pyarrow = std::env::var_os("COUNTERFOIL_PYARROW").is_none();
    let no_pyarrow = no_pyarrow.then_some("COUNTERFOIL_PYARROW names no Python with pyarrow");
    let no_zstd = (!server::is_there("zstd") || !server::is_there("gzip")).then_some("no gzip or no zstd");
    let mut trials = vec![
        with("compressed, piped and split files", no_zstd, files),
        with("files that are cut, damaged or something else", no_zstd, damaged_files),
    ];
    if cfg!(feature = "postgres") {
        trials.push(with("a ledger out of PostgreSQL", no_server.or(no_openssl), database));
    }
    trials.push(match cfg!(feature = "parquet") {
        true => with("a ledger as Parquet", no_pyarrow, parquet),
        false => with("Parquet where it is not built in", None, no_parquet),
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Rows enough for many blocks, with quotes, accounts in any script and every optional column.
fn ledger(rows: usize) -> String {
    let mut text = "account,asset,amount,credential,product,class\n".to_owned();
    for n in 0..rows {
        let account = if n % 7 == 0 { format!("\"u, {n} é\"") } else { format!("u{n:09}") };
        let (asset, amount) = match n % 3 {
            0 => ("BTC", format!("{}.{:08}", n % 50, n % 100_000_000)),
            1 => ("ETH", format!("{}.{n:018}", n % 9)),
            _ => ("USDT", format!("{n}.5")),
        };
        let class = if n % 11 == 0 { "lent" } else { "" };
        let credential = if n % 5 == 0 { "blue heron" } else { "" };
        text.push_str(&format!("{account},{asset},{amount},{credential},,{class}\n"));
    }
    text
}

fn packed(program: &str, path: &Path) -> Vec<u8> {
    let output =
        Command::new(program).arg("-c").arg(path).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success());
    output.stdout
}

fn record(draft: &serde_json::Value, index: usize) -> &serde_json::Value {
    &draft["ledger"]["sources"][index]
}

fn sha256(bytes: &[u8]) -> String {
    counterfoil::hash::sha256(bytes).to_string()
}

fn files() -> Result<(), Failed> {
    let venue = fresh();
    let folder = venue.path();
    let text = ledger(40_000);
    let path = folder.join("big.csv");
    std::fs::write(&path, &text)?;
    let (expected, draft) = Build::of(&["big.csv"]).roots(folder)?;
    holds(
        "a plain file",
        record(&draft, 0)["kind"] == "csv" && record(&draft, 0)["sha256"] == sha256(text.as_bytes()),
    )?;
    let middle = text[text.len() / 2..].find('\n').unwrap() + text.len() / 2 + 1;
    let (head, tail) = text.split_at(middle);
    let title = text.lines().next().unwrap();
    std::fs::write(folder.join("head.csv"), head)?;
    std::fs::write(folder.join("tail.csv"), format!("{title}\n{tail}"))?;
    for (program, ending, kind) in [("gzip", "gz", "csv.gz"), ("zstd", "zst", "csv.zst")] {
        let whole = packed(program, &path);
        // a stream of several members, as `cat a.gz b.gz` makes it, behind a name that says nothing
        std::fs::write(folder.join("rest.csv"), tail)?;
        let members = [packed(program, &folder.join("head.csv")), packed(program, &folder.join("rest.csv"))].concat();
        std::fs::write(folder.join(format!("big.csv.{ending}")), &whole)?;
        std::fs::write(folder.join("members.csv"), &members)?;
        for (name, bytes) in [(&*format!("big.csv.{ending}"), &whole), ("members.csv", &members)] {
            let (roots, draft) = Build::of(&[name]).roots(folder)?;
            same(name, &roots, &expected)?;
            let record = record(&draft, 0);
            holds("the record is of the file", record["kind"] == kind && record["sha256"] == sha256(bytes))?;
            holds("rows are counted", record["rows"] == "40000")?;
        }
        let (roots, draft) = Build { input: Some(&whole), ..Build::of(&["-"]) }.roots(folder)?;
        same("compressed standard input", &roots, &expected)?;
        holds("its name", record(&draft, 0)["name"] == "standard input")?;
    }
    let (roots, _) = Build { input: Some(text.as_bytes()), ..Build::of(&["-"]) }.roots(folder)?;
    same("standard input", &roots, &expected)?;
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (roots, _) = Build { input: Some(windows.as_bytes()), ..Build::of(&["-"]) }.roots(folder)?;
    same("CRLF behind a byte order mark", &roots, &expected)?;
    let tail = std::fs::read(folder.join("tail.csv"))?;
    let (roots, draft) = Build { input: Some(&tail), ..Build::of(&["head.csv", "-"]) }.roots(folder)?;
    same("a file and standard input", &roots, &expected)?;
    holds("two records", record(&draft, 1)["kind"] == "csv" && record(&draft, 2).is_null())?;
    // an empty frame that only carries other data is no content
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], packed("zstd", &path).as_slice()].concat();
    std::fs::write(folder.join("skipped.zst"), skipped)?;
    same("a frame to skip", &Build::of(&["skipped.zst"]).roots(folder)?.0, &expected)
}

fn damaged_files() -> Result<(), Failed> {
    let venue = fresh();
    let folder = venue.path();
    let path = folder.join("big.csv");
    std::fs::write(&path, ledger(2000))?;
    for program in ["gzip", "zstd"] {
        let whole = packed(program, &path);
        let refused = |bytes: &[u8], what: &str| -> Result<String, Failed> {
            std::fs::write(folder.join("damaged.csv"), bytes)?;
            let text = Build::of(&["damaged.csv"]).refused(folder, "CF-1030");
            text.map_err(|failed| format!("{what}: {}", failed.message().unwrap_or_default()).into())
        };
        for length in [5, 20, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
            refused(&whole[..length], "cut")?;
        }
        for garbage in [b"x".as_slice(), b"account,asset,amount\n"] {
            refused(&[&whole, garbage].concat(), "more behind the end")?;
        }
        let mut changed = whole.clone();
        let last = changed.len() - if program == "gzip" { 6 } else { 2 };
        changed[last] ^= 1;
        refused(&changed, "another checksum")?;
    }
    // a stream of unknown length declares its whole window, which is memory that it asks for
    let mut zstd = Command::new("zstd");
    zstd.args(["-q", "--long=28", "-c"]).stdin(std::fs::File::open(&path)?);
    std::fs::write(folder.join("window.zst"), zstd.output()?.stdout)?;
    Build::of(&["window.zst"]).refused(folder, "CF-1030")?;
    std::fs::write(folder.join("plain.csv.gz"), "account,asset,amount\nu1,BTC,1\n")?;
    Build::of(&["plain.csv.gz"]).refused(folder, "CF-1031")?;
    std::fs::write(folder.join("empty.csv.zst"), "")?;
    Build::of(&["empty.csv.zst"]).refused(folder, "CF-1031")?;
    Build { input: Some(b"PAR1xxxxPAR1"), ..Build::of(&["-"]) }.refused(folder, "CF-1031")?;
    Build::of(&["-", "-"]).refused(folder, "CF-9004")?;
    Build::of(&["big.csv", "--query", "SELECT 1"]).refused(folder, "CF-9004")?;
    Ok(())
}

const QUERY: &str = "SELECT account, asset, amount, credential, product, class FROM balances ORDER BY account";

fn database() -> Result<(), Failed> {
    let venue = fresh();
    let folder = venue.path();
    let server = server::Server::start();
    let text = ledger(20_000);
    std::fs::write(folder.join("big.csv"), &text)?;
    chmod(folder, 0o755);
    let copy = format!("\\copy balances FROM '{}' (FORMAT csv, HEADER)", folder.join("big.csv").display());
    server.sql(
        "books",
        "CREATE TABLE balances (account text, asset text, amount numeric, credential text, product text, class text)",
    );
    server.sql("books", &copy);
    let (expected, _) = Build::of(&["big.csv"]).roots(folder)?;
    let socket = server.socket();

    let (roots, draft) = Build::of(&[&socket, "--query", QUERY]).roots(folder)?;
    same("over the socket", &roots, &expected)?;
    let record = record(&draft, 0);
    let sent = server.sql("books", &format!("COPY ({QUERY}) TO STDOUT (FORMAT csv, HEADER)"));
    holds("the hash is that of the text", record["sha256"] == sha256(sent.as_bytes()))?;
    holds("the record says whom", record["kind"] == "postgres" && record["name"] == "books")?;
    let database = &record["database"];
    holds("what was asked", database["query"] == QUERY)?;
    let snapshot = database["snapshot"].as_str().unwrap_or_default();
    holds("which state answered", snapshot.split(':').count() == 3)?;
    holds("which server", database["server"].as_str().is_some_and(|server| !server.is_empty()))?;

    let apart = "SELECT account, asset, amount, credential, product, class FROM balances \
        WHERE current_setting('transaction_isolation') = 'repeatable read' \
        AND current_setting('transaction_read_only') = 'on' -- one state, and only to read";
    same("one transaction", &Build::of(&[&socket, "--query", apart]).roots(folder)?.0, &expected)?;
    connections(&server, folder, &expected)?;
    queries(&server, folder)
}

fn connections(server: &server::Server, folder: &Path, expected: &str) -> Result<(), Failed> {
    let passwords = folder.join("passwords");
    std::fs::write(&passwords, format!("*:*:*:admin:{}\n", server::PASSWORD.replace(':', "\\:")))?;
    chmod(&passwords, 0o600);
    let ask = |address: &str, query: &str| -> (Vec<String>, String) {
        (vec![address.to_owned(), "--query".to_owned()], query.to_owned())
    };
    let build = |(arguments, query): &(Vec<String>, String), passwords| -> Result<String, Failed> {
        let arguments: Vec<&str> = arguments.iter().chain([query]).map(String::as_str).collect();
        Ok(Build { arguments, passwords, input: None }.roots(folder)?.0)
    };
    let refuse = |(arguments, query): &(Vec<String>, String), passwords, code: &str| -> Result<String, Failed> {
        let arguments: Vec<&str> = arguments.iter().chain([query]).map(String::as_str).collect();
        Build { arguments, passwords, input: None }.refused(folder, code)
    };
    // rows only over TLS, or only without
    let tls = |on: bool| {
        let not = if on { "" } else { "NOT " };
        QUERY.replace("ORDER", &format!("WHERE {not}(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) ORDER"))
    };
    let given = Some(passwords.as_path());
    let root = |name: &str| format!("&sslrootcert={}", server.file(name).display());
    same("on this machine, plain", &build(&ask(&server.tcp("127.0.0.1", ""), &tls(false)), given)?, expected)?;
    for (host, options) in [
        ("localhost", format!("&sslmode=verify-full{}", root("ca.pem"))),
        ("127.0.0.1", format!("&sslmode=verify-ca{}", root("ca.pem"))),
        ("127.0.0.1", format!("&sslmode=require{}", root("ca.pem"))),
        ("127.0.0.1", "&sslmode=require".to_owned()),
    ] {
        same(&options, &build(&ask(&server.tcp(host, &options), &tls(true)), given)?, expected)?;
    }
    for (host, options) in [
        ("127.0.0.1", format!("&sslmode=verify-full{}", root("ca.pem"))),
        ("localhost", format!("&sslmode=verify-full{}", root("other.pem"))),
        ("localhost", format!("&sslmode=verify-ca{}", root("other.pem"))),
        ("localhost", format!("&sslmode=require{}", root("other.pem"))),
    ] {
        let text = refuse(&ask(&server.tcp(host, &options), &tls(true)), given, "CF-1035")?;
        holds(&text, text.to_lowercase().contains("certificate"))?;
    }
    let plain = ask(&server.tcp("127.0.0.1", ""), QUERY);
    refuse(&ask(&server.tcp("localhost", &format!("&sslmode=verify-full{}", root("names"))), QUERY), given, "CF-1033")?;
    refuse(&plain, None, "CF-1035")?;
    let wrong = folder.join("wrong");
    std::fs::write(&wrong, "*:*:*:admin:tr0ub4dor\n")?;
    chmod(&wrong, 0o600);
    let text = refuse(&plain, Some(&wrong), "CF-1035")?;
    holds(&text, text.contains("28P01") && !text.contains("tr0ub4dor"))?;
    chmod(&wrong, 0o640);
    refuse(&plain, Some(&wrong), "CF-3010")?;
    let with_password = server.tcp("127.0.0.1", "").replace("admin@", "admin:tr0ub4dor@");
    let text = refuse(&ask(&with_password, QUERY), given, "CF-1034")?;
    holds(&text, !text.contains("tr0ub4dor"))?;

    server.sql("books", "ALTER SYSTEM SET ssl = off");
    server.sql("books", "SELECT pg_reload_conf()");
    std::thread::sleep(std::time::Duration::from_millis(500));
    refuse(&ask(&server.tcp("127.0.0.1", "&sslmode=require"), QUERY), given, "CF-1035")?;
    Ok(())
}

fn queries(server: &server::Server, folder: &Path) -> Result<(), Failed> {
    let socket = server.socket();
    let refused = |query: &str, code: &str| Build::of(&[&socket, "--query", query]).refused(folder, code);
    let text = refused("SELECT account, asset,\n  amount FROM balancez", "CF-1036")?;
    let shown = " --> query:2:15\n  |\n2 |   amount FROM balancez\n  |               ^^^^^^^^ relation \"balancez\" does not exist (42P01)\n";
    holds(&text, text.contains(shown))?;
    for query in [
        "SELECT 1; DROP TABLE balances",
        "SELECT account, asset, amount FROM balances) TO STDOUT; DROP TABLE balances; --",
        "DROP TABLE balances",
        "",
    ] {
        refused(query, "CF-1036")?;
    }
    refused("DELETE FROM balances RETURNING account, asset, amount", "CF-1035")?;
    let cut = "SELECT account, asset, amount FROM balances, \
        (SELECT pg_terminate_backend(pg_backend_pid()) OFFSET 0) AS gone WHERE account > ''";
    refused(cut, "CF-1035")?;
    refused("SELECT account, asset, sum(1 / (amount - amount)) AS amount FROM balances GROUP BY 1, 2", "CF-1035")?;
    for kind in ["float8", "real", "money"] {
        let text = refused(&format!("SELECT account, asset, 1::{kind} AS amount FROM balances"), "CF-1037")?;
        holds(&text, text.contains("column \"amount\" has the type"))?;
    }
    refused("SELECT account, asset, amount AS balance FROM balances", "CF-1001")?;
    refused("SELECT account, asset, 'NaN'::numeric AS amount FROM balances", "CF-1007")?;
    refused("SELECT account, asset, -amount AS amount FROM balances WHERE amount > 0", "CF-1004")?;
    refused("SELECT account || chr(10) AS account, asset, amount FROM balances", "CF-1022")?;
    refused("SELECT NULL AS account, asset, amount FROM balances", "CF-1012")?;
    let mixed = "SELECT account, asset, CASE WHEN asset = 'BTC' THEN -amount - 1 ELSE amount END AS amount, 1 AS note \
        FROM balances;";
    let build = Build::of(&[&socket, "--query", mixed, "--debts", "--ignore-column", "note"]);
    let (roots, draft) = build.roots(folder)?;
    holds("debts are in no tree", !roots.contains("BTC") && roots.contains("ETH"))?;
    holds("and are listed", draft["schedules"]["receivables"][0]["asset"] == "BTC")?;
    holds("nothing was changed", server.sql("books", "SELECT count(*) FROM balances").contains("20000"))
}

/// Writes the files that the test reads: the same rows in every accepted type, and what is refused.
const WRITER: &str = include_str!("sources_support/parquet.py");

fn parquet() -> Result<(), Failed> {
    let venue = fresh();
    let folder = venue.path();
    std::fs::write(folder.join("big.csv"), ledger(20_000))?;
    let python = std::env::var_os("COUNTERFOIL_PYARROW").unwrap_or_default();
    let output = Command::new(python).current_dir(folder).args(["-c", WRITER]).output()?;
    holds(&String::from_utf8_lossy(&output.stderr), output.status.success())?;
    let mut count = 0;
    for (csv, names) in [("big.csv", "same"), ("whole.csv", "whole")] {
        let (expected, _) = Build::of(&[csv]).roots(folder)?;
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().into_string().unwrap_or_default();
            if !name.starts_with(names) || !name.ends_with(".parquet") {
                continue;
            }
            let (roots, draft) = Build::of(&[&name]).roots(folder)?;
            same(&name, &roots, &expected)?;
            let hash = sha256(&std::fs::read(folder.join(&name))?);
            let record = record(&draft, 0);
            holds("the record is of the file", record["kind"] == "parquet" && record["sha256"] == hash)?;
            count += 1;
        }
    }
    holds(&format!("{count} files"), count == 17)?;
    for (name, code, said) in [
        ("float64", "CF-1037", "column \"amount\" has the type DOUBLE"),
        ("float32", "CF-1037", "column \"amount\" has the type FLOAT"),
        ("float16", "CF-1037", "Float16"),
        ("timestamp", "CF-1037", "INT64 (Timestamp"),
        ("binary", "CF-1037", "BYTE_ARRAY"),
        ("list", "CF-1037", "list or group"),
        ("account-int", "CF-1038", "column \"account\" has the type INT64"),
        ("account-binary", "CF-1038", "BYTE_ARRAY"),
        ("null-account", "CF-1039", "the account is null"),
        ("null-amount", "CF-1039", "the amount is null"),
        ("empty-account", "CF-1012", "row 2"),
        ("missing", "CF-1001", "no column amount in the schema"),
        ("note", "CF-1013", "unknown column \"note\""),
        ("digits", "CF-1005", "row 2: account u2 asset USDT amount 0.12345678"),
        ("wide", "CF-1008", "row 1"),
        ("cut", "CF-1030", "damaged or cut"),
        ("text-amount", "CF-1006", "row 1: account u1 asset BTC amount 1e3"),
    ] {
        let text = Build::of(&[&format!("{name}.parquet")]).refused(folder, code)?;
        holds(&format!("{name}: {text}"), text.contains(said))?;
    }
    let text = Build::of(&["negative.parquet"]).refused(folder, "CF-1004")?;
    let shown = " --> negative.parquet:2:38\n  |\n2 | row 2: account u2 asset USDT amount -5.50\n  |                                     ^^^^^ negative amount\n";
    holds(&text, text.contains(shown.replace(":38", ":37").as_str()))?;
    let (roots, draft) = Build::of(&["negative.parquet", "--debts"]).roots(folder)?;
    holds(&roots, roots.starts_with("BTC custody: 1.50000000 in 1 leaf"))?;
    holds("debts are listed", draft["schedules"]["receivables"][0]["amount"] == "5500000")?;
    let (roots, _) = Build::of(&["note.parquet", "--ignore-column", "note"]).roots(folder)?;
    holds(&roots, roots.starts_with("BTC custody: 1.50000000"))?;
    let bytes = std::fs::read(folder.join("same-string.parquet"))?;
    Build { input: Some(&bytes), ..Build::of(&["-"]) }.refused(folder, "CF-1031")?;
    Ok(())
}

fn no_parquet() -> Result<(), Failed> {
    let venue = fresh();
    std::fs::write(venue.path().join("ledger.parquet"), "PAR1")?;
    std::fs::write(venue.path().join("unnamed"), "PAR1....PAR1")?;
    for name in ["ledger.parquet", "unnamed"] {
        let text = Build::of(&[name]).refused(venue.path(), "CF-1032")?;
        holds(&text, text.contains("cargo build --release --features parquet"))?;
    }
    Ok(())
}
