//! The nonce rule on two consecutive blocks of Ethereum mainnet, from `$COUNTERFOIL_FIXTURES/evm`: five accounts, of
//! which some sent and some did not.

mod mainnet_support;

use std::path::{Path, PathBuf};

use counterfoil::hash::Digest;
use counterfoil::reserve::claim::ControlGrade;
use counterfoil::reserve::evm::account_proof::{self, Account};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::trie::NodePool;
use counterfoil::reserve::evm::window::{AccountPoint, Floors, Rule, WindowHeaders, account_floors};
use counterfoil::snapshot::BlockRef;
use libtest_mimic::{Arguments, Failed, Trial};
use mainnet_support::{FILES, bytes, header, load, text};
use serde_json::Value;

const FIRST: u64 = 18_884_863;

fn main() {
    let arguments = Arguments::from_args();
    let trials = match std::env::var_os("COUNTERFOIL_FIXTURES").map(PathBuf::from) {
        Some(folder) => trials(&folder.join("evm")),
        None if std::env::var("CI").is_ok_and(|value| value == "true") => {
            vec![Trial::test("evm_window", || Err("COUNTERFOIL_FIXTURES is not set".into()))]
        }
        None => vec![Trial::test("evm_window [COUNTERFOIL_FIXTURES is not set]", || Ok(())).with_ignored_flag(true)],
    };
    libtest_mimic::run(&arguments, trials).exit();
}

/// One check of the real files.
type Check = fn(&Files) -> Result<(), Failed>;

fn trials(folder: &Path) -> Vec<Trial> {
    let tests: [(&str, Check); 3] = [
        ("both headers are one window", window_links),
        ("who sent nothing held at least what was there before", both_ways),
        ("who is not known to have a key is shown by proofs alone", without_key),
    ];
    let trial = |(name, test): (&str, Check)| {
        let folder = folder.to_owned();
        Trial::test(name, move || test(&Files::load(&folder)?))
    };
    tests.map(trial).into()
}

struct Files {
    rlps: Vec<Vec<u8>>,
    last: BlockRef,
    /// Every account that both files have, as it was proved after each block.
    accounts: Vec<(EvmAddress, [Account; 2])>,
}

impl Files {
    fn load(folder: &Path) -> Result<Self, Failed> {
        let files: Vec<Value> = FILES.iter().map(|name| load(&folder.join(name))).collect::<Result<_, _>>()?;
        let rlps: Vec<Vec<u8>> = files.iter().map(header).collect::<Result<_, _>>()?;
        let hash = digest(&files[1]["block"], "hash")?;
        let last = BlockRef { chain: "eip155:1".parse()?, height: FIRST + 1, hash };
        let mut accounts = Vec::new();
        for proof in files[1]["proofs"].as_array().ok_or("no proofs")? {
            let address: EvmAddress = text(proof, "address")?.parse()?;
            accounts.push((address, [proved(&files[0], address)?, proved(&files[1], address)?]));
        }
        Ok(Self { rlps, last, accounts })
    }

    fn window(&self) -> Result<WindowHeaders, Failed> {
        Ok(WindowHeaders::link(&self.rlps, FIRST, &self.last)?)
    }

    fn floors(&self, address: EvmAddress, control: Option<ControlGrade>, at: &[usize]) -> Result<Floors, Failed> {
        let (_, accounts) = self.accounts.iter().find(|(known, _)| *known == address).ok_or("an account")?;
        let point = |at: &usize| AccountPoint::new(FIRST + *at as u64, address, Some(&accounts[*at]));
        let points: Option<Vec<AccountPoint>> = at.iter().map(point).collect();
        Ok(account_floors(&self.window()?, address, control, &points.ok_or("a balance")?))
    }
}

fn digest(value: &Value, name: &str) -> Result<Digest, Failed> {
    Ok(text(value, name)?.trim_start_matches("0x").parse()?)
}

/// The account of `address` under the file's own state root, whose header is part of the window.
fn proved(file: &Value, address: EvmAddress) -> Result<Account, Failed> {
    let proofs = file["proofs"].as_array().ok_or("no proofs")?;
    let is_asked = |proof: &&Value| text(proof, "address").is_ok_and(|text| text.parse() == Ok(address));
    let proof = proofs.iter().find(is_asked).ok_or_else(|| format!("no proof of {address}"))?;
    let nodes = proof["accountProof"].as_array().ok_or("no accountProof")?;
    let mut pool = NodePool::default();
    for node in nodes {
        pool.insert(bytes(node.as_str().unwrap_or_default())?);
    }
    let account = account_proof::verify(&digest(&file["block"], "stateRoot")?, address, &pool)?;
    account.ok_or_else(|| format!("{address} is absent").into())
}

fn expect(holds: bool, what: impl std::fmt::Debug) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(format!("{what:?}").into()) }
}

fn window_links(files: &Files) -> Result<(), Failed> {
    let window = files.window()?;
    expect((window.from(), window.to()) == (FIRST, FIRST + 1), (window.from(), window.to()))?;
    window.reviewed()?;
    let swapped = [files.rlps[1].clone(), files.rlps[0].clone()];
    expect(WindowHeaders::link(&swapped, FIRST, &files.last).is_err(), "swapped headers")
}

fn both_ways(files: &Files) -> Result<(), Failed> {
    let (mut stayed, mut sent) = (0, 0);
    for (address, [before, after]) in &files.accounts {
        let floors = files.floors(*address, Some(ControlGrade::KeySigned), &[0, 1])?;
        // both blocks are proved, so nothing is open, whether it sent or not
        expect(floors.gaps.is_empty(), (&address, &floors))?;
        let one = files.floors(*address, Some(ControlGrade::KeySigned), &[0])?;
        expect(one.gaps == [(FIRST + 1, FIRST + 1)], (&address, &one))?;
        if before.nonce == after.nonce {
            stayed += 1;
            expect(after.balance >= before.balance, (&address, before, after))?;
        } else {
            sent += 1;
            expect(after.nonce > before.nonce, (&address, before, after))?;
        }
        let least = before.balance.min(after.balance);
        let minimum = floors.minimum().map(|amount| amount.base_units().to_string());
        expect(minimum == Some(least.to_string()), (&address, minimum, least))?;
    }
    expect(stayed > 0 && sent > 0, format!("{stayed} stayed, {sent} sent"))
}

fn without_key(files: &Files) -> Result<(), Failed> {
    for (address, _) in &files.accounts {
        let floors = files.floors(*address, None, &[0, 1])?;
        expect(floors.stretches.iter().all(|stretch| stretch.reason == Rule::Proof), (&address, &floors))?;
        expect(floors.problems.len() == 1, (&address, &floors.problems))?;
    }
    Ok(())
}
