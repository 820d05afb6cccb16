//! Files that the verifier brings along: blocks of a node, a set of unspent outputs. They are opened here, and read by
//! what verifies.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use bitcoin::{Network, ScriptBuf};
use indicatif::ProgressBar;

use super::bars;
use super::error::CliError;
use crate::bundle::SourceError;
use crate::reserve::bitcoin::blocks::{BlockFile, BlockFiles, OBFUSCATION_LENGTH};
use crate::reserve::bitcoin::own::OwnEvidence;
use crate::reserve::bitcoin::utxo_snapshot::{self, FullSet};
use crate::reserve::claim::Problem;

/// Bytes that are read from a file at a time.
const BUFFER: usize = 1 << 20;
/// The key with which a node has obfuscated the files beside it.
const KEY_FILE: &str = "xor.dat";

/// What a verifier can bring along.
#[derive(clap::Args)]
pub(super) struct OwnFilesArgs {
    /// Block files of your own node, or its `blocks` folder: which coins came and went is then read, not asked
    #[arg(long, value_name = "PATH", num_args = 1..)]
    blocks: Vec<PathBuf>,
    /// A set of unspent outputs of your own node (`dumptxoutset`), whose hash is built in or pinned in the policy
    #[arg(long, value_name = "FILE")]
    utxo_snapshot: Option<PathBuf>,
}

/// What was named on the command line.
pub(super) struct OwnFiles {
    blocks: Option<BlockFolder>,
    utxo_snapshot: Option<PathBuf>,
}

impl OwnFiles {
    /// Finds the files; they are opened one by one later.
    pub(super) fn find(args: &OwnFilesArgs) -> Result<Self, CliError> {
        let blocks = if args.blocks.is_empty() { None } else { Some(BlockFolder::find(&args.blocks)?) };
        if let Some(path) = &args.utxo_snapshot {
            File::open(path).map_err(|error| unreadable(path, &error))?;
        }
        Ok(Self { blocks, utxo_snapshot: args.utxo_snapshot.clone() })
    }
}

impl OwnEvidence for OwnFiles {
    fn blocks(&self) -> Option<&dyn BlockFiles> {
        self.blocks.as_ref().map(|folder| folder as &dyn BlockFiles)
    }

    fn full_set(&self, network: Network, wanted: &BTreeSet<ScriptBuf>) -> Option<Result<FullSet, Problem>> {
        let path = self.utxo_snapshot.as_deref()?;
        // a report names no folder of the machine on which it was made
        let subject = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = match File::open(path) {
            Ok(file) => BufReader::with_capacity(BUFFER, file),
            Err(error) => return Some(Err(Problem::from_error(&*subject, &unreadable(Path::new(&subject), &error)))),
        };
        let bar = bars::coins();
        let set = utxo_snapshot::read(file, network, wanted, &mut |coins, total| {
            bar.set_length(total);
            bar.set_position(coins);
        });
        bar.finish_and_clear();
        Some(set.map_err(|error| Problem::from_error(subject, &error)))
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Unreadable { path: path.to_owned(), detail: error.to_string() }
}

/// Block files, by path.
struct BlockFolder {
    files: Vec<(PathBuf, [u8; OBFUSCATION_LENGTH])>,
    bar: ProgressBar,
}

impl Drop for BlockFolder {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl BlockFolder {
    /// Of a folder, the files that a node names `blk….dat`, in their order; files as they are named.
    fn find(paths: &[PathBuf]) -> Result<Self, CliError> {
        let mut files = Vec::new();
        for path in paths {
            if !fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_dir() {
                let beside = path.parent().unwrap_or(Path::new("."));
                let key = if is_of_node(path) { read_key(beside)? } else { [0; OBFUSCATION_LENGTH] };
                files.push((path.clone(), key));
                continue;
            }
            let key = read_key(path)?;
            let mut found = Vec::new();
            for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
                let file = entry.map_err(|error| unreadable(path, &error))?.path();
                if is_of_node(&file) {
                    found.push((file, key));
                }
            }
            if found.is_empty() {
                let detail = "the folder has no file blk….dat".to_owned();
                return Err(CliError::Unreadable { path: path.clone(), detail });
            }
            found.sort();
            files.extend(found);
        }
        let length = |path: &PathBuf| fs::metadata(path).map_or(0, |found| found.len());
        let bar = bars::blocks(files.iter().map(|(path, _)| length(path)).sum());
        Ok(Self { files, bar })
    }
}

fn is_of_node(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_prefix("blk").and_then(|rest| rest.strip_suffix(".dat")).is_some()
}

/// The key beside block files; zeros when there is none.
fn read_key(folder: &Path) -> Result<[u8; OBFUSCATION_LENGTH], CliError> {
    let path = folder.join(KEY_FILE);
    if !super::files::is_there(&path)? {
        return Ok([0; OBFUSCATION_LENGTH]);
    }
    let bytes = super::files::read(&path, 64)?;
    let got = bytes.len();
    bytes.try_into().map_err(|_| CliError::Unreadable {
        path,
        detail: format!("{got} bytes, expected a key of {OBFUSCATION_LENGTH}"),
    })
}

impl BlockFiles for BlockFolder {
    fn names(&self) -> Vec<String> {
        self.files.iter().map(|(path, _)| path.display().to_string()).collect()
    }

    fn open(&self, name: &str) -> Result<BlockFile<'_>, SourceError> {
        let fail = |detail: String| SourceError { path: name.to_owned(), detail };
        let found = self.files.iter().find(|(path, _)| path.display().to_string() == name);
        let (path, key) = found.ok_or_else(|| fail("there is no such file".to_owned()))?;
        let file = File::open(path).map_err(|error| fail(error.to_string()))?;
        if self.files.first().is_some_and(|(first, _)| first == path) {
            // they can be read more than once
            self.bar.reset();
        }
        let reader: Box<dyn Read> = Box::new(self.bar.wrap_read(BufReader::with_capacity(BUFFER, file)));
        Ok(BlockFile { reader, key: *key })
    }
}
