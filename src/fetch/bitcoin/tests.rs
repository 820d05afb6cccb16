//! A node that answers what the test tells it to.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;
use crate::reserve::bitcoin::network::{genesis_hash, identifier};

const NETWORK: bitcoin::Network = bitcoin::Network::Regtest;

/// A node that gives each method its next answer, the last one again and again; it ends with the test.
fn node(answers: &[(&str, &[&str])]) -> String {
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
            let body = format!(r#"{{"result":{},"error":null,"id":0}}"#, result.expect("an answer"));
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
    assert_eq!(error, Err(FetchError::TipMoved { attempts: 3 }));
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
    // the headers are asked for in one request of many, which this node answers with one
    assert!(matches!(result, Err(FetchError::Answer { method: "getblockhash", .. })), "{result:?}");
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
