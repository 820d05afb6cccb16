//! Proofs in the formats of others: what they lead to, and what their rules let a venue do. Specification:
//! `docs/spec/foreign.md`; one page for each format under `docs/foreign/`.
//!
//! Names of venues stand here as names of formats. What is said of a format is said of its rule, which is public.

mod asset_lists;
pub mod bitget;
pub mod bitmex;
pub mod bybit;
pub mod decimal;
pub mod document;
mod error;
pub mod forge;
pub mod hotcoin;
pub mod lint;

pub mod okx_v1;
pub mod olalonde;
pub mod reserves;

pub mod scheme;
pub mod verify;
pub mod weakness;

pub use error::{Fault, Kind};

use crate::code::Coded as _;
use scheme::{Facts, Scheme};

/// Every format of one customer's proof. A new one is a file and a line here.
pub static SCHEMES: [&dyn Scheme; 5] =
    [&okx_v1::OkxV1, &bybit::Bybit, &bitget::Bitget::REAL, &hotcoin::Hotcoin, &olalonde::Olalonde];

/// Every format, those of whole trees included.
pub fn all_facts() -> impl Iterator<Item = &'static Facts> {
    SCHEMES.iter().map(|scheme| scheme.facts()).chain([&bitmex::FACTS])
}

/// The format with this name, or with this as another name of it.
#[must_use]
pub fn facts_named(name: &str) -> Option<&'static Facts> {
    all_facts().find(|facts| facts.name == name || facts.aliases.contains(&name))
}

/// The format of one customer's proof with this name.
#[must_use]
pub fn scheme_named(name: &str) -> Option<&'static dyn Scheme> {
    let facts = facts_named(name)?;
    SCHEMES.iter().copied().find(|scheme| scheme.facts().name == facts.name)
}

fn weaknesses_json(facts: &Facts) -> serde_json::Value {
    let one = |weakness: &weakness::Weakness| {
        let (name, attack, lets) = (weakness.name(), weakness.attack(), weakness.lets());
        serde_json::json!({ "weakness": name, "attack": attack, "lets": lets })
    };
    facts.weaknesses.iter().map(one).collect::<Vec<_>>().into()
}

fn faults_json(faults: &[Fault]) -> serde_json::Value {
    let one = |fault: &Fault| serde_json::json!({ "code": fault.code().to_string(), "detail": fault.to_string() });
    faults.iter().map(one).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests;
