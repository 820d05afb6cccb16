//! Witnesses, through real processes: what they refuse, what they remember, and that none forgets when it is killed.
#![allow(missing_docs, clippy::unwrap_used)]

mod log_support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use counterfoil::hash::{Digest, sha256};
use counterfoil::publish::log::{Checkpoint, Note, NoteSignature, tree};
use counterfoil::publish::witness::Request;
use counterfoil::snapshot::Time;
use log_support::{
    Answer, ORIGIN, Place, Running, log_section, log_signer, policy, post, statement, statements, witness_signer,
};

fn leaves(count: u64, other: u64) -> Vec<Digest> {
    (0..count).map(|index| tree::leaf_hash(&[index.to_be_bytes(), other.to_be_bytes()].concat())).collect()
}

fn checkpoint(leaves: &[Digest]) -> Note {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: leaves.len() as u64, root: tree::root(leaves) };
    let mut note = checkpoint.to_note();
    note.add(log_signer().sign(note.text(), Time::from_unix(0)).unwrap());
    note
}

fn request(leaves: &[Digest], old: u64) -> Request {
    Request { old, path: tree::consistency_proof(leaves, old).unwrap(), checkpoint: checkpoint(leaves) }
}

fn add(witness: &Running, request: &Request) -> Answer {
    post(&witness.address, "/add-checkpoint", request.body().as_bytes()).expect("an answer")
}

/// The cosignature in an answer, checked.
fn cosigned(answer: &Answer, note: &Note, number: u8) -> Time {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let lines = NoteSignature::parse_lines(&answer.body).unwrap();
    let mut note = note.clone();
    lines.into_iter().for_each(|line| note.add(line));
    note.signed_by(witness_signer(number).key()).unwrap()[0].unwrap()
}

#[test]
fn answers_are_those_of_the_specification() {
    let place = Place::new();
    let witness = Running::start(&place, 0);
    let expect = |request: &Request, status: u16| {
        let answer = add(&witness, request);
        assert_eq!(answer.status, status, "{}", answer.body);
        answer
    };
    let three = leaves(3, 0);
    expect(&request(&three, 1), 409);
    cosigned(&expect(&request(&three, 0), 200), &checkpoint(&three), 0);
    // the same again is cosigned again
    cosigned(&expect(&request(&three, 3), 200), &checkpoint(&three), 0);
    let five = leaves(5, 0);
    let answer = expect(&request(&five, 0), 409);
    assert_eq!(answer.body, "3\n");
    assert!(answer.headers.contains("content-type: text/x.tlog.size\r\n"), "{}", answer.headers);
    expect(&Request { path: Vec::new(), ..request(&five, 3) }, 422);
    expect(&Request { old: 6, ..request(&five, 3) }, 400);
    cosigned(&expect(&request(&five, 3), 200), &checkpoint(&five), 0);
    // the log that shrinks, and the one that was made anew
    expect(&request(&three, 3), 409);
    expect(&request(&leaves(7, 1), 5), 422);
    // another log, another key
    let foreign = Checkpoint { origin: "other.example".to_owned(), size: 0, root: tree::root(&[]) }.to_note();
    let mut signed = foreign.clone();
    signed.add(log_signer().sign(foreign.text(), Time::from_unix(0)).unwrap());
    expect(&Request { old: 0, path: Vec::new(), checkpoint: signed }, 404);
    let note = checkpoint(&leaves(6, 0));
    let mut unsigned = Checkpoint::of(&note).unwrap().to_note();
    unsigned.add(witness_signer(1).sign(note.text(), Time::from_unix(0)).unwrap());
    expect(&Request { checkpoint: unsigned, ..request(&leaves(6, 0), 5) }, 403);
    let wrong = note.to_string().replacen("\n6\n", "\n7\n", 1);
    expect(&Request { checkpoint: Note::parse(wrong.as_bytes()).unwrap(), ..request(&leaves(6, 0), 5) }, 403);
    for body in ["", "old 5", "old 05\n\n", "old 5\nxx\n\n", "old 5\n\nx\n"] {
        assert_eq!(post(&witness.address, "/add-checkpoint", body.as_bytes()).unwrap().status, 400, "{body:?}");
    }
    let many = format!("old 5\n{}\n{note}", "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n".repeat(64));
    assert_eq!(post(&witness.address, "/add-checkpoint", many.as_bytes()).unwrap().status, 400);
    assert_eq!(post(&witness.address, "/elsewhere", b"").unwrap().status, 404);
    let mut stream = TcpStream::connect(&witness.address).unwrap();
    write!(stream, "GET /{}/checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n", sha256(ORIGIN.as_bytes()))
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let kept = Note::parse(answer.split_once("\r\n\r\n").unwrap().1.as_bytes()).unwrap();
    assert_eq!(kept.text(), checkpoint(&five).text());
    assert_eq!(kept.signed_by(witness_signer(0).key()).unwrap().len(), 1);
}

#[test]
fn attack_b4_two_roots_of_one_size_are_refused_and_kept_as_evidence() {
    let place = Place::new();
    let witness = Running::start(&place, 0);
    let (honest, other) = (leaves(4, 0), leaves(4, 9));
    cosigned(&add(&witness, &request(&honest, 0)), &checkpoint(&honest), 0);
    let answer = add(&witness, &request(&other, 4));
    assert_eq!(answer.status, 422, "{}", answer.body);
    let origin = sha256(ORIGIN.as_bytes());
    // a third person needs the two files and the key of the log
    let line = format!("state0/{origin}.kept state0/{origin}.contradicts --policy policy.toml");
    place.refused(1, "CF-3130", &format!("compare {line} --out evidence.json"));
    place.run(0, "compare --check evidence.json --policy policy.toml");
    // it goes on with the history that it knows
    let more = leaves(5, 0);
    cosigned(&add(&witness, &request(&more, 4)), &checkpoint(&more), 0);
}

#[test]
fn hostile_clients_change_nothing() {
    let place = Place::new();
    let witness = Running::start(&place, 0);
    let large = vec![b'x'; 1 << 20];
    // it may end the connection while the body is still being sent
    assert!(post(&witness.address, "/add-checkpoint", &large).is_none_or(|answer| answer.status == 413));
    let mut slow: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&witness.address).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 60000\r\n").unwrap();
    }
    let three = leaves(3, 0);
    cosigned(&add(&witness, &request(&three, 0)), &checkpoint(&three), 0);
    // who does not finish its headers is dropped
    let begun = Instant::now();
    let mut rest = Vec::new();
    slow[0].set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = slow[0].read_to_end(&mut rest);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    for bytes in [&b"\x00\xff\r\n\r\n"[..], b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"] {
        let mut stream = TcpStream::connect(&witness.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    cosigned(&add(&witness, &request(&three, 3)), &checkpoint(&three), 0);
}

#[test]
fn a_state_of_something_else_is_refused() {
    let place = Place::new();
    let witness = Running::start(&place, 0);
    let three = leaves(3, 0);
    cosigned(&add(&witness, &request(&three, 0)), &checkpoint(&three), 0);
    let line = |number: u8, state: &str| {
        format!(
            "witness --state {state} --key witness{number}.key --name witness.example/w{number} --logs logs.txt \
             --listen 127.0.0.1:0"
        )
    };
    place.refused(2, "CF-3156", &line(0, "state0"));
    witness.kill();
    // another key in the same folder would have no memory of its own
    place.refused(2, "CF-3156", &line(1, "state0"));
    let file = format!("state0/{}.checkpoint", sha256(ORIGIN.as_bytes()));
    let kept = place.read(&file);
    place.write(&file, &kept[..kept.len() / 2]);
    place.refused(2, "CF-3156", &line(0, "state0"));
    place.write(&file, &kept);
    let witness = Running::start(&place, 0);
    assert_eq!(add(&witness, &request(&leaves(5, 0), 0)).body, "3\n");
    place.write("logs.txt", format!("{}\n", witness_signer(1).key()).as_bytes());
    place.refused(2, "CF-3101", &line(1, "state1"));
}

/// Fifty times a witness is killed while two histories of one log race for its cosignature. Whatever was cosigned, by
/// whichever process, is of one history.
#[test]
fn a_witness_that_is_killed_at_random_never_signs_two_histories() {
    let place = Place::new();
    let mut seen: BTreeMap<u64, Digest> = BTreeMap::new();
    let (mut size, mut chance) = (0_u64, 0x2545_f491_4f6c_dd1d_u64);
    for round in 0..50 {
        let witness = Running::start(&place, 0);
        let address = witness.address.clone();
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let wait = Duration::from_micros(chance % 150_000);
        let sender = std::thread::spawn(move || {
            let mut got = Vec::new();
            let mut at = size;
            // until it is killed: one leaf more each time, and a fork of the same size right behind
            for _ in 0..200 {
                for other in [0, 1] {
                    let mut next = leaves(at + 1, 0);
                    if other == 1 {
                        let last = next.len() - 1;
                        next[last] = tree::leaf_hash(b"a fork");
                    }
                    let Some(answer) = post(&address, "/add-checkpoint", request(&next, at).body().as_bytes()) else {
                        return got;
                    };
                    match answer.status {
                        200 => got.push((at + 1, tree::root(&next))),
                        409 => at = answer.body.trim_end().parse::<u64>().unwrap().saturating_sub(1),
                        status => assert_eq!(status, 422, "{}", answer.body),
                    }
                }
                at += 1;
            }
            got
        });
        std::thread::sleep(wait);
        witness.kill();
        for (at, root) in sender.join().unwrap() {
            assert_eq!(*seen.entry(at).or_insert(root), root, "round {round}: two roots for size {at}");
            size = size.max(at);
        }
        let file = place.path().join(format!("state0/{}.checkpoint", sha256(ORIGIN.as_bytes())));
        if let Ok(file) = fs::read(file) {
            let kept = Checkpoint::of(&Note::parse(&file).unwrap()).unwrap();
            assert!(kept.size >= size, "round {round}: {size} entries were cosigned, {} are kept", kept.size);
            assert_eq!(*seen.entry(kept.size).or_insert(kept.root), kept.root, "round {round}");
            size = kept.size;
        }
    }
    assert!(size > 20, "only {size} checkpoints were cosigned");
}

/// Fifty times a publisher is killed, each time on the way to another statement for the same number as well. The
/// witness, which forgets nothing, never hears of two.
#[test]
fn a_publisher_that_is_killed_at_random_leaves_one_history() {
    let place = Place::new();
    let witness = Running::start(&place, 0);
    let more = witness.argument(0);
    let honest = statements(200);
    place.write("policy.toml", policy(&log_section(1, 1)).as_bytes());
    let (mut next, mut killed, mut chance) = (0_usize, 0, 0x9e37_79b9_7f4a_7c15_u64);
    // how long a run may take follows the machine, so that about every second one is killed
    let mut longest = 45_000_u64;
    let mut known: Option<Vec<u8>> = None;
    while killed < 50 {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        place.write("next.json", &honest[next].file);
        let line = format!("publish next.json --log log --key log.key {more}");
        let mut child = place.start(&line.split_whitespace().collect::<Vec<_>>());
        std::thread::sleep(Duration::from_micros(chance % longest));
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        let status = child.wait().unwrap();
        killed += i32::from(!ended);
        longest = if ended { (longest * 4 / 5).max(1_000) } else { longest * 9 / 8 };
        // a log that has a checkpoint is whole, whenever the publisher was killed
        if place.path().join("log/checkpoint").exists() {
            place.run(0, "log check log --policy policy.toml");
            if let Some(known) = &known {
                place.write("known", known);
                place.run(0, "log check log --policy policy.toml --earlier known");
            }
            known = Some(place.read("log/checkpoint"));
        }
        // once a checkpoint was signed, another statement for its number is refused
        if place.path().join("log/pending").exists() {
            let before = next.checked_sub(1).map(|before| honest[before].digest);
            place.write("other.json", &statement(next as u64, before, "1").file);
            let said = place.refused(2, "CF-3117", &format!("publish other.json --log log --key log.key {more}"));
            assert!(said.contains("waits for witnesses with") || said.contains("of the log has"), "{said}");
        }
        if ended && status.code() == Some(0) || chance.is_multiple_of(3) {
            place.run(0, &line);
            next += 1;
            assert!(next < honest.len(), "most runs end before they are killed");
        }
    }
    place.write("next.json", &honest[next].file);
    place.run(0, &format!("publish next.json --log log --key log.key {more}"));
    place.run(0, "log check log --policy policy.toml");
}

#[test]
fn a_quorum_is_gathered_and_partial_failures_are_told() {
    let place = Place::new();
    let (first, second) = (Running::start(&place, 0), Running::start(&place, 1));
    let all = format!("{} {}", first.argument(0), second.argument(1));
    let made = statements(3);
    place.publish(&made[0], &all);
    place.write("policy.toml", policy(&log_section(2, 3)).as_bytes());
    let said = place.run(0, "log check log --policy policy.toml");
    assert!(said.contains("cosigned by witness.example/w0 at"), "{said}");
    second.kill();
    place.write("next.json", &made[1].file);
    let line = format!("publish next.json --log log --key log.key {all}");
    let said = place.refused(2, "CF-3157", &line);
    assert!(said.contains("no cosignature of witness.example/w1") && said.contains("1 of 2 witnesses"), "{said}");
    // it waits, and the log that everybody sees is the one before
    assert!(place.run(0, "log check log --policy policy.toml").contains("waits for witnesses"));
    place.write("other.json", &statement(1, Some(made[0].digest), "1").file);
    let said = place.refused(2, "CF-3117", &format!("publish other.json --log log --key log.key {all}"));
    assert!(said.contains("waits for witnesses with"), "{said}");
    place.run(0, &format!("{line} --quorum 1"));
    place.refused(2, "CF-3110", "log check log --policy policy.toml");
    // the silent one comes back, under another address, and is asked again
    let second = Running::start(&place, 1);
    let all = format!("{} {}", first.argument(0), second.argument(1));
    place.run(0, &format!("publish next.json --log log --key log.key {all}"));
    place.run(0, "log check log --policy policy.toml");
    place.refused(2, "CF-9004", &format!("publish next.json --log log --key log.key {all} --quorum 3"));
    let line = |key: &str| format!("publish next.json --log log --key log.key --witness {key}");
    place.refused(2, "CF-3158", &line("http://127.0.0.1:1"));
    place.refused(2, "CF-3158", &line(&format!("{}@https://127.0.0.1:1", witness_signer(0).key())));
    // the address of one witness with the key of another
    let mixed = format!("{}@http://{}", witness_signer(2).key(), first.address);
    assert!(place.refused(2, "CF-3157", &line(&mixed)).contains("no cosignature by this key"));
}

/// The venue keeps two folders with one key: each shows its customers a whole log.
#[test]
fn attack_b4_a_second_log_gets_no_cosignature() {
    let place = Place::new();
    let witness = Running::start(&place, 0);
    let more = witness.argument(0);
    let made = statements(2);
    made.iter().for_each(|one| drop(place.publish(one, &more)));
    fs::rename(place.path().join("log"), place.path().join("shown")).unwrap();
    let first = statement(0, None, "1");
    let second = statement(1, Some(first.digest), "1");
    for (one, said) in [(&first, "has seen 2 entries"), (&second, "answers 422")] {
        place.write("next.json", &one.file);
        let text = place.refused(2, "CF-3157", &format!("publish next.json --log log --key log.key {more}"));
        assert!(text.contains(said), "{text}");
        place.run(0, "publish next.json --log log --key log.key");
    }
    let origin = sha256(ORIGIN.as_bytes());
    place.refused(1, "CF-3130", &format!("compare log state0/{origin}.kept --policy policy.toml --out evidence.json"));
    place.run(0, "compare --check evidence.json --policy policy.toml");
    place.run(0, "compare shown shown --policy policy.toml");
}
