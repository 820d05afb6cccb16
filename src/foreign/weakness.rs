//! What a scheme lets a venue do: the rows A, B of the list of attacks that its rule admits.

/// A property that a scheme lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// The parent commits to the sum of its children, not to both sums.
    SumNotBound,
    /// Amounts below zero are taken.
    NegativeAmounts,
    /// Hashes are cut to 64 bits.
    TruncatedHash,
    /// Different fields give the same bytes.
    AmbiguousEncoding,
    /// A padding node repeats its sibling's hash.
    PaddingCopies,
    /// The only root at hand stands in the file.
    RootInFile,
    /// The name of the snapshot is not hashed.
    SnapshotNotBound,
    /// The leaf names no account.
    AccountNotBound,
    /// Fields of the file are neither hashed nor determined by what is.
    FieldsNotBound,
}

impl Weakness {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SumNotBound,
        Self::NegativeAmounts,
        Self::TruncatedHash,
        Self::AmbiguousEncoding,
        Self::PaddingCopies,
        Self::RootInFile,
        Self::SnapshotNotBound,
        Self::AccountNotBound,
        Self::FieldsNotBound,
    ];

    /// The name, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SumNotBound => "sum-not-bound",
            Self::NegativeAmounts => "negative-amounts",
            Self::TruncatedHash => "truncated-hash",
            Self::AmbiguousEncoding => "ambiguous-encoding",
            Self::PaddingCopies => "padding-copies-hash",
            Self::RootInFile => "root-in-file",
            Self::SnapshotNotBound => "snapshot-not-bound",
            Self::AccountNotBound => "account-not-bound",
            Self::FieldsNotBound => "fields-not-bound",
        }
    }

    /// The attack that it admits, by the name that tests and the laboratory use.
    #[must_use]
    pub const fn attack(self) -> &'static str {
        match self {
            Self::SumNotBound => "A1",
            Self::NegativeAmounts => "A2",
            Self::TruncatedHash => "A8",
            Self::AmbiguousEncoding => "A7",
            Self::PaddingCopies => "A11",
            Self::RootInFile => "A14",
            Self::SnapshotNotBound => "B5",
            Self::AccountNotBound => "B1",
            Self::FieldsNotBound => "A12",
        }
    }

    /// What it would let the venue do.
    #[must_use]
    pub const fn lets(self) -> &'static str {
        match self {
            Self::SumNotBound => {
                "a node commits to one sum only: each customer can be shown another sibling, so a total as low as the \
                 largest balance passes every check"
            }
            Self::NegativeAmounts => {
                "an account below zero, which nobody checks, takes away from the total what others are owed"
            }
            Self::TruncatedHash => {
                "two leaves with one hash take about 2^32 hashes to find: one place in the tree then serves two customers"
            }
            Self::AmbiguousEncoding => {
                "fields are joined so that they can be cut apart in another way: one leaf opens as two different balances"
            }
            Self::PaddingCopies => {
                "left and right have the same hash, so one leaf stands in two places, and the number of leaves is open"
            }
            Self::RootInFile => "every customer can be given a tree of their own, with a root of its own",
            Self::SnapshotNotBound => "an old proof passes as one of today: the name of the snapshot can be rewritten",
            Self::AccountNotBound => "customers with equal balances can all be shown the same leaf, which counts once",
            Self::FieldsNotBound => {
                "fields that look checked are not: whoever reads them reads what anybody wrote there"
            }
        }
    }
}
