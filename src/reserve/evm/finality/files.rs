//! The files of evidence, in the JSON of the Beacon API: what a node answers is what stands in the bundle.

use alloy_primitives::U256;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::error::FinalityError;
use super::fork::Fork;
use super::ssz::{self, Chunk};
use crate::hash::decode_lower;
use crate::json;

/// The longest file accepted, in bytes; an update of 512 keys has about 70,000.
pub const FILE_BYTES_MAX: usize = 1 << 18;
/// Members of a sync committee.
pub(super) const MEMBERS: usize = 512;

/// `N` bytes as `0x` and lower-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex<const N: usize>(pub(super) [u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = text.strip_prefix("0x").and_then(decode_lower::<N>);
        let start: String = text.chars().take(20).collect();
        bytes
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{start:?}…, expected 0x and {} lower-case digits", 2 * N)))
    }
}

/// A quantity as a decimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Uint(#[serde(with = "json::uint")] pub(super) u64);

/// At most 32 bytes as `0x` and lower-case digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExtraData(Vec<u8>);

impl<'de> Deserialize<'de> for ExtraData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").filter(|digits| digits.len() <= 64);
        let bytes = digits.and_then(|digits| super::super::lines::bytes(digits, 32).ok());
        bytes.map(Self).ok_or_else(|| D::Error::custom("extra data: expected 0x and at most 64 lower-case digits"))
    }
}

/// An unsigned integer of 256 bits as a decimal text in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide(U256);

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let canonical = text.len() <= 78 && (text == "0" || !text.starts_with('0')) && !text.is_empty();
        let digits = canonical && text.bytes().all(|byte| byte.is_ascii_digit());
        let value = if digits { U256::from_str_radix(&text, 10).ok() } else { None };
        value.map(Self).ok_or_else(|| D::Error::custom("expected a decimal integer below 2^256"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beacon {
    pub(super) slot: Uint,
    proposer_index: Uint,
    parent_root: Hex<32>,
    pub(super) state_root: Hex<32>,
    pub(super) body_root: Hex<32>,
}

impl Beacon {
    /// The root of a beacon block is that of its header.
    pub(super) fn root(&self) -> Chunk {
        let Self { slot, proposer_index, parent_root, state_root, body_root } = self;
        ssz::merkleize(&[ssz::uint(slot.0), ssz::uint(proposer_index.0), parent_root.0, state_root.0, body_root.0])
    }
}

/// The header of an execution payload.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Execution {
    parent_hash: Hex<32>,
    fee_recipient: Hex<20>,
    state_root: Hex<32>,
    receipts_root: Hex<32>,
    logs_bloom: Hex<256>,
    prev_randao: Hex<32>,
    pub(super) block_number: Uint,
    gas_limit: Uint,
    gas_used: Uint,
    timestamp: Uint,
    extra_data: ExtraData,
    base_fee_per_gas: Wide,
    pub(super) block_hash: Hex<32>,
    transactions_root: Hex<32>,
    withdrawals_root: Hex<32>,
    blob_gas_used: Option<Uint>,
    excess_blob_gas: Option<Uint>,
}

impl Execution {
    /// The root in the form of `fork`; `None` when a field is missing or one too many is there.
    pub(super) fn root(&self, fork: &Fork) -> Option<Chunk> {
        let mut chunks = vec![
            self.parent_hash.0,
            ssz::padded(&self.fee_recipient.0),
            self.state_root.0,
            self.receipts_root.0,
            ssz::bytes(&self.logs_bloom.0),
            self.prev_randao.0,
            ssz::uint(self.block_number.0),
            ssz::uint(self.gas_limit.0),
            ssz::uint(self.gas_used.0),
            ssz::uint(self.timestamp.0),
            ssz::short_list(&self.extra_data.0),
            self.base_fee_per_gas.0.to_le_bytes::<32>(),
            self.block_hash.0,
            self.transactions_root.0,
            self.withdrawals_root.0,
        ];
        match (fork.blobs, self.blob_gas_used, self.excess_blob_gas) {
            (true, Some(used), Some(excess)) => chunks.extend([ssz::uint(used.0), ssz::uint(excess.0)]),
            // a header from before a fork, in the form of the update that carries it
            (false, None | Some(Uint(0)), None | Some(Uint(0))) => {}
            _ => return None,
        }
        Some(ssz::merkleize(&chunks))
    }
}

/// A beacon header with the execution header in its body.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) beacon: Beacon,
    pub(super) execution: Execution,
    pub(super) execution_branch: Vec<Hex<32>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommitteeJson {
    pubkeys: Vec<Hex<48>>,
    aggregate_pubkey: Hex<48>,
}

/// The 512 keys of a period, and their sum. The keys may be no points: nobody has looked yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "CommitteeJson")]
pub(super) struct Committee {
    keys: Vec<[u8; 48]>,
    aggregate: [u8; 48],
}

impl TryFrom<CommitteeJson> for Committee {
    type Error = String;

    fn try_from(json: CommitteeJson) -> Result<Self, String> {
        if json.pubkeys.len() != MEMBERS {
            return Err(format!("{} keys, expected {MEMBERS}", json.pubkeys.len()));
        }
        Ok(Self { keys: json.pubkeys.into_iter().map(|key| key.0).collect(), aggregate: json.aggregate_pubkey.0 })
    }
}

impl Committee {
    pub(super) fn keys(&self) -> &[[u8; 48]] {
        &self.keys
    }

    pub(super) const fn aggregate(&self) -> &[u8; 48] {
        &self.aggregate
    }

    pub(super) fn root(&self) -> Chunk {
        let keys: Vec<Chunk> = self.keys().iter().map(|key| ssz::bytes(key)).collect();
        ssz::node(&ssz::merkleize(&keys), &ssz::bytes(self.aggregate()))
    }
}

/// Who of the committee signed, and their signature.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncAggregate {
    pub(super) sync_committee_bits: Hex<64>,
    pub(super) sync_committee_signature: Hex<96>,
}

/// A file: the fork that its shape is of, and the rest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Versioned<T> {
    pub(super) version: String,
    pub(super) data: T,
}

/// `bootstrap.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bootstrap {
    pub(super) header: Header,
    pub(super) current_sync_committee: Committee,
    pub(super) current_sync_committee_branch: Vec<Hex<32>>,
}

/// `update-NNNN.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Update {
    pub(super) attested_header: Header,
    pub(super) next_sync_committee: Committee,
    pub(super) next_sync_committee_branch: Vec<Hex<32>>,
    pub(super) finalized_header: Header,
    pub(super) finality_branch: Vec<Hex<32>>,
    pub(super) sync_aggregate: SyncAggregate,
    pub(super) signature_slot: Uint,
}

/// `finality.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finality {
    pub(super) attested_header: Header,
    pub(super) finalized_header: Header,
    pub(super) finality_branch: Vec<Hex<32>>,
    pub(super) sync_aggregate: SyncAggregate,
    pub(super) signature_slot: Uint,
}

/// Reads one file.
pub(super) fn read<T: DeserializeOwned>(path: &str, bytes: &[u8]) -> Result<Versioned<T>, FinalityError> {
    let fail = |detail: String| FinalityError::Malformed { path: path.to_owned(), detail };
    if bytes.len() > FILE_BYTES_MAX {
        return Err(fail(format!("{} bytes, at most {FILE_BYTES_MAX} are accepted", bytes.len())));
    }
    json::read(bytes).map_err(|error| fail(error.to_string()))
}
