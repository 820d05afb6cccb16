//! The balance sheet and the ladders as tables.

use super::{CsvError, Sheet, both, both_of, text, yes};
use crate::reconcile::balance_sheet::CreditSection;

/// One row for each row of the balance sheet.
pub(super) fn rows(section: &CreditSection) -> Result<Vec<u8>, CsvError> {
    let names = &[
        "list",
        "kind",
        "asset",
        "amount",
        "amount_base_units",
        "counterparty",
        "related_party",
        "issuer_relation",
        "due",
        "basis",
    ];
    let mut sheet = Sheet::new(names)?;
    for row in &section.rows {
        let [amount, units] = both(row.amount, row.decimals);
        sheet.row([
            row.list.to_owned(),
            row.kind.to_owned(),
            text(&row.asset),
            amount,
            units,
            row.counterparty.clone(),
            yes(row.related_party),
            row.issuer.text().to_owned(),
            text(&row.due),
            text(&row.basis),
        ])?;
    }
    sheet.bytes()
}

/// One row for each rung.
pub(super) fn ladders(section: &CreditSection) -> Result<Vec<u8>, CsvError> {
    let names = &[
        "asset",
        "by",
        "callable",
        "callable_base_units",
        "held",
        "held_base_units",
        "missing",
        "missing_base_units",
        "with_claims",
        "with_claims_base_units",
    ];
    let mut sheet = Sheet::new(names)?;
    for ladder in &section.ladders {
        for (rung, claims) in ladder.held.rungs.iter().zip(&ladder.with_claims.rungs) {
            let [callable, callable_units] = both(rung.callable, ladder.decimals);
            let [held, held_units] = both_of(rung.realisable, ladder.decimals);
            let [missing, missing_units] = both_of(rung.missing, ladder.decimals);
            let [most, most_units] = both_of(claims.realisable, ladder.decimals);
            sheet.row([
                text(&ladder.asset),
                text(&rung.due),
                callable,
                callable_units,
                held,
                held_units,
                missing,
                missing_units,
                most,
                most_units,
            ])?;
        }
    }
    sheet.bytes()
}
