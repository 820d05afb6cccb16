//! Changes of keys and withdrawals among the further statements of a bundle.

use super::History;
use crate::code::{statement_chain, statement_kinds as codes};
use crate::hash::Digest;
use crate::publish::statement_kinds::VerifiedStated;
use crate::publish::{KeyHistory, Stated, VerifiedStatement};
use crate::reconcile::findings::{Finding, Severity};

/// Sorts the notices, and tells what follows from them.
pub(super) fn read(
    mut notices: Vec<(VerifiedStated, String)>,
    keys: &KeyHistory<'_>,
    all: &[(VerifiedStatement, String)],
    subject: &VerifiedStatement,
    findings: &mut Vec<Finding>,
) -> Vec<VerifiedStated> {
    notices.sort_by_key(|(notice, _)| (notice.stated().sequence(), notice.digest()));
    notices.dedup_by_key(|(notice, _)| notice.digest());
    for rotation in keys.announced() {
        let detail = crate::publish::statement_kinds::rotated(rotation).to_string();
        let name = format!("statement {}", rotation.sequence);
        findings.push(Finding::new(&codes::KEYS_ROTATED, Severity::Critical, name, detail));
    }
    for (at, (notice, path)) in notices.iter().enumerate() {
        let sequence = notice.stated().sequence();
        let further = notices.iter().skip(at + 1).find(|(other, _)| other.stated().sequence() == sequence);
        let snapshot = all.iter().find(|(known, _)| known.statement().sequence == sequence);
        let other = further.map(|(other, _)| other.digest()).or(snapshot.map(|(known, _)| known.digest()));
        if let Some(other) = other {
            let (name, detail) = (format!("statement {sequence}"), format!("it is {} and {other}", notice.digest()));
            let code = &statement_chain::STATEMENT_TWICE;
            findings.push(Finding::new(code, Severity::Critical, name, detail).in_file(path.clone()));
        }
        // beside changes that do not fit together no one is followed; each is told all the same
        if let Stated::Rotation(rotation) = notice.stated()
            && !keys.rotations().contains(rotation)
        {
            let detail = crate::publish::statement_kinds::rotated(rotation).to_string();
            let name = format!("statement {sequence}");
            findings.push(Finding::new(&codes::KEYS_ROTATED, Severity::Critical, name, detail).in_file(path.clone()));
        }
        if let Stated::Void(void) = notice.stated() {
            let same = all.iter().filter(|(known, _)| known.statement().sequence == void.voids.sequence);
            if let Some((known, _)) =
                same.clone().next().filter(|_| same.clone().all(|(known, _)| known.digest() != void.voids.digest))
            {
                let (got, expected) = (void.voids.digest, known.digest());
                let detail = format!("it withdraws statement {} as {got}, here is {expected}", void.voids.sequence);
                let name = format!("statement {sequence}");
                let finding = Finding::new(&codes::VOIDS_OTHER, Severity::Critical, name, detail);
                findings.push(finding.in_file(path.clone()));
            }
            let own = void.voids.digest == subject.digest();
            let severity = if own { Severity::Critical } else { Severity::Exception };
            let detail = crate::publish::statement_kinds::withdrawn(void).to_string();
            let name = format!("statement {}", void.voids.sequence);
            findings.push(Finding::new(&codes::STATEMENT_VOID, severity, name, detail).in_file(path.clone()));
        }
    }
    notices.into_iter().map(|(notice, _)| notice).collect()
}

impl History {
    /// From a statement back over the notices before it, each by the digest that is named: number and digest of what
    /// stands before them.
    pub(super) fn behind_notices(&self, sequence: u64, named: Digest) -> Option<(u64, Digest)> {
        let (mut at, mut named) = (sequence.checked_sub(1)?, named);
        let is = |notice: &&VerifiedStated, at: u64, named: Digest| {
            notice.stated().sequence() == at && notice.digest() == named
        };
        while let Some(notice) = self.notices.iter().find(|notice| is(notice, at, named)) {
            (at, named) = (at.checked_sub(1)?, notice.stated().predecessor()?);
        }
        Some((at, named))
    }
}
