//! A node that answers what the test tells it to.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;
use crate::reserve::bitcoin::network::{genesis_hash, identifier};

const NETWORK: bitcoin::Network = bitcoin::Network::Regtest;

/// A node that gives each method its next answer, the last one again and again; it ends with the test. An answer
/// `!-1` is an error with that number.
pub(in crate::fetch) fn node(answers: &[(&str, &[&str])]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let own = |(method, texts): &(&str, &[&str])| {
        ((*method).to_owned(), texts.iter().rev().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    };
    let mut answers: BTreeMap<String, Vec<String>> = answers.iter().map(own).collect();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut request = [0; 8192];
            let mut length = 0;
            while !request[..length].ends_with(b"}") && !request[..length].ends_with(b"]") {
                length += stream.read(&mut request[length..]).expect("a request");
            }
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let method = text.split("\"method\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let queue = answers.get_mut(method.expect("a method")).expect("an expected method");
            let result = if queue.len() > 1 { queue.pop() } else { queue.first().cloned() };
            let result = result.expect("an answer");
            let body = match result.strip_prefix('!') {
                Some(code) => format!(r#"{{"result":null,"error":{{"code":{code},"message":"no"}},"id":0}}"#),
                None => format!(r#"{{"result":{result},"error":null,"id":0}}"#),
            };
            // one question in a request of many
            let many = text.contains("\r\n\r\n[");
            let body = if many { format!("[{body}]") } else { body };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

fn request(url: String) -> Request {
    Request {
        url,
        credentials: None,
        chain: identifier(NETWORK).parse().expect("a chain"),
        addresses: vec!["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080".to_owned()],
        from_height: None,
        cutoff: None,
        window: None,
    }
}

fn scan(hash: &str) -> String {
    format!(r#"{{"success":true,"height":7,"bestblock":"{hash}","unspents":[]}}"#)
}

#[test]
fn a_tip_that_keeps_moving_ends_the_attempt() {
    let genesis = format!("\"{}\"", genesis_hash(NETWORK));
    let (one, other) = ("11".repeat(32), format!("\"{}\"", "22".repeat(32)));
    let url = node(&[
        ("getblockhash", &[&genesis]),
        ("getnetworkinfo", &[r#"{"version":310000,"subversion":"/Satoshi:31.0.0/"}"#]),
        ("scantxoutset", &[&scan(&one)]),
        ("getbestblockhash", &[&other]),
    ]);
    let mut steps = Vec::new();
    let error = fetch(&request(url), Time::from_unix(0), &mut |step| steps.push(step.to_owned()));
    let error = error.expect_err("it never stands still");
    assert_eq!((error.code().number, &error), (5064, &FetchError::TipMoved { attempts: 3 }));
    assert_eq!(steps.len(), 3, "{steps:?}");
}

#[test]
fn a_scan_is_made_again_when_a_block_arrived() {
    let genesis = genesis_hash(NETWORK).to_string();
    let quoted = format!("\"{genesis}\"");
    let tip = scan(&genesis).replace("\"height\":7", "\"height\":0");
    let url = node(&[
        ("getnetworkinfo", &[r#"{"version":310000,"subversion":"/Satoshi:31.0.0/"}"#]),
        ("scantxoutset", &[&scan(&"11".repeat(32)), &tip]),
        ("getbestblockhash", &[&quoted]),
        ("getblockhash", &[&quoted]),
    ]);
    let mut steps = Vec::new();
    let result = fetch(&request(url), Time::from_unix(0), &mut |step| steps.push(step.to_owned()));
    // the node has an answer for the hash of the one header, and none for the header
    assert!(matches!(result, Err(FetchError::Unreachable { .. })), "{result:?}");
    assert_eq!(steps.len(), 3, "two scans, then headers: {steps:?}");
}

#[test]
fn a_node_of_another_chain_is_refused() {
    let other = format!("\"{}\"", genesis_hash(bitcoin::Network::Signet));
    let error = fetch(&request(node(&[("getblockhash", &[&other])])), Time::from_unix(0), &mut |_| ());
    assert!(matches!(error, Err(FetchError::OtherChain { .. })), "{error:?}");
}

#[test]
fn scans_ask_for_scripts_not_for_addresses() {
    let scripts = [bitcoin::ScriptBuf::from_bytes(vec![0x51]), bitcoin::ScriptBuf::from_bytes(vec![0x6a, 0])];
    assert_eq!(scan_params(scripts.iter().map(|script| script.as_script())), r#"["start",["raw(51)","raw(6a00)"]]"#);
    assert_eq!(scan_params([]), r#"["start",[]]"#);
}

/// A node with tip 7 and these answers about a window.
fn with_window(window: (u64, u64), more: &[(&str, &[&str])]) -> (Result<Fetched, FetchError>, Vec<String>) {
    let genesis = genesis_hash(NETWORK).to_string();
    let (quoted, tip) = (format!("\"{genesis}\""), scan(&genesis));
    let always: [(&str, &[&str]); 4] = [
        ("getnetworkinfo", &[r#"{"version":280000,"subversion":"/Satoshi:28.0.0/"}"#]),
        ("scantxoutset", &[&tip]),
        ("getbestblockhash", &[&quoted]),
        ("getblockhash", &[&quoted]),
    ];
    let url = node(&[always.as_slice(), more].concat());
    let mut steps = Vec::new();
    let asked = Request { window: Some(window), ..request(url) };
    (fetch(&asked, Time::from_unix(0), &mut |step| steps.push(step.to_owned())), steps)
}

#[test]
fn a_window_lies_below_the_tip() {
    for window in [(5, 9), (6, 5), (8, 8)] {
        let error = with_window(window, &[]).0.expect_err("no such blocks");
        assert_eq!(error.code().number, 5202, "{error}");
    }
}

#[test]
fn a_node_without_the_method_is_named_with_the_remedy() {
    let (error, steps) = with_window((6, 7), &[("getindexinfo", &["{}"]), ("getdescriptoractivity", &["!-32601"])]);
    let error = error.expect_err("an older node");
    assert_eq!(error.to_string(), "getdescriptoractivity: the node does not have this method");
    assert_eq!(error.code().number, 5201);
    assert!(error.code().remedy.contains("version 29"), "{}", error.code().remedy);
    assert!(steps.iter().any(|step| step.contains("-blockfilterindex=1")), "{steps:?}");
}

/// Behind its own index, a scan passes over blocks without a word.
#[test]
fn an_index_that_is_behind_is_not_used() {
    let behind = r#"{"basic block filter index":{"synced":true,"best_block_height":6}}"#;
    let (error, steps) = with_window((6, 7), &[("getindexinfo", &[behind]), ("getdescriptoractivity", &["!-1"])]);
    assert_eq!(error.expect_err("no answer").code().number, 5061);
    assert!(steps.iter().any(|step| step.contains("is not up to date")), "{steps:?}");
    let there = r#"{"basic block filter index":{"synced":true,"best_block_height":7}}"#;
    let stopped = r#"{"from_height":7,"to_height":7,"relevant_blocks":[],"completed":false}"#;
    let (error, steps) = with_window((6, 7), &[("getindexinfo", &[there]), ("scanblocks", &[stopped])]);
    assert_eq!(error.expect_err("a scan that was stopped").code().number, 5062);
    assert!(steps.iter().any(|step| step.contains("filters of blocks 7 to 7")), "{steps:?}");
}

/// Without a window an older node is good enough: what it cannot tell is said, and left out.
#[test]
fn later_spends_are_left_out_where_the_node_cannot_list_them() {
    let genesis = genesis_hash(NETWORK).to_string();
    let (quoted, tip) = (format!("\"{genesis}\""), scan(&genesis));
    let header = |height: u64| format!(r#"{{"mediantime":{},"height":{height}}}"#, height * 10);
    let headers = [7, 0, 3, 5, 6].map(header);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let url = node(&[
        ("getnetworkinfo", &[r#"{"version":280000,"subversion":"/Satoshi:28.0.0/"}"#]),
        ("scantxoutset", &[&tip]),
        ("getbestblockhash", &[&quoted]),
        ("getblockhash", &[&quoted]),
        ("getblockheader", &headers),
        ("getindexinfo", &["{}"]),
        ("getdescriptoractivity", &["!-32601"]),
    ]);
    let mut steps = Vec::new();
    let asked = Request { cutoff: Some(Time::from_unix(60)), ..request(url) };
    let result = fetch(&asked, Time::from_unix(0), &mut |step| steps.push(step.to_owned()));
    assert!(steps.iter().any(|step| step.contains("coins spent since the cut-off are not shown")), "{steps:?}");
    // it went on to the headers, which this node has one of
    assert!(matches!(result, Err(FetchError::Answer { method: "getblockhash", .. })), "{result:?}");
}
