//! Several venues as one page of HTML.

use askama::Template;

use super::frame::{Frame, whole};
use super::{HtmlError, Lines, Section, capital, class, together};
use crate::reconcile::network::fraction::{decimal, percent, zero};
use crate::reconcile::network::{AssetNetwork, Exact, Fraction, NetworkFinding, NetworkReport, Side};
use crate::report::plot::{EdgeMark, NetworkPlot, NodeMark, Size};

const STYLE: &str = concat!(include_str!("style.css"), include_str!("network.css"));

/// What every report of this kind says first.
const NOT_THIS: [&str; 3] = [
    "It is no opinion and gives no assurance. It computes what follows from the bundles and the policies named below; whoever has them gets the same bytes.",
    "A deposit at another venue is not money that is there. It counts when it is proved in the other’s tree, and for what the other can pay.",
    "Clearing is arithmetic on one moment, with all creditors alike. Courts and contracts may decide otherwise.",
];

const COLUMNS: [&str; 7] = ["Reserves", "Deposits", "Owed", "Gross", "Netted", "Cleared", "Customers get"];
const PAYMENTS: [&str; 5] = ["Owes", "Pays", "Rounded down", "At the least", "Wave of defaults"];

#[derive(Template)]
#[template(path = "html/network.html")]
struct NetworkPage<'a> {
    report: &'a NetworkReport,
    frame: Frame,
}

/// A row of any table: its name, and its cells with the names of their columns.
struct Row {
    name: String,
    cells: Vec<(&'static str, String)>,
}

struct One<'a> {
    number: usize,
    asset: &'a AssetNetwork,
    class: &'static str,
    sentence: String,
    plots: Vec<String>,
    rows: Vec<Row>,
    payments: Vec<Row>,
}

#[derive(Template)]
#[template(path = "html/network_assets.html")]
struct EachAsset<'a> {
    assets: Vec<One<'a>>,
    columns: &'static [&'static str],
    payment_columns: &'static [&'static str],
}

#[derive(Template)]
#[template(path = "html/network_parts.html")]
struct Parts {
    caption: &'static str,
    empty: &'static str,
    first: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "html/network_findings.html")]
struct Findings<'a> {
    findings: &'a [NetworkFinding],
}

/// The page: the same report is the same bytes.
///
/// # Errors
/// [`HtmlError`], which no report causes.
pub fn network_html(report: &NetworkReport) -> Result<String, HtmlError> {
    let assets = report.assets.iter().enumerate().map(|(at, asset)| one(at + 1, asset, report));
    let each = EachAsset { assets: assets.collect::<Result<_, _>>()?, columns: &COLUMNS, payment_columns: &PAYMENTS };
    let sections = vec![
        Section::new("not-this", "What this is not", &Lines { lines: &NOT_THIS })?,
        Section::new("assets", "Asset by asset", &each)?,
        Section::new("deposits", "Deposits at each other", &deposits(report))?,
        Section::new("venues", "Venues", &venues(report))?,
        Section::new("findings", "Findings", &Findings { findings: &report.findings })?,
        Section::new("not-shown", "What this report does not show", &Lines { lines: &report.not_shown })?,
    ];
    let verdict = (capital(report.verdict), class(report.verdict));
    let frame = Frame::new(STYLE, &report.tool, verdict, together(&report.headline), sections);
    whole(&NetworkPage { report, frame })
}

fn row(name: String, columns: &[&'static str], cells: Vec<String>) -> Row {
    Row { name, cells: columns.iter().copied().zip(cells).collect() }
}

fn dash(share: Option<String>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| together(&share))
}

fn one<'a>(number: usize, asset: &'a AssetNetwork, report: &NetworkReport) -> Result<One<'a>, HtmlError> {
    let text = |amount: &Exact| together(&decimal(&amount.0, asset.decimals));
    let side = |side: &Side| dash(percent(&side.assets.0, &side.owed.0));
    let mut rows: Vec<Row> = Vec::new();
    for venue in &asset.venues {
        let cells = vec![
            text(&venue.outside),
            text(&venue.deposits),
            text(&venue.gross.owed),
            side(&venue.gross),
            side(&venue.netted),
            dash(venue.cleared.share.clone()),
            text(&venue.cleared.customers_get),
        ];
        rows.push(row(venue.venue.to_string(), &COLUMNS, cells));
    }
    let sums = &asset.sums;
    let cells = vec![
        text(&sums.outside),
        text(&sums.between),
        text(&sums.gross_owed),
        dash(percent(&sums.gross_assets.0, &sums.gross_owed.0)),
        dash(sums.coverage.clone()),
        dash(percent(&sums.customers_get.0, &sums.customers.0)),
        text(&sums.customers_get),
    ];
    rows.push(row("together".to_owned(), &COLUMNS, cells));
    let payment = |venue: &crate::reconcile::network::VenueFigures| {
        let wave = if venue.cleared.wave == 0 { "–".to_owned() } else { venue.cleared.wave.to_string() };
        let (pays, least) = (&venue.cleared.pays, &venue.cleared.pays_least);
        let cells = vec![text(&venue.gross.owed), pays.0.to_string(), text(pays), least.0.to_string(), wave];
        row(venue.venue.to_string(), &PAYMENTS, cells)
    };
    Ok(One {
        number,
        asset,
        class: class(asset.verdict),
        sentence: together(&asset.sentence),
        plots: plots(number, asset, report)?,
        rows,
        payments: asset.venues.iter().map(payment).collect(),
    })
}

fn plots(number: usize, asset: &AssetNetwork, report: &NetworkReport) -> Result<Vec<String>, HtmlError> {
    let mark = |venue: &crate::reconcile::network::VenueFigures| {
        let share = venue.cleared.share.clone().unwrap_or_else(|| "all".to_owned());
        let words = match venue.cleared.wave {
            0 => "pays in full".to_owned(),
            wave => format!("pays {share} of what it owes; wave {wave} of defaults"),
        };
        NodeMark { name: venue.venue.to_string(), words, stands: venue.cleared.wave == 0 }
    };
    let venues: Vec<NodeMark> = asset.venues.iter().map(mark).collect();
    let place = |name: &crate::snapshot::VenueId| asset.venues.iter().position(|venue| venue.venue == *name);
    let mut debts: Vec<(usize, usize, Fraction)> = Vec::new();
    for deposit in report.deposits.iter().filter(|deposit| deposit.asset == asset.asset) {
        let (Some(from), Some(to)) = (place(&deposit.debtor), place(&deposit.depositor)) else { continue };
        match debts.iter_mut().find(|(debtor, creditor, _)| (*debtor, *creditor) == (from, to)) {
            Some((_, _, amount)) => *amount += &deposit.amount.0,
            None => debts.push((from, to, deposit.amount.0.clone())),
        }
    }
    let most = debts.iter().map(|(_, _, amount)| amount.clone()).max().unwrap_or_else(zero);
    let weight = |amount: &Fraction| {
        let share = if most == zero() { zero() } else { amount / &most };
        u64::try_from((share * num_bigint::BigInt::from(100_u8)).to_integer()).unwrap_or(1)
    };
    let edge =
        |(from, to, amount): &(usize, usize, Fraction)| EdgeMark { from: *from, to: *to, weight: weight(amount) };
    let edges: Vec<EdgeMark> = debts.iter().map(edge).collect();
    let title = format!("Who owes whom, {}", asset.asset);
    let words: Vec<String> = venues.iter().map(|venue| format!("{} {}", venue.name, venue.words)).collect();
    let desc = format!("{} venues, {} debts between them. {}.", venues.len(), edges.len(), words.join(". "));
    let id = format!("graph-{number}");
    let plot = |size| Ok(NetworkPlot::new(&id, &title, &desc, (&venues, &edges), size).render()?);
    Size::BOTH.into_iter().map(plot).collect()
}

fn deposits(report: &NetworkReport) -> Parts {
    let columns = vec!["At", "Asset", "Class and leaves", "Amount", "Counts at most", "Folder"];
    let one = |deposit: &crate::reconcile::network::DepositRow| {
        let decimals = report.assets.iter().find(|asset| asset.asset == deposit.asset).map(|asset| asset.decimals);
        let text = |amount: &Exact| together(&decimal(&amount.0, decimals.unwrap_or(crate::amount::Decimals::ZERO)));
        let cells = vec![
            deposit.debtor.to_string(),
            deposit.asset.to_string(),
            format!("{}, {}", deposit.class, deposit.indices.join(" ")),
            text(&deposit.amount),
            text(&deposit.at_most),
            deposit.name.clone(),
        ];
        row(deposit.depositor.to_string(), &columns, cells)
    };
    Parts {
        caption: "Deposits that are proved in the debtor’s tree under the depositor’s key",
        empty: "No deposit of one of these venues at another is proved.",
        first: "Depositor",
        rows: report.deposits.iter().map(one).collect(),
        columns,
    }
}

fn venues(report: &NetworkReport) -> Parts {
    let columns = vec!["Legal entity", "Alone", "Bundle", "Statement", "Policy"];
    let one = |venue: &crate::reconcile::network::VenueSummary| {
        let cells = vec![
            venue.legal_entity.clone(),
            format!("{}, {} findings", venue.own_verdict, venue.own_findings),
            venue.bundle.to_string(),
            format!("{}: {}", venue.sequence, venue.statement),
            venue.policy.to_string(),
        ];
        row(venue.venue.to_string(), &columns, cells)
    };
    let mut rows: Vec<Row> = report.venues.iter().map(one).collect();
    let none = |venue: &crate::snapshot::VenueId| row(venue.to_string(), &columns, vec!["no bundle".to_owned()]);
    rows.extend(report.absent.iter().map(none));
    Parts { caption: "The venues, each under its own policy", empty: "", first: "Venue", columns, rows }
}
