//! Windows on Bitcoin: what an honest one shows, and each lie by the code that names it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use bitcoin::OutPoint;
use bitcoin::hashes::Hash as _;
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded as _;
use counterfoil::reserve::bitcoin::activity::{Activity, ActivityKind};
use counterfoil::reserve::bitcoin::window::WindowError;
use counterfoil::reserve::bitcoin::window::file::{OpeningCoin, WindowFile, order};
use counterfoil::reserve::transcript::Transcript;
use counterfoil::reserve::window::WindowEvidence;

mod window_support;

use window_support::{COIN, FROM, SPACING, START, Story, TO};

fn list(story: &Story) -> WindowFile {
    WindowFile::parse(&story.files[&story.path(paths::WINDOW)]).unwrap()
}

/// The files with another list.
fn with(story: &Story, change: impl FnOnce(&mut WindowFile)) -> MemoryFiles {
    let mut list = list(story);
    change(&mut list);
    list.events.sort_by_key(order);
    let mut files = story.files.clone();
    files.insert(story.path(paths::WINDOW), list.to_bytes().unwrap());
    files
}

fn refused(result: Result<WindowEvidence, WindowError>) -> u16 {
    result.expect_err("a refusal").code().number
}

fn at(list: &WindowFile, height: u64, kind: ActivityKind) -> usize {
    list.events.iter().position(|event| (event.height, event.kind) == (height, kind)).unwrap()
}

/// Without transactions nothing is proved, and the list alone is held against itself.
fn unproved(mut files: MemoryFiles) -> MemoryFiles {
    files.retain(|path, _| !path.contains("/txs/"));
    files
}

#[test]
fn an_honest_window_shows_every_transfer() {
    let story = Story::tell();
    let evidence = story.window(&story.files).unwrap();
    assert_eq!((evidence.from, evidence.to, evidence.tip.height), (FROM, TO, story.tip().height));
    assert_eq!((evidence.authenticity, evidence.completeness), (Basis::Proved, Completeness::UnspentObserved));
    assert_eq!((&evidence.problems, &evidence.gaps), (&Vec::new(), &Vec::new()));
    let opening: u128 = evidence.opening.iter().map(|part| part.amount.base_units()).sum();
    assert_eq!(opening, 15 * COIN);
    let heights: Vec<u64> = evidence.transfers.iter().map(|transfer| transfer.height).collect();
    assert_eq!(heights, [108, 113, 115, 117]);
    let [borrowed, returned, ..] = evidence.transfers.as_slice() else { panic!("{heights:?}") };
    assert_eq!((borrowed.from[0].name.as_str(), borrowed.to[0].name.as_str()), (&*story.lender, &*story.lender));
    assert_eq!(borrowed.received[0].amount.base_units(), 8 * COIN);
    assert_eq!((returned.to[0].name.as_str(), returned.to[0].amount.unwrap().base_units()), (&*story.lender, 8 * COIN));
    assert!(returned.from.is_empty() && returned.spent.len() == 3);
    assert_eq!(evidence.times[&FROM], START + (FROM.cast_signed() - 5) * SPACING, "the median time");
}

#[test]
fn what_the_list_rests_on_is_said() {
    let story = Story::tell();
    let addresses = [story.hot.as_str(), story.cold.as_str()];
    let mut scan_only = story.transcript.clone();
    scan_only.calls.truncate(1);
    for transcript in [None, Some(&scan_only)] {
        let evidence = story.judge(&story.files, transcript, &addresses, None).unwrap();
        assert_eq!(evidence.completeness, Completeness::UnspentStated);
    }
    let judge = |transcript, first, heights| {
        let replay = story.replay(first, heights);
        story.judge(&story.files, transcript, &addresses, Some(&replay)).unwrap().completeness
    };
    let (from, to) = (usize::try_from(FROM).unwrap(), usize::try_from(TO).unwrap());
    assert_eq!(judge(None, 0, 1..=130), Completeness::Replayed, "from the first block of the chain on");
    assert_eq!(judge(None, 0, 1..=to), Completeness::Replayed);
    assert_eq!(judge(Some(&story.transcript), 0, 1..=to - 1), Completeness::UnspentObserved, "a block too few");
    let since = Completeness::UnspentUntilSpend;
    assert_eq!(judge(None, from + 1, from + 1..=to), since, "every coin of the start was spent since");
    assert_eq!(judge(None, 0, 100..=to), since, "what was there before is not known");
    assert_eq!(judge(Some(&scan_only), 0, from + 2..=to), Completeness::UnspentStated);
}

/// What the list leaves out, or has more, the blocks show.
#[test]
fn whole_blocks_refute_a_list() {
    let story = Story::tell();
    let addresses = [story.hot.as_str(), story.cold.as_str()];
    let whole = story.replay(0, 1..=130);
    let judge = |files: MemoryFiles| refused(story.judge(&unproved(files), None, &addresses, Some(&whole)));
    let came_and_went = with(&story, |list| {
        let borrowed = list.events[at(list, 108, ActivityKind::Receive)].coin;
        list.events.retain(|event| event.coin != borrowed);
    });
    assert_eq!(judge(came_and_went), 5217);
    let never_left = with(&story, |list| {
        let place = at(list, 117, ActivityKind::Spend);
        list.events.remove(place);
    });
    assert_eq!(judge(never_left), 5217);
    let poorer = with(&story, |list| {
        let coin = list.events[at(list, 117, ActivityKind::Spend)].coin;
        list.opening.retain(|opening| opening.coin != coin);
        list.events.retain(|event| event.coin != coin);
    });
    assert_eq!(judge(poorer), 5217);
    let more = with(&story, |list| {
        let coin = OutPoint { txid: bitcoin::Txid::all_zeros(), vout: 0 };
        let opening = OpeningCoin { coin, ..list.opening[0].clone() };
        list.opening.insert(0, opening);
    });
    assert_eq!(judge(more), 5217, "a coin at the start that no block made");
}

#[test]
fn blocks_that_the_node_was_not_asked_about_are_gaps() {
    let story = Story::tell();
    let mut transcript = story.transcript.clone();
    let tip = story.tip().height;
    let (params, result) = (format!(",{},{tip},", FROM + 1), format!("\"from_height\":{}", FROM + 1));
    let scan = &mut transcript.calls[1];
    assert!(scan.params.contains(&params) && scan.result.contains(&result));
    scan.params = scan.params.replace(&params, &format!(",111,{tip},"));
    scan.result = scan.result.replace(&result, "\"from_height\":111");
    let addresses = [story.hot.as_str(), story.cold.as_str()];
    let evidence = story.judge(&story.files, Some(&transcript), &addresses, None).unwrap();
    assert_eq!(evidence.gaps, [(109, 110)], "108 was asked about");
}

#[test]
fn missing_proofs_are_stated_and_told() {
    let story = Story::tell();
    let evidence = story.window(&unproved(story.files.clone())).unwrap();
    assert_eq!(evidence.authenticity, Basis::Stated);
    assert!(evidence.problems.iter().all(|problem| problem.code.number == 5216) && evidence.problems.len() == 7);
    assert!(evidence.transfers.iter().all(|transfer| transfer.authenticity == Basis::Stated));
    let last = evidence.transfers.last().unwrap();
    let without = |path: &str| {
        let mut files = story.files.clone();
        files.remove(&story.path(path)).unwrap();
        story.window(&files).unwrap().transfers.last().unwrap().authenticity
    };
    assert_eq!(without(&paths::transaction(&last.txid)), Basis::Stated);
    let block = story.chain.block(117).unwrap().hash.to_string();
    assert_eq!(without(&paths::merkle_block(&block)), Basis::Stated);
    let made = last.spent[0].id.split_once(':').unwrap().0;
    assert_eq!(without(&paths::transaction(made)), Basis::Stated, "the amount of a spent coin needs what made it");
}

#[test]
fn files_of_another_form_are_refused() {
    let story = Story::tell();
    let good = story.files[&story.path(paths::WINDOW)].clone();
    let text = String::from_utf8(good.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let swapped = [&lines[..3], &[lines[4], lines[3]], &lines[5..]].concat().join("\n") + "\n";
    for bad in [
        String::new(),
        "\n".to_owned(),
        text.trim_end().to_owned(),
        lines[..lines.len() - 1].join("\n") + "\n",
        swapped,
        text.replacen("window-v1", "window-v2", 1),
        text.replacen("\"from\":\"107\"", "\"from\":\"121\"", 1),
        text.replacen("\"to\":\"120\"", "\"to\":\"900\"", 1),
        text.replacen("\"height\":\"130\"", "\"height\":\"18446744073709551615\"", 1),
        text.replacen("\"kind\":\"spend\"", "\"kind\":\"burn\"", 1),
        text.replacen(":0\"", ":00\"", 1),
        text.replacen("\"script\":\"0014", "\"script\":\"001G", 1),
        text.replacen("\"place\":\"1\"", "\"place\":\"01\"", 1),
        text.replacen("\"height\":\"108\"", "\"height\":\"107\"", 1),
        text.replacen("\"amount\"", " \"amount\"", 1),
    ] {
        let mut files = story.files.clone();
        files.insert(story.path(paths::WINDOW), bad.clone().into_bytes());
        assert_eq!(refused(story.window(&files)), 5203, "{bad}");
    }
    // whatever byte changes: never a panic, and never another curve
    let honest = story.window(&story.files).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let mut files = story.files.clone();
        files.insert(story.path(paths::WINDOW), bytes);
        if let Ok(other) = story.window(&files) {
            assert_eq!((other.opening, other.transfers.len()), (honest.opening.clone(), 4), "byte {at}");
        }
    }
}

#[test]
fn another_chain_is_refused() {
    let story = Story::tell();
    let later = story.chain.block(story.tip().height - 1).unwrap();
    assert_eq!(refused(story.window(&with(&story, |list| list.tip = later))), 5204, "the node answered elsewhere");
    let files = with(&story, |list| list.tip.chain = "bip122:000000000019d6689c085ae165831e93".parse().unwrap());
    assert_eq!(refused(story.window(&files)), 5204);
    let files = with(&story, |list| list.tip.hash = "11".repeat(32).parse().unwrap());
    assert_eq!(refused(story.window(&files)), 5204);
    assert_eq!(refused(story.window(&with(&story, |list| list.from = 3))), 5204, "below the headers");
    let mut files = story.files.clone();
    files.remove(&story.path(paths::HEADERS));
    assert_eq!(refused(story.window(&files)), 5204);
}

#[test]
fn coins_that_cannot_be_are_refused() {
    let story = Story::tell();
    assert_eq!(
        refused(story.judge(&story.files, None, &[&story.hot], None)),
        5205,
        "nobody asked for the cold address"
    );
    let twice = with(&story, |list| {
        let event = &list.events[at(list, 108, ActivityKind::Receive)];
        let Activity { coin, script, amount, .. } = event.clone();
        list.opening.push(OpeningCoin { coin, height: FROM, script, amount });
        list.opening.sort_by_key(|coin| coin.coin);
    });
    assert_eq!(refused(story.window(&twice)), 5206);
    let again = with(&story, |list| {
        let mut event = list.events[at(list, 117, ActivityKind::Spend)].clone();
        event.height = 118;
        event.block = counterfoil::reserve::bitcoin::network::internal(story.chain.block(118).unwrap().hash);
        list.events.push(event);
    });
    assert_eq!(refused(story.window(&again)), 5207);
    let early = with(&story, |list| {
        let borrowed = list.events[at(list, 108, ActivityKind::Receive)].clone();
        let spend = list.events.iter_mut().find(|event| event.coin == borrowed.coin && event.height == 113).unwrap();
        (spend.height, spend.place, spend.block) = (108, 0, borrowed.block);
    });
    assert_eq!(refused(story.window(&unproved(early))), 5208);
    let unknown = with(&story, |list| {
        list.opening.pop();
    });
    assert_eq!(refused(story.window(&unknown)), 5209);
    let late = with(&story, |list| list.opening[0].height = FROM + 1);
    assert_eq!(refused(story.window(&late)), 5210);
}

#[test]
fn proofs_that_say_something_else_are_refused() {
    let story = Story::tell();
    let less = |amount: &mut counterfoil::amount::Amount| {
        *amount = counterfoil::amount::Amount::from_base_units(amount.base_units() - 1);
    };
    let received = with(&story, |list| {
        let place = at(list, 108, ActivityKind::Receive);
        less(&mut list.events[place].amount);
    });
    assert_eq!(refused(story.window(&received)), 5211);
    let spent = with(&story, |list| {
        let place = at(list, 117, ActivityKind::Spend);
        less(&mut list.events[place].amount);
    });
    assert_eq!(refused(story.window(&spent)), 5211);
    assert_eq!(refused(story.window(&with(&story, |list| less(&mut list.opening[0].amount)))), 5211);
    let elsewhere = with(&story, |list| {
        let place = at(list, 117, ActivityKind::Spend);
        list.events[place].place += 1;
    });
    assert_eq!(refused(story.window(&elsewhere)), 5211);
    let other_block = with(&story, |list| {
        let place = at(list, 117, ActivityKind::Spend);
        list.events[place].height = 116;
    });
    assert_eq!(refused(story.window(&other_block)), 5211);
    let no_input = with(&story, |list| {
        let place = at(list, 117, ActivityKind::Spend);
        list.events[place].coin = OutPoint { txid: bitcoin::Txid::all_zeros(), vout: 0 };
    });
    assert!([5211, 5212].contains(&refused(story.window(&no_input))));
    let block = story.chain.block(117).unwrap().hash.to_string();
    let mut files = story.files.clone();
    files.get_mut(&story.path(&paths::merkle_block(&block))).unwrap()[90] ^= 1;
    assert!((5030..5040).contains(&refused(story.window(&files))));
}

/// A venue gains by hiding what left, or by adding what never came.
#[test]
fn what_is_left_out_shows() {
    let story = Story::tell();
    let half = with(&story, |list| {
        let place = at(list, 113, ActivityKind::Receive);
        list.events.remove(place);
    });
    assert_eq!(refused(story.window(&half)), 5212, "its own transaction shows the change");
    let whole = with(&story, |list| {
        let place = at(list, 117, ActivityKind::Spend);
        list.events.remove(place);
    });
    assert_eq!(refused(story.window(&whole)), 5213, "the coin is not there at the end");
    let never_left = with(&story, |list| list.events.retain(|event| event.height < 113));
    assert_eq!(refused(story.window(&never_left)), 5213);
    let came_and_went = with(&story, |list| {
        let borrowed = list.events[at(list, 108, ActivityKind::Receive)].coin;
        list.events.retain(|event| event.coin != borrowed);
    });
    assert_eq!(refused(story.window(&unproved(came_and_went))), 5214, "the node's signed answer has it");
}

#[test]
fn changed_answers_of_the_node_are_refused() {
    let story = Story::tell();
    let addresses = [story.hot.as_str(), story.cold.as_str()];
    let changed = |change: &dyn Fn(&mut Transcript)| {
        let mut transcript = story.transcript.clone();
        change(&mut transcript);
        refused(story.judge(&story.files, Some(&transcript), &addresses, None))
    };
    let nothing = |transcript: &mut Transcript| transcript.calls[2].result = "{\"activity\":[]}".to_owned();
    assert_eq!(changed(&nothing), 5214);
    for bad in ["", "{}", "{\"activity\":[{}]}", "{\"activity\":[{\"type\":\"burn\",\"amount\":1}]}"] {
        assert_eq!(changed(&|transcript| transcript.calls[2].result = bad.to_owned()), 5215, "{bad}");
    }
    assert_eq!(changed(&|transcript| transcript.calls[2].params = "[]".to_owned()), 5215);
    let replace = |call: usize, from: &'static str, to: &'static str| {
        move |transcript: &mut Transcript| {
            let call = &mut transcript.calls[call];
            assert!(call.result.contains(from), "{from}");
            call.result = call.result.replacen(from, to, 1);
        }
    };
    assert_eq!(changed(&replace(1, "true", "false")), 5215, "a scan that was stopped");
    assert_eq!(changed(&replace(1, "\"from_height\":108", "\"from_height\":109")), 5215);
    assert_eq!(changed(&replace(2, "\"height\":108", "\"height\":109")), 5215, "two heights for one block");
    assert_eq!(changed(&replace(2, "8.00000000", "-8.00000000")), 5215);
    let twice = |transcript: &mut Transcript| {
        let mut other = transcript.calls[2].clone();
        other.result = other.result.replacen("8.00000000", "9.00000000", 1);
        transcript.calls.push(other);
    };
    assert_eq!(changed(&twice), 5215, "one coin in two ways");
}

/// Whatever byte of a question or answer changes: no panic, and never another curve.
#[test]
fn every_changed_answer_is_refused_or_says_the_same() {
    let story = Story::tell();
    let addresses = [story.hot.as_str(), story.cold.as_str()];
    let honest = story.window(&story.files).unwrap();
    for (call, result) in [(1, false), (1, true), (2, false), (2, true)] {
        let original = &story.transcript.calls[call];
        let length = if result { original.result.len() } else { original.params.len() };
        for at in (0..length).step_by(5) {
            let mut transcript = story.transcript.clone();
            let changed = &mut transcript.calls[call];
            let text = if result { &mut changed.result } else { &mut changed.params };
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= if bytes[at] == b'9' { 8 } else { 1 };
            *text = String::from_utf8(bytes).unwrap();
            if let Ok(other) = story.judge(&story.files, Some(&transcript), &addresses, None) {
                assert_eq!((&other.opening, &other.transfers), (&honest.opening, &honest.transfers), "byte {at}");
            }
        }
    }
}

/// Without the transaction that paid the lender, nobody sees that the coins went back to it.
#[test]
fn attack_r1_a_sender_that_is_kept_back_is_told() {
    let story = Story::tell();
    let honest = story.window(&story.files).unwrap();
    let borrowed = &story.files[&story.path(&paths::transaction(&honest.transfers[0].txid))];
    let borrowed: bitcoin::Transaction = bitcoin::consensus::deserialize(borrowed).unwrap();
    let paid = borrowed.input[0].previous_output.txid.to_string();
    let mut files = story.files.clone();
    files.remove(&story.path(&paths::transaction(&paid))).unwrap();
    let evidence = story.window(&files).unwrap();
    assert_eq!(evidence.transfers[0].from[0].amount, None, "no name to pay back");
    let codes: Vec<u16> = evidence.problems.iter().map(|problem| problem.code.number).collect();
    assert_eq!(codes, [5216]);
}
