//! A disclosure that names one position twice.

use rs_merkle::{MerkleProof, MerkleTree, algorithms::Sha256};

use crate::bundle::MemoryFiles;
use crate::code::{Coded as _, bundle as codes};
use crate::hash::{Digest, sha256};
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::scenario::{Expected, Played, Said, Scenario};
use crate::merkle_set::{AddressSetKind, prove_subset, root, verify_subset};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "repeated-index",
    attacks: &["A13"],
    title: "an address that was never committed is disclosed as one of the set",
    story: "The venue committed to four addresses. Later it discloses three: two of them, and one that was never \
            in the set, at a position that stands twice. The library for Merkle trees, by itself, looks at one \
            of the two and is content.",
    expected: Expected::Check(&codes::SUBSET_INDICES),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let leaves = ["first", "second", "third", "fourth"].map(|name| sha256(name.as_bytes()));
    let stranger = sha256(b"an address of somebody else");
    // the library by itself
    let raw = leaves.map(Digest::to_bytes);
    let tree = MerkleTree::<Sha256>::from_leaves(&raw);
    let bytes = tree.proof(&[2, 3]).to_bytes();
    let proof = MerkleProof::<Sha256>::from_bytes(&bytes).map_err(fault)?;
    let library_root = tree.root().ok_or_else(|| fault("no root"))?;
    let [_, _, third, fourth] = leaves;
    let shown = [third, fourth, stranger].map(Digest::to_bytes);
    let believed = proof.verify(library_root, &[2, 3, 3], &shown, leaves.len());
    let naive = Said { believed, words: "the two addresses lead to the committed root".to_owned() };
    // the same, as this program asks it
    let committed = root::<AddressSetKind>(&leaves).ok_or_else(|| fault("no root"))?;
    let mut proof = prove_subset::<AddressSetKind>(&leaves, &[2, 3]).map_err(fault)?;
    proof.indices.push(3);
    proof.leaves.push(stranger);
    let refusal = verify_subset::<AddressSetKind>(committed, leaves.len() as u64, &proof).err();
    Ok(Played {
        naive,
        counterfoil: refusal
            .as_ref()
            .map_or_else(|| Said::yes("accepted"), |error| Said::no(format!("{}: {error}", error.code()))),
        codes: refusal.iter().map(crate::code::Coded::code).collect(),
        verdicts: Vec::new(),
        files: MemoryFiles::new(),
        shows: Vec::new(),
    })
}
