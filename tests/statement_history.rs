//! Several statements in one bundle: what hangs together, and what convicts the venue.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod chained_support;

use chained_support::{
    DAY, VENUE, before, bundle, chain_codes, digest, first, key, next, policy, report, sealed, signed, signed_by,
};
use counterfoil::amount::Amount;
use counterfoil::bundle::paths;
use counterfoil::publish::Statement;
use counterfoil::reconcile::{Finding, History, Severity, Verdict, history};
use counterfoil::snapshot::Time;

const NOTE: Severity = Severity::Note;
const EXCEPTION: Severity = Severity::Exception;
const CRITICAL: Severity = Severity::Critical;

/// Sealed on the day of the first cut-off: nothing is due.
fn found(subject: &Statement, further: &[&Statement]) -> (History, Vec<Finding>) {
    history(&bundle(subject, further, first().cutoff), &policy()).unwrap().unwrap()
}

fn codes(subject: &Statement, further: &[&Statement]) -> Vec<(u16, Severity)> {
    chain_codes(&found(subject, further).1)
}

fn sequences(history: &History) -> Vec<u64> {
    history.statements().iter().map(|known| known.statement().sequence).collect()
}

#[test]
fn statements_that_follow_each_other_stand_in_order() {
    let zero = first();
    let one = next(&zero);
    let two = next(&one);
    let three = next(&two);
    // file names say nothing: here the later one comes first
    let (known, findings) = found(&two, &[&three, &zero, &one]);
    assert_eq!((sequences(&known), chain_codes(&findings)), (vec![0, 1, 2, 3], vec![]));
    assert_eq!(known.predecessor().map(|known| known.digest()), Some(digest(&one)));
    assert_eq!(known.earlier().iter().map(|known| known.digest()).collect::<Vec<_>>(), [digest(&zero), digest(&one)]);
    assert_eq!(known.at(3).unwrap().digest(), digest(&three));
    assert_eq!(known.at(4), None);
    // the same statement twice is one
    assert_eq!(sequences(&found(&zero, &[&zero, &one, &one]).0), [0, 1]);
    assert_eq!(codes(&zero, &[&zero, &one, &one]), []);
}

#[test]
fn commitments_are_those_of_each_statement() {
    let zero = first();
    let mut one = next(&zero);
    let row = one.liabilities.iter_mut().find(|row| row.asset.as_str() == "BTC").unwrap();
    row.total = row.total.checked_add(Amount::from_base_units(7)).unwrap();
    for block in &mut one.chains {
        block.height += 10;
    }
    let mut two = next(&one);
    two.assets.retain(|asset| asset.id.as_str() != "BTC");
    two.liabilities.retain(|row| row.asset.as_str() != "BTC");
    two.schedules.other_liabilities.clear();
    let (known, _) = found(&zero, &[&one, &two]);
    let bitcoin = known.commitments(&"BTC".parse().unwrap()).unwrap();
    let [before, after] = bitcoin[..] else { panic!("the third does not list it: {bitcoin:?}") };
    assert_eq!(after.total.checked_sub(before.total), Some(Amount::from_base_units(7)));
    assert_eq!(before.committed.checked_add(before.other.unwrap()), Some(before.total));
    let ether = known.commitments(&"ETH".parse().unwrap()).unwrap();
    assert_eq!((ether.len(), ether[0].other, ether[2].other), (3, Some(Amount::ZERO), None));
    let block = &zero.chains[0];
    assert_eq!(
        (before.from_block(&block.chain), after.from_block(&block.chain)),
        (Some(block.height), Some(block.height + 10))
    );
    let in_force = |height| known.in_force(&block.chain, height).map(|known| known.statement().sequence);
    let at = block.height;
    assert_eq!(
        (in_force(at - 1), in_force(at), in_force(at + 9), in_force(at + 10)),
        (None, Some(0), Some(0), Some(2))
    );
}

#[test]
fn what_does_not_follow_is_told() {
    let zero = first();
    let one = next(&zero);
    let two = next(&one);
    assert_eq!(codes(&one, &[]), [(7106, NOTE)]);
    assert_eq!(codes(&two, &[&one]), [(7106, NOTE)]);
    assert_eq!(codes(&two, &[&zero]), [(7103, EXCEPTION)]);
    let early = Statement { cutoff: Time::from_unix(one.cutoff.unix() - 1), ..one.clone() };
    assert_eq!(codes(&early, &[&zero]), [(7105, EXCEPTION)]);
    let back = Statement { cutoff: zero.cutoff, ..one.clone() };
    assert_eq!(codes(&back, &[&zero]), [(7104, CRITICAL)]);
    let mut lower = one.clone();
    lower.chains[0].height -= 1;
    let (_, findings) = found(&lower, &[&zero]);
    assert_eq!(chain_codes(&findings), [(7104, CRITICAL)]);
    assert_eq!(findings[0].chain.as_ref(), Some(&zero.chains[0].chain));
}

#[test]
fn what_others_signed_is_no_statement_of_the_venue() {
    let zero = first();
    let other = key("somebody else");
    let foreign = Statement { account_hint: "another".to_owned(), ..zero.clone() };
    let files = sealed(zero.cutoff, |files| {
        files.insert("statements/a.json".to_owned(), signed_by(&foreign, &other));
        files.insert("statements/b.json".to_owned(), b"{}".to_vec());
        files.insert("statements/readme.txt".to_owned(), b"not looked at".to_vec());
    });
    let (known, findings) = history(&files, &policy()).unwrap().unwrap();
    assert_eq!((sequences(&known), chain_codes(&findings)), (vec![0], vec![(7107, EXCEPTION), (7107, EXCEPTION)]));
    assert!(findings[0].detail.starts_with("CF-3006"), "{}", findings[0].detail);
    assert_eq!(findings[1].evidence.as_deref(), Some("statements/b.json"));
    let verdicts: Vec<Verdict> = report(&files).assets.iter().map(|asset| asset.verdict).collect();
    assert_eq!(verdicts[0], Verdict::Covered, "nobody can spoil a venue's verdict with statements of others");
}

/// Nobody reads more than is sensible, and what was not read is told once.
#[test]
fn a_heap_of_statements_is_not_read() {
    let files = sealed(first().cutoff, |files| {
        for number in 0..1_205 {
            files.insert(format!("statements/{number:05}.json"), VENUE.statement.clone());
        }
    });
    let (known, findings) = history(&files, &policy()).unwrap().unwrap();
    assert_eq!((sequences(&known), chain_codes(&findings)), (vec![0], vec![(7107, EXCEPTION)]));
    assert!(findings[0].detail.contains("more than 1200"), "{}", findings[0].detail);
}

#[test]
fn two_statements_for_one_number_convict_the_venue() {
    let zero = first();
    let other = Statement { account_hint: "another".to_owned(), ..zero.clone() };
    let files = bundle(&zero, &[&other], zero.cutoff);
    let told = report(&files);
    assert_eq!(chain_codes(&told.findings), [(7101, CRITICAL)]);
    let finding = told.findings.iter().find(|finding| finding.code.number == 7101).unwrap();
    for digest in [digest(&zero), digest(&other)] {
        assert!(finding.detail.contains(&digest.to_string()), "{}", finding.detail);
    }
    assert_eq!(finding.evidence.as_deref(), Some("statements/0.json"));
    let covered = told.assets.iter().any(|asset| asset.verdict == Verdict::Covered);
    assert!(!covered, "no coverage as long as it is open");
    // of two earlier ones the one stays that the next one hangs on, or none
    let one = next(&zero);
    assert_eq!(found(&one, &[&other, &zero]).0.at(0).map(|known| known.digest()), Some(digest(&zero)));
    let two = next(&one);
    assert_eq!(sequences(&found(&two, &[&other, &zero]).0), [2]);
}

/// Between two checks the books are repaired: an earlier statement is shown with other totals.
#[test]
fn attack_b8_books_repaired_between_two_checks() {
    let zero = first();
    let one = next(&zero);
    let mut repaired = zero.clone();
    repaired.liabilities[0].total = repaired.liabilities[0].total.checked_sub(Amount::from_base_units(1)).unwrap();
    let told = report(&bundle(&one, &[&repaired], zero.cutoff));
    let finding = told.findings.iter().find(|finding| finding.code.number == 7102).unwrap();
    assert_eq!(finding.severity, CRITICAL);
    let (named, shown) = (digest(&zero).to_string(), digest(&repaired).to_string());
    assert!(finding.detail.contains(&named) && finding.detail.contains(&shown), "{}", finding.detail);
    // whoever kept the first one has both
    let both = chain_codes(&found(&one, &[&repaired, &zero]).1);
    assert_eq!(both, [(7101, CRITICAL)]);
}

/// A venue in trouble stays silent: the statement that it announced is not there, or a number is left out.
#[test]
fn attack_r13_going_quiet() {
    let zero = first();
    let due = zero.due.unix();
    let quiet = |sealed_at: i64| chain_codes(&report(&bundle(&zero, &[], Time::from_unix(sealed_at))).findings);
    assert_eq!(quiet(due), []);
    assert_eq!(quiet(due + 1), [(7108, EXCEPTION)]);
    let one = next(&zero);
    let two = next(&one);
    assert_eq!(chain_codes(&report(&bundle(&zero, &[&one], Time::from_unix(due + DAY))).findings), []);
    assert_eq!(codes(&two, &[&zero]), [(7103, EXCEPTION)], "a number left out");
}

#[test]
fn without_a_statement_further_ones_are_about_nothing() {
    let files = sealed(first().cutoff, |files| {
        files.remove(paths::STATEMENT);
        files.insert("statements/0.json".to_owned(), signed(&before(&first())));
    });
    assert!(history(&files, &policy()).unwrap().is_none());
}
