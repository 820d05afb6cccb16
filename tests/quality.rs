//! A policy with assumptions, on a bundle: what everything else would bring for what is missing, and that none of it
//! is coverage.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, dead_code)]

mod credit_support;
mod golden_support;
mod window_support;

use counterfoil::code::quality as codes;
use counterfoil::code::{Code, Coded as _, credit as credit_codes};
use counterfoil::policy::Policy;
use counterfoil::policy::quality::Assumptions;
use counterfoil::publish::Statement;
use counterfoil::publish::balance_sheet::{BalanceSheet, Due, HoldingKind, Row, Unit};
use counterfoil::reconcile::quality::{Cap, QualitySection};
use counterfoil::reconcile::{Finding, Report, reconcile};
use counterfoil::report;
use counterfoil::reserve::address_set::IssuerRelation;
use credit_support::{
    PRICES, bundle_with, encumbrance, list, own_terms, own_token, under, venue, with_sheet, with_token,
};
use golden_support::joined::{coins, custodian, joined};
use golden_support::{made, reseal};
use serde_json::Value;

fn section(report: &Report) -> &QualitySection {
    report.quality.as_ref().unwrap()
}

fn found<'a>(report: &'a Report, code: &Code) -> Vec<&'a Finding> {
    report.findings.iter().filter(|finding| finding.code == code).collect()
}

/// What the token brings at the end of each bucket, and by which cap.
fn token(report: &Report) -> Vec<(String, &'static str)> {
    let token = section(report).assets.iter().find(|asset| asset.asset.as_str() == "XMPL").unwrap();
    let text = |rung: &counterfoil::reconcile::quality::StockRung| {
        (rung.value.as_ref().unwrap().to_string(), rung.by.map_or("", Cap::text))
    };
    token.rungs.iter().map(text).collect()
}

#[test]
fn attack_t8_own_tokens_fill_the_sheet_and_it_is_short_at_every_horizon() {
    let files = own_token();
    let plain = under(&files, "");
    assert!(plain.quality.is_none(), "nothing is assumed");
    let terms = "price = \"50\"\nfree_float = \"4000000\"\ncirculating = \"9000000\"\nmarket_value = \"300000000\"";
    let report = under(&files, &own_terms(terms));
    // none of it is coverage: every figure and verdict in kind is the same
    assert_eq!(report.assets, plain.assets);
    assert_eq!((&report.overall, &report.credit), (&plain.overall, &plain.credit));
    let section = section(&report);
    assert_eq!(section.basis.text(), "assumed");
    assert!(section.ladder.rungs.iter().all(|rung| rung.missing.is_some()), "{:?}", section.ladder);
    assert_eq!(section.ladder.first_failing, Some(Due::Now));
    assert_eq!(token(&report), vec![("0".to_owned(), "issuer"); 5]);
    // 7,110.25 ETH at 2,000 and 1,050,000 USDT are missing; what is left of BTC is not enough
    let missing = &section.ladder.rungs[0].callable;
    assert_eq!(missing.to_string(), "15270500");
    // with the token at its price, 500 million, nothing would be
    assert_eq!(section.scenarios[0].ladder.first_failing, None);
    assert_eq!(section.scenarios[1].ladder.first_failing, Some(Due::Now));
    let subject = |code: &Code| found(&report, code).iter().map(|one| one.subject.clone()).collect::<Vec<_>>();
    assert_eq!(subject(&codes::NOT_PAID_BY_SELLING), ["by now"]);
    for code in [
        &codes::ABOVE_FREE_FLOAT,
        &codes::ABOVE_CIRCULATING,
        &credit_codes::OWN_TOKEN_AT_ZERO,
        &credit_codes::ABOVE_MARKET_VALUE,
    ] {
        assert_eq!(subject(code), ["XMPL"], "{code}");
    }
    let detail = &found(&report, &codes::ABOVE_FREE_FLOAT)[0].detail;
    assert!(detail.ends_with("4 000 000 by the policy: 250.00 %"), "{detail}");
    assert!(found(&report, &codes::NOTHING_ASSUMED).is_empty());
    // no price of the token turns it
    let turn = section.turns.iter().find(|turn| turn.asset.as_ref().is_some_and(|asset| asset.as_str() == "XMPL"));
    let turn = turn.unwrap();
    assert_eq!((turn.parameter.text(), &turn.below, &turn.above), ("price", &None, &None));
}

#[test]
fn an_affiliate_that_the_venue_denies_is_one() {
    let files = with_token("none", "10000000", "now");
    let report = under(&files, &own_terms("price = \"50\"\nrelation = \"affiliate\""));
    assert_eq!(token(&report)[0], ("0".to_owned(), "issuer"));
    let relations: Vec<_> =
        section(&report).assets.iter().map(|asset| (asset.asset.as_str(), asset.relation)).collect();
    assert!(relations.contains(&("XMPL", IssuerRelation::Affiliate)), "{relations:?}");
    let believed = under(&files, &own_terms("price = \"50\""));
    assert_eq!(token(&believed)[0], ("500000000".to_owned(), "price"));
    assert_eq!(section(&believed).ladder.first_failing, None);
    assert!(found(&believed, &codes::NOT_PAID_BY_SELLING).is_empty());
}

/// 1,000 of a token that is nobody's of the circle: each cap binds once, in a bundle.
#[test]
fn each_cap_binds_once() {
    let files = with_token("none", "1000", "now");
    let values = |more: &str| token(&under(&files, &own_terms(more)));
    let all = |value: &str, cap: &'static str| vec![(value.to_owned(), cap); 5];
    assert_eq!(values("price = \"2\""), all("2000", "price"));
    assert_eq!(values("price = \"2\"\nmarket_value = \"88\""), all("88", "market-value"));
    assert_eq!(values("price = \"2\"\nwrong_way = 2500"), all("500", "wrong-way"));
    assert_eq!(values("price = \"2\"\nfree_float = \"300\""), all("600", "float"));
    assert_eq!(
        values("bid = [{ price = \"3\", amount = \"10\" }, { price = \"1.5\", amount = \"20\" }]"),
        all("60", "book")
    );
    assert_eq!(values("price = \"2\"\nrelation = \"self\""), all("0", "issuer"));
    // a tenth of 100 a day: 0, 10, 70, 300 at 2, and everything in the end
    let pairs = |values: [(&str, &'static str); 5]| values.map(|(value, cap)| (value.to_owned(), cap)).to_vec();
    let taken = [("0", "participation"), ("20", "participation"), ("140", "participation"), ("600", "participation")];
    let [now, day, week, month] = taken;
    assert_eq!(values("price = \"2\"\ndaily_volume = \"100\""), pairs([now, day, week, month, ("2000", "price")]));
    // 1,000 of 4,000 a day: the root is a half, a tenth of that is taken off; a tenth of 4,000 can be sold a day
    let impact =
        [("0", "participation"), ("800", "participation"), ("1900", "impact"), ("1900", "impact"), ("1900", "impact")];
    assert_eq!(values("price = \"2\"\ndaily_volume = \"4000\"\nvolatility = 1000"), pairs(impact));
}

/// The token lies on no address here: what is locked is bitcoin, for a week.
#[test]
fn what_is_locked_is_sold_when_it_is_free() {
    let state = |document: &mut Value| {
        with_sheet(document);
        list(document, "liabilities").clear();
        let mut locked = encumbrance("BTC", "4000000000", "locked", None);
        locked["due"] = "7d".into();
        list(document, "encumbrances").push(locked);
    };
    let report = under(&bundle_with(state, |_, _| ()), PRICES);
    let btc = &section(&report).assets[0];
    assert_eq!(btc.asset.as_str(), "BTC");
    let by: Vec<_> = btc.rungs.iter().map(|rung| rung.by.map_or("", Cap::text)).collect();
    assert_eq!(by, ["locked", "locked", "price", "price", "price"]);
    let left: Vec<u128> = btc.rungs.iter().map(|rung| rung.left.base_units()).collect();
    assert_eq!(left[2] - left[1], 4_000_000_000, "the lock ends");
    assert_eq!(left[1] - left[0], 300_000_000, "the deposit elsewhere comes within a day");
}

#[test]
fn what_nobody_assumes_is_said() {
    let report = under(&own_token(), "[quality]\n[[quality.asset]]\nid = \"XMLP\"\nprice = \"1\"\n");
    let subjects: Vec<&str> = found(&report, &codes::NOTHING_ASSUMED).iter().map(|one| one.subject.as_str()).collect();
    // ether and dollars are missing at some time, bitcoin and the euro coin are left over
    assert_eq!(subjects, ["BTC", "ETH", "EURX", "USDT"]);
    assert_eq!(found(&report, &credit_codes::ASSUMPTION_UNUSED)[0].subject, "XMLP");
    let section = section(&report);
    assert!(section.ladder.rungs.iter().all(|rung| rung.realisable.is_none() && rung.missing.is_none()));
    assert!(report::text(&report).contains("nobody can say whether a bucket fails"));
    // without a balance sheet nothing can be valued, and that is told
    let report = under(&venue().bundle, PRICES);
    assert!(report.quality.is_none());
    assert_eq!(found(&report, &codes::NOTHING_VALUED).len(), 1);
}

#[test]
fn every_form_of_the_report_has_it() {
    let report = under(&own_token(), &own_terms("price = \"50\"\nfree_float = \"4000000\""));
    let text = report::text(&report);
    for words in ["none of it is coverage", "by now: 15 270 500 missing in kind", "(issuer)", "own tokens too"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
    let page = report::html(&report).unwrap();
    for words in ["id=\"quality\"", "None of this is coverage.", "id=\"quality-plot-wide-d\"", "What turns the outcome"]
    {
        assert!(page.contains(words), "{words}");
    }
    let tables = report::csv(&report).unwrap();
    let table = |name: &str| String::from_utf8(tables.iter().find(|(of, _)| *of == name).unwrap().1.clone()).unwrap();
    assert!(table("quality.csv").contains("\r\nXMPL,self,now,0,0,10000000,10000000,0,issuer,0,,500000000,"));
    assert!(table("sensitivity.csv").contains("\r\nas the policy assumes it,now,15270500,"));
    assert!(table("turning-points.csv").contains("\r\nprice,XMPL,50,above,,now,\r\n"));
    assert!(tables.iter().map(|(name, _)| *name).is_sorted());
}

#[test]
fn each_malformed_field_refuses_the_policy() {
    let row = |more: &str| format!("[[quality.asset]]\nid = \"A\"\n{more}\n");
    let table = |more: &str| format!("[quality]\n{more}\n");
    let long = table(&format!("unit = \"{}\"", "U".repeat(41)));
    for (more, said) in [
        (table("haircut = 1"), "unknown field `haircut`"),
        (table("participation = 10001"), "participation 10001"),
        (table("participation = -1"), "did not match"),
        (table("impact = 1000001"), "impact 1000001"),
        (table("float_share = 10001"), "float_share 10001"),
        (table("shares = [10001]"), "shares 10001"),
        (table("unit = \"\""), "unit \"\""),
        (table("unit = \"US\\tD\""), "printed ASCII"),
        (long, "1 to 40"),
        (row("haircut = 1"), "unknown field `haircut`"),
        (row("price = \"1e3\""), "plain decimal"),
        (row("price = 1.5"), "expected a string"),
        (row("daily_volume = \"-1\""), "plain decimal"),
        (row("volatility = 1000001"), "volatility 1000001"),
        (row("free_float = \"1,5\""), "plain decimal"),
        (row("circulating = \"\""), "plain decimal"),
        (row("free_float = \"2\"\ncirculating = \"1.5\""), "A: free_float 2, more than the 1.5 that circulate"),
        (row("market_value = \"+1\""), "plain decimal"),
        (row("relation = \"friend\""), "unknown variant `friend`"),
        (row("wrong_way = 10001"), "wrong_way 10001"),
        (row("bid = [{ price = \"1\" }]"), "missing field `amount`"),
        (row("bid = [{ price = \"1\", amount = \"1\" }, { price = \"2\", amount = \"1\" }]"), "do not fall"),
        (format!("{}{}", row(""), row("")), "A stands twice"),
        ("[[quality.asset]]\nprice = \"1\"\n".to_owned(), "missing field `id`"),
    ] {
        let policy = venue().policy.replacen("[[node]]", &format!("{more}[[node]]"), 1);
        let error = Policy::parse(&policy).unwrap_err();
        assert_eq!(error.code().number, 3011, "{more}");
        assert!(error.to_string().contains(said), "{more}: {error}");
    }
}

/// What auditors are given to start from is read, and uses every field.
#[test]
fn the_example_is_read() {
    let text = include_str!("../docs/quality.example.toml");
    let rules = Assumptions::parse(text).unwrap().rules;
    assert_eq!(rules.asset.len(), 4);
    let (_, table) = text.split_once("\n[quality]").unwrap();
    let report = under(&own_token(), &format!("[quality]{table}"));
    assert_eq!(section(&report).unit.as_deref(), Some("USD"));
    for field in [
        "unit",
        "participation",
        "impact",
        "float_share",
        "shares",
        "price",
        "daily_volume",
        "volatility",
        "bid",
        "relation",
        "free_float",
        "circulating",
        "market_value",
        "wrong_way",
    ] {
        assert!(text.lines().any(|line| line.starts_with(&format!("{field} = "))), "{field}");
    }
}

/// The venue has six bitcoin with its custodian; `due` is when the balance sheet says that they come.
fn in_custody(due: Option<(Due, u128)>) -> Report {
    let change = |statement: &mut Statement| {
        statement.schedules.custody_accounts = Some(vec![golden_support::joined::account("example-custodian", 2, 6)]);
        let row = |(due, amount): (Due, u128)| Row {
            asset: "BTC".parse().unwrap(),
            amount: coins(amount),
            kind: HoldingKind::Deposit,
            counterparty: "example-custodian".to_owned(),
            related_party: false,
            basis: counterfoil::basis::Basis::Stated,
            due,
            evidence: None,
        };
        let asset = &statement.assets[0];
        let unit =
            Unit { id: asset.id.clone(), decimals: asset.decimals, issuer: None, relation: IssuerRelation::None };
        statement.schedules.other_liabilities = Vec::new();
        let holdings = due.map(row).into_iter().collect();
        statement.schedules.balance_sheet =
            Some(BalanceSheet { holdings, units: vec![unit], ..BalanceSheet::default() });
    };
    let venue = made("golden-exchange", ("venue", golden_support::joined::BOOKS), &change);
    let custodian = custodian(&venue, "custodian", &|_| ());
    let (mut bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    reseal(&mut bundle);
    reconcile(&bundle, &Policy::parse(&policy).unwrap()).unwrap()
}

#[test]
fn what_custodians_keep_is_on_the_ladder_in_its_bucket() {
    let rungs = |report: &Report| {
        let ladder = &report.credit.as_ref().unwrap().ladders[0];
        let of = |rungs: &[counterfoil::reconcile::liquidity::Rung<_>]| -> Vec<_> {
            rungs
                .iter()
                .map(|rung: &counterfoil::reconcile::liquidity::Rung<counterfoil::amount::Amount>| {
                    rung.realisable.unwrap()
                })
                .collect()
        };
        (of(&ladder.held.rungs), of(&ladder.with_claims.rungs), ladder.in_custody)
    };
    let zero = coins(0);
    let silent = in_custody(None);
    let counted = silent.assets[0].custodians[0].counted;
    assert!(!counted.is_zero());
    let (held, claims, kept) = rungs(&silent);
    assert_eq!((&held, kept), (&vec![zero, zero, zero, zero, counted], counted));
    assert_eq!(held, claims);
    let told = found(&silent, &codes::CUSTODY_WITHOUT_BUCKET);
    assert_eq!(told[0].amount.unwrap().units, counted);
    // within a day, by the row; a row of seven is a claim of one beyond what is shown
    let stated = in_custody(Some((Due::Day, 7)));
    let (held, claims, _) = rungs(&stated);
    assert_eq!(held, [zero, counted, counted, counted, counted]);
    assert_eq!(claims, [zero, coins(7), coins(7), coins(7), coins(7)]);
    assert!(found(&stated, &codes::CUSTODY_WITHOUT_BUCKET).is_empty());
    // a row of one gives a bucket to one of them
    let (held, claims, _) = rungs(&in_custody(Some((Due::Now, 1))));
    assert_eq!(held, [coins(1), coins(1), coins(1), coins(1), counted]);
    assert_eq!(held, claims);
}
