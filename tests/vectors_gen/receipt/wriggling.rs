//! What a venue, or a thief of its keys, may try: a number used twice, other decimals, replaced keys.

use counterfoil::hash::Tag;
use counterfoil::json;
use counterfoil::signature::SigningKey;
use serde_json::{Value, json};

use super::evidence::{evidence_of, movement};
use super::{
    ACCOUNT, Logged, answer_with, changed, judge, log, log_proof, logged, logged_with, one, public, question, seen,
    signed, signed_as, told,
};
use crate::vectors_gen::inclusion_proof::balance;
use crate::vectors_gen::statement::{keys, new_key, notice, policy};
use crate::vectors_gen::{Sent, Stage, Vectors, Want};

pub(super) fn add(vectors: &mut Vectors) {
    other_kinds(vectors);
    balances(vectors);
    replaced(vectors);
    too_few(vectors);
}

/// Another kind of statement under the number of the receipt, as it is logged.
fn instead(kind: &str, by: &[SigningKey]) -> Logged {
    let document = changed(notice(kind), |document| {
        document["sequence"] = json!("7");
        document["venue"]["keys"] = public(&one());
    });
    let statement = signed_as("statement", Tag::Statement, &document, by);
    Logged { statement, log_proof: log_proof(&document), opening: String::new() }
}

fn other_kinds(vectors: &mut Vectors) {
    let asked = question(&told(500));
    let mut case = |name: &str, comment: &str, shown: Value| {
        judge(vectors, name, comment, &asked, (vec![shown], vec![]), Want::Valid);
    };
    let both: Vec<SigningKey> = one().into_iter().chain([new_key()]).collect();
    let (void, change) = (instead("void", &one()), instead("key-rotation", &both));
    let comment = "the number of the receipt became a withdrawal";
    case("contradicted_by_a_withdrawal_instead", comment, void.bare());
    case("contradicted_by_a_change_instead", "the number became a change of keys", change.bare());
    let alone = instead("key-rotation", &one());
    case("set_aside_change_of_one_side", "the new keys have not accepted", alone.bare());
    let unlogged = Logged { log_proof: logged(500).log_proof, ..void.clone() };
    case("set_aside_withdrawal_unlogged", "a withdrawal that nobody saw", unlogged.bare());
    let query = json!({"log": log(), "operation": "check", "policy": policy(1)});
    let file = changed(evidence_of(&signed(&told(500)), &void), |file| file["opening"] = Value::Null);
    let sent = Sent::Bytes(json::canonical(&file).expect("no numbers"));
    let comment = "a withdrawal under the number of a snapshot";
    vectors.add("receipt/evidence_of_another_kind", comment, &["Contradiction"], query, sent, Want::Valid);
}

fn balances(vectors: &mut Vectors) {
    let honest = logged(500);
    let coarse = changed(seen(500), |document| document["decimals"] = json!("18"));
    let answered = answer_with(&coarse, &honest, &one(), |_| {});
    let brought = (vec![honest.shown()], vec![answered]);
    let comment = "the same digits in other decimals are another balance";
    judge(vectors, "set_aside_other_decimals", comment, &question(&coarse), brought, Want::Valid);
    let asked = question(&seen(900));
    let mut case = |name: &str, comment: &str, debit: &str| {
        let answer = answer_with(&seen(900), &honest, &one(), |document| {
            document["movements"] = json!([movement("2026-10-21T00:00:00Z", "debit", debit)]);
            document["opening"] = Value::Null;
        });
        judge(vectors, name, comment, &asked, (vec![honest.shown()], vec![answer]), Want::Valid);
    };
    case("set_aside_nothing_left_but_a_leaf", "the customer opens what is said to be gone", "900");
    case("answered_to_the_leaf_of_another", "the customer opens the leaf, the venue says the movements", "400");
}

fn sorted(keys: &[SigningKey]) -> Value {
    let mut found: Vec<_> = keys.iter().map(SigningKey::public_key).collect();
    found.sort();
    found.iter().map(|key| json!({"alg": key.alg, "key": key.key})).collect()
}

fn pair(second: SigningKey) -> Vec<SigningKey> {
    one().into_iter().chain([second]).collect()
}

/// The second of two keys is replaced, as number 8.
fn replacement(threshold: &str) -> String {
    let document = changed(notice("key-rotation"), |document| {
        document["venue"]["keys"] = sorted(&pair(keys().remove(1)));
        document["venue"]["threshold"] = json!(threshold);
        document["new"] = json!({"keys": sorted(&pair(new_key())), "threshold": threshold});
    });
    let all: Vec<SigningKey> = pair(keys().remove(1)).into_iter().chain([new_key()]).collect();
    signed_as("statement", Tag::Statement, &document, &all)
}

fn later(document: Value, by: &[SigningKey]) -> Value {
    changed(document, |document| {
        document["keys"] = sorted(by);
        if document["snapshot"].is_null() {
            document["time"] = json!("2026-11-11T00:00:00Z");
        } else {
            document["snapshot"]["sequence"] = json!("9");
        }
    })
}

/// One of two pinned keys is replaced, and the other one is enough: the pins hold, and the replaced key does not count.
fn replaced(vectors: &mut Vectors) {
    let pins = changed(policy(1), |policy| policy["keys"] = sorted(&pair(keys().remove(1))));
    let mut case = |name: &str, comment: &str, document: &Value, by: &[SigningKey], want: Want| {
        let query = json!({
            "account": ACCOUNT, "credential": "", "operation": "verify", "policy": pins,
            "rotations": [replacement("1")],
        });
        let sent = Sent::Bytes(signed_as("receipt", Tag::Receipt, document, by).into_bytes());
        vectors.add(&format!("receipt/{name}"), comment, &["KeyRotation"], query, sent, want);
    };
    let (kept, gone) = (one(), vec![keys().remove(1)]);
    let not_pinned = Want::Refused(Stage::Policy, "CF-3006");
    let comment = "a pinned key that was replaced";
    case("one_key_replaced", comment, &later(told(500), &gone), &gone, not_pinned);
    case("one_key_kept", "a pinned key that was not replaced", &later(told(500), &kept), &kept, Want::Valid);
    case("moment_of_a_replaced_key", comment, &later(seen(500), &gone), &gone, not_pinned);
    let before = changed(seen(500), |document| document["keys"] = sorted(&gone));
    case("moment_before_a_replacement", "it was in force then", &before, &gone, Want::Valid);
}

/// Too few of the keys in force have signed: that is no signature of a replaced key, although one of them was there
/// before.
fn too_few(vectors: &mut Vectors) {
    let pins = changed(policy(2), |policy| policy["keys"] = sorted(&pair(new_key())));
    let (both, next) = (pair(new_key()), later(told(500), &pair(new_key())));
    let receipt = signed_as("receipt", Tag::Receipt, &next, &both);
    let ninth = logged_with(&balance(400), 2, |document| document["sequence"] = json!("9"));
    let file = changed(evidence_of(&receipt, &ninth), |file| file["rotations"] = json!([replacement("2")]));
    let query = json!({"log": log(), "operation": "check", "policy": pins});
    let sent = Sent::Bytes(json::canonical(&file).expect("no numbers"));
    let want = Want::Refused(Stage::Policy, "CF-3008");
    let comment = "one of two keys in force, which was in force before";
    vectors.add("receipt/evidence_by_too_few_in_force", comment, &["KeyRotation"], query, sent, want);
}
