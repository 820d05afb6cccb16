use super::super::receipts;
use super::*;

const TRANSFER: &str = "Transfer(address,address,uint256)";

fn contract(text: &str) -> EvmAddress {
    text.parse().expect("an address")
}

fn weth() -> EvmAddress {
    contract("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
}

fn usdt() -> EvmAddress {
    contract("0xdac17f958d2ee523a2206206994597c13d831ec7")
}

/// The entry of the program for a contract, whatever its code is.
fn entry(contract: EvmAddress) -> TokenEvents {
    let list = EventList::built_in().expect("the file of this version");
    let hashes = [
        "d0a06b12ac47863b5c7be4185c2deaad1c61557033f56c7d4ea74429cbb25e23",
        "4e36f96ee1667a663dfaac57c4d185a0e369a3a217e0079d49620f34f85d1ac7",
        "b44fb4e949d0f78f87f79ee46428f23a2a5713ce6fc6e0beb3dda78c2ac1ea55",
    ];
    let chain: ChainId = "eip155:1".parse().expect("a chain");
    let mut found = hashes.iter().filter_map(|hash| list.of(&chain, contract, hash.parse().ok()?, None));
    found.next().expect("an entry").clone()
}

/// A proxy of which every balance is told by Transfer, and every other code by Upgraded.
fn proxy() -> TokenEvents {
    let entry = entry(weth());
    let moves = entry.moves.iter().filter(|moves| moves.event == TRANSFER).cloned().collect();
    TokenEvents { changes: vec!["Upgraded(address)".to_owned()], moves, ..entry }
}

fn points(points: &[(u64, u128)]) -> Vec<TokenPoint> {
    points.iter().map(|(number, units)| TokenPoint { number: *number, amount: amount(*units) }).collect()
}

fn read(header: &WindowHeader, file: &[u8]) -> BlockLogs {
    Some(super::super::logs(header, file).map(Into::into))
}

fn shown(blocks: &Blocks, events: &TokenEvents, holder: EvmAddress, at: &[(u64, u128)]) -> Floors {
    let logs = |header: &WindowHeader| read(header, &blocks.receipts_file(header.number()));
    token_floors(&blocks.window(), Some(events), holder, &points(at), &logs)
}

fn at(count: usize, block: usize, log: Log) -> Blocks {
    let mut blocks = Blocks::quiet(count);
    blocks.logs[block] = vec![log];
    blocks
}

#[test]
fn without_an_event_one_proof_speaks_of_all_blocks() {
    let blocks = at(8, 3, log(weth(), TRANSFER, &[word(OTHER), word(OTHER)], &[1; 32]));
    for points in [&[(100, 50)][..], &[(107, 50)], &[(100, 50), (107, 50)]] {
        let floors = shown(&blocks, &entry(weth()), HOLDER, points);
        assert_eq!(stretches(&floors), [(100, 107, 50, Rule::Logs)], "{points:?}");
        assert_eq!((floors.minimum(), codes(&floors)), (Some(amount(50)), vec![]));
    }
    assert_eq!(shown(&blocks, &entry(weth()), HOLDER, &[]).gaps, [(100, 107)]);
}

#[test]
fn an_event_splits_the_window() {
    for topics in [[word(HOLDER), word(OTHER)], [word(OTHER), word(HOLDER)]] {
        let blocks = at(8, 3, log(weth(), TRANSFER, &topics, &[1; 32]));
        let before = shown(&blocks, &entry(weth()), HOLDER, &[(100, 50)]);
        assert_eq!((before.minimum(), before.gaps), (None, vec![(103, 107)]), "after it, nothing is shown");
        let both = shown(&blocks, &entry(weth()), HOLDER, &[(100, 50), (105, 20)]);
        assert_eq!(stretches(&both), [(100, 102, 50, Rule::Logs), (103, 107, 20, Rule::Logs)]);
    }
    // what the first block wrote is in its own end
    let first = at(8, 0, log(weth(), TRANSFER, &[word(HOLDER), word(OTHER)], &[1; 32]));
    assert_eq!(shown(&first, &entry(weth()), HOLDER, &[(107, 50)]).minimum(), Some(amount(50)));
    let foreign = at(8, 3, log(usdt(), TRANSFER, &[word(HOLDER), word(OTHER)], &[1; 32]));
    assert_eq!(shown(&foreign, &entry(weth()), HOLDER, &[(107, 50)]).minimum(), Some(amount(50)), "another token");
}

/// Wrapped ether burns without a Transfer: a list of Transfer alone would take the burn for a quiet block.
#[test]
fn wrapped_ether_is_burned_without_a_transfer() {
    let blocks = at(8, 3, log(weth(), "Withdrawal(address,uint256)", &[word(HOLDER)], &[1; 32]));
    let floors = shown(&blocks, &entry(weth()), HOLDER, &[(100, 50)]);
    assert_eq!((floors.minimum(), floors.gaps), (None, vec![(103, 107)]));
    let deposit = at(8, 3, log(weth(), "Deposit(address,uint256)", &[word(HOLDER)], &[1; 32]));
    assert_eq!(shown(&deposit, &entry(weth()), HOLDER, &[(100, 50)]).minimum(), None);
    let too_short = TokenEvents { changes: vec![], ..proxy() };
    let refuted = shown(&blocks, &too_short, HOLDER, &[(100, 50), (107, 1)]);
    assert_eq!(codes(&refuted), ["WINDOW_CONTRADICTION", "STRETCH_GAP"], "two proofs show that an event is missing");
}

/// USDT destroys blacklisted funds with the holder in the data: no bloom knows of the holder.
#[test]
fn an_unindexed_holder_is_found_in_the_receipts() {
    let data = [word(HOLDER), [1; 32]].concat();
    let blocks = at(8, 3, log(usdt(), "DestroyedBlackFunds(address,uint256)", &[], &data));
    assert!(!blocks.window().at(103).expect("a block").may_log(&word(HOLDER)));
    let floors = shown(&blocks, &entry(usdt()), HOLDER, &[(100, 50)]);
    assert_eq!((floors.minimum(), floors.gaps), (None, vec![(103, 107)]));
    assert_eq!(shown(&blocks, &entry(usdt()), OTHER, &[(100, 50)]).minimum(), Some(amount(50)));
    let short = at(8, 3, log(usdt(), "DestroyedBlackFunds(address,uint256)", &[], &[1; 31]));
    assert_eq!(shown(&short, &entry(usdt()), OTHER, &[(100, 50)]).minimum(), None, "data that names nobody");
    let issue = at(8, 3, log(usdt(), "Issue(uint256)", &[], &[1; 32]));
    assert_eq!(shown(&issue, &entry(usdt()), OTHER, &[(100, 50)]).minimum(), None, "an event that names nobody");
}

#[test]
fn a_proxy_switched_there_and_back_is_not_trusted_in_between() {
    let mut blocks = Blocks::quiet(8);
    let upgraded = |to: u8| log(weth(), "Upgraded(address)", &[], &word(EvmAddress::from_bytes([to; 20])));
    (blocks.logs[3], blocks.logs[5]) = (vec![upgraded(1)], vec![upgraded(2)]);
    let floors = shown(&blocks, &proxy(), HOLDER, &[(100, 50), (107, 50)]);
    assert_eq!(codes(&floors), ["WINDOW_CODE_CHANGED", "STRETCH_GAP"]);
    assert_eq!(stretches(&floors), [(100, 102, 50, Rule::Logs), (107, 107, 50, Rule::Proof)]);
    let deprecated = at(8, 3, log(usdt(), "Deprecate(address)", &[], &word(OTHER)));
    assert_eq!(
        codes(&shown(&deprecated, &entry(usdt()), HOLDER, &[(100, 50)])),
        ["WINDOW_CODE_CHANGED", "STRETCH_GAP"]
    );
}

/// Every block of such a chain would be a proof of absence.
#[test]
fn an_empty_bloom_shows_nothing_on_a_chain_that_leaves_it_empty() {
    let mut blocks = at(8, 3, log(weth(), TRANSFER, &[word(HOLDER), word(OTHER)], &[1; 32]));
    (blocks.chain, blocks.empty_bloom) = ("eip155:11", true);
    let floors = shown(&blocks, &entry(weth()), HOLDER, &[(100, 50), (107, 50)]);
    assert_eq!(codes(&floors), ["WINDOW_RULE_CHAIN", "STRETCH_GAP"]);
    assert_eq!(stretches(&floors), [(100, 100, 50, Rule::Proof), (107, 107, 50, Rule::Proof)]);
}

#[test]
fn a_token_without_a_list_has_no_rule() {
    let window = Blocks::quiet(8).window();
    let floors = token_floors(&window, None, HOLDER, &points(&[(100, 50), (107, 50)]), &|_| None);
    assert_eq!(codes(&floors), ["WINDOW_TOKEN_EVENTS", "STRETCH_GAP"]);
    let list = EventList::built_in().expect("the file of this version");
    let chain: ChainId = "eip155:1".parse().expect("a chain");
    let code = entry(weth()).code_hash;
    assert!(list.of(&chain, weth(), code, None).is_some());
    assert!(list.of(&chain, weth(), Digest::from_bytes([1; 32]), None).is_none(), "another code");
    assert!(list.of(&chain, weth(), code, Some(code)).is_none(), "a proxy");
    assert!(list.of(&chain, usdt(), code, None).is_none(), "another contract");
    assert!(list.of(&"eip155:10".parse().expect("a chain"), weth(), code, None).is_none(), "another chain");
}

/// A full bloom allows everything: the receipts decide, or proofs on both sides.
#[test]
fn what_a_bloom_allows_is_decided_by_receipts() {
    let mut blocks = Blocks { full_bloom: true, ..Blocks::quiet(8) };
    blocks.logs[3] = vec![log(weth(), TRANSFER, &[word(HOLDER), word(OTHER)], &[1; 32])];
    let with = shown(&blocks, &entry(weth()), HOLDER, &[(100, 50), (103, 20)]);
    assert_eq!(stretches(&with), [(100, 102, 50, Rule::Logs), (103, 107, 20, Rule::Logs)]);
    let window = blocks.window();
    let none = |_: &WindowHeader| None;
    let ends = points(&[(100, 50), (107, 20)]);
    let without = token_floors(&window, Some(&entry(weth())), HOLDER, &ends, &none);
    assert_eq!(without.gaps, [(101, 106)]);
    assert_eq!(codes(&without).iter().filter(|code| **code == "RECEIPTS_MISSING").count(), 7);
    let every: Vec<(u64, u128)> = (100..=107).map(|number| (number, 50)).collect();
    let every = token_floors(&window, Some(&entry(weth())), HOLDER, &points(&every), &none);
    assert_eq!((every.minimum(), codes(&every)), (Some(amount(50)), vec![]), "proofs of every block");
    let changing = token_floors(&window, Some(&entry(usdt())), HOLDER, &ends, &none);
    assert_eq!(stretches(&changing).len(), 2, "the event may be the one that changes the code");
    assert_eq!(changing.gaps, [(101, 106)]);
}

#[test]
fn receipts_count_only_as_a_whole() {
    let blocks = at(2, 1, log(weth(), TRANSFER, &[word(HOLDER), word(OTHER)], &[1; 32]));
    let window = blocks.window();
    let header = window.at(101).expect("a block");
    let file = blocks.receipts_file(101);
    let logs = receipts::logs(header, &file).expect("the block's receipts");
    assert_eq!(logs, blocks.logs[1]);
    let code = |file: &[u8]| receipts::logs(header, file).expect_err("refused").code().name;
    let items: Vec<Vec<u8>> = blocks.receipts(1).iter().map(|receipt| string(receipt)).collect();
    for kept in [&items[1..], &items[..4], &[]] {
        assert_eq!(code(&list(kept)), "RECEIPTS_ROOT", "{} of 5", kept.len());
    }
    assert_eq!(code(&list(&[items.clone(), vec![string(&[])]].concat())), "RECEIPTS_MALFORMED");
    for byte in 0..file.len() {
        let mut changed = file.clone();
        changed[byte] ^= 1;
        assert!(["RECEIPTS_ROOT", "RECEIPTS_MALFORMED"].contains(&code(&changed)), "byte {byte}");
    }
    for length in 0..file.len() {
        assert_eq!(code(&file[..length]), "RECEIPTS_MALFORMED", "{length} bytes");
    }
    assert_eq!(code(&vec![0; RECEIPTS_BYTES_MAX + 1]), "RECEIPTS_MALFORMED");
}

/// The attacker makes block and receipts: root and list fit, and what is inside is not what it should be.
#[test]
fn receipts_of_another_shape_are_refused() {
    let good = log(weth(), TRANSFER, &[], &[]);
    let long = Log { topics: vec![[1; 32]; 5], ..good.clone() };
    let body = |logs: Vec<u8>| list(&[string(&[1]), string(&[1]), string(&[0; 256]), logs]);
    let short_address = list(&[string(&[1; 19]), list(&[]), string(&[])]);
    let short_topic = list(&[string(&[1; 20]), list(&[string(&[1; 31])]), string(&[])]);
    for receipt in [
        receipt(5, std::slice::from_ref(&good)),
        receipt(0x7f, &[good]),
        receipt(0, &[long]),
        body(list(&[short_address])),
        body(list(&[short_topic])),
        [body(list(&[])), vec![0x80]].concat(),
        list(&[string(&[1]), string(&[1]), string(&[0; 256]), list(&[]), string(&[])]),
        list(&[]),
        vec![1],
        vec![2, 0x80],
    ] {
        let root = ordered_trie_root_encoded(&[&receipt]).0;
        let mut fields = vec![string(&[9; 32]); 21];
        (fields[5], fields[6]) = (string(&root), string(&[0xff; 256]));
        (fields[8], fields[11]) = (string(&[100]), string(&[1]));
        let header = WindowHeader::parse(&list(&fields)).expect("a header");
        let refused = receipts::logs(&header, &list(&[string(&receipt)])).expect_err("refused");
        assert_eq!(refused.code().name, "RECEIPTS_MALFORMED", "{}", hex::encode(&receipt));
    }
}

#[test]
fn lists_of_events_are_strict() {
    let text = include_str!("../events.toml");
    assert!(EventList::parse(text).is_ok());
    for (from, to) in [
        ("\"topic1\"", "\"topic0\""),
        ("\"topic1\"", "\"topic4\""),
        ("\"topic1\"", "\"topic01\""),
        ("\"word0\"", "\"word8\""),
        ("\"anyone\"", "\"nobody\""),
        ("[\"anyone\"]", "[]"),
        ("name = \"DAI\"", "name = \"DAI\"\nmore = 1"),
        ("4e36f96ee", "4E36f96ee"),
        ("0x6b1754", "0x6b175"),
    ] {
        assert!(text.contains(from) && EventList::parse(&text.replacen(from, to, 1)).is_err(), "{from} → {to}");
    }
    assert!(EventList::parse(&[text, text].concat()).is_err(), "two entries for one code");
}
