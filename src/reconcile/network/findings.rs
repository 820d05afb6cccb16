//! Findings about venues together: each names all whom it concerns.

use serde::Serialize;

use super::fraction::Exact;
use crate::asset::AssetId;
use crate::code::Code;
use crate::reconcile::Severity;
use crate::reconcile::findings::code_text;
use crate::snapshot::VenueId;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkFinding {
    /// `N1`, `N2`, … in the order of the report.
    pub id: String,
    /// The entry of the catalogue.
    #[serde(serialize_with = "code_text")]
    pub code: &'static Code,
    /// Its weight.
    pub severity: Severity,
    /// Every venue that it concerns, each once, in the order of their names.
    pub venues: Vec<VenueId>,
    /// The asset; none when it concerns all.
    pub asset: Option<AssetId>,
    /// The address, coin, folder or chain.
    pub subject: String,
    /// What was got, and what was expected.
    pub detail: String,
    /// How much it is about, in whole units of the asset.
    pub amount: Option<Exact>,
    /// What would clear it.
    pub clears: &'static str,
    /// Whom alone it keeps from being covered: who made the fault. None for all that it names.
    #[serde(skip)]
    pub(super) only: Option<VenueId>,
}

impl NetworkFinding {
    /// A finding about everything; narrowed by the functions below.
    pub(super) fn new(code: &'static Code, severity: Severity, subject: &str, detail: String) -> Self {
        Self {
            id: String::new(),
            code,
            severity,
            venues: Vec::new(),
            asset: None,
            subject: subject.to_owned(),
            detail,
            amount: None,
            clears: code.remedy,
            only: None,
        }
    }

    /// Is one venue's fault: a file in somebody's bundle takes nothing from others whom it names.
    #[must_use]
    pub(super) fn against(mut self, venue: &VenueId) -> Self {
        self.only = Some(venue.clone());
        self
    }

    /// Whether it keeps a venue from being covered.
    pub(super) fn is_against(&self, venue: &VenueId) -> bool {
        self.severity == Severity::Critical
            && self.only.as_ref().map_or_else(|| self.venues.contains(venue), |only| only == venue)
    }

    /// Concerns a venue.
    #[must_use]
    pub(super) fn and(mut self, venue: &VenueId) -> Self {
        if let Err(at) = self.venues.binary_search(venue) {
            self.venues.insert(at, venue.clone());
        }
        self
    }

    /// Concerns one asset.
    #[must_use]
    pub(super) fn of_asset(mut self, asset: &AssetId) -> Self {
        self.asset = Some(asset.clone());
        self
    }

    /// Is about so many whole units.
    #[must_use]
    pub(super) fn of_amount(mut self, amount: Exact) -> Self {
        self.amount = Some(amount);
        self
    }
}

/// By weight, then code, then what they are about; and named in that order.
pub(super) fn in_order(mut findings: Vec<NetworkFinding>) -> Vec<NetworkFinding> {
    findings.sort_by(|left, right| {
        type Key<'a> = (Severity, u16, &'a [VenueId], &'a str, &'a str);
        fn key(finding: &NetworkFinding) -> Key<'_> {
            (finding.severity, finding.code.number, &finding.venues, &finding.subject, &finding.detail)
        }
        key(left).cmp(&key(right))
    });
    for (number, finding) in (1..).zip(&mut findings) {
        finding.id = format!("N{number}");
    }
    findings
}
