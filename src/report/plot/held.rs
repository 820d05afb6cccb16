//! Owed against held: a bar for each asset, the line of 100 % through all of them, what is held split by basis.

use alloy_primitives::U256;
use askama::Template;

use super::{Label, Rect, Scale, Size, WHOLE};

/// Bars end here, with a mark that they go on: hundredths of a percent.
const SHARE_MAX: u64 = 15_000;
const ROW: u64 = 52;
const BAR: u64 = 16;

/// A part of a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::report) struct Segment {
    /// The basis, or `uncounted`: a class of the style sheet.
    pub(in crate::report) kind: &'static str,
    /// Share of what is owed, in hundredths of a percent.
    pub(in crate::report) share: U256,
}

/// A bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::report) struct HeldRow {
    /// The asset.
    pub(in crate::report) name: String,
    /// Its coverage in words.
    pub(in crate::report) words: String,
    /// From the left.
    pub(in crate::report) segments: Vec<Segment>,
    /// What coverage is computed from.
    pub(in crate::report) counted: U256,
}

/// What is drawn.
pub(in crate::report) struct HeldPlot<'a> {
    /// For the names of its parts.
    pub(in crate::report) id: &'a str,
    /// What it is, for those who do not see it.
    pub(in crate::report) title: String,
    /// What it shows, likewise.
    pub(in crate::report) desc: String,
    /// What the heavy line is.
    pub(in crate::report) whole: &'static str,
    /// From top to bottom.
    pub(in crate::report) rows: &'a [HeldRow],
}

struct Bar<'a> {
    words: &'a str,
    name: &'a str,
    text_y: u64,
    parts: Vec<(&'static str, Rect)>,
    counted: Rect,
    goes_on: bool,
}

#[derive(Template)]
#[template(path = "plot/held.svg")]
struct Svg<'a> {
    id: String,
    class: &'static str,
    width: u64,
    height: u64,
    title: &'a str,
    desc: &'a str,
    area: Rect,
    bars: Vec<Bar<'a>>,
    grid: Vec<u64>,
    whole: u64,
    labels: Vec<Label>,
}

impl HeldPlot<'_> {
    /// The plot in one size.
    pub(in crate::report) fn draw(&self, size: Size) -> askama::Result<String> {
        let rows = self.rows.len() as u64;
        let area = Rect { x: 1, y: 4, width: size.width() - 14, height: rows * ROW };
        let longest = self.rows.iter().map(HeldRow::end).max().unwrap_or_default();
        let longest = u64::try_from(longest).unwrap_or(SHARE_MAX).min(SHARE_MAX);
        // in steps of a tenth, and never without the line of 100 % well inside
        let top = longest.div_ceil(1_000).max(12) * 1_000;
        let across = Scale::new((U256::ZERO, U256::from(top)), area.x, area.width);
        let at = |share: u64| across.x(U256::from(share));
        let mut labels = vec![Label::start("0".to_owned(), area.x, area.bottom() + 18)];
        labels.push(Label { x: at(WHOLE), y: area.bottom() + 18, anchor: "middle", text: self.whole.to_owned() });
        let grid: Vec<u64> =
            [2_500, 5_000, 7_500, 12_500, 15_000, 17_500].into_iter().filter(|share| *share < top).collect();
        labels.extend(grid.iter().filter(|share| **share == 5_000).map(|share| Label {
            x: at(*share),
            y: area.bottom() + 18,
            anchor: "middle",
            text: "50 %".to_owned(),
        }));
        Svg {
            id: format!("{}-{}", self.id, size.class()),
            class: size.class(),
            width: size.width(),
            height: area.bottom() + 26,
            title: &self.title,
            desc: &self.desc,
            area,
            bars: self.rows.iter().zip(0..).map(|(row, place)| row.bar(area.y + place * ROW, &across, top)).collect(),
            grid: grid.into_iter().map(at).collect(),
            whole: at(WHOLE),
            labels,
        }
        .render()
    }
}

impl HeldRow {
    fn end(&self) -> U256 {
        self.segments.iter().fold(U256::ZERO, |sum, segment| sum.saturating_add(segment.share))
    }

    fn bar(&self, y: u64, across: &Scale, top: u64) -> Bar<'_> {
        let bar_y = y + 20;
        let mut parts = Vec::new();
        let mut sum = U256::ZERO;
        for segment in self.segments.iter().filter(|segment| !segment.share.is_zero()) {
            let from = across.x(sum);
            sum = sum.saturating_add(segment.share);
            let width = across.x(sum).saturating_sub(from);
            if width > 0 {
                parts.push((segment.kind, Rect { x: from, y: bar_y, width, height: BAR }));
            }
        }
        let counted = across.steps(self.counted);
        Bar {
            name: &self.name,
            words: &self.words,
            text_y: y + 14,
            parts,
            counted: Rect { x: across.start, y: bar_y + BAR + 3, width: counted, height: 4 },
            goes_on: sum > U256::from(top),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(segments: &[(&'static str, u64)], counted: u64) -> HeldRow {
        let segment = |(kind, share): &(&'static str, u64)| Segment { kind, share: U256::from(*share) };
        HeldRow {
            name: "BTC".to_owned(),
            words: String::new(),
            segments: segments.iter().map(segment).collect(),
            counted: U256::from(counted),
        }
    }

    #[test]
    fn parts_of_a_bar_touch() {
        let across = Scale::new((U256::ZERO, U256::from(12_000_u64)), 0, 120);
        let row = row(&[("proved", 5_000), ("stated", 0), ("uncounted", 2_000)], 4_000);
        let bar = row.bar(0, &across, 12_000);
        let parts: Vec<_> = bar.parts.iter().map(|(kind, part)| (*kind, part.x, part.width)).collect();
        assert_eq!(parts, [("proved", 0, 50), ("uncounted", 50, 20)]);
        assert_eq!((bar.counted.width, bar.goes_on), (40, false));
    }

    #[test]
    fn a_bar_that_is_too_long_says_so() {
        let across = Scale::new((U256::ZERO, U256::from(20_000_u64)), 0, 120);
        let row = row(&[("proved", 90_000)], 90_000);
        let bar = row.bar(0, &across, 20_000);
        assert!(bar.goes_on);
        assert_eq!((bar.parts[0].1.width, bar.counted.width), (120, 120));
    }
}
