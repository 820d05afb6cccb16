//! Credentials: a customer checks all balances with one, so the rows of one account must agree on it, over all trees.

use std::collections::HashMap;
use std::io;

use super::bucket::text;
use super::faults::Places;
use super::partition::{Gathered, Partitions};
use super::record::{self, Record, spoiled};
use super::{FAULTS_KEPT, Shares};
use crate::hash::sha256;
use crate::ledger::{LedgerError, LedgerErrorKind, Line, Row};
use crate::liability::leaf::{Nonce, OrderKey};
use crate::liability::storage::ScratchSpace;

/// Rows apart by account instead of by order key, which differs from tree to tree.
pub(super) struct Credentials<'a>(Partitions<'a>);

/// What one thread adds.
pub(super) struct Adding<'a> {
    gathered: Gathered<'a>,
    row: Vec<u8>,
}

impl<'a> Credentials<'a> {
    pub(super) fn new(space: &'a dyn ScratchSpace, memory: usize, threads: usize) -> Self {
        Self(Partitions::new(space, memory, threads))
    }

    pub(super) fn adding(&'a self) -> Adding<'a> {
        Adding { gathered: Gathered::new(&self.0), row: Vec::new() }
    }

    /// Notes every row whose credential is not that of the account's first row.
    pub(super) fn compare(self, shares: Shares, places: &Places<'_>, faults: &mut Vec<LedgerError>) -> io::Result<()> {
        let mut slabs = Vec::new();
        for part in self.0.finish(shares.bucket, shares.spare)? {
            part.load(&mut slabs)?;
            let mut first: HashMap<&[u8], (Line, &[u8])> = HashMap::new();
            for record in records(&slabs) {
                let record = record?;
                let entry = first.entry(record.account).or_insert((record.line, record.credential));
                if record.line < entry.0 {
                    *entry = (record.line, record.credential);
                }
            }
            let mut differing = Vec::new();
            for record in records(&slabs) {
                let record = record?;
                let Some(&(line, credential)) = first.get(record.account) else { continue };
                if credential != record.credential {
                    differing.push((record.line, record.account, line));
                }
            }
            differing.sort_unstable();
            for (line, account, first) in differing.into_iter().take(FAULTS_KEPT) {
                let (account, first) = (text(account)?.to_owned(), places.at(first));
                faults.push(places.fault(LedgerErrorKind::CredentialDiffers { account, first }, line));
            }
        }
        Ok(())
    }
}

impl Adding<'_> {
    pub(super) fn add(&mut self, row: &Row<'_>) -> io::Result<()> {
        let digest = sha256(row.account.as_bytes()).to_bytes();
        let Some(key) = digest.first_chunk().copied() else { return Ok(()) };
        self.row.clear();
        record::write_row(&mut self.row, 0, &Row { product: None, ..*row });
        record::fill(&mut self.row, OrderKey(key), Nonce([0; 16]));
        self.gathered.add(&self.row)
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.gathered.finish()
    }
}

fn records(slabs: &[Vec<u8>]) -> impl Iterator<Item = io::Result<Record<'_>>> {
    slabs.iter().flat_map(|rows| {
        let mut rest = rows.as_slice();
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
    })
}
