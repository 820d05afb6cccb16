//! Every rule on top of consensus, each on a transaction that consensus accepts, or must refuse, and is signed here.

use bitcoin::hashes::Hash as _;
use bitcoin::key::TapTweak as _;
use bitcoin::opcodes::Opcode;
use bitcoin::opcodes::all as op;
use bitcoin::script::{Builder, PushBytesBuf};
use bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::taproot::{TaprootBuilder, TaprootSpendInfo};
use bitcoin::{Amount, EcdsaSighashType, OutPoint, Sequence, TapSighashType, Transaction, Txid, Witness};

use super::*;
use crate::code::Coded as _;

mod any_key;
mod edges;
mod opcodes;

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_slice(&[seed; 32]).expect("a scalar")
}

fn key(seed: u8) -> [u8; 33] {
    secret(seed).public_key(&Secp256k1::new()).serialize()
}

fn xonly(seed: u8) -> [u8; 32] {
    secret(seed).x_only_public_key(&Secp256k1::new()).0.serialize()
}

fn bytes(bytes: impl AsRef<[u8]>) -> PushBytesBuf {
    PushBytesBuf::try_from(bytes.as_ref().to_vec()).expect("a short push")
}

fn push_all(items: &[Vec<u8>]) -> ScriptBuf {
    let push = |builder: Builder, item: &Vec<u8>| match item.as_slice() {
        [] => builder.push_opcode(bitcoin::opcodes::OP_0),
        [number @ 1..=16] => builder.push_int(i64::from(*number)),
        other => builder.push_slice(bytes(other)),
    };
    items.iter().fold(Builder::new(), push).into_script()
}

/// A script of opcodes and pushes.
enum Word<'a> {
    Op(Opcode),
    Push(&'a [u8]),
    Int(i64),
}

fn words(words: &[Word<'_>]) -> ScriptBuf {
    let add = |builder: Builder, word: &Word<'_>| match word {
        Word::Op(code) => builder.push_opcode(*code),
        Word::Push(data) => builder.push_slice(bytes(data)),
        Word::Int(number) => builder.push_int(*number),
    };
    words.iter().fold(Builder::new(), add).into_script()
}

use Word::{Int, Op, Push};

/// A transaction that spends one coin of 1,000 for each script.
struct Case {
    transaction: Transaction,
    spent: Vec<TxOut>,
}

impl Case {
    fn new(scripts: &[ScriptBuf]) -> Self {
        let input = |number: u8| TxIn {
            previous_output: OutPoint { txid: Txid::from_byte_array([number; 32]), vout: 0 },
            sequence: Sequence::ZERO,
            ..TxIn::default()
        };
        let nothing = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(vec![0x6a]) };
        let transaction = Transaction {
            version: bitcoin::transaction::Version(2),
            lock_time: bitcoin::absolute::LockTime::ZERO,
            input: (1..=u8::MAX).zip(scripts).map(|(number, _)| input(number)).collect(),
            output: vec![nothing],
        };
        let coin = |script: &ScriptBuf| TxOut { value: Amount::from_sat(1_000), script_pubkey: script.clone() };
        Self { transaction, spent: scripts.iter().map(coin).collect() }
    }

    fn code(&self) -> Result<(), u16> {
        let spend = Spend { transaction: &self.transaction, spent: &self.spent, first: 0 };
        check(&spend).map_err(|error| error.code().number)
    }

    fn ecdsa(hash: [u8; 32], seed: u8, flag: u8) -> Vec<u8> {
        let signature = Secp256k1::new().sign_ecdsa(&Message::from_digest(hash), &secret(seed));
        [&*signature.serialize_der(), &[flag]].concat()
    }

    fn legacy(&self, index: usize, code: &Script, seed: u8, flag: u8) -> Vec<u8> {
        let hash = SighashCache::new(&self.transaction).legacy_signature_hash(index, code, u32::from(flag));
        Self::ecdsa(hash.expect("an input").to_byte_array(), seed, flag)
    }

    fn witness(&self, index: usize, code: &Script, seed: u8, flag: u8) -> Vec<u8> {
        let kind = EcdsaSighashType::from_consensus(u32::from(flag));
        let value = self.spent[index].value;
        let hash = SighashCache::new(&self.transaction).p2wsh_signature_hash(index, code, value, kind);
        Self::ecdsa(hash.expect("an input").to_byte_array(), seed, flag)
    }

    fn leaf(&self, index: usize, code: &Script, seed: u8, flag: u8) -> Vec<u8> {
        let kind = TapSighashType::from_consensus_u8(flag).expect("a flag");
        let leaf = TapLeafHash::from_script(code, LeafVersion::TapScript);
        let prevouts = Prevouts::All(&self.spent);
        let mut cache = SighashCache::new(&self.transaction);
        let hash = cache.taproot_script_spend_signature_hash(index, &prevouts, leaf, kind).expect("an input");
        let secp = Secp256k1::new();
        let pair = Keypair::from_secret_key(&secp, &secret(seed));
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(hash.to_byte_array()), &pair);
        let flag: &[u8] = if flag == 0 { &[] } else { std::slice::from_ref(&flag) };
        [signature.serialize().as_slice(), flag].concat()
    }

    /// P2WSH of `script`; `items` makes what stands below it.
    fn in_witness(script: &ScriptBuf, items: impl Fn(&Self) -> Vec<Vec<u8>>) -> Result<(), u16> {
        let mut case = Self::new(&[script.to_p2wsh()]);
        let mut items = items(&case);
        items.push(script.to_bytes());
        case.transaction.input[0].witness = Witness::from_slice(&items);
        case.code()
    }

    /// P2SH of `script`.
    fn in_hash(script: &ScriptBuf, items: impl Fn(&Self) -> Vec<Vec<u8>>) -> Result<(), u16> {
        let mut case = Self::new(&[script.to_p2sh()]);
        let mut items = items(&case);
        items.push(script.to_bytes());
        case.transaction.input[0].script_sig = push_all(&items);
        case.code()
    }

    /// A taproot output with one leaf.
    fn in_leaf(script: &ScriptBuf, version: u8, items: impl Fn(&Self) -> Vec<Vec<u8>>) -> Result<(), u16> {
        let version = LeafVersion::from_consensus(version).expect("a version");
        let spend_info = tree(script, version);
        let output = ScriptBuf::new_p2tr_tweaked(spend_info.output_key());
        let mut case = Self::new(&[output]);
        let mut items = items(&case);
        let control = spend_info.control_block(&(script.clone(), version)).expect("the leaf").serialize();
        items.extend([script.to_bytes(), control]);
        case.transaction.input[0].witness = Witness::from_slice(&items);
        case.code()
    }
}

fn tree(script: &ScriptBuf, version: LeafVersion) -> TaprootSpendInfo {
    let internal = secret(9).x_only_public_key(&Secp256k1::new()).0;
    let builder = TaprootBuilder::new().add_leaf_with_ver(0, script.clone(), version).expect("one leaf");
    builder.finalize(&Secp256k1::new(), internal).expect("a tree")
}

fn multi(threshold: i64, seeds: &[u8]) -> ScriptBuf {
    let keys: Vec<[u8; 33]> = seeds.iter().map(|seed| key(*seed)).collect();
    let all = [Int(threshold)].into_iter().chain(keys.iter().map(|key| Push(key)));
    words(&all.chain([Int(seeds.len() as i64), Op(op::OP_CHECKMULTISIG)]).collect::<Vec<_>>())
}

fn single(seed: u8) -> ScriptBuf {
    words(&[Push(&key(seed)), Op(op::OP_CHECKSIG)])
}

#[test]
fn templates_of_every_kind_are_valid() {
    let two = multi(2, &[1, 2, 3]);
    let signed = |case: &Case, legacy: bool, seeds: [u8; 2]| {
        let sign = |seed| if legacy { case.legacy(0, &two, seed, 1) } else { case.witness(0, &two, seed, 1) };
        vec![Vec::new(), sign(seeds[0]), sign(seeds[1])]
    };
    for seeds in [[1, 2], [1, 3], [2, 3]] {
        assert_eq!(Case::in_witness(&two, |case| signed(case, false, seeds)), Ok(()));
        assert_eq!(Case::in_hash(&two, |case| signed(case, true, seeds)), Ok(()));
    }
    assert_eq!(Case::in_witness(&two, |case| signed(case, false, [2, 1])), Err(5014), "out of order");
    let mut bare = Case::new(&[single(1)]);
    bare.transaction.input[0].script_sig = push_all(&[bare.legacy(0, &single(1), 1, 1)]);
    assert_eq!(bare.code(), Ok(()), "pay to public key");
    let old = words(&[Push(&secret(1).public_key(&Secp256k1::new()).serialize_uncompressed()), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_hash(&old, |case| vec![case.legacy(0, &old, 1, 1)]), Ok(()), "an uncompressed key");
    let (first, second, third) = (xonly(1), xonly(2), xonly(3));
    let sum = words(&[
        Push(&first),
        Op(op::OP_CHECKSIG),
        Push(&second),
        Op(op::OP_CHECKSIGADD),
        Push(&third),
        Op(op::OP_CHECKSIGADD),
        Int(2),
        Op(op::OP_NUMEQUAL),
    ]);
    let items = |case: &Case| vec![case.leaf(0, &sum, 3, 1), Vec::new(), case.leaf(0, &sum, 1, 0)];
    assert_eq!(Case::in_leaf(&sum, 0xc0, items), Ok(()));
}

/// or_d(pk(1),and_v(v:pkh(2),older(10))) and thresh(2,pk(1),s:pk(2),sln:older(10)), as miniscript compiles them.
#[test]
fn scripts_of_miniscript_are_walked_along() {
    let hash = bitcoin::hashes::hash160::Hash::hash(&key(2)).to_byte_array();
    let fallback = words(&[
        Push(&key(1)),
        Op(op::OP_CHECKSIG),
        Op(op::OP_IFDUP),
        Op(op::OP_NOTIF),
        Op(op::OP_DUP),
        Op(op::OP_HASH160),
        Push(&hash),
        Op(op::OP_EQUALVERIFY),
        Op(op::OP_CHECKSIGVERIFY),
        Int(10),
        Op(op::OP_CSV),
        Op(op::OP_ENDIF),
    ]);
    assert_eq!(Case::in_witness(&fallback, |case| vec![case.witness(0, &fallback, 1, 1)]), Ok(()));
    let late = |sequence: u32| {
        let mut case = Case::new(&[fallback.to_p2wsh()]);
        case.transaction.input[0].sequence = Sequence(sequence);
        let items = [case.witness(0, &fallback, 2, 1), key(2).to_vec(), Vec::new(), fallback.to_bytes()];
        case.transaction.input[0].witness = Witness::from_slice(&items);
        let age = coin_age(&case.transaction, &case.transaction.input[0]);
        case.code().map(|()| age)
    };
    assert_eq!(late(10), Ok(Some(CoinAge::Blocks(10))));
    assert_eq!(late(9), Err(5014), "too young");
    let wrapped = words(&[
        Push(&key(1)),
        Op(op::OP_CHECKSIG),
        Op(op::OP_SWAP),
        Push(&key(2)),
        Op(op::OP_CHECKSIG),
        Op(op::OP_ADD),
        Op(op::OP_SWAP),
        Op(op::OP_IF),
        Int(0),
        Op(op::OP_ELSE),
        Int(10),
        Op(op::OP_CSV),
        Op(op::OP_0NOTEQUAL),
        Op(op::OP_ENDIF),
        Op(op::OP_ADD),
        Int(2),
        Op(op::OP_EQUAL),
    ]);
    let items = |case: &Case| vec![vec![1], case.witness(0, &wrapped, 2, 1), case.witness(0, &wrapped, 1, 1)];
    assert_eq!(Case::in_witness(&wrapped, items), Ok(()));
}

#[test]
fn every_flag_but_all_is_refused() {
    let code = single(1);
    assert_eq!(Case::in_hash(&code, |case| vec![case.legacy(0, &code, 1, 0)]), Err(5010), "no flag at all");
    for flag in [2, 3, 0x81, 0x82, 0x83] {
        assert_eq!(Case::in_witness(&code, |case| vec![case.witness(0, &code, 1, flag)]), Err(5010), "{flag}");
        assert_eq!(Case::in_hash(&code, |case| vec![case.legacy(0, &code, 1, flag)]), Err(5010), "{flag}");
        let both = multi(2, &[1, 2]);
        let items = |case: &Case| vec![Vec::new(), case.witness(0, &both, 1, 1), case.witness(0, &both, 2, flag)];
        assert_eq!(Case::in_witness(&both, items), Err(5010), "{flag}");
        let leaf = words(&[Push(&xonly(1)), Op(op::OP_CHECKSIG)]);
        assert_eq!(Case::in_leaf(&leaf, 0xc0, |case| vec![case.leaf(0, &leaf, 1, flag)]), Err(5010), "{flag}");
    }
}

#[test]
fn a_code_separator_is_refused_in_every_kind_of_script() {
    for at in 0..2 {
        let parts = [Push(&key(1)), Op(op::OP_CHECKSIG)];
        let mut all: Vec<Word<'_>> = parts.into_iter().collect();
        all.insert(at, Op(op::OP_CODESEPARATOR));
        let code = words(&all);
        // what stands behind the separator is signed
        let tail = if at == 0 { single(1) } else { words(&[Op(op::OP_CHECKSIG)]) };
        assert_eq!(Case::in_witness(&code, |case| vec![case.witness(0, &tail, 1, 1)]), Err(5080));
        let bare = |case: &Case| {
            let stripped = single(1);
            let code = if at == 0 { &stripped } else { &tail };
            vec![case.legacy(0, code, 1, 1)]
        };
        assert_eq!(Case::in_hash(&code, bare), Err(5080));
    }
}

/// A script cannot hold a signature over itself; but the oldest rules cut the signature out before hashing.
#[test]
fn find_and_delete_is_refused() {
    let rest = words(&[Op(op::OP_DROP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    // the output's script does not change what is signed for a bare coin: a fixed point is found by signing the rest
    let mut case = Case::new(&[ScriptBuf::new()]);
    let signature = case.legacy(0, &rest, 1, 1);
    let whole = words(&[Push(&signature), Op(op::OP_DROP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    case.spent[0].script_pubkey = whole;
    case.transaction.input[0].script_sig = push_all(std::slice::from_ref(&signature));
    assert_eq!(case.code(), Err(5081));
}

#[test]
fn pushes_numbers_and_conditions_have_one_form() {
    let code = words(&[Op(op::OP_IF), Push(&key(1)), Op(op::OP_CHECKSIG), Op(op::OP_ELSE), Int(0), Op(op::OP_ENDIF)]);
    let with = |condition: &'static [u8]| {
        let witness = Case::in_witness(&code, |case| vec![case.witness(0, &code, 1, 1), condition.to_vec()]);
        let hash = Case::in_hash(&code, |case| vec![case.legacy(0, &code, 1, 1), condition.to_vec()]);
        (witness, hash)
    };
    assert_eq!(with(&[1]), (Ok(()), Ok(())));
    for condition in [&[2][..], &[1, 0], &[0x81]] {
        assert_eq!(with(condition).0, Err(5082), "{condition:?}");
        assert_eq!(with(condition).1, Err(5082), "{condition:?}");
    }
    // the key behind PUSHDATA1
    let long = ScriptBuf::from_bytes([&[0x4c, 33][..], &key(1), &[0xac]].concat());
    assert_eq!(Case::in_witness(&long, |case| vec![case.witness(0, &long, 1, 1)]), Err(5082));
    assert_eq!(Case::in_hash(&long, |case| vec![case.legacy(0, &long, 1, 1)]), Err(5082));
    // the signature behind PUSHDATA1, in the script signature
    let mut case = Case::new(&[single(1)]);
    let signature = case.legacy(0, &single(1), 1, 1);
    let length = u8::try_from(signature.len()).expect("short");
    case.transaction.input[0].script_sig = ScriptBuf::from_bytes([&[0x4c, length][..], &signature].concat());
    assert_eq!(case.code(), Err(5082));
    // an added number with a needless byte
    let sum = words(&[Int(1), Op(op::OP_ADD), Int(2), Op(op::OP_NUMEQUALVERIFY), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    let items = |case: &Case, number: &[u8]| vec![case.witness(0, &sum, 1, 1), number.to_vec()];
    assert_eq!(Case::in_witness(&sum, |case| items(case, &[1])), Ok(()));
    assert_eq!(Case::in_witness(&sum, |case| items(case, &[1, 0])), Err(5082));
    let wait = words(&[Push(&[1, 0]), Op(op::OP_CSV), Op(op::OP_DROP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    let mut late = Case::new(&[wait.to_p2wsh()]);
    late.transaction.input[0].sequence = Sequence(1);
    let items = [late.witness(0, &wait, 1, 1), wait.to_bytes()];
    late.transaction.input[0].witness = Witness::from_slice(&items);
    assert_eq!(late.code(), Err(5082));
}

#[test]
fn nothing_is_left_behind() {
    let code = single(1);
    assert_eq!(Case::in_hash(&code, |case| vec![vec![7], case.legacy(0, &code, 1, 1)]), Err(5083));
    assert_eq!(Case::in_witness(&code, |case| vec![vec![7], case.witness(0, &code, 1, 1)]), Err(5014), "by consensus");
    let mut case = Case::new(std::slice::from_ref(&code));
    let signature = case.legacy(0, &code, 1, 1);
    case.transaction.input[0].script_sig = push_all(&[vec![7], signature.clone()]);
    assert_eq!(case.code(), Err(5083));
    let more = [push_all(std::slice::from_ref(&signature)).to_bytes(), vec![op::OP_NOP.to_u8()]].concat();
    case.transaction.input[0].script_sig = ScriptBuf::from_bytes(more);
    assert_eq!(case.code(), Err(5083), "more than pushes");
}

#[test]
fn signatures_that_fail_are_empty() {
    // either key: the first may be left empty, but not wrong
    let either = words(&[
        Push(&key(1)),
        Op(op::OP_CHECKSIG),
        Op(op::OP_SWAP),
        Push(&key(2)),
        Op(op::OP_CHECKSIG),
        Op(op::OP_BOOLOR),
    ]);
    let items = |case: &Case, first: Vec<u8>| vec![case.witness(0, &either, 2, 1), first];
    assert_eq!(Case::in_witness(&either, |case| items(case, Vec::new())), Ok(()));
    assert_eq!(Case::in_witness(&either, |case| items(case, case.witness(0, &either, 3, 1))), Err(5084));
    let or = words(&[
        Int(1),
        Push(&key(1)),
        Push(&key(2)),
        Int(2),
        Op(op::OP_CHECKMULTISIG),
        Op(op::OP_SWAP),
        Push(&key(3)),
        Op(op::OP_CHECKSIG),
        Op(op::OP_BOOLOR),
    ]);
    let items = |case: &Case, one: Vec<u8>| vec![case.witness(0, &or, 3, 1), Vec::new(), one];
    assert_eq!(Case::in_witness(&or, |case| items(case, Vec::new())), Ok(()));
    assert_eq!(Case::in_witness(&or, |case| items(case, case.witness(0, &or, 4, 1))), Err(5084));
}

fn high(signature: &[u8]) -> Vec<u8> {
    let (flag, der) = signature.split_last().expect("a flag");
    let low = k256::ecdsa::Signature::from_der(der).expect("a signature");
    let (r, s) = low.split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
    [high.to_der().as_bytes(), &[*flag]].concat()
}

#[test]
fn encodings_of_signatures_and_keys_are_strict() {
    let both = multi(2, &[1, 2]);
    let items = |case: &Case| vec![Vec::new(), case.witness(0, &both, 1, 1), high(&case.witness(0, &both, 2, 1))];
    assert_eq!(Case::in_witness(&both, items), Err(5012));
    let items = |case: &Case| vec![Vec::new(), high(&case.legacy(0, &both, 1, 1)), case.legacy(0, &both, 2, 1)];
    assert_eq!(Case::in_hash(&both, items), Err(5012));
    let long = secret(1).public_key(&Secp256k1::new()).serialize_uncompressed();
    let code = words(&[Push(&long), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_witness(&code, |case| vec![case.witness(0, &code, 1, 1)]), Err(5085));
    let mut hybrid = long;
    hybrid[0] = 6 + (long[64] & 1);
    let code = words(&[Push(&hybrid), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_hash(&code, |case| vec![case.legacy(0, &code, 1, 1)]), Err(5085));
}

#[test]
fn rules_that_may_still_come_are_inconclusive() {
    for code in
        [op::OP_NOP1, op::OP_NOP4, op::OP_NOP5, op::OP_NOP6, op::OP_NOP7, op::OP_NOP8, op::OP_NOP9, op::OP_NOP10]
    {
        let script = words(&[Op(code), Push(&key(1)), Op(op::OP_CHECKSIG)]);
        assert_eq!(Case::in_witness(&script, |case| vec![case.witness(0, &script, 1, 1)]), Err(5086));
        assert_eq!(Case::in_hash(&script, |case| vec![case.legacy(0, &script, 1, 1)]), Err(5086));
        let flag = |case: &Case| vec![case.witness(0, &script, 1, 2)];
        assert_eq!(Case::in_witness(&script, flag), Err(5010), "what is wrong is told first");
    }
    let plain = words(&[Op(op::OP_NOP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_witness(&plain, |case| vec![case.witness(0, &plain, 1, 1)]), Ok(()));
    for program in [vec![0x52, 2, 7, 7], vec![0x60, 2, 7, 7], vec![0x51, 2, 0x4e, 0x73]] {
        assert_eq!(Case::new(&[ScriptBuf::from_bytes(program)]).code(), Err(5086));
    }
    let leaf = words(&[Push(&xonly(1)), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_leaf(&leaf, 0xc2, |case| vec![case.leaf(0, &leaf, 1, 0)]), Err(5086), "another leaf version");
    let success = words(&[Op(Opcode::from(0x50))]);
    assert_eq!(Case::in_leaf(&success, 0xc0, |_| Vec::new()), Err(5086));
    let key_type = words(&[Push(&key(1)), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_leaf(&key_type, 0xc0, |_| vec![vec![1]]), Err(5086));
    for version in [1, 3, -1] {
        let mut case = Case::new(&[]);
        case.transaction.version.0 = version;
        assert_eq!(check_version(&case.transaction).map_err(|error| error.code().number), Err(5086));
    }
}

#[test]
fn taproot_annexes_are_inconclusive_and_their_flags_judged() {
    let internal = Keypair::from_secret_key(&Secp256k1::new(), &secret(1));
    let secp = Secp256k1::new();
    let tweaked = internal.tap_tweak(&secp, None).to_keypair();
    let signed = |annex: Option<&[u8]>, flag: TapSighashType| {
        let output = ScriptBuf::new_p2tr(&secp, internal.x_only_public_key().0, None);
        let mut case = Case::new(&[output]);
        let prevouts = Prevouts::All(&case.spent);
        let annexed = annex.map(|bytes| bitcoin::sighash::Annex::new(bytes).expect("an annex"));
        let mut cache = SighashCache::new(&case.transaction);
        let hash = cache.taproot_signature_hash(0, &prevouts, annexed, None, flag).expect("an input");
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(hash.to_byte_array()), &tweaked);
        let signature = bitcoin::taproot::Signature { signature, sighash_type: flag }.to_vec();
        let items: Vec<Vec<u8>> = [signature].into_iter().chain(annex.map(<[u8]>::to_vec)).collect();
        case.transaction.input[0].witness = Witness::from_slice(&items);
        case.code()
    };
    assert_eq!(signed(None, TapSighashType::Default), Ok(()));
    assert_eq!(signed(None, TapSighashType::All), Ok(()));
    assert_eq!(signed(None, TapSighashType::None), Err(5010));
    assert_eq!(signed(Some(&[0x50, 1]), TapSighashType::Default), Err(5086));
    assert_eq!(signed(Some(&[0x50]), TapSighashType::AllPlusAnyoneCanPay), Err(5010));
}

#[test]
fn unknown_opcodes_are_not_judged_and_never_hide_a_wrong_flag() {
    let script = words(&[Int(1), Int(2), Op(op::OP_MAX), Op(op::OP_DROP), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_witness(&script, |case| vec![case.witness(0, &script, 1, 1)]), Err(5003));
    assert_eq!(Case::in_witness(&script, |case| vec![case.witness(0, &script, 1, 2)]), Err(5010));
    assert_eq!(Case::in_hash(&script, |case| vec![case.legacy(0, &script, 1, 3)]), Err(5010));
    let leaf = words(&[Int(1), Int(2), Op(op::OP_MAX), Op(op::OP_DROP), Push(&xonly(1)), Op(op::OP_CHECKSIG)]);
    assert_eq!(Case::in_leaf(&leaf, 0xc0, |case| vec![case.leaf(0, &leaf, 1, 0)]), Err(5003));
    assert_eq!(Case::in_leaf(&leaf, 0xc0, |case| vec![case.leaf(0, &leaf, 1, 3)]), Err(5010));
}

#[test]
fn a_script_that_asks_for_no_signature_shows_nothing() {
    let preimage = bitcoin::hashes::sha256::Hash::hash(&[7; 32]).to_byte_array();
    let script = words(&[Op(op::OP_SHA256), Push(&preimage), Op(op::OP_EQUAL)]);
    assert_eq!(Case::in_witness(&script, |_| vec![vec![7; 32]]), Err(5101));
    assert_eq!(Case::in_hash(&script, |_| vec![vec![7; 32]]), Err(5101));
    let anybody = words(&[Int(1)]);
    assert_eq!(Case::in_witness(&anybody, |_| Vec::new()), Err(5101));
    assert_eq!(Case::in_leaf(&anybody, 0xc0, |_| Vec::new()), Err(5101));
}

#[test]
fn an_invalid_input_is_told_before_an_inconclusive_one() {
    let reserved = words(&[Op(op::OP_NOP4), Push(&key(1)), Op(op::OP_CHECKSIG)]);
    let make = |scripts: [&ScriptBuf; 2], flags: [u8; 2], seeds: [u8; 2]| {
        let mut case = Case::new(&scripts.map(|script| script.to_p2wsh()));
        for index in 0..2 {
            let signature = case.witness(index, scripts[index], seeds[index], flags[index]);
            let items = [signature, scripts[index].to_bytes()];
            case.transaction.input[index].witness = Witness::from_slice(&items);
        }
        case.code()
    };
    let plain = single(1);
    assert_eq!(make([&plain, &plain], [1, 1], [1, 1]), Ok(()));
    assert_eq!(make([&reserved, &plain], [1, 1], [1, 1]), Err(5086));
    for order in [[&reserved, &plain], [&plain, &reserved]] {
        let at = usize::from(order[1] == &plain);
        let (mut flags, mut seeds) = ([1, 1], [1, 1]);
        flags[at] = 2;
        assert_eq!(make(order, flags, [1, 1]), Err(5010), "a wrong flag");
        seeds[at] = 2;
        assert_eq!(make(order, [1, 1], seeds), Err(5014), "another key");
    }
}

#[test]
fn times_and_ages_are_read_as_consensus_reads_them() {
    let mut case = Case::new(&[single(1)]);
    let read = |case: &Case| (not_before(&case.transaction), coin_age(&case.transaction, &case.transaction.input[0]));
    assert_eq!(read(&case), (None, None));
    let mut at = |lock: u32, sequence: u32, version: i32| {
        case.transaction.lock_time = bitcoin::absolute::LockTime::from_consensus(lock);
        case.transaction.input[0].sequence = Sequence(sequence);
        case.transaction.version.0 = version;
        read(&case)
    };
    assert_eq!(at(499_999_999, 0xffff, 2), (Some(NotBefore::Height(499_999_999)), Some(CoinAge::Blocks(0xffff))));
    let first = Time::from_unix(500_000_000);
    assert_eq!(at(500_000_000, (1 << 22) | 3, 2), (Some(NotBefore::Time(first)), Some(CoinAge::Seconds(1_536))));
    assert_eq!(at(1, 0xffff_ffff, 2), (Some(NotBefore::Height(1)), None), "switched off, still told");
    assert_eq!(at(0, 5, 0), (None, None), "without BIP-68");
}
