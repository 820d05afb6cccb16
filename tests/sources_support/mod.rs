//! What the tests of sources share: a venue's folder, the command run in it, and the roots that it prints.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use libtest_mimic::{Failed, Trial};

pub(crate) mod server;

/// A build that repeats its nonces, so that equal rows have equal roots.
const BUILD: [&str; 11] = [
    "--assets",
    "assets.toml",
    "--venue",
    "venue.toml",
    "--snapshot",
    "snapshot.toml",
    "--secret-file",
    "master.secret",
    "--no-control-total",
    "--build-id",
    crate::cli_support::BUILD_ID,
];

/// One build: its sources with everything else that is said about them.
#[derive(Default)]
pub(crate) struct Build<'b> {
    pub(crate) arguments: Vec<&'b str>,
    pub(crate) input: Option<&'b [u8]>,
    /// The file of passwords; none of the person's own is ever read.
    pub(crate) passwords: Option<&'b Path>,
}

impl<'b> Build<'b> {
    pub(crate) fn of(arguments: &[&'b str]) -> Self {
        Self { arguments: arguments.to_vec(), ..Self::default() }
    }

    pub(crate) fn run(&self, folder: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.current_dir(folder).env_remove("COLUMNS").env("HOME", folder).env_remove("PGPASSFILE");
        if let Some(passwords) = self.passwords {
            command.env("PGPASSFILE", passwords);
        }
        command.arg("build").args(&self.arguments).args(BUILD).args(["--out", "tree-of-test", "--force"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = self.input.unwrap_or_default().to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().expect("the command ends");
        // a refusal does not read to the end
        let _ = writer.join();
        output
    }

    /// The roots, one a line, and the draft of the statement.
    pub(crate) fn roots(&self, folder: &Path) -> Result<(String, serde_json::Value), Failed> {
        let output = self.run(folder);
        if output.status.code() != Some(0) {
            return Err(format!("{:?}\n{}", self.arguments, String::from_utf8_lossy(&output.stderr)).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let roots: Vec<&str> = text.lines().filter(|line| line.contains(", root ")).collect();
        let draft = std::fs::read(folder.join("tree-of-test/statement.draft.json"))?;
        std::fs::remove_dir_all(folder.join("tree-of-test"))?;
        Ok((roots.join("\n"), serde_json::from_slice(&draft)?))
    }

    /// The words of a refusal, which must leave nothing behind.
    pub(crate) fn refused(&self, folder: &Path, code: &str) -> Result<String, Failed> {
        let output = self.run(folder);
        let text = String::from_utf8(output.stderr)?;
        let as_expected = output.status.code() == Some(2)
            && text.contains(&format!("error[{code}]"))
            && !folder.join("tree-of-test").exists();
        if as_expected { Ok(text) } else { Err(format!("{:?}: no {code} in\n{text}", self.arguments).into()) }
    }
}

/// All roots are those of the plain file.
pub(crate) fn same(what: &str, got: &str, expected: &str) -> Result<(), Failed> {
    if got == expected && !got.is_empty() {
        return Ok(());
    }
    Err(format!("{what}:\n{got}\nexpected:\n{expected}").into())
}

pub(crate) fn holds(what: &str, condition: bool) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(what.to_owned().into()) }
}

/// A trial that needs something of this machine: ignored with the reason without it, failed without it in CI.
pub(crate) fn with(name: &str, missing: Option<&str>, run: fn() -> Result<(), Failed>) -> Trial {
    let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    match missing.map(str::to_owned) {
        None => Trial::test(name, run),
        Some(missing) if ci => Trial::test(name, || Err(missing.into())),
        Some(missing) => Trial::test(format!("{name} (left out: {missing})"), || Ok(())).with_ignored_flag(true),
    }
}
