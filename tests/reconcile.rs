//! Reconciling changed bundles of the example venue: what a damaged or missing file may and may not do to a verdict.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::sync::LazyLock;

use counterfoil::bundle::{FileSource, MANIFEST, MemoryFiles, SourceError, paths, seal};
use counterfoil::code;
use counterfoil::hash::Tag;
use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::reconcile::{Report, Verdict, reconcile};
use counterfoil::report;
use counterfoil::reserve::address_set::AddressSet;
use counterfoil::reserve::challenge;
use counterfoil::reserve::evm::control::wallet;
use counterfoil::reserve::transcript::{Call, Transcript};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;
use serde_json::Value;

const BITCOIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
const EVM: &str = "eip155:1337";

/// The example's keys are public: SHA-256 of their purpose.
fn key(purpose: &str) -> SigningKey {
    let mut seed = sha256(format!("example venue: {purpose}").as_bytes()).to_bytes();
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed)).unwrap()
}

fn report_of(change: impl FnOnce(&mut MemoryFiles)) -> Report {
    static VENUE: LazyLock<ExampleVenue> = LazyLock::new(|| ExampleVenue::new().unwrap());
    let venue = &*VENUE;
    let mut files = venue.bundle.clone();
    files.remove(MANIFEST);
    change(&mut files);
    let manifest = seal(&files, "a test", Time::from_unix(0), &key("venue")).unwrap();
    files.insert(MANIFEST.to_owned(), manifest);
    reconcile(&files, &Policy::parse(&venue.policy).unwrap()).unwrap()
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.assets.iter().map(|asset| asset.verdict).collect()
}

fn codes(report: &Report) -> Vec<u16> {
    report.findings.iter().map(|finding| finding.code.number).collect()
}

fn path(chain: &str, name: &str) -> String {
    paths::chain(&chain.parse().unwrap(), name)
}

const UNKNOWN: Verdict = Verdict::NotDeterminable;

#[test]
fn the_example_shows_what_it_was_built_to_show() {
    let report = report_of(|_| ());
    assert_eq!(verdicts(&report), [Verdict::Covered, Verdict::Short, UNKNOWN]);
    assert_eq!(report::json(&report).unwrap(), report::json(&report_of(|_| ())).unwrap(), "the same bytes");
}

#[test]
fn every_line_of_the_text_fits_the_page() {
    let text = report::text(&report_of(|_| ()));
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
}

/// A missing or unusable file never makes anything short, and never makes anything covered.
#[test]
fn what_cannot_be_read_is_not_determinable() {
    for name in [paths::ADDRESSES, paths::CHALLENGE, paths::CONTROL] {
        let report = report_of(|files| {
            files.remove(name);
        });
        assert_eq!(verdicts(&report), [UNKNOWN; 3], "{name} missing");
        let report = report_of(|files| {
            files.insert(name.to_owned(), b"{}".to_vec());
        });
        assert_eq!(verdicts(&report), [UNKNOWN; 3], "{name} damaged");
    }
    for name in [paths::TRANSCRIPT, paths::HEADERS] {
        let report = report_of(|files| {
            files.insert(path(BITCOIN, name), b"damaged".to_vec());
        });
        assert_eq!(verdicts(&report), [UNKNOWN, Verdict::Short, UNKNOWN], "{name} of Bitcoin damaged");
    }
    for name in [paths::EVM_HEADERS, paths::EVM_NODES, paths::TRANSCRIPT] {
        let report = report_of(|files| {
            files.insert(path(EVM, name), b"damaged".to_vec());
        });
        assert_eq!(verdicts(&report), [Verdict::Covered, UNKNOWN, UNKNOWN], "{name} of the EVM chain damaged");
    }
}

#[test]
fn missing_transactions_accuse_nobody() {
    let report = report_of(|files| files.retain(|path, _| !path.contains("/txs/")));
    assert_eq!(verdicts(&report)[0], UNKNOWN);
    assert!(codes(&report).contains(&5051), "{:?}", codes(&report));
}

#[test]
fn a_scan_of_another_block_is_not_determinable() {
    let report = report_of(|files| {
        let name = path(BITCOIN, paths::TRANSCRIPT);
        let (mut transcript, _, _) = Transcript::parse(&files[&name], &[]).unwrap();
        transcript.tip.height += 1;
        files.insert(name, transcript.to_file(&key("auditor's node")).unwrap());
    });
    assert_eq!(verdicts(&report)[0], UNKNOWN);
}

#[test]
fn headers_without_the_cutoff_block_are_not_determinable() {
    let report = report_of(|files| {
        files.insert(path(EVM, paths::EVM_HEADERS), Vec::new());
    });
    assert_eq!(verdicts(&report)[1], UNKNOWN, "{:?}", codes(&report));
}

#[test]
fn reserves_alone_give_no_verdict() {
    let report = report_of(|files| {
        files.remove(paths::STATEMENT);
    });
    assert_eq!((verdicts(&report), report.overall.verdict), (vec![UNKNOWN; 3], UNKNOWN));
    assert_eq!(codes(&report), [7001]);
}

#[test]
fn what_nobody_signed_for_counts_for_nothing() {
    let report = report_of(|files| {
        let control = String::from_utf8(files[paths::CONTROL].clone()).unwrap();
        let kept: String = control.lines().skip(1).map(|line| format!("{line}\n")).collect();
        files.insert(paths::CONTROL.to_owned(), kept.into_bytes());
    });
    assert_eq!(verdicts(&report)[0], Verdict::Short);
    assert!(codes(&report).contains(&7004));
}

/// Gives the sealed bytes once, and other ones afterwards.
struct Swapped {
    files: MemoryFiles,
    path: String,
    asked: std::cell::Cell<bool>,
}

impl FileSource for Swapped {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        self.files.list()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        if path == self.path && self.asked.replace(true) {
            return Ok(Some(b"{}".to_vec()));
        }
        self.files.read(path)
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_ends_everything() {
    let venue = ExampleVenue::new().unwrap();
    let policy = Policy::parse(&venue.policy).unwrap();
    let asked = std::cell::Cell::new(false);
    let files = Swapped { files: venue.bundle, path: paths::CONTROL.to_owned(), asked };
    let error = reconcile(&files, &policy).unwrap_err();
    assert_eq!(error.to_string(), "control.jsonl: it was changed while it was read");
}

#[test]
fn a_narrow_policy_says_so() {
    let venue = ExampleVenue::new().unwrap();
    let narrow = format!("{}\n[require]\nassets = [\"BTC\"]\n", venue.policy);
    let report = reconcile(&venue.bundle, &Policy::parse(&narrow).unwrap()).unwrap();
    assert_eq!(report.overall.verdict, Verdict::Covered);
    let own_token = "laxer: balances of the example's USDT are proved by an entry of the policy's own";
    let half_a_day = |side: &str| format!("laxer: 72 blocks {side} the cut-off block of eip155:1337, built-in 7200");
    let (before, after) = (half_a_day("before"), half_a_day("after"));
    let told = ["laxer: the overall verdict speaks of BTC only", before.as_str(), after.as_str(), own_token];
    assert_eq!(report.policy.departures, told);
}

fn by_basis(report: &Report, id: &str) -> Vec<(String, u128)> {
    let asset = report.assets.iter().find(|asset| asset.asset.as_str() == id).unwrap();
    let sums = asset.held.by_basis.iter().filter(|(_, sum)| !sum.is_zero());
    sums.map(|(basis, sum)| ((*basis).to_string(), sum.base_units())).collect()
}

#[test]
fn a_token_is_proved_where_the_policy_knows_its_code() {
    let venue = ExampleVenue::new().unwrap();
    let known = report_of(|_| ());
    let expected = [("proved".to_owned(), 8_050_000_000_000), ("stated".to_owned(), 1_200_000_000_000)];
    assert_eq!(by_basis(&known, "USDT"), expected);
    let (without, _) = venue.policy.split_once("[[token]]").unwrap();
    let unknown = reconcile(&venue.bundle, &Policy::parse(without).unwrap()).unwrap();
    assert_eq!(by_basis(&unknown, "USDT"), [("stated".to_owned(), 9_250_000_000_000)]);
    assert!(codes(&unknown).contains(&code::evm_token::EVM_TOKEN_UNKNOWN.number));
}

/// The file of nodes without the leaf that has the account of 11,000 ether: nothing tells that it has no code.
fn without_cold_account(file: &[u8]) -> Vec<u8> {
    let balance = (11_000 * 10_u128.pow(18)).to_be_bytes();
    let balance = &balance[balance.iter().take_while(|byte| **byte == 0).count()..];
    let (mut rest, mut kept) = (&file[8..], file[..8].to_vec());
    while let Some((length, _)) = rest.split_first_chunk() {
        let (record, behind) = rest.split_at(2 + usize::from(u16::from_be_bytes(*length)));
        if !record.windows(balance.len()).any(|window| window == balance) {
            kept.extend(record);
        }
        rest = behind;
    }
    assert!(kept.len() < file.len(), "the leaf is there");
    kept
}

/// The cold address of the EVM chain, as if it were a contract wallet: a node's answer that it accepts a signature.
#[test]
fn what_a_wallet_holds_is_worth_no_more_than_the_word_for_its_control() {
    let as_wallet = |answered: bool, code_known: bool| {
        report_of(move |files| {
            if !code_known {
                let name = path(EVM, paths::EVM_NODES);
                let nodes = without_cold_account(&files[&name]);
                files.insert(name, nodes);
            }
            let line = challenge::parse(&files[paths::CHALLENGE]).unwrap().line().unwrap();
            let control = String::from_utf8(files[paths::CONTROL].clone()).unwrap();
            let mut lines: Vec<Value> = control.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect();
            let cold = lines.iter_mut().find(|line| line["chain"] == EVM).unwrap();
            cold["scheme"] = "eip1271".into();
            cold["signature"] = "0xabcd".into();
            let address = cold["address"].as_str().unwrap().to_owned();
            let lines: Vec<u8> =
                lines.iter().flat_map(|line| [json::canonical(line).unwrap(), b"\n".to_vec()].concat()).collect();
            files.insert(paths::CONTROL.to_owned(), lines);
            if answered {
                let name = path(EVM, paths::TRANSCRIPT);
                let (mut transcript, _, _) = Transcript::parse(&files[&name], &[]).unwrap();
                let data = wallet::call_data(&line, "0xabcd").unwrap();
                transcript.calls.push(Call {
                    method: "eth_call".to_owned(),
                    params: format!("[{{\"data\":\"{data}\",\"to\":\"{address}\"}},\"0x44c\"]"),
                    result: format!("\"0x1626ba7e{}\"", "0".repeat(56)),
                });
                files.insert(name, transcript.to_file(&key("venue")).unwrap());
            }
        })
    };
    let ether = 10_u128.pow(15);
    let stated = as_wallet(true, false);
    assert_eq!(by_basis(&stated, "USDT"), [("stated".to_owned(), 9_250_000_000_000)]);
    assert!(codes(&stated).contains(&code::evm_token::EVM_CONTROL_ANSWERED.number));
    for refused in [as_wallet(false, true), as_wallet(true, true)] {
        assert_eq!(by_basis(&refused, "USDT"), [("stated".to_owned(), 1_200_000_000_000)]);
        assert_eq!(by_basis(&refused, "ETH"), [("proved".to_owned(), 7_340_000 * ether)]);
        assert!(codes(&refused).contains(&code::finding::CONTROL_INVALID.number));
    }
}

/// The venue's own statement, changed and signed again by the venue.
fn restate(files: &mut MemoryFiles, change: impl FnOnce(&mut Value)) {
    let envelope = Envelope::parse(&files[paths::STATEMENT], "statement").unwrap();
    let mut document = json::parse(&envelope.document).unwrap();
    change(&mut document);
    let document = json::canonical(&document).unwrap();
    let signatures = vec![key("venue").sign(Tag::Statement, &document).unwrap()];
    let file = Envelope { document, signatures }.to_file("statement").unwrap();
    files.insert(paths::STATEMENT.to_owned(), file);
}

#[test]
fn a_product_that_nobody_places_is_an_exception() {
    let severity = |report: &Report| {
        let found = report.findings.iter().find(|finding| finding.code.number == 7027);
        found.map(|finding| finding.severity.text())
    };
    assert_eq!(severity(&report_of(|_| ())), Some("note"), "earn is out of scope");
    let report = report_of(|files| restate(files, |document| document["scope"][1]["scope"] = "unknown".into()));
    assert_eq!(severity(&report), Some("exception"));
}

#[test]
fn fewer_signers_than_declared_are_told() {
    let report = report_of(|files| {
        restate(files, |document| {
            let mut other = document["venue"]["keys"][0].clone();
            other["key"] = key("auditor's node").public_key().key.into();
            let keys = document["venue"]["keys"].as_array_mut().unwrap();
            keys.push(other);
            keys.sort_by_key(|key| key["key"].as_str().unwrap().to_owned());
            document["venue"]["threshold"] = "2".into();
        });
    });
    assert!(codes(&report).contains(&7026), "{:?}", codes(&report));
}

#[test]
fn a_challenge_for_years_is_told() {
    let report = report_of(|files| {
        let mut challenge = json::parse(&files[paths::CHALLENGE]).unwrap();
        challenge["expires"] = "2036-05-01T00:00:00Z".into();
        let challenge = json::canonical(&challenge).unwrap();
        let digest = sha256(&challenge).to_string();
        files.insert(paths::CHALLENGE.to_owned(), challenge);
        restate(files, |document| document["custody"] = digest.into());
    });
    assert!(codes(&report).contains(&7025), "{:?}", codes(&report));
    assert_eq!(verdicts(&report)[0], Verdict::Short, "and the signatures over the old line count for nothing");
}

#[test]
fn a_pinned_node_above_the_pins_is_told() {
    let venue = ExampleVenue::new().unwrap();
    let envelope = Envelope::parse(&venue.statement, "statement").unwrap();
    let document = json::parse(&envelope.document).unwrap();
    let block = &document["chains"][0];
    assert_eq!(block["chain"], BITCOIN);
    let (before, rest) = venue.policy.split_once(&format!("chain = \"{BITCOIN}\"\n")).unwrap();
    let rest = rest.splitn(3, '\n').nth(2).unwrap();
    let (height, hash) = (block["height"].as_str().unwrap(), block["hash"].as_str().unwrap());
    let policy = format!("{before}chain = \"{BITCOIN}\"\nheight = {height}\nhash = \"{hash}\"\n{rest}");
    let report = reconcile(&venue.bundle, &Policy::parse(&policy).unwrap()).unwrap();
    assert_eq!(verdicts(&report)[0], UNKNOWN);
    assert!(codes(&report).contains(&5052), "{:?}", codes(&report));
}

fn report_under(policy: impl FnOnce(&str) -> String) -> Report {
    let venue = ExampleVenue::new().unwrap();
    reconcile(&venue.bundle, &Policy::parse(&policy(&venue.policy)).unwrap()).unwrap()
}

#[test]
fn a_policy_that_counts_otherwise_is_told() {
    let usdt =
        "[[asset.deployment]]\nid = \"eip155:1337/erc20:0x5fbdb2315678afecb367f032d93f642f64180aa3\"\ndecimals = 6\n";
    let none = report_under(|policy| policy.replacen(usdt, "", 1));
    assert!(codes(&none).contains(&code::finding::DEPLOYMENT_MAP_DIFFERS.number), "{:?}", codes(&none));
    assert_eq!(none.assets[2].held.counted.base_units(), 0);
    let unlisted =
        report_under(|policy| policy.replacen(&format!("[[asset]]\nid = \"USDT\"\ndecimals = 6\n{usdt}"), "", 1));
    assert!(codes(&unlisted).contains(&code::finding::ASSET_NOT_MAPPED.number), "{:?}", codes(&unlisted));
    let fine = report_under(|policy| policy.replacen("id = \"ETH\"\ndecimals = 18", "id = \"ETH\"\ndecimals = 38", 1));
    assert!(codes(&fine).contains(&code::finding::AMOUNT_NOT_COMPARABLE.number), "{:?}", codes(&fine));
    assert_eq!(verdicts(&fine)[1], UNKNOWN);
}

#[test]
fn what_the_statement_leaves_open_is_told() {
    let report = report_of(|files| {
        restate(files, |document| {
            document["ledger"]["control_total"] = "none".into();
            document["schedules"]["other_liabilities"] = Value::Array(Vec::new());
        });
    });
    let found = codes(&report);
    assert!(found.contains(&code::finding::NO_CONTROL_TOTAL.number), "{found:?}");
    assert!(found.contains(&code::finding::OTHER_LIABILITIES_NONE_STATED.number), "{found:?}");
}

#[test]
fn pledges_and_own_coins_are_told_and_count_nothing() {
    let report = report_of(|files| {
        let set = String::from_utf8(files[paths::ADDRESSES].clone()).unwrap();
        let mut lines: Vec<Value> = set.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect();
        lines[0]["encumbrance"] = "a loan".into();
        lines[1]["issuer"] = "self".into();
        let set: Vec<u8> =
            lines.iter().flat_map(|line| [json::canonical(line).unwrap(), b"\n".to_vec()].concat()).collect();
        let root = AddressSet::parse(&set).unwrap().root().to_string();
        files.insert(paths::ADDRESSES.to_owned(), set);
        restate(files, |document| document["address_set"]["root"] = root.into());
    });
    let found = codes(&report);
    assert!(found.contains(&code::finding::ENCUMBERED.number), "{found:?}");
    assert!(found.contains(&code::finding::OWN_ISSUE.number), "{found:?}");
    assert_eq!(report.assets[0].held.counted.base_units(), 0, "and the signatures were for another set");
}

#[test]
fn a_missing_set_a_strange_proof_and_a_missing_successor_are_told() {
    let without = report_of(|files| drop(files.remove(paths::ADDRESSES)));
    assert!(codes(&without).contains(&code::finding::NO_RESERVES.number), "{:?}", codes(&without));
    let strange = report_of(|files| {
        let control = String::from_utf8(files[paths::CONTROL].clone()).unwrap();
        let mut line = json::parse(control.lines().next().unwrap().as_bytes()).unwrap();
        line["address"] = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080".into();
        let file = [control.into_bytes(), json::canonical(&line).unwrap(), b"\n".to_vec()].concat();
        files.insert(paths::CONTROL.to_owned(), file);
    });
    assert!(codes(&strange).contains(&code::finding::CONTROL_UNASKED.number), "{:?}", codes(&strange));
    assert_eq!(verdicts(&strange)[0], Verdict::Covered, "the others' proofs stand");
    let last = report_of(|files| {
        let name = path(EVM, paths::EVM_HEADERS);
        let headers = String::from_utf8(files[&name].clone()).unwrap();
        files.insert(name, format!("{}\n", headers.lines().next().unwrap()).into_bytes());
    });
    assert!(codes(&last).contains(&code::finding::CUTOFF_UNKNOWN.number), "{:?}", codes(&last));
}
