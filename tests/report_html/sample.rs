//! Reports to look at: every one begins as a real reconciliation of the example venue, and is changed from there.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::AssetId;
use counterfoil::basis::{Basis, Completeness};
use counterfoil::code::{finding, window as window_codes};
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::{Policy, WindowRules};
use counterfoil::reconcile::window::{Explained, WindowQuestion, WindowReport, measure};
use counterfoil::reconcile::{AssetReport, Finding, Report, Severity, Verdict, percent, reconcile};
use counterfoil::reserve::window::{Part, Party, Transfer, WindowEvidence};
use counterfoil::snapshot::BlockRef;

use crate::credit_support;

const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";
const COIN: u128 = 100_000_000;

/// Texts that want to be more than text.
pub(crate) const HOSTILE: [&str; 6] = [
    "<script>document.title = 'taken'</script>",
    "\"><img src=http://198.51.100.7/x onerror=alert(1)>",
    "</style></title><svg onload=alert(2)>",
    "safe \u{202e}txt.exe\u{202c} \u{2066}\u{200b}\u{0007}\u{1b}[31m",
    "&lt;b&gt; {{ report }} {% include \"x\" %} ]]> --> <!--",
    "\u{5d0}\u{5d1}\u{5d2} \u{627}\u{644}\u{639} 漢字 e\u{301}",
];

/// The demonstration's own report.
pub(crate) fn demo() -> Report {
    let venue = ExampleVenue::new().unwrap();
    reconcile(&venue.bundle, &Policy::parse(&venue.policy).unwrap()).unwrap()
}

fn units(coins: u128) -> Amount {
    Amount::from_base_units(coins * COIN)
}

fn part(address: &str, id: String, amount: Amount) -> Part {
    Part { address: address.to_owned(), id, amount }
}

fn transfer(height: u64, into: bool, coins: u128, party: &str) -> Transfer {
    let own = vec![part("hot", format!("{height}:{coins}:{into}"), units(coins))];
    let parties = vec![Party { name: party.to_owned(), amount: Some(units(coins)) }];
    let txid = counterfoil::hash::sha256(format!("{height} {coins} {party}").as_bytes()).to_string();
    let (spent, received) = if into { (Vec::new(), own) } else { (own, Vec::new()) };
    let (from, to) = if into { (parties, Vec::new()) } else { (Vec::new(), parties) };
    Transfer { height, place: 0, txid, spent, received, from, to, authenticity: Basis::Proved }
}

/// A week of blocks: small daily moves, and what `special` adds to them.
fn window(opening: u128, special: Vec<Transfer>, gaps: Vec<(u64, u64)>, closing: Option<u64>) -> WindowReport {
    let (from, to) = (870_000, 871_008);
    let daily =
        (0..200).map(|n| transfer(from + 3 + n * 5, n % 2 == 0, 3 + u128::from(n * 7 % 11), &format!("bc1q{n:038}")));
    let mut transfers: Vec<Transfer> = daily.chain(special).collect();
    transfers.sort_by_key(|transfer| transfer.height);
    let evidence = WindowEvidence {
        deployment: format!("{CHAIN}/slip44:0").parse().unwrap(),
        from,
        to,
        tip: BlockRef { chain: CHAIN.parse().unwrap(), height: to + 10, hash: counterfoil::hash::sha256(b"tip") },
        opening: vec![
            part("cold", "opening:0".to_owned(), units(opening)),
            part("hot", "opening:1".to_owned(), units(600)),
        ],
        transfers,
        times: (from..=to).map(|height| (height, 600 * i64::try_from(height).unwrap())).collect(),
        gaps,
        authenticity: Basis::Proved,
        completeness: Completeness::Replayed,
        problems: Vec::new(),
    };
    let counted: BTreeSet<String> = ["hot", "cold"].into_iter().map(str::to_owned).collect();
    let rules = WindowRules::default();
    let decimals = Decimals::new(8).unwrap();
    let closing = closing.map(|closing| (closing, true));
    let question = WindowQuestion {
        range: None,
        snapshot: 870_500,
        commitments: &[870_500],
        explained: &Explained::default(),
        closing,
        counted: &counted,
        decimals,
        rules: &rules,
    };
    measure(&evidence, &question).unwrap()
}

/// An asset that owes and holds `owed` and `held` coins.
fn asset(base: &AssetReport, name: &str, verdict: Verdict, owed: u128, held: u128) -> AssetReport {
    let mut asset = base.clone();
    asset.asset = name.parse::<AssetId>().unwrap();
    asset.decimals = Decimals::new(8).unwrap();
    let liabilities = asset.owed.as_mut().unwrap();
    (liabilities.committed, liabilities.total, liabilities.other) = (units(owed), units(owed), None);
    let figures = &mut asset.held;
    (figures.counted, figures.possible) = (units(held), units(held));
    figures.by_basis = BTreeMap::from([("proved", units(held - held / 4)), ("observed", units(held / 4))]);
    figures.without_control = units(owed / 20);
    asset.coverage = percent(units(held), units(owed));
    asset.coverage_possible = asset.coverage.clone();
    asset.verdict = verdict;
    asset.sentence = format!("{name}: {held} held on accepted evidence against {owed} owed.");
    asset
}

/// The venue whose snapshot is clean and whose window is not; a gap; a curve without anything owed; every severity.
pub(crate) fn windows() -> Report {
    let mut report = demo();
    let base = report.assets[0].clone();
    let trip = "bc1qsomebodywhocameandwentxxxxxxxxxxxxxxxxxx";
    let dressed = vec![
        transfer(870_455, true, 7_119, trip),
        transfer(870_556, false, 7_119, trip),
        transfer(870_470, true, 1_400, "bc1qsecondguest"),
        transfer(870_530, false, 1_400, "bc1qsecondguest"),
        transfer(870_100, false, 400, "bc1qanhonestwithdrawal"),
    ];
    let mut short = asset(&base, "BTC", Verdict::Short, 18_330, 19_740);
    short.windows = vec![window(11_000, dressed, Vec::new(), Some(870_900))];
    short.not_sustained = short.windows[0].came_and_went;
    short.commitments.extend(short.commitments.first().cloned().map(|mut later| {
        (later.sequence, later.low, later.coverage) = (1, None, None);
        later
    }));
    short.window_minimum = Some(short.windows[0].minimum);
    short.coverage = percent(units(19_740 - 8_519), units(18_330));
    let mut gap = asset(&base, "WBTC", Verdict::NotDeterminable, 1_000, 1_612);
    gap.windows = vec![window(1_000, Vec::new(), vec![(870_200, 870_290), (870_700, 870_700)], None)];
    gap.window_minimum = Some(gap.windows[0].minimum);
    let mut unowed = asset(&base, "LTC", Verdict::NotDeterminable, 1_000, 5_000);
    unowed.windows = vec![window(5_000, Vec::new(), Vec::new(), None)];
    unowed.owed = None;
    (unowed.coverage, unowed.coverage_possible) = (None, None);
    let covered = asset(&base, "iso4217:EUR", Verdict::Covered, 5_000_000, 5_010_000);
    let large = asset(&base, "DOGE", Verdict::Covered, 100, 90_000);
    report.assets.extend([short, gap, unowed, covered, large]);
    report.assets.retain({
        let mut seen = BTreeSet::new();
        move |asset| asset.asset.as_str() != "BTC" || asset.windows.len() == 1 && seen.insert(asset.asset.clone())
    });
    report.findings = findings(12);
    report
        .policy
        .departures
        .push("stricter: a window of 504 blocks before the cut-off block and 504 after it".to_owned());
    report
}

fn findings(exceptions: usize) -> Vec<Finding> {
    let path = "chains/bip122_000000000019d6689c085ae165831e93/window.json";
    let critical = Finding::new(
        window_codes::ALL[0],
        Severity::Critical,
        "bc1qsomebodywhocameandwentxxxxxxxxxxxxxxxxxx",
        "7 119.00 BTC came at block 870 455 and went back at block 870 556",
    );
    let mut findings = vec![critical.of_asset(&"BTC".parse().unwrap()).in_file(path)];
    for number in 0..exceptions {
        let subject = format!("bc1q{number:058}");
        let found = Finding::new(&finding::CONTROL_MISSING, Severity::Exception, subject, "nothing signed");
        findings.push(found.of_asset(&"WBTC".parse().unwrap()).on_chain(&CHAIN.parse().unwrap()));
    }
    findings.push(Finding::new(&finding::OUT_OF_SCOPE, Severity::Note, "scope", "earn is not in the trees"));
    for (number, found) in findings.iter_mut().enumerate() {
        found.id = format!("F{}", number + 1);
        found.evidence_sha256 = found.evidence.as_ref().map(|path| counterfoil::hash::sha256(path.as_bytes()));
    }
    findings
}

/// Four hundred assets, most of them not required.
pub(crate) fn many() -> Report {
    let mut report = windows();
    let base = report.assets[0].clone();
    for number in 0..400_u128 {
        let (verdict, held) = match number % 40 {
            0 => (Verdict::Short, 990),
            1..=9 => (Verdict::Covered, 1_000 + number),
            _ => (Verdict::NotDeterminable, 0),
        };
        let mut asset = asset(&base, &format!("COIN{number:03}"), verdict, 1_000, held);
        asset.required = number % 50 == 0;
        asset.windows = if number % 8 == 0 { asset.windows } else { Vec::new() };
        asset.claimed = held > 0;
        report.assets.push(asset);
    }
    report.findings = findings(600);
    report
}

/// Every text of the bundle is hostile, and amounts are as long as they can be.
pub(crate) fn hostile() -> Report {
    let mut report = windows();
    let mut texts = HOSTILE.iter().map(|text| (*text).to_owned()).chain(["W".repeat(3_000)]).cycle();
    let mut text = || texts.next().unwrap();
    report.bundle.maker = text();
    report.quote = format!("{} {}", text(), text());
    let statement = report.statement.as_mut().unwrap();
    statement.legal_entity = format!("{} {}", text(), text());
    report.policy.departures = (0..20).map(|_| text()).collect();
    report.overall.headline = format!("{} {} {}", text(), text(), text());
    for asset in &mut report.assets {
        asset.sentence = text();
        asset.decimals = Decimals::new(0).unwrap();
        asset.held.possible = Amount::MAX;
        for window in &mut asset.windows {
            for trip in &mut window.round_trips {
                trip.counterparty = text();
            }
            for flow in &mut window.flows {
                flow.txid = text();
                for party in &mut flow.counterparties {
                    party.name = text();
                }
            }
            for address in &mut window.addresses {
                address.address = text();
            }
        }
    }
    for found in &mut report.findings {
        (found.subject, found.detail, found.evidence) = (text(), text(), Some(text()));
    }
    for assertion in &mut report.workpapers.assertions {
        for evidence in &mut assertion.evidence {
            evidence.text = text();
        }
    }
    for procedure in &mut report.workpapers.procedures {
        (procedure.procedure, procedure.result) = (text(), text());
    }
    report.tool = text();
    report
}

/// Reserves alone.
pub(crate) fn bare() -> Report {
    let mut report = demo();
    report.statement = None;
    report.assets.clear();
    report.findings.clear();
    report.policy.departures.clear();
    report.workpapers = Default::default();
    report
}

/// A balance sheet full of tokens, and assumptions of every kind.
pub(crate) fn assumed() -> Report {
    let files = credit_support::with_token("none", "40000", "now");
    let terms = "price = \"600\"\ndaily_volume = \"9000\"\nvolatility = 900\nfree_float = \"400000\"\n\
        circulating = \"900000\"\nmarket_value = \"540000000\"\nwrong_way = 8000\n\
        bid = [{ price = \"599.5\", amount = \"30000\" }, { price = \"420\", amount = \"9000\" }]";
    credit_support::under(&files, &credit_support::own_terms(terms))
}
