//! Descriptors against a real node of Bitcoin Core: the same checksums, the same addresses, and signatures that the
//! node itself checks.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::ffi::OsStr;
use std::process::ExitCode;

use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Network, PrivateKey};
use counterfoil::asset::ChainId;
use counterfoil::reserve::bitcoin::control::sign::descriptor::SigningDescriptor;
use counterfoil::reserve::bitcoin::descriptor::{DescriptorList, RangedDescriptor, derive_all, with_checksum};
use libtest_mimic::Failed;
use serde_json::{Value, json};

mod node_support;

use node_support::Node;

const LINE: &str = "counterfoil v1 example-exchange 4f1c09ab exp 2027-05-01 sha256 00ff";
const LAST: u32 = 24;

fn main() -> ExitCode {
    node_support::with_node(&["descriptors of a real node"], &[], |program, _| run(program)).exit_code()
}

fn chain() -> ChainId {
    "bip122:0f9188f13cb7b2c71f2a335e3a4fc328".parse().unwrap()
}

fn ask(node: &Node, method: &'static str, parameters: &Value) -> Value {
    let answer = node.client().ask_raw(method, &parameters.to_string());
    serde_json::from_str(answer.unwrap_or_else(|error| panic!("{method} {parameters}: {error}")).as_ref()).unwrap()
}

/// Three wallets: a key with its origin to stand before steps, public and private.
fn wallets() -> Vec<(String, String)> {
    let secp = Secp256k1::new();
    let path: DerivationPath = "84h/1h/7h".parse().unwrap();
    let wallet = |seed: u8| {
        let root = Xpriv::new_master(Network::Regtest, &[seed; 32]).unwrap();
        let account = root.derive_priv(&secp, &path).unwrap();
        let origin = format!("[{}/84h/1h/7h]", root.fingerprint(&secp));
        (format!("{origin}{}", Xpub::from_priv(&secp, &account)), format!("{origin}{account}"))
    };
    [1, 2, 3].map(wallet).to_vec()
}

/// Every kind; A, B and C are keys of the three wallets.
const BODIES: [&str; 14] = [
    "pkh(A/0/*)",
    "wpkh(A/0/*)",
    "sh(wpkh(A/1/*))",
    "tr(A/0/*)",
    "tr(A/0/*,pk(B/0/*))",
    "tr(A/0/*,{pk(B/0/*),{multi_a(2,B/1/*,C/1/*),and_v(v:pk(C/2/*),older(144))}})",
    "sh(multi(1,A/0/*,B/0/*))",
    "sh(sortedmulti(2,A/0/*,B/0/*,C/0/*))",
    "wsh(multi(2,A/0/*,B/0/*,C/0/*))",
    "wsh(sortedmulti(2,A/0/*,B/0/*,C/0/*))",
    "sh(wsh(sortedmulti(3,A/4/5/*,B/4/5/*,C/4/5/*)))",
    "wsh(or_d(pk(A/0/*),and_v(v:pkh(B/0/*),older(1000))))",
    "wpkh(A/0/2147483647)",
    "wsh(multi(1,A/7))",
];

fn filled(body: &str, wallets: &[(String, String)], private: bool) -> String {
    let key = |number: usize| if private { &wallets[number].1 } else { &wallets[number].0 };
    body.replace("A/", &format!("{}/", key(0)))
        .replace("B/", &format!("{}/", key(1)))
        .replace("C/", &format!("{}/", key(2)))
}

fn addresses(node: &Node, text: &str, ranged: bool) -> Vec<String> {
    let parameters = if ranged { json!([text, [0, LAST]]) } else { json!([text]) };
    serde_json::from_value(ask(node, "deriveaddresses", &parameters)).unwrap()
}

fn run(program: &OsStr) -> Result<(), Failed> {
    let node = Node::start(program);
    let wallets = wallets();
    let mut all = Vec::new();
    for body in BODIES {
        let ranged = body.contains('*');
        let last = ranged.then_some(LAST);
        let ours = RangedDescriptor::read(&chain(), &with_checksum(&filled(body, &wallets, false))?, last)?;
        let [ours] = ours.as_slice() else { panic!("{body}: one path") };
        let info = ask(&node, "getdescriptorinfo", &json!([ours.text()]));
        assert_eq!((&info["hasprivatekeys"], &info["isrange"]), (&json!(false), &json!(ranged)), "{body}");
        let checksum = ours.text().rsplit('#').next();
        assert_eq!(info["checksum"].as_str(), checksum, "{body}");
        let derived = derive_all(std::slice::from_ref(ours))?;
        let mut by_index: Vec<(u32, String)> = derived.into_iter().map(|one| (one.from.index, one.address)).collect();
        by_index.sort();
        let by_index: Vec<String> = by_index.into_iter().map(|(_, address)| address).collect();
        assert_eq!(by_index, addresses(&node, ours.text(), ranged), "{body}");
        let private = with_checksum(&filled(body, &wallets, true))?;
        let signing = SigningDescriptor::read(&chain(), &private, last)?;
        let own: Result<Vec<String>, _> = (0..signing.count()).map(|index| signing.address(index)).collect();
        assert_eq!(own?, by_index, "{body}, from private keys");
        all.push(ours.clone());
    }
    let list = DescriptorList::new(all)?;
    assert_eq!(DescriptorList::parse(&list.to_file()?)?.descriptors().len(), BODIES.len());
    private_keys_only(&node, &wallets)
}

/// What needs private keys to be derived, and signatures that the node checks itself.
fn private_keys_only(node: &Node, wallets: &[(String, String)]) -> Result<(), Failed> {
    let hardened = with_checksum(&filled("pkh(A/0h/*h)", wallets, true))?;
    let signing = SigningDescriptor::read(&chain(), &hardened, Some(LAST))?;
    let expected = addresses(node, &hardened, true);
    for (index, address) in (0..).zip(&expected) {
        let proof = signing.sign(index, LINE, true)?;
        assert_eq!(proof.address, *address);
        let good = |line: &str| ask(node, "verifymessage", &json!([address, proof.signature, line]));
        assert_eq!((good(LINE), good("another line")), (json!(true), json!(false)));
    }
    let wif = PrivateKey::from_slice(&[7; 32], Network::Regtest)?.to_wif();
    for body in [format!("pkh({wif})"), format!("wpkh({wif})"), format!("tr({wif})")] {
        let text = with_checksum(&body)?;
        let own = SigningDescriptor::read(&chain(), &text, None)?.address(0)?;
        assert_eq!(vec![own], addresses(node, &text, false));
    }
    Ok(())
}
