//! Challenges: the one line that keys sign, and the document behind it. Specification: `docs/spec/challenge.md`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::asset::ChainId;
use crate::code::{Code, Coded, bundle as codes};
use crate::hash::{Digest, decode_lower, sha256};
use crate::json::{self, JsonError, uint};
use crate::signature::PublicKey;
use crate::snapshot::{BlockRef, Time, VenueId};

const FORMAT: &str = "counterfoil-challenge-v1";
/// The longest line that the devices of the field display and sign.
pub const LINE_LENGTH_MAX: usize = 160;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The whole address set, until it expires: cold keys are not touched for every snapshot.
    Custody,
}

/// The set that is challenged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengedSet {
    /// Addresses in it.
    #[serde(with = "uint")]
    pub count: u64,
    /// Root over them.
    pub root: Digest,
}

/// The venue that is challenged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengedVenue {
    /// Short name.
    pub id: VenueId,
    /// Keys that sign its statements.
    pub keys: Vec<PublicKey>,
}

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// `counterfoil-challenge-v1`.
    pub format: String,
    /// What it is for.
    pub purpose: Purpose,
    /// 8 lower-case hexadecimal digits that tell challenges apart on a device's display.
    pub id: String,
    /// 32 lower-case hexadecimal digits.
    pub nonce: String,
    /// Whose keys.
    pub venue: ChallengedVenue,
    /// The venue's log.
    pub log_origin: String,
    /// Which addresses.
    pub address_set: ChallengedSet,
    /// A recent block of every chain: a signature over its hash was made after it.
    pub blocks: Vec<BlockRef>,
    /// When it was issued.
    pub issued: Time,
    /// When it expires: midnight.
    pub expires: Time,
}

/// What the verifier already knows of a challenge, from statement and address set.
#[derive(Clone, Debug)]
pub struct ChallengeQuery<'a> {
    /// The venue.
    pub venue: &'a VenueId,
    /// Its keys.
    pub keys: &'a [PublicKey],
    /// Its log.
    pub log_origin: &'a str,
    /// Root of the address set.
    pub root: Digest,
    /// Addresses in it.
    pub count: u64,
    /// Chains that occur in it.
    pub chains: &'a BTreeSet<ChainId>,
    /// The cut-off of the statement.
    pub cutoff: Time,
}

/// Why a challenge is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// It binds something else.
    #[error("it is for {what} {got}, expected {expected}")]
    Binds {
        /// Venue, log, address set, …
        what: &'static str,
        /// In the document.
        got: String,
        /// From the statement.
        expected: String,
    },
    /// Not strict canonical JSON of its shape.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// Fields do not fit.
    #[error("{0}")]
    Shape(String),
    /// Not valid at the cut-off.
    #[error("it is valid from {issued} to {expires}, the cut-off is {cutoff}")]
    Validity {
        /// When it was issued.
        issued: Time,
        /// When it expires.
        expires: Time,
        /// The cut-off.
        cutoff: Time,
    },
}

impl Coded for ChallengeError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Json(error @ (JsonError::Number { .. } | JsonError::DuplicateKey { .. })) => error.code(),
            _ => &codes::CHALLENGE_MALFORMED,
        }
    }
}

impl Challenge {
    /// A new custody challenge.
    ///
    /// # Errors
    /// [`ChallengeError::Shape`].
    pub fn custody(
        venue: ChallengedVenue,
        log_origin: &str,
        address_set: ChallengedSet,
        mut blocks: Vec<BlockRef>,
        (issued, expires): (Time, Time),
        random: [u8; 20],
    ) -> Result<Self, ChallengeError> {
        blocks.sort_by(|left, right| left.chain.cmp(&right.chain));
        let (id, nonce) = random.split_at(4);
        let challenge = Self {
            format: FORMAT.to_owned(),
            purpose: Purpose::Custody,
            id: hex::encode(id),
            nonce: hex::encode(nonce),
            venue,
            log_origin: log_origin.to_owned(),
            address_set,
            blocks,
            issued,
            expires,
        };
        challenge.check_shape()?;
        Ok(challenge)
    }

    /// The document's bytes.
    ///
    /// # Errors
    /// [`JsonError`], which no challenge causes.
    pub fn to_file(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(self)
    }

    fn check_shape(&self) -> Result<(), ChallengeError> {
        let fail = |detail: String| Err(ChallengeError::Shape(detail));
        if self.format != FORMAT {
            return fail(format!("format {:?}, expected {FORMAT:?}", self.format));
        }
        if decode_lower::<4>(&self.id).is_none() || decode_lower::<16>(&self.nonce).is_none() {
            return fail("id and nonce are 8 and 32 lower-case hexadecimal digits".to_owned());
        }
        if self.expires.unix().rem_euclid(86_400) != 0 {
            return fail(format!("expires {}, expected midnight", self.expires));
        }
        if self.issued >= self.expires {
            return fail(format!("issued {} is not before expires {}", self.issued, self.expires));
        }
        if !self.blocks.is_sorted_by(|left, right| left.chain < right.chain) {
            return fail("the blocks are not in strictly increasing order of their chains".to_owned());
        }
        Ok(())
    }

    /// The line that every key signs, computed from the document.
    ///
    /// # Errors
    /// [`ChallengeError::Shape`] when it would be longer than [`LINE_LENGTH_MAX`].
    pub fn line(&self) -> Result<String, ChallengeError> {
        let digest = sha256(&self.to_file()?);
        let expires = self.expires.to_string();
        let date = expires.split_once('T').map_or(expires.as_str(), |(date, _)| date);
        let line = format!("counterfoil v1 {} {} exp {date} sha256 {digest}", self.venue.id, self.id);
        if line.len() > LINE_LENGTH_MAX || !line.is_ascii() {
            return Err(ChallengeError::Shape(format!("the line has {} characters, at most 160", line.len())));
        }
        Ok(line)
    }
}

/// A challenge that binds what the statement says. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedChallenge {
    challenge: Challenge,
    line: String,
    digest: Digest,
}

impl VerifiedChallenge {
    /// The document.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// The line that signatures must be over.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// SHA-256 of the document.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Reads a challenge document; nothing is said about whom it binds.
///
/// # Errors
/// [`ChallengeError`].
pub fn parse(file: &[u8]) -> Result<Challenge, ChallengeError> {
    let challenge: Challenge = json::read_canonical(file)?;
    challenge.check_shape()?;
    Ok(challenge)
}

/// Checks that a challenge binds this venue, this set and this time.
///
/// # Errors
/// [`ChallengeError`].
pub fn verify(file: &[u8], query: &ChallengeQuery<'_>) -> Result<VerifiedChallenge, ChallengeError> {
    let challenge = parse(file)?;
    let binds = |what, got: String, expected: String| {
        if got == expected { Ok(()) } else { Err(ChallengeError::Binds { what, got, expected }) }
    };
    let keys = |keys: &[PublicKey]| keys.iter().map(PublicKey::to_string).collect::<Vec<_>>().join(", ");
    binds("venue", challenge.venue.id.to_string(), query.venue.to_string())?;
    // keys are compared one by one: the text of a strange key could look like two good ones
    if challenge.venue.keys != query.keys {
        let (got, expected) = (keys(&challenge.venue.keys), keys(query.keys));
        return Err(ChallengeError::Binds { what: "keys", got, expected });
    }
    binds("log", challenge.log_origin.clone(), query.log_origin.to_owned())?;
    binds("address set", challenge.address_set.root.to_string(), query.root.to_string())?;
    binds("number of addresses", challenge.address_set.count.to_string(), query.count.to_string())?;
    let chains = |chains: Vec<&ChainId>| chains.into_iter().map(ChainId::as_str).collect::<Vec<_>>().join(", ");
    let bound = challenge.blocks.iter().map(|block| &block.chain).collect();
    binds("chains", chains(bound), chains(query.chains.iter().collect()))?;
    let (issued, expires, cutoff) = (challenge.issued, challenge.expires, query.cutoff);
    if issued > cutoff || cutoff >= expires {
        return Err(ChallengeError::Validity { issued, expires, cutoff });
    }
    Ok(VerifiedChallenge { line: challenge.line()?, digest: sha256(file), challenge })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(issued: &str, expires: &str, chains: &[&str]) -> Result<Challenge, ChallengeError> {
        let block = |chain: &&str| BlockRef { chain: chain.parse().expect("a chain"), height: 7, hash: sha256(b"7") };
        Challenge::custody(
            ChallengedVenue { id: "example".parse().expect("a name"), keys: Vec::new() },
            "log.example/por",
            ChallengedSet { count: 2, root: sha256(b"set") },
            chains.iter().map(block).collect(),
            (issued.parse().expect("a time"), expires.parse().expect("a time")),
            [0xab; 20],
        )
    }

    fn good() -> Challenge {
        challenge("2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z", &["eip155:1", "eip155:10"]).expect("in order")
    }

    fn code(challenge: &Challenge) -> Option<&'static str> {
        let file = challenge.to_file().expect("canonical");
        parse(&file).err().map(|error| error.code().name)
    }

    #[test]
    fn the_line_is_computed_from_the_document() {
        let challenge = good();
        let digest = sha256(&challenge.to_file().expect("canonical"));
        let line = format!("counterfoil v1 example abababab exp 2027-11-01 sha256 {digest}");
        assert_eq!(challenge.line(), Ok(line));
        assert_eq!(parse(&challenge.to_file().expect("canonical")), Ok(challenge));
    }

    #[test]
    fn fields_that_do_not_fit_are_refused() {
        assert_eq!(code(&good()), None);
        let refused = |change: fn(&mut Challenge)| {
            let mut challenge = good();
            change(&mut challenge);
            assert_eq!(code(&challenge), Some("CHALLENGE_MALFORMED"), "{challenge:?}");
        };
        refused(|challenge| challenge.format.push('2'));
        refused(|challenge| challenge.id.push('0'));
        refused(|challenge| challenge.nonce.push('0'));
        refused(|challenge| challenge.expires = Time::from_unix(challenge.expires.unix() + 1));
        refused(|challenge| challenge.issued = challenge.expires);
        refused(|challenge| challenge.blocks.reverse());
        refused(|challenge| challenge.blocks[1] = challenge.blocks[0].clone());
        let numbered = String::from_utf8(good().to_file().expect("canonical")).expect("text");
        let numbered = numbered.replace("\"count\":\"2\"", "\"count\":2");
        assert_eq!(parse(numbered.as_bytes()).expect_err("a number").code().name, "JSON_NUMBER");
    }

    #[test]
    fn it_binds_what_the_statement_says() {
        let challenge = good();
        let file = challenge.to_file().expect("canonical");
        let (venue, other) = (challenge.venue.id.clone(), "another".parse().expect("a name"));
        let chains = challenge.blocks.iter().map(|block| block.chain.clone()).collect();
        let fewer = challenge.blocks.iter().take(1).map(|block| block.chain.clone()).collect();
        let query = ChallengeQuery {
            venue: &venue,
            keys: &[],
            log_origin: "log.example/por",
            root: sha256(b"set"),
            count: 2,
            chains: &chains,
            cutoff: challenge.issued,
        };
        let verified = verify(&file, &query).expect("the same");
        assert_eq!((verified.challenge(), verified.digest()), (&challenge, sha256(&file)));
        assert_eq!(Ok(verified.line().to_owned()), challenge.line());
        let binds = |query: ChallengeQuery<'_>| match verify(&file, &query) {
            Err(ChallengeError::Binds { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(binds(ChallengeQuery { venue: &other, ..query.clone() }), "venue");
        assert_eq!(binds(ChallengeQuery { log_origin: "log.example", ..query.clone() }), "log");
        assert_eq!(binds(ChallengeQuery { root: sha256(b"sets"), ..query.clone() }), "address set");
        assert_eq!(binds(ChallengeQuery { count: 3, ..query.clone() }), "number of addresses");
        assert_eq!(binds(ChallengeQuery { chains: &fewer, ..query.clone() }), "chains");
    }

    #[test]
    fn it_is_valid_from_its_issue_and_not_at_its_expiry() {
        let challenge = good();
        let file = challenge.to_file().expect("canonical");
        let chains = challenge.blocks.iter().map(|block| block.chain.clone()).collect();
        let at = |cutoff: i64| {
            let query = ChallengeQuery {
                venue: &challenge.venue.id,
                keys: &[],
                log_origin: "log.example/por",
                root: sha256(b"set"),
                count: 2,
                chains: &chains,
                cutoff: Time::from_unix(cutoff),
            };
            verify(&file, &query).is_ok()
        };
        let (issued, expires) = (challenge.issued.unix(), challenge.expires.unix());
        assert_eq!([issued - 1, issued, expires - 1, expires, expires + 1].map(at), [false, true, true, false, false]);
    }
}
