//! Another implementation of the C2SP specifications works with ours: its witness cosigns our log, its client asks our
//! witness, and its verifier reads our tiles and checkpoints. `COUNTERFOIL_WITNESS` is a folder with its programs
//! `aics-witness`, `aics-tlog` and the `python` that has them.
#![allow(missing_docs, clippy::unwrap_used)]

mod log_support;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use log_support::{ORIGIN, Place, Running, log_signer, policy, statement, statements, witness_signer};

type Test = fn(&Path);

fn main() -> ExitCode {
    let programs = std::env::var_os("COUNTERFOIL_WITNESS").map(PathBuf::from);
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let tests: [(&str, Test); 3] = [
        ("its witness cosigns our log", their_witness),
        ("its client asks our witness", their_client),
        ("its verifier reads our log", their_verifier),
    ];
    let trial = |(name, test): (&'static str, Test)| match programs.clone() {
        Some(programs) => Trial::test(name, move || {
            test(&programs);
            Ok(())
        }),
        None => {
            let missing = "COUNTERFOIL_WITNESS names no other implementation";
            let result = move || if in_ci { Err(Failed::from(missing)) } else { Ok(()) };
            Trial::test(format!("{name} (ignored: {missing})"), result).with_ignored_flag(!in_ci)
        }
    };
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().map(trial).collect()).exit_code()
}

/// Runs one of the programs, which must end with `code`; gives both outputs.
fn run(programs: &Path, place: &Place, code: i32, name: &str, arguments: &[&str]) -> (String, String) {
    let output = Command::new(programs.join(name)).args(arguments).current_dir(place.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{name} {arguments:?}\n{out}{err}");
    (out.into_owned(), err.into_owned())
}

/// Their witness, for as long as this lives.
struct Theirs {
    child: Child,
    argument: String,
    key: String,
}

impl Drop for Theirs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Theirs {
    fn start(programs: &Path, place: &Place) -> Self {
        let (key, _) = run(programs, place, 0, "aics-witness", &["init", "--name", "witness.example/other"]);
        let key = key.trim().to_owned();
        let log_key = log_signer().key().to_string();
        run(programs, place, 0, "aics-witness", &["add-log", "--origin", ORIGIN, "--vkey", &log_key]);
        // a port that was free a moment ago
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(programs.join("aics-witness"))
            .args(["serve", "--listen", &address.to_string()])
            .current_dir(place.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..200 {
            if std::net::TcpStream::connect(address).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { child, argument: format!("--witness {key}@http://{address}"), key }
    }
}

fn their_witness(programs: &Path) {
    let place = Place::new();
    let theirs = Theirs::start(programs, &place);
    let ours = Running::start(&place, 0);
    let section = format!(
        "[log]\nkey = \"{}\"\nquorum = 2\n[[log.witness]]\nkey = \"{}\"\n[[log.witness]]\nkey = \"{}\"\n",
        log_signer().key(),
        theirs.key,
        witness_signer(0).key()
    );
    place.write("policy.toml", policy(&section).as_bytes());
    let both = format!("{} {}", theirs.argument, ours.argument(0));
    let made = statements(5);
    // the third one goes to ours alone: theirs stands behind, and says where
    for (at, one) in made.iter().enumerate() {
        let alone = ours.argument(0);
        place.publish(one, if at == 2 { &alone } else { &both });
    }
    place.run(0, "log check log --policy policy.toml");
    // a second history
    fs::rename(place.path().join("log"), place.path().join("shown")).unwrap();
    place.write("next.json", &statement(0, None, "1").file);
    let line = format!("publish next.json --log log --key log.key {}", theirs.argument);
    let said = place.refused(2, "CF-3157", &line);
    assert!(said.contains("has seen 5 entries"), "{said}");
}

fn their_client(programs: &Path) {
    let place = Place::new();
    let ours = Running::start(&place, 0);
    let made = statements(3);
    let script = "import sys\n\
        from aics_witness import submit_checkpoint\n\
        note, url, key, old = open(sys.argv[1], 'rb').read(), sys.argv[2], sys.argv[3], sys.argv[4]\n\
        path = [bytes.fromhex(text) for text in sys.argv[5:]]\n\
        print(submit_checkpoint(url, note, lambda old, new: path, witness_vkey=key, old_size=int(old)), end='')\n";
    place.write("ask.py", script.as_bytes());
    let mut leaves = Vec::new();
    for (at, one) in made.iter().enumerate() {
        place.publish(one, "");
        leaves.push(counterfoil::publish::log::audit::Entry::parse(&one.file).unwrap().leaf);
        let path = counterfoil::publish::log::tree::consistency_proof(&leaves, at as u64).unwrap();
        let path: Vec<String> = path.iter().map(ToString::to_string).collect();
        let (url, key, old) = (format!("http://{}", ours.address), witness_signer(0).key().to_string(), at.to_string());
        let mut arguments = vec!["ask.py", "log/checkpoint", &url, &key, &old];
        arguments.extend(path.iter().map(String::as_str));
        // it checks the cosignature by the key that it was given
        let (line, _) = run(programs, &place, 0, "python", &arguments);
        assert!(line.starts_with("\u{2014} witness.example/w0 "), "{line}");
    }
}

fn their_verifier(programs: &Path) {
    let place = Place::new();
    let ours = Running::start(&place, 0);
    let made = statements(4);
    made.iter().for_each(|one| drop(place.publish(one, &ours.argument(0))));
    let (log, witness) = (log_signer().key().to_string(), witness_signer(0).key().to_string());
    let pins =
        ["--log-key", &log, "--witness-key", &witness, "--quorum", "1", "--max-age", "86400", "--origin", ORIGIN];
    let tiles = ["--tiles", "log"];
    let run = |code: i32, verb: &str, more: &[&str]| {
        let arguments = [&[verb], &tiles[..], &pins[..], more].concat();
        run(programs, &place, code, "aics-tlog", &arguments)
    };
    run(0, "verify-checkpoint", &[]);
    for (at, one) in made.iter().enumerate() {
        let entry = counterfoil::publish::log::audit::Entry::parse(&one.file).unwrap();
        place.write("entry", &entry.document);
        run(0, "verify-inclusion", &["--leaf", "entry", "--index", &at.to_string()]);
        let other = ((at + 1) % made.len()).to_string();
        run(1, "verify-inclusion", &["--leaf", "entry", "--index", &other]);
    }
}
