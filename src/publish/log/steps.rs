//! What a further statement must be to follow the one before it.

use super::error::LogError;
use crate::hash::Digest;
use crate::publish::Statement;

/// Checks what an honest log never has: another number, another predecessor, a cut-off that is not later.
///
/// # Errors
/// [`LogError::Sequence`], [`LogError::Predecessor`], [`LogError::CutoffOrder`].
pub fn follows(index: u64, before: Option<(&Statement, Digest)>, next: &Statement) -> Result<(), LogError> {
    let sequence = next.sequence;
    if sequence != index {
        return Err(LogError::Sequence { index, got: sequence });
    }
    let expected = before.map(|(_, digest)| digest);
    if next.predecessor != expected {
        let text = |digest: Option<Digest>| digest.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        let (got, expected) = (text(next.predecessor), text(expected));
        return Err(LogError::Predecessor { sequence, got, expected });
    }
    match before {
        Some((before, _)) if next.cutoff <= before.cutoff => {
            Err(LogError::CutoffOrder { sequence, cutoff: next.cutoff, before: before.cutoff })
        }
        _ => Ok(()),
    }
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
