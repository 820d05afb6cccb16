//! A custodian's or issuer's bundle before it is put into one's own: the checks that everybody will make who reads it.
//! Specification: `docs/spec/bundle.md`.

use super::{ReconcileError, history};
use crate::bundle::{self, FileSource, SealedFiles, nested, paths};
use crate::code::{Code, Coded, finding as finding_codes, venues as codes};
use crate::liability::inclusion_proof::{self, InclusionError, InclusionProof, InclusionQuery, VerifiedInclusion};
use crate::policy::Policy;
use crate::publish::{self, StatementError, VerifiedStatement};
use crate::signature::{Envelope, PublicKey};
use crate::snapshot::{Time, VenueId};

/// What somebody is to the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Keeps coins for it.
    Custodian,
    /// Issued coins that it holds.
    Issuer,
}

impl Party {
    /// The word for it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Custodian => "custodian",
            Self::Issuer => "issuer",
        }
    }
}

/// A bundle that has a place in another one. Only [`check`] makes it.
#[derive(Clone, Debug)]
pub struct Enclosed {
    statement: VerifiedStatement,
    prefix: String,
    files: Vec<(String, bool)>,
}

impl Enclosed {
    /// Whose it is.
    #[must_use]
    pub fn party(&self) -> &VenueId {
        &self.statement.statement().venue.id
    }

    /// The folder that it gets, with a `/` at its end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Its files but the manifest, as they are named in it, and whether each is for auditors only. What this copy of it
    /// lacks is not among them.
    #[must_use]
    pub fn files(&self) -> &[(String, bool)] {
        &self.files
    }

    /// What the party's trees have for the venue, by the proof that it gave out. Account and credential are the name
    /// and a key in the venue's own statement.
    ///
    /// # Errors
    /// [`InclusionError`], that of the last key.
    pub fn included(&self, own: &VerifiedStatement, file: &[u8]) -> Result<Vec<VerifiedInclusion>, InclusionError> {
        let proof = InclusionProof::parse(file)?;
        let venue = &own.statement().venue;
        let one = |key: &PublicKey| {
            let query = InclusionQuery {
                statement: &self.statement.reference(),
                rows: &self.statement.statement().liabilities,
                account: venue.id.as_str(),
                credential: &key.to_string(),
                expected: &std::collections::BTreeMap::new(),
            };
            inclusion_proof::verify(&query, &proof)
        };
        let (first, others) = match venue.keys.split_first() {
            Some((first, others)) => (one(first), others),
            // no statement without a key is verified
            None => return Ok(Vec::new()),
        };
        others.iter().fold(first, |found, key| found.or_else(|_| one(key)))
    }
}

/// Why a bundle has no place in another one.
#[derive(Debug, thiserror::Error)]
pub enum EnclosedError {
    /// The bundle is not as sealed, or its statement is not the party's.
    #[error(transparent)]
    Bundle(#[from] ReconcileError),
    /// Another moment.
    #[error("the cut-off of {party} is {got}, expected {expected}")]
    Day {
        /// Whose bundle.
        party: VenueId,
        /// Its cut-off.
        got: Time,
        /// That of the own statement.
        expected: Time,
    },
    /// A path that is too long, or a bundle too deep.
    #[error("{path} of {party} would lie too deep, or have a name of more than 255 bytes")]
    Deep {
        /// Whose bundle.
        party: VenueId,
        /// The file.
        path: String,
    },
    /// The bundle is the venue's.
    #[error("it is of {0} itself")]
    Itself(VenueId),
    /// One key for both.
    #[error("{key} signs for {party} and for {venue}")]
    Key {
        /// The key.
        key: PublicKey,
        /// The custodian.
        party: VenueId,
        /// The venue.
        venue: VenueId,
    },
    /// A bundle without a statement.
    #[error("no statement.json; whose bundle it is, is unknown")]
    NoStatement,
    /// Nobody pins it.
    #[error("it is of {party}, which the policy does not pin as {}", role.text())]
    Unpinned {
        /// Whose bundle, by its own word.
        party: VenueId,
        /// The role asked for.
        role: Party,
    },
}

impl Coded for EnclosedError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Bundle(error) => error.code(),
            Self::Day { .. } => &codes::ENCLOSED_DAY,
            Self::Deep { .. } => &codes::ENCLOSED_DEEP,
            Self::Itself(_) => &codes::ENCLOSED_ITSELF,
            Self::Key { .. } => &codes::ENCLOSED_KEY,
            Self::NoStatement => &finding_codes::NO_LIABILITIES,
            Self::Unpinned { .. } => &codes::ENCLOSED_UNPINNED,
        }
    }
}

/// Checks the bundle in `files` for its place as that of a `role` in the bundle of whoever signed `own`. The policy,
/// which pins both, says who may be what.
///
/// # Errors
/// [`EnclosedError`].
pub fn check(
    files: &dyn FileSource,
    role: Party,
    policy: &Policy,
    own: &VerifiedStatement,
) -> Result<Enclosed, EnclosedError> {
    let sealed = bundle::open(files).map_err(ReconcileError::from)?;
    let files: &dyn FileSource = &SealedFiles::new(files, &sealed);
    let file = files.read(paths::STATEMENT).map_err(ReconcileError::from)?.ok_or(EnclosedError::NoStatement)?;
    let party = named(&file).map_err(ReconcileError::from)?;
    let venue = &own.statement().venue;
    if party == venue.id {
        return Err(EnclosedError::Itself(party));
    }
    let about = match role {
        Party::Custodian => policy.custodians().iter().find(|pinned| pinned.id == party).map(|one| policy.about(one)),
        Party::Issuer => {
            let issuer = policy.issuers().iter().find(|issuer| issuer.pinned.id == party);
            issuer.map(|issuer| policy.about_issuer(issuer))
        }
    };
    let about = about.ok_or(EnclosedError::Unpinned { party: party.clone(), role })?;
    let statement = history::subject(files, &about, &file)?;
    let theirs = statement.statement();
    if role == Party::Custodian {
        // one secret signs by both algorithms: keys are compared by their x coordinates
        let own_keys = || venue.keys.iter().chain(&policy.venue().keys);
        let keys = theirs.venue.keys.iter().chain(&about.venue().keys);
        if let Some(key) = keys.into_iter().find(|key| own_keys().any(|own| own.x() == key.x())) {
            return Err(EnclosedError::Key { key: key.clone(), party, venue: venue.id.clone() });
        }
    }
    if theirs.cutoff != own.statement().cutoff {
        return Err(EnclosedError::Day { party, got: theirs.cutoff, expected: own.statement().cutoff });
    }
    let prefix = match role {
        Party::Custodian => paths::custodian(&party),
        Party::Issuer => paths::issuer(&party),
    };
    let all = &sealed.manifest().files;
    if let Some(path) = nested::misplaced(&prefix, all.iter().map(|entry| entry.path.as_str())) {
        return Err(EnclosedError::Deep { party, path: path.to_owned() });
    }
    let there = all.iter().filter(|entry| !sealed.is_absent(&entry.path));
    let files = there.map(|entry| (entry.path.clone(), entry.part.is_some())).collect();
    Ok(Enclosed { statement, prefix, files })
}

/// Who a statement says that it is of. It only chooses among those whom the policy pins.
fn named(file: &[u8]) -> Result<VenueId, StatementError> {
    let envelope = Envelope::parse(file, publish::statement_check::FIELD)?;
    Ok(publish::parse(&envelope.document)?.venue.id)
}
