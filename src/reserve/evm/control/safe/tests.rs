use std::collections::BTreeMap;

use super::*;
use crate::asset::ChainId;
use crate::basis::Basis;
use crate::bundle::MemoryFiles;
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use crate::reserve::claim::{ChainQuery, ControlProof};
use crate::reserve::evm::control::{CONTRACT, SAFE, SCHEME, address_of, judge, sign_hash, wallet};
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::Time;

const LINE: &str = "counterfoil v1 example";
const AT: u64 = 5;

fn wallet_address() -> EvmAddress {
    EvmAddress::from_bytes([0x5a; 20])
}

fn singleton() -> EvmAddress {
    EvmAddress::from_bytes([0x51; 20])
}

/// Secrets in the order of their addresses.
fn owners() -> Vec<[u8; 32]> {
    let mut secrets: Vec<[u8; 32]> = (1..=3).map(|number| [number; 32]).collect();
    secrets.sort_by_key(|secret| address_of(secret).expect("a key"));
    secrets
}

fn owner(at: usize) -> EvmAddress {
    address_of(&owners()[at]).expect("a key")
}

/// A Safe of two out of three, and what is asked about it.
struct Case {
    words: BTreeMap<Slot, U256>,
    proxy: &'static str,
    singleton: &'static str,
    left_out: Vec<Slot>,
    pinned: bool,
    calls: Option<(Vec<Call>, Basis)>,
    others: Vec<(EvmAddress, EvmAccount)>,
    /// More bytes for the pool.
    codes: Vec<Vec<u8>>,
}

impl Case {
    fn new() -> Self {
        let words = [
            (slot(SINGLETON), U256::from_be_bytes(address_word(singleton()))),
            (slot(THRESHOLD), U256::from(2)),
            (modules_slot(), U256::from(1)),
            (owner_slot(owner(0)), U256::from_be_bytes(address_word(owner(1)))),
            (owner_slot(owner(1)), U256::from_be_bytes(address_word(owner(2)))),
            (owner_slot(owner(2)), U256::from(1)),
            (owner_slot(SENTINEL), U256::from_be_bytes(address_word(owner(0)))),
        ];
        Self {
            words: words.into(),
            proxy: "d7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c",
            singleton: "1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4",
            left_out: Vec::new(),
            pinned: true,
            calls: None,
            others: Vec::new(),
            codes: Vec::new(),
        }
    }

    fn word(mut self, slot: Slot, word: U256) -> Self {
        self.words.insert(slot, word);
        self
    }

    fn judge(&self, address: EvmAddress, scheme: &str, signature: &str) -> Result<Shown, ControlError> {
        let code = |hash: &str| Some(hash.parse().expect("a digest"));
        let safe =
            EvmAccount { code_hash: code(self.proxy), storage: self.words.clone(), nonce: 1, ..EvmAccount::default() };
        let master = EvmAccount { code_hash: code(self.singleton), nonce: 1, ..EvmAccount::default() };
        let accounts = [(wallet_address(), safe), (singleton(), master)].into_iter().chain(self.others.clone());
        let block = EvmBlock { timestamp: 100, accounts: accounts.collect() };
        let id: ChainId = "eip155:1337".parse().expect("a chain");
        let chain = EvmChain::new(id.clone(), AT, vec![block]);
        let mut asked = slots();
        asked.extend([0, 1, 2].map(|at| owner_slot(owner(at))));
        asked.push(owner_slot(EvmAddress::from_bytes([9; 20])));
        asked.extend([owner_slot(SENTINEL), owner_slot(address_of(&[9; 32]).expect("a key"))]);
        asked.retain(|slot| !self.left_out.contains(slot));
        let others = self.others.iter().map(|(address, _)| (*address, vec![]));
        let asked: Vec<_> = [(wallet_address(), asked), (singleton(), vec![])].into_iter().chain(others).collect();
        let mut pool = chain.nodes(AT, &asked);
        self.codes.iter().for_each(|code| pool.insert(code.clone()));
        let files = MemoryFiles::from([
            ("chains/eip155_1337/headers.jsonl".to_owned(), chain.headers_file()),
            ("chains/eip155_1337/nodes.bin".to_owned(), pool.to_file()),
        ]);
        let block = chain.block(AT).expect("a block");
        let pins: Vec<_> = self.pinned.then(|| block.clone()).into_iter().collect();
        let calls = self.calls.clone();
        let transcript = calls.map(|(calls, worth)| {
            (Transcript::new(block.clone(), "a node".to_owned(), Time::from_unix(101), calls), worth)
        });
        let query = ChainQuery {
            chain: &id,
            pins: &pins,
            cutoff_block: &block,
            cutoff: Time::from_unix(100),
            addresses: &[],
            deployments: &[],
            transcript: transcript.as_ref().map(|(transcript, worth)| (transcript, *worth)),
        };
        let state = State::open(&query, &files).expect("readable");
        let address = address.to_string();
        let proof = ControlProof::signed(id.clone(), address.clone(), scheme, signature.to_owned());
        judge(&id, &address, LINE, &proof, Some(&state))
    }

    fn safe(&self, signature: &str) -> Result<Shown, ControlError> {
        self.judge(wallet_address(), SAFE, signature)
    }

    fn code(&self, signature: &str) -> &'static str {
        self.safe(signature).expect_err("refused").code().name
    }
}

fn hash() -> [u8; 32] {
    message_hash(1337, wallet_address(), LINE)
}

fn one(secret: &[u8; 32]) -> String {
    hex::encode(sign_hash(&hash(), secret).expect("a key"))
}

fn signed(by: &[usize]) -> String {
    format!("0x{}", by.iter().map(|at| one(&owners()[*at])).collect::<String>())
}

#[test]
fn as_many_owners_as_the_threshold_show_control() {
    for by in [&[0, 1][..], &[0, 2], &[1, 2], &[0, 1, 2]] {
        let shown = Case::new().safe(&signed(by)).expect("owners");
        assert_eq!(shown, Shown { grade: ControlGrade::ContractProven, problems: vec![] }, "{by:?}");
    }
    let mut unpinned = Case::new();
    unpinned.pinned = false;
    assert_eq!(unpinned.safe(&signed(&[0, 1])).expect("owners").grade, ControlGrade::ContractStated);
    let first = one(&owners()[0]);
    let mut ethereum_sign = sign_hash(&prefixed(&hash()), &owners()[1]).expect("a key");
    ethereum_sign[64] += 4;
    assert!(Case::new().safe(&format!("0x{first}{}", hex::encode(ethereum_sign))).is_ok());
}

#[test]
fn owners_sign_one_by_one_and_are_put_together() {
    let chain: ChainId = "eip155:1337".parse().expect("a chain");
    let safe = wallet_address().to_string();
    let keys = owners();
    let by = |at: &[usize]| {
        let keys: Vec<_> = at.iter().map(|at| &keys[*at]).collect();
        sign(&chain, &safe, LINE, keys).expect("keys")
    };
    assert_eq!(by(&[0, 2]).signature, signed(&[0, 2]));
    assert_eq!(by(&[2, 0, 2]), by(&[0, 2]), "in the order of the addresses, each once");
    for (left, right, all) in [(&[2][..], &[0][..], &[0, 2][..]), (&[0, 1], &[1, 2], &[0, 1, 2]), (&[1], &[1], &[1])] {
        let joined = join(&chain, &safe, LINE, [&by(left), &by(right)]).expect("both");
        assert_eq!(joined, by(all));
        let signers = signed_by(&chain, &safe, LINE, &joined).expect("signatures");
        assert_eq!(signers, all.iter().map(|at| owner(*at)).collect::<Vec<_>>());
    }
    assert!(Case::new().safe(&join(&chain, &safe, LINE, [&by(&[2]), &by(&[1])]).expect("both").signature).is_ok());

    let code = |proof: &ControlProof| signed_by(&chain, &safe, LINE, proof).expect_err("refused").code().name;
    let empty = ControlProof { signature: "0x".to_owned(), ..by(&[0]) };
    assert_eq!(code(&empty), "EVM_SAFE_SIGNATURES");
    assert_eq!(code(&ControlProof { scheme: SCHEME.to_owned(), ..by(&[0]) }), "EVM_SIGNATURE_SCHEME");
    assert_eq!(code(&ControlProof { address: singleton().to_string(), ..by(&[0]) }), "EVM_CONTROL_OTHER");
    assert_eq!(code(&ControlProof { chain: "eip155:1".parse().expect("a chain"), ..by(&[0]) }), "EVM_CONTROL_OTHER");
    assert!(join(&chain, &safe, LINE, [&by(&[0]), &empty]).is_err());
    assert!(sign(&chain, &safe, LINE, [&[0; 32]]).is_err(), "no key");
    let elsewhere = "bip122:000000000019d6689c085ae165831e93".parse().expect("a chain");
    assert!(sign(&elsewhere, &safe, LINE, &owners()).is_err());
    assert!(sign(&chain, "0x5a", LINE, &owners()).is_err());
    // another line recovers other keys, which are nobody's
    let other = signed_by(&chain, &safe, "another line", &by(&[0])).expect("some key");
    assert_ne!(other, [owner(0)]);
}

#[test]
fn fewer_or_other_signers_do_not() {
    for (by, code) in [
        (&[0][..], "EVM_SAFE_THRESHOLD"),
        (&[], "EVM_SAFE_THRESHOLD"),
        (&[1, 0], "EVM_SAFE_SIGNATURES"),
        (&[0, 0], "EVM_SAFE_SIGNATURES"),
        (&[0, 1, 1], "EVM_SAFE_SIGNATURES"),
    ] {
        assert_eq!(Case::new().code(&signed(by)), code, "{by:?}");
    }
    let mut three = [owners()[0], [9; 32]];
    three.sort_by_key(|secret| address_of(secret).expect("a key"));
    let stranger = format!("0x{}{}", one(&three[0]), one(&three[1]));
    assert_eq!(Case::new().code(&stranger), "EVM_SAFE_OWNER");
    let gone = Case::new().word(owner_slot(owner(1)), U256::ZERO);
    assert_eq!(gone.code(&signed(&[0, 1])), "EVM_SAFE_OWNER", "an owner that was removed");
    for threshold in [U256::ZERO, U256::from(3), U256::MAX] {
        let case = Case::new().word(slot(THRESHOLD), threshold);
        assert_eq!(case.code(&signed(&[0, 1])), "EVM_SAFE_THRESHOLD", "{threshold}");
    }
}

#[test]
fn another_line_chain_or_safe_is_another_message() {
    assert_ne!(hash(), message_hash(1, wallet_address(), LINE));
    assert_ne!(hash(), message_hash(1337, singleton(), LINE));
    let sign = |hash: &[u8; 32]| {
        owners().iter().map(|secret| hex::encode(sign_hash(hash, secret).expect("a key"))).collect::<String>()
    };
    for other in [
        message_hash(1, wallet_address(), LINE),
        message_hash(1337, singleton(), LINE),
        message_hash(1337, wallet_address(), "another line"),
        signed_hash(LINE),
    ] {
        let code = Case::new().code(&format!("0x{}", sign(&other)));
        assert!(["EVM_SAFE_OWNER", "EVM_SAFE_SIGNATURES", "EVM_WALLET_UNPROVEN"].contains(&code), "{code}");
    }
}

#[test]
fn signatures_that_are_none_are_refused_by_name() {
    let good = signed(&[0, 1]);
    let with_v = |v: u8| format!("{}{v:02x}", &good[..good.len() - 2]);
    for v in [0, 1, 2, 26, 29, 30, 33, 255] {
        assert_eq!(Case::new().code(&with_v(v)), "EVM_SAFE_SIGNATURES", "{v}");
    }
    for text in ["", "0x0", "1234", &good[..good.len() - 2], &format!("0x{}", "11".repeat(65 * 101))] {
        let code = Case::new().code(text);
        assert_eq!(code, "EVM_SAFE_SIGNATURES", "{text}");
    }
}

#[test]
fn only_known_codes_are_judged_by_their_storage() {
    let other = "aa7fdb4be5a60ff1b7a41c2ab7ccbf9ba9a3a1ad5a0f0a7a3fcb1fd0f2d5ee01";
    let mut proxy = Case::new();
    proxy.proxy = other;
    assert_eq!(proxy.code(&signed(&[0, 1])), "EVM_SAFE_CODE");
    let mut master = Case::new();
    master.singleton = other;
    assert_eq!(master.code(&signed(&[0, 1])), "EVM_SAFE_CODE");
    let nowhere = Case::new().word(slot(SINGLETON), U256::MAX);
    assert_eq!(nowhere.code(&signed(&[0, 1])), "EVM_SAFE_CODE");
    for slot in [slot(SINGLETON), slot(THRESHOLD), owner_slot(owner(1)), modules_slot(), guard_slot()] {
        let mut case = Case::new();
        case.left_out = vec![slot];
        let judged = case.safe(&signed(&[0, 1]));
        // nodes of other slots may happen to show it, too; it never counts as something else
        let unproven = judged.as_ref().is_err_and(|error| error.code().name == "EVM_WALLET_UNPROVEN");
        assert!(unproven || judged == Case::new().safe(&signed(&[0, 1])), "{judged:?}");
    }
    let mut case = Case::new();
    case.left_out = [slots(), vec![owner_slot(owner(0)), owner_slot(owner(1)), owner_slot(owner(2))]].concat();
    case.left_out.extend([owner_slot(SENTINEL), owner_slot(EvmAddress::from_bytes([9; 20]))]);
    case.left_out.push(owner_slot(address_of(&[9; 32]).expect("a key")));
    assert_eq!(case.code(&signed(&[0, 1])), "EVM_WALLET_UNPROVEN");
}

#[test]
fn what_can_move_coins_besides_the_owners_is_told() {
    let told = |case: Case| -> Vec<&str> {
        case.safe(&signed(&[0, 1])).expect("owners").problems.iter().map(|problem| problem.code.name).collect()
    };
    assert_eq!(told(Case::new().word(modules_slot(), U256::from(0x1234))), ["EVM_SAFE_MODULE"]);
    assert_eq!(told(Case::new().word(modules_slot(), U256::ZERO)), ["EVM_SAFE_MODULE"]);
    assert_eq!(told(Case::new().word(guard_slot(), U256::from(5))), ["EVM_SAFE_GUARD"]);
}

#[test]
fn a_key_that_lent_its_account_to_code_is_told() {
    let designator = [&[0xef, 0x01, 0x00][..], &[0x77; 20]].concat();
    let mut case = Case::new();
    case.others = vec![(owner(0), EvmAccount { code: designator.clone(), nonce: 1, ..EvmAccount::default() })];
    let signature = crate::reserve::evm::control::sign(&"eip155:1337".parse().expect("a chain"), LINE, &owners()[0]);
    let signature = signature.expect("a key").signature;
    let shown = case.judge(owner(0), SCHEME, &signature).expect("a signature");
    assert_eq!((shown.grade, shown.problems[0].code.name), (ControlGrade::KeySigned, "EVM_DELEGATED"));
    assert!(shown.problems[0].detail.ends_with("code that is not in the evidence"));
    case.codes = vec![designator];
    let shown = case.judge(owner(0), SCHEME, &signature).expect("a signature");
    assert!(shown.problems[0].detail.ends_with(&EvmAddress::from_bytes([0x77; 20]).to_string()));
    case.others[0].1.code.clear();
    assert_eq!(case.judge(owner(0), SCHEME, &signature).expect("a signature").problems, vec![]);
}

/// The address of a stranger's key, and an answer that only a contract gives: it would count as control on weak
/// evidence.
#[test]
fn attack_an_account_without_code_accepts_no_signature() {
    let at = EvmAddress::from_bytes([0x77; 20]);
    let data = wallet::call_data(LINE, "0xabcd").expect("digits");
    let call = Call {
        method: "eth_call".to_owned(),
        params: format!("[{{\"data\":\"{data}\",\"to\":\"{at}\"}},\"0x{AT:x}\"]"),
        result: format!("\"0x1626ba7e{}\"", "0".repeat(56)),
    };
    let mut case = Case::new();
    case.calls = Some((vec![call], Basis::Stated));
    assert_eq!(case.judge(at, CONTRACT, "0xabcd").expect_err("absent").code().name, "EVM_WALLET_REFUSED");
    case.others = vec![(at, EvmAccount { nonce: 1, ..EvmAccount::default() })];
    assert_eq!(case.judge(at, CONTRACT, "0xabcd").expect_err("a key").code().name, "EVM_WALLET_REFUSED");
    case.others[0].1.code = vec![0x60, 0x00];
    assert!(case.judge(at, CONTRACT, "0xabcd").is_ok(), "it has code");
}

#[test]
fn other_wallets_are_as_good_as_the_node_that_was_asked() {
    let at = EvmAddress::from_bytes([0x77; 20]);
    let call = |result: &str, block: u64| Call {
        method: "eth_call".to_owned(),
        params: format!(
            "[{{\"data\":\"{}\",\"to\":\"{at}\"}},\"0x{block:x}\"]",
            wallet::call_data(LINE, "0xabcd").expect("digits")
        ),
        result: format!("\"{result}\""),
    };
    let yes = format!("0x1626ba7e{}", "0".repeat(56));
    let judged = |calls: Vec<Call>, worth| {
        let mut case = Case::new();
        case.calls = Some((calls, worth));
        case.others = vec![(at, EvmAccount { code: vec![0x60, 0x00], ..EvmAccount::default() })];
        case.judge(at, CONTRACT, "0xabcd")
    };
    for (worth, grade) in [
        (Basis::Observed, ControlGrade::ContractObserved),
        (Basis::Proved, ControlGrade::ContractObserved),
        (Basis::Stated, ControlGrade::ContractStated),
    ] {
        let shown = judged(vec![call(&yes, AT)], worth).expect("accepted");
        assert_eq!((shown.grade, shown.problems[0].code.name), (grade, "EVM_CONTROL_ANSWERED"));
        assert_eq!(shown.grade.basis(), worth.min(Basis::Observed));
    }
    let no = format!("0x{}", "f".repeat(64));
    for calls in [vec![call(&no, AT)], vec![call("0x", AT)], vec![call(&yes, AT), call(&no, AT)]] {
        assert_eq!(judged(calls, Basis::Observed).expect_err("no").code().name, "EVM_WALLET_REFUSED");
    }
    for calls in [vec![], vec![call(&yes, AT + 1)]] {
        assert_eq!(judged(calls, Basis::Observed).expect_err("unasked").code().name, "EVM_WALLET_UNPROVEN");
    }
    assert_eq!(
        Case::new().judge(at, CONTRACT, "0xabcd").expect_err("no transcript").code().name,
        "EVM_WALLET_UNPROVEN"
    );
    let odd = Case::new().judge(at, CONTRACT, "0xabc").expect_err("odd").code();
    assert_eq!(odd.name, "EVM_SIGNATURE_MALFORMED");
    let data = wallet::call_data("x", "0xabcd").expect("digits");
    assert_eq!(data.len(), 2 + 8 + 64 * 4);
}
