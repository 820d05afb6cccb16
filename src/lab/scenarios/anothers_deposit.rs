//! Somebody else's balance at another venue is shown as one's own deposit.

use std::collections::BTreeMap;

use crate::code::network as codes;
use crate::json;
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::joined::played;
use crate::lab::ring::{Ring, RingOptions};
use crate::lab::scenario::{Expected, Played, Said, Scenario};
use crate::liability::inclusion_proof::{self, InclusionQuery};
use crate::policy::Policy;
use crate::publish;
use crate::reconcile::network::elsewhere::{self, Claim, ELSEWHERE};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "anothers-deposit",
    attacks: &["R23"],
    title: "a customer's balance at another venue is shown as one's own deposit",
    story: "Alpha owes 16 BTC to a customer of its own. The customer lends the inclusion proof to beta, which puts it \
            into its bundle and signs the claim to that account with its own key. The proof is genuine; whose money it \
            is, it does not say.",
    expected: Expected::Check(&codes::DEPOSIT_NOT_INCLUDED),
    undetected: &["A deposit that was opened in beta's name, with the money of somebody else, is beta's for whoever \
            looks at proofs."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    const ACCOUNT: &str = "u000000000000";
    let mut ring = Ring::new(&RingOptions { outside: [170; 3], ..RingOptions::default() })?;
    let proof = ring.proof(0, ACCOUNT)?;
    let [alpha, beta, _] = ring.venues.as_mut_slice() else { return Err(fault("no three venues")) };
    let claim = Claim::sign(&beta.key, &beta.id, &alpha.id, &proof.statement.digest, ACCOUNT).map_err(fault)?;
    let files = [
        (elsewhere::STATEMENT, alpha.signed.clone()),
        (elsewhere::PROOF, json::canonical(&proof).map_err(fault)?),
        (elsewhere::CLAIM, json::canonical(&claim).map_err(fault)?),
    ];
    for (file, bytes) in files {
        beta.bundle.insert(format!("{ELSEWHERE}borrowed/{file}"), bytes);
    }
    beta.seal()?;
    // the naive verifier checks the proof against alpha's statement, for the account that the proof names
    let policy = Policy::parse(&alpha.policy).map_err(fault)?;
    let statement = publish::verify(&alpha.signed, &policy.statement_pins()).map_err(fault)?;
    let query = InclusionQuery {
        statement: &statement.reference(),
        rows: &statement.statement().liabilities,
        account: &proof.account,
        credential: "",
        expected: &BTreeMap::new(),
    };
    let naive = match inclusion_proof::verify(&query, &proof) {
        Ok(shown) => {
            let amounts = shown.iter().map(|one| one.amount().to_readable(one.row().decimals));
            Said::yes(format!("beta has {} BTC at alpha, proved in alpha's tree", amounts.collect::<String>()))
        }
        Err(error) => Said::no(error.to_string()),
    };
    played(&ring, naive, "beta", (&codes::DEPOSIT_NOT_INCLUDED, Some("borrowed")))
}
