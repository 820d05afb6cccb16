//! A node that gives other bytes than those that were hashed.

use super::*;
use crate::code::Coded as _;
use crate::fetch::bitcoin::tests::node;
use crate::reserve::evm::keccak;

/// What a node calls a transaction: two bytes, whose hash and root are true; nothing here reads what is in it.
const RAW_BYTES: [u8; 2] = [2, 0xc0];

fn header(transactions: &[u8], withdrawals: &[u8]) -> WindowHeader {
    let mut fields = vec![vec![9; 32]; 21];
    fields[4] = transactions_root(transactions).expect("a list").as_bytes().to_vec();
    fields[16] = withdrawals.to_vec();
    (fields[6], fields[8], fields[11]) = (vec![0; 256], vec![7], vec![7]);
    WindowHeader::parse(&encode(&fields)).expect("a header")
}

/// The body, or the code of the refusal, when the two methods answer so.
fn made(header: &WindowHeader, answers: [&str; 2]) -> Result<Vec<u8>, &'static str> {
    let [first, second] = answers;
    let url = node(&[(RAW[0], &[first]), (RAW[1], &[second])]);
    let client = Client::new(&url, None).expect("an address").second_version();
    let hash = format!("0x{}", hex::encode(keccak(&RAW_BYTES)));
    let one = TransactionJson { hash, from: String::new(), to: None };
    let block = BlockJson { hash: String::new(), transactions: vec![one], withdrawals: None };
    body(&client, header, &block).map_err(|error| error.code().name)
}

#[test]
fn only_bytes_with_the_right_hash_are_kept() {
    let list = encode(&[RAW_BYTES.to_vec()]);
    let empty = withdrawals_root(&[]);
    let good = header(&list, empty.as_bytes());
    let raw = "\"0x02c0\"";
    let file = body_file(&[RAW_BYTES.to_vec()], &[]);
    assert_eq!(made(&good, [raw, "!-32601"]), Ok(file.clone()));
    assert_eq!(made(&good, ["!-32601", raw]), Ok(file.clone()), "the second method");
    assert_eq!(made(&good, ["\"0x02c1\"", raw]), Ok(file.clone()), "other bytes first");
    assert_eq!(made(&good, ["null", raw]), Ok(file));
    for wrong in ["!-32601", "null", "\"0x02c1\"", "\"02c0\"", "\"0x\"", "!-32000"] {
        assert_eq!(made(&good, [wrong, wrong]), Err("FLOW_RAW"), "{wrong}");
    }
    let other = header(&encode(&[vec![2, 0xc1]]), empty.as_bytes());
    assert_eq!(made(&other, [raw, raw]), Err("FLOW_RAW"), "another list");
    assert_eq!(made(&header(&list, &[9; 32]), [raw, raw]), Err("FLOW_RAW"), "a withdrawal is missing");
}
