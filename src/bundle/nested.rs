//! Bundles within a bundle: where they lie, and what their own manifests keep back.

use std::collections::BTreeSet;

use super::manifest::{check_path, parsed};
use super::{BundleError, FileSource, MANIFEST, paths};

/// The folders of the bundles of others that lie directly in a bundle with these files, each with a `/` at its end.
#[must_use]
pub fn prefixes<'p>(files: impl Iterator<Item = &'p str>) -> BTreeSet<String> {
    files.filter_map(prefix).map(str::to_owned).collect()
}

/// `custodians/ID/` of `custodians/ID/manifest.json`.
fn prefix(path: &str) -> Option<&str> {
    let folder = path.strip_suffix(MANIFEST)?;
    let id = paths::OTHERS.iter().find_map(|others| folder.strip_prefix(others))?.strip_suffix('/')?;
    (!id.is_empty() && !id.contains('/')).then_some(folder)
}

/// The files of the bundle below `prefix` that its own manifest keeps back, as they are named from outside. Who sealed
/// it is not asked: whoever marks a file keeps it from the public, and nothing else.
///
/// # Errors
/// [`BundleError`] when that manifest cannot be read.
pub fn kept_back(files: &dyn FileSource, prefix: &str) -> Result<BTreeSet<String>, BundleError> {
    let path = format!("{prefix}{MANIFEST}");
    let Some(file) = files.read(&path)? else { return Ok(BTreeSet::new()) };
    let (_, manifest) = parsed(&file).map_err(|error| BundleError::Manifest(format!("{path}: {error}")))?;
    let entries = manifest.files.iter().filter(|entry| entry.part.is_some());
    Ok(entries.map(|entry| format!("{prefix}{}", entry.path)).collect())
}

/// The first file that has no place in another bundle's folder `prefix`: its path would be too long there, or it lies
/// in a bundle within a bundle of the bundle.
#[must_use]
pub fn misplaced<'p>(prefix: &str, files: impl Iterator<Item = &'p str>) -> Option<&'p str> {
    let inner = |path: &str| {
        let below = paths::OTHERS.iter().find_map(|others| path.strip_prefix(others));
        below.and_then(|below| below.split_once('/')).map(|(_, rest)| rest.to_owned())
    };
    let is_deep = |path: &str| inner(path).is_some_and(|rest| inner(&rest).is_some());
    files.into_iter().find(|path| is_deep(path) || check_path(&format!("{prefix}{path}")).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_of_others_lie_in_two_folders() {
        let files = [
            "custodians/a/manifest.json",
            "custodians/a/issuers/b/manifest.json",
            "issuers/c/manifest.json",
            "custodians/a.proof.json",
            "elsewhere/d/manifest.json",
            "custodians/manifest.json",
            "manifest.json",
        ];
        let found: Vec<String> = prefixes(files.into_iter()).into_iter().collect();
        assert_eq!(found, ["custodians/a/", "issuers/c/"]);
    }

    #[test]
    fn what_lies_too_deep_or_is_named_too_long_has_no_place() {
        let place = |path: &str| misplaced("custodians/a/", [path].into_iter()).is_none();
        assert!(place("manifest.json") && place("issuers/b/manifest.json") && place("issuers/b/issuers.txt"));
        assert!(!place("issuers/b/custodians/c/manifest.json"));
        assert!(place(&"x".repeat(242)) && !place(&"x".repeat(243)));
    }
}
