//! Plots as inline SVG. Specification: `docs/spec/report-html.md`.
//!
//! Coordinates are whole numbers computed from whole numbers, so that every machine draws the same bytes. Every plot
//! is drawn twice, for a page and for a phone: a picture that is scaled down has letters that nobody can read. Labels
//! stand in rows of their own, one or two a row, so that they never meet.

mod coverage;
mod flows;
mod held;
mod network;
mod risk;

pub(super) use coverage::{CoveragePlot, Stretch, Unit, lowest, stretches};
pub(super) use flows::FlowsPlot;
pub(super) use held::{HeldPlot, HeldRow, Segment};
pub(super) use network::{EdgeMark, NetworkPlot, NodeMark};
pub use risk::{RiskPlot, RiskPoint};

use alloy_primitives::U256;

use crate::amount::{Amount, Decimals};
use crate::reconcile::window::BlockRange;

/// One percent has a hundred of them.
pub(super) const WHOLE: u64 = 10_000;

/// For what a plot is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// A page, on screen or paper.
    Wide,
    /// A phone.
    Narrow,
}

impl Size {
    /// Both, in the order of the page.
    pub(super) const BOTH: [Self; 2] = [Self::Wide, Self::Narrow];

    /// The class that shows one and hides the other.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }

    const fn width(self) -> u64 {
        match self {
            Self::Wide => 720,
            Self::Narrow => 324,
        }
    }

    /// Of a letter, on average.
    const fn letter(self) -> u64 {
        7
    }
}

/// A range of numbers on a line of pixels.
#[derive(Clone, Copy, Debug)]
struct Scale {
    from: U256,
    span: U256,
    start: u64,
    length: u64,
}

impl Scale {
    /// `to` lies at `start + length`; a range of one number is drawn at its start.
    fn new((from, to): (U256, U256), start: u64, length: u64) -> Self {
        Self { from, span: to.saturating_sub(from).max(U256::ONE), start, length }
    }

    fn blocks(range: BlockRange, start: u64, length: u64) -> Self {
        Self::new((U256::from(range.from), U256::from(range.to)), start, length)
    }

    /// Steps from the start, never outside of the line.
    fn steps(&self, value: U256) -> u64 {
        let value = value.saturating_sub(self.from).min(self.span);
        // a span of 256 bits is halved with its value until the product fits
        let shift = self.span.bit_len().saturating_sub(192);
        let steps = (value >> shift) * U256::from(self.length) / (self.span >> shift).max(U256::ONE);
        u64::try_from(steps).unwrap_or(self.length).min(self.length)
    }

    /// From left to right.
    fn x(&self, value: U256) -> u64 {
        self.start + self.steps(value)
    }

    fn block(&self, height: u64) -> u64 {
        self.x(U256::from(height))
    }

    /// From bottom to top: `start` is the top.
    fn y(&self, value: U256) -> u64 {
        self.start + self.length - self.steps(value)
    }
}

/// Words beside a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    x: u64,
    y: u64,
    anchor: &'static str,
    text: String,
}

impl Label {
    /// Over `x`, or as near to it as the edges allow.
    fn near(text: String, (x, y): (u64, u64), (left, right): (u64, u64), size: Size) -> Self {
        let half = text.chars().count() as u64 * size.letter() / 2;
        let (x, anchor) = match x {
            _ if x < left + half => (left, "start"),
            _ if x + half > right => (right, "end"),
            _ => (x, "middle"),
        };
        Self { x, y, anchor, text }
    }

    fn start(text: String, x: u64, y: u64) -> Self {
        Self { x, y, anchor: "start", text }
    }

    fn end(text: String, x: u64, y: u64) -> Self {
        Self { x, y, anchor: "end", text }
    }
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rect {
    x: u64,
    y: u64,
    width: u64,
    height: u64,
}

impl Rect {
    const fn right(&self) -> u64 {
        self.x + self.width
    }

    const fn bottom(&self) -> u64 {
        self.y + self.height
    }
}

/// A share of what is owed, in hundredths of a percent, rounded down; amounts may differ in decimals.
pub(super) fn share(part: (Amount, Decimals), whole: (Amount, Decimals)) -> Option<U256> {
    let factor = |decimals: Decimals, other: Decimals| {
        U256::from(10_u64).pow(U256::from(decimals.get().saturating_sub(other.get())))
    };
    let whole_units = U256::from(whole.0.base_units()).checked_mul(factor(part.1, whole.1))?;
    let part_units = U256::from(part.0.base_units()).checked_mul(factor(whole.1, part.1))?;
    part_units.checked_mul(U256::from(WHOLE))?.checked_div(whole_units)
}

/// Hundredths of a percent in words.
pub(super) fn percent(share: U256) -> String {
    let (whole, rest) = (share / U256::from(100_u64), share % U256::from(100_u64));
    format!("{whole}.{:0>2} %", rest.to_string())
}

/// A block's number, its thousands apart.
pub(super) fn number(number: u64) -> String {
    Amount::from_base_units(number.into()).to_readable(Decimals::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: u128, decimals: u8) -> (Amount, Decimals) {
        (Amount::from_base_units(units), Decimals::new(decimals).expect("within the limit"))
    }

    #[test]
    fn a_scale_stays_on_its_line() {
        let scale = Scale::new((U256::from(100_u64), U256::from(200_u64)), 10, 50);
        let at = |value: u64| scale.x(U256::from(value));
        assert_eq!((at(0), at(100), at(150), at(200), at(999)), (10, 10, 35, 60, 60));
        let up = |value: u64| scale.y(U256::from(value));
        assert_eq!((up(100), up(200)), (60, 10));
        let largest = Scale::new((U256::ZERO, U256::MAX), 0, 700);
        assert_eq!((largest.x(U256::MAX), largest.x(U256::MAX >> 1_usize)), (700, 349));
        let single = Scale::new((U256::from(7_u64), U256::from(7_u64)), 10, 50);
        assert_eq!(single.block(7), 10);
    }

    #[test]
    fn shares_compare_amounts_of_different_decimals() {
        assert_eq!(share(amount(150, 2), amount(1, 0)), Some(U256::from(15_000_u64)));
        assert_eq!(share(amount(1, 0), amount(150, 2)), Some(U256::from(6_666_u64)));
        assert_eq!(share(amount(1, 0), amount(0, 0)), None);
        assert_eq!(share(amount(u128::MAX, 0), amount(1, 38)), None, "no share is better than a wrong one");
        assert_eq!(percent(U256::from(6_100_u64)), "61.00 %");
    }

    #[test]
    fn labels_stay_inside() {
        let at = |x| Label::near("12345678".to_owned(), (x, 0), (0, 100), Size::Wide);
        assert_eq!((at(5).x, at(5).anchor), (0, "start"));
        assert_eq!((at(50).x, at(50).anchor), (50, "middle"));
        assert_eq!((at(95).x, at(95).anchor), (100, "end"));
    }
}
