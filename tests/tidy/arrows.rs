//! Which part of the program may know of which: the arrows of `docs/architecture.md`.

use super::source::{Source, find_words, is_word, line_of};

/// Who may import whom. Every part may also import values; a part that is not listed is a value, and values import
/// only values. A part that is listed may be imported only as it says here.
pub(crate) const ARROWS: &[(&str, &[&str])] = &[
    ("ledger", &[]),
    ("liability", &["ledger"]),
    ("reserve", &[]),
    ("fetch", &["reserve"]),
    ("publish", &["ledger", "liability", "reserve"]),
    ("policy", &["ledger", "liability", "reserve", "publish"]),
    ("reconcile", &["ledger", "liability", "reserve", "publish", "policy"]),
    ("foreign", &["ledger", "liability", "reserve", "publish", "policy"]),
    ("report", &["ledger", "liability", "reserve", "publish", "policy", "reconcile", "foreign"]),
    ("lab", &["ledger", "liability", "reserve", "publish", "policy", "reconcile", "foreign", "report", "fetch"]),
    ("web", &["ledger", "liability", "reserve", "publish", "policy", "reconcile", "foreign", "report"]),
    (
        "cli",
        &[
            "ledger",
            "liability",
            "reserve",
            "publish",
            "policy",
            "reconcile",
            "foreign",
            "report",
            "lab",
            "web",
            "fetch",
        ],
    ),
];

/// What `fetch` may see of `reserve`: the shapes of evidence, not what judges it.
const EVIDENCE: &[&str] = &["address_set", "bitcoin", "claim", "evm", "transcript"];

/// Every path that begins with `root`, groups taken apart: `a::{b, c::d}` gives `[b]` and `[c, d]` behind `a`.
pub(crate) fn paths_from(code: &str, root: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for at in find_words(code, root) {
        let before = code.get(..at).unwrap_or_default().trim_end();
        let mut rest = code.get(at + root.len()..).unwrap_or_default();
        if before.ends_with("::") || !rest.trim_start().starts_with("::") {
            continue;
        }
        let mut paths = Vec::new();
        read_tree(&mut rest, &[], &mut paths);
        found.extend(paths.into_iter().map(|path| (at, path)));
    }
    found
}

/// Reads `::name…` or `::{…}` behind a prefix, and leaves `rest` behind it.
fn read_tree(rest: &mut &str, prefix: &[String], out: &mut Vec<Vec<String>>) {
    let Some(behind) = rest.trim_start().strip_prefix("::") else {
        out.push(prefix.to_vec());
        return;
    };
    *rest = behind.trim_start();
    if let Some(mut group) = rest.strip_prefix('{') {
        loop {
            group = group.trim_start_matches(|character: char| character.is_whitespace() || character == ',');
            if group.is_empty() {
                break;
            }
            if let Some(behind) = group.strip_prefix('}') {
                group = behind;
                break;
            }
            let name = read_name(&mut group);
            if name.is_empty() {
                // `*`, or something that is no use tree
                group = group.get(group.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
                out.push(prefix.to_vec());
                continue;
            }
            if name == "as" {
                read_name(&mut group);
                continue;
            }
            let mut longer = prefix.to_vec();
            if name != "self" {
                longer.push(name);
            }
            read_tree(&mut group, &longer, out);
        }
        *rest = group;
        return;
    }
    let name = read_name(rest);
    if name.is_empty() {
        out.push(prefix.to_vec());
        return;
    }
    let mut longer = prefix.to_vec();
    longer.push(name);
    read_tree(rest, &longer, out);
}

fn read_name(rest: &mut &str) -> String {
    *rest = rest.trim_start();
    let end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    *rest = behind.trim_start_matches([' ', '\n']);
    name.to_owned()
}

/// Paths below the crate's root, from `crate::…` and from chains of `super::` that climb up to it.
fn crate_paths(source: &Source) -> Vec<(usize, Vec<String>)> {
    let mut paths = paths_from(&source.shipped, "crate");
    let depth = source.modules().len();
    for (at, path) in paths_from(&source.shipped, "super") {
        let climbs = 1 + path.iter().take_while(|name| *name == "super").count();
        if climbs == depth {
            paths.push((at, path.into_iter().skip(climbs - 1).collect()));
        }
    }
    paths
}

pub(crate) fn wrong_arrows(sources: &[Source]) -> Vec<String> {
    let parts: Vec<&str> = ARROWS.iter().map(|(part, _)| *part).collect();
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !source.modules().is_empty()) {
        let part = source.part();
        let allowed = ARROWS.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, allowed)| *allowed);
        for (at, path) in crate_paths(source) {
            let Some(target) = path.first().filter(|target| parts.contains(&target.as_str())) else { continue };
            let inner = path.get(1).map_or("", String::as_str);
            let judge = part == "fetch" && target == "reserve" && !EVIDENCE.contains(&inner);
            if target != part && (judge || !allowed.contains(&target.as_str())) {
                let line = line_of(&source.shipped, at);
                wrong.push(format!("src/{}:{line}: `{part}` must not know of `{}`", source.path, path.join("::")));
            }
        }
    }
    wrong
}

#[test]
fn groups_are_taken_apart() {
    let code = "use crate::{amount::{Amount, Decimals as D}, reserve::claim::*, self};\ncrate::hash::sha256(x)";
    let paths: Vec<String> = paths_from(code, "crate").into_iter().map(|(_, path)| path.join("::")).collect();
    for path in ["amount::Amount", "amount::Decimals", "reserve::claim", "hash::sha256"] {
        assert!(paths.iter().any(|found| found == path), "{path} in {paths:?}");
    }
}

#[test]
fn wrong_arrows_are_seen() {
    let count = |path: &str, text: &str| wrong_arrows(&[Source::new(path, text)]).len();
    assert_eq!(count("liability/leaf.rs", "use crate::reserve::claim::Holding;"), 1);
    assert_eq!(count("liability/leaf.rs", "use crate::{\n    amount::Amount,\n    reserve::claim,\n};"), 1);
    assert_eq!(count("liability/leaf.rs", "fn f() { crate::reconcile::run(); }"), 1);
    assert_eq!(count("liability/leaf.rs", "use super::super::reserve::claim;"), 1);
    assert_eq!(count("reserve/bitcoin/control.rs", "use super::super::super::publish::statement;"), 1);
    assert_eq!(count("reserve/claim.rs", "use crate::liability::Leaf;"), 1);
    assert_eq!(count("amount.rs", "use crate::ledger::Row;"), 1);
    assert_eq!(count("publish/statement.rs", "use crate::policy::Policy;"), 1);
    assert_eq!(count("report/text.rs", "use crate::fetch;"), 1);
    assert_eq!(count("fetch/bitcoin.rs", "use crate::reserve::challenge::Challenge;"), 1);
    assert_eq!(count("fetch/bitcoin.rs", "use crate::reserve::claim::ControlProof;"), 0);
    assert_eq!(count("liability/leaf.rs", "// crate::reserve\n#[cfg(test)]\nmod tests { use crate::reserve; }"), 0);
    assert_eq!(count("reconcile.rs", "use crate::{liability::Leaf, reserve::claim, policy::Policy};"), 0);
    assert_eq!(count("main.rs", "use crate::cli;"), 0);
}
