//! Colours for a terminal. They say nothing that the words do not say.

use crate::reconcile::{Report, Verdict};

const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const GREEN: &str = "\u{1b}[32m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// The text of a report with the colours of a terminal. Which lines get them follows from their place and first words,
/// which are the program's own.
#[must_use]
pub fn coloured(report: &Report, text: &str) -> String {
    let mut lines = text.lines();
    let verdict = match report.overall.verdict {
        Verdict::Short => RED,
        Verdict::NotDeterminable => YELLOW,
        Verdict::Covered => GREEN,
    };
    let mut shown = lines.next().map_or_else(String::new, |first| format!("{BOLD}{verdict}{first}{PLAIN}\n"));
    for line in lines {
        let paint = paint(line);
        match paint {
            Some(paint) => shown.push_str(&format!("{paint}{line}{PLAIN}\n")),
            None => shown.push_str(&format!("{line}\n")),
        }
    }
    shown
}

fn paint(line: &str) -> Option<&'static str> {
    const HEADINGS: [&str; 5] =
        ["Assertions: ", "Procedures and their results", "What this report does not show", "How to quote", "To re-run"];
    if HEADINGS.iter().any(|heading| line.starts_with(heading)) || line.starts_with("Findings: ") {
        return Some(BOLD);
    }
    let mut words = line.strip_prefix("  F")?.split(' ');
    let number = words.next()?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match words.next()? {
        "critical" => Some(RED),
        "exception" => Some(YELLOW),
        _ => None,
    }
}
