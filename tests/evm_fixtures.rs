//! Real blocks and account proofs of Ethereum mainnet, from `$COUNTERFOIL_FIXTURES/evm`.

mod mainnet_support;

use std::path::{Path, PathBuf};

use alloy_primitives::U256;
use counterfoil::asset::ChainId;
use counterfoil::code::Coded as _;
use counterfoil::hash::Digest;
use counterfoil::reserve::evm::account_proof::{self, Account};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::header::EvmHeader;
use counterfoil::reserve::evm::storage_proof;
use counterfoil::reserve::evm::token::{self, TokenEntry, TokenRegistry};
use counterfoil::reserve::evm::trie::NodePool;
use libtest_mimic::{Arguments, Failed, Trial};
use mainnet_support::{FILES, bytes, load, text};
use serde_json::Value;

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
    let mut tests: Vec<(&str, Check)> = vec![
        ("the header has the real hash", header_hash),
        ("proofs verify, for their own address only", proofs_verify),
        ("every flipped byte of every node is refused", flipped_bytes),
    ];
    if file == FILES[0] {
        tests.extend([
            ("storage proofs verify, for their own slot only", storage_proofs_verify as Check),
            ("every flipped byte of storage nodes is refused", flipped_storage),
            ("balances of USDT, DAI and WETH decode", balances_decode),
            ("USDC decodes, and is not proved", usdc_is_not_proved_without_its_implementation),
            ("the pool keeps each node once", pool_is_smaller),
        ]);
    }
    let trial = |(name, test): (&str, Check)| {
        let path = path.clone();
        Trial::test(format!("{file}: {name}"), move || test(&path))
    };
    tests.into_iter().map(trial).collect()
}

fn header(file: &Value) -> Result<EvmHeader, Failed> {
    Ok(EvmHeader::parse(&mainnet_support::header(file)?)?)
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

fn pool<'a>(nodes: impl IntoIterator<Item = &'a Vec<u8>>) -> NodePool {
    nodes.into_iter().cloned().collect()
}

fn proofs_verify(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let root: Digest = *header(&file)?.state_root();
    let proofs = proofs(&file)?;
    for proof in &proofs {
        let shown = |address, nodes: &[Vec<u8>]| account_proof::verify(&root, address, &pool(nodes));
        let account = shown(proof.address, &proof.nodes)?.ok_or("an absent account")?;
        expect(format!("0x{:x}", account.balance) == proof.balance, format!("balance of {}", proof.address))?;
        let others = proofs.iter().map(|other| other.address).chain([EvmAddress::from_bytes([0x55; 20])]);
        for other in others.filter(|other| *other != proof.address) {
            let wrong = shown(other, &proof.nodes);
            expect(wrong.is_err(), format!("the proof of {} was taken for {other}", proof.address))?;
        }
        let length = proof.nodes.len();
        for (from, to) in [(0, length - 1), (1, length), (0, 0)] {
            let wrong = shown(proof.address, &proof.nodes[from..to]);
            expect(wrong.is_err(), format!("nodes {from}..{to} of the proof of {}", proof.address))?;
        }
        let mut other_block = root.to_bytes();
        other_block[0] ^= 1;
        let wrong = account_proof::verify(&Digest::from_bytes(other_block), proof.address, &pool(&proof.nodes));
        expect(wrong.is_err(), format!("the proof of {} was taken for another block", proof.address))?;
    }
    Ok(())
}

fn flipped_bytes(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let root: Digest = *header(&file)?.state_root();
    for proof in proofs(&file)? {
        flip(&proof.nodes, |pool| account_proof::verify(&root, proof.address, pool).is_err(), &proof.address)?;
    }
    Ok(())
}

/// Every byte of every node, changed by one bit: each time the lookup must be refused.
fn flip(nodes: &[Vec<u8>], refused: impl Fn(&NodePool) -> bool, what: &impl std::fmt::Display) -> Result<(), Failed> {
    for (at, node) in nodes.iter().enumerate() {
        let others = pool(nodes.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, node)| node));
        for byte in 0..node.len() {
            let mut changed = node.clone();
            changed[byte] ^= 1;
            let mut pool = others.clone();
            pool.insert(changed);
            expect(refused(&pool), format!("{what}: node {at} byte {byte}"))?;
        }
    }
    Ok(())
}

/// A slot with its word and the nodes that show it, of one contract.
struct SlotProof {
    slot: [u8; 32],
    word: U256,
    nodes: Vec<Vec<u8>>,
}

fn slots(file: &Value, contract: &str) -> Result<Vec<SlotProof>, Failed> {
    let list = file["proofs"].as_array().ok_or("no proofs")?;
    let of = list.iter().find(|proof| proof["address"] == contract).ok_or("no such contract")?;
    let slots = of["storageProof"].as_array().ok_or("no storageProof")?;
    let slots = slots.iter().map(|proof| {
        let key = bytes(text(proof, "key")?)?;
        let mut slot = [0; 32];
        slot[32 - key.len()..].copy_from_slice(&key);
        let nodes = proof["proof"].as_array().ok_or("no proof")?;
        let nodes = nodes.iter().map(|node| bytes(node.as_str().unwrap_or_default())).collect::<Result<_, _>>()?;
        Ok(SlotProof { slot, word: U256::from_be_slice(&bytes(text(proof, "value")?)?), nodes })
    });
    slots.collect()
}

const USDC: &str = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";
const DAI: &str = "0x6b175474e89094c44da98b954eedeac495271d0f";
const WETH: &str = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";

fn contract(file: &Value, address: &str) -> Result<(Account, Vec<SlotProof>), Failed> {
    let root: Digest = *header(file)?.state_root();
    let proofs = proofs(file)?;
    let address: EvmAddress = address.parse()?;
    let proof = proofs.iter().find(|proof| proof.address == address).ok_or("no such proof")?;
    let account = account_proof::verify(&root, address, &pool(&proof.nodes))?.ok_or("no such account")?;
    Ok((account, slots(file, &address.to_string())?))
}

fn storage_proofs_verify(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    for (address, count) in [(USDC, 20), (USDT, 16), (DAI, 4), (WETH, 35)] {
        let (account, slots) = contract(&file, address)?;
        expect(slots.len() == count, format!("{} slots of {address}", slots.len()))?;
        for proof in &slots {
            let own = pool(&proof.nodes);
            let word = storage_proof::verify(&account.storage_root, &proof.slot, &own)?;
            let what = format!("slot {} of {address}", Digest::from_bytes(proof.slot));
            expect(word == proof.word, format!("{what}: {word}"))?;
            for other in slots.iter().filter(|other| other.slot != proof.slot) {
                let wrong = storage_proof::verify(&account.storage_root, &other.slot, &own);
                expect(wrong.is_err(), format!("{what} was taken for another slot"))?;
            }
            let mut root = account.storage_root.to_bytes();
            root[31] ^= 1;
            let wrong = storage_proof::verify(&Digest::from_bytes(root), &proof.slot, &own);
            expect(wrong.is_err(), format!("{what} was taken for another block"))?;
        }
    }
    Ok(())
}

/// One slot of each contract: all of them are millions of lookups.
fn flipped_storage(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    for address in [USDC, USDT, DAI, WETH] {
        let (account, slots) = contract(&file, address)?;
        for proof in slots.iter().take(2) {
            let refused = |pool: &NodePool| storage_proof::verify(&account.storage_root, &proof.slot, pool).is_err();
            flip(&proof.nodes, refused, &format!("{address} {}", Digest::from_bytes(proof.slot)))?;
        }
    }
    Ok(())
}

/// Token, holder, and the balance that its word is: liquidity pools, whose addresses anybody can look up.
const HOLDINGS: [(&str, &str, u128); 6] = [
    (USDT, "0x11b815efb8f581194ae79006d24e0d814b7697f6", 23_713_098_022_059),
    (USDT, "0x0d4a11d5eeaac28ec3f61d100daf4d40471f1852", 63_759_025_614_824),
    (DAI, "0x60594a405d53811d3bc4766596efd80fd545a270", 5_743_816_017_613_944_715_623_121),
    (DAI, "0xc2e9f25be6257c210d7adf0d4cd6e3e881ba25f8", 13_310_662_731_495_036_959_588_158),
    (WETH, "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc", 22_439_591_848_305_332_799_109),
    (WETH, "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640", 9_974_966_211_849_567_921_909),
];

/// All nodes of the file, as a bundle has them.
fn all_nodes(file: &Value) -> Result<NodePool, Failed> {
    let mut nodes: Vec<Vec<u8>> = proofs(file)?.into_iter().flat_map(|proof| proof.nodes).collect();
    for address in [USDC, USDT, DAI, WETH] {
        nodes.extend(slots(file, address)?.into_iter().flat_map(|proof| proof.nodes));
    }
    Ok(nodes.into_iter().collect())
}

fn balances_decode(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let root: Digest = *header(&file)?.state_root();
    let (nodes, registry) = (all_nodes(&file)?, TokenRegistry::built_in()?);
    let chain: ChainId = "eip155:1".parse()?;
    let (mut frozen_unknown, mut shown) = (0, 0);
    for (contract, holder, units) in HOLDINGS {
        // what is in the file is what its transactions read: it has no blacklist slot of USDT for these holders
        let without = registry.entries().iter().cloned().map(|entry| TokenEntry { frozen_slot: None, ..entry });
        let without = TokenRegistry::default().with(without.collect())?;
        let (contract, holder) = (contract.parse()?, holder.parse()?);
        let found = token::open(&without, &chain, contract, &root, &nodes)?.holding(holder)?;
        expect(found.amount.base_units() == units, format!("{contract} of {holder}: {found:?}"))?;
        match token::open(&registry, &chain, contract, &root, &nodes)?.holding(holder) {
            Ok(found) => {
                expect(!found.frozen && found.amount.base_units() == units, format!("{found:?}"))?;
                shown += 1;
            }
            Err(error) => {
                expect(error.code().name == "EVM_KEY_UNPROVEN", error)?;
                frozen_unknown += 1;
            }
        }
        let other = token::open(&without, &chain, contract, &root, &nodes)?.holding(EvmAddress::from_bytes([0x55; 20]));
        expect(other.is_err(), format!("{contract}: a holder whose slot is not in the file"))?;
    }
    expect((shown, frozen_unknown) == (4, 2), format!("{shown} {frozen_unknown}"))
}

/// USDC: slots and pointer are in the file, the account of the implementation is not. So the words decode, and the
/// token is not proved: first for the pointer's account, and with it for its code.
fn usdc_is_not_proved_without_its_implementation(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let root: Digest = *header(&file)?.state_root();
    let (nodes, registry) = (all_nodes(&file)?, TokenRegistry::built_in()?);
    let chain: ChainId = "eip155:1".parse()?;
    let refused = token::open(&registry, &chain, USDC.parse()?, &root, &nodes).err().ok_or("it was proved")?;
    expect(refused.code().name == "EVM_PROXY_UNPROVEN", &refused)?;
    let (account, _) = contract(&file, USDC)?;
    let entry = registry.entries().iter().find(|entry| entry.contract.to_string() == USDC).ok_or("no entry")?;
    let pointer = token::Pointer::Zeppelinos.slot();
    let pointer = storage_proof::verify(&account.storage_root, &pointer, &nodes)?;
    expect(format!("{pointer:#x}") == "0xa2327a938febf5fec13bacfb16ae10ecbc4cbdcf", pointer)?;
    for (holder, units) in [
        ("0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc", 53_018_075_396_366_u64),
        ("0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640", 113_062_486_606_672),
        ("0x8ad599c3a0ff1de082011efddc58f1908eb6e6d8", 42_542_279_363_017),
    ] {
        let words: Vec<U256> = entry
            .slots(holder.parse()?)
            .iter()
            .map(|slot| storage_proof::verify(&account.storage_root, slot, &nodes))
            .collect::<Result<_, _>>()?;
        expect(words == [U256::from(units), U256::ZERO], format!("{holder}: {words:?}"))?;
    }
    Ok(())
}

/// Each node once: what the answers repeat is kept once.
fn pool_is_smaller(path: &Path) -> Result<(), Failed> {
    let file = load(path)?;
    let mut answered: usize = proofs(&file)?.iter().flat_map(|proof| &proof.nodes).map(Vec::len).sum();
    for address in [USDC, USDT, DAI, WETH] {
        answered += slots(&file, address)?.iter().flat_map(|proof| &proof.nodes).map(Vec::len).sum::<usize>();
    }
    let pool = all_nodes(&file)?;
    let kept = pool.to_file();
    expect(NodePool::parse("nodes.bin", &kept)? == pool, "the file is read as another pool")?;
    expect(kept.len() < answered * 3 / 4, format!("{} of {answered} bytes", kept.len()))
}
