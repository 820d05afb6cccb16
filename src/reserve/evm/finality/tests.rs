use super::*;
use crate::bundle::MemoryFiles;
use crate::code::Coded;

#[cfg(feature = "finality")]
mod beacons;
#[cfg(feature = "finality")]
pub(crate) mod states;
mod validators;
#[cfg(feature = "finality")]
mod walks;

fn mainnet() -> ChainId {
    "eip155:1".parse().expect("a chain")
}

fn bundle(names: &[&str]) -> MemoryFiles {
    names.iter().map(|name| (format!("chains/eip155_1/finality/{name}"), name.as_bytes().to_vec())).collect()
}

#[test]
fn a_build_without_the_check_says_so() {
    let evidence = Evidence { bootstrap: b"{}".to_vec(), ..Evidence::default() };
    let error = verify::follow(&mainnet(), &Digest::from_bytes([1; 32]), &evidence, None).expect_err("not judged");
    assert_eq!((&error, error.code().name), (&FinalityError::NotBuilt, "FINALITY_NOT_BUILT"));
    let built = anchors(&mainnet(), &Digest::from_bytes([1; 32]), &evidence).expect_err("no bootstrap");
    assert_eq!(matches!(built, FinalityError::NotBuilt), cfg!(not(feature = "finality")));
}

#[test]
fn evidence_without_a_root_is_not_judged() {
    assert_eq!(anchors_in(&mainnet(), None, &[], &MemoryFiles::new()), Ok(vec![]));
    let root = Digest::from_bytes([1; 32]);
    assert_eq!(anchors_in(&mainnet(), Some(&root), &[], &MemoryFiles::new()), Ok(vec![]));
    let error = anchors_in(&mainnet(), None, &[], &bundle(&["bootstrap.json"])).expect_err("no root");
    assert_eq!(error.code().name, "FINALITY_UNPINNED");
}

#[test]
fn the_folder_has_known_files_only() {
    let read = |names: &[&str]| Evidence::read(&mainnet(), &bundle(names));
    let names = ["finality.json", "update-0002.json", "bootstrap.json", "update-0001.json"];
    let evidence = read(&names).expect("readable").expect("there");
    assert_eq!(evidence.updates, [b"update-0001.json".to_vec(), b"update-0002.json".to_vec()]);
    for names in
        [&["finality.json"][..], &["bootstrap.json", "update-1.json"], &["bootstrap.json", "x/update-0001.json"]]
    {
        assert_eq!(read(names).map_err(|error| error.code().name), Err("FINALITY_MALFORMED"), "{names:?}");
    }
    let many: Vec<String> = (0..=UPDATES_MAX).map(|at| format!("update-{at:04}.json")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["bootstrap.json"]).collect();
    assert_eq!(read(&many).map_err(|error| error.code().name), Err("FINALITY_MALFORMED"));
}

#[test]
fn files_are_limited_and_strict() {
    let long = vec![b' '; FILE_BYTES_MAX + 1];
    for bytes in [&long[..], b"", b"{\"version\":\"capella\",\"data\":{},\"more\":\"\"}", b"{\"version\":1}"] {
        let read = files::read::<files::Finality>("f", bytes).map(|_| ());
        assert_eq!(read.map_err(|error| error.code().name), Err("FINALITY_MALFORMED"));
    }
}
