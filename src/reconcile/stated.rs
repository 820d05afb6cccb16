//! What a statement itself leaves open: what it does not state, how old it is, who has signed it.

use super::findings::{Finding, Severity};
use crate::code::{finding as codes, verdict as verdict_codes};
use crate::policy::Policy;
use crate::publish::VerifiedStatement;
use crate::publish::statement::{ControlTotal, Scope, Statement};
use crate::snapshot::Time;

/// Findings about the statement, or that there is none.
pub(super) fn findings(policy: &Policy, statement: Option<&VerifiedStatement>, now: Option<Time>) -> Vec<Finding> {
    let stated = statement.map(VerifiedStatement::statement);
    let mut findings = open_points(policy, stated);
    findings.extend(statement.and_then(too_few_signers));
    findings.extend(stated.into_iter().flat_map(|statement| freshness(policy, statement, now)));
    findings
}

fn open_points(policy: &Policy, statement: Option<&Statement>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(statement) = statement else {
        let path = crate::bundle::paths::STATEMENT;
        let detail = "reserves alone give no verdict";
        return vec![Finding::new(&codes::NO_LIABILITIES, Severity::Critical, path, detail)];
    };
    if !statement.schedules.states_other_liabilities() {
        let demanded = policy.require().other_liabilities;
        let severity = if demanded { Severity::Critical } else { Severity::Exception };
        let detail =
            "the schedule is empty: loans, margin debts, fiat and deposits of other venues are unknown, not zero";
        let code = &codes::OTHER_LIABILITIES_NONE_STATED;
        findings.push(Finding::new(code, severity, "schedules.other_liabilities", detail));
    }
    for row in &statement.scope {
        let severity = match row.scope {
            Scope::In => continue,
            Scope::Out => Severity::Note,
            Scope::Unknown => Severity::Exception,
        };
        let detail = format!("{} of {} is not in the trees, or nobody says", row.product, row.entity);
        findings.push(Finding::new(&codes::OUT_OF_SCOPE, severity, "scope", detail));
    }
    if statement.ledger.control_total == ControlTotal::None {
        let detail = "the venue built the tree without comparing it with a second source";
        findings.push(Finding::new(&codes::NO_CONTROL_TOTAL, Severity::Exception, "ledger.control_total", detail));
    }
    findings
}

/// How old the statement is: no clock is read, so without a time nobody can say.
fn freshness(policy: &Policy, statement: &Statement, now: Option<Time>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = crate::bundle::paths::STATEMENT;
    if let Some(days) = policy.require().max_age_days {
        let allowed = i64::try_from(days).ok().and_then(|days| days.checked_mul(86_400)).unwrap_or(i64::MAX);
        let detail = match now {
            None => Some(format!("at most {days} days are allowed, and nobody said what time it is")),
            Some(now) if now.unix().saturating_sub(statement.cutoff.unix()) > allowed => {
                Some(format!("the cut-off is {}, it is {now}; at most {days} days are allowed", statement.cutoff))
            }
            Some(_) => None,
        };
        let old = |detail| Finding::new(&verdict_codes::STATEMENT_OLD, Severity::Critical, path, detail).in_file(path);
        findings.extend(detail.map(old));
    }
    if let Some(now) = now.filter(|now| *now > statement.due) {
        let detail = format!("it was due {}, it is {now}", statement.due);
        let finding = Finding::new(&verdict_codes::STATEMENT_OVERDUE, Severity::Exception, path, detail);
        findings.push(finding.in_file(path));
    }
    findings
}

/// A venue that declares m of n officers, and a policy that asks for fewer.
fn too_few_signers(statement: &VerifiedStatement) -> Option<Finding> {
    let (got, declared) = (statement.signers().len() as u64, statement.statement().venue.threshold);
    let detail = format!("{got} of the pinned keys have signed, the venue declares {declared} signatures");
    let finding = || Finding::new(&codes::FEWER_SIGNERS, Severity::Exception, "venue.threshold", detail);
    (got < declared).then(finding)
}
