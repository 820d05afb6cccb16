//! Runner of `network`: coins between venues.

use std::collections::BTreeSet;

use counterfoil::code::network as codes;
use counterfoil::json::uint;
use counterfoil::reconcile::network::Fraction;
use counterfoil::reconcile::network::fraction::{parse, zero};
use counterfoil::reconcile::network::loans::{Known, Loans, Moves, Pairs, Way, loans, rests_on_loans};
use counterfoil::reconcile::network::transfers::{Seen, Transfer, View, transfers};
use counterfoil::reconcile::window::Direction;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    /// Of each deployment.
    cutoffs: Vec<Height>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Height(#[serde(with = "uint")] u64);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    /// In each, every venue, in the order of the sheets.
    deployments: Vec<Vec<Venue>>,
    deposits: Vec<Owed>,
    judged: Vec<Judged>,
    sheets: Vec<SheetText>,
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
struct Judged {
    amount: String,
    borrower: String,
    lender: String,
}

/// `unknown` in both where a venue does not say what it owes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SheetText {
    holds: String,
    owes: String,
    venue: String,
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
    /// Addresses under control that count for nothing.
    uncounted: Vec<String>,
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
fn view(venue: &Venue) -> Option<View> {
    let mut flows = Vec::new();
    for flow in &venue.flows {
        let direction = if flow.direction == "in" { Direction::In } else { Direction::Out };
        let mut parties = Vec::new();
        for party in &flow.parties {
            let amount = if party.amount == "unknown" { None } else { Some(parse(&party.amount)?) };
            parties.push((party.address.clone(), amount));
        }
        let amount = parse(&flow.amount)?;
        flows.push(Seen { txid: flow.txid.clone(), height: flow.height, direction, amount, parties });
    }
    let addresses: BTreeSet<String> = venue.addresses.iter().cloned().collect();
    let without = |names: &[String], from: &BTreeSet<String>| -> BTreeSet<String> {
        from.iter().filter(|address| !names.contains(address)).cloned().collect()
    };
    let controlled = without(&venue.listed, &addresses);
    let counted = without(&venue.uncounted, &controlled);
    Some(View { addresses, controlled, counted, shown: Some((venue.from, venue.to)), flows })
}

impl Network {
    /// Whether every deployment has all venues, in the order of the sheets, and the rest speaks of them.
    fn is_whole(&self) -> bool {
        let names: Vec<&str> = self.sheets.iter().map(|sheet| sheet.venue.as_str()).collect();
        let of = |venues: &[Venue]| venues.iter().map(|venue| venue.venue.clone()).collect::<Vec<_>>();
        let deposits = self.deposits.iter().flat_map(|one| [one.depositor.as_str(), one.debtor.as_str()]);
        let judged = self.judged.iter().flat_map(|one| [one.lender.as_str(), one.borrower.as_str()]);
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        distinct.len() == names.len()
            && deposits.chain(judged).all(|name| names.contains(&name))
            && self.deployments.iter().all(|venues| of(venues) == names)
    }

    fn place(&self, name: &str) -> usize {
        self.sheets.iter().position(|sheet| sheet.venue == name).unwrap_or_default()
    }

    fn name(&self, place: usize) -> &str {
        self.sheets.get(place).map_or("", |sheet| sheet.venue.as_str())
    }

    fn known(&self) -> Option<Known> {
        let mut known = Known { deposits: Pairs::new(), judged: Pairs::new() };
        for one in &self.deposits {
            let pair = (self.place(&one.depositor), self.place(&one.debtor));
            *known.deposits.entry(pair).or_insert_with(zero) += parse(&one.amount)?;
        }
        for one in &self.judged {
            let pair = (self.place(&one.lender), self.place(&one.borrower));
            *known.judged.entry(pair).or_insert_with(zero) += parse(&one.amount)?;
        }
        Some(known)
    }

    /// None where a text is no fraction.
    fn sheets(&self) -> Option<Vec<Option<(Fraction, Fraction)>>> {
        let sheet = |sheet: &SheetText| match sheet.owes.as_str() {
            "unknown" => Some(None),
            owes => Some(Some((parse(&sheet.holds)?, parse(owes)?))),
        };
        self.sheets.iter().map(sheet).collect()
    }

    fn told(&self, found: &Loans, sheets: &[Option<(Fraction, Fraction)>]) -> (Vec<Value>, Vec<Value>) {
        let (mut lent, mut listed) = (Vec::new(), Vec::new());
        for one in &found.all {
            let (lender, borrower) = (self.name(one.lender), self.name(one.borrower));
            let way = match one.way {
                Way::Direct(deployment) => deployment.to_string(),
                Way::Around => "around".to_owned(),
            };
            if one.shown > zero() {
                let rests = found.rests.get(&one.borrower).cloned().unwrap_or_else(zero);
                let critical = rests_on_loans(sheets.get(one.borrower).and_then(Option::as_ref), &rests);
                let weight = if critical { "critical" } else { "exception" };
                lent.push(json!({"amount": one.shown.to_string(), "borrower": borrower, "lender": lender, "way": way,
                    "weight": weight}));
            }
            if one.listed > zero() {
                let amount = one.listed.to_string();
                listed.push(json!({"amount": amount, "borrower": borrower, "lender": lender, "way": way}));
            }
        }
        (lent, listed)
    }

    fn transfer(&self, deployment: usize, one: &Transfer) -> Value {
        json!({"amount": one.amount.to_string(), "deployment": deployment.to_string(), "from": self.name(one.from),
            "height": one.height.to_string(), "left": one.left.to_string(),
            "outside": if one.outside { "yes" } else { "no" }, "to": self.name(one.to), "txid": one.txid})
    }
}

pub(super) fn network(query: &Value, sent: &Sent) -> Run {
    let Query { cutoffs } = typed(query)?;
    let sent: Network = object(sent)?;
    if !sent.is_whole() || cutoffs.len() != sent.deployments.len() {
        return Err("each deployment has a cut-off and all venues, in the order of the sheets".to_owned());
    }
    let views: Option<Vec<Vec<View>>> = sent.deployments.iter().map(|all| all.iter().map(view).collect()).collect();
    let (Some(views), Some(known), Some(sheets)) = (views, sent.known(), sent.sheets()) else {
        return Ok(Outcome::Refused(&codes::CLEARING_MALFORMED));
    };
    let found: Vec<Vec<Transfer>> = views.iter().map(|views| transfers(views)).collect();
    let moves = cutoffs.iter().zip(&found).map(|(cutoff, transfers)| Moves { cutoff: cutoff.0, transfers });
    let moves: Vec<Moves<'_>> = moves.collect();
    let (lent, listed) = sent.told(&loans(&moves, sent.sheets.len(), &known), &sheets);
    let rows = found.iter().enumerate().flat_map(|(at, all)| all.iter().map(move |one| (at, one)));
    let transfers: Vec<Value> = rows.map(|(at, one)| sent.transfer(at, one)).collect();
    valid(json!({"listed": listed, "loans": lent, "transfers": transfers}))
}
