use counterfoil::hash::Tag;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Signature, SigningKey};
use serde_json::json;

use super::{Sent, Stage, Vectors, Want, seeded};

const MESSAGE: &str = r#"{"format":"counterfoil-statement-v1"}"#;
/// The order of secp256k1.
const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

/// A key with a name.
pub(crate) fn key(alg: Algorithm, name: &str) -> SigningKey {
    let secret = Secret::new(SecretKind::Signing, &mut seeded(name));
    SigningKey::new(alg, &secret).expect("a hash is a secret key, but for one in 2^128")
}

fn signed(alg: Algorithm) -> Signature {
    key(alg, "venue 1").sign(Tag::Statement, MESSAGE.as_bytes()).expect("a key signs")
}

pub(super) fn add(vectors: &mut Vectors) {
    for alg in [Algorithm::Bip340, Algorithm::EcdsaSecp256k1] {
        accepted(vectors, alg);
        refused(vectors, alg);
    }
    encodings(vectors);
}

fn case(vectors: &mut Vectors, name: &str, comment: &str, flag: &str, message: &str, sent: &Signature, want: Want) {
    let query = json!({"kind": "statement", "message": message});
    let short = if sent.alg == Algorithm::Bip340 { "bip340" } else { "ecdsa" };
    let sent = Sent::Object(json!({"alg": sent.alg, "key": sent.key, "signature": sent.signature}));
    vectors.add(&format!("signature/{short}_{name}"), comment, &[flag], query, sent, want);
}

fn accepted(vectors: &mut Vectors, alg: Algorithm) {
    case(vectors, "statement", "a statement", "Signature", MESSAGE, &signed(alg), Want::Valid);
    let empty = key(alg, "venue 1").sign(Tag::Statement, b"").expect("a key signs");
    case(vectors, "empty_message", "no bytes at all", "Boundary", "", &empty, Want::Valid);
    for (kind, tag) in [("manifest", Tag::Manifest), ("transcript", Tag::Transcript)] {
        let sent = key(alg, "venue 1").sign(tag, MESSAGE.as_bytes()).expect("a key signs");
        let id = format!("signature/{}_{kind}", if alg == Algorithm::Bip340 { "bip340" } else { "ecdsa" });
        let sent = Sent::Object(json!({"alg": sent.alg, "key": sent.key, "signature": sent.signature}));
        let query = json!({"kind": kind, "message": MESSAGE});
        vectors.add(&id, "every kind of document has its own tag", &["WrongTag"], query, sent, Want::Valid);
    }
}

fn refused(vectors: &mut Vectors, alg: Algorithm) {
    let good = signed(alg);
    let failed = Want::Refused(Stage::Signature, "CF-3007");
    let encoding = Want::Refused(Stage::Signature, "CF-3015");
    let with = |signature: String| Signature { signature, ..good.clone() };
    let with_key = |key: String| Signature { key, ..good.clone() };
    let halves = good.signature.split_at(64);

    case(vectors, "other_message", "signed bytes are exact", "WrongSignature", "{}", &good, failed);
    let other = key(alg, "venue 2").public_key().key;
    case(vectors, "other_key", "another key", "WrongSignature", MESSAGE, &with_key(other), failed);
    let manifest = key(alg, "venue 1").sign(Tag::Manifest, MESSAGE.as_bytes()).expect("a key signs");
    case(vectors, "of_a_manifest", "a signature over another kind of document", "WrongTag", MESSAGE, &manifest, failed);
    let swapped = with(format!("{}{}", halves.1, halves.0));
    if alg == Algorithm::Bip340 {
        case(vectors, "halves_swapped", "s before r", "WrongSignature", MESSAGE, &swapped, failed);
    }
    let zero_s = with(format!("{}{}", halves.0, "0".repeat(64)));
    case(vectors, "s_is_zero", "s is zero", "WrongSignature", MESSAGE, &zero_s, failed);
    let zero_r = with(format!("{}{}", "0".repeat(64), halves.1));
    case(vectors, "r_is_zero", "r is zero", "WrongSignature", MESSAGE, &zero_r, failed);
    case(vectors, "all_zero", "no signature at all", "WrongSignature", MESSAGE, &with("0".repeat(128)), failed);
    let big_s = with(format!("{}{ORDER}", halves.0));
    case(vectors, "s_is_the_order", "s is below the order of the group", "WrongSignature", MESSAGE, &big_s, failed);
    let upper = with(good.signature.to_uppercase());
    case(vectors, "upper_case", "one spelling", "SignatureEncoding", MESSAGE, &upper, encoding);
    let long = with(good.signature.clone() + "00");
    case(vectors, "too_long", "65 bytes", "SignatureEncoding", MESSAGE, &long, encoding);
    let short = with(good.signature[2..].to_owned());
    case(vectors, "too_short", "63 bytes", "SignatureEncoding", MESSAGE, &short, encoding);
    case(vectors, "empty", "no bytes", "SignatureEncoding", MESSAGE, &with(String::new()), encoding);
    let upper = with_key(good.key.to_uppercase());
    case(vectors, "key_in_upper_case", "one key, one spelling", "SignatureEncoding", MESSAGE, &upper, encoding);
}

fn encodings(vectors: &mut Vectors) {
    let encoding = Want::Refused(Stage::Signature, "CF-3015");
    let ecdsa = signed(Algorithm::EcdsaSecp256k1);
    let parsed =
        k256::ecdsa::Signature::from_slice(&hex::decode(&ecdsa.signature).expect("digits")).expect("a signature");
    let (r, s) = parsed.split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("the other form");
    let high = Signature { signature: hex::encode(high.to_bytes()), ..ecdsa.clone() };
    case(vectors, "high_s", "the second form of a valid signature", "HighS", MESSAGE, &high, encoding);
    let x = &ecdsa.key[2..];
    let mut key = |name: &str, comment: &str, key: String| {
        let sent = Signature { key, ..ecdsa.clone() };
        case(vectors, name, comment, "KeyEncoding", MESSAGE, &sent, encoding);
    };
    key("key_compact", "SEC 1 has a form without the sign of y: a second spelling", format!("05{x}"));
    key("key_prefix_04", "the prefix of an uncompressed key", format!("04{x}"));
    key("key_prefix_00", "the point at infinity is no key", format!("00{x}"));
    key("key_x_only", "32 bytes are a key of bip340", x.to_owned());
    key("key_not_on_the_curve", "no point has this x", format!("02{}05", "0".repeat(62)));
    let bip340 = signed(Algorithm::Bip340);
    let mut key = |name: &str, comment: &str, key: String| {
        let sent = Signature { key, ..bip340.clone() };
        case(vectors, name, comment, "KeyEncoding", MESSAGE, &sent, encoding);
    };
    key("key_compressed", "33 bytes are a key of ecdsa-secp256k1", format!("02{}", bip340.key));
    key("key_not_on_the_curve", "no point has this x", format!("{}05", "0".repeat(62)));
    key("key_above_the_field", "x is below the prime of the field", "f".repeat(64));
}
