//! Coins that somebody issues: claims on whoever owes what they promise. Specification: `docs/spec/issuer.md`.
//!
//! A wrapped coin is no coin and a stablecoin no money: each is listed under its issuer, and looked through where the
//! issuer shows its backing in a bundle of its own.

use std::collections::BTreeSet;

use serde::Serialize;

use super::ReconcileError;
use super::coverage::{Verdict, percent};
use super::custodian::share;
use super::findings::{Finding, Severity};
use super::nested::{self, Nested};
use super::parties::Place;
use super::reserves::Held;
use super::verdicts::Section;
use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, AssetId, DeploymentId};
use crate::bundle::{FileSource, paths};
use crate::code::custody as codes;
use crate::policy::{PinnedIssuer, Policy};
use crate::publish::Statement;
use crate::snapshot::VenueId;

/// What an issuer shows of one unit that it owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backing {
    /// The issuer.
    pub issuer: VenueId,
    /// What it keeps on accepted evidence, and what it owes; none when nothing shows it, or at another cut-off.
    pub kept_of: Option<(Amount, Amount)>,
    /// Its own verdict.
    pub verdict: Verdict,
}

/// What all issuers show.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    /// Of each that shows anything: what it keeps, and what it owes.
    pub(super) backings: Vec<Backing>,
    /// Of each: addresses on which it shows coins.
    pub(super) controlled: Vec<(VenueId, BTreeSet<Place>)>,
    pub(super) findings: Vec<Finding>,
}

/// What is held of one issued coin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssuerClaim {
    /// Whoever owes what it promises.
    pub issuer: VenueId,
    /// The coin.
    pub deployment: DeploymentId,
    /// Decimals of the amounts.
    pub decimals: Decimals,
    /// What is under control, on any evidence.
    pub held: Amount,
    /// What of it the issuer's backing bears out, rounded down; none when nothing shows the backing.
    pub backed: Option<Amount>,
    /// The issuer's own coverage; none when nothing shows it.
    pub coverage: Option<String>,
    /// The issuer's own verdict; none without its bundle.
    pub verdict: Option<Verdict>,
    /// Whether it stands for the asset: never beside the native coin.
    pub counts: bool,
}

/// Reads the bundles of all issuers that the policy pins.
///
/// # Errors
/// [`ReconcileError`] when a file that the manifest lists cannot be read.
pub(super) fn read(files: &dyn FileSource, policy: &Policy, venue: &Statement) -> Result<Issuers, ReconcileError> {
    let mut all = Issuers::default();
    for issuer in policy.issuers() {
        let (id, folder) = (&issuer.pinned.id, paths::issuer(&issuer.pinned.id));
        let find = |code, detail: String| Finding::new(code, Severity::Exception, id.to_string(), detail);
        match nested::read(files, &policy.about_issuer(issuer), &folder) {
            Ok(None) => {
                let detail = "the bundle has nothing of it: what it issues is worth what it can pay";
                let code = &codes::ISSUER_NOT_SHOWN;
                all.findings.push(Finding::new(code, Severity::Note, id.to_string(), detail));
            }
            Err(detail) => all.findings.push(find(&codes::ISSUER_REFUSED, detail)),
            Ok(Some(found)) => {
                let cutoff = found.statement().statement().cutoff;
                if cutoff != venue.cutoff {
                    let detail = format!("its cut-off is {cutoff}, expected {}", venue.cutoff);
                    all.findings.push(find(&codes::ISSUER_DAY, detail));
                }
                let backing = backing(issuer, &found, cutoff == venue.cutoff);
                if backing.verdict != Verdict::Covered {
                    let share = backing.kept_of.and_then(|(kept, owed)| percent(kept, owed));
                    let share = share.map_or_else(String::new, |share| format!(", {share} of what it owes is shown"));
                    let detail = format!("its own report says {}{share}", backing.verdict);
                    all.findings.push(find(&codes::ISSUER_OPEN, detail));
                }
                all.backings.push(backing);
                all.controlled.push((id.clone(), found.controlled));
            }
        }
    }
    Ok(all)
}

/// One unit is what an issuer of one coin owes; of several nobody knows which stands behind which coin.
fn backing(issuer: &PinnedIssuer, found: &Nested, same_day: bool) -> Backing {
    let unknown = Backing { issuer: issuer.pinned.id.clone(), kept_of: None, verdict: Verdict::NotDeterminable };
    let ([unit], sequence) = (issuer.assets.as_slice(), found.statement().statement().sequence) else { return unknown };
    let Some(section) = found.report.assets.iter().find(|section| section.asset == unit.id) else { return unknown };
    let compared = section.commitments.iter().find(|compared| compared.sequence == sequence);
    let kept_of = compared.and_then(|compared| Some((compared.low?, compared.owed))).filter(|_| same_day);
    Backing { kept_of, verdict: section.verdict, ..unknown }
}

/// Whether an issued coin would stand for a coin that nobody issues: it is listed, and never counted as that.
fn is_promise_of(policy: &Policy, mapped: &Asset, id: &DeploymentId) -> bool {
    let issued = |id: &DeploymentId| policy.issuer_of(id).is_some();
    issued(id) && !mapped.deployments.iter().all(|found| issued(&found.id))
}

/// What is held of issued coins that stand for an asset under the policy's map, beside what their issuers show. `None`
/// when `held`, a sum, does not fit.
pub fn claims(
    policy: &Policy,
    mapped: &Asset,
    backings: &[Backing],
    held: &dyn Fn(&DeploymentId) -> Option<Amount>,
) -> Option<Vec<IssuerClaim>> {
    let mut claims = Vec::new();
    for found in &mapped.deployments {
        let Some(issuer) = policy.issuer_of(&found.id) else { continue };
        let held = held(&found.id)?;
        let backing = backings.iter().find(|backing| backing.issuer == issuer.pinned.id);
        let kept_of = backing.and_then(|backing| backing.kept_of);
        claims.push(IssuerClaim {
            issuer: issuer.pinned.id.clone(),
            deployment: found.id.clone(),
            decimals: found.decimals,
            held,
            backed: kept_of.map(|(kept, owed)| share(held, kept, owed)),
            coverage: kept_of.and_then(|(kept, owed)| percent(kept, owed)),
            verdict: backing.map(|backing| backing.verdict),
            counts: !is_promise_of(policy, mapped, &found.id),
        });
    }
    Some(claims)
}

/// Claims that stand beside the coin that they promise: none of them counts as that.
#[must_use]
pub fn as_native(asset: &AssetId, claims: &[IssuerClaim]) -> Vec<Finding> {
    let one = |claim: &IssuerClaim| {
        let (subject, detail) = (claim.deployment.to_string(), note(asset, claim));
        let finding = Finding::new(&codes::ISSUED_AS_NATIVE, Severity::Exception, subject, detail);
        finding.of_asset(asset).of_amount(claim.held, claim.decimals)
    };
    claims.iter().filter(|claim| !claim.counts).map(one).collect()
}

impl Section<'_> {
    pub(super) fn is_promise_of(&self, mapped: &Asset, id: &DeploymentId) -> bool {
        is_promise_of(self.policy, mapped, id)
    }

    /// What is held of issued coins. `None` when a sum does not fit.
    pub(super) fn issuers(&self, mapped: Option<&Asset>) -> Option<Vec<IssuerClaim>> {
        let held = |id: &DeploymentId| {
            let of = |item: &&Held| item.holding.deployment == *id && item.free && item.control.is_some();
            Amount::checked_sum(self.reserves.held.iter().filter(of).map(|item| item.holding.amount))
        };
        mapped.map_or_else(|| Some(Vec::new()), |mapped| claims(self.policy, mapped, &self.reserves.issuers, &held))
    }

    pub(super) fn note_issuers(&self, claims: &[IssuerClaim], findings: &mut Vec<Finding>) {
        findings.extend(as_native(self.id, claims));
    }
}

fn note(asset: &AssetId, claim: &IssuerClaim) -> String {
    let amount = claim.held.to_readable(claim.decimals);
    format!("{amount} are a claim on {}, and none of it counts as {asset}", claim.issuer)
}
