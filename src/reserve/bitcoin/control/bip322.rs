//! BIP-322, simple variant: a signature is the witness of a transaction that spends a made-up coin of the address.
//!
//! `bitcoinconsensus` executes the script. Consensus alone admits more than the BIP does, so the policy around it is
//! here: one witness shape per kind of address, whole-transaction signatures only, one encoding of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::consensus::encode;
use bitcoin::hashes::{Hash as _, HashEngine as _, sha256};
use bitcoin::opcodes::all::OP_RETURN;
use bitcoin::secp256k1::ecdsa;
use bitcoin::{
    Amount, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute, script, transaction,
};

use super::ControlError;

/// The tag of the message hash.
const TAG: &[u8] = b"BIP0322-signed-message";
/// The mark of the simple variant; it may be left out.
pub const PREFIX_SIMPLE: &str = "smp";
/// The marks of the full variant and of proofs of funds.
const PREFIXES_NOT_JUDGED: [&str; 2] = ["ful", "pof"];
/// A signature of 72 bytes, a key of 33 and three lengths take 109 bytes, 148 characters.
const TEXT_MAX: usize = 256;
/// SIGHASH_ALL.
const FLAG_ALL: u8 = 1;
const COMPRESSED_KEY_LENGTH: usize = 33;
const SCHNORR_LENGTH: usize = 64;

/// SHA-256 of the message with the tag of BIP-322.
#[must_use]
pub fn message_hash(message: &[u8]) -> [u8; 32] {
    let tag = sha256::Hash::hash(TAG);
    let mut engine = sha256::Hash::engine();
    engine.input(tag.as_ref());
    engine.input(tag.as_ref());
    engine.input(message);
    sha256::Hash::from_engine(engine).to_byte_array()
}

/// The made-up transaction whose output is the address's script, and which commits to the message.
#[must_use]
pub fn to_spend(script_pubkey: &Script, message: &[u8]) -> Transaction {
    let commitment =
        script::Builder::new().push_opcode(bitcoin::opcodes::OP_0).push_slice(message_hash(message)).into_script();
    let input = TxIn {
        previous_output: OutPoint::null(),
        script_sig: commitment,
        sequence: Sequence::ZERO,
        witness: Witness::new(),
    };
    let output = TxOut { value: Amount::ZERO, script_pubkey: script_pubkey.to_owned() };
    Transaction {
        version: transaction::Version(0),
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

/// The transaction that spends it; `witness` is the signature.
#[must_use]
pub fn to_sign(to_spend: &Transaction, witness: Witness) -> Transaction {
    let input = TxIn {
        previous_output: OutPoint { txid: to_spend.compute_txid(), vout: 0 },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ZERO,
        witness,
    };
    let nothing = script::Builder::new().push_opcode(OP_RETURN).into_script();
    Transaction {
        version: transaction::Version(0),
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![TxOut { value: Amount::ZERO, script_pubkey: nothing }],
    }
}

/// Checks a signature in the simple variant by a P2WPKH address or by the key path of a P2TR address.
///
/// # Errors
/// [`ControlError`]; [`ControlError::NotJudged`] for every other kind of script and every other variant.
pub fn verify(script_pubkey: &Script, message: &[u8], signature: &str) -> Result<(), ControlError> {
    let kind = if script_pubkey.is_p2wpkh() {
        Kind::WitnessKeyHash
    } else if script_pubkey.is_p2tr() {
        Kind::Taproot
    } else {
        return Err(ControlError::NotJudged { what: format!("bip322-simple by the script {script_pubkey}") });
    };
    let witness = decode(strip_prefix(signature)?)?;
    match kind {
        Kind::WitnessKeyHash => check_key_hash_witness(&witness)?,
        Kind::Taproot => check_taproot_witness(&witness)?,
    }
    execute(script_pubkey, &to_sign(&to_spend(script_pubkey, message), witness))
}

enum Kind {
    WitnessKeyHash,
    Taproot,
}

/// A text without prefix has a length that four divides; behind a prefix of three letters it has three more.
fn strip_prefix(signature: &str) -> Result<&str, ControlError> {
    let prefix: String = signature.chars().take(PREFIX_SIMPLE.len()).collect();
    if PREFIXES_NOT_JUDGED.contains(&prefix.as_str()) {
        return Err(ControlError::NotJudged { what: format!("the variant `{prefix}` of BIP-322") });
    }
    if signature.len() > TEXT_MAX {
        let detail = format!("{} characters, expected at most {TEXT_MAX}", signature.len());
        return Err(ControlError::Witness { detail });
    }
    if let Some(rest) = signature.strip_prefix(PREFIX_SIMPLE) {
        return Ok(rest);
    }
    if signature.len() % 4 == PREFIX_SIMPLE.len() {
        return Err(ControlError::Prefix { got: prefix });
    }
    Ok(signature)
}

fn decode(text: &str) -> Result<Witness, ControlError> {
    let bytes = base64_exact(text)?;
    encode::deserialize(&bytes)
        .map_err(|error| ControlError::Witness { detail: format!("not one witness stack: {error}") })
}

/// Bytes of the one base64 text that stands for them.
pub(super) fn base64_exact(text: &str) -> Result<Vec<u8>, ControlError> {
    let fail = |detail: String| ControlError::Base64 { detail };
    let bytes = STANDARD.decode(text).map_err(|error| fail(error.to_string()))?;
    if STANDARD.encode(&bytes) != text {
        return Err(fail("another text of the same bytes".to_owned()));
    }
    Ok(bytes)
}

fn check_key_hash_witness(witness: &Witness) -> Result<(), ControlError> {
    let items: Vec<&[u8]> = witness.iter().collect();
    let [signature, key] = items.as_slice() else {
        let detail = format!("{} items, expected a signature and a key", items.len());
        return Err(ControlError::Witness { detail });
    };
    if key.len() != COMPRESSED_KEY_LENGTH {
        let detail = format!("a key of {} bytes, expected {COMPRESSED_KEY_LENGTH}", key.len());
        return Err(ControlError::Witness { detail });
    }
    let Some((flag, der)) = signature.split_last() else {
        return Err(ControlError::Witness { detail: "an empty signature".to_owned() });
    };
    if *flag != FLAG_ALL {
        return Err(ControlError::SighashFlag { got: *flag });
    }
    let parsed = ecdsa::Signature::from_der(der).map_err(|error| ControlError::Der { detail: error.to_string() })?;
    if *parsed.serialize_der() != *der {
        return Err(ControlError::Der { detail: "another encoding of the same numbers".to_owned() });
    }
    let mut low = parsed;
    low.normalize_s();
    if low == parsed { Ok(()) } else { Err(ControlError::HighS) }
}

fn check_taproot_witness(witness: &Witness) -> Result<(), ControlError> {
    let items: Vec<&[u8]> = witness.iter().collect();
    let signature = match items.as_slice() {
        [signature] => *signature,
        [] => return Err(ControlError::Witness { detail: "no items, expected a signature".to_owned() }),
        more => {
            let what = format!("a taproot witness of {} items: a script path or an annex", more.len());
            return Err(ControlError::NotJudged { what });
        }
    };
    match (signature.len(), signature.last()) {
        (SCHNORR_LENGTH, _) => Ok(()),
        (65, Some(&FLAG_ALL)) => Ok(()),
        (65, Some(flag)) => Err(ControlError::SighashFlag { got: *flag }),
        (length, _) => {
            let detail = format!("a signature of {length} bytes, expected 64, or 65 with SIGHASH_ALL");
            Err(ControlError::Witness { detail })
        }
    }
}

fn execute(script_pubkey: &Script, to_sign: &Transaction) -> Result<(), ControlError> {
    use bitcoinconsensus::{Utxo, VERIFY_ALL_PRE_TAPROOT, VERIFY_TAPROOT, verify_with_flags};
    let invalid = |detail: String| ControlError::Invalid { detail };
    let script = script_pubkey.as_bytes();
    let length = u32::try_from(script.len()).map_err(|error| invalid(error.to_string()))?;
    let spent = [Utxo { script_pubkey: script.as_ptr(), script_pubkey_len: length, value: 0 }];
    let flags = VERIFY_ALL_PRE_TAPROOT | VERIFY_TAPROOT;
    verify_with_flags(script, 0, &encode::serialize(to_sign), Some(&spent), 0, flags)
        .map_err(|_| invalid("the script refuses the witness".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";
    const SIGNATURE: &str = "smpAkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=";

    fn script() -> ScriptBuf {
        crate::reserve::bitcoin::network::script(bitcoin::Network::Bitcoin, ADDRESS).expect("an address")
    }

    fn code(signature: &str) -> u16 {
        use crate::code::Coded as _;
        verify(&script(), b"Hello World", signature).expect_err(signature).code().number
    }

    #[test]
    fn transactions_are_those_of_the_specification() {
        let spend = to_spend(&script(), b"Hello World");
        assert_eq!(
            spend.compute_txid().to_string(),
            "b79d196740ad5217771c1098fc4a4b51e0535c32236c71f1ea4d61a2d603352b"
        );
        assert_eq!(
            to_sign(&spend, Witness::new()).compute_txid().to_string(),
            "88737ae86f2077145f93cc4b153ae9a1cb8d56afa511988c149c5c8c9d93bddf"
        );
    }

    #[test]
    fn a_published_signature_verifies_with_and_without_prefix() {
        assert_eq!(verify(&script(), b"Hello World", SIGNATURE), Ok(()));
        assert_eq!(verify(&script(), b"Hello World", &SIGNATURE[3..]), Ok(()));
        assert!(matches!(verify(&script(), b"Hello world", SIGNATURE), Err(ControlError::Invalid { .. })));
    }

    #[test]
    fn every_changed_character_is_refused() {
        for at in 0..SIGNATURE.len() {
            for bit in 0..7 {
                let mut bytes = SIGNATURE.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).expect("ASCII");
                assert!(verify(&script(), b"Hello World", &changed).is_err(), "{changed}");
            }
        }
    }

    /// The signature with its witness changed by `change`.
    fn with(change: impl Fn(&mut Vec<Vec<u8>>)) -> String {
        let witness = decode(&SIGNATURE[3..]).expect("a witness");
        let mut items: Vec<Vec<u8>> = witness.iter().map(<[u8]>::to_vec).collect();
        change(&mut items);
        STANDARD.encode(encode::serialize(&Witness::from_slice(&items)))
    }

    #[test]
    fn each_refusal_has_its_code() {
        assert_eq!(code("fooAA=="), 5007);
        assert_eq!(code("fulAA=="), 5003);
        assert_eq!(code("not-valid-base64!!!!"), 5008);
        assert_eq!(code(&SIGNATURE[..SIGNATURE.len() - 1]), 5008);
        assert_eq!(code(&SIGNATURE.replace("HI=", "HJ=")), 5008);
        assert_eq!(code(""), 5009);
        assert_eq!(code("smpAA=="), 5009);
        assert_eq!(code(&with(|items| items.push(vec![1]))), 5009);
        assert_eq!(code(&with(|items| items[1] = vec![4; 65])), 5009);
        assert_eq!(code(&with(|items| items[0].clear())), 5009);
        assert_eq!(code(&"A".repeat(300)), 5009);
        for flag in [0, 2, 3, 0x81] {
            assert_eq!(code(&with(|items| *items[0].last_mut().expect("a flag") = flag)), 5010);
        }
        assert_eq!(code(&with(|items| items[0].insert(0, 0x30))), 5011);
        assert_eq!(code(&with(|items| items[1][32] ^= 1)), 5014);
    }

    #[test]
    fn the_high_twin_of_a_signature_is_refused() {
        let high = with(|items| {
            let (flag, der) = items[0].split_last().expect("a flag");
            let low = k256::ecdsa::Signature::from_der(der).expect("a signature");
            let (r, s) = low.split_scalars();
            let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
            items[0] = [high.to_der().as_bytes(), &[*flag]].concat();
        });
        assert_eq!(code(&high), 5012);
    }

    #[test]
    fn taproot_admits_one_signature_and_two_flags() {
        let address = "bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler";
        let script = crate::reserve::bitcoin::network::script(bitcoin::Network::Bitcoin, address).expect("an address");
        let text = "AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R";
        let good = decode(text).expect("a witness").to_vec();
        let code = |items: &[Vec<u8>]| {
            use crate::code::Coded as _;
            let text = STANDARD.encode(encode::serialize(&Witness::from_slice(items)));
            verify(&script, b"No prefix fallback", &text).map_err(|error| error.code().number)
        };
        let signature = |tail: &[u8]| vec![[good[0].as_slice(), tail].concat()];
        assert_eq!(code(&good), Ok(()));
        assert_eq!(code(&signature(&[1])), Err(5014), "the flag is signed");
        for flag in [0, 2, 3, 0x81, 0x83] {
            assert_eq!(code(&signature(&[flag])), Err(5010), "{flag}");
        }
        assert_eq!(code(&signature(&[1, 1])), Err(5009));
        assert_eq!(code(&[Vec::new()]), Err(5009));
        assert_eq!(code(&[]), Err(5009));
        assert_eq!(code(&[good[0].clone(), vec![0x50]]), Err(5003), "an annex");
        assert_eq!(code(&[good[0].clone(), vec![0x51], vec![0xc0; 33]]), Err(5003), "a script path");
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut bytes = STANDARD.decode(&SIGNATURE[3..]).expect("base64");
        bytes.push(0);
        assert_eq!(code(&STANDARD.encode(bytes)), 5009);
    }
}
