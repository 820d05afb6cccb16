//! A custodian's books beside those of whoever it serves. Specification: `docs/spec/custodian.md`.
//!
//! A custodian is no bank: what it keeps is what it owes, every day, line by line. Its statement is in the format of
//! every venue, under keys of its own.

mod claims;
mod days;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::code::{Code, custody as codes};
use crate::publish::custody::{CustodyAccount, CustodyLine};
use crate::signature::PublicKey;
use crate::snapshot::{Time, VenueId};

pub use claims::CustodyShare;
pub(super) use claims::{Custody, read};

/// Whoever has something in custody.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its short name: the account in the custodian's tree.
    pub venue: &'a VenueId,
    /// Its keys.
    pub keys: &'a [PublicKey],
    /// Its cut-off.
    pub cutoff: Time,
    /// The cut-off of its statement before, when that is known.
    pub since: Option<Time>,
    /// Its own books with this custodian; none when its statement says nothing about custody.
    pub accounts: Option<&'a [CustodyAccount]>,
    /// What the custodian's tree has for it, by unit; none without an inclusion proof.
    pub leaves: Option<&'a BTreeMap<AssetId, Amount>>,
}

/// What one statement of a custodian says.
#[derive(Clone, Debug)]
pub struct Day<'a> {
    /// Its number.
    pub sequence: u64,
    /// As of when.
    pub cutoff: Time,
    /// The accounts of its clients.
    pub accounts: &'a [CustodyAccount],
    /// Both sides, by unit.
    pub balances: Vec<Balance>,
}

/// Both sides of a custodian in one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The unit.
    pub asset: AssetId,
    /// What it says that it keeps: its tiers together; none when it declares none.
    pub assets: Option<Amount>,
    /// What it owes: all trees and all other liabilities.
    pub liabilities: Amount,
}

/// A custodian with its statements, in the order of their numbers; the last one is that of the client's cut-off.
#[derive(Clone, Copy, Debug)]
pub struct Books<'a> {
    /// Its short name.
    pub custodian: &'a VenueId,
    /// Its keys.
    pub keys: &'a [PublicKey],
    /// Its statements.
    pub days: &'a [Day<'a>],
}

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub code: &'static Code,
    /// The unit; none when it is about none.
    pub asset: Option<AssetId>,
    /// Where.
    pub subject: String,
    /// What was got, and what was expected.
    pub detail: String,
    /// By how much; none when it is about no amount, or a sum does not fit.
    pub amount: Option<Amount>,
}

impl Difference {
    fn new(code: &'static Code, asset: Option<&AssetId>, subject: String, detail: String) -> Self {
        Self { code, asset: asset.cloned(), subject, detail, amount: None }
    }

    fn of(self, left: Amount, right: Amount) -> Self {
        Self { amount: left.checked_sub(right).or_else(|| right.checked_sub(left)), ..self }
    }
}

/// Everything that does not fit, by code and subject.
#[must_use]
pub fn compare(client: &Client<'_>, books: &Books<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    found.extend(own_key(client, books));
    found.extend(other_day(client, books));
    found.extend(days::gaps(client, books));
    for day in books.days {
        found.extend(days::balances(day));
    }
    found.extend(days::rolled(books));
    match client.accounts {
        Some(accounts) => found.extend(against(client, accounts, books)),
        None => {
            let detail = format!("the statement of {} says nothing about custody", client.venue);
            found.push(Difference::new(&codes::VENUE_BOOKS_MISSING, None, books.custodian.to_string(), detail));
        }
    }
    found.extend(leaves(client, books));
    found.sort_by(|left, right| (left.code.number, &left.subject).cmp(&(right.code.number, &right.subject)));
    found
}

/// Whether claims on this custodian are claims on somebody else.
#[must_use]
pub fn own_key(client: &Client<'_>, books: &Books<'_>) -> Option<Difference> {
    // one secret signs by both algorithms: keys are compared by their x coordinates
    let own: BTreeSet<&str> = client.keys.iter().map(PublicKey::x).collect();
    let shared = books.keys.iter().find(|key| own.contains(key.x()))?;
    let detail = format!("{shared} signs for {} and for {}", client.venue, books.custodian);
    Some(Difference::new(&codes::CUSTODIAN_KEY, None, books.custodian.to_string(), detail))
}

/// Whether the last statement is of the client's cut-off.
#[must_use]
pub fn other_day(client: &Client<'_>, books: &Books<'_>) -> Option<Difference> {
    let last = books.days.last().map(|day| day.cutoff);
    if last == Some(client.cutoff) {
        return None;
    }
    let got = last.map_or_else(|| "there is no statement".to_owned(), |last| format!("its cut-off is {last}"));
    let detail = format!("{got}, expected {}", client.cutoff);
    Some(Difference::new(&codes::CUSTODIAN_DAY, None, books.custodian.to_string(), detail))
}

/// What a client has of what a custodian keeps: its balance, or less when less is kept than owed; rounded down.
#[must_use]
pub fn share(balance: Amount, kept: Amount, owed: Amount) -> Amount {
    if owed.is_zero() {
        return Amount::ZERO;
    }
    if kept >= owed {
        return balance;
    }
    let part = U256::from(balance.base_units()) * U256::from(kept.base_units()) / U256::from(owed.base_units());
    u128::try_from(part).map_or(Amount::ZERO, Amount::from_base_units)
}

/// Accounts by unit and party, found without looking at all of them: a statement has up to a hundred thousand.
type Accounts<'a> = BTreeMap<(&'a AssetId, &'a VenueId), &'a CustodyAccount>;

fn by_name(accounts: &[CustodyAccount]) -> Accounts<'_> {
    let mut known = Accounts::new();
    for account in accounts {
        known.entry((&account.asset, &account.party)).or_insert(account);
    }
    known
}

/// The client's books against the custodian's, line by line.
fn against(client: &Client<'_>, accounts: &[CustodyAccount], books: &Books<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let own = accounts.iter().filter(|account| account.party == *books.custodian).map(|account| &account.asset);
    let there = books.days.iter().flat_map(|day| day.accounts);
    let there = there.filter(|account| account.party == *client.venue).map(|account| &account.asset);
    let assets: BTreeSet<&AssetId> = own.chain(there).collect();
    let known = by_name(accounts);
    let days: Vec<Accounts<'_>> = books.days.iter().map(|day| by_name(day.accounts)).collect();
    for asset in assets {
        let of_client = known.get(&(asset, books.custodian)).copied();
        let by_day: Vec<Option<&CustodyAccount>> =
            days.iter().map(|day| day.get(&(asset, client.venue)).copied()).collect();
        let ends = [
            ("opening", of_client.map(|own| own.opening), by_day.first().map(|day| day.map(|day| day.opening))),
            ("closing", of_client.map(|own| own.closing), by_day.last().map(|day| day.map(|day| day.closing))),
        ];
        for (what, own, there) in ends {
            let (own, there) = (own.unwrap_or_default(), there.flatten().unwrap_or_default());
            if own != there {
                let detail =
                    format!("{what}: {own} in the books of {}, {there} in those of the custodian", client.venue);
                let subject = format!("{asset} {what}");
                let difference = Difference::new(&codes::CUSTODY_BALANCE_DIFFERS, Some(asset), subject, detail);
                found.push(difference.of(own, there));
            }
        }
        if let Some(own) = of_client.filter(|own| own.rolled() != Some(own.closing)) {
            found.push(days::not_rolled(own, format!("{asset} in the books of {}", client.venue)));
        }
        found.extend(lines(asset, of_client, by_day.into_iter().flatten()));
    }
    found
}

fn lines<'a>(
    asset: &AssetId,
    own: Option<&CustodyAccount>,
    days: impl Iterator<Item = &'a CustodyAccount>,
) -> Vec<Difference> {
    let mut there: BTreeMap<&str, Vec<&CustodyLine>> = BTreeMap::new();
    for line in days.flat_map(|day| &day.lines) {
        there.entry(&line.reference).or_default().push(line);
    }
    let here: BTreeMap<&str, &CustodyLine> =
        own.into_iter().flat_map(|own| &own.lines).map(|line| (line.reference.as_str(), line)).collect();
    let references: BTreeSet<&str> = here.keys().chain(there.keys()).copied().collect();
    let words = |line: &CustodyLine| format!("{} {}", line.direction.text(), line.amount);
    let mut found = Vec::new();
    for reference in references {
        let (mine, theirs) = (here.get(reference), there.get(reference).map_or(&[][..], Vec::as_slice));
        let (detail, amount) = match (mine, theirs) {
            (Some(mine), [one]) if *mine == *one => continue,
            (Some(mine), []) => (format!("{} in the venue's books only", words(mine)), Some(mine.amount)),
            (None, [one]) => (format!("{} in the custodian's books only", words(one)), Some(one.amount)),
            (Some(mine), [one]) => {
                let detail = format!("{} in the venue's books, {} in the custodian's", words(mine), words(one));
                let amount = match mine.direction == one.direction {
                    true => mine.amount.checked_sub(one.amount).or_else(|| one.amount.checked_sub(mine.amount)),
                    false => mine.amount.checked_add(one.amount),
                };
                (detail, amount)
            }
            (_, [first, ..]) => (format!("{} times in the custodian's books", theirs.len()), Some(first.amount)),
            (None, []) => continue,
        };
        let code = &codes::CUSTODY_LINE_DIFFERS;
        let difference = Difference::new(code, Some(asset), format!("{asset} {reference}"), detail);
        found.push(Difference { amount, ..difference });
    }
    found
}

/// What the tree has for the client, against its account in the books.
fn leaves(client: &Client<'_>, books: &Books<'_>) -> Vec<Difference> {
    let (Some(leaves), Some(last)) = (client.leaves, books.days.last()) else { return Vec::new() };
    let accounts = last.accounts.iter().filter(|account| account.party == *client.venue);
    let assets: BTreeSet<&AssetId> = leaves.keys().chain(accounts.map(|account| &account.asset)).collect();
    let (mut found, known) = (Vec::new(), by_name(last.accounts));
    for asset in assets {
        let leaf = leaves.get(asset).copied().unwrap_or_default();
        let booked = known.get(&(asset, client.venue)).map(|account| account.closing).unwrap_or_default();
        if leaf != booked {
            let detail = format!("{leaf} in the custodian's tree, {booked} in its books");
            let difference = Difference::new(&codes::CUSTODY_LEAF_DIFFERS, Some(asset), asset.to_string(), detail);
            found.push(difference.of(leaf, booked));
        }
    }
    found
}
