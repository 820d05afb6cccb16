//! Staked ether at the cut-off block. Specification: `docs/spec/evm-staked.md`.
//!
//! A validator's balance is proved in the state of the beacon block that the cut-off block is in, and in no other one:
//! ether that is staked in one state and on an account in another would count twice.

use std::collections::{BTreeMap, BTreeSet};

use super::address::EvmAddress;
use super::balance::{EvmError, HeaderChain};
use super::finality::{self, FinalState, Staked, ValidatorLine, Withdrawal};
use super::lines::LINE_BYTES_MAX;
use crate::amount::Amount;
use crate::asset::DeploymentId;
use crate::basis::{Basis, Completeness};
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Code, Coded as _, evm_finality, evm_staked as codes};
use crate::json;
use crate::reserve::claim::{ChainQuery, Holding, Problem, VALIDATOR_ID};

/// The most validators that are looked at; Ethereum has about a million of all owners.
pub const VALIDATORS_MAX: usize = 1 << 20;

/// The validators of a bundle that pay to an asked address, with what is wrong or missing. The beacon block is the one
/// of the asked cut-off block, and must hang on the anchored block after it or on one of `finals`. Nothing without the
/// files, or when the policy counts no native coin of the chain.
///
/// # Errors
/// [`EvmError`] when a file cannot be read at all. What is wrong in these files is a problem, and counts nothing.
pub fn staked(
    query: &ChainQuery<'_>,
    finals: &[FinalState],
    files: &dyn FileSource,
) -> Result<(Vec<Holding>, Vec<Problem>), EvmError> {
    let native = |id: &&DeploymentId| id.chain().as_ref() == Some(query.chain) && id.asset() == "slip44:60";
    let Some(native) = query.deployments.iter().find(native) else { return Ok((Vec::new(), Vec::new())) };
    let path = paths::chain(query.chain, paths::STAKED_VALIDATORS);
    let Some(lines) = files.read(&path)? else { return Ok((Vec::new(), Vec::new())) };
    let mut reading = Reading { query, native, state: None, merged: None, seen: BTreeSet::new(), problems: Vec::new() };
    reading.open(finals, files)?;
    let mut holdings = Vec::new();
    if reading.state.is_some() {
        reading.lines(&path, &lines, &mut holdings);
    }
    Ok((holdings, reading.problems))
}

struct Reading<'a> {
    query: &'a ChainQuery<'a>,
    native: &'a DeploymentId,
    /// The state of the cut-off block.
    state: Option<FinalState>,
    /// Validators that are merged into others; none when nothing shows which.
    merged: Option<BTreeSet<u64>>,
    seen: BTreeSet<u64>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, code: &'static Code, subject: impl Into<String>, detail: impl Into<String>) {
        self.problems.push(Problem { code, subject: subject.into(), detail: detail.into() });
    }

    /// Finds the state of the cut-off block.
    fn open(&mut self, finals: &[FinalState], files: &dyn FileSource) -> Result<(), EvmError> {
        let path = paths::chain(self.query.chain, paths::STAKED_BLOCK);
        let Some(file) = files.read(&path)? else {
            self.problem(&codes::STAKED_BLOCK, path, "the bundle has no such file");
            return Ok(());
        };
        let block = match finality::open_block(self.query.chain, &path, &file) {
            Ok(block) => block,
            Err(error) => {
                self.problems.push(Problem::from_error(path, &error));
                return Ok(());
            }
        };
        if block.execution() != self.query.cutoff_block {
            let detail = format!("it has {}, the cut-off block is {}", block.execution(), self.query.cutoff_block);
            self.problem(&codes::STAKED_BLOCK, path, detail);
            return Ok(());
        }
        let root = HeaderChain::read(self.query, files)?.beacon_root(self.query);
        let Some(state) = block.hangs_on(root, finals) else {
            let named = root.map_or_else(
                || "no anchored block after the cut-off block names one".to_owned(),
                |root| format!("the block after the cut-off block names {root}"),
            );
            let slots: Vec<String> = finals.iter().map(|state| state.slot().to_string()).collect();
            let slots = if slots.is_empty() { "none".to_owned() } else { slots.join(", ") };
            let detail = format!(
                "it has root {} at slot {}; {named}; slots of final states: {slots}",
                block.root(),
                block.slot()
            );
            self.problem(&codes::STAKED_UNANCHORED, path, detail);
            return Ok(());
        };
        self.state = Some(state);
        self.read_merged(&state, files)?;
        Ok(())
    }

    fn read_merged(&mut self, state: &FinalState, files: &dyn FileSource) -> Result<(), SourceError> {
        let path = paths::chain(self.query.chain, paths::STAKED_CONSOLIDATIONS);
        let Some(file) = files.read(&path)? else {
            self.merged = (!state.has_consolidations()).then(BTreeSet::new);
            return Ok(());
        };
        match finality::merged(state, &path, &file) {
            Ok(merged) => self.merged = Some(merged),
            Err(error) => self.problems.push(Problem::from_error(path, &error)),
        }
        Ok(())
    }

    fn lines(&mut self, path: &str, file: &[u8], holdings: &mut Vec<Holding>) {
        let addresses: BTreeMap<EvmAddress, &str> =
            self.query.addresses.iter().filter_map(|text| Some((text.parse().ok()?, *text))).collect();
        // what follows a line that cannot be read may be anything
        for (at, line) in file.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let number = at.saturating_add(1);
            match read_line(line, number) {
                Ok(line) => holdings.extend(self.validator(&line, &addresses)),
                Err(detail) => {
                    self.problem(&codes::STAKED_MALFORMED, format!("{path}:{number}"), detail);
                    return;
                }
            }
        }
    }

    fn validator(&mut self, line: &ValidatorLine, addresses: &BTreeMap<EvmAddress, &str>) -> Option<Holding> {
        let id = format!("{VALIDATOR_ID}{}", line.index);
        if !self.seen.insert(line.index) {
            self.problem(&codes::STAKED_TWICE, id, "counted once, or not at all when its first line is refused");
            return None;
        }
        let Some(address) = line.paid_to() else {
            let start: String = line.withdrawal_credentials.chars().take(64).collect();
            let detail = format!("withdrawals go to no address yet, credentials {start:?}");
            self.problem(&evm_finality::VALIDATOR_WITHDRAWAL, id, detail);
            return None;
        };
        let Some(text) = addresses.get(&address) else {
            self.problem(&codes::STAKED_UNASKED, id, format!("withdrawals go to {address}"));
            return None;
        };
        let shown = match finality::staked(self.state.as_ref()?, line.index, address, line) {
            Ok(shown) => shown,
            Err(error) => {
                self.problems.push(Problem { code: error.code(), subject: id, detail: error.to_string() });
                return None;
            }
        };
        if let Some((code, why)) = self.refusal(&shown) {
            let detail = format!("{} base units of {} {why}, counted as zero", shown.amount.base_units(), self.native);
            self.problem(code, id, detail);
            return None;
        }
        Some(self.holding(id, (*text).to_owned(), shown.amount))
    }

    /// Why a validator that is shown counts nothing.
    fn refusal(&self, shown: &Staked) -> Option<(&'static Code, String)> {
        if shown.slashed {
            return Some((&codes::STAKED_SLASHED, "of a slashed validator".to_owned()));
        }
        if !shown.activated {
            return Some((&codes::STAKED_PENDING, "of a validator that is not active".to_owned()));
        }
        match (&self.merged, shown.withdrawal) {
            (Some(merged), _) if merged.contains(&shown.index) => {
                Some((&codes::STAKED_MERGED, "of a validator that is being merged".to_owned()))
            }
            (None, Withdrawal::Exiting { withdrawable }) => {
                Some((&codes::STAKED_LEAVING, format!("of a validator that leaves until epoch {withdrawable}")))
            }
            _ => None,
        }
    }

    fn holding(&self, id: String, address: String, amount: Amount) -> Holding {
        Holding {
            deployment: self.native.clone(),
            address,
            id,
            amount,
            made_at: None,
            authenticity: Basis::Proved,
            completeness: Completeness::Exact,
        }
    }
}

fn read_line(line: &[u8], number: usize) -> Result<ValidatorLine, String> {
    if number > VALIDATORS_MAX {
        return Err(format!("more than {VALIDATORS_MAX} validators"));
    }
    let body = line.strip_suffix(b"\n").ok_or("the last line has no end: the file may be cut")?;
    if body.len() > LINE_BYTES_MAX {
        return Err(format!("{} bytes, at most {LINE_BYTES_MAX} are accepted", body.len()));
    }
    json::read(body).map_err(|error| error.to_string())
}

#[cfg(all(test, feature = "finality"))]
mod tests;
