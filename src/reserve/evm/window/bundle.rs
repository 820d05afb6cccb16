//! The window in a bundle: headers from its start on, trie nodes of any of its blocks, receipts of some.
//!
//! No file says where proofs are. Each header names a state root; where the pool of nodes leads from it to an asked
//! address, that is a proof of that block, and elsewhere there is none.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::error::{EvmWindowError, WindowError};
use super::events::EventList;
use super::file::WindowFile;
use super::flows::{self, Balances, FlowAsset, FlowQuestion, Movements};
use super::headers::{WindowHeader, WindowHeaders};
use super::logs::{BlockLogs, TokenPoint, token_floors};
use super::nonce::{AccountPoint, account_floors};
use super::receipts::{self, Log};
use super::{Floors, WindowError as Fault};
use crate::amount::Amount;
use crate::asset::{ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::bundle::{FileSource, paths};
use crate::code::{Coded, evm as evm_codes, evm_token, evm_window as codes};
use crate::reserve::claim::{ChainQuery, ControlGrade, Problem};
use crate::reserve::evm::account_proof;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::balance::{EvmError, HeaderLine};
use crate::reserve::evm::header::HEADER_BYTES_MAX;
use crate::reserve::evm::lines;
use crate::reserve::evm::state::State;
use crate::reserve::evm::token::{TokenError, TokenRegistry, open};
use crate::reserve::evm::trie::NodePool;
use crate::reserve::parallel;
use crate::reserve::window::{Stretch, StretchEvidence, StretchReason};
use crate::snapshot::BlockRef;

/// What is told of one address and asset at most: the rest is of the same kind.
const TOLD_MAX: usize = 3;

/// What the verifier brings along: nothing of it comes from a bundle.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// Where tokens keep their balances.
    pub tokens: &'a TokenRegistry,
    /// Which events write them.
    pub events: &'a EventList,
    /// Addresses that count, as the set has them, with what the verifier's own check of their control proofs gave.
    pub addresses: &'a BTreeMap<String, ControlGrade>,
}

/// Where the receipts of a block are in a bundle.
#[must_use]
pub fn receipts_path(chain: &ChainId, number: u64) -> String {
    paths::chain(chain, &paths::evm_receipts(number))
}

/// What the window in a bundle shows, one item for each deployment of this chain that the query names and that can be
/// asked about; `None` when the bundle has no window.
///
/// # Errors
/// [`EvmWindowError`] when no block of it can be used.
pub fn window(
    query: &ChainQuery<'_>,
    own: &Own<'_>,
    files: &dyn FileSource,
) -> Result<Option<Vec<StretchEvidence>>, EvmWindowError> {
    let path = paths::chain(query.chain, paths::WINDOW);
    let Some(bytes) = files.read(&path).map_err(EvmError::from)? else { return Ok(None) };
    let file = WindowFile::parse(&path, &bytes)?;
    let state = State::open(query, files)?;
    let (headers, problems) = linked(query, &state, file, files)?;
    let of_chain: BTreeSet<&DeploymentId> =
        query.deployments.iter().filter(|id| id.chain().as_ref() == Some(query.chain)).collect();
    let contracts = of_chain.iter().filter_map(|id| contract(id)).map(|(contract, _)| contract).collect();
    let moved = moved(query, own, (&headers, state.anchored), (&contracts, files));
    let mut problems = problems;
    problems.extend(moved.iter().flat_map(|moved| moved.problems.clone()));
    let logs = RefCell::default();
    let logs_of = RefCell::default();
    let source = Source { query, own, state: &state, headers: &headers, files, contracts, logs, logs_of, moved };
    let mut shown = Vec::new();
    for deployment in of_chain {
        shown.extend(source.deployment(deployment, &problems));
    }
    Ok(Some(shown))
}

/// The headers of the window under an anchored block, or under the statement's when nothing is anchored.
fn linked(
    query: &ChainQuery<'_>,
    state: &State<'_>,
    file: WindowFile,
    files: &dyn FileSource,
) -> Result<(WindowHeaders, Vec<Problem>), EvmWindowError> {
    let blocks = |detail: String| EvmWindowError::Blocks { detail };
    if state.root().is_none() {
        return Err(blocks(format!("the statement's {}: {}", query.cutoff_block, state.headers.missing_detail(query))));
    }
    let mut problems = Vec::new();
    let mut to = file.to;
    if state.anchored
        && let Some(anchored) = state.headers.last_anchored_number(query).filter(|anchored| *anchored < to)
    {
        if anchored < file.from {
            return Err(EvmWindowError::Unanchored { from: file.from, to, anchored });
        }
        let detail = format!("blocks {} to {to} are left out", anchored.saturating_add(1));
        let subject = paths::chain(query.chain, paths::WINDOW);
        problems.push(Problem { code: &codes::EVM_WINDOW_UNANCHORED, subject, detail });
        to = anchored;
    }
    let (Some(hash), Some(_)) = (state.headers.hash_at(to), state.headers.hash_at(file.from)) else {
        return Err(blocks(format!("there are not all headers of blocks {} to {}", file.from, file.to)));
    };
    let rlps = rlps(query.chain, file.from, to, files)?;
    let last = BlockRef { chain: query.chain.clone(), height: to, hash };
    Ok((WindowHeaders::link(&rlps, file.from, &last)?, problems))
}

/// The RLP of the headers `from` to `to`. The file was read before: its lines are headers in a row.
fn rlps(chain: &ChainId, from: u64, to: u64, files: &dyn FileSource) -> Result<Vec<Vec<u8>>, EvmWindowError> {
    let path = paths::chain(chain, paths::EVM_HEADERS);
    let file = files.read(&path).map_err(EvmError::from)?.unwrap_or_default();
    let mut rlps = Vec::new();
    for (at, text) in lines::read::<HeaderLine>(&path, &file).map_err(EvmError::from)?.into_iter().enumerate() {
        let fail = |detail| EvmError::from(lines::error(&path, at.saturating_add(1), detail));
        let rlp = lines::bytes(&text.rlp, HEADER_BYTES_MAX).map_err(fail)?;
        let number = WindowHeader::parse(&rlp)?.number();
        if (from..=to).contains(&number) {
            rlps.push(rlp);
        }
    }
    Ok(rlps)
}

/// What bodies and receipts show of the addresses; `None` when the bundle cannot be read, which is told elsewhere.
fn moved(
    query: &ChainQuery<'_>,
    own: &Own<'_>,
    (headers, anchored): (&WindowHeaders, bool),
    (contracts, files): (&BTreeSet<EvmAddress>, &dyn FileSource),
) -> Option<Movements> {
    let addresses = own.addresses.keys().filter_map(|text| text.parse().ok()).collect();
    let basis = if anchored { Basis::Proved } else { Basis::Stated };
    let question = FlowQuestion { chain: query.chain, headers, basis, addresses: &addresses, contracts };
    flows::movements(&question, files).ok()
}

/// Everything in one place while deployments are asked about.
struct Source<'a> {
    query: &'a ChainQuery<'a>,
    own: &'a Own<'a>,
    state: &'a State<'a>,
    headers: &'a WindowHeaders,
    files: &'a dyn FileSource,
    contracts: BTreeSet<EvmAddress>,
    /// Logs of asked tokens by block, so that receipts are hashed once.
    logs: RefCell<HashMap<u64, BlockLogs>>,
    /// The same of one contract: every holder asks for them.
    logs_of: RefCell<HashMap<(u64, EvmAddress), BlockLogs>>,
    /// What bodies and receipts show.
    moved: Option<Movements>,
}

/// A token's contract at the blocks of which its code is proved, holder by holder.
struct TokenWindow {
    /// What each address had, by proof.
    points: BTreeMap<EvmAddress, Vec<TokenPoint>>,
    /// Code, and the code behind a proxy, at every such block.
    codes: BTreeSet<(crate::hash::Digest, Option<crate::hash::Digest>)>,
    /// Holders that were frozen at some block.
    frozen: BTreeSet<EvmAddress>,
    problems: Vec<Problem>,
}

impl Source<'_> {
    /// The headers whose state the pool has a part of.
    fn proved(&self) -> impl Iterator<Item = &WindowHeader> {
        self.headers.iter().filter(|header| self.state.pool.get(header.header().state_root().as_bytes()).is_some())
    }

    fn deployment(&self, deployment: &DeploymentId, common: &[Problem]) -> Option<StretchEvidence> {
        let mut shown = match contract(deployment) {
            Some((contract, shares)) => self.token(deployment, contract, shares),
            None if deployment.asset() == "slip44:60" => self.native(deployment),
            // what is neither is told with the balances
            None => return None,
        };
        shown.problems.splice(0..0, common.iter().cloned());
        Some(shown)
    }

    fn evidence(&self, deployment: &DeploymentId) -> StretchEvidence {
        let (authenticity, completeness) = match self.state.anchored {
            true => (Basis::Proved, Completeness::Exact),
            false => (Basis::Stated, Completeness::UnspentStated),
        };
        let to = self.headers.to();
        let hash = self.headers.at(to).map_or(self.query.cutoff_block.hash, |header| header.header().hash());
        StretchEvidence {
            deployment: deployment.clone(),
            from: self.headers.from(),
            to,
            tip: BlockRef { chain: self.query.chain.clone(), height: to, hash },
            addresses: BTreeMap::new(),
            transfers: None,
            times: self.headers.iter().map(|header| (header.number(), header.header().timestamp())).collect(),
            authenticity,
            completeness,
            problems: Vec::new(),
        }
    }

    /// What is wrong with the spelling of an address is told with the balances.
    fn asked(&self) -> impl Iterator<Item = (&String, EvmAddress, ControlGrade)> {
        self.own.addresses.iter().filter_map(|(text, grade)| Some((text, text.parse().ok()?, *grade)))
    }

    fn native(&self, deployment: &DeploymentId) -> StretchEvidence {
        let mut shown = self.evidence(deployment);
        let mut told = BTreeSet::new();
        let mut balances = Balances::new();
        let asked: Vec<(&String, EvmAddress, ControlGrade)> = self.asked().collect();
        let headers: Vec<&WindowHeader> = self.proved().collect();
        // no cell of this struct goes to another thread: only the pool does
        let pool = &self.state.pool;
        let all = parallel::map(&asked, |(text, address, _)| account_points(&headers, (text, *address), pool));
        for ((text, address, grade), (points, refused)) in asked.into_iter().zip(all) {
            shown.problems.extend(refused);
            let floors = account_floors(self.headers, address, Some(grade), &points);
            balances.insert(address, points.iter().map(|point| (point.number, point.balance)).collect());
            take(&mut shown, text, floors, &mut told);
        }
        self.flows(&mut shown, &FlowAsset::Native, &balances);
        shown
    }

    /// Who paid whom, as far as the bundle has blocks that show it.
    fn flows(&self, shown: &mut StretchEvidence, asset: &FlowAsset<'_>, balances: &Balances) {
        let Some(moved) = self.moved.as_ref().filter(|moved| moved.speaks_of(asset)) else { return };
        let flows = moved.flows(asset, balances);
        let name = shown.deployment.asset().to_owned();
        let tell = |problem: Problem| Problem { detail: format!("{} ({name})", problem.detail), ..problem };
        shown.problems.extend(flows.problems.into_iter().map(tell));
        shown.transfers = Some(flows.transfers);
    }

    fn token(&self, deployment: &DeploymentId, contract: EvmAddress, shares: bool) -> StretchEvidence {
        let mut shown = self.evidence(deployment);
        let TokenWindow { points, codes, frozen, problems } = self.token_points(deployment, contract, shares);
        shown.problems.extend(problems);
        let mut codes = codes.into_iter();
        // one code at every proof, or proofs alone speak
        let events = match (codes.next(), codes.next()) {
            (Some((code, implementation)), None) => {
                self.own.events.of(self.query.chain, contract, code, implementation)
            }
            _ => None,
        };
        let logs = |header: &WindowHeader| self.logs_of(header, contract);
        let mut told = BTreeSet::new();
        let mut balances = Balances::new();
        for (text, address, _) in self.asked() {
            let own = points.get(&address).map(Vec::as_slice).unwrap_or_default();
            // coins are frozen and set free again without an event of the list: only proofs show when
            let free = events.filter(|_| !frozen.contains(&address));
            // what is frozen counts as zero, and did not leave
            if !frozen.contains(&address) {
                balances.insert(address, own.iter().map(|point| (point.number, point.amount)).collect());
            }
            take(&mut shown, text, token_floors(self.headers, free, address, own, &logs), &mut told);
        }
        // logs count coins of the token, not shares of its pool
        if !shares {
            self.flows(&mut shown, &FlowAsset::Token { contract, events }, &balances);
        }
        shown
    }

    fn token_points(&self, deployment: &DeploymentId, contract: EvmAddress, shares: bool) -> TokenWindow {
        let mut found = TokenWindow {
            points: BTreeMap::new(),
            codes: BTreeSet::new(),
            frozen: BTreeSet::new(),
            problems: Vec::new(),
        };
        let mut told = BTreeSet::new();
        let mut tell = |problem: Problem| {
            if told.insert((problem.code.number, problem.subject.clone())) {
                found.problems.push(problem);
            }
        };
        let asked: Vec<(&String, EvmAddress, ControlGrade)> = self.asked().collect();
        let pool = &self.state.pool;
        for header in self.proved() {
            let number = header.number();
            let token = match open(self.own.tokens, self.query.chain, contract, header.header().state_root(), pool) {
                Ok(token) if token.in_shares() == shares => token,
                Ok(_) => {
                    let detail = format!("the policy counts another unit than the token keeps at block {number}");
                    tell(Problem { code: &evm_token::EVM_TOKEN_SHARES, subject: deployment.to_string(), detail });
                    continue;
                }
                Err(error) if error.is_missing() && !matches!(error, TokenError::Unknown { .. }) => continue,
                Err(error) => {
                    tell(Problem::from_error(deployment.as_str(), &error));
                    continue;
                }
            };
            let entry = token.entry();
            found.codes.insert((entry.code_hash, entry.proxy.and_then(|proxy| proxy.implementation_code_hash)));
            let holdings = parallel::map(&asked, |(_, address, _)| token.holding(*address));
            for ((text, address, _), holding) in asked.iter().zip(holdings) {
                match holding {
                    Ok(holding) => {
                        let amount = if holding.frozen { Amount::ZERO } else { holding.amount };
                        if holding.frozen && found.frozen.insert(*address) {
                            let detail = format!("from block {number} on or before, of {deployment}; counted as zero");
                            tell(Problem { code: &evm_token::EVM_TOKEN_FROZEN, subject: (*text).clone(), detail });
                        }
                        found.points.entry(*address).or_default().push(TokenPoint { number, amount });
                    }
                    Err(error) if error.is_missing() => {}
                    Err(error) => tell(Problem::from_error(*text, &error)),
                }
            }
        }
        found
    }

    /// The logs of one contract in a block.
    fn logs_of(&self, header: &WindowHeader, contract: EvmAddress) -> BlockLogs {
        if let Some(known) = self.logs_of.borrow().get(&(header.number(), contract)) {
            return known.clone();
        }
        let mut known = self.logs.borrow_mut();
        let all = known.entry(header.number()).or_insert_with(|| self.read_logs(header));
        let own = |logs: &Rc<[Log]>| logs.iter().filter(|log| log.address == contract).cloned().collect();
        let logs: BlockLogs = all.as_ref().map(|logs| logs.as_ref().map(own).map_err(Clone::clone));
        self.logs_of.borrow_mut().insert((header.number(), contract), logs.clone());
        logs
    }

    /// The logs of the tokens that the query names.
    fn read_logs(&self, header: &WindowHeader) -> BlockLogs {
        let number = header.number();
        let bytes = match self.files.read(&receipts_path(self.query.chain, number)) {
            Ok(bytes) => bytes?,
            Err(error) => return Some(Err(Fault::Receipts { number, detail: error.to_string() })),
        };
        let is_asked = |log: &Log| self.contracts.contains(&log.address);
        Some(receipts::logs(header, &bytes).map(|logs| logs.into_iter().filter(is_asked).collect()))
    }
}

/// What one address had at each block of which the pool shows it, and why it shows no more.
fn account_points(
    headers: &[&WindowHeader],
    (text, address): (&str, EvmAddress),
    pool: &NodePool,
) -> (Vec<AccountPoint>, Option<Problem>) {
    let mut points = Vec::new();
    let mut refused = None;
    for header in headers {
        match account_proof::verify(header.header().state_root(), address, pool) {
            Ok(account) => match AccountPoint::new(header.number(), address, account.as_ref()) {
                Some(point) => points.push(point),
                None => refused = Some(too_large(text, header.number())),
            },
            Err(error) if error.is_missing() => {}
            Err(error) => refused = Some(Problem::from_error(text, &error)),
        }
    }
    (points, refused)
}

/// The contract of a token, and whether shares of it are counted.
fn contract(deployment: &DeploymentId) -> Option<(EvmAddress, bool)> {
    let text = deployment.asset().strip_prefix("erc20:")?;
    let (text, shares) = text.strip_suffix("/shares").map_or((text, false), |text| (text, true));
    Some((text.parse().ok()?, shares))
}

fn too_large(text: &str, number: u64) -> Problem {
    let detail = format!("the balance at block {number} exceeds 2^128 - 1");
    Problem { code: &evm_codes::EVM_BALANCE_TOO_LARGE, subject: text.to_owned(), detail }
}

/// What is shown of one address, and why no more is.
fn take(shown: &mut StretchEvidence, text: &str, floors: Floors, told: &mut BTreeSet<u16>) {
    let whole = floors.gaps.is_empty();
    let weighs = |problem: &&WindowError| match problem {
        // a rule that does not hold matters where nothing else shows the blocks
        Fault::Control | Fault::HasCode { .. } | Fault::Chain { .. } | Fault::Events => !whole,
        _ => true,
    };
    for problem in floors.problems.iter().filter(weighs).take(TOLD_MAX) {
        let mut subject = text.to_owned();
        if matches!(problem, Fault::Chain { .. } | Fault::Events) {
            if !told.insert(problem.code().number) {
                continue;
            }
            subject = shown.deployment.to_string();
        }
        let mut problem = Problem::from_error(subject, problem);
        problem.detail = format!("{} ({})", problem.detail, shown.deployment.asset());
        shown.problems.push(problem);
    }
    shown.addresses.insert(text.to_owned(), floors.stretches.into_iter().flat_map(exact_first).collect());
}

/// A stretch of the nonce rule begins with a proof: the figure of its first block is no bound.
fn exact_first(stretch: Stretch) -> impl Iterator<Item = Stretch> {
    let split = stretch.reason == StretchReason::Nonce && stretch.from < stretch.to;
    let first = Stretch { to: stretch.from, reason: StretchReason::Proof, ..stretch };
    let rest = Stretch { from: stretch.from.saturating_add(u64::from(split)), ..stretch };
    split.then_some(first).into_iter().chain([rest])
}
