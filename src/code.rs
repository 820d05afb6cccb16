//! Codes: every refusal and every finding has a number `CF-nnnn` that `counterfoil explain` knows.
//!
//! One table per part of the program. The catalogue `docs/errors.md` is generated from them, and a test
//! compares. The `E-…` mnemonics of older notes are not codes.

pub mod bitcoin;
pub mod bitcoin_chain;
pub mod bitcoin_control;
pub mod bundle;
pub mod cli;
pub mod credit;
pub mod custody;
pub mod depositor;
pub mod descriptor;
pub mod evm;
pub mod evm_finality;
pub mod evm_flow_finding;
pub mod evm_flows;
pub mod evm_staked;
pub mod evm_token;
pub mod evm_window;
pub mod explained;
pub mod finding;
pub mod foreign;
pub mod foreign_amounts;
pub mod joint;
pub mod keys;
pub mod lab;
pub mod ledger;
pub mod liability;
pub mod log;
pub mod network;
pub mod omission;
pub mod parties;
pub mod publish;
pub mod quality;
pub mod receipt;
pub mod report;
pub mod robust;
pub mod schedules;
pub mod serve;
pub mod statement_chain;
pub mod statement_kinds;
pub mod table;
pub mod transfers;
pub mod utxo_snapshot;
pub mod venues;
pub mod verdict;
pub mod window;
pub mod witness;

use std::fmt;

/// What an error means for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A check was made and failed: exit code 1.
    Failed,
    /// A check could not be made: exit code 2.
    NotMade,
}

impl Outcome {
    /// The process exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::NotMade => 2,
        }
    }
}

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The number after `CF-`.
    pub number: u16,
    /// The name of the constant, for programs.
    pub name: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is refused.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Failed or not made.
    pub outcome: Outcome,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CF-{:04}", self.number)
    }
}

/// An error with a code.
pub trait Coded: std::error::Error + Send + Sync {
    /// The entry of the catalogue.
    fn code(&self) -> &'static Code;
}

/// All tables, in the order of their numbers.
pub fn all() -> impl Iterator<Item = &'static Code> {
    let tables = [
        ledger::ALL,
        liability::ALL,
        robust::ALL,
        publish::ALL,
        keys::ALL,
        log::ALL,
        witness::ALL,
        receipt::ALL,
        statement_kinds::ALL,
        schedules::ALL,
        bundle::ALL,
        depositor::ALL,
        bitcoin::ALL,
        bitcoin_control::ALL,
        descriptor::ALL,
        bitcoin_chain::ALL,
        utxo_snapshot::ALL,
        window::ALL,
        evm::ALL,
        evm_token::ALL,
        evm_finality::ALL,
        evm_window::ALL,
        evm_flows::ALL,
        evm_staked::ALL,
        finding::ALL,
        verdict::ALL,
        evm_flow_finding::ALL,
        statement_chain::ALL,
        explained::ALL,
        omission::ALL,
        network::ALL,
        credit::ALL,
        custody::ALL,
        quality::ALL,
        venues::ALL,
        transfers::ALL,
        parties::ALL,
        joint::ALL,
        report::ALL,
        foreign::ALL,
        table::ALL,
        foreign_amounts::ALL,
        cli::ALL,
        lab::ALL,
        serve::ALL,
    ];
    let mut codes: Vec<&'static Code> = tables.into_iter().flatten().copied().collect();
    // a part may have its numbers in several tables
    codes.sort_by_key(|code| code.number);
    codes.into_iter()
}

/// The entry with this number, written `CF-1004`, `cf-1004` or `1004`.
#[must_use]
pub fn find(text: &str) -> Option<&'static Code> {
    let digits = text.trim_start_matches(['C', 'c']).trim_start_matches(['F', 'f']).trim_start_matches('-');
    let number = digits.parse::<u16>().ok()?;
    all().find(|code| code.number == number)
}

/// Declares a table: `NAME = number, Outcome, title, meaning, remedy;`.
macro_rules! codes {
    ($($name:ident = $number:literal, $outcome:ident, $title:literal, $meaning:literal, $remedy:literal;)+) => {
        $(
            #[doc = $title]
            pub static $name: $crate::code::Code = $crate::code::Code {
                number: $number,
                name: stringify!($name),
                title: $title,
                meaning: $meaning,
                remedy: $remedy,
                outcome: $crate::code::Outcome::$outcome,
            };
        )+
        /// The whole table.
        pub static ALL: &[&$crate::code::Code] = &[$(&$name),+];
    };
}
use codes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        let numbers: Vec<u16> = all().map(|code| code.number).collect();
        assert!(numbers.is_sorted_by(|left, right| left < right), "{numbers:?}");
        let mut names: Vec<&str> = all().map(|code| code.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn a_code_is_found_in_every_spelling() {
        for text in ["CF-1004", "cf-1004", "1004"] {
            assert_eq!(find(text).map(|code| code.name), Some("NEGATIVE_BALANCE"), "{text}");
        }
        assert_eq!(find("CF-0000"), None);
    }
}
