//! Gathering: address set, challenge, signatures and chain evidence of a bundle, under the statement's commitments.

mod by_chain;
mod control;
mod exclusion;

use std::collections::{BTreeMap, BTreeSet};

use self::control::Controlled;
use self::exclusion::is_free;
use super::ReconcileError;
use super::chain::{self, EarlierSets};
use super::custodian::CustodyShare;
use super::depositors::Depositors;
use super::findings::{Finding, Severity};
use super::history::History;
use super::issuer::Backing;
use super::parties::Elsewhere;
use super::trace::{ChainTrace, Trace};
use super::windows::ChainWindow;
use crate::asset::{AssetId, ChainId, DeploymentId};
use crate::basis::Basis;
use crate::bundle::{FileSource, paths};
use crate::code::{Coded, finding as codes, verdict as verdict_codes};
use crate::policy::Policy;
use crate::publish::{Statement, VerifiedStatement};
use crate::reserve::address_set::{AddressEntry, AddressSet, Role};
use crate::reserve::bitcoin::own::OwnEvidence;
use crate::reserve::challenge::{self, ChallengeQuery, VerifiedChallenge};
use crate::reserve::claim::{ChainEvidence, ChainQuery, ControlGrade, CutoffCheck, Holding, Problem};
use crate::reserve::evm::finality::Final;
use crate::reserve::transcript::Transcript;
use crate::reserve::{bitcoin, evm};
use crate::snapshot::{BlockRef, VenueId};

/// A holding with what is known of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The coin or account balance.
    pub holding: Holding,
    /// What the address is for.
    pub role: Role,
    /// How control was shown, of the address or of the coin itself; `None` when it was not.
    pub control: Option<ControlGrade>,
    /// Whether by a scheme that the policy accepts; otherwise it is held at most.
    pub accepted: bool,
    /// Whether it counts at all: not internal, not pledged, not self-issued.
    pub free: bool,
}

/// How much later than the cut-off block a list of coins was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// Blocks in between.
    pub blocks: u64,
    /// Coins spent in these blocks that are counted all the same: their spends prove that they were there.
    pub proved: u64,
}

/// What the reserve side shows.
#[derive(Clone, Debug, Default)]
pub struct Reserves {
    /// Coins and account balances.
    pub held: Vec<Held>,
    /// Deployments for which something is claimed.
    pub claimed: BTreeSet<DeploymentId>,
    /// Chains whose evidence could not be read.
    pub unreadable: BTreeSet<ChainId>,
    /// Chains whose coins are known from a list that was made after the cut-off block, and from nothing that is whole.
    pub late: BTreeMap<ChainId, Late>,
    /// What is known of every block around the cut-off block, by chain.
    pub windows: BTreeMap<ChainId, ChainWindow>,
    /// The blocks that the challenge names, by chain.
    pub challenged: BTreeMap<ChainId, u64>,
    /// Whether address set, challenge and signatures could be read.
    pub readable: bool,
    /// What the venue has committed to, statement by statement; none when the bundle has no statement.
    pub history: Option<History>,
    /// Sequence numbers of the statements that the pinned log shows.
    pub logged: BTreeSet<u64>,
    /// What the address sets of earlier statements have beside the present one.
    pub earlier: EarlierSets,
    /// Coins and balances of addresses that only earlier sets have.
    pub retired: Vec<Holding>,
    /// What custodians keep for the venue, by their own books.
    pub custody: Vec<CustodyShare>,
    /// Custodians that show something which cannot be read: it may be all that the venue's books say.
    pub custody_unreadable: BTreeSet<VenueId>,
    /// Custodians that the verifier pins and that show nothing: the venue's own books alone may name an amount.
    pub custody_absent: BTreeSet<VenueId>,
    /// What issuers show of what they owe.
    pub issuers: Vec<Backing>,
    /// Customers who paid in, and are in the tree.
    pub depositors: Depositors,
    /// What was done on the way.
    pub trace: Trace,
    /// What was found on the way.
    pub findings: Vec<Finding>,
}

/// Reads the reserve side of a bundle.
///
/// # Errors
/// [`ReconcileError`] when a file that the manifest lists cannot be read.
pub(super) fn gather(
    files: &dyn FileSource,
    policy: &Policy,
    statement: &VerifiedStatement,
    (history, elsewhere): (&History, &Elsewhere),
    own: &dyn OwnEvidence,
) -> Result<Reserves, ReconcileError> {
    let mut gathering = Gathering { files, policy, statement, own, elsewhere, reserves: Reserves::default() };
    if let Some(set) = gathering.address_set()? {
        let (earlier, found) = chain::earlier_sets(files, history, &set)?;
        gathering.reserves.earlier = earlier;
        gathering.reserves.findings.extend(found);
        let descriptors = files.read(paths::DESCRIPTORS)?;
        let trace = &mut gathering.reserves.trace;
        (trace.addresses, trace.descriptors) = (Some(set.count()), descriptors.is_some());
        gathering.reserves.findings.extend(super::descriptors::check(&set, descriptors.as_deref()));
        let control = gathering.control(&set)?;
        gathering.reserves.readable = control.is_some();
        for entries in set.entries().chunk_by(|left, right| left.chain == right.chain) {
            gathering.chain(entries, control.as_ref())?;
        }
    }
    Ok(gathering.reserves)
}

fn chains_of(set: &AddressSet) -> BTreeSet<ChainId> {
    set.entries().iter().map(|entry| entry.chain.clone()).collect()
}

/// The cut-off block of a chain; the statement has them in the order of their chains.
pub(super) fn block_of<'a>(statement: &'a Statement, chain: &ChainId) -> Option<&'a BlockRef> {
    let at = statement.chains.binary_search_by(|block| block.chain.cmp(chain)).ok()?;
    statement.chains.get(at)
}

/// Seconds in 400 days: a custody challenge is renewed every year.
const CHALLENGE_TERM_MAX: i64 = 400 * 86_400;

/// A node's answers in the bundle.
enum Answers {
    /// There are none.
    None,
    /// There are, and this is what they are worth.
    Of(Box<Transcript>, Basis),
    /// There are, and nobody can read them.
    Unreadable,
}

struct Gathering<'a> {
    files: &'a dyn FileSource,
    policy: &'a Policy,
    statement: &'a VerifiedStatement,
    own: &'a dyn OwnEvidence,
    /// Addresses that count by the books of somebody else.
    elsewhere: &'a Elsewhere,
    reserves: Reserves,
}

impl Gathering<'_> {
    fn find(&mut self, finding: Finding) {
        self.reserves.findings.push(finding);
    }

    fn missing(&mut self, path: &str, code: &'static crate::code::Code) {
        self.find(Finding::new(code, Severity::Critical, path, "the bundle has no such file"));
    }

    fn address_set(&mut self) -> Result<Option<AddressSet>, ReconcileError> {
        let Some(file) = self.files.read(paths::ADDRESSES)? else {
            self.missing(paths::ADDRESSES, &codes::NO_RESERVES);
            return Ok(None);
        };
        let set = match AddressSet::parse(&file) {
            Ok(set) => set,
            Err(error) => {
                let finding = Finding::new(error.code(), Severity::Critical, paths::ADDRESSES, error.to_string());
                self.find(finding.in_file(paths::ADDRESSES));
                return Ok(None);
            }
        };
        let committed = self.statement.statement().address_set;
        if committed.is_some_and(|committed| (committed.root, committed.count) == (set.root(), set.count())) {
            return Ok(Some(set));
        }
        let expected = committed.map_or_else(
            || "the statement commits to none".to_owned(),
            |committed| format!("expected {} ({} addresses)", committed.root, committed.count),
        );
        let detail = format!("got {} ({} addresses), {expected}", set.root(), set.count());
        let finding = Finding::new(&codes::ADDRESS_SET_DIFFERS, Severity::Critical, paths::ADDRESSES, detail);
        self.find(finding.in_file(paths::ADDRESSES));
        Ok(None)
    }

    fn challenge(&mut self, set: &AddressSet) -> Result<Option<VerifiedChallenge>, ReconcileError> {
        let Some(file) = self.files.read(paths::CHALLENGE)? else {
            self.missing(paths::CHALLENGE, &codes::EVIDENCE_MISSING);
            return Ok(None);
        };
        let statement = self.statement.statement();
        let query = ChallengeQuery {
            venue: &statement.venue.id,
            keys: &statement.venue.keys,
            log_origin: &statement.venue.log_origin,
            root: set.root(),
            count: set.count(),
            chains: &chains_of(set),
            cutoff: statement.cutoff,
        };
        let detail = match challenge::verify(&file, &query) {
            Ok(challenge) if statement.custody == Some(challenge.digest()) => {
                let contradicted = challenge.challenge().blocks.iter().find_map(|block| self.contradicted(block));
                match contradicted {
                    None => {
                        self.note_long_term(&challenge);
                        self.reserves.trace.challenge = true;
                        let blocks = challenge.challenge().blocks.iter();
                        self.reserves.challenged = blocks.map(|block| (block.chain.clone(), block.height)).collect();
                        return Ok(Some(challenge));
                    }
                    Some(detail) => detail,
                }
            }
            Ok(challenge) => {
                let committed = statement.custody.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
                format!("got sha256 {}, the statement names {committed}", challenge.digest())
            }
            Err(error) => error.to_string(),
        };
        let finding = Finding::new(&codes::CHALLENGE_REFUSED, Severity::Critical, paths::CHALLENGE, detail);
        self.find(finding.in_file(paths::CHALLENGE));
        Ok(None)
    }

    fn note_long_term(&mut self, challenge: &VerifiedChallenge) {
        let (issued, expires) = (challenge.challenge().issued, challenge.challenge().expires);
        let (cutoff, days) = (self.statement.statement().cutoff, self.policy.require().control_max_age_days);
        let allowed = i64::try_from(days).ok().and_then(|days| days.checked_mul(86_400)).unwrap_or(i64::MAX);
        if cutoff.unix().saturating_sub(issued.unix()) > allowed {
            let detail = format!("issued {issued}, the cut-off is {cutoff}; at most {days} days are allowed");
            let code = &verdict_codes::CHALLENGE_OLD;
            let finding = Finding::new(code, Severity::Critical, paths::CHALLENGE, detail);
            self.find(finding.in_file(paths::CHALLENGE));
        }
        if expires.unix().saturating_sub(issued.unix()) > CHALLENGE_TERM_MAX {
            let detail = format!("it is valid from {issued} to {expires}");
            let finding = Finding::new(&codes::CHALLENGE_LONG, Severity::Exception, paths::CHALLENGE, detail);
            self.find(finding.in_file(paths::CHALLENGE));
        }
    }

    /// What contradicts a block that the challenge names: it makes the signatures younger only when it is real. What
    /// the evidence does not reach is not contradicted.
    fn contradicted(&self, block: &BlockRef) -> Option<String> {
        let cutoff = block_of(self.statement.statement(), &block.chain);
        if let Some(cutoff) = cutoff.filter(|cutoff| block.height > cutoff.height) {
            return Some(format!("it names {block}, above the cut-off block {}", cutoff.height));
        }
        let pins = self.policy.pins().iter().filter(|pin| pin.chain == block.chain);
        let named = pins.chain(cutoff).filter(|known| known.height == block.height).map(|known| known.hash);
        let in_evidence = match block.chain.namespace() {
            "bip122" => cutoff.and_then(|cutoff| bitcoin::balance::hash_at(cutoff, block.height, self.files)),
            _ => evm::balance::hash_at(&block.chain, block.height, self.files),
        };
        let other = named.chain(in_evidence).find(|hash| *hash != block.hash)?;
        Some(format!("it names {block}, the block of that height is {other}"))
    }

    /// The addresses of one chain.
    fn chain(&mut self, entries: &[AddressEntry], control: Option<&Controlled>) -> Result<(), ReconcileError> {
        let Some(chain) = entries.first().map(|entry| &entry.chain) else { return Ok(()) };
        let deployments: Vec<DeploymentId> = self.deployments(chain);
        // an answer about Bitcoin covers every address; elsewhere something is claimed where evidence speaks of it
        let native = |id: &&DeploymentId| chain.namespace() == "bip122" && id.asset().starts_with("slip44:");
        self.reserves.claimed.extend(deployments.iter().filter(native).cloned());
        let controlled = control.and_then(|control| control.get(chain));
        let require = self.policy.require();
        let accepted = |grade: ControlGrade| grade >= require.control && grade.basis() >= require.authenticity;
        let (policy, elsewhere) = (self.policy, self.elsewhere);
        let is_controlled = |entry: &&AddressEntry| {
            controlled.and_then(|controlled| controlled.of_address(&entry.address)).is_some_and(accepted)
        };
        let counts = |entry: &&AddressEntry| is_free(policy, elsewhere, entry) && is_controlled(entry);
        let shown = |entry: &&AddressEntry| {
            controlled.is_some_and(|controlled| controlled.of_address(&entry.address).is_some())
        };
        let shown = entries.iter().filter(shown).count() as u64;
        let trace = ChainTrace { addresses: entries.len() as u64, controlled: shown, ..ChainTrace::default() };
        self.reserves.trace.chains.insert(chain.clone(), trace);
        let grades: BTreeMap<String, ControlGrade> = entries
            .iter()
            .filter(counts)
            .filter_map(|entry| Some((entry.address.clone(), controlled?.of_address(&entry.address)?)))
            .collect();
        let counted: BTreeSet<String> = grades.keys().cloned().collect();
        let free: BTreeSet<&str> = entries
            .iter()
            .filter(|entry| is_free(policy, elsewhere, entry))
            .map(|entry| entry.address.as_str())
            .collect();
        let all = |controlled: &control::ChainControl| {
            controlled.is_of_addresses(|address| !free.contains(address) || counted.contains(address))
        };
        let every_address = controlled.is_none_or(all);
        let controlled = entries.iter().filter(is_controlled).map(|entry| entry.address.clone()).collect();
        let window = ChainWindow { counted, controlled, every_address, ..ChainWindow::default() };
        self.reserves.windows.insert(chain.clone(), window);
        match self.chain_evidence(chain, entries, &deployments, &grades)? {
            Some(evidence) => self.take(chain, entries, control, evidence),
            None => {
                self.reserves.unreadable.insert(chain.clone());
            }
        }
        Ok(())
    }

    fn deployments(&self, chain: &ChainId) -> Vec<DeploymentId> {
        let all = self.policy.assets().iter().flat_map(|asset| &asset.deployments);
        all.filter(|deployment| deployment.id.chain().as_ref() == Some(chain)).map(|found| found.id.clone()).collect()
    }

    fn transcript(&mut self, chain: &ChainId) -> Result<Answers, ReconcileError> {
        let path = paths::chain(chain, paths::TRANSCRIPT);
        let Some(file) = self.files.read(&path)? else { return Ok(Answers::None) };
        match Transcript::parse(&file, &self.policy.node_keys()) {
            Ok((transcript, basis, key)) => {
                if basis == Basis::Stated {
                    let detail = format!("signed by {key}, which the policy does not pin as a node");
                    let finding = Finding::new(&codes::TRANSCRIPT_STATED, Severity::Exception, path.clone(), detail);
                    self.find(finding.on_chain(chain).in_file(path));
                }
                Ok(Answers::Of(Box::new(transcript), basis))
            }
            Err(error) => {
                let detail = format!("{}: {error}", error.code());
                let finding = Finding::new(&codes::EVIDENCE_REFUSED, Severity::Critical, path.clone(), detail);
                self.find(finding.on_chain(chain).in_file(path));
                Ok(Answers::Unreadable)
            }
        }
    }

    /// Blocks of a chain that the policy pins and those that are final from a root that it pins, with final states.
    fn anchors(&mut self, chain: &ChainId) -> Final {
        let blocks = self.policy.pins().iter().filter(|pin| pin.chain == *chain).cloned().collect();
        let mut anchors = Final { blocks, states: Vec::new() };
        if chain.namespace() == "eip155" {
            let (root, pins) = (self.policy.finality_root(chain), self.policy.pins());
            match evm::finality::final_in(chain, root, pins, self.files) {
                Ok(found) => {
                    anchors.blocks.extend(found.blocks);
                    anchors.states = found.states;
                }
                Err(error) => {
                    let problem = Problem::from_error("evidence of finality", &error);
                    self.find(Finding::from_problem(problem, chain));
                }
            }
        }
        anchors
    }

    /// Asks the chain's own verifier; `None` when its evidence cannot be read at all.
    fn chain_evidence(
        &mut self,
        chain: &ChainId,
        entries: &[AddressEntry],
        deployments: &[DeploymentId],
        controlled: &BTreeMap<String, ControlGrade>,
    ) -> Result<Option<ChainEvidence>, ReconcileError> {
        let statement = self.statement.statement();
        let Some(cutoff_block) = block_of(statement, chain) else {
            let finding =
                Finding::new(&codes::CHAIN_WITHOUT_BLOCK, Severity::Critical, chain.as_str(), "no block named");
            self.find(finding.on_chain(chain));
            return Ok(None);
        };
        let transcript = match self.transcript(chain)? {
            Answers::Of(transcript, basis) => Some((transcript, basis)),
            Answers::None => None,
            Answers::Unreadable => return Ok(None),
        };
        // retired addresses are asked about, too: what left them is no income, and they stay until they are empty
        let retired: Vec<String> = self.reserves.earlier.retired.get(chain).into_iter().flatten().cloned().collect();
        let addresses = entries.iter().map(|entry| entry.address.as_str()).chain(retired.iter().map(String::as_str));
        let addresses: Vec<&str> = addresses.collect();
        let anchors = self.anchors(chain);
        let query = ChainQuery {
            chain,
            pins: &anchors.blocks,
            cutoff_block,
            cutoff: statement.cutoff,
            addresses: &addresses,
            deployments,
            transcript: transcript.as_ref().map(|(transcript, basis)| (&**transcript, *basis)),
        };
        if let Some(window) = self.reserves.windows.get_mut(chain) {
            window.snapshot = cutoff_block.height;
        }
        let result = match chain.namespace() {
            "bip122" => self.bitcoin(&query).map_err(|error| Box::new(error) as Box<dyn Coded>),
            _ => self.evm(&query, controlled, &anchors.states).map_err(|error| Box::new(error) as Box<dyn Coded>),
        };
        match result {
            Ok(evidence) => Ok(Some(evidence)),
            Err(error) => {
                let detail = format!("{}: {error}", error.code());
                let finding = Finding::new(&codes::EVIDENCE_REFUSED, Severity::Critical, chain.as_str(), detail);
                self.find(finding.on_chain(chain));
                Ok(None)
            }
        }
    }

    /// Takes over what a chain shows, with what is known of each address.
    fn take(
        &mut self,
        chain: &ChainId,
        entries: &[AddressEntry],
        control: Option<&Controlled>,
        evidence: ChainEvidence,
    ) {
        let block =
            |detail: String, code| Finding::new(code, Severity::Critical, chain.as_str(), detail).on_chain(chain);
        if let Some(trace) = self.reserves.trace.chains.get_mut(chain) {
            trace.cutoff = (&evidence.cutoff).into();
            (trace.anchored, trace.readable) = (evidence.anchored, evidence.readable);
        }
        match evidence.cutoff {
            CutoffCheck::Holds => {}
            CutoffCheck::Unknown { detail } => self.find(block(detail, &codes::CUTOFF_UNKNOWN)),
            CutoffCheck::Violated { detail } => self.find(block(detail, &codes::CUTOFF_BLOCK)),
        }
        if !evidence.anchored {
            let detail = "no pinned block stands at or above the cut-off block in the evidence";
            let finding = Finding::new(&codes::CHAIN_UNANCHORED, Severity::Exception, chain.as_str(), detail);
            self.find(finding.on_chain(chain));
        }
        if !evidence.readable {
            self.reserves.unreadable.insert(chain.clone());
        }
        for problem in evidence.problems {
            self.find(Finding::from_problem(problem, chain));
        }
        let controlled = control.and_then(|control| control.get(chain));
        let by_address: BTreeMap<&str, &AddressEntry> =
            entries.iter().map(|entry| (entry.address.as_str(), entry)).collect();
        for entry in entries {
            self.note_exclusion(chain, entry);
            let grade = controlled.and_then(|controlled| controlled.of_address(&entry.address));
            if let Some(grade) = grade.filter(|grade| *grade < self.policy.require().control) {
                let (got, wanted) = (grade.text(), self.policy.require().control.text());
                let detail = format!("{got}, demanded {wanted}");
                let code = &verdict_codes::CONTROL_WEAK;
                let finding = Finding::new(code, Severity::Exception, entry.address.clone(), detail);
                self.find(finding.on_chain(chain).in_file(paths::CONTROL));
            }
        }
        for mut holding in evidence.holdings {
            // a chain's verifier answers for asked addresses only; anything else is not counted
            let Some(entry) = by_address.get(holding.address.as_str()) else {
                self.take_retired(chain, holding);
                continue;
            };
            let shown = controlled.and_then(|controlled| self.control_of(chain, controlled, &holding));
            let (control, accepted) = shown.map_or((None, false), |(grade, accepted)| (Some(grade), accepted));
            if let Some(grade) = control {
                // a balance under control that a node vouches for is worth no more than that node
                holding.authenticity = holding.authenticity.min(grade.basis());
            }
            self.reserves.claimed.insert(holding.deployment.clone());
            self.reserves.held.push(Held {
                control,
                accepted,
                role: entry.role,
                free: is_free(self.policy, self.elsewhere, entry),
                holding,
            });
        }
    }

    /// What an address of an earlier set still has: it counts for nothing.
    fn take_retired(&mut self, chain: &ChainId, holding: Holding) {
        let retired = self.reserves.earlier.retired.get(chain);
        if retired.is_some_and(|retired| retired.contains(&holding.address)) {
            self.reserves.retired.push(holding);
        }
    }
}

/// The assets of the policy that live on a chain.
pub(super) fn lives_on(policy: &Policy, asset: &AssetId, chain: &ChainId) -> bool {
    let asset = policy.assets().iter().find(|listed| listed.id == *asset);
    asset.is_some_and(|asset| asset.deployments.iter().any(|found| found.id.chain().as_ref() == Some(chain)))
}

#[cfg(all(test, feature = "finality"))]
mod tests;
