//! Memory that blocks of a ledger are read into, again and again.

use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that are asked for at once: a short ledger takes no more memory than it needs.
const PIECE: usize = 64 << 10;

/// Bytes that were read. What is there of memory stays there when less of it is filled: to clear it for each block
/// would take longer than to look for the lines in it.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Buffer {
    /// The bytes.
    pub(super) fn filled(&self) -> &[u8] {
        self.bytes.get(self.begin..self.end).unwrap_or_default()
    }

    /// Forgets the first bytes.
    pub(super) fn skip(&mut self, count: usize) {
        self.begin = self.end.min(self.begin + count);
    }

    /// Keeps the first bytes only.
    pub(super) fn truncate(&mut self, length: usize) {
        self.end = self.end.min(self.begin + length);
    }

    /// Forgets all bytes, and takes these.
    pub(super) fn begin_with(&mut self, bytes: &[u8]) {
        (self.begin, self.end) = (0, 0);
        self.room(bytes.len()).copy_from_slice(bytes);
        self.end = bytes.len();
    }

    /// Reads up to `length` bytes more, and says how many came: fewer at the end of the stream, or before an error.
    pub(super) fn fill(&mut self, stream: &mut impl Read, length: usize) -> (usize, io::Result<()>) {
        let mut count = 0;
        while count < length {
            // a stream that says less at once is asked again
            match stream.read(self.room(PIECE.min(length - count))) {
                Ok(0) => break,
                Ok(more) => {
                    count += more;
                    self.end += more;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return (count, Err(error)),
            }
        }
        (count, Ok(()))
    }

    /// So many bytes behind those that are filled.
    fn room(&mut self, length: usize) -> &mut [u8] {
        let end = self.end + length;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes.get_mut(self.end..end).unwrap_or_default()
    }
}

/// Memory of blocks that were read: the next ones take it again, instead of asking the system.
#[derive(Clone, Debug, Default)]
pub(super) struct Used(Arc<Mutex<Vec<Buffer>>>);

impl Used {
    /// More are not kept: some blocks wait for a thread, and each thread reads one.
    const KEPT: usize = 64;

    fn lock(&self) -> MutexGuard<'_, Vec<Buffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Memory of a block that was read, or none yet.
    pub(super) fn take(&self) -> Buffer {
        self.lock().pop().unwrap_or_default()
    }

    pub(super) fn give(&self, buffer: Buffer) {
        let mut used = self.lock();
        if used.len() < Self::KEPT {
            used.push(buffer);
        }
    }
}
