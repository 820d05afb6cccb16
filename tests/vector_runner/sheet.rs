//! Runner of `sheet`: a sheet, with its rows in a table or not, under what is assumed.

use counterfoil::code::Coded as _;
use counterfoil::hash::sha256;
use counterfoil::policy::quality::{Assumptions, QualityRules};
use counterfoil::reconcile::Finding;
use counterfoil::reconcile::sheet::{Sheet, SheetReport, digest, judge};
use counterfoil::report;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    /// The table `[quality]`; none for what is built in.
    quality: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    sheet: Value,
    rows: Option<String>,
}

/// What is not known is left out of a vector.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        Value::Object(fields) => {
            let known = fields.into_iter().filter(|(_, value)| !value.is_null());
            known.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        other => other,
    }
}

fn answer(found: &SheetReport) -> Result<Value, String> {
    let bytes = report::sheet_json(found).map_err(|error| error.to_string())?;
    let whole: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let finding = |found: &Finding| {
        let (code, severity) = (found.code.to_string(), found.severity.text());
        json!({"code": code, "severity": severity, "subject": found.subject})
    };
    Ok(without_nulls(json!({
        "assets": whole["assets"],
        "findings": found.findings.iter().map(finding).collect::<Value>(),
        "ladder": whole["ladder"],
        "sensitivity": whole["sensitivity"],
        "verdict": whole["verdict"],
    })))
}

pub(super) fn sheet(query: &Value, sent: &Sent) -> Run {
    let (Query { quality }, proof) = (typed(query)?, object::<Proof>(sent)?);
    let rules: Option<QualityRules> = quality.as_ref().map(typed).transpose()?;
    let assumptions = rules.map(|rules| Assumptions { digest: sha256(b"assumed"), rules });
    let text = proof.sheet.to_string();
    let sheet = match Sheet::parse(&text) {
        Ok(sheet) => sheet,
        Err(error) => return Ok(Outcome::Refused(error.code())),
    };
    let sheet = match proof.rows {
        None => sheet,
        Some(rows) => match sheet.with_rows(rows.as_bytes()) {
            Ok(sheet) => sheet,
            Err(faults) => return Ok(Outcome::Refused(faults.first().ok_or("refused for nothing")?.code())),
        },
    };
    valid(answer(&judge(&sheet, digest(&text), assumptions.as_ref()))?)
}
