//! Two statements of the example venue: what the second one's bundle carries forward.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod chained_support;

use chained_support::{VENUE, before, chain_codes, digest, first, report, sealed, signed};
use counterfoil::amount::Amount;
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::publish::Statement;
use counterfoil::publish::statement::{Direction, InFlight, SetCommitment};
use counterfoil::reconcile::chain::{AddressChange, InFlightState};
use counterfoil::reconcile::{Report, Severity, Verdict};
use counterfoil::report;
use counterfoil::reserve::address_set::AddressSet;

const NOTE: Severity = Severity::Note;
const EXCEPTION: Severity = Severity::Exception;

/// The address set before: one address of the present one is missing, and another one is there.
fn set_before() -> AddressSet {
    let present = AddressSet::parse(&VENUE.bundle[paths::ADDRESSES]).unwrap();
    let mut entries = present.entries().to_vec();
    let at = entries.iter().position(|entry| entry.chain.namespace() == "bip122").unwrap();
    entries[at].address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080".to_owned();
    entries.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
    AddressSet::from_entries(entries).unwrap()
}

/// The example's statement as the second one, with this one before it.
fn two(earlier: &Statement, change: impl FnOnce(&mut MemoryFiles)) -> Report {
    let subject = Statement { sequence: 1, predecessor: Some(digest(earlier)), ..first() };
    report(&sealed(subject.cutoff, |files| {
        files.insert(paths::STATEMENT.to_owned(), signed(&subject));
        files.insert("statements/0.json".to_owned(), signed(earlier));
        change(files);
    }))
}

fn earlier() -> Statement {
    let mut earlier = before(&first());
    for block in &mut earlier.chains {
        block.height -= 1;
    }
    earlier
}

fn fits_the_schema(report: &Report) {
    let schema = serde_json::from_str(include_str!("../docs/schema/report.schema.json")).unwrap();
    let value = serde_json::from_slice(&report::json(report).unwrap()).unwrap();
    let errors: Vec<String> = jsonschema::draft202012::new(&schema)
        .unwrap()
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_same_addresses_need_no_second_file() {
    let told = two(&earlier(), |_| ());
    fits_the_schema(&told);
    let section = told.chain.as_ref().unwrap();
    assert_eq!(section.addresses, Some(AddressChange::default()));
    assert_eq!(section.statements.iter().map(|link| link.sequence).collect::<Vec<_>>(), [0, 1]);
    // where the example has no window, what was held in between is not known, and nobody guesses
    let unknown = section.assets.iter().filter(|row| row.held.is_none()).count();
    assert!(section.assets[0].held.is_some() && section.assets.iter().all(|row| row.owed_change.by.is_zero()));
    assert_eq!(chain_codes(&told.findings), vec![(7115, NOTE); unknown]);
    // the venue dates the earlier one itself: no log is in this bundle
    assert!(told.findings.iter().any(|finding| finding.code.number == 7051), "{:?}", told.findings);
    assert_eq!(told.assets[0].verdict, Verdict::Covered, "a note keeps nobody from coverage");
    let text = report::text(&told);
    assert!(text.contains("From one statement to the next"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_statement_alone_has_no_section() {
    let told = report(&VENUE.bundle);
    assert!(told.chain.is_none() && !report::text(&told).contains("From one statement"));
}

#[test]
fn earlier_sets_are_compared() {
    let set = set_before();
    let mut earlier = earlier();
    earlier.address_set = Some(SetCommitment { count: set.count(), root: set.root() });
    let missing = two(&earlier, |_| ());
    assert_eq!(chain_codes(&missing.findings)[0], (7110, EXCEPTION));
    assert_eq!(missing.chain.unwrap().addresses, None);
    let path = paths::address_set(&set.root());
    let refused = two(&earlier, |files| {
        files.insert(path.clone(), VENUE.bundle[paths::ADDRESSES].clone());
    });
    assert_eq!(chain_codes(&refused.findings)[0], (7111, EXCEPTION));
    let torn = two(&earlier, |files| {
        files.insert(path.clone(), b"{".to_vec());
    });
    assert_eq!(chain_codes(&torn.findings)[0], (7111, EXCEPTION));
    let told = two(&earlier, |files| {
        files.insert(path.clone(), set.to_file().unwrap());
    });
    let expected = AddressChange { added: 1, retired: 1, empty: 0, holding: 0 };
    assert_eq!(told.chain.as_ref().unwrap().addresses, Some(expected));
    let codes = chain_codes(&told.findings);
    assert!(codes.contains(&(7112, NOTE)) && codes.contains(&(7114, EXCEPTION)), "{codes:?}");
    // the retired address was asked about, and the node's list does not speak of it
    assert!(told.findings.iter().any(|finding| finding.subject.contains("bcrt1qw508")), "{:?}", told.findings);
    assert_eq!(told.assets[0].held, report(&VENUE.bundle).assets[0].held, "what is retired counts for nothing");
}

#[test]
fn what_was_under_way_is_open_without_evidence() {
    let mut earlier = earlier();
    let chain = earlier.chains[0].chain.clone();
    let row = |number: u64| InFlight {
        asset: "BTC".parse().unwrap(),
        amount: Amount::from_base_units(5),
        direction: Direction::Withdrawal,
        chain: chain.clone(),
        txid: format!("{number:064x}"),
    };
    earlier.schedules.in_flight = (0..9).map(row).collect();
    let told = two(&earlier, |files| files.retain(|path, _| !path.ends_with(paths::WINDOW)));
    fits_the_schema(&told);
    let rows = &told.chain.as_ref().unwrap().in_flight;
    assert!(rows.len() == 9 && rows.iter().all(|row| row.state == InFlightState::Open));
    let codes = chain_codes(&told.findings);
    assert_eq!(codes.iter().filter(|code| **code == (7122, EXCEPTION)).count(), 9);
    let text = report::text(&told);
    assert!(
        text.contains("withdrawal of 0.00000005 BTC under way: open") && text.contains("1 more transfers"),
        "{text}"
    );
}
