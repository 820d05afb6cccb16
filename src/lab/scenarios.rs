//! Every scenario: one attack, one file.

mod amounts_shifted;
mod anothers_balance;
mod anothers_deposit;
mod balance_lowered;
mod books_repaired;
mod borrowed_for_the_snapshot;
mod copied_text;
mod deposit_elsewhere;
mod doubled_leaf;
mod expired_challenge;
mod gone_quiet;
mod invented_figures;
mod invented_identity;
mod joined_text;
mod loan_in_a_drawer;
mod mixed_snapshot;
mod negative_balance;
mod netting;
mod nobody_looks;
mod node_as_leaf;
mod old_proof;
mod on_demand;
mod one_asset_in_scope;
mod one_leaf_for_two;
mod one_wallet_for_two;
mod own_block;
mod own_token;
mod pledged_coins;
mod price_lever;
mod rented_key;
mod repeated_index;
mod root_from_the_proof;
mod set_chosen_afterwards;
mod sum_not_bound;
mod sum_wraps;
mod transcript_as_proof;
mod two_lists;
mod two_roots;
mod wrapped_for_native;

use crate::amount::Amount;
use crate::code::{Code, Coded, lab as codes};
use crate::hash::{Digest, Tag, TaggedHasher};
use crate::liability::inclusion_proof::{InclusionProof, LeafProof};
use crate::liability::sum_tree::SumNode;

use super::example_venue::{ExampleError, fault};
use super::scenario::Scenario;

/// All, in the order of the table of attacks.
pub static ALL: &[&Scenario] = &[
    &sum_not_bound::SCENARIO,
    &negative_balance::SCENARIO,
    &sum_wraps::SCENARIO,
    &netting::SCENARIO,
    &price_lever::SCENARIO,
    &amounts_shifted::SCENARIO,
    &joined_text::SCENARIO,
    &node_as_leaf::SCENARIO,
    &doubled_leaf::SCENARIO,
    &repeated_index::SCENARIO,
    &root_from_the_proof::SCENARIO,
    &two_lists::SCENARIO,
    &one_leaf_for_two::SCENARIO,
    &invented_identity::SCENARIO,
    &two_roots::SCENARIO,
    &old_proof::SCENARIO,
    &on_demand::SCENARIO,
    &books_repaired::SCENARIO,
    &balance_lowered::SCENARIO,
    &nobody_looks::SCENARIO,
    &borrowed_for_the_snapshot::SCENARIO,
    &loan_in_a_drawer::SCENARIO,
    &one_wallet_for_two::SCENARIO,
    &deposit_elsewhere::SCENARIO,
    &rented_key::SCENARIO,
    &copied_text::SCENARIO,
    &expired_challenge::SCENARIO,
    &wrapped_for_native::SCENARIO,
    &own_token::SCENARIO,
    &pledged_coins::SCENARIO,
    &one_asset_in_scope::SCENARIO,
    &gone_quiet::SCENARIO,
    &invented_figures::SCENARIO,
    &anothers_balance::SCENARIO,
    &mixed_snapshot::SCENARIO,
    &own_block::SCENARIO,
    &transcript_as_proof::SCENARIO,
    &set_chosen_afterwards::SCENARIO,
    &anothers_deposit::SCENARIO,
];

/// No scenario has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scenario {0:?}")]
pub struct Unknown(String);

impl Coded for Unknown {
    fn code(&self) -> &'static Code {
        &codes::SCENARIO_UNKNOWN
    }
}

/// The scenario of this name.
///
/// # Errors
/// [`Unknown`].
pub fn find(name: &str) -> Result<&'static Scenario, Unknown> {
    let found = ALL.iter().find(|scenario| scenario.name == name).copied();
    found.ok_or_else(|| Unknown(name.chars().take(80).collect()))
}

/// The one leaf of a proof in one asset.
fn leaf(proof: &mut InclusionProof) -> Result<&mut LeafProof, ExampleError> {
    proof.leaves.first_mut().ok_or_else(|| fault("a proof without a leaf"))
}

/// The digest of the sibling at the bottom of a path.
fn digest_of(proof: &mut InclusionProof) -> Result<Digest, ExampleError> {
    leaf(proof)?.path.first().map(|sibling| sibling.digest).ok_or_else(|| fault("a path without a sibling"))
}

/// A parent that adds its sums as words of 128 bits, and binds them as a real one does.
fn wrapping_parent(left: &SumNode, right: &SumNode) -> SumNode {
    let digest = TaggedHasher::new(Tag::Node)
        .fixed(left.digest.as_bytes())
        .fixed(&left.sum.to_be_bytes())
        .fixed(right.digest.as_bytes())
        .fixed(&right.sum.to_be_bytes())
        .finish();
    SumNode { digest, sum: Amount::from_base_units(left.sum.base_units().wrapping_add(right.sum.base_units())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_as_it_says(name: &str) {
        let scenario = find(name).expect("a scenario");
        if let Err(error) = scenario.run() {
            unreachable!("{error}");
        }
    }

    #[test]
    fn sum_not_bound() {
        goes_as_it_says("sum-not-bound");
    }

    #[test]
    fn negative_balance() {
        goes_as_it_says("negative-balance");
    }

    #[test]
    fn sum_wraps() {
        goes_as_it_says("sum-wraps");
    }

    #[test]
    fn netting() {
        goes_as_it_says("netting");
    }

    #[test]
    fn price_lever() {
        goes_as_it_says("price-lever");
    }

    #[test]
    fn amounts_shifted() {
        goes_as_it_says("amounts-shifted");
    }

    #[test]
    fn joined_text() {
        goes_as_it_says("joined-text");
    }

    #[test]
    fn node_as_leaf() {
        goes_as_it_says("node-as-leaf");
    }

    #[test]
    fn doubled_leaf() {
        goes_as_it_says("doubled-leaf");
    }

    #[test]
    fn repeated_index() {
        goes_as_it_says("repeated-index");
    }

    #[test]
    fn root_from_the_proof() {
        goes_as_it_says("root-from-the-proof");
    }

    #[test]
    fn two_lists() {
        goes_as_it_says("two-lists");
    }

    #[test]
    fn one_leaf_for_two() {
        goes_as_it_says("one-leaf-for-two");
    }

    #[test]
    fn invented_identity() {
        goes_as_it_says("invented-identity");
    }

    #[test]
    fn two_roots() {
        goes_as_it_says("two-roots");
    }

    #[test]
    fn old_proof() {
        goes_as_it_says("old-proof");
    }

    #[test]
    fn on_demand() {
        goes_as_it_says("on-demand");
    }

    #[test]
    fn books_repaired() {
        goes_as_it_says("books-repaired");
    }

    #[test]
    fn balance_lowered() {
        goes_as_it_says("balance-lowered");
    }

    #[test]
    fn nobody_looks() {
        goes_as_it_says("nobody-looks");
    }

    #[test]
    fn borrowed_for_the_snapshot() {
        goes_as_it_says("borrowed-for-the-snapshot");
    }

    #[test]
    fn loan_in_a_drawer() {
        goes_as_it_says("loan-in-a-drawer");
    }

    #[test]
    fn deposit_elsewhere() {
        goes_as_it_says("deposit-elsewhere");
    }

    #[test]
    fn rented_key() {
        goes_as_it_says("rented-key");
    }

    #[test]
    fn copied_text() {
        goes_as_it_says("copied-text");
    }

    #[test]
    fn expired_challenge() {
        goes_as_it_says("expired-challenge");
    }

    #[test]
    fn wrapped_for_native() {
        goes_as_it_says("wrapped-for-native");
    }

    #[test]
    fn own_token() {
        goes_as_it_says("own-token");
    }

    #[test]
    fn pledged_coins() {
        goes_as_it_says("pledged-coins");
    }

    #[test]
    fn one_asset_in_scope() {
        goes_as_it_says("one-asset-in-scope");
    }

    #[test]
    fn gone_quiet() {
        goes_as_it_says("gone-quiet");
    }

    #[test]
    fn invented_figures() {
        goes_as_it_says("invented-figures");
    }

    #[test]
    fn anothers_balance() {
        goes_as_it_says("anothers-balance");
    }

    #[test]
    fn mixed_snapshot() {
        goes_as_it_says("mixed-snapshot");
    }

    #[test]
    fn own_block() {
        goes_as_it_says("own-block");
    }

    #[test]
    fn transcript_as_proof() {
        goes_as_it_says("transcript-as-proof");
    }

    #[test]
    fn set_chosen_afterwards() {
        goes_as_it_says("set-chosen-afterwards");
    }

    #[test]
    fn one_wallet_for_two() {
        goes_as_it_says("one-wallet-for-two");
    }

    #[test]
    fn anothers_deposit() {
        goes_as_it_says("anothers-deposit");
    }

    #[test]
    fn names_are_unique_and_unknown_ones_are_refused() {
        let mut names: Vec<&str> = ALL.iter().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        assert_eq!(find("no-such-thing").expect_err("refused").code().number, 9010);
    }
}
