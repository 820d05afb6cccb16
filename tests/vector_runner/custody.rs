//! Runners of `tiers` and `custodian`.

use std::collections::BTreeMap;

use counterfoil::amount::Amount;
use counterfoil::asset::AssetId;
use counterfoil::json::uint;
use counterfoil::publish::custody::CustodyAccount;
use counterfoil::reconcile::custodian::{self, Balance, Books, Client, Day};
use counterfoil::reconcile::tiers::{Shown, compare};
use counterfoil::reserve::address_set::Role;
use counterfoil::signature::PublicKey;
use counterfoil::snapshot::{Time, VenueId};
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustodianQuery {
    clients: Vec<ClientRow>,
    custodian: VenueId,
    keys: Vec<PublicKey>,
    kept: Amount,
    owed: Amount,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientRow {
    #[serde(default)]
    accounts: Option<Vec<CustodyAccount>>,
    cutoff: Time,
    keys: Vec<PublicKey>,
    #[serde(default)]
    leaves: Option<Vec<LeafRow>>,
    #[serde(default)]
    since: Option<Time>,
    venue: VenueId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafRow {
    amount: Amount,
    asset: AssetId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustodianSent {
    days: Vec<DayRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayRow {
    accounts: Vec<CustodyAccount>,
    balances: Vec<BalanceRow>,
    cutoff: Time,
    #[serde(with = "uint")]
    sequence: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BalanceRow {
    asset: AssetId,
    #[serde(default)]
    assets: Option<Amount>,
    liabilities: Amount,
}

impl DayRow {
    fn day(&self) -> Day<'_> {
        let balance = |row: &BalanceRow| {
            let BalanceRow { asset, assets, liabilities } = row;
            Balance { asset: asset.clone(), assets: *assets, liabilities: *liabilities }
        };
        let balances = self.balances.iter().map(balance).collect();
        Day { sequence: self.sequence, cutoff: self.cutoff, accounts: &self.accounts, balances }
    }
}

pub(super) fn custodian(query: &Value, sent: &Sent) -> Run {
    let query: CustodianQuery = typed(query)?;
    let sent: CustodianSent = object(sent)?;
    let days: Vec<Day<'_>> = sent.days.iter().map(DayRow::day).collect();
    let books = Books { custodian: &query.custodian, keys: &query.keys, days: &days };
    let mut clients = Vec::new();
    for row in &query.clients {
        let leaves: Option<BTreeMap<AssetId, Amount>> =
            row.leaves.as_ref().map(|rows| rows.iter().map(|leaf| (leaf.asset.clone(), leaf.amount)).collect());
        let client = Client {
            venue: &row.venue,
            keys: &row.keys,
            cutoff: row.cutoff,
            since: row.since,
            accounts: row.accounts.as_deref(),
            leaves: leaves.as_ref(),
        };
        let counts = custodian::own_key(&client, &books).is_none() && custodian::other_day(&client, &books).is_none();
        let share = |(asset, amount): (&AssetId, &Amount)| {
            let counted = custodian::share(*amount, query.kept, query.owed);
            json!({"asset": asset, "counted": if counts { counted } else { Amount::ZERO }, "in_tree": amount})
        };
        let difference = |found: &custodian::Difference| {
            let mut row = json!({"code": found.code.to_string(), "subject": found.subject});
            if let (Some(amount), Some(row)) = (found.amount, row.as_object_mut()) {
                row.insert("amount".to_owned(), json!(amount));
            }
            row
        };
        clients.push(json!({
            "differences": custodian::compare(&client, &books).iter().map(difference).collect::<Value>(),
            "shares": leaves.iter().flatten().map(share).collect::<Value>(),
            "venue": row.venue.as_str(),
        }));
    }
    valid(json!({ "clients": clients }))
}
