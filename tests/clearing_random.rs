//! A thousand drawn networks: the program and a search through every set of defaulters come to the same payments.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;
use std::process::{Command, ExitCode};

use counterfoil::reconcile::network::clearing::Obligations;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

#[allow(dead_code, reason = "other tests run the other kinds")]
mod vector_runner;

const COUNT: &str = "1000";
const SEED: &str = "20011";

fn main() -> ExitCode {
    let python = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let trial = if python || in_ci {
        Trial::test("vectors/reference/clearing.py agrees on drawn networks", agree)
    } else {
        Trial::test("drawn networks (ignored: there is no python3)", || Ok(())).with_ignored_flag(true)
    };
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn agree() -> Result<(), Failed> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/reference/clearing.py");
    let output = Command::new("python3").arg("-B").arg(script).args([COUNT, SEED]).output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut seen, mut contagious, mut ambiguous, mut costly) = (0, 0, 0, 0);
    for line in String::from_utf8(output.stdout)?.lines() {
        let drawn: Value = serde_json::from_str(line)?;
        let network: Obligations = serde_json::from_value(drawn["network"].clone())?;
        let found = Value::Object(vector_runner::clearing::answer(&network)?);
        assert_eq!(found, drawn["expect"], "{}", drawn["network"]);
        seen += 1;
        contagious += usize::from(found["waves"].as_array().unwrap().len() > 1);
        ambiguous += usize::from(found["greatest"] != found["least"]);
        costly += usize::from(network.alpha != "1" || network.beta != "1");
    }
    // a draw that shows nothing would agree with anything
    assert!(
        seen == 1_000 && contagious > 100 && ambiguous > 50 && costly > 300,
        "{seen} {contagious} {ambiguous} {costly}"
    );
    Ok(())
}
