//! The example venue, and statements that follow its first one.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, missing_docs)]

use std::sync::LazyLock;

use counterfoil::bundle::{MANIFEST, MemoryFiles, paths, seal};
use counterfoil::hash::{Digest, sha256};
use counterfoil::json;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::publish::{self, Statement};
use counterfoil::reconcile::{Finding, Report, Severity, reconcile};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;

pub(crate) const DAY: i64 = 86_400;

pub(crate) static VENUE: LazyLock<ExampleVenue> = LazyLock::new(|| ExampleVenue::new().unwrap());

/// The example's keys are public: SHA-256 of their purpose.
pub(crate) fn key(purpose: &str) -> SigningKey {
    let mut seed = sha256(format!("example venue: {purpose}").as_bytes()).to_bytes();
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed)).unwrap()
}

pub(crate) fn policy() -> Policy {
    Policy::parse(&VENUE.policy).unwrap()
}

/// The example's statement, which is the first.
pub(crate) fn first() -> Statement {
    publish::parse(&VENUE.draft).unwrap()
}

/// The statement after this one, a period later, as it was announced.
pub(crate) fn next(before: &Statement) -> Statement {
    let later = |time: Time| Time::from_unix(time.unix() + 30 * DAY);
    Statement {
        sequence: before.sequence + 1,
        predecessor: Some(digest(before)),
        cutoff: before.next_cutoff,
        next_cutoff: later(before.next_cutoff),
        due: later(before.due),
        ..before.clone()
    }
}

/// A statement before the example's: everything the same, a period earlier.
pub(crate) fn before(after: &Statement) -> Statement {
    let earlier = |time: Time| Time::from_unix(time.unix() - 30 * DAY);
    Statement {
        sequence: 0,
        predecessor: None,
        cutoff: earlier(after.cutoff),
        next_cutoff: after.cutoff,
        due: earlier(after.due),
        ..after.clone()
    }
}

pub(crate) fn digest(statement: &Statement) -> Digest {
    publish::digest(&json::canonical(statement).unwrap())
}

pub(crate) fn signed_by(statement: &Statement, key: &SigningKey) -> Vec<u8> {
    let mut envelope = Envelope { document: json::canonical(statement).unwrap(), signatures: Vec::new() };
    envelope.add(key.sign(counterfoil::hash::Tag::Statement, &envelope.document).unwrap());
    envelope.to_file("statement").unwrap()
}

pub(crate) fn signed(statement: &Statement) -> Vec<u8> {
    signed_by(statement, &key("venue"))
}

/// The example's bundle with further statements, sealed at `sealed_at`.
pub(crate) fn bundle(subject: &Statement, further: &[&Statement], sealed_at: Time) -> MemoryFiles {
    sealed(sealed_at, |files| {
        files.insert(paths::STATEMENT.to_owned(), signed(subject));
        for (number, statement) in further.iter().enumerate() {
            files.insert(format!("{}{number}.json", paths::STATEMENTS), signed(statement));
        }
    })
}

/// The example's bundle, changed and sealed again.
pub(crate) fn sealed(sealed_at: Time, change: impl FnOnce(&mut MemoryFiles)) -> MemoryFiles {
    let mut files = VENUE.bundle.clone();
    files.remove(MANIFEST);
    change(&mut files);
    let manifest = seal(&files, "a test", sealed_at, &key("venue")).unwrap();
    files.insert(MANIFEST.to_owned(), manifest);
    files
}

pub(crate) fn report(files: &MemoryFiles) -> Report {
    reconcile(files, &policy()).unwrap()
}

/// Codes and weights of what is found about statements and their chain.
pub(crate) fn chain_codes(findings: &[Finding]) -> Vec<(u16, Severity)> {
    let about = findings.iter().filter(|finding| (7100..7140).contains(&finding.code.number));
    about.map(|finding| (finding.code.number, finding.severity)).collect()
}
