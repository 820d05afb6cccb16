//! Runs one vector on the Rust code: what `vectors/README.md` calls a runner. Used by every test over `vectors/`.

pub(crate) mod clearing;
pub(crate) mod credit;
pub(crate) mod custody;
pub(crate) mod evm_pool;
pub(crate) mod issuer;
pub(crate) mod liability;
pub(crate) mod log;
pub(crate) mod network;
pub(crate) mod publish;
pub(crate) mod quality;
pub(crate) mod range;
pub(crate) mod receipt;
pub(crate) mod reconcile;
pub(crate) mod reserve;
pub(crate) mod sample;
pub(crate) mod sealed;
pub(crate) mod sheet;
pub(crate) mod utxo;
pub(crate) mod values;

use counterfoil::code::Code;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The kinds that have a runner, each named like its specification and its folder.
pub(crate) const KINDS: [&str; 30] = [
    "address-set",
    "amount",
    "balance-sheet",
    "canonical-json",
    "challenge",
    "clearing",
    "compact-range",
    "custodian",
    "descriptor",
    "evm-pool",
    "hash",
    "inclusion-proof",
    "issuer",
    "leaf",
    "log",
    "merkle-set",
    "network",
    "quality",
    "receipt",
    "reconcile",
    "sample",
    "sealed-proof",
    "sheet",
    "signature",
    "statement",
    "sum-tree",
    "tiers",
    "utxo-snapshot",
    "venue-card",
    "witness",
];

/// What was sent, in one of the three fields that carry it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sent {
    /// `proof`: an object.
    Object(Value),
    /// `proof_text` or `proof_hex`: the bytes of a file.
    Bytes(Vec<u8>),
}

/// What the code under test says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Accepted, with the values computed on the way.
    Valid(Map<String, Value>),
    /// Refused.
    Refused(&'static Code),
}

/// What a runner returns; `Err` is an error of the vector, not of what it tests.
pub(crate) type Run = Result<Outcome, String>;

/// Runs one vector.
pub(crate) fn run(kind: &str, query: &Value, sent: &Sent) -> Run {
    match kind {
        "address-set" => reserve::address_set(query, sent),
        "amount" => values::amount(query, sent),
        "balance-sheet" => credit::balance_sheet(query, sent),
        "canonical-json" => values::canonical_json(query, sent),
        "challenge" => reserve::challenge(query, sent),
        "clearing" => clearing::clearing(query, sent),
        "compact-range" => range::compact_range(query, sent),
        "custodian" => custody::custodian(query, sent),
        "descriptor" => reserve::descriptor(query, sent),
        "evm-pool" => evm_pool::evm_pool(query, sent),
        "hash" => values::hash(query, sent),
        "inclusion-proof" => liability::inclusion_proof(query, sent),
        "issuer" => issuer::issuer(query, sent),
        "leaf" => liability::leaf(query, sent),
        "log" => log::log(query, sent),
        "merkle-set" => values::merkle_set(query, sent),
        "network" => network::network(query, sent),
        "quality" => quality::quality(query, sent),
        "receipt" => receipt::receipt(query, sent),
        "reconcile" => reconcile::reconcile(query, sent),
        "sample" => sample::sample(query, sent),
        "sealed-proof" => sealed::sealed_proof(query, sent),
        "sheet" => sheet::sheet(query, sent),
        "signature" => values::signature(query, sent),
        "statement" => publish::statement(query, sent),
        "sum-tree" => liability::sum_tree(query, sent),
        "tiers" => custody::tiers(query, sent),
        "utxo-snapshot" => utxo::utxo_snapshot(query, sent),
        "venue-card" => publish::venue_card(query, sent),
        "witness" => log::witness(query, sent),
        unknown => Err(format!("unknown kind {unknown:?}")),
    }
}

/// A part of a vector, with no field unknown or missing.
fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// The object that was sent.
fn object<T: DeserializeOwned>(sent: &Sent) -> Result<T, String> {
    match sent {
        Sent::Object(value) => typed(value),
        Sent::Bytes(_) => Err("expected `proof`, found `proof_text` or `proof_hex`".to_owned()),
    }
}

/// The file that was sent.
fn bytes(sent: &Sent) -> Result<&[u8], String> {
    match sent {
        Sent::Bytes(bytes) => Ok(bytes),
        Sent::Object(_) => Err("expected `proof_text` or `proof_hex`, found `proof`".to_owned()),
    }
}

/// Accepted, with these values.
fn valid(values: Value) -> Run {
    match values {
        Value::Object(values) => Ok(Outcome::Valid(values)),
        other => Err(format!("a runner computed {other}, expected an object")),
    }
}
