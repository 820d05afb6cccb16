//! Journals made up here: headers that name each other.

use super::*;
use crate::code::Coded as _;
use crate::reserve::evm::header::{encode, integer_bytes};
use crate::reserve::evm::token::TokenRegistry;
use crate::snapshot::Time;

fn request(address: &str) -> Request {
    Request {
        url: String::new(),
        credentials: None,
        chain: "eip155:1".parse().expect("a chain"),
        addresses: vec![address.to_owned()],
        cutoff: Time::from_unix(0),
        to_height: None,
        deployments: Vec::new(),
        tokens: TokenRegistry::default(),
        pools: Vec::new(),
        control: None,
    }
}

fn header(number: u64, parent: [u8; 32]) -> Vec<u8> {
    let mut fields = vec![vec![9; 32]; 17];
    fields[0] = parent.to_vec();
    fields[6] = vec![0; 256];
    fields[8] = integer_bytes(number);
    fields[11] = integer_bytes(1_700_000_000 + number);
    encode(&fields)
}

/// Blocks 5 to 8, everything proved at 5 and 8, and one node with each.
fn lines(request: &Request) -> Vec<Vec<u8>> {
    let (mut journal, head) = Journal::begin(request).expect("a head");
    let mut lines = vec![head];
    let mut parent = [7; 32];
    for number in 5..=8_u64 {
        let rlp = header(number, parent);
        parent = keccak(&rlp);
        let nodes = vec![hex::encode([u8::try_from(number).expect("small"); 40])];
        let line = Line::Block { number, rlp: hex::encode(rlp), nodes, receipts: None, whole: number == 5 };
        lines.push(journal.append(line, request).expect("it follows"));
    }
    lines.push(journal.append(Line::Whole { number: 8, nodes: Vec::new() }, request).expect("there is block 8"));
    lines
}

fn read(bytes: &[u8], request: &Request) -> Result<Journal, FetchError> {
    Journal::read(bytes, request)
}

fn code(bytes: &[u8], request: &Request) -> &'static str {
    read(bytes, request).expect_err("refused").code().name
}

#[test]
fn a_journal_is_read_as_it_was_written() {
    let own = request("0xaa");
    let lines = lines(&own);
    let journal = read(&lines.concat(), &own).expect("its own journal");
    assert_eq!((journal.range(), journal.length()), (Some((5, 8)), lines.concat().len() as u64));
    assert_eq!([5, 6, 8].map(|number| journal.is_whole_at(number)), [true, false, true]);
    assert_eq!((journal.around(6, 7), journal.around(5, 8), journal.around(3, 9)), ((5, 8), (5, 8), (3, 9)));
    assert!(journal.knows(&[6; 40]) && !journal.knows(&[1; 40]));
}

#[test]
fn a_cut_end_is_left_out_at_every_byte() {
    let own = request("0xaa");
    let lines = lines(&own);
    let (all, head) = (lines.concat(), lines[0].len());
    for length in (head..all.len()).step_by(7) {
        let journal = read(&all[..length], &own).expect("what is whole stays good");
        assert!(journal.length() <= length as u64, "{length}");
        let again = read(&all[..usize::try_from(journal.length()).expect("small")], &own).expect("whole lines");
        assert_eq!(again, journal);
    }
    assert_eq!(code(&all[..head - 1], &own), "EVM_WATCH_MALFORMED", "not even a first line");
}

#[test]
fn blocks_that_left_the_chain_are_dropped() {
    let own = request("0xaa");
    let lines = lines(&own);
    let mut journal = read(&lines.concat(), &own).expect("its own journal");
    journal.append(Line::Drop { number: 7 }, &own).expect("a line");
    assert_eq!(journal.range(), Some((5, 6)));
    let (_, hash) = journal.last().expect("block 6");
    let rlp = hex::encode(header(7, hash.to_bytes()));
    let line = Line::Block { number: 7, rlp, nodes: Vec::new(), receipts: None, whole: false };
    journal.append(line, &own).expect("it follows");
    assert_eq!(journal.range(), Some((5, 7)));
}

#[test]
fn other_journals_are_refused() {
    let own = request("0xaa");
    let lines = lines(&own);
    assert_eq!(code(&lines.concat(), &request("0xbb")), "EVM_WATCH_FOREIGN");
    let other_chain = Request { chain: "eip155:10".parse().expect("a chain"), ..request("0xaa") };
    assert_eq!(code(&lines.concat(), &other_chain), "EVM_WATCH_FOREIGN");
    let text = |line: &[u8]| String::from_utf8(line.to_vec()).expect("text");
    for bad in [
        Vec::new(),
        [&lines[..2], &lines[3..]].concat().concat(), // a block is missing
        lines[1..].concat(),
        [&lines[..1], &lines[..]].concat().concat(), // two heads
        [&lines[..], &[b"{}\n".to_vec()]].concat().concat(),
        [lines[0].clone(), b"{\"kind\":\"whole\",\"nodes\":[],\"number\":\"9\"}\n".to_vec()].concat(),
        text(&lines[0]).replace("-v1", "-v2").into_bytes(),
        [lines[0].clone(), text(&lines[1]).replace("\"number\":\"5\"", "\"number\":\"6\"").into_bytes()].concat(),
        [lines[0].clone(), text(&lines[1]).replace("\"rlp\":\"", "\"rlp\":\"00").into_bytes()].concat(),
        [lines[0].clone(), text(&lines[1]).replace("0505", "05zz").into_bytes()].concat(),
        [lines[0].clone(), text(&lines[1]).replace("null", &format!("\"{}\"", "zz")).into_bytes()].concat(),
        [lines[0].clone(), text(&lines[1]).replace("\"0505", &format!("\"{}", "05".repeat(1000))).into_bytes()]
            .concat(),
    ] {
        assert_eq!(code(&bad, &own), "EVM_WATCH_MALFORMED", "{:?}", String::from_utf8_lossy(&bad).get(..300));
    }
}

#[test]
fn a_window_outside_of_the_journal_is_refused() {
    let own = request("0xaa");
    let journal = read(&lines(&own).concat(), &own).expect("its own journal");
    let client = crate::fetch::rpc::Client::new("http://127.0.0.1:1", None).expect("an address");
    let copy = |from: u64, to: u64, rlps: &[Vec<u8>]| {
        let mut accounts = Accounts::new(&client, 5);
        journal.copy(from, to, rlps, &mut accounts, &mut MemoryFiles::new()).map(|()| accounts.finish().len())
    };
    let rlps: Vec<Vec<u8>> = journal.blocks.values().map(|kept| kept.rlp.clone()).collect();
    assert_eq!(copy(5, 8, &rlps), Ok(4));
    let refused = |outcome: Result<usize, FetchError>| outcome.expect_err("refused").code().name;
    assert_eq!(refused(copy(4, 7, &rlps)), "EVM_WATCH_GAP");
    assert_eq!(refused(copy(6, 8, &rlps)), "EVM_WATCH_GAP", "the node has other blocks");
}
