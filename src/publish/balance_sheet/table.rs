//! A balance sheet as a table in CSV, as a finance department keeps it: amounts in whole units, rows in any order.
//! Specification: `docs/spec/balance-sheet.md`.

use super::{BalanceSheet, Due, Encumbrance, EncumbranceKind, HoldingKind, LiabilityKind, ReceivableKind, Row, Unit};
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::basis::Basis;
use crate::reserve::address_set::IssuerRelation;
use crate::table::{self, TableError, YES_NO};

/// The columns of such a table; only the first one must be there.
pub const COLUMNS: &[&str] = &[
    "list",
    "asset",
    "amount",
    "kind",
    "counterparty",
    "related_party",
    "due",
    "basis",
    "evidence",
    "address",
    "until",
    "decimals",
    "relation",
    "issuer",
];

#[derive(Clone, Copy, PartialEq)]
enum List {
    Unit,
    Liability,
    Receivable,
    Holding,
    Encumbrance,
}

const LISTS: &[(&str, List)] = &[
    ("unit", List::Unit),
    ("liability", List::Liability),
    ("receivable", List::Receivable),
    ("holding", List::Holding),
    ("encumbrance", List::Encumbrance),
];

const BASES: &[(&str, Basis)] = &[("stated", Basis::Stated), ("assumed", Basis::Assumed)];

/// Words of the relation to an issuer.
pub(crate) const RELATIONS: &[(&str, IssuerRelation)] = &[
    (IssuerRelation::None.text(), IssuerRelation::None),
    (IssuerRelation::Own.text(), IssuerRelation::Own),
    (IssuerRelation::Affiliate.text(), IssuerRelation::Affiliate),
];

/// Words with what they stand for.
pub(crate) fn words<T: Copy>(all: &[T], text: impl Fn(T) -> &'static str) -> Vec<(&'static str, T)> {
    all.iter().map(|one| (text(*one), *one)).collect()
}

/// Decimals in digits.
struct Digits(Decimals);

impl std::str::FromStr for Digits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let decimals = number.and_then(|text| text.parse().ok()).and_then(Decimals::new);
        decimals.map(Self).ok_or_else(|| format!("{text:?}, expected a number up to {}", Decimals::MAX))
    }
}

impl BalanceSheet {
    /// Reads a table, and puts its rows in their order. Whether it fits a statement is checked with that.
    ///
    /// # Errors
    /// Every fault of the table with its line and column.
    pub fn parse_csv(bytes: &[u8]) -> Result<Self, Vec<TableError>> {
        let mut units: Vec<Unit> = Vec::new();
        // units first, for they say how many digits an amount may have; what is wrong is told below, all at once
        let look = |row: &table::Row<'_>| match row.word("list", LISTS) {
            Some(List::Unit) => units.extend(unit(row)),
            _ => row.skip(),
        };
        let _ = table::read(bytes, COLUMNS, look);
        let mut sheet = Self { units, ..Self::default() };
        let units = sheet.units.clone();
        let lists = &mut sheet;
        table::read(bytes, COLUMNS, |row| match row.word("list", LISTS) {
            Some(List::Unit) => drop(unit(row)),
            None => row.skip(),
            Some(List::Liability) => {
                lists.liabilities.extend(of_kind(row, &units, LiabilityKind::ALL, LiabilityKind::text))
            }
            Some(List::Receivable) => {
                lists.receivables.extend(of_kind(row, &units, ReceivableKind::ALL, ReceivableKind::text));
            }
            Some(List::Holding) => lists.holdings.extend(of_kind(row, &units, HoldingKind::ALL, HoldingKind::text)),
            Some(List::Encumbrance) => lists.encumbrances.extend(encumbrance(row, &units)),
        })?;
        sheet.sort();
        Ok(sheet)
    }
}

fn unit(row: &table::Row<'_>) -> Option<Unit> {
    let (id, decimals) = (row.parsed::<AssetId>("asset"), row.parsed::<Digits>("decimals"));
    let (relation, issuer) = (row.word("relation", RELATIONS), row.maybe("issuer").map(str::to_owned));
    Some(Unit { id: id?, decimals: decimals?.0, issuer, relation: relation? })
}

/// Asset and amount.
fn amount(row: &table::Row<'_>, units: &[Unit]) -> Option<(AssetId, Amount)> {
    let (id, text) = (row.parsed::<AssetId>("asset"), row.text("amount"));
    let (id, text) = (id?, text?);
    let Some(unit) = units.iter().find(|unit| unit.id == id) else {
        row.wrong("asset", format!("{id}, expected a row of the list unit about it"));
        return None;
    };
    let amount = Amount::parse(text, unit.decimals).map_err(|error| row.wrong("amount", error)).ok()?;
    Some((id, amount))
}

/// What a row of every list says but the units.
struct Terms<K> {
    asset: AssetId,
    amount: Amount,
    kind: K,
    counterparty: String,
    related_party: bool,
    basis: Basis,
    due: Due,
}

fn terms<K: Copy>(
    row: &table::Row<'_>,
    units: &[Unit],
    kinds: &[K],
    text: impl Fn(K) -> &'static str,
) -> Option<Terms<K>> {
    // all columns are read before the first that is wrong ends this, so that all errors of a row are told
    let amount = amount(row, units);
    let (kind, counterparty) = (row.word("kind", &words(kinds, text)), row.text("counterparty").map(str::to_owned));
    let (related_party, due) = (row.word("related_party", YES_NO), row.word("due", &words(Due::ALL, Due::text)));
    let basis = row.maybe_word("basis", BASES);
    let ((asset, amount), basis) = (amount?, basis?.unwrap_or(Basis::Stated));
    let (kind, counterparty) = (kind?, counterparty?);
    Some(Terms { asset, amount, kind, counterparty, related_party: related_party?, basis, due: due? })
}

fn of_kind<K: Copy>(
    row: &table::Row<'_>,
    units: &[Unit],
    kinds: &[K],
    text: impl Fn(K) -> &'static str,
) -> Option<Row<K>> {
    let (terms, evidence) = (terms(row, units, kinds, text), row.maybe_parsed("evidence"));
    let Terms { asset, amount, kind, counterparty, related_party, basis, due } = terms?;
    Some(Row { asset, amount, kind, counterparty, related_party, basis, due, evidence: evidence? })
}

fn encumbrance(row: &table::Row<'_>, units: &[Unit]) -> Option<Encumbrance> {
    let terms = terms(row, units, EncumbranceKind::ALL, EncumbranceKind::text);
    let (until, address) = (row.maybe_parsed("until"), row.maybe("address").map(str::to_owned));
    let Terms { asset, amount, kind, counterparty, related_party, basis, due } = terms?;
    Some(Encumbrance { asset, amount, kind, counterparty, related_party, basis, due, address, until: until? })
}
