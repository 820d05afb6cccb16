//! Whole blocks and Merkle blocks, after somebody has changed their bytes.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use bitcoin::{BlockHash, Network, ScriptBuf};
use counterfoil::amount::Amount;
use counterfoil::bundle::{MemoryFiles, SourceError};
use counterfoil::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use counterfoil::reserve::bitcoin::blocks::{
    BlockFile, BlockFiles, BlockReader, MemoryBlocks, Replay, ReplayQuery, replay, whole_block,
};
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind};
use counterfoil::reserve::bitcoin::header::{HEADER_LENGTH, HeaderChain};
use counterfoil::reserve::bitcoin::merkle_proof::{BlockProof, block_proof};
use counterfoil::reserve::bitcoin::network::{internal, network, script};
use counterfoil::snapshot::{BlockRef, Time};

/// The first header that the verifier has; the first ones of the chain only make rewards mature.
const FIRST: u64 = 104;
/// The block whose transactions all pay the asked address.
const PAID: u64 = 105;
/// With what a file is obfuscated when the input asks for it.
const KEY: [u8; 8] = [1, 0, 255, 128, 7, 9, 3, 77];

/// A chain with payments and their spend, and what honest evidence of it says.
struct Honest {
    chain: BitcoinChain,
    files: MemoryFiles,
    /// From [`FIRST`] on, with their names.
    blocks: Vec<Vec<u8>>,
    names: Vec<BlockHash>,
    asked: Asked,
    proof: BlockProof,
    replay: Replay,
}

/// What a replay is asked: the same for every input.
struct Asked {
    network: Network,
    headers: HeaderChain,
    scripts: BTreeSet<ScriptBuf>,
}

fn honest() -> &'static Honest {
    static HONEST: OnceLock<Honest> = OnceLock::new();
    HONEST.get_or_init(|| {
        let mut chain = BitcoinChain::new().unwrap();
        let time = |height: i64| Time::from_unix(1_700_000_000 + 600 * height);
        let key = AddressKey::new(&mut [7; 32]).unwrap();
        let address = key.address(chain.id(), AddressKind::Taproot).unwrap();
        let away = AddressKey::new(&mut [8; 32]).unwrap().address(chain.id(), AddressKind::Taproot).unwrap();
        chain.mine_empty(time(1), 600, FIRST).unwrap();
        let pay = |units| vec![Payment { address: address.clone(), amount: Amount::from_base_units(units) }];
        chain.mine(time(105), &[pay(11), pay(22), pay(33), pay(44)]).unwrap();
        let asked = [address.as_str()];
        let question = Question { addresses: &asked, from_height: FIRST, cutoff: None, now: time(200) };
        let files = chain.evidence(&question).unwrap().files;
        chain.sweep(time(106), &key, &address, &away).unwrap();
        let blocks: Vec<Vec<u8>> = chain.raw_blocks().skip(usize::try_from(FIRST).unwrap()).collect();
        let merkle = files.iter().find(|(name, _)| name.starts_with("merkle/")).unwrap().1;
        let proof = block_proof(internal(chain.block(PAID).unwrap().hash), merkle).unwrap();
        assert_eq!(proof.places.len(), 5, "every transaction of the block is shown");
        let names = (FIRST..=chain.height()).map(|height| internal(chain.block(height).unwrap().hash)).collect();
        let asked = asked_of(&chain, &address, &blocks);
        let replay = replayed(&asked, &vec![("blocks".to_owned(), blocks.concat())]);
        assert_eq!(replay.activity().len(), 8);
        Honest { chain, files, blocks, names, asked, proof, replay }
    })
}

fn asked_of(chain: &BitcoinChain, address: &str, blocks: &[Vec<u8>]) -> Asked {
    let network = network(chain.id()).unwrap();
    let headers: Vec<u8> = blocks.iter().flat_map(|block| block[..HEADER_LENGTH].to_vec()).collect();
    let mut headers = HeaderChain::parse(network, &headers).unwrap();
    let pin: BlockRef = chain.block(chain.height()).unwrap();
    assert_eq!(headers.anchor(&[pin]), Ok(true));
    let scripts = BTreeSet::from([script(network, address).unwrap()]);
    Asked { network, headers, scripts }
}

fn replayed(asked: &Asked, files: &dyn BlockFiles) -> Replay {
    let Asked { network, headers, scripts } = asked;
    replay(&ReplayQuery { network: *network, chain: headers, scripts, opening: None }, files)
}

/// Everything behind the header of an honest block. What is accepted is in that block.
pub fn merkle_block(data: &[u8]) {
    let honest = honest();
    let block = honest.proof.block;
    let header = &honest.blocks[usize::try_from(PAID - FIRST).unwrap()][..HEADER_LENGTH];
    let coinbase = &honest.files[&format!("txs/{}.bin", honest.proof.coinbase)];
    for bytes in [[header, data].concat(), data.to_vec()] {
        let Ok(proof) = block_proof(block, &bytes) else { continue };
        if proof.check_coinbase(coinbase).is_ok() {
            for (txid, place) in &proof.places {
                assert_eq!(honest.proof.places.get(txid), Some(place), "{txid} is not there");
            }
        }
    }
}

/// A file of blocks, obfuscated when the first byte is odd, and what follows from its replay: nothing that the honest
/// blocks do not say, and all of it where no block is missing.
pub fn block_file(data: &[u8]) {
    let Some((kind, file)) = data.split_first() else { return };
    let honest = honest();
    let own = Obfuscated { files: vec![("fuzzed".to_owned(), file.to_vec())], key: kind & 1 == 1 };
    let mut reader = BlockReader::new(honest.asked.network, own.open("fuzzed").unwrap());
    while let Ok(Some(found)) = reader.next(&mut |_| true) {
        let known = honest.names.iter().position(|name| *name == found.hash);
        if let (Ok(_), Some(at)) = (whole_block(found.hash, &found.bytes), known) {
            assert_eq!(found.bytes, honest.blocks[at], "another block under the same header");
        }
    }
    let replay = replayed(&honest.asked, &own);
    assert!(replay.activity().iter().all(|event| honest.replay.activity().contains(event)));
    if replay.gaps(FIRST, honest.chain.height()).is_empty() {
        assert_eq!(replay.activity(), honest.replay.activity());
    }
}

struct Obfuscated {
    files: MemoryBlocks,
    key: bool,
}

impl BlockFiles for Obfuscated {
    fn names(&self) -> Vec<String> {
        self.files.names()
    }

    fn open(&self, name: &str) -> Result<BlockFile<'_>, SourceError> {
        Ok(BlockFile { key: if self.key { KEY } else { [0; 8] }, ..self.files.open(name)? })
    }
}

/// What a node answers and keeps: the Merkle block behind its header, and files of both kinds.
pub fn honest_blocks() -> Vec<(&'static str, String, Vec<u8>)> {
    let honest = honest();
    let merkle = honest.files.iter().find(|(name, _)| name.starts_with("merkle/")).unwrap().1;
    let plain = honest.blocks.concat();
    let magic = [0xfa, 0xbf, 0xb5, 0xda];
    let length = |block: &[u8]| u32::try_from(block.len()).unwrap().to_le_bytes();
    let framed: Vec<u8> =
        honest.blocks.iter().rev().flat_map(|block| [&magic[..], &length(block), block].concat()).collect();
    let obfuscated = framed.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key).collect::<Vec<u8>>();
    vec![
        ("merkle_block", "whole".to_owned(), merkle[HEADER_LENGTH..].to_vec()),
        ("block_file", "plain".to_owned(), [&[0], plain.as_slice()].concat()),
        ("block_file", "framed".to_owned(), [&[0], framed.as_slice(), &[0; 40]].concat()),
        ("block_file", "obfuscated".to_owned(), [&[1], obfuscated.as_slice(), &[0; 40]].concat()),
    ]
}
