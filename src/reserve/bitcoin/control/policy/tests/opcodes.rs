//! Opcodes that decide which signature a script asks for: consensus executes the script, and the walk has to come out
//! at the same key.

use super::*;
use crate::code::bitcoin_control::SCRIPT_NOT_MINIMAL;

/// A script that asks for the first key where the words leave true, and for the second one where they do not.
fn branches(question: &[Word<'_>], first: bool) -> Result<(), u16> {
    let start = words(question).into_bytes();
    let keys = [Op(op::OP_IF), Push(&key(1)), Op(op::OP_ELSE), Push(&key(2)), Op(op::OP_ENDIF), Op(op::OP_CHECKSIG)];
    let script = ScriptBuf::from_bytes([start, words(&keys).into_bytes()].concat());
    Case::in_witness(&script, |case| vec![case.witness(0, &script, if first { 1 } else { 2 }, 1)])
}

#[test]
fn numbers_are_compared_as_consensus_compares_them() {
    let of_two = [
        (op::OP_GREATERTHANOREQUAL, [(3, 2, true), (2, 2, true), (2, 3, false), (-1, 0, false), (0, -1, true)]),
        (op::OP_NUMEQUAL, [(2, 2, true), (2, 3, false), (0, 0, true), (-1, 1, false), (-1, -1, true)]),
        (op::OP_BOOLAND, [(1, 1, true), (1, 0, false), (0, 1, false), (0, 0, false), (-1, 2, true)]),
        (op::OP_BOOLOR, [(1, 1, true), (1, 0, true), (0, 1, true), (0, 0, false), (-1, 0, true)]),
    ];
    for (code, cases) in of_two {
        for (left, right, truth) in cases {
            let question = [Int(left), Int(right), Op(code)];
            assert_eq!(branches(&question, truth), Ok(()), "{left} {right} {code}");
            assert!(branches(&question, !truth).is_err(), "{left} {right} {code}");
        }
    }
    for (number, truth) in [(0, false), (1, true), (-1, true), (5, true)] {
        let question = [Int(number), Op(op::OP_0NOTEQUAL)];
        assert_eq!(branches(&question, truth), Ok(()), "{number}");
        assert!(branches(&question, !truth).is_err(), "{number}");
    }
}

#[test]
fn sums_are_written_as_consensus_writes_them() {
    for (left, right) in [(2, 3), (-1, 1), (1, -3), (0, -1), (127, 1), (-127, -1), (255, 1), (0, 0), (-200, 100)] {
        let sum = [Int(left), Int(right), Op(op::OP_ADD), Int(left + right), Op(op::OP_EQUAL)];
        assert_eq!(branches(&sum, true), Ok(()), "{left} + {right}");
        let other = [Int(left), Int(right), Op(op::OP_ADD), Int(left + right + 1), Op(op::OP_EQUAL)];
        assert_eq!(branches(&other, false), Ok(()), "{left} + {right}");
    }
}

/// Each opcode of hashing, with the digest that it gives.
fn digests(item: &[u8]) -> [(Opcode, Vec<u8>); 4] {
    use bitcoin::hashes::{hash160, ripemd160, sha256, sha256d};
    [
        (op::OP_RIPEMD160, ripemd160::Hash::hash(item).to_byte_array().to_vec()),
        (op::OP_SHA256, sha256::Hash::hash(item).to_byte_array().to_vec()),
        (op::OP_HASH160, hash160::Hash::hash(item).to_byte_array().to_vec()),
        (op::OP_HASH256, sha256d::Hash::hash(item).to_byte_array().to_vec()),
    ]
}

#[test]
fn hashes_are_those_of_consensus() {
    for (code, digest) in digests(&[7; 32]) {
        for (item, truth) in [([7; 32], true), ([8; 32], false)] {
            let question = [Push(&item), Op(code), Push(&digest), Op(op::OP_EQUAL)];
            assert_eq!(branches(&question, truth), Ok(()), "{code}");
        }
    }
}

/// A key that stands in the script as a digest is named by it, with whichever hash.
#[test]
fn a_key_is_named_by_each_of_its_hashes() {
    for (code, digest) in digests(&key(1)) {
        let words_of = [Op(op::OP_DUP), Op(code), Push(&digest), Op(op::OP_EQUALVERIFY), Op(op::OP_CHECKSIG)];
        let script = words(&words_of);
        let items = |case: &Case, seed| vec![case.witness(0, &script, seed, 1), key(seed).to_vec()];
        assert_eq!(Case::in_witness(&script, |case| items(case, 1)), Ok(()), "{code}");
        assert_eq!(Case::in_witness(&script, |case| items(case, 2)), Err(5014), "{code}: another key");
    }
}

#[test]
fn items_are_moved_and_measured_as_consensus_does_it() {
    for (number, truth) in [(7, true), (3, false)] {
        let (aside, back) = (op::OP_TOALTSTACK, op::OP_FROMALTSTACK);
        let first = [Int(7), Op(aside), Int(3), Op(aside), Op(back), Int(3), Op(op::OP_NUMEQUALVERIFY)];
        let second = [Op(back), Int(number), Op(op::OP_NUMEQUAL)];
        let question: Vec<Word<'_>> = first.into_iter().chain(second).collect();
        assert_eq!(branches(&question, truth), Ok(()), "{number}: what was put aside last comes back first");
    }
    for (length, truth) in [(3, true), (2, false)] {
        let measured =
            [Push(&[5, 5, 5]), Op(op::OP_SIZE), Int(length), Op(op::OP_EQUAL), Op(op::OP_SWAP), Op(op::OP_DROP)];
        assert_eq!(branches(&measured, truth), Ok(()), "{length}");
    }
    for number in [1, 5, -1] {
        assert_eq!(branches(&[Int(1), Int(number), Op(op::OP_VERIFY)], true), Ok(()), "{number}");
        assert_eq!(branches(&[Int(0), Int(number), Op(op::OP_VERIFY)], false), Ok(()), "{number}");
    }
}

/// What each opcode of pushing is followed by: the length in no, one, two or four bytes.
fn push_by(width: usize, item: &[u8]) -> Vec<u8> {
    let length = u32::try_from(item.len()).expect("short").to_le_bytes();
    let head = match width {
        0 => vec![length[0]],
        1 => vec![0x4c, length[0]],
        2 => vec![0x4d, length[0], length[1]],
        _ => [&[0x4e][..], &length].concat(),
    };
    [head.as_slice(), item].concat()
}

#[test]
fn a_push_takes_the_shortest_form_of_its_length() {
    let pushed = |push: &[u8]| {
        let rest = words(&[Op(op::OP_DROP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
        let script = ScriptBuf::from_bytes([push, rest.as_bytes()].concat());
        Case::in_witness(&script, |case| vec![case.witness(0, &script, 1, 1)])
    };
    let refused = Err(SCRIPT_NOT_MINIMAL.number);
    for (length, shortest) in [(2, 0), (75, 0), (76, 1), (255, 1), (256, 2), (520, 2)] {
        let item = vec![7; length];
        assert_eq!(pushed(&push_by(shortest, &item)), Ok(()), "{length}");
        for width in [1, 2, 4].into_iter().filter(|width| *width > shortest) {
            assert_eq!(pushed(&push_by(width, &item)), refused, "{length} behind {width}");
        }
    }
    // small numbers have opcodes of their own
    for byte in [1, 16, 0x81] {
        assert_eq!(pushed(&[1, byte]), refused, "{byte}");
    }
    for byte in [0, 17, 0x80, 0x82] {
        assert_eq!(pushed(&[1, byte]), Ok(()), "{byte}");
    }
    assert_eq!((pushed(&[0]), pushed(&push_by(1, &[]))), (Ok(()), refused));
}

#[test]
fn an_age_has_one_spelling() {
    let script = words(&[Op(op::OP_CSV), Op(op::OP_DROP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    let with = |age: &[u8]| Case::in_witness(&script, |case| vec![case.witness(0, &script, 1, 1), age.to_vec()]);
    assert_eq!(with(&[]), Ok(()));
    for age in [[0].as_slice(), &[0x80], &[0, 0], &[0, 0x80]] {
        assert_eq!(with(age), Err(SCRIPT_NOT_MINIMAL.number), "{age:?}");
    }
    let late = |sequence: u32, age: &[u8]| {
        let mut case = Case::new(&[script.to_p2wsh()]);
        case.transaction.input[0].sequence = Sequence(sequence);
        let items = [case.witness(0, &script, 1, 1), age.to_vec(), script.to_bytes()];
        case.transaction.input[0].witness = Witness::from_slice(&items);
        case.code()
    };
    let ages: [(u32, &[u8]); 6] =
        [(1, &[1]), (127, &[127]), (128, &[128, 0]), (255, &[255, 0]), (256, &[0, 1]), (32_768, &[0, 128, 0])];
    for (sequence, age) in ages {
        assert_eq!(late(sequence, age), Ok(()), "{sequence}");
        assert_eq!(late(sequence - 1, age), Err(5014), "{sequence}: too young");
        let longer = [age, &[0]].concat();
        assert_eq!(late(sequence, &longer), Err(SCRIPT_NOT_MINIMAL.number), "{longer:?}");
    }
}

#[test]
fn a_key_of_the_wrong_form_is_told_with_its_place() {
    let told = |script: &ScriptBuf, witness: bool| {
        let mut case = Case::new(&[if witness { script.to_p2wsh() } else { script.to_p2sh() }]);
        let items = [if witness { case.witness(0, script, 1, 1) } else { case.legacy(0, script, 1, 1) }];
        match witness {
            true => case.transaction.input[0].witness = Witness::from_slice(&[items[0].clone(), script.to_bytes()]),
            false => case.transaction.input[0].script_sig = push_all(&[items[0].clone(), script.to_bytes()]),
        }
        let spend = Spend { transaction: &case.transaction, spent: &case.spent, first: 0 };
        check(&spend).expect_err("a key of another form").to_string()
    };
    let long = secret(1).public_key(&Secp256k1::new()).serialize_uncompressed();
    let script = words(&[Push(&long), Op(op::OP_CHECKSIG)]);
    assert_eq!(told(&script, true), "a public key of 65 bytes in a witness script");
    let mut mixed = long;
    mixed[0] = 6 + (long[64] & 1);
    let script = words(&[Push(&mixed), Op(op::OP_CHECKSIG)]);
    assert_eq!(told(&script, false), "a public key of 65 bytes in a script without witness");
}
