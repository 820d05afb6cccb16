//! Reports: the data of a reconciliation as JSON, as text, as tables and as a page. Nothing is computed here.

mod csv;
mod html;
mod plot;
pub mod seal;
mod sheet;
mod text;
mod tiers;

pub use csv::{CsvError, cell, csv, sheet_csv};
pub use html::{HtmlError, html, network_html, sheet_html};
pub use plot::{RiskPlot, RiskPoint};
pub use sheet::{sheet_json, sheet_text};
pub use text::{assets_table, coloured, is_control, network_text, shown, text, wrap};

use crate::json::JsonError;
use crate::reconcile::Report;
use crate::reconcile::network::NetworkReport;

/// Canonical JSON: the same report is the same bytes.
///
/// # Errors
/// [`JsonError`], which no report causes.
pub fn json(report: &Report) -> Result<Vec<u8>, JsonError> {
    let mut bytes = crate::json::canonical(report)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The same of several venues.
///
/// # Errors
/// [`JsonError`], which no report causes.
pub fn network_json(report: &NetworkReport) -> Result<Vec<u8>, JsonError> {
    let mut bytes = crate::json::canonical(report)?;
    bytes.push(b'\n');
    Ok(bytes)
}
