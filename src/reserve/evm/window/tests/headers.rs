use super::*;

fn refused(rlps: &[Vec<u8>], from: u64, last: &BlockRef) -> &'static str {
    WindowHeaders::link(rlps, from, last).expect_err("refused").code().name
}

#[test]
fn a_window_is_every_block_up_to_an_anchored_one() {
    let blocks = Blocks::quiet(4);
    let window = blocks.window();
    assert_eq!((window.from(), window.to(), window.iter().count()), (100, 103, 4));
    assert_eq!(window.at(102).map(WindowHeader::number), Some(102));
    assert!(window.at(99).is_none() && window.at(104).is_none());
    let (rlps, last) = (blocks.rlps(), blocks.last());
    for kept in [vec![0, 1, 2], vec![0, 1, 3], vec![1, 2, 3], vec![0, 2, 1, 3], vec![0, 1, 2, 3, 3], vec![]] {
        let some: Vec<Vec<u8>> = kept.iter().map(|at: &usize| rlps[*at].clone()).collect();
        assert_eq!(refused(&some, FIRST, &last), "WINDOW_HEADERS", "{kept:?}");
    }
    assert_eq!(refused(&rlps, 99, &last), "WINDOW_HEADERS");
    assert_eq!(refused(&rlps, u64::MAX, &last), "WINDOW_HEADERS");
    let other = BlockRef { hash: Digest::from_bytes([3; 32]), ..last.clone() };
    assert_eq!(refused(&rlps, FIRST, &other), "WINDOW_HEADERS", "another block at the end");
    for at in 0..rlps.len() {
        for byte in 0..rlps[at].len() {
            let mut changed = rlps.clone();
            changed[at][byte] ^= 1;
            assert_eq!(refused(&changed, FIRST, &last), "WINDOW_HEADERS", "header {at} byte {byte}");
        }
    }
}

#[test]
fn attack_a_window_at_the_last_number_there_is_does_not_overflow() {
    let last = BlockRef { height: u64::MAX, ..Blocks::quiet(1).last() };
    assert_eq!(refused(&Blocks::quiet(1).rlps(), u64::MAX, &last), "WINDOW_HEADERS");
}

#[test]
fn rules_hold_where_somebody_looked() {
    for (chain, fields, holds) in [
        ("eip155:1", 16, true),
        ("eip155:1", 21, true),
        ("eip155:1", 22, false),
        ("eip155:1", 15, false),
        ("eip155:10", 21, false),
        ("eip155:11", 21, false),
    ] {
        let window = Blocks { chain, fields, ..Blocks::quiet(2) }.window();
        let reviewed = window.reviewed().map_err(|error| error.code().name);
        assert_eq!(reviewed, if holds { Ok(()) } else { Err("WINDOW_RULE_CHAIN") }, "{chain} {fields}");
    }
}
