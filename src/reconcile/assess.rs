//! The verdict about one asset, from commitments, holdings and windows alone. Specification: `docs/spec/reconcile.md`.
//!
//! It knows no bundle, no policy file and no chain: whoever has these figures from elsewhere comes to the same word.
//! Windows are measured by [`measure`](super::window::measure).

mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use serde::Serialize;

pub use self::timeline::{Alignment, Below, Point};
use super::coverage::{Verdict, percent};
use super::window::WindowReport;
use crate::amount::{Amount, Decimals};
use crate::asset::{ChainId, DeploymentId};
use crate::basis::Basis;
use crate::json::uint;
use crate::snapshot::Time;

/// Shares are hundredths of a percent: this is the whole.
pub const WHOLE: u64 = 10_000;

/// What was owed at one cut-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Sequence number of the statement.
    pub sequence: u64,
    /// As of when.
    pub cutoff: Time,
    /// The cut-off block of each chain.
    pub blocks: BTreeMap<ChainId, u64>,
    /// L: all trees and the other liabilities, in the decimals of the [`Case`].
    pub owed: Amount,
    /// Whether the log shows it. One that no log shows may have been made for this bundle alone: it is asked about like
    /// the others, and never lowers what is asked between them.
    pub logged: bool,
    /// Whether it commits to the addresses that the windows are about. Of another set, what was held is not known.
    pub same_set: bool,
}

/// What is known of one deployment of the asset.
#[derive(Clone, Debug)]
pub struct Deployment<'a> {
    /// The asset on its chain.
    pub id: DeploymentId,
    /// Decimals of the amounts of this deployment, those of its window included.
    pub decimals: Decimals,
    /// Held at the subject's cut-off under accepted control, on accepted evidence.
    pub counted: Amount,
    /// What of `counted` is on no account: what validators have. The window neither shows it nor takes from it.
    pub apart: Amount,
    /// Held then under any control, on any evidence.
    pub possible: Amount,
    /// What of `possible` lies where the window does not look: on addresses of which control is shown for single coins
    /// only, or by less than is accepted.
    pub outside: Amount,
    /// Whether the window looks at every address of which control was shown in any way. Otherwise nothing bounds what
    /// was held at another commitment.
    pub every_address: bool,
    /// The blocks around the cut-off; none when nothing shows them.
    pub window: Option<Window<'a>>,
}

/// A measured window, and what it is worth.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The figures.
    pub report: &'a WindowReport,
    /// Seconds since 1970 of its blocks, never falling; blocks whose time is not known are left out.
    pub times: &'a BTreeMap<u64, i64>,
    /// Whether movements, and that none was left out, rest on at least what is demanded.
    pub accepted: bool,
    /// Whether the verifier asked for it, and for enough blocks: a shorter one shows nothing.
    pub demanded: bool,
}

/// Everything that decides about one asset.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// Decimals of what is owed, and of all results: at least those of each deployment.
    pub decimals: Decimals,
    /// What was owed, in the order of the cut-offs, each once. Empty without a statement about the asset.
    pub commitments: &'a [Commitment],
    /// Sequence number of the statement whose cut-off the holdings belong to.
    pub subject: u64,
    /// The deployments for which something is claimed. Empty when no reserve is offered at all.
    pub deployments: &'a [Deployment<'a>],
    /// What the transactions of a round trip must rest on before they are held against the venue.
    pub authenticity: Basis,
    /// From which share of what is owed on an asset is covered, in hundredths of a percent; [`WHOLE`] at least.
    pub minimum_ratio: u64,
    /// Whether all evidence that is claimed could be read: what could not be read may hold any amount.
    pub readable: bool,
    /// Whether a critical finding is open.
    pub critical: bool,
}

/// Why the verdict is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Nothing says what is owed.
    NothingStated,
    /// No reserve is claimed.
    NotClaimed,
    /// Evidence is missing or cannot be used, or a sum does not fit.
    NotReadable,
    /// Even all that was offered is less than what was owed at a commitment.
    LessThanOwed,
    /// Less is held on accepted evidence than was owed at a commitment, and more on any.
    BetweenBoth,
    /// No window long enough was asked for: a snapshot decides nothing.
    SnapshotOnly,
    /// The window has a gap, or rests on too little.
    WindowIncomplete,
    /// Between commitments the balance fell below the smaller of the two, or below the first or last one outside.
    FellBelow,
    /// A critical finding is open.
    CriticalFinding,
    /// Enough at every commitment and every block.
    Enough,
}

/// One commitment, compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Sequence number of the statement.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// As of when.
    pub cutoff: Time,
    /// Whether the log shows it.
    pub logged: bool,
    /// What was owed.
    pub owed: Amount,
    /// R_low: held then on accepted evidence, less what came and went. None when nothing shows it.
    pub low: Option<Amount>,
    /// R_high: held then on any evidence, less what came and went. None when nothing bounds it.
    pub high: Option<Amount>,
    /// `low` of `owed`, rounded down.
    pub coverage: Option<String>,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The word.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The subject's commitment and all others within the window, in order.
    pub commitments: Vec<Compared>,
    /// R_low at the subject's cut-off.
    pub low: Amount,
    /// R_high at the subject's cut-off.
    pub high: Amount,
    /// What R_high is less than all that is possible: coins of round trips around the cut-off.
    pub came_and_went: Amount,
    /// Of R_low: what is on no account, and in no window. Where the balance fell below by no more than this, it is why.
    pub apart: Amount,
    /// The lowest balance of the window, coins that came and went included; none when a deployment has no window.
    pub minimum: Option<Amount>,
    /// The same without them.
    pub minimum_without_trips: Option<Amount>,
    /// How the chains were put side by side.
    pub alignment: Alignment,
    /// Where the balance, without coins that came and went, lies below what is asked for.
    pub below: Vec<Below>,
    /// The balance without coins that came and went, over blocks or time; empty when chains cannot be put side by side.
    pub curve: Vec<Point>,
}

/// Decides about one asset.
///
/// `short` when R_high < L at a commitment of the window; `covered` when R_low ≥ L at each, and the balance without
/// coins that came and went never falls below the smaller of two neighbours' L between them, nor below the first one's
/// before it, nor below the last one's after it, in a window that was asked for, is whole and accepted, with no
/// critical finding open. Neighbours that lower what is asked are the subject's and those that the log shows. All else
/// is not determinable. With a `minimum_ratio` above the whole, `covered` asks
/// for that share of each L; `short` never does.
#[must_use]
pub fn assess(case: &Case<'_>) -> Assessment {
    try_assess(case).unwrap_or_else(|| Assessment {
        verdict: Verdict::NotDeterminable,
        reason: Reason::NotReadable,
        commitments: Vec::new(),
        low: Amount::ZERO,
        high: Amount::ZERO,
        came_and_went: Amount::ZERO,
        apart: Amount::ZERO,
        minimum: None,
        minimum_without_trips: None,
        alignment: Alignment::Blocks,
        below: Vec::new(),
        curve: Vec::new(),
    })
}

/// `None` when a sum does not fit.
fn try_assess(case: &Case<'_>) -> Option<Assessment> {
    let mut low = Amount::ZERO;
    let (mut high, mut possible, mut apart) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
    for deployment in case.deployments {
        let scale = |amount: Amount| amount.rescale(deployment.decimals, case.decimals).ok();
        low = low.checked_add(scale(deployment.low()?)?)?;
        high = high.checked_add(scale(deployment.high(case.authenticity)?)?)?;
        possible = possible.checked_add(scale(deployment.possible)?)?;
        apart = apart.checked_add(scale(deployment.apart)?)?;
    }
    let within: Vec<&Commitment> = case.within();
    let mut commitments = Vec::with_capacity(within.len());
    for commitment in &within {
        let (low, high) = match commitment.sequence == case.subject {
            true => (Some(low), Some(high)),
            false => (case.low_at(commitment)?, case.high_at(commitment)?),
        };
        let Commitment { sequence, cutoff, logged, owed, .. } = **commitment;
        let coverage = low.and_then(|low| percent(low, owed));
        commitments.push(Compared { sequence, cutoff, logged, owed, low, high, coverage });
    }
    let line = timeline::lay(case, &within)?;
    let (verdict, reason) = decide(case, &commitments, &line.below);
    Some(Assessment {
        verdict,
        reason,
        commitments,
        low,
        high,
        came_and_went: possible.checked_sub(high)?,
        apart,
        minimum: line.minimum,
        minimum_without_trips: line.minimum_without_trips,
        alignment: line.alignment,
        below: line.below,
        curve: line.curve,
    })
}

fn decide(case: &Case<'_>, commitments: &[Compared], below: &[Below]) -> (Verdict, Reason) {
    let unknown = |reason| (Verdict::NotDeterminable, reason);
    if !commitments.iter().any(|compared| compared.sequence == case.subject) {
        return unknown(Reason::NothingStated);
    }
    if case.deployments.is_empty() {
        return unknown(Reason::NotClaimed);
    }
    if !case.readable {
        return unknown(Reason::NotReadable);
    }
    if commitments.iter().any(|compared| compared.high.is_some_and(|high| high < compared.owed)) {
        return (Verdict::Short, Reason::LessThanOwed);
    }
    let enough = |compared: &Compared| compared.low.is_some_and(|low| reaches(low, compared.owed, case.minimum_ratio));
    let subject = commitments.iter().find(|compared| compared.sequence == case.subject);
    if !subject.is_some_and(enough) {
        return unknown(Reason::BetweenBoth);
    }
    let windows = || case.deployments.iter().filter(|found| !found.is_empty());
    if case.measured().next().is_none() {
        return unknown(Reason::WindowIncomplete);
    }
    if windows().any(|found| found.window.is_none_or(|window| !window.demanded)) {
        let short = windows().any(|found| found.window.is_some_and(|window| !window.demanded));
        return unknown(if short { Reason::SnapshotOnly } else { Reason::WindowIncomplete });
    }
    if windows().any(|found| !found.window.is_some_and(|window| window.accepted && window.report.is_whole())) {
        return unknown(Reason::WindowIncomplete);
    }
    if !below.is_empty() {
        return unknown(Reason::FellBelow);
    }
    if !commitments.iter().all(enough) {
        return unknown(Reason::BetweenBoth);
    }
    if case.critical {
        return unknown(Reason::CriticalFinding);
    }
    (Verdict::Covered, Reason::Enough)
}

/// Whether `held` is at least `ratio` hundredths of a percent of `owed`.
fn reaches(held: Amount, owed: Amount, ratio: u64) -> bool {
    U256::from(held.base_units()) * U256::from(WHOLE) >= U256::from(owed.base_units()) * U256::from(ratio.max(WHOLE))
}

impl Deployment<'_> {
    /// Whether nothing is held here by any evidence: then no window of it is asked for, and it counts as zero.
    fn is_empty(&self) -> bool {
        self.possible.is_zero() && self.window.is_none()
    }

    /// What is counted, less what came and went, or had left before the closing block.
    fn low(&self) -> Option<Amount> {
        self.counted.checked_sub(self.not_sustained()?)
    }

    /// What of the counted coins is not known to have been there for longer than the snapshot. Coins of the window that
    /// are not counted do not stand in for those that were lost.
    pub(crate) fn not_sustained(&self) -> Option<Amount> {
        let Some(Window { report, .. }) = self.window else { return Some(Amount::ZERO) };
        let counted = self.counted.checked_sub(self.apart)?;
        let Some((snapshot, sustained)) = report.snapshot.zip(report.sustained) else {
            // one address without a figure at the cut-off does not bring back what left the others; what is in both is
            // taken off twice here
            let lost = report.came_and_went.checked_add(report.gone_before_closing)?;
            return Some(lost.min(counted));
        };
        let lost = snapshot.checked_sub(sustained)?;
        Some(counted.checked_sub(sustained).unwrap_or(Amount::ZERO).max(lost.min(counted)))
    }

    /// What is possible, less coins of round trips that are listed as held: of those that left again before the list
    /// was made, nothing is in it. A list that contradicts its window is not lowered.
    fn high(&self, least: Basis) -> Option<Amount> {
        let Some(window) = self.window else { return Some(self.possible) };
        let Some(snapshot) = window.report.snapshot else { return Some(self.possible) };
        let listed = self.possible.checked_sub(self.outside).unwrap_or(Amount::ZERO);
        if listed > snapshot {
            return Some(self.possible);
        }
        let trips = window.report.came_and_went_around(window.report.snapshot_height, least)?;
        let left = snapshot.checked_sub(trips).unwrap_or(Amount::ZERO);
        self.possible.checked_sub(listed.checked_sub(left).unwrap_or(Amount::ZERO))
    }
}

impl Case<'_> {
    fn measured(&self) -> impl Iterator<Item = (&Deployment<'_>, Window<'_>, ChainId)> {
        self.deployments.iter().filter_map(|found| Some((found, found.window?, found.id.chain()?)))
    }

    /// The subject's commitment, and those whose blocks lie within the window of every chain.
    fn within(&self) -> Vec<&Commitment> {
        let chains: BTreeSet<ChainId> = self.measured().map(|(.., chain)| chain).collect();
        let inside = |commitment: &&Commitment| {
            commitment.sequence == self.subject
                || !chains.is_empty()
                    && self.measured().all(|(_, window, chain)| {
                        let block = commitment.blocks.get(&chain);
                        block.is_some_and(|block| {
                            (window.report.measured.from..=window.report.measured.to).contains(block)
                        })
                    })
        };
        self.commitments.iter().filter(inside).collect()
    }

    /// What accepted windows show at another commitment; `Some(None)` when one of them does not show its block.
    fn low_at(&self, commitment: &Commitment) -> Option<Option<Amount>> {
        let mut sum = Amount::ZERO;
        for (found, window, chain) in self.measured().filter(|(_, window, _)| window.accepted) {
            let Some(held) = commitment.blocks.get(&chain).and_then(|block| window.report.firm_at(*block)) else {
                return Some(None);
            };
            sum = sum.checked_add(held.rescale(found.decimals, self.decimals).ok()?)?;
        }
        Some(Some(sum))
    }

    /// What windows bound at another commitment, when they speak of the same addresses and of all that is claimed.
    fn high_at(&self, commitment: &Commitment) -> Option<Option<Amount>> {
        let known = |found: &Deployment<'_>| found.every_address && found.window.is_some_and(|w| w.report.exact);
        if !commitment.same_set || !self.deployments.iter().all(known) {
            return Some(None);
        }
        let mut sum = Amount::ZERO;
        for (found, window, chain) in self.measured() {
            let report = window.report;
            let Some(block) = commitment.blocks.get(&chain) else { return Some(None) };
            let unseen = report.gaps.iter().any(|gap| gap.from <= *block);
            let Some(held) = report.at(*block).filter(|_| !unseen) else { return Some(None) };
            let trips = report.came_and_went_around(*block, self.authenticity)?;
            let held = held.checked_sub(trips).unwrap_or(Amount::ZERO);
            sum = sum.checked_add(held.rescale(found.decimals, self.decimals).ok()?)?;
        }
        Some(Some(sum))
    }
}
