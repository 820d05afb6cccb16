//! Keys under a passphrase, through the command: made, used by every verb that takes a key, changed, refused; and what
//! a terminal shows and a disk gets meanwhile.
#![allow(missing_docs, clippy::unwrap_used)]

mod cli_support;
mod log_support;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

use cli_support::{build_line, chmod, done, fresh, refused, run};
use counterfoil::hash::sha256;
use counterfoil::secret::locked::{LockedSecret, Passphrase};
use libtest_mimic::{Arguments, Failed, Trial};

const PHRASE: &str = "five words are easily remembered";
const OTHER: &str = "another line of the same kind";

type Test = fn();

fn main() -> ExitCode {
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let python = works("python3", &["-c", "import pty"]);
    let strace = works("strace", &["-o", "/dev/null", "true"]);
    let tests: [(&'static str, Test, Option<&'static str>); 7] = [
        ("verbs open encrypted keys", verbs_open_encrypted_keys, None),
        ("every verb with a key takes a passphrase file", every_verb_takes_a_file, None),
        ("a passphrase is changed", a_passphrase_is_changed, None),
        ("refusals", refusals, None),
        ("limits of memory", limits_of_memory, None),
        ("the terminal is asked and shows nothing", the_terminal_is_asked, (!python).then_some("no python3 with pty")),
        ("the key never leaves the memory", the_key_never_leaves, (!strace).then_some("no strace that may trace")),
    ];
    let trial = |(name, test, missing): (&'static str, Test, Option<&'static str>)| match missing {
        None => Trial::test(name, move || {
            test();
            Ok(())
        }),
        Some(missing) => {
            let result = move || if in_ci { Err(Failed::from(missing)) } else { Ok(()) };
            Trial::test(format!("{name} (ignored: {missing})"), result).with_ignored_flag(!in_ci)
        }
    };
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().map(trial).collect()).exit_code()
}

fn private(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
    chmod(&folder.join(name), 0o600);
}

/// The venue with two passphrases in files.
fn venue() -> tempfile::TempDir {
    let folder = fresh();
    private(folder.path(), "pass.txt", &format!("{PHRASE}\n"));
    private(folder.path(), "other.txt", OTHER);
    folder
}

/// The key in a file, opened by the library.
fn opened(path: &Path, phrase: &str) -> [u8; 32] {
    let locked = LockedSecret::parse(&fs::read(path).unwrap()).unwrap();
    *locked.unlock(&Passphrase::new(phrase.to_owned()).unwrap()).unwrap().expose()
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn verbs_open_encrypted_keys() {
    let venue = venue();
    let folder = venue.path();
    done(folder, &build_line("ledger.csv", "snapshot.toml", "plain"));
    for key in ["master.secret", "signing-a.key"] {
        let said = run(folder, &format!("keygen --change-passphrase {key} --new-passphrase-file pass.txt"));
        assert!(said.status.success());
        assert!(String::from_utf8_lossy(&said.stderr).contains("copies of the old file"), "it was in the clear before");
        let text = fs::read_to_string(folder.join(key)).unwrap();
        assert!(text.starts_with("counterfoil-locked-key-v1\n") && mode(&folder.join(key)) == 0o600, "{text}");
    }
    done(folder, &(build_line("ledger.csv", "snapshot.toml", "tree") + " --passphrase-file pass.txt"));
    let draft = |tree: &str| fs::read(folder.join(tree).join("statement.draft.json")).unwrap();
    assert!(draft("plain") == draft("tree"), "the same secret gives the same roots");
    done(folder, "statement sign tree --key signing-a.key --record a.signed --out st.json --passphrase-file pass.txt");
    done(folder, "prove tree --account u1 --out p.json");
    done(folder, "verify p.json --statement st.json --policy policy.toml --account u1");
    // publisher and witness, with keys that were encrypted from the beginning
    done(folder, "keygen --kind log --name log.example/x --out log.key --encrypt --passphrase-file pass.txt");
    let said = run(folder, "publish st.json --log log --key log.key --passphrase-file pass.txt");
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.status.success() && text.contains("stands in the log"), "{text}");
    let line = "keygen --kind witness --name w.example/1 --out w.key --encrypt --passphrase-file pass.txt";
    assert!(done(folder, line).contains("w.example/1+"));
    assert_eq!(mode(&folder.join("w.key")), 0o600);
}

fn every_verb_takes_a_file() {
    let venue = venue();
    let mut lines = vec!["build", "publish", "statement sign", "tree check", "report seal", "bundle seal"];
    lines.extend(["fetch bitcoin", "fetch evm", "keygen"]);
    if cfg!(feature = "serve") {
        lines.push("witness");
    }
    for verb in lines {
        let help = done(venue.path(), &format!("{verb} --help"));
        assert!(help.contains("--passphrase-file"), "{verb}");
        // what everybody can see in a list of processes is never a secret
        assert!(!help.contains("--passphrase <") && !help.contains("[env"), "{verb}");
    }
}

fn a_passphrase_is_changed() {
    let venue = venue();
    let folder = venue.path();
    done(folder, "keygen --out k.key --encrypt --passphrase-file pass.txt");
    let (before, file) = (opened(&folder.join("k.key"), PHRASE), fs::read(folder.join("k.key")).unwrap());
    let change = "keygen --change-passphrase k.key";
    refused(folder, &format!("{change} --passphrase-file other.txt --new-passphrase-file pass.txt"), 2, "CF-3024");
    private(folder, "short.txt", "eleven char\n");
    refused(folder, &format!("{change} --passphrase-file pass.txt --new-passphrase-file short.txt"), 2, "CF-3027");
    assert_eq!(fs::read(folder.join("k.key")).unwrap(), file, "what was refused changed nothing");
    done(folder, &format!("{change} --passphrase-file pass.txt --new-passphrase-file other.txt"));
    assert_eq!(opened(&folder.join("k.key"), OTHER), before);
    assert_eq!(mode(&folder.join("k.key")), 0o600);
    refused(folder, &format!("{change} --passphrase-file pass.txt --new-passphrase-file pass.txt"), 2, "CF-3024");
    // by a link, the file behind it is changed, and the link stays
    std::os::unix::fs::symlink("k.key", folder.join("link.key")).unwrap();
    let line = "keygen --change-passphrase link.key --passphrase-file other.txt --new-passphrase-file pass.txt";
    done(folder, line);
    assert_eq!(opened(&folder.join("k.key"), PHRASE), before);
    assert!(fs::symlink_metadata(folder.join("link.key")).unwrap().is_symlink());
    refused(folder, "keygen --change-passphrase signing-a.key --passphrase-file pass.txt", 2, "CF-9004");
    refused(folder, "keygen --out new.key --passphrase-file pass.txt", 2, "CF-9004");
    refused(folder, "keygen --out k.key --encrypt --passphrase-file pass.txt", 2, "CF-9002");
    assert!(!folder.join("new.key").exists());
}

/// In a session of its own, which has no terminal.
fn without_terminal(folder: &Path, line: &str) -> Output {
    let mut command = Command::new("setsid");
    command.args(["--wait", env!("CARGO_BIN_EXE_counterfoil")]).args(line.split_whitespace());
    command.current_dir(folder).output().unwrap()
}

fn refusals() {
    let venue = venue();
    let folder = venue.path();
    done(folder, &build_line("ledger.csv", "snapshot.toml", "tree"));
    done(folder, "keygen --change-passphrase signing-a.key --new-passphrase-file pass.txt");
    let sign = "statement sign tree --key signing-a.key --record a.signed --out st.json";
    let with = |file: &str| format!("{sign} --passphrase-file {file}");
    let text = refused(folder, &with("other.txt"), 2, "CF-3024");
    assert!(text.contains("the file is whole") && !text.contains(OTHER), "{text}");
    let output = without_terminal(folder, sign);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("CF-3023") && text.contains("--passphrase-file"), "{text}");
    for (name, content) in [("empty.txt", ""), ("two.txt", "one line\nand another\n")] {
        private(folder, name, content);
        let text = refused(folder, &with(name), 2, "CF-3027");
        assert!(!text.contains("another"), "{text}");
    }
    chmod(&folder.join("other.txt"), 0o644);
    refused(folder, &with("other.txt"), 2, "CF-3010");
    chmod(&folder.join("signing-a.key"), 0o640);
    refused(folder, &with("pass.txt"), 2, "CF-3010");
    chmod(&folder.join("signing-a.key"), 0o600);
    // another kind is told before a passphrase is asked for
    done(folder, "keygen --kind master --out m.key --encrypt --passphrase-file pass.txt");
    let line = "statement sign tree --key m.key --record a.signed --out st.json --passphrase-file nowhere.txt";
    assert!(refused(folder, line, 2, "CF-3010").contains("counterfoil-master-secret-v1"));
    let text = fs::read_to_string(folder.join("signing-a.key")).unwrap();
    private(folder, "signing-a.key", &text.replacen("sealed ", "sealed 00", 1));
    refused(folder, &with("pass.txt"), 2, "CF-3025");
    private(folder, "signing-a.key", &text[..text.len() / 2]);
    refused(folder, &with("pass.txt"), 2, "CF-3025");
    // a file that asks for a hundred gigabytes is refused before anything is allocated
    let (covered, _) = text.rsplit_once("sha256 ").unwrap();
    let greedy = covered.replacen("memory_kib=262144", "memory_kib=104857600", 1);
    assert_ne!(greedy, covered);
    private(folder, "signing-a.key", &format!("{greedy}sha256 {}\n", sha256(greedy.as_bytes())));
    let text = refused(folder, &with("pass.txt"), 2, "CF-3026");
    assert!(text.contains("104857600 KiB of memory"), "{text}");
    assert!(!folder.join("st.json").exists());
}

fn limits_of_memory() {
    let venue = venue();
    let folder = venue.path();
    let line = "keygen --out k.key --encrypt --passphrase-file pass.txt";
    let command = format!("ulimit -v 240000 && exec {} {line}", env!("CARGO_BIN_EXE_counterfoil"));
    let output = Command::new("sh").args(["-c", &command]).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("CF-3028") && !folder.join("k.key").exists(), "{text}");
}

/// Starts a program on a terminal of its own, and types when it is asked.
const TERMINAL: &str = r#"
import os, pty, sys, time
words = sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1]] + words[: words.index("--")])
shown = b""
def read_until(end):
    global shown
    while end is None or end not in shown:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            return
        if not piece:
            return
        shown += piece
typed = words[words.index("--") + 1 :]
for prompt, answer in zip(typed[::2], typed[1::2]):
    read_until(prompt.encode())
    time.sleep(0.3)
    os.write(terminal, answer.encode() + b"\n")
read_until(None)
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
"#;

fn on_terminal(folder: &Path, line: &str, typed: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, env!("CARGO_BIN_EXE_counterfoil")]).args(line.split_whitespace());
    let output = command.arg("--").args(typed).current_dir(folder).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn the_terminal_is_asked() {
    let venue = venue();
    let folder = venue.path();
    let (code, shown) = on_terminal(
        folder,
        "keygen --out k.key --encrypt",
        &["New passphrase for k.key: ", PHRASE, "once more: ", PHRASE],
    );
    assert!(code == Some(0) && shown.contains("key written to k.key") && !shown.contains("words"), "{shown}");
    opened(&folder.join("k.key"), PHRASE);
    let twice = ["New passphrase for x.key: ", PHRASE, "once more: ", OTHER];
    let (code, shown) = on_terminal(folder, "keygen --out x.key --encrypt", &twice);
    assert!(code == Some(2) && shown.contains("CF-3027") && shown.contains("not the same"), "{shown}");
    let short = ["New passphrase for x.key: ", "short"];
    let (code, shown) = on_terminal(folder, "keygen --out x.key --encrypt", &short);
    assert!(code == Some(2) && shown.contains("CF-3027"), "{shown}");
    assert!(!folder.join("x.key").exists());
    done(folder, &build_line("ledger.csv", "snapshot.toml", "tree"));
    done(folder, "keygen --change-passphrase signing-a.key --new-passphrase-file pass.txt");
    let sign = "statement sign tree --key signing-a.key --record a.signed --out st.json";
    let (code, shown) = on_terminal(folder, sign, &["Passphrase of signing-a.key: ", OTHER]);
    assert!(code == Some(2) && shown.contains("CF-3024") && !shown.contains(OTHER), "{shown}");
    let (code, shown) = on_terminal(folder, sign, &["Passphrase of signing-a.key: ", PHRASE]);
    assert!(code == Some(0) && !shown.contains("words"), "{shown}");
    let typed = ["Passphrase of k.key: ", PHRASE, "New passphrase for k.key: ", OTHER, "once more: ", OTHER];
    let (code, shown) = on_terminal(folder, "keygen --change-passphrase k.key", &typed);
    assert!(code == Some(0) && !shown.contains("words") && !shown.contains("another line"), "{shown}");
    opened(&folder.join("k.key"), OTHER);
}

/// What the process wrote, as `strace` shows it: every byte as `\x07`.
fn traced(folder: &Path, line: &str) -> String {
    let mut command = Command::new("strace");
    command.args(["-f", "-xx", "-s", "100000", "-o", "trace.txt", "-e", "trace=write,writev,pwrite64,pwritev,sendto"]);
    command.arg(env!("CARGO_BIN_EXE_counterfoil")).args(line.split_whitespace()).current_dir(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(folder.join("trace.txt")).unwrap()
}

fn the_key_never_leaves() {
    let venue = venue();
    let folder = venue.path();
    let shown = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let holds = |trace: &str, key: &[u8; 32]| {
        let parts = key.chunks(8).flat_map(|part| [shown(part), shown(hex::encode(part).as_bytes())]);
        parts.filter(|part| trace.contains(part)).count()
    };
    // the test sees what it looks for
    let trace = traced(folder, "keygen --out plain.key");
    let plain = fs::read_to_string(folder.join("plain.key")).unwrap();
    let key: [u8; 32] = hex::decode(plain.split_whitespace().nth(1).unwrap()).unwrap().try_into().unwrap();
    assert_eq!(holds(&trace, &key), 4);
    let trace = traced(folder, "keygen --out k.key --encrypt --passphrase-file pass.txt");
    assert!(trace.contains(&shown(b"counterfoil-locked-key-v1")), "the file was written");
    assert_eq!(holds(&trace, &opened(&folder.join("k.key"), PHRASE)), 0);
    assert!(!trace.contains(&shown(b"five words")));
    let line = "keygen --change-passphrase k.key --passphrase-file pass.txt --new-passphrase-file other.txt";
    let trace = traced(folder, line);
    assert_eq!(holds(&trace, &opened(&folder.join("k.key"), OTHER)), 0);
    // nothing beside the file is left behind
    let left = fs::read_dir(folder).unwrap().filter_map(Result::ok);
    assert!(left.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().starts_with(".counterfoil")));
}
