//! The window of one deployment: its figures, the curve, the flows.

use askama::Template;

use super::asset::Fact;
use super::{HtmlError, counted, together};
use crate::amount::Amount;
use crate::reconcile::window::{AddressWindow, BlockRange, Direction, Flow, Point, RoundTrip, WindowReport};
use crate::reconcile::{AssetReport, percent};
use crate::report::plot::{CoveragePlot, FlowsPlot, Size, Stretch, Unit, lowest, number, share, stretches};

/// Rows of the table under a curve.
const CURVE_ROWS: u64 = 40;
/// Flows in the table: the largest.
const FLOW_ROWS: usize = 40;
/// Round trips that are joined in the plot: those around the snapshot first, then the largest.
const TRIPS_DRAWN: usize = 6;
/// Round trips in the table.
const TRIP_ROWS: usize = 40;
/// Addresses that are told: those that fell furthest below their balance at the snapshot.
const ADDRESSES: usize = 8;
/// Counterparties of a flow that are written out.
const PARTIES: usize = 3;

struct CurveRow {
    blocks: String,
    cells: Vec<String>,
}

struct FlowRow<'a> {
    block: String,
    direction: &'static str,
    amount: String,
    parties: Vec<&'a str>,
    more_parties: usize,
    txid: &'a str,
}

struct TripRow<'a> {
    number: usize,
    trip: &'a RoundTrip,
    into: String,
    in_at: String,
    out: String,
    out_at: String,
    explained: String,
}

struct DipRow<'a> {
    block: String,
    amount: String,
    txids: &'a [String],
}

struct AddressRow<'a> {
    address: &'a str,
    minimum: String,
    minimum_at: String,
    snapshot: String,
}

/// The window in words, and drawn when there is room.
#[derive(Template)]
#[template(path = "html/window.html")]
pub(super) struct Window<'a> {
    report: &'a WindowReport,
    facts: Vec<Fact>,
    drawn: bool,
    curve: Vec<String>,
    curve_words: String,
    curve_columns: Vec<&'static str>,
    curve_rows: Vec<CurveRow>,
    flows: Vec<String>,
    flow_words: String,
    flow_rows: Vec<FlowRow<'a>>,
    flows_left_out: Option<String>,
    trip_rows: Vec<TripRow<'a>>,
    trips_left_out: Option<String>,
    dip_rows: Vec<DipRow<'a>>,
    address_rows: Vec<AddressRow<'a>>,
    addresses_left_out: Option<String>,
}

impl<'a> Window<'a> {
    /// `id` begins the names of its parts in the page.
    pub(super) fn new(asset: &AssetReport, report: &'a WindowReport, id: &str, drawn: bool) -> Result<Self, HtmlError> {
        let view = View { asset, report };
        let unit = view.unit();
        let (curve, (flows, flow_words)) = match drawn {
            true => (view.curve(id, unit)?, view.flows(id)?),
            false => (Vec::new(), (Vec::new(), String::new())),
        };
        let rows = stretches(&report.curve, report.measured.to, CURVE_ROWS);
        let (curve_columns, curve_rows) = view.curve_table(&rows, unit);
        let (flow_rows, flows_more) = view.flow_rows();
        let (address_rows, addresses_more) = view.address_rows();
        let trips_more = report.round_trips.len().saturating_sub(TRIP_ROWS);
        Ok(Self {
            report,
            facts: view.facts(),
            drawn,
            curve,
            curve_words: view.curve_words(unit),
            curve_columns,
            curve_rows,
            flows,
            flow_words,
            flow_rows,
            flows_left_out: left_out(flows_more, "smaller flow"),
            trip_rows: view.trip_rows(),
            trips_left_out: left_out(trips_more, "round trip"),
            dip_rows: view.dip_rows(),
            address_rows,
            addresses_left_out: (addresses_more > 0)
                .then(|| format!("{} more in the JSON fell less.", number(addresses_more as u64))),
        })
    }
}

fn left_out(count: usize, word: &str) -> Option<String> {
    (count > 0).then(|| format!("{} more in the JSON.", counted(count, word)))
}

struct View<'r, 'a> {
    asset: &'r AssetReport,
    report: &'a WindowReport,
}

impl<'a> View<'_, 'a> {
    fn amount(&self, amount: Amount) -> String {
        together(&amount.to_readable(self.report.decimals))
    }

    fn unit(&self) -> Unit {
        let owed = self.asset.owed.as_ref().filter(|owed| !owed.total.is_zero());
        let fits = |owed: Amount| {
            let highest = (self.report.maximum, self.report.decimals);
            share(highest, (owed, self.asset.decimals)).is_some()
        };
        match owed.filter(|owed| fits(owed.total)) {
            Some(owed) => Unit::Owed(owed.total, self.asset.decimals),
            None => Unit::Amounts,
        }
    }

    fn of_owed(&self, amount: Amount, unit: Unit) -> Option<String> {
        let Unit::Owed(owed, decimals) = unit else { return None };
        share((amount, self.report.decimals), (owed, decimals)).map(crate::report::plot::percent)
    }

    fn curve(&self, id: &str, unit: Unit) -> Result<Vec<String>, HtmlError> {
        let report = self.report;
        let what = match unit {
            Unit::Owed(..) => "as a share of what is owed",
            Unit::Amounts => "in units of the asset",
        };
        let at = |amount: Amount| self.of_owed(amount, unit).unwrap_or_else(|| self.amount(amount));
        let snapshot = report.snapshot.map_or_else(|| "not in the window".to_owned(), at);
        let plot = CoveragePlot {
            id: format!("{id}-curve"),
            title: format!("{}: balance over the window, {what}", self.asset.asset),
            desc: format!(
                "Blocks {} to {}. Lowest {} at block {}, highest {} at block {}, at the snapshot, block {}: {snapshot}.",
                report.asked.from,
                report.asked.to,
                at(report.minimum),
                report.minimum_at,
                at(report.maximum),
                report.maximum_at,
                report.snapshot_height,
            ),
            range: report.asked,
            points: &report.curve,
            firm: self.firm(),
            decimals: report.decimals,
            unit,
            gaps: &report.gaps,
            snapshot: (report.snapshot_height, report.snapshot),
            minimum: (report.minimum_at, report.minimum),
            closing: report.closing,
        };
        Ok(Size::BOTH.into_iter().map(|size| plot.draw(size)).collect::<Result<_, _>>()?)
    }

    /// The curve without coins that came and went, where it is another one.
    fn firm(&self) -> &'a [Point] {
        if self.report.without_trips == self.report.curve { &[] } else { &self.report.without_trips }
    }

    fn curve_words(&self, unit: Unit) -> String {
        let mut words = match unit {
            Unit::Owed(..) => "The balance of the counted addresses after every block, as a share of what is owed at \
                the cut-off; the heavy line is 100\u{a0}%."
                .to_owned(),
            Unit::Amounts => {
                "The balance of the counted addresses after every block. Nothing is owed in this asset, or \
                nobody says how much: there is no 100\u{a0}% to draw."
                    .to_owned()
            }
        };
        if !self.firm().is_empty() {
            words.push_str(" Dashed: the same without coins that came and went, which is what coverage is judged by.");
        }
        if !self.report.exact {
            words.push_str(" At least so much was held: not every block is known exactly.");
        }
        if self.asset.windows.len() > 1 {
            words.push_str(
                " The asset lives on several chains, and this is one of them: coverage is made of all of them \
                 together.",
            );
        }
        if !self.report.gaps.is_empty() {
            words.push_str(" Hatched: blocks without evidence, where the line shows nothing.");
        }
        if self.report.closing.is_some_and(|closing| closing > self.report.snapshot_height) {
            words.push_str(" Dotted: the block at which what was signed for must still be there.");
        }
        words
    }

    fn curve_table(&self, rows: &[Stretch], unit: Unit) -> (Vec<&'static str>, Vec<CurveRow>) {
        let flat = rows.iter().all(|row| row.low == row.high);
        let mut columns = if flat { vec!["Balance"] } else { vec!["Lowest", "Highest", "At the end"] };
        if matches!(unit, Unit::Owed(..)) {
            columns.push(if flat { "Of what is owed" } else { "Lowest of what is owed" });
        }
        let firm = self.firm();
        if !firm.is_empty() {
            columns.push("Lowest without what came and went");
        }
        let row = |row: &Stretch| {
            let mut cells = vec![self.amount(row.low)];
            if !flat {
                cells.extend([self.amount(row.high), self.amount(row.last)]);
            }
            cells.extend(self.of_owed(row.low, unit));
            if !firm.is_empty() {
                cells.push(lowest(firm, (row.from, row.to)).map_or_else(|| "–".to_owned(), |low| self.amount(low)));
            }
            let blocks = match row.from == row.to {
                true => number(row.from),
                false => format!("{} to {}", number(row.from), number(row.to)),
            };
            CurveRow { blocks, cells }
        };
        (columns, rows.iter().map(row).collect())
    }

    /// The trips that are drawn, by their numbers in the table: those around the snapshot first, then the largest.
    fn drawn_trips(&self) -> Vec<(usize, &'a RoundTrip)> {
        let mut trips: Vec<(usize, &RoundTrip)> = (1..).zip(&self.report.round_trips).collect();
        trips.sort_by_key(|(number, trip)| (!trip.around_snapshot, std::cmp::Reverse(trip.amount_in), *number));
        trips.truncate(TRIPS_DRAWN);
        trips
    }

    /// The blocks whose flows are drawn: the snapshot and the trips with as much again on both sides; without trips,
    /// the whole window.
    fn flow_range(&self, trips: &[(usize, &RoundTrip)]) -> BlockRange {
        let BlockRange { from: first, to: last } = self.report.asked;
        let ends = trips.iter().flat_map(|(_, trip)| [trip.in_at, trip.out_at]);
        let ends = ends.chain([self.report.snapshot_height.clamp(first, last)]);
        let (from, to) = ends.fold((u64::MAX, 0), |(low, high), height| (low.min(height), high.max(height)));
        if trips.is_empty() || from > to {
            return self.report.asked;
        }
        let margin = (to - from).max(8) / 2;
        BlockRange { from: from.saturating_sub(margin).max(first), to: to.saturating_add(margin).min(last) }
    }

    fn flows(&self, id: &str) -> Result<(Vec<String>, String), HtmlError> {
        let report = self.report;
        let trips = self.drawn_trips();
        let range = self.flow_range(&trips);
        let drawn = report.flows.iter().filter(|flow| (range.from..=range.to).contains(&flow.height)).count();
        if report.flows.is_empty() {
            return Ok((Vec::new(), String::new()));
        }
        let mut words = "Flows that the policy wants told: in above the line, solid; out below it, striped.".to_owned();
        words.push_str(match trips.is_empty() {
            true => " No round trip was found.",
            false => " A numbered line joins coins that came from somebody and went back there.",
        });
        if drawn < report.flows.len() {
            let outside = counted(report.flows.len() - drawn, "flow");
            words.push_str(&format!(" {outside} outside of these blocks: see the table."));
        }
        let sum = |direction: Direction| report.flows.iter().filter(|flow| flow.direction == direction).count();
        let plot = FlowsPlot {
            id: format!("{id}-flows"),
            title: format!("{}: flows in and out around the snapshot", self.asset.asset),
            desc: format!(
                "{} in and {} out in the window, drawn between blocks {} and {}; {}.",
                counted(sum(Direction::In), "flow"),
                counted(sum(Direction::Out), "flow"),
                range.from,
                range.to,
                counted(report.round_trips.len(), "round trip"),
            ),
            range,
            snapshot: report.snapshot_height,
            flows: &report.flows,
            trips: &trips,
            decimals: report.decimals,
        };
        let plots: Result<Vec<String>, askama::Error> = Size::BOTH.into_iter().map(|size| plot.draw(size)).collect();
        Ok((plots?, words))
    }

    fn flow_rows(&self) -> (Vec<FlowRow<'a>>, usize) {
        let mut largest: Vec<&Flow> = self.report.flows.iter().collect();
        largest.sort_by_key(|flow| (std::cmp::Reverse(flow.amount), flow.height));
        largest.truncate(FLOW_ROWS);
        largest.sort_by_key(|flow| flow.height);
        let more = self.report.flows.len() - largest.len();
        let row = |flow: &'a Flow| FlowRow {
            block: number(flow.height),
            direction: match flow.direction {
                Direction::In => "in",
                Direction::Out => "out",
            },
            amount: self.amount(flow.amount),
            parties: flow.counterparties.iter().take(PARTIES).map(|party| party.name.as_str()).collect(),
            more_parties: flow.counterparties.len().saturating_sub(PARTIES),
            txid: &flow.txid,
        };
        (largest.into_iter().map(row).collect(), more)
    }

    fn trip_rows(&self) -> Vec<TripRow<'a>> {
        let row = |(number, trip): (usize, &'a RoundTrip)| TripRow {
            number,
            trip,
            into: self.amount(trip.amount_in),
            in_at: super::super::plot::number(trip.in_at),
            out: self.amount(trip.amount_out),
            out_at: super::super::plot::number(trip.out_at),
            explained: match (trip.explained, trip.explained_bound.is_zero(), trip.explained_stated.is_zero()) {
                (true, ..) => "yes".to_owned(),
                (_, true, true) => "no".to_owned(),
                (_, false, _) => format!("{} of it", self.amount(trip.explained_bound)),
                (_, true, false) => format!("{} stated", self.amount(trip.explained_stated)),
            },
        };
        (1..).zip(&self.report.round_trips).take(TRIP_ROWS).map(row).collect()
    }

    fn dip_rows(&self) -> Vec<DipRow<'a>> {
        let dips = self.report.dips.iter();
        dips.map(|dip| DipRow { block: number(dip.height), amount: self.amount(dip.amount), txids: &dip.txids })
            .collect()
    }

    /// Addresses that held less in the window than at the snapshot, and how many of them are left out.
    fn address_rows(&self) -> (Vec<AddressRow<'a>>, usize) {
        let fell = |address: &'a AddressWindow| {
            let fell = address.snapshot?.checked_sub(address.minimum).filter(|fell| !fell.is_zero())?;
            Some((std::cmp::Reverse(fell), address))
        };
        let mut fallen: Vec<_> = self.report.addresses.iter().filter_map(fell).collect();
        fallen.sort_by(|left, right| (left.0, &left.1.address).cmp(&(right.0, &right.1.address)));
        let more = fallen.len().saturating_sub(ADDRESSES);
        let row = |(_, address): (_, &'a AddressWindow)| AddressRow {
            address: &address.address,
            minimum: self.amount(address.minimum),
            minimum_at: number(address.minimum_at),
            snapshot: address.snapshot.map_or_else(|| "–".to_owned(), |amount| self.amount(amount)),
        };
        (fallen.into_iter().take(ADDRESSES).map(row).collect(), more)
    }

    fn facts(&self) -> Vec<Fact> {
        let report = self.report;
        let amount = |amount: Amount| self.amount(amount);
        let units = |blocks: u64| Amount::from_base_units(blocks.into());
        let block = |height: u64| format!("block\u{a0}{}", together(&number(height)));
        let mut facts = Vec::new();
        let mut push = |name, value| facts.push(Fact { name, value });
        push("Blocks", format!("{} to {}", number(report.asked.from), number(report.asked.to)));
        let seen = percent(units(report.covered), units(report.blocks));
        push(
            "Evidence",
            format!(
                "{} of {} blocks ({})",
                number(report.covered),
                number(report.blocks),
                seen.as_deref().map_or_else(|| "–".to_owned(), together),
            ),
        );
        push("Movements", report.authenticity.to_string());
        push("Completeness", report.completeness.to_string());
        push("Lowest", format!("{} at {}", amount(report.minimum), block(report.minimum_at)));
        push("Highest", format!("{} at {}", amount(report.maximum), block(report.maximum_at)));
        push("Median", amount(report.median));
        push("Mean over time", report.mean.map_or_else(|| "–".to_owned(), amount));
        let at_cutoff = report.snapshot.map_or_else(|| "not in the window".to_owned(), amount);
        push("At the snapshot", format!("{at_cutoff}, {}", block(report.snapshot_height)));
        if let Some(ratio) = &report.dressing_ratio {
            push("Dressing ratio", format!("{}, (snapshot − median) / snapshot", together(ratio)));
        }
        if let Some(younger) = &report.younger {
            push("In young coins", format!("{}, made since {}", together(younger), block(report.measured.from)));
        }
        facts
    }
}
