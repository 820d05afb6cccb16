//! What proofs of control are worth in a reconciliation: timelocks, ages, proofs of funds and foreign headers.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::consensus::encode;
use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute};
use counterfoil::asset::ChainId;
use counterfoil::bundle::{self, MANIFEST, MemoryFiles, paths};
use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::publish::{self, Statement};
use counterfoil::reconcile::{Finding, Report, Verdict, reconcile};
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind, sign};
use counterfoil::reserve::bitcoin::control::{self, bip127, bip322, movement};
use counterfoil::reserve::bitcoin::network::script_of;
use counterfoil::reserve::challenge;
use counterfoil::reserve::claim::ControlProof;
use counterfoil::reserve::transcript::Transcript;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;
use serde_json::Value;

fn seed(purpose: &str) -> [u8; 32] {
    sha256(format!("example venue: {purpose}").as_bytes()).to_bytes()
}

fn chain() -> ChainId {
    "bip122:0f9188f13cb7b2c71f2a335e3a4fc328".parse().unwrap()
}

/// The example venue, whose proofs of control are replaced.
struct Venue {
    files: MemoryFiles,
    policy: String,
    line: String,
    proofs: Vec<ControlProof>,
}

impl Venue {
    fn new() -> Self {
        static EXAMPLE: OnceLock<ExampleVenue> = OnceLock::new();
        let example = EXAMPLE.get_or_init(|| ExampleVenue::new().unwrap());
        let mut files = example.bundle.clone();
        files.remove(MANIFEST);
        let line = challenge::parse(&files[paths::CHALLENGE]).unwrap().line().unwrap();
        let proofs = files[paths::CONTROL].split_inclusive(|byte| *byte == b'\n').map(|line| json::read(line).unwrap());
        Self { policy: example.policy.clone(), line, proofs: proofs.collect(), files }
    }

    fn run(mut self) -> Report {
        let lines = self.proofs.iter().flat_map(|proof| [json::canonical(proof).unwrap(), b"\n".to_vec()].concat());
        self.files.insert(paths::CONTROL.to_owned(), lines.collect());
        let key = Secret::new(SecretKind::Signing, &mut seed("venue"));
        let key = SigningKey::new(Algorithm::Bip340, &key).unwrap();
        let manifest = bundle::seal(&self.files, "a test", Time::from_unix(1_793_600_000), &key).unwrap();
        self.files.insert(MANIFEST.to_owned(), manifest);
        reconcile(&self.files, &Policy::parse(&self.policy).unwrap()).unwrap()
    }

    /// The key, the address and the script of an address on Bitcoin, and where its proof stands.
    fn address(&self, number: usize) -> (AddressKey, String, ScriptBuf, usize) {
        let key = AddressKey::new(&mut seed(&format!("bitcoin {number}"))).unwrap();
        let kinds = [AddressKind::KeyHash, AddressKind::WitnessKeyHash, AddressKind::Taproot];
        let own: Vec<String> = kinds.into_iter().map(|kind| key.address(&chain(), kind).unwrap()).collect();
        let place = self.proofs.iter().position(|proof| own.contains(&proof.address)).unwrap();
        let address = self.proofs[place].address.clone();
        let script = script_of(&chain(), &address).unwrap();
        (key, address, script, place)
    }

    /// Replaces the proof of one address by a full signature, changed before it is signed.
    fn full(&mut self, number: usize, change: impl Fn(&mut Transaction)) -> String {
        let (key, address, script, place) = self.address(number);
        let spend = bip322::to_spend(&script, self.line.as_bytes());
        let mut transaction = bip322::to_sign(&spend, Witness::new());
        transaction.version.0 = 2;
        change(&mut transaction);
        transaction.input[0].witness = key.witness(&transaction, 0, &spend.output).unwrap();
        let text = format!("ful{}", STANDARD.encode(encode::serialize(&transaction)));
        self.proofs[place] = ControlProof::signed(chain(), address.clone(), control::BIP322_FULL, text);
        address
    }

    /// The one coin of an address, as the chain evidence has it.
    fn coin(&self, number: usize) -> (OutPoint, TxOut) {
        let (_, _, script, _) = self.address(number);
        let folder = paths::chain(&chain(), "txs/");
        let made = self.files.iter().filter(|(path, _)| path.starts_with(&folder));
        let found = made.filter_map(|(_, bytes)| encode::deserialize::<Transaction>(bytes).ok()).find_map(|made| {
            let vout = made.output.iter().position(|output| output.script_pubkey == script)?;
            Some((
                OutPoint { txid: made.compute_txid(), vout: u32::try_from(vout).unwrap() },
                made.output[vout].clone(),
            ))
        });
        found.unwrap()
    }

    /// How many blocks the coin has rested in the block after the cut-off block.
    fn age(&self, number: usize) -> u16 {
        let (outpoint, _) = self.coin(number);
        let file = &self.files[&paths::chain(&chain(), paths::TRANSCRIPT)];
        let (transcript, ..) = Transcript::parse(file, &[]).unwrap();
        let answers = transcript.calls.iter().map(|call| serde_json::from_str::<Value>(&call.result).unwrap());
        let coins = answers.flat_map(|answer| answer["unspents"].as_array().cloned().unwrap());
        let mut heights =
            coins.filter(|coin| coin["txid"] == outpoint.txid.to_string()).map(|coin| coin["height"].clone());
        let made_at = heights.next().unwrap().as_u64().unwrap();
        let cutoff = self.statement().chains.iter().find(|block| block.chain == chain()).unwrap().height;
        u16::try_from(cutoff + 1 - made_at).unwrap()
    }

    /// Replaces the proof of one address by a list of its coin, worth `more` than it is.
    fn funds(&mut self, number: usize, scheme: &str, more: u64, sequence: Sequence) {
        let (key, address, script, place) = self.address(number);
        let (outpoint, mut coin) = self.coin(number);
        coin.value += Amount::from_sat(more);
        let spend = bip322::to_spend(&script, self.line.as_bytes());
        let mut transaction = bip322::to_sign(&spend, Witness::new());
        transaction.version.0 = 2;
        let mut spent = spend.output.clone();
        if scheme == control::BIP127 {
            transaction.input[0].previous_output = bip127::commitment(self.line.as_bytes(), scheme);
            transaction.output[0].value = coin.value;
            spent = vec![TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() }];
        }
        spent.push(coin.clone());
        transaction.input.push(TxIn { previous_output: outpoint, sequence, ..TxIn::default() });
        let mut file = Psbt::from_unsigned_tx(transaction).unwrap();
        file.inputs[1].witness_utxo = Some(coin);
        for index in usize::from(scheme == control::BIP127)..2 {
            file.inputs[index].final_script_witness = Some(key.witness(&file.unsigned_tx, index, &spent).unwrap());
        }
        let prefix = if scheme == control::BIP127 { "" } else { "pof" };
        let text = format!("{prefix}{}", STANDARD.encode(file.serialize()));
        self.proofs[place] = ControlProof::signed(chain(), address, scheme, text);
    }
}

fn found(report: &Report, code: u16) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.code.number == code).collect()
}

fn btc(report: &Report) -> (Verdict, u128, u128) {
    let asset = report.assets.iter().find(|asset| asset.asset.as_str() == "BTC").unwrap();
    (asset.verdict, asset.held.counted.base_units(), asset.held.without_control.base_units())
}

/// An address whose proof is of a kind with a witness.
fn with_witness(venue: &Venue) -> usize {
    (0..3).find(|number| venue.address(*number).2.is_witness_program()).unwrap()
}

#[test]
fn a_lock_after_the_cutoff_counts_nothing() {
    let (_, all, _) = btc(&Venue::new().run());
    let venue = Venue::new();
    let number = with_witness(&venue);
    let worth = u128::from(venue.coin(number).1.value.to_sat());
    let run = |lock: u32| {
        let mut venue = Venue::new();
        venue.full(number, |transaction| transaction.lock_time = absolute::LockTime::from_consensus(lock));
        venue.run()
    };
    for lock in [0, 1, 150, 1_000_000_000] {
        let report = run(lock);
        assert_eq!((btc(&report).1, found(&report, 7030).len()), (all, 0), "{lock}");
    }
    for lock in [499_999_999, 4_000_000_000] {
        let report = run(lock);
        assert_eq!(btc(&report), (btc(&report).0, all - worth, worth), "{lock}");
        assert_ne!(btc(&report).0, Verdict::Covered, "{lock}");
        let told = found(&report, 7030);
        assert!(told.len() == 1 && told[0].detail.starts_with("valid, spendable "), "{told:?}");
        assert!(found(&report, 7004).is_empty(), "answered, if not in time");
    }
}

/// The cut-off block's height is the last one that is open: a lock of h can be mined in block h + 1.
#[test]
fn the_lock_is_compared_with_the_cutoff_block_exactly() {
    let venue = Venue::new();
    let number = with_witness(&venue);
    let height = venue.statement().chains.iter().find(|block| block.chain == chain()).unwrap().height;
    let height = u32::try_from(height).unwrap();
    for (lock, told) in [(height, 0), (height + 1, 1)] {
        let mut venue = Venue::new();
        venue.full(number, |transaction| transaction.lock_time = absolute::LockTime::from_consensus(lock));
        assert_eq!(found(&venue.run(), 7030).len(), told, "{lock}");
    }
}

#[test]
fn a_coin_counts_from_the_age_that_its_script_asks_for() {
    let (_, all, _) = btc(&Venue::new().run());
    let number = with_witness(&Venue::new());
    let worth = u128::from(Venue::new().coin(number).1.value.to_sat());
    let age = Venue::new().age(number);
    let run = |sequence: u32| {
        let mut venue = Venue::new();
        let address = venue.full(number, |transaction| transaction.input[0].sequence = Sequence(sequence));
        (venue.run(), address)
    };
    assert_eq!(btc(&run(age.into()).0).1, all, "old enough for the block after the cut-off block");
    let (report, _) = run(u32::from(age) + 1);
    assert_eq!(btc(&report), (btc(&report).0, all - worth, worth));
    let told = found(&report, 7031);
    assert_eq!((told.len(), &told[0].subject), (1, &Venue::new().coin(number).0.to_string()));
    assert!(told[0].detail.contains(&format!("at least {} blocks", age + 1)), "{}", told[0].detail);
    // seconds begin at a median time that nobody shows
    assert_eq!(found(&run(1 << 22 | 1).0, 7031).len(), 1);
    // a proof without an age beside it makes the address count again
    let mut venue = Venue::new();
    let good = venue.proofs.clone();
    venue.full(number, |transaction| transaction.input[0].sequence = Sequence(u32::from(age) + 1));
    venue.proofs.extend(good);
    assert_eq!(btc(&venue.run()).1, all);
}

#[test]
fn a_list_of_coins_shows_these_coins() {
    let (_, all, _) = btc(&Venue::new().run());
    let number = with_witness(&Venue::new());
    let worth = u128::from(Venue::new().coin(number).1.value.to_sat());
    for scheme in [control::BIP127, control::BIP322_FUNDS] {
        let run = |more: u64, sequence: Sequence| {
            let mut venue = Venue::new();
            venue.funds(number, scheme, more, sequence);
            venue.run()
        };
        let report = run(0, Sequence::ZERO);
        assert_eq!((btc(&report).1, found(&report, 7004).len()), (all, 0), "{scheme}: {:?}", report.findings);
        let report = run(1, Sequence::ZERO);
        assert_eq!((btc(&report).1, found(&report, 7034).len()), (all - worth, 1), "{scheme}: another amount");
        let age = u32::from(Venue::new().age(number));
        assert_eq!((btc(&run(0, Sequence(age))).1, found(&run(0, Sequence(age)), 7031).len()), (all, 0), "{scheme}");
        let report = run(0, Sequence(age + 1));
        // a proof of funds shows the address as well, a list alone does not
        let (counted, told) = if scheme == control::BIP127 { (all - worth, 1) } else { (all, 0) };
        assert_eq!((btc(&report).1, found(&report, 7031).len()), (counted, told), "{scheme}");
    }
}

#[test]
fn a_list_of_other_coins_shows_nothing_of_this_one() {
    let (_, all, _) = btc(&Venue::new().run());
    let mut venue = Venue::new();
    let number = with_witness(&venue);
    let worth = u128::from(venue.coin(number).1.value.to_sat());
    let (_, _, script, place) = venue.address(number);
    venue.funds(number, control::BIP127, 0, Sequence::ZERO);
    let file = Psbt::deserialize(&STANDARD.decode(&venue.proofs[place].signature).unwrap()).unwrap();
    let mut transaction = file.unsigned_tx;
    transaction.input[1].previous_output.txid = bitcoin::Txid::from_byte_array([1; 32]);
    let mut other = Psbt::from_unsigned_tx(transaction).unwrap();
    other.inputs[1].witness_utxo = file.inputs[1].witness_utxo.clone();
    let spent = [
        TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() },
        TxOut { value: venue.coin(number).1.value, script_pubkey: script },
    ];
    let witness = venue.address(number).0.witness(&other.unsigned_tx, 1, &spent).unwrap();
    other.inputs[1].final_script_witness = Some(witness);
    venue.proofs[place].signature = STANDARD.encode(other.serialize());
    let report = venue.run();
    assert_eq!((btc(&report).1, btc(&report).2), (all - worth, worth), "a coin that the chain does not have");
}

#[test]
fn a_foreign_header_counts_and_is_told() {
    let (_, all, _) = btc(&Venue::new().run());
    let mut venue = Venue::new();
    let number = (0..3).find(|number| venue.address(*number).2.is_p2wpkh()).unwrap();
    let (key, address, _, place) = venue.address(number);
    let key_hash = key.address(&chain(), AddressKind::KeyHash).unwrap();
    let signature = sign(&chain(), &key_hash, &venue.line, &key).unwrap().signature;
    venue.proofs[place] = ControlProof::signed(chain(), address.clone(), control::ELECTRUM, signature);
    let report = venue.run();
    let told = found(&report, 7032);
    assert_eq!((btc(&report).1, told.len(), &told[0].subject), (all, 1, &address));
}

#[test]
fn a_movement_without_evidence_is_refused() {
    let (_, all, _) = btc(&Venue::new().run());
    let mut venue = Venue::new();
    let number = with_witness(&venue);
    let worth = u128::from(venue.coin(number).1.value.to_sat());
    let (_, address, _, place) = venue.address(number);
    let mut proof = ControlProof::signed(chain(), address, control::MOVED, String::new());
    proof.transaction = Some("ab".repeat(32));
    venue.proofs[place] = proof;
    let report = venue.run();
    assert_eq!(btc(&report).1, all - worth);
    assert!(found(&report, 7005)[0].detail.starts_with("CF-5097"), "{:?}", found(&report, 7005));
    // the payment to the address is proved, and is no movement by it
    let mut venue = Venue::new();
    let mut proof = venue.proofs[place].clone();
    proof.signature = String::new();
    proof.scheme = control::MOVED.to_owned();
    proof.transaction = Some(venue.coin(number).0.txid.to_string());
    venue.proofs[place] = proof;
    let report = venue.run();
    assert!(found(&report, 7005)[0].detail.starts_with("CF-5097"), "its coin is not shown: {:?}", found(&report, 7005));
}

const SPACING: i64 = 600;
const DAY: i64 = 86_400;

fn signing_key(purpose: &str) -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed(purpose))).unwrap()
}

impl Venue {
    fn statement(&self) -> Statement {
        let envelope = Envelope::parse(&self.files[paths::STATEMENT], "statement").unwrap();
        json::read_canonical(&envelope.document).unwrap()
    }

    /// The example on another chain, the same up to the block that the challenge names. Behind it, the address with
    /// this number is paid the challenge's amount, and pays it to itself.
    fn moving(number: usize) -> (Self, Transaction) {
        let mut venue = Self::new();
        let (key, own, script, _) = venue.address(number);
        let mut statement = venue.statement();
        let document = challenge::parse(&venue.files[paths::CHALLENGE]).unwrap();
        let named = document.blocks.iter().find(|block| block.chain == chain()).unwrap();
        let mark = movement::mark_amount(sha256(&venue.files[paths::CHALLENGE]), &script);
        let time = |blocks: i64| Time::from_unix(statement.cutoff.unix() - DAY + blocks * SPACING);
        let mut mined = BitcoinChain::new().unwrap();
        let before = i64::try_from(named.height).unwrap();
        mined.mine_empty(time(-before), SPACING, named.height).unwrap();
        assert_eq!(mined.block(named.height).as_ref(), Some(named), "the block that the challenge names");
        let others = (0..3).filter(|other| *other != number).map(|other| {
            let amount = u128::from(venue.coin(other).1.value.to_sat());
            (venue.address(other).1, amount)
        });
        let paid: Vec<(String, u128)> = others.chain([(own.clone(), u128::from(mark))]).collect();
        let payment = |(address, amount): &(String, u128)| {
            let amount = counterfoil::amount::Amount::from_base_units(*amount);
            vec![Payment { address: address.clone(), amount }]
        };
        mined.mine(time(0), &paid.iter().map(payment).collect::<Vec<_>>()).unwrap();
        mined.sweep(time(1), &key, &own, &own).unwrap();
        mined.mine_empty(time(2), SPACING, 155).unwrap();
        let transactions = |height: u64| {
            let raw = mined.raw_blocks().nth(usize::try_from(height).unwrap()).unwrap();
            encode::deserialize::<bitcoin::Block>(&raw).unwrap().txdata
        };
        let moved = transactions(named.height + 2).remove(1);
        let made = transactions(named.height + 1);
        let made = made.iter().find(|made| made.compute_txid() == moved.input[0].previous_output.txid).unwrap();
        venue.adopt(&mined, &mut statement, &paid);
        let mut bare = made.clone();
        bare.input.iter_mut().for_each(|input| input.witness.clear());
        let path = paths::chain(&chain(), &paths::transaction(&made.compute_txid().to_string()));
        venue.files.insert(path, encode::serialize(&bare));
        (venue, moved)
    }

    /// Evidence, statement and pin of another chain.
    fn adopt(&mut self, mined: &BitcoinChain, statement: &mut Statement, paid: &[(String, u128)]) {
        let folder = paths::chain(&chain(), "");
        self.files.retain(|path, _| !path.starts_with(&folder));
        let addresses: Vec<&str> = paid.iter().map(|(address, _)| address.as_str()).collect();
        let now = Time::from_unix(statement.cutoff.unix() + DAY);
        let question = Question { addresses: &addresses, from_height: 1, cutoff: Some(statement.cutoff), now };
        let fetched = mined.evidence(&question).unwrap();
        self.files.extend(fetched.files.into_iter().map(|(name, bytes)| (paths::chain(&chain(), &name), bytes)));
        let transcript = fetched.transcript.to_file(&signing_key("auditor's node")).unwrap();
        self.files.insert(paths::chain(&chain(), paths::TRANSCRIPT), transcript);
        let cutoff = statement.chains.iter_mut().find(|block| block.chain == chain()).unwrap();
        *cutoff = fetched.cutoff_block.unwrap();
        let mut envelope = Envelope { document: json::canonical(statement).unwrap(), signatures: Vec::new() };
        publish::sign(&mut envelope, &signing_key("venue")).unwrap();
        self.files.insert(paths::STATEMENT.to_owned(), envelope.to_file("statement").unwrap());
        let tip = mined.block(mined.height()).unwrap();
        let pins = self.policy.match_indices("[[pin]]").map(|(at, _)| at).collect::<Vec<_>>();
        let start = *pins.iter().find(|at| self.policy[**at..].lines().nth(1).unwrap().contains("bip122")).unwrap();
        let end = pins.iter().copied().find(|at| *at > start).unwrap_or(self.policy.len());
        let pin = format!("[[pin]]\nchain = \"{}\"\nheight = {}\nhash = \"{}\"\n", tip.chain, tip.height, tip.hash);
        self.policy.replace_range(start..end, &pin);
    }
}

/// An address that shows control by moving a coin: the amount as mark counts, and the report tells its weakness.
#[test]
fn a_movement_in_the_bundle_counts_and_its_mark_is_told() {
    let number = (0..3).find(|number| Venue::new().address(*number).2.is_p2wpkh()).unwrap();
    let (venue, moved) = Venue::moving(number);
    let (_, address, _, place) = venue.address(number);
    let worth = u128::from(moved.output[0].value.to_sat());
    let report = |proof: ControlProof| {
        let (mut venue, _) = Venue::moving(number);
        venue.proofs[place] = proof;
        venue.run()
    };
    let all = btc(&report(venue.proofs[place].clone())).1;
    let mut proof = ControlProof::signed(chain(), address.clone(), control::MOVED, String::new());
    proof.transaction = Some(moved.compute_txid().to_string());
    let counted = report(proof.clone());
    assert_eq!(btc(&counted).1, all, "{:?}", counted.findings);
    let asset = counted.assets.iter().find(|asset| asset.asset.as_str() == "BTC").unwrap();
    assert_eq!(asset.held.by_control["moved"].base_units(), worth);
    let sum: u128 = asset.held.by_control.values().map(|sum| sum.base_units()).sum();
    assert_eq!(sum, all, "each coin counts by one grade");
    let told = found(&counted, 7033);
    assert_eq!((told.len(), &told[0].subject), (1, &address));
    proof.transaction = Some(moved.input[0].previous_output.txid.to_string());
    let refused = report(proof);
    assert_eq!(btc(&refused).1, all - worth, "the payment before it is no movement");
    assert!(found(&refused, 7033).is_empty());
}
