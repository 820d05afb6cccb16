//! A window on a stream: what is parsed lies in one piece, and no more than a window is in memory.

use std::io::{ErrorKind, Read};

use super::SnapshotError;

/// Bytes of the window. What is left of it is moved to the front before it is filled again.
const WINDOW: usize = 1 << 18;

pub(super) struct Input<R> {
    reader: R,
    window: Vec<u8>,
    begin: usize,
    end: usize,
    /// Bytes of the stream before the window's begin.
    before: u64,
    ended: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, window: vec![0; WINDOW], begin: 0, end: 0, before: 0, ended: false }
    }

    /// Where in the stream the next byte is.
    pub(super) fn position(&self) -> u64 {
        self.before
    }

    /// At least `count` bytes, which are fewer than a window, or all that are left.
    #[inline]
    pub(super) fn fill(&mut self, count: usize) -> Result<&[u8], SnapshotError> {
        if self.end - self.begin < count && !self.ended {
            self.refill()?;
        }
        Ok(self.window.get(self.begin..self.end).unwrap_or_default())
    }

    fn refill(&mut self) -> Result<(), SnapshotError> {
        self.window.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        while let Some(free) = self.window.get_mut(self.end..).filter(|free| !free.is_empty()) {
            match self.reader.read(free) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => self.end = (self.end + count).min(WINDOW),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let at = self.before + (self.end as u64);
                    return Err(SnapshotError::Unreadable { at, detail: error.to_string() });
                }
            }
        }
        Ok(())
    }

    /// Steps over bytes that [`Input::fill`] gave.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.begin);
        self.begin += count;
        self.before += count as u64;
    }
}
