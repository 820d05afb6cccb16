//! Sealed proofs of the venue with fixed codes, and damaged copies of them. `prove --all` draws its codes, so that no
//! two runs give the same files; these are made by the same code, with codes that are the same in every run.

use std::fs;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use counterfoil::hash::{Digest, sha256};
use counterfoil::json;
use counterfoil::liability::inclusion_proof::InclusionProof;
use counterfoil::liability::sealed_proof::{Index, MAGIC, Pack, Prefix, ProofCode, seal, write};

use super::{chmod, done};

/// The accounts of the venue's ledger.
const ACCOUNTS: [&str; 3] = ["u1", "u2", "u3"];
/// Bytes in front of the first entry of a pack of one.
const HEAD: usize = 57 + 36;

/// The code of an account.
pub fn code(account: &str) -> ProofCode {
    ProofCode::from_bytes(*sha256(account.as_bytes()).as_bytes().first_chunk().expect("32 bytes"))
}

fn private(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("writes");
    chmod(&folder.join(name), 0o600);
}

/// The same bytes with the checksum that fits them.
pub fn resealed(mut file: Vec<u8>) -> Vec<u8> {
    let covered = file.len() - 32;
    let sum = sha256(&file[..covered]);
    file[covered..].copy_from_slice(sum.as_bytes());
    file
}

fn entry(folder: &Path, account: &str) -> (Digest, Vec<u8>) {
    let file = fs::read(folder.join(format!("proof-{account}.json"))).expect("was made before");
    (InclusionProof::parse(&file).expect("a proof").statement.digest, file)
}

/// A pack of these accounts, with the prefix of the first of them.
fn pack(folder: &Path, accounts: &[&str], bits: u8) -> Vec<u8> {
    let (statement, _) = entry(folder, accounts[0]);
    let proofs = accounts.iter().map(|account| seal(&code(account), &statement, &entry(folder, account).1));
    let proofs: Vec<_> = proofs.collect::<Result<_, _>>().expect("short");
    write(&statement, Prefix::of(proofs[0].name(), bits), proofs).expect("small")
}

/// Everything that the cases of `tests/cmd` read.
pub fn make(folder: &Path) {
    done(folder, "prove tree --account u3 --out proof-u3.json");
    let (statement, u1) = entry(folder, "u1");
    let reference = InclusionProof::parse(&u1).expect("a proof").statement;
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("writes");
    for name in ["sealed", "sealed/packs", "sealed-25"] {
        fs::create_dir_all(folder.join(name)).expect("makes it");
    }
    let index = json::canonical(&Index::new(reference, 0)).expect("no numbers");
    put("sealed/index.json", &index);
    let index = String::from_utf8(index).expect("JSON is text");
    put("sealed-25/index.json", index.replace("\"0\",\"statement\"", "\"25\",\"statement\"").as_bytes());
    let whole = pack(folder, &ACCOUNTS[..2], 0);
    put("sealed/packs/0.pack", &whole);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut file = whole.clone();
        change(&mut file);
        file
    };
    put("pack-changed.pack", &changed(&|file| file[1000] ^= 1));
    put("pack-cut.pack", &whole[..1000]);
    put("pack-version.pack", &resealed(changed(&|file| file[15] = 2)));
    put("pack-one-bit.pack", &pack(folder, &["u3"], 1));
    let mut alone = pack(folder, &["u1"], 0);
    alone[HEAD] ^= 1;
    put("pack-closed.pack", &resealed(alone));
    put("pack-content.pack", &with_content(pack(folder, &["u1"], 0), statement, &[1; 1024]));
    for account in ACCOUNTS {
        private(folder, &format!("code-{account}.txt"), &format!("{}\n", *code(account).to_text()));
    }
    let text = code("u1").to_text();
    private(folder, "code-nobody.txt", &format!("{}\n", *code("nobody").to_text()));
    private(folder, "code-short.txt", &text[..34]);
    let slip = if text.ends_with('7') { '8' } else { '7' };
    private(folder, "code-mistyped.txt", &format!("{}{slip}\n", &text[..34]));
    fs::remove_file(folder.join("proof-u3.json")).expect("was made above");
}

/// The pack of u1 with other content, of 1,024 bytes, sealed as it should be.
fn with_content(mut file: Vec<u8>, statement: Digest, content: &[u8]) -> Vec<u8> {
    let name = code("u1").name(&statement);
    assert_eq!(Pack::parse(&file).expect("a pack").entries().collect::<Vec<_>>(), [(name, 1040)]);
    let associated = [MAGIC.as_slice(), statement.as_bytes(), name.as_bytes()].concat();
    let payload = Payload { msg: content, aad: &associated };
    let cipher = ChaCha20Poly1305::new((&*code("u1").key(&statement)).into());
    let sealed = cipher.encrypt(&Nonce::from([0; 12]), payload).expect("short");
    file[HEAD..HEAD + 1040].copy_from_slice(&sealed);
    resealed(file)
}
