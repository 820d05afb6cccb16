//! Real nodes of Ethereum for tests, asked by HTTP on loopback.
#![allow(dead_code, reason = "each test uses a part")]

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use counterfoil::asset::ChainId;
use counterfoil::fetch::rpc::Client;
use counterfoil::hash::decode_lower;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::control;
use counterfoil::snapshot::BlockRef;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

pub(crate) const CHAIN: &str = "eip155:31337";
pub(crate) const START: i64 = 1_793_490_000;
/// The public keys' secrets of every such node: derived from the words test … junk.
pub(crate) const KEYS: [&str; 3] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
];

/// A test with what the variables name; left out, or failed under `CI=true`, when one is not set.
pub(crate) fn trial(
    name: &str,
    variables: &'static [&'static str],
    run: impl FnOnce(Vec<OsString>) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let found: Option<Vec<OsString>> = variables.iter().map(std::env::var_os).collect();
    let missing = format!("{} not set", variables.join(" and "));
    match found {
        Some(found) => Trial::test(name, move || run(found)),
        None if std::env::var("CI").is_ok_and(|value| value == "true") => {
            Trial::test(name, move || Err(missing.into()))
        }
        None => Trial::test(format!("{name} (left out: {missing})"), || Ok(())).with_ignored_flag(true),
    }
}

/// A node with a chain of its own; it ends with this value.
pub(crate) struct Node {
    process: Child,
    pub(crate) url: String,
    pub(crate) client: Client,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Node {
    pub(crate) fn anvil(program: &Path) -> Self {
        Self::start(program, &["--host", "127.0.0.1", "--chain-id", "31337", "--silent", "--timestamp"])
    }

    /// What `tests/nodes/install-hardhat.sh` installs.
    pub(crate) fn hardhat(program: &Path) -> Self {
        Self::start(program, &["--timestamp"])
    }

    fn start(program: &Path, arguments: &[&str]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program)
            .args(arguments)
            .args([&START.to_string(), "--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let client = Client::new(&url, None).unwrap().second_version();
        let node = Self { process, url, client };
        for _ in 0..600 {
            if node.client.ask_raw("eth_chainId", "[]").is_ok() {
                return node;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the node did not start");
    }

    pub(crate) fn ask(&self, method: &'static str, params: Value) -> Value {
        self.client.ask(method, &params.to_string()).unwrap()
    }

    /// Sends a transaction in a block of the given time; its receipt.
    pub(crate) fn send(&self, at: i64, transaction: Value) -> Value {
        self.ask("evm_setNextBlockTimestamp", json!([at]));
        let hash = self.ask("eth_sendTransaction", json!([transaction]));
        for _ in 0..100 {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash]));
            if receipt.is_object() {
                assert_eq!(receipt["status"], "0x1", "{receipt}");
                return receipt;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the transaction was not mined");
    }

    /// Sends creation code by the first account; where the contract is.
    pub(crate) fn deploy(&self, at: i64, code: &str) -> EvmAddress {
        let receipt = self.send(at, json!({"from": address(0).to_string(), "data": code, "gas": "0x989680"}));
        receipt["contractAddress"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn mine(&self, at: i64) {
        self.ask("evm_setNextBlockTimestamp", json!([at]));
        self.ask("evm_mine", json!([]));
    }

    pub(crate) fn block(&self, number: u64) -> BlockRef {
        let block = self.ask("eth_getBlockByNumber", json!([format!("0x{number:x}"), false]));
        let hash = block["hash"].as_str().unwrap().trim_start_matches("0x").parse().unwrap();
        BlockRef { chain: chain(), height: number, hash }
    }
}

pub(crate) fn chain() -> ChainId {
    CHAIN.parse().unwrap()
}

pub(crate) fn secret(at: usize) -> [u8; 32] {
    decode_lower(KEYS[at]).unwrap()
}

pub(crate) fn address(at: usize) -> EvmAddress {
    control::address_of(&secret(at)).unwrap()
}

/// An address as a word of a call.
pub(crate) fn word(address: EvmAddress) -> String {
    format!("{:0>64}", hex::encode(address.to_bytes()))
}

pub(crate) fn number(value: usize) -> String {
    format!("{value:064x}")
}

/// The creation code of a contract of the Safe, from the package.
fn artifact(contracts: &Path, path: &str) -> String {
    let file = contracts.join("build/artifacts/contracts").join(path);
    let artifact: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    artifact["bytecode"].as_str().unwrap().to_owned()
}

/// A Safe that two of three accounts control, in blocks up to [`START`] + 40.
pub(crate) fn deploy_safe(node: &Node, contracts: &Path) -> EvmAddress {
    let singleton = node.deploy(START + 10, &artifact(contracts, "Safe.sol/Safe.json"));
    let factory = node.deploy(START + 20, &artifact(contracts, "proxies/SafeProxyFactory.sol/SafeProxyFactory.json"));
    let handler = "handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json";
    let handler = node.deploy(START + 30, &artifact(contracts, handler));
    let owners: String = (0..3).map(|at| word(address(at))).collect();
    // setup(owners, threshold, to, data, handler, token, payment, receiver)
    let head = [number(256), number(2), number(0), number(384), word(handler), number(0), number(0), number(0)];
    let setup = format!("b63e800d{}{}{owners}{}", head.concat(), number(3), number(0));
    let length = setup.len() / 2;
    let padded = format!("{setup:0<width$}", width = length.next_multiple_of(32) * 2);
    // createProxyWithNonce(singleton, initializer, nonce)
    let data = format!("0x1688f0b9{}{}{}{}{padded}", word(singleton), number(96), number(7), number(length));
    let call = json!({"from": address(0).to_string(), "to": factory.to_string(), "data": data});
    let created = node.ask("eth_call", json!([call, "latest"]));
    node.send(START + 40, call);
    format!("0x{}", &created.as_str().unwrap()[26..66]).parse().unwrap()
}
