//! Tiers of wallets, custodians and issuers, in words.

use crate::amount::Amount;
use crate::reconcile::AssetReport;
use crate::reconcile::tiers::TierResult;

/// What the venue declares by tier, with what is shown where that is another amount; none when it declares nothing.
pub(super) fn declared(asset: &AssetReport) -> Option<String> {
    let amount = |amount: Amount| amount.to_readable(asset.decimals);
    let lines = asset.tiers.iter().filter_map(|line| {
        let declared = format!("{} {}", line.role.text(), amount(line.declared?));
        Some(match line.result {
            TierResult::Same | TierResult::NotDeclared => declared,
            TierResult::DeclaredMore => format!("{declared} (shown at most {})", amount(line.most)),
            TierResult::DeclaredLess => format!("{declared} (shown at least {})", amount(line.least)),
            TierResult::NotDeterminable => {
                format!("{declared} (shown {} to {})", amount(line.least), amount(line.most))
            }
        })
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// What custodians and issuers owe, one row a party: a name and the words.
pub(super) fn elsewhere(asset: &AssetReport) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for share in &asset.custodians {
        let amount = |amount: Amount| amount.to_readable(share.decimals);
        let coverage = share.coverage.as_deref().unwrap_or("not shown");
        let beside = if share.used { "" } else { "; beside what is held" };
        let (counted, in_tree) = (amount(share.counted), amount(share.in_tree));
        rows.push((
            "In custody",
            format!("{counted} of {in_tree} in the tree of {}, whose coverage is {coverage}{beside}", share.custodian),
        ));
    }
    for claim in &asset.issuers {
        let amount = |amount: Amount| amount.to_readable(claim.decimals);
        let backed = claim.backed.map_or_else(
            || "nothing shows its backing".to_owned(),
            |backed| format!("{} backed by the issuer's own bundle", amount(backed)),
        );
        let counts = if claim.counts { "" } else { "; counts nothing" };
        let held = amount(claim.held);
        rows.push((
            "Claim on an issuer",
            format!("{held} of {} on {}: {backed}{counts}", claim.deployment, claim.issuer),
        ));
    }
    rows
}
