//! The fields of one transaction, by position.

use alloy_primitives::U256;
use alloy_rlp::{Decodable as _, Encodable as _, Header as RlpHeader};

use super::sender::{self, Parity};
use super::{GasPrice, Transaction, TransactionError, transaction_hash};
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::keccak;

/// The type that carries blobs (EIP-4844).
pub(super) const BLOBS: u8 = 3;
/// The most fields that a known type has.
const FIELDS_MAX: usize = 14;
/// The first byte of an RLP list, and so of a transaction without a type.
const LIST: u8 = 0xc0;

/// Where a type has its fields. The signature is the last three of them.
struct Layout {
    fields: usize,
    /// The chain's number, in front; the first type has none.
    chain: bool,
    nonce: usize,
    /// The only price, or the tip with the limit behind it.
    price: usize,
    capped: bool,
    to: usize,
    /// Whether it may create a contract.
    creates: bool,
    value: usize,
    /// Fields that are lists; all others are strings.
    lists: &'static [usize],
}

const LEGACY: Layout =
    Layout { fields: 9, chain: false, nonce: 0, price: 1, capped: false, to: 3, creates: true, value: 4, lists: &[] };
const ACCESS_LIST: Layout =
    Layout { fields: 11, chain: true, nonce: 1, price: 2, to: 4, value: 5, lists: &[7], ..LEGACY };
const DYNAMIC_FEE: Layout = Layout { fields: 12, capped: true, to: 5, value: 6, lists: &[8], ..ACCESS_LIST };
const BLOB: Layout = Layout { fields: 14, creates: false, lists: &[8, 10], ..DYNAMIC_FEE };
const SET_CODE: Layout = Layout { fields: 13, creates: false, lists: &[8, 9], ..DYNAMIC_FEE };

/// An RLP item as it stands, whether it is a list, and its payload.
struct Item<'a> {
    whole: &'a [u8],
    list: bool,
    payload: &'a [u8],
}

/// Reads transaction `at` of a block and finds its sender.
pub(super) fn transaction(at: usize, bytes: &[u8]) -> Result<Transaction, TransactionError> {
    let fail = |detail: String| TransactionError::Malformed { at, detail };
    let (kind, layout, body) = match bytes.split_first() {
        None => return Err(fail("it is empty".to_owned())),
        Some((first, _)) if *first >= LIST => (0, LEGACY, bytes),
        Some((1, rest)) => (1, ACCESS_LIST, rest),
        Some((2, rest)) => (2, DYNAMIC_FEE, rest),
        Some((&BLOBS, rest)) => (BLOBS, BLOB, rest),
        Some((4, rest)) => (4, SET_CODE, rest),
        Some((got, _)) => return Err(TransactionError::Type { at, got: *got }),
    };
    let items = items(body).map_err(fail)?;
    if items.len() != layout.fields {
        return Err(fail(format!("{} fields, type {kind} has {}", items.len(), layout.fields)));
    }
    if let Some(place) =
        (0..items.len()).find(|place| items.get(*place).is_some_and(|item| item.list) != layout.lists.contains(place))
    {
        return Err(fail(format!("field {place} is a list in place of a string, or the other way round")));
    }
    let number = |place: usize| integer(&items, place).map_err(fail);
    let small =
        |place: usize| u64::try_from(number(place)?).map_err(|_| fail(format!("field {place} is above 64 bits")));
    let to = match items.get(layout.to).map(|item| item.payload).unwrap_or_default() {
        [] if layout.creates => None,
        address => Some(EvmAddress::from_bytes(
            address.try_into().map_err(|_| fail(format!("an address of {} bytes", address.len())))?,
        )),
    };
    let price = if layout.capped {
        GasPrice::Capped { tip: number(layout.price)?, limit: number(layout.price.saturating_add(1))? }
    } else {
        GasPrice::Fixed(number(layout.price)?)
    };
    let unsigned = layout.fields.saturating_sub(3);
    let (v, r, s) = (number(unsigned)?, number(unsigned.saturating_add(1))?, number(unsigned.saturating_add(2))?);
    let parity = sender::parity(at, v, layout.chain)?;
    let chain_number = if layout.chain { Some(small(0)?) } else { parity.chain_number };
    let signed = signed_hash(kind, items.get(..unsigned).unwrap_or_default(), &parity);
    Ok(Transaction {
        hash: transaction_hash(bytes),
        kind,
        chain_number,
        nonce: small(layout.nonce)?,
        sender: sender::recover(at, &signed, (r, s, parity.odd))?,
        to,
        value: number(layout.value)?,
        price,
    })
}

/// The 32 bytes that the sender signed: the type, and all fields but the signature; with the chain's number behind them
/// in a transaction of the first type that has one (EIP-155).
fn signed_hash(kind: u8, fields: &[Item<'_>], parity: &Parity) -> [u8; 32] {
    let mut payload: Vec<u8> = fields.iter().flat_map(|item| item.whole).copied().collect();
    if kind == 0
        && let Some(chain) = parity.chain_number
    {
        chain.encode(&mut payload);
        payload.extend([0x80, 0x80]);
    }
    let mut bytes = if kind == 0 { Vec::new() } else { vec![kind] };
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut bytes);
    bytes.extend(payload);
    keccak(&bytes)
}

/// The items of the RLP list that fills `body`.
fn items(body: &[u8]) -> Result<Vec<Item<'_>>, String> {
    let text = |error: alloy_rlp::Error| error.to_string();
    let mut rest = body;
    let mut list = RlpHeader::decode_bytes(&mut rest, true).map_err(text)?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow it", rest.len()));
    }
    let mut items = Vec::with_capacity(FIELDS_MAX);
    while !list.is_empty() {
        if items.len() == FIELDS_MAX {
            return Err(format!("more than {FIELDS_MAX} fields"));
        }
        let before = list;
        let header = RlpHeader::decode(&mut list).map_err(text)?;
        let (payload, behind) =
            list.split_at_checked(header.payload_length).ok_or_else(|| text(alloy_rlp::Error::InputTooShort))?;
        list = behind;
        let whole = before.get(..before.len().saturating_sub(list.len())).unwrap_or_default();
        items.push(Item { whole, list: header.list, payload });
    }
    Ok(items)
}

/// An integer of at most 256 bits, without leading zeros.
fn integer(items: &[Item<'_>], place: usize) -> Result<U256, String> {
    let mut whole = items.get(place).map(|item| item.whole).unwrap_or_default();
    U256::decode(&mut whole).map_err(|error| format!("field {place}: {error}"))
}

/// The last twenty bytes of the hash of sender and nonce.
pub(super) fn created_address(sender: EvmAddress, nonce: u64) -> EvmAddress {
    let mut payload = Vec::new();
    sender.to_bytes().encode(&mut payload);
    nonce.encode(&mut payload);
    let mut bytes = Vec::new();
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut bytes);
    bytes.extend(payload);
    let mut address = [0; 20];
    for (to, from) in address.iter_mut().zip(keccak(&bytes).into_iter().skip(12)) {
        *to = from;
    }
    EvmAddress::from_bytes(address)
}
