//! Scenarios in words: for a terminal of 80 columns, as JSON, and as a page of HTML.

use askama::Template;
use serde::Serialize;

use crate::report::wrap;

use super::attacks::Attack;
use super::scenario::{FOLDER, Played, Scenario};

/// Columns of a terminal.
const WIDTH: usize = 80;

/// One line of `lab list`.
#[must_use]
pub fn line(scenario: &Scenario) -> String {
    let text = format!("{} ({})", scenario.title, scenario.attacks.join(", "));
    hanging(&format!("{:<26} ", scenario.name), &text, 27)
}

/// A text behind its head, wrapped; the lines behind the first are indented.
fn hanging(head: &str, text: &str, indent: usize) -> String {
    let (mut lines, mut line, mut empty) = (Vec::new(), head.to_owned(), true);
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines.join("\n")
}

/// A scenario that was played.
#[must_use]
pub fn run(scenario: &Scenario, played: &Played) -> String {
    let title = format!("{}: {} ({})", scenario.name, scenario.title, scenario.attacks.join(", "));
    let mut lines = vec![wrap(&title), String::new(), wrap(scenario.story), String::new()];
    let said = |said: &super::scenario::Said| format!("{}: {}", verb(said.believed), said.words);
    lines.push(hanging("  naive       ", &said(&played.naive), 6));
    lines.push(hanging("  counterfoil ", &said(&played.counterfoil), 6));
    lines.push(hanging("  caught by   ", &caught(scenario), 6));
    if !scenario.undetected.is_empty() {
        lines.extend([String::new(), "What nobody could catch:".to_owned()]);
        lines.extend(scenario.undetected.iter().map(|line| hanging("  - ", line, 4)));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn verb(believed: bool) -> &'static str {
    if believed { "believes it" } else { "objects" }
}

/// The check that met it.
fn caught(scenario: &Scenario) -> String {
    use super::scenario::Expected;
    match scenario.expected {
        Expected::Check(code) => format!("{code}, {}", code.title),
        Expected::Finding(code, asset, verdict) => {
            format!("{code}, {}; the verdict on {asset}: {verdict}", code.title)
        }
        Expected::Verdict(asset, verdict) => format!("the verdict on {asset}: {verdict}"),
        Expected::Undetected => "nothing: undetected".to_owned(),
    }
}

/// A command in lines of a terminal: each option begins one, and so does what would be too long.
#[must_use]
pub fn command(line: &str) -> String {
    let (mut lines, mut open) = (Vec::new(), "counterfoil".to_owned());
    for word in line.split(' ') {
        if word.starts_with("--") || open.chars().count() + word.chars().count() > WIDTH - 10 {
            lines.push(std::mem::replace(&mut open, format!("    {word}")));
        } else {
            open.push(' ');
            open.push_str(word);
        }
    }
    lines.push(open);
    lines.join(" \\\n  ")
}

/// The matrix as text.
#[must_use]
pub fn matrix(table: &[Attack]) -> String {
    let mut lines = vec![format!("{:<4} {:<11} {:<17} {}", "id", "naive", "counterfoil", "checks, and what runs")];
    for attack in table {
        let runs = if attack.scenarios.is_empty() { String::new() } else { attack.scenarios.join(", ") };
        let checks: Vec<&str> = attack.checks.iter().chain(&attack.verdict).map(String::as_str).collect();
        let checks = checks.join(", ");
        let shown: Vec<&str> = [checks.as_str(), runs.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
        let (naive, own) = (attack.naive().text(), attack.counterfoil().text());
        let head = format!("{:<4} {naive:<11} {own:<17} ", attack.id);
        lines.push(hanging(&head, &shown.join("; "), 35));
    }
    lines.push(String::new());
    lines.push(wrap(
        "What each attack is, what meets it, and what nobody can see: docs/attacks.md, or --json. \
         A scenario runs with `counterfoil lab run NAME`.",
    ));
    lines.join("\n")
}

/// A scenario, for `lab list --json`.
#[derive(Debug, Serialize)]
pub struct Listed {
    name: &'static str,
    title: &'static str,
    story: &'static str,
    attacks: &'static [&'static str],
    expected: String,
    undetected: &'static [&'static str],
}

impl Listed {
    /// Of a scenario.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let Scenario { name, title, story, attacks, undetected, .. } = *scenario;
        Self { name, title, story, attacks, expected: scenario.expected.to_string(), undetected }
    }
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    believed: bool,
    words: &'a str,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    command: &'a str,
    exit_code: String,
    prints: &'a str,
}

/// A scenario that was played, for `lab run --json`. In commands `{dir}` stands for the folder of `--keep`.
#[derive(Debug, Serialize)]
pub struct Run<'a> {
    #[serde(flatten)]
    listed: Listed,
    naive: Told<'a>,
    counterfoil: Told<'a>,
    codes: Vec<String>,
    verdicts: Vec<String>,
    shows: Vec<Shown<'a>>,
}

impl<'a> Run<'a> {
    /// Of what was played.
    #[must_use]
    pub fn new(scenario: &Scenario, played: &'a Played) -> Self {
        let told = |said: &'a super::scenario::Said| Told { believed: said.believed, words: &said.words };
        let shown = |show: &'a super::scenario::Show| Shown {
            command: &show.line,
            exit_code: show.exit.to_string(),
            prints: &show.prints,
        };
        Self {
            listed: Listed::new(scenario),
            naive: told(&played.naive),
            counterfoil: told(&played.counterfoil),
            codes: played.codes.iter().map(ToString::to_string).collect(),
            verdicts: played.verdicts.iter().map(|(asset, verdict)| format!("{asset} {verdict}")).collect(),
            shows: played.shows.iter().map(shown).collect(),
        }
    }
}

/// One section of the page.
struct Section<'a> {
    scenario: &'a Scenario,
    attacks: String,
    naive: &'a super::scenario::Said,
    own: &'a super::scenario::Said,
    caught: String,
    shows: Vec<String>,
}

#[derive(Template)]
#[template(path = "told.html")]
struct Page<'a> {
    style: &'static str,
    sections: Vec<Section<'a>>,
}

/// The page: the same run is the same bytes.
///
/// # Errors
/// Of the template, which no scenario causes.
pub fn page(played: &[(&Scenario, Played)]) -> Result<String, askama::Error> {
    let section = |(scenario, done): &'_ (&'_ Scenario, Played)| -> (String, String, Vec<String>) {
        let shows = done.shows.iter().map(|show| format!("counterfoil {}", show.line.replace(FOLDER, "DIR")));
        (scenario.attacks.join(", "), caught(scenario), shows.collect())
    };
    let sections = played
        .iter()
        .map(|pair| {
            let (attacks, caught, shows) = section(pair);
            Section { scenario: pair.0, attacks, naive: &pair.1.naive, own: &pair.1.counterfoil, caught, shows }
        })
        .collect();
    let mut page = Page { style: STYLE, sections }.render()?;
    page.push('\n');
    Ok(page)
}

/// The style of the pages of the lab.
pub(super) const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;\
                     padding:0 1rem;\
                     color:#222;background:#fff}h2{margin-top:2.5rem}th{text-align:left;vertical-align:top;\
                     padding-right:1rem;font-weight:600;white-space:nowrap}td{padding-bottom:.5rem}\
                     .yes{color:#8a2c0d}.no{color:#1d5e2f}code,pre{font:14px/1.4 ui-monospace,monospace}\
                     pre{overflow-x:auto;background:#f4f4f2;padding:.6rem}";
