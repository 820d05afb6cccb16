//! What a further statement must be to follow the one before it.

use super::error::LogError;
use crate::hash::Digest;
use crate::publish::{Stated, Statement};

/// Checks what an honest log never has: another number, another predecessor, other keys than those in force, a cut-off
/// that is not later. `before` is the entry before, with its digest; `last` the last snapshot.
///
/// # Errors
/// [`LogError::Sequence`], [`LogError::Predecessor`], [`LogError::KeysChanged`], [`LogError::CutoffOrder`].
pub fn follows(
    index: u64,
    before: Option<(&Stated, Digest)>,
    last: Option<&Statement>,
    next: &Stated,
) -> Result<(), LogError> {
    let sequence = next.sequence();
    if sequence != index {
        return Err(LogError::Sequence { index, got: sequence });
    }
    let expected = before.map(|(_, digest)| digest);
    if next.predecessor() != expected {
        let text = |digest: Option<Digest>| digest.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        let (got, expected) = (text(next.predecessor()), text(expected));
        return Err(LogError::Predecessor { sequence, got, expected });
    }
    let venue = next.venue();
    match before.map(|(before, _)| before.keys_behind()) {
        Some(in_force) if in_force != (venue.keys.as_slice(), venue.threshold) => {
            return Err(LogError::KeysChanged { sequence });
        }
        _ => {}
    }
    match (last, next.snapshot()) {
        (Some(last), Some(next)) if next.cutoff <= last.cutoff => {
            Err(LogError::CutoffOrder { sequence, cutoff: next.cutoff, before: last.cutoff })
        }
        _ => Ok(()),
    }
}

/// Checks that a withdrawal names an entry as it stands in the log. `named` gives the snapshot with this number and its
/// digest; none for an entry of another kind.
///
/// # Errors
/// [`LogError::VoidsOther`], and what `named` gives.
pub fn voids(next: &Stated, named: impl FnOnce(u64) -> Result<Option<Digest>, LogError>) -> Result<(), LogError> {
    let Stated::Void(void) = next else { return Ok(()) };
    let expected = named(void.voids.sequence)?;
    if expected == Some(void.voids.digest) {
        return Ok(());
    }
    let expected = expected.map_or_else(|| "no snapshot".to_owned(), |digest| digest.to_string());
    let (sequence, voided, got) = (void.sequence, void.voids.sequence, void.voids.digest.to_string());
    Err(LogError::VoidsOther { sequence, voided, got, expected })
}

/// Checks that a snapshot was taken before the moment at which it was due. A late one belongs into the log all the
/// same: the log is where it shows.
///
/// # Errors
/// [`LogError::Late`].
pub fn in_time(before: Option<&Statement>, next: &Statement) -> Result<(), LogError> {
    match before {
        Some(before) if next.cutoff > before.due => {
            Err(LogError::Late { sequence: next.sequence, cutoff: next.cutoff, due: before.due })
        }
        _ => Ok(()),
    }
}
