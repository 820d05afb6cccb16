//! Runner of `network`: coins between venues.

use std::collections::BTreeSet;

use counterfoil::code::network as codes;
use counterfoil::json::uint;
use counterfoil::reconcile::network::Fraction;
use counterfoil::reconcile::network::fraction::{parse, zero};
use counterfoil::reconcile::network::transfers::{Seen, View, lent, transfers};
use counterfoil::reconcile::window::Direction;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    #[serde(with = "uint")]
    cutoff: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Venues {
    deposits: Vec<Owed>,
    venues: Vec<Venue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owed {
    amount: String,
    debtor: String,
    depositor: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Venue {
    addresses: Vec<String>,
    flows: Vec<FlowText>,
    #[serde(with = "uint")]
    from: u64,
    /// Addresses of it without shown control.
    listed: Vec<String>,
    #[serde(with = "uint")]
    to: u64,
    venue: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowText {
    amount: String,
    direction: String,
    #[serde(with = "uint")]
    height: u64,
    parties: Vec<Party>,
    txid: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Party {
    address: String,
    amount: String,
}

/// What is no fraction is no vector of `clearing` either.
fn fraction(text: &str) -> Option<Fraction> {
    parse(text)
}

fn view(venue: &Venue) -> Option<View> {
    let mut flows = Vec::new();
    for flow in &venue.flows {
        let direction = if flow.direction == "in" { Direction::In } else { Direction::Out };
        let mut parties = Vec::new();
        for party in &flow.parties {
            let amount = if party.amount == "unknown" { None } else { Some(fraction(&party.amount)?) };
            parties.push((party.address.clone(), amount));
        }
        let amount = fraction(&flow.amount)?;
        flows.push(Seen { txid: flow.txid.clone(), height: flow.height, direction, amount, parties });
    }
    let addresses: BTreeSet<String> = venue.addresses.iter().cloned().collect();
    let controlled = addresses.iter().filter(|address| !venue.listed.contains(address)).cloned().collect();
    Some(View { addresses, controlled, shown: Some((venue.from, venue.to)), flows })
}

pub(super) fn network(query: &Value, sent: &Sent) -> Run {
    let Query { cutoff } = typed(query)?;
    let sent: Venues = object(sent)?;
    let views: Option<Vec<View>> = sent.venues.iter().map(view).collect();
    let Some(views) = views else { return Ok(Outcome::Refused(&codes::CLEARING_MALFORMED)) };
    let name = |place: usize| sent.venues.get(place).map_or("", |venue| venue.venue.as_str());
    let found = transfers(&views);
    let (mut loans, mut listed) = (Vec::new(), Vec::new());
    for lender in 0..views.len() {
        for borrower in (0..views.len()).filter(|borrower| *borrower != lender) {
            let mut owed = zero();
            for deposit in &sent.deposits {
                if (deposit.depositor.as_str(), deposit.debtor.as_str()) == (name(lender), name(borrower)) {
                    let Some(amount) = fraction(&deposit.amount) else {
                        return Ok(Outcome::Refused(&codes::CLEARING_MALFORMED));
                    };
                    owed += amount;
                }
            }
            let lent = lent(&found, cutoff, lender, borrower, &owed);
            for (amount, loans) in [(lent.shown, &mut loans), (lent.listed, &mut listed)] {
                if amount > zero() {
                    let (borrower, lender) = (name(borrower), name(lender));
                    loans.push(json!({"amount": amount.to_string(), "borrower": borrower, "lender": lender}));
                }
            }
        }
    }
    let transfer = |one: &counterfoil::reconcile::network::transfers::Transfer| {
        json!({"amount": one.amount.to_string(), "from": name(one.from), "height": one.height.to_string(),
            "outside": if one.outside { "yes" } else { "no" }, "to": name(one.to), "txid": one.txid})
    };
    valid(json!({"listed": listed, "loans": loans, "transfers": found.iter().map(transfer).collect::<Vec<_>>()}))
}
