//! A sample as a document: drawn from a statement and a beacon, and drawn again by whoever checks it.

use serde::{Deserialize, Serialize};

use super::{COUNT_MAX, detection, heights, percent};
use crate::asset::ChainId;
use crate::code::{Code, Coded, statement_chain as codes};
use crate::hash::Digest;
use crate::json::{self, JsonError, uint};
use crate::publish::VerifiedStatement;
use crate::reserve::bitcoin::beacon::Beacon;
use crate::snapshot::{BlockRef, Time, VenueId};

/// The format's name.
pub const FORMAT: &str = "counterfoil-sample-v1";

/// Shares of the blocks that the table speaks of, as parts of 1,000.
const SHARES: [u64; 5] = [500, 100, 50, 10, 1];

/// What is asked: nothing of it comes from a sample that somebody else has drawn.
#[derive(Clone, Copy, Debug)]
pub struct SampleQuestion<'a> {
    /// What was committed to. Its digest covers the root of the address set.
    pub statement: &'a VerifiedStatement,
    /// When it was public at the latest, by the verifier's own knowledge.
    pub committed_at: Time,
    /// The first block past that moment.
    pub beacon: &'a Beacon,
    /// The chain whose blocks are drawn.
    pub chain: &'a ChainId,
    /// First and last block, both included.
    pub range: (u64, u64),
    /// How many are drawn.
    pub count: u32,
}

/// What was drawn, and from what it follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The block from whose hash it follows.
    pub beacon: BlockRef,
    /// That block's median time.
    pub beacon_time: Time,
    /// The chain whose blocks are drawn.
    pub chain: ChainId,
    /// How probably a sample of this size shows a dip.
    pub chances: Vec<Chance>,
    /// The statement's digest.
    pub commitment: Digest,
    /// When it was public at the latest.
    pub committed_at: Time,
    /// [`FORMAT`].
    pub format: String,
    /// First block of the range.
    #[serde(with = "uint")]
    pub from: u64,
    /// Drawn blocks, in the order in which they were drawn; one may come twice.
    pub heights: Vec<String>,
    /// The statement's sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// Last block of the range.
    #[serde(with = "uint")]
    pub to: u64,
    /// Who stated.
    pub venue: VenueId,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// In how many blocks too little was held: rounded up to whole blocks, so that the share is at least reached.
    #[serde(with = "uint")]
    pub blocks: u64,
    /// The probability that one of them is drawn, in percent, rounded down.
    pub detected: String,
    /// The share of the blocks, in words.
    pub share: String,
}

/// Why there is no sample, or another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// Not the sample that follows.
    #[error("{field}: got {got}, expected {expected}")]
    Differs {
        /// The first field that differs.
        field: &'static str,
        /// What the file has.
        got: String,
        /// What follows.
        expected: String,
    },
    /// Not a sample.
    #[error("{0}")]
    File(JsonError),
    /// Nothing can be drawn.
    #[error("{0}")]
    Question(String),
}

impl Coded for SampleError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Differs { .. } => &codes::SAMPLE_DIFFERS,
            Self::File(JsonError::Shape { .. }) => &codes::SAMPLE_FILE,
            Self::File(error) => error.code(),
            Self::Question(_) => &codes::SAMPLE_QUESTION,
        }
    }
}

/// Draws the blocks that follow from the statement and the beacon.
///
/// # Errors
/// [`SampleError::Question`] for a range that ends before it begins, too many draws or none, a moment before the
/// cut-off, and a beacon that does not lie past the moment.
pub fn draw(question: &SampleQuestion<'_>) -> Result<Sample, SampleError> {
    let fail = |detail: String| Err(SampleError::Question(detail));
    let (statement, (from, to), count) = (question.statement.statement(), question.range, question.count);
    if question.committed_at < statement.cutoff {
        let (at, cutoff) = (question.committed_at, statement.cutoff);
        return fail(format!("committed at {at}, expected a moment at or after the cut-off {cutoff}"));
    }
    if question.beacon.median <= question.committed_at {
        let (median, at) = (question.beacon.median, question.committed_at);
        return fail(format!("the beacon's median time {median} does not lie past {at}"));
    }
    if count == 0 || count > COUNT_MAX {
        return fail(format!("{count} blocks are to be drawn, expected 1 to {COUNT_MAX}"));
    }
    let commitment = question.statement.digest();
    let Some(drawn) = heights(&commitment, &question.beacon.block.hash, from, to, count) else {
        return fail(format!("the blocks {from} to {to}, expected the first one before the last"));
    };
    Ok(Sample {
        beacon: question.beacon.block.clone(),
        beacon_time: question.beacon.median,
        chain: question.chain.clone(),
        chances: chances(from, to, count),
        commitment,
        committed_at: question.committed_at,
        format: FORMAT.to_owned(),
        from,
        heights: drawn.iter().map(u64::to_string).collect(),
        sequence: statement.sequence,
        to,
        venue: statement.venue.id.clone(),
    })
}

/// How probably a dip is drawn: by shares of the blocks, and for one block alone.
fn chances(from: u64, to: u64, count: u32) -> Vec<Chance> {
    let Some(blocks) = to.checked_sub(from).and_then(|last| last.checked_add(1)) else { return Vec::new() };
    let shares = SHARES.iter().filter_map(|parts| {
        let dipped = u128::from(blocks).checked_mul(u128::from(*parts))?.div_ceil(1_000);
        let (whole, rest) = (parts / 10, parts % 10);
        let share = if rest == 0 { format!("{whole} %") } else { format!("{whole}.{rest} %") };
        Some((share, u64::try_from(dipped).ok()?))
    });
    let rows = shares.chain([("one block".to_owned(), 1)]);
    let chance = |(share, dipped): (String, u64)| {
        let detected = percent(&detection(dipped, blocks, count)?);
        Some(Chance { blocks: dipped, detected, share })
    };
    rows.filter_map(chance).collect()
}

/// Compares a sample that somebody has written with the one that follows.
///
/// # Errors
/// [`SampleError::File`], [`SampleError::Differs`] with the first difference.
pub fn check(file: &[u8], expected: &Sample) -> Result<(), SampleError> {
    let got: Sample = json::read_canonical(file).map_err(SampleError::File)?;
    if got == *expected {
        return Ok(());
    }
    let place = got.heights.iter().zip(&expected.heights).take_while(|(left, right)| left == right).count();
    let height = |sample: &Sample| sample.heights.get(place).cloned().unwrap_or_else(|| "no further block".to_owned());
    let words = |sample: &Sample| {
        [
            ("format", sample.format.clone()),
            ("venue", sample.venue.to_string()),
            ("sequence", sample.sequence.to_string()),
            ("commitment", sample.commitment.to_string()),
            ("committed_at", sample.committed_at.to_string()),
            ("beacon", sample.beacon.to_string()),
            ("beacon_time", sample.beacon_time.to_string()),
            ("chain", sample.chain.to_string()),
            ("from", sample.from.to_string()),
            ("to", sample.to.to_string()),
            ("heights", format!("{} at place {place}, of {} drawn", height(sample), sample.heights.len())),
        ]
    };
    let differing = words(&got).into_iter().zip(words(expected)).find(|((_, got), (_, expected))| got != expected);
    Err(match differing {
        Some(((field, got), (_, expected))) => SampleError::Differs { field, got, expected },
        None => SampleError::Differs {
            field: "chances",
            got: "another table".to_owned(),
            expected: "the table that follows from range and count".to_owned(),
        },
    })
}
