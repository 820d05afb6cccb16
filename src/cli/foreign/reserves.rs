//! `foreign reserves`: a published list of addresses with signatures.

use std::collections::HashSet;
use std::io::{BufReader, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::error::{CliError, Failure};
use crate::cli::files::{NewFile, Readers};
use crate::cli::wording::counted;
use crate::cli::{Outcome, bars, files, interrupt, say, say_exactly};
use crate::code::Code;
use crate::foreign::reserves::{Finding, Question, Row, Status, Stop, Summary, read};
use crate::hash::sha256;
use crate::ledger::Place;
use crate::liability::FAULTS_KEPT;
use crate::report::wrap;

/// Check a published list of addresses with signatures, such as `coin,Network,Snapshot Height,address,amount,…`.
///
/// Every signature is checked under the digest that the layout uses. A row that cannot be checked is unproven, never
/// passed. Amounts are stated by the list; nothing here looks at a chain.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The list
    list: PathBuf,
    /// The line that must have been signed, from you; without it every signature may be an old one
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// Where to write the totals and findings as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where to write every row with its result as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Where to write the addresses for `challenge addresses`: those on chains that `fetch` knows, each once
    #[arg(long, value_name = "FILE", requires_all = ["role", "issuer"])]
    addresses_out: Option<PathBuf>,
    /// What these addresses are for, which the list does not say: hot, warm, cold, custodian, deposit, internal
    #[arg(long, value_name = "ROLE", value_parser = ["hot", "warm", "cold", "custodian", "deposit", "internal"])]
    role: Option<String>,
    /// How the venue is related to the issuer of what lies there: none, self, affiliate
    #[arg(long, value_name = "RELATION", value_parser = ["none", "self", "affiliate"])]
    issuer: Option<String>,
    /// Replace the outputs if they exist
    #[arg(long)]
    force: bool,
}

/// What stands behind each row that is written.
const BASIS: &str = "stated";
/// Columns of the table of rows.
const COLUMNS: [&str; 12] =
    ["line", "coin", "network", "height", "address", "amount", "basis", "status", "grade", "scheme", "code", "reason"];

/// The outputs that grow with the list.
struct Outputs<'a> {
    args: &'a Args,
    table: Option<csv::Writer<NewFile>>,
    addresses: Option<csv::Writer<NewFile>>,
    written: HashSet<[u8; 32]>,
    /// The first rows that are not signed.
    unsigned: Vec<(&'static Code, String, Option<Place>)>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let file = files::open(&args.list)?;
    let to_file = args.json.as_ref().filter(|path| path.as_os_str() != "-");
    if let Some(path) = to_file {
        files::check_free(path, args.force)?;
    }
    let mut outputs = Outputs::begin(args)?;
    let bar = bars::bytes(file.metadata().map_or(0, |metadata| metadata.len()));
    let source = args.list.display().to_string();
    let question = Question { message: args.message.as_deref() };
    let buffered = BufReader::with_capacity(1 << 20, file);
    let read = read(&source, buffered, &question, &mut |row| outputs.row(row), &mut |bytes| bar.inc(bytes));
    bar.finish_and_clear();
    let summary = read.map_err(|stop| match stop {
        Stop::List(finding) => Failure::placed([placed(finding, &source)]),
        Stop::Taker(failure) => failure,
    })?;
    let (unsigned, addresses) = outputs.end()?;
    match (&args.json, to_file) {
        (_, Some(path)) => files::write(path, json(&summary).as_bytes(), Readers::All, args.force)?,
        (Some(_), None) => say_exactly(&json(&summary)),
        (None, None) => {}
    }
    if args.json.as_ref().is_none_or(|path| path.as_os_str() != "-") {
        print(&summary);
    }
    if let (Some(count), Some(path)) = (addresses, &args.addresses_out) {
        say(wrap(&format!(
            "{} written to {}: a claim, whatever was signed. `challenge addresses` makes the set, `fetch` \
             shows what lies there; without signatures over its challenge `reconcile` counts none of it.",
            counted(count, "address", "addresses"),
            path.display()
        )));
    }
    let faults: Vec<_> = summary.findings.into_iter().map(|finding| placed(finding, &source)).chain(unsigned).collect();
    if faults.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::placed(faults)) }
}

fn placed(finding: Finding, source: &str) -> (&'static Code, String, Option<Place>) {
    let detail = if finding.place.is_some() { finding.detail } else { format!("{source}: {}", finding.detail) };
    (finding.code, detail, finding.place)
}

impl<'a> Outputs<'a> {
    fn begin(args: &'a Args) -> Result<Self, Failure> {
        let new = |path: &Option<PathBuf>, columns: &[&str]| {
            let Some(path) = path else { return Ok::<_, Failure>(None) };
            let mut writer = csv::Writer::from_writer(NewFile::create(path, Readers::All, args.force)?);
            writer.write_record(columns).map_err(|error| unwritable(path, &error))?;
            Ok(Some(writer))
        };
        Ok(Self {
            args,
            table: new(&args.csv, &COLUMNS)?,
            addresses: new(&args.addresses_out, &["chain", "role", "issuer", "address"])?,
            written: HashSet::new(),
            unsigned: Vec::new(),
        })
    }

    fn row(&mut self, row: &Row) -> Result<(), Failure> {
        if let Some(reason) = row.reason.as_ref().filter(|_| self.unsigned.len() <= FAULTS_KEPT) {
            self.unsigned.push((reason.code, reason.detail.clone(), Some(reason.place.clone())));
        }
        if let (Some(table), Some(path)) = (&mut self.table, &self.args.csv) {
            let amount = row.amount.as_ref().map(ToString::to_string).unwrap_or_default();
            let (code, reason) =
                row.reason.as_ref().map(|reason| (reason.code.to_string(), reason.detail.clone())).unwrap_or_default();
            let grade = row.grade.map_or("", |grade| grade.text());
            let record = [
                &row.line.to_string(),
                &row.coin,
                &row.network,
                &row.height,
                &row.address,
                &amount,
                BASIS,
                row.status.text(),
                grade,
                row.scheme.unwrap_or_default(),
                &code,
                &reason,
            ];
            table.write_record(record.map(harmless)).map_err(|error| unwritable(path, &error))?;
        }
        self.address(row)
    }

    fn address(&mut self, row: &Row) -> Result<(), Failure> {
        let (Some(list), Some(path)) = (&mut self.addresses, &self.args.addresses_out) else { return Ok(()) };
        let Some(chain) = row.known.and_then(|coin| coin.chain.as_ref()) else { return Ok(()) };
        let is_evm = chain.namespace() == "eip155";
        let address = if is_evm { row.address.to_ascii_lowercase() } else { row.address.clone() };
        let plain = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let key = sha256(format!("{chain}\0{address}").as_bytes()).to_bytes();
        if !plain || !self.written.insert(key) {
            return Ok(());
        }
        let role = self.args.role.as_deref().unwrap_or_default();
        let issuer = self.args.issuer.as_deref().unwrap_or_default();
        let written = list.write_record([chain.as_str(), role, issuer, &address]);
        written.map_err(|error| unwritable(path, &error))
    }

    /// Puts the outputs in their places, and gives the rows that are not signed and the number of addresses.
    #[allow(clippy::type_complexity, reason = "the two parts of what was gathered")]
    fn end(self) -> Result<(Vec<(&'static Code, String, Option<Place>)>, Option<usize>), Failure> {
        let count = self.addresses.is_some().then_some(self.written.len());
        let finish = |writer: Option<csv::Writer<NewFile>>, path: &Option<PathBuf>| {
            let (Some(writer), Some(path)) = (writer, path) else { return Ok::<_, Failure>(None) };
            let mut file = writer.into_inner().map_err(|error| unwritable(path, &error.error()))?;
            file.flush().map_err(|error| unwritable(path, &error))?;
            Ok(Some(file))
        };
        let files = [finish(self.table, &self.args.csv)?, finish(self.addresses, &self.args.addresses_out)?];
        interrupt::whole(|| files.into_iter().flatten().try_for_each(NewFile::place))?;
        Ok((self.unsigned, count))
    }
}

fn unwritable(path: &std::path::Path, error: &dyn std::fmt::Display) -> Failure {
    CliError::OutputUnwritable { path: path.to_owned(), detail: error.to_string() }.into()
}

/// Spreadsheets run texts that begin like formulas; a text of others is none.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn print(summary: &Summary) {
    let [signed, unproven, failed] = summary.rows();
    say(format!("Rows      {} signed, {unproven} unproven, {failed} failed", signed));
    let (message, all) = summary.message.clone().unwrap_or_default();
    let message: String = message.chars().take(80).collect();
    say(format!("Message   {message:?}{}", if all { ", the same in every row" } else { ", and others" }));
    say("Amounts   stated by the list; nothing was looked up\n");
    let mut rows = vec![["Coin", "Stated total", "Sum of rows", "Of it signed", "Rows"].map(str::to_owned)];
    for (name, coin) in &summary.coins {
        let stated = coin.stated.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let count: u64 = coin.rows.iter().sum();
        rows.push([name.clone(), stated, coin.sum.to_string(), coin.signed.to_string(), count.to_string()]);
    }
    let width =
        |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|text| text.chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    for [name, stated, sum, signed, count] in &rows {
        let [first, second, third, fourth, fifth] = widths;
        say(format!("{name:<first$}  {stated:>second$}  {sum:>third$}  {signed:>fourth$}  {count:>fifth$}"));
    }
    if summary.more_findings > 0 {
        say(format!("\n{} further findings are not listed", summary.more_findings));
    }
}

fn json(summary: &Summary) -> String {
    let coin = |(name, coin): (&String, &crate::foreign::reserves::CoinTotal)| {
        let [signed, unproven, failed] = coin.rows.map(|count| count.to_string());
        serde_json::json!({
            "coin": name,
            "stated": coin.stated.as_ref().map(ToString::to_string),
            "sum": coin.sum.to_string(),
            "signed": coin.signed.to_string(),
            "basis": BASIS,
            "rows": { "signed": signed, "unproven": unproven, "failed": failed },
        })
    };
    let finding = |finding: &Finding| {
        let line = finding.place.as_ref().map(|place| place.line.to_string());
        serde_json::json!({ "code": finding.code.to_string(), "detail": finding.detail, "line": line })
    };
    let [signed, unproven, failed] = summary.rows().map(|count| count.to_string());
    let report = serde_json::json!({
        "rows": { Status::Signed.text(): signed, Status::Unproven.text(): unproven, Status::Failed.text(): failed },
        "message": summary.message.as_ref().map(|(message, _)| message),
        "message_constant": summary.message.as_ref().map(|(_, all)| all),
        "coins": summary.coins.iter().map(coin).collect::<Vec<_>>(),
        "findings": summary.findings.iter().map(finding).collect::<Vec<_>>(),
        "further_findings": summary.more_findings.to_string(),
    });
    format!("{report:#}\n")
}
