//! What a venue claims of its reserves: lists of addresses, challenges, transcripts, headers, lists of a window.

use std::sync::OnceLock;

use counterfoil::basis::Basis;
use counterfoil::json;
use counterfoil::reserve::address_set::AddressSet;
use counterfoil::reserve::bitcoin::header::{HEADER_LENGTH, HeaderChain};
use counterfoil::reserve::bitcoin::network::network;
use counterfoil::reserve::bitcoin::window::file::WindowFile;
use counterfoil::reserve::challenge;
use counterfoil::reserve::transcript::Transcript;

const CHAIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
const ADDRESSES: &[u8] = include_bytes!("../../tests/golden/example/bundle/addresses.jsonl");
const CHALLENGE: &[u8] = include_bytes!("../../tests/golden/example/bundle/challenge.json");
const TRANSCRIPT: &[u8] =
    include_bytes!("../../tests/golden/example/bundle/chains/bip122_0f9188f13cb7b2c71f2a335e3a4fc328/transcript.json");
const HEADERS: &[u8] =
    include_bytes!("../../tests/golden/example/bundle/chains/bip122_0f9188f13cb7b2c71f2a335e3a4fc328/headers.bin");
const WINDOW: &[u8] =
    include_bytes!("../../tests/golden/example/bundle/chains/bip122_0f9188f13cb7b2c71f2a335e3a4fc328/window.jsonl");
/// Headers that are kept: more of them show nothing else.
const HEADERS_KEPT: usize = 14 * HEADER_LENGTH;

const READERS: [fn(&[u8]); 5] = [address_set, challenge, transcript, headers, window];

/// Files as their makers write them. The first byte says what they are read as.
pub fn honest_files() -> Vec<(&'static str, String, Vec<u8>)> {
    let file = |kind: u8, name: &str, bytes: &[u8]| ("claims", name.to_owned(), [&[kind], bytes].concat());
    vec![
        file(0, "addresses", ADDRESSES),
        file(1, "challenge", CHALLENGE),
        file(2, "transcript", TRANSCRIPT),
        file(3, "headers", &HEADERS[..HEADERS_KEPT]),
        file(4, "window", WINDOW),
    ]
}

/// Reads the bytes as one of these files. What is accepted has one form.
pub fn claims(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    READERS[usize::from(kind) % READERS.len()](rest);
}

fn address_set(data: &[u8]) {
    let Ok(set) = AddressSet::parse(data) else { return };
    let again = AddressSet::parse(&set.to_file().unwrap()).unwrap();
    assert_eq!((again.root(), again.count()), (set.root(), set.count()), "what is written is not read as the same");
    assert_eq!(set.count(), set.entries().len() as u64);
}

fn challenge(data: &[u8]) {
    let Ok(read) = challenge::parse(data) else { return };
    assert_eq!(read.to_file().unwrap(), data, "a challenge has one form");
    if let Ok(line) = read.line() {
        assert!(line.len() <= challenge::LINE_LENGTH_MAX && line.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    }
}

/// Nobody signs one by chance: the only one that the node's key vouches for is the one that it signed.
fn transcript(data: &[u8]) {
    static NODE: OnceLock<counterfoil::signature::PublicKey> = OnceLock::new();
    let node = NODE.get_or_init(|| Transcript::parse(TRANSCRIPT, &[]).unwrap().2);
    let Ok((read, basis, key)) = Transcript::parse(data, std::slice::from_ref(node)) else { return };
    assert_eq!(basis == Basis::Observed, key == *node);
    assert!(key != *node || data == TRANSCRIPT, "a transcript that nobody signed");
    let _ = json::canonical(&read).unwrap();
}

fn headers(data: &[u8]) {
    let network = network(&CHAIN.parse().unwrap()).unwrap();
    let Ok(mut chain) = HeaderChain::parse(network, data) else { return };
    assert_eq!(chain.len() * HEADER_LENGTH, data.len());
    assert!(chain.anchored_heights().is_none() && chain.work().is_some());
    // the height is nobody's but the verifier's: the largest one must not wrap
    for at in [0, chain.len() / 2, chain.len().saturating_sub(1)] {
        let mut anchored = chain.clone();
        let Some(hash) = data.chunks_exact(HEADER_LENGTH).nth(at).map(hash_of) else { continue };
        let pin = |height| counterfoil::snapshot::BlockRef { chain: CHAIN.parse().unwrap(), height, hash };
        for height in [0, at as u64, u64::MAX - 1, u64::MAX] {
            let _ = anchored.anchor(&[pin(height)]);
            let _ = anchored.anchored_heights();
            let _ = chain.hint(&pin(height));
        }
    }
}

/// A block's name, as nodes show it.
fn hash_of(header: &[u8]) -> counterfoil::hash::Digest {
    use bitcoin::hashes::Hash as _;
    let mut hash = bitcoin::hashes::sha256d::Hash::hash(header).to_byte_array();
    hash.reverse();
    counterfoil::hash::Digest::from_bytes(hash)
}

fn window(data: &[u8]) {
    if let Ok(read) = WindowFile::parse(data) {
        assert_eq!(read.to_bytes().unwrap(), data, "a list has one form");
    }
}
