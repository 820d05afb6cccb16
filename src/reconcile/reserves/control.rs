//! Control of the addresses: every proof is checked against the line of the challenge, and what it shows is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ReconcileError;
use super::super::evm_control;
use super::super::findings::{Finding, Severity};
use super::{Gathering, block_of, chains_of};
use crate::asset::ChainId;
use crate::bundle::paths;
use crate::code::{Coded, finding as codes, verdict as verdict_codes};
use crate::json;
use crate::reserve::address_set::{AddressSet, Role, lines};
use crate::reserve::bitcoin::control::MOVED;
use crate::reserve::bitcoin::control::movement::evidence::BundleTransactions;
use crate::reserve::bitcoin::control::movement::{self, MovementQuery};
use crate::reserve::bitcoin::network::script_of;
use crate::reserve::challenge::VerifiedChallenge;
use crate::reserve::claim::{
    ChainQuery, CoinAge, Control, ControlGrade, ControlProof, ControlRemark, ControlScope, Holding, NotBefore, Problem,
    ShownCoin,
};
use crate::reserve::evm::state::State;
use crate::reserve::{bitcoin, evm, parallel};

/// What was shown of the addresses of one chain.
#[derive(Debug, Default)]
pub(super) struct ChainControl {
    /// Addresses, each with the best way in which control was shown.
    addresses: BTreeMap<String, ControlGrade>,
    /// Addresses of which control was shown for coins of some age only, with the least age.
    aged: BTreeMap<String, (CoinAge, ControlGrade)>,
    /// Coins of proofs of funds, by their ids.
    coins: BTreeMap<String, ShownCoin>,
    /// What was shown by schemes that the policy does not accept.
    unaccepted: Option<Box<ChainControl>>,
}

impl ChainControl {
    /// Whether control was shown of whole addresses alone, by accepted schemes, and each is one that `known` knows.
    pub(super) fn is_of_addresses(&self, known: impl Fn(&str) -> bool) -> bool {
        let single = !self.aged.is_empty() || !self.coins.is_empty() || self.unaccepted.is_some();
        !single && self.addresses.keys().all(|address| known(address))
    }

    /// How control was shown of everything at an address, not of single coins only.
    pub(super) fn of_address(&self, address: &str) -> Option<ControlGrade> {
        self.addresses.get(address).copied()
    }
}

/// What was shown, per chain.
pub(super) type Controlled = BTreeMap<ChainId, ChainControl>;

/// Addresses that some proof spoke of: they are not missing, whatever it showed.
type Answered = BTreeSet<(ChainId, String)>;

/// What is asked: the addresses of the set, by their chains.
type Asked<'s> = BTreeMap<&'s ChainId, BTreeSet<&'s str>>;

/// What a proof shows, and what weakens it; or why it shows nothing.
type Verified = Result<(Control, Vec<Problem>), Box<dyn Coded>>;

/// The states of EVM chains in which contract wallets are judged.
type States<'s> = BTreeMap<&'s ChainId, State<'s>>;

/// Something with the number of its line.
type Numbered<T> = (u64, T);

/// The lines up to the first that cannot be read, each with its number; that one's number, and why.
fn read(file: &[u8]) -> (Vec<Numbered<ControlProof>>, Option<Numbered<String>>) {
    let mut proofs = Vec::new();
    for (number, line) in (1..).zip(lines(file)) {
        match json::read(line) {
            Ok(proof) => proofs.push((number, proof)),
            Err(error) => return (proofs, Some((number, error.to_string()))),
        }
    }
    (proofs, None)
}

/// The question that a proof answers, in the set's own words.
fn question<'s>(asked: &Asked<'s>, proof: &ControlProof) -> Option<(&'s ChainId, &'s str)> {
    let (chain, addresses) = asked.get_key_value(&proof.chain)?;
    Some((chain, addresses.get(proof.address.as_str())?))
}

/// Whether a proof is judged by the chain's evidence, not by itself.
fn is_movement(proof: &ControlProof) -> bool {
    proof.scheme == MOVED && proof.chain.namespace() == "bip122"
}

/// Checks every proof that answers a question by itself, in their order, on all cores.
fn check_signatures(
    line: &str,
    asked: &Asked<'_>,
    states: &States<'_>,
    proofs: &[Numbered<ControlProof>],
) -> Vec<Verified> {
    let own = proofs.iter().map(|(_, proof)| proof).filter(|proof| !is_movement(proof));
    let all: Vec<_> = own.filter_map(|proof| Some((question(asked, proof)?, proof))).collect();
    parallel::map(&all, |((chain, address), proof)| verify_signature(chain, address, line, states, proof))
}

fn verify_signature(chain: &ChainId, address: &str, line: &str, states: &States<'_>, proof: &ControlProof) -> Verified {
    if chain.namespace() == "bip122" {
        let control = bitcoin::control::verify(chain, address, line, proof);
        return control.map(|control| (control, Vec::new())).map_err(|error| Box::new(error) as _);
    }
    let shown = evm::control::judge(chain, address, line, proof, states.get(chain));
    shown.map(|shown| (Control::of(shown.grade), shown.problems)).map_err(|error| Box::new(error) as _)
}

impl<'a> Gathering<'a> {
    /// Checks every proof against the line that the challenge gives.
    pub(super) fn control(&mut self, set: &AddressSet) -> Result<Option<Controlled>, ReconcileError> {
        let Some(challenge) = self.challenge(set)? else { return Ok(None) };
        let Some(file) = self.files.read(paths::CONTROL)? else {
            self.missing(paths::CONTROL, &codes::EVIDENCE_MISSING);
            return Ok(None);
        };
        let mut asked = Asked::new();
        for entry in set.entries() {
            asked.entry(&entry.chain).or_default().insert(&entry.address);
        }
        let (proofs, broken) = read(&file);
        let mut answered = Answered::new();
        let prepared = evm_control::prepare(self.files, self.policy, self.statement.statement(), &chains_of(set));
        let queries: Vec<ChainQuery<'_>> = prepared.iter().map(evm_control::Prepared::query).collect();
        let states = evm_control::open(&queries, self.files);
        let mut checked = check_signatures(challenge.line(), &asked, &states, &proofs).into_iter();
        let mut controlled = Controlled::new();
        let mut evidence = BTreeMap::new();
        for (number, proof) in &proofs {
            let Some((chain, address)) = question(&asked, proof) else {
                let subject = format!("{} line {number}", paths::CONTROL);
                let detail = format!("{} on {} is not in the address set", proof.address, proof.chain);
                let finding = Finding::new(&codes::CONTROL_UNASKED, Severity::Exception, subject, detail);
                self.find(finding.in_file(paths::CONTROL));
                continue;
            };
            let verified = match is_movement(proof) {
                true => self.verify_movement(chain, address, &challenge, proof, &mut evidence),
                false => {
                    let again = || verify_signature(chain, address, challenge.line(), &states, proof);
                    checked.next().unwrap_or_else(again)
                }
            };
            match verified {
                Ok((control, problems)) => {
                    for problem in problems {
                        self.find(Finding::from_problem(problem, chain).in_file(paths::CONTROL));
                    }
                    let mut shown = controlled.entry(chain.clone()).or_default();
                    if !self.accepts(chain, address, &proof.scheme) {
                        shown = shown.unaccepted.get_or_insert_default();
                    }
                    self.take_control(chain, address, control, shown);
                }
                Err(error) => {
                    let detail = format!("{}: {error}", error.code());
                    self.find_control(&codes::CONTROL_INVALID, chain, address, detail);
                }
            }
            answered.insert((chain.clone(), address.to_owned()));
        }
        if let Some((number, error)) = broken {
            let subject = format!("{} line {number}", paths::CONTROL);
            let finding = Finding::new(&codes::EVIDENCE_REFUSED, Severity::Critical, subject, error);
            self.find(finding.in_file(paths::CONTROL));
            return Ok(None);
        }
        self.note_missing(set, &answered);
        self.reserves.trace.proofs = Some(proofs.len() as u64);
        Ok(Some(controlled))
    }

    /// Whether a proof is of a kind that the policy accepts; of another one it is told, and held at most.
    fn accepts(&mut self, chain: &ChainId, address: &str, scheme: &str) -> bool {
        let schemes = &self.policy.require().schemes;
        let accepted = schemes.is_empty() || schemes.iter().any(|known| known == scheme);
        if !accepted {
            let detail = format!("scheme {scheme:?}; accepted are {}", schemes.join(", "));
            self.find_control(&verdict_codes::SCHEME_NOT_ACCEPTED, chain, address, detail);
        }
        accepted
    }

    fn find_control(
        &mut self,
        code: &'static crate::code::Code,
        chain: &ChainId,
        subject: &str,
        detail: impl Into<String>,
    ) {
        let finding = Finding::new(code, Severity::Exception, subject, detail);
        self.find(finding.on_chain(chain).in_file(paths::CONTROL));
    }

    /// `evidence` keeps what is read of a chain.
    fn verify_movement(
        &self,
        chain: &ChainId,
        address: &str,
        challenge: &VerifiedChallenge,
        proof: &ControlProof,
        evidence: &mut BTreeMap<ChainId, BundleTransactions<'a>>,
    ) -> Verified {
        let named = challenge.challenge().blocks.iter().find(|block| block.chain == *chain);
        let Some(named) = named else {
            return verify_signature(chain, address, challenge.line(), &States::new(), proof);
        };
        let query = MovementQuery { chain, address, challenge: challenge.digest(), after: named.height };
        let read = || BundleTransactions::read(chain, self.files, self.policy.pins());
        let known = evidence.entry(chain.clone()).or_insert_with(read);
        let control = movement::verify(&query, known, proof);
        control.map(|control| (control, Vec::new())).map_err(|error| Box::new(error) as _)
    }

    /// Keeps what counts at the cut-off; what does not is a finding.
    fn take_control(&mut self, chain: &ChainId, address: &str, control: Control, shown: &mut ChainControl) {
        let cutoff = self.statement.statement().cutoff;
        let height = block_of(self.statement.statement(), chain).map_or(0, |block| block.height);
        match control.remark {
            None => {}
            Some(ControlRemark::ForeignHeader) => {
                let detail = "the header byte is that of P2PKH; the key is that of the address";
                self.find_control(&codes::CONTROL_FOREIGN_HEADER, chain, address, detail);
            }
            Some(ControlRemark::AmountMark) => {
                let detail = "the transaction has no OP_RETURN output with the challenge's hash";
                self.find_control(&codes::CONTROL_MARK_AMOUNT, chain, address, detail);
            }
        }
        if !control.is_open(height, cutoff) {
            let from = match control.not_before {
                Some(NotBefore::Time(time)) => format!("valid, spendable from {time}; the cut-off is {cutoff}"),
                Some(NotBefore::Height(from)) => {
                    format!("valid, spendable above height {from}; the cut-off block is {height}")
                }
                None => String::new(),
            };
            self.find_control(&codes::CONTROL_LOCKED, chain, address, from);
            return;
        }
        for coin in control.coins {
            // of two lists with one coin, that without an age shows more
            if coin.age.is_none() || shown.coins.get(&coin.id).is_none_or(|known| known.age.is_some()) {
                shown.coins.insert(coin.id.clone(), coin);
            }
        }
        match (control.scope, control.age) {
            (ControlScope::Coins, _) => {}
            (ControlScope::Address, Some(age)) => {
                let least = shown.aged.entry(address.to_owned()).or_insert((age, control.grade));
                *least = (age, control.grade).min(*least);
            }
            (ControlScope::Address, None) => {
                let best = shown.addresses.entry(address.to_owned()).or_insert(control.grade);
                *best = control.grade.max(*best);
            }
        }
    }

    fn note_missing(&mut self, set: &AddressSet, answered: &Answered) {
        for entry in set.entries().iter().filter(|entry| entry.role != Role::Internal) {
            if answered.contains(&(entry.chain.clone(), entry.address.clone())) {
                continue;
            }
            let detail = format!("{} address, counts for nothing", entry.role.text());
            let finding = Finding::new(&codes::CONTROL_MISSING, Severity::Exception, entry.address.clone(), detail);
            self.find(finding.on_chain(&entry.chain));
        }
    }

    /// How control over a coin or balance was shown, and whether by a scheme that the policy accepts.
    pub(super) fn control_of(
        &mut self,
        chain: &ChainId,
        shown: &ChainControl,
        holding: &Holding,
    ) -> Option<(ControlGrade, bool)> {
        if let Some(grade) = self.grade(chain, shown, holding) {
            return Some((grade, true));
        }
        let grade = self.grade(chain, shown.unaccepted.as_ref()?, holding)?;
        Some((grade, false))
    }

    /// Over its address, or over itself.
    fn grade(&mut self, chain: &ChainId, shown: &ChainControl, holding: &Holding) -> Option<ControlGrade> {
        let of_address = shown.addresses.get(&holding.address).copied();
        let Some(coin) = shown.coins.get(&holding.id) else {
            let aged = shown.aged.get(&holding.address).copied();
            return of_address.or_else(|| aged.and_then(|(age, grade)| self.aged(chain, age, grade, holding)));
        };
        let script = script_of(chain, &holding.address).map(|script| script.to_hex_string());
        if coin.amount != holding.amount || script.as_ref() != Ok(&coin.script) {
            let detail = format!("it says {} to {}, the chain evidence {}", coin.amount, coin.script, holding.amount);
            self.find_control(&codes::CONTROL_COIN_DIFFERS, chain, &holding.id, detail);
            return None;
        }
        // lists of coins are executed scripts
        let executed = ControlGrade::ScriptSatisfied;
        match coin.age {
            None => of_address.max(Some(executed)),
            Some(age) => of_address.or_else(|| self.aged(chain, age, executed, holding)),
        }
    }

    /// Control that begins with an age: it is there when the coin is old enough for the block after the cut-off block.
    fn aged(&mut self, chain: &ChainId, age: CoinAge, grade: ControlGrade, holding: &Holding) -> Option<ControlGrade> {
        let height = block_of(self.statement.statement(), chain).map(|block| block.height)?;
        if holding.made_at.is_some_and(|made_at| age.is_reached(made_at, height)) {
            return Some(grade);
        }
        let made = holding.made_at.map_or_else(|| "unknown".to_owned(), |made_at| made_at.to_string());
        let detail = format!("valid for coins {age}; this one is of height {made}, the cut-off block is {height}");
        self.find_control(&codes::CONTROL_AGE, chain, &holding.id, detail);
        None
    }
}
