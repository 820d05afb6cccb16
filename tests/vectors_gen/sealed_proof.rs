use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use counterfoil::hash::{Digest, sha256};
use counterfoil::liability::inclusion_proof::StatementRef;
use counterfoil::liability::sealed_proof::{Index, MAGIC, Prefix, ProofCode, SealedProof, seal, write};
use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want, seeded};

const PROOF: &str = r#"{"account":"u000000000042"}"#;
const VALID: Want = Want::Valid;

/// A code with a name.
fn code(name: &str) -> ProofCode {
    ProofCode::from_bytes(*seeded(name).first_chunk().expect("32 bytes"))
}

fn own() -> ProofCode {
    code("proof code")
}

fn statement() -> Digest {
    Digest::from_bytes(seeded("statement"))
}

pub(super) fn add(vectors: &mut Vectors) {
    codes(vectors);
    indexes(vectors);
    opened(vectors);
    mixed_up(vectors);
    damaged(vectors);
    closed(vectors);
    contents(vectors);
}

fn refused(stage: Stage, code: &'static str) -> Want {
    Want::Refused(stage, code)
}

fn codes(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flag: &str, text: &str, want: Want| {
        let (query, sent) = (json!({"operation": "code"}), Sent::Object(json!({"text": text})));
        vectors.add(&format!("sealed-proof/code_{name}"), comment, &[flag], query, sent, want);
    };
    let text = own().to_text();
    case("as_shown", "six groups of five", "Seal", &text, VALID);
    case("small_letters", "either case", "MistypedCode", &text.to_lowercase(), VALID);
    case("without_hyphens", "grouped in any way", "MistypedCode", &text.replace('-', ""), VALID);
    case("with_spaces", "grouped in any way", "MistypedCode", &format!("  {}\r\n", text.replace('-', " ")), VALID);
    let ones = [0, 0, 0, 0, 0, 0x08, 0x42, 0x10, 0x84, 0x21, 0x08, 0x42, 0x10, 0x84, 0x21, 0];
    let lookalikes =
        ProofCode::from_bytes(ones).to_text().replace('0', "O").replacen('1', "l", 9).replacen('1', "i", 3);
    assert!(['O', 'l', 'i', '1'].iter().all(|character| lookalikes.contains(*character)), "{lookalikes}");
    case("lookalikes", "O is read as 0, and I and L as 1", "MistypedCode", &lookalikes, VALID);
    case("all_zero", "the smallest", "Boundary", &ProofCode::from_bytes([0; 16]).to_text(), VALID);
    case("all_ones", "the largest", "Boundary", &ProofCode::from_bytes([255; 16]).to_text(), VALID);
    let mistyped = refused(Stage::Parse, "CF-2031");
    let mut slip: Vec<char> = text.chars().collect();
    slip[0] = if slip[0] == '7' { '8' } else { '7' };
    let slip: String = slip.into_iter().collect();
    case("first_character", "another first character", "MistypedCode", &slip, mistyped);
    let last = text.chars().last().expect("not empty");
    let other = if last == 'Z' { 'Y' } else { 'Z' };
    case("last_character", "another check", "MistypedCode", &format!("{}{other}", &text[..34]), mistyped);
    let swapped = format!("{}{}", &text[6..], &format!("-{}", &text[..5]));
    case("groups_swapped", "the first group stands last", "MistypedCode", &swapped, mistyped);
    let shape = refused(Stage::Parse, "CF-2030");
    case("empty", "nothing", "MistypedCode", "", shape);
    case("too_short", "29 characters", "MistypedCode", &text[..34], shape);
    case("too_long", "31 characters", "MistypedCode", &format!("{}0", *text), shape);
    case("letter_u", "U is none of the characters", "MistypedCode", &format!("U{}", &text[1..]), shape);
    case("beyond_ascii", "a letter that looks like one", "Unicode", &format!("\u{410}{}", &text[1..]), shape);
}

fn reference() -> StatementRef {
    StatementRef { digest: statement(), sequence: 7, venue: "example-exchange".parse().expect("a venue") }
}

fn indexes(vectors: &mut Vectors) {
    let index = |bits: u8| {
        let file = counterfoil::json::canonical(&Index::new(reference(), bits)).expect("no numbers");
        String::from_utf8(file).expect("JSON is text")
    };
    let query =
        |statement: &StatementRef| json!({"code": *own().to_text(), "operation": "locate", "statement": statement});
    let mut case = |name: &str, comment: &str, flag: &str, query: Value, text: String, want: Want| {
        let id = format!("sealed-proof/index_{name}");
        vectors.add(&id, comment, &[flag], query, Sent::Bytes(text.into_bytes()), want);
    };
    for bits in [0, 1, 4, 5, 8, 19, 24] {
        let comment = "the first bits of the name choose the pack; its file has as many digits as they need";
        case(&format!("of_{bits}_bits"), comment, "Boundary", query(&reference()), index(bits), VALID);
    }
    let malformed = refused(Stage::Parse, "CF-2034");
    let mut wrong = |name: &str, comment: &str, flag: &str, old: &str, new: &str| {
        let text = index(4).replace(old, new);
        assert_ne!(text, index(4), "{name} changes nothing");
        case(name, comment, flag, query(&reference()), text, malformed);
    };
    wrong("of_25_bits", "there are at most 2^24 packs", "Boundary", r#""4""#, r#""25""#);
    wrong("other_version", "another format", "Damage", "-v1", "-v2");
    wrong("json_number", "an integer is a decimal string", "JsonNumber", r#""4""#, "4");
    wrong("unknown_field", "a field that nobody reads", "UnknownField", r#"{"format""#, r#"{"extra":"","format""#);
    wrong("not_json", "cut off", "NotJson", "}}", "}");
    let bind = refused(Stage::Bind, "CF-2002");
    let others = [
        ("other_statement", StatementRef { digest: Digest::from_bytes(seeded("another statement")), ..reference() }),
        ("other_sequence", StatementRef { sequence: 8, ..reference() }),
        ("other_venue", StatementRef { venue: "other-exchange".parse().expect("a venue"), ..reference() }),
    ];
    for (name, other) in others {
        let comment = "the packs are of another snapshot than the one asked about";
        case(name, comment, "OtherStatement", query(&other), index(4), bind);
    }
}

/// The proofs of these codes in a pack of `bits` bits; the first one says which.
fn pack(codes: &[ProofCode], bits: u8) -> Vec<u8> {
    let sealed = |code: &ProofCode| seal(code, &statement(), PROOF.as_bytes()).expect("short");
    packed(codes.iter().map(sealed).collect(), bits)
}

fn packed(proofs: Vec<SealedProof>, bits: u8) -> Vec<u8> {
    write(&statement(), Prefix::of(proofs[0].name(), bits), proofs).expect("small")
}

fn open(vectors: &mut Vectors, words: [&str; 3], file: Vec<u8>, want: Want) {
    let query = json!({"code": *own().to_text(), "operation": "open", "statement": statement()});
    let [name, comment, flag] = words;
    vectors.add(&format!("sealed-proof/{name}"), comment, &[flag], query, Sent::Bytes(file), want);
}

fn opened(vectors: &mut Vectors) {
    open(vectors, ["opened", "the only proof of the only pack", "Seal"], pack(&[own()], 0), VALID);
    let three = pack(&[own(), code("second"), code("third")], 0);
    open(vectors, ["opened_of_three", "names are in order, whatever the order of making", "Seal"], three, VALID);
    open(vectors, ["opened_of_24_bits", "the longest prefix", "Boundary"], pack(&[own()], 24), VALID);
    open(vectors, ["opened_of_5_bits", "a prefix that ends inside a digit", "Boundary"], pack(&[own()], 5), VALID);
    for (name, length) in [("1020", 1020), ("1021", 1021)] {
        let comment = "four bytes of length and 1,020 of content fill the smallest size";
        let proof = seal(&own(), &statement(), "x".repeat(length).as_bytes()).expect("short");
        open(vectors, [&format!("opened_content_of_{name}_bytes"), comment, "Padding"], packed(vec![proof], 0), VALID);
    }
    let empty = seal(&own(), &statement(), b"").expect("short");
    open(
        vectors,
        ["opened_empty", "an empty file is sealed like any other", "Boundary"],
        packed(vec![empty], 0),
        VALID,
    );
}

/// Another code whose name begins like the own one's, or does not.
fn other(bits: u8, same: bool) -> ProofCode {
    let own = Prefix::of(own().name(&statement()), bits);
    let codes = (0..1000).map(|number| code(&format!("other {number}")));
    let found = codes.into_iter().find(|code| (Prefix::of(code.name(&statement()), bits) == own) == same);
    found.expect("one of a thousand")
}

fn mixed_up(vectors: &mut Vectors) {
    let none = refused(Stage::Bind, "CF-2035");
    open(vectors, ["no_proof", "the pack has other names only", "NoProof"], pack(&[other(0, true)], 0), none);
    open(vectors, ["no_proof_in_its_pack", "the name would be here", "NoProof"], pack(&[other(3, true)], 3), none);
    let mut empty = pack(&[own()], 0)[..57].to_vec();
    empty[53..].fill(0);
    open(vectors, ["no_proof_at_all", "a pack of nothing", "NoProof"], ended(empty), none);
    let elsewhere = refused(Stage::Bind, "CF-2036");
    open(vectors, ["other_pack", "the first three bits differ", "OtherPack"], pack(&[other(3, false)], 3), elsewhere);
    let mut file = pack(&[own()], 0);
    file[16..48].copy_from_slice(&seeded("another statement"));
    let bind = refused(Stage::Bind, "CF-2002");
    open(vectors, ["other_statement", "a pack of another snapshot", "OtherStatement"], resealed(file), bind);
}

/// Content with zeros and checksum behind it.
fn ended(mut content: Vec<u8>) -> Vec<u8> {
    let whole = content.len() + 32;
    let step = 1 << (whole.ilog2() - 3);
    content.resize(whole.next_multiple_of(step), 0);
    resealed(content)
}

/// The checksum that fits what stands before it.
fn resealed(mut file: Vec<u8>) -> Vec<u8> {
    let covered = file.len() - 32;
    let sum = sha256(&file[..covered]);
    file[covered..].copy_from_slice(sum.as_bytes());
    file
}

/// A pack of three with one change, and the checksum that fits.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut file = pack(&[own(), code("second"), code("third")], 0);
    change(&mut file);
    resealed(file)
}

fn damaged(vectors: &mut Vectors) {
    let parse = refused(Stage::Parse, "CF-2032");
    let mut case = |name: &str, comment: &str, flag: &str, file: Vec<u8>| {
        open(vectors, [name, comment, flag], file, parse);
    };
    let whole = pack(&[own(), code("second"), code("third")], 0);
    case("empty_file", "nothing", "Damage", Vec::new());
    case("other_kind", "the store of a build", "Damage", changed(|file| file[13] = b't'));
    for (name, length) in [("magic", 16), ("header", 56), ("index", 100), ("entries", 2000), ("checksum", 3327)] {
        case(&format!("cut_in_{name}"), "the end is missing", "Damage", whole[..length].to_vec());
    }
    case("byte_behind", "a byte too many", "Damage", [whole.as_slice(), &[0]].concat());
    let mut flipped = whole.clone();
    flipped[1000] ^= 1;
    case("byte_changed", "damaged on its way: the checksum does not fit", "Damage", flipped);
    case("prefix_of_25_bits", "there are at most 2^24 packs", "Boundary", changed(|file| file[48] = 25));
    case("prefix_too_large", "2 has no place in one bit", "Boundary", changed(|file| (file[48], file[52]) = (1, 2)));
    case("count_too_large", "more entries than bytes", "Boundary", changed(|file| file[53] = 255));
    case("count_too_small", "the third entry is nobody's", "Damage", changed(|file| file[56] = 2));
    let swap = |file: &mut Vec<u8>| {
        let (left, right) = file[57..].split_at_mut(36);
        left.swap_with_slice(&mut right[..36]);
    };
    case("names_out_of_order", "one set of proofs has one form", "Order", changed(swap));
    case("name_twice", "two entries for one code", "Order", changed(|file| file.copy_within(57..89, 93)));
    let foreign = |file: &mut Vec<u8>| {
        let own = Prefix::of(own().name(&statement()), 1);
        (file[48], file[52]) = (1, 1 - u8::try_from(own.value()).expect("one bit"));
    };
    let mut alone = pack(&[own()], 0);
    foreign(&mut alone);
    case("name_of_another_pack", "a name must begin with the prefix", "OtherPack", resealed(alone));
    case("length_of_no_padding", "no padded proof has this length", "Padding", changed(|file| file[92] = 17));
    case("length_below_the_least", "512 and 16 bytes", "Padding", changed(|file| (file[91], file[92]) = (2, 16)));
    case("something_behind", "zeros fill the file", "Padding", changed(|file| file[3290] = 1));
    let version = refused(Stage::Parse, "CF-2033");
    open(vectors, ["other_version", "version 2", "Damage"], changed(|file| file[15] = 2), version);
}

fn closed(vectors: &mut Vectors) {
    let closed = refused(Stage::Signature, "CF-2037");
    let mut case = |name: &str, comment: &str, file: Vec<u8>| open(vectors, [name, comment, "WrongSeal"], file, closed);
    let entry = 57 + 36;
    let alone = |at: usize| {
        let mut file = pack(&[own()], 0);
        file[at] ^= 0x80;
        resealed(file)
    };
    case("first_byte", "another ciphertext", alone(entry));
    case("last_byte", "another authentication tag", alone(entry + 1039));
    let mut lent = pack(&[own()], 0);
    let others = pack(&[code("second")], 0);
    lent[entry..entry + 1040].copy_from_slice(&others[entry..entry + 1040]);
    case("entry_of_another_code", "bytes that open under another code", resealed(lent));
    let name = own().name(&statement());
    let text = padded(PROOF.len(), PROOF.as_bytes(), 1024);
    case("sealed_without_statement", "the statement is authenticated", raw(&text, &[MAGIC, name.as_bytes()]));
    case("sealed_without_name", "the name is authenticated", raw(&text, &[MAGIC, statement().as_bytes()]));
    case("sealed_without_version", "so is the version", raw(&text, &[statement().as_bytes(), name.as_bytes()]));
}

/// Length, content and zeros, right or wrong.
fn padded(length: usize, content: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = u32::try_from(length).expect("small").to_be_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(size, 0);
    bytes
}

/// A pack of one entry with this content and associated data, as they are.
fn raw(text: &[u8], associated: &[&[u8]]) -> Vec<u8> {
    let cipher = ChaCha20Poly1305::new((&*own().key(&statement())).into());
    let payload = Payload { msg: text, aad: &associated.concat() };
    let sealed = cipher.encrypt(&Nonce::from([0; 12]), payload).expect("short");
    let mut content = pack(&[own()], 0)[..57 + 32].to_vec();
    content.extend(u32::try_from(sealed.len()).expect("small").to_be_bytes());
    content.extend(sealed);
    ended(content)
}

fn contents(vectors: &mut Vectors) {
    let form = refused(Stage::Parse, "CF-2038");
    let (statement, name) = (statement(), own().name(&statement()));
    let whole: [&[u8]; 3] = [MAGIC, statement.as_bytes(), name.as_bytes()];
    let mut case = |name: &str, comment: &str, text: Vec<u8>, want: Want| {
        open(vectors, [name, comment, "Padding"], raw(&text, &whole), want);
    };
    let bytes = PROOF.as_bytes();
    case("content_as_sealed", "what the other cases change", padded(bytes.len(), bytes, 1024), VALID);
    case("content_too_long", "the length is beyond the content", padded(1021, bytes, 1024), form);
    case("content_largest_length", "the length is 2^32 - 1", padded(0xffff_ffff, bytes, 1024), form);
    case(
        "content_in_2048_bytes",
        "a longer padding than the smallest that fits",
        padded(bytes.len(), bytes, 2048),
        form,
    );
    let mut behind = padded(bytes.len(), bytes, 1024);
    behind[1023] = 1;
    case("content_behind_the_zeros", "what is not zero is no padding", behind, form);
}
