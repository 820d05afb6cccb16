use alloy_primitives::{Bloom, BloomInput, U256};
use alloy_rlp::Encodable as _;
use alloy_trie::root::ordered_trie_root_encoded;

use super::*;
use crate::asset::ChainId;
use crate::code::Coded;
use crate::hash::Digest;
use crate::reserve::claim::ControlGrade;
use crate::reserve::evm::account_proof::Account;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::header::integer_bytes;
use crate::reserve::evm::keccak;
use crate::snapshot::BlockRef;

mod headers;
mod logs;
mod nonce;

const FIRST: u64 = 100;
const HOLDER: EvmAddress = EvmAddress::from_bytes([0x11; 20]);
const OTHER: EvmAddress = EvmAddress::from_bytes([0x22; 20]);

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bytes.encode(&mut out);
    out
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    alloy_rlp::Header { list: true, payload_length: items.iter().map(Vec::len).sum() }.encode(&mut out);
    out.extend(items.concat());
    out
}

fn word(address: EvmAddress) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&address.to_bytes());
    word
}

fn log(address: EvmAddress, event: &str, topics: &[[u8; 32]], data: &[u8]) -> Log {
    let topics = [keccak(event.as_bytes())].into_iter().chain(topics.iter().copied()).collect();
    Log { address, topics, data: data.to_vec() }
}

/// A receipt of `kind` (0: the first type) with these logs, as it is hashed.
fn receipt(kind: u8, logs: &[Log]) -> Vec<u8> {
    let logs: Vec<Vec<u8>> = logs
        .iter()
        .map(|log| {
            let topics: Vec<Vec<u8>> = log.topics.iter().map(|topic| string(topic)).collect();
            list(&[string(&log.address.to_bytes()), list(&topics), string(&log.data)])
        })
        .collect();
    let body = list(&[string(&[1]), string(&[0x52, 0x08]), string(&[0; 256]), list(&logs)]);
    if kind == 0 { body } else { [&[kind], &body[..]].concat() }
}

/// Blocks made up here: their logs, the chain, and how many fields their headers have.
struct Blocks {
    chain: &'static str,
    fields: usize,
    logs: Vec<Vec<Log>>,
    /// A bloom with every bit set, as a busy block may have.
    full_bloom: bool,
    empty_bloom: bool,
}

impl Blocks {
    fn new(logs: Vec<Vec<Log>>) -> Self {
        Self { chain: "eip155:1", fields: 21, logs, full_bloom: false, empty_bloom: false }
    }

    fn quiet(count: usize) -> Self {
        Self::new(vec![Vec::new(); count])
    }

    fn chain(&self) -> ChainId {
        self.chain.parse().expect("a chain")
    }

    /// One receipt of each type, the logs in the last one.
    fn receipts(&self, at: usize) -> Vec<Vec<u8>> {
        let logs = &self.logs[at];
        let kinds = if logs.is_empty() { 0..=0 } else { 0..=4_u8 };
        let last = *kinds.end();
        kinds.map(|kind| receipt(kind, if kind == last { logs } else { &[] })).collect()
    }

    fn receipts_file(&self, number: u64) -> Vec<u8> {
        let at = usize::try_from(number - FIRST).expect("a small number");
        let items: Vec<Vec<u8>> = self.receipts(at).iter().map(|receipt| string(receipt)).collect();
        list(&items)
    }

    fn rlps(&self) -> Vec<Vec<u8>> {
        let mut parent = [7; 32];
        let mut rlps = Vec::new();
        for (at, logs) in self.logs.iter().enumerate() {
            let mut bloom = Bloom::ZERO;
            for log in logs {
                bloom.accrue(BloomInput::Raw(&log.address.to_bytes()));
                log.topics.iter().for_each(|topic| bloom.accrue(BloomInput::Raw(topic)));
            }
            if self.full_bloom {
                bloom = Bloom::repeat_byte(0xff);
            }
            if self.empty_bloom {
                bloom = Bloom::ZERO;
            }
            let mut fields = vec![string(&[9; 32]); self.fields];
            fields[0] = string(&parent);
            fields[5] = string(&ordered_trie_root_encoded(&self.receipts(at)).0);
            fields[6] = string(&bloom.0.0);
            fields[8] = string(&integer_bytes(FIRST + at as u64));
            fields[11] = string(&integer_bytes(1_700_000_000 + at as u64));
            let rlp = list(&fields);
            parent = keccak(&rlp);
            rlps.push(rlp);
        }
        rlps
    }

    fn last(&self) -> BlockRef {
        let rlps = self.rlps();
        let hash = Digest::from_bytes(keccak(rlps.last().expect("a block")));
        BlockRef { chain: self.chain(), height: FIRST + self.logs.len() as u64 - 1, hash }
    }

    fn window(&self) -> WindowHeaders {
        WindowHeaders::link(&self.rlps(), FIRST, &self.last()).expect("headers of a window")
    }
}

fn amount(units: u128) -> Amount {
    Amount::from_base_units(units)
}

/// From, to, minimum and rule of every stretch.
fn stretches(floors: &Floors) -> Vec<(u64, u64, u128, Rule)> {
    floors.stretches.iter().map(|one| (one.from, one.to, one.minimum.base_units(), one.reason)).collect()
}

fn codes(floors: &Floors) -> Vec<&'static str> {
    floors.problems.iter().map(|problem| problem.code().name).collect()
}
