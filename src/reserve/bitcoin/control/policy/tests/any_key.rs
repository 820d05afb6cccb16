//! Scripts that name no key.

use super::*;

/// Scripts that take any key: whoever comes first can sign, so a signature shows nothing.
#[test]
fn attack_a_script_that_names_no_key_is_under_nobodys_control() {
    let any = words(&[Op(op::OP_CHECKSIG)]);
    let one = |case: &Case| vec![case.witness(0, &any, 9, 1), key(9).to_vec()];
    assert_eq!(Case::in_witness(&any, one), Err(crate::code::bitcoin_control::SCRIPT_WITHOUT_SIGNATURE.number));
    let hash = bitcoin::hashes::sha256::Hash::hash(b"known");
    let locked = words(&[Op(op::OP_SHA256), Push(hash.as_ref()), Op(op::OP_EQUALVERIFY), Op(op::OP_CHECKSIG)]);
    let opened = |case: &Case| vec![case.witness(0, &locked, 9, 1), key(9).to_vec(), b"known".to_vec()];
    assert_eq!(Case::in_witness(&locked, opened), Err(crate::code::bitcoin_control::SCRIPT_WITHOUT_SIGNATURE.number));
    let several = words(&[Op(op::OP_CHECKMULTISIG)]);
    let listed = |case: &Case| vec![Vec::new(), case.witness(0, &several, 9, 1), vec![1], key(9).to_vec(), vec![1]];
    assert_eq!(Case::in_witness(&several, listed), Err(crate::code::bitcoin_control::SCRIPT_WITHOUT_SIGNATURE.number));
    let hash = bitcoin::hashes::hash160::Hash::hash(&key(9));
    let hashed =
        words(&[Op(op::OP_DUP), Op(op::OP_HASH160), Push(hash.as_ref()), Op(op::OP_EQUALVERIFY), Op(op::OP_CHECKSIG)]);
    let named = |case: &Case| vec![case.witness(0, &hashed, 9, 1), key(9).to_vec()];
    assert_eq!(Case::in_witness(&hashed, named), Ok(()));
}
