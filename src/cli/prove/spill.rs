//! What `prove --all` keeps on disk between its two passes: accounts with their codes, divided by the first bits of
//! their names, so that a part of them fits into memory whatever their number.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::super::error::CliError;
use super::super::files::Workplace;
use crate::hash::Digest;
use crate::liability::sealed_proof::{CODE_BYTES, Name, Prefix, ProofCode};

/// More parts than this are not opened at once.
const BITS_MAX: u32 = 8;
/// So many accounts are read into memory at once without a thought.
const PART_ACCOUNTS: u64 = 1 << 17;

/// One proof to be made.
pub(super) struct Ticket {
    /// Where it will stand.
    pub(super) name: Name,
    /// What it is sealed under.
    pub(super) code: ProofCode,
    /// Whose it is.
    pub(super) account: String,
}

/// All tickets, in a folder that is deleted when this is dropped. A crash leaves codes behind that open nothing: what
/// is sealed under them appears only at the end.
pub(super) struct Spill {
    folder: Workplace,
    statement: Digest,
    bits: u8,
    parts: Vec<BufWriter<File>>,
    count: u64,
    returned: Cell<u64>,
}

impl Spill {
    /// Begins beside the private table. `accounts_max` is about how many there may be.
    pub(super) fn create(table: &Path, statement: Digest, accounts_max: u64) -> Result<Self, CliError> {
        let folder = Workplace::create(table)?;
        let bits = (accounts_max / PART_ACCOUNTS).checked_ilog2().unwrap_or(0).min(BITS_MAX);
        let bits = u8::try_from(bits).unwrap_or(0);
        let part = |prefix: Prefix| {
            let path = part_path(&folder, prefix.value());
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            file.map(BufWriter::new).map_err(|error| failed(&path, &error))
        };
        let parts = Prefix::all(bits).map(part).collect::<Result<_, _>>()?;
        Ok(Self { folder, statement, bits, parts, count: 0, returned: Cell::new(0) })
    }

    /// Keeps one.
    pub(super) fn add(&mut self, code: &ProofCode, account: &str) -> Result<(), CliError> {
        let number = Prefix::of(code.name(&self.statement), self.bits).value();
        let length = u32::try_from(account.len()).unwrap_or(u32::MAX);
        let part = usize::try_from(number).ok().and_then(|place| self.parts.get_mut(place));
        let written = part.ok_or_else(|| std::io::Error::other("no such part")).and_then(|part| {
            part.write_all(code.expose())?;
            part.write_all(&length.to_be_bytes())?;
            part.write_all(account.as_bytes())
        });
        self.count += 1;
        written.map_err(|error| failed(&part_path(&self.folder, number), &error))
    }

    /// How many there are.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Ends the first pass.
    pub(super) fn finish(&mut self) -> Result<(), CliError> {
        for (number, part) in (0..).zip(&mut self.parts) {
            part.flush().map_err(|error| failed(&part_path(&self.folder, number), &error))?;
        }
        Ok(())
    }

    /// Into how many pieces the tickets come back, when they go into packs of this many bits: no pack is in two pieces.
    pub(super) fn piece_bits(&self, pack_bits: u8) -> u8 {
        self.bits.min(pack_bits)
    }

    /// The tickets of one piece, in the order of their names.
    pub(super) fn piece(&self, piece: Prefix) -> Result<Vec<Ticket>, CliError> {
        let mut tickets = Vec::new();
        for part in piece.longer(self.bits) {
            let path = part_path(&self.folder, part.value());
            self.read(&path, &mut tickets).map_err(|error| failed(&path, &error))?;
        }
        tickets.sort_unstable_by_key(|ticket: &Ticket| ticket.name);
        self.returned.set(self.returned.get() + tickets.len() as u64);
        Ok(tickets)
    }

    /// Whether every account that was kept has come back: none goes without a proof because a disk lost it.
    pub(super) fn check_all_returned(&self) -> Result<(), CliError> {
        let (got, expected) = (self.returned.get(), self.count);
        let detail = format!("{got} of {expected} accounts came back from the disk");
        if got == expected { Ok(()) } else { Err(failed(&part_path(&self.folder, 0), &std::io::Error::other(detail))) }
    }

    fn read(&self, path: &Path, tickets: &mut Vec<Ticket>) -> std::io::Result<()> {
        let mut file = BufReader::new(File::open(path)?);
        while !file.fill_buf()?.is_empty() {
            let (mut code, mut length) = ([0; CODE_BYTES], [0; 4]);
            file.read_exact(&mut code)?;
            file.read_exact(&mut length)?;
            let mut account = vec![0; u32::from_be_bytes(length) as usize];
            file.read_exact(&mut account)?;
            let account = String::from_utf8(account).map_err(std::io::Error::other)?;
            let code = ProofCode::from_bytes(code);
            tickets.push(Ticket { name: code.name(&self.statement), code, account });
        }
        Ok(())
    }
}

fn part_path(folder: &Workplace, number: u32) -> PathBuf {
    folder.path().join(format!("{number}"))
}

/// The name of a file of the workplace says nothing to anybody.
fn failed(path: &Path, error: &std::io::Error) -> CliError {
    let folder = path.parent().and_then(Path::parent).unwrap_or(path);
    CliError::OutputUnwritable { path: folder.to_owned(), detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    #[test]
    fn every_ticket_comes_back_in_the_order_of_names() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let statement = sha256(b"statement");
        let mut spill = Spill::create(&place.path().join("codes.csv"), statement, PART_ACCOUNTS * 8).expect("creates");
        assert_eq!(spill.parts.len(), 8);
        let code = |number: u32| {
            ProofCode::from_bytes(*sha256(&number.to_be_bytes()).as_bytes().first_chunk().expect("32 bytes"))
        };
        for number in 0..1_000 {
            spill.add(&code(number), &format!("account\n{number}")).expect("writes");
        }
        spill.finish().expect("writes");
        for bits in [0, 2, 3, 5] {
            spill.returned.set(0);
            let pieces = Prefix::all(spill.piece_bits(bits)).map(|piece| spill.piece(piece).expect("reads"));
            let tickets: Vec<Ticket> = pieces.flatten().collect();
            spill.check_all_returned().expect("all of them");
            assert!(tickets.is_sorted_by(|left, right| left.name < right.name));
            let mut accounts: Vec<&str> = tickets.iter().map(|ticket| ticket.account.as_str()).collect();
            accounts.sort_unstable();
            accounts.dedup();
            assert_eq!(accounts.len(), 1_000);
        }
        // what the disk lost is told
        let path = part_path(&spill.folder, 7);
        std::fs::write(&path, []).expect("writes");
        spill.returned.set(0);
        let pieces = Prefix::all(3).map(|piece| spill.piece(piece).expect("reads").len());
        let left: usize = pieces.sum();
        let error = spill.check_all_returned().expect_err("some are lost").to_string();
        assert!(error.ends_with(&format!(": {left} of 1000 accounts came back from the disk")), "{error}");
        std::fs::write(&path, [0; 17]).expect("writes");
        assert!(spill.piece(Prefix::all(3).last().expect("eight")).is_err());
        drop(spill);
        assert_eq!(std::fs::read_dir(place.path()).expect("a folder").count(), 0);
    }
}
