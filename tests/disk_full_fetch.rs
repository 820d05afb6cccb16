//! A disk that fills up while evidence is gathered from real nodes: it is there whole or not at all, and a journal that
//! is appended to goes on where it was.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]
#![allow(dead_code, reason = "the nodes' modules have more than is used here")]

mod cli_support;
mod disk_support;
mod evm_support;
mod node_support;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use cli_support::{ADDRESS, REGTEST, done};
use counterfoil::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use counterfoil::snapshot::Time;
use disk_support::{Case, case, filled, mounts};
use evm_support::{CHAIN, START, address, trial};
use libtest_mimic::{Arguments, Failed, Trial};

/// Seconds between two blocks, and blocks before anything is asked.
const BLOCK: i64 = 10;
const BLOCKS: i64 = 4;
/// The disk of the journal: some lines fit.
const SMALL: &str = "24k";
/// Longer than any command takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let trials = if mounts() {
        vec![
            trial("fetch bitcoin", &["BITCOIND"], |found| bitcoin(&found[0])),
            trial("fetch evm", &["ANVIL"], |found| evm(Path::new(&found[0]))),
            trial("fetch evm --watch", &["ANVIL"], |found| watch(Path::new(&found[0]))),
        ]
    } else {
        let name = "fetch (ignored: this system lets nobody mount a disk)";
        vec![Trial::test(name, || Ok(())).with_ignored_flag(true)]
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A command that fetches into `disk/fetched`. The folders that the evidence would have been in stay, and are empty.
fn fetches(name: &'static str, chain: &str, line: String) -> Result<(), Failed> {
    let output = format!("fetched/chains/{}/transcript.json", chain.replace(':', "_"));
    let fetched = Case { line, goes_on: true, ..case(name, "", &output) };
    Ok(filled(&fetched)?)
}

fn bitcoin(program: &OsStr) -> Result<(), Failed> {
    let node = node_support::Node::start(program);
    node.client().ask_raw("generatetoaddress", &format!("[3, \"{ADDRESS}\"]"))?;
    let line = format!(
        "fetch bitcoin --url {} --cookie-file {} --chain {REGTEST} --addresses addresses.jsonl --from-height 0 \
         --node-key signing-a.key --out disk/fetched",
        node.url,
        node.cookie_file().display()
    );
    fetches("fetch bitcoin", REGTEST, line)
}

/// A node with some blocks, and a folder with the set of an address that has ether on it.
fn evm_chain(anvil: &Path) -> (evm_support::Node, tempfile::TempDir) {
    let node = evm_support::Node::anvil(anvil);
    for block in 1..=BLOCKS {
        node.mine(START + block * BLOCK);
    }
    let entry = AddressEntry {
        salt: "00".repeat(16),
        address: address(1).to_string(),
        chain: evm_support::chain(),
        custodian: None,
        descriptor: None,
        encumbrance: None,
        issuer: IssuerRelation::None,
        role: Role::Cold,
    };
    let folder = tempfile::tempdir().unwrap();
    let set = AddressSet::from_entries(vec![entry]).unwrap();
    fs::write(folder.path().join("addresses.jsonl"), set.to_file().unwrap()).unwrap();
    done(folder.path(), "keygen --out node.key");
    (node, folder)
}

fn question(node: &evm_support::Node, folder: &Path) -> String {
    format!(
        "fetch evm --url {} --chain {CHAIN} --addresses {} --cutoff {}",
        node.url,
        folder.join("addresses.jsonl").display(),
        Time::from_unix(START + 2 * BLOCK)
    )
}

fn evm(anvil: &Path) -> Result<(), Failed> {
    let (node, folder) = evm_chain(anvil);
    let line = format!("{} --node-key signing-a.key --out disk/fetched", question(&node, folder.path()));
    fetches("fetch evm", CHAIN, line)
}

/// A shell that ends with this value.
struct Shell(Child);

impl Drop for Shell {
    fn drop(&mut self) {
        // `timeout` passes it on to the shell and the watch
        let _ = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// Mines a block every moment until a file is there.
fn mine_until(node: &evm_support::Node, number: &mut i64, file: &Path) -> Result<(), Failed> {
    let begun = Instant::now();
    while !file.exists() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("{} never comes", file.display()).into());
        }
        *number += 1;
        node.mine(START + *number * BLOCK);
        std::thread::sleep(Duration::from_millis(300));
    }
    Ok(())
}

/// The watch ends when its disk is full, and goes on when there is room.
fn watch(anvil: &Path) -> Result<(), Failed> {
    let (node, folder) = evm_chain(anvil);
    let command =
        format!("{} {} --watch disk/journal", env!("CARGO_BIN_EXE_counterfoil"), question(&node, folder.path()));
    let script = format!(
        "mkdir disk && mount -t tmpfs -o size={SMALL} tmpfs disk || exit 9
         {command} 2>full.said; echo $? >full.code; ls -a disk >full.listed; mv full.code full.done
         mount -o remount,size=8m disk || exit 9
         lines=$(wc -l <disk/journal)
         {command} 2>again.said & watch=$!
         until [ $(wc -l <disk/journal) -gt $((lines + 2)) ]; do sleep 0.1; done
         kill -INT $watch; wait $watch; echo $? >again.code; cp disk/journal journal; mv again.code again.done"
    );
    let _shell = Shell(
        Command::new("unshare")
            .current_dir(folder.path())
            .args(["-rm", "timeout", &PATIENCE.as_secs().to_string(), "sh", "-c", &script])
            .spawn()?,
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let mut number = BLOCKS;
    mine_until(&node, &mut number, &folder.path().join("full.done"))?;
    let said = read("full.said");
    assert!(said.contains("No space left on device") && said.contains("disk/journal"), "{said}");
    assert_eq!(read("full.done").trim(), "2", "{said}");
    assert!(!read("full.listed").contains(".counterfoil-"), "{}", read("full.listed"));
    mine_until(&node, &mut number, &folder.path().join("again.done"))?;
    let said = read("again.said");
    assert_eq!(read("again.done").trim(), "0", "{said}");
    // nothing of the journal is lost: its blocks are without a gap, and give evidence
    let range = said.lines().find_map(|line| line.split_once("journal has blocks ")?.1.split_once(" to "));
    let (first, rest) = range.unwrap_or_else(|| panic!("{said}"));
    let last: u64 = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse()?;
    let first: u64 = first.parse()?;
    assert!(last > first + 3, "{said}");
    let line = format!(
        "{} --node-key node.key --window {}..{} --watched journal --out bundle",
        question(&node, folder.path()),
        first + 1,
        last - 1
    );
    done(folder.path(), &line);
    Ok(())
}
