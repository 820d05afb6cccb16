//! Runners of signed statements and of venue cards.

use counterfoil::code::{Code, Coded as _};
use counterfoil::json::uint;
use counterfoil::publish::venue_card::VenueCard;
use counterfoil::publish::{self, StatementPins, VerifiedStatement};
use counterfoil::signature::PublicKey;
use counterfoil::snapshot::VenueId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, bytes, typed, valid};

/// What a verifier pins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) venue: VenueId,
    pub(crate) log_origin: String,
    pub(crate) keys: Vec<PublicKey>,
    #[serde(with = "uint")]
    pub(crate) threshold: u64,
}

/// The statement in a signed file, checked under a policy.
pub(crate) fn verify_statement(file: &[u8], policy: &Policy) -> Result<VerifiedStatement, &'static Code> {
    let pins = StatementPins {
        venue: &policy.venue,
        log_origin: &policy.log_origin,
        keys: &policy.keys,
        threshold: policy.threshold,
    };
    publish::verify(file, &pins).map_err(|error| error.code())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementQuery {
    policy: Policy,
}

pub(super) fn statement(query: &Value, sent: &Sent) -> Run {
    let query: StatementQuery = typed(query)?;
    match verify_statement(bytes(sent)?, &query.policy) {
        Ok(verified) => {
            let rows = &verified.statement().liabilities;
            valid(json!({
                "commitments": rows.iter().map(|row| row.digest()).collect::<Vec<_>>(),
                "digest": verified.digest(),
                "signed_by": verified.signers(),
            }))
        }
        Err(code) => Ok(Outcome::Refused(code)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardQuery {
    /// What a second source told; none when nothing is compared.
    fingerprint: Option<String>,
}

pub(super) fn venue_card(query: &Value, sent: &Sent) -> Run {
    let query: CardQuery = typed(query)?;
    let found = VenueCard::parse(bytes(sent)?).and_then(|card| {
        query.fingerprint.as_deref().map_or(Ok(()), |told| card.compare(told))?;
        Ok((card.digest()?, card.fingerprint()?))
    });
    match found {
        Ok((digest, fingerprint)) => valid(json!({"digest": digest, "fingerprint": fingerprint})),
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}
