use bitcoin::opcodes::all::OP_CHECKMULTISIG;
use bitcoin::{Address, Network, PublicKey, ScriptBuf};
use k256::ecdsa::SigningKey;

use super::*;
use crate::asset::ChainId;
use crate::reserve::bitcoin::control::message::message_hash;
use crate::reserve::evm::control as evm;

const LINE: &str = "I am an example address";
const HEAD: &str =
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key, eoa1, eoa2\n";

struct Read {
    summary: Summary,
    rows: Vec<Row>,
}

fn list(totals: &str, rows: &[String]) -> String {
    format!(
        "coin,snapshot height,amount\n{totals}\n\n{HEAD}{}",
        rows.iter().map(|row| format!("{row}\n")).collect::<String>()
    )
}

fn read_all(text: &[u8], message: Option<&str>) -> Result<Read, Finding> {
    let mut rows = Vec::new();
    let mut each = |row: &Row| {
        rows.push(row.clone());
        Ok::<(), ()>(())
    };
    match read("list", text, &Question { message }, &mut each, &mut |_| {}) {
        Ok(summary) => Ok(Read { summary, rows }),
        Err(Stop::List(finding)) => Err(finding),
        Err(Stop::Taker(())) => panic!("nothing stops"),
    }
}

fn judged(row: String) -> Row {
    read_all(list("", &[row]).as_bytes(), Some(LINE)).expect("a list").rows.remove(0)
}

fn chain() -> ChainId {
    "eip155:1".parse().expect("a chain")
}

fn evm_signature(secret: u8, scheme: &str) -> (String, String) {
    let proof = evm::sign_scheme(&chain(), LINE, &[secret; 32], scheme).expect("a key");
    (proof.address, proof.signature)
}

fn key(secret: u8) -> SigningKey {
    SigningKey::from_slice(&[secret; 32]).expect("a key")
}

fn public(secret: u8) -> Vec<u8> {
    key(secret).verifying_key().to_sec1_point(true).as_bytes().to_vec()
}

/// A signed message with the header of a compressed key of this class.
fn message(secret: u8, first: u8) -> String {
    use base64::Engine as _;
    let (signature, recovery) = key(secret).sign_prehash_recoverable(&message_hash(LINE.as_bytes()));
    let low = signature.normalize_s();
    let odd = recovery.is_y_odd() != (low != signature);
    let header = first + u8::from(odd) + 2 * u8::from(recovery.is_x_reduced());
    base64::engine::general_purpose::STANDARD.encode([&[header][..], &low.to_bytes()].concat())
}

fn multisig(threshold: u8, secrets: &[u8]) -> ScriptBuf {
    let mut script = bitcoin::script::Builder::new().push_int(i64::from(threshold));
    for secret in secrets {
        script = script.push_key(&PublicKey::from_slice(&public(*secret)).expect("a key"));
    }
    script.push_int(secrets.len() as i64).push_opcode(OP_CHECKMULTISIG).into_script()
}

#[test]
fn evm_rows_are_checked_under_the_digest_of_the_layout() {
    let (address, signature) = evm_signature(1, evm::PREHASHED);
    let row = judged(format!("ETH,ETH,7,{address},1.5,{LINE},{signature},,"));
    assert_eq!((row.status, row.scheme), (Status::Signed, Some(evm::PREHASHED)));
    // what a wallet signs for the same text is by another key there
    let (_, standard) = evm_signature(1, evm::SCHEME);
    let row = judged(format!("ETH,ETH,7,{address},1.5,{LINE},{standard},,"));
    assert_eq!((row.status, row.reason.expect("a reason").code.number), (Status::Failed, codes::LIST_SIGNATURE.number));
    let row = judged(format!("ETH,ETH,7,{address},1.5,another line,{signature},,"));
    assert_eq!(row.status, Status::Unproven);
    let (other, _) = evm_signature(2, evm::PREHASHED);
    assert_eq!(judged(format!("ETH,ETH,7,{other},1.5,{LINE},{signature},,")).status, Status::Failed);
    let second = judged(format!("ETH,ETH,7,{address},1.5,{LINE},{signature},{signature},"));
    assert_eq!(second.status, Status::Unproven);
}

#[test]
fn signers_beside_a_contract_do_not_show_that_they_own_it() {
    let ((one, first), (two, second)) = (evm_signature(1, evm::PREHASHED), evm_signature(2, evm::PREHASHED));
    let contract = format!("0x{}", "ab".repeat(20));
    let row = judged(format!("ETH,ETH,7,{contract},1,{LINE},{first},{second},,{one},{two}"));
    assert_eq!(
        (row.status, row.reason.expect("a reason").code.number),
        (Status::Unproven, codes::LIST_UNPROVEN.number)
    );
    let same = judged(format!("ETH,ETH,7,{contract},1,{LINE},{first},{first},,{one},{one}"));
    assert!(same.reason.expect("a reason").detail.contains("one key"));
    let wrong = judged(format!("ETH,ETH,7,{contract},1,{LINE},{first},{first},,{one},{two}"));
    assert_eq!(wrong.status, Status::Failed);
    let half = judged(format!("ETH,ETH,7,{contract},1,{LINE},{first},,,{one},{two}"));
    assert_ne!(half.status, Status::Signed);
}

#[test]
fn bitcoin_rows_are_checked_with_their_scripts() {
    let script = multisig(2, &[1, 2, 3]);
    for address in [Address::p2wsh(&script, Network::Bitcoin), Address::p2sh(&script, Network::Bitcoin).expect("short")]
    {
        let row = |first: &str, second: &str, script: &str| {
            judged(format!("BTC,BTC,7,{address},1,{LINE},{first},{second},{script}"))
        };
        let hex = script.to_hex_string();
        let (one, two, four) = (message(1, 31), message(2, 31), message(4, 31));
        let good = row(&one, &two, &hex);
        assert_eq!((good.status, good.grade), (Status::Signed, Some(ControlGrade::KeyThreshold)));
        assert_eq!(row(&one, &two, &format!("0x{}", hex.to_uppercase())).status, Status::Signed);
        // two signatures of one key are one
        assert_eq!(row(&one, &one, &hex).status, Status::Failed);
        assert_eq!(row(&one, "", &hex).status, Status::Failed);
        assert_eq!(row(&one, &four, &hex).status, Status::Failed);
        assert_eq!(row(&one, &two, &multisig(1, &[1, 2]).to_hex_string()).status, Status::Failed);
        assert_ne!(row(&one, &two, "zz").status, Status::Signed);
        assert_ne!(row(&one, &two, "").status, Status::Signed);
        assert_ne!(row(&one, "", "").status, Status::Signed);
    }
    let three = multisig(3, &[1, 2, 3]);
    let address = Address::p2wsh(&three, Network::Bitcoin);
    let (one, two) = (message(1, 31), message(2, 31));
    let row = judged(format!("BTC,BTC,7,{address},1,{LINE},{one},{two},{}", three.to_hex_string()));
    assert_eq!(row.status, Status::Failed, "the layout has two signatures, the script asks for three");
}

#[test]
fn one_key_signs_for_each_kind_of_its_address() {
    let key = PublicKey::from_slice(&public(1)).expect("a key");
    let compressed = bitcoin::CompressedPublicKey::try_from(key).expect("compressed");
    let pkh = Address::p2pkh(key, Network::Bitcoin);
    let wpkh = Address::p2wpkh(&compressed, Network::Bitcoin);
    let row = |address: &Address, signature: &str| judged(format!("BTC,BTC,7,{address},1,{LINE},{signature},,"));
    assert_eq!(row(&pkh, &message(1, 31)).status, Status::Signed);
    assert_eq!(row(&wpkh, &message(1, 39)).status, Status::Signed);
    assert_eq!(row(&wpkh, &message(1, 31)).status, Status::Signed);
    assert_eq!(row(&pkh, &message(2, 31)).status, Status::Failed);
    assert_eq!(row(&wpkh, &message(2, 39)).status, Status::Failed);
    assert_ne!(row(&pkh, "AAAA").status, Status::Signed);
}

#[test]
fn what_cannot_be_read_or_checked_is_unproven() {
    let (address, signature) = evm_signature(1, evm::PREHASHED);
    for (row, code) in [
        (format!("ETH,ETH,7,{address},1e3,{LINE},{signature},,"), &codes::LIST_ROW),
        (format!("ETH,ETH,7,{address},-1,{LINE},{signature},,"), &codes::LIST_ROW),
        (format!("ETH,ETH,7,{address},1,\"{LINE}\",{signature},,"), &codes::LIST_ROW),
        (format!("ETH,ETH,7,{address},1,{LINE},{signature},,,,,,x"), &codes::LIST_ROW),
        (format!("DOGE9,ETH,7,{address},1,{LINE},{signature},,"), &codes::LIST_UNPROVEN),
        (format!("SOL,SOL,7,{address},1,{LINE},{signature},,"), &codes::LIST_UNPROVEN),
        (format!("ETH,ETH,7,,1,{LINE},{signature},,"), &codes::LIST_UNPROVEN),
        (format!("ETH,ETH,7,{address},1,,{signature},,"), &codes::LIST_UNPROVEN),
        (format!("ETH,ETH,7,{address},1,{LINE},,,"), &codes::LIST_UNPROVEN),
        ("ETH".to_owned(), &codes::LIST_ROW),
    ] {
        let judged = judged(row.clone());
        assert_eq!(judged.status, Status::Unproven, "{row}");
        assert_eq!(judged.reason.expect("a reason").code.number, code.number, "{row}");
    }
    let bytes = [list("", &[]).as_bytes(), b"ETH,\xff\n"].concat();
    assert_eq!(read_all(&bytes, None).expect("a list").rows[0].status, Status::Unproven);
}

#[test]
fn totals_heights_duplicates_and_the_message_are_compared() {
    let (address, signature) = evm_signature(1, evm::PREHASHED);
    let row =
        |coin: &str, height: &str, amount: &str| format!("{coin},ETH,{height},{address},{amount},{LINE},{signature},,");
    let codes_of = |totals: &str, rows: &[String], message: Option<&str>| -> Vec<u16> {
        let read = read_all(list(totals, rows).as_bytes(), message).expect("a list");
        read.summary.findings.iter().map(|finding| finding.code.number).collect()
    };
    let rows = [row("ETH", "7", "1.5"), row("ETH-ARBITRUM", "9", "0.25")];
    let totals = "ETH(ALL),-,1.75\nETH,7,1.50\nETH-ARBITRUM,9, 0.25";
    assert_eq!(codes_of(totals, &rows, Some(LINE)), [0; 0]);
    assert_eq!(codes_of(totals, &rows, None), [codes::LIST_REPLAYABLE.number]);
    let wrong = "ETH(ALL),-,2\nETH,7,1.50\nETH-ARBITRUM,9,0.25";
    assert_eq!(codes_of(wrong, &rows, Some(LINE)), [codes::LIST_TOTALS.number]);
    let other_height = "ETH(ALL),-,1.75\nETH,8,1.50\nETH-ARBITRUM,9,0.25";
    assert_eq!(codes_of(other_height, &rows, Some(LINE)), [codes::LIST_HEIGHTS.number]);
    assert_eq!(codes_of("ETH,7,1.5", &rows, Some(LINE)), [codes::LIST_UNLISTED.number]);
    let twice = [row("ETH", "7", "1.5"), row("ETH", "7", "1.5")];
    assert_eq!(codes_of("ETH,7,3", &twice, Some(LINE)), [codes::LIST_DUPLICATE.number]);
    assert_eq!(codes_of("ETH,7,1.5\nETH,7,1.5", &rows[..1], Some(LINE)), [codes::LIST_DUPLICATE.number]);
    let mixed = [row("ETH", "7", "1"), row("ETH", "8", "1")];
    assert!(codes_of("ETH,7,2", &mixed, Some(LINE)).contains(&codes::LIST_HEIGHTS.number));
    assert_eq!(codes_of("ETH,7,x", &rows[..1], Some(LINE)).first(), Some(&codes::LIST_ROW.number));
}

#[test]
fn other_layouts_are_named() {
    let code = |text: &str| read_all(text.as_bytes(), None).err().map(|finding| finding.code.number);
    let layout = Some(codes::LIST_LAYOUT.number);
    assert_eq!(code(""), layout);
    assert_eq!(code("ETH,1\n"), layout);
    assert_eq!(code("coin,address,amount\n"), layout);
    assert_eq!(code("coin,height of the moon,amount\n"), layout);
    assert_eq!(code("coin,amount,amount\n"), layout);
    assert_eq!(code(HEAD), layout);
    let long = format!("{HEAD}{}\n", "x".repeat(70_000));
    assert_eq!(code(&long), Some(codes::LIST_ROW.number));
}

#[test]
fn memory_does_not_grow_with_the_rows_beyond_their_digests() {
    // the reader is given one row after the other, and keeps none of them
    struct Endless(u64);
    impl std::io::Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Ok(0);
            }
            let row = if self.0 == 20_000 { HEAD.to_owned() } else { format!("SOL,SOL,1,{:x},1,m,s,,\n", self.0) };
            self.0 -= 1;
            out[..row.len()].copy_from_slice(row.as_bytes());
            Ok(row.len())
        }
    }
    let mut count = 0_u64;
    let mut each = |_: &Row| {
        count += 1;
        Ok::<(), ()>(())
    };
    let file = std::io::BufReader::with_capacity(4096, Endless(20_000));
    let Ok(summary) = read("list", file, &Question::default(), &mut each, &mut |_| {}) else { panic!("a list") };
    assert_eq!((count, summary.rows()), (19_999, [0, 19_999, 0]));
}
