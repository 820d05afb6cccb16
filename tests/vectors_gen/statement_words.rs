//! `statement`: times that not every program can write, what stands where a word is specified, and how many keys.

use counterfoil::signature::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::signature::key;
use super::statement::{case, changed, keys, one, policy, public, refuse, set, signed};
use super::{Vectors, Want};

pub(super) fn add(vectors: &mut Vectors) {
    for (name, comment, field, time) in [
        ("time_in_year_zero", "no calendar of people has it", "/ledger/as_of", "0000-12-31T23:59:59Z"),
        ("time_before_year_zero", "six digits and a sign", "/ledger/as_of", "-000001-01-01T00:00:00Z"),
        ("time_after_the_last", "a venue that is never overdue", "/due", "9999-12-30T22:00:01Z"),
        ("time_at_the_end_of_9999", "a venue that is never overdue", "/due", "9999-12-31T23:59:59Z"),
    ] {
        refuse(vectors, [name, comment, "NumberForm"], &|document| {
            *document.pointer_mut(field).expect("a field of the example") = json!(time);
        });
    }
    refuse(vectors, ["kind_as_an_object", "an object where a word stands", "UnknownField"], &set("/kind", json!({})));
    let list = json!(["void"]);
    refuse(vectors, ["kind_as_a_list", "a list where a word stands", "UnknownField"], &set("/kind", list));
    many_keys(vectors);
}

/// Each key is tried on what others show of the venue.
fn many_keys(vectors: &mut Vectors) {
    let with_keys = |count: usize| {
        move |document: &mut Value| {
            let more = (keys().len()..count).map(|number| key(Algorithm::Bip340, &format!("officer {number}")));
            let mut all: Vec<SigningKey> = keys().into_iter().chain(more).collect();
            all.sort_by_key(SigningKey::public_key);
            document["venue"]["keys"] = public(&all);
        }
    };
    let comment = "more keys than any venue has officers: each is tried on what others show of it";
    refuse(vectors, ["keys_101", comment, "Contradiction"], &with_keys(101));
    let file = signed(&changed(with_keys(100)), &one());
    case(vectors, "keys_100", "as many keys as a statement may name", "Contradiction", policy(1), file, Want::Valid);
}
