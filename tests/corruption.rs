//! From every valid vector grow refusals by rule. A verifier's value is what it refuses, and what is derived by rule
//! covers what nobody lists by hand. All wrongly accepted ones are reported together.

mod vector_files;
mod vector_runner;

use counterfoil::hash::{Tag, sha256};
use counterfoil::liability::sealed_proof::ProofCode;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use serde_json::{Value, json};
use vector_files::{Vector, read_all};
use vector_runner::{KINDS, Outcome, Sent, run};

/// One change: its name, and question and answer after it.
struct Probe {
    name: String,
    query: Value,
    sent: Sent,
}

fn valid(kind: &str) -> Vec<Vector> {
    let (vectors, wrong) = read_all();
    assert!(wrong.is_empty() && KINDS.contains(&kind), "{kind}: {wrong:?}");
    let valid: Vec<Vector> =
        vectors.into_iter().filter(|vector| vector.kind == kind && vector.expect["result"] == "valid").collect();
    assert!(!valid.is_empty(), "{kind}: no valid vectors");
    valid
}

/// Fails with every probe that is accepted, and when there are suspiciously few.
fn all_refused(vectors: &[Vector], probes: impl Fn(&Vector) -> Vec<Probe>, at_least: usize) {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for vector in vectors {
        for probe in probes(vector) {
            count += 1;
            match run(&vector.kind, &probe.query, &probe.sent) {
                Ok(Outcome::Refused(_)) => (),
                Ok(Outcome::Valid(_)) => wrong.push(format!("{}: accepted with {}", vector.id, probe.name)),
                // a question that cannot be read is an error of the probe, not a refusal of the code
                Err(error) => wrong.push(format!("{}: {}: {error}", vector.id, probe.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} probes:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= at_least, "only {count} probes");
}

/// A text of hexadecimal digits with one bit of one byte flipped.
fn flipped(digits: &str, byte: usize) -> String {
    let mut bytes = hex::decode(digits).expect("digits");
    bytes[byte] ^= 1 << (byte % 8);
    hex::encode(bytes)
}

fn number(value: &Value) -> u128 {
    value.as_str().and_then(|text| text.parse().ok()).expect("an integer")
}

/// Probes on an inclusion proof under construction.
struct Proofs<'a> {
    vector: &'a Vector,
    proof: Value,
    list: Vec<Probe>,
}

impl Proofs<'_> {
    fn add(&mut self, name: String, change: impl FnOnce(&mut Value)) {
        let mut proof = self.proof.clone();
        change(&mut proof);
        self.list.push(Probe { name, query: self.vector.query.clone(), sent: Sent::Object(proof) });
    }

    fn ask(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut query = self.vector.query.clone();
        change(&mut query);
        self.list.push(Probe { name: name.to_owned(), query, sent: self.vector.sent.clone() });
    }

    fn leaf(&mut self, at: usize, name: &str, change: impl FnOnce(&mut Value)) {
        self.add(format!("leaf {at}: {name}"), |proof| change(&mut proof["leaves"][at]));
    }
}

fn inclusion_probes(vector: &Vector) -> Vec<Probe> {
    let proof = match &vector.sent {
        Sent::Object(proof) => proof.clone(),
        Sent::Bytes(bytes) => serde_json::from_slice(bytes).expect("a valid proof is JSON"),
    };
    let leaves = proof["leaves"].as_array().expect("leaves").len();
    let mut probes = Proofs { vector, proof, list: Vec::new() };
    for at in 0..leaves {
        leaf_probes(&mut probes, at);
        path_probes(&mut probes, at);
        split_probes(&mut probes, at);
    }
    for tail in ["x", "{}", "\u{0}", ","] {
        let bytes = format!("{}{tail}", probes.proof).into_bytes();
        probes.list.push(Probe {
            name: format!("{tail:?} behind it"),
            query: vector.query.clone(),
            sent: Sent::Bytes(bytes),
        });
    }
    let digest = probes.proof["statement"]["digest"].as_str().expect("a digest").to_owned();
    for byte in 0..32 {
        probes.add(format!("statement digest, byte {byte}"), |proof| {
            proof["statement"]["digest"] = json!(flipped(&digest, byte));
        });
    }
    probes.add("other sequence".to_owned(), |proof| {
        proof["statement"]["sequence"] = json!((number(&proof["statement"]["sequence"]) + 1).to_string());
    });
    probes.add("other venue".to_owned(), |proof| proof["statement"]["venue"] = json!("other-exchange"));
    let account = vector.query["account"].as_str().expect("an account").to_owned();
    for other in
        [format!("{account} "), format!("{account}\u{0}"), account.to_uppercase() + "x", account[1..].to_owned()]
    {
        probes.add(format!("account {other:?} in the proof"), |proof| proof["account"] = json!(other));
        probes.ask(&format!("account {other:?} asked"), |query| query["account"] = json!(other));
        let mut query = vector.query.clone();
        query["account"] = json!(other);
        let mut proof = probes.proof.clone();
        proof["account"] = json!(other);
        probes.list.push(Probe { name: format!("account {other:?} in both"), query, sent: Sent::Object(proof) });
    }
    let credential = vector.query["credential"].as_str().expect("a credential").to_owned();
    probes.ask("another credential", |query| query["credential"] = json!(credential + "x"));
    probes.list
}

fn leaf_probes(probes: &mut Proofs<'_>, at: usize) {
    let leaf = probes.proof["leaves"][at].clone();
    let (index, amount) = (number(&leaf["index"]), number(&leaf["amount"]));
    let mut indices = vec![index + 1, index * 2 + 1, u128::from(u64::MAX)];
    indices.extend(index.checked_sub(1));
    if index > 1 {
        indices.push(index / 2);
    }
    for other in indices {
        probes.leaf(at, &format!("index {other}"), |leaf| leaf["index"] = json!(other.to_string()));
    }
    for other in [amount.checked_add(1), amount.checked_sub(1), amount.checked_add(1 << 64)].into_iter().flatten() {
        probes.leaf(at, &format!("amount {other}"), |leaf| leaf["amount"] = json!(other.to_string()));
    }
    let nonce = leaf["nonce"].as_str().expect("a nonce");
    for byte in 0..16 {
        probes.leaf(at, &format!("nonce, byte {byte}"), |leaf| leaf["nonce"] = json!(flipped(nonce, byte)));
    }
    probes.leaf(at, "other asset", |leaf| leaf["asset"] = json!("USDT"));
    probes.leaf(at, "other class", |leaf| leaf["class"] = json!("derivative"));
    probes.leaf(at, "an unknown field", |leaf| leaf["root"] = json!(""));
    probes.add(format!("leaf {at} twice"), |proof| {
        let leaf = proof["leaves"][at].clone();
        proof["leaves"].as_array_mut().expect("leaves").insert(at, leaf);
    });
    probes.leaf(at, "a part of nothing", |leaf| {
        leaf["parts"].as_array_mut().expect("parts").push(json!({"amount": "0", "product": "zzz"}));
    });
    if leaf["parts"] == json!([]) {
        probes.leaf(at, "one part", |leaf| leaf["parts"] = json!([{"amount": leaf["amount"], "product": "spot"}]));
    } else {
        probes.leaf(at, "no parts", |leaf| leaf["parts"] = json!([]));
        probes.leaf(at, "another product", |leaf| leaf["parts"][0]["product"] = json!(""));
        probes.leaf(at, "parts reversed", |leaf| leaf["parts"].as_array_mut().expect("parts").reverse());
    }
}

/// A balance is in as many leaves as it was, each says the same of it, and none is dropped, moved or taken twice.
fn split_probes(probes: &mut Proofs<'_>, at: usize) {
    let leaf = probes.proof["leaves"][at].clone();
    let Some(split) = leaf.get("split") else {
        for (piece, of) in [("1", "2"), ("2", "2"), ("1", "1"), ("0", "0")] {
            let split = json!({"of": of, "piece": piece, "whole": leaf["amount"]});
            probes.leaf(at, &format!("as piece {piece} of {of}"), |leaf| leaf["split"] = split);
        }
        probes.leaf(at, "split is null", |leaf| leaf["split"] = Value::Null);
        return;
    };
    let (of, piece, whole) = (number(&split["of"]), number(&split["piece"]), number(&split["whole"]));
    probes.leaf(at, "not a piece", |leaf| drop(leaf.as_object_mut().expect("an object").remove("split")));
    probes.leaf(at, "split is null", |leaf| leaf["split"] = Value::Null);
    probes.add(format!("leaf {at} dropped"), |proof| {
        proof["leaves"].as_array_mut().expect("leaves").remove(at);
    });
    for other in [0, piece - 1, piece + 1, of + 1] {
        probes.leaf(at, &format!("piece {other}"), |leaf| leaf["split"]["piece"] = json!(other.to_string()));
    }
    for other in [0, 1, of - 1, of + 1, 65_536] {
        probes.leaf(at, &format!("of {other}"), |leaf| leaf["split"]["of"] = json!(other.to_string()));
    }
    for other in [whole.checked_sub(1), whole.checked_add(1)].into_iter().flatten() {
        probes.leaf(at, &format!("whole {other}"), |leaf| leaf["split"]["whole"] = json!(other.to_string()));
    }
    let leaves = probes.proof["leaves"].as_array().expect("leaves").clone();
    let same = |other: &Value| ["asset", "class"].iter().all(|field| other[*field] == leaf[*field]);
    let others: Vec<usize> = (0..leaves.len()).filter(|&other| other != at && same(&leaves[other])).collect();
    for &other in &others {
        for fields in [&["index"][..], &["nonce"], &["split"], &["index", "path"], &["index", "nonce", "path"]] {
            probes.leaf(at, &format!("{fields:?} of leaf {other}"), |leaf| {
                fields.iter().for_each(|field| leaf[*field] = leaves[other][*field].clone());
            });
        }
        let (less, more) = (number(&leaf["amount"]).checked_sub(1), number(&leaves[other]["amount"]).checked_add(1));
        if let Some((less, more)) = less.zip(more) {
            probes.add(format!("one unit moved from leaf {at} to {other}"), |proof| {
                proof["leaves"][at]["amount"] = json!(less.to_string());
                proof["leaves"][other]["amount"] = json!(more.to_string());
            });
        }
    }
    let other_whole = whole ^ 1;
    let all_say = |proof: &mut Value| {
        for leaf in others.iter().chain([&at]) {
            proof["leaves"][*leaf]["split"]["whole"] = json!(other_whole.to_string());
        }
    };
    probes.add(format!("leaf {at} and all others say another whole"), all_say);
    let amount = number(&leaf["amount"]);
    let fitting = if other_whole > whole { amount.checked_add(1) } else { amount.checked_sub(1) };
    if let Some(fitting) = fitting {
        probes.add(format!("all say another whole, and leaf {at} makes it fit"), |proof| {
            all_say(proof);
            proof["leaves"][at]["amount"] = json!(fitting.to_string());
        });
    }
}

fn path_probes(probes: &mut Proofs<'_>, at: usize) {
    let path = probes.proof["leaves"][at]["path"].as_array().expect("a path").clone();
    let mut change = |name: String, change: &dyn Fn(&mut Vec<Value>)| {
        probes.leaf(at, &name, |leaf| change(leaf["path"].as_array_mut().expect("a path")));
    };
    let zero = json!({"digest": "00".repeat(32), "sum": "0"});
    for place in 0..=path.len() {
        change(format!("a sibling added at {place}"), &|path| path.insert(place, zero.clone()));
    }
    for (place, sibling) in path.iter().enumerate() {
        let (digest, sum) = (sibling["digest"].as_str().expect("a digest"), number(&sibling["sum"]));
        for byte in 0..32 {
            change(format!("sibling {place}, byte {byte}"), &|path| {
                path[place]["digest"] = json!(flipped(digest, byte))
            });
        }
        for other in [sum.checked_add(1), sum.checked_sub(1), Some(u128::MAX)].into_iter().flatten() {
            change(format!("sibling {place}, sum {other}"), &|path| path[place]["sum"] = json!(other.to_string()));
        }
        change(format!("sibling {place}, minus its sum"), &|path| path[place]["sum"] = json!(format!("-{sum}")));
        change(format!("sibling {place} dropped"), &|path| drop(path.remove(place)));
        change(format!("sibling {place} twice"), &|path| path.insert(place, path[place].clone()));
        for other in 0..place {
            if path[other] != path[place] {
                change(format!("siblings {other} and {place} swapped"), &|path| path.swap(other, place));
            }
            if path[other]["sum"] != path[place]["sum"] {
                change(format!("sums of {other} and {place} swapped"), &|changed| {
                    changed[other]["sum"] = path[place]["sum"].clone();
                    changed[place]["sum"] = path[other]["sum"].clone();
                });
            }
        }
        let own = probes_amount(&path, place);
        if let Some((lower, higher)) = own {
            change(format!("one unit moved to sibling {place}"), &|path| {
                path[0]["sum"] = json!(lower.to_string());
                path[place]["sum"] = json!(higher.to_string());
            });
        }
    }
}

/// The first sibling's sum lowered by one and another's raised by one: the total stays the same.
fn probes_amount(path: &[Value], place: usize) -> Option<(u128, u128)> {
    let (first, other) = (number(&path.first()?["sum"]), number(&path.get(place)?["sum"]));
    if place == 0 { None } else { Some((first.checked_sub(1)?, other.checked_add(1)?)) }
}

#[test]
fn corrupted_inclusion_proofs_are_refused() {
    all_refused(&valid("inclusion-proof"), inclusion_probes, 14_000);
}

/// The vector under a statement with other rows, signed anew by a pinned key; the proof names the new statement.
fn under(vector: &Vector, name: String, change: impl FnOnce(&mut Value)) -> Probe {
    let (mut query, mut proof) = match &vector.sent {
        Sent::Object(proof) => (vector.query.clone(), proof.clone()),
        Sent::Bytes(bytes) => (vector.query.clone(), serde_json::from_slice(bytes).expect("a valid proof is JSON")),
    };
    let file = query["statement"].as_str().expect("a statement").as_bytes();
    let envelope = Envelope::parse(file, "statement").expect("a signed file");
    let mut document: Value = serde_json::from_slice(&envelope.document).expect("a document");
    change(&mut document);
    let document = counterfoil::json::canonical(&document).expect("no numbers");
    let secret = Secret::new(SecretKind::Signing, &mut sha256(b"venue 1").to_bytes());
    let key = SigningKey::new(Algorithm::Bip340, &secret).expect("the venue's key");
    let signature = key.sign(Tag::Statement, &document).expect("a key signs");
    proof["statement"]["digest"] = json!(counterfoil::publish::digest(&document));
    let file = Envelope { document, signatures: vec![signature] }.to_file("statement").expect("a file");
    query["statement"] = json!(String::from_utf8(file).expect("JSON is text"));
    Probe { name, query, sent: Sent::Object(proof) }
}

#[test]
fn proofs_do_not_fit_other_rows() {
    let probes = |vector: &Vector| {
        let file: Value = serde_json::from_str(vector.query["statement"].as_str().expect("a file")).expect("JSON");
        let shown = match &vector.sent {
            Sent::Object(proof) => proof["leaves"].as_array().expect("leaves").len(),
            Sent::Bytes(_) => 1,
        };
        let rows = file["statement"]["liabilities"].as_array().expect("rows");
        let mut list = Vec::new();
        for (at, row) in rows.iter().enumerate().take(shown) {
            let (count, total) = (number(&row["leaf_count"]), number(&row["total"]));
            for other in [count * 2, count / 2].into_iter().filter(|&other| other > 0) {
                list.push(under(vector, format!("row {at}: {other} of {count} leaves"), |document| {
                    document["liabilities"][at]["leaf_count"] = json!(other.to_string());
                }));
            }
            for other in [total.checked_add(1), total.checked_sub(1)].into_iter().flatten() {
                list.push(under(vector, format!("row {at}: total {other} of {total}"), |document| {
                    document["liabilities"][at]["total"] = json!(other.to_string());
                }));
            }
            let root = row["root"].as_str().expect("a root");
            list.push(under(vector, format!("row {at}: another root"), |document| {
                document["liabilities"][at]["root"] = json!(flipped(root, 31));
            }));
        }
        list
    };
    all_refused(&valid("inclusion-proof"), probes, 150);
}

#[test]
fn every_byte_of_a_signed_statement_counts() {
    let probes = |vector: &Vector| {
        let Sent::Bytes(file) = &vector.sent else { return Vec::new() };
        let unpinned = vector.id.ends_with("unpinned_signature_wrong");
        let flips = (0..file.len()).map(|at| {
            let mut bytes = file.clone();
            bytes[at] ^= 1;
            (format!("byte {at} flipped"), bytes)
        });
        let mut changed: Vec<(String, Vec<u8>)> = if unpinned { Vec::new() } else { flips.collect() };
        for tail in ["\n", " ", "\0", "{}"] {
            changed.push((format!("{tail:?} behind it"), [file.as_slice(), tail.as_bytes()].concat()));
        }
        changed.push(("last byte dropped".to_owned(), file[..file.len() - 1].to_vec()));
        let probe = |(name, bytes)| Probe { name, query: vector.query.clone(), sent: Sent::Bytes(bytes) };
        changed.into_iter().map(probe).collect()
    };
    all_refused(&valid("statement"), probes, 5_000);
}

#[test]
fn corrupted_signatures_are_refused() {
    let probes = |vector: &Vector| {
        let Sent::Object(sent) = &vector.sent else { return Vec::new() };
        let mut list = Vec::new();
        for field in ["signature", "key"] {
            let digits = sent[field].as_str().expect("digits");
            for byte in 0..digits.len() / 2 {
                let mut changed = sent.clone();
                changed[field] = json!(flipped(digits, byte));
                list.push((format!("{field}, byte {byte}"), vector.query.clone(), changed));
            }
        }
        for kind in ["statement", "manifest", "transcript"] {
            if vector.query["kind"] != kind {
                let mut query = vector.query.clone();
                query["kind"] = json!(kind);
                list.push((format!("as a {kind}"), query, sent.clone()));
            }
        }
        let mut query = vector.query.clone();
        query["message"] = json!(format!("{} ", query["message"].as_str().expect("a message")));
        list.push(("a longer message".to_owned(), query, sent.clone()));
        list.into_iter().map(|(name, query, sent)| Probe { name, query, sent: Sent::Object(sent) }).collect()
    };
    all_refused(&valid("signature"), probes, 700);
}

#[test]
fn corrupted_disclosures_are_refused() {
    let probes = |vector: &Vector| {
        let (Sent::Object(sent), "subset") = (&vector.sent, vector.query["operation"].as_str().unwrap_or_default())
        else {
            return Vec::new();
        };
        let mut list = Vec::new();
        let mut add = |name: String, change: &dyn Fn(&mut Value)| {
            let mut changed = sent.clone();
            change(&mut changed);
            list.push(Probe { name, query: vector.query.clone(), sent: Sent::Object(changed) });
        };
        let items = |value: &Value| value.as_array().expect("a list").clone();
        for field in ["leaves", "hashes"] {
            for (place, item) in items(&sent[field]).iter().enumerate() {
                for byte in 0..32 {
                    let digits = flipped(item.as_str().expect("a digest"), byte);
                    add(format!("{field} {place}, byte {byte}"), &|sent| sent[field][place] = json!(digits));
                }
                add(format!("{field} {place} dropped"), &|sent| {
                    sent[field].as_array_mut().expect("a list").remove(place);
                });
                add(format!("{field} {place} twice"), &|sent| {
                    sent[field].as_array_mut().expect("a list").insert(place, item.clone());
                });
                if place > 0 {
                    add(format!("{field} {place} swapped"), &|sent| {
                        sent[field].as_array_mut().expect("a list").swap(place - 1, place);
                    });
                }
            }
        }
        for (place, item) in items(&sent["indices"]).iter().enumerate() {
            let index = number(item);
            for other in [Some(index + 1), index.checked_sub(1), Some(index + 64)].into_iter().flatten() {
                add(format!("index {place} is {other}"), &|sent| sent["indices"][place] = json!(other.to_string()));
            }
            add(format!("index {place} and a foreign leaf twice"), &|sent| {
                sent["indices"].as_array_mut().expect("a list").insert(place, item.clone());
                sent["leaves"].as_array_mut().expect("a list").insert(place + 1, json!("00".repeat(32)));
            });
        }
        list
    };
    all_refused(&valid("merkle-set"), probes, 1_000);
}

#[test]
fn every_byte_of_an_address_set_counts() {
    let probes = |vector: &Vector| {
        let Sent::Bytes(file) = &vector.sent else { return Vec::new() };
        let flip = |at: usize| {
            let mut bytes = file.clone();
            bytes[at] ^= 1;
            Probe { name: format!("byte {at} flipped"), query: vector.query.clone(), sent: Sent::Bytes(bytes) }
        };
        (0..file.len()).map(flip).collect()
    };
    all_refused(&valid("address-set"), probes, 2_000);
}

/// Also those behind the entry that is opened: a download is whole, or it is none.
#[test]
fn every_byte_and_every_length_of_a_pack_counts() {
    let probes = |vector: &Vector| {
        let (Sent::Bytes(file), "open") = (&vector.sent, vector.query["operation"].as_str().unwrap_or_default()) else {
            return Vec::new();
        };
        let flip = |at: usize| {
            let mut bytes = file.clone();
            bytes[at] ^= 1 << (at % 8);
            (format!("byte {at} flipped"), bytes)
        };
        let cut = |at: usize| (format!("cut at {at}"), file[..at].to_vec());
        let changed = (0..file.len()).flat_map(|at| [flip(at), cut(at)]);
        let probe = |(name, bytes)| Probe { name, query: vector.query.clone(), sent: Sent::Bytes(bytes) };
        changed.map(probe).collect()
    };
    all_refused(&valid("sealed-proof"), probes, 15_000);
}

#[test]
fn a_sealed_proof_opens_for_no_other_statement_and_no_other_code() {
    let probes = |vector: &Vector| {
        let operation = vector.query["operation"].as_str().unwrap_or_default();
        let mut list = Vec::new();
        let mut ask = |name: String, change: &dyn Fn(&mut Value)| {
            let mut query = vector.query.clone();
            change(&mut query);
            list.push(Probe { name, query, sent: vector.sent.clone() });
        };
        if operation == "open" {
            let digest = vector.query["statement"].as_str().expect("a digest");
            for byte in 0..32 {
                ask(format!("statement, byte {byte}"), &|query| query["statement"] = json!(flipped(digest, byte)));
            }
            for number in 0..50_u8 {
                let code = ProofCode::from_bytes([number; 16]).to_text();
                ask(format!("code {number}"), &|query| query["code"] = json!(*code));
            }
        }
        list
    };
    all_refused(&valid("sealed-proof"), probes, 400);
}

/// A challenge is bound by its hash: whatever is changed, the line is another one or there is none.
#[test]
fn every_byte_of_a_challenge_changes_the_line() {
    let mut wrong = Vec::new();
    for vector in valid("challenge") {
        let Sent::Bytes(file) = &vector.sent else { continue };
        for at in 0..file.len() {
            let mut bytes = file.clone();
            bytes[at] ^= 1;
            let line = vector.expect["line"].as_str();
            match run("challenge", &vector.query, &Sent::Bytes(bytes)) {
                Ok(Outcome::Valid(values)) if values["line"].as_str() == line => {
                    wrong.push(format!("{}: byte {at}", vector.id))
                }
                Ok(_) => (),
                Err(error) => wrong.push(format!("{}: byte {at}: {error}", vector.id)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
