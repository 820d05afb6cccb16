//! Ledgers: the whole file, as the venue's database writes it.

use std::sync::Arc;

use counterfoil::hash::sha256;
use counterfoil::ledger::{CsvSource, LedgerError, RowSource as _};
use counterfoil::liability::inclusion_proof::{InclusionQuery, verify};
use counterfoil::liability::prover::Prover;
use counterfoil::liability::storage::MemoryStorage;
use counterfoil::liability::store::Store;

use super::honest::{self, Options, assets, built, reference};

/// Bytes read at a time. Everything at once is the measure.
const SIZES: [usize; 4] = [1 << 20, 1, 17, 400];
/// Blocks that an input is read in: the command's are longer than any row, and one byte at a time the beginning of a
/// long row would be searched for its end again with every byte.
const BLOCKS: usize = 5_000;
/// Accounts that are proved.
const PROVED: usize = 4;

/// Reads a ledger in blocks of several sizes, and with both readers; builds what it says, and proves it.
pub fn ledger(data: &[u8]) {
    let debts = data.len().is_multiple_of(2);
    let [whole, others @ ..] = SIZES;
    let whole = outcome(data, whole, debts);
    for size in others.into_iter().filter(|size| data.len() / size < BLOCKS) {
        assert_eq!(outcome(data, size, debts), whole, "the size of blocks changes what is read");
    }
    let Some(whole) = whole else { return };
    if std::str::from_utf8(data).is_ok() && !whole.cut {
        // one line that is no text makes the careful reader read them all
        let longer = outcome(&[data, b"\n\xff\n"].concat(), SIZES[0], debts).unwrap();
        let (last, before) = longer.seen.split_last().unwrap();
        assert!(last.starts_with("Err"), "{last}");
        assert_eq!(before, whole.seen, "the careful reader and the quick one do not agree");
    }
    if !debts && !whole.cut {
        built_and_proved(data, &whole);
    }
}

/// What a reading gives.
#[derive(Debug, PartialEq)]
struct Seen {
    /// Rows and faults.
    seen: Vec<String>,
    /// Accounts with their credentials.
    accounts: Vec<(String, String)>,
    /// Whether the source ended before its bytes did.
    cut: bool,
}

/// `None` when the first line has a fault: then there are no rows.
fn outcome(data: &[u8], block_length: usize, debts: bool) -> Option<Seen> {
    let ignored = ["note".to_owned()];
    let mut source = match CsvSource::in_blocks("l", 0, data, assets(), &ignored, block_length) {
        Ok(source) => source.with_debts(debts),
        Err(errors) => {
            assert!(!errors.is_empty());
            return None;
        }
    };
    let (mut seen, mut accounts, mut cut) = (Vec::new(), Vec::new(), false);
    while let Some(chunk) = source.next_chunk() {
        match chunk {
            Ok(chunk) => chunk.rows(&mut |row| {
                if let Ok(row) = &row {
                    assert!(debts || !row.debt, "a debt that nobody asked for");
                    accounts.push((row.account.to_owned(), row.credential.to_owned()));
                }
                seen.push(format!("{row:?}"));
            }),
            Err(error) => {
                seen.push(format!("{:?}", Err::<(), LedgerError>(error)));
                cut = true;
            }
        }
    }
    assert!(source.next_chunk().is_none(), "a source that has ended stays so");
    assert!(cut || source.record().sha256 == sha256(data), "everything is hashed");
    Some(Seen { seen, accounts, cut })
}

/// Memory and threads change nothing; an account that has rows is proved.
fn built_and_proved(data: &[u8], seen: &Seen) {
    // the build reads without ignored columns
    if CsvSource::new("l", 0, data, assets(), &[]).is_err() {
        return;
    }
    let build = |memory, threads, storage: &MemoryStorage| {
        let options = Options { memory, threads, split: 1, decoys: 0 };
        built(&[data], &options, storage).map(|built| built.commitments).map_err(|error| format!("{error:?}"))
    };
    let (storage, other) = (MemoryStorage::default(), MemoryStorage::default());
    let first = build(0, 1, &storage);
    assert_eq!(first, build(1 << 20, 1, &other));
    let Ok(rows) = first else { return };
    assert_eq!(storage.files(), other.files());
    let store = Store::open(Arc::new(storage)).unwrap();
    assert_eq!(honest::rows(&store), rows);
    let (statement, expected) = (reference(), std::collections::BTreeMap::new());
    let prover = Prover::new(&store, &rows, statement.clone()).unwrap();
    for (account, credential) in seen.accounts.iter().take(PROVED) {
        let proof = prover.prove(account).unwrap();
        let query = InclusionQuery { statement: &statement, rows: &rows, account, credential, expected: &expected };
        assert!(!verify(&query, &proof).unwrap().is_empty());
    }
}
