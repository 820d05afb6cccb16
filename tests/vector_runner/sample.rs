//! Runner of `sample`.

use counterfoil::code::statement_chain;
use counterfoil::hash::Digest;
use counterfoil::json::uint;
use counterfoil::reconcile::sample::heights;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    beacon: Digest,
    commitment: Digest,
    #[serde(with = "uint")]
    count: u32,
    #[serde(with = "uint")]
    from: u64,
    #[serde(with = "uint")]
    to: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    heights: Vec<String>,
}

pub(super) fn sample(query: &Value, sent: &Sent) -> Run {
    let query: Query = typed(query)?;
    let drawn = heights(&query.commitment, &query.beacon, query.from, query.to, query.count);
    let drawn: Vec<String> = drawn.ok_or("no range")?.iter().map(u64::to_string).collect();
    if object::<Given>(sent)?.heights != drawn {
        return Ok(Outcome::Refused(&statement_chain::SAMPLE_DIFFERS));
    }
    valid(json!({ "heights": drawn }))
}
