//! Tiers of wallets and custodians in whole bundles: what the venue says, what its custodian says, and what is there.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, dead_code)]

#[path = "custody/left_out.rs"]
mod left_out;

mod golden_support;
mod window_support;

use counterfoil::amount::Amount;
use counterfoil::bundle::{MANIFEST, MemoryFiles, paths};
use counterfoil::json;
use counterfoil::policy::Policy;
use counterfoil::publish::custody::TierRow;
use counterfoil::publish::{self, Statement};
use counterfoil::reconcile::assess::Reason;
use counterfoil::reconcile::network::elsewhere::Claim;
use counterfoil::reconcile::network::{Input, NetworkFile, network};
use counterfoil::reconcile::tiers::TierResult;
use counterfoil::reconcile::{Report, Verdict, reconcile};
use counterfoil::report;
use counterfoil::reserve::address_set::Role;
use counterfoil::snapshot::Time;
use golden_support::joined::{
    BOOKS, COIN, account, coins, custodian, declare, holder, issuer, joined, venue, with_bundle, with_issuer,
};
use golden_support::{made, made_on, reseal};

fn codes(report: &Report) -> Vec<u16> {
    let mut codes: Vec<u16> =
        report.findings.iter().map(|finding| finding.code.number).filter(|code| (7400..7450).contains(code)).collect();
    codes.dedup();
    codes
}

fn report_of(bundle: &MemoryFiles, policy: &str) -> Report {
    reconcile(bundle, &Policy::parse(policy).unwrap()).unwrap()
}

/// At the cut-off 20 lie on the hot and 3 on the cold address.
#[test]
fn attack_t7_hot_and_cold_wallets_do_not_match() {
    let venue =
        made("golden-exchange", ("venue", BOOKS), &|statement| declare(statement, &[(Role::Cold, 20), (Role::Hot, 3)]));
    let report = report_of(&venue.golden.bundle, &venue.golden.policy);
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.code.number == 7400).collect();
    let amounts: Vec<_> = found.iter().map(|one| (one.subject.as_str(), one.amount.unwrap().units)).collect();
    assert_eq!(amounts, [("BTC cold", coins(17)), ("BTC hot", coins(17))]);
    assert!(found[0].detail.contains("20.00 declared, 3.00 shown"), "{}", found[0].detail);
    let text = report::text(&report);
    assert!(text.contains("declared by tier: hot 3.00 (shown at least"), "{text}");
    let tables = report::csv(&report).unwrap();
    let (_, table) = tables.iter().find(|(name, _)| *name == "tiers.csv").unwrap();
    let table = String::from_utf8(table.clone()).unwrap();
    assert!(table.contains("BTC,cold,20.00000000,2000000000,"), "{table}");
    assert!(report::html(&report).unwrap().contains("Declared by tier"));
}

#[test]
fn what_is_declared_as_it_is_has_no_finding_and_silence_is_no_zero() {
    let right = |statement: &mut Statement| declare(statement, &[(Role::Cold, 3), (Role::Hot, 20)]);
    let venue = made("golden-exchange", ("venue", BOOKS), &right);
    let report = report_of(&venue.golden.bundle, &venue.golden.policy);
    assert_eq!(codes(&report), Vec::<u16>::new());
    assert!(report.assets[0].tiers.iter().all(|line| line.result == TierResult::Same));
    let silent = made("golden-exchange", ("venue", BOOKS), &|_| ());
    let report = report_of(&silent.golden.bundle, &silent.golden.policy);
    assert_eq!(codes(&report), Vec::<u16>::new());
    assert!(report.assets[0].tiers.iter().all(|line| line.result == TierResult::NotDeclared));
    let nothing = made("golden-exchange", ("venue", BOOKS), &|statement| declare(statement, &[]));
    assert_eq!(codes(&report_of(&nothing.golden.bundle, &nothing.golden.policy)), [7402]);
}

#[test]
fn weaker_evidence_decides_neither_way_about_a_tier() {
    let weak = |venue: &golden_support::Made| {
        let strict = "[require]\ncompleteness = \"full-set\"\n\n[window]";
        report_of(&venue.golden.bundle, &venue.golden.policy.replace("[window]", strict))
    };
    let silent = weak(&made("golden-exchange", ("venue", BOOKS), &|_| ()));
    let line = silent.assets[0].tiers.iter().find(|line| line.least < line.most).expect("no full set").clone();
    let between = made("golden-exchange", ("venue", BOOKS), &|statement| {
        let row = TierRow { asset: "BTC".parse().unwrap(), role: line.role, amount: line.most };
        statement.schedules.tiers = Some(vec![row]);
    });
    assert!(codes(&weak(&between)).contains(&7401), "{:?}", codes(&weak(&between)));
}

#[test]
fn what_a_custodian_keeps_counts_by_its_own_tree_and_its_addresses_only_there() {
    let venue = venue();
    let custodian = custodian(&venue, "custodian", &|_| ());
    let alone = report_of(&custodian.golden.bundle, &custodian.golden.policy);
    let theirs = &alone.assets[0].commitments[0];
    let (bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    let report = report_of(&bundle, &policy);
    // one statement is one day; its own verdict is open; both list the same addresses
    assert_eq!(codes(&report), [7414, 7424, 7425]);
    let asset = &report.assets[0];
    let share = &asset.custodians[0];
    let low = theirs.low.unwrap();
    let part = (6 * COIN * low.base_units() / (10 * COIN)).min(6 * COIN);
    assert_eq!((share.in_tree, share.counted), (coins(6), Amount::from_base_units(part)));
    assert!(share.used && share.coverage.is_some());
    assert_eq!(asset.held.counted, Amount::ZERO, "its addresses count by the leaf alone");
    assert_eq!((asset.low(), asset.high()), (share.counted, coins(6)));
    // 9.5 and the loan of 4 are owed, at most 6 are kept
    assert_eq!(asset.verdict, Verdict::Short);
}

/// The list of addresses of a custodian does not make its coins the venue's.
#[test]
fn attack_t11_the_balance_of_one_custodian_shown_by_two_venues() {
    let venue = venue();
    let custodian = custodian(&venue, "custodian", &|_| ());
    let (bundle, policy) = joined(&venue, &custodian, "other-exchange");
    let report = report_of(&bundle, &policy);
    let found = report.findings.iter().find(|finding| finding.code.number == 7423).unwrap();
    assert!(found.detail.contains("other-exchange"), "{}", found.detail);
    assert_eq!(report.assets[0].custodians, []);
    let mut without = bundle.clone();
    without.remove("custodians/example-custodian.proof.json");
    reseal(&mut without);
    assert!(codes(&report_of(&without, &policy)).contains(&7423));
    let mut broken = bundle;
    broken.insert("custodians/example-custodian.proof.json".to_owned(), b"{}".to_vec());
    reseal(&mut broken);
    assert!(codes(&report_of(&broken, &policy)).contains(&7423));
}

#[test]
fn attack_t11_the_venue_is_its_own_custodian() {
    let venue = venue();
    let custodian = custodian(&venue, "venue", &|_| ());
    let (bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    let report = report_of(&bundle, &policy);
    assert!(codes(&report).contains(&7410), "{:?}", codes(&report));
    assert_eq!(report.assets[0].custodians, [], "nobody keeps anything for itself");
    assert!(!codes(&report).contains(&7424), "its addresses are its own");
}

#[test]
fn attack_t11_a_related_party_as_custodian() {
    let venue = venue();
    let custodian = custodian(&venue, "custodian", &|_| ());
    let (bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    let report = report_of(&bundle, &format!("{policy}\n[[related_party]]\nname = \"example-custodian\"\n"));
    assert!(
        report.findings.iter().any(|finding| finding.code.number == 7059 && finding.subject == "example-custodian")
    );
    assert_eq!(report.assets[0].custodians, []);
}

#[test]
fn attack_t11_the_custodians_statement_is_of_another_day() {
    let venue = venue();
    let custodian = custodian(&venue, "custodian", &|statement| {
        statement.cutoff = Time::from_unix(statement.cutoff.unix() - 86_400);
    });
    let (bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    let report = report_of(&bundle, &policy);
    assert!(codes(&report).contains(&7411), "{:?}", codes(&report));
    assert_eq!(report.assets[0].custodians[0].counted, Amount::ZERO);
}

#[test]
fn books_that_do_not_fit_are_told_line_by_line() {
    let venue = made("golden-exchange", ("venue", BOOKS), &|statement| {
        let mut own = account("example-custodian", 2, 7);
        own.lines[0].amount = coins(4);
        statement.schedules.custody_accounts = Some(vec![own]);
    });
    let custodian = custodian(&venue, "custodian", &|statement| {
        statement.schedules.custody_accounts =
            Some(vec![account("golden-exchange", 2, 5), account("other-exchange", 4, 4)]);
        declare(statement, &[(Role::Cold, 3), (Role::Hot, 6)]);
    });
    let (bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    let report = report_of(&bundle, &policy);
    // 9 kept and 10 owed; 7 do not follow from 2 and 4; 9 booked; closing 7 against 5; 4 against 3; a leaf of 6
    assert_eq!(codes(&report), [7412, 7414, 7415, 7416, 7417, 7418, 7419, 7424, 7425]);
    let amount = |code| {
        let found = report.findings.iter().find(|finding| finding.code.number == code).unwrap();
        found.amount.unwrap().units
    };
    assert_eq!([7412, 7415, 7416, 7417, 7418, 7419].map(amount), [1, 1, 1, 2, 1, 1].map(coins));
}

/// A verifier whose pin is stale, or a custodian's file that is damaged, makes no honest venue short.
#[test]
fn attack_a_custodian_that_cannot_be_read_convicts_the_venue() {
    let verdict = |closing: u128| {
        let venue = made_on("golden-exchange", ("venue", BOOKS), &[Role::Cold], &|statement| {
            statement.schedules.custody_accounts = Some(vec![account("example-custodian", 2, closing)]);
        });
        let (mut bundle, policy) = joined(&venue, &custodian(&venue, "custodian", &|_| ()), "golden-exchange");
        bundle.remove("custodians/example-custodian/challenge.json");
        reseal(&mut bundle);
        let report = report_of(&bundle, &policy);
        assert!(codes(&report).contains(&7422), "{:?}", codes(&report));
        (report.assets[0].verdict, report.assets[0].reason)
    };
    // 13.5 are owed and 3 are its own: the rest may lie there, as its books say
    assert_eq!(verdict(12), (Verdict::NotDeterminable, Reason::NotReadable));
    // by its own books it does not
    assert_eq!(verdict(6), (Verdict::Short, Reason::LessThanOwed));
}

#[test]
fn what_is_not_there_is_told() {
    let silent = made("golden-exchange", ("venue", BOOKS), &|_| ());
    let quiet = custodian(&silent, "custodian", &|statement| statement.schedules.tiers = None);
    let (bundle, policy) = joined(&silent, &quiet, "golden-exchange");
    let found = codes(&report_of(&bundle, &policy));
    assert!(found.contains(&7413) && found.contains(&7420), "{found:?}");
    let venue = venue();
    assert_eq!(codes(&report_of(&venue.golden.bundle, &venue.golden.policy)), [7421], "nobody pins it");
    assert_eq!(codes(&report_of(&venue.golden.bundle, &policy)), [7421], "nothing of it is in the bundle");
    let (mut bundle, policy) = joined(&venue, &quiet, "golden-exchange");
    bundle.remove("custodians/example-custodian/challenge.json");
    reseal(&mut bundle);
    assert!(codes(&report_of(&bundle, &policy)).contains(&7422));
    assert!(bundle.contains_key(MANIFEST));
}

#[test]
fn an_issued_coin_is_a_claim_that_is_looked_through_once() {
    let (venue, issuer) = (holder(), issuer(&|_| ()));
    let policy = with_issuer(&venue, &issuer, "");
    let report = report_of(&with_bundle(&venue, &issuer), &policy);
    // it owes 44 and keeps less
    assert_eq!(codes(&report), [7434]);
    let alone = report_of(&issuer.golden.bundle, &issuer.golden.policy);
    let theirs = &alone.assets[0].commitments[0];
    let (asset, claim) = (&report.assets[0], &report.assets[0].issuers[0]);
    let kept = theirs.low.unwrap().base_units();
    let backed = Amount::from_base_units(20 * COIN * kept / theirs.owed.base_units());
    assert_eq!((claim.held, claim.backed, claim.counts), (coins(20), Some(backed), true));
    assert_eq!(asset.held.counted, coins(20), "whoever is owed the coin is paid with the coin");
    assert!(report::text(&report).contains("claim on an issuer: 20.00 of"));
    let tables = report::csv(&report).unwrap();
    let (_, table) = tables.iter().find(|(name, _)| *name == "elsewhere.csv").unwrap();
    assert!(String::from_utf8(table.clone()).unwrap().contains("BTC,issuer,example-wrapper,20.00000000,"));
}

/// The coins behind an issued coin are listed by the venue, too: they would pay its customers and the coin's holders.
#[test]
fn attack_r8_one_wallet_of_venue_and_issuer() {
    let (venue, issuer) = (made("golden-exchange", ("venue", BOOKS), &|_| ()), issuer(&|_| ()));
    let policy = with_issuer(&venue, &issuer, "");
    let report = report_of(&with_bundle(&venue, &issuer), &policy);
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.code.number == 7511).collect();
    assert_eq!(found.len(), 1, "the cold address");
    let held = &report.assets[0].held;
    assert_eq!((held.counted, held.excluded), (coins(20), coins(3)));
    // whoever shows no control of it takes it from nobody
    let mut listed = with_bundle(&venue, &issuer);
    let prefix = "issuers/example-wrapper/";
    let of_issuer =
        listed.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(prefix)?.to_owned(), bytes.clone())));
    let mut of_issuer: MemoryFiles = of_issuer.collect();
    of_issuer.insert(paths::CONTROL.to_owned(), Vec::new());
    reseal(&mut of_issuer);
    listed.extend(of_issuer.into_iter().map(|(path, bytes)| (format!("{prefix}{path}"), bytes)));
    reseal(&mut listed);
    let report = report_of(&listed, &policy);
    assert_eq!(report.assets[0].held.counted, coins(23));
    assert!(report.findings.iter().all(|finding| finding.code.number != 7511));
    // nor does a way of control that this verifier does not take
    let strict = policy.replace("[window]", "[require]\ncontrol = \"moved\"\n\n[window]");
    let report = report_of(&with_bundle(&venue, &issuer), &strict);
    assert!(report.findings.iter().all(|finding| finding.code.number != 7511));
    assert_eq!(report.assets[0].held.excluded, Amount::ZERO);
}

/// One operator with two names and two keys shows one wallet twice.
#[test]
fn attack_r4_two_custodians_with_one_wallet() {
    let venue = made("golden-exchange", ("venue", BOOKS), &|_| ());
    let custodian = custodian(&venue, "custodian", &|_| ());
    let (mut bundle, mut policy) = joined(&venue, &custodian, "golden-exchange");
    let alone = report_of(&bundle, &policy);
    assert!(!alone.assets[0].custodians[0].counted.is_zero());
    let books = golden_support::joined::custodian_books(&venue);
    let second = made("second-custodian", ("second custodian", &books), &|statement| {
        golden_support::joined::of_clients(statement);
    });
    for (path, bytes) in &second.golden.bundle {
        bundle.insert(format!("custodians/second-custodian/{path}"), bytes.clone());
    }
    let proof = golden_support::joined::proof(&second, "golden-exchange");
    bundle.insert("custodians/second-custodian.proof.json".to_owned(), proof);
    reseal(&mut bundle);
    policy.push_str(&format!(
        "\n[[custodian]]\nid = \"second-custodian\"\nlog_origin = \"log.example/second-custodian\"\n\
         keys = [{{ alg = \"bip340\", key = \"{}\" }}]\n",
        second.key.public_key().key
    ));
    let report = report_of(&bundle, &policy);
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.code.number == 7510).collect();
    assert_eq!(
        found.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(),
        ["example-custodian and second-custodian"]
    );
    let shares = &report.assets[0].custodians;
    assert_eq!(shares.iter().map(|share| share.counted).collect::<Vec<_>>(), [Amount::ZERO; 2]);
    assert_eq!(report.assets[0].low(), Amount::ZERO);
}

/// What the policy knows as issued stands for no native coin with the venue, and with its custodian no more.
#[test]
fn attack_t12_wrapped_coins_with_a_custodian() {
    let venue = made("golden-exchange", ("venue", BOOKS), &|_| ());
    let custodian = custodian(&venue, "custodian", &|_| ());
    let (bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    let native = "[[asset.deployment]]\nid = \"bip122:000000000019d6689c085ae165831e93/slip44:0\"\ndecimals = 8\n";
    let known = with_issuer(&venue, &issuer(&|_| ()), native);
    let pinned = policy.split("[[custodian]]").nth(1).unwrap();
    let report = report_of(&bundle, &format!("{known}\n[[custodian]]{pinned}"));
    assert_eq!(report.assets[0].custodians[0].counted, Amount::ZERO);
}

/// A venue whose coins are with a custodian has a little with another venue, too: nobody is called short for that.
#[test]
fn attack_a_little_elsewhere_hides_nothing_of_what_is_in_custody() {
    let books = "account,asset,amount,class\nu000000000001,BTC,1,custody\n";
    let venue = made_on("golden-exchange", ("venue", books), &[Role::Cold], &|statement| {
        statement.schedules.custody_accounts = Some(vec![account("example-custodian", 2, 6)]);
    });
    let of_custodian = golden_support::joined::custodian_books(&venue);
    let custodian = made_on("example-custodian", ("custodian", &of_custodian), &[Role::Cold], &|statement| {
        golden_support::joined::of_clients(statement);
    });
    let (mut bundle, policy) = joined(&venue, &custodian, "golden-exchange");
    let key = venue.key.public_key();
    let of_other = format!("account,asset,amount,credential,class\ngolden-exchange,BTC,0.01,{key},custody\n");
    let other = made_on("other-exchange", ("other", &of_other), &[Role::Hot], &|_| ());
    let (own, there) = (&venue.statement.venue.id, &other.statement.venue.id);
    let digest = publish::digest(&json::canonical(&other.statement).unwrap());
    let claim = Claim::sign(&venue.key, own, there, &digest, "golden-exchange").unwrap();
    let parts = [
        ("statement.json", other.golden.bundle[paths::STATEMENT].clone()),
        ("proof.json", golden_support::joined::proof(&other, "golden-exchange")),
        ("claim.json", json::canonical(&claim).unwrap()),
    ];
    bundle.extend(parts.into_iter().map(|(name, bytes)| (format!("elsewhere/other/{name}"), bytes)));
    reseal(&mut bundle);
    let alone = report_of(&bundle, &policy);
    // 1 and a loan of 4 are owed; 6 are in the custodian's tree, which keeps 3 of 10
    assert_eq!((alone.assets[0].high(), alone.assets[0].verdict), (coins(6), Verdict::NotDeterminable));
    let file = "format = \"counterfoil-network-policy-v1\"\n[[venue]]\npolicy = \"a\"\n[[venue]]\npolicy = \"b\"\n";
    let policies = vec![Policy::parse(&policy).unwrap(), Policy::parse(&other.golden.policy).unwrap()];
    let policies = NetworkFile::parse(file).unwrap().with(policies).unwrap();
    let inputs = [("a", &bundle), ("b", &other.golden.bundle)];
    let inputs = inputs.map(|(name, files)| Input { name: name.to_owned(), files });
    let found = network(&inputs, &policies, None).unwrap();
    let figures = &found.assets[0].venues[0];
    assert_eq!(figures.venue, *own);
    assert_eq!(found.deposits.len(), 1, "{:?}", found.findings);
    assert_eq!(figures.outside_at_most.0.to_string(), "6");
    assert_eq!(figures.verdict, Verdict::NotDeterminable);
    // without the custodian's files its own 3 are left, and the 6 that its books have there
    let mut without = bundle.clone();
    without.retain(|path, _| !path.starts_with("custodians/"));
    reseal(&mut without);
    let inputs = [("a", &without), ("b", &other.golden.bundle)];
    let inputs = inputs.map(|(name, files)| Input { name: name.to_owned(), files });
    let found = network(&inputs, &policies, None).unwrap();
    let figures = &found.assets[0].venues[0];
    assert_eq!(figures.outside_at_most.0.to_string(), "9");
    assert_eq!(figures.verdict, Verdict::NotDeterminable);
}

#[test]
fn coins_that_back_themselves_are_told() {
    let venue = made("golden-exchange", ("venue", BOOKS), &|_| ());
    let policy = with_issuer(&venue, &issuer(&|_| ()), "");
    let told = |text: &str| Policy::parse(text).unwrap().departures().join("\n");
    assert!(told(&policy).contains("laxer: coins of example-wrapper count as what backs them"), "{}", told(&policy));
    let (head, own) = policy.split_once("deployments = [\"").unwrap();
    let (_, rest) = own.split_once('"').unwrap();
    let other = format!("{head}deployments = [\"eip155:1/erc20:0x0808080808080808080808080808080808080808\"{rest}");
    assert!(!told(&other).contains("backs them"), "{}", told(&other));
}

#[test]
fn attack_t12_a_wrapped_coin_counted_as_the_native_one() {
    let (venue, issuer) = (made("golden-exchange", ("venue", BOOKS), &|_| ()), issuer(&|_| ()));
    let native = "[[asset.deployment]]\nid = \"bip122:000000000019d6689c085ae165831e93/slip44:0\"\ndecimals = 8\n";
    let report = report_of(&venue.golden.bundle, &with_issuer(&venue, &issuer, native));
    assert_eq!(codes(&report), [7430, 7431]);
    let found = report.findings.iter().find(|finding| finding.code.number == 7430).unwrap();
    assert_eq!(found.amount.unwrap().units, coins(23));
    let asset = &report.assets[0];
    assert_eq!((asset.held.counted, asset.held.excluded), (Amount::ZERO, coins(23)));
    assert!(!asset.issuers[0].counts);
}

#[test]
fn an_issuer_of_another_day_or_with_a_broken_bundle_backs_nothing() {
    let venue = made("golden-exchange", ("venue", BOOKS), &|_| ());
    let yesterday = issuer(&|statement| statement.cutoff = Time::from_unix(statement.cutoff.unix() - 86_400));
    let policy = with_issuer(&venue, &yesterday, "");
    let mut bundle = with_bundle(&venue, &yesterday);
    let report = report_of(&bundle, &policy);
    assert!(codes(&report).contains(&7433), "{:?}", codes(&report));
    assert_eq!(report.assets[0].issuers[0].backed, None);
    bundle.remove("issuers/example-wrapper/challenge.json");
    reseal(&mut bundle);
    assert_eq!(codes(&report_of(&bundle, &policy)), [7432]);
}

#[test]
fn policies_pin_each_party_once() {
    let venue = made("golden-exchange", ("venue", BOOKS), &|_| ());
    let issuer = issuer(&|_| ());
    let policy = with_issuer(&venue, &issuer, "");
    let refused = |text: &str| Policy::parse(text).unwrap_err().to_string();
    let pinned = policy.split("[[issuer]]").nth(1).unwrap();
    assert!(refused(&format!("{policy}\n[[issuer]]{pinned}")).contains("pinned twice"));
    let other = pinned.replace("example-wrapper", "another-wrapper");
    assert!(refused(&format!("{policy}\n[[issuer]]{other}")).contains("has two issuers"));
    assert!(
        refused(&policy.replace("id = \"example-wrapper\"", "id = \"golden-exchange\"")).contains("the venue itself")
    );
}
