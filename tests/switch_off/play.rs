//! Plays every scenario, and the vectors that are named, and prints how each ends: `lab:NAME` or `vector:FOLDER/NAME`,
//! and `passes` or `fails` with the reason. `run.sh` builds it with countermeasures switched off.
#![allow(dead_code, reason = "the modules serve other tests, too")]

#[path = "../tests/vector_files/mod.rs"]
mod vector_files;
#[path = "../tests/vector_runner/mod.rs"]
mod vector_runner;

use counterfoil::lab::scenario::Scenario;
use counterfoil::lab::scenarios;
use serde_json::{Value, json};
use vector_files::{Vector, read_all};
use vector_runner::Outcome;

/// How a scenario ends.
fn scenario(scenario: &Scenario) -> String {
    if scenario.run().is_ok() {
        return "passes".to_owned();
    }
    let played = match (scenario.play)() {
        Err(error) => return format!("fails {error}"),
        Ok(played) => played,
    };
    if !played.naive.believed {
        return format!("fails the naive verifier refuses: {}", played.naive.words);
    }
    if played.counterfoil.believed {
        return "fails believed".to_owned();
    }
    // where there are verdicts, codes are of everything else that the report finds, too
    let verdicts: Vec<String> = played.verdicts.iter().map(|(asset, verdict)| format!("{asset} {verdict}")).collect();
    let codes: Vec<String> = played.codes.iter().map(ToString::to_string).collect();
    let ends = if verdicts.is_empty() { codes } else { verdicts };
    format!("fails {}", ends.join(", "))
}

/// How a vector ends.
fn vector(vector: &Vector) -> String {
    let found = match vector_runner::run(&vector.kind, &vector.query, &vector.sent) {
        Err(what) => return format!("fails {what}"),
        Ok(Outcome::Valid(mut values)) => {
            values.insert("result".to_owned(), json!("valid"));
            Value::Object(values)
        }
        Ok(Outcome::Refused(code)) => json!({"code": code.to_string()}),
    };
    let same = match vector.expect.get("code") {
        Some(code) => found.get("code") == Some(code),
        None => found == vector.expect,
    };
    if same { "passes".to_owned() } else { "fails gives another result".to_owned() }
}

fn main() {
    for played in scenarios::ALL {
        println!("lab:{} {}", played.name, scenario(played));
    }
    let names: Vec<String> = std::env::args().filter_map(|name| Some(name.strip_prefix("vector:")?.to_owned())).collect();
    for found in read_all().0.iter().filter(|found| names.contains(&found.id)) {
        println!("vector:{} {}", found.id, vector(found));
    }
}
