//! Basis: what a figure rests on, in one plain word. Specification: `docs/spec/reconcile.md`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a figure rests on, weakest first: a figure made of several is worth its weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Nobody says so: a price, a haircut.
    Assumed,
    /// Somebody's signature, with the name.
    Stated,
    /// The verifier's own node, or a node whose key the policy pins, said so.
    Observed,
    /// Recomputed here, under a block that is anchored or pinned.
    Proved,
}

impl Basis {
    /// All, strongest first, as reports list them.
    pub const STRONGEST_FIRST: [Self; 4] = [Self::Proved, Self::Observed, Self::Stated, Self::Assumed];

    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Stated => "stated",
            Self::Observed => "observed",
            Self::Proved => "proved",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// How much of the history of a balance the evidence covers. Bitcoin needs this second axis: an inclusion proof
/// can only add, and a venue gains by hiding outflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    /// The coin was made; nothing shows that it was not spent.
    Existed,
    /// The maker of the bundle says that it is unspent.
    UnspentStated,
    /// A node whose key the verifier pins says that it is unspent.
    UnspentObserved,
    /// A later spend, proved under an anchored block, shows that the coin was unspent until then.
    UnspentUntilSpend,
    /// Every block from the coin's creation on was read, or from a full set on.
    Replayed,
    /// The whole set of unspent outputs at the block, with a pinned hash, was read.
    FullSet,
    /// The evidence is the whole answer by nature: an account proof of an EVM state.
    Exact,
}

impl Completeness {
    /// What the negative fact, "not spent", rests on.
    #[must_use]
    pub const fn basis(self) -> Basis {
        match self {
            Self::Existed => Basis::Assumed,
            Self::UnspentStated => Basis::Stated,
            Self::UnspentObserved => Basis::Observed,
            Self::UnspentUntilSpend | Self::Replayed | Self::FullSet | Self::Exact => Basis::Proved,
        }
    }

    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Existed => "existed",
            Self::UnspentStated => "unspent-stated",
            Self::UnspentObserved => "unspent-observed",
            Self::UnspentUntilSpend => "unspent-until-spend",
            Self::Replayed => "replayed",
            Self::FullSet => "full-set",
            Self::Exact => "exact",
        }
    }
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}
