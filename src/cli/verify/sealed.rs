//! The proof to verify: a file as it lies there, or one that the customer's code opens.

use std::path::PathBuf;

use super::super::error::{CliError, Failure};
use super::super::files;
use super::Args;
use crate::liability::inclusion_proof::{self, StatementRef};
use crate::liability::sealed_proof::{self, INDEX, Index, MAGIC, PACK_SIZE_MAX, Pack, ProofCode};

/// The proof's bytes, and the file that messages name.
pub(super) fn read(args: &Args, statement: &StatementRef) -> Result<(PathBuf, Vec<u8>), Failure> {
    let folder = args.proof.is_dir();
    let name = MAGIC.split_last().map_or(&[][..], |(_, name)| name);
    let sealed = folder || files::begins_with(&args.proof, name)?;
    let Some(code_file) = &args.code_file else {
        if sealed {
            let detail = format!("{} holds sealed proofs: give your code with --code-file", args.proof.display());
            return Err(CliError::Arguments(detail).into());
        }
        return Ok((args.proof.clone(), files::read(&args.proof, inclusion_proof::FILE_SIZE_MAX)?));
    };
    if !sealed {
        let detail = format!("{} is no pack of sealed proofs: leave --code-file out", args.proof.display());
        return Err(CliError::Arguments(detail).into());
    }
    let code = files::read_private(code_file)?;
    let code = ProofCode::parse(&code).map_err(|error| Failure::about(code_file, &error))?;
    let path = if folder { locate(args, &code, statement)? } else { args.proof.clone() };
    let file = files::read(&path, PACK_SIZE_MAX)?;
    let opened = Pack::parse(&file).and_then(|pack| sealed_proof::open(&code, &statement.digest, &pack));
    Ok((path.clone(), opened.map_err(|error| Failure::about(&path, &error))?))
}

/// The pack of the folder in which the proof must be.
fn locate(args: &Args, code: &ProofCode, statement: &StatementRef) -> Result<PathBuf, Failure> {
    let path = args.proof.join(INDEX);
    let index = files::read(&path, files::TEXT_SIZE_MAX)?;
    let place = Index::parse(&index).and_then(|index| index.locate(code, statement));
    Ok(args.proof.join(place.map_err(|error| Failure::about(&path, &error))?.to_string()))
}
