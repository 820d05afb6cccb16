//! The examples of the C2SP specifications, byte for byte.

use std::path::PathBuf;
use std::process::ExitCode;

use counterfoil::publish::log::checkpoint::hash_text;
use counterfoil::publish::log::{Checkpoint, LogError, LogProof, Note, NoteKey, NoteSignature};
use counterfoil::publish::witness::Request;
use libtest_mimic::{Arguments, Failed, Trial};

/// The key that the specification of signed notes prints for its second example.
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

type Check = fn(&[u8]) -> Result<(), Failed>;

const CHECKS: [(&str, Check); 11] = [
    ("signed-note-example-1", poem),
    ("signed-note-example-2", note),
    ("tlog-checkpoint-example-1", checkpoint),
    ("tlog-cosignature-example-1", cosigned),
    ("tlog-cosignature-example-6", cosigned_message),
    ("tlog-proof-example-1", proof),
    ("tlog-witness-example-3", request),
    ("tlog-witness-example-4", answer),
    ("tlog-witness-example-1", other_call),
    ("tlog-checkpoint-example-2", no_note),
    ("tlog-policy-example-1", no_note),
];

fn main() -> ExitCode {
    let folder = std::env::var_os("COUNTERFOIL_FIXTURES").map(PathBuf::from);
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let trial = |(name, check): (&'static str, Check)| {
        let Some(folder) = folder.clone() else {
            let missing = "COUNTERFOIL_FIXTURES names no directory";
            let ignored = Trial::test(format!("{name} (ignored: {missing})"), move || match in_ci {
                true => Err(missing.into()),
                false => Ok(()),
            });
            return ignored.with_ignored_flag(!in_ci);
        };
        Trial::test(name, move || {
            let path = folder.join("c2sp").join(format!("{name}.txt"));
            check(&std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?)
        })
    };
    libtest_mimic::run(&Arguments::from_args(), CHECKS.into_iter().map(trial).collect()).exit_code()
}

fn same<T: PartialEq + std::fmt::Debug>(got: T, expected: T) -> Result<(), Failed> {
    if got == expected { Ok(()) } else { Err(format!("got {got:?}, expected {expected:?}").into()) }
}

/// What was read is written as it stood there.
fn read_note(file: &[u8]) -> Result<Note, Failed> {
    let note = Note::parse(file)?;
    same(note.to_string().as_bytes(), file)?;
    Ok(note)
}

fn poem(file: &[u8]) -> Result<(), Failed> {
    let note = read_note(file)?;
    same(note.signers().as_str(), "quasimodo.example/salvatore+367ba04b")?;
    // the text has an empty line of its own
    same(note.text().lines().count(), 4)
}

fn note(file: &[u8]) -> Result<(), Failed> {
    let note = read_note(file)?;
    let key = NoteKey::parse(EXAMPLE_KEY)?;
    same(key.to_string().as_str(), EXAMPLE_KEY)?;
    same(note.signed_by(&key)?, vec![None])?;
    for at in 0..note.text().len() - 1 {
        let mut other = file.to_vec();
        other[at] ^= 1;
        if let Ok(other) = Note::parse(&other) {
            same(other.signed_by(&key), Err(LogError::Signature(key.shown())))?;
        }
    }
    Ok(())
}

fn checkpoint(file: &[u8]) -> Result<(), Failed> {
    let note = read_note(file)?;
    let checkpoint = Checkpoint::of(&note)?;
    same(checkpoint.origin.as_str(), "example.com/behind-the-sofa")?;
    same(checkpoint.size, 20_852_163)?;
    same(hash_text(&checkpoint.root).as_str(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")?;
    same(checkpoint.to_note().text(), note.text())
}

fn cosigned(file: &[u8]) -> Result<(), Failed> {
    let note = read_note(file)?;
    same(note.signatures().len(), 2)?;
    same(note.signers().as_str(), "example.com/behind-the-sofa+033de0ae, witness.example.com/w1+8d66cf3f")
}

/// The message of a cosignature is what our witness signs: a key of ours verifies under it.
fn cosigned_message(file: &[u8]) -> Result<(), Failed> {
    use counterfoil::publish::log::{KeyKind, NoteSigner};
    use counterfoil::secret::{Secret, SecretKind};
    use counterfoil::snapshot::Time;
    let text = std::str::from_utf8(file)?;
    let body = text.strip_prefix("cosignature/v1\ntime 1679315147\n").ok_or("another message")?;
    let secret = || Secret::new(SecretKind::Witness, &mut [9; 32]);
    let witness = NoteSigner::new("witness.example.com/w1", KeyKind::Witness, &secret()).ok_or("a name")?;
    let line = witness.sign(body, Time::from_unix(1_679_315_147))?.to_string();
    // the same message, signed as the text of a note
    let plain = NoteSigner::new("witness.example.com/w1", KeyKind::Log, &secret()).ok_or("a name")?;
    let expected = plain.sign(text, Time::from_unix(0))?.to_string();
    let bytes = |line: &str| base64(line.trim_end().rsplit(' ').next().unwrap_or_default());
    same(bytes(&line)[4..12].to_vec(), 1_679_315_147_u64.to_be_bytes().to_vec())?;
    same(bytes(&line)[12..].to_vec(), bytes(&expected)[4..].to_vec())
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
}

/// The signatures of this example are abbreviated: its head is read, and what is abbreviated is refused.
fn proof(file: &[u8]) -> Result<(), Failed> {
    let text = std::str::from_utf8(file)?;
    if LogProof::parse(file).is_ok() {
        return Err("abbreviated signatures were accepted".into());
    }
    let lines = text.split_once("\u{2014}").map(|(head, _)| head).ok_or("no signature")?;
    let whole = format!("{lines}\u{2014} example.com/fancylog hI2DJ2Fi\n");
    let shorter = whole.replacen("extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n", "", 1);
    let proof = LogProof::parse(shorter.as_bytes())?;
    same((proof.index, proof.path.len()), (73_894, 5))?;
    same(Checkpoint::of(&proof.checkpoint)?.size, 109_482)?;
    same(proof.to_string(), shorter)
}

fn request(file: &[u8]) -> Result<(), Failed> {
    let request = Request::parse(file)?;
    same((request.old, request.path.len()), (20_852_014, 4))?;
    same(request.body().as_bytes(), file)
}

fn answer(file: &[u8]) -> Result<(), Failed> {
    let lines = NoteSignature::parse_lines(std::str::from_utf8(file)?)?;
    same(lines.len(), 3)?;
    same(lines.iter().map(ToString::to_string).collect::<String>().as_bytes(), file)
}

fn other_call(file: &[u8]) -> Result<(), Failed> {
    if Request::parse(file).is_ok() { Err("a request of another call was accepted".into()) } else { Ok(()) }
}

fn no_note(file: &[u8]) -> Result<(), Failed> {
    if Note::parse(file).is_ok() { Err("something else was read as a note".into()) } else { Ok(()) }
}
