//! Blocks drawn from the past: which block is the beacon, what follows from it, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod chained_support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use chained_support::{VENUE, first};
use counterfoil::asset::ChainId;
use counterfoil::code::Coded as _;
use counterfoil::json;
use counterfoil::lab::bitcoin_chain::BitcoinChain;
use counterfoil::reconcile::history;
use counterfoil::reconcile::sample::{Sample, SampleQuestion, check, draw, heights};
use counterfoil::reserve::bitcoin::beacon::{Beacon, BeaconQuery, beacon};
use counterfoil::snapshot::{BlockRef, Time};

const CUTOFF: i64 = 1_793_491_200;

/// Sixty blocks, ten minutes apart; the headers of `from` to `to`.
fn chain() -> BitcoinChain {
    let mut chain = BitcoinChain::new().unwrap();
    chain.mine_empty(Time::from_unix(CUTOFF - 30 * 600), 600, 60).unwrap();
    chain
}

fn headers(chain: &BitcoinChain, from: usize, to: usize) -> Vec<u8> {
    chain.raw_blocks().skip(from).take(to + 1 - from).flat_map(|block| block[..80].to_vec()).collect()
}

fn ask(after: i64, pins: &[BlockRef], bytes: &[u8]) -> Result<Beacon, (u16, String)> {
    let id: ChainId = chain().id().clone();
    let query = BeaconQuery { chain: &id, pins, work: None, after: Time::from_unix(after) };
    beacon(&query, bytes).map_err(|error| (error.code().number, error.to_string()))
}

#[test]
fn the_beacon_is_the_first_block_past_the_moment() {
    let chain = chain();
    let pin = chain.block(60).unwrap();
    let pins = std::slice::from_ref(&pin);
    let whole = headers(&chain, 0, 60);
    let found = ask(CUTOFF, pins, &whole).unwrap();
    // by hand: the middle one of eleven times is that of the block five before
    let times: Vec<i64> = (1..=60).map(|number| CUTOFF - 30 * 600 + (number - 1) * 600).collect();
    let expected = (1..=60_usize).find(|height| *height >= 11 && times[height - 6] > CUTOFF).unwrap();
    assert_eq!(
        (found.block.clone(), found.median.unix()),
        (chain.block(expected as u64).unwrap(), times[expected - 6])
    );
    // a second earlier or later, and the very second of a median time
    assert_eq!(ask(found.median.unix() - 1, pins, &whole), Ok(found.clone()));
    assert_eq!(ask(found.median.unix(), pins, &whole).unwrap().block.height, found.block.height + 1);
    // headers that begin later show the same one, as long as its predecessor has a median time
    let at = usize::try_from(found.block.height).unwrap();
    assert_eq!(ask(CUTOFF, pins, &headers(&chain, at - 11, 60)), Ok(found.clone()));
    let (code, detail) = ask(CUTOFF, pins, &headers(&chain, at - 10, 60)).unwrap_err();
    assert_eq!(code, 7130, "{detail}");
    assert!(detail.contains("is not shown"), "{detail}");
}

#[test]
fn headers_that_nobody_pins_show_no_beacon() {
    let chain = chain();
    let whole = headers(&chain, 0, 60);
    assert_eq!(ask(CUTOFF, &[], &whole).unwrap_err().0, 7130);
    assert_eq!(ask(CUTOFF, &[chain.block(60).unwrap()], &[]).unwrap_err().0, 7130);
    // the pin lies below the beacon: what stands above it may be anybody's
    assert_eq!(ask(CUTOFF, &[chain.block(35).unwrap()], &whole).unwrap_err().0, 7130);
    // nothing past the moment yet
    assert_eq!(ask(CUTOFF + 86_400, &[chain.block(60).unwrap()], &whole).unwrap_err().0, 7130);
    let mut cut = whole.clone();
    cut.pop();
    assert_ne!(ask(CUTOFF, &[chain.block(60).unwrap()], &cut).unwrap_err().0, 7130, "a cut file has its own code");
}

fn sample(count: u32, range: (u64, u64), committed_at: i64) -> Result<Sample, (u16, String)> {
    let chain = chain();
    let found = ask(CUTOFF, &[chain.block(60).unwrap()], &headers(&chain, 0, 60)).unwrap();
    let policy = chained_support::policy();
    let (known, _) = history(&VENUE.bundle, &policy).unwrap().unwrap();
    let evm = "eip155:1337".parse().unwrap();
    let question = SampleQuestion {
        statement: known.subject(),
        committed_at: Time::from_unix(committed_at),
        beacon: &found,
        chain: &evm,
        range,
        count,
    };
    draw(&question).map_err(|error| (error.code().number, error.to_string()))
}

#[test]
fn a_sample_follows_and_another_one_is_refused() {
    let drawn = sample(59, (1_000, 8_199), CUTOFF).unwrap();
    let by_hand = heights(&drawn.commitment, &drawn.beacon.hash, 1_000, 8_199, 59).unwrap();
    assert_eq!(drawn.heights, by_hand.iter().map(u64::to_string).collect::<Vec<_>>());
    assert_eq!(drawn.commitment, chained_support::digest(&first()));
    let chances: Vec<(&str, u64, &str)> =
        drawn.chances.iter().map(|row| (row.share.as_str(), row.blocks, row.detected.as_str())).collect();
    assert_eq!(chances[2], ("5 %", 360, "95.15 %"));
    assert_eq!(chances[4], ("0.1 %", 8, "6.34 %"), "7.2 blocks are eight");
    assert_eq!(chances[5], ("one block", 1, "0.81 %"));
    let file = json::canonical(&drawn).unwrap();
    assert_eq!(check(&file, &drawn), Ok(()));
    let other = |change: fn(&mut Sample)| {
        let mut other = drawn.clone();
        change(&mut other);
        let error = check(&json::canonical(&other).unwrap(), &drawn).unwrap_err();
        (error.code().number, error.to_string().split(':').next().unwrap_or_default().to_owned())
    };
    assert_eq!(other(|sample| sample.heights[7] = "1000".to_owned()), (7133, "heights".to_owned()));
    assert_eq!(other(|sample| sample.heights.truncate(58)), (7133, "heights".to_owned()));
    assert_eq!(other(|sample| sample.to += 1), (7133, "to".to_owned()));
    assert_eq!(other(|sample| sample.beacon.height += 1), (7133, "beacon".to_owned()));
    assert_eq!(other(|sample| sample.chances[0].detected = "100.00 %".to_owned()), (7133, "chances".to_owned()));
    assert_eq!(check(b"{}", &drawn).unwrap_err().code().number, 7132);
    assert_eq!(check(b"{", &drawn).unwrap_err().code().number, 3005);
}

#[test]
fn questions_without_an_answer_are_named() {
    assert_eq!(sample(0, (1, 2), CUTOFF).unwrap_err().0, 7131);
    assert_eq!(sample(10_001, (1, 2), CUTOFF).unwrap_err().0, 7131);
    assert_eq!(sample(1, (2, 1), CUTOFF).unwrap_err().0, 7131);
    assert_eq!(sample(1, (1, 2), CUTOFF - 1).unwrap_err().0, 7131, "before the cut-off nothing can be public");
    assert_eq!(sample(1, (1, 2), CUTOFF + 1_000_000).unwrap_err().0, 7131, "the beacon must lie past the moment");
    assert_eq!(sample(2, (5, 5), CUTOFF).unwrap().heights, ["5", "5"]);
}

fn run(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(arguments.split(' ')).current_dir(folder).output().unwrap()
}

/// The example's bundle in a folder, with a policy that pins the last block of [`chain`] as well.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in &VENUE.bundle {
        let target = folder.path().join("bundle").join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
    fs::write(folder.path().join("policy.toml"), &VENUE.policy).unwrap();
    let chain = chain();
    let pin = chain.block(60).unwrap();
    let (rest, pins) = VENUE.policy.split_once("\n[[pin]]").unwrap();
    let evm = pins.split("[[pin]]").last().unwrap();
    let other =
        format!("{rest}\n[[pin]]\nchain = \"{}\"\nheight = 60\nhash = \"{}\"\n[[pin]]{evm}", pin.chain, pin.hash);
    fs::write(folder.path().join("other.toml"), other).unwrap();
    fs::write(folder.path().join("headers.bin"), headers(&chain, 0, 60)).unwrap();
    folder
}

const QUESTION: &str = "--chain eip155:1337 --from 1000 --to 8199 --count 59 --committed-at 2026-11-01T00:00:00Z";

#[test]
fn the_command_draws_prints_and_compares() {
    let venue = folder();
    let folder = venue.path();
    let line = format!("sample blocks bundle --policy other.toml --headers headers.bin {QUESTION}");
    let text = run(folder, &line);
    let words = String::from_utf8(text.stdout).unwrap();
    assert_eq!(text.status.code(), Some(0), "{words}{}", String::from_utf8_lossy(&text.stderr));
    let drawn = sample(59, (1_000, 8_199), CUTOFF).unwrap();
    for part in [drawn.commitment.to_string(), drawn.beacon.hash.to_string(), drawn.heights.last().unwrap().clone()] {
        assert!(words.contains(&part), "{part} in {words}");
    }
    assert!(words.contains("59 drawn of 7200 blocks") && words.contains("95.15 %"), "{words}");
    assert!(words.lines().all(|line| line.chars().count() <= 90), "{words}");
    assert!(String::from_utf8_lossy(&text.stderr).contains("not Bitcoin's main chain"));
    let printed = run(folder, &format!("{line} --json"));
    assert_eq!(printed.stdout, [json::canonical(&drawn).unwrap(), b"\n".to_vec()].concat());
    fs::write(folder.join("sample.json"), &printed.stdout).unwrap();
    let same = run(folder, &format!("{line} --check sample.json"));
    assert!(String::from_utf8_lossy(&same.stdout).contains("is this one"));
    let other = String::from_utf8(printed.stdout).unwrap().replace(&drawn.heights[0], "1000");
    fs::write(folder.join("other.json"), other).unwrap();
    let refused = run(folder, &format!("{line} --check other.json"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("CF-7133"));
}

#[test]
fn the_command_says_what_is_missing() {
    let venue = folder();
    let folder = venue.path();
    let refused = |line: &str, code: &str| {
        let output = run(folder, line);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{line}: {text}");
        assert!(text.contains(code), "{line}: {text}");
    };
    // the example's chain ends before the moment
    let late = QUESTION.replace("2026-11-01T00", "2027-11-01T00");
    refused(&format!("sample blocks bundle --policy policy.toml {late}"), "CF-7130");
    let early = QUESTION.replace("2026-11-01T00", "2026-10-31T12");
    refused(&format!("sample blocks bundle --policy policy.toml {early}"), "CF-7131");
    let without = "sample blocks bundle --policy policy.toml --count 5 --committed-at 2026-11-01T00:00:00Z --chain";
    // the built-in policy asks for blocks of every chain; of a chain that the statement does not name there are none
    assert!(run(folder, &format!("{without} eip155:1337")).status.success());
    refused(&format!("{without} eip155:1"), "CF-9004");
    fs::write(folder.join("bundle/statement.json"), b"{}").unwrap();
    refused(&format!("sample blocks bundle --policy policy.toml {QUESTION}"), "CF-4002");
}
