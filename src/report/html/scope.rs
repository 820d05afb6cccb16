//! What was compared, and under which demands.

use askama::Template;

use crate::reconcile::Report;

/// What names both halves and the policy.
#[derive(Template)]
#[template(path = "html/scope.html")]
pub(super) struct Scope<'a> {
    report: &'a Report,
    files: String,
    absent: String,
}

impl<'a> Scope<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        Self {
            report,
            files: crate::report::plot::number(report.bundle.files),
            absent: super::counted(report.bundle.absent.len(), "file"),
        }
    }
}
