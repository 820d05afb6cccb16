//! Against a real node of Bitcoin Core, in regtest mode on this machine: it accepts the blocks of the embedded chain,
//! `fetch` gathers its evidence, and the verifier accepts that evidence.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::process::ExitCode;

use counterfoil::amount::Amount;
use counterfoil::asset::{ChainId, DeploymentId};
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded as _;
use counterfoil::fetch::bitcoin::{Fetched, Request, fetch};
use counterfoil::fetch::rpc::{Credentials, FetchError};
use counterfoil::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use counterfoil::reserve::bitcoin::balance::balances;
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind, sign};
use counterfoil::reserve::claim::{ChainEvidence, ChainQuery, CutoffCheck};
use counterfoil::snapshot::{BlockRef, Time};
use libtest_mimic::Failed;

const START: i64 = 1_700_000_000;
const SPACING: i64 = 600;

mod node_support;

use node_support::Node;

fn main() -> ExitCode {
    node_support::with_node(&["evidence of a real node"], &[], |program, _| run(program)).exit_code()
}

trait Ask {
    fn request(&self, chain: &ChainId, addresses: &[String], cutoff: Time) -> Request;
}

impl Ask for Node {
    fn request(&self, chain: &ChainId, addresses: &[String], cutoff: Time) -> Request {
        Request {
            url: self.url.clone(),
            credentials: self.cookie(),
            chain: chain.clone(),
            addresses: addresses.to_vec(),
            from_height: Some(90),
            cutoff: Some(cutoff),
            window: None,
        }
    }
}

fn judge(fetched: &Fetched, chain: &ChainId, addresses: &[String], cutoff: Time) -> ChainEvidence {
    let files: MemoryFiles =
        fetched.files.iter().map(|(path, bytes)| (paths::chain(chain, path), bytes.clone())).collect();
    let asked: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let deployments: Vec<DeploymentId> = vec![format!("{chain}/slip44:1").parse().unwrap()];
    let query = ChainQuery {
        chain,
        pins: std::slice::from_ref(&fetched.transcript.tip),
        cutoff_block: fetched.cutoff_block.as_ref().unwrap(),
        cutoff,
        addresses: &asked,
        deployments: &deployments,
        transcript: Some((&fetched.transcript, Basis::Observed)),
    };
    balances(&query, &files).unwrap()
}

fn run(program: &std::ffi::OsStr) -> Result<(), Failed> {
    let time = |height: i64| Time::from_unix(START + height * SPACING);
    let key = AddressKey::new(&mut [7; 32]).unwrap();
    let mut chain = BitcoinChain::new()?;
    let kinds = [AddressKind::WitnessKeyHash, AddressKind::Taproot, AddressKind::KeyHash];
    let addresses: Vec<String> = kinds.into_iter().map(|kind| key.address(chain.id(), kind).unwrap()).collect();
    let stranger = AddressKey::new(&mut [8; 32]).unwrap().address(chain.id(), AddressKind::Taproot)?;
    let pay = |address: &str, units| Payment { address: address.to_owned(), amount: Amount::from_base_units(units) };
    chain.mine_empty(time(1), SPACING, 104)?;
    let several = [vec![pay(&addresses[0], 11), pay(&addresses[1], 22_000_000)], vec![pay(&addresses[2], 33)]];
    chain.mine(time(105), &several)?;
    chain.mine(time(106), &[vec![pay(&addresses[1], 44)]])?;
    chain.sweep(time(107), &key, &addresses[0], &stranger)?;
    chain.sweep(time(108), &key, &addresses[1], &stranger)?;
    chain.mine(time(109), &[vec![pay(&addresses[0], 500_000_000), pay(&addresses[1], 66)]])?;
    chain.mine_empty(time(110), SPACING, 15)?;
    chain.mine(time(125), &[vec![pay(&addresses[0], 77)]])?;

    let node = Node::start(program);
    for block in chain.raw_blocks().skip(1) {
        let answer = node.client().ask_raw("submitblock", &format!("[\"{}\"]", hex::encode(block)))?;
        assert_eq!(answer, "null", "the node refuses a block");
    }
    let cutoff = time(115);
    let asked = node.request(chain.id(), &addresses, cutoff);
    let mut steps = Vec::new();
    let fetched = fetch(&asked, time(200), &mut |step| steps.push(step.to_owned()))?;
    let whose: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let question = Question { addresses: &whose, from_height: 90, cutoff: Some(cutoff), now: time(200) };
    let own = chain.evidence(&question)?;
    assert_eq!(
        (&fetched.files, &fetched.cutoff_block),
        (&own.files, &own.cutoff_block),
        "as the embedded chain gives it"
    );
    let evidence = judge(&fetched, chain.id(), &addresses, cutoff);
    assert_eq!(evidence, judge(&own, chain.id(), &addresses, cutoff));
    let units: Vec<u128> = evidence.holdings.iter().map(|held| held.amount.base_units()).collect();
    assert_eq!(units.iter().sum::<u128>(), 500_000_000 + 66 + 33);
    assert!(evidence.holdings.iter().all(|held| held.authenticity == Basis::Proved));
    assert!(evidence.holdings.iter().all(|held| held.completeness == Completeness::UnspentObserved));
    assert_eq!((evidence.cutoff, evidence.problems), (CutoffCheck::Holds, Vec::new()));
    messages(&node, &addresses[2], chain.id(), &key)?;
    node_made(&node, &addresses, chain.id())?;
    refusals(&node, chain.id(), &addresses)
}

/// The node and this program sign the same message alike, and each accepts what the other signed.
fn messages(node: &Node, address: &str, chain: &ChainId, key: &AddressKey) -> Result<(), Failed> {
    let line = "counterfoil v1 example 1 exp 2026-12-01T00:00:00Z sha256 00";
    let proof = sign(chain, address, line, key)?;
    let secret = bitcoin::PrivateKey::from_slice(&[7; 32], bitcoin::Network::Regtest)?.to_wif();
    let params = format!(r#"["{secret}","{line}"]"#);
    assert_eq!(node.client().ask::<String>("signmessagewithprivkey", &params)?, proof.signature);
    let params = format!(r#"["{address}","{}","{line}"]"#, proof.signature);
    assert!(node.client().ask::<bool>("verifymessage", &params)?);
    Ok(())
}

/// Blocks and a payment that the node itself makes.
fn node_made(node: &Node, addresses: &[String], chain: &ChainId) -> Result<(), Failed> {
    let client = node.client();
    let blocks: Vec<String> = client.ask("generatetoaddress", &format!(r#"[101,"{}"]"#, addresses[0]))?;
    let block: serde_json::Value = client.ask("getblock", &format!(r#"["{}",2]"#, blocks[0]))?;
    let txid = block["tx"][0]["txid"].as_str().unwrap();
    let value = block["tx"][0]["vout"][0]["value"].as_number().unwrap().to_string();
    assert!(value.starts_with("50"), "{value}");
    let params = format!(r#"[[{{"txid":"{txid}","vout":0}}],[{{"{}":49.9999}}]]"#, addresses[2]);
    let unsigned: String = client.ask("createrawtransaction", &params)?;
    let mut secret = bitcoin::PrivateKey::from_slice(&[7; 32], bitcoin::Network::Regtest)?;
    let params = format!(r#"["{unsigned}",["{}"]]"#, secret.to_wif());
    secret.inner.non_secure_erase();
    let signed: serde_json::Value = client.ask("signrawtransactionwithkey", &params)?;
    client.ask_raw("sendrawtransaction", &format!(r#"["{}"]"#, signed["hex"].as_str().unwrap()))?;
    let _: Vec<String> = client.ask("generatetoaddress", &format!(r#"[30,"{}"]"#, addresses[1]))?;
    let ahead: serde_json::Value = client.ask("getblockheader", &format!(r#"["{}"]"#, blocks[60]))?;
    let cutoff = Time::from_unix(ahead["mediantime"].as_i64().unwrap());
    let request = Request { from_height: None, ..node.request(chain, addresses, cutoff) };
    let fetched = fetch(&request, cutoff, &mut |_| ())?;
    let found: BlockRef = fetched.cutoff_block.clone().unwrap();
    assert!(found.height >= ahead["height"].as_u64().unwrap());
    let evidence = judge(&fetched, chain, addresses, cutoff);
    assert_eq!(evidence.cutoff, CutoffCheck::Holds);
    assert!(evidence.problems.iter().all(|problem| problem.code.number == 5047), "{:?}", evidence.problems);
    assert!(evidence.holdings.iter().all(|held| held.authenticity == Basis::Proved));
    Ok(())
}

fn refusals(node: &Node, chain: &ChainId, addresses: &[String]) -> Result<(), Failed> {
    let time = Time::from_unix(START);
    let code = |request: &Request| {
        let error: FetchError = fetch(request, time, &mut |_| ()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        error.code().number
    };
    let mut request = node.request(chain, addresses, time);
    request.credentials = Some(Credentials::parse("user:secret")?);
    assert_eq!(code(&request), 5061);
    let mut request = node.request(chain, addresses, time);
    request.chain = "bip122:00000008819873e925422c1ff0f99f7c".parse()?;
    assert_eq!(code(&request), 5005);
    request.addresses.clear();
    assert_eq!(code(&request), 5063);
    let mut request = node.request(chain, addresses, time);
    request.url = "http://127.0.0.1:1".to_owned();
    assert_eq!(code(&request), 5060);
    request.url = "http://user:secret@127.0.0.1:1".to_owned();
    assert_eq!(code(&request), 5060);
    Ok(())
}
