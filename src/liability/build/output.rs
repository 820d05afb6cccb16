//! Bytes on their way into files: gathered where a medium can take them from without a copy, and written by threads
//! that do nothing else, while others hash.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::hashing::GIVEN_UP;
use crate::liability::storage::{PAST_CACHE_MIN, PAST_CACHE_UNIT, Storage};

/// Threads that wait for the medium, which takes several writes at a time.
pub(super) const WRITING: usize = 4;
/// Writes that wait for these threads: a medium that is slow for a moment stops nobody.
const QUEUED: usize = 16;
/// Bytes of a file that wait at most: more makes no write cheaper.
const WAITING_MAX: usize = 512 << 10;
/// So many bytes of a file that the system holds are worth asking it for them: the medium works while others hash.
const SYNCED: u64 = 8 << 20;

/// Bytes that wait for their file. The first one lies at a multiple of [`PAST_CACHE_UNIT`] in memory, as long as
/// there are no more than there was room for.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    begin: usize,
}

impl Buffer {
    fn with_room(size: usize) -> Self {
        let mut bytes: Vec<u8> = Vec::with_capacity(size + PAST_CACHE_UNIT);
        let begin = bytes.as_ptr().align_offset(PAST_CACHE_UNIT).min(PAST_CACHE_UNIT);
        bytes.resize(begin, 0);
        Self { bytes, begin }
    }

    fn filled(&self) -> &[u8] {
        self.bytes.get(self.begin..).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.begin
    }
}

/// What is written at once.
pub(super) struct Job {
    name: Arc<str>,
    offset: u64,
    bytes: Buffer,
    /// Whether much of the file has been written since the medium was last asked for it.
    due: bool,
}

/// What the threads that write share with those that hash.
struct Shared {
    jobs: Mutex<Receiver<Job>>,
    /// Memory of what was written, to be filled again.
    used: Mutex<Vec<Buffer>>,
    broken: AtomicBool,
}

impl Shared {
    fn next(&self) -> Option<Job> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }

    /// Writes what it is told, to the end or to the first failure.
    fn write(&self, storage: &dyn Storage) -> io::Result<()> {
        let result = std::iter::from_fn(|| self.next()).try_for_each(|job| {
            let held = storage.write_at(&job.name, job.offset, job.bytes.filled())?;
            let Job { name, mut bytes, due, .. } = job;
            bytes.bytes.truncate(bytes.begin);
            self.used.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
            if held && due { storage.sync(&name) } else { Ok(()) }
        });
        if result.is_err() {
            self.broken.store(true, Ordering::Relaxed);
            // those who hash wait for room: what nobody writes any more is taken away
            while self.next().is_some() {}
        }
        result
    }
}

/// Where trees are written.
pub(super) struct Output<'a> {
    shared: &'a Shared,
    jobs: SyncSender<Job>,
    /// How many bytes of a file wait in memory.
    wait: usize,
}

/// Does `work` with an output of which each file keeps about `wait` bytes in memory, and writes everything.
///
/// # Errors
/// Those of the medium before those of the work, which may have ended for them.
pub(super) fn write_behind<T>(
    storage: &dyn Storage,
    wait: usize,
    work: impl FnOnce(&Output<'_>) -> io::Result<T>,
) -> io::Result<T> {
    let wait = wait.min(WAITING_MAX);
    let wait = if wait < PAST_CACHE_MIN { wait } else { wait - wait % PAST_CACHE_UNIT };
    let (jobs, receiver) = sync_channel(QUEUED);
    let (jobs_left, used, broken) = (Mutex::new(receiver), Mutex::default(), AtomicBool::new(false));
    let shared = Shared { jobs: jobs_left, used, broken };
    let shared = &shared;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITING).map(|_| scope.spawn(|| shared.write(storage))).collect();
        let out = Output { shared, jobs, wait };
        let result = work(&out);
        // threads that write end when nobody can tell them more
        drop(out);
        for thread in threads {
            // a system tells once that bytes were lost: whoever asks again hears that all is well
            thread.join().map_err(|_| io::Error::other("a thread that writes files has ended"))??;
        }
        result
    })
}

impl Output<'_> {
    /// Empty memory, of bytes that were written if there is some.
    fn buffer(&self) -> Buffer {
        let used = self.shared.used.lock().unwrap_or_else(PoisonError::into_inner).pop();
        used.unwrap_or_else(
            || if self.wait < PAST_CACHE_MIN { Buffer::default() } else { Buffer::with_room(self.wait) },
        )
    }

    /// Sends on their way what was gathered. Not to be done when others wait: a thread that is told of work may take
    /// the core for it at once.
    pub(super) fn send(&self, jobs: Vec<Job>) -> io::Result<()> {
        let given_up = || io::Error::new(GIVEN_UP, "a thread that writes files has ended");
        if self.shared.broken.load(Ordering::Relaxed) {
            return Err(given_up());
        }
        jobs.into_iter().try_for_each(|job| self.jobs.send(job).map_err(|_| given_up()))
    }
}

/// One file, written from front to back.
pub(super) struct OutputFile {
    name: Arc<str>,
    pending: Buffer,
    /// Bytes that were sent on their way.
    sent: u64,
    /// As many of them at the last time that the medium was asked.
    asked: u64,
}

impl OutputFile {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.into(), pending: Buffer::default(), sent: 0, asked: 0 }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.sent + self.pending.len() as u64
    }

    /// Adds bytes; what is to be written of them goes to `jobs`. What is small waits, so that a thousand small trees
    /// are no thousand small writes.
    pub(super) fn write(&mut self, mut bytes: &[u8], out: &Output<'_>, jobs: &mut Vec<Job>) {
        while !bytes.is_empty() {
            if self.pending.bytes.capacity() == 0 {
                self.pending = out.buffer();
            }
            // where little may wait, what comes is written as a whole, however much it is
            let room = if out.wait < PAST_CACHE_MIN { bytes.len() } else { out.wait - self.pending.len() };
            let (now, behind) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.pending.bytes.extend_from_slice(now);
            bytes = behind;
            if self.pending.len() >= out.wait {
                jobs.push(self.rest());
            }
        }
    }

    /// What waits. A file without bytes is a file, too.
    pub(super) fn rest(&mut self) -> Job {
        let (bytes, offset) = (std::mem::take(&mut self.pending), self.sent);
        self.sent += bytes.len() as u64;
        let due = self.sent - self.asked >= SYNCED;
        if due {
            self.asked = self.sent;
        }
        Job { name: Arc::clone(&self.name), offset, bytes, due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liability::storage::MemoryStorage;

    #[test]
    fn files_have_what_was_written_whatever_may_wait() {
        for wait in [0, 1, 100, PAST_CACHE_MIN - 1, PAST_CACHE_MIN, PAST_CACHE_MIN + 5_000, usize::MAX] {
            let storage = MemoryStorage::default();
            let lengths = write_behind(&storage, wait, |out| {
                let mut files = ["one", "two", "none"].map(OutputFile::new);
                let [one, two, _] = &mut files;
                for round in 0..40_u8 {
                    let mut jobs = Vec::new();
                    one.write(&vec![round; 1_000 * usize::from(round)], out, &mut jobs);
                    two.write(&[round; 3], out, &mut jobs);
                    out.send(jobs)?;
                }
                let mut jobs = Vec::new();
                two.write(&vec![9; 1_500_000], out, &mut jobs);
                out.send(jobs)?;
                out.send(files.iter_mut().map(OutputFile::rest).collect())?;
                Ok(files.map(|file| file.length()))
            });
            let lengths = lengths.expect("memory takes everything");
            let files = storage.files();
            let one: Vec<u8> = (0..40).flat_map(|round| vec![round; 1_000 * usize::from(round)]).collect();
            let two: Vec<u8> = (0..40).flat_map(|round| [round; 3]).chain(std::iter::repeat_n(9, 1_500_000)).collect();
            assert_eq!(lengths, [one.len() as u64, two.len() as u64, 0]);
            assert!(files["one"] == one && files["two"] == two && files["none"].is_empty(), "{wait}");
        }
    }
}
