//! Venue cards: what a customer pins. Specification: `docs/spec/venue-card.md`.
//!
//! Nobody signs a card. It is as good as the second source with which its fingerprint was compared, and it never comes
//! from where the proof comes from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::code::{Code, Coded, publish as codes};
use crate::hash::{Digest, Tag};
use crate::json::{self, JsonError, uint};
use crate::publish::StatementPins;
use crate::signature::{PublicKey, SignatureError, signed_digest};
use crate::snapshot::VenueId;

/// The format's name.
pub const FORMAT: &str = "counterfoil-venue-card-v1";
/// A card above this size is not read: it fits on paper.
pub const FILE_SIZE_MAX: u64 = 1 << 20;
/// So many digits of the digest are compared by people: 16 bytes.
const FINGERPRINT_DIGITS: usize = 32;

/// The card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueCard {
    /// [`FORMAT`].
    pub format: String,
    /// The log, and who watches it; none when the venue has none.
    #[serde(deserialize_with = "required")]
    pub log: Option<CardLog>,
    /// SHA-256 of the customer's page.
    #[serde(deserialize_with = "required")]
    pub page: Option<Digest>,
    /// The venue.
    pub venue: CardVenue,
}

/// A field that may be null, and may not be left out.
fn required<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// The venue and its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardVenue {
    /// Short name, as it stands in its statements.
    pub id: VenueId,
    /// Its keys, strictly increasing.
    pub keys: Vec<PublicKey>,
    /// Who owes.
    pub legal_entity: String,
    /// The name of its log.
    pub log_origin: String,
    /// How many of the keys must have signed.
    #[serde(with = "uint")]
    pub threshold: u64,
}

/// The log's key and its witnesses, as C2SP signed notes write keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardLog {
    /// The key that signs the log's checkpoints.
    pub key: String,
    /// How many of the witnesses must have signed a checkpoint, too.
    #[serde(with = "uint")]
    pub quorum: u64,
    /// Who watches that everybody is shown one log.
    pub witnesses: Vec<CardWitness>,
}

/// A witness of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardWitness {
    /// Its key.
    pub key: String,
    /// Who that is, in words.
    pub name: String,
}

/// Why a card is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Fields contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// Another fingerprint than the one that the customer was told.
    #[error("got {got}, expected {expected}")]
    Fingerprint {
        /// Of the card.
        got: String,
        /// What was told.
        expected: String,
    },
    /// What was told is too short, too long, or no fingerprint at all.
    #[error("got {0:?}, expected 32 hexadecimal digits, with or without spaces")]
    Told(String),
    /// Not strict JSON of the right shape.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// A key that is none.
    #[error("{0}")]
    Key(#[from] SignatureError),
}

impl Coded for CardError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Fingerprint { .. } => &codes::OTHER_FINGERPRINT,
            Self::Told(_) => &codes::FINGERPRINT_TOLD,
            Self::Contradiction(_) | Self::Json(_) | Self::Key(_) => &codes::VENUE_CARD,
        }
    }
}

impl VenueCard {
    /// Reads a card.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn parse(file: &[u8]) -> Result<Self, CardError> {
        let card: Self = json::read(file)?;
        card.check()?;
        Ok(card)
    }

    /// Whether the fields fit together.
    ///
    /// # Errors
    /// [`CardError::Contradiction`], [`CardError::Key`].
    pub fn check(&self) -> Result<(), CardError> {
        let fail = |detail: String| Err(CardError::Contradiction(detail));
        let CardVenue { keys, legal_entity, log_origin, threshold, .. } = &self.venue;
        if self.format != FORMAT {
            return fail(format!("format {:?}, expected {FORMAT:?}", self.format));
        }
        if legal_entity.is_empty() || log_origin.is_empty() {
            return fail("legal_entity and log_origin are not empty".to_owned());
        }
        if !keys.is_sorted_by(|left, right| left < right) {
            return fail("the keys are not strictly increasing".to_owned());
        }
        for key in keys {
            key.check()?;
        }
        if keys.iter().map(PublicKey::x).collect::<BTreeSet<_>>().len() != keys.len() {
            return fail("two keys have one x coordinate, so one secret signs for both".to_owned());
        }
        if *threshold == 0 || *threshold > keys.len() as u64 {
            return fail(format!("{threshold} signatures of {} keys are demanded", keys.len()));
        }
        let Some(CardLog { key, quorum, witnesses }) = &self.log else { return Ok(()) };
        if key.is_empty() || witnesses.iter().any(|witness| witness.key.is_empty() || witness.name.is_empty()) {
            return fail("a key or name of log or witnesses is empty".to_owned());
        }
        if *quorum > witnesses.len() as u64 {
            return fail(format!("{quorum} cosignatures of {} witnesses are demanded", witnesses.len()));
        }
        Ok(())
    }

    /// What names the card.
    ///
    /// # Errors
    /// [`JsonError`], which a card that was read does not give.
    pub fn digest(&self) -> Result<Digest, JsonError> {
        let bytes = json::canonical(self)?;
        Ok(Digest::from_bytes(signed_digest(Tag::VenueCard, &bytes)))
    }

    /// What people compare: 16 bytes of the digest, in groups of four digits.
    ///
    /// # Errors
    /// [`JsonError`], which a card that was read does not give.
    pub fn fingerprint(&self) -> Result<String, JsonError> {
        let digits: Vec<char> = self.digest()?.to_string().chars().take(FINGERPRINT_DIGITS).collect();
        Ok(digits.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" "))
    }

    /// Compares with the fingerprint that the customer got from a second source; spaces and case do not matter.
    ///
    /// # Errors
    /// [`CardError::Fingerprint`]; [`CardError::Told`] if what was told cannot be one.
    pub fn compare(&self, told: &str) -> Result<(), CardError> {
        let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
        let got = self.fingerprint()?;
        let (made, expected) = (plain(&got), plain(told));
        if expected.len() != made.len() || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(CardError::Told(told.to_owned()));
        }
        if made != expected {
            return Err(CardError::Fingerprint { got, expected: told.to_owned() });
        }
        Ok(())
    }

    /// What a statement of this venue is checked with.
    #[must_use]
    pub fn statement_pins(&self) -> StatementPins<'_> {
        let CardVenue { id, keys, log_origin, threshold, .. } = &self.venue;
        StatementPins { venue: id, log_origin, keys, threshold: *threshold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = r#"{"format":"counterfoil-venue-card-v1",
        "log":{"key":"log.example+1+A","quorum":"1","witnesses":[{"key":"w+1+A","name":"A union"}]},"page":null,
        "venue":{"id":"example","keys":[
            {"alg":"bip340","key":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"},
            {"alg":"ecdsa-secp256k1","key":"02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"}],
        "legal_entity":"Example Ltd","log_origin":"log.example","threshold":"2"}}"#;

    fn code(text: &str) -> u16 {
        VenueCard::parse(text.as_bytes()).expect_err("a refusal").code().number
    }

    #[test]
    fn a_card_has_one_fingerprint_however_it_was_pasted() {
        let card = VenueCard::parse(CARD.as_bytes()).expect("a card");
        let canonical = json::canonical(&card).expect("no numbers");
        assert_eq!(VenueCard::parse(&canonical).expect("a card"), card);
        let fingerprint = card.fingerprint().expect("a digest");
        assert_eq!(fingerprint, "94a5 d77f 2009 4265 9c18 8b1d 924d 2b49");
        assert_eq!(card.compare(&fingerprint.to_uppercase().replace(' ', "")), Ok(()));
        let other = fingerprint.replace("2b49", "2b48");
        let error = card.compare(&other).expect_err("another one");
        assert_eq!((error.code().number, error.to_string()), (3021, format!("got {fingerprint}, expected {other}")));
        for told in ["94a5", "", &format!("{fingerprint}0"), &fingerprint.replace("94a5", "94ag")] {
            let error = card.compare(told).expect_err("no fingerprint");
            let expected = format!("got {told:?}, expected 32 hexadecimal digits, with or without spaces");
            assert_eq!((error.code().number, error.to_string()), (3029, expected));
        }
    }

    #[test]
    fn each_rule_of_a_card_refuses() {
        for (from, to) in [
            ("venue-card-v1", "venue-card-v2"),
            ("\"page\":null,", ""),
            ("\"threshold\":\"2\"", "\"threshold\":\"3\""),
            ("\"threshold\":\"2\"", "\"threshold\":\"0\""),
            ("\"threshold\":\"2\"", "\"threshold\":2"),
            ("\"quorum\":\"1\"", "\"quorum\":\"2\""),
            ("\"legal_entity\":\"Example Ltd\"", "\"legal_entity\":\"\""),
            ("\"log_origin\":\"log.example\"", "\"log_origin\":\"\""),
            ("\"name\":\"A union\"", "\"name\":\"\""),
            ("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5", "02c6"),
            (
                "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
                "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            ),
            ("bip340", "ecdsa-secp256k1"),
        ] {
            assert!(CARD.contains(from), "{from}");
            assert_eq!(code(&CARD.replacen(from, to, 1)), 3020, "{from} to {to}");
        }
    }
}
