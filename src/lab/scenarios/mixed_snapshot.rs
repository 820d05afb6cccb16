//! Two halves of different moments.

use crate::bundle::paths;
use crate::code::finding as codes;
use crate::hash::{Digest, sha256};
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "mixed-snapshot",
    attacks: &["R17"],
    title: "the venue picks the block that suits it",
    story: "What is owed is of the cut-off; for its bitcoin the venue names the block after it, as it could name any \
            at which it has more. Both halves are true, of two moments.",
    expected: Expected::Check(&codes::CUTOFF_BLOCK),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let path = Forger::path(BITCOIN, paths::HEADERS)?;
    let headers = forger.files.get(&path).cloned().ok_or_else(|| fault("no headers"))?;
    let hash = |header: &[u8]| {
        let mut hash = sha256(sha256(header).as_bytes()).to_bytes();
        hash.reverse();
        Digest::from_bytes(hash)
    };
    let hashes: Vec<Digest> = headers.chunks(80).map(hash).collect();
    forger.state(|statement| {
        for block in statement.chains.iter_mut().filter(|block| block.chain.as_str() == BITCOIN) {
            let next = hashes.iter().position(|hash| *hash == block.hash).and_then(|at| hashes.get(at + 1));
            if let Some(next) = next {
                (block.height, block.hash) = (block.height + 1, *next);
            }
        }
    })?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::CUTOFF_BLOCK))
}
