//! Whether the statement of a bundle stands in the public log that the policy names.

use super::findings::{Finding, Severity};
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Coded as _, log as codes};
use crate::policy::{LogRules, Policy};
use crate::publish::VerifiedStatement;
use crate::publish::log::{LogError, LogProof, Logged};

/// Nothing, when the policy asks for no log.
pub(super) fn findings(
    files: &dyn FileSource,
    policy: &Policy,
    statement: &VerifiedStatement,
) -> Result<Vec<Finding>, SourceError> {
    let Some(rules) = policy.log() else { return Ok(Vec::new()) };
    let critical = |code, detail: String| {
        Finding::new(code, Severity::Critical, paths::LOG_PROOF, detail).in_file(paths::LOG_PROOF)
    };
    let Some(file) = files.read(paths::LOG_PROOF)? else {
        let detail = "the policy names a log, and nothing shows that the statement stands in it".to_owned();
        return Ok(vec![Finding::new(&codes::UNLOGGED, Severity::Critical, paths::LOG_PROOF, detail)]);
    };
    Ok(match check(&file, rules, statement) {
        Ok(logged) => told(&logged, statement),
        Err(error) => vec![critical(error.code(), error.to_string())],
    })
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
