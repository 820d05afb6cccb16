//! A customer of the example venue pays in 7,120 ether before the cut-off and takes them out after it, with one
//! address: by inclusion proofs in a bundle, from the file to the verdict; and what explains nothing.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, missing_docs)]

mod chained_support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use chained_support::{digest, first, sealed, signed};
use counterfoil::amount::Amount;
use counterfoil::asset::Class;
use counterfoil::bundle::{MANIFEST, MemoryFiles, paths};
use counterfoil::hash::{Digest, sha256};
use counterfoil::json;
use counterfoil::liability::inclusion_proof::{self, InclusionProof, LeafProof, StatementRef};
use counterfoil::liability::leaf::{LeafContent, Nonce, Piece, Split};
use counterfoil::liability::sum_tree::{LiabilityCommitment, SumNode, SumTree};
use counterfoil::policy::Policy;
use counterfoil::publish::Statement;
use counterfoil::publish::log::{Checkpoint, KeyKind, LogProof, NoteSigner, tree};
use counterfoil::reconcile::assess::Reason;
use counterfoil::reconcile::depositors::{Deposit, Depositor, FORMAT};
use counterfoil::reconcile::{Report, Severity, Verdict, reconcile};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::snapshot::Time;

const ETH: &str = "eip155:1337/slip44:60";
/// The address that the coins come from and go back to.
const PAYER: &str = "0xf32f5c7aa5239a64e85858a395dafc81776a0f74";
/// The transaction in which they came.
const CAME: &str = "b11c549992d32644fc493164f444e6fb6a9408b453c37f90920ed33a9f723400";
const ACCOUNT: &str = "u-of-the-depositor";
const WHOLE: u128 = 7120;

fn ether(coins: u128) -> Amount {
    Amount::from_base_units(coins * 1_000_000_000_000_000_000)
}

/// Account, credential, amount, piece of how many.
type Row<'a> = (&'a str, &'a str, u128, Option<(u16, u16, u128)>);

fn split(of: &Row<'_>) -> Option<Split> {
    of.3.map(|(number, of, whole)| Split { piece: Piece::new(number, of).unwrap(), whole: ether(whole) })
}

fn nonce(place: usize) -> Nonce {
    Nonce([u8::try_from(place).unwrap(); 16])
}

fn tree(rows: &[Row<'_>]) -> SumTree {
    let leaf = |(place, row): (usize, &Row<'_>)| {
        let content =
            LeafContent { nonce: nonce(place), amount: ether(row.2), account: row.0, credential: row.1, parts: &[] };
        let hash = split(row).map_or_else(|| content.hash(), |split| content.hash_piece(&split)).unwrap();
        SumNode::leaf(hash, ether(row.2))
    };
    SumTree::new(rows.iter().enumerate().map(leaf).collect()).unwrap()
}

/// A statement about these leaves of ether, and nothing else changed.
fn owing(statement: &Statement, rows: &[Row<'_>]) -> Statement {
    let (mut statement, tree) = (statement.clone(), tree(rows));
    let root = tree.root().unwrap().unwrap();
    let row = statement.liabilities.iter_mut().find(|row| row.asset.as_str() == "ETH").unwrap();
    let (asset, decimals) = (row.asset.clone(), row.decimals);
    let leaf_count = tree.leaf_count();
    *row =
        LiabilityCommitment { asset, class: Class::Custody, decimals, leaf_count, root: root.digest, total: root.sum };
    statement
}

/// At other blocks of both chains, and as long after the example's cut-off as these.
fn at(statement: &Statement, sequence: u64, bitcoin: u64, evm: u64, seconds: i64) -> Statement {
    let mut statement = statement.clone();
    statement.sequence = sequence;
    for (block, height) in statement.chains.iter_mut().zip([bitcoin, evm]) {
        if block.height != height {
            (block.height, block.hash) = (height, sha256(&height.to_be_bytes()));
        }
    }
    let cutoff = first().cutoff.unix() + seconds;
    (statement.cutoff, statement.next_cutoff) = (Time::from_unix(cutoff), Time::from_unix(cutoff + 30));
    statement.due = Time::from_unix(cutoff + 90 * 86_400);
    statement
}

/// The statements of a venue whose depositor has these leaves at the cut-off: one before, the present one, one after.
struct Venue {
    before: Statement,
    present: Statement,
    after: Statement,
    rows: Vec<Row<'static>>,
}

fn venue(own: &[Row<'static>]) -> Venue {
    let others: Row<'static> = ("others", "", 11_000, None);
    let rows: Vec<Row<'static>> = own.iter().copied().chain([others]).collect();
    let before = owing(&at(&first(), 0, 260, 1_040, -18_000), &[others]);
    let mut present = owing(&at(&first(), 1, 290, 1_100, 0), &rows);
    present.predecessor = Some(digest(&before));
    let mut after = owing(&at(&first(), 2, 330, 1_165, 18_000), &[others]);
    after.predecessor = Some(digest(&present));
    Venue { before, present, after, rows }
}

fn customer(credential: &'static str, coins: u128) -> Venue {
    venue(&[(ACCOUNT, credential, coins, None)])
}

impl Venue {
    /// The proof of an account in the present statement.
    fn proof(&self, account: &str) -> InclusionProof {
        let tree = tree(&self.rows);
        let own = self.rows.iter().enumerate().filter(|(_, row)| row.0 == account);
        let leaf = |(place, row): (usize, &Row<'_>)| LeafProof {
            asset: "ETH".parse().unwrap(),
            class: Class::Custody,
            amount: ether(row.2),
            nonce: nonce(place),
            index: place as u64,
            parts: Vec::new(),
            path: tree.path(place as u64).unwrap().unwrap(),
            split: split(row),
        };
        let (sequence, venue) = (self.present.sequence, self.present.venue.id.clone());
        let statement = StatementRef { digest: digest(&self.present), sequence, venue };
        let leaves = own.map(leaf).collect();
        InclusionProof { format: inclusion_proof::FORMAT.to_owned(), account: account.to_owned(), statement, leaves }
    }

    fn depositor(&self, credential: &str) -> Depositor {
        Depositor {
            account: ACCOUNT.to_owned(),
            credential: credential.to_owned(),
            deposits: vec![Deposit { deployment: ETH.parse().unwrap(), txid: CAME.to_owned() }],
            format: FORMAT.to_owned(),
            proofs: vec![self.proof(ACCOUNT)],
        }
    }

    fn bundle(&self, files: &[(&str, Vec<u8>)]) -> MemoryFiles {
        self.bundle_with(files, &[0, 1, 2])
    }

    /// With log proofs of these statements only.
    fn bundle_with(&self, files: &[(&str, Vec<u8>)], proofs: &[u64]) -> MemoryFiles {
        sealed(first().next_cutoff, |all| {
            for index in proofs {
                let name = if *index == 1 { paths::LOG_PROOF.to_owned() } else { paths::further_log_proof(*index) };
                all.insert(name, self.log_proof(*index).to_string().into_bytes());
            }
            all.insert(paths::STATEMENT.to_owned(), signed(&self.present));
            all.insert(paths::further_statement(0, None), signed(&self.before));
            all.insert(paths::further_statement(2, None), signed(&self.after));
            for (name, bytes) in files {
                all.insert(format!("{}{name}.json", paths::DEPOSITORS), bytes.clone());
            }
        })
    }

    fn told(&self, depositors: &[&Depositor]) -> Told {
        let names = ["a", "b", "c"];
        let files: Vec<(&str, Vec<u8>)> =
            names.into_iter().zip(depositors.iter().map(|one| one.to_bytes().unwrap())).collect();
        Told(report(&self.bundle(&files)))
    }

    /// The log has these three statements.
    fn log_proof(&self, index: u64) -> LogProof {
        let leaf = |statement| tree::leaf_hash(&json::canonical(statement).unwrap());
        let leaves: Vec<Digest> = [&self.before, &self.present, &self.after].map(leaf).to_vec();
        let checkpoint =
            Checkpoint { origin: self.present.venue.log_origin.clone(), size: 3, root: tree::root(&leaves) };
        let mut checkpoint = checkpoint.to_note();
        checkpoint.add(log_signer().sign(checkpoint.text(), Time::from_unix(0)).unwrap());
        let path = tree::inclusion_proof(&leaves, index).unwrap();
        LogProof { extra: None, index, path, checkpoint }
    }
}

fn log_signer() -> NoteSigner {
    let secret = Secret::new(SecretKind::Log, &mut [7; 32]);
    NoteSigner::new(&first().venue.log_origin, KeyKind::Log, &secret).unwrap()
}

/// The example's policy, which pins the log, too.
fn policy() -> Policy {
    let log = format!("[log]\nkey = \"{}\"\nquorum = 0\n", log_signer().key());
    Policy::parse(&format!("{}\n{log}", chained_support::VENUE.policy)).unwrap()
}

fn report(files: &MemoryFiles) -> Report {
    reconcile(files, &policy()).unwrap()
}

struct Told(Report);

impl Told {
    fn verdict(&self) -> (Verdict, Reason) {
        let asset = self.0.assets.iter().find(|asset| asset.asset.as_str() == "ETH").unwrap();
        (asset.verdict, asset.reason)
    }

    /// Codes about depositors and round trips, with weights.
    fn codes(&self) -> Vec<(u16, Severity)> {
        let ours = |number: u16| (7140..7150).contains(&number) || number == 7045;
        let all = self.0.findings.iter().map(|finding| (finding.code.number, finding.severity));
        all.filter(|(number, _)| ours(*number)).collect()
    }

    fn detail(&self, code: u16) -> &str {
        &self.0.findings.iter().find(|finding| finding.code.number == code).unwrap().detail
    }
}

use Severity::{Critical, Exception, Note};
const SHORT: (Verdict, Reason) = (Verdict::Short, Reason::LessThanOwed);

#[test]
fn a_leaf_bound_to_the_payer_makes_covered_of_short() {
    let venue = customer(PAYER, WHOLE);
    let without = venue.told(&[]);
    assert_eq!((without.verdict(), without.codes()), (SHORT, vec![(7045, Exception)]));
    let told = venue.told(&[&venue.depositor(PAYER)]);
    assert_eq!(told.verdict(), (Verdict::Covered, Reason::Enough), "{:?}", told.0.findings);
    assert_eq!(told.codes(), [(7143, Note)]);
    let finding = told.0.findings.iter().find(|finding| finding.code.number == 7143).unwrap();
    let file = venue.depositor(PAYER).to_bytes().unwrap();
    assert_eq!((finding.evidence_sha256, finding.subject.as_str()), (Some(sha256(&file)), PAYER));
    assert!(finding.detail.starts_with("7 120.00 of 7 120.00 are owed"), "{}", finding.detail);
    let json = String::from_utf8(json::canonical(&told.0).unwrap()).unwrap();
    assert!(!json.contains(ACCOUNT), "the account stays in the auditor's part");
    // wallets write the same address with capitals
    let capitals = "0xF32f5C7aA5239A64E85858A395DAFc81776A0F74";
    let venue = customer(capitals, WHOLE);
    assert_eq!(venue.told(&[&venue.depositor(capitals)]).verdict(), (Verdict::Covered, Reason::Enough));
}

/// The venue can sign a statement with a small L for each side of its cut-off, and show them to nobody but the auditor.
#[test]
fn attack_r1_statements_that_no_log_shows_lower_nothing() {
    let venue = customer(PAYER, WHOLE);
    let depositor = [("a", venue.depositor(PAYER).to_bytes().unwrap())];
    let told = |proofs: &[u64]| Told(report(&venue.bundle_with(&depositor, proofs)));
    assert_eq!(told(&[0, 1, 2]).verdict(), (Verdict::Covered, Reason::Enough));
    let fell = (Verdict::NotDeterminable, Reason::FellBelow);
    for proofs in [&[1][..], &[0, 1], &[1, 2]] {
        let told = told(proofs);
        assert_eq!(told.verdict(), fell, "{proofs:?}");
        let of_ether = |finding: &&counterfoil::reconcile::Finding| {
            finding.code.number == 7051 && finding.asset.as_ref().is_some_and(|asset| asset.as_str() == "ETH")
        };
        assert_eq!(told.0.findings.iter().filter(of_ether).count(), 3 - proofs.len());
    }
    // the proof of another entry shows nothing of this one
    let mut files = venue.bundle_with(&depositor, &[1]);
    files.insert(paths::further_log_proof(2), venue.log_proof(0).to_string().into_bytes());
    files.insert(paths::further_log_proof(0), b"no proof".to_vec());
    files.remove(MANIFEST);
    let manifest = counterfoil::bundle::seal(&files, "a test", first().next_cutoff, &chained_support::key("venue"));
    files.insert(MANIFEST.to_owned(), manifest.unwrap());
    let told = Told(report(&files));
    assert_eq!(told.verdict(), fell);
    let refused = |sequence| {
        let path = paths::further_log_proof(sequence);
        told.0.findings.iter().any(|finding| finding.subject == path && finding.severity == Exception)
    };
    assert!(refused(0) && refused(2), "{:?}", told.0.findings);
    // a policy without a log takes nobody's word for it
    let unpinned = reconcile(&venue.bundle(&depositor), &chained_support::policy()).unwrap();
    assert_eq!(Told(unpinned).verdict(), fell);
}

/// The leaf of somebody who is owed as much, and did not bring these coins.
#[test]
fn attack_explained_without_owing_it() {
    let venue = customer("", WHOLE);
    let told = venue.told(&[&venue.depositor("")]);
    assert_eq!(told.verdict(), (Verdict::NotDeterminable, Reason::BetweenBoth));
    assert_eq!(told.codes(), [(7045, Exception), (7144, Exception)]);
    // the other customer's leaf has no such credential, and leads to another root with it
    let told = venue.told(&[&venue.depositor(PAYER)]);
    assert_eq!((told.verdict(), told.codes()), (SHORT, vec![(7045, Exception), (7140, Exception), (7145, Exception)]));
    assert!(told.detail(7140).starts_with("proof 1 of 1: CF-2"), "{}", told.detail(7140));
}

#[test]
fn a_leaf_in_pieces_is_one_balance() {
    let pieces = [(ACCOUNT, PAYER, 7000, Some((1, 2, WHOLE))), (ACCOUNT, PAYER, 120, Some((2, 2, WHOLE)))];
    let venue = venue(&pieces);
    assert_eq!(venue.told(&[&venue.depositor(PAYER)]).verdict(), (Verdict::Covered, Reason::Enough));
    let mut half = venue.depositor(PAYER);
    half.proofs[0].leaves.pop();
    assert_eq!(venue.told(&[&half]).verdict(), SHORT);
}

#[test]
fn a_leaf_that_owes_less_explains_less() {
    let venue = customer(PAYER, 7000);
    let told = venue.told(&[&venue.depositor(PAYER)]);
    assert_eq!(
        (told.verdict(), told.codes()),
        ((Verdict::Covered, Reason::Enough), vec![(7045, Exception), (7145, Exception), (7143, Note)]),
        "the venue's own 220 make up for 120"
    );
    let short = venue_owing_more();
    assert_eq!(short.told(&[&short.depositor(PAYER)]).verdict(), SHORT);
}

fn venue_owing_more() -> Venue {
    venue(&[(ACCOUNT, PAYER, 7000, None), ("more", "", 300, None)])
}

#[test]
fn what_is_no_proof_explains_nothing() {
    let venue = customer(PAYER, WHOLE);
    let refused = |change: &dyn Fn(&mut Depositor)| {
        let mut depositor = venue.depositor(PAYER);
        change(&mut depositor);
        let told = venue.told(&[&depositor]);
        assert_eq!(told.verdict(), SHORT);
        assert!(told.codes().contains(&(7140, Exception)), "{:?}", told.codes());
        let json = String::from_utf8(json::canonical(&told.0).unwrap()).unwrap();
        assert!(!json.contains(ACCOUNT));
        told.detail(7140).to_owned()
    };
    let text = refused(&|one| one.proofs[0].leaves[0].amount = ether(WHOLE + 1));
    assert!(text.contains("CF-2"), "{text}");
    refused(&|one| one.account = "somebody-else".to_owned());
    refused(&|one| one.proofs[0].statement.digest = digest(&venue.before));
    refused(&|one| one.proofs[0].statement.digest = sha256(b"another"));
    refused(&|one| one.proofs[0].leaves[0].class = Class::Lent);
    refused(&|one| one.proofs[0].leaves[0].asset = "BTC".parse().unwrap());
    refused(&|one| one.proofs[0].leaves[0].path.clear());
    refused(&|one| one.proofs[0].leaves.clear());
    for bytes in [b"no JSON".to_vec(), b"{}".to_vec(), vec![b' '; (16 << 20) + 1]] {
        let told = Told(report(&venue.bundle(&[("a", bytes)])));
        assert_eq!((told.verdict(), told.codes()), (SHORT, vec![(7045, Exception), (7140, Exception)]));
        assert!(told.detail(7140).contains("CF-4020"), "{}", told.detail(7140));
    }
}

#[test]
fn a_leaf_is_shown_once_and_a_deposit_that_is_none_is_told() {
    let venue = venue(&[(ACCOUNT, PAYER, 3_560, None), ("more", "", 3_560, None)]);
    let mut second = venue.depositor(PAYER);
    second.deposits[0].txid = CAME.to_owned();
    let told = venue.told(&[&venue.depositor(PAYER), &second]);
    assert!(told.codes().contains(&(7141, Exception)), "{:?}", told.codes());
    assert_eq!(told.verdict(), SHORT, "twice 3,560 would be enough");
    let mut other = customer(PAYER, WHOLE).depositor(PAYER);
    other.deposits[0].txid = "00".repeat(32);
    let told = customer(PAYER, WHOLE).told(&[&other]);
    assert_eq!((told.verdict(), told.codes()), (SHORT, vec![(7045, Exception), (7142, Note)]));
}

#[test]
fn a_copy_without_depositors_convicts_nobody() {
    let venue = customer(PAYER, WHOLE);
    let mut public = venue.bundle(&[("a", venue.depositor(PAYER).to_bytes().unwrap())]);
    public.remove(&format!("{}a.json", paths::DEPOSITORS)).unwrap();
    let told = Told(report(&public));
    assert_eq!(told.verdict(), (Verdict::NotDeterminable, Reason::NotReadable));
    assert!(told.codes().contains(&(7146, Critical)), "{:?}", told.codes());
    let absent = told.0.findings.iter().find(|finding| finding.code.number == 4016).unwrap();
    assert_eq!((absent.severity, absent.subject.as_str()), (Exception, "depositors"));
    // what has no round trip needs no explanation
    let other = told.0.assets.iter().find(|asset| asset.asset.as_str() == "BTC").unwrap();
    assert_eq!(other.verdict, Verdict::Covered, "{:?}", told.0.findings);
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_command_writes_what_the_verifier_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let venue = customer(PAYER, WHOLE);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("proof.json"), json::canonical(&venue.proof(ACCOUNT)).unwrap()).unwrap();
    fs::write(at("credential"), format!("{PAYER}\n")).unwrap();
    fs::set_permissions(at("credential"), fs::Permissions::from_mode(0o600)).unwrap();
    let deposit = format!("{ETH}={CAME}");
    let line = ["bundle", "explain", "evidence", "--account", ACCOUNT, "--deposit", &deposit, "--proof", "proof.json"];
    let whole = [&line[..], &["--credential-file", "credential"]].concat();
    let output = run(folder.path(), &whole);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = venue.depositor(PAYER).to_bytes().unwrap();
    let written = at("evidence").join(paths::depositor(&sha256(&bytes)));
    assert_eq!(fs::read(&written).unwrap(), bytes);
    assert_eq!(fs::metadata(&written).unwrap().permissions().mode() & 0o077, 0, "the owner's alone");
    let refused = |arguments: &[&str], text: &str| {
        let output = run(folder.path(), arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(text), "{arguments:?}: {told}");
    };
    refused(&whole, "CF-9002");
    let mut other = line;
    other[4] = "somebody-else";
    refused(&other, "CF-2003");
    let mut other = line;
    other[6] = CAME;
    refused(&other, "expected DEPLOYMENT=TXID");
    other[6] = "eip155:1337=";
    refused(&other, "CF-");
    other[6] = "eip155:1337/slip44:60=";
    refused(&other, "it names no transaction");
    let mut other = line;
    other[4] = "";
    refused(&other, "CF-2003");
    fs::write(at("proof.json"), "{}").unwrap();
    refused(&line, "CF-2");
    // the log proofs of the statements beside it have their numbers as names
    for index in [0, 2] {
        fs::write(at(&format!("p{index}")), venue.log_proof(index).to_string()).unwrap();
    }
    let output = run(folder.path(), &["bundle", "add", "evidence", "--log-proofs", "p0", "--log-proofs", "p2"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for index in [0, 2] {
        let written = fs::read(at("evidence").join(paths::further_log_proof(index))).unwrap();
        assert_eq!(written, venue.log_proof(index).to_string().into_bytes());
    }
    refused(&["bundle", "add", "evidence", "--log-proofs", "proof.json"], "CF-3106");
}

#[test]
fn forms_that_are_refused() {
    let venue = customer(PAYER, WHOLE);
    let refused = |change: &dyn Fn(&mut Depositor), text: &str| {
        let mut depositor = venue.depositor(PAYER);
        change(&mut depositor);
        let error = Depositor::parse(&json::canonical(&depositor).unwrap()).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(depositor.to_bytes().unwrap_err(), error);
    };
    refused(&|one| one.format = "another".to_owned(), "another");
    refused(&|one| one.account.clear(), "the account is empty");
    refused(&|one| one.deposits.clear(), "0 deposits");
    refused(&|one| one.deposits = vec![one.deposits[0].clone(); 10_001], "10001 deposits");
    refused(&|one| one.deposits = vec![one.deposits[0].clone(); 2], "not strictly rising");
    refused(&|one| one.proofs.clear(), "0 inclusion proofs");
    refused(&|one| one.proofs = vec![one.proofs[0].clone(); 1_201], "1201 inclusion proofs");
}

/// The manifest names the file by a hash: `seal` keeps it back without being told, and `publish` leaves it out.
#[test]
fn sealing_keeps_depositors_back() {
    let venue = customer(PAYER, WHOLE);
    let files = venue.bundle(&[("a", venue.depositor(PAYER).to_bytes().unwrap())]);
    let opened = counterfoil::bundle::open(&files).unwrap();
    let entry = opened.manifest().files.iter().find(|entry| entry.path.starts_with(paths::DEPOSITORS)).unwrap();
    assert_eq!(entry.part, Some(counterfoil::bundle::Part::Auditor));
    assert!(files.contains_key(MANIFEST));
    assert!(reconcile(&files, &policy()).is_ok());
}

/// The age of a statement depends on the time that the asker names: it stands in the report, and in the command.
#[test]
fn the_time_that_was_asked_at_is_in_the_report() {
    let time = Time::from_unix(first().cutoff.unix() + 86_400);
    let own = counterfoil::reserve::bitcoin::own::BundleAlone;
    let files = &chained_support::VENUE.bundle;
    let told = |now| counterfoil::reconcile::reconcile_with(files, &policy(), &own, now).unwrap();
    let (with, without) = (told(Some(time)), told(None));
    assert_eq!((with.as_of, without.as_of), (Some(time), None));
    let asked = format!(" --as-of {time}");
    let asks = |report: &Report| report.workpapers.commands.iter().any(|command| command.contains(&asked));
    assert!(asks(&with) && !asks(&without), "{:?}", with.workpapers.commands);
    let json = String::from_utf8(json::canonical(&with).unwrap()).unwrap();
    assert!(json.contains(&format!("\"as_of\":\"{time}\"")), "{json}");
    let (text, page) = (counterfoil::report::text(&with), counterfoil::report::html(&with).unwrap());
    assert!(
        text.contains(&format!("As of {time}")) && page.contains(&format!("<dt>As of</dt><dd><time datetime=\"{time}"))
    );
}
