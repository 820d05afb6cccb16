//! Turns: threads work on partitions at the same time, and do in order what must be done in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Something that partitions use one after another.
pub(crate) struct Turn<T> {
    state: Mutex<(usize, T)>,
    changed: Condvar,
    broken: AtomicBool,
}

/// How often a waiting thread looks whether the one before it still works.
const LOOK: Duration = Duration::from_millis(50);

impl<T> Turn<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { state: Mutex::new((0, value)), changed: Condvar::new(), broken: AtomicBool::new(false) }
    }

    /// Waits for the turn of number `number`, counted from 0, and works; every number comes exactly once. `None` when
    /// the work was given up.
    pub(crate) fn take<R>(&self, number: usize, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.0 != number {
            if self.broken.load(Ordering::Relaxed) {
                return None;
            }
            state = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        let result = work(&mut state.1);
        state.0 += 1;
        self.changed.notify_all();
        Some(result)
    }

    /// Ends the waiting of all.
    pub(crate) fn give_up(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }
}
