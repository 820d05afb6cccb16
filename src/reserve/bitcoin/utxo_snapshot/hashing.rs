//! Double SHA-256 of a stream, on a thread of its own: hashing and reading take about as long, and neither waits for
//! the other where there are two cores.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use crate::hash::{Digest, StreamHasher, sha256};

/// Bytes that are handed over together.
const PIECE: usize = 1 << 18;
/// Pieces that wait.
const PIECES: usize = 4;

/// Collects bytes to be hashed.
pub(super) struct Hashing<'a> {
    buffer: Vec<u8>,
    sink: Sink<'a>,
}

enum Sink<'a> {
    /// To the thread, and empty pieces back.
    Thread(SyncSender<Vec<u8>>, &'a Receiver<Vec<u8>>),
    /// There is no thread.
    Here(StreamHasher),
}

impl Hashing<'_> {
    /// Where bytes are added.
    #[inline]
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Bytes that were not handed over yet.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// The bytes added last.
    #[inline]
    pub(super) fn last_bytes(&self, count: usize) -> &[u8] {
        self.bytes_from(self.buffer.len().saturating_sub(count))
    }

    /// The bytes from a place on.
    #[inline]
    pub(super) fn bytes_from(&self, start: usize) -> &[u8] {
        self.buffer.get(start..).unwrap_or_default()
    }

    /// Puts others in their place.
    pub(super) fn replace_from(&mut self, start: usize, bytes: &[u8]) {
        self.buffer.truncate(start);
        self.buffer.extend_from_slice(bytes);
    }

    /// Hands over what was collected, if it is enough to be worth it. Places are counted from the begin again.
    #[inline]
    pub(super) fn pass_on(&mut self) -> bool {
        if self.buffer.len() < PIECE {
            return false;
        }
        self.flush();
        true
    }

    fn flush(&mut self) {
        match &mut self.sink {
            Sink::Here(hasher) => hasher.update(&self.buffer),
            Sink::Thread(full, empty) => {
                let next = empty.try_recv().unwrap_or_else(|_| Vec::with_capacity(2 * PIECE));
                // the thread ends only when this end is dropped
                let _ = full.send(std::mem::replace(&mut self.buffer, next));
            }
        }
        self.buffer.clear();
    }
}

/// Hashes everything that `work` collects. The digest is given in the order of bytes that people read: reversed.
pub(super) fn with_hashing<T, E>(work: impl FnOnce(&mut Hashing<'_>) -> Result<T, E>) -> Result<(T, Digest), E> {
    let (full, pieces) = sync_channel::<Vec<u8>>(PIECES);
    let (back, empty) = sync_channel::<Vec<u8>>(PIECES);
    std::thread::scope(|scope| {
        let thread = Builder::new().name("hashing".to_owned()).spawn_scoped(scope, move || {
            let mut hasher = StreamHasher::default();
            for piece in pieces {
                hasher.update(&piece);
                let _ = back.try_send(piece);
            }
            hasher
        });
        let sink = if thread.is_ok() { Sink::Thread(full, &empty) } else { Sink::Here(StreamHasher::default()) };
        let mut hashing = Hashing { buffer: Vec::with_capacity(2 * PIECE), sink };
        let done = work(&mut hashing);
        hashing.flush();
        let hasher = match (hashing.sink, thread) {
            (Sink::Here(hasher), _) => hasher,
            (Sink::Thread(full, _), thread) => {
                drop(full);
                thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
            }
        };
        let mut digest = sha256(hasher.finish().as_bytes()).to_bytes();
        digest.reverse();
        done.map(|done| (done, Digest::from_bytes(digest)))
    })
}
