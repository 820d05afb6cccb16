//! Small files of what is published: cards, sealed reports, evidence against somebody, signed heads of logs, codes.

use counterfoil::hash::{Digest, Tag, sha256};
use counterfoil::json;
use counterfoil::liability::sealed_proof::{Index, ProofCode};
use counterfoil::publish::compare::{self, ComparePins, Shown};
use counterfoil::publish::log::tiles::{Named, WIDTH, statement_path};
use counterfoil::publish::log::{Checkpoint, KeyKind, LogPins, Note, NoteSigner, tree};
use counterfoil::publish::venue_card::VenueCard;
use counterfoil::publish::witness::{read_logs, read_state};
use counterfoil::report::seal::SealedReport;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;

use super::documents;
use super::honest::reference;

const ORIGIN: &str = "log.example/example-exchange";
const READERS: [fn(&[u8]); 7] = [card, sealed_report, evidence, note, logs, index, names];

fn signer(kind: KeyKind) -> NoteSigner {
    let (name, byte) = if kind == KeyKind::Log { (ORIGIN, 7) } else { ("witness.example/w0", 8) };
    NoteSigner::new(name, kind, &Secret::new(SecretKind::Log, &mut [byte; 32])).unwrap()
}

/// A checkpoint of so many leaves, signed by log and witness.
fn checkpoint(leaves: u8) -> Note {
    let leaves: Vec<Digest> = (0..leaves).map(|leaf| tree::leaf_hash(&[leaf])).collect();
    let head = Checkpoint { origin: ORIGIN.to_owned(), size: leaves.len() as u64, root: tree::root(&leaves) };
    let mut note = head.to_note();
    for kind in [KeyKind::Log, KeyKind::Witness] {
        note.add(signer(kind).sign(note.text(), Time::from_unix(1_793_600_000)).unwrap());
    }
    note
}

fn venue_key() -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut [5; 32])).unwrap()
}

fn honest_card() -> Vec<u8> {
    let key = venue_key().public_key();
    format!(
        "{{\"format\":\"counterfoil-venue-card-v1\",\"log\":{{\"key\":\"k\",\"quorum\":\"1\",\"witnesses\":\
         [{{\"key\":\"w\",\"name\":\"witness.example/w0\"}}]}},\"page\":null,\"venue\":{{\"id\":\"example-exchange\",\
         \"keys\":[{{\"alg\":\"bip340\",\"key\":\"{}\"}}],\"legal_entity\":\"Example Ltd\",\"log_origin\":\"{ORIGIN}\",\
         \"threshold\":\"1\"}}}}",
        key.x()
    )
    .into_bytes()
}

/// A report that says no more than a seal compares, sealed.
fn honest_seal() -> Vec<u8> {
    let (bundle, policy) = (sha256(b"bundle"), sha256(b"policy"));
    let report =
        format!("{{\"bundle\":{{\"root\":\"{bundle}\"}},\"policy\":{{\"sha256\":\"{policy}\"}},\"tool\":\"t\"}}");
    let document = format!(
        "{{\"bundle\":\"{bundle}\",\"format\":\"counterfoil-sealed-report-v1\",\"policy\":\"{policy}\",\
         \"report\":{report},\"report_sha256\":\"{}\",\"sealed_at\":\"2026-11-01T00:00:00Z\",\"tool\":\"t\"}}",
        sha256(format!("{report}\n").as_bytes())
    )
    .into_bytes();
    let signature = venue_key().sign(Tag::Seal, &document).unwrap();
    Envelope { document, signatures: vec![signature] }.to_file("seal").unwrap()
}

fn shown(leaves: u8) -> Shown {
    let statement = Some(documents::honest_statement(true));
    Shown { statement, checkpoint: Some(checkpoint(leaves)), proof: None, leaves: Vec::new() }
}

/// Files as their makers write them. The first byte says what they are read as.
pub fn honest_files() -> Vec<(&'static str, String, Vec<u8>)> {
    let note = checkpoint(3).to_string().into_bytes();
    let file = |kind: u8, name: &str, bytes: &[u8]| ("published", name.to_owned(), [&[kind], bytes].concat());
    let code = ProofCode::from_bytes([9; 16]).to_text().to_string();
    vec![
        file(0, "card", &honest_card()),
        file(1, "seal", &honest_seal()),
        file(2, "evidence", &compare::to_evidence(&shown(2), &shown(3)).unwrap()),
        file(3, "note", &note),
        file(4, "logs", format!("# one\n\n{}\n", signer(KeyKind::Log).key()).as_bytes()),
        file(5, "index", &json::canonical(&Index::new(reference(), 4)).unwrap()),
        file(6, "code", code.as_bytes()),
        file(6, "tile", b"tile/entries/x001/067.p/3"),
        file(6, "statement", statement_path(1_234_567).as_bytes()),
    ]
}

/// Reads the bytes as one of these files. What is accepted has one meaning, and convicts nobody.
pub fn published(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    READERS[usize::from(kind) % READERS.len()](rest);
}

fn card(data: &[u8]) {
    let Ok(card) = VenueCard::parse(data) else { return };
    assert_eq!(VenueCard::parse(&json::canonical(&card).unwrap()).as_ref(), Ok(&card));
    let told = card.fingerprint().unwrap();
    assert!(card.compare(&told).is_ok() && card.compare(&told[1..]).is_err());
}

fn sealed_report(data: &[u8]) {
    let Ok(sealed) = SealedReport::parse(data) else { return };
    assert!(data == honest_seal() || sealed.signer() != venue_key().public_key(), "a report that nobody sealed");
    assert!(!sealed.report_file().unwrap().is_empty() && sealed.sealed_at().unix() != i64::MIN);
}

fn evidence(data: &[u8]) {
    let Ok((first, second)) = compare::read_evidence(data) else { return };
    let written = compare::to_evidence(&first, &second).unwrap();
    assert_eq!(compare::read_evidence(&written), Ok((first, second)), "what is written is not read as the same");
    let (_, policy) = documents::venue();
    let log = signer(KeyKind::Log);
    let log = LogPins { origin: ORIGIN, key: log.key(), witnesses: &[], quorum: 0 };
    let pins = ComparePins { venue: policy.statement_pins(), log: Some(log) };
    assert!(compare::convicts(data, &pins).is_err(), "nobody has signed a contradiction");
}

fn note(data: &[u8]) {
    let Ok(note) = Note::parse(data) else { return };
    let written = note.to_string();
    assert_eq!(Note::parse(written.as_bytes()).as_ref(), Ok(&note), "what is written is not read as the same");
    if let Ok(head) = Checkpoint::of(&note) {
        assert_eq!(Checkpoint::of(&head.to_note()).unwrap(), head);
    }
    let (log, witness) = (signer(KeyKind::Log), signer(KeyKind::Witness));
    for key in [log.key(), witness.key()] {
        let signed = note.signed_by(key).is_ok_and(|times| !times.is_empty());
        assert!(!signed || note.text() == checkpoint(3).text(), "a note that nobody signed");
    }
    let _ = read_state(data, ORIGIN, witness.key());
}

fn logs(data: &[u8]) {
    let Some(keys) = std::str::from_utf8(data).ok().and_then(|text| read_logs(text).ok()) else { return };
    let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
    assert_eq!(read_logs(&text), Ok(keys));
}

fn index(data: &[u8]) {
    let Ok(index) = Index::parse(data) else { return };
    if let Ok(prefix) = index.locate(&ProofCode::from_bytes([9; 16]), &reference()) {
        assert!(prefix.packs() > 0);
    }
}

/// Codes and paths: short texts.
fn names(data: &[u8]) {
    if let Ok(code) = ProofCode::parse(data) {
        assert_eq!(ProofCode::parse(code.to_text().as_bytes()).unwrap().expose(), code.expose());
    }
    match std::str::from_utf8(data).ok().and_then(Named::parse) {
        Some(Named::Statement(index)) => assert_eq!(statement_path(index).as_bytes(), data),
        Some(Named::Tile { entries, full }) => assert!(entries > 0 && (!full || entries.is_multiple_of(WIDTH))),
        None => {}
    }
}
