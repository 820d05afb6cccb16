//! Ledgers: what the venue's books say, row by row. Specification: `docs/spec/ledger.md`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, AmountError};
use crate::asset::{AssetId, Class};
use crate::code::{Code, Coded, ledger as codes};
use crate::hash::Digest;

mod columns;
mod csv;
mod excerpt;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "postgres")]
pub mod postgres;
mod stream;

pub use csv::CsvSource;
#[cfg(feature = "parquet")]
pub use parquet::ParquetSource;

/// The longest account, credential or product, in bytes.
pub const FIELD_LENGTH_MAX: usize = 1024;
/// The longest row, in bytes of its fields.
const ROW_LENGTH_MAX: usize = 64 * 1024;

/// How an account must not begin: that of a decoy does, and a decoy is nobody's.
pub const RESERVED_PREFIX: &str = "counterfoil-decoy/";

/// One balance of one customer account, as it stands in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The venue's id of the customer account.
    pub account: &'a str,
    /// The unit owed, by its position in the assets file's order of names.
    pub asset: usize,
    /// How much.
    pub amount: Amount,
    /// What the customer chose to have bound into the leaf; empty for none.
    pub credential: &'a str,
    /// Spot, earn, margin …; tells rows of one account and asset apart.
    pub product: Option<&'a str>,
    /// What kind of claim.
    pub class: Class,
    /// Whether the customer owes this amount to the venue instead: such a row is no leaf and reduces none.
    pub debt: bool,
    /// Where the row stands.
    pub line: Line,
}

/// A row's place, small enough to keep one per row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Position of the source in the order given.
    pub source: u32,
    /// Line in that source, from 1.
    pub number: u64,
}

/// Where rows come from: one pass, in chunks. A source of any size needs no memory of its size, and chunks can be
/// read on any thread and in any order.
pub trait RowSource<'a> {
    /// The next chunk; `None` at the end. After an error the source has ended.
    fn next_chunk(&mut self) -> Option<Result<Box<dyn Chunk + 'a>, LedgerError>>;

    /// Whether rows of this source may have a credential: known before the first row.
    fn has_credentials(&self) -> bool;

    /// What was read. Complete when `next_chunk` has returned `None`, but for the number of rows: whoever reads the
    /// chunks counts them.
    fn record(&self) -> SourceRecord;
}

/// Some consecutive rows of a source.
pub trait Chunk: Send {
    /// Hands over every row or fault, in their order: one pass reports every fault.
    fn rows(&self, each: &mut dyn FnMut(Result<Row<'_>, LedgerError>));
}

/// Provenance of one source, bound by the statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRecord {
    /// File name without its folder.
    pub name: String,
    /// What kind of source: `csv`, `csv.gz`, `csv.zst`, `parquet` or `postgres`.
    pub kind: String,
    /// SHA-256 of the file as it is, compressed or not; of the text that a database sent.
    pub sha256: Digest,
    /// Bytes of the same.
    #[serde(with = "crate::json::uint")]
    pub length: u64,
    /// Rows read.
    #[serde(with = "crate::json::uint")]
    pub rows: u64,
    /// Where a database stood; none for files.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub database: Option<DatabaseRecord>,
}

/// A field that is there or left out, never null: what is signed has one form.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DatabaseRecord>, D::Error> {
    DatabaseRecord::deserialize(deserializer).map(Some)
}

/// What was asked of a database, and which of its states answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseRecord {
    /// The query, as given.
    pub query: String,
    /// Version of the server, in its own words.
    pub server: String,
    /// The transactions that were visible: PostgreSQL's `pg_current_snapshot()`, as `xmin:xmax:list`.
    pub snapshot: String,
}

/// A place in a source, with the line as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the source.
    pub source: String,
    /// Line, from 1.
    pub line: u64,
    /// Column of the fault in characters, from 1.
    pub column: usize,
    /// The line, shortened when it is very long; empty when it is no longer at hand.
    pub excerpt: String,
    /// The fault as a byte range of `excerpt`.
    pub span: std::ops::Range<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source, self.line, self.column)
    }
}

/// A fault of a ledger and where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct LedgerError {
    /// What is wrong.
    pub kind: LedgerErrorKind,
    /// Where; `None` when it concerns the whole ledger.
    pub place: Option<Box<Place>>,
}

/// What can be wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerErrorKind {
    /// The amount is not one.
    #[error("{}", .0.kind)]
    Amount(AmountError),
    /// A column of the first line is unknown.
    #[error("unknown column {0:?}, expected account, asset, amount, credential, product or class")]
    ColumnUnknown(String),
    /// Required columns are not there.
    #[error("no column {} in the first line", .0.join(" or "))]
    ColumnMissing(Vec<&'static str>),
    /// A column stands twice.
    #[error("column {0:?} stands twice")]
    ColumnTwice(String),
    /// The ledger and the control total differ.
    #[error("{asset}: the ledger adds up to {got}, the control total is {expected}")]
    ControlTotal {
        /// The asset.
        asset: String,
        /// Sum over the ledger.
        got: String,
        /// The second source's figure.
        expected: String,
    },
    /// One account, two credentials.
    #[error("account {account:?} has another credential here than at {first}")]
    CredentialDiffers {
        /// The account.
        account: String,
        /// Source and line of the first row.
        first: String,
    },
    /// The same account, asset, class and product again.
    #[error("account {account:?} has a row for {asset} ({class}) already, at {first}")]
    Duplicate {
        /// The account.
        account: String,
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Source and line of the first row.
        first: String,
    },
    /// No rows.
    #[error("no rows in {0}")]
    Empty(String),
    /// No account.
    #[error("the account is empty")]
    EmptyAccount,
    /// A field is too long.
    #[error("{what} has {got} bytes, at most {FIELD_LENGTH_MAX} are accepted")]
    FieldTooLong {
        /// Which field.
        what: &'static str,
        /// Its length.
        got: usize,
    },
    /// Not UTF-8.
    #[error("byte {byte:#04x} is not UTF-8")]
    NotUtf8 {
        /// The first byte that does not fit.
        byte: u8,
    },
    /// A quote that does not enclose a field of one line.
    #[error("a quote is not closed on this line, or stands inside a field")]
    Quote,
    /// The content of a compressed file cannot be had.
    #[error("{name}: the {format} stream is damaged or cut: {detail}")]
    Compressed {
        /// The source.
        name: String,
        /// How it is compressed.
        format: &'static str,
        /// The decoder's words.
        detail: String,
    },
    /// A small file holds out of all proportion much.
    #[error("{name}: {packed} bytes hold {unpacked} and more: a ledger does not repeat itself that often")]
    Unpacks {
        /// The source.
        name: String,
        /// Bytes of the file that were read.
        packed: u64,
        /// How much came of them, with its unit.
        unpacked: String,
    },
    /// The name says one thing, the content another.
    #[error("{name}: its name says {format}, its first bytes do not")]
    NotAsNamed {
        /// The source.
        name: String,
        /// The format that the name promises.
        format: &'static str,
    },
    /// This build lacks something.
    #[error("{name}: this build reads no {format}; build it in with: cargo build --release --features {feature}")]
    NotBuiltIn {
        /// The source.
        name: String,
        /// The format.
        format: &'static str,
        /// The feature that reads it.
        feature: &'static str,
    },
    /// Parquet is read from its end.
    #[error("{0}: Parquet is read from its end, which a stream or a compressed file has not at hand")]
    ParquetStream(String),
    /// The file is no whole Parquet file.
    #[error("{name}: the Parquet file is damaged or cut: {detail}")]
    Parquet {
        /// The source.
        name: String,
        /// The decoder's words.
        detail: String,
    },
    /// Required columns are not in the schema.
    #[error("no column {} in the schema", .0.join(" or "))]
    SchemaColumnMissing(Vec<&'static str>),
    /// Amounts of a type that has lost digits.
    #[error("column {column:?} has the type {got}, expected a decimal, integer or text type")]
    AmountType {
        /// The column.
        column: String,
        /// Its type.
        got: String,
    },
    /// A type that is none of texts.
    #[error("column {column:?} has the type {got}, expected UTF-8 text")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        got: String,
    },
    /// Nothing where something is required.
    #[error("{0} is null")]
    Null(&'static str),
    /// The address of a database is not usable.
    #[error("{0}")]
    DatabaseUrl(String),
    /// A password where others can read it.
    #[error("a password stands in the address of the database, where other processes and the shell's history see it")]
    DatabasePassword,
    /// The database did not give what was asked for.
    #[error("{name}: {detail}")]
    Database {
        /// The source.
        name: String,
        /// What went wrong.
        detail: String,
    },
    /// The database refuses the query.
    #[error("{0}")]
    Query(String),
    /// The source cannot be read.
    #[error("{0}")]
    Read(String),
    /// The account is one that decoys have.
    #[error("an account must not begin with {RESERVED_PREFIX:?}")]
    ReservedAccount,
    /// Another number of fields.
    #[error("{got} {}, expected {expected} as in the first line", if *got == 1 { "field" } else { "fields" })]
    RowShape {
        /// Fields found.
        got: usize,
        /// Fields of the first line.
        expected: usize,
    },
    /// A row is too long.
    #[error("the row has {got} bytes, at most {} are accepted", ROW_LENGTH_MAX)]
    RowTooLong {
        /// Its length.
        got: usize,
    },
    /// More products than a leaf can name.
    #[error("account {account:?} has more than 65535 products of {asset} ({class})")]
    TooManyProducts {
        /// The account.
        account: String,
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
    },
    /// The debts of customers do not fit.
    #[error("{asset}: the debts add up to more than 2^128 - 1 base units, the largest row is of {account:?}")]
    DebtOverflow {
        /// The asset.
        asset: AssetId,
        /// The account with the largest row.
        account: String,
    },
    /// The sum does not fit.
    #[error(
        "{asset} ({class}): the balances add up to more than 2^128 - 1 base units, the largest row is of {account:?}"
    )]
    TotalOverflow {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// The account with the largest row.
        account: String,
    },
    /// The asset is not listed.
    #[error("asset {0:?} is not in the assets file")]
    UnknownAsset(String),
    /// The class is none.
    #[error("class {0:?} is none of custody, lent, collateral, derivative")]
    UnknownClass(String),
}

impl Coded for LedgerError {
    fn code(&self) -> &'static Code {
        match &self.kind {
            LedgerErrorKind::Amount(error) => error.code(),
            LedgerErrorKind::ColumnUnknown(_) => &codes::UNKNOWN_COLUMN,
            LedgerErrorKind::ColumnMissing(_) | LedgerErrorKind::SchemaColumnMissing(_) => &codes::MISSING_COLUMN,
            LedgerErrorKind::ColumnTwice(_) => &codes::DUPLICATE_COLUMN,
            LedgerErrorKind::Compressed { .. } | LedgerErrorKind::Parquet { .. } => &codes::COMPRESSED,
            LedgerErrorKind::Unpacks { .. } => &crate::code::robust::LEDGER_UNPACKS,
            LedgerErrorKind::NotAsNamed { .. } | LedgerErrorKind::ParquetStream(_) => &codes::NOT_AS_NAMED,
            LedgerErrorKind::NotBuiltIn { .. } => &codes::NOT_BUILT_IN,
            LedgerErrorKind::AmountType { .. } => &codes::AMOUNT_TYPE,
            LedgerErrorKind::ColumnType { .. } => &codes::COLUMN_TYPE,
            LedgerErrorKind::Null(_) => &codes::NULL,
            LedgerErrorKind::DatabaseUrl(_) => &codes::DATABASE_URL,
            LedgerErrorKind::DatabasePassword => &codes::DATABASE_PASSWORD,
            LedgerErrorKind::Database { .. } => &codes::DATABASE,
            LedgerErrorKind::Query(_) => &codes::QUERY,
            LedgerErrorKind::ControlTotal { .. } => &codes::CONTROL_TOTAL_MISSED,
            LedgerErrorKind::CredentialDiffers { .. } => &codes::CREDENTIAL_DIFFERS,
            LedgerErrorKind::Duplicate { .. } => &codes::DUPLICATE_ACCOUNT,
            LedgerErrorKind::Empty(_) => &codes::EMPTY_LEDGER,
            LedgerErrorKind::EmptyAccount => &codes::EMPTY_ACCOUNT,
            LedgerErrorKind::ReservedAccount => &codes::RESERVED_ACCOUNT,
            LedgerErrorKind::FieldTooLong { .. }
            | LedgerErrorKind::RowTooLong { .. }
            | LedgerErrorKind::TooManyProducts { .. } => &codes::FIELD_TOO_LONG,
            LedgerErrorKind::NotUtf8 { .. } => &codes::NOT_UTF8,
            LedgerErrorKind::Quote => &codes::CSV_SYNTAX,
            LedgerErrorKind::Read(_) => &crate::code::cli::FILE_UNREADABLE,
            LedgerErrorKind::RowShape { .. } => &codes::ROW_SHAPE,
            LedgerErrorKind::TotalOverflow { .. } | LedgerErrorKind::DebtOverflow { .. } => &codes::TOTAL_OVERFLOW,
            LedgerErrorKind::UnknownAsset(_) => &codes::UNKNOWN_ASSET,
            LedgerErrorKind::UnknownClass(_) => &codes::UNKNOWN_CLASS,
        }
    }
}

impl From<LedgerErrorKind> for LedgerError {
    fn from(kind: LedgerErrorKind) -> Self {
        Self { kind, place: None }
    }
}
