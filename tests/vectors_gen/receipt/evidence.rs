//! Receipts of a moment, and evidence of contradictions.

use counterfoil::json;
use serde_json::{Value, json};

use super::{Logged, told};
use super::{
    SHOWN, answer_with, changed, judge, log, logged, logged_with, one, pinned, question, rotation, seen, signed,
};
use crate::vectors_gen::inclusion_proof::balance;
use crate::vectors_gen::statement::{new_key, policy};
use crate::vectors_gen::{Sent, Stage, Vectors, Want};

pub(super) fn movement(time: &str, side: &str, amount: &str) -> Value {
    json!({"amount": amount, "reference": "order 77", "side": side, "time": time})
}

pub(super) fn balances(vectors: &mut Vectors) {
    let asked = question(&seen(900));
    let honest = logged(500);
    let mut case = |name: &str, comment: &str, shown: Vec<Value>, movements: Option<Value>| {
        let answer =
            |movements: Value| answer_with(&seen(900), &honest, &one(), |document| document["movements"] = movements);
        judge(vectors, name, comment, &asked, (shown, movements.map(answer).into_iter().collect()), Want::Valid);
    };
    let (first, second) = ("2026-10-21T00:00:00Z", "2026-11-01T00:00:00Z");
    let moved = json!([movement(first, "credit", "100"), movement(second, "debit", "500")]);
    case("withdrawn_and_answered", "what came and what went", vec![], Some(moved));
    case("withdrawn_and_shown", "another balance at another moment", vec![honest.shown()], None);
    case("withdrawn_and_not_told", "no movement", vec![], Some(json!([])));
    let wrong = json!([movement(first, "debit", "401")]);
    case("movements_to_another_balance", "one unit off", vec![], Some(wrong));
    let early = json!([movement(SHOWN, "debit", "400")]);
    case("movement_of_the_moment_itself", "it was shown behind that", vec![], Some(early));
    let late = json!([movement("2026-11-01T00:00:01Z", "debit", "400")]);
    case("movement_behind_the_cutoff", "the statement is of before", vec![], Some(late));
    let below = json!([movement(first, "debit", "901"), movement(second, "credit", "501")]);
    case("movements_below_zero", "no balance is negative", vec![], Some(below));
    let back = json!([movement(second, "debit", "300"), movement(first, "debit", "100")]);
    case("movements_out_of_order", "in the order of their times", vec![], Some(back));
    let nothing = answer_with(&seen(900), &honest, &one(), |document| {
        document["movements"] = json!([movement(first, "debit", "900")]);
        document["opening"] = Value::Null;
    });
    let all = (vec![], vec![nothing]);
    judge(vectors, "withdrawn_altogether", "there is no leaf to open", &asked, all, Want::Valid);
    let same = question(&seen(500));
    let shown = (vec![honest.shown()], vec![]);
    judge(vectors, "balance_unchanged", "nothing to explain", &same, shown, Want::Valid);
    let old = changed(seen(900), |document| document["time"] = json!("2026-11-05T00:00:00Z"));
    let behind = (vec![honest.shown()], vec![]);
    judge(vectors, "statement_before_the_moment", "it cannot know", &question(&old), behind, Want::Valid);
}

pub(super) fn evidence_of(receipt: &str, logged: &Logged) -> Value {
    json!({
        "credential": null, "format": "counterfoil-receipt-contradiction-v1", "log_proof": logged.log_proof,
        "opening": logged.opening, "receipt": receipt, "rotations": [], "statement": logged.statement,
    })
}

pub(super) fn add(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, policy: Value, file: &Value, want: Want| {
        let query = json!({"log": log(), "operation": "check", "policy": policy});
        let sent = Sent::Bytes(json::canonical(file).expect("no numbers"));
        vectors.add(&format!("receipt/{name}"), comment, &["Contradiction"], query, sent, want);
    };
    let (honest, lie) = (logged(500), logged(400));
    let receipt = signed(&told(500));
    let good = evidence_of(&receipt, &lie);
    let with = |change: &dyn Fn(&mut Value)| changed(good.clone(), change);
    case("evidence", "receipt, opening, statement and log proof", policy(1), &good, Want::Valid);
    let rotated = with(&|file| file["rotations"] = json!([rotation()]));
    let comment = "the keys were replaced since";
    case("evidence_of_replaced_keys", comment, pinned(&new_key()), &rotated, Want::Valid);
    let want = Want::Refused(Stage::Policy, "CF-3006");
    case("evidence_without_the_change", "nothing reaches back", pinned(&new_key()), &good, want);
    let nothing = Want::Refused(Stage::Bind, "CF-3224");
    case("evidence_of_nothing", "an honest venue", policy(1), &evidence_of(&receipt, &honest), nothing);
    let bare = changed(evidence_of(&receipt, &honest), |file| file["opening"] = Value::Null);
    case("evidence_without_a_leaf", "absence is not shown by silence", policy(1), &bare, nothing);
    let moment = evidence_of(&signed(&seen(500)), &lie);
    let want = Want::Refused(Stage::Bind, "CF-3225");
    case("evidence_of_a_moment", "the customer may have withdrawn", policy(1), &moment, want);
    let forged = with(&|file| file["receipt"] = json!(receipt.replacen("\"500\"", "\"900\"", 1)));
    let want = Want::Refused(Stage::Signature, "CF-3007");
    case("evidence_with_a_forged_receipt", "another amount than was signed", policy(1), &forged, want);
    let forged = with(&|file| file["opening"] = json!(lie.opening.replacen("\"400\"", "\"300\"", 1)));
    let want = Want::Refused(Stage::Bind, "CF-3214");
    case("evidence_with_a_forged_leaf", "a leaf that leads nowhere", policy(1), &forged, want);
    let unlogged = with(&|file| file["log_proof"] = json!(honest.log_proof));
    let want = Want::Refused(Stage::Fold, "CF-3109");
    case("evidence_not_in_the_log", "a statement that nobody saw", policy(1), &unlogged, want);
    let next = logged_with(&balance(400), 2, |document| document["sequence"] = json!("8"));
    let want = Want::Refused(Stage::Bind, "CF-3213");
    case("evidence_of_another_statement", "the next one", policy(1), &evidence_of(&receipt, &next), want);
    let malformed = Want::Refused(Stage::Parse, "CF-3223");
    case(
        "evidence_with_a_field_too_many",
        "a field too many",
        policy(1),
        &with(&|file| file["x"] = json!("")),
        malformed,
    );
    let version = with(&|file| file["format"] = json!("counterfoil-receipt-contradiction-v2"));
    case("evidence_of_another_version", "another version", policy(1), &version, malformed);
}
