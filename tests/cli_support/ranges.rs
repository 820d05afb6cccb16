//! Compact ranges of the venue's tree, one leaf each, and copies that do not fit.

use std::fs;
use std::path::Path;

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::Class;
use counterfoil::hash::sha256;
use counterfoil::liability::compact_range::{TreeName, TreeRange};
use counterfoil::liability::sum_tree::{CompactRange, SumNode};

use super::{chmod, done};

pub fn make(folder: &Path) {
    for begin in 0..3 {
        let end = begin + 1;
        done(folder, &format!("tree range tree --asset BTC --begin {begin} --end {end} --out range-btc-{begin}.json"));
    }
    edit(folder, "range-btc-0.json", "range-lent-0.json", "\"class\":\"custody\"", "\"class\":\"lent\"");
    edit(folder, "range-btc-1.json", "range-lent-1.json", "\"class\":\"custody\"", "\"class\":\"lent\"");
    edit(folder, "range-btc-0.json", "range-node-missing.json", "\"end\":\"1\"", "\"end\":\"3\"");
    let tree = TreeName {
        asset: "BTC".parse().expect("an asset"),
        class: Class::Custody,
        decimals: Decimals::new(8).expect("at most 38"),
    };
    let mut most = CompactRange::starting_at(0);
    most.append(SumNode { digest: sha256(b"most"), sum: Amount::MAX }).expect("a single leaf");
    let file = TreeRange::new(tree, most).and_then(|range| range.to_file()).expect("a single leaf");
    write(folder, "range-most-0.json", &file);
}

fn edit(folder: &Path, from: &str, to: &str, old: &str, new: &str) {
    let text = fs::read_to_string(folder.join(from)).expect("was made above");
    assert!(text.contains(old), "{from} has no {old}");
    write(folder, to, text.replacen(old, new, 1).as_bytes());
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("writes");
    chmod(&folder.join(name), 0o600);
}
