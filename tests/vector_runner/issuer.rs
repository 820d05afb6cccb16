//! Runner of `issuer`: coins that somebody issues, beside what the issuers show.

use std::collections::BTreeMap;

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::{Asset, DeploymentId};
use counterfoil::policy::Policy;
use counterfoil::reconcile::issuer::{Backing, IssuerClaim, as_native, claims};
use counterfoil::reconcile::{Finding, Verdict};
use counterfoil::snapshot::VenueId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    assets: Vec<Asset>,
    issuers: Vec<Issuer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Issuer {
    deployments: Vec<DeploymentId>,
    id: VenueId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    backing: Vec<Shown>,
    held: Vec<Lying>,
}

/// What an issuer's own bundle comes to; without amounts it is of another day, or nobody knows what stands behind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    issuer: VenueId,
    kept: Option<Amount>,
    owed: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lying {
    amount: Amount,
    deployment: DeploymentId,
}

fn key(number: usize) -> String {
    // any point will do: nobody signs here
    let keys = [
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
        "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
    ];
    let key = keys.get(number).copied().unwrap_or_default();
    format!("keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n")
}

fn policy(query: &Query) -> Result<Policy, String> {
    let head = "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-exchange\"\n";
    let mut text = format!("{head}log_origin = \"log.example/example-exchange\"\n{}", key(0));
    let decimals = |decimals: Decimals| decimals.get().to_string();
    for asset in &query.assets {
        text.push_str(&format!("[[asset]]\nid = \"{}\"\ndecimals = {}\n", asset.id, decimals(asset.decimals)));
        for found in &asset.deployments {
            let (id, decimals) = (&found.id, decimals(found.decimals));
            text.push_str(&format!("[[asset.deployment]]\nid = \"{id}\"\ndecimals = {decimals}\n"));
        }
    }
    for (number, issuer) in (1..).zip(&query.issuers) {
        let deployments: Vec<String> = issuer.deployments.iter().map(|id| format!("\"{id}\"")).collect();
        text.push_str(&format!("[[issuer]]\nid = \"{0}\"\nlog_origin = \"log.example/{0}\"\n", issuer.id));
        text.push_str(&format!("{}deployments = [{}]\n", key(number), deployments.join(", ")));
    }
    Policy::parse(&text).map_err(|error| error.to_string())
}

fn yes(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

pub(super) fn issuer(query: &Value, sent: &Sent) -> Run {
    let (query, proof): (Query, Proof) = (typed(query)?, object(sent)?);
    let policy = policy(&query)?;
    let backing = |shown: &Shown| Backing {
        issuer: shown.issuer.clone(),
        kept_of: shown.kept.zip(shown.owed),
        verdict: Verdict::NotDeterminable,
    };
    let backings: Vec<Backing> = proof.backing.iter().map(backing).collect();
    let mut lying: BTreeMap<DeploymentId, Amount> = BTreeMap::new();
    for one in proof.held {
        lying.insert(one.deployment, one.amount);
    }
    let held = |id: &DeploymentId| Some(lying.get(id).copied().unwrap_or(Amount::ZERO));
    let (mut found, mut findings) = (Vec::new(), Vec::new());
    for asset in &query.assets {
        let listed = claims(&policy, asset, &backings, &held).ok_or("a sum does not fit")?;
        let claim = |claim: &IssuerClaim| {
            let mut row = json!({
                "asset": asset.id, "counts": yes(claim.counts), "deployment": claim.deployment,
                "held": claim.held, "issuer": claim.issuer,
            });
            if let (Some(backed), Some(coverage)) = (claim.backed, &claim.coverage) {
                row["backed"] = json!(backed);
                row["coverage"] = json!(coverage);
            }
            row
        };
        found.extend(listed.iter().map(claim));
        let finding = |found: &Finding| {
            let (code, severity) = (found.code.to_string(), found.severity.text());
            json!({"code": code, "severity": severity, "subject": found.subject})
        };
        findings.extend(as_native(&asset.id, &listed).iter().map(finding));
    }
    valid(json!({"claims": found, "findings": findings}))
}
