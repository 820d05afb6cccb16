//! Runner of `clearing`.

use counterfoil::code::Coded as _;
use counterfoil::reconcile::network::clearing::{ClearingError, Obligations};
use counterfoil::reconcile::network::fraction::Fraction;
use counterfoil::reconcile::network::netting::{Matrix, Ring, bilateral, cyclic};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Outcome, Run, Sent, object, typed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {}

fn list(values: &[Fraction]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn rows(matrix: &Matrix) -> Vec<Vec<String>> {
    matrix.iter().map(|row| list(row)).collect()
}

fn nodes(nodes: &[usize]) -> Vec<String> {
    nodes.iter().map(ToString::to_string).collect()
}

/// Everything that a vector of this kind expects.
pub(crate) fn answer(network: &Obligations) -> Result<Map<String, Value>, ClearingError> {
    let cleared = network.system()?.clear()?;
    let pairs = bilateral(&network.matrix()?);
    let (netted, rings) = cyclic(&pairs);
    let ring = |ring: &Ring| json!({"amount": ring.amount.to_string(), "nodes": nodes(&ring.nodes)});
    let values = json!({
        "bilateral": rows(&pairs),
        "greatest": list(&cleared.greatest),
        "least": list(&cleared.least),
        "netted": rows(&netted),
        "rings": rings.iter().map(ring).collect::<Vec<_>>(),
        "waves": cleared.waves.iter().map(|wave| nodes(wave)).collect::<Vec<_>>(),
    });
    Ok(values.as_object().cloned().unwrap_or_default())
}

pub(super) fn clearing(query: &Value, sent: &Sent) -> Run {
    let Query {} = typed(query)?;
    match answer(&object(sent)?) {
        Ok(values) => Ok(Outcome::Valid(values)),
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}
