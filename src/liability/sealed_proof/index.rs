//! The index of a folder of packs: which statement they are of, and into how many packs the proofs were divided.

use serde::{Deserialize, Serialize};

use super::{BITS_MAX, Prefix, ProofCode, SealedError};
use crate::json::{self, JsonError, uint};
use crate::liability::inclusion_proof::{InclusionError, StatementRef};

/// The name of the index in its folder.
pub const INDEX: &str = "index.json";
/// The format's name.
const FORMAT: &str = "counterfoil-sealed-proofs-v1";

/// The file beside the packs. It answers where a proof is, and nothing in it is believed: the pack says itself what
/// it is, and the proof opens only under the verifier's own statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    format: String,
    #[serde(with = "uint")]
    prefix_bits: u8,
    statement: StatementRef,
}

impl Index {
    /// The index of 2^`prefix_bits` packs.
    #[must_use]
    pub fn new(statement: StatementRef, prefix_bits: u8) -> Self {
        Self { format: FORMAT.to_owned(), prefix_bits, statement }
    }

    /// Reads an index.
    ///
    /// # Errors
    /// [`SealedError::Index`].
    pub fn parse(file: &[u8]) -> Result<Self, SealedError> {
        let index: Self = json::read(file).map_err(SealedError::Index)?;
        let malformed = |detail: String| Err(SealedError::Index(JsonError::Shape { detail }));
        if index.format != FORMAT {
            return malformed(format!("format {:?}, expected {FORMAT:?}", index.format));
        }
        if index.prefix_bits > BITS_MAX {
            return malformed(format!("prefix_bits {}, at most {BITS_MAX} are known", index.prefix_bits));
        }
        Ok(index)
    }

    /// The pack in which the proof of this code must be.
    ///
    /// # Errors
    /// [`SealedError::OtherStatementIndex`] when the packs are of another statement than the verifier's.
    pub fn locate(&self, code: &ProofCode, statement: &StatementRef) -> Result<Prefix, SealedError> {
        if self.statement != *statement {
            let (got, expected) = (Box::new(self.statement.clone()), Box::new(statement.clone()));
            let other = InclusionError::OtherStatement { got, expected };
            return Err(SealedError::OtherStatementIndex(Box::new(other)));
        }
        Ok(Prefix::of(code.name(&statement.digest), self.prefix_bits))
    }
}
