//! Block headers: the RLP bytes as they were received, read by position so that forks which append fields change
//! nothing (yellow paper, section 4.4; EIP-1559, EIP-4895, EIP-4844 and EIP-4788 append).

use alloy_rlp::{Decodable as _, Encodable as _, Header as RlpHeader};

use super::keccak;
use crate::code::{Code, Coded, evm as codes};
use crate::hash::Digest;

/// The longest header accepted, in bytes; those of Ethereum have about 600.
pub const HEADER_BYTES_MAX: usize = 8192;
/// The fewest fields: those of the first block ever.
pub const FIELDS_MIN: usize = 15;
/// The most fields accepted.
pub const FIELDS_MAX: usize = 40;

const PARENT: usize = 0;
const STATE_ROOT: usize = 3;
const TRANSACTIONS_ROOT: usize = 4;
const NUMBER: usize = 8;
const TIMESTAMP: usize = 11;
const BASE_FEE: usize = 15;
const WITHDRAWALS_ROOT: usize = 16;
/// Since EIP-4788.
const BEACON_ROOT: usize = 19;

/// One block header whose bytes were read here; its hash is that of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvmHeader {
    hash: Digest,
    parent: Digest,
    state_root: Digest,
    number: u64,
    timestamp: i64,
    transactions_root: Option<Digest>,
    withdrawals_root: Option<Digest>,
    base_fee: Option<u64>,
    beacon_root: Option<Digest>,
}

impl EvmHeader {
    /// Reads the RLP of one header: a list of 15 to 40 strings and nothing behind it.
    ///
    /// # Errors
    /// [`HeaderError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        if bytes.len() > HEADER_BYTES_MAX {
            return Err(HeaderError::TooLong { got: bytes.len() });
        }
        let rlp = |error: alloy_rlp::Error| HeaderError::Rlp { detail: error.to_string() };
        let mut rest = bytes;
        let mut list = RlpHeader::decode_bytes(&mut rest, true).map_err(rlp)?;
        if !rest.is_empty() {
            return Err(HeaderError::Trailing { got: rest.len() });
        }
        let mut fields = Vec::with_capacity(FIELDS_MAX);
        while !list.is_empty() {
            if fields.len() == FIELDS_MAX {
                return Err(HeaderError::Fields { got: fields.len().saturating_add(1) });
            }
            fields.push(RlpHeader::decode_bytes(&mut list, false).map_err(rlp)?);
        }
        if fields.len() < FIELDS_MIN {
            return Err(HeaderError::Fields { got: fields.len() });
        }
        let seconds = integer(&fields, TIMESTAMP)?;
        let timestamp = i64::try_from(seconds).map_err(|_| field(TIMESTAMP, "a time above 63 bits"))?;
        Ok(Self {
            hash: Digest::from_bytes(keccak(bytes)),
            parent: word(&fields, PARENT)?,
            state_root: word(&fields, STATE_ROOT)?,
            number: integer(&fields, NUMBER)?,
            timestamp,
            // what a balance needs nothing of: a header of another form has none of them, and is still a header
            transactions_root: word(&fields, TRANSACTIONS_ROOT).ok(),
            withdrawals_root: word(&fields, WITHDRAWALS_ROOT).ok(),
            base_fee: fields.get(BASE_FEE).and_then(|_| integer(&fields, BASE_FEE).ok()),
            beacon_root: fields.get(BEACON_ROOT).and_then(|field| Some(Digest::from_bytes((*field).try_into().ok()?))),
        })
    }

    /// The block's hash.
    #[must_use]
    pub const fn hash(&self) -> Digest {
        self.hash
    }

    /// The hash of the block before.
    #[must_use]
    pub const fn parent(&self) -> Digest {
        self.parent
    }

    /// The root of the state trie after the block.
    #[must_use]
    pub const fn state_root(&self) -> &Digest {
        &self.state_root
    }

    /// The block's number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The block's time, in seconds since 1970.
    #[must_use]
    pub const fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The root over the block's transactions; `None` where the field is no root.
    #[must_use]
    pub const fn transactions_root(&self) -> Option<&Digest> {
        self.transactions_root.as_ref()
    }

    /// The root over the block's withdrawals from staking (EIP-4895); `None` before they came.
    #[must_use]
    pub const fn withdrawals_root(&self) -> Option<&Digest> {
        self.withdrawals_root.as_ref()
    }

    /// What a unit of gas costs at least, in base units (EIP-1559); `None` before it came.
    #[must_use]
    pub const fn base_fee(&self) -> Option<u64> {
        self.base_fee
    }

    /// The root of the beacon block that the block's parent is in (EIP-4788); none before that fork, or where the field
    /// of that place is something else.
    #[must_use]
    pub const fn beacon_root(&self) -> Option<Digest> {
        self.beacon_root
    }
}

/// The RLP of a header with these fields, each as the bytes of its RLP string (integers big-endian without
/// leading zeros, see [`integer_bytes`]). `fetch` rebuilds headers with it when a node has no raw ones.
#[must_use]
pub fn encode(fields: &[Vec<u8>]) -> Vec<u8> {
    let mut payload = Vec::new();
    for field in fields {
        field.as_slice().encode(&mut payload);
    }
    let mut bytes = Vec::new();
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut bytes);
    bytes.extend_from_slice(&payload);
    bytes
}

/// The bytes of an integer field: big-endian, without leading zeros; none for zero.
#[must_use]
pub fn integer_bytes(value: u64) -> Vec<u8> {
    value.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

fn word(fields: &[&[u8]], at: usize) -> Result<Digest, HeaderError> {
    let bytes = fields.get(at).copied().unwrap_or_default();
    let word = bytes.try_into().map_err(|_| field(at, &format!("{} bytes, expected 32", bytes.len())))?;
    Ok(Digest::from_bytes(word))
}

fn integer(fields: &[&[u8]], at: usize) -> Result<u64, HeaderError> {
    let mut encoded = Vec::new();
    fields.get(at).copied().unwrap_or_default().encode(&mut encoded);
    u64::decode(&mut encoded.as_slice()).map_err(|error| field(at, &error.to_string()))
}

fn field(at: usize, detail: &str) -> HeaderError {
    HeaderError::Field { at, detail: detail.to_owned() }
}

/// Why bytes are not a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Too many bytes.
    #[error("the header has {got} bytes, at most {HEADER_BYTES_MAX} are accepted")]
    TooLong {
        /// Its length.
        got: usize,
    },
    /// Not strict RLP.
    #[error("the header is not a list of RLP strings: {detail}")]
    Rlp {
        /// What the decoder found.
        detail: String,
    },
    /// Bytes behind the list.
    #[error("{got} bytes follow the header")]
    Trailing {
        /// How many.
        got: usize,
    },
    /// Too few or too many fields.
    #[error("the header has {got} fields, expected {FIELDS_MIN} to {FIELDS_MAX}")]
    Fields {
        /// How many were read.
        got: usize,
    },
    /// A field of another form.
    #[error("field {at} of the header: {detail}")]
    Field {
        /// Its position, from 0.
        at: usize,
        /// Got and expected.
        detail: String,
    },
}

impl Coded for HeaderError {
    fn code(&self) -> &'static Code {
        &codes::EVM_HEADER_MALFORMED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(count: usize) -> Vec<Vec<u8>> {
        let mut fields = vec![vec![7; 32]; count];
        fields[NUMBER] = integer_bytes(18_884_863);
        fields[TIMESTAMP] = integer_bytes(1_703_775_647);
        fields
    }

    #[test]
    fn fields_are_read_by_position() {
        for count in [FIELDS_MIN, 17, FIELDS_MAX] {
            let bytes = encode(&fields(count));
            let header = EvmHeader::parse(&bytes).expect("a header");
            assert_eq!((header.number(), header.timestamp()), (18_884_863, 1_703_775_647));
            assert_eq!(header.hash().to_bytes(), keccak(&bytes));
            assert_eq!(header.parent(), Digest::from_bytes([7; 32]));
            assert_eq!(header.transactions_root(), Some(&Digest::from_bytes([7; 32])));
            assert_eq!(header.withdrawals_root().is_some(), count > WITHDRAWALS_ROOT, "{count}");
            assert_eq!(header.base_fee(), None, "32 bytes are no price");
        }
        let mut priced = fields(17);
        priced[BASE_FEE] = integer_bytes(9);
        assert_eq!(EvmHeader::parse(&encode(&priced)).expect("a header").base_fee(), Some(9));
    }

    #[test]
    fn other_shapes_are_refused() {
        for count in [12, FIELDS_MIN - 1, FIELDS_MAX + 1] {
            assert!(matches!(EvmHeader::parse(&encode(&fields(count))), Err(HeaderError::Fields { .. })), "{count}");
        }
        assert_eq!(EvmHeader::parse(&[]).expect_err("nothing").code(), &codes::EVM_HEADER_MALFORMED);
        let good = encode(&fields(17));
        assert_eq!(EvmHeader::parse(&[&good[..], &[0x80]].concat()), Err(HeaderError::Trailing { got: 1 }));
        for length in 0..good.len() {
            assert!(EvmHeader::parse(&good[..length]).is_err(), "{length} bytes");
        }
        for (at, value) in [(PARENT, vec![7; 31]), (STATE_ROOT, vec![]), (NUMBER, vec![0, 1]), (NUMBER, vec![1; 9])] {
            let mut changed = fields(17);
            changed[at] = value;
            assert!(matches!(EvmHeader::parse(&encode(&changed)), Err(HeaderError::Field { .. })), "{at}");
        }
        let mut late = fields(17);
        late[TIMESTAMP] = vec![0xff; 8];
        assert!(matches!(EvmHeader::parse(&encode(&late)), Err(HeaderError::Field { at: TIMESTAMP, .. })));
        let mut long = fields(17);
        long[12] = vec![1; HEADER_BYTES_MAX];
        assert!(matches!(EvmHeader::parse(&encode(&long)), Err(HeaderError::TooLong { .. })));
    }
}
