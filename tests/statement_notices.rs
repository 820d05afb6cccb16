//! Changes of keys and withdrawals among the statements of a bundle.
#![allow(clippy::unwrap_used, missing_docs)]

mod chained_support;

use chained_support::{VENUE, digest, first, key, next, policy, sealed, signed, signed_by};
use counterfoil::bundle::paths;
use counterfoil::code::Coded as _;
use counterfoil::hash::{Digest, Tag};
use counterfoil::json;
use counterfoil::policy::Policy;
use counterfoil::publish::statement_kinds::{KeyRotation, KeySet, VoidStatement, Voided};
use counterfoil::publish::{self, Statement};
use counterfoil::reconcile::{History, Severity, Verdict, history, reconcile};
use counterfoil::signature::{Envelope, SigningKey};

const CRITICAL: Severity = Severity::Critical;
const EXCEPTION: Severity = Severity::Exception;

fn found(subject: &Statement, further: &[Vec<u8>]) -> (History, Vec<(u16, Severity)>) {
    let files = sealed(first().cutoff, |files| {
        files.insert(paths::STATEMENT.to_owned(), signed(subject));
        for (number, file) in further.iter().enumerate() {
            files.insert(format!("statements/{number}.json"), file.clone());
        }
    });
    let (history, findings) = history(&files, &policy()).unwrap().unwrap();
    let codes = findings.iter().filter(|found| matches!(found.code.number, 3200..=3299 | 7100..=7108));
    (history, codes.map(|found| (found.code.number, found.severity)).collect())
}

/// A document of another kind, signed by these keys, and its digest.
fn file<T: serde::Serialize>(document: &T, keys: &[&SigningKey]) -> (Vec<u8>, Digest) {
    let mut envelope = Envelope { document: json::canonical(document).unwrap(), signatures: Vec::new() };
    for key in keys {
        envelope.add(key.sign(Tag::Statement, &envelope.document).unwrap());
    }
    (envelope.to_file("statement").unwrap(), publish::digest(&envelope.document))
}

fn void(voided: &Statement, sequence: u64, predecessor: Digest) -> (Vec<u8>, Digest) {
    let document = VoidStatement {
        format: "counterfoil-statement-v1".to_owned(),
        issued: voided.cutoff,
        kind: "void".to_owned(),
        predecessor,
        reason: "wrong export".to_owned(),
        sequence,
        tool: "test".to_owned(),
        venue: voided.venue.clone(),
        voids: Voided { digest: digest(voided), sequence: voided.sequence },
    };
    file(&document, &[&key("venue")])
}

fn rotation(before: &Statement, new: &SigningKey) -> (Vec<u8>, Digest) {
    let document = KeyRotation {
        format: "counterfoil-statement-v1".to_owned(),
        issued: before.cutoff,
        kind: "key-rotation".to_owned(),
        new: KeySet { keys: vec![new.public_key()], threshold: 1 },
        predecessor: digest(before),
        reason: "yearly".to_owned(),
        sequence: before.sequence + 1,
        tool: "test".to_owned(),
        venue: before.venue.clone(),
    };
    file(&document, &[&key("venue"), new])
}

/// The snapshot that follows `before` over one statement of another kind.
fn over(before: &Statement, between: Digest) -> Statement {
    let next = next(before);
    Statement { sequence: next.sequence + 1, predecessor: Some(between), ..next }
}

#[test]
fn a_snapshot_follows_over_a_withdrawal() {
    let zero = first();
    let (withdrawal, at) = void(&zero, 1, digest(&zero));
    let two = over(&zero, at);
    let (history, codes) = found(&two, &[signed(&zero), withdrawal.clone()]);
    assert_eq!(codes, [(3232, EXCEPTION)]);
    assert_eq!(history.predecessor().map(|known| known.digest()), Some(digest(&zero)));
    // the link is missing, or another one
    assert_eq!(found(&two, &[signed(&zero)]).1, [(7103, EXCEPTION)]);
    let apart = over(&zero, digest(&zero));
    assert_eq!(found(&apart, &[signed(&zero), withdrawal]).1, [(3232, EXCEPTION), (7103, EXCEPTION)]);
    // a withdrawal and a snapshot for one number
    let (beside, _) = void(&zero, 1, digest(&zero));
    let one = next(&zero);
    assert_eq!(found(&one, &[signed(&zero), beside]).1, [(7101, CRITICAL), (3232, EXCEPTION)]);
}

#[test]
fn a_withdrawn_statement_is_not_determinable() {
    let zero = first();
    let (withdrawal, _) = void(&zero, 1, digest(&zero));
    assert_eq!(found(&zero, std::slice::from_ref(&withdrawal)).1, [(3232, CRITICAL)]);
    let files = sealed(zero.cutoff, |files| {
        files.insert("statements/1.json".to_owned(), withdrawal);
    });
    let report = reconcile(&files, &policy()).unwrap();
    assert!(report.assets.iter().all(|asset| asset.verdict != Verdict::Covered));
}

#[test]
fn a_change_of_keys_in_a_bundle_is_announced() {
    let zero = first();
    let new = key("another");
    let (change, at) = rotation(&zero, &new);
    assert_eq!(found(&zero, std::slice::from_ref(&change)).1, [(3231, CRITICAL)]);
    let mut two = over(&zero, at);
    two.venue.keys = vec![new.public_key()];
    // what the new keys sign is not used, and what the old ones sign behind the change neither
    let codes = found(&zero, &[change.clone(), signed_by(&two, &new)]).1;
    assert_eq!(codes, [(7107, EXCEPTION), (3231, CRITICAL)]);
    let codes = found(&zero, &[change, signed(&two)]).1;
    assert_eq!(codes, [(7107, EXCEPTION), (3231, CRITICAL)]);
    // one that nobody has accepted is no change
    let (alone, _) = {
        let (file, _) = rotation(&zero, &new);
        let mut envelope = Envelope::parse(&file, "statement").unwrap();
        envelope.signatures.retain(|signature| signature.public_key() != new.public_key());
        (envelope.to_file("statement").unwrap(), ())
    };
    assert_eq!(found(&zero, &[alone]).1, [(7107, EXCEPTION), (7107, EXCEPTION)]);
}

/// Whoever pins the new keys reads a bundle whose statement the old ones have signed.
#[test]
fn a_bundle_of_before_a_change_is_read_under_the_new_keys() {
    let zero = first();
    let (old, new) = (key("venue"), key("another"));
    let text = VENUE.policy.replacen(&old.public_key().key, &new.public_key().key, 1);
    let log = "[log]\nkey = \"log.example/example-exchange+560e2645+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx\"\nquorum = 0\n";
    let (pinned, unlogged) = (Policy::parse(&format!("{text}\n{log}")).unwrap(), Policy::parse(&text).unwrap());
    let (change, at) = rotation(&zero, &new);
    let bundle = |subject: Vec<u8>, further: Option<&Vec<u8>>| {
        sealed(zero.cutoff, |files| {
            files.insert(paths::STATEMENT.to_owned(), subject);
            files.extend(further.map(|file| ("statements/1.json".to_owned(), file.clone())));
        })
    };
    let read_by =
        |files, policy: &Policy| history(&files, policy).map(|_| ()).map_err(|error| error.code().to_string());
    let read = |files| read_by(files, &pinned);
    assert_eq!(read(bundle(signed(&zero), None)), Err("CF-3006".to_owned()));
    assert_eq!(read(bundle(signed(&zero), Some(&change))), Ok(()));
    // one number has one statement in the log; without a log, a thief of the old keys signs as many as he likes
    assert_eq!(read_by(bundle(signed(&zero), Some(&change)), &unlogged), Err("CF-3006".to_owned()));
    let report = reconcile(&bundle(signed(&zero), Some(&change)), &pinned).unwrap();
    assert!(report.assets.iter().all(|asset| asset.verdict != Verdict::Covered));
    assert!(report.findings.iter().any(|found| found.code.number == 3113 && found.severity == CRITICAL));
    // behind the change the old keys are nobody
    let mut two = over(&zero, at);
    two.venue.keys = vec![new.public_key()];
    assert_eq!(read(bundle(signed(&two), Some(&change))), Err("CF-3233".to_owned()));
    assert_eq!(read(bundle(signed_by(&two, &new), Some(&change))), Ok(()));
    let under_old = history(&bundle(signed_by(&two, &new), Some(&change)), &policy());
    assert_eq!(under_old.unwrap_err().code().to_string(), "CF-3231");
}

/// A second change that does not fit must not hide the first one.
#[test]
fn a_change_of_keys_is_told_beside_one_that_does_not_fit() {
    let zero = first();
    let (change, _) = rotation(&zero, &key("another"));
    let (beside, _) = rotation(&zero, &key("a third"));
    let codes = found(&zero, &[change, beside]).1;
    assert_eq!(codes.iter().filter(|found| **found == (3231, CRITICAL)).count(), 2, "{codes:?}");
}

#[test]
fn a_withdrawal_names_the_statement_of_the_bundle() {
    let zero = first();
    let other = Statement { account_hint: "another".to_owned(), ..zero.clone() };
    let (withdrawal, _) = void(&other, 1, digest(&other));
    assert_eq!(found(&zero, &[withdrawal]).1, [(3235, CRITICAL), (3232, EXCEPTION)]);
}
