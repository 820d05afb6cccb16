//! Custodians of a bundle: their own bundles, the venue's proofs in their trees, and what of it counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::ReconcileError;
use super::super::coverage::{Verdict, percent};
use super::super::findings::{Finding, Severity};
use super::super::history::History;
use super::super::nested::{self, Nested};
use super::super::parties::Place;
use super::super::verdicts::owed_by;
use super::{Balance, Books, Client, Day, compare, other_day, own_key, share};
use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class};
use crate::bundle::{FileSource, paths};
use crate::code::verdict::RELATED_PARTY;
use crate::code::{Coded as _, custody as codes};
use crate::liability::inclusion_proof::{FILE_SIZE_MAX, InclusionProof, InclusionQuery, VerifiedInclusion, verify};
use crate::policy::{PinnedVenue, Policy};
use crate::publish::Statement;
use crate::publish::custody::CustodyAccount;
use crate::snapshot::VenueId;

/// What one custodian keeps for the venue, in one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustodyShare {
    /// The custodian.
    pub custodian: VenueId,
    /// The unit.
    pub asset: AssetId,
    /// Decimals of the amounts.
    pub decimals: Decimals,
    /// What the custodian's tree has for the venue: its leaf, in the custody class.
    pub in_tree: Amount,
    /// What of it counts: at most what the custodian keeps of what it owes, rounded down.
    pub counted: Amount,
    /// The custodian's own coverage at its cut-off, in percent rounded down; none when nothing shows it.
    pub coverage: Option<String>,
    /// The custodian's own verdict.
    pub verdict: Verdict,
    /// Whether the venue's verdict rests on it; without need it stays beside.
    pub used: bool,
}

/// What all custodians show.
#[derive(Clone, Debug, Default)]
pub(in crate::reconcile) struct Custody {
    pub(in crate::reconcile) shares: Vec<CustodyShare>,
    /// Addresses of custodians: they count by the leaf, and by nothing else.
    pub(in crate::reconcile) addresses: BTreeSet<Place>,
    /// Of each custodian: addresses on which it shows coins.
    pub(in crate::reconcile) controlled: Vec<(VenueId, BTreeSet<Place>)>,
    /// Custodians whose bundle, or the venue's proof in their trees, is there and cannot be read.
    pub(in crate::reconcile) unreadable: BTreeSet<VenueId>,
    /// Custodians of whom the bundle has nothing, or no proof of the venue in their trees.
    pub(in crate::reconcile) absent: BTreeSet<VenueId>,
    pub(in crate::reconcile) findings: Vec<Finding>,
}

/// Reads every custodian that the policy pins.
///
/// # Errors
/// [`ReconcileError`] when a file that the manifest lists cannot be read.
pub(in crate::reconcile) fn read(
    files: &dyn FileSource,
    policy: &Policy,
    history: &History,
) -> Result<Custody, ReconcileError> {
    let mut custody = Custody::default();
    let venue = history.subject().statement();
    for pinned in policy.custodians() {
        let folder = paths::custodian(&pinned.id);
        if policy.related_parties().iter().any(|party| party.name == pinned.id.as_str()) {
            let detail = "the policy knows it as related to the venue: what it keeps counts nothing";
            let code = &RELATED_PARTY;
            custody.findings.push(Finding::new(code, Severity::Exception, pinned.id.to_string(), detail));
            continue;
        }
        match nested::read(files, &policy.about(pinned), &folder) {
            Ok(Some(found)) => custody.take(files, history, pinned, &found)?,
            Ok(None) => custody.missing(&pinned.id, venue),
            Err(detail) => {
                custody.unreadable.insert(pinned.id.clone());
                let finding = Finding::new(&codes::CUSTODIAN_REFUSED, Severity::Exception, folder, detail);
                custody.findings.push(finding);
            }
        }
    }
    let pinned = |party: &VenueId| policy.custodians().iter().any(|pinned| pinned.id == *party);
    let named: BTreeSet<&VenueId> =
        venue.schedules.custody_accounts.iter().flatten().map(|account| &account.party).collect();
    // a custodian's own books name its clients: whoever is not pinned was not compared, whichever side it is on
    for party in named.into_iter().filter(|party| !pinned(party)) {
        let detail = "the policy pins no such custodian: what the books say of it was compared with nothing";
        let finding = Finding::new(&codes::CUSTODIAN_MISSING, Severity::Note, party.to_string(), detail);
        custody.findings.push(finding.in_file(paths::STATEMENT));
    }
    Ok(custody)
}

impl Custody {
    /// What the venue's books say of somebody who says nothing is told with its amount: stated, and counted nowhere.
    fn missing(&mut self, custodian: &VenueId, venue: &Statement) {
        self.absent.insert(custodian.clone());
        let new = |detail: &str| {
            let code = &codes::CUSTODIAN_MISSING;
            Finding::new(code, Severity::Exception, custodian.to_string(), detail.to_owned())
        };
        let mut booked: BTreeMap<&AssetId, Amount> = BTreeMap::new();
        let rows = venue.schedules.custody_accounts.iter().flatten();
        for row in rows.filter(|row| row.party == *custodian && !row.closing.is_zero()) {
            booked.insert(&row.asset, row.closing);
        }
        if booked.is_empty() {
            self.findings.push(new("the bundle has nothing of it"));
        }
        let decimals = |id: &AssetId| venue.assets.iter().find(|listed| listed.id == *id).map(|listed| listed.decimals);
        for (asset, amount) in booked {
            let finding = new("the bundle has nothing of it; that it keeps this much, only the venue's own books say");
            let finding = finding.of_asset(asset).in_file(paths::STATEMENT);
            self.findings.push(match decimals(asset) {
                Some(decimals) => finding.of_amount(amount, decimals),
                None => finding,
            });
        }
    }

    fn take(
        &mut self,
        files: &dyn FileSource,
        history: &History,
        pinned: &PinnedVenue,
        found: &Nested,
    ) -> Result<(), ReconcileError> {
        let (venue, theirs) = (history.subject().statement(), found.statement().statement());
        let leaves = self.leaves(files, venue, found)?;
        let sums = leaves.as_ref().map(|leaves| by_asset(leaves, |_| true));
        let before = history.statements().iter().map(|known| known.statement().cutoff);
        let client = Client {
            venue: &venue.venue.id,
            keys: &venue.venue.keys,
            cutoff: venue.cutoff,
            since: before.filter(|cutoff| *cutoff < venue.cutoff).max(),
            accounts: venue.schedules.custody_accounts.as_deref(),
            leaves: sums.as_ref(),
        };
        let days = days(&found.history, client.since);
        let mut keys = pinned.keys.clone();
        keys.extend(theirs.venue.keys.iter().cloned());
        let books = Books { custodian: &pinned.id, keys: &keys, days: &days };
        for difference in compare(&client, &books) {
            let decimals = |asset: &AssetId| theirs.assets.iter().find(|listed| listed.id == *asset);
            let finding = Finding::new(difference.code, Severity::Exception, difference.subject, difference.detail);
            let finding = match difference.asset.as_ref().and_then(|asset| Some((asset, decimals(asset)?))) {
                Some((asset, listed)) => match difference.amount {
                    Some(amount) => finding.of_asset(asset).of_amount(amount, listed.decimals),
                    None => finding.of_asset(asset),
                },
                None => finding,
            };
            self.findings.push(finding.in_file(format!("{}{}", paths::custodian(&pinned.id), paths::STATEMENT)));
        }
        if own_key(&client, &books).is_some() {
            return Ok(());
        }
        self.addresses.extend(found.addresses.iter().cloned());
        self.controlled.push((pinned.id.clone(), found.controlled.clone()));
        let same_day = other_day(&client, &books).is_none();
        let Some(leaves) = leaves else { return Ok(()) };
        for (asset, amount) in by_asset(&leaves, |class| class == Class::Custody) {
            self.share(venue, found, (asset, amount), same_day);
        }
        Ok(())
    }

    /// What of one balance counts.
    fn share(&mut self, venue: &Statement, found: &Nested, (asset, amount): (AssetId, Amount), same_day: bool) {
        let theirs = found.statement().statement();
        let of =
            |statement: &Statement| statement.assets.iter().find(|listed| listed.id == asset).map(|one| one.decimals);
        let (Some(decimals), same) = (of(theirs), of(venue) == of(theirs)) else { return };
        let section = found.report.assets.iter().find(|section| section.asset == asset);
        let compared = section.and_then(|section| {
            let compared = section.commitments.iter().find(|compared| compared.sequence == theirs.sequence)?;
            Some((compared.low?, compared.owed))
        });
        let counted = compared.filter(|_| same_day && same).map(|(low, owed)| share(amount, low, owed));
        let verdict = section.map_or(Verdict::NotDeterminable, |section| section.verdict);
        if verdict != Verdict::Covered {
            let detail = format!("{asset} of {} is {verdict}", theirs.venue.id);
            let code = &codes::CUSTODIAN_OPEN;
            let finding = Finding::new(code, Severity::Exception, theirs.venue.id.to_string(), detail);
            self.findings.push(finding.of_asset(&asset));
        }
        self.shares.push(CustodyShare {
            custodian: theirs.venue.id.clone(),
            decimals,
            in_tree: amount,
            counted: counted.unwrap_or(Amount::ZERO),
            coverage: compared.and_then(|(low, owed)| percent(low, owed)),
            verdict,
            used: false,
            asset,
        });
    }

    /// The venue's leaves in the custodian's trees; none, with its finding, when nothing shows them.
    fn leaves(
        &mut self,
        files: &dyn FileSource,
        venue: &Statement,
        found: &Nested,
    ) -> Result<Option<Vec<VerifiedInclusion>>, ReconcileError> {
        let custodian = &found.statement().statement().venue.id;
        let path = paths::custodian_proof(custodian);
        let refused =
            |detail: String| Finding::new(&codes::CUSTODIAN_PROOF, Severity::Exception, custodian.to_string(), detail);
        let Some(file) = files.read(&path)? else {
            self.absent.insert(custodian.clone());
            self.findings.push(refused(format!("{path} is not in the bundle")));
            return Ok(None);
        };
        if file.len() as u64 > FILE_SIZE_MAX {
            self.unreadable.insert(custodian.clone());
            self.findings.push(refused(format!("{path} has {} bytes", file.len())).in_file(path));
            return Ok(None);
        }
        let proof = match InclusionProof::parse(&file) {
            Ok(proof) => proof,
            Err(error) => {
                self.unreadable.insert(custodian.clone());
                self.findings.push(refused(format!("{}: {error}", error.code())).in_file(path));
                return Ok(None);
            }
        };
        let reference = found.statement().reference();
        let mut last = None;
        // account and credential are the verifier's: the venue's name, and one of its keys
        for key in &venue.venue.keys {
            let query = InclusionQuery {
                statement: &reference,
                rows: &found.statement().statement().liabilities,
                account: venue.venue.id.as_str(),
                credential: &key.to_string(),
                expected: &BTreeMap::new(),
            };
            match verify(&query, &proof) {
                Ok(leaves) => return Ok(Some(leaves)),
                Err(error) => last = Some(format!("{}: {error}", error.code())),
            }
        }
        let detail = last.unwrap_or_else(|| "the venue declares no key".to_owned());
        self.findings.push(refused(detail).in_file(path));
        Ok(None)
    }
}

fn by_asset(leaves: &[VerifiedInclusion], wanted: impl Fn(Class) -> bool) -> BTreeMap<AssetId, Amount> {
    let mut sums: BTreeMap<AssetId, Amount> = BTreeMap::new();
    for leaf in leaves.iter().filter(|leaf| wanted(leaf.row().class)) {
        let sum = sums.entry(leaf.row().asset.clone()).or_default();
        // the leaves of a tree are below its total, and the trees of an asset below 2^128
        *sum = sum.checked_add(leaf.amount()).unwrap_or(*sum);
    }
    sums
}

/// The custodian's statements up to the one that its bundle is about.
fn days(history: &History, since: Option<crate::snapshot::Time>) -> Vec<Day<'_>> {
    let last = history.subject().statement().sequence;
    let known = history.statements().iter().map(|known| known.statement());
    let known = known.filter(|known| known.sequence <= last && since.is_none_or(|since| known.cutoff > since));
    known.map(day).collect()
}

fn day(statement: &Statement) -> Day<'_> {
    const NONE: &[CustodyAccount] = &[];
    let tiers = statement.schedules.tiers.as_deref();
    let balance = |listed: &crate::asset::Asset| {
        let kept = tiers.map(|rows| {
            let rows = rows.iter().filter(|row| row.asset == listed.id);
            Amount::checked_sum(rows.map(|row| row.amount)).unwrap_or(Amount::MAX)
        });
        let liabilities = owed_by(statement, listed, listed.decimals)?.total;
        Some(Balance { asset: listed.id.clone(), assets: kept, liabilities })
    };
    Day {
        sequence: statement.sequence,
        cutoff: statement.cutoff,
        accounts: statement.schedules.custody_accounts.as_deref().unwrap_or(NONE),
        balances: statement.assets.iter().filter_map(balance).collect(),
    }
}
