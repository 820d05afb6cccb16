//! Publishing: what the venue signs, and how it is checked. Specification: `docs/spec/statement.md`.

pub mod statement;
pub(crate) mod statement_check;
pub mod venue_card;

pub use statement::Statement;
pub use statement_check::{StatementError, StatementPins, VerifiedStatement, digest, parse, sign, verify};
