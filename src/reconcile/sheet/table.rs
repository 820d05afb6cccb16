//! The rows of a sheet as a table in CSV.

use super::{AssetRow, EntryRow, LiabilityRow, Sheet, SheetError};
use crate::amount::exact::Exact;
use crate::asset::AssetId;
use crate::code::{Code, Coded, table as codes};
use crate::hash::sha256;
use crate::publish::balance_sheet::table::{RELATIONS, words};
use crate::publish::balance_sheet::{Due, HoldingKind};
use crate::table::{self, TableError, YES_NO};

/// The columns of such a table; only the first one must be there.
pub const COLUMNS: &[&str] = &[
    "list",
    "name",
    "asset",
    "amount",
    "kind",
    "quantity",
    "relation",
    "due",
    "part_of",
    "related_party",
    "negative",
    "note",
];

#[derive(Clone, Copy)]
enum List {
    Asset,
    Liability,
    Entry,
}

const LISTS: &[(&str, List)] = &[("asset", List::Asset), ("liability", List::Liability), ("entry", List::Entry)];

/// The rows of a table do not fit its sheet, or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetTableError {
    /// The table itself.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Two places for rows.
    #[error("the sheet has {0} rows of its own, expected none beside a table")]
    Beside(usize),
    /// Table and sheet together.
    #[error(transparent)]
    Sheet(#[from] SheetError),
}

impl Coded for SheetTableError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Table(error) => error.code(),
            Self::Beside(_) => &codes::TABLE_BESIDE,
            Self::Sheet(error) => error.code(),
        }
    }
}

impl Sheet {
    /// The sheet with the rows of a table; it has none itself.
    ///
    /// # Errors
    /// Every fault of the table with its line and column.
    pub fn with_rows(mut self, bytes: &[u8]) -> Result<Self, Vec<SheetTableError>> {
        let own = self.asset.len() + self.liability.len() + self.entry.len();
        if own > 0 {
            return Err(vec![SheetTableError::Beside(own)]);
        }
        let read = table::read(bytes, COLUMNS, |row| match row.word("list", LISTS) {
            Some(List::Asset) => self.asset.extend(asset(row)),
            Some(List::Liability) => self.liability.extend(liability(row)),
            Some(List::Entry) => self.entry.extend(entry(row)),
            None => row.skip(),
        });
        read.map_err(|faults| faults.into_iter().map(SheetTableError::from).collect::<Vec<_>>())?;
        self.rows = Some(sha256(bytes));
        self.check().map_err(|error| vec![error.into()])?;
        Ok(self)
    }
}

fn note(row: &table::Row<'_>) -> Option<String> {
    row.maybe("note").map(str::to_owned)
}

fn due(row: &table::Row<'_>) -> Option<Option<Due>> {
    row.maybe_word("due", &words(Due::ALL, Due::text))
}

fn asset(row: &table::Row<'_>) -> Option<AssetRow> {
    let (name, asset) = (row.text("name").map(str::to_owned), row.parsed::<AssetId>("asset"));
    let (kind, relation) =
        (row.word("kind", &words(HoldingKind::ALL, HoldingKind::text)), row.word("relation", RELATIONS));
    let (marked, quantity) = (row.maybe_parsed::<Exact>("amount"), row.maybe_parsed::<Exact>("quantity"));
    let (due, part_of) = (due(row), row.maybe("part_of").map(str::to_owned));
    let (related, note) = (row.maybe_word("related_party", YES_NO), note(row));
    Some(AssetRow {
        name: name?,
        asset: asset?,
        kind: kind?,
        marked: marked?,
        quantity: quantity?,
        relation: relation?,
        due: due?,
        part_of,
        related_party: related?.unwrap_or(false),
        note,
    })
}

fn liability(row: &table::Row<'_>) -> Option<LiabilityRow> {
    let (name, asset) = (row.text("name").map(str::to_owned), row.maybe_parsed::<AssetId>("asset"));
    let (amount, due, note) = (row.parsed::<Exact>("amount"), due(row), note(row));
    Some(LiabilityRow { name: name?, asset: asset?, amount: amount?, due: due?, note })
}

fn entry(row: &table::Row<'_>) -> Option<EntryRow> {
    let (name, amount) = (row.text("name").map(str::to_owned), row.parsed::<Exact>("amount"));
    let (negative, note) = (row.word("negative", YES_NO), note(row));
    Some(EntryRow { name: name?, amount: amount?, negative: negative?, note })
}
