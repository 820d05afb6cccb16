//! Runner of sealed-proof.

use counterfoil::code::Coded as _;
use counterfoil::hash::Digest;
use counterfoil::liability::inclusion_proof::StatementRef;
use counterfoil::liability::sealed_proof::{self, Index, Pack, ProofCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, bytes, object, typed, valid};

#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
enum Query {
    Code,
    Locate { code: String, statement: StatementRef },
    Open { code: String, statement: Digest },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

/// The code of a query, which is always well-formed.
fn code(text: &str) -> Result<ProofCode, String> {
    ProofCode::parse(text.as_bytes()).map_err(|error| format!("the code of a query: {error}"))
}

pub(super) fn sealed_proof(query: &Value, sent: &Sent) -> Run {
    match typed(query)? {
        Query::Code => match ProofCode::parse(object::<Text>(sent)?.text.as_bytes()) {
            Ok(code) => valid(json!({"bytes": hex::encode(code.expose()), "text": *code.to_text()})),
            Err(error) => Ok(Outcome::Refused(error.code())),
        },
        Query::Locate { code: text, statement } => {
            let code = code(&text)?;
            match Index::parse(bytes(sent)?).and_then(|index| index.locate(&code, &statement)) {
                Ok(prefix) => valid(json!({"pack": prefix.to_string()})),
                Err(error) => Ok(Outcome::Refused(error.code())),
            }
        }
        Query::Open { code: text, statement } => {
            let code = code(&text)?;
            let opened = Pack::parse(bytes(sent)?).and_then(|pack| sealed_proof::open(&code, &statement, &pack));
            match opened {
                Ok(proof) => valid(json!({
                    "key": hex::encode(*code.key(&statement)),
                    "name": code.name(&statement).to_string(),
                    "proof": String::from_utf8(proof).map_err(|error| error.to_string())?,
                })),
                Err(error) => Ok(Outcome::Refused(error.code())),
            }
        }
    }
}
