//! Files of depositors: what a customer paid in, and what was owed.

use counterfoil::reconcile::depositors::{Deposit, Depositor, FORMAT};

use super::documents::inclusion_proof;
use super::honest::{ACCOUNTS, BOUND, CREDENTIAL, builds};

/// Reads a file; one that is read has one meaning, and its proofs show what the venue has committed, or nothing.
pub fn depositor(data: &[u8]) {
    let Ok(found) = Depositor::parse(data) else { return };
    let written = found.to_bytes().expect("what was read can be written");
    assert_eq!(Depositor::parse(&written).as_ref(), Ok(&found), "what is written is not read as the same");
    for proof in &found.proofs {
        inclusion_proof(&counterfoil::json::canonical(proof).unwrap());
    }
}

/// Two customers, one of them with a credential.
pub fn honest_files() -> Vec<(String, Vec<u8>)> {
    let [build, _] = builds();
    let file = |account: &str| {
        let credential = if account == BOUND { CREDENTIAL } else { "" };
        let deposit = |txid: u8| Deposit {
            deployment: "eip155:1/slip44:60".parse().unwrap(),
            txid: format!("{txid:02x}").repeat(32),
        };
        Depositor {
            account: account.to_owned(),
            credential: credential.to_owned(),
            deposits: vec![deposit(1), deposit(2)],
            format: FORMAT.to_owned(),
            proofs: build.proofs.get(account).cloned().into_iter().collect(),
        }
    };
    let bytes = |account: &&str| (account.to_string(), file(account).to_bytes().unwrap());
    ACCOUNTS.iter().take(2).map(bytes).collect()
}
