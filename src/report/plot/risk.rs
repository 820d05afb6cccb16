//! How much can be hidden, against the chance that it is seen: a step for each chance.

use alloy_primitives::U256;
use askama::Template;

use super::{Label, Rect, Scale, Size, WHOLE};

/// A corner of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskPoint {
    /// The chance of being seen, in hundredths of a percent.
    pub chance: u64,
    /// What can be hidden for it, as a share of all in hundredths of a percent.
    pub hidden: u64,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct RiskPlot<'a> {
    /// For the names of its parts.
    pub id: &'a str,
    /// What it is, for those who do not see it.
    pub title: &'a str,
    /// What it shows, likewise.
    pub desc: &'a str,
    /// By chance, and by what is hidden: both rise.
    pub points: &'a [RiskPoint],
}

#[derive(Template)]
#[template(path = "plot/risk.svg")]
struct Svg<'a> {
    id: &'a str,
    width: u64,
    height: u64,
    title: &'a str,
    desc: &'a str,
    area: Rect,
    line: String,
    rows: Vec<u64>,
    columns: Vec<u64>,
    labels: Vec<Label>,
}

impl RiskPlot<'_> {
    /// The plot for a page.
    ///
    /// # Errors
    /// Of the template, which no figures cause.
    pub fn draw(&self) -> askama::Result<String> {
        let area = Rect { x: 64, y: 12, width: Size::Wide.width() - 80, height: 240 };
        let across = Scale::new((U256::ZERO, U256::from(WHOLE)), area.x, area.width);
        // in steps of five percent, and never an empty scale
        let most = self.points.iter().map(|point| point.hidden).max().unwrap_or(0);
        let top = most.div_ceil(500).max(1) * 500;
        let up = Scale::new((U256::ZERO, U256::from(top)), area.y, area.height);
        let at = |point: &RiskPoint| (across.x(U256::from(point.chance)), up.y(U256::from(point.hidden)));
        let mut line = String::new();
        for point in self.points {
            let (x, y) = at(point);
            let step = if line.is_empty() { format!("M{x} {y}") } else { format!("H{x}V{y}") };
            line.push_str(&step);
        }
        line.push_str(&format!("H{}", area.right()));
        let chances = [0, 2_500, 5_000, 7_500, WHOLE];
        let shares = [0, top / 2, top];
        let percent = |hundredths: u64| format!("{}.{} %", hundredths / 100, hundredths % 100 / 10);
        let mut labels: Vec<Label> = chances
            .iter()
            .map(|chance| {
                let (text, x) = (format!("{} %", chance / 100), across.x(U256::from(*chance)));
                Label::near(text, (x, area.bottom() + 18), (0, Size::Wide.width()), Size::Wide)
            })
            .collect();
        labels.extend(shares.iter().map(|share| Label::end(percent(*share), area.x - 6, up.y(U256::from(*share)) + 5)));
        labels.push(Label::start("chance of being seen".to_owned(), area.x, area.bottom() + 38));
        let svg = Svg {
            id: self.id,
            width: Size::Wide.width(),
            height: area.bottom() + 48,
            title: self.title,
            desc: self.desc,
            rows: shares.iter().map(|share| up.y(U256::from(*share))).collect(),
            columns: chances.iter().map(|chance| across.x(U256::from(*chance))).collect(),
            area,
            line,
            labels,
        };
        svg.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_inside_and_rise() {
        let points = [(0, 100), (500, 900), (9_999, 10_000)].map(|(chance, hidden)| RiskPoint { chance, hidden });
        let svg = RiskPlot { id: "r", title: "t", desc: "d", points: &points }.draw().expect("a picture");
        assert!(svg.contains("d=\"M64 250H96V231H703V12H704\""), "{svg}");
        let nothing = RiskPlot { id: "r", title: "t", desc: "d", points: &[] }.draw().expect("a picture");
        assert!(nothing.contains("<svg"));
    }
}
