//! Properties that hold for every input: what is built is proved, what is proved adds up, and who built which part
//! does not matter.

use std::collections::BTreeMap;

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::{AssetId, Class};
use counterfoil::hash::{Digest, Tag, TaggedHasher};
use counterfoil::liability::compact_range::{TreeName, TreeRange};
use counterfoil::liability::inclusion_proof::{
    self, InclusionError, InclusionProof, InclusionQuery, LeafProof, StatementRef,
};
use counterfoil::liability::leaf::{
    LeafContent, Nonce, OrderKey, Piece, SnapshotKey, Split, SplitKeys, TreeKey, is_reserved,
};
use counterfoil::liability::sum_tree::{CompactRange, LiabilityCommitment, SumNode, SumTree, path_length};
use counterfoil::secret::{Secret, SecretKind};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn snapshot_key() -> SnapshotKey {
    let master = Secret::new(SecretKind::Master, &mut [7; 32]);
    let venue = "example-exchange".parse().expect("a venue");
    SnapshotKey::derive(&master, &[9; 32], &venue, 3)
}

fn tree_key() -> TreeKey {
    snapshot_key().tree(&asset(), Class::Custody)
}

fn split_keys(of: u16) -> SplitKeys {
    snapshot_key().split(&asset(), Class::Custody, of).expect("a number of pieces")
}

fn asset() -> AssetId {
    "BTC".parse().expect("an asset")
}

/// A leaf with what its owner needs to show it.
struct Owned {
    account: String,
    nonce: Nonce,
    amount: Amount,
    node: SumNode,
}

/// The leaves of these balances in the order of a tree.
fn leaves(balances: &[(String, u64)]) -> Vec<Owned> {
    let key = tree_key();
    let mut sorted: Vec<(OrderKey, Owned)> = balances
        .iter()
        .map(|(account, amount)| {
            let (order, nonce) = key.blind(account);
            let amount = Amount::from_base_units(u128::from(*amount));
            let content = LeafContent { nonce, amount, account, credential: "", parts: &[] };
            let node = SumNode::leaf(content.hash().expect("short texts"), amount);
            (order, Owned { account: account.clone(), nonce, amount, node })
        })
        .collect();
    sorted.sort_by(|(left, a), (right, b)| (left, &a.account).cmp(&(right, &b.account)));
    sorted.into_iter().map(|(_, leaf)| leaf).collect()
}

/// A tree of split balances and decoys, and each customer's proof and balance.
fn split_tree(balances: &BTreeMap<String, u64>, of: u16, decoys: u64) -> (SumTree, Vec<(InclusionProof, Amount)>) {
    let (keys, key) = (split_keys(of), tree_key());
    let mut leaves = Vec::new();
    for (account, amount) in balances {
        for piece in keys.pieces(account, Amount::from_base_units(u128::from(*amount))) {
            let content = LeafContent { nonce: piece.nonce, amount: piece.amount, account, credential: "", parts: &[] };
            let node = SumNode::leaf(content.hash_piece(&piece.split).expect("short texts"), piece.amount);
            leaves.push((piece.order_key, node, Some((account.clone(), piece))));
        }
    }
    for index in 0..decoys {
        let account = key.decoy(index);
        assert!(is_reserved(&account) && !balances.contains_key(&account));
        let (order_key, nonce) = key.blind(&account);
        let content = LeafContent { nonce, amount: Amount::ZERO, account: &account, credential: "", parts: &[] };
        leaves.push((order_key, SumNode::leaf(content.hash().expect("short texts"), Amount::ZERO), None));
    }
    leaves.sort_by_key(|leaf| leaf.0);
    let tree = SumTree::new(leaves.iter().map(|leaf| leaf.1).collect()).expect("small sums");
    let digest: Digest = TaggedHasher::new(Tag::Statement).finish();
    let statement = StatementRef { digest, sequence: 3, venue: "example-exchange".parse().expect("a venue") };
    let proof = |(account, amount): (&String, &u64)| {
        let own = (0_u64..).zip(&leaves).filter_map(|(index, leaf)| leaf.2.as_ref().map(|owner| (index, owner)));
        let own = own.filter(|(_, (owner, _))| owner == account).map(|(index, (_, piece))| LeafProof {
            asset: asset(),
            class: Class::Custody,
            amount: piece.amount,
            nonce: piece.nonce,
            index,
            parts: Vec::new(),
            path: tree.path(index).expect("small sums").expect("within the tree"),
            split: Some(piece.split),
        });
        let mut leaves: Vec<LeafProof> = own.collect();
        leaves.sort_by_key(|leaf| leaf.split.map(|split| split.piece));
        let format = inclusion_proof::FORMAT.to_owned();
        let proof = InclusionProof { format, account: account.clone(), statement: statement.clone(), leaves };
        (proof, Amount::from_base_units(u128::from(*amount)))
    };
    let proofs = balances.iter().map(proof).collect();
    (tree, proofs)
}

fn tree(leaves: &[Owned]) -> (SumTree, SumNode) {
    let tree = SumTree::new(leaves.iter().map(|leaf| leaf.node).collect()).expect("small sums");
    let root = tree.root().expect("small sums").expect("leaves");
    (tree, root)
}

fn named(range: CompactRange) -> TreeRange {
    let decimals = Decimals::new(8).expect("at most 38");
    TreeRange::new(TreeName { asset: asset(), class: Class::Custody, decimals }, range).expect("small sums")
}

fn range(leaves: &[Owned], begin: usize, end: usize) -> CompactRange {
    let mut range = CompactRange::starting_at(begin as u64);
    for leaf in &leaves[begin..end] {
        range.append(leaf.node).expect("small sums");
    }
    range
}

fn balances() -> impl Strategy<Value = Rows> {
    btree_map(".{1,12}", any::<u64>(), 1..40).prop_map(|map| map.into_iter().collect())
}

/// Accounts with their balances.
type Rows = Vec<(String, u64)>;

/// The same rows in two orders.
fn shuffled() -> impl Strategy<Value = (Rows, Rows)> {
    balances().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_built_is_proved(balances in balances()) {
        let leaves = leaves(&balances);
        let (tree, root) = tree(&leaves);
        let total: u128 = balances.iter().map(|(_, amount)| u128::from(*amount)).sum();
        prop_assert_eq!(root.sum.base_units(), total);
        let row = LiabilityCommitment {
            asset: asset(), class: Class::Custody, decimals: Decimals::new(8).expect("at most 38"),
            leaf_count: leaves.len() as u64, root: root.digest, total: root.sum,
        };
        let digest: Digest = TaggedHasher::new(Tag::Statement).finish();
        let statement = StatementRef { digest, sequence: 3, venue: "example-exchange".parse().expect("a venue") };
        for (index, leaf) in leaves.iter().enumerate() {
            let index = index as u64;
            let path = tree.path(index).expect("small sums").expect("within the tree");
            prop_assert_eq!(path.len(), path_length(index, row.leaf_count));
            let leaf_proof = LeafProof {
                asset: asset(), class: Class::Custody, amount: leaf.amount, nonce: leaf.nonce, index,
                parts: Vec::new(), path, split: None,
            };
            let proof = InclusionProof {
                format: inclusion_proof::FORMAT.to_owned(), account: leaf.account.clone(),
                statement: statement.clone(), leaves: vec![leaf_proof],
            };
            let file = serde_json::to_vec(&proof).expect("a proof can be written");
            let read = InclusionProof::parse(&file).expect("what was written is read");
            prop_assert_eq!(&read, &proof);
            let expected = BTreeMap::from([(asset(), leaf.amount)]);
            let query = InclusionQuery {
                statement: &statement, rows: std::slice::from_ref(&row), account: &leaf.account, credential: "",
                expected: &expected,
            };
            let verified = inclusion_proof::verify(&query, &read).expect("its own proof");
            let shown = verified.first().map(|balance| (balance.amount(), balance.indices().to_vec()));
            prop_assert_eq!(shown, Some((leaf.amount, vec![index])));
        }
    }

    #[test]
    fn pieces_add_up_to_the_balance(account in ".{1,12}", whole in any::<u128>(), of in Piece::OF_MIN..=Piece::OF_MAX) {
        let whole = Amount::from_base_units(whole >> (of % 127));
        let pieces: Vec<_> = split_keys(of).pieces(&account, whole).collect();
        prop_assert_eq!(pieces.len(), usize::from(of));
        prop_assert_eq!(Amount::checked_sum(pieces.iter().map(|piece| piece.amount)), Some(whole));
        for (number, piece) in (1..).zip(&pieces) {
            prop_assert_eq!(piece.split, Split { piece: Piece::new(number, of).expect("in range"), whole });
        }
    }

    #[test]
    fn what_is_split_is_proved_whole(
        balances in btree_map(".{1,12}", any::<u64>(), 1..8),
        of in Piece::OF_MIN..9,
        decoys in 0..4_u64,
        left_out in any::<prop::sample::Index>(),
    ) {
        let (tree, proofs) = split_tree(&balances, of, decoys);
        prop_assert_eq!(tree.leaf_count(), balances.len() as u64 * u64::from(of) + decoys);
        let root = tree.root().expect("small sums").expect("leaves");
        let row = LiabilityCommitment {
            asset: asset(), class: Class::Custody, decimals: Decimals::new(8).expect("at most 38"),
            leaf_count: tree.leaf_count(), root: root.digest, total: root.sum,
        };
        for (mut proof, whole) in proofs {
            let expected = BTreeMap::from([(asset(), whole)]);
            let (statement, account) = (proof.statement.clone(), proof.account.clone());
            let query = InclusionQuery {
                statement: &statement, rows: std::slice::from_ref(&row), account: &account, credential: "",
                expected: &expected,
            };
            let file = serde_json::to_vec(&proof).expect("a proof can be written");
            let read = InclusionProof::parse(&file).expect("what was written is read");
            let verified = inclusion_proof::verify(&query, &read).expect("its own proof");
            let shown: Vec<_> = verified.iter().map(|balance| (balance.amount(), balance.indices().len())).collect();
            prop_assert_eq!(shown, vec![(whole, usize::from(of))]);
            proof.leaves.remove(left_out.index(proof.leaves.len()));
            let error = inclusion_proof::verify(&query, &proof).expect_err("a piece is missing");
            prop_assert!(matches!(error, InclusionError::SplitIncomplete { .. }), "{}", error);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(rows in shuffled()) {
        prop_assert_eq!(tree(&leaves(&rows.0)).1, tree(&leaves(&rows.1)).1);
    }

    #[test]
    fn any_split_merges_to_the_same_root(
        balances in balances(),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
        from_right in any::<bool>(),
    ) {
        let leaves = leaves(&balances);
        let mut bounds: Vec<usize> = cuts.iter().map(|cut| cut.index(leaves.len() + 1)).collect();
        bounds.extend([0, leaves.len()]);
        bounds.sort_unstable();
        let mut ranges: Vec<CompactRange> = bounds.windows(2).map(|pair| range(&leaves, pair[0], pair[1])).collect();
        while ranges.len() > 1 {
            let at = if from_right { ranges.len() - 2 } else { 0 };
            let right = ranges.remove(at + 1);
            ranges[at].merge(&right).expect("adjacent");
        }
        prop_assert_eq!(ranges[0].root().expect("small sums"), Some(tree(&leaves).1));
        prop_assert_eq!(&ranges[0], &range(&leaves, 0, leaves.len()));
    }

    #[test]
    fn files_of_any_split_merge_in_any_grouping(
        balances in balances(),
        cuts in vec(any::<prop::sample::Index>(), 0..9),
        groups in vec((any::<prop::sample::Index>(), 2..5_usize), 9),
    ) {
        let leaves = leaves(&balances);
        let mut bounds: Vec<usize> = cuts.iter().map(|cut| cut.index(leaves.len() + 1)).collect();
        bounds.extend([0, leaves.len()]);
        bounds.sort_unstable();
        let file = |begin, end| named(range(&leaves, begin, end)).to_file().expect("a range can be written");
        let mut files: Vec<Vec<u8>> = bounds.windows(2).map(|pair| file(pair[0], pair[1])).collect();
        // as many neighbours as a group has, anywhere, become one file, until there is one
        for (place, size) in groups {
            let at = place.index(files.len());
            let group: Vec<TreeRange> =
                files.iter().skip(at).take(size).map(|file| TreeRange::parse(file).expect("was written")).collect();
            let merged = group[0].merge(&group[1..]).expect("adjacent").to_file().expect("a range can be written");
            files.splice(at..at + group.len(), [merged]);
        }
        let rest: Vec<TreeRange> = files.iter().map(|file| TreeRange::parse(file).expect("was written")).collect();
        let whole = rest[0].merge(&rest[1..]).expect("adjacent");
        prop_assert_eq!(whole.to_file(), Ok(file(0, leaves.len())));
        let row = whole.commitment().expect("small sums").expect("a whole tree");
        let (_, root) = tree(&leaves);
        prop_assert_eq!((row.root, row.total, row.leaf_count), (root.digest, root.sum, leaves.len() as u64));
    }

    #[test]
    fn one_unit_more_is_another_root(balances in balances(), place in any::<prop::sample::Index>()) {
        let mut other = balances.clone();
        let at = place.index(other.len());
        other[at].1 = other[at].1.wrapping_add(1);
        prop_assert_ne!(tree(&leaves(&balances)).1, tree(&leaves(&other)).1);
    }

    #[test]
    fn printed_amounts_are_read_back(units in any::<u128>(), decimals in 0..=Decimals::MAX) {
        let (amount, decimals) = (Amount::from_base_units(units), Decimals::new(decimals).expect("at most 38"));
        prop_assert_eq!(Amount::parse(&amount.to_decimal(decimals), decimals), Ok(amount));
        prop_assert_eq!(Amount::parse_base_units(&amount.to_string()), Ok(amount));
    }

    #[test]
    fn rescaling_up_and_down_changes_nothing(
        units in any::<u64>(),
        from in 0..=Decimals::MAX,
        to in 0..=Decimals::MAX,
    ) {
        let amount = Amount::from_base_units(u128::from(units));
        let (from, to) = (Decimals::new(from).expect("at most 38"), Decimals::new(to).expect("at most 38"));
        if let Ok(there) = amount.rescale(from, to) {
            prop_assert_eq!(there.rescale(to, from), Ok(amount));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,20}|[-+0-9.eE_, ]{0,45}", decimals in 0..=Decimals::MAX) {
        let decimals = Decimals::new(decimals).expect("at most 38");
        if let Ok(amount) = Amount::parse(&text, decimals) {
            prop_assert_eq!(Amount::parse(&amount.to_decimal(decimals), decimals), Ok(amount));
        }
    }
}
