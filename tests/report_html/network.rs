//! Pages about several venues.

use counterfoil::asset::AssetId;
use counterfoil::lab::ring::{Ring, RingOptions};
use counterfoil::policy::Policy;
use counterfoil::reconcile::network::fraction::parse;
use counterfoil::reconcile::network::{Exact, Input, NetworkFile, NetworkReport, network};
use counterfoil::report::{network_html, network_json, network_text};
use libtest_mimic::Failed;

/// A name, and what makes the report.
type Made = (&'static str, fn() -> NetworkReport);

pub(crate) const SAMPLES: [Made; 2] = [("ring", ring), ("many venues", many)];

/// Three venues in a ring, one of them short.
pub(crate) fn ring() -> NetworkReport {
    let ring = Ring::new(&RingOptions::default()).unwrap();
    let policies = ring.venues.iter().map(|venue| Policy::parse(&venue.policy).unwrap()).collect();
    let policy = NetworkFile::parse(&ring.policy).unwrap().with(policies).unwrap();
    let inputs: Vec<Input<'_>> =
        ring.venues.iter().map(|venue| Input { name: venue.id.to_string(), files: &venue.bundle }).collect();
    network(&inputs, &policy, None).unwrap()
}

/// As many venues as are cleared, with the longest names and amounts, and texts that would be more than texts.
fn many() -> NetworkReport {
    let mut report = ring();
    let long = Exact(parse("123456789012345678901234567891/10000000000000000000000000000").unwrap());
    let asset = &mut report.assets[0];
    asset.decimals = counterfoil::amount::Decimals::new(18).unwrap();
    let name = |at: usize| format!("venue-with-a-rather-long-name-{at:02}").parse().unwrap();
    let first = asset.venues[0].clone();
    asset.venues = (0..24)
        .map(|at| {
            let mut venue = first.clone();
            venue.venue = name(at);
            (venue.outside, venue.deposits, venue.cleared.pays) = (long.clone(), long.clone(), long.clone());
            venue.cleared.wave = at as u64 % 3;
            venue
        })
        .collect();
    let deposit = report.deposits[0].clone();
    report.deposits = (0..24)
        .flat_map(|from| [(from, (from + 1) % 24), (from, (from + 7) % 24), ((from + 1) % 24, from)])
        .map(|(from, to)| {
            let mut row = deposit.clone();
            (row.debtor, row.depositor, row.amount) = (name(from), name(to), long.clone());
            row
        })
        .collect();
    let asset: AssetId = report.assets[0].asset.clone();
    report.deposits.iter_mut().for_each(|row| row.asset = asset.clone());
    report.deposits[0].name = "<script>alert(1)</script>".to_owned();
    report.venues[0].legal_entity = "safe \u{202e}txt.exe <img src=x onerror=alert(2)> Ltd".to_owned();
    report.findings[0].detail = "\u{1b}[2J</p><script>alert(3)</script>".to_owned();
    report.absent = vec![name(3)];
    report
}

/// The words between tags hold no tag; nothing hidden or turned is left; nothing is loaded; the text has 80 columns.
pub(crate) fn hostile_texts() -> Result<(), Failed> {
    let (page, plain) = (network_html(&many())?, network_html(&ring())?);
    assert_eq!(plain, network_html(&ring())?, "the same report is the same page");
    for tag in ["<script", "<img", "<iframe", "<link", "<object", "<form", "<input"] {
        assert!(!page.contains(tag) && !plain.contains(tag), "{tag}");
    }
    assert!(page.contains("&#60;script&#62;alert(3)"), "the text itself is shown");
    assert!(!page.contains(|c| counterfoil::report::is_control(c) && c != '\n'));
    for elsewhere in ["http:", "https:", "@import", "src=\"", " style="] {
        assert!(!plain.contains(elsewhere), "{elsewhere}");
    }
    assert!(plain.contains("default-src 'none'; style-src 'sha256-"));
    for number in ["13216/97", "14656/97", "9376/97", "240.00", "80.00\u{a0}%"] {
        assert!(plain.contains(number), "{number}");
    }
    for report in [many(), ring()] {
        let text = network_text(&report);
        assert!(!text.contains(|c| counterfoil::report::is_control(c) && c != '\n'));
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert_eq!(network_json(&report)?, network_json(&report)?);
    }
    Ok(())
}
