//! `bundle add --statements --log-proofs --address-sets`: what the venue stated before and after.

use std::path::Path;

use super::{AddArgs, files, put};
use crate::bundle::{self, paths};
use crate::cli::error::{CliError, Failure};
use crate::cli::files::Readers;
use crate::hash::Digest;
use crate::publish;
use crate::publish::log::LogProof;
use crate::publish::statement_check::{FIELD, FILE_SIZE_MAX};
use crate::reserve::address_set::AddressSet;
use crate::signature::Envelope;

/// Copies further statements and address sets under the names that follow from their contents.
pub(super) fn add(args: &AddArgs) -> Result<(), Failure> {
    for path in &args.statements {
        let bytes = files::read(path, FILE_SIZE_MAX)?;
        let (sequence, digest) = identify(path, &bytes)?;
        let name = paths::further_statement(sequence, None);
        let there = args.dir.join(&name);
        let other = there.is_file() && identify(&there, &files::read(&there, FILE_SIZE_MAX)?)?.1 != digest;
        // two statements for one number are evidence: neither replaces the other
        let name = if other { paths::further_statement(sequence, Some(&digest)) } else { name };
        put(args, &name, &bytes, Readers::All)?;
    }
    for path in &args.log_proofs {
        let bytes = files::read(path, bundle::FILE_SIZE_MAX)?;
        // in this log the index is the sequence number
        let proof = LogProof::parse(&bytes).map_err(|error| Failure::about(path, &error))?;
        put(args, &paths::further_log_proof(proof.index), &bytes, Readers::All)?;
    }
    for path in &args.address_sets {
        let bytes = files::read(path, bundle::FILE_SIZE_MAX)?;
        let set = AddressSet::parse(&bytes).map_err(|error| Failure::about(path, &error))?;
        put(args, &paths::address_set(&set.root()), &bytes, Readers::All)?;
    }
    Ok(())
}

/// Sequence number and digest of a signed statement. Who signed it is the verifier's question.
fn identify(path: &Path, bytes: &[u8]) -> Result<(u64, Digest), Failure> {
    let envelope = Envelope::parse(bytes, FIELD).map_err(|error| Failure::about(path, &error))?;
    let statement = publish::Stated::parse(&envelope.document).map_err(|error| Failure::about(path, &error))?;
    if envelope.signatures.is_empty() {
        let detail = format!("{} has no signature, expected a signed statement", path.display());
        return Err(CliError::Arguments(detail).into());
    }
    Ok((statement.sequence(), publish::digest(&envelope.document)))
}
