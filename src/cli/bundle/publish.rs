//! `bundle publish`: the part of a sealed bundle that is for everybody, as a folder of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use super::super::files::{Folder, NewFolder, Readers};
use super::super::{Outcome, remark, say};
use crate::bundle::{self, BundleError, FileSource as _, MANIFEST, SealedFiles};

/// Copy a sealed bundle without its auditor's part.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The folder of the sealed bundle
    dir: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the folder if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let folder = Folder(args.dir.clone());
    let sealed = bundle::open(&folder)?;
    let files = SealedFiles::new(&folder, &sealed);
    let copy = NewFolder::create(&args.out, args.force, Readers::All)?;
    let entries = &sealed.manifest().files;
    let mut copied = 0_usize;
    for entry in entries.iter().filter(|entry| entry.part.is_none()) {
        // `open` has found every public file
        if let Some(bytes) = files.read(&entry.path).map_err(BundleError::from)? {
            copy.add(&entry.path, &bytes, Readers::All)?;
            copied += 1;
        }
    }
    let manifest = folder.read(MANIFEST).map_err(BundleError::from)?.unwrap_or_default();
    copy.add(MANIFEST, &manifest, Readers::All)?;
    // what was read again must be what was sealed
    bundle::open(&Folder(copy.path().to_owned()))?;
    copy.publish()?;
    say(format!("{copied} of {} files, root {}", entries.len(), sealed.root()));
    let kept_back = entries.iter().filter(|entry| entry.part.is_some());
    if kept_back.clone().any(|entry| entry.path.contains("/txs/") || entry.path.contains("/merkle/")) {
        remark("the manifest names every file: names of transactions that were kept back can be read in it");
    }
    if kept_back.count() == 0 {
        remark("the bundle has no auditor's part: this is a copy of all of it");
    }
    Ok(ExitCode::SUCCESS)
}
