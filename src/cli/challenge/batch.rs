//! `challenge batch`: one file for each device, with what it has to sign. How addresses come to devices is in
//! `docs/spec/challenge.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use crate::asset::ChainId;
use crate::bundle::FILE_SIZE_MAX;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, NewFolder, Readers};
use crate::cli::wording::counted;
use crate::cli::{Outcome, remark, say};
use crate::hash::{Digest, sha256};
use crate::json;
use crate::reserve::address_set::{AddressEntry, AddressSet, DerivedFrom, Role};
use crate::reserve::bitcoin::descriptor::{DescriptorList, RangedDescriptor};
use crate::reserve::bitcoin::network::{network, script};
use crate::reserve::challenge::{Challenge, ChallengeError};

/// Write what each device has to sign.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The challenge document
    challenge: PathBuf,
    /// The committed set
    #[arg(long, value_name = "FILE")]
    addresses: PathBuf,
    /// The descriptors behind the set: devices are then told apart by the fingerprints of their master keys
    #[arg(long, value_name = "FILE")]
    descriptors: Option<PathBuf>,
    /// CSV with the columns chain, address, device; addresses that it does not name are grouped as without it
    #[arg(long, value_name = "FILE")]
    devices: Option<PathBuf>,
    /// Folder for DEVICE.txt and DEVICE.jsonl of every device
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the folder if it exists
    #[arg(long)]
    force: bool,
}

/// What one address has to do.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request {
    /// By which a device finds its keys one behind the other.
    #[serde(skip)]
    from: Option<DerivedFrom>,
    address: String,
    chain: ChainId,
    line: String,
    path: Option<String>,
    schemes: &'static [&'static str],
}

pub(super) fn run(args: &Args) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let (challenge, set) = read(&args.challenge, &args.addresses)?;
    let line = challenge.line()?;
    let list = match &args.descriptors {
        Some(path) => {
            let file = files::read(path, FILE_SIZE_MAX)?;
            Some(DescriptorList::parse(&file).map_err(|error| Failure::about(path, &error))?)
        }
        None => None,
    };
    let descriptors: BTreeMap<Digest, &RangedDescriptor> =
        list.iter().flat_map(DescriptorList::descriptors).map(|one| (one.id(), one)).collect();
    let devices = match &args.devices {
        Some(path) => read_devices(path, &set)?,
        None => BTreeMap::new(),
    };
    let custodians = custodian_names(&set);
    let mut groups: BTreeMap<String, Vec<Request>> = BTreeMap::new();
    for entry in set.entries().iter().filter(|entry| entry.role != Role::Internal) {
        let descriptor = entry.descriptor.and_then(|from| descriptors.get(&from.id).copied());
        let device = devices.get(&(entry.chain.clone(), entry.address.clone()));
        let device = device.cloned().unwrap_or_else(|| group(entry, descriptor, &custodians));
        groups.entry(device).or_default().push(request(entry, descriptor, &line));
    }
    for requests in groups.values_mut() {
        // stable: without descriptors they stay in the order of the set
        requests.sort_by_key(|request| request.from.map(|from| (from.id, from.index)));
    }
    let folder = NewFolder::create(&args.out, args.force, Readers::Owner)?;
    for (device, requests) in &groups {
        folder.add(&format!("{device}.txt"), text(&challenge, device, requests).as_bytes(), Readers::Owner)?;
        let mut lines = Vec::new();
        for request in requests {
            lines.extend(json::canonical(request)?);
            lines.push(b'\n');
        }
        folder.add(&format!("{device}.jsonl"), &lines, Readers::Owner)?;
    }
    folder.publish()?;
    for (device, requests) in &groups {
        say(format!("{device}: {}", of_addresses(requests.len())));
    }
    let internal = set.entries().iter().filter(|entry| entry.role == Role::Internal).count();
    if internal > 0 {
        remark(format!("{} for internal use count for nothing and are not asked", of_addresses(internal)));
    }
    Ok(ExitCode::SUCCESS)
}

/// A challenge and the set that it is for.
pub(super) fn read(challenge: &Path, addresses: &Path) -> Result<(Challenge, AddressSet), Failure> {
    let (document, set) = (super::read(challenge)?, super::read_set(addresses)?);
    let bound = document.address_set;
    if (bound.root, bound.count) == (set.root(), set.count()) {
        return Ok((document, set));
    }
    let got = format!("{} ({})", bound.root, of_addresses(bound.count));
    let expected = format!("{} ({})", set.root(), of_addresses(set.count()));
    Err(Failure::about(challenge, &ChallengeError::Binds { what: "address set", got, expected }))
}

/// What an address is asked for, when nothing is known but the set.
pub(super) fn request(entry: &AddressEntry, descriptor: Option<&RangedDescriptor>, line: &str) -> Request {
    let index = entry.descriptor.map_or(0, |from| from.index);
    Request {
        from: entry.descriptor,
        address: entry.address.clone(),
        chain: entry.chain.clone(),
        line: line.to_owned(),
        path: descriptor.and_then(|descriptor| descriptor.path(index)),
        schemes: descriptor.map_or_else(|| schemes(entry), RangedDescriptor::schemes),
    }
}

/// How an address can sign, by its kind; the usual way first.
fn schemes(entry: &AddressEntry) -> &'static [&'static str] {
    if entry.chain.namespace() != "bip122" {
        return &["eip191"];
    }
    let Ok(Ok(script)) = network(&entry.chain).map(|network| script(network, &entry.address)) else { return &[] };
    if script.is_p2pkh() {
        &["bip137", "legacy"]
    } else if script.is_p2wpkh() {
        &["bip322-simple", "bip137"]
    } else if script.is_p2tr() {
        &["bip322-simple"]
    } else if script.is_p2sh() {
        &["bip322-full", "bip137"]
    } else {
        &["bip322-full"]
    }
}

/// The device of an address that no list names: its one master key, its descriptor, its custodian, or its role.
fn group(entry: &AddressEntry, descriptor: Option<&RangedDescriptor>, custodians: &BTreeMap<&str, String>) -> String {
    let fingerprints = descriptor.map(RangedDescriptor::fingerprints).unwrap_or_default();
    let mut one = fingerprints.into_iter();
    if let (Some(fingerprint), None) = (one.next(), one.next()) {
        return fingerprint;
    }
    if let Some(from) = entry.descriptor {
        let id = from.id.to_string();
        return format!("descriptor-{}", id.get(..8).unwrap_or(&id));
    }
    let custodian = entry.custodian.as_deref().and_then(|name| custodians.get(name));
    custodian.map_or_else(|| entry.role.text().to_owned(), |name| format!("custodian-{name}"))
}

/// File names for custodians: two of them never share one.
fn custodian_names(set: &AddressSet) -> BTreeMap<&str, String> {
    let names: BTreeSet<&str> = set.entries().iter().filter_map(|entry| entry.custodian.as_deref()).collect();
    let plain = |name: &str| {
        let kept = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        name.chars().take(40).map(kept).collect::<String>()
    };
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for name in &names {
        *uses.entry(plain(name)).or_default() += 1;
    }
    let named = |name: &'_ str| match uses.get(&plain(name)) {
        Some(1) => plain(name),
        _ => {
            let digest = sha256(name.as_bytes()).to_string();
            format!("{}-{}", plain(name), digest.get(..8).unwrap_or(&digest))
        }
    };
    names.iter().map(|name| (*name, named(name))).collect()
}

fn of_addresses(count: impl TryInto<u64>) -> String {
    counted(count, "address", "addresses")
}

/// A list for one device, to be read by people and to be filled in.
pub(super) fn text(challenge: &Challenge, device: &str, requests: &[Request]) -> String {
    let mut text = format!("# counterfoil challenge {} of {}: {device}\n", challenge.id, challenge.venue.id);
    if let Some(first) = requests.first() {
        text += &format!("# {} to sign exactly this line:\n# {}\n", of_addresses(requests.len()), first.line);
    }
    text += "# Put each signature at the end of its line: CHAIN ADDRESS SCHEME SIGNATURE\n";
    for request in requests {
        let scheme = request.schemes.first().copied().unwrap_or("SCHEME");
        if let Some(path) = &request.path {
            text += &format!("# {path}\n");
        }
        text += &format!("{} {} {scheme}\n", request.chain, request.address);
    }
    text
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceRow {
    chain: ChainId,
    address: String,
    device: String,
}

fn read_devices(path: &Path, set: &AddressSet) -> Result<BTreeMap<(ChainId, String), String>, Failure> {
    let bytes = files::read(path, FILE_SIZE_MAX)?;
    let known: BTreeSet<(&ChainId, &str)> =
        set.entries().iter().map(|entry| (&entry.chain, entry.address.as_str())).collect();
    let wrong = |detail: String| CliError::DevicesFile { path: path.to_owned(), detail };
    let (mut devices, mut faults) = (BTreeMap::new(), Vec::new());
    for (line, row) in (2_u64..).zip(csv::Reader::from_reader(bytes.as_slice()).deserialize()) {
        let row: DeviceRow = row.map_err(|error| wrong(error.to_string()))?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name = !row.device.is_empty() && row.device.len() <= 64 && !row.device.starts_with('.');
        if !name || !row.device.chars().all(fits) {
            let detail = format!("device {:?}: 1 to 64 letters, digits or `._-` make a file name", row.device);
            faults.push(wrong(format!("line {line}: {detail}")));
        } else if !known.contains(&(&row.chain, row.address.as_str())) {
            faults.push(wrong(format!("line {line}: {} on {} is not in the set", row.address, row.chain)));
        } else if devices.insert((row.chain, row.address.clone()), row.device).is_some() {
            faults.push(wrong(format!("line {line}: {} has a device already", row.address)));
        }
    }
    if faults.is_empty() { Ok(devices) } else { Err(Failure::all(faults)) }
}
