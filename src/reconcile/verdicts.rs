//! Putting both halves together: one section per asset, the findings in order, the first line.

use std::collections::{BTreeMap, BTreeSet};

use super::assess::{Alignment, Assessment};
use super::balance_sheet;
use super::case::{Facts, Known, sentence, too_large};
use super::chain;
use super::coverage::{Verdict, percent};
use super::findings::{Finding, Severity};
use super::model::{
    AbsentFile, AssetReport, BundleSummary, Held, NOT_SHOWN, Overall, Owed, PolicySummary, REPORT_FORMAT, Report,
    StatementSummary,
};
use super::quality;
use super::reserves::{self, Late, Reserves};
use super::stated;
use super::window::WindowReport;
use super::workpapers::{Sources, Workpapers};
use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, AssetId, Class, Deployment, DeploymentId};
use crate::basis::Basis;
use crate::bundle::Sealed;
use crate::code::{finding as codes, verdict as verdict_codes};
use crate::policy::Policy;
use crate::publish::VerifiedStatement;
use crate::publish::statement::Statement;
use crate::snapshot::Time;

/// The whole report.
pub(super) fn report(
    sealed: &Sealed,
    policy: &Policy,
    statement: Option<&VerifiedStatement>,
    mut reserves: Reserves,
    now: Option<Time>,
) -> Report {
    let stated = statement.map(VerifiedStatement::statement);
    let mut findings = stated::findings(policy, statement, now);
    findings.extend(stated.into_iter().flat_map(|stated| balance_sheet::findings(policy, stated, &reserves)));
    let all = reserves.history.iter().flat_map(|history| history.statements());
    let known = match reserves.history {
        Some(_) => all.map(|known| known.statement()).collect(),
        None => stated.into_iter().collect::<Vec<_>>(),
    };
    let known: Vec<Known<'_>> = known
        .into_iter()
        .map(|statement| Known { statement, logged: reserves.logged.contains(&statement.sequence) })
        .collect();
    let mut assets = Vec::new();
    for id in asset_ids(policy, stated) {
        let section = Section { policy, statement: stated, statements: &known, reserves: &reserves, id: &id };
        assets.push(section.report(&mut findings));
    }
    let (chain, found) = chain::section(policy, &reserves).unzip();
    findings.extend(found.into_iter().flatten());
    let (credit, found) = balance_sheet::section(policy, stated, &reserves, &assets).unzip();
    findings.extend(found.into_iter().flatten());
    let (quality, found) = quality::section(policy, stated, &reserves, &assets);
    findings.extend(found);
    findings.append(&mut reserves.findings);
    let findings = in_order(findings, sealed);
    let overall = overall(&assets, statement.is_some());
    let quote = quote(statement, &assets);
    let mut report = Report {
        format: REPORT_FORMAT,
        tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
        as_of: now,
        bundle: BundleSummary {
            root: sealed.root(),
            maker: sealed.manifest().maker.clone(),
            maker_key: sealed.maker().clone(),
            sealed_at: sealed.manifest().sealed_at,
            files: sealed.manifest().files.len() as u64,
            absent: sealed.absent().map(AbsentFile::from).collect(),
        },
        policy: PolicySummary { sha256: policy.digest(), departures: policy.departures() },
        statement: statement.map(summary),
        overall,
        assets,
        chain,
        credit,
        quality,
        findings,
        not_shown: NOT_SHOWN.to_vec(),
        workpapers: Workpapers::default(),
        quote,
    };
    report.workpapers = Workpapers::of(&report, &Sources { sealed, policy, statement, reserves: &reserves });
    report
}

fn summary(verified: &VerifiedStatement) -> StatementSummary {
    let statement = verified.statement();
    StatementSummary {
        digest: verified.digest(),
        venue: statement.venue.id.clone(),
        legal_entity: statement.venue.legal_entity.clone(),
        sequence: statement.sequence,
        cutoff: statement.cutoff,
        due: statement.due,
        signers: verified.signers().to_vec(),
    }
}

/// What the statement lists, what the policy lists and what it requires, each once: an asset about which the
/// statement is silent is not passed over.
fn asset_ids(policy: &Policy, statement: Option<&Statement>) -> BTreeSet<AssetId> {
    let listed = statement.into_iter().flat_map(|statement| statement.assets.iter().map(|asset| asset.id.clone()));
    let mapped = policy.assets().iter().map(|asset| asset.id.clone());
    listed.chain(mapped).chain(policy.require().assets.iter().cloned()).collect()
}

/// One asset, and everything that is known.
pub(super) struct Section<'a> {
    pub(super) policy: &'a Policy,
    pub(super) statement: Option<&'a Statement>,
    /// It, and every other statement of the venue that is known.
    pub(super) statements: &'a [Known<'a>],
    pub(super) reserves: &'a Reserves,
    pub(super) id: &'a AssetId,
}

impl Section<'_> {
    pub(super) fn report(&self, findings: &mut Vec<Finding>) -> AssetReport {
        let mapped = self.policy.assets().iter().find(|asset| asset.id == *self.id);
        let listed = self.statement.and_then(|statement| statement.assets.iter().find(|asset| asset.id == *self.id));
        self.compare_maps(mapped, listed, findings);
        if self.statement.is_some_and(|statement| statement.without_rows.contains(self.id)) {
            let detail =
                "the statement lists the asset and commits to no tree: no customer can check a balance of zero";
            let finding = Finding::new(&codes::ASSET_WITHOUT_ROWS, Severity::Critical, self.id.as_str(), detail);
            findings.push(finding.of_asset(self.id));
        }
        let decimals = self.common_decimals(mapped);
        self.note_own_tokens(mapped, findings);
        let figures = self.owed(listed, decimals).and_then(|owed| Some((owed, self.held(mapped, decimals)?)));
        let tiers = self.tiers(mapped, decimals).unwrap_or_default();
        self.note_tiers(decimals, &tiers, findings);
        let issuers = self.issuers(mapped).unwrap_or_default();
        self.note_issuers(&issuers, findings);
        let claimed = mapped.is_some_and(|asset| {
            asset.deployments.iter().any(|deployment| self.reserves.claimed.contains(&deployment.id))
        });
        let on_unreadable =
            self.reserves.unreadable.iter().any(|chain| reserves::lives_on(self.policy, self.id, chain));
        let windows = self.windows(mapped, findings);
        self.note_snapshot_only(mapped, findings);
        let hidden = self.hidden_depositors(&windows);
        let readable = self.reserves.readable && !on_unreadable && hidden.is_none();
        findings.extend(hidden);
        let facts = Facts { decimals, readable, critical: self.is_critical(findings) };
        let shares = self.custodians(decimals);
        let mut custodians = shares.clone().unwrap_or_default();
        let figures = figures.filter(|_| shares.is_some());
        let assessed =
            figures.and_then(|figures| Some((figures, self.assess(mapped, &windows, &facts, &mut custodians)?)));
        let required = &self.policy.require().assets;
        let required = required.is_empty() || required.contains(self.id);
        let Some(((owed, held), (found, not_sustained))) = assessed else {
            let detail = format!("with {} decimals a sum is above 2^128 - 1", decimals.get());
            let finding = Finding::new(&codes::AMOUNT_NOT_COMPARABLE, Severity::Critical, self.id.as_str(), detail);
            findings.push(finding.of_asset(self.id));
            return self.without_figures(decimals, (claimed, required), windows);
        };
        self.note_assessment(mapped, &found, findings);
        if found.verdict == Verdict::Short {
            self.note_late_answers(findings);
        }
        let subject = self.statement.map_or(0, |statement| statement.sequence);
        let found = (found, not_sustained);
        let report = self.filled(decimals, (claimed, required), (owed, held), windows, found, subject);
        AssetReport { custodians, issuers, tiers, ..report }
    }

    /// The section, from everything that was found.
    fn filled(
        &self,
        decimals: Decimals,
        (claimed, required): (bool, bool),
        (owed, held): (Option<Owed>, Held),
        windows: Vec<WindowReport>,
        (found, not_sustained): (Assessment, Amount),
        subject: u64,
    ) -> AssetReport {
        let cover = |held| owed.as_ref().and_then(|owed| percent(held, owed.total));
        AssetReport {
            asset: self.id.clone(),
            decimals,
            required,
            coverage: cover(found.low),
            coverage_possible: cover(found.high),
            sentence: sentence(self.id, decimals, &found, subject),
            owed,
            held,
            tiers: Vec::new(),
            custodians: Vec::new(),
            issuers: Vec::new(),
            windows,
            window_minimum: found.minimum,
            window_minimum_without_trips: found.minimum_without_trips,
            alignment: found.alignment,
            commitments: found.commitments,
            not_sustained,
            came_and_went: found.came_and_went,
            claimed,
            verdict: found.verdict,
            reason: found.reason,
        }
    }

    /// The section of an asset of which a sum does not fit.
    fn without_figures(
        &self,
        decimals: Decimals,
        (claimed, required): (bool, bool),
        windows: Vec<WindowReport>,
    ) -> AssetReport {
        let (verdict, reason) = too_large();
        AssetReport {
            asset: self.id.clone(),
            decimals,
            required,
            coverage: None,
            coverage_possible: None,
            sentence: format!("{}: the amounts are too large to be compared, see the findings.", self.id),
            owed: None,
            held: Held::default(),
            tiers: Vec::new(),
            custodians: Vec::new(),
            issuers: Vec::new(),
            windows,
            window_minimum: None,
            window_minimum_without_trips: None,
            alignment: Alignment::Blocks,
            commitments: Vec::new(),
            not_sustained: Amount::ZERO,
            came_and_went: Amount::ZERO,
            claimed,
            verdict,
            reason,
        }
    }

    /// Whether a deployment stands for the asset: the venue's own issue covers itself alone.
    pub(super) fn stands_for(&self, mapped: &Asset, deployment: &DeploymentId) -> bool {
        let own = |id: &DeploymentId| self.policy.own_tokens().contains(id);
        let stands = !own(deployment) || mapped.deployments.iter().all(|found| own(&found.id));
        stands && !self.is_promise_of(mapped, deployment)
    }

    fn note_own_tokens(&self, mapped: Option<&Asset>, findings: &mut Vec<Finding>) {
        let Some(mapped) = mapped else { return };
        for found in mapped.deployments.iter().filter(|found| self.policy.own_tokens().contains(&found.id)) {
            let (severity, detail) = match self.stands_for(mapped, &found.id) {
                true => (Severity::Note, "it covers only itself, and only itself is owed here"),
                false => (Severity::Exception, "it counts nothing for another asset"),
            };
            let finding = Finding::new(&verdict_codes::OWN_TOKEN, severity, found.id.to_string(), detail);
            findings.push(finding.of_asset(self.id));
        }
    }

    /// A list of coins that was made later misses those that were spent since: whoever reads "short" must know.
    fn note_late_answers(&self, findings: &mut Vec<Finding>) {
        for (chain, Late { blocks, proved }) in &self.reserves.late {
            if reserves::lives_on(self.policy, self.id, chain) {
                let detail = match proved {
                    0 => format!("{blocks} blocks after it; coins spent in between were not looked at"),
                    _ => format!(
                        "{blocks} blocks after it; {proved} coins spent in between are proved by their spends and counted, \
                         others were not looked at"
                    ),
                };
                let code = &codes::ANSWER_AFTER_CUTOFF;
                let finding = Finding::new(code, Severity::Exception, self.id.as_str(), detail);
                findings.push(finding.of_asset(self.id).on_chain(chain));
            }
        }
    }

    /// Critical findings about everything, about this asset, or about a chain on which it lives.
    fn is_critical(&self, findings: &[Finding]) -> bool {
        findings.iter().chain(&self.reserves.findings).filter(|finding| finding.severity == Severity::Critical).any(
            |finding| {
                let same_asset = finding.asset.as_ref().is_none_or(|asset| asset == self.id);
                let lives = |chain| reserves::lives_on(self.policy, self.id, chain);
                same_asset && finding.chain.as_ref().is_none_or(lives)
            },
        )
    }

    fn compare_maps(&self, mapped: Option<&Asset>, listed: Option<&Asset>, findings: &mut Vec<Finding>) {
        let Some(mapped) = mapped else {
            let detail = "the policy lists no deployment, so nothing that is held counts";
            let finding = Finding::new(&codes::ASSET_NOT_MAPPED, Severity::Exception, self.id.as_str(), detail);
            findings.push(finding.of_asset(self.id));
            return;
        };
        let Some(listed) = listed else { return };
        if mapped.decimals != listed.decimals {
            let (got, expected) = (listed.decimals.get(), mapped.decimals.get());
            let detail = format!("the statement counts with {got} decimals, the policy with {expected} decimals");
            let finding = Finding::new(&codes::DECIMALS_DIFFER, Severity::Critical, self.id.as_str(), detail);
            findings.push(finding.of_asset(self.id));
        }
        // a statement may write a contract with the capitals of its checksum
        let spelled = |asset: &Asset| -> BTreeSet<(String, Decimals)> {
            asset.deployments.iter().map(|found| (found.id.as_str().to_ascii_lowercase(), found.decimals)).collect()
        };
        if spelled(mapped) != spelled(listed) {
            let names = |asset: &Asset| {
                let name = |found: &Deployment| format!("{} with {} decimals", found.id, found.decimals.get());
                let names: Vec<String> = asset.deployments.iter().map(name).collect();
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            };
            let detail = format!("the statement counts {}, the policy {}", names(listed), names(mapped));
            let finding = Finding::new(&codes::DEPLOYMENT_MAP_DIFFERS, Severity::Exception, self.id.as_str(), detail);
            findings.push(finding.of_asset(self.id));
        }
    }

    /// The most decimals that occur: with these every amount is exact.
    pub(super) fn common_decimals(&self, mapped: Option<&Asset>) -> Decimals {
        let listed = self.statements.iter().flat_map(|known| known.statement.assets.iter());
        let listed = listed.filter(|asset| asset.id == *self.id);
        let of_deployments = mapped.into_iter().flat_map(|asset| asset.deployments.iter().map(|found| found.decimals));
        let of_assets = mapped.into_iter().chain(listed).map(|asset| asset.decimals);
        of_deployments.chain(of_assets).max().unwrap_or(Decimals::ZERO)
    }

    /// `None` when a sum does not fit; `Some(None)` when the statement says nothing about the asset.
    fn owed(&self, listed: Option<&Asset>, decimals: Decimals) -> Option<Option<Owed>> {
        let (Some(statement), Some(listed)) = (self.statement, listed) else { return Some(None) };
        owed_by(statement, listed, decimals).map(Some)
    }

    /// `None` when a sum does not fit.
    fn held(&self, mapped: Option<&Asset>, decimals: Decimals) -> Option<Held> {
        let mut held = Held::default();
        for basis in Basis::STRONGEST_FIRST {
            held.by_basis.insert(basis.text(), Amount::ZERO);
        }
        let Some(mapped) = mapped else { return Some(held) };
        for item in &self.reserves.held {
            let deployment = mapped.deployments.iter().find(|found| found.id == item.holding.deployment);
            let Some(deployment) = deployment else { continue };
            let amount = item.holding.amount.rescale(deployment.decimals, decimals).ok()?;
            held.items += 1;
            let add = |sum: &mut Amount| -> Option<()> {
                *sum = sum.checked_add(amount)?;
                Some(())
            };
            if !item.free || !self.stands_for(mapped, &item.holding.deployment) {
                add(&mut held.excluded)?;
                continue;
            }
            let Some(control) = item.control else {
                add(&mut held.without_control)?;
                continue;
            };
            add(&mut held.possible)?;
            add(held.by_basis.entry(item.holding.basis().text()).or_default())?;
            let holding = &item.holding;
            add(held.by_evidence.entry((holding.authenticity, holding.completeness)).or_default())?;
            if self.counts(item) {
                add(&mut held.counted)?;
                add(held.by_role.entry(item.role.text()).or_default())?;
                add(held.by_control.entry(control.text()).or_default())?;
                add(held.by_bucket.entry(holding.bucket().text()).or_default())?;
            }
        }
        Some(held)
    }
}

/// What a statement says is owed in an asset that it lists; `None` when a sum does not fit.
pub(super) fn owed_by(statement: &Statement, listed: &Asset, decimals: Decimals) -> Option<Owed> {
    let rescale = |amount: Amount| amount.rescale(listed.decimals, decimals).ok();
    let rows = statement.liabilities.iter().filter(|row| row.asset == listed.id);
    let mut classes = BTreeMap::new();
    let mut leaves = 0_u64;
    for row in rows {
        classes.insert(row.class.text(), rescale(row.total)?);
        leaves = leaves.checked_add(row.leaf_count)?;
    }
    let committed = Amount::checked_sum(classes.values().copied())?;
    let schedules = &statement.schedules;
    let others = schedules.owed().filter(|(asset, _)| **asset == listed.id);
    let others: Vec<Amount> = others.map(|(_, amount)| rescale(amount)).collect::<Option<_>>()?;
    // a schedule with rows for other assets only says that there are none in this one
    let stated = schedules.states_other_liabilities();
    let other = if stated { Some(Amount::checked_sum(others)?) } else { None };
    let total = committed.checked_add(other.unwrap_or(Amount::ZERO))?;
    let custody = classes.get(Class::Custody.text()).copied().unwrap_or(Amount::ZERO);
    Some(Owed { committed, custody, classes, other, total, leaves })
}

fn overall(assets: &[AssetReport], has_statement: bool) -> Overall {
    let verdict = assets.iter().filter(|asset| asset.required).map(|asset| asset.verdict).min();
    let count = |verdict| assets.iter().filter(|asset| asset.verdict == verdict).count();
    let unclaimed = |asset: &&AssetReport| asset.verdict == Verdict::NotDeterminable && !asset.claimed;
    let mut headline = format!("{} of {} covered", count(Verdict::Covered), assets.len());
    if count(Verdict::Short) > 0 {
        headline.push_str(&format!("; {} short", count(Verdict::Short)));
    }
    if count(Verdict::NotDeterminable) > 0 {
        headline.push_str(&format!("; {} not determinable", count(Verdict::NotDeterminable)));
        let without = assets.iter().filter(unclaimed).count();
        if !has_statement {
            headline.push_str(": no statement says what is owed");
        } else if without > 0 {
            headline.push_str(&format!(", of these {without} without any reserve claim"));
        }
    }
    Overall { verdict: verdict.unwrap_or(Verdict::NotDeterminable), headline }
}

fn in_order(mut findings: Vec<Finding>, sealed: &Sealed) -> Vec<Finding> {
    findings.sort_by(|left, right| {
        fn key(finding: &Finding) -> (Severity, u16, &str, &str) {
            (finding.severity, finding.code.number, &finding.subject, &finding.detail)
        }
        key(left).cmp(&key(right))
    });
    let files = &sealed.manifest().files;
    for (number, finding) in (1..).zip(&mut findings) {
        finding.id = format!("F{number}");
        let at = finding.evidence.as_deref().and_then(|path| {
            // the manifest is in the order of its paths
            files.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()
        });
        finding.evidence_sha256 = at.and_then(|at| files.get(at)).map(|entry| entry.sha256);
    }
    findings
}

fn quote(statement: Option<&VerifiedStatement>, assets: &[AssetReport]) -> String {
    let Some(statement) = statement else {
        return "No statement of liabilities was in the bundle; reserves alone show no coverage.".to_owned();
    };
    let document = statement.statement();
    let verdicts: Vec<String> = assets.iter().map(|asset| format!("{} {}", asset.asset, asset.verdict)).collect();
    format!(
        "At {}, of the balances that {} committed to in statement {}: {}. The commitment is as complete as the customers who checked it; see the report for what it does not show.",
        document.cutoff,
        document.venue.legal_entity,
        document.sequence,
        verdicts.join(", ")
    )
}

#[cfg(test)]
mod tests;
