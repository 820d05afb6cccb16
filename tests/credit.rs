//! The credit side of a bundle: what is only a claim, what is pledged, and when what can be paid.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod credit_support;

use counterfoil::bundle::paths;
use counterfoil::code::credit as codes;
use counterfoil::code::{Code, Coded as _};
use counterfoil::json;
use counterfoil::policy::Policy;
use counterfoil::publish::balance_sheet::Due;
use counterfoil::reconcile::{Finding, Report, Severity, Verdict, reconcile};
use counterfoil::report;
use counterfoil::reserve::address_set::AddressSet;
use credit_support::{bundle_with, encumbrance, list, report_with, row, venue, with_sheet};
use serde_json::{Value, json};

const AS_BUILT: [Verdict; 3] = [Verdict::Covered, Verdict::Short, Verdict::NotDeterminable];

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.assets.iter().map(|asset| asset.verdict).collect()
}

fn found<'a>(report: &'a Report, code: &Code) -> Vec<&'a Finding> {
    report.findings.iter().filter(|finding| finding.code == code).collect()
}

#[track_caller]
fn one<'a>(report: &'a Report, code: &Code) -> &'a Finding {
    let found = found(report, code);
    assert_eq!(found.len(), 1, "{code}: {found:?}");
    found[0]
}

fn bitcoin_address() -> String {
    let set = AddressSet::parse(&venue().bundle[paths::ADDRESSES]).unwrap();
    let of_bitcoin = set.entries().iter().find(|entry| entry.chain.namespace() == "bip122");
    of_bitcoin.unwrap().address.clone()
}

#[test]
fn a_balance_sheet_changes_no_verdict_and_is_told() {
    let plain = reconcile(&venue().bundle, &Policy::parse(&venue().policy).unwrap()).unwrap();
    assert_eq!(one(&plain, &codes::NO_BALANCE_SHEET).severity, Severity::Exception);
    assert!(plain.credit.is_none());
    let report = report_with(|_| ());
    assert_eq!(verdicts(&report), AS_BUILT);
    assert_eq!(verdicts(&plain), AS_BUILT);
    assert!(found(&report, &codes::NO_BALANCE_SHEET).is_empty());
    let owed =
        |report: &Report| report.assets.iter().map(|asset| asset.owed.clone().unwrap().total).collect::<Vec<_>>();
    assert_eq!(owed(&report), owed(&plain), "a loan is a loan, wherever it stands");
    let claims = found(&report, &codes::CLAIM_LISTED);
    assert!(claims.iter().all(|finding| finding.severity == Severity::Note), "{claims:?}");
    let subjects: Vec<&str> = claims.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["deposit", "stablecoin"]);
    let related = one(&report, &codes::CLAIM_ON_RELATED);
    assert_eq!((related.subject.as_str(), related.severity), ("Example Ventures Ltd", Severity::Exception));
    let held = |report: &Report| report.assets.iter().map(|asset| asset.held.clone()).collect::<Vec<_>>();
    assert_eq!(held(&report), held(&plain), "a claim is no holding");
}

#[test]
fn an_empty_scope_is_an_exception() {
    let report = report_with(|document| document["scope"] = json!([]));
    assert_eq!(one(&report, &codes::SCOPE_NONE_STATED).severity, Severity::Exception);
    assert!(found(&report_with(|_| ()), &codes::SCOPE_NONE_STATED).is_empty());
}

#[test]
fn attack_r11_a_pledged_cold_wallet_is_not_free() {
    let address = bitcoin_address();
    let named = report_with(|document| {
        list(document, "encumbrances").push(encumbrance("BTC", "100000000", "pledged", Some(&address)));
    });
    let finding = one(&named, &codes::PLEDGE_NOT_IN_SET);
    assert_eq!((finding.severity, finding.subject.as_str()), (Severity::Critical, address.as_str()));
    assert_eq!(verdicts(&named), [Verdict::NotDeterminable, Verdict::Short, Verdict::NotDeterminable]);
    let unnamed = report_with(|document| {
        list(document, "encumbrances").push(encumbrance("BTC", "100000000", "pledged", None));
    });
    assert_eq!(one(&unnamed, &codes::PLEDGE_NOT_IN_SET).severity, Severity::Critical);
    assert_eq!(verdicts(&unnamed)[0], Verdict::NotDeterminable);
    let ladder = &unnamed.credit.as_ref().unwrap().ladders[0];
    assert_eq!(ladder.encumbered.base_units(), 100_000_000);
    // what is staked waits, and belongs to nobody else
    let staked = report_with(|document| {
        list(document, "encumbrances").push(encumbrance("BTC", "100000000", "staked", None));
    });
    assert_eq!(verdicts(&staked), AS_BUILT);
}

/// The set names the pledge of its first address.
fn pledged_in_the_set(row: Option<Value>) -> Report {
    let files = bundle_with(
        |document| {
            with_sheet(document);
            list(document, "encumbrances").extend(row);
        },
        |files, document| {
            let set = String::from_utf8(files[paths::ADDRESSES].clone()).unwrap();
            let mut lines: Vec<Value> = set.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect();
            let address = bitcoin_address();
            lines.iter_mut().find(|line| line["address"] == address.as_str()).unwrap()["encumbrance"] = "a loan".into();
            let set: Vec<u8> =
                lines.iter().flat_map(|line| [json::canonical(line).unwrap(), b"\n".to_vec()].concat()).collect();
            document["address_set"]["root"] = AddressSet::parse(&set).unwrap().root().to_string().into();
            files.insert(paths::ADDRESSES.to_owned(), set);
        },
    );
    reconcile(&files, &Policy::parse(&venue().policy).unwrap()).unwrap()
}

#[test]
fn a_pledge_stands_in_both_places_or_is_told() {
    let report = pledged_in_the_set(None);
    let finding = one(&report, &codes::PLEDGE_NOT_IN_SHEET);
    assert_eq!((finding.severity, &finding.subject), (Severity::Exception, &bitcoin_address()));
    let report = pledged_in_the_set(Some(encumbrance("BTC", "1", "pledged", Some(&bitcoin_address()))));
    assert!(found(&report, &codes::PLEDGE_NOT_IN_SHEET).is_empty());
    assert!(found(&report, &codes::PLEDGE_NOT_IN_SET).is_empty());
}

/// What of bitcoin is held and free by the end of each bucket.
fn held(report: &Report) -> Vec<u128> {
    let ladder = report.credit.as_ref().unwrap().ladders.iter().find(|ladder| ladder.asset.as_str() == "BTC").unwrap();
    ladder.held.rungs.iter().map(|rung| rung.realisable.unwrap().base_units()).collect()
}

#[test]
fn what_is_staked_waits_until_its_bucket() {
    let plain = held(&report_with(|_| ()));
    let staked = |due: &str| {
        held(&report_with(|document| {
            let mut row = encumbrance("BTC", "100", "staked", None);
            row["due"] = due.into();
            list(document, "encumbrances").push(row);
        }))
    };
    for (due, free) in [("longer", 4), ("7d", 2), ("now", 0)] {
        let expected: Vec<u128> = (0..5).map(|at| if at < free { plain[at] - 100 } else { plain[at] }).collect();
        assert_eq!(staked(due), expected, "{due}");
    }
}

#[test]
fn a_sum_that_does_not_fit_has_no_ladder() {
    let files = bundle_with(with_sheet, |_, _| ());
    let policy = venue().policy.replacen("id = \"BTC\"\ndecimals = 8", "id = \"BTC\"\ndecimals = 37", 1);
    assert_ne!(policy, venue().policy);
    let report = reconcile(&files, &Policy::parse(&policy).unwrap()).unwrap();
    let of_bitcoin = report.assets.iter().find(|asset| asset.asset.as_str() == "BTC").unwrap();
    assert!(of_bitcoin.owed.is_none() && of_bitcoin.verdict == Verdict::NotDeterminable, "{}", of_bitcoin.sentence);
    let ladders: Vec<&str> =
        report.credit.as_ref().unwrap().ladders.iter().map(|ladder| ladder.asset.as_str()).collect();
    assert!(!ladders.contains(&"BTC") && !ladders.is_empty(), "{ladders:?}");
}

#[test]
fn attack_r8_a_stablecoin_is_no_dollar_and_a_wrapped_coin_no_coin() {
    let report = report_with(|document| {
        list(document, "holdings").push(row("ETH", "7", "wrapped", "Example Bridge", "now"));
        list(document, "holdings").sort_by_key(|row| row["asset"].as_str().unwrap().to_owned());
    });
    let finding = one(&report, &codes::CLAIM_AS_NATIVE);
    assert_eq!((finding.severity, finding.subject.as_str()), (Severity::Exception, "Example Bridge"));
    // a coin of a chain under the name of a state's money
    let deployment = "eip155:1337/erc20:0x5fbdb2315678afecb367f032d93f642f64180aa3";
    let report = report_with(|document| {
        let money = json!({"decimals": "6", "deployments": [{"decimals": "6", "id": deployment}], "id": "iso4217:USD"});
        let assets = document["assets"].as_array_mut().unwrap();
        assets.retain(|asset| asset["id"] != "USDT");
        assets.push(money);
        for row in document["liabilities"].as_array_mut().unwrap().iter_mut().filter(|row| row["asset"] == "USDT") {
            row["asset"] = "iso4217:USD".into();
        }
        list(document, "receivables").clear();
        list(document, "units").retain(|unit| unit["id"] != "USDT");
        let unit = json!({"decimals": "6", "id": "iso4217:USD", "issuer": null, "relation": "none"});
        list(document, "units").push(unit);
    });
    let finding = one(&report, &codes::CLAIM_AS_NATIVE);
    assert_eq!((finding.severity, finding.subject.as_str()), (Severity::Exception, deployment));
}

#[test]
fn attack_r9_a_relation_that_the_policy_knows_cannot_be_denied() {
    let own = "[require]\nown_tokens = [\"eip155:1337/erc20:0x5fbdb2315678afecb367f032d93f642f64180aa3\"]\n[[node]]";
    let quality = "[[quality.asset]]\nid = \"USDT\"\nrelation = \"affiliate\"\n[[node]]";
    let files = bundle_with(with_sheet, |_, _| ());
    for more in [own, quality] {
        let policy = venue().policy.replacen("[[node]]", more, 1);
        let report = reconcile(&files, &Policy::parse(&policy).unwrap()).unwrap();
        assert_eq!(one(&report, &codes::RELATION_CONTRADICTED).subject, "USDT");
    }
}

#[test]
fn attack_t9_a_debt_that_is_due_today_is_not_paid_next_month() {
    let report = report_with(|document| {
        let loan = &mut list(document, "liabilities")[0];
        loan["due"] = "now".into();
    });
    let ladders = &report.credit.as_ref().unwrap().ladders;
    let of = |id: &str| ladders.iter().find(|ladder| ladder.asset.as_str() == id).unwrap();
    assert_eq!(of("BTC").held.first_failing, None, "covered at once");
    assert_eq!(of("USDT").held.first_failing, Some(Due::Now));
    let told = found(&report, &codes::LADDER_FAILS);
    assert!(told.iter().any(|finding| finding.subject == "USDT" && finding.detail.starts_with("by now:")), "{told:?}");
    let rung = &of("BTC").held.rungs[0];
    let owed = report.assets[0].owed.as_ref().unwrap();
    assert_eq!(rung.callable, owed.total, "everything may be asked for at once");
    assert!(of("BTC").at_once.as_ref().unwrap().ends_with(" %"));
    let with_claims = of("BTC").with_claims.rungs[1].realisable.unwrap();
    assert_eq!(with_claims.base_units(), rung.realisable.unwrap().base_units() + 300_000_000);
}

#[test]
fn every_form_of_the_report_has_the_ladder() {
    let report = report_with(|_| ());
    let text = report::text(&report);
    assert!(text.contains("If everybody asks at once") && text.contains("by now: "), "{text}");
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
    let page = report::html(&report).unwrap();
    assert!(
        page.contains("id=\"ladder\"") && page.contains("what can be paid by then against"),
        "a section and a plot"
    );
    let tables = report::csv(&report).unwrap();
    let names: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted() && names.contains(&"ladder.csv") && names.contains(&"balance-sheet.csv"), "{names:?}");
}

#[test]
fn assumptions_that_do_not_fit_refuse_the_policy() {
    for (more, said) in [
        ("[quality]\nparticipation = 10001\n", "participation 10001"),
        ("[[quality.asset]]\nid = \"A\"\n[[quality.asset]]\nid = \"A\"\n", "A stands twice"),
        ("[[quality.asset]]\nid = \"A\"\nprice = \"1e3\"\n", "plain decimal"),
        (
            "[[quality.asset]]\nid = \"A\"\nbid = [{price = \"1\", amount = \"1\"}, {price = \"2\", amount = \"1\"}]\n",
            "do not fall",
        ),
    ] {
        let policy = venue().policy.replacen("[[node]]", &format!("{more}[[node]]"), 1);
        let error = Policy::parse(&policy).unwrap_err();
        assert_eq!(error.code().number, 3011);
        assert!(error.to_string().contains(said), "{error}");
    }
}
