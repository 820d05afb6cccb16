//! Ledgers as Parquet: the library that unpacks them may be asked for anything, and is told to give only so much.

use std::cell::Cell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

use bytes::Bytes;
use counterfoil::hash::sha256;
use counterfoil::ledger::{ParquetSource, RowSource as _};

use super::honest::assets;

/// Rows that are read of a file.
const ROWS_MAX: usize = 200_000;

thread_local! {
    /// Whether the library is at work, whose panics are caught and say nothing.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, panics of this thread are not printed.
struct Quiet;

impl Quiet {
    fn begin() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = take_hook();
            set_hook(Box::new(move |panic| {
                if !QUIET.get() {
                    before(panic);
                }
            }));
        });
        QUIET.set(true);
        Self
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(false);
    }
}

/// Reads a file as a ledger and as one of debts: both see the same rows, but for the negative ones.
pub fn parquet(data: &[u8]) {
    let [plain, debts] = [false, true].map(|debts| read(data, debts));
    let (Some(plain), Some(debts)) = (plain, debts) else { return };
    assert_eq!(plain.len(), debts.len());
    for (plain, debts) in plain.iter().zip(&debts) {
        assert!(plain == debts || plain.starts_with("Err"), "{plain} or {debts}");
    }
}

/// The rows, or `None` when there are none to begin with.
fn read(data: &[u8], debts: bool) -> Option<Vec<String>> {
    let quiet = Quiet::begin();
    let file = Bytes::copy_from_slice(data);
    let mut source = ParquetSource::new("l", 0, file, data, assets(), &[]).ok()?.with_debts(debts);
    let mut seen = Vec::new();
    while let Some(chunk) = source.next_chunk() {
        match chunk {
            Ok(chunk) => chunk.rows(&mut |row| seen.push(format!("{row:?}"))),
            Err(error) => seen.push(format!("{:?}", Err::<(), _>(error))),
        }
        if seen.len() > ROWS_MAX {
            return None;
        }
    }
    drop(quiet);
    assert!(source.next_chunk().is_none(), "a source that has ended stays so");
    assert_eq!(source.record().sha256, sha256(data));
    Some(seen)
}
