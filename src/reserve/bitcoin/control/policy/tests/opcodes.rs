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

#[test]
fn an_age_has_one_spelling() {
    let script = words(&[Op(op::OP_CSV), Op(op::OP_DROP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    let with = |age: &[u8]| Case::in_witness(&script, |case| vec![case.witness(0, &script, 1, 1), age.to_vec()]);
    assert_eq!(with(&[]), Ok(()));
    for age in [[0].as_slice(), &[0x80], &[0, 0], &[0, 0x80]] {
        assert_eq!(with(age), Err(SCRIPT_NOT_MINIMAL.number), "{age:?}");
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
