//! Runner of `tiers`.

use std::collections::BTreeMap;

use counterfoil::amount::Amount;
use counterfoil::reconcile::tiers::{Shown, compare};
use counterfoil::reserve::address_set::Role;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierQuery {
    shown: Vec<ShownRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownRow {
    counted: Amount,
    least: Amount,
    most: Amount,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierSent {
    #[serde(default)]
    declared: Option<Vec<DeclaredRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredRow {
    amount: Amount,
    role: Role,
}

pub(super) fn tiers(query: &Value, sent: &Sent) -> Run {
    let query: TierQuery = typed(query)?;
    let sent: TierSent = object(sent)?;
    let shown: BTreeMap<Role, Shown> = query
        .shown
        .into_iter()
        .map(|ShownRow { counted, least, most, role }| (role, Shown { counted, least, most }))
        .collect();
    let declared: Option<BTreeMap<Role, Amount>> =
        sent.declared.map(|rows| rows.into_iter().map(|row| (row.role, row.amount)).collect());
    let lines = compare(declared.as_ref(), &shown);
    let together = Amount::checked_sum(lines.iter().map(|line| line.counted)).ok_or("a sum does not fit")?;
    let rows = lines.iter().map(|line| {
        let mut row = json!({
            "counted": line.counted, "difference": line.difference, "result": line.result.text(),
            "role": line.role.text(),
        });
        if let (Some(declared), Some(row)) = (line.declared, row.as_object_mut()) {
            row.insert("declared".to_owned(), json!(declared));
        }
        row
    });
    valid(json!({"counted": together, "tiers": rows.collect::<Value>()}))
}
