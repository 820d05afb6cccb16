use counterfoil::hash::Digest;
use counterfoil::publish::log::{Checkpoint, KeyKind, LogProof, Note, NoteSigner, tree};
use counterfoil::publish::witness::Request;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::snapshot::Time;
use serde_json::json;

use super::{SIZES, Sent, Stage, Vectors, Want, seeded};

const ORIGIN: &str = "log.example/example-exchange";

fn signer(name: &str, kind: KeyKind, seed: &str) -> NoteSigner {
    NoteSigner::new(name, kind, &Secret::new(SecretKind::Log, &mut seeded(seed))).expect("a name")
}

fn log() -> NoteSigner {
    signer(ORIGIN, KeyKind::Log, "log")
}

fn witness(number: u64) -> NoteSigner {
    signer(&format!("witness.example/w{number}"), KeyKind::Witness, &format!("witness {number}"))
}

fn entry(index: u64) -> String {
    format!("entry {index}")
}

fn leaves(size: u64) -> Vec<Digest> {
    (0..size).map(|index| tree::leaf_hash(entry(index).as_bytes())).collect()
}

fn time(number: u64) -> Time {
    Time::from_unix(1_767_225_600 + i64::try_from(number).expect("small"))
}

/// A checkpoint signed by the log and by these witnesses.
fn note(origin: &str, leaves: &[Digest], by: &NoteSigner, witnesses: &[u64]) -> Note {
    let size = leaves.len() as u64;
    let mut note = Checkpoint { origin: origin.to_owned(), size, root: tree::root(leaves) }.to_note();
    note.add(by.sign(note.text(), time(0)).expect("signs"));
    for number in witnesses {
        let line = witness(*number).sign(note.text(), time(*number)).expect("signs");
        note.add(line);
    }
    note
}

fn proof(index: u64, size: u64) -> LogProof {
    let leaves = leaves(size);
    let path = tree::inclusion_proof(&leaves, index).expect("a leaf");
    LogProof { extra: None, index, path, checkpoint: note(ORIGIN, &leaves, &log(), &[0, 1]) }
}

fn case(vectors: &mut Vectors, name: &str, comment: &str, flag: &str, index: u64, sent: &str, want: Want) {
    let witnesses: Vec<String> = (0..3).map(|number| witness(number).key().to_string()).collect();
    let query = json!({
        "entry": entry(index), "log": log().key().to_string(), "origin": ORIGIN, "quorum": "2",
        "sequence": index.to_string(), "witnesses": witnesses,
    });
    vectors.add(&format!("log/{name}"), comment, &[flag], query, Sent::Bytes(sent.as_bytes().to_vec()), want);
}

pub(super) fn add(vectors: &mut Vectors) {
    for (name, size) in SIZES {
        let mut places = vec![("first", 0)];
        if size > 2 {
            places.push(("middle", size / 2));
        }
        if size > 1 {
            places.push(("last", size - 1));
        }
        for (place, index) in places {
            let id = format!("{place}_of_{name}");
            let comment = format!("entry {index} of {size}");
            case(vectors, &id, &comment, "Boundary", index, &proof(index, size).to_string(), Want::Valid);
        }
    }
    let extra = LogProof { extra: Some(b"anything".to_vec()), ..proof(1, 5) };
    case(vectors, "extra_line", "an extra line means nothing", "Inclusion", 1, &extra.to_string(), Want::Valid);
    let mut third = proof(1, 5);
    third.checkpoint = note(ORIGIN, &leaves(5), &log(), &[0, 1, 2]);
    case(vectors, "three_of_three", "more witnesses than the quorum", "Threshold", 1, &third.to_string(), Want::Valid);
    third.checkpoint.add(signer("witness.example/w9", KeyKind::Witness, "w9").sign("x\n", time(0)).expect("signs"));
    let comment = "a signature of somebody whom nobody pins, over something else";
    case(vectors, "unknown_signature", comment, "KeyNotPinned", 1, &third.to_string(), Want::Valid);
    signatures(vectors);
    paths(vectors);
    forms(vectors);
    requests(vectors);
}

fn signatures(vectors: &mut Vectors) {
    let failed = Want::Refused(Stage::Signature, "CF-3103");
    let with = |note: Note| LogProof { checkpoint: note, ..proof(1, 5) }.to_string();
    let mut refuse = |name: &str, comment: &str, flag: &str, note: Note, want: Want| {
        case(vectors, name, comment, flag, 1, &with(note), want);
    };
    let five = leaves(5);
    let other = signer(ORIGIN, KeyKind::Log, "another log");
    let want = Want::Refused(Stage::Signature, "CF-3102");
    refuse("other_key", "the log's name with another key", "KeyNotPinned", note(ORIGIN, &five, &other, &[0, 1]), want);
    let elsewhere = signer("log.example/another", KeyKind::Log, "log");
    let want = Want::Refused(Stage::Bind, "CF-3105");
    let foreign = note("log.example/another", &five, &elsewhere, &[0, 1]);
    refuse("other_origin", "another log with the same key", "OtherVenue", foreign, want);
    let want = Want::Refused(Stage::Policy, "CF-3110");
    refuse("one_witness", "fewer witnesses than the quorum", "Threshold", note(ORIGIN, &five, &log(), &[0]), want);
    let mut plain = note(ORIGIN, &five, &log(), &[0]);
    let as_log = signer("witness.example/w1", KeyKind::Log, "witness 1");
    plain.add(as_log.sign(plain.text(), time(0)).expect("signs"));
    let comment = "the witness's key as that of a log: no time is signed";
    refuse("witness_signs_as_log", comment, "WrongTag", plain, want);
    let wrong = |by: NoteSigner, text: &str| {
        let mut wrong = note(ORIGIN, &five, &log(), &[0, 1]);
        wrong.add(by.sign(text, time(1)).expect("signs"));
        wrong
    };
    let six = note(ORIGIN, &leaves(6), &log(), &[]);
    refuse("log_signed_another", "the log has signed another size", "WrongSignature", wrong(log(), six.text()), failed);
    let comment = "a witness has signed another size";
    refuse("witness_signed_another", comment, "WrongSignature", wrong(witness(1), six.text()), failed);
    let comment = "a third witness, of whom the quorum has no need, has signed another size";
    refuse("surplus_witness_signed_another", comment, "WrongSignature", wrong(witness(2), six.text()), failed);
    let good = with(note(ORIGIN, &five, &log(), &[0, 1]));
    let root = |count: u64| counterfoil::publish::log::checkpoint::hash_text(&tree::root(&leaves(count)));
    let other_root = good.replace(&root(5), &root(4));
    case(vectors, "other_root", "another root than was signed", "WrongRoot", 1, &other_root, failed);
    let other_size = good.replace("\n5\n", "\n6\n");
    case(vectors, "other_size", "another number of entries than was signed", "WrongLeafCount", 1, &other_size, failed);
}

fn paths(vectors: &mut Vectors) {
    let not_in_log = Want::Refused(Stage::Fold, "CF-3109");
    let length = Want::Refused(Stage::Fold, "CF-3108");
    let good = proof(1, 5);
    case(
        vectors,
        "other_entry",
        "the path of another entry",
        "OtherStatement",
        2,
        &{
            let LogProof { path, .. } = proof(1, 5);
            LogProof { path, ..proof(2, 5) }.to_string()
        },
        not_in_log,
    );
    let bind = Want::Refused(Stage::Bind, "CF-3107");
    case(vectors, "other_index", "the proof of another statement", "OtherStatement", 2, &good.to_string(), bind);
    let mut swapped = good.clone();
    swapped.path.swap(0, 1);
    case(vectors, "path_swapped", "hashes in another order", "Order", 1, &swapped.to_string(), not_in_log);
    let mut longer = good.clone();
    longer.path.push(tree::leaf_hash(b"x"));
    case(vectors, "path_with_one_more", "a hash too many", "SurplusHash", 1, &longer.to_string(), length);
    let mut shorter = good.clone();
    shorter.path.pop();
    case(vectors, "path_without_its_end", "a hash is missing", "MissingHash", 1, &shorter.to_string(), length);
    let lonely = LogProof { path: vec![tree::leaf_hash(entry(4).as_bytes()); 3], ..proof(4, 5) };
    case(vectors, "lonely_leaf_paired", "the last leaf with itself", "OddNode", 4, &lonely.to_string(), length);
    let beyond = LogProof { index: 5, ..good };
    let want = Want::Refused(Stage::Parse, "CF-3106");
    case(vectors, "index_is_the_size", "an entry that is not there yet", "IndexRange", 5, &beyond.to_string(), want);
}

fn forms(vectors: &mut Vectors) {
    let good = proof(1, 5).to_string();
    let parse = Want::Refused(Stage::Parse, "CF-3106");
    let note = Want::Refused(Stage::Parse, "CF-3100");
    let body = Want::Refused(Stage::Parse, "CF-3104");
    let mut refuse = |name: &str, comment: &str, flag: &str, sent: String, want: Want| {
        case(vectors, name, comment, flag, 1, &sent, want);
    };
    refuse("empty_file", "nothing", "Damage", String::new(), parse);
    refuse("other_version", "another version", "Damage", good.replacen("@v1", "@v2", 1), parse);
    refuse(
        "index_with_leading_zero",
        "two texts for one index",
        "NumberForm",
        good.replacen("index 1", "index 01", 1),
        parse,
    );
    refuse("index_missing", "no index", "MissingField", good.replacen("index 1\n", "", 1), parse);
    refuse("extra_not_base64", "an extra line", "Damage", good.replacen("index", "extra !\nindex", 1), parse);
    refuse("path_not_base64", "a line of the path", "Damage", good.replacen("=\n", "!\n", 1), parse);
    refuse("path_of_31_bytes", "a short hash", "Damage", good.replacen("=\n", "\n", 1), parse);
    refuse(
        "note_without_signature",
        "no line of a signature",
        "Damage",
        good.split("\n\u{2014}").next().unwrap_or_default().to_owned() + "\n",
        note,
    );
    refuse("cut_off", "the last newline is missing", "Damage", good.trim_end().to_owned(), note);
    refuse("hyphen_for_dash", "a hyphen before a signature", "Damage", good.replace('\u{2014}', "-"), note);
    refuse("carriage_return", "lines as on another system", "Damage", good.replacen("\n5\n", "\r\n5\r\n", 1), note);
    refuse(
        "size_with_leading_zero",
        "two texts for one number",
        "NumberForm",
        good.replacen("\n5\n", "\n05\n", 1),
        body,
    );
    refuse(
        "size_above_64_bits",
        "a number that does not fit",
        "NumberForm",
        good.replacen("\n5\n", "\n18446744073709551616\n", 1),
        body,
    );
}

fn requests(vectors: &mut Vectors) {
    for new in [1_u64, 2, 3, 4, 7, 8, 9, 33] {
        for old in [0, 1, 2, new / 2, new.saturating_sub(1), new] {
            let name = format!("from_{old}_to_{new}");
            if old > new || vectors.files.contains_key(&format!("witness/{name}.json")) {
                continue;
            }
            ask(vectors, &name, "a log that grows", "Boundary", (old, &leaves(old)), &request(old, new), Want::Valid);
        }
    }
    let proof = Want::Refused(Stage::Fold, "CF-3155");
    let (four, good) = (leaves(4), request(4, 7));
    let mut other = four.clone();
    other.swap(0, 1);
    ask(vectors, "other_history", "the entries before are others", "WrongRoot", (4, &other), &good, proof);
    let longer = Request { path: [&good.path[..], &[tree::leaf_hash(b"x")]].concat(), ..good.clone() };
    ask(vectors, "path_with_one_more", "a hash too many", "SurplusHash", (4, &four), &longer, proof);
    let shorter = Request { path: good.path[1..].to_vec(), ..good.clone() };
    ask(vectors, "path_without_its_begin", "a hash is missing", "MissingHash", (4, &four), &shorter, proof);
    let empty = Request { path: Vec::new(), ..good.clone() };
    ask(vectors, "path_empty", "no proof at all", "MissingHash", (4, &four), &empty, proof);
    let first = Request { path: vec![tree::leaf_hash(b"x")], ..request(0, 7) };
    ask(vectors, "path_from_nothing", "a proof that nobody needs", "SurplusHash", (0, &[]), &first, proof);
    let root = Want::Refused(Stage::Fold, "CF-3154");
    ask(vectors, "two_roots", "another root for the same size", "WrongRoot", (4, &other), &request(4, 4), root);
    let size = Want::Refused(Stage::Bind, "CF-3153");
    ask(vectors, "from_elsewhere", "the witness stands behind", "OtherStatement", (3, &leaves(3)), &good, size);
    ask(vectors, "rollback", "the witness stands ahead", "OtherStatement", (9, &leaves(9)), &good, size);
    let five = leaves(5);
    let elsewhere = signer("log.example/another", KeyKind::Log, "log");
    let foreign = Request { checkpoint: note("log.example/another", &five, &elsewhere, &[]), ..request(4, 5) };
    let unknown = Want::Refused(Stage::Bind, "CF-3151");
    ask(vectors, "unknown_log", "a log that is not in the list", "OtherVenue", (4, &four), &foreign, unknown);
    let unsigned = Want::Refused(Stage::Signature, "CF-3152");
    let other_key = signer(ORIGIN, KeyKind::Log, "another log");
    let by_other = Request { checkpoint: note(ORIGIN, &five, &other_key, &[]), ..request(4, 5) };
    ask(vectors, "other_key", "the log's name with another key", "KeyNotPinned", (4, &four), &by_other, unsigned);
    let mut wrong = request(4, 5);
    wrong.checkpoint.add(log().sign("x\n", time(0)).expect("signs"));
    ask(
        vectors,
        "wrong_signature",
        "the log has signed something else",
        "WrongSignature",
        (4, &four),
        &wrong,
        unsigned,
    );
    let parse = Want::Refused(Stage::Parse, "CF-3150");
    let back = Request { old: 5, path: Vec::new(), ..request(4, 4) };
    ask(vectors, "old_above_new", "a proof backwards", "IndexRange", (5, &five), &back, parse);
    let body = good.body();
    for (name, comment, sent) in [
        ("empty", "nothing", String::new()),
        ("old_missing", "no old size", body.replacen("old 4\n", "", 1)),
        ("old_with_leading_zero", "two texts for one number", body.replacen("old 4", "old 04", 1)),
        ("path_not_base64", "a line of the path", body.replacen("=\n", "!\n", 1)),
        ("note_cut_off", "the last newline is missing", body.trim_end().to_owned()),
        ("size_not_a_number", "no number of entries", body.replacen("\n7\n", "\nseven\n", 1)),
    ] {
        ask_text(vectors, name, comment, "Damage", (4, &four), &sent, parse);
    }
}

fn request(old: u64, new: u64) -> Request {
    let leaves = leaves(new);
    let path = tree::consistency_proof(&leaves, old).expect("a prefix");
    Request { old, path, checkpoint: note(ORIGIN, &leaves, &log(), &[]) }
}

fn ask(
    vectors: &mut Vectors,
    name: &str,
    comment: &str,
    flag: &str,
    latest: (u64, &[Digest]),
    sent: &Request,
    want: Want,
) {
    ask_text(vectors, name, comment, flag, latest, &sent.body(), want);
}

fn ask_text(
    vectors: &mut Vectors,
    name: &str,
    comment: &str,
    flag: &str,
    latest: (u64, &[Digest]),
    sent: &str,
    want: Want,
) {
    let query = json!({
        "latest_root": tree::root(latest.1), "latest_size": latest.0.to_string(), "logs": [log().key().to_string()],
    });
    vectors.add(&format!("witness/{name}"), comment, &[flag], query, Sent::Bytes(sent.as_bytes().to_vec()), want);
}
