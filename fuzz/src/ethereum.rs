//! Evidence of Ethereum: light-client files and receipts, in which the attacker chooses the root, too.

use counterfoil::reserve::evm::finality::{self, Evidence, ValidatorLine};
use counterfoil::reserve::evm::header::encode;
use counterfoil::reserve::evm::window::{WindowError, WindowHeader, logs, receipts_root};

/// A bootstrap, updates and the last finalized header, one a line; the root is that of the bootstrap.
pub fn light_client_update(data: &[u8]) {
    let mut files: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let bootstrap = files.remove(0);
    let finality = files.pop();
    let Ok(root) = finality::bootstrap_root(&bootstrap) else { return };
    let chain = "eip155:1".parse().unwrap();
    let evidence = Evidence { bootstrap, updates: files, finality };
    let Ok(blocks) = finality::anchors(&chain, &root, &evidence) else { return };
    assert!(!blocks.is_empty() && blocks.iter().all(|block| block.chain == chain));
    assert!(blocks.is_sorted_by(|left, right| left.height < right.height));
    // a block is final for whoever pins this root, and for nobody else
    let mut other = root.to_bytes();
    other[0] ^= 1;
    assert!(finality::anchors(&chain, &counterfoil::hash::Digest::from_bytes(other), &evidence).is_err());
}

/// A beacon block, its pending merges, and validators, one a line; the block is that of the chain because its own root
/// is asked for.
pub fn staked_ether(data: &[u8]) {
    let mut files = data.split(|byte| *byte == b'\n');
    let (block, merges) = (files.next().unwrap_or_default(), files.next().unwrap_or_default());
    let Ok(block) = finality::open_block(&"eip155:1".parse().unwrap(), "block", block) else { return };
    assert!(block.hangs_on(None, &[]).is_none());
    let state = block.hangs_on(Some(block.root()), &[]).unwrap();
    let merged = finality::merged(&state, "merges", merges);
    assert!(state.has_consolidations() || merged.is_err());
    for line in files.filter_map(|line| counterfoil::json::read::<ValidatorLine>(line).ok()) {
        let Some(paid_to) = line.paid_to() else { continue };
        let Ok(shown) = finality::staked(&state, line.index, paid_to, &line) else { continue };
        assert_eq!(shown.index, line.index);
        let mut other = line.clone();
        other.index ^= 1;
        assert!(finality::staked(&state, other.index, paid_to, &other).is_err(), "one line shows two validators");
        let somebody = counterfoil::reserve::evm::address::EvmAddress::from_bytes([0x77; 20]);
        assert!(paid_to == somebody || finality::staked(&state, line.index, somebody, &line).is_err());
    }
}

/// The receipts of a block whose header is made for them.
pub fn receipts(data: &[u8]) {
    let _ = WindowHeader::parse(data);
    let Ok(root) = receipts_root(data) else { return };
    let header = header(&root.to_bytes());
    match logs(&header, data) {
        Ok(logs) => assert!(logs.iter().all(|log| log.topics.len() <= 4)),
        Err(error) => assert!(matches!(error, WindowError::Receipts { .. }), "{error}"),
    }
    let mut other = root.to_bytes();
    other[31] ^= 1;
    let refused = logs(&self::header(&other), data);
    assert!(matches!(refused, Err(WindowError::ReceiptsRoot { .. })), "under another root");
}

fn header(root: &[u8; 32]) -> WindowHeader {
    let mut fields = vec![vec![9; 32]; 21];
    (fields[5], fields[6]) = (root.to_vec(), vec![0; 256]);
    (fields[8], fields[11]) = (vec![7], vec![7]);
    WindowHeader::parse(&encode(&fields)).unwrap()
}

/// One receipt of each type, with a log of two topics.
pub fn honest_receipts() -> Vec<u8> {
    // all are shorter than 64 KiB
    let list = |items: &[Vec<u8>]| {
        let body = items.concat();
        let length = u16::try_from(body.len()).unwrap();
        let head = match length {
            0..=55 => vec![0xc0 + u8::try_from(length).unwrap()],
            56..=255 => vec![0xf8, u8::try_from(length).unwrap()],
            _ => vec![0xf9, length.to_be_bytes()[0], length.to_be_bytes()[1]],
        };
        [head, body].concat()
    };
    let log = list(&[string_of(&[1; 20]), list(&[string_of(&[2; 32]), string_of(&[3; 32])]), string_of(&[4; 40])]);
    let body = list(&[vec![1], string_of(&[0x52, 0x08]), string_of(&[0; 256]), list(&[log])]);
    let typed = (1..=4_u8).map(|kind| [&[kind], &body[..]].concat());
    let file = encode(&std::iter::once(body.clone()).chain(typed).collect::<Vec<_>>());
    let header = header(&receipts_root(&file).unwrap().to_bytes());
    assert_eq!(logs(&header, &file).unwrap().len(), 5);
    file
}

/// The RLP of a string of at least two bytes.
fn string_of(bytes: &[u8]) -> Vec<u8> {
    match u16::try_from(bytes.len()).unwrap() {
        length @ 0..=55 => [&[0x80 + u8::try_from(length).unwrap()], bytes].concat(),
        length @ 56..=255 => [&[0xb8, u8::try_from(length).unwrap()], bytes].concat(),
        length => [&[0xb9], &length.to_be_bytes()[..], bytes].concat(),
    }
}
