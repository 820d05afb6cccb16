//! `challenge addresses`: from a list of addresses and descriptors to the committed set.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::FOR_AUDITORS;
use crate::asset::ChainId;
use crate::bundle::FILE_SIZE_MAX;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, NewFile, Readers};
use crate::cli::wording::counted;
use crate::cli::{Outcome, interrupt, random, remark, say};
use crate::reserve::address_set::{AddressEntry, AddressSet, DerivedFrom, IssuerRelation, Role};
use crate::reserve::bitcoin::descriptor::{
    DescriptorError, DescriptorList, RangedDescriptor, derive_all, holds_private_key,
};

/// Turn a list of addresses and descriptors into the committed set.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// CSV with the columns chain, role, issuer (none, self, affiliate: how the venue is related to whoever issues what
    /// lies there), address, and, if wanted, custodian, encumbrance. A line has an address, or a descriptor with its
    /// checksum in the column descriptor and, where it ends in /*, the last index in the column last
    list: PathBuf,
    /// Where to write the set; it holds the salts
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write the descriptors, for the auditor's part of a bundle
    #[arg(long, value_name = "FILE")]
    descriptors_out: Option<PathBuf>,
    /// Replace the outputs if they exist
    #[arg(long)]
    force: bool,
}

#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ListRow {
    chain: ChainId,
    address: Option<String>,
    descriptor: Option<String>,
    last: Option<u32>,
    role: Role,
    custodian: Option<String>,
    encumbrance: Option<String>,
    issuer: IssuerRelation,
}

/// What the list says, with the line of each.
#[derive(Default)]
struct Listed {
    /// Addresses as such.
    addresses: Vec<(usize, AddressEntry)>,
    /// Descriptors; one with several paths gives several.
    descriptors: Vec<RangedDescriptor>,
    /// The row of each descriptor.
    rows: Vec<(usize, ListRow)>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let outputs: Vec<&PathBuf> = [Some(&args.out), args.descriptors_out.as_ref()].into_iter().flatten().collect();
    for output in &outputs {
        files::check_free(output, args.force)?;
    }
    let listed = read(args)?;
    let about = |error: DescriptorError| Failure::about(&args.list, &error);
    let list = match (listed.descriptors.is_empty(), &args.descriptors_out) {
        (true, None) => None,
        (true, Some(_)) => {
            return Err(CliError::Arguments("--descriptors-out: the list has no descriptors".to_owned()).into());
        }
        (false, None) => {
            let detail = "the list has descriptors: name the file for them with --descriptors-out".to_owned();
            return Err(CliError::Arguments(detail).into());
        }
        (false, Some(path)) => Some((path, DescriptorList::new(listed.descriptors.clone()).map_err(about)?)),
    };
    let set = AddressSet::from_entries(entries(args, listed)?).map_err(|error| Failure::about(&args.list, &error))?;
    let write = |path: &PathBuf, bytes: &[u8]| {
        let mut file = NewFile::create(path, Readers::Owner, args.force)?;
        let failed =
            |error: std::io::Error| CliError::OutputUnwritable { path: path.clone(), detail: error.to_string() };
        file.write_all(bytes).map_err(failed)?;
        Ok::<NewFile, CliError>(file)
    };
    let beside = match &list {
        Some((path, list)) => Some(write(path, &list.to_file().map_err(about)?)?),
        None => None,
    };
    let file = write(&args.out, &set.to_file()?)?;
    interrupt::whole(|| {
        beside.map_or(Ok(()), NewFile::place)?;
        file.place()
    })?;
    say(format!("{}, root {}", counted(set.count(), "address", "addresses"), set.root()));
    if let Some((path, list)) = list {
        let derived = set.entries().iter().filter(|entry| entry.descriptor.is_some()).count();
        say(format!("{derived} of them from {} descriptors, written to {}", list.descriptors().len(), path.display()));
        if list.descriptors().iter().any(RangedDescriptor::has_extended_keys) {
            remark(FOR_AUDITORS);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the list; everything that is wrong with its descriptors comes together.
fn read(args: &Args) -> Result<Listed, Failure> {
    let bytes = files::read(&args.list, FILE_SIZE_MAX)?;
    for (line, text) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        // before the reader, whose messages repeat what they do not understand
        if holds_private_key(&String::from_utf8_lossy(text)) {
            return Err(Failure::about(&args.list, &DescriptorError::Private.at(line)));
        }
    }
    let wrong = |detail: String| CliError::AddressesFile { path: args.list.clone(), detail };
    let (mut listed, mut faults) = (Listed::default(), Vec::new());
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let headers = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        let row: ListRow = record.deserialize(Some(&headers)).map_err(|error| wrong(error.to_string()))?;
        match (&row.address, &row.descriptor) {
            (Some(_), None) if row.last.is_none() => listed.addresses.push((line, listed_address(row).map_err(wrong)?)),
            (None, Some(text)) => match RangedDescriptor::read(&row.chain, text, row.last) {
                Ok(found) => {
                    listed.rows.extend(found.iter().map(|_| (line, row.clone())));
                    listed.descriptors.extend(found);
                }
                Err(error) => faults.push(error.at(line)),
            },
            _ => return Err(wrong(format!("line {line}: expected an address, or a descriptor with its range")).into()),
        }
    }
    if faults.is_empty() { Ok(listed) } else { Err(Failure::all_about(&args.list, &faults)) }
}

impl ListRow {
    fn entry(&self, address: String, descriptor: Option<DerivedFrom>) -> AddressEntry {
        AddressEntry {
            address,
            chain: self.chain.clone(),
            custodian: self.custodian.clone(),
            descriptor,
            encumbrance: self.encumbrance.clone(),
            issuer: self.issuer,
            role: self.role,
            salt: String::new(),
        }
    }
}

fn listed_address(row: ListRow) -> Result<AddressEntry, String> {
    let address = row.address.clone().unwrap_or_default();
    // an EVM address may come with its checksum; the set has one spelling
    let address = if row.chain.namespace() == "eip155" { lower(&address)? } else { address };
    Ok(row.entry(address, None))
}

fn lower(text: &str) -> Result<String, String> {
    let address: crate::reserve::evm::address::EvmAddress = text.parse().map_err(|error| format!("{error}"))?;
    Ok(address.to_string())
}

/// All addresses in order, each with its salt.
fn entries(args: &Args, listed: Listed) -> Result<Vec<AddressEntry>, Failure> {
    let about = |error: DescriptorError| Failure::about(&args.list, &error);
    let derived = derive_all(&listed.descriptors).map_err(about)?;
    let by_address: BTreeMap<(&ChainId, &str), usize> =
        listed.addresses.iter().map(|(line, entry)| ((&entry.chain, entry.address.as_str()), *line)).collect();
    let mut entries = Vec::with_capacity(derived.len() + listed.addresses.len());
    for one in derived {
        let Some((line, row)) = listed.rows.get(one.descriptor) else { continue };
        if let Some(other) = by_address.get(&(&row.chain, one.address.as_str())) {
            let first = format!("the descriptor of line {line} at index {}", one.from.index);
            let second = format!("the address of line {other}");
            return Err(about(DescriptorError::ScriptTwice { address: one.address, first, second }));
        }
        entries.push(row.entry(one.address, Some(one.from)));
    }
    entries.extend(listed.addresses.into_iter().map(|(_, entry)| entry));
    entries.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
    for entry in &mut entries {
        entry.salt = hex::encode(random::<16>()?);
    }
    Ok(entries)
}
