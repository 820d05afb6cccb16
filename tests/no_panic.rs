//! Bytes of others give an error, never a panic: good files with a few bytes, tokens or pieces changed.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::sync::{Arc, OnceLock};

use counterfoil::asset::Assets;
use counterfoil::bundle::{self, MANIFEST, MemoryFiles, paths};
use counterfoil::hash::{Digest, sha256};
use counterfoil::json;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::ledger::{CsvSource, RowSource};
use counterfoil::liability::inclusion_proof::{self, InclusionProof, InclusionQuery, StatementRef};
use counterfoil::liability::leaf::SnapshotKey;
use counterfoil::liability::prover::Prover;
use counterfoil::liability::sealed_proof::{self, Index, Pack, Prefix, ProofCode, SealedProof};
use counterfoil::liability::storage::{MemoryScratch, MemoryStorage};
use counterfoil::liability::store::{HEADER, Store};
use counterfoil::liability::sum_tree::path_length;
use counterfoil::liability::{BuildOptions, build};
use counterfoil::merkle_set::{AddressSetKind, SubsetProof, verify_subset};
use counterfoil::policy::Policy;
use counterfoil::publish;
use counterfoil::reserve::address_set::AddressSet;
use counterfoil::reserve::challenge;
use counterfoil::reserve::transcript::Transcript;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::Envelope;

/// Changed files per parser, unless `COUNTERFOIL_MUTANTS` says another number.
const MUTANTS: u64 = 400;

/// Pieces that parsers stumble over.
const TOKENS: [&[u8]; 26] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\n",
    b"\r\n",
    b"\0",
    b"0",
    b"-1",
    b"1e999",
    b"null",
    b"[[[[[[",
    b"\\ud800",
    b"\xff",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"\"18446744073709551615\"",
    b"\xff\xff\xff\xff",
    b"\"340282366920938463463374607431768211455\"",
    b"\"9999-12-31T23:59:59Z\"",
    b"\"-009999-01-02T00:00:00Z\"",
    b"340282366920938463463374607431768211456",
];

fn venue() -> &'static ExampleVenue {
    static VENUE: OnceLock<ExampleVenue> = OnceLock::new();
    VENUE.get_or_init(|| ExampleVenue::new().unwrap())
}

/// Numbers that are the same in every run.
struct Chance(u64, [u8; 32]);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 += 1;
        self.1 = sha256(&[self.1.as_slice(), &self.0.to_be_bytes()].concat()).to_bytes();
        let word = u64::from_be_bytes(self.1[..8].try_into().unwrap());
        (word % limit.max(1) as u64) as usize
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(40)).min(bytes.len());
        match self.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = self.below(256) as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            // a digit of a number or a hash, so that the file stays well-formed
            5 => {
                let digit = bytes.iter().skip(at).position(u8::is_ascii_digit);
                if let Some(place) = digit.and_then(|digit| bytes.get_mut(at + digit)) {
                    *place = b'0' + self.below(10) as u8;
                }
            }
            _ => drop(bytes.splice(at..end.min(at + self.below(3)), TOKENS[self.below(TOKENS.len())].to_vec())),
        }
    }
}

/// Feeds changed copies of `file` to `read`, which may do anything but panic.
fn survives(name: &str, file: &[u8], mut read: impl FnMut(&[u8])) {
    let count = std::env::var("COUNTERFOIL_MUTANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(MUTANTS);
    let mut chance = Chance(0, sha256(name.as_bytes()).to_bytes());
    read(file);
    for _ in 0..count {
        let mut bytes = file.to_vec();
        for _ in 0..=chance.below(4) {
            chance.change(&mut bytes);
        }
        read(&bytes);
    }
}

#[test]
fn proofs_and_statements() {
    let venue = venue();
    let policy = Policy::parse(&venue.policy).unwrap();
    let verified = publish::verify(&venue.statement, &policy.statement_pins()).unwrap();
    let (account, proof) = venue.proofs.first_key_value().unwrap();
    let (reference, expected) = (verified.reference(), std::collections::BTreeMap::new());
    let rows = &verified.statement().liabilities;
    let query = InclusionQuery { statement: &reference, rows, account, credential: "", expected: &expected };
    let shown = inclusion_proof::verify(&query, proof).unwrap();
    survives("proof", &json::canonical(proof).unwrap(), |bytes| {
        // a leaf can be left out, and what is left says the same as before
        if let Ok(found) = InclusionProof::parse(bytes).and_then(|proof| inclusion_proof::verify(&query, &proof)) {
            assert!(found.iter().all(|leaf| shown.contains(leaf)), "{}", String::from_utf8_lossy(bytes));
        }
    });
    survives("statement", &venue.statement, |bytes| {
        let verified = publish::verify(bytes, &policy.statement_pins());
        assert!(verified.is_err() || bytes == venue.statement);
    });
    survives("draft", &venue.draft, |bytes| drop(publish::parse(bytes)));
    survives("envelope", &venue.statement, |bytes| {
        if let Ok(envelope) = Envelope::parse(bytes, "statement") {
            assert_eq!(envelope.to_file("statement").unwrap(), bytes);
        }
    });
    survives("json", &json::canonical(proof).unwrap(), |bytes| {
        if let Ok(value) = json::parse(bytes) {
            let canonical = json::canonical(&value).unwrap();
            assert_eq!(json::parse_canonical(&canonical).unwrap(), value);
        }
    });
}

#[test]
fn policies_and_assets() {
    survives("policy", venue().policy.as_bytes(), |bytes| drop(Policy::parse(&String::from_utf8_lossy(bytes))));
    survives("assets", venue().assets.as_bytes(), |bytes| drop(Assets::parse(&String::from_utf8_lossy(bytes))));
}

/// A ledger of every kind of row.
const LEDGER: &[u8] =
    b"account,asset,amount,product,class,credential\nu1,BTC,1.5,spot,,\nu1,BTC,2,\"earn, \"\"new\"\"\",,\n\
    u2,ETH,0.000000000000000001,,lent,code\n\xc3\xbc3,USDT,340282366920938463463374607431768,,,\n";

#[test]
fn ledgers_and_stores() {
    let assets = Assets::parse(venue().assets).unwrap();
    let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
    let key = SnapshotKey::derive(&secret, &[2; 32], &"example".parse().unwrap(), 0);
    let built = |ledger: &[u8], storage: &MemoryStorage| -> Result<(), ()> {
        let source = CsvSource::new("ledger.csv", 0, ledger, &assets, &[]).map_err(drop)?;
        let options =
            BuildOptions { key: &key, build_id: [2; 32], assets: &assets, memory: 0, threads: 1, split: 1, decoys: 0 };
        let mut sources = [Box::new(source) as Box<dyn RowSource<'_> + '_>];
        build(&options, &mut sources, &MemoryScratch, storage, &()).map(drop).map_err(drop)
    };
    survives("ledger", LEDGER, |bytes| {
        let _ = built(bytes, &MemoryStorage::default());
    });
    let storage = MemoryStorage::default();
    built(LEDGER, &storage).unwrap();
    let files = storage.files();
    for (name, file) in &files {
        let inside = if name == HEADER { &file[..file.len() - 32] } else { file };
        survives(name, inside, |bytes| {
            let mut changed = files.clone();
            changed.insert(name.clone(), bytes.to_vec());
            prove_all(MemoryStorage::of(changed.clone()));
            // sealed again, so that what is read behind the seal is changed, too
            changed.insert(name.clone(), [bytes, sha256(bytes).as_bytes()].concat());
            prove_all(MemoryStorage::of(changed));
        });
    }
}

fn prove_all(storage: MemoryStorage) {
    let Ok(store) = Store::open(Arc::new(storage)) else { return };
    let rows: Vec<_> = store.trees().iter().map(|tree| tree.commitment().clone()).collect();
    let venue = "example".parse().unwrap();
    let prover = Prover::new(&store, &rows, StatementRef { digest: sha256(b""), sequence: 0, venue }).unwrap();
    for account in ["u1", "u2", "\u{fc}3", "nobody"] {
        let _ = prover.prove(account);
    }
}

#[test]
fn sealed_proofs() {
    let statement = Digest::from_bytes([7; 32]);
    let code = |number: u8| ProofCode::from_bytes([number; 16]);
    let sealed = |number: u8| sealed_proof::seal(&code(number), &statement, &[number; 100]).unwrap();
    let proofs: Vec<SealedProof> = (0..3).map(sealed).collect();
    let file = sealed_proof::write(&statement, Prefix::of(proofs[0].name(), 0), proofs).unwrap();
    let opened = |bytes: &[u8]| Pack::parse(bytes).and_then(|pack| sealed_proof::open(&code(1), &statement, &pack));
    survives("pack", &file[..file.len() - 32], |bytes| {
        assert!(opened(bytes).is_err());
        // with the checksum that fits, so that what is read behind it is changed, too
        let found = opened(&[bytes, sha256(bytes).as_bytes()].concat());
        assert!(found.is_err() || found.unwrap() == [1; 100]);
    });
    let index = json::canonical(&Index::new(verified_reference(), 3)).unwrap();
    survives("index", &index, |bytes| drop(Index::parse(bytes)));
    survives("code", code(1).to_text().as_bytes(), |bytes| {
        assert!(
            ProofCode::parse(bytes).is_ok_and(|read| read.expose() == &[1; 16]) || ProofCode::parse(bytes).is_err()
        );
    });
}

fn verified_reference() -> StatementRef {
    let policy = Policy::parse(&venue().policy).unwrap();
    publish::verify(&venue().statement, &policy.statement_pins()).unwrap().reference()
}

#[test]
fn bundles() {
    let files = &venue().bundle;
    let policy = Policy::parse(&venue().policy).unwrap();
    survives("addresses", &files[paths::ADDRESSES], |bytes| drop(AddressSet::parse(bytes)));
    survives("challenge", &files[paths::CHALLENGE], |bytes| drop(challenge::parse(bytes).map(|read| read.line())));
    let transcript = files.iter().find(|(path, _)| path.ends_with(paths::TRANSCRIPT)).unwrap().1;
    survives("transcript", transcript, |bytes| drop(Transcript::parse(bytes, &policy.node_keys())));
    let manifest = [("statement.json".to_owned(), b"{}".to_vec())];
    let mut small = MemoryFiles::from(manifest);
    let secret = Secret::new(SecretKind::Signing, &mut [5; 32]);
    let key = counterfoil::signature::SigningKey::new(counterfoil::signature::Algorithm::Bip340, &secret).unwrap();
    let sealed = bundle::seal(&small, "a test", counterfoil::snapshot::Time::from_unix(0), &key).unwrap();
    survives("manifest", &sealed, |bytes| {
        small.insert(MANIFEST.to_owned(), bytes.to_vec());
        assert!(bundle::open(&small).is_err() || bytes == sealed);
    });
}

/// Counts and positions at the edges of their types.
#[test]
fn counts_at_the_edge() {
    let edges = [0, 1, 2, 3, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
    let root = sha256(b"");
    for count in edges {
        for index in edges {
            assert!(path_length(index, count) <= 64);
            for hashes in [0, 1, 31, 32, 62, 63, 64] {
                let (indices, leaves) = (vec![index], vec![root]);
                let proof = SubsetProof { indices, leaves, hashes: vec![root; hashes] };
                assert!(
                    index == 0 && count == 1 && hashes == 0
                        || verify_subset::<AddressSetKind>(root, count, &proof).is_err()
                );
            }
        }
    }
}

/// What is checked before the signature, and reported after it, compares assets with rows.
#[test]
fn a_statement_of_countless_assets_is_refused() {
    let mut value: serde_json::Value = serde_json::from_slice(&venue().draft).unwrap();
    let ids = (0..150_000).map(|number| format!("X{number:06}"));
    let assets = ids.clone().map(|id| serde_json::json!({"decimals": "8", "deployments": [], "id": id}));
    value["assets"].as_array_mut().unwrap().extend(assets);
    value["assets"].as_array_mut().unwrap().sort_by_key(|asset| asset["id"].as_str().unwrap().to_owned());
    value["without_rows"] = ids.collect();
    let refused = publish::parse(&json::canonical(&value).unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "150003 assets, at most 10000 are accepted");
}
