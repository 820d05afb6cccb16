//! Every vector gives its result on the Rust code. What is not known is a failure: a kind, a field, a flag, an empty
//! folder. All wrong ones are reported together.

mod vector_files;
mod vector_runner;

use counterfoil::code::{Code, Outcome as Exit, liability, log, publish, utxo_snapshot, witness};
use serde_json::{Value, json};
use vector_files::{Vector, read_all};
use vector_runner::{KINDS, Outcome, run};

/// What is wrong with a vector, in words.
fn check(vector: &Vector) -> Result<(), String> {
    let found = match run(&vector.kind, &vector.query, &vector.sent)? {
        Outcome::Valid(mut values) => {
            values.insert("result".to_owned(), json!("valid"));
            Value::Object(values)
        }
        Outcome::Refused(code) => {
            let result = if code.outcome == Exit::Failed { "invalid" } else { "undetermined" };
            // the layer is the author's to name; the code tells the rest
            json!({"result": result, "code": code.to_string(), "stage": vector.expect["stage"]})
        }
    };
    if found == vector.expect { Ok(()) } else { Err(format!("expected {}, got {found}", vector.expect)) }
}

#[test]
fn vectors_give_their_results() {
    let (vectors, mut wrong) = read_all();
    for kind in KINDS {
        if !vectors.iter().any(|vector| vector.kind == kind) {
            wrong.push(format!("{kind}: no vectors"));
        }
    }
    for vector in &vectors {
        if let Err(what) = check(vector) {
            wrong.push(format!("{}: {what}", vector.id));
        }
    }
    assert!(wrong.is_empty(), "{} of {} vectors:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

/// Codes of a snapshot of unspent outputs. A stream that breaks off and too many coins are no small files.
fn snapshot_codes() -> Vec<&'static Code> {
    let large = [&utxo_snapshot::SNAPSHOT_MANY, &utxo_snapshot::SNAPSHOT_UNREADABLE];
    utxo_snapshot::ALL.iter().copied().filter(|code| !large.contains(code)).collect()
}

/// What a log proof and a request to a witness can be refused with.
fn log_codes() -> ([&'static Code; 10], [&'static Code; 6]) {
    let log: [&'static Code; 10] = [
        &log::CHECKPOINT_MALFORMED,
        &log::LOG_INDEX,
        &log::LOG_PATH_LENGTH,
        &log::LOG_PROOF_MALFORMED,
        &log::NOTE_MALFORMED,
        &log::NOTE_SIGNATURE,
        &log::NOTE_UNSIGNED,
        &log::NOT_IN_LOG,
        &log::OTHER_LOG,
        &log::WITNESS_QUORUM,
    ];
    let witness: [&'static Code; 6] = [
        &witness::WITNESS_OLD_SIZE,
        &witness::WITNESS_PROOF,
        &witness::WITNESS_REQUEST,
        &witness::WITNESS_ROOT,
        &witness::WITNESS_UNKNOWN_LOG,
        &witness::WITNESS_UNSIGNED,
    ];
    (log, witness)
}

/// Those of `codes` that no vector of this kind is refused with.
fn without_vector(vectors: &[Vector], kind: &str, codes: &[&Code]) -> Vec<String> {
    let shown = |code: &&&Code| {
        vectors.iter().any(|vector| vector.kind == kind && vector.expect["code"] == json!(code.to_string()))
    };
    codes.iter().filter(|code| !shown(code)).map(|code| format!("{kind}: {}", code.name)).collect()
}

#[test]
fn every_refusal_of_the_verifiers_has_a_vector() {
    let inclusion: [&Code; 18] = [
        &liability::AMOUNT_DIFFERS,
        &liability::DUPLICATE_LEAF,
        &liability::EMPTY_PROOF,
        &liability::EXPECTED_ABSENT,
        &liability::INDEX_RANGE,
        &liability::PARTS_DIFFER,
        &liability::PATH_LENGTH,
        &liability::PROOF_MALFORMED,
        &liability::PROOF_OTHER_ACCOUNT,
        &liability::PROOF_OTHER_STATEMENT,
        &liability::ROOT_MISMATCH,
        &liability::SPLIT_DIFFERS,
        &liability::SPLIT_INCOMPLETE,
        &liability::SPLIT_POSITION,
        &liability::SPLIT_SUM,
        &liability::SUM_OVERFLOW,
        &liability::TOTAL_MISMATCH,
        &liability::UNKNOWN_ROW,
    ];
    let statement: [&Code; 9] = [
        &publish::JSON_DUPLICATE_KEY,
        &publish::JSON_NUMBER,
        &publish::JSON_SYNTAX,
        &publish::KEY_NOT_PINNED,
        &publish::NOT_CANONICAL,
        &publish::OTHER_VENUE,
        &publish::SIGNATURE_INVALID,
        &publish::STATEMENT_MALFORMED,
        &publish::THRESHOLD_NOT_REACHED,
    ];
    let range: [&Code; 6] = [
        &liability::RANGE_GAP,
        &liability::RANGE_MALFORMED,
        &liability::RANGE_ORDER,
        &liability::RANGE_OTHER_TREE,
        &liability::RANGE_OVERFLOW,
        &liability::RANGE_OVERLAP,
    ];
    let sealed: [&Code; 10] = [
        &liability::CODE_MISTYPED,
        &liability::CODE_SHAPE,
        &liability::NO_PROOF_FOR_CODE,
        &liability::OTHER_PACK,
        &liability::PROOF_OTHER_STATEMENT,
        &liability::SEALED_CLOSED,
        &liability::SEALED_CONTENT,
        &liability::SEALED_DAMAGED,
        &liability::SEALED_INDEX,
        &liability::SEALED_VERSION,
    ];
    let ((vectors, _), (log, witness)) = (read_all(), log_codes());
    let missing = |kind: &str, codes: &[&Code]| without_vector(&vectors, kind, codes);
    let missing = [
        missing("compact-range", &range),
        missing("inclusion-proof", &inclusion),
        missing("log", &log),
        missing("sealed-proof", &sealed),
        missing("statement", &statement),
        missing("utxo-snapshot", &snapshot_codes()),
        missing("witness", &witness),
    ]
    .concat();
    assert!(missing.is_empty(), "refusals without a vector: {missing:?}");
}
