//! `counterfoil network` as people run it: folders in, text, JSON and page out.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use counterfoil::lab::ring::{Ring, RingOptions};
use serde_json::Value;

const SCHEMA: &str = include_str!("../docs/schema/network.schema.json");

/// Bundles, policies and the network policy, in a folder.
fn folder(options: &RingOptions) -> tempfile::TempDir {
    let (ring, folder) = (Ring::new(options).unwrap(), tempfile::tempdir().unwrap());
    for venue in &ring.venues {
        for (name, bytes) in &venue.bundle {
            let path = folder.path().join(format!("bundle-{}/{name}", venue.id));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::create_dir_all(folder.path().join("mine")).unwrap();
        fs::write(folder.path().join(format!("mine/{}.toml", venue.id)), &venue.policy).unwrap();
    }
    fs::write(folder.path().join("mine/network.toml"), &ring.policy).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.current_dir(folder).arg("network").args(arguments).output().unwrap()
}

const ALL: [&str; 5] = ["bundle-gamma", "bundle-alpha", "bundle-beta", "--policy", "mine/network.toml"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_ring_from_folders() {
    let folder = folder(&RingOptions::default());
    let output = run(folder.path(), &[&ALL[..], &["--json", "out.json", "--html", "out.html"]].concat());
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    for expected in [
        "SHORT: 3 venues, 3 proved deposits between them; of 3 sheets 0 covered, 3\n  short, 0 not determinable",
        " Venue     Reserves  Deposits    Owed     Gross    Netted  Cleared    Customers",
        " alpha       100.00     60.00  160.00  100.00 %  100.00 %  85.15 %  85.15463917",
        " gamma        40.00     60.00  160.00   62.50 %   40.00 %  60.41 %  60.41237113",
        " together    240.00    180.00  480.00   87.50 %   80.00 %  80.00 %         240.00",
        "alpha, short: pays 13216/97 = 136.24742268 of 160.00, wave 2 of defaults",
        "beta, short: pays 14656/97 = 151.0927835 of 160.00, wave 3 of defaults",
        "gamma, short: pays 9376/97 = 96.65979381 of 160.00, first wave of defaults",
        "240.00 there, 300.00 owed to",
        "alpha at gamma: 60.00 BTC (custody, leaf",
    ] {
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&wanted), "{wanted}\n{said}");
    }
    let json = fs::read(folder.path().join("out.json")).unwrap();
    let value: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["assets"][0]["venues"][0]["cleared"]["pays"], "13216/97");
    fits(&value);
    assert!(fs::read_to_string(folder.path().join("out.html")).unwrap().contains("13216/97"));
    let again = run(folder.path(), &[&ALL[..], &["--json", "out.json"]].concat());
    assert_eq!((again.status.code(), again.stdout.is_empty()), (Some(2), true), "nothing is replaced unasked");
    let only = run(folder.path(), &[&ALL[..], &["--json", "-"]].concat());
    assert_eq!(text(&only.stdout).trim_end(), text(&json).trim_end());
}

/// The demonstration leaves a ring to try it on.
#[test]
fn the_ring_of_the_demonstration() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Command::new(env!("CARGO_BIN_EXE_counterfoil")).current_dir(folder.path()).arg("demo").output().unwrap();
    assert!(demo.status.success());
    assert!(text(&demo.stdout).contains("cd counterfoil-demo/ring && counterfoil network alpha beta gamma"));
    let ring = folder.path().join("counterfoil-demo/ring");
    let output = run(&ring, &["alpha", "beta", "gamma", "--policy", "network.toml"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("gamma, short: pays 9376/97 = 96.65979381 of 160.00"));
}

/// The report fits the published schema, and what is no report does not.
fn fits(value: &Value) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut refused = 0;
    for field in value.as_object().unwrap().keys() {
        let mut changed = value.clone();
        changed.as_object_mut().unwrap().remove(field);
        refused += usize::from(!validator.is_valid(&changed));
    }
    assert_eq!(refused, value.as_object().unwrap().len(), "every field is required");
    let mut more = value.clone();
    more["assets"][0]["venues"][0]["other"] = "1".into();
    assert!(!validator.is_valid(&more), "an unknown field");
    described(&schema);
}

/// Every field says what it is.
fn described(schema: &Value) {
    for part in schema.as_object().into_iter().flat_map(|object| object.values()) {
        described(part);
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        assert!(field["description"].as_str().is_some_and(|text| text.len() > 4), "{name}");
    }
}

#[test]
fn what_cannot_be_joined_has_exit_code_2() {
    let folder = folder(&RingOptions { late: Some(2), ..RingOptions::default() });
    let code = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        (output.status.code(), text(&output.stderr).split(':').next().unwrap_or_default().to_owned())
    };
    let refused = |code: &str| (Some(2), format!("error[{code}]"));
    assert_eq!(code(&ALL), refused("CF-7305"));
    assert_eq!(code(&["bundle-alpha", "bundle-alpha", "--policy", "mine/network.toml"]), refused("CF-7304"));
    assert_eq!(code(&["bundle-alpha", "--policy", "mine/alpha.toml"]), refused("CF-7302"));
    assert_eq!(code(&["mine", "--policy", "mine/network.toml"]), refused("CF-7001"));
    fs::write(
        folder.path().join("mine/two.toml"),
        fs::read_to_string(folder.path().join("mine/network.toml")).unwrap().replace("gamma", "beta"),
    )
    .unwrap();
    assert_eq!(code(&["bundle-gamma", "--policy", "mine/two.toml"]), refused("CF-7302"));
    let backed = backed_folder();
    assert_eq!(run(backed.path(), &ALL).status.code(), Some(2), "a deposit is shown at the cut-off only");
    let rich = self::folder(&RingOptions { outside: [170, 170, 170], ..RingOptions::default() });
    assert_eq!(run(rich.path(), &ALL).status.code(), Some(0));
}

fn backed_folder() -> tempfile::TempDir {
    folder(&RingOptions { outside: [100; 3], ..RingOptions::default() })
}

/// A depositor makes its own part with the command, and an auditor accepts it.
#[test]
fn a_depositor_makes_its_part_of_the_bundle() {
    let (ring, folder) = (Ring::new(&RingOptions::default()).unwrap(), folder(&RingOptions::default()));
    let path = |name: &str| folder.path().join(name);
    fs::remove_dir_all(path("bundle-beta/elsewhere")).unwrap();
    fs::write(path("alpha-statement.json"), &ring.venues[0].signed).unwrap();
    let account = counterfoil::lab::ring::account(1);
    let proof = counterfoil::json::canonical(&ring.proof(0, &account).unwrap()).unwrap();
    fs::write(path("proof.json"), proof).unwrap();
    let mut seed = counterfoil::hash::sha256(b"example venue: ring: beta").to_bytes();
    let secret = counterfoil::secret::Secret::new(counterfoil::secret::SecretKind::Signing, &mut seed);
    let key = secret.to_file();
    private(&path("beta.key"), key.as_bytes());
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.current_dir(folder.path()).args(arguments).output().unwrap()
    };
    let deposit = |name: &str, account: &str| {
        run(&[
            "deposit",
            "bundle-beta",
            "--name",
            name,
            "--venue",
            "beta",
            "--statement",
            "alpha-statement.json",
            "--policy",
            "mine/alpha.toml",
            "--proof",
            "proof.json",
            "--account",
            account,
            "--key",
            "beta.key",
        ])
    };
    let made = deposit("main", &account);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    assert_eq!(text(&made.stdout), "60.00000000 BTC (custody) at alpha\n");
    assert!(text(&made.stderr).contains("seal the bundle again"));
    for (name, file) in [("main", "statement.json"), ("main", "proof.json"), ("main", "claim.json")] {
        let made = fs::read(path(&format!("bundle-beta/elsewhere/{name}/{file}"))).unwrap();
        assert_eq!(made, ring.venues[1].bundle[&format!("elsewhere/{name}/{file}")], "{file}");
    }
    assert_eq!(deposit("main", &account).status.code(), Some(2), "nothing is replaced unasked");
    assert_eq!(deposit("../x", &account).status.code(), Some(2));
    let other = deposit("other", "u000000000001");
    assert_eq!(other.status.code(), Some(2), "a proof of another account is a mix-up: {}", text(&other.stderr));
    assert!(!path("bundle-beta/elsewhere/other").exists());
}

/// A key file is its owner's alone.
fn private(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
