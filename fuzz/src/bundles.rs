//! Bundles: their own manifests, and those of others that lie in them.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use counterfoil::bundle::{self, MANIFEST, MemoryFiles, Part, nested};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, SigningKey};
use counterfoil::snapshot::Time;

/// Where the other's bundle lies.
const INNER: &str = "custodians/keeper/";

fn sealed(files: &MemoryFiles) -> Result<Vec<u8>, bundle::BundleError> {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    let key = KEY
        .get_or_init(|| SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut [5; 32])).unwrap());
    bundle::seal(files, "tests", Time::from_unix(1_793_600_000), key)
}

/// A bundle with another's in it, of which one file is kept back; the other's manifest, and the whole one's.
fn honest() -> &'static (MemoryFiles, Vec<u8>, Vec<u8>) {
    static HONEST: OnceLock<(MemoryFiles, Vec<u8>, Vec<u8>)> = OnceLock::new();
    HONEST.get_or_init(|| {
        let file = |path: &str| (path.to_owned(), path.as_bytes().to_vec());
        let inner: MemoryFiles = ["statement.json", "auditor/names.csv", "evidence/header"].map(file).into();
        let inner_manifest = sealed(&inner).unwrap();
        let mut files: MemoryFiles = ["statement.json", "custodians/keeper.proof.json"].map(file).into();
        files.extend(inner.into_iter().map(|(path, bytes)| (format!("{INNER}{path}"), bytes)));
        files.insert(format!("{INNER}{MANIFEST}"), inner_manifest.clone());
        let manifest = sealed(&files).unwrap();
        (files, inner_manifest, manifest)
    })
}

/// Files as their makers write them. The first byte says whose manifest the others are.
pub fn honest_files() -> Vec<(&'static str, String, Vec<u8>)> {
    let (files, inner, outer) = honest();
    let whole: MemoryFiles = files.clone().into_iter().chain([(MANIFEST.to_owned(), outer.clone())]).collect();
    assert!(bundle::open(&whole).is_ok());
    let input = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    vec![
        ("manifest", "own".to_owned(), input(0, outer)),
        ("manifest", "enclosed".to_owned(), input(1, inner)),
        ("manifest", "paths".to_owned(), input(2, b"a/b\ncustodians/keeper/manifest.json\nauditor/x\n")),
    ]
}

/// Puts a manifest into the place of the bundle's own or of the enclosed one, or makes a bundle of the named paths.
pub fn manifest(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    let (honest, _, outer) = honest();
    let mut files = honest.clone();
    match kind % 3 {
        0 => {
            files.insert(MANIFEST.to_owned(), rest.to_vec());
            if bundle::open(&files).is_ok() {
                assert_eq!(rest, outer, "a manifest that nobody signed is accepted");
            }
        }
        1 => {
            files.insert(format!("{INNER}{MANIFEST}"), rest.to_vec());
            enclosed(files);
        }
        _ => named(rest),
    }
}

/// Whatever the enclosed manifest keeps back is kept back by the whole one.
fn enclosed(mut files: MemoryFiles) {
    let kept_back = nested::kept_back(&files, INNER);
    let sealed = sealed(&files);
    let Ok(kept_back) = kept_back else {
        assert!(sealed.is_err(), "what an unreadable manifest keeps back would be published");
        return;
    };
    assert!(kept_back.iter().all(|path| path.starts_with(INNER)));
    files.insert(MANIFEST.to_owned(), sealed.unwrap());
    let opened = bundle::open(&files).unwrap();
    let auditors: BTreeSet<&str> = opened
        .manifest()
        .files
        .iter()
        .filter(|entry| entry.part == Some(Part::Auditor))
        .map(|entry| entry.path.as_str())
        .collect();
    for path in files.keys().filter(|path| kept_back.contains(*path)) {
        assert!(auditors.contains(path.as_str()), "{path} would be published");
    }
    // what is published is what stays when they are gone
    files.retain(|path, _| !auditors.contains(path.as_str()));
    let published = bundle::open(&files).unwrap();
    assert_eq!(published.root(), opened.root());
}

/// A bundle of files of these names is sealed and opened, or refused; nothing of it lies outside of its folder.
fn named(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let files: MemoryFiles = text.lines().map(|path| (path.to_owned(), path.as_bytes().to_vec())).collect();
    for prefix in nested::prefixes(files.keys().map(String::as_str)) {
        assert!(prefix.ends_with('/') && files.contains_key(&format!("{prefix}{MANIFEST}")));
    }
    if nested::misplaced(INNER, files.keys().map(String::as_str)).is_none() {
        assert!(files.keys().all(|path| below(path)), "{text:?}");
    }
    let Ok(manifest) = sealed(&files) else { return };
    let sealed: MemoryFiles = files.into_iter().chain([(MANIFEST.to_owned(), manifest)]).collect();
    let opened = bundle::open(&sealed).unwrap();
    assert!(opened.manifest().files.iter().all(|entry| below(&entry.path)), "{text:?}");
}

/// Whether a path stays below the folder that it is put into.
fn below(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
