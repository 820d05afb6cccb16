use bitcoin::BlockHash;
use bitcoin::block::Version;
use bitcoin::blockdata::constants::genesis_block;
use bitcoin::hashes::Hash as _;

use super::*;
use crate::code::Coded as _;

const LIMIT: u32 = 0x1d00_ffff;
const START: u32 = 1_296_688_602;
const SPACING: u32 = 600;

/// Headers without work and links: only the rules of this module look at them.
fn headers(count: usize, bits: u32) -> Vec<Header> {
    let header = |place: usize| Header {
        version: Version::from_consensus(0x2000_0000),
        prev_blockhash: BlockHash::all_zeros(),
        merkle_root: bitcoin::TxMerkleNode::all_zeros(),
        time: START + u32::try_from(place).expect("few headers") * SPACING,
        bits: CompactTarget::from_consensus(bits),
        nonce: 0,
    };
    (0..count).map(header).collect()
}

fn from(height: u64, network: Network, headers: &[Header]) -> Result<Option<usize>, u16> {
    let unchecked = check(network, headers, height, 0).map_err(|error| error.code().number)?;
    Ok(unchecked.map(|found| found.position))
}

/// What is checked above a pin at the position `pin`.
fn above(pin: usize, height: u64, network: Network, headers: &[Header]) -> Option<Unchecked> {
    check(network, headers, height, pin + 1).expect("headers within the rules")
}

fn adjusted(network: Network, last: u32, first_time: u32, last_time: u32) -> u32 {
    let mut period = headers(2016, last);
    period[0].time = first_time;
    period[2015].time = last_time;
    match Targets::new(network).adjusted(&period[2015], &period) {
        Expected::Is(bits) => bits.to_consensus(),
        Expected::Unknown(what) => panic!("{what}"),
    }
}

#[test]
fn targets_of_mainnet_follow_from_the_times_of_a_period() {
    // the first change (block 32,256), the first period, and the two ends of what one step may do
    assert_eq!(adjusted(Network::Bitcoin, 0x1d00_ffff, 1_261_130_161, 1_262_152_739), 0x1d00_d86a);
    assert_eq!(adjusted(Network::Bitcoin, 0x1d00_ffff, 1_231_006_505, 1_233_061_996), 0x1d00_ffff);
    assert_eq!(adjusted(Network::Bitcoin, 0x1c05_a3f4, 1_279_008_237, 1_279_297_671), 0x1c01_68fd);
    assert_eq!(adjusted(Network::Bitcoin, 0x1c38_7f6f, 1_263_163_443, 1_269_211_443), 0x1d00_e1fd);
    assert_eq!(adjusted(Network::Bitcoin, 0x1c05_a3f4, 1_279_297_671, 1_279_008_237), 0x1c01_68fd, "backwards");
    assert_eq!(adjusted(Network::Signet, 503_394_215, 1_599_332_844, 1_600_591_200), 503_397_348);
}

#[test]
fn wrong_bits_at_a_boundary_are_refused() {
    let mut chain = headers(4033, 0x1c05_a3f4);
    let first = adjusted(Network::Bitcoin, 0x1c05_a3f4, chain[0].time, chain[2015].time);
    for header in &mut chain[2016..] {
        header.bits = CompactTarget::from_consensus(first);
    }
    let second = adjusted(Network::Bitcoin, first, chain[2016].time, chain[4031].time);
    chain[4032].bits = CompactTarget::from_consensus(second);
    assert_ne!((first, second), (0x1c05_a3f4, first), "one block too few in each period makes it harder");
    let base = 2016 * 300;
    assert_eq!(above(10, base, Network::Bitcoin, &chain), None);
    for (place, bits) in [(2016, 0x1c05_a3f4), (4032, first), (2017, LIMIT), (4032, LIMIT), (7, LIMIT)] {
        let mut easy = chain.clone();
        easy[place].bits = CompactTarget::from_consensus(bits);
        assert_eq!(from(base, Network::Bitcoin, &easy), Err(5130), "{place} {bits:#x}");
    }
}

#[test]
fn without_the_first_header_of_the_period_the_next_target_is_unchecked() {
    let chain = headers(3000, 0x1c05_a3f4);
    let base = 2016 * 300;
    // one header is missing: the step at position 2015 cannot be computed, everything before it can
    let unchecked = above(10, base + 1, Network::Bitcoin, &chain[1..]).expect("a step that lacks a header");
    assert_eq!((unchecked.position, unchecked.missing), (2015, "the first header of the period before it"));
    assert_eq!(from(base, Network::Bitcoin, &chain), Err(5130), "with it, the step is seen to be wrong");
    // whatever target the step is given: it is not checked, but it must hold on within the new period
    let mut easier = chain[1..].to_vec();
    for header in &mut easier[2015..] {
        header.bits = CompactTarget::from_consensus(LIMIT);
    }
    assert_eq!(above(10, base + 1, Network::Bitcoin, &easier).map(|found| found.position), Some(2015));
    easier[2500].bits = CompactTarget::from_consensus(0x1c05_a3f4);
    assert_eq!(from(base + 1, Network::Bitcoin, &easier), Err(5130));
}

#[test]
fn the_first_headers_of_a_file_are_unchecked_but_for_genesis() {
    assert_eq!(from(100, Network::Bitcoin, &headers(20, LIMIT)), Ok(Some(0)));
    assert_eq!(above(0, 300_001, Network::Bitcoin, &headers(20, LIMIT)).map(|found| found.position), Some(1));
    assert_eq!(above(10, 300_001, Network::Bitcoin, &headers(20, LIMIT)), None);
    let mut whole = headers(20, LIMIT);
    whole[0] = genesis_block(Network::Testnet).header;
    assert_eq!(from(0, Network::Testnet, &whole), Ok(None));
}

#[test]
fn a_time_must_be_after_the_median() {
    let mut chain = headers(40, LIMIT);
    let median = chain[24].time;
    chain[30].time = median + 1;
    assert_eq!(from(300_001, Network::Bitcoin, &chain), Ok(Some(0)));
    chain[30].time = median;
    assert_eq!(from(300_001, Network::Bitcoin, &chain), Err(5131));
    chain[30].time = 0;
    assert_eq!(from(300_001, Network::Bitcoin, &chain), Err(5131));
}

#[test]
fn versions_end_at_the_heights_of_their_successors() {
    for (height, version, ok) in [
        (227_930, 1, true),
        (227_931, 1, false),
        (227_931, 2, true),
        (363_725, 2, false),
        (388_381, 3, false),
        (388_381, 4, true),
        (388_381, -1, false),
    ] {
        let mut chain = headers(2, LIMIT);
        chain[1].version = Version::from_consensus(version);
        let expected = if ok { Ok(Some(0)) } else { Err(5133) };
        assert_eq!(from(height - 1, Network::Bitcoin, &chain), expected, "{height} {version}");
    }
}

#[test]
fn test_networks_accept_an_easy_block_after_twenty_minutes_only() {
    let regular = 0x1b00_ffff;
    for network in [Network::Testnet, Network::Testnet4] {
        let mut chain = headers(40, regular);
        for header in &mut chain[20..] {
            header.time += 2 * SPACING;
        }
        assert_eq!(from(600_001, network, &chain), Err(5130), "{network}: late, so it must be easy");
        chain[20].bits = CompactTarget::from_consensus(LIMIT);
        assert_eq!(from(600_001, network, &chain), Ok(Some(0)), "{network}: the next one is regular again");
        chain[21].bits = CompactTarget::from_consensus(LIMIT);
        assert_eq!(from(600_001, network, &chain), Err(5130), "{network}: and must be");
        assert_eq!(from(600_001, Network::Bitcoin, &chain), Err(5130));
    }
    // a file that begins with easy blocks does not show what is regular
    let easy = headers(30, LIMIT);
    let unchecked = above(12, 600_001, Network::Testnet, &easy).expect("unknown");
    assert_eq!(unchecked.missing, "the last block of its period with a target of its own");
}

#[test]
fn attack_timewarp_is_refused_on_testnet4_and_told_apart_from_mainnet() {
    let regular = 0x1b00_ffff;
    let mut chain = headers(2017, regular);
    // the last block of the period is an exception; testnet4 goes on from the period's own target
    chain[2015].time += 2 * SPACING;
    chain[2015].bits = CompactTarget::from_consensus(LIMIT);
    let timespan = u64::from(chain[2015].time - chain[0].time);
    let next = |last| {
        CompactTarget::from_next_work_required(CompactTarget::from_consensus(last), timespan, Network::Testnet.params())
    };
    chain[2016].time = chain[2015].time - 600;
    chain[2016].bits = next(regular);
    let base = 2016 * 300;
    assert_eq!(above(12, base, Network::Testnet4, &chain), None);
    assert_eq!(from(base, Network::Testnet, &chain), Err(5130), "testnet3 goes on from the exception");
    chain[2016].time -= 1;
    assert_eq!(from(base, Network::Testnet4, &chain), Err(5132));
    chain[2016].bits = next(LIMIT);
    assert_eq!(above(12, base, Network::Testnet, &chain), None);
}

#[test]
fn regtest_never_changes_its_target() {
    let mut chain = headers(2100, 0x207f_ffff);
    chain[2050].time += 100_000;
    for header in &mut chain[2051..] {
        header.time += 100_000;
    }
    assert_eq!(above(12, 1, Network::Regtest, &chain), None);
    for place in [5, 2015, 2050, 2099] {
        let mut harder = chain.clone();
        harder[place].bits = CompactTarget::from_consensus(0x207f_fffe);
        assert_eq!(from(1, Network::Regtest, &harder), Err(5130), "{place}");
    }
}
