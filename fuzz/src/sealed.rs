//! Packs of sealed proofs, as any host delivers them.

use counterfoil::hash::{Digest, sha256};
use counterfoil::liability::sealed_proof::{self, Pack, Prefix, ProofCode};

const STATEMENT: Digest = Digest::from_bytes([7; 32]);

fn code(number: u8) -> ProofCode {
    ProofCode::from_bytes([number; 16])
}

fn content(number: u8) -> Vec<u8> {
    vec![number; 100 * usize::from(number)]
}

/// The pack of these codes' proofs: seeds of the corpus are made from it.
pub fn honest_pack() -> Vec<u8> {
    let proofs: Vec<_> =
        (1..4).map(|number| sealed_proof::seal(&code(number), &STATEMENT, &content(number)).unwrap()).collect();
    let prefix = Prefix::of(proofs[0].name(), 0);
    sealed_proof::write(&STATEMENT, prefix, proofs).unwrap()
}

/// Reads a pack, as it is and with the checksum that fits, and opens it with codes. What opens is what was sealed.
pub fn sealed_pack(data: &[u8]) {
    opens(data);
    // what is behind the checksum is reached, too
    opens(&[data, sha256(data).as_bytes()].concat());
}

fn opens(file: &[u8]) {
    let Ok(pack) = Pack::parse(file) else { return };
    let (prefix, mut last) = (pack.prefix(), None);
    let bits = u8::try_from(prefix.packs().ilog2()).unwrap();
    for (name, length) in pack.entries() {
        assert!(last < Some(name) && length <= file.len());
        assert_eq!(Prefix::of(name, bits), prefix);
        last = Some(name);
    }
    for number in 1..5 {
        if let Ok(opened) = sealed_proof::open(&code(number), &STATEMENT, &pack) {
            assert!(number < 4 && opened == content(number), "code {number} opens what nobody sealed");
        }
    }
}
