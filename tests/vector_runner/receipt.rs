//! Runner of receipts, disputes and evidence of contradictions.

use counterfoil::code::Coded as _;
use counterfoil::json::uint;
use counterfoil::publish::log::{LogPins, NoteKey};
use counterfoil::publish::receipt::dispute::{Case, Dispute, Outcome as Judged, judge as decide};
use counterfoil::publish::receipt::opening::{ReceiptPins, Shown};
use counterfoil::publish::receipt::{ReceiptError, evidence, verify};
use counterfoil::publish::{KeyHistory, StatementPins};
use counterfoil::snapshot::Time;
use serde::Deserialize;
use serde_json::{Value, json};

use super::publish::Policy;
use super::{Outcome, Run, Sent, bytes, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    key: String,
    #[serde(with = "uint")]
    quorum: u64,
    witnesses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case", deny_unknown_fields)]
enum Query {
    Verify { account: String, credential: String, policy: Policy, rotations: Vec<String> },
    Judge { dispute: String, log: Log, now: Time, policy: Policy, rotations: Vec<String> },
    Check { log: Log, policy: Policy },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    answers: Vec<String>,
    shown: Vec<ShownText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownText {
    credential: Option<String>,
    log_proof: String,
    opening: Option<String>,
    statement: String,
}

fn pins(policy: &Policy) -> StatementPins<'_> {
    StatementPins {
        venue: &policy.venue,
        log_origin: &policy.log_origin,
        keys: &policy.keys,
        threshold: policy.threshold,
    }
}

fn note_key(text: &str) -> Result<NoteKey, String> {
    NoteKey::parse(text).map_err(|error| error.to_string())
}

fn with_log<T>(policy: &Policy, log: &Log, run: impl FnOnce(LogPins<'_>) -> T) -> Result<T, String> {
    let key = note_key(&log.key)?;
    let witnesses = log.witnesses.iter().map(|text| note_key(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(run(LogPins { origin: &policy.log_origin, key: &key, witnesses: &witnesses, quorum: log.quorum }))
}

fn files(texts: &[String]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.clone().into_bytes()).collect()
}

fn ended(found: Result<Value, ReceiptError>) -> Run {
    match found {
        Ok(values) => valid(values),
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}

pub(super) fn receipt(query: &Value, sent: &Sent) -> Run {
    match typed(query)? {
        Query::Verify { account, credential, policy, rotations } => {
            let file = bytes(sent)?;
            ended(KeyHistory::new(pins(&policy), &files(&rotations)).map_err(ReceiptError::from).and_then(|keys| {
                let found = verify(file, &keys)?;
                found.check_owner(&account, &credential)?;
                Ok(json!({
                    "amount": found.receipt().amount, "digest": found.digest(), "signed_by": found.signers(),
                }))
            }))
        }
        Query::Judge { dispute, log, now, policy, rotations } => {
            let brought: Brought = object(sent)?;
            let judged = with_log(&policy, &log, |log| judge(&dispute, &policy, &rotations, log, now, brought))?;
            ended(judged)
        }
        Query::Check { log, policy } => {
            let file = bytes(sent)?;
            ended(with_log(&policy, &log, |log| {
                let (receipt, why) = evidence::convicts(file, &pins(&policy), log)?;
                Ok(json!({"contradictions": why.len().to_string(), "digest": receipt.digest()}))
            })?)
        }
    }
}

fn judge(
    dispute: &str,
    policy: &Policy,
    rotations: &[String],
    log: LogPins<'_>,
    now: Time,
    brought: Brought,
) -> Result<Value, ReceiptError> {
    let keys = KeyHistory::new(pins(policy), &files(rotations))?;
    let dispute = Dispute::parse(dispute.as_bytes())?;
    let case = Case { dispute: &dispute, pins: ReceiptPins { keys: &keys, log }, now };
    let shown = brought.shown.into_iter().map(|one| Shown {
        statement: one.statement.into_bytes(),
        log_proof: one.log_proof.into_bytes(),
        opening: one.opening.map(String::into_bytes),
        credential: one.credential,
    });
    let judgement = decide(&case, &shown.collect::<Vec<_>>(), &files(&brought.answers))?;
    let set_aside: Vec<String> = judgement.set_aside.iter().map(|error| error.code().to_string()).collect();
    Ok(match judgement.outcome {
        Judged::Contradicted { why, .. } => {
            json!({"contradictions": why.len().to_string(), "outcome": "contradicted", "set_aside": set_aside})
        }
        Judged::Answered { amount, .. } => json!({"amount": amount, "outcome": "answered", "set_aside": set_aside}),
        Judged::Unanswered => json!({"outcome": "unanswered", "set_aside": set_aside}),
        Judged::Open => json!({"outcome": "open", "set_aside": set_aside}),
    })
}
