//! `rs_merkle` as an oracle: with a node of 48 bytes (digest and sum) it gives the root of our builder. And what
//! its bare `verify` accepts, so that the guard in `merkle_set` is shown to carry weight.

use counterfoil::amount::Amount;
use counterfoil::code::Coded as _;
use counterfoil::hash::{Digest, Tag, TaggedHasher};
use counterfoil::liability::sum_tree::{CompactRange, SumNode, SumTree};
use counterfoil::merkle_set::{self, AddressSetKind, SubsetProof};
use rs_merkle::{Hasher, MerkleProof, MerkleTree};

/// Digest and sum.
type Node = [u8; 48];

/// Nodes of `docs/spec/sum-tree.md`, written for `rs_merkle`.
#[derive(Clone)]
struct SumHasher;

impl Hasher for SumHasher {
    type Hash = Node;

    fn hash(_: &[u8]) -> Node {
        unreachable!("leaves come in hashed, and inner nodes go through `concat_and_hash`")
    }

    fn concat_and_hash(left: &Node, right: Option<&Node>) -> Node {
        let Some(right) = right else { return *left };
        let sum = |node: &Node| u128::from_be_bytes(node[32..].try_into().expect("16 bytes"));
        let digest = TaggedHasher::new(Tag::Node).fixed(left).fixed(right).finish();
        join(digest, sum(left).checked_add(sum(right)).expect("small sums"))
    }
}

fn join(digest: Digest, sum: u128) -> Node {
    let mut node = [0; 48];
    node[..32].copy_from_slice(digest.as_bytes());
    node[32..].copy_from_slice(&sum.to_be_bytes());
    node
}

fn leaf(index: u64) -> SumNode {
    let digest = TaggedHasher::new(Tag::Leaf).fixed(&index.to_be_bytes()).finish();
    SumNode { digest, sum: Amount::from_base_units(u128::from(index % 251) << 40) }
}

fn oracle(leaves: &[SumNode]) -> Node {
    let nodes: Vec<Node> = leaves.iter().map(|leaf| join(leaf.digest, leaf.sum.base_units())).collect();
    MerkleTree::<SumHasher>::from_leaves(&nodes).root().expect("leaves")
}

fn builder(leaves: &[SumNode]) -> Node {
    let root = SumTree::new(leaves.to_vec()).expect("small sums").root().expect("small sums").expect("leaves");
    join(root.digest, root.sum.base_units())
}

fn streamed(leaves: &[SumNode]) -> Node {
    let mut range = CompactRange::starting_at(0);
    for leaf in leaves {
        range.append(*leaf).expect("small sums");
    }
    let root = range.root().expect("small sums").expect("leaves");
    join(root.digest, root.sum.base_units())
}

#[test]
fn roots_agree_with_rs_merkle() {
    let leaves: Vec<SumNode> = (0..=1 << 16).map(leaf).collect();
    let around = |power: u32| [(1 << power) - 1, 1 << power, (1 << power) + 1];
    let counts = (1..=300_usize).chain((9..=16).flat_map(around));
    let wrong: Vec<usize> = counts
        .filter(|&count| {
            let expected = oracle(&leaves[..count]);
            builder(&leaves[..count]) != expected || streamed(&leaves[..count]) != expected
        })
        .collect();
    assert!(wrong.is_empty(), "other roots than rs_merkle for these numbers of leaves: {wrong:?}");
}

/// The hasher of `merkle_set`, which is private there.
#[derive(Clone)]
struct AddressHasher;

impl Hasher for AddressHasher {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        TaggedHasher::new(Tag::AddressNode).rest(data).finish().to_bytes()
    }
}

fn address(index: u64) -> Digest {
    TaggedHasher::new(Tag::Address).fixed(&index.to_be_bytes()).finish()
}

fn set(count: u64) -> Vec<Digest> {
    (0..count).map(address).collect()
}

/// What `rs_merkle` says without the guard.
fn bare(root: Digest, count: u64, proof: &SubsetProof) -> bool {
    let bytes = |list: &[Digest]| list.iter().map(|digest| digest.to_bytes()).collect::<Vec<_>>();
    let indices: Vec<usize> = proof.indices.iter().map(|&index| usize::try_from(index).expect("small")).collect();
    MerkleProof::<AddressHasher>::new(bytes(&proof.hashes)).verify(
        root.to_bytes(),
        &indices,
        &bytes(&proof.leaves),
        usize::try_from(count).expect("small"),
    )
}

fn disclosure(count: u64, indices: &[u64]) -> (Digest, SubsetProof) {
    let set = set(count);
    let proof = merkle_set::prove_subset::<AddressSetKind>(&set, indices).expect("good indices");
    (merkle_set::root::<AddressSetKind>(&set).expect("leaves"), proof)
}

/// Accepted by `rs_merkle` alone, refused with this code behind the guard.
fn hole(what: &str, root: Digest, count: u64, proof: &SubsetProof, code: &str) {
    assert!(bare(root, count, proof), "{what}: rs_merkle refuses it by now; the guard's comment is out of date");
    let refusal = merkle_set::verify_subset::<AddressSetKind>(root, count, proof);
    let name = refusal.expect_err(what).code().name;
    assert_eq!(name, code, "{what}");
}

#[test]
fn surplus_hash_passes_without_the_guard() {
    let (root, mut proof) = disclosure(9, &[2]);
    proof.hashes.push(address(99));
    hole("surplus hash", root, 9, &proof, "SUBSET_LENGTH");
}

#[test]
fn wrong_leaf_count_passes_without_the_guard() {
    // a disclosure of five leaves against a set of four: the hash of the fifth is left over, and nobody asks for it
    let (root, mut proof) = disclosure(4, &[1]);
    proof.hashes.push(address(4));
    hole("five leaves, stated as four", root, 4, &proof, "SUBSET_LENGTH");
    // the count is the verifier's: where another one gives the same siblings, folding cannot tell them apart
    let (root, proof) = disclosure(9, &[2]);
    for count in 9..=16 {
        assert!(bare(root, count, &proof), "{count}");
    }
}

#[test]
fn index_beyond_the_count_passes_without_the_guard() {
    // the first leaf of three, shown at a position that does not exist
    let (root, mut proof) = disclosure(3, &[0]);
    for index in [4, 8, 12, 16] {
        proof.indices = vec![index];
        hole("index beyond the count", root, 3, &proof, "SUBSET_INDICES");
    }
}

#[test]
fn arbitrary_leaf_passes_without_the_guard_where_an_index_repeats() {
    let (root, mut proof) = disclosure(4, &[2, 3]);
    for foreign in 90..99 {
        proof.indices = vec![2, 3, 3];
        proof.leaves = vec![address(2), address(3), address(foreign)];
        hole("a foreign leaf at a repeated index", root, 4, &proof, "SUBSET_INDICES");
    }
}

#[test]
fn indices_out_of_order_pass_without_the_guard() {
    let (root, mut proof) = disclosure(9, &[2, 5]);
    proof.indices.reverse();
    proof.leaves.reverse();
    hole("indices out of order", root, 9, &proof, "SUBSET_INDICES");
}
