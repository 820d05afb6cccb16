//! What follows from a statement that was accepted: the example of the specification.

use serde_json::Value;

use super::*;
use crate::asset::{Asset, ChainId};
use crate::publish::balance_sheet::BalanceSheet;
use crate::publish::statement::{OtherLiability, Receivable, Schedules};
use crate::secret::{Secret, SecretKind};
use crate::signature::Algorithm;
use crate::snapshot::BlockRef;

const VECTOR: &str = include_str!("../../../vectors/statement/example.json");
const DAY: i64 = 86_400;

fn example() -> VerifiedStatement {
    let vector: Value = serde_json::from_str(VECTOR).expect("a vector");
    let policy = &vector["query"]["policy"];
    let venue: VenueId = policy["venue"].as_str().expect("a name").parse().expect("a name");
    let keys: Vec<PublicKey> = serde_json::from_value(policy["keys"].clone()).expect("keys");
    let log_origin = policy["log_origin"].as_str().expect("an origin");
    let pins = StatementPins { venue: &venue, log_origin, keys: &keys, threshold: 1 };
    verify(vector["proof_text"].as_str().expect("a file").as_bytes(), &pins).expect("the example")
}

#[test]
fn a_statement_is_of_its_cutoff_and_not_older_than_the_days_asked_for() {
    let example = example();
    let cutoff = example.statement().cutoff;
    let asked = |seconds: i64, days: u64| {
        let now = Time::from_unix(cutoff.unix() + seconds);
        (now, example.check_age(now, days))
    };
    for (seconds, days) in [(0, 0), (DAY, 1), (30 * DAY, 30), (3_000 * DAY, u64::MAX)] {
        assert_eq!(asked(seconds, days).1, Ok(()), "{seconds} {days}");
    }
    for (seconds, days) in [(1, 0), (DAY + 1, 1), (30 * DAY + 1, 30)] {
        let (now, result) = asked(seconds, days);
        assert_eq!(result, Err(StatementError::TooOld { cutoff, max_days: days, now }));
    }
    let (now, result) = asked(-1, u64::MAX);
    assert_eq!(result, Err(StatementError::NotYet { cutoff, now }));
}

#[test]
fn what_is_owed_beside_the_trees_is_stated_in_one_of_two_places() {
    let mut schedules = example().statement().schedules.clone();
    assert!(!schedules.states_other_liabilities() && schedules.owed().next().is_none());
    let (asset, amount): (AssetId, _) = ("BTC".parse().expect("an asset"), Amount::from_base_units(5));
    let (kind, counterparty) = ("loan".to_owned(), "a bank".to_owned());
    let row = OtherLiability { asset: asset.clone(), amount, kind, counterparty, due: None };
    schedules.other_liabilities.push(row);
    assert!(schedules.states_other_liabilities());
    let sheet = Schedules { balance_sheet: Some(BalanceSheet::default()), ..Schedules::default() };
    assert!(sheet.states_other_liabilities() && sheet.owed().next().is_none(), "a sheet without any says so");
    assert_eq!(schedules.owed().collect::<Vec<_>>(), [(&asset, amount)]);
}

fn key(seed: u8) -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut [seed; 32])).expect("a scalar")
}

#[test]
fn a_key_that_the_statement_declares_signs_it() {
    let (mut statement, declared) = (example().statement, key(1).public_key());
    statement.venue.keys = vec![declared.clone()];
    let document = json::canonical(&statement).expect("canonical");
    let mut envelope = Envelope { document: document.clone(), signatures: Vec::new() };
    let other = key(2).public_key();
    assert_eq!(sign(&mut envelope, &key(2)), Err(StatementError::KeyNotDeclared { key: other, count: 1 }));
    assert!(envelope.signatures.is_empty());
    sign(&mut envelope, &key(1)).expect("declared");
    let keys = [declared];
    let venue = statement.venue.id.clone();
    let pins = StatementPins { venue: &venue, log_origin: &statement.venue.log_origin, keys: &keys, threshold: 1 };
    let verified = verify(&envelope.to_file(FIELD).expect("canonical"), &pins).expect("signed");
    assert_eq!((verified.statement(), verified.signers()), (&statement, keys.as_slice()));
    assert_eq!(
        (verified.digest(), verified.leaf()),
        (digest(&document), super::super::log::tree::leaf_hash(&document))
    );
    assert_ne!(verified.digest(), verified.leaf());
    let named = StatementRef { digest: digest(&document), sequence: statement.sequence, venue: venue.clone() };
    assert_eq!(verified.reference(), named);
}

fn pins<'a>(venue: &'a VenueId, keys: &'a [PublicKey]) -> StatementPins<'a> {
    StatementPins { venue, log_origin: "log.example/por", keys, threshold: 1 }
}

#[test]
fn who_has_signed_and_who_is_pinned_are_told() {
    let mut statement = example().statement;
    statement.venue.keys = vec![key(1).public_key()];
    let document = json::canonical(&statement).expect("canonical");
    let envelope = Envelope { document, signatures: Vec::new() };
    let file = envelope.to_file(FIELD).expect("canonical");
    let (own, pinned) = (statement.venue.id.clone(), key(1).public_key());
    let error = StatementError::KeyNotPinned { got: "nobody".to_owned(), pinned: pinned.to_string() };
    assert_eq!(verify(&file, &pins(&own, &[pinned])), Err(error));
    let other: VenueId = "another".parse().expect("a name");
    let told = |venue: &VenueId| format!("{venue} (log log.example/por)");
    let error = StatementError::OtherVenue { got: told(&own), expected: told(&other) };
    assert_eq!(verify(&file, &pins(&other, &[])), Err(error));
}

#[test]
fn a_schedule_has_a_hundred_thousand_rows_and_no_more() {
    let mut statement = example().statement;
    let (asset, amount) = (statement.assets[0].id.clone(), Amount::from_base_units(1));
    let row = Receivable { asset, amount, counterparty: "a debtor".to_owned(), related_party: false };
    for (rows, fits) in [(100_000, true), (100_001, false), (100_002, false)] {
        statement.schedules.receivables = vec![row.clone(); rows];
        assert_eq!(check_fields(&statement).is_ok(), fits, "{rows} rows");
        let size = json::canonical(&statement).expect("canonical").len() as u64;
        assert!(size <= FILE_SIZE_MAX, "{size} bytes: a file of as many rows is read");
    }
}

#[test]
fn lists_have_one_order_and_nothing_twice() {
    let mut statement = example().statement;
    let mut fits = |change: &dyn Fn(&mut Statement)| {
        let before = statement.clone();
        change(&mut statement);
        let fits = check_fields(&statement).is_ok();
        statement = before;
        fits
    };
    let chains = |ids: [&str; 2]| {
        let ids = ids.map(|id| id.parse().expect("a chain"));
        move |statement: &mut Statement| {
            let block = statement.chains[0].clone();
            statement.chains = ids.iter().map(|id| BlockRef { chain: ChainId::clone(id), ..block.clone() }).collect();
        }
    };
    assert!(fits(&chains(["eip155:1", "eip155:10"])));
    assert!(!fits(&chains(["eip155:10", "eip155:1"])) && !fits(&chains(["eip155:1", "eip155:1"])));
    let without = |names: &'static [&'static str]| {
        move |statement: &mut Statement| {
            let ids = names.iter().map(|name| name.parse().expect("an asset"));
            statement.without_rows = ids.collect();
            let listed =
                ["ZZY", "ZZZ"].map(|id| Asset { id: id.parse().expect("an asset"), ..statement.assets[0].clone() });
            statement.assets.extend(listed);
        }
    };
    assert!(fits(&without(&["ZZY", "ZZZ"])));
    assert!(!fits(&without(&["ZZZ", "ZZY"])) && !fits(&without(&["ZZY", "ZZY", "ZZZ"])));
    let [first, second] = [1, 2].map(|seed| key(seed).public_key());
    let (lower, higher) = if first < second { (first, second) } else { (second, first) };
    assert!(check_keys(&[lower.clone(), higher.clone()], 2).is_ok());
    assert!(check_keys(&[higher, lower.clone()], 2).is_err() && check_keys(&[lower.clone(), lower], 2).is_err());
    let many = |count: u8| {
        let mut keys: Vec<_> = (1..=count).map(|seed| key(seed).public_key()).collect();
        keys.sort();
        check_keys(&keys, 1).map_err(|error| error.to_string())
    };
    assert_eq!(many(100), Ok(()));
    assert!(many(101).unwrap_err().ends_with("101 keys, expected at most 100"));
}

#[test]
fn moments_rows_and_assets_are_strictly_increasing() {
    let example = example().statement;
    let refused = |change: &dyn Fn(&mut Statement)| {
        let mut statement = example.clone();
        change(&mut statement);
        match check_fields(&statement) {
            Err(StatementError::Contradiction(detail)) => detail,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(check_fields(&example), Ok(()));
    let moments = |told: String| assert!(told.ends_with("are not strictly increasing") && told.starts_with("cut-off"));
    // a next cut-off at once, or due with it, announces nothing
    moments(refused(&|statement| statement.next_cutoff = statement.cutoff));
    moments(refused(&|statement| statement.due = statement.next_cutoff));
    moments(refused(&|statement| statement.next_cutoff = Time::from_unix(statement.cutoff.unix() - 1)));
    moments(refused(&|statement| statement.due = Time::from_unix(statement.next_cutoff.unix() - 1)));
    // twice the same row would be owed twice, or once: nobody could say
    let row = refused(&|statement| statement.liabilities.push(statement.liabilities[0].clone()));
    assert_eq!(row, "the rows of liabilities are not strictly increasing");
    let asset = refused(&|statement| statement.assets.push(statement.assets[0].clone()));
    assert_eq!(asset, "the assets are not strictly increasing");
}
