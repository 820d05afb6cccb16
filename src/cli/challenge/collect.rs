//! `challenge collect`: signatures in, each checked. What has come in before is kept, so that it can be run as often as
//! new ones come.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use super::batch::{self, Request};
use crate::asset::ChainId;
use crate::bundle::FILE_SIZE_MAX;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Readers};
use crate::cli::{Outcome, remark, say};
use crate::code::{Code, Coded};
use crate::json;
use crate::reserve::address_set::{AddressEntry, AddressSet, Role, lines};
use crate::reserve::claim::ControlProof;
use crate::reserve::evm::control::safe;
use crate::reserve::{bitcoin, evm};

/// Take signatures in.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files of signatures, and folders of them (.jsonl, .txt)
    #[arg(required = true, value_name = "PATH")]
    sources: Vec<PathBuf>,
    /// The challenge document
    #[arg(long, value_name = "FILE")]
    challenge: PathBuf,
    /// The committed set
    #[arg(long, value_name = "FILE")]
    addresses: PathBuf,
    /// Where the good signatures are collected; those of earlier runs stay in it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to list the addresses that have not signed, in a form to be filled in; the list of an earlier run is
    /// replaced
    #[arg(long, value_name = "FILE")]
    missing: Option<PathBuf>,
}

/// How a list of missing addresses begins: what begins otherwise is not replaced.
const LIST_HEAD: &[u8] = b"# counterfoil challenge ";

/// A fault at a place, under the code of whatever found it.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
struct Fault {
    code: &'static Code,
    detail: String,
}

impl Coded for Fault {
    fn code(&self) -> &'static Code {
        self.code
    }
}

impl Fault {
    fn of(error: &dyn Coded) -> Self {
        Self { code: error.code(), detail: error.to_string() }
    }
}

type Key = (ChainId, String);

struct Collection<'a> {
    line: &'a str,
    asked: BTreeSet<Key>,
    /// The good ones, and where each came from.
    good: BTreeMap<Key, (ControlProof, String)>,
    /// Those of earlier runs: they are kept, whatever comes now.
    kept: BTreeSet<Key>,
    faults: Vec<Fault>,
    duplicates: Vec<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let (challenge, set) = batch::read(&args.challenge, &args.addresses)?;
    if let Some(path) = &args.missing
        && files::is_there(path)?
        && !files::begins_with(path, LIST_HEAD)?
    {
        return Err(CliError::OutputExists(path.clone()).into());
    }
    let line = challenge.line()?;
    let asked = set.entries().iter().map(|entry| (entry.chain.clone(), entry.address.clone())).collect();
    let mut all = Collection {
        line: &line,
        asked,
        good: BTreeMap::new(),
        kept: BTreeSet::new(),
        faults: Vec::new(),
        duplicates: Vec::new(),
    };
    let resumed = files::is_there(&args.out)?;
    if resumed {
        all.take(&args.out)?;
        if !all.faults.is_empty() || !all.duplicates.is_empty() {
            // whatever this file is, it is no collection for this challenge, and stays as it is
            all.faults.truncate(1);
            all.faults.push(Fault::of(&CliError::OutputExists(args.out.clone())));
            return Err(Failure::all(all.faults));
        }
    }
    all.kept = all.good.keys().cloned().collect();
    let before = all.kept.len();
    for path in sources(&args.sources)? {
        all.take(&path)?;
    }
    write(args, &all, resumed)?;
    let missing: Vec<&AddressEntry> = all.missing(&set);
    if let Some(path) = &args.missing {
        let requests: Vec<Request> = missing.iter().map(|entry| batch::request(entry, None, &line)).collect();
        let text = batch::text(&challenge, "not signed yet", &requests);
        files::write(path, text.as_bytes(), Readers::Owner, true)?;
    }
    for duplicate in &all.duplicates {
        remark(duplicate);
    }
    all.remark_on_safes()?;
    let now = all.good.len() - before;
    let total = set.entries().iter().filter(|entry| entry.role != Role::Internal).count();
    say(format!("{} of {total} addresses have signed, {now} new: {}", total - missing.len(), args.out.display()));
    if let Some(first) = missing.first() {
        let listed = args.missing.as_ref().map_or_else(String::new, |path| format!("; all in {}", path.display()));
        let (count, first) = (missing.len(), first.address.clone());
        all.faults.push(Fault::of(&CliError::SignaturesMissing { count, total, first, listed }));
    }
    if all.faults.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::all(all.faults)) }
}

/// Writes the collection when something is in it.
fn write(args: &Args, all: &Collection<'_>, resumed: bool) -> Result<(), Failure> {
    if all.good.is_empty() {
        return Ok(());
    }
    let mut file = Vec::new();
    for (proof, _) in all.good.values() {
        file.extend(json::canonical(proof)?);
        file.push(b'\n');
    }
    Ok(files::write(&args.out, &file, Readers::All, resumed)?)
}

/// The files, those of a folder by name; each once.
fn sources(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in given {
        let unreadable = |error: std::io::Error| CliError::Unreadable { path: path.clone(), detail: error.to_string() };
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let wanted = file.extension().is_some_and(|ending| ending == "jsonl" || ending == "txt");
            if wanted && file.is_file() {
                inside.push(file);
            }
        }
        inside.sort();
        found.extend(inside);
    }
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(path.clone()));
    Ok(found)
}

impl Collection<'_> {
    /// Takes in the lines of a file.
    fn take(&mut self, path: &Path) -> Result<(), Failure> {
        let file = files::read(path, FILE_SIZE_MAX)?;
        for (number, line) in (1..).zip(lines(&file)) {
            let place = format!("{} line {number}", path.display());
            match read(line) {
                Ok(Some(proof)) => self.judge(proof, place),
                Ok(None) => {}
                Err(detail) => self.faults.push(Fault::of(&CliError::SignaturesFile { place, detail })),
            }
        }
        Ok(())
    }

    fn judge(&mut self, proof: ControlProof, place: String) {
        let Some((chain, address)) = self.asked.get(&(proof.chain.clone(), proof.address.clone())) else {
            let (chain, address) = (proof.chain.to_string(), proof.address.chars().take(100).collect());
            self.faults.push(Fault::of(&CliError::SignatureUnasked { place, address, chain }));
            return;
        };
        // only whether it holds: what it is worth is the verifier's to say
        let checked: Result<(), Box<dyn Coded>> = match chain.namespace() {
            "bip122" => bitcoin::control::verify(chain, address, self.line, &proof)
                .map(|_| ())
                .map_err(|error| Box::new(error) as _),
            // who its owners are, and how many must sign, is in the state of the chain
            _ if proof.scheme == evm::control::SAFE => {
                safe::signed_by(chain, address, self.line, &proof).map(|_| ()).map_err(|error| Box::new(error) as _)
            }
            _ => evm::control::verify(chain, address, self.line, &proof)
                .map(|_| ())
                .map_err(|error| Box::new(error) as _),
        };
        if let Err(error) = checked {
            self.faults.push(Fault { code: error.code(), detail: format!("{place}: {address}: {error}") });
            return;
        }
        let key = (chain.clone(), address.clone());
        let Some((first, at)) = self.good.get(&key) else {
            self.good.insert(key, (proof, place));
            return;
        };
        if first.scheme == evm::control::SAFE
            && let Ok(joined) = safe::join(chain, address, self.line, [first, &proof])
            && joined != *first
        {
            // owners sign one by one: what has come in stays, and more is put to it
            let at = format!("{at}, {place}");
            self.good.insert(key, (joined, at));
            return;
        }
        let what = if *first == proof { "the same signature of" } else { "another signature of" };
        self.duplicates.push(format!("{place}: {what} {address} is in {at}"));
        // of two good ones the same is taken, in whatever order the files come
        let order = |proof: &ControlProof| json::canonical(proof).unwrap_or_default();
        if !self.kept.contains(&key) && order(&proof) < order(first) {
            self.good.insert(key, (proof, place));
        }
    }

    /// Who signed for each Safe: one signature may be too few, and a signer nobody.
    fn remark_on_safes(&self) -> Result<(), Failure> {
        let of_safes = self.good.iter().filter(|(_, (proof, _))| proof.scheme == evm::control::SAFE);
        for ((chain, address), (proof, _)) in of_safes {
            let signers = safe::signed_by(chain, address, self.line, proof)?;
            let signers: Vec<String> = signers.iter().map(ToString::to_string).collect();
            remark(format!(
                "the Safe {address} on {chain}: signed by {}; its state says whether these are its owners, and enough",
                signers.join(", ")
            ));
        }
        Ok(())
    }

    /// Those that have to sign and have not.
    fn missing<'a>(&self, set: &'a AddressSet) -> Vec<&'a AddressEntry> {
        let signed = |entry: &AddressEntry| self.good.contains_key(&(entry.chain.clone(), entry.address.clone()));
        set.entries().iter().filter(|entry| entry.role != Role::Internal && !signed(entry)).collect()
    }
}

/// A line of `control.jsonl`, or CHAIN ADDRESS SCHEME SIGNATURE; nothing for a remark and for what is not signed yet.
fn read(line: &[u8]) -> Result<Option<ControlProof>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    if text.starts_with('{') {
        let value = json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let open = value.get("schemes").is_some() && value.get("signature").is_none();
        return if open { Ok(None) } else { json::typed(value).map(Some).map_err(|error| error.to_string()) };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let (chain, address, scheme, signature) = match fields.as_slice() {
        [_, _, _] => return Ok(None),
        [chain, address, scheme, signature] => (chain, address, scheme, signature),
        _ => return Err(format!("{} words, expected CHAIN ADDRESS SCHEME SIGNATURE", fields.len())),
    };
    let text = |text: &&str| Value::String((*text).to_owned());
    let fields = [("chain", chain), ("address", address), ("scheme", scheme), ("signature", signature)];
    let object = fields.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    json::typed(Value::Object(object)).map(Some).map_err(|error| error.to_string())
}
