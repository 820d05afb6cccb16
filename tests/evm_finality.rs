//! Evidence of finality inside a bundle: what cannot be judged is named, and takes nothing from what pins show.
#![allow(clippy::unwrap_used, missing_docs)]

use counterfoil::bundle::{MANIFEST, paths, seal};
use counterfoil::hash::sha256;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::reconcile::{Report, reconcile};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, SigningKey};
use counterfoil::snapshot::Time;

/// The example's bundle with `name` in its folder of finality, under its policy with `more` behind it.
fn report(name: Option<&str>, more: &str) -> Report {
    let venue = ExampleVenue::new().unwrap();
    let mut files = venue.bundle.clone();
    files.remove(MANIFEST);
    if let Some(name) = name {
        let path = paths::chain(&"eip155:1337".parse().unwrap(), &format!("finality/{name}"));
        files.insert(path, b"{}".to_vec());
    }
    let mut seed = sha256(b"example venue: venue").to_bytes();
    let key = SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed)).unwrap();
    let manifest = seal(&files, "a test", Time::from_unix(0), &key).unwrap();
    files.insert(MANIFEST.to_owned(), manifest);
    reconcile(&files, &Policy::parse(&(venue.policy + more)).unwrap()).unwrap()
}

fn names(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.name).filter(|name| name.starts_with("FINALITY")).collect()
}

#[test]
fn what_cannot_be_judged_is_named() {
    let root = format!("\n[[finality]]\nchain = \"eip155:1337\"\nroot = \"{}\"\n", "0a".repeat(32));
    let without = report(None, &root);
    assert_eq!(names(&without), Vec::<&str>::new(), "a root without evidence");
    let verdicts = |report: &Report| report.assets.iter().map(|asset| asset.verdict).collect::<Vec<_>>();
    for (name, more, code) in [
        ("bootstrap.json", "", "FINALITY_UNPINNED"),
        ("bootstrap.json", root.as_str(), "FINALITY_CHAIN"),
        ("finality.json", root.as_str(), "FINALITY_MALFORMED"),
        ("other.json", "", "FINALITY_MALFORMED"),
    ] {
        let report = report(Some(name), more);
        assert_eq!(names(&report), [code], "{name}");
        assert_eq!(verdicts(&report), verdicts(&without), "the pinned blocks stand");
    }
}
