//! Whether the statements of a bundle stand in the public log that the policy names.

use std::collections::BTreeSet;

use super::findings::{Finding, Severity};
use super::history::History;
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Coded as _, log as codes};
use crate::policy::{LogRules, Policy};
use crate::publish::VerifiedStatement;
use crate::publish::log::{LogError, LogProof, Logged};

/// Which of a bundle's statements the log shows, by sequence number: none, when the policy asks for no log. The one
/// that the report is about must stand there; another one that does not is only told.
pub(super) fn shown(
    files: &dyn FileSource,
    policy: &Policy,
    subject: &VerifiedStatement,
    history: &History,
) -> Result<(BTreeSet<u64>, Vec<Finding>), SourceError> {
    let (mut shown, mut findings) = (BTreeSet::new(), Vec::new());
    let Some(rules) = policy.log() else { return Ok((shown, findings)) };
    let critical = |code, detail: String| {
        Finding::new(code, Severity::Critical, paths::LOG_PROOF, detail).in_file(paths::LOG_PROOF)
    };
    match files.read(paths::LOG_PROOF)?.map(|file| check(&file, rules, subject)) {
        None => {
            let detail = "the policy names a log, and nothing shows that the statement stands in it";
            findings.push(Finding::new(&codes::UNLOGGED, Severity::Critical, paths::LOG_PROOF, detail));
        }
        Some(Ok(logged)) => {
            findings.extend(told(&logged, subject));
            shown.insert(subject.statement().sequence);
        }
        Some(Err(error)) => findings.push(critical(error.code(), error.to_string())),
    }
    for further in history.statements().iter().filter(|known| known.digest() != subject.digest()) {
        let sequence = further.statement().sequence;
        let path = paths::further_log_proof(sequence);
        match files.read(&path)?.map(|file| check(&file, rules, further)) {
            // that no log shows it is told where it is used
            None => {}
            Some(Ok(_)) => {
                shown.insert(sequence);
            }
            Some(Err(error)) => {
                let detail = format!("statement {sequence}: {error}");
                findings.push(Finding::new(error.code(), Severity::Exception, path.clone(), detail).in_file(path));
            }
        }
    }
    Ok((shown, findings))
}

fn check(file: &[u8], rules: &LogRules, statement: &VerifiedStatement) -> Result<Logged, LogError> {
    let sequence = statement.statement().sequence;
    rules.pins().verify(&LogProof::parse(file)?, sequence, &statement.leaf())
}

/// What a reader must know of a statement that stands in the log. A report reads no clock: the witnesses' times are its
/// now.
fn told(logged: &Logged, statement: &VerifiedStatement) -> Vec<Finding> {
    let mut findings = Vec::new();
    let statement = statement.statement();
    if logged.later() > 0 {
        let detail = format!("{} later statements stood in the log when it was cosigned", logged.later());
        findings.push(Finding::new(&codes::SUPERSEDED, Severity::Note, paths::LOG_PROOF, detail));
    } else if let Some(fresh) = logged.signed().fresh().filter(|fresh| *fresh > statement.due) {
        let detail =
            format!("statement {} was due at {}, and the log had none at {fresh}", logged.index() + 1, statement.due);
        findings.push(Finding::new(&codes::SNAPSHOT_OVERDUE, Severity::Exception, paths::LOG_PROOF, detail));
    }
    findings.into_iter().map(|finding| finding.in_file(paths::LOG_PROOF)).collect()
}
