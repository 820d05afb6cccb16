//! The tutorial's shell blocks, run in order in an empty folder; what the tutorial shows as output must come out.
//!
//! In `docs/tutorial.md` a block of `sh` is run with `sh -e`. A line `# exits N` gives the exit code of the command
//! that follows it. A block of `text` shows lines of the output of the block before, in their order; `…` stands for
//! anything. `docs/why.md` is run in the same way.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

/// What stands above the first block that asks a node.
const NODE_MARK: &str = "<!-- a node is needed from here on -->";
/// The port that the tutorial's node listens on; a test takes a free one.
const PORT: &str = "18555";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let liabilities = Trial::test("liabilities", || run(None));
    let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let whole = match std::env::var_os("BITCOIND") {
        Some(program) => Trial::test("with a node", move || run(Some(Path::new(&program)))),
        None if ci => Trial::test("with a node", || Err("BITCOIND names no bitcoind".into())),
        None => Trial::test("with a node (left out: BITCOIND names no bitcoind)", || Ok(())).with_ignored_flag(true),
    };
    let readme = Trial::test("the README shows the demonstration", readme);
    let policy = Trial::test("the example policy is read", policy);
    let why = Trial::test("why.md and its translation", why);
    let self_tests = [Trial::test("lines are compared", lines_are_compared), Trial::test("codes are asked", exits)];
    libtest_mimic::run(&arguments, [liabilities, whole, readme, policy, why].into_iter().chain(self_tests).collect())
        .exit_code()
}

/// A block to run, and lines of its output.
#[derive(Default)]
struct Step {
    line: usize,
    script: String,
    shown: Vec<String>,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut kind: Option<&str> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (kind, line.strip_prefix("```")) {
            (None, Some(opened)) => {
                kind = Some(opened);
                if opened == "sh" {
                    steps.push(Step { line: number, ..Step::default() });
                }
            }
            (Some(_), Some(_)) => kind = None,
            (Some("sh"), None) => {
                let step = steps.last_mut().unwrap();
                step.script.push_str(line);
                step.script.push('\n');
            }
            (Some("text"), None) => steps.last_mut().unwrap().shown.push(line.to_owned()),
            _ => {}
        }
    }
    steps
}

/// Turns `# exits N` into a check of the next command, which may go on after a backslash.
fn with_exit_codes(script: &str) -> String {
    let mut out = String::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let Some(code) = line.strip_prefix("# exits ") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let mut command = String::new();
        for part in lines.by_ref() {
            command.push_str(part);
            command.push('\n');
            if !part.ends_with('\\') {
                break;
            }
        }
        let command = command.trim_end();
        out.push_str(&format!("got=0\n{command} || got=$?\n"));
        out.push_str(&format!("[ $got -eq {code} ] || {{ echo \"exit code $got, expected {code}\"; exit 99; }}\n"));
    }
    out
}

/// Every line shown stands in the output, in this order. Empty lines are not compared.
fn missing_line<'a>(shown: &'a [String], output: &str) -> Option<&'a str> {
    let mut rest = output.lines();
    let shown = shown.iter().filter(|line| !line.trim().is_empty());
    shown.map(String::as_str).find(|line| !rest.by_ref().any(|got| fits(line, got)))
}

fn fits(shown: &str, got: &str) -> bool {
    let mut pieces = shown.trim_end().split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = got.trim_end().strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

/// A folder in which a node may run; the node ends with it.
struct Workplace {
    folder: tempfile::TempDir,
    path: String,
}

impl Workplace {
    fn new(node: Option<&Path>) -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_counterfoil"));
        let folders = [program.parent(), node.and_then(Path::parent)].into_iter().flatten().map(Path::to_path_buf);
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(folders.chain(std::env::split_paths(&inherited))).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), path: path.into_string().unwrap() }
    }

    /// Exit code and output, errors in between as on a terminal.
    fn run(&self, script: &str) -> (Option<i32>, String) {
        let log = self.folder.path().join(".output");
        let file = std::fs::File::create(&log).unwrap();
        let mut command = Command::new("sh");
        command.args(["-e", "-c", script]).current_dir(self.folder.path()).env("PATH", &self.path);
        command.stdin(std::process::Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let status = command.status().unwrap();
        (status.code(), String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned())
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let script = "[ ! -e node/regtest/bitcoind.pid ] || ./btc stop; \
                      for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e node/regtest/bitcoind.pid ] || exit 0; sleep 1; done";
        let _ = self.run(script);
    }
}

fn run(node: Option<&Path>) -> Result<(), Failed> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tutorial.md")).unwrap();
    let (before, _) = text.split_once(NODE_MARK).ok_or("the mark of the node is missing")?;
    let text = if node.is_some() { text.as_str() } else { before };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let workplace = Workplace::new(node);
    let steps = steps(text);
    assert!(steps.len() > 10, "the tutorial has few blocks: is it read rightly?");
    for step in steps {
        let place = format!("docs/tutorial.md:{}", step.line);
        let (code, output) = workplace.run(&with_exit_codes(&step.script).replace(PORT, &port));
        if code != Some(0) {
            return Err(format!("{place}: exit code {code:?}\n{output}").into());
        }
        if let Some(line) = missing_line(&step.shown, &output) {
            return Err(
                format!("{place}: the output has no line, or not in this order:\n{line}\nit is:\n{output}").into()
            );
        }
    }
    Ok(())
}

/// The block between the README's marks is the first part of what the demonstration prints.
fn readme() -> Result<(), Failed> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let block = text.split_once("<!-- demo output -->\n```text\n").and_then(|(_, rest)| rest.split_once("```\n"));
    let (block, _) = block.ok_or("the README has no block of output between its marks")?;
    let (code, output) = Workplace::new(None).run("counterfoil demo");
    if code == Some(0) && output.starts_with(block) {
        return Ok(());
    }
    Err(format!("exit code {code:?}; the README has\n{block}\nand the demonstration prints\n{output}").into())
}

/// Every command of `docs/why.md` does what it says, and the translation has the same ones.
fn why() -> Result<(), Failed> {
    let read = |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name));
    let all = steps(&read("why.md")?);
    assert!(all.len() > 4, "it has few blocks: is it read rightly?");
    let scripts = |steps: &[Step]| steps.iter().map(|step| step.script.clone()).collect::<Vec<_>>();
    assert_eq!(scripts(&all), scripts(&steps(&read("why.zh.md")?)), "the translation has other commands");
    let workplace = Workplace::new(None);
    for step in &all {
        let (code, output) = workplace.run(&with_exit_codes(&step.script));
        if code != Some(0) {
            return Err(format!("docs/why.md:{}: exit code {code:?}\n{output}", step.line).into());
        }
        if let Some(line) = missing_line(&step.shown, &output) {
            return Err(format!("docs/why.md:{}: the output lacks\n{line}\nit is:\n{output}", step.line).into());
        }
    }
    Ok(())
}

/// The example shows the built-in demands, so that a copy of it departs from nothing.
fn policy() -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.example.toml");
    let (code, output) = Workplace::new(None).run(&format!("counterfoil policy check '{}'", path.display()));
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("it demands what the built-in policy demands"), "{output}");
    Ok(())
}

fn lines_are_compared() -> Result<(), Failed> {
    let shown = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(missing_line(&shown(&["a …", "", "c"]), "a b\nx\nc\n"), None);
    assert_eq!(missing_line(&shown(&["c", "a …"]), "a b\nx\nc\n"), Some("a …"));
    assert!(fits("a … c …", "a b c d") && fits("…", "") && !fits("a", "a b") && !fits("a …d", "a b c"));
    Ok(())
}

fn exits() -> Result<(), Failed> {
    let workplace = Workplace::new(None);
    let code = |script: &str| workplace.run(&with_exit_codes(script)).0;
    assert_eq!(code("# exits 1\nfalse\n# exits 3\nsh -c \\\n  'exit 3'\n"), Some(0));
    assert_eq!(code("# exits 1\ntrue\n"), Some(99));
    assert_eq!(code("false\ntrue\n"), Some(1));
    Ok(())
}
