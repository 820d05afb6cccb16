//! Builds a tree of `dapol` with as many entities as its argument says, on all cores, and prints the seconds.

use std::str::FromStr;
use std::time::Instant;

use dapol::{AccumulatorType, DapolTree, Entity, EntityId, Height, MaxLiability, MaxThreadCount, Salt, Secret};

fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse::<u64>().ok()).expect("the number of leaves");
    dapol::initialize_machine_parallelism();
    let entity = |index: u64| {
        let id = EntityId::from_str(&format!("u{index:012}")).expect("13 bytes, 32 are allowed");
        Entity { liability: (index % 251) << 20, id }
    };
    let entities: Vec<Entity> = (0..count).map(entity).collect();
    let began = Instant::now();
    let tree = DapolTree::new(
        AccumulatorType::NdmSmt,
        Secret::from_str("master").expect("short"),
        Salt::from_str("salt b").expect("short"),
        Salt::from_str("salt s").expect("short"),
        MaxLiability::default(),
        MaxThreadCount::default(),
        Height::default(),
        entities,
    );
    let seconds = began.elapsed().as_secs_f64();
    tree.expect("fewer entities than its height allows");
    println!("{seconds}");
}
