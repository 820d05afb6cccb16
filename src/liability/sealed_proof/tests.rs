use super::*;
use crate::hash::sha256;
use crate::liability::inclusion_proof::{FILE_SIZE_MAX, StatementRef};

fn code(number: u64) -> ProofCode {
    let digest = sha256(&number.to_be_bytes()).to_bytes();
    ProofCode::from_bytes(*digest.first_chunk().expect("32 bytes"))
}

fn statement() -> Digest {
    sha256(b"statement")
}

/// A pack of these numbers' proofs, all in one.
fn packed(numbers: std::ops::Range<u64>) -> Vec<u8> {
    let proof = |number: u64| seal(&code(number), &statement(), format!("proof {number}").as_bytes()).expect("short");
    let proofs: Vec<SealedProof> = numbers.map(proof).collect();
    let prefix = Prefix::of(proofs[0].name(), 0);
    write(&statement(), prefix, proofs).expect("small")
}

/// The same bytes with the checksum that fits them.
fn resealed(file: &[u8]) -> Vec<u8> {
    let covered = &file[..file.len() - 32];
    [covered, sha256(covered).as_bytes()].concat()
}

#[test]
fn a_code_is_read_in_every_way_it_is_typed() {
    let code = code(1);
    let text = code.to_text();
    assert_eq!(text.len(), 35);
    assert!(text.split('-').all(|group| group.len() == 5), "{}", *text);
    let lookalikes = text.replace('0', "o").replace('1', "l");
    for typed in [&*text, &text.to_lowercase(), &text.replace('-', ""), &text.replace('-', " "), &lookalikes] {
        assert_eq!(ProofCode::parse(typed.as_bytes()).expect(typed).expose(), code.expose());
        assert_eq!(ProofCode::parse(format!(" {typed}\r\n").as_bytes()).expect(typed).expose(), code.expose());
    }
    assert_eq!(format!("{code:?}"), "ProofCode");
    let all_ones = ProofCode::from_bytes([255; CODE_BYTES]);
    assert_eq!(ProofCode::parse(all_ones.to_text().as_bytes()).expect("its text").expose(), &[255; CODE_BYTES]);
    assert!(all_ones.to_text().starts_with("ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-"));
}

#[test]
fn slips_are_told_as_slips() {
    for number in 0..8 {
        let text = code(number).to_text();
        let characters: Vec<u8> = text.bytes().filter(|&character| character != b'-').collect();
        for at in 0..characters.len() {
            for other in *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
                let mut typed = characters.clone();
                typed[at] = other;
                let slip = typed != characters;
                let read = ProofCode::parse(&typed).map(|_| ());
                assert_eq!(read, if slip { Err(SealedError::CodeMistyped) } else { Ok(()) }, "{at}");
            }
            let mut typed = characters.clone();
            typed.swap(at, (at + 1) % 30);
            assert!(typed == characters || ProofCode::parse(&typed).is_err(), "{at}");
        }
    }
    let shape = |text: &str| ProofCode::parse(text.as_bytes()).expect_err(text).to_string();
    assert_eq!(shape(""), "0 characters beside hyphens, expected 30");
    assert_eq!(shape(&code(1).to_text()[..34]), "29 characters beside hyphens, expected 30");
    assert_eq!(shape("ABCDE-U"), "character 7 is none of a proof code");
    assert_eq!(shape("é"), "character 1 is none of a proof code");
}

#[test]
fn names_and_keys_differ_by_code_and_statement() {
    let other = sha256(b"another statement");
    let names = [code(1).name(&statement()), code(1).name(&other), code(2).name(&statement())];
    let keys = [code(1).key(&statement()), code(1).key(&other), code(2).key(&statement())];
    for (left, right) in [(0, 1), (0, 2), (1, 2)] {
        assert_ne!(names[left], names[right]);
        assert_ne!(keys[left], keys[right]);
    }
}

#[test]
fn every_proof_of_a_pack_opens_under_its_code_alone() {
    let file = packed(0..20);
    let pack = Pack::parse(&file).expect("its own file");
    assert_eq!((pack.entries().len(), pack.statement()), (20, &statement()));
    for number in 0..20 {
        assert_eq!(open(&code(number), &statement(), &pack), Ok(format!("proof {number}").into_bytes()));
    }
    let name = code(20).name(&statement());
    let error = open(&code(20), &statement(), &pack).expect_err("no such proof");
    assert_eq!(error.to_string(), format!("none of the 20 proofs in packs/0.pack has the name {name}"));
    let other = sha256(b"another statement");
    let error = open(&code(1), &other, &pack).expect_err("another statement");
    assert_eq!(error, SealedError::OtherStatement { got: statement(), expected: other });
}

#[test]
fn one_code_opens_no_entry_of_another() {
    // the bytes of one entry under the name of the other one
    let (mut first, second) = (seal(&code(1), &statement(), b"1"), seal(&code(2), &statement(), b"2"));
    first.as_mut().expect("short").bytes = second.expect("short").bytes;
    let name = code(1).name(&statement());
    let file = write(&statement(), Prefix::of(name, 0), vec![first.expect("short")]).expect("small");
    let pack = Pack::parse(&file).expect("well-formed");
    assert_eq!(open(&code(1), &statement(), &pack), Err(SealedError::Closed { name }));
}

#[test]
fn lengths_come_in_powers_of_two() {
    for (content, sealed) in [(0, 1024), (1020, 1024), (1021, 2048), (2044, 2048), (2045, 4096), (100_000, 131_072)] {
        let proof = vec![b'x'; content];
        let sealed_proof = seal(&code(1), &statement(), &proof).expect("short");
        assert_eq!(sealed_proof.bytes.len(), sealed + TAG_BYTES, "{content}");
        assert!(is_sealed_length(sealed + TAG_BYTES) && !is_sealed_length(sealed + TAG_BYTES - 1));
        let file = write(&statement(), Prefix::of(sealed_proof.name(), 0), vec![sealed_proof]).expect("small");
        assert_eq!(open(&code(1), &statement(), &Pack::parse(&file).expect("its own")), Ok(proof));
    }
    assert_eq!(PADDED_MAX as u64, FILE_SIZE_MAX);
    assert_eq!(pad(&vec![0; PADDED_MAX - LENGTH_BYTES]).map(|padded| padded.len()), Ok(PADDED_MAX));
    let error = seal(&code(1), &statement(), &vec![0; PADDED_MAX - LENGTH_BYTES + 1]).expect_err("too long");
    assert_eq!(error.to_string(), "a proof has 16777213 bytes, at most 16777212 are accepted");
}

#[test]
fn padding_has_one_form() {
    let padded = pad(b"proof").expect("short");
    assert_eq!(unpad(padded.clone()), Ok(b"proof".to_vec()));
    let changed = |at: usize, to: u8| {
        let mut padded = padded.clone();
        padded[at] = to;
        unpad(padded).expect_err("another form").to_string()
    };
    assert_eq!(changed(1023, 1), "there is something behind the proof");
    assert_eq!(changed(3, 4), "there is something behind the proof");
    assert_eq!(changed(2, 4), "1024 bytes for a proof of 1029");
    assert_eq!(changed(0, 255), "1024 bytes for a proof of 4278190085");
    let longer = [padded.clone(), vec![0; 1024]].concat();
    assert_eq!(unpad(longer).expect_err("a longer form").to_string(), "2048 bytes for a proof of 5");
    assert!(unpad(Vec::new()).is_err());
}

#[test]
fn packs_hold_at_least_128_proofs_on_average() {
    for (proofs, bits) in [(0, 0), (1, 0), (255, 0), (256, 1), (511, 1), (512, 2), (100_000_000, 19), (u64::MAX, 24)] {
        assert_eq!(Prefix::bits_for(proofs), bits, "{proofs}");
        assert!(bits == 0 || bits == BITS_MAX || (128..256).contains(&(proofs >> bits)));
    }
    let name = Name::from_bytes([0xab; 32]);
    let file = |bits: u8| Prefix::of(name, bits).to_string();
    assert_eq!([file(0), file(1), file(4), file(5)].join(" "), "packs/0.pack packs/1.pack packs/a.pack packs/15.pack");
    assert_eq!(file(24), "packs/ababab.pack");
    assert_eq!(Prefix::of(name, 25), Prefix::of(name, 24));
    assert!(Prefix::all(3).map(|prefix| prefix.value()).eq(0..8));
    assert!(Prefix::all(0).eq([Prefix::of(name, 0)]));
    assert!(Prefix::of(name, 2).longer(4).map(|prefix| prefix.to_string()).eq(["8", "9", "a", "b"].map(in_folder)));
    assert!(Prefix::of(name, 4).longer(2).eq([Prefix::of(name, 4)]));
}

fn in_folder(name: &str) -> String {
    format!("packs/{name}.pack")
}

#[test]
fn a_name_of_another_pack_is_told() {
    let proof = seal(&code(1), &statement(), b"1").expect("short");
    let expected = Prefix::of(proof.name(), 3);
    let file = write(&statement(), expected, vec![proof]).expect("small");
    let pack = Pack::parse(&file).expect("its own file");
    let other = (2..).map(code).find(|code| Prefix::of(code.name(&statement()), 3) != expected).expect("one of many");
    let error = open(&other, &statement(), &pack).expect_err("another pack").to_string();
    let place = Prefix::of(other.name(&statement()), 3);
    assert_eq!(error, format!("this is {expected}, of 8 packs; the proof is in {place}"));
}

#[test]
fn packs_have_few_sizes() {
    for content in [89, 100, 1_000, 65_535, 65_536, 65_537, 1_000_000] {
        let length = file_length_of(content);
        assert!(length >= content && length - content <= content / 8, "{content}: {length}");
    }
    let lengths: std::collections::BTreeSet<usize> = (1_000_000..1_200_000).map(file_length_of).collect();
    assert_eq!(lengths.len(), 3, "{lengths:?}");
}

fn file_length_of(content: usize) -> usize {
    pack::file_length(content).expect("small")
}

#[test]
fn every_changed_byte_and_every_length_is_refused() {
    for count in [1, 3] {
        let file = packed(0..count);
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(Pack::parse(&changed).is_err(), "byte {at}");
            assert!(Pack::parse(&file[..at]).is_err(), "cut at {at}");
            // with a checksum that fits: what is read behind it, too, and nobody's proof becomes another one
            let opened = Pack::parse(&resealed(&changed)).and_then(|pack| open(&code(0), &statement(), &pack));
            assert!(opened.is_err() || opened == Ok(b"proof 0".to_vec()), "byte {at}: {opened:?}");
            // one proof alone fits into a pack of more bits, too
            assert!(count > 1 || opened.is_err() || at == 48 || at >= file.len() - 32, "byte {at}");
        }
        for tail in [[0; 1].as_slice(), &[0; 64], &file] {
            assert!(Pack::parse(&[&file, tail].concat()).is_err());
        }
    }
}

#[test]
fn packs_of_another_form_are_refused_by_name() {
    let file = packed(0..3);
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = file.clone();
        change(&mut changed);
        Pack::parse(&resealed(&changed)).expect_err("changed").to_string()
    };
    assert_eq!(refused(&|file| file[0] = b'C'), "this is not a pack of sealed proofs");
    assert_eq!(refused(&|file| file[15] = 2), "format version 2, this program reads version 1");
    assert_eq!(refused(&|file| file[48] = 25), "prefix 0 of 25 bits, at most 24 are known");
    assert_eq!(refused(&|file| file[52] = 1), "prefix 1 of 0 bits, at most 24 are known");
    assert_eq!(refused(&|file| file[53] = 255), "it ends too early");
    assert_eq!(refused(&|file| file[57..89].fill(255)), "entry 1 is out of order");
    let twice = |file: &mut Vec<u8>| file.copy_within(57..89, 93);
    assert_eq!(refused(&twice), "entry 1 is out of order");
    assert_eq!(refused(&|file| file[92] = 17), "entry 0 has 1041 bytes, which no sealed proof has");
    assert_eq!(refused(&|file| file[91] = 8), "it ends too early");
    assert_eq!(refused(&|file| file.insert(3288, 0)), "it has 3329 bytes, expected 3328");
    assert_eq!(refused(&|file| file[3290] = 1), "there is something behind its last entry");
}

#[test]
fn an_index_says_where_a_proof_is() {
    let reference = StatementRef { digest: statement(), sequence: 7, venue: "example".parse().expect("a venue") };
    let file = crate::json::canonical(&Index::new(reference.clone(), 10)).expect("no numbers");
    let index = Index::parse(&file).expect("its own file");
    assert_eq!(index.locate(&code(1), &reference), Ok(Prefix::of(code(1).name(&statement()), 10)));
    let other = StatementRef { digest: sha256(b"another statement"), ..reference };
    let error = index.locate(&code(1), &other).expect_err("another statement");
    assert!(error.to_string().ends_with("two statements for one number; if both are signed, keep both as evidence"));
    assert_eq!(error.code(), &codes::PROOF_OTHER_STATEMENT);
    let text = String::from_utf8(file).expect("JSON is text");
    for (old, new) in [("\"10\"", "\"25\""), ("\"10\"", "10"), ("-v1", "-v2"), ("\"prefix_bits\"", "\"bits\"")] {
        let error = Index::parse(text.replace(old, new).as_bytes()).expect_err(new);
        assert_eq!(error.code(), &codes::SEALED_INDEX, "{error}");
    }
}
