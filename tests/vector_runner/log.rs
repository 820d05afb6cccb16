//! Runners of log proofs and of requests to witnesses.

use counterfoil::code::Coded as _;
use counterfoil::hash::Digest;
use counterfoil::json::uint;
use counterfoil::publish::log::{Checkpoint, LogPins, LogProof, NoteKey, tree};
use counterfoil::publish::witness::{Request, decide};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, bytes, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    entry: String,
    log: String,
    origin: String,
    #[serde(with = "uint")]
    quorum: u64,
    #[serde(with = "uint")]
    sequence: u64,
    witnesses: Vec<String>,
}

fn key(text: &str) -> Result<NoteKey, String> {
    NoteKey::parse(text).map_err(|error| error.to_string())
}

pub(super) fn log(query: &Value, sent: &Sent) -> Run {
    let query: LogQuery = typed(query)?;
    let (key_of_log, witnesses) =
        (key(&query.log)?, query.witnesses.iter().map(|text| key(text)).collect::<Result<Vec<_>, _>>()?);
    let pins = LogPins { origin: &query.origin, key: &key_of_log, witnesses: &witnesses, quorum: query.quorum };
    let leaf = tree::leaf_hash(query.entry.as_bytes());
    let found = LogProof::parse(bytes(sent)?).and_then(|proof| pins.verify(&proof, query.sequence, &leaf));
    match found {
        Ok(logged) => {
            let Checkpoint { size, root, .. } = logged.signed().checkpoint();
            let cosigned = logged.signed().cosignatures().iter();
            let cosigned: Vec<Value> = cosigned
                .map(|found| json!({"time": found.time.unix().to_string(), "witness": found.witness}))
                .collect();
            valid(json!({"cosigned": cosigned, "root": root, "size": size.to_string()}))
        }
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessQuery {
    latest_root: Digest,
    #[serde(with = "uint")]
    latest_size: u64,
    logs: Vec<String>,
}

pub(super) fn witness(query: &Value, sent: &Sent) -> Run {
    let query: WitnessQuery = typed(query)?;
    let logs = query.logs.iter().map(|text| key(text)).collect::<Result<Vec<_>, _>>()?;
    let found = Request::parse(bytes(sent)?).and_then(|request| {
        let latest = Checkpoint { origin: String::new(), size: query.latest_size, root: query.latest_root };
        decide(&request, Some(&latest), &logs)
    });
    match found {
        Ok(Checkpoint { size, root, .. }) => valid(json!({"root": root, "size": size.to_string()})),
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}
