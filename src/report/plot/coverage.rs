//! Coverage over a window: the balance after every block, the snapshot marked, the line of what is owed.

use alloy_primitives::U256;
use askama::Template;

use super::{Label, Rect, Scale, Size, WHOLE, number, percent, share};
use crate::amount::{Amount, Decimals};
use crate::reconcile::window::{BlockRange, Point};

/// Steps between two ticks, in hundredths of a percent.
const STEPS: [u64; 8] = [2_000, 2_500, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000];
const TICKS_MAX: u64 = 6;
/// Ticks above are not written: the axis would say nothing.
const SHARE_MAX: u64 = 3_000_000;

/// What the vertical axis counts.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) enum Unit {
    /// Shares of an amount that is owed, with the decimals of the asset.
    Owed(Amount, Decimals),
    /// Amounts themselves: nothing is owed, or nobody says how much.
    Amounts,
}

/// What is drawn.
pub(in crate::report) struct CoveragePlot<'a> {
    /// For the names of its parts.
    pub(in crate::report) id: String,
    /// What it is, for those who do not see it.
    pub(in crate::report) title: String,
    /// What it shows, likewise.
    pub(in crate::report) desc: String,
    /// Blocks asked about.
    pub(in crate::report) range: BlockRange,
    /// Every change of the balance.
    pub(in crate::report) points: &'a [Point],
    /// The same without coins that came and went; empty where nothing did.
    pub(in crate::report) firm: &'a [Point],
    /// Decimals of the balance.
    pub(in crate::report) decimals: Decimals,
    /// The vertical axis.
    pub(in crate::report) unit: Unit,
    /// Blocks without evidence.
    pub(in crate::report) gaps: &'a [BlockRange],
    /// The cut-off block with its balance.
    pub(in crate::report) snapshot: (u64, Option<Amount>),
    /// The lowest balance and its first block.
    pub(in crate::report) minimum: (u64, Amount),
    /// The closing block.
    pub(in crate::report) closing: Option<u64>,
}

struct Tick {
    y: u64,
    text: String,
    text_y: u64,
    whole: bool,
}

#[derive(Template)]
#[template(path = "plot/coverage.svg")]
struct Svg<'a> {
    id: String,
    class: &'static str,
    width: u64,
    height: u64,
    title: &'a str,
    desc: &'a str,
    area: Rect,
    ticks: Vec<Tick>,
    gaps: Vec<Rect>,
    line: String,
    firm: Option<String>,
    snapshot: Option<u64>,
    snapshot_y: Option<u64>,
    closing: Option<u64>,
    minimum: (u64, u64),
    labels: Vec<Label>,
}

impl CoveragePlot<'_> {
    /// The plot in one size.
    pub(in crate::report) fn draw(&self, size: Size) -> askama::Result<String> {
        let (left, right, plot_height) = match size {
            Size::Wide => (64, 8, 190),
            Size::Narrow => (56, 4, 150),
        };
        let area = Rect { x: left, y: 26, width: size.width() - left - right, height: plot_height };
        let across = Scale::blocks(self.range, area.x, area.width);
        let (top, ticks) = self.axis();
        let up = Scale::new((U256::ZERO, top), area.y, area.height);
        let inside = |height: &u64| (self.range.from..=self.range.to).contains(height);
        let snapshot = Some(self.snapshot.0).filter(inside).map(|height| across.block(height));
        let minimum = (across.block(self.minimum.0), up.y(self.level(self.minimum.1)));
        let gaps = self.gaps.iter().map(|gap| {
            let (from, to) = (across.block(gap.from), across.block(gap.to));
            Rect { x: from, y: area.y, width: (to - from).max(2), height: area.height }
        });
        Svg {
            id: format!("{}-{}", self.id, size.class()),
            class: size.class(),
            width: size.width(),
            height: area.bottom() + 44,
            title: &self.title,
            desc: &self.desc,
            area,
            ticks: placed(ticks, &up, area),
            gaps: gaps.collect(),
            line: self.line(self.points, &across, &up, area),
            firm: (!self.firm.is_empty()).then(|| self.line(self.firm, &across, &up, area)),
            snapshot,
            snapshot_y: snapshot.and(self.snapshot.1).map(|amount| up.y(self.level(amount))),
            closing: self.closing.filter(inside).map(|height| across.block(height)),
            minimum,
            labels: self.labels(snapshot, minimum.0, area, size),
        }
        .render()
    }

    fn level(&self, amount: Amount) -> U256 {
        match self.unit {
            Unit::Owed(owed, decimals) => share((amount, self.decimals), (owed, decimals)).unwrap_or(U256::MAX),
            Unit::Amounts => U256::from(amount.base_units()),
        }
    }

    fn words(&self, amount: Amount) -> String {
        match self.unit {
            Unit::Owed(owed, decimals) => {
                share((amount, self.decimals), (owed, decimals)).map_or_else(|| "-".to_owned(), percent)
            }
            Unit::Amounts => amount.to_readable(self.decimals),
        }
    }

    /// The level at the upper edge, and the ticks with their words.
    fn axis(&self) -> (U256, Vec<(U256, String)>) {
        let highest = self.points.iter().map(|point| self.level(point.amount)).max().unwrap_or_default();
        let Unit::Owed(..) = self.unit else {
            let highest = highest.max(U256::ONE);
            let words = |level: U256| Amount::from_base_units(u128::try_from(level).unwrap_or(u128::MAX));
            let tick = |level: U256| (level, compact(words(level), self.decimals));
            return (highest, vec![tick(U256::ZERO), tick(highest)]);
        };
        let highest = u64::try_from(highest).unwrap_or(SHARE_MAX).clamp(WHOLE, SHARE_MAX);
        // a line at the very top would touch the frame
        let top = highest + highest / 12;
        let step = STEPS.into_iter().find(|step| top / step <= TICKS_MAX).unwrap_or(1_000_000);
        let mut levels: Vec<u64> = (0..=top / step).map(|tick| tick * step).collect();
        if !levels.contains(&WHOLE) {
            levels.push(WHOLE);
        }
        (U256::from(top), levels.into_iter().map(|level| (U256::from(level), format!("{} %", level / 100))).collect())
    }

    /// Steps from change to change. Changes that fall on one column of pixels become one line from the lowest to the
    /// highest of them.
    fn line(&self, points: &[Point], across: &Scale, up: &Scale, area: Rect) -> String {
        let mut path = String::new();
        let mut rest = points;
        while let Some(first) = rest.first() {
            let x = across.block(first.height);
            let count = rest.iter().take_while(|point| across.block(point.height) == x).count();
            let (column, others) = rest.split_at(count);
            let levels: Vec<u64> = column.iter().map(|point| up.y(self.level(point.amount))).collect();
            let (Some(last), Some(low), Some(high)) = (levels.last(), levels.iter().max(), levels.iter().min()) else {
                break;
            };
            path.push_str(&match path.is_empty() {
                true => format!("M{x} {high}"),
                false => format!("H{x}V{high}"),
            });
            if low != high {
                path.push_str(&format!("V{low}"));
            }
            if last != low {
                path.push_str(&format!("V{last}"));
            }
            rest = others;
        }
        path.push_str(&format!("H{}", area.right()));
        path
    }

    fn labels(&self, snapshot: Option<u64>, minimum: u64, area: Rect, size: Size) -> Vec<Label> {
        let edges = (area.x, area.right());
        let mut labels = vec![
            Label::near(format!("lowest {}", self.words(self.minimum.1)), (minimum, area.bottom() + 20), edges, size),
            Label::start(format!("block {}", number(self.range.from)), area.x, area.bottom() + 38),
            Label::end(number(self.range.to), area.right(), area.bottom() + 38),
        ];
        if let Some(x) = snapshot {
            let level = self.snapshot.1.map(|amount| format!(" {}", self.words(amount))).unwrap_or_default();
            labels.push(Label::near(format!("snapshot{level}"), (x, area.y - 10), edges, size));
        }
        labels
    }
}

/// Ticks on their places. What would touch the words of the line of 100 % goes without words.
fn placed(ticks: Vec<(U256, String)>, up: &Scale, area: Rect) -> Vec<Tick> {
    let shares = ticks.len() > 2;
    let whole_y = up.y(U256::from(WHOLE));
    let tick = |(level, text): (U256, String)| {
        let y = up.y(level);
        let whole = shares && level == U256::from(WHOLE);
        let hidden = shares && !whole && y.abs_diff(whole_y) < 13;
        Tick { y, text: if hidden { String::new() } else { text }, text_y: (y + 4).max(area.y + 4), whole }
    };
    ticks.into_iter().map(tick).collect()
}

/// A large amount on a narrow axis: without its fraction.
fn compact(amount: Amount, decimals: Decimals) -> String {
    let text = amount.to_readable(decimals);
    match text.split_once('.') {
        Some((whole, _)) if whole.len() > 1 => whole.to_owned(),
        _ => text,
    }
}

/// The lowest balance of a stretch of blocks.
pub(in crate::report) fn lowest(points: &[Point], (from, to): (u64, u64)) -> Option<Amount> {
    let first = points.partition_point(|point| point.height <= from).saturating_sub(1);
    let end = points.partition_point(|point| point.height <= to);
    points.get(first..end)?.iter().map(|point| point.amount).min()
}

/// A stretch of blocks with the extremes of the balance in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) struct Stretch {
    /// First block.
    pub(in crate::report) from: u64,
    /// Last block.
    pub(in crate::report) to: u64,
    /// The lowest balance.
    pub(in crate::report) low: Amount,
    /// The highest.
    pub(in crate::report) high: Amount,
    /// The balance after the last block.
    pub(in crate::report) last: Amount,
}

/// The curve for a table: every stretch of an unchanged balance, or at most `rows` stretches of as many blocks each.
pub(in crate::report) fn stretches(points: &[Point], to: u64, rows: u64) -> Vec<Stretch> {
    let Some(first) = points.first() else { return Vec::new() };
    if points.len() as u64 <= rows {
        let ends = points.iter().skip(1).map(|next| next.height.saturating_sub(1)).chain([to]);
        let flat = |(point, to): (&Point, u64)| Stretch {
            from: point.height,
            to: to.max(point.height),
            low: point.amount,
            high: point.amount,
            last: point.amount,
        };
        return points.iter().zip(ends).map(flat).collect();
    }
    let blocks = to.saturating_sub(first.height).saturating_add(1);
    let each = blocks.div_ceil(rows.max(1)).max(1);
    let mut found: Vec<Stretch> = Vec::new();
    let mut balance = first.amount;
    let mut rest = points;
    let mut from = first.height;
    while from <= to {
        let end = from.saturating_add(each - 1).min(to);
        let count = rest.iter().take_while(|point| point.height <= end).count();
        let (inside, others) = rest.split_at(count);
        // the balance before the stretch is one of it, unless its first block changes it
        let opens = inside.first().is_none_or(|point| point.height > from);
        let amounts = inside.iter().map(|point| point.amount).chain(opens.then_some(balance));
        let (low, high) =
            amounts.fold((Amount::MAX, Amount::ZERO), |(low, high), amount| (low.min(amount), high.max(amount)));
        balance = inside.last().map_or(balance, |point| point.amount);
        found.push(Stretch { from, to: end, low, high, last: balance });
        rest = others;
        let Some(next) = end.checked_add(1) else { break };
        from = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point((height, units): (u64, u128)) -> Point {
        Point { height, amount: Amount::from_base_units(units) }
    }

    fn plot(points: &[Point], unit: Unit) -> CoveragePlot<'_> {
        let lowest = points.iter().min_by_key(|point| point.amount).expect("points");
        CoveragePlot {
            id: "p".to_owned(),
            title: "t".to_owned(),
            desc: "d".to_owned(),
            range: BlockRange { from: 100, to: 200 },
            points,
            firm: &[],
            decimals: Decimals::ZERO,
            unit,
            gaps: &[],
            snapshot: (150, None),
            minimum: (lowest.height, lowest.amount),
            closing: None,
        }
    }

    #[test]
    fn a_curve_is_drawn_in_steps() {
        let points = [(100, 50), (150, 100)].map(point);
        let plot = plot(&points, Unit::Owed(Amount::from_base_units(100), Decimals::ZERO));
        let across = Scale::blocks(plot.range, 0, 100);
        let up = Scale::new((U256::ZERO, U256::from(WHOLE)), 0, 100);
        let area = Rect { x: 0, y: 0, width: 100, height: 100 };
        assert_eq!(plot.line(&points, &across, &up, area), "M0 50H50V0H100");
    }

    #[test]
    fn changes_of_one_column_keep_their_extremes() {
        let points = [(100, 50), (150, 100), (151, 0), (152, 70)].map(point);
        let plot = plot(&points, Unit::Owed(Amount::from_base_units(100), Decimals::ZERO));
        let across = Scale::blocks(plot.range, 0, 10);
        let up = Scale::new((U256::ZERO, U256::from(WHOLE)), 0, 100);
        let area = Rect { x: 0, y: 0, width: 10, height: 100 };
        assert_eq!(plot.line(&points, &across, &up, area), "M0 50H5V0V100V30H10");
    }

    #[test]
    fn the_line_of_what_is_owed_is_always_there() {
        for owed in [1, 90, 100, 1_000_000] {
            let points = [(100, 50), (150, 100)].map(point);
            let plot = plot(&points, Unit::Owed(Amount::from_base_units(owed), Decimals::ZERO));
            let (top, ticks) = plot.axis();
            assert!(top > U256::from(WHOLE), "{owed}");
            assert!(ticks.iter().any(|(level, text)| *level == U256::from(WHOLE) && text == "100 %"), "{owed}");
            assert!(ticks.len() <= 9, "{owed}: {}", ticks.len());
        }
    }

    #[test]
    fn stretches_hold_the_whole_curve() {
        let points = [(100, 50), (150, 100), (151, 0), (180, 70)].map(point);
        let exact = stretches(&points, 200, 10);
        assert_eq!(
            exact.iter().map(|row| (row.from, row.to)).collect::<Vec<_>>(),
            [(100, 149), (150, 150), (151, 179), (180, 200)]
        );
        let rough = stretches(&points, 200, 3);
        let rows: Vec<_> =
            rough.iter().map(|row| (row.from, row.to, row.low.base_units(), row.high.base_units())).collect();
        assert_eq!(rows, [(100, 133, 50, 50), (134, 167, 0, 100), (168, 200, 0, 70)]);
        let low = |from, to| lowest(&points, (from, to)).map(Amount::base_units);
        assert_eq!((low(100, 149), low(120, 150), low(152, 170), low(0, 99)), (Some(50), Some(50), Some(0), None));
        assert!(stretches(&[], 200, 3).is_empty());
        assert_eq!(stretches(&[point((u64::MAX, 1))], u64::MAX, 0).len(), 1);
    }
}
