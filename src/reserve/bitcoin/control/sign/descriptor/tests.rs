use bitcoin::Transaction;

use super::*;
use crate::code::Coded as _;
use crate::reserve::bitcoin::descriptor::{Deriver, RangedDescriptor};

const LINE: &str = "counterfoil v1 example-exchange 7 exp 2026-12-01 sha256 00ff";
/// The root key of the vectors of BIP-84 and BIP-86; everybody has it.
const ROOT: &str =
    "xprv9s21ZrQH143K3GJpoapnV8SFfukcVBSfeCficPSGfubmSFDxo1kuHnLisriDvSnRRuL2Qrg5ggqHKNVpxR86QEC8w35uxmGoggxtQTPvfUu";
/// The master key of the first vector of BIP-32, private and public.
const OTHER: &str =
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
const PUBLIC: &str =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
const WIF: &str = "L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k";

fn chain() -> ChainId {
    "bip122:000000000019d6689c085ae165831e93".parse().expect("mainnet")
}

fn read(body: &str, last: Option<u32>) -> Result<SigningDescriptor, SignError> {
    SigningDescriptor::read(&chain(), &text::with_checksum(body).expect("a text"), last)
}

fn own(body: &str, last: Option<u32>) -> SigningDescriptor {
    read(body, last).expect(body)
}

fn number<T: fmt::Debug>(result: Result<T, SignError>) -> u16 {
    result.expect_err("refused").code().number
}

#[test]
fn published_addresses_sign() {
    for (body, address, scheme) in [
        ("pkh(KEY/44h/0h/0h/0/*)", "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA", "bip137"),
        ("sh(wpkh(KEY/49h/0h/0h/0/*))", "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf", "bip137"),
        ("wpkh(KEY/84h/0h/0h/0/*)", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "bip322-simple"),
        ("tr(KEY/86h/0h/0h/0/*)", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", "bip322-simple"),
    ] {
        let descriptor = own(&body.replace("KEY", ROOT), Some(2));
        assert_eq!(descriptor.count(), 3);
        let mut seen = Vec::new();
        for index in 0..3 {
            let proof = descriptor.sign(index, LINE, false).expect(body);
            assert_eq!(proof, descriptor.sign(index, LINE, false).expect("again"), "deterministic");
            assert!(verify(&chain(), &proof.address, LINE, &proof).is_ok());
            assert!(verify(&chain(), &proof.address, "another line", &proof).is_err());
            assert_eq!(proof.scheme, scheme);
            assert!(!seen.contains(&proof.address), "each index has its address");
            seen.push(proof.address);
        }
        assert_eq!(seen[0], address);
    }
    let legacy = own(&format!("pkh({ROOT}/44h/0h/0h/0/7)"), None).sign(0, LINE, true).expect("signs");
    assert_eq!(legacy.scheme, "legacy");
}

#[test]
fn hidden_scripts_do_not_hinder_the_key_path() {
    let descriptor = own(&format!("tr({ROOT}/86h/0h/0h/0/*,pk({PUBLIC}/0/*))"), Some(0));
    let proof = descriptor.sign(0, LINE, false).expect("signs");
    assert!(verify(&chain(), &proof.address, LINE, &proof).is_ok());
    let foreign = own(&format!("tr({PUBLIC}/0/*,pk({ROOT}/0/*))"), Some(0));
    assert_eq!(number(foreign.sign(0, LINE, false)), 5119, "the key path is another's");
}

#[test]
fn hardened_indices_are_derived_from_private_keys() {
    let hardened = own(&format!("wpkh({ROOT}/84h/0h/0h/0/*h)"), Some(1));
    let plain = own(&format!("wpkh({ROOT}/84h/0h/0h/0/*)"), Some(1));
    let one = own(&format!("wpkh({ROOT}/84h/0h/0h/0/1h)"), None);
    assert_eq!(hardened.address(1), one.address(0));
    assert_ne!(hardened.address(1), plain.address(1));
    assert!(hardened.sign(1, LINE, false).is_ok());
}

/// The transaction in a proof of the full variant.
fn transaction(proof: &ControlProof) -> Transaction {
    let text = proof.signature.strip_prefix("ful").expect("the mark");
    encode::deserialize(&STANDARD.decode(text).expect("base64")).expect("a transaction")
}

#[test]
fn scripts_of_several_keys_sign_in_the_full_variant() {
    let keys = format!("{ROOT}/48h/0h/0h/2h/0/*,{OTHER}/0/*,{PUBLIC}/5/*");
    for body in ["wsh(multi(2,KEYS))", "wsh(sortedmulti(2,KEYS))", "sh(wsh(sortedmulti(2,KEYS)))", "wsh(multi(1,KEYS))"]
    {
        let descriptor = own(&body.replace("KEYS", &keys), Some(3));
        for index in 0..4 {
            let proof = descriptor.sign(index, LINE, false).expect(body);
            assert_eq!(
                (proof.scheme.as_str(), &proof),
                ("bip322-full", &descriptor.sign(index, LINE, false).expect("again"))
            );
            let made = transaction(&proof);
            let (definite, _) = descriptor.at(index).expect("derives");
            let script = definite.script_pubkey();
            let judge = |made: &Transaction, line: &str| {
                let text = format!("ful{}", STANDARD.encode(encode::serialize(made)));
                bip322::verify(&script, line.as_bytes(), &text, BIP322_FULL)
            };
            assert!(judge(&made, LINE).is_ok());
            let spend = bip322::to_spend(&script, b"another line");
            let mut other = made.clone();
            other.input[0].previous_output.txid = spend.compute_txid();
            assert!(judge(&other, "another line").is_err(), "the line is signed");
            let mut fewer = made;
            let items: Vec<Vec<u8>> = fewer.input[0].witness.iter().map(<[u8]>::to_vec).collect();
            fewer.input[0].witness = Witness::from_slice(&items[1..]);
            assert!(judge(&fewer, LINE).is_err());
        }
    }
    let few = own(&format!("wsh(multi(2,{ROOT}/0/*,{PUBLIC}/0/*,{PUBLIC}/1/*))"), Some(0));
    assert_eq!(
        few.sign(0, LINE, false).expect_err("one of two").to_string(),
        "private keys of 1 of its 3 keys are there"
    );
    let public = RangedDescriptor::read(
        &chain(),
        &text::with_checksum(&format!("wsh(multi(1,{PUBLIC}/0/*))")).expect("a text"),
        Some(2),
    );
    let private = own(&format!("wsh(multi(1,{OTHER}/0/*))"), Some(2));
    let address = public.expect("reads")[0].address(&Deriver::default(), 2).expect("derives");
    assert_eq!(private.address(2), Ok(address), "both halves of one wallet");
}

#[test]
fn what_cannot_sign_says_why() {
    let read = |body: &str, last| number(read(body, last));
    assert_eq!(read(&format!("wpkh({PUBLIC}/0/*)"), Some(1)), 5119, "no private key");
    assert_eq!(read(&format!("wpkh({ROOT}/0/*)"), None), 5115);
    assert_eq!(read(&format!("wpkh({ROOT}/<0;1>/*)"), Some(1)), 5111);
    assert_eq!(read(&format!("pk({ROOT}/0/*)"), Some(1)), 5117);
    let regtest = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328".parse().expect("a chain");
    let body = |body: &str| text::with_checksum(body).expect("a text");
    let read = |text: &str, last| number(SigningDescriptor::read(&regtest, text, last));
    assert_eq!(read(&body(&format!("wpkh({ROOT}/0/*)")), Some(1)), 5113);
    assert_eq!(read(&body(&format!("wpkh({WIF})")), None), 5015);
    assert_eq!(number(SigningDescriptor::read(&chain(), &format!("wpkh({ROOT}/0/*)"), Some(1))), 5112);
    let legacy = own(&format!("sh(sortedmulti(1,{ROOT}/0/*,{PUBLIC}/0/*))"), Some(0));
    assert_eq!(number(legacy.sign(0, LINE, false)), 5120);
    let hours = own(&format!("wsh(and_v(v:pk({ROOT}/0/*),older(144)))"), Some(0));
    assert_eq!(number(hours.sign(0, LINE, false)), 5120);
    assert!(own(&format!("wpkh({WIF})"), None).sign(0, LINE, false).is_ok());
}

#[test]
fn no_message_repeats_a_key() {
    let cut = &ROOT[..ROOT.len() - 1];
    for body in [
        format!("wpkh({cut}/0/*)"),
        format!("wpkh({ROOT}/x)"),
        format!("multi({ROOT})"),
        format!("wpkh({}x)", &WIF[..51]),
    ] {
        let error = read(&body, Some(1)).expect_err("refused");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&ROOT[20..30]) && !shown.contains(&WIF[20..30]), "{shown}");
    }
    assert!(!format!("{:?}", own(&format!("wpkh({ROOT}/0/*)"), Some(0))).contains("prv"));
}
