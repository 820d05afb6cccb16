//! Published lists of addresses with signatures: what they show, row by row. Page: `docs/foreign/reserves.md`.
//!
//! The list is read as a stream. Of each row a digest of sixteen bytes is kept, to see addresses that stand twice.

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;

use super::decimal::Decimal;
use crate::code::{Code, foreign as codes};
use crate::hash::sha256;
use crate::ledger::Place;
use crate::reserve::claim::ControlGrade;

mod judge;
mod layout;

pub use judge::{Coin, coin};
use layout::{Columns, Field, Line, Lines};

/// Rows of one list.
const ROWS_MAX: usize = 1 << 24;
/// Coins of one list.
const COINS_MAX: usize = 4096;
/// Findings that are kept; the counts go on.
const FINDINGS_MAX: usize = 100;

/// What the signatures of a row show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Keys of the address signed the message.
    Signed,
    /// Nothing is shown.
    Unproven,
    /// A signature is not by the key that it should be by.
    Failed,
}

impl Status {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Unproven => "unproven",
            Self::Failed => "failed",
        }
    }
}

/// A row and what became of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line in the file.
    pub line: u64,
    /// The coin as the list names it.
    pub coin: String,
    /// The network as the list names it.
    pub network: String,
    /// The height as the list writes it.
    pub height: String,
    /// The address.
    pub address: String,
    /// The amount, stated by the list; `None` when it cannot be read.
    pub amount: Option<Decimal>,
    /// What the coin is, when the layout's table has it.
    pub known: Option<&'static Coin>,
    /// What is shown.
    pub status: Status,
    /// How control was shown.
    pub grade: Option<ControlGrade>,
    /// The scheme of the signature.
    pub scheme: Option<&'static str>,
    /// Why it is not signed.
    pub reason: Option<Reason>,
    /// The message.
    pub message: String,
}

/// Why a row shows nothing.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The code.
    pub code: &'static Code,
    /// What was got and expected.
    pub detail: String,
    /// Where.
    pub place: Place,
}

/// Something about the list as a whole.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The code.
    pub code: &'static Code,
    /// What was found.
    pub detail: String,
    /// Where, when it is one line.
    pub place: Option<Place>,
}

/// What the list says of one coin.
#[derive(Clone, Debug)]
pub struct CoinTotal {
    /// The total in the block before the rows.
    pub stated: Option<Decimal>,
    /// The height in that block.
    pub stated_height: String,
    /// The sum of the rows.
    pub sum: Decimal,
    /// The sum of the rows that are signed.
    pub signed: Decimal,
    /// The first height of the rows.
    pub height: Option<String>,
    /// Rows signed, unproven, failed.
    pub rows: [u64; 3],
}

/// What was found.
#[derive(Debug, Default)]
pub struct Summary {
    /// Coins in the order of their names.
    pub coins: BTreeMap<String, CoinTotal>,
    /// Findings about the list.
    pub findings: Vec<Finding>,
    /// Findings that were not kept.
    pub more_findings: u64,
    /// The first message, and whether all rows have it.
    pub message: Option<(String, bool)>,
}

impl Summary {
    /// Rows signed, unproven, failed.
    #[must_use]
    pub fn rows(&self) -> [u64; 3] {
        let mut rows = [0; 3];
        for coin in self.coins.values() {
            for (all, of_coin) in rows.iter_mut().zip(coin.rows) {
                *all += of_coin;
            }
        }
        rows
    }

    fn find(&mut self, code: &'static Code, detail: String, place: Option<Place>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { code, detail, place });
        } else {
            self.more_findings += 1;
        }
    }
}

/// What the verifier brings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// The line that must have been signed; without it nothing is fresh.
    pub message: Option<&'a str>,
}

/// Why a list is not read to its end.
#[derive(Debug)]
pub enum Stop<E> {
    /// The list is not of a known layout, or larger than the limits.
    List(Finding),
    /// Whoever takes the rows stopped.
    Taker(E),
}

/// Reads a list. `each` is given every row, `progress` the bytes of every line.
///
/// # Errors
/// [`Stop`].
pub fn read<E>(
    source: &str,
    file: impl BufRead,
    question: &Question<'_>,
    each: &mut dyn FnMut(&Row) -> Result<(), E>,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, Stop<E>> {
    let (mut lines, mut summary, mut columns) = (Lines::new(source, file), Summary::default(), None);
    let mut seen: HashMap<[u8; 16], u64> = HashMap::new();
    while let Some(line) = lines.next().map_err(Stop::List)? {
        progress(line.raw.len() as u64 + 1);
        if line.is_empty() {
            continue;
        }
        if let Some(found) = Columns::of(&line).map_err(Stop::List)? {
            columns = Some(found);
            continue;
        }
        let Some(columns) = &columns else {
            let detail = "a row before the line with the names of its columns".to_owned();
            return Err(Stop::List(Finding { code: &codes::LIST_LAYOUT, detail, place: Some(line.place_all()) }));
        };
        if columns.is_totals() {
            take_total(columns, &line, &mut summary).map_err(Stop::List)?;
            continue;
        }
        let row = judge::row(columns, &line, question);
        take_row(&line, &row, &mut summary, &mut seen).map_err(Stop::List)?;
        each(&row).map_err(Stop::Taker)?;
    }
    if summary.rows() == [0; 3] {
        let detail = "no row with an address".to_owned();
        return Err(Stop::List(Finding { code: &codes::LIST_LAYOUT, detail, place: None }));
    }
    conclude(question, &mut summary);
    Ok(summary)
}

fn take_total(columns: &Columns, line: &Line<'_>, summary: &mut Summary) -> Result<(), Finding> {
    let coin = columns.text(line, Field::Coin).to_owned();
    let amount = columns.text(line, Field::Amount);
    let Ok(amount) = amount.parse::<Decimal>() else {
        let place = Some(line.place(columns.range(line, Field::Amount)));
        summary.find(&codes::LIST_ROW, format!("got {amount:?}, expected an amount"), place);
        return Ok(());
    };
    let height = columns.text(line, Field::Height).to_owned();
    let total = coin_total(summary, &coin, line)?;
    if total.stated.is_some() {
        summary.find(&codes::LIST_DUPLICATE, format!("{coin} has two totals"), Some(line.place_all()));
        return Ok(());
    }
    (total.stated, total.stated_height) = (Some(amount), height);
    Ok(())
}

fn coin_total<'s>(summary: &'s mut Summary, coin: &str, line: &Line<'_>) -> Result<&'s mut CoinTotal, Finding> {
    if summary.coins.len() >= COINS_MAX && !summary.coins.contains_key(coin) {
        let detail = format!("more than {COINS_MAX} coins");
        return Err(Finding { code: &codes::FOREIGN_TOO_LARGE, detail, place: Some(line.place_all()) });
    }
    Ok(summary.coins.entry(coin.to_owned()).or_insert_with(|| CoinTotal {
        stated: None,
        stated_height: String::new(),
        sum: Decimal::zero(),
        signed: Decimal::zero(),
        height: None,
        rows: [0; 3],
    }))
}

fn take_row(
    line: &Line<'_>,
    row: &Row,
    summary: &mut Summary,
    seen: &mut HashMap<[u8; 16], u64>,
) -> Result<(), Finding> {
    let total = coin_total(summary, &row.coin, line)?;
    let [signed, unproven, failed] = &mut total.rows;
    match row.status {
        Status::Signed => *signed += 1,
        Status::Unproven => *unproven += 1,
        Status::Failed => *failed += 1,
    }
    if let Some(amount) = &row.amount {
        total.sum = total.sum.plus(amount);
        if row.status == Status::Signed {
            total.signed = total.signed.plus(amount);
        }
    }
    let first = total.height.get_or_insert_with(|| row.height.clone()).clone();
    if first != row.height {
        let detail = format!("{} has rows of height {first} and {}", row.coin, row.height);
        summary.find(&codes::LIST_HEIGHTS, detail, Some(line.place_all()));
    }
    match &mut summary.message {
        None => summary.message = Some((row.message.clone(), true)),
        Some((first, all)) => *all &= *first == row.message,
    }
    let mut key = [0; 16];
    let digest = sha256(format!("{}\0{}", row.coin, row.address.to_ascii_lowercase()).as_bytes()).to_bytes();
    key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    if let Some(before) = seen.insert(key, row.line) {
        let detail = format!("{} stands for {} in line {before}, too", row.address, row.coin);
        summary.find(&codes::LIST_DUPLICATE, detail, Some(line.place_all()));
    }
    if seen.len() > ROWS_MAX {
        let detail = format!("more than {ROWS_MAX} rows");
        return Err(Finding { code: &codes::FOREIGN_TOO_LARGE, detail, place: Some(line.place_all()) });
    }
    Ok(())
}

/// What can be said when all rows are read: totals, heights, the message.
fn conclude(question: &Question<'_>, summary: &mut Summary) {
    let coins: Vec<(String, CoinTotal)> =
        summary.coins.iter().map(|(name, total)| (name.clone(), total.clone())).collect();
    for (name, total) in &coins {
        let asset = name.strip_suffix("(ALL)");
        let sum = asset.map_or_else(|| total.sum.clone(), |asset| sum_of(&coins, asset));
        match &total.stated {
            Some(stated) if *stated != sum => {
                let detail = format!("{name}: the total is {stated}, the rows give {sum}");
                summary.find(&codes::LIST_TOTALS, detail, None);
            }
            Some(_) => {}
            None => {
                let detail = format!("{name} has rows and no total");
                summary.find(&codes::LIST_UNLISTED, detail, None);
            }
        }
        let differ =
            total.stated.is_some() && total.height.as_ref().is_some_and(|height| *height != total.stated_height);
        if differ {
            let height = total.height.clone().unwrap_or_default();
            let detail = format!("{name}: the total is of height {}, rows are of {height}", total.stated_height);
            summary.find(&codes::LIST_HEIGHTS, detail, None);
        }
    }
    if question.message.is_none() {
        let (message, all) = summary.message.clone().unwrap_or_default();
        let which = if all { "every row has the message" } else { "messages of the list's own choice, the first is" };
        let message: String = message.chars().take(80).collect();
        summary.find(&codes::LIST_REPLAYABLE, format!("{which} {message:?}"), None);
    }
}

/// The rows of all coins that are this asset.
fn sum_of(coins: &[(String, CoinTotal)], asset: &str) -> Decimal {
    let of_asset = coins.iter().filter(|(name, _)| coin(name).is_some_and(|coin| coin.asset == asset));
    of_asset.fold(Decimal::zero(), |sum, (_, total)| sum.plus(&total.sum))
}

#[cfg(test)]
mod tests;
