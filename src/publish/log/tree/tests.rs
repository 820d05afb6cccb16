use ct_merkle::mem_backed_tree::MemoryBackedTree;

use super::*;

fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

#[test]
fn roots_and_proofs_are_those_of_another_implementation() {
    let mut other: MemoryBackedTree<Sha256, Vec<u8>> = MemoryBackedTree::new();
    for size in 1..70_u64 {
        other.push((size - 1).to_be_bytes().to_vec());
        let own = leaves(size);
        let bytes = |path: &[Digest]| path.iter().flat_map(|hash| hash.to_bytes()).collect::<Vec<u8>>();
        assert_eq!(root(&own).to_bytes().as_slice(), other.root().as_bytes().as_slice(), "{size}");
        for index in 0..size {
            let path = inclusion_proof(&own, index).expect("a leaf");
            assert_eq!(bytes(&path), other.prove_inclusion(usize::try_from(index).expect("small")).as_bytes());
            assert_eq!(
                root_from_path(&own[usize::try_from(index).expect("small")], index, size, &path),
                Ok(root(&own))
            );
        }
        for old in 1..size {
            let path = consistency_proof(&own, old).expect("a prefix");
            let additions = usize::try_from(size - old).expect("small");
            assert_eq!(bytes(&path), other.prove_consistency(additions).as_bytes(), "{old} {size}");
        }
    }
}

#[test]
fn every_consistency_proof_holds_for_its_sizes_alone() {
    for new in 0..40_u64 {
        for old in 0..=new {
            let (all, first) = (leaves(new), leaves(old));
            let path = consistency_proof(&all, old).expect("a prefix");
            let check = |old, new, path: &[Digest]| verify_consistency((old, root(&first)), (new, root(&all)), path);
            assert_eq!(check(old, new, &path), Ok(()), "{old} {new}");
            let mut longer = path.clone();
            longer.push(root(&all));
            assert!(check(old, new, &longer).is_err(), "a hash more: {old} {new}");
            if let Some((_, shorter)) = path.split_last() {
                assert!(check(old, new, shorter).is_err(), "a hash less: {old} {new}");
            }
            if old > 0 && old < new {
                let other = leaf_hash(b"another");
                assert!(verify_consistency((old, other), (new, root(&all)), &path).is_err(), "{old} {new}");
                assert!(verify_consistency((old, root(&first)), (new, other), &path).is_err(), "{old} {new}");
            }
        }
    }
}

#[test]
fn a_path_of_another_length_is_refused() {
    for size in 1..40_u64 {
        for index in 0..size {
            let own = leaves(size);
            let mut path = inclusion_proof(&own, index).expect("a leaf");
            path.push(root(&own));
            let got = root_from_path(&own[0], index, size, &path);
            assert_eq!(got, Err(LogError::PathLength { got: path.len(), expected: path.len() - 1 }));
        }
        assert!(root_from_path(&root(&[]), size, size, &[]).is_err(), "an index beyond the tree");
    }
}
