//! Publishing: what the venue signs, where everybody sees it, and how it is checked. Specifications:
//! `docs/spec/statement.md`, `docs/spec/log.md`, `docs/spec/witness.md`.

pub mod balance_sheet;
pub mod compare;
pub mod custody;
pub mod log;
pub mod receipt;
pub mod statement;
pub(crate) mod statement_check;
pub mod statement_kinds;
pub mod venue_card;
pub mod witness;

pub use statement::Statement;
pub use statement_check::{StatementError, StatementPins, VerifiedStatement, digest, parse, sign, verify};
pub use statement_kinds::{KeyHistory, Stated};
