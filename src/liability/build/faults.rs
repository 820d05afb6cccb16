//! Faults of a ledger: kept in bounded number, and shown in the order of the rows.

use super::FAULTS_KEPT;
use crate::ledger::{LedgerError, LedgerErrorKind, Line, Place, SourceRecord};

/// Keeps a fault. Each thread meets its faults in the order of the rows, so the first ones of all are among the first
/// ones of each.
pub(super) fn note(faults: &mut Vec<LedgerError>, fault: LedgerError) {
    if faults.len() < FAULTS_KEPT {
        faults.push(fault);
    }
}

/// Says where lines are.
pub(super) struct Places<'a>(pub(super) &'a [SourceRecord]);

impl Places<'_> {
    /// Keeps the first faults in the order of the rows, when they come in another one.
    pub(super) fn note(&self, faults: &mut Vec<LedgerError>, fault: LedgerError) {
        faults.push(fault);
        if faults.len() >= 2 * FAULTS_KEPT {
            self.sort(faults);
            faults.truncate(FAULTS_KEPT);
        }
    }

    fn name(&self, line: Line) -> &str {
        let record = usize::try_from(line.source).ok().and_then(|source| self.0.get(source));
        record.map_or("the ledger", |record| &record.name)
    }

    pub(super) fn at(&self, line: Line) -> String {
        format!("{}:{}", self.name(line), line.number)
    }

    /// A fault of a row that is no longer at hand.
    pub(super) fn fault(&self, kind: LedgerErrorKind, line: Line) -> LedgerError {
        let source = self.name(line).to_owned();
        let place = Place { source, line: line.number, column: 1, excerpt: String::new(), span: 0..0 };
        LedgerError { kind, place: Some(Box::new(place)) }
    }

    /// Faults of rows come while reading, those between rows while joining: people read them in the order of the
    /// rows.
    pub(super) fn sort(&self, faults: &mut [LedgerError]) {
        let source = |name: &str| self.0.iter().position(|record| record.name == name).unwrap_or(self.0.len());
        faults.sort_by_key(|fault| match &fault.place {
            Some(place) => (source(&place.source), place.line, place.column),
            None => (usize::MAX, u64::MAX, 0),
        });
    }
}
