//! Real blocks and account proofs of Ethereum mainnet, from `$COUNTERFOIL_FIXTURES/evm`.

use std::path::{Path, PathBuf};

use counterfoil::hash::Digest;
use counterfoil::reserve::evm::account_proof;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::header::{EvmHeader, encode};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const FILES: [&str; 2] = ["mainnet-18884863.json", "mainnet-18884864-accounts.json"];
/// The header's fields in the order of their RLP, as the JSON-RPC interface names them; integers lose their
/// leading zeros, everything else is bytes.
const FIELDS: [(&str, bool); 17] = [
    ("parentHash", false),
    ("sha3Uncles", false),
    ("miner", false),
    ("stateRoot", false),
    ("transactionsRoot", false),
    ("receiptsRoot", false),
    ("logsBloom", false),
    ("difficulty", true),
    ("number", true),
    ("gasLimit", true),
    ("gasUsed", true),
    ("timestamp", true),
    ("extraData", false),
    ("mixHash", false),
    ("nonce", false),
    ("baseFeePerGas", true),
    ("withdrawalsRoot", false),
];

fn main() {
    let arguments = Arguments::from_args();
    let folder = std::env::var_os("COUNTERFOIL_FIXTURES").map(PathBuf::from);
    let trials = match folder {
        Some(folder) => FILES.iter().flat_map(|file| trials(&folder, file)).collect(),
        None if std::env::var("CI").is_ok_and(|value| value == "true") => {
            vec![Trial::test("evm_fixtures", || Err("COUNTERFOIL_FIXTURES is not set".into()))]
        }
        None => vec![Trial::test("evm_fixtures [COUNTERFOIL_FIXTURES is not set]", || Ok(())).with_ignored_flag(true)],
    };
    libtest_mimic::run(&arguments, trials).exit();
}

/// One check of one file.
type Check = fn(&Path) -> Result<(), Failed>;

fn trials(folder: &Path, file: &str) -> Vec<Trial> {
    let path = folder.join("evm").join(file);
    let tests: [(&str, Check); 3] = [
        ("the header has the real hash", header_hash),
        ("proofs verify, for their own address only", proofs_verify),
        ("every flipped byte of every node is refused", flipped_bytes),
    ];
    let trial = |(name, test): (&str, Check)| {
        let path = path.clone();
        Trial::test(format!("{file}: {name}"), move || test(&path))
    };
    tests.map(trial).into()
}

fn load(path: &Path) -> Result<Value, Failed> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Failed> {
    value[name].as_str().ok_or_else(|| format!("no text {name}").into())
}

fn bytes(text: &str) -> Result<Vec<u8>, Failed> {
    let digits = text.strip_prefix("0x").ok_or("no 0x")?;
    let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
    Ok(hex::decode(even)?)
}

fn header(file: &Value) -> Result<EvmHeader, Failed> {
    let mut fields = Vec::new();
    for (name, integer) in FIELDS {
        let field = bytes(text(&file["block"], name)?)?;
        fields.push(if integer { field.into_iter().skip_while(|byte| *byte == 0).collect() } else { field });
    }
    Ok(EvmHeader::parse(&encode(&fields))?)
}

struct Proof {
    address: EvmAddress,
    nodes: Vec<Vec<u8>>,
    balance: String,
}

fn proofs(file: &Value) -> Result<Vec<Proof>, Failed> {
    let list = file["proofs"].as_array().ok_or("no proofs")?;
    let proofs = list.iter().map(|proof| {
        let nodes = proof["accountProof"].as_array().ok_or("no accountProof")?;
        let nodes = nodes.iter().map(|node| bytes(node.as_str().unwrap_or_default())).collect::<Result<_, _>>()?;
        Ok(Proof { address: text(proof, "address")?.parse()?, nodes, balance: text(proof, "balance")?.to_owned() })
    });
    let proofs: Vec<Proof> = proofs.collect::<Result<_, Failed>>()?;
    if proofs.is_empty() { Err("no proofs".into()) } else { Ok(proofs) }
}

fn expect(holds: bool, what: impl std::fmt::Display) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(what.to_string().into()) }
}

fn header_hash(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let header = header(&file)?;
    let expected = text(&file["block"], "hash")?;
    expect(format!("0x{}", header.hash()) == expected, format!("hash {}, expected {expected}", header.hash()))?;
    let number = format!("0x{:x}", header.number());
    expect(number == text(&file["block"], "number")?, number)
}

fn proofs_verify(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let root: Digest = *header(&file)?.state_root();
    let proofs = proofs(&file)?;
    for proof in &proofs {
        let account = account_proof::verify(&root, proof.address, &proof.nodes)?.ok_or("an absent account")?;
        expect(format!("0x{:x}", account.balance) == proof.balance, format!("balance of {}", proof.address))?;
        let others = proofs.iter().map(|other| other.address).chain([EvmAddress::from_bytes([0x55; 20])]);
        for other in others.filter(|other| *other != proof.address) {
            let shown = account_proof::verify(&root, other, &proof.nodes);
            expect(shown.is_err(), format!("the proof of {} was taken for {other}", proof.address))?;
        }
        let length = proof.nodes.len();
        for (from, to) in [(0, length - 1), (1, length), (0, 0)] {
            let shown = account_proof::verify(&root, proof.address, &proof.nodes[from..to]);
            expect(shown.is_err(), format!("nodes {from}..{to} of the proof of {}", proof.address))?;
        }
    }
    Ok(())
}

fn flipped_bytes(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let root: Digest = *header(&file)?.state_root();
    for proof in proofs(&file)? {
        let mut nodes = proof.nodes;
        for at in 0..nodes.len() {
            for byte in 0..nodes[at].len() {
                nodes[at][byte] ^= 1;
                let shown = account_proof::verify(&root, proof.address, &nodes);
                expect(shown.is_err(), format!("{}: node {at} byte {byte}", proof.address))?;
                nodes[at][byte] ^= 1;
            }
        }
    }
    Ok(())
}
