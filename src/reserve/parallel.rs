//! Work on all cores whose results come in the order of the items: the same report on every machine.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};

/// Items that a thread takes at a time: few enough that all end together, enough that they do not wait for each other.
const TAKEN: usize = 16;

/// What `work` gives for every item, in their order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let chunks: Vec<&[T]> = items.chunks(TAKEN).collect();
    let run = || {
        while let place = next.fetch_add(1, Ordering::Relaxed)
            && let Some(chunk) = chunks.get(place)
        {
            let results: Vec<R> = chunk.iter().map(&work).collect();
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((place, results));
        }
    };
    let others = available_parallelism().map_or(1, usize::from).min(chunks.len()).saturating_sub(1);
    scope(|scope| {
        for _ in 0..others {
            // without another thread, this one does it all
            drop(Builder::new().spawn_scoped(scope, run));
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let items: Vec<u64> = (0..count).collect();
            let slow = |item: &u64| {
                // later items are ready sooner
                (0..(count - item) * 100).fold(*item, |sum, step| sum ^ step ^ step);
                item * 3
            };
            assert_eq!(map(&items, slow), (0..count).map(|item| item * 3).collect::<Vec<u64>>());
        }
    }
}
