//! Runners of the value modules: amount, canonical-json, hash, merkle-set, signature.

use counterfoil::amount::{Amount, AmountErrorKind, Decimals};
use counterfoil::code::{Coded as _, ledger};
use counterfoil::hash::{Digest, ShortBytes, Tag, TaggedHasher};
use counterfoil::json;
use counterfoil::merkle_set::{self, AddressSetKind, BundleKind, SetKind, SubsetProof};
use counterfoil::signature::{self, Signature};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, bytes, object, typed, valid};

#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
enum AmountQuery {
    Parse { decimals: Decimals },
    BaseUnits,
    Rescale { from: Decimals, to: Decimals },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

pub(super) fn amount(query: &Value, sent: &Sent) -> Run {
    let text = object::<Text>(sent)?.text;
    let whole = Decimals::new(0).ok_or("no decimals")?;
    let (amount, decimals) = match typed(query)? {
        AmountQuery::Parse { decimals } => (Amount::parse(&text, decimals), decimals),
        AmountQuery::BaseUnits => (Amount::parse_base_units(&text), whole),
        AmountQuery::Rescale { from, to } => {
            let amount = Amount::parse_base_units(&text).map_err(|error| error.to_string())?;
            match amount.rescale(from, to) {
                Ok(amount) => (Ok(amount), to),
                Err(AmountErrorKind::Overflow) => return Ok(Outcome::Refused(&ledger::AMOUNT_TOO_LARGE)),
                Err(AmountErrorKind::Inexact { .. }) => return Ok(Outcome::Refused(&ledger::TOO_MANY_DIGITS)),
                Err(other) => return Err(format!("rescaling gave {other:?}")),
            }
        }
    };
    match amount {
        Ok(amount) => valid(json!({"base_units": amount.to_string(), "text": amount.to_decimal(decimals)})),
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    form: String,
}

pub(super) fn canonical_json(query: &Value, sent: &Sent) -> Run {
    let parsed = match typed::<Form>(query)?.form.as_str() {
        "strict" => json::parse(bytes(sent)?),
        "canonical" => json::parse_canonical(bytes(sent)?),
        other => return Err(format!("unknown form {other:?}")),
    };
    match parsed {
        Ok(value) => {
            let canonical = json::canonical(&value).map_err(|error| error.to_string())?;
            let text = String::from_utf8(canonical).map_err(|error| error.to_string())?;
            valid(json!({ "canonical": text }))
        }
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashQuery {
    tag: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Bytes(String),
    Fixed(String),
}

pub(super) fn hash(query: &Value, sent: &Sent) -> Run {
    let text = typed::<HashQuery>(query)?.tag;
    let tag = Tag::ALL.into_iter().find(|tag| tag.text() == text).ok_or_else(|| format!("unknown tag {text:?}"))?;
    let (mut hasher, mut message) = (TaggedHasher::new(tag), Vec::new());
    for field in object::<Fields>(sent)?.fields {
        let (Field::Bytes(digits) | Field::Fixed(digits)) = &field;
        let data = hex::decode(digits).map_err(|error| error.to_string())?;
        if matches!(field, Field::Bytes(_)) {
            let string = ShortBytes::new(&data).ok_or("more than 65,535 bytes")?;
            hasher = hasher.string(string);
            message.extend(string.to_vec());
        } else {
            hasher = hasher.rest(&data);
            message.extend(data);
        }
    }
    valid(json!({"digest": hasher.finish(), "message": hex::encode(message)}))
}

#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
enum SetQuery {
    Root {
        nodes: String,
        indices: Vec<String>,
    },
    Subset {
        nodes: String,
        root: Digest,
        #[serde(with = "json::uint")]
        count: u64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaves {
    leaves: Vec<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subset {
    indices: Vec<String>,
    leaves: Vec<Digest>,
    hashes: Vec<Digest>,
}

fn integers(texts: &[String]) -> Result<Vec<u64>, String> {
    let parse = |text: &String| json::uint::parse(text).ok_or_else(|| format!("{text:?} is not an integer"));
    texts.iter().map(parse).collect()
}

pub(super) fn merkle_set(query: &Value, sent: &Sent) -> Run {
    let query = typed(query)?;
    let (SetQuery::Root { nodes, .. } | SetQuery::Subset { nodes, .. }) = &query;
    match nodes.as_str() {
        "address" => merkle_set_of::<AddressSetKind>(query, sent),
        "bundle" => merkle_set_of::<BundleKind>(query, sent),
        other => Err(format!("unknown nodes {other:?}")),
    }
}

fn merkle_set_of<K: SetKind>(query: SetQuery, sent: &Sent) -> Run {
    match query {
        SetQuery::Root { indices, .. } => {
            let leaves = object::<Leaves>(sent)?.leaves;
            let root = merkle_set::root::<K>(&leaves).ok_or("an empty set has no root")?;
            let proof =
                merkle_set::prove_subset::<K>(&leaves, &integers(&indices)?).map_err(|error| error.to_string())?;
            valid(json!({"hashes": proof.hashes, "root": root}))
        }
        SetQuery::Subset { root, count, .. } => {
            let Subset { indices, leaves, hashes } = object(sent)?;
            let proof = SubsetProof { indices: integers(&indices)?, leaves, hashes };
            match merkle_set::verify_subset::<K>(root, count, &proof) {
                Ok(()) => valid(json!({})),
                Err(error) => Ok(Outcome::Refused(error.code())),
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureQuery {
    kind: String,
    message: String,
}

pub(super) fn signature(query: &Value, sent: &Sent) -> Run {
    let query: SignatureQuery = typed(query)?;
    let tag = match query.kind.as_str() {
        "statement" => Tag::Statement,
        "manifest" => Tag::Manifest,
        "transcript" => Tag::Transcript,
        other => return Err(format!("unknown kind of document {other:?}")),
    };
    match signature::verify(tag, query.message.as_bytes(), &object::<Signature>(sent)?) {
        Ok(()) => valid(json!({"digest": hex::encode(signature::signed_digest(tag, query.message.as_bytes()))})),
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}
