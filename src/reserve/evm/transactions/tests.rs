//! Transactions of every type, signed here, one of another program's (the example of EIP-155), and their refusals.

use alloy_rlp::Encodable as _;

use super::*;
use crate::reserve::evm::control::{address_of, sign_hash};
use crate::reserve::evm::header::integer_bytes;

pub(crate) const SECRET: [u8; 32] = [0x46; 32];
const EXAMPLE: &str = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080\
    25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc\
    64214b297fb1966a3b6d83";

pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bytes.encode(&mut out);
    out
}

pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    RlpHeader { list: true, payload_length: items.iter().map(Vec::len).sum() }.encode(&mut out);
    out.extend(items.concat());
    out
}

fn number(value: u128) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

/// What a transaction of the tests says; gas costs 3 and a tip of 2 where it is capped, at most 100.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) kind: u8,
    pub(crate) chain: u64,
    pub(crate) nonce: u64,
    pub(crate) to: Option<EvmAddress>,
    pub(crate) value: u128,
    pub(crate) secret: [u8; 32],
    /// Without a chain in the first type.
    pub(crate) old: bool,
}

impl Draft {
    pub(crate) fn of(kind: u8) -> Self {
        let to = Some(EvmAddress::from_bytes([0x35; 20]));
        Self { kind, chain: 1, nonce: 9, to, value: 1_000, secret: SECRET, old: false }
    }

    /// Fields before the signature.
    fn fields(&self) -> Vec<Vec<u8>> {
        let to = string(self.to.map(EvmAddress::to_bytes).as_ref().map_or(&[], |to| &to[..]));
        let (chain, nonce) = (number(self.chain.into()), number(self.nonce.into()));
        let call = [number(21_000), to, number(self.value), string(b"data")];
        let front = match self.kind {
            0 => vec![nonce, number(3)],
            1 => vec![chain, nonce, number(3)],
            _ => vec![chain, nonce, number(2), number(100)],
        };
        let behind = match self.kind {
            0 => vec![],
            3 => vec![list(&[]), number(7), list(&[string(&[1; 32])])],
            4 => vec![list(&[]), list(&[list(&[])])],
            _ => vec![list(&[])],
        };
        [front, call.to_vec(), behind].concat()
    }

    pub(crate) fn signed(&self) -> Vec<u8> {
        self.assemble(self.fields(), |signature| signature)
    }

    /// Signs the fields, and changes the signature's r, s and v (27 or 28).
    fn assemble(&self, fields: Vec<Vec<u8>>, change: impl Fn([u8; 65]) -> [u8; 65]) -> Vec<u8> {
        let kind: &[u8] = if self.kind == 0 { &[] } else { &[self.kind] };
        let mut hashed = fields.clone();
        if self.kind == 0 && !self.old {
            hashed.extend([number(self.chain.into()), number(0), number(0)]);
        }
        let signature = change(sign_hash(&keccak(&[kind, &list(&hashed)].concat()), &self.secret).expect("a key"));
        let odd = u64::from(signature[64]) - 27;
        let v = match self.kind {
            0 if self.old => u64::from(signature[64]),
            0 => 35 + 2 * self.chain + odd,
            _ => odd,
        };
        let scalar = |bytes: &[u8]| string(&bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>());
        let tail = vec![string(&integer_bytes(v)), scalar(&signature[..32]), scalar(&signature[32..64])];
        [kind, &list(&[fields, tail].concat())].concat()
    }
}

pub(crate) fn file(raw: &[Vec<u8>]) -> Vec<u8> {
    list(&raw.iter().map(|one| string(one)).collect::<Vec<_>>())
}

fn read(chain: u64, raw: &[Vec<u8>]) -> Result<Vec<Transaction>, TransactionError> {
    let file = file(raw);
    transactions(chain, &transactions_root(&file)?, &file)
}

fn refused(raw: Vec<u8>) -> (u16, String) {
    let error = read(1, &[raw]).expect_err("refused");
    (error.code().number, error.to_string())
}

#[test]
fn the_example_of_eip_155_has_its_sender() {
    let raw = hex::decode(EXAMPLE).expect("hexadecimal digits");
    let all = read(1, std::slice::from_ref(&raw)).expect("a transaction");
    assert_eq!(all[0].sender.checksummed(), "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F");
    assert_eq!((all[0].chain_number, all[0].nonce, all[0].value), (Some(1), 9, U256::from(10_u64.pow(18))));
    assert_eq!(all[0].price, GasPrice::Fixed(U256::from(20_000_000_000_u64)));
    assert_eq!(all[0].hash.to_string(), hex::encode(keccak(&raw)));
    assert!(matches!(read(2, &[raw]), Err(TransactionError::Chain { at: 0, got: 1, expected: 2 })));
}

#[test]
fn every_type_has_its_sender_and_its_price() {
    let sender = address_of(&SECRET).expect("a key");
    for kind in 0..=4 {
        let draft = Draft::of(kind);
        let all = read(1, &[draft.signed()]).expect("a transaction");
        let one = &all[0];
        assert_eq!((one.kind, one.sender, one.nonce), (kind, sender, 9), "{kind}");
        assert_eq!((one.to, one.recipient(), one.value), (draft.to, draft.to.expect("one"), U256::from(1_000)));
        assert_eq!((one.chain_number, one.has_blobs()), (Some(1), kind == 3));
        let price = |base| one.gas_price(base).map(|price| u64::try_from(price).expect("small"));
        let capped = kind >= 2;
        assert_eq!(price(Some(10)), Some(if capped { 12 } else { 3 }));
        assert_eq!(price(Some(99)), Some(if capped { 100 } else { 3 }), "at most the limit");
        assert_eq!(price(None), if capped { None } else { Some(3) });
    }
    let old = read(1, &[Draft { old: true, ..Draft::of(0) }.signed()]).expect("a transaction");
    assert_eq!((old[0].chain_number, old[0].sender), (None, sender));
}

#[test]
fn a_contract_gets_the_value_that_creates_it() {
    let creation = Draft { to: None, nonce: 0, ..Draft::of(2) };
    let all = read(1, &[creation.signed()]).expect("a transaction");
    assert_eq!(all[0].to, None);
    // keccak of the RLP of sender and nonce 0
    let bytes = [&[0xd6, 0x94][..], &all[0].sender.to_bytes(), &[0x80]].concat();
    assert_eq!(all[0].recipient().to_bytes(), keccak(&bytes)[12..]);
    for kind in [3, 4] {
        let (code, text) = refused(Draft { to: None, ..Draft::of(kind) }.signed());
        assert_eq!((code, text.contains("an address of 0 bytes")), (6143, true), "{text}");
    }
}

#[test]
fn another_list_has_another_root() {
    let raw: Vec<Vec<u8>> = (0..=4).map(|kind| Draft::of(kind).signed()).collect();
    let file = file(&raw);
    let root = transactions_root(&file).expect("a list");
    assert_eq!(transactions(1, &root, &file).expect("all").len(), 5);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        let error = transactions(1, &root, &changed).expect_err("a changed byte");
        assert!(matches!(error.code().number, 6140 | 6141), "byte {at}: {error}");
    }
    let shorter = self::file(&raw[..4]);
    assert_eq!(transactions(1, &root, &shorter).expect_err("one is missing").code(), &codes::TRANSACTIONS_ROOT);
    let mut swapped = raw;
    swapped.swap(0, 1);
    assert_eq!(transactions(1, &root, &self::file(&swapped)).expect_err("order").code(), &codes::TRANSACTIONS_ROOT);
}

#[test]
fn lists_of_another_form_are_refused() {
    let code = |file: &[u8]| transactions_root(file).expect_err("no list").code().number;
    let good = file(&[Draft::of(0).signed()]);
    assert_eq!(code(&[]), 6140);
    assert_eq!(code(&[&good[..], &[0x80]].concat()), 6140);
    assert_eq!(code(&good[..good.len() - 1]), 6140);
    assert_eq!(code(&list(&[list(&[])])), 6140, "a list in place of bytes");
    assert_eq!(code(&vec![0; TRANSACTIONS_BYTES_MAX + 1]), 6140);
    assert_eq!(code(&list(&vec![vec![1]; TRANSACTIONS_MAX + 1])), 6140);
    assert_eq!(transactions_root(&list(&[])).expect("none").to_string()[..8], *"56e81f17");
}

#[test]
fn transactions_of_another_form_are_refused() {
    assert_eq!(refused(vec![]), (6143, "transaction 0: it is empty".to_owned()));
    for first in [0_u8, 5, 0x7e, 0xbf] {
        assert_eq!(refused(vec![first, 0xc0]).0, 6142, "{first}");
    }
    for kind in 0..=4 {
        let draft = Draft::of(kind);
        let raw = draft.signed();
        let (code, text) = refused([&raw[..], &[0]].concat());
        assert_eq!((code, text), (6143, "transaction 0: 1 bytes follow it".to_owned()));
        for length in 1..raw.len() {
            assert_eq!(refused(raw[..length].to_vec()).0, 6143, "{length} bytes of type {kind}");
        }
        let fields = draft.fields();
        let more = [fields.clone(), vec![number(1)]].concat();
        assert_eq!(refused(draft.assemble(more, |same| same)).0, 6143);
        for place in 0..fields.len() {
            let mut turned = fields.clone();
            turned[place] = if turned[place][0] >= 0xc0 { string(b"no list") } else { list(&[]) };
            let (code, text) = refused(draft.assemble(turned, |same| same));
            assert_eq!((code, text.contains(&format!("field {place} is a list"))), (6143, true), "{text}");
        }
    }
    let mut long = Draft::of(0).fields();
    for (place, bytes) in [(0, vec![1; 9]), (1, vec![0, 1]), (4, vec![1; 33]), (3, vec![1; 19])] {
        let mut changed = long.clone();
        changed[place] = string(&bytes);
        assert_eq!(refused(Draft::of(0).assemble(changed, |same| same)).0, 6143, "field {place}");
    }
    long.extend(vec![number(1); 6]);
    assert_eq!(refused(Draft::of(0).assemble(long, |same| same)).0, 6143, "more fields than any type has");
}

#[test]
fn signatures_that_no_key_made_are_refused() {
    /// The order of the group.
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let order = U256::from_be_slice(&hex::decode(ORDER).expect("hexadecimal digits"));
    for kind in 0..=4 {
        let draft = Draft::of(kind);
        let sign = |change: &dyn Fn(&mut [u8; 65])| {
            let change = |mut signature: [u8; 65]| {
                change(&mut signature);
                signature
            };
            refused(draft.assemble(draft.fields(), change))
        };
        let high = sign(&|signature| {
            let s = U256::from_be_slice(&signature[32..64]);
            signature[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
            signature[64] = 55 - signature[64];
        });
        assert_eq!((high.0, high.1.contains("low s")), (6145, true), "{}", high.1);
        assert_eq!(sign(&|signature| signature[..32].fill(0)).0, 6145, "r is zero");
        assert_eq!(sign(&|signature| signature[32..64].fill(0)).0, 6145, "s is zero");
        assert_eq!(sign(&|signature| signature[..32].fill(0xff)).0, 6145, "r is above the order");
        if kind != 0 {
            assert_eq!(sign(&|signature| signature[64] = 29).0, 6145, "v is 2");
        }
        // r that is no x coordinate of the curve
        assert_eq!(sign(&|signature| signature[..32].copy_from_slice(&U256::from(5).to_be_bytes::<32>())).0, 6145);
    }
    let old = Draft { old: true, ..Draft::of(0) };
    let (code, text) = refused(old.assemble(old.fields(), |mut signature| {
        signature[64] = 34;
        signature
    }));
    assert_eq!((code, text.contains("v is none of")), (6145, true), "{text}");
}

#[test]
fn another_parity_is_another_sender() {
    let draft = Draft::of(2);
    let turned = draft.assemble(draft.fields(), |mut signature| {
        signature[64] = 55 - signature[64];
        signature
    });
    // a key recovers from nearly any signature: that it is not the sender's only the root of the block tells
    let got = read(1, &[turned]).map(|all| all[0].sender);
    assert_ne!(got.ok(), address_of(&SECRET).ok());
}

#[test]
fn a_transaction_for_another_chain_is_refused() {
    for kind in 0..=4 {
        let error = read(1, &[Draft::of(2).signed(), Draft { chain: 10, ..Draft::of(kind) }.signed()]);
        let error = error.expect_err("another chain");
        assert_eq!(error, TransactionError::Chain { at: 1, got: 10, expected: 1 });
        assert_eq!(error.code(), &codes::EVM_TRANSACTION_CHAIN);
    }
}
