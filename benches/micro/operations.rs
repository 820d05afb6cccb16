//! The operations of `benches/figures` under criterion.

#[path = "../figures/ops.rs"]
mod ops;

use criterion::{Criterion, criterion_group, criterion_main};

fn operations(criterion: &mut Criterion) {
    for name in ops::NAMES {
        let mut operation = ops::operation(name).expect("every name has an operation");
        criterion.bench_function(name, |bencher| bencher.iter(&mut operation));
    }
}

criterion_group!(benches, operations);
criterion_main!(benches);
