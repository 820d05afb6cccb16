//! A custodian's statements, one a day: both sides equal, and each day beginning where the one before ended.

use std::collections::BTreeMap;

use super::{Balance, Books, Client, Day, Difference};
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::code::custody as codes;
use crate::publish::custody::CustodyAccount;
use crate::snapshot::{Time, VenueId};

/// Seconds in a day.
const DAY: i64 = 86_400;

fn more_than_a_day(from: Time, to: Time) -> bool {
    to.unix().saturating_sub(from.unix()) > DAY
}

/// Days without a statement, since the client's statement before; one statement shows one moment.
pub(super) fn gaps(client: &Client<'_>, books: &Books<'_>) -> Vec<Difference> {
    let gap = |subject: String, detail: String| Difference::new(&codes::CUSTODIAN_DAYS, None, subject, detail);
    let mut found = Vec::new();
    if let [day] = books.days {
        found.push(gap(format!("statement {}", day.sequence), "one statement shows one day".to_owned()));
    }
    let since = client.since.zip(books.days.first());
    if let Some((since, first)) = since.filter(|(since, first)| more_than_a_day(*since, first.cutoff)) {
        let detail = format!("the first cut-off is {}, the venue's statement before is of {since}", first.cutoff);
        found.push(gap(format!("before statement {}", first.sequence), detail));
    }
    for (before, day) in books.days.iter().zip(books.days.iter().skip(1)) {
        let next = before.sequence.checked_add(1) == Some(day.sequence);
        if !next || more_than_a_day(before.cutoff, day.cutoff) {
            let detail = format!(
                "statement {} of {} follows statement {} of {}, expected one a day",
                day.sequence, day.cutoff, before.sequence, before.cutoff
            );
            found.push(gap(format!("statement {}", day.sequence), detail));
        }
    }
    found
}

/// Assets less liabilities, and the accounts against the trees.
pub(super) fn balances(day: &Day<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut closings: BTreeMap<&AssetId, Vec<Amount>> = BTreeMap::new();
    for account in day.accounts {
        closings.entry(&account.asset).or_default().push(account.closing);
    }
    for Balance { asset, assets, liabilities } in &day.balances {
        let subject = format!("{asset} statement {}", day.sequence);
        match assets {
            None => {
                let detail = "it declares no tiers, so nobody knows what it says that it keeps".to_owned();
                found.push(Difference::new(&codes::CUSTODIAN_ASSETS, Some(asset), subject.clone(), detail));
            }
            Some(kept) if kept != liabilities => {
                let detail = format!("{kept} kept, {liabilities} owed, expected a difference of zero");
                let difference = Difference::new(&codes::CUSTODIAN_NOT_ZERO, Some(asset), subject.clone(), detail);
                found.push(difference.of(*kept, *liabilities));
            }
            Some(_) => {}
        }
        let booked = Amount::checked_sum(closings.get(asset).into_iter().flatten().copied());
        if booked != Some(*liabilities) {
            let words = booked.map_or_else(|| "more than 2^128 - 1".to_owned(), |sum| sum.to_string());
            let detail = format!("the accounts close at {words}, {liabilities} are owed");
            let difference = Difference::new(&codes::CUSTODY_BOOKS_AND_TREE, Some(asset), subject, detail);
            found.push(booked.map_or_else(|| difference.clone(), |sum| difference.clone().of(sum, *liabilities)));
        }
    }
    found
}

/// Opening, lines and closing that do not add up.
pub(super) fn not_rolled(account: &CustodyAccount, subject: String) -> Difference {
    let CustodyAccount { asset, opening, closing, .. } = account;
    let rolled = account.rolled();
    let words = rolled.map_or_else(|| "nothing that fits".to_owned(), |sum| sum.to_string());
    let detail = format!("opening {opening} and the lines give {words}, the closing is {closing}");
    let difference = Difference::new(&codes::CUSTODY_NOT_ROLLED, Some(asset), subject, detail);
    match rolled {
        Some(sum) => difference.of(sum, *closing),
        None => difference,
    }
}

/// Every account of every day, and from day to day.
pub(super) fn rolled(books: &Books<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut before: Option<BTreeMap<(&AssetId, &VenueId), Amount>> = None;
    for day in books.days {
        let mut closed: BTreeMap<(&AssetId, &VenueId), Amount> = BTreeMap::new();
        for account in day.accounts {
            let subject = || format!("{} {} statement {}", account.asset, account.party, day.sequence);
            if account.rolled() != Some(account.closing) {
                found.push(not_rolled(account, subject()));
            }
            let key = (&account.asset, &account.party);
            if let Some(before) = &mut before {
                let ended = before.remove(&key).unwrap_or_default();
                if ended != account.opening {
                    let detail = format!("it opens with {}, the day before closed with {ended}", account.opening);
                    let code = &codes::CUSTODY_NOT_ROLLED;
                    let difference = Difference::new(code, Some(&account.asset), subject(), detail);
                    found.push(difference.of(account.opening, ended));
                }
            }
            closed.insert(key, account.closing);
        }
        // an account that is gone must have been empty
        for ((asset, party), ended) in before.into_iter().flatten().filter(|(_, ended)| !ended.is_zero()) {
            let detail = format!("the day before closed with {ended}, and the account is gone");
            let subject = format!("{asset} {party} statement {}", day.sequence);
            let difference = Difference::new(&codes::CUSTODY_NOT_ROLLED, Some(asset), subject, detail);
            found.push(difference.of(ended, Amount::ZERO));
        }
        before = Some(closed);
    }
    found
}
