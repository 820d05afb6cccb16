//! Tiers of wallets, in words.

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
