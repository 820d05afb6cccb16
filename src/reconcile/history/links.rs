//! Whether statements follow each other: numbers, digests, cut-offs and cut-off blocks.

use super::History;
use crate::code::statement_chain as codes;
use crate::publish::VerifiedStatement;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::reserves::block_of;
use crate::snapshot::Time;

/// What is wrong between the statements, and at both ends.
pub(super) fn check(history: &History, sealed_at: Time) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(first) = history.statements().first() {
        findings.extend(before_the_first(first));
    }
    for pair in history.statements().windows(2) {
        if let [before, after] = pair {
            link(history, before, after, &mut findings);
        }
    }
    if let Some(last) = history.statements().last() {
        findings.extend(behind_the_last(last, sealed_at));
    }
    findings
}

fn name(known: &VerifiedStatement) -> String {
    format!("statement {}", known.statement().sequence)
}

fn before_the_first(first: &VerifiedStatement) -> Option<Finding> {
    let predecessor = first.statement().predecessor?;
    let detail = format!("it names {predecessor} as its predecessor");
    Some(Finding::new(&codes::PREDECESSOR_NOT_SHOWN, Severity::Note, name(first), detail))
}

fn behind_the_last(last: &VerifiedStatement, sealed_at: Time) -> Option<Finding> {
    let (next, due) = (last.statement().next_cutoff, last.statement().due);
    let detail = format!("the statement of {next} was due by {due}; the bundle was sealed at {sealed_at} without it");
    let finding = || Finding::new(&codes::SUCCESSOR_WAS_DUE, Severity::Exception, name(last), detail);
    (sealed_at > due).then(finding)
}

/// Two that stand beside each other.
fn link(history: &History, before: &VerifiedStatement, after: &VerifiedStatement, findings: &mut Vec<Finding>) {
    let (earlier, later) = (before.statement(), after.statement());
    let mut find = |code, severity, detail: String| findings.push(Finding::new(code, severity, name(after), detail));
    // over changes of keys and withdrawals, each of which names the one before
    let named = later.predecessor.and_then(|named| history.behind_notices(later.sequence, named));
    let place = named.map(|(place, _)| place).or(later.sequence.checked_sub(1));
    let next = place == Some(earlier.sequence);
    if !next {
        let (first, last) = (earlier.sequence.saturating_add(1), later.sequence.saturating_sub(1));
        let detail = match first == last {
            true => format!("number {first} is not in the bundle"),
            false => format!("numbers {first} to {last} are not in the bundle"),
        };
        find(&codes::STATEMENTS_MISSING, Severity::Exception, detail);
    } else if named.is_none_or(|(_, digest)| digest != before.digest()) {
        // a statement that is not the first has a predecessor, or it could not be read
        let named = later.predecessor.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        let detail = format!("it names {named} as its predecessor; {} is {}", name(before), before.digest());
        find(&codes::PREDECESSOR_DIFFERS, Severity::Critical, detail);
    }
    if later.cutoff <= earlier.cutoff {
        let detail = format!("cut-off {}, that of {} is {}", later.cutoff, name(before), earlier.cutoff);
        find(&codes::CUTOFF_NOT_RISING, Severity::Critical, detail);
    } else if next && later.cutoff != earlier.next_cutoff {
        let detail = format!("cut-off {}, announced was {}", later.cutoff, earlier.next_cutoff);
        find(&codes::CUTOFF_NOT_ANNOUNCED, Severity::Exception, detail);
    }
    for block in &later.chains {
        if let Some(known) = block_of(earlier, &block.chain).filter(|known| known.height > block.height) {
            let detail = format!("cut-off block {block}, that of {} is {known}", name(before));
            let finding = Finding::new(&codes::CUTOFF_NOT_RISING, Severity::Critical, name(after), detail);
            findings.push(finding.on_chain(&block.chain));
        }
    }
}
