//! Vectors of `tiers`: what the venue declares beside what is shown. Every result is computed by hand.

use serde_json::{Value, json};

use super::{Sent, Vectors, Want};
use crate::vector_runner::{self, Outcome};

/// A tier with counted, least and most.
type Shown = (&'static str, [u64; 3]);

fn case(
    vectors: &mut Vectors,
    [name, comment]: [&str; 2],
    declared: Option<&[(&str, u64)]>,
    shown: &[Shown],
    wanted: &[&str],
) {
    let id = format!("tiers/{name}");
    let row = |(role, [counted, least, most]): &Shown| {
        let [counted, least, most] = [counted, least, most].map(u64::to_string);
        json!({"counted": counted, "least": least, "most": most, "role": role})
    };
    let query = json!({"shown": shown.iter().map(row).collect::<Value>()});
    let row = |(role, amount): &(&str, u64)| json!({"amount": amount.to_string(), "role": role});
    let sent = declared.map_or_else(|| json!({}), |rows| json!({"declared": rows.iter().map(row).collect::<Value>()}));
    let sent = Sent::Object(sent);
    match vector_runner::run("tiers", &query, &sent) {
        Ok(Outcome::Valid(values)) => {
            let empty = Vec::new();
            let rows = values.get("tiers").and_then(Value::as_array).unwrap_or(&empty);
            let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
            let found: Vec<String> = rows
                .iter()
                .map(|row| ["role", "declared", "result", "difference"].map(|name| text(row, name)).join(" "))
                .collect();
            if found != wanted {
                vectors.surprises.push(format!("{id}: by hand {wanted:?}, computed {found:?}"));
            }
        }
        Ok(Outcome::Refused(code)) => vectors.surprises.push(format!("{id}: refused with {code}")),
        Err(error) => vectors.surprises.push(format!("{id}: {error}")),
    }
    vectors.add(&id, comment, &["Coverage"], query, sent, Want::Valid);
}

pub(super) fn add(vectors: &mut Vectors) {
    let same = [("hot", [10, 10, 10]), ("cold", [90, 90, 90])];
    let words = ["as_declared", "hot and cold are what the venue says"];
    case(vectors, words, Some(&[("cold", 90), ("hot", 10)]), &same, &["hot 10 same 0", "cold 90 same 0"]);
    let words = ["hot_and_cold_do_not_match", "the total is right and the split is not: most of it is online"];
    let shown = [("hot", [60, 60, 60]), ("cold", [40, 40, 40])];
    let wanted = ["hot 10 declared-less 50", "cold 90 declared-more 50"];
    case(vectors, words, Some(&[("cold", 90), ("hot", 10)]), &shown, &wanted);
    let words = ["pledged_lies_there", "pledged coins count for nothing and lie in their tier all the same"];
    case(vectors, words, Some(&[("cold", 90)]), &[("cold", [60, 90, 90])], &["cold 90 same 0"]);
    let words = ["one_unit_above_any_evidence", "one base unit more than anybody can show"];
    case(vectors, words, Some(&[("warm", 61)]), &[("warm", [40, 40, 60])], &["warm 61 declared-more 1"]);
    let words = ["weaker_evidence", "between accepted and weaker evidence nobody can say"];
    case(vectors, words, Some(&[("warm", 60)]), &[("warm", [40, 40, 60])], &["warm 60 not-determinable 0"]);
    let words = ["at_least_on_weaker_evidence", "the accepted amount, while more may lie there"];
    case(vectors, words, Some(&[("warm", 40)]), &[("warm", [40, 40, 60])], &["warm 40 not-determinable 0"]);
    let words = ["left_out", "a tier that a declaration leaves out is declared empty"];
    let wanted = ["hot 0 declared-less 7", "cold 5 same 0"];
    case(vectors, words, Some(&[("cold", 5)]), &[("hot", [7, 7, 7]), ("cold", [5, 5, 5])], &wanted);
    let words = ["silent", "who declares nothing is not said to be wrong"];
    case(vectors, words, None, &[("hot", [7, 7, 7])], &["hot - not-declared 0"]);
    let words = ["declared_and_not_held", "a custodian's part that is on no address of the set"];
    let wanted = ["cold 5 same 0", "custodian 20 declared-more 20"];
    case(vectors, words, Some(&[("cold", 5), ("custodian", 20)]), &[("cold", [5, 5, 5])], &wanted);
}
