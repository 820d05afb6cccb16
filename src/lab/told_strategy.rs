//! What a venue can hide, in words, as JSON and as a page with a plot.

use askama::Template;
use serde::Serialize;

use super::strategy::{Habits, Means, Outlook, Plan};
use crate::amount::{Amount, Decimals};
use crate::report::{RiskPlot, RiskPoint, wrap};

/// Chances that are written out, in hundredths of a percent.
const CHANCES: [u64; 7] = [0, 100, 500, 1_000, 5_000, 9_000, 9_900];

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What verifiers do.
    pub habits: &'a Habits,
    /// What the venue has.
    pub means: &'a Means,
    /// Of all amounts.
    pub decimals: Decimals,
}

impl Question<'_> {
    fn amount(&self, amount: Amount) -> String {
        amount.to_readable(self.decimals)
    }

    /// A share of what is owed, in hundredths of a percent, rounded down.
    fn share(&self, part: Amount) -> u64 {
        let share = part.base_units() * 10_000 / self.means.owed.base_units().max(1);
        u64::try_from(share).unwrap_or(10_000)
    }

    /// What was assumed, in a sentence.
    fn told(&self) -> String {
        let (habits, means) = (self.habits, self.means);
        let looked = match habits.sampled {
            Some(sampled) => format!("{sampled} blocks drawn from"),
            None => "every one of".to_owned(),
        };
        let known = if habits.known { "The venue knows who never checks. " } else { "" };
        format!(
            "A venue owes {} to {} accounts, and can spend {} on interest at {} a year. Its verifiers look at {looked} the \
             {} blocks around the cut-off; each account is checked with a probability of {}, and {} must complain. \
             {known}Seed {}.",
            self.amount(means.owed),
            means.accounts,
            self.amount(means.budget),
            percent(means.interest),
            2 * habits.window + 1,
            habits.checking,
            habits.complaints,
            means.seed
        )
    }

    /// What the loan costs in a year, in a sentence.
    fn yearly(&self, outlook: &Outlook) -> String {
        let yearly = u64::try_from(outlook.yearly).unwrap_or(u64::MAX);
        format!(
            "With {} statements a year, a loan over every window costs {} of what it hides; money that is there all year \
             costs {}.",
            self.habits.statements,
            percent(yearly),
            percent(self.means.interest)
        )
    }
}

/// Hundredths of a percent in words.
fn percent(hundredths: u64) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// One plan in columns.
struct Row {
    chance: String,
    hidden: String,
    share: String,
    omitted: String,
    borrowed: String,
    blocks: String,
    interest: String,
    year: String,
}

fn row(question: &Question<'_>, chance: u64, plan: &Plan) -> Row {
    let year = plan.seen.within(question.habits.statements);
    Row {
        chance: percent(chance),
        hidden: question.amount(plan.hidden),
        share: percent(question.share(plan.hidden)),
        omitted: plan.omitted.to_string(),
        borrowed: question.amount(plan.borrowed),
        blocks: plan.blocks.to_string(),
        interest: question.amount(plan.interest),
        year: year.map_or_else(|| "not computed".to_owned(), |year| year.percent()),
    }
}

fn table(question: &Question<'_>, outlook: &Outlook) -> Vec<Row> {
    let best = |chance| outlook.best(chance).map(|plan| row(question, chance, plan));
    CHANCES.into_iter().filter_map(best).collect()
}

/// For a terminal.
#[must_use]
pub fn text(question: &Question<'_>, outlook: &Outlook) -> String {
    let mut lines = vec![wrap(&question.told()), String::new()];
    lines.push("seen at most  hidden            of owed  left out  borrowed for blocks".to_owned());
    for row in table(question, outlook) {
        lines.push(format!(
            "{:>12}  {:<17} {:>8} {:>9}  {} for {}",
            row.chance, row.hidden, row.share, row.omitted, row.borrowed, row.blocks
        ));
    }
    lines.push(String::new());
    if let Some(plan) = outlook.best(500) {
        let row = row(question, 500, plan);
        let when = if plan.blocks == 0 {
            "It borrows nothing.".to_owned()
        } else {
            format!("Its loan comes {} blocks before the cut-off block and costs {}.", plan.before, row.interest)
        };
        lines.push(wrap(&format!(
            "With at most 5.00 %, one statement is seen through with {}, and at least one of a year with {}. {when}",
            plan.seen.percent(),
            row.year
        )));
    }
    lines.push(wrap(&question.yearly(outlook)));
    lines.push(String::new());
    lines.push(wrap(
        "Not in these figures: a loan that begins before the window and ends after it, a rented key, and customers who \
         check because they suspect something. Which policy makes this cost more than it brings: docs/gaming.md.",
    ));
    lines.join("\n")
}

/// One plan, for `--json`; amounts in base units, chances in hundredths of a percent, rounded down.
#[derive(Debug, Serialize)]
struct Shown {
    seen: String,
    seen_in_a_year: Option<String>,
    hidden: Amount,
    hidden_share: String,
    omitted: String,
    omitted_value: Amount,
    borrowed: Amount,
    blocks: String,
    before: String,
    interest: Amount,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub struct Figures {
    question: String,
    decimals: String,
    loan_cost_in_a_year: String,
    plans: Vec<Shown>,
}

/// Every plan that is best for its chance.
#[must_use]
pub fn rows(question: &Question<'_>, outlook: &Outlook) -> Figures {
    let shown = |plan: &Plan| Shown {
        seen: plan.seen.hundredths().to_string(),
        seen_in_a_year: plan.seen.within(question.habits.statements).map(|year| year.hundredths().to_string()),
        hidden: plan.hidden,
        hidden_share: question.share(plan.hidden).to_string(),
        omitted: plan.omitted.to_string(),
        omitted_value: plan.omitted_value,
        borrowed: plan.borrowed,
        blocks: plan.blocks.to_string(),
        before: plan.before.to_string(),
        interest: plan.interest,
    };
    Figures {
        question: question.told(),
        decimals: question.decimals.get().to_string(),
        loan_cost_in_a_year: outlook.yearly.to_string(),
        plans: outlook.plans.iter().map(shown).collect(),
    }
}

#[derive(Template)]
#[template(path = "told_strategy.html")]
struct Page {
    style: &'static str,
    told: String,
    yearly: String,
    plot: String,
    rows: Vec<Row>,
}

/// The page: the same figures are the same bytes.
///
/// # Errors
/// Of the template, which no figures cause.
pub fn page(question: &Question<'_>, outlook: &Outlook) -> Result<String, askama::Error> {
    let point = |plan: &Plan| RiskPoint { chance: plan.seen.hundredths(), hidden: question.share(plan.hidden) };
    let points: Vec<RiskPoint> = outlook.plans.iter().map(point).collect();
    let title = "What can be hidden, by the chance that it is seen";
    let plot =
        RiskPlot { id: "risk", title, desc: "share of what is owed; the table has the figures", points: &points };
    let (told, yearly) = (question.told(), question.yearly(outlook));
    let page = Page { style: super::told::STYLE, told, yearly, plot: plot.draw()?, rows: table(question, outlook) };
    Ok(page.render()? + "\n")
}
