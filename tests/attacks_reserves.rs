//! Attempts to get a verdict that is too good, or an honest venue called short, by whoever makes the bundle. Names are
//! those of `docs/known-flaws.md` where one fits. Each attempt starts from the example venue, whose keys are public.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use counterfoil::amount::Amount;
use counterfoil::asset::{Asset, AssetId, ChainId};
use counterfoil::bundle::paths;
use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::lab::forger::{BITCOIN, EVM, Forger, sign_again};
use counterfoil::publish::{self, Statement};
use counterfoil::reconcile::{AssetReport, Finding, Report, Severity, Verdict};
use counterfoil::report;
use counterfoil::reserve::address_set::{AddressSet, Role};
use counterfoil::reserve::challenge::Challenge;
use counterfoil::reserve::transcript::Transcript;
use counterfoil::snapshot::Time;

/// The example venue, whose files the attacker replaces.
struct Liar(Forger);

impl std::ops::Deref for Liar {
    type Target = Forger;

    fn deref(&self) -> &Forger {
        &self.0
    }
}

impl std::ops::DerefMut for Liar {
    fn deref_mut(&mut self) -> &mut Forger {
        &mut self.0
    }
}

impl Liar {
    fn new() -> Self {
        Self(Forger::new().unwrap())
    }

    fn path(chain: &str, name: &str) -> String {
        Forger::path(chain, name).unwrap()
    }

    fn statement(&self) -> Statement {
        self.0.statement().unwrap()
    }

    fn state(&mut self, change: impl FnOnce(&mut Statement)) {
        self.0.state(change).unwrap();
    }

    fn answer(&mut self, chain: &str, signer: &str, change: impl FnOnce(&mut Transcript)) {
        self.0.answer(chain, signer, change).unwrap();
    }

    fn commit(&mut self, set: impl FnOnce(&mut AddressSet), issue: impl FnOnce(&mut Challenge)) {
        self.0.commit(set, issue).unwrap();
    }

    fn run(&self) -> Report {
        self.0.run().unwrap()
    }
}

fn asset<'a>(report: &'a Report, id: &str) -> &'a AssetReport {
    report.assets.iter().find(|asset| asset.asset.as_str() == id).unwrap()
}

fn verdict(report: &Report, id: &str) -> Verdict {
    asset(report, id).verdict
}

fn found(report: &Report, code: u16) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.code.number == code).collect()
}

/// Keeps one asset in a statement, and leaves the others out.
fn only(statement: &mut Statement, id: &str) {
    statement.assets.retain(|asset| asset.id.as_str() == id);
    statement.liabilities.retain(|row| row.asset.as_str() == id);
    statement.schedules.other_liabilities.retain(|row| row.asset.as_str() == id);
}

fn btc(statement: &mut Statement) -> &mut Asset {
    statement.assets.iter_mut().find(|asset| asset.id.as_str() == "BTC").unwrap()
}

#[test]
fn the_example_is_as_built() {
    let report = Liar::new().run();
    let verdicts = ["BTC", "ETH", "USDT"].map(|id| verdict(&report, id));
    assert_eq!(verdicts, [Verdict::Covered, Verdict::Short, Verdict::NotDeterminable]);
}

// --- the statement ---

#[test]
fn attack_r12_an_asset_left_out_of_the_statement_is_not_covered_silently() {
    let mut liar = Liar::new();
    liar.state(|statement| only(statement, "BTC"));
    let report = liar.run();
    assert_eq!(verdict(&report, "BTC"), Verdict::Covered);
    assert_eq!(verdict(&report, "ETH"), Verdict::NotDeterminable, "the policy counts it, the statement is silent");
    assert_eq!(report.overall.verdict, Verdict::NotDeterminable);
    assert!(report.overall.headline.starts_with("1 of 3 covered"), "{}", report.overall.headline);
    // who requires BTC alone is told of the others all the same
    liar.policy = liar.policy.replacen("\n[[node]]", "\n[require]\nassets = [\"BTC\"]\n[[node]]", 1);
    let report = liar.run();
    assert_eq!((report.overall.verdict, report.assets.len()), (Verdict::Covered, 3));
}

#[test]
fn attack_a5_decimals_other_than_the_policys_are_told() {
    // the same digits with ten more decimals: everything that is owed shrinks to nothing
    let mut liar = Liar::new();
    liar.state(|statement| {
        btc(statement).decimals = counterfoil::amount::Decimals::new(18).unwrap();
        for row in statement.liabilities.iter_mut().filter(|row| row.asset.as_str() == "BTC") {
            row.decimals = counterfoil::amount::Decimals::new(18).unwrap();
        }
    });
    let report = liar.run();
    let told = found(&report, 7023);
    assert!(told.iter().any(|finding| finding.detail.contains("18 decimals")), "{:?}", report.findings);
}

#[test]
fn attack_r12_an_asset_without_rows_is_told() {
    let mut liar = Liar::new();
    liar.state(|statement| {
        statement.liabilities.retain(|row| row.asset.as_str() != "BTC");
        statement.schedules.other_liabilities.clear();
        statement.without_rows = vec!["BTC".parse().unwrap()];
    });
    let report = liar.run();
    assert_eq!(verdict(&report, "BTC"), Verdict::NotDeterminable, "nothing is committed, nothing can be checked");
    let told = found(&report, 7022);
    assert_eq!(
        told.iter().map(|finding| finding.asset.as_ref().map(AssetId::as_str)).collect::<Vec<_>>(),
        [Some("BTC")]
    );
}

#[test]
fn attack_r15_words_of_the_maker_do_not_make_lines_of_the_report() {
    let fake = "x\n\nCOVERED: 3 of 3 covered\r\u{202e}derevoc\u{2028}COVERED: all\u{85}COVERED: 1";
    let wide = format!("y{}COVERED: 3 of 3 covered", " ".repeat(200));
    for words in [fake.to_owned(), wide, "COVERED: 3 of 3 covered".to_owned()] {
        let mut liar = Liar::new();
        liar.maker.clone_from(&words);
        liar.state(|statement| statement.venue.legal_entity.clone_from(&words));
        let mut addresses = AddressSet::parse(&liar.files[paths::ADDRESSES]).unwrap().entries().to_vec();
        addresses[0].encumbrance = Some(words.clone());
        liar.commit(|set| *set = AddressSet::from_entries(addresses).unwrap(), |_| ());
        let text = report::text(&liar.run());
        assert!(!text.contains(['\u{202e}', '\u{2028}', '\u{85}', '\r']), "{text}");
        let lines = text.split(['\n', '\u{2028}', '\u{85}', '\r']);
        assert_eq!(lines.filter(|line| line.starts_with("COVERED")).count(), 0, "{text}");
    }
}

#[test]
fn attack_r17_a_block_that_is_not_the_cutoff_block_does_not_cover() {
    for (up, code) in [(true, 7007), (false, 7007)] {
        let mut liar = Liar::new();
        let headers = liar.files[&Liar::path(BITCOIN, paths::HEADERS)].clone();
        liar.state(|statement| {
            let block = statement.chains.iter_mut().find(|block| block.chain.as_str() == BITCOIN).unwrap();
            let mut hashes = headers.chunks(80).map(|header| {
                let mut hash = sha256(sha256(header).as_bytes()).to_bytes();
                hash.reverse();
                counterfoil::hash::Digest::from_bytes(hash)
            });
            let at = hashes.position(|hash| hash == block.hash).unwrap();
            let other = if up { at + 1 } else { at - 1 };
            block.height = if up { block.height + 1 } else { block.height - 1 };
            let header = headers.chunks(80).nth(other).unwrap();
            let mut hash = sha256(sha256(header).as_bytes()).to_bytes();
            hash.reverse();
            block.hash = counterfoil::hash::Digest::from_bytes(hash);
        });
        let report = liar.run();
        assert_eq!(verdict(&report, "BTC"), Verdict::NotDeterminable);
        assert_eq!(found(&report, code).len(), 1, "{:?}", report.findings);
    }
}

#[test]
fn attack_r22_without_a_committed_set_or_block_nothing_is_covered() {
    let mut liar = Liar::new();
    liar.state(|statement| statement.address_set = None);
    assert_eq!(verdict(&liar.run(), "BTC"), Verdict::NotDeterminable);
    let mut liar = Liar::new();
    liar.state(|statement| statement.custody = None);
    assert_eq!(verdict(&liar.run(), "BTC"), Verdict::NotDeterminable);
    let mut liar = Liar::new();
    liar.state(|statement| statement.chains.clear());
    assert_eq!(verdict(&liar.run(), "BTC"), Verdict::NotDeterminable);
}

// --- evidence that cannot be used ---

#[test]
fn attack_r19_unusable_answers_make_no_honest_venue_short() {
    type Change = fn(&mut Transcript);
    let changes: [(&str, Change); 4] = [
        ("cut", |transcript| transcript.calls[0].result.truncate(40)),
        ("no scan", |transcript| transcript.calls.clear()),
        ("another chain", |transcript| transcript.tip.chain = EVM.parse().unwrap()),
        ("an early tip", |transcript| transcript.tip.height = 1),
    ];
    for (name, change) in changes {
        let mut liar = Liar::new();
        liar.answer(BITCOIN, "a stranger", change);
        assert_eq!(verdict(&liar.run(), "BTC"), Verdict::NotDeterminable, "{name}");
    }
}

#[test]
fn attack_r19_an_evm_chain_without_evidence_makes_no_honest_venue_short() {
    for names in [&[paths::EVM_HEADERS, paths::EVM_NODES][..], &[paths::EVM_HEADERS], &[paths::EVM_NODES]] {
        let mut liar = Liar::new();
        for name in names {
            liar.files.remove(&Liar::path(EVM, name));
        }
        assert_eq!(verdict(&liar.run(), "ETH"), Verdict::NotDeterminable, "without {names:?}");
    }
}

#[test]
fn attack_r8_a_native_coin_that_cannot_be_judged_is_not_short() {
    let mut liar = Liar::new();
    liar.policy = liar.policy.replace("eip155:1337/slip44:60", "eip155:1337/slip44:966");
    assert_eq!(verdict(&liar.run(), "ETH"), Verdict::NotDeterminable);
}

#[test]
fn attack_r19_answers_of_another_node_or_an_earlier_block_do_not_cover() {
    let mut liar = Liar::new();
    liar.answer(BITCOIN, "venue", |_| ());
    let report = liar.run();
    assert_eq!(verdict(&report, "BTC"), Verdict::NotDeterminable);
    assert_eq!(asset(&report, "BTC").held.counted, Amount::ZERO);
    // the pinned node's own answer of a block below the cut-off, as an old bundle has it
    let mut liar = Liar::new();
    let cutoff = liar.statement().chains.iter().find(|block| block.chain.as_str() == BITCOIN).unwrap().clone();
    liar.answer(BITCOIN, "auditor's node", |transcript| {
        let (height, hash) = (transcript.tip.height, transcript.tip.hash);
        transcript.tip.height = cutoff.height - 1;
        let result = &mut transcript.calls[0].result;
        *result =
            result.replace(&format!("\"height\":{height},\"best"), &format!("\"height\":{},\"best", cutoff.height - 1));
        assert!(result.contains(&hash.to_string()));
    });
    let report = liar.run();
    assert_ne!(verdict(&report, "BTC"), Verdict::Covered);
    assert!(!report.findings.is_empty());
}

#[test]
fn attack_r4_answers_given_twice_count_once() {
    let mut liar = Liar::new();
    let before = asset(&liar.run(), "BTC").held.counted;
    liar.answer(BITCOIN, "auditor's node", |transcript| {
        let again = transcript.calls.clone();
        transcript.calls.extend(again);
    });
    assert_eq!(asset(&liar.run(), "BTC").held.counted, before);
    let mut liar = Liar::new();
    let before = asset(&liar.run(), "USDT").held.possible;
    liar.answer(EVM, "venue", |transcript| {
        let again = transcript.calls.clone();
        transcript.calls.extend(again);
    });
    assert_eq!(asset(&liar.run(), "USDT").held.possible, before);
}

#[test]
fn attack_r4_one_account_on_two_chains_is_not_counted_twice() {
    // a second chain with the same accounts and the same evidence: the policy counts nothing there
    let mut liar = Liar::new();
    let before = asset(&liar.run(), "ETH").held.possible;
    let mut entries = AddressSet::parse(&liar.files[paths::ADDRESSES]).unwrap().entries().to_vec();
    let copies: Vec<_> = entries.iter().filter(|entry| entry.chain.as_str() == EVM).cloned().collect();
    entries.extend(copies.into_iter().map(|mut entry| {
        entry.chain = "eip155:1338".parse().unwrap();
        entry
    }));
    liar.commit(
        |set| *set = AddressSet::from_entries(entries).unwrap(),
        |challenge| {
            let mut block = challenge.blocks[1].clone();
            block.chain = "eip155:1338".parse().unwrap();
            challenge.blocks.push(block);
        },
    );
    liar.state(|statement| {
        let mut block = statement.chains[1].clone();
        block.chain = "eip155:1338".parse().unwrap();
        statement.chains.push(block);
    });
    for name in [paths::EVM_HEADERS, paths::EVM_NODES, paths::TRANSCRIPT] {
        let bytes = liar.files[&Liar::path(EVM, name)].clone();
        liar.files.insert(Liar::path("eip155:1338", name), bytes);
    }
    assert_eq!(asset(&liar.run(), "ETH").held.possible, before);
}

/// The verifier knows an address as the lender's; the venue lists it as its own, and the lender signs.
#[test]
fn attack_an_address_of_a_related_party_in_the_set_counts_nothing() {
    let mut liar = Liar::new();
    let before = asset(&liar.run(), "BTC").held.possible;
    let set = AddressSet::parse(&liar.files[paths::ADDRESSES]).unwrap();
    let lent = set.entries().iter().find(|entry| entry.chain.as_str() == BITCOIN && entry.role == Role::Cold).unwrap();
    liar.policy += &format!("\n[[related_party]]\nname = \"Lender\"\naddresses = [\"{}\"]\n", lent.address);
    let report = liar.run();
    assert!(asset(&report, "BTC").held.possible < before);
    assert_ne!(verdict(&report, "BTC"), Verdict::Covered);
    let told = report.findings.iter().find(|finding| finding.code.number == 7059).unwrap();
    assert_eq!(told.subject, lent.address);
}

// --- control ---

#[test]
fn attack_r11_internal_and_pledged_coins_count_nothing() {
    for pledge in [false, true] {
        let mut liar = Liar::new();
        let mut entries = AddressSet::parse(&liar.files[paths::ADDRESSES]).unwrap().entries().to_vec();
        for entry in entries.iter_mut().filter(|entry| entry.chain.as_str() == BITCOIN) {
            if pledge {
                entry.encumbrance = Some(" ".to_owned());
            } else {
                entry.role = Role::Internal;
            }
        }
        liar.commit(|set| *set = AddressSet::from_entries(entries).unwrap(), |_| ());
        let report = liar.run();
        assert_eq!(verdict(&report, "BTC"), Verdict::Short);
        assert_eq!(asset(&report, "BTC").held.possible, Amount::ZERO);
    }
}

#[test]
fn attack_r6_signatures_of_other_lines_or_chains_count_nothing() {
    let mut liar = Liar::new();
    let mut proofs = liar.control().unwrap();
    for proof in &mut proofs {
        *proof = sign_again(proof, "I am an address of Example Exchange").unwrap();
    }
    liar.set_control(&proofs).unwrap();
    let report = liar.run();
    assert_eq!(asset(&report, "BTC").held.possible, Amount::ZERO);
    assert_eq!(verdict(&report, "BTC"), Verdict::Short);
    // a good signature stays good beside a wrong one, and is told of
    let mut liar = Liar::new();
    proofs.extend(liar.control().unwrap());
    liar.set_control(&proofs).unwrap();
    let report = liar.run();
    assert_eq!((verdict(&report, "BTC"), found(&report, 7005).len()), (Verdict::Covered, 5));
}

#[test]
fn attack_r7_a_challenge_is_of_its_time() {
    let cutoff = Liar::new().statement().cutoff.unix();
    let midnight = |days: i64| Time::from_unix(cutoff.div_euclid(86_400) * 86_400 + days * 86_400);
    for (issued, expires) in [(cutoff + 1, midnight(2)), (cutoff - 200_000, midnight(0))] {
        let mut liar = Liar::new();
        liar.commit(|_| (), |challenge| (challenge.issued, challenge.expires) = (Time::from_unix(issued), expires));
        let report = liar.run();
        assert_eq!(verdict(&report, "BTC"), Verdict::NotDeterminable);
        assert_eq!(found(&report, 7015).len(), 1);
    }
}

#[test]
fn attack_r7_a_challenge_names_no_invented_block() {
    type Change = fn(&mut Challenge, &Statement);
    let changes: [(&str, Change); 3] = [
        ("above the cut-off block", |challenge, statement| {
            challenge.blocks[0].height = statement.chains[0].height + 1;
        }),
        ("another hash at the height of the cut-off block", |challenge, statement| {
            challenge.blocks[0].height = statement.chains[0].height;
        }),
        ("another hash at the height of a header", |challenge, statement| {
            challenge.blocks[1].height = statement.chains[1].height - 1;
        }),
    ];
    for (name, change) in changes {
        let mut liar = Liar::new();
        let statement = liar.statement();
        liar.commit(|_| (), |challenge| change(challenge, &statement));
        let report = liar.run();
        let told = found(&report, 7015);
        assert!(told.len() == 1 && told[0].severity == Severity::Critical, "{name}: {:?}", report.findings);
    }
}

// --- work ---

#[test]
fn attack_work_many_chains_and_findings_take_time_in_proportion() {
    // every address on a chain of its own, none with evidence: findings and chains by the thousand
    const CHAINS: u64 = 3_000;
    let mut liar = Liar::new();
    let mut entries = AddressSet::parse(&liar.files[paths::ADDRESSES]).unwrap().entries().to_vec();
    let pattern = entries.iter().find(|entry| entry.chain.as_str() == EVM).unwrap().clone();
    entries.extend((10_000..10_000 + CHAINS).map(|number| {
        let mut entry = pattern.clone();
        entry.chain = format!("eip155:{number}").parse().unwrap();
        entry
    }));
    entries.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
    let chains: std::collections::BTreeSet<ChainId> = entries.iter().map(|entry| entry.chain.clone()).collect();
    liar.commit(
        |set| *set = AddressSet::from_entries(entries).unwrap(),
        |challenge| {
            let known = challenge.blocks.clone();
            challenge.blocks = chains
                .iter()
                .map(|chain| {
                    let mut block = known.iter().find(|block| block.chain == *chain).unwrap_or(&known[1]).clone();
                    block.chain = chain.clone();
                    block
                })
                .collect();
        },
    );
    let report = liar.run();
    assert_eq!(verdict(&report, "BTC"), Verdict::Covered);
    assert_eq!(found(&report, 7010).len() as u64, CHAINS);
}

#[test]
fn attack_work_a_statement_of_too_many_rows_is_refused_before_its_signature() {
    let liar = Liar::new();
    let mut statement = liar.statement();
    let pattern = statement.assets[0].clone();
    statement.assets =
        (0..10_001).map(|number| Asset { id: format!("A{number:06}").parse().unwrap(), ..pattern.clone() }).collect();
    statement.without_rows = statement.assets.iter().map(|asset| asset.id.clone()).collect();
    let error = publish::parse(&json::canonical(&statement).unwrap()).unwrap_err();
    assert!(error.to_string().contains("10001 assets, at most 10000"), "{error}");
    let mut statement = liar.statement();
    let loan = statement.schedules.other_liabilities[0].clone();
    statement.schedules.other_liabilities = vec![loan; 100_001];
    let error = publish::parse(&json::canonical(&statement).unwrap()).unwrap_err();
    assert!(error.to_string().contains("100001 other liabilities, at most 100000"), "{error}");
}

#[test]
fn attack_r16_a_scan_that_asks_about_fewer_addresses_is_told() {
    // the pinned node's own words, about two addresses of three: what is missing looks like nothing held
    let mut liar = Liar::new();
    let mut left_out = String::new();
    liar.answer(BITCOIN, "auditor's node", |transcript| {
        let call = &mut transcript.calls[0];
        let mut params: serde_json::Value = serde_json::from_str(&call.params).unwrap();
        let asked = params[1].as_array_mut().unwrap();
        left_out = asked.remove(0).as_str().unwrap().trim_start_matches("raw(").trim_end_matches(')').to_owned();
        call.params = params.to_string();
        let mut result: serde_json::Value = serde_json::from_str(&call.result).unwrap();
        result["unspents"].as_array_mut().unwrap().retain(|coin| coin["scriptPubKey"] != left_out.as_str());
        call.result = result.to_string();
    });
    let report = liar.run();
    assert_ne!(verdict(&report, "BTC"), Verdict::Covered);
    assert_eq!(found(&report, 5050).len(), 1, "{:?}", report.findings);
    assert!(found(&Liar::new().run(), 5050).is_empty());
}
