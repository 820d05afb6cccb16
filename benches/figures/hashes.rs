//! The ceiling: how many SHA-256 compressions this machine does when it does nothing else.

use std::hint::black_box;
use std::time::Instant;

use counterfoil::hash::{Batch, Midstate, Tag};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

use crate::{machine, table};

/// Compressions per second on all cores.
pub(crate) struct Ceiling {
    /// With `sha2`'s block interface, which is safe code.
    pub(crate) blocks: f64,
}

/// A row costs this many: two of HMAC, one or two of the leaf, two of the node.
pub(crate) const COMPRESSIONS_PER_ROW: f64 = 6.0;

/// Measures and prints every way to compress; each message is independent of the one before, as leaves are.
pub(crate) fn print(seconds: f64) -> Ceiling {
    table::head("Hash ceiling, all cores", &["way", "compressions/s", "of the safe block interface"]);
    let blocks = blocks(seconds);
    let lanes = on_all_cores(seconds, &|count| {
        let (mut batch, mut digests) = (Batch::default(), Vec::new());
        let message = black_box([0x5a; 55]);
        for _ in 0..count / TOGETHER {
            (0..TOGETHER).for_each(|_| batch.push(&[&message]));
            digests.clear();
            batch.finish(Midstate::of(Tag::Leaf), &mut digests);
            black_box(&digests);
        }
        0
    });
    let digests = on_all_cores(seconds, &|count| {
        let message = [0x5a; 55];
        let mut folded = 0;
        for _ in 0..count {
            folded ^= u32::from(Sha256::digest(black_box(&message))[0]);
        }
        folded
    });
    let stream = on_all_cores(seconds, &|count| {
        let blocks = [[0x5a; 64]; 64];
        let mut state = MIDSTATE;
        for _ in 0..count / 64 {
            compress256(&mut state, black_box(&blocks));
        }
        state[0]
    });
    let ways = [
        ("`sha2::block_api::compress256`, independent messages", blocks),
        ("`counterfoil::hash::Batch`, two messages at a time, with filling the blocks", lanes),
        ("`Digest`, independent messages", digests),
        ("`compress256`, one long message a core", stream),
    ];
    for (way, rate) in ways {
        table::line(&[way.to_owned(), table::short(rate), table::share(rate / blocks)]);
    }
    let rows = table::short(blocks / COMPRESSIONS_PER_ROW);
    println!("\nAt {COMPRESSIONS_PER_ROW} compressions a row, hashing alone allows {rows} rows/s with safe code.");
    Ceiling { blocks }
}

/// Measures the ceiling once more: on a quiet machine it is the same at the end as at the beginning.
pub(crate) fn print_drift(seconds: f64, before: &Ceiling) {
    let after = blocks(seconds);
    let rates = (table::short(before.blocks), table::short(after));
    println!(
        "\nThe hash ceiling was {} compressions/s at the beginning and is {} at the end, {} of it: where this is not \
         near 100 %, something else was running.",
        rates.0,
        rates.1,
        table::share(after / before.blocks)
    );
}

fn blocks(seconds: f64) -> f64 {
    // filled before, as in a batch: a block that was written just now would be waited for
    let blocks: Vec<[u8; 64]> = (0..TOGETHER).map(|index| [index.to_le_bytes()[0]; 64]).collect();
    on_all_cores(seconds, &|count| {
        let mut folded = 0;
        for _ in 0..count / TOGETHER {
            for block in black_box(&blocks) {
                let mut state = MIDSTATE;
                compress256(&mut state, std::slice::from_ref(block));
                folded ^= state[0];
            }
        }
        folded
    })
}

const MIDSTATE: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// Messages in one batch: what is worked on stays in the cache.
const TOGETHER: u64 = 512;
/// A multiple of that, and of the blocks in the long message.
const BATCH: u64 = 1 << 14;

/// Repeats batches on every core for so many seconds, three times; the best rate counts, for noise only slows down.
fn on_all_cores(seconds: f64, batch: &(dyn Fn(u64) -> u32 + Sync)) -> f64 {
    let rate = || {
        std::thread::scope(|scope| {
            let one = || {
                let (began, mut done) = (Instant::now(), 0_u64);
                while began.elapsed().as_secs_f64() < seconds / 3.0 {
                    black_box(batch(BATCH));
                    done += BATCH;
                }
                done as f64 / began.elapsed().as_secs_f64()
            };
            let threads: Vec<_> = (0..machine::cores()).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(0.0)).sum::<f64>()
        })
    };
    (0..3).map(|_| rate()).fold(0.0, f64::max)
}
