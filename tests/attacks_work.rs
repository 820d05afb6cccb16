//! Evidence that is small and makes much work: counted in reads, not in seconds.
#![allow(clippy::unwrap_used, missing_docs)]

use std::cell::Cell;

use counterfoil::amount::Amount;
use counterfoil::basis::Basis;
use counterfoil::bundle::{FileSource, MemoryFiles, SourceError, paths};
use counterfoil::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use counterfoil::reserve::bitcoin::balance::balances;
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind};
use counterfoil::reserve::claim::ChainQuery;
use counterfoil::snapshot::Time;

/// Counts how often files are read.
struct Counted<'a> {
    files: &'a MemoryFiles,
    reads: Cell<usize>,
}

impl FileSource for Counted<'_> {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        self.files.list()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        self.reads.set(self.reads.get() + 1);
        FileSource::read(self.files, path)
    }
}

#[test]
fn attack_work_a_transaction_of_many_coins_is_read_once() {
    const COINS: usize = 300;
    let mut chain = BitcoinChain::new().unwrap();
    let address = AddressKey::new(&mut [7; 32]).unwrap().address(chain.id(), AddressKind::Taproot).unwrap();
    let time = |height: i64| Time::from_unix(1_700_000_000 + 600 * height);
    chain.mine_empty(time(1), 600, 101).unwrap();
    let coin = Payment { address: address.clone(), amount: Amount::from_base_units(1_000) };
    chain.mine(time(102), &[vec![coin; COINS]]).unwrap();
    chain.mine_empty(time(103), 600, 20).unwrap();
    let asked = [address.as_str()];
    let question = Question { addresses: &asked, from_height: 90, cutoff: Some(time(105)), now: time(130) };
    let fetched = chain.evidence(&question).unwrap();
    let files: MemoryFiles =
        fetched.files.into_iter().map(|(path, bytes)| (paths::chain(chain.id(), &path), bytes)).collect();
    let counted = Counted { files: &files, reads: Cell::new(0) };
    let query = ChainQuery {
        chain: chain.id(),
        pins: &[chain.block(chain.height()).unwrap()],
        cutoff_block: &fetched.cutoff_block.unwrap(),
        cutoff: time(105),
        addresses: &asked,
        deployments: &[format!("{}/slip44:1", chain.id()).parse().unwrap()],
        transcript: Some((&fetched.transcript, Basis::Observed)),
    };
    let evidence = balances(&query, &counted).unwrap();
    assert!(
        evidence.holdings.len() == COINS && evidence.holdings.iter().all(|coin| coin.authenticity == Basis::Proved)
    );
    assert!(counted.reads.get() < 20, "{} reads of {} files", counted.reads.get(), files.len());
}
