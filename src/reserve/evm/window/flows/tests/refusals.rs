//! Bodies that show nothing, each with its reason.

use super::*;
use crate::code::Coded as _;

fn two() -> Vec<Block> {
    let mut block = one(sent(pay(LENDER, of(HOT), 700)));
    block.sent.push(sent(Draft { kind: 0, ..pay(CUSTOMER, of(HOT), 5) }));
    block.withdrawals = vec![(5, of(HOT), 3)];
    vec![Block::default(), block]
}

/// The codes when one file is another one.
fn changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u16> {
    let blocks = two();
    let mut files = bundle(&blocks);
    change(files.entry(path(name)).or_default());
    let all = read(&blocks, &files, &[of(HOT)]);
    if !all.problems.is_empty() && all.blocks == [100] {
        let flows = all.flows(&FlowAsset::Native, &balances(of(HOT), &[(100, 0), (101, 3_000_000_705)]));
        assert_eq!(told(&flows), ["101: -0 +3000000705 [unexplained ?] []"], "the balance still tells of it");
    }
    numbers(&all.problems)
}

#[test]
fn every_changed_byte_is_seen() {
    let blocks = two();
    assert_eq!(read(&blocks, &bundle(&blocks), &[of(HOT)]).problems, []);
    let (headers, files) = (headers(&blocks, 21), bundle(&blocks));
    for (name, codes) in [("bodies/101.rlp", [6140, 6141, 6147]), ("receipts/101.rlp", [6110, 6111, 0])] {
        let good = &files[&path(name)];
        let mut changed = files.clone();
        let mut found = |file: Vec<u8>, what: &str| {
            changed.insert(path(name), file);
            let found = numbers(&read_under(&headers, &changed, &[of(HOT)]).problems);
            assert!(matches!(found.as_slice(), [code] if codes.contains(code)), "{what} of {name}: {found:?}");
        };
        for at in 0..good.len() {
            let mut file = good.clone();
            file[at] ^= 1;
            found(file, &format!("byte {at}"));
            found(good[..at].to_vec(), &format!("{at} bytes"));
        }
    }
}

#[test]
fn bodies_of_another_form_are_refused() {
    assert_eq!(changed("bodies/101.rlp", |file| file.push(0)), [6140]);
    assert_eq!(changed("bodies/101.rlp", |file| *file = list(&[list(&[]), list(&[]), list(&[])])), [6140]);
    assert_eq!(changed("bodies/101.rlp", |file| *file = list(&[list(&[])])), [6140]);
    assert_eq!(changed("bodies/101.rlp", |file| *file = vec![0; BODY_BYTES_MAX + 1]), [6140]);
    let raw = two()[1].raw();
    let more = vec![two()[1].withdrawals()[0].clone(); WITHDRAWALS_MAX + 1];
    assert_eq!(changed("bodies/101.rlp", |file| *file = body_file(&raw, &more)), [6140]);
    let number = |value: u8| string(&[value]);
    let withdrawal = |address: &[u8], more: &[Vec<u8>]| {
        list(&[vec![number(77), number(5), string(address), number(3)], more.to_vec()].concat())
    };
    let with = |withdrawal: Vec<u8>| changed("bodies/101.rlp", |file| *file = body_file(&raw, &[withdrawal]));
    assert_eq!(with(withdrawal(&of(HOT).to_bytes(), &[])), Vec::<u16>::new(), "the true one");
    assert_eq!(with(withdrawal(&of(LENDER).to_bytes(), &[])), [6147], "to somebody else");
    assert_eq!(with(withdrawal(&[1; 19], &[])), [6140]);
    assert_eq!(with(withdrawal(&of(HOT).to_bytes(), &[number(1)])), [6140]);
    assert_eq!(changed("bodies/101.rlp", |file| *file = body_file(&raw, &[])), [6147], "left out");
    assert_eq!(changed("bodies/100.rlp", |file| *file = two()[1].body()), [6141], "of another block");
}

#[test]
fn names_say_which_block() {
    assert_eq!(changed("bodies/99.rlp", |file| *file = two()[0].body()), [6148]);
    assert_eq!(changed("bodies/102.rlp", |file| *file = two()[0].body()), [6148]);
    for name in ["bodies/0101.rlp", "bodies/101", "bodies/x.rlp", "bodies/.rlp"] {
        assert_eq!(changed(name, |file| *file = two()[1].body()), [6148], "{name}");
    }
}

#[test]
fn a_body_needs_its_receipts() {
    let blocks = two();
    let mut files = bundle(&blocks);
    files.remove(&path(&paths::evm_receipts(101)));
    let all = read(&blocks, &files, &[of(HOT)]);
    assert_eq!((numbers(&all.problems), all.blocks), (vec![6153], vec![100]));
}

/// Headers that name exactly these lists, so that only what is in them can be wrong.
fn under_own_header(change: impl FnOnce(&mut Block)) -> Vec<u16> {
    let mut blocks = two();
    change(&mut blocks[1]);
    let all = read(&blocks, &bundle(&blocks), &[of(HOT)]);
    numbers(&all.problems)
}

#[test]
fn receipts_and_transactions_belong_together() {
    assert_eq!(under_own_header(|_| {}), Vec::<u16>::new());
    assert_eq!(under_own_header(|block| block.sent[1].gas = 0), [6146]);
    assert_eq!(under_own_header(|block| block.sent[0].status = vec![7; 32]), [6149], "a state root");
    assert_eq!(under_own_header(|block| block.sent[0].status = vec![2]), [6111]);
    assert_eq!(under_own_header(|block| block.sent[0].draft.chain = 5), [6144]);
    // fewer receipts than transactions, under a header that has both roots
    let blocks = two();
    let mut fewer = blocks[1].clone();
    fewer.sent.pop();
    let (mut rlp, part) = (blocks[1].header([7; 32], 101, 21), fewer.header([7; 32], 101, 21));
    // behind the head of the list: five fields of 33 or 21 bytes, of which all have 32 here
    let place = 3 + 5 * 33;
    rlp[place..place + 33].copy_from_slice(&part[place..place + 33]);
    let last = BlockRef { chain: chain(), height: 101, hash: Digest::from_bytes(keccak(&rlp)) };
    let headers = WindowHeaders::link(&[rlp], 101, &last).expect("one header");
    let header = headers.at(101).expect("it");
    let receipts = crate::reserve::evm::window::receipts(header, &fewer.receipts()).expect("of this header");
    let error = Body::open(1, header, &receipts, &blocks[1].body()).expect_err("one receipt of two");
    assert_eq!((error.code().number, error.to_string()), (6146, "1 receipts of 2 transactions".to_owned()));
}

#[test]
fn amounts_above_128_bits_are_refused_where_they_matter() {
    let huge = |from, to| {
        let logs = vec![log(USDT, TRANSFER, &[word(from), word(to)], &[[0xff; 32]])];
        under_own_header(|block| block.sent[0].logs = logs)
    };
    assert_eq!(huge(of(LENDER), of(HOT)), [6150]);
    assert_eq!(huge(of(LENDER), of(CUSTOMER)), Vec::<u16>::new());
}

#[test]
fn old_headers_have_no_withdrawals_and_no_base_fee() {
    let chain = chain();
    let contracts = BTreeSet::new();
    let addresses = BTreeSet::from([of(HOT), of(CUSTOMER)]);
    let codes = |block: Block| {
        let blocks = [Block::default(), block];
        let headers = headers(&blocks, 15);
        let question = FlowQuestion {
            chain: &chain,
            headers: &headers,
            basis: Basis::Stated,
            addresses: &addresses,
            contracts: &contracts,
        };
        numbers(&movements(&question, &bundle(&blocks)).expect("an EVM chain").problems)
    };
    assert_eq!(codes(one(sent(Draft { kind: 0, ..pay(CUSTOMER, of(HOT), 5) }))), Vec::<u16>::new());
    assert_eq!(codes(Block { withdrawals: vec![(5, of(HOT), 3)], ..Block::default() }), [6147]);
    assert_eq!(codes(one(sent(pay(CUSTOMER, of(HOT), 5)))), [6146], "a price that needs a base fee");
}

#[test]
fn only_evm_chains_are_read() {
    let chain = "bip122:000000000019d6689c085ae165831e93".parse().expect("a chain");
    let headers = headers(&two(), 21);
    let (addresses, contracts) = (BTreeSet::new(), BTreeSet::new());
    let question = FlowQuestion {
        chain: &chain,
        headers: &headers,
        basis: Basis::Proved,
        addresses: &addresses,
        contracts: &contracts,
    };
    let error = movements(&question, &MemoryFiles::new()).expect_err("no EVM chain");
    assert_eq!(error.code().name, "EVM_CHAIN");
}
