//! The table of attacks, `vectors/attacks.toml`: which attack is met by which check, and what shows it.

use serde::{Deserialize, Serialize};

use crate::code::{self, Code, Coded, Outcome, lab as codes};

use super::scenario::Scenario;
use super::scenarios;

const TABLE: &str = include_str!("../../vectors/attacks.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    attack: Vec<Attack>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// Its name everywhere: `A1`, `R20`.
    pub id: String,
    /// What is done.
    pub title: String,
    /// What is done against it.
    pub defence: String,
    /// Codes of the checks that meet it.
    #[serde(default)]
    pub checks: Vec<String>,
    /// The verdict that meets it, by itself or beside the checks: `short`, `not determinable`.
    #[serde(default)]
    pub verdict: Option<String>,
    /// Scenarios of the lab.
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// Vectors, as `folder/name`.
    #[serde(default)]
    pub vectors: Vec<String>,
    /// Tests, as `file::name`.
    #[serde(default)]
    pub tests: Vec<String>,
    /// What nobody can see of it, and why.
    #[serde(default)]
    pub undetectable: Option<String>,
    /// What this version does not do about it yet.
    #[serde(default)]
    pub pending: Option<String>,
}

/// The table is not of its form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TableError(String);

impl Coded for TableError {
    fn code(&self) -> &'static Code {
        &codes::ATTACKS_TABLE
    }
}

/// What a verifier says to an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It takes the lie for the truth.
    Believes,
    /// A check fails, or what is shown does not count.
    Refuses,
    /// A check fails on what is shown; what is not shown stays unseen.
    RefusesPart,
    /// It cannot be seen.
    Undetected,
    /// Not by this version.
    NotYet,
    /// No naive verifier was built for it.
    NotPlayed,
}

impl Answer {
    /// The words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Believes => "believes",
            Self::Refuses => "refuses",
            Self::RefusesPart => "refuses, in part",
            Self::Undetected => "undetected",
            Self::NotYet => "not yet",
            Self::NotPlayed => "not played",
        }
    }
}

impl Attack {
    /// What naive verifiers say: those of its scenarios believe, or the scenario has not gone as it says.
    #[must_use]
    pub fn naive(&self) -> Answer {
        if self.scenarios.is_empty() { Answer::NotPlayed } else { Answer::Believes }
    }

    /// What this program says.
    #[must_use]
    pub fn counterfoil(&self) -> Answer {
        match (self.checks.is_empty() && self.verdict.is_none(), &self.undetectable, &self.pending) {
            (true, _, Some(_)) => Answer::NotYet,
            // no check, and yet vectors: it is met by what is published, not by what is refused
            (true, Some(_), None) if !self.vectors.is_empty() => Answer::RefusesPart,
            (true, Some(_), None) => Answer::Undetected,
            (false, None, None) | (true, None, None) => Answer::Refuses,
            (false, _, _) => Answer::RefusesPart,
        }
    }

    /// The entries of the catalogue.
    ///
    /// # Errors
    /// [`TableError`] for a code that is not in it.
    pub fn codes(&self) -> Result<Vec<&'static Code>, TableError> {
        let find = |text: &String| code::find(text).ok_or_else(|| TableError(format!("{}: no code {text}", self.id)));
        self.checks.iter().map(find).collect()
    }

    /// Its scenarios.
    ///
    /// # Errors
    /// [`TableError`] for a name that the lab does not have.
    pub fn played(&self) -> Result<Vec<&'static Scenario>, TableError> {
        let find = |name: &String| scenarios::find(name).map_err(|error| TableError(format!("{}: {error}", self.id)));
        self.scenarios.iter().map(find).collect()
    }
}

/// Reads a table.
///
/// # Errors
/// [`TableError`], also for an unknown code or scenario.
pub fn parse(text: &str) -> Result<Vec<Attack>, TableError> {
    let file: File = toml::from_str(text).map_err(|error| TableError(error.to_string()))?;
    for attack in &file.attack {
        attack.codes()?;
        attack.played()?;
    }
    Ok(file.attack)
}

/// The table of this program.
///
/// # Errors
/// [`TableError`], which a test rules out.
pub fn table() -> Result<Vec<Attack>, TableError> {
    parse(TABLE)
}

/// One row, for `--json`.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    defence: &'a str,
    naive: Answer,
    counterfoil: Answer,
    checks: &'a [String],
    verdict: Option<&'a str>,
    scenarios: &'a [String],
    vectors: &'a [String],
    tests: &'a [String],
    undetectable: Option<&'a str>,
    pending: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn new(attack: &'a Attack) -> Self {
        let Attack { id, title, defence, checks, scenarios, vectors, tests, .. } = attack;
        let (naive, counterfoil) = (attack.naive(), attack.counterfoil());
        let [verdict, undetectable, pending] =
            [&attack.verdict, &attack.undetectable, &attack.pending].map(|text| text.as_deref());
        Self {
            id,
            title,
            defence,
            naive,
            counterfoil,
            checks,
            verdict,
            scenarios,
            vectors,
            tests,
            undetectable,
            pending,
        }
    }
}

/// The matrix of attacks and verifiers, as what `--json` prints.
#[must_use]
pub fn rows(table: &[Attack]) -> Vec<impl Serialize> {
    table.iter().map(Row::new).collect()
}

/// What stands in the table for checks: codes, and what they mean for the exit code.
fn checks(attack: &Attack) -> String {
    let outcome = |text: &String| match code::find(text).map(|code| code.outcome) {
        Some(Outcome::NotMade) => format!("{text} (2)"),
        _ => format!("{text} (1)"),
    };
    let verdict = attack.verdict.iter().map(|verdict| format!("the verdict: {verdict}"));
    let all: Vec<String> = attack.checks.iter().map(outcome).chain(verdict).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

/// The page `docs/attacks.md`.
#[must_use]
pub fn page(table: &[Attack]) -> String {
    let mut page = String::from(
        "# Attacks, and who believes them\n\n\
         Generated by `counterfoil lab matrix --markdown` from `vectors/attacks.toml`; a test compares. Every\n\
         scenario named here runs in seconds and without a network: `counterfoil lab run NAME`, and\n\
         `lab run --all` for all of them.\n\n\
         *Naive* is a verifier as venues have published them, written in earnest for the lab. *Refuses* is a check\n\
         of this program that fails, or a figure that it does not count; the number behind a code is the exit\n\
         code. *In part* says that there is a form of the attack that nobody can see, and which. That a check is\n\
         what meets an attack is tried by switching it off: [switched off](../tests/switch_off/README.md).\n\n\
         | id | attack | naive | counterfoil | checks | run it |\n|---|---|---|---|---|---|\n",
    );
    for attack in table {
        let runs: Vec<String> = attack.scenarios.iter().map(|name| format!("`{name}`")).collect();
        let runs = if runs.is_empty() { "–".to_owned() } else { runs.join(", ") };
        let (naive, own) = (attack.naive().text(), attack.counterfoil().text());
        page.push_str(&format!(
            "| {} | {} | {naive} | {own} | {} | {runs} |\n",
            attack.id,
            attack.title,
            checks(attack)
        ));
    }
    page.push_str("\n## What nobody can see\n\n");
    for (attack, why) in table.iter().filter_map(|attack| Some((attack, attack.undetectable.as_ref()?))) {
        page.push_str(&format!("- **{}**, {}: {why}\n", attack.id, attack.title));
    }
    let pending: Vec<(&Attack, &String)> =
        table.iter().filter_map(|attack| Some((attack, attack.pending.as_ref()?))).collect();
    if !pending.is_empty() {
        page.push_str("\n## What this version does not do yet\n\n");
    }
    for (attack, what) in pending {
        page.push_str(&format!("- **{}**, {}: {what}\n", attack.id, attack.title));
    }
    page.push_str("\n## The defence, and what shows it\n\n");
    for attack in table {
        let quoted = |list: &[String]| list.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let shown = [quoted(&attack.vectors), quoted(&attack.tests)].concat().join(", ");
        let shown = if shown.is_empty() { String::new() } else { format!(" Shown by {shown}.") };
        page.push_str(&format!("- **{}**: {}.{shown}\n", attack.id, attack.defence));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_names_what_is_not_there_is_refused() {
        let row = |more: &str| format!("[[attack]]\nid = \"A1\"\ntitle = \"t\"\ndefence = \"d\"\n{more}\n");
        assert!(parse(&row("checks = [\"CF-2006\"]")).is_ok());
        for wrong in ["checks = [\"CF-0001\"]", "scenarios = [\"none\"]", "colour = \"red\""] {
            assert_eq!(parse(&row(wrong)).expect_err(wrong).code().number, 9013);
        }
    }

    #[test]
    fn answers_follow_from_the_row() {
        let answer = |more: &str| {
            let text = format!("[[attack]]\nid = \"A1\"\ntitle = \"t\"\ndefence = \"d\"\n{more}\n");
            parse(&text).expect("a table").first().map(Attack::counterfoil)
        };
        assert_eq!(answer("checks = [\"CF-2006\"]"), Some(Answer::Refuses));
        assert_eq!(answer("checks = [\"CF-2006\"]\nundetectable = \"why\""), Some(Answer::RefusesPart));
        assert_eq!(answer("verdict = \"short\""), Some(Answer::Refuses));
        assert_eq!(answer("undetectable = \"why\""), Some(Answer::Undetected));
        assert_eq!(answer("pending = \"later\""), Some(Answer::NotYet));
    }
}
