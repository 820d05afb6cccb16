//! What evidence shows: holdings, problems, and how good the evidence is.

use std::fmt;

use crate::amount::Amount;
use crate::asset::{ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::code::{Code, Coded};
use crate::snapshot::{BlockRef, Time};

/// The verifier's question about one chain. Nothing in it comes from evidence: blocks come from policy and signed
/// statement, addresses from the committed set.
#[derive(Clone, Debug)]
pub struct ChainQuery<'a> {
    /// The chain.
    pub chain: &'a ChainId,
    /// Blocks that the policy pins by hash.
    pub pins: &'a [BlockRef],
    /// The block that the statement names as its cut-off on this chain.
    pub cutoff_block: &'a BlockRef,
    /// The cut-off.
    pub cutoff: Time,
    /// Addresses of the committed set on this chain, in its order.
    pub addresses: &'a [&'a str],
    /// What of this chain counts for any asset, by the policy.
    pub deployments: &'a [DeploymentId],
    /// What an answer of the node in the bundle's transcript is worth.
    pub transcript: Option<(&'a super::transcript::Transcript, Basis)>,
}

/// How the id of a validator begins; its index follows.
pub const VALIDATOR_ID: &str = "validator:";

/// How soon a holding can pay a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// In the next block.
    FreeNow,
    /// Staked: it waits in a queue of days or weeks first.
    ExitQueue,
}

impl Bucket {
    /// The words in reports.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::FreeNow => "free now",
            Self::ExitQueue => "exit queue",
        }
    }
}

/// One coin or account balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// The address, as the set has it.
    pub address: String,
    /// What cannot be counted twice: `txid:vout` on Bitcoin; the address on EVM chains, or
    /// [`VALIDATOR_ID`] and an index.
    pub id: String,
    /// Base units of the deployment.
    pub amount: Amount,
    /// Height of the block that made it: coins of Bitcoin have an age.
    pub made_at: Option<u64>,
    /// Whether it is really there: proved, or stated.
    pub authenticity: Basis,
    /// Whether it is still there.
    pub completeness: Completeness,
}

impl Holding {
    /// A figure made of two facts is worth its weaker one.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.authenticity.min(self.completeness.basis())
    }

    /// How soon it can pay a customer.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        if self.id.starts_with(VALIDATOR_ID) { Bucket::ExitQueue } else { Bucket::FreeNow }
    }
}

/// Something that a check found wrong or missing. It becomes a finding of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The entry of the catalogue.
    pub code: &'static Code,
    /// The address, outpoint or file.
    pub subject: String,
    /// What was got, and what was expected.
    pub detail: String,
}

impl Problem {
    /// From an error about `subject`.
    #[must_use]
    pub fn from_error(subject: impl Into<String>, error: &dyn Coded) -> Self {
        Self { code: error.code(), subject: subject.into(), detail: error.to_string() }
    }
}

/// Whether the statement's block is the last one at or before the cut-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CutoffCheck {
    /// Shown: this block's time is not after the cut-off, its successor's is.
    Holds,
    /// The evidence does not show it.
    Unknown {
        /// What is missing.
        detail: String,
    },
    /// Shown to be another block.
    Violated {
        /// Times got and expected.
        detail: String,
    },
}

/// What the evidence of one chain shows at the cut-off block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEvidence {
    /// Holdings, in the order of their ids; each once.
    pub holdings: Vec<Holding>,
    /// What was wrong or missing, in a fixed order.
    pub problems: Vec<Problem>,
    /// The cut-off rule.
    pub cutoff: CutoffCheck,
    /// Whether the cut-off block is pinned, or an ancestor of a pinned block.
    pub anchored: bool,
    /// Whether the evidence as a whole could be used. When it could not, that nothing is listed means nothing.
    pub readable: bool,
}

/// How control over an address was shown, the weakest way first. What each rests on: several keys of a script that
/// nobody executed; one key whose hash the address is; the address's script, executed; a coin that really moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlGrade {
    /// A contract wallet accepts the signature, says a node that only the bundle vouches for; or its state does, under
    /// a block that nobody pinned.
    ContractStated,
    /// A contract wallet accepts the signature, says a node that the verifier pinned.
    ContractObserved,
    /// As many keys of a multisig script as it asks for signed the line.
    KeyThreshold,
    /// The owners that a wallet's state names, as many as it asks for, signed the challenge.
    ContractProven,
    /// The address's key signed the line.
    KeySigned,
    /// The address's script accepts a transaction that commits to the line.
    ScriptSatisfied,
    /// A coin of the address was spent after the challenge, in a transaction that carries the challenge's mark.
    Moved,
}

impl ControlGrade {
    /// The word in reports and policies.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::ContractStated => "contract-stated",
            Self::ContractObserved => "contract-observed",
            Self::KeyThreshold => "key-threshold",
            Self::ContractProven => "contract-proven",
            Self::KeySigned => "key-signed",
            Self::ScriptSatisfied => "script-satisfied",
            Self::Moved => "moved",
        }
    }
}

impl ControlGrade {
    /// What a holding under this control is worth at most.
    #[must_use]
    pub const fn basis(self) -> Basis {
        match self {
            Self::ContractStated => Basis::Stated,
            Self::ContractObserved => Basis::Observed,
            _ => Basis::Proved,
        }
    }
}

/// From when on a satisfied script can spend: the T of BIP-322.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBefore {
    /// In blocks above this height.
    Height(u64),
    /// In blocks whose predecessors' median time is past this.
    Time(Time),
}

/// How long a coin must have rested: the S of BIP-322, as BIP-68 reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoinAge {
    /// Blocks.
    Blocks(u16),
    /// Seconds of median time.
    Seconds(u32),
}

impl CoinAge {
    /// Whether a coin made at a height is old enough to be spent in the block after another one. Seconds are not
    /// judged: they run from the median time before the coin's block.
    #[must_use]
    pub fn is_reached(self, made_at: u64, height: u64) -> bool {
        match self {
            Self::Blocks(blocks) => made_at.saturating_add(u64::from(blocks)) <= height.saturating_add(1),
            Self::Seconds(_) => false,
        }
    }
}

impl fmt::Display for CoinAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocks(blocks) => write!(f, "that are at least {blocks} blocks old"),
            Self::Seconds(seconds) => write!(f, "that are at least {seconds} seconds old"),
        }
    }
}

/// What a control proof speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlScope {
    /// Every coin of the address.
    Address,
    /// The coins that it lists.
    Coins,
}

/// A coin that a proof of funds shows to be spendable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCoin {
    /// `txid:vout`.
    pub id: String,
    /// Base units.
    pub amount: Amount,
    /// Its script, lower-case hexadecimal digits.
    pub script: String,
    /// How old it must be.
    pub age: Option<CoinAge>,
}

/// What weakens a proof that counts; each is a finding of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlRemark {
    /// The header byte is that of P2PKH, the address has a witness.
    ForeignHeader,
    /// The mark of a movement is an amount.
    AmountMark,
}

/// What a valid control proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// How.
    pub grade: ControlGrade,
    /// Of what.
    pub scope: ControlScope,
    /// From when on the coins can be spent so; `None` for at once.
    pub not_before: Option<NotBefore>,
    /// How old the address's coins must be; `None` for any age.
    pub age: Option<CoinAge>,
    /// Coins of a proof of funds, each once, in the order of the proof.
    pub coins: Vec<ShownCoin>,
    /// What weakens it.
    pub remark: Option<ControlRemark>,
}

impl Control {
    /// Of a whole address, at once.
    #[must_use]
    pub const fn of(grade: ControlGrade) -> Self {
        Self { grade, scope: ControlScope::Address, not_before: None, age: None, coins: Vec::new(), remark: None }
    }

    /// Whether the coins can be spent in the block after `height`, when the clock of the chain shows `time`. The age
    /// of single coins is another question.
    #[must_use]
    pub fn is_open(&self, height: u64, time: Time) -> bool {
        match self.not_before {
            None => true,
            Some(NotBefore::Height(first)) => first <= height,
            Some(NotBefore::Time(first)) => first <= time,
        }
    }
}

/// One line of `control.jsonl`. Fields that the scheme does not use are absent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlProof {
    /// The chain.
    pub chain: ChainId,
    /// The address.
    pub address: String,
    /// `bip322-simple`, `bip322-full`, `bip322-pof`, `bip127`, `bdk-reserves`, `bip137`, `legacy`, `electrum`,
    /// `key-threshold`, `moved`, or one of `evm::control`.
    pub scheme: String,
    /// As the scheme writes it: base64, or hexadecimal digits behind `0x` for `eip191`; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signature: String,
    /// The script behind the address's hash, hexadecimal digits: `key-threshold`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Signed messages, one per key: `key-threshold`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<String>>,
    /// The transaction's id, hexadecimal digits as people read them: `moved`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
}

impl ControlProof {
    /// A proof of a scheme with one signature.
    #[must_use]
    pub fn signed(chain: ChainId, address: String, scheme: &str, signature: String) -> Self {
        let scheme = scheme.to_owned();
        Self { chain, address, scheme, signature, script: None, signatures: None, transaction: None }
    }
}

/// A field that is there has a value: `null` is refused.
fn present<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}
