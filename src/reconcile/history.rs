//! The statements of one venue that a bundle has, in order: what was committed, and from which block on.
//! Specification: `docs/spec/chained-statements.md`.

mod links;
mod notices;

use std::collections::BTreeMap;

use super::ReconcileError;
use super::findings::{Finding, Severity};
use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, ChainId};
use crate::bundle::{FileSource, paths};
use crate::code::{Coded as _, statement_chain as codes};
use crate::hash::Digest;
use crate::policy::Policy;
use crate::publish::statement_check::FILE_SIZE_MAX;
use crate::publish::statement_kinds::{self, VerifiedStated};
use crate::publish::{self, KeyHistory, Stated, Statement, StatementError, VerifiedStatement};
use crate::snapshot::Time;

/// More statements than three years of daily ones.
pub const STATEMENTS_MAX: usize = 1_200;
/// Bytes of all further statements together: they are kept in memory.
const BYTES_MAX: u64 = 4 * FILE_SIZE_MAX;

/// Statements of one venue, all signed by the keys that the policy pins, strictly rising by their sequence numbers.
///
/// Two for one number never stand in it: the one that the report is about stays, or else the one that the next
/// statement names as its predecessor, or else none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    statements: Vec<VerifiedStatement>,
    /// The statement that the report is about.
    subject: VerifiedStatement,
    /// Changes of keys and withdrawals, rising by sequence number.
    notices: Vec<VerifiedStated>,
}

/// What one statement commits to in one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment<'a> {
    /// The statement.
    pub statement: &'a VerifiedStatement,
    /// Decimals of the amounts below.
    pub decimals: Decimals,
    /// Total of all trees; zero for an asset that the statement lists without rows.
    pub committed: Amount,
    /// Liabilities outside the trees; `None` when none are stated, which is not zero.
    pub other: Option<Amount>,
    /// Both together.
    pub total: Amount,
}

impl Commitment<'_> {
    /// The cut-off block on a chain, from which on this much is committed; `None` when the statement names none.
    #[must_use]
    pub fn from_block(&self, chain: &ChainId) -> Option<u64> {
        super::reserves::block_of(self.statement.statement(), chain).map(|block| block.height)
    }
}

impl History {
    /// The statement that the report is about, alone.
    #[must_use]
    pub fn of(subject: VerifiedStatement) -> Self {
        Self { statements: vec![subject.clone()], subject, notices: Vec::new() }
    }

    /// The statement that the report is about.
    #[must_use]
    pub fn subject(&self) -> &VerifiedStatement {
        &self.subject
    }

    /// All statements, strictly rising by sequence number.
    #[must_use]
    pub fn statements(&self) -> &[VerifiedStatement] {
        &self.statements
    }

    /// The statement with this sequence number.
    #[must_use]
    pub fn at(&self, sequence: u64) -> Option<&VerifiedStatement> {
        let at = self.statements.binary_search_by_key(&sequence, |known| known.statement().sequence).ok()?;
        self.statements.get(at)
    }

    /// Those before the statement that the report is about.
    #[must_use]
    pub fn earlier(&self) -> &[VerifiedStatement] {
        let end =
            self.statements.partition_point(|known| known.statement().sequence < self.subject.statement().sequence);
        self.statements.get(..end).unwrap_or_default()
    }

    /// The statement that the one the report is about names as its predecessor, when it is here.
    #[must_use]
    pub fn predecessor(&self) -> Option<&VerifiedStatement> {
        let subject = self.subject.statement();
        let (sequence, named) = self.behind_notices(subject.sequence, subject.predecessor?)?;
        self.at(sequence).filter(|before| before.digest() == named)
    }

    /// What is committed in an asset, statement by statement, in order. A statement that does not list the asset has
    /// no entry: nothing is known for its time. `None` stands for a sum that does not fit, which no statement has.
    #[must_use]
    pub fn commitments(&self, asset: &AssetId) -> Option<Vec<Commitment<'_>>> {
        let listed = self.statements.iter().filter(|known| decimals(known.statement(), asset).is_some());
        listed.map(|statement| commitment(statement, asset)).collect()
    }

    /// The statement in force at a block: the last one whose cut-off block on this chain is at or below it.
    #[must_use]
    pub fn in_force(&self, chain: &ChainId, height: u64) -> Option<&VerifiedStatement> {
        let block = |known: &&VerifiedStatement| super::reserves::block_of(known.statement(), chain).cloned();
        self.statements.iter().rev().find(|known| block(known).is_some_and(|block| block.height <= height))
    }
}

fn decimals(statement: &Statement, asset: &AssetId) -> Option<Decimals> {
    statement.assets.iter().find(|listed| listed.id == *asset).map(|listed| listed.decimals)
}

/// `None` for an asset that is not listed, and for a sum that does not fit.
pub(super) fn commitment<'a>(known: &'a VerifiedStatement, asset: &AssetId) -> Option<Commitment<'a>> {
    let statement = known.statement();
    let decimals = decimals(statement, asset)?;
    let rows = statement.liabilities.iter().filter(|row| row.asset == *asset).map(|row| row.total);
    let committed = Amount::checked_sum(rows)?;
    let schedules = &statement.schedules;
    let others = schedules.owed().filter(|(of, _)| *of == asset).map(|(_, amount)| amount);
    let other = if schedules.states_other_liabilities() { Some(Amount::checked_sum(others)?) } else { None };
    let total = committed.checked_add(other.unwrap_or(Amount::ZERO))?;
    Some(Commitment { statement: known, decimals, committed, other, total })
}

/// The statement that the report is about, under the keys of its number: the pinned ones, or those that these reach
/// back to over the changes of keys in the bundle. The latter only where the policy pins a log, which has one statement
/// for each number.
///
/// # Errors
/// [`ReconcileError`] when the statement is not acceptable, or a file that the manifest lists cannot be read.
pub(super) fn subject(
    files: &dyn FileSource,
    policy: &Policy,
    file: &[u8],
) -> Result<VerifiedStatement, ReconcileError> {
    // what is wrong with the changes themselves is a finding of `read`
    let keys = key_history(files, policy, &mut Vec::new())?;
    if keys.rotations().is_empty() {
        return Ok(publish::verify(file, keys.pins())?);
    }
    let verified = keys.verify_snapshot(file)?;
    // without a log, whoever has stolen replaced keys would sign old statements anew
    if policy.log().is_none() {
        publish::verify(file, keys.pins())?;
    }
    Ok(verified)
}

/// Reads the further statements of a bundle beside the one that the report is about. `sealed_at` is when its maker
/// says that it was sealed.
///
/// # Errors
/// [`ReconcileError`] when a file that the manifest lists cannot be read.
pub(super) fn read(
    files: &dyn FileSource,
    policy: &Policy,
    subject: VerifiedStatement,
    sealed_at: Time,
) -> Result<(History, Vec<Finding>), ReconcileError> {
    let mut findings = Vec::new();
    let mut all: Vec<(VerifiedStatement, String)> = vec![(subject.clone(), paths::STATEMENT.to_owned())];
    let mut notices = Vec::new();
    let keys = key_history(files, policy, &mut findings)?;
    let mut bytes = 0_u64;
    for (count, path) in further(files)?.into_iter().enumerate() {
        let Some(file) = files.read(&path)? else { continue };
        let length = file.len() as u64;
        bytes = bytes.saturating_add(length);
        let refused = if count >= STATEMENTS_MAX {
            Err(format!("more than {STATEMENTS_MAX} further statements; this one and those behind it were not read"))
        } else if length > FILE_SIZE_MAX || bytes > BYTES_MAX {
            Err(format!("{length} bytes, {bytes} with those before it; at most {FILE_SIZE_MAX} and {BYTES_MAX}"))
        } else {
            verify(&file, &keys).map_err(|error| format!("{}: {error}", error.code()))
        };
        match refused {
            Ok(Verified::Snapshot(verified)) => all.push((*verified, path)),
            Ok(Verified::Notice(notice)) => notices.push((notice, path)),
            Err(detail) => {
                let severity = Severity::Exception;
                findings.push(Finding::new(&codes::STATEMENT_REFUSED, severity, path.clone(), detail).in_file(path));
                if count >= STATEMENTS_MAX {
                    break;
                }
            }
        }
    }
    let notices = notices::read(notices, &keys, &all, &subject, &mut findings);
    let history = assemble(all, &subject, notices, &mut findings);
    findings.extend(links::check(&history, sealed_at));
    Ok((history, findings))
}

/// The paths of the further statements.
fn further(files: &dyn FileSource) -> Result<Vec<String>, ReconcileError> {
    let is_statement = |path: &String| path.starts_with(paths::STATEMENTS) && path.ends_with(".json");
    Ok(files.list()?.into_iter().filter(is_statement).collect())
}

enum Verified {
    Snapshot(Box<VerifiedStatement>),
    Notice(VerifiedStated),
}

fn verify(file: &[u8], keys: &KeyHistory<'_>) -> Result<Verified, StatementError> {
    let found = keys.verify(file)?;
    match found.stated() {
        Stated::Snapshot(_) => Ok(Verified::Snapshot(Box::new(keys.verify_snapshot(file)?))),
        Stated::Rotation(_) | Stated::Void(_) => Ok(Verified::Notice(found)),
    }
}

/// The pins with the changes of keys among the further statements. Changes that do not fit leave the pins as they are:
/// each such file is then refused by itself.
fn key_history<'a>(
    files: &dyn FileSource,
    policy: &'a Policy,
    findings: &mut Vec<Finding>,
) -> Result<KeyHistory<'a>, ReconcileError> {
    let (mut changes, mut bytes) = (Vec::new(), 0_u64);
    for path in further(files)?.into_iter().take(STATEMENTS_MAX) {
        let Some(file) = files.read(&path)? else { continue };
        // what lies behind that is refused by `read`
        bytes = bytes.saturating_add(file.len() as u64);
        if bytes > BYTES_MAX {
            break;
        }
        changes.extend(statement_kinds::is_rotation(&file).then_some(file));
    }
    Ok(KeyHistory::new(policy.statement_pins(), &changes).unwrap_or_else(|error| {
        let detail = format!("{}: {error}", error.code());
        let at = paths::STATEMENTS.to_owned();
        findings.push(Finding::new(&codes::STATEMENT_REFUSED, Severity::Exception, at, detail));
        KeyHistory::of(policy.statement_pins())
    }))
}

/// One statement for each number, and a finding for each pair that the venue signed.
fn assemble(
    all: Vec<(VerifiedStatement, String)>,
    subject: &VerifiedStatement,
    notices: Vec<VerifiedStated>,
    findings: &mut Vec<Finding>,
) -> History {
    let mut by_number: BTreeMap<u64, BTreeMap<Digest, (VerifiedStatement, String)>> = BTreeMap::new();
    for (verified, path) in all {
        let same = by_number.entry(verified.statement().sequence).or_default();
        same.entry(verified.digest()).or_insert((verified, path));
    }
    for (sequence, same) in by_number.iter().filter(|(_, same)| same.len() > 1) {
        let named: Vec<String> = same.iter().map(|(digest, (_, path))| format!("{digest} ({path})")).collect();
        let detail = format!("statement {sequence} is {}", named.join(" and "));
        let further = same.values().map(|(_, path)| path).find(|path| *path != paths::STATEMENT);
        let code = &codes::STATEMENT_TWICE;
        let finding = Finding::new(code, Severity::Critical, format!("statement {sequence}"), detail);
        findings.push(finding.in_file(further.cloned().unwrap_or_else(|| paths::STATEMENT.to_owned())));
    }
    // from the last to the first: of two, the one that the next statement hangs on
    let mut statements = Vec::new();
    let mut named: Option<(u64, Digest)> = None;
    for (sequence, mut same) in by_number.into_iter().rev() {
        let predecessor = named.filter(|(next, _)| next.checked_sub(1) == Some(sequence)).map(|(_, digest)| digest);
        let kept = if sequence == subject.statement().sequence {
            same.remove(&subject.digest())
        } else if same.len() == 1 {
            same.into_values().next()
        } else {
            predecessor.and_then(|digest| same.remove(&digest))
        };
        let Some((kept, _)) = kept else { continue };
        named = kept.statement().predecessor.map(|digest| (sequence, digest));
        statements.push(kept);
    }
    statements.reverse();
    History { statements, subject: subject.clone(), notices }
}

#[cfg(test)]
impl History {
    /// As given.
    pub(super) fn for_tests(statements: Vec<VerifiedStatement>, subject: VerifiedStatement) -> Self {
        Self { statements, subject, notices: Vec::new() }
    }
}
