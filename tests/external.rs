//! Test data of other projects is what `vectors/external.toml` pins, byte for byte.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use counterfoil::hash::{Digest, sha256};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;

/// The whole list; a field that is not known here is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct External {
    file: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    sha256: Digest,
    repository: String,
    commit: String,
    path: String,
    licence: String,
    #[serde(default)]
    subset: Option<String>,
}

fn main() -> ExitCode {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/external.toml");
    let text = std::fs::read_to_string(&list).expect("vectors/external.toml is part of the repository");
    let external: External = toml::from_str(&text).expect("vectors/external.toml has known fields only");
    assert!(!external.file.is_empty(), "vectors/external.toml lists no file");
    let folder = std::env::var_os("COUNTERFOIL_FIXTURES").map(PathBuf::from);
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let trials = external.file.into_iter().map(|file| trial(file, folder.clone(), in_ci)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(file: File, folder: Option<PathBuf>, in_ci: bool) -> Trial {
    if folder.is_none() && !in_ci {
        let name = format!("{} (ignored: COUNTERFOIL_FIXTURES names no directory)", file.name);
        return Trial::test(name, || Ok(())).with_ignored_flag(true);
    }
    Trial::test(file.name.clone(), move || {
        let folder = folder.ok_or("CI=true, but COUNTERFOIL_FIXTURES names no directory")?;
        check(&file, &folder)
    })
}

fn check(file: &File, folder: &Path) -> Result<(), Failed> {
    for (what, value) in [("repository", &file.repository), ("path", &file.path), ("licence", &file.licence)] {
        if value.is_empty() {
            return Err(format!("{what} is empty").into());
        }
    }
    if file.commit.len() < 7 || file.subset.as_ref().is_some_and(String::is_empty) {
        return Err("the commit is too short, or the subset is empty".into());
    }
    let bytes = std::fs::read(folder.join(&file.name)).map_err(|error| format!("{}: {error}", file.name))?;
    let found = sha256(&bytes);
    if found == file.sha256 { Ok(()) } else { Err(format!("sha256 {found}, pinned is {}", file.sha256).into()) }
}
