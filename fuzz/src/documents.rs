//! Documents in JSON: proofs, statements, and the reader below them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use counterfoil::json;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::liability::inclusion_proof::{InclusionProof, InclusionQuery, VerifiedInclusion, verify};
use counterfoil::policy::Policy;
use counterfoil::publish;
use counterfoil::signature::Envelope;

use super::honest::{ACCOUNTS, BOUND, CREDENTIAL, builds, reference};

/// Reads a proof, and asks whether it answers a customer's question. Whatever is accepted, the venue has committed.
pub fn inclusion_proof(data: &[u8]) {
    let Ok(proof) = InclusionProof::parse(data) else { return };
    let written = json::canonical(&proof).unwrap();
    assert_eq!(InclusionProof::parse(&written).unwrap(), proof, "what is written is not read as the same");
    let (statement, expected) = (reference(), BTreeMap::new());
    for build in builds() {
        for account in ACCOUNTS {
            let credential = if account == BOUND { CREDENTIAL } else { "" };
            let query =
                InclusionQuery { statement: &statement, rows: &build.rows, account, credential, expected: &expected };
            let Ok(found) = verify(&query, &proof) else { continue };
            let honest = verify(&query, build.proofs.get(account).expect("an account that is nobody's has a proof"));
            committed(&found, &honest.unwrap());
        }
    }
}

/// A leaf can be left out. What is there says what the venue's own proof says.
pub fn committed(found: &[VerifiedInclusion], honest: &[VerifiedInclusion]) {
    assert!(!found.is_empty());
    assert!(found.iter().all(|leaf| honest.contains(leaf)), "accepted: {found:?}\ncommitted: {honest:?}");
}

pub fn venue() -> &'static (ExampleVenue, Policy) {
    static VENUE: OnceLock<(ExampleVenue, Policy)> = OnceLock::new();
    VENUE.get_or_init(|| {
        let venue = ExampleVenue::new().unwrap();
        let policy = Policy::parse(&venue.policy).unwrap();
        (venue, policy)
    })
}

/// A statement as its venue signed it, or before that.
pub fn honest_statement(signed: bool) -> Vec<u8> {
    let (venue, _) = venue();
    if signed { venue.statement.clone() } else { venue.draft.clone() }
}

/// Reads a statement as a draft and as a signed file. The only one that is accepted is the one that was signed.
pub fn statement(data: &[u8]) {
    let (venue, policy) = venue();
    if let Ok(envelope) = Envelope::parse(data, "statement") {
        assert_eq!(envelope.to_file("statement").unwrap(), data, "a file has one form");
    }
    let accepted = publish::verify(data, &policy.statement_pins()).is_ok();
    assert!(!accepted || data == venue.statement, "a statement that nobody signed is accepted");
    if let Ok(statement) = publish::parse(data) {
        assert_eq!(json::canonical(&statement).unwrap(), data, "a draft has one form");
    }
}

/// Reads JSON, and writes it in its one form.
pub fn json(data: &[u8]) {
    if let Ok(value) = json::parse(data) {
        let canonical = json::canonical(&value).unwrap();
        assert_eq!(json::parse_canonical(&canonical).unwrap(), value);
        assert_eq!(json::parse_canonical(data).is_ok(), canonical == data, "the one form is another");
    } else {
        assert!(json::parse_canonical(data).is_err());
    }
}
