//! What a scenario is: somebody lies, a naive verifier looks at it, and this program looks at the same files.

use crate::bundle::MemoryFiles;
use crate::code::{Code, Coded, lab as codes};
use crate::reconcile::Verdict;

use super::example_venue::ExampleError;

/// Stands for the kept folder in a command.
pub const FOLDER: &str = "{dir}";

/// What this program must say for a scenario to have gone as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The check with this code refuses.
    Check(&'static Code),
    /// The check with this code finds something, and the asset gets this verdict: the finding is no mere remark.
    Finding(&'static Code, &'static str, Verdict),
    /// The asset gets this verdict, and not `covered`.
    Verdict(&'static str, Verdict),
    /// Nothing: nobody could see it.
    Undetected,
}

impl Expected {
    /// The check that meets it.
    #[must_use]
    pub const fn code(&self) -> Option<&'static Code> {
        match self {
            Self::Check(code) | Self::Finding(code, ..) => Some(code),
            Self::Verdict(..) | Self::Undetected => None,
        }
    }

    /// The verdict that it comes to, with the asset or the venue that it is on.
    #[must_use]
    pub const fn verdict(&self) -> Option<(&'static str, Verdict)> {
        match self {
            Self::Finding(_, asset, verdict) | Self::Verdict(asset, verdict) => Some((asset, *verdict)),
            Self::Check(_) | Self::Undetected => None,
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Check(code) => write!(f, "{code}"),
            Self::Finding(code, asset, verdict) => write!(f, "{code}, {asset} {verdict}"),
            Self::Verdict(asset, verdict) => write!(f, "{asset} {verdict}"),
            Self::Undetected => f.write_str("undetected"),
        }
    }
}

/// One attack that runs. One file under `scenarios/`.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The name on the command line.
    pub name: &'static str,
    /// Which rows of `vectors/attacks.toml` it plays.
    pub attacks: &'static [&'static str],
    /// What it is, in a few words.
    pub title: &'static str,
    /// Who lies, and how.
    pub story: &'static str,
    /// What must come of it.
    pub expected: Expected,
    /// What nobody could catch, each in one sentence; empty where the check leaves nothing open.
    pub undetected: &'static [&'static str],
    /// Builds the files and asks both verifiers.
    pub play: fn() -> Result<Played, ExampleError>,
}

/// What a verifier said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it believed the lie.
    pub believed: bool,
    /// Its words.
    pub words: String,
}

impl Said {
    /// It believed.
    pub fn yes(words: impl Into<String>) -> Self {
        Self { believed: true, words: words.into() }
    }

    /// It did not.
    pub fn no(words: impl Into<String>) -> Self {
        Self { believed: false, words: words.into() }
    }
}

/// A command that shows the same on the kept files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// Its arguments, separated by spaces; [`FOLDER`] stands for the kept folder.
    pub line: String,
    /// The exit code that it ends with.
    pub exit: u8,
    /// A text that it prints.
    pub prints: String,
}

impl Show {
    /// A command that is expected to end in this way.
    pub fn new(line: impl Into<String>, exit: u8, prints: impl Into<String>) -> Self {
        Self { line: line.into(), exit, prints: prints.into() }
    }
}

/// A scenario that was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The naive verifier.
    pub naive: Said,
    /// This program.
    pub counterfoil: Said,
    /// Codes that this program named.
    pub codes: Vec<&'static Code>,
    /// Verdicts that it gave, by asset.
    pub verdicts: Vec<(String, Verdict)>,
    /// The files, for `--keep`.
    pub files: MemoryFiles,
    /// How to look at them.
    pub shows: Vec<Show>,
}

/// A scenario went otherwise than it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {detail}")]
pub struct Differs {
    name: &'static str,
    detail: String,
}

impl Coded for Differs {
    fn code(&self) -> &'static Code {
        &codes::SCENARIO_DIFFERS
    }
}

impl Scenario {
    /// Plays it, and compares what came of it with what it says.
    ///
    /// # Errors
    /// [`Differs`].
    pub fn run(&self) -> Result<Played, Differs> {
        let differs = |detail: String| Differs { name: self.name, detail };
        let played = (self.play)().map_err(|error| differs(error.to_string()))?;
        if !played.naive.believed {
            return Err(differs(format!("the naive verifier refused: {}", played.naive.words)));
        }
        let said = &played.counterfoil;
        let gave = |asset: &str, verdict| played.verdicts.iter().any(|(name, got)| name == asset && *got == verdict);
        let as_expected = match self.expected {
            Expected::Check(code) => !said.believed && played.codes.contains(&code),
            Expected::Finding(code, asset, verdict) => {
                !said.believed && played.codes.contains(&code) && gave(asset, verdict)
            }
            Expected::Verdict(asset, verdict) => !said.believed && gave(asset, verdict),
            Expected::Undetected => said.believed && !self.undetected.is_empty(),
        };
        if as_expected {
            return Ok(played);
        }
        let codes = played.codes.iter().map(ToString::to_string);
        let verdicts = played.verdicts.iter().map(|(asset, verdict)| format!("{asset} {verdict}"));
        let got: Vec<String> = codes.chain(verdicts).collect();
        Err(differs(format!("got {:?} ({}), expected {}", said.words, got.join(", "), self.expected)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::liability;

    fn played(naive: bool, own: bool) -> Result<Played, ExampleError> {
        Ok(Played {
            naive: Said { believed: naive, words: String::new() },
            counterfoil: Said { believed: own, words: String::new() },
            codes: vec![&liability::ROOT_MISMATCH],
            verdicts: vec![("BTC".to_owned(), Verdict::Covered)],
            files: MemoryFiles::new(),
            shows: Vec::new(),
        })
    }

    fn run(
        expected: Expected,
        undetected: &'static [&'static str],
        play: fn() -> Result<Played, ExampleError>,
    ) -> bool {
        let (name, attacks, title, story) = ("made-up", &["A1"][..], "a title", "a story");
        let scenario = Scenario { name, attacks, title, story, expected, undetected, play };
        match scenario.run() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.code().number, 9011);
                false
            }
        }
    }

    #[test]
    fn a_scenario_fails_unless_everything_is_as_it_says() {
        let caught = Expected::Check(&liability::ROOT_MISMATCH);
        assert!(run(caught, &[], || played(true, false)));
        assert!(!run(caught, &[], || played(false, false)), "nobody was fooled");
        assert!(!run(caught, &[], || played(true, true)), "nothing was caught");
        assert!(!run(Expected::Check(&liability::TOTAL_MISMATCH), &[], || played(true, false)), "by another check");
        assert!(!run(Expected::Verdict("BTC", Verdict::Short), &[], || played(true, false)), "another verdict");
        let finding = |verdict| Expected::Finding(&liability::ROOT_MISMATCH, "BTC", verdict);
        assert!(run(finding(Verdict::Covered), &[], || played(true, false)));
        assert!(!run(finding(Verdict::Short), &[], || played(true, false)), "a finding without its verdict");
        assert!(run(Expected::Undetected, &["why"], || played(true, true)));
        assert!(!run(Expected::Undetected, &[], || played(true, true)), "without saying what nobody can see");
        assert!(!run(Expected::Undetected, &["why"], || played(true, false)), "it was caught");
    }
}
