//! Stores, after somebody has changed their files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use counterfoil::hash::sha256;
use counterfoil::liability::inclusion_proof::{InclusionProof, InclusionQuery, verify};
use counterfoil::liability::prover::Prover;
use counterfoil::liability::storage::MemoryStorage;
use counterfoil::liability::store::{HEADER, Store};
use counterfoil::liability::sum_tree::LiabilityCommitment;

use super::documents::committed;
use super::honest::{self, ACCOUNTS, BOUND, CREDENTIAL, Honest, builds, reference};

/// Bytes of a seal.
const SEAL: usize = 32;
/// Accounts that are listed of a store; the honest ones have fewer.
const LISTED_MAX: usize = 100;

/// Changes a store, opens it and proves from it. Every proof that is given out verifies, and says what was committed.
///
/// The first byte says what the others are: bit 0 which build, bit 1 whether they are a whole header (else changes,
/// of [`change`]'s form), bit 2 whether the header is sealed again.
pub fn store(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    let build = &builds()[usize::from(kind & 1)];
    let mut files = build.files.clone();
    if kind & 2 == 0 {
        let mut rest = rest;
        while let Some(behind) = change(&mut files, rest) {
            rest = behind;
        }
    } else {
        files.insert(HEADER.to_owned(), rest.to_vec());
    }
    if kind & 4 != 0 {
        let header = files.get_mut(HEADER).unwrap();
        if kind & 2 == 0 {
            header.truncate(header.len().saturating_sub(SEAL));
        }
        let seal = sha256(header);
        header.extend(seal.as_bytes());
    }
    proved(build, files);
}

/// The header of a build as an input: whole, and without its seal.
pub fn honest_header(number: usize) -> Vec<u8> {
    let header = &builds()[number].files[HEADER];
    let kind = u8::try_from(number).unwrap() | 2 | 4;
    [&[kind], &header[..header.len() - SEAL]].concat()
}

/// One change: the file, the place (two bytes, counted over the length of the file), what to do, how many bytes, and
/// these bytes. `None` at the end.
fn change<'d>(files: &mut BTreeMap<String, Vec<u8>>, data: &'d [u8]) -> Option<&'d [u8]> {
    let (&[file, high, low, what, count], rest) = data.split_first_chunk::<5>()?;
    let (fresh, rest) = rest.split_at_checked(usize::from(count)).unwrap_or((rest, &[]));
    let files_count = files.len();
    let bytes = files.values_mut().nth(usize::from(file) % files_count)?;
    let place = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
    let end = (place + fresh.len()).min(bytes.len());
    match what % 4 {
        0 => drop(bytes.splice(place..end, fresh.iter().copied())),
        1 => drop(bytes.splice(place..place, fresh.iter().copied())),
        2 => drop(bytes.drain(place..end)),
        _ => bytes.truncate(place),
    }
    Some(rest)
}

fn proved(build: &Honest, files: BTreeMap<String, Vec<u8>>) {
    let Ok(store) = Store::open(Arc::new(MemoryStorage::of(files))) else { return };
    let own = honest::rows(&store);
    for (rows, of_build) in [(&own, own == build.rows), (&build.rows, true)] {
        let Ok(prover) = Prover::new(&store, rows, reference()) else { continue };
        for account in ACCOUNTS {
            if let Ok(proof) = prover.prove(account) {
                answers(rows, account, &proof, of_build.then(|| build.proofs.get(account)));
            }
        }
    }
    let mut seen = BTreeSet::new();
    for account in store.accounts().take(LISTED_MAX) {
        let Ok(account) = account else { break };
        seen.insert(account);
    }
    assert!(seen.len() <= LISTED_MAX);
}

/// `honest` is the proof of the build, when the store still says that it is this build's.
fn answers(
    rows: &[LiabilityCommitment],
    account: &str,
    proof: &InclusionProof,
    honest: Option<Option<&InclusionProof>>,
) {
    let (statement, expected) = (reference(), BTreeMap::new());
    let credential = if account == BOUND { CREDENTIAL } else { "" };
    let query = InclusionQuery { statement: &statement, rows, account, credential, expected: &expected };
    let found = verify(&query, proof).unwrap();
    if let Some(honest) = honest {
        let honest = honest.expect("an account that is nobody's has a proof");
        committed(&found, &verify(&query, honest).unwrap());
    }
}
