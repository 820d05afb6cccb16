//! The record of what was signed: two statements for one sequence number would convict the venue.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Readers};
use crate::hash::Digest;
use crate::json::{self, uint};
use crate::publish::Stated;
use crate::snapshot::VenueId;

#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    digest: Digest,
    #[serde(with = "uint")]
    sequence: u64,
    venue: VenueId,
}

/// Notes that this statement is being signed, before the signature leaves; refuses a second one for its number, and
/// one that names another predecessor than was signed.
pub(in crate::cli) fn note(path: &Path, statement: &Stated, digest: Digest) -> Result<(), Failure> {
    // another `statement sign` must not read the record between our reading and our writing; and behind a link
    // it is the file linked to that is the record, not the link
    let path = &files::resolve(path)?;
    let _lock = files::lock(path)?;
    let mut lines = read(path)?;
    let (venue, sequence) = (statement.venue().id.clone(), statement.sequence());
    if let Some(line) = lines.iter().find(|line| line.venue == venue && line.sequence == sequence) {
        if line.digest == digest {
            return Ok(());
        }
        let (got, expected) = (line.digest.to_string(), digest.to_string());
        return Err(CliError::SignedTwice { venue: venue.to_string(), sequence, got, expected }.into());
    }
    let before = sequence.checked_sub(1);
    if let Some(line) = lines.iter().find(|line| line.venue == venue && Some(line.sequence) == before)
        && statement.predecessor() != Some(line.digest)
    {
        let got = statement.predecessor().map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        return Err(CliError::OtherPredecessor { sequence, got, expected: line.digest.to_string() }.into());
    }
    lines.push(Line { digest, sequence, venue });
    let mut file = Vec::new();
    for line in &lines {
        file.extend(json::canonical(line)?);
        file.push(b'\n');
    }
    files::write(path, &file, Readers::Owner, true)?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Line>, Failure> {
    if !files::is_there(path)? {
        return Ok(Vec::new());
    }
    let text = files::read_text(path)?;
    let damaged = |number: usize, error: json::JsonError| CliError::SigningRecord {
        path: path.to_owned(),
        detail: format!("line {number}: {error}"),
    };
    if text.is_empty() {
        let detail = "it is empty, and a record has at least one line".to_owned();
        return Err(CliError::SigningRecord { path: path.to_owned(), detail }.into());
    }
    let parse = |(number, line): (usize, &str)| json::read(line.as_bytes()).map_err(|error| damaged(number, error));
    Ok((1..).zip(text.lines()).map(parse).collect::<Result<_, _>>()?)
}
