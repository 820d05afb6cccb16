//! What the sections of a report are put together from.

use super::*;
use crate::asset::ChainId;
use crate::bundle::{self, MANIFEST, MemoryFiles};
use crate::publish::statement::OtherLiability;
use crate::reconcile::assess::Reason;
use crate::reconcile::case::tests::holdings::{ASKED, bitcoin, coin, other, reserves};
use crate::reconcile::case::tests::{CHAIN, policy, units, with_section};
use crate::reconcile::chain::tests::history;
use crate::reserve::claim::ControlGrade;
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, SigningKey};

fn asset(id: &str) -> AssetId {
    id.parse().expect("an asset")
}

fn decimals(count: u8) -> Decimals {
    Decimals::new(count).expect("decimals")
}

/// The section of Bitcoin, of which 100 are owed, and the codes of what is found beside it.
fn reported(policy: &Policy, reserves: &Reserves) -> (AssetReport, Vec<u16>) {
    with_section(policy, reserves, |section| {
        let mut findings = Vec::new();
        let report = section.report(&mut findings);
        (report, findings.iter().map(|finding| finding.code.number).collect())
    })
}

#[test]
fn the_first_line_counts_every_asset_and_the_verdict_is_the_worst_required_one() {
    let one = reported(&policy(""), &Reserves::default()).0;
    let row = |verdict, claimed, required| AssetReport { verdict, claimed, required, ..one.clone() };
    let (covered, short) = (row(Verdict::Covered, true, true), row(Verdict::Short, true, true));
    let (unknown, unclaimed) = (row(Verdict::NotDeterminable, true, true), row(Verdict::NotDeterminable, false, true));
    let told = |rows: &[&AssetReport], stated| {
        let rows: Vec<AssetReport> = rows.iter().map(|row| (*row).clone()).collect();
        let found = overall(&rows, stated);
        (found.verdict, found.headline)
    };
    let line = |verdict, text: &str| (verdict, text.to_owned());
    assert_eq!(told(&[&covered], true), line(Verdict::Covered, "1 of 1 covered"));
    assert_eq!(told(&[&covered, &short], true), line(Verdict::Short, "1 of 2 covered; 1 short"));
    assert_eq!(told(&[&unknown], true), line(Verdict::NotDeterminable, "0 of 1 covered; 1 not determinable"));
    let bare = row(Verdict::Short, false, true);
    let all = [&covered, &short, &bare, &bare, &unknown, &unclaimed];
    let text = "1 of 6 covered; 3 short; 2 not determinable, of these 1 without any reserve claim";
    assert_eq!(told(&all, true), line(Verdict::Short, text));
    let text = "0 of 1 covered; 1 not determinable: no statement says what is owed";
    assert_eq!(told(&[&unclaimed], false), line(Verdict::NotDeterminable, text));
    let beside = row(Verdict::Short, true, false);
    assert_eq!(told(&[&covered, &beside], true).0, Verdict::Covered, "the policy does not ask for the other");
    assert_eq!(told(&[&beside], true).0, Verdict::NotDeterminable, "nothing was asked");
}

#[test]
fn an_asset_is_required_when_the_policy_names_it_or_none() {
    let required = |more: &str| reported(&policy(more), &Reserves::default()).0.required;
    assert!(required("") && required("[require]\nassets = [\"BTC\"]\n"));
    assert!(!required("[require]\nassets = [\"ETH\"]\n"));
}

/// An asset that only one of them names is not passed over.
#[test]
fn statement_policy_and_requirements_each_bring_assets() {
    let history = history(100, Vec::new());
    let mut statement = history.subject().statement().clone();
    let mut more = statement.assets[0].clone();
    more.id = asset("ETH");
    statement.assets.push(more);
    let ids = |more: &str, statement| asset_ids(&policy(more), statement).into_iter().collect::<Vec<_>>();
    assert_eq!(ids("", None), [asset("BTC")]);
    assert_eq!(ids("", Some(&statement)), [asset("BTC"), asset("ETH")]);
    assert_eq!(ids("[require]\nassets = [\"XMR\"]\n", Some(&statement)), [asset("BTC"), asset("ETH"), asset("XMR")]);
}

#[test]
fn a_critical_finding_keeps_from_coverage_what_it_is_about() {
    let (policy, known) = (policy(""), Reserves::default());
    let critical = |finding: Finding| with_section(&policy, &known, |section| section.is_critical(&[finding]));
    let found = |severity| Finding::new(&codes::ASSET_WITHOUT_ROWS, severity, "it", "is so");
    let on = |finding: Finding, chain: &str| finding.on_chain(&chain.parse::<ChainId>().expect("a chain"));
    assert!(critical(found(Severity::Critical)), "about everything");
    assert!(!critical(found(Severity::Exception)));
    let own = || found(Severity::Critical).of_asset(&asset("BTC"));
    assert!(critical(own()) && critical(on(own(), CHAIN)) && critical(on(found(Severity::Critical), CHAIN)));
    assert!(!critical(on(own(), "eip155:1")) && !critical(on(found(Severity::Critical), "eip155:1")));
    let others = || found(Severity::Critical).of_asset(&asset("ETH"));
    assert!(!critical(others()) && !critical(on(others(), CHAIN)), "about another asset");
    assert!(!with_section(&policy, &known, |section| section.is_critical(&[])), "nothing was found");
}

#[test]
fn what_is_held_is_told_by_what_keeps_it_from_counting() {
    let mut held = vec![coin("hot", 1), coin("hot", 10), coin("hot", 100), coin("hot", 1_000), coin("hot", 10_000)];
    held[1].free = false;
    held[2].control = None;
    held[3].control = Some(ControlGrade::ContractObserved);
    held[4].holding.deployment = other();
    let known = reserves(held);
    let ask = |more: &str| {
        let policy = policy(more);
        with_section(&policy, &known, |section| section.held(policy.assets().first(), decimals(8))).expect("sums fit")
    };
    let found = ask("");
    assert_eq!((found.items, found.excluded, found.without_control), (4, units(10), units(100)));
    assert_eq!((found.possible, found.counted), (units(1_001), units(1)));
    let two = format!("[[asset.deployment]]\nid = \"{}\"\ndecimals = 8\n", other());
    assert_eq!((ask(&two).items, ask(&two).counted), (5, units(10_001)));
    let own = format!("{two}[require]\nown_tokens = [\"{}\"]\n", other());
    assert_eq!((ask(&own).items, ask(&own).excluded), (5, units(10_010)), "the venue's own issue");
}

#[test]
fn an_own_token_stands_for_itself_alone() {
    let two = format!("[[asset.deployment]]\nid = \"{}\"\ndecimals = 8\n", other());
    let stands = |own: &[DeploymentId]| {
        let names: Vec<String> = own.iter().map(|id| format!("\"{id}\"")).collect();
        let policy = policy(&format!("{two}[require]\nown_tokens = [{}]\n", names.join(", ")));
        let mapped = policy.assets().first().expect("Bitcoin");
        with_section(&policy, &Reserves::default(), |section| {
            (section.stands_for(mapped, &bitcoin()), section.stands_for(mapped, &other()))
        })
    };
    assert_eq!(stands(&[]), (true, true));
    assert_eq!(stands(&[other()]), (true, false));
    assert_eq!(stands(&[bitcoin(), other()]), (true, true), "nothing else is owed here");
}

/// Bitcoin, and what somebody issues against it.
fn with_issuer() -> Policy {
    policy(&format!(
        "[[asset.deployment]]\nid = \"{0}\"\ndecimals = 8\n[[issuer]]\nid = \"wrapper\"\nlog_origin = \"log.wrapper\"\n\
         keys = [{{ alg = \"bip340\", key = \"c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5\" }}]\n\
         deployments = [\"{0}\"]\n",
        other()
    ))
}

#[test]
fn a_promise_does_not_stand_for_what_it_promises() {
    let policy = with_issuer();
    let mut mapped = policy.assets().first().expect("Bitcoin").clone();
    let stands = |mapped: &Asset, id: &DeploymentId| {
        with_section(&policy, &Reserves::default(), |section| section.stands_for(mapped, id))
    };
    assert_eq!((stands(&mapped, &bitcoin()), stands(&mapped, &other())), (true, false));
    mapped.deployments.retain(|found| found.id == other());
    assert!(stands(&mapped, &other()), "nothing else is owed here");
}

#[test]
fn a_section_tells_custodians_issuers_and_tiers() {
    let mut known = reserves(vec![coin("hot", 50)]);
    known.custody.push(crate::reconcile::custodian::CustodyShare {
        custodian: "bank".parse().expect("a name"),
        asset: asset("BTC"),
        decimals: decimals(8),
        in_tree: units(7),
        counted: units(5),
        coverage: None,
        verdict: Verdict::Covered,
        used: false,
    });
    let report = reported(&with_issuer(), &known).0;
    assert_eq!((report.custodians.len(), report.issuers.len(), report.tiers.len()), (1, 1, 1));
    assert_eq!(report.owed.map(|owed| owed.total), Some(units(10_000)), "100, in ten decimals");
}

#[test]
fn an_own_token_is_told_by_what_it_counts() {
    let told = |own: &[DeploymentId]| {
        let two = format!("[[asset.deployment]]\nid = \"{}\"\ndecimals = 8\n", other());
        let names: Vec<String> = own.iter().map(|id| format!("\"{id}\"")).collect();
        let policy = policy(&format!("{two}[require]\nown_tokens = [{}]\n", names.join(", ")));
        with_section(&policy, &Reserves::default(), |section| {
            let mut findings = Vec::new();
            section.note_own_tokens(policy.assets().first(), &mut findings);
            let row = |finding: &Finding| (finding.code.number, finding.severity, finding.subject.clone());
            findings.iter().map(row).collect::<Vec<_>>()
        })
    };
    assert_eq!(told(&[other()]), [(7060, Severity::Exception, other().to_string())], "nothing for another asset");
    let itself = |id: DeploymentId| (7060, Severity::Note, id.to_string());
    assert_eq!(told(&[bitcoin(), other()]), [itself(bitcoin()), itself(other())]);
    assert!(told(&[]).is_empty());
}

/// What a statement owes in one asset, another one beside it in the same trees and schedules.
#[test]
fn what_is_owed_is_the_assets_own() {
    let history = history(100, Vec::new());
    let mut statement = history.subject().statement().clone();
    let listed = statement.assets[0].clone();
    let mut row = statement.liabilities[0].clone();
    (row.asset, row.total, row.leaf_count) = (asset("ETH"), units(7), 3);
    statement.liabilities.push(row);
    let owed = |statement: &Statement| owed_by(statement, &listed, decimals(10)).expect("sums fit");
    let found = owed(&statement);
    assert_eq!((found.committed, found.custody, found.total), (units(10_000), units(10_000), units(10_000)));
    assert_eq!((found.leaves, found.other), (1, None), "none stated is not zero");
    let other = |id: &str, amount: u128| OtherLiability {
        asset: asset(id),
        amount: units(amount),
        kind: "loan".to_owned(),
        counterparty: "a bank".to_owned(),
        due: None,
    };
    statement.schedules.other_liabilities = vec![other("BTC", 5), other("ETH", 9), other("BTC", 6)];
    let found = owed(&statement);
    assert_eq!((found.other, found.total), (Some(units(11)), units(10_011)));
    statement.schedules.other_liabilities = vec![other("ETH", 9)];
    assert_eq!(owed(&statement).other, Some(Amount::ZERO), "it says that there are none in this one");
}

#[test]
fn maps_that_differ_are_told_by_what_differs() {
    let codes = |more: &str, own: u8| {
        let history = history(100, Vec::new());
        let mut listed = history.subject().statement().assets[0].clone();
        listed.decimals = decimals(own);
        let policy = policy(more);
        with_section(&policy, &Reserves::default(), |section| {
            let mut findings = Vec::new();
            section.compare_maps(policy.assets().first(), Some(&listed), &mut findings);
            findings.iter().map(|finding| finding.code.number).collect::<Vec<_>>()
        })
    };
    assert!(codes("", 8).is_empty());
    assert_eq!(codes("", 10), [7023]);
    assert_eq!(codes(&format!("[[asset.deployment]]\nid = \"{}\"\ndecimals = 8\n", other()), 8), [7011]);
}

/// The statement counts with ten decimals, and another asset of it with eighteen.
#[test]
fn decimals_are_those_of_the_asset() {
    let history = history(100, Vec::new());
    let mut statement = history.subject().statement().clone();
    let mut more = statement.assets[0].clone();
    (more.id, more.decimals) = (asset("ETH"), decimals(18));
    statement.assets.push(more);
    let (policy, known, id) = (policy(""), Reserves::default(), asset("BTC"));
    let statements = [Known { statement: &statement, logged: false }];
    let section =
        Section { policy: &policy, statement: Some(&statement), statements: &statements, reserves: &known, id: &id };
    assert_eq!(section.common_decimals(policy.assets().first()), decimals(10));
}

/// What could not be read may hold any amount; what could be read is compared.
#[test]
fn evidence_that_cannot_be_read_decides_nothing() {
    let reason = |change: fn(&mut Reserves)| {
        let mut known = reserves(vec![coin("hot", 50)]);
        change(&mut known);
        let (report, codes) = reported(&policy(ASKED), &known);
        (report.reason, codes.contains(&7024))
    };
    assert_eq!(reason(|_| ()), (Reason::LessThanOwed, false));
    assert_eq!(reason(|known| known.readable = false), (Reason::NotReadable, false));
    let unreadable = |known: &mut Reserves| known.unreadable.extend([CHAIN.parse().expect("a chain")]);
    assert_eq!(reason(unreadable), (Reason::NotReadable, false));
    let elsewhere = |known: &mut Reserves| known.unreadable.extend(["eip155:1".parse().expect("a chain")]);
    assert_eq!(reason(elsewhere), (Reason::LessThanOwed, false), "it does not live there");
    let late = |known: &mut Reserves| {
        known.late.insert(CHAIN.parse().expect("a chain"), Late { blocks: 3, proved: 0 });
    };
    assert_eq!(reason(late), (Reason::LessThanOwed, true), "whoever reads short must know");
    let enough = |known: &mut Reserves| {
        known.held[0].holding.amount = units(100);
        known.late.insert(CHAIN.parse().expect("a chain"), Late { blocks: 3, proved: 0 });
    };
    assert!(!reason(enough).1, "nobody is told short");
}

#[test]
fn a_late_list_is_told_with_what_was_proved_of_it() {
    let told = |proved| {
        let mut known = Reserves::default();
        known.late.insert(CHAIN.parse().expect("a chain"), Late { blocks: 3, proved });
        known.late.insert("eip155:1".parse().expect("a chain"), Late { blocks: 9, proved });
        with_section(&policy(""), &known, |section| {
            let mut findings = Vec::new();
            section.note_late_answers(&mut findings);
            findings.into_iter().map(|finding| finding.detail).collect::<Vec<_>>()
        })
    };
    assert_eq!(told(0), ["3 blocks after it; coins spent in between were not looked at"]);
    assert_eq!(
        told(2),
        [
            "3 blocks after it; 2 coins spent in between are proved by their spends and counted, others were not looked at"
        ]
    );
}

/// What may be quoted says as of when, of whose commitment, and which one.
#[test]
fn a_quote_says_no_more_than_the_report() {
    let history = history(100, Vec::new());
    let row = AssetReport { verdict: Verdict::Short, ..reported(&policy(""), &Reserves::default()).0 };
    let cutoff = history.subject().statement().cutoff;
    let text =
        format!("At {cutoff}, of the balances that Example committed to in statement 1: BTC {}. ", Verdict::Short);
    assert!(quote(Some(history.subject()), &[row]).starts_with(&text));
    let nothing = "No statement of liabilities was in the bundle; reserves alone show no coverage.";
    assert_eq!(quote(None, &[]), nothing);
}

/// By weight, then code, then subject, then detail; numbered in that order, each with the digest of its file.
#[test]
fn findings_are_in_order_and_point_at_their_files() {
    let mut one = [0; 32];
    one[31] = 1;
    let key = SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut one)).expect("a key");
    let mut files = MemoryFiles::new();
    files.insert("a.json".to_owned(), b"a".to_vec());
    files.insert("b.json".to_owned(), b"b".to_vec());
    let manifest = bundle::seal(&files, "a test", Time::from_unix(0), &key).expect("sealed");
    files.insert(MANIFEST.to_owned(), manifest);
    let sealed = bundle::open(&files).expect("open");
    let found = |code, severity, subject: &str, detail: &str| Finding::new(code, severity, subject, detail);
    let (first, second) = (&codes::DEPLOYMENT_MAP_DIFFERS, &codes::DECIMALS_DIFFER);
    let ordered = [
        found(second, Severity::Critical, "y", "y"),
        found(first, Severity::Note, "x", "a").in_file("b.json"),
        found(first, Severity::Note, "x", "b").in_file("elsewhere.json"),
        found(first, Severity::Note, "y", "a"),
        found(second, Severity::Note, "a", "a"),
    ];
    let shuffled = [4, 1, 3, 0, 2].map(|place: usize| ordered[place].clone());
    for given in [shuffled.to_vec(), ordered.iter().rev().cloned().collect()] {
        let told = in_order(given, &sealed);
        let row = |finding: &Finding| (finding.code.number, finding.subject.clone(), finding.detail.clone());
        assert_eq!(told.iter().map(row).collect::<Vec<_>>(), ordered.iter().map(row).collect::<Vec<_>>());
        assert_eq!(told.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>(), ["F1", "F2", "F3", "F4", "F5"]);
        let digests: Vec<_> = told.iter().map(|finding| finding.evidence_sha256).collect();
        assert_eq!(digests, [None, Some(crate::hash::sha256(b"b")), None, None, None]);
    }
}
