//! Rules about documents: the index is complete, links lead somewhere, specification, module and vectors share a name.

use std::path::{Component, Path, PathBuf};

/// One text file of the checkout.
pub(crate) struct Text {
    /// Relative to the checkout, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The test data that belongs to a specification.
pub(crate) enum Vectors {
    /// `vectors/` has a folder of the same name.
    Folder,
    /// There may be none; why.
    Elsewhere(&'static str),
}

/// Every specification with its module. The folder under `vectors/` has the specification's name.
pub(crate) const SPECIFICATIONS: &[(&str, &str, Vectors)] = &[
    ("address-set", "reserve/address_set", Vectors::Folder),
    ("amount", "amount", Vectors::Folder),
    ("balance-sheet", "publish/balance_sheet", Vectors::Folder),
    (
        "bitcoin-balance",
        "reserve/bitcoin/balance",
        Vectors::Elsewhere("real blocks in vectors/external.toml, and a node"),
    ),
    ("bitcoin-control", "reserve/bitcoin/control", Vectors::Elsewhere("the official BIP-322 vectors in external.toml")),
    ("bundle", "bundle", Vectors::Elsewhere("a folder, not one message: the module's tests make and break one")),
    ("canonical-json", "json", Vectors::Folder),
    (
        "chained-statements",
        "reconcile/history",
        Vectors::Elsewhere("several signed files: tests/statement_history.rs makes and breaks them"),
    ),
    ("challenge", "reserve/challenge", Vectors::Folder),
    ("clearing", "reconcile/network/clearing", Vectors::Folder),
    ("compact-range", "liability/compact_range", Vectors::Folder),
    ("compare", "publish/compare", Vectors::Elsewhere("pairs of signed files: tests/logged_statement.rs makes them")),
    ("custodian", "reconcile/custodian", Vectors::Folder),
    (
        "descriptor",
        "reserve/bitcoin/descriptor",
        Vectors::Elsewhere(
            "a node derives the same in tests/descriptor_node.rs; leaves that name one are in `address-set`",
        ),
    ),
    ("evm-balance", "reserve/evm/balance", Vectors::Elsewhere("real account proofs in vectors/external.toml")),
    ("evm-token", "reserve/evm/token", Vectors::Elsewhere("real storage proofs in vectors/external.toml")),
    ("evm-control", "reserve/evm/control", Vectors::Elsewhere("signatures of other programs in the module's tests")),
    ("evm-finality", "reserve/evm/finality", Vectors::Elsewhere("real light-client files in vectors/external.toml")),
    ("evm-flows", "reserve/evm/window/flows", Vectors::Elsewhere("a real node in tests/evm_flows_node.rs")),
    ("evm-pool", "reserve/evm/pool", Vectors::Folder),
    (
        "evm-staked",
        "reserve/evm/staked",
        Vectors::Elsewhere("states are made in its tests: no public file has a validator with its branches"),
    ),
    ("evm-window", "reserve/evm/window", Vectors::Elsewhere("two real blocks in vectors/external.toml")),
    (
        "foreign",
        "foreign",
        Vectors::Elsewhere("samples of other venues in vectors/external.toml, and trees that its builders make"),
    ),
    ("hash", "hash", Vectors::Folder),
    ("inclusion-proof", "liability/inclusion_proof", Vectors::Folder),
    ("issuer", "reconcile/issuer", Vectors::Folder),
    ("keys", "secret", Vectors::Elsewhere("secrets; what they derive is in the vectors of `leaf`")),
    ("leaf", "liability/leaf", Vectors::Folder),
    ("ledger", "ledger", Vectors::Elsewhere("its refusals are exact output, in tests/cmd")),
    (
        "liquidity",
        "reconcile/liquidity",
        Vectors::Elsewhere("ladders of bundles in tests/credit.rs, of sheets in vectors/episodes"),
    ),
    ("log", "publish/log", Vectors::Folder),
    ("merkle-set", "merkle_set", Vectors::Folder),
    ("network", "reconcile/network", Vectors::Folder),
    ("omission", "reconcile/omission", Vectors::Elsewhere("fractions that are compared with counting every subset")),
    ("policy", "policy", Vectors::Elsewhere("its refusals are exact output, in tests/cmd")),
    ("receipt", "publish/receipt", Vectors::Folder),
    ("quality", "reconcile/quality", Vectors::Folder),
    (
        "reconcile",
        "reconcile",
        Vectors::Elsewhere("reads whole bundles: the demonstration and tests/end_to_end make them"),
    ),
    (
        "report-html",
        "report/html",
        Vectors::Elsewhere("a page for people: tests/report_html.rs opens it in a real browser"),
    ),
    ("report", "report", Vectors::Elsewhere("golden bundles with the reports that they give, in tests/golden")),
    ("reserve", "reserve", Vectors::Elsewhere("the shape that the chains share: their own tests fill it")),
    ("sample", "reconcile/sample", Vectors::Folder),
    ("sealed-proof", "liability/sealed_proof", Vectors::Folder),
    ("sheet", "reconcile/sheet", Vectors::Folder),
    ("signature", "signature", Vectors::Folder),
    ("statement", "publish/statement", Vectors::Folder),
    ("store", "liability/store", Vectors::Elsewhere("the venue's own files: tests/build.rs and tests/tree_audit.rs")),
    ("sum-tree", "liability/sum_tree", Vectors::Folder),
    ("tiers", "reconcile/tiers", Vectors::Folder),
    ("utxo-snapshot", "reserve/bitcoin/utxo_snapshot", Vectors::Folder),
    ("venue-card", "publish/venue_card", Vectors::Folder),
    ("window", "reserve/window", Vectors::Elsewhere("the embedded chain in tests/bitcoin_window.rs, and a node")),
    ("witness", "publish/witness", Vectors::Folder),
];

/// Folders of `vectors/` that hold no vectors.
const VECTOR_HELPERS: &[&str] = &["episodes", "reference"];

/// What a rule asks about the checkout; a list in the self-tests.
pub(crate) type Exists<'a> = &'a dyn Fn(&str) -> bool;

/// `specs` and `vectors` are the names found in `docs/spec/` and `vectors/`.
pub(crate) fn four_places(specs: &[String], vectors: &[String], exists: Exists<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, module, folder) in SPECIFICATIONS {
        if !specs.iter().any(|spec| spec == name) {
            wrong.push(format!("docs/spec/{name}.md is missing"));
        }
        if !exists(&format!("src/{module}.rs")) && !exists(&format!("src/{module}/mod.rs")) {
            wrong.push(format!("docs/spec/{name}.md: its module src/{module}.rs is missing"));
        }
        if matches!(folder, Vectors::Folder) && !vectors.iter().any(|folder| folder == name) {
            wrong.push(format!("docs/spec/{name}.md: its vectors/{name}/ is missing"));
        }
    }
    let known = |name: &String| SPECIFICATIONS.iter().any(|(known, _, _)| known == name);
    for spec in specs.iter().filter(|spec| !known(spec)) {
        wrong.push(format!("docs/spec/{spec}.md has no module in the table of tests/tidy/docs.rs"));
    }
    for folder in vectors.iter().filter(|folder| !known(folder) && !VECTOR_HELPERS.contains(&folder.as_str())) {
        wrong.push(format!("vectors/{folder}/ belongs to no specification"));
    }
    wrong
}

/// Why a specification may lack vectors: at least a few words.
pub(crate) fn reasons() -> Vec<String> {
    let poor = |vectors: &Vectors| matches!(vectors, Vectors::Elsewhere(reason) if reason.len() < 20);
    let poor = SPECIFICATIONS.iter().filter(|(_, _, vectors)| poor(vectors));
    poor.map(|(name, _, _)| format!("{name}: say where its test data is")).collect()
}

/// Lines outside of fenced blocks, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

/// Targets of `[…](target)`.
fn links(text: &str) -> Vec<(usize, &str)> {
    let targets = |line| -> Vec<&str> {
        let behind = str::split(line, "](").skip(1);
        behind.filter_map(|rest| rest.split_once(')').map(|(target, _)| target)).collect()
    };
    prose(text).flat_map(|(number, line)| targets(line).into_iter().map(move |target| (number, target))).collect()
}

/// `docs/spec/../README.md` without the detour; `None` when it leaves the checkout.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let folder = Path::new(from).parent().map_or_else(PathBuf::new, Path::to_path_buf);
    for component in folder.join(target).components() {
        match component {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => drop(parts.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

fn is_elsewhere(target: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme))
}

/// GitHub's way to make an anchor from a heading.
fn anchor(heading: &str) -> String {
    let lower = heading.trim().to_lowercase();
    let kept = lower.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

pub(crate) fn broken_links(texts: &[Text], exists: Exists<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in texts.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in links(&file.text).into_iter().filter(|(_, target)| !is_elsewhere(target)) {
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let resolved = if path.is_empty() { Some(file.path.clone()) } else { resolve(&file.path, path) };
            let Some(resolved) = resolved.filter(|resolved| exists(resolved)) else {
                wrong.push(format!("{}:{line}: {target} leads nowhere", file.path));
                continue;
            };
            let headings = |text: &str| -> Vec<String> {
                prose(text)
                    .filter(|(_, line)| line.starts_with('#'))
                    .map(|(_, line)| anchor(line.trim_matches('#')))
                    .collect()
            };
            let there = texts.iter().find(|other| other.path == resolved).map(|other| headings(&other.text));
            if !fragment.is_empty() && !there.unwrap_or_default().iter().any(|found| found == fragment) {
                wrong.push(format!("{}:{line}: {resolved} has no heading #{fragment}", file.path));
            }
        }
    }
    wrong
}

/// Every document below `docs/` stands in the index.
pub(crate) fn missing_from_index(texts: &[Text]) -> Vec<String> {
    const INDEX: &str = "docs/README.md";
    let Some(index) = texts.iter().find(|file| file.path == INDEX) else {
        return vec![format!("{INDEX} is missing")];
    };
    let listed: Vec<String> = links(&index.text).into_iter().filter_map(|(_, target)| resolve(INDEX, target)).collect();
    let documents = texts.iter().filter(|file| file.path.starts_with("docs/") && file.path != INDEX);
    let missing = documents.filter(|file| !listed.contains(&file.path));
    missing.map(|file| format!("{} is not listed in {INDEX}", file.path)).collect()
}

/// One title, on the first line that says anything.
pub(crate) fn titles(texts: &[Text]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in texts.iter().filter(|file| file.path.ends_with(".md")) {
        let titles = prose(&file.text).filter(|(_, line)| line.starts_with("# ")).count();
        if titles != 1 {
            wrong.push(format!("{}: {titles} lines `# Title`, expected one", file.path));
        }
    }
    wrong
}

/// Documents named in sources: `docs/spec/amount.md` in a comment is a promise.
pub(crate) fn promised_documents(texts: &[Text], exists: Exists<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in texts.iter().filter(|file| !file.path.starts_with("tests/tidy")) {
        for (at, _) in file.text.match_indices("docs/") {
            let named = file.text.get(at..).unwrap_or_default();
            let end = named.find(|character: char| !(character.is_ascii_alphanumeric() || "/._-".contains(character)));
            let named = named.get(..end.unwrap_or(named.len())).unwrap_or_default().trim_end_matches('.');
            let before = file.text.get(..at).and_then(|text| text.chars().next_back());
            if named.ends_with(".md") && !before.is_some_and(|character| "/.".contains(character)) && !exists(named) {
                wrong.push(format!("{}: {named} is missing", file.path));
            }
        }
    }
    wrong
}

/// Numbers in the tables of `src/code/`: `NAME = 1004, Failed, …`.
fn known_codes(texts: &[Text]) -> Vec<String> {
    let tables = texts.iter().filter(|file| file.path.starts_with("src/code/"));
    let entries = tables.flat_map(|file| file.text.lines()).filter_map(|line| line.split_once(" = "));
    let numbers = entries.filter_map(|(_, rest)| rest.split_once(',')).map(|(number, _)| format!("CF-{number}"));
    numbers.filter(|code| code.len() == "CF-0000".len()).collect()
}

/// A document that names a code names one that exists.
pub(crate) fn unknown_codes(texts: &[Text]) -> Vec<String> {
    let known = known_codes(texts);
    let mut wrong = Vec::new();
    for file in texts.iter().filter(|file| file.path.ends_with(".md")) {
        for (at, _) in file.text.match_indices("CF-") {
            let code = file.text.get(at..at + "CF-0000".len()).unwrap_or_default();
            let numbered = code.len() == 7 && code.bytes().skip(3).all(|byte| byte.is_ascii_digit());
            if numbered && !known.iter().any(|known| known == code) {
                wrong.push(format!("{}: {code} is no code of src/code/", file.path));
            }
        }
    }
    wrong
}

/// Pieces of text that have no place in the project, put together so that this file does not hold them.
fn strays() -> Vec<(String, &'static str)> {
    vec![
        (["/wo", "rk/"].concat(), "a path of one machine"),
        (["/ro", "ot/"].concat(), "a path of one machine"),
        (["/ho", "me/"].concat(), "a path of one machine"),
        (["..", "/shared"].concat(), "a place outside the checkout"),
        (["FIX", "ME"].concat(), "unfinished"),
        (["TO", "DO"].concat(), "unfinished"),
        (["XX", "X:"].concat(), "unfinished"),
    ]
}

pub(crate) fn stray_words(texts: &[Text]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, (stray, why)) in texts.iter().flat_map(|file| strays().into_iter().map(move |stray| (file, stray))) {
        // continuous integration says where its test data lies
        let allowed = file.path == ".ci/run" && why == "a place outside the checkout";
        for (index, _) in file.text.lines().enumerate().filter(|(_, line)| !allowed && line.contains(&stray)) {
            wrong.push(format!("{}:{}: `{stray}`: {why}", file.path, index + 1));
        }
    }
    wrong
}

#[cfg(test)]
fn text(path: &str, text: &str) -> Text {
    Text { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn missing_places_are_seen() {
    let names = || SPECIFICATIONS.iter().map(|(name, _, _)| (*name).to_owned());
    let all: Vec<String> = names().collect();
    assert!(four_places(&all, &all, &|_| true).is_empty());
    let without_first: Vec<String> = names().skip(1).collect();
    assert_eq!(four_places(&without_first, &all, &|_| true).len(), 1);
    assert_eq!(four_places(&all, &without_first, &|_| true).len(), 1);
    assert_eq!(four_places(&all, &all, &|path| !path.starts_with("src/amount")).len(), 1);
    let more: Vec<String> = names().chain(["other".to_owned()]).collect();
    assert_eq!(four_places(&more, &more, &|_| true).len(), 2);
}

#[test]
fn broken_links_are_seen() {
    let there = |path: &str| path == "docs/b.md" || path == "README.md";
    let broken =
        |line: &str| broken_links(&[text("docs/a.md", line), text("docs/b.md", "# B, or `c`\n")], &there).len();
    assert_eq!(broken("see [b](b.md), [top](../README.md), [it](b.md#b-or-c) and [out](https://example.com/x)"), 0);
    assert_eq!(broken("see [c](c.md) and [above](../../b.md)"), 2);
    assert_eq!(broken("see [b](b.md#c)"), 1);
    assert_eq!(broken("```\nsee [c](c.md)\n```"), 0);
}

#[test]
fn holes_in_the_index_are_seen() {
    let index = text("docs/README.md", "[a](a.md)");
    assert_eq!(missing_from_index(&[index, text("docs/a.md", ""), text("docs/spec/b.md", "")]).len(), 1);
    assert_eq!(missing_from_index(&[]).len(), 1);
}

#[test]
fn wrong_titles_are_seen() {
    let wrong = |body: &str| titles(&[text("docs/a.md", body)]).len();
    assert_eq!(wrong("# A\n\n## B\n```\n# a comment\n```\n"), 0);
    assert_eq!((wrong("## A\n"), wrong("# A\n# B\n")), (1, 1));
}

#[test]
fn broken_promises_are_seen() {
    let promised = |body: &str| promised_documents(&[text("src/a.rs", body)], &|path| path == "docs/a.md").len();
    assert_eq!(
        (promised("see `docs/a.md`."), promised("see `docs/b.md`."), promised("https://x.org/docs/c.md")),
        (0, 1, 0)
    );
}

#[test]
fn unknown_codes_are_seen() {
    let table = text("src/code/ledger.rs", "    NEGATIVE_BALANCE = 1004, NotMade, \"…\",\n");
    assert_eq!(unknown_codes(&[table, text("docs/a.md", "CF-1004, CF-nnnn, CF-1999")]).len(), 1);
}

#[test]
fn stray_words_are_seen() {
    for (stray, _) in strays() {
        assert_eq!(stray_words(&[text("README.md", &format!("a {stray}b"))]).len(), 1, "{stray}");
    }
    let outside = ["..", "/shared"].concat();
    assert!(stray_words(&[text(".ci/run", &outside)]).is_empty());
}
