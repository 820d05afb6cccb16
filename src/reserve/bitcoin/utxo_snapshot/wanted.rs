//! The scripts asked for. A snapshot has a hundred million others: most are told apart by a few of their bytes.

use std::collections::BTreeSet;

use bitcoin::{Script, ScriptBuf};

/// Bits of the table for each script: one in so many other scripts is looked up in vain.
const SPREAD: usize = 64;
/// No larger table helps: it would not fit the processor's memory.
const TABLE_MAX: usize = 1 << 22;

pub(super) struct Wanted<'a> {
    scripts: &'a BTreeSet<ScriptBuf>,
    limit: usize,
    /// A power of two of bits, in words.
    table: Vec<u64>,
}

impl<'a> Wanted<'a> {
    /// At most `limit` coins will be kept.
    pub(super) fn new(scripts: &'a BTreeSet<ScriptBuf>, limit: usize) -> Self {
        let bits = scripts.len().saturating_mul(SPREAD).clamp(64, TABLE_MAX).next_power_of_two();
        let mut wanted = Self { scripts, limit, table: vec![0; bits / 64] };
        for script in scripts {
            let (word, bit) = wanted.place(script.as_bytes());
            if let Some(word) = wanted.table.get_mut(word) {
                *word |= bit;
            }
        }
        wanted
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Word and bit of the table for a script.
    #[inline]
    fn place(&self, script: &[u8]) -> (usize, u64) {
        // what differs in every common kind of script: a part of its hash or key
        let middle =
            script.get(3..11).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes));
        // Fibonacci hashing: the upper bits depend on all
        let mixed = (middle ^ script.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mixed = usize::try_from(mixed).unwrap_or(0);
        ((mixed >> 6) & (self.table.len() - 1), 1 << (mixed & 63))
    }

    /// The script itself, if it is asked for.
    #[inline]
    pub(super) fn find(&self, script: &[u8]) -> Option<&'a ScriptBuf> {
        let (word, bit) = self.place(script);
        if self.table.get(word).is_none_or(|word| word & bit == 0) {
            return None;
        }
        self.scripts.get(Script::from_bytes(script))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_found_and_nothing_else() {
        let script = |number: u32, length: usize| {
            let mut bytes = crate::hash::sha256(&number.to_le_bytes()).to_bytes().to_vec();
            bytes.resize(length, 7);
            ScriptBuf::from_bytes(bytes)
        };
        let lengths = [0, 1, 10, 11, 22, 23, 25, 34, 35, 67, 300];
        let asked: BTreeSet<ScriptBuf> =
            lengths.iter().flat_map(|length| (0..200).map(move |number| script(number, *length))).collect();
        let wanted = Wanted::new(&asked, 1);
        assert!(asked.iter().all(|script| wanted.find(script.as_bytes()) == Some(script)));
        for number in 1000..3000 {
            for length in [22, 34] {
                assert_eq!(wanted.find(script(number, length).as_bytes()), None);
            }
        }
        let empty = BTreeSet::new();
        assert_eq!(Wanted::new(&empty, 1).find(&[]), None);
    }
}
