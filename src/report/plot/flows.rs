//! Flows around the snapshot: what came in above the line, what went out below it, round trips joined.

use alloy_primitives::U256;
use askama::Template;

use super::{Label, Rect, Scale, Size, number};
use crate::amount::{Amount, Decimals};
use crate::reconcile::window::{BlockRange, Direction, Flow, RoundTrip};

/// Height of one half, in pixels.
const HALF: u64 = 96;
/// Above and below the longest bar: room for a number.
const HEAD: u64 = 24;
/// Width of a bar, and of the column whose flows are added up in it.
const BAR: u64 = 5;
/// Between the middles of two numbers.
const APART: u64 = 19;

/// What is drawn.
pub(in crate::report) struct FlowsPlot<'a> {
    /// For the names of its parts.
    pub(in crate::report) id: String,
    /// What it is, for those who do not see it.
    pub(in crate::report) title: String,
    /// What it shows, likewise.
    pub(in crate::report) desc: String,
    /// Blocks that are drawn.
    pub(in crate::report) range: BlockRange,
    /// The cut-off block.
    pub(in crate::report) snapshot: u64,
    /// What came and went.
    pub(in crate::report) flows: &'a [Flow],
    /// Which of it was the same coins, with their numbers.
    pub(in crate::report) trips: &'a [(usize, &'a RoundTrip)],
    /// Decimals of the amounts.
    pub(in crate::report) decimals: Decimals,
}

struct Arc {
    path: String,
    x: u64,
    y: u64,
    number: usize,
}

#[derive(Template)]
#[template(path = "plot/flows.svg")]
struct Svg<'a> {
    id: String,
    class: &'static str,
    width: u64,
    height: u64,
    title: &'a str,
    desc: &'a str,
    area: Rect,
    middle: u64,
    bars: Vec<(&'static str, Rect)>,
    arcs: Vec<Arc>,
    snapshot: Option<u64>,
    labels: Vec<Label>,
}

/// Sums of one column.
#[derive(Clone, Copy, Default)]
struct Column {
    x: u64,
    into: U256,
    out: U256,
}

impl FlowsPlot<'_> {
    /// The plot in one size.
    pub(in crate::report) fn draw(&self, size: Size) -> askama::Result<String> {
        let area = Rect { x: 1, y: 44, width: size.width() - 2, height: 2 * HALF };
        let middle = area.y + HALF;
        let across = Scale::blocks(self.range, area.x, area.width - BAR);
        let columns = self.columns(&across);
        let largest = columns.iter().map(|column| column.into.max(column.out)).max().unwrap_or_default();
        let up = Scale::new((U256::ZERO, largest), 0, HALF - HEAD);
        let mut bars = Vec::new();
        for column in &columns {
            for (kind, sum) in [("in", column.into), ("out", column.out)] {
                // what is not nothing can be seen
                let height = if sum.is_zero() { continue } else { up.steps(sum).max(2) };
                let y = if kind == "in" { middle - height } else { middle };
                bars.push((kind, Rect { x: column.x, y, width: BAR, height }));
            }
        }
        let inside = (self.range.from..=self.range.to).contains(&self.snapshot);
        let snapshot = inside.then(|| across.block(self.snapshot) + BAR / 2);
        Svg {
            id: format!("{}-{}", self.id, size.class()),
            class: size.class(),
            width: size.width(),
            height: area.bottom() + 44,
            title: &self.title,
            desc: &self.desc,
            area,
            middle,
            arcs: self.arcs(&across, &bars, middle, area.right()),
            bars,
            snapshot,
            labels: self.labels(snapshot, largest, area, size),
        }
        .render()
    }

    fn columns(&self, across: &Scale) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        let drawn = |flow: &&Flow| (self.range.from..=self.range.to).contains(&flow.height);
        for flow in self.flows.iter().filter(drawn) {
            let x = self.column(across, flow.height);
            let at = columns.partition_point(|column| column.x < x);
            if columns.get(at).is_none_or(|column| column.x != x) {
                columns.insert(at, Column { x, ..Column::default() });
            }
            let Some(column) = columns.get_mut(at) else { continue };
            let side = match flow.direction {
                Direction::In => &mut column.into,
                Direction::Out => &mut column.out,
            };
            *side = side.saturating_add(U256::from(flow.amount.base_units()));
        }
        columns
    }

    /// The left edge of the bar of a block.
    fn column(&self, across: &Scale, height: u64) -> u64 {
        let x = across.block(height) - across.start;
        across.start + x - x % BAR
    }

    /// A line from the end of the bar that came to the end of the one that went, with a number where it begins.
    fn arcs(&self, across: &Scale, bars: &[(&'static str, Rect)], middle: u64, right: u64) -> Vec<Arc> {
        let bar = |kind: &str, x: u64| bars.iter().find(|(found, bar)| *found == kind && bar.x == x);
        let mut arcs: Vec<Arc> = Vec::new();
        for (number, trip) in self.trips {
            let (from, to) = (self.column(across, trip.in_at), self.column(across, trip.out_at));
            let top = bar("in", from).map_or(middle, |(_, bar)| bar.y);
            let bottom = bar("out", to).map_or(middle, |(_, bar)| bar.bottom());
            let (from, to) = (from + BAR / 2, to + BAR / 2);
            let between = (from + to) / 2;
            let y = top.saturating_sub(HEAD / 2);
            let mut x = from.max(APART / 2 + 1);
            while arcs.iter().any(|arc| arc.x.abs_diff(x) < APART && arc.y.abs_diff(y) < APART) && x + APART < right {
                x += APART;
            }
            let path = format!("M{from} {top}C{between} {top} {between} {bottom} {to} {bottom}");
            arcs.push(Arc { path, x, y, number: *number });
        }
        arcs
    }

    fn labels(&self, snapshot: Option<u64>, largest: U256, area: Rect, size: Size) -> Vec<Label> {
        let most = Amount::from_base_units(u128::try_from(largest).unwrap_or(u128::MAX)).to_readable(self.decimals);
        let mut labels = vec![
            Label::start(format!("in, a full bar is {most}"), area.x, area.y - 30),
            Label::start("out".to_owned(), area.x, area.bottom() + 14),
            Label::start(format!("block {}", number(self.range.from)), area.x, area.bottom() + 38),
            Label::end(number(self.range.to), area.right(), area.bottom() + 38),
        ];
        if let Some(x) = snapshot {
            labels.push(Label::near("snapshot".to_owned(), (x, area.y - 10), (area.x, area.right()), size));
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::Basis;

    fn flow(height: u64, direction: Direction, units: u128) -> Flow {
        Flow {
            height,
            txid: String::new(),
            direction,
            amount: Amount::from_base_units(units),
            counterparties: Vec::new(),
            authenticity: Basis::Proved,
        }
    }

    fn plot<'a>(flows: &'a [Flow], trips: &'a [(usize, &'a RoundTrip)]) -> FlowsPlot<'a> {
        FlowsPlot {
            id: "p".to_owned(),
            title: "t".to_owned(),
            desc: "d".to_owned(),
            range: BlockRange { from: 0, to: 100 },
            snapshot: 50,
            flows,
            trips,
            decimals: Decimals::ZERO,
        }
    }

    #[test]
    fn flows_of_one_column_are_added_up() {
        let flows = [flow(10, Direction::In, 5), flow(11, Direction::In, 6), flow(90, Direction::Out, 11)];
        let plot = plot(&flows, &[]);
        let columns = plot.columns(&Scale::blocks(plot.range, 0, 100));
        let sums: Vec<_> = columns.iter().map(|column| (column.x, column.into, column.out)).collect();
        let number = |number: u64| U256::from(number);
        assert_eq!(sums, [(10, number(11), number(0)), (90, number(0), number(11))]);
    }

    #[test]
    fn sums_beyond_amounts_are_drawn() {
        let flows = [flow(10, Direction::In, u128::MAX), flow(10, Direction::In, u128::MAX)];
        assert!(plot(&flows, &[]).draw(Size::Narrow).expect("it is drawn").contains("class=\"in\""));
    }

    #[test]
    fn numbers_of_trips_do_not_hide_one_another() {
        let trip = RoundTrip {
            counterparty: String::new(),
            amount_in: Amount::from_base_units(5),
            in_at: 40,
            last_in_at: 40,
            first_out_at: 60,
            explained: false,
            explained_bound: Amount::ZERO,
            explained_stated: Amount::ZERO,
            uses: Vec::new(),
            authenticity: Basis::Proved,
            legs: Vec::new(),
            amount_out: Amount::from_base_units(5),
            out_at: 60,
            txids: Vec::new(),
            around_snapshot: true,
            losses: std::collections::BTreeMap::new(),
        };
        let trips = [(1, &trip), (2, &trip), (3, &trip)];
        let plot = plot(&[], &trips);
        let arcs = plot.arcs(&Scale::blocks(plot.range, 0, 700), &[], 100, 700);
        assert_eq!(arcs.iter().map(|arc| arc.x).collect::<Vec<_>>(), [282, 301, 320]);
    }
}
