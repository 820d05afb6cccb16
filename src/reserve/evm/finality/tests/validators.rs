use std::collections::BTreeMap;

use super::super::fork::Network;
use super::super::ssz::{self, Chunk, Gindex};
use super::*;
use crate::amount::Amount;
use crate::reserve::evm::address::EvmAddress;

const OWNER: EvmAddress = EvmAddress::from_bytes([0xab; 20]);

/// A sparse tree: what is not given is a zero subtree, as in the lists of a state.
struct Sparse(BTreeMap<Gindex, Chunk>);

impl Sparse {
    fn at(&self, place: Gindex, depth: usize) -> Chunk {
        if let Some(leaf) = self.0.get(&place) {
            return *leaf;
        }
        let below = |leaf: &&Gindex| ssz::depth(**leaf) > depth && **leaf >> (ssz::depth(**leaf) - depth) == place;
        if self.0.keys().any(|leaf| below(&leaf)) {
            ssz::node(&self.at(2 * place, depth + 1), &self.at(2 * place + 1, depth + 1))
        } else {
            ssz::uint(place)
        }
    }

    fn branch(&self, place: Gindex) -> Vec<String> {
        let places = std::iter::successors(Some(place), |place| Some(place / 2)).take_while(|place| *place > 1);
        places.map(|place| hex::encode(self.at(place ^ 1, ssz::depth(place)))).collect()
    }
}

pub(super) fn credentials(kind: u8, address: EvmAddress) -> Chunk {
    let mut chunk = [0; 32];
    chunk[0] = kind;
    chunk[12..].copy_from_slice(&address.to_bytes());
    chunk
}

pub(super) fn leaf(line: &ValidatorLine) -> Chunk {
    let key: Vec<u8> = hex::decode(&line.pubkey).expect("digits");
    let chunk = |text: &str| -> Chunk { hex::decode(text).expect("digits").try_into().expect("32 bytes") };
    ssz::merkleize(&[
        ssz::bytes(&key),
        chunk(&line.withdrawal_credentials),
        ssz::uint(line.effective_balance),
        ssz::uint(u64::from(line.slashed)),
        ssz::uint(line.activation_eligibility_epoch),
        ssz::uint(line.activation_epoch),
        ssz::uint(line.exit_epoch),
        ssz::uint(line.withdrawable_epoch),
    ])
}

pub(super) fn line(index: u64) -> ValidatorLine {
    ValidatorLine {
        activation_epoch: 5,
        activation_eligibility_epoch: 4,
        balance_branch: vec![],
        balances: String::new(),
        branch: vec![],
        effective_balance: 32_000_000_000,
        exit_epoch: u64::MAX,
        index,
        pubkey: "8a".repeat(48),
        slashed: false,
        withdrawable_epoch: u64::MAX,
        withdrawal_credentials: hex::encode(credentials(1, OWNER)),
    }
}

/// A final state at `slot` with this validator and a balance in gwei, and the line that shows them.
fn state(slot: u64, mut line: ValidatorLine, gwei: u64) -> (FinalState, ValidatorLine) {
    let network = Network::of(&mainnet()).expect("known");
    let fork = network.at(slot).expect("a known fork");
    let mut balances = [7_u8; 32];
    let at = usize::try_from(line.index % 4).expect("below four") * 8;
    balances[at..at + 8].copy_from_slice(&gwei.to_le_bytes());
    // 43 and 44 are the fields before electra, 75 and 76 since; a list has its length on the right
    let (validators, held) = if fork.finalized == 169 { (75_u64, 76_u64) } else { (43, 44) };
    let own = validators * 2 * (1 << 40) + line.index;
    let chunk = held * 2 * (1 << 38) + line.index / 4;
    let tree = Sparse([(own, leaf(&line)), (chunk, balances)].into());
    (line.branch, line.balance_branch) = (tree.branch(own), tree.branch(chunk));
    line.balances = hex::encode(balances);
    (FinalState { slot, root: tree.at(1, 0), fork }, line)
}

/// Capella and electra.
const SLOTS: [u64; 2] = [200_000 * 32, 400_000 * 32];

#[test]
fn a_validator_and_its_balance_are_shown() {
    for slot in SLOTS {
        for index in [0, 1, 2, 3, 1_000_003, (1 << 40) - 1] {
            let (state, line) = state(slot, line(index), 32_012_345_678);
            let shown = staked(&state, index, OWNER, &line).expect("a validator");
            assert_eq!(shown.amount, Amount::from_base_units(32_012_345_678_000_000_000));
            assert_eq!((shown.index, shown.slashed, shown.withdrawal), (index, false, Withdrawal::Staked));
        }
    }
}

#[test]
fn the_way_out_is_told() {
    let epoch = SLOTS[1] / 32;
    for (exit, withdrawable, slashed, expected) in [
        (epoch - 300, epoch, false, Withdrawal::Withdrawable),
        (epoch - 200, epoch + 56, false, Withdrawal::Exiting { withdrawable: epoch + 56 }),
        (epoch, epoch + 8192, true, Withdrawal::Exiting { withdrawable: epoch + 8192 }),
    ] {
        let leaving = ValidatorLine { exit_epoch: exit, withdrawable_epoch: withdrawable, slashed, ..line(9) };
        let (state, leaving) = state(SLOTS[1], leaving, 1);
        let shown = staked(&state, 9, OWNER, &leaving).expect("a validator");
        assert_eq!((shown.withdrawal, shown.slashed), (expected, slashed));
    }
}

#[test]
fn it_belongs_to_the_address_in_its_credentials() {
    let code = |state: &FinalState, line: &ValidatorLine, address| {
        staked(state, 9, address, line).map(|shown| shown.index).map_err(|error| error.code().name)
    };
    for (kind, owner, expected) in [
        (1, OWNER, Ok(9)),
        (2, OWNER, Ok(9)),
        (0, OWNER, Err("VALIDATOR_WITHDRAWAL")),
        (3, OWNER, Err("VALIDATOR_WITHDRAWAL")),
    ] {
        let line = ValidatorLine { withdrawal_credentials: hex::encode(credentials(kind, owner)), ..line(9) };
        let (state, line) = state(SLOTS[0], line, 5);
        assert_eq!(code(&state, &line, OWNER), expected, "type {kind}");
        assert_eq!(code(&state, &line, EvmAddress::from_bytes([1; 20])), Err("VALIDATOR_WITHDRAWAL"));
    }
    let mut odd = credentials(1, OWNER);
    odd[5] = 1;
    let line = ValidatorLine { withdrawal_credentials: hex::encode(odd), ..line(9) };
    let (state, line) = state(SLOTS[0], line, 5);
    assert_eq!(code(&state, &line, OWNER), Err("VALIDATOR_WITHDRAWAL"));
}

#[test]
fn another_validator_state_or_fork_is_refused() {
    let code = |state: &FinalState, index, line: &ValidatorLine| {
        staked(state, index, OWNER, line).expect_err("refused").code().name
    };
    for (slot, other) in [(SLOTS[0], SLOTS[1]), (SLOTS[1], SLOTS[0])] {
        let (state, good) = state(slot, line(9), 5);
        assert_eq!(code(&state, 8, &good), "FINALITY_MALFORMED", "a line of another validator");
        assert_eq!(code(&state, 8, &ValidatorLine { index: 8, ..good.clone() }), "FINALITY_BRANCH");
        assert_eq!(code(&state, 1 << 40, &ValidatorLine { index: 1 << 40, ..good.clone() }), "FINALITY_MALFORMED");
        let fork = Network::of(&mainnet()).expect("known").at(other).expect("a known fork");
        assert_eq!(code(&FinalState { fork, ..state }, 9, &good), "FINALITY_BRANCH", "as if of another fork");
        let mut root = state.root;
        root[31] ^= 1;
        assert_eq!(code(&FinalState { root, ..state }, 9, &good), "FINALITY_BRANCH");
        type Change = fn(&mut ValidatorLine);
        let changes: [(&str, Change); 13] = [
            ("FINALITY_BRANCH", |line| line.effective_balance -= 1),
            ("FINALITY_BRANCH", |line| line.slashed = true),
            ("FINALITY_BRANCH", |line| line.activation_eligibility_epoch += 1),
            ("FINALITY_BRANCH", |line| line.activation_epoch += 1),
            ("FINALITY_BRANCH", |line| line.exit_epoch -= 1),
            ("FINALITY_BRANCH", |line| line.withdrawable_epoch = 1),
            ("FINALITY_BRANCH", |line| line.pubkey = "8b".repeat(48)),
            ("FINALITY_BRANCH", |line| line.withdrawal_credentials = "01".repeat(32)),
            ("FINALITY_BRANCH", |line| line.balances = "ff".repeat(32)),
            ("FINALITY_BRANCH", |line| line.branch.truncate(45)),
            ("FINALITY_BRANCH", |line| line.balance_branch.rotate_left(1)),
            ("FINALITY_MALFORMED", |line| line.pubkey = "8A".repeat(48)),
            ("FINALITY_MALFORMED", |line| line.balance_branch[0].push('0')),
        ];
        for (number, (expected, change)) in changes.into_iter().enumerate() {
            let mut line = good.clone();
            change(&mut line);
            assert_eq!(code(&state, 9, &line), expected, "change {number}");
        }
    }
}
