//! Runner of `balance-sheet`: a sheet beside the policy's map and what lies on addresses in, findings out.

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::{Asset, DeploymentId};
use counterfoil::basis::{Basis, Completeness};
use counterfoil::code::finding as codes;
use counterfoil::policy::Policy;
use counterfoil::publish::balance_sheet::BalanceSheet;
use counterfoil::reconcile::balance_sheet::of_sheet;
use counterfoil::reconcile::{Finding, HeldItem, Reserves, Severity};
use counterfoil::reserve::address_set::Role;
use counterfoil::reserve::claim::Holding;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    assets: Vec<Asset>,
    own_tokens: Vec<DeploymentId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    addresses: Vec<Lying>,
    assets: Vec<Asset>,
    balance_sheet: Option<BalanceSheet>,
}

/// What lies on an address of the set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lying {
    address: String,
    amount: Amount,
    deployment: DeploymentId,
    encumbered: String,
}

const POLICY: &str = "format = \"counterfoil-policy-v1\"
[venue]
id = \"example-exchange\"
log_origin = \"log.example/example-exchange\"
keys = [{ alg = \"bip340\", key = \"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\" }]
";

fn policy(query: &Query) -> Result<Policy, String> {
    let mut text = POLICY.to_owned();
    let quoted: Vec<String> = query.own_tokens.iter().map(|token| format!("\"{token}\"")).collect();
    text.push_str(&format!("[require]\nown_tokens = [{}]\n", quoted.join(", ")));
    let decimals = |decimals: Decimals| decimals.get().to_string();
    for asset in &query.assets {
        text.push_str(&format!("[[asset]]\nid = \"{}\"\ndecimals = {}\n", asset.id, decimals(asset.decimals)));
        for found in &asset.deployments {
            let (id, decimals) = (&found.id, decimals(found.decimals));
            text.push_str(&format!("[[asset.deployment]]\nid = \"{id}\"\ndecimals = {decimals}\n"));
        }
    }
    Policy::parse(&text).map_err(|error| error.to_string())
}

fn reserves(addresses: &[Lying]) -> Result<Reserves, String> {
    let mut reserves = Reserves::default();
    for lying in addresses {
        let encumbered = lying.encumbered == "yes";
        if encumbered {
            let code = &codes::ENCUMBERED;
            reserves.findings.push(Finding::new(code, Severity::Exception, lying.address.clone(), "a loan"));
        }
        reserves.held.push(HeldItem {
            holding: Holding {
                deployment: lying.deployment.clone(),
                address: lying.address.clone(),
                id: lying.address.clone(),
                amount: lying.amount,
                made_at: None,
                authenticity: Basis::Proved,
                completeness: Completeness::Exact,
            },
            role: Role::Cold,
            control: None,
            accepted: true,
            free: !encumbered,
        });
    }
    Ok(reserves)
}

pub(crate) fn balance_sheet(query: &Value, sent: &Sent) -> Run {
    let (query, proof): (Query, Proof) = (typed(query)?, object(sent)?);
    let found = of_sheet(&policy(&query)?, &proof.assets, proof.balance_sheet.as_ref(), &reserves(&proof.addresses)?);
    let mut rows: Vec<(String, &str, &str)> =
        found.iter().map(|found| (found.code.to_string(), found.severity.text(), found.subject.as_str())).collect();
    rows.sort_unstable();
    let row = |(code, severity, subject): &(String, &str, &str)| json!({"code": code, "severity": severity, "subject": subject});
    valid(json!({"findings": rows.iter().map(row).collect::<Vec<_>>()}))
}
