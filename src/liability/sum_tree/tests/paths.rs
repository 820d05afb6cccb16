//! Every path of small trees, folded as a verifier does it, and what a wrong question leads to.

use super::super::*;

fn leaves(count: u64) -> Vec<SumNode> {
    let sum = |index: u64| Amount::from_base_units(1 << (index % 100));
    let digest = |index: u64| TaggedHasher::new(Tag::Leaf).fixed(&index.to_be_bytes()).finish();
    (0..count).map(|index| SumNode { digest: digest(index), sum: sum(index) }).collect()
}

#[test]
fn every_path_leads_to_the_root_and_from_its_own_place_alone() {
    for count in 1..=70 {
        let leaves = leaves(count);
        let tree = SumTree::new(leaves.clone()).expect("small sums");
        let root = tree.root().expect("small sums").expect("leaves");
        for (index, leaf) in (0..).zip(&leaves) {
            let path = tree.path(index).expect("small sums").expect("a leaf");
            assert_eq!(fold(*leaf, index, count, &path), Ok(root), "{index} of {count}");
            for other in (0..count).filter(|other| *other != index && path_length(*other, count) == path.len()) {
                assert_ne!(fold(*leaf, other, count, &path), Ok(root), "{index} of {count}, asked as {other}");
            }
        }
        assert_eq!(tree.path(count), Ok(None));
    }
}

#[test]
fn a_path_whose_sums_overflow_is_refused() {
    let [low, mut high] = [leaves(2)[0], leaves(2)[1]];
    high.sum = Amount::MAX;
    let error = Err(SumOverflow { left: low.sum, right: high.sum });
    assert_eq!((fold(low, 0, 2, &[high]), fold(high, 1, 2, &[low])), (error, error));
}

/// A statement may claim as many leaves as fit 64 bits; nothing on the way to its root overflows.
#[test]
fn the_last_leaf_of_the_largest_tree_has_every_sibling_on_its_left() {
    let (index, count) = (u64::MAX - 1, u64::MAX);
    let all = leaves(64);
    let (leaf, path) = all.split_last().expect("leaves");
    assert_eq!((path_length(index, count), path_length(0, count)), (path.len(), 64));
    let expected = path.iter().try_fold(*leaf, |node, sibling| SumNode::parent(sibling, &node));
    assert!(expected.is_ok());
    assert_eq!(fold(*leaf, index, count, path), expected);
}

#[test]
fn the_left_subtree_has_the_largest_power_of_two_below_all_leaves() {
    for (size, left) in [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), ((1 << 63) + 1, 1 << 63), (u64::MAX, 1 << 63)]
    {
        assert_eq!(split(size), left, "{size}");
    }
    assert_eq!((split(0), split(1)), (0, 0), "nothing to divide");
}

/// Whoever folds asks for the length first; without that, surplus siblings lead elsewhere, and to an end.
#[test]
fn surplus_siblings_lead_elsewhere() {
    let all = leaves(4);
    let root = |count: u64| SumTree::new(leaves(count)).expect("small sums").root().expect("small sums");
    assert_eq!(fold(all[0], 0, 1, &[]).map(Some), Ok(root(1)));
    assert_eq!(fold(all[0], 0, 1, &all[1..2]), SumNode::parent(&all[1], &all[0]));
    let folded = fold(all[0], 0, 2, &all[1..]).expect("small sums");
    assert!(![root(1), root(2), root(4)].contains(&Some(folded)));
}
