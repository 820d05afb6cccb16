//! Who owes whom: venues on a circle, an arrow for each debt, and a row of words for each venue.

use askama::Template;

use super::Size;

/// A venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::report) struct NodeMark {
    /// Its name.
    pub(in crate::report) name: String,
    /// What it pays, in words.
    pub(in crate::report) words: String,
    /// Whether it pays in full.
    pub(in crate::report) stands: bool,
}

/// A debt of one venue to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) struct EdgeMark {
    /// The debtor's place.
    pub(in crate::report) from: usize,
    /// The creditor's place.
    pub(in crate::report) to: usize,
    /// Its share of the largest debt, 1 to 100.
    pub(in crate::report) weight: u64,
}

struct Node {
    class: &'static str,
    number: usize,
    x: i64,
    y: i64,
}

struct Edge {
    path: String,
    head: String,
    width: u64,
}

struct Row {
    number: usize,
    name: String,
    words: String,
    y: i64,
}

/// The picture.
#[derive(Template)]
#[template(path = "plot/network.svg", escape = "html")]
pub(in crate::report) struct NetworkPlot {
    id: String,
    class: &'static str,
    title: String,
    desc: String,
    width: u64,
    height: i64,
    radius: i64,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    rows: Vec<Row>,
    left: i64,
}

const ROW: i64 = 40;
/// What stands for 1 in sines.
const ONE: i64 = 10_000;

/// The sine of so many tenths of a degree, after Bhaskara: off by less than two in a thousand, in whole numbers.
fn sine(tenths: i64) -> i64 {
    let angle = tenths.rem_euclid(3_600);
    let (angle, sign) = if angle > 1_800 { (angle - 1_800, -1) } else { (angle, 1) };
    let bow = angle * (1_800 - angle);
    sign * ONE * 4 * bow / (4_050_000 - bow)
}

impl NetworkPlot {
    /// The picture for one size; `id` is its name on the page.
    pub(in crate::report) fn new(
        id: &str,
        title: &str,
        desc: &str,
        (venues, debts): (&[NodeMark], &[EdgeMark]),
        size: Size,
    ) -> Self {
        let count = i64::try_from(venues.len()).unwrap_or(i64::MAX).max(1);
        let radius = if count > 12 { 11 } else { 15 };
        let (middle, ring, left, top) = match size {
            Size::Wide => ((175, 175), 140, 370, 26),
            Size::Narrow => ((162, 142), 112, 4, 306),
        };
        let place = |at: usize| {
            // the first stands at the top, the others go around with the clock
            let angle = i64::try_from(at).unwrap_or(0) * 3_600 / count;
            let (x, y) = middle;
            // one venue alone stands in the middle
            let ring = if count == 1 { 0 } else { ring };
            (x + ring * sine(angle) / ONE, y - ring * sine(angle + 900) / ONE)
        };
        let node = |(at, venue): (usize, &NodeMark)| {
            let (x, y) = place(at);
            Node { class: if venue.stands { "stands" } else { "falls" }, number: at + 1, x, y }
        };
        let row = |(at, venue): (usize, &NodeMark)| Row {
            number: at + 1,
            name: venue.name.clone(),
            words: venue.words.clone(),
            y: top + i64::try_from(at).unwrap_or(0) * ROW,
        };
        let rows_end = top + count * ROW;
        let edge = |debt: &EdgeMark| edge(place(debt.from), place(debt.to), radius, debt.weight);
        Self {
            id: format!("{id}-{}", size.class()),
            class: size.class(),
            title: title.to_owned(),
            desc: desc.to_owned(),
            width: size.width(),
            height: rows_end.max(middle.1 + ring + 2 * radius),
            radius,
            nodes: venues.iter().enumerate().map(node).collect(),
            edges: debts.iter().map(edge).collect(),
            rows: venues.iter().enumerate().map(row).collect(),
            left,
        }
    }
}

/// A bow from one circle to another, bent to its right, so that debts both ways lie apart; and its head.
fn edge(from: (i64, i64), to: (i64, i64), radius: i64, weight: u64) -> Edge {
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let bend = ((from.0 + to.0) / 2 - down / 8, (from.1 + to.1) / 2 + across / 8);
    // from the bend towards each end, as far as the circle's rim
    let rim = |end: (i64, i64), away: i64| {
        let (x, y) = (bend.0 - end.0, bend.1 - end.1);
        let length = (x * x + y * y).isqrt().max(1);
        ((end.0 + x * away / length, end.1 + y * away / length), (x * 100 / length, y * 100 / length))
    };
    let (start, _) = rim(from, radius);
    let (tip, towards) = rim(to, radius + 1);
    let (neck, _) = rim(to, radius + 8);
    let side = (-towards.1 * 5 / 100, towards.0 * 5 / 100);
    Edge {
        path: format!("M{} {}Q{} {} {} {}", start.0, start.1, bend.0, bend.1, neck.0, neck.1),
        head: format!(
            "M{} {}L{} {}L{} {}z",
            tip.0,
            tip.1,
            neck.0 + side.0,
            neck.1 + side.1,
            neck.0 - side.0,
            neck.1 - side.1
        ),
        width: 1 + weight.min(100) / 34,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sines_are_near_enough_to_draw_with() {
        assert_eq!([0, 900, 1_800, 2_700, 3_600].map(sine), [0, ONE, 0, -ONE, 0]);
        assert!((sine(300) - ONE / 2).abs() < 20 && (sine(-300) + ONE / 2).abs() < 20);
    }

    #[test]
    fn everything_is_inside() {
        for count in [1_usize, 2, 3, 7, 24] {
            let venue =
                |at: usize| NodeMark { name: format!("v{at}"), words: String::new(), stands: at.is_multiple_of(2) };
            let venues: Vec<NodeMark> = (0..count).map(venue).collect();
            let debts: Vec<EdgeMark> =
                (0..count).map(|from| EdgeMark { from, to: (from + 1) % count, weight: 100 }).collect();
            for size in Size::BOTH {
                let plot = NetworkPlot::new("n", "t", "d", (&venues, &debts), size);
                let width = i64::try_from(plot.width).expect("small");
                for node in &plot.nodes {
                    assert!(node.x >= plot.radius && node.x <= width - plot.radius, "{count} {}", node.x);
                    assert!(node.y >= plot.radius && node.y <= plot.height - plot.radius, "{count} {}", node.y);
                }
                assert!(plot.rows.iter().all(|row| row.y + 16 < plot.height));
            }
        }
    }
}
