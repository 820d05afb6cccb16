//! What is told of coins that were lent over the cut-off.

use std::collections::BTreeMap;

use super::elsewhere::Deposit;
use super::figures;
use super::findings::NetworkFinding;
use super::fraction::{Exact, Fraction, decimal, units, zero};
use super::loans::{Known, Loan, Moves, Pairs, Way, loans, rests_on_loans};
use super::shared::Shared;
use super::sheet::Sheet;
use super::transfers::Moved;
use crate::amount::Decimals;
use crate::asset::AssetId;
use crate::code::transfers as around_codes;
use crate::code::{Code, venues as codes};
use crate::reconcile::Severity;
use crate::reconcile::window::Direction;

/// Findings about loans of one asset. Which of its addresses a venue used does not matter: the sets say whose they are.
pub(super) fn findings(
    sheets: &[Sheet<'_>],
    deposits: &[Deposit],
    shared: &Shared,
    asset: &AssetId,
    moved: &[Moved<'_>],
) -> Vec<NetworkFinding> {
    // without a cut-off block nothing came before it
    let moved: Vec<&Moved<'_>> = moved.iter().filter(|one| one.cutoff.is_some()).collect();
    let moves = moved.iter().filter_map(|one| Some(Moves { cutoff: one.cutoff?, transfers: &one.transfers }));
    let moves: Vec<Moves<'_>> = moves.collect();
    let mut owed = Pairs::new();
    for deposit in deposits.iter().filter(|deposit| deposit.asset == *asset) {
        let amount = units(deposit.amount, deposit.decimals);
        *owed.entry((deposit.depositor, deposit.debtor)).or_insert_with(zero) += amount;
    }
    let found = loans(&moves, sheets.len(), &Known { deposits: owed, judged: judged(sheets, &moved) });
    let mut findings = Vec::new();
    for loan in &found.all {
        let rests = found.rests.get(&loan.borrower).cloned().unwrap_or_else(zero);
        let stands = sheets.get(loan.borrower).and_then(|sheet| figures::stands(sheet, shared, loan.borrower, asset));
        let needed = rests_on_loans(stands.as_ref(), &rests);
        let how = match (needed, rests > zero()) {
            (true, _) => "; without what it was lent it does not have what it owes",
            (false, true) => "; it has what it owes without what it was lent",
            (false, false) => "; it lent as much to others, or its own report has found the round trip",
        };
        let severity = if needed { Severity::Critical } else { Severity::Exception };
        let told = Told { sheets, asset, moved: &moved, loan, weight: (severity, how) };
        findings.extend(told.shown());
        findings.extend(told.listed());
    }
    findings
}

/// What of the payments the reports of the borrowers have found as round trips around the cut-off block.
fn judged(sheets: &[Sheet<'_>], moved: &[&Moved<'_>]) -> Pairs {
    let mut judged = Pairs::new();
    for one in moved {
        let Some(cutoff) = one.cutoff else { continue };
        let mut came: BTreeMap<(usize, &str), Vec<(usize, Fraction)>> = BTreeMap::new();
        for transfer in &one.transfers {
            let shown = &transfer.amount - &transfer.listed;
            came.entry((transfer.to, &transfer.txid)).or_default().push((transfer.from, shown));
        }
        for (borrower, sheet) in sheets.iter().enumerate() {
            let windows = sheet.report.assets.iter().flat_map(|asset| &asset.windows);
            let here = windows.filter(|window| window.deployment == *one.deployment);
            let trips = here.flat_map(|window| window.round_trips.iter().map(move |trip| (window.decimals, trip)));
            for (decimals, trip) in trips.filter(|(_, trip)| trip.is_around(cutoff)) {
                let mut rest = units(trip.amount_in, decimals);
                for leg in trip.legs.iter().filter(|leg| leg.direction == Direction::In) {
                    // each payment once, whatever trips name it
                    for (lender, shown) in came.remove(&(borrower, leg.txid.as_str())).into_iter().flatten() {
                        let part = shown.min(rest.clone());
                        rest -= &part;
                        *judged.entry((lender, borrower)).or_insert_with(zero) += part;
                    }
                }
            }
        }
    }
    judged
}

struct Told<'a> {
    sheets: &'a [Sheet<'a>],
    asset: &'a AssetId,
    moved: &'a [&'a Moved<'a>],
    loan: &'a Loan,
    /// Whether the borrower would have what it owes without what it was lent.
    weight: (Severity, &'static str),
}

impl Told<'_> {
    fn shown(&self) -> Option<NetworkFinding> {
        self.finding(&self.loan.shown, self.weight.0, self.weight.1)
    }

    fn listed(&self) -> Option<NetworkFinding> {
        let how = ", by addresses that one of them only lists, without control of them";
        self.finding(&self.loan.listed, Severity::Exception, how)
    }

    fn finding(&self, amount: &Fraction, severity: Severity, how: &str) -> Option<NetworkFinding> {
        if *amount <= zero() {
            return None;
        }
        let (lender, borrower) =
            (self.sheets.get(self.loan.lender)?.venue(), self.sheets.get(self.loan.borrower)?.venue());
        let (code, subject, decimals, moment): (&'static Code, &str, Decimals, String) = match self.loan.way {
            Way::Direct(place) => {
                let moved = self.moved.get(place)?;
                let moment = format!("the cut-off block {}, came before it and went back after it", moved.cutoff?);
                (&codes::NETWORK_LOAN, moved.deployment.as_str(), moved.decimals, moment)
            }
            Way::Around => {
                let decimals = self.moved.iter().map(|moved| moved.decimals).max()?;
                let moment =
                    "the cut-off, came before it and went back after it, over a third venue or on another chain";
                (&around_codes::NETWORK_LOAN_AROUND, self.asset.as_str(), decimals, moment.to_owned())
            }
        };
        let detail = format!("{} of {lender} were with {borrower} at {moment}{how}", decimal(amount, decimals));
        let finding = NetworkFinding::new(code, severity, subject, detail);
        let finding = finding.of_asset(self.asset).of_amount(Exact(amount.clone()));
        Some(finding.and(lender).and(borrower).against(borrower))
    }
}
