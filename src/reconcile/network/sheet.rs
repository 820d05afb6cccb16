//! The sheet of one venue: its bundle under its policy, as `reconcile` reads it.

use super::NetworkError;
use super::policy::{NetworkPolicy, PinnedMember};
use crate::bundle::{FileSource, Sealed, paths};
use crate::publish::{self, VerifiedStatement};
use crate::reconcile::{Report, Reserves, gathered, verdicts};
use crate::reserve::bitcoin::own::BundleAlone;
use crate::signature::Envelope;
use crate::snapshot::{Time, VenueId};

/// A bundle to join, and what to call it in errors.
pub struct Input<'a> {
    /// The folder's name.
    pub name: String,
    /// Its files.
    pub files: &'a dyn FileSource,
}

/// One venue.
pub(super) struct Sheet<'a> {
    pub(super) member: &'a PinnedMember,
    pub(super) files: &'a dyn FileSource,
    pub(super) sealed: Sealed,
    pub(super) statement: VerifiedStatement,
    pub(super) reserves: Reserves,
    pub(super) report: Report,
}

impl Sheet<'_> {
    /// The venue, as the verifier pins it.
    pub(super) fn venue(&self) -> &VenueId {
        &self.member.policy.venue().id
    }
}

/// Every bundle under the policy of its venue, in the order of the network policy: the order of the command line
/// decides nothing.
pub(super) fn read<'a>(
    inputs: &'a [Input<'a>],
    policy: &'a NetworkPolicy,
    now: Option<Time>,
) -> Result<Vec<Sheet<'a>>, NetworkError> {
    let mut sheets: Vec<(usize, Sheet<'a>)> = Vec::new();
    for input in inputs {
        let venue = named_venue(input)?;
        let found = policy.members.iter().enumerate().find(|(_, member)| member.policy.venue().id == venue);
        let Some((place, member)) = found else {
            return Err(NetworkError::VenueUnknown { bundle: input.name.clone(), venue });
        };
        if sheets.iter().any(|(taken, _)| *taken == place) {
            return Err(NetworkError::VenueTwice { bundle: input.name.clone(), venue });
        }
        let failed = |source| NetworkError::Bundle { bundle: input.name.clone(), source: Box::new(source) };
        let (sealed, statement, reserves) = gathered(input.files, &member.policy, &BundleAlone).map_err(failed)?;
        let no_statement = || NetworkError::NoStatement { bundle: input.name.clone() };
        let statement = statement.ok_or_else(no_statement)?;
        let report = verdicts::report(&sealed, &member.policy, Some(&statement), reserves.clone(), now);
        sheets.push((place, Sheet { member, files: input.files, sealed, statement, reserves, report }));
    }
    sheets.sort_by_key(|(place, _)| *place);
    let sheets: Vec<Sheet<'a>> = sheets.into_iter().map(|(_, sheet)| sheet).collect();
    same_moment(&sheets)?;
    Ok(sheets)
}

/// Which venue a bundle says that it is of. It only chooses the policy under which all of it is checked.
fn named_venue(input: &Input<'_>) -> Result<VenueId, NetworkError> {
    let unreadable = |detail: String| NetworkError::Statement { bundle: input.name.clone(), detail };
    let file = input.files.read(paths::STATEMENT).map_err(|error| unreadable(error.to_string()))?;
    let file = file.ok_or_else(|| NetworkError::NoStatement { bundle: input.name.clone() })?;
    let envelope =
        Envelope::parse(&file, publish::statement_check::FIELD).map_err(|error| unreadable(error.to_string()))?;
    let statement = publish::parse(&envelope.document).map_err(|error| unreadable(error.to_string()))?;
    Ok(statement.venue.id)
}

/// One cut-off, and on each chain one cut-off block.
fn same_moment(sheets: &[Sheet<'_>]) -> Result<(), NetworkError> {
    let Some((first, others)) = sheets.split_first() else { return Ok(()) };
    for other in others {
        let (one, two) = (first.statement.statement(), other.statement.statement());
        if one.cutoff != two.cutoff {
            return Err(NetworkError::Cutoffs {
                one: first.venue().clone(),
                first: one.cutoff,
                two: other.venue().clone(),
                second: two.cutoff,
            });
        }
    }
    for (at, sheet) in sheets.iter().enumerate() {
        for other in sheets.iter().skip(at + 1) {
            for block in &sheet.statement.statement().chains {
                let same_chain = other.statement.statement().chains.iter().find(|found| found.chain == block.chain);
                if let Some(found) = same_chain.filter(|found| *found != block) {
                    let detail = format!("{} names {block}, {} names {found}", sheet.venue(), other.venue());
                    return Err(NetworkError::Blocks(detail));
                }
            }
        }
    }
    Ok(())
}
