//! The words of the balance sheet: kinds of rows, and when something is due.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of row with a word for it.
pub trait Kind: Copy + Eq {
    /// The word in files.
    fn text(self) -> &'static str;
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// All, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in files.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl Kind for $name {
            fn text(self) -> &'static str {
                Self::text(self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.text())
            }
        }
    };
}

words! {
    /// What is owed beside the trees.
    LiabilityKind {
        /// Borrowed, with or without a date.
        Loan = "loan",
        /// Margin that the venue owes to a counterparty.
        Margin = "margin",
        /// What another venue, or whoever else has an account that is in no tree, has deposited.
        Deposit = "deposit",
        /// Withdrawals that have left the books and not the wallets.
        Withdrawal = "withdrawal",
        /// Money of states that customers have and no tree holds.
        Fiat = "fiat",
        /// Bonds and notes.
        Bond = "bond",
        /// Everything else.
        Other = "other",
    }
}

words! {
    /// What is owed to the venue.
    ReceivableKind {
        /// Debts of customers.
        Customer = "customer",
        /// Lent out.
        Loan = "loan",
        /// Margin that the venue has posted.
        Margin = "margin",
        /// Everything else.
        Other = "other",
    }
}

words! {
    /// Claims that are held as assets.
    HoldingKind {
        /// An account at another venue or a custodian.
        Deposit = "deposit",
        /// An account at a bank.
        Bank = "bank",
        /// A coin that promises money of a state.
        Stablecoin = "stablecoin",
        /// A coin that promises another coin.
        Wrapped = "wrapped",
        /// A token that somebody issues and that promises nothing fixed.
        Token = "token",
        /// Coins of a chain that this program cannot look at.
        Coin = "coin",
        /// Shares of a fund.
        Fund = "fund",
        /// Listed shares and bonds.
        Security = "security",
        /// Shares of companies that are not listed.
        Venture = "venture",
        /// Everything else.
        Other = "other",
    }
}

words! {
    /// Why a holding is not free.
    EncumbranceKind {
        /// Security for a debt.
        Pledged = "pledged",
        /// Somebody has stopped it.
        Frozen = "frozen",
        /// It cannot move before a day.
        Locked = "locked",
        /// It waits in an exit queue first.
        Staked = "staked",
        /// It has been sent, or has to be.
        InFlight = "in-flight",
    }
}

words! {
    /// When something can be asked for, or turned into money: the first that fits, counted from the cut-off.
    Due {
        /// At once.
        Now = "now",
        /// Within 24 hours.
        Day = "24h",
        /// Within 7 days.
        Week = "7d",
        /// Within 30 days.
        Month = "30d",
        /// Later, or nobody can say when.
        Longer = "longer",
    }
}

impl Due {
    /// The first bucket that so many seconds from the cut-off lie in.
    #[must_use]
    pub const fn within(seconds: i64) -> Self {
        const DAY: i64 = 86_400;
        match seconds {
            i64::MIN..=0 => Self::Now,
            1..=DAY => Self::Day,
            86_401..=604_800 => Self::Week,
            604_801..=2_592_000 => Self::Month,
            2_592_001.. => Self::Longer,
        }
    }

    /// Days until its end; none for what has none.
    #[must_use]
    pub const fn days(self) -> Option<u32> {
        match self {
            Self::Now => Some(0),
            Self::Day => Some(1),
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Longer => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_in_the_first_bucket_that_reaches_it() {
        for (seconds, due) in [
            (-1, Due::Now),
            (0, Due::Now),
            (1, Due::Day),
            (86_400, Due::Day),
            (86_401, Due::Week),
            (604_800, Due::Week),
            (604_801, Due::Month),
            (2_592_000, Due::Month),
            (2_592_001, Due::Longer),
        ] {
            assert_eq!(Due::within(seconds), due, "{seconds}");
        }
        assert!(Due::ALL.is_sorted());
    }
}
