//! Wallet tiers: what the venue says lies hot, warm and cold, beside what is shown there. Specification:
//! `docs/spec/tiers.md`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::findings::{Finding, Severity};
use super::verdicts::Section;
use crate::amount::{Amount, Decimals};
use crate::asset::Asset;
use crate::code::custody as codes;
use crate::reserve::address_set::Role;

/// What is shown of one tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What coverage is computed from.
    pub counted: Amount,
    /// Under control, on evidence that the policy accepts; what is pledged lies there, too.
    pub least: Amount,
    /// Under control, on any evidence; what is pledged lies there, too.
    pub most: Amount,
}

/// What a tier's declaration is worth beside what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TierResult {
    /// Exactly what is shown was declared.
    Same,
    /// More was declared than any evidence shows.
    DeclaredMore,
    /// Less was declared than accepted evidence shows.
    DeclaredLess,
    /// What was declared lies between accepted and weaker evidence.
    NotDeterminable,
    /// Nothing was declared about the asset.
    NotDeclared,
}

impl TierResult {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::DeclaredMore => "declared-more",
            Self::DeclaredLess => "declared-less",
            Self::NotDeterminable => "not-determinable",
            Self::NotDeclared => "not-declared",
        }
    }
}

/// One tier of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TierLine {
    /// The tier.
    pub role: Role,
    /// What the venue says; none when its statement says nothing about the asset. A tier that a declaration leaves out
    /// is declared empty.
    pub declared: Option<Amount>,
    /// What coverage is computed from.
    pub counted: Amount,
    /// On accepted evidence, what is pledged included.
    pub least: Amount,
    /// On any evidence, what is pledged included.
    pub most: Amount,
    /// Both beside each other.
    pub result: TierResult,
    /// How much more or less was declared than is shown.
    pub difference: Amount,
}

/// Every tier that is declared or has something, in the order of reports. `declared` is none when the statement says
/// nothing about the asset.
#[must_use]
pub fn compare(declared: Option<&BTreeMap<Role, Amount>>, shown: &BTreeMap<Role, Shown>) -> Vec<TierLine> {
    let mut lines = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Internal) {
        let Shown { counted, least, most } = shown.get(&role).copied().unwrap_or_default();
        let stated = declared.map(|rows| rows.get(&role).copied().unwrap_or(Amount::ZERO));
        if most.is_zero() && stated.is_none_or(Amount::is_zero) {
            continue;
        }
        let (result, difference) = judge(stated, least, most);
        lines.push(TierLine { role, declared: stated, counted, least, most, result, difference });
    }
    lines
}

fn judge(declared: Option<Amount>, least: Amount, most: Amount) -> (TierResult, Amount) {
    let Some(declared) = declared else { return (TierResult::NotDeclared, Amount::ZERO) };
    let above = declared.checked_sub(most).filter(|above| !above.is_zero());
    let below = least.checked_sub(declared).filter(|below| !below.is_zero());
    match (above, below) {
        (Some(above), _) => (TierResult::DeclaredMore, above),
        (None, Some(below)) => (TierResult::DeclaredLess, below),
        (None, None) if least == most => (TierResult::Same, Amount::ZERO),
        (None, None) => (TierResult::NotDeterminable, Amount::ZERO),
    }
}

impl Section<'_> {
    /// The tiers of the asset. `None` when a sum does not fit.
    pub(super) fn tiers(&self, mapped: Option<&Asset>, decimals: Decimals) -> Option<Vec<TierLine>> {
        let mut shown: BTreeMap<Role, Shown> = BTreeMap::new();
        for item in &self.reserves.held {
            let Some(mapped) = mapped else { break };
            let found = mapped.deployments.iter().find(|found| found.id == item.holding.deployment);
            let Some(found) = found.filter(|found| self.stands_for(mapped, &found.id)) else { continue };
            if item.control.is_none() || item.role == Role::Internal {
                continue;
            }
            let amount = item.holding.amount.rescale(found.decimals, decimals).ok()?;
            let of_role = shown.entry(item.role).or_default();
            of_role.most = of_role.most.checked_add(amount)?;
            if self.is_accepted(item) {
                of_role.least = of_role.least.checked_add(amount)?;
            }
            if self.counts(item) {
                of_role.counted = of_role.counted.checked_add(amount)?;
            }
        }
        let declared = self.declared_tiers(decimals)?;
        Some(compare(declared.as_ref(), &shown))
    }

    /// What the statement declares about the asset; `Some(None)` when it says nothing.
    fn declared_tiers(&self, decimals: Decimals) -> Option<Option<BTreeMap<Role, Amount>>> {
        let Some(statement) = self.statement else { return Some(None) };
        let Some(listed) = statement.assets.iter().find(|asset| asset.id == *self.id) else { return Some(None) };
        let rows = statement.schedules.tiers.iter().flatten().filter(|row| row.asset == *self.id);
        let row = |row: &crate::publish::custody::TierRow| {
            Some((row.role, row.amount.rescale(listed.decimals, decimals).ok()?))
        };
        let rows: BTreeMap<Role, Amount> = rows.map(row).collect::<Option<_>>()?;
        Some(if rows.is_empty() { None } else { Some(rows) })
    }

    /// Tiers that are not what the venue declares.
    pub(super) fn note_tiers(&self, decimals: Decimals, tiers: &[TierLine], findings: &mut Vec<Finding>) {
        let readable = |amount: Amount| amount.to_readable(decimals);
        for line in tiers {
            let Some(declared) = line.declared else { continue };
            let shown = match line.least == line.most {
                true => readable(line.least),
                false => format!("{} to {}", readable(line.least), readable(line.most)),
            };
            let role = line.role.text();
            let detail = format!("{role}: {} declared, {shown} shown under control", readable(declared));
            let (code, severity) = match line.result {
                TierResult::Same | TierResult::NotDeclared => continue,
                TierResult::DeclaredMore | TierResult::DeclaredLess => (&codes::TIER_DIFFERS, Severity::Exception),
                TierResult::NotDeterminable => (&codes::TIER_NOT_DETERMINABLE, Severity::Note),
            };
            let finding = Finding::new(code, severity, format!("{} {role}", self.id), detail).of_asset(self.id);
            findings.push(match line.difference.is_zero() {
                true => finding,
                false => finding.of_amount(line.difference, decimals),
            });
        }
        let declares = self.statement.is_some_and(|statement| statement.schedules.tiers.is_some());
        if declares && tiers.iter().any(|line| line.declared.is_none()) {
            let detail = "the statement declares tiers of its wallets, and none of this asset";
            let finding = Finding::new(&codes::TIERS_NOT_DECLARED, Severity::Note, self.id.as_str(), detail);
            findings.push(finding.of_asset(self.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: u128) -> Amount {
        Amount::from_base_units(units)
    }

    fn shown(counted: u128, least: u128, most: u128) -> Shown {
        Shown { counted: units(counted), least: units(least), most: units(most) }
    }

    #[test]
    fn hot_and_cold_that_do_not_match_are_told_with_amounts() {
        let declared = BTreeMap::from([(Role::Hot, units(10)), (Role::Cold, units(90))]);
        let found = compare(
            Some(&declared),
            &BTreeMap::from([(Role::Hot, shown(60, 60, 60)), (Role::Cold, shown(40, 40, 40))]),
        );
        let found: Vec<_> = found.iter().map(|line| (line.role, line.result, line.difference)).collect();
        let expected =
            [(Role::Hot, TierResult::DeclaredLess, units(50)), (Role::Cold, TierResult::DeclaredMore, units(50))];
        assert_eq!(found, expected);
    }

    #[test]
    fn weaker_evidence_decides_neither_way() {
        let declared = BTreeMap::from([(Role::Cold, units(50))]);
        let result = |least, most| compare(Some(&declared), &BTreeMap::from([(Role::Cold, shown(least, least, most))]));
        assert_eq!(result(40, 60).first().map(|line| line.result), Some(TierResult::NotDeterminable));
        assert_eq!(result(50, 50).first().map(|line| line.result), Some(TierResult::Same));
        assert_eq!(
            result(0, 0).first().map(|line| (line.result, line.difference)),
            Some((TierResult::DeclaredMore, units(50)))
        );
        assert_eq!(
            result(51, 60).first().map(|line| (line.result, line.difference)),
            Some((TierResult::DeclaredLess, units(1)))
        );
    }

    #[test]
    fn what_a_declaration_leaves_out_is_declared_empty_and_silence_is_not() {
        let held = BTreeMap::from([(Role::Warm, shown(5, 5, 5))]);
        let declared = BTreeMap::from([(Role::Cold, units(0))]);
        let found = compare(Some(&declared), &held);
        assert_eq!(found.first().map(|line| (line.role, line.result)), Some((Role::Warm, TierResult::DeclaredLess)));
        assert_eq!(compare(None, &held).first().map(|line| line.result), Some(TierResult::NotDeclared));
    }
}
