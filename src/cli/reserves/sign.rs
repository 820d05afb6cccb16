//! `reserves sign`: signatures by keys from a file or from standard input, never from the command line.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use zeroize::Zeroizing;

use crate::asset::ChainId;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Readers, TEXT_SIZE_MAX};
use crate::cli::wording::counted;
use crate::cli::{Outcome, challenge, remark, say};
use crate::hash::decode_lower;
use crate::json::{self, uint};
use crate::reserve::address_set::AddressSet;
use crate::reserve::bitcoin::control::sign::descriptor::SigningDescriptor;
use crate::reserve::bitcoin::control::sign::{AddressKey, sign, sign_legacy};
use crate::reserve::claim::ControlProof;
use crate::reserve::evm;

/// Sign a challenge with keys from a file.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("keys").required(true).multiple(true).args(["keys_file", "descriptors_file"]))]
pub(crate) struct Args {
    /// The challenge document
    challenge: PathBuf,
    /// Lines of CHAIN ADDRESS KEY (WIF on Bitcoin, 64 hexadecimal digits on EVM chains), readable by its owner only; -
    /// is standard input
    #[arg(long, value_name = "FILE")]
    keys_file: Option<PathBuf>,
    /// Lines of CHAIN DESCRIPTOR and, where it ends in /*, the last index: with checksum and private keys (xprv, WIF),
    /// readable by its owner only; - is standard input
    #[arg(long, value_name = "FILE")]
    descriptors_file: Option<PathBuf>,
    /// Sign only for addresses of this set
    #[arg(long, value_name = "FILE")]
    addresses: Option<PathBuf>,
    /// Sign P2PKH addresses in the legacy form instead of BIP-137
    #[arg(long)]
    legacy: bool,
    /// Sign on EVM chains in a typed message (EIP-712), which names the chain, instead of EIP-191
    #[arg(long)]
    eip712: bool,
    /// Sign for this Safe with keys of its owners, the keys file has their addresses; `challenge collect` puts what
    /// several owners signed together
    #[arg(long, value_name = "ADDRESS", requires = "keys_file")]
    #[arg(conflicts_with_all = ["descriptors_file", "legacy", "eip712"])]
    safe: Option<String>,
    /// Where to write the signatures
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// What is signed, and for which addresses.
struct Task<'a> {
    line: &'a str,
    legacy: bool,
    eip712: bool,
    safe: Option<&'a str>,
    only: Option<BTreeSet<(&'a ChainId, &'a str)>>,
}

impl Task<'_> {
    fn wants(&self, chain: &ChainId, address: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&(chain, address)))
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let is_input = |path: &Option<PathBuf>| path.as_deref().is_some_and(|path| path == Path::new("-"));
    if is_input(&args.keys_file) && is_input(&args.descriptors_file) {
        let detail = "--keys-file and --descriptors-file both name standard input".to_owned();
        return Err(CliError::Arguments(detail).into());
    }
    let line = challenge::read(&args.challenge)?.line()?;
    let set = args.addresses.as_deref().map(challenge::read_set).transpose()?;
    let entries = set.as_ref().map(AddressSet::entries);
    let only = entries.map(|all| all.iter().map(|entry| (&entry.chain, entry.address.as_str())).collect());
    let safe = args.safe.as_deref();
    let task = Task { line: &line, legacy: args.legacy, eip712: args.eip712, safe, only };
    let mut proofs = Vec::new();
    if let Some(path) = &args.keys_file {
        sign_by_keys(path, &task, &mut proofs)?;
    }
    if let Some(path) = &args.descriptors_file {
        sign_by_descriptors(path, &task, &mut proofs)?;
    }
    proofs.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
    proofs.dedup();
    let mut file = Vec::new();
    for proof in &proofs {
        file.extend(json::canonical(proof)?);
        file.push(b'\n');
    }
    files::write(&args.out, &file, Readers::All, args.force)?;
    say(format!("{} over: {line}", counted(proofs.len(), "signature", "signatures")));
    for proof in proofs.iter().filter(|_| args.safe.is_some()) {
        let signers = evm::control::safe::signed_by(&proof.chain, &proof.address, &line, proof);
        let count = signers.map_or(0, |all| all.len());
        say(format!("for the Safe {} on {}: signed by {count} keys", proof.address, proof.chain));
    }
    remark("keys that have been in a file on a networked machine are not cold any more");
    if args.descriptors_file.is_some() {
        remark("an extended private key moves every coin of its wallet: delete the file, or move the coins");
    }
    Ok(ExitCode::SUCCESS)
}

/// A file that only its owner may read, or standard input.
fn read_secrets(path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
    if path != Path::new("-") {
        return files::read_private(path);
    }
    let fail = |detail: String| CliError::Unreadable { path: PathBuf::from("standard input"), detail };
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 << 16));
    let limited = std::io::stdin().lock().take(TEXT_SIZE_MAX + 1).read_to_end(&mut bytes);
    limited.map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > TEXT_SIZE_MAX {
        return Err(fail(format!("more than {TEXT_SIZE_MAX} bytes")));
    }
    Ok(bytes)
}

/// Words of the lines that are not empty and no remarks, each with its place.
fn rows<'a>(path: &Path, bytes: &'a [u8]) -> Result<Vec<(String, Vec<&'a str>)>, CliError> {
    let not_text = |_| CliError::Unreadable { path: path.to_owned(), detail: "it is not UTF-8".to_owned() };
    let text = std::str::from_utf8(bytes).map_err(not_text)?;
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let row = |(number, row): (usize, &'a str)| {
        let words: Vec<&str> = row.split_whitespace().collect();
        let shown = words.first().is_some_and(|word| !word.starts_with('#'));
        shown.then(|| (format!("{name} line {number}"), words))
    };
    Ok((1..).zip(text.lines()).filter_map(row).collect())
}

/// Never the line itself: it holds a key.
fn wrong(place: &str, detail: &str) -> CliError {
    let (path, line) = place.rsplit_once(" line ").unwrap_or((place, ""));
    CliError::Unreadable { path: PathBuf::from(path), detail: format!("line {line}: {detail}") }
}

fn sign_by_keys(path: &Path, task: &Task<'_>, proofs: &mut Vec<ControlProof>) -> Result<(), Failure> {
    let bytes = read_secrets(path)?;
    for (place, words) in rows(path, &bytes)? {
        let [chain, address, key] = words.as_slice() else {
            return Err(wrong(&place, "expected CHAIN ADDRESS KEY").into());
        };
        let chain: ChainId = chain.parse().map_err(|_| wrong(&place, "the chain is not a CAIP-2 identifier"))?;
        if let Some(safe) = task.safe {
            if task.wants(&chain, safe) {
                let proof = sign_for_safe(&chain, address, key, (safe, task.line));
                let proof = proof.map_err(|detail| wrong(&place, &detail))?;
                put(proofs, proof, task.line).map_err(|detail| wrong(&place, &detail))?;
            }
        } else if task.wants(&chain, address) {
            let proof = sign_one(&chain, address, key, task).map_err(|detail| wrong(&place, &detail))?;
            proofs.push(proof);
        }
    }
    Ok(())
}

/// The key of an account, compared with the address that it is written beside.
fn account_key(address: &str, key: &str) -> Result<Zeroizing<[u8; 32]>, String> {
    let secret = decode_lower::<32>(key).map(Zeroizing::new).ok_or("the key is not 64 lower-case digits")?;
    let own = evm::control::address_of(&secret).map_err(|error| error.to_string())?.to_string();
    if own == address { Ok(secret) } else { Err(format!("the key is that of {own}, not of {address}")) }
}

fn sign_for_safe(chain: &ChainId, owner: &str, key: &str, (safe, line): (&str, &str)) -> Result<ControlProof, String> {
    if chain.namespace() != "eip155" {
        return Err(format!("a Safe is on an EVM chain, not on {chain}"));
    }
    let secret = account_key(owner, key)?;
    evm::control::safe::sign(chain, safe, line, [&*secret]).map_err(|error| error.to_string())
}

/// Adds an owner's signature to those for the same Safe.
fn put(proofs: &mut Vec<ControlProof>, proof: ControlProof, line: &str) -> Result<(), String> {
    let Some(before) = proofs.iter_mut().find(|before| before.chain == proof.chain) else {
        proofs.push(proof);
        return Ok(());
    };
    let joined = evm::control::safe::join(&proof.chain, &proof.address, line, [&*before, &proof]);
    *before = joined.map_err(|error| error.to_string())?;
    Ok(())
}

fn sign_one(chain: &ChainId, address: &str, key: &str, task: &Task<'_>) -> Result<ControlProof, String> {
    if chain.namespace() == "eip155" {
        let secret = account_key(address, key)?;
        let scheme = if task.eip712 { evm::control::TYPED } else { evm::control::SCHEME };
        return evm::control::sign_scheme(chain, task.line, &secret, scheme).map_err(|error| error.to_string());
    }
    let key = AddressKey::from_wif(chain, key).map_err(|error| error.to_string())?;
    let signed = if task.legacy { sign_legacy } else { sign }(chain, address, task.line, &key);
    signed.map_err(|error| error.to_string())
}

fn sign_by_descriptors(path: &Path, task: &Task<'_>, proofs: &mut Vec<ControlProof>) -> Result<(), Failure> {
    let bytes = read_secrets(path)?;
    for (place, words) in rows(path, &bytes)? {
        let (chain, text, last) = match words.as_slice() {
            [chain, text] => (chain, text, None),
            [chain, text, last] => {
                let last = uint::parse(last).ok_or_else(|| wrong(&place, "the last index is not a number"))?;
                (chain, text, Some(last))
            }
            _ => return Err(wrong(&place, "expected CHAIN DESCRIPTOR, or CHAIN DESCRIPTOR LAST").into()),
        };
        let chain: ChainId = chain.parse().map_err(|_| wrong(&place, "the chain is not a CAIP-2 identifier"))?;
        let descriptor = SigningDescriptor::read(&chain, text, last);
        let descriptor = descriptor.map_err(|error| Failure::about(&place, &error))?;
        for index in 0..descriptor.count() {
            let signed = |index| {
                if task.only.is_some() && !task.wants(&chain, &descriptor.address(index)?) {
                    return Ok(None);
                }
                descriptor.sign(index, task.line, task.legacy).map(Some)
            };
            proofs.extend(signed(index).map_err(|error| Failure::about(&place, &error))?);
        }
    }
    Ok(())
}
