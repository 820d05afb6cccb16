//! Reads the files of `vectors/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::vector_runner::Sent;

/// One vector.
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) query: Value,
    pub(crate) sent: Sent,
    pub(crate) expect: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    comment: String,
    source: String,
    flags: Vec<String>,
    query: Value,
    proof: Option<Value>,
    proof_hex: Option<String>,
    proof_text: Option<String>,
    expect: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Every vector in the order of their names, and everything that is wrong with the files.
pub(crate) fn read_all() -> (Vec<Vector>, Vec<String>) {
    let (mut vectors, mut wrong) = (Vec::new(), Vec::new());
    let flags = flags();
    let mut unused = flags.clone();
    let mut folders: Vec<PathBuf> = list(&folder()).into_iter().filter(|path| path.is_dir()).collect();
    folders.retain(|path| !path.ends_with("reference") && !path.ends_with("episodes"));
    for path in folders.iter().flat_map(|path| list(path)) {
        match read(&path, &flags) {
            Ok((vector, used)) => {
                unused.retain(|flag| !used.contains(flag));
                vectors.push(vector);
            }
            Err(what) => wrong.push(format!("{}: {what}", path.display())),
        }
    }
    wrong.extend(unused.iter().map(|flag| format!("flags.json: no vector has {flag}")));
    (vectors, wrong)
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the repository can be listed");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path, known: &BTreeSet<String>) -> Result<(Vector, Vec<String>), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let file: File = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let sent = match (file.proof, file.proof_hex, file.proof_text) {
        (Some(object), None, None) => Sent::Object(object),
        (None, Some(digits), None) => Sent::Bytes(hex::decode(digits).map_err(|error| error.to_string())?),
        (None, None, Some(text)) => Sent::Bytes(text.into_bytes()),
        _ => return Err("expected exactly one of proof, proof_hex and proof_text".to_owned()),
    };
    let kind = file.id.split('/').next().unwrap_or_default().to_owned();
    if !path.ends_with(format!("{}.json", file.id)) {
        return Err(format!("its id is {:?}", file.id));
    }
    if file.source != "generated" || file.comment.is_empty() {
        return Err("unknown source or empty comment".to_owned());
    }
    if let Some(flag) = file.flags.iter().find(|flag| !known.contains(*flag)) {
        return Err(format!("unknown flag {flag:?}"));
    }
    let File { id, flags, query, expect, .. } = file;
    Ok((Vector { id, kind, query, sent, expect }, flags))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flag {
    description: String,
    bug_type: String,
    effect: String,
    links: Vec<String>,
}

/// The names in `flags.json`, each with all that a reader wants to know.
fn flags() -> BTreeSet<String> {
    let text = fs::read_to_string(folder().join("flags.json")).expect("flags.json is part of the repository");
    let flags: BTreeMap<String, Flag> = serde_json::from_str(&text).expect("flags.json has known fields only");
    for (name, flag) in &flags {
        let explained = [&flag.description, &flag.bug_type, &flag.effect].iter().all(|text| !text.is_empty());
        assert!(explained && flag.links.iter().all(|link| link.starts_with("https://")), "{name}");
    }
    flags.into_keys().collect()
}
