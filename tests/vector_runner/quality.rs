//! Runner of `quality`: assumptions beside what can be asked for and paid in, what everything else brings out.

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::AssetId;
use counterfoil::code::Coded as _;
use counterfoil::policy::quality::Assumptions;
use counterfoil::publish::balance_sheet::Due;
use counterfoil::reconcile::quality::{Stock, StockStep, judge};
use counterfoil::reserve::address_set::IssuerRelation;
use serde::Deserialize;
use serde_json::Value;

use super::{Outcome, Run, Sent, typed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    stocks: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    asset: AssetId,
    decimals: Decimals,
    relation: IssuerRelation,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    available: Amount,
    callable: Amount,
    due: Due,
}

/// What is not known is left out of vectors.
fn known(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(name, value)| (name, known(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(known).collect()),
        other => other,
    }
}

pub(super) fn quality(query: &Value, sent: &Sent) -> Run {
    let Query { stocks } = typed(query)?;
    let Sent::Bytes(bytes) = sent else { return Err("expected the text of a file".to_owned()) };
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let rules = match Assumptions::parse(text) {
        Ok(assumptions) => assumptions.rules,
        Err(error) => return Ok(Outcome::Refused(error.code())),
    };
    let stock = |given: Given| {
        let step = |step: &Step| StockStep { due: step.due, callable: step.callable, available: step.available };
        let steps: Vec<StockStep> = given.steps.iter().map(step).collect();
        if !steps.iter().map(|step| step.due).eq(Due::ALL.iter().copied()) {
            return Err("one step for each bucket".to_owned());
        }
        Ok(Stock { asset: given.asset, decimals: given.decimals, relation: given.relation, steps })
    };
    let stocks: Vec<Stock> = stocks.into_iter().map(stock).collect::<Result<_, _>>()?;
    let section = serde_json::to_value(judge(&rules, &stocks)).map_err(|error| error.to_string())?;
    match known(section) {
        Value::Object(values) => Ok(Outcome::Valid(values)),
        other => Err(format!("{other} is no object")),
    }
}
