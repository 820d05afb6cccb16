//! What the figures of a network tell: sentences and findings.

use super::findings::NetworkFinding;
use super::fraction::{Exact, decimal};
use super::model::{AssetNetwork, DepositRow};
use crate::asset::AssetId;
use crate::code::network as codes;
use crate::reconcile::{Report, Severity, Verdict};
use crate::snapshot::VenueId;

/// A venue that the verifier asked about, and that nobody shows.
pub(super) fn absent(venue: &VenueId) -> NetworkFinding {
    let detail = "the network policy names it, and no bundle is of it".to_owned();
    NetworkFinding::new(&codes::NETWORK_BUNDLE_ABSENT, Severity::Exception, venue.as_str(), detail).and(venue)
}

/// Assets that a venue's policy requires, and in which nothing says what it owes: they have no sheet to be joined.
pub(super) fn silent(venue: &VenueId, report: &Report) -> Vec<(AssetId, NetworkFinding)> {
    let open = report.assets.iter().filter(|asset| asset.required && asset.owed.is_none());
    let told = open.map(|asset| {
        let detail = "its policy requires the asset, and its own report has no figure of what it owes in it";
        let finding = NetworkFinding::new(
            &codes::NETWORK_VENUE_UNREADABLE,
            Severity::Exception,
            asset.asset.as_str(),
            detail.to_owned(),
        );
        (asset.asset.clone(), finding.of_asset(&asset.asset).and(venue))
    });
    told.collect()
}

/// The first line.
pub(super) fn headline(venues: usize, assets: &[AssetNetwork], deposits: usize) -> String {
    let all = || assets.iter().flat_map(|asset| &asset.venues);
    let count = |verdict| all().filter(|venue| venue.verdict == verdict).count();
    let s = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "{venues} venue{}, {deposits} proved deposit{} between them; of {} sheet{} {} covered, {} short, {} not determinable",
        s(venues),
        s(deposits),
        all().count(),
        s(all().count()),
        count(Verdict::Covered),
        count(Verdict::Short),
        count(Verdict::NotDeterminable),
    )
}

/// What is to be told about one asset.
pub(super) fn asset(asset: &AssetNetwork, deposits: &[DepositRow], joined: bool) -> Vec<NetworkFinding> {
    let name = asset.asset.as_str();
    let text = |amount: &Exact| decimal(&amount.0, asset.decimals);
    let new = |code, severity, subject: &str, detail: String| {
        NetworkFinding::new(code, severity, subject, detail).of_asset(&asset.asset)
    };
    let mut findings = Vec::new();
    for deposit in deposits.iter().filter(|deposit| deposit.at_most < deposit.amount) {
        let detail = format!("{} at face value, at most {} counts", text(&deposit.amount), text(&deposit.at_most));
        let finding = new(&codes::DEPOSIT_CAPPED, Severity::Exception, &deposit.name, detail);
        let finding = finding.of_amount(Exact(&deposit.amount.0 - &deposit.at_most.0));
        findings.push(finding.and(&deposit.depositor).and(&deposit.debtor));
    }
    for ring in &asset.rings {
        let way: Vec<&str> = ring.venues.iter().chain(ring.venues.first()).map(VenueId::as_str).collect();
        let detail = format!("{} goes around: {}", text(&ring.amount), way.join(" owes "));
        let finding = new(&codes::DEPOSIT_RING, Severity::Exception, name, detail).of_amount(ring.amount.clone());
        findings.push(ring.venues.iter().fold(finding, NetworkFinding::and));
    }
    for venue in &asset.venues {
        // what stands alone is told in the venue's own report
        if !venue.readable && joined {
            let detail = "its own report cannot judge what it owes or holds; cleared is the least that is shown";
            let finding = new(&codes::NETWORK_VENUE_UNREADABLE, Severity::Exception, name, detail.to_owned());
            findings.push(finding.and(&venue.venue));
        }
        if venue.gross.sufficient && venue.cleared.wave > 0 {
            let detail = format!(
                "{} of assets against {} owed, with deposits at face value; cleared, it pays {}",
                text(&venue.gross.assets),
                text(&venue.gross.owed),
                text(&venue.cleared.pays)
            );
            let finding = new(&codes::NETWORK_DEFAULT, Severity::Exception, name, detail);
            findings.push(finding.and(&venue.venue));
        }
        if venue.cleared.pays_least < venue.cleared.pays {
            let (most, least) = (text(&venue.cleared.pays), text(&venue.cleared.pays_least));
            let detail = format!("it pays {most} by the greatest payments that clear, {least} by the least");
            let finding = new(&codes::NETWORK_GRIDLOCK, Severity::Exception, name, detail);
            findings.push(finding.and(&venue.venue));
        }
    }
    findings
}
