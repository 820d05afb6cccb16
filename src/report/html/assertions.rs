//! The grid of assertions: what each figure asserts, what speaks for it, what is open.

use std::collections::BTreeSet;

use askama::Template;

use crate::reconcile::Report;

/// The section.
#[derive(Template)]
#[template(path = "html/assertions.html")]
pub(super) struct Assertions<'a> {
    pub(super) report: &'a Report,
    pub(super) written: BTreeSet<&'a str>,
}
