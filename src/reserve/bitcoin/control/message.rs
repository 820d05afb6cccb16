//! Signed messages: BIP-137 and its older form, a recoverable ECDSA signature over a prefixed message.

use bitcoin::consensus::Encodable as _;
use bitcoin::hashes::{Hash as _, hash160, sha256d};
use bitcoin::opcodes::OP_0;
use bitcoin::{Script, ScriptBuf, WPubkeyHash, script};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use super::bip322::base64_exact;
use super::{BIP137, ControlError, ELECTRUM};

/// What every wallet puts before the message.
const MAGIC: &[u8] = b"Bitcoin Signed Message:\n";
/// Header, r and s.
const LENGTH: usize = 65;
/// Characters of their base64.
const TEXT_LENGTH: usize = 88;
/// Nothing longer is decoded.
const TEXT_MAX: usize = 256;

/// Double SHA-256 of the prefixed message; both strings have their length before them.
#[must_use]
pub fn message_hash(message: &[u8]) -> [u8; 32] {
    let mut engine = sha256d::Hash::engine();
    for part in [MAGIC, message] {
        // an engine takes every byte: its `Write` cannot fail
        let _ = part.to_vec().consensus_encode(&mut engine);
    }
    sha256d::Hash::from_engine(engine).to_byte_array()
}

/// What the first byte of a signature says (BIP-137).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderClass {
    /// 27 to 30.
    Uncompressed,
    /// 31 to 34.
    Compressed,
    /// 35 to 38.
    NestedWitness,
    /// 39 to 42.
    Witness,
}

impl HeaderClass {
    /// The first of the four bytes of the class; the distance to it is the recovery number.
    #[must_use]
    pub const fn first(self) -> u8 {
        match self {
            Self::Uncompressed => 27,
            Self::Compressed => 31,
            Self::NestedWitness => 35,
            Self::Witness => 39,
        }
    }

    fn split(header: u8) -> Option<(Self, RecoveryId)> {
        let classes = [Self::Uncompressed, Self::Compressed, Self::NestedWitness, Self::Witness];
        classes.into_iter().find_map(|class| {
            let number = header.checked_sub(class.first())?;
            Some((class, RecoveryId::from_byte(number)?))
        })
    }

    fn only(self, class: Self) -> Option<Self> {
        Some(class).filter(|class| *class == self)
    }

    fn of_key_hash(self) -> Option<Self> {
        matches!(self, Self::Uncompressed | Self::Compressed).then_some(self)
    }

    /// The class whose script a signature with the header of P2PKH stands for; the key is compressed there, too.
    fn compressed_as(self, class: Self) -> Option<Self> {
        (self == Self::Compressed).then_some(class)
    }

    /// The key's bytes, in the form that the class says.
    #[must_use]
    pub fn key_bytes(self, key: &VerifyingKey) -> Vec<u8> {
        key.to_sec1_point(self != Self::Uncompressed).as_bytes().to_vec()
    }

    /// The script of the address that a key has in this class.
    #[must_use]
    pub fn script(self, key: &VerifyingKey) -> ScriptBuf {
        let hash = hash160::Hash::hash(&self.key_bytes(key));
        match self {
            Self::Uncompressed | Self::Compressed => ScriptBuf::new_p2pkh(&bitcoin::PubkeyHash::from(hash)),
            Self::Witness => ScriptBuf::new_p2wpkh(&WPubkeyHash::from(hash)),
            Self::NestedWitness => {
                let inner = script::Builder::new().push_opcode(OP_0).push_slice(hash.to_byte_array()).into_script();
                ScriptBuf::new_p2sh(&inner.script_hash())
            }
        }
    }
}

/// Checks a signature under one of the schemes [`BIP137`], [`ELECTRUM`] and, for P2PKH only, [`super::LEGACY`].
///
/// # Errors
/// [`ControlError`].
pub fn verify(script_pubkey: &Script, message: &[u8], text: &str, scheme: &'static str) -> Result<(), ControlError> {
    // the bytes that may stand first, and the class whose script the key must have
    let (expected, form): (&'static str, fn(HeaderClass) -> Option<HeaderClass>) = match (scheme, script_pubkey) {
        (ELECTRUM, script) if script.is_p2wpkh() => ("31 to 34", |class| class.compressed_as(HeaderClass::Witness)),
        (ELECTRUM, script) if script.is_p2sh() => ("31 to 34", |class| class.compressed_as(HeaderClass::NestedWitness)),
        (ELECTRUM, script) => return Err(ControlError::Scheme { scheme, script: script.to_string() }),
        (_, script) if script.is_p2pkh() => ("27 to 34", HeaderClass::of_key_hash),
        (BIP137, script) if script.is_p2sh() => ("35 to 38", |class| class.only(HeaderClass::NestedWitness)),
        (BIP137, script) if script.is_p2wpkh() => ("39 to 42", |class| class.only(HeaderClass::Witness)),
        (_, script) => return Err(ControlError::Scheme { scheme, script: script.to_string() }),
    };
    let signed = recover(message, text, expected, |class| form(class).is_some())?;
    let fits = form(signed.class).is_some_and(|class| class.script(&signed.key).as_script() == script_pubkey);
    if fits {
        return Ok(());
    }
    Err(ControlError::Invalid { detail: "it was made by another key, or over another line".to_owned() })
}

/// Who made a signature, and in which form.
pub(super) struct Signed {
    /// The class of its first byte.
    pub(super) class: HeaderClass,
    /// The key.
    pub(super) key: VerifyingKey,
}

/// The key that a signature over a message recovers to; `fits` says which classes are accepted, `expected` names them.
pub(super) fn recover(
    message: &[u8],
    text: &str,
    expected: &'static str,
    fits: impl Fn(HeaderClass) -> bool,
) -> Result<Signed, ControlError> {
    if text.len() > TEXT_MAX {
        let detail = format!("{} characters, expected {TEXT_LENGTH}", text.len());
        return Err(ControlError::Witness { detail });
    }
    let bytes = base64_exact(text)?;
    let Some(([header], compact)) = bytes.split_first_chunk::<1>().filter(|_| bytes.len() == LENGTH) else {
        return Err(ControlError::Witness { detail: format!("{} bytes, expected {LENGTH}", bytes.len()) });
    };
    let class = HeaderClass::split(*header).filter(|(class, _)| fits(*class));
    let (class, recovery) = class.ok_or(ControlError::HeaderClass { got: *header, expected })?;
    let signature =
        Signature::from_slice(compact).map_err(|_| ControlError::Der { detail: "r or s out of range".to_owned() })?;
    if signature.normalize_s() != signature {
        return Err(ControlError::HighS);
    }
    let key = VerifyingKey::recover_from_prehash(&message_hash(message), &signature, recovery)
        .map_err(|_| ControlError::Invalid { detail: "no key has made this signature".to_owned() })?;
    Ok(Signed { class, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reserve::bitcoin::network::script as script_of;

    /// Published test data of bitcoinjs-message: one key, four kinds of address.
    #[test]
    fn signatures_of_another_implementation_verify() {
        let tail = "8nHqFr3K2UKYahhX3soVeoW8W1ECNbr0wfck7lzyXjCS5Q16Ek45zyBuy1Fiy9sTPKVgsqqOuPvbycuVSSVl8=";
        let plain = "8JawPtQOrybrSP1WHQnQPr67B9S3qrxBrl1mlzoTJOSHEpmnF7D3+t+LX0Xei9J20B5AIdPbeL3AaTBZ4N3bY0=";
        let cases = [
            ("16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM", "G", plain),
            ("1PMycacnJaSqwwJqjawXBErnLsZ7RkXUAs", "H", plain),
            ("3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN", "JF", tail),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "KF", tail),
        ];
        for (address, head, tail) in cases {
            let script = script_of(bitcoin::Network::Bitcoin, address).expect("an address");
            let signature = format!("{head}{tail}");
            assert_eq!(verify(&script, b"vires is numeris", &signature, "bip137"), Ok(()), "{address}");
            assert!(verify(&script, b"foobar", &signature, "bip137").is_err(), "{address}");
            let legacy = verify(&script, b"vires is numeris", &signature, "legacy");
            assert_eq!(legacy.is_ok(), script.is_p2pkh(), "{address}");
        }
        let hash = "80e795d4a4caadd7047af389d9f7f220562feb6196032e2131e10563352c4bcc";
        assert_eq!(hex::encode(message_hash(b"")), hash);
    }

    #[test]
    fn a_text_of_another_length_is_told_by_what_was_read() {
        let script = script_of(bitcoin::Network::Bitcoin, "16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM").expect("an address");
        let detail = |length: usize| match verify(&script, b"vires is numeris", &"A".repeat(length), "legacy") {
            Err(ControlError::Witness { detail }) => detail,
            other => panic!("{other:?}"),
        };
        assert_eq!(detail(256), "192 bytes, expected 65");
        assert_eq!(detail(257), "257 characters, expected 88");
        assert_eq!(detail(258), "258 characters, expected 88");
        assert_eq!(detail(84), "63 bytes, expected 65");
    }

    /// Published test data of Trezor's firmware: the same keys sign with the header of their kind of address, and, as
    /// older devices did, with that of P2PKH.
    #[test]
    fn signatures_of_hardware_verify() {
        use base64::Engine as _;
        let short = "This is an example of a signed message.";
        let long = "VeryLongMessage!".repeat(64);
        let nested = "3L6TyTisPBmrDAj6RoKmDzNnj4eQi54gD2";
        let witness = "bc1qannfxke2tfd4l7vhepehpvt05y83v3qsf6nfkk";
        let nested_tail = "744de4516fac5c140808015664516a32fead94de89775cec7e24dbc24fe133\
                           075ac09301c4cc8e197bea4b6481661d5b8e9bf19d8b7b8a382ecdb53c2ee0750d";
        let witness_tail = "b55d7600d9e9a7e2a49155ddf3cfdb8e796c207faab833010fa41fb7828889\
                            bc47cf62348a7aaa0923c0832a589fab541e8f12eb54fb711c90e2307f0f66b194";
        let key_hash_tail = "fd8f2f7db5238fcdd077d5204c3e6949c261d700269cefc1d9d2dcef6b9502\
                             3630ee617f6c8acf9eb40c8edd704c9ca74ea4afc393f43f35b4e8958324cbdd1c";
        let long_tail = "c6f86e255eaa768c447d635d91da01631ac54af223c2c182d4fa3676cfecae\
                         4a199ad33a74fe04fb46c39432acb8d83de74da90f5f01123b3b7d8bc252bc7f71";
        let cases = [
            ("1JAd7XCBzGudGpJQSDSfpmJhiygtLQWaGL", short, "bip137", "20", key_hash_tail),
            ("1JAd7XCBzGudGpJQSDSfpmJhiygtLQWaGL", short, "legacy", "20", key_hash_tail),
            (nested, short, "bip137", "23", nested_tail),
            (nested, short, "electrum", "1f", nested_tail),
            (witness, short, "bip137", "28", witness_tail),
            (witness, short, "electrum", "20", witness_tail),
            (witness, long.as_str(), "bip137", "28", long_tail),
        ];
        for (address, message, scheme, head, tail) in cases {
            let bytes = hex::decode(format!("{head}{tail}")).expect("digits");
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            let script = script_of(bitcoin::Network::Bitcoin, address).expect("an address");
            assert_eq!(verify(&script, message.as_bytes(), &text, scheme), Ok(()), "{address} {scheme}");
            let others = ["bip137", "electrum"].into_iter().filter(|other| *other != scheme && scheme != "legacy");
            for other in others {
                assert!(verify(&script, message.as_bytes(), &text, other).is_err(), "{address} {other}");
            }
            assert!(verify(&script, b"This is an example", &text, scheme).is_err(), "{address} {scheme}");
        }
    }

    #[test]
    fn long_messages_have_their_length_in_three_bytes() {
        let mut bytes = b"\x18Bitcoin Signed Message:\n\xfd\x2c\x01".to_vec();
        bytes.extend([b'x'; 300]);
        assert_eq!(message_hash(&[b'x'; 300]), sha256d::Hash::hash(&bytes).to_byte_array());
    }
}
