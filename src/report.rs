//! Reports: the data of a reconciliation as JSON, as text, as tables and as a page. Nothing is computed here.

mod csv;
mod html;
mod plot;
pub mod seal;
mod sheet;
mod text;
mod tiers;

pub use csv::{CsvError, cell, csv};
pub use html::{HtmlError, html};
pub use sheet::{sheet_json, sheet_text};
pub use text::{assets_table, coloured, is_control, shown, text, wrap};

use crate::json::JsonError;
use crate::reconcile::Report;

/// Canonical JSON: the same report is the same bytes.
///
/// # Errors
/// [`JsonError`], which no report causes.
pub fn json(report: &Report) -> Result<Vec<u8>, JsonError> {
    let mut bytes = crate::json::canonical(report)?;
    bytes.push(b'\n');
    Ok(bytes)
}
