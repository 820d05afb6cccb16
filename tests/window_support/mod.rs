//! A venue on an embedded chain that borrows coins for its snapshot:
//!
//! | height | what happens | the venue holds |
//! |---|---|---|
//! | 105 | it gets 10 on its hot and 5 on its cold address, the lender 20 | 15 |
//! | 106 | 2 go from cold to hot | 15 |
//! | 108 | the lender sends 8 to hot | 23 |
//! | 110 | the snapshot | 23 |
//! | 113 | hot sends 8 back | 15 |
//! | 115 | a customer takes 1 from hot | 14 |
//! | 117 | the 3 on cold go to a stranger | 11 |

use counterfoil::amount::Amount;
use counterfoil::asset::DeploymentId;
use counterfoil::basis::Basis;
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::fetch::bitcoin::Fetched;
use counterfoil::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use counterfoil::reserve::bitcoin::blocks::{MemoryBlocks, Replay, ReplayQuery, replay};
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind};
use counterfoil::reserve::bitcoin::header::{HEADER_LENGTH, HeaderChain};
use counterfoil::reserve::bitcoin::network::script;
use counterfoil::reserve::bitcoin::window::{Own, WindowError, window};
use counterfoil::reserve::claim::ChainQuery;
use counterfoil::reserve::transcript::Transcript;
use counterfoil::reserve::window::WindowEvidence;
use counterfoil::snapshot::{BlockRef, Time};

pub(crate) const START: i64 = 1_700_000_000;
pub(crate) const SPACING: i64 = 600;
pub(crate) const SNAPSHOT: u64 = 110;
pub(crate) const FROM: u64 = 107;
pub(crate) const TO: u64 = 120;
pub(crate) const COIN: u128 = 100_000_000;

pub(crate) struct Story {
    pub(crate) chain: BitcoinChain,
    pub(crate) hot: String,
    pub(crate) cold: String,
    pub(crate) lender: String,
    pub(crate) files: MemoryFiles,
    pub(crate) transcript: Transcript,
}

pub(crate) fn time(height: i64) -> Time {
    Time::from_unix(START + height * SPACING)
}

impl Story {
    pub(crate) fn tell() -> Self {
        let mut chain = BitcoinChain::new().unwrap();
        let key = |seed: u8| AddressKey::new(&mut [seed; 32]).unwrap();
        let address = |seed, kind| key(seed).address(chain.id(), kind).unwrap();
        let (hot, cold) = (address(1, AddressKind::WitnessKeyHash), address(2, AddressKind::WitnessKeyHash));
        let (lender, customer) = (address(3, AddressKind::WitnessKeyHash), address(4, AddressKind::Taproot));
        let pay = |address: &str, coins: u128| Payment {
            address: address.to_owned(),
            amount: Amount::from_base_units(coins * COIN),
        };
        chain.mine_empty(time(1), SPACING, 104).unwrap();
        chain.mine(time(105), &[vec![pay(&hot, 10), pay(&cold, 5)], vec![pay(&lender, 20)]]).unwrap();
        chain.pay_from(time(106), &key(2), &cold, &[pay(&hot, 2)]).unwrap();
        chain.mine_empty(time(107), SPACING, 1).unwrap();
        chain.pay_from(time(108), &key(3), &lender, &[pay(&hot, 8)]).unwrap();
        chain.mine_empty(time(109), SPACING, 4).unwrap();
        chain.pay_from(time(113), &key(1), &hot, &[pay(&lender, 8)]).unwrap();
        chain.mine_empty(time(114), SPACING, 1).unwrap();
        chain.pay_from(time(115), &key(1), &hot, &[pay(&customer, 1)]).unwrap();
        chain.mine_empty(time(116), SPACING, 1).unwrap();
        chain.sweep(time(117), &key(2), &cold, &customer).unwrap();
        chain.mine_empty(time(118), SPACING, 13).unwrap();
        let Fetched { files, transcript, .. } = fetched(&chain, &[&hot, &cold], (FROM, TO));
        let files = files.into_iter().map(|(path, bytes)| (paths::chain(chain.id(), &path), bytes)).collect();
        Self { chain, hot, cold, lender, files, transcript }
    }

    /// The window as a verifier sees it who pins the node and the tip.
    pub(crate) fn window(&self, files: &MemoryFiles) -> Result<WindowEvidence, WindowError> {
        self.judge(files, Some(&self.transcript), &[&self.hot, &self.cold], None)
    }

    pub(crate) fn judge(
        &self,
        files: &MemoryFiles,
        transcript: Option<&Transcript>,
        addresses: &[&str],
        replay: Option<&Replay>,
    ) -> Result<WindowEvidence, WindowError> {
        let deployments: Vec<DeploymentId> = vec![format!("{}/slip44:0", self.chain.id()).parse().unwrap()];
        let (tip, cutoff_block) = (self.tip(), self.chain.block(SNAPSHOT).unwrap());
        let query = ChainQuery {
            chain: self.chain.id(),
            pins: std::slice::from_ref(&tip),
            cutoff_block: &cutoff_block,
            cutoff: time(SNAPSHOT.cast_signed()),
            addresses,
            deployments: &deployments,
            transcript: transcript.map(|transcript| (transcript, Basis::Observed)),
        };
        let own = Own { replay, work: None };
        window(&query, &own, files).map(|evidence| evidence.expect("the bundle has a window"))
    }

    /// What the whole blocks of some heights show, with the headers from `first` on.
    pub(crate) fn replay(&self, first: usize, heights: std::ops::RangeInclusive<usize>) -> Replay {
        let raw: Vec<Vec<u8>> = self.chain.raw_blocks().collect();
        let headers: Vec<u8> = raw[first..].iter().flat_map(|block| block[..HEADER_LENGTH].to_vec()).collect();
        let mut chain = HeaderChain::parse(bitcoin::Network::Regtest, &headers).unwrap();
        chain.anchor(&[self.tip()]).unwrap();
        let files: MemoryBlocks = vec![("blocks".to_owned(), raw[heights].concat())];
        let network = bitcoin::Network::Regtest;
        let scripts = [&self.hot, &self.cold].map(|address| script(network, address).unwrap()).into();
        replay(&ReplayQuery { network, chain: &chain, scripts: &scripts, opening: None }, &files)
    }

    pub(crate) fn tip(&self) -> BlockRef {
        self.chain.block(self.chain.height()).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        paths::chain(self.chain.id(), name)
    }
}

pub(crate) fn fetched(chain: &BitcoinChain, addresses: &[&str], range: (u64, u64)) -> Fetched {
    let question = Question { addresses, from_height: 90, cutoff: None, now: time(200) };
    chain.window(&question, range).unwrap()
}
