//! The file of one depositor: which transactions brought a customer's coins, and where the tree has them.

use serde::{Deserialize, Serialize};

use crate::asset::DeploymentId;
use crate::code::{Code, Coded, depositor as codes};
use crate::json::{self, JsonError};
use crate::liability::inclusion_proof::InclusionProof;

/// The format's name.
pub const FORMAT: &str = "counterfoil-depositor-v1";
/// More deposits of one customer are not read.
pub const DEPOSITS_MAX: usize = 10_000;
/// More inclusion proofs of one customer are not read: one for each statement.
pub const PROOFS_MAX: usize = 1_200;

/// What a customer paid in, and what inclusion proofs say of it. The bundle asks, the proofs answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Depositor {
    /// The account that is asked about.
    pub account: String,
    /// The credential in its leaves; empty for none.
    pub credential: String,
    /// The transactions that brought its coins.
    pub deposits: Vec<Deposit>,
    /// [`FORMAT`].
    pub format: String,
    /// One for each statement.
    pub proofs: Vec<InclusionProof>,
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// The transaction, as the window writes it.
    pub txid: String,
}

/// Why a file is no depositor's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DepositorError {
    /// Not JSON, or not of its form.
    #[error("{0}")]
    Json(#[source] JsonError),
    /// A field contradicts the format.
    #[error("{0}")]
    Shape(String),
}

impl Coded for DepositorError {
    fn code(&self) -> &'static Code {
        &codes::DEPOSITOR_MALFORMED
    }
}

impl Depositor {
    /// Reads a file; its form is checked, and no proof in it.
    ///
    /// # Errors
    /// [`DepositorError`].
    pub fn parse(file: &[u8]) -> Result<Self, DepositorError> {
        let found: Self = json::read(file).map_err(DepositorError::Json)?;
        found.check().map(|()| found)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`DepositorError`] for what [`Self::parse`] would refuse.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DepositorError> {
        self.check()?;
        json::canonical(self).map_err(DepositorError::Json)
    }

    fn check(&self) -> Result<(), DepositorError> {
        let fail = |detail: String| Err(DepositorError::Shape(detail));
        if self.format != FORMAT {
            return fail(format!("format {:?}, expected {FORMAT:?}", self.format));
        }
        if self.account.is_empty() {
            return fail("the account is empty".to_owned());
        }
        if self.deposits.is_empty() || self.deposits.len() > DEPOSITS_MAX {
            return fail(format!("{} deposits, expected 1 to {DEPOSITS_MAX}", self.deposits.len()));
        }
        if self.proofs.is_empty() || self.proofs.len() > PROOFS_MAX {
            return fail(format!("{} inclusion proofs, expected 1 to {PROOFS_MAX}", self.proofs.len()));
        }
        if !self.deposits.is_sorted_by(|left, right| left < right) {
            return fail("deposits are not strictly rising by deployment and transaction".to_owned());
        }
        Ok(())
    }
}
