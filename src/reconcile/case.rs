//! What a section of the report hands to [`assess`](super::assess): commitments, holdings and windows of one asset.

use super::assess::{Assessment, Case, Commitment, Deployment, Reason, Window, assess};
use super::coverage::Verdict;
use super::custodian::CustodyShare;
use super::findings::{Finding, Severity};
use super::model::Owed;
use super::reserves::{Held, block_of};
use super::verdicts::{Section, owed_by};
use super::window::WindowReport;
use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, DeploymentId};
use crate::code::{finding as codes, verdict as verdict_codes};
use crate::policy::Policy;
use crate::publish::Statement;
use crate::reserve::claim::Bucket;
use crate::snapshot::VenueId;

/// What custodians keep, as a holding of which no window shows anything: between two cut-offs it may have been
/// elsewhere, so nothing is covered by it alone. `None` when a sum does not fit, `Some(None)` when there is nothing.
fn in_custody<'a>(
    mapped: Option<&Asset>,
    decimals: Decimals,
    shares: &[CustodyShare],
) -> Option<Option<Deployment<'a>>> {
    let Some(id) = mapped.and_then(|asset| asset.deployments.first()).map(|found| found.id.clone()) else {
        return Some(None);
    };
    if shares.is_empty() {
        return Some(None);
    }
    let counted = Amount::checked_sum(shares.iter().map(|share| share.counted))?;
    let possible = Amount::checked_sum(shares.iter().map(|share| share.in_tree))?;
    let (apart, outside, every_address) = (counted, possible, false);
    Some(Some(Deployment { id, decimals, counted, apart, possible, outside, every_address, window: None }))
}

/// What is true of an asset beside its figures.
pub(super) struct Facts {
    pub(super) decimals: Decimals,
    pub(super) readable: bool,
    pub(super) critical: bool,
}

impl Section<'_> {
    /// Compares everything; `None` when a sum does not fit.
    pub(super) fn assess(
        &self,
        mapped: Option<&Asset>,
        windows: &[WindowReport],
        facts: &Facts,
        custodians: &mut [CustodyShare],
    ) -> Option<(Assessment, Amount)> {
        let commitments = self.commitments(mapped, facts.decimals)?;
        let mut deployments = self.deployments(mapped, windows)?;
        let case = |deployments: &[Deployment<'_>]| {
            assess(&Case {
                decimals: facts.decimals,
                commitments: &commitments,
                subject: self.statement.map_or(0, |statement| statement.sequence),
                deployments,
                authenticity: self.policy.require().authenticity,
                minimum_ratio: self.policy.require().minimum_ratio,
                readable: facts.readable,
                critical: facts.critical,
            })
        };
        let mut not_sustained = Amount::ZERO;
        for deployment in &deployments {
            let scaled = deployment.not_sustained()?.rescale(deployment.decimals, facts.decimals).ok()?;
            not_sustained = not_sustained.checked_add(scaled)?;
        }
        let own = case(&deployments);
        let kept = in_custody(mapped, facts.decimals, custodians)?;
        if own.verdict == Verdict::Covered {
            return Some((own, not_sustained));
        }
        let Some(kept) = kept else { return Some((self.unread(own, facts.decimals), not_sustained)) };
        deployments.push(kept);
        custodians.iter_mut().for_each(|share| share.used = true);
        Some((self.unread(case(&deployments), facts.decimals), not_sustained))
    }

    /// Nobody is short because a custodian's files are missing or cannot be read: what lies there may be all that the
    /// venue's books say, and any amount when they say nothing of files that are there.
    fn unread(&self, found: Assessment, decimals: Decimals) -> Assessment {
        let (unreadable, absent) = (&self.reserves.custody_unreadable, &self.reserves.custody_absent);
        if found.verdict != Verdict::Short || (unreadable.is_empty() && absent.is_empty()) {
            return found;
        }
        let subject = self.statement.map_or(0, |statement| statement.sequence);
        let owed = found.commitments.iter().find(|compared| compared.sequence == subject).map(|compared| compared.owed);
        let most = self.booked_unread(decimals).map(|booked| found.high.checked_add(booked));
        // more than fits is enough for anything
        let decides = most.zip(owed).is_some_and(|(most, owed)| most.is_some_and(|most| most < owed));
        match decides {
            true => found,
            false => Assessment { verdict: Verdict::NotDeterminable, reason: Reason::NotReadable, ..found },
        }
    }

    /// What the venue's books have with custodians of whom nothing can be read; `None` when they say nothing of files
    /// that are there, or not in these decimals.
    fn booked_unread(&self, decimals: Decimals) -> Option<Amount> {
        let (unreadable, absent) = (&self.reserves.custody_unreadable, &self.reserves.custody_absent);
        let statement = self.statement?;
        let Some(rows) = statement.schedules.custody_accounts.as_ref() else {
            // of whom neither files nor books say anything there is nothing
            return unreadable.is_empty().then_some(Amount::ZERO);
        };
        let own = statement.assets.iter().find(|listed| listed.id == *self.id)?.decimals;
        let is_open = |party: &VenueId| unreadable.contains(party) || absent.contains(party);
        let rows = rows.iter().filter(|row| row.asset == *self.id && is_open(&row.party));
        Amount::checked_sum(rows.map(|row| row.closing))?.rescale(own, decimals).ok()
    }

    /// What custodians keep of the asset; `None` when a sum does not fit.
    pub(super) fn custodians(&self, decimals: Decimals) -> Option<Vec<CustodyShare>> {
        let shares = self.reserves.custody.iter().filter(|share| share.asset == *self.id);
        let scaled = |share: &CustodyShare| {
            let scale = |amount: Amount| amount.rescale(share.decimals, decimals).ok();
            let (in_tree, counted) = (scale(share.in_tree)?, scale(share.counted)?);
            Some(CustodyShare { decimals, in_tree, counted, ..share.clone() })
        };
        shares.map(scaled).collect()
    }

    /// What every known statement says is owed, in the order of the cut-offs.
    fn commitments(&self, mapped: Option<&Asset>, decimals: Decimals) -> Option<Vec<Commitment>> {
        let mut commitments = Vec::new();
        let same_places = self.is_claimed_everywhere(mapped);
        for known in self.statements {
            let statement = known.statement;
            let Some(listed) = statement.assets.iter().find(|asset| asset.id == *self.id) else { continue };
            let Owed { total, .. } = owed_by(statement, listed, decimals)?;
            commitments.push(Commitment {
                sequence: statement.sequence,
                cutoff: statement.cutoff,
                blocks: statement.chains.iter().map(|block| (block.chain.clone(), block.height)).collect(),
                owed: total,
                logged: known.logged,
                same_set: same_places
                    && self.statement.is_some_and(|subject| subject.address_set == statement.address_set),
            });
        }
        commitments.sort_by_key(|commitment| (commitment.cutoff, commitment.sequence));
        Some(commitments)
    }

    /// Whether something is claimed for each deployment that the addresses could have: where nothing is claimed now,
    /// the same addresses may have held something at another cut-off.
    fn is_claimed_everywhere(&self, mapped: Option<&Asset>) -> bool {
        let deployments = mapped.into_iter().flat_map(|asset| &asset.deployments);
        let reachable = |id: &DeploymentId| id.chain().is_some_and(|chain| self.reserves.windows.contains_key(&chain));
        deployments.filter(|found| reachable(&found.id)).all(|found| self.reserves.claimed.contains(&found.id))
    }

    /// The deployments for which something is claimed.
    fn deployments<'w>(
        &'w self,
        mapped: Option<&'w Asset>,
        windows: &'w [WindowReport],
    ) -> Option<Vec<Deployment<'w>>> {
        let Some(mapped) = mapped else { return Some(Vec::new()) };
        let claimed = mapped.deployments.iter().filter(|found| self.reserves.claimed.contains(&found.id));
        let mut deployments = Vec::new();
        for listed in claimed.filter(|found| self.stands_for(mapped, &found.id)) {
            let chain = listed.id.chain()?;
            let known = self.reserves.windows.get(&chain);
            let report = windows.iter().find(|report| report.deployment == listed.id);
            let window = known.zip(report).and_then(|(known, report)| {
                let times = match &known.evidence {
                    Some(evidence) if evidence.deployment == listed.id => &evidence.times,
                    _ => &known.stretches.iter().find(|shown| shown.deployment == listed.id)?.times,
                };
                let require = self.policy.require();
                Some(Window {
                    report,
                    times,
                    accepted: report.authenticity >= require.authenticity
                        && report.completeness >= require.window_completeness(),
                    demanded: self.policy.window().demand(&chain).is_enough(known.snapshot),
                })
            });
            let of_deployment =
                |item: &&Held| item.holding.deployment == listed.id && item.free && item.control.is_some();
            let items: Vec<&Held> = self.reserves.held.iter().filter(of_deployment).collect();
            let sum = |which: &dyn Fn(&Held) -> bool| {
                Amount::checked_sum(items.iter().filter(|item| which(item)).map(|item| item.holding.amount))
            };
            let on_account = |item: &Held| item.holding.bucket() == Bucket::FreeNow;
            let inside = |item: &Held| {
                on_account(item) && known.is_some_and(|known| known.counted.contains(&item.holding.address))
            };
            deployments.push(Deployment {
                id: listed.id.clone(),
                decimals: listed.decimals,
                counted: sum(&|item| self.counts(item))?,
                apart: sum(&|item| self.counts(item) && !on_account(item))?,
                possible: sum(&|_| true)?,
                outside: sum(&|item| !inside(item))?,
                // at another cut-off some of the ether may have been staked, which no window shows
                every_address: known.is_some_and(|known| known.every_address)
                    && items.iter().all(|item| on_account(item))
                    && listed.id.asset() != "slip44:60",
                window,
            });
        }
        Some(deployments)
    }

    /// Whether a holding counts as held: under control, on evidence and by a way of control that the policy accepts.
    pub(super) fn counts(&self, item: &Held) -> bool {
        counts(self.policy, item)
    }

    /// The same of what is not free: it lies there, and counts for nothing.
    pub(super) fn is_accepted(&self, item: &Held) -> bool {
        is_accepted(self.policy, item)
    }

    /// Windows that are demanded and can show nothing, statements that no log dates, chains without times.
    pub(super) fn note_assessment(&self, mapped: Option<&Asset>, found: &Assessment, findings: &mut Vec<Finding>) {
        let mut add = |code, severity, subject: &str, detail: String| {
            findings.push(Finding::new(code, severity, subject, detail).of_asset(self.id));
        };
        let subject = self.statement.map(|statement| statement.sequence);
        for other in found.commitments.iter().filter(|other| Some(other.sequence) != subject && !other.logged) {
            let detail = format!("its signer dates it: {}; it lowers nothing that is asked beside it", other.cutoff);
            let name = format!("statement {}", other.sequence);
            add(&verdict_codes::COMMITMENT_NOT_LOGGED, Severity::Note, &name, detail);
        }
        if found.alignment == super::assess::Alignment::Minima && found.minimum.is_some() {
            let detail = "the window's minimum is the sum of the chains' minima".to_owned();
            add(&verdict_codes::TIMES_MISSING, Severity::Note, self.id.as_str(), detail);
        }
        let decimals = self.common_decimals(mapped);
        for below in &found.below {
            let at = self.place(below.at, found);
            let (held, owed) = (below.held.to_readable(decimals), below.owed.to_readable(decimals));
            let lack = below.owed.checked_sub(below.held).unwrap_or(Amount::ZERO);
            let finding = match lack.is_zero() {
                true => {
                    let ratio = self.policy.require().minimum_ratio;
                    let (whole, rest) = (ratio / 100, ratio % 100);
                    let detail = format!("{held}{at}; {owed} are owed, demanded are {whole}.{rest:02} % of it");
                    Finding::new(&verdict_codes::RATIO_NOT_REACHED, Severity::Exception, self.id.as_str(), detail)
                }
                false => {
                    let detail = format!("{held}{at} without coins that came and went; {owed} are asked for there");
                    Finding::new(&codes::WINDOW_BELOW_OWED, Severity::Exception, self.id.as_str(), detail)
                        .of_amount(lack, decimals)
                }
            };
            findings.push(finding.of_asset(self.id));
        }
    }

    /// Where a low point is, in words.
    fn place(&self, at: Option<i64>, found: &Assessment) -> String {
        match (at, found.alignment) {
            (Some(at), super::assess::Alignment::Blocks) => format!(" at block {at}"),
            (Some(at), _) => format!(" at {}", crate::snapshot::Time::from_unix(at)),
            (None, _) => " at least, by the sum of the chains' minima".to_owned(),
        }
    }

    /// A policy that asks for no window on a chain of this asset, or for one that shows nothing.
    pub(super) fn note_snapshot_only(&self, mapped: Option<&Asset>, findings: &mut Vec<Finding>) {
        for (chain, known) in &self.reserves.windows {
            let lives = mapped.is_some_and(|asset| {
                asset
                    .deployments
                    .iter()
                    .any(|found| found.id.chain().as_ref() == Some(chain) && self.reserves.claimed.contains(&found.id))
            });
            let demand = self.policy.window().demand(chain);
            if lives && !demand.is_enough(known.snapshot) {
                let detail = format!(
                    "{} blocks before the cut-off block and {} after it; {} each side are the least that can be covered",
                    demand.before, demand.after, demand.least
                );
                let finding = Finding::new(&verdict_codes::SNAPSHOT_ONLY, Severity::Critical, chain.as_str(), detail);
                findings.push(finding.of_asset(self.id).on_chain(chain));
            }
        }
    }

    /// Heights of the cut-off blocks of all known statements on a chain.
    pub(super) fn cutoff_heights(&self, chain: &crate::asset::ChainId) -> Vec<u64> {
        let blocks = self.statements.iter().filter_map(|known| block_of(known.statement, chain));
        blocks.map(|block| block.height).collect()
    }
}

/// [`Section::counts`] under any policy.
pub(super) fn counts(policy: &Policy, item: &Held) -> bool {
    item.free && is_accepted(policy, item)
}

/// The same of what is not free.
fn is_accepted(policy: &Policy, item: &Held) -> bool {
    let require = policy.require();
    item.accepted
        && item.control.is_some_and(|grade| grade >= require.control)
        && item.holding.authenticity >= require.authenticity
        && item.holding.completeness >= require.completeness
}

/// A statement of the venue that the bundle has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) statement: &'a Statement,
    /// Whether the log that the policy pins shows it.
    pub(super) logged: bool,
}

/// The verdict in one plain sentence.
pub(super) fn sentence(asset: &crate::asset::AssetId, decimals: Decimals, found: &Assessment, subject: u64) -> String {
    let text = |amount: Amount| amount.to_readable(decimals);
    let Some(compared) = found.commitments.iter().find(|compared| compared.sequence == subject) else {
        return format!("{asset}: nothing is stated about what is owed, so nothing can be said about what is held.");
    };
    let (owed, low, high) = (text(compared.owed), text(found.low), text(found.high));
    let without = match found.came_and_went.is_zero() {
        true => String::new(),
        false => format!(" without {} that came and went", text(found.came_and_went)),
    };
    match found.reason {
        Reason::Enough => match found.commitments.len() {
            1 => format!(
                "{asset}: {low} held on accepted evidence are at least the {owed} owed at the cut-off, and the balance never fell below \
                 it in the window."
            ),
            count => format!(
                "{asset}: {low} held on accepted evidence are at least the {owed} owed at the cut-off, and so it was at \
                 all {count} statements of the window and between them."
            ),
        },
        Reason::LessThanOwed if found.high < compared.owed => {
            let share = super::percent(found.high, compared.owed).unwrap_or_default();
            match without.is_empty() {
                true => format!(
                    "{asset}: {high} held are less than the {owed} owed, even if all that was offered is believed."
                ),
                false => format!(
                    "{asset}: {high} held{without} are {share} of the {owed} owed, even if all that was offered is believed."
                ),
            }
        }
        Reason::LessThanOwed => {
            let other = found.commitments.iter().find(|other| other.high.is_some_and(|high| high < other.owed));
            let (sequence, held, then) = other.map_or((0, Amount::ZERO, Amount::ZERO), |other| {
                (other.sequence, other.high.unwrap_or_default(), other.owed)
            });
            format!(
                "{asset}: at the cut-off of statement {sequence}, {} were held and {} owed.",
                text(held),
                text(then)
            )
        }
        Reason::NotClaimed => {
            format!("{asset}: {owed} are owed and no reserve is claimed: nothing was offered to compare.")
        }
        Reason::NotReadable | Reason::NothingStated => {
            format!("{asset}: {owed} are owed; evidence of reserves is missing or cannot be used.")
        }
        Reason::BetweenBoth => format!(
            "{asset}: {low} held on accepted evidence, {high} on any{without}, against {owed} owed: it decides neither way."
        ),
        Reason::SnapshotOnly => format!(
            "{asset}: {low} held at the cut-off against {owed} owed, but the policy asks for no window that shows more than a snapshot."
        ),
        Reason::WindowIncomplete => format!(
            "{asset}: {low} held at the cut-off against {owed} owed; of the blocks around it not enough is shown."
        ),
        Reason::FellBelow => fell_below(asset, decimals, found, compared.owed),
        Reason::CriticalFinding => {
            format!("{asset}: {low} held on accepted evidence against {owed} owed, and a critical finding is open.")
        }
    }
}

/// The balance is too low in some blocks: with coins on accounts, or for the want of what validators have.
fn fell_below(asset: &crate::asset::AssetId, decimals: Decimals, found: &Assessment, owed: Amount) -> String {
    let text = |amount: Amount| amount.to_readable(decimals);
    let lowest = text(found.below.iter().map(|below| below.held).min().unwrap_or_default());
    let (low, owed, apart) = (text(found.low), text(owed), text(found.apart));
    let with_apart = |below: &super::assess::Below| below.held.checked_add(found.apart) >= Some(below.owed);
    if !found.apart.is_zero() && found.below.iter().all(with_apart) {
        return format!(
            "{asset}: {low} held at the cut-off against {owed} owed, but {apart} of it are with validators, which a \
             window does not show: of the other blocks only {lowest} on accounts are known, so it decides neither way."
        );
    }
    format!(
        "{asset}: {low} held at the cut-off against {owed} owed, but at least {lowest} only within the window: it \
         decides neither way."
    )
}

/// The verdict of an asset of which a sum does not fit.
pub(super) const fn too_large() -> (Verdict, Reason) {
    (Verdict::NotDeterminable, Reason::NotReadable)
}

#[cfg(test)]
pub(super) mod tests;
