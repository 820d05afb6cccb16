//! A second implementation, in Python and from the pages about the formats, comes to the same roots on fresh trees.
#![allow(missing_docs, clippy::panic)]

use std::path::Path;
use std::process::{Command, ExitCode};

use counterfoil::foreign::forge::{Combine, Tree};
use counterfoil::foreign::{SCHEMES, bitmex};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let python = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let name = "vectors/reference/foreign.py agrees on fresh trees";
    let trial = if python || in_ci {
        Trial::test(name, run)
    } else {
        Trial::test(format!("{name} (ignored: there is no python3)"), || Ok(())).with_ignored_flag(true)
    };
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn run() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let (mut files, mut expected) = (Vec::new(), Vec::new());
    let mut add = |text: String, line: String| -> Result<(), Failed> {
        let path = folder.path().join(files.len().to_string());
        std::fs::write(&path, text)?;
        files.push(path);
        expected.push(line);
        Ok(())
    };
    let amounts = ["0.5", "1000000000.00000001", "3", "0", "17.25", "0.00000019", "8"];
    for (scheme, count) in SCHEMES.iter().flat_map(|scheme| [2, 3, 7].map(|count| (scheme, count))) {
        let customers = (1..).zip(&amounts[..count]).map(|(number, units)| scheme.example(number, units)).collect();
        let tree = Tree::build(*scheme, customers, Combine::Sum)?;
        let root = tree.root().expect("a root");
        for file in tree.files() {
            add(file, format!("{} {} {}", scheme.facts().name, root.hash, root.sums[0]))?;
        }
    }
    let leaves: Vec<_> = (0..16).map(|index| (index % 5, [9; 32], 1_000 + index * index)).collect();
    let tree = bitmex::build(900_000, &leaves).expect("a power of two");
    let answer = bitmex::verify("tree", tree.as_bytes(), &bitmex::Question::default(), &mut |_| {})?;
    add(tree, format!("bitmex {} {}", answer.root.expect("a root"), answer.total))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/reference/foreign.py");
    let output = Command::new("python3").arg("-B").arg(script).args(&files).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let said: Vec<&str> = said.lines().collect();
    assert!(said == expected, "{said:?}\n{expected:?}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
