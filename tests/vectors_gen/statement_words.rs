//! `statement`: times that not every program can write, and what stands where a word is specified.

use serde_json::json;

use super::Vectors;
use super::statement::{refuse, set};

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
}
