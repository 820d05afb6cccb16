//! A venue's first files, made by the command: its keys, a node's key, and who it is.

use std::fs;
use std::path::Path;
use std::process::Command;

/// `master.secret`, `venue.key` and `node.key` with their public lines as `.pub`, and `venue.toml` with the first of
/// these.
pub(crate) fn keys_and_venue(folder: &Path) {
    let keygen = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_counterfoil");
        let output = Command::new(program).arg("keygen").args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "keygen {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let public = |name: &str| {
        let told = keygen(&["--out", &format!("{name}.key")]);
        let line = told.lines().find(|line| line.contains("bip340")).unwrap().trim().to_owned();
        fs::write(folder.join(format!("{name}.pub")), &line).unwrap();
        line
    };
    keygen(&["--kind", "master", "--out", "master.secret"]);
    let (venue, _) = (public("venue"), public("node"));
    let text = format!(
        "id = \"example-venue\"\nlegal_entity = \"Example Venue Ltd\"\nlog_origin = \"log.example/venue\"\n\
         keys = [{venue}]\naccount_hint = \"u and 6 digits\"\n"
    );
    fs::write(folder.join("venue.toml"), text).unwrap();
}
