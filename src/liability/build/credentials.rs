//! Credentials: a customer checks all balances with one, so the rows of one account must agree on it, over all trees.

use std::collections::HashMap;
use std::io;

use super::FAULTS_KEPT;
use super::faults::Places;
use super::partition::Partitions;
use super::record::{self, Record, spoiled};
use crate::hash::sha256;
use crate::ledger::{LedgerError, LedgerErrorKind, Line, Row};
use crate::liability::leaf::{Nonce, OrderKey};
use crate::liability::storage::ScratchSpace;

/// Rows apart by account instead of by order key, which differs from tree to tree.
pub(super) struct Credentials<'a>(Partitions<'a>);

impl<'a> Credentials<'a> {
    pub(super) fn new(space: &'a dyn ScratchSpace, memory: usize) -> Self {
        Self(Partitions::new(space, memory))
    }

    pub(super) fn add(&self, row: &Row<'_>) -> io::Result<()> {
        let digest = sha256(row.account.as_bytes()).to_bytes();
        let Some(key) = digest.first_chunk().copied() else { return Ok(()) };
        let (mut body, mut bytes) = (Vec::new(), Vec::new());
        record::write_body(&mut body, 0, &Row { product: None, ..*row });
        record::write(&mut bytes, OrderKey(key), Nonce([0; 16]), &body);
        let [which, ..] = key;
        self.0.append(usize::from(which), &bytes)
    }

    /// Notes every row whose credential is not that of the account's first row.
    pub(super) fn compare(self, limit: u64, places: &Places<'_>, faults: &mut Vec<LedgerError>) -> io::Result<()> {
        for part in self.0.finish(limit)? {
            let bytes = part.pieces()?.concat();
            let mut first: HashMap<&str, (Line, &str)> = HashMap::new();
            for record in records(&bytes) {
                let record = record?;
                let entry = first.entry(record.account).or_insert((record.line, record.credential));
                if record.line < entry.0 {
                    *entry = (record.line, record.credential);
                }
            }
            let mut differing = Vec::new();
            for record in records(&bytes) {
                let record = record?;
                let Some(&(line, credential)) = first.get(record.account) else { continue };
                if credential != record.credential {
                    differing.push((record.line, record.account, line));
                }
            }
            differing.sort_unstable();
            faults.extend(differing.into_iter().take(FAULTS_KEPT).map(|(line, account, first)| {
                let (account, first) = (account.to_owned(), places.at(first));
                places.fault(LedgerErrorKind::CredentialDiffers { account, first }, line)
            }));
        }
        Ok(())
    }
}

fn records(bytes: &[u8]) -> impl Iterator<Item = io::Result<Record<'_>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let row = record::length(rest).and_then(|length| rest.split_at_checked(length));
        let Some((row, behind)) = row else {
            rest = &[];
            return Some(Err(spoiled()));
        };
        rest = behind;
        Some(Record::read(row).ok_or_else(spoiled))
    })
}
