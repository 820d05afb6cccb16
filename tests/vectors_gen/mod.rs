//! Makes the files of `vectors/` from the Rust code. Nothing here is left to chance: every key, salt and nonce is
//! derived from its name, so that the same code gives the same bytes.

mod amount;
mod balance_sheet;
mod canonical_json;
mod claims;
mod clearing;
mod compact_range;
mod custodian;
mod custody_schedules;
mod descriptor;
mod evm_pool;
mod hash;
mod inclusion_proof;
mod issuer;
mod leaf;
mod log;
mod merkle_set;
mod network;
mod quality;
mod receipt;
mod reconcile;
mod reserve;
mod sample;
mod sealed_proof;
mod sheet;
mod signature;
mod split;
mod statement;
mod statement_words;
mod sum_tree;
mod tiers;
mod utxo_snapshot;
mod venue_card;

use std::collections::BTreeMap;

use counterfoil::code::{self, Outcome as Exit};
use counterfoil::hash::{Digest, Tag, TaggedHasher, sha256};
use serde_json::{Map, Value, json};

use crate::vector_runner::{self, Outcome, Sent};

/// The layer that must refuse.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    Parse,
    Bind,
    Fold,
    Sum,
    Signature,
    Policy,
}

impl Stage {
    fn text(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Bind => "bind",
            Self::Fold => "fold",
            Self::Sum => "sum",
            Self::Signature => "signature",
            Self::Policy => "policy",
        }
    }
}

/// What the author of a vector wants.
#[derive(Clone, Copy)]
pub(crate) enum Want {
    Valid,
    Refused(Stage, &'static str),
}

/// All vectors, with what the code does otherwise than their authors want.
#[derive(Default)]
pub(crate) struct Vectors {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) surprises: Vec<String>,
}

impl Vectors {
    /// Adds one vector: `id` is kind/name.
    pub(crate) fn add(&mut self, id: &str, comment: &str, flags: &[&str], query: Value, sent: Sent, want: Want) {
        let kind = id.split('/').next().unwrap_or_default();
        let found = vector_runner::run(kind, &query, &sent);
        let mut expect = Map::new();
        match (&found, want) {
            (Ok(Outcome::Valid(values)), Want::Valid) => {
                expect.clone_from(values);
                expect.insert("result".to_owned(), json!("valid"));
            }
            (Ok(Outcome::Refused(code)), Want::Refused(_, wanted)) if code.to_string() == wanted => (),
            (Ok(Outcome::Valid(_)), _) => self.surprises.push(format!("{id}: accepted, {}", words(want))),
            (Ok(Outcome::Refused(code)), _) => {
                self.surprises.push(format!("{id}: refused with {code}, {}", words(want)))
            }
            (Err(error), _) => self.surprises.push(format!("{id}: {error}")),
        }
        if let Want::Refused(stage, wanted) = want {
            let result = match code::find(wanted).map(|code| code.outcome) {
                Some(Exit::Failed) => "invalid",
                Some(Exit::NotMade) => "undetermined",
                None => "unknown",
            };
            expect.insert("result".to_owned(), json!(result));
            expect.insert("stage".to_owned(), json!(stage.text()));
            expect.insert("code".to_owned(), json!(wanted));
        }
        let (field, value) = match sent {
            Sent::Object(value) => ("proof", value),
            Sent::Bytes(bytes) => match String::from_utf8(bytes) {
                Ok(text) => ("proof_text", Value::String(text)),
                Err(error) => ("proof_hex", Value::String(hex::encode(error.as_bytes()))),
            },
        };
        let vector = json!({
            "id": id, "comment": comment, "source": "generated", "flags": flags,
            "query": query, field: value, "expect": expect,
        });
        if self.files.insert(format!("{id}.json"), print(&vector)).is_some() {
            self.surprises.push(format!("{id}: two vectors of this name"));
        }
    }
}

fn words(want: Want) -> String {
    match want {
        Want::Valid => "should be accepted".to_owned(),
        Want::Refused(_, code) => format!("should be refused with {code}"),
    }
}

/// The one form of a vector file: ASCII, sorted keys, two spaces, a newline at the end.
fn print(vector: &Value) -> String {
    let mut text = String::new();
    for character in format!("{vector:#}\n").chars() {
        if character == '\n' || matches!(character, ' '..='~') {
            text.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// Every vector of every kind.
pub(crate) fn all() -> Vectors {
    let mut vectors = Vectors::default();
    amount::add(&mut vectors);
    canonical_json::add(&mut vectors);
    clearing::add(&mut vectors);
    network::add(&mut vectors);
    compact_range::add(&mut vectors);
    hash::add(&mut vectors);
    inclusion_proof::add(&mut vectors);
    leaf::add(&mut vectors);
    log::add(&mut vectors);
    merkle_set::add(&mut vectors);
    quality::add(&mut vectors);
    descriptor::add(&mut vectors);
    evm_pool::add(&mut vectors);
    issuer::add(&mut vectors);
    receipt::add(&mut vectors);
    reconcile::add(&mut vectors);
    reserve::add(&mut vectors);
    sample::add(&mut vectors);
    sealed_proof::add(&mut vectors);
    sheet::add(&mut vectors);
    signature::add(&mut vectors);
    split::add(&mut vectors);
    statement_words::add(&mut vectors);
    statement::add(&mut vectors);
    balance_sheet::add(&mut vectors);
    claims::add(&mut vectors);
    custodian::add(&mut vectors);
    custody_schedules::add(&mut vectors);
    tiers::add(&mut vectors);
    sum_tree::add(&mut vectors);
    utxo_snapshot::add(&mut vectors);
    venue_card::add(&mut vectors);
    vectors
}

/// 32 bytes with a name.
pub(crate) fn seeded(name: &str) -> [u8; 32] {
    sha256(name.as_bytes()).to_bytes()
}

/// A digest with a name and a number.
pub(crate) fn digest(tag: Tag, name: &str, index: u64) -> Digest {
    TaggedHasher::new(tag).rest(name.as_bytes()).fixed(&index.to_be_bytes()).finish()
}

/// Sizes at which the shape of a tree changes, with their names.
pub(crate) const SIZES: [(&str, u64); 12] = [
    ("1", 1),
    ("2", 2),
    ("3", 3),
    ("power_of_two_minus_1", 7),
    ("power_of_two", 8),
    ("power_of_two_plus_1", 9),
    ("15", 15),
    ("16", 16),
    ("17", 17),
    ("five_subtrees_31", 31),
    ("32", 32),
    ("33", 33),
];
