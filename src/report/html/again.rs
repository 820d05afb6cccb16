//! What was done and what came out, and the exact commands that give this page again.

use std::collections::BTreeSet;

use askama::Template;

use crate::reconcile::Report;

/// The section.
#[derive(Template)]
#[template(path = "html/again.html")]
pub(super) struct Again<'a> {
    pub(super) report: &'a Report,
    pub(super) written: BTreeSet<&'a str>,
}
