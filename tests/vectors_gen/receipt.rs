mod evidence;
mod wriggling;

use counterfoil::asset::Class;
use counterfoil::hash::{Digest, Tag};
use counterfoil::json;
use counterfoil::liability::leaf::{LeafContent, Nonce};
use counterfoil::publish::digest as statement_digest;
use counterfoil::publish::log::{Checkpoint, KeyKind, LogProof, NoteSigner, tree as log_tree};
use counterfoil::publish::receipt::digest as receipt_digest;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Envelope, SigningKey};
use counterfoil::snapshot::Time;
use serde_json::{Value, json};

use super::inclusion_proof::{Balance, balance, tree};
use super::statement::{bitcoin, document, keys, new_key, notice, policy, row};
use super::{Sent, Stage, Vectors, Want, seeded};

const ORIGIN: &str = "log.example/por";
const ACCOUNT: &str = "u000000000042";
const CUTOFF: &str = "2026-11-01T00:00:00Z";
const SHOWN: &str = "2026-10-20T08:00:00Z";

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

fn signed_as(field: &str, tag: Tag, document: &Value, by: &[SigningKey]) -> String {
    let mut envelope = Envelope { document: json::canonical(document).expect("no numbers"), signatures: Vec::new() };
    for key in by {
        let signature = key.sign(tag, &envelope.document).expect("a key signs");
        envelope.add(signature);
    }
    text(envelope.to_file(field).expect("a file"))
}

fn one() -> Vec<SigningKey> {
    keys().into_iter().take(1).collect()
}

fn public(keys: &[SigningKey]) -> Value {
    keys.iter().map(|key| json!({"alg": key.public_key().alg, "key": key.public_key().key})).collect()
}

fn log_signer() -> NoteSigner {
    let secret = Secret::new(SecretKind::Log, &mut seeded("log of receipts"));
    NoteSigner::new(ORIGIN, KeyKind::Log, &secret).expect("a name")
}

fn log() -> Value {
    json!({"key": log_signer().key().to_string(), "quorum": "0", "witnesses": []})
}

/// A logged statement, and the customer's leaf in it.
#[derive(Clone)]
struct Logged {
    statement: String,
    log_proof: String,
    opening: String,
}

impl Logged {
    fn shown(&self) -> Value {
        json!({"log_proof": self.log_proof, "opening": self.opening, "statement": self.statement})
    }

    fn bare(&self) -> Value {
        json!({"log_proof": self.log_proof, "statement": self.statement})
    }
}

/// Where a statement stands in a log that ends with it.
fn log_proof(stated: &Value) -> String {
    let sequence: u64 = stated["sequence"].as_str().and_then(|digits| digits.parse().ok()).expect("a number");
    let bytes = json::canonical(stated).expect("no numbers");
    let mut leaves: Vec<Digest> = (0..sequence).map(|at| log_tree::leaf_hash(at.to_string().as_bytes())).collect();
    leaves.push(log_tree::leaf_hash(&bytes));
    let mut note =
        Checkpoint { origin: ORIGIN.to_owned(), size: sequence + 1, root: log_tree::root(&leaves) }.to_note();
    note.add(log_signer().sign(note.text(), Time::from_unix(0)).expect("signs"));
    let path = log_tree::inclusion_proof(&leaves, sequence).expect("a leaf");
    LogProof { extra: None, index: sequence, path, checkpoint: note }.to_string()
}

/// Statement 7 with this balance of the customer at this place, after a change of one's own.
fn logged_with(balance: &Balance, index: u64, change: impl FnOnce(&mut Value)) -> Logged {
    let tree = tree(balance, index, 5, 1_000);
    let mut stated = document(json!([tree.row]), json!([bitcoin()]));
    change(&mut stated);
    let bytes = json::canonical(&stated).expect("no numbers");
    let proof = json!({
        "account": balance.account, "format": "counterfoil-inclusion-proof-v1", "leaves": [tree.leaf],
        "statement": {"digest": statement_digest(&bytes), "sequence": stated["sequence"], "venue": "example-exchange"},
    });
    Logged {
        statement: signed_as("statement", Tag::Statement, &stated, &one()),
        log_proof: log_proof(&stated),
        opening: text(json::canonical(&proof).expect("no numbers")),
    }
}

fn logged(amount: u128) -> Logged {
    logged_with(&balance(amount), 2, |_| {})
}

/// The hash of the customer's leaf.
fn leaf(balance: &Balance) -> Digest {
    let tree = tree(balance, 2, 5, 1_000);
    let nonce = tree.leaf["nonce"].as_str().and_then(counterfoil::hash::decode_lower).expect("a nonce");
    let amount = counterfoil::amount::Amount::from_base_units(balance.amount);
    let (account, credential) = (balance.account, balance.credential);
    let content = LeafContent { nonce: Nonce(nonce), amount, account, credential, parts: &[] };
    content.hash().expect("short texts").digest()
}

/// The document of a snapshot receipt.
fn told(amount: u128) -> Value {
    json!({
        "account": ACCOUNT, "amount": amount.to_string(), "asset": "BTC", "class": "custody", "credential": "",
        "decimals": "8", "format": "counterfoil-receipt-v1", "keys": public(&one()), "log_origin": ORIGIN,
        "snapshot": {"leaves": [leaf(&balance(amount))], "sequence": "7"}, "time": CUTOFF,
        "venue": "example-exchange",
    })
}

fn signed(document: &Value) -> String {
    signed_as("receipt", Tag::Receipt, document, &one())
}

fn changed(mut document: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut document);
    document
}

/// What the app showed, before the cut-off.
fn seen(amount: u128) -> Value {
    changed(told(amount), |document| {
        document["snapshot"] = Value::Null;
        document["time"] = json!(SHOWN);
    })
}

/// The change of keys that stands behind the statement, as number 8.
fn rotation() -> String {
    let both: Vec<SigningKey> = one().into_iter().chain([new_key()]).collect();
    let mut document = notice("key-rotation");
    document["venue"]["keys"] = public(&one());
    signed_as("statement", Tag::Statement, &document, &both)
}

/// A policy that pins one key.
fn pinned(key: &SigningKey) -> Value {
    changed(policy(1), |policy| policy["keys"] = public(std::slice::from_ref(key)))
}

pub(super) fn add(vectors: &mut Vectors) {
    receipts(vectors);
    keys_of_receipts(vectors);
    outcomes(vectors);
    not_counted(vectors);
    evidence::balances(vectors);
    evidence::add(vectors);
    wriggling::add(vectors);
}

fn verify(vectors: &mut Vectors, name: &str, comment: &str, flag: &str, file: String, want: Want) {
    let query = json!({
        "account": ACCOUNT, "credential": "", "operation": "verify", "policy": policy(1), "rotations": [],
    });
    vectors.add(&format!("receipt/{name}"), comment, &[flag], query, Sent::Bytes(file.into_bytes()), want);
}

fn receipts(vectors: &mut Vectors) {
    verify(vectors, "of_a_snapshot", "the balance and its leaf", "Receipt", signed(&told(500)), Want::Valid);
    verify(vectors, "of_a_moment", "what the app showed", "Receipt", signed(&seen(500)), Want::Valid);
    let two =
        changed(told(500), |document| document["snapshot"]["leaves"] = json!([leaf(&balance(1)), leaf(&balance(2))]));
    verify(vectors, "of_a_split_balance", "a leaf for each piece", "Receipt", signed(&two), Want::Valid);
    let mut refuse = |name: &str, comment: &str, flag: &str, change: &dyn Fn(&mut Value), want: Want| {
        let document = changed(told(500), change);
        verify(vectors, name, comment, flag, signed(&document), want);
    };
    let owner = Want::Refused(Stage::Bind, "CF-3201");
    let malformed = Want::Refused(Stage::Parse, "CF-3200");
    let set = |pointer: &'static str, value: Value| {
        move |document: &mut Value| *document.pointer_mut(pointer).expect("a field") = value.clone()
    };
    refuse("other_account", "somebody else's", "OtherAccount", &set("/account", json!("u1")), owner);
    refuse("other_credential", "another credential", "OtherCredential", &set("/credential", json!("x")), owner);
    let other = Want::Refused(Stage::Policy, "CF-3012");
    refuse("other_venue", "another venue", "OtherVenue", &set("/venue", json!("another-exchange")), other);
    refuse("other_log", "another log", "OtherVenue", &set("/log_origin", json!("log.example/other")), other);
    refuse(
        "other_format",
        "another version",
        "UnknownField",
        &set("/format", json!("counterfoil-receipt-v2")),
        malformed,
    );
    refuse("account_empty", "of nobody", "MissingField", &set("/account", json!("")), malformed);
    refuse("amount_negative", "no negative balance", "NegativeAmount", &set("/amount", json!("-5")), malformed);
    refuse("no_leaf", "a snapshot without a leaf", "MissingField", &set("/snapshot/leaves", json!([])), malformed);
    refuse("no_keys", "by nobody", "MissingField", &set("/keys", json!([])), malformed);
    refuse("decimals_39", "at most 38 decimals", "Boundary", &set("/decimals", json!("39")), malformed);
    refuse("unknown_field", "a field too many", "UnknownField", &|document| document["note"] = json!("x"), malformed);
    let without = |document: &mut Value| drop(document.as_object_mut().expect("an object").remove("snapshot"));
    refuse("missing_snapshot", "null is written", "MissingField", &without, malformed);
    let named = Want::Refused(Stage::Signature, "CF-3203");
    let comment = "signed by a key of the venue that it does not name";
    refuse("key_not_named", comment, "KeyNotPinned", &set("/keys", public(&[new_key()])), named);
    let file = signed(&told(500));
    let wrong = Want::Refused(Stage::Signature, "CF-3007");
    let raised = file.replacen("\"500\"", "\"900\"", 1);
    verify(vectors, "amount_raised", "another amount than was signed", "WrongSignature", raised, wrong);
    let as_statement = signed_as("receipt", Tag::Statement, &told(500), &one());
    verify(vectors, "signed_as_a_statement", "signed as another kind", "WrongTag", as_statement, wrong);
    let by_others = signed_as("receipt", Tag::Receipt, &told(500), &[new_key()]);
    let want = Want::Refused(Stage::Policy, "CF-3006");
    verify(vectors, "by_others", "signed by nobody who is pinned", "KeyNotPinned", by_others, want);
    verify(vectors, "empty_file", "nothing", "Damage", String::new(), malformed);
    verify(vectors, "newline_at_the_end", "not canonical", "NotCanonical", format!("{file}\n"), malformed);
}

fn keys_of_receipts(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flag: &str, policy: Value, document: Value, want: Want| {
        let query = json!({
            "account": ACCOUNT, "credential": "", "operation": "verify", "policy": policy, "rotations": [rotation()],
        });
        let sent = Sent::Bytes(signed(&document).into_bytes());
        vectors.add(&format!("receipt/{name}"), comment, &[flag], query, sent, want);
    };
    let (old, new) = (pinned(&one()[0]), pinned(&new_key()));
    let later = |document: Value| changed(document, |document| document["snapshot"]["sequence"] = json!("9"));
    let not_pinned = Want::Refused(Stage::Policy, "CF-3006");
    let told_of = Want::Refused(Stage::Policy, "CF-3231");
    case(
        "keys_replaced_since",
        "the pinned keys have accepted the change",
        "KeyRotation",
        new.clone(),
        told(500),
        Want::Valid,
    );
    case(
        "keys_replaced_later",
        "the change lies behind the receipt",
        "KeyRotation",
        old.clone(),
        told(500),
        Want::Valid,
    );
    case(
        "by_replaced_keys",
        "the old keys, behind the change",
        "KeyRotation",
        new.clone(),
        later(told(500)),
        not_pinned,
    );
    case("change_not_followed", "behind a change that is not pinned", "KeyRotation", old, later(told(500)), told_of);
    case("moment_before_a_change", "shown before the keys changed", "KeyRotation", new.clone(), seen(500), Want::Valid);
    let late = changed(seen(500), |document| document["time"] = json!("2026-11-11T00:00:00Z"));
    case("moment_behind_a_change", "shown after the keys changed", "KeyRotation", new, late, not_pinned);
    let others = pinned(&keys()[1]);
    case("change_of_others", "a change that touches no pinned key", "KeyRotation", others, told(500), not_pinned);
}

/// A question, judged a week after it was asked.
struct Question {
    receipt: String,
    sequence: &'static str,
    deadline: &'static str,
    now: &'static str,
}

fn question(document: &Value) -> Question {
    let (sequence, deadline, now) = ("7", "2026-12-15T00:00:00Z", "2026-12-08T00:00:00Z");
    Question { receipt: signed(document), sequence, deadline, now }
}

fn judge(
    vectors: &mut Vectors,
    name: &str,
    comment: &str,
    asked: &Question,
    brought: (Vec<Value>, Vec<String>),
    want: Want,
) {
    let dispute = json!({
        "deadline": asked.deadline, "format": "counterfoil-dispute-v1", "opened": "2026-12-01T00:00:00Z",
        "receipt": asked.receipt, "sequence": asked.sequence,
    });
    let query = json!({
        "dispute": text(json::canonical(&dispute).expect("no numbers")), "log": log(), "now": asked.now,
        "operation": "judge", "policy": policy(1), "rotations": [],
    });
    let sent = Sent::Object(json!({"answers": brought.1, "shown": brought.0}));
    vectors.add(&format!("receipt/{name}"), comment, &["Dispute"], query, sent, want);
}

/// The venue's answer with this leaf, after a change of one's own.
fn answer_with(receipt: &Value, logged: &Logged, by: &[SigningKey], change: impl FnOnce(&mut Value)) -> String {
    let digest = receipt_digest(&json::canonical(receipt).expect("no numbers"));
    let mut document = json!({
        "format": "counterfoil-dispute-answer-v1", "keys": public(by), "log_proof": logged.log_proof, "movements": [],
        "opening": logged.opening, "receipt": digest, "statement": logged.statement, "venue": "example-exchange",
    });
    change(&mut document);
    signed_as("answer", Tag::Answer, &document, by)
}

fn outcomes(vectors: &mut Vectors) {
    let asked = question(&told(500));
    let mut case = |name: &str, comment: &str, shown: Vec<Value>, answers: Vec<String>| {
        judge(vectors, name, comment, &asked, (shown, answers), Want::Valid);
    };
    let (honest, lie) = (logged(500), logged(400));
    case("open", "there is time", vec![], vec![]);
    case("answered_by_the_leaf", "whoever brings it", vec![honest.shown()], vec![]);
    case("answered", "the venue shows the leaf", vec![], vec![answer_with(&told(500), &honest, &one(), |_| {})]);
    case("contradicted", "the leaf has another amount", vec![lie.shown()], vec![]);
    let comment = "the venue's own answer shows another amount";
    case("contradicted_by_the_answer", comment, vec![], vec![answer_with(&told(500), &lie, &one(), |_| {})]);
    // one leaf with the same amount, blinded by another nonce: the tree of another build
    let other = logged_with(&Balance { class: Class::Lent, ..balance(500) }, 2, |document| {
        document["liabilities"][0]["class"] = json!("custody");
    });
    let renamed = Logged { opening: other.opening.replace("\"lent\"", "\"custody\""), ..other };
    let fitted = refit(renamed);
    case("contradicted_by_the_nonce", "the same amount in another leaf", vec![fitted.shown()], vec![]);
    let moved = logged_with(&balance(500), 2, |document| document["cutoff"] = json!("2026-11-02T00:00:00Z"));
    case("contradicted_by_the_cutoff", "the statement is of another moment", vec![moved.bare()], vec![]);
    let gone = logged_with(&balance(500), 2, |document| {
        document["liabilities"] = json!([row("ETH", "custody", "8")]);
        document["assets"] = json!([{"decimals": "8", "deployments": [], "id": "ETH"}]);
    });
    case("contradicted_by_no_row", "nothing of the asset is committed", vec![gone.bare()], vec![]);
    let less = logged_with(&balance(500), 2, |document| document["liabilities"][0]["total"] = json!("499"));
    case("contradicted_by_the_total", "less in all than the receipt says", vec![less.bare()], vec![]);
    let comment = "an answer outweighs no contradiction";
    let both = vec![answer_with(&told(500), &honest, &one(), |_| {}), answer_with(&told(500), &lie, &one(), |_| {})];
    case("contradicted_and_answered", comment, vec![], both);
    let late = Question { now: "2026-12-16T00:00:00Z", ..question(&told(500)) };
    judge(vectors, "unanswered", "the deadline has passed", &late, (vec![], vec![]), Want::Valid);
    let last = Question { now: "2026-12-15T00:00:00Z", ..question(&told(500)) };
    judge(vectors, "open_at_the_deadline", "the last moment", &last, (vec![], vec![]), Want::Valid);
    let comment = "an answer after the deadline is one";
    judge(vectors, "answered_late", comment, &late, (vec![honest.shown()], vec![]), Want::Valid);
}

/// The digest of the statement in an opening, after the statement was changed.
fn refit(logged: Logged) -> Logged {
    let envelope = Envelope::parse(logged.statement.as_bytes(), "statement").expect("a signed file");
    let mut opening: Value = serde_json::from_str(&logged.opening).expect("JSON");
    opening["statement"]["digest"] = json!(statement_digest(&envelope.document));
    Logged { opening: text(json::canonical(&opening).expect("no numbers")), ..logged }
}

fn not_counted(vectors: &mut Vectors) {
    let asked = question(&told(500));
    let mut case = |name: &str, comment: &str, shown: Vec<Value>, answers: Vec<String>| {
        judge(vectors, name, comment, &asked, (shown, answers), Want::Valid);
    };
    let honest = logged(500);
    let next = logged_with(&balance(500), 2, |document| document["sequence"] = json!("8"));
    case("set_aside_other_sequence", "the next statement has it right", vec![next.shown()], vec![]);
    let other = logged_with(&Balance { account: "u000000000043", ..balance(400) }, 2, |_| {});
    case("set_aside_other_account", "the leaf of somebody else", vec![other.shown()], vec![]);
    let unlogged = Logged { log_proof: honest.log_proof.clone(), ..logged(400) };
    case("set_aside_unlogged", "a statement that is not in the log", vec![unlogged.shown()], vec![]);
    let forged = Logged { opening: logged(500).opening.replacen("\"500\"", "\"400\"", 1), ..honest.clone() };
    case("set_aside_forged_leaf", "a leaf that leads nowhere", vec![forged.shown()], vec![]);
    let with = logged_with(&Balance { credential: "x", ..balance(500) }, 2, |_| {});
    case("set_aside_other_credential", "it does not open under the receipt's", vec![with.shown()], vec![]);
    let mut opened = with.shown();
    opened["credential"] = json!("x");
    case("contradicted_by_the_credential", "the leaf is of another credential", vec![opened], vec![]);
    case("set_aside_no_leaf", "a statement that excludes nothing", vec![honest.bare()], vec![]);
    let by_others = answer_with(&told(500), &honest, &[new_key()], |_| {});
    case("set_aside_answer_of_others", "signed by nobody who is pinned", vec![], vec![by_others]);
    let another = answer_with(&told(400), &honest, &one(), |_| {});
    case("set_aside_other_receipt", "the answer to another receipt", vec![], vec![another]);
    let unknown = answer_with(&told(500), &honest, &one(), |document| document["note"] = json!("x"));
    case("set_aside_malformed_answer", "a field too many", vec![], vec![unknown]);
    let void = signed_as("statement", Tag::Statement, &notice("void"), &one());
    let withdrawn = json!({"log_proof": honest.log_proof, "statement": void});
    case("set_aside_void", "a withdrawal is no statement of balances", vec![withdrawn], vec![]);
    let malformed = Want::Refused(Stage::Parse, "CF-3210");
    let back = Question { deadline: "2026-12-01T00:00:00Z", ..question(&told(500)) };
    judge(vectors, "deadline_at_the_opening", "no time to answer", &back, (vec![], vec![]), malformed);
    let other = Question { sequence: "8", ..question(&told(500)) };
    judge(vectors, "other_statement_asked", "the receipt is of statement 7", &other, (vec![], vec![]), malformed);
    let raised = signed(&told(500)).replacen("\"500\"", "\"900\"", 1);
    let forged = Question { receipt: raised, ..question(&told(500)) };
    let wrong = Want::Refused(Stage::Signature, "CF-3007");
    judge(vectors, "forged_receipt", "another amount than was signed", &forged, (vec![], vec![]), wrong);
}
