//! `bundle add --custodian` and `--issuer`: somebody else's bundle in one's own, by the command; what they keep back.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]
#![allow(dead_code, reason = "the venues of the support modules have more than is used here")]

mod golden_support;
mod window_support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use counterfoil::bundle::{self, MANIFEST, MemoryFiles};
use counterfoil::policy::Policy;
use counterfoil::publish::Statement;
use counterfoil::reconcile::{Severity, reconcile};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::snapshot::Time;
use golden_support::joined::{custodian, issuer, joined, proof, venue, with_issuer};
use golden_support::{Made, reseal};

struct Folder(tempfile::TempDir);

impl Folder {
    /// The venue's files before they are sealed, a key, and the policy of whoever reads them.
    fn new(venue: &Made, policy: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let mut own = venue.golden.bundle.clone();
        own.remove(MANIFEST);
        folder.write_all("own", &own);
        folder.write("policy.toml", policy.as_bytes());
        folder.write("maker.key", Secret::new(SecretKind::Signing, &mut [5; 32]).to_file().as_bytes());
        fs::set_permissions(folder.path("maker.key"), fs::Permissions::from_mode(0o600)).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn write_all(&self, folder: &str, files: &MemoryFiles) {
        for (name, bytes) in files {
            self.write(&format!("{folder}/{name}"), bytes);
        }
    }

    /// The files of a folder.
    fn read_all(&self, folder: &str) -> MemoryFiles {
        let mut files = MemoryFiles::new();
        walk(&self.path(folder), "", &mut files);
        files
    }

    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        let output = command.args(arguments).current_dir(self.0.path()).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "counterfoil {arguments:?}\n{text}");
        text
    }

    fn add(&self, code: i32, more: &[&str]) -> String {
        self.run(code, &[&["bundle", "add", "own", "--policy", "policy.toml"], more].concat())
    }

    /// Refused with a code, and nothing of it is left.
    fn refused(&self, exit: i32, code: &str, more: &[&str]) {
        let before = self.read_all("own");
        let text = self.add(exit, more);
        assert!(text.contains(&format!("error[{code}]")), "{text}");
        assert_eq!(self.read_all("own"), before);
        let left = fs::read_dir(self.path("own")).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with('.')), "{text}");
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut MemoryFiles) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            walk(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// Venue and custodian, and the policy that pins both.
fn pair(change: &dyn Fn(&mut Statement)) -> (Folder, Made, Made) {
    let venue = venue();
    let custodian = custodian(&venue, "custodian", change);
    let (_, policy) = joined(&venue, &custodian, "golden-exchange");
    let folder = Folder::new(&venue, &policy);
    folder.write_all("theirs", &custodian.golden.bundle);
    folder.write("proof.json", &proof(&custodian, "golden-exchange"));
    (folder, venue, custodian)
}

const CUSTODIAN: [&str; 4] = ["--custodian", "theirs", "--custodian-proof", "proof.json"];

#[test]
fn a_custodians_bundle_in_its_place_is_what_an_auditor_accepts() {
    let (folder, venue, custodian) = pair(&|_| ());
    let said = folder.add(0, &CUSTODIAN);
    assert!(said.contains("6.00000000 BTC (custody) at example-custodian"), "{said}");
    folder.run(0, &["bundle", "seal", "own", "--maker", "Example", "--key", "maker.key"]);
    let (by_hand, policy) = joined(&venue, &custodian, "golden-exchange");
    let policy = Policy::parse(&policy).unwrap();
    let made = folder.read_all("own");
    let names = |files: &MemoryFiles| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&by_hand));
    let (report, expected) = (reconcile(&made, &policy).unwrap(), reconcile(&by_hand, &policy).unwrap());
    assert_eq!(report.assets, expected.assets);
    assert!(report.assets[0].custodians[0].used);
    // what its maker keeps back is kept back here without being named again, and readable by its owner only
    let sealed = bundle::open(&made).unwrap();
    let kept_back: Vec<&str> =
        sealed.manifest().files.iter().filter(|one| one.part.is_some()).map(|one| one.path.as_str()).collect();
    let own = ["addresses.jsonl", "control.jsonl"].map(|name| format!("custodians/example-custodian/{name}"));
    assert_eq!(kept_back, own);
    let mode = fs::metadata(folder.path("own").join(&own[0])).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    folder.run(0, &["bundle", "publish", "own", "--out", "public"]);
    let public = folder.read_all("public");
    assert_eq!(public.len() + 2, made.len());
    // of a public copy the absence is told once for both, and the venue's own half stays readable
    let report = reconcile(&public, &policy).unwrap();
    let told: Vec<_> = report.findings.iter().filter(|one| one.code.number == 4016).collect();
    assert_eq!(told.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(), ["custodians/example-custodian"]);
    assert_eq!(told[0].severity, Severity::Exception);
    assert!(told[0].detail.starts_with("2 files"), "{}", told[0].detail);
    // without it nothing is backed by the custodian, and nobody is called short for what was kept back
    assert!(report.assets[0].high() >= expected.assets[0].high());
    // a second time: refused, and replaced when that is asked for
    folder.refused(2, "CF-9002", &CUSTODIAN);
    folder.add(0, &[&CUSTODIAN[..], &["--force"]].concat());
}

/// A manifest that was kept back hides who is meant: then all stays open.
#[test]
fn a_whole_nested_bundle_that_is_kept_back_leaves_everything_open() {
    let (folder, _, _) = pair(&|_| ());
    folder.add(0, &CUSTODIAN);
    let seal = ["bundle", "seal", "own", "--maker", "Example", "--key", "maker.key", "--auditor", "custodians"];
    folder.run(0, &seal);
    folder.run(0, &["bundle", "publish", "own", "--out", "public"]);
    let policy = Policy::parse(&fs::read_to_string(folder.path("policy.toml")).unwrap()).unwrap();
    let report = reconcile(&folder.read_all("public"), &policy).unwrap();
    assert!(report.findings.iter().any(|one| one.code.number == 4016 && one.severity == Severity::Critical));
    assert_eq!(report.overall.verdict.text(), "not determinable");
    // a nested manifest that nobody can read is no reason to publish what it may keep back
    folder.write("own/custodians/example-custodian/manifest.json", b"{}");
    let text = folder.run(2, &[&seal[..], &["--force"]].concat());
    assert!(text.contains("custodians/example-custodian/manifest.json"), "{text}");
}

#[test]
fn an_issuers_bundle_has_its_place_too() {
    let (venue, issuer) = (venue(), issuer(&|_| ()));
    let folder = Folder::new(&venue, &with_issuer(&venue, &issuer, ""));
    folder.write_all("theirs", &issuer.golden.bundle);
    folder.add(0, &["--issuer", "theirs"]);
    assert!(folder.path("own/issuers/example-wrapper/manifest.json").is_file());
    // the issuer is pinned as nothing else
    folder.refused(2, "CF-8170", &["--custodian", "theirs"]);
}

#[test]
fn what_has_no_place_is_refused_whole() {
    let (folder, venue, custodian) = pair(&|_| ());
    let theirs = custodian.golden.bundle.clone();
    let put = |change: &dyn Fn(&mut MemoryFiles)| {
        let mut files = theirs.clone();
        change(&mut files);
        let _ = fs::remove_dir_all(folder.path("theirs"));
        folder.write_all("theirs", &files);
    };
    // changed after it was sealed; with another's files in it; without a statement
    put(&|files| files.get_mut("challenge.json").unwrap().push(b' '));
    folder.refused(2, "CF-4002", &CUSTODIAN);
    put(&|files| {
        files.insert("extra".to_owned(), Vec::new());
    });
    folder.refused(2, "CF-4004", &CUSTODIAN);
    put(&|files| {
        files.remove("statement.json");
        reseal(files);
    });
    folder.refused(2, "CF-7001", &CUSTODIAN);
    // links, inside and above
    put(&|_| ());
    symlink(folder.path("policy.toml"), folder.path("theirs/link")).unwrap();
    folder.refused(2, "CF-9001", &CUSTODIAN);
    put(&|_| ());
    fs::create_dir(folder.path("elsewhere")).unwrap();
    symlink(folder.path("elsewhere"), folder.path("own/custodians")).unwrap();
    let text = folder.add(2, &CUSTODIAN);
    assert!(text.contains("CF-9003") && fs::read_dir(folder.path("elsewhere")).unwrap().next().is_none(), "{text}");
    fs::remove_file(folder.path("own/custodians")).unwrap();
    // bundles within bundles within bundles, and paths that would be too long
    let deep = |path: &str| {
        let path = path.to_owned();
        put(&|files| {
            files.insert(path.clone(), b"{}".to_vec());
            reseal(files);
        });
        folder.refused(2, "CF-8174", &CUSTODIAN);
    };
    deep("issuers/a/custodians/b/statement.json");
    deep(&"x".repeat(230));
    // itself: by folder, and by name
    put(&|_| ());
    folder.refused(2, "CF-8173", &["--custodian", "own"]);
    folder.refused(2, "CF-8173", &["--custodian", "."]);
    folder.write_all("twin", &venue.golden.bundle);
    folder.refused(2, "CF-8173", &["--custodian", "twin"]);
    // a proof of somebody else's account
    folder.write("proof.json", &proof(&custodian, "other-exchange"));
    let text = folder.add(2, &CUSTODIAN);
    assert!(text.contains("proof.json") && !folder.path("own/custodians").exists(), "{text}");
    // no own statement, no policy
    fs::remove_file(folder.path("own/statement.json")).unwrap();
    folder.refused(2, "CF-9004", &CUSTODIAN);
    folder.run(2, &["bundle", "add", "own", "--custodian", "theirs"]);
}

#[test]
fn another_day_another_key_and_nobody_are_refused() {
    let (folder, ..) = pair(&|statement| statement.cutoff = Time::from_unix(statement.cutoff.unix() - 86_400));
    folder.refused(2, "CF-8171", &CUSTODIAN);
    // the venue's own key
    let venue = venue();
    let same = custodian(&venue, "venue", &|_| ());
    let folder = Folder::new(&venue, &joined(&venue, &same, "golden-exchange").1);
    folder.write_all("theirs", &same.golden.bundle);
    folder.refused(1, "CF-8172", &["--custodian", "theirs"]);
    // nobody pins it; and with a key that is pinned for it and is not its own
    let (folder, venue, custodian) = pair(&|_| ());
    let policy = fs::read_to_string(folder.path("policy.toml")).unwrap();
    folder.write("policy.toml", venue.golden.policy.as_bytes());
    folder.refused(2, "CF-8170", &CUSTODIAN);
    let key = custodian.key.public_key().key;
    folder.write(
        "policy.toml",
        policy.replace(&key, "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").as_bytes(),
    );
    folder.refused(2, "CF-3006", &CUSTODIAN);
}
