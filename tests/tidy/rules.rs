//! Rules about single files: what must not stand where, and how long a thing may be.

use super::arrows::paths_from;
use super::source::{Source, end_of_item, find_words, is_word, line_of};

/// Words that must not occur in some files.
struct Ban {
    /// Why, in the violation's words.
    rule: &'static str,
    /// As they stand in code.
    words: &'static [&'static str],
    /// Paths, as `use` or in full.
    paths: &'static [&'static str],
    /// The parts in which it holds; empty for all.
    parts: &'static [&'static str],
    /// The files and parts that it leaves alone, each with a piece of the line (empty for the whole file) and a reason.
    except: &'static [(&'static str, &'static str, &'static str)],
    /// Whether tests inside `src/` obey too.
    tests_too: bool,
}

/// Parts that give the same result for the same input.
const PURE: &[&str] =
    &["ledger", "liability", "reserve", "publish", "policy", "bundle", "reconcile", "report", "foreign"];
/// Parts that read bytes made by others, and the values they are read into.
const HOSTILE: &[&str] = &[
    "amount",
    "asset",
    "basis",
    "bundle",
    "code",
    "fetch",
    "foreign",
    "hash",
    "json",
    "ledger",
    "liability",
    "merkle_set",
    "policy",
    "publish",
    "reconcile",
    "report",
    "reserve",
    "secret",
    "signature",
    "snapshot",
    "web",
];

/// Modules that may hold `unsafe` code.
pub(crate) const UNSAFE_MODULES: &[&str] = &["hash/lanes.rs"];

const BANS: &[Ban] = &[
    Ban {
        rule: "no floats outside plots: figures are integers",
        words: &["f32", "f64"],
        paths: &[],
        parts: &[],
        except: &[
            ("json.rs", "fn visit_f64", "the one function that sees a float refuses it"),
            ("json/exact.rs", "u128 f32 f64", "forwards to the function that refuses it"),
            ("report/plot.rs", "", "pixels are no figures"),
        ],
        tests_too: true,
    },
    Ban {
        rule: "no clock: the time is an argument",
        words: &["SystemTime", "Instant", "Timestamp::now", "Zoned::now"],
        paths: &[],
        parts: PURE,
        except: &[],
        tests_too: false,
    },
    Ban {
        rule: "no socket, environment or file: big inputs come as `impl Read`",
        words: &[],
        paths: &["std::net", "std::env", "std::fs", "std::process"],
        parts: PURE,
        except: &[
            ("liability/storage/folder.rs", "std::fs", "stores and scratch files are files"),
            ("ledger/postgres/address.rs", "std::net", "a database is asked over a socket"),
        ],
        tests_too: false,
    },
    Ban {
        rule: "no chance: the same input gives the same report",
        words: &["getrandom"],
        paths: &[],
        parts: &["policy", "reconcile", "report"],
        except: &[],
        tests_too: false,
    },
    Ban {
        rule: "nodes are asked in `fetch`, witnesses in `web`",
        words: &["ureq"],
        paths: &[],
        parts: &[],
        except: &[("fetch", "", "this is `fetch`"), ("web", "", "this is `web`")],
        tests_too: true,
    },
    Ban {
        rule: "bytes of others give an error, never a panic",
        words: &[
            ".unwrap()",
            ".unwrap_err()",
            ".expect(",
            ".expect_err(",
            "panic!",
            "unreachable!",
            "todo!",
            "unimplemented!",
            "assert!",
            "assert_eq!",
            "assert_ne!",
        ],
        paths: &[],
        parts: HOSTILE,
        except: &[
            ("amount.rs", "None => unreachable!()", "evaluated by the compiler, for a constant"),
            (
                "reserve/bitcoin/balance/scan.rs",
                "None => unreachable!()",
                "eight decimals, a constant within the limit",
            ),
            ("liability/leaf.rs", "HKDF-SHA256 gives up to", "the length asked for is a constant within the limit"),
            ("liability/sealed_proof/code.rs", "HKDF-SHA256 gives up to", "likewise"),
        ],
        tests_too: false,
    },
    Ban {
        rule: "printing is for `cli` and `main`",
        words: &["println!", "print!", "eprintln!", "eprint!", "dbg!"],
        paths: &[],
        parts: &[],
        except: &[("cli", "", "the edge"), ("main", "", "the edge")],
        tests_too: false,
    },
];

fn excepted(ban: &Ban, source: &Source, line: &str, found: &str) -> bool {
    ban.except.iter().any(|(place, piece, _)| {
        (source.path == *place || source.part() == *place)
            && (piece.is_empty() || line.contains(piece) || found == *piece)
    })
}

pub(crate) fn banned(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (source, ban) in sources.iter().flat_map(|source| BANS.iter().map(move |ban| (source, ban))) {
        if !ban.parts.is_empty() && !ban.parts.contains(&source.part()) {
            continue;
        }
        let code = if ban.tests_too { &source.code } else { &source.shipped };
        let words = ban.words.iter().flat_map(|word| find_words(code, word).into_iter().map(|at| (at, *word)));
        let paths = ban.paths.iter().flat_map(|path| paths_found(code, path).into_iter().map(|at| (at, *path)));
        for (at, found) in words.chain(paths) {
            let number = line_of(code, at);
            let line = source.line(number);
            if !excepted(ban, source, line, found) {
                wrong.push(format!("src/{}:{number}: `{found}`: {}", source.path, ban.rule));
            }
        }
    }
    wrong
}

/// Places of a path such as `std::fs`, also inside a group.
fn paths_found(code: &str, path: &str) -> Vec<usize> {
    let (root, rest) = path.split_once("::").unwrap_or((path, ""));
    let under = |found: &[String]| found.first().is_some_and(|first| first == rest);
    paths_from(code, root).into_iter().filter(|(_, found)| under(found)).map(|(at, _)| at).collect()
}

/// `fetch` gathers; whatever is named `verify` judges.
pub(crate) fn fetch_verifies(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| source.part() == "fetch") {
        for (at, _) in source.shipped.match_indices("verify") {
            let before = source.shipped.get(..at).and_then(|text| text.chars().next_back());
            if !before.is_some_and(is_word) {
                let line = line_of(&source.shipped, at);
                wrong.push(format!("src/{}:{line}: `fetch` verifies nothing", source.path));
            }
        }
    }
    wrong
}

pub(crate) fn unlisted_unsafe(sources: &[Source]) -> Vec<String> {
    let listed = |source: &Source| UNSAFE_MODULES.contains(&source.path.as_str());
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !listed(source)) {
        let words = find_words(&source.code, "unsafe").into_iter();
        let allowed = source.code.match_indices("allow(unsafe_code").map(|(at, _)| at);
        wrong.extend(words.chain(allowed).map(|at| {
            let line = line_of(&source.code, at);
            format!("src/{}:{line}: `unsafe` only in the modules listed in tests/tidy/rules.rs", source.path)
        }));
    }
    wrong
}

pub(crate) const COLUMNS_MAX: usize = 120;
pub(crate) const FUNCTION_LINES_MAX: usize = 70;
pub(crate) const FILE_BYTES_MAX: usize = 25_000;

const TABLE: &str = "a table of cases, each with its arithmetic beside it";
/// Functions that may be longer, each with its reason.
const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[
    ("tests/vectors_gen/reconcile/coverage.rs", "add", TABLE),
    ("tests/vectors_gen/reconcile/coverage.rs", "evidence", TABLE),
    ("tests/vectors_gen/reconcile/episodes.rs", "add", TABLE),
    ("tests/vectors_gen/reconcile/statements.rs", "chains", TABLE),
    ("tests/vectors_gen/reconcile/statements.rs", "bounds", TABLE),
    ("tests/vectors_gen/reconcile/statements.rs", "add", TABLE),
    ("tests/vectors_gen/reconcile/trips.rs", "add", TABLE),
    ("tests/vectors_gen/reconcile/trips.rs", "held", TABLE),
    ("tests/vectors_gen/reconcile/trips.rs", "limits", TABLE),
];

pub(crate) fn long_lines(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        for (index, (line, code)) in source.text.lines().zip(source.code.lines()).enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX && !long_by_literal(&source.path, line, code) {
                wrong.push(format!("{}:{}: {columns} columns, at most {COLUMNS_MAX}", source.path, index + 1));
            }
        }
    }
    wrong
}

/// Whether breaking the line would break a literal that people search for, or that is data: a line with nothing else, a
/// constant, and in tests any line whose rest is short enough.
fn long_by_literal(path: &str, line: &str, code: &str) -> bool {
    let literals = line.chars().zip(code.chars()).filter(|(left, right)| left != right).count();
    let alone = code.trim_matches([' ', ',', ';', '.', '(', ')', '=']).is_empty();
    let constant = ["const ", "pub const ", "static "].iter().any(|start| code.trim_start().starts_with(start));
    let rest = line.chars().count() - literals;
    line.contains('"') && (alone || constant || path.starts_with("tests/") && rest <= COLUMNS_MAX)
}

pub(crate) fn long_functions(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        for at in find_words(&source.code, "fn") {
            let rest = source.code.get(at + 2..).unwrap_or_default().trim_start();
            let name: String = rest.chars().take_while(|&character| is_word(character)).collect();
            let excepted = LONG_FUNCTIONS.iter().any(|(path, long, _)| *path == source.path && *long == name);
            if name.is_empty() || excepted {
                continue;
            }
            let (first, last) = (line_of(&source.code, at), line_of(&source.code, end_of_item(&source.code, at)));
            let lines = last - first + 1;
            if lines > FUNCTION_LINES_MAX {
                let place = format!("{}:{first}", source.path);
                wrong.push(format!("{place}: function `{name}` has {lines} lines, at most {FUNCTION_LINES_MAX}"));
            }
        }
    }
    wrong
}

pub(crate) fn big_files(sources: &[Source]) -> Vec<String> {
    let big = sources.iter().filter(|source| source.text.len() > FILE_BYTES_MAX);
    big.map(|source| format!("{}: {} bytes, at most {FILE_BYTES_MAX}", source.path, source.text.len())).collect()
}

#[test]
fn banned_words_are_seen() {
    let count = |path: &str, text: &str| banned(&[Source::new(path, text)]).len();
    assert_eq!(count("reconcile/coverage.rs", "fn f(ratio: f64) {}"), 1);
    assert_eq!(count("json.rs", "fn visit_f64<E>(self, value: f64) {}\nfn other(x: f64) {}"), 1);
    assert_eq!(count("reserve/claim.rs", "let now = SystemTime::now();"), 1);
    assert_eq!(count("reserve/claim.rs", "let now = jiff::Timestamp::now();"), 1);
    assert_eq!(count("cli/verify.rs", "let now = jiff::Timestamp::now();"), 0);
    assert_eq!(count("liability/leaf.rs", "use std::{fs::File, io};"), 1);
    assert_eq!(count("liability/storage/folder.rs", "use std::{fs::File, io};"), 0);
    assert_eq!(count("bundle.rs", "let home = std::env::var(\"HOME\"); const V: &str = env!(\"V\");"), 1);
    assert_eq!(count("publish/log.rs", "let socket = std::net::TcpStream::connect(x);"), 1);
    assert_eq!(count("reconcile.rs", "getrandom::fill(&mut seed);"), 1);
    assert_eq!(count("cli/fetch.rs", "ureq::get(url);"), 1);
    assert_eq!(count("fetch/rpc.rs", "ureq::get(url);"), 0);
    assert_eq!(count("json.rs", "a.unwrap(); b\n    .expect(\"x\"); panic!(); assert!(c); debug_assert!(d);"), 4);
    assert_eq!(count("amount.rs", "None => unreachable!(),"), 0);
    assert_eq!(count("amount.rs", "unreachable!();"), 1);
    assert_eq!(count("liability/leaf.rs", "#[cfg(test)]\nmod tests { fn f() { a.unwrap(); } }"), 0);
    assert_eq!(count("lab/chain.rs", "a.expect(\"made here\"); println!();"), 1);
    assert_eq!(count("cli/demo.rs", "println!();"), 0);
}

#[test]
fn judging_fetchers_are_seen() {
    assert_eq!(
        fetch_verifies(&[Source::new("fetch/bitcoin.rs", "header.verify_work()?; let x = unverified;")]).len(),
        1
    );
    assert!(fetch_verifies(&[Source::new("reserve/claim.rs", "verify(x)")]).is_empty());
}

#[test]
fn unsafe_is_seen() {
    let text = "#[allow(unsafe_code, reason = \"x\")]\nfn f() { unsafe { g() } }";
    assert_eq!(unlisted_unsafe(&[Source::new("hash.rs", text)]).len(), 2);
    assert!(unlisted_unsafe(&[Source::new("lib.rs", "#![deny(unsafe_code)] // unsafe")]).is_empty());
}

#[test]
fn length_is_seen() {
    let line = |text: String| long_lines(&[Source::new("x.rs", &text)]).len();
    assert_eq!(line(format!("let {} = 1;", "a".repeat(120))), 1);
    assert_eq!(line(format!("        \"{}\",", "a".repeat(120))), 0);
    assert_eq!(line(format!("// {}", "a".repeat(118))), 1);
    assert_eq!(line(format!("const A: &str = \"{}\";", "a".repeat(118))), 0);
    assert_eq!(line(format!("call(\"{}\");", "a".repeat(118))), 1);
    let in_tests = |text: String| long_lines(&[Source::new("tests/x.rs", &text)]).len();
    assert_eq!(in_tests(format!("call(\"{}\");", "a b ".repeat(30))), 0);
    assert_eq!(in_tests(format!("call({});", "a".repeat(118))), 1);
    let function = |lines: usize| format!("fn f(a: [u8; 2]) -> u8 {{{}}}\n", "\n".repeat(lines - 1));
    let long = |text: &str| long_functions(&[Source::new("x.rs", text)]).len();
    assert_eq!((long(&function(FUNCTION_LINES_MAX)), long(&function(FUNCTION_LINES_MAX + 1))), (0, 1));
    assert_eq!(long(&format!("trait T {{ fn f(&self) -> [u8; 2]; {}}}", "\n".repeat(99))), 0);
    assert_eq!(big_files(&[Source::new("x.rs", &"//\n".repeat(FILE_BYTES_MAX))]).len(), 1);
}
