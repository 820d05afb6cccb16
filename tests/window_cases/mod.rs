//! Stories for the pure verdict: blocks 100 to 210 of one chain or several, a cut-off at block 150.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "a part of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::{ChainId, DeploymentId};
use counterfoil::basis::{Basis, Completeness};
use counterfoil::hash::sha256;
use counterfoil::policy::WindowRules;
use counterfoil::reconcile::assess::{Assessment, Case, Commitment, Deployment, WHOLE, Window, assess};
use counterfoil::reconcile::window::{CustomerLeaf, Direction, Explained, WindowQuestion, WindowReport, measure};
use counterfoil::reserve::window::{Part, Party, Transfer, WindowEvidence};
use counterfoil::snapshot::{BlockRef, Time};

pub const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93";
pub const EVM: &str = "eip155:1";
const FROM: u64 = 100;
const TO: u64 = 210;
const CUTOFF: u64 = 150;

pub fn amount(units: u128) -> Amount {
    Amount::from_base_units(units)
}

fn clock(height: u64) -> i64 {
    600 * i64::try_from(height).unwrap()
}

/// One chain with the venue's coins on it.
#[derive(Clone)]
pub struct Chain {
    id: ChainId,
    evidence: WindowEvidence,
    at_cutoff: Option<u128>,
    clock: Rc<dyn Fn(u64) -> i64>,
}

impl Chain {
    pub fn new(chain: &str, held: u128) -> Self {
        Self::with(chain, &[("hot", held)])
    }

    fn with(chain: &str, held: &[(&str, u128)]) -> Self {
        let id: ChainId = chain.parse().unwrap();
        let evidence = WindowEvidence {
            deployment: format!("{chain}/slip44:0").parse().unwrap(),
            from: FROM,
            to: TO,
            tip: BlockRef { chain: id.clone(), height: TO, hash: sha256(b"") },
            opening: held.iter().map(|(address, units)| part(address, &format!("opening {address}"), *units)).collect(),
            transfers: Vec::new(),
            times: BTreeMap::new(),
            gaps: Vec::new(),
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentObserved,
            problems: Vec::new(),
        };
        Self { id, evidence, at_cutoff: None, clock: Rc::new(clock) }
    }

    /// Block times; without them the chain has none.
    pub fn times(mut self, clock: impl Fn(u64) -> i64 + 'static) -> Self {
        self.evidence.times = (FROM..=TO).map(|height| (height, clock(height))).collect();
        self.clock = Rc::new(clock);
        self
    }

    pub fn came(mut self, height: u64, units: u128, from: &str) -> Self {
        self.transfer(height, "hot", units, (from, Direction::In));
        self
    }

    pub fn out(mut self, height: u64, units: u128, to: &str) -> Self {
        self.transfer(height, "hot", units, (to, Direction::Out));
        self
    }

    fn transfer(&mut self, height: u64, address: &str, units: u128, (who, direction): (&str, Direction)) {
        let transfers = &mut self.evidence.transfers;
        let place = u32::try_from(transfers.len()).unwrap();
        let txid = format!("{who} {height}");
        let moved = vec![part(address, &txid, units)];
        let party = vec![Party { name: who.to_owned(), amount: Some(amount(units)) }];
        let (spent, received, from, to) = match direction {
            Direction::In => (Vec::new(), moved, party, Vec::new()),
            Direction::Out => (moved, Vec::new(), Vec::new(), party),
        };
        transfers.push(Transfer { height, place, txid, spent, received, from, to, authenticity: Basis::Proved });
        transfers.sort_by_key(|transfer| (transfer.height, transfer.place));
    }

    /// The last block at or before the moment of a height.
    fn block_at(&self, height: u64) -> u64 {
        (0..=TO).rev().find(|block| (self.clock)(*block) <= clock(height)).unwrap()
    }
}

fn part(address: &str, id: &str, units: u128) -> Part {
    Part { address: address.to_owned(), id: id.to_owned(), amount: amount(units) }
}

#[derive(Clone)]
pub struct Story {
    owed: u128,
    chains: Vec<Chain>,
    others: Vec<(u64, u128, u64, bool)>,
    ratio: u64,
    range: Option<(u64, u64)>,
    closing: Option<(u64, bool)>,
    leaf: Option<(&'static str, Vec<(u64, u128)>)>,
    window: bool,
    demanded: bool,
    exact: bool,
    critical: bool,
    readable: bool,
    claimed: bool,
    stated: bool,
}

impl Story {
    pub fn owes(owed: u128) -> Self {
        Self {
            owed,
            chains: Vec::new(),
            others: Vec::new(),
            ratio: WHOLE,
            range: None,
            closing: None,
            leaf: None,
            window: true,
            demanded: true,
            exact: true,
            critical: false,
            readable: true,
            claimed: true,
            stated: true,
        }
    }

    pub fn on(mut self, chain: Chain) -> Self {
        self.chains.push(chain);
        self
    }

    pub fn holds(self, units: u128) -> Self {
        self.on(Chain::new(BITCOIN, units))
    }

    pub fn holds_on(self, held: &[(&str, u128)]) -> Self {
        self.on(Chain::with(BITCOIN, held))
    }

    fn moved(mut self, height: u64, address: &str, units: u128, other: (&str, Direction)) -> Self {
        self.chains[0].transfer(height, address, units, other);
        self
    }

    pub fn out(self, height: u64, units: u128, to: &str) -> Self {
        self.moved(height, "hot", units, (to, Direction::Out))
    }

    pub fn came(self, height: u64, units: u128, from: &str) -> Self {
        self.moved(height, "hot", units, (from, Direction::In))
    }

    pub fn out_of(self, address: &str, height: u64, units: u128, to: &str) -> Self {
        self.moved(height, address, units, (to, Direction::Out))
    }

    pub fn into_address(self, address: &str, height: u64, units: u128, from: &str) -> Self {
        self.moved(height, address, units, (from, Direction::In))
    }

    pub fn lent(self, came: u64, went: u64, units: u128) -> Self {
        self.came(came, units, "lender").out(went, units, "lender")
    }

    /// What the list of coins at the cut-off has, where it is not what the window has.
    pub fn balance_at_cutoff(mut self, units: u128) -> Self {
        self.chains[0].at_cutoff = Some(units);
        self
    }

    pub fn owes_instead(mut self, owed: u128) -> Self {
        self.owed = owed;
        self
    }

    pub fn resting_on(mut self, basis: Basis) -> Self {
        self.chains[0].evidence.authenticity = basis;
        self.chains[0].evidence.transfers.iter_mut().for_each(|transfer| transfer.authenticity = basis);
        self
    }

    pub fn complete(mut self, completeness: Completeness) -> Self {
        self.chains[0].evidence.completeness = completeness;
        self
    }

    pub fn gap(mut self, from: u64, to: u64) -> Self {
        self.chains[0].evidence.gaps.push((from, to));
        self
    }

    pub fn asked_from(mut self, from: u64) -> Self {
        self.range = Some((from, TO));
        self
    }

    pub fn closing(mut self, height: u64) -> Self {
        self.closing = Some((height, true));
        self
    }

    pub fn next_statement(mut self, height: u64, owed: u128) -> Self {
        self.others.push((height, owed, 8, true));
        self
    }

    pub fn earlier_statement(mut self, height: u64, owed: u128) -> Self {
        self.others.push((height, owed, 6, true));
        self
    }

    pub fn earlier_statement_of_another_set(mut self, height: u64, owed: u128) -> Self {
        self.others.push((height, owed, 6, false));
        self
    }

    pub fn ratio(mut self, ratio: u64) -> Self {
        self.ratio = ratio;
        self
    }

    /// What the lender, as its customer, is owed in the trees, by statement; the leaf's credential is the lender's
    /// address.
    pub fn owed_to_the_lender(mut self, balances: &[(u64, u128)]) -> Self {
        self.leaf = Some(("lender", balances.to_vec()));
        self
    }

    /// The same with another credential, or none.
    pub fn owed_to(mut self, credential: &'static str, balances: &[(u64, u128)]) -> Self {
        self.leaf = Some((credential, balances.to_vec()));
        self
    }

    /// All that the lender brings, on any chain, is said to be of one customer.
    fn explanation(&self) -> Explained {
        let commitments = self.commitments();
        let logged = commitments.iter().filter(|found| found.logged).map(|found| found.sequence).collect();
        let cutoffs = commitments.into_iter().map(|found| (found.sequence, found.blocks)).collect();
        let mut explained = Explained { cutoffs, logged, ..Explained::default() };
        let asked = |chain: &Chain| {
            let own = (chain.evidence.from, chain.evidence.to);
            let (from, to) = self.range.unwrap_or(own);
            (chain.id.clone(), (from.max(own.0), to.min(own.1)))
        };
        explained.compare(7, &self.chains.iter().map(asked).collect::<Vec<_>>());
        let Some((credential, balances)) = &self.leaf else { return explained };
        let balances = balances.iter().map(|(sequence, units)| (*sequence, amount(*units))).collect();
        explained.leaves.push(CustomerLeaf { credential: (*credential).to_owned(), balances });
        for chain in &self.chains {
            let lender = |transfer: &&Transfer| transfer.from.iter().any(|party| party.name == "lender");
            let brought = chain.evidence.transfers.iter().filter(lender);
            let named = brought.map(|transfer| (transfer.txid.clone(), BTreeSet::from([0]))).collect();
            explained.deposits.insert(chain.evidence.deployment.clone(), named);
        }
        explained
    }

    pub fn without_window(mut self) -> Self {
        self.window = false;
        self
    }

    pub fn not_demanded(mut self) -> Self {
        self.demanded = false;
        self
    }

    pub fn at_least(mut self) -> Self {
        self.exact = false;
        self
    }

    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    pub fn unreadable(mut self) -> Self {
        self.readable = false;
        self
    }

    pub fn unclaimed(mut self) -> Self {
        self.claimed = false;
        self
    }

    pub fn nothing_stated(mut self) -> Self {
        self.stated = false;
        self
    }

    fn commitments(&self) -> Vec<Commitment> {
        let mut all = vec![(CUTOFF, self.owed, 7, true)];
        all.extend(&self.others);
        all.sort_unstable();
        let blocks = |height: u64| self.chains.iter().map(|chain| (chain.id.clone(), chain.block_at(height))).collect();
        let commitment = |(height, owed, sequence, same_set)| Commitment {
            sequence,
            cutoff: Time::from_unix(clock(height)),
            blocks: blocks(height),
            owed: amount(owed),
            // what no log shows lowers nothing: the vectors have that
            logged: sequence != 7,
            same_set,
        };
        all.into_iter().filter(|_| self.stated).map(commitment).collect()
    }

    fn measured(&self, chain: &Chain, explained: &Explained) -> WindowReport {
        let mut counted: BTreeSet<String> = chain.evidence.opening.iter().map(|part| part.address.clone()).collect();
        counted.insert("hot".to_owned());
        let heights: Vec<u64> = self.commitments().iter().map(|found| found.blocks[&chain.id]).collect();
        let rules = WindowRules::default();
        let question = WindowQuestion {
            range: self.range,
            snapshot: chain.block_at(CUTOFF),
            commitments: &heights,
            explained,
            closing: self.closing,
            counted: &counted,
            decimals: Decimals::ZERO,
            rules: &rules,
        };
        let mut report = measure(&chain.evidence, &question).unwrap();
        report.exact = self.exact;
        report
    }

    /// The window of the first chain.
    pub fn report(&self) -> WindowReport {
        self.measured(&self.chains[0], &self.explanation())
    }

    pub fn judge(&self) -> Assessment {
        let mut explained = self.explanation();
        let measured = self.chains.iter().map(|chain| {
            let report = self.measured(chain, &explained);
            explained.spend(&report.round_trips);
            report
        });
        let reports: Vec<WindowReport> = measured.collect();
        let deployment = |(chain, report): (&Chain, &'_ WindowReport)| -> (DeploymentId, Amount) {
            (chain.evidence.deployment.clone(), chain.at_cutoff.map_or(report.snapshot.unwrap(), amount))
        };
        let held: Vec<_> = self.chains.iter().zip(&reports).map(deployment).collect();
        let commitments = self.commitments();
        let deployments: Vec<Deployment<'_>> = (self.chains.iter().zip(&reports).zip(held))
            .filter(|_| self.claimed)
            .map(|((chain, report), (id, held))| Deployment {
                id,
                decimals: Decimals::ZERO,
                counted: held,
                possible: held,
                apart: Amount::ZERO,
                outside: Amount::ZERO,
                every_address: true,
                window: self.window.then_some(Window {
                    report,
                    times: &chain.evidence.times,
                    accepted: report.authenticity >= Basis::Proved
                        && report.completeness >= Completeness::UnspentObserved,
                    demanded: self.demanded,
                }),
            })
            .collect();
        assess(&Case {
            decimals: Decimals::ZERO,
            commitments: &commitments,
            subject: 7,
            deployments: &deployments,
            authenticity: Basis::Proved,
            minimum_ratio: self.ratio,
            readable: self.readable,
            critical: self.critical,
        })
    }
}
